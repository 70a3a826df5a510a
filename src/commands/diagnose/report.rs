//! What people read: the verdict and its fix first, then the checks in their groups.

use super::Diagnosis;
use super::json::url;
use crate::checks::{Check, Group, Status};
use crate::commands::page::{self, Column};
use crate::terminal::{BAD, FAINT, GOOD, STRONG, Stream, WARNING, paint};

/// Where messages begin: after the group and the status.
const MESSAGES: usize = 19;

/// Writes all of it: the verdicts of all targets, then the checks behind them.
pub(super) fn text(diagnoses: &[Diagnosis<'_>]) -> String {
    let width = Stream::Stdout.width();
    let mut text = String::new();
    for diagnosis in diagnoses {
        text.push_str(&heading(diagnosis));
        text.push_str(&page::verdict(&diagnosis.verdict, width));
        text.push('\n');
    }
    for (at, diagnosis) in diagnoses.iter().enumerate() {
        if diagnoses.len() > 1 {
            text.push_str(&heading(diagnosis));
        }
        groups(&mut text, diagnosis, &diagnoses[..at], width);
        text.push('\n');
    }
    text.push_str(&paint(FAINT, &summary(diagnoses)));
    text.push('\n');
    text
}

fn heading(diagnosis: &Diagnosis<'_>) -> String {
    let direction = diagnosis.direction.name();
    let name = diagnosis.aim.target.name.as_deref().map(|name| crate::terminal::sanitise(name, 40));
    let name = name.map_or_else(String::new, |name| format!("{name}, "));
    let address = url(diagnosis);
    let link = Stream::Stdout.link(&address, &address);
    format!("{}  {}\n", paint(STRONG, &link), paint(FAINT, &format!("{name}{direction}")))
}

fn groups(text: &mut String, diagnosis: &Diagnosis<'_>, earlier: &[Diagnosis<'_>], width: usize) {
    let mut groups: Vec<Group> = diagnosis.checks.iter().map(|check| check.group).collect();
    groups.dedup();
    for group in groups {
        let of = |diagnosis: &Diagnosis<'_>| -> Vec<Check> {
            diagnosis.checks.iter().filter(|check| check.group == group).cloned().collect()
        };
        let checks = of(diagnosis);
        // Facts about this side are often the same for all targets; those about one token never are.
        let may_be_shared = matches!(group, Group::Git | Group::Helpers | Group::Network);
        let same = earlier.iter().find(|earlier| may_be_shared && of(earlier) == checks);
        if let Some(same) = same {
            let as_for = paint(FAINT, &format!("as for {} above", url(same)));
            text.push_str(&format!("{}{as_for}\n", paint(STRONG, &format!("{:<10}", group.name()))));
            continue;
        }
        let mut name = group.name();
        for check in &checks {
            line(text, std::mem::take(&mut name), check, width);
        }
    }
}

fn line(text: &mut String, group: &str, check: &Check, width: usize) {
    let (style, name) = match check.status {
        Status::Ok => (GOOD, "ok"),
        Status::Warning => (WARNING, "warning"),
        Status::Failed => (BAD, "failed"),
        Status::Skipped => (FAINT, "skipped"),
    };
    let pad = " ".repeat(9 - name.len());
    text.push_str(&format!("{}{}{pad}", paint(STRONG, &format!("{group:<10}")), paint(style, name)));
    let faint = if check.status == Status::Skipped { Some(FAINT) } else { None };
    let column = Column { indent: MESSAGES, width, style: faint };
    text.push_str(&column.text(&check.message));
    if let Some(fix) = &check.fix {
        text.push_str(&" ".repeat(MESSAGES));
        let column = Column { indent: MESSAGES + 3, width, style: None };
        text.push_str(&format!("{} {}", paint(WARNING, "->"), column.text(fix)));
    }
}

fn summary(diagnoses: &[Diagnosis<'_>]) -> String {
    let counts = [Status::Ok, Status::Warning, Status::Failed, Status::Skipped].map(|status| {
        let checks = diagnoses.iter().flat_map(|diagnosis| &diagnosis.checks);
        (status, checks.filter(|check| check.status == status).count())
    });
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| match (status, count) {
            (Status::Warning, 2..) => format!("{count} warnings"),
            (status, count) => format!("{count} {}", status.name()),
        })
        .collect();
    let requests: usize = diagnoses.iter().map(|diagnosis| diagnosis.requests).sum();
    let noun = if requests == 1 { "request" } else { "requests" };
    format!("{}; {requests} {noun}; contains no secrets; safe to paste", counts.join(", "))
}
