//! What signs for an App: its key in the vault, or a command of the user's (a KMS, a TPM, 1Password).

use super::key::AppKey;
use super::{AppError, jwt};
use crate::account::Account;
use crate::paths::Paths;
use crate::vault::command::CommandVault;
use crate::vault::{self, Asking};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// How many bytes a signature of RSA has: as many as its key.
const LENGTHS: [usize; 3] = [256, 384, 512];

/// What signs.
#[derive(Debug)]
pub(crate) enum Signer {
    /// The App's key.
    Key(Box<AppKey>),
    /// A command: what is to be signed comes on its stdin, the signature goes to its stdout.
    Command(String),
}

impl Signer {
    /// Gives what signs for an account.
    pub(super) fn of(paths: &Paths, account: &Account) -> Result<Self, AppError> {
        if let Some(command) = account.app.as_ref().and_then(|app| app.signer.clone()) {
            return Ok(Self::Command(command));
        }
        let kept = vault::open(&account.place, paths, Asking::Never).read(&vault::item(account))?;
        let kept = kept.ok_or(AppError::NothingKept)?;
        AppKey::read(kept.expose()).map(|key| Self::Key(Box::new(key))).map_err(AppError::BadKey)
    }

    /// Gives a JSON web token of the App. `now`: by GitHub's clock.
    pub(super) fn jwt(&self, issuer: &str, now: i64) -> Result<Vec<u8>, AppError> {
        let input = jwt::signing_input(issuer, now);
        let signature = match self {
            Self::Key(key) => key.sign(input.as_bytes()).map_err(AppError::BadKey)?,
            Self::Command(command) => {
                let printed = CommandVault::new(command.clone())
                    .filter(issuer, input.as_bytes())
                    .map_err(AppError::Signer)?;
                signature(&printed).ok_or(AppError::NoSignature)?
            }
        };
        Ok(jwt::signed(&input, &signature))
    }

    /// Names the key as the App's page does; none if a command signs.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        match self {
            Self::Key(key) => Some(key.fingerprint()),
            Self::Command(_) => None,
        }
    }
}

/// Reads a signature: its bytes, or base64 or hexadecimal digits of them, as key services print it.
fn signature(printed: &[u8]) -> Option<Vec<u8>> {
    let fits = |bytes: &Vec<u8>| LENGTHS.contains(&bytes.len());
    if let Some(text) =
        std::str::from_utf8(printed).ok().map(|text| text.split_whitespace().collect::<String>())
    {
        let hex = || {
            let digits: Option<Vec<u8>> = text
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            digits.filter(fits)
        };
        let base64 = || {
            [STANDARD, URL_SAFE_NO_PAD, URL_SAFE, STANDARD_NO_PAD]
                .iter()
                .find_map(|engine| engine.decode(&text).ok().filter(fits))
        };
        return hex().or_else(base64);
    }
    Some(printed.to_vec()).filter(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read_as_key_services_print_it() {
        let bytes: Vec<u8> = (0..=255).collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for printed in [
            bytes.clone(),
            STANDARD.encode(&bytes).into_bytes(),
            format!("{}\n", URL_SAFE_NO_PAD.encode(&bytes)).into_bytes(),
            STANDARD.encode(&bytes).as_bytes().chunks(64).collect::<Vec<_>>().join(&b"\r\n"[..]),
            format!("{hex}\n").into_bytes(),
        ] {
            assert_eq!(signature(&printed).as_ref(), Some(&bytes), "{}", String::from_utf8_lossy(&printed));
        }
        for printed in [&b""[..], b"signed", b"error: no such key", &[0xff; 255], &[0xff; 300]] {
            assert_eq!(signature(printed), None, "{printed:?}");
        }
    }
}
