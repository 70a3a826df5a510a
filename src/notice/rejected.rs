//! Git was refused with 401 and says so (`erase`): one request tells a token that is not known any more from
//! an outage that looks like one.

use super::asking::{self, News};
use super::opening::{self, Opening};
use super::{BOUND, Credential, QUIET, direction, is_watched, senders, speech};
use crate::git::{Git, HttpContext, Permission};
use crate::github::{Api, ApiPath};
use crate::inspect::{client_for, evidence_before, heard_from, own_word};
use crate::log::Fact;
use crate::outcomes::{Direction, Outcomes, State};
use crate::remote::{Remote, Server};
use crate::session::Session;
use crate::terminal::{sanitise, say};
use crate::token::Token;
use crate::verdict::{NoReply, Observed, ServerReply, conclude};
use crate::verdict_id::VerdictId;

/// Takes note that git was refused with this secret of ours. `ids`: all accounts that have it; `challenges`:
/// what the server sent along.
pub(crate) fn refused_by_git(
    session: &Session,
    outcomes: &mut Outcomes,
    credential: &Credential<'_>,
    ids: &[String],
    challenges: Vec<String>,
) {
    let turn = asking::take_turn(session, credential);
    outcomes.reload();
    if outcomes.rejection(credential.id).is_some() {
        // One of several that were given it at the same time has told already, or it was given as a try.
        pause(session, outcomes, credential, ids);
        return say(&speech::still_rejected(credential, outcomes.rejection(credential.id), session.now));
    }
    if let Some(verdict) = senders::always_sent(session, credential.remote) {
        let words = speech::refusal(credential.remote, direction(session.caller()), &verdict);
        return say(&words.with_page(&opening::Shown::default()));
    }
    let settings = session.settings();
    let may_ask = !matches!(turn, asking::AskingTurn::Busy)
        && settings.probe == Permission::Auto
        && outcomes.held(&credential.remote.host, session.now).is_none();
    let user = if may_ask { ask(session, credential) } else { Observed::NotAsked };
    if let Some(status) = user.status() {
        session.log.note("asked whether the token is known", &[("status", Fact::Number(status.into()))]);
    }
    if user.is_open() && !challenges.iter().any(|it| it.contains("enterprise_hint=")) {
        return say(&format!(
            "{} refused the token of {} just now (401), but still recognises it; patron goes on using it",
            credential.remote.host,
            label(credential)
        ));
    }
    if user.status() != Some(401) && !user.is_open() {
        // Git names the asked host also where another one refused it, to which it was led.
        let word = match settings.probe {
            Permission::Auto => asked_itself(session, outcomes, credential),
            Permission::Never => OwnWord::NotAsked,
        };
        let says = match word {
            OwnWord::Another => {
                session.log.note("not marked: nothing tells who refused it", &[]);
                return say(&format!(
                    "git was refused at {} (401), and patron could not ask whether it recognises the token of {}; patron goes on using it",
                    credential.remote.host,
                    label(credential)
                ));
            }
            OwnWord::Refuses => {
                reject(session, outcomes, credential, ids, None);
                ""
            }
            OwnWord::NotAsked => {
                pause(session, outcomes, credential, ids);
                "git says that "
            }
        };
        return say(&format!(
            "{says}{} refused the token of {} (401); patron keeps it and tries it again next time; to replace it: git credential-patron add {}",
            credential.remote.host,
            label(credential),
            scope(credential)
        ));
    }
    let is_known = user.is_open();
    let direction = direction(session.caller());
    let subject = asking::subject(session, outcomes, credential, direction);
    let mut evidence = evidence_before(&subject);
    let refusal = Observed::Reply(ServerReply { status: Some(401), ..ServerReply::default() });
    match direction {
        Direction::Fetch => evidence.fetch = refusal,
        Direction::Push => evidence.push = refusal,
    }
    (evidence.user, evidence.challenges) = (user, challenges);
    let verdict = conclude(&evidence);
    let mut opening = Opening::of(&opening::wish(session, &verdict), &verdict);
    if is_known {
        return News::new(speech::refusal(credential.remote, direction, &verdict), opening, None)
            .tell(session);
    }
    let written = reject(session, outcomes, credential, ids, Some((verdict.id, &mut opening)));
    if !written {
        opening = Opening::not_remembered(&verdict);
    }
    let again = outcomes.rejection(credential.id);
    let again = again.map(|rejection| speech::tried_again(rejection, credential.remote, session.now));
    News::new(speech::bad_token(&verdict, again), opening, None).tell(session);
}

/// Takes note that git was refused with what a fallback answered. The fallback itself is told by the caller: to
/// forget it is its own affair. One that gives it again is asked about as at a first use.
pub(crate) fn fallback_refused_by_git(
    session: &Session,
    outcomes: &mut Outcomes,
    remote: &Remote,
    secret: &Token,
) {
    let Some(id) = outcomes.id_of_fallback(secret).filter(|_| is_watched(session, remote, Server::GitHub))
    else {
        return;
    };
    let direction = direction(session.caller());
    let known = outcomes.at(&id, remote, direction);
    let is_told = known.is_some_and(|known| {
        matches!(known.state, State::Refused(_)) && (0..QUIET).contains(&(session.now - known.at))
    });
    if is_told {
        // Before git was given it.
        return;
    }
    let note = |o: &mut Outcomes| {
        o.note_refused(&id, (remote, direction), session.now, VerdictId::TokenRejected, None);
    };
    let written = outcomes.change(note).is_ok();
    session.log.note("the fallback's token was refused", &[("written", Fact::Number(written.into()))]);
    say(&speech::fallback_rejected(remote));
}

/// Asks whose token it is.
fn ask(session: &Session, credential: &Credential<'_>) -> Observed {
    let context = HttpContext::Repository(session.caller().remote_name.as_deref());
    match client_for(&credential.remote.host, context) {
        Ok(client) => heard_from(&client.get_within(
            BOUND,
            &Api::of(&credential.remote.host),
            &ApiPath::user(),
            Some(credential.secret),
        )),
        Err(_) => Observed::NotAsked,
    }
}

/// What the asked host itself says of a token with which git was refused.
enum OwnWord {
    /// It refuses it.
    Refuses,
    /// It says something else, or nothing: the refusal may be another's.
    Another,
    /// It was not asked.
    NotAsked,
}

/// Asks the host itself, as far as that can be asked now: without following anybody elsewhere.
fn asked_itself(session: &Session, outcomes: &Outcomes, credential: &Credential<'_>) -> OwnWord {
    let Some(git) = Git::find() else { return OwnWord::NotAsked };
    let means = asking::means(session, &git);
    let subject = asking::subject(session, outcomes, credential, direction(session.caller()));
    match own_word(&means, &subject, BOUND) {
        Observed::Reply(reply) if reply.status == Some(401) => OwnWord::Refuses,
        Observed::Reply(ServerReply { status: None, .. }) => OwnWord::NotAsked,
        Observed::Reply(_) | Observed::Trouble(NoReply::CaptivePortal) => OwnWord::Another,
        // Nobody could be asked: git's word is all there is.
        Observed::Trouble(_) | Observed::NotAsked | Observed::Stopped(_) => OwnWord::NotAsked,
    }
}

/// Puts the next uses of the accounts off, without a verdict on their token.
fn pause(session: &Session, outcomes: &mut Outcomes, credential: &Credential<'_>, ids: &[String]) {
    let change = |o: &mut Outcomes| {
        for id in ids {
            o.note_secret(id, credential.secret);
            o.note_unproven_rejection(id, session.now);
        }
        o.note_bad_login(&credential.remote.host, session.now);
    };
    let written = outcomes.change(change).is_ok();
    session.log.note("put off: nothing tells who refused it", &[("written", Fact::Number(written.into()))]);
}

/// Marks the accounts; tells whether that was written.
fn reject(
    session: &Session,
    outcomes: &mut Outcomes,
    credential: &Credential<'_>,
    ids: &[String],
    explained: Option<(VerdictId, &mut Opening)>,
) -> bool {
    let change = |o: &mut Outcomes| {
        for id in ids {
            o.note_secret(id, credential.secret);
            o.note_rejected(id, session.now);
        }
        o.note_bad_login(&credential.remote.host, session.now);
        if let Some((verdict, opening)) = explained {
            let place = (credential.remote, super::direction(session.caller()));
            o.note_said(credential.id, place, session.now, verdict);
            opening.take(o, credential.id, credential.remote, verdict, session.now);
        }
    };
    let written = outcomes.change(change).is_ok();
    session.log.note("marked rejected", &[("written", Fact::Number(written.into()))]);
    written
}

fn label(credential: &Credential<'_>) -> String {
    credential.account.map_or_else(String::new, |account| sanitise(&account.label, 100))
}

fn scope(credential: &Credential<'_>) -> String {
    credential.account.map_or_else(String::new, |account| account.scope.short())
}
