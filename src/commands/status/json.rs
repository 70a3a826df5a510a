//! `status --json`: the contract's JSON, version 1.

use super::Overview;
use crate::remote::Direction;
use crate::time::rfc3339;
use crate::verdict::Verdict;
use serde::Serialize;

#[derive(Serialize)]
struct Everything<'a> {
    version: u8,
    hosts: Vec<HostRow<'a>>,
    accounts: Vec<AccountRow<'a>>,
    refusals: Vec<RefusalRow<'a>>,
}

#[derive(Serialize)]
struct HostRow<'a> {
    host: &'a str,
    asked_first: Option<bool>,
    line: Option<&'a str>,
}

#[derive(Serialize)]
struct AccountRow<'a> {
    label: &'a str,
    scope: String,
    kind: &'static str,
    login: Option<&'a str>,
    expires: Option<String>,
    vault: &'static str,
    state: &'static str,
    page: Option<&'a str>,
}

#[derive(Serialize)]
struct RefusalRow<'a> {
    at: Option<String>,
    url: &'a str,
    operation: Option<&'static str>,
    verdict: &'a Verdict,
}

/// Writes all of it.
pub(super) fn text(overview: &Overview<'_>) -> String {
    let hosts = overview.hosts.iter().map(|host| HostRow {
        host: host.host.as_str(),
        asked_first: host.asked_first,
        line: host.line.as_deref(),
    });
    let accounts = overview.accounts.iter().map(|(account, look)| AccountRow {
        label: &account.label,
        scope: account.scope.to_string(),
        kind: account.kind.id(),
        login: look.login.as_deref(),
        expires: look.expires.and_then(rfc3339),
        vault: account.place.name(),
        state: look.state.name(),
        page: look.page.as_deref(),
    });
    let refusals = overview.refusals.iter().map(|refused| RefusalRow {
        at: rfc3339(refused.at),
        url: &refused.url,
        operation: refused.direction.map(Direction::name),
        verdict: &refused.verdict,
    });
    let whole = Everything {
        version: 1,
        hosts: hosts.collect(),
        accounts: accounts.collect(),
        refusals: refusals.collect(),
    };
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}
