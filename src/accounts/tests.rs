//! Reading, changing and refusing lists of accounts.

use super::*;
use std::fs;

fn account(scope: &str, login: Option<&str>) -> Account {
    let scope = Scope::parse(scope).expect("a scope");
    Account {
        id: default_id(&scope.to_string(), login),
        label: scope.short(),
        server: scope.host().server_by_name().unwrap_or(Server::Plain),
        scope,
        login: login.map(str::to_owned),
        user_id: Some(583_231),
        kind: TokenKind::FineGrained,
        expires: Some(1_800_000_000),
        place: VaultPlace::Keyring,
        refresh: false,
        learned: true,
        exact: false,
        app: None,
    }
}

fn locks(path: &Path) -> PathBuf {
    path.with_file_name("locks")
}

fn put(path: &Path, account: &Account) {
    let mut book = Book::open(path, &locks(path)).expect("open");
    book.put(account).expect("put");
    book.save().expect("saved");
}

#[test]
fn what_is_written_is_read_back() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("c/accounts.toml");
    assert!(read(&path, Selection::All).expect("absent is empty").known.is_empty());
    let mut all = vec![
        account("acme", Some("mona")),
        account("acme/secret", None),
        account("https://git.example.com", Some("")),
        account("corp.ghe.com/x", None),
    ];
    all[1].place = VaultPlace::Command("op read \"x y\"".to_owned());
    all[2].refresh = true;
    all[3].expires = None;
    all[3].app = Some(App { client_id: "Iv23li".to_owned(), signer: Some("kms sign".to_owned()) });
    all[3].id = "odd".to_owned();
    for account in &all {
        put(&path, account);
    }
    assert_eq!(read(&path, Selection::All).expect("read").known, all);
    all[0].label = "renamed".to_owned();
    put(&path, &all[0]);
    let mut book = Book::open(&path, &locks(&path)).expect("open");
    assert!(book.remove("odd").expect("removed"));
    assert!(!book.remove("odd").expect("gone"));
    book.save().expect("saved");
    assert_eq!(read(&path, Selection::All).expect("read").known, all[..3]);
}

#[test]
fn comments_and_unknown_keys_stay() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    put(&path, &account("acme", None));
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, format!("# mine\ncolour = \"red\"\n{text}note = \"keep me\" # why\n")).expect("edited");
    put(&path, &account("acme", None));
    put(&path, &account("beta", None));
    let text = fs::read_to_string(&path).expect("there");
    for kept in ["# mine", "colour = \"red\"", "note = \"keep me\" # why", "/beta"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn a_file_that_cannot_be_understood_is_named_by_line_and_column_and_left_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    for (text, at) in [
        ("version = 1\n[[account]]\nlabel = \n", "line 3, column 9"),
        ("\u{feff}version = 1\r\n[[account]\r\n", "line 2"),
        ("[[account]]\nlabel = \"a\"\nscope = \"http://x/y\"\nvault = \"file\"\n", "line 3, column 9"),
        ("[[account]]\nlabel = \"a\"\nscope = \"https://x/y\"\nvault = \"command\"\n", "line 4, column 9"),
        (
            "[[account]]\nlabel = \"a\"\nscope = \"https://x/y\"\nvault = \"file\"\nexpires = \"soon\"\n",
            "line 5, column 11",
        ),
        ("[[account]]\nscope = \"https://x/y\"\nvault = \"file\"\n", "line 1"),
        ("version = 1\n\0", "line 2"),
    ] {
        fs::write(&path, text).expect("written");
        let shown = read(&path, Selection::All).expect_err("corrupt").to_string();
        assert!(shown.contains(at) && shown.contains("accounts.toml"), "{text:?}: {shown}");
        assert!(Book::open(&path, &locks(&path)).is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), text);
    }
    fs::write(&path, b"label = \"\xff\"\n").expect("written");
    assert!(read(&path, Selection::All).expect_err("corrupt").to_string().contains("line 1, column 10"));
}

#[test]
fn a_long_list_is_read_as_if_in_one_piece() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    // The third line of this label begins like an account of its own, wherever the text is cut.
    let table = |number: usize| {
        format!(
            "[[account]]\nscope = \"https://github.com/o{number}\"\nvault = \"file\"\n\
             label = \"\"\"{number} \u{fc}\n[[account]]\nlabel = 1\n\"\"\"\n"
        )
    };
    for count in [0, 1, 30, 200] {
        let text: String = (0..count).map(table).collect();
        fs::write(&path, format!("version = 1\n{text}")).expect("written");
        let accounts = read(&path, Selection::All).expect("read").known;
        assert_eq!(accounts.len(), count);
        for (number, account) in accounts.iter().enumerate() {
            assert_eq!(account.label, format!("{number} \u{fc}\n[[account]]\nlabel = 1\n"));
        }
        fs::write(&path, format!("{text}[[account]]\nlabel = \n")).expect("written");
        let shown = read(&path, Selection::All).expect_err("corrupt").to_string();
        let line = text.lines().count() + 2;
        assert!(shown.contains(&format!("line {line}, column 9")), "{shown}");
    }
}

#[test]
fn a_newer_version_is_read_and_not_written() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    put(&path, &account("acme", None));
    let text = fs::read_to_string(&path).expect("there").replace("version = 1", "version = 2");
    fs::write(&path, text).expect("written");
    assert_eq!(read(&path, Selection::All).expect("read").known.len(), 1);
    assert!(matches!(Book::open(&path, &locks(&path)), Err(ListError::Newer { version: 2, .. })));
}

/// E10: of a newer version, or made by hand.
#[test]
fn an_entry_that_is_not_understood_is_skipped_with_a_word_and_stays() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    for odd in
        ["vault = \"cloud\"", "vault = \"file\"\nserver = \"gitlab\"", "vault = \"\"", "vault = \"KEYRING\""]
    {
        let _ = fs::remove_file(&path);
        let entry = format!("[[account]]\nlabel = \"odd\"\nscope = \"https://ghe.test/y\"\n{odd} # mine\n\n");
        put(&path, &account("acme", None));
        let text = fs::read_to_string(&path).expect("there");
        fs::write(&path, text.replace("[[account]]", &format!("{entry}[[account]]"))).expect("edited");
        put(&path, &account("beta", None));
        let list = read(&path, Selection::All).expect("read");
        assert_eq!(list.known, [account("acme", None), account("beta", None)]);
        let [skipped] = &list.skipped[..] else { panic!("{:?}", list.skipped) };
        let said = skipped.to_string();
        assert!(said.contains("\"odd\" is skipped: ") && said.contains("accounts.toml: line "), "{said}");
        let mut book = Book::open(&path, &locks(&path)).expect("open");
        assert!(book.remove(&account("acme", None).id).expect("removed"));
        book.put(&Account { label: "other".to_owned(), ..account("beta", None) }).expect("put");
        book.save().expect("saved");
        let text = fs::read_to_string(&path).expect("there");
        assert!(text.contains(odd.lines().last().expect("a line")) && !text.contains("/acme"), "{text}");
        assert_eq!(read(&path, Selection::All).expect("read").known[0].label, "other");
    }
}

/// Among dotfiles each writing shows as a change.
#[test]
fn a_list_that_does_not_change_is_not_written() {
    use std::os::unix::fs::MetadataExt;
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.toml");
    put(&path, &account("acme", None));
    let inode = || fs::metadata(&path).expect("there").ino();
    let before = inode();
    put(&path, &account("acme", None));
    assert_eq!(inode(), before);
}

/// The quick way and the parser of all TOML must read the same, or the quick one nothing.
#[test]
fn what_is_read_quickly_is_what_toml_says() {
    let entry = |more: &str| {
        format!("[[account]]\nlabel = \"a\"\nscope = \"https://github.com/a\"\nvault = \"file\"\n{more}\n")
    };
    let plain = "login = \"mona\"\nkind = \"classic\"\nexpires = \"2027-06-01T00:00:00Z\"\nlearned = true";
    for (text, is_quick) in [
        (format!("version = 1\n\n{}\n{}", entry(plain), entry("id = \"x#y\"")), true),
        (entry("command = \"op read 'x'\"\nserver = \"plain\"\nrefresh = true"), true),
        (entry("kind = \"later\""), true),
        (entry(plain).replace('\n', "\r\n"), true),
        (entry(plain).trim_end().to_owned(), true),
        (entry(plain).trim_end().to_owned() + "\r", false),
        (entry("login = \"m\\u006fna\""), false),
        (entry("login = \"mona\" # mine"), false),
        (entry("login = 'mona'"), false),
        (entry("login = \"a\" b \""), false),
        (entry("login = \"a\"\nlogin = \"b\""), false),
        (entry("learned = false"), false),
        (entry("note = \"n\""), false),
        (entry("[other]\nlabel = \"b\""), false),
        (entry("login = \"\"\"\n[[account]]\n\"\"\""), false),
        ("[[account]]\nlabel = \"a\"\nscope = \"https://github.com/a\"\n".to_owned(), false),
        ("label = \"a\"\n".to_owned(), false),
        ("[[account]]\nlabel = \"\"\nscope = \"https://github.com/a\"\nvault = \"file\"\n".to_owned(), false),
    ] {
        let quick = as_written(&text);
        assert_eq!(quick.is_some(), is_quick, "{text}");
        let Some(quick) = quick else { continue };
        let slow: ListFile<'_> = toml::from_str(&text).expect("TOML");
        let never = |_: &str, fact: &str| corrupt(Path::new("x"), "", None, fact);
        let read = |entries: Vec<AccountEntry<'_>>| -> Vec<Account> {
            entries.into_iter().map(|entry| super::account(entry, None, never).expect("an account")).collect()
        };
        assert_eq!(read(quick), read(slow.account), "{text}");
    }
}
