//! `diagnose --json`: the contract's JSON, version 1.

use super::Diagnosis;
use crate::checks::Check;
use crate::target::Transport;
use crate::time::rfc3339;
use crate::verdict::Verdict;
use serde::Serialize;

#[derive(Serialize)]
struct Whole<'a> {
    version: u8,
    targets: Vec<DiagnosisJson<'a>>,
}

#[derive(Serialize)]
struct DiagnosisJson<'a> {
    target: TargetJson<'a>,
    verdict: &'a Verdict,
    account: Option<AccountJson<'a>>,
    checks: Vec<CheckJson>,
    requests: usize,
}

#[derive(Serialize)]
struct TargetJson<'a> {
    url: String,
    remote: Option<&'a str>,
    host: &'a str,
    owner: Option<&'a str>,
    repo: Option<&'a str>,
    operation: &'static str,
}

/// The token that git is given; a fallback's has no label, scope or vault.
#[derive(Serialize)]
struct AccountJson<'a> {
    label: Option<&'a str>,
    scope: Option<String>,
    kind: &'static str,
    login: Option<String>,
    expires: Option<String>,
    vault: Option<&'static str>,
    source: &'static str,
}

#[derive(Serialize)]
struct CheckJson {
    id: &'static str,
    status: &'static str,
    message: String,
}

/// Writes all of it.
pub(super) fn text(diagnoses: &[Diagnosis<'_>]) -> String {
    let whole = Whole { version: 1, targets: diagnoses.iter().map(row).collect() };
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn row<'a>(diagnosis: &'a Diagnosis<'_>) -> DiagnosisJson<'a> {
    let target = &diagnosis.aim.target;
    let remote = &target.remote;
    DiagnosisJson {
        target: TargetJson {
            url: url(diagnosis),
            remote: target.name.as_deref(),
            host: remote.host.as_str(),
            owner: remote.owner.as_ref().map(|owner| owner.as_str()),
            repo: remote.repo.as_deref(),
            operation: diagnosis.direction.name(),
        },
        verdict: &diagnosis.verdict,
        account: account(diagnosis),
        checks: diagnosis.checks.iter().map(line).collect(),
        requests: diagnosis.requests,
    }
}

/// Writes the target's URL without user name and password.
pub(super) fn url(diagnosis: &Diagnosis<'_>) -> String {
    let target = &diagnosis.aim.target;
    let scheme = match target.transport {
        Transport::Https => "https",
        Transport::Ssh => "ssh",
    };
    let path = match (&target.remote.owner, &target.remote.repo, &target.remote.path) {
        (Some(owner), Some(repo), _) => format!("/{owner}/{repo}"),
        (_, _, Some(path)) => format!("/{path}"),
        _ => String::new(),
    };
    format!("{scheme}://{}{path}", target.remote.host)
}

fn account<'a>(diagnosis: &'a Diagnosis<'_>) -> Option<AccountJson<'a>> {
    let found = diagnosis.evidence.account.as_ref();
    let login = diagnosis.evidence.user.name("login");
    let expires = diagnosis.expires.and_then(rfc3339);
    match (diagnosis.account, found) {
        (Some(account), found) => Some(AccountJson {
            label: Some(&account.label),
            scope: Some(account.scope.to_string()),
            kind: found.map_or(account.kind, |found| found.kind).id(),
            login: account.login.clone().or(login),
            expires: expires.or_else(|| account.expires.and_then(rfc3339)),
            vault: Some(account.place.name()),
            source: "account",
        }),
        (None, Some(found)) => Some(AccountJson {
            label: None,
            scope: None,
            kind: found.kind.id(),
            login,
            expires,
            vault: None,
            source: diagnosis.source()?,
        }),
        (None, None) => None,
    }
}

fn line(check: &Check) -> CheckJson {
    let message = match &check.fix {
        Some(fix) => format!("{}; {fix}", check.message),
        None => check.message.clone(),
    };
    CheckJson { id: check.id, status: check.status.name(), message }
}
