//! Accounts whose secret a command prints: it is the user's word where the secret comes from, and is run only to
//! give it.

use super::forge::{Forge, Policy, TokenKind, make_token};
use super::sandbox::Sandbox;

/// Writes a command that notes each of its runs and prints a secret.
fn command(sandbox: &Sandbox, secret: &str) {
    let runs = sandbox.root().join("runs");
    sandbox.write_program("theirs", &format!("echo run >>'{}'; echo {secret}", runs.display()));
}

/// How often the command was run since this was asked last.
fn runs(sandbox: &Sandbox) -> usize {
    let runs = sandbox.root().join("runs");
    let count = std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let _ = std::fs::remove_file(runs);
    count
}

#[test]
fn a_secret_that_a_command_gave_is_known_again_without_running_it() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    command(&sandbox, &secret);
    let added = sandbox.patron(["add", "acme", "--command", "theirs", "--yes", "--no-browser"]).ok().stdout();
    assert!(added.starts_with("added acme: mona's fine-grained token, expires "));
    assert!(added.ends_with(", read from its command each time\n"), "{added}");
    assert_eq!(runs(&sandbox), 1, "one that does not work is better known now");
    forge.clear_log();
    let worked =
        format!("protocol=https\nhost=github.com\npath=acme/secret\nusername=mona\npassword={secret}\n\n");
    sandbox.patron(["store"]).stdin(worked).ok().says_nothing();
    let listed = sandbox.patron(["list", "--json"]).ok().stdout();
    assert!(listed.contains("\"accepted\"") && listed.contains("\"vault\": \"command\""), "{listed}");
    assert_eq!((runs(&sandbox), forge.log().len()), (0, 0));
}

#[test]
fn git_never_puts_a_copy_in_the_place_of_the_command() {
    let sandbox = Sandbox::new(None);
    command(&sandbox, "first");
    let line = ["add", "https://example.com", "--login", "u", "--no-verify", "--command", "theirs"];
    sandbox.patron(line).ok().prints("added example.com: u's token, read from its command each time\n");
    let request = |more: &str| format!("protocol=https\nhost=example.com\n{more}\n");
    let store = |secret: &str| {
        let request = request(&format!("username=u\npassword={secret}\n"));
        sandbox.patron(["store"]).stdin(request).ok().prints("")
    };
    store("first").says_nothing();
    // The command gives another one now, which git is given and reports.
    command(&sandbox, "second");
    sandbox.patron(["get"]).stdin(request("")).ok().prints("username=u\npassword=second\n\n");
    store("second").says_nothing();
    store(&make_token(TokenKind::Classic))
        .says("nothing is stored for example.com: its token comes from a command");
    assert_eq!(runs(&sandbox), 2, "by add and get");
    assert!(sandbox.patron(["list", "--json"]).ok().stdout().contains("\"vault\": \"command\""));
    assert_eq!(sandbox.read(".local/share/git-credential-patron/secrets.toml"), None);
}
