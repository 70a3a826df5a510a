//! One visit of a browser on this machine: a page that is shown once, and an address to which it comes back once.
//!
//! Every program on this machine, and every page that a browser shows, can reach a port here. Rules:
//! - **Two requests are served, each once**: the page, then the way back with the state that stands in the page. The
//!   page asked for twice means that somebody else may have read the state, and a wrong state that somebody guesses:
//!   both end the visit.
//! - What is no navigation of a browser window (a picture, a frame, a script of some page), names another host
//!   (DNS rebinding) or asks for something else is refused and ends nothing: any page could send that.
//! - Only the loopback interface is listened on, at a port that the system chooses.
//! - Everything has a bound: bytes, connections, time. Connections are read side by side, since browsers open some
//!   that they never use.

use crate::token::Token;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The path of the way back.
pub(crate) const WAY_BACK: &str = "/made";
/// How many bytes a request may have. Browsers send cookies of other programs on this machine along.
const MOST_BYTES: usize = 32 * 1024;
/// How many connections are held at a time.
const MOST_OPEN: usize = 32;
/// How many are taken in all.
const MOST_TAKEN: usize = 500;
/// How long one may take to say what it wants, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether something came.
const BLINK: Duration = Duration::from_millis(10);

/// A port that waits for a browser.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    port: u16,
    callers: Vec<Visitor>,
    taken: usize,
}

/// Who has connected and not asked yet.
#[derive(Debug)]
struct Visitor {
    stream: TcpStream,
    head: Vec<u8>,
    since: Instant,
}

/// What a browser window asks for.
#[derive(Debug, PartialEq, Eq)]
enum WantedPage {
    /// The page.
    Start,
    /// The way back, with its query.
    Back(String),
}

/// Why a request is refused: status and words.
type TurnedAway = (u16, &'static str);

/// Why a visit came to nothing.
#[derive(Debug)]
pub(crate) enum Astray {
    /// Nobody opened the page in time.
    NotOpened,
    /// The browser did not come back in time.
    NotBack,
    /// The page was asked for once more.
    Twice,
    /// Somebody came back without the state that stands in the page, or before it was shown.
    WrongState,
    /// It came back without what it was sent for.
    NoCode,
    /// More connected than any browser does.
    TooMany,
    /// The system failed.
    Io(io::Error),
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpened => f.write_str("nobody opened the page within a minute"),
            Self::NotBack => f.write_str("the browser did not come back from GitHub within a minute"),
            Self::Twice => f.write_str("the page was asked for twice, so somebody else may have read it"),
            Self::WrongState => {
                f.write_str("somebody came back with a wrong state: it was not this page's visitor")
            }
            Self::NoCode => f.write_str("the browser came back without a code"),
            Self::TooMany => f.write_str("more programs connected than a browser does"),
            Self::Io(error) => write!(f, "the connection with the browser: {error}"),
        }
    }
}

impl std::error::Error for Astray {}

impl From<io::Error> for Astray {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A browser that came back and waits for its page.
pub(crate) struct Landed {
    stream: TcpStream,
    /// What it was sent for.
    pub(crate) code: Token,
}

impl fmt::Debug for Landed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landed(redacted)")
    }
}

impl Landed {
    /// Shows it its last page. It may have gone: that changes nothing.
    pub(crate) fn answer(self, page: &str) {
        let _ = respond(self.stream, 200, "text/html", page);
    }
}

impl Loopback {
    /// Listens at a free port.
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port, callers: Vec::new(), taken: 0 })
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address of the page.
    pub(crate) fn address(&self) -> String {
        format!("http://{}:{}/", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The address of the way back.
    pub(crate) fn way_back(&self) -> String {
        format!("http://{}:{}{WAY_BACK}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Shows the page to the first who asks.
    pub(crate) fn show(&mut self, page: &str, bound: Duration) -> Result<(), Astray> {
        match self.wanted(Instant::now() + bound)?.ok_or(Astray::NotOpened)? {
            (stream, WantedPage::Start) => Ok(respond(stream, 200, "text/html", page)?),
            (stream, WantedPage::Back(_)) => end(stream, Astray::WrongState),
        }
    }

    /// Waits for the way back.
    pub(crate) fn landed(&mut self, state: &str, bound: Duration) -> Result<Landed, Astray> {
        match self.wanted(Instant::now() + bound)?.ok_or(Astray::NotBack)? {
            (stream, WantedPage::Start) => end(stream, Astray::Twice),
            // There is one guess: how long the comparison takes tells nothing that could be used.
            (stream, WantedPage::Back(query)) if field(&query, "state") != Some(state) => {
                end(stream, Astray::WrongState)
            }
            (stream, WantedPage::Back(query)) => match field(&query, "code") {
                Some(code) => Ok(Landed { stream, code: Token::new(code.as_bytes().to_vec()) }),
                None => end(stream, Astray::NoCode),
            },
        }
    }

    /// Waits for what a browser window asks for; none when the time is up.
    fn wanted(&mut self, until: Instant) -> Result<Option<(TcpStream, WantedPage)>, Astray> {
        loop {
            self.accept()?;
            let mut at = 0;
            while at < self.callers.len() {
                let heard = self.callers[at].hear();
                if matches!(heard, Heard::Nothing) {
                    at += 1;
                    continue;
                }
                let Visitor { stream, head, .. } = self.callers.swap_remove(at);
                if matches!(heard, Heard::All) {
                    match wanted(&head, self.port) {
                        Ok(wanted) => return Ok(Some((stream, wanted))),
                        // It may have gone meanwhile.
                        Err((status, why)) => _ = respond(stream, status, "text/plain", why),
                    }
                }
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            thread::sleep(BLINK);
        }
    }

    fn accept(&mut self) -> Result<(), Astray> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Of one connection: it was closed before it was taken.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.taken += 1;
            if self.taken > MOST_TAKEN {
                return Err(Astray::TooMany);
            }
            // One too many is closed: the others are as likely to be the browser's.
            if self.callers.len() < MOST_OPEN && stream.set_nonblocking(true).is_ok() {
                self.callers.push(Visitor { stream, head: Vec::new(), since: Instant::now() });
            }
        }
    }
}

/// What became of a connection.
enum Heard {
    /// It has not said all yet.
    Nothing,
    /// It has said what it wants.
    All,
    /// It is gone, too slow, or says too much.
    Gone,
}

impl Visitor {
    fn hear(&mut self) -> Heard {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Heard::Gone,
                Ok(count) => self.head.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Heard::Gone,
            }
            if self.head.len() > MOST_BYTES {
                return Heard::Gone;
            }
        }
        if self.head.windows(4).any(|end| end == b"\r\n\r\n") {
            Heard::All
        } else if self.since.elapsed() > PATIENCE {
            Heard::Gone
        } else {
            Heard::Nothing
        }
    }
}

/// Reads what a request wants, if a browser window sent it to this address.
fn wanted(head: &[u8], port: u16) -> Result<WantedPage, TurnedAway> {
    let text = std::str::from_utf8(head).map_err(|_| (400, "this is no request of a browser\n"))?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target, version) = (first.next(), first.next(), first.next());
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (method, target, version, first.next())
    else {
        return Err((400, "this is no request of a browser\n"));
    };
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let all = |name: &str| -> Vec<&str> {
        headers
            .iter()
            .filter(|(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    };
    if all("host") != [format!("{}:{port}", Ipv4Addr::LOCALHOST)] {
        return Err((421, "this is another host\n"));
    }
    // Browsers say what a request is for; what says nothing is no browser of the last years.
    let says = |name: &str, wanted: &str| all(name).iter().all(|value| *value == wanted);
    if !says("sec-fetch-mode", "navigate") || !says("sec-fetch-dest", "document") {
        return Err((403, "this page is for a browser window alone\n"));
    }
    if method != "GET" {
        return Err((405, "this page can only be read\n"));
    }
    match target.split_once('?').unwrap_or((target, "")) {
        ("/", "") => Ok(WantedPage::Start),
        (WAY_BACK, query) => Ok(WantedPage::Back(query.to_owned())),
        _ => Err((404, "there is no such page\n")),
    }
}

/// Gives a field of a query that stands in it once and needs no decoding.
fn field<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut found = query.split('&').filter_map(|field| field.split_once('=')).filter(|(it, _)| *it == name);
    let (_, value) = found.next()?;
    let fits = |value: &str| {
        (1..=256).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (found.next().is_none() && fits(value)).then_some(value)
}

/// Tells whoever asked that this is the end.
fn end<T>(stream: TcpStream, why: Astray) -> Result<T, Astray> {
    let _ = respond(stream, 403, "text/plain", &format!("Refused: {why}.\nBegin again in the terminal.\n"));
    Err(why)
}

fn respond(mut stream: TcpStream, status: u16, kind: &str, body: &str) -> io::Result<()> {
    let word = if status == 200 { "OK" } else { "Refused" };
    // No script, nothing from elsewhere, in nobody's frame. The address, which may hold a code, goes to nobody.
    let head = format!(
        "HTTP/1.1 {status} {word}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nReferrer-Policy: origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         frame-ancestors 'none'\r\n\r\n",
        body.len()
    );
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.flush()?;
    stream.shutdown(Shutdown::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Asks as a browser window does; gives the whole answer.
    fn ask(port: u16, target: &str, more: &str) -> String {
        let host = format!("Host: 127.0.0.1:{port}\r\n");
        send(
            port,
            &format!(
                "GET {target} HTTP/1.1\r\n{}{more}\r\n",
                if more.contains("Host:") { "" } else { &host }
            ),
        )
    }

    fn send(port: u16, text: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
        stream.set_read_timeout(Some(LONG)).expect("a timeout");
        let mut answer = String::new();
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    /// A visit with these askers, one after the other; gives how it ended and what they were answered.
    fn visit(askers: &[(&str, &str)]) -> (Result<String, Astray>, Vec<String>) {
        let mut loopback = Loopback::open().expect("a port");
        let port = loopback.port();
        thread::scope(|scope| {
            let asking =
                scope.spawn(move || askers.iter().map(|(target, more)| ask(port, target, more)).collect());
            let ended =
                loopback.show("the page", LONG).and_then(|()| loopback.landed("abc", LONG)).map(|landed| {
                    let code = String::from_utf8_lossy(landed.code.expose()).into_owned();
                    landed.answer("the end");
                    code
                });
            drop(loopback);
            (ended, asking.join().expect("it ends"))
        })
    }

    #[test]
    fn the_page_is_shown_and_the_way_back_taken_once() {
        let (ended, answers) = visit(&[("/", ""), ("/made?code=xyz&state=abc", "")]);
        assert_eq!(ended.expect("it came back"), "xyz");
        assert!(answers[0].starts_with("HTTP/1.1 200 OK\r\n") && answers[0].ends_with("\r\n\r\nthe page"));
        assert!(answers[1].ends_with("\r\n\r\nthe end"), "{}", answers[1]);
        for header in ["Cache-Control: no-store", "X-Frame-Options: DENY", "default-src 'none'"] {
            assert!(answers.iter().all(|answer| answer.contains(header)), "{header}");
        }
    }

    #[test]
    fn a_second_look_a_wrong_state_and_an_early_return_end_the_visit() {
        let (ended, answers) = visit(&[("/", ""), ("/", "")]);
        assert!(matches!(ended, Err(Astray::Twice)), "{ended:?}");
        assert!(answers[1].starts_with("HTTP/1.1 403") && answers[1].contains("asked for twice"));
        for back in
            ["/made?code=xyz&state=ab", "/made?code=xyz", "/made", "/made?code=xyz&state=abc&state=abc"]
        {
            let (ended, answers) = visit(&[("/", ""), (back, "")]);
            assert!(matches!(ended, Err(Astray::WrongState)), "{back}: {ended:?}");
            assert!(answers[1].contains("wrong state"), "{}", answers[1]);
        }
        for back in ["/made?state=abc", "/made?code=&state=abc", "/made?code=a%20b&state=abc"] {
            let (ended, _) = visit(&[("/", ""), (back, "")]);
            assert!(matches!(ended, Err(Astray::NoCode)), "{back}: {ended:?}");
        }
        let (ended, _) = visit(&[("/made?code=xyz&state=abc", "")]);
        assert!(matches!(ended, Err(Astray::WrongState)), "{ended:?}");
    }

    #[test]
    fn what_no_browser_window_asks_for_ends_nothing() {
        let strays = [
            ("/favicon.ico", "", 404),
            ("/", "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403),
            ("/", "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403),
            ("/", "Host: rebound.example.com\r\n", 421),
            ("/", "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n", 421),
            ("/../", "", 404),
        ];
        let window = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
        let mut askers: Vec<(&str, &str)> = strays.iter().map(|(target, more, _)| (*target, *more)).collect();
        askers.extend([("/", window), ("/made?code=xyz&state=abc", window)]);
        let (ended, answers) = visit(&askers);
        assert_eq!(ended.expect("it came back"), "xyz");
        for ((target, _, status), answer) in strays.iter().zip(&answers) {
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
        }
        assert!(matches!(wanted(b"\xff\r\n\r\n", 1), Err((400, _))));
        assert!(matches!(wanted(b"POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 1), Err((405, _))));
        assert!(matches!(wanted(b"GET /\r\n\r\n", 1), Err((400, _))));
    }

    #[test]
    fn who_says_nothing_or_too_much_holds_up_nobody() {
        let mut loopback = Loopback::open().expect("a port");
        let port = loopback.port();
        let silent: Vec<_> = (0..MOST_OPEN - 1)
            .map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens"))
            .collect();
        let start = Instant::now();
        thread::scope(|scope| {
            let asking = scope.spawn(move || {
                let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(2 * MOST_BYTES));
                assert_eq!(send(port, &endless), "");
                ask(port, "/", "")
            });
            loopback.show("the page", LONG).expect("it is shown");
            assert!(asking.join().expect("it ends").ends_with("the page"));
        });
        assert!(start.elapsed() < LONG);
        drop(silent);
    }

    #[test]
    fn nobody_comes_and_nobody_comes_back() {
        let mut loopback = Loopback::open().expect("a port");
        let short = Duration::from_millis(50);
        assert!(matches!(loopback.show("the page", short), Err(Astray::NotOpened)));
        assert!(matches!(loopback.landed("abc", short), Err(Astray::NotBack)));
    }

    #[test]
    fn a_port_that_is_flooded_gives_up() {
        let mut loopback = Loopback::open().expect("a port");
        let port = loopback.port();
        thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..=MOST_TAKEN {
                    let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
                }
            });
            assert!(matches!(loopback.show("the page", LONG), Err(Astray::TooMany)));
        });
    }
}
