//! The state before each run, and the run itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::Row;
use super::search::Needles;
use crate::forge::{Forge, Policy, TokenKind, make_token};
use crate::given::{self, Account, account, plain};
use crate::sandbox::{Sandbox, windows};

/// What a run finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Accounts for an owner and a plain host, in the file vault.
    Kept,
    /// No account.
    Empty,
    /// As `Kept`, and GitHub has refused the owner's token.
    Rejected,
    /// As `Kept`, and the owner's token has expired.
    Expired,
    /// A vault that others can read.
    VaultReadable,
    /// A vault that is no TOML, with the secret on the line that is wrong.
    VaultCorrupt,
    /// No vault.
    VaultGone,
    /// A list that is no TOML.
    ListCorrupt,
    /// A state that is no TOML.
    StateCorrupt,
    /// Folders that cannot be written.
    NothingWritable,
    /// The owner's token comes from a command.
    ByCommand,
    /// That command prints the token where it should not, and fails.
    CommandFails,
    /// Another helper is recorded as fallback.
    OtherHelper,
    /// Git's configuration has a helper with a secret written out in it.
    SecretInGitConfig,
    /// Other tools hold tokens: gh, git's store, `.netrc`, Nix.
    Elsewhere,
    /// Nobody answers the network.
    NoNetwork,
}

use Before::*;

impl Before {
    /// Says why there is no such state on Windows, or none that Wine could show.
    pub(super) fn is_not_for_wine(self) -> Option<&'static str> {
        match self {
            VaultReadable => Some("there are no modes that would let others read"),
            NothingWritable => Some("Wine's server writes with rights of its own"),
            _ => None,
        }
    }
}

/// A forge and secrets for all runs.
pub(super) struct World {
    pub(super) forge: Forge,
    accounts: [Account; 2],
    /// One that no account has yet; the forge knows it.
    pub(super) new: String,
    /// That of another helper, or of an account's command.
    pub(super) theirs: String,
}

impl World {
    pub(super) fn new() -> Self {
        let forge = Forge::start(Policy::sample());
        let mut acme = account("https://github.com/acme");
        acme.secret = forge.secret("acme");
        // What is rarely the same after encoding.
        let odd = format!("p@ss w/örd+%&\"{}\"", make_token(TokenKind::Password));
        let accounts = [acme, plain("https://git.example.com", "u", &odd)];
        let new = forge.secret("globex");
        Self { forge, accounts, new, theirs: make_token(TokenKind::Classic) }
    }

    /// The places where a secret may lie.
    pub(super) fn allowed(sandbox: &Sandbox, before: Before) -> Vec<PathBuf> {
        let mut allowed =
            vec![given::secrets_file(sandbox), sandbox.root().join("theirs"), sandbox.root().join("stdin")];
        if before == SecretInGitConfig {
            allowed.push(sandbox.home().join(".gitconfig"));
        }
        if before == Elsewhere {
            let files = [".netrc", ".git-credentials", ".config/gh/hosts.yml", ".config/nix/nix.conf"];
            allowed.extend(files.map(|file| sandbox.home().join(file)));
        }
        allowed
    }

    /// Says which secrets show where they should not.
    pub(super) fn found(&self, row: &Row, to_a_file: bool) -> Vec<String> {
        let (sandbox, needles) = self.sandbox(row.before);
        if row.arguments.starts_with("diagnose") {
            // What git does not come to is not asked about. Where it cannot be set up, that is told instead.
            let _ = sandbox.patron(["setup"]).run();
        }
        let children = sandbox.root().join("children");
        let trace = sandbox.root().join("trace");
        let mut words = recorder(&children, false);
        words.extend(self.privileges(row.before));
        let run = sandbox
            .command(words.remove(0), words)
            .args([sandbox.program()])
            .args(row.arguments.split_whitespace())
            .stdin(self.filled(row.stdin))
            .env("PATRON_TRACE", if to_a_file { trace.as_os_str() } else { "1".as_ref() });
        let loud = [
            "RUST_LOG",
            "GIT_TRACE",
            "GIT_TRACE_CURL",
            "GIT_TRACE_SETUP",
            "GIT_CURL_VERBOSE",
            "GIT_TRACE2_EVENT",
        ];
        let run =
            loud.iter().fold(run, |run, name| run.env(name, if *name == "RUST_LOG" { "trace" } else { "1" }));
        let output = run.env("GIT_TRACE_REDACT", "0").env("RUST_BACKTRACE", "full").run();
        of_wine(&children);

        for folder in closed(&sandbox, row.before) {
            given::chmod(&folder, 0o700);
        }
        let mut found = needles.found_in("stderr", &output.stderr);
        if !row.gives {
            found.extend(needles.found_in("stdout", &output.stdout));
        }
        found.extend(needles.found_below(sandbox.root(), &Self::allowed(&sandbox, row.before)));
        // A run that did not happen proves nothing.
        let traced = if to_a_file { fs::read(&trace).unwrap_or_default() } else { output.stderr.clone() };
        let is_git = matches!(row.arguments, "get" | "store" | "erase");
        if is_git && !given::contains(&traced, b"patron[") && !output.stderr().contains("patron: ") {
            found.push(format!("nothing is traced: {}", output.report()));
        }
        if row.gives && needles.found_in("stdout", &output.stdout).is_empty() {
            found.push(format!("nothing is given: {}", output.report()));
        }
        if !fs::read_to_string(&children).unwrap_or_default().contains("git-credential-patron") {
            found.push("no process was recorded".to_owned());
        }
        let after = |what: String| format!("{} ({:?}, {:?}): {what}", row.arguments, row.stdin, row.before);
        found.into_iter().map(after).collect()
    }

    fn filled(&self, text: &str) -> String {
        let ask = "protocol=https\nhost=github.com\npath=acme/secret.git\n";
        [
            ("{ask}", ask),
            ("{other}", &ask.replace("acme", "globex")),
            ("{plain}", "protocol=https\nhost=git.example.com\npath=a/b\n"),
            ("{acme}", &self.accounts[0].secret),
            ("{pass}", &self.accounts[1].secret),
            ("{new}", &self.new),
            ("{theirs}", &self.theirs),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// A sandbox in that state, and what must not be found in it.
    pub(super) fn sandbox(&self, before: Before) -> (Sandbox, Needles) {
        let mut sandbox = Sandbox::new(&self.forge);
        let [acme, pass] = &self.accounts;
        let needles = Needles::new(&[
            ("acme", &acme.secret),
            ("pass", &pass.secret),
            ("new", &self.new),
            ("theirs", &self.theirs),
        ]);
        fs::write(sandbox.root().join("theirs"), &self.theirs).expect("the sandbox is ours");
        let theirs = sandbox.root().join("theirs").display().to_string();
        if before != Empty {
            given::accounts(&sandbox, &self.accounts);
        }
        let list = |change: &dyn Fn(String) -> String| {
            let file = given::accounts_file(&sandbox);
            fs::write(&file, change(given::accounts_toml(&self.accounts))).expect("the sandbox is ours");
        };
        let vault = given::secrets_file(&sandbox);
        // Where git would not ask patron at all, `diagnose` says so and looks no further.
        sandbox.patron(["setup"]).ok();
        match before {
            Kept | Empty => {}
            Rejected => {
                let stdin = self.filled("{ask}username=mona\npassword={acme}\n");
                for _ in 0..3 {
                    sandbox.patron(["erase"]).stdin(stdin.as_str()).ok();
                }
            }
            Expired => {
                list(&|text| text.replacen("login = ", "expires = \"2020-01-01T00:00:00Z\"\nlogin = ", 1))
            }
            VaultReadable => given::chmod(&vault, 0o644),
            VaultCorrupt => {
                let broken = format!("version = 1\n[secrets]\n\"{}\" = {}\n", acme.id(), acme.secret);
                fs::write(&vault, broken).expect("the sandbox is ours");
            }
            VaultGone => fs::remove_file(&vault).expect("it was there"),
            ListCorrupt => list(&|text| text + "[[["),
            StateCorrupt => {
                let file = given::outcomes_file(&sandbox);
                fs::create_dir_all(file.parent().expect("a folder")).expect("the sandbox is ours");
                fs::write(file, "[[[").expect("the sandbox is ours");
            }
            NothingWritable => closed(&sandbox, before).iter().for_each(|folder| given::chmod(folder, 0o500)),
            ByCommand | CommandFails => {
                let script = match before {
                    ByCommand => format!("cat '{theirs}'"),
                    // To stdout it is an answer, to stderr a leak of its own; what fails must not be quoted.
                    _ => format!("cat '{theirs}'; exit 3"),
                };
                let command = sandbox.write_program("theirs-command", &script).display().to_string();
                list(&|text| {
                    text.replacen(
                        "vault = \"file\"",
                        &format!("vault = \"command\"\ncommand = \"{command}\""),
                        1,
                    )
                });
            }
            OtherHelper => {
                sandbox.write_program(
                    "git-credential-other",
                    &format!("cat >/dev/null; [ \"$1\" = get ] && printf 'username=mona\\npassword=%s\\n' \"$(cat '{theirs}')\"; exit 0"),
                );
                sandbox.write(".gitconfig", "[patron \"https://github.com\"]\n\tfallback = other\n");
                sandbox.patron(["setup"]).ok();
                if !self.knows_theirs(&sandbox) {
                    // The helper's secret is told to it only after it was seen to come from it.
                    sandbox.patron(["get"]).stdin(self.filled("{other}")).ok();
                }
            }
            SecretInGitConfig => {
                let theirs = &self.theirs;
                let config = format!(
                    "[credential \"https://github.com\"]\n\thelper = \"!f() {{ echo username=mona; echo password={theirs}; }}; f\"\n[url \"https://{theirs}@github.com/\"]\n\tinsteadOf = gh:\n[http \"https://github.com\"]\n\textraHeader = \"Authorization: token {theirs}\"\n"
                );
                sandbox.write(".gitconfig", config);
            }
            Elsewhere => {
                let (new, theirs) = (&self.new, &self.theirs);
                sandbox.write(".netrc", format!("machine github.com login mona password {new}\n"));
                sandbox.write(".git-credentials", format!("https://mona:{theirs}@github.com\n"));
                sandbox.write(".config/nix/nix.conf", format!("access-tokens = github.com/globex={new}\n"));
                let hosts = format!("github.com:\n    oauth_token: {theirs}\n    user: mona\n");
                sandbox.write(".config/gh/hosts.yml", hosts);
            }
            NoNetwork => {
                for name in ["HTTPS_PROXY", "https_proxy"] {
                    sandbox.set(name, "http://mona:x@127.0.0.1:9");
                }
            }
        }
        (sandbox, needles)
    }

    fn knows_theirs(&self, sandbox: &Sandbox) -> bool {
        given::outcomes_file(sandbox).exists()
    }

    /// Without root's privileges where modes are to count.
    fn privileges(&self, before: Before) -> Vec<String> {
        if before != NothingWritable || !rustix::process::geteuid().is_root() {
            return Vec::new();
        }
        let setpriv = tool("setpriv").display().to_string();
        vec![setpriv, "--bounding-set=-all".to_owned(), "--inh-caps=-all".to_owned()]
    }
}

/// The folders that cannot be written in that state.
fn closed(sandbox: &Sandbox, before: Before) -> Vec<PathBuf> {
    if before != NothingWritable {
        return Vec::new();
    }
    let files = [given::accounts_file(sandbox), given::secrets_file(sandbox)];
    files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect()
}

/// The words before a command by which what is started is written down in a file, with its arguments; with its
/// environment, too, if `whole`.
///
/// A program of Windows is started by Wine, which hands on the arguments as Linux does, and the environment in a
/// message to its server (see [`of_wine`]).
pub(super) fn recorder(children: &Path, whole: bool) -> Vec<String> {
    let mut words = vec![tool("strace").display().to_string()];
    words.extend(["-f", "-qq", "-A", "-s", "65535", "-e", "signal=none"].map(str::to_owned));
    if whole {
        words.push("-v".to_owned());
    }
    let calls = match (windows(), whole) {
        (Some(_), true) => "trace=execve,execveat,writev",
        _ => "trace=execve,execveat",
    };
    if windows().is_some() {
        // Without it each call of each program would stop twice, and Wine makes many. The form is one that
        // can be read back.
        words.extend(["--seccomp-bpf", "-xx"].map(str::to_owned));
    }
    words.extend(["-e", calls, "-o", &children.display().to_string()].map(str::to_owned));
    words
}

/// Makes what was written down in Wine readable: arguments as they are, and of the messages to Wine's server those
/// alone that hold the environment of a new process.
pub(super) fn of_wine(children: &Path) {
    if windows().is_none() {
        return;
    }
    let text = fs::read(children).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut readable = Vec::new();
    // UTF-16.
    let variable: String = "PATHEXT=".bytes().map(|byte| format!("\\x{byte:02x}\\x00")).collect();
    for line in text.lines() {
        if line.contains("writev(") && !line.contains(&variable) {
            continue;
        }
        let mut bytes = Vec::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("\\x") {
            bytes.extend_from_slice(before.as_bytes());
            let (byte, after) = after.split_at_checked(2).expect("two digits");
            bytes.push(u8::from_str_radix(byte, 16).expect("strace writes hexadecimal digits"));
            rest = after;
        }
        bytes.extend_from_slice(rest.as_bytes());
        if line.contains("writev(") {
            // The letters of ASCII are enough.
            bytes.retain(|byte| *byte != 0);
        }
        readable.extend_from_slice(&bytes);
        readable.push(b'\n');
    }
    fs::write(children, readable).expect("the sandbox is ours");
}

pub(super) fn tool(name: &str) -> PathBuf {
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("this check needs {name}: install the Debian package of that name"))
}
