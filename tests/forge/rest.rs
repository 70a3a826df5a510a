//! The calls of the REST API that tell causes apart, with the fields that matter.

use serde_json::json;

use super::decide::{self, Question, Refusal};
use super::http::{Reply, Request};
use super::policy::{GITHUB, Policy, Token};
use super::texts::{self, Scene};
use super::tokens::TokenKind;

/// The owner and repository a path speaks of; empty where it names none.
pub(crate) fn names(path: &str) -> (String, String) {
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("repos"), Some(owner), Some(repo)) => (owner.to_owned(), repo.to_owned()),
        (Some("users" | "orgs"), Some(owner), _) => (owner.to_owned(), String::new()),
        _ => (String::new(), String::new()),
    }
}

/// Answers a call.
pub(crate) fn answer(policy: &mut Policy, question: &Question<'_>, path: &str, request: &Request) -> Reply {
    let who = decide::who(policy, question.site, question.credential, question.now);
    let token = match who {
        Ok(token) => token.cloned(),
        Err(refusal) => {
            let reply = texts::rest_reply(&refusal, &bare_scene(question));
            policy.bad_logins += u32::from(refusal == Refusal::BadCredentials);
            return reply;
        }
    };
    let mut reply = call(policy, question, path, request, token.as_ref());
    if let Some(token) = &token {
        reply.headers.extend(token_headers(token));
    }
    reply
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
    _policy: &Policy,
    question: &Question<'_>,
    path: &str,
    _request: &Request,
    token: Option<&Token>,
) -> Reply {
    match (path, token) {
        ("/user", None) => texts::rest_reply(&Refusal::LoginNeeded, &bare_scene(question)),
        ("/user", Some(token)) => Reply::json(
            200,
            &json!({"login": token.login, "id": 1, "type": "User", "url": format!("https://api.{GITHUB}/users/{}", token.login)}),
        ),
        _ => texts::not_found(),
    }
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
