//! Characters that show nothing of their own and change how others show.

/// Tells whether a character is such a one: marks of direction (CVE-2021-42574), soft hyphens, zero-width and
/// interlinear marks, the byte order mark, tags.
pub(crate) fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
