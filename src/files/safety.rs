//! Is a file or folder safe: whose it is, who can write it, what it is.

use super::{Care, FileError, failed, resolve};
use std::fs::{self, File};
use std::path::Path;

/// The same with the folder of a file that is not there yet.
pub(crate) fn check_place(path: &Path, care: Care) -> Result<(), FileError> {
    check_folder(path)?;
    // A link that leads to nothing yet is its user's.
    if path.exists() { check(path, care) } else { Ok(()) }
}

/// Tells whether a file, if it is there, is as it must be.
pub(crate) fn check(path: &Path, care: Care) -> Result<(), FileError> {
    open_checked(path, care).map(|_| ())
}

#[cfg(unix)]
pub(super) fn open_checked(path: &Path, care: Care) -> Result<Option<File>, FileError> {
    use rustix::fs::{Mode, OFlags};
    use std::os::unix::fs::MetadataExt;

    // NONBLOCK: opening a FIFO returns at once instead of waiting for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = |path: &Path| rustix::fs::open(path, flags, Mode::empty());
    let (opened, target) = match open(path) {
        // A link (dotfile managers make them): its target is held to the same rules.
        Err(rustix::io::Errno::LOOP) => {
            let target = resolve(path)?;
            (open(&target), Some(target))
        }
        other => (other, None),
    };
    let file = match opened {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(failed("open", path)(errno.into())),
    };
    let meta = file.metadata().map_err(failed("look at", path))?;
    let wrong = |fact: &str, remedy: String| {
        // What a link leads to may be anything, also a file of the system's: no command to change it.
        let (fact, remedy) = match &target {
            Some(_) => (
                format!("is a link, and what it leads to {fact}"),
                format!("check where it leads: ls -l {}", path.display()),
            ),
            None => (fact.to_owned(), remedy),
        };
        Err(FileError::Unsafe { path: path.to_owned(), fact, remedy })
    };
    let (mode, me) = (meta.mode() & 0o7777, me());
    if !meta.is_file() {
        return wrong("is not a regular file", format!("move it away: mv {0} {0}.old", path.display()));
    }
    match care {
        Care::Foreign => return Ok(Some(file)),
        // The system's files decide too, where somebody installs them. Secrets of root's are root's.
        Care::Deciding | Care::Machine if meta.uid() == 0 => {}
        Care::Deciding | Care::Secret if meta.uid() == me => {}
        Care::Machine => {
            return wrong("does not belong to root", format!("chown root: {}", path.display()));
        }
        Care::Deciding | Care::Secret => {
            let (fact, remedy) = objection(path, meta.uid());
            return wrong(&fact, remedy);
        }
    }
    match care {
        Care::Secret if mode & 0o077 != 0 => {
            let fact = format!("can be read or written by others (mode {mode:04o})");
            return wrong(&fact, format!("chmod 600 {}", path.display()));
        }
        // None: a writer has put a new file in its place since it was opened. It is as whole as it was.
        Care::Secret if meta.nlink() > 1 => {
            return wrong(
                "has more than one name (hard links)",
                format!("find the other name, and remove it: find ~ -samefile {}", path.display()),
            );
        }
        Care::Deciding | Care::Machine if mode & 0o022 != 0 => {
            let fact = format!("can be written by others (mode {mode:04o})");
            return wrong(&fact, format!("chmod go-w {}", path.display()));
        }
        Care::Machine => roots_folder(target.as_deref().unwrap_or(path))?,
        Care::Secret | Care::Deciding | Care::Foreign => {}
    }
    // Both ends of a link: who can write where it lies can make it lead elsewhere.
    std::iter::once(path).chain(target.as_deref()).try_for_each(check_folder)?;
    Ok(Some(file))
}

/// Refuses a file whose folder others can write, or own: they could put another file in its place. Of the
/// folders above only those that everybody can write count: many a home's are its group's.
#[cfg(unix)]
pub(super) fn check_folder(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt;
    for (level, folder) in path.ancestors().skip(1).enumerate() {
        // A folder that cannot be looked at shows itself when the file in it is opened.
        let Ok(meta) = fs::metadata(folder) else { continue };
        let wrong =
            |fact: String, remedy: String| Err(FileError::Unsafe { path: folder.to_owned(), fact, remedy });
        let (mode, is_next) = (meta.mode() & 0o7777, level == 0);
        if is_next && meta.uid() != me() && meta.uid() != 0 {
            let (fact, remedy) = objection(folder, meta.uid());
            return wrong(fact, remedy);
        }
        // In a sticky folder such as /tmp nobody can replace what is somebody else's.
        let by_others = if is_next { 0o022 } else { 0o002 };
        if mode & by_others != 0 && mode & 0o1000 == 0 {
            let remedy = if is_next { "chmod 700" } else { "chmod o-w" };
            return wrong(
                format!("can be written by others (mode {mode:04o})"),
                format!("{remedy} {}", folder.display()),
            );
        }
    }
    Ok(())
}

/// Refuses a folder that is not root's.
#[cfg(unix)]
fn roots_folder(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt;
    let folder = path.parent().unwrap_or(path);
    if fs::metadata(folder).map_err(failed("look at", folder))?.uid() == 0 {
        return Ok(());
    }
    Err(FileError::Unsafe {
        path: folder.to_owned(),
        fact: "does not belong to root".to_owned(),
        remedy: format!("chown root: {}", folder.display()),
    })
}

#[cfg(unix)]
pub(super) fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Says what is wrong with a file or folder of another user, and what to do.
#[cfg(unix)]
fn objection(path: &Path, owner: u32) -> (String, String) {
    let name = |uid: u32| {
        let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)).ok().flatten();
        user.map_or_else(|| format!("user {uid}"), |user| user.name)
    };
    let remedy = match me() {
        // `sudo git` in somebody's home: a chown would lock that user out.
        0 => format!("run git as {}", name(owner)),
        me if owner == 0 => format!("sudo chown {} {}", name(me), path.display()),
        _ => format!("move it away: mv {0} {0}.old", path.display()),
    };
    (format!("belongs to {}", name(owner)), remedy)
}

/// Keeps root from leaving anything in somebody else's home.
#[cfg(unix)]
fn keep_root_out(folder: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt;
    if me() != 0 {
        return Ok(());
    }
    let Some((there, meta)) =
        folder.ancestors().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)))
    else {
        return Ok(());
    };
    if meta.uid() == 0 {
        return Ok(());
    }
    let (fact, remedy) = objection(there, meta.uid());
    Err(FileError::Unsafe { path: there.to_owned(), fact, remedy })
}

/// On Windows the folder's inherited access list protects the file.
#[cfg(not(unix))]
pub(super) fn open_checked(path: &Path, _care: Care) -> Result<Option<File>, FileError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("open", path)(error)),
    }
}

#[cfg(not(unix))]
pub(super) fn check_folder(_: &Path) -> Result<(), FileError> {
    Ok(())
}

/// Refuses to make anything in a folder that is not for this process to write to.
///
/// # Errors
///
/// Root is refused in the folder of another user, be it there or only some folder above it.
pub(crate) fn check_home(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    keep_root_out(folder)?;
    let _ = folder;
    Ok(())
}

/// Names this user, for a name in a folder that several share.
pub(crate) fn user() -> String {
    #[cfg(unix)]
    let user = me().to_string();
    #[cfg(not(unix))]
    let user = std::env::var("USERNAME").unwrap_or_default();
    user
}
