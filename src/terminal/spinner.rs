//! A sign of life while requests run.
//!
//! Own lines rather than a library: one glyph, one text, erased at the end; what progress libraries add
//! (bars, rates, templates) is not wanted, and they draw at once, while most of our requests are over
//! before anybody needs a sign of life.

use super::{PREFIX, Stream, sanitise};
use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What is over sooner than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(250);
/// The columns that the time takes.
const CLOCK: usize = 9;
const STEP: Duration = Duration::from_millis(100);
const GLYPHS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Shows that something is going on, on stderr if a terminal shows it, until it is dropped. It must be
/// dropped before anything else is said.
#[derive(Debug)]
pub(crate) struct Spinner(Option<(Sender<()>, JoinHandle<()>)>);

impl Spinner {
    /// Starts; `text` says what is going on.
    pub(crate) fn start(text: &str) -> Self {
        Self::begin(text, None)
    }

    /// Starts, and shows how much time has passed since then.
    pub(crate) fn timed(text: &str, since: Instant) -> Self {
        Self::begin(text, Some(since))
    }

    fn begin(text: &str, since: Option<Instant>) -> Self {
        // `has_colour` is also false for a dumb terminal, which could not erase the line.
        if !(Stream::Stderr.is_terminal() && Stream::Stderr.has_colour()) {
            return Self(None);
        }
        let text = sanitise(text, Stream::Stderr.width().saturating_sub(PREFIX.len() + 3 + CLOCK));
        let (stop, stopped) = channel();
        let draw = move || {
            let mut glyphs = GLYPHS.iter().cycle();
            let mut pause = PATIENCE;
            let mut drawn = false;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let glyph = glyphs.next().unwrap_or(&"");
                let clock = since.map(|since| clock(since.elapsed())).unwrap_or_default();
                show(&format!("\r{PREFIX}{glyph} {text}{clock}"));
                drawn = true;
                pause = STEP;
            }
            if drawn {
                show("\r\x1b[K");
            }
        };
        // Without a thread to spare (a limit on processes) there is simply no spinner.
        Self(thread::Builder::new().spawn(draw).ok().map(|thread| (stop, thread)))
    }
}

/// Writes a time as people read one: ` 1:02:03`, ` 2:03`.
fn clock(time: Duration) -> String {
    let (seconds, minutes, hours) = (time.as_secs() % 60, time.as_secs() / 60 % 60, time.as_secs() / 3600);
    match hours {
        0 => format!(" {minutes}:{seconds:02}"),
        hours => format!(" {hours}:{minutes:02}:{seconds:02}"),
    }
}

fn show(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // It draws nothing any more once it has ended; what comes next finds an empty line.
            let _ = thread.join();
        }
    }
}
