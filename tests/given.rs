//! What is there before a test begins: accounts and their secrets, in the files of the product.
//!
//! The formats are those that `src/accounts.rs` and `src/vault/file.rs` describe at their heads; the
//! secrets are made at run time. Also what every attack needs: the product fed by hand, and a look
//! into every file it may have written.

#![allow(dead_code, reason = "each attack uses a part of it")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::forge::{TokenKind, make_token};
use super::sandbox::Sandbox;

/// The folder name of the product in each of the places of a home.
const FOLDER: &str = "git-credential-patron";

/// An account of the file vault.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// `https://HOST` and what follows.
    pub(crate) scope: String,
    /// Whose token it is.
    pub(crate) login: Option<String>,
    /// The secret.
    pub(crate) secret: String,
    /// Further lines of its table.
    pub(crate) more: String,
}

/// An account with a fresh fine-grained token of `mona`.
pub(crate) fn account(scope: &str) -> Account {
    let secret = make_token(TokenKind::FineGrained);
    Account { scope: scope.to_owned(), login: Some("mona".to_owned()), secret, more: String::new() }
}

/// An account at a host that is not GitHub.
pub(crate) fn plain(scope: &str, login: &str, secret: &str) -> Account {
    Account {
        scope: scope.to_owned(),
        login: Some(login.to_owned()),
        secret: secret.to_owned(),
        more: "kind = \"unknown\"\nserver = \"plain\"\n".to_owned(),
    }
}

impl Account {
    /// The same with further lines in its table.
    pub(crate) fn with(mut self, lines: &str) -> Self {
        self.more = format!("{}{lines}\n", self.more);
        self
    }

    /// The name of its secret in a vault.
    pub(crate) fn id(&self) -> String {
        format!("{}#{}", self.scope, self.login.as_deref().unwrap_or_default())
    }

    /// What git reads when this account is given.
    pub(crate) fn answer(&self) -> String {
        self.answer_to(self.login.as_deref().unwrap_or("x-access-token"))
    }

    /// What git reads when it asked for this user.
    pub(crate) fn answer_to(&self, user: &str) -> String {
        format!("username={user}\npassword={}\n\n", self.secret)
    }
}

/// The list of accounts as the product writes it.
pub(crate) fn accounts_toml(accounts: &[Account]) -> String {
    let mut text = "version = 1\n".to_owned();
    for Account { scope, login, secret: _, more } in accounts {
        let label = scope.strip_prefix("https://").expect("scopes are URLs");
        let _ = write!(text, "\n[[account]]\nlabel = \"{label}\"\nscope = \"{scope}\"\nvault = \"file\"\n");
        if let Some(login) = login {
            let _ = writeln!(text, "login = \"{login}\"");
        }
        if !more.contains("kind") {
            text.push_str("kind = \"fine-grained\"\n");
        }
        text.push_str(more);
    }
    text
}

/// The file vault as the product writes it.
pub(crate) fn secrets_toml(accounts: &[Account]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    accounts.iter().fold("version = 1\n\n[secrets]\n".to_owned(), |text, account| {
        format!("{text}{} = {}\n", quoted(&account.id()), quoted(&account.secret))
    })
}

/// Puts these accounts, and no others, into a home.
pub(crate) fn accounts(sandbox: &Sandbox, accounts: &[Account]) {
    sandbox.write(&below_home(sandbox, &accounts_file(sandbox)), accounts_toml(accounts));
    sandbox.write(&below_home(sandbox, &secrets_file(sandbox)), secrets_toml(accounts));
    for file in [accounts_file(sandbox), secrets_file(sandbox)] {
        chmod(&file, 0o600);
        chmod(file.parent().expect("a file lies in a folder"), 0o700);
    }
}

fn below_home(sandbox: &Sandbox, path: &Path) -> String {
    let path = path.strip_prefix(sandbox.home()).expect("it lies in the home");
    path.to_str().expect("our names are text").to_owned()
}

/// The list of accounts.
pub(crate) fn accounts_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".config").join(FOLDER).join("accounts.toml")
}

/// The lock of one of the product's files.
pub(crate) fn lock_of(sandbox: &Sandbox, file: &Path) -> PathBuf {
    let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
    outcomes_file(sandbox).with_file_name("locks").join(format!("{name}.lock"))
}

/// The file vault.
pub(crate) fn secrets_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".local/share").join(FOLDER).join("secrets.toml")
}

/// The memory of how accounts fared.
pub(crate) fn outcomes_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".local/state").join(FOLDER).join("outcomes.toml")
}

/// Sets a mode.
#[cfg(unix)]
pub(crate) fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the sandbox is ours");
}

/// Elsewhere the folder's inherited access list does it.
#[cfg(not(unix))]
pub(crate) fn chmod(_: &Path, _: u32) {}

/// Every file below a folder, links not followed.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files_below(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// The files below a folder that hold this text.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| contains(&bytes, text.as_bytes()));
    files_below(folder).into_iter().filter(holds).collect()
}

/// Whether some bytes stand in others.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What a request looks like on the wire; without the blank line.
pub(crate) fn request(host: &str, path: &str, more: &str) -> String {
    format!("protocol=https\nhost={host}\npath={path}\n{more}")
}

/// A program that was fed by hand, and how it ended.
pub(crate) struct Fed {
    /// Its status.
    pub(crate) status: ExitStatus,
    /// What it wrote for git.
    pub(crate) stdout: Vec<u8>,
    /// What it wrote for people.
    pub(crate) stderr: Vec<u8>,
    /// How long it ran.
    pub(crate) took: Duration,
}

impl Fed {
    /// What it wrote for people, as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Starts a program, hands its stdin and its process id to `feed`, and waits for its end. What `feed`
/// returns is kept until then: stdin stays open if `feed` returns it.
pub(crate) fn fed<T: Send>(mut command: Command, feed: impl FnOnce(ChildStdin, u32) -> T + Send) -> Fed {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let stdin = child.stdin.take().expect("it was piped");
    let stdout = child.stdout.take().expect("it was piped");
    let stderr = child.stderr.take().expect("it was piped");
    let id = child.id();
    std::thread::scope(|scope| {
        let stdout = scope.spawn(|| read_all(stdout));
        let stderr = scope.spawn(|| read_all(stderr));
        let feeder = scope.spawn(move || feed(stdin, id));
        let status = wait(&mut child);
        let took = start.elapsed();
        drop(feeder.join().expect("writing does not panic"));
        Fed {
            status,
            stdout: stdout.join().expect("reading does not panic"),
            stderr: stderr.join().expect("reading does not panic"),
            took,
        }
    })
}

fn read_all(mut pipe: impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before an error is still worth showing.
    let _ = pipe.read_to_end(&mut bytes);
    bytes
}

/// Waits for the end of a process; one that hangs is killed, and the test fails.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if start.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            panic!("it hung for {:?} and was killed", start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Notes what was seen of one of the 48 faults, for the scoreboard (`tests/faults/run`), and prints it.
pub(crate) fn seen(fault: &str, what: &str) {
    report(&format!("{fault}: {what}"));
    let Some(board) = std::env::var_os("PATRON_FAULTS_SEEN") else { return };
    use std::io::Write as _;
    let file = fs::OpenOptions::new().append(true).create(true).open(board);
    // One write, so that lines of tests that run side by side stay whole.
    file.and_then(|mut file| file.write_all(format!("{fault}\t{what}\n").as_bytes())).expect("the board");
}

/// Prints a line of numbers even where the harness hides what a passing test prints.
pub(crate) fn report(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}
