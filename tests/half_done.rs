//! A kill between the vault and the list: the next command that lists or adds names it and mends it.

use crate::forge::{TokenKind, make_token};
use crate::given::{self, account, request};
use crate::sandbox::{Output, Sandbox};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// Gives a field of each account that is listed.
fn listed(sandbox: &Sandbox, field: &str) -> Vec<String> {
    let text = sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let accounts = list["accounts"].as_array().expect("a list");
    accounts.iter().map(|account| account[field].as_str().expect("text").to_owned()).collect()
}

fn labels(sandbox: &Sandbox) -> Vec<String> {
    listed(sandbox, "label")
}

/// Gives the notes of what is under way.
fn notes(sandbox: &Sandbox) -> Vec<PathBuf> {
    let folder = given::outcomes_file(sandbox).with_file_name("unfinished");
    std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("read").path()).collect()
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
        assert!(notes(&sandbox).is_empty());
    }
}

#[test]
fn what_was_broken_off_before_anything_happened_is_forgotten_without_a_word() {
    let sandbox = Sandbox::new(None);
    let token = make_token(TokenKind::FineGrained);
    killed_at(&sandbox, 1, &["add", "acme", "--token-stdin", "--no-verify", "--no-browser"], &token);
    sandbox.patron(["list"]).ok().says_nothing();
    assert!(labels(&sandbox).is_empty());
    assert!(notes(&sandbox).is_empty());
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
    assert!(notes(&sandbox).is_empty());
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
        assert!(notes(&sandbox).is_empty(), "{killed}");
    }
}

/// The second command may name what the first has made or taken away already.
#[test]
fn what_was_broken_off_is_brought_to_an_end_before_the_same_account_is_changed_again() {
    let removal = (&["remove", "acme", "--yes"][..], 2);
    let renaming = (&["rename", "acme", "globex"][..], 3);
    let seconds: [&[&str]; 6] = [
        &["remove", "acme", "--yes"],
        &["remove", "globex", "--yes"],
        &["rename", "acme", "initech"],
        &["rename", "globex", "initech"],
        &["rename", "globex", "acme"],
        &["rename", "acme", "globex"],
    ];
    let killed = |(first, kills)| (1..=kills).map(move |killed| (first, killed));
    for (first, killed) in [removal, renaming].into_iter().flat_map(killed) {
        for second in seconds {
            let what = format!("{first:?} killed at its change {killed}, then {second:?}");
            let sandbox = Sandbox::new(None);
            given::accounts(&sandbox, &[account("https://github.com/acme")]);
            killed_at(&sandbox, killed, first, "");
            // There may be no such account any more, and that is said.
            let after = sandbox.patron(second).run();
            assert!(matches!(after.status.code(), Some(0 | 1)), "{what}: {}", after.report());
            is_whole(&sandbox, &what);
        }
    }
}

/// Whoever was killed was alive when the rename began and looked for such.
#[test]
fn a_rename_that_waited_for_a_removal_which_was_killed_does_not_keep_the_account_without_its_token() {
    let sandbox = Sandbox::new(None);
    let acme = account("https://github.com/acme");
    given::accounts(&sandbox, std::slice::from_ref(&acme));
    killed_at(&sandbox, 2, &["remove", "acme", "--yes"], "");
    let note = notes(&sandbox).pop().expect("a removal leaves one");
    let left = [note.clone(), given::secrets_file(&sandbox)];
    let texts = left.each_ref().map(|file| std::fs::read(file).expect("there"));
    std::fs::remove_file(note).expect("ours");
    given::accounts(&sandbox, &[acme]);
    let output = while_it_waits(&sandbox, &["rename", "acme", "globex"], || {
        left.iter().zip(&texts).for_each(|(file, text)| std::fs::write(file, text).expect("ours"));
    });
    assert_eq!(output.status.code(), Some(1), "{}", output.report());
    assert!(output.stderr().contains("it was removed or renamed in the meantime"), "{}", output.report());
    is_whole(&sandbox, "after a removal");
    assert!(labels(&sandbox).is_empty());
}

/// Every account has a token, every token an account, and nothing is left to mend but what `list` mends once.
#[track_caller]
fn is_whole(sandbox: &Sandbox, what: &str) {
    let mended = sandbox.patron(["list"]).ok().report();
    let rest = sandbox.patron(["list"]).ok().stderr();
    assert_eq!(rest, "", "{what}\n{mended}");
    let scopes = listed(sandbox, "scope");
    for scope in &scopes {
        sandbox.patron(["token", scope]).ok();
    }
    let secrets = std::fs::read_to_string(given::secrets_file(sandbox)).expect("there");
    assert_eq!(secrets.matches("#mona").count(), scopes.len(), "{what}: {mended}");
    assert!(notes(sandbox).is_empty(), "{what}");
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

/// Who brings the removal to an end later must not take what was kept since.
#[test]
fn a_token_that_is_kept_again_outlives_a_removal_that_was_broken_off() {
    for at in [1, 2] {
        let sandbox = Sandbox::new(None);
        given::accounts(&sandbox, &[given::plain("https://git.example.com/a/b", "u", "first")]);
        killed_at(&sandbox, at, &["remove", "git.example.com/a/b", "--yes"], "");
        let ask = |more: &str| request("git.example.com", "a/b", more);
        sandbox.patron(["store"]).stdin(ask("username=u\npassword=second\n")).ok();
        sandbox.patron(["list"]).ok().says_nothing();
        sandbox.patron(["get"]).stdin(ask("")).ok().prints("username=u\npassword=second\n\n");
        assert!(notes(&sandbox).is_empty(), "{at}");
    }
}

/// Runs a command that waits for the list's lock, and does something to the list meanwhile.
fn while_it_waits(sandbox: &Sandbox, words: &[&str], meanwhile: impl FnOnce()) -> Output {
    let lock = given::lock_of(sandbox, &given::accounts_file(sandbox));
    std::fs::create_dir_all(lock.parent().expect("a folder")).expect("ours");
    let held = std::fs::File::create(&lock).expect("ours");
    held.lock().expect("nobody else holds it");
    let running = sandbox.patron(words).spawn();
    let start = Instant::now();
    let has_read = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", running.id())).into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|path| path == lock)
    };
    while !has_read() {
        assert!(start.elapsed() < Duration::from_secs(20), "it wants the lock");
        sleep(Duration::from_millis(5));
    }
    meanwhile();
    drop(held);
    running.wait()
}

#[test]
fn a_rename_that_waited_looks_again_whether_the_account_is_there_and_its_name_free() {
    let [acme, globex] = ["acme", "globex"].map(|owner| account(&format!("https://github.com/{owner}")));
    for (meanwhile, why) in [
        (vec![], "it was removed or renamed in the meantime"),
        (vec![acme.clone(), globex.clone()], "the name was taken in the meantime"),
    ] {
        let sandbox = Sandbox::new(None);
        given::accounts(&sandbox, std::slice::from_ref(&acme));
        let output =
            while_it_waits(&sandbox, &["rename", "acme", "globex"], || given::accounts(&sandbox, &meanwhile));
        assert_eq!(output.status.code(), Some(1), "{}", output.report());
        assert!(output.stderr().contains(why), "{}", output.report());
        sandbox.patron(["list"]).ok().says_nothing();
        assert_eq!(labels(&sandbox).len(), meanwhile.len());
        for account in &meanwhile {
            sandbox
                .patron(["token", account.scope.trim_start_matches("https://")])
                .ok()
                .prints(&format!("{}\n", account.secret));
        }
    }
}
