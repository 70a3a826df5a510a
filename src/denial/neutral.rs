//! A transcript without names, tokens and hosts, so that it can be shown to strangers.

use super::normal::{Speaker, Spoken, said_lines};
use crate::forge::Forge;

/// The most lines that are given.
const LINES: usize = 40;
/// Hosts whose pages say what was meant, and nothing of the user.
const DOCUMENTS: [&str; 3] = ["docs.github.com", "support.github.com", "docs.gitlab.com"];

/// Gives what git, servers and clients said, with every name, token and host replaced by a neutral one.
pub(crate) fn neutral(input: &[u8]) -> String {
    let said = said_lines(input);
    let skipped = said.len().saturating_sub(LINES);
    let lines = said.iter().skip(skipped).map(|Spoken { speaker, text, .. }| match speaker {
        Speaker::Remote => format!("remote: {}", without_names(text)),
        _ => without_names(text),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Replaces what is quoted, of several words too: it is a name.
fn without_quotes(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['\'', '`', '"', '‘', '“']) {
        let open = rest[start..].chars().next().map_or(1, char::len_utf8);
        let (before, inner) = (&rest[..start + open], &rest[start + open..]);
        // An apostrophe stands within a word.
        let is_open = !rest[..start].ends_with(|c: char| c.is_alphanumeric());
        let end = inner.find(['\'', '`', '"', '’', '”']).filter(|end| is_open && *end <= 120);
        out.push_str(before);
        match end {
            Some(end) if !inner[..end].contains("://") => {
                out.push_str("acme");
                rest = &inner[end..];
                let close = rest.chars().next().map_or(1, char::len_utf8);
                out.push_str(&rest[..close]);
                rest = &rest[close..];
            }
            Some(end) => {
                out.push_str(&inner[..end]);
                let close = inner[end..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&inner[end..end + close]);
                rest = &inner[end + close..];
            }
            None => rest = inner,
        }
    }
    out.push_str(rest);
    out
}

/// Replaces every word that may be somebody's name, place or secret.
fn without_names(line: &str) -> String {
    let line = without_quotes(line);
    let mut out = String::new();
    let mut before = String::new();
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let blank = &word[bare.len()..];
        let neutral = if before.ends_with("denied to") || before.ends_with("Username for") {
            keep_end(bare, "mona")
        } else {
            neutral_word(bare)
        };
        out.push_str(&neutral);
        out.push_str(blank);
        before = format!("{} {bare}", before.rsplit(' ').next().unwrap_or_default());
    }
    out
}

fn neutral_word(word: &str) -> String {
    let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
    let Some(at) = word.find(inner).filter(|_| !inner.is_empty()) else { return word.to_owned() };
    let (open, close) = (&word[..at], &word[at + inner.len()..]);
    let neutral = if let Some((scheme, rest)) = inner.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        let path = rest.get(host.len()..).unwrap_or_default();
        let bare = host.rsplit('@').next().unwrap_or(host);
        if DOCUMENTS.contains(&bare) {
            inner.to_owned()
        } else {
            let host = if Forge::by_host(bare).is_some() { bare } else { "git.example.com" };
            let path = if path.trim_matches('/').is_empty() { path } else { "/acme/secret" };
            format!("{scheme}://{host}{path}")
        }
    } else if inner.contains('@') {
        "mona@git.example.com".to_owned()
    } else if inner.contains('/') && !inner.contains(char::is_whitespace) {
        "acme/secret".to_owned()
    } else if is_address(inner) {
        "192.0.2.1".to_owned()
    } else if is_host(inner) {
        "git.example.com".to_owned()
    } else if is_quote(open) && is_quote(close) {
        "acme".to_owned()
    } else if inner.len() >= 20 && inner.chars().any(|c| c.is_ascii_digit()) {
        "***".to_owned()
    } else {
        inner.to_owned()
    };
    format!("{open}{neutral}{close}")
}

/// Keeps the punctuation behind a name.
fn keep_end(word: &str, name: &str) -> String {
    let end = word.len() - word.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
    format!("{name}{}", &word[word.len() - end..])
}

fn is_quote(text: &str) -> bool {
    text.contains(['\'', '"', '`', '‘', '’', '“', '”'])
}

fn is_address(word: &str) -> bool {
    word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok())
}

fn is_host(word: &str) -> bool {
    let name = word.split(':').next().unwrap_or_default();
    let end = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && Forge::by_host(word).is_none()
        && (2..=24).contains(&end.len())
        && end.bytes().all(|byte| byte.is_ascii_lowercase())
        && name.split('.').all(|label| !label.is_empty() && !label.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_host_or_token_is_left() {
        let token = ["ghp", "0123456789abcdefghijklmnopqrstuvwxyz"].join("_");
        let text = format!(
            "remote: Permission to Contoso/payroll.git denied to jdoe-42.\n\
             remote: The 'Contoso Ltd' organization has enabled SAML SSO, see https://github.com/orgs/contoso/sso?authorization_request=AbC\n\
             remote: {token} from 203.0.113.7 at build7.corp.contoso.com by jdoe@contoso.com\n\
             fatal: unable to access 'https://jdoe:pw@git.contoso.com/Contoso/payroll.git/': The requested URL returned error: 403\n"
        );
        let shown = neutral(text.as_bytes()).to_lowercase();
        for name in ["contoso", "payroll", "jdoe", "203.0", "abc", "pw@", "0123"] {
            assert!(!shown.contains(name), "{name}: {shown}");
        }
        assert!(shown.contains("permission to acme/secret denied to mona."), "{shown}");
        assert!(shown.contains("the requested url returned error: 403"), "{shown}");
    }
}
