//! `status`: is everything fine. Whether git asks patron first, what each token is worth now, and what GitHub
//! refused lately, for those whose client swallowed it.
//!
//! It is about the user and the machine, not about the repository here, whose settings are not read. With
//! `--offline` no request is made, and what was not asked is never called fine.

mod hosts;
mod json;
mod look;
mod report;

use super::accounts_by_scope;
use crate::account::{Account, Standing};
use crate::cli::StatusArgs as Options;
use crate::denial::normal::RepositoryName;
use crate::error::{Exit, Failure};
use crate::keeping;
use crate::outcomes::{Outcomes, Refusal};
use crate::pages;
use crate::remote::{Direction, GITHUB, Host, Server};
use crate::session::Session;
use crate::terminal::{Spinner, print, say};
use crate::verdict::{self, Evidence, HostKind, Origin, Verdict};
use hosts::HostLine;
use look::{AccountState, Look};

/// For how long a refusal is told, in seconds.
const LATELY: i64 = 7 * 24 * 60 * 60;
/// How many refusals are told.
const MOST_REFUSALS: usize = 20;

/// All that is shown.
struct Overview<'a> {
    hosts: Vec<HostLine>,
    accounts: Vec<(&'a Account, Look)>,
    refusals: Vec<RecentRefusal>,
    now: i64,
}

/// A refusal of the last days.
struct RecentRefusal {
    /// When, in seconds since 1970.
    at: i64,
    /// Of what: the repository, or what the account is for.
    url: String,
    /// What was to be done, if that was noted.
    direction: Option<Direction>,
    verdict: Verdict,
}

/// Shows everything; the exit code is 1 if something is not fine, 3 if it could not be known.
pub(crate) fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let mut accounts = accounts_by_scope(session)?;
    let mut outcomes = session.outcomes();
    let is_stale = |account: &&Account| session.standing(&outcomes, account) != Standing::default();
    let stale: Vec<&Account> = accounts.iter().filter(is_stale).collect();
    if !options.offline && keeping::renewed_outside(&session.paths, &mut outcomes, stale.into_iter()) {
        accounts = accounts_by_scope(session)?;
    }
    let hosts = hosts::all(&accounts);
    let looks = {
        let _spinner = (!options.offline && !options.json).then(|| Spinner::start("checking the tokens ..."));
        look::all(session, &accounts, &mut outcomes, options.offline)
    };
    // Read again: what was found out just now counts.
    let refusals = refusals(session, &outcomes, &accounts);
    let overview =
        Overview { hosts, accounts: accounts.iter().zip(looks).collect(), refusals, now: session.now };
    let text = if options.json { json::text(&overview) } else { report::text(&overview) };
    print(&text).map_err(|error| Failure::failed("cannot write the output").because(error))?;
    match overview.exit(options.offline) {
        None => Ok(()),
        Some(exit) => Err(Failure::said(exit)),
    }
}

impl Overview<'_> {
    fn exit(&self, offline: bool) -> Option<Exit> {
        if offline {
            return Some(Exit::Unchecked);
        }
        let is_wrong = self.hosts.iter().any(|host| !host.is_fine())
            || self.accounts.iter().any(|(_, look)| look.is_wrong())
            || !self.refusals.is_empty();
        let is_unknown = self.hosts.iter().any(|host| host.asked_first.is_none())
            || self
                .accounts
                .iter()
                .any(|(_, look)| matches!(look.state, AccountState::Unreachable | AccountState::NotAsked));
        match (is_wrong, is_unknown) {
            (true, _) => Some(Exit::Failed),
            (false, true) => Some(Exit::Unchecked),
            (false, false) => None,
        }
    }
}

/// Says for which of the hosts git asks another helper, too, though setup was run for them: what one keeps for such
/// a host may not be what git is given. True if there was one.
pub(crate) fn warn_of_others<'h>(asked: impl Iterator<Item = &'h Host>) -> bool {
    let lines = hosts::not_as_set_up(asked);
    for HostLine { host, notes, .. } in &lines {
        for (fact, fix) in notes {
            say(&format!("{host}: {fact}; fix: {fix}"));
        }
    }
    !lines.is_empty()
}

/// Says in one line what was refused last, for whoever called us without a command.
pub(crate) fn hint(session: &Session) {
    let accounts = session.accounts().unwrap_or_default();
    if let Some(last) = refusals(session, &session.outcomes(), &accounts).first() {
        let ago = crate::time::ago(last.at, session.now);
        say(&format!(
            "{} was refused {ago}: {}. More: git credential-patron status",
            last.name(),
            last.verdict.means
        ));
    }
}

/// Gives the refusals of the last days, the latest first.
fn refusals(session: &Session, outcomes: &Outcomes, accounts: &[Account]) -> Vec<RecentRefusal> {
    let mut found = outcomes.refusals(session.now - LATELY);
    found.truncate(MOST_REFUSALS);
    let of = |id: &str| accounts.iter().find(|account| account.id == id);
    // An account that was removed takes what is known of it along; one that was edited away may not.
    let known = found.into_iter().filter(|it| of(&it.id).is_some() || it.id.starts_with("fallback:"));
    known.map(|refusal| refused(refusal, accounts, outcomes, session.now)).collect()
}

fn refused(refusal: Refusal, accounts: &[Account], outcomes: &Outcomes, now: i64) -> RecentRefusal {
    let account = accounts.iter().find(|account| account.id == refusal.id);
    let github = || Host::parse(GITHUB.as_bytes()).expect("it is a host name");
    let host = account.map_or_else(github, |account| account.scope.host().clone());
    let url = match (&refusal.place, account) {
        (Some(place), _) if place.contains('/') => format!("https://{host}/{place}"),
        (_, Some(account)) => account.scope.to_string(),
        _ => format!("https://{host}"),
    };
    let mut parts = refusal.place.as_deref().unwrap_or_default().split('/').map(str::to_owned);
    let (owner, repo) = (parts.next().filter(|owner| pages::is_owner(owner)), parts.next());
    let owner = owner.or_else(|| Some(account?.scope.owner()?.to_string()));
    let known = Evidence {
        target: RepositoryName { host: Some(host.to_string()), owner, repo },
        direction: refusal.direction.unwrap_or_default(),
        ..evidence(account, outcomes, now)
    };
    let mut verdict = verdict::recalled(refusal.verdict, &known);
    verdict.page = refusal.page.or(verdict.page);
    RecentRefusal { at: refusal.at, url, direction: refusal.direction, verdict }
}

/// Writes down what is known of an account without asking anybody.
fn evidence(account: Option<&Account>, outcomes: &Outcomes, now: i64) -> Evidence {
    let known = account.map(|account| verdict::TokenEvidence {
        label: account.label.clone(),
        origin: Origin::Account,
        kind: account.kind,
        login: account.login.clone(),
        expires: account.expires,
        number: None,
        accepted_for_owner: account
            .scope
            .owner()
            .is_some_and(|owner| outcomes.accepted_for_owner(&account.id, &owner)),
        user_id: account.user_id,
        accepted_for_repo: false,
    });
    let is_plain = account.is_some_and(|account| account.server == Server::Plain);
    let host = if is_plain { HostKind::Plain } else { HostKind::GitHub };
    Evidence { host, account: known, now, ..Evidence::default() }
}

impl RecentRefusal {
    /// Names what was refused as people type it.
    fn name(&self) -> &str {
        self.url.strip_prefix("https://github.com/").unwrap_or(&self.url)
    }
}
