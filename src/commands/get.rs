//! `get`: git asks for a user name and a password.
//!
//! This is the hot path: no network, no thread, no git config, no flush to the disk, unless `notice` has a reason
//! to ask GitHub. Git ignores our exit code and reads every line of our stdout, so the answer is composed whole
//! and written once; whatever goes wrong, git is left to ask as it always did.

use super::offer::{self, Offered};
use super::relay;
use crate::account::{Account, server_of};
use crate::choose::{answered_user, choose};
use crate::error::one_line;
use crate::log::Fact;
use crate::lookup;
use crate::notice::{self, Given, Judged};
use crate::outcomes::Outcomes;
use crate::protocol::{Answer, Request};
use crate::remote::{Remote, Server};
use crate::session::Session;
use crate::stdio;
use crate::terminal::say;
use crate::token::Token;
use crate::vault;

/// Answers one request.
pub fn run(session: &Session, request: &Request) {
    let Some(asked) = request.remote() else {
        return session.log.note("nothing: not https, or no host", &[]);
    };
    session.log.note("get", &[("remote", Fact::Remote(&asked))]);
    let accounts = match session.accounts() {
        Ok(accounts) => accounts,
        Err(trouble) => return say(&one_line(&trouble, trouble.remedy())),
    };
    let remote = lookup::target(session, request, &accounts).unwrap_or(asked);
    let is_ours = accounts.iter().any(|account| account.scope.host().serves(&remote.host));
    let mut outcomes = is_ours.then(|| session.outcomes());
    let mut is_said = false;
    if let Some(outcomes) = &mut outcomes {
        match find(session, outcomes, &accounts, &remote, request) {
            Found::Account(account, token, judged) => {
                return answer(session, outcomes, request, account, &token, judged);
            }
            Found::Trouble => return,
            Found::Nothing { said } => {
                is_said = said;
                session.log.note("no account fits", &[]);
            }
        }
    }
    let fallback = session.fallback(&remote, request.user());
    let is_nobodys = outcomes.is_none() && fallback.helpers.is_empty();
    if !is_nobodys {
        let outcomes = outcomes.get_or_insert_with(|| session.outcomes());
        if !fallback.helpers.is_empty()
            && relay::get(session, request, &remote, &accounts, outcomes, &fallback)
        {
            return;
        }
    }
    let refused = outcomes.as_ref().and_then(|outcomes| {
        choose(&remote, request.user(), &accounts, |account| session.standing(outcomes, account))
            .into_iter()
            .next()
    });
    match offer::offer(session, &remote, server_of(&remote.host, &accounts), refused) {
        Offered::Kept => answer_from_new(session, &remote, request),
        Offered::Declined => session.log.note("nothing: declined", &[]),
        Offered::NotAsked if is_nobodys => {
            session.log.note("nothing: neither account nor fallback for this host", &[]);
        }
        Offered::NotAsked if is_said => session.log.note("nothing", &[]),
        Offered::NotAsked => {
            let outcomes = outcomes.as_ref();
            let is_rejected = |account: &Account| {
                outcomes.is_some_and(|outcomes| outcomes.rejection(&account.id).is_some())
            };
            nothing(session, refused, &is_rejected, &accounts, &remote);
        }
    }
}

/// Chooses again, now that there is an account more.
fn answer_from_new(session: &Session, remote: &Remote, request: &Request) {
    let Ok(accounts) = session.accounts() else { return };
    let mut outcomes = session.outcomes();
    if let Found::Account(account, token, judged) = find(session, &mut outcomes, &accounts, remote, request) {
        answer(session, &mut outcomes, request, account, &token, judged);
    }
}

/// What the accounts have for a request.
enum Found<'a> {
    /// This one, with its secret, and what was found out about it.
    Account(&'a Account, Token, Judged),
    /// One whose vault is in trouble, which was said. Another in its place would be a guess.
    Trouble,
    /// None.
    Nothing {
        /// Whether it was said why.
        said: bool,
    },
}

fn find<'a>(
    session: &Session,
    outcomes: &mut Outcomes,
    accounts: &'a [Account],
    remote: &Remote,
    request: &Request,
) -> Found<'a> {
    let server = server_of(&remote.host, accounts);
    // A plain host's callers are not looked at: nothing depends on them.
    let is_watched = notice::is_watched(session, remote, server);
    let mut said = false;
    let ranked = choose(remote, request.user(), accounts, |account| session.standing(outcomes, account));
    for account in ranked {
        let facts = [("account", Fact::Account(account))];
        let has_expired = session.is_expired(account);
        let is_in_pause =
            outcomes.rejection(&account.id).is_some_and(|rejection| !rejection.may_try(session.now));
        if is_in_pause || (has_expired && !is_watched) {
            session.log.note("passed over: rejected or expired", &facts);
            continue;
        }
        let token = match session.vault(&account.place).read(&vault::item(account)) {
            Ok(Some(token)) => token,
            Ok(None) => {
                say(&format!(
                    "the {} holds no token for {}; add it again: git credential-patron add {}",
                    account.place.name(),
                    account.label,
                    account.scope.short()
                ));
                continue;
            }
            Err(trouble) => {
                session.log.note("nothing: the vault is in trouble", &facts);
                let fact = format!("no token for {}: {trouble}", account.label);
                say(&one_line(fact, trouble.remedy()));
                return Found::Trouble;
            }
        };
        let username = answered_user(account, request.username.as_deref());
        let given = Given {
            id: &account.id,
            account: Some(account),
            remote,
            server,
            username,
            secret: &token,
            is_challenged: request.is_challenged(),
        };
        let judged = if is_watched { notice::judge(session, outcomes, &given) } else { Judged::unasked() };
        if judged.give && !(has_expired && judged.is_unsure) {
            session.log.note("chosen", &facts);
            return Found::Account(account, token, judged);
        }
        session.log.note("passed over: its token is not accepted", &facts);
        said |= judged.speaks();
        if is_watched {
            judged.conclude(session);
        }
    }
    Found::Nothing { said }
}

fn answer(
    session: &Session,
    outcomes: &mut Outcomes,
    request: &Request,
    account: &Account,
    token: &Token,
    judged: Judged,
) {
    let refresh = account.refresh.then(|| vault::refresh_id(account)).and_then(|id| {
        let item = vault::Item { id: &id, ..vault::item(account) };
        session.vault(&account.place).read(&item).ok().flatten()
    });
    let answer = Answer {
        username: answered_user(account, request.username.as_deref()),
        password: token,
        password_expiry_utc: account.expires.filter(|at| *at > session.now),
        oauth_refresh_token: refresh.as_ref(),
    };
    let Some(text) = answer.compose() else {
        return say(&format!(
            "the secret of {} holds a control character, so git cannot be given it",
            account.label
        ));
    };
    if let Err(error) = stdio::write_answer(&text) {
        return say(&format!("the answer cannot be written: {error}"));
    }
    session.log.note("answered", &[]);
    // After the answer: nothing that goes wrong here can spoil it.
    let is_try = judged.is_try && outcomes.rejection(&account.id).is_some();
    if is_try || !outcomes.knows(&account.id, token) {
        session.note_outcomes(outcomes, |outcomes| {
            outcomes.note_secret(&account.id, token);
            if is_try {
                outcomes.note_try(&account.id, session.now);
            }
        });
    }
    if judged.is_watched() {
        judged.conclude(session);
    }
    notice::warn_of_end(session.now, outcomes, account);
}

/// Says why there is no answer, where an account or a fallback for the host shows that one is wanted.
fn nothing(
    session: &Session,
    refused: Option<&Account>,
    is_rejected: &dyn Fn(&Account) -> bool,
    accounts: &[Account],
    remote: &Remote,
) {
    session.log.note("nothing", &[]);
    match (refused, &remote.owner) {
        (Some(account), _) if session.is_expired(account) => {
            let day = account.expires.and_then(crate::time::rfc3339).unwrap_or_default();
            let day = day.split('T').next().unwrap_or_default();
            say(&format!(
                "the token of {} expired on {day}; make a new one: git credential-patron add {}",
                account.label,
                account.scope.short()
            ));
        }
        // One that is neither expired nor rejected has lost its secret, which was said.
        (Some(account), _) if !is_rejected(account) => {}
        (Some(account), _) => say(&format!(
            "the token of {} was rejected and is not given again yet; replace it: git credential-patron add {}",
            account.label,
            account.scope.short()
        )),
        (None, Some(owner)) if server_of(&remote.host, accounts) == Server::GitHub => {
            let scope = crate::remote::Scope::of_owner(&remote.host, owner);
            say(&format!(
                "no account for {}; add one: git credential-patron add {}",
                scope.short(),
                scope.short()
            ));
        }
        (None, _) => {}
    }
}
