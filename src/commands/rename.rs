//! `rename`: an owner or repository has another name at the forge, or a label is to be another. The secret stays.
//!
//! What names an account by its scope renames the scope, of all accounts at and below it: an organisation takes
//! its repositories along. What names one by its label alone changes the label.

use super::add::check_name;
use super::remove::matching;
use crate::account::Account;
use crate::accounts::default_id;
use crate::cli::Rename;
use crate::error::Failure;
use crate::keeping::{self, NotKept, NotRenamed};
use crate::remote::Scope;
use crate::session::{Session, forbidden_failure, list_failure, vault_failure};
use crate::target::bad_scope;
use crate::terminal::{self, sanitise};
use crate::vault::Asking;
use std::io::Write;

/// Renames what is meant.
pub(crate) fn run(session: &Session, options: &Rename, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = session.accounts().map_err(list_failure)?;
    let asking = if terminal::has_terminal() { Asking::MayPrompt } else { Asking::Never };
    let old = Scope::parse(&options.what).ok();
    let below = |account: &&Account| {
        old.as_ref().is_some_and(|old| old.covers(&account.scope.as_remote(), account.server))
    };
    let of_scope: Vec<&Account> = accounts.iter().filter(below).collect();
    let renamed = match &old {
        Some(old) if !of_scope.is_empty() && !options.label => {
            let new = new_scope(old, &options.new)?;
            of_scope
                .into_iter()
                .map(|account| rescoped(account, &moved(&account.scope, old, &new)?, &accounts))
                .collect::<Result<Vec<_>, _>>()?
        }
        _ => vec![relabelled(&accounts, options)?],
    };
    for (account, new) in renamed {
        let new = keeping::rename(&session.paths, account, &new, asking).map_err(|why| match why {
            NotRenamed::NotKept(NotKept::Vault(trouble)) => {
                vault_failure(format!("the token of {} cannot be moved", account.label), trouble)
            }
            NotRenamed::NotKept(NotKept::List(trouble)) => list_failure(trouble),
            NotRenamed::NotKept(NotKept::Forbidden(forbidden)) => forbidden_failure(&forbidden),
            NotRenamed::Gone | NotRenamed::Taken => {
                Failure::failed(format!("{} was not renamed", account.label))
                    .because(why)
                    .remedy("git credential-patron list")
            }
        })?;
        let line = match account.scope == new.scope {
            true => format!("renamed {} to {} (still for {})", account.label, new.label, new.scope.short()),
            false => format!("renamed {} to {}: now for {}", account.label, new.label, new.scope),
        };
        writeln!(out, "{line}").map_err(|error| {
            Failure::failed("renamed, but the output could not be written").because(error)
        })?;
    }
    Ok(())
}

/// Reads the new scope: of the same host, since a token is never taken to another one.
fn new_scope(old: &Scope, text: &str) -> Result<Scope, Failure> {
    // A bare name is one of the same host.
    let is_bare = !text.contains("://") && !text.split('/').next().unwrap_or_default().contains(['.', ':']);
    let text = if is_bare { format!("https://{}/{text}", old.host()) } else { text.to_owned() };
    let new = Scope::parse(&text).map_err(|why| bad_scope(&why))?;
    if new.host() != old.host() {
        return Err(Failure::failed(format!(
            "a token stays with its host: {} is not {}",
            new.host(),
            old.host()
        ))
        .remedy(format!("make a token there: git credential-patron add {}", new.short())));
    }
    if old.is_whole_host() || new.is_whole_host() {
        return Err(Failure::usage("a whole host has no name to change"));
    }
    Ok(new)
}

/// Gives the scope at or below the new one that a scope had at or below the old one.
fn moved(scope: &Scope, old: &Scope, new: &Scope) -> Result<Scope, Failure> {
    let rest = scope.to_string().get(old.to_string().len()..).unwrap_or_default().to_owned();
    Scope::from_url(&format!("{new}{rest}"))
        .ok_or_else(|| Failure::failed(format!("{scope} cannot be moved to {new}")))
}

/// Makes the account for its new scope; a label that came from the scope follows it.
fn rescoped<'a>(
    account: &'a Account,
    scope: &Scope,
    accounts: &[Account],
) -> Result<(&'a Account, Account), Failure> {
    let mut new = Account {
        id: default_id(&scope.to_string(), account.login.as_deref()),
        scope: scope.clone(),
        ..account.clone()
    };
    if let Some(other) = accounts.iter().find(|other| other.id == new.id && other.id != account.id) {
        return Err(Failure::failed(format!(
            "there is an account for {} already: {}",
            scope.short(),
            other.label
        ))
        .remedy(format!("git credential-patron remove {}", other.label)));
    }
    let short = account.scope.short();
    if let Some(rest) = account.label.strip_prefix(&short)
        && (rest.is_empty() || rest.starts_with('@'))
    {
        let label = format!("{}{rest}", scope.short());
        let is_taken = accounts.iter().any(|other| other.label == label && other.id != account.id);
        new.label = if is_taken { keeping::free_label(accounts, &new) } else { label };
    }
    Ok((account, new))
}

/// Makes the account with its new label.
fn relabelled<'a>(accounts: &'a [Account], options: &Rename) -> Result<(&'a Account, Account), Failure> {
    let account = match matching(accounts, &options.what).as_slice() {
        [] => {
            return Err(Failure::failed(format!(
                "no account has the scope or label \"{}\"",
                sanitise(&options.what, 60)
            ))
            .remedy("list the accounts: git credential-patron list"));
        }
        [one] => *one,
        several => {
            let failure = Failure::failed(format!("\"{}\" is the scope of several accounts", options.what));
            return Err(several.iter().fold(failure, |failure, account| {
                failure.remedy(format!(
                    "name it by its label: git credential-patron rename --label {} {}",
                    account.label,
                    sanitise(&options.new, 60)
                ))
            }));
        }
    };
    check_name("label", &options.new)?;
    if let Some(taken) = accounts.iter().find(|other| other.label == options.new && other.id != account.id) {
        return Err(Failure::failed(format!("the label \"{}\" is taken by {}", taken.label, taken.scope))
            .remedy("list the accounts: git credential-patron list"));
    }
    Ok((account, Account { label: options.new.clone(), ..account.clone() }))
}
