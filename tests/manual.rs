//! The manual, the program's own help, its completions and the README name the same things.
//!
//! What is true is asked of the program itself, or read from its own tables: `cli.rs`, the catalogue, the
//! verdicts. The manual is read as its source, by the few macros that it uses for each purpose (see
//! `manual/mdoc.rs`).

mod denials;
mod mdoc;
mod mentions;
mod settings;

/// The product's command line, taken as it is.
#[path = "../src/cli.rs"]
#[allow(dead_code, unreachable_pub, reason = "only the names in it are of interest here")]
mod cli;
/// The product's verdicts, taken as they are.
#[path = "../src/verdict/table.rs"]
#[allow(dead_code, reason = "only the names in it are of interest here")]
mod verdicts;

use self::mdoc::{Manual, Named};
use crate::sandbox::Sandbox;
use clap::CommandFactory;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shells that completions are made for.
const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];
/// What git calls.
const GITS_WORDS: [&str; 4] = ["get", "store", "erase", "capability"];

#[test]
fn both_pages_are_clean() {
    for page in ["git-credential-patron.1", "git-credential-patron-denials.7"] {
        let output = tool("mandoc", "mandoc").args(["-T", "lint", "-W", "all"]).arg(page_path(page)).output();
        let output = output.expect("it was found");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        // Whether another manual is on this machine, and in its index, is not ours.
        let is_ours = |line: &&str| {
            !line.contains("referenced manual not found") && !line.contains("outdated mandoc.db lacks")
        };
        let found: Vec<&str> = text.iter().flat_map(|text| text.lines()).filter(is_ours).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn the_manual_has_the_sections_people_look_for() {
    let sections: Vec<String> = manual().sections().map(str::to_owned).collect();
    let expected = "NAME, SYNOPSIS, DESCRIPTION, COMMANDS, HOW A TOKEN IS CHOSEN, WHEN GITHUB REFUSES, \
        CONFIGURATION, ENVIRONMENT, POLICY OF A MACHINE, FILES, EXIT STATUS, EXAMPLES, SECURITY, COMPATIBILITY, SEE ALSO";
    assert_eq!(sections.join(", "), expected);
}

#[test]
fn the_manual_and_the_program_have_the_same_commands_and_options() {
    let mut told = manual().commands();
    for word in GITS_WORDS {
        assert_eq!(told.remove(word), Some(Named::default()), "{word} is git's, and takes nothing");
    }
    let mut real = real_commands();
    for (name, of_program) in &mut real {
        of_program.options.remove("help");
        assert_eq!(told.get(name), Some(&*of_program), "{name}: left the manual, right the program");
    }
    assert_eq!(told.keys().collect::<Vec<_>>(), real.keys().collect::<Vec<_>>());
}

#[test]
fn the_synopsis_names_what_the_commands_section_describes() {
    let names_of = |commands: BTreeMap<String, Named>| -> BTreeMap<String, BTreeSet<String>> {
        commands.into_iter().map(|(name, named)| (name, named.options.into_keys().collect())).collect()
    };
    let (synopsis, commands) = (names_of(manual().synopsis()), names_of(manual().commands()));
    for (name, options) in &commands {
        assert_eq!(
            synopsis.get(name),
            Some(options),
            "{name}: SYNOPSIS (left) is not what COMMANDS describes"
        );
    }
    for name in synopsis.keys() {
        assert!(commands.contains_key(name), "{name} stands in SYNOPSIS and not in COMMANDS");
    }
}

#[test]
fn the_first_help_is_one_screen_and_names_every_command() {
    let sandbox = Sandbox::new(None);
    let help = sandbox.patron(["-h"]).ok().stdout();
    assert!(help.lines().count() <= 24, "{} lines, at most 24: `HELP` in src/cli.rs", help.lines().count());
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    for line in [&["help"][..], &["--help"]] {
        sandbox.patron(line).ok().prints(&help);
    }
    let group = |title: &str| -> Vec<String> {
        let lines = help.lines().skip_while(move |line| !line.starts_with(title)).skip(1);
        lines.take_while(|line| line.starts_with("  ")).map(str::to_owned).collect()
    };
    // `token, exec CMD    print ...`: commands in small letters, what they take in capitals.
    let names = |line: &String| -> Vec<String> {
        let names = line.trim_start().split("  ").next().unwrap_or_default();
        names
            .split([' ', ','])
            .filter(|name| name.chars().any(char::is_lowercase))
            .map(str::to_owned)
            .collect()
    };
    let for_you: BTreeSet<String> = group("for you").iter().flat_map(names).collect();
    assert_eq!(for_you, real_commands().into_keys().collect());
    assert_eq!(group("for git").concat().trim().split(", ").collect::<Vec<_>>(), GITS_WORDS);
    // Without a command: the same, on stderr.
    let bare = sandbox.patron::<_, &str>([]).fails(2);
    assert_eq!((bare.stderr(), bare.stdout()), (help, String::new()));
}

#[test]
fn each_commands_help_names_its_options_and_one_example() {
    let sandbox = Sandbox::new(None);
    for (name, real) in real_commands() {
        let help = sandbox.patron([name.as_str(), "-h"]).ok().stdout();
        sandbox.patron(["help", name.as_str()]).ok().prints(&help);
        assert!(help.contains(&format!("Usage: git credential-patron {name}")), "{help}");
        let options: BTreeSet<String> = mentions::options(&help).map(str::to_owned).collect();
        assert_eq!(options, real.options.into_keys().collect(), "{help}");
        let (_, example) = help.split_once("\nexample: ").unwrap_or_else(|| panic!("no example: {help}"));
        assert!(example.contains(&format!("git credential-patron {name}")), "{help}");
    }
}

#[test]
fn git_is_answered_for_its_words() {
    let sandbox = Sandbox::new(None);
    for word in GITS_WORDS {
        let said = sandbox.patron([word]).stdin("protocol=https\nhost=nowhere.example\n\n").ok();
        assert_eq!(said.stdout().is_empty(), word != "capability", "{word}");
    }
}

/// The option by which the scripts ask for values, which nobody types.
const VALUES: &str = "values";

#[test]
fn completions_name_every_command_and_option_and_no_other() {
    let sandbox = Sandbox::new(None);
    let real = real_commands();
    let known: BTreeSet<&str> =
        real.values().flat_map(|named| named.options.keys()).map(String::as_str).chain(["version"]).collect();
    for shell in SHELLS {
        let script = sandbox.patron(["completions", shell]).ok().stdout();
        // Fish writes `complete ... -l host`, and names it nowhere else.
        let script = script.replace("set -l ", "set ").replace(" -l ", " --");
        let found: BTreeSet<&str> = mentions::options(&script).collect();
        for option in &known {
            assert!(found.contains(option), "{shell} does not know --{option}");
        }
        // Words of the shells' own commands in the scripts.
        let others = |option: &&str| !matches!(*option, "display" | "description" | VALUES);
        let unknown: Vec<_> = found.difference(&known).copied().filter(others).collect();
        assert!(unknown.is_empty(), "{shell} completes what is not there: {unknown:?}");
        for name in real.keys() {
            assert!(script.contains(name.as_str()), "{shell} does not know {name}");
        }
    }
    let manual = manual().commands();
    assert_eq!(manual["completions"].arguments, ["shell"]);
    let told = section_text(&self::manual(), "COMMANDS");
    for shell in SHELLS {
        assert!(told.contains(&format!(".Cm {shell}")), "the manual names {shell}");
    }
    sandbox.patron(["completions", "tcsh"]).fails(2);
}

#[test]
fn exit_codes_are_those_of_the_manual() {
    let told: BTreeSet<i32> = manual()
        .items("EXIT STATUS")
        .into_iter()
        .map(|item| item.parse().unwrap_or_else(|_| panic!("{item} is no exit status")))
        .collect();
    let sandbox = Sandbox::new(None);
    let token = ["ghp", &"x1".repeat(18)].join("_");
    // One way to each; the network of a sandbox without a forge answers to nobody.
    let seen = [
        (0, sandbox.patron(["list"]).run()),
        (1, sandbox.patron(["remove", "nobody", "--yes"]).run()),
        (2, sandbox.patron(["add"]).run()),
        (3, sandbox.patron(["add", "acme", "--token-stdin"]).stdin(token).run()),
    ];
    for (code, output) in &seen {
        assert_eq!(output.status.code(), Some(*code), "{}", output.report());
    }
    assert_eq!(told, seen.iter().map(|(code, _)| *code).collect());
    for row in verdicts::rows() {
        assert!(told.contains(&row.exit.into()) && row.exit != 2, "{}", row.id);
    }
}

#[test]
fn files_are_where_the_manual_says() {
    let sandbox = Sandbox::new(None);
    let token = ["ghp", &"x1".repeat(18)].join("_");
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--no-verify", "--token-stdin"]).stdin(token).ok();
    sandbox
        .patron(["get"])
        .stdin("protocol=https\nhost=github.com\npath=acme/x\n\n")
        .env("PATRON_PROBE", "never")
        .ok();
    let told: Vec<String> = manual().items("FILES");
    for file in told.iter().filter_map(|file| file.strip_prefix("~/")) {
        assert!(sandbox.home().join(file).is_file(), "{file} is not there");
    }
    let named = told.iter().filter_map(|file| file.rsplit('/').next());
    let named: BTreeSet<&str> = named.collect();
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        ["accounts.toml", "git-credential-patron", "gitconfig", "outcomes.toml", "secrets.toml"]
    );
}

#[test]
fn json_has_the_fields_that_the_manual_shows() {
    fn fields(value: &serde_json::Value, into: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => object.iter().for_each(|(name, value)| {
                into.insert(name.clone());
                fields(value, into);
            }),
            serde_json::Value::Array(list) => list.iter().for_each(|value| fields(value, into)),
            _ => {}
        }
    }
    let sandbox = Sandbox::new(None);
    let token = ["ghp", &"x1".repeat(18)].join("_");
    sandbox.patron(["add", "acme", "--no-verify", "--token-stdin"]).stdin(token).ok();
    let mut real = BTreeSet::new();
    for line in [
        vec!["list", "--json"],
        vec!["explain", "sso-required", "--json"],
        vec!["status", "--offline", "--json"],
        vec!["diagnose", "--offline", "--json", "https://github.com/acme/secret"],
    ] {
        let output = sandbox.patron(&line).run();
        let value = serde_json::from_slice(&output.stdout);
        fields(&value.unwrap_or_else(|error| panic!("{error}\n{}", output.report())), &mut real);
    }
    // Only a refusal has it: tests/status.rs.
    real.insert("at".to_owned());
    // An organisation's requests and grants, held in tests/apps/owners.rs.
    let decisions = [
        "created",
        "decided",
        "last_used",
        "left",
        "look_twice",
        "owner",
        "permissions",
        "reason",
        "repositories",
        "token_id",
        "token_name",
    ];
    real.extend(decisions.map(str::to_owned));
    let told = section_text(&manual(), "COMMANDS");
    let told = told.split('"').collect::<Vec<_>>();
    let told = told.windows(2).filter(|pair| pair[1].starts_with(':')).map(|pair| pair[0].to_owned());
    assert_eq!(told.collect::<BTreeSet<_>>(), real, "left the manual, right the program");
}

/// What the program really takes.
fn real_commands() -> BTreeMap<String, Named> {
    let mut top = cli::Cli::command();
    top.build();
    let commands = top.get_subcommands().map(|command| {
        let mut named = Named::default();
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let takes_value = argument.get_action().takes_values();
            let values = argument.get_possible_values();
            let value_name = argument.get_value_names().map(|names| names[0].as_str().to_lowercase());
            let value = match (takes_value, values.is_empty()) {
                (false, _) => None,
                (true, false) if !argument.is_positional() => {
                    Some(values.iter().map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join("|"))
                }
                (true, _) => value_name,
            };
            match argument.get_long() {
                Some(long) => _ = named.options.insert(long.to_owned(), value),
                None => named.arguments.extend(value),
            }
        }
        (command.get_name().to_owned(), named)
    });
    commands.collect()
}

/// The manual.
fn manual() -> Manual {
    Manual::read(&page_path("git-credential-patron.1"))
}

fn section_text(manual: &Manual, name: &str) -> String {
    manual.section(name).join("\n")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page_path(name: &str) -> PathBuf {
    root().join("man").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A program that a test cannot do without.
fn tool(name: &str, package: &str) -> Command {
    let found = Command::new(name).arg("-V").stdin(std::process::Stdio::null()).output();
    assert!(found.is_ok(), "{name} is missing: install the package {package}");
    Command::new(name)
}
