//! Finding programs in `PATH`, and running git with a bound.
//!
//! Relative entries of `PATH` (`.`, an empty one) are skipped: in a cloned repository they would run what the
//! repository contains. Git is never given a terminal, a pager or standard input, and never more than
//! [`BOUND`]: whoever sits on the file it reads (a pipe, a dead network folder) cannot hang us.

use super::shown;
use crate::bounded;
use crate::search_path::{find_in_path, is_program};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long one call of git may take. Listing a configuration takes a few milliseconds.
pub(crate) const BOUND: Duration = Duration::from_secs(5);

/// Where git is asked from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cwd {
    /// Here: the repository around the working folder takes part, as does `git -c`.
    Here,
    /// In the folder that `-C` names: the repository around that one takes part, and not one of the environment.
    Named,
    /// For a command that is not about the repository here: none takes part, `git -c` does.
    NoRepository,
    /// Nowhere: no repository and no `git -c` take part, whatever the working folder is.
    Nowhere,
}

/// Why git did not give an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitTrouble {
    /// It could not be started.
    #[error("git could not be started: {0}")]
    NotStarted(io::Error),
    /// It took longer than [`BOUND`].
    #[error("git did not answer within {seconds} s", seconds = BOUND.as_secs())]
    Slow,
    /// It ended with an error: its own first words, fit to be shown.
    #[error("git says: {0}")]
    Refused(String),
    /// It answered something else than the documented format.
    #[error("git answered in a form patron does not know")]
    Strange,
}

/// The git program of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Git(PathBuf);

impl Git {
    /// Finds git in `PATH`, absolute entries only.
    pub(crate) fn find() -> Option<Self> {
        find_in_path(OsStr::new("git"), &env::var_os("PATH")?).map(Self)
    }

    /// Takes a program for git.
    #[cfg(all(test, unix))]
    pub(crate) fn at(program: PathBuf) -> Self {
        Self(program)
    }

    /// Gives the program's path.
    #[cfg(all(test, unix))]
    pub(crate) fn program(&self) -> &Path {
        &self.0
    }

    /// Runs git and gives what it wrote to standard output.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S], cwd: Cwd) -> Result<Vec<u8>, GitTrouble> {
        self.run_with(args, cwd, &[])
    }

    /// Runs git with additional environment variables.
    pub(crate) fn run_with<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        cwd: Cwd,
        env: &[(&str, &str)],
    ) -> Result<Vec<u8>, GitTrouble> {
        let mut command = Command::new(&self.0);
        // GIT_CONFIG makes `git config` read another file than the rest of git does.
        command.args(args).env_remove("GIT_CONFIG").env("LC_ALL", "C");
        if cwd == Cwd::Nowhere {
            command.env_remove("GIT_CONFIG_PARAMETERS").env_remove("GIT_CONFIG_COUNT");
        }
        if cwd != Cwd::Here {
            command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_COMMON_DIR");
        }
        if matches!(cwd, Cwd::NoRepository | Cwd::Nowhere) {
            // A GIT_DIR that exists and is no repository: git looks for no other one, and does not complain
            // (measured with 2.39 and 2.47; one that does not exist ends it).
            command.env("GIT_DIR", if cfg!(windows) { "NUL" } else { "/dev/null" });
            // Git ends in a folder that is gone (a script removed it): its words would read as if a file were
            // broken. Elsewhere it stays, for a relative GIT_CONFIG_GLOBAL.
            if env::current_dir().is_err() {
                command.current_dir(env::temp_dir());
            }
        }
        command.envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(GitTrouble::NotStarted)?;
        finish(child)
    }
}

/// Waits for the child's output and end, at most [`BOUND`]; a child that takes longer is killed.
fn finish(mut child: Child) -> Result<Vec<u8>, GitTrouble> {
    let Some(output) = bounded::wait(&mut child, u64::MAX, BOUND).map_err(GitTrouble::NotStarted)? else {
        // It may have ended meanwhile; either way it is not waited for without bound.
        let _ = child.kill();
        let _ = child.wait();
        return Err(GitTrouble::Slow);
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let line = words.lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = line.or_else(|| words.lines().next()).unwrap_or("nothing");
    // Git names a value it cannot take.
    Err(GitTrouble::Refused(shown(line.as_bytes())))
}

/// Gives the path under which this program was called, as it was found and not canonicalised: a link that a
/// package manager moves to the next version stays right, the file behind it does not.
pub(crate) fn own_program(argv0: Option<&OsStr>) -> Option<PathBuf> {
    let called = argv0.and_then(|argv0| {
        let called = Path::new(argv0);
        if called.is_absolute() {
            Some(called.to_owned())
        } else if called.components().count() > 1 || called.starts_with(".") {
            // Collecting the components drops "." and doubled slashes, and keeps "..": links stay right.
            Some(env::current_dir().ok()?.join(called).components().collect())
        } else {
            find_in_path(argv0, &env::var_os("PATH")?)
        }
    });
    called.filter(|program| is_program(program)).or_else(|| env::current_exe().ok())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Writes a program by another process: a file that this one has open for writing while another thread
    /// starts something is busy, and cannot be run.
    fn executable(path: &Path, text: &str) {
        let write = "printf %s \"$1\" >\"$2\" && chmod +x \"$2\"";
        let status = Command::new("sh").args(["-c", write, "sh", text]).arg(path).status();
        assert!(status.expect("a shell").success());
    }

    #[test]
    fn relative_entries_of_path_are_skipped() {
        let folder = tempfile::tempdir().expect("a folder");
        executable(&folder.path().join("git"), "");
        let found = |path: &str| find_in_path(OsStr::new("git"), OsStr::new(path));
        let here = folder.path().to_str().expect("UTF-8");
        assert_eq!(found(&format!(".:src::{here}")), Some(folder.path().join("git")));
        assert_eq!(found("."), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_folder_or_a_file_without_x_is_no_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir_all(first.join("git")).expect("a folder");
        std::fs::create_dir_all(&second).expect("a folder");
        std::fs::write(second.join("git"), "").expect("a file");
        let path = env::join_paths([&first, &second]).expect("a PATH");
        assert_eq!(find_in_path(OsStr::new("git"), &path), None);
    }

    #[test]
    fn a_git_that_never_ends_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("git");
        executable(&program, "#!/bin/sh\nexec sleep 60\n");
        let begin = Instant::now();
        let answer = Git(program).run(&["config"], Cwd::Nowhere);
        assert!(matches!(answer, Err(GitTrouble::Slow)), "{answer:?}");
        assert!(begin.elapsed() < BOUND + Duration::from_secs(2));
    }

    #[test]
    fn a_git_that_writes_much_to_both_pipes_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("git");
        executable(
            &program,
            "#!/bin/sh\nhead -c 1000000 /dev/zero >&2\nhead -c 1000000 /dev/zero\nhead -c 1000000 /dev/zero >&2\n",
        );
        assert_eq!(Git(program).run(&["config"], Cwd::Nowhere).expect("it ends well").len(), 1_000_000);
    }

    #[test]
    fn a_refusal_is_given_in_gits_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("git");
        executable(
            &program,
            "#!/bin/sh\necho 'warning: w' >&2\necho 'fatal: bad config line 3' >&2\nexit 128\n",
        );
        let answer = Git(program).run(&["config"], Cwd::Nowhere);
        assert!(matches!(&answer, Err(GitTrouble::Refused(words)) if words == "fatal: bad config line 3"));
    }
}
