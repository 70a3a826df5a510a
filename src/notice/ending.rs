//! Tokens that end soon: one line a day for all of them, where somebody reads it.

use crate::account::Account;
use crate::outcomes::Outcomes;
use crate::pages::Page;
use crate::remote::Server;
use crate::terminal::{Stream, sanitise, say};
use crate::time::expiry;
use crate::token::TokenKind;

/// How long before its end a token is spoken of, in seconds.
const SOON: i64 = 7 * 24 * 60 * 60;

/// How many are named.
const NAMED: usize = 3;

/// Tells whether a token's end is one to speak of.
pub(crate) fn is_soon(at: i64, now: i64) -> bool {
    (1..=SOON).contains(&(at - now))
}

/// Says which accounts' tokens end within the week, with the page that renews the first of them.
pub(crate) fn warn_of_ends(now: i64, outcomes: &mut Outcomes, accounts: &[Account]) {
    let end = |account: &Account| {
        let is_ours = account.server == Server::GitHub && account.app.is_none();
        account.expires.filter(|at| is_ours && is_soon(*at, now))
    };
    let mut soon: Vec<(i64, &Account)> =
        accounts.iter().filter_map(|account| Some((end(account)?, account))).collect();
    soon.sort_by_key(|(at, account)| (*at, account.label.clone()));
    let Some((at, first)) = soon.first().copied() else { return };
    if !Stream::Stderr.is_terminal() || !outcomes.may_warn(now) {
        return;
    }
    let mut is_ours = false;
    let written = outcomes.change(|o| is_ours = o.take_warning(now));
    // What is not remembered would be said with every fetch.
    if written.is_err() || !is_ours {
        return;
    }
    let page = match first.kind {
        TokenKind::Classic => Page::Classic,
        _ => Page::FineGrained,
    };
    let page = page.url(first.scope.host().as_str());
    let mut labels: Vec<String> =
        soon.iter().take(NAMED).map(|(_, account)| sanitise(&account.label, 100)).collect();
    if let Some(more @ 1..) = soon.len().checked_sub(NAMED) {
        labels.push(format!("{more} more"));
    }
    let (tokens, when) = match labels.as_slice() {
        [one] => (format!("the token of {one} expires"), expiry(at, now)),
        [all @ .., last] => {
            let all = all.join(", ");
            (format!("the tokens of {all} and {last} expire within a week, the first on"), expiry(at, now))
        }
        [] => return,
    };
    let on_page = page.map(|page| format!(" on {page}")).unwrap_or_default();
    say(&format!(
        "{tokens} {when}; regenerate it{on_page}, then run: git credential-patron add {}",
        first.scope.short()
    ));
}
