//! How git gets the credential of a probe: the words with which its helper prints the answer.
//!
//! - **Unix**: a named pipe that only this user can open. The answer is in no argument and in no environment, and
//!   it is written when the helper reads.
//! - **Windows**: there is no pipe that a shell could read and safe Rust could make. So the answer stands in the
//!   environment of that git, which only this user and administrators can read, and git is started only when the
//!   answer is decided. The helper leaves a mark on stderr when it was asked. This was tried with real git on
//!   Linux, and never run on Windows.

use std::io;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
use std::process::Command;

/// Where the pipe is.
#[cfg(unix)]
const PIPE: &str = "PATRON_PROBE_PIPE";
/// The answer itself.
#[cfg(any(not(unix), test))]
const ANSWER: &str = "PATRON_PROBE_ANSWER";
/// What the helper leaves on stderr. What a server says has `remote: ` before it, so it cannot look like this.
const MARK: &[u8] = b"patron-probe: asked";

/// The way.
#[derive(Debug)]
pub(super) enum Handover {
    /// Through a named pipe.
    #[cfg(unix)]
    Pipe(Pipe),
    /// Through the environment.
    #[cfg(any(not(unix), test))]
    Environment,
}

impl Handover {
    /// Makes what this system has. `folder` is one of this user alone.
    #[cfg(unix)]
    pub(super) fn make(folder: &Path) -> io::Result<Self> {
        Pipe::make(folder).map(Self::Pipe)
    }

    /// Makes what this system has.
    #[cfg(not(unix))]
    pub(super) fn make(_folder: &Path) -> io::Result<Self> {
        Ok(Self::Environment)
    }

    /// Gives the words of a shell that print the answer.
    pub(super) fn words(&self) -> &'static str {
        match self {
            #[cfg(unix)]
            Self::Pipe(_) => "cat \"$PATRON_PROBE_PIPE\"",
            #[cfg(any(not(unix), test))]
            Self::Environment => "echo \"patron-probe: asked\" >&2 && printf %s \"$PATRON_PROBE_ANSWER\"",
        }
    }

    /// Prepares git, and tells whether it may be started before the answer is decided.
    pub(super) fn prepare(&self, command: &mut Command) -> bool {
        match self {
            #[cfg(unix)]
            Self::Pipe(pipe) => {
                command.env(PIPE, &pipe.path);
                true
            }
            #[cfg(any(not(unix), test))]
            Self::Environment => {
                command.env_remove(ANSWER);
                false
            }
        }
    }

    /// Puts the answer where git finds it once it is started; false if that is not the way, or it does not fit.
    pub(super) fn put(&self, command: &mut Command, lines: &[u8]) -> bool {
        match self {
            #[cfg(unix)]
            Self::Pipe(_) => {
                let _ = (command, lines);
                false
            }
            #[cfg(any(not(unix), test))]
            Self::Environment => match std::str::from_utf8(lines) {
                Ok(lines) => {
                    command.env(ANSWER, lines);
                    true
                }
                Err(_) => false,
            },
        }
    }

    /// Writes the answer if the helper waits for it; false until then.
    pub(super) fn write(&self, lines: &[u8]) -> bool {
        match self {
            #[cfg(unix)]
            Self::Pipe(pipe) => pipe.write(lines),
            #[cfg(any(not(unix), test))]
            Self::Environment => {
                let _ = lines;
                false
            }
        }
    }

    /// Tells whether the helper left its mark: it was asked, and answered.
    pub(super) fn was_told(&self, printed: &[u8]) -> bool {
        match self {
            #[cfg(unix)]
            Self::Pipe(_) => {
                let _ = printed;
                false
            }
            #[cfg(any(not(unix), test))]
            Self::Environment => printed.split(|byte| *byte == b'\n').any(Self::is_mark),
        }
    }

    /// Tells whether a line is the helper's mark.
    pub(super) fn is_mark(line: &[u8]) -> bool {
        line.trim_ascii_end() == MARK
    }
}

/// A named pipe that only this user can open.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Pipe {
    path: PathBuf,
}

#[cfg(unix)]
impl Pipe {
    fn make(folder: &Path) -> io::Result<Self> {
        let mut bytes = [0u8; 8];
        getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness for a name"))?;
        let path = folder.join(format!("probe-{}-{:016x}", std::process::id(), u64::from_ne_bytes(bytes)));
        make_fifo(&path)?;
        Ok(Self { path })
    }

    /// Writes once a reader is there; false until then.
    fn write(&self, lines: &[u8]) -> bool {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        // ENXIO: nobody reads yet.
        let Ok(file) = open(&self.path, flags, Mode::empty()) else { return false };
        // A credential is smaller than a pipe's buffer; a reader that is gone does not want it any more.
        let _ = io::Write::write_all(&mut std::fs::File::from(file), lines);
        true
    }
}

#[cfg(unix)]
impl Drop for Pipe {
    fn drop(&mut self) {
        // It holds nothing; one that is left is swept away with its folder.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn make_fifo(path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    Ok(mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
}

/// `rustix` has no way to make one on macOS.
#[cfg(target_os = "macos")]
fn make_fifo(path: &Path) -> io::Result<()> {
    use nix::sys::stat::Mode;
    Ok(nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?)
}
