//! `requests` and `grants`: an organisation's owner decides about fine-grained tokens.
//!
//! GitHub takes a decision with 202 and carries it out a little later; so the list is asked for again until the rows
//! are gone, and what is left is said.

use super::add_app::{needs_app, scope};
use super::app_failure;
use crate::account::Account;
use crate::app::decisions::{Decision, Desk, OrgFilter, OrgTokens, TokenRow};
use crate::app::{self, Minted, TokenUse};
use crate::cli::{Filter, Grants, GrantsAction, Requests, RequestsAction};
use crate::error::{Exit, Failure};
use crate::remote::{Owner, Scope};
use crate::session::{Session, list_failure};
use crate::terminal;
use crate::time;
use crate::token::TokenKind;
use serde::Serialize;
use serde_json::Value;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

/// The longest reason that GitHub takes, in characters.
const LONGEST_REASON: usize = 1024;
/// How long GitHub may take to carry a decision out.
const CARRIED_OUT: Duration = Duration::from_secs(10);
/// The pause between two looks at the list.
const PAUSE: Duration = Duration::from_millis(700);
/// How many names of repositories are shown in a row.
const FEW: usize = 3;

/// Lists requests, or decides about them.
pub(super) fn requests(session: &Session, options: &Requests, out: &mut dyn Write) -> Result<(), Failure> {
    let Requests { action, org, ids, all, reason, filter, yes, json } = options;
    let reason = reason.as_deref();
    let decision = match action {
        RequestsAction::List => None,
        RequestsAction::Approve => Some(Decision::Approve(reason)),
        RequestsAction::Deny => Some(Decision::Deny(reason)),
    };
    let Some(decision) = decision else {
        if *all || !ids.is_empty() || reason.is_some() {
            return Err(only_listed());
        }
        return show(session, OrgTokens::Waiting, org, filter, *json, out);
    };
    let kind = OrgTokens::Waiting;
    decide(session, &Order { kind, org, ids, all: *all, decision, filter, yes: *yes, json: *json }, out)
}

/// Lists grants, or takes them back.
pub(super) fn grants(session: &Session, options: &Grants, out: &mut dyn Write) -> Result<(), Failure> {
    let Grants { action, org, ids, filter, yes, json } = options;
    let kind = OrgTokens::Granted;
    match action {
        GrantsAction::List if !ids.is_empty() => Err(only_listed()),
        GrantsAction::List => show(session, kind, org, filter, *json, out),
        GrantsAction::Revoke => {
            let decision = Decision::Revoke;
            decide(
                session,
                &Order { kind, org, ids, all: false, decision, filter, yes: *yes, json: *json },
                out,
            )
        }
    }
}

fn only_listed() -> Failure {
    Failure::usage("list takes no numbers, and decides nothing")
        .remedy("narrow it with --owner, --repository, --permission or --token-id")
}

/// What was ordered.
struct Order<'a> {
    kind: OrgTokens,
    org: &'a str,
    ids: &'a [u64],
    all: bool,
    decision: Decision<'a>,
    filter: &'a Filter,
    yes: bool,
    json: bool,
}

impl Order<'_> {
    /// What is done, and what was done.
    fn verbs(&self) -> (&'static str, &'static str) {
        match self.decision {
            Decision::Approve(_) => ("approve", "approved"),
            Decision::Deny(_) => ("deny", "denied"),
            Decision::Revoke => ("revoke", "revoked"),
        }
    }
}

/// The organisation, and the account that may ask about it.
struct Organisation {
    scope: Scope,
    org: Owner,
    account: Account,
    minted: Minted,
}

impl Organisation {
    /// Finds the App account of an organisation. One with its own key goes before one that acts for a user.
    fn find(session: &Session, org: &str) -> Result<Self, Failure> {
        let (scope, org) = scope(org)?;
        let accounts = session.accounts().map_err(list_failure)?;
        let is_for = |account: &&Account| {
            account.app.is_some()
                && account.scope.host() == scope.host()
                && account.scope.owner().is_some_and(|owner| owner == org)
        };
        let mut fitting: Vec<&Account> = accounts.iter().filter(is_for).collect();
        fitting.sort_by_key(|account| account.kind != TokenKind::App);
        let account = (*fitting.first().ok_or_else(|| needs_app(&scope))?).clone();
        let minted = app::token(&session.paths, &account, &TokenUse::Decisions, true)
            .map_err(|trouble| app_failure(&account, trouble))?;
        minted.note.iter().for_each(|note| terminal::say(note));
        Ok(Self { scope, org, account, minted })
    }

    fn desk(&self) -> Result<Desk<'_>, Failure> {
        Desk::new(self.scope.host(), &self.org, &self.minted.token).map_err(|trouble| self.failure(trouble))
    }

    fn failure(&self, trouble: app::AppError) -> Failure {
        app_failure(&self.account, trouble)
    }
}

fn filters(filter: &Filter) -> OrgFilter {
    let Filter { owners, repository, permission, token_ids } = filter;
    OrgFilter {
        owners: owners.clone(),
        repository: repository.clone(),
        permission: permission.clone(),
        token_ids: token_ids.clone(),
    }
}

fn show(
    session: &Session,
    kind: OrgTokens,
    org: &str,
    filter: &Filter,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let place = Organisation::find(session, org)?;
    let rows = place.desk()?.list(kind, &filters(filter)).map_err(|error| place.failure(error))?;
    let written = match json {
        true => write_json(out, kind, &rows),
        false => write_rows(out, kind, &place.org, &rows, session.now),
    };
    written.map_err(|error| Failure::failed("cannot write the list").because(error))
}

#[derive(Serialize)]
struct Listed<'a> {
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<&'a [TokenRow]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grants: Option<&'a [TokenRow]>,
}

fn write_json(out: &mut dyn Write, kind: OrgTokens, rows: &[TokenRow]) -> std::io::Result<()> {
    let listed = match kind {
        OrgTokens::Waiting => Listed { version: 1, requests: Some(rows), grants: None },
        OrgTokens::Granted => Listed { version: 1, requests: None, grants: Some(rows) },
    };
    serde_json::to_writer_pretty(&mut *out, &listed)?;
    writeln!(out)
}

fn write_rows(
    out: &mut dyn Write,
    kind: OrgTokens,
    org: &Owner,
    rows: &[TokenRow],
    now: i64,
) -> std::io::Result<()> {
    if rows.is_empty() {
        return match kind {
            OrgTokens::Waiting => writeln!(out, "no token asks for access to {org}"),
            OrgTokens::Granted => writeln!(out, "no fine-grained token has access to {org}"),
        };
    }
    for row in rows {
        writeln!(out, "{}", in_words(kind, row, now).join("\n  "))?;
    }
    Ok(())
}

/// Says what a row holds: first who and what, then for which repositories, then what should make one look twice.
fn in_words(kind: OrgTokens, row: &TokenRow, now: i64) -> Vec<String> {
    let when = row.created.as_deref().and_then(time::seconds).map(|at| time::ago(at, now));
    let when = when.map_or_else(String::new, |ago| match kind {
        OrgTokens::Waiting => format!(", asked {ago}"),
        OrgTokens::Granted => format!(", granted {ago}"),
    });
    let expires = match row.expires.as_deref().and_then(time::seconds) {
        Some(at) => format!("expires {}", time::expiry(at, now)),
        None => "never expires".to_owned(),
    };
    let mut lines = vec![
        format!("{}  {}  \"{}\"{when}", row.id, row.login, row.token_name),
        format!("{}; {}; {expires}", repositories(&row.repositories), permissions(&row.permissions)),
    ];
    lines.extend(row.reason.as_ref().map(|reason| format!("reason: {reason}")));
    if !row.look_twice.is_empty() {
        lines.push(format!("look twice: {}", row.look_twice.join(", ")));
    }
    lines
        .extend(row.page.as_ref().filter(|_| kind == OrgTokens::Waiting).map(|page| format!("page: {page}")));
    lines
}

fn repositories(value: &Value) -> String {
    let Some(names) = value.as_array() else { return "all repositories".to_owned() };
    let shown: Vec<&str> = names.iter().filter_map(Value::as_str).take(FEW).collect();
    match names.len() {
        0 => "no repositories".to_owned(),
        count if count > FEW => format!("{} and {} more", shown.join(", "), count - FEW),
        _ => shown.join(", "),
    }
}

fn permissions(value: &Value) -> String {
    let pairs =
        value.as_object().into_iter().flatten().filter_map(|(_, of_kind)| of_kind.as_object()).flatten();
    let words: Vec<String> = pairs
        .map(|(name, level)| {
            terminal::sanitise(&format!("{name} {}", level.as_str().unwrap_or_default()), 80)
        })
        .collect();
    if words.is_empty() { "no permissions".to_owned() } else { words.join(", ") }
}

/// Decides, and says what became of it.
fn decide(session: &Session, order: &Order<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    check(order)?;
    let place = Organisation::find(session, order.org)?;
    let desk = place.desk()?;
    let failed = |trouble: app::AppError| place.failure(trouble);
    let rows = desk.list(order.kind, &filters(order.filter)).map_err(failed)?;
    let chosen = choose(order, &place.org, &rows, session.now)?;
    if chosen.is_empty() {
        return written(out, order, &[], &[]);
    }
    desk.decide(order.kind, &chosen, order.decision).map_err(failed)?;
    let start = Instant::now();
    let left = loop {
        // Without filters: a decision may change what they see.
        let now = desk.list(order.kind, &OrgFilter::default()).map_err(failed)?;
        let left: Vec<u64> = now.iter().map(|row| row.id).filter(|id| chosen.contains(id)).collect();
        if left.is_empty() || start.elapsed() > CARRIED_OUT {
            break left;
        }
        thread::sleep(PAUSE);
    };
    written(out, order, &chosen, &left)?;
    if left.is_empty() { Ok(()) } else { Err(Failure::said(Exit::Unchecked)) }
}

fn check(order: &Order<'_>) -> Result<(), Failure> {
    if let Decision::Approve(Some(reason)) | Decision::Deny(Some(reason)) = order.decision {
        let length = reason.chars().count();
        if length > LONGEST_REASON {
            return Err(Failure::usage(format!(
                "the reason has {length} characters, and GitHub takes at most {LONGEST_REASON}"
            )));
        }
    }
    if !order.yes && !terminal::has_terminal() {
        let (verb, _) = order.verbs();
        return Err(Failure::usage(format!("there is no terminal to ask whether to {verb} them")).remedy(
            format!("if you are sure: --yes with the numbers{}", if order.all { " or --all" } else { "" }),
        ));
    }
    if order.yes && !order.all && order.ids.is_empty() {
        return Err(Failure::usage("which ones?").remedy("name their numbers, as `list` shows them"));
    }
    Ok(())
}

/// Finds out which rows are meant.
fn choose(order: &Order<'_>, org: &Owner, rows: &[TokenRow], now: i64) -> Result<Vec<u64>, Failure> {
    let listed = |id: &u64| rows.iter().any(|row| row.id == *id);
    let missing: Vec<String> = order.ids.iter().filter(|id| !listed(id)).map(u64::to_string).collect();
    if !missing.is_empty() {
        let what = if order.kind == OrgTokens::Waiting { "requests" } else { "grants" };
        return Err(Failure::failed(format!("{org} has no such {what}: {}", missing.join(", ")))
            .remedy(format!("see which there are: git credential-patron {what} list {}", order.org)));
    }
    let mut chosen: Vec<u64> =
        if order.all { rows.iter().map(|row| row.id).collect() } else { order.ids.to_vec() };
    chosen.dedup();
    if order.yes || rows.is_empty() {
        return Ok(chosen);
    }
    for row in rows.iter().filter(|row| chosen.is_empty() || chosen.contains(&row.id)) {
        terminal::say(&in_words(order.kind, row, now).join("\n  "));
    }
    let (verb, _) = order.verbs();
    if chosen.is_empty() {
        let answer =
            terminal::ask_line(&format!("which ones do you {verb}? (numbers, or all; Enter: none) "))?;
        return picked(&answer, rows);
    }
    match terminal::ask_yes_no(&format!("{verb} {}?", counted(chosen.len())), false)? {
        true => Ok(chosen),
        false => Ok(Vec::new()),
    }
}

/// Reads the numbers that were typed.
fn picked(answer: &str, rows: &[TokenRow]) -> Result<Vec<u64>, Failure> {
    if answer.eq_ignore_ascii_case("all") {
        return Ok(rows.iter().map(|row| row.id).collect());
    }
    let words = answer.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let id = word.parse().ok().filter(|id| rows.iter().any(|row| row.id == *id));
            id.ok_or_else(|| {
                Failure::failed(format!(
                    "{} is none of these numbers; nothing was changed",
                    terminal::sanitise(word, 40)
                ))
            })
        })
        .collect()
}

fn counted(count: usize) -> String {
    if count == 1 { "this one".to_owned() } else { format!("these {count}") }
}

#[derive(Serialize)]
struct Decided<'a> {
    version: u8,
    decided: Vec<u64>,
    left: &'a [u64],
}

fn written(out: &mut dyn Write, order: &Order<'_>, chosen: &[u64], left: &[u64]) -> Result<(), Failure> {
    let (_, done) = order.verbs();
    let result = match order.json {
        true => {
            let decided = chosen.iter().copied().filter(|id| !left.contains(id)).collect();
            let decided = Decided { version: 1, decided, left };
            serde_json::to_writer_pretty(&mut *out, &decided)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(out))
        }
        false if chosen.is_empty() => writeln!(out, "nothing was {done}"),
        false => {
            let count = chosen.len() - left.len();
            writeln!(out, "{done}: {count}").and_then(|()| match left {
                [] => Ok(()),
                left => {
                    let ids: Vec<String> = left.iter().map(u64::to_string).collect();
                    writeln!(out, "GitHub has taken the decision, and still lists: {}", ids.join(", "))
                }
            })
        }
    };
    result.map_err(|error| Failure::failed("cannot write the result").because(error))
}
