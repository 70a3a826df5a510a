//! Servers and proxies for the tests: on loopback, with certificates of their own, and as bad as wanted.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a server sees and writes to.
pub(super) trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

/// A certificate authority that one test believes.
pub(super) struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// How a certificate is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    Expired,
    NotYetValid,
}

impl TestAuthority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        Self { issuer: Issuer::new(params, key), folder }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Makes what a server needs to answer for `name`.
    pub(super) fn server(&self, name: &str, flaw: Flaw) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        match flaw {
            Flaw::None => {}
            Flaw::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Flaw::NotYetValid => params.not_before = date_time_ymd(2999, 1, 1),
        }
        served(&params.signed_by(&key, &self.issuer).expect("a certificate"), &key)
    }

    /// Makes what a server needs that has signed for itself, and puts its certificate into the file of those
    /// that are believed.
    pub(super) fn signed_by_itself(&self, name: &str, is_ca: IsCa, flaw: Flaw) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.is_ca = is_ca;
        if flaw == Flaw::Expired {
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let certificate = params.self_signed(&key).expect("a certificate");
        std::fs::write(self.file(), certificate.pem()).expect("written");
        served(&certificate, &key)
    }
}

/// Makes a server's settings.
fn served(certificate: &rcgen::Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Arc::new(config.expect("a certificate with its key"))
}

/// A listening socket; what it did can be looked at.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Listens, and gives each connection to `serve`.
    pub(super) fn raw(serve: impl Fn(TcpStream, &Seen) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (counted, seen) = (Arc::clone(&connections), Seen(Arc::clone(&requests)));
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, SeqCst);
                let (serve, seen) = (Arc::clone(&serve), seen.clone());
                thread::spawn(move || serve(stream, &seen));
            }
        });
        Self { address, connections, requests }
    }

    /// Speaks TLS; `serve` gets the connection after each request's head.
    pub(super) fn tls(
        config: Arc<ServerConfig>,
        serve: impl Fn(&mut dyn Line, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |stream, seen| talk(tls(&config, stream), seen, &serve))
    }

    /// Is a proxy that answers CONNECT as it should and is then itself the server.
    pub(super) fn proxy(
        config: Arc<ServerConfig>,
        serve: impl Fn(&mut dyn Line, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |mut stream, seen| {
            let Some(head) = head(&mut stream) else { return };
            seen.note(&head);
            if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_ok() {
                talk(tls(&config, stream), seen, &serve);
            }
        })
    }

    /// Is a SOCKS 5 proxy (RFC 1928) that asks for no login, notes the name it is told, and is then the server.
    pub(super) fn socks(
        config: Arc<ServerConfig>,
        serve: impl Fn(&mut dyn Line, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |mut stream, seen| {
            let mut name = || {
                let (mut greeting, mut request) = ([0; 3], [0; 5]);
                stream.read_exact(&mut greeting)?;
                stream.write_all(&[5, 0])?;
                stream.read_exact(&mut request)?;
                let mut name = vec![0; usize::from(request[4]) + 2];
                stream.read_exact(&mut name)?;
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
                name.truncate(name.len() - 2);
                io::Result::Ok(String::from_utf8_lossy(&name).into_owned())
            };
            if let Ok(name) = name() {
                seen.note(&name);
                talk(tls(&config, stream), seen, &serve);
            }
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    /// Gives the heads of all requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the list").clone()
    }
}

/// The list of requests, as a server adds to it.
#[derive(Clone)]
pub(super) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(super) fn note(&self, head: &str) {
        self.0.lock().expect("the list").push(head.to_owned());
    }
}

fn talk(mut line: impl Line, seen: &Seen, serve: &dyn Fn(&mut dyn Line, &str) -> io::Result<()>) {
    while let Some(head) = head(&mut line) {
        seen.note(&head);
        if serve(&mut line, &head).and_then(|()| line.flush()).is_err() {
            return;
        }
    }
}

pub(super) fn tls(config: &Arc<ServerConfig>, stream: TcpStream) -> impl Line + use<> {
    let connection = ServerConnection::new(Arc::clone(config)).expect("a connection");
    StreamOwned::new(connection, stream)
}

/// Reads up to the empty line; `None` at the end of the connection.
pub(super) fn head(line: &mut dyn Line) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match line.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    String::from_utf8(head).ok()
}

/// Writes an answer as a server should.
pub(super) fn reply(line: &mut dyn Line, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let len = body.len();
    line.write_all(format!("HTTP/1.1 {status}\r\n{headers}content-length: {len}\r\n\r\n").as_bytes())?;
    line.write_all(body)
}

/// Writes byte by byte, a pause before each.
pub(super) fn drip(line: &mut dyn Line, bytes: &[u8], pause: Duration) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| {
        thread::sleep(pause);
        line.write_all(&[*byte]).and_then(|()| line.flush())
    })
}
