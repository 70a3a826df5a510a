//! One line of `credential.helper`, as git reads it: gitcredentials(7), *CUSTOM HELPERS*, and git's `credential.c`.
//!
//! A line that begins with `!` is a shell snippet, one that begins with an absolute path is that command, and any
//! other is `git credential-LINE`. All of them are run by the shell, with the operation at the end. This is the
//! one reader of such lines: whoever asks what a helper runs, or shows it, asks here.

use crate::hidden::all_visible;
use crate::redact::argument;

/// How setup's own snippet begins: `!f() { test -x PROGRAM && exec PROGRAM "$@"; ...; }; f`.
pub(crate) const GUARD: &str = "f() { test -x ";
/// The name of this program's file.
const PATRON: &str = "git-credential-patron";

/// What a line runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Runs {
    /// A program by this name or path: `git-credential-store`, `/usr/bin/x`, `gh`.
    Program(String),
    /// A snippet that is no call of a program.
    Snippet,
    /// Nothing.
    Nothing,
}

/// Gives the command that the shell is given, without the operation.
pub(crate) fn command(line: &str) -> String {
    match line.strip_prefix('!') {
        Some(snippet) => snippet.to_owned(),
        None if is_absolute(line) => line.to_owned(),
        None => format!("git credential-{line}"),
    }
}

/// Tells whether git takes a line for a path: before any quoting, by its first letters alone.
fn is_absolute(line: &str) -> bool {
    let bytes = line.as_bytes();
    let drive = bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic();
    line.starts_with('/') || (cfg!(windows) && (line.starts_with('\\') || drive))
}

/// Says what a line runs, quoting undone and nothing expanded. A snippet that setup wrote runs the program that
/// it guards.
pub(crate) fn runs(line: &str) -> Runs {
    let snippet = line.strip_prefix('!').map(str::trim_start);
    if let Some(guarded) = snippet.and_then(|snippet| snippet.strip_prefix(GUARD)) {
        return first_words(guarded).0.into_iter().next().map_or(Runs::Snippet, Runs::Program);
    }
    let (words, calls) = first_words(snippet.unwrap_or(line).trim_start());
    match (&words[..], snippet) {
        ([], _) => Runs::Nothing,
        ([first, ..], None) if !is_absolute(line) => Runs::Program(format!("git-credential-{first}")),
        ([git, command, ..], Some(_)) if base_name(git) == "git" => Runs::Program(format!("git-{command}")),
        (_, Some(_)) if !calls => Runs::Snippet,
        ([first, ..], _) => Runs::Program(first.clone()),
    }
}

/// Tells whether a line runs patron, by whatever name or path.
pub(crate) fn names_patron(line: &str) -> bool {
    matches!(runs(line), Runs::Program(program) if base_name(&program) == PATRON)
}

/// Cuts folder and `.exe` off a program's path.
pub(crate) fn base_name(program: &str) -> &str {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Shows a line to people: its first word, and `...` for all else, since an argument may be a secret that looks
/// like none.
pub(crate) fn shown(line: &str) -> String {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, letter)| {
        let is_end = !escaped && matches!(letter, ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(');
        escaped = !escaped && *letter == '\\';
        is_end
    });
    let (first, rest) = line.split_at(end.map_or(line.len(), |(at, _)| at));
    let first = all_visible(&first.chars().take(200).collect::<String>(), &[]);
    let dots = if rest.trim().is_empty() { "" } else { " ..." };
    format!("{}{dots}", argument(&first))
}

/// Cuts off the first two words of a command as a shell would, without expanding anything; and tells whether the
/// first is called, rather than defined or assigned to.
fn first_words(command: &str) -> (Vec<String>, bool) {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut calls = true;
    let mut letters = command.chars();
    while words.len() < 2 {
        let Some(letter) = letters.next() else { break };
        match (quote, letter) {
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None, '(' | '{' | '=' | '$' | '`') if words.is_empty() => {
                calls = false;
                break;
            }
            (None, ';' | '&' | '|' | '(' | ')' | '<' | '>') => break,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), letter) if open == letter => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words.truncate(2);
    (words, calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_run_as_git_runs_it() {
        for (line, run) in [
            ("cache --timeout=5", "git credential-cache --timeout=5"),
            ("/usr/bin/x y", "/usr/bin/x y"),
            ("!f() { cat; }; f", "f() { cat; }; f"),
            ("~/bin/x", "git credential-~/bin/x"),
        ] {
            assert_eq!(command(line), run);
        }
    }

    #[test]
    fn patron_is_known_by_every_way_to_call_it() {
        for (line, patron) in [
            ("patron", true),
            ("patron --x", true),
            ("/usr/bin/git-credential-patron", true),
            ("/home/my\\ user/git-credential-patron", true),
            ("C:/Program\\ Files/git-credential-patron.exe", true),
            ("!git credential-patron", true),
            ("!/usr/bin/git credential-patron", true),
            ("!'/my tools/git-credential-patron' --x", true),
            ("!git-credential-patron", true),
            (
                "!f() { test -x /my\\ tools/git-credential-patron && exec /my\\ tools/git-credential-patron \"$@\"; }; f",
                true,
            ),
            ("!f() { test -x /usr/bin/gh && exec /usr/bin/gh \"$@\"; }; f", false),
            ("patronus", false),
            ("cache", false),
            ("", false),
            ("!", false),
            ("!git credential-cache", false),
            ("!echo patron", false),
            ("!f() { git-credential-patron; }; f", false),
            ("/usr/bin/patron", false),
            ("store --file git-credential-patron", false),
        ] {
            assert_eq!(names_patron(line), patron, "{line}");
        }
    }

    #[test]
    fn a_line_is_shown_as_its_program() {
        for (line, shows) in [
            ("osxkeychain", "osxkeychain"),
            ("foo --token X", "foo ..."),
            ("foo -p X", "foo ..."),
            ("!foo --key X", "!foo ..."),
            ("/my\\ tools/x y", "/my\\ tools/x ..."),
            ("!f() { echo X; }; f", "!f ..."),
            ("!gh auth git-credential", "!gh ..."),
            ("a\x1b]0;x\x07", "a?]0 ..."),
            ("store\n", "store"),
        ] {
            assert_eq!(shown(line), shows);
        }
    }
}
