//! GitHub Apps: who may mint what, what a login with a code hears, and what an organisation's owner decides.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::forge::{
    App, Forge, HostKind, Installation, Key, Policy, Selection, State, Token, another_key, key,
};

const API: &str = "https://api.github.com";

/// A JSON web token of an App, issued now and so many seconds ago, good for so many.
fn jwt(key: &Key, issuer: &str, ago: i64, life: i64) -> String {
    let pem = key.pkcs8();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).expect("PEM is base64")).expect("a key");
    let now = Timestamp::now().as_second();
    let claims = json!({"iss": issuer, "iat": now - ago, "exp": now + life});
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let input = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).expect("it signs");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An organisation with the App `deploy`, which may read and write `acme/secret` alone.
fn installed() -> Policy {
    let few = Installation {
        repositories: Selection::Only(vec!["secret".to_owned()]),
        ..Installation::new("acme").decides()
    };
    Policy::sample().app(App::new("deploy", "mona", key()).installed(few))
}

fn client_id(forge: &Forge) -> String {
    forge.policy(|policy| policy.apps.list[0].client_id.clone())
}

fn installation(forge: &Forge) -> u64 {
    forge.policy(|policy| policy.apps.list[0].installations[0].id)
}

fn mint(forge: &Forge, body: &Value) -> Answer {
    let jwt = jwt(key(), &client_id(forge), 60, 500);
    let url = format!("{API}/app/installations/{}/access_tokens", installation(forge));
    Client::new(forge).send("POST", &url, &format!("Bearer {jwt}"), body.to_string().as_bytes())
}

#[test]
fn an_app_is_known_by_its_signature_and_its_clock_is_judged() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    let id = client_id(&forge);
    let app = client.get_as(&format!("{API}/app"), &jwt(key(), &id, 60, 540));
    assert_eq!((app.status, app.json()["slug"].as_str()), (200, Some("deploy")));
    let number = app.json()["id"].to_string();
    assert_eq!(
        client.get_as(&format!("{API}/app"), &jwt(key(), &number, 60, 540)).status,
        200,
        "the older number"
    );
    let undecodable = "A JSON web token could not be decoded";
    for (sent, message) in [
        (jwt(another_key(), &id, 60, 540), undecodable),
        (jwt(key(), "Iv23nobody", 60, 540), undecodable),
        ("no.web.token".to_owned(), undecodable),
        (jwt(key(), &id, 60, 700), "'Expiration time' claim ('exp') is too far in the future"),
        (jwt(key(), &id, 700, -60), "'Expiration time' claim ('exp') must be a numeric value"),
        (jwt(key(), &id, -60, 540), "'Issued at' claim ('iat') must be an Integer"),
    ] {
        let refused = client.get_as(&format!("{API}/app"), &sent);
        assert_eq!(refused.status, 401, "{message}");
        assert!(refused.message().starts_with(message), "{}", refused.message());
    }
    forge.policy(|policy| policy.apps.clock = SignedDuration::from_hours(1));
    let late = client.get_as(&format!("{API}/app"), &jwt(key(), &id, 60, 540));
    assert_eq!(late.status, 401);
    let date = jiff::fmt::rfc2822::parse(late.header("date")).expect("a date").timestamp();
    let ahead = date.duration_since(Timestamp::now());
    assert!((ahead - SignedDuration::from_hours(1)).abs() < SignedDuration::from_secs(30), "{ahead:?}");
}

#[test]
fn an_installation_is_found_where_it_is_and_nowhere_else() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    let jwt = jwt(key(), &client_id(&forge), 60, 540);
    for (path, status) in [
        ("orgs/acme/installation", 200),
        ("users/ACME/installation", 200),
        ("orgs/globex/installation", 404),
        ("repos/acme/secret/installation", 200),
        ("repos/acme/tools/installation", 404),
        ("repos/acme/none/installation", 404),
    ] {
        assert_eq!(client.get_as(&format!("{API}/{path}"), &jwt).status, status, "{path}");
    }
    let found = client.get_as(&format!("{API}/orgs/acme/installation"), &jwt).json();
    assert_eq!(found["permissions"]["contents"], "write");
    assert!(found["suspended_at"].is_null());
    forge.policy(|policy| policy.apps.app_mut("deploy").installation_mut("acme").suspended = true);
    let found = client.get_as(&format!("{API}/orgs/acme/installation"), &jwt).json();
    assert!(found["suspended_at"].is_string(), "{found}");
}

#[test]
fn a_minted_token_reaches_what_was_asked_for_and_dies() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    let narrow = json!({"repositories": ["secret"], "permissions": {"contents": "read"}});
    let minted = mint(&forge, &narrow);
    assert_eq!(minted.status, 201, "{}", minted.body);
    let secret = minted.json()["token"].as_str().expect("a token").to_owned();
    let discover = |repo: &str, service: &str| {
        client.discover(&format!("https://github.com/acme/{repo}"), service, &secret).status
    };
    assert_eq!(discover("secret", "git-upload-pack"), 200);
    assert_eq!(discover("secret", "git-receive-pack"), 403);
    assert_eq!(discover("tools", "git-upload-pack"), 404);
    let revoked =
        client.send("DELETE", &format!("{API}/installation/token"), &format!("Bearer {secret}"), b"");
    assert_eq!(revoked.status, 204);
    assert_eq!(discover("secret", "git-upload-pack"), 401);

    for (body, status, message) in [
        (json!({"repositories": ["tools"]}), 422, "There is at least one repository that does not exist"),
        (json!({"permissions": {"workflows": "write"}}), 422, "The permissions requested are not granted"),
    ] {
        let refused = mint(&forge, &body);
        assert_eq!(refused.status, status, "{message}");
        assert!(refused.message().starts_with(message), "{}", refused.message());
    }
    forge.policy(|policy| policy.apps.app_mut("deploy").installation_mut("acme").suspended = true);
    let refused = mint(&forge, &narrow);
    assert_eq!((refused.status, refused.message().as_str()), (403, "This installation has been suspended"));
}

#[test]
fn a_minted_token_may_be_unknown_at_first_and_ends() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    forge.policy(|policy| {
        policy.apps.stateless = true;
        policy.apps.unknown_for = SignedDuration::from_hours(1);
    });
    let secret = mint(&forge, &json!({})).json()["token"].as_str().expect("a token").to_owned();
    assert!(secret.len() > 500 && secret.contains('.') && secret.contains('-'), "the long shape");
    let url = "https://github.com/acme/secret";
    assert_eq!(client.discover(url, "git-upload-pack", &secret).status, 401);
    forge.policy(|policy| policy.apps.unknown_for = SignedDuration::ZERO);
    assert_eq!(client.discover(url, "git-upload-pack", &secret).status, 200);
    forge.policy(|policy| policy.apps.clock = SignedDuration::from_hours(2));
    assert_eq!(client.discover(url, "git-upload-pack", &secret).status, 401);
}

#[test]
fn a_login_with_a_code_waits_for_the_person_and_is_refreshed_once() {
    let forge = Forge::start(installed());
    forge.policy(|policy| policy.apps.interval = 1);
    let client = Client::new(&forge);
    let id = client_id(&forge);
    let begin = client.post("https://github.com/login/device/code", &[("client_id", &id)]).json();
    let (device, user) =
        (begin["device_code"].as_str().expect("a code"), begin["user_code"].as_str().expect("a code"));
    assert_eq!(begin["verification_uri"], "https://github.com/login/device");
    let ask = || {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        let fields = [("client_id", id.as_str()), ("device_code", device), grant];
        client.post("https://github.com/login/oauth/access_token", &fields).json()
    };
    assert_eq!(ask()["error"], "authorization_pending");
    let hasty = ask();
    assert_eq!((hasty["error"].as_str(), hasty["interval"].as_u64()), (Some("slow_down"), Some(6)));
    forge.policy(|policy| policy.apps.authorise(user, "mona"));
    assert_eq!(ask()["error"], "slow_down", "also one that could be answered");
    thread::sleep(Duration::from_millis(11_100));
    let given = ask();
    let access = given["access_token"].as_str().expect("a token");
    let refresh = given["refresh_token"].as_str().expect("a refresh token").to_owned();
    assert_eq!(client.discover("https://github.com/acme/secret", "git-receive-pack", access).status, 200);
    assert_eq!(client.discover("https://github.com/globex/api", "git-upload-pack", access).status, 404);

    let renew = || {
        let fields =
            [("client_id", id.as_str()), ("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        client.post("https://github.com/login/oauth/access_token", &fields).json()
    };
    let second = renew();
    assert!(second["access_token"].is_string(), "{second}");
    assert_eq!(client.discover("https://github.com/acme/secret", "git-upload-pack", access).status, 401);
    assert_eq!(renew()["error"], "bad_refresh_token");

    let begin = client.post("https://github.com/login/device/code", &[("client_id", &id)]).json();
    forge.policy(|policy| policy.apps.refuse(begin["user_code"].as_str().expect("a code")));
    let fields = [
        ("client_id", id.as_str()),
        ("device_code", begin["device_code"].as_str().expect("a code")),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
    ];
    let refused = client.post("https://github.com/login/oauth/access_token", &fields).json();
    assert_eq!(refused["error"], "access_denied");
    forge.policy(|policy| policy.apps.app_mut("deploy").device_flow = false);
    let off = client.post("https://github.com/login/device/code", &[("client_id", &id)]).json();
    assert_eq!(off["error"], "device_flow_disabled");
}

#[test]
fn requests_are_listed_by_pages_and_decided_by_an_app_alone() {
    let forge = Forge::start(installed());
    forge.policy(|policy| {
        for number in 0..130 {
            let label = format!("wish-{number}");
            let token = Token { state: State::Pending, ..Token::fine_grained(&label, "mona", "acme") };
            policy.tokens.push(token);
        }
        policy.token_mut("wish-7").login = "hubot".to_owned();
    });
    let client = Client::new(&forge);
    let url = format!("{API}/orgs/acme/personal-access-token-requests");
    let refused = client.get_as(&url, &forge.secret("acme"));
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (403, "Resource not accessible by personal access token")
    );
    let git = mint(&forge, &json!({"permissions": {"contents": "write"}})).json()["token"].to_string();
    assert_eq!(
        client.get_as(&url, git.trim_matches('"')).message(),
        "Resource not accessible by integration"
    );
    let body = json!({"permissions": {"organization_personal_access_token_requests": "write",
                                      "organization_personal_access_tokens": "write"}});
    let owner = mint(&forge, &body).json()["token"].as_str().expect("a token").to_owned();
    let first = client.get_as(&format!("{url}?per_page=100"), &owner);
    assert_eq!(first.json().as_array().map(Vec::len), Some(100));
    assert!(first.header("link").contains("page=2"), "{:?}", first.headers);
    let second = client.get_as(&format!("{url}?per_page=100&page=2"), &owner);
    assert_eq!((second.json().as_array().map(Vec::len), second.header("link")), (Some(30), ""));
    let hubots = client.get_as(&format!("{url}?owner[]=hubot"), &owner).json();
    assert_eq!(hubots[0]["token_name"], "wish-7");
    let id = hubots[0]["id"].as_u64().expect("a number");
    assert_ne!(Some(id), hubots[0]["token_id"].as_u64());

    let decide = |body: Value| {
        client.send("POST", &url, &format!("Bearer {owner}"), body.to_string().as_bytes()).status
    };
    assert_eq!(decide(json!({"action": "deny", "pat_request_ids": [id], "reason": "x".repeat(1025)})), 422);
    assert_eq!(decide(json!({"action": "approve", "pat_request_ids": (0..101).collect::<Vec<u32>>()})), 422);
    assert_eq!(decide(json!({"action": "approve", "pat_request_ids": [1]})), 404);
    assert_eq!(decide(json!({"action": "approve", "pat_request_ids": [id]})), 202);
    assert!(
        client.get_as(&format!("{url}?owner[]=hubot"), &owner).json().as_array().is_some_and(Vec::is_empty)
    );
    assert_eq!(forge.policy(|policy| policy.token_mut("wish-7").state), State::Active);

    let grants = format!("{API}/orgs/acme/personal-access-tokens");
    let granted = client.get_as(&format!("{grants}?owner[]=hubot"), &owner).json();
    let body = json!({"action": "revoke", "pat_ids": [granted[0]["id"]]}).to_string();
    assert_eq!(client.send("POST", &grants, &format!("Bearer {owner}"), body.as_bytes()).status, 202);
    client.get_as(&grants, &owner);
    assert_eq!(forge.policy(|policy| policy.token_mut("wish-7").state), State::Denied);
    // Without numbers, all of them.
    assert_eq!(decide(json!({"action": "approve"})), 202);
    assert!(client.get_as(&url, &owner).json().as_array().is_some_and(Vec::is_empty));
}

/// A manifest as programs send it.
fn manifest(name: &str) -> Value {
    json!({"name": name, "url": "https://example.com", "redirect_url": "http://127.0.0.1:1/back",
           "public": false, "default_permissions": {"contents": "write", "metadata": "read"}})
}

#[test]
fn a_manifest_becomes_an_app_whose_key_is_given_once() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    for (settings, owner, kind) in
        [("organizations/acme/settings", "acme", "Organization"), ("settings", "mona", "User")]
    {
        let manifest = manifest(&format!("{owner}'s deploys")).to_string();
        let fields = [("manifest", manifest.as_str()), ("state", "abc")];
        let asked = client.post(&format!("https://github.com/{settings}/apps/new?state=abc"), &fields[..1]);
        assert_eq!(asked.status, 200, "{}", asked.body);
        assert!(asked.body.contains("Create GitHub App") && asked.body.contains("contents: write"));
        assert!(asked.body.contains(&format!("action=\"/{settings}/apps/create\"")), "{}", asked.body);
        let made = client.post(&format!("https://github.com/{settings}/apps/create"), &fields);
        let (place, code) = made.header("location").split_once("?code=").expect("a code");
        let (code, state) = code.split_once("&state=").expect("a state");
        assert_eq!((made.status, place, state), (302, "http://127.0.0.1:1/back", "abc"));
        let url = format!("{API}/app-manifests/{code}/conversions");
        let convert = |body: &[u8]| client.send("POST", &url, "", body);
        assert_eq!(convert(b"{}").status, 404, "a body is one too many");
        assert_eq!(client.get(&url).status, 404);
        let app = convert(b"");
        assert_eq!(app.status, 201);
        let app = app.json();
        assert_eq!(
            (app["owner"]["login"].as_str(), app["owner"]["type"].as_str()),
            (Some(owner), Some(kind))
        );
        for secret in ["pem", "client_secret", "webhook_secret"] {
            assert!(app[secret].as_str().is_some_and(|secret| secret.len() >= 32), "{secret}");
        }
        let jwt = jwt(another_key(), app["client_id"].as_str().expect("an id"), 60, 540);
        assert_eq!(client.get_as(&format!("{API}/app"), &jwt).status, 200);
        assert_eq!(convert(b"").status, 404, "once");
    }
}

#[test]
fn a_manifest_is_judged_and_a_code_does_not_last() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    let ask = |owner: &str, manifest: &Value| {
        let url = format!("https://github.com/organizations/{owner}/settings/apps/new");
        client.post(&url, &[("manifest", &manifest.to_string())])
    };
    let with = |field: &str, value: Value| {
        let mut manifest = manifest("deploys");
        manifest[field] = value;
        manifest
    };
    for (manifest, words) in [
        (json!("nonsense"), "It needs a name"),
        (with("url", Value::Null), "It needs a name and a url"),
        (with("name", json!("x".repeat(35))), "too long"),
        (with("name", json!("deploy")), "already been taken"),
        (with("redirect_url", Value::Null), "redirect_url"),
        (with("default_permissions", json!({"contents": "all"})), "no such level"),
        (with("hook_attributes", json!({"active": false})), "hook needs a url"),
    ] {
        let refused = ask("acme", &manifest);
        assert!(refused.status == 422 && refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert_eq!(ask("acme", &manifest("deploys")).status, 200);
    forge.policy(|policy| policy.owner_mut("acme").members.clear());
    assert_eq!(ask("acme", &manifest("deploys")).status, 404, "who is no member");
    assert_eq!(ask("nobody", &manifest("deploys")).status, 404);

    let manifest = manifest("late").to_string();
    let made =
        client.post("https://github.com/settings/apps/create", &[("manifest", &manifest), ("state", "s")]);
    let (_, code) = made.header("location").split_once("?code=").expect("a code");
    let code = code.split('&').next().unwrap_or_default();
    forge.policy(|policy| policy.apps.clock = SignedDuration::from_mins(61));
    assert_eq!(client.send("POST", &format!("{API}/app-manifests/{code}/conversions"), "", b"").status, 404);
}

#[test]
fn an_app_is_installed_by_its_page_where_it_may_be() {
    let forge = Forge::start(installed().host("ghe.example.com", HostKind::Ghes));
    let client = Client::new(&forge);
    let page = "https://github.com/apps/deploy/installations/new";
    let offered = client.get(page);
    assert!(offered.body.contains("Install for globex") && offered.body.contains("Install for mona"));
    forge.policy(|policy| policy.apps.app_mut("deploy").public = false);
    let offered = client.get(page);
    assert!(!offered.body.contains("Install for globex") && offered.body.contains("Install for mona"));
    assert_eq!(client.post(page, &[("target", "globex")]).status, 404);
    assert!(client.post(page, &[("target", "mona")]).body.contains("Installed for mona"));
    let owners = forge.policy(|policy| {
        policy.apps.app_mut("deploy").installations.iter().map(|it| it.owner.clone()).collect::<Vec<_>>()
    });
    assert_eq!(owners, ["acme", "mona"]);
    assert_eq!(client.get("https://github.com/apps/nothing/installations/new").status, 404);
    // An Enterprise Server has these pages elsewhere.
    assert_eq!(client.get("https://ghe.example.com/github-apps/deploy/installations/new").status, 200);
    assert_eq!(client.get("https://ghe.example.com/apps/deploy/installations/new").status, 404);
}

#[test]
fn git_may_know_a_minted_token_later_than_the_api() {
    let forge = Forge::start(installed());
    let client = Client::new(&forge);
    forge.policy(|policy| policy.apps.unknown_to_git_for = SignedDuration::from_hours(1));
    let secret = mint(&forge, &json!({})).json()["token"].as_str().expect("a token").to_owned();
    assert_eq!(client.get_as(&format!("{API}/installation/repositories"), &secret).status, 200);
    assert_eq!(client.discover("https://github.com/acme/secret", "git-upload-pack", &secret).status, 401);
    forge.policy(|policy| policy.apps.unknown_to_git_for = SignedDuration::ZERO);
    assert_eq!(client.discover("https://github.com/acme/secret", "git-upload-pack", &secret).status, 200);
}
