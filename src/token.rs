//! A secret as a type, and what its first letters say about it.
//!
//! A [`Token`] has no `Display`, its `Debug` is redacted, its memory is wiped when it is dropped, and
//! [`Token::expose`] is the one door to the bytes: search for `expose(` to see every place a secret can
//! leave by. The prefixes are GitHub's (documented in "About authentication to GitHub", *GitHub's token
//! formats*); length and checksum are never judged, since GitHub changes them.

pub(crate) mod pasted;
pub(crate) mod piped;

use std::fmt;
use zeroize::Zeroizing;

/// How many seconds GitHub may take to know everywhere an installation token that it has minted (octokit waits as
/// long): its 401 says nothing until then.
pub(crate) const SETTLES: i64 = 5;

/// A secret: a token, a password, or a refresh token. Bytes, since git does not promise UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Zeroizing<Vec<u8>>);

impl Token {
    /// Takes the bytes over; they are wiped when the last clone is dropped.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Hands out the secret itself. Each call of this function is a place where it can leave.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether there is nothing in it (an empty password is a password to git).
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what kind of credential this is, by its prefix alone.
    pub(crate) fn kind(&self) -> TokenKind {
        let starts = |prefix: &str| self.0.starts_with(prefix.as_bytes());
        if starts("github_pat_") {
            TokenKind::FineGrained
        } else if starts("ghp_") || (self.0.len() == 40 && self.0.iter().all(u8::is_ascii_hexdigit)) {
            // Forty hexadecimal digits: personal access tokens made before 2021 still work.
            TokenKind::Classic
        } else if starts("gho_") {
            TokenKind::OAuth
        } else if starts("ghu_") {
            TokenKind::AppUser
        } else if starts("ghs_") {
            TokenKind::Installation
        } else {
            TokenKind::Unknown
        }
    }

    /// Tells whether the secret is one that nobody can guess: a token of GitHub's making, with a body that is long
    /// and varied. Of a password a hash would tell too much, however it is keyed.
    pub(crate) fn is_unguessable(&self) -> bool {
        /// GitHub's bodies have 36 characters and more.
        const LEAST: usize = 30;
        /// Thirty random letters and digits have twenty different ones on average.
        const LEAST_DIFFERENT: usize = 10;
        let body = match self.kind() {
            TokenKind::Unknown => return false,
            TokenKind::FineGrained => &self.0["github_pat_".len()..],
            TokenKind::Classic if !self.0.starts_with(b"ghp_") => &self.0[..],
            _ => &self.0["ghp_".len()..],
        };
        let different: std::collections::BTreeSet<&u8> = body.iter().collect();
        body.len() >= LEAST && different.len() >= LEAST_DIFFERENT
    }

    /// Says why these bytes cannot be kept or handed to git, if they cannot (rule P9: no control bytes).
    pub(crate) fn unusable(&self) -> Option<UnusableSecret> {
        if self.0.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(UnusableSecret::LineBreak)
        } else if self.0.iter().any(u8::is_ascii_control) {
            Some(UnusableSecret::ControlByte)
        } else if self.0.len() > MAX_LEN {
            Some(UnusableSecret::TooLong)
        } else {
            None
        }
    }
}

/// The longest secret that is kept, in bytes. `ghs_` tokens have about 520; git's own lines end at 65,535.
pub(crate) const MAX_LEN: usize = 32 * 1024;

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// Why a secret cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnusableSecret {
    /// It holds a line feed or a carriage return, which would end the line it is sent in.
    LineBreak,
    /// It holds another control byte.
    ControlByte,
    /// It is longer than [`MAX_LEN`].
    TooLong,
}

impl fmt::Display for UnusableSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LineBreak => "it contains a line break",
            Self::ControlByte => "it contains a control character",
            Self::TooLong => "it is longer than any token (more than 32 KiB)",
        })
    }
}

/// What kind of GitHub credential a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenKind {
    /// A fine-grained personal access token: one resource owner.
    FineGrained,
    /// A classic personal access token: everything its user may.
    Classic,
    /// An OAuth app's token (`gh auth login` makes these).
    #[serde(rename = "oauth")]
    OAuth,
    /// A GitHub App's token for a user.
    AppUser,
    /// A GitHub App's installation token.
    Installation,
    /// A GitHub App's key, with which installation tokens are minted. No token has this kind, accounts have.
    App,
    /// Anything else: a password, or a token of another forge.
    #[default]
    #[serde(other)]
    Unknown,
}

impl TokenKind {
    /// Names the kind as `list --json` does.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::FineGrained => "fine-grained",
            Self::Classic => "classic",
            Self::OAuth => "oauth",
            Self::AppUser => "app-user",
            Self::Installation => "installation",
            Self::App => "app",
            Self::Unknown => "unknown",
        }
    }

    /// Tells whether the secret is one of GitHub's by its prefix.
    pub(crate) fn is_github(self) -> bool {
        self != Self::Unknown
    }
}

/// Finds the tokens of GitHub's that stand in a text, between whatever no token holds.
pub(crate) fn github_tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    words.filter(|word| !word.is_empty() && Token::new(word.to_vec()).kind().is_github())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a secret of that prefix at run time: no file holds a token-shaped string.
    fn made(prefix: &str, len: usize) -> Token {
        Token::new([prefix.as_bytes(), &vec![b'a'; len]].concat())
    }

    #[test]
    fn the_prefix_tells_the_kind() {
        for (prefix, kind) in [
            ("github_pat_", TokenKind::FineGrained),
            ("ghp_", TokenKind::Classic),
            ("gho_", TokenKind::OAuth),
            ("ghu_", TokenKind::AppUser),
            ("ghs_", TokenKind::Installation),
            ("ghq_", TokenKind::Unknown),
        ] {
            assert_eq!(made(prefix, 36).kind(), kind, "{prefix}");
        }
        assert_eq!(made("", 40).kind(), TokenKind::Classic, "forty hexadecimal digits");
        assert_eq!(made("", 39).kind(), TokenKind::Unknown);
    }

    #[test]
    fn every_kind_is_named_as_it_is_written_and_all_but_one_are_githubs() {
        use TokenKind::{App, AppUser, Classic, FineGrained, Installation, OAuth, Unknown};
        for kind in [FineGrained, Classic, OAuth, AppUser, Installation, App, Unknown] {
            assert_eq!(serde_json::json!(kind), kind.id());
            assert_eq!(kind.is_github(), kind != Unknown, "{kind:?}");
        }
    }

    #[test]
    fn only_a_long_and_varied_body_is_unguessable() {
        let ten = "0123456789";
        let body = |prefix: &str, body: &str| Token::new([prefix, body].concat().into_bytes());
        for prefix in ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_"] {
            assert!(body(prefix, &ten.repeat(3)).is_unguessable(), "{prefix}");
            assert!(!body(prefix, &ten.repeat(3)[1..]).is_unguessable(), "{prefix}: 29 characters");
            assert!(!body(prefix, &ten[1..].repeat(4)).is_unguessable(), "{prefix}: nine different ones");
            assert!(!made(prefix, 60).is_unguessable(), "{prefix}: one letter over and over");
        }
        // Of forty digits all are the body, those at the beginning, too.
        assert!(body("0", &"123456789".repeat(5)[..39]).is_unguessable());
        assert!(!made("", 40).is_unguessable());
        assert!(!body("", &ten.repeat(9)).is_unguessable(), "a password is never");
    }

    #[test]
    fn the_tokens_in_a_text_are_found_between_what_no_token_holds() {
        let (one, other) = (made("ghp_", 36), made("github_pat_", 80));
        let text =
            [b"https://x:", one.expose(), b"@github.com/acme_x\n\"", other.expose(), b"\" ghp"].concat();
        let found: Vec<&[u8]> = github_tokens(&text).collect();
        assert_eq!(found, [one.expose(), other.expose()]);
        assert_eq!(github_tokens(b" no, none; ").count(), 0);
    }

    #[test]
    fn debug_never_shows_a_secret() {
        assert_eq!(format!("{:?}", made("ghp_", 36)), "Token(redacted)");
    }

    #[test]
    fn control_bytes_make_a_secret_unusable_and_odd_bytes_do_not() {
        assert_eq!(Token::new(b"a\nb".to_vec()).unusable(), Some(UnusableSecret::LineBreak));
        assert_eq!(Token::new(b"a\rb".to_vec()).unusable(), Some(UnusableSecret::LineBreak));
        assert_eq!(Token::new(b"a\0b".to_vec()).unusable(), Some(UnusableSecret::ControlByte));
        assert_eq!(made("", 32 * 1024 + 1).unusable(), Some(UnusableSecret::TooLong));
        assert_eq!(made("", 32 * 1024).unusable(), None);
        assert_eq!(Token::new(b"p\xff- \xc3\xa4".to_vec()).unusable(), None);
        assert_eq!(Token::new(Vec::new()).unusable(), None, "an empty password is a password");
        assert!(Token::new(Vec::new()).is_empty() && !made("", 1).is_empty());
    }

    #[test]
    fn why_a_secret_is_unusable_is_said() {
        for (why, part) in [
            (UnusableSecret::LineBreak, "a line break"),
            (UnusableSecret::ControlByte, "a control character"),
            (UnusableSecret::TooLong, "longer than any token"),
        ] {
            assert!(why.to_string().contains(part), "{why}");
        }
    }
}
