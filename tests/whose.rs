//! Whose a secret is, asked about lists of any length.

use crate::forge::{TokenKind, make_token};
use crate::given::{self, account, request};
use crate::sandbox::Sandbox;

/// How often `store` of a secret that nobody knows opens the file of secrets.
fn opened(accounts: usize) -> usize {
    let sandbox = Sandbox::new(None);
    let all: Vec<_> = (0..accounts).map(|number| account(&format!("https://github.com/o{number}"))).collect();
    given::accounts(&sandbox, &all);
    // Of an OAuth app: never learned, so that nothing is written either.
    let unknown = make_token(TokenKind::Oauth);
    let trace = sandbox.root().join("trace");
    let strace = ["-f", "-e", "trace=open,openat", "-o"];
    sandbox
        .command("strace", strace)
        .args([trace.as_os_str(), sandbox.program().as_os_str(), "store".as_ref()])
        .stdin(request("github.com", "elsewhere/r", &format!("username=mona\npassword={unknown}\n")))
        .ok();
    let calls = std::fs::read_to_string(&trace).expect("strace writes it");
    calls.lines().filter(|line| line.contains("/secrets.toml\"")).count()
}

/// A13: every secret was read, each with a reading of the whole file.
#[test]
fn store_of_an_unknown_secret_reads_the_secrets_as_often_for_one_account_as_for_hundreds() {
    let one = opened(1);
    assert!((1..=4).contains(&one), "{one}");
    for accounts in [40, 400] {
        assert_eq!(opened(accounts), one, "{accounts} accounts");
    }
}

/// A6: in the state of a plain host's user nothing is left that a guess could be tried on.
#[test]
fn a_password_leaves_nothing_in_the_state_that_a_guess_could_be_tried_on() {
    let sandbox = Sandbox::new(None);
    for (user, password) in [("u", "sunshine7"), ("v", "correct horse battery staple, and then some")] {
        let lines = format!("username={user}\npassword={password}\n");
        for word in ["store", "get", "store", "erase", "store"] {
            sandbox.patron([word]).stdin(request("git.example.com", "a/b", &lines)).run();
        }
        let state = std::fs::read_to_string(given::outcomes_file(&sandbox)).unwrap_or_default();
        assert!(!state.contains("fingerprint"), "{state}");
    }
}
