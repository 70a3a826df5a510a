//! Files on Windows: the folder's inherited access list protects them, and whoever has one open can be in the way.
//!
//! A profile's folders are open to their user, the system and administrators alone, and what is made in them inherits
//! that. Nothing here sets or looks at an access list: so nothing is said of who can read a file there.

use super::{Care, FileError, Readers, failed};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a file that another program has open is waited for. A virus scanner or a backup takes some tenths of a
/// second; git waits for up to 71 ms when it replaces one.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The first pause between two tries, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

// What Windows says where another program has a file open, as winerror.h names it.
const ACCESS_DENIED: i32 = 5;
const SHARING_VIOLATION: i32 = 32;
const LOCK_VIOLATION: i32 = 33;

/// Opens a file; `None` if there is none.
pub(super) fn open_checked(path: &Path, _care: Care) -> Result<Option<File>, FileError> {
    match patiently(|| File::open(path)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("open", path)(error)),
    }
}

/// The access list of a folder is not looked at.
pub(super) fn check_folder(_path: &Path) -> Result<(), FileError> {
    Ok(())
}

/// There is no root here who could lock a user out of a file.
pub(super) fn check_home(_folder: &Path) -> Result<(), FileError> {
    Ok(())
}

/// What a file is whose readers nobody looks at: it inherits who may read it.
pub(crate) const PRIVATE: &str = "in your own profile";

/// Names this user, for a name in a folder that several share.
pub(super) fn user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

/// Tells whether there is a folder: its access list is not looked at.
pub(super) fn is_private(folder: &Path) -> bool {
    folder.is_dir()
}

/// Tells whether there is a folder around this.
pub(super) fn is_safe_parent(folder: &Path) -> bool {
    folder.parent().is_some_and(Path::is_dir)
}

/// Makes a folder in one that is there, whose access list it inherits.
pub(super) fn make_one(folder: &Path, _readers: Readers) -> io::Result<()> {
    DirBuilder::new().create(folder)
}

/// There are no modes here, and making a link takes a right that few users have.
pub(super) fn no_follow(_options: &mut OpenOptions, _mode: u32) {}

/// There are no modes here.
pub(super) fn no_wait(_options: &mut OpenOptions, _mode: u32) {}

/// There are no modes here.
pub(crate) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// There are no modes here.
pub(super) fn mode_for(_target: &Path, _care: Care) -> u32 {
    0o600
}

/// A folder cannot be flushed here.
pub(crate) fn sync_folder(_folder: &Path) {}

/// Does something with a file, again and again for a moment where another program has it open.
pub(super) fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + PATIENCE;
    let (mut pause, longest) = PAUSES;
    loop {
        match act() {
            Err(error) if is_held(&error) && Instant::now() < until => {
                thread::sleep(pause);
                pause = (pause * 2).min(longest);
            }
            done => return done,
        }
    }
}

/// Tells whether another program that has the file open is in the way: Windows says so in three ways. A file that
/// this user may not touch at all says one of them, too.
pub(super) fn is_held(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION | LOCK_VIOLATION))
}

/// Tells whether this file system cannot lock.
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// Names this machine.
pub(super) fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Not known here: what a process left is looked at by whoever comes next.
pub(super) fn runs(_pid: i32) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::windows::fs::OpenOptionsExt;

    #[test]
    fn a_file_that_another_program_holds_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "text").expect("written");
        let held = OpenOptions::new().read(true).share_mode(0).open(&path).expect("held");
        let release = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            drop(held);
        });
        assert!(open_checked(&path, Care::Secret).expect("it came free").is_some());
        release.join().expect("no panic");
    }

    #[test]
    fn a_file_that_stays_held_is_given_up_and_what_holds_it_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "text").expect("written");
        let _held = OpenOptions::new().read(true).share_mode(0).open(&path).expect("held");
        let error = open_checked(&path, Care::Secret).expect_err("it is held");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("virus scanner")), "{error}");
    }
}
