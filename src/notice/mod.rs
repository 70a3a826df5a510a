//! Refusals noticed while git works: when GitHub is asked, what is said of the answer, which page is opened.
//!
//! Git tells a helper nothing of 403 and 404. So before an answer is given, GitHub is asked what git is about
//! to ask, if one of these holds: the account was never used for this repository and direction; an
//! earlier answer for it was never reported about (`traces`); its token was refused as such (401) and the
//! pause is over. Or its App was given the token just now. Otherwise no request is made, ever. Rules:
//! - Only for `git-remote-http(s)`, which reports what works; other callers get no request and no verdict.
//! - Three seconds in all, one request at a time per account over all processes. Who has to wait too long, and
//!   who gets no answer from GitHub, gives the token as if there were no such thing as asking.
//! - 401: the token is not given. 403 and 404: it is, and git shows GitHub's own words after ours.
//! - Said once in at most five lines. While it stands refused, each new command of git has the same asked once
//!   more, by git alone and at most every ten seconds: nothing is said if git is let in now, else one line.
//! - Who works in the background (an editor's fetch, `git maintenance`) is told once and opens nothing.
//! - What is said stands on stderr after the answer was written.
//! - A token that an App was just given may be unknown to GitHub for some seconds. Git asks until it is known, and
//!   this time is not held against the three seconds.

mod asking;
mod ending;
mod opening;
mod rejected;
mod senders;
mod speech;

pub(crate) use ending::{is_soon, warn_of_ends};
pub(crate) use opening::interactive;
pub(crate) use rejected::{fallback_refused_by_git, refused_by_git};
pub(crate) use senders::say_sender;

use crate::account::Account;
use crate::ancestry::{Caller, Kind, ProcessId};
use crate::inspect::evidence_before;
use crate::outcomes::{Direction, OF_THE_TOKEN, Outcomes, Rejection, State};
use crate::remote::{Remote, Server};
use crate::session::Session;
use crate::terminal::say;
use crate::token::{SETTLES, Token};
use crate::traces::{Mark, Traces};
use crate::verdict::{self, Verdict};
use crate::verdict_id::VerdictId;
use std::time::Duration;

/// How long asking may take in all, with waiting for others.
const BOUND: Duration = Duration::from_secs(3);
/// How long a refusal stands without being used, in seconds: then it is explained anew.
const QUIET: i64 = 10 * 60;
/// How long it is not asked about again, in seconds, over all processes.
const PAUSE: i64 = 10;
/// How long whoever works in the background is not told again, in seconds.
const TOLD: i64 = 24 * 60 * 60;

/// What git is about to be given.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'a> {
    /// Under which id its outcomes are noted.
    pub id: &'a str,
    /// Its account; none for what a fallback answered.
    pub account: Option<&'a Account>,
    /// What it is for.
    pub remote: &'a Remote,
    /// What serves the host.
    pub server: Server,
    /// The user name.
    pub username: &'a [u8],
    /// The secret.
    pub secret: &'a Token,
    /// Whether the host has asked git for a credential.
    pub is_challenged: bool,
    /// When it was minted, if it is an App's, in seconds since 1970.
    pub minted: Option<i64>,
}

impl Credential<'_> {
    /// Tells whether it is so new that GitHub may not know it everywhere yet.
    fn is_fresh(&self, now: i64) -> bool {
        self.minted.is_some_and(|at| (at..=at + SETTLES).contains(&now))
    }
}

/// Tells whether a request is one that may be asked about: git itself, for a repository of GitHub's.
pub(crate) fn is_watched(session: &Session, remote: &Remote, server: Server) -> bool {
    // Gists have no owner whose rules could refuse a token, and no call tells anything of them.
    server == Server::GitHub
        && remote.owner.is_some()
        && remote.repo.is_some()
        && session.caller().kind == Kind::RemoteHttp
}

/// Says which way git's operation goes; it counts as fetch where that is not known.
pub(crate) fn direction(caller: &Caller) -> Direction {
    caller.operation.unwrap_or(Direction::Fetch)
}

/// Takes note that git has told how an answer fared.
pub(crate) fn reported(session: &Session, remote: &Remote) {
    if let Some(process) = &session.caller().asker {
        Traces::of(&session.paths).reported(process, remote);
    }
}

/// Takes note that this git, or what else asks, got no answer: what a person tells it instead may be learned.
pub(crate) fn unanswered(session: &Session, remote: &Remote) {
    if let Some(process) = &session.caller().asker
        && Traces::of(&session.paths).leave(&Mark::unanswered(remote), process).is_err()
    {
        session.log.note("no trace could be left", &[]);
    }
}

/// Takes note that a fallback answered what asks with these secrets: they are the fallback's, and what this
/// process tells of them later is nothing to learn.
pub(crate) fn answered_by_fallback(
    session: &Session,
    outcomes: &Outcomes,
    remote: &Remote,
    secrets: &[Token],
) {
    let Some(process) = &session.caller().asker else { return };
    let traces = Traces::of(&session.paths);
    traces.take_back(&Mark::unanswered(remote), process);
    for fingerprint in secrets.iter().filter_map(|secret| outcomes.fingerprint(secret)) {
        if traces.leave(&Mark::by_fallback(&fingerprint, remote), process).is_err() {
            session.log.note("no trace could be left", &[]);
        }
    }
}

/// Tells whether the very process that calls now asked for that place before and got no answer.
pub(crate) fn was_unanswered(session: &Session, remote: &Remote) -> bool {
    let process = session.caller().asker.as_ref();
    process.is_some_and(|process| Traces::of(&session.paths).has(&Mark::unanswered(remote), process))
}

/// Tells whether this very git was given the secret of that account for that place.
pub(crate) fn was_given(session: &Session, id: &str, remote: &Remote) -> bool {
    let caller = session.caller();
    let mark = Mark::of(id, remote, direction(caller));
    caller.process.as_ref().is_some_and(|process| Traces::of(&session.paths).has(&mark, process))
}

/// What was decided about one answer.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// Whether git is to be given it.
    pub give: bool,
    /// Whether this use of a rejected account is one of its tries: nobody asked before it.
    pub is_try: bool,
    /// Whether nothing is known of how git will fare, or was known all along.
    pub is_unsure: bool,
    /// Whether the token of an App is not known any more: the App is no worse for it, and mints another.
    pub is_outlived: bool,
    leave: Option<(Mark, ProcessId)>,
    news: Option<Box<asking::News>>,
    line: Option<String>,
}

impl Judgement {
    fn give() -> Self {
        Self {
            give: true,
            is_try: false,
            is_unsure: false,
            is_outlived: false,
            leave: None,
            news: None,
            line: None,
        }
    }

    /// Gives it without having found out anything.
    fn unsure() -> Self {
        Self { is_unsure: true, ..Self::give() }
    }

    /// Gives it since asking is not for this caller, or not wanted.
    pub(crate) fn unasked() -> Self {
        Self { is_try: true, ..Self::unsure() }
    }

    /// Tells whether something is left to be done after the answer.
    pub(crate) fn is_watched(&self) -> bool {
        self.leave.is_some() || self.speaks()
    }

    /// Tells whether something is to be said.
    pub(crate) fn speaks(&self) -> bool {
        self.news.is_some() || self.line.is_some()
    }

    /// Does what is left for after the answer: says, opens, and leaves the trace.
    pub(crate) fn conclude(self, session: &Session) {
        if let Some((mark, process)) = &self.leave
            && Traces::of(&session.paths).leave(mark, process).is_err()
        {
            session.log.note("no trace could be left", &[]);
        }
        if let Some(line) = &self.line {
            say(line);
        }
        if let Some(news) = self.news {
            news.tell(session);
        }
    }
}

/// Why GitHub is asked, or not.
#[derive(Debug, PartialEq, Eq)]
enum Reason {
    /// It was fine before, and nothing speaks against it.
    NothingNew,
    /// It was refused, and that was explained.
    Refused(PastRefusal),
    /// It was never used here, or the refusal is long ago.
    FirstUse,
    /// Git never reported about an earlier answer.
    Unreported,
    /// It was fine before, with an earlier token; this one is so new that GitHub may not know it yet.
    Fresh,
    /// Its token was refused as such, or its known end has passed.
    Rejected,
}

/// A refusal that was explained.
#[derive(Debug, PartialEq, Eq)]
struct PastRefusal {
    verdict: VerdictId,
    /// When it was asked about last.
    at: i64,
    page: Option<String>,
}

/// Says when a rejected account's token is tried again, for a place.
pub(crate) fn tried_again(rejection: Rejection, remote: &Remote, now: i64) -> String {
    speech::tried_again(rejection, remote, now)
}

/// Says that an App gives no token for a repository, and why.
pub(crate) fn say_refusal(remote: &Remote, caller: &Caller, verdict: &Verdict) {
    let shown = opening::Shown::default();
    say(&speech::refusal(remote, direction(caller), verdict).with_page(&shown));
}

/// Decides about what git is about to be given, asking GitHub if there is a reason.
pub(crate) fn judge(session: &Session, outcomes: &mut Outcomes, credential: &Credential<'_>) -> Judgement {
    if !is_watched(session, credential.remote, credential.server) {
        return Judgement::unasked();
    }
    let direction = direction(session.caller());
    let mark = Mark::of(credential.id, credential.remote, direction);
    match reason(session, outcomes, credential, direction, &mark) {
        Reason::NothingNew => steady(session, mark),
        // It was told, and nobody reads it.
        Reason::Refused(_) if is_background(session) => Judgement::give(),
        Reason::Refused(refusal) if !may_ask_again(&refusal, session.now) => {
            refused_before(session, outcomes, credential, &refusal)
        }
        _ => asking::ask(session, outcomes, credential, direction, mark),
    }
}

/// Tells whether it is worth asking whether a refusal still stands. A token that is not known would be one more bad
/// login.
fn may_ask_again(refusal: &PastRefusal, now: i64) -> bool {
    now - refusal.at >= PAUSE && !OF_THE_TOKEN.contains(&refusal.verdict)
}

/// Tells whether nobody waits for this git: what it is told is read by nobody, or again and again.
fn is_background(session: &Session) -> bool {
    session.caller().is_prefetch || crate::browser::is_silent_fetch()
}

fn reason(
    session: &Session,
    outcomes: &Outcomes,
    credential: &Credential<'_>,
    direction: Direction,
    mark: &Mark,
) -> Reason {
    let known = outcomes.at(credential.id, credential.remote, direction);
    let expires = credential.account.and_then(|account| account.expires).filter(|at| *at <= session.now);
    let has_expired = expires.is_some_and(|at| match &known {
        // It outlived its end: what is known of the end, or this clock, is wrong.
        Some(known) => known.state != State::Accepted || known.at <= at,
        None => true,
    });
    if has_expired || outcomes.rejection(credential.id).is_some() {
        return Reason::Rejected;
    }
    let Some(known) = known else { return Reason::FirstUse };
    let stands = if is_background(session) { TOLD } else { QUIET };
    match known.state {
        State::Accepted if Traces::of(&session.paths).unreported(mark) => Reason::Unreported,
        State::Accepted
            if credential.is_fresh(session.clock()) && credential.minted.is_some_and(|at| known.at < at) =>
        {
            Reason::Fresh
        }
        State::Accepted => Reason::NothingNew,
        State::Refused(verdict) if (0..stands).contains(&(session.now - known.at)) => {
            Reason::Refused(PastRefusal { verdict, at: known.at, page: known.page })
        }
        State::Refused(_) | State::Rejected => Reason::FirstUse,
    }
}

/// Gives it, as so often; if git does not report, the trace will tell.
fn steady(session: &Session, mark: Mark) -> Judgement {
    let leave = session.caller().process.clone().map(|process| (mark, process));
    Judgement { leave, ..Judgement::give() }
}

/// Gives it, with one line: what is wrong was said before.
fn refused_before(
    session: &Session,
    outcomes: &Outcomes,
    credential: &Credential<'_>,
    refusal: &PastRefusal,
) -> Judgement {
    let is_fallbacks = credential.account.is_none() && OF_THE_TOKEN.contains(&refusal.verdict);
    let line = if is_fallbacks {
        speech::still_rejected(credential, outcomes.rejection(credential.id), session.now)
    } else {
        let direction = direction(session.caller());
        let subject = asking::subject(session, outcomes, credential, direction);
        let means = verdict::recalled(refusal.verdict, &evidence_before(&subject)).means;
        speech::again(credential.remote, direction, (refusal, &means), session.now)
    };
    Judgement { line: Some(line), ..Judgement::give() }
}
