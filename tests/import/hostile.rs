//! Sources that are broken or mean harm, and a GitHub that does not answer.

use super::Scene;
use crate::forge::{State, TokenKind, make_token};
use std::time::Duration;

#[test]
fn what_is_no_token_stays_where_it_is_and_is_sent_to_nobody() {
    let mut scene = Scene::new();
    let body = "aB3x".repeat(9);
    // Built here: no file holds a token-shaped string.
    let cut = format!("{}_{}", "ghp", &body[..20]);
    let masked = format!("{}_{}", "ghp", "x".repeat(36));
    for (value, said) in [
        ("hunter2".to_owned(), "no token of GitHub's, so it stays there"),
        (cut, "that looks like a part of a token"),
        (masked, "it only looks like a token"),
    ] {
        scene.sandbox.set("GITHUB_PAT", &value);
        let output = scene.import("--from env").ok();
        let all = format!("{}{}", output.stdout(), output.stderr());
        assert!(all.contains(said) && !all.contains(&value), "{}", output.report());
        assert_eq!((scene.accounts().len(), scene.asked_about().len()), (0, 0), "{}", output.report());
    }
}

#[test]
fn huge_files_strange_bytes_and_pipes_are_passed_over_and_the_rest_is_found() {
    let mut scene = Scene::new();
    let secret = scene.forge.secret("acme");
    let mut huge = format!("machine github.com login mona password {secret}\n").into_bytes();
    huge.resize(17 * 1024 * 1024, b'#');
    let netrc = scene.sandbox.write(".netrc", &huge);
    let mut strange = b"https://\xff\xfe:\xff@github.com\nhttps://mona:\xff%00%0aevil@github.com\n".to_vec();
    strange.extend(format!("https://mona:{secret}@github.com\n").into_bytes());
    let store = scene.sandbox.write(".git-credentials", &strange);
    scene.sandbox.set("NIX_CONF_DIR", scene.sandbox.home().join("nix"));
    scene.sandbox.write("nix/keep", "");
    let fifo = scene.sandbox.home().join("nix/nix.conf");
    scene.sandbox.command("mkfifo", [&fifo]).ok();
    let nix = scene
        .sandbox
        .write(".config/nix/nix.conf", b"access-tokens = \xff=\xff github.com/..=x github.com=\n");
    scene.sandbox.write_program("gh", "head -c 3000000 /dev/zero | tr '\\0' 'g'");
    let run = scene.import("").within(Duration::from_secs(120));
    let output = scene.leaves(&[netrc, store, nix], run).ok();
    assert!(output.stderr().contains("nix.conf is not a regular file"), "{}", output.report());
    assert!(!output.stdout().contains('\u{fffd}'), "{}", output.report());
}

#[test]
fn a_helper_that_answers_endlessly_and_one_that_waits_for_a_person_do_not_hold_it_up() {
    let scene = Scene::new();
    scene.sandbox.write_program("git-credential-manager", "yes password=x");
    // Without a terminal there is nobody to read from.
    scene.sandbox.write_program("git-credential-cache", "read answer </dev/tty; echo password=$answer");
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = manager\n\thelper = cache\n");
    let output = scene.import("--from gcm").within(Duration::from_secs(60)).ok();
    assert_eq!(output.stdout(), "no token of GitHub's was found elsewhere\n");
    let output = scene.look("--from cache --yes").ok();
    assert_eq!(output.stdout(), "no token of GitHub's was found elsewhere\n");
}

#[test]
fn names_that_steer_terminals_and_commands_are_shown_harmless() {
    let mut scene = Scene::new();
    scene.sandbox.git(["init", "-q", "it's here"]).ok();
    let it = scene.sandbox.work().join("it's here");
    let (acme, globex) = (scene.forge.secret("acme"), scene.forge.secret("globex"));
    let path = it.join(".git/config");
    let before = std::fs::read_to_string(&path).expect("it was made");
    let config = format!(
        "{before}[remote \"$(touch pwned)\u{1b}[31m\"]\n\turl = https://x:{acme}@github.com/acme/$(touch pwned)\n\
         [http \"https://github.com/$(touch pwned)\"]\n\textraHeader = Authorization: bearer {globex}\n"
    );
    std::fs::write(&path, &config).expect("the sandbox is ours");
    scene
        .sandbox
        .set("NIX_CONFIG", format!("access-tokens = github.com/\u{1b}[31m={}", scene.forge.secret("mona")));
    let output = scene.sandbox.patron(["import", "--yes", "it's here"]).ok();
    let told = output.stdout();
    let clean = r"git -C 'it'\''s here' remote set-url REMOTE 'https://github.com/acme/$(touch pwned)'";
    assert!(told.contains(clean), "{}", output.report());
    assert!(told.contains(r"git -C 'it'\''s here' config --edit"), "{}", output.report());
    assert!(told.contains("access-tokens in the variable NIX_CONFIG"), "{}", output.report());
    assert!(!told.contains('\u{1b}') && !output.stderr().contains('\u{1b}'), "{}", output.report());
    // What is copied runs that command and nothing else.
    scene.sandbox.shell(&clean.replace("REMOTE", "nothing")).run();
    assert!(!scene.sandbox.work().join("pwned").exists() && !it.join("pwned").exists());
}

#[test]
fn a_dead_token_is_named_and_one_that_cannot_be_asked_about_ends_it_with_3() {
    let mut scene = Scene::new();
    scene.sandbox.set("GH_TOKEN", make_token(TokenKind::Classic));
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    scene.sandbox.set("GITHUB_PAT", scene.forge.secret("acme"));
    let output = scene.import("--from env").ok();
    let told = output.stdout();
    assert_eq!(
        told.matches("not kept: github.com does not recognise it (401)").count(),
        2,
        "{}",
        output.report()
    );
    assert!(told.contains("unset GH_TOKEN"), "a dead one may go: {}", output.report());
    for name in ["HTTPS_PROXY", "https_proxy"] {
        scene.sandbox.set(name, "http://127.0.0.1:9");
    }
    let output = scene.import("--from env").fails(3);
    assert!(output.stdout().contains("not kept: github.com did not answer"), "{}", output.report());
    assert_eq!(scene.accounts().len(), 0);
    scene.import("--from nowhere").fails(2);
    scene.import("no-such-folder").fails(1).says("no-such-folder cannot be looked at");
}
