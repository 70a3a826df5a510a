//! What travels between git and us on stdin and stdout: read within bounds, written once.

use crate::protocol::{Parser, Refused, Request};
use crate::remote::Remote;
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

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
    wait_for_stdin(left)?;
    loop {
        match read_stdin(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(Unread::Io),
        }
    }
}

/// Reads past Rust's own buffer, which would keep a copy of the password.
#[cfg(unix)]
fn read_stdin(buffer: &mut [u8]) -> io::Result<usize> {
    rustix::io::read(rustix::stdio::stdin(), buffer).map_err(Into::into)
}

#[cfg(not(unix))]
fn read_stdin(buffer: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin().lock(), buffer)
}

#[cfg(unix)]
fn wait_for_stdin(left: Duration) -> Result<(), Unread> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = rustix::stdio::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    let until = Timespec::try_from(left).map_err(|_| Unread::Slow)?;
    match poll(&mut polled, Some(&until)) {
        Ok(0) => Err(Unread::Slow),
        // A signal that we survive: reading says what there is.
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(Unread::Io(errno.into())),
    }
}

/// Windows cannot wait for a pipe without a thread; git there closes stdin when it has sent all.
#[cfg(not(unix))]
fn wait_for_stdin(_left: Duration) -> Result<(), Unread> {
    Ok(())
}

/// Writes a whole answer to stdout, at once and past any buffer that would keep a copy of it.
///
/// A reader that is gone (`EPIPE`) does not want it any more, which is no error.
pub(crate) fn write_answer(answer: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    let mut stdout = {
        // Rust's stdout buffers up to the last line break; the file descriptor itself does not.
        let duplicate = rustix::io::dup(rustix::stdio::stdout())?;
        std::fs::File::from(duplicate)
    };
    #[cfg(not(unix))]
    let mut stdout = io::stdout().lock();
    match stdout.write_all(answer).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A stream whose reader may go away in the middle (`| head`): what comes after is not wanted, and no error.
pub(crate) struct UntilUnwanted<W>(pub W);

impl<W: Write> Write for UntilUnwanted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
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

/// Turns the signal of `ulimit -f` into the error `EFBIG`, so that a half-written temporary file is
/// removed and the user is told; and so that a trace or a redirected stderr which may not grow does not
/// end a run before its answer.
pub(crate) fn survive_size_limit() {
    #[cfg(unix)]
    {
        let heard = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        // Without the handler the process dies at the limit and the old file is still whole.
        let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), heard);
    }
}
