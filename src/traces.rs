//! Traces: git was answered and has not said yet how it went.
//!
//! Git tells a helper about a success (`store`) and about 401 (`erase`), and about 403 and 404 nothing
//! (measured: it just ends). So each answer leaves an empty file whose name says who was answered what;
//! `store` and `erase` remove it. One that is still there although its git process is gone is an operation
//! that was refused without a word, or that somebody broke off: worth asking once.
//!
//! ```text
//! t-ACCOUNT-PLACE-PID-START-BOOT      two hashes, and the process as `ancestry` names it
//! u-...-PLACE-PID-START-BOOT          nobody answered this process: a token it stores next may be learned
//! f-SECRET-PLACE-PID-START-BOOT       a fallback answered it with this secret, which is therefore the fallback's
//! ```
//!
//! No lock and no flush: losing a trace loses nothing, and learns nothing: only a `u-` lets a secret be learned,
//! and an answer takes it away. The folder is this user's alone. However many traces are left behind, a bounded
//! number is looked at; those that nobody needs any more, then the oldest, are swept away.

use crate::ancestry::{self, ProcessId};
use crate::files;
use crate::paths::Paths;
use crate::remote::{Direction, Remote};
use hmac_sha256::Hash;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// More traces than this are swept.
const MANY: usize = 256;
/// How many a sweep leaves.
const LEFT: usize = 64;
/// How many traces are looked at.
const READ: usize = 8192;
/// How the name of each begins.
const BEGINNING: &str = "t-";
/// The same for a request that nobody answered.
const UNANSWERED: &str = "u-";
/// The same for one that a fallback answered.
const BY_FALLBACK: &str = "f-";
/// What is about the process that asked, and means nothing when that is gone.
const OF_THE_ASKER: [&str; 2] = [UNANSWERED, BY_FALLBACK];

/// Which account was answered for which place and direction, as it stands in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    /// Makes the mark of a request that nobody answered: what git is told then by a person, it tells us.
    pub(crate) fn unanswered(remote: &Remote) -> Self {
        Self::for_asker(UNANSWERED, "unanswered", remote)
    }

    /// Makes the mark of a request that a fallback answered, with a secret of this fingerprint.
    pub(crate) fn by_fallback(fingerprint: &str, remote: &Remote) -> Self {
        Self::for_asker(BY_FALLBACK, fingerprint, remote)
    }

    fn for_asker(beginning: &str, id: &str, remote: &Remote) -> Self {
        let Self(name) = Self::of(id, remote, Direction::Fetch);
        Self(name.replacen(BEGINNING, beginning, 1))
    }

    /// Makes the mark of an account, by its id, for a place and direction.
    pub(crate) fn of(id: &str, remote: &Remote, direction: Direction) -> Self {
        let place = format!("{} {} {}", remote.host, direction.name(), remote.name().to_ascii_lowercase());
        Self(format!("{BEGINNING}{}-{}", short_hash(id), short_hash(&place)))
    }

    /// Gives it as text, to name a lock by.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives 64 bits of a hash: names of accounts and places do not fit file names as they are.
pub(crate) fn short_hash(text: &str) -> String {
    Hash::hash(text.as_bytes())[..8].iter().fold(String::with_capacity(16), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// How many locks there are for accounts: a fixed number, however many secrets pass by.
pub(crate) const SLOTS: u64 = 64;

/// How many locks there are for places: the more, the seldomer two that are fetched side by side wait for each
/// other (of sixteen, one time in nine; with 64 it was nearly always).
pub(crate) const PLACE_SLOTS: u64 = 1024;

/// Gives the number of a lock out of so many, of an account for example. Two may have the same one, and then wait
/// for each other.
pub(crate) fn slot(id: &str, slots: u64) -> u64 {
    Hash::hash(id.as_bytes())[..8].iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte)) % slots
}

/// The folder of traces; without one nothing is remembered.
#[derive(Debug)]
pub(crate) struct Traces<'a> {
    folder: Option<&'a Path>,
}

impl<'a> Traces<'a> {
    /// Finds the folder.
    pub(crate) fn of(paths: &'a Paths) -> Self {
        Self { folder: paths.traces() }
    }

    /// Leaves a trace. Trouble is returned for the log alone.
    pub(crate) fn leave(&self, mark: &Mark, process: &ProcessId) -> io::Result<()> {
        let folder = self.folder.ok_or_else(|| io::Error::other("there is no folder for traces"))?;
        files::touch(&folder.join(format!("{}-{process}", mark.0)))?;
        // Who leaves these need not ever ask about others.
        if is_of_the_asker(&mark.0) && self.paths().count() > MANY {
            self.sweep();
        }
        Ok(())
    }

    /// Takes a trace of this process back.
    pub(crate) fn take_back(&self, mark: &Mark, process: &ProcessId) {
        if let Some(folder) = self.folder {
            // It need not have left one.
            let _ = fs::remove_file(folder.join(format!("{}-{process}", mark.0)));
        }
    }

    /// Tells whether that process has left this trace and not told yet how it went.
    pub(crate) fn has(&self, mark: &Mark, process: &ProcessId) -> bool {
        self.folder.is_some_and(|folder| folder.join(format!("{}-{process}", mark.0)).exists())
    }

    /// Removes the traces of a process that has told how it went at a place. What it asked for elsewhere without an
    /// answer of ours stays noted: a program that speaks for several gits asks for many places.
    pub(crate) fn reported(&self, process: &ProcessId, remote: &Remote) {
        let of_process = format!("-{process}");
        let Mark(unanswered) = Mark::unanswered(remote);
        let place = unanswered.rsplit('-').next().unwrap_or_default();
        let of_place = format!("-{place}{of_process}");
        self.remove(|name| {
            let Some(name) = name.to_str() else { return false };
            name.ends_with(if is_of_the_asker(name) { &of_place } else { &of_process })
        });
    }

    /// Tells whether an answer with this mark was never reported about: its process is gone.
    ///
    /// Sweeps if there are too many.
    pub(crate) fn unreported(&self, mark: &Mark) -> bool {
        let mut count = 0;
        let mut is_unreported = false;
        for path in self.paths() {
            count += 1;
            let process = || process_of(path.file_name()?, mark);
            is_unreported = is_unreported || process().is_some_and(|it| !ancestry::is_alive(&it));
        }
        if count > MANY {
            self.sweep();
        }
        is_unreported
    }

    /// Removes what `unreported` found: it has been looked into.
    pub(crate) fn explained(&self, mark: &Mark) {
        self.remove(|name| process_of(name, mark).is_some_and(|process| !ancestry::is_alive(&process)));
    }

    fn remove(&self, which: impl Fn(&OsStr) -> bool) {
        for path in self.paths().filter(|path| path.file_name().is_some_and(&which)) {
            // One that another process has removed is as good as removed.
            let _ = fs::remove_file(path);
        }
    }

    /// Gives the traces in the folder, up to the bound. What earlier versions left there, locks and pipes of
    /// probes, is not counted: they may be many.
    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let entries = self.folder.map(fs::read_dir).into_iter().flatten().flatten().flatten();
        let is_trace = |path: &PathBuf| {
            path.file_name().is_some_and(|name| {
                let name = name.as_encoded_bytes();
                let mut beginnings = OF_THE_ASKER.iter().chain([&BEGINNING]);
                beginnings.any(|beginning| name.starts_with(beginning.as_bytes()))
            })
        };
        entries.map(|entry| entry.path()).filter(is_trace).take(READ)
    }

    /// Removes those that nobody needs any more, then the oldest.
    fn sweep(&self) {
        let since = |path: &Path| fs::symlink_metadata(path).and_then(|it| it.modified()).ok();
        let paths = self.paths();
        let mut by_age: Vec<(bool, SystemTime, PathBuf)> =
            paths.filter_map(|path| Some((is_needed(&path), since(&path)?, path))).collect();
        by_age.sort();
        let surplus = by_age.len().saturating_sub(LEFT);
        for (_, _, path) in &by_age[..surplus] {
            // What cannot be removed is only slow.
            let _ = fs::remove_file(path);
        }
    }
}

/// Tells whether a trace is about the process that asked.
fn is_of_the_asker(name: &str) -> bool {
    OF_THE_ASKER.iter().any(|beginning| name.starts_with(beginning))
}

/// Tells whether a trace may still mean something: one about the process that asked does not outlive it.
fn is_needed(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return false };
    let process = || name.splitn(4, '-').nth(3)?.parse().ok();
    !is_of_the_asker(name) || process().is_some_and(|process| ancestry::is_alive(&process))
}

/// Reads the process out of a trace with this mark.
fn process_of(name: &OsStr, mark: &Mark) -> Option<ProcessId> {
    name.to_str()?.strip_prefix(&mark.0)?.strip_prefix('-')?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn remote() -> Remote {
        Remote::from_url("https://github.com/acme/secret").expect("a URL")
    }

    fn process(pid: u32, start_time: u64) -> ProcessId {
        ProcessId { pid, start_time, boot_id: "00000000-0000-4000-8000-000000000000".to_owned() }
    }

    #[test]
    fn a_trace_says_that_a_process_which_is_gone_never_reported() {
        let home = tempfile::tempdir().expect("a folder");
        let traces = Traces { folder: Some(home.path()) };
        let mark = Mark::of("a", &remote(), Direction::Fetch);
        assert!(!traces.unreported(&mark), "nothing was left yet");
        // Of another boot, so it cannot be there any more.
        traces.leave(&mark, &process(1, 2)).expect("left");
        traces.leave(&mark, &process(1, 2)).expect("twice is once");
        assert!(traces.unreported(&mark));
        for other in [Mark::of("b", &remote(), Direction::Fetch), Mark::of("a", &remote(), Direction::Push)] {
            assert!(!traces.unreported(&other));
        }
        traces.reported(&process(1, 20), &remote());
        assert!(traces.unreported(&mark), "another process");
        traces.reported(&process(1, 2), &remote());
        assert!(!traces.unreported(&mark));
        traces.leave(&mark, &process(1, 2)).expect("left");
        traces.explained(&mark);
        assert!(!traces.unreported(&mark));
        let nowhere = Traces { folder: None };
        assert!(nowhere.leave(&mark, &process(1, 2)).is_err() && !nowhere.unreported(&mark));
    }

    #[test]
    fn a_git_that_is_still_at_work_has_not_failed() {
        let home = tempfile::tempdir().expect("a folder");
        let traces = Traces { folder: Some(home.path()) };
        let mark = Mark::of("a", &remote(), Direction::Fetch);
        let own = own();
        traces.leave(&mark, &own).expect("left");
        assert!(!traces.unreported(&mark));
        traces.explained(&mark);
        assert_eq!(traces.paths().count(), 1, "it may yet report");
        traces.reported(&own, &remote());
        assert_eq!(traces.paths().count(), 0);
    }

    /// This very process, which is alive.
    fn own() -> ProcessId {
        let stat = fs::read_to_string("/proc/self/stat").expect("our own");
        let start = stat.rsplit(')').next().expect("after the name").split_whitespace().nth(19);
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a name");
        ProcessId {
            pid: std::process::id(),
            start_time: start.expect("the 22nd field").parse().expect("a number"),
            boot_id: boot.trim().to_owned(),
        }
    }

    #[test]
    fn what_is_about_the_asker_goes_with_its_place_and_before_everything_else() {
        let home = tempfile::tempdir().expect("a folder");
        let traces = Traces { folder: Some(home.path()) };
        let other = Remote::from_url("https://github.com/globex/api").expect("a URL");
        let (here, there) = (Mark::by_fallback("x", &remote()), Mark::by_fallback("x", &other));
        for mark in [&here, &there, &Mark::unanswered(&remote()), &Mark::unanswered(&other)] {
            traces.leave(mark, &own()).expect("left");
        }
        traces.reported(&own(), &remote());
        assert!(!traces.has(&here, &own()) && !traces.has(&Mark::unanswered(&remote()), &own()));
        assert!(traces.has(&there, &own()) && traces.has(&Mark::unanswered(&other), &own()));
        traces.take_back(&Mark::unanswered(&other), &own());
        assert!(!traces.has(&Mark::unanswered(&other), &own()));
        // Of a thousand jobs that are gone none is needed any more, of this one that is at work its own is.
        for n in 0..1000 {
            traces.leave(&here, &process(n, 1)).expect("left");
            assert!(traces.paths().count() <= MANY + 1, "{n}");
        }
        assert!(traces.has(&there, &own()));
    }

    #[test]
    fn thousands_are_swept_and_the_newest_stay() {
        let home = tempfile::tempdir().expect("a folder");
        let traces = Traces { folder: Some(home.path()) };
        let mark = |n: u32| Mark::of(&n.to_string(), &remote(), Direction::Fetch);
        for n in 0..3000 {
            traces.leave(&mark(n), &process(n, 1)).expect("left");
            let old = SystemTime::now() - std::time::Duration::from_secs(u64::from(4000 - n));
            let path = home.path().join(format!("{}-{}", mark(n).0, process(n, 1)));
            fs::File::open(path).and_then(|file| file.set_modified(old)).expect("ours");
        }
        // What earlier versions left: it must not take the place of traces.
        for n in 0..READ + 10 {
            fs::write(home.path().join(format!(".flight-{n}.lock")), "").expect("ours");
        }
        assert!(traces.unreported(&mark(2999)));
        assert_eq!(traces.paths().count(), LEFT);
        assert!(traces.unreported(&mark(2999)) && !traces.unreported(&mark(1)));
    }
}
