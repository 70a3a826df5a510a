//! `erase`: git says that a credential was refused with 401. Acts by the secret; a GitHub token of ours is
//! marked and never deleted, since a single outage that answers 401 would lose it.

use super::relay::{self, Whose};
use super::store::in_vault;
use crate::account::{Account, server_of};
use crate::app;
use crate::choose::answered_user;
use crate::error::one_line;
use crate::log::Fact;
use crate::lookup;
use crate::notice::{self, Given};
use crate::outcomes::Outcomes;
use crate::protocol::{Operation, Request};
use crate::remote::{Remote, Server};
use crate::session::Session;
use crate::terminal::say;
use crate::token::TokenKind;
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
    let remote = lookup::target(session, request, &accounts).unwrap_or(remote);
    let mut outcomes = session.outcomes();
    let server = server_of(&remote.host, &accounts);
    if server == Server::GitHub {
        notice::reported(session);
    }
    // Without a password no account is meant: `gh auth login` sends such requests, and means its own credential.
    if server == Server::GitHub
        && let Some(secret) = &request.password
    {
        match relay::whose(session, &outcomes, &accounts, (request, &remote), secret) {
            Whose::Ours(ours) => {
                return reject(session, &mut outcomes, request, &remote, (&accounts, &ours));
            }
            Whose::Fallback => {
                notice::fallback_refused_by_git(session, &mut outcomes, &remote, secret);
            }
            Whose::Formerly | Whose::Unclear | Whose::Nobodys => {}
        }
    }
    // Before anything is deleted: what was ours a moment ago is not told to others either.
    relay::tell(session, Operation::Erase, request, &remote, &accounts, &outcomes);
    if server == Server::Plain {
        erase_plain(session, request, &remote, &accounts);
    }
}

/// Finds out whether the token is not known any more, and marks it; says so either way.
fn reject(
    session: &Session,
    outcomes: &mut Outcomes,
    request: &Request,
    remote: &Remote,
    (accounts, ours): (&[Account], &[String]),
) {
    let account = accounts.iter().find(|account| ours.contains(&account.id));
    let (Some(account), Some(secret)) = (account, &request.password) else { return };
    if account.kind == TokenKind::App {
        // The App is no worse for it: the next request mints another.
        let dropped = app::forget(&session.paths, account, secret);
        session.log.note("the App's token is dropped", &[("done", Fact::Number(dropped.into()))]);
        let next = if dropped { "a new one is minted at its next use" } else { "it is new, and given again" };
        return say(&format!(
            "{} refused a token of the GitHub App of {} (401); {next}",
            remote.host, account.label
        ));
    }
    let username = answered_user(account, request.username.as_deref());
    let given = Given {
        id: &account.id,
        account: Some(account),
        remote,
        server: Server::GitHub,
        username,
        secret,
        is_challenged: false,
    };
    let challenges = request.lines.iter().filter(|line| line.key == b"wwwauth[]");
    let challenges = challenges.map(|line| String::from_utf8_lossy(line.value.expose()).into_owned());
    notice::refused_by_git(session, outcomes, &given, ours, challenges.collect());
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
