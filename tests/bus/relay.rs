//! Stands between a program and the bus, passes message by message on, and acts at an exact point.

use super::PATIENCE;
use dbus::Message;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Passes one connection on to the bus, message by message.
pub struct Relay {
    _folder: TempDir,
    path: PathBuf,
}

impl Relay {
    pub(super) fn start(
        address: &str,
        member: &str,
        mut nth: usize,
        act: impl FnOnce() + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("relay");
        let listener = UnixListener::bind(&path).expect("a socket");
        let bus = address.strip_prefix("unix:path=").expect("a path");
        let bus = PathBuf::from(bus.split(',').next().expect("a path"));
        let member = member.to_owned();
        let mut act = Some(act);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let bus = UnixStream::connect(&bus).expect("the bus");
                // Calls passed on and not yet answered.
                let open = Arc::new(Mutex::new(0_usize));
                let (mut up, mut down) =
                    (client.try_clone().expect("a handle"), bus.try_clone().expect("a handle"));
                let answered = Arc::clone(&open);
                thread::spawn(move || {
                    back(&mut down, &mut up, &answered);
                    let _ = up.shutdown(Shutdown::Both);
                });
                forth(client, &bus, &open, &member, &mut nth, &mut act);
                let _ = bus.shutdown(Shutdown::Both);
            }
        });
        Self { _folder: folder, path }
    }

    /// Gives the address for the program under test.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.path.display())
    }
}

/// From the program to the bus: lines up to `BEGIN`, then messages.
fn forth(
    mut client: UnixStream,
    mut bus: &UnixStream,
    open: &Mutex<usize>,
    member: &str,
    nth: &mut usize,
    act: &mut Option<impl FnOnce()>,
) {
    let mut line = Vec::new();
    let mut byte = [0_u8];
    while client.read_exact(&mut byte).is_ok() {
        line.push(byte[0]);
        if byte[0] == b'\n' || byte[0] == 0 {
            if bus.write_all(&line).is_err() {
                return;
            }
            if line.starts_with(b"BEGIN") {
                break;
            }
            line.clear();
        }
    }
    while let Some(message) = next_message(&mut client) {
        // A call of that name has it in its header, framed by its length and a NUL.
        let length = u32::try_from(member.len()).expect("short").to_le_bytes();
        let framed = [&length[..], member.as_bytes(), &[0]].concat();
        if message.windows(framed.len()).any(|part| part == framed) {
            *nth = nth.saturating_sub(1);
        }
        if *nth == 0 && act.is_some() {
            let until = Instant::now() + PATIENCE;
            while *open.lock().expect("a count") > 0 && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
            act.take().expect("once")();
        }
        *open.lock().expect("a count") += 1;
        if bus.write_all(&message).is_err() {
            return;
        }
    }
}

/// From the bus to the program, counting answers.
fn back(bus: &mut UnixStream, client: &mut UnixStream, open: &Mutex<usize>) {
    // The bus speaks in lines until the program's BEGIN, and lines are ASCII: a message begins with 'l' (its
    // byte order), which no such line does.
    let mut byte = [0_u8];
    loop {
        if bus.read_exact(&mut byte).is_err() {
            return;
        }
        if byte[0] == b'l' {
            break;
        }
        let mut line = vec![byte[0]];
        while line.last() != Some(&b'\n') && bus.read_exact(&mut byte).is_ok() {
            line.push(byte[0]);
        }
        if client.write_all(&line).is_err() {
            return;
        }
    }
    let mut stream = byte.chain(bus);
    while let Some(message) = next_message(&mut stream) {
        if matches!(message[1], 2 | 3) {
            let mut open = open.lock().expect("a count");
            *open = open.saturating_sub(1);
        }
        if client.write_all(&message).is_err() {
            return;
        }
    }
}

/// Reads one message: the D-Bus specification's header gives its length.
fn next_message(from: &mut impl Read) -> Option<Vec<u8>> {
    let mut message = vec![0; 16];
    from.read_exact(&mut message).ok()?;
    let rest = Message::demarshal_bytes_needed(&message).expect("a message") - message.len();
    message.resize(16 + rest, 0);
    from.read_exact(&mut message[16..]).ok()?;
    Some(message)
}
