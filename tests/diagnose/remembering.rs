//! What is remembered after a diagnosis, and what it changes the next time.

use super::super::forge::{Permission, Policy, Selection, State};
use super::scene::{OUTCOMES, Scene};

fn outcomes(scene: &Scene) -> String {
    scene.sandbox.read(OUTCOMES).unwrap_or_default()
}

fn outcome(scene: &Scene) -> String {
    let listed = scene.sandbox.patron(["list", "--json"]).ok().stdout();
    let line = listed.lines().find_map(|line| line.trim().strip_prefix("\"outcome\": ")).unwrap_or_default();
    line.trim_end_matches(',').to_owned()
}

#[test]
fn what_was_found_is_noted_for_each_direction() {
    let scene = Scene::usual();
    scene.diagnose("acme/secret").ok();
    assert!(outcomes(&scene).contains("\"fetch acme/secret\" = \"accepted "), "{}", outcomes(&scene));
    assert!(!outcomes(&scene).contains("\"push acme/secret\""));
    scene.forge.policy(|policy| policy.token_mut("acme").contents = Permission::Read);
    scene.diagnose("acme/secret --push").fails(1);
    let noted = outcomes(&scene);
    assert!(noted.contains("\"fetch acme/secret\" = \"accepted "), "{noted}");
    assert!(
        noted.contains("\"push acme/secret\" = \"refused ") && noted.contains(" write-permission-missing"),
        "{noted}"
    );
}

#[test]
fn what_everybody_may_read_says_nothing_of_a_token() {
    let scene = Scene::usual();
    let one = scene.one("acme/open");
    assert_eq!(one.id(), "ok");
    assert!(one.words().contains("acme/open is public"), "{}", one.words());
    assert!(
        one.check("fetch").contains("without a token: the repository is public"),
        "{}",
        one.check("fetch")
    );
    assert!(!outcomes(&scene).contains("accepted"), "{}", outcomes(&scene));
    // Not even where the token is not known any more; but that is said.
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let one = scene.one("acme/open");
    assert_eq!((one.id(), one.code), ("ok", 0), "{:#}", one.target);
    assert!(one.words().contains("GitHub does not recognise the token"), "{}", one.words());
    assert!(one.check("token-login").starts_with("failed: "));
}

#[test]
fn an_outage_changes_nothing() {
    let scene = Scene::usual();
    scene.diagnose("acme/secret").ok();
    let before = outcomes(&scene);
    let mut dead = scene.sandbox.patron(["diagnose", "acme/secret"]);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        dead = dead.env(name, "http://127.0.0.1:9");
    }
    dead.fails(3);
    assert_eq!(outcomes(&scene), before);
}

#[test]
fn a_rejection_is_noted_and_cleared_when_the_token_works_again() {
    let scene = Scene::usual();
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    scene.diagnose("acme/secret").fails(1);
    assert_eq!(outcome(&scene), "\"rejected\"");
    // A pause does not hold for somebody who asks.
    scene.diagnose("acme/secret").fails(1);
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
    let one = scene.one("acme/secret");
    assert_eq!((one.id(), one.code), ("ok", 0), "{:#}", one.target);
    assert_eq!(outcome(&scene), "\"accepted\"");
}

#[test]
fn a_token_that_github_knows_is_not_rejected_whatever_the_repository_says() {
    let scene = Scene::usual();
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    scene.diagnose("acme/secret").fails(1);
    scene.forge.policy(|policy| {
        policy.token_mut("acme").state = State::Active;
        policy.owner_mut("acme").max_lifetime_days = Some(1);
    });
    scene.diagnose("acme/secret").fails(1);
    assert_eq!(outcome(&scene), "\"refused\"");
}

#[test]
fn that_it_was_accepted_once_makes_another_cause_likelier() {
    let pending = |policy: &mut Policy| policy.token_mut("acme").state = State::Pending;
    let scene = Scene::usual().then(pending);
    assert_eq!(scene.one("acme/secret").id(), "approval-pending");
    // A refusal before does not count as an acceptance.
    assert_eq!(scene.one("acme/secret").id(), "approval-pending");

    let scene = Scene::usual();
    scene.diagnose("acme/tools").ok();
    scene.forge.policy(pending);
    for _ in 0..2 {
        let one = scene.one("acme/secret");
        assert_eq!(one.id(), "grant-revoked", "{:#}", one.target);
        assert!(one.words().contains("revoked"), "{}", one.words());
    }
    // What was accepted and is refused now was accepted all the same.
    for _ in 0..3 {
        assert_eq!(scene.one("acme/tools").id(), "grant-revoked");
    }
}

#[test]
fn login_and_expiry_that_github_tells_are_kept() {
    let scene = Scene::new(Policy::sample(), &[]);
    scene.add("acme", "acme", &["--no-verify"]);
    let accounts = || scene.sandbox.read(".config/git-credential-patron/accounts.toml").unwrap_or_default();
    assert!(!accounts().contains("login") && !accounts().contains("expires"), "{}", accounts());
    scene.diagnose("acme/secret").ok();
    assert!(
        accounts().contains("login = \"mona\"") && accounts().contains("expires = \"20"),
        "{}",
        accounts()
    );
    // The secret is found by the same name as before.
    scene.diagnose("acme/secret").ok();
    scene.sandbox.patron(["token", "acme"]).ok().prints(&(scene.forge.secret("acme") + "\n"));
    let before = accounts();
    scene.diagnose("acme/secret").ok();
    assert_eq!(accounts(), before);
}

#[test]
fn another_login_than_the_accounts_is_said_and_not_kept() {
    let scene = Scene::new(Policy::sample(), &[]);
    scene.add("acme", "acme", &["--no-verify", "--login", "robot"]);
    let one = scene.one("acme/secret");
    assert_eq!(one.check("token-login"), "failed: GitHub says it is mona's, the account says robot");
    let accounts = scene.sandbox.read(".config/git-credential-patron/accounts.toml").expect("there is one");
    assert!(accounts.contains("login = \"robot\"") && !accounts.contains("mona"), "{accounts}");
}

#[test]
fn an_account_that_has_expired_is_passed_over_where_another_fits() {
    let scene = Scene::usual();
    scene.forge.policy(|policy| policy.token_mut("acme").repositories = Selection::All);
    scene.edit_accounts(|line| match line.starts_with("expires") {
        true => "expires = \"2026-01-02T03:04:05Z\"".to_owned(),
        false => line.to_owned(),
    });
    scene.add("https://github.com", "classic", &["--yes"]);
    let one = scene.one("acme/secret");
    assert_eq!(one.id(), "ok");
    assert_eq!(one.target["account"]["label"], "github.com");
    assert!(
        one.check("account").contains("the other matching tokens have expired"),
        "{}",
        one.check("account")
    );
    assert!(
        one.check("account-other")
            .starts_with("warning: \"acme\" (https://github.com/acme) matches, but expired on 2026-01-02")
    );
}
