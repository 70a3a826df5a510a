//! What GitHub refuses an App, each with its verdict and page; and a clock that is wrong.

use super::{ASK, add, cast, client_id, diagnosed, minted, password, with_app};
use crate::forge::{Forge, Installation, Selection, another_key, grants, key};
use crate::sandbox::Sandbox;
use jiff::SignedDuration;

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
