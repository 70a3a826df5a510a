//! A sign of life while requests run.
//!
//! Own lines rather than a library: one glyph, one text, erased at the end; what progress libraries add
//! (bars, rates, templates) is not wanted, and they draw at once, while most of our requests are over
//! before anybody needs a sign of life.

use super::{PREFIX, Stream, sanitise};
use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What is over sooner than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(250);
const STEP: Duration = Duration::from_millis(100);
const GLYPHS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Shows that something is going on, on stderr if a terminal shows it, until it is dropped. It must be
/// dropped before anything else is said.
#[derive(Debug)]
pub struct Spinner(Option<(Sender<()>, JoinHandle<()>)>);

impl Spinner {
    /// Starts; `text` says what is going on.
    pub fn start(text: &str) -> Self {
        // `has_colour` is also false for a dumb terminal, which could not erase the line.
        if !(Stream::Stderr.is_terminal() && Stream::Stderr.has_colour()) {
            return Self(None);
        }
        let text = sanitise(text, Stream::Stderr.width().saturating_sub(PREFIX.len() + 3));
        let (stop, stopped) = channel();
        let draw = move || {
            let mut glyphs = GLYPHS.iter().cycle();
            let mut pause = PATIENCE;
            let mut drawn = false;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let glyph = glyphs.next().unwrap_or(&"");
                show(&format!("\r{PREFIX}{glyph} {text}"));
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
