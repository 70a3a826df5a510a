//! `renew`: takes the new secret of a token that was made anew on its page.
//!
//! The old secret stays until the new one is kept, which happens in one step of the vault: whenever this ends,
//! one of the two is kept under the account's name. The new one must be what the old one was: of the same login,
//! kind and owner.

use super::add::{self, Adding, Renewed};
use super::remove::meant;
use super::revoke;
use crate::account::{Account, VaultPlace};
use crate::cli::{Add, Renew, VaultName};
use crate::error::Failure;
use crate::outcomes::Outcomes;
use crate::pages::Page;
use crate::remote::Server;
use crate::session::{Session, list_failure};
use crate::terminal;
use crate::token::TokenKind;
use std::io::Write;

/// Renews the one account that is meant.
pub(crate) fn run(session: &Session, options: &Renew, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = session.accounts().map_err(list_failure)?;
    let (account, _) = meant(&accounts, &options.what, "renew", terminal::has_terminal())?;
    refuse(account)?;
    let old = revoke::secret_of(session, account);
    if options.revoke_old
        && let Err(failure) = old
    {
        return Err(failure.remedy("leave out --revoke-old: then the old token need not be read"));
    }
    let old = old.ok();
    let as_add = Add {
        scope: account.scope.to_string(),
        label: Some(account.label.clone()),
        login: account.login.clone(),
        vault: match account.place {
            VaultPlace::File => Some(VaultName::File),
            _ => Some(VaultName::Keyring),
        },
        token_stdin: options.token_stdin,
        no_browser: options.no_browser,
        yes: true,
        ..Add::default()
    };
    let renewed = Renewed { kind: account.kind, old: old.clone() };
    let mut adding = Adding::new(session, &as_add, account.scope.clone(), &accounts).renewing(renewed);
    let added = if options.token_stdin {
        adding.read_stdin()?
    } else {
        if !terminal::has_terminal() {
            return Err(Failure::usage("there is no terminal to read the token from")
                .remedy("pipe it in: ... | git credential-patron renew SCOPE --token-stdin"));
        }
        show_page(session, &session.outcomes(), account, !options.no_browser);
        adding.ask()?
    };
    add::report(out, &added, session.now).map_err(|error| {
        Failure::failed("the token is stored, but the output could not be written").because(error)
    })?;
    match old.filter(|_| options.revoke_old) {
        Some(old) => {
            revoke::end(account.scope.host(), &old, "the old token")
                .map_err(|failure| failure.remedy("the new token is stored either way"))?;
            writeln!(out, "revoked the old token")
                .map_err(|error| Failure::failed("cannot write the output").because(error))
        }
        None => Ok(()),
    }
}

/// Refuses what has no page to be made anew on.
fn refuse(account: &Account) -> Result<(), Failure> {
    let label = &account.label;
    if matches!(account.place, VaultPlace::Command(_)) {
        return Err(Failure::failed(format!("the token of {label} comes from a command"))
            .remedy("put the new token where that command reads it"));
    }
    if account.server == Server::Plain || !matches!(account.kind, TokenKind::FineGrained | TokenKind::Classic)
    {
        return Err(Failure::failed(format!(
            "{label} is not a GitHub personal access token, so it cannot be renewed"
        ))
        .remedy(format!("add a new one: git credential-patron add {}", account.scope.short())));
    }
    Ok(())
}

/// Prints the page of the token, and opens it where that is wanted: its own one, if a refusal has named it.
fn show_page(session: &Session, outcomes: &Outcomes, account: &Account, may_open: bool) {
    let all = if account.kind == TokenKind::Classic { Page::Classic } else { Page::FineGrained };
    let Some(all) = all.url(account.scope.host().as_str()) else { return };
    let named = outcomes.last(&account.id).and_then(|last| last.page);
    let own = named.filter(|page| {
        let number = page.strip_prefix(&all).and_then(|rest| rest.strip_prefix('/'));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let page = own.unwrap_or(all);
    terminal::say(&format!(
        "open the token of {} here and choose \"Regenerate token\":\n{page}\n\
         its name, owner, repositories and permissions stay; the old token stops working at once",
        account.label
    ));
    if may_open {
        session.open_page(&page);
    }
}
