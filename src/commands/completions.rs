//! `completions`: a shell's completions, made from the same definition as the help.
//!
//! What is generated completes `git-credential-patron`. Zsh and fish take that for `git credential-patron`
//! too; bash does with the function that is added here, which git's own completion calls (documented at the
//! head of git's contrib/completion/git-completion.bash).
//!
//! `clap_complete` knows no values, so the accounts, remotes and ids are put in here: each script asks the program
//! for them (`completions --values`), which prints what there is and is silent about all trouble.

use crate::accounts;
use crate::cli::{Cli, CompletedValues, Completions};
use crate::error::Failure;
use crate::git::Git;
use crate::paths::Paths;
use crate::target::{self, Target};
use crate::verdict_id::VerdictId;
use clap::{CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};
use std::collections::BTreeSet;
use std::io::Write;

/// What the shells complete.
const PROGRAM: &str = "git-credential-patron";
/// What bash's part is generated for: `clap_complete` 4.6.11 loses the commands of a program whose name has
/// a hyphen (clap-rs/clap#6421).
const IN_BASH: &str = "git_credential_patron_program";
/// How git's completion comes to ours. It splits the line itself, and its `-o nospace` would let the next
/// word begin where ours ends. `__git_cmd_idx` came with git 2.32.
const FOR_GIT: &str = r#"
_git_credential_patron() {
    local at=${__git_cmd_idx:-0}
    if [[ $at -eq 0 ]]; then
        while [[ $at -lt $cword && ${words[at]} != credential-patron ]]; do
            at=$((at + 1))
        done
    fi
    local -a COMP_WORDS=(git-credential-patron "${words[@]:at+1}")
    local COMP_CWORD=$((cword - at))
    compopt +o nospace 2>/dev/null
    _git_credential_patron_program git-credential-patron "$cur" "$prev"
}
"#;
/// How zsh asks for values.
const IN_ZSH: &str = r#"
_git_credential_patron_values() {
    local -a values
    values=(${(f)"$(git-credential-patron completions --values $1 2>/dev/null)"})
    compadd -a values
}
"#;
/// What is completed after which command; after `exec` it is the value of an option.
const VALUES: &[(&str, CompletedValues)] = &[
    ("add", CompletedValues::Targets),
    ("diagnose", CompletedValues::Targets),
    ("exec", CompletedValues::Targets),
    ("explain", CompletedValues::Ids),
    ("remove", CompletedValues::Accounts),
    ("rename", CompletedValues::Accounts),
    ("renew", CompletedValues::Accounts),
    ("revoke", CompletedValues::Accounts),
    ("token", CompletedValues::Targets),
    ("wait", CompletedValues::Targets),
];
/// The option that has such a value.
const FOR: &str = "--for";

/// Prints the completions, or what they offer.
pub(crate) fn run(options: &Completions, out: &mut dyn Write) -> Result<(), Failure> {
    let text = match (options.values, options.shell) {
        (Some(kind), _) => values(kind).into_iter().map(|value| value + "\n").collect(),
        (None, Some(shell)) => script(shell),
        (None, None) => String::new(),
    };
    // In one piece: `generate` panics where a reader has gone away.
    out.write_all(text.as_bytes())
        .map_err(|error| Failure::failed("cannot write the completions").because(error))
}

/// Gives the values that there are now. A shell takes them apart at blanks, and may run what looks like its own.
fn values(kind: CompletedValues) -> BTreeSet<String> {
    let is_plain = |value: &String| {
        !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/@:".contains(&b))
    };
    let accounts = || {
        let paths = Paths::find().ok();
        paths.and_then(|paths| accounts::load(&paths.accounts()).ok()).unwrap_or_default()
    };
    let all: Vec<String> = match kind {
        CompletedValues::Ids => VerdictId::ALL.iter().map(ToString::to_string).collect(),
        CompletedValues::Accounts => accounts()
            .into_iter()
            .flat_map(|account| {
                let scope = account.scope.short();
                let with_login = account.login.map(|login| format!("{scope}@{login}"));
                [Some(account.label), with_login, Some(scope)]
            })
            .flatten()
            .collect(),
        CompletedValues::Targets => {
            let remotes = target::remotes(Git::find().as_ref()).ok().flatten().unwrap_or_default().all;
            let of_remotes = remotes.iter().flat_map(|remote| {
                let repository = Target::from_url(&remote.url).map(|target| target.remote.name());
                std::iter::once(remote.name.clone()).chain(repository)
            });
            of_remotes.chain(accounts().into_iter().map(|account| account.scope.short())).collect()
        }
    };
    all.into_iter().filter(is_plain).collect()
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    let name = if shell == Shell::Bash { IN_BASH } else { PROGRAM };
    generate(shell, &mut Cli::command(), name, &mut script);
    let mut script = String::from_utf8(script).expect("it is made of names and help, which are text");
    for (command, kind) in VALUES {
        let kind = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        script = with_values(shell, script, command, &kind);
    }
    match shell {
        // Only the lines that register it name the program.
        Shell::Bash => script.replace(&format!(" {IN_BASH}\n"), &format!(" {PROGRAM}\n")) + FOR_GIT,
        Shell::Zsh => script.replacen(
            "\n_git-credential-patron() {",
            &format!("{IN_ZSH}\n_git-credential-patron() {{"),
            1,
        ),
        _ => script,
    }
}

/// Lets a script offer the values of a kind after a command.
fn with_values(shell: Shell, script: String, command: &str, kind: &str) -> String {
    let asked = format!("{PROGRAM} completions --values {kind}");
    let (start, end) = match shell {
        Shell::Bash => (format!("{IN_BASH}__subcmd__{command})\n            opts="), "\n            ;;\n"),
        Shell::Zsh => (format!("\n({command})\n"), "\n;;\n"),
        Shell::PowerShell => (format!("'{PROGRAM};{command}' {{\n"), "            break\n"),
        Shell::Elvish => (format!("&'{PROGRAM};{command}'= {{\n"), "        }\n"),
        _ => {
            let condition = format!("__fish_git_credential_patron_using_subcommand {command}");
            // After `exec` there is a command; its option alone has such a value.
            let (option, condition) = match command {
                "exec" => ("-l for -r ", condition),
                _ => ("", condition),
            };
            return format!(
                "{script}complete -c {PROGRAM} -n \"{condition}\" {option}-f -a \"({asked} 2>/dev/null)\"\n"
            );
        }
    };
    let Some(from) = script.find(&start).map(|at| at + start.len()) else { return script };
    let Some(length) = script[from..].find(end) else { return script };
    let part = &script[from..from + length];
    let new = match shell {
        Shell::Bash if command == "exec" => part.replace(
            &format!("{FOR})\n                    COMPREPLY=($(compgen -f \"${{cur}}\"))"),
            &format!("{FOR})\n                    COMPREPLY=($(compgen -W \"$({asked} 2>/dev/null)\" -- \"${{cur}}\"))"),
        ),
        Shell::Bash => part.replacen(
            "\"\n",
            &format!("\"\n            [[ ${{cur}} == -* ]] || opts=\"${{opts}} $({asked} 2>/dev/null)\"\n"),
            1,
        ),
        Shell::Zsh => {
            let is_meant = |line: &str| match command {
                "exec" => line.starts_with(&format!("'{FOR}=")),
                _ => [":what", "::what", ":scope", "::id"].iter().any(|it| line.starts_with(&format!("'{it} "))),
            };
            let new = format!(": _git_credential_patron_values {kind}'");
            let lines = part.lines().map(|line| match is_meant(line) {
                true => line.replacen(":_default'", &new, 1),
                false => line.to_owned(),
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Shell::PowerShell if command != "exec" => format!(
            "{part}            {asked} 2>$null | ForEach-Object {{ \
             [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }}\n"
        ),
        Shell::Elvish if command != "exec" => {
            format!("{part}            try {{ e:{asked} 2>/dev/null | from-lines | each {{|v| cand $v $v }} }} catch e {{ }}\n")
        }
        _ => part.to_owned(),
    };
    format!("{}{new}{}", &script[..from], &script[from + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_asks_for_the_values_of_each_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            let count = script.matches("completions --values ").count();
            let expected = match shell {
                Shell::Zsh => 1,
                Shell::PowerShell | Shell::Elvish => VALUES.len() - 1,
                _ => VALUES.len(),
            };
            assert_eq!(count, expected, "{shell}");
        }
        let zsh = script(Shell::Zsh);
        assert_eq!(zsh.matches(": _git_credential_patron_values ").count(), VALUES.len());
    }
}
