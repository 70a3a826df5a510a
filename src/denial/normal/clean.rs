//! Makes foreign text fit to be shown: nothing a terminal obeys, nothing that hides, nothing secret.

use crate::hidden::is_hidden;

/// Takes out of a text what a terminal would obey or hide; line feeds and carriage returns stay.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\r' => out.push(c),
            '\u{1b}' => match chars.next_if(|c| !matches!(c, '\n' | '\r')) {
                Some('[') => skip_control_sequence(&mut chars),
                // Titles and links: up to a bell or `ESC \`, yet never over the end of the line.
                Some(']') => {
                    let mut last = ' ';
                    while let Some(c) = chars.next_if(|c| !matches!(c, '\n' | '\r')) {
                        if c == '\u{7}' || (last == '\u{1b}' && c == '\\') {
                            break;
                        }
                        last = c;
                    }
                }
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut chars),
            // No line breaks for git, so none here: what follows must not look like git's own line.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c if is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Passes over the rest of a control sequence, such as a colour.
fn skip_control_sequence(chars: &mut std::iter::Peekable<std::str::Chars>) {
    while let Some(c) = chars.next_if(|c| (' '..='~').contains(c)) {
        if ('@'..='~').contains(&c) {
            break;
        }
    }
}

/// Makes a line fit to be shown: JSON's escapes undone, secrets out.
pub(super) fn readable(line: &str) -> String {
    let mut line = line.to_owned();
    // JSON may stand in JSON.
    for _ in 0..3 {
        if !["\"message", "\\\"", "\\u00"].iter().any(|sign| line.contains(sign)) || !line.contains('\\') {
            break;
        }
        line = unescaped(&line);
    }
    without_tokens(&without_passwords(&without_user_info(&line)))
}

/// Undoes the escapes of JSON in a line that holds some.
fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('n' | 'r' | 't') => out.push(' '),
            Some(c @ ('"' | '/' | '\\')) => out.push(c),
            Some('u') => {
                let code = after.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match code.and_then(char::from_u32).filter(|c| !c.is_control() && !is_hidden(*c)) {
                    Some(c) => {
                        out.push(c);
                        chars = after[5..].chars();
                    }
                    None => out.push_str("\\u"),
                }
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Drops `user:password@` from every address.
fn without_user_info(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let authority = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"' | '`'))
            .unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(at) => &after[at + 1..],
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// Blots out what follows the names under which secrets travel.
fn without_passwords(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let end = ["authorization:", "password=", "credential=", "refresh_token="]
        .iter()
        .filter_map(|name| lower.find(name).map(|at| at + name.len()))
        .min();
    match end {
        Some(end) => format!("{} ***", &line[..end]),
        None => line.to_owned(),
    }
}

/// Blots out what has the shape of GitHub's tokens.
fn without_tokens(line: &str) -> String {
    const PREFIXES: [&str; 6] = ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((at, prefix)) =
        PREFIXES.iter().filter_map(|prefix| rest.find(prefix).map(|at| (at, *prefix))).min()
    {
        let (before, token) = rest.split_at(at + prefix.len());
        out.push_str(before);
        let end = token
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))
            .unwrap_or(token.len());
        out.push_str(if end > 0 { "***" } else { "" });
        rest = &token[end..];
    }
    out.push_str(rest);
    out
}
