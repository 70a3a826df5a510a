//! A place of its own for each test: a home, an environment from nothing, git and the product.
//!
//! The environment starts empty, so no token, proxy, certificate or git setting of the machine
//! can reach a test; HTTPS goes to the forge and nowhere else. `~/.gitconfig` is never written
//! here: whether it is there is for the test to say. Every run has a bound; one that exceeds it,
//! or ends otherwise than expected, fails the test with everything it printed, secrets replaced
//! by their labels.

#![allow(dead_code, reason = "tests and the tour each use a part of it")]

// By path, so that an example may take this file in by path too.
#[path = "sandbox/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::forge::{Forge, Redactor};

#[allow(unused_imports, reason = "tests and the tour each use a part of it")]
pub(crate) use self::run::{Output, Run, Running};

/// The name git finds the product by.
pub(crate) const PROGRAM: &str = "git-credential-patron";
/// What stands for a browser; it notes the page and shows nothing.
const BROWSER: &str = "xdg-open";

/// A place for one test; dropping it removes it.
pub(crate) struct Sandbox {
    folder: TempDir,
    home: PathBuf,
    environment: BTreeMap<OsString, OsString>,
    redactor: Option<Redactor>,
}

/// What is unusual about a sandbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Whether the home's path has spaces, quotes and letters beyond ASCII.
    pub(crate) awkward_home: bool,
    /// Whether the XDG folders are set, and elsewhere than their defaults.
    pub(crate) xdg: bool,
    /// The product's binary; none: the one Cargo built for this test.
    pub(crate) program: Option<PathBuf>,
}

/// A git on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Git {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Its version, `2.47.3`.
    pub(crate) version: String,
}

impl Git {
    /// Tells whether it is this version or a newer one.
    pub(crate) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map_while(|number| number.parse().ok());
        (numbers.next(), numbers.next()) >= (Some(major), Some(minor))
    }
}

/// Making
impl Sandbox {
    /// A sandbox whose HTTPS goes to this forge; without one, to a port where nobody listens.
    pub(crate) fn new<'a>(forge: impl Into<Option<&'a Forge>>) -> Self {
        Self::with(&Options::default(), forge)
    }

    /// A sandbox that is unusual in some way.
    pub(crate) fn with<'a>(options: &Options, forge: impl Into<Option<&'a Forge>>) -> Self {
        let folder =
            tempfile::Builder::new().prefix("sandbox-").tempdir().expect("a temporary folder can be made");
        let root = folder.path().canonicalize().expect("a folder just made has a path");
        let home = root.join(match options.awkward_home {
            true => "mona's home, \"été\"",
            false => "home",
        });
        let bin = root.join("bin");
        for folder in [&home, &bin, &root.join("tmp"), &root.join("work")] {
            fs::create_dir(folder).expect("the sandbox is ours");
        }
        let program = options
            .program
            .clone()
            .or_else(|| option_env!("CARGO_BIN_EXE_git-credential-patron").map(PathBuf::from))
            .expect("an example must say where the program is");
        match windows() {
            Some(_) => [PROGRAM, "git"].iter().for_each(|name| link(&under_wine(), &bin.join(name))),
            None => link(&program, &bin.join(PROGRAM)),
        }
        browser(&bin, &root.join("pages"));
        let forge = forge.into();
        let mut sandbox =
            Self { environment: BTreeMap::new(), redactor: forge.map(Forge::redactor), home, folder };
        sandbox.set_environment(&root, options, forge);
        sandbox
    }

    fn set_environment(&mut self, root: &Path, options: &Options, forge: Option<&Forge>) {
        let search = search_path(&root.join("bin"), env::var_os("PATH"));
        let proxy = match forge {
            Some(forge) => forge.proxy_url(),
            // Port 9 is "discard"; nobody listens there, and nothing leaves this machine.
            None => "http://127.0.0.1:9".to_owned(),
        };
        self.set("PATH", search);
        self.set("HOME", self.home.clone());
        self.set("LANG", "C.UTF-8");
        self.set("TMPDIR", root.join("tmp"));
        self.set("HTTPS_PROXY", &proxy);
        self.set("https_proxy", &proxy);
        if let Some(forge) = forge {
            self.set("GIT_SSL_CAINFO", forge.ca_file());
            self.set("SSL_CERT_FILE", forge.ca_file());
        }
        self.set("GIT_CONFIG_NOSYSTEM", "1");
        self.set("GIT_TERMINAL_PROMPT", "0");
        for who in ["AUTHOR", "COMMITTER"] {
            self.set(&format!("GIT_{who}_NAME"), "Mona");
            self.set(&format!("GIT_{who}_EMAIL"), "mona@example.com");
        }
        self.set("PATRON_VAULT", "file");
        if let Some(windows) = windows() {
            self.set("PATRON_WINDOWS", windows);
        }
        if options.xdg {
            for (name, folder) in [
                ("XDG_CONFIG_HOME", "xdg/config"),
                ("XDG_DATA_HOME", "xdg/data"),
                ("XDG_STATE_HOME", "xdg/state"),
                ("XDG_CACHE_HOME", "xdg/cache"),
                ("XDG_RUNTIME_DIR", "xdg/runtime"),
            ] {
                let folder = root.join(folder);
                fs::create_dir_all(&folder).expect("the sandbox is ours");
                private(&folder);
                self.set(name, folder);
            }
        }
    }

    /// Sets a variable for every later run.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<SetValue>) {
        self.environment.insert(name.into(), value.into().0);
    }

    /// Removes a variable for every later run.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(OsStr::new(name));
    }
}

impl Drop for Sandbox {
    /// Ends what serves programs of Windows here; nothing else outlives its run.
    fn drop(&mut self) {
        let prefix = self.home.join(".windows");
        if windows().is_some() && prefix.exists() {
            // One that has ended by itself has nothing left to end.
            let _ = Command::new("wineserver").arg("-k").env("WINEPREFIX", prefix).output();
        }
    }
}

/// Places
impl Sandbox {
    /// The variables every run gets, for programs that are started in another way.
    pub(crate) fn environment(&self) -> &BTreeMap<OsString, OsString> {
        &self.environment
    }

    /// The home.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The folder around everything.
    pub(crate) fn root(&self) -> &Path {
        self.home.parent().expect("the home lies in the sandbox")
    }

    /// The folder commands run in, unless told otherwise.
    pub(crate) fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// The folder that is searched first for programs.
    pub(crate) fn bin(&self) -> PathBuf {
        self.root().join("bin")
    }

    /// The product as git finds it.
    pub(crate) fn program(&self) -> PathBuf {
        self.bin().join(PROGRAM)
    }

    /// The pages that were opened in the stand-in for a browser, in order.
    pub(crate) fn opened_pages(&self) -> Vec<String> {
        let Ok(pages) = fs::read_to_string(self.root().join("pages")) else {
            return Vec::new();
        };
        pages.lines().map(str::to_owned).collect()
    }

    /// Waits until what opens pages in Wine has handed on what it was given.
    pub(crate) fn wait_for_winebrowser(&self) {
        let home = self.home.as_os_str().as_encoded_bytes();
        let has = |process: &Path, file: &str, part: &[u8]| {
            let bytes = fs::read(process.join(file)).unwrap_or_default();
            bytes.windows(part.len()).any(|window| window == part)
        };
        let is_open = || {
            let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|it| it.path());
            processes.into_iter().any(|it| has(&it, "cmdline", b"winebrowser") && has(&it, "environ", home))
        };
        let start = Instant::now();
        while is_open() {
            assert!(start.elapsed() < Duration::from_secs(50), "Wine's browser does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes a file below the home, with the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.join(path);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("the sandbox is ours");
        fs::write(&path, content).expect("the sandbox is ours");
        path
    }

    /// Reads a file below the home; nothing if there is none.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.home.join(path)).ok()
    }

    /// Writes a program that is searched first, such as another helper.
    pub(crate) fn write_program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.bin().join(name);
        // What is there may be a link to what all sandboxes share.
        let _ = fs::remove_file(&path);
        write_script(&path, script);
        path
    }
}

/// Running
impl Sandbox {
    /// A run of git.
    pub(crate) fn git<I, S>(&self, arguments: I) -> Run
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.command("git", arguments)
    }

    /// A run of the product.
    pub(crate) fn patron<I, S>(&self, arguments: I) -> Run
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.command(self.program(), arguments)
    }

    /// A run of a shell script.
    pub(crate) fn shell(&self, script: &str) -> Run {
        self.command("sh", ["-c", script])
    }

    /// A run of any program.
    pub(crate) fn command<I, S>(&self, program: impl AsRef<OsStr>, arguments: I) -> Run
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let environment = self.environment.clone();
        let redactor = self.redactor.clone();
        Run::new(program.as_ref(), environment, self.work(), self.root(), redactor).args(arguments)
    }
}

/// Anything a variable may be set to.
pub(crate) struct SetValue(OsString);

impl<T: AsRef<OsStr>> From<T> for SetValue {
    fn from(value: T) -> Self {
        Self(value.as_ref().to_owned())
    }
}

/// What `tests/windows/run` has built, where the programs of Windows are to be tried in Wine instead of ours.
pub(crate) fn windows() -> Option<OsString> {
    env::var_os("PATRON_WINDOWS")
}

/// What runs a program of Windows under the name of one of ours.
fn under_wine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows/under-wine")
}

/// Every distinct git on the search path and in the usual places, the one found first first.
pub(crate) fn gits() -> &'static [Git] {
    static GITS: OnceLock<Vec<Git>> = OnceLock::new();
    GITS.get_or_init(|| {
        let search = env::var_os("PATH").unwrap_or_default();
        let mut gits: Vec<Git> = Vec::new();
        let mut folders: Vec<PathBuf> =
            env::split_paths(&search).chain(["/usr/local/bin", "/usr/bin"].map(PathBuf::from)).collect();
        if let Some(windows) = windows() {
            // No other git is one of Windows.
            folders = vec![Path::new(&windows).join("links")];
        }
        for folder in folders {
            let path = folder.join("git");
            // In Wine a home would get a Windows of its own.
            let Ok(output) = Command::new(&path).env_remove("HOME").arg("--version").output() else {
                continue;
            };
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let Some(version) = text.split_whitespace().nth(2) else {
                continue;
            };
            if gits.iter().all(|git| git.version != version) {
                gits.push(Git { path, version: version.to_owned() });
            }
        }
        assert!(!gits.is_empty(), "these tests need git");
        gits
    })
}

fn search_path(first: &Path, rest: Option<OsString>) -> OsString {
    let rest = rest.unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(env::split_paths(&rest));
    env::join_paths(folders).expect("no folder of the search path has a colon")
}

fn browser(bin: &Path, pages: &Path) {
    let script = format!("printf '%s\\n' \"$1\" >>'{}'", pages.display());
    write_script(&bin.join(BROWSER), &script);
}

/// Writes a program from a process of its own. Were it written here, a child that another test
/// starts at that moment would inherit the open file, and running it would fail: "text file busy".
fn write_script(path: &Path, script: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    writer
        .stdin
        .take()
        .expect("it was piped")
        .write_all(format!("#!/bin/sh\n{script}\n").as_bytes())
        .expect("the shell reads");
    let status = writer.wait().expect("it is our child");
    assert!(status.success(), "{} cannot be written", path.display());
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("the sandbox is ours");
}

#[cfg(unix)]
fn link(target: &Path, name: &Path) {
    if !name.exists() {
        std::os::unix::fs::symlink(target, name).expect("the sandbox is ours");
    }
}

#[cfg(not(unix))]
fn private(_: &Path) {}

#[cfg(not(unix))]
fn link(target: &Path, name: &Path) {
    fs::copy(target, name).expect("the sandbox is ours");
}
