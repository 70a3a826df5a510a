//! `store`: git says that a credential worked. Acts by the secret, never by guess.

use super::relay;
use crate::account::{Account, VaultPlace, same_scope};
use crate::accounts::default_id;
use crate::ancestry::{Kind, Url};
use crate::choose::{ANY_USER, CONVENTIONAL_USERS, fits};
use crate::error::one_line;
use crate::files;
use crate::git::Permission;
use crate::keeping::{self, Keep, NotKept, Wish};
use crate::log::Fact;
use crate::lookup::{Lookup, Ownership};
use crate::machine::Machine;
use crate::notice;
use crate::outcomes::{Direction, State};
use crate::protocol::{Operation, Request};
use crate::remote::{Owner, Scope, Server};
use crate::session::Session;
use crate::terminal::say;
use crate::token::{Token, TokenKind};
use crate::vault::{Asking, VaultError};

/// Takes note of one request.
pub(crate) fn run(session: &Session, request: &Request) {
    let Some(lookup) = Lookup::begin(session, request, Operation::Store) else { return };
    let tell = || relay::tell(&lookup, Operation::Store);
    let Some(password) = &request.password else {
        // A credential with an `authtype` of its own: no account answers such.
        if request.credential.is_none() || !tell() {
            session.log.note("nothing: no password", &[]);
        }
        return;
    };
    if lookup.server == Server::Plain {
        if !tell() {
            keep_plain(&lookup, password);
        }
        return;
    }
    let direction = notice::direction(session.caller());
    match lookup.ownership(password) {
        Ownership::Accounts(ids) => accepted(&lookup, &ids, direction, password),
        Ownership::Fallback => {
            tell();
            let id = lookup.outcomes().id_of_fallback(password);
            if let Some(id) = id {
                note_accepted(&lookup, &[&id], direction, None);
            }
        }
        Ownership::Former => session.log.note("nothing: it was ours before", &[]),
        Ownership::Unclear => session.log.note("nothing: it may be ours", &[]),
        Ownership::New => match learnable(&lookup, password) {
            Ok(owner) => learn(&lookup, owner, password),
            Err(why) => {
                session.log.note(why, &[]);
                tell();
            }
        },
    }
    // At last: the traces of this git tell what it was given, and what it was not.
    notice::reported(session, &lookup.remote);
}

/// Notes that git was let in with a token of ours: for the account that this git was given, not for another
/// one that has the same token.
fn accepted(lookup: &Lookup<'_>, ids: &[String], direction: Direction, token: &Token) {
    let Lookup { session, request, remote, .. } = lookup;
    let accounts = lookup.accounts();
    let with_it = || accounts.iter().filter(|account| ids.contains(&account.id));
    let was_given = |account: &&Account| notice::was_given(session, &account.id, remote);
    let serves = |account: &&Account| fits(account, remote, request.user(), accounts).is_ok();
    // Callers that are not `git-remote-https` leave no trace of what they were given.
    let mut given: Vec<&str> = with_it().filter(was_given).map(|account| account.id.as_str()).collect();
    if given.is_empty() {
        given = with_it().filter(serves).map(|account| account.id.as_str()).collect();
    }
    note_accepted(lookup, &given, direction, Some(token));
    session.log.note("ours: accepted", &[("accounts", Fact::Number(given.len() as u64))]);
}

/// Notes that git was let in, if that is news.
fn note_accepted(lookup: &Lookup<'_>, ids: &[&str], direction: Direction, token: Option<&Token>) {
    let Lookup { session, remote, .. } = lookup;
    let is_news = {
        let outcomes = lookup.outcomes();
        let is_news = |id: &&str| {
            outcomes.rejection(id).is_some()
                || outcomes.at(id, remote, direction).is_none_or(|known| known.state != State::Accepted)
        };
        ids.iter().any(is_news)
    };
    for account in lookup.accounts().iter().filter(|account| ids.contains(&account.id.as_str())) {
        keeping::outlived(&session.paths, account, session.now);
    }
    if is_news {
        lookup.note(|outcomes| {
            for id in ids {
                if let Some(token) = token {
                    outcomes.note_secret(id, token);
                }
                outcomes.note_accepted(id, remote, direction, session.now);
            }
        });
    }
}

/// Gives the owner for whom a new secret may be kept, or says why none may.
///
/// Only what a person was asked for: a personal access token for a path that git sent, that this very git asked
/// us for and got no answer to, neither from us nor from a fallback. What stands in a URL was never asked for: a
/// hostile submodule's URL would plant its token for the owner, and every later use would get that one.
fn learnable<'a>(lookup: &'a Lookup<'_>, token: &Token) -> Result<&'a Owner, &'static str> {
    let Lookup { session, request, remote, .. } = lookup;
    let is_expired = request.password_expiry_utc.is_some_and(|at| at <= session.now);
    match &remote.owner {
        // OAuth and App tokens live for hours or belong to another program, which renews them itself.
        _ if !matches!(token.kind(), TokenKind::FineGrained | TokenKind::Classic) => {
            Err("not kept: no personal access token")
        }
        // Without a path the owner is known from the caller at best: enough to give, not to learn.
        Some(owner) if request.path.is_some() => {
            if session.caller().url.as_ref().is_some_and(Url::has_password) {
                Err("not kept: the URL holds a password")
            } else if !notice::was_unanswered(session, remote) {
                Err("not kept: this git did not ask for it")
            } else if is_expired {
                Err("not kept: expired")
            } else if session.settings().learn == Permission::Never {
                Err("not kept: patron.learn is never")
            } else {
                Ok(owner)
            }
        }
        _ => Err("not kept: no owner was named"),
    }
}

/// Keeps a new personal access token of an owner, as git's own helpers keep what worked. Never in the place of
/// one that is kept.
fn learn(lookup: &Lookup<'_>, owner: &Owner, token: &Token) {
    let Lookup { session, request, remote, .. } = lookup;
    let accounts = lookup.accounts();
    let scope = Scope::of_owner(&remote.host, owner);
    let login = request
        .user()
        .filter(|user| !user.is_empty() && *user != ANY_USER && !CONVENTIONAL_USERS.contains(user))
        .filter(|user| !is_token(user));
    let of_scope = || accounts.iter().filter(|account| account.is_for(&scope));
    if let Some(known) = of_scope().find(|known| known.login.as_deref() == login) {
        session.log.note("not kept: an account is there for it", &[("account", Fact::Account(known))]);
        if lookup.standing(known) != crate::account::Standing::default() {
            say(&format!(
                "git used a different token than that of {}, and it worked; to keep it: git credential-patron add {}",
                known.label,
                known.scope.short()
            ));
        }
        return;
    }
    let scope = accounts
        .iter()
        .map(|known| &known.scope)
        .find(|known| same_scope(known, &scope, Server::GitHub))
        .cloned()
        .unwrap_or(scope);
    let account = Account {
        id: default_id(&scope.to_string(), login),
        label: scope.short(),
        scope,
        server: Server::GitHub,
        login: login.map(str::to_owned),
        user_id: None,
        kind: token.kind(),
        expires: request.password_expiry_utc,
        place: VaultPlace::File,
        refresh: false,
        learned: true,
        exact: false,
        app: None,
    };
    if let Some(kept) = keep(session, account, token, None, None) {
        // Git says so: it was let in with it.
        lookup.note(|outcomes| {
            outcomes.note_secret(&kept.id, token);
            outcomes.note_accepted(&kept.id, remote, notice::direction(session.caller()), session.now);
        });
        say(&format!(
            "learned {} from git (stored in the {}); see: git credential-patron list",
            kept.label,
            kept.place.name()
        ));
    }
}

/// Tells whether a user name is a token, as in `https://TOKEN@host/`: names stand in files without secrets.
fn is_token(user: &str) -> bool {
    Token::new(user.as_bytes().to_vec()).kind().is_github()
}

/// Says why a plain host's credential may not be kept. What stands in the URL that git was given, or belongs to
/// a place that git was led to from there, nobody typed.
fn why_not_plain(lookup: &Lookup<'_>) -> Option<&'static str> {
    let Lookup { session, request, remote, .. } = lookup;
    let Some(login) = request.user() else { return Some("not kept: no user name") };
    if is_token(login) {
        return Some("not kept: the user name is a token");
    }
    if request.password_expiry_utc.is_some_and(|at| at <= session.now) {
        return Some("not kept: expired");
    }
    let caller = session.caller();
    if caller.kind == Kind::RemoteHttp
        && let Some(url) = &caller.url
    {
        let is_led_elsewhere = url.remote().is_none_or(|named| {
            named.host != remote.host || (request.path.is_some() && named.path != remote.path)
        });
        if url.has_password() || is_led_elsewhere {
            return Some("not kept: it stands in the URL, or the URL names another place");
        }
    }
    (session.settings().learn == Permission::Never).then_some("not kept: patron.learn is never")
}

/// Keeps what worked at a host that is not GitHub, for exactly this host and path.
fn keep_plain(lookup: &Lookup<'_>, password: &Token) {
    let Lookup { session, request, remote, .. } = lookup;
    let accounts = lookup.accounts();
    if let Some(why) = why_not_plain(lookup) {
        return session.log.note(why, &[]);
    }
    let Some(login) = request.user() else { return };
    let Some(scope) = Scope::exact(&remote.host, request.path.as_deref()) else {
        return session.log.note("not kept: the path is not usable", &[]);
    };
    let known =
        accounts.iter().find(|account| account.is_for(&scope) && account.login.as_deref() == Some(login));
    let (id, is_whole_host) = (default_id(&scope.to_string(), Some(login)), scope.is_whole_host());
    let account = Account {
        id: known.map_or(id, |known| known.id.clone()),
        label: known.map_or_else(|| scope.short(), |known| known.label.clone()),
        scope,
        server: Server::Plain,
        login: Some(login.to_owned()),
        user_id: None,
        kind: password.kind(),
        expires: request.password_expiry_utc,
        place: known.map_or(VaultPlace::File, |known| known.place.clone()),
        refresh: request.oauth_refresh_token.is_some(),
        learned: known.is_none_or(|known| known.learned),
        exact: !is_whole_host,
        app: None,
    };
    let is_kept = |known: &Account| match known.place {
        VaultPlace::Command(_) => lookup.outcomes().knows(&known.id, password),
        VaultPlace::Keyring | VaultPlace::File => {
            *known == account && !account.refresh && lookup.kept(known).is_some_and(|kept| kept == *password)
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
        say(&format!("nothing is stored for {}: {why}", account.label));
        return None;
    }
    let label = account.label.clone();
    if let Err(forbidden) = Machine::read().may_learn(&account.scope) {
        say(&format!("nothing is stored for {label}: {forbidden}"));
        return None;
    }
    let wish = match known.map(|known| &known.place) {
        Some(place @ (VaultPlace::Keyring | VaultPlace::File)) => Wish::There(place.clone()),
        // The user's own word, which no copy of what it once printed may replace.
        Some(VaultPlace::Command(_)) => {
            // Whether it is another one than the command gives is known of tokens alone.
            if secret.is_unguessable() {
                say(&format!("nothing is stored for {label}: its token comes from a command"));
            }
            return None;
        }
        None => Wish::of(session.settings().vault).unwrap_or(Wish::KeyringElseFileInUse),
    };
    match keeping::keep(&session.paths, Keep { account, secret, refresh }, &wish, Asking::Never) {
        Ok(kept) => Some(kept.account),
        Err(why) => {
            let mut text = one_line(format!("nothing is stored for {label}: {why}"), why.remedy());
            if let NotKept::Vault(VaultError::Absent(_)) = why {
                let file = files::PRIVATE;
                text.push_str(&format!(
                    "\nto store such tokens in a file, {file}: git config --global patron.vault file"
                ));
            }
            say(&text);
            None
        }
    }
}
