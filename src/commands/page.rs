//! How verdicts are laid out for people: what they mean, what to do, which page. `diagnose` and `explain` share it.

use crate::denial::catalogue::Certainty;
use crate::terminal::{BAD, FAINT, GOOD, STRONG, Stream, WARNING, paint};
use crate::verdict::Verdict;
use anstyle::Style;

/// Where the texts of a verdict begin.
const TEXTS: usize = 10;

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
        text.push_str(&format!("{}{}\n", label("Page"), Stream::Stdout.link(page, page)));
    }
    text
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
    /// Lays a text out, with its line end. Addresses are never broken, nor is a command at the end of the text.
    pub(super) fn text(&self, text: &str) -> String {
        let room = self.width.saturating_sub(self.indent).max(20);
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        let mut used = 0;
        for word in words(text) {
            let length = word.chars().count();
            if used > 0 && used + 1 + length > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&linked(word));
            used += length;
        }
        lines.push(line);
        let painted = lines.iter().map(|line| match self.style {
            Some(style) => paint(style, line),
            None => line.clone(),
        });
        let mut all = painted.collect::<Vec<_>>().join(&format!("\n{}", " ".repeat(self.indent)));
        all.push('\n');
        all
    }
}

/// How commands begin that are to be typed.
const COMMANDS: [&str; 4] = ["git credential-patron ", "git remote ", "git config ", "ssh -T "];

/// Cuts a text into what must not be broken: words, and what is to be typed as a whole (`...: git ...`).
fn words(text: &str) -> Vec<&str> {
    let at = |command: &&str| match text.starts_with(*command) {
        true => Some(0),
        false => text.find(&format!(": {command}")).map(|at| at + 2),
    };
    let command = COMMANDS.iter().find_map(at);
    let (words, command) = text.split_at(command.unwrap_or(text.len()));
    let words = words.trim_end().split(' ').filter(|word| !word.is_empty() || command.is_empty());
    words.chain((!command.is_empty()).then_some(command)).collect()
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
        assert_eq!(column.text(""), "\n");
        let command = "git remote set-url origin https://github.com/acme/secret";
        assert_eq!(column.text(&format!("do this: {command}")), format!("do this:\n    {command}\n"));
        assert_eq!(column.text(command), format!("{command}\n"));
        assert_eq!(column.text("(a: git asks)"), "(a: git asks)\n");
    }
}
