//! No secret shows anywhere but in the vault and where it is asked for.
//!
//! Every word of git and every command is run at the highest verbosity, well and in trouble, with secrets
//! of every kind: the table [`RUNS`] has a line for each, and a new command gets its lines there. After
//! each run the secrets are sought, in every form in which they could show, in stdout, stderr, the trace,
//! the names and contents of all files of the sandbox, and the arguments of every process that was started.
//! They may be in the vault; on stdout only where the run is one that `gives`. `scenes` has git at work while
//! GitHub refuses: there the environments of the processes are searched, too.

mod apps;
mod scenes;
mod search;
mod world;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use self::world::{Before, World};
use super::given;
use super::sandbox::windows;

use Before::*;

/// One run: its arguments, its stdin, what was before it, and whether a secret may be on its stdout.
///
/// In stdin and arguments stand for: `{ask}` git's request for an owner who has an account, `{other}` for
/// one who has none, `{plain}` for a host that is not GitHub; `{acme}` the secret of that owner's account,
/// `{pass}` that of the plain host, `{new}` one that is not known yet, `{theirs}` that of another helper.
struct Row {
    arguments: &'static str,
    stdin: &'static str,
    before: Before,
    gives: bool,
}

/// A run whose stdout must hold no secret.
const fn hides(arguments: &'static str, stdin: &'static str, before: Before) -> Row {
    Row { arguments, stdin, before, gives: false }
}

/// A run whose stdout is where the secret belongs.
const fn gives(arguments: &'static str, stdin: &'static str, before: Before) -> Row {
    Row { arguments, stdin, before, gives: true }
}

#[rustfmt::skip]
const RUNS: &[Row] = &[
    // get
    gives("get", "{ask}", Kept),
    gives("get", "{plain}", Kept),
    gives("get", "{ask}username={acme}\n", Kept),
    gives("get", "{ask}", ByCommand),
    gives("get", "{other}", OtherHelper),
    hides("get", "{other}", Kept),
    hides("get", "{ask}", Empty),
    hides("get", "{ask}", VaultReadable),
    hides("get", "{ask}", VaultCorrupt),
    hides("get", "{ask}", VaultGone),
    hides("get", "{ask}", ListCorrupt),
    hides("get", "{ask}", Expired),
    hides("get", "{ask}", CommandFails),
    gives("get", "{ask}", StateCorrupt),
    hides("get", "{ask}{acme}\n", Kept),
    hides("get", "{ask}password={acme}\npassword={new}\n", Kept),
    hides("get", "{ask}password={acme}\rx\n", Kept),
    hides("get", "protocol={acme}\nhost=github.com\npath=acme/r\n", Kept),
    hides("get", "protocol=https\nhost=github.com\npath={acme}/r\n", Kept),
    // store
    hides("store", "{ask}username=mona\npassword={acme}\n", Kept),
    hides("store", "{ask}username=mona\npassword={acme}\n", VaultReadable),
    hides("store", "{ask}username=mona\npassword={acme}\n", VaultCorrupt),
    hides("store", "{ask}username=mona\npassword={new}\n", Kept),
    hides("store", "{ask}username=mona\npassword={new}\n", Expired),
    hides("store", "{other}username=mona\npassword={new}\n", Kept),
    hides("store", "{other}username=mona\npassword={new}\n", Empty),
    hides("store", "{other}username={new}\npassword={new}\n", Kept),
    hides("store", "{other}username={new}\npassword=x-oauth-basic\n", Kept),
    hides("store", "{other}username=mona\npassword={new}\npassword_expiry_utc=1\n", Kept),
    hides("store", "{other}username=mona\npassword={new}\n", VaultReadable),
    hides("store", "{other}username=mona\npassword={new}\n", VaultCorrupt),
    hides("store", "{other}username=mona\npassword={new}\n", ListCorrupt),
    hides("store", "{other}username=mona\npassword={new}\n", NothingWritable),
    hides("store", "{other}username=mona\npassword={theirs}\n", OtherHelper),
    hides("store", "{plain}username=u\npassword={pass}\n", Kept),
    hides("store", "{plain}username=u\npassword={new}\n", Kept),
    hides("store", "{plain}username=u\npassword={pass}\noauth_refresh_token={new}\n", Kept),
    hides("store", "{plain}username={new}\npassword={new}\n", Kept),
    hides("store", "{plain}username={new}\npassword=x-oauth-basic\n", Kept),
    hides("store", "{plain}username=u\npassword={new}\n", VaultCorrupt),
    hides("store", "{plain}username=u\npassword={new}\n", NothingWritable),
    hides("store", "{plain}username=u\nauthtype=Bearer\ncredential={new}\n", Kept),
    hides("store", "{ask}{new}\n", Kept),
    // erase
    hides("erase", "{ask}username=mona\npassword={acme}\n", Kept),
    hides("erase", "{ask}username=mona\npassword={new}\n", Kept),
    hides("erase", "{ask}username=mona\npassword={acme}\n", VaultCorrupt),
    hides("erase", "{ask}username=mona\npassword={acme}\n", ListCorrupt),
    hides("erase", "{other}username=mona\npassword={theirs}\n", OtherHelper),
    hides("erase", "{plain}username=u\npassword={pass}\n", Kept),
    hides("erase", "{plain}username=u\npassword={pass}\n", VaultCorrupt),
    hides("erase", "{plain}username=u\npassword={pass}\n", NothingWritable),
    hides("erase", "{plain}username=u\n", Kept),
    hides("erase", "{plain}{pass}\n", Kept),
    // what else git may say
    hides("capability", "", Kept),
    hides("a-word-of-a-later-git", "{ask}password={acme}\n", Kept),
    // add
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", Kept),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", NoNetwork),
    hides("add globex --token-stdin --yes --no-browser", "{new}x\n", Kept),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n{acme}\n", Kept),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", VaultReadable),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", VaultCorrupt),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", ListCorrupt),
    hides("add globex --token-stdin --yes --no-browser", "{new}\n", NothingWritable),
    hides("add globex --token-stdin --yes --login robot", "{new}\n", Kept),
    hides("add globex --token-stdin --yes --no-verify", "{new}\n", Kept),
    hides("add https://github.com --token-stdin --yes", "{new}\n", Kept),
    hides("add nonsense//scope --token-stdin --yes", "{new}\n", Kept),
    hides("add acme --token-stdin --yes --no-verify", "{new}\n", Kept),
    hides("add globex --command theirs-command --yes --no-browser", "", ByCommand),
    hides("add globex --no-such-option", "{new}\n", Kept),
    // rename, status, help
    hides("rename acme acme/secret", "", Kept),
    hides("rename acme {new}", "", Kept),
    hides("rename acme --label {new}", "", Kept),
    hides("rename nothing acme", "{acme}\n", ListCorrupt),
    hides("status", "", Kept),
    hides("status --json", "", Rejected),
    hides("status --offline", "", SecretInGitConfig),
    hides("status", "", VaultCorrupt),
    hides("status", "", NoNetwork),
    hides("help status", "{acme}\n", Kept),
    hides("explain --report", "fatal: Authentication failed for 'https://mona:{acme}@github.com/acme/secret/'\n", Kept),
    // list, remove
    hides("list", "", Kept),
    hides("list --json", "", Kept),
    hides("list", "", Rejected),
    hides("list", "", ListCorrupt),
    hides("list", "", VaultCorrupt),
    hides("remove acme --yes", "", Kept),
    hides("remove acme --yes", "", VaultReadable),
    hides("remove acme --yes", "", VaultCorrupt),
    hides("remove acme --yes", "", NothingWritable),
    hides("remove nothing --yes", "{acme}\n", Kept),
    // import
    hides("import --yes", "", Elsewhere),
    hides("import --dry-run", "", Elsewhere),
    hides("import --yes --from netrc", "", Elsewhere),
    hides("import --yes --from store --from gh --from nix", "", Elsewhere),
    hides("import --yes --from insteadof --from extraheader", "", SecretInGitConfig),
    hides("import --yes", "", SecretInGitConfig),
    hides("import --yes", "", NoNetwork),
    hides("import --yes", "", ListCorrupt),
    hides("import --yes", "", VaultCorrupt),
    hides("import --yes", "", NothingWritable),
    // renew, revoke, wait
    hides("renew acme --token-stdin", "{new}\n", Kept),
    hides("renew acme --token-stdin", "{acme}\n", Kept),
    hides("renew acme --token-stdin --revoke-old", "{new}\n", Kept),
    hides("renew acme --token-stdin", "{new}\n", NoNetwork),
    hides("renew acme --token-stdin", "{new}\n", VaultReadable),
    hides("renew acme --token-stdin", "{new}\n", VaultCorrupt),
    hides("renew acme --token-stdin", "{new}\n", ListCorrupt),
    hides("renew acme --token-stdin", "{new}\n", NothingWritable),
    hides("renew acme --token-stdin", "{new}\n", ByCommand),
    hides("revoke --token-stdin", "{acme}\n", Kept),
    hides("revoke --token-stdin", "token: {new}\n", Kept),
    hides("revoke --token-stdin", "{new} {acme}\n", Kept),
    hides("revoke acme --yes", "", Kept),
    hides("revoke acme --yes", "", NoNetwork),
    hides("revoke acme --yes", "", VaultCorrupt),
    hides("revoke acme --yes", "", NothingWritable),
    hides("wait acme/secret --timeout 0", "", Kept),
    hides("wait acme/secret --timeout 0 --json", "", Rejected),
    hides("wait acme/secret --timeout 0 -- true", "", ByCommand),
    hides("wait acme/secret --timeout 0", "", NoNetwork),
    // token, exec
    gives("token acme", "", Kept),
    gives("token acme", "", ByCommand),
    hides("token other", "", Kept),
    hides("token acme", "", VaultReadable),
    hides("token acme", "", VaultCorrupt),
    hides("exec --for acme -- true", "", Kept),
    hides("exec --for acme -- ./no-such-program", "", Kept),
    hides("exec --for acme -- true", "", VaultCorrupt),
    // diagnose, explain
    hides("diagnose https://github.com/acme/secret", "", Kept),
    hides("diagnose https://github.com/acme/secret --push --json", "", Kept),
    hides("diagnose https://github.com/acme/nothing", "", Kept),
    hides("diagnose https://github.com/acme/secret", "", Rejected),
    hides("diagnose https://github.com/acme/secret", "", Expired),
    hides("diagnose https://github.com/acme/secret", "", VaultReadable),
    hides("diagnose https://github.com/acme/secret", "", VaultCorrupt),
    hides("diagnose https://github.com/acme/secret", "", ListCorrupt),
    hides("diagnose https://github.com/acme/secret", "", ByCommand),
    hides("diagnose https://github.com/acme/secret", "", CommandFails),
    hides("diagnose https://github.com/acme/secret", "", NoNetwork),
    hides("diagnose https://github.com/globex/api", "", OtherHelper),
    // Not for globex: to ask the helper from before is to run its line, as git does, with what it holds.
    hides("diagnose https://git.example.com/a/b", "", Kept),
    hides("diagnose https://github.com/acme/secret --offline", "", SecretInGitConfig),
    hides("explain", "remote: Write access to repository not granted.\nfatal: unable to access 'https://mona:{new}@github.com/acme/secret/': The requested URL returned error: 403\n", Kept),
    hides("explain --json", "fatal: Authentication failed for 'https://{new}@github.com/acme/secret/'\n", Kept),
    hides("explain", "fatal: {new}\n", Kept),
    hides("diagnose acme/secret --push", "", Kept),
    hides("diagnose acme/secret --json --push", "", Kept),
    hides("diagnose acme/nothing --push", "", Kept),
    hides("diagnose acme/secret --offline", "", Kept),
    hides("diagnose acme/secret --open", "", Kept),
    hides("diagnose globex/api", "", Kept),
    hides("diagnose globex/api", "", OtherHelper),
    hides("diagnose https://git.example.com/a/b", "", Kept),
    hides("diagnose acme/secret", "", Rejected),
    hides("diagnose acme/secret", "", Expired),
    hides("diagnose acme/secret", "", VaultReadable),
    hides("diagnose acme/secret", "", VaultCorrupt),
    hides("diagnose acme/secret", "", VaultGone),
    hides("diagnose acme/secret", "", ListCorrupt),
    hides("diagnose acme/secret", "", StateCorrupt),
    hides("diagnose acme/secret", "", NothingWritable),
    hides("diagnose acme/secret", "", ByCommand),
    hides("diagnose acme/secret", "", CommandFails),
    hides("diagnose acme/secret --json", "", SecretInGitConfig),
    hides("diagnose gh:acme/secret", "", SecretInGitConfig),
    hides("diagnose acme/secret", "", NoNetwork),
    hides("diagnose nonsense//scope", "{acme}\n", Kept),
    hides("explain", "fatal: Authentication failed for 'https://mona:{acme}@github.com/acme/secret/'\n", Kept),
    hides("explain --json", "remote: {acme} is unknown. Bad credentials\nfatal: unable to access 'https://{acme}@github.com/acme/x/': The requested URL returned error: 403\n", Kept),
    hides("explain", "HTTP 403\nauthorization: Bearer {acme}\n\n{\"message\":\"who is {acme}?\"}", Kept),
    hides("explain", "{acme}\n", Kept),
    hides("explain sso-required", "{acme}\n", Kept),
    hides("explain --list", "{acme}\n", Kept),
    // an organisation's owner
    hides("requests list acme --json", "", Kept),
    hides("requests approve acme 7 --yes", "", Kept),
    hides("add acme --app Iv23nobody --key - --no-browser", "{new}\n", Kept),
    hides("add acme --app Iv23nobody --no-browser", "", NoNetwork),
    hides("add acme --app {new}", "", Kept),
    hides("add acme --new-app --key {new}", "", Kept),
    hides("add gitlab.com/acme --new-app", "{new}\n", Kept),
    hides("grants revoke acme 7 --yes", "", VaultCorrupt),
    hides("grants list acme", "", ListCorrupt),
    // setup, unsetup, and what only talks
    hides("setup", "", Kept),
    hides("setup --dry-run", "", SecretInGitConfig),
    hides("setup", "", SecretInGitConfig),
    hides("unsetup", "", SecretInGitConfig),
    hides("completions bash", "", Kept),
    hides("install-docs --prefix docs", "{acme}\n", Kept),
    hides("install-docs --prefix {new} --remove", "", Kept),
    hides("-h", "", Kept),
    hides("", "{acme}\n", Kept),
];

#[test]
fn no_secret_shows_at_the_highest_verbosity() {
    let world = World::new();
    let wrong = Mutex::new(Vec::new());
    let (next, runs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_wine = windows().is_some();
    let (left_out, rows): (Vec<&Row>, Vec<&Row>) =
        RUNS.iter().partition(|row| is_wine && row.before.is_not_for_wine().is_some());
    std::thread::scope(|scope| {
        for _ in 0..if is_wine { 2 } else { 4 } {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some(row) = rows.get(at) else { break };
                    // A run takes seconds in Wine: each row has one there, and the two ways of tracing take turns.
                    let ways: &[bool] = if is_wine { &[[false, true][at % 2]] } else { &[false, true] };
                    for to_a_file in ways.iter().copied() {
                        let found = world.found(row, to_a_file);
                        runs.fetch_add(1, Relaxed);
                        wrong.lock().expect("nobody panics here").extend(found);
                    }
                }
            });
        }
    });
    let (wrong, runs) = (wrong.into_inner().expect("nobody panics here"), runs.into_inner());
    given::report(&format!("leaks: {} rows, {runs} runs", rows.len()));
    for why in left_out.iter().filter_map(|row| row.before.is_not_for_wine()).collect::<BTreeSet<_>>() {
        given::report(&format!("leaks: rows left out for Wine: {why}"));
    }
    assert!(wrong.is_empty(), "secrets show:\n{}", wrong.join("\n"));
    assert_eq!(runs, rows.len() * if is_wine { 1 } else { 2 });
}

/// A new command is seen here when it is in the help and in no row.
#[test]
fn every_command_in_the_help_has_its_rows() {
    let (sandbox, _) = World::new().sandbox(Empty);
    let help = sandbox.patron(["-h"]).ok().stdout();
    let mine = help.split("for you\n").nth(1).expect("the help has a part for people");
    let (mine, gits) = mine.split_once("\n\nfor git").expect("and one for git");
    let gits = gits.lines().nth(1).expect("which names its words").split(", ");
    let columns = mine.lines().filter_map(|line| line.trim().split("  ").next());
    let names =
        columns.flat_map(|column| column.split(", ")).filter_map(|name| name.split_whitespace().next());
    let commands: Vec<&str> = names.chain(gits.map(str::trim)).collect();
    assert!(commands.len() > 10, "the help is read: {commands:?}");
    for command in commands {
        let has_row = RUNS.iter().any(|row| row.arguments.split_whitespace().next() == Some(command));
        assert!(has_row, "the table has no row for {command}");
    }
}

/// Git's own output is under test too: whatever a helper says on stderr, git shows.
#[test]
fn no_secret_shows_while_git_clones_and_pushes() {
    let world = World::new();
    for refused in [false, true] {
        let (sandbox, needles) = world.sandbox(if refused { Rejected } else { Kept });
        sandbox.patron(["setup"]).ok();
        let loud = |run: crate::sandbox::Run| run.env("PATRON_TRACE", "1").env("RUST_BACKTRACE", "full");
        let owner = if refused { "globex/api" } else { "acme/secret" };
        let cloned = loud(sandbox.git(["clone", &format!("https://github.com/{owner}"), "it"])).run();
        assert_eq!(cloned.status.success(), !refused, "{}", cloned.report());
        let mut outputs = vec![cloned];
        if !refused {
            let it = sandbox.work().join("it");
            sandbox.git(["commit", "-q", "--allow-empty", "-m", "more"]).cwd(&it).ok();
            outputs.push(loud(sandbox.git(["push"]).cwd(&it)).ok());
        }
        for output in outputs {
            assert!(output.stderr().contains("patron["), "it is traced: {}", output.stderr());
            assert_eq!(needles.found_in("stdout", &output.stdout), [] as [String; 0]);
            assert_eq!(needles.found_in("stderr", &output.stderr), [] as [String; 0]);
        }
        assert_eq!(needles.found_below(sandbox.root(), &World::allowed(&sandbox, Kept)), [] as [String; 0]);
    }
}

/// What the system shows of a process that holds a secret, and what it would leave if it died.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_holds_a_secret_shows_none_of_it_and_leaves_no_core() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::Write as _;
    use std::os::unix::process::ExitStatusExt as _;

    let world = World::new();
    let arguments = [
        &["store"][..],
        &["get"],
        &["add", "globex", "--token-stdin", "--yes", "--no-verify", "--no-browser"],
    ];
    for arguments in arguments {
        let (sandbox, needles) = world.sandbox(Kept);
        let secret = world.new.clone();
        let shown = Mutex::new(Vec::new());
        let run = given::fed(sandbox.patron(arguments).into_command(), |mut stdin, id| {
            let text = match arguments[0] {
                "add" => secret,
                _ => format!("protocol=https\nhost=git.example.com\nusername=u\npassword={secret}\n"),
            };
            stdin.write_all(text.as_bytes()).expect("it reads");
            std::thread::sleep(std::time::Duration::from_millis(300));
            for file in ["cmdline", "environ", "comm", "status", "limits", "maps"] {
                let text = std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
                shown.lock().expect("nobody panics here").push((file, text));
            }
            let id = Pid::from_raw(id.cast_signed()).expect("a process has an id");
            kill_process(id, Signal::ABORT).expect("it is our child");
            stdin
        });
        assert_eq!(run.status.signal(), Some(Signal::ABORT.as_raw()), "{arguments:?}: {}", run.status);
        assert!(!run.status.core_dumped(), "{arguments:?}");
        for (file, text) in shown.into_inner().expect("nobody panics here") {
            assert_eq!(needles.found_in(file, &text), [] as [String; 0], "{arguments:?}");
            if file == "limits" {
                let text = String::from_utf8_lossy(&text);
                let core =
                    text.lines().find(|line| line.starts_with("Max core file size")).expect("Linux says it");
                assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
            }
        }
        assert_eq!(needles.found_in("stderr", &run.stderr), [] as [String; 0]);
        assert_eq!(needles.found_below(sandbox.root(), &World::allowed(&sandbox, Kept)), [] as [String; 0]);
    }
}
