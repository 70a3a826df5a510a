//! Whom git asks first for each host, and which line says so.

use crate::account::Account;
use crate::checks::{helper_place, key_place, reset_fix, setup_for, without_helper};
use crate::git::{Chain, ConfigSource, Cwd, Git, Helper, Listing};
use crate::remote::{GITHUB, Host};

/// What git does for one host.
pub(super) struct HostLine {
    /// The host.
    pub(super) host: Host,
    /// Whether patron is asked before every other helper; unknown where git cannot be asked.
    pub(super) asked_first: Option<bool>,
    /// The line that decides it: patron's, or that of the helper that comes before.
    pub(super) line: Option<String>,
    /// What else is not as setup leaves it, and what mends it.
    pub(super) notes: Vec<(String, String)>,
}

impl HostLine {
    /// Tells whether nothing has to be done.
    pub(super) fn is_fine(&self) -> bool {
        self.asked_first != Some(false) && self.notes.is_empty()
    }
}

/// Looks at the hosts that setup covers and at those of the accounts; at github.com if there are none.
pub(super) fn all(accounts: &[Account]) -> Vec<HostLine> {
    let listing = Git::find().and_then(|git| Listing::read(&git, Cwd::NoRepository).ok());
    let mut hosts: Vec<Host> = listing.as_ref().map(Listing::hosts_of_patron).unwrap_or_default();
    for account in accounts {
        if !hosts.contains(account.scope.host()) {
            hosts.push(account.scope.host().clone());
        }
    }
    if hosts.is_empty() {
        hosts.extend(Host::parse(GITHUB.as_bytes()));
    }
    hosts.sort();
    hosts.into_iter().map(|host| line(host, listing.as_ref())).collect()
}

/// Gives those of the hosts that setup covered and that are not as it left them.
pub(super) fn not_as_set_up<'h>(asked: impl Iterator<Item = &'h Host>) -> Vec<HostLine> {
    let Some(listing) = Git::find().and_then(|git| Listing::read(&git, Cwd::NoRepository).ok()) else {
        return Vec::new();
    };
    let covered = listing.hosts_of_patron();
    let mut asked: Vec<&Host> = asked.filter(|host| covered.contains(host)).collect();
    asked.sort();
    asked.dedup();
    asked.into_iter().map(|host| line(host.clone(), Some(&listing))).filter(|line| !line.is_fine()).collect()
}

fn line(host: Host, listing: Option<&Listing>) -> HostLine {
    let chain = listing.and_then(|listing| listing.chain(&format!("https://{host}")));
    let Some(chain) = chain else {
        return HostLine { host, asked_first: None, line: None, notes: Vec::new() };
    };
    let first = chain.helpers.first();
    let asked_first = first.is_some_and(Helper::is_patron);
    let reset = listing.and_then(|listing| listing.last_reset(&format!("https://{host}")));
    let reset = reset.filter(|_| first.is_none());
    let at_reset = reset.as_ref().map(|(key, source)| key_place(key, source));
    let line = first.map(helper_place).or(at_reset);
    let setup = setup_for(&host);
    let notes = notes(&chain, reset.as_ref(), &setup);
    HostLine { host, asked_first: Some(asked_first), line, notes }
}

fn notes(chain: &Chain, reset: Option<&(Vec<u8>, ConfigSource)>, setup: &str) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    match (chain.helpers.first(), reset) {
        (Some(patron), _) if patron.is_patron() => {
            if patron.is_unguarded() {
                let fact = "that line was written by an earlier version: without the program, git would ask no helper";
                notes.push((fact.to_owned(), setup.to_owned()));
            }
            for other in chain.helpers.iter().filter(|helper| !helper.is_patron()) {
                let at = helper_place(other);
                let fact = format!(
                    "{} ({at}) is asked after patron, and git gives it each token to store",
                    other.shown()
                );
                notes.push((fact, without_helper(other, setup)));
            }
            if !chain.use_http_path {
                let fact = "useHttpPath is off, so git does not say which repository it asks for";
                notes.push((fact.to_owned(), setup.to_owned()));
            }
        }
        (Some(other), _) => {
            notes.push((format!("git asks {} first", other.shown()), without_helper(other, setup)));
        }
        (None, Some((key, source))) => {
            let fact = format!("{} resets the helpers, so git asks none", key_place(key, source));
            notes.push((fact, reset_fix(key, source, setup)));
        }
        (None, None) => notes.push(("git asks no helper".to_owned(), setup.to_owned())),
    }
    notes
}
