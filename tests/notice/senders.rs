//! What git sends by itself while patron is asked: a header, an entry of `.netrc`, a secret in the URL. Each is named
//! with its line, and nothing is held against the account.

use super::*;
use crate::forge::{State, make_token};
use base64::Engine as _;

const FETCH: &str = "fetch -q";

fn desk() -> Desk {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    desk.ok(".", "clone -q https://github.com/acme/secret");
    desk
}

/// Another token, which nobody knows.
fn stranger() -> String {
    make_token(crate::forge::TokenKind::Classic)
}

fn basic(secret: &str) -> String {
    let login = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{secret}"));
    format!("Authorization: Basic {login}")
}

#[track_caller]
fn nothing_is_held_against_acme(desk: &Desk, said: &str) {
    assert!(!said.contains("\"acme\"") && !said.contains("token of acme"), "{said}");
    let listed = desk.sandbox.patron(["list"]).ok().stdout();
    assert!(!listed.contains("rejected"), "{listed}");
    assert_eq!(desk.pages(), [""; 0], "{said}");
}

#[test]
fn a_header_of_gits_own_is_named_where_it_was_refused() {
    for key in [
        "http.extraHeader",
        "http.https://github.com/.extraheader",
        "http.https://github.com/acme.extraHeader",
    ] {
        let desk = desk();
        let config = desk.sandbox.work().join("secret");
        desk.sandbox.git(["config", key, &basic(&stranger())]).cwd(&config).ok();
        for _ in 0..3 {
            let said = desk.fails("secret", FETCH);
            assert!(said.contains("http.extraHeader (.git/config:"), "{key}: {said}");
            assert!(said.contains("sends its own Authorization header"), "{key}: {said}");
            nothing_is_held_against_acme(&desk, &said);
            desk.later(11);
        }
        desk.sandbox.git(["config", "--unset-all", key]).cwd(&config).ok();
        assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0], "{key}");
    }
}

#[test]
fn an_entry_of_netrc_that_was_refused_gives_way_and_is_no_fault_of_the_account() {
    for entry in ["machine github.com login mona password", "default login mona password"] {
        let desk = desk();
        desk.sandbox.write(".netrc", format!("{entry} {}\n", stranger()));
        // Git passes it over, and comes to patron.
        let said = desk.ok("secret", FETCH);
        nothing_is_held_against_acme(&desk, &said);
        // A token of another owner is not passed over: git asks nobody.
        desk.sandbox.write(".netrc", format!("{entry} {}\n", desk.forge.secret("mona")));
        let said = desk.run("secret", FETCH).stderr();
        nothing_is_held_against_acme(&desk, &said);
    }
}

#[test]
fn a_secret_in_the_url_is_named_where_it_was_refused() {
    let desk = desk();
    desk.forge.clear_log();
    let url = |secret: &str| format!("https://x-access-token:{secret}@github.com/acme/secret");
    let secret = stranger();
    let said = desk.fails(".", &format!("ls-remote {}", url(&secret)));
    assert!(said.contains("a secret is in the URL"), "{said}");
    assert!(said.contains("remove it: https://github.com/acme/secret"), "{said}");
    assert!(!said.contains(&secret), "{}", said.replace(&secret, "<<<SECRET>>>"));
    nothing_is_held_against_acme(&desk, &said);
    // As a remote's, with the command that mends it.
    desk.sandbox
        .git(["remote", "set-url", "origin", &url(&secret)])
        .cwd(desk.sandbox.work().join("secret"))
        .ok();
    let said = desk.fails("secret", FETCH);
    assert!(said.contains("(.git/config:") && said.contains("git remote set-url origin https://"), "{said}");
    nothing_is_held_against_acme(&desk, &said);
    // What a rule puts there has a line of its own.
    desk.ok("secret", "remote set-url origin https://github.com/acme/secret");
    let key = format!("url.https://x-access-token:{secret}@github.com/.insteadOf");
    desk.sandbox.git(["config", "--global", &key, "https://github.com/"]).ok();
    let said = desk.fails("secret", FETCH);
    assert!(said.contains("url.*.insteadOf (~/.gitconfig:"), "{said}");
    assert!(!said.contains(&secret), "{}", said.replace(&secret, "<<<SECRET>>>"));
    nothing_is_held_against_acme(&desk, &said);
    // A token that is bad is bad, whoever else speaks.
    desk.sandbox.git(["config", "--global", "--unset", &key]).ok();
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let said = desk.fails("secret", FETCH);
    assert!(said.contains("(token-rejected)"), "{said}");
}
