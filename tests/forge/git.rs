//! Requests below a repository: git's own, and those of its large-file extension.

use jiff::Timestamp;

use super::Shared;
use super::decide::{self, Decision, Question, Refusal, Site};
use super::http::{Reply, Request};
use super::log::{Entry, EntryKind};
use super::policy::{Access, Policy, Repository, Then};
use super::site::{self, Delivery};
use super::{cgi, lfs, repos, rest, texts};

/// Which repository a path means, and what follows it there, with its slash.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Below {
    /// The owner as sent.
    pub(crate) owner: String,
    /// The repository as sent, without `.git`.
    pub(crate) repo: String,
    /// What follows.
    pub(crate) rest: String,
}

/// What is done with a request, once the policy has spoken.
enum Plan {
    Say(Reply),
    Serve(Box<Repository>),
}

/// Answers a request below a repository.
pub(crate) fn answer(shared: &Shared, host: &str, site: &Site, below: &Below, request: &Request) -> Delivery {
    let sent = site::credential(request);
    let large = below.rest.starts_with(lfs::PATH);
    let access = match (below.rest.as_str(), request.query()) {
        _ if large => lfs::access(&below.rest, request),
        ("/git-receive-pack", _) => Access::Write,
        ("/info/refs", query) if query.contains("service=git-receive-pack") => Access::Write,
        _ => Access::Read,
    };
    let question = Question {
        site,
        owner: &below.owner,
        repo: &below.repo,
        access,
        credential: sent.as_ref(),
        now: Timestamp::now(),
    };
    let mut policy = shared.policy();
    let fallen = site::apply_rules(&mut policy, &question, host, false);
    let verdict = decide::decide(&policy, &question);
    let login = verdict.token.map(|token| token.login.clone());
    let headers = match policy.headers_on_git {
        true => verdict.token.map(rest::token_headers).unwrap_or_default(),
        false => Vec::new(),
    };
    let bad_login = verdict.refusal == Some(Refusal::BadCredentials) && fallen.then.is_none();
    let plan = match fallen.then {
        _ if large && lfs::has_ticket(shared, request) => served(&verdict, &question),
        Some(Then::Answer(reply)) => Plan::Say(reply),
        Some(Then::Redirect(status, to)) => {
            let has_path = to.splitn(4, '/').nth(3).is_some_and(|path| !path.is_empty());
            let place = match has_path {
                true => format!("{to}{}?{}", below.rest, request.query()),
                false => format!("{to}{}", request.target),
            };
            Plan::Say(Reply::redirect(status, &place))
        }
        Some(Then::Allow) => served(&verdict, &question),
        _ => decided(&policy, &verdict, &question, host, &below.rest, request),
    };
    policy.bad_logins += u32::from(bad_login);
    let plan = match plan {
        // Made while the policy is held, so that two requests do not make it both.
        Plan::Serve(repo) => match repos::settle(&shared.repositories, &repo) {
            Ok(folder) => Ok((repo, folder)),
            Err(error) => Err(failed(&error)),
        },
        Plan::Say(reply) => Err(reply),
    };
    drop(policy);
    let mut reply = match plan {
        Ok((_, folder)) if large => lfs::serve(shared, &folder, login.as_deref(), host, below, request),
        Ok((repo, _)) => {
            let path = format!("/{}{}", repos::relative(&repo), below.rest);
            let (running, root) = (&shared.running, &shared.repositories);
            cgi::serve(running, root, &path, login.as_deref(), request).unwrap_or_else(|error| failed(&error))
        }
        Err(reply) if large => lfs::dressed(reply),
        Err(reply) => reply,
    };
    reply.headers.extend(headers);
    let delivery = fallen.spoil.deliver(site::dressed(site, reply));
    shared.record(Entry {
        kind: if large { EntryKind::Lfs } else { EntryKind::Git },
        owner: below.owner.clone(),
        repo: below.repo.clone(),
        access,
        ..site::entry(shared, host, request, delivery.status())
    });
    delivery
}

/// What follows from the policy alone.
fn decided(
    policy: &Policy,
    verdict: &Decision<'_>,
    question: &Question<'_>,
    host: &str,
    rest: &str,
    request: &Request,
) -> Plan {
    let Some(refusal) = &verdict.refusal else {
        // GitHub serves a push under a former name in place; git would not follow a redirect
        // that comes after it has logged in.
        return match verdict.repository {
            Some(repo) if verdict.moved && question.credential.is_none() => {
                let (owner, name, query) = (&repo.owner, &repo.name, request.query());
                let place = format!("https://{host}/{owner}/{name}{rest}?{query}");
                Plan::Say(Reply::redirect(301, &place))
            }
            _ => served(verdict, question),
        };
    };
    let scene = site::scene(policy, question.site, question.owner, question.repo, verdict);
    let mut reply = texts::git_reply(refusal, &scene);
    if policy.headers_on_git {
        let same = texts::rest_reply(refusal, &scene).headers;
        reply.headers.extend(same.into_iter().filter(|(name, _)| name.starts_with("X-")));
    }
    Plan::Say(reply)
}

/// The repository itself, or its wiki: a repository of its own beside it.
fn served(verdict: &Decision<'_>, question: &Question<'_>) -> Plan {
    let Some(repo) = verdict.repository else {
        return Plan::Say(Reply::text(404, "Repository not found.\n"));
    };
    let mut repo = repo.clone();
    if question.repo.ends_with(".wiki") && !repo.name.ends_with(".wiki") {
        repo.name.push_str(".wiki");
    }
    Plan::Serve(Box::new(repo))
}

/// The forge's own trouble, which must not look like a decision.
fn failed(error: &std::io::Error) -> Reply {
    Reply::text(500, &format!("the forge failed: {error}\n"))
}
