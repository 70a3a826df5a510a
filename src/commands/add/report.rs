//! What `add` says at its end: what was kept and where, what the token sees, and what is still to be done.

use super::Added;
use crate::account::{Account, VaultPlace};
use crate::commands::status;
use crate::files;
use crate::inspect::Sees;
use crate::pages::Page;
use crate::remote::{GITHUB, Scope};
use crate::session::Session;
use crate::terminal;
use crate::time::expiry;
use crate::token::TokenKind;
use std::io::Write;

/// Writes what was kept, and what the token sees of its owner.
pub(in crate::commands) fn report(out: &mut dyn Write, added: &Added, now: i64) -> std::io::Result<()> {
    let account = &added.account;
    if let Some(first) = &added.first_file {
        writeln!(
            out,
            "there is no keyring service here ({}): tokens are stored in {}, {}",
            first.no_keyring,
            first.path,
            files::PRIVATE
        )?;
    }
    let verb = if added.replaced { "replaced" } else { "added" };
    writeln!(out, "{verb} {}: {}", account.label, described(account, now))?;
    for line in note(account, &added.sees) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Describes an account's token: `mona's fine-grained token, expires 2027-06-01 (183 days), stored in the keyring`.
fn described(account: &Account, now: i64) -> String {
    let whose = account.login.as_deref().map_or_else(String::new, |login| format!("{login}'s "));
    let scope = account.scope.short();
    let what_for = if account.label == scope { String::new() } else { format!(" for {scope}") };
    let end = account.expires.map_or_else(String::new, |at| format!(", expires {}", expiry(at, now)));
    let place = match &account.place {
        VaultPlace::Keyring => "stored in the keyring",
        VaultPlace::File => "stored in secrets.toml",
        VaultPlace::Command(_) => "read from its command each time",
    };
    format!("{whose}{}{what_for}{end}, {place}", kind(account.kind))
}

/// Names a kind of token as GitHub's pages do.
pub(in crate::commands) fn kind(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::FineGrained => "fine-grained token",
        TokenKind::Classic => "classic token",
        TokenKind::OAuth => "OAuth token",
        TokenKind::AppUser => "GitHub App user token",
        TokenKind::Installation => "GitHub App installation token",
        TokenKind::App => "GitHub App",
        TokenKind::Unknown => "token",
    }
}

/// Says what is odd about what the token sees; an address stands alone on its line.
fn note(account: &Account, sees: &Sees) -> Vec<String> {
    let Some(owner) = account.scope.owner() else { return Vec::new() };
    let host = account.scope.host();
    let is_own = account.login.as_deref().is_some_and(|login| login.eq_ignore_ascii_case(owner.as_str()));
    let is_fine_grained = account.kind == TokenKind::FineGrained;
    let what = match account.scope.repo() {
        Some(repo) => format!("it does not see {owner}/{repo}"),
        None => format!("it sees nothing private of {owner}"),
    };
    let (note, page) = match sees {
        Sees::Private | Sees::Unknown => return Vec::new(),
        Sees::Nothing if is_fine_grained && !is_own => (
            format!(
                "{what} yet: most likely it is awaiting approval by {owner}, or its resource owner is another; \
                 check here:"
            ),
            Page::FineGrained.url(host.as_str()),
        ),
        Sees::Nothing if is_fine_grained => (
            format!(
                "{what}: there is nothing private, it was not selected, or the resource owner is another"
            ),
            None,
        ),
        Sees::Nothing => (format!("{what}: there is nothing private, or its user has no access there"), None),
        Sees::NeedsSso => (
            format!("{what} yet: most likely it is to be authorised for single sign-on; check here:"),
            Page::Classic.url(host.as_str()),
        ),
        Sees::OtherOwner(other) => (
            format!(
                "its resource owner is {other}, so it opens nothing private of {owner}; make one for {owner}"
            ),
            None,
        ),
        Sees::NoSuchOwner => (
            format!(
                "{host} shows no user or organisation named {owner}; if that is a typo: \
                 git credential-patron remove {}",
                account.label
            ),
            None,
        ),
    };
    let indented = page.map(|page| format!("  {page}"));
    std::iter::once(format!("note: {note}")).chain(indented).collect()
}

/// Names the command that makes git ask us for this host, where it does not yet.
pub(in crate::commands) fn hint_at_setup(session: &Session, scope: &Scope) {
    if !status::warn_of_others(std::iter::once(scope.host())) && session.is_set_up(scope) == Some(false) {
        let host = scope.host();
        let option = if host.as_str() == GITHUB { String::new() } else { format!(" --host {host}") };
        terminal::say(&format!(
            "git does not use patron for {host} yet; run: git credential-patron setup{option}"
        ));
    }
}
