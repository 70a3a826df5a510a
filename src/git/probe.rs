//! Git as the probe: it asks for the very `info/refs` that an operation begins with, and is stopped at its
//! first word.
//!
//! So proxies, certificates and everything else that git obeys are obeyed, and what it prints is what the
//! catalogue of refusals reads. The credential is handed over when git asks for it (`handover`), and it can be
//! held back until another request has shown that the token is not refused as such (several bad logins lock a
//! user out). Nobody is asked on a terminal, no helper of the user's is run, and nothing is stored.
//!
//! The credential is bound to the asked scheme, host and port: git asks our helper for no other place
//! (`credential.<url>.helper`), and the question is looked at once more before it is answered, since git takes
//! `github.com.` and the like for the same. Every other setting that a probe relies on is set for the whole URL,
//! too: one of the user's for a URL goes before a general one.
//!
//! **A 401 is the token's only where it is known who said it.** Led to another host, git names the asked URL all
//! the same when it is refused there (measured with 2.39, 2.47 and 2.55); [`Way::NoRedirects`] tells.

use super::Git;
use super::handover::Handover;
use crate::remote::{Direction, Remote};
use crate::token::Token;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Instant;

/// How git is let to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it would: without the credential first, and to where it is led as far as its settings let it.
    AsGit,
    /// The same, and nowhere but to the asked URL: a redirect is the answer.
    NoRedirects,
    /// Nowhere else, and with the credential at once (`http.proactiveAuth`, git 2.46; older ones ask without
    /// first). For a place that is known to want one: others would be shown a token that they do not ask for.
    AtOnce,
}

/// What is asked for: the `info/refs` of a repository.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InfoRefs<'a> {
    /// The repository.
    pub remote: &'a Remote,
    /// Which service.
    pub direction: Direction,
    /// What the repository that git works in calls it, since a remote can have a proxy of its own.
    pub remote_name: Option<&'a str>,
    /// How.
    pub way: Way,
    /// Where git looks for a folder of certificate authorities; none: where it would. A git that is built with
    /// GnuTLS reads that folder whole each time, which is two thirds of what it does in a probe (measured with
    /// 2.47.3: 9 ms of a processor's time, and 32 with Debian's 290 files), and the file of all authorities, which
    /// is read in any case, holds the same ones as a rule.
    pub authorities: Option<&'a Path>,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probed {
    /// The service answered.
    Open {
        /// What git printed before: that it was led elsewhere, for example.
        transcript: Vec<u8>,
        /// Whether git needed the credential for it.
        with_credential: bool,
        /// Whether it named no ref: an empty repository, or a page without line ends that git took for one
        /// (measured with 2.47.3).
        empty: bool,
    },
    /// Git gave up; this is what it printed.
    Closed {
        /// Stderr, at most 64 KiB.
        transcript: Vec<u8>,
        /// The challenges (`WWW-Authenticate`) that git was given.
        challenges: Vec<String>,
        /// Whether it asked for the credential of the asked place. If not and it says that it has none, it was
        /// led elsewhere, or our helper could not be started.
        wanted_credential: bool,
        /// Whether it had the credential.
        with_credential: bool,
    },
    /// There was no answer in time.
    Slow,
    /// Git could not be started, or only when most of the time was over.
    NotStarted,
}

/// A probe under way. Dropping it ends git with everything that git has started.
pub(crate) struct Probe {
    running: ProbingGit,
    handover: Handover,
}

/// Shows nothing: the answer is in it.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

mod running;
use running::ProbingGit;

impl Probe {
    /// Starts git. The credential is held back until [`Probe::give`].
    ///
    /// Fails where there is no repository to ask for.
    pub(crate) fn start(git: &Git, what: &InfoRefs<'_>) -> io::Result<Self> {
        let (running, nonce) = ProbingGit::start(git, what)?;
        Ok(Self { running, handover: Handover::new(nonce, what.remote.host.clone()) })
    }

    /// Lets git have this credential when it asks.
    pub(crate) fn give(&mut self, username: &[u8], token: &Token) {
        self.handover.give(username, token);
    }

    /// Lets git have no credential: what it says without one is the answer.
    pub(crate) fn give_nothing(&mut self) {
        self.handover.give_nothing();
    }

    /// Waits for git's first word, until the deadline.
    pub(crate) fn wait(self, deadline: Instant) -> Probed {
        self.running.wait(self.handover, deadline)
    }
}

/// Writes the URL again from checked parts: owner and repository hold no character that needs encoding.
/// User names and secrets of the original stay out.
fn url_of(remote: &Remote) -> Option<String> {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/~".contains(&b));
    let path = remote.path.as_deref().filter(|path| plain(path) && !path.is_empty())?;
    Some(format!("https://{}/{path}", remote.host))
}
