//! How foreign configuration is shown: without control characters, and without a secret that stands in it.
//!
//! People write helpers that hold a token (`!f() { echo password=...; }; f`). Such a line is neither shown nor
//! copied into a file of ours, which is made to be shared.

use crate::hidden::all_visible;
use crate::redact::holds_secret;

/// What is shown instead of a line with a secret.
const HIDDEN_LINE: &str = "(a line with a secret in it, not shown)";
/// More of a line helps nobody.
const LONGEST: usize = 300;

/// Makes one line of foreign configuration fit for a message.
pub(crate) fn shown(line: &[u8]) -> String {
    let whole = shown_whole(line);
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &whole[..end]),
        None => whole,
    }
}

/// Makes one line of foreign configuration fit for a terminal, however long it is.
pub(crate) fn shown_whole(line: &[u8]) -> String {
    if holds_secret(line) {
        return HIDDEN_LINE.to_owned();
    }
    all_visible(&String::from_utf8_lossy(line), &['\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_secret_is_not_shown_at_all() {
        assert_eq!(shown(b"!echo \"password=hunter2\""), HIDDEN_LINE);
        assert_eq!(shown(b"osxkeychain"), "osxkeychain");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(shown(b"a\x1b]0;x\x07\r\nb\xff"), "a?]0;x???b\u{fffd}");
        assert_eq!((shown(&[b'x'; 1000]).len(), shown_whole(&[b'x'; 1000]).len()), (LONGEST + 3, 1000));
    }
}
