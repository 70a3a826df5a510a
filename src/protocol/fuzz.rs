//! Any bytes as a request of git and as an answer of another helper, each held against a slow reading of the rules.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::*;
use engine::fuzz;

const WORDS: &[&[u8]] = &[
    b"protocol=https\n",
    b"host=github.com\n",
    b"path=acme/secret\n",
    b"username=mona\n",
    b"password=x\n",
    b"protocol=",
    b"host=",
    b"path=",
    b"username=",
    b"password=",
    b"wwwauth[]=",
    b"url=https://github.com/a/b\n",
    b"capability[]=authtype\n",
    b"state[]=a:b\n",
    b"quit=1\n",
    b"authtype=Bearer\n",
    b"credential=x\n",
    b"\n\n",
];

/// The lines of an input as rule P2 has them, up to the blank one; and whether it came.
fn lines(input: &[u8]) -> Vec<&[u8]> {
    let mut rest = input;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 10).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        let line = if line.last() == Some(&13) { &line[..line.len() - 1] } else { line };
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    lines
}

/// What rules P2 to P4 let through of a short request: the values of one key, or nothing where it is refused.
fn slow(input: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut seen: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for line in lines(input) {
        let at = line.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (line[..at].to_vec(), line[at + 1..].to_vec());
        if key.is_empty() {
            return None;
        }
        let decides = ["protocol", "host", "path", "username"].iter().any(|name| name.as_bytes() == key);
        let text = String::from_utf8(value.clone());
        if decides {
            let lossy = String::from_utf8_lossy(&value).into_owned();
            let is_bad =
                |c: char| c < ' ' || c == '\x7f' || c == '\u{85}' || c == '\u{2028}' || c == '\u{2029}';
            if lossy.chars().any(is_bad) || (text.is_err() && (key == b"protocol" || key == b"username")) {
                return None;
            }
            if seen.iter().any(|(known, other)| *known == key && *other != value) {
                return None;
            }
        }
        seen.push((key, value));
    }
    Some(seen)
}

/// Reads a request of git.
pub(crate) fn request(input: &[u8]) -> String {
    let whole = Request::parse(input);
    for cut in [1, 2, 7, input.len() / 2] {
        let mut parser = Parser::default();
        let _ = input.chunks(cut.max(1)).any(|piece| parser.feed(piece));
        assert!(parser.finish() == whole, "cut every {cut} bytes");
    }
    let expected = slow(input);
    let Ok(request) = whole else {
        // What the slow reader does not know of: passwords that would break a line, and two of one kind.
        let may_refuse = String::from_utf8_lossy(input).contains("password")
            || String::from_utf8_lossy(input).contains("credential")
            || String::from_utf8_lossy(input).contains("oauth");
        assert!(expected.is_none() || may_refuse, "refused: {:?}", whole.err());
        return format!("{:?}", whole.err());
    };
    let expected = expected.expect("it would be refused by a slow reader");
    let last = |name: &str| {
        expected.iter().rev().find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.clone())
    };
    assert_eq!(request.host, last("host"));
    assert_eq!(request.path, last("path"));
    assert_eq!(request.username, last("username"));
    assert_eq!(request.protocol.clone().map(String::into_bytes), last("protocol"));
    let asked = request.remote();
    if let Some(remote) = &asked {
        // An answer needs exactly this, whatever else is there.
        assert_eq!(last("protocol").as_deref(), Some(&b"https"[..]));
        let host = last("host").expect("a host").to_ascii_lowercase();
        let host = host.strip_suffix(b":443").unwrap_or(&host);
        assert!(
            host == remote.host.as_str().as_bytes() || host.starts_with(b"["),
            "another host than was asked"
        );
    }
    let has = |part: bool| u8::from(part);
    let keys = [
        request.host.is_some(),
        request.path.is_some(),
        request.username.is_some(),
        request.password.is_some(),
    ];
    let remote = asked.map(|remote| (remote.owner.is_some(), remote.repo.is_some(), remote.path.is_some()));
    format!("{:?} {} {remote:?}", keys.map(has), request.lines.len().min(12))
}

#[test]
fn a_request_is_what_a_slow_reader_of_the_rules_makes_of_it() {
    fuzz("protocol", WORDS, request);
}

/// Reads what another helper answers.
pub(crate) fn answer(input: &[u8]) -> String {
    let read = |size: usize| {
        let mut reader = reply::Reader::default();
        let _ = input.chunks(size.max(1)).any(|piece| reader.feed(piece));
        reader.finish()
    };
    let whole = read(input.len());
    for cut in [1, 3, input.len() / 2] {
        assert!(read(cut) == whole, "cut every {cut} bytes");
    }
    let Ok(reply) = whole else { return format!("{:?}", whole.err()) };
    let Some(told) = reply.compose() else { return "nothing".to_owned() };
    let given = lines(&told);
    let was_said = lines(input);
    for line in &given {
        let at = line.iter().position(|byte| *byte == b'=').expect("lines are key=value");
        let key = &line[..at];
        assert!(!["protocol", "host", "path", "url", "wwwauth[]"].iter().any(|name| name.as_bytes() == key));
        assert!(!line.iter().any(u8::is_ascii_control), "a control character");
        assert!(was_said.contains(line) || key == b"capability[]", "nobody said {}", line.escape_ascii());
    }
    assert!(told.is_empty() || told.ends_with(b"\n"), "whole lines");
    let keys = [b"username".as_slice(), b"password", b"credential"]
        .map(|name| u8::from(given.iter().any(|line| line.starts_with(name))));
    format!("{keys:?} {} {} {}", given.len().min(9), reply.quits(), reply.is_complete(false))
}

#[test]
fn a_helpers_answer_can_neither_lead_elsewhere_nor_end_a_line_for_anybody() {
    fuzz("reply", WORDS, answer);
}
