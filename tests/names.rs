//! A name means one thing in the whole house, and no function wants more than a reader can hold.
//!
//! Two rules over the product's own code, tests aside:
//! - A type's name stands for one thing: two files do not both define a `Place`. [`SHARED_NAMES`] lists the
//!   names that several files may define, each with the reason.
//! - A function takes at most [`MOST_ARGUMENTS`] arguments, `self` among them.
//!
//! Both are read from Rust's own tokens, so comments and strings are nothing to them.

use crate::layers::{Source, is_sign, is_word, module_of, sources};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// The most arguments of a function.
const MOST_ARGUMENTS: usize = 6;

/// Names of types that several files may define: the name, and why it is still one thing.
#[rustfmt::skip]
const SHARED_NAMES: &[(&str, &str)] = &[
    ("Connection", "what connects us with the git of a probe: only the one of this system is compiled"),
    ("Started", "a program with what it has started: only the one of this system is compiled"),
    ("Terminal", "the controlling terminal of this system: only one of its files is compiled"),
    ("Backend", "the keyring of this system: only one of its files is compiled"),
];

#[test]
fn a_type_name_means_one_thing() {
    assert_none(&twice(&sources(), SHARED_NAMES));
}

#[test]
fn no_function_takes_more_than_six_arguments() {
    assert_none(&crowded(&sources()));
}

/// Finds the names that two files define, and exceptions that are none any more.
fn twice(sources: &[Source], allowed: &[(&str, &str)]) -> Vec<String> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, item) in items(sources) {
        if let Item::Type(name, line) = item {
            places.entry(name).or_default().insert(format!("src/{path}:{line}"));
        }
    }
    let mut found = Vec::new();
    for (name, places) in &places {
        if places.len() > 1 && !allowed.iter().any(|(known, _)| known == name) {
            let places: Vec<_> = places.iter().map(String::as_str).collect();
            found.push(format!("{name} means {} things: {}", places.len(), places.join(", ")));
        }
    }
    for (name, _) in allowed {
        if places.get(*name).is_none_or(|places| places.len() < 2) {
            found.push(format!("{name} is an exception and needs to be none: take it out of the list"));
        }
    }
    found
}

/// Finds the functions that take too many arguments.
fn crowded(sources: &[Source]) -> Vec<String> {
    items(sources)
        .into_iter()
        .filter_map(|(path, item)| match item {
            Item::Function(name, line, arguments) if arguments > MOST_ARGUMENTS => {
                Some(format!("src/{path}:{line}: fn {name} takes {arguments} arguments"))
            }
            Item::Function(..) | Item::Type(..) | Item::TestFile(_) => None,
        })
        .collect()
}

/// What a file defines.
enum Item {
    /// A type or trait: name, line.
    Type(String, usize),
    /// A function: name, line, number of arguments.
    Function(String, usize, usize),
    /// `#[cfg(test)] mod NAME;`: the module.
    TestFile(Vec<String>),
}

/// Reads what the product's files define, tests aside.
fn items(sources: &[Source]) -> Vec<(String, Item)> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let mut items = Vec::new();
        read(tokens, &module_of(path), Around::Module, &mut items);
        found.extend(items.into_iter().map(|item| (path.clone(), item)));
    }
    let tests = test_modules(&found);
    found.retain(|(path, _)| !tests.iter().any(|test| module_of(path).starts_with(test)));
    found
}

fn test_modules(items: &[(String, Item)]) -> Vec<Vec<String>> {
    let module = |(_, item): &(String, Item)| match item {
        Item::TestFile(module) => Some(module.clone()),
        Item::Type(..) | Item::Function(..) => None,
    };
    items.iter().filter_map(module).collect()
}

/// Leaves out the files that are tests.
pub(crate) fn product(sources: &[Source]) -> Vec<&Source> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let mut items = Vec::new();
        read(tokens, &module_of(path), Around::Module, &mut items);
        found.extend(items.into_iter().map(|item| (path.clone(), item)));
    }
    let tests = test_modules(&found);
    sources.iter().filter(|(path, _)| !tests.iter().any(|test| module_of(path).starts_with(test))).collect()
}

/// What stands around some tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// A module or a function's body: what is called `type` there is a type.
    Module,
    /// An `impl` or a `trait`: what is called `type` there is an associated one.
    Impl,
}

fn read(tokens: TokenStream, module: &[String], around: Around, found: &mut Vec<Item>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut next_body = around;
    // Whether the item that begins here is for tests alone.
    let mut is_test = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Bracket && at > 0 && is_sign(&tokens[at - 1], '#') =>
            {
                is_test |= is_for_tests(&group.stream().to_string());
            }
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                if !is_test {
                    let around = if is_body { next_body } else { around };
                    read(group.stream(), module, around, found);
                }
                if is_body {
                    (is_test, next_body) = (false, around);
                }
            }
            TokenTree::Ident(word) if is_word(token, &["impl", "trait"]) && at_item(&tokens, at) => {
                next_body = Around::Impl;
                if word == "trait" && !is_test {
                    found.extend(named(&tokens, at));
                }
            }
            TokenTree::Ident(_) if is_word(token, &["struct", "enum", "union"]) && !is_test => {
                found.extend(named(&tokens, at));
            }
            TokenTree::Ident(_)
                if is_word(token, &["type"])
                    && around == Around::Module
                    && !is_test
                    && at_item(&tokens, at) =>
            {
                found.extend(named(&tokens, at));
            }
            TokenTree::Ident(_) if is_word(token, &["fn"]) && !is_test => {
                found.extend(function(&tokens, at));
            }
            TokenTree::Ident(_) if is_word(token, &["mod"]) => {
                if let [TokenTree::Ident(name), end, ..] = &tokens[at + 1..]
                    && is_sign(end, ';')
                    && is_test
                {
                    let module = module.iter().cloned().chain([name.to_string()]).collect();
                    found.push(Item::TestFile(module));
                }
            }
            TokenTree::Punct(_) if is_sign(token, ';') => (is_test, next_body) = (false, around),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Tells whether an attribute leaves its item out of the product: `test`, `cfg(test)`, `cfg(all(test, unix))`.
pub(crate) fn is_for_tests(attribute: &str) -> bool {
    let words: Vec<&str> =
        attribute.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any")
}

/// Tells whether a keyword begins an item here, rather than standing in a type such as `impl Fn()`.
fn at_item(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| &tokens[at]) else { return true };
    match before {
        TokenTree::Group(_) => true,
        TokenTree::Ident(word) => word == "pub" || word == "unsafe",
        before => is_sign(before, ';'),
    }
}

fn named(tokens: &[TokenTree], at: usize) -> Option<Item> {
    match tokens.get(at + 1) {
        Some(TokenTree::Ident(name)) => Some(Item::Type(name.to_string(), name.span().start().line)),
        _ => None,
    }
}

/// Reads a function's name and counts its arguments.
fn function(tokens: &[TokenTree], at: usize) -> Option<Item> {
    let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return None };
    let arguments = tokens[at + 2..].iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
        _ => None,
    })?;
    Some(Item::Function(name.to_string(), name.span().start().line, count(arguments)))
}

/// Counts arguments: the commas between them that stand in no generic type, and one.
fn count(arguments: TokenStream) -> usize {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    let (mut depth, mut counted, mut is_open) = (0_usize, 0, false);
    for (at, token) in tokens.iter().enumerate() {
        let is_arrow = at > 0 && is_sign(&tokens[at - 1], '-');
        if is_sign(token, ',') && depth == 0 {
            is_open = false;
            continue;
        }
        if is_sign(token, '<') {
            depth += 1;
        } else if is_sign(token, '>') && !is_arrow {
            depth = depth.saturating_sub(1);
        }
        if !is_open {
            counted += 1;
            is_open = true;
        }
    }
    counted
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\nthe rules stand at the head of tests/names.rs", found.join("\n"));
}

/// What has been planted must be found, and nothing else.
mod planted {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_name_in_two_files_is_found_and_one_in_tests_is_not() {
        let files = tree(&[
            ("a.rs", "pub(crate) struct Place; impl T for Place { type Err = u8; fn f(self) {} }"),
            ("b/mod.rs", "enum Place { A } #[cfg(test)] mod tests; fn f() -> impl Fn() { || {} }"),
            ("b/tests.rs", "struct Only; trait Place {}"),
            ("b/c.rs", "type Only = u8; #[cfg(all(test, unix))] mod tests { struct Only; enum Place {} }"),
            ("d.rs", "impl T for Only { type Err = u8; } struct Err; #[cfg(not(test))] struct Other;"),
            ("e.rs", "#[cfg(any(not(unix), test))] union Other { a: u8 }"),
        ]);
        assert_eq!(
            twice(&files, &[]),
            [
                "Other means 2 things: src/d.rs:1, src/e.rs:1",
                "Place means 2 things: src/a.rs:1, src/b/mod.rs:1",
            ]
        );
        let allowed = [("Place", "reason"), ("Other", "reason"), ("Gone", "reason")];
        assert_eq!(
            twice(&files, &allowed),
            ["Gone is an exception and needs to be none: take it out of the list"]
        );
    }

    #[test]
    fn arguments_are_counted_without_what_stands_in_their_types() {
        let seven = "fn f(&self, a: Map<A, B>, (b, c): (u8, u8), d: &dyn Fn(A, B) -> C, e: [u8; 2], g: u8, h: u8,) {}";
        let files = tree(&[
            ("a.rs", &format!("impl X {{ {seven} }} fn g<T: Fn(A, B)>(a: u8, b: u8) {{}}")),
            ("b.rs", "trait T { fn none(); fn six(a: u8, b: u8, c: u8, d: u8, e: u8, f: Vec<Vec<u8>>); }"),
            ("c.rs", &format!("#[cfg(test)] mod tests {{ {seven} }} #[test] {seven}")),
        ]);
        assert_eq!(crowded(&files), ["src/a.rs:1: fn f takes 7 arguments"]);
    }

    #[test]
    fn every_exception_has_a_reason() {
        for (name, why) in SHARED_NAMES {
            assert!(why.len() > 20, "{name}");
        }
    }
}
