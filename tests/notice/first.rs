//! The first use of a token for a repository, and what follows from it.

use super::*;
use crate::forge::{PendingAnswer, Permission, Selection, State, Token};

fn pending(answer: PendingAnswer) -> Policy {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    policy.pending = answer;
    policy
}

#[test]
fn a_token_that_waits_for_approval_is_explained_at_the_first_attempt_and_the_page_opens_once() {
    for git in gits() {
        for answer in [PendingAnswer::NotFound, PendingAnswer::NotGranted] {
            let desk = Desk::new(pending(answer)).with_git(git);
            let said = desk.fails(".", "clone -q https://github.com/acme/secret");
            let lines = Desk::lines(&said);
            assert_eq!(lines.len(), 5, "{said}");
            assert!(
                lines[0].starts_with("acme/secret cannot be fetched: acme has most likely not approved"),
                "{said}"
            );
            assert!(lines[0].ends_with("(approval-pending)"), "{said}");
            let page = "https://github.com/settings/personal-access-tokens";
            assert_eq!(lines[4], format!("page (opened in your browser): {page}"));
            assert_eq!(desk.pages(), [page]);
            assert_eq!(desk.asked(), 2, "the probe and git");
            let calls = desk.calls().len();
            let mut times = 0;
            for _ in 0..10 {
                let said = desk.fails(".", "clone -q https://github.com/acme/secret");
                let [line] = Desk::lines(&said)[..] else { panic!("{said}") };
                assert!(line.starts_with("acme/secret was refused just now: "), "{said}");
                let rest = format!(
                    "acme has most likely not approved the token \"acme\" yet. Page: {page}. \
                     Details: git credential-patron diagnose https://github.com/acme/secret"
                );
                assert!(line.ends_with(&rest), "{said}");
                times += 1;
            }
            let asked = desk.asked();
            // Git itself each time, and at most every ten seconds we.
            assert!((2 + times..2 + 2 * times).contains(&asked), "{asked}");
            assert_eq!(desk.calls().len(), calls, "the causes are not asked for again");
            assert_eq!(desk.pages(), [page]);
            desk.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
            desk.later(60);
            desk.forge.clear_log();
            let said = desk.ok(".", "clone -q https://github.com/acme/secret");
            assert_eq!(said, "", "nothing is said of what works by now");
            assert_eq!((desk.asked(), desk.calls().len()), (2, 0), "the probe and git");
            let said = desk.ok("secret", "fetch -q");
            assert_eq!(said, "", "nothing is said of what works");
        }
    }
}

/// What git is told when a push or fetch goes well: nothing of ours.
#[track_caller]
fn silent(said: &str) {
    assert_eq!(Desk::lines(said), [""; 0], "{said}");
}

#[test]
fn a_push_with_a_token_that_may_only_read_is_explained_at_the_first_attempt_and_a_fetch_says_nothing() {
    for git in gits() {
        let read_only = Token { contents: Permission::Read, ..Token::fine_grained("acme", "mona", "acme") };
        let mut policy = Policy::sample();
        *policy.token_mut("acme") = read_only;
        let desk = Desk::new(policy).with_git(git);
        silent(&desk.ok(".", "clone -q https://github.com/acme/secret"));
        silent(&desk.ok("secret", "fetch -q"));
        desk.ok("secret", "commit -q --allow-empty -m more");
        let said = desk.fails("secret", "push -q");
        let lines = Desk::lines(&said);
        assert!(lines[0].starts_with("acme/secret cannot be pushed to: "), "{said}");
        assert!(lines[0].ends_with("(write-permission-missing)"), "{said}");
        assert!(lines.contains(&"page: https://github.com/settings/personal-access-tokens"), "{said}");
        assert_eq!(desk.pages(), [""; 0], "this page does not open by itself");
        silent(&desk.ok("secret", "fetch -q"));
    }
}

#[test]
fn what_is_open_by_now_goes_through_in_silence_whatever_was_closed() {
    type Change = fn(&mut Policy);
    let rows: [(Change, Change, &str, &str); 4] = [
        (
            |policy| policy.token_mut("acme").contents = Permission::Read,
            |policy| policy.token_mut("acme").contents = Permission::Write,
            "push -q",
            "(write-permission-missing)",
        ),
        (
            |policy| policy.repository_mut("acme/secret").archived = true,
            |policy| policy.repository_mut("acme/secret").archived = false,
            "push -q",
            "(archived)",
        ),
        (
            |policy| policy.token_mut("acme").repositories = Selection::Only(vec!["tools".to_owned()]),
            |policy| policy.token_mut("acme").repositories = Selection::All,
            "fetch -q",
            "(repository-not-selected)",
        ),
        (
            |policy| policy.owner_mut("acme").ip_allow_list = true,
            |policy| policy.owner_mut("acme").ip_allow_list = false,
            "fetch -q",
            "(ip-not-allowed)",
        ),
    ];
    for (close, open, line, verdict) in rows {
        let desk = Desk::new(Policy::sample());
        // The checkout is made with another token, so that acme's is used for the first time.
        let url = format!("https://mona:{}@github.com/acme/secret", desk.forge.secret("classic"));
        desk.ok(".", &format!("clone -q {url} secret"));
        desk.ok("secret", "remote set-url origin https://github.com/acme/secret");
        desk.ok("secret", "commit -q --allow-empty -m more");
        desk.forge.policy(close);
        let said = desk.fails("secret", line);
        assert!(Desk::lines(&said).first().is_some_and(|line| line.ends_with(verdict)), "{verdict}: {said}");
        // Still closed: one line, in words, with the page or what tells more.
        desk.later(11);
        desk.forge.clear_log();
        let said = desk.fails("secret", line);
        let [again] = Desk::lines(&said)[..] else { panic!("{said}") };
        assert!(again.contains("acme/secret was refused just now: "), "{said}");
        assert!(again.contains("git credential-patron diagnose") && !again.contains(&verdict[1..]), "{said}");
        assert_eq!(desk.calls(), [""; 0], "git alone asks");
        desk.forge.policy(open);
        desk.later(11);
        silent(&desk.ok("secret", line));
    }
}

#[test]
fn a_second_repository_that_is_not_selected_is_told_at_its_first_use() {
    let mut policy = Policy::sample();
    policy.token_mut("acme").repositories = Selection::Only(vec!["secret".to_owned()]);
    let desk = Desk::new(policy);
    silent(&desk.ok(".", "clone -q https://github.com/acme/secret"));
    let said = desk.fails(".", "clone -q https://github.com/acme/tools");
    let lines = Desk::lines(&said);
    assert!(lines[0].ends_with("(repository-not-selected)"), "{said}");
    assert!(lines.contains(&"page: https://github.com/settings/personal-access-tokens"), "{said}");
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn an_operation_that_git_never_reported_about_is_asked_about_the_next_time() {
    let desk = Desk::new(Policy::sample());
    silent(&desk.ok(".", "clone -q https://github.com/acme/secret"));
    assert_eq!(desk.asked(), 2, "first use");
    silent(&desk.ok("secret", "fetch -q"));
    assert_eq!(desk.asked(), 3, "git alone");
    desk.forge.policy(|policy| policy.owner_mut("acme").ip_allow_list = true);
    // Nobody can know of it: git was let in until now.
    silent(&desk.fails("secret", "fetch -q"));
    assert_eq!(desk.asked(), 4, "git alone");
    let said = desk.fails("secret", "fetch -q");
    assert!(Desk::lines(&said)[0].ends_with("(ip-not-allowed)"), "{said}");
    assert_eq!(desk.asked(), 6, "git and the probe");
    desk.later(11);
    let said = desk.fails("secret", "fetch -q");
    assert_eq!(Desk::lines(&said).len(), 1, "{said}");
    assert_eq!(desk.asked(), 8, "git and the probe");
    desk.later(11);
    desk.forge.policy(|policy| policy.owner_mut("acme").ip_allow_list = false);
    silent(&desk.ok("secret", "fetch -q"));
    assert_eq!(desk.asked(), 10, "git and the probe");
    silent(&desk.ok("secret", "fetch -q"));
    assert_eq!(desk.asked(), 11, "git alone");
}

#[test]
fn a_classic_token_of_the_helper_before_us_is_explained_where_classic_ones_are_forbidden() {
    for git in gits() {
        let mut policy = Policy::sample();
        policy.owner_mut("acme").forbids_classic = true;
        let forge = Forge::start(policy);
        let desk = Desk::with_old_helper(forge, "classic").with_git(git);
        let said = desk.fails(".", "clone -q https://github.com/acme/secret");
        let lines = Desk::lines(&said);
        assert_eq!(
            lines[0],
            "acme/secret cannot be fetched: acme does not allow classic tokens (classic-forbidden)"
        );
        let page = "https://github.com/settings/personal-access-tokens/new?";
        assert!(
            lines.last().is_some_and(|line| line.contains(page) && line.contains("target_name=acme")),
            "{said}"
        );
        assert!(matches!(desk.pages().as_slice(), [one] if one.starts_with(page)));
        let said = desk.fails(".", "clone -q https://github.com/acme/secret");
        assert_eq!(Desk::lines(&said).len(), 1, "{said}");
        desk.forge.clear_log();
        // Elsewhere it opens everything, and nothing is said.
        silent(&desk.ok(".", "clone -q https://github.com/globex/api"));
        silent(&desk.ok("api", "fetch -q"));
        assert_eq!(desk.asked(), 3, "the probe, git, git");
    }
}

#[test]
fn sixty_four_fetches_at_once_of_a_refused_repository_cause_one_probe_one_block_and_one_page() {
    let desk = Desk::new(pending(PendingAnswer::NotFound));
    let start = std::time::Instant::now();
    let runs: Vec<_> =
        (0..64).map(|_| desk.spawn(".", "ls-remote -q https://github.com/acme/secret")).collect();
    let said: Vec<String> = runs.into_iter().map(|run| run.wait().stderr()).collect();
    // On a busy machine these take more than the ten seconds after which one of them asks again.
    let again = usize::try_from(start.elapsed().as_secs() / 10).expect("a small number");
    assert!((65..=65 + again).contains(&desk.asked()), "64 times git, one probe: {}", desk.asked());
    assert_eq!(desk.calls().iter().filter(|call| *call == "/user").count(), 1);
    let mut blocks = 0;
    for said in &said {
        match Desk::lines(said).len() {
            5 => blocks += 1,
            1 => {}
            _ => panic!("{said}"),
        }
    }
    assert_eq!(blocks, 1);
    assert_eq!(desk.pages().len(), 1);
}
