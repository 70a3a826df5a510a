//! What the helpers before us are asked and told.
//!
//! Patron stands where they stood: what is not its own goes to them as git would have sent it, and what they
//! answer goes to git. What is ours, or was, or may be, is never told to them.

use crate::choose::may_serve_owner;
use crate::fallback::{self, FallbackAnswer, Foreign};
use crate::log::Fact;
use crate::lookup::{Lookup, Ownership};
use crate::notice::{self, Credential, Judgement};
use crate::protocol::Operation;
use crate::remote::{Remote, Server};
use crate::stdio;
use crate::terminal::say;
use crate::token::Token;

/// Asks the fallback for a place, and notes the secrets that it answered, to know them again. None if the
/// request holds a secret that may be ours. An answer with the secret of an account that is not for this place is
/// dropped.
pub(crate) fn ask(lookup: &Lookup<'_>) -> Option<FallbackAnswer> {
    let foreign = foreign(lookup)?;
    let may_give = |secret: &Token| match lookup.ownership(secret) {
        // Of an account that could serve this place and was passed over: rejected, expired, another login.
        Ownership::Accounts(ids) => {
            lookup.accounts().iter().filter(|account| ids.contains(&account.id)).any(|account| {
                let standing = lookup.standing(account);
                may_serve_owner(account, &lookup.remote) && !standing.rejected && !standing.expired
            })
        }
        Ownership::Fallback | Ownership::Former | Ownership::Unclear | Ownership::New => true,
    };
    let asked = fallback::get(lookup.fallback(), foreign, &lookup.remote.host, lookup.session.now, may_give);
    let facts = [("run", Fact::Number(asked.run)), ("complete", Fact::Number(asked.complete.into()))];
    lookup.session.log.note("fallback asked", &facts);
    let is_new = |secret: &&Token| !lookup.outcomes().is_fallbacks(secret);
    let secrets = asked.reply.passwords();
    let new: Vec<&Token> = secrets.iter().filter(is_new).collect();
    if !new.is_empty() {
        let now = lookup.session.now;
        lookup.note(|outcomes| new.iter().for_each(|secret| outcomes.note_fallback(secret, now)));
    }
    Some(asked)
}

/// Asks the fallback for a place and gives git its answer. True if git has what it needs, or is to stop.
pub(crate) fn get(lookup: &Lookup<'_>) -> bool {
    if lookup.fallback().helpers.is_empty() {
        return false;
    }
    let Some(asked) = ask(lookup) else { return false };
    complain(&lookup.remote, &asked.troubles);
    let Some(text) = asked.reply.compose() else { return false };
    let judged = judge(lookup, &asked);
    if asked.complete && lookup.server == Server::GitHub {
        // Before git has it: who asks may tell at once how it fared.
        let secrets = asked.reply.passwords();
        notice::answered_by_fallback(lookup.session, &lookup.outcomes(), &lookup.remote, &secrets);
    }
    if let Err(error) = stdio::write_answer(&text) {
        say(&format!("cannot write the answer: {error}"));
        return true;
    }
    if let Some(judged) = judged {
        judged.conclude(lookup.session);
    }
    asked.complete || asked.reply.quits()
}

/// Finds out how git will fare with what the fallback answered: many meet their first refusal with the token of
/// a previous helper. None where nobody watches.
fn judge(lookup: &Lookup<'_>, asked: &FallbackAnswer) -> Option<Judgement> {
    let Lookup { session, request, remote, server, .. } = lookup;
    if !asked.complete || *server != Server::GitHub || !notice::is_watched(session, remote, *server) {
        return None;
    }
    let (username, secret) = asked.reply.basic()?;
    let username = username.map(Token::expose).or(request.username.as_deref())?;
    let id = lookup.outcomes().id_of_fallback(secret)?;
    let is_challenged = request.is_challenged();
    let given = Credential {
        id: &id,
        account: None,
        remote,
        server: *server,
        username,
        secret,
        is_challenged,
        minted: None,
    };
    Some(notice::judge(session, &mut lookup.outcomes(), &given))
}

/// Tells the fallback how a credential of its own, or a new one, fared. False if there is no fallback, or the
/// secret is not one for it.
pub(crate) fn tell(lookup: &Lookup<'_>, operation: Operation) -> bool {
    // In this order: what is ours needs no look into git's config.
    let Some(foreign) = foreign(lookup) else { return false };
    let fallback = lookup.fallback();
    if fallback.helpers.is_empty() {
        return false;
    }
    complain(&lookup.remote, &fallback::tell(fallback, operation, foreign, &lookup.remote.host));
    lookup.session.log.note("told the fallback", &[]);
    true
}

/// Checks that nothing of ours would be told.
fn foreign<'a>(lookup: &Lookup<'a>) -> Option<Foreign<'a>> {
    let may_be_ours =
        |secret: &Token| !matches!(lookup.ownership(secret), Ownership::Fallback | Ownership::New);
    let foreign = Foreign::of(lookup.request, may_be_ours);
    if foreign.is_none() {
        lookup.session.log.note("not told to the fallback: the secret may be ours", &[]);
    }
    foreign
}

fn complain(remote: &Remote, troubles: &[fallback::HelperTrouble]) {
    for trouble in troubles {
        say(&format!("the previous helper for {}: {trouble}", remote.name()));
    }
}
