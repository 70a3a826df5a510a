//! Settings and environment variables: what the manual names, the program reads, and the other way round.

use super::{manual, root, section_text, text};
use crate::sandbox::Sandbox;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[test]
fn each_setting_of_the_manual_is_read_and_takes_the_values_it_names() {
    for line in manual().section("CONFIGURATION") {
        let Some((name, values)) = line.strip_prefix(".It Va ").and_then(|item| item.split_once(" No = "))
        else {
            continue;
        };
        let key = name.replace("<url>", "https://github.com");
        match values.strip_prefix("Cm ") {
            Some(values) => {
                let complaint = complaint(&format!("{key}=nonsense"), None);
                assert_eq!(complaint.allowed, values.split(" | ").collect(), "{name}");
                assert!(complaint.text.contains("nonsense"), "{}", complaint.text);
                for value in values.split(" | ") {
                    assert_eq!(complaints(&format!("{key}={value}"), None), Vec::<String>::new(), "{name}");
                }
            }
            // What a helper may be is git's; where it may stand is ours.
            None => {
                let complaint = complaint(&format!("{}=x", name.replace("<url>", "nonsense")), None);
                assert!(complaint.text.contains("patron.nonsense."), "{}", complaint.text);
                assert_eq!(complaints(&format!("{key}=cache"), None), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn each_setting_of_the_program_is_in_the_manual() {
    let told: BTreeSet<String> = manual().items("CONFIGURATION").into_iter().collect();
    let source = literals(&text("src/git/settings.rs"));
    // The pairs of a variable and its setting.
    let mut pairs = BTreeMap::new();
    for pair in source.windows(2) {
        if pair[0].starts_with("PATRON_") {
            pairs.insert(pair[0].clone(), format!("patron.{}", pair[1]));
        }
    }
    assert!(pairs.len() > 3, "{pairs:?}");
    for (variable, setting) in &pairs {
        assert!(told.contains(setting), "{setting} is not in the manual");
        assert_eq!(*variable, setting.replace('.', "_").to_uppercase());
        let complaint = complaint("x.y=z", Some(variable));
        assert!(complaint.text.contains(variable.as_str()), "{}", complaint.text);
    }
    let of_urls: BTreeSet<String> = source.into_iter().filter(|name| name.starts_with("fallback")).collect();
    let told_of_urls: BTreeSet<String> =
        told.iter().filter_map(|name| Some(name.strip_prefix("patron.<url>.")?.to_lowercase())).collect();
    assert_eq!(of_urls, told_of_urls);
    assert_eq!(pairs.len() + of_urls.len(), told.len(), "{told:?}");
}

#[test]
fn the_variables_of_the_manual_are_those_of_the_program() {
    let told: BTreeSet<String> = manual().items("ENVIRONMENT").into_iter().collect();
    let mut used = BTreeSet::new();
    sources(&root().join("src"), &mut |source| used.extend(literals(source)));
    let of_patron = |names: &BTreeSet<String>| -> BTreeSet<String> {
        let is_ours = |name: &&String| name.strip_prefix("PATRON_").is_some_and(|rest| !rest.is_empty());
        names.iter().filter(is_ours).cloned().collect()
    };
    assert_eq!(of_patron(&told), of_patron(&used), "left the manual, right the program");
    // NO_COLOR is read by the library that writes to terminals.
    for variable in told.iter().filter(|variable| *variable != "NO_COLOR") {
        assert!(used.contains(variable), "{variable} is nowhere in the program");
    }
    // What `exec` sets is told where `exec` is.
    let commands = section_text(&manual(), "COMMANDS");
    let set: BTreeSet<String> = literals(&text("src/commands/exec.rs")).into_iter().collect();
    for variable in set.iter().filter(|name| name.starts_with("GH_") || name.starts_with("GITHUB_")) {
        assert!(commands.contains(&format!(".Ev {variable}")), "{variable} is not told of");
    }
}

/// What the program says of one bad setting or variable.
struct Complaint {
    text: String,
    allowed: BTreeSet<&'static str>,
}

#[track_caller]
fn complaint(setting: &str, variable: Option<&str>) -> Complaint {
    let said = complaints(setting, variable);
    assert_eq!(said.len(), 1, "{setting} {variable:?}: {said:?}");
    let text = said[0].clone();
    let (_, allowed) = text.split_once("may be ").unwrap_or_else(|| panic!("{text}"));
    let words: BTreeSet<&str> = allowed.split([' ', ',']).collect();
    let known = ["auto", "keyring", "file", "never", "true", "false"];
    Complaint { allowed: known.into_iter().filter(|value| words.contains(value)).collect(), text }
}

/// Runs what reads the settings, with one of them set, and gives what it says of them.
fn complaints(setting: &str, variable: Option<&str>) -> Vec<String> {
    let mut sandbox = Sandbox::new(None);
    sandbox.unset("PATRON_VAULT");
    let (key, value) = setting.split_once('=').expect("a setting and its value");
    sandbox.git(["config", "--global", key, value]).ok();
    if let Some(variable) = variable {
        sandbox.set(variable, "nonsense");
    }
    let token = ["ghp", &"x1".repeat(18)].join("_");
    let output = sandbox.patron(["add", "acme", "--no-verify", "--token-stdin"]).stdin(token).run();
    output.stderr().lines().filter(|line| line.contains("may be ")).map(str::to_owned).collect()
}

/// Reads the sources of the program, but not its unit tests.
fn sources(folder: &Path, read: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry of ours").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.contains("tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, read);
        } else if name.ends_with(".rs") {
            read(&fs::read_to_string(&path).expect("a source of ours"));
        }
    }
}

/// The strings of a source, without those of its unit tests: Rust's own lexer finds them.
fn literals(source: &str) -> Vec<String> {
    fn collect(tokens: TokenStream, into: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut is_test = false;
        for token in &tokens {
            match token {
                TokenTree::Group(group) => {
                    let text = group.stream().to_string().replace(' ', "");
                    if text.starts_with("cfg(") && text.contains("test") {
                        is_test = true;
                    } else if is_test && group.delimiter() == proc_macro2::Delimiter::Brace {
                        is_test = false;
                    } else {
                        collect(group.stream(), into);
                    }
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let text = text.strip_prefix('b').unwrap_or(&text);
                    if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                        into.push(text.to_owned());
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = false,
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(source.parse().expect("the compiler reads it too"), &mut found);
    found
}

#[test]
fn strings_are_found_and_those_of_tests_are_not() {
    let source = r#"
        const A: &str = "A"; fn f() { g(&["B", b"C"]); }
        #[cfg(test)] mod tests { const X: &str = "X"; }
        #[cfg(all(test, unix))] mod more;
        #[cfg(unix)] const D: &str = "D";
    "#;
    assert_eq!(literals(source), ["A", "B", "C", "D"]);
}
