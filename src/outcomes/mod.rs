//! `outcomes.toml`: how each account fared, and the fingerprints by which `store` and `erase` know our own
//! secrets. Losing the file loses nothing; one that cannot be read is begun anew.
//!
//! ```toml
//! version = 2
//! key = "..."                       # random; makes the fingerprints worthless elsewhere
//! former = ["... https://github.com/acme#mona"]  # secrets that accounts had before, the newest last
//!
//! [fallback]
//! "..." = "2026-11-20T12:00:00Z"    # fingerprint of a secret that a fallback answered, since when
//!
//! [account."https://github.com/acme#mona"]
//! "fetch acme/secret" = "accepted 2026-11-20T12:00:00Z"
//! fingerprint = "..."
//! "push acme/secret" = "refused 2026-11-20T12:00:00Z write-permission-missing 2026-11-01T09:30:00Z https://..."
//! rejected = "2026-11-20T12:00:00Z 2 2026-11-20T12:06:00Z"  # since, tries, last; "unproven" behind it if so
//! "let-in:acme" = "2026-11-01T09:30:00Z"  # git was let in at a repository of this owner, since when
//! ```
//!
//! The last time of a refusal is when git was let in there before, if it ever was.
//!
//! "Accepted" is written when it is news, so its time is since when. A file that a newer version wrote is read as
//! far as it is understood, and never written.
//!
//! Only this program writes the file, and most callers want one account of it: so an account's lines are sought
//! in the text, and parsed when they are asked for.
//!
//! `memory.rs` adds what was said, opened and put off.
//!
//! A fingerprint is a keyed hash (HMAC-SHA-256, cut to 128 bits): it tells whether a secret is the one we
//! know and nothing about it. Its key lies beside it, so a password would fall to some hundred guesses: only
//! tokens, which nobody can guess, have one. Version 1 had them of passwords too; at the first write all that it
//! had are dropped.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod memory;
mod tables;
mod text;

pub(crate) use memory::PageTurn;

use crate::files::{self, Care, FileError};
pub(crate) use crate::remote::Direction;
use crate::remote::{Host, Owner, Remote};
use crate::time::{rfc3339, seconds};
use crate::token::Token;
use crate::verdict_id::VerdictId;
use hmac_sha256::HMAC;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tables::{Tables, parse, unquoted};
use text::{accepted_at, cut, hex, let_in, new_key, outcome, places, random_below, rejection};

/// How long a writer waits; what cannot be noted then is given up, since git is waiting.
const WAIT: Duration = Duration::from_secs(1);
/// Seconds between the tries of a rejected account: at once, then 1, 5, 15, 60 minutes.
const PAUSES: [i64; 5] = [0, 60, 300, 900, 3600];
/// The version of the file that this program writes.
const VERSION: i64 = 2;
/// How many outcomes are kept of one account. Above that any one goes, not the oldest: repositories that are asked
/// one after the other, each day, would otherwise each be forgotten just before they are asked again.
const MOST: usize = 256;
/// The refusals that meet every repository of an owner alike, and that GitHub does not name: it takes several calls
/// to find out.
const OF_THE_OWNER: [VerdictId; 2] = [VerdictId::ApprovalPending, VerdictId::GrantRevoked];
/// The verdicts that mean: this secret is not known, whatever it is for.
pub(crate) const OF_THE_TOKEN: [VerdictId; 3] =
    [VerdictId::PasswordNotAccepted, VerdictId::TokenExpired, VerdictId::TokenRejected];
/// The refusals that an App meets when it asks for a token: with one that it was given they are over.
pub(crate) const OF_THE_APP: [VerdictId; 4] = [
    VerdictId::AppNotInstalled,
    VerdictId::AppPermissionMissing,
    VerdictId::AppSuspended,
    VerdictId::ClockWrong,
];
/// How many secrets are known again of those that fallbacks answered, and of those that were ours before.
const MOST_KNOWN: usize = 64;

/// Which secret an account was last seen with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastSecret {
    /// The one that is asked about.
    This,
    /// Another one.
    Another,
    /// None is noted.
    Unknown,
    /// None is noted, nor can this one be: it could be guessed from its fingerprint.
    Guessable,
}

/// How an account fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Git was let in.
    Accepted,
    /// The token was refused as such (401).
    Rejected,
    /// The token was known and the repository refused, and why.
    Refused(VerdictId),
}

impl State {
    /// Names it as `list --json` does.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Refused(_) => "refused",
        }
    }
}

/// One outcome with its time in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How it fared.
    pub state: State,
    /// When.
    pub at: i64,
    /// The page that was named with a refusal. Only to be shown: it comes from a file.
    pub page: Option<String>,
}

/// A refusal that git has not got past since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The account, or what a fallback answered.
    pub id: String,
    /// What was to be done; unknown if an older version noted it.
    pub direction: Option<Direction>,
    /// The repository, `acme/secret`, or the host, in lower case; unknown as above.
    pub place: Option<String>,
    /// The verdict.
    pub verdict: VerdictId,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The page that was named. Only to be shown: it comes from a file.
    pub page: Option<String>,
}

/// How long an account has been rejected, and how often it was tried since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// When it was rejected first.
    pub since: i64,
    /// How often it was tried since.
    pub tries: usize,
    /// When it was rejected or tried last.
    pub last: i64,
    /// Whether the host itself said so. Git names the asked host also where another one refused it, and where
    /// nobody may be asked, nothing tells: then it is paused and no more.
    pub is_proven: bool,
}

impl Rejection {
    /// Tells whether the pause is over. A clock that jumped back ends it: no pause is longer than its length.
    pub(crate) fn may_try(&self, now: i64) -> bool {
        let pause = PAUSES[self.tries.min(PAUSES.len() - 1)];
        now < self.last || now - self.last >= pause
    }

    /// Says when it is tried again, in seconds since 1970.
    pub(crate) fn next_try(&self) -> i64 {
        self.last + PAUSES[self.tries.min(PAUSES.len() - 1)]
    }
}

/// What stands before the accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    version: i64,
    key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fallback: BTreeMap<String, String>,
    #[serde(default)]
    memory: memory::Memory,
}

/// What stands of one account: its fingerprint, its rejection, and its outcomes, whose keys have a space.
type Known = BTreeMap<String, String>;
const FINGERPRINT: &str = "fingerprint";
const LET_IN: &str = "let-in:";
const REJECTED: &str = "rejected";
/// What stands behind a rejection of which nothing tells that the host said it.
const UNPROVEN: &str = " unproven";

/// What is known, as read at one moment.
#[derive(Debug)]
pub(crate) struct Outcomes {
    path: PathBuf,
    head: Head,
    tables: Tables,
    /// Why the file is not used, where others could have written it.
    pub unsafe_file: Option<FileError>,
}

impl Outcomes {
    /// Reads what is known. Anything unreadable counts as nothing known.
    pub(crate) fn load(path: &Path) -> Self {
        let (bytes, unsafe_file) = match files::read(path, Care::Deciding) {
            Ok(bytes) => (bytes, None),
            Err(error) => (None, Some(error).filter(|error| matches!(error, FileError::Unsafe { .. }))),
        };
        let (head, tables) = bytes.and_then(|mut bytes| cut(std::mem::take(&mut *bytes))).unwrap_or_default();
        Self { path: path.to_owned(), head, tables, unsafe_file }
    }

    /// Reads it again: another process may have changed it.
    pub(crate) fn reload(&mut self) {
        *self = Self::load(&self.path);
    }

    /// Changes what is known: under the lock, from a fresh reading, written only if something changed.
    ///
    /// # Errors
    ///
    /// For the log alone, since no answer to git depends on it: no place, no room, a lock that is held, a file that
    /// a newer version wrote.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), FileError> {
        let lock = files::lock_in_place(&self.path, &self.path.with_file_name("locks"), WAIT)?;
        let bytes = lock.read(Care::Deciding).ok().flatten();
        let text = bytes.as_deref().map_or(&[][..], Vec::as_slice);
        (self.head, self.tables) = cut(text.to_vec()).unwrap_or_default();
        if self.head.version > VERSION {
            return Err(FileError::Unsafe {
                path: self.path.clone(),
                fact: format!(
                    "was written by a newer patron (version {}); this one only reads it",
                    self.head.version
                ),
                remedy: "update git-credential-patron".to_owned(),
            });
        }
        if self.head.version < VERSION {
            self.drop_fingerprints();
            self.head.version = VERSION;
        }
        if self.head.key.is_empty() {
            self.head.key = new_key();
        }
        change(self);
        let new = self.text();
        if new.as_bytes() == text { Ok(()) } else { lock.replace_unflushed(new.as_bytes(), Care::Secret) }
    }

    fn text(&self) -> String {
        toml::to_string(&self.head).unwrap_or_default() + self.tables.as_str()
    }

    /// Forgets every fingerprint, and what was known by one.
    fn drop_fingerprints(&mut self) {
        self.head.key = String::new();
        self.head.former.clear();
        self.head.fallback.clear();
        let tables = std::mem::take(&mut self.tables);
        for (id, lines) in tables.each() {
            let mut known = parse(lines);
            known.remove(FINGERPRINT);
            let is_fallbacks = id.trim_start_matches(['"', '\'']).starts_with(FALLBACK);
            if !known.is_empty() && !is_fallbacks {
                self.tables.add(id, &known);
            }
        }
    }

    fn known(&self, id: &str) -> Rc<Known> {
        self.tables.of(id)
    }

    /// Tells whether this secret is the one the account was last seen with.
    pub(crate) fn knows(&self, id: &str, token: &Token) -> bool {
        self.compared(id, token) == LastSecret::This
    }

    /// Compares a secret with the one the account was last seen with.
    pub(crate) fn compared(&self, id: &str, token: &Token) -> LastSecret {
        match self.known(id).get(FINGERPRINT) {
            None if token.is_unguessable() => LastSecret::Unknown,
            None => LastSecret::Guessable,
            Some(known) if self.fingerprint(token).as_ref() == Some(known) => LastSecret::This,
            Some(_) => LastSecret::Another,
        }
    }

    /// Names the accounts last seen with this secret, in one look at the text.
    pub(crate) fn accounts_with(&self, token: &Token) -> HashSet<String> {
        let Some(fingerprint) = self.fingerprint(token) else { return HashSet::new() };
        if !self.tables.as_str().contains(&fingerprint) {
            return HashSet::new();
        }
        self.sections_where(|known| known.get(FINGERPRINT) == Some(&fingerprint))
    }

    /// Names the accounts of which a secret was noted.
    pub(crate) fn accounts_with_fingerprint(&self) -> HashSet<String> {
        self.sections_where(|known| known.contains_key(FINGERPRINT))
    }

    fn sections_where(&self, is_meant: impl Fn(&Known) -> bool) -> HashSet<String> {
        self.tables
            .each()
            .filter(|(_, lines)| lines.contains(FINGERPRINT) && is_meant(&parse(lines)))
            .filter_map(|(id, _)| unquoted(id))
            .collect()
    }

    /// Notes the secret an account has now; to be called within [`Outcomes::change`]. Tells whether it is another
    /// one than it was seen with before: what was known of that one's end is not known of this one.
    pub(crate) fn note_secret(&mut self, id: &str, token: &Token) -> bool {
        let Some(fingerprint) = self.fingerprint(token) else {
            // What is noted is another secret's.
            let earlier = self.known(id).get(FINGERPRINT).cloned();
            let Some(earlier) = earlier else { return false };
            self.tables.change(id, |known| known.remove(FINGERPRINT));
            self.note_former(id, &earlier);
            return true;
        };
        self.head.former.retain(|former| !former.starts_with(&format!("{fingerprint} ")));
        let earlier =
            self.tables.change(id, |known| known.insert(FINGERPRINT.to_owned(), fingerprint.clone()));
        match earlier.filter(|earlier| *earlier != fingerprint) {
            Some(earlier) => {
                self.note_former(id, &earlier);
                true
            }
            None => false,
        }
    }

    /// Forgets how the account fared, since it has a new secret or is gone. The secret it had is still known
    /// as one of ours: a git that runs since before may yet report about it.
    pub(crate) fn forget(&mut self, id: &str) {
        if let Some(earlier) = self.known(id).get(FINGERPRINT).cloned() {
            self.note_former(id, &earlier);
        }
        self.tables.remove(id);
    }

    /// Keeps the fingerprint of an account's secret under its new id. How it fared is kept only if the id stays:
    /// it names places that are called otherwise now.
    pub(crate) fn rename(&mut self, id: &str, new: &str) {
        if id == new {
            return;
        }
        let fingerprint = self.known(id).get(FINGERPRINT).cloned();
        self.tables.remove(id);
        if let Some(fingerprint) = fingerprint {
            self.tables.change(new, |known| known.insert(FINGERPRINT.to_owned(), fingerprint));
        }
    }

    /// Says since when git has been let in with an account, anywhere.
    pub(crate) fn accepted_since(&self, id: &str) -> Option<i64> {
        places(&self.known(id)).filter_map(|(_, text)| seconds(accepted_at(text)?)).min()
    }

    fn note_former(&mut self, id: &str, fingerprint: &str) {
        let former = &mut self.head.former;
        former.push(format!("{fingerprint} {id}"));
        former.drain(..former.len().saturating_sub(MOST_KNOWN));
    }

    /// Tells whether an account of this host had that secret before.
    pub(crate) fn was_ours(&self, host: &Host, token: &Token) -> bool {
        let Some(fingerprint) = self.fingerprint(token) else { return false };
        let of_host = |id: &str| match id.strip_prefix("https://") {
            Some(rest) => rest.split(['/', '#']).next() == Some(host.as_str()),
            // An id that somebody chose names no host.
            None => true,
        };
        let mut former = self.head.former.iter().filter_map(|former| former.split_once(' '));
        former.any(|(known, id)| known == fingerprint && of_host(id))
    }

    /// Notes that a fallback answered this secret.
    pub(crate) fn note_fallback(&mut self, token: &Token, now: i64) {
        let Some(fingerprint) = self.fingerprint(token) else { return };
        self.head.fallback.entry(fingerprint).or_insert_with(|| rfc3339(now).unwrap_or_default());
        while self.head.fallback.len() > MOST_KNOWN {
            let since = self.head.fallback.iter().min_by_key(|(_, since)| (*since).clone());
            let Some(oldest) = since.map(|(key, _)| key.clone()) else { break };
            self.head.fallback.remove(&oldest);
            self.tables.remove(&fallback_id(&oldest));
        }
    }

    /// Gives the id under which the outcomes of a fallback's secret are noted; none if it is not known.
    pub(crate) fn id_of_fallback(&self, token: &Token) -> Option<String> {
        let fingerprint = self.fingerprint(token)?;
        self.head.fallback.contains_key(&fingerprint).then(|| fallback_id(&fingerprint))
    }

    /// Tells whether a fallback answered this secret.
    pub(crate) fn is_fallbacks(&self, token: &Token) -> bool {
        self.fingerprint(token).is_some_and(|fingerprint| self.head.fallback.contains_key(&fingerprint))
    }

    /// Notes that git was let in.
    pub(crate) fn note_accepted(&mut self, id: &str, remote: &Remote, direction: Direction, now: i64) {
        self.tables.change(id, |known| {
            known.remove(REJECTED);
            if let Some(owner) = &remote.owner {
                known.entry(let_in(owner)).or_insert_with(|| rfc3339(now).unwrap_or_default());
            }
            memory::accepted(known, remote);
            put(known, (remote, direction), "accepted", now, &[]);
        });
    }

    /// Notes that the repository refused, with the verdict's id and page. As such the token is known.
    pub(crate) fn note_refused(
        &mut self,
        id: &str,
        place: (&Remote, Direction),
        now: i64,
        verdict: VerdictId,
        page: Option<&str>,
    ) {
        let reason: Vec<&str> = std::iter::once(verdict.as_str()).chain(page).collect();
        self.tables.change(id, |known| {
            known.remove(REJECTED);
            put(known, place, "refused", now, &reason);
        });
    }

    /// Forgets what an App was refused a token for: it was given one.
    pub(crate) fn note_minted(&mut self, id: &str, remote: &Remote, direction: Direction) {
        let is_over =
            |known: &Outcome| matches!(known.state, State::Refused(verdict) if OF_THE_APP.contains(&verdict));
        if self.at(id, remote, direction).as_ref().is_some_and(is_over) {
            self.tables.change(id, |known| known.remove(&place_key(remote, direction)));
        }
    }

    /// Notes that GitHub knows the account's token after all.
    pub(crate) fn note_known(&mut self, id: &str) {
        self.tables.change(id, |known| known.remove(REJECTED));
    }

    /// Notes that the account's token was refused as such, by its host.
    pub(crate) fn note_rejected(&mut self, id: &str, now: i64) {
        self.set_rejected(id, now, true);
    }

    /// Notes that git was refused with the account's token as such (401), and nothing tells by whom.
    pub(crate) fn note_unproven_rejection(&mut self, id: &str, now: i64) {
        self.set_rejected(id, now, false);
    }

    fn set_rejected(&mut self, id: &str, now: i64, is_proven: bool) {
        let earlier = self.rejection(id);
        let rejection = Rejection {
            since: earlier.map_or(now, |earlier| earlier.since),
            tries: earlier.map_or(0, |earlier| earlier.tries),
            last: now,
            is_proven: is_proven || earlier.is_some_and(|earlier| earlier.is_proven),
        };
        self.set_rejection(id, rejection);
    }

    /// Notes that a rejected account is given again.
    pub(crate) fn note_try(&mut self, id: &str, now: i64) {
        if let Some(earlier) = self.rejection(id) {
            self.set_rejection(id, Rejection { tries: earlier.tries + 1, last: now, ..earlier });
        }
    }

    fn set_rejection(&mut self, id: &str, rejection: Rejection) {
        let Rejection { since, tries, last, is_proven } = rejection;
        let (since, last) = (rfc3339(since).unwrap_or_default(), rfc3339(last).unwrap_or_default());
        let unproven = if is_proven { "" } else { UNPROVEN };
        let text = format!("{since} {tries} {last}{unproven}");
        self.tables.change(id, |known| known.insert(REJECTED.to_owned(), text));
    }

    /// Says whether, and since when, the account's token is refused.
    pub(crate) fn rejection(&self, id: &str) -> Option<Rejection> {
        rejection(&self.known(id))
    }

    /// Says how the account fared at one place and direction.
    pub(crate) fn at(&self, id: &str, remote: &Remote, direction: Direction) -> Option<Outcome> {
        outcome(self.known(id).get(&place_key(remote, direction))?)
    }

    /// Says how the account fared last, anywhere.
    pub(crate) fn last(&self, id: &str) -> Option<Outcome> {
        let known = self.known(id);
        let rejected =
            rejection(&known).map(|it| Outcome { state: State::Rejected, at: it.last, page: None });
        // Times are whole seconds: of two in one, the one that went wrong is what a user has to know.
        places(&known)
            .filter_map(|(_, text)| outcome(text))
            .chain(rejected)
            .max_by_key(|outcome| (outcome.at, !matches!(outcome.state, State::Accepted)))
    }

    /// Gives the refusals since a time, the latest first.
    pub(crate) fn refusals(&self, since: i64) -> Vec<Refusal> {
        let mut found: Vec<Refusal> = self.tables.ids().flat_map(|id| self.refusals_of(&id)).collect();
        found.retain(|refusal| refusal.at >= since);
        found.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.place.cmp(&other.place)));
        found
    }

    /// Gives one account's refusals, in no order.
    pub(crate) fn refusals_of(&self, id: &str) -> Vec<Refusal> {
        let known = self.known(id);
        let cut = |key: &str| {
            let (direction, place) = key.split_once(' ')?;
            let direction = [Direction::Fetch, Direction::Push].into_iter().find(|it| it.name() == direction);
            Some((direction?, place.to_owned()))
        };
        let refused = |(key, text): (&String, &String)| {
            let Outcome { state: State::Refused(verdict), at, page } = outcome(text)? else { return None };
            let (direction, place) = cut(key)?;
            Some(Refusal {
                id: id.to_owned(),
                direction: Some(direction),
                place: Some(place),
                verdict,
                at,
                page,
            })
        };
        let mut found: Vec<Refusal> = places(&known).filter_map(refused).collect();
        let proven = rejection(&known).filter(|it| it.is_proven);
        if let (Some(rejection), Some((at, verdict))) = (proven, self.said(id)) {
            let place = known.get(memory::SAID).and_then(|text| cut(text.splitn(3, ' ').nth(2)?));
            let (direction, place) = place.unzip();
            let at = at.max(rejection.since);
            found.push(Refusal { id: id.to_owned(), direction, place, verdict, at, page: None });
        }
        found
    }

    /// Tells whether git was ever let in with this account, anywhere in its scope.
    #[cfg(all(test, unix))]
    pub(crate) fn ever_accepted(&self, id: &str) -> bool {
        places(&self.known(id)).any(|(_, text)| accepted_at(text).is_some())
    }

    /// Tells whether the host is known to know the account's token: it was let in, or refused for a reason that is
    /// not the token as such, and not rejected since.
    pub(crate) fn is_good(&self, id: &str) -> bool {
        let known = self.known(id);
        let is_known = |outcome: &Outcome| match outcome.state {
            State::Accepted => true,
            State::Refused(id) => !OF_THE_TOKEN.contains(&id),
            State::Rejected => false,
        };
        let mut outcomes = places(&known).filter_map(|(_, text)| outcome(text));
        rejection(&known).is_none() && outcomes.any(|outcome| is_known(&outcome))
    }

    /// Gives the verdict with which the account was refused at a repository of this owner lately, if it holds for
    /// all of the owner's: with its page, if it has one.
    pub(crate) fn refused_at_owner(
        &self,
        id: &str,
        owner: &Owner,
        (now, span): (i64, i64),
    ) -> Option<(VerdictId, Option<String>)> {
        let holds = |outcome: Outcome| match outcome.state {
            State::Refused(id) if OF_THE_OWNER.contains(&id) => Some((id, outcome.page)),
            _ => None,
        };
        places(&self.known(id))
            .filter(|(key, _)| is_owners(key, owner))
            .filter_map(|(_, text)| outcome(text))
            .filter(|outcome| (0..span).contains(&(now - outcome.at)))
            .find_map(holds)
    }

    /// Tells whether git was ever let in with this account at any repository of an owner.
    pub(crate) fn accepted_for_owner(&self, id: &str, owner: &Owner) -> bool {
        let known = self.known(id);
        known.contains_key(&let_in(owner))
            || places(&known).any(|(key, text)| is_owners(key, owner) && accepted_at(text).is_some())
    }

    /// Tells whether git was ever let in with this account at this place and direction.
    pub(crate) fn accepted_at(&self, id: &str, remote: &Remote, direction: Direction) -> bool {
        let known = self.known(id);
        known.get(&place_key(remote, direction)).is_some_and(|text| accepted_at(text).is_some())
    }

    /// Gives a keyed hash by which a token is known again; none of a secret that could be guessed.
    pub(crate) fn fingerprint(&self, token: &Token) -> Option<String> {
        if self.head.key.is_empty() || !token.is_unguessable() {
            return None;
        }
        Some(hex(&HMAC::mac(token.expose(), self.head.key.as_bytes())[..16]))
    }
}

/// Puts an outcome at one place among what is known of an account.
fn put(known: &mut Known, (remote, direction): (&Remote, Direction), state: &str, now: i64, reason: &[&str]) {
    let key = place_key(remote, direction);
    let mut text = format!("{state} {}", rfc3339(now).unwrap_or_default());
    if let [verdict, page @ ..] = reason {
        let _ = write!(text, " {verdict}");
        // A refusal does not undo that it worked once: that tells causes apart.
        if let Some(at) = known.get(&key).and_then(|earlier| accepted_at(earlier)) {
            let _ = write!(text, " {at}");
        }
        for page in page {
            let _ = write!(text, " {page}");
        }
    }
    known.insert(key.clone(), text);
    while places(known).count() > MOST {
        let mut others = places(known).map(|(place, _)| place).filter(|place| **place != key);
        let any = others.nth(random_below(MOST)).cloned();
        drop(others);
        let Some(any) = any else { break };
        known.remove(&any);
    }
}

/// How the id begins under which the outcomes of a fallback's secret are noted.
const FALLBACK: &str = "fallback:";

/// Tells whether an outcome is about a repository of this owner.
fn is_owners(key: &str, owner: &Owner) -> bool {
    let place = key.split_once(' ').and_then(|(_, place)| place.split_once('/'));
    place.is_some_and(|(known, _)| known.eq_ignore_ascii_case(owner.as_str()))
}

/// Names the outcomes of a fallback's secret. Accounts' ids begin with `https://`, or a person chose them.
fn fallback_id(fingerprint: &str) -> String {
    format!("{FALLBACK}{fingerprint}")
}

/// Names what an outcome is about: direction, then repository, else the host.
fn place_key(remote: &Remote, direction: Direction) -> String {
    format!("{} {}", direction.name(), remote.name().to_ascii_lowercase())
}

#[cfg(all(test, unix))]
mod tests;
