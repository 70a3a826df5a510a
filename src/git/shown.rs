//! How foreign configuration is shown: without control characters, and without a secret that stands in it.
//!
//! People write helpers that hold a token (`!f() { echo password=...; }; f`). Such a line is neither shown nor
//! copied into a file of ours, which is made to be shared. The test errs on the side of hiding.

/// What is shown instead of a line with a secret.
const HIDDEN: &str = "(a line with a secret in it, not shown)";
/// More of a line helps nobody.
const LONGEST: usize = 300;
/// Token prefixes: GitHub's documented ones, and GitLab's, which stand beside them in the same files.
const PREFIXES: [&str; 7] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"];
/// The letters a token has at least after its prefix. Real ones have 36 and more.
const TOKEN_LETTERS: usize = 10;

/// Makes one line of foreign configuration fit for a message.
pub fn shown(line: &[u8]) -> String {
    let whole = shown_whole(line);
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &whole[..end]),
        None => whole,
    }
}

/// Makes one line of foreign configuration fit for a terminal, however long it is.
pub fn shown_whole(line: &[u8]) -> String {
    if holds_secret(line) {
        return HIDDEN.to_owned();
    }
    let text = String::from_utf8_lossy(line);
    text.chars().map(|c| if c.is_control() && c != '\t' { '?' } else { c }).collect()
}

/// Tells whether a line seems to hold a secret: a token by its prefix, forty hexadecimal digits, a password
/// written out, or one in a URL.
pub fn holds_secret(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let token = PREFIXES.iter().flat_map(|prefix| text.match_indices(prefix)).any(|(at, prefix)| {
        text[at + prefix.len()..].chars().take_while(|c| is_word(*c)).count() >= TOKEN_LETTERS
    });
    let old_token = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit()));
    let lower = text.to_ascii_lowercase();
    let keys = ["password=", "credential=", "token=", "secret=", "bearer ", "basic "];
    let written_out = keys.iter().flat_map(|key| lower.match_indices(key)).any(|(at, key)| {
        // What a shell fills in (`$TOKEN`, `$(cmd)`, `%s`) is no secret.
        let value = lower[at + key.len()..].trim_start_matches(['"', '\'', '\\']);
        value.starts_with(|c: char| c.is_ascii_alphanumeric())
    });
    let in_url = lower.match_indices("://").any(|(at, _)| {
        let rest = &lower[at + 3..];
        let authority = rest.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()))
    });
    token || old_token || written_out || in_url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_line_is_seen() {
        let body = "a1".repeat(18);
        for line in [
            format!("!f() {{ echo password=ghp_{body}; }}; f"),
            format!("!echo github_pat_{body}"),
            format!("!printf 'x%s' gho_{body}"),
            format!("!echo {}", "0a1b2c3d".repeat(5)),
            "!f() { echo \"password=hunter2\"; }; f".to_owned(),
            "!f() { echo password=\\\"hunter2; }; f".to_owned(),
            "!curl -H 'Authorization: Basic bW9uYQ=='".to_owned(),
            "url = https://mona:hunter2@github.com/acme".to_owned(),
        ] {
            assert!(holds_secret(line.as_bytes()), "{line}");
            assert_eq!(shown(line.as_bytes()), HIDDEN);
        }
    }

    #[test]
    fn a_helper_without_a_secret_is_shown_as_it_is() {
        for line in [
            "osxkeychain",
            "/usr/share/my\\ tools/git-credential-x --file ~/.ghp_file",
            "!f() { echo username=x; echo \"password=$TOKEN\"; }; f",
            "!f() { printf 'password=%s\\n' \"$(pass show gh)\"; }; f",
            "!gh auth git-credential",
            "store --file=https://mona@github.com",
        ] {
            assert!(!holds_secret(line.as_bytes()), "{line}");
            assert_eq!(shown(line.as_bytes()), line);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(shown(b"a\x1b]0;x\x07\r\nb\xff"), "a?]0;x???b\u{fffd}");
        assert_eq!((shown(&[b'x'; 1000]).len(), shown_whole(&[b'x'; 1000]).len()), (LONGEST + 3, 1000));
    }
}
