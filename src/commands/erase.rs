//! `erase`: git says that a credential was refused with 401. Acts by the secret; a GitHub token of ours is
//! marked and never deleted, since a single outage that answers 401 would lose it.

use super::store::{in_vault, ours, server_of};
use super::{Session, one_line};
use crate::choose::Account;
use crate::log::Fact;
use crate::protocol::Request;
use crate::remote::{Remote, Server};
use crate::terminal::say;
use crate::vault::Asking;

/// Takes note of one request.
pub fn run(session: &Session, request: &Request) {
    let Some(remote) = request.remote() else {
        // Without a host a request would mean "erase everything", which nobody can have meant.
        return session.log.note("nothing: no https host", &[]);
    };
    session.log.note("erase", &[("remote", Fact::Remote(&remote))]);
    let accounts = match session.accounts() {
        Ok(accounts) => accounts,
        Err(trouble) => return say(&one_line(&trouble, trouble.remedy())),
    };
    match server_of(&remote, &accounts) {
        Server::Plain => erase_plain(session, request, &remote, &accounts),
        Server::GitHub => reject(session, request, &remote, &accounts),
    }
}

fn reject(session: &Session, request: &Request, remote: &Remote, accounts: &[Account]) {
    // Without a password: `gh auth login` sends such requests, and means its own credential.
    let Some(secret) = &request.password else { return session.log.note("nothing: no password", &[]) };
    let mut outcomes = session.outcomes();
    let ours = ours(session, &outcomes, accounts, remote, secret);
    if ours.is_empty() {
        return session.log.note("nothing: not our secret", &[]);
    }
    session.note_outcomes(&mut outcomes, |outcomes| {
        for id in &ours {
            outcomes.note_secret(id, secret);
            outcomes.note_rejected(id, session.now);
        }
    });
    for account in accounts.iter().filter(|account| ours.contains(&account.id)) {
        session.log.note("marked rejected", &[("account", Fact::Account(account))]);
    }
    if let Some(account) = accounts.iter().find(|account| ours.contains(&account.id)) {
        say(&format!(
            "{} refused the token of {} (401); it is kept and tried again later, or replace it: git credential-patron add {}",
            remote.host,
            account.label,
            account.scope.short()
        ));
    }
}

/// Deletes what is named: the host, and the user name, path and password where they are given.
fn erase_plain(session: &Session, request: &Request, remote: &Remote, accounts: &[Account]) {
    let named: Vec<&Account> = accounts
        .iter()
        .filter(|account| *account.scope.host() == remote.host)
        .filter(|account| request.path.is_none() || account.scope.covers(remote, Server::Plain))
        .filter(|account| request.username.is_none() || account.login.as_deref() == request.user())
        .filter(|account| {
            request
                .password
                .as_ref()
                .is_none_or(|secret| in_vault(session, account).is_some_and(|kept| kept == *secret))
        })
        .collect();
    for account in named {
        let removed = super::remove::forget(session, account, Asking::Never);
        session.log.note(
            "deleted",
            &[("account", Fact::Account(account)), ("done", Fact::Number(removed.is_ok().into()))],
        );
        if let Err(failure) = removed {
            say(&format!("{} is not deleted: {}", account.label, failure.one_line()));
        }
    }
}
