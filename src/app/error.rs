//! Why an App account gives no token.

use super::key::BadKey;
use crate::account::Account;
use crate::github::NoResponse;
use crate::inspect::no_reply;
use crate::terminal::sanitise;
use crate::vault;
use crate::verdict::{AppRefusal, NoReply};
use crate::verdict_id::VerdictId;
use std::fmt;

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum AppError {
    /// The vault failed.
    Vault(vault::VaultError),
    /// The vault holds nothing for the account.
    NothingKept,
    /// What the vault holds is no key.
    BadKey(BadKey),
    /// The command that signs failed.
    Signer(vault::VaultError),
    /// The command that signs printed something else than a signature.
    NoSignature,
    /// GitHub was not to be asked.
    NotToAsk,
    /// GitHub could not be asked: which part failed, and why.
    NotAsked(NoReply, String),
    /// GitHub does not take the signature for the App's.
    KeyRefused {
        /// The key's name on the App's page; none if a command signs.
        fingerprint: Option<String>,
    },
    /// A verdict of its own.
    Refused(AppRefusal),
    /// A token is for one repository, and none is named.
    NoRepository,
    /// The login has ended: neither of its two tokens is taken any more.
    LoginEnded,
    /// GitHub said something else: status, and its message made harmless.
    Said(u16, String),
}

impl From<vault::VaultError> for AppError {
    fn from(trouble: vault::VaultError) -> Self {
        Self::Vault(trouble)
    }
}

impl AppError {
    /// GitHub's answer that means nothing of the others.
    pub(super) fn said(status: u16, message: &str) -> Self {
        Self::Said(status, sanitise(message, 200))
    }

    /// There was no answer.
    pub(super) fn unreached(why: NoResponse) -> Self {
        Self::NotAsked(no_reply(why.kind), why.to_string())
    }

    /// Tells whether asking again may help by itself.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::NotToAsk | Self::NotAsked(..) | Self::Said(429 | 500.., _))
    }

    /// Gives the verdict where this is why git gets no token, and it is not one of [`AppRefusal`]'s.
    pub(crate) fn verdict_id(&self) -> VerdictId {
        match self {
            Self::NotToAsk => VerdictId::NotAsked,
            Self::NotAsked(part, _) => part.verdict_id(),
            Self::Said(429, _) => VerdictId::RateLimited,
            Self::Said(500.., _) => VerdictId::ServerError,
            _ => VerdictId::NoAccount,
        }
    }

    /// Says what mends it, if that is known.
    pub(crate) fn remedy(&self, account: &Account) -> Option<String> {
        let scope = account.scope.short();
        match self {
            Self::Vault(trouble) => trouble.remedy(),
            Self::NothingKept | Self::BadKey(_) => {
                let id = account.app.as_ref().map_or("CLIENT_ID", |app| app.client_id.as_str());
                Some(format!("add it again: git credential-patron add {scope} --app {id} --key FILE"))
            }
            Self::LoginEnded => {
                let id = account.app.as_ref().map_or("CLIENT_ID", |app| app.client_id.as_str());
                Some(format!("log in again: git credential-patron add {scope} --app {id}"))
            }
            Self::KeyRefused { fingerprint: Some(fingerprint) } => Some(format!(
                "compare it with the keys on the App's page, and the client ID with the one there: {fingerprint}"
            )),
            Self::KeyRefused { fingerprint: None } => {
                Some("sign with the App's own key, RS256 (PKCS#1 v1.5 with SHA-256), what comes on stdin".to_owned())
            }
            Self::NoSignature => Some(
                "print the signature of stdin alone: its bytes, or base64 of them (RS256: PKCS#1 v1.5 with SHA-256)"
                    .to_owned(),
            ),
            Self::NoRepository => {
                let owner = account.scope.segment(0).unwrap_or("OWNER");
                Some(format!("name the repository: {owner}/REPO"))
            }
            Self::NotToAsk | Self::NotAsked(..) => Some("try again".to_owned()),
            Self::Signer(_) | Self::Refused(_) | Self::Said(..) => None,
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(trouble) => trouble.fmt(f),
            Self::NothingKept => f.write_str("the vault holds nothing for it"),
            Self::BadKey(why) => write!(f, "what the vault holds is no key of an App: {why}"),
            Self::Signer(vault::VaultError::Command(how)) => write!(f, "the command that signs {how}"),
            Self::Signer(trouble) => write!(f, "the command that signs: {trouble}"),
            Self::NoSignature => {
                f.write_str("the command that signs printed something else than a signature")
            }
            Self::NotToAsk => f.write_str("GitHub was not to be asked"),
            Self::NotAsked(_, why) => write!(f, "GitHub could not be asked: {why}"),
            Self::KeyRefused { fingerprint: Some(_) } => {
                f.write_str("GitHub does not take this key for the App's")
            }
            Self::KeyRefused { fingerprint: None } => {
                f.write_str("GitHub does not take the command's signature for the App's")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NoRepository => f.write_str("an App's token is for one repository"),
            Self::LoginEnded => f.write_str("the login by the App has ended"),
            Self::Said(status, message) => write!(f, "GitHub says {status} {message}"),
        }
    }
}

impl std::error::Error for AppError {}
