//! `outcomes.toml`: how each account fared, and the fingerprints by which `store` and `erase` know our own
//! secrets. Losing the file loses nothing; one that cannot be read is begun anew.
//!
//! ```toml
//! version = 1
//! key = "..."                       # random; makes the fingerprints worthless elsewhere
//! former = ["... https://github.com/acme#mona"]  # secrets that accounts had before, the newest last
//! [fingerprint]
//! "https://github.com/acme#mona" = "..."
//! [fallback]
//! "..." = "2026-11-20T12:00:00Z"    # fingerprint of a secret that a fallback answered, since when
//! [rejected]
//! "https://github.com/acme#mona" = "2026-11-20T12:00:00Z 2 2026-11-20T12:06:00Z"  # since, tries, last
//! [outcome."https://github.com/acme#mona"]
//! "fetch acme/secret" = "accepted 2026-11-20T12:00:00Z"
//! "push acme/secret" = "refused 2026-11-20T12:00:00Z write-permission-missing https://..."
//! ```
//!
//! `memory.rs` adds what was said, opened and put off.
//!
//! A fingerprint is a keyed hash (HMAC-SHA-256, cut to 128 bits): it tells whether a secret is the one we
//! know and nothing about it.

mod memory;

use crate::files::{self, Care};
pub use crate::remote::Direction;
use crate::remote::{Host, Owner, Remote};
use crate::time::{rfc3339, seconds};
use crate::token::Token;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits; what cannot be noted then is given up, since git is waiting.
const WAIT: Duration = Duration::from_secs(1);
/// Seconds between the tries of a rejected account: at once, then 1, 5, 15, 60 minutes.
const PAUSES: [i64; 5] = [0, 60, 300, 900, 3600];
/// How many outcomes are kept of one account; the oldest go first.
const MOST: usize = 256;
/// How many secrets are known again of those that fallbacks answered, and of those that were ours before.
const MOST_KNOWN: usize = 64;

/// How an account fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Git was let in.
    Accepted,
    /// The token was refused as such (401).
    Rejected,
    /// The token was known and the repository refused, with the verdict's id.
    Refused(String),
}

impl State {
    /// Names it as `list --json` does.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Refused(_) => "refused",
        }
    }
}

/// One outcome with its time in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it fared.
    pub state: State,
    /// When.
    pub at: i64,
    /// The page that was named with a refusal. Only to be shown: it comes from a file.
    pub page: Option<String>,
}

/// How long an account has been rejected, and how often it was tried since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// When it was rejected first.
    pub since: i64,
    /// How often it was tried since.
    pub tries: usize,
    /// When it was rejected or tried last.
    pub last: i64,
}

impl Rejection {
    /// Tells whether the pause is over. A clock that jumped back ends it: no pause is longer than its length.
    pub fn may_try(&self, now: i64) -> bool {
        let pause = PAUSES[self.tries.min(PAUSES.len() - 1)];
        now < self.last || now - self.last >= pause
    }
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Whole {
    version: i64,
    key: String,
    #[serde(default)]
    former: Vec<String>,
    #[serde(default)]
    fingerprint: BTreeMap<String, String>,
    #[serde(default)]
    fallback: BTreeMap<String, String>,
    #[serde(default)]
    rejected: BTreeMap<String, String>,
    #[serde(default)]
    outcome: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    memory: memory::Memory,
}

/// What is known, as read at one moment.
#[derive(Debug)]
pub struct Outcomes {
    path: PathBuf,
    whole: Whole,
}

impl Outcomes {
    /// Reads what is known. Anything unreadable counts as nothing known.
    pub fn load(path: &Path) -> Self {
        let whole = files::read(path, Care::Plain).ok().flatten().and_then(|bytes| parse(&bytes));
        Self { path: path.to_owned(), whole: whole.unwrap_or_default() }
    }

    /// Reads it again: another process may have changed it.
    pub fn reload(&mut self) {
        *self = Self::load(&self.path);
    }

    /// Changes what is known: under the lock, from a fresh reading, written only if something changed.
    ///
    /// Trouble is returned for the log alone: no answer to git depends on it.
    pub fn change(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), files::Trouble> {
        let lock = files::lock(&self.path, WAIT)?;
        let bytes = lock.read(Care::Plain).ok().flatten();
        let text = bytes.as_deref().map_or(&[][..], Vec::as_slice);
        self.whole = parse(text).unwrap_or_default();
        if self.whole.key.is_empty() {
            self.whole.version = 1;
            self.whole.key = new_key();
        }
        change(self);
        let new = toml::to_string(&self.whole).unwrap_or_default();
        if new.as_bytes() == text { Ok(()) } else { lock.replace_unflushed(new.as_bytes(), Care::Plain) }
    }

    /// Tells whether this secret is the one the account was last seen with.
    pub fn knows(&self, id: &str, token: &Token) -> bool {
        let fingerprint = self.fingerprint(token);
        fingerprint.is_some() && fingerprint.as_deref() == self.whole.fingerprint.get(id).map(String::as_str)
    }

    /// Tells whether any secret of the account was noted.
    pub fn has_fingerprint(&self, id: &str) -> bool {
        self.whole.fingerprint.contains_key(id)
    }

    /// Names the accounts last seen with this secret.
    pub fn accounts_with(&self, token: &Token) -> Vec<&str> {
        let Some(fingerprint) = self.fingerprint(token) else { return Vec::new() };
        self.whole
            .fingerprint
            .iter()
            .filter(|(_, known)| **known == fingerprint)
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// Notes the secret an account has now; to be called within [`Outcomes::change`].
    pub fn note_secret(&mut self, id: &str, token: &Token) {
        if let Some(fingerprint) = self.fingerprint(token) {
            self.whole.former.retain(|former| !former.starts_with(&format!("{fingerprint} ")));
            let earlier = self.whole.fingerprint.insert(id.to_owned(), fingerprint.clone());
            if let Some(earlier) = earlier.filter(|earlier| *earlier != fingerprint) {
                self.note_former(id, &earlier);
            }
        }
    }

    /// Forgets how the account fared, since it has a new secret or is gone. The secret it had is still known
    /// as one of ours: a git that runs since before may yet report about it.
    pub fn forget(&mut self, id: &str) {
        if let Some(earlier) = self.whole.fingerprint.remove(id) {
            self.note_former(id, &earlier);
        }
        self.whole.rejected.remove(id);
        self.whole.outcome.remove(id);
        self.whole.memory.forget(id);
    }

    fn note_former(&mut self, id: &str, fingerprint: &str) {
        let former = &mut self.whole.former;
        former.push(format!("{fingerprint} {id}"));
        former.drain(..former.len().saturating_sub(MOST_KNOWN));
    }

    /// Tells whether an account of this host had that secret before.
    pub fn was_ours(&self, host: &Host, token: &Token) -> bool {
        let Some(fingerprint) = self.fingerprint(token) else { return false };
        let of_host = |id: &str| match id.strip_prefix("https://") {
            Some(rest) => rest.split(['/', '#']).next() == Some(host.as_str()),
            // An id that somebody chose names no host.
            None => true,
        };
        let mut former = self.whole.former.iter().filter_map(|former| former.split_once(' '));
        former.any(|(known, id)| known == fingerprint && of_host(id))
    }

    /// Notes that a fallback answered this secret.
    pub fn note_fallback(&mut self, token: &Token, now: i64) {
        let Some(fingerprint) = self.fingerprint(token) else { return };
        let known = &mut self.whole.fallback;
        known.entry(fingerprint).or_insert_with(|| rfc3339(now).unwrap_or_default());
        while known.len() > MOST_KNOWN {
            let oldest = known.iter().min_by_key(|(_, since)| (*since).clone()).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            known.remove(&oldest);
            let id = fallback_id(&oldest);
            self.whole.outcome.remove(&id);
            self.whole.memory.forget(&id);
        }
    }

    /// Gives the id under which the outcomes of a fallback's secret are noted; none if it is not known.
    pub fn id_of_fallback(&self, token: &Token) -> Option<String> {
        let fingerprint = self.fingerprint(token)?;
        self.whole.fallback.contains_key(&fingerprint).then(|| fallback_id(&fingerprint))
    }

    /// Tells whether a fallback answered this secret.
    pub fn is_fallbacks(&self, token: &Token) -> bool {
        self.fingerprint(token).is_some_and(|fingerprint| self.whole.fallback.contains_key(&fingerprint))
    }

    /// Notes that git was let in.
    pub fn note_accepted(&mut self, id: &str, remote: &Remote, direction: Direction, now: i64) {
        self.whole.rejected.remove(id);
        self.whole.memory.accepted(id, remote);
        self.note(id, remote, direction, "accepted", now, "");
    }

    /// Notes that the repository refused, with the verdict's id and page. As such the token is known.
    pub fn note_refused(
        &mut self,
        id: &str,
        (remote, direction): (&Remote, Direction),
        now: i64,
        verdict: &str,
        page: Option<&str>,
    ) {
        self.whole.rejected.remove(id);
        let reason = [Some(verdict), page].into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.note(id, remote, direction, "refused", now, &reason);
    }

    fn note(&mut self, id: &str, remote: &Remote, direction: Direction, state: &str, now: i64, reason: &str) {
        let of_account = self.whole.outcome.entry(id.to_owned()).or_default();
        let mut text = format!("{state} {}", rfc3339(now).unwrap_or_default());
        if !reason.is_empty() {
            let _ = write!(text, " {reason}");
        }
        of_account.insert(place_key(remote, direction), text);
        while of_account.len() > MOST {
            let oldest = of_account.iter().min_by_key(|(_, text)| text.split(' ').nth(1).map(str::to_owned));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            of_account.remove(&oldest);
        }
    }

    /// Notes that the account's token was refused as such.
    pub fn note_rejected(&mut self, id: &str, now: i64) {
        let earlier = self.rejection(id);
        let rejection = Rejection {
            since: earlier.map_or(now, |earlier| earlier.since),
            tries: earlier.map_or(0, |earlier| earlier.tries),
            last: now,
        };
        self.set_rejection(id, rejection);
    }

    /// Notes that a rejected account is given again.
    pub fn note_try(&mut self, id: &str, now: i64) {
        if let Some(earlier) = self.rejection(id) {
            self.set_rejection(id, Rejection { tries: earlier.tries + 1, last: now, ..earlier });
        }
    }

    fn set_rejection(&mut self, id: &str, rejection: Rejection) {
        let Rejection { since, tries, last } = rejection;
        let (since, last) = (rfc3339(since).unwrap_or_default(), rfc3339(last).unwrap_or_default());
        self.whole.rejected.insert(id.to_owned(), format!("{since} {tries} {last}"));
    }

    /// Says whether, and since when, the account's token is refused.
    pub fn rejection(&self, id: &str) -> Option<Rejection> {
        let text = self.whole.rejected.get(id)?;
        let mut parts = text.split(' ');
        let since = seconds(parts.next()?)?;
        let tries = parts.next()?.parse().ok()?;
        let last = seconds(parts.next()?)?;
        Some(Rejection { since, tries, last })
    }

    /// Says how the account fared at one place and direction.
    pub fn at(&self, id: &str, remote: &Remote, direction: Direction) -> Option<Outcome> {
        outcome(self.whole.outcome.get(id)?.get(&place_key(remote, direction))?)
    }

    /// Says how the account fared last, anywhere.
    pub fn last(&self, id: &str) -> Option<Outcome> {
        let of_account = self.whole.outcome.get(id).into_iter().flat_map(BTreeMap::values);
        let rejected =
            self.rejection(id).map(|it| Outcome { state: State::Rejected, at: it.last, page: None });
        of_account.filter_map(|text| outcome(text)).chain(rejected).max_by_key(|outcome| outcome.at)
    }

    /// Tells whether git was ever let in with this account to anything of this owner.
    pub fn accepted_for_owner(&self, id: &str, owner: &Owner) -> bool {
        let of_owner = |key: &str| {
            let name = key.split_once(' ').map_or(key, |(_, name)| name);
            name.split('/').next().is_some_and(|known| known.eq_ignore_ascii_case(owner.as_str()))
        };
        let known = self.whole.outcome.get(id).into_iter().flatten();
        known.into_iter().any(|(key, text)| of_owner(key) && text.starts_with("accepted "))
    }

    fn fingerprint(&self, token: &Token) -> Option<String> {
        if self.whole.key.is_empty() {
            return None;
        }
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.whole.key.as_bytes()).ok()?;
        mac.update(token.expose());
        Some(hex(&mac.finalize().into_bytes()[..16]))
    }
}

/// Names the outcomes of a fallback's secret. Accounts' ids begin with `https://`, or a person chose them.
fn fallback_id(fingerprint: &str) -> String {
    format!("fallback:{fingerprint}")
}

/// Names what an outcome is about: direction, then repository, else the host.
fn place_key(remote: &Remote, direction: Direction) -> String {
    format!("{} {}", direction.name(), remote.name().to_ascii_lowercase())
}

fn parse(bytes: &[u8]) -> Option<Whole> {
    toml::from_str(std::str::from_utf8(bytes).ok()?).ok()
}

fn outcome(text: &str) -> Option<Outcome> {
    let mut parts = text.split(' ');
    let state = parts.next()?;
    let at = seconds(parts.next()?)?;
    let state = match state {
        "accepted" => State::Accepted,
        "refused" => State::Refused(parts.next().unwrap_or_default().to_owned()),
        _ => return None,
    };
    Some(Outcome { state, at, page: parts.next().map(str::to_owned) })
}

fn new_key() -> String {
    let mut bytes = [0u8; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex(&bytes),
        // Without randomness there are no fingerprints, and `store` reads the vault instead.
        Err(_) => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(all(test, unix))]
mod tests;
