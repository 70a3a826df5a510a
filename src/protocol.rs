//! The credential format of git: [`Request`] is what git sends, [`Answer`] what it gets back, and
//! [`reply::Reply`] what another helper answered.
//!
//! The rules are P1-P5 and P9 of the project's security notes, each of which closes a class of published
//! vulnerabilities: lines end with LF (one CR before it allowed) and with nothing else; no control
//! character, lone CR, NEL or Unicode line separator in what decides anything; a key given twice with two
//! values is refused; what is not known is kept for a fallback and otherwise ignored, since later versions
//! of git may send more. Caps: a line of 65,535 bytes with its LF (git's own limit), 1 MiB in all.

pub(crate) mod reply;

use crate::remote::Remote;
use crate::token::{self, Token};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// What git asks a credential helper to do (gitcredentials(7), "operation").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Give a credential.
    Get,
    /// Keep one that worked.
    Store,
    /// Forget one that did not.
    Erase,
}

impl Operation {
    /// Names it as git passes it to a helper.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Store => "store",
            Self::Erase => "erase",
        }
    }
}

/// The longest line, in bytes with its LF: git's documented limit.
pub(crate) const MAX_LINE: usize = 65_535;
/// The longest request in bytes.
pub(crate) const MAX_REQUEST: usize = 1024 * 1024;

/// What git (or a script) asks, as far as it decides anything, and every line of it for a fallback.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// `protocol`, as it came.
    pub protocol: Option<String>,
    /// `host`, as it came; never rebuilt from anything.
    pub host: Option<Vec<u8>>,
    /// `path`, as it came; may be no UTF-8.
    pub path: Option<Vec<u8>>,
    /// `username`.
    pub username: Option<Vec<u8>>,
    /// `password`: in `store` and `erase`.
    pub password: Option<Token>,
    /// `password_expiry_utc` in seconds since 1970, where it is a number.
    pub password_expiry_utc: Option<i64>,
    /// `oauth_refresh_token`.
    pub oauth_refresh_token: Option<Token>,
    /// `credential`: the secret of a request with `authtype`.
    pub credential: Option<Token>,
    /// Every line in its order, to be relayed. A token, since passwords are among them.
    pub lines: Vec<Line>,
}

/// One line of a request: key and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// What stands before the first `=`.
    pub key: Vec<u8>,
    /// What stands after it, without the line's end.
    pub value: Token,
}

/// Why a request is refused. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// A line without `=`, or with nothing before it.
    #[error("a line is not key=value")]
    NotAnAttribute,
    /// A control character or line separator in what decides.
    #[error("\"{0}\" holds a control character")]
    ControlCharacter(&'static str),
    /// One key with two values.
    #[error("\"{0}\" is there twice with different values")]
    Twice(&'static str),
    /// A line longer than [`MAX_LINE`].
    #[error("a line is longer than {MAX_LINE} bytes")]
    LongLine,
    /// More than [`MAX_REQUEST`].
    #[error("it is longer than {MAX_REQUEST} bytes")]
    TooMuch,
    /// A `protocol` or user name that is not text.
    #[error("\"{0}\" is not text")]
    NotText(&'static str),
}

/// Takes a request in pieces of any size.
///
/// The pieces may come from a slow pipe: the outcome is the same for every way of cutting the input.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Zeroizing<Vec<u8>>,
    taken: usize,
    request: Request,
    refused: Option<Refused>,
    ended: bool,
}

impl Parser {
    /// Takes a piece. True when nothing more needs to be read: the blank line has come, or the
    /// request is refused already.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) -> bool {
        while !self.ended && self.refused.is_none() && !piece.is_empty() {
            let line_end = piece.iter().position(|byte| *byte == b'\n');
            let part = &piece[..line_end.map_or(piece.len(), |at| at + 1)];
            piece = &piece[part.len()..];
            self.taken += part.len();
            if self.line.len() + part.len() > MAX_LINE {
                self.refused = Some(Refused::LongLine);
            } else if self.taken > MAX_REQUEST {
                self.refused = Some(Refused::TooMuch);
            } else {
                self.line.extend_from_slice(part);
                if line_end.is_some() {
                    self.end_line();
                }
            }
        }
        self.ended || self.refused.is_some()
    }

    /// Gives the place that the request is about, as far as it has been read.
    pub(crate) fn about(&self) -> Option<Remote> {
        self.request.remote()
    }

    /// Ends the input and gives the request. A last line without its LF counts, as it does for git.
    pub(crate) fn finish(mut self) -> Result<Request, Refused> {
        if !self.ended && self.refused.is_none() && !self.line.is_empty() {
            self.end_line();
        }
        match self.refused {
            Some(why) => Err(why),
            None => Ok(self.request),
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            self.ended = true;
        } else if let Err(why) = self.request.take_line(line) {
            self.refused = Some(why);
        }
    }
}

impl Request {
    /// Parses a whole request at once.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let mut parser = Parser::default();
        parser.feed(bytes);
        parser.finish()
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Refused> {
        let at =
            line.iter().position(|byte| *byte == b'=').filter(|at| *at > 0).ok_or(Refused::NotAnAttribute)?;
        let (key, value) = (&line[..at], &line[at + 1..]);
        // Every field is named here: a new one does not compile until somebody has decided about it.
        let Self {
            protocol,
            host,
            path,
            username,
            password,
            password_expiry_utc,
            oauth_refresh_token,
            credential,
            lines,
        } = self;
        match key {
            b"protocol" => {
                let text = String::from_utf8(plain("protocol", value)?.to_vec());
                once("protocol", protocol, text.map_err(|_| Refused::NotText("protocol"))?)?;
            }
            b"host" => once("host", host, plain("host", value)?.to_vec())?,
            b"path" => once("path", path, plain("path", value)?.to_vec())?,
            b"username" => {
                // No login of ours is anything but text. Taking such a name for none would give it the
                // token of another user.
                std::str::from_utf8(value).map_err(|_| Refused::NotText("username"))?;
                once("username", username, plain("username", value)?.to_vec())?;
            }
            b"password" => once("password", password, Token::new(plain("password", value)?.to_vec()))?,
            // A time that is no number is ignored, as git ignores it.
            b"password_expiry_utc" => {
                *password_expiry_utc = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            }
            b"oauth_refresh_token" if plain("oauth_refresh_token", value).is_ok() => {
                *oauth_refresh_token = Some(Token::new(value.to_vec()));
            }
            b"credential" if plain("credential", value).is_ok() => {
                *credential = Some(Token::new(value.to_vec()));
            }
            // `url` is among the ignored: git never sends it to a helper, and reading it would be a second
            // way to say which host is meant. `wwwauth[]` comes from the server and decides nothing.
            _ => {}
        }
        lines.push(Line { key: key.to_vec(), value: Token::new(value.to_vec()) });
        Ok(())
    }

    /// Gives the place the request is about: `https` only, and a host that is a host name.
    pub(crate) fn remote(&self) -> Option<Remote> {
        if self.protocol.as_deref() != Some("https") {
            return None;
        }
        Remote::new(self.host.as_deref()?, self.path.as_deref())
    }

    /// Gives the user name as text; one that is not UTF-8 was refused before.
    pub(crate) fn user(&self) -> Option<&str> {
        self.username.as_deref().and_then(|name| std::str::from_utf8(name).ok())
    }

    /// Tells whether the host has asked git for a user name and a password (`wwwauth[]`, git 2.41).
    pub(crate) fn is_challenged(&self) -> bool {
        let is_basic =
            |value: &[u8]| value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"basic"));
        self.lines.iter().any(|line| line.key == b"wwwauth[]" && is_basic(line.value.expose()))
    }
}

/// Gives every secret in lines of the format, whoever wrote them, by which they are compared with ours: the
/// values of the keys for secrets as they are; what base64 in them holds, whole and cut at its first colon
/// (`credential` of Basic authentication, `state[]` of helpers); and every token of GitHub's anywhere, since
/// git's store may hold `https://TOKEN:x-oauth-basic@github.com`.
pub(crate) fn secrets(lines: &[Line]) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut add = |secret: &[u8]| {
        if !secret.is_empty() && !found.iter().rev().take(64).any(|known| known.expose() == secret) {
            found.push(Token::new(secret.to_vec()));
        }
    };
    for Line { key, value } in lines {
        let value = value.expose();
        let is_state = key == b"state[]";
        if SECRET_KEYS.contains(&&key[..]) || is_state {
            add(value);
        }
        let mut texts = vec![Zeroizing::new(value.to_vec()), Zeroizing::new(percent_decode(value).collect())];
        if is_state || key == b"credential" {
            let parts = value.split(|byte| matches!(byte, b':' | b' ' | b','));
            texts.extend(parts.clone().map(|part| Zeroizing::new(part.to_vec())));
            texts.extend(parts.filter_map(from_base64));
            for text in &texts[2..] {
                add(text);
                if let Some(at) = text.iter().position(|byte| *byte == b':') {
                    add(&text[..at]);
                    add(&text[at + 1..]);
                }
            }
        }
        texts.iter().for_each(|text| token::github_tokens(text).for_each(&mut add));
    }
    found
}

/// The keys whose values are secrets.
const SECRET_KEYS: [&[u8]; 3] = [b"password", b"credential", b"oauth_refresh_token"];

/// Decodes base64, in the alphabet of files or of URLs, with or without its padding.
fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    let bare: &[u8] = &text[..text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1)];
    let decoded = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare));
    decoded.ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new)
}

/// Gives the password of `user:password` in base64.
fn password_within(credential: &[u8]) -> Option<Token> {
    let decoded = from_base64(credential)?;
    let at = decoded.iter().position(|byte| *byte == b':')?;
    Some(Token::new(decoded[at + 1..].to_vec()))
}

/// Refuses what could end a line for some reader: rule P2.
fn plain<'a>(key: &'static str, value: &'a [u8]) -> Result<&'a [u8], Refused> {
    let control = value.iter().any(u8::is_ascii_control);
    // U+0085, U+2028 and U+2029: line ends to some languages' readers (CVE-2025-23040).
    let separator = value.windows(2).any(|two| two == b"\xc2\x85")
        || value.windows(3).any(|three| three == b"\xe2\x80\xa8" || three == b"\xe2\x80\xa9");
    if control || separator { Err(Refused::ControlCharacter(key)) } else { Ok(value) }
}

fn once<T: PartialEq>(key: &'static str, slot: &mut Option<T>, value: T) -> Result<(), Refused> {
    match slot {
        Some(earlier) if *earlier != value => Err(Refused::Twice(key)),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// What `get` answers: composed whole, written once.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The user name git shall send; never empty for GitHub.
    pub username: &'a [u8],
    /// The secret.
    pub password: &'a Token,
    /// When it expires, in seconds since 1970; only while that is in the future.
    pub password_expiry_utc: Option<i64>,
    /// The refresh token kept beside a plain host's password.
    pub oauth_refresh_token: Option<&'a Token>,
}

impl Answer<'_> {
    /// Composes the answer, or nothing if a part of it could be read as another line (rule P9).
    ///
    /// The blank line at the end makes git stop reading, so that it never waits for a process that
    /// inherited our stdout (measured: 4 s against 16 ms).
    pub(crate) fn compose(&self) -> Option<Zeroizing<Vec<u8>>> {
        let Self { username, password, password_expiry_utc, oauth_refresh_token } = self;
        let fits = |bytes: &[u8]| !bytes.iter().any(u8::is_ascii_control) && bytes.len() < MAX_LINE - 32;
        let refresh = oauth_refresh_token.map(Token::expose).filter(|bytes| fits(bytes));
        if !fits(username) || !fits(password.expose()) {
            return None;
        }
        // Room for everything at once: a buffer that grows leaves copies behind.
        let room = username.len() + password.expose().len() + refresh.map_or(0, <[u8]>::len) + 128;
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        let mut line = |key: &str, value: &[u8]| {
            text.extend_from_slice(key.as_bytes());
            text.extend_from_slice(value);
            text.push(b'\n');
        };
        line("username=", username);
        line("password=", password.expose());
        if let Some(expiry) = password_expiry_utc {
            line("password_expiry_utc=", expiry.to_string().as_bytes());
        }
        if let Some(refresh) = refresh {
            line("oauth_refresh_token=", refresh);
        }
        line("", b"");
        Some(text)
    }
}

/// What `capability` answers: the relay hands both on between git and a fallback.
pub(crate) const CAPABILITIES: &str = "version 0\ncapability authtype\ncapability state\n";

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host_of(text: &str) -> Option<String> {
        Some(Request::parse(text.as_bytes()).ok()?.remote()?.host.to_string())
    }

    #[test]
    fn a_request_is_read_up_to_the_blank_line() {
        let request =
            Request::parse(b"protocol=https\r\nhost=github.com\r\npath=o/r.git\r\n\r\nhost=evil.test\n");
        let request = request.expect("fine");
        assert_eq!(request.host.as_deref(), Some(&b"github.com"[..]));
        assert_eq!(request.path.as_deref(), Some(&b"o/r.git"[..]));
        assert_eq!(request.lines.len(), 3);
    }

    #[test]
    fn a_secret_is_found_in_every_line_and_encoding() {
        let token = ["ghp_", &"a1B2".repeat(9)].concat();
        let percent: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let basic = STANDARD_NO_PAD.encode(format!("x-access-token:{token}"));
        let first = STANDARD_NO_PAD.encode(format!("{token}:x-oauth-basic"));
        let url_safe = URL_SAFE_NO_PAD.encode(format!("??>{token}:x"));
        for line in [
            format!("password={token}"),
            format!("username={token}"),
            format!("username={percent}"),
            format!("oauth_refresh_token={token}"),
            format!("credential={basic}"),
            format!("credential={basic}=="),
            format!("credential={first}"),
            format!("credential=Basic {first}"),
            format!("credential={url_safe}"),
            format!("credential={token}"),
            format!("state[]=helper:{basic}"),
            format!("state[]=helper:user={token}"),
            format!("news=https://{token}@github.com/"),
        ] {
            let request = Request::parse(format!("{line}\n").as_bytes()).expect("fine");
            let found = secrets(&request.lines);
            assert!(found.iter().any(|secret| secret.expose() == token.as_bytes()), "{}", &line[..12]);
        }
        let plain = |text: &str| secrets(&Request::parse(text.as_bytes()).expect("fine").lines).len();
        assert_eq!(plain("host=github.com\npath=a/b\nusername=mona\n"), 0);
        let within = STANDARD_NO_PAD.encode("mona:sunshine7");
        let request = Request::parse(format!("credential={within}\n").as_bytes()).expect("fine");
        assert!(secrets(&request.lines).iter().any(|secret| secret.expose() == b"sunshine7"));
    }

    #[test]
    fn a_secret_is_any_password_whatever_it_looks_like_and_each_is_given_once() {
        let found = |text: &str| -> Vec<Vec<u8>> {
            let request = Request::parse(text.as_bytes()).expect("fine");
            secrets(&request.lines).iter().map(|secret| secret.expose().to_vec()).collect()
        };
        assert_eq!(found("password=sunshine\noauth_refresh_token=moon\n"), [&b"sunshine"[..], b"moon"]);
        assert_eq!(found("password=sunshine\noauth_refresh_token=sunshine\n"), [b"sunshine"]);
        assert_eq!(found("state[]=w.rd\n"), [b"w.rd"]);
        assert_eq!(found("password=\n"), [b""; 0]);
    }

    #[test]
    fn what_is_asked_and_told_beside_the_place_is_read() {
        let of = |text: &str| Request::parse(text.as_bytes()).expect("fine");
        assert_eq!(of("password_expiry_utc=7").password_expiry_utc, Some(7), "a last line needs no end");
        assert_eq!(of("password_expiry_utc=7\npassword_expiry_utc=soon\n").password_expiry_utc, None);
        for key in ["oauth_refresh_token", "credential"] {
            let both = |text: &str| {
                let request = of(&format!("{key}={text}\n"));
                request.oauth_refresh_token.or(request.credential).map(|secret| secret.expose().to_vec())
            };
            assert_eq!(both("r").as_deref(), Some(&b"r"[..]), "{key}");
            assert_eq!(both("a\tb"), None, "{key}: it is ignored, as git ignores what it does not know");
        }
        assert_eq!(of("username=mona\n").user(), Some("mona"));
        assert_eq!(of("host=h\n").user(), None);
        for (line, challenged) in [
            ("wwwauth[]=Basic realm=\"GitHub\"", true),
            ("wwwauth[]=basic", true),
            ("wwwauth[]=Basi", false),
            ("wwwauth[]=Bearer", false),
            ("www=Basic", false),
        ] {
            assert_eq!(of(&format!("{line}\n")).is_challenged(), challenged, "{line}");
        }
        let words = [Operation::Get, Operation::Store, Operation::Erase].map(Operation::word);
        assert_eq!(words, ["get", "store", "erase"]);
    }

    #[test]
    fn the_place_is_known_while_the_rest_is_on_its_way() {
        let mut parser = Parser::default();
        parser.feed(b"protocol=https\nhost=github.com\n");
        assert_eq!(parser.about().map(|remote| remote.host.to_string()).as_deref(), Some("github.com"));
        assert_eq!(Parser::default().about(), None);
    }

    #[test]
    fn nothing_but_a_line_feed_ends_a_line() {
        for bad in ["\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\0", "\u{7f}", "\u{1b}"] {
            let text = format!("protocol=https\nhost=evil.test{bad}host=github.com\n");
            assert_eq!(Request::parse(text.as_bytes()), Err(Refused::ControlCharacter("host")), "{bad:?}");
        }
    }

    #[test]
    fn a_user_name_that_is_not_text_is_refused_and_never_taken_for_none() {
        let asked = b"protocol=https\nhost=git.example.com\nusername=\xff\n";
        assert_eq!(Request::parse(asked), Err(Refused::NotText("username")));
    }

    #[test]
    fn a_key_with_two_values_is_refused_and_the_same_value_twice_is_not() {
        let twice = Request::parse(b"host=a.test\nhost=b.test\n");
        assert_eq!(twice, Err(Refused::Twice("host")));
        assert!(Request::parse(b"host=a.test\nhost=a.test\n").is_ok());
        assert_eq!(Request::parse(b"password=a\npassword=b\n"), Err(Refused::Twice("password")));
    }

    #[test]
    fn what_is_not_an_attribute_is_refused() {
        assert_eq!(Request::parse(b"garbage\nhost=github.com\n"), Err(Refused::NotAnAttribute));
        assert_eq!(Request::parse(b"=x\n"), Err(Refused::NotAnAttribute));
    }

    #[test]
    fn only_https_and_host_names_have_a_place() {
        assert_eq!(host_of("protocol=https\nhost=GitHub.com:443\n").as_deref(), Some("github.com"));
        for text in [
            "host=github.com\n",
            "protocol=https\n",
            "protocol=http\nhost=github.com\n",
            "protocol=HTTPS\nhost=github.com\n",
            "protocol=https \nhost=github.com\n",
            "protocol=https\nhost=\n",
            "url=https://github.com/o/r\n",
            "",
            "\n",
        ] {
            assert_eq!(host_of(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_line_may_have_65535_bytes_with_its_end_and_no_more() {
        let line = |len: usize| [b"x=", vec![b'a'; len - 3].as_slice(), b"\n"].concat();
        assert!(Request::parse(&line(MAX_LINE)).is_ok());
        assert_eq!(Request::parse(&line(MAX_LINE + 1)), Err(Refused::LongLine));
        let endless = vec![b'a'; MAX_LINE + 1];
        assert!(Parser::default().feed(&endless), "it is known before the line ends");
        assert_eq!(Request::parse(&line(60_000).repeat(18)), Err(Refused::TooMuch));
        assert!(Request::parse(&line(MAX_REQUEST / 32).repeat(32)).is_ok());
        let more = [line(MAX_REQUEST / 32).repeat(32), b"x".to_vec()].concat();
        assert_eq!(Request::parse(&more), Err(Refused::TooMuch));
        // What is wrong with it first is what is said.
        let mut parser = Parser::default();
        assert!(!parser.feed(b"no attribute") && parser.feed(&endless));
        assert_eq!(parser.finish(), Err(Refused::LongLine));
    }

    #[test]
    fn an_answer_that_could_be_read_as_two_lines_is_none() {
        let answer = |username: &[u8], password: &[u8]| {
            let password = Token::new(password.to_vec());
            let answer = Answer {
                username,
                password: &password,
                password_expiry_utc: Some(7),
                oauth_refresh_token: None,
            };
            answer.compose().map(|text| text.to_vec())
        };
        assert_eq!(
            answer(b"u", b"").as_deref(),
            Some(&b"username=u\npassword=\npassword_expiry_utc=7\n\n"[..])
        );
        assert_eq!(answer(b"u", b"p\nhost=x"), None);
        assert_eq!(answer(b"u\r", b"p"), None);
        // A line of it, and no more, is what git reads.
        let long = vec![b'a'; MAX_LINE - 33];
        assert!(answer(&long, &long).is_some());
        assert_eq!(answer(b"u", &[&long[..], b"a"].concat()), None);
    }

    #[test]
    fn an_answer_leaves_no_copy_of_a_secret_behind_by_growing() {
        let token = |len: usize| Token::new(vec![b'a'; len]);
        let (password, refresh) = (token(1_000), token(500));
        let answer = Answer {
            username: &[b'u'; 200],
            password: &password,
            password_expiry_utc: Some(i64::MAX),
            oauth_refresh_token: Some(&refresh),
        };
        let text = answer.compose().expect("it fits");
        // What has grown has twice its room.
        assert_eq!(text.capacity(), 200 + 1_000 + 500 + 128);
        assert!(text.len() <= text.capacity());
    }

    #[test]
    fn no_secret_shows_in_a_request_that_is_printed_for_debugging() {
        let secret = ["canary", "text"].concat();
        let text = format!("password={secret}\ncredential={secret}\noauth_refresh_token={secret}\n");
        let shown = format!("{:?}", Request::parse(text.as_bytes()));
        assert!(!shown.contains(&secret), "{shown}");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_does_not_depend_on_how_the_input_is_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'='), Just(b'\r'), any::<u8>()], 0..400),
            cuts in proptest::collection::vec(1usize..40, 0..40),
        ) {
            let whole = Request::parse(&bytes);
            let mut parser = Parser::default();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                parser.feed(piece);
                rest = later;
            }
            parser.feed(rest);
            prop_assert_eq!(parser.finish(), whole);
        }
    }
}
