//! Minting installation tokens, and keeping them until shortly before their end.

use super::api::{Asker, Installation};
use super::kept::{self, MintedToken};
use super::settle::settle;
use super::{AppError, Minted, SPARE, Signer, TokenUse, beside, now, turn};
use crate::account::Account;
use crate::paths::Paths;
use crate::token::{SETTLES, Token};
use crate::vault::{self, Asking};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// How many bytes of tokens are kept of one account. Windows' Credential Manager takes 2,560.
const MOST: usize = if cfg!(windows) { 2500 } else { 16 * 1024 };
/// The permissions that `requests` and `grants` need.
const DECISIONS: [&str; 2] =
    ["organization_personal_access_token_requests", "organization_personal_access_tokens"];

/// Gives the kept token, or mints one.
pub(super) fn token(
    paths: &Paths,
    account: &Account,
    purpose: &TokenUse<'_>,
    may_ask: bool,
) -> Result<Minted, AppError> {
    let name = name(purpose).ok_or(AppError::NoRepository)?;
    let find = || -> Result<Option<MintedToken>, AppError> {
        Ok(kept(paths, account)?.into_iter().find(|it| it.purpose == name))
    };
    let is_good = |it: &MintedToken| it.expires - SPARE > now();
    if let Some(good) = find()?.filter(is_good) {
        return Ok(minted(&good, false, None));
    }
    if !may_ask {
        return Err(AppError::NotToAsk);
    }
    let _turn = turn(paths, account);
    // Somebody else may have minted it meanwhile.
    let before = find()?;
    if let Some(good) = before.as_ref().filter(|it| is_good(it)) {
        return Ok(minted(good, false, None));
    }
    match mint(paths, account, purpose, name) {
        Ok(minted) => Ok(minted),
        // It has some minutes yet.
        Err(trouble) if trouble.is_passing() => match before.filter(|it| it.expires > now()) {
            Some(left) => Ok(minted(&left, false, None)),
            None => Err(trouble),
        },
        Err(trouble) => Err(trouble),
    }
}

/// Reads the tokens that are kept of an account.
pub(super) fn kept(paths: &Paths, account: &Account) -> Result<Vec<MintedToken>, vault::VaultError> {
    let id = vault::minted_id(account);
    let text = vault::open(&account.place, paths, Asking::Never).read(&beside(account, &id))?;
    Ok(text.map(|text| kept::read(&String::from_utf8_lossy(text.expose()))).unwrap_or_default())
}

/// Drops a token that GitHub does not take any more, so that the next request mints one; not one so fresh that GitHub
/// may not know it yet. Tells whether it was dropped.
pub(crate) fn forget(paths: &Paths, account: &Account, secret: &Token) -> bool {
    let _turn = turn(paths, account);
    let Ok(mut tokens) = kept(paths, account) else { return false };
    let is_old = |it: &MintedToken| it.secret.as_bytes() == secret.expose() && it.minted + SETTLES < now();
    let before = tokens.len();
    tokens.retain(|it| !is_old(it));
    let dropped = tokens.len() < before;
    dropped && write(paths, account, &kept::all(tokens, MOST)).is_ok()
}

fn write(paths: &Paths, account: &Account, text: &str) -> Result<(), vault::VaultError> {
    let id = vault::minted_id(account);
    let vault = vault::open(&account.place, paths, Asking::Never);
    vault.write(&beside(account, &id), &Token::new(text.as_bytes().to_vec()))
}

/// Names a purpose among the kept tokens.
fn name(purpose: &TokenUse<'_>) -> Option<String> {
    match purpose {
        TokenUse::Contents { remote, .. } => {
            let repo = remote.repo.as_deref()?.to_ascii_lowercase();
            let fits = repo.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
            fits.then(|| format!("contents/{repo}"))
        }
        TokenUse::Decisions => Some("decisions".to_owned()),
    }
}

fn minted(kept: &MintedToken, is_new: bool, note: Option<String>) -> Minted {
    let token = Token::new(kept.secret.as_bytes().to_vec());
    Minted { token, expires: Some(kept.expires), is_new, minted: Some(kept.minted), note }
}

fn mint(paths: &Paths, account: &Account, purpose: &TokenUse<'_>, name: String) -> Result<Minted, AppError> {
    let app = account.app.as_ref().ok_or(AppError::NothingKept)?;
    let owner = account.scope.owner().ok_or(AppError::NoRepository)?;
    let signer = Signer::of(paths, account)?;
    let asker = Asker::new(account.scope.host(), &app.client_id, &signer)?;
    let slug = account.login.as_deref().and_then(|login| login.strip_suffix("[bot]"));
    let installation = match purpose {
        TokenUse::Contents { remote, .. } => asker.at(&owner, remote, slug)?,
        TokenUse::Decisions => asker.of(&owner, slug)?.usable()?,
    };
    let (token, expires) = asker.mint(&installation, &body(purpose, &installation)?)?;
    let secret = Zeroizing::new(String::from_utf8_lossy(token.expose()).into_owned());
    let new = MintedToken { purpose: name, expires, minted: now(), secret };
    let text = kept::with(kept(paths, account)?, new.clone(), now(), MOST);
    // One that cannot be kept is given all the same: the next request mints another.
    let unkept = write(paths, account, &text).err();
    settle(account.scope.host(), &token);
    let unkept = unkept.map(|why| format!("the token of {} is not stored: {why}", account.label));
    Ok(minted(&new, true, asker.clock().or(unkept)))
}

/// Writes what is asked for: the least that the purpose needs and the owner has granted.
fn body(purpose: &TokenUse<'_>, installation: &Installation) -> Result<Value, AppError> {
    let missing = |what: &str| AppError::Refused(installation.lacks(what));
    let level = |name: &str| match installation.permission(name) {
        Some("write" | "admin") => Some("write"),
        Some(_) => Some("read"),
        None => None,
    };
    match purpose {
        TokenUse::Contents { remote, write } => {
            let granted = level("contents").ok_or_else(|| missing("contents: read"))?;
            if *write && granted == "read" {
                return Err(missing("contents: write"));
            }
            Ok(json!({"repositories": [remote.repo], "permissions": {"contents": granted}}))
        }
        TokenUse::Decisions => {
            let granted: serde_json::Map<String, Value> =
                DECISIONS.iter().filter_map(|name| Some(((*name).to_owned(), json!(level(name)?)))).collect();
            match granted.is_empty() {
                true => Err(missing("organization personal access token requests: write")),
                false => Ok(json!({"permissions": granted})),
            }
        }
    }
}
