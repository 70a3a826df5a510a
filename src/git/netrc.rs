//! `~/.netrc`, which git's HTTP library reads before any helper is asked.
//!
//! Source: curl(1) and ftp(1): words `machine NAME login USER password SECRET`, `default`, `macdef` up to a
//! blank line. That git lets it be read is in its `http.c` (`CURLOPT_NETRC`, optional).

use crate::files::{self, Care};
use crate::token::Token;
use std::path::{Path, PathBuf};

/// An entry that applies to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetrcEntry {
    /// The file.
    pub file: PathBuf,
    /// The line on which the entry begins.
    pub line: usize,
    /// Whether it is the one for all hosts that have none.
    pub is_default: bool,
    /// Its password, if it has one.
    pub secret: Option<Token>,
}

/// Finds the entry of the user's file that applies to a host; the port plays no part.
pub(crate) fn netrc_entry(home: &Path, host: &str) -> Option<NetrcEntry> {
    let names: &[&str] = if cfg!(windows) { &["_netrc", ".netrc"] } else { &[".netrc"] };
    names.iter().map(|name| home.join(name)).find_map(|file| {
        let bytes = files::read(&file, Care::Foreign).ok().flatten()?;
        let host = host.split(':').next().unwrap_or(host);
        let (line, is_default, secret) = entry_in(&String::from_utf8_lossy(&bytes), host)?;
        Some(NetrcEntry { file, line, is_default, secret })
    })
}

fn entry_in(text: &str, host: &str) -> Option<(usize, bool, Option<Token>)> {
    let mut inside_macro = false;
    let words = text.lines().enumerate().flat_map(|(index, line)| {
        let comment = line.trim_start().starts_with('#');
        inside_macro = match line.split_whitespace().next() {
            Some("macdef") => true,
            None => false,
            Some(_) => inside_macro,
        };
        let words = if comment || inside_macro { "" } else { line };
        words.split_whitespace().map(move |word| (index + 1, word)).collect::<Vec<_>>()
    });
    let mut words = words.collect::<Vec<_>>().into_iter().peekable();
    while let Some((line, word)) = words.next() {
        let is_default = word == "default";
        let names_it = match word {
            "machine" => words.next().is_some_and(|(_, name)| name.eq_ignore_ascii_case(host)),
            _ => is_default,
        };
        let mut secret = None;
        // The values are taken whatever they are: one may be the word "machine".
        while let Some((_, word)) = words.next_if(|(_, word)| !matches!(*word, "machine" | "default")) {
            match word {
                "password" => secret = words.next().map(|(_, secret)| secret.trim_matches('"')),
                "login" | "account" => drop(words.next()),
                _ => {}
            }
        }
        if names_it {
            return Some((line, is_default, secret.map(|secret| Token::new(secret.as_bytes().to_vec()))));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_a_host_is_found_by_its_line() {
        let text = "# mine\nmachine example.com login a password machine\nmacdef init\nmachine github.com password no\n\n                    machine GitHub.com\n  login mona\n  password s3cret\nmachine other password x\ndefault login any password y\n";
        let secret = |text: &str| Some(Token::new(text.as_bytes().to_vec()));
        assert_eq!(entry_in(text, "github.com"), Some((6, false, secret("s3cret"))));
        assert_eq!(entry_in(text, "gitlab.com"), Some((10, true, secret("y"))));
        assert_eq!(entry_in(text, "example.com"), Some((2, false, secret("machine"))));
        assert_eq!(entry_in("machine x", "x"), Some((1, false, None)));
        assert_eq!(entry_in("", "x"), None);
    }
}
