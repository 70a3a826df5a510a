//! Git itself: its version, its known defects, its configuration as a whole.

use super::Group::Git as Group;
use super::Status::{Failed, Ok, Warning};
use super::{Check, place};
use crate::git::{Cwd, Git, Listing};

/// Looks at git.
pub(crate) fn program(git: Option<&Git>, listing: Result<&Listing, &str>) -> Vec<Check> {
    let Some(git) = git else {
        return vec![
            Check::new(Group, "git-version", Failed, "no git was found in an absolute folder of PATH")
                .fix("install git, or put its folder into PATH"),
        ];
    };
    let version = git.run(&["--version"], Cwd::Nowhere).ok();
    let version = version.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let version: String = version
        .split_whitespace()
        .nth(2)
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c))
        .take(40)
        .collect();
    let mut checks = Vec::new();
    match numbers(&version) {
        Some(numbers) if numbers < (2, 26) => checks.push(
            Check::new(
                Group,
                "git-version",
                Warning,
                format!("git {version} is older than the versions patron is tested with"),
            )
            .fix("use git 2.40 or newer"),
        ),
        Some(_) => checks.push(Check::new(Group, "git-version", Ok, format!("git {version}"))),
        None => checks.push(Check::new(Group, "git-version", Warning, "git does not report its version")),
    }
    match listing {
        Result::Ok(listing) => checks.extend(defects(numbers(&version), listing)),
        Err(why) => checks.push(
            Check::new(Group, "git-config", Failed, format!("git's configuration cannot be read: {why}"))
                .fix("fix the line that git names; until then git fails here"),
        ),
    }
    checks
}

/// Git 2.54 asks without end where a rate limit follows on a challenge, unless it is told how often.
///
/// Measured with 2.55.0; the same code is in 2.54.0 and in the development version of 2026-08-20.
fn defects(version: Option<(u32, u32)>, listing: &Listing) -> Option<Check> {
    if version? < (2, 54) {
        return None;
    }
    let by_env = std::env::var("GIT_HTTP_MAX_RETRIES").ok();
    let by_config = listing.last("http.maxretries");
    let set = match (&by_env, &by_config) {
        (Some(value), _) => Some((value.clone(), "GIT_HTTP_MAX_RETRIES".to_owned())),
        (None, Some(found)) => {
            Some((String::from_utf8_lossy(&found.value).into_owned(), place(&found.source)))
        }
        (None, None) => None,
    };
    Some(match set {
        Some((value, place)) if value.trim().parse::<i64>().is_ok_and(|number| number > 0) => Check::new(
            Group,
            "git-defects",
            Ok,
            format!("http.maxRetries is set ({place}): a rate limit ends git"),
        ),
        _ => Check::new(
            Group,
            "git-defects",
            Warning,
            "this git retries forever when GitHub limits requests (429), because http.maxRetries is 0",
        )
        .fix("git config --global http.maxRetries 1"),
    })
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
