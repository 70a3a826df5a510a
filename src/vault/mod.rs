//! Where secrets lie: the system keyring, a file, or a command. Never called "store", git's word for an
//! operation.
//!
//! Each vault holds one secret under one [`Item`]; nothing else about an account lies there. Every call is
//! bounded in time, none opens a dialog on behalf of `get`, and a vault in trouble says which trouble: a
//! failing vault is never silently replaced by another.

pub(crate) mod command;
pub(crate) mod file;
pub(crate) mod keyring;

pub(crate) use keyring::Asking;

use crate::account::{Account, VaultPlace};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::token::Token;
use std::path::{Path, PathBuf};

/// Names one secret in a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// The account's stable id: unique, and never changed while the account lives.
    pub id: &'a str,
    /// The account's host.
    pub host: &'a str,
    /// The account's owner, for people who look into their keyring.
    pub owner: Option<&'a str>,
    /// What people call the account.
    pub label: &'a str,
}

/// Secrets in a vault, named one after the other: of thousands none is needed where a look at the whole vault tells.
pub(crate) type Items<'i, 'a> = &'i mut dyn Iterator<Item = Item<'a>>;

/// Why a vault could not do what it was asked.
///
/// The names tell the caller's next move: only [`VaultError::Absent`] may lead to another vault, and only in
/// `add` and `store` as the contract says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    /// There is no keyring service at all on this machine.
    #[error("there is no keyring service here ({0})")]
    Absent(String),
    /// The keyring is locked, and asking for the unlocking dialog is not wanted here.
    #[error("the keyring is locked")]
    Locked,
    /// The keyring is open and wants to ask a person all the same, which is not wanted here.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "Keychain and Credential Manager do not tell it from a locked one")
    )]
    #[error("the keyring wants to ask you first, which it cannot do while git is running")]
    Asks,
    /// No answer in time (the bound is named in whole seconds).
    #[error("the keyring did not answer within {0} s")]
    Slow(u64),
    /// It failed a moment ago and is not asked again yet.
    #[error("the keyring failed a moment ago ({0})")]
    Remembered(String),
    /// The keyring answered with an item that is not the one asked for: its own attributes say so.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "Keychain and Credential Manager are asked by a name, not by attributes")
    )]
    #[error("the keyring answered with an item of another account")]
    OtherItem,
    /// Several items match, and guessing between secrets is not done.
    #[error("{0} items of the keyring match, and guessing between secrets is not done")]
    Ambiguous(usize),
    /// The vault's file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file cannot be read as what it should be: where, and why. Never holds a part of the file.
    #[error("{}: {fact}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Line and column where known, and what was expected.
        fact: String,
    },
    /// The secret cannot be kept there (not UTF-8, too long for the vault).
    #[error("the secret cannot be kept there: {0}")]
    Unfit(&'static str),
    /// The command of the account failed: how.
    #[error("the account's command {0}")]
    Command(String),
    /// Anything else of the system.
    #[error("{0}")]
    Io(String),
}

impl VaultError {
    /// Says what mends it, where that is known.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Absent(_) => {
                Some(format!("keep the token in a file, {}: --vault file", files::PRIVATE))
            }
            // Where nobody could see its dialog (SSH), and for another build of this program than made the item.
            Self::Locked if cfg!(target_os = "macos") => Some(
                "unlock it (security unlock-keychain), allow this program in Keychain Access, or keep the token in a \
                 file: --vault file"
                    .to_owned(),
            ),
            Self::Locked => Some("unlock the keyring, or keep the token in a file: --vault file".to_owned()),
            // The words of KeePassXC 2.7, the one keyring that is known to ask.
            Self::Asks => Some(
                "let it give and keep passwords without asking (KeePassXC: Settings, Secret Service Integration, \
                 Confirm when passwords are retrieved by clients), or keep the token in a file: --vault file"
                    .to_owned(),
            ),
            Self::Slow(_) | Self::Remembered(_) => {
                Some("restart the keyring service, or keep the token in a file: --vault file".to_owned())
            }
            Self::OtherItem => Some("look in your keyring program for items of git-credential-patron".to_owned()),
            Self::Ambiguous(_) => Some("remove the duplicates with your keyring program".to_owned()),
            Self::File(error) => error.remedy(),
            Self::Corrupt { path, .. } => {
                Some(format!("fix {}; patron never rewrites a file it cannot read", path.display()))
            }
            Self::Unfit(_) | Self::Command(_) | Self::Io(_) => None,
        }
    }
}

/// One place for secrets. The three kinds have the same words.
pub(crate) trait Vault {
    /// Reads the secret; `None` if there is no such item.
    fn read(&self, item: &Item<'_>) -> Result<Option<Token>, VaultError>;
    /// Keeps the secret, replacing an earlier one of the same id.
    fn write(&self, item: &Item<'_>, token: &Token) -> Result<(), VaultError>;
    /// Forgets the secret; tells whether there was one.
    fn remove(&self, item: &Item<'_>) -> Result<bool, VaultError>;
    /// Finds which of these items hold a secret, in a number of reads that does not grow with theirs.
    fn holding(&self, items: Items<'_, '_>, secret: &Token) -> Result<Holding, VaultError>;
}

/// Which items hold a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The ids of those that do.
    pub ids: Vec<String>,
    /// Whether the others do not; else some of them could not be looked into.
    pub is_complete: bool,
}

/// Opens the vault that holds an account's secret.
pub(crate) fn open(place: &VaultPlace, paths: &Paths, asking: Asking) -> Box<dyn Vault> {
    match place {
        VaultPlace::Keyring => Box::new(keyring::Keyring::new(asking, paths.traces().map(Path::to_owned))),
        VaultPlace::File => Box::new(file::FileVault::new(paths.secrets(), paths.locks())),
        VaultPlace::Command(command) => Box::new(command::CommandVault::new(command.clone())),
    }
}

/// Names an account's secret in its vault.
pub(crate) fn item(account: &Account) -> Item<'_> {
    Item {
        id: &account.id,
        host: account.scope.host().as_str(),
        owner: account.scope.segment(0),
        label: &account.label,
    }
}

/// Names the refresh token that lies beside a plain host's password.
pub(crate) fn refresh_id(account: &Account) -> String {
    format!("{}#refresh", account.id)
}

/// Names the tokens that were minted for an App's account, which lie beside its key.
pub(crate) fn minted_id(account: &Account) -> String {
    format!("{}#minted", account.id)
}

/// Names everything of an account that lies in its vault, its own secret first.
pub(crate) fn ids(account: &Account) -> Vec<String> {
    let refresh = account.refresh.then(|| refresh_id(account));
    let minted = account.app.as_ref().map(|_| minted_id(account));
    std::iter::once(account.id.clone()).chain(refresh).chain(minted).collect()
}
