//! What must hold for every file of the repository, whatever it is about.
//!
//! Each check is a function over files and their texts, and each is shown to find what is planted.

use std::fs;
use std::path::Path;
use std::process::Command;
use toml_edit::{DocumentMut, TableLike};

/// What GitHub's tokens begin with (documented: "Behind GitHub's new authentication token formats").
const PREFIXES: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];
/// From this many characters behind the prefix on, scanners take a text for a token, and so do we.
const TOKEN_BODY: usize = 30;
/// The longest source file; what is longer has two meanings and becomes two files.
const MAX_LINES: usize = 700;

/// A file's path from the repository's root, and its content.
type Tracked = (String, Vec<u8>);

#[test]
fn no_file_holds_a_token_shaped_text() {
    // Built at run time where a test needs one: scanners revoke what they find published.
    assert_none(&tokens(&tracked()));
}

#[test]
fn every_rust_file_says_at_its_head_what_it_is_for() {
    assert_none(&headless(&tracked()));
}

#[test]
fn no_source_file_is_too_long() {
    assert_none(&too_long(&tracked()));
}

#[test]
fn every_dependency_stands_with_its_reason() {
    assert_none(&without_reason(&text("Cargo.toml")));
}

#[test]
fn both_licences_lie_at_the_top() {
    let manifest: DocumentMut = text("Cargo.toml").parse().expect("Cargo reads it too");
    assert_eq!(manifest["package"]["license"].as_str(), Some("MIT OR Apache-2.0"));
    for (file, begins, holder) in [
        ("LICENSE-MIT", "MIT License\n\nCopyright (c) ", "the Patron contributors"),
        ("LICENSE-APACHE", "Apache License\n", "the Patron contributors"),
    ] {
        let text = text(file);
        assert!(text.trim_start().starts_with(begins) && text.contains(holder), "{file}");
    }
}

fn tokens(files: &[Tracked]) -> Vec<String> {
    let is_body = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let mut found = Vec::new();
    for (path, content) in files {
        for prefix in PREFIXES.iter().map(|prefix| prefix.as_bytes()) {
            for (at, _) in content.windows(prefix.len()).enumerate().filter(|(_, window)| *window == prefix) {
                if content[at + prefix.len()..].iter().take_while(is_body).count() >= TOKEN_BODY {
                    let line = content[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                    found.push(format!("{path}:{line}: this looks like a token; build it at run time"));
                }
            }
        }
    }
    found
}

fn headless(files: &[Tracked]) -> Vec<String> {
    let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
    rust.filter(|(_, content)| !content.starts_with(b"//! "))
        .map(|(path, _)| format!("{path}: it does not begin with \"//! \" and what it is for"))
        .collect()
}

fn too_long(files: &[Tracked]) -> Vec<String> {
    // A list such as src/hot.txt is read by build.rs and by nobody from top to bottom.
    let sources = files.iter().filter(|(path, _)| path.starts_with("src/") && !path.ends_with(".txt"));
    sources
        .map(|(path, content)| (path, content.iter().filter(|byte| **byte == b'\n').count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines, more than {MAX_LINES}; split it by meaning"))
        .collect()
}

/// Finds the dependencies that have no comment above them or behind them.
fn without_reason(manifest: &str) -> Vec<String> {
    let manifest: DocumentMut = manifest.parse().expect("Cargo reads it too");
    let targets = manifest.get("target").and_then(|targets| targets.as_table_like());
    let of_targets =
        targets.into_iter().flat_map(TableLike::iter).filter_map(|(_, item)| item.as_table_like());
    let mut found = Vec::new();
    for holder in of_targets.chain([manifest.as_table() as &dyn TableLike]) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = holder.get(kind).and_then(|table| table.as_table_like());
            for (name, item) in table.into_iter().flat_map(TableLike::iter) {
                let key = table.and_then(|table| table.key(name)).expect("it was just listed");
                let above = key.leaf_decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default();
                let behind = item.as_value().and_then(|value| value.decor().suffix()?.as_str());
                // A comment belongs to what follows it at once, so that no one lends its reason to the next.
                let directly_above = above.trim_end_matches(' ').rsplit('\n').nth(1);
                let comments = [directly_above, behind.map(str::trim)].into_iter().flatten();
                if !comments.into_iter().any(|comment| comment.starts_with('#') && comment.len() > 5) {
                    found.push(format!("Cargo.toml: {name} ({kind}) has no comment with its reason"));
                }
            }
        }
    }
    found
}

/// Reads every file that git tracks or would track.
fn tracked() -> Vec<Tracked> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "these checks need a git checkout: {listed:?}");
    let names = String::from_utf8(listed.stdout).expect("names of ours are UTF-8");
    let names: Vec<&str> = names.split_terminator('\0').collect();
    assert!(names.contains(&"Cargo.toml"), "git lists our files: {names:?}");
    // A file that is deleted and not yet committed is still listed, and holds nothing.
    let read = |name: &str| Some((name.to_owned(), fs::read(root().join(name)).ok()?));
    names.into_iter().filter_map(read).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// What has been planted must be found.
mod planted {
    use super::*;

    fn file(path: &str, content: impl Into<Vec<u8>>) -> Vec<Tracked> {
        vec![(path.to_owned(), content.into())]
    }

    #[test]
    fn tokens_of_every_prefix_are_found_anywhere() {
        for prefix in PREFIXES {
            let token = |length| [*prefix, &"aB3_".repeat(30)[..length]].concat();
            let found = tokens(&file("a/b.bin", format!("\u{fffd}\0\nx{}\"", token(30))));
            assert_eq!(found.len(), 1, "{prefix}: {found:?}");
            assert!(found[0].starts_with("a/b.bin:2: "), "{found:?}");
            assert_none(&tokens(&file("a", token(29))));
            assert_none(&tokens(&file("a", format!("{prefix} {}", "a".repeat(40)))));
        }
    }

    #[test]
    fn a_file_without_a_head_and_a_long_one_are_found() {
        assert_none(&headless(&file("a.rs", "//! Is for x.\n")));
        assert_eq!(headless(&file("a.rs", "use x;\n//! Late.\n")).len(), 1);
        assert_eq!(headless(&file("a.rs", "")).len(), 1);
        assert_none(&headless(&file("a.sh", "")));
        assert_none(&too_long(&file("src/a.rs", "\n".repeat(MAX_LINES))));
        assert_eq!(too_long(&file("src/a.rs", "\n".repeat(MAX_LINES + 1))).len(), 1);
        assert_none(&too_long(&file("tests/a.rs", "\n".repeat(MAX_LINES + 1))));
    }

    #[test]
    fn a_dependency_without_a_reason_of_its_own_is_found() {
        let bare = |manifest: &str| {
            let found = without_reason(manifest);
            found.iter().map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let manifest = "[dependencies]\na = \"1\"\n# the reason\nb = \"1\"\nc = { version = \"1\" }\n\
            d = \"1\" # and its reason\n# one that stands apart\n\ne = \"1\"\n\
            [target.'cfg(unix)'.dependencies]\nf = \"1\"\n[dev-dependencies]\n# for tests\ng = \"1\"\nh = \"1\"\n\
            [build-dependencies]\ni = \"1\"\n[dependencies.j]\nversion = \"1\"\n";
        assert_eq!(bare(manifest), ["f", "a", "c", "e", "j", "h", "i"]);
    }
}
