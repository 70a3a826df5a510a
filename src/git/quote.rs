//! Writing a program's path so that git, its shell and libgit2 all come to that program, and reading it back.
//!
//! Git takes a helper for a command only if it begins with an absolute path or `!`; anything else becomes
//! `git credential-...`. So the path cannot be put in quotes: each character that a shell would act on gets a
//! backslash (`/home/my\ user/...`). The whole is then a value of git's config, with the escapes of
//! git-config(1). Checked with real git and `git2::CredentialHelper` in `tests/setup.rs`.

use crate::helper_line;
use std::fmt;
use std::path::Path;

/// Why a program's path cannot be written as a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadProgram {
    /// It is relative, so it would mean another program in each folder.
    Relative,
    /// It holds a line break, which a shell cannot be told with a backslash.
    LineBreak,
}

impl fmt::Display for BadProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => "the path of this program is not absolute",
            Self::LineBreak => {
                "the path of this program holds a line break, which git's shell cannot be given"
            }
        })
    }
}

impl std::error::Error for BadProgram {}

/// Writes a program's path as the value of `credential.helper`.
pub(crate) fn helper_command(program: &Path) -> Result<Vec<u8>, BadProgram> {
    if !program.is_absolute() {
        return Err(BadProgram::Relative);
    }
    let bytes = bytes_of(program);
    if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Err(BadProgram::LineBreak);
    }
    Ok(escaped(&bytes))
}

/// Writes the path of an include as a shell word: `~/` stays what the shell makes the home folder of.
pub(crate) fn shell_path(include: &[u8]) -> Vec<u8> {
    match include.strip_prefix(b"~/") {
        Some(below) => [b"~/", &escaped(below)[..]].concat(),
        None => escaped(include),
    }
}

fn escaped(path: &[u8]) -> Vec<u8> {
    let mut word = Vec::new();
    for &byte in path {
        match byte {
            // Git for Windows runs a POSIX shell, to which a backslash is an escape.
            b'\\' if cfg!(windows) => word.push(b'/'),
            // Bytes of UTF-8 stay together; a drive's colon is part of an absolute path.
            byte if byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"/._-+,:@%".contains(&byte) => {
                word.push(byte);
            }
            byte => word.extend([b'\\', byte]),
        }
    }
    word
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// Writes a value as git's config needs it: in quotes unless every byte is harmless.
pub(crate) fn config_quoted(value: &[u8]) -> Vec<u8> {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%!~=$ ".contains(byte);
    let fits = value.iter().all(|byte| harmless(byte) || !byte.is_ascii());
    if fits && !value.starts_with(b" ") && !value.ends_with(b" ") {
        return value.to_owned();
    }
    let mut quoted = vec![b'"'];
    for &byte in value {
        match byte {
            b'\n' => quoted.extend(b"\\n"),
            b'\t' => quoted.extend(b"\\t"),
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'"');
    quoted
}

/// Writes a subsection, quotes included: only `"` and `\` are escaped there. A line break cannot be written,
/// and no subsection that was read from a file holds one.
pub(crate) fn subsection_quoted(subsection: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in subsection {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

/// Tells whether a helper is patron itself, by whatever name or path.
pub(crate) fn names_patron(helper: &[u8]) -> bool {
    helper_line::names_patron(&String::from_utf8_lossy(helper))
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_begins_with_its_slash_and_is_escaped() {
        for (path, value) in [
            ("/usr/bin/git-credential-patron", "/usr/bin/git-credential-patron"),
            ("/home/my user/p", "/home/my\\ user/p"),
            (
                "/a'b\"c$d`e\\f;g#h(i)*?~&|<>[]{}!^=/p",
                "/a\\'b\\\"c\\$d\\`e\\\\f\\;g\\#h\\(i\\)\\*\\?\\~\\&\\|\\<\\>\\[\\]\\{\\}\\!\\^\\=/p",
            ),
            ("/é/p", "/é/p"),
        ] {
            let command = helper_command(Path::new(path)).expect("it can be written");
            assert_eq!(String::from_utf8_lossy(&command), value);
            assert_eq!(helper_line::runs(value), helper_line::Runs::Program(path.to_owned()));
        }
        assert_eq!(helper_command(Path::new("/a\nb")), Err(BadProgram::LineBreak));
        assert_eq!(helper_command(Path::new("a/b")), Err(BadProgram::Relative));
    }
}
