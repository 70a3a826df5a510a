//! Asking GitHub, one process at a time per account, and noting what came of it.

use super::opening::{self, Opening};
use super::{
    BOUND, Credential, Judgement, PastRefusal, QUIET, Reason, may_ask_again, reason, refused_before, senders,
    speech, steady,
};
use crate::account::Account;
use crate::files::{self, FileError};
use crate::git::{Git, Permission};
use crate::inspect::{Inspection, Means, Subject, explain, glance};
use crate::keeping;
use crate::log::Fact;
use crate::outcomes::{Direction, OF_THE_TOKEN, Outcomes};
use crate::session::Session;
use crate::terminal::say;
use crate::token::{SETTLES, TokenKind};
use crate::traces::{Mark, PLACE_SLOTS, SLOTS, Traces, slot};
use crate::verdict::{self, Evidence, HelperReach, NoReply, Observed, Origin, Verdict};
use crate::verdict_id::VerdictId;
use crate::verify;
use std::thread;
use std::time::{Duration, Instant};

/// How long a host is left alone after an answer that says nothing of the token, in seconds.
const HOLD: i64 = 60;
/// The same after a rate limit that names no time, and after a lock-out, which more requests make longer.
const LONG_HOLD: i64 = 15 * 60;
/// The verdicts after which it is left alone so long.
const LONG: [VerdictId; 2] = [VerdictId::LockedOut, VerdictId::RateLimited];
/// How long what was found out of an owner holds for its other repositories, in seconds.
const SHARED: i64 = 60;
/// The pause between two questions about a token that GitHub may not know yet.
const SETTLING: Duration = Duration::from_millis(300);
/// A wait for our own lock that takes no time off a request.
const HARDLY: Duration = Duration::from_millis(250);

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

/// The right to ask, which at most one process has at a time.
#[derive(Debug)]
pub(super) enum AskingTurn {
    /// It is ours until this is dropped; or nobody's, since no lock can be had here: then each asks for itself.
    Ours { _lock: Option<files::Turn> },
    /// Another process has it for too long.
    Busy,
}

/// What of asking is done by one process at a time.
#[derive(Debug, Clone, Copy)]
enum OneAtATime<'a> {
    /// Whatever is about this account, until its token is known to be good: several bad logins lock a user out.
    Account,
    /// Asking for this place and direction.
    Place(&'a Mark),
    /// Explaining why the account is refused by this owner.
    Owner,
}

/// Takes the right to ask about an account whose token may be bad.
pub(super) fn take_turn(session: &Session, credential: &Credential<'_>) -> AskingTurn {
    take(session, credential, OneAtATime::Account, BOUND)
}

fn take(session: &Session, credential: &Credential<'_>, what: OneAtATime<'_>, bound: Duration) -> AskingTurn {
    let name = match what {
        OneAtATime::Account => format!("flight-{:02}", slot(credential.id, SLOTS)),
        OneAtATime::Place(mark) => format!("place-{:04}", slot(mark.as_str(), PLACE_SLOTS)),
        OneAtATime::Owner => {
            let owner =
                credential.remote.owner.as_ref().map_or("", |owner| owner.as_str()).to_ascii_lowercase();
            format!("owner-{:02}", slot(&format!("{} {owner}", credential.id), SLOTS))
        }
    };
    match files::take_turn(&session.paths.locks(), &name, bound) {
        Ok(lock) => AskingTurn::Ours { _lock: Some(lock) },
        Err(FileError::Busy { .. }) => {
            session.log.note("not asked: another process asks", &[]);
            AskingTurn::Busy
        }
        Err(_) => {
            session.log.note("no place for a lock: asked without one", &[]);
            AskingTurn::Ours { _lock: None }
        }
    }
}

/// Takes the right to ask about what git is to be given. Once the token is known to be good, different places are
/// asked about side by side.
fn take_right(
    session: &Session,
    outcomes: &mut Outcomes,
    credential: &Credential<'_>,
    mark: &Mark,
) -> AskingTurn {
    let start = Instant::now();
    // Whoever has the turn bears as long with a token that is new.
    let bound = match credential.is_fresh(session.clock()) {
        true => BOUND + Duration::from_secs(SETTLES.unsigned_abs()),
        false => BOUND,
    };
    if !outcomes.is_good(credential.id) {
        let turn = take(session, credential, OneAtATime::Account, bound);
        // Somebody else may have asked meanwhile.
        outcomes.reload();
        if matches!(turn, AskingTurn::Busy) || !outcomes.is_good(credential.id) {
            return turn;
        }
    }
    let turn = take(session, credential, OneAtATime::Place(mark), bound.saturating_sub(start.elapsed()));
    outcomes.reload();
    turn
}

/// Asks, and decides by the answer.
pub(super) fn ask(
    session: &Session,
    outcomes: &mut Outcomes,
    credential: &Credential<'_>,
    direction: Direction,
    mark: Mark,
) -> Judgement {
    let start = Instant::now();
    let settings = session.settings();
    if settings.probe == Permission::Never {
        return Judgement::unasked();
    }
    let before = outcomes.rejection(credential.id);
    let turn = take_right(session, outcomes, credential, &mark);
    if matches!(turn, AskingTurn::Busy) {
        return Judgement::unsure();
    }
    let rejection = outcomes.rejection(credential.id);
    if rejection.is_some() && rejection != before {
        let line = speech::still_rejected(credential, rejection, session.now);
        return Judgement { give: credential.account.is_none(), line: Some(line), ..Judgement::give() };
    }
    let refusal = match reason(session, outcomes, credential, direction, &mark) {
        Reason::NothingNew => return steady(session, mark),
        Reason::Refused(refusal) if !may_ask_again(&refusal, session.now) => {
            return refused_before(session, outcomes, credential, &refusal);
        }
        Reason::Refused(refusal) => {
            session.log.note("asking: it was refused before", &[]);
            Some(refusal)
        }
        Reason::FirstUse => {
            session.log.note("asking: first use", &[]);
            None
        }
        Reason::Unreported => {
            session.log.note("asking: git never reported about an earlier answer", &[]);
            None
        }
        Reason::Fresh => {
            session.log.note("asking: the token was minted just now", &[]);
            None
        }
        Reason::Rejected => {
            session.log.note("asking: the token was refused before", &[]);
            None
        }
    };
    if outcomes.held(&credential.remote.host, session.now).is_some() {
        session.log.note("not asked: the host is left alone for a while", &[]);
        return Judgement::unsure();
    }
    if !outcomes.is_good(credential.id) && !outcomes.may_risk_login(&credential.remote.host, session.now) {
        session.log.note("not asked: too many bad logins within the hour", &[]);
        return Judgement::unsure();
    }
    let Some(git) = Git::find() else { return Judgement::unsure() };
    let subject = subject(session, outcomes, credential, direction);
    let means = means(session, &git);
    let waited = start.elapsed();
    let mut found = glance(&means, &subject, BOUND.saturating_sub(waited));
    while found.answer().status() == Some(401) && credential.is_fresh(session.clock()) {
        session.log.note("asking again: the token was minted just now", &[]);
        thread::sleep(SETTLING);
        found = glance(&means, &subject, BOUND);
    }
    if waited > HARDLY && matches!(found.answer(), Observed::Trouble(NoReply::Unreachable)) {
        // The time was ours to waste, so this says nothing of the host.
        session.log.note("asked, with too little time left", &[]);
        return Judgement::unsure();
    }
    if let Some(refusal) = refusal
        && is_the_same(&found, refusal.verdict)
    {
        return still_refused(session, outcomes, credential, direction, refusal);
    }
    // Of an App's token no call of ours tells more.
    if found.leaves_questions() && !is_outlived(credential, &found) {
        let left = |start: Instant| BOUND.saturating_sub(start.elapsed());
        let turn = take(session, credential, OneAtATime::Owner, left(start));
        outcomes.reload();
        if let Some(refusal) = explained_for_owner(session, outcomes, credential, &found) {
            return still_refused(session, outcomes, credential, direction, refusal);
        }
        if !matches!(turn, AskingTurn::Busy) {
            found = explain(&means, &subject, found, left(start));
        }
    }
    let elapsed = u64::try_from(found.elapsed.as_millis()).unwrap_or_default();
    session.log.note(
        "asked",
        &[
            ("verdict", Fact::Word(found.verdict.id.as_str())),
            ("requests", Fact::Number(found.requests as u64)),
            ("ms", Fact::Number(elapsed)),
        ],
    );
    if !found.answer().was_asked() {
        return Judgement::unsure();
    }
    Traces::of(&session.paths).explained(&mark);
    note(session, outcomes, credential, found, mark)
}

/// Tells whether a refusal is the one that was explained before, as far as GitHub's words to git tell.
fn is_the_same(found: &Inspection, verdict: VerdictId) -> bool {
    let Some(reply) = found.answer().reply().filter(|_| !found.answer().is_open()) else { return false };
    let clear = reply.said.as_ref().filter(|said| !said.ambiguous);
    !found.may_be_anothers()
        && reply.status != Some(401)
        && clear.is_none_or(|said| said.denial.id == verdict)
}

/// Gives the refusal that was explained a moment ago for another repository of the owner, if it holds for all of
/// them and nothing that was said speaks against it.
fn explained_for_owner(
    session: &Session,
    outcomes: &Outcomes,
    credential: &Credential<'_>,
    found: &Inspection,
) -> Option<PastRefusal> {
    let owner = credential.remote.owner.as_ref()?;
    let (verdict, page) = outcomes.refused_at_owner(credential.id, owner, (session.now, SHARED))?;
    is_the_same(found, verdict).then_some(PastRefusal { verdict, at: session.now, page })
}

/// Notes that a refusal stands, and says so in one line.
fn still_refused(
    session: &Session,
    outcomes: &mut Outcomes,
    credential: &Credential<'_>,
    direction: Direction,
    refusal: PastRefusal,
) -> Judgement {
    let refusal = PastRefusal { at: session.now, ..refusal };
    let note = |o: &mut Outcomes| {
        o.note_refused(
            credential.id,
            (credential.remote, direction),
            session.now,
            refusal.verdict,
            refusal.page.as_deref(),
        );
    };
    if outcomes.change(note).is_err() {
        session.log.note("outcomes not written", &[]);
    }
    refused_before(session, outcomes, credential, &refusal)
}

/// Tells whether an App mints the account's tokens.
fn is_minted(credential: &Credential<'_>) -> bool {
    credential.account.is_some_and(|account| account.kind == TokenKind::App)
}

/// Tells whether GitHub does not know an App's token any more.
fn is_outlived(credential: &Credential<'_>, found: &Inspection) -> bool {
    is_minted(credential) && found.answer().status() == Some(401)
}

/// What an answer means for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consequence {
    /// Git will be let in.
    Open,
    /// Nothing is known of the token.
    Unknown,
    /// The token is refused as such.
    Rejected,
    /// The token is known, and refused here.
    Refused,
}

impl Consequence {
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
    credential: &Credential<'_>,
    found: Inspection,
    mark: Mark,
) -> Judgement {
    let is_401 = found.answer().status() == Some(401);
    if Consequence::of(&found.verdict, is_401) == Consequence::Rejected && is_minted(credential) {
        // The App itself is no worse for it, so nothing is noted of its account.
        session.note_outcomes(outcomes, |o| o.note_bad_login(&credential.remote.host, session.now));
        let line = speech::outlived(credential);
        return Judgement { give: false, is_outlived: true, line: Some(line), ..Judgement::give() };
    }
    let Inspection { verdict, evidence, sent, .. } = found;
    let direction = evidence.direction;
    // What everybody may read says nothing of the token.
    let was_sent = match direction {
        Direction::Fetch => sent.fetch,
        Direction::Push => sent.push,
    };
    let Credential { id, remote, .. } = *credential;
    // Where the token itself is bad, that is known whatever git sends.
    let is_judged = was_sent || evidence.user.status() == Some(401);
    let verdict = senders::blamed(session, remote, verdict, is_judged);
    let consequence = Consequence::of(&verdict, is_401);
    let was_rejected = outcomes.rejection(id).is_some();
    let lately_said = outcomes
        .said(id)
        .is_some_and(|(at, known)| known == verdict.id && (0..QUIET).contains(&(session.now - at)));
    let wish = if consequence == Consequence::Open {
        opening::PageWish::None
    } else {
        opening::wish(session, &verdict)
    };
    let mut opening = Opening::of(&wish, &verdict);
    let change = |o: &mut Outcomes| {
        if credential.account.is_some() {
            o.note_secret(id, credential.secret);
        }
        match consequence {
            Consequence::Open if !was_sent => {}
            // Not before it was minted: whoever has the same token next need not ask.
            Consequence::Open => {
                let at = session.now.max(credential.minted.unwrap_or_default());
                o.note_accepted(id, remote, direction, at);
            }
            Consequence::Unknown => o.hold(&remote.host, session.now, pause(&verdict, &evidence), verdict.id),
            Consequence::Refused => {
                let page = verdict.page.as_deref();
                o.note_refused(id, (remote, direction), session.now, verdict.id, page);
            }
            // A fallback's secret is the fallback's to forget: git's own 401 tells it. One that it gives all the
            // same is not asked about with each use: bad logins lock a user out.
            Consequence::Rejected if credential.account.is_none() => {
                o.note_bad_login(&remote.host, session.now);
                o.note_refused(id, (remote, direction), session.now, verdict.id, verdict.page.as_deref());
                if !lately_said {
                    o.note_said(id, (remote, direction), session.now, verdict.id);
                }
            }
            Consequence::Rejected => {
                o.note_bad_login(&remote.host, session.now);
                if was_rejected {
                    o.note_try(id, session.now);
                }
                o.note_rejected(id, session.now);
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
    if consequence == Consequence::Open {
        if let Some(account) = credential.account.filter(|_| was_sent) {
            keeping::outlived(&session.paths, account, session.now);
        }
        return steady(session, mark);
    }
    let learned = credential.account.and_then(|account| verify::told(account, &evidence.user, session.now));
    let give = consequence != Consequence::Rejected || credential.account.is_none();
    if consequence == Consequence::Rejected && lately_said {
        let line = speech::still_rejected(credential, outcomes.rejection(id), session.now);
        return Judgement { give, line: Some(line), ..Judgement::give() };
    }
    let words = match consequence {
        Consequence::Unknown => speech::not_told(remote, &verdict),
        Consequence::Rejected => {
            let again = outcomes.rejection(id);
            let again = again.map(|rejection| speech::tried_again(rejection, remote, session.now));
            speech::bad_token(&verdict, again)
        }
        Consequence::Refused | Consequence::Open => speech::refusal(remote, direction, &verdict),
    };
    let is_unsure = consequence == Consequence::Unknown;
    Judgement {
        give,
        is_unsure,
        news: Some(Box::new(News::new(words, opening, learned))),
        ..Judgement::give()
    }
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

/// What is asked with: git, for the remote that the caller is at.
pub(super) fn means<'a>(session: &'a Session, git: &'a Git) -> Means<'a> {
    let caller = session.caller();
    let clones = caller.subcommand == Some("clone");
    Means { git, remote_name: caller.remote_name.as_deref(), clones, empty: session.paths.empty() }
}

/// What is to be found out about, with what is known of the account.
pub(super) fn subject<'a>(
    session: &Session,
    outcomes: &Outcomes,
    credential: &Credential<'a>,
    direction: Direction,
) -> Subject<'a> {
    Subject {
        remote: credential.remote,
        server: credential.server,
        direction,
        username: credential.username,
        secret: credential.secret,
        is_challenged: credential.is_challenged,
        account: account(outcomes, credential, direction),
        asked_login: None,
        helper: HelperReach::Reached,
        now: session.now,
    }
}

/// What is known of the account, as `verdict` wants it.
fn account(outcomes: &Outcomes, credential: &Credential<'_>, direction: Direction) -> verdict::TokenEvidence {
    let Credential { id, account, remote, secret, .. } = *credential;
    verdict::TokenEvidence {
        label: account.map_or_else(String::new, |account| account.label.clone()),
        origin: if account.is_some() { Origin::Account } else { Origin::Fallback },
        kind: account.map_or_else(|| secret.kind(), |account| account.kind),
        login: account.and_then(|account| account.login.clone()),
        user_id: account.and_then(|account| account.user_id),
        expires: account.and_then(|account| account.expires),
        number: None,
        accepted_for_owner: remote.owner.as_ref().is_some_and(|owner| outcomes.accepted_for_owner(id, owner)),
        accepted_for_repo: outcomes.accepted_at(id, remote, direction),
    }
}
