//! A kill between the vault and the list: the next command that lists or adds names it and mends it.

use crate::forge::{TokenKind, make_token};
use crate::given::{self, account, request};
use crate::sandbox::Sandbox;

/// Runs the product and kills it as it is about to put its `nth` file in place.
fn killed_at(sandbox: &Sandbox, nth: usize, words: &[&str], stdin: &str) {
    let inject = format!("inject=rename,renameat,renameat2:error=EIO:signal=KILL:when={nth}");
    let trace = sandbox.root().join("trace");
    let run = sandbox
        .command("strace", ["-f", "-e", "trace=rename,renameat,renameat2", "-e", &inject, "-o"])
        .args([trace.as_os_str(), sandbox.program().as_os_str()])
        .args(words)
        .stdin(stdin)
        .run();
    let calls = std::fs::read_to_string(&trace).expect("strace writes it");
    assert!(calls.contains("killed by SIGKILL"), "{calls}\n{}", run.report());
}

fn labels(sandbox: &Sandbox) -> Vec<String> {
    let text = sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let accounts = list["accounts"].as_array().expect("a list");
    accounts.iter().map(|account| account["label"].as_str().expect("text").to_owned()).collect()
}

fn notes(sandbox: &Sandbox) -> usize {
    let folder = given::outcomes_file(sandbox).with_file_name("unfinished");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn a_token_whose_account_was_not_listed_yet_gets_it() {
    for next in [&["list"][..], &["add", "other", "--token-stdin", "--no-verify", "--no-browser"]] {
        let sandbox = Sandbox::new(None);
        let token = make_token(TokenKind::FineGrained);
        let add = [
            "add",
            "acme",
            "--label",
            "work",
            "--login",
            "mona",
            "--token-stdin",
            "--no-verify",
            "--no-browser",
        ];
        // The first file that is put in place is the vault's, the second the list.
        killed_at(&sandbox, 2, &add, &token);
        assert!(!given::accounts_file(&sandbox).exists() && given::secrets_file(&sandbox).exists());
        let said = sandbox.patron(next).stdin(make_token(TokenKind::FineGrained)).ok().stderr();
        assert!(said.contains("adding work was interrupted"), "{said}");
        assert!(labels(&sandbox).contains(&"work".to_owned()));
        sandbox.patron(["token", "acme"]).ok().prints(&format!("{token}\n"));
        let said = sandbox.patron(["list"]).ok().stderr();
        assert!(!said.contains("broken off"), "once: {said}");
        assert_eq!(notes(&sandbox), 0);
    }
}

#[test]
fn what_was_broken_off_before_anything_happened_is_forgotten_without_a_word() {
    let sandbox = Sandbox::new(None);
    let token = make_token(TokenKind::FineGrained);
    killed_at(&sandbox, 1, &["add", "acme", "--token-stdin", "--no-verify", "--no-browser"], &token);
    sandbox.patron(["list"]).ok().says_nothing();
    assert!(labels(&sandbox).is_empty());
    assert_eq!(notes(&sandbox), 0);
}

#[test]
fn an_account_whose_token_was_removed_already_goes_too() {
    let sandbox = Sandbox::new(None);
    given::accounts(&sandbox, &[account("https://github.com/acme"), account("https://github.com/globex")]);
    killed_at(&sandbox, 2, &["remove", "github.com/acme", "--yes"], "");
    let text = std::fs::read_to_string(given::accounts_file(&sandbox)).expect("there");
    assert!(text.contains("/acme"), "the list has it still: {text}");
    let said = sandbox.patron(["list"]).ok().stderr();
    assert!(said.contains("removing github.com/acme was interrupted; it is removed now"), "{said}");
    assert_eq!(labels(&sandbox), ["github.com/globex"]);
    assert_eq!(notes(&sandbox), 0);
}

/// The new name of a secret, the list, the old name: whatever is cut off, one account has it and nothing else is left.
#[test]
fn a_token_that_was_to_get_another_name_has_one_name_in_the_end() {
    for (killed, said, left) in [
        (1, None, "acme"),
        (2, Some("renaming github.com/acme to globex was interrupted; nothing has changed"), "acme"),
        (3, Some("renaming github.com/acme to globex was interrupted; it is done now"), "globex"),
    ] {
        let sandbox = Sandbox::new(None);
        let acme = account("https://github.com/acme");
        given::accounts(&sandbox, std::slice::from_ref(&acme));
        killed_at(&sandbox, killed, &["rename", "acme", "globex"], "");
        let output = sandbox.patron(["list"]).ok().stderr();
        match said {
            Some(said) => assert!(output.contains(said), "{killed}: {output}"),
            None => assert_eq!(output, "", "{killed}"),
        }
        sandbox.patron(["list"]).ok().says_nothing();
        sandbox.patron(["token", left]).ok().prints(&format!("{}\n", acme.secret));
        let secrets = std::fs::read_to_string(given::secrets_file(&sandbox)).expect("there");
        assert_eq!(secrets.matches(&acme.secret).count(), 1, "{killed}");
        assert_eq!(notes(&sandbox), 0, "{killed}");
    }
}

/// A list from another machine, an entry that somebody took out by hand: named, and nothing is changed.
#[test]
fn an_account_without_a_token_and_a_token_without_an_account_are_named_and_left() {
    let sandbox = Sandbox::new(None);
    let [acme, globex] = ["acme", "globex"].map(|owner| account(&format!("https://github.com/{owner}")));
    given::accounts(&sandbox, &[acme.clone(), globex]);
    let secrets = given::secrets_file(&sandbox);
    let lines = std::fs::read_to_string(&secrets).expect("there");
    std::fs::write(&secrets, lines.replace("/acme#", "/initech#")).expect("ours");
    let before = std::fs::read(&secrets).expect("there");
    let said = sandbox.patron(["list"]).ok().stderr();
    assert!(
        said.contains("no token is stored for github.com/acme: git credential-patron add acme"),
        "{said}"
    );
    assert!(said.contains("no account uses, \"https://github.com/initech#mona\""), "{said}");
    assert!(!said.contains("globex") && !said.contains(&acme.secret), "{said}");
    assert_eq!(std::fs::read(&secrets).expect("there"), before);
    assert_eq!(labels(&sandbox).len(), 2);
    // What is all right is not spoken of.
    std::fs::write(&secrets, lines).expect("ours");
    sandbox.patron(["list"]).ok().says_nothing();
    sandbox.patron(["get"]).stdin(request("github.com", "acme/r", "")).ok();
}
