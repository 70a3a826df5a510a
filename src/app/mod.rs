//! GitHub Apps in the place of personal access tokens: they need no approval of tokens by an organisation.
//!
//! An App account is one of two things:
//! - **An App with its key** (or a command that signs). For each repository an *installation token* is minted:
//!   for the contents of that one repository, good for an hour, kept in the vault until five minutes before its
//!   end. For `requests` and `grants` another one is minted, for those permissions of the organisation alone;
//!   never one that may do both.
//! - **An App that acts for a user** (device flow): an access token of hours, and a refresh token that is good
//!   once.
//!
//! Rules:
//! - One process at a time mints or refreshes for an account; the others wait and take what it got. The lock dies
//!   with its process.
//! - A kept token costs no request. One that was just minted may be unknown at GitHub for some seconds (reported,
//!   and how octokit treats it): it is given when GitHub knows it, or after [`settle::BOUND`].
//! - The new pair of a refresh is kept before it is used. A refresh token that GitHub does not take is read once
//!   more: another process may have been faster.
//!
//! [`manifest`] makes a new App, for which a person presses one button on GitHub's page.
//!
//! Sources: GitHub's documentation of Apps, `octokit/auth-app.js`, `octokit/openapi-types`.

mod api;
pub(crate) mod decisions;
pub(crate) mod device;
mod error;
pub(crate) mod jwt;
pub(crate) mod kept;
pub(crate) mod key;
pub(crate) mod manifest;
mod mint;
mod settle;
mod signer;
mod user;

pub(crate) use api::{Asker, Installation};
pub(crate) use error::AppError;
pub(crate) use mint::forget;
pub(crate) use signer::Signer;
pub(crate) use user::Pair;

use crate::account::Account;
use crate::files;
use crate::paths::Paths;
use crate::remote::Remote;
use crate::token::{Token, TokenKind};
use crate::traces::short_hash;
use crate::vault::{self, Asking, Item};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds before its end from which a token is not given any more: a clone takes its time.
const SPARE: i64 = 5 * 60;
/// How long another process is waited for: it makes a handful of requests of three seconds each.
const TURN: Duration = Duration::from_secs(30);

/// What a token is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenUse<'a> {
    /// Git, in this repository; `write`: a push.
    Contents {
        /// The repository.
        remote: &'a Remote,
        /// Whether it is to be written.
        write: bool,
    },
    /// Deciding about the personal access tokens of the account's organisation.
    Decisions,
}

/// A token to be given.
#[derive(Debug, Clone)]
pub(crate) struct Minted {
    /// The token.
    pub(crate) token: Token,
    /// When it ends, in seconds since 1970, if it does.
    pub(crate) expires: Option<i64>,
    /// Whether it was asked of GitHub just now.
    pub(crate) is_new: bool,
    /// When an installation token was minted, in seconds since 1970.
    pub(crate) minted: Option<i64>,
    /// What people should know: the clock of this machine is wrong.
    pub(crate) note: Option<String>,
}

/// Gives an account's token for a purpose: the kept one, or a new one.
///
/// `may_ask`: whether GitHub may be asked for a new one.
pub(crate) fn token(
    paths: &Paths,
    account: &Account,
    purpose: &TokenUse<'_>,
    may_ask: bool,
) -> Result<Minted, AppError> {
    match account.kind {
        TokenKind::AppUser => user::token(paths, account, may_ask),
        _ => mint::token(paths, account, purpose, may_ask),
    }
}

/// Gives the secret of any account for a repository: what its vault holds, or a token of its App; `None` if the vault
/// holds nothing for an account that is no App's.
pub(crate) fn secret(
    paths: &Paths,
    account: &Account,
    remote: &Remote,
    asks: Asks,
) -> Result<Option<Minted>, AppError> {
    if account.app.is_none() {
        let token = vault::open(&account.place, paths, Asking::Never).read(&vault::item(account))?;
        return Ok(token.map(|token| Minted {
            token,
            expires: account.expires,
            is_new: false,
            minted: None,
            note: None,
        }));
    }
    let of_scope = account.scope.as_remote();
    let remote = if remote.repo.is_none() { &of_scope } else { remote };
    let purpose = TokenUse::Contents { remote, write: asks == Asks::ToPush };
    token(paths, account, &purpose, asks != Asks::Nobody).map(Some)
}

/// Fails if an App's account is not usable: its key, its installation for the owner, or the permission to read.
pub(crate) fn installed(paths: &Paths, account: &Account) -> Result<(), AppError> {
    let app = account.app.as_ref().ok_or(AppError::NothingKept)?;
    let owner = account.scope.owner().ok_or(AppError::NoRepository)?;
    let signer = Signer::of(paths, account)?;
    let asker = Asker::new(account.scope.host(), &app.client_id, &signer)?;
    let remote = account.scope.as_remote();
    let installation = match remote.repo {
        Some(_) => asker.at(&owner, &remote, None)?,
        None => asker.of(&owner, None)?.usable()?,
    };
    match installation.permission("contents") {
        Some(_) => Ok(()),
        None => Err(AppError::Refused(installation.lacks("contents: read"))),
    }
}

/// What a secret is wanted for, and whether GitHub may be asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// To fetch.
    ToFetch,
    /// To push.
    ToPush,
    /// Nobody is asked: only what is kept.
    Nobody,
}

/// Tells whether a secret is one that is kept for this account.
pub(crate) fn holds(paths: &Paths, account: &Account, secret: &Token) -> Result<bool, vault::VaultError> {
    match account.kind {
        TokenKind::AppUser => {
            let kept = vault::open(&account.place, paths, Asking::Never).read(&vault::item(account))?;
            Ok(kept.and_then(|kept| Pair::read(&kept)).is_some_and(|pair| pair.access == *secret))
        }
        _ => Ok(mint::kept(paths, account)?.iter().any(|it| it.secret.as_bytes() == secret.expose())),
    }
}

/// Takes the right to ask for a token of this account. None where there is no place for a lock, or the one who has it
/// takes too long: then it is asked without.
fn turn(paths: &Paths, account: &Account) -> Option<files::Turn> {
    files::take_turn(&paths.locks(), &format!("mint-{}", short_hash(&account.id)), TURN).ok()
}

/// Names what lies beside an account's own secret in its vault.
fn beside<'a>(account: &'a Account, id: &'a str) -> Item<'a> {
    Item { id, ..vault::item(account) }
}

/// Gives the time in seconds since 1970. Not the one at which the command began: it may have waited for others.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
