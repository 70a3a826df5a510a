//! `list`: the accounts, never a secret.

use crate::account::Account;
use crate::cli::List;
use crate::error::Failure;
use crate::outcomes::{Outcome, Outcomes, State};
use crate::session::{Session, list_failure};
use crate::time::{ago, expiry, rfc3339};
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Listing<'a> {
    version: u8,
    accounts: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    label: &'a str,
    scope: String,
    kind: &'static str,
    login: Option<&'a str>,
    expires: Option<String>,
    vault: &'static str,
    learned: bool,
    outcome: Option<&'static str>,
}

/// Lists the accounts, in the order of their scopes.
pub fn run(session: &Session, options: &List, out: &mut dyn Write) -> Result<(), Failure> {
    let mut accounts = session.accounts().map_err(list_failure)?;
    accounts.sort_by_cached_key(|account| {
        (account.scope.to_string().to_ascii_lowercase(), account.label.clone())
    });
    let outcomes = session.outcomes();
    let written = if options.json {
        write_json(out, &accounts, &outcomes)
    } else {
        write_table(session, out, &accounts, &outcomes)
    };
    written.map_err(|error| Failure::failed("the list cannot be written").because(error))
}

fn write_json<'a>(out: &mut dyn Write, accounts: &'a [Account], outcomes: &Outcomes) -> std::io::Result<()> {
    let row = |account: &'a Account| {
        let Account { id, label, scope, server: _, login, kind, expires, place, refresh: _, learned } =
            account;
        Row {
            label,
            scope: scope.to_string(),
            kind: kind.id(),
            login: login.as_deref(),
            expires: expires.and_then(rfc3339),
            vault: place.name(),
            learned: *learned,
            outcome: outcomes.last(id).map(|last| last.state.name()),
        }
    };
    let listing = Listing { version: 1, accounts: accounts.iter().map(row).collect() };
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
    let mut rows =
        vec![["LABEL", "SCOPE", "LOGIN", "KIND", "EXPIRES", "VAULT", "LAST OUTCOME"].map(str::to_owned)];
    for account in accounts {
        let kept = if account.learned { " (learned)" } else { "" };
        rows.push([
            shown(&account.label),
            shown(&account.scope.to_string()),
            account.login.as_deref().map_or_else(|| "-".to_owned(), shown),
            account.kind.id().to_owned(),
            account.expires.map_or_else(|| "-".to_owned(), |at| expiry(at, session.now)),
            format!("{}{kept}", account.place.name()),
            outcomes.last(&account.id).map_or_else(|| "-".to_owned(), |last| outcome(&last, session.now)),
        ]);
    }
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Makes a name from a file that people edit fit for one cell.
fn shown(text: &str) -> String {
    if text.is_empty() {
        "\"\"".to_owned()
    } else {
        text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
    }
}

fn outcome(last: &Outcome, now: i64) -> String {
    let state = match &last.state {
        State::Refused(reason) => format!("refused ({reason})"),
        other => other.name().to_owned(),
    };
    format!("{state} {}", ago(last.at, now))
}
