//! The calls that an App makes with a JSON web token, and those that its installation tokens make.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::decide::{self, Question};
use super::super::http::{Reply, Request};
use super::super::policy::{Permission, Policy, Selection, State, Token};
use super::super::texts;
use super::super::tokens::{self, TokenKind};
use super::{App, Installation, Permissions, jwt, level, reaches};

/// Answers these calls; nothing if the call is another one.
pub(super) fn answer(
    policy: &mut Policy,
    question: &Question<'_>,
    parts: &[&str],
    request: &Request,
) -> Option<Reply> {
    let method = request.method.as_str();
    match (method, parts) {
        ("GET", ["installation", "repositories"]) => return Some(repositories(policy, question)),
        ("DELETE", ["installation", "token"]) => return Some(revoke(policy, question)),
        _ => {}
    }
    let is_apps = matches!(
        parts,
        ["app"]
            | ["app", "installations", ..]
            | ["orgs" | "users", _, "installation"]
            | ["repos", _, _, "installation"]
    );
    if !is_apps {
        return None;
    }
    let sent = question.credential.map(|it| it.secret.as_str()).unwrap_or_default();
    let app = match jwt::check(&policy.apps, sent, question.now) {
        Ok(app) => app.clone(),
        Err(message) => return Some(texts::error(401, message, None)),
    };
    let base = super::base(question.site);
    let owned = |owner: &str| app.installations.iter().find(|it| it.owner.eq_ignore_ascii_case(owner));
    let shown = |found: Option<&Installation>| match found {
        Some(found) => Reply::json(200, &described(&base, &question.site.name, &app, found)),
        None => texts::not_found(),
    };
    Some(match (method, parts) {
        ("GET", ["app"]) => Reply::json(200, &about(&question.site.name, &app)),
        ("GET", ["app", "installations"]) => {
            let all = app.installations.iter();
            Reply::json(200, &all.map(|it| described(&base, &question.site.name, &app, it)).collect())
        }
        ("GET", ["orgs" | "users", owner, "installation"]) => shown(owned(owner)),
        ("GET", ["repos", owner, repo, "installation"]) => {
            let there = policy.find_repository(question.site, owner, repo).is_some();
            shown(owned(owner).filter(|it| there && selects(&it.repositories, repo)))
        }
        ("POST", ["app", "installations", id, "access_tokens"]) => {
            match app.installations.iter().find(|it| it.id.to_string() == *id) {
                Some(found) => mint(policy, question, &app, found, request),
                None => texts::not_found(),
            }
        }
        _ => texts::not_found(),
    })
}

/// An App about itself.
pub(super) fn about(host: &str, app: &App) -> Value {
    json!({
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "name": app.slug,
        "owner": {"login": app.owner},
        "html_url": format!("https://{host}/apps/{}", app.slug),
    })
}

fn described(base: &str, host: &str, app: &App, it: &Installation) -> Value {
    let selection = if it.repositories == Selection::All { "all" } else { "selected" };
    json!({
        "id": it.id,
        "account": {"login": it.owner},
        "app_id": app.id,
        "app_slug": app.slug,
        "client_id": app.client_id,
        "repository_selection": selection,
        "permissions": object(&it.permissions),
        "access_tokens_url": format!("{base}/app/installations/{}/access_tokens", it.id),
        "html_url": format!("https://{host}/organizations/{}/settings/installations/{}", it.owner, it.id),
        "suspended_at": it.suspended.then_some("2026-11-01T00:00:00Z"),
    })
}

fn object(permissions: &Permissions) -> Value {
    permissions.iter().map(|(name, level)| (name.clone(), json!(level))).collect()
}

pub(super) fn selects(selection: &Selection, repo: &str) -> bool {
    match selection {
        Selection::All => true,
        Selection::Only(names) => names.iter().any(|name| name.eq_ignore_ascii_case(repo)),
    }
}

fn mint(
    policy: &mut Policy,
    question: &Question<'_>,
    app: &App,
    it: &Installation,
    request: &Request,
) -> Reply {
    if it.suspended {
        return texts::error(403, "This installation has been suspended", None);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
    let names: Option<Vec<String>> = body["repositories"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let wanted: Permissions = match body["permissions"].as_object() {
        Some(wanted) => wanted
            .iter()
            .map(|(name, level)| (name.clone(), level.as_str().unwrap_or_default().to_owned()))
            .collect(),
        None => it.permissions.clone(),
    };
    let exists = |name: &String| {
        policy.find_repository(question.site, &it.owner, name).is_some() && selects(&it.repositories, name)
    };
    if names.as_ref().is_some_and(|names| !names.iter().all(exists)) {
        return texts::error(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
            None,
        );
    }
    let granted = |(name, wanted): &(String, String)| {
        name == "metadata" || level(&it.permissions, name).is_some_and(|have| reaches(have, wanted))
    };
    if !wanted.iter().all(granted) {
        return texts::error(422, "The permissions requested are not granted to this installation.", None);
    }
    policy.apps.minted += 1;
    let contents = match level(&wanted, "contents") {
        Some("write" | "admin") => Permission::Write,
        Some(_) => Permission::Read,
        None => Permission::None,
    };
    let secret = match policy.apps.stateless {
        true => tokens::make_stateless_installation_token(),
        false => tokens::make_token(TokenKind::Installation),
    };
    let end = policy.apps.now(question.now) + policy.apps.life.unwrap_or(SignedDuration::from_hours(1));
    let token = Token {
        secret,
        host: question.site.name.clone(),
        login: format!("{}[bot]", app.slug),
        repositories: names.map_or_else(|| it.repositories.clone(), Selection::Only),
        contents,
        app: app.slug.clone(),
        created: question.now,
        expires: Some(end),
        permissions: wanted,
        ..Token::installation(&format!("minted-{}", policy.apps.minted), &it.owner)
    };
    let reply = json!({
        "token": token.secret,
        "expires_at": rfc3339(end),
        "permissions": object(&token.permissions),
        "repository_selection": if token.repositories == Selection::All { "all" } else { "selected" },
    });
    policy.tokens.push(token);
    Reply::json(201, &reply)
}

/// A time to the second, as the API writes it.
pub(super) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn repositories(policy: &Policy, question: &Question<'_>) -> Reply {
    match decide::who(policy, question.site, question.credential, question.now) {
        Ok(Some(token)) if token.kind == TokenKind::Installation => {
            let owner = token.owner.as_deref().unwrap_or_default();
            let reached = policy.repositories.iter().filter(|repo| {
                repo.host == question.site.name
                    && repo.owner.eq_ignore_ascii_case(owner)
                    && token.selects(repo)
            });
            let names: Vec<Value> = reached.map(|repo| json!({"name": repo.name})).collect();
            Reply::json(200, &json!({"total_count": names.len(), "repositories": names}))
        }
        Ok(_) => texts::error(403, "Resource not accessible by personal access token", None),
        Err(_) => texts::error(401, "Bad credentials", None),
    }
}

fn revoke(policy: &mut Policy, question: &Question<'_>) -> Reply {
    let label = match decide::who(policy, question.site, question.credential, question.now) {
        Ok(Some(token)) if token.kind == TokenKind::Installation => token.label.clone(),
        Ok(_) => return texts::not_found(),
        Err(_) => return texts::error(401, "Bad credentials", None),
    };
    policy.token_mut(&label).state = State::Revoked;
    Reply::text(204, "")
}
