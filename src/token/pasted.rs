//! What people paste where a token is asked for, and the one token in it.
//!
//! A token comes with quotes, in an `export` line, as a header, in a URL, with marks that nobody sees. The
//! shortest lengths are those of every token that GitHub has issued with a prefix (documented in "Behind
//! GitHub's new authentication token formats" for 40 characters; 93 for fine-grained ones was observed). They
//! serve to notice a token that was cut, and the person may always say that it is whole.

use super::Token;
use crate::hidden::is_hidden;
use std::fmt;
use zeroize::Zeroizing;

/// What a GitHub token begins with, and how many characters it has at least.
const TOKENS: [(&str, usize); 5] =
    [("github_pat_", 93), ("ghp_", 40), ("gho_", 40), ("ghu_", 40), ("ghs_", 40)];
/// What an installation token begins with; the longer ones have dots and hyphens, too.
const INSTALLATION: &str = "ghs_";
/// What a refresh token begins with: it opens nothing by itself.
const REFRESH: &str = "ghr_";
/// The digits of a personal access token from before 2021.
const OLD_TOKEN: usize = 40;
/// What stands before a secret in a header or a shell's line, in lower case.
const LEADS: [&str; 8] =
    ["export ", "set ", "authorization:", "bearer ", "token ", "password:", "token:", "$env:"];

/// What was pasted, where it is not exactly one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// Tokens that differ.
    Several,
    /// A token with too few characters.
    Cut {
        /// What it begins with.
        prefix: &'static str,
        /// How many characters it has.
        has: usize,
        /// How many it has at least.
        wants: usize,
    },
    /// The end of a token, without what it begins with.
    End,
    /// A token in which stars, dots or x stand for what is not shown.
    Masked,
    /// A refresh token.
    Refresh,
    /// A private key, of SSH or another kind.
    PrivateKey,
    /// A public SSH key.
    PublicKey,
    /// A header for HTTP's basic authentication.
    Basic,
    /// An address.
    Address,
    /// It has a character outside of ASCII, and no token has.
    NotAscii,
    /// Several words.
    Words,
    /// Anything else that begins like no token of GitHub's.
    Unknown,
}

impl Odd {
    /// Tells whether this can be no secret of any host, so that it need not be known which one is asked.
    pub(crate) fn is_no_secret(self) -> bool {
        match self {
            Self::Several
            | Self::Cut { .. }
            | Self::Masked
            | Self::Refresh
            | Self::PrivateKey
            | Self::PublicKey
            | Self::Address => true,
            Self::End | Self::Basic | Self::NotAscii | Self::Words | Self::Unknown => false,
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Several => f.write_str("there are several tokens in what was pasted"),
            Self::Cut { prefix, has, wants } => write!(
                f,
                "that looks like a part of a token: {prefix}... has {has} characters instead of {wants}"
            ),
            Self::End => {
                f.write_str("that looks like the end of a token; it does not begin with github_pat_")
            }
            Self::Masked => f.write_str("that looks like a token with its characters hidden"),
            Self::Refresh => {
                f.write_str("that looks like a refresh token (ghr_), which opens nothing by itself")
            }
            Self::PrivateKey => f.write_str("that looks like a private key, not like a token"),
            Self::PublicKey => f.write_str("that looks like a public SSH key, not like a token"),
            Self::Basic => f.write_str("that looks like an Authorization header with user name and password"),
            Self::Address => f.write_str("that looks like a web address, not like a token"),
            Self::NotAscii => f.write_str("that has a character that no GitHub token has (not ASCII)"),
            Self::Words => f.write_str("that looks like several words, not like a token"),
            Self::Unknown => {
                f.write_str("that does not look like a GitHub token (they begin with github_pat_ or ghp_)")
            }
        }
    }
}

/// Finds the one GitHub token in what was pasted, or says what that looks like instead.
pub(crate) fn read(pasted: &Token) -> Result<Token, Odd> {
    let text = visible(pasted.expose());
    let mut found: Vec<&str> = Vec::new();
    for token in tokens(&text) {
        if !found.contains(&token) {
            found.push(token);
        }
    }
    match found.as_slice() {
        [] => old_token(&text).map_or_else(|| Err(look(&text)), |token| Ok(made(token))),
        [one] => match cut(one) {
            None => Ok(made(one)),
            // A terminal or a mail program wrapped it.
            Some(odd) => joined(&text).ok_or(if is_masked(&text) { Odd::Masked } else { odd }),
        },
        _ => Err(Odd::Several),
    }
}

fn made(text: &str) -> Token {
    Token::new(text.as_bytes().to_vec())
}

/// Decodes UTF-16, and drops what shows nothing: byte order marks, zero-width characters, soft hyphens. Blanks
/// of every kind become plain ones.
fn visible(bytes: &[u8]) -> Zeroizing<String> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        Zeroizing::new(
            char::decode_utf16(units).map(|letter| letter.unwrap_or('\u{fffd}')).collect::<String>(),
        )
    };
    let text = match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        // No text holds a NUL: this is the first letter of one without a mark.
        [_, 0, ..] => wide(u16::from_le_bytes),
        _ => Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
    };
    let shown = text.chars().filter(|letter| !is_hidden(*letter) && *letter != '\0');
    Zeroizing::new(shown.map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect())
}

/// Gives everything in a text that begins like a token, up to its end.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((at, prefix)) =
        TOKENS.iter().filter_map(|(prefix, _)| rest.find(prefix).map(|at| (at, *prefix))).min()
    {
        let body = &rest[at + prefix.len()..];
        let is_long = prefix == INSTALLATION;
        let fits = |letter: char| {
            letter.is_ascii_alphanumeric() || letter == '_' || (is_long && matches!(letter, '.' | '-'))
        };
        let mut end = body.find(|letter| !fits(letter)).unwrap_or(body.len());
        // Pasted twice.
        end = body[..end].find(prefix).unwrap_or(end);
        let token = rest[at..at + prefix.len() + end].trim_end_matches(['.', '-']);
        found.push(token);
        rest = &body[end..];
    }
    found
}

/// Says that a token has too few characters, if it has.
fn cut(token: &str) -> Option<Odd> {
    let (prefix, wants) = TOKENS.into_iter().find(|(prefix, _)| token.starts_with(prefix))?;
    (token.len() < wants).then_some(Odd::Cut { prefix, has: token.len(), wants })
}

/// Joins a token that was wrapped; nothing else may stand in the text.
fn joined(text: &str) -> Option<Token> {
    let joined: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
    let found = tokens(&joined);
    let [one] = found.as_slice() else { return None };
    let is_all = one.len() == joined.len();
    (is_all && cut(one).is_none()).then(|| made(one))
}

/// Gives the forty digits of a token from before 2021: a commit's name looks the same, so nothing else may be there
/// but quotes and what leads to a value.
fn old_token(text: &str) -> Option<&str> {
    let bare = bare(text);
    (bare.len() == OLD_TOKEN && bare.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(bare)
}

/// Takes quotes off, and the words that lead to a value: `export NAME=`, `Authorization: Bearer`.
fn bare(text: &str) -> &str {
    let is_quote = |letter: char| matches!(letter, '"' | '\'' | '`' | ' ' | ';' | ',' | '<' | '>');
    let mut bare = text.trim_matches(is_quote);
    loop {
        let lead = LEADS.iter().find(|lead| {
            bare.get(..lead.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(lead))
        });
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let value = bare.split_once('=').filter(|(name, _)| is_name(name.trim())).map(|(_, value)| value);
        let next = match (lead, value) {
            (Some(lead), _) => &bare[lead.len()..],
            (None, Some(value)) => value,
            (None, None) => return bare,
        };
        bare = next.trim_matches(is_quote);
    }
}

/// Says what a text without a token looks like.
fn look(text: &str) -> Odd {
    let bare = bare(text);
    let lower = Zeroizing::new(bare.to_ascii_lowercase());
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| lower.starts_with(beginning));
    let is_base62 = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if bare.contains("PRIVATE KEY-----") {
        Odd::PrivateKey
    } else if begins(&["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]) {
        Odd::PublicKey
    } else if bare.contains(REFRESH) {
        Odd::Refresh
    } else if begins(&["basic "]) {
        Odd::Basic
    } else if begins(&["https://", "http://", "git@", "www."]) {
        Odd::Address
    } else if is_masked(bare) {
        Odd::Masked
    } else if !bare.is_ascii() {
        Odd::NotAscii
    } else if bare.contains(' ') {
        Odd::Words
    } else if bare.rsplit_once('_').is_some_and(|(first, last)| {
        last.len() == 59 && !first.is_empty() && is_base62(last) && is_base62(first.trim_start_matches('_'))
    }) {
        Odd::End
    } else {
        Odd::Unknown
    }
}

/// Tells whether stars, bullets or dots stand for characters.
fn is_masked(text: &str) -> bool {
    ["***", "\u{2022}\u{2022}", "\u{25cf}\u{25cf}", "\u{2026}", "...", "xxxxxx", "XXXXXX"]
        .iter()
        .any(|mask| text.contains(mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Built at run time: no file holds a token-shaped string.
    fn token(prefix: &str) -> String {
        let (_, len) = TOKENS.into_iter().find(|(known, _)| *known == prefix).expect("a known prefix");
        let body: String = "0aB9zY7".chars().cycle().take(len - prefix.len()).collect();
        format!("{prefix}{body}")
    }

    fn of(text: impl AsRef<[u8]>) -> Result<String, Odd> {
        read(&Token::new(text.as_ref().to_vec()))
            .map(|token| String::from_utf8(token.expose().to_vec()).expect("tokens are ASCII"))
    }

    #[test]
    fn the_one_token_in_what_was_pasted_is_taken() {
        for prefix in TOKENS.map(|(prefix, _)| prefix) {
            let token = token(prefix);
            let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
            for pasted in [
                token.clone(),
                format!("  {token}\t"),
                format!("\"{token}\""),
                format!("'{token}';"),
                format!("`{token}`"),
                format!("\u{201c}{token}\u{201d}"),
                format!("export GH_TOKEN={token}"),
                format!("export GITHUB_TOKEN=\"{token}\"\n"),
                format!("$env:GH_TOKEN = '{token}'"),
                format!("Bearer {token}"),
                format!("Authorization: token {token}"),
                format!("mona:{token}"),
                format!("{token}:x-oauth-basic"),
                format!("https://mona:{token}@github.com/acme/x.git"),
                format!("https://{token}@github.com"),
                format!("{{\"token\":\"{token}\"}}"),
                format!("\u{feff}{token}\r\n"),
                format!("\u{200b}{token}\u{200d}"),
                format!("\u{a0}{token}\u{a0}"),
                format!("{}\u{200b}{}", &token[..20], &token[20..]),
                format!("{token}{token}"),
                format!("{token}\n{token}\n"),
                format!("{}\n{}", &token[..30], &token[30..]),
                format!("the token is {token}."),
            ] {
                assert_eq!(of(&pasted), Ok(token.clone()), "{}", pasted.replace(&token, "TOKEN"));
            }
            assert_eq!(of(wide(&format!("\u{feff}{token}\r\n"))), Ok(token.clone()));
            assert_eq!(of(wide(&token)), Ok(token.clone()));
        }
    }

    #[test]
    fn a_fine_grained_token_that_holds_another_prefix_by_chance_is_one_token() {
        let token = format!("github_pat_{}ghp_{}", "1A".repeat(9) + "x", "b".repeat(59));
        assert_eq!(token.len(), 93);
        assert_eq!(of(&token), Ok(token));
    }

    #[test]
    fn forty_digits_are_a_token_only_by_themselves() {
        let old = "0a1b2c3d4e".repeat(4);
        for pasted in
            [old.clone(), format!("'{old}'"), format!("export GH_TOKEN={old}"), format!("token {old}")]
        {
            assert_eq!(of(&pasted), Ok(old.clone()), "{pasted}");
        }
        for pasted in [
            format!("https://github.com/acme/x/commit/{old}"),
            format!("commit {old}"),
            format!("the commit = {old}"),
            format!("={old}"),
            format!("{old}0"),
        ] {
            assert!(of(&pasted).is_err(), "{pasted}");
        }
    }

    #[test]
    fn a_long_installation_token_is_taken_whole() {
        let token = format!("ghs_12345_{}.{}-{}", "a".repeat(80), "b".repeat(150), "c".repeat(60));
        assert_eq!(of(format!("\"{token}\",")), Ok(token.clone()));
        assert_eq!(of(format!("{token}.")), Ok(token));
    }

    #[test]
    fn what_is_no_token_is_told_by_what_it_looks_like() {
        let fine_grained = token("github_pat_");
        let classic = token("ghp_");
        for (pasted, odd) in [
            (format!("{fine_grained} {classic}"), Odd::Several),
            (fine_grained[..50].to_owned(), Odd::Cut { prefix: "github_pat_", has: 50, wants: 93 }),
            (fine_grained[..92].to_owned(), Odd::Cut { prefix: "github_pat_", has: 92, wants: 93 }),
            (format!("'{}'", &classic[..20]), Odd::Cut { prefix: "ghp_", has: 20, wants: 40 }),
            (
                format!("{}\n{}", &classic[..20], &classic[20..39]),
                Odd::Cut { prefix: "ghp_", has: 20, wants: 40 },
            ),
            (
                format!("mine is {}\n{}", &classic[..20], &classic[20..]),
                Odd::Cut { prefix: "ghp_", has: 20, wants: 40 },
            ),
            (format!("0aB9zY7_{}", "c".repeat(59)), Odd::End),
            (format!("_0aB9zY7_{}", "c".repeat(59)), Odd::End),
            (format!("0aB9zY7_{}", "c".repeat(58)), Odd::Unknown),
            (format!("_{}", "c".repeat(59)), Odd::Unknown),
            (format!("0aB9-zY7_{}", "c".repeat(59)), Odd::Unknown),
            (format!("0aB9zY7_{}-", "c".repeat(58)), Odd::Unknown),
            (format!("{}****", &classic[..8]), Odd::Masked),
            ("ghp_xxxxxxxxxxxx".to_owned(), Odd::Masked),
            ("\u{2022}".repeat(20), Odd::Masked),
            (format!("ghr_{}", "a".repeat(20)), Odd::Refresh),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn".to_owned(), Odd::PrivateKey),
            ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), Odd::PrivateKey),
            ("ssh-ed25519 AAAAC3 mona@home".to_owned(), Odd::PublicKey),
            ("ecdsa-sha2-nistp256 AAAA".to_owned(), Odd::PublicKey),
            ("Authorization: Basic bW9uYTp4".to_owned(), Odd::Basic),
            ("https://github.com/settings/tokens".to_owned(), Odd::Address),
            ("git@github.com:acme/x.git".to_owned(), Odd::Address),
            ("p\u{e4}ssword".to_owned(), Odd::NotAscii),
            ("correct horse".to_owned(), Odd::Words),
            ("hello".to_owned(), Odd::Unknown),
            ("0a1b2c3".to_owned(), Odd::Unknown),
        ] {
            assert_eq!(of(&pasted), Err(odd), "{pasted}");
        }
    }

    #[test]
    fn what_was_pasted_in_utf_16_is_read_as_the_text_it_is() {
        let text = "p\u{2022}\u{2022}\u{2022}";
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(order).collect() };
        for pasted in [
            [&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat(),
            [&[0xfe, 0xff][..], &wide(u16::to_be_bytes)].concat(),
            wide(u16::to_le_bytes),
        ] {
            assert_eq!(of(&pasted), Err(Odd::Masked), "{pasted:?}");
        }
    }

    #[test]
    fn what_may_be_another_hosts_password_is_told_from_what_is_none() {
        use Odd::{
            Address, Basic, Cut, End, Masked, NotAscii, PrivateKey, PublicKey, Refresh, Several, Unknown,
            Words,
        };
        let cut = Cut { prefix: "ghp_", has: 20, wants: 40 };
        let none = [Several, cut, Masked, Refresh, PrivateKey, PublicKey, Address];
        let perhaps = [End, Basic, NotAscii, Words, Unknown];
        assert!(none.into_iter().all(Odd::is_no_secret));
        assert!(!perhaps.into_iter().any(Odd::is_no_secret));
        let said: std::collections::BTreeSet<String> =
            none.iter().chain(&perhaps).map(ToString::to_string).collect();
        assert_eq!(said.len(), none.len() + perhaps.len(), "each has words of its own: {said:?}");
        assert!(cut.to_string().contains("ghp_... has 20 characters instead of 40"), "{cut}");
    }

    #[test]
    fn what_is_said_of_it_shows_nothing_of_it() {
        let part = &token("github_pat_")[..50];
        let said = of(part).expect_err("it is cut").to_string();
        assert!(!said.contains(&part[11..16]), "{said}");
    }
}
