//! The socket on Windows: this machine's own address, and a nonce that names it. Git hands down nothing but standard
//! streams there, and those are pipes, which go one way.
//!
//! Windows has no call of safe Rust that waits for several pipes, so each is read on a thread of its own. All of them
//! end with git: its end closes the pipes, and ours stops the listening.

use super::{END, MOST, Next};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::windows::io::AsHandle;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a connection may take to ask: the helper has its question ready.
const ASKING: Duration = Duration::from_secs(3);

/// Our end of what connects us with a git that we start.
pub(in crate::git) struct Connection {
    events: Receiver<Event>,
    tell: Sender<Event>,
    /// Who asked last.
    asker: Option<TcpStream>,
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

enum Event {
    Git(Next),
    Asked(Vec<u8>, TcpStream),
}

impl Connection {
    /// Makes it: our end, what becomes git's standard error, and the nonce of this probe, which ends with our port.
    pub(in crate::git) fn open() -> io::Result<(Self, Stdio, String)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let nonce = format!("{}@{}", super::nonce()?, address.port());
        let (tell, events) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let connection =
            Self { events, tell: tell.clone(), asker: None, address, is_over: Arc::clone(&is_over) };
        let first = format!("{nonce} ").into_bytes();
        thread::Builder::new().spawn(move || {
            for connected in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(connected), tell, first) = (connected, tell.clone(), first.clone()) else { continue };
                // Aside: somebody who connects and says nothing is not waited for.
                let _ = thread::Builder::new().spawn(move || {
                    if let Some((question, asker)) = read_question(connected, &first) {
                        let _ = tell.send(Event::Asked(question, asker));
                    }
                });
            }
        })?;
        Ok((connection, Stdio::piped(), nonce))
    }

    /// Takes the streams of the git that was started.
    pub(in crate::git) fn attach(&mut self, child: &mut Child) {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let tell = self.tell.clone();
        thread::spawn(move || {
            let mut byte = [0];
            let read = stdout.map(|mut stdout| stdout.read(&mut byte));
            let next = if let Some(Ok(1..)) = read { Next::Word(byte[0]) } else { Next::NoWord };
            let _ = tell.send(Event::Git(next));
        });
        let tell = self.tell.clone();
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            if let Some(mut stderr) = stderr {
                while let Ok(count @ 1..) = stderr.read(&mut bytes) {
                    let _ = tell.send(Event::Git(Next::Printed(bytes[..count].to_vec())));
                }
            }
            let _ = tell.send(Event::Git(Next::Ended));
        });
    }

    /// Answers the question that was asked last.
    pub(in crate::git) fn answer(&mut self, lines: &[u8]) {
        if let Some(asker) = &mut self.asker {
            // Who has ended meanwhile does not want it any more.
            let _ = asker.write_all(lines);
        }
    }

    /// Wants no more of git's standard output, of which no more than the first byte is ever read.
    pub(in crate::git) fn close_stdout(&mut self) {}

    /// Waits for what comes next.
    pub(in crate::git) fn next(&mut self, until: Instant) -> Next {
        match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Git(next)) => next,
            Ok(Event::Asked(question, asker)) => {
                self.asker = Some(asker);
                Next::Printed(question)
            }
            Err(RecvTimeoutError::Timeout) => Next::Slow,
            Err(RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes who listens, and so ends it.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

/// Reads a whole question. None if it does not begin with the nonce: whoever that is learns nothing.
fn read_question(mut asker: TcpStream, first: &[u8]) -> Option<(Vec<u8>, TcpStream)> {
    let end = [first, END.as_bytes(), b"\n"].concat();
    let until = Instant::now() + ASKING;
    let mut question = Vec::new();
    let mut bytes = [0; 4096];
    while !question.ends_with(&end) {
        asker.set_read_timeout(Some(until.checked_duration_since(Instant::now())?)).ok()?;
        let count = asker.read(&mut bytes).ok().filter(|count| *count > 0)?;
        question.extend_from_slice(&bytes[..count]);
        let begun = question.len().min(first.len());
        if question[..begun] != first[..begun] || question.len() > MOST {
            return None;
        }
    }
    Some((question, asker))
}

/// Gives the helper's end: a connection to the port that the nonce ends with.
pub(crate) fn far_end(nonce: &str) -> Option<TcpStream> {
    let port: u16 = nonce.strip_prefix("patron-")?.rsplit_once('@')?.1.parse().ok()?;
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), ASKING).ok()
}

/// Gives what git tells a helper on standard input, past the buffer of Rust's own, which would keep a copy.
pub(crate) fn from_git() -> Option<File> {
    Some(File::from(io::stdin().as_handle().try_clone_to_owned().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::{Handover, ask};
    use super::*;
    use crate::remote::Host;
    use crate::token::Token;

    fn question() -> &'static [u8] {
        b"protocol=https\nhost=github.com\n"
    }

    #[test]
    fn only_who_knows_the_nonce_is_heard() {
        let (mut connection, _stderr, nonce) = Connection::open().expect("a port");
        let address = connection.address;
        let stranger = thread::spawn(move || {
            let mut stranger = TcpStream::connect(address).expect("connected");
            ask(&mut stranger, "patron-0123@1", "get", question())
        });
        assert!(stranger.join().expect("no panic").is_ok_and(|answer| answer.is_empty()) || true);
        let far = thread::spawn({
            let nonce = nonce.clone();
            move || ask(&mut far_end(&nonce).expect("connected"), &nonce, "get", question())
        });
        let Next::Printed(asked) = connection.next(Instant::now() + Duration::from_secs(60)) else {
            panic!("asked")
        };
        let mut handover = Handover::new(nonce, Host::parse(b"github.com").expect("a host"));
        let secret = ["canary", "text"].concat();
        handover.give(b"mona", &Token::new(secret.clone().into_bytes()));
        handover.take(&asked);
        connection.answer(&handover.reply().expect("a question"));
        let answer = far.join().expect("no panic").expect("answered");
        assert_eq!(answer.as_slice(), format!("username=mona\npassword={secret}\n\n").as_bytes());
    }

    #[test]
    fn nothing_listens_afterwards() {
        let (connection, _stderr, _nonce) = Connection::open().expect("a port");
        let address = connection.address;
        drop(connection);
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            assert!(Instant::now() < until, "it still listens");
        }
    }
}
