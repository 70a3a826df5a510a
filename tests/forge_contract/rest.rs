//! The REST API as the product asks it.

use serde_json::json;

use super::client::Client;
use crate::forge::{
    Access, EntryKind, Forge, On, Owner, Permission, Policy, Reply, Repository, Role, Rule, Selection, State,
    Token, TokenKind, Visibility, make_token,
};

const API: &str = "https://api.github.com";

#[test]
fn a_token_is_told_who_it_is_and_when_it_ends() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let user = client.get_as(&format!("{API}/user"), &forge.secret("acme"));
    assert_eq!((user.status, &user.json()["login"]), (200, &json!("mona")));
    let end = user.header("github-authentication-token-expiration");
    assert!(end.ends_with(" UTC") && end.len() == 23, "{end}");
    assert_eq!(user.header("x-oauth-scopes"), "");
    assert!(!user.header("x-github-request-id").is_empty());
    let classic = client.get_as(&format!("{API}/user"), &forge.secret("classic"));
    assert_eq!(classic.header("x-oauth-scopes"), "repo, workflow, gist");
    assert_eq!(classic.header("github-authentication-token-expiration"), "");
    let entry = forge.rest_log().remove(0);
    assert_eq!(entry.kind, EntryKind::Rest);
    assert_eq!(entry.token.as_deref(), Some("acme"));
    assert_eq!((entry.host.as_str(), entry.path.as_str()), ("api.github.com", "/user"));
}

#[test]
fn a_bad_token_and_none_are_told_apart() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let none = client.get(&format!("{API}/user"));
    assert_eq!((none.status, none.message().as_str()), (401, "Requires authentication"));
    let invented = make_token(TokenKind::FineGrained);
    let bad = client.get_as(&format!("{API}/user"), &invented);
    assert_eq!((bad.status, bad.message().as_str()), (401, "Bad credentials"));
    assert_eq!(bad.json()["documentation_url"], "https://docs.github.com/rest");
    assert_eq!(bad.json()["status"], "401");
    // Even what is open to all is closed to a bad credential.
    assert_eq!(client.get_as(&format!("{API}/zen"), &invented).status, 401);
    assert_eq!(client.get(&format!("{API}/zen")).status, 200);
    let logged = forge.rest_log().remove(1).token.expect("one was sent");
    assert!(logged.starts_with("unknown:") && logged.len() == 16, "{logged}");
}

#[test]
fn a_repository_is_shown_with_the_users_role() {
    let forge = Forge::start(Policy::sample().repository(Repository {
        archived: true,
        roles: vec![("mona".to_owned(), Role::Read)],
        ..Repository::new("acme/old", Visibility::Internal)
    }));
    let client = Client::new(&forge);
    let secret = forge.secret("acme");
    let repo = client.get_as(&format!("{API}/repos/ACME/secret"), &secret).json();
    assert_eq!(repo["full_name"], "acme/secret");
    assert_eq!(repo["private"], true);
    assert_eq!(repo["permissions"]["push"], true);
    let old = client.get_as(&format!("{API}/repos/acme/old"), &secret).json();
    assert_eq!(old["visibility"], "internal");
    assert_eq!(old["archived"], true);
    assert_eq!(old["permissions"]["push"], false);
    let open = client.get(&format!("{API}/repos/acme/open"));
    assert_eq!(open.status, 200);
    assert!(open.json().get("permissions").is_none());
}

#[test]
fn hidden_and_missing_look_the_same() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token { state: State::Pending, ..Token::fine_grained("pending", "mona", "acme") }),
    );
    let client = Client::new(&forge);
    for (repository, label) in [
        ("acme/secret", "globex"),
        ("acme/secret", "pending"),
        ("acme/secret", ""),
        ("acme/nothing", "acme"),
        ("nobody/nothing", ""),
    ] {
        let url = format!("{API}/repos/{repository}");
        let answer = match label {
            "" => client.get(&url),
            label => client.get_as(&url, &forge.secret(label)),
        };
        let expected = json!({"message": "Not Found", "status": "404",
            "documentation_url": "https://docs.github.com/rest/repos/repos#get-a-repository"});
        assert_eq!((answer.status, answer.json()), (404, expected), "{repository} as {label}");
    }
}

#[test]
fn the_list_of_private_repositories_is_what_the_token_sees() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token {
                repositories: Selection::Only(vec!["tools".to_owned()]),
                ..Token::fine_grained("few", "mona", "acme")
            })
            .token(Token { state: State::Pending, ..Token::fine_grained("pending", "mona", "acme") }),
    );
    let client = Client::new(&forge);
    let list = |label: &str, more: &str| {
        let url = format!("{API}/user/repos?visibility=private&per_page=100{more}");
        let answer = client.get_as(&url, &forge.secret(label));
        let names = answer.json();
        let names = names.as_array().expect("it is a list").iter();
        names.map(|repo| repo["full_name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("acme", ""), ["acme/secret", "acme/tools"]);
    assert_eq!(list("few", ""), ["acme/tools"]);
    assert!(list("pending", "").is_empty());
    assert_eq!(list("classic", ""), ["acme/secret", "acme/tools", "globex/api", "mona/dotfiles"]);
    assert_eq!(list("classic", "&page=2"), [] as [&str; 0]);
    forge.policy(|policy| policy.owner_mut("globex").sso = true);
    let answer = client.get_as(&format!("{API}/user/repos"), &forge.secret("classic"));
    assert_eq!(answer.json().as_array().map(Vec::len), Some(4));
    assert!(answer.header("x-github-sso").starts_with("partial-results; organizations="));
    let first = client.get_as(&format!("{API}/user/repos?per_page=2"), &forge.secret("classic"));
    assert!(first.header("link").contains("page=2>; rel=\"next\""));
}

#[test]
fn owners_are_known_to_all_but_not_on_ghe_com() {
    let forge = Forge::start(
        Policy::sample().owner(Owner { host: "corp.ghe.com".to_owned(), ..Owner::org("acme", &[]) }),
    );
    let client = Client::new(&forge);
    let status = |url: &str| client.get(url).status;
    assert_eq!(status(&format!("{API}/users/mona")), 200);
    assert_eq!(status(&format!("{API}/users/nobody")), 404);
    assert_eq!(status(&format!("{API}/orgs/ACME")), 200);
    assert_eq!(status(&format!("{API}/orgs/mona")), 404);
    assert_eq!(status("https://api.corp.ghe.com/orgs/acme"), 401);
    let orgs = |label: &str| client.get_as(&format!("{API}/user/orgs"), &forge.secret(label));
    assert_eq!(orgs("acme").body, "[]");
    assert_eq!(orgs("classic").json().as_array().map(Vec::len), Some(2));
}

#[test]
fn contents_tell_whether_the_permission_is_there() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token { contents: Permission::None, ..Token::fine_grained("none", "mona", "acme") }),
    );
    let client = Client::new(&forge);
    let secret = forge.secret("none");
    let repo = client.get_as(&format!("{API}/repos/acme/secret"), &secret);
    assert_eq!(repo.status, 200, "metadata comes with the selection");
    let contents = client.get_as(&format!("{API}/repos/acme/secret/contents/"), &secret);
    assert_eq!(contents.status, 403);
    assert_eq!(contents.message(), "Resource not accessible by personal access token");
    assert_eq!(contents.header("x-accepted-github-permissions"), "contents=read");
}

#[test]
fn a_renamed_repository_points_to_its_number() {
    let forge = Forge::start(Policy::sample().repository(Repository {
        former_names: vec![("mona".to_owned(), "before".to_owned())],
        ..Repository::new("acme/after", Visibility::Private)
    }));
    let client = Client::new(&forge);
    let secret = forge.secret("acme");
    let moved = client.get_as(&format!("{API}/repos/mona/before"), &secret);
    assert_eq!(moved.status, 301);
    let there = client.get_as(moved.header("location"), &secret);
    assert_eq!(there.json()["full_name"], "acme/after");
    assert_eq!(client.get(moved.header("location")).status, 404);
}

#[test]
fn policies_and_rules_are_said_as_json() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.owner_mut("acme").forbids_classic = true);
    let client = Client::new(&forge);
    let url = format!("{API}/repos/acme/secret");
    let refused = client.get_as(&url, &forge.secret("classic"));
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (
            403,
            "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions."
        )
    );
    let other = json!({"message": "Something new", "status": "403"});
    forge.policy(|policy| {
        policy.rules.push(Rule::answer(Reply::json(403, &other)).repo("acme/secret").on(On::Rest));
    });
    assert_eq!(client.get_as(&url, &forge.secret("acme")).json(), other);
    let entry = forge.rest_log().remove(0);
    assert_eq!(
        (entry.owner.as_str(), entry.repo.as_str(), entry.access, entry.status),
        ("acme", "secret", Access::Other, 403)
    );
}

#[test]
fn limits_and_meta_are_there_without_a_token() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let limit = client.get(&format!("{API}/rate_limit"));
    assert_eq!(limit.json()["rate"]["remaining"], 4999);
    assert_eq!(limit.header("x-ratelimit-remaining"), "4999");
    assert_eq!(client.get(&format!("{API}/meta")).json()["verifiable_password_authentication"], false);
    assert_eq!(client.get(&format!("{API}/nonsense")).status, 404);
}

#[test]
fn credentials_are_revoked_by_whoever_has_them_and_by_nobody_who_logs_in() {
    let forge = Forge::start(Policy::sample().token(Token::installation("minted", "acme")));
    let client = Client::new(&forge);
    let revoke = |authorization: &str, body: &serde_json::Value| {
        client
            .send("POST", &format!("{API}/credentials/revoke"), authorization, body.to_string().as_bytes())
            .status
    };
    let status = |label: &str| client.get_as(&format!("{API}/user"), &forge.secret(label)).status;
    let both = json!({"credentials": [forge.secret("acme"), forge.secret("minted"), "unknown"]});
    let me = format!("Bearer {}", forge.secret("acme"));
    assert_eq!(revoke(&me, &both), 403, "any login is refused");
    assert_eq!(status("acme"), 200);
    assert_eq!(revoke("", &json!({"credentials": []})), 422);
    assert_eq!(revoke("", &json!(["x"])), 422);
    assert_eq!(revoke("", &both), 202);
    assert_eq!((status("acme"), status("classic")), (401, 200));
    assert_eq!(
        forge.policy(|policy| policy.token_mut("minted").state),
        State::Active,
        "no kind of this call's"
    );
    assert_eq!(
        revoke("", &json!({"credentials": [forge.secret("acme")]})),
        202,
        "the answer says nothing of it"
    );
    let unauthenticated =
        forge.rest_log().into_iter().filter(|entry| entry.method == "POST" && entry.status == 202);
    assert!(unauthenticated.map(|entry| entry.token).all(|token| token.is_none()));
}

#[test]
fn a_revoked_token_may_be_known_for_a_few_calls_more() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.revoked_lives = 2);
    let client = Client::new(&forge);
    let body = json!({"credentials": [forge.secret("acme")]}).to_string();
    client.send("POST", &format!("{API}/credentials/revoke"), "", body.as_bytes());
    let statuses = [(); 4].map(|()| client.get_as(&format!("{API}/user"), &forge.secret("acme")).status);
    assert_eq!(statuses, [200, 200, 401, 401]);
}
