//! Remembers for a minute that the keyring failed, so that its bound is paid once and not by every `get`.
//!
//! One small file, no secret in it; losing it loses nothing, so nothing here is an error. What is noted
//! holds only for the same keyring (bus address and incarnation), and only if both the wall clock and the
//! uptime say that less than a minute has passed: a clock that jumps can shorten the pause, never lengthen
//! it.

use crate::files;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a failure is remembered, in seconds.
const PAUSE: u64 = 60;

/// A file longer than this is not ours.
const MAX_LEN: u64 = 16 * 1024;

/// The file that holds what is remembered.
#[derive(Debug)]
pub(super) struct Breaker(PathBuf);

/// A failure that is still remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// What failed, and when it is asked again.
    pub(super) why: String,
    /// Which incarnation of the keyring it was, if that could be learned.
    pub(super) incarnation: Option<String>,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    place: String,
    incarnation: Option<String>,
    why: String,
    at: Moment,
}

/// A moment by two clocks, in seconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Moment {
    wall: u64,
    uptime: u64,
}

impl Breaker {
    /// Remembers in that folder.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self(dir.join("keyring-pause.json"))
    }

    /// Gives the failure that is remembered of this keyring, if there is one.
    pub(super) fn noted(&self, place: &str) -> Option<Noted> {
        // Nearly always there is none, and then the clocks need not be asked.
        fs::symlink_metadata(&self.0).is_ok().then(|| self.noted_at(place, Moment::now()))?
    }

    fn noted_at(&self, place: &str, now: Moment) -> Option<Noted> {
        // Nothing but a small regular file is opened: a FIFO would block.
        fs::symlink_metadata(&self.0).ok().filter(|meta| meta.is_file() && meta.len() <= MAX_LEN)?;
        let note: Note = serde_json::from_slice(&fs::read(&self.0).ok()?).ok()?;
        let left = PAUSE.checked_sub(note.at.age(now)?).filter(|left| *left > 0)?;
        (note.version == 1 && note.place == place).then(|| Noted {
            why: format!("{}; asked again in {left} s", note.why),
            incarnation: note.incarnation,
        })
    }

    /// Remembers that this keyring failed just now.
    pub(super) fn note(&self, place: &str, why: &str, incarnation: Option<String>) {
        let (place, why) = (place.to_owned(), why.to_owned());
        let note = Note { version: 1, place, incarnation, why, at: Moment::now() };
        let Ok(text) = serde_json::to_vec(&note) else { return };
        // A second writer at the same time leaves one of the two notes, or one that does not parse.
        let _ = files::put_note(&self.0, &text);
    }

    /// Forgets: the keyring answers again.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Moment {
    fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { wall, uptime: uptime() }
    }

    /// Gives the larger of the two ages; none if a clock went backwards.
    fn age(self, now: Self) -> Option<u64> {
        Some(now.wall.checked_sub(self.wall)?.max(now.uptime.checked_sub(self.uptime)?))
    }
}

#[cfg(unix)]
fn uptime() -> u64 {
    rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_sec.try_into().unwrap_or(0)
}

/// The standard library shows no clock here that two processes share, so the wall clock decides alone.
#[cfg(not(unix))]
fn uptime() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "unix:path=/run/user/1000/bus";

    fn noted() -> (tempfile::TempDir, Breaker) {
        let dir = tempfile::tempdir().expect("a folder");
        let breaker = Breaker::new(dir.path().to_owned());
        breaker.note(PLACE, "it did not answer", Some(":1.7".to_owned()));
        (dir, breaker)
    }

    fn later(wall: i64, uptime: i64) -> Moment {
        let now = Moment::now();
        Moment {
            wall: now.wall.saturating_add_signed(wall),
            uptime: now.uptime.saturating_add_signed(uptime),
        }
    }

    #[test]
    fn a_failure_is_remembered_for_a_minute_and_says_when_it_is_over() {
        let (_dir, breaker) = noted();
        let noted = breaker.noted_at(PLACE, later(20, 20)).expect("remembered");
        assert_eq!(noted.incarnation.as_deref(), Some(":1.7"));
        let left =
            noted.why.strip_prefix("it did not answer; asked again in ").expect("the reason").to_owned();
        assert!(["40 s", "39 s"].contains(&left.as_str()), "{left}");
        assert!(breaker.noted_at(PLACE, later(60, 60)).is_none(), "a minute is over");
    }

    #[test]
    fn a_clock_that_jumps_never_lengthens_the_pause() {
        let (_dir, breaker) = noted();
        for (wall, uptime) in [(-5, 5), (5, -5), (-400_000_000, 1), (400_000_000, 1), (1, 60)] {
            assert!(breaker.noted_at(PLACE, later(wall, uptime)).is_none(), "{wall} {uptime}");
        }
    }

    #[test]
    fn another_keyring_is_not_blamed() {
        let (_dir, breaker) = noted();
        assert!(breaker.noted("unix:path=/elsewhere").is_none());
    }

    #[test]
    fn what_is_forgotten_is_gone_and_forgetting_twice_is_harmless() {
        let (_dir, breaker) = noted();
        breaker.forget();
        breaker.forget();
        assert!(breaker.noted(PLACE).is_none());
    }

    #[test]
    fn a_damaged_file_remembers_nothing_and_is_replaced() {
        let (_dir, breaker) = noted();
        for text in ["", "{", "[1]", "{\"version\":1}", "\u{0}\u{0}"] {
            fs::write(&breaker.0, text).expect("written");
            assert!(breaker.noted(PLACE).is_none(), "{text:?}");
        }
        fs::write(&breaker.0, vec![b' '; 20_000]).expect("written");
        assert!(breaker.noted(PLACE).is_none(), "too long");
        breaker.note(PLACE, "again", None);
        assert!(breaker.noted(PLACE).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_place_is_replaced_and_never_written_through() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let (dir, breaker) = noted();
        let target = dir.path().join("precious");
        fs::write(&target, "precious").expect("written");
        fs::remove_file(&breaker.0).expect("removed");
        symlink(&target, &breaker.0).expect("linked");
        assert!(breaker.noted(PLACE).is_none());
        breaker.note(PLACE, "again", None);
        assert_eq!(fs::read_to_string(&target).expect("read"), "precious");
        assert_eq!(fs::metadata(&breaker.0).expect("there").mode() & 0o777, 0o600);
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_error() {
        let breaker = Breaker::new(PathBuf::from("/dev/null/nowhere"));
        breaker.note(PLACE, "it did not answer", None);
        assert!(breaker.noted(PLACE).is_none());
    }
}
