//! The socket on Unix: one end of a pair, as the standard error that git hands down to what it starts.

use super::Next;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Instant;

/// Our end of what connects us with a git that we start.
pub(in crate::git) struct Connection {
    socket: UnixStream,
    stdout: Option<ChildStdout>,
}

impl Connection {
    /// Makes it: our end, what becomes git's standard error, and the nonce of this probe.
    pub(in crate::git) fn open() -> io::Result<(Self, Stdio, String)> {
        let (socket, theirs) = UnixStream::pair()?;
        Ok((Self { socket, stdout: None }, OwnedFd::from(theirs).into(), super::nonce()?))
    }

    /// Takes the streams of the git that was started.
    pub(in crate::git) fn attach(&mut self, child: &mut Child) {
        self.stdout = child.stdout.take();
    }

    /// Answers the question that was asked last.
    pub(in crate::git) fn answer(&mut self, lines: &[u8]) {
        // Who has ended meanwhile does not want it any more.
        let _ = self.socket.write_all(lines);
    }

    /// Wants no more of git's standard output.
    pub(in crate::git) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Waits for what comes next: of what stands on the socket first, since a question comes before its answer.
    pub(in crate::git) fn next(&mut self, until: Instant) -> Next {
        let Ok(left) = Timespec::try_from(until.saturating_duration_since(Instant::now())) else {
            return Next::Slow;
        };
        let mut polled = vec![PollFd::new(&self.socket, PollFlags::IN)];
        polled.extend(self.stdout.as_ref().map(|stdout| PollFd::new(stdout, PollFlags::IN)));
        let is_ready = match poll(&mut polled, Some(&left)) {
            Ok(0) => return Next::Slow,
            Ok(_) => |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| !fd.revents().is_empty()),
            // A signal that we survive: what there is shows the next time.
            Err(rustix::io::Errno::INTR) => return Next::Printed(Vec::new()),
            Err(_) => return Next::Slow,
        };
        let (is_printed, is_word) = (is_ready(polled.first()), is_ready(polled.get(1)));
        if is_printed {
            let mut bytes = vec![0; 8192];
            // Cut off is at the end, too.
            let count = self.socket.read(&mut bytes).unwrap_or_default();
            bytes.truncate(count);
            return if count == 0 { Next::Ended } else { Next::Printed(bytes) };
        }
        let mut byte = [0];
        match &mut self.stdout {
            Some(stdout) if is_word => match stdout.read(&mut byte) {
                Ok(1..) => Next::Word(byte[0]),
                _ => Next::NoWord,
            },
            _ => Next::Printed(Vec::new()),
        }
    }
}

/// Gives the helper's end: standard error, if it is a socket, which no person's is.
pub(crate) fn far_end(_nonce: &str) -> Option<UnixStream> {
    let stderr = rustix::io::dup(rustix::stdio::stderr()).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&stderr).ok()?.st_mode);
    (kind == rustix::fs::FileType::Socket).then(|| stderr.into())
}

/// Gives what git tells a helper on standard input, past the buffer of Rust's own, which would keep a copy.
pub(crate) fn from_git() -> Option<File> {
    Some(File::from(rustix::io::dup(rustix::stdio::stdin()).ok()?))
}
