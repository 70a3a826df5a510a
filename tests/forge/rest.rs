//! The calls of the REST API that tell causes apart, with the fields that matter.
//!
//! Which call needs what, and that `permissions` is the user's role and not the token's, is in
//! GitHub's documentation; that fine-grained tokens get an empty list of organisations is reported.

use serde_json::{Value, json};

use super::apps;
use super::decide::{self, Question, Refusal, Site};
use super::http::{Reply, Request};
use super::policy::{Access, HostKind, Owner, OwnerKind, Policy, Repository, Role, State, Token, Visibility};
use super::site;
use super::texts::{self, Scene};
use super::tokens::{self, TokenKind};

/// The most a list has at once.
const PAGE_LIMIT: usize = 100;

/// The owner and repository a path speaks of; empty where it names none.
pub(crate) fn names(path: &str) -> (String, String) {
    let mut parts = path.trim_start_matches('/').split('/').map(site::decode);
    match (parts.next().as_deref(), parts.next(), parts.next()) {
        (Some("repos"), Some(owner), Some(repo)) => (owner, repo),
        (Some("users" | "orgs"), Some(owner), _) => (owner, String::new()),
        _ => (String::new(), String::new()),
    }
}

/// Answers a call.
pub(crate) fn answer(policy: &mut Policy, question: &Question<'_>, path: &str, request: &Request) -> Reply {
    let reply = match apps::answer(policy, question, path, request) {
        Some(reply) => reply,
        None => plain(policy, question, path, request),
    };
    // The clock by which GitHub judges.
    let date = policy.apps.now(question.now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut reply = reply.with("Date", &date);
    for (name, value) in [
        ("X-GitHub-Api-Version-Selected", "2022-11-28"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4999"),
        ("x-ratelimit-used", "1"),
        ("x-ratelimit-resource", "core"),
    ] {
        reply = reply.with(name, value);
    }
    let reset = question.now.as_second() + 3600;
    reply.with("x-ratelimit-reset", &reset.to_string())
}

fn plain(policy: &mut Policy, question: &Question<'_>, path: &str, request: &Request) -> Reply {
    die(policy, question);
    if (request.method.as_str(), path) == ("POST", "/credentials/revoke") {
        return revoke(policy, question, request);
    }
    match decide::who(policy, question.site, question.credential, question.now) {
        Ok(token) => {
            let mut reply = if matches!(request.method.as_str(), "GET" | "HEAD") {
                call(policy, question, path, request, token)
            } else {
                texts::not_found()
            };
            if let Some(token) = token {
                reply.headers.extend(token_headers(token));
            }
            reply
        }
        Err(refusal) => {
            policy.bad_logins += u32::from(refusal == Refusal::BadCredentials);
            texts::rest_reply(&refusal, &bare_scene(question))
        }
    }
}

/// Revokes credentials for whoever has them (documented): only without a credential of one's own, up to a thousand
/// at once, and with the same answer whether they were good or not. Installation tokens are not among them.
fn revoke(policy: &mut Policy, question: &Question<'_>, request: &Request) -> Reply {
    if request.header("Authorization").is_some() {
        return texts::error(403, "This endpoint does not accept authentication", None);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let secrets = body["credentials"].as_array().filter(|list| (1..=1000).contains(&list.len()));
    let Some(secrets) = secrets else {
        return texts::error(422, "Validation Failed", None);
    };
    let lives = policy.revoked_lives;
    let hit = |token: &&mut Token| {
        let is_named = secrets.iter().any(|secret| secret.as_str() == Some(token.secret.as_str()));
        is_named && token.host == question.site.name && token.kind != TokenKind::Installation
    };
    for token in policy.tokens.iter_mut().filter(hit) {
        match lives {
            0 => token.state = State::Revoked,
            lives => policy.dying.push((token.label.clone(), lives)),
        }
    }
    Reply::json(202, &json!({}))
}

/// Counts the calls that a revoked token is still known for.
fn die(policy: &mut Policy, question: &Question<'_>) {
    let Some(sent) = question.credential else { return };
    let Some(label) = policy.token_of(&sent.secret).map(|token| token.label.clone()) else { return };
    let Some(dying) = policy.dying.iter_mut().find(|(dying, _)| *dying == label) else { return };
    match &mut dying.1 {
        0 => policy.token_mut(&label).state = State::Revoked,
        lives => *lives -= 1,
    }
}

/// The headers by which a token is told about itself.
pub(crate) fn token_headers(token: &Token) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if let Some(expires) = token.expires {
        headers.push((
            "github-authentication-token-expiration".to_owned(),
            expires.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ));
    }
    if matches!(token.kind, TokenKind::Classic | TokenKind::Oauth) {
        headers.push(("X-OAuth-Scopes".to_owned(), token.scopes.join(", ")));
    }
    headers
}

fn call(
    policy: &Policy,
    question: &Question<'_>,
    path: &str,
    request: &Request,
    token: Option<&Token>,
) -> Reply {
    let host = &question.site.name;
    let base = base(question.site);
    let needs_login = || texts::rest_reply(&Refusal::LoginNeeded, &bare_scene(question));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    // Nothing on ghe.com is for strangers.
    if token.is_none() && question.site.kind == HostKind::GheCom {
        return needs_login();
    }
    match (parts.as_slice(), token) {
        (["user", ..], None) => needs_login(),
        (["user"], Some(token)) if token.kind == TokenKind::Installation => {
            texts::error(403, "Resource not accessible by integration", None)
        }
        (["user"], Some(token)) => match policy.find_owner(host, &token.login) {
            Some(user) if user.suspended => texts::rest_reply(&Refusal::Suspended, &bare_scene(question)),
            Some(user) => Reply::json(200, &person(&base, user)),
            // A token may be the only thing a policy says of a user.
            None => Reply::json(200, &person(&base, &Owner::user(&token.login))),
        },
        (["user", "orgs"], Some(token)) => {
            let fine_grained = token.kind == TokenKind::FineGrained;
            let orgs = policy.owners.iter().filter(|owner| {
                owner.host == *host
                    && owner.kind == OwnerKind::Organization
                    && owner.has_member(&token.login)
                    && !fine_grained
            });
            Reply::json(200, &orgs.map(|org| person(&base, org)).collect())
        }
        (["user", "repos"], Some(token)) => repositories(policy, question, request, token),
        (["users", login], _) => match policy.find_owner(host, login) {
            Some(owner) => Reply::json(200, &person(&base, owner)),
            None => texts::not_found(),
        },
        (["orgs", login], _) => match policy.find_owner(host, login) {
            Some(owner) if owner.kind == OwnerKind::Organization => Reply::json(200, &person(&base, owner)),
            _ => texts::not_found(),
        },
        (["repos", _, _], _) => repository(policy, question),
        (["repos", _, _, "contents", ..], _) => contents(policy, question),
        (["repositories", id], _) => by_id(policy, question, id),
        (["rate_limit"], _) => {
            let core = json!({"limit": 5000, "used": 1, "remaining": 4999,
                              "reset": question.now.as_second() + 3600});
            Reply::json(200, &json!({"resources": {"core": core}, "rate": core}))
        }
        (["meta"], _) => {
            let mut meta = json!({"verifiable_password_authentication": false});
            if question.site.kind == HostKind::Ghes {
                meta["installed_version"] = json!("3.19.2");
            }
            Reply::json(200, &meta)
        }
        (["zen"], _) => Reply::text(200, "Keep it logically awesome."),
        _ => texts::not_found(),
    }
}

/// Where the calls of a site begin.
pub(crate) fn base(site: &Site) -> String {
    match site.kind {
        HostKind::Ghes => format!("https://{}/api/v3", site.name),
        _ => format!("https://api.{}", site.name),
    }
}

fn person(base: &str, owner: &Owner) -> Value {
    let (kind, folder) = match owner.kind {
        OwnerKind::User => ("User", "users"),
        OwnerKind::Organization => ("Organization", "orgs"),
    };
    json!({
        "login": owner.login,
        "id": owner.number.unwrap_or_else(|| id_of(&owner.login)),
        "type": kind,
        "url": format!("{base}/{folder}/{}", owner.login),
    })
}

fn repository(policy: &Policy, question: &Question<'_>) -> Reply {
    let mut decision = decide::decide(policy, question);
    // Metadata comes with every fine-grained token that reaches the repository.
    if decision.refusal == Some(Refusal::ReadMissing) {
        decision.refusal = None;
    }
    let scene = site::scene(policy, question.site, question.owner, question.repo, &decision);
    match (decision.refusal, decision.repository) {
        // A stranger is not even told that there is something to log in for.
        (Some(Refusal::LoginNeeded), _) | (None, None) => texts::not_found(),
        (Some(refusal), _) => texts::rest_reply(&refusal, &scene),
        (None, Some(repo)) if decision.moved => {
            let place = format!("{}/repositories/{}", base(question.site), repo_id(repo));
            let body = json!({"message": "Moved Permanently", "url": place,
                "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"});
            Reply::json(301, &body).with("Location", &place)
        }
        (None, Some(repo)) => Reply::json(200, &described(policy, question.site, repo, decision.token))
            .with("X-Accepted-GitHub-Permissions", "metadata=read"),
    }
}

fn contents(policy: &Policy, question: &Question<'_>) -> Reply {
    let decision = decide::decide(policy, question);
    let scene = site::scene(policy, question.site, question.owner, question.repo, &decision);
    match decision.refusal {
        Some(Refusal::LoginNeeded) => texts::not_found(),
        Some(refusal) => texts::rest_reply(&refusal, &scene),
        None => Reply::json(200, &json!([{"name": "README.md", "type": "file"}]))
            .with("X-Accepted-GitHub-Permissions", "contents=read"),
    }
}

fn by_id(policy: &Policy, question: &Question<'_>, id: &str) -> Reply {
    policy
        .repositories
        .iter()
        .find(|repo| repo.host == question.site.name && repo_id(repo).to_string() == id)
        .map_or_else(texts::not_found, |repo| {
            let named = Question { owner: &repo.owner, repo: &repo.name, ..*question };
            repository(policy, &named)
        })
}

/// The repositories of one's own that the token can see.
fn repositories(policy: &Policy, question: &Question<'_>, request: &Request, token: &Token) -> Reply {
    let asked = site::form(request.query());
    let value = |name: &str| asked.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let number = |name, usual| value(name).and_then(|it| it.parse().ok()).unwrap_or(usual);
    let per_page = number("per_page", 30).clamp(1, PAGE_LIMIT);
    let page = number("page", 1).max(1);
    let mut withheld = Vec::new();
    let seen: Vec<Value> = policy
        .repositories
        .iter()
        .filter(|repo| repo.host == question.site.name)
        .filter(|repo| match value("visibility") {
            Some("private") => repo.visibility != Visibility::Public,
            Some("public") => repo.visibility == Visibility::Public,
            _ => true,
        })
        .filter(|repo| {
            let mut hidden = (*repo).clone();
            hidden.visibility = Visibility::Private;
            policy.role(&hidden, &token.login) > Role::None
        })
        .filter(|repo| {
            let named = Question { owner: &repo.owner, repo: &repo.name, access: Access::Read, ..*question };
            let refusal = decide::decide(policy, &named).refusal;
            if refusal == Some(Refusal::SsoRequired) {
                let id = id_of(&repo.owner).to_string();
                if !withheld.contains(&id) {
                    withheld.push(id);
                }
            }
            matches!(refusal, None | Some(Refusal::ReadMissing))
        })
        .map(|repo| described(policy, question.site, repo, Some(token)))
        .collect();
    let more = seen.len() > page * per_page;
    let shown: Value = seen.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let mut reply = Reply::json(200, &shown);
    if more {
        let next = page + 1;
        let base = base(question.site);
        reply =
            reply.with("Link", &format!("<{base}/user/repos?per_page={per_page}&page={next}>; rel=\"next\""));
    }
    if !withheld.is_empty() {
        let list = format!("partial-results; organizations={}", withheld.join(","));
        reply = reply.with("X-GitHub-SSO", &list);
    }
    reply
}

fn described(policy: &Policy, site: &Site, repo: &Repository, token: Option<&Token>) -> Value {
    let full_name = format!("{}/{}", repo.owner, repo.name);
    let visibility = match repo.visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
        Visibility::Internal => "internal",
    };
    let mut described = json!({
        "id": repo_id(repo),
        "name": repo.name,
        "full_name": full_name,
        "owner": {"login": repo.owner, "id": id_of(&repo.owner)},
        "private": repo.visibility != Visibility::Public,
        "visibility": visibility,
        "archived": repo.archived,
        "disabled": false,
        "default_branch": "main",
        "html_url": format!("https://{}/{full_name}", site.name),
        "clone_url": format!("https://{}/{full_name}.git", site.name),
    });
    if let Some(token) = token {
        let role = policy.role(repo, &token.login);
        described["permissions"] = json!({
            "admin": role >= Role::Admin,
            "maintain": role >= Role::Admin,
            "push": role >= Role::Write,
            "triage": role >= Role::Write,
            "pull": role >= Role::Read,
        });
    }
    described
}

fn repo_id(repo: &Repository) -> u32 {
    tokens::crc32(format!("{}/{}/{}", repo.host, repo.owner, repo.name).as_bytes())
}

fn id_of(login: &str) -> u32 {
    tokens::crc32(login.to_ascii_lowercase().as_bytes())
}

fn bare_scene<'a>(question: &Question<'a>) -> Scene<'a> {
    Scene {
        host: &question.site.name,
        kind: question.site.kind,
        owner: question.owner,
        repo: question.repo,
        token: None,
        challenge_hint: None,
    }
}
