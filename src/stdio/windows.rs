//! Standard streams on Windows: handles, past the buffers of Rust's own, which would keep a copy of a password.
//!
//! No call of safe Rust waits for a pipe with a bound there. So a thread reads stdin, and what it has read is waited
//! for; it ends with this process.

use super::Unread;
use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::AsHandle;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// What was read and not taken yet, piece by piece; its end, or an error, is the last.
struct Incoming {
    pieces: Receiver<io::Result<Zeroizing<Vec<u8>>>>,
    begun: Zeroizing<Vec<u8>>,
}

static INCOMING: OnceLock<Mutex<Incoming>> = OnceLock::new();

/// Reads what is there of stdin, or comes in this time; 0 at its end.
pub(super) fn read_within(buffer: &mut [u8], left: Duration) -> Result<usize, Unread> {
    let incoming = INCOMING.get_or_init(|| Mutex::new(listen()));
    let mut incoming = incoming.lock().unwrap_or_else(PoisonError::into_inner);
    if incoming.begun.is_empty() {
        match incoming.pieces.recv_timeout(left) {
            Ok(piece) => incoming.begun = piece.map_err(Unread::Io)?,
            Err(RecvTimeoutError::Timeout) => return Err(Unread::Slow),
            // Its end was taken already.
            Err(RecvTimeoutError::Disconnected) => return Ok(0),
        }
    }
    let count = incoming.begun.len().min(buffer.len());
    buffer[..count].copy_from_slice(&incoming.begun[..count]);
    incoming.begun = Zeroizing::new(incoming.begun[count..].to_vec());
    Ok(count)
}

fn listen() -> Incoming {
    let (tell, pieces) = channel();
    let reading = thread::Builder::new().spawn({
        let tell = tell.clone();
        move || {
            let mut stdin = match io::stdin().as_handle().try_clone_to_owned() {
                Ok(stdin) => File::from(stdin),
                Err(error) => return drop(tell.send(Err(error))),
            };
            loop {
                let mut piece = Zeroizing::new(vec![0; 8192]);
                match stdin.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return drop(tell.send(Err(error))),
                    Ok(count) => {
                        piece.truncate(count);
                        // Nobody listens any more, or it has ended.
                        if tell.send(Ok(piece)).is_err() || count == 0 {
                            return;
                        }
                    }
                }
            }
        }
    });
    if let Err(error) = reading {
        let _ = tell.send(Err(error));
    }
    Incoming { pieces, begun: Zeroizing::default() }
}

/// Gives stdout without a buffer.
pub(super) fn stdout() -> io::Result<File> {
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// Tells whether writing failed because the reader is gone. A pipe with a name, as MSYS2's are, says it by a number
/// that Rust has no kind for (`ERROR_PIPE_NOT_CONNECTED`).
pub(super) fn is_unwanted(error: &io::Error) -> bool {
    const NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(NOT_CONNECTED)
}

/// There is no such limit here.
pub(super) fn survive_size_limit() {}
