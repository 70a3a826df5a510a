//! `remove`: forgets an account and its secret.

use crate::account::{Account, VaultPlace};
use crate::cli::Remove;
use crate::error::Failure;
use crate::keeping;
use crate::pages::Page;
use crate::remote::{Scope, Server};
use crate::session::{Session, list_failure, vault_failure};
use crate::terminal;
use crate::token::TokenKind;
use crate::vault::{self, Asking};
use std::io::{self, IsTerminal, Write};

/// Removes the one account that is meant.
pub(crate) fn run(session: &Session, options: &Remove, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = session.accounts().map_err(list_failure)?;
    let asks = !options.yes && terminal::has_terminal();
    let (account, was_picked) = meant(&accounts, &options.what, "remove", asks)?;
    if asks && !was_picked && !terminal::ask_yes_no(&question(account), false)? {
        return Err(Failure::failed("nothing was removed"));
    }
    // No dialog where nobody sits in front of it, and no waiting for one.
    let asking = if io::stdin().is_terminal() { Asking::MayPrompt } else { Asking::Never };
    forget(session, account, asking)?;
    writeln!(out, "removed {}. {}", account.label, still_works(account))
        .map_err(|error| Failure::failed("removed, but the output could not be written").because(error))
}

/// The question before the one account that matches goes; what ends the token too is named while it can.
fn question(account: &Account) -> String {
    let revoke = match account.server == Server::GitHub && account.app.is_none() {
        true => format!(
            " The token itself keeps working; git credential-patron revoke {} ends it.",
            account.label
        ),
        false => String::new(),
    };
    format!("remove {} ({}) and its token from this machine?{revoke}", account.label, account.scope)
}

/// Says that forgetting a token does not end it, and where that is done; an address stands alone on its line.
fn still_works(account: &Account) -> String {
    let host = account.scope.host();
    if let VaultPlace::Command(_) = account.place {
        return "The token that its command reads is still there, and still works".to_owned();
    }
    let page = match account.kind {
        _ if account.server != Server::GitHub => None,
        TokenKind::FineGrained => Page::FineGrained.url(host.as_str()),
        TokenKind::Classic => Page::Classic.url(host.as_str()),
        TokenKind::OAuth | TokenKind::AppUser => Page::Applications.url(host.as_str()),
        TokenKind::Installation | TokenKind::App | TokenKind::Unknown => None,
    };
    // The secret is gone from here, so `revoke` has to be given it.
    match page {
        Some(page) => format!(
            "The token still works until you delete it:\n  {page}\n  \
             or, if you still have it: git credential-patron revoke --token-stdin"
        ),
        None => format!("The token or password still works at {host} until it is revoked there"),
    }
}

/// Finds the one account that a word means to a command. Where several match, `asks` lets a person pick; tells
/// whether one was picked.
pub(crate) fn meant<'a>(
    accounts: &'a [Account],
    what: &str,
    command: &str,
    asks: bool,
) -> Result<(&'a Account, bool), Failure> {
    match matching(accounts, what).as_slice() {
        [] => Err(Failure::failed(format!(
            "no account has the scope or label \"{}\"",
            terminal::sanitise(what, 60)
        ))
        .remedy("list the accounts: git credential-patron list")),
        [one] => Ok((one, false)),
        several if asks => Ok((pick(several, command)?, true)),
        several => Err(ambiguous(what, several, command)),
    }
}

/// Finds the accounts a word can mean: by label, by scope, or by `SCOPE@LOGIN` (`SCOPE@` for an unknown
/// login), which names one of several logins whatever they are called.
pub(crate) fn matching<'a>(accounts: &'a [Account], what: &str) -> Vec<&'a Account> {
    let (scope, login) = match what.rsplit_once('@') {
        Some((scope, login)) if !scope.is_empty() => (Scope::parse(scope).ok(), Some(login)),
        _ => (Scope::parse(what).ok(), None),
    };
    let by_scope = |account: &Account| {
        scope
            .as_ref()
            .is_some_and(|scope| account.is_for(scope) && login.is_none_or(|login| account.is_login(login)))
    };
    // The URL of a plain host's scope may have more segments than a SCOPE: it is compared as text.
    let by_url = |account: &Account| account.scope.to_string() == what;
    accounts.iter().filter(|account| account.label == what || by_scope(account) || by_url(account)).collect()
}

fn ambiguous(what: &str, several: &[&Account], command: &str) -> Failure {
    let failure =
        Failure::failed(format!("\"{}\" can mean {} accounts", terminal::sanitise(what, 60), several.len()));
    several.iter().fold(failure, |failure, account| {
        let login = account.login.as_deref().unwrap_or_default();
        failure.remedy(format!("git credential-patron {command} {}@{login}", account.scope.short()))
    })
}

fn pick<'a>(several: &[&'a Account], command: &str) -> Result<&'a Account, Failure> {
    let mut text = format!("{} accounts match:", several.len());
    for (number, account) in several.iter().enumerate() {
        let login = account.login.as_deref().unwrap_or("unknown login");
        text.push_str(&format!("\n{}  {} ({}, {login})", number + 1, account.label, account.scope));
    }
    terminal::say(&text);
    let what = if command == "remove" { "remove which one" } else { "which one do you mean" };
    let answer = terminal::ask_line(&format!("{what}? [1-{}] ", several.len()))?;
    let chosen = answer.trim().parse::<usize>().ok().and_then(|number| several.get(number.checked_sub(1)?));
    chosen.copied().ok_or_else(|| Failure::failed("nothing was changed"))
}

/// Forgets the secret, then the account: a secret that cannot be removed keeps its account, so that it
/// is not left lying about without a name.
pub(crate) fn forget(session: &Session, account: &Account, asking: Asking) -> Result<(), Failure> {
    // A list that cannot be changed (damaged, newer, read-only) must be known before the secret is gone.
    let mut book = session.book().map_err(list_failure)?;
    keeping::settle(&session.paths, &mut book, &[&account.id]);
    // Its place may be another by now.
    let listed = book.account(&account.id).cloned();
    let account = listed.as_ref().unwrap_or(account);
    let book = keeping::hold(book, asking);
    let _under_way = keeping::removing(&session.paths, account);
    let vault = vault::open(&account.place, &session.paths, asking);
    for id in vault::ids(account) {
        vault.remove(&vault::Item { id: &id, ..vault::item(account) }).map_err(|trouble| {
            vault_failure(format!("the token of {} cannot be removed", account.label), trouble)
        })?;
    }
    let mut book = book.map_or_else(|| session.book(), Ok).map_err(list_failure)?;
    book.remove(&account.id).and_then(|_| book.save()).map_err(list_failure)?;
    let mut outcomes = session.outcomes();
    session.note_outcomes(&mut outcomes, |outcomes| outcomes.forget(&account.id));
    Ok(())
}
