//! Locks: by `flock`, which ends with its process, and by the existence of a file where there is no `flock`.

use super::make::{create_new, make_folder};
use super::platform::{has_no_locks, machine, no_follow, patiently, runs};
use super::{FileError, Readers, failed};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Between two tries to take a lock where one cannot wait for it.
const PAUSE: Duration = Duration::from_millis(2);

/// A right that one process has at a time, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Held by `flock`, or else a file that exists as long as this does.
    _file: File,
    held: Option<PathBuf>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            // One that stays is found out by its process being gone.
            let _ = fs::remove_file(held);
        }
    }
}

/// Takes the right of that name, waiting at most `bound`; `folder` holds the locks.
///
/// # Errors
///
/// [`FileError::Busy`] when the bound is over; anything else means that no lock can be had there.
pub(crate) fn take_turn(folder: &Path, name: &str, bound: Duration) -> Result<Turn, FileError> {
    make_folder(folder, Readers::Owner)?;
    take(&folder.join(format!("{name}.lock")), bound)
}

pub(super) fn take(path: &Path, bound: Duration) -> Result<Turn, FileError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    no_follow(&mut options, Readers::Owner.file_mode());
    let file = patiently(|| options.open(path)).map_err(failed("open the lock", path))?;
    let start = Instant::now();
    let locked = match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => wait_in_line(&file, bound),
        other => other,
    };
    match locked {
        Ok(()) => Ok(Turn { _file: file, held: None }),
        Err(fs::TryLockError::WouldBlock) => Err(FileError::Busy { path: path.to_owned() }),
        Err(fs::TryLockError::Error(error)) if has_no_locks(&error) => {
            take_by_existence(path, bound.saturating_sub(start.elapsed()))
        }
        Err(fs::TryLockError::Error(error)) => Err(failed("lock", path)(error)),
    }
}

/// Waits for a lock as the system queues those who wait, first come first served: of many who ask again and again,
/// some ask in vain for long, and all of them take time from the one that holds it. The call itself has no bound, so
/// a thread makes it, with a handle of its own: a lock that comes too late ends with the last handle.
fn wait_in_line(file: &File, bound: Duration) -> Result<(), fs::TryLockError> {
    let (report, reported) = mpsc::channel();
    let waiter = file.try_clone().and_then(|file| {
        thread::Builder::new().spawn(move || {
            let locked = loop {
                match file.lock() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            drop(file);
            // If nobody listens, the time was over.
            let _ = report.send(locked);
        })
    });
    if waiter.is_ok() {
        let locked = reported.recv_timeout(bound).map_err(|_| fs::TryLockError::WouldBlock)?;
        return locked.map_err(fs::TryLockError::Error);
    }
    // No thread can be had here.
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) if start.elapsed() < bound => thread::sleep(PAUSE),
            other => return other,
        }
    }
}

/// A lock by existence that is older than this is nobody's, whatever stands in it.
const ABANDONED: Duration = Duration::from_secs(10 * 60);

/// Locks by making a file that must not exist. It names its holder, so that one left by a killed process is
/// taken over by the next on the same machine.
fn take_by_existence(lock: &Path, bound: Duration) -> Result<Turn, FileError> {
    let held = lock.with_extension("held");
    let start = Instant::now();
    loop {
        match create_new(&held, Readers::Owner.file_mode()) {
            Ok(mut file) => {
                file.write_all(holder().as_bytes()).map_err(failed("write", &held))?;
                return Ok(Turn { _file: file, held: Some(held) });
            }
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("lock", &held)(error));
            }
            Err(_) if is_abandoned(&held) => {
                let _ = fs::remove_file(&held);
            }
            Err(_) if start.elapsed() < bound => thread::sleep(PAUSE),
            Err(_) => return Err(FileError::Busy { path: held }),
        }
    }
}

/// Names this process: its number and its machine.
fn holder() -> String {
    format!("{} {}", std::process::id(), machine())
}

/// Tells whether a process of this number runs on this machine; what cannot be known counts as no.
pub(crate) fn is_running(pid: i32) -> bool {
    runs(pid).unwrap_or(false)
}

fn is_abandoned(held: &Path) -> bool {
    let age = fs::symlink_metadata(held).and_then(|meta| meta.modified()).map(|at| at.elapsed());
    if age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
        return true;
    }
    let Ok(text) = fs::read_to_string(held) else { return false };
    let Some((pid, machine)) = text.split_once(' ') else { return false };
    let here = holder();
    here.split_once(' ').is_some_and(|(_, this)| this == machine)
        && pid.parse().is_ok_and(|pid| runs(pid) == Some(false))
}
