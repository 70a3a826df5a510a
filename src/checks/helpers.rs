//! Whom git asks for this URL, in which order, and who is told what worked.

use super::Group::Helpers as Group;
use super::Status::{Failed, Ok, Skipped, Warning};
use super::{Check, place};
use crate::git::{Chain, Listing};
use crate::remote::Host;
use crate::verdict::Helper;

/// How git comes to patron.
pub(crate) struct Reached {
    /// Whether it does, and first.
    pub(crate) helper: Helper,
    /// The facts.
    pub(crate) checks: Vec<Check>,
}

/// Looks at the effective chain for a URL.
pub(crate) fn helpers(listing: Option<&Listing>, url: &str, host: &Host) -> Reached {
    let Some(chain) = listing.and_then(|listing| listing.chain(url)) else {
        let skipped = Check::new(Group, "helper-first", Skipped, "git's configuration is not known");
        return Reached { helper: Helper::Unknown, checks: vec![skipped] };
    };
    let setup = match host.as_str() {
        crate::remote::GITHUB | crate::remote::GIST => "git credential-patron setup".to_owned(),
        host => format!("git credential-patron setup --host {host}"),
    };
    let mut checks = vec![first(&chain, &setup)];
    let is_first = chain.helpers.first().is_some_and(crate::git::Helper::is_patron);
    for helper in chain.helpers.iter().filter(|helper| !helper.is_patron()) {
        let (name, at) = (helper.shown(), place(&helper.source));
        let told = format!("{name} ({at}) is also asked, and git would tell it the token (`store`)");
        let check = if is_first {
            Check::new(Group, "helper-other", Warning, told)
        } else {
            Check::new(Group, "helper-other", Failed, format!("{name} ({at}) is asked"))
        };
        checks.push(check.fix(setup.clone()));
    }
    checks.extend(path(&chain, &setup));
    for broken in &chain.broken {
        let (at, fact) = (place(&broken.source), broken.fact);
        let message = format!("{} ({at}) {fact}: git ends there", broken.key);
        checks.push(Check::new(Group, "helper-config", Failed, message).fix("mend that line"));
    }
    Reached { helper: if is_first { Helper::Reached } else { Helper::NotReached }, checks }
}

fn first(chain: &Chain, setup: &str) -> Check {
    let at = chain.helpers.iter().position(crate::git::Helper::is_patron);
    match at.map(|at| (at, place(&chain.helpers[at].source))) {
        Some((0, place)) if chain.helpers.len() == 1 => {
            Check::new(Group, "helper-first", Ok, format!("git asks patron, and nobody else ({place})"))
        }
        Some((0, place)) => Check::new(Group, "helper-first", Ok, format!("git asks patron first ({place})")),
        Some((_, place)) => Check::new(
            Group,
            "helper-first",
            Failed,
            format!("git asks patron ({place}) after another helper"),
        )
        .fix(setup),
        None if chain.helpers.is_empty() => {
            Check::new(Group, "helper-first", Failed, "git asks no helper for this address").fix(setup)
        }
        None => {
            Check::new(Group, "helper-first", Failed, "git does not ask patron for this address").fix(setup)
        }
    }
}

fn path(chain: &Chain, setup: &str) -> Option<Check> {
    if !chain.helpers.iter().any(crate::git::Helper::is_patron) {
        return None;
    }
    Some(if chain.use_http_path {
        Check::new(Group, "use-http-path", Ok, "useHttpPath is on: patron is told the repository")
    } else {
        Check::new(
            Group,
            "use-http-path",
            Warning,
            "useHttpPath is off: patron is not told the repository, and looks at the calling git instead",
        )
        .fix(setup)
    })
}
