//! Whom git asks for this URL, in which order, and who is told what worked.

use super::Group::Helpers as Group;
use super::Status::{Failed, Ok, Skipped, Warning};
use super::{Check, place};
use crate::git::{Chain, ConfigSource, Level, Listing};
use crate::remote::Host;
use crate::verdict::HelperReach;

/// How git comes to patron.
pub(crate) struct Reached {
    /// Whether it does, and first.
    pub(crate) helper: HelperReach,
    /// The facts.
    pub(crate) checks: Vec<Check>,
}

/// Gives the command that makes git ask patron for a host.
pub(crate) fn setup_for(host: &Host) -> String {
    match host.as_str() {
        crate::remote::GITHUB | crate::remote::GIST => "git credential-patron setup".to_owned(),
        host => format!("git credential-patron setup --host {host}"),
    }
}

/// Says where a helper's line stands; for one of the environment, which variable it is.
pub(crate) fn helper_place(helper: &crate::git::Helper) -> String {
    key_place(&helper.key, &helper.source)
}

/// Says where a line of this key stands; for one of the environment, which variable it is.
pub(crate) fn key_place(key: &[u8], source: &ConfigSource) -> String {
    if source.level != Level::Command {
        return place(source);
    }
    let key = String::from_utf8_lossy(key);
    let count =
        std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    let is_it = |name: &String| std::env::var(name).is_ok_and(|set| set.eq_ignore_ascii_case(&key));
    let variable = (0..count.min(1000)).map(|number| format!("GIT_CONFIG_KEY_{number}")).find(is_it);
    variable.unwrap_or_else(|| "git -c".to_owned())
}

/// Says what takes a helper's line away: setup where that does, else the very command or variable.
pub(crate) fn without_helper(helper: &crate::git::Helper, setup: &str) -> String {
    reset_fix(&helper.key, &helper.source, setup)
}

/// Says what takes a line that resets the helpers away.
pub(crate) fn reset_fix(key: &[u8], source: &ConfigSource, setup: &str) -> String {
    let at = key_place(key, source);
    let key = crate::git::shown(key);
    match source.level {
        Level::System | Level::Global => setup.to_owned(),
        Level::Local => format!("git config --local --unset-all {key}"),
        Level::Worktree => format!("git config --worktree --unset-all {key}"),
        Level::Command if at == "git -c" => {
            format!("leave -c {key}=... out of the git command (setup cannot change it)")
        }
        Level::Command => {
            format!("unset {at} in the environment, where {key} is set (setup cannot change it)")
        }
    }
}

/// Looks at the effective chain for a URL.
pub(crate) fn helpers(listing: Option<&Listing>, url: &str, host: &Host) -> Reached {
    let Some(chain) = listing.and_then(|listing| listing.chain(url)) else {
        let skipped = Check::new(Group, "helper-first", Skipped, "git's configuration could not be read");
        return Reached { helper: HelperReach::Unknown, checks: vec![skipped] };
    };
    let setup = setup_for(host);
    let mut checks = vec![first(&chain, &setup)];
    let is_first = chain.helpers.first().is_some_and(crate::git::Helper::is_patron);
    for helper in chain.helpers.iter().filter(|helper| !helper.is_patron()) {
        let (name, at) = (helper.shown(), helper_place(helper));
        let told = format!("{name} ({at}) is asked too, and git gives it each token to store");
        let check = if is_first {
            Check::new(Group, "helper-other", Warning, told)
        } else {
            Check::new(Group, "helper-other", Failed, format!("git asks {name} ({at})"))
        };
        checks.push(check.fix(without_helper(helper, &setup)));
    }
    if is_first && let Some(listing) = listing {
        checks.extend(silenced(listing, url, &setup));
    }
    checks.extend(path(&chain, &setup));
    for broken in &chain.broken {
        let (at, fact) = (place(&broken.source), broken.fact);
        let message = format!("{} ({at}) {fact}, which makes git fail", broken.key);
        checks.push(Check::new(Group, "helper-config", Failed, message).fix("fix that line"));
    }
    Reached { helper: if is_first { HelperReach::Reached } else { HelperReach::NotReached }, checks }
}

/// Names who would be asked without our lines and is neither asked nor recorded: most often a helper of a file that
/// git reads only under a condition.
fn silenced(listing: &Listing, url: &str, setup: &str) -> Vec<Check> {
    let before = listing.without_ours().chain(url).unwrap_or_default();
    let is_known = |helper: &&crate::git::Helper| helper.is_patron() || listing.records(helper);
    let unknown = before.helpers.iter().filter(|helper| !is_known(helper));
    unknown
        .map(|helper| {
            let (name, at) = (helper.shown(), helper_place(helper));
            let text = format!("{name} ({at}) answered here before setup and is no longer asked");
            Check::new(Group, "helper-before", Warning, text).fix(format!(
                "{setup} (records it); or, if git reads its file only here: git credential-patron add OWNER"
            ))
        })
        .collect()
}

fn first(chain: &Chain, setup: &str) -> Check {
    let at = chain.helpers.iter().position(crate::git::Helper::is_patron);
    match at.map(|at| (at, place(&chain.helpers[at].source))) {
        Some((0, place)) if chain.helpers.len() == 1 => {
            Check::new(Group, "helper-first", Ok, format!("git asks patron and no other helper ({place})"))
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
            Check::new(Group, "helper-first", Failed, "git asks no helper for this URL").fix(setup)
        }
        None => Check::new(Group, "helper-first", Failed, "git does not ask patron for this URL").fix(setup),
    }
}

fn path(chain: &Chain, setup: &str) -> Option<Check> {
    if !chain.helpers.iter().any(crate::git::Helper::is_patron) {
        return None;
    }
    Some(if chain.use_http_path {
        Check::new(Group, "use-http-path", Ok, "useHttpPath is on: git tells patron the repository")
    } else {
        Check::new(
            Group,
            "use-http-path",
            Warning,
            "useHttpPath is off: git does not tell patron the repository, so patron reads it from the calling git",
        )
        .fix(setup)
    })
}
