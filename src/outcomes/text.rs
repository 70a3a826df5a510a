//! The text of `outcomes.toml`: its head cut from its tables, and what the values in them mean.

use super::tables::{BEFORE_ID, Tables};
use super::*;

/// Cuts the file into what stands before the accounts, and the accounts. Of a newer version's head only the
/// version need be understood.
pub(super) fn cut(bytes: Vec<u8>) -> Option<(Head, Tables)> {
    #[derive(Deserialize)]
    struct VersionOnly {
        version: i64,
    }
    let mut text = String::from_utf8(bytes).ok()?;
    let end = text.find(BEFORE_ID).unwrap_or(text.len());
    let head = &text[..end];
    let head = match toml::from_str(head) {
        Ok(head) => head,
        Err(_) => {
            let version = toml::from_str::<VersionOnly>(head).ok()?.version;
            (version > VERSION).then(|| Head { version, ..Head::default() })?
        }
    };
    // In place: another copy of a long list is new memory, which costs more time than moving it.
    text.drain(..end);
    Some((head, Tables::new(text)))
}

/// Names what says that git was let in at a repository of an owner. No space: that is a place's.
pub(super) fn let_in(owner: &Owner) -> String {
    format!("{LET_IN}{}", owner.as_str().to_ascii_lowercase())
}

/// Gives a number below another one, each as likely; 0 where there is no randomness.
pub(super) fn random_below(end: usize) -> usize {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes) as usize % end
}

/// Gives the outcomes among what is known of an account.
pub(super) fn places(known: &Known) -> impl Iterator<Item = (&String, &String)> {
    known.iter().filter(|(key, _)| key.contains(' '))
}

pub(super) fn rejection(known: &Known) -> Option<Rejection> {
    let mut parts = known.get(REJECTED)?.split(' ');
    let since = seconds(parts.next()?)?;
    let tries = parts.next()?.parse().ok()?;
    let last = seconds(parts.next()?)?;
    Some(Rejection { since, tries, last, is_proven: parts.next() != Some(UNPROVEN.trim_start()) })
}

/// Gives the time at which git was let in last, as it is written.
pub(super) fn accepted_at(text: &str) -> Option<&str> {
    let mut parts = text.split(' ');
    match parts.next()? {
        "accepted" => parts.next(),
        "refused" => parts.skip(2).find(|part| !is_page(part)),
        _ => None,
    }
}

pub(super) fn is_page(part: &str) -> bool {
    part.starts_with("https://")
}

pub(super) fn outcome(text: &str) -> Option<Outcome> {
    let mut parts = text.split(' ');
    let state = parts.next()?;
    let at = seconds(parts.next()?)?;
    let state = match state {
        "accepted" => State::Accepted,
        // A reason that this version does not know is found out anew.
        "refused" => State::Refused(VerdictId::parse(parts.next()?)?),
        _ => return None,
    };
    Some(Outcome { state, at, page: parts.find(|part| is_page(part)).map(str::to_owned) })
}

pub(super) fn new_key() -> String {
    let mut bytes = [0u8; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex(&bytes),
        // Without randomness there are no fingerprints, and `store` reads the vault instead.
        Err(_) => String::new(),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
