//! Making files and folders: with their mode by creation, and through no link.

use super::platform::{
    check_home, is_private, is_safe_parent, make_one, no_follow, no_wait, patiently, set_mode,
};
use super::{FileError, Readers, beside, failed, folder_of};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes a folder, with those above it that are missing.
///
/// A folder that is there is left as it is: reading what lies in it tells whether it is safe.
pub(crate) fn make_folder(folder: &Path, readers: Readers) -> Result<(), FileError> {
    if folder.is_dir() {
        return check_home(folder);
    }
    check_home(folder)?;
    if let Some(parent) = folder.parent() {
        make_folder(parent, readers)?;
    }
    match make_one(folder, readers) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made.map_err(failed("make the folder", folder)),
    }
}

/// Makes a folder for this user alone in one that is there, if that is a place where nobody can take it away:
/// this user's own, or a sticky one of the system's such as `/tmp`. Tells whether it is there, this user's, and
/// closed to everybody else; a link is none.
pub(crate) fn make_private(folder: &Path) -> bool {
    let make = || {
        // What cannot be made may be there by now: another process was faster.
        let _ = make_one(folder, Readers::Owner);
        is_private(folder)
    };
    is_private(folder) || (is_safe_parent(folder) && make())
}

/// Makes an empty file if there is none; one that is there is left as it is.
pub(crate) fn touch(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    no_follow(&mut options, Readers::Owner.file_mode());
    options.open(path).map(drop)
}

/// Opens a file of the user's choice to write at its end and to see what is in it, and makes it if there is none.
/// Nothing is waited for, whatever it is.
pub(crate) fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    no_wait(&mut options, Readers::Owner.file_mode());
    options.open(path)
}

/// Puts a small file in the place of what is there, without lock and flush, in a private folder: for what may be
/// lost. A reader may see a part of it.
pub(crate) fn put_note(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Removed first: a link, or a file with other rights, must not be written through.
    let _ = fs::remove_file(path);
    create_new(path, Readers::Owner.file_mode())?.write_all(bytes)
}

/// Puts a whole file for these readers in the place of what is there, and makes the folders around it. A link is
/// replaced, not followed.
pub(crate) fn put_public(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    make_folder(folder_of(path), readers)?;
    let temporary = folder_of(path).join(beside(path, &format!(".{}.tmp", std::process::id())));
    let write = || {
        create_new(&temporary, readers.file_mode())?.write_all(bytes)?;
        patiently(|| fs::rename(&temporary, path))
    };
    write().map_err(|error| {
        // Best effort: it is ours, and of no use.
        let _ = fs::remove_file(&temporary);
        failed("write", path)(error)
    })
}

/// Creates a file that must not exist, with exactly this mode.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`], also where a link stands that leads nowhere.
pub(crate) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    no_follow(&mut options, mode);
    let file = options.open(path)?;
    // Best effort: a file system without modes has its own.
    let _ = set_mode(&file, mode);
    Ok(file)
}
