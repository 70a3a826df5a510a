//! `exec`: runs a command with the right owner's token in its environment, and no other.

use crate::account::Account;
use crate::cli::Exec;
use crate::error::Failure;
#[cfg(unix)]
use crate::limits;
use crate::remote::{GITHUB, Server};
use crate::session::Session;
use crate::target;
use crate::token::Token;
use std::ffi::OsStr;
use std::process::Command;

/// What `gh` and other clients of GitHub's API read; an inherited one would be somebody else's.
const INHERITED: [&str; 5] =
    ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST"];

/// Runs the command; on Unix it takes this process's place, so that signals and exit codes are its own.
pub fn run(session: &Session, options: &Exec) -> Result<(), Failure> {
    let target = target::one(options.target.as_deref())?;
    let (account, token) = session.chosen(&target.remote, target.user.as_deref())?;
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(
            Failure::usage("there is no command to run").remedy("git credential-patron exec -- gh pr list")
        );
    };
    let mut command = Command::new(program);
    command.args(arguments);
    for name in INHERITED {
        command.env_remove(name);
    }
    let secret = text(&token)?;
    for (name, value) in variables(&account, secret) {
        command.env(name, value);
    }
    replace(command, program)
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

#[cfg(unix)]
fn text(token: &Token) -> Result<&OsStr, Failure> {
    use std::os::unix::ffi::OsStrExt;
    match token.unusable() {
        Some(why) => Err(Failure::failed(format!("the token cannot be an environment variable: {why}"))),
        None => Ok(OsStr::from_bytes(token.expose())),
    }
}

#[cfg(not(unix))]
fn text(token: &Token) -> Result<&OsStr, Failure> {
    let text = std::str::from_utf8(token.expose()).ok().filter(|_| token.unusable().is_none());
    text.map(OsStr::new).ok_or_else(|| Failure::failed("the token cannot be an environment variable"))
}

fn cannot_start(program: &OsStr, error: std::io::Error) -> Failure {
    let name = crate::terminal::sanitise(&program.to_string_lossy(), 80);
    Failure::failed(format!("{name} cannot be started")).because(error)
}

#[cfg(unix)]
fn replace(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    Err(cannot_start(program, limits::as_before(|| command.exec())))
}

#[cfg(not(unix))]
fn replace(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    let status = command.status().map_err(|error| cannot_start(program, error))?;
    match status.code() {
        Some(0) => Ok(()),
        code => {
            Err(Failure::new(crate::error::Exit::Signal(u8::try_from(code.unwrap_or(1)).unwrap_or(1)), ""))
        }
    }
}
