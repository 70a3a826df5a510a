//! `exec`: runs a command with the right owner's token in its environment, and no other.

use crate::account::Account;
use crate::cli::Exec;
use crate::error::{Exit, Failure};
use crate::github::Api;
use crate::remote::{GITHUB, Host, Server};
use crate::search_path::find_command;
use crate::session::Session;
use crate::target;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

#[cfg(unix)]
#[path = "exec/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "exec/windows.rs"]
mod platform;

/// The exit code of a shell for a command that is there and cannot be run.
const CANNOT_RUN: u8 = 126;
/// The exit code of a shell for a command that is not there.
const NOT_FOUND: u8 = 127;

/// What `gh` and other clients of GitHub's API read; an inherited one would be somebody else's.
const INHERITED: [&str; 5] =
    ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST"];

/// Runs the command; on Unix it takes this process's place, so that signals and exit codes are its own.
pub(crate) fn run(session: &Session, options: &Exec) -> Result<(), Failure> {
    let target = target::one(options.target.as_deref())?;
    let (account, token) = super::chosen(session, &target.remote, target.user.as_deref())?;
    let Some((name, arguments)) = options.command.split_first() else {
        return Err(
            Failure::usage("there is no command to run").remedy("git credential-patron exec gh pr list")
        );
    };
    let mut command = Command::new(program(name)?);
    platform::name(&mut command, name);
    command.args(arguments);
    for name in INHERITED {
        command.env_remove(name);
    }
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::failed(format!("the token cannot be an environment variable: {why}"))
    };
    if let Some(why) = token.unusable() {
        return Err(cannot(&why));
    }
    let secret = platform::text(token.expose()).ok_or_else(|| cannot(&"it is no text"))?;
    for (name, value) in variables(&account, secret) {
        command.env(name, value);
    }
    let inherited = |name: &str| std::env::var_os(name);
    for (name, value) in addresses(account.scope.host(), &inherited) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Err(cannot_start(name, platform::replace(command)))
}

/// Finds the program as a shell does, but never in a folder of `PATH` that depends on where we are: that
/// would hand the token to whatever a checkout calls `gh`.
fn program(name: &OsStr) -> Result<PathBuf, Failure> {
    let is_separator = |byte: &u8| std::path::is_separator(char::from(*byte));
    if name.as_encoded_bytes().iter().any(is_separator) || name.is_empty() {
        return Ok(PathBuf::from(name));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(program) = find_command(name, &path) {
        return Ok(program);
    }
    let is_there = |folder: PathBuf| folder.is_absolute() && folder.join(name).is_file();
    let exit = match std::env::split_paths(&path).any(is_there) {
        true => CANNOT_RUN,
        false => NOT_FOUND,
    };
    let why = if exit == CANNOT_RUN { "it is not executable" } else { "command not found" };
    Err(Failure::new(Exit::As(exit), format!("{}: {why}", shown(name))))
}

/// Says which variables the account's host wants: an Enterprise Server's token must not be found by a
/// client that talks to github.com (documented in gh's manual, "environment").
fn variables<'a>(account: &'a Account, secret: &'a OsStr) -> Vec<(&'static str, &'a OsStr)> {
    let host = account.scope.host().as_str();
    let is_cloud = account.scope.host().server_by_name() == Some(Server::GitHub);
    let mut variables = match is_cloud {
        true => vec![("GH_TOKEN", secret), ("GITHUB_TOKEN", secret)],
        false => vec![("GH_ENTERPRISE_TOKEN", secret), ("GITHUB_ENTERPRISE_TOKEN", secret)],
    };
    if host != GITHUB {
        variables.push(("GH_HOST", OsStr::new(host)));
    }
    variables
}

/// Says what becomes of inherited addresses that the clients in a workflow of GitHub Actions read (documented in
/// "Variables reference"): they name the account's host, or are taken away.
fn addresses(
    host: &Host,
    inherited: &dyn Fn(&str) -> Option<OsString>,
) -> Vec<(&'static str, Option<String>)> {
    let api = Api::of(host);
    let graphql = match host.server_by_name() {
        Some(Server::GitHub) => format!("https://{}/graphql", api.host()),
        Some(Server::Plain) | None => format!("https://{host}/api/graphql"),
    };
    let there = [
        ("GITHUB_SERVER_URL", format!("https://{host}")),
        ("GITHUB_API_URL", api.base().to_owned()),
        ("GITHUB_GRAPHQL_URL", graphql),
    ];
    let of_host = there.into_iter().filter(|(name, _)| inherited(name).is_some());
    // `[HOST/]OWNER/REPO` (gh's manual).
    let repo = inherited("GH_REPO").map(|repo| repo.to_string_lossy().into_owned());
    let is_elsewhere = repo.is_some_and(|repo| {
        repo.split_once('/').is_some_and(|(first, rest)| rest.contains('/') && first != host.as_str())
    });
    of_host.map(|(name, url)| (name, Some(url))).chain(is_elsewhere.then_some(("GH_REPO", None))).collect()
}

fn shown(program: &OsStr) -> String {
    crate::terminal::sanitise(&program.to_string_lossy(), 80)
}

fn cannot_start(program: &OsStr, error: std::io::Error) -> Failure {
    let exit = if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
    Failure::new(Exit::As(exit), format!("{} cannot be started", shown(program))).because(error)
}

/// Runs a command in this process's place, its environment as it is.
pub(super) fn replace_with(command: &[OsString]) -> Result<(), Failure> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut command = Command::new(self::program(program)?);
    platform::name(&mut command, program);
    command.args(arguments);
    Err(cannot_start(program, platform::replace(command)))
}
