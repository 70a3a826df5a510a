//! The client before servers that behave, misbehave, lie and wait.

mod server;

use super::*;
use server::{Flaw, Line, Server, TestAuthority, drip, head, reply as send};
use std::io::Write;
use std::sync::Arc;

/// Longer than a call takes on a slow machine, shorter than any test waits.
const SHORT: Duration = Duration::from_millis(600);
/// What the machine may add to a bound.
const SLACK: Duration = Duration::from_millis(900);

const SECRET: &str = "s3cret-t0ken";

fn token() -> Token {
    Token::new(SECRET.as_bytes().to_vec())
}

fn believing(authority: &TestAuthority) -> ClientConfig {
    let authorities = Authorities::find(Some(authority.file()), None, &|_| None);
    ClientConfig { authorities, ..ClientConfig::default() }
}

fn through(authority: &TestAuthority, proxy: &str) -> ClientConfig {
    let proxy = proxy_from(Some(proxy), &|_| None, "api.github.com").expect("a proxy");
    ClientConfig { proxy, ..believing(authority) }
}

fn client(config: &ClientConfig) -> Client {
    Client::new(config).expect("a client")
}

/// A server's API, as that of an Enterprise Server at this address.
fn api(server: &Server) -> Api {
    Api::of(&Host::parse(server.address.to_string().as_bytes()).expect("a host"))
}

fn github() -> Api {
    Api::of(&Host::parse(b"github.com").expect("a host"))
}

fn failed(reply: &CallResult) -> (FailureKind, &str) {
    match reply {
        CallResult::Failed(failure) => (failure.kind, &failure.detail),
        CallResult::Answered(answer) => panic!("answered: {answer:?}"),
    }
}

fn answered(reply: &CallResult) -> &Response {
    match reply {
        CallResult::Answered(answer) => answer,
        CallResult::Failed(_) => panic!("{reply:?}"),
    }
}

/// Asks a server that answers as `behave` does; gives the reply.
fn asked(behave: impl Fn(&mut dyn Line, &str) -> io::Result<()> + Send + Sync + 'static) -> CallResult {
    asked_within(TIMEOUT, behave)
}

fn asked_within(
    timeout: Duration,
    behave: impl Fn(&mut dyn Line, &str) -> io::Result<()> + Send + Sync + 'static,
) -> CallResult {
    let authority = TestAuthority::new();
    let server = Server::tls(authority.server("127.0.0.1", Flaw::None), behave);
    let config = ClientConfig { timeout, ..believing(&authority) };
    let start = Instant::now();
    let reply = client(&config).get(&api(&server), &ApiPath::user(), Some(&token()));
    assert!(start.elapsed() < timeout + SLACK, "the bound held: {:?}", start.elapsed());
    reply
}

/// Asks a server that writes these bytes and closes.
fn told(bytes: &'static [u8]) -> CallResult {
    asked(move |line, _| {
        line.write_all(bytes)?;
        line.flush()?;
        Err(io::ErrorKind::Other.into())
    })
}

#[test]
fn a_host_has_its_api_and_no_other() {
    for (host, base) in [
        ("github.com", "https://api.github.com"),
        ("gist.github.com", "https://api.github.com"),
        ("corp.ghe.com", "https://api.corp.ghe.com"),
        ("corp.ghe.com:8443", "https://corp.ghe.com:8443/api/v3"),
        ("ghe.example.com:8443", "https://ghe.example.com:8443/api/v3"),
        ("a.b.ghe.com", "https://a.b.ghe.com/api/v3"),
        ("api.github.com", "https://api.github.com/api/v3"),
    ] {
        assert_eq!(Api::of(&Host::parse(host.as_bytes()).expect("a host")).base, base);
    }
    assert_eq!(github().host(), "api.github.com");
}

#[test]
fn a_path_holds_nothing_but_checked_names() {
    let owner = Owner::parse("Acme").expect("an owner");
    let path = |repo| ApiPath::repository(&owner, repo).map(|path| path.0.clone());
    assert_eq!(path("r.js").as_deref(), Some("/repos/Acme/r.js"));
    for repo in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "a\r\nb", &"a".repeat(101)] {
        assert_eq!(path(repo), None, "{repo:?}");
    }
}

#[test]
fn a_request_says_what_it_must_and_nothing_else() {
    let authority = TestAuthority::new();
    let behave = |line: &mut dyn Line, _: &str| send(line, "200 OK", "X-GitHub-Request-Id: 1:2\r\n", b"{}");
    let server = Server::proxy(authority.server("api.github.com", Flaw::None), behave);
    let client = client(&through(&authority, &format!("user:s3cret@{}", server.address)));
    let reply = client.get(&github(), &ApiPath::user(), Some(&token()));
    let answer = answered(&reply);
    assert_eq!((answer.status, answer.body.as_slice(), answer.cut), (200, &b"{}"[..], false));
    assert_eq!(answer.header("X-GitHub-Request-ID"), Some("1:2"));
    client.get(&github(), &ApiPath::meta(), None);

    let version = env!("CARGO_PKG_VERSION");
    let connect = format!(
        "CONNECT api.github.com:443 HTTP/1.1\r\nHost: api.github.com:443\r\n\
         User-Agent: git-credential-patron/{version}\r\nProxy-Connection: Keep-Alive\r\n\
         Proxy-Authorization: Basic dXNlcjpzM2NyZXQ=\r\n\r\n"
    );
    let get = |path: &str, authorization: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: api.github.com\r\naccept: application/vnd.github+json\r\n\
             {authorization}user-agent: git-credential-patron/{version}\r\n\
             x-github-api-version: 2022-11-28\r\n\r\n"
        )
    };
    let sorted = |request: &String| {
        let mut lines: Vec<_> = request.lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    let bearer = format!("authorization: Bearer {SECRET}\r\n");
    let expected = [connect, get("/user", &bearer), get("/meta", "")];
    let (requests, expected): (Vec<_>, Vec<_>) =
        (server.requests().iter().map(sorted).collect(), expected.iter().map(sorted).collect());
    assert_eq!(requests, expected);
    assert_eq!(server.connections(), 1, "the second request uses the first one's connection");
}

#[test]
fn a_redirect_is_given_back_and_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let authority = TestAuthority::new();
        let other = Server::tls(authority.server("127.0.0.1", Flaw::None), |line, _| {
            send(line, "200 OK", "", b"stolen")
        });
        let location = format!("Location: https://{}/user\r\n", other.address);
        let server = Server::tls(authority.server("127.0.0.1", Flaw::None), move |line, _| {
            send(line, status, &location, b"gone")
        });
        let reply = client(&believing(&authority)).get(&api(&server), &ApiPath::user(), Some(&token()));
        let answer = answered(&reply);
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (status[..3].parse().expect("a number"), &b"gone"[..])
        );
        assert_eq!((server.requests().len(), other.connections()), (1, 0), "{status}");
    }
}

#[test]
fn a_status_is_a_reply_whatever_it_says() {
    for status in [200, 204, 304, 401, 403, 404, 429, 451, 500, 503] {
        let reply = asked(move |line, _| {
            let body: &[u8] = if matches!(status, 204 | 304) { b"" } else { b"{}" };
            send(line, &format!("{status} X"), "x-a: b\r\n", body)
        });
        assert_eq!(answered(&reply).status, status);
    }
}

#[test]
fn of_a_huge_body_the_beginning_is_read() {
    let reply = asked(|line, _| send(line, "403 Forbidden", "", &vec![b'x'; 10 << 20]));
    let answer = answered(&reply);
    assert_eq!((answer.status, answer.body.len(), answer.cut), (403, MAX_BODY, true));
    let endless = |line: &mut dyn Line, _: &str| {
        line.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        while line.write_all(&[b"1000\r\n", &[b'x'; 4096][..], b"\r\n"].concat()).is_ok() {}
        Ok(())
    };
    assert_eq!(answered(&asked(endless)).body.len(), MAX_BODY);
    let exact = asked(|line, _| send(line, "200 OK", "", &vec![b'x'; MAX_BODY]));
    assert_eq!((answered(&exact).body.len(), answered(&exact).cut), (MAX_BODY, false));
}

#[test]
fn whoever_lets_us_wait_gets_the_bound_and_no_more() {
    let pause = Duration::from_millis(100);
    let slow_head = asked_within(SHORT, move |line, _| {
        drip(line, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", pause)
    });
    let slow_headers = asked_within(SHORT, move |line, _| {
        line.write_all(b"HTTP/1.1 200 OK\r\n")?;
        drip(line, "x-a: b\r\n".repeat(20).as_bytes(), pause)
    });
    let slow_body = asked_within(SHORT, move |line, _| {
        line.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\n")?;
        drip(line, &[b'x'; 100], pause)
    });
    let silent = asked_within(SHORT, move |_, _| {
        std::thread::sleep(SHORT * 3);
        Ok(())
    });
    for reply in [slow_head, slow_headers, slow_body, silent] {
        assert_eq!(failed(&reply), (FailureKind::Timeout, "no whole answer in time"));
    }
    let authority = TestAuthority::new();
    let config = ClientConfig { timeout: SHORT, ..believing(&authority) };
    // Accepts and says nothing; or begins a TLS record and never ends it.
    for bytes in [&b""[..], &[b"\x16\x03\x03\x40\x00", &[0; 50][..]].concat()].map(<[u8]>::to_vec) {
        let server = Server::raw(move |mut stream, _| {
            let _ = drip(&mut stream, &bytes, pause);
            std::thread::sleep(SHORT * 3);
        });
        let start = Instant::now();
        let reply = client(&config).get(&api(&server), &ApiPath::user(), Some(&token()));
        assert_eq!(failed(&reply).0, FailureKind::Timeout, "{reply:?}");
        assert!(start.elapsed() < SHORT + SLACK, "{:?}", start.elapsed());
    }
    let server = Server::raw(|_, _| std::thread::sleep(SHORT * 3));
    let start = Instant::now();
    let reply = client(&believing(&authority)).get_within(SHORT, &api(&server), &ApiPath::user(), None);
    assert_eq!(failed(&reply).0, FailureKind::Timeout, "a bound of its own");
    assert!(start.elapsed() < SHORT + SLACK, "{:?}", start.elapsed());
    let server = Server::raw(|_, _| std::thread::sleep(SHORT));
    let reply = client(&config).get_within(Duration::ZERO, &api(&server), &ApiPath::user(), None);
    assert_eq!((failed(&reply).0, server.connections()), (FailureKind::Timeout, 0));
}

#[test]
fn half_an_answer_is_none() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"half\":"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nx-a: b",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"",
    ] {
        let reply = told(bytes);
        let text = bytes.escape_ascii().to_string();
        assert!(
            matches!(failed(&reply).0, FailureKind::Malformed | FailureKind::Connect),
            "{text} {reply:?}"
        );
    }
    // Nobody asked for compression: what comes compressed is not read, so it cannot blow up.
    let gzip = told(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(failed(&gzip).0, FailureKind::Malformed);
}

#[test]
fn a_flood_of_headers_is_cut_off() {
    let endless = asked(|line, _| {
        line.write_all(b"HTTP/1.1 200 OK\r\n")?;
        while line.write_all(format!("x-flood: {}\r\n", "x".repeat(1000)).as_bytes()).is_ok() {}
        Ok(())
    });
    assert_eq!(failed(&endless).0, FailureKind::Malformed);
    let many = asked(|line, _| send(line, "200 OK", &"x: y\r\n".repeat(5000), b""));
    assert_eq!(failed(&many).0, FailureKind::Malformed);
    let long = asked(|line, _| send(line, "200 OK", &format!("x: {}\r\n", "y".repeat(100_000)), b""));
    assert_eq!(failed(&long).0, FailureKind::Malformed);
}

#[test]
fn no_token_goes_to_a_server_that_cannot_prove_its_name() {
    let (authority, stranger) = (TestAuthority::new(), TestAuthority::new());
    for (config, what) in [
        (authority.server("127.0.0.2", Flaw::None), "is for another name"),
        (authority.server("localhost", Flaw::None), "is for another name"),
        (authority.server("127.0.0.1", Flaw::Expired), "has expired"),
        (authority.server("127.0.0.1", Flaw::NotYetValid), "is not valid yet (is the clock right?)"),
        (stranger.server("127.0.0.1", Flaw::None), "comes from an issuer that is not believed here"),
    ] {
        let server = Server::tls(config, |line, _| send(line, "200 OK", "", b"{}"));
        let reply = client(&believing(&authority)).get(&api(&server), &ApiPath::user(), Some(&token()));
        assert_eq!(failed(&reply), (FailureKind::Tls, format!("the server's certificate {what}").as_str()));
        assert_eq!(server.requests(), Vec::<String>::new(), "{what}");
    }
    // A server that speaks no TLS at all.
    let plain = Server::raw(|mut stream, seen| {
        let mut bytes = [0; 4096];
        let len = stream.read(&mut bytes).unwrap_or(0);
        seen.note(&String::from_utf8_lossy(&bytes[..len]));
        let _ = send(&mut stream, "200 OK", "", b"{}");
    });
    let reply = client(&believing(&authority)).get(&api(&plain), &ApiPath::user(), Some(&token()));
    assert_eq!(failed(&reply).0, FailureKind::Tls);
    assert!(!plain.requests().concat().contains("s3cret"));
}

#[test]
fn a_certificate_that_is_itself_in_the_file_is_believed() {
    let ca = || rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    for (name, is_ca, flaw, what) in [
        // As `openssl req -x509` makes it.
        ("127.0.0.1", ca(), Flaw::None, None),
        ("127.0.0.1", rcgen::IsCa::NoCa, Flaw::None, None),
        ("127.0.0.1", rcgen::IsCa::ExplicitNoCa, Flaw::None, None),
        ("127.0.0.2", ca(), Flaw::None, Some("is for another name")),
        ("localhost", rcgen::IsCa::NoCa, Flaw::None, Some("is for another name")),
        ("127.0.0.1", ca(), Flaw::Expired, Some("has expired")),
    ] {
        let named = TestAuthority::new();
        let config = named.signed_by_itself(name, is_ca, flaw);
        let server = Server::tls(config, |line, _| send(line, "200 OK", "", b"{}"));
        let reply = client(&believing(&named)).get(&api(&server), &ApiPath::user(), Some(&token()));
        match what {
            None => assert_eq!(answered(&reply).status, 200, "{name}"),
            Some(what) => {
                assert_eq!(
                    failed(&reply),
                    (FailureKind::Tls, format!("the server's certificate {what}").as_str())
                );
                assert_eq!(server.requests(), Vec::<String>::new(), "{what}");
            }
        }
    }
    // Another one of the same name, by the same name: not these bytes.
    let named = TestAuthority::new();
    let other = named.signed_by_itself("127.0.0.1", ca(), Flaw::None);
    named.signed_by_itself("127.0.0.1", ca(), Flaw::None);
    let server = Server::tls(other, |line, _| send(line, "200 OK", "", b"{}"));
    let reply = client(&believing(&named)).get(&api(&server), &ApiPath::user(), Some(&token()));
    assert_eq!(failed(&reply).0, FailureKind::Tls);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn the_systems_authorities_do_not_know_a_test_server() {
    let authority = TestAuthority::new();
    let server =
        Server::tls(authority.server("127.0.0.1", Flaw::None), |line, _| send(line, "200 OK", "", b""));
    let reply = client(&ClientConfig::default()).get(&api(&server), &ApiPath::user(), Some(&token()));
    assert_eq!(failed(&reply).0, FailureKind::Tls);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn authorities_are_read_from_a_file_or_a_folder() {
    let authority = TestAuthority::new();
    let server =
        Server::tls(authority.server("127.0.0.1", Flaw::None), |line, _| send(line, "200 OK", "", b""));
    std::fs::write(authority.folder().join("readme"), "no certificate").expect("written");
    for authorities in [
        Authorities::find(None, Some(authority.folder()), &|_| None),
        Authorities::find(None, None, &|name| (name == "SSL_CERT_FILE").then(|| authority.file().into())),
        Authorities::find(None, None, &|name| (name == "SSL_CERT_DIR").then(|| authority.folder().into())),
    ] {
        let config = ClientConfig { authorities, ..ClientConfig::default() };
        assert_eq!(answered(&client(&config).get(&api(&server), &ApiPath::user(), None)).status, 200);
    }
    let missing = Authorities::find(Some("/nowhere/ca.pem".into()), None, &|_| None);
    let failure =
        Client::new(&ClientConfig { authorities: missing, ..ClientConfig::default() }).expect_err("none");
    assert_eq!(failure.kind, FailureKind::BadAuthorities);
    assert!(
        failure.detail.starts_with("/nowhere/ca.pem (set by http.sslCAInfo) cannot be read"),
        "{failure}"
    );
}

#[test]
fn a_proxy_that_fails_is_named_as_such() {
    let authority = TestAuthority::new();
    let ask = |proxy: &str| {
        let config = ClientConfig { timeout: SHORT * 2, ..through(&authority, proxy) };
        client(&config).get(&github(), &ApiPath::user(), Some(&token()))
    };
    let refusing = |status: &'static str| {
        Server::raw(move |mut stream, seen| {
            seen.note(&head(&mut stream).unwrap_or_default());
            let _ = send(&mut stream, status, "Proxy-Authenticate: Negotiate\r\n", b"<html>");
        })
    };
    for (status, detail) in [
        ("407 Proxy Authentication Required", "the proxy wants a user name and password (407)"),
        ("403 Forbidden", "the proxy refused to connect us (403)"),
        ("502 Bad Gateway", "the proxy refused to connect us (502)"),
    ] {
        let proxy = refusing(status);
        let reply = ask(&format!("http://user:s3cret@{}", proxy.address));
        assert_eq!(failed(&reply), (FailureKind::Proxy, detail));
        assert!(!format!("{reply:?}").contains("s3cret"));
        assert!(!proxy.requests().concat().contains(SECRET), "a proxy sees no token");
    }
    // Nobody listens on this port any more.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    for scheme in ["http", "https", "socks5h", "socks4a"] {
        let reply = ask(&format!("{scheme}://{dead}"));
        assert_eq!(failed(&reply), (FailureKind::Proxy, "the proxy refuses connections"), "{scheme}");
    }
    let nameless = format!("http://{}.example:1", "x".repeat(64));
    assert_eq!(failed(&ask(&nameless)), (FailureKind::Proxy, "the proxy's name has no address"));
    let silent = Server::raw(|_, _| std::thread::sleep(SHORT * 3));
    assert_eq!(failed(&ask(&silent.address.to_string())).0, FailureKind::Timeout);
    let garbage = Server::raw(|mut stream, seen| {
        seen.note(&head(&mut stream).unwrap_or_default());
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
    });
    assert_eq!(failed(&ask(&garbage.address.to_string())).0, FailureKind::Malformed);
}

#[test]
fn a_socks_proxy_is_told_the_name_and_sees_no_token() {
    let authority = TestAuthority::new();
    let config = authority.server("api.github.com", Flaw::None);
    let proxy = Server::socks(config, |line, _| send(line, "200 OK", "", b"{}"));
    let client = client(&through(&authority, &format!("socks5h://{}", proxy.address)));
    assert_eq!(answered(&client.get(&github(), &ApiPath::user(), Some(&token()))).status, 200);
    assert_eq!(proxy.requests()[0], "api.github.com");
}

#[test]
fn a_proxy_that_is_spoken_to_by_tls_still_sees_no_token() {
    let authority = TestAuthority::new();
    let config = authority.server("127.0.0.1", Flaw::None);
    let proxy = Server::raw(move |stream, seen| {
        let mut line = server::tls(&config, stream);
        seen.note(&head(&mut line).unwrap_or_default());
        let _ = line.write_all(b"HTTP/1.1 200 OK\r\n\r\n").and_then(|()| line.flush());
        let mut bytes = [0; 16384];
        let len = line.read(&mut bytes).unwrap_or(0);
        seen.note(&format!("then {:#x}: {}", bytes[0], String::from_utf8_lossy(&bytes[..len])));
    });
    let config =
        ClientConfig { timeout: SHORT, ..through(&authority, &format!("https://{}", proxy.address)) };
    let reply = client(&config).get(&github(), &ApiPath::user(), Some(&token()));
    assert!(matches!(reply, CallResult::Failed(_)));
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT api.github.com:443 "), "{requests:?}");
    assert!(requests[1].starts_with("then 0x16: "), "a handshake of its own with the target: {requests:?}");
    assert!(!requests.concat().contains(SECRET));
}

#[test]
fn a_server_that_is_not_there_is_told_from_a_name_that_is_none() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let ask = |host: &str| {
        let host = Host::parse(host.as_bytes()).expect("a host");
        client(&ClientConfig::default()).get(&Api::of(&host), &ApiPath::user(), None)
    };
    assert_eq!(failed(&ask(&dead.to_string())), (FailureKind::Connect, "the server refuses connections"));
    // Too long for a label: no name server is asked.
    let nameless = format!("{}.example", "x".repeat(64));
    assert_eq!(failed(&ask(&nameless)), (FailureKind::Dns, "the name has no address (DNS)"));
}

#[test]
fn no_debug_text_shows_a_token_even_if_the_server_gives_it_back() {
    let authority = TestAuthority::new();
    let server = Server::tls(authority.server("127.0.0.1", Flaw::None), |line, head| {
        let bearer = head.lines().find(|line| line.starts_with("authorization: ")).unwrap_or_default();
        send(line, "200 OK", &format!("x-echo: {bearer}\r\n"), bearer.as_bytes())
    });
    let config = believing(&authority);
    let client = client(&config);
    let reply = client.get(&api(&server), &ApiPath::user(), Some(&token()));
    assert!(answered(&reply).body.ends_with(SECRET.as_bytes()), "the server did give it back");
    let unsendable =
        client.get(&api(&server), &ApiPath::user(), Some(&Token::new(b"s3cret-t0ken\n".to_vec())));
    assert_eq!(failed(&unsendable).0, FailureKind::Other);
    let texts = format!("{reply:?} {unsendable:?} {client:?} {config:?} {:?}", authorization(&token()));
    assert!(!texts.contains("s3cret"), "{texts}");
}

#[test]
fn many_threads_may_ask_at_once() {
    let authority = TestAuthority::new();
    let server = Server::tls(authority.server("127.0.0.1", Flaw::None), |line, _| {
        std::thread::sleep(Duration::from_millis(300));
        send(line, "200 OK", "", b"{}")
    });
    let client = Arc::new(client(&believing(&authority)));
    let start = Instant::now();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (client, api) = (Arc::clone(&client), api(&server));
            std::thread::spawn(move || client.get(&api, &ApiPath::user(), Some(&token())))
        })
        .collect();
    for thread in threads {
        assert_eq!(answered(&thread.join().expect("no panic")).status, 200);
    }
    assert!(start.elapsed() < Duration::from_millis(300 * 8), "side by side: {:?}", start.elapsed());
}

/// The other side of the next test: asks a server with the environment full of proxies.
#[test]
#[ignore = "run by the_environment_is_not_looked_at, with an environment of its own"]
fn actor() {
    let var = |name: &str| std::env::var(name).expect("set by the test");
    let authorities = Authorities::find(Some(var("CA").into()), None, &|_| None);
    let api = Api::of(&Host::parse(var("SERVER").as_bytes()).expect("a host"));
    let config = ClientConfig { authorities, ..ClientConfig::default() };
    let reply = client(&config).get(&api, &ApiPath::user(), Some(&token()));
    assert_eq!(answered(&reply).status, 200, "{reply:?}");
}

#[test]
fn the_environment_is_not_looked_at() {
    let authority = TestAuthority::new();
    let server =
        Server::tls(authority.server("127.0.0.1", Flaw::None), |line, _| send(line, "200 OK", "", b""));
    let trap = Server::raw(|_, _| ());
    let mut command = std::process::Command::new(std::env::current_exe().expect("the path of this program"));
    command.args(["--exact", "github::tests::actor", "--ignored"]);
    command.env("CA", authority.file()).env("SERVER", server.address.to_string());
    for name in ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        command.env(name, format!("http://{}", trap.address));
    }
    command.env("SSL_CERT_FILE", "/nowhere").env_remove("NO_PROXY").env_remove("no_proxy");
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.connections(), trap.connections()), (1, 0));
}
