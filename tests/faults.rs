//! Faults of the machine against the built binary: those of the list of 48 that need no network.
//!
//! `board.rs` has the whole list, with the tests that hold each of its faults; `tests/faults/run` runs them and
//! prints what was seen, and `tests/faults/SCOREBOARD.md` keeps a result.
//!
//! | file | faults |
//! |---|---|
//! | `disk.rs` | F01 full disk, F02 the same for the state alone, F03 file size limit, F04 read-only places, and an error from each system call in turn |
//! | `places.rs` | F05, F06 homes that are none; F24 modes and owners; F25 links, FIFOs, devices; F26 umask 000 |
//! | `content.rs` | F07 corrupt lists, F08 newer versions, F09 corrupt state, and the same for the vault |
//! | `races.rs` | F10 kill -9 at every system call and at random, F11 a killed or stopped holder of the lock, F13, F14, F16 many at once |
//! | `process.rs` | F27 clocks, F42 bytes that are no text, F44 streams, F45 limits, F48 environments |
//!
//! What each must keep: I2 stdout is empty or exactly one answer, I3 nothing hangs, I4 no token is lost
//! or cut, I5 no secret where it does not belong, I7 a line that says what failed. `get`, `store` and
//! `erase` always exit 0, whatever happened: design.md says so, and it stands above the list.
//!
//! Nothing here points the product at a file or device of the machine that this user could harm, not even to
//! be refused: the tests also run as root, and a product that is wrong would destroy it (it once did).
//! Victims lie in the sandbox.
//!
//! A tool that such a check needs and that is missing fails the check and is named.

mod board;
mod content;
mod disk;
mod places;
mod process;
mod races;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::given::{self, Account, request};
use super::sandbox::{Output, Run, Sandbox};

/// A program these checks need, by its absolute path.
#[track_caller]
pub(crate) fn tool(name: &str, package: &str) -> PathBuf {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&search)
        .chain(usual)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("this check needs {name}: install the Debian package {package}"))
}

/// Tells whether the tests run as root, who may read and write everything.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What root lets a program start with so that modes count for it as for everybody: no capabilities.
/// Nothing for other users, for whom they count anyway.
fn without_privileges() -> Vec<String> {
    if !is_root() {
        return Vec::new();
    }
    let setpriv = tool("setpriv", "util-linux").display().to_string();
    vec![setpriv, "--bounding-set=-all".to_owned(), "--inh-caps=-all".to_owned()]
}

/// A shell script in a mount namespace of its own, where it may mount what it likes.
fn shell_that_mounts(sandbox: &Sandbox, script: &str) -> Output {
    let kind = if is_root() { "-m" } else { "-rm" };
    let probe = Command::new(tool("unshare", "util-linux")).args([kind, "true"]).output();
    let probe = probe.expect("unshare was found");
    assert!(
        probe.status.success(),
        "this check must mount a small disk, and this machine does not let it: unshare {kind}: {}",
        String::from_utf8_lossy(&probe.stderr)
    );
    sandbox.command("unshare", [kind, "sh", "-eu", "-c", script]).env("PATRON", sandbox.program()).run()
}

/// A shell script with `$PATRON` in it.
fn shell(sandbox: &Sandbox, script: &str) -> Run {
    sandbox.shell(script).env("PATRON", sandbox.program())
}

/// `store` of a password at a plain host.
fn store(sandbox: &Sandbox, host: &str, user: &str, password: &str) -> Output {
    sandbox.patron(["store"]).stdin(stored(host, user, password)).run()
}

fn stored(host: &str, user: &str, password: &str) -> String {
    request(host, "a/b", &format!("username={user}\npassword={password}\n"))
}

/// `get` for a host and path.
fn get(sandbox: &Sandbox, host: &str, path: &str) -> Output {
    sandbox.patron(["get"]).stdin(request(host, path, "")).run()
}

/// The secrets in a vault by the names of their accounts; fails unless the file is whole.
#[track_caller]
fn secrets(path: &Path) -> BTreeMap<String, String> {
    let Ok(text) = std::fs::read_to_string(path) else { return BTreeMap::new() };
    let whole: toml::Table =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(whole["version"].as_integer(), Some(1));
    let secrets = whole["secrets"].as_table().expect("a table").clone();
    secrets.into_iter().map(|(id, secret)| (id, secret.as_str().expect("text").to_owned())).collect()
}

/// The accounts on the list as (scope, login); fails unless the list is whole.
#[track_caller]
fn listed(sandbox: &Sandbox) -> Vec<(String, String)> {
    let text = sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&text).expect("list --json writes JSON");
    let text = |account: &serde_json::Value, key: &str| account[key].as_str().unwrap_or_default().to_owned();
    let accounts = list["accounts"].as_array().expect("accounts are a list");
    accounts.iter().map(|account| (text(account, "scope"), text(account, "login"))).collect()
}

/// Temporary files that somebody left.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_left = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "tmp");
    given::files_below(folder).into_iter().filter(is_left).collect()
}

/// One line for people and no panic: how `get`, `store` and `erase` speak of trouble.
#[track_caller]
fn says_so_and_exits_0(output: &Output, what: &str) {
    let said = output.stderr();
    assert_eq!(output.status.code(), Some(0), "{}", output.report());
    assert!(said.contains(what), "it should say {what:?}\n{}", output.report());
    assert!(!said.contains("panicked") && !said.contains("internal error"), "{}", output.report());
    assert_eq!(said.lines().count(), 1, "{}", output.report());
}

/// Fails unless every one of these accounts is still given, byte for byte.
#[track_caller]
fn all_are_given(sandbox: &Sandbox, accounts: &[Account]) {
    for account in accounts {
        let rest = account.scope.strip_prefix("https://").expect("scopes are URLs");
        let (host, path) = rest.split_once('/').unwrap_or((rest, "any"));
        let path = if path.contains('/') { path.to_owned() } else { format!("{path}/r") };
        let output = get(sandbox, host, &path);
        assert!(output.stdout() == account.answer(), "{} is not given\n{}", account.scope, output.stderr());
    }
}
