//! What `get`, `store` and `erase` share: whose a secret is, and what the helpers before us are asked and told.
//!
//! Patron stands where they stood: what is not its own goes to them as git would have sent it, and what they
//! answer goes to git. What is ours, or was, or may be, is never told to them.

use crate::account::{Account, server_of};
use crate::app;
use crate::choose::{Fallback, WhyNot, fits, may_serve_owner};
use crate::fallback::{self, Asked, Foreign};
use crate::log::Fact;
use crate::notice::{self, Given, Judged};
use crate::outcomes::Outcomes;
use crate::ownership::{Owners, owners};
use crate::protocol::{Operation, Request};
use crate::remote::{Remote, Server};
use crate::session::Session;
use crate::stdio;
use crate::terminal::say;
use crate::token::Token;

/// Whose a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// That of these accounts of the host, by id.
    Ours(Vec<String>),
    /// A fallback answered it.
    Fallback,
    /// An account of the host had it before.
    Formerly,
    /// It may be ours: an account that serves this place cannot be compared now.
    Unclear,
    /// It is new.
    Nobodys,
}

/// Finds out whose a secret is: by fingerprint, and by looking into the vaults of accounts without one.
pub fn whose(
    session: &Session,
    outcomes: &Outcomes,
    accounts: &[Account],
    (request, remote): (&Request, &Remote),
    secret: &Token,
) -> Whose {
    let of_host: Vec<&Account> =
        accounts.iter().filter(|account| account.scope.host().serves(&remote.host)).collect();
    let Owners { mut ours, untold } = owners(&session.paths, outcomes, &of_host, secret);
    if ours.is_empty() {
        // An App has a token for each repository, and one fingerprint: the others are known by its vault.
        let holds = |account: &&&Account| {
            account.app.is_some() && app::holds(&session.paths, account, secret).unwrap_or_default()
        };
        ours.extend(of_host.iter().filter(holds).map(|account| account.id.clone()));
    }
    let may_serve = |account: &&&Account| {
        let why_not = fits(account, remote, request.user(), accounts).err();
        matches!(why_not, None | Some(WhyNot::UnknownOwner | WhyNot::OtherLogin))
    };
    let unclear =
        of_host.iter().filter(|account| untold.contains(&account.id)).any(|account| may_serve(&account));
    if !ours.is_empty() {
        Whose::Ours(ours)
    } else if outcomes.is_fallbacks(secret) {
        // Also if it was ours once: they have it, whoever else had it.
        Whose::Fallback
    } else if outcomes.was_ours(&remote.host.home(), secret) {
        Whose::Formerly
    } else if unclear {
        Whose::Unclear
    } else {
        Whose::Nobodys
    }
}

/// Asks the fallback for a place. None if the request holds a secret that may be ours. An answer with the secret
/// of an account that is not for this place is dropped.
pub fn ask(
    session: &Session,
    request: &Request,
    remote: &Remote,
    accounts: &[Account],
    outcomes: &Outcomes,
    fallback: &Fallback,
) -> Option<Asked> {
    let foreign = foreign(session, request, remote, accounts, outcomes)?;
    let may_give = |secret: &Token| match whose(session, outcomes, accounts, (request, remote), secret) {
        // Of an account that could serve this place and was passed over: rejected, expired, another login.
        Whose::Ours(ids) => accounts.iter().filter(|account| ids.contains(&account.id)).any(|account| {
            let standing = session.standing(outcomes, account);
            may_serve_owner(account, remote.owner.as_ref()) && !standing.rejected && !standing.expired
        }),
        Whose::Fallback | Whose::Formerly | Whose::Unclear | Whose::Nobodys => true,
    };
    let asked = fallback::get(fallback, foreign, &remote.host, session.now, may_give);
    let facts = [("run", Fact::Number(asked.run)), ("complete", Fact::Number(asked.complete.into()))];
    session.log.note("fallback asked", &facts);
    Some(asked)
}

/// Asks the fallback for a place and gives git its answer. True if git has what it needs, or is to stop.
pub fn get(
    session: &Session,
    request: &Request,
    remote: &Remote,
    accounts: &[Account],
    outcomes: &mut Outcomes,
    fallback: &Fallback,
) -> bool {
    let Some(asked) = ask(session, request, remote, accounts, outcomes, fallback) else { return false };
    complain(remote, &asked.troubles);
    let Some(text) = asked.reply.compose() else { return false };
    // Before the answer, so that it is known by its fingerprint.
    note(session, outcomes, &asked);
    let judged = judge(session, request, remote, accounts, outcomes, &asked);
    if let Err(error) = stdio::write_answer(&text) {
        say(&format!("the answer cannot be written: {error}"));
        return true;
    }
    if let Some(judged) = judged {
        judged.conclude(session);
    }
    asked.complete || asked.reply.quits()
}

/// Notes the secrets that a fallback answered, to know them again.
pub fn note(session: &Session, outcomes: &mut Outcomes, asked: &Asked) {
    let secrets = asked.reply.secrets();
    let is_new = |secret: &&Token| !outcomes.is_fallbacks(secret);
    let new: Vec<&Token> = secrets.iter().filter(is_new).collect();
    if !new.is_empty() {
        session.note_outcomes(outcomes, |outcomes| {
            new.iter().for_each(|secret| outcomes.note_fallback(secret, session.now));
        });
    }
}

/// Finds out how git will fare with what the fallback answered: many meet their first refusal with the token of
/// an earlier helper. None where nobody watches.
fn judge(
    session: &Session,
    request: &Request,
    remote: &Remote,
    accounts: &[Account],
    outcomes: &mut Outcomes,
    asked: &Asked,
) -> Option<Judged> {
    let server = server_of(&remote.host, accounts);
    if !asked.complete || server != Server::GitHub {
        return None;
    }

    if !notice::is_watched(session, remote, server) {
        return None;
    }
    let (username, secret) = asked.reply.basic()?;
    let username = username.map(Token::expose).or(request.username.as_deref())?;
    let id = outcomes.id_of_fallback(secret)?;
    let is_challenged = request.is_challenged();
    let given = Given { id: &id, account: None, remote, server, username, secret, is_challenged };
    Some(notice::judge(session, outcomes, &given))
}

/// Tells the fallback how a credential of its own, or a new one, fared. False if there is no fallback, or the
/// secret is not one for it.
pub fn tell(
    session: &Session,
    operation: Operation,
    request: &Request,
    remote: &Remote,
    accounts: &[Account],
    outcomes: &Outcomes,
) -> bool {
    // In this order: what is ours needs no look into git's config.
    let Some(foreign) = foreign(session, request, remote, accounts, outcomes) else { return false };
    let fallback = session.fallback(remote, request.user());
    if fallback.helpers.is_empty() {
        return false;
    }
    complain(remote, &fallback::tell(&fallback, operation, foreign, &remote.host));
    session.log.note("told the fallback", &[]);
    true
}

/// Checks that nothing of ours would be told.
fn foreign<'a>(
    session: &Session,
    request: &'a Request,
    remote: &Remote,
    accounts: &[Account],
    outcomes: &Outcomes,
) -> Option<Foreign<'a>> {
    let may_be_ours = |secret: &Token| {
        !matches!(
            whose(session, outcomes, accounts, (request, remote), secret),
            Whose::Fallback | Whose::Nobodys
        )
    };
    let foreign = Foreign::of(request, may_be_ours);
    if foreign.is_none() {
        session.log.note("not told to the fallback: the secret may be ours", &[]);
    }
    foreign
}

fn complain(remote: &Remote, troubles: &[fallback::Trouble]) {
    for trouble in troubles {
        say(&format!("the earlier helper for {}: {trouble}", remote.name()));
    }
}
