//! `store`: git says that a credential worked. Acts by the secret, never by guess.

use super::relay::{self, Whose};
use crate::account::{Account, VaultPlace, same_scope, server_of};
use crate::accounts::default_id;
use crate::choose::{ANY_USER, CONVENTIONAL_USERS};
use crate::error::one_line;
use crate::keeping::{self, Keep, NotKept, Wish};
use crate::log::Fact;
use crate::lookup;
use crate::machine::Machine;
use crate::notice;
use crate::outcomes::{Direction, Outcomes, State};
use crate::protocol::{Operation, Request};
use crate::remote::{Owner, Remote, Scope, Server};
use crate::session::Session;
use crate::terminal::say;
use crate::token::{Token, TokenKind};
use crate::vault::{self, Asking, VaultError};

/// Takes note of one request.
pub fn run(session: &Session, request: &Request) {
    let Some(asked) = request.remote() else { return session.log.note("nothing: no https host", &[]) };
    session.log.note("store", &[("remote", Fact::Remote(&asked))]);
    let accounts = match session.accounts() {
        Ok(accounts) => accounts,
        Err(trouble) => return say(&one_line(&trouble, trouble.remedy())),
    };
    let remote = lookup::target(session, request, &accounts).unwrap_or(asked);
    let mut outcomes = session.outcomes();
    let tell =
        |outcomes: &Outcomes| relay::tell(session, Operation::Store, request, &remote, &accounts, outcomes);
    let Some(password) = &request.password else {
        // A credential with an `authtype` of its own: no account answers such.
        if request.credential.is_none() || !tell(&outcomes) {
            session.log.note("nothing: no password", &[]);
        }
        return;
    };
    if server_of(&remote.host, &accounts) == Server::Plain {
        if !tell(&outcomes) {
            keep_plain(session, &outcomes, (request, &remote), password, &accounts);
        }
        return;
    }

    notice::reported(session);
    let direction = notice::direction(session.caller());
    match relay::whose(session, &outcomes, &accounts, (request, &remote), password) {
        Whose::Ours(ours) => accepted(session, &mut outcomes, &ours, (&remote, direction), password),
        Whose::Fallback => {
            tell(&outcomes);
            if let Some(id) = outcomes.id_of_fallback(password) {
                note_accepted(session, &mut outcomes, &[id], (&remote, direction), None);
            }
        }
        Whose::Unclear => session.log.note("nothing: it may be ours", &[]),
        Whose::Formerly | Whose::Nobodys => match learnable(request, &remote, password) {
            Some(owner) => learn(session, &outcomes, request, (&remote, owner), password, &accounts),
            None if tell(&outcomes) => {}
            None => session.log.note("not kept: no personal access token with an owner", &[]),
        },
    }
}

/// Notes that git was let in with a token of ours.
fn accepted(
    session: &Session,
    outcomes: &mut Outcomes,
    ours: &[String],
    place: (&Remote, Direction),
    token: &Token,
) {
    note_accepted(session, outcomes, ours, place, Some(token));
    session.log.note("ours: accepted", &[]);
}

/// Notes that git was let in, if that is news.
fn note_accepted(
    session: &Session,
    outcomes: &mut Outcomes,
    ids: &[String],
    (remote, direction): (&Remote, Direction),
    token: Option<&Token>,
) {
    let news = |id: &String| {
        outcomes.rejection(id).is_some()
            || outcomes.at(id, remote, direction).is_none_or(|known| known.state != State::Accepted)
    };
    if ids.iter().any(news) {
        session.note_outcomes(outcomes, |outcomes| {
            for id in ids {
                if let Some(token) = token {
                    outcomes.note_secret(id, token);
                }
                outcomes.note_accepted(id, remote, direction, session.now);
            }
        });
    }
}

/// Reads an account's secret without a word: who asks here only compares.
pub fn in_vault(session: &Session, account: &Account) -> Option<Token> {
    // A command is never run for a comparison: it may ask a person.
    if matches!(account.place, VaultPlace::Command(_)) {
        return None;
    }
    session.vault(&account.place).read(&vault::item(account)).ok().flatten()
}

/// Gives the owner for whom a new secret may be kept: a personal access token's, from the path git sent.
fn learnable<'a>(request: &Request, remote: &'a Remote, token: &Token) -> Option<&'a Owner> {
    // OAuth and App tokens live for hours or belong to another program, which renews them itself.
    let is_personal = matches!(token.kind(), TokenKind::FineGrained | TokenKind::Classic);
    // Without a path the owner is known from the caller at best: enough to give, not to learn.
    remote.owner.as_ref().filter(|_| is_personal && request.path.is_some())
}

/// Keeps a new personal access token of an owner, as git's own helpers keep what worked.
fn learn(
    session: &Session,
    outcomes: &Outcomes,
    request: &Request,
    (remote, owner): (&Remote, &Owner),
    token: &Token,
    accounts: &[Account],
) {
    let kind = token.kind();
    if request.password_expiry_utc.is_some_and(|at| at <= session.now) {
        return session.log.note("not kept: expired", &[]);
    }
    let scope = Scope::of_owner(&remote.host, owner);
    let login = request
        .user()
        .filter(|user| !user.is_empty() && *user != ANY_USER && !CONVENTIONAL_USERS.contains(user))
        .filter(|user| !is_token(user));
    let scope = accounts
        .iter()
        .map(|known| &known.scope)
        .find(|known| same_scope(known, &scope, Server::GitHub))
        .cloned()
        .unwrap_or(scope);
    let id = default_id(&scope.to_string(), login);
    let known = accounts.iter().find(|account| account.is_for(&scope) && account.login.as_deref() == login);
    if let Some(known) = known
        && !known.learned
        && outcomes.rejection(&known.id).is_none()
    {
        return session
            .log
            .note("not kept: an account that was added serves this", &[("account", Fact::Account(known))]);
    }
    let account = Account {
        id: known.map_or(id, |known| known.id.clone()),
        label: known.map_or_else(|| scope.short(), |known| known.label.clone()),
        scope,
        server: Server::GitHub,
        login: login.map(str::to_owned),
        kind,
        expires: request.password_expiry_utc,
        place: VaultPlace::File,
        refresh: false,
        learned: known.is_none_or(|known| known.learned),
        app: None,
    };
    if let Some(kept) = keep(session, account, token, None, known) {
        let again = if known.is_some() { "new token for" } else { "learned" };
        say(&format!(
            "{again} {} (kept in the {}); git credential-patron list shows it",
            kept.label,
            kept.place.name()
        ));
    }
}

/// Tells whether a user name is a token, as in `https://TOKEN@host/`: names stand in files without secrets.
fn is_token(user: &str) -> bool {
    Token::new(user.as_bytes().to_vec()).kind().is_github()
}

/// Keeps what worked at a host that is not GitHub, for exactly this host and path.
fn keep_plain(
    session: &Session,
    outcomes: &Outcomes,
    (request, remote): (&Request, &Remote),
    password: &Token,
    accounts: &[Account],
) {
    let Some(login) = request.user() else { return session.log.note("not kept: no user name", &[]) };
    if is_token(login) {
        return session.log.note("not kept: the user name is a token", &[]);
    }
    if request.password_expiry_utc.is_some_and(|at| at <= session.now) {
        return session.log.note("not kept: expired", &[]);
    }
    let Some(scope) = Scope::exact(&remote.host, request.path.as_deref()) else {
        return session.log.note("not kept: the path is not usable", &[]);
    };
    let known =
        accounts.iter().find(|account| account.is_for(&scope) && account.login.as_deref() == Some(login));
    let id = default_id(&scope.to_string(), Some(login));
    let account = Account {
        id: known.map_or(id, |known| known.id.clone()),
        label: known.map_or_else(|| scope.short(), |known| known.label.clone()),
        scope,
        server: Server::Plain,
        login: Some(login.to_owned()),
        kind: password.kind(),
        expires: request.password_expiry_utc,
        place: known.map_or(VaultPlace::File, |known| known.place.clone()),
        refresh: request.oauth_refresh_token.is_some(),
        learned: known.is_none_or(|known| known.learned),
        app: None,
    };
    let is_kept = |known: &Account| match known.place {
        VaultPlace::Command(_) => outcomes.knows(&known.id, password),
        VaultPlace::Keyring | VaultPlace::File => {
            *known == account
                && !account.refresh
                && in_vault(session, known).is_some_and(|kept| kept == *password)
        }
    };
    if known.is_some_and(is_kept) {
        return session.log.note("unchanged", &[]);
    }
    let refresh = request.oauth_refresh_token.as_ref();
    keep(session, account, password, refresh, known);
}

/// Keeps a learned secret: where the account's earlier one lies, else in the vault of the settings.
fn keep(
    session: &Session,
    account: Account,
    secret: &Token,
    refresh: Option<&Token>,
    known: Option<&Account>,
) -> Option<Account> {
    if let Some(why) = refresh.into_iter().chain([secret]).find_map(Token::unusable) {
        say(&format!("nothing is kept for {}: {why}", account.label));
        return None;
    }
    let label = account.label.clone();
    if let Err(forbidden) = Machine::read().may_learn(&account.scope) {
        say(&format!("nothing is kept for {label}: {forbidden}"));
        return None;
    }
    let wish = match known.map(|known| &known.place) {
        Some(place @ (VaultPlace::Keyring | VaultPlace::File)) => Wish::There(place.clone()),
        // The user's own word, which no copy of what it once printed may replace.
        Some(VaultPlace::Command(_)) => {
            say(&format!("nothing is kept for {label}: a command gives its secret"));
            return None;
        }
        None => Wish::of(session.settings().vault).unwrap_or(Wish::KeyringElseFileInUse),
    };
    match keeping::keep(&session.paths, Keep { account, secret, refresh }, &wish, Asking::Never) {
        Ok(kept) => Some(kept.account),
        Err(why) => {
            say(&one_line(format!("nothing is kept for {label}: {why}"), why.remedy()));
            if let NotKept::Vault(VaultError::Absent(_)) = why {
                say(
                    "to keep such tokens in a file that only you can read: git config --global patron.vault file",
                );
            }
            None
        }
    }
}
