//! Reads a manual of ours from its mdoc source.
//!
//! Only what our pages do is read: a list item `.It Ic add Ar scope` begins a command, `.It Fl Fl host Ar
//! host` within it an option; `.It Ev`, `.It Va`, `.It Pa` and `.It 0` name what their sections are about.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A manual's source, line by line.
pub(super) struct Manual {
    lines: Vec<String>,
}

/// What is said of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Its options, with the name of their value or the values they take.
    pub(super) options: BTreeMap<String, Option<String>>,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
}

impl Manual {
    /// Reads a page.
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { lines: text.lines().map(|line| line.replace("\\-", "-")).collect() }
    }

    /// The names of its sections, in order.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| line.strip_prefix(".Sh "))
    }

    /// The lines of a section.
    pub(super) fn section(&self, name: &str) -> Vec<&str> {
        let heading = format!(".Sh {name}");
        let lines = self.lines.iter().map(String::as_str);
        let lines: Vec<&str> = lines.skip_while(|line| *line != heading).skip(1).collect();
        assert!(!lines.is_empty(), "there is no section {name}");
        lines.into_iter().take_while(|line| !line.starts_with(".Sh ")).collect()
    }

    /// What a section's list is about: the words of its items, one for each name.
    pub(super) fn items(&self, section: &str) -> Vec<String> {
        let items = self.section(section).into_iter().filter_map(|line| line.strip_prefix(".It "));
        let names = items.map(|item| {
            let item = item.split(" No = ").next().unwrap_or_default();
            ["Ev ", "Va ", "Pa "].iter().find_map(|macro_| item.strip_prefix(macro_)).unwrap_or(item)
        });
        names.flat_map(|names| names.split(" , ")).map(str::to_owned).collect()
    }

    /// The commands as their section describes them.
    pub(super) fn commands(&self) -> BTreeMap<String, Named> {
        let mut commands = BTreeMap::new();
        let mut current = String::new();
        for line in self.section("COMMANDS") {
            if let Some(item) = line.strip_prefix(".It Ic ") {
                let (name, arguments) = item.split_once(' ').unwrap_or((item, ""));
                name.clone_into(&mut current);
                // Several stand in `Oo ... Oc` each.
                let each = arguments.split(" Oc").map(|one| one.trim().trim_start_matches("Oo "));
                let named = Named {
                    arguments: each.flat_map(|one| values(&one.replace("Cm -- ", ""))).collect(),
                    ..Named::default()
                };
                assert!(commands.insert(current.clone(), named).is_none(), "{name} is described twice");
            } else if let Some(item) = line.strip_prefix(".It Fl Fl ") {
                let (option, rest) = item.split_once(' ').unwrap_or((item, ""));
                let command = commands.get_mut(&current).expect("an option stands below its command");
                let known = command.options.insert(option.to_owned(), value(rest));
                assert!(known.is_none(), "{current} --{option} is described twice");
            }
        }
        commands
    }

    /// The commands as the synopsis names them; arguments are not read.
    pub(super) fn synopsis(&self) -> BTreeMap<String, Named> {
        let mut commands: BTreeMap<String, Named> = BTreeMap::new();
        let mut current = String::new();
        for line in self.section("SYNOPSIS") {
            if let Some(names) = line.strip_prefix(".Cm ") {
                for name in names.split(" | ") {
                    name.clone_into(&mut current);
                    commands.entry(current.clone()).or_default();
                }
            }
            // `.Fl Fl` alone ends the options.
            for option in line.split("Fl Fl ").skip(1) {
                let option = option.split_whitespace().next().expect("a name follows");
                let command = commands.get_mut(&current).expect("an option stands behind its command");
                command.options.insert(option.to_owned(), None);
            }
        }
        commands
    }
}

/// The names of several values, each by its own macro.
fn values(words: &str) -> Vec<String> {
    let words = words.replace("Op ", "");
    words
        .split("Ar ")
        .filter_map(|words| value(&format!("Ar {}", words.trim_end())))
        .filter(|name| !name.is_empty())
        .collect()
}

/// The name of a value, or the values, in what follows a name.
fn value(words: &str) -> Option<String> {
    let words = words.replace("Op ", "").replace(" ...", "");
    let words = words.strip_prefix("Ar ").or(words.strip_prefix("Cm "))?;
    Some(words.replace(" | ", "|"))
}
