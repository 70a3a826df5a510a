//! The commands, one file each, and what they share.

pub mod erase;
pub mod get;
pub mod list;
pub mod remove;
pub mod store;

use crate::accounts::{self, Book};
use crate::choose::{Account, Place, Standing};
use crate::cli::{Cli, Command};
use crate::error::Failure;
use crate::keeping::Wish;
use crate::log::Log;
use crate::outcomes::Outcomes;
use crate::paths::Paths;
use crate::protocol::{self, Request};
use crate::vault::{self, Asking, Vault};
use crate::{stdio, terminal};
use clap::{CommandFactory, Parser};
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

/// Takes one of git's own words; false if the word is a command for people.
///
/// A word we do not know, on a pipe, is one of a later git: its input is taken and nothing is said, as
/// gitcredentials(7) asks. On a terminal somebody mistyped, and `clap` says so.
pub fn for_git(word: &OsStr, start: Instant) -> bool {
    let act: fn(&Session, &Request) = match word.to_str() {
        Some("get") => get::run,
        Some("store") => store::run,
        Some("erase") => erase::run,
        Some("capability") => {
            // A reader that is gone does not want it any more.
            let _ = stdio::write_answer(protocol::CAPABILITIES.as_bytes());
            return true;
        }
        Some(word) if word.starts_with('-') || Cli::command().find_subcommand(word).is_some() => {
            return false;
        }
        _ if std::io::stdin().is_terminal() => return false,
        _ => {
            stdio::drain();
            return true;
        }
    };
    let log = Log::from_env(start);
    match (stdio::read_request(), Session::begin(log)) {
        (Ok(request), Ok(session)) => act(&session, &request),
        (Err(unread), _) => terminal::say(&unread.to_string()),
        (Ok(_), Err(no_home)) => terminal::say(&no_home.to_string()),
    }
    true
}

/// Runs a command for people and gives its exit code.
pub fn for_people(args: &[OsString], start: Instant) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout with 0, mistakes to stderr with 2; a closed stream changes neither.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = std::io::stdout().lock();
    let outcome = Session::begin(Log::from_env(start))
        .map_err(|no_home| Failure::failed(no_home.to_string()).remedy("set HOME to your home folder"))
        .and_then(|session| match &cli.command {
            Command::List(options) => list::run(&session, options, &mut out),
            Command::Remove(options) => remove::run(&session, options, &mut out),
            _ => Err(Failure::failed("not yet")),
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = failure.print(&mut std::io::stderr());
            ExitCode::from(failure.exit().code())
        }
    }
}

/// What every command works with.
pub struct Session {
    /// Where our files lie.
    pub paths: Paths,
    /// The log of decisions.
    pub log: Log,
    /// The time, in seconds since 1970.
    pub now: i64,
}

impl Session {
    /// Begins: finds the folders and the time.
    pub fn begin(log: Log) -> Result<Self, crate::paths::NoHome> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        Ok(Self { paths: Paths::find()?, log, now })
    }

    /// Reads the accounts.
    pub fn accounts(&self) -> Result<Vec<Account>, accounts::Trouble> {
        accounts::load(&self.paths.accounts())
    }

    /// Locks the list of accounts for a change.
    pub fn book(&self) -> Result<Book, accounts::Trouble> {
        Book::open(&self.paths.accounts())
    }

    /// Reads how the accounts fared.
    pub fn outcomes(&self) -> Outcomes {
        Outcomes::load(&self.paths.outcomes())
    }

    /// Changes how the accounts fared. Losing it loses nothing, so trouble goes to the log alone.
    pub fn note_outcomes(&self, outcomes: &mut Outcomes, change: impl FnOnce(&mut Outcomes)) {
        if outcomes.change(change).is_err() {
            self.log.note("outcomes not written", &[]);
        }
    }

    /// Opens a vault for git, which never causes a dialog.
    pub fn vault(&self, place: &Place) -> Box<dyn Vault> {
        vault::open(place, &self.paths, Asking::Never)
    }

    /// Says which vault the settings name; none for `auto`.
    pub fn vault_wish(&self) -> Option<Wish> {
        match std::env::var("PATRON_VAULT").as_deref() {
            Ok("file") => Some(Wish::There(Place::File)),
            Ok("keyring") => Some(Wish::There(Place::Keyring)),
            _ => None,
        }
    }

    /// Says how an account stands now.
    pub fn standing(&self, outcomes: &Outcomes, account: &Account) -> Standing {
        Standing { rejected: outcomes.rejection(&account.id).is_some(), expired: self.is_expired(account) }
    }

    /// Tells whether the account's known expiry has passed.
    pub fn is_expired(&self, account: &Account) -> bool {
        account.expires.is_some_and(|at| at <= self.now)
    }
}

/// Says in one line what is wrong and what mends it: how git's own words speak of trouble.
pub fn one_line(fact: impl std::fmt::Display, remedy: Option<String>) -> String {
    match remedy {
        Some(remedy) => format!("{fact}; fix: {remedy}"),
        None => fact.to_string(),
    }
}

/// Turns trouble with the list of accounts into a failure of a command.
pub fn list_failure(trouble: accounts::Trouble) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed("the list of accounts cannot be used").because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// Turns trouble with a vault into a failure of a command.
pub fn vault_failure(fact: impl Into<String>, trouble: crate::vault::Trouble) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed(fact).because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}
