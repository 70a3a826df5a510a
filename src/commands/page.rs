//! How verdicts are laid out for people: what they mean, what to do, which page. `diagnose` and `explain` share it.

use crate::denial::catalogue::Certainty;
use crate::terminal::{BAD, FAINT, GOOD, STRONG, Stream, WARNING, paint};
use crate::verdict::Verdict;
use anstyle::Style;

/// Where the texts of a verdict begin.
const TEXTS: usize = 10;
/// Where many programs that show our lines fold them, in mid-word too.
const FOLD: usize = 76;

/// Writes a verdict: what it means first.
pub(super) fn verdict(verdict: &Verdict, width: usize) -> String {
    let style = match verdict.exit {
        0 => GOOD.bold(),
        3 => WARNING.bold(),
        _ => BAD,
    };
    let texts = Column { indent: TEXTS, width, style: None };
    let mut text =
        format!("{}{}", label("Verdict"), Column { style: Some(style), ..texts }.text(&verdict.means));
    let certainty = match verdict.certainty {
        Certainty::Measured => "measured",
        Certainty::Inferred => "inferred",
    };
    let id = format!("{} ({certainty})", verdict.id);
    text.push_str(&format!("{}{}\n", " ".repeat(TEXTS), paint(FAINT, &id)));
    for (at, fix) in verdict.fix.iter().enumerate() {
        text.push_str(&label(if at == 0 { "Fix" } else { "" }));
        text.push_str(&texts.text(fix));
    }
    if let Some(page) = &verdict.page {
        let begins = begin_unfolded(TEXTS, page.chars().count());
        let between = if begins < TEXTS { format!("\n{}", " ".repeat(begins)) } else { String::new() };
        text.push_str(&format!("{}{between}{}\n", label("Page"), Stream::Stdout.link(page, page)));
    }
    text
}

/// Says where something that is to be copied begins, so that it is not folded; what is longer than that is, anyway.
fn begin_unfolded(indent: usize, length: usize) -> usize {
    if length <= FOLD { indent.min(FOLD - length) } else { indent }
}

fn label(name: &str) -> String {
    paint(STRONG, &format!("{name:<TEXTS$}"))
}

/// A column of text, from where it begins to the edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Where it begins; the first line's beginning is already written.
    pub(super) indent: usize,
    /// Where the line ends.
    pub(super) width: usize,
    /// How it looks.
    pub(super) style: Option<Style>,
}

impl Column {
    /// Lays a text out, with its line end. An address stands alone on its line, as does a command with one in it, and
    /// begins where it is not folded. Neither is ever broken.
    pub(super) fn text(&self, text: &str) -> String {
        let room = self.width.saturating_sub(self.indent).max(20);
        // Each line, and where it begins.
        let mut lines: Vec<(usize, String)> = Vec::new();
        let (mut used, mut is_alone) = (0, true);
        for word in words(text) {
            let length = word.chars().count();
            // What names an account's place, in brackets, is not there to be opened.
            let stands_alone = word.starts_with("https://") || word.contains(" https://");
            if is_alone || stands_alone || used + 1 + length > room {
                let begins = if stands_alone { begin_unfolded(self.indent, length) } else { self.indent };
                lines.push((begins, String::new()));
                used = 0;
            }
            let Some((_, line)) = lines.last_mut() else { break };
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&linked(word));
            used += length;
            is_alone = stands_alone;
        }
        let mut all = String::new();
        for (number, (begins, line)) in lines.iter().enumerate() {
            let indent = match number {
                0 if *begins < self.indent => format!("\n{}", " ".repeat(*begins)),
                0 => String::new(),
                _ => " ".repeat(*begins),
            };
            let painted = self.style.map_or(line.clone(), |style| paint(style, line));
            all.push_str(&format!("{indent}{painted}\n"));
        }
        if all.is_empty() { "\n".to_owned() } else { all }
    }
}

/// How commands begin that are to be typed.
const COMMANDS: [&str; 4] = ["git credential-patron ", "git remote ", "git config ", "ssh -T "];

/// Cuts a text into what must not be broken: words, and what is to be typed as a whole (`...: git ...`), which ends
/// behind its address if it has one.
fn words(text: &str) -> Vec<&str> {
    let at = |command: &&str| match text.starts_with(*command) {
        true => Some(0),
        false => text.find(&format!(": {command}")).map(|at| at + 2),
    };
    let command = COMMANDS.iter().find_map(at);
    let (words, typed) = text.split_at(command.unwrap_or(text.len()));
    let address = typed.find("https://");
    let end = address.and_then(|at| Some(at + typed[at..].find(' ')?)).unwrap_or(typed.len());
    let (command, behind) = typed.split_at(end);
    let words = words.trim_end().split(' ').filter(|word| !word.is_empty() || command.is_empty());
    words
        .chain((!command.is_empty()).then_some(command))
        .chain(behind.split(' ').filter(|word| !word.is_empty()))
        .collect()
}

/// Makes an address among words a link, where the terminal has them.
fn linked(word: &str) -> String {
    if let Some((before, last)) = word.rsplit_once(' ') {
        return format!("{before} {}", linked(last));
    }
    let bare = word.trim_end_matches([',', ';', ')', ':']);
    match bare.strip_prefix("https://") {
        Some(_) => format!("{}{}", Stream::Stdout.link(bare, bare), &word[bare.len()..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_addresses_stay_whole() {
        let column = Column { indent: 4, width: 24, style: None };
        assert_eq!(column.text("one two three four five"), "one two three four\n    five\n");
        let address = "https://github.com/settings/personal-access-tokens/1";
        assert_eq!(column.text(&format!("see {address}, then")), format!("see\n    {address},\n    then\n"));
        let wide = Column { width: 200, ..column };
        assert_eq!(wide.text(&format!("see here: {address}")), format!("see here:\n    {address}\n"));
        for (more, begins) in [(22, 2), (24, 0), (40, 4)] {
            let long = format!("{address}{}", "0".repeat(more));
            let expected = format!("see here:\n{}{long}\n", " ".repeat(begins));
            assert_eq!(wide.text(&format!("see here: {long}")), expected);
        }
        let command = "git credential-patron diagnose https://github.com/acme/secret";
        assert_eq!(
            wide.text(&format!("{command} can tell them apart")),
            format!("{command}\n    can tell them apart\n")
        );
        assert_eq!(column.text(""), "\n");
        let command = "git remote set-url origin https://github.com/acme/secret";
        assert_eq!(column.text(&format!("do this: {command}")), format!("do this:\n    {command}\n"));
        assert_eq!(column.text(command), format!("{command}\n"));
        assert_eq!(column.text("(a: git asks)"), "(a: git asks)\n");
    }
}
