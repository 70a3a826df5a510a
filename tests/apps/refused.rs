//! What GitHub refuses an App, each with its verdict and page; and a clock that is wrong.

use super::{ASK, add, cast, client_id, diagnosed, minted, password, with_app};
use crate::forge::{Forge, HostKind, Installation, Reply, Rule, Selection, Then, another_key, grants, key};
use crate::sandbox::Sandbox;
use jiff::SignedDuration;
use serde_json::Value;

const PAGE: &str = "https://github.com/organizations/acme/settings/installations/";

#[test]
fn each_refusal_is_named_with_the_installations_page() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let change = |change: fn(&mut Installation)| {
        forge.policy(|policy| {
            let installation = policy.apps.app_mut("deploy").installation_mut("acme");
            *installation = Installation { id: installation.id, ..Installation::new("acme") };
            change(installation);
        });
    };
    type Change = fn(&mut Installation);
    let cases: [(&str, Change); 3] = [
        ("app-suspended", |it| it.suspended = true),
        ("app-not-installed", |it| it.repositories = Selection::Only(vec!["tools".to_owned()])),
        ("app-permission-missing", |it| it.permissions = grants(&[("metadata", "read")])),
    ];
    for (id, unusual) in cases {
        change(unusual);
        let refused = sandbox.git(["clone", "https://github.com/acme/secret"]).fails(128);
        let refused = refused.says(&format!("({id})")).says(PAGE);
        refused.does_not_say("no account for acme");
        let target = diagnosed(&sandbox, &["acme/secret"], 1);
        assert_eq!(target["verdict"]["id"], id, "{target}");
        assert_eq!(target["verdict"]["certainty"], "measured");
        assert!(target["verdict"]["page"].as_str().is_some_and(|page| page.starts_with(PAGE)), "{target}");
        sandbox.patron(["token", "acme/secret"]).fails(1).says(id).says(PAGE);
    }
    forge.policy(|policy| policy.apps.app_mut("deploy").installations.clear());
    let install = "https://github.com/apps/deploy/installations/new";
    sandbox
        .git(["clone", "https://github.com/acme/secret"])
        .fails(128)
        .says("(app-not-installed)")
        .says(install);
    assert_eq!(minted(&forge), 0);
    // As soon as it is installed, git is let in.
    forge.policy(|policy| policy.apps.app_mut("deploy").installations.push(Installation::new("acme")));
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
}

#[test]
fn a_push_with_an_app_that_may_only_read_names_the_permission() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    forge.policy(|policy| {
        policy.apps.app_mut("deploy").installation_mut("acme").permissions = grants(&[("contents", "read")]);
    });
    sandbox.git(["init", "-q", "new"]).ok();
    let folder = sandbox.work().join("new");
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "more"]).cwd(&folder).ok();
    let push = sandbox.git(["push", "https://github.com/acme/secret", "HEAD:refs/heads/new"]).cwd(&folder);
    push.fails(128).says("(app-permission-missing)").says("contents: write").says(PAGE);
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
}

#[test]
fn an_app_that_is_not_installed_yet_is_kept_and_the_page_is_named() {
    let forge = Forge::start(cast());
    forge.policy(|policy| policy.apps.app_mut("deploy").installations.clear());
    let sandbox = Sandbox::new(&forge);
    add(&sandbox, &forge, "acme", key())
        .ok()
        .says("(app-not-installed)")
        .says("https://github.com/apps/deploy/installations/new");
}

#[test]
fn a_clock_that_is_wrong_is_set_right_and_named() {
    for hours in [-3, 3] {
        let forge = Forge::start(cast());
        let sandbox = with_app(&forge, "acme");
        forge.policy(|policy| policy.apps.clock = SignedDuration::from_hours(hours));
        let answer = sandbox.patron(["get"]).stdin(ASK).ok();
        if hours > 0 {
            assert!(password(&answer.stdout()).starts_with("ghs_"));
        }
        let way = if hours > 0 { "behind" } else { "ahead of" };
        answer.says(&format!("this machine's clock is 3 h {way} GitHub's")).says("clock-wrong");
    }
}

#[test]
fn a_key_of_another_app_is_not_taken_and_its_fingerprint_is_named() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    add(&sandbox, &forge, "acme", another_key()).fails(1).says("does not take this key").says("SHA256:");
    assert!(sandbox.read(".config/git-credential-patron/accounts.toml").is_none());
    let file = sandbox.write("app.pem", &key().pem);
    let nobodys = ["add", "acme", "--no-browser", "--app", "Iv23nobody", "--key"];
    sandbox.patron(nobodys).args([&file]).fails(1).says("does not take this key");
    let id = client_id(&forge);
    let whole = ["add", "https://github.com", "--app", &id, "--key"];
    sandbox.patron(whole).args([&file]).fails(2).says("one owner");
}

#[test]
fn a_refusal_of_an_app_is_remembered_shown_and_over_with_the_next_token() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let suspend = |suspended| {
        forge.policy(|policy| {
            policy.apps.app_mut("deploy").installation_mut("acme").suspended = suspended;
        });
    };
    let outcome = || {
        let listed = sandbox.patron(["list", "--json"]).ok();
        let listed: Value = serde_json::from_str(&listed.stdout()).expect("JSON");
        listed["accounts"][0]["outcome"].as_str().map(str::to_owned)
    };
    let refusals = |code: i32| {
        let status = sandbox.patron(["status", "--json"]).run();
        let status = if code == 0 { status.ok() } else { status.fails(code) };
        let status: Value = serde_json::from_str(&status.stdout()).expect("JSON");
        status["refusals"].as_array().expect("a list").clone()
    };
    suspend(true);
    sandbox.git(["clone", "https://github.com/acme/secret"]).fails(128);
    assert_eq!(outcome().as_deref(), Some("refused"));
    let listed = sandbox.patron(["list"]).ok();
    assert!(listed.stdout().contains("app-suspended"), "{}", listed.stdout());
    let shown = refusals(1);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["url"], "https://github.com/acme/secret");
    assert_eq!(shown[0]["operation"], "fetch");
    assert_eq!(shown[0]["verdict"]["id"], "app-suspended");
    assert!(shown[0]["verdict"]["page"].as_str().is_some_and(|page| page.starts_with(PAGE)), "{shown:?}");
    let page = sandbox.patron(["status"]).fails(1);
    assert!(page.stdout().contains("app-suspended") && page.stdout().contains(PAGE), "{}", page.stdout());
    // Diagnose remembers it, too.
    diagnosed(&sandbox, &["acme/tools"], 1);
    assert_eq!(refusals(1).len(), 2);
    suspend(false);
    for name in ["secret", "tools"] {
        let url = format!("https://github.com/acme/{name}");
        sandbox.git(["clone", &url]).ok().does_not_say("refused").does_not_say("suspended");
    }
    assert_eq!(outcome().as_deref(), Some("accepted"));
    assert_eq!(refusals(0).len(), 0);
}

#[test]
fn a_host_that_cannot_be_reached_is_no_missing_account() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let id = |sandbox: &Sandbox, what: &[&str]| {
        let target = diagnosed(sandbox, what, 3);
        assert_eq!(target["account"]["label"], "acme", "{target}");
        assert_eq!(target["verdict"]["certainty"], "measured", "{target}");
        target["verdict"]["id"].as_str().expect("an id").to_owned()
    };
    assert_eq!(id(&sandbox, &["acme/secret", "--offline"]), "not-asked");
    let broken = |then: Then| {
        forge.policy(|policy| {
            policy.rules.clear();
            policy.rules.push(Rule::fault(then).host("api.github.com"));
        });
    };
    broken(Then::Close);
    assert_eq!(id(&sandbox, &["acme/secret"]), "unreachable");
    sandbox.patron(["diagnose", "acme/secret"]).fails(3);
    let status = sandbox.patron(["status", "--json"]).fails(3);
    let status: Value = serde_json::from_str(&status.stdout()).expect("JSON");
    assert_eq!(status["accounts"][0]["state"], "unreachable");
    sandbox.patron(["wait", "acme/secret", "--timeout", "0"]).fails(3).says("unreachable");
    broken(Then::Answer(Reply::json(503, &serde_json::json!({"message": "Server Error"}))));
    assert_eq!(id(&sandbox, &["acme/secret"]), "server-error");
    let mut sandbox = sandbox;
    for name in ["HTTPS_PROXY", "https_proxy"] {
        sandbox.set(name, "http://127.0.0.1:9");
    }
    assert_eq!(id(&sandbox, &["acme/secret"]), "proxy-failed");
}

#[test]
fn an_enterprise_server_has_the_page_that_installs_elsewhere() {
    let forge = Forge::start(cast().host("ghe.example.com", HostKind::Ghes));
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup", "--host", "ghe.example.com"]).ok();
    let file = sandbox.write("app.pem", &key().pem);
    let id = client_id(&forge);
    let add = ["add", "ghe.example.com/initech", "--no-browser", "--app", id.as_str(), "--key"];
    sandbox
        .patron(add)
        .args([file])
        .ok()
        .says("https://ghe.example.com/github-apps/deploy/installations/new");
}
