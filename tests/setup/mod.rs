//! `setup` and `unsetup` with real git: every git on PATH and in /usr/bin, each in a home of its own.
//!
//! Two things are asked again and again: whom git asks (each helper of a test writes its name down), and
//! whether a file is byte for byte what it was.

mod chain;
mod files;
mod gone;
mod places;
mod quoting;
mod trouble;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program of this build.
const PATRON: &str = env!("CARGO_BIN_EXE_git-credential-patron");
/// Our file in a home.
const OURS: &str = ".config/git-credential-patron/gitconfig";
/// The block as the documentation shows it.
const BLOCK: &str = "\
# >>> git-credential-patron >>> (made by `git credential-patron setup`; `git credential-patron unsetup` removes it)
[include]
\tpath = ~/.config/git-credential-patron/gitconfig
# <<< git-credential-patron <<<
";

/// The folders of the gits of this machine, one for each version.
fn gits() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut gits = BTreeMap::new();
    for folder in std::env::split_paths(&path).chain([PathBuf::from("/usr/bin")]) {
        if let Ok(version) = Command::new(folder.join("git")).arg("--version").output() {
            gits.entry(version.stdout).or_insert(folder);
        }
    }
    assert!(!gits.is_empty(), "git is needed for these tests");
    gits.into_values().collect()
}

/// Runs a test in a fresh home with each git.
fn in_each_home(test: impl Fn(&Home)) {
    for git in gits() {
        test(&Home::new(git));
    }
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Asserts that it went well and had nothing to warn of.
    #[track_caller]
    fn well(self) -> String {
        assert!(self.code == 0 && self.err.is_empty(), "{self:?}");
        self.out
    }

    /// Asserts that it failed with a code, and gives what it said.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}

/// A home with a git, a patron and helpers that write down when they are asked.
struct Home {
    folder: tempfile::TempDir,
    git: PathBuf,
    /// Where HOME is.
    home: PathBuf,
    /// Patron's path, a link to the program of this build.
    patron: PathBuf,
    /// Additional variables.
    vars: Vec<(String, String)>,
}

impl Home {
    fn new(git: PathBuf) -> Self {
        Self::with(git, "home", "bin/git-credential-patron")
    }

    /// Makes a home where home and patron's path are given below the folder.
    fn with(git: PathBuf, home: impl AsRef<OsStr>, patron: impl AsRef<OsStr>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, patron) = (folder.path().join(home.as_ref()), folder.path().join(patron.as_ref()));
        fs::create_dir_all(&home).expect("a folder");
        fs::create_dir_all(folder.path().join("work")).expect("a folder");
        fs::create_dir_all(patron.parent().expect("a folder")).expect("a folder");
        symlink(PATRON, &patron).expect("a link");
        let log = folder.path().join("log");
        script(&folder.path().join("note"), &format!("echo \"$1\" >>{}", log.display()));
        script(&folder.path().join("patron-notes"), &format!("echo patron >>{}", log.display()));
        Self { folder, git, home, patron, vars: Vec::new() }
    }

    fn set(&mut self, name: &str, value: impl ToString) {
        self.vars.push((name.to_owned(), value.to_string()));
    }

    /// Gives a path in the home.
    fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Writes a file in the home; `note:NAME` becomes a helper that writes its name down.
    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, self.noted(text.as_ref())).expect("a file");
    }

    fn noted(&self, text: &[u8]) -> Vec<u8> {
        let note = format!("{} ", self.folder.path().join("note").display());
        let mut noted = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.windows(5).position(|window| window == b"note:") {
            noted.extend([&rest[..at], note.as_bytes()].concat());
            rest = &rest[at + 5..];
        }
        [&noted, rest].concat()
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.path(name)).ok()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name).expect("the file is there")).expect("UTF-8")
    }

    /// Prepares a command in this home and nothing else.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/bin:/bin", self.git.display());
        command.current_dir(self.folder.path().join("work")).env_clear().env("PATH", path);
        command.env("HOME", &self.home).env("GIT_CONFIG_SYSTEM", self.folder.path().join("etc/gitconfig"));
        command.env("GIT_TERMINAL_PROMPT", "0").envs(self.vars.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    fn patron(&self, args: &[&str]) -> Ended {
        Ended::of(&self.command(&self.patron).args(args).output().expect("patron starts"))
    }

    fn setup(&self) -> Ended {
        self.patron(&["setup"])
    }

    fn unsetup(&self) -> Ended {
        self.patron(&["unsetup"])
    }

    /// Runs git, which must go well.
    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let output = self.command(&self.git.join("git")).args(args).output().expect("git starts");
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Gives git's whole view of its configuration, entry by entry.
    fn listing(&self) -> Vec<String> {
        let all = self.git(&["config", "--list", "-z", "--show-origin", "--show-scope"]);
        let fields: Vec<&str> = all.split('\0').collect();
        fields.chunks_exact(3).map(|entry| entry.join(" ")).collect()
    }

    /// Gives git's view without what stands in our file, and without the include of it.
    fn listing_without_ours(&self) -> Vec<String> {
        let mut listing = self.listing();
        listing.retain(|entry| {
            let include =
                entry.contains(" include.path\n") && entry.ends_with("git-credential-patron/gitconfig");
            let keys = ["credential.", "patron."].map(|key| format!("git-credential-patron/gitconfig {key}"));
            !include && !keys.iter().any(|key| entry.contains(key))
        });
        listing
    }

    /// Lets git ask for a URL, and gives the names of those it asked. Patron only writes its name down.
    fn asks(&self, url: &str) -> Vec<String> {
        let log = self.folder.path().join("log");
        let _ = fs::remove_file(&log);
        self.lead_patron_to(&self.folder.path().join("patron-notes"));
        let mut child = self
            .command(&self.git.join("git"))
            .args(["credential", "fill"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git starts");
        writeln!(child.stdin.take().expect("a pipe"), "url={url}").expect("git reads");
        let output = child.wait_with_output().expect("git ends");
        self.lead_patron_to(Path::new(PATRON));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("bad config") && !said.contains("unable to access"), "{said}");
        fs::read_to_string(&log).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Lets patron's path lead to another program.
    fn lead_patron_to(&self, program: &Path) {
        fs::remove_file(&self.patron).expect("a link goes");
        symlink(program, &self.patron).expect("a link");
    }

    /// Gives the names of what is recorded as fallback for a URL; `None` if nothing is.
    fn recorded(&self, url: &str) -> Option<Vec<String>> {
        let key = format!("patron.{url}.fallback");
        let ours = self.path(OURS);
        let args = ["config", "-f", ours.to_str().expect("UTF-8"), "--get-all", &key];
        let output = self.command(&self.git.join("git")).args(args).output().expect("git starts");
        let values = String::from_utf8_lossy(&output.stdout).into_owned();
        let name = |value: &str| match value.split_once("/note ") {
            Some((_, name)) => name.split(' ').next().unwrap_or(name).to_owned(),
            None => value.to_owned(),
        };
        // The first is the empty one that resets.
        output.status.success().then(|| values.lines().skip(1).map(name).collect())
    }
}

/// Writes a shell script by another process: a file that this one has open for writing while another thread
/// starts something is busy, and cannot be run.
fn script(path: &Path, body: &str) {
    let write = "printf %s \"$1\" >\"$2\" && chmod +x \"$2\"";
    let text = format!("#!/bin/sh\ncat >/dev/null\n{body}\n");
    let status = Command::new("/bin/sh").args(["-c", write, "sh", &text]).arg(path).status();
    assert!(status.expect("a shell").success());
}

/// Gives a file's permissions.
fn mode_of(path: &Path) -> u32 {
    path.metadata().expect("the file is there").permissions().mode() & 0o7777
}
