//! `revoke`: has the host end a token, makes sure that it did, and only then forgets the account.

use super::add;
use super::remove::{forget, meant};
use crate::account::{Account, VaultPlace};
use crate::cli::Revoke;
use crate::error::{Exit, Failure};
use crate::pages::Page;
use crate::remote::{GITHUB, Host, Scope};
use crate::revoking::{self, Life, NotRevoked};
use crate::session::{Session, list_failure, vault_failure};
use crate::target::bad_scope;
use crate::terminal::{self, Spinner};
use crate::token::{Token, TokenKind, pasted};
use crate::vault::{self, Asking};
use std::io::Write;

/// Revokes the one token that is meant.
pub(crate) fn run(session: &Session, options: &Revoke, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = session.accounts().map_err(list_failure)?;
    let (secret, named) = if options.token_stdin {
        (leaked()?, None)
    } else {
        let what = options.what.as_deref().ok_or_else(|| {
            Failure::usage("no account is named")
                .remedy("git credential-patron revoke acme, or --token-stdin for any token")
        })?;
        let has_terminal = terminal::has_terminal();
        if !options.yes && !has_terminal {
            return Err(Failure::usage("this cannot be undone, and there is no terminal to ask")
                .remedy("say it with --yes"));
        }
        let (account, _) = meant(&accounts, what, "revoke", !options.yes)?;
        let secret = secret_of(session, account)?;
        let question = format!(
            "revoke the token of {1} on {0}? This cannot be undone",
            account.scope.host(),
            account.label
        );
        if !options.yes && !terminal::ask_yes_no(&question, false)? {
            return Err(Failure::failed("nothing was revoked"));
        }
        (secret, Some(account))
    };
    let holders = session.outcomes().accounts_with(&secret);
    let holds = |account: &&Account| {
        named.is_some_and(|named| named.id == account.id) || holders.contains(&account.id)
    };
    let affected: Vec<&Account> = accounts.iter().filter(holds).collect();
    let host = host(options, &affected)?;
    end(&host, &secret, named.map_or("that token", |named| named.label.as_str()))?;
    for account in &affected {
        forget(session, account, Asking::MayPrompt)?;
    }
    let forgotten = match affected.as_slice() {
        [] => "; no account had it".to_owned(),
        all => format!(
            "; removed: {}",
            all.iter().map(|account| account.label.as_str()).collect::<Vec<_>>().join(", ")
        ),
    };
    let left = match named.map(|named| &named.place) {
        Some(VaultPlace::Command(_)) => "; what its command reads is still there",
        _ => "",
    };
    writeln!(out, "revoked: {host} no longer recognises it{forgotten}{left}")
        .map_err(|error| Failure::failed("revoked, but the output could not be written").because(error))
}

/// Has a host end a secret, and says why it is not certain that it did.
pub(super) fn end(host: &Host, secret: &Token, name: &str) -> Result<(), Failure> {
    let client = add::client(host)?;
    let life = {
        let _spinner = Spinner::start("revoking, and checking that it is done ...");
        revoking::revoke(&client, host, secret)
    };
    let page = page_of(host, secret.kind()).map(|page| format!("delete it on its page: {page}"));
    let with_page =
        |failure: Failure| page.iter().fold(failure, |failure, page| failure.remedy(page.clone()));
    match life {
        Ok(Life::Dead) => Ok(()),
        Ok(Life::Alive) => Err(with_page(
            Failure::new(
                Exit::Unchecked,
                format!("{host} still recognises {name} after 10 s, so it is kept"),
            )
            .remedy("try again in a minute"),
        )),
        Err(why @ NotRevoked::Unanswered(_)) => Err(with_page(
            Failure::new(Exit::Unchecked, format!("it is not known whether {name} is revoked")).because(why),
        )),
        Err(why) => {
            Err(with_page(Failure::failed(format!("{name} cannot be revoked from here")).because(why)))
        }
    }
}

/// Gives the page on which a token of a kind can be ended.
fn page_of(host: &Host, kind: TokenKind) -> Option<String> {
    let page = match kind {
        TokenKind::FineGrained => Page::FineGrained,
        TokenKind::Classic => Page::Classic,
        TokenKind::OAuth | TokenKind::AppUser => Page::Applications,
        _ => return None,
    };
    page.url(host.as_str())
}

/// Reads an account's secret, wherever it lies.
pub(super) fn secret_of(session: &Session, account: &Account) -> Result<Token, Failure> {
    // What is kept for an App is its private key or a login, and neither may leave for a call that ends tokens.
    if account.app.is_some() {
        return Err(Failure::failed(format!(
            "{} is a GitHub App: its tokens end within hours",
            account.label
        ))
        .remedy("end its key or the login on the App's page at GitHub")
        .remedy(format!("remove it here: git credential-patron remove {}", account.label)));
    }
    let fact = format!("the token of {} cannot be read", account.label);
    let asking = if terminal::has_terminal() { Asking::MayPrompt } else { Asking::Never };
    match vault::open(&account.place, &session.paths, asking).read(&vault::item(account)) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => {
            Err(Failure::failed(fact).because(anyhow::anyhow!("the {} has none", account.place.name())))
        }
        Err(trouble) => Err(vault_failure(fact, trouble)),
    }
}

/// Reads the token that leaked: the one that stands in whatever comes.
fn leaked() -> Result<Token, Failure> {
    let given = add::read_stdin()?;
    match pasted::read(&given) {
        Ok(token) => Ok(token),
        // It opens nothing by itself, and gets what does.
        Err(pasted::Odd::Refresh) => Ok(Token::new(given.expose().trim_ascii().to_vec())),
        Err(odd) => Err(Failure::failed(odd.to_string()).remedy("pipe in only the token")),
    }
}

/// Says where the token is to be revoked.
fn host(options: &Revoke, affected: &[&Account]) -> Result<Host, Failure> {
    if let Some(account) = affected.first() {
        return Ok(account.scope.host().clone());
    }
    let scope = Scope::parse(options.what.as_deref().unwrap_or(GITHUB));
    scope.map(|scope| scope.host().clone()).map_err(|why| bad_scope(&why))
}
