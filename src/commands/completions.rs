//! `completions`: a shell's completions, made from the same definition as the help.
//!
//! What is generated completes `git-credential-patron`. Zsh and fish take that for `git credential-patron`
//! too; bash does with the function that is added here, which git's own completion calls (documented at the
//! head of git's contrib/completion/git-completion.bash).

use crate::cli::{Cli, Completions};
use crate::error::Failure;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
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

/// Prints the completions.
pub fn run(options: &Completions, out: &mut dyn Write) -> Result<(), Failure> {
    // In one piece: `generate` panics where a reader has gone away.
    out.write_all(script(options.shell).as_bytes())
        .map_err(|error| Failure::failed("the completions cannot be written").because(error))
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    let name = if shell == Shell::Bash { IN_BASH } else { PROGRAM };
    generate(shell, &mut Cli::command(), name, &mut script);
    let script = String::from_utf8(script).expect("it is made of names and help, which are text");
    if shell != Shell::Bash {
        return script;
    }
    // Only the lines that register it name the program.
    script.replace(&format!(" {IN_BASH}\n"), &format!(" {PROGRAM}\n")) + FOR_GIT
}
