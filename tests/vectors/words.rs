//! The words git says (`get`, `store`, `erase`, `capability`), words it may say one day, and words
//! that are none; what `store` and `erase` make of passwords that are odd.

use std::collections::BTreeMap;

use super::world;
use crate::forge::{TokenKind, make_token};
use crate::given::{self, account, plain, request};
use crate::sandbox::{Output, Sandbox};

/// The secrets in the vault, by the names of their accounts.
fn vault(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let Ok(text) = std::fs::read_to_string(given::secrets_file(sandbox)) else { return BTreeMap::new() };
    let whole: toml::Table = toml::from_str(&text).expect("the vault is TOML");
    let secrets = whole["secrets"].as_table().expect("secrets are a table").clone();
    secrets
        .into_iter()
        .map(|(id, secret)| (id, secret.as_str().expect("secrets are text").to_owned()))
        .collect()
}

fn say(sandbox: &Sandbox, word: &str, stdin: impl Into<Vec<u8>>) -> Output {
    sandbox.patron([word]).stdin(stdin).ok().prints("")
}

#[test]
fn a_word_of_a_later_git_is_heard_out_in_silence() {
    let (sandbox, accounts) = world();
    let asked = request("github.com", "o/r", "");
    let long = "x".repeat(100_000);
    for word in ["foo", "", "GET", "Get", " get", "get ", "approve", "größe", &long] {
        sandbox.patron([word]).stdin(asked.as_str()).ok().prints("").says("").does_not_say("patron");
        let much = sandbox.patron([word]).stdin(vec![b'x'; 4 << 20]).ok().prints("");
        assert_eq!(much.stderr(), "", "{word}");
    }
    use std::os::unix::ffi::OsStrExt as _;
    let not_text = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    sandbox.patron([not_text]).stdin(asked.as_str()).ok().prints("");
    assert_eq!(vault(&sandbox).len(), accounts.len());
}

#[test]
fn no_word_and_two_words_are_wrong_usage_and_never_an_answer() {
    let (sandbox, _) = world();
    let asked = request("github.com", "o/r", "");
    for words in [&[][..], &["get", "get"], &["get", "--help"], &["foo", "bar"], &["store", "x"], &["-x"]] {
        let output = sandbox.patron(words).stdin(asked.as_str()).fails(2).prints("");
        assert!(
            output.stderr().contains("usage") || output.stderr().contains("Usage"),
            "{}",
            output.report()
        );
    }
}

#[test]
fn capability_says_what_git_asks_and_reads_nothing() {
    let (sandbox, _) = world();
    let said = "version 0\ncapability authtype\ncapability state\n";
    sandbox.patron(["capability"]).ok().prints(said);
    let run = given::fed(sandbox.patron(["capability"]).into_command(), |stdin, _| stdin);
    assert_eq!(String::from_utf8_lossy(&run.stdout), said);
    assert!(run.took < super::CAP, "{:?}", run.took);
}

/// `store` on a plain host, then the vault and what `get` gives.
fn kept_on_a_plain_host(password: &str, more: &str) -> Option<String> {
    let sandbox = Sandbox::new(None);
    let user = format!("username=u\n{more}");
    let said = request("git.example.com", "a/b", &format!("{user}password={password}\n"));
    say(&sandbox, "store", said.as_str()).does_not_say("panicked");
    let answer = sandbox.patron(["get"]).stdin(request("git.example.com", "a/b", "")).ok().stdout();
    let vault = vault(&sandbox);
    let kept = vault.values().next().cloned();
    let given = answer.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned);
    assert!(vault.len() <= 1 && kept == given, "what is kept is what is given");
    kept
}

#[test]
fn store_keeps_a_password_of_a_plain_host_whatever_it_holds_but_what_would_break_a_line() {
    for fine in ["secret", "", " ", "a=b", "ümläut", "\"'\\#", "'''", "\u{1f511}"] {
        assert_eq!(kept_on_a_plain_host(fine, ""), Some(fine.to_owned()), "{fine:?}");
    }
    // The line's own CR LF is not part of the password; a CR of the password would be.
    assert_eq!(kept_on_a_plain_host("secret\r", ""), Some("secret".to_owned()));
    for broken in ["secret\r\r", "sec\rret", "sec\0ret", "sec\u{1b}ret", "sec\u{2028}ret", "sec\u{85}ret"] {
        assert_eq!(kept_on_a_plain_host(broken, ""), None, "{broken:?}");
    }
}

#[test]
fn store_keeps_nothing_that_has_expired_or_is_longer_than_any_token() {
    assert_eq!(kept_on_a_plain_host("secret", "password_expiry_utc=1\n"), None);
    assert_eq!(kept_on_a_plain_host("secret", "password_expiry_utc=-5\n"), None);
    assert_eq!(kept_on_a_plain_host("secret", "password_expiry_utc=9999999999\n").as_deref(), Some("secret"));
    // A time that is none is ignored, as git ignores it.
    assert_eq!(kept_on_a_plain_host("secret", "password_expiry_utc=banana\n").as_deref(), Some("secret"));
    assert_eq!(kept_on_a_plain_host(&"a".repeat(32 * 1024), "").map(|kept| kept.len()), Some(32 * 1024));
    assert_eq!(kept_on_a_plain_host(&"a".repeat(32 * 1024 + 1), ""), None);
    assert_eq!(kept_on_a_plain_host(&"a".repeat(60_000), ""), None);
    assert_eq!(kept_on_a_plain_host(&"a".repeat(70_000), ""), None);
}

#[test]
fn an_expired_or_overlong_or_unknown_token_of_github_is_not_learned() {
    let sandbox = Sandbox::new(None);
    let token = make_token(TokenKind::FineGrained);
    let store = |more: &str| {
        say(&sandbox, "get", request("github.com", "acme/r", ""));
        say(&sandbox, "store", request("github.com", "acme/r", more))
    };
    store(&format!("username=mona\npassword={token}\npassword_expiry_utc=1\n"));
    assert_eq!(vault(&sandbox), BTreeMap::new(), "expired");
    store(&format!("username=mona\npassword={token}{}\n", "a".repeat(40_000)));
    assert_eq!(vault(&sandbox), BTreeMap::new(), "longer than any token");
    for kind in [TokenKind::Oauth, TokenKind::AppUser, TokenKind::Installation, TokenKind::Password] {
        store(&format!("username=mona\npassword={}\n", make_token(kind)));
    }
    store("username=mona\npassword=\n");
    store("username=mona\n");
    assert_eq!(vault(&sandbox), BTreeMap::new(), "of a kind that is never kept");
    for odd in ["", "acme", "acme/../victim/r", "acme%2Fx/r", "acme//r"] {
        say(&sandbox, "store", request("github.com", odd, &format!("username=mona\npassword={token}\n")));
    }
    say(&sandbox, "store", format!("protocol=https\nhost=github.com\nusername=mona\npassword={token}\n"));
    assert_eq!(vault(&sandbox), BTreeMap::new(), "without an owner");
    store(&format!("username=mona\npassword={token}\n")).says("learned acme");
    assert_eq!(vault(&sandbox).into_values().collect::<Vec<_>>(), [token]);
}

/// The same host attacks as for `get`: nothing may be kept under a name it does not belong to.
#[test]
fn store_keeps_nothing_for_a_request_that_get_would_refuse() {
    let sandbox = Sandbox::new(None);
    let secret = make_token(TokenKind::FineGrained);
    for head in [
        "protocol=http\nhost=git.example.com",
        "protocol=HTTPS\nhost=git.example.com",
        "host=git.example.com",
        "protocol=https",
        "protocol=https\nhost=",
        "protocol=https\nhost=evil.test\rhost=git.example.com",
        "protocol=https\nhost=evil.test\nhost=git.example.com",
        "protocol=https\nhost=git.example.com\0",
        "protocol=https\nhost=git.example.com/evil",
        "protocol=https\nhost=git.example.com@evil.test",
        "protocol=https\nhost=g\u{456}t.example.com",
        "protocol=https\nhost=.git.example.com",
        "garbage\nprotocol=https\nhost=git.example.com",
    ] {
        say(&sandbox, "store", format!("{head}\npath=a/b\nusername=u\npassword={secret}\n"));
    }
    for path in ["a/../b", "../a", "a//b", "a\\b", "a%2Fb", "/a"] {
        let said = request("git.example.com", path, &format!("username=u\npassword={secret}\n"));
        say(&sandbox, "store", said);
    }
    assert_eq!(vault(&sandbox), BTreeMap::new());
    assert_eq!(given::files_with(sandbox.root(), &secret), [] as [std::path::PathBuf; 0]);
}

#[test]
fn erase_with_another_password_keeps_what_is_kept() {
    let (sandbox, accounts) = world();
    let mut all = accounts;
    all.push(plain("https://git.example.com", "u", "right"));
    given::accounts(&sandbox, &all);
    let before = vault(&sandbox);
    say(&sandbox, "erase", request("git.example.com", "a/b", "username=u\npassword=wrong\n"));
    say(&sandbox, "erase", request("git.example.com", "a/b", "username=other\npassword=right\n"));
    say(&sandbox, "erase", request("github.com", "o/r", "username=mona\npassword=wrong\n"));
    assert_eq!(vault(&sandbox), before);
    sandbox.patron(["get"]).stdin(request("github.com", "o/r", "")).ok().prints(&all[0].answer());
    sandbox.patron(["get"]).stdin(request("git.example.com", "a/b", "")).ok().prints(&all[3].answer());
}

#[test]
fn erase_without_a_password_deletes_on_a_plain_host_what_is_named_and_on_github_nothing() {
    let sandbox = Sandbox::new(None);
    let all = [
        account("https://github.com/o"),
        plain("https://git.example.com", "u", "one"),
        plain("https://git.example.com", "w", "two"),
        plain("https://other.example.com", "u", "three"),
    ];
    given::accounts(&sandbox, &all);
    let left = || {
        let mut left: Vec<String> = vault(&sandbox).into_values().collect();
        left.sort();
        left
    };
    say(&sandbox, "erase", request("github.com", "o/r", ""));
    say(&sandbox, "erase", request("github.com", "o/r", "username=mona\n"));
    assert_eq!(left().len(), 4, "gh auth login sends such requests");
    say(&sandbox, "erase", "protocol=https\nhost=git.example.com\nusername=w\n");
    assert_eq!(left(), [all[0].secret.as_str(), "one", "three"]);
    say(&sandbox, "erase", "protocol=https\nhost=git.example.com\n");
    assert_eq!(left(), [all[0].secret.as_str(), "three"]);
}

#[test]
fn erase_with_a_blank_request_would_mean_everything_and_deletes_nothing() {
    let sandbox = Sandbox::new(None);
    let all = [account("https://github.com/o"), plain("https://git.example.com", "u", "one")];
    given::accounts(&sandbox, &all);
    let before = vault(&sandbox);
    for blank in [
        "",
        "\n",
        "protocol=https\n",
        "protocol=https\nhost=\n",
        "host=git.example.com\n",
        "protocol=http\nhost=git.example.com\n",
        "username=u\n",
        "password=one\n",
        "path=a/b\n",
        "protocol=https\nhost=*\n",
        "protocol=https\nhost=git.example.com\rx\n",
        "garbage\n",
    ] {
        say(&sandbox, "erase", blank);
        assert_eq!(vault(&sandbox), before, "{blank:?}");
    }
}

#[test]
fn a_user_name_that_is_no_text_is_nobody_we_know() {
    let sandbox = Sandbox::new(None);
    let all = [plain("https://git.example.com", "u", "one")];
    given::accounts(&sandbox, &all);
    let odd = b"protocol=https\nhost=git.example.com\nusername=\xff\n";
    say(&sandbox, "get", odd);
    say(&sandbox, "erase", odd);
    say(&sandbox, "store", [&odd[..], b"password=two\n"].concat());
    assert_eq!(vault(&sandbox).into_values().collect::<Vec<_>>(), ["one"]);
}

#[test]
fn a_refused_token_of_ours_is_marked_and_never_deleted() {
    let (sandbox, accounts) = world();
    let before = vault(&sandbox);
    let ours = format!("username=mona\npassword={}\n", accounts[0].secret);
    for _ in 0..3 {
        let output = say(&sandbox, "erase", request("github.com", "o/r", &ours)).says("(401)");
        assert!(!output.stderr().contains(&accounts[0].secret));
    }
    assert_eq!(vault(&sandbox), before);
    let listed = sandbox.patron(["list", "--json"]).ok().stdout();
    assert_eq!(listed.matches("\"rejected\"").count(), 1, "{listed}");
}

/// Servers choose the length of their headers, and git passes them on: only where a token is wanted does it
/// matter to anybody that none comes.
#[test]
fn get_says_that_a_request_is_too_long_only_for_a_host_that_is_ours() {
    let sandbox = Sandbox::new(None);
    let long = format!("wwwauth[]=Basic realm=\"{}\"\n", "a".repeat(65_536));
    let get = |host: &str| say(&sandbox, "get", request(host, "acme/r", &long)).prints("");
    let refused = "the request is not usable: a line is longer than 65535 bytes";
    get("git.example.com").says_nothing();
    get("github.com").says(refused);
    say(&sandbox, "store", request("git.example.com", "a/b", "username=u\npassword=p\n"));
    get("git.example.com").says(refused);
    get("other.example.com").says_nothing();
    sandbox.write(".gitconfig", "[patron \"https://other.example.com\"]\n\tfallback = cache\n");
    get("other.example.com").says(refused);
}
