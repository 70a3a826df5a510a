//! The side of an organisation's owner: which fine-grained tokens ask for access, which have it, and deciding.
//!
//! Calls and fields after GitHub's API description (`octokit/openapi-types` 29): requests and grants have the same
//! rows, but each its own numbers; the number of the token itself is a third. A decision is taken with 202 and
//! carried out a little later. `pat_request_ids` is optional there, and leaving it out would decide about all.

use super::AppError;
use super::api::{answered, json, message};
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Call, Client};
use crate::inspect::client_for;
use crate::pages::Page;
use crate::remote::{Host, Owner};
use crate::terminal::sanitise;
use crate::token::Token;
use crate::verdict::AppRefusal;
use serde::Serialize;
use serde_json::{Value, json};
use std::thread;

/// How many rows a page has, and how many one decision may be about.
const PAGE: usize = 100;
/// More pages than this are not asked for: an end that never comes.
const MOST_PAGES: usize = 1000;
/// How much of a page's text is read: a row takes some two kilobytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How many lists of repositories are asked for side by side.
const SIDE_BY_SIDE: usize = 4;
/// Writing these opens more than code.
const STRONG: [&str; 3] = ["administration", "workflows", "secrets"];

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrgTokens {
    /// Tokens that wait for a decision.
    Waiting,
    /// Tokens that have access.
    Granted,
}

/// Which rows are wanted: GitHub's own filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrgFilter {
    /// Whose tokens, by login.
    pub(crate) owners: Vec<String>,
    /// Tokens for this repository.
    pub(crate) repository: Option<String>,
    /// Tokens with this permission.
    pub(crate) permission: Option<String>,
    /// These tokens.
    pub(crate) token_ids: Vec<u64>,
}

impl OrgFilter {
    /// Writes the query of one page.
    fn fields(&self, page: usize) -> Vec<(&'static str, String)> {
        let Self { owners, repository, permission, token_ids } = self;
        let mut fields = vec![("per_page", PAGE.to_string()), ("page", page.to_string())];
        fields.extend(owners.iter().map(|owner| ("owner[]", owner.clone())));
        fields.extend(repository.iter().map(|name| ("repository", name.clone())));
        fields.extend(permission.iter().map(|name| ("permission", name.clone())));
        fields.extend(token_ids.iter().map(|id| ("token_id[]", id.to_string())));
        fields
    }
}

/// A token that asks for access, or has it; serialised, a row of `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TokenRow {
    /// The number of the request, or of the grant.
    pub(crate) id: u64,
    /// The number of the token.
    pub(crate) token_id: Option<u64>,
    /// What its owner calls it.
    pub(crate) token_name: String,
    /// Whose it is.
    pub(crate) login: String,
    /// Why it is asked for.
    pub(crate) reason: Option<String>,
    /// What it reaches: a list of names, or `"all"`.
    pub(crate) repositories: Value,
    /// What it may do: by kind, name and level.
    pub(crate) permissions: Value,
    /// When it was asked for, or given.
    pub(crate) created: Option<String>,
    /// When it ends; none: never.
    pub(crate) expires: Option<String>,
    /// When it was used last.
    pub(crate) last_used: Option<String>,
    /// What should make one look twice.
    pub(crate) look_twice: Vec<String>,
    /// The page where it can be decided about.
    pub(crate) page: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Let the token in.
    Approve(Option<&'a str>),
    /// Refuse it.
    Deny(Option<&'a str>),
    /// Take its access back.
    Revoke,
}

/// Who asks about an organisation.
pub(crate) struct Desk<'a> {
    client: Client,
    api: Api,
    host: &'a Host,
    org: &'a Owner,
    token: &'a Token,
}

impl<'a> Desk<'a> {
    /// Makes the client.
    pub(crate) fn new(host: &'a Host, org: &'a Owner, token: &'a Token) -> Result<Self, AppError> {
        let client = client_for(host, HttpContext::User).map_err(AppError::unreached)?;
        Ok(Self { client, api: Api::of(host), host, org, token })
    }

    /// Gives all rows, of all pages, with their repositories.
    pub(crate) fn list(&self, kind: OrgTokens, filters: &OrgFilter) -> Result<Vec<TokenRow>, AppError> {
        let mut rows = Vec::new();
        for number in 1..=MOST_PAGES {
            let fields = filters.fields(number);
            let fields: Vec<(&str, &[u8])> =
                fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let path = ApiPath::org_tokens(self.org, kind == OrgTokens::Waiting, &fields);
            let answer = self.ask(Call::get(&self.api, &path).up_to(MOST_BYTES))?;
            let found = json(&answer);
            let found = found.as_array().filter(|_| answer.status == 200);
            let Some(found) = found else { return Err(self.refusal(answer.status, &message(&answer))) };
            rows.extend(found.iter().filter_map(|row| self.row(kind, row)));
            if !answer.header("link").is_some_and(|link| link.contains("rel=\"next\"")) {
                break;
            }
        }
        self.fill_repositories(kind, &mut rows)?;
        Ok(rows)
    }

    /// Decides about these rows; GitHub carries it out a little later.
    pub(crate) fn decide(
        &self,
        kind: OrgTokens,
        ids: &[u64],
        decision: Decision<'_>,
    ) -> Result<(), AppError> {
        let path = ApiPath::org_tokens(self.org, kind == OrgTokens::Waiting, &[]);
        for ids in ids.chunks(PAGE) {
            let body = match decision {
                Decision::Approve(reason) => {
                    json!({"action": "approve", "pat_request_ids": ids, "reason": reason})
                }
                Decision::Deny(reason) => json!({"action": "deny", "pat_request_ids": ids, "reason": reason}),
                Decision::Revoke => json!({"action": "revoke", "pat_ids": ids}),
            }
            .to_string();
            let answer = self.ask(Call::post(&self.api, &path).json(body.as_bytes()))?;
            if !matches!(answer.status, 202 | 204) {
                return Err(self.refusal(answer.status, &message(&answer)));
            }
        }
        Ok(())
    }

    fn ask(&self, call: Call<'_>) -> Result<crate::github::Response, AppError> {
        answered(self.client.call(&call.by(self.token)))
    }

    fn refusal(&self, status: u16, said: &str) -> AppError {
        if status == 403 && said.contains("not accessible by integration") {
            let what =
                "organization personal access token requests and personal access tokens: write".to_owned();
            return AppError::Refused(AppRefusal::PermissionMissing { page: None, what });
        }
        AppError::said(status, said)
    }

    fn row(&self, kind: OrgTokens, row: &Value) -> Option<TokenRow> {
        let text = |name: &str| row[name].as_str().map(|text| sanitise(text, 1024));
        let id = row["id"].as_u64()?;
        let org = self.org.to_string();
        let page = match kind {
            OrgTokens::Waiting => Page::OrgRequest { owner: org, number: id.to_string() },
            OrgTokens::Granted => Page::OrgTokens(org),
        };
        let repositories = match row["repository_selection"].as_str() {
            Some("all") => json!("all"),
            // Filled in later.
            Some("subset") => Value::Null,
            _ => json!([]),
        };
        Some(TokenRow {
            id,
            token_id: row["token_id"].as_u64(),
            token_name: text("token_name").unwrap_or_default(),
            login: row["owner"]["login"].as_str().map(|login| sanitise(login, 100)).unwrap_or_default(),
            reason: text("reason").filter(|reason| !reason.is_empty()),
            repositories,
            permissions: row["permissions"].clone(),
            created: text(if kind == OrgTokens::Waiting { "created_at" } else { "access_granted_at" }),
            expires: text("token_expires_at"),
            last_used: text("token_last_used_at"),
            look_twice: look_twice(row),
            page: page.url(self.host.as_str()),
        })
    }

    /// Asks for the names where a token is for some repositories alone.
    fn fill_repositories(&self, kind: OrgTokens, rows: &mut [TokenRow]) -> Result<(), AppError> {
        let mut open: Vec<&mut TokenRow> = rows.iter_mut().filter(|row| row.repositories.is_null()).collect();
        for some in open.chunks_mut(SIDE_BY_SIDE) {
            let done: Vec<Result<(), AppError>> = thread::scope(|scope| {
                let threads: Vec<_> = some
                    .iter_mut()
                    .map(|row| {
                        scope.spawn(|| {
                            row.repositories = self.repositories(kind, row.id)?;
                            Ok(())
                        })
                    })
                    .collect();
                threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
            });
            done.into_iter().collect::<Result<(), AppError>>()?;
        }
        Ok(())
    }

    fn repositories(&self, kind: OrgTokens, id: u64) -> Result<Value, AppError> {
        let mut names = Vec::new();
        for number in 1..=MOST_PAGES {
            let path = ApiPath::org_token_repositories(self.org, kind == OrgTokens::Waiting, id, number);
            let answer = self.ask(Call::get(&self.api, &path).up_to(MOST_BYTES))?;
            match answer.status {
                200 => {}
                // It was decided about in the meantime.
                404 => break,
                status => return Err(self.refusal(status, &message(&answer))),
            }
            let found = json(&answer);
            let found = found.as_array().into_iter().flatten();
            names.extend(found.filter_map(|repo| repo["name"].as_str()).map(|name| sanitise(name, 100)));
            if !answer.header("link").is_some_and(|link| link.contains("rel=\"next\"")) {
                break;
            }
        }
        Ok(json!(names))
    }
}

/// Says what should make one look twice at a token.
fn look_twice(row: &Value) -> Vec<String> {
    let mut words = Vec::new();
    if row["repository_selection"] == "all" {
        words.push("all-repositories".to_owned());
    }
    if row["token_expired"] == true {
        words.push("expired".to_owned());
    } else if row["token_expires_at"].is_null() {
        words.push("never-expires".to_owned());
    }
    let permissions = row["permissions"].as_object().into_iter().flatten();
    for (name, level) in permissions.filter_map(|(_, of_kind)| of_kind.as_object()).flatten() {
        let is_strong = STRONG.iter().any(|strong| name == strong || name.ends_with(&format!("_{strong}")));
        if is_strong && matches!(level.as_str(), Some("write" | "admin")) {
            words.push(format!("writes-{}", name.replace('_', "-")));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_should_make_one_look_twice_is_named() {
        let fine = json!({"repository_selection": "subset", "token_expires_at": "2027-01-01T00:00:00Z", "token_expired": false,
                          "permissions": {"repository": {"contents": "write", "secrets": "read"}}});
        assert!(look_twice(&fine).is_empty());
        let bold = json!({"repository_selection": "all", "token_expires_at": null,
                          "permissions": {"repository": {"administration": "write", "workflows": "write"},
                                          "organization": {"organization_secrets": "write"}}});
        assert_eq!(
            look_twice(&bold),
            [
                "all-repositories",
                "never-expires",
                "writes-organization-secrets",
                "writes-administration",
                "writes-workflows"
            ]
        );
        let late = json!({"repository_selection": "none", "token_expires_at": "2020-01-01T00:00:00Z", "token_expired": true});
        assert_eq!(look_twice(&late), ["expired"]);
    }
}
