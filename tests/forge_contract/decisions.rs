//! Policy in, answer out: each kind of token at each kind of repository.

use super::client::{Client, basic};
use crate::forge::{
    Block, By, Forge, HostKind, On, Owner, PendingAnswer, Permission, Policy, Reply, Repository, Role, Rule,
    Selection, State, Then, Token, TokenKind, Visibility, days, make_token,
};

const FETCH: &str = "git-upload-pack";
const PUSH: &str = "git-receive-pack";
const NOT_FOUND: &str = "Repository not found.\n";
const NOT_GRANTED: &str = "Write access to repository not granted.\n";
const INVALID: &str =
    "Invalid username or token. Password authentication is not supported for Git operations.\n";

/// What is expected: the packs are served, or a status and a text.
#[derive(Clone, Copy)]
enum Expect<'a> {
    Served,
    Refused(u16, &'a str),
}
use Expect::{Refused, Served};

fn denied(repository: &str) -> String {
    format!("Permission to {repository}.git denied to mona.\n")
}

#[track_caller]
fn check(forge: &Forge, cases: &[(&str, &str, &str, Expect<'_>)]) {
    let client = Client::new(forge);
    for (label, repository, service, expected) in cases {
        let secret = match *label {
            "" => String::new(),
            label => forge.secret(label),
        };
        let url = format!("https://github.com/{repository}.git");
        let answer = client.discover(&url, service, &secret);
        let what = format!("{service} of {repository} with {label}: {}", answer.body);
        match expected {
            Served => {
                assert_eq!(answer.status, 200, "{what}");
                let advertised = format!("application/x-{service}-advertisement");
                assert_eq!(answer.header("content-type"), advertised, "{what}");
            }
            Refused(status, text) => {
                assert_eq!((answer.status, answer.body.as_str()), (*status, *text), "{what}");
                assert!(answer.header("content-type").starts_with("text/plain"), "{what}");
            }
        }
        assert!(!answer.header("x-github-request-id").is_empty(), "{what}");
    }
}

#[test]
fn nobody_reads_what_is_public_and_nothing_else() {
    let forge = Forge::start(Policy::sample());
    let ask = Refused(401, "Authentication required.\n");
    check(
        &forge,
        &[
            ("", "acme/open", FETCH, Served),
            ("", "acme/open", PUSH, ask),
            ("", "acme/secret", FETCH, ask),
            ("", "acme/nothing", FETCH, ask),
        ],
    );
    let answer = Client::new(&forge).discover("https://github.com/acme/secret", FETCH, "");
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"GitHub\"");
    assert!(forge.git_log().is_empty());
    assert_eq!(forge.anonymous_git_log().len(), 5);
}

#[test]
fn a_fine_grained_token_reaches_its_owner_only() {
    let forge = Forge::start(Policy::sample());
    check(
        &forge,
        &[
            ("acme", "acme/secret", FETCH, Served),
            ("acme", "acme/secret", PUSH, Served),
            ("acme", "ACME/Secret", PUSH, Served),
            ("acme", "globex/api", FETCH, Refused(404, NOT_FOUND)),
            ("globex", "globex/api", PUSH, Served),
            ("globex", "acme/open", FETCH, Served),
            ("globex", "acme/open", PUSH, Refused(403, &denied("acme/open"))),
            ("mona", "mona/dotfiles", PUSH, Served),
        ],
    );
}

#[test]
fn what_a_fine_grained_token_was_not_granted_is_refused() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token {
                repositories: Selection::Only(vec!["TOOLS".to_owned()]),
                ..Token::fine_grained("few", "mona", "acme")
            })
            .token(Token { contents: Permission::None, ..Token::fine_grained("none", "mona", "acme") })
            .token(Token { contents: Permission::Read, ..Token::fine_grained("read", "mona", "acme") }),
    );
    check(
        &forge,
        &[
            ("few", "acme/tools", PUSH, Served),
            ("few", "acme/secret", FETCH, Refused(403, NOT_GRANTED)),
            ("few", "acme/secret", PUSH, Refused(403, NOT_GRANTED)),
            ("few", "acme/open", FETCH, Served),
            ("few", "acme/open", PUSH, Refused(403, &denied("acme/open"))),
            ("none", "acme/secret", FETCH, Refused(403, NOT_GRANTED)),
            ("none", "acme/open", FETCH, Served),
            ("read", "acme/secret", FETCH, Served),
            ("read", "acme/secret", PUSH, Refused(403, &denied("acme/secret"))),
        ],
    );
}

#[test]
fn a_pending_token_reads_what_is_public_and_hears_what_the_policy_says() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    let id = forge.policy(|policy| policy.token_mut("acme").id);
    let named = format!(
        "Permission to acme/secret.git denied to mona. Organization requires approval for access \
         using personal access tokens.\n\
         https://github.com/settings/tokens/{id}/request-org-access\n"
    );
    for (answer, expected) in [
        (PendingAnswer::NotFound, Refused(404, NOT_FOUND)),
        (PendingAnswer::NotGranted, Refused(403, NOT_GRANTED)),
        (PendingAnswer::Named, Refused(403, &named)),
    ] {
        forge.policy(|policy| policy.pending = answer);
        check(
            &forge,
            &[
                ("acme", "acme/secret", FETCH, expected),
                ("acme", "acme/secret", PUSH, expected),
                ("acme", "acme/open", FETCH, Served),
                ("acme", "acme/open", PUSH, Refused(403, &denied("acme/open"))),
            ],
        );
    }
}

#[test]
fn a_token_that_has_ended_is_as_unknown_as_an_invented_one() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token::fine_grained("expired", "mona", "acme").expired())
            .token(Token { state: State::Revoked, ..Token::classic("revoked", "mona") })
            .token(Token::password("password", "github.com", "mona")),
    );
    let client = Client::new(&forge);
    let invented = make_token(TokenKind::Classic);
    let url = "https://github.com/acme/secret";
    for label in ["expired", "revoked", "password"] {
        check(&forge, &[(label, "acme/secret", FETCH, Refused(401, INVALID))]);
    }
    assert_eq!(client.discover(url, FETCH, &invented).body, INVALID);
    // Also where nothing would have been needed, and with the token in the wrong field.
    assert_eq!(client.discover("https://github.com/acme/open", FETCH, &invented).status, 401);
    let good = forge.secret("acme");
    for header in [basic(&good, ""), basic("", &good), basic(&good, "x-oauth-basic")] {
        let refs = format!("{url}/info/refs?service={FETCH}");
        let answer = client.try_get(&refs, &header).expect("the forge answers");
        assert_eq!((answer.status, answer.body.as_str()), (401, INVALID));
    }
}

#[test]
fn classic_and_oauth_tokens_go_by_scopes_and_roles() {
    let forge = Forge::start(
        Policy::sample()
            .org("initech", &[])
            .private("initech/tps")
            .public("initech/site")
            .token(Token { scopes: vec!["public_repo".to_owned()], ..Token::classic("public", "mona") })
            .token(Token { scopes: Vec::new(), ..Token::classic("bare", "mona") })
            .token(Token::oauth("gh", "mona"))
            .token(Token::installation("app", "acme")),
    );
    forge.policy(|policy| {
        policy.repository_mut("acme/tools").roles = vec![("mona".to_owned(), Role::Read)];
    });
    check(
        &forge,
        &[
            ("classic", "acme/secret", PUSH, Served),
            ("classic", "globex/api", PUSH, Served),
            ("classic", "initech/tps", FETCH, Refused(404, NOT_FOUND)),
            ("classic", "initech/site", FETCH, Served),
            ("classic", "initech/site", PUSH, Refused(403, &denied("initech/site"))),
            ("classic", "acme/tools", FETCH, Served),
            ("classic", "acme/tools", PUSH, Refused(403, &denied("acme/tools"))),
            ("public", "acme/open", PUSH, Served),
            ("public", "acme/secret", FETCH, Refused(404, NOT_FOUND)),
            ("bare", "acme/open", FETCH, Served),
            ("bare", "acme/open", PUSH, Refused(403, &denied("acme/open"))),
            ("gh", "acme/secret", PUSH, Served),
            ("app", "acme/secret", PUSH, Served),
            ("app", "globex/api", FETCH, Refused(404, NOT_FOUND)),
        ],
    );
}

#[test]
fn an_organisations_policies_are_said_in_its_words() {
    let forge = Forge::start(Policy::sample().token(Token::oauth("gh", "mona")));
    let id = |label| forge.policy(|policy| policy.token_mut(label).id);
    let set = |change: fn(&mut Owner)| {
        forge.policy(|policy| {
            let fresh = Owner::org("acme", &["mona"]);
            *policy.owner_mut("acme") = fresh;
            change(policy.owner_mut("acme"));
        });
    };
    set(|acme| acme.forbids_classic = true);
    let classic = "Personal access tokens (classic) are forbidden from accessing this repository.\n";
    check(
        &forge,
        &[
            ("classic", "acme/secret", FETCH, Refused(403, classic)),
            ("classic", "acme/open", FETCH, Refused(403, classic)),
            ("acme", "acme/secret", FETCH, Served),
            ("", "acme/open", FETCH, Served),
        ],
    );
    set(|acme| acme.forbids_fine_grained = true);
    let fine_grained = "Fine-grained personal access tokens are forbidden from accessing this repository.\n";
    check(
        &forge,
        &[
            ("acme", "acme/secret", FETCH, Refused(403, fine_grained)),
            ("acme", "acme/open", FETCH, Served),
            ("classic", "acme/secret", FETCH, Served),
        ],
    );
    set(|acme| acme.max_lifetime_days = Some(30));
    let lifetime = format!(
        "The 'acme' organization forbids access via a fine-grained personal access tokens if the \
         token's lifetime is greater than 30 days. Please adjust your token's lifetime at the \
         following URL: https://github.com/settings/personal-access-tokens/{}\n",
        id("acme")
    );
    check(
        &forge,
        &[
            ("acme", "acme/secret", FETCH, Refused(403, &lifetime)),
            ("acme", "acme/open", FETCH, Refused(403, &lifetime)),
            ("gh", "acme/secret", FETCH, Served),
        ],
    );
    let never =
        Client::new(&forge).discover("https://github.com/acme/secret", FETCH, &forge.secret("classic"));
    let page = format!("https://github.com/settings/tokens/{}\n", id("classic"));
    assert!(never.body.ends_with(&page), "{}", never.body);
    set(|acme| acme.ip_allow_list = true);
    let address = "The repository owner has an IP allow list enabled, and 127.0.0.1 is not permitted to access this repository.\n";
    check(&forge, &[("acme", "acme/open", FETCH, Refused(403, address)), ("", "acme/open", FETCH, Served)]);
    set(|acme| acme.restricts_oauth_apps = true);
    check(
        &forge,
        &[
            ("gh", "acme/secret", FETCH, Refused(404, NOT_FOUND)),
            ("gh", "acme/open", FETCH, Served),
            ("gh", "acme/open", PUSH, Refused(403, &denied("acme/open"))),
            ("classic", "acme/secret", PUSH, Served),
        ],
    );
}

#[test]
fn single_sign_on_names_the_page_that_authorises() {
    let forge = Forge::start(Policy::sample().token(Token::oauth("gh", "mona")));
    forge.policy(|policy| policy.owner_mut("acme").sso = true);
    let client = Client::new(&forge);
    let url = "https://github.com/acme/secret";
    let refused = client.discover(url, FETCH, &forge.secret("classic"));
    assert_eq!(refused.status, 403);
    let start = "The 'acme' organization has enabled or enforced SAML SSO.\n\
         To access this repository, visit https://github.com/orgs/acme/sso?authorization_request=";
    assert!(refused.body.starts_with(start), "{}", refused.body);
    let app = client.discover(url, FETCH, &forge.secret("gh"));
    assert!(app.body.contains("re-authorize the OAuth Application 'GitHub CLI'."));
    let rest = client.get_as("https://api.github.com/repos/acme/secret", &forge.secret("classic"));
    assert_eq!(rest.status, 403);
    let header = rest.header("x-github-sso");
    assert!(header.starts_with("required; url=https://github.com/orgs/acme/sso?"), "{header}");
    forge.policy(|policy| policy.token_mut("classic").sso.push("ACME".to_owned()));
    check(&forge, &[("classic", "acme/secret", FETCH, Served), ("acme", "acme/secret", FETCH, Served)]);
}

#[test]
fn a_repositorys_own_state_is_told() {
    let forge = Forge::start(
        Policy::sample()
            .repository(Repository { archived: true, ..Repository::new("acme/old", Visibility::Private) })
            .repository(Repository {
                blocked: Some(Block::Dmca),
                ..Repository::new("acme/copied", Visibility::Public)
            })
            .repository(Repository {
                blocked: Some(Block::Disabled),
                ..Repository::new("acme/bad", Visibility::Private)
            })
            .repository(Repository {
                former_names: vec![("acme".to_owned(), "before".to_owned())],
                ..Repository::new("acme/after", Visibility::Public)
            }),
    );
    let dmca = "Repository unavailable due to DMCA takedown.\n";
    let staff = "Access to this repository has been disabled by GitHub staff.\n";
    check(
        &forge,
        &[
            ("acme", "acme/old", FETCH, Served),
            ("acme", "acme/old", PUSH, Refused(403, "This repository was archived so it is read-only.\n")),
            ("", "acme/copied", FETCH, Refused(451, dmca)),
            ("acme", "acme/copied", FETCH, Refused(451, dmca)),
            ("acme", "acme/bad", FETCH, Refused(403, staff)),
        ],
    );
    let moved = Client::new(&forge).discover("https://github.com/acme/before.git", FETCH, "");
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), "https://github.com/acme/after/info/refs?service=git-upload-pack");
    // Once logged in, a former name is served in place.
    check(&forge, &[("acme", "acme/before", PUSH, Served)]);
}

#[test]
fn git_replies_carry_the_headers_of_rest_if_the_policy_says_so() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| {
        policy.token_mut("acme").contents = Permission::None;
        policy.owner_mut("globex").sso = true;
    });
    let client = Client::new(&forge);
    let headers = |repository: &str, label: &str| {
        let url = format!("https://github.com/{repository}");
        let answer = client.discover(&url, FETCH, &forge.secret(label));
        [
            "github-authentication-token-expiration",
            "x-oauth-scopes",
            "x-accepted-github-permissions",
            "x-github-sso",
        ]
        .map(|name| !answer.header(name).is_empty())
    };
    assert_eq!(headers("acme/secret", "acme"), [false; 4]);
    forge.policy(|policy| policy.headers_on_git = true);
    assert_eq!(headers("acme/secret", "acme"), [true, false, true, false]);
    assert_eq!(headers("globex/api", "classic"), [false, true, false, true]);
    forge.policy(|policy| policy.challenge_hint = Some("domain_hint=\"contoso\"".to_owned()));
    let nobody = client.discover("https://github.com/acme/secret", FETCH, "");
    let challenge = nobody.header("www-authenticate");
    assert_eq!(challenge, "Basic realm=\"GitHub\" domain_hint=\"contoso\"");
}

#[test]
fn too_many_bad_logins_lock_good_ones_out_too() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.lockout = Some(3));
    let client = Client::new(&forge);
    let url = "https://github.com/acme/secret";
    let bad = make_token(TokenKind::FineGrained);
    for _ in 0..3 {
        assert_eq!(client.discover(url, FETCH, &bad).status, 401);
    }
    let text = "Maximum number of login attempts exceeded. Please try again later.\n";
    check(&forge, &[("acme", "acme/secret", FETCH, Refused(403, text))]);
    assert_eq!(client.get_as("https://api.github.com/user", &forge.secret("acme")).status, 403);
    forge.policy(|policy| policy.bad_logins = 0);
    check(&forge, &[("acme", "acme/secret", FETCH, Served)]);
}

#[test]
fn a_rule_comes_before_everything_and_may_run_out() {
    let sample =
        "remote: Something new is required.\nremote: See https://github.com/x\nfatal: unable to access";
    let forge = Forge::start(
        Policy::sample()
            .rule(Rule::answer(Reply::sample(403, sample)).token("acme").repo("acme/secret").on(On::Read))
            .rule(Rule::answer(Reply::text(401, "Once.\n")).owner("GLOBEX").times(1))
            .rule(Rule::allow().repo("mona/dotfiles").by(By::Anonymous))
            .rule(Rule::fault(Then::RedirectTo("evil.test".to_owned())).repo("acme/tools")),
    );
    check(
        &forge,
        &[
            (
                "acme",
                "acme/secret",
                FETCH,
                Refused(403, "Something new is required.\nSee https://github.com/x\n"),
            ),
            ("acme", "acme/secret", PUSH, Served),
            ("classic", "acme/secret", FETCH, Served),
            ("globex", "globex/api", FETCH, Refused(401, "Once.\n")),
            ("globex", "globex/api", FETCH, Served),
            ("", "mona/dotfiles", FETCH, Served),
        ],
    );
    let away = Client::new(&forge).discover("https://github.com/acme/tools", FETCH, "");
    assert_eq!(
        (away.status, away.header("location")),
        (302, "https://evil.test/acme/tools/info/refs?service=git-upload-pack")
    );
}

#[test]
fn each_host_is_a_world_of_its_own() {
    let ghes = "ghe.example.com:8443";
    let plain = "git.example.com";
    let at = |host: &str, owner: Owner| Owner { host: host.to_owned(), ..owner };
    let forge = Forge::start(
        Policy::sample()
            .host(ghes, HostKind::Ghes)
            .host(plain, HostKind::Plain)
            .owner(at(ghes, Owner::org("acme", &["mona"])))
            .owner(at("corp.ghe.com", Owner::org("acme", &["mona_corp"])))
            .private(&format!("{ghes}/acme/secret"))
            .public("corp.ghe.com/acme/secret")
            .private(&format!("{plain}/team/deep/tool"))
            .token(Token { host: ghes.to_owned(), ..Token::fine_grained("ghes", "mona", "acme") })
            .token(Token {
                host: "corp.ghe.com".to_owned(),
                ..Token::fine_grained("corp", "mona_corp", "acme")
            })
            .token(Token::password("plain", plain, "mona"))
            .token(Token::password("ghes-password", ghes, "mona")),
    );
    let client = Client::new(&forge);
    let status = |host: &str, repository: &str, label: &str| {
        let url = format!("https://{host}/{repository}.git");
        client.discover(&url, FETCH, &forge.secret(label)).status
    };
    assert_eq!(status(ghes, "acme/secret", "ghes"), 200);
    assert_eq!(status(ghes, "acme/secret", "acme"), 401);
    assert_eq!(status(ghes, "acme/secret", "ghes-password"), 403);
    assert_eq!(status("github.com", "acme/secret", "ghes"), 401);
    assert_eq!(status("corp.ghe.com", "acme/secret", "corp"), 200);
    assert_eq!(status("other.ghe.com", "acme/secret", "corp"), 401);
    assert_eq!(status(plain, "team/deep/tool", "plain"), 200);
    assert_eq!(status(plain, "team/deep/tool", "acme"), 401);
    let nobody = client.discover("https://corp.ghe.com/acme/secret", FETCH, "");
    assert_eq!(nobody.status, 401, "nothing is public on ghe.com");
    let plain = client.discover(&format!("https://{plain}/team/deep/tool"), FETCH, "");
    assert_eq!(plain.header("www-authenticate"), "Basic realm=\"git\"");
    assert_eq!(plain.header("x-github-request-id"), "");
    assert_eq!(client.get("https://git.example.com/api/v3/meta").status, 404);
    for (base, login) in
        [("https://ghe.example.com:8443/api/v3", "ghes"), ("https://api.corp.ghe.com", "corp")]
    {
        let user = client.get_as(&format!("{base}/user"), &forge.secret(login));
        assert_eq!(user.status, 200, "{}", user.body);
        assert!(!user.header("x-github-request-id").is_empty());
    }
}

#[test]
fn gists_are_read_by_all_and_pushed_to_by_their_owner() {
    let forge = Forge::start(
        Policy::sample()
            .user("hubot")
            .private("gist.github.com/mona/0123abcd")
            .token(Token { scopes: vec!["repo".to_owned()], ..Token::classic("no-gist", "mona") })
            .token(Token::classic("hubot", "hubot")),
    );
    let client = Client::new(&forge);
    let gist = |path: &str, service: &str, label: &str| {
        let secret = if label.is_empty() { String::new() } else { forge.secret(label) };
        client.discover(&format!("https://gist.github.com/{path}"), service, &secret).status
    };
    assert_eq!(gist("0123abcd.git", FETCH, ""), 200);
    assert_eq!(gist("mona/0123abcd.git", FETCH, ""), 200);
    assert_eq!(gist("0123abcd.git", PUSH, ""), 401);
    assert_eq!(gist("0123abcd.git", PUSH, "classic"), 200);
    assert_eq!(gist("0123abcd.git", PUSH, "no-gist"), 403);
    assert_eq!(gist("0123abcd.git", PUSH, "hubot"), 403);
}

#[test]
fn lifetimes_are_counted_from_the_making() {
    let token = Token::fine_grained("it", "mona", "acme");
    assert_eq!(token.lifetime(), Some(days(90)));
    assert!(!format!("{token:?}").contains(&token.secret));
}
