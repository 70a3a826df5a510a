//! What another helper answers: read as git reads it, and given on as lines of our own.
//!
//! Source: git's `credential_read` (2.39 to 2.55) and git-credential(1). Lines end with LF, one CR before it
//! goes; a blank line or a line without `=` ends the reading, and what came before it counts; of a key that
//! is given twice the last counts, but keys with `[]` are lists.
//!
//! Everything is given on, also what only a later git will understand, with two exceptions. What would lead
//! git elsewhere (`protocol`, `host`, `path`, `url`) or speaks for the server (`wwwauth[]`) is left out. And
//! an answer with a control character in a value is not used at all: some reader takes it for a line's end.

use super::{Line, password_within};
use crate::token::Token;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// The longest answer of a helper in bytes.
pub(crate) const MAX_REPLY: usize = 1024 * 1024;
/// How many secrets an answer may hold: each is compared with those of the accounts, which costs a look into a vault.
pub(crate) const MAX_SECRETS: usize = 128;

/// What is not given on.
const LEFT_OUT: [&[u8]; 5] = [b"protocol", b"host", b"path", b"url", b"wwwauth[]"];
/// What the next helper is told of what an earlier one answered, as git tells it.
const TOLD_ON: [&[u8]; 7] = [
    b"authtype",
    b"credential",
    b"ephemeral",
    b"username",
    b"password",
    b"oauth_refresh_token",
    b"password_expiry_utc",
];

/// Why an answer is not used. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableReply {
    /// A value holds a control character.
    #[error("it holds a control character")]
    ControlCharacter,
    /// It is longer than [`MAX_REPLY`].
    #[error("it is longer than {MAX_REPLY} bytes")]
    TooMuch,
    /// It holds more than [`MAX_SECRETS`] secrets.
    #[error("it holds more than {MAX_SECRETS} secrets")]
    TooManySecrets,
}

/// Takes a helper's answer in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    line: Zeroizing<Vec<u8>>,
    taken: usize,
    reply: Reply,
    unusable: Option<UnusableReply>,
    ended: bool,
}

impl Reader {
    /// Takes a piece. True when nothing more needs to be read.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) -> bool {
        while !self.ended && self.unusable.is_none() && !piece.is_empty() {
            let line_end = piece.iter().position(|byte| *byte == b'\n');
            let part = &piece[..line_end.map_or(piece.len(), |at| at + 1)];
            piece = &piece[part.len()..];
            self.taken += part.len();
            if self.taken > MAX_REPLY {
                self.unusable = Some(UnusableReply::TooMuch);
            } else {
                self.line.extend_from_slice(part);
                if line_end.is_some() {
                    self.end_line();
                }
            }
        }
        self.ended || self.unusable.is_some()
    }

    /// Ends the input and gives what was answered. A last line without its LF counts, as it does for git.
    pub(crate) fn finish(mut self) -> Result<Reply, UnusableReply> {
        if !self.ended && self.unusable.is_none() && !self.line.is_empty() {
            self.end_line();
        }
        match self.unusable {
            Some(why) => Err(why),
            None => {
                self.reply.tidy();
                match self.reply.secrets().len() {
                    0..=MAX_SECRETS => Ok(self.reply),
                    _ => Err(UnusableReply::TooManySecrets),
                }
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(at) = line.iter().position(|byte| *byte == b'=') else {
            self.ended = true;
            return;
        };
        let (key, value) = (&line[..at], &line[at + 1..]);
        if line.iter().any(u8::is_ascii_control) {
            self.unusable = Some(UnusableReply::ControlCharacter);
        } else if is_key(key) && !LEFT_OUT.contains(&key) {
            self.reply.lines.push(Line { key: key.to_vec(), value: Token::new(value.to_vec()) });
        }
    }
}

/// Tells whether this can be a key of the format: `oauth_refresh_token`, `state[]`.
fn is_key(key: &[u8]) -> bool {
    let name = key.strip_suffix(b"[]").unwrap_or(key);
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What one helper answered, or several in turn.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    lines: Vec<Line>,
}

impl Reply {
    /// Drops the lines whose key comes again later, lists aside: the last counts.
    fn tidy(&mut self) {
        let mut later = HashSet::new();
        let mut is_last: Vec<bool> = self
            .lines
            .iter()
            .rev()
            .map(|line| line.key.ends_with(b"[]") || later.insert(line.key.as_slice()))
            .collect();
        self.lines.retain(|_| is_last.pop().unwrap_or_default());
    }

    fn remove(&mut self, key: &[u8]) {
        self.lines.retain(|line| line.key != key);
    }

    fn get(&self, key: &[u8]) -> Option<&Token> {
        self.lines.iter().find(|line| line.key == key).map(|line| &line.value)
    }

    /// Adds what the next helper answered.
    pub(crate) fn add(&mut self, later: Self) {
        self.lines.extend(later.lines);
        self.tidy();
    }

    /// Tells whether nothing was answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Tells whether git has all it needs: a user name (it may know one already) with a password, or a
    /// credential that is encoded already.
    pub(crate) fn is_complete(&self, user_known: bool) -> bool {
        self.get(b"credential").is_some()
            || (self.get(b"password").is_some() && (user_known || self.get(b"username").is_some()))
    }

    /// Tells whether the helper wants git to stop asking.
    pub(crate) fn quits(&self) -> bool {
        self.get(b"quit").is_some_and(|value| {
            let value = value.expose().to_ascii_lowercase();
            !matches!(value.as_slice(), b"" | b"0" | b"false" | b"no" | b"off")
        })
    }

    /// Tells whether what was answered has expired. A time that is no number is none, as git reads it.
    pub(crate) fn is_expired(&self, now: i64) -> bool {
        let Some(value) = self.get(b"password_expiry_utc") else { return false };
        let digits = value.expose().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let time =
            std::str::from_utf8(&value.expose()[..digits]).ok().and_then(|text| text.parse::<i64>().ok());
        time.is_some_and(|time| time != 0 && time < now)
    }

    /// Takes out the secrets that have expired, as git does. User name and refresh token stay: the next
    /// helper may make a new password of them.
    pub(crate) fn drop_expired(&mut self) {
        for key in [&b"password"[..], b"credential", b"password_expiry_utc"] {
            self.remove(key);
        }
    }

    /// Gives user name and password, where git is to log in with these.
    pub(crate) fn basic(&self) -> Option<(Option<&Token>, &Token)> {
        let password = self.get(b"password").filter(|_| self.get(b"credential").is_none())?;
        Some((self.get(b"username"), password))
    }

    /// Gives every secret in it, to be compared with ours.
    pub(crate) fn secrets(&self) -> Vec<Token> {
        super::secrets(&self.lines)
    }

    /// Gives the secrets by which it will be known again: the password, also of a `credential` for Basic
    /// authentication, and that as it is.
    pub(crate) fn passwords(&self) -> Vec<Token> {
        let mut found: Vec<Token> =
            [&b"password"[..], b"credential"].iter().filter_map(|key| self.get(key)).cloned().collect();
        found.extend(self.get(b"credential").and_then(|credential| password_within(credential.expose())));
        found
    }

    /// Gives the user name, if there is one, and the password, also of a `credential` for Basic authentication.
    pub(crate) fn login(&self) -> Option<(Option<&Token>, Token)> {
        let password = self.get(b"password").cloned();
        let within = || password_within(self.get(b"credential")?.expose());
        Some((self.get(b"username"), password.or_else(within)?))
    }

    /// Adds to a request what was answered so far, as git tells it to the next helper.
    pub(crate) fn told_on(&self, request: &[Line]) -> Vec<Line> {
        let replaced = |line: &&Line| !TOLD_ON.contains(&&line.key[..]) || self.get(&line.key).is_none();
        let more = self.lines.iter().filter(|line| TOLD_ON.contains(&&line.key[..]));
        request.iter().filter(replaced).chain(more).cloned().collect()
    }

    /// Composes what git is given, in the order in which it was answered; none if there is nothing.
    ///
    /// The blank line at the end makes git stop reading, as in our own answers.
    pub(crate) fn compose(&self) -> Option<Zeroizing<Vec<u8>>> {
        (!self.is_empty()).then(|| {
            let mut text = compose_lines(&self.lines);
            text.push(b'\n');
            text
        })
    }
}

/// Composes lines in one buffer, with room for one byte more.
pub(crate) fn compose_lines(lines: &[Line]) -> Zeroizing<Vec<u8>> {
    // Room for everything at once: a buffer that grows leaves copies behind.
    let room = lines.iter().map(|line| line.key.len() + line.value.expose().len() + 2).sum::<usize>() + 1;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    for Line { key, value } in lines {
        text.extend_from_slice(key);
        text.push(b'=');
        text.extend_from_slice(value.expose());
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Request;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    fn read(text: &[u8]) -> Result<Reply, UnusableReply> {
        let mut reader = Reader::default();
        reader.feed(text);
        reader.finish()
    }

    fn composed(text: &[u8]) -> String {
        let reply = read(text).expect("usable");
        reply.compose().map_or_else(String::new, |text| String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn an_answer_is_given_on_whole_and_in_its_order() {
        let whole = "capability[]=authtype\ncapability[]=state\nauthtype=Bearer\ncredential=a=b c\nephemeral=1\nstate[]=x:1\nstate[]=x:2\ncontinue=1\nusername=\u{e9}\npassword= p\noauth_refresh_token=r\npassword_expiry_utc=5\nquit=0\nnews_of_git_9=1\n";
        assert_eq!(composed(whole.as_bytes()), format!("{whole}\n"));
        assert_eq!(composed(b"password=\xff\xfe").as_bytes().first(), Some(&b'p'));
        assert_eq!(composed(b""), "");
    }

    #[test]
    fn a_hundred_thousand_lines_are_read_in_the_time_of_their_bytes() {
        // Quadratic work on so many keys takes minutes.
        let many: String = (0..100_000).map(|n| format!("k{n}=v\n")).collect();
        let text = format!("password=a\n{many}password=b\nusername=u\n");
        let reply = read(&text.as_bytes()[..text.len().min(MAX_REPLY)]).expect("usable");
        assert_eq!(reply.passwords().first().map(Token::expose), Some(&b"b"[..]));
    }

    #[test]
    fn nothing_leads_git_elsewhere() {
        let text = b"protocol=http\nhost=evil.test\npath=x\nurl=https://evil.test\nwwwauth[]=x\nusername=u\n=x\nodd key=1\n";
        assert_eq!(composed(text), "username=u\n\n");
    }

    #[test]
    fn reading_ends_where_git_ends_it() {
        assert_eq!(composed(b"username=u\npassword=p\n\nhost=x\npassword=q\n"), "username=u\npassword=p\n\n");
        assert_eq!(composed(b"username=u\nOpening in existing browser\npassword=p\n"), "username=u\n\n");
        assert_eq!(composed(b"Opening in existing browser\npassword=p\n"), "");
        assert_eq!(composed(b"username=u\r\npassword=p\r\n\r\nquit=1\n"), "username=u\npassword=p\n\n");
        assert_eq!(composed(b"username=a\nusername=b"), "username=b\n\n");
    }

    #[test]
    fn an_answer_that_some_reader_cuts_elsewhere_is_not_used() {
        for text in [
            &b"password=p\rhost=evil.test\n"[..],
            b"password=p\0q\n",
            b"username=u\npassword=\x1b[2J\n",
            b"a\tb=c\n",
        ] {
            assert_eq!(read(text), Err(UnusableReply::ControlCharacter), "{text:?}");
        }
        let long = [b"password=".as_slice(), &vec![b'a'; MAX_REPLY]].concat();
        assert_eq!(read(&long), Err(UnusableReply::TooMuch));
        let mut reader = Reader::default();
        assert!(reader.feed(&long), "it is known before the line ends");
        assert!(read(&long[..MAX_REPLY]).is_ok());
        // What is wrong with it first is what is said.
        let mut reader = Reader::default();
        reader.feed(b"password=\x01");
        assert!(reader.feed(&long));
        assert_eq!(reader.finish(), Err(UnusableReply::TooMuch));
    }

    #[test]
    fn an_answer_with_more_secrets_than_anybody_has_is_not_used() {
        let with = |count: usize| (0..count).map(|n| format!("state[]=s.{n}\n")).collect::<String>();
        assert!(read(with(MAX_SECRETS).as_bytes()).is_ok());
        assert_eq!(read(with(MAX_SECRETS + 1).as_bytes()), Err(UnusableReply::TooManySecrets));
    }

    #[test]
    fn user_and_password_are_told_from_what_is_encoded_already() {
        let inner = STANDARD_NO_PAD.encode("mona:canary:1");
        for (text, basic, login) in [
            ("username=u\npassword=p\n", Some((Some("u"), "p")), Some((Some("u"), "p"))),
            ("password=p\n", Some((None, "p")), Some((None, "p"))),
            ("username=u\n", None, None),
            (
                &format!("username=u\nauthtype=Basic\ncredential={inner}\n"),
                None,
                Some((Some("u"), "canary:1")),
            ),
            ("authtype=Bearer\ncredential=x\n", None, None),
            ("password=p\ncredential=x\n", None, Some((None, "p"))),
        ] {
            let reply = read(text.as_bytes()).expect("usable");
            let plain = |token: &Token| String::from_utf8_lossy(token.expose()).into_owned();
            let shown = reply.basic().map(|(user, password)| (user.map(plain), plain(password)));
            let known = |found: Option<(Option<&str>, &str)>| {
                found.map(|(user, password)| (user.map(str::to_owned), password.to_owned()))
            };
            assert_eq!(shown, known(basic), "{text}");
            let shown = reply.login().map(|(user, password)| (user.map(plain), plain(&password)));
            assert_eq!(shown, known(login), "{text}");
        }
    }

    #[test]
    fn lines_leave_no_copy_of_a_secret_behind_by_growing() {
        let reply = read(b"username=u\npassword=0123456789\nodd_one=\n").expect("usable");
        // What has grown has twice its room; a byte more is there for the blank line.
        let text = compose_lines(&reply.lines);
        assert_eq!(text.capacity(), text.len() + 1);
    }

    #[test]
    fn how_the_answer_is_cut_does_not_matter() {
        let text = b"username=u\r\npassword=p=\r\nstate[]=\n\ntail";
        for size in 1..text.len() {
            let mut reader = Reader::default();
            text.chunks(size).for_each(|piece| {
                reader.feed(piece);
            });
            assert_eq!(reader.finish(), read(text), "{size}");
        }
    }

    #[test]
    fn what_is_complete_what_has_expired_and_who_quits() {
        let of = |text: &str| read(text.as_bytes()).expect("usable");
        assert!(of("username=u\npassword=").is_complete(false));
        assert!(of("password=p").is_complete(true) && !of("password=p").is_complete(false));
        assert!(of("authtype=Bearer\ncredential=x").is_complete(false));
        assert!(!of("username=u").is_complete(true));
        for (value, expired) in [
            ("99", true),
            ("100", false),
            ("0", false),
            ("x", false),
            ("", false),
            ("-1", false),
            ("99x", true),
            ("99999999999999999999", false),
        ] {
            assert_eq!(of(&format!("password_expiry_utc={value}")).is_expired(100), expired, "{value}");
        }
        let mut old =
            of("username=u\npassword=p\ncredential=c\noauth_refresh_token=r\npassword_expiry_utc=1");
        old.drop_expired();
        assert_eq!(old, of("username=u\noauth_refresh_token=r"));
        for (value, quits) in [("1", true), ("true", true), ("0", false), ("False", false), ("", false)] {
            assert_eq!(of(&format!("quit={value}")).quits(), quits, "{value}");
        }
    }

    #[test]
    fn the_next_helper_sees_what_was_filled_in_and_git_gets_what_came_last() {
        let request =
            Request::parse(b"capability[]=state\nhost=h\nusername=old\nwwwauth[]=x\n").expect("fine");
        let mut all = read(b"username=new\nstate[]=a:1\nquit=0\n").expect("usable");
        let told = compose_lines(&all.told_on(&request.lines));
        assert_eq!(String::from_utf8_lossy(&told), "capability[]=state\nhost=h\nwwwauth[]=x\nusername=new\n");
        let silent = read(b"state[]=a:1\n").expect("usable");
        assert_eq!(silent.told_on(&request.lines), request.lines, "what it did not answer stays");
        all.add(read(b"password=p\nusername=newer\nstate[]=b:1\n").expect("usable"));
        let text = all.compose().expect("there");
        assert_eq!(
            String::from_utf8_lossy(&text),
            "state[]=a:1\nquit=0\npassword=p\nusername=newer\nstate[]=b:1\n\n"
        );
    }

    #[test]
    fn a_password_within_a_credential_is_a_secret_too() {
        let inner = STANDARD_NO_PAD.encode("x-access-token:canary:1");
        let secrets = |text: String| -> Vec<Vec<u8>> {
            read(text.as_bytes()).expect("usable").passwords().iter().map(|it| it.expose().to_vec()).collect()
        };
        assert_eq!(secrets(format!("authtype=Basic\ncredential={inner}\n")), [inner.as_bytes(), b"canary:1"]);
        assert_eq!(secrets("username=u\npassword=p\noauth_refresh_token=r\n".to_owned()), [b"p"]);
        assert_eq!(secrets("credential=plain\n".to_owned()), [b"plain"]);
        assert!(!format!("{:?}", read(b"password=canary\n")).contains("canary"));
    }
}
