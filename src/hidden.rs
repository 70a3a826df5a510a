//! Characters that show nothing of their own and change how others show, and text without them.

/// Tells whether a character is such a one: marks of direction (CVE-2021-42574), soft hyphens, zero-width and
/// interlinear marks, the byte order mark, tags.
pub(crate) fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Gives a text with a question mark for each character that a terminal obeys or nobody sees, but for those to keep.
pub(crate) fn all_visible(text: &str, kept: &[char]) -> String {
    let shows = |letter: char| !letter.is_control() && !is_hidden(letter);
    text.chars().map(|letter| if shows(letter) || kept.contains(&letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_and_what_nobody_sees_is_a_question_mark() {
        let text = "é\u{1b}[2J\u{9b}x\r\n\t\u{202e}o\u{200b}";
        assert_eq!(all_visible(text, &[]), "é?[2J?x????o?");
        assert_eq!(all_visible(text, &['\n']), "é?[2J?x?\n??o?");
    }
}
