//! `PATRON_TRACE`: a log of decisions and timings that cannot hold a secret.
//!
//! It is redacted by construction: a line is made of words that stand in this program's text, numbers, and
//! names that were checked before (hosts, owners, labels). There is no way to log a request's line, a
//! token, or what a server sent.
//!
//! `1`, `2` or `true` log to stderr; an absolute path is appended to (mode 0600), as git's own trace
//! variables do, if it is a terminal or a file with nothing but a log in it; anything else is off, and whoever begins
//! a run says so. `/dev/fd/1` is git's, and a list of accounts with a log behind it is none any more.

use crate::account::Account;
use crate::files;
use crate::redact::argument;
use crate::remote::Remote;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::Instant;

/// Where decisions are logged, if anywhere.
pub(crate) struct Log {
    sink: Option<RefCell<Sink>>,
    start: Instant,
    unusable: Option<Unusable>,
}

/// Why nothing is logged, though something is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// What `PATRON_TRACE` holds.
    pub value: String,
    /// What that is.
    pub why: &'static str,
}

enum Sink {
    Stderr,
    File(File),
}

/// One thing that may be logged.
pub(crate) enum Fact<'a> {
    /// A word of this program.
    Word(&'static str),
    /// A number.
    Number(u64),
    /// The asked host and, if known, owner and repository: all of checked characters.
    Remote(&'a Remote),
    /// An account by its label.
    Account(&'a Account),
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Number(number) => write!(f, "{number}"),
            Self::Remote(remote) => {
                write!(f, "{}", remote.host)?;
                remote.owner.iter().try_for_each(|owner| write!(f, "/{owner}"))?;
                remote.repo.iter().try_for_each(|repo| write!(f, "/{}", argument(repo)))
            }
            Self::Account(account) => write!(f, "{}", argument(&account.label).escape_default()),
        }
    }
}

impl Log {
    /// Opens what `PATRON_TRACE` names.
    pub(crate) fn from_env(start: Instant) -> Self {
        let wanted = std::env::var_os("PATRON_TRACE").unwrap_or_default();
        let sink = match wanted.to_str() {
            Some("" | "0" | "false") => Ok(None),
            Some("1" | "2" | "true") => Ok(Some(Sink::Stderr)),
            _ if Path::new(&wanted).is_absolute() => file(Path::new(&wanted)),
            _ => Err("and neither 1 nor an absolute file name"),
        };
        let (sink, unusable) = match sink {
            Ok(sink) => (sink.map(RefCell::new), None),
            Err(why) => (None, Some(Unusable { value: wanted.to_string_lossy().into_owned(), why })),
        };
        Self { sink, start, unusable }
    }

    /// Says why nothing is logged, if `PATRON_TRACE` holds nothing that can be logged to.
    pub(crate) fn unusable(&self) -> Option<&Unusable> {
        self.unusable.as_ref()
    }

    /// Writes one line: the time since the start, what happened, and the facts. A log that cannot be
    /// written is given up silently: git is waiting for something else.
    pub(crate) fn note(&self, what: &'static str, facts: &[(&'static str, Fact<'_>)]) {
        let Some(sink) = &self.sink else { return };
        let elapsed = self.start.elapsed().as_micros();
        let mut line = format!("{LINE}{}] {:>7} us  {what}", std::process::id(), elapsed);
        for (name, fact) in facts {
            line.push_str(&format!(" {name}={fact}"));
        }
        line.push('\n');
        let _ = match &mut *sink.borrow_mut() {
            Sink::Stderr => std::io::stderr().write_all(line.as_bytes()),
            Sink::File(file) => file.write_all(line.as_bytes()),
        };
    }
}

/// How every line begins.
const LINE: &str = "patron[";

/// Opens a file to log to; none where it cannot be opened, which is no trouble of whoever waits for an answer.
fn file(path: &Path) -> Result<Option<Sink>, &'static str> {
    let Ok(file) = files::append_to(path) else { return Ok(None) };
    if file.is_terminal() {
        return Ok(Some(Sink::File(file)));
    }
    match file.metadata() {
        Ok(meta) if meta.is_file() => {}
        _ => return Err("which is neither a file nor a terminal"),
    }
    let mut start = Vec::new();
    let is_read = (&file).take(LINE.len() as u64).read_to_end(&mut start).is_ok();
    if is_read && (start.is_empty() || start == LINE.as_bytes()) {
        Ok(Some(Sink::File(file)))
    } else {
        Err("which has something else in it than a log")
    }
}
