//! `list`: the accounts, never a secret.

use super::{accounts_by_scope, status};
use crate::account::Account;
use crate::cli::List;
use crate::error::Failure;
use crate::hidden::all_visible;
use crate::outcomes::{Outcomes, Refusal};
use crate::remote::Direction;
use crate::session::Session;
use crate::terminal::Stream;
use crate::time::{ago, day, expiry, rfc3339};
use serde::Serialize;
use std::io::Write;

/// How many columns the table has.
const COLUMNS: usize = 5;
/// How many blanks stand between two of them.
const GAP: usize = 2;
/// How wide the table may be: what a terminal has that nobody made wider.
const WIDTH: usize = 80;
/// How many refused repositories of an account are named.
const MOST_REFUSALS: usize = 3;

#[derive(Serialize)]
struct ListJson<'a> {
    version: u8,
    accounts: Vec<ListRow<'a>>,
}

#[derive(Serialize)]
struct ListRow<'a> {
    label: &'a str,
    scope: String,
    kind: &'static str,
    login: Option<&'a str>,
    expires: Option<String>,
    vault: &'static str,
    learned: bool,
    outcome: Option<&'static str>,
    outcome_at: Option<String>,
}

/// Lists the accounts, in the order of their scopes.
pub(crate) fn run(session: &Session, options: &List, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = accounts_by_scope(session)?;
    let outcomes = session.outcomes();
    let written = if options.json {
        write_json(out, &accounts, &outcomes)
    } else {
        write_table(session, out, &accounts, &outcomes)
    };
    status::warn_of_others(accounts.iter().map(|account| account.scope.host()));
    written.map_err(|error| Failure::failed("cannot write the list").because(error))
}

fn write_json<'a>(out: &mut dyn Write, accounts: &'a [Account], outcomes: &Outcomes) -> std::io::Result<()> {
    let row = |account: &'a Account| {
        let Account { id, label, scope, server: _, login, kind, expires, place, learned, .. } = account;
        let last = outcomes.last(id);
        ListRow {
            label,
            scope: scope.to_string(),
            kind: kind.id(),
            login: login.as_deref(),
            expires: expires.and_then(rfc3339),
            vault: place.name(),
            learned: *learned,
            outcome: last.as_ref().map(|last| last.state.name()),
            outcome_at: last.and_then(|last| rfc3339(last.at)),
        }
    };
    let listing = ListJson { version: 1, accounts: accounts.iter().map(row).collect() };
    serde_json::to_writer_pretty(&mut *out, &listing)?;
    writeln!(out)
}

fn write_table(
    session: &Session,
    out: &mut dyn Write,
    accounts: &[Account],
    outcomes: &Outcomes,
) -> std::io::Result<()> {
    if accounts.is_empty() {
        return writeln!(out, "no accounts yet; add one: git credential-patron add OWNER");
    }
    let heads = ["LABEL", "LOGIN", "KIND", "EXPIRES", "VAULT"].map(str::to_owned);
    let rows: Vec<[String; COLUMNS]> = accounts
        .iter()
        .map(|account| {
            [
                shown(&account.label),
                account.login.as_deref().map_or_else(|| "-".to_owned(), shown),
                account.kind.id().to_owned(),
                account.expires.map_or_else(|| "-".to_owned(), |at| expiry(at, session.now)),
                account.place.name().to_owned(),
            ]
        })
        .collect();
    let mut widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = std::iter::once(&heads).chain(&rows).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    // Long labels stand on a line of their own.
    let room = Stream::Stdout.width().min(WIDTH);
    let others = widths[1..].iter().map(|width| width + GAP).sum::<usize>();
    widths[0] = widths[0].min(room.saturating_sub(others)).max(heads[0].len());
    writeln!(out, "{}", line(&heads, widths))?;
    for (account, row) in accounts.iter().zip(&rows) {
        if row[0].chars().count() > widths[0] {
            writeln!(out, "{}", row[0])?;
            let [_, rest @ ..] = row;
            let [login, kind, expires, vault] = rest.clone();
            writeln!(out, "{}", line(&[String::new(), login, kind, expires, vault], widths))?;
        } else {
            writeln!(out, "{}", line(row, widths))?;
        }
        for detail in details(account, outcomes, session.now) {
            writeln!(out, "  {detail}")?;
        }
    }
    Ok(())
}

fn line(row: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
    cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
}

/// Says what no column holds: the scope where the label does not tell, where the account comes from, and how it
/// fared.
fn details(account: &Account, outcomes: &Outcomes, now: i64) -> Vec<String> {
    let short = account.scope.short();
    let says_scope = account.label == short
        || account.label.strip_prefix(&short).is_some_and(|rest| rest.starts_with('@'));
    let mut details = Vec::new();
    if !says_scope {
        details.push(format!("for {}", shown(&short)));
    }
    if account.learned {
        details.push("learned from git".to_owned());
    }
    let rejection = outcomes.rejection(&account.id);
    match (rejection, outcomes.accepted_since(&account.id)) {
        (Some(rejection), _) if rejection.is_proven => {
            details.push(format!("token rejected {}", ago(rejection.since, now)))
        }
        (Some(rejection), _) => details.push(format!("git was refused {} (401)", ago(rejection.since, now))),
        (None, Some(since)) => details.push(format!("accepted since {}", day(since))),
        (None, None) => {}
    }
    let mut refusals = outcomes.refusals_of(&account.id);
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
    details.extend(refusals.iter().take(MOST_REFUSALS).map(|refusal| refused(refusal, now)));
    if let Some(more @ 1..) = refusals.len().checked_sub(MOST_REFUSALS) {
        details.push(format!("and {more} more refused"));
    }
    details
}

/// Says where git was refused, and why: `acme/secret refused 2 minutes ago (approval-pending)`.
fn refused(refusal: &Refusal, now: i64) -> String {
    let push = if refusal.direction == Some(Direction::Push) { "push to " } else { "" };
    let place = refusal.place.as_deref().map_or_else(|| "something".to_owned(), shown);
    format!("{push}{place} refused {} ({})", ago(refusal.at, now), refusal.verdict)
}

/// Makes a name from a file that people edit fit for one cell.
fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { all_visible(text, &[]) }
}
