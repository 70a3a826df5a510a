//! Undoes what carried a text to us: encodings, quotation, the prefixes of logs.
//!
//! Nothing that a server printed becomes git's own line here: escapes inside of a line that a server said stay in
//! that line. Only a whole line that is JSON, which no `remote: ` stands before, is taken apart into lines.

use super::clean::clean;
use super::speaker;
use serde_json::Value;

/// How far into a line a prefix may reach, in bytes: time, machine, job, stream.
const PREFIX_MAX: usize = 80;
/// How many different prefixes are told apart.
const PREFIXES_MAX: usize = 8;
/// How often one encoding may stand in another.
const DEPTH: usize = 3;

/// How a text's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// Tells by the mark of UTF-16, or by the zeros in it: every address, blank and line end has some.
    pub(super) fn of(input: &[u8]) -> Self {
        let start = &input[..input.len().min(512)];
        let zeros = |at: usize| start.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
        let enough = start.len() / 20;
        match start {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ if start.len() >= 8 && zeros(1) > enough && zeros(1) > 4 * zeros(0) => Self::Utf16Le,
            _ if start.len() >= 8 && zeros(0) > enough && zeros(0) > 4 * zeros(1) => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// Reads text that is written so; what cannot be read is replaced.
    pub(super) fn read(self, input: &[u8]) -> String {
        let wide = |unit: fn([u8; 2]) -> u16| {
            let units = input.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        match self {
            Self::Utf8 => String::from_utf8_lossy(input).into_owned(),
            Self::Utf16Le => wide(u16::from_le_bytes),
            Self::Utf16Be => wide(u16::from_be_bytes),
        }
    }
}

/// Reads bytes as text: UTF-16 with or without its mark, else UTF-8 with what is not replaced.
pub(super) fn decoded(input: &[u8]) -> String {
    Encoding::of(input).read(input)
}

/// Gives a text's lines as they were before they were carried here. Empty lines stay: they end headers.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = clean(text).replace("\r\n", "\n");
    let mut lines = Vec::new();
    // git never breaks a line at anything else; a server's lone CR gets its own `remote: `, too.
    for line in text.split(['\n', '\r']) {
        unpack(&entities(line), DEPTH, &mut lines);
    }
    strip(lines)
}

/// Takes a line apart that is JSON around other lines: a log in JSON, or JSON in that.
fn unpack(line: &str, depth: usize, into: &mut Vec<String>) {
    // What a server said begins with git's own word, never like this.
    let value = [line.trim(), line[furniture(line)..].trim(), result_of_task(line)]
        .into_iter()
        .filter(|bare| depth > 0 && bare.starts_with(['{', '[', '"']))
        .find_map(|bare| serde_json::from_str::<Value>(bare).ok());
    match value {
        Some(value) if !is_reply(&value) => texts(&value, depth, into),
        _ => into.push(line.to_owned()),
    }
}

/// Gives the JSON in what Ansible says of a task: `fatal: [HOST]: FAILED! => {...}`. git says no such line, not even
/// where it repeats a server.
fn result_of_task(line: &str) -> &str {
    let begins = ["fatal: [", "failed: ["].iter().find_map(|start| line.find(start));
    let is_task = begins.is_some_and(|at| at <= PREFIX_MAX && !line[..at].contains(['\'', '"']));
    let is_said = speaker::is_said_by_remote(line);
    let (_, json) = line.split_once(" => ").filter(|_| is_task && !is_said).unwrap_or_default();
    json.trim()
}

/// Says whether this is what GitHub's API answers, which stays whole.
fn is_reply(value: &Value) -> bool {
    let has = |name| value.get(name).is_some();
    (has("message") && (has("documentation_url") || has("status") || has("block"))) || has("errors")
}

/// Gives the lines of every string in a value.
fn texts(value: &Value, depth: usize, into: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            // Words beside the text name its stream or level.
            let is_label =
                text.len() <= 12 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
            let text = clean(text).replace("\r\n", "\n");
            let text = text.strip_suffix('\n').unwrap_or(&text);
            for line in text.split(['\n', '\r']).filter(|_| !is_label) {
                unpack(line, depth - 1, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, depth, into)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, depth, into)),
        _ => {}
    }
}

/// Undoes HTML's entities, also where they were written twice.
fn entities(line: &str) -> String {
    let mut line = line.to_owned();
    for _ in 0..DEPTH {
        if !line.contains('&') {
            break;
        }
        let mut out = String::with_capacity(line.len());
        let mut rest = line.as_str();
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let end = after.bytes().take(10).position(|byte| byte == b';');
            match end.and_then(|end| Some((entity(after.get(..end)?)?, after.get(end + 1..)?))) {
                Some((c, behind)) => {
                    out.push(c);
                    rest = behind;
                }
                None => {
                    out.push('&');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        if out == line {
            break;
        }
        line = out;
    }
    line
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16)?,
            digits => number(digits, 10)?,
        },
    };
    (!c.is_control()).then_some(c)
}

/// Takes off what logs and quotations put before each line.
///
/// First what has the look of it: times, brackets, bars. Then, since a prefix may be anything, whatever stands before
/// a line that git or a server begins is taken off the lines around it that begin in the same way.
fn strip(lines: Vec<String>) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    let bare: Vec<&str> = lines.iter().map(|line| &line[furniture(line)..]).collect();
    for line in &bare {
        if let Some(at) = speaker::begins_at(line).filter(|at| *at > 0 && *at <= PREFIX_MAX) {
            let shape = shape(&line[..at]);
            // What one line has before it alone is no prefix: it may be half a word.
            let others = bare.iter().filter(|other| length_of(&shape, other).is_some());
            if prefixes.len() < PREFIXES_MAX && !prefixes.contains(&shape) && others.take(2).count() == 2 {
                prefixes.push(shape);
            }
        }
    }
    let strip = |line: &str| -> String {
        let of_shape = prefixes.iter().find_map(|prefix| length_of(prefix, line));
        let rest = &line[of_shape.unwrap_or(0)..];
        rest[furniture(rest)..].trim_end().to_owned()
    };
    bare.into_iter().map(strip).collect()
}

/// Writes all numbers alike: times and counters change from line to line.
fn shape(prefix: &str) -> String {
    let mut shape = String::new();
    for c in prefix.chars() {
        match c.is_ascii_digit() {
            true if shape.ends_with('0') => {}
            true => shape.push('0'),
            false => shape.push(c),
        }
    }
    shape
}

/// Measures the prefix of this shape that a line begins with.
fn length_of(shape: &str, line: &str) -> Option<usize> {
    let mut rest = line;
    for c in shape.chars() {
        rest = match c {
            '0' => rest
                .strip_prefix(|c: char| c.is_ascii_digit())?
                .trim_start_matches(|c: char| c.is_ascii_digit()),
            c => rest.strip_prefix(c)?,
        };
    }
    Some(line.len() - rest.len())
}

/// Words that tools put before lines of others.
const WORDS: [&str; 16] = [
    "npm ERR!",
    "npm error",
    "npm warn",
    "ERR!",
    "stderr:",
    "stdout:",
    "stderr|",
    "STDERR>",
    "git :",
    "INFO",
    "WARN",
    "WARNING",
    "DEBUG",
    "NOTICE",
    "##[error]",
    "::error::",
];

/// Measures what stands before a line that is none of its own: white space, times, `[...]`, bars, known words.
fn furniture(line: &str) -> usize {
    let mut at = 0;
    while at <= PREFIX_MAX {
        let rest = &line[at..];
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let token = rest.split(char::is_whitespace).next().unwrap_or_default();
        // The end of a quotation that somebody folded stands alone.
        let is_end = rest.trim_end() == "»";
        let bars = if is_end { 0 } else { rest.len() - rest.trim_start_matches(BARS).len() };
        let word = WORDS.iter().find(|word| {
            let is_word = word.ends_with(|c: char| c.is_alphanumeric());
            rest.strip_prefix(**word)
                .is_some_and(|behind| !is_word || !behind.starts_with(|c: char| c.is_alphanumeric()))
        });
        at += if bars > 0 {
            bars
        } else if let Some(word) = word {
            // `WARNING: ...` too.
            word.len() + usize::from(rest[word.len()..].starts_with(':'))
        } else if let Some(end) =
            rest.starts_with('[').then(|| rest.find(']')).flatten().filter(|end| *end <= 40)
        {
            end + 1
        } else if is_time(token) {
            token.len()
        } else if let Some(bar) = column(rest) {
            bar
        } else {
            break;
        };
    }
    at.min(line.len())
}

const BARS: [char; 12] = ['|', '│', '┃', '║', '╷', '╵', '>', '»', '⎿', '▕', '▏', '<'];

/// Says whether a word is a time, a date, the seconds of a build, or a step's number.
fn is_time(token: &str) -> bool {
    let token = token.trim_matches(['(', ')', ',']);
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let others = token.bytes().filter(|byte| b":-/.,+TZ".contains(byte)).count();
    let is_step = token.strip_prefix('#').is_some_and(|rest| !rest.is_empty() && rest.len() == digits);
    let is_seconds = token.split_once('.').is_some_and(|(whole, part)| {
        [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let parts = token.bytes().filter(|byte| b":-/".contains(byte)).count();
    is_step || is_seconds || (digits >= 3 && parts >= 2 && digits + others == token.len())
}

/// Measures `web_1  | `, as tools write it that run several things side by side.
fn column(rest: &str) -> Option<usize> {
    let bar = rest.bytes().take(40).position(|byte| byte == b'|')?;
    let name = rest[..bar].trim_end();
    let fits =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    fits.then_some(bar + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let text = "remote: Nichts für \u{1f600}\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!([decoded(&le), decoded(&be)], [text, text]);
        assert_eq!(decoded(&[&[0xff, 0xfe], &le[..]].concat()), format!("\u{feff}{text}"));
        assert_eq!(decoded(text.as_bytes()), text);
    }

    #[test]
    fn entities_are_undone_also_twice_and_nothing_else_is() {
        assert_eq!(
            entities("the &#39;acme&#x27; &amp;quot;x&amp;quot; &nosuch; & &#10;"),
            "the 'acme' \"x\" &nosuch; & &#10;"
        );
    }

    #[test]
    fn prefixes_of_logs_and_quotations_are_taken_off() {
        for (line, bare) in [
            ("2026-10-01T00:00:01.123Z remote: x", "remote: x"),
            ("[12:00:01] [ci] | remote: x", "remote: x"),
            ("web_1  | fatal: x", "fatal: x"),
            ("#12 1.234 fatal: x", "fatal: x"),
            ("npm ERR! fatal: x", "fatal: x"),
            ("> > remote: x", "remote: x"),
            ("ERROR: Repository not found.", "ERROR: Repository not found."),
            ("   1..2  main -> main", "1..2  main -> main"),
            (" ! [remote rejected] x", "! [remote rejected] x"),
            ("HTTP 403", "HTTP 403"),
        ] {
            assert_eq!(&line[furniture(line)..], bare);
        }
        let lines = lines("mona@box 7:: remote: The acme org has\nmona@box 8:: enabled SSO\nno prefix");
        assert_eq!(lines, ["remote: The acme org has", "enabled SSO", "no prefix"]);
    }

    #[test]
    fn a_log_in_json_is_taken_apart_and_what_a_server_said_is_not() {
        let log = r#"{"log":"remote: No.\nfatal: x\n","stream":"stderr"}"#;
        assert_eq!(lines(log), ["remote: No.", "fatal: x"]);
        let twice = serde_json::json!({ "message": log }).to_string();
        assert_eq!(lines(&twice), ["remote: No.", "fatal: x"]);
        let said = r#"remote: {"log":"\nfatal: x\n"}"#;
        assert_eq!(lines(said), [said]);
    }
}
