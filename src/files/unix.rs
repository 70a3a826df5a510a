//! Files on Unix: modes, owners, links that are not followed, and `flock`.

use super::{Care, FileError, Readers, failed, resolve};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Opens a file that is as it must be; `None` if there is none.
pub(super) fn open_checked(path: &Path, care: Care) -> Result<Option<File>, FileError> {
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

/// Folders far above our files, looked at by this process together with all that is above them. Our files are in three
/// places of one home, and the way up from there is the same.
static HARMLESS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Refuses a file whose folder others can write, or own: they could put another file in its place. Of the
/// folders above only those that everybody can write count: many a home's are its group's.
pub(super) fn check_folder(path: &Path) -> Result<(), FileError> {
    let mut harmless = HARMLESS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = Vec::new();
    for (level, folder) in path.ancestors().skip(1).enumerate() {
        if level > 0 && harmless.contains(folder) {
            break;
        }
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
        if !is_next {
            seen.push(folder);
        }
    }
    harmless.extend(seen.into_iter().map(Path::to_owned));
    Ok(())
}

/// Refuses a folder that is not root's.
fn roots_folder(path: &Path) -> Result<(), FileError> {
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

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Says what is wrong with a file or folder of another user, and what to do.
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
pub(super) fn check_home(folder: &Path) -> Result<(), FileError> {
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

/// What a file is whose readers are looked at each time that it is read.
pub(crate) const PRIVATE: &str = "which only you can read";

/// Names this user, for a name in a folder that several share.
pub(super) fn user() -> String {
    me().to_string()
}

/// Tells whether a folder is this user's and closed to everybody else; a link is none.
pub(super) fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == me() && meta.mode() & 0o077 == 0)
}

/// Tells whether nobody can take away what is made in the folder around this.
pub(super) fn is_safe_parent(folder: &Path) -> bool {
    let Some(Ok(meta)) = folder.parent().map(fs::metadata) else { return false };
    let is_sticky = meta.mode() & 0o1000 != 0 && meta.uid() == 0;
    is_sticky || (meta.uid() == me() && meta.mode() & 0o022 == 0)
}

/// Makes a folder in one that is there.
pub(super) fn make_one(folder: &Path, readers: Readers) -> io::Result<()> {
    let mode = match readers {
        Readers::Owner => 0o700,
        Readers::Everyone => 0o755,
    };
    // By the mode of its making: a chmod afterwards would leave a moment in which others come in.
    DirBuilder::new().mode(mode).create(folder)?;
    // What the umask took of it.
    if fs::symlink_metadata(folder)?.mode() & 0o777 != mode {
        fs::set_permissions(folder, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Opens with this mode what is made, through no link, and waits for nobody.
pub(super) fn no_follow(options: &mut OpenOptions, mode: u32) {
    options.mode(mode).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
}

/// Opens with this mode what is made, also through a link, and waits for nobody.
pub(super) fn no_wait(options: &mut OpenOptions, mode: u32) {
    options.mode(mode).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
}

/// Gives an open file exactly this mode.
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    match file.metadata()?.mode() & 0o777 == mode {
        true => Ok(()),
        false => file.set_permissions(Permissions::from_mode(mode)),
    }
}

/// Keeps the mode that the user gave a plain file; everything else is ours alone.
pub(super) fn mode_for(target: &Path, care: Care) -> u32 {
    let meta = fs::symlink_metadata(target).ok().filter(|meta| care != Care::Secret && meta.is_file());
    meta.map_or(0o600, |meta| meta.mode() & 0o755 | 0o600)
}

/// Makes a rename or a removal survive a power cut, where the system can.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Some file systems refuse to flush a folder; the file itself is flushed already.
        let _ = folder.sync_all();
    }
}

/// Does something with a file. Nobody's open file is in the way here.
pub(super) fn patiently<T>(act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut act = act;
    act()
}

/// Tells whether another program that has the file open is in the way.
pub(super) fn is_held(_error: &io::Error) -> bool {
    false
}

/// Tells whether this file system cannot lock (NFS without lockd, some FUSE).
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    let none = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::INVAL];
    none.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Names this machine.
pub(super) fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Tells whether a process of this number runs on this machine; `None` where that cannot be known.
pub(super) fn runs(pid: i32) -> Option<bool> {
    Some(Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH)))
}
