//! Keys as people have them, and commands that sign.

use super::{ASK, add, cast, client_id, minted, password, with_app};
use crate::forge::{Forge, another_key, key};
use crate::given::secrets_file;
use crate::sandbox::{Run, Sandbox};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

#[test]
fn keys_in_all_forms_mint_and_are_kept_as_der() {
    let pem = &key().pem;
    let pkcs8 = key().pkcs8();
    for (name, form) in [
        ("PKCS#1", pem.clone()),
        ("PKCS#8", pkcs8),
        ("CRLF", pem.replace('\n', "\r\n")),
        ("\\n", pem.replace('\n', "\\n")),
        ("base64", STANDARD.encode(pem)),
    ] {
        let forge = Forge::start(cast());
        let sandbox = Sandbox::new(&forge);
        let file = sandbox.write("key", form);
        let id = client_id(&forge);
        let arguments = ["add", "acme", "--no-browser", "--app", id.as_str(), "--key"];
        sandbox.patron(arguments).args([&file]).ok();
        let answer = sandbox.patron(["get"]).stdin(ASK).ok();
        assert_eq!(password(&answer.stdout()), forge.secret("minted-1"), "{name}");
        let vault = std::fs::read_to_string(secrets_file(&sandbox)).expect("the vault");
        assert!(!vault.contains("BEGIN"), "{name}: the PEM is in the vault");
    }
}

#[test]
fn a_key_comes_from_stdin_too_and_what_is_none_is_named() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    let id = client_id(&forge);
    let arguments = ["add", "acme", "--no-browser", "--app", id.as_str(), "--key", "-"];
    sandbox.patron(arguments).stdin(key().pem.clone()).ok();
    sandbox.patron(arguments).stdin("hello").fails(1).says("no private key");
    sandbox.patron(arguments).stdin("").fails(1).says("there is nothing in it");
    let missing = ["add", "acme", "--app", id.as_str(), "--key", "nowhere.pem"];
    sandbox.patron(missing).fails(1).says("nowhere.pem cannot be read");
}

fn add_signer(sandbox: &Sandbox, forge: &Forge, command: &str) -> Run {
    let id = client_id(forge);
    sandbox.patron(["add", "acme", "--no-browser", "--app", &id, "--sign", command])
}

#[test]
fn a_command_that_signs_mints_and_no_key_is_kept() {
    for print in [
        "openssl dgst -sha256 -sign \"$HOME/key.pem\"",
        "openssl dgst -sha256 -sign \"$HOME/key.pem\" | base64",
    ] {
        let forge = Forge::start(cast());
        let sandbox = Sandbox::new(&forge);
        sandbox.write("key.pem", &key().pem);
        add_signer(&sandbox, &forge, print).ok();
        let answer = sandbox.patron(["get"]).stdin(ASK).ok();
        assert_eq!(password(&answer.stdout()), forge.secret("minted-1"));
        let answer = sandbox.patron(["get"]).stdin(ASK).ok();
        assert_eq!((password(&answer.stdout()), minted(&forge)), (forge.secret("minted-1").as_str(), 1));
    }
}

#[test]
fn a_signer_that_fails_or_lies_is_named() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    sandbox.write("other.pem", &another_key().pem);
    for (command, says) in [
        ("exit 3", "the command that signs failed with exit code 3"),
        ("echo signed", "printed something else than a signature"),
        ("true", "printed something else than a signature"),
        ("openssl dgst -sha256 -sign \"$HOME/other.pem\"", "does not take the command's signature"),
        ("no-such-program-here", "exit code 127"),
    ] {
        add_signer(&sandbox, &forge, command).fails(1).says(says);
    }
    assert!(sandbox.read(".config/git-credential-patron/accounts.toml").is_none());
}

#[test]
fn a_signer_that_fails_later_leaves_git_to_ask_and_says_why() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    sandbox.write("key.pem", &key().pem);
    add_signer(&sandbox, &forge, "openssl dgst -sha256 -sign \"$HOME/key.pem\"").ok();
    std::fs::remove_file(sandbox.home().join("key.pem")).expect("it is ours");
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert_eq!(answer.stdout(), "");
    answer.says("the command that signs failed");
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    sandbox.patron(["get"]).stdin(ASK).ok();
    forge.policy(|policy| policy.apps.app_mut("deploy").public_key = another_key().public.clone());
    add(&sandbox, &forge, "acme", another_key()).ok();
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert_eq!(password(&answer.stdout()), forge.secret("minted-2"), "the old App's token is not given");
}

#[test]
fn a_signer_that_hangs_is_ended_after_a_minute_and_named() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    let run = add_signer(&sandbox, &forge, "sleep 600").within(Duration::from_secs(240));
    run.fails(1).says("the command that signs did not end within 60 s and was killed");
    assert!(sandbox.read(".config/git-credential-patron/accounts.toml").is_none());
}
