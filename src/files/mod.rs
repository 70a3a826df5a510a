//! The one place that makes files and folders: nothing else in this program creates any, which
//! tests/creating.rs holds against the source.
//!
//! - **Made** with their mode by creation, whatever the umask is: folders 0700, files 0600, and only what
//!   `setup --system` writes can be read by everybody. Never through a link, and never by root in a folder of
//!   somebody else's: `sudo git` must not leave files behind that their user cannot change.
//! - **Read** without following a link unseen, waiting on a FIFO, or reading a device. What decides something or
//!   holds secrets is refused where others can write it or its folder, or where it is another user's.
//! - **Changed** under a lock, from a fresh reading, into a temporary file beside the target that is flushed to
//!   the disk and renamed: at every moment the old or the new file is whole. Temporary files of a killed writer
//!   are removed by the next one, which holds the lock and so knows that nobody else is writing.
//!
//! Locks are a fixed number of files in a folder of their own, away from what lies among dotfiles. They are
//! `flock`s, which end with their process. Where a file system has none (NFS: ENOLCK), a file that exists only as
//! long as the lock is held takes their part.

mod make;
mod turn;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
use windows as platform;

pub(crate) use make::{append_to, create_new, make_folder, make_private, put_note, put_public, touch};
pub(crate) use platform::{PRIVATE, set_mode, sync_folder};
pub(crate) use turn::{Turn, is_running, take_turn};

use platform::{check_folder, open_checked};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use turn::take;
use zeroize::Zeroizing;

/// The largest file of ours that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// How a file is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// It holds secrets: ours alone, readable by nobody else, one name only.
    Secret,
    /// It decides what this program does or runs: writable by nobody else, ours or the system's.
    Deciding,
    /// The machine's owner wrote it to decide over this user: root's, as its folder is, and writable by root alone.
    Machine,
    /// It is another program's, which judges it by rules of its own (`.netrc`).
    Foreign,
}

/// Who may read what is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// This user.
    Owner,
    /// Every user of the machine: system configuration.
    Everyone,
}

impl Readers {
    /// Gives the mode of a file for them.
    pub(crate) fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
        }
    }
}

/// Why a file cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It is not as it must be: what is wrong, and what mends it.
    #[error("{} {fact}", path.display())]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, to follow the path.
        fact: String,
        /// What to do.
        remedy: String,
    },
    /// Another process holds the lock.
    #[error("another process holds {}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {doing} {}: {error}", path.display())]
    Io {
        /// What was tried, to stand before the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
}

impl FileError {
    /// Says what mends it, where that is known.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Unsafe { remedy, .. } => Some(remedy.clone()),
            Self::Busy { .. } => Some("try again in a moment".to_owned()),
            Self::Io { error, path, .. } => remedy_of(error, path),
        }
    }
}

/// Says what mends a refusal of the system to write a file.
pub(crate) fn remedy_of(error: &io::Error, path: &Path) -> Option<String> {
    let folder = path.parent().unwrap_or(path).display();
    if platform::is_held(error) {
        return Some(format!(
            "another program may hold {} (a virus scanner, a backup, an editor): try again in a moment; if it stays so, \
             see whether you may write there",
            path.display()
        ));
    }
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some("make room on that disk; the old file is unchanged".to_owned())
        }
        io::ErrorKind::PermissionDenied => Some(format!("make {folder} writable for you")),
        io::ErrorKind::ReadOnlyFilesystem => {
            Some(format!("mount {folder} writable, or let HOME or XDG_CONFIG_HOME name a folder that is"))
        }
        // A file that is mounted by itself, as containers do it, cannot be replaced by another.
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
            Some(format!("{} is a mount of its own: mount {folder} as a whole instead", path.display()))
        }
        _ => None,
    }
}

/// Tells whether a file, if it is there, is as it must be.
pub(crate) fn check(path: &Path, care: Care) -> Result<(), FileError> {
    open_checked(path, care).map(|_| ())
}

/// The same with the folder of a file that is not there yet.
pub(crate) fn check_place(path: &Path, care: Care) -> Result<(), FileError> {
    check_folder(path)?;
    // A link that leads to nothing yet is its user's.
    if path.exists() { check(path, care) } else { Ok(()) }
}

/// Refuses to make anything in a folder that is not for this process to write to.
///
/// # Errors
///
/// Root is refused in the folder of another user, be it there or only some folder above it.
pub(crate) fn check_home(folder: &Path) -> Result<(), FileError> {
    platform::check_home(folder)
}

/// Names this user, for a name in a folder that several share.
pub(crate) fn user() -> String {
    platform::user()
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |error| FileError::Io { doing, path, error }
}

/// Reads a file; `None` if there is none.
pub(crate) fn read(path: &Path, care: Care) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let Some(mut file) = open_checked(path, care)? else { return Ok(None) };
    let size = file.metadata().map_or(0, |meta| meta.len());
    if size > MAX_FILE {
        return Err(FileError::Unsafe {
            path: path.to_owned(),
            fact: format!("has {size} bytes, more than any such file"),
            remedy: format!("check it, and move it away: mv {0} {0}.old", path.display()),
        });
    }
    let size = usize::try_from(size).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::new());
    if size >= LONG {
        *bytes = std::mem::take(&mut *ROOM.lock().unwrap_or_else(PoisonError::into_inner));
    }
    bytes.reserve(size + 1);
    Read::by_ref(&mut file).take(MAX_FILE).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(Some(bytes))
}

/// From how many bytes on the memory for a file is worth being used again.
const LONG: usize = 64 * 1024;

/// What is left of a file that nobody needs any more.
static ROOM: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Has the next long file read into the memory of this one, which held no secret: with long lists new memory takes as
/// long as reading (measured: a twelfth of a `get` beside 10,000 accounts).
pub(crate) fn done_with(mut bytes: Zeroizing<Vec<u8>>) {
    bytes.truncate(0);
    *ROOM.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut *bytes);
}

/// The right to change one file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    /// The file as it was named.
    path: PathBuf,
    /// The file to change, links resolved.
    target: PathBuf,
    _turn: Turn,
}

/// Takes the right to change `path`, waiting at most `bound`; makes its folder if there is none. `locks` is the
/// folder of locks, where one of the file's name is taken.
pub(crate) fn lock(path: &Path, locks: &Path, bound: Duration) -> Result<Lock, FileError> {
    let target = match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => resolve(path)?,
        _ => path.to_owned(),
    };
    lock_target(path, target, locks, bound)
}

/// The same for a file that is begun anew when it cannot be read: a link in its place is replaced and
/// never written through, since what it leads to would be overwritten unread.
pub(crate) fn lock_in_place(path: &Path, locks: &Path, bound: Duration) -> Result<Lock, FileError> {
    lock_target(path, path.to_owned(), locks, bound)
}

fn lock_target(path: &Path, target: PathBuf, locks: &Path, bound: Duration) -> Result<Lock, FileError> {
    make_folder(folder_of(&target), Readers::Owner)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let turn = match take_turn(locks, &name, bound) {
        Err(FileError::Io { .. }) => {
            // No place for locks, such as a full or read-only disk, is no reason to lose a token.
            take(&folder_of(&target).join(beside(&target, ".lock")), bound)?
        }
        other => other?,
    };
    Ok(Lock { path: path.to_owned(), target, _turn: turn })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Follows a link to where the file is. A link to nothing is refused, as reading refuses it: what is not
/// there cannot be checked, and its folder may be anybody's.
fn resolve(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(failed("follow the link", path))
}

/// Names a hidden neighbour of a file: `.NAME` and an ending.
fn beside(path: &Path, ending: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    name
}

impl Lock {
    /// Reads the file as it is now.
    pub(crate) fn read(&self, care: Care) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
        read(&self.path, care)
    }

    /// Puts these bytes in the place of the file, flushed to the disk: all of them, or none.
    pub(crate) fn replace(&self, bytes: &[u8], care: Care) -> Result<(), FileError> {
        self.put(bytes, care, true)
    }

    /// The same without waiting for the disk: for what may be lost in a power cut, while git waits.
    pub(crate) fn replace_unflushed(&self, bytes: &[u8], care: Care) -> Result<(), FileError> {
        self.put(bytes, care, false)
    }

    fn put(&self, bytes: &[u8], care: Care, flush: bool) -> Result<(), FileError> {
        let target = &self.target;
        let folder = folder_of(target);
        check_folder(target)?;
        self.remove_leftovers(folder);
        let temporary = folder.join(beside(target, &format!(".{}.tmp", std::process::id())));
        let write = || {
            let mut file = create_new(&temporary, platform::mode_for(target, care))?;
            file.write_all(bytes)?;
            if flush {
                file.sync_all()?;
            }
            platform::patiently(|| fs::rename(&temporary, target))
        };
        if let Err(error) = write() {
            // Best effort: the next writer removes what is left.
            let _ = fs::remove_file(&temporary);
            return Err(failed("write", target)(error));
        }
        if flush {
            sync_folder(folder);
        }
        Ok(())
    }

    fn remove_leftovers(&self, folder: &Path) {
        let prefix = beside(&self.target, ".");
        let prefix = prefix.as_encoded_bytes();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if name.starts_with(prefix) && name.ends_with(b".tmp") {
                // A left-over that cannot be removed hurts nobody.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
