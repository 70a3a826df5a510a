//! What the numbers of macOS's Keychain mean (Security framework, SecBase.h), and what is done about each.
//!
//! - **A dialog was needed** and none may be opened, or the person dismissed it. So it is over SSH, where nobody could
//!   see one (-25308), and after an upgrade of a program that is not signed with a name of its own: the Keychain knows
//!   a program by its signature, and one that was built here has another at every build.
//! - **It is there already** (-25299): two writers added the same item at the same moment. Writing looks first whether
//!   there is one and then adds or changes it, in two steps, which Apple says are the caller's to serialise; so it is
//!   done once more, and then there is one.

use std::thread;
use std::time::Duration;

/// How often writing is tried. Each failure means that another writer has succeeded.
const TRIES: u32 = 5;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Only a dialog could have helped.
    NeedsDialog,
    /// Another writer was faster.
    IsThereAlready,
    /// Anything else.
    Other,
}

/// Reads a number of the Keychain.
#[cfg(any(target_os = "macos", test))]
pub(super) fn meaning(code: i32) -> Meaning {
    match code {
        // errSecInteractionNotAllowed, errSecInteractionRequired, errSecUserCanceled, errSecAuthFailed
        -25308 | -25315 | -128 | -25293 => Meaning::NeedsDialog,
        // errSecDuplicateItem
        -25299 => Meaning::IsThereAlready,
        _ => Meaning::Other,
    }
}

/// Writes, and once more where another writer was faster.
pub(super) fn settled<E>(
    mut write: impl FnMut() -> Result<(), E>,
    meaning: impl Fn(&E) -> Meaning,
) -> Result<(), E> {
    for _ in 1..TRIES {
        match write() {
            Err(error) if meaning(&error) == Meaning::IsThereAlready => thread::sleep(PAUSE),
            done => return done,
        }
    }
    write()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// A keychain that looks first and adds then, as the real one does.
    #[derive(Default)]
    struct TwoSteps(Mutex<BTreeMap<String, String>>);

    impl TwoSteps {
        fn write(&self, name: &str, secret: &str) -> Result<(), i32> {
            let is_there = self.0.lock().expect("no panic").contains_key(name);
            thread::yield_now();
            let mut items = self.0.lock().expect("no panic");
            match is_there {
                false if items.contains_key(name) => Err(-25299),
                _ => {
                    items.insert(name.to_owned(), secret.to_owned());
                    Ok(())
                }
            }
        }
    }

    #[test]
    fn writers_of_one_item_at_one_moment_all_succeed() {
        for _ in 0..200 {
            let keychain = TwoSteps::default();
            thread::scope(|scope| {
                for writer in 0..8 {
                    let keychain = &keychain;
                    scope.spawn(move || {
                        let write = || keychain.write("item", &writer.to_string());
                        settled(write, |code| meaning(*code)).expect("written");
                    });
                }
            });
            assert_eq!(keychain.0.lock().expect("no panic").len(), 1);
        }
    }

    #[test]
    fn what_is_no_collision_is_said_at_once_and_a_lasting_one_in_the_end() {
        for (code, tries) in [(-25308, 1), (-61, 1), (-25299, TRIES)] {
            let mut count = 0;
            let write = || {
                count += 1;
                Err(code)
            };
            assert_eq!(settled(write, |code| meaning(*code)), Err(code));
            assert_eq!(count, tries, "{code}");
        }
    }

    #[test]
    fn an_item_that_only_a_dialog_opens_counts_as_locked() {
        for code in [-25308, -25315, -128, -25293] {
            assert_eq!(meaning(code), Meaning::NeedsDialog, "{code}");
        }
        assert_eq!(meaning(0), Meaning::Other);
    }
}
