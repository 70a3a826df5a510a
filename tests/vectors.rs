//! The 62 hostile requests of the project's security notes (1.6) against the built binary, each in
//! four shapes: whole, byte by byte, with stdin held open after a blank line, and held open without one.
//!
//! A vector that is about the host comes with a path of a known owner even where the notes leave it
//! out: without it nothing would be answered for lack of an owner, and the vector would prove nothing.
//! Vectors with several values in one line of the notes are several texts under one number.

mod shapes;
mod words;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ChildStdin;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::given::{self, Account, Fed, fed};
use super::sandbox::{Sandbox, windows};

/// How long a request may take to arrive (rule P1).
const CAP: Duration = Duration::from_secs(5);
/// What a busy machine may add to that, and Wine to a call.
fn slack() -> Duration {
    Duration::from_secs(if windows().is_some() { 25 } else { 4 })
}

/// What must come of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// Not a byte on stdout.
    Nothing,
    /// The token of owner `o`, and the account's login.
    TokenOfO,
    /// The token of owner `o`, and the user name that was asked.
    TokenFor(&'static str),
}

use Must::{Nothing, TokenFor, TokenOfO};

/// One text under a number of the list.
struct Vector {
    id: u8,
    text: Vec<u8>,
    must: Must,
    /// Whether the text never ends: it is repeated until nobody reads it any more.
    endless: bool,
}

/// How a text reaches the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// In one write, then the end of input.
    Whole,
    /// A byte per write, then the end of input.
    Bytes,
    /// In one write and a blank line, and stdin stays open: the answer must not wait for its end.
    HeldAfterBlank,
    /// In one write, and stdin stays open: a request without an end is none.
    Held,
}

const SHAPES: [Shape; 4] = [Shape::Whole, Shape::Bytes, Shape::HeldAfterBlank, Shape::Held];

/// Texts beyond this many bytes are cut into bytes only around multiples of 1,024 (within the first
/// 70,000 bytes) and around 1 MiB.
const BYTEWISE: usize = 300_000;

/// The list. The number stands first, so that it reads like the notes.
#[rustfmt::skip]
fn vectors() -> Vec<Vector> {
    let mut all = Vec::new();
    let mut add = |id: u8, text: &[u8], must: Must| {
        all.push(Vector { id, text: text.to_vec(), must, endless: false });
    };
    let on = |host: &str| format!("protocol=https\nhost={host}\npath=o/r\n").into_bytes();
    let with = |more: &str| format!("protocol=https\nhost=github.com\npath=o/r\n{more}").into_bytes();
    let path = |path: &str| format!("protocol=https\nhost=github.com\npath={path}\n").into_bytes();
    let user = |host: &str, user: &str| format!("protocol=https\nhost={host}\npath=o/r\nusername={user}\n").into_bytes();
    let a = |count: usize| "a".repeat(count);

    add(1, b"protocol=https\nhost=github.com\npath=o/r.git\n", TokenOfO);
    add(2, b"protocol=https\nhost=github.com\npath=o/r.git\n\nhost=evil.test\n", TokenOfO);
    add(3, b"protocol=https\r\nhost=github.com\r\npath=o/r.git\r\n", TokenOfO);
    // CVE-2024-50338, CVE-2025-23040 and their like: what ends a line for some reader.
    add(4, b"protocol=https\nhost=evil.test\rhost=github.com\npath=o/r\n", Nothing);
    add(4, b"protocol=https\nhost=github.com\rhost=evil.test\npath=o/r\n", Nothing);
    add(5, &on("evil.test\u{2028}host=github.com"), Nothing);
    add(6, &on("evil.test\u{2029}host=github.com"), Nothing);
    add(7, &on("evil.test\u{85}host=github.com"), Nothing);
    add(8, &on("evil.test\u{b}host=github.com"), Nothing);
    add(9, &on("evil.test\u{c}host=github.com"), Nothing);
    // The same within what does not say the host: nothing of such a request is believed.
    for (id, end) in [(4, '\r'), (5, '\u{2028}'), (6, '\u{2029}'), (7, '\u{85}'), (8, '\u{b}'), (9, '\u{c}')] {
        add(id, &user("github.com", &format!("mona{end}host=evil.test")), Nothing);
        add(id, &path(&format!("o/r{end}host=evil.test")), Nothing);
    }
    add(10, &on("github.com\0.evil.test"), Nothing);
    // CVE-2020-11008: a missing field is no wildcard.
    add(11, b"protocol=https\n", Nothing);
    add(11, b"protocol=https\npath=o/r\n", Nothing);
    add(12, b"host=github.com\n", Nothing);
    add(12, b"host=github.com\npath=o/r\n", Nothing);
    add(13, b"", Nothing);
    add(14, b"\n", Nothing);
    add(14, b"\nprotocol=https\nhost=github.com\npath=o/r\n", Nothing);
    add(15, b"protocol=\nhost=\n", Nothing);
    add(15, b"protocol=\nhost=\npath=o/r\n", Nothing);
    add(16, b"protocol=https\nhost=\npath=github.com/o/r\n", Nothing);
    add(17, b"protocol=https\nhost=evil.test\nhost=github.com\npath=o/r\n", Nothing);
    add(18, b"protocol=https\nhost=github.com\nhost=evil.test\npath=o/r\n", Nothing);
    add(19, b"protocol=https\nhost=github.com\nhost=github.com\npath=o/r\n", TokenOfO);
    for (id, protocol) in [(20, "http"), (21, "HTTPS"), (22, "ssh"), (23, "https ")] {
        add(id, format!("protocol={protocol}\nhost=github.com\npath=o/r\n").as_bytes(), Nothing);
    }
    for (id, host) in [
        (24, "github.com.evil.test"), (25, "evilgithub.com"), (26, "github.com."), (27, "github.com:8443"),
        (28, "github.com:"), (30, "gist.evil.com"), (31, "gist.mycorp.com"), (32, "raw.github.com"),
        (33, "github.com@evil.test"), (34, "github.com/evil.test"), (35, "github.com#x"),
        (36, "g\u{456}thub.com"), (36, "\u{ff47}ithub.com"), (36, "github\u{3002}com"),
        (36, "git\u{ad}hub.com"), (36, "xn--gthub-n2e.com"),
    ] {
        add(id, &on(host), Nothing);
    }
    add(29, &on("github.com:443"), TokenOfO);
    add(29, &on("GitHub.COM"), TokenOfO);
    // CVE-2025-48386 and the limits of rule P1.
    for (id, long) in [(37, 1_000), (38, 60_000)] {
        let text = format!("protocol={0}\nhost={0}\nusername={0}\npath={0}\n", a(long));
        add(id, text.as_bytes(), Nothing);
    }
    add(39, &with(&format!("x={}\n", a(65_536 - 3))), Nothing);
    add(39, &with(&format!("x={}\n", a(65_535 - 3))), TokenOfO);
    add(40, &with(&"x=aaaaaaaaaaaaa\n".repeat(10 * 1024 * 1024 / 16)), Nothing);
    add(40, &with(&"x=aaaaaaaaaaaaa\n".repeat((1024 * 1024 - 41) / 16)), TokenOfO);
    for buffer in [1024, 4095, 4096, 8191, 8192, 65_535] {
        let header = format!("wwwauth[]=Basic realm=\"{}host=github.com\"\n", a(buffer - 23));
        add(42, &[on("evil.test"), header.clone().into_bytes()].concat(), Nothing);
        add(42, &[header.into_bytes(), on("evil.test")].concat(), Nothing);
    }
    // Rule P7: an owner is told by a plain path of two segments, and by nothing that only resembles one.
    for (id, odd) in [
        (43, "o/../victim/r"), (43, "victim/../o/r"), (44, "../o/r"), (45, "o//r"), (46, "./o/r"), (47, "o%2Fv/r"), (47, "o%2fv/r"),
        // What is still encoded is decoded by the server, and a backslash is a slash to some.
        (47, "o/%2e%2e/victim/r"), (48, "o/..\\victim/r"), (48, "o/r\\..\\..\\victim"), (43, "o/r/../../victim/r"),
        (48, "o\\v/r"), (50, "o"), (51, ""),
    ] {
        add(id, &path(odd), Nothing);
    }
    // Git cuts the slashes around a URL's path; who writes the lines by hand means the same.
    add(49, &path("/o/r"), TokenOfO);
    add(52, b"protocol=https\nhost=github.com\n", Nothing);
    add(53, &path("O/R"), TokenOfO);
    for fine in ["o/r.git/info/lfs", "o/r.wiki.git", "o/r.git?x#y"] {
        add(54, &path(fine), TokenOfO);
    }
    add(55, b"protocol=https\nhost=github.com\npath=\xff\xfe/r\n", Nothing);
    add(55, b"protocol=https\nhost=github.com\npath=o\xff/r\n", Nothing);
    add(56, &user("github.com", "other"), TokenFor("other"));
    add(57, &user("github.com", "mona"), TokenFor("mona"));
    for odd in ["a@evil.test", "a:b", "a/b", "a#b", "a%40b"] {
        add(58, &user("github.com", odd), TokenFor(odd));
    }
    for odd in ["a@github.com", "x:y@github.com", "github.com/", "github.com#", "%40github.com"] {
        add(58, &user("evil.test", odd), Nothing);
    }
    add(59, &[b"garbage\n".to_vec(), with("")].concat(), Nothing);
    add(60, &[b"=x\n".to_vec(), with("")].concat(), Nothing);
    add(61, b"url=https://github.com/o/r\n", Nothing);
    for ignored in ["password=x\n", "quit=1\n", "continue=1\n", "ephemeral=1\n", "state[]=other:x\n"] {
        add(62, &with(ignored), TokenOfO);
    }
    all.push(Vector { id: 41, text: a(65_536).into_bytes(), must: Nothing, endless: true });
    all
}

#[test]
fn every_vector_in_every_shape_yields_its_answer_or_nothing() {
    let (sandbox, accounts) = world();
    let vectors = vectors();
    let ids: BTreeSet<u8> = vectors.iter().map(|vector| vector.id).collect();
    assert_eq!(ids, (1..=62).collect(), "each number of the list, and no other");
    let kept = snapshot(&sandbox);

    // Requests that do not end cost five idle seconds each: they all wait at once.
    let (held, other): (Vec<_>, Vec<_>) = SHAPES
        .iter()
        .flat_map(|shape| vectors.iter().map(move |vector| (*shape, vector)))
        .partition(|(shape, _)| *shape == Shape::Held);
    let runs = held.len() + other.len();
    // In Wine each call starts four programs.
    let (side_by_side, others) = if windows().is_some() { (8, 2) } else { (held.len(), 4) };
    let wrong = thread::scope(|scope| {
        let held = scope
            .spawn(|| at_once(side_by_side, held, |(shape, it)| wrong(&sandbox, &accounts[0], it, shape)));
        let other = at_once(others, other, |(shape, it)| wrong(&sandbox, &accounts[0], it, shape));
        [other, held.join().expect("a run does not panic")].concat()
    });
    assert!(wrong.is_empty(), "{} of {runs} runs went wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(snapshot(&sandbox), kept, "no vector changes the accounts or their secrets");
    given::report(&format!("vectors: {} numbers, {} texts, {runs} runs", ids.len(), vectors.len()));
    assert_eq!((ids.len(), vectors.len(), runs), (62, 119, 476), "what the line above says");
}

/// Without an account for the whole host an odd path yields nothing; with one, that account is the
/// user's own word, and still no owner's token is given for a path that only resembles the owner's.
#[test]
fn an_odd_path_is_served_by_a_whole_host_account_alone() {
    let (sandbox, mut accounts) = world();
    accounts.push(given::account("https://github.com").with("kind = \"classic\""));
    given::accounts(&sandbox, &accounts);
    let whole_host = accounts.last().expect("just pushed");
    let odd: Vec<Vector> =
        vectors().into_iter().filter(|it| matches!(it.id, 43..=48 | 50..=52 | 55)).collect();
    assert_eq!(odd.len(), 17);
    for vector in odd {
        let output = sandbox.patron(["get"]).stdin(vector.text.clone()).ok();
        assert_eq!(output.stdout(), whole_host.answer(), "V{}", vector.id);
    }
}

/// A home with accounts for three owners: `o`, and two whose tokens must never come for a trick.
fn world() -> (Sandbox, Vec<Account>) {
    let sandbox = Sandbox::new(None);
    let accounts = ["o", "victim", "v"].map(|owner| given::account(&format!("https://github.com/{owner}")));
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts.to_vec())
}

fn snapshot(sandbox: &Sandbox) -> [Vec<u8>; 2] {
    [given::accounts_file(sandbox), given::secrets_file(sandbox)]
        .map(|path| std::fs::read(path).expect("it was written"))
}

/// Runs one vector in one shape; says what went wrong, if something did.
fn wrong(sandbox: &Sandbox, o: &Account, vector: &Vector, shape: Shape) -> Option<String> {
    let text = &vector.text;
    let ends = text.starts_with(b"\n") || given::contains(text, b"\n\n");
    // A whole request that git never ends is refused, whatever it says.
    let unended = shape == Shape::Held && !ends;
    let must = if unended { Nothing } else { vector.must };
    let run = fed(sandbox.patron(["get"]).into_command(), |stdin, _| feed(stdin, vector, shape));
    let expected = match must {
        Nothing => String::new(),
        TokenOfO => o.answer(),
        TokenFor(user) => o.answer_to(user),
    };
    let mut faults = faults(&run, &expected, o);
    let bound = if unended { CAP + slack() } else { slack() };
    if run.took > bound {
        faults.push(format!("it took {:?}", run.took));
    }
    if unended
        && vector.must != Nothing
        && (run.took < CAP || !run.stderr().contains("did not end within 5 s"))
    {
        faults.push(format!("it did not wait for the end: {:?}, {}", run.took, run.stderr()));
    }
    (!faults.is_empty()).then(|| {
        let shown: String = String::from_utf8_lossy(text).escape_debug().take(120).collect();
        format!("V{:02} {shape:?} \"{shown}\": {}", vector.id, faults.join("; "))
    })
}

/// Says what is wrong with how a run ended: exactly the expected answer, exit 0, at most one line for
/// people, no secret in it, no panic.
fn faults(run: &Fed, expected: &str, account: &Account) -> Vec<String> {
    let mut faults = Vec::new();
    if run.stdout != expected.as_bytes() {
        let shown = String::from_utf8_lossy(&run.stdout).replace(&account.secret, "<token of o>");
        faults.push(format!("stdout is {shown:?}"));
    }
    if run.status.code() != Some(0) {
        faults.push(format!("{}", run.status));
    }
    let said = run.stderr();
    if said.lines().count() > 1 || said.contains("panicked") || said.contains("internal error") {
        faults.push(format!("it says {said:?}"));
    }
    if said.contains(&account.secret) {
        faults.push("the secret is on stderr".to_owned());
    }
    faults
}

/// Writes a text in a shape. Returns stdin where it is to stay open. Writing fails once the program
/// has heard enough, which is no failure of the program.
fn feed(mut stdin: ChildStdin, vector: &Vector, shape: Shape) -> Option<ChildStdin> {
    let Vector { text, endless, .. } = vector;
    let written = match shape {
        _ if *endless => loop {
            let size = if shape == Shape::Bytes { 1 } else { text.len() };
            if text.chunks(size).try_for_each(|piece| stdin.write_all(piece)).is_err() {
                break Ok(());
            }
        },
        Shape::Whole | Shape::Held => stdin.write_all(text),
        Shape::HeldAfterBlank => stdin.write_all(text).and_then(|()| stdin.write_all(b"\n")),
        Shape::Bytes => pieces(text).iter().try_for_each(|piece| stdin.write_all(piece)),
    };
    drop(written);
    matches!(shape, Shape::Held | Shape::HeldAfterBlank).then_some(stdin)
}

/// Cuts a text into bytes; a very long one only around every place where a reader's buffer or a limit
/// may end.
fn pieces(text: &[u8]) -> Vec<&[u8]> {
    let cut_here = |at: usize| {
        let buffer = at < 70_000 && (at % 1024 < 4 || at % 1024 > 1020);
        text.len() < BYTEWISE || buffer || at.abs_diff(1024 * 1024) < 4
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in (1..text.len()).filter(|at| cut_here(*at)).chain([text.len()]) {
        pieces.push(&text[start..at]);
        start = at;
    }
    pieces
}

/// Does something for each item, so many at once, and collects what it says.
fn at_once<T: Send>(workers: usize, items: Vec<T>, act: impl Fn(T) -> Option<String> + Sync) -> Vec<String> {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().expect("nobody panics while taking an item").next();
    let said = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(item) = next() {
                    // Not in one expression: the lock would be held while the item is dealt with.
                    let it = act(item);
                    said.lock().expect("nobody panics while saying it").extend(it);
                }
            });
        }
    });
    said.into_inner().expect("nobody panics while saying it")
}
