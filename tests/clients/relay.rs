//! GitHub itself on this machine: what comes to port 443 is handed to the forge through a tunnel, as if the client
//! had asked the proxy for it. Only in a network of one's own may a test take that port.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::{io, mem};

use crate::forge::GITHUB;

/// Port 443, standing for the forge; it ends with this.
pub(super) struct Relay {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Hands everything to this proxy.
    pub(super) fn start(proxy: &str) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 443)).expect("the port is ours in this network");
        let address = listener.local_addr().expect("it was just bound");
        let ends: Arc<AtomicBool> = Arc::default();
        let theirs = Arc::clone(&ends);
        let proxy = proxy.strip_prefix("http://").expect("a proxy of this machine").to_owned();
        let thread = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if theirs.load(Ordering::Relaxed) {
                    return;
                }
                // A connection that breaks is the client's affair; its threads end with it.
                let _ = tunnel(client, &proxy);
            }
        });
        Self { address, ends, thread: Some(thread) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // The listener waits for somebody.
        let _ = TcpStream::connect(self.address);
        let thread = mem::take(&mut self.thread);
        let panicked = thread.is_some_and(|thread| thread.join().is_err());
        assert!(!panicked || thread::panicking(), "the relay panicked, see above");
    }
}

fn tunnel(client: TcpStream, proxy: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(proxy)?;
    write!(server, "CONNECT {GITHUB}:443 HTTP/1.1\r\nHost: {GITHUB}:443\r\n\r\n")?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        server.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let (other_client, other_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || carry(other_client, other_server));
    thread::spawn(move || carry(server, client));
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    // However it ends, it is over.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
