//! No account, or one whose token is refused, and git is about to ask for user name and password on the terminal:
//! a token is asked for instead, and the operation that wanted it goes on.
//!
//! Only where git itself would ask (design, step 11), and where a page could open: who is logged in from afar
//! gets the line that names the command. Declined, or given up, nothing is answered, and git asks as it always
//! did. One process asks at a time: a fetch of several repositories would otherwise put its questions on top of
//! each other.

use super::add::{self, Adding, NotAdded};
use crate::account::Account;
use crate::browser::{self, Purpose, Surroundings};
use crate::cli::Add;
use crate::error::Failure;
use crate::files::{self, FileError};
use crate::git::{Cwd, Git, Permission, git_bool};
use crate::notice::{self, interactive};
use crate::remote::{Remote, Scope, Server};
use crate::session::Session;
use crate::terminal::{self, PromptError, Stream, say};
use std::ffi::OsString;
use std::time::Duration;

/// How long a process waits for another one's question.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how many refusals nobody is asked any more.
const ENOUGH: usize = 2;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// There may be an account now: choose again.
    Kept,
    /// Nobody was asked.
    NotAsked,
    /// Somebody was asked, and wants none.
    Declined,
}

/// Offers to take a token for an owner; `rejected` is the account whose token was refused, if there is one.
pub(super) fn offer(
    session: &Session,
    remote: &Remote,
    server: Server,
    rejected: Option<&Account>,
) -> Offered {
    let Some(owner) = &remote.owner else { return Offered::NotAsked };
    if server != Server::GitHub || !may_ask(session, remote) {
        return Offered::NotAsked;
    }
    let before = session.accounts().map(|accounts| accounts.len()).unwrap_or_default();
    let turn = |bound| files::take_turn(&session.paths.locks(), "asker", bound);
    let lock = match turn(Duration::ZERO) {
        Err(FileError::Busy { .. }) => {
            say("another git is asking for a token; waiting for it");
            turn(PATIENCE)
        }
        other => other,
    };
    let Ok(_lock) = lock else { return Offered::NotAsked };
    let Ok(accounts) = session.accounts() else { return Offered::NotAsked };
    if accounts.len() != before {
        // What the other one was given may serve here, too.
        return Offered::Kept;
    }
    let scope =
        rejected.map_or_else(|| Scope::of_owner(&remote.host, owner), |account| account.scope.clone());
    let id = rejected.map_or_else(|| scope.to_string(), |account| account.id.clone());
    let mut outcomes = session.outcomes();
    if outcomes.declined(&id) >= ENOUGH {
        // Who said no twice has left that owner behind.
        let scope = scope.short();
        say(&match rejected {
            Some(account) => format!(
                "no token for {scope}. Replace it: git credential-patron add {scope}. Or forget it: git credential-patron remove {}",
                account.label
            ),
            None => format!("no account for {scope}; add one: git credential-patron add {scope}"),
        });
        return Offered::Declined;
    }
    match terminal::ask_yes_no(&question(&scope, rejected), true) {
        Ok(true) => ask(session, &scope, rejected, &accounts),
        Ok(false) => {
            session.note_outcomes(&mut outcomes, |outcomes| outcomes.note_declined(&id));
            Offered::Declined
        }
        Err(why) => given_up(&why),
    }
}

/// The question whether a token is to be given now.
fn question(scope: &Scope, rejected: Option<&Account>) -> String {
    match rejected {
        Some(account) => format!("enter a new token for {} now?", account.label),
        None => format!("no account for {}; add one now?", scope.short()),
    }
}

fn ask(session: &Session, scope: &Scope, rejected: Option<&Account>, accounts: &[Account]) -> Offered {
    if rejected.is_none() {
        add::show_page(session, scope, true);
    }
    let options = Add { scope: scope.to_string(), yes: true, ..Add::default() };
    match Adding::new(session, &options, scope.clone(), accounts).ask() {
        Ok(added) => {
            let mut text = Vec::new();
            // A vector takes everything.
            let _ = add::report(&mut text, &added, session.now);
            say(String::from_utf8_lossy(&text).trim_end());
            Offered::Kept
        }
        Err(NotAdded::Prompt(why)) => given_up(&why),
        Err(not_added) => {
            say(&Failure::from(not_added).one_line());
            Offered::Declined
        }
    }
}

/// Gives up; says why if it was not the person's wish.
fn given_up(why: &PromptError) -> Offered {
    match why {
        PromptError::Empty | PromptError::Ended | PromptError::Interrupted(_) => Offered::Declined,
        PromptError::NoTerminal | PromptError::Background => Offered::NotAsked,
        PromptError::Unfit(_) | PromptError::Io(_) => {
            say(&why.to_string());
            Offered::Declined
        }
    }
}

/// Tells whether git itself would ask on this terminal, and somebody sits at it.
fn may_ask(session: &Session, remote: &Remote) -> bool {
    let env = |name: &str| std::env::var_os(name);
    // What costs least comes first.
    let is_off = |value: OsString| git_bool(value.as_encoded_bytes()) == Some(false);
    if env("GIT_TERMINAL_PROMPT").is_some_and(is_off) || !Stream::Stderr.is_terminal() {
        return false;
    }

    let desk = || {
        let surroundings = Surroundings::collect(false, interactive().as_deref());
        browser::may_open(&surroundings, Purpose::ByItself).is_ok()
    };
    notice::is_watched(session, remote, Server::GitHub)
        && terminal::in_foreground()
        && session.settings().prompt == Permission::Auto
        && !has_askpass(&env)
        && desk()
}

/// Tells whether git would ask a program instead of the terminal: the first of these that is set, if it is not
/// empty (git's `prompt.c`).
fn has_askpass(env: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let configured = || {
        let value = Git::find()?.run(&["config", "--get", "core.askPass"], Cwd::Here).ok()?;
        Some(OsString::from(String::from_utf8_lossy(&value).trim_end_matches('\n')))
    };
    let askpass = env("GIT_ASKPASS").or_else(configured).or_else(|| env("SSH_ASKPASS"));
    askpass.is_some_and(|program| !program.is_empty())
}
