//! What people read in ten situations, at 100 columns, as files: `tests/snapshots/NAME.txt`.
//!
//! `PATRON_BLESS=1 cargo test snapshots` writes them anew; what has changed is then seen with `git diff`. What differs
//! from run to run (versions, days, milliseconds, ports, the numbers of pages) is masked.

use super::super::forge::{Permission, Policy, Selection, State};
use super::scene::Scene;
use std::env;
use std::fs;
use std::path::Path;

/// A scene whose paths are as short as everybody's, and a repository with one remote.
fn scene(policy: Policy, accounts: &[(&str, &str)], remote: &str) -> Scene {
    let mut scene = Scene::new(policy, accounts);
    let authorities = fs::read(scene.forge.ca_file()).expect("the forge has written it");
    let file = scene.sandbox.write("ca.pem", authorities);
    scene.sandbox.set("GIT_SSL_CAINFO", file);
    scene.repository(&[("origin", remote)]);
    scene
}

/// Holds what people read against the file of that name.
#[track_caller]
fn is_as_in(name: &str, scene: &Scene, arguments: &str, code: i32) {
    let output = scene.diagnose(arguments).fails(code).says_nothing();
    let text = masked(&output.stdout());
    let widest =
        text.lines().filter(|line| !line.contains("https://")).map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 100), "{text}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.txt"));
    if env::var_os("PATRON_BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("the folder can be made");
        fs::write(&file, &text).expect("the file can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_else(|_| "there is no such file\n".to_owned());
    assert!(
        text == expected,
        "{} is\n{expected}\nand now it would be\n{text}\nif that is better: PATRON_BLESS=1",
        file.display()
    );
}

/// Masks what differs from run to run.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for at in 0..words.len() {
            let word = words[at].clone();
            let before = at.checked_sub(1).map(|at| words[at].clone()).unwrap_or_default();
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let is_day = word.len() >= 10
                && word.is_char_boundary(10)
                && word[..10].bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
            words[at] = if before == "git" && word.starts_with("2.") {
                "VERSION".to_owned()
            } else if is_day {
                format!("YYYY-MM-DD{}", &word[10..])
            } else if words.get(at + 1).is_some_and(|next| next.starts_with("ms")) && is_number(&word) {
                "N".to_owned()
            } else if words.get(at + 1).is_some_and(|next| next.starts_with("days")) && word.starts_with('(')
            {
                "(N".to_owned()
            } else if let Some((start, _)) = word.split_once("127.0.0.1:") {
                format!("{start}127.0.0.1:PORT")
            } else if let Some((start, number)) =
                word.rsplit_once('/').filter(|(_, number)| is_number(number))
            {
                format!("{start}/{}", "N".repeat(number.len()))
            } else if let Some((start, request)) = word.split_once("authorization_request=") {
                format!("{start}authorization_request={}", "x".repeat(request.len()))
            } else {
                word
            };
        }
        out.push_str(words.join(" ").trim_end());
        out.push('\n');
    }
    out
}

const ACME: &[(&str, &str)] = &[("acme", "acme")];
const SECRET: &str = "https://github.com/acme/secret.git";

#[test]
fn healthy() {
    let scene = scene(Policy::sample(), &[("acme", "acme"), ("globex", "globex")], SECRET);
    is_as_in("healthy", &scene, "--push", 0);
}

#[test]
fn no_account() {
    let scene = scene(Policy::sample(), ACME, "https://github.com/mona/dotfiles.git");
    is_as_in("no-account", &scene, "", 1);
}

#[test]
fn pending() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    is_as_in("pending", &scene, "", 1);
}

#[test]
fn wrong_owners_token_in_the_url() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    let url = format!("https://mona:{}@github.com/acme/secret.git", scene.forge.secret("globex"));
    scene.sandbox.git(["remote", "set-url", "origin", &url]).ok();
    is_as_in("wrong-owners-token-in-the-url", &scene, "", 1);
}

#[test]
fn single_sign_on() {
    let scene = scene(Policy::sample(), &[("acme", "classic")], SECRET);
    scene.forge.policy(|policy| policy.owner_mut("acme").sso = true);
    is_as_in("single-sign-on", &scene, "", 1);
}

#[test]
fn lifetime() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    scene.forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(30));
    is_as_in("lifetime", &scene, "", 1);
}

#[test]
fn expired() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    scene.edit_accounts(|line| match line.starts_with("expires") {
        true => "expires = \"2026-01-02T03:04:05Z\"".to_owned(),
        false => line.to_owned(),
    });
    scene.forge.policy(|policy| {
        let token = policy.token_mut("acme");
        *token = token.clone().expired();
    });
    is_as_in("expired", &scene, "", 1);
}

#[test]
fn not_selected() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    let only = Selection::Only(vec!["tools".to_owned()]);
    scene.forge.policy(|policy| policy.token_mut("acme").repositories = only);
    is_as_in("not-selected", &scene, "", 1);
}

#[test]
fn push_without_write() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    scene.forge.policy(|policy| policy.token_mut("acme").contents = Permission::Read);
    is_as_in("push-without-write", &scene, "--push", 1);
}

#[test]
fn helper_not_reached() {
    let scene = scene(Policy::sample(), ACME, SECRET);
    scene.sandbox.patron(["unsetup"]).ok();
    scene.sandbox.git(["config", "--global", "credential.helper", "store"]).ok();
    is_as_in("helper-not-reached", &scene, "", 1);
}
