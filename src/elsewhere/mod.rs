//! Tokens that other tools keep: where they are found, and how each place is cleaned.
//!
//! The tool is asked rather than its store read wherever there is one to ask: it knows its own formats, and a
//! keyring may belong to it alone. Nobody is asked anything on the way, nothing is changed, and of what is found
//! only GitHub's tokens count: a password of another host is nobody's business here. One file a kind of place.

mod checkouts;
mod environment;
mod gh;
mod helpers;
mod netrc;
mod nix;
mod settings;

use crate::account::Account;
use crate::checks::short;
use crate::cli::ImportSource;
use crate::git::{Level, Listing, Settings};
use crate::protocol::{Line, secrets};
use crate::redact::redacted;
use crate::remote::{Host, Owner};
use crate::terminal::sanitise;
use crate::token::{Token, TokenKind};
use std::path::{Path, PathBuf};

/// How long a line about a place may be.
const LONGEST: usize = 600;

/// A token, and the place it lies at.
pub(crate) struct FoundToken {
    /// The place in words, without a secret.
    pub(crate) place: String,
    /// The host it is for.
    pub(crate) host: Host,
    /// Whose repositories it is for, where the place says so.
    pub(crate) owner: Option<Owner>,
    /// Whether the place keeps one token for each owner, so that it means this one alone.
    pub(crate) is_keyed: bool,
    /// The token.
    pub(crate) secret: Token,
    /// A command that prints it, if there is one.
    pub(crate) printed_by: Option<String>,
    /// What takes it away there: a command, or what to do.
    pub(crate) cleaned_by: String,
}

impl FoundToken {
    /// Gives the owner that the place keeps it for, if it would open others' repositories, too.
    pub(crate) fn only_for(&self) -> Option<&Owner> {
        let opens_more = self.secret.kind() != TokenKind::FineGrained;
        self.owner.as_ref().filter(|_| self.is_keyed && opens_more)
    }
}

/// Where to look.
pub(crate) struct Sought<'a> {
    /// The places.
    pub(crate) sources: &'a [ImportSource],
    /// Whether they were named one by one: then what cannot be asked is worth a word.
    pub(crate) is_named: bool,
    /// The user's configuration of git, without any repository's.
    pub(crate) listing: &'a Listing,
    /// What patron knows of the helpers from before `setup`.
    pub(crate) settings: &'a Settings,
    /// The checkouts that were named.
    pub(crate) checkouts: &'a [Checkout],
    /// The GitHub hosts that are known here.
    pub(crate) hosts: &'a [Host],
    /// The accounts, for their logins.
    pub(crate) accounts: &'a [Account],
}

/// A checkout, and how git is configured in it.
pub(crate) struct Checkout {
    /// Where it lies; none for the one around the working folder.
    folder: Option<PathBuf>,
    listing: Listing,
}

impl Checkout {
    /// Takes a checkout with its whole configuration, of which only its own part counts.
    pub(crate) fn new(folder: Option<PathBuf>, listing: &Listing) -> Self {
        Self { folder, listing: listing.of_levels(&[Level::Local, Level::Worktree]) }
    }

    /// Begins a command line for git there.
    fn git(&self) -> String {
        self.folder
            .as_deref()
            .map_or_else(|| "git".to_owned(), |folder| format!("git -C {}", path_word(folder)))
    }

    /// Names it.
    fn name(&self) -> String {
        self.folder.as_deref().map_or_else(|| "this checkout".to_owned(), short)
    }
}

/// What was found, and what else is worth a word.
#[derive(Default)]
pub(crate) struct Haul {
    /// The tokens, in the order of the places.
    pub(crate) tokens: Vec<FoundToken>,
    /// What could not be looked at, or is left alone.
    pub(crate) notes: Vec<String>,
}

impl Haul {
    /// Takes up the tokens of GitHub's in a value; says so where it is something else.
    fn add(&mut self, value: &Token, made: impl Fn(Token) -> FoundToken) {
        let found = github_tokens(value);
        if found.is_empty() && !value.is_empty() {
            let place = made(value.clone()).place;
            self.notes.push(format!("{place}: no token of GitHub's, so it stays there"));
        }
        self.tokens.extend(found.into_iter().map(made));
    }
}

/// Looks at all of the places.
pub(crate) fn look(sought: &Sought<'_>) -> Haul {
    let mut haul = Haul::default();
    for source in sought.sources {
        match source {
            ImportSource::Gh => gh::look(sought, &mut haul),
            ImportSource::Store
            | ImportSource::Cache
            | ImportSource::Libsecret
            | ImportSource::Osxkeychain
            | ImportSource::Gcm => helpers::look(sought, *source, &mut haul),
            ImportSource::Netrc => netrc::look(sought, &mut haul),
            ImportSource::Url => checkouts::look(sought, &mut haul),
            ImportSource::Insteadof => settings::rewrites(sought, &mut haul),
            ImportSource::Extraheader => settings::headers(sought, &mut haul),
            ImportSource::Nix => nix::look(&mut haul),
            ImportSource::Env => environment::look(&mut haul),
        }
    }
    // What a place is called comes from files that anybody may have written.
    for token in &mut haul.tokens {
        token.place = harmless(&token.place);
        token.cleaned_by = harmless(&token.cleaned_by);
    }
    haul.notes.iter_mut().for_each(|note| *note = harmless(note));
    haul
}

fn harmless(text: &str) -> String {
    sanitise(&redacted(text), LONGEST)
}

/// Finds the tokens of GitHub's in a value, however it is wrapped: as it is, in base64, beside a user name.
fn github_tokens(value: &Token) -> Vec<Token> {
    let line = Line { key: b"credential".to_vec(), value: value.clone() };
    let mut found: Vec<Token> = Vec::new();
    for secret in secrets(&[line]) {
        // What begins like a token may hold more than it: then what is cut out of it counts.
        let is_token = secret.kind().is_github() && secret.expose().iter().all(|byte| is_of_a_token(*byte));
        if is_token && !found.iter().any(|known| contains(known.expose(), secret.expose())) {
            found.push(secret);
        }
    }
    found
}

/// The longer installation tokens have dots and hyphens, too.
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
}

/// Writes a path as a word of a command line that is shown.
fn path_word(path: &Path) -> String {
    let shown = short(path);
    if is_plain(&shown) { shown } else { word(&path.display().to_string()) }
}

/// Writes a word of a command line that is shown: whoever copies it runs that command and nothing else.
fn word(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Tells whether a word means itself to every shell.
fn is_plain(text: &str) -> bool {
    let is_harmless = |b: u8| b.is_ascii_alphanumeric() || b"/._-+,:@~".contains(&b);
    !text.is_empty() && text.bytes().all(is_harmless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    /// A token of that prefix, built at run time: no file holds a token-shaped string.
    fn made(prefix: &str) -> String {
        format!("{prefix}{}", "aB3x".repeat(9))
    }

    fn found(value: &str) -> Vec<String> {
        let tokens = github_tokens(&Token::new(value.as_bytes().to_vec()));
        tokens.iter().map(|token| String::from_utf8_lossy(token.expose()).into_owned()).collect()
    }

    #[test]
    fn tokens_are_found_however_they_are_wrapped_and_each_once() {
        let (one, other) = (made("ghp_"), made("github_pat_"));
        assert_eq!(found(&one), [one.as_str()]);
        assert_eq!(found(&format!("token {one}")), [one.as_str()]);
        assert_eq!(found(&format!("Bearer {other}")), [other.as_str()]);
        let basic = STANDARD.encode(format!("x-access-token:{one}"));
        assert_eq!(found(&format!("basic {basic}")), [one.as_str()]);
        assert_eq!(found(&STANDARD.encode(format!("{one}:x-oauth-basic"))), [one.as_str()]);
        assert_eq!(found(&format!("{one} {other}")), [one.as_str(), other.as_str()]);
        for nothing in ["", "hunter2", "basic", "x-oauth-basic", "\u{fffd}\u{fffd}"] {
            assert_eq!(found(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn a_word_of_a_command_is_one_word_of_it() {
        for (text, shown) in [
            ("https://github.com/acme/x", "https://github.com/acme/x"),
            ("a b", "'a b'"),
            ("$(touch x)", "'$(touch x)'"),
            ("it's;", "'it'\\''s;'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), shown);
        }
    }

    #[test]
    fn a_stateless_installation_token_is_one_token() {
        let long = format!("{}.eyJ.x-y_z", made("ghs_"));
        assert_eq!(found(&long), [long.as_str()]);
    }
}
