//! What looks like a secret in a text, and the text without it.
//!
//! The one answer to "may this be shown?": whatever is echoed (an argument, a helper's line, an address, the name
//! of an owner or a repository) goes through here before a person, a log or a file of ours sees it. It errs on
//! the side of hiding. Prefixes are those that the forges document.

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "(hidden)";

/// Prefixes of tokens: GitHub's, and those of the forges and registries that stand beside them in the same files.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glptt-",
    "glrt-",
    "gloas-",
    "hf_",
    "ATBB",
    "ATCTT",
    "ATATT",
    "npm_",
    "pypi-",
    "dckr_pat_",
];
/// The letters a token has at least after its prefix. Real ones have 20 and more.
const TOKEN_LETTERS: usize = 10;
/// The letters of a run that is taken for a token of an unknown kind if it is mixed like one.
const MIXED_LETTERS: usize = 32;
/// Options whose value is a secret, however it is spelt: without dashes, lower case.
const SECRET_OPTIONS: &[&str] = &[
    "token",
    "password",
    "passwd",
    "pass",
    "secret",
    "key",
    "apikey",
    "api-key",
    "access-token",
    "auth",
    "pat",
    "p",
    "t",
    "k",
    "credential",
    "passphrase",
    "bearer",
];
/// What is written before a secret, in assignments and headers.
const ASSIGNED: &[&str] =
    &["password=", "passwd=", "credential=", "token=", "secret=", "key=", "bearer ", "basic "];

/// Gives a sentence or a page of ours without the tokens in it and without the passwords of its URLs.
pub(crate) fn redacted(text: &str) -> String {
    hide(text, false)
}

/// Gives what somebody typed fit to be repeated: besides what [`redacted`] hides, `user:secret@host`, forty
/// hexadecimal digits, and whatever is mixed like a token.
pub(crate) fn argument(text: &str) -> String {
    hide(text, true)
}

/// Tells whether a line of configuration seems to hold a secret: what [`argument`] hides, a password written out,
/// or the value of an option that takes one.
pub(crate) fn holds_secret(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    argument(&text) != text || is_written_out(&text) || has_secret_option(&text)
}

fn hide(text: &str, strictly: bool) -> String {
    let mut spans = userinfo(text, strictly);
    for (start, run) in runs(text) {
        let hidden = match token_start(run) {
            Some(at) => Some(start + at),
            None => (strictly && (is_hex_token(run) || is_mixed(run))).then_some(start),
        };
        spans.extend(hidden.map(|from| (from, start + run.len())));
    }
    if spans.is_empty() {
        return text.to_owned();
    }
    spans.sort_unstable();
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for (from, to) in spans {
        if from >= at {
            shown.push_str(&text[at..from]);
            shown.push_str(HIDDEN);
        }
        at = at.max(to);
    }
    shown.push_str(&text[at..]);
    shown
}

/// Cuts a text into runs of the letters that tokens are made of, each with its place.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_letter)?;
        let end = text[start..].find(|c| !is_letter(c)).map_or(text.len(), |end| start + end);
        rest = end;
        Some((start, &text[start..end]))
    })
}

/// Finds where a known token begins in a run of letters.
fn token_start(run: &str) -> Option<usize> {
    let found = PREFIXES.iter().flat_map(|prefix| {
        let long_enough = |(at, _): &(usize, &str)| run.len() - at - prefix.len() >= TOKEN_LETTERS;
        run.match_indices(prefix).filter(long_enough).map(|(at, _)| at)
    });
    found.min()
}

/// Forty hexadecimal digits: personal access tokens made before 2021.
fn is_hex_token(run: &str) -> bool {
    run.len() == 40 && run.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Tells whether a run is long and mixed as random text is, and names hardly are.
fn is_mixed(run: &str) -> bool {
    let count = |fits: fn(&u8) -> bool| run.as_bytes().iter().filter(|byte| fits(byte)).count();
    run.len() >= MIXED_LETTERS
        && count(u8::is_ascii_digit) >= 4
        && count(u8::is_ascii_uppercase) >= 4
        && count(u8::is_ascii_lowercase) >= 4
}

/// Finds the secrets of `scheme://user:secret@host`, and strictly also those of `user:secret@host`.
fn userinfo(text: &str, strictly: bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`' | '<' | '(' | '=' | '@');
        let start = text[..at]
            .rfind(is_end)
            .map_or(0, |end| end + text[end..].chars().next().map_or(1, char::len_utf8));
        let Some(colon) = text[start..at].find(':').map(|colon| start + colon) else { continue };
        let in_url = text[..start].ends_with("://");
        let secret = &text[colon + 1..at];
        let before_host =
            text[at + 1..].split(['/', ':', ' ', '"']).next().is_some_and(|host| host.contains('.'));
        // `ghe.example.com:8443@mona` names a login on a host with a port.
        let is_port = !before_host && secret.len() <= 5 && secret.bytes().all(|byte| byte.is_ascii_digit());
        if !secret.is_empty() && (in_url || (strictly && !is_port)) {
            found.push((colon + 1, at));
        }
    }
    found
}

fn is_written_out(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ASSIGNED
        .iter()
        .flat_map(|key| lower.match_indices(key))
        .any(|(at, key)| is_value(&lower[at + key.len()..]))
}

/// Tells whether an option that takes a secret is followed by one: `--token X`, `--token=X`, `-p X`, `-u a:X`.
fn has_secret_option(text: &str) -> bool {
    let mut words = text.split([' ', '\t', ';']).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix('-') else { continue };
        let option = option.trim_start_matches('-').to_ascii_lowercase();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (&option[..], words.peek().copied()),
        };
        let Some(value) = value.filter(|value| is_value(value)) else { continue };
        if SECRET_OPTIONS.contains(&name) || (matches!(name, "u" | "user") && value.contains(':')) {
            return true;
        }
    }
    false
}

/// Tells a value from what a shell fills in (`$TOKEN`, `$(cmd)`, `%s`), from a path, and from another option.
fn is_value(text: &str) -> bool {
    text.trim_start_matches(['"', '\'', '\\']).starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(prefix: &str) -> String {
        format!("{prefix}{}", "a1".repeat(18))
    }

    #[test]
    fn a_secret_in_a_line_is_seen() {
        for line in [
            format!("!f() {{ echo password={}; }}; f", token("ghp_")),
            format!("!echo {}", token("github_pat_")),
            format!("!printf 'x%s' {}", token("gho_")),
            format!("store --x {}", token("glpat-")),
            format!("!echo {}", "0a1b2c3d".repeat(5)),
            format!("!echo {}", "aB3dE6".repeat(6)),
            "!f() { echo \"password=hunter2\"; }; f".to_owned(),
            "!f() { echo password=\\\"hunter2; }; f".to_owned(),
            "!curl -H 'Authorization: Basic bW9uYQ=='".to_owned(),
            "url = https://mona:hunter2@github.com/acme".to_owned(),
            "foo --token X".to_owned(),
            "foo --token=X".to_owned(),
            "foo -p X".to_owned(),
            "!foo --key X".to_owned(),
            "!curl -u mona:X https://h".to_owned(),
            "/opt/foo --api-key \"X\"".to_owned(),
        ] {
            assert!(holds_secret(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_line_without_a_secret_is_left() {
        for line in [
            "osxkeychain",
            "/usr/share/my\\ tools/git-credential-x --file ~/.ghp_file",
            "!f() { echo username=x; echo \"password=$TOKEN\"; }; f",
            "!f() { printf 'password=%s\\n' \"$(pass show gh)\"; }; f",
            "!gh auth git-credential",
            "store --file=https://mona@github.com",
            "cache --timeout 3600",
            "foo --token-file ~/.token",
            "foo --key $KEY",
            "!f() { test -x /p && exec /p \"$@\"; case $o in *password=*) ;; esac; }; f",
        ] {
            assert!(!holds_secret(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn what_was_typed_is_repeated_without_its_secret() {
        let secret = token("ghp_");
        for (typed, shown) in [
            ("mona:hunter2@github.com".to_owned(), "mona:(hidden)@github.com"),
            ("mona:1234@github.com".to_owned(), "mona:(hidden)@github.com"),
            (format!("acme/{secret}"), "acme/(hidden)"),
            (format!("x{secret}.git"), "x(hidden).git"),
            ("https://u:p@w@h/x".to_owned(), "https://u:(hidden)@w@h/x"),
            ("acme/secret".to_owned(), "acme/secret"),
            ("git@github.com:acme/secret.git".to_owned(), "git@github.com:acme/secret.git"),
            ("ghe.example.com:8443@mona".to_owned(), "ghe.example.com:8443@mona"),
            ("acme@mona".to_owned(), "acme@mona"),
        ] {
            assert_eq!(argument(&typed), shown, "{typed}");
        }
        assert_eq!(
            redacted(&format!("no {secret} here, but {}", "0a".repeat(20))),
            format!("no (hidden) here, but {}", "0a".repeat(20))
        );
        assert_eq!(redacted("see https://mona:hunter2@h/x"), "see https://mona:(hidden)@h/x");
        assert_eq!(redacted("fix: remove host.example:x@mona"), "fix: remove host.example:x@mona");
    }
}
