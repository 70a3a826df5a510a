//! What GitHub says in one and the same words, told apart; and what is no refusal of a token at all.

use super::*;
use crate::forge::{
    By, On, Owner, PendingAnswer, Permission, Reply, Role, Rule, Selection, State, Then, Token,
};

/// Clones and gives the first line, which must end with this id.
#[track_caller]
fn refused(desk: &Desk, repo: &str, id: &str) -> Vec<String> {
    let said = desk.fails(".", &format!("clone -q https://github.com/{repo}"));
    let lines: Vec<String> = Desk::lines(&said).into_iter().map(str::to_owned).collect();
    assert!(lines.first().is_some_and(|line| line.ends_with(&format!("({id})"))), "{id}: {said}");
    assert!(lines.len() <= 5, "{said}");
    lines
}

#[test]
fn a_repository_that_is_not_there_is_not_taken_for_a_token_that_waits() {
    let desk = Desk::new(Policy::sample());
    desk.ok(".", "clone -q https://github.com/acme/secret");
    // The token is active for its owner, so this one is most likely not selected for it.
    refused(&desk, "acme/sekret", "repository-not-selected");
    let desk = Desk::with(Policy::sample(), &[("nobody", "acme")]);
    refused(&desk, "nobody/secret", "repository-not-found");
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn a_token_without_contents_is_told_from_one_that_waits() {
    let none = Token { contents: Permission::None, ..Token::fine_grained("acme", "mona", "acme") };
    let mut policy = Policy::sample();
    *policy.token_mut("acme") = none;
    let desk = Desk::new(policy);
    refused(&desk, "acme/secret", "read-permission-missing");
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn a_role_that_may_not_push_is_no_fault_of_the_token() {
    let mut policy = Policy::sample();
    policy.owner_mut("acme").base_role = Role::Read;
    let desk = Desk::new(policy);
    desk.ok(".", "clone -q https://github.com/acme/secret");
    desk.ok("secret", "commit -q --allow-empty -m more");
    let said = desk.fails("secret", "push -q");
    assert!(Desk::lines(&said)[0].ends_with("(no-write-role)"), "{said}");
}

#[test]
fn a_classic_token_without_the_scope_says_so() {
    let narrow = Token { scopes: vec!["gist".to_owned()], ..Token::classic("narrow", "mona") };
    let desk = Desk::with(Policy::sample().token(narrow), &[("acme", "narrow")]);
    let lines = refused(&desk, "acme/secret", "scope-missing");
    assert!(lines.iter().any(|line| line == "page: https://github.com/settings/tokens"), "{lines:?}");
}

#[test]
fn single_sign_on_and_app_restrictions_meet_tokens_of_the_helper_before_us() {
    let mut policy = Policy::sample().token(Token::oauth("gh", "mona"));
    policy.owner_mut("acme").restricts_oauth_apps = true;
    policy.owner_mut("globex").sso = true;
    let desk = Desk::with_old_helper(Forge::start(policy), "gh");
    refused(&desk, "acme/secret", "oauth-app-restricted");
    assert_eq!(desk.pages(), [""; 0]);
    let lines = refused(&desk, "globex/api", "sso-required");
    assert!(lines.iter().any(|line| line.contains("https://github.com/orgs/globex/sso")), "{lines:?}");
    assert_eq!(desk.pages().len(), 1);
}

#[test]
fn a_managed_users_401_is_not_the_tokens_fault_and_the_token_stays() {
    let mut policy = Policy::sample();
    policy.challenge_hint = Some("enterprise_hint=\"contoso-corp\" domain_hint=\"contoso\"".to_owned());
    policy.rules.push(Rule::answer(challenge("contoso")).repo("acme/secret").on(On::Git));
    let desk = Desk::new(policy);
    let said = desk.fails(".", "clone -q https://github.com/acme/secret");
    assert!(Desk::lines(&said)[0].ends_with("(enterprise-managed-user)"), "{said}");
    assert_eq!(desk.pages(), [""; 0]);
    let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
    assert!(!listed.contains("\"rejected\""), "{listed}");
}

fn challenge(enterprise: &str) -> Reply {
    Reply::text(401, "Invalid username or token.\n").with(
        "WWW-Authenticate",
        &format!("Basic realm=\"GitHub\" enterprise_hint=\"{enterprise}\" domain_hint=\"{enterprise}\""),
    )
}

#[test]
fn what_is_no_refusal_of_a_token_causes_no_word() {
    let mut policy = Policy::sample();
    let hook = "echo 'error: GH013: Repository rule violations found for refs/heads/main.' >&2\n\
                echo 'Personal access tokens (classic) are forbidden from accessing this repository.' >&2\n\
                echo 'Organization requires approval for access using personal access tokens.' >&2\n\
                echo 'https://github.com/settings/tokens/4242/request-org-access' >&2\nexit 1";
    policy.repository_mut("acme/tools").pre_receive = Some(hook.to_owned());
    policy.repository_mut("acme/secret").former_names.push(("acme".to_owned(), "earlier".to_owned()));
    let desk = Desk::new(policy);
    for repo in ["earlier", "tools"] {
        let said = desk.ok(".", &format!("clone -q https://github.com/acme/{repo}"));
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
    }
    desk.ok("tools", "commit -q --allow-empty -m more");
    for _ in 0..3 {
        // The hook's words look like GitHub's refusals, and are none: git was let in.
        let said = desk.fails("tools", "push -q");
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
    }
    assert_eq!((desk.pages().len(), desk.calls().len()), (0, 0));
}

#[test]
fn no_answer_a_slow_answer_and_trouble_of_githubs_change_nothing_and_the_token_is_given() {
    let slow = Then::Delay(std::time::Duration::from_secs(30));
    let faults = [
        // curl asks a second time where a connection that was kept is closed.
        ("unreachable", Then::Close, 2),
        ("unreachable", slow, 1),
        ("server-error", Then::Answer(Reply::text(502, "Bad gateway\n")), 1),
        ("rate-limited", Then::Answer(Reply::text(429, "Slow down.\n")), 1),
    ];
    for (id, fault, times) in faults {
        // Git's own question comes after ours, and is answered.
        let rule = Rule::fault(fault).by(By::Credential).on(On::Git).times(times);
        let desk = Desk::new(Policy::sample().rule(rule));
        let start = std::time::Instant::now();
        let said = desk.ok(".", "clone -q https://github.com/acme/secret");
        assert!(start.elapsed().as_secs() < 9, "{id}: {:?}", start.elapsed());
        let lines = Desk::lines(&said);
        assert!(lines.len() == 2 && lines[0].ends_with(&format!("({id})")), "{id}: {said}");
        assert_eq!(desk.pages(), [""; 0], "{id}");
        assert_eq!(Desk::lines(&desk.ok("secret", "fetch -q")), [""; 0], "{id}: git was let in");
        let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(listed.contains("\"accepted\""), "{id}: {listed}");
    }
}

#[test]
fn with_probe_never_nothing_is_asked_and_nothing_is_said() {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    let desk = Desk::new(policy);
    desk.sandbox.git(["config", "--global", "patron.probe", "never"]).ok();
    for _ in 0..2 {
        let said = desk.fails(".", "clone -q https://github.com/acme/secret");
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
    }
    assert_eq!((desk.asked(), desk.calls().len(), desk.pages().len()), (2, 0, 0));
}

#[test]
fn an_enterprise_server_and_a_company_on_ghe_com_are_explained_with_pages_of_their_own() {
    let there = |host: &str, token: Token| Token { host: host.to_owned(), state: State::Pending, ..token };
    let org = |host: &str| Owner { host: host.to_owned(), ..Owner::org("acme", &["mona"]) };
    let hosts = [
        ("ghe.example.com:8443", crate::forge::HostKind::Ghes),
        ("corp.ghe.com", crate::forge::HostKind::GheCom),
    ];
    for (host, kind) in hosts {
        let mut policy = Policy::sample();
        if kind == crate::forge::HostKind::Ghes {
            policy = policy.host(host, kind);
        }
        let policy = policy
            .owner(org(host))
            .private(&format!("{host}/acme/secret"))
            .token(there(host, Token::fine_grained("there", "mona", "acme")));
        let desk = Desk::with(policy, &[]);
        desk.sandbox.patron(["setup", "--host", host]).ok();
        desk.add(&format!("{host}/acme"), "there");
        let said = desk.fails(".", &format!("clone -q https://{host}/acme/secret"));
        let lines = Desk::lines(&said);
        assert!(lines[0].ends_with("(approval-pending)"), "{said}");
        let page = format!("https://{host}/settings/personal-access-tokens");
        assert_eq!(desk.pages(), [page], "{said}");
        assert!(desk.forge.refused_tunnels().is_empty());
    }
}

#[test]
fn selected_repositories_and_a_denied_token_are_guessed_as_what_they_are() {
    let mut policy = Policy::sample();
    policy.token_mut("acme").repositories = Selection::Only(vec!["tools".to_owned()]);
    let desk = Desk::new(policy);
    // Never used before, yet it sees something private of its owner.
    refused(&desk, "acme/secret", "repository-not-selected");
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Denied;
    let desk = Desk::new(policy);
    refused(&desk, "acme/secret", "approval-pending");
}

#[test]
fn a_push_is_told_apart_as_a_clone_is() {
    type Change = fn(&mut Policy);
    let cases: &[(Change, &str, &str, usize)] = &[
        (|policy| policy.token_mut("acme").state = State::Pending, "acme/secret", "approval-pending", 1),
        (
            |policy| {
                policy.token_mut("acme").state = State::Pending;
                policy.pending = crate::forge::PendingAnswer::NotGranted;
            },
            "acme/secret",
            "approval-pending",
            1,
        ),
        (|policy| policy.token_mut("acme").state = State::Denied, "acme/secret", "approval-pending", 1),
        (
            |policy| policy.token_mut("acme").repositories = Selection::Only(vec!["tools".to_owned()]),
            "acme/secret",
            "repository-not-selected",
            0,
        ),
        (|_| {}, "acme/sekret", "repository-not-selected", 0),
        (|_| {}, "nobody/secret", "repository-not-found", 0),
        (
            |policy| policy.token_mut("acme").contents = Permission::Read,
            "acme/secret",
            "write-permission-missing",
            0,
        ),
        (
            |policy| policy.token_mut("acme").contents = Permission::None,
            "acme/secret",
            "read-permission-missing",
            0,
        ),
        (|policy| policy.owner_mut("acme").base_role = Role::Read, "acme/secret", "no-write-role", 0),
        (|policy| policy.repository_mut("acme/secret").archived = true, "acme/secret", "archived", 0),
    ];
    for (change, repo, id, opened) in cases {
        let mut policy = Policy::sample();
        change(&mut policy);
        let desk = Desk::with(policy, &[("acme", "acme"), ("nobody", "acme")]);
        let said = push(&desk, repo, false);
        let lines = Desk::lines(&said);
        assert!(lines[0].starts_with(&format!("{repo} cannot be pushed to: ")), "{id}: {said}");
        assert!(lines[0].ends_with(&format!("({id})")) && lines.len() <= 5, "{id}: {said}");
        assert_eq!(desk.pages().len(), *opened, "{id}: {said}");
        let again = push(&desk, repo, false);
        let lines = Desk::lines(&again);
        let begins = ["was", "is"].map(|word| format!("a push to {repo} {word} refused"));
        let is_repeat = |line: &&str| begins.iter().any(|begin| line.starts_with(begin));
        assert!(lines.len() == 1 && lines.iter().all(is_repeat), "{again}");
        assert_eq!(desk.pages().len(), *opened, "{id}: {again}");
    }
}

#[test]
fn an_app_that_was_not_let_in_and_a_former_name_meet_pushes_too() {
    let mut policy = Policy::sample().token(Token::oauth("gh", "mona"));
    policy.owner_mut("acme").restricts_oauth_apps = true;
    let desk = Desk::with_old_helper(Forge::start(policy), "gh");
    let said = push(&desk, "acme/secret", false);
    assert!(Desk::lines(&said)[0].ends_with("(oauth-app-restricted)"), "{said}");
    assert_eq!(desk.pages(), [""; 0]);
    let mut policy = Policy::sample();
    policy.repository_mut("acme/secret").former_names.push(("acme".to_owned(), "earlier".to_owned()));
    let desk = Desk::new(policy);
    for _ in 0..2 {
        let said = push(&desk, "acme/earlier", true);
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
    }
    assert_eq!((desk.asked(), desk.calls().len(), desk.pages().len()), (3, 0, 0), "the first use, and git");
}

/// Pushes from a repository that was never fetched; gives what was said.
#[track_caller]
fn push(desk: &Desk, repo: &str, works: bool) -> String {
    if !desk.sandbox.work().join("it").exists() {
        desk.ok(".", "init -q it");
        desk.ok("it", "commit -q --allow-empty -m first");
        desk.ok("it", &format!("remote add origin https://github.com/{repo}"));
    }
    let line = "push -q origin HEAD:refs/heads/topic";
    if works { desk.ok("it", line) } else { desk.fails("it", line) }
}

#[test]
fn an_owner_that_let_the_token_in_before_has_revoked_it_and_no_approval_waits() {
    for (answer, line) in [
        (PendingAnswer::NotFound, "ls-remote https://github.com/acme/tools"),
        (PendingAnswer::NotGranted, "ls-remote https://github.com/acme/tools"),
        (PendingAnswer::NotFound, "-C secret push -q"),
    ] {
        let desk = Desk::new(Policy::sample());
        desk.ok(".", "clone -q https://github.com/acme/secret");
        desk.ok("secret", "commit -q --allow-empty -m more");
        desk.forge.policy(|policy| {
            policy.token_mut("acme").state = State::Pending;
            policy.pending = answer;
        });
        let said = desk.fails(".", line);
        let first = Desk::lines(&said).first().copied().unwrap_or_default();
        assert!(first.ends_with("(grant-revoked)"), "{answer:?}, {line}: {said}");
        assert!(!said.contains("not approved"), "{said}");
    }
}

#[test]
fn a_trouble_of_githubs_that_has_healed_is_spoken_of_once() {
    let limited = Reply::text(403, "You have exceeded a secondary rate limit.\n").with("Retry-After", "30");
    for (reply, id) in [
        (Reply::text(429, "Slow down.\n"), "rate-limited"),
        (Reply::text(503, "No server is available.\n"), "server-error"),
        (limited, "rate-limited"),
    ] {
        let rule = Rule::fault(Then::Answer(reply)).by(By::Credential).on(On::Git).times(1);
        let desk = Desk::new(Policy::sample().rule(rule));
        let said = desk.run(".", "clone -q https://github.com/acme/secret").stderr();
        assert!(said.contains(&format!("({id})")), "{id}: {said}");
        for folder in ["two", "three"] {
            let said = desk.ok(".", &format!("clone -q https://github.com/acme/secret {folder}"));
            assert_eq!(Desk::lines(&said), [""; 0], "{id}: {said}");
        }
    }
}
