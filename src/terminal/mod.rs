//! Speaking with people: the only file besides `main` and `error.rs` through which anything is said.
//!
//! # The rules of speech
//!
//! 1. **Stdout belongs to git, or to the result of the command.** In `get` one stray line there destroys
//!    authentication (measured, facts in gitcredentials(7)); in a command it breaks a pipe. [`print()`] is for
//!    results alone.
//! 2. **What we say goes to stderr**, begins with `patron: `, lower-case, no full stop after anything one might
//!    copy; what follows on further lines is indented under it. [`say`] writes all its lines at once, so that sixteen helpers of one
//!    `git fetch --jobs` do not mix theirs. A stderr that is gone is no error.
//! 3. **Questions go to the terminal** (`/dev/tty`, `CONIN$` and `CONOUT$`), never to stdin or stdout,
//!    which are git's pipes. Without a terminal nothing is asked; from the background neither, since the
//!    system would stop us, and git with us.
//! 4. **Foreign text** (a server's words, a file name, a remote's URL) goes through [`sanitise`] first: one
//!    line, no control characters, nothing that steers a terminal or turns the order of letters round
//!    (CVE-2024-52005 is what happens otherwise).
//! 5. **Colour and links only where they show**: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`
//!    are obeyed (crate `anstream`), a pipe gets plain text.
//! 6. **A secret is never shown**: [`say`] and [`print()`] leave out whatever looks like one (`redact.rs`), and a terminal that was made silent gets its echo back on every way out.

mod ask;
#[cfg(unix)]
mod editor;
#[cfg(windows)]
mod interrupt;
#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
mod spinner;
#[cfg(all(test, target_os = "linux"))]
mod tests;
mod text;

pub(crate) use ask::{PromptError, ask_line, ask_yes_no, read_hidden};
#[cfg(windows)]
pub(crate) use interrupt::Held as HeldInterrupt;
pub(crate) use spinner::Spinner;
pub(crate) use text::sanitise;

use crate::redact::redacted;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal, Write};

/// What everything of ours on stderr and on the terminal begins with.
const PREFIX: &str = "patron: ";
/// What its further lines begin with, as those of a failure do.
const INDENT: &str = "  ";

/// The width that text is laid out for where there is no terminal to ask.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// Good news.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// Bad news.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What a reader's eye should find first.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// One of the two streams of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The result.
    Stdout,
    /// What we say.
    Stderr,
}

impl Stream {
    /// Tells whether a terminal shows this stream.
    pub(crate) fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        }
    }

    /// Tells whether styles are shown on this stream.
    pub(crate) fn has_colour(self) -> bool {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&io::stdout()),
            Self::Stderr => AutoStream::choice(&io::stderr()),
        };
        choice != ColorChoice::Never
    }

    /// Tells whether the terminal of this stream shows links (OSC 8).
    pub(crate) fn has_links(self) -> bool {
        // A forced link into a pipe (`FORCE_HYPERLINK`) would end in the files people paste.
        self.is_terminal() && self.has_colour() && supports_hyperlinks::supports_hyperlinks()
    }

    /// Gives the number of columns to lay text out for: the terminal's, else 100; never fewer than 40.
    pub(crate) fn width(self) -> usize {
        let size = match self {
            Self::Stdout => terminal_size::terminal_size_of(io::stdout()),
            Self::Stderr => terminal_size::terminal_size_of(io::stderr()),
        };
        size.map_or(WIDTH_WITHOUT_TERMINAL, |(width, _)| usize::from(width.0)).max(40)
    }

    /// Makes `text` a link to `url` where the terminal shows links, and leaves it as it is elsewhere.
    pub(crate) fn link(self, url: &str, text: &str) -> String {
        if self.has_links() { link(url, text) } else { text.to_owned() }
    }
}

/// Wraps a text in OSC 8. A URL that is not plain ASCII is not worth a link, and might end the sequence.
fn link(url: &str, text: &str) -> String {
    if url.bytes().all(|byte| byte.is_ascii_graphic()) {
        format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
    } else {
        text.to_owned()
    }
}

/// Gives `text` a style; [`say`] and [`print()`] take it off again where it would not show.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Says something on stderr in one write: the first line with our prefix, the others indented.
pub(crate) fn say(text: &str) {
    let starts = std::iter::once(PREFIX).chain(std::iter::repeat(INDENT));
    let lines: String =
        redacted(text).lines().zip(starts).map(|(line, start)| format!("{start}{line}\n")).collect();
    let fitting = if Stream::Stderr.has_colour() { lines } else { plain(&lines) };
    // Nobody listens: that must not change what the command does, nor how it ends.
    let _ = anstream::stderr().lock().write_all(fitting.as_bytes());
}

/// Prints a command's result on stdout, styles taken off where they would not show.
///
/// A reader that has gone away (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let text = redacted(text);
    let fitting = if Stream::Stdout.has_colour() { text } else { plain(&text) };
    written(anstream::stdout().lock().write_all(fitting.as_bytes()))
}

fn written(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Takes styles and links off our own text.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Tells whether somebody can be asked: this process has a controlling terminal.
pub(crate) fn has_terminal() -> bool {
    platform::Terminal::open().is_some()
}

/// Tells whether our process group is the one the terminal belongs to at the moment. A background job that
/// asks is stopped by the system. `false` without a terminal.
pub(crate) fn in_foreground() -> bool {
    platform::Terminal::open().is_some_and(|terminal| terminal.is_ours())
}
