//! The side of an organisation's owner: requests of fine-grained tokens, and the tokens that were let in.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::decide::{self, Question};
use super::super::http::{Reply, Request};
use super::super::policy::{Permission, Policy, Selection, State, Token};
use super::super::tokens::{self, TokenKind};
use super::super::{site, texts};
use super::calls::rfc3339;
use super::{level, reaches};

/// The permission to decide about requests.
pub(super) const REQUESTS: &str = "organization_personal_access_token_requests";
/// The permission to take access back.
pub(super) const GRANTS: &str = "organization_personal_access_tokens";

/// The most a list has at once, and the most a decision is about.
const MOST: usize = 100;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 1024;

/// Answers these calls; nothing if the call is another one.
pub(super) fn answer(
    policy: &mut Policy,
    question: &Question<'_>,
    parts: &[&str],
    request: &Request,
) -> Option<Reply> {
    let ["orgs", org, kind @ ("personal-access-token-requests" | "personal-access-tokens"), rest @ ..] =
        parts
    else {
        return None;
    };
    let is_request = *kind == "personal-access-token-requests";
    let write = request.method == "POST";
    if let Err(reply) = admitted(policy, question, org, is_request, write) {
        return Some(reply);
    }
    settle(policy, question.now);
    Some(match (request.method.as_str(), rest) {
        ("GET", []) => list(policy, question, org, is_request, request),
        ("GET", [id, "repositories"]) => repositories(policy, question, org, is_request, id),
        ("POST", []) => decide(policy, question, org, is_request, request),
        _ => texts::not_found(),
    })
}

fn admitted(
    policy: &Policy,
    question: &Question<'_>,
    org: &str,
    is_request: bool,
    write: bool,
) -> Result<(), Reply> {
    let refused = |kind: &str| texts::error(403, &format!("Resource not accessible by {kind}"), None);
    let token = match decide::who(policy, question.site, question.credential, question.now) {
        Ok(Some(token)) => token,
        Ok(None) => return Err(texts::error(401, "Requires authentication", None)),
        Err(_) => return Err(texts::error(401, "Bad credentials", None)),
    };
    let needed = if is_request { REQUESTS } else { GRANTS };
    let wanted = if write { "write" } else { "read" };
    let granted = level(&token.permissions, needed).is_some_and(|have| reaches(have, wanted));
    let is_theirs = match token.kind {
        TokenKind::Installation => token.owner.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(org)),
        TokenKind::AppUser => {
            policy.apps.user_reaches(token, org)
                && policy.find_owner(&question.site.name, org).is_some_and(|it| it.has_member(&token.login))
        }
        TokenKind::FineGrained => return Err(refused("personal access token")),
        _ => return Err(texts::not_found()),
    };
    if granted && is_theirs { Ok(()) } else { Err(refused("integration")) }
}

/// Carries out what was decided long enough ago.
fn settle(policy: &mut Policy, now: Timestamp) {
    let (due, later) =
        std::mem::take(&mut policy.apps.decided).into_iter().partition(|(at, _, _)| *at <= now);
    policy.apps.decided = later;
    let due: Vec<(Timestamp, u64, State)> = due;
    for (_, id, state) in due {
        if let Some(token) = policy.tokens.iter_mut().find(|token| token.id == id) {
            token.state = state;
        }
    }
}

/// The number of a request, or of a grant: neither is the token's own.
pub(crate) fn number(token: &Token, is_request: bool) -> u64 {
    let what = if is_request { "request" } else { "grant" };
    u64::from(tokens::crc32(format!("{what} {}", token.id).as_bytes())) % 9_000_000 + 1_000
}

fn rows<'a>(
    policy: &'a Policy,
    host: &'a str,
    org: &'a str,
    is_request: bool,
) -> impl Iterator<Item = &'a Token> {
    let state = if is_request { State::Pending } else { State::Active };
    policy.tokens.iter().filter(move |token| {
        token.kind == TokenKind::FineGrained
            && token.host == host
            && token.state == state
            && token.owner.as_deref().is_some_and(|owner| owner.eq_ignore_ascii_case(org))
    })
}

fn list(policy: &Policy, question: &Question<'_>, org: &str, is_request: bool, request: &Request) -> Reply {
    let fields = site::form(request.query());
    let one = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let all = |name: &str| -> Vec<&str> {
        fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    };
    let number_of = |name: &str, usual: usize| one(name).and_then(|it| it.parse().ok()).unwrap_or(usual);
    let (per_page, page) = (number_of("per_page", 30).clamp(1, MOST), number_of("page", 1).max(1));
    let (owners, ids) = (all("owner[]"), all("token_id[]"));
    let mut found: Vec<&Token> = rows(policy, &question.site.name, org, is_request)
        .filter(|token| owners.is_empty() || owners.iter().any(|it| it.eq_ignore_ascii_case(&token.login)))
        .filter(|token| ids.is_empty() || ids.contains(&token.id.to_string().as_str()))
        .filter(|token| one("repository").is_none_or(|name| super::calls::selects(&token.repositories, name)))
        .filter(|token| {
            one("permission")
                .is_none_or(|name| repository_permissions(token).iter().any(|(it, _)| it == name))
        })
        .collect();
    found.sort_by_key(|token| std::cmp::Reverse(token.created));
    let base = format!("{}{}", super::base(question.site), request.path());
    let more = found.len() > page * per_page;
    let shown = found
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .map(|token| row(token, &base, is_request, question.now));
    let reply = Reply::json(200, &shown.collect());
    match more {
        true => {
            let next = page + 1;
            reply.with("Link", &format!("<{base}?per_page={per_page}&page={next}>; rel=\"next\""))
        }
        false => reply,
    }
}

fn repository_permissions(token: &Token) -> Vec<(String, String)> {
    let contents = match token.contents {
        Permission::None => None,
        Permission::Read => Some("read"),
        Permission::Write => Some("write"),
    };
    let contents = contents.map(|level| ("contents".to_owned(), level.to_owned()));
    contents.into_iter().chain(token.permissions.iter().cloned()).collect()
}

fn row(token: &Token, base: &str, is_request: bool, now: Timestamp) -> Value {
    let (organization, repository): (Vec<_>, Vec<_>) =
        repository_permissions(token).into_iter().partition(|(name, _)| name.starts_with("organization_"));
    let object = |pairs: Vec<(String, String)>| {
        pairs.into_iter().map(|(name, it)| (name, json!(it))).collect::<Value>()
    };
    let id = number(token, is_request);
    let mut row = json!({
        "id": id,
        "owner": {"login": token.login},
        "repository_selection": if token.repositories == Selection::All { "all" } else { "subset" },
        "repositories_url": format!("{base}/{id}/repositories"),
        "permissions": {"organization": object(organization), "repository": object(repository)},
        "token_id": token.id,
        "token_name": token.label,
        "token_expired": token.is_expired(now),
        "token_expires_at": token.expires.map(rfc3339),
        "token_last_used_at": Value::Null,
    });
    match is_request {
        true => {
            row["reason"] = json!((!token.reason.is_empty()).then_some(&token.reason));
            row["created_at"] = json!(rfc3339(token.created));
        }
        false => row["access_granted_at"] = json!(rfc3339(token.created)),
    }
    row
}

fn repositories(policy: &Policy, question: &Question<'_>, org: &str, is_request: bool, id: &str) -> Reply {
    let found = rows(policy, &question.site.name, org, is_request)
        .find(|token| number(token, is_request).to_string() == id);
    match found.map(|token| &token.repositories) {
        Some(Selection::Only(names)) => {
            Reply::json(200, &names.iter().map(|name| json!({"name": name})).collect())
        }
        Some(Selection::All) => Reply::json(200, &json!([])),
        None => texts::not_found(),
    }
}

fn decide(
    policy: &mut Policy,
    question: &Question<'_>,
    org: &str,
    is_request: bool,
    request: &Request,
) -> Reply {
    let invalid = |message: &str| texts::error(422, message, None);
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return invalid("Problems parsing JSON");
    };
    let state = match (is_request, body["action"].as_str()) {
        (true, Some("approve")) => State::Active,
        (true, Some("deny")) | (false, Some("revoke")) => State::Denied,
        _ => return invalid("Invalid action"),
    };
    if body["reason"].as_str().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return invalid("reason is too long (maximum is 1024 characters)");
    }
    let key = if is_request { "pat_request_ids" } else { "pat_ids" };
    let wanted = body[key].as_array().map(|ids| ids.iter().filter_map(Value::as_u64).collect::<Vec<u64>>());
    if wanted.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MOST)
        || (!is_request && wanted.is_none())
    {
        return invalid("Invalid request.");
    }
    let due = question.now + policy.apps.lag;
    // Without numbers every request is meant: that is what makes it dangerous to leave them out.
    let decided: Vec<(Timestamp, u64, State)> = rows(policy, &question.site.name, org, is_request)
        .filter(|token| wanted.as_ref().is_none_or(|ids| ids.contains(&number(token, is_request))))
        .map(|token| (due, token.id, state))
        .collect();
    if wanted.is_some_and(|ids| ids.len() != decided.len()) {
        return texts::not_found();
    }
    policy.apps.decided.extend(decided);
    Reply::json(202, &json!({}))
}
