//! The proxy, TLS and HTTP: what passes, what does not, and each way of spoiling it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::client::Client;
use crate::forge::{EntryKind, Forge, On, Policy, Reply, Rule, Then, Tls};

const OPEN: &str = "https://github.com/acme/open";
const FETCH: &str = "git-upload-pack";

/// Sends bytes as they are, and reads until the forge closes.
fn raw(forge: &Forge, pieces: &[&str]) -> String {
    let address = forge.proxy_url().replace("http://", "");
    let mut socket = TcpStream::connect(address).expect("the forge listens");
    let bound = Some(Duration::from_secs(5));
    socket.set_read_timeout(bound).expect("the bound is not zero");
    for piece in pieces {
        // The forge may have closed already: then the answer says why.
        let _ = socket.write_all(piece.as_bytes());
        std::thread::sleep(Duration::from_millis(5));
    }
    // Says that nothing more comes: the forge answers what it has and closes.
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    // A connection that was reset has told what came before.
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn hosts_of_the_policy_are_let_through_and_no_others() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    for host in ["github.com", "api.github.com", "gist.github.com", "a.ghe.com", "api.a.ghe.com"] {
        assert!(client.try_get(&format!("https://{host}/"), "").is_ok(), "{host}");
    }
    forge.clear_log();
    let others = [
        "example.com",
        "ghe.com",
        "api.ghe.com.evil.test",
        "a.b.ghe.com",
        "evilgithub.com",
        "gist.api.github.com",
        "raw.github.com",
        "github.com.",
        "github.com:8443",
    ];
    for host in others {
        assert!(client.try_get(&format!("https://{host}/"), "").is_err(), "{host}");
    }
    assert_eq!(forge.refused_tunnels(), others);
    assert!(forge.log().iter().all(|it| it.kind == EntryKind::Connect && it.status == 403));
}

#[test]
fn plain_http_goes_nowhere() {
    let forge = Forge::start(Policy::sample());
    let answer = raw(
        &forge,
        &["GET http://github.com/acme/open HTTP/1.1\r\nHost: github.com\r\nConnection: close\r\n\r\n"],
    );
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(forge.refused_tunnels(), ["http://github.com/acme/open"]);
}

#[test]
fn a_proxy_may_refuse_a_host_it_knows() {
    let forge = Forge::start(Policy::sample());
    for status in [407, 502] {
        forge.policy(|policy| policy.host_mut("github.com").refuse_connect = Some(status));
        assert!(Client::new(&forge).try_get(OPEN, "").is_err());
        assert_eq!(forge.log().last().map(|entry| entry.status), Some(status));
    }
}

#[test]
fn bad_tls_is_refused_by_the_client_before_anything_is_said() {
    let forge = Forge::start(Policy::sample());
    for tls in [Tls::UnknownAuthority, Tls::WrongName, Tls::Closed] {
        forge.policy(|policy| policy.host_mut("github.com").tls = tls);
        assert!(Client::new(&forge).try_get(OPEN, "").is_err());
    }
    assert!(forge.log().is_empty());
    forge.policy(|policy| policy.host_mut("github.com").tls = Tls::Good);
    assert_eq!(Client::new(&forge).discover(OPEN, FETCH, "").status, 200);
}

#[test]
fn a_connection_serves_several_requests() {
    let forge = Forge::start(Policy::sample());
    let get = "GET /@github.com/ HTTP/1.1\r\nHost: it\r\n\r\n";
    let last = "GET /nothing HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n";
    let answer = raw(&forge, &[get, &format!("{get}{last}")]);
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 404 ").count(), 1, "{answer}");
}

#[test]
fn bodies_come_with_a_length_in_chunks_or_after_a_go_ahead() {
    let form = "name=raw&expires_in=none&scope=repo";
    let head = "POST /settings/tokens/new HTTP/1.1\r\nHost: it\r\nConnection: close\r\n";
    let (first, second) = form.split_at(7);
    let chunked = format!(
        "Transfer-Encoding: chunked\r\n\r\n{:x};note=1\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nTrailer: 1\r\n\r\n",
        first.len(),
        second.len()
    );
    for (pieces, go_ahead) in [
        (vec![format!("Content-Length: {}\r\n\r\n", form.len()), form.to_owned()], false),
        (vec![chunked], false),
        (
            vec![format!("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", form.len()), form.to_owned()],
            true,
        ),
    ] {
        let forge = Forge::start(Policy::sample());
        let mut all = vec![head];
        all.extend(pieces.iter().map(String::as_str));
        let answer = raw(&forge, &all);
        assert_eq!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\n"), go_ahead, "{answer}");
        assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
        assert!(!forge.secret("raw").is_empty());
    }
}

#[test]
fn what_is_no_http_is_answered_and_closed() {
    let forge = Forge::start(Policy::sample());
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    for sent in [
        "hello\r\n\r\n",
        "GET / HTTP/2\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        &long,
    ] {
        let answer = raw(&forge, &[sent]);
        let start: String = sent.chars().take(60).collect();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{start}: {answer}");
    }
    assert_eq!(raw(&forge, &["GET / HTTP/1.1\r\nHalf: a li"]).len(), 0);
    assert!(forge.log().is_empty());
}

#[test]
fn a_delivery_is_spoiled_in_each_way() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let with = |then: Then| {
        forge.policy(|policy| policy.rules = vec![Rule::fault(then).on(On::Git)]);
        let start = Instant::now();
        let url = format!("{OPEN}/info/refs?service={FETCH}");
        (client.try_get(&url, ""), start.elapsed())
    };
    let (answer, took) = with(Then::Delay(Duration::from_millis(300)));
    assert_eq!(answer.expect("it comes").status, 200);
    assert!(took >= Duration::from_millis(300));
    assert!(with(Then::Truncate).0.is_err());
    assert!(with(Then::Close).0.is_err());
    assert_eq!(forge.log().last().map(|entry| entry.status), Some(0));
    let (answer, took) = with(Then::Slow(Duration::from_millis(20)));
    assert_eq!(answer.expect("it comes").status, 200);
    assert!(took >= Duration::from_millis(100), "{}", took.as_millis());
    let portal = with(Then::Answer(Reply::captive_portal())).0.expect("it comes");
    assert_eq!((portal.status, portal.header("x-github-request-id")), (200, ""));
    let limit = with(Then::Answer(Reply::too_many(7))).0.expect("it comes");
    assert_eq!((limit.status, limit.header("retry-after")), (429, "7"));
    let huge = with(Then::Answer(Reply::huge(403, 5_000_000))).0.expect("it comes");
    assert!(huge.body.len() >= 5_000_000);
    let colour = "\u{1b}[2J\u{1b}]0;owned\u{7}red\n";
    let ansi = with(Then::Answer(Reply::text(403, colour))).0.expect("it comes");
    assert_eq!(ansi.body, colour);
    let down = with(Then::Answer(Reply::text(503, "down\n"))).0.expect("it comes");
    assert_eq!(down.status, 503);
}

#[test]
fn a_forge_ends_at_once_whatever_its_clients_wait_for() {
    let hour = Duration::from_secs(3600);
    let forge = Forge::start(Policy::sample().rule(Rule::fault(Then::Delay(hour))));
    let client = Client::new(&forge);
    let (asked, folder) = (forge.log().len(), forge.dir().to_owned());
    let waiting = std::thread::spawn(move || client.try_get(&format!("{OPEN}/info/refs"), "").is_err());
    while forge.log().len() == asked {
        std::thread::sleep(Duration::from_millis(1));
    }
    let start = Instant::now();
    drop(forge);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(waiting.join().expect("the client does not panic"));
    assert!(!folder.exists());
}

#[test]
fn starting_takes_milliseconds() {
    // The first one of a process makes the keys.
    drop(Forge::start(Policy::sample()));
    let start = Instant::now();
    for _ in 0..10 {
        drop(Forge::start(Policy::sample()));
    }
    let each = start.elapsed() / 10;
    assert!(each < Duration::from_millis(50), "{} ms", each.as_millis());
}
