//! Files of our own: read with checks, locked while they change, replaced whole or not at all.
//!
//! Reading never follows a symbolic link unseen, never waits on a FIFO and never reads a device. A change
//! happens under a lock in a file of its own (`flock`: it dies with its process, so a kill -9 leaves
//! nothing locked), from a fresh reading, into a temporary file beside the target that is flushed to the
//! disk and renamed; so at every moment the old or the new file is whole. Left-over temporary files are
//! removed by the next writer, who holds the lock and so knows that nobody is still writing one.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The largest file of ours that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// How a file is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// It holds secrets: ours alone, readable by nobody else, one name only, in a folder nobody else writes.
    Secret,
    /// It holds no secret but decides things: not writable by everybody, ours or the system's.
    Plain,
}

/// Why a file cannot be read or changed.
#[derive(Debug)]
pub enum Trouble {
    /// It is not as it must be: what is wrong, and the command that mends it.
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, to follow the path.
        fact: String,
        /// What to do.
        remedy: String,
    },
    /// Somebody else holds the lock.
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// The system says no.
    Io {
        /// What was tried, to stand before the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsafe { path, fact, .. } => write!(f, "{} {fact}", path.display()),
            Self::Busy { path } => write!(f, "another process holds {}", path.display()),
            Self::Io { doing, path, error } => write!(f, "cannot {doing} {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Trouble {}

impl Trouble {
    /// Says what mends it, where that is known.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Unsafe { remedy, .. } => Some(remedy.clone()),
            Self::Busy { .. } => Some("try again in a moment".to_owned()),
            Self::Io { error, path, .. } => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    Some("make room on that disk; the old file is unchanged".to_owned())
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some(format!("make {} writable for you", path.parent().unwrap_or(path).display()))
                }
                _ => None,
            },
        }
    }
}

fn io_trouble(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Trouble {
    let path = path.to_owned();
    move |error| Trouble::Io { doing, path, error }
}

/// Reads a file; `None` if there is none.
pub fn read(path: &Path, care: Care) -> Result<Option<Zeroizing<Vec<u8>>>, Trouble> {
    let Some(mut file) = open_checked(path, care)? else { return Ok(None) };
    let size = file.metadata().map_or(0, |meta| meta.len());
    if size > MAX_FILE {
        return Err(Trouble::Unsafe {
            path: path.to_owned(),
            fact: format!("has {size} bytes, more than any such file"),
            remedy: format!("look at it, and move it away: mv {0} {0}.old", path.display()),
        });
    }
    let size = usize::try_from(size).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    Read::by_ref(&mut file).take(MAX_FILE).read_to_end(&mut bytes).map_err(io_trouble("read", path))?;
    Ok(Some(bytes))
}

/// Tells whether a file, if it is there, is as it must be.
pub fn check(path: &Path, care: Care) -> Result<(), Trouble> {
    open_checked(path, care).map(|_| ())
}

#[cfg(unix)]
fn open_checked(path: &Path, care: Care) -> Result<Option<File>, Trouble> {
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
        Err(errno) => return Err(io_trouble("open", path)(errno.into())),
    };
    let meta = file.metadata().map_err(io_trouble("look at", path))?;
    let wrong = |fact: &str, remedy: String| {
        // What a link leads to may be anything, also a file of the system's: no command to change it.
        let (fact, remedy) = match &target {
            Some(_) => (
                format!("is a link, and what it leads to {fact}"),
                format!("see where it leads: ls -l {}", path.display()),
            ),
            None => (fact.to_owned(), remedy),
        };
        Err(Trouble::Unsafe { path: path.to_owned(), fact, remedy })
    };
    if !meta.is_file() {
        return wrong("is not a regular file", format!("move it away: mv {0} {0}.old", path.display()));
    }
    let me = rustix::process::geteuid().as_raw();
    let owner_fits = meta.uid() == me || (care == Care::Plain && meta.uid() == 0);
    if !owner_fits {
        return wrong(
            "belongs to another user",
            format!("chown it to yourself, or move it away: {}", path.display()),
        );
    }
    match care {
        Care::Secret if meta.mode() & 0o077 != 0 => {
            let fact = format!("can be read or written by others (mode {:04o})", meta.mode() & 0o7777);
            wrong(&fact, format!("chmod 600 {}", path.display()))
        }
        // None: a writer has put a new file in its place since it was opened. It is as whole as it was.
        Care::Secret if meta.nlink() > 1 => wrong(
            "has more than one name (hard links)",
            format!("find the other name, and remove it: find ~ -samefile {}", path.display()),
        ),
        Care::Plain if meta.mode() & 0o002 != 0 => {
            wrong("can be written by everybody", format!("chmod o-w {}", path.display()))
        }
        Care::Secret => check_folder(target.as_deref().unwrap_or(path)).map(|()| Some(file)),
        Care::Plain => Ok(Some(file)),
    }
}

/// Refuses a folder that others may write: they could put another file in the place of ours.
#[cfg(unix)]
fn check_folder(path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::MetadataExt;
    let folder = path.parent().unwrap_or(path);
    match fs::metadata(folder) {
        Ok(meta) if meta.mode() & 0o022 != 0 && meta.mode() & 0o1000 == 0 => Err(Trouble::Unsafe {
            path: folder.to_owned(),
            fact: format!("can be written by others (mode {:04o})", meta.mode() & 0o7777),
            remedy: format!("chmod 700 {}", folder.display()),
        }),
        // A folder that cannot be looked at shows itself when the file in it is opened.
        _ => Ok(()),
    }
}

/// On Windows the folder's inherited access list protects the file.
#[cfg(not(unix))]
fn open_checked(path: &Path, _care: Care) -> Result<Option<File>, Trouble> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_trouble("open", path)(error)),
    }
}

/// The right to change one file, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    /// The file as it was named.
    path: PathBuf,
    /// The file to change, links resolved.
    target: PathBuf,
    _lock: File,
}

/// Takes the right to change `path`, waiting at most `bound`; makes the folder if there is none.
pub fn lock(path: &Path, bound: Duration) -> Result<Lock, Trouble> {
    let target = match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => resolve(path)?,
        _ => path.to_owned(),
    };
    lock_target(path, target, bound)
}

/// The same for a file that is begun anew when it cannot be read: a link in its place is replaced and
/// never written through, since what it leads to would be overwritten unread.
pub fn lock_in_place(path: &Path, bound: Duration) -> Result<Lock, Trouble> {
    lock_target(path, path.to_owned(), bound)
}

fn lock_target(path: &Path, target: PathBuf, bound: Duration) -> Result<Lock, Trouble> {
    let folder = target.parent().unwrap_or(Path::new("/"));
    make_folder(folder)?;
    let lock_path = folder.join(beside(&target, ".lock"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options
            .mode(0o600)
            .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(&lock_path).map_err(io_trouble("open the lock", &lock_path))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { path: path.to_owned(), target, _lock: file }),
            Err(fs::TryLockError::WouldBlock) if start.elapsed() < bound => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(fs::TryLockError::WouldBlock) => return Err(Trouble::Busy { path: lock_path }),
            Err(fs::TryLockError::Error(error)) => return Err(io_trouble("lock", &lock_path)(error)),
        }
    }
}

/// Follows a link to where the file is. A link to nothing is refused, as reading refuses it: what is not
/// there cannot be checked, and its folder may be anybody's.
fn resolve(path: &Path) -> Result<PathBuf, Trouble> {
    fs::canonicalize(path).map_err(io_trouble("follow the link", path))
}

/// Makes a folder and its parents, for this user alone.
pub fn make_folder(folder: &Path) -> Result<(), Trouble> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        // By the mode of its making: a chmod afterwards would leave a moment in which others come in.
        builder.mode(0o700);
    }
    builder.create(folder).map_err(io_trouble("make the folder", folder))
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
    pub fn read(&self, care: Care) -> Result<Option<Zeroizing<Vec<u8>>>, Trouble> {
        read(&self.path, care)
    }

    /// Puts these bytes in the place of the file, flushed to the disk: all of them, or none.
    pub fn replace(&self, bytes: &[u8], care: Care) -> Result<(), Trouble> {
        self.put(bytes, care, true)
    }

    /// The same without waiting for the disk: for what may be lost in a power cut, while git waits.
    pub fn replace_unflushed(&self, bytes: &[u8], care: Care) -> Result<(), Trouble> {
        self.put(bytes, care, false)
    }

    fn put(&self, bytes: &[u8], care: Care, flush: bool) -> Result<(), Trouble> {
        let target = &self.target;
        let folder = target.parent().unwrap_or(Path::new("/"));
        #[cfg(unix)]
        if care == Care::Secret {
            check_folder(target)?;
        }
        self.remove_leftovers(folder);
        let temporary = folder.join(beside(target, &format!(".{}.tmp", std::process::id())));
        let written = write_new(&temporary, bytes, mode_for(target, care), flush)
            .and_then(|()| fs::rename(&temporary, target));
        if let Err(error) = written {
            // Best effort: the next writer removes what is left.
            let _ = fs::remove_file(&temporary);
            return Err(io_trouble("write", target)(error));
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

fn write_new(path: &Path, bytes: &[u8], mode: u32, flush: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    if flush { file.sync_all() } else { Ok(()) }
}

/// Keeps the mode that the user gave a plain file; everything else is ours alone.
fn mode_for(target: &Path, care: Care) -> u32 {
    #[cfg(unix)]
    if care == Care::Plain {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::symlink_metadata(target).ok().filter(fs::Metadata::is_file);
        return meta.map_or(0o600, |meta| meta.mode() & 0o777);
    }
    let _ = (target, care);
    0o600
}

/// Makes the renaming itself survive a power cut, where the system can.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // Some file systems refuse to flush a folder; the file itself is flushed already.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn secret_file(folder: &Path, mode: u32) -> PathBuf {
        let path = folder.join("secrets.toml");
        lock(&path, Duration::from_secs(1)).expect("a lock").replace(b"x", Care::Secret).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        path
    }

    fn fact(result: Result<Option<Zeroizing<Vec<u8>>>, Trouble>) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn a_secret_file_is_made_for_its_user_alone_and_read_only_like_that() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("a/b");
        let path = secret_file(&folder, 0o600);
        assert_eq!(fs::metadata(&folder).expect("made").permissions().mode() & 0o777, 0o700);
        assert_eq!(read(&path, Care::Secret).expect("read").as_deref().map(Vec::as_slice), Some(&b"x"[..]));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        let trouble = read(&path, Care::Secret).expect_err("refused");
        assert!(trouble.remedy().is_some_and(|remedy| remedy.starts_with("chmod 600 ")));
        assert_eq!(
            fs::metadata(&path).expect("there").permissions().mode() & 0o777,
            0o640,
            "never mended silently"
        );
        assert!(read(&path, Care::Plain).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("chmod");
        assert!(fact(read(&path, Care::Secret)).contains("can be written by others"));
    }

    #[test]
    fn fifos_devices_folders_loops_and_second_names_are_refused_without_waiting() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().expect("mkfifo").success());
        assert!(fact(read(&at("fifo"), Care::Plain)).contains("not a regular file"));
        assert!(fact(read(home.path(), Care::Plain)).contains("not a regular file"));
        symlink("/dev/zero", at("device")).expect("linked");
        assert!(fact(read(&at("device"), Care::Plain)).contains("not a regular file"));
        symlink(at("loop"), at("loop")).expect("linked");
        assert!(fact(read(&at("loop"), Care::Plain)).contains("follow the link"));
        let path = secret_file(home.path(), 0o600);
        fs::hard_link(&path, at("second")).expect("linked");
        assert!(fact(read(&path, Care::Secret)).contains("more than one name"));
        assert!(read(&at("absent"), Care::Secret).expect("fine").is_none());
    }

    #[test]
    fn a_reader_beside_a_writer_always_has_a_whole_file() {
        let home = tempfile::tempdir().expect("a folder");
        let path = secret_file(home.path(), 0o600);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..2000 {
                    let lock = lock(&path, Duration::from_secs(9)).expect("a lock");
                    lock.replace_unflushed(b"x", Care::Secret).expect("written");
                }
            });
            while !writer.is_finished() {
                assert_eq!(**read(&path, Care::Secret).expect("fine").expect("there"), *b"x");
            }
        });
    }

    #[test]
    fn a_link_is_followed_and_the_new_file_lies_beside_its_target() {
        let home = tempfile::tempdir().expect("a folder");
        let target = secret_file(&home.path().join("dotfiles"), 0o600);
        let link = home.path().join("secrets.toml");
        symlink(&target, &link).expect("linked");
        lock(&link, Duration::from_secs(1)).expect("a lock").replace(b"new", Care::Secret).expect("written");
        assert_eq!(fs::read(&target).expect("there"), b"new");
        assert!(fs::symlink_metadata(&link).expect("there").file_type().is_symlink());
    }

    #[test]
    fn a_link_to_nothing_or_in_the_place_of_what_is_begun_anew_is_not_written_through() {
        let home = tempfile::tempdir().expect("a folder");
        let link = home.path().join("outcomes.toml");
        symlink(home.path().join("nothing"), &link).expect("linked");
        let second = Duration::from_secs(1);
        assert!(lock(&link, second).expect_err("refused").to_string().contains("follow the link"));
        let precious = secret_file(home.path(), 0o644);
        fs::remove_file(&link).expect("ours");
        symlink(&precious, &link).expect("linked");
        lock_in_place(&link, second).expect("a lock").replace(b"new", Care::Plain).expect("written");
        assert_eq!(fs::read(&precious).expect("there"), b"x");
        assert_eq!(fs::read(&link).expect("there"), b"new");
        let meta = fs::symlink_metadata(&link).expect("there");
        assert!(meta.is_file() && meta.permissions().mode() & 0o777 == 0o600);
    }

    #[test]
    fn a_writer_removes_what_a_killed_one_left() {
        let home = tempfile::tempdir().expect("a folder");
        let path = secret_file(home.path(), 0o600);
        let left = home.path().join(".secrets.toml.4711.tmp");
        fs::write(&left, b"half").expect("written");
        lock(&path, Duration::from_secs(1)).expect("a lock").replace(b"y", Care::Secret).expect("written");
        assert!(!left.exists());
    }

    #[test]
    fn a_held_lock_is_waited_for_and_named() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("accounts.toml");
        let _held = lock(&path, Duration::from_secs(1)).expect("a lock");
        let busy = lock(&path, Duration::from_millis(20)).expect_err("busy");
        assert!(busy.to_string().contains(".accounts.toml.lock"), "{busy}");
    }
}
