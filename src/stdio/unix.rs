//! Standard streams on Unix: descriptors, past the buffers of Rust's own, which would keep a copy of a password.

use super::Unread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Reads what is there of stdin, or comes in this time; 0 at its end.
pub(super) fn read_within(buffer: &mut [u8], left: Duration) -> Result<usize, Unread> {
    let stdin = rustix::stdio::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    let until = Timespec::try_from(left).map_err(|_| Unread::Slow)?;
    match poll(&mut polled, Some(&until)) {
        Ok(0) => return Err(Unread::Slow),
        // A signal that we survive: reading says what there is.
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(Unread::Io(errno.into())),
    }
    loop {
        match rustix::io::read(stdin, &mut *buffer) {
            Err(Errno::INTR) => {}
            other => return other.map_err(|errno| Unread::Io(errno.into())),
        }
    }
}

/// Gives stdout without a buffer.
pub(super) fn stdout() -> io::Result<File> {
    Ok(File::from(rustix::io::dup(rustix::stdio::stdout())?))
}

/// Tells whether writing failed because the reader is gone.
pub(super) fn is_unwanted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Turns the signal of `ulimit -f` into the error `EFBIG`, so that a half-written temporary file is
/// removed and the user is told; and so that a trace or a redirected stderr which may not grow does not
/// end a run before its answer.
pub(super) fn survive_size_limit() {
    let heard = Arc::new(AtomicBool::new(false));
    // Without the handler the process dies at the limit and the old file is still whole.
    let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), heard);
}
