//! The GitHub CLI, by its own word: `gh auth token`.
//!
//! Sources: gh's manual, and its help, which is asked whether there is `--user` (since 2.40; Debian 12 has 2.23).
//! Whom it knows, `gh auth status` says, where there is a choice. `gh` gives a token of the environment before its
//! own, so it is asked without one.

use super::{FoundToken, Haul, Sought};
use crate::bounded;
use crate::limits;
use crate::remote::{Host, Owner};
use crate::search_path::find_in_path;
use crate::token::Token;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long one call may take: `status` asks GitHub about each account.
const BOUND: Duration = Duration::from_secs(15);
/// How much of its output is read.
const MOST: u64 = 64 * 1024;
/// What stands before the name of an account in what `status` says.
const ACCOUNT: &str = " account ";
/// The variables that gh takes a token from.
const VARIABLES: [&str; 4] = ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];

pub(super) fn look(sought: &Sought<'_>, haul: &mut Haul) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(gh) = find_in_path(OsStr::new("gh"), &path).map(Gh) else {
        if sought.is_named {
            haul.notes.push("gh: it is not installed".to_owned());
        }
        return;
    };
    let has_user = gh.says(&["auth", "token", "--help"]).is_some_and(|help| help.contains("--user"));
    for host in sought.hosts {
        let users = if has_user { gh.users(host) } else { Vec::new() };
        if users.is_empty() {
            haul.tokens.extend(gh.token(host, None));
        }
        haul.tokens.extend(users.iter().filter_map(|user| gh.token(host, Some(user))));
    }
}

/// The program.
struct Gh(PathBuf);

impl Gh {
    /// Gives what it writes for programs, if it ends well.
    fn run(&self, arguments: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
        let mut command = command(&self.0, arguments);
        let child = limits::as_before(|| command.spawn()).ok()?;
        let output = bounded::run(child, b"", MOST, BOUND).ok()??;
        output.status.success().then(|| Zeroizing::new(output.stdout))
    }

    /// Gives what it writes for people, however it ends.
    fn says(&self, arguments: &[&str]) -> Option<String> {
        let mut command = command(&self.0, arguments);
        let child = limits::as_before(|| command.spawn()).ok()?;
        let output = bounded::run(child, b"", MOST, BOUND).ok()??;
        let both = [output.stdout, output.stderr].concat();
        Some(String::from_utf8_lossy(&both).into_owned())
    }

    /// Names the accounts that it has of a host.
    fn users(&self, host: &Host) -> Vec<Owner> {
        let said = self.says(&["auth", "status", "--hostname", host.as_str()]).unwrap_or_default();
        let mut users: Vec<Owner> = Vec::new();
        for (_, rest) in said.lines().filter_map(|line| line.split_once(ACCOUNT)) {
            let name = rest.split_whitespace().next().unwrap_or_default();
            // What is no login is no argument for a program either.
            if let Some(user) = Owner::parse(name).filter(|user| !users.contains(user)) {
                users.push(user);
            }
        }
        users
    }

    /// Asks for the token of a host, and of one account where there may be several.
    fn token(&self, host: &Host, user: Option<&Owner>) -> Option<FoundToken> {
        let mut arguments = vec!["auth", "token", "--hostname", host.as_str()];
        if let Some(user) = user {
            arguments.extend(["--user", user.as_str()]);
        }
        let secret = Token::new(self.run(&arguments)?.trim_ascii().to_vec());
        if secret.is_empty() {
            return None;
        }
        let of_user = user.map_or_else(String::new, |user| format!(", {user}"));
        let mut logout = vec!["gh", "auth", "logout", "--hostname", host.as_str()];
        if let Some(user) = user {
            logout.extend(["--user", user.as_str()]);
        }
        Some(FoundToken {
            place: format!("gh ({host}{of_user})"),
            host: host.clone(),
            owner: None,
            is_keyed: false,
            secret,
            printed_by: Some(format!("gh {}", arguments.join(" "))),
            cleaned_by: logout.join(" "),
        })
    }
}

fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    bounded::apart(command.args(arguments));
    command.envs([("GH_PROMPT_DISABLED", "1"), ("GH_NO_UPDATE_NOTIFIER", "1"), ("NO_COLOR", "1")]);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}
