//! `PATRON_TRACE`: a log of decisions and timings that cannot hold a secret.
//!
//! It is redacted by construction: a line is made of words that stand in this program's text, numbers, and
//! names that were checked before (hosts, owners, labels). There is no way to log a request's line, a
//! token, or what a server sent.
//!
//! `1`, `2` or `true` log to stderr; an absolute path is appended to (mode 0600), as git's own trace
//! variables do; anything else is off, and whoever begins a run says so.

use crate::account::Account;
use crate::files;
use crate::redact::argument;
use crate::remote::Remote;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Where decisions are logged, if anywhere.
pub(crate) struct Log {
    sink: Option<RefCell<Sink>>,
    start: Instant,
    unusable: Option<String>,
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
            Some("" | "0" | "false") => None,
            Some("1" | "2" | "true") => Some(Sink::Stderr),
            _ if Path::new(&wanted).is_absolute() => {
                files::append_to(Path::new(&wanted)).ok().map(Sink::File)
            }
            _ => {
                let unusable = Some(wanted.to_string_lossy().into_owned());
                return Self { sink: None, start, unusable };
            }
        };
        Self { sink: sink.map(RefCell::new), start, unusable: None }
    }

    /// Gives what `PATRON_TRACE` holds, if that is nothing that can be logged to.
    pub(crate) fn unusable(&self) -> Option<&str> {
        self.unusable.as_deref()
    }

    /// Writes one line: the time since the start, what happened, and the facts. A log that cannot be
    /// written is given up silently: git is waiting for something else.
    pub(crate) fn note(&self, what: &'static str, facts: &[(&'static str, Fact<'_>)]) {
        let Some(sink) = &self.sink else { return };
        let elapsed = self.start.elapsed().as_micros();
        let mut line = format!("patron[{}] {:>7} us  {what}", std::process::id(), elapsed);
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
