//! Ctrl-C on Windows, where it ends a process at once unless that says otherwise, and is said to all programs of the
//! console.
//!
//! By crate `ctrlc` and not `signal-hook`, which stands on `signal` of the C library: that is told of Ctrl-C once and
//! then forgets who asked, and Wine's has no `SIG_GET`, by which `signal-hook` looks for another handler.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the exit code of a process is that Ctrl-C ended (`STATUS_CONTROL_C_EXIT`, documented).
const ENDED_BY_IT: i32 = 0xC000_013A_u32.cast_signed();

/// Whether it is noted at the moment, instead of ending this process.
static IS_HELD: AtomicBool = AtomicBool::new(false);
/// Whether it came since.
static CAME: AtomicBool = AtomicBool::new(false);

/// As long as this lives, Ctrl-C is noted and does not end this process.
pub(crate) struct Held(());

impl Held {
    /// Begins to hold it. If the system refuses that, it ends this process as it always does.
    pub(crate) fn begin() -> Self {
        static HANDLER: Once = Once::new();
        CAME.store(false, Ordering::SeqCst);
        IS_HELD.store(true, Ordering::SeqCst);
        HANDLER.call_once(|| _ = ctrlc::set_handler(came));
        Self(())
    }

    /// Tells whether it came.
    pub(crate) fn came(&self) -> bool {
        CAME.load(Ordering::SeqCst)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        IS_HELD.store(false, Ordering::SeqCst);
    }
}

#[expect(clippy::exit, reason = "what the system does where nobody holds it")]
fn came() {
    CAME.store(true, Ordering::SeqCst);
    if !IS_HELD.load(Ordering::SeqCst) {
        std::process::exit(ENDED_BY_IT);
    }
}
