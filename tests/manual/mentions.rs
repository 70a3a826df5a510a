//! Whatever our texts tell people to type is there: commands, options, settings, variables, verdicts.

use super::{GITS_WORDS, Manual, denials, manual, page_path, real_commands, text};
use crate::verdict_id::VerdictId;
use std::collections::BTreeSet;
use std::process::Command;

/// What a command line of ours begins with.
const CALL: &str = "git credential-patron ";

#[test]
fn no_text_tells_to_type_what_is_not_there() {
    let manual = manual();
    let told = manual.commands();
    let mut seen = 0;
    for (file, text) in texts() {
        for call in calls(&text) {
            seen += 1;
            let word = call.split_whitespace().next().unwrap_or_default();
            let options: BTreeSet<&str> = options(call).collect();
            if let Some(command) = told.get(word) {
                let unknown = options.iter().find(|option| !command.options.contains_key(**option));
                assert!(unknown.is_none(), "{file}: {word} has no such option: {call}");
            } else {
                let is_word = GITS_WORDS.contains(&word) || matches!(word, "-h" | "--help" | "--version");
                assert!(is_word, "{file}: there is no such command: {CALL}{call}");
            }
            if let Some(id) = call.strip_prefix("explain ").and_then(|rest| rest.split_whitespace().next())
                && id.starts_with(|first: char| first.is_ascii_lowercase())
            {
                assert!(VerdictId::parse(id).is_some(), "{file}: there is no verdict {id}");
            }
        }
    }
    assert!(seen > 50, "the texts are full of commands, and only {seen} were found");
}

#[test]
fn the_readme_names_no_setting_and_no_variable_that_is_not_there() {
    let settings: BTreeSet<String> = manual().items("CONFIGURATION").into_iter().collect();
    let variables: BTreeSet<String> = manual().items("ENVIRONMENT").into_iter().collect();
    for file in prose() {
        let text = text(&file);
        for setting in names(&text, "patron.", |c| c.is_ascii_alphabetic() || "<>.".contains(c)) {
            let setting = setting.trim_end_matches('.');
            let is_setting = setting.len() > "patron.".len() && !setting.ends_with(".exe");
            assert!(!is_setting || settings.contains(setting), "{file}: there is no setting {setting}");
        }
        for variable in names(&text, "PATRON_", |c| c.is_ascii_uppercase() || c == '_') {
            let is_known = variables.contains(variable) || variable == denials::BLESS;
            assert!(is_known, "{file}: there is no variable {variable}");
        }
    }
}

#[test]
fn no_text_names_a_file_of_ours_that_is_not_there() {
    let tops = ["src/", "tests/", "man/", "install/", ".github/", "Cargo.", "CHANGELOG", "README", "LICENSE"];
    let mut seen = 0;
    for file in tracked(&["*.md"]) {
        for word in text(&file).split('`').skip(1).step_by(2) {
            if tops.iter().any(|top| word.starts_with(top)) && !word.contains([' ', '*']) {
                seen += 1;
                assert!(super::root().join(word).exists(), "{file}: there is no {word}");
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn the_manual_names_only_verdicts_that_are_there() {
    let manual = Manual::read(&page_path("git-credential-patron.1"));
    let words =
        manual.section("WHEN GITHUB REFUSES").into_iter().filter_map(|line| line.strip_prefix(".Li "));
    let ids = words.filter_map(|words| words.split_whitespace().next()).filter(|word| word.contains('-'));
    let ids: Vec<&str> = ids.collect();
    assert!(!ids.is_empty());
    for id in ids {
        assert!(VerdictId::parse(id).is_some(), "there is no verdict {id}");
    }
}

/// The long options in a text, without their dashes.
pub(super) fn options(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("--").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|before| !before.is_ascii_alphanumeric() && before != '-')
    });
    let words = starts.map(|(at, _)| {
        let word = &text[at + 2..];
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(word.len());
        &word[..end]
    });
    words.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// What follows our name wherever somebody might type it, up to the command's end.
fn calls(text: &str) -> Vec<&str> {
    let rest = text.match_indices(CALL).map(|(at, _)| &text[at + CALL.len()..]);
    let calls = rest.map(|rest| {
        let rest = &rest[..rest
            .find(['\n', '`', '|', '&', ';', '>', '"', '\'', '\\', '#', ')', ']', '{'])
            .unwrap_or(rest.len())];
        rest.split(" -- ").next().unwrap_or_default().trim()
    });
    // `git credential-patron COMMAND`, `{command}` and the like stand for something else.
    calls.filter(|call| call.starts_with(|first: char| first.is_ascii_lowercase() || first == '-')).collect()
}

/// Names of a beginning, in a text.
fn names<'a>(text: &'a str, begins: &'a str, part: fn(char) -> bool) -> impl Iterator<Item = &'a str> {
    text.match_indices(begins)
        .filter(move |(at, _)| {
            let before = text[..*at].chars().next_back();
            before.is_none_or(|before| !before.is_ascii_alphanumeric() && before != '-' && before != '_')
        })
        .map(move |(at, _)| {
            let rest = &text[at + begins.len()..];
            let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
            &text[at..at + begins.len() + end]
        })
}

/// The files that people read.
fn prose() -> Vec<String> {
    tracked(&["*.md", ".github", "install"])
}

/// Every file that may tell people what to type.
fn texts() -> Vec<(String, String)> {
    let files = tracked(&["*.md", ".github", "install", "man", "src"]);
    files.into_iter().map(|file| (file.clone(), text(&file).replace("\\-", "-"))).collect()
}

/// The files that git tracks or would track, and that are there.
fn tracked(paths: &[&str]) -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"])
        .args(paths)
        .current_dir(super::root())
        .output()
        .expect("git lists the files");
    let names = String::from_utf8(listed.stdout).expect("names of ours are UTF-8");
    let names: Vec<String> = names.split_terminator('\0').map(str::to_owned).collect();
    assert!(names.contains(&"README.md".to_owned()), "these checks need a git checkout");
    names.into_iter().filter(|name| super::root().join(name).is_file()).collect()
}

/// What is planted must be found.
#[test]
fn calls_and_names_are_found_in_prose_and_code() {
    let text = "say `git credential-patron add acme --yes`, or git credential-patron COMMAND\n\
        git push 2>&1 | git credential-patron explain --list # or\n\
        git credential-patron exec --for acme -- gh pr --repo x";
    assert_eq!(calls(text), ["add acme --yes", "explain --list", "exec --for acme"]);
    assert_eq!(
        options("[--host=]:X --dry-run' a--b ---c --x.y").collect::<Vec<_>>(),
        ["host", "dry-run", "x"]
    );
    let part = |c: char| c.is_ascii_lowercase();
    assert_eq!(
        names("patron.vault x-patron.no (patron.probe)", "patron.", part).collect::<Vec<_>>(),
        ["patron.vault", "patron.probe"]
    );
    let real = real_commands();
    assert!(real.contains_key("add") && real["add"].options.contains_key("vault"), "{real:?}");
}
