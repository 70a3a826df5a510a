//! How the git of a probe gets the credential: it asks for it, on a socket.
//!
//! Its credential helper, which is this program, asks its grandparent there and is answered there:
//!
//! ```text
//! NONCE get                 what git told the helper; never a password
//! NONCE protocol=https
//! NONCE host=github.com
//! NONCE wwwauth[]=Basic realm="GitHub"
//! NONCE .
//!                           the answer: lines of git's credential format, ended by an empty one
//! ```
//!
//! The secret is in no argument, environment, shell or file, and it leaves us only when git asks, for the scheme
//! and host that we were going to ask. What a server makes git print cannot look like a question: it does not know
//! the nonce, which is made anew for each probe. How the two come to have a socket is each system's own:
//!
//! - **Unix**: the probe's standard error is one end of a pair of sockets, which git hands down to what it starts.
//!   No other user can take part, since there is nothing to open, and the nonce is no secret.
//! - **Windows**: git hands nothing down but pipes, so we listen on this machine's own address, which no other
//!   machine reaches. Whoever connects must know the nonce: it stands on the helper's command line, which Windows
//!   shows to this user and to administrators, who could read our memory as well. It is drawn for one probe of
//!   three seconds at most, from 128 random bits.

use crate::remote::Host;
use crate::token::Token;
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// The hidden word of the command line with which git starts the helper; nonce and operation follow.
pub(crate) const HELPER: &str = "probe-helper";
/// The last line of a question.
const END: &str = ".";
/// The most bytes of a question or an answer. Git's own bound of one line is as large.
const MOST: usize = 64 * 1024;
/// What a question may hold. Passwords are not among it.
const ASKED: [&str; 3] = ["protocol", "host", "wwwauth[]"];

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
use windows as platform;

pub(super) use platform::Connection;
pub(crate) use platform::{far_end, from_git};

/// What comes next from git.
pub(super) enum Next {
    /// Its first byte on standard output.
    Word(u8),
    /// The end of its standard output, without a word.
    NoWord,
    /// Something on the socket, or on standard error.
    Printed(Vec<u8>),
    /// The end of git and of everything that it has started.
    Ended,
    /// Nothing in time.
    Slow,
}

/// Makes a nonce: 128 random bits.
fn nonce() -> io::Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness for a nonce"))?;
    Ok(format!("patron-{:032x}", u128::from_ne_bytes(bytes)))
}

/// What git gets when it asks for the credential.
enum Permit {
    /// Not decided yet: git waits.
    Held,
    /// These lines.
    Lines(Zeroizing<Vec<u8>>),
}

/// Our side: tells questions from the transcript, and answers those that may be answered.
pub(super) struct Handover {
    nonce: String,
    host: Host,
    answer: Permit,
    /// The question that is being read.
    question: Option<Question>,
    /// One was asked in full and waits for the answer.
    waiting: bool,
    was_asked: bool,
    given: bool,
    /// The start of a line whose end has not come yet.
    begun: Vec<u8>,
    transcript: Vec<u8>,
    challenges: Vec<String>,
}

/// What git asks, as far as it has been read.
#[derive(Default)]
struct Question {
    is_get: bool,
    protocol: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
}

impl Handover {
    /// Answers questions about this host alone, over `https` alone.
    pub(super) fn new(nonce: String, host: Host) -> Self {
        Self {
            nonce,
            host,
            answer: Permit::Held,
            question: None,
            waiting: false,
            was_asked: false,
            given: false,
            begun: Vec::new(),
            transcript: Vec::new(),
            challenges: Vec::new(),
        }
    }

    /// Lets git have this credential when it asks.
    pub(super) fn give(&mut self, username: &[u8], token: &Token) {
        let mut lines = Zeroizing::new(Vec::with_capacity(username.len() + token.expose().len() + 32));
        for part in [b"username=", username, b"\npassword=", token.expose(), b"\n\n"] {
            lines.extend_from_slice(part);
        }
        // A line break within would end the answer early, and what follows would be taken for another one.
        let breaks = lines.iter().filter(|byte| **byte == b'\n').count();
        self.answer = if breaks == 3 { Permit::Lines(lines) } else { Permit::Lines(nothing()) };
    }

    /// Lets git have no credential: what it says without one is the answer.
    pub(super) fn give_nothing(&mut self) {
        self.answer = Permit::Lines(nothing());
    }

    /// Takes what came over the socket.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            // A line without end is no question.
            if self.begun.len() < MOST {
                self.begun.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.begun);
                self.line(&line);
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let nonce = self.nonce.as_bytes();
        let Some(at) = line.windows(nonce.len()).position(|part| part == nonce) else {
            return self.keep(line);
        };
        let (before, asked) = (&line[..at], &line[at + nonce.len()..]);
        self.keep(before);
        let asked = asked.strip_prefix(b" ").unwrap_or(asked).trim_ascii_end();
        if asked == END.as_bytes() {
            return self.asked();
        }
        let question = self.question.get_or_insert_default();
        match asked.iter().position(|byte| *byte == b'=').map(|at| (&asked[..at], &asked[at + 1..])) {
            None => question.is_get = asked == b"get",
            Some((b"protocol", value)) => question.protocol = Some(value.to_vec()),
            Some((b"host", value)) => question.host = Some(value.to_vec()),
            Some((b"wwwauth[]", value)) => {
                self.challenges.push(String::from_utf8_lossy(value).trim().to_owned());
            }
            Some(_) => {}
        }
    }

    fn keep(&mut self, text: &[u8]) {
        let room = MOST.saturating_sub(self.transcript.len()).min(text.len());
        self.transcript.extend_from_slice(&text[..room]);
    }

    /// A question is complete. One about another place is answered at once, with nothing.
    fn asked(&mut self) {
        let Some(question) = self.question.take().filter(|question| question.is_get) else { return };
        let is_ours = question.protocol.as_deref() == Some(b"https")
            && question.host.as_deref().and_then(Host::parse).as_ref() == Some(&self.host);
        match is_ours {
            true => self.was_asked = true,
            false => self.answer = Permit::Lines(nothing()),
        }
        self.waiting = true;
    }

    /// Gives what is to be written now: once, and only after a question.
    pub(super) fn reply(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        if !self.waiting {
            return None;
        }
        let Permit::Lines(lines) = &mut self.answer else { return None };
        self.waiting = false;
        // Git asks a second time if it was refused; the same secret once more would be a second bad login.
        let lines = std::mem::replace(lines, nothing());
        self.given |= lines.len() > 1;
        Some(lines)
    }

    /// Tells whether the host had asked for the credential: git has made a request before.
    pub(super) fn was_challenged(&self) -> bool {
        !self.challenges.is_empty()
    }

    /// Tells whether git asked for the credential of the asked place.
    pub(super) fn was_asked(&self) -> bool {
        self.was_asked
    }

    /// Tells whether git was given the credential.
    pub(super) fn was_given(&self) -> bool {
        self.given
    }

    /// Gives what git printed, and the challenges (`WWW-Authenticate`) that it was given.
    pub(super) fn finish(mut self) -> (Vec<u8>, Vec<String>) {
        let rest = std::mem::take(&mut self.begun);
        self.keep(&rest);
        (self.transcript, self.challenges)
    }
}

fn nothing() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(b"\n".to_vec())
}

/// The helper's side: asks on the socket what git asks on its standard input, and gives the answer for git.
///
/// Nothing is asked for any operation but `get`; of `erase` the challenges are passed on, which older gits tell
/// there alone.
pub(crate) fn ask(
    socket: &mut (impl Read + Write),
    nonce: &str,
    operation: &str,
    from_git: impl Read,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut told = Zeroizing::new(Vec::new());
    from_git.take(MOST as u64).read_to_end(&mut told)?;
    let mut question = format!("{nonce} {operation}\n").into_bytes();
    for line in told.split(|byte| *byte == b'\n') {
        let key = line.split(|byte| *byte == b'=').next().unwrap_or_default();
        if ASKED.iter().any(|asked| asked.as_bytes() == key) {
            question.extend_from_slice(nonce.as_bytes());
            question.push(b' ');
            question.extend_from_slice(line);
            question.push(b'\n');
        }
    }
    question.extend_from_slice(format!("{nonce} {END}\n").as_bytes());
    socket.write_all(&question)?;
    let mut answer = Zeroizing::new(Vec::with_capacity(MOST));
    if operation == "get" {
        let mut piece = Zeroizing::new([0u8; 4096]);
        while answer.len() < MOST && !answer.ends_with(b"\n\n") && answer.as_slice() != b"\n" {
            match socket.read(&mut piece[..])? {
                0 => return Ok(Zeroizing::default()),
                count => answer.extend_from_slice(&piece[..count]),
            }
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    const NONCE: &str = "patron-0123";

    fn handover() -> Handover {
        Handover::new(NONCE.to_owned(), Host::parse(b"github.com").expect("a host"))
    }

    fn secret() -> Token {
        Token::new(["canary", "text"].concat().into_bytes())
    }

    /// The far end of a helper's socket: what it was asked, and the pieces of its answer.
    #[derive(Default)]
    struct Far {
        asked: Vec<u8>,
        pieces: VecDeque<Vec<u8>>,
    }

    impl Read for Far {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let piece = self.pieces.pop_front().unwrap_or_default();
            to[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    impl Write for Far {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.asked.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a helper with this input asks.
    fn question(nonce: &str, operation: &str, from_git: &str) -> Vec<u8> {
        let mut far = Far::default();
        ask(&mut far, nonce, operation, from_git.as_bytes()).expect("written");
        far.asked
    }

    fn asked_for(protocol: &str, host: &str) -> Vec<u8> {
        question(NONCE, "get", &format!("protocol={protocol}\nhost={host}\nwwwauth[]=Basic realm=\"x\"\n"))
    }

    #[test]
    fn the_secret_leaves_on_request_for_the_asked_host_once_and_not_before_it_is_decided() {
        let mut handover = handover();
        assert!(handover.reply().is_none() && !handover.was_asked() && !handover.was_challenged());
        handover.take(b"warning: w\n");
        handover.take(&asked_for("https", "github.com"));
        assert!(handover.was_asked() && handover.was_challenged() && !handover.was_given());
        assert!(handover.reply().is_none(), "not decided yet");
        handover.give(b"mona", &secret());
        let answer = handover.reply().expect("it was asked");
        assert_eq!(answer.as_slice(), b"username=mona\npassword=canarytext\n\n");
        assert!(handover.was_given() && handover.reply().is_none());
        handover.take(&asked_for("https", "github.com"));
        assert_eq!(handover.reply().expect("it was asked").as_slice(), b"\n", "no second bad login");
        handover.take(b"fatal: x");
        let (transcript, challenges) = handover.finish();
        assert_eq!(transcript, b"warning: w\nfatal: x");
        assert_eq!(challenges, ["Basic realm=\"x\"", "Basic realm=\"x\""]);
    }

    #[test]
    fn the_same_host_in_another_spelling_is_the_same_and_everything_else_gets_nothing() {
        for (protocol, host, is_given) in [
            ("https", "github.com", true),
            ("https", "GitHub.COM", true),
            ("https", "github.com:443", true),
            ("http", "github.com", false),
            ("HTTPS", "github.com", false),
            ("https", "github.com.", false),
            ("https", "github.com:8443", false),
            ("https", "github.com.evil.test", false),
            ("https", "evil.test", false),
            ("https", "www.github.com", false),
            ("", "github.com", false),
            ("https", "", false),
        ] {
            let mut handover = handover();
            handover.give(b"mona", &secret());
            handover.take(&asked_for(protocol, host));
            assert_eq!(handover.reply().expect("an answer").len() > 1, is_given, "{protocol}://{host}");
            assert_eq!((handover.was_given(), handover.was_asked()), (is_given, is_given));
            // Who was led elsewhere is not given it afterwards either.
            handover.take(&asked_for("https", "github.com"));
            assert_eq!(handover.reply().expect("an answer").as_slice(), b"\n");
        }
    }

    #[test]
    fn what_a_server_makes_git_print_is_no_question() {
        let mut handover = handover();
        handover.give(b"mona", &secret());
        for nonce in ["", "patron-", "patron-0000", "remote: patron-012"] {
            handover.take(&question(nonce, "get", "protocol=https\nhost=github.com\n"));
            assert!(handover.reply().is_none(), "{nonce}");
        }
        // Without its end, and an operation that is no question.
        handover.take(format!("{NONCE} get\n{NONCE} protocol=https\n").as_bytes());
        assert!(handover.reply().is_none());
        let mut handover = self::handover();
        handover.give(b"mona", &secret());
        for operation in ["store", "erase", "capability"] {
            handover.take(&question(NONCE, operation, "protocol=https\nhost=github.com\n"));
            assert!(handover.reply().is_none(), "{operation}");
        }
    }

    #[test]
    fn no_password_travels_from_the_helper() {
        let asked = question(
            NONCE,
            "erase",
            "protocol=https\nhost=h\nusername=u\npassword=canarytext\nwwwauth[]=x\n",
        );
        let asked = String::from_utf8(asked).expect("text");
        assert_eq!(
            asked,
            format!(
                "{NONCE} erase\n{NONCE} protocol=https\n{NONCE} host=h\n{NONCE} wwwauth[]=x\n{NONCE} .\n"
            )
        );
    }

    #[test]
    fn a_secret_with_a_line_break_is_not_given() {
        let mut handover = handover();
        handover.give(b"mona", &Token::new(b"a\nusername=b".to_vec()));
        handover.take(&asked_for("https", "github.com"));
        assert_eq!(handover.reply().expect("an answer").as_slice(), b"\n");
        assert!(!handover.was_given());
    }

    #[test]
    fn a_question_in_pieces_behind_a_line_without_end_is_one() {
        let mut handover = handover();
        handover.give(b"mona", &secret());
        handover.take(b"progress 10%");
        for byte in asked_for("https", "github.com") {
            handover.take(&[byte]);
        }
        assert!(handover.reply().is_some_and(|answer| answer.len() > 1));
        assert_eq!(handover.finish().0, b"progress 10%");
    }

    #[test]
    fn who_is_to_have_nothing_is_told_so_at_once() {
        let mut handover = handover();
        handover.give_nothing();
        handover.take(&asked_for("https", "github.com"));
        assert_eq!(handover.reply().expect("an answer").as_slice(), b"\n");
        assert!(handover.was_asked() && !handover.was_given());
    }

    #[test]
    fn the_helper_reads_one_answer_whole_and_of_get_alone() {
        let answered = |operation: &str, pieces: &[&[u8]]| {
            let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
            let mut far = Far { pieces, ..Far::default() };
            let answer = ask(&mut far, NONCE, operation, &b"host=h\n"[..]).expect("it is there");
            (answer.to_vec(), far.pieces.len())
        };
        let whole = b"username=u\npassword=p\n\n".to_vec();
        assert_eq!(answered("get", &[b"username=u\n", b"password=p\n\n", b"later"]), (whole, 1));
        assert_eq!(answered("get", &[b"\n", b"later"]), (b"\n".to_vec(), 1));
        assert_eq!(answered("get", &[b"username=u\n"]), (Vec::new(), 0), "half an answer is none");
        assert_eq!(answered("erase", &[b"\n"]), (Vec::new(), 1));
        let endless = vec![&[b'a'; 4096][..]; 20];
        let (answer, left) = answered("get", &endless);
        assert_eq!((answer.len(), left), (64 * 1024, 4));
    }

    #[test]
    fn a_long_challenge_travels_whole_and_each_probe_has_a_nonce_of_its_own() {
        let realm = "r".repeat(60_000);
        let asked = question(NONCE, "get", &format!("wwwauth[]={realm}\nhost=h\n"));
        assert!(String::from_utf8_lossy(&asked).contains(&format!("{realm}\n{NONCE} host=h\n")));
        let (one, other) = (nonce().expect("random"), nonce().expect("random"));
        assert!(one != other && one.len() == "patron-".len() + 32, "{one} {other}");
    }

    #[test]
    fn a_line_without_end_is_no_question() {
        let mut handover = handover();
        handover.give(b"mona", &secret());
        handover.take(&vec![b'x'; MOST]);
        handover.take(&asked_for("https", "github.com"));
        assert!(handover.reply().is_none());
    }

    #[test]
    fn megabytes_of_words_are_cut() {
        let mut handover = handover();
        handover.take(&vec![b'x'; 3 * MOST]);
        handover.take(&b"line\n".repeat(3 * MOST));
        assert!(handover.finish().0.len() <= MOST);
    }
}
