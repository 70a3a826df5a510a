//! The checks of `diagnose`: one fact each, with a stable id, and what to do about it.
//!
//! Rules: a check states what was found, never what is guessed; it names files and lines, accounts by their
//! label, and **never a secret**: values of other people's settings are shown through `git::shown` or not at
//! all. Ids are stable; several lines of one id are several finds of one kind.

mod accounts;
mod helpers;
mod network;
mod policy;
mod program;
mod requests;
mod token;
mod urls;

pub(crate) use accounts::{account, mixed_up, others, readable};
pub(crate) use helpers::{helper_place, helpers, key_place, reset_fix, setup_for, without_helper};
pub(crate) use network::network;
pub(crate) use policy::policy;
pub(crate) use program::program;
pub(crate) use requests::{RequestTally, requests};
pub(crate) use token::token;
pub(crate) use urls::{Interference, RemoteUrl, blamed, lfs, urls};

use crate::git::{ConfigSource, user_home};
use crate::hidden::all_visible;
use std::path::Path;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// The stable name.
    pub(crate) id: &'static str,
    /// Which facts it stands with.
    pub(crate) group: Group,
    /// How it is.
    pub(crate) status: Status,
    /// What was found: lower-case, no full stop.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) fix: Option<String>,
}

/// Facts that stand together, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Git itself.
    Git,
    /// Whom git asks.
    Helpers,
    /// The URL, and what else git sends there.
    Remote,
    /// Which account is chosen.
    Account,
    /// The token itself.
    Token,
    /// What GitHub says.
    GitHub,
    /// The way there.
    Network,
}

impl Group {
    /// Names it for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Helpers => "helpers",
            Self::Remote => "remote",
            Self::Account => "account",
            Self::Token => "token",
            Self::GitHub => "github",
            Self::Network => "network",
        }
    }
}

/// How a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// It works, and might not one day.
    Warning,
    /// It does not work.
    Failed,
    /// Not looked at, or passed over.
    Skipped,
}

impl Status {
    /// Names it as `--json` does.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Making
impl Check {
    fn new(group: Group, id: &'static str, status: Status, message: impl Into<String>) -> Self {
        Self { id, group, status, message: message.into(), fix: None }
    }

    fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// Says where a setting stands, with the home folder as `~`.
fn place(source: &ConfigSource) -> String {
    match (&source.file, source.line) {
        (Some(file), Some(line)) => format!("{}:{line}", short(file)),
        (Some(file), None) => short(file),
        (None, _) => "the command line or environment".to_owned(),
    }
}

/// Gives a path for people: whose home it is, is nobody's business where this is pasted.
pub(crate) fn short(path: &Path) -> String {
    // On Windows git's home may be another folder than the profile, where our files lie.
    let homes = [user_home(), std::env::home_dir().filter(|home| home.is_absolute())];
    let text = match homes.iter().flatten().find_map(|home| path.strip_prefix(home).ok()) {
        Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Some(below) => format!("~/{}", below.display()),
        None => path.display().to_string(),
    };
    all_visible(&text, &[])
}
