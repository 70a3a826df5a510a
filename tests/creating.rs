//! Only `src/files/` makes files and folders, so that every one has its mode, owner and lock by one rule.
//!
//! Read from Rust's own tokens, tests aside: a word that makes something in the file system may stand in that
//! folder alone.

use crate::layers::{Source, is_sign, sources};
use crate::names::{is_for_tests, product};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The folder that may.
const MAKER: &str = "files/";

/// Words that make, widen or link something wherever they stand.
const MAKERS: &[&str] = &[
    "DirBuilder",
    "create_dir",
    "create_dir_all",
    "mkdir",
    "mkdirat",
    "mkfifo",
    "mkfifoat",
    "mknod",
    "mknodat",
    "hard_link",
    "linkat",
    "soft_link",
    "symlink",
    "symlinkat",
    "symlink_file",
    "symlink_dir",
    "tempfile",
    "tempdir",
    "NamedTempFile",
    "CREATE",
    "CREAT",
    "O_CREAT",
    "TMPFILE",
    "set_permissions",
    "chmod",
    "fchmod",
    "chmodat",
    "UnixListener",
    "UnixDatagram",
];

/// Words that do so behind one of these: `fs::write`, `File::create`.
const BEHIND: &[(&str, &[&str])] = &[("fs", &["write", "copy"]), ("File", &["create", "create_new"])];

/// Methods that do so with `true`: `OpenOptions::new().create(true)`.
const WITH_TRUE: &[&str] = &["create", "create_new", "append"];

#[test]
fn only_one_file_makes_files_and_folders() {
    let sources = sources();
    // A test module that is named by its path.
    let product = product(&sources).into_iter().filter(|(path, _)| !path.ends_with("_tests.rs"));
    let found = makers(&product.collect::<Vec<_>>());
    let unknown: Vec<_> = found.iter().filter(|made| !made.0.starts_with(MAKER)).collect();
    assert!(unknown.is_empty(), "these make files or folders beside src/files: {unknown:#?}");
    assert!(found.iter().filter(|(path, ..)| path.starts_with(MAKER)).count() > 5, "{MAKER} does: {found:?}");
}

#[test]
fn the_reader_sees_what_makes_and_passes_over_what_does_not() {
    for (text, count) in [
        ("fn f() { std::fs::create_dir(\"x\"); }", 1),
        ("fn f() { fs::write(a, b); OpenOptions::new().append(true).create(true).open(a); }", 3),
        (
            "fn f() { File::create(a); rustix::fs::mknodat(a); builder.create(path); session.create(&item) }",
            2,
        ),
        ("fn f() { out.write(b\"x\"); writer.append(false); } // fs::write", 0),
        ("#[cfg(test)] mod tests { fn f() { fs::write(a, b); } } fn g() { fs::copy(a, b); }", 1),
        ("#[cfg(all(test, unix))] mod tests { fn f() { tempfile::tempdir(); } }", 0),
    ] {
        let source = ("a.rs".to_owned(), text.to_owned());
        assert_eq!(makers(&[&source]).len(), count, "{text}");
    }
}

/// Finds the words that make something: file, word, line.
fn makers(sources: &[&Source]) -> Vec<(String, String, usize)> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let mut words = Vec::new();
        read(tokens, &mut words);
        found.extend(words.into_iter().map(|(word, line)| (path.clone(), word, line)));
    }
    found
}

fn read(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    // Whether the item that begins here is for tests alone.
    let mut is_test = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if at > 0 && is_sign(&tokens[at - 1], '#') => {
                is_test |= is_for_tests(&group.stream().to_string());
            }
            TokenTree::Group(group) => {
                if !is_test {
                    read(group.stream(), found);
                }
                is_test &= group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Punct(_) if is_sign(token, ';') => is_test = false,
            TokenTree::Ident(word) if !is_test && makes(&tokens, at) => {
                found.push((word.to_string(), word.span().start().line));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn makes(tokens: &[TokenTree], at: usize) -> bool {
    let word = tokens[at].to_string();
    let before = at.checked_sub(3).map(|at| tokens[at].to_string());
    let is_behind = at >= 3 && is_sign(&tokens[at - 1], ':') && is_sign(&tokens[at - 2], ':');
    let with_true =
        matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.stream().to_string() == "true");
    MAKERS.contains(&word.as_str())
        || (with_true && WITH_TRUE.contains(&word.as_str()))
        || BEHIND.iter().any(|(room, words)| {
            is_behind && before.as_deref() == Some(room) && words.contains(&word.as_str())
        })
}
