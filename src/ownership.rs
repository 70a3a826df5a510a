//! Whose secret is this: which accounts have it, by fingerprint, else by one look into each vault.

use crate::account::{Account, VaultPlace};
use crate::outcomes::Outcomes;
use crate::paths::Paths;
use crate::token::Token;
use crate::vault::{self, Asking, Holding};
use std::collections::HashSet;

/// Which of some accounts have a secret.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Owners {
    /// The ids of those that have it.
    pub ours: Vec<String>,
    /// The ids of those that may have it: their vault could not be looked into.
    pub untold: HashSet<String>,
}

/// Finds the accounts that have a secret, with a number of reads that does not grow with theirs. No vault is
/// touched where a fingerprint tells, no command is run, and no dialog is opened.
pub(crate) fn owners(paths: &Paths, outcomes: &Outcomes, accounts: &[&Account], secret: &Token) -> Owners {
    let known = outcomes.accounts_with(secret);
    let ours: Vec<String> =
        accounts.iter().map(|account| &account.id).filter(|id| known.contains(*id)).cloned().collect();
    if !ours.is_empty() {
        return Owners { ours, untold: HashSet::new() };
    }
    let mut found = Owners::default();
    let mut unseen: Vec<&Account> = Vec::new();
    let mut in_file: Vec<&Account> = Vec::new();
    let has_fingerprint = outcomes.accounts_with_fingerprint();
    for account in accounts {
        match account.place {
            // The file itself is as quickly searched as what is known of it.
            VaultPlace::File => in_file.push(account),
            VaultPlace::Keyring | VaultPlace::Command(_) if has_fingerprint.contains(&account.id) => {}
            VaultPlace::Keyring => unseen.push(account),
            VaultPlace::Command(_) => _ = found.untold.insert(account.id.clone()),
        }
    }
    for accounts in [in_file, unseen] {
        let Some(first) = accounts.first() else { continue };
        let mut items = accounts.iter().map(|account| vault::item(account));
        let Holding { ids, is_complete } =
            vault::open(&first.place, paths, Asking::Never).holding(&mut items, secret).unwrap_or_default();
        if !is_complete {
            let others = accounts.iter().map(|account| &account.id).filter(|id| !ids.contains(id));
            found.untold.extend(others.cloned());
        }
        found.ours.extend(ids);
    }
    found
}
