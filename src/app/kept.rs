//! What is kept of the tokens an App was given, as one line of text that any vault takes.
//!
//! One vault item holds all tokens of an account, so that they come and go together: each is
//! `PURPOSE,EXPIRES,MINTED,TOKEN`, with a blank between two. None of the four can hold a comma or a blank: times
//! are numbers, purposes and GitHub's tokens have letters, digits, `.`, `_`, `-` and `/`.

use std::fmt;
use zeroize::Zeroizing;

/// A token that an App was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MintedToken {
    /// What it is for: `contents/REPO`, or a word.
    pub purpose: String,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
    /// When it was minted.
    pub minted: i64,
    /// The token.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MintedToken({}, {})", self.purpose, self.expires)
    }
}

/// Reads the tokens; what is none is left out.
pub(crate) fn read(text: &str) -> Vec<MintedToken> {
    text.split(' ').filter_map(one).collect()
}

fn one(text: &str) -> Option<MintedToken> {
    let mut parts = text.split(',');
    let (purpose, expires, minted, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(MintedToken {
        purpose: purpose.to_owned(),
        expires: expires.parse().ok()?,
        minted: minted.parse().ok()?,
        secret: Zeroizing::new(secret.to_owned()),
    })
}

/// Writes the tokens with one more in place of those for the same purpose: newest first, without those that have
/// ended, and of the others as many as fit into `most` bytes.
pub(crate) fn with(tokens: Vec<MintedToken>, new: MintedToken, now: i64, most: usize) -> Zeroizing<String> {
    let others = tokens.into_iter().filter(|it| it.purpose != new.purpose && it.expires > now);
    all(std::iter::once(new.clone()).chain(others), most)
}

/// Writes the tokens, as many as fit into `most` bytes; the first always does.
pub(crate) fn all(tokens: impl IntoIterator<Item = MintedToken>, most: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(most));
    for token in tokens {
        let MintedToken { purpose, expires, minted, secret } = &token;
        let line = Zeroizing::new(format!("{purpose},{expires},{minted},{}", secret.as_str()));
        if !text.is_empty() && text.len() + 1 + line.len() > most {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(purpose: &str, expires: i64, length: usize) -> MintedToken {
        MintedToken {
            purpose: purpose.to_owned(),
            expires,
            minted: expires - 3600,
            secret: Zeroizing::new("a._-".repeat(length / 4)),
        }
    }

    #[test]
    fn what_was_written_is_read_and_the_ended_and_replaced_are_gone() {
        let first = with(Vec::new(), token("contents/a", 100, 520), 50, 2500);
        let second = with(read(&first), token("contents/b", 200, 520), 50, 2500);
        assert_eq!(read(&second), [token("contents/b", 200, 520), token("contents/a", 100, 520)]);
        let third = with(read(&second), token("contents/b", 300, 40), 150, 2500);
        assert_eq!(read(&third), [token("contents/b", 300, 40)]);
        assert_eq!(read(""), []);
        assert_eq!(read("nonsense a,b,c,d"), []);
    }

    #[test]
    fn no_more_are_kept_than_fit_and_the_newest_always_is() {
        let mut text = Zeroizing::new(String::new());
        for number in 0..9 {
            text = with(read(&text), token(&format!("contents/{number}"), 100 + number, 520), 50, 2500);
            assert!(text.len() <= 2500);
        }
        let kept: Vec<String> = read(&text).into_iter().map(|it| it.purpose).collect();
        assert_eq!(kept, ["contents/8", "contents/7", "contents/6", "contents/5"]);
        assert_eq!(read(&with(Vec::new(), token("a", 100, 4000), 50, 2500)).len(), 1);
    }
}
