//! Foreign text made safe to show.
//!
//! A server's body, a header, a branch or a path can hold bytes that move the cursor, set the window's
//! title, paint over our own words or turn letters round. What is left here is one line of visible text.

use crate::hidden::is_hidden;

/// How many bytes of a text are looked at; no text of which a line is shown needs more.
const LOOKED_AT: usize = 64 * 1024;

/// Makes foreign text one line of at most `max_chars` characters that no terminal obeys.
///
/// Escape sequences go whole, and so do control characters and marks that change the direction of text or
/// show nothing; line ends and runs of blanks become one space. What is cut ends with `...`
pub(crate) fn sanitise(text: &str, max_chars: usize) -> String {
    const CUT: &str = "...";
    let mut safe = String::new();
    let mut count = 0;
    let mut gap = false;
    // Where the text ends if it has to be cut: the byte after `max_chars - 3` characters.
    let mut cut_at = 0;
    let end = (0..=text.len().min(LOOKED_AT)).rev().find(|end| text.is_char_boundary(*end));
    for letter in anstream::adapter::strip_str(&text[..end.unwrap_or(0)]).flat_map(str::chars) {
        if is_gap(letter) {
            gap = count > 0;
            continue;
        }
        if is_hidden(letter) {
            continue;
        }
        for letter in gap.then_some(' ').into_iter().chain([letter]) {
            if count == max_chars {
                safe.truncate(cut_at);
                safe.push_str(&CUT[..CUT.len().min(max_chars)]);
                return safe;
            }
            safe.push(letter);
            count += 1;
            if count + CUT.len() <= max_chars {
                cut_at = safe.len();
            }
        }
        gap = false;
    }
    safe
}

/// Tells whether a character separates words here: blanks, line ends of every kind, controls (C0, DEL, C1).
fn is_gap(letter: char) -> bool {
    letter.is_control() || letter.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(sanitise("Repository not found.", 80), "Repository not found.");
        assert_eq!(sanitise("l'état, c'est moi – ok", 80), "l'état, c'est moi – ok");
        assert_eq!(sanitise("", 80), "");
    }

    #[test]
    fn several_lines_become_one() {
        assert_eq!(sanitise("a\nb\r\nc\u{2028}d\u{2029}e\u{85}f\tg", 80), "a b c d e f g");
        assert_eq!(sanitise("  \n a   b \r\n", 80), "a b");
    }

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        assert_eq!(sanitise("\x1b[31mred\x1b[0m", 80), "red");
        assert_eq!(sanitise("a\x1b]0;title\x07b", 80), "ab");
        assert_eq!(sanitise("a\x1b]8;;https://evil.test\x1b\\b\x1b]8;;\x1b\\", 80), "ab");
        assert_eq!(sanitise("a\x08\x08\x7f\0\x0bb", 80), "ab");
        assert_eq!(sanitise("a\u{9b}31mb", 80), "a 31mb", "an eight-bit escape is no escape any more");
    }

    #[test]
    fn text_cannot_be_turned_round() {
        assert_eq!(sanitise("user\u{202e}evil\u{2066}\u{200f}\u{61c}", 80), "userevil");
        assert_eq!(sanitise("git\u{ad}hub\u{200b}.com\u{feff}", 80), "github.com");
    }

    #[test]
    fn long_text_is_cut_with_dots() {
        assert_eq!(sanitise("abcdefgh", 8), "abcdefgh");
        assert_eq!(sanitise("abcdefghi", 8), "abcde...");
        assert_eq!(sanitise("ääääääääää", 5), "ää...");
        assert_eq!(sanitise("abcdef", 2), "..");
        assert_eq!(sanitise("abcdef", 0), "");
        assert_eq!(sanitise("abcde   ", 5), "abcde", "what follows is nothing");
    }

    #[test]
    fn ten_megabytes_are_not_read_to_their_end() {
        let start = std::time::Instant::now();
        assert_eq!(sanitise(&"x".repeat(10 << 20), 200).len(), 200);
        assert_eq!(sanitise(&"\u{202e}".repeat(5 << 20), 200), "");
        assert_eq!(sanitise(&format!("\x1b]0;{}", "x".repeat(10 << 20)), 200), "");
        assert!(start.elapsed().as_millis() < 1000, "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_visible_line(text in "\\PC*|(?s).*", max in 0usize..60) {
            let safe = sanitise(&text, max);
            prop_assert!(safe.chars().count() <= max);
            prop_assert!(safe.chars().all(|c| c == ' ' || !(is_gap(c) || is_hidden(c))));
            prop_assert_eq!(sanitise(&safe, max), safe, "once is enough");
        }
    }
}
