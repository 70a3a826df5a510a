//! A token that ends soon: one line a day, where somebody reads it.

use crate::account::Account;
use crate::outcomes::Outcomes;
use crate::pages::Page;
use crate::remote::Server;
use crate::terminal::{Stream, sanitise, say};
use crate::time::expiry;
use crate::token::TokenKind;

/// How long before its end a token is spoken of, in seconds.
const SOON: i64 = 7 * 24 * 60 * 60;

/// Says that an account's token ends within the week, with the page that renews it.
pub fn warn_of_end(now: i64, outcomes: &mut Outcomes, account: &Account) {
    let Some(at) = account.expires.filter(|at| (1..=SOON).contains(&(at - now))) else { return };
    if account.server != Server::GitHub
        || !Stream::Stderr.is_terminal()
        || !outcomes.may_warn(&account.id, now)
    {
        return;
    }
    let mut is_ours = false;
    let written = outcomes.change(|o| is_ours = o.take_warning(&account.id, now));
    // What is not remembered would be said with every fetch.
    if written.is_err() || !is_ours {
        return;
    }
    let page = match account.kind {
        TokenKind::Classic => Page::Classic,
        _ => Page::FineGrained,
    };
    let page = page.url(account.scope.host().as_str()).map(|page| format!(" on {page}")).unwrap_or_default();
    say(&format!(
        "the token of {} ends {}; renew it{page}, then: git credential-patron add {}",
        sanitise(&account.label, 100),
        expiry(at, now),
        account.scope.short()
    ));
}
