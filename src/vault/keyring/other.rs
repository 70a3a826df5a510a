//! Keychain on macOS and Credential Manager on Windows, through the crates `keyring` (which picks the
//! system's store) and `keyring-core` (which alone lets a credential be named).
//!
//! Written after the sources of `keyring` 4.2, `apple-native-keyring-store` 1.0 and
//! `windows-native-keyring-store` 1.1; not run by this project's tests, which are Linux's.
//!
//! macOS: asking for an item may open a dialog (the keychain is locked, or another program or another build
//! of this one made the item). Where none may be opened, the system is told so for the time of the call.
//! Windows: no dialogs; a secret has at most 2560 bytes (`CRED_MAX_CREDENTIAL_BLOB_SIZE`).

use super::keychain::{self, Meaning};
use super::{Asking, Dialog, VaultError, Wanted};
use crate::token::Token;
use crate::vault::Holding;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

/// The keyring of this user: there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend;

impl Backend {
    /// Has the crate `keyring` pick the system's store.
    pub(super) fn find() -> Result<Self, String> {
        keyring::Entry::store_status().as_ref().map(|()| Self).map_err(ToString::to_string)
    }

    /// Tells this keyring from another.
    pub(super) fn key(&self) -> &str {
        "system"
    }

    /// Tells nothing here: these keyrings are not processes that one could see restart.
    pub(super) fn incarnation(&self) -> String {
        String::new()
    }

    /// Tells nothing here, likewise: only the pause ends a failure.
    pub(super) fn answers(&self) -> bool {
        false
    }
}

/// How many items are looked into for one that holds a secret: each is a read of its own here.
const MOST: usize = 8;

/// Finds which of the first few items hold a secret.
pub(super) fn holding(place: &Backend, wanted: &[Wanted], secret: &Token) -> Result<Holding, VaultError> {
    let mut found = Holding { ids: Vec::new(), is_complete: wanted.len() <= MOST };
    for wanted in wanted.iter().take(MOST) {
        if read(place, wanted)?.is_some_and(|kept| kept == *secret) {
            found.ids.push(wanted.id.clone());
        }
    }
    Ok(found)
}

/// Reads the secret. Opens no dialog.
pub(super) fn read(_: &Backend, wanted: &Wanted) -> Result<Option<Token>, VaultError> {
    quietly(|| secret(&entry(wanted)?))
}

/// Keeps the secret and reads it back.
pub(super) fn write(_: &Backend, wanted: &Wanted, token: &Token, dialog: &Dialog) -> Result<(), VaultError> {
    perhaps_with(dialog, || {
        let entry = entry(wanted)?;
        keychain::settled(|| entry.set_secret(token.expose()), meaning).map_err(trouble)?;
        match secret(&entry)? {
            Some(kept) if kept == *token => Ok(()),
            _ => Err(VaultError::Io(
                "the keyring did not store the secret correctly: it reads back differently".to_owned(),
            )),
        }
    })
}

/// Deletes the item.
pub(super) fn remove(_: &Backend, wanted: &Wanted, dialog: &Dialog) -> Result<bool, VaultError> {
    perhaps_with(dialog, || match entry(wanted)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(trouble(error)),
    })
}

fn secret(entry: &Entry) -> Result<Option<Token>, VaultError> {
    match entry.get_secret() {
        Ok(secret) => Ok(Some(Token::new(secret))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(trouble(error)),
    }
}

/// Names the item so that another host's or owner's is never found, and so that people can read it.
fn entry(wanted: &Wanted) -> Result<Entry, VaultError> {
    let Wanted { id, host, owner, label: _ } = wanted;
    let owner = owner.as_ref().map(|owner| format!("/{owner}")).unwrap_or_default();
    let name = format!("{host}{owner} {id}");
    // Without a target of its own, a credential is called USER.SERVICE, and both may hold dots. `Local`: it
    // does not roam to the user's other machines, which the default, `Enterprise`, does.
    #[cfg(windows)]
    let entry = {
        let target = format!("{}:{name}", super::SERVICE);
        let named = [("target", target.as_str()), ("persistence", "Local")].into();
        Entry::new_with_modifiers(super::SERVICE, id, &named)
    };
    #[cfg(not(windows))]
    let entry = Entry::new(super::SERVICE, &name);
    entry.map_err(trouble)
}

/// Runs the work with the dialog that it may open, where it may.
fn perhaps_with<T>(dialog: &Dialog, work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
    match dialog.asking {
        Asking::MayPrompt if cfg!(target_os = "macos") => dialog.open(|_| work()),
        Asking::MayPrompt | Asking::Never => quietly(work),
    }
}

/// Runs the work while the system may open no dialog for us.
fn quietly<T>(work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
    #[cfg(target_os = "macos")]
    let _quiet = security_framework::os::macos::keychain::SecKeychain::disable_user_interaction()
        .map_err(|error| VaultError::Io(format!("the keychain could not be kept from asking: {error}")))?;
    work()
}

/// Gives the words of an error; never what the error carries, which may be the secret.
fn trouble(error: Error) -> VaultError {
    match error {
        Error::BadEncoding(secret) | Error::BadDataFormat(secret, _) => {
            drop(Zeroizing::new(secret));
            VaultError::Io("the keyring holds something of another form under this name".to_owned())
        }
        Error::Ambiguous(entries) => VaultError::Ambiguous(entries.len()),
        Error::NoDefaultStore => VaultError::Absent("the system offers no store for credentials".to_owned()),
        Error::TooLong(what, _) if what == "secret" => {
            VaultError::Unfit("Windows keeps at most 2560 bytes in one credential")
        }
        error if meaning(&error) == Meaning::NeedsDialog => VaultError::Locked,
        error => VaultError::Io(format!("the keyring failed: {error}")),
    }
}

/// Reads the number that an error of the Keychain carries.
#[cfg(target_os = "macos")]
fn meaning(error: &Error) -> Meaning {
    let (Error::PlatformFailure(error) | Error::NoStorageAccess(error)) = error else {
        return Meaning::Other;
    };
    let code = error.downcast_ref::<security_framework::base::Error>().map(|error| error.code());
    code.map_or(Meaning::Other, keychain::meaning)
}

/// Credential Manager opens no dialog, and replaces what is there.
#[cfg(not(target_os = "macos"))]
fn meaning(_: &Error) -> Meaning {
    Meaning::Other
}
