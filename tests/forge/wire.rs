//! The listening side: a forward proxy that opens tunnels to the policy's hosts and to nowhere
//! else, speaks TLS in them as those hosts, and serves the pages to a browser without a proxy.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Shared;
use super::http::{self, Reply, Request, Unreadable};
use super::log::{Entry, EntryKind};
use super::pages;
use super::policy::{SelfSigned, Tls};
use super::site::{self, Delivery};

/// The bytes sent at once where a delivery is slow.
const SLOW_PIECE: usize = 64;

/// The listener and everything that belongs to it.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    connections: Arc<Connections>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Connections {
    open: Mutex<HashMap<u64, TcpStream>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A flag one can wait for.
#[derive(Default)]
pub(crate) struct Stop {
    set: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    /// Sets it for good.
    fn set(&self) {
        *lock(&self.set) = true;
        self.bell.notify_all();
    }

    /// True once it is set.
    fn is_set(&self) -> bool {
        *lock(&self.set)
    }

    /// Waits so long, or until it is set.
    fn sleep(&self, time: Duration) {
        let end = Instant::now() + time;
        let mut set = lock(&self.set);
        while !*set {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                return;
            };
            set = self.bell.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Server {
    /// Listens on a free port of this machine.
    pub(crate) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let connections = Arc::new(Connections::default());
        let listening = {
            let (shared, connections) = (Arc::clone(&shared), Arc::clone(&connections));
            thread::Builder::new()
                .name("forge".to_owned())
                .spawn(move || listen(&listener, &shared, &connections))?
        };
        Ok(Self { address, shared, connections, listening: Some(listening) })
    }
}

/// Ends every thread; a panic in one of them is a failure of the test, not a silence.
impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.set();
        // The listener waits in accept(); one connection wakes it.
        let _ = TcpStream::connect(self.address);
        let mut panicked = match self.listening.take() {
            Some(listening) => listening.join().is_err(),
            None => false,
        };
        for socket in lock(&self.connections.open).values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.shared.running.kill();
        let threads = std::mem::take(&mut *lock(&self.connections.threads));
        for connection in threads {
            panicked |= connection.join().is_err();
        }
        assert!(!panicked || thread::panicking(), "a thread of the forge panicked, see above");
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>, connections: &Arc<Connections>) {
    for (number, socket) in (0_u64..).zip(listener.incoming()) {
        if shared.stop.is_set() {
            return;
        }
        let Ok(socket) = socket else { continue };
        // Without it each small reply waits for the client's acknowledgement.
        let _ = socket.set_nodelay(true);
        let Ok(other) = socket.try_clone() else {
            continue;
        };
        lock(&connections.open).insert(number, other);
        let (shared, theirs) = (Arc::clone(shared), Arc::clone(connections));
        let thread = thread::Builder::new().name(format!("forge connection {number}")).spawn(move || {
            // A connection that breaks is the client's affair.
            let _ = converse(&shared, socket);
            lock(&theirs.open).remove(&number);
        });
        let mut threads = lock(&connections.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.extend(thread);
    }
}

/// Speaks plain HTTP, until a tunnel is asked for.
fn converse(shared: &Shared, socket: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(socket);
    loop {
        let request = match http::read_request(&mut reader) {
            Ok(request) => request,
            Err(Unreadable::Malformed(what)) => return complain(reader.get_mut(), what),
            Err(Unreadable::Closed | Unreadable::Broken) => return Ok(()),
        };
        if request.method == "CONNECT" {
            return tunnel(shared, reader.into_inner(), &request);
        }
        let delivery = if request.target.starts_with('/') {
            Delivery::of(pages::local(shared, &request))
        } else {
            // A plain http:// URL through the proxy: it must never reach any network.
            record_connect(shared, &request, &request.target, 403);
            Delivery::of(Reply::text(403, "the forge passes nothing on\n"))
        };
        if !deliver(shared, reader.get_mut(), &request, &delivery)? {
            return Ok(());
        }
    }
}

/// Opens a tunnel, or refuses to, and serves what comes through it.
fn tunnel(shared: &Shared, mut socket: TcpStream, request: &Request) -> io::Result<()> {
    let host = request.target.strip_suffix(":443").unwrap_or(&request.target).to_ascii_lowercase();
    let entry = {
        let policy = shared.policy();
        policy.site(&host).and_then(|site| policy.host_entry(&site).cloned())
    };
    let refused = match &entry {
        None => Some(403),
        Some(entry) => entry.refuse_connect,
    };
    if let Some(status) = refused {
        record_connect(shared, request, &host, status);
        let mut reply = Reply::text(status, "the forge does not play this host\n");
        if status == 407 {
            reply = reply.with("Proxy-Authenticate", "Basic realm=\"forge\"");
        }
        return http::write_reply(&mut socket, &reply, false, false);
    }
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let config = match entry.map_or(Tls::Good, |entry| entry.tls) {
        Tls::Good => authority().config(&host, &host)?,
        Tls::WrongName => authority().config(&host, "wrong.example.com")?,
        Tls::UnknownAuthority => stranger().config(&host, &host)?,
        Tls::BySelf(says) => by_self(&host, says)?.config,
        Tls::Closed => return Ok(()),
        Tls::Silent => {
            // It ends with the client, or with the forge.
            io::copy(&mut socket, &mut io::sink())?;
            return Ok(());
        }
    };
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, socket));
    loop {
        let request = match http::read_request(&mut reader) {
            Ok(request) => request,
            Err(Unreadable::Malformed(what)) => return complain(reader.get_mut(), what),
            Err(Unreadable::Closed | Unreadable::Broken) => break,
        };
        let delivery = site::answer(shared, &host, &request);
        if !deliver(shared, reader.get_mut(), &request, &delivery)? {
            break;
        }
    }
    let stream = reader.get_mut();
    stream.conn.send_close_notify();
    stream.flush()
}

/// Sends a reply as it is to be sent; false if the connection ends with it.
fn deliver(
    shared: &Shared,
    out: &mut impl Write,
    request: &Request,
    delivery: &Delivery,
) -> io::Result<bool> {
    shared.stop.sleep(delivery.delay);
    if delivery.close || shared.stop.is_set() {
        return Ok(false);
    }
    let reply = &delivery.reply;
    let head_only = request.method == "HEAD";
    if !delivery.truncate && delivery.slow.is_none() {
        http::write_reply(out, reply, head_only, request.keep_alive)?;
        return Ok(request.keep_alive);
    }
    let mut bytes = http::head(reply, false);
    let body = match delivery.truncate {
        true => &reply.body[..reply.body.len() / 2],
        false => &reply.body,
    };
    bytes.extend_from_slice(body);
    for piece in bytes.chunks(SLOW_PIECE) {
        out.write_all(piece)?;
        out.flush()?;
        if let Some(pause) = delivery.slow {
            shared.stop.sleep(pause);
        }
    }
    Ok(false)
}

fn complain(out: &mut (impl Read + Write), what: &str) -> io::Result<()> {
    let reply = Reply::text(400, &format!("the forge cannot read this: {what}\n"));
    http::write_reply(out, &reply, false, false)
}

fn record_connect(shared: &Shared, request: &Request, host: &str, status: u16) {
    shared.record(Entry { kind: EntryKind::Connect, ..site::entry(shared, host, request, status) });
}

/// A certificate authority of this process, and the server configurations it has signed.
pub(crate) struct Authority {
    /// Its certificate.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
    key: KeyPair,
    configs: Mutex<HashMap<(String, String), Arc<ServerConfig>>>,
}

/// The authority clients are told to trust; one for all forges of a process, to be quick.
pub(crate) fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| Authority::new("the forge's authority").expect("keys can be made"))
}

/// An authority nobody is told of.
fn stranger() -> &'static Authority {
    static STRANGER: OnceLock<Authority> = OnceLock::new();
    STRANGER.get_or_init(|| Authority::new("a stranger").expect("keys can be made"))
}

impl Authority {
    fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            pem,
            issuer: Issuer::new(params, key),
            key: KeyPair::generate()?,
            configs: Mutex::default(),
        })
    }

    /// The TLS configuration for a host, with a certificate in that name.
    fn config(&self, host: &str, name: &str) -> io::Result<Arc<ServerConfig>> {
        let cached = (host.to_owned(), name.to_owned());
        let mut configs = lock(&self.configs);
        if let Some(config) = configs.get(&cached) {
            return Ok(Arc::clone(config));
        }
        let name = name.split(':').next().unwrap_or(name);
        let certificate = self.certificate(name).map_err(io::Error::other)?;
        let config = served(certificate, &self.key)?;
        configs.insert(cached, Arc::clone(&config));
        Ok(config)
    }

    fn certificate(&self, name: &str) -> Result<CertificateDer<'static>, rcgen::Error> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = named(name);
        params.use_authority_key_identifier_extension = true;
        params.insert_extended_key_usage(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
        Ok(params.signed_by(&self.key, &self.issuer)?.der().clone())
    }
}

/// What a server answers with that has this certificate.
fn served(certificate: CertificateDer<'static>, key: &KeyPair) -> io::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(vec![certificate], key))
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate that has signed itself, and what a server answers with that has it.
#[derive(Clone)]
pub(crate) struct BySelf {
    /// The certificate.
    pub(crate) pem: String,
    config: Arc<ServerConfig>,
}

/// Gives the one that a host has signed for itself; the same one each time.
pub(crate) fn by_self(host: &str, says: SelfSigned) -> io::Result<BySelf> {
    type Known = Mutex<HashMap<(String, SelfSigned), BySelf>>;
    static KNOWN: OnceLock<Known> = OnceLock::new();
    let mut known = lock(KNOWN.get_or_init(Known::default));
    if let Some(found) = known.get(&(host.to_owned(), says)) {
        return Ok(found.clone());
    }
    let made = || {
        let name = host.split(':').next().unwrap_or(host);
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = named(name);
        params.is_ca = match says {
            SelfSigned::Authority => IsCa::Ca(BasicConstraints::Unconstrained),
            SelfSigned::NoAuthority => IsCa::ExplicitNoCa,
            SelfSigned::Silent => IsCa::NoCa,
        };
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok::<_, rcgen::Error>((certificate, key))
    };
    let (certificate, key) = made().map_err(io::Error::other)?;
    let made = BySelf { pem: certificate.pem(), config: served(certificate.der().clone(), &key)? };
    known.insert((host.to_owned(), says), made.clone());
    Ok(made)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Locks, also after a panic elsewhere: the panic itself fails the test.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
