//! What travels between git and us on stdin and stdout: read within bounds, written once.

use crate::protocol::{Parser, Refused, Request};
use crate::remote::Remote;
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

#[cfg(unix)]
#[path = "stdio/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "stdio/windows.rs"]
mod platform;

/// How long a request may take to arrive: git never bounds a helper, so we bound our waiting for git.
const WALL: Duration = Duration::from_secs(5);

/// Why no request came.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It broke a rule of the protocol. With what it was about, if it had said so by then.
    Refused(Refused, Option<Remote>),
    /// It did not end within five seconds.
    Slow,
    /// Stdin cannot be read.
    Io(io::Error),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why, _) => write!(f, "the request is not usable: {why}"),
            Self::Slow => write!(f, "the request did not end within {} s", WALL.as_secs()),
            Self::Io(error) => write!(f, "the request cannot be read: {error}"),
        }
    }
}

impl std::error::Error for Unread {}

/// Reads a request from stdin: until its blank line or the end of input.
pub(crate) fn read_request() -> Result<Request, Unread> {
    let mut parser = Parser::default();
    let mut buffer = Zeroizing::new([0u8; 8192]);
    let start = Instant::now();
    loop {
        match read_within(&mut buffer[..], start)? {
            0 => break,
            count => {
                if parser.feed(&buffer[..count]) {
                    break;
                }
            }
        }
    }
    let about = parser.about();
    parser.finish().map_err(|why| Unread::Refused(why, about))
}

/// Reads and forgets what a later version of git sends with a word we do not know.
pub(crate) fn drain() {
    let mut buffer = Zeroizing::new([0u8; 8192]);
    let start = Instant::now();
    // Nothing is done with it, so there is nothing to report either.
    while matches!(read_within(&mut buffer[..], start), Ok(count) if count > 0) {}
}

fn read_within(buffer: &mut [u8], start: Instant) -> Result<usize, Unread> {
    let left = WALL.checked_sub(start.elapsed()).ok_or(Unread::Slow)?;
    platform::read_within(buffer, left)
}

/// Writes a whole answer to stdout, at once and past any buffer that would keep a copy of it.
///
/// A reader that is gone (`EPIPE`) does not want it any more, which is no error.
pub(crate) fn write_answer(answer: &[u8]) -> io::Result<()> {
    // Rust's stdout buffers up to the last line break; what is below it does not.
    let mut stdout = platform::stdout()?;
    match stdout.write_all(answer).and_then(|()| stdout.flush()) {
        Err(error) if platform::is_unwanted(&error) => Ok(()),
        other => other,
    }
}

/// A stream whose reader may go away in the middle (`| head`): what comes after is not wanted, and no error.
pub(crate) struct UntilUnwanted<W>(pub W);

impl<W: Write> Write for UntilUnwanted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if platform::is_unwanted(&error) => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if platform::is_unwanted(&error) => Ok(()),
            other => other,
        }
    }
}

/// Keeps secrets out of core dumps and out of a panic's message: the first thing the process does.
pub(crate) fn guard_memory() {
    std::panic::set_hook(Box::new(|panic| {
        // The place alone: a panic's text could hold what was being handled.
        let place =
            panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(io::stderr(), "patron: internal error{place}; please report it");
    }));
    crate::limits::forbid_cores();
}

/// Lets a limit on the size of files be an error, and not the end of this process.
pub(crate) fn survive_size_limit() {
    platform::survive_size_limit();
}
