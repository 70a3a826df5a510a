//! Finds the lines of a key in the text of a git config file, to point people at them.
//!
//! A reader's aid, not a parser: git has already read the file, and a count that does not agree with git's is
//! thrown away by the caller. Syntax as in git-config(1).

/// Gives the numbers of the lines on which the key (section, subsection, name) is set.
pub(super) fn lines_of(text: &[u8], key: (&[u8], Option<&[u8]>, &[u8])) -> Vec<usize> {
    let (section, subsection, name) = key;
    let mut found = Vec::new();
    let (mut inside, mut continued) = (false, false);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let was_continued = std::mem::replace(&mut continued, ends_in_backslash(line));
        if was_continued {
            continue;
        }
        let mut line = line.trim_ascii_start();
        if line.first() == Some(&b'[') {
            let Some((head, rest)) = header(line) else { continue };
            inside = head == (section.to_owned(), subsection.map(<[u8]>::to_vec));
            // `[section] name = value` on one line is allowed.
            line = rest.trim_ascii_start();
        }
        let end = line.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'-').unwrap_or(line.len());
        if inside && line[..end].eq_ignore_ascii_case(name) {
            found.push(index + 1);
        }
    }
    found
}

type Header = (Vec<u8>, Option<Vec<u8>>);

/// Reads `[section "subsection"]`, or the old `[section.subsection]`, at the beginning of a line.
fn header(line: &[u8]) -> Option<(Header, &[u8])> {
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t' | b']'))?;
    let section = line[1..end].to_ascii_lowercase();
    let rest = line[end..].trim_ascii_start();
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let rest = rest.strip_prefix(b"]")?;
        return Some(match section.iter().position(|byte| *byte == b'.') {
            Some(dot) => ((section[..dot].to_owned(), Some(section[dot + 1..].to_owned())), rest),
            None => ((section, None), rest),
        });
    };
    let mut subsection = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => subsection.push(*bytes.next()?.1),
            b'"' => return Some(((section, Some(subsection)), quoted[at + 1..].strip_prefix(b"]")?)),
            _ => subsection.push(*byte),
        }
    }
    None
}

/// Tells whether the line's value goes on in the next one; comments never do.
fn ends_in_backslash(line: &[u8]) -> bool {
    !matches!(line.trim_ascii_start().first(), Some(b'#' | b';'))
        && line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"# [credential] helper = no \\
[credential]
\tHelper = a
\tusername = \\
\thelper = continued
[Credential \"https://x.y/\\\"z\\\\\"] helper = one line
\r\thelper
[credential.old]
\thelper = b
[credential \"https://x.y\"]
; helper = comment
\thelpers = no
\thelper=c";

    #[test]
    fn lines_are_found_as_git_would_read_them() {
        let at = |subsection: Option<&[u8]>| lines_of(TEXT, (b"credential", subsection, b"helper"));
        assert_eq!(at(None), [3]);
        assert_eq!(at(Some(b"https://x.y/\"z\\")), [6, 7]);
        assert_eq!(at(Some(b"old")), [9]);
        assert_eq!(at(Some(b"https://x.y")), [13]);
        assert_eq!(at(Some(b"X")), [] as [usize; 0]);
    }
}
