//! Policy in, answer out: each kind of token at each kind of repository.

use super::client::{Client, basic};
use crate::forge::{
    Forge, Owner, PendingAnswer, Permission, Policy, Role, Selection, State, Token, TokenKind, days,
    make_token,
};

pub(super) const FETCH: &str = "git-upload-pack";
pub(super) const PUSH: &str = "git-receive-pack";
const NOT_FOUND: &str = "Repository not found.\n";
const NOT_GRANTED: &str = "Write access to repository not granted.\n";
const INVALID: &str =
    "Invalid username or token. Password authentication is not supported for Git operations.\n";

/// What is expected: the packs are served, or a status and a text.
#[derive(Clone, Copy)]
pub(super) enum Expect<'a> {
    Served,
    Refused(u16, &'a str),
}
use Expect::{Refused, Served};

pub(super) fn denied(repository: &str) -> String {
    format!("Permission to {repository}.git denied to mona.\n")
}

#[track_caller]
pub(super) fn check(forge: &Forge, cases: &[(&str, &str, &str, Expect<'_>)]) {
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
        "ERROR: Permission to acme/secret.git denied to mona. Organization requires approval for access \
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
    let refs = format!("{url}/info/refs?service={FETCH}");
    for header in [basic(&good, ""), basic("", &good), basic(&invented, "x-oauth-basic")] {
        let answer = client.try_get(&refs, &header).expect("the forge answers");
        assert_eq!((answer.status, answer.body.as_str()), (401, INVALID));
    }
    // The old way, by which a token is the user name, is no wrong field.
    let old = client.try_get(&refs, &basic(&good, "x-oauth-basic")).expect("the forge answers");
    assert_eq!(old.status, 200);
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
fn lifetimes_are_counted_from_the_making() {
    let token = Token::fine_grained("it", "mona", "acme");
    assert_eq!(token.lifetime(), Some(days(90)));
    assert!(!format!("{token:?}").contains(&token.secret));
}
