//! What people type who know other programs, and what they are told.

use crate::cli::Cli;
use crate::error::Failure;
use clap::CommandFactory;
use std::ffi::OsString;

/// Commands of other programs, and what does the same here.
const OTHERS: &[(&str, &[&str])] = &[
    ("login", &["add a token for an owner: git credential-patron add OWNER"]),
    (
        "logout",
        &[
            "remove an account: git credential-patron remove SCOPE",
            "stop using patron: git credential-patron unsetup",
        ],
    ),
    (
        "switch",
        &[
            "no need to switch: git gets the token of each repository's owner",
            "add another owner's token: git credential-patron add OWNER",
        ],
    ),
    (
        "doctor",
        &[
            "see whether everything is fine: git credential-patron status",
            "check this repository: git credential-patron diagnose",
        ],
    ),
    ("check", &["see whether everything is fine: git credential-patron status"]),
    ("whoami", &["see the accounts and their logins: git credential-patron list"]),
    ("ls", &["see the accounts: git credential-patron list"]),
    ("rm", &["remove an account: git credential-patron remove SCOPE"]),
    ("configure", &["make patron git's helper: git credential-patron setup"]),
    ("install", &["make patron git's helper: git credential-patron setup"]),
    ("uninstall", &["undo setup: git credential-patron unsetup"]),
];

/// Writes `help COMMAND` as `COMMAND -h`, and `help` as `-h`.
pub(super) fn without_help(args: &[OsString]) -> Vec<OsString> {
    match args {
        [program, help] if help == "help" => vec![program.clone(), "-h".into()],
        [program, help, command] if help == "help" && !command.as_encoded_bytes().starts_with(b"-") => {
            vec![program.clone(), command.clone(), "-h".into()]
        }
        _ => args.to_vec(),
    }
}

/// Names the command that does what an unknown one does elsewhere.
pub(super) fn for_unknown(args: &[OsString]) -> Option<Failure> {
    let word = args.get(1)?.to_str()?;
    if Cli::command().find_subcommand(word).is_some() {
        return None;
    }
    let (_, remedies) = OTHERS.iter().find(|(other, _)| *other == word)?;
    let failure = Failure::usage(format!("there is no command \"{word}\""));
    Some(remedies.iter().fold(failure, |failure, remedy| failure.remedy(*remedy)))
}

/// Gives the arguments that are ours: what `exec` runs has its own.
pub(super) fn own_arguments(args: &[OsString]) -> &[OsString] {
    let mut end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    if args.get(1).is_some_and(|command| command == "exec") {
        let mut at = 2;
        while let Some(arg) = args.get(at).filter(|arg| arg.as_encoded_bytes().starts_with(b"-")) {
            at += if arg == "--for" { 2 } else { 1 };
        }
        end = end.min(at);
    }
    args.get(1..end.max(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn help_is_the_help_of_a_command() {
        for (line, same) in [
            ("p help", "p -h"),
            ("p help add", "p add -h"),
            ("p add help", "p add help"),
            ("p help -h", "p help -h"),
            ("p", "p"),
        ] {
            assert_eq!(without_help(&of(line)), of(same), "{line}");
        }
    }

    #[test]
    fn what_exec_runs_is_not_ours() {
        for (line, ours) in [
            ("p add acme --label x", 4),
            ("p exec gh pr list", 1),
            ("p exec --for acme gh --for x", 3),
            ("p exec --for=acme gh", 2),
            ("p exec --for acme -- gh", 3),
            ("p exec -- gh", 1),
            ("p exec --for", 2),
            ("p diagnose -- x", 1),
            ("p", 0),
        ] {
            assert_eq!(own_arguments(&of(line)).len(), ours, "{line}");
        }
    }

    #[test]
    fn no_hint_hides_a_command() {
        let real = Cli::command();
        for (word, _) in OTHERS {
            assert!(real.find_subcommand(word).is_none(), "{word}");
        }
    }
}
