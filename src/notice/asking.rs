//! Asking GitHub, one process at a time per account, and noting what came of it.

use super::opening::{self, Opening};
use super::{BOUND, Given, Judged, QUIET, Reason, lately, reason, speech, steady};
use crate::account::Account;
use crate::files::{self, FileError};
use crate::git::{Git, Permission};
use crate::inspect::{Inspection, Means, Pace, Subject, inspect};
use crate::keeping;
use crate::log::Fact;
use crate::outcomes::{Direction, Outcomes};
use crate::session::Session;
use crate::terminal::say;
use crate::traces::{Mark, Traces, slot};
use crate::verdict::{self, Evidence, Helper, Origin, Verdict};
use crate::verdict_id::VerdictId;
use crate::verify;
use std::time::Instant;

/// Verdicts that mean: this secret is not known, whatever it is for.
pub(super) const OF_THE_TOKEN: [VerdictId; 3] =
    [VerdictId::PasswordNotAccepted, VerdictId::TokenExpired, VerdictId::TokenRejected];

/// How long a host is left alone after an answer that says nothing of the token, in seconds.
const HOLD: i64 = 60;
/// The same after a rate limit that names no time, and after a lock-out, which more requests make longer.
const LONG_HOLD: i64 = 15 * 60;
/// The verdicts after which it is left alone so long.
const LONG: [VerdictId; 2] = [VerdictId::LockedOut, VerdictId::RateLimited];

/// What was found out, to be told after the answer.
#[derive(Debug)]
pub(super) struct News {
    text: speech::Words,
    opening: Opening,
    learned: Option<Account>,
}

impl News {
    pub(super) fn new(text: speech::Words, opening: Opening, learned: Option<Account>) -> Self {
        Self { text, opening, learned }
    }

    /// Opens the page, says what there is to say, and keeps what GitHub told of the account.
    pub(super) fn tell(self, session: &Session) {
        let shown = self.opening.carry_out();
        say(&self.text.with_page(&shown));
        if let Some(account) = self.learned {
            let kept = keeping::learn(&session.paths, &account);
            let done = Fact::Number(kept.is_ok().into());
            session.log.note("login and end of the token noted", &[("done", done)]);
        }
    }
}

/// Takes the right to ask about an account; none if another process asks for too long, or there is no place
/// for a lock: then nothing could be remembered either.
pub(super) fn take_turn(session: &Session, id: &str) -> Option<files::Turn> {
    match files::take_turn(&session.paths.locks(), &format!("flight-{:02}", slot(id)), BOUND) {
        Ok(turn) => Some(turn),
        Err(FileError::Busy { .. }) => {
            session.log.note("not asked: another process asks", &[]);
            None
        }
        Err(_) => {
            session.log.note("not asked: no place for the lock", &[]);
            None
        }
    }
}

/// Asks, and decides by the answer.
pub(super) fn ask(
    session: &Session,
    outcomes: &mut Outcomes,
    given: &Given<'_>,
    direction: Direction,
    mark: Mark,
) -> Judged {
    let start = Instant::now();
    let settings = session.settings();
    if settings.probe == Permission::Never {
        return Judged::unasked();
    }
    let before = outcomes.rejection(given.id);
    let Some(_turn) = take_turn(session, given.id) else { return Judged::unsure() };
    // Somebody else may have asked meanwhile.
    outcomes.reload();
    let rejection = outcomes.rejection(given.id);
    if rejection.is_some() && rejection != before {
        let line = speech::still_rejected(given, outcomes.said(given.id).map(|(_, verdict)| verdict));
        return Judged { give: given.account.is_none(), line: Some(line), ..Judged::give() };
    }
    match reason(session, outcomes, given, direction, &mark) {
        Reason::NothingNew => return steady(session, mark),
        Reason::Lately { verdict, at, page } => return lately(session, given, verdict, at, page.as_deref()),
        Reason::FirstUse => session.log.note("asking: first use", &[]),
        Reason::Unreported => session.log.note("asking: git never reported about an earlier answer", &[]),
        Reason::Rejected => session.log.note("asking: the token was refused before", &[]),
    }
    if let Some(verdict) = outcomes.held(&given.remote.host, session.now) {
        session.log.note("not asked: the host is left alone for a while", &[]);
        let is_long = LONG.contains(&verdict);
        return Judged {
            line: is_long.then(|| speech::left_alone(given.remote, verdict)),
            ..Judged::unsure()
        };
    }
    let Some(git) = Git::find() else { return Judged::unsure() };
    let subject = subject(session, outcomes, given, direction);
    let means = Means { git: &git, remote_name: session.caller().remote_name.as_deref() };
    let left = BOUND.saturating_sub(start.elapsed());
    let found = inspect(&means, &subject, Pace::Quick, left);
    let elapsed = u64::try_from(found.elapsed.as_millis()).unwrap_or_default();
    session.log.note(
        "asked",
        &[
            ("verdict", Fact::Word(found.verdict.id.as_str())),
            ("requests", Fact::Number(found.requests as u64)),
            ("ms", Fact::Number(elapsed)),
        ],
    );
    let heard = match direction {
        Direction::Fetch => &found.evidence.fetch,
        Direction::Push => &found.evidence.push,
    };
    if !heard.was_asked() {
        return Judged::unsure();
    }
    let ending = Ending::of(&found.verdict, heard.status() == Some(401));
    Traces::of(&session.paths).explained(&mark);
    note(session, outcomes, given, direction, &ending, found, mark)
}

/// What an answer means for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Git will be let in.
    Open,
    /// Nothing is known of the token.
    Unknown,
    /// The token is refused as such.
    Rejected,
    /// The token is known, and refused here.
    Refused,
}

impl Ending {
    fn of(verdict: &Verdict, is_401: bool) -> Self {
        match verdict.exit {
            0 => Self::Open,
            3 => Self::Unknown,
            _ if is_401 && OF_THE_TOKEN.contains(&verdict.id) => Self::Rejected,
            _ => Self::Refused,
        }
    }
}

fn note(
    session: &Session,
    outcomes: &mut Outcomes,
    given: &Given<'_>,
    direction: Direction,
    ending: &Ending,
    found: Inspection,
    mark: Mark,
) -> Judged {
    let Inspection { verdict, evidence, sent, .. } = found;
    // What everybody may read says nothing of the token.
    let was_sent = match direction {
        Direction::Fetch => sent.fetch,
        Direction::Push => sent.push,
    };
    let Given { id, remote, .. } = *given;
    let was_rejected = outcomes.rejection(id).is_some();
    let lately_said = outcomes
        .said(id)
        .is_some_and(|(at, known)| known == verdict.id && (0..QUIET).contains(&(session.now - at)));
    let wish = if *ending == Ending::Open { opening::Wish::None } else { opening::wish(session, &verdict) };
    let mut opening = Opening::of(&wish, &verdict);
    let change = |o: &mut Outcomes| {
        if given.account.is_some() {
            o.note_secret(id, given.secret);
        }
        match ending {
            Ending::Open if !was_sent => {}
            Ending::Open => o.note_accepted(id, remote, direction, session.now),
            Ending::Unknown => o.hold(&remote.host, session.now, pause(&verdict, &evidence), verdict.id),
            Ending::Refused => {
                let page = verdict.page.as_deref();
                o.note_refused(id, (remote, direction), session.now, verdict.id, page);
            }
            // A fallback's secret is the fallback's to forget: git's own 401 tells it. One that it gives all the
            // same is not asked about with each use: bad logins lock a user out.
            Ending::Rejected if given.account.is_none() => {
                o.note_refused(id, (remote, direction), session.now, verdict.id, verdict.page.as_deref());
                if !lately_said {
                    o.note_said(id, (remote, direction), session.now, verdict.id);
                }
            }
            Ending::Rejected => {
                if was_rejected {
                    o.note_try(id, session.now);
                } else {
                    o.note_rejected(id, session.now);
                }
                if !lately_said {
                    o.note_said(id, (remote, direction), session.now, verdict.id);
                }
            }
        }
        opening.take(o, id, remote, verdict.id, session.now);
    };
    if outcomes.change(change).is_err() {
        session.log.note("outcomes not written", &[]);
        // What is not remembered would be opened again and again.
        opening = Opening::not_remembered(&verdict);
    }
    if *ending == Ending::Open {
        return steady(session, mark);
    }
    let learned = given.account.and_then(|account| verify::told(account, &evidence.user));
    let give = *ending != Ending::Rejected || given.account.is_none();
    if *ending == Ending::Rejected && lately_said {
        let line = speech::still_rejected(given, Some(verdict.id));
        return Judged { give, line: Some(line), ..Judged::give() };
    }
    let words = match ending {
        Ending::Unknown => speech::not_told(remote, &verdict),
        Ending::Rejected => speech::bad_token(&verdict),
        Ending::Refused | Ending::Open => speech::refusal(remote, direction, &verdict),
    };
    let is_unsure = *ending == Ending::Unknown;
    Judged { give, is_unsure, news: Some(Box::new(News::new(words, opening, learned))), ..Judged::give() }
}

/// Says how long to leave the host alone.
fn pause(verdict: &Verdict, evidence: &Evidence) -> i64 {
    let named = [&evidence.fetch, &evidence.push, &evidence.user]
        .into_iter()
        .filter_map(|heard| heard.reply()?.said.as_ref()?.hole("seconds")?.parse().ok())
        .max();
    match (verdict.id, named) {
        (VerdictId::RateLimited, Some(seconds)) => HOLD.max(seconds),
        (id, _) if LONG.contains(&id) => LONG_HOLD,
        _ => HOLD,
    }
}

/// What is to be found out about, with what is known of the account.
pub(super) fn subject<'a>(
    session: &Session,
    outcomes: &Outcomes,
    given: &Given<'a>,
    direction: Direction,
) -> Subject<'a> {
    Subject {
        remote: given.remote,
        server: given.server,
        direction,
        username: given.username,
        secret: given.secret,
        is_challenged: given.is_challenged,
        account: account(outcomes, given, direction),
        asked_login: None,
        helper: Helper::Reached,
        now: session.now,
    }
}

/// What is known of the account, as `verdict` wants it.
fn account(outcomes: &Outcomes, given: &Given<'_>, direction: Direction) -> verdict::Account {
    let Given { id, account, remote, secret, .. } = *given;
    verdict::Account {
        label: account.map_or_else(String::new, |account| account.label.clone()),
        origin: if account.is_some() { Origin::Account } else { Origin::Fallback },
        kind: account.map_or_else(|| secret.kind(), |account| account.kind),
        login: account.and_then(|account| account.login.clone()),
        expires: account.and_then(|account| account.expires),
        number: None,
        accepted_for_owner: remote.owner.as_ref().is_some_and(|owner| outcomes.accepted_for_owner(id, owner)),
        accepted_for_repo: outcomes.accepted_at(id, remote, direction),
    }
}
