//! `erase`: git says that a credential was refused with 401. Acts by the secret; a GitHub token of ours is
//! marked and never deleted, since a single outage that answers 401 would lose it.

use super::{relay, remove};
use crate::account::Account;
use crate::ancestry::Url;
use crate::app;
use crate::choose::answered_user;
use crate::log::Fact;
use crate::lookup::{Lookup, Ownership};
use crate::notice::{self, Credential};
use crate::protocol::{Operation, Request};
use crate::remote::Server;
use crate::session::Session;
use crate::terminal::say;
use crate::token::TokenKind;
use crate::vault::Asking;

/// Takes note of one request. One without a host would mean "erase everything", which nobody can have meant.
pub(crate) fn run(session: &Session, request: &Request) {
    let Some(lookup) = Lookup::begin(session, request, Operation::Erase) else { return };
    if lookup.server == Server::GitHub {
        // Whose it is, the traces tell, too.
        request.password.iter().for_each(|secret| _ = lookup.ownership(secret));
        notice::reported(session, &lookup.remote);
    }
    // Without a password no account is meant: `gh auth login` sends such requests, and means its own credential.
    if lookup.server == Server::GitHub
        && let Some(secret) = &request.password
    {
        match lookup.ownership(secret) {
            Ownership::Accounts(ids) => return reject(&lookup, &ids),
            Ownership::Fallback => {
                notice::fallback_refused_by_git(session, &mut lookup.outcomes(), &lookup.remote, secret);
            }
            Ownership::Former | Ownership::Unclear | Ownership::New => {}
        }
        let is_urls = session.caller().url.as_ref().is_some_and(Url::has_password);
        if !secret.is_empty() && is_urls {
            notice::say_sender(session, &lookup.remote, secret);
        } else if secret.is_empty() && session.caller().url.is_some() {
            say(&format!(
                "the URL of {} holds an empty password (an unset variable?), so git asks no helper; fix: git remote set-url origin https://{}",
                lookup.remote.name(),
                place(&lookup)
            ));
        }
    }
    // Before anything is deleted: what was ours a moment ago is not told to others either.
    relay::tell(&lookup, Operation::Erase);
    if lookup.server == Server::Plain {
        erase_plain(&lookup);
    }
}

/// Names host and repository as a URL without its scheme.
fn place(lookup: &Lookup<'_>) -> String {
    match (&lookup.remote.owner, &lookup.remote.repo) {
        (Some(owner), Some(repo)) => format!("{}/{owner}/{repo}", lookup.remote.host),
        _ => lookup.remote.host.to_string(),
    }
}

/// Finds out whether the token is not known any more, and marks it; says so either way.
fn reject(lookup: &Lookup<'_>, ids: &[String]) {
    let Lookup { session, request, remote, .. } = lookup;
    let accounts = lookup.accounts();
    let account = accounts.iter().find(|account| ids.contains(&account.id));
    let (Some(account), Some(secret)) = (account, &request.password) else { return };
    if account.kind == TokenKind::App {
        // The App is no worse for it: the next request mints another.
        let dropped = app::forget(&session.paths, account, secret);
        session.log.note("the App's token is dropped", &[("done", Fact::Number(dropped.into()))]);
        let next =
            if dropped { "the next use mints a new one" } else { "it is new, so patron goes on using it" };
        return say(&format!(
            "{} refused a token of the GitHub App {} (401); {next}",
            remote.host, account.label
        ));
    }
    let username = answered_user(account, request.username.as_deref());
    let given = Credential {
        id: &account.id,
        account: Some(account),
        remote,
        server: Server::GitHub,
        username,
        secret,
        is_challenged: false,
        minted: None,
    };
    let challenges = request.lines.iter().filter(|line| line.key == b"wwwauth[]");
    let challenges = challenges.map(|line| String::from_utf8_lossy(line.value.expose()).into_owned());
    notice::refused_by_git(session, &mut lookup.outcomes(), &given, ids, challenges.collect());
}

/// Deletes what is named: the host, and the user name, path and password where they are given.
fn erase_plain(lookup: &Lookup<'_>) {
    let Lookup { session, request, remote, .. } = lookup;
    let accounts = lookup.accounts();
    let is_kept = |account: &Account| {
        let secret = request.password.as_ref();
        secret.is_none_or(|secret| lookup.kept(account).is_some_and(|kept| kept == *secret))
    };
    let named: Vec<&Account> = accounts
        .iter()
        .filter(|account| *account.scope.host() == remote.host)
        .filter(|account| request.path.is_none() || account.scope.covers(remote, Server::Plain))
        .filter(|account| request.username.is_none() || account.login.as_deref() == request.user())
        .filter(|account| is_kept(account))
        .collect();
    for account in named {
        let removed = remove::forget(session, account, Asking::Never);
        session.log.note(
            "deleted",
            &[("account", Fact::Account(account)), ("done", Fact::Number(removed.is_ok().into()))],
        );
        if let Err(failure) = removed {
            say(&format!("{} was not deleted: {}", account.label, failure.one_line()));
        }
    }
}
