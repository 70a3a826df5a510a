//! Secrets of the forge: made at run time in the shapes of real ones, so that no file holds one.
//!
//! Shapes and the checksum rule are in GitHub's documentation of token formats: a prefix, 30
//! characters, and the CRC-32 of those 30 in base 62. For `github_pat_` the same over the last
//! segment is reported, not documented.

use hmac_sha256::Hash;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What kind of secret a token is; GitHub tells them apart by their first letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A fine-grained personal access token: one resource owner.
    FineGrained,
    /// A classic personal access token: scopes, every owner.
    Classic,
    /// A token an OAuth app was given (`gh`, Git Credential Manager).
    Oauth,
    /// A GitHub App acting for a user.
    AppUser,
    /// A GitHub App acting for itself in one owner's repositories.
    Installation,
    /// No token at all: what a plain git host accepts, and GitHub does not.
    Password,
}

/// Makes a fresh secret in the shape of its kind.
pub(crate) fn make_token(kind: TokenKind) -> String {
    match kind {
        TokenKind::FineGrained => {
            let tail = random(53);
            let sum = checksum(&tail);
            format!("github_pat_{}_{tail}{sum}", random(22))
        }
        TokenKind::Classic => with_checksum("ghp_"),
        TokenKind::Oauth => with_checksum("gho_"),
        TokenKind::AppUser => with_checksum("ghu_"),
        TokenKind::Installation => with_checksum("ghs_"),
        TokenKind::Password => format!("correct horse {}", random(12)),
    }
}

/// Makes a secret in the shape of personal tokens from before 2021: 40 hexadecimal digits.
pub(crate) fn make_old_token() -> String {
    hex(&random_bytes(20))
}

/// Makes a secret in the long shape installation tokens have since 2026.
pub(crate) fn make_stateless_installation_token() -> String {
    format!("ghs_12345_{}.{}-{}.{}_{}", random(80), random(150), random(150), random(60), random(60))
}

/// Names a secret without showing it: the first eight digits of its SHA-256.
pub(crate) fn fingerprint(secret: &str) -> String {
    hex(&Hash::hash(secret.as_bytes())[..4])
}

/// Random base-62 text.
pub(crate) fn random(length: usize) -> String {
    random_bytes(length)
        .into_iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
        .collect()
}

/// Lower-case hexadecimal digits of some bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number as GitHub gives each request.
pub(crate) fn request_id() -> String {
    let digits = hex(&random_bytes(16)).to_ascii_uppercase();
    let (four, rest) = digits.split_at(4);
    let (six, rest) = rest.split_at(6);
    let (seven, rest) = rest.split_at(7);
    let (again, eight) = rest.split_at(7);
    format!("{four}:{six}:{seven}:{again}:{eight}")
}

/// The last six characters of a token, computed from those before.
pub(crate) fn checksum(body: &str) -> String {
    let mut rest = crc32(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|byte| char::from(*byte)).collect()
}

fn with_checksum(prefix: &str) -> String {
    let body = random(30);
    let sum = checksum(&body);
    format!("{prefix}{body}{sum}")
}

fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// CRC-32 as in zip and PNG (reflected, 0xEDB88320).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}
