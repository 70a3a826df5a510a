//! `git-credential-patron`: gives git the right GitHub token for each owner.
#![allow(dead_code, unreachable_pub, reason = "the rooms are being furnished")]

mod commands;
mod error;
mod git;
mod paths;
mod remote;
mod token;
mod vault;

use commands::setup::SetupArgs;
use commands::unsetup::UnsetupArgs;
use std::env;
use std::io;
use std::process::ExitCode;

/// Stands in for the command line until there is one: `setup` and `unsetup` alone.
fn main() -> ExitCode {
    let mut args = env::args_os();
    let argv0 = args.next();
    let words: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let flag = |name: &str| words.iter().any(|word| word == name);
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let result = match words.first().map(String::as_str) {
        Some("setup") => {
            let hosts =
                words.windows(2).filter(|pair| pair[0] == "--host").map(|pair| pair[1].clone()).collect();
            let args = SetupArgs { hosts, system: flag("--system"), dry_run: flag("--dry-run") };
            commands::setup::run(&args, argv0.as_deref(), &git::process_env, &mut out, &mut err)
        }
        Some("unsetup") => {
            let args = UnsetupArgs { system: flag("--system"), dry_run: flag("--dry-run") };
            commands::unsetup::run(&args, &git::process_env, &mut out)
        }
        _ => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = failure.print(&mut err);
            ExitCode::from(failure.exit().code())
        }
    }
}
