//! Writing a git config file as git does: under its own lock `FILE.lock`, through symbolic links, whole or
//! not at all.
//!
//! The new text is written to the lock file, which nobody else may write while it exists; git itself reads it
//! there before it takes the file's place, so a text that git would read otherwise than expected never
//! does. The mode is kept. Whoever dies in between leaves the old file, and a lock that names itself.

use super::{Git, GitTrouble, Listing};
use crate::files::{self, FileError, Readers};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long another's lock is waited for. Git itself does not wait; its commands take milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many links are followed.
const MOST_LINKS: usize = 40;
/// No config is larger; what is, is something else.
const MOST_BYTES: u64 = 16 << 20;

/// One entry as git reads it from a single file.
pub(crate) type KeyAndValue = (Vec<u8>, Option<Vec<u8>>);

/// Why a config file could not be read or written. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileTrouble {
    /// Another process holds the lock.
    #[error("could not lock config file {path}: File exists", path = .file.display())]
    Locked {
        /// The file to be changed.
        file: PathBuf,
        /// Its lock.
        lock: PathBuf,
    },
    /// The system refused.
    #[error("could not {tried} config file {path}: {error}", path = .file.display())]
    Io {
        /// What was tried: "read", "lock", "write".
        tried: &'static str,
        /// The file to be changed.
        file: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// It is a folder, a pipe, a device: nothing that could be replaced.
    #[error("{path} is not a regular file", path = .0.display())]
    NotAFile(PathBuf),
    /// Its links go in a circle.
    #[error("{path} is a symbolic link that leads back to itself", path = .0.display())]
    LinkCircle(PathBuf),
    /// It is larger than any config.
    #[error("{path} is too large for a git config file", path = .0.display())]
    TooLarge(PathBuf),
    /// Git cannot read the file, as it is or as it would become.
    #[error("{path} cannot be read as git config: {trouble}", path = .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What git said.
        trouble: GitTrouble,
    },
    /// Git would read something else than was meant, most likely for how the file ends.
    #[error("{path} cannot be changed safely: git would read other settings from it than before", path = .0.display())]
    ReadsOtherwise(PathBuf),
    /// A file or folder is not safe, or not this user's.
    #[error("{0}")]
    Unsafe(FileError),
}

/// A config file as it is now. No `Debug`: people keep tokens in their git config.
pub(crate) struct ConfigFile {
    path: PathBuf,
    target: PathBuf,
    text: Option<Vec<u8>>,
    mode: Option<fs::Permissions>,
}

impl ConfigFile {
    /// Reads a file; one that does not exist has no text.
    pub(crate) fn read(path: &Path) -> Result<Self, FileTrouble> {
        let target = behind_links(path)?;
        let failed = |error| FileTrouble::Io { tried: "read", file: path.to_owned(), error };
        // The kind is looked at before opening: opening a pipe would wait for its other end.
        let (text, mode) = match fs::metadata(&target) {
            Ok(meta) if !meta.is_file() => return Err(FileTrouble::NotAFile(path.to_owned())),
            Ok(meta) if meta.len() > MOST_BYTES => return Err(FileTrouble::TooLarge(path.to_owned())),
            Ok(meta) => {
                let mut text = Vec::new();
                let file = File::open(&target).map_err(failed)?;
                file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
                (Some(text), Some(meta.permissions()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, None),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { path: path.to_owned(), target, text, mode })
    }

    /// Gives the path it was asked by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the text; `None` if there is no file.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    /// Asks git for the entries of this file alone.
    pub(crate) fn entries(&self, git: &Git) -> Result<Vec<KeyAndValue>, FileTrouble> {
        match self.text {
            None => Ok(Vec::new()),
            Some(_) => Listing::of_file(git, &self.target)
                .map_err(|trouble| FileTrouble::Unreadable { file: self.path.clone(), trouble }),
        }
    }
}

/// A config file that nobody else changes as long as this value lives.
pub(crate) struct Locked {
    now: ConfigFile,
    lock: PathBuf,
    /// Open until the new text is in it.
    file: Option<File>,
    ready: bool,
    gone: bool,
}

impl Locked {
    /// Takes git's lock of a file, waiting a moment for another's, and reads the file under it. A file that does
    /// not exist yet will be for these readers.
    pub(crate) fn take(path: &Path, readers: Readers) -> Result<Self, FileTrouble> {
        let target = behind_links(path)?;
        files::check_home(target.parent().unwrap_or(Path::new("/"))).map_err(FileTrouble::Unsafe)?;
        // Before the lock: where there is nothing to replace, nothing is left beside it either.
        let before = ConfigFile::read(path)?;
        let mut name = target.into_os_string();
        name.push(".lock");
        let lock = PathBuf::from(name);
        // Never wider than the file, not even for a moment: people keep tokens in their git config.
        let mode = before.mode.as_ref().map_or(readers.file_mode(), |mode| mode_of(mode) | 0o200);
        let file = create(&lock, mode, path)?;
        let mut locked = Self { now: before, lock, file: Some(file), ready: false, gone: false };
        locked.now = ConfigFile::read(path)?;
        Ok(locked)
    }

    /// Gives the file as it was when it was locked.
    pub(crate) fn now(&self) -> &ConfigFile {
        &self.now
    }

    /// Writes the new text to the lock file and lets git read it there. `is_meant` is shown the entries git
    /// finds in the file now and in the new text.
    pub(crate) fn prepare(
        &mut self,
        git: &Git,
        text: &[u8],
        is_meant: impl Fn(&[KeyAndValue], &[KeyAndValue]) -> bool,
    ) -> Result<(), FileTrouble> {
        let path = self.now.path.clone();
        let failed = |error| FileTrouble::Io { tried: "write", file: path.clone(), error };
        let before = self.now.entries(git)?;
        let mut file = self.file.take().expect("a lock is prepared once");
        file.write_all(text).map_err(failed)?;
        if let Some(mode) = &self.now.mode {
            files::set_mode(&file, mode_of(mode)).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        drop(file);
        // What git makes of an unclosed quote or an open continuation at the end, only git can tell.
        let unreadable = |trouble| FileTrouble::Unreadable { file: path.clone(), trouble };
        let after = Listing::of_file(git, &self.lock).map_err(unreadable)?;
        if !is_meant(&before, &after) {
            return Err(FileTrouble::ReadsOtherwise(path));
        }
        self.ready = true;
        Ok(())
    }

    /// Puts the prepared text in the file's place.
    pub(crate) fn commit(mut self) -> Result<(), FileTrouble> {
        assert!(self.ready, "only what git has read is put in place");
        let failed = |error| FileTrouble::Io { tried: "write", file: self.now.path.clone(), error };
        fs::rename(&self.lock, &self.now.target).map_err(failed)?;
        self.gone = true;
        files::sync_folder(self.now.target.parent().unwrap_or(Path::new("/")));
        Ok(())
    }

    /// Removes the file itself; the links that lead to it stay.
    pub(crate) fn remove(self) -> Result<(), FileTrouble> {
        match fs::remove_file(&self.now.target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileTrouble::Io { tried: "remove", file: self.now.path.clone(), error })
            }
            _ => {
                files::sync_folder(self.now.target.parent().unwrap_or(Path::new("/")));
                Ok(())
            }
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if !self.gone {
            // Nothing better can be done about a lock that cannot be removed than what git says of it.
            let _ = fs::remove_file(&self.lock);
        }
    }
}

#[cfg(unix)]
fn mode_of(permissions: &fs::Permissions) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(permissions) & 0o777
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Permissions) -> u32 {
    0
}

/// Creates the lock file, which must not exist, with the rights of the file it will replace.
fn create(lock: &Path, mode: u32, path: &Path) -> Result<File, FileTrouble> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match files::create_new(lock, mode) {
            Ok(file) => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(FileTrouble::Io { tried: "lock", file: path.to_owned(), error });
            }
            Err(_) if Instant::now() >= deadline => {
                return Err(FileTrouble::Locked { file: path.to_owned(), lock: lock.to_owned() });
            }
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Follows links to the file that is to be replaced, whether it exists or not.
fn behind_links(path: &Path) -> Result<PathBuf, FileTrouble> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            // A relative link is relative to the folder it lies in; an absolute one replaces everything.
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(FileTrouble::LinkCircle(path.to_owned()))
}
