//! `git-credential-patron`: gives git the right GitHub token for each owner.
//!
//! Git's own words come first: they cost nothing that they do not need, and end with 0 whatever happens,
//! since git ignores the exit code and a helper must never stand in its way.

mod account;
mod accounts;
mod ancestry;
mod app;
mod bounded;
mod browser;
mod checks;
mod choose;
mod cli;
mod commands;
mod denial;
mod elsewhere;
mod error;
mod fallback;
mod files;
mod forge;
mod git;
mod github;
mod helper_line;
mod hidden;
mod inspect;
mod keeping;
mod limits;
mod log;
mod lookup;
mod loopback;
mod machine;
mod notice;
mod notify;
mod outcomes;
mod ownership;
mod pages;
mod paths;
mod percent;
mod policy;
mod protocol;
mod redact;
mod remote;
mod revoking;
mod search_path;
mod session;
mod ssh;
mod stdio;
mod target;
mod terminal;
mod time;
mod token;
mod traces;
mod vault;
mod verdict;
mod verdict_id;
mod verify;

use std::process::ExitCode;
use std::time::Instant;

/// See its reason in Cargo.toml.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    let start = Instant::now();
    stdio::guard_memory();
    stdio::survive_size_limit();
    let args: Vec<_> = std::env::args_os().collect();
    match args.as_slice() {
        [_, word] if commands::for_git(word, start) => ExitCode::SUCCESS,
        _ => commands::probe::run(&args).unwrap_or_else(|| commands::for_people(&args, start)),
    }
}
