//! Files of ours with a content that is damaged, foreign or newer.

use std::fs;
use std::time::Duration;

use super::*;
use crate::given::{account, plain};

fn prepared() -> (Sandbox, [Account; 2]) {
    let sandbox = Sandbox::new(None);
    let accounts = [account("https://github.com/acme"), plain("https://git.example.com/a/b", "u", "first")];
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts)
}

fn asked() -> String {
    request("github.com", "acme/r", "")
}

/// Every way in which the list is read, on a list that cannot be: each names file, line and column, and
/// the file stays as it is.
#[track_caller]
fn names_the_place(sandbox: &Sandbox, content: &[u8], place: Option<&str>) {
    let list = given::accounts_file(sandbox);
    fs::write(&list, content).expect("ours");
    let file = list.display();
    let place = place.map_or_else(|| format!("{file}: line "), |place| format!("{file}: {place}: "));
    let shown = String::from_utf8_lossy(content).into_owned();
    for (word, stdin) in [
        ("get", asked()),
        ("store", stored("new.example.com", "u", "third")),
        ("erase", request("git.example.com", "a/b", "")),
    ] {
        let output = sandbox.patron([word]).stdin(stdin).run().prints("");
        says_so_and_exits_0(&output, &place);
        assert!(output.stderr().contains(", column "), "{shown:?}: {}", output.stderr());
        assert!(output.stderr().contains("fix: "), "{shown:?}: {}", output.stderr());
    }
    for words in [&["list"][..], &["list", "--json"], &["remove", "acme", "--yes"]] {
        sandbox.patron(words).fails(1).prints("").says(&place);
    }
    assert_eq!(fs::read(&list).expect("there"), content, "never rewritten");
}

fn is_toml(content: &[u8]) -> bool {
    let text = std::str::from_utf8(content).unwrap_or("[");
    toml::from_str::<toml::Table>(text.strip_prefix('\u{feff}').unwrap_or(text)).is_ok()
}

/// F07.
#[test]
fn a_list_with_any_bit_flipped_gives_the_right_token_or_none_and_is_not_rewritten() {
    let (sandbox, accounts) = prepared();
    let good = given::accounts_toml(&accounts).into_bytes();
    let (mut answered, mut silent, mut broken) = (0, 0, 0);
    // A step that shares no factor with 8, so that every bit of a byte is met.
    for bit in (0..good.len() * 8).step_by(7) {
        let mut content = good.clone();
        content[bit / 8] ^= 1 << (bit % 8);
        let list = given::accounts_file(&sandbox);
        fs::write(&list, &content).expect("ours");
        let output = get(&sandbox, "github.com", "acme/r").ok();
        let (said, given) = (output.stderr(), output.stdout());
        assert!(!said.contains("internal error") && said.lines().count() <= 1, "bit {bit}: {said}");
        // The name of the secret is made of scope and login: a list that names others finds no secret.
        assert!(given.is_empty() || given == accounts[0].answer(), "bit {bit}: {given}");
        if !is_toml(&content) {
            assert!(
                given.is_empty() && said.contains(&format!("{}: line ", list.display())),
                "bit {bit}: {said}"
            );
            assert!(said.contains(", column "), "bit {bit}: {said}");
            broken += 1;
            if broken % 16 == 0 {
                names_the_place(&sandbox, &content, None);
            }
        }
        if given.is_empty() {
            silent += 1
        } else {
            answered += 1
        }
        assert_eq!(fs::read(&list).expect("there"), content, "bit {bit}: never rewritten");
    }
    given::report(&format!(
        "content: {} bits flipped: {answered} answered, {silent} not, {broken} no TOML",
        answered + silent
    ));
    assert!(answered > 20 && silent > 20 && broken > 20);
}

#[test]
fn a_list_cut_anywhere_gives_the_right_token_or_none() {
    let (sandbox, accounts) = prepared();
    let good = given::accounts_toml(&accounts).into_bytes();
    let mut named = 0;
    for length in (0..good.len()).step_by(3) {
        fs::write(given::accounts_file(&sandbox), &good[..length]).expect("ours");
        let output = get(&sandbox, "github.com", "acme/r").ok();
        let given = output.stdout();
        assert!(given.is_empty() || given == accounts[0].answer(), "{length}: {given}");
        if !is_toml(&good[..length]) {
            assert!(given.is_empty(), "{length}: a broken list gives nothing");
            named += 1;
            names_the_place(&sandbox, &good[..length], None);
        }
    }
    assert!(named > 20, "{named} cuts were within a value");
}

#[test]
fn the_place_of_a_wrong_value_is_its_own_and_no_other_that_looks_like_it() {
    let (sandbox, _) = prepared();
    let account = |scope: &str, more: &str| {
        format!("# file cloud soon https://x/\n[[account]]\nlabel = \"acme\"\nscope = {scope}\n{more}\n")
    };
    let good = "\"https://github.com/acme\"";
    for (content, place) in [
        ("version = 1\n[[account]]\nlabel = \n".to_owned(), "line 3, column 9"),
        (account(good, "vault = \"file\"\nexpires = \"soon\""), "line 6, column 11"),
        (account("\"https://x/\\t\"", "vault = \"file\""), "line 4, column 9"),
        (account("\"\"", "vault = \"file\""), "line 4, column 9"),
        (account("\"http://x/y\"", "vault = \"file\""), "line 4, column 9"),
        (account(good, "vault = \"command\""), "line 5, column 9"),
        (account(good, "vault = \"file\"\nlearned = \"yes\""), "line 6, column 11"),
        (account(good, "vault = \"file\"\nexpires = 5"), "line 6, column 11"),
        ("version = 1\n\0\n".to_owned(), "line 2, column 2"),
        ("version = 1 \u{7} \n".to_owned(), "line 1, column 11"),
        ("\"größe\" = \u{1}\n".to_owned(), "line 1, column 11"),
        ("account = 5\n".to_owned(), "line 1, column 11"),
    ] {
        for end in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let content = format!("{mark}{}", content.replace('\n', end));
                names_the_place(&sandbox, content.as_bytes(), Some(place));
            }
        }
    }
    names_the_place(&sandbox, b"version = 1\nlabel = \"\xff\"\n", Some("line 2, column 10"));
}

/// E10: one entry of a newer version, or made by hand, must not stop every owner.
#[test]
fn an_entry_that_is_not_understood_is_skipped_with_a_word_and_the_others_are_given() {
    for odd in ["vault = \"cloud\"", "vault = \"\"", "vault = \"file\"\nserver = \"gitlab\""] {
        let (sandbox, accounts) = prepared();
        let list = given::accounts_file(&sandbox);
        let entry =
            format!("[[account]]\nlabel = \"odd\"\nscope = \"https://ghe.example.com/odd\"\n{odd}\n\n");
        let text = std::fs::read_to_string(&list).expect("there");
        std::fs::write(&list, text.replacen("[[account]]", &format!("{entry}[[account]]"), 1)).expect("ours");
        let output = get(&sandbox, "github.com", "acme/r").ok();
        assert!(output.stdout() == accounts[0].answer(), "{odd}: {}", output.report());
        let said = output.stderr();
        assert!(
            said.contains("\"odd\" is skipped: ") && said.contains("accounts.toml: line "),
            "{odd}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        sandbox.patron(["remove", "acme", "--yes"]).ok();
        let text = std::fs::read_to_string(&list).expect("there");
        assert!(text.contains(odd) && !text.contains("/acme"), "{text}");
    }
}

/// Editors' doings are no damage.
#[test]
fn a_byte_order_mark_and_other_line_ends_are_fine() {
    let (sandbox, accounts) = prepared();
    let good = given::accounts_toml(&accounts);
    for content in [
        format!("\u{feff}{good}"),
        good.replace('\n', "\r\n"),
        format!("\u{feff}{}", good.replace('\n', "\r\n")),
        good.trim_end().to_owned(),
        format!("\n\n# größe\n{good}\n\n"),
    ] {
        fs::write(given::accounts_file(&sandbox), content).expect("ours");
        all_are_given(&sandbox, &accounts);
        store(&sandbox, "new.example.com", "u", "third").ok();
        assert_eq!(listed(&sandbox).len(), 3);
        all_are_given(&sandbox, &accounts);
        fs::write(given::secrets_file(&sandbox), given::secrets_toml(&accounts)).expect("ours");
    }
}

#[test]
fn a_list_of_ten_megabytes_is_read_or_refused_in_time() {
    let (sandbox, accounts) = prepared();
    let good = given::accounts_toml(&accounts);
    let comment = "# a comment of someone who likes them long\n";
    let of = |bytes: usize| format!("{good}{}", comment.repeat(bytes / comment.len()));
    fs::write(given::accounts_file(&sandbox), of(10 << 20)).expect("ours");
    let output = get(&sandbox, "github.com", "acme/r").ok();
    assert!(output.stdout() == accounts[0].answer(), "{}", output.stderr());
    assert!(output.took < Duration::from_secs(5), "{:?}", output.took);
    let many = (0..50_000).map(|at| format!("[[account]]\nlabel = \"l{at}\"\nscope = \"https://github.com/o{at}\"\nvault = \"file\"\nnote = \"{}\"\n", "x".repeat(100)));
    let many = good.clone() + &many.collect::<String>();
    assert!(many.len() > 9 << 20);
    fs::write(given::accounts_file(&sandbox), many).expect("ours");
    let output = get(&sandbox, "github.com", "acme/r").ok();
    assert!(output.stdout() == accounts[0].answer(), "{}", output.stderr());
    given::report(&format!("content: 50,000 accounts in {} ms (no optimisation)", output.took.as_millis()));
    assert!(output.took < Duration::from_secs(20), "{:?}", output.took);
    let huge = of(20 << 20);
    fs::write(given::accounts_file(&sandbox), &huge).expect("ours");
    for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
        let output = sandbox.patron([word]).stdin(stdin).run().prints("");
        says_so_and_exits_0(&output, "accounts.toml has ");
        assert!(output.stderr().contains("fix: "), "{}", output.stderr());
    }
    assert!(fs::read(given::accounts_file(&sandbox)).expect("there") == huge.as_bytes());
}

/// F07 for the vault: nothing of it in any message, and a cut secret is never given.
#[test]
fn a_damaged_vault_gives_no_part_of_a_secret_to_anybody() {
    let (sandbox, accounts) = prepared();
    let vault = given::secrets_file(&sandbox);
    let good = given::secrets_toml(&accounts).into_bytes();
    let secret = &accounts[0].secret;
    let parts: Vec<&str> = (0..secret.len() - 8).map(|at| &secret[at..at + 8]).collect();
    let check = |content: &[u8], what: &str| {
        fs::write(&vault, content).expect("ours");
        for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
            let output = sandbox.patron([word]).stdin(stdin).env("PATRON_TRACE", "1").ok();
            let said = output.stderr();
            assert!(!said.contains("internal error"), "{what}: {said}");
            assert!(parts.iter().all(|part| !said.contains(part)), "{what}: a part of the secret is said");
            if word == "get" {
                let given = output.stdout();
                assert!(given.is_empty() || given == accounts[0].answer(), "{what}");
            }
            if !is_toml(content) {
                // A secret whose own line is whole may be given though another line is not.
                let named = said.contains("secrets.toml: line ") || said.contains("secrets.toml: this is");
                assert!(named || output.stdout() == accounts[0].answer(), "{what}: {said}");
                assert_eq!(fs::read(&vault).expect("there"), content, "{what}: never rewritten");
                assert!(word == "get" || (output.stdout.is_empty() && named), "{what}: {said}");
            }
        }
    };
    for length in (0..good.len()).step_by(5) {
        check(&good[..length], &format!("cut at {length}"));
    }
    let text = String::from_utf8(good).expect("it was made of text");
    for (what, content) in [
        ("no quotes", text.replace(&format!("\"{secret}\""), secret)),
        ("one quote", text.replace(&format!("{secret}\""), secret)),
        ("a number", text.replace(&format!("\"{secret}\""), "5")),
        ("a list", text.replace(&format!("\"{secret}\""), &format!("[\"{secret}\"]"))),
        ("twice", format!("{text}\"{}\" = \"{secret}\"\n", accounts[0].id())),
        ("elsewhere", text.replace("[secrets]", &format!("[{secret}"))),
        ("a table", text.replace("[secrets]", "secrets = 5\n[other]")),
        ("garbage before", format!("{secret}\n{text}")),
        ("nul", format!("{text}\0")),
    ] {
        check(content.as_bytes(), what);
    }
    fs::write(&vault, [text.as_bytes(), b"\xff"].concat()).expect("ours");
    says_so_and_exits_0(&get(&sandbox, "github.com", "acme/r").prints(""), "this is not UTF-8 text");
    fs::write(&vault, format!("\u{feff}{}", text.replace('\n', "\r\n"))).expect("ours");
    all_are_given(&sandbox, &accounts);
    store(&sandbox, "new.example.com", "u", "third").ok();
    all_are_given(&sandbox, &accounts);
}

/// F08.
#[test]
fn unknown_keys_stay_and_a_newer_version_is_read_and_never_written() {
    let (sandbox, accounts) = prepared();
    let extra = "\n[future]\ncolour = \"red\" # mine\n";
    let list =
        given::accounts_toml(&accounts).replace("label = \"git", "note = \"keep\"\nlabel = \"git") + extra;
    let vault = given::secrets_toml(&accounts) + extra;
    let put = |list: &str, vault: &str| {
        fs::write(given::accounts_file(&sandbox), list).expect("ours");
        fs::write(given::secrets_file(&sandbox), vault).expect("ours");
    };
    put(&list, &vault);
    all_are_given(&sandbox, &accounts);
    store(&sandbox, "new.example.com", "u", "third").ok();
    for (file, kept) in
        [(given::accounts_file(&sandbox), "note = \"keep\""), (given::secrets_file(&sandbox), extra)]
    {
        let text = fs::read_to_string(&file).expect("there");
        assert!(text.contains(kept) && text.contains(extra.trim()), "{text}");
    }
    let newer = |text: &str| text.replace("version = 1", "version = 2");
    for (list, vault) in
        [(newer(&list), vault.clone()), (list.clone(), newer(&vault)), (newer(&list), newer(&vault))]
    {
        put(&list, &vault);
        all_are_given(&sandbox, &accounts);
        let output = store(&sandbox, "new.example.com", "u", "third").prints("");
        says_so_and_exits_0(&output, "it was written by a newer patron (version 2)");
        store(&sandbox, "git.example.com", "u", "changed").prints("");
        sandbox.patron(["erase"]).stdin(request("git.example.com", "a/b", "")).ok().says("newer patron");
        sandbox.patron(["remove", "acme", "--yes"]).fails(1).says("newer patron");
        assert_eq!(fs::read_to_string(given::accounts_file(&sandbox)).expect("there"), list);
        assert_eq!(fs::read_to_string(given::secrets_file(&sandbox)).expect("there"), vault);
    }
}

/// F09.
#[test]
fn a_damaged_state_is_nothing_known_and_is_begun_anew() {
    let (sandbox, accounts) = prepared();
    let state = given::outcomes_file(&sandbox);
    fs::create_dir_all(state.parent().expect("a folder")).expect("ours");
    let ours = format!("username=mona\npassword={}\n", accounts[0].secret);
    let rejected = || sandbox.patron(["list", "--json"]).ok().stdout().contains("\"rejected\"");
    let id = accounts[0].id();
    for content in [
        &b""[..],
        b"not [toml",
        b"\xff\xfe\0",
        b"version = 1\n",
        b"version = \"one\"\nkey = 5\n",
        b"version = 1\nkey = \"\"\n",
        format!("version = 1\nkey = \"k\"\n[account.\"{id}\"]\nrejected = \"soon\"\n").as_bytes(),
        format!("version = 1\nkey = \"k\"\n[account.\"{id}\"]\nrejected = \"2026-01-01T00:00:00Z -1 x\"\n").as_bytes(),
        format!("version = 1\nkey = \"k\"\n[account.\"{id}\"]\nrejected = \"2026-01-01T00:00:00Z 99999999999999999999 2026-01-01T00:00:00Z\"\n").as_bytes(),
        format!("version = 1\nkey = \"k\"\n[account.\"{id}\"]\n\"fetch\" = \"accepted\"\n").as_bytes(),
        &vec![b'#'; 20 << 20],
    ] {
        fs::write(&state, content).expect("ours");
        let what = String::from_utf8_lossy(&content[..content.len().min(80)]).into_owned();
        let output = get(&sandbox, "github.com", "acme/r").ok();
        assert!(output.stdout() == accounts[0].answer(), "{what}: {}", output.stderr());
        // What nobody of ours can have written is named; the rest is nothing known.
        match content.len() > 16 << 20 {
            true => assert!(output.stderr().contains("more than any such file"), "{}", output.stderr()),
            false => assert_eq!(output.stderr(), "", "{what}"),
        }
        sandbox.patron(["list"]).ok();
        sandbox.patron(["erase"]).stdin(request("github.com", "acme/r", &ours)).ok();
        assert!(rejected(), "{what}: begun anew, it remembers again");
        sandbox.patron(["store"]).stdin(request("github.com", "acme/r", &ours)).ok();
        assert!(!rejected(), "{what}");
        all_are_given(&sandbox, &accounts);
    }
    // A newer patron's is not known here, and stays as it is.
    let newer = "version = 9\nkey = \"k\"\naccount = 5\n";
    fs::write(&state, newer).expect("ours");
    assert_eq!(get(&sandbox, "github.com", "acme/r").ok().stdout(), accounts[0].answer());
    sandbox.patron(["erase"]).stdin(request("github.com", "acme/r", &ours)).ok();
    assert_eq!(fs::read_to_string(&state).expect("it is there"), newer);
}
