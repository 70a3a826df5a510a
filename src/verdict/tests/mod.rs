//! One row for every verdict, and one for every pair that is easily mixed up.
//!
//! What git and GitHub say here is read as in the product, by `denial::recognise`.

mod each;
mod explain;
mod hidden;
mod parties;
mod recalled;
mod tokens;

use super::*;
use crate::denial::catalogue::Certainty::{Inferred, Measured};
use crate::denial::normal::Normal;
use crate::denial::recognise;
use crate::remote::Direction;

const NOW: i64 = 1_790_000_000;
const NOT_FOUND: &str =
    "remote: Repository not found.\nfatal: repository 'https://github.com/acme/secret/' not found";
const NO_ACCESS: &str = "remote: Write access to repository not granted.\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403";
const DENIED: &str = "remote: Permission to acme/secret.git denied to mona.\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403";
const UNAUTHORISED: &str = "remote: Invalid username or token. Password authentication is not supported for Git operations.\nfatal: Authentication failed for 'https://github.com/acme/secret/'";

/// Gives what git printed when it was refused.
fn git(transcript: &str) -> Observed {
    let normal = Normal::transcript(transcript.as_bytes());
    Observed::Reply(ServerReply {
        status: normal.status,
        said: recognise(&normal),
        words: normal.words(),
        ..ServerReply::default()
    })
}

/// Gives an answer of git's by its status alone.
fn status(code: u16) -> Observed {
    git(&format!(
        "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: {code}"
    ))
}

/// Gives an answer of GitHub's API.
fn api(status: u16, headers: &[(&str, &str)], body: &str) -> Observed {
    let mut all = vec![
        ("X-GitHub-Request-Id".to_owned(), "1:2:3:4:5".to_owned()),
        ("Content-Type".to_owned(), "application/json".to_owned()),
    ];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let normal = Normal::reply(status, &all, body.as_bytes());
    Observed::rest(ServerReply {
        status: Some(status),
        headers: all,
        body: body.to_owned(),
        said: recognise(&normal),
        words: normal.words(),
    })
}

fn message(status: u16, text: &str) -> Observed {
    api(status, &[], &serde_json::json!({ "message": text }).to_string())
}

fn missing() -> Observed {
    message(404, "Not Found")
}

fn list(repos: &[&str]) -> Observed {
    let list: Vec<_> =
        repos.iter().map(|name| serde_json::json!({ "full_name": name, "private": true })).collect();
    api(200, &[], &serde_json::Value::from(list).to_string())
}

/// A private repository of acme that is not in sight, asked with mona's fine-grained token for acme.
fn hidden() -> Evidence {
    Evidence {
        target: RepositoryName {
            host: Some("github.com".to_owned()),
            owner: Some("acme".to_owned()),
            repo: Some("secret".to_owned()),
        },
        helper: HelperReach::Reached,
        account: Some(TokenEvidence {
            label: "acme".to_owned(),
            origin: Origin::Account,
            kind: TokenKind::FineGrained,
            login: Some("mona".to_owned()),
            expires: Some(NOW + 86_400),
            number: None,
            accepted_for_owner: false,
            user_id: None,
            accepted_for_repo: false,
        }),
        now: NOW,
        fetch: git(NOT_FOUND),
        user: api(200, &[], r#"{"login":"mona"}"#),
        repo: missing(),
        repo_anonymous: missing(),
        owner: api(200, &[], r#"{"login":"acme","type":"Organization","id":42}"#),
        private_repos: list(&[]),
        ..Evidence::default()
    }
}

/// The same, with some of it changed.
fn but(change: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = hidden();
    change(&mut evidence);
    evidence
}

/// The same, with the account changed.
fn with(change: impl FnOnce(&mut TokenEvidence)) -> Evidence {
    but(|e| change(e.account.as_mut().expect("there is one")))
}

/// A repository that can be fetched and not pushed to.
fn read_only(private: bool, role: Option<bool>) -> Evidence {
    but(|e| {
        e.direction = Direction::Push;
        e.fetch = Observed::open();
        e.push = git(DENIED);
        let mut repo = serde_json::json!({ "private": private, "archived": false });
        if let Some(push) = role {
            repo["permissions"] = serde_json::json!({ "push": push });
        }
        e.repo = api(200, &[], &repo.to_string());
        e.repo_anonymous = if private { missing() } else { e.repo.clone() };
    })
}

/// The same evidence with a classic token of these scopes.
fn classic(scopes: &str, change: impl FnOnce(&mut Evidence)) -> Evidence {
    but(|e| {
        e.account.as_mut().expect("there is one").kind = TokenKind::Classic;
        e.user = api(200, &[("X-OAuth-Scopes", scopes)], r#"{"login":"mona"}"#);
        change(e);
    })
}

/// Only git was asked, and says this.
fn only_git(transcript: &str) -> Evidence {
    but(|e| {
        e.fetch = git(transcript);
        e.user = Observed::NotAsked;
        e.repo = Observed::NotAsked;
        e.repo_anonymous = Observed::NotAsked;
        e.owner = Observed::NotAsked;
        e.private_repos = Observed::NotAsked;
    })
}

fn refused_with(words: &str) -> Evidence {
    only_git(&format!(
        "remote: {words}\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403"
    ))
}

/// Says what is concluded, for the pairs below.
fn id(evidence: &Evidence) -> VerdictId {
    conclude(evidence).id
}
