//! What GitHub said to each request, and how many there were.

use super::Check;
use super::Group::GitHub as Group;
use super::Status::{Failed, Ok, Skipped};
use crate::remote::Direction;
use crate::terminal::sanitise;
use crate::verdict::{Evidence, HostKind, NoReply, Observed, Visible};
use std::time::Duration;

/// The longest part of a server's words that is shown.
const WORDS: usize = 420;

/// What was asked, how often, and for how long.
pub(crate) struct RequestTally {
    /// For which services git sent the credential.
    pub(crate) sent: (bool, bool),
    /// How many requests were made.
    pub(crate) requests: usize,
    /// How long they took.
    pub(crate) elapsed: Duration,
}

/// States what each request was answered. `why_not` says why none was made, where none was.
pub(crate) fn requests(evidence: &Evidence, asked: Option<&RequestTally>, why_not: &str) -> Vec<Check> {
    let Some(RequestTally { sent, requests, elapsed }) = asked else {
        return vec![
            Check::new(Group, "fetch", Skipped, format!("not checked: {why_not}")),
            Check::new(Group, "push", Skipped, format!("not checked: {why_not}")),
            Check::new(Group, "requests", Skipped, "no requests made"),
        ];
    };
    let unknown = evidence.user.status() == Some(401);
    let mut checks = vec![service("fetch", &evidence.fetch, sent.0, unknown)];
    checks.push(match (&evidence.push, evidence.direction) {
        (Observed::NotAsked, Direction::Fetch) => {
            Check::new(Group, "push", Skipped, "push not checked (use --push)")
        }
        (push, _) => service("push", push, sent.1, unknown),
    });
    if evidence.host == HostKind::GitHub {
        checks.extend(repository(evidence));
        checks.extend(owner(evidence));
        checks.extend(private(evidence));
    }
    let noun = if *requests == 1 { "request" } else { "requests" };
    checks.push(Check::new(
        Group,
        "requests",
        Ok,
        format!("{requests} {noun} in {} ms", elapsed.as_millis()),
    ));
    checks
}

fn service(id: &'static str, heard: &Observed, sent: bool, unknown: bool) -> Check {
    match heard {
        Observed::NotAsked if unknown => {
            Check::new(Group, id, Skipped, "not checked: GitHub does not recognise this token")
        }
        Observed::NotAsked => Check::new(Group, id, Skipped, "not checked: no repository is named"),
        Observed::Trouble(trouble) => Check::new(Group, id, Failed, no_answer(*trouble)),
        Observed::Stopped(words) => {
            let words = sanitise(words, WORDS);
            Check::new(Group, id, Failed, format!("git stopped before there was an answer: {words}"))
        }
        Observed::Reply(reply) if heard.is_open() => {
            let with = if sent { "with this token" } else { "without a token: the repository is public" };
            let status = reply.status.unwrap_or(200);
            Check::new(Group, id, Ok, format!("{id} allowed {with} ({status})"))
        }
        Observed::Reply(reply) => {
            let status = reply.status.map_or_else(String::new, |status| format!(" ({status})"));
            let words = sanitise(&reply.words, WORDS);
            let words = if words.is_empty() { String::new() } else { format!(": {words}") };
            Check::new(Group, id, Failed, format!("{id} refused{status}{words}"))
        }
    }
}

fn no_answer(trouble: NoReply) -> &'static str {
    match trouble {
        NoReply::Unreachable => "no answer",
        NoReply::Tls => "no trusted connection",
        NoReply::Proxy => "the proxy refused the request",
        NoReply::CaptivePortal => "something other than GitHub answered",
    }
}

fn repository(evidence: &Evidence) -> Option<Check> {
    let repo = &evidence.repo;
    let name = match (&evidence.target.owner, &evidence.target.repo) {
        (Some(owner), Some(name)) => format!("{owner}/{name}"),
        _ => "the repository".to_owned(),
    };
    Some(match repo {
        // The second is how git ends, and here it is not git that asks.
        Observed::NotAsked | Observed::Stopped(_) => return None,
        Observed::Trouble(trouble) => {
            Check::new(Group, "repository", Failed, format!("the API: {}", no_answer(*trouble)))
        }
        Observed::Reply(reply) if repo.is_open() => {
            let mut facts = vec![match repo.flag("private") {
                Some(true) => "private",
                Some(false) => "public",
                None => "there",
            }];
            if repo.flag("archived") == Some(true) {
                facts.push("archived");
            }
            if let Some(role) = repo.field("permissions").and_then(|all| all.get("push")?.as_bool()) {
                facts.push(if role { "its user can push" } else { "its user cannot push" });
            }
            let _ = reply;
            Check::new(Group, "repository", Ok, format!("the token can see {name}: {}", facts.join(", ")))
        }
        Observed::Reply(reply) => {
            let status = reply.status.unwrap_or_default();
            let public = if evidence.repo_anonymous.is_open() { "; it is visible without one" } else { "" };
            Check::new(
                Group,
                "repository",
                Failed,
                format!("the API hides {name} from this token ({status}){public}"),
            )
        }
    })
}

fn owner(evidence: &Evidence) -> Option<Check> {
    let owner = evidence.target.owner.as_deref()?;
    let reply = evidence.owner.reply()?;
    Some(match (reply.status, evidence.owner.name("type").as_deref()) {
        (Some(404), _) => {
            Check::new(Group, "owner", Failed, format!("GitHub has no user or organisation named {owner}"))
        }
        (_, Some("Organization")) => Check::new(Group, "owner", Ok, format!("{owner} is an organisation")),
        (_, Some("User")) => Check::new(Group, "owner", Ok, format!("{owner} is a user")),
        _ => return None,
    })
}

fn private(evidence: &Evidence) -> Option<Check> {
    let owner = evidence.target.owner.as_deref()?;
    let sees = Visible::of(&evidence.private_repos)?.any_of(owner);
    let text = match sees {
        Some(true) => format!("the token can see private repositories of {owner}"),
        Some(false) => format!("the token can see no private repositories of {owner}"),
        None => format!("whether the token can see private repositories of {owner} is not known"),
    };
    Some(Check::new(Group, "private-repositories", if sees.is_none() { Skipped } else { Ok }, text))
}
