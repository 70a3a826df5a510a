//! The calls that an App signs, with the clock set right where GitHub says that it is wrong.

use super::{AppError, Signer, jwt, now};
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Call, CallResult, Client, OwnerKind, Response};
use crate::inspect::client_for;
use crate::pages::Page;
use crate::remote::{Host, Owner, Remote};
use crate::token::Token;
use crate::verdict::{AnsweredBy, AppRefusal, NoReply, answered_by};
use serde_json::Value;
use std::cell::Cell;

/// The difference of clocks that is worth a word, in seconds: less does no harm.
const WORTH_A_WORD: i64 = 30;

/// Who asks: an App, at a host.
pub(crate) struct Asker<'a> {
    client: Client,
    api: Api,
    host: &'a Host,
    issuer: &'a str,
    signer: &'a Signer,
    /// How far GitHub's clock is ahead of ours, in seconds.
    ahead: Cell<i64>,
}

/// An App in an owner's repositories, as GitHub tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installation {
    /// Its number.
    pub(crate) id: u64,
    /// The App's name in addresses.
    pub(crate) slug: String,
    /// Its page.
    pub(crate) page: Option<String>,
    permissions: Value,
    is_suspended: bool,
}

impl Installation {
    /// Gives the level of a permission: `read`, `write` or `admin`.
    pub(crate) fn permission(&self, name: &str) -> Option<&str> {
        self.permissions[name].as_str()
    }

    /// Says that it lacks a permission.
    pub(crate) fn lacks(&self, what: &str) -> AppRefusal {
        AppRefusal::PermissionMissing { page: self.page.clone(), what: what.to_owned() }
    }

    /// Fails if the owner has suspended it.
    pub(crate) fn usable(self) -> Result<Self, AppError> {
        match self.is_suspended {
            true => Err(AppError::Refused(AppRefusal::Suspended { page: self.page })),
            false => Ok(self),
        }
    }
}

impl<'a> Asker<'a> {
    /// Makes the client. `issuer`: the App's client ID, or its number.
    pub(crate) fn new(host: &'a Host, issuer: &'a str, signer: &'a Signer) -> Result<Self, AppError> {
        let client = client_for(host, HttpContext::User).map_err(AppError::unreached)?;
        Ok(Self { client, api: Api::of(host), host, issuer, signer, ahead: Cell::new(0) })
    }

    /// Gives the App's name in addresses: whether GitHub knows the App and takes its signature.
    pub(crate) fn slug(&self) -> Result<String, AppError> {
        let answer = self.ask(Call::get(&self.api, &ApiPath::app()))?;
        match (answer.status, text(&answer, "slug")) {
            (200, Some(slug)) if is_slug(&slug) => Ok(slug),
            (status, _) => Err(AppError::said(status, &message(&answer))),
        }
    }

    /// Finds the App where a repository is; the refusal tells whether it is installed for the owner at all.
    pub(crate) fn at(
        &self,
        owner: &Owner,
        remote: &Remote,
        slug: Option<&str>,
    ) -> Result<Installation, AppError> {
        let path = remote.repo.as_deref().and_then(|repo| ApiPath::installation_at(owner, repo));
        let answer = self.ask(Call::get(&self.api, &path.ok_or(AppError::NoRepository)?))?;
        match answer.status {
            200 => self.installation(&answer, owner)?.usable(),
            404 => {
                let page = self.of(owner, slug)?.usable()?.page;
                Err(AppError::Refused(AppRefusal::NotSelected { page }))
            }
            status => Err(AppError::said(status, &message(&answer))),
        }
    }

    /// Finds the App of an owner.
    pub(crate) fn of(&self, owner: &Owner, slug: Option<&str>) -> Result<Installation, AppError> {
        for path in [
            ApiPath::installation_of(OwnerKind::Organization, owner),
            ApiPath::installation_of(OwnerKind::User, owner),
        ] {
            let answer = self.ask(Call::get(&self.api, &path))?;
            match answer.status {
                200 => return self.installation(&answer, owner),
                404 => {}
                status => return Err(AppError::said(status, &message(&answer))),
            }
        }
        let slug = match slug {
            Some(slug) => Some(slug.to_owned()),
            None => self.slug().ok(),
        };
        let page = slug.and_then(|slug| Page::InstallApp(slug).url(self.host.as_str()));
        Err(AppError::Refused(AppRefusal::NotInstalled { page }))
    }

    /// Has a token minted: `body` says for what.
    pub(crate) fn mint(&self, installation: &Installation, body: &Value) -> Result<(Token, i64), AppError> {
        let path = ApiPath::installation_tokens(installation.id);
        let bytes = body.to_string();
        let answer = self.ask(Call::post(&self.api, &path).json(bytes.as_bytes()))?;
        let said = message(&answer);
        let page = || installation.page.clone();
        match answer.status {
            201 => {
                let json = json(&answer);
                let token = json["token"].as_str().map(|token| Token::new(token.as_bytes().to_vec()));
                let expires = json["expires_at"].as_str().and_then(crate::time::seconds);
                let token = token.filter(|token| token.unusable().is_none() && !token.is_empty());
                token.zip(expires).ok_or_else(|| AppError::said(201, "and no token"))
            }
            403 if said.contains("suspended") => {
                Err(AppError::Refused(AppRefusal::Suspended { page: page() }))
            }
            404 => Err(AppError::Refused(AppRefusal::NotInstalled { page: page() })),
            422 if said.contains("permissions requested") => {
                Err(AppError::Refused(AppRefusal::PermissionMissing { page: page(), what: wanted(body) }))
            }
            422 if said.contains("at least one repository") => {
                Err(AppError::Refused(AppRefusal::NotSelected { page: page() }))
            }
            status => Err(AppError::said(status, &said)),
        }
    }

    /// Says what is wrong with this machine's clock, if that was noticed.
    pub(crate) fn clock(&self) -> Option<String> {
        let ahead = self.ahead.get();
        (ahead.abs() >= WORTH_A_WORD).then(|| format!("{} (clock-wrong)", AppRefusal::clock(ahead)))
    }

    fn installation(&self, answer: &Response, owner: &Owner) -> Result<Installation, AppError> {
        let json = json(answer);
        let id = json["id"].as_u64().ok_or_else(|| AppError::said(200, "and no installation"))?;
        let is_org =
            json["target_type"].as_str().or_else(|| json["account"]["type"].as_str()) != Some("User");
        let org = is_org.then(|| owner.to_string());
        Ok(Installation {
            id,
            slug: json["app_slug"].as_str().filter(|slug| is_slug(slug)).unwrap_or_default().to_owned(),
            page: Page::Installation { org, number: id.to_string() }.url(self.host.as_str()),
            permissions: json["permissions"].clone(),
            is_suspended: json["suspended_at"].is_string(),
        })
    }

    /// Asks; once more if it was the clock that GitHub did not like.
    fn ask(&self, call: Call<'_>) -> Result<Response, AppError> {
        let answer = self.once(call)?;
        let is_clock = |answer: &Response| answer.status == 401 && jwt::is_about_the_clock(&message(answer));
        if !is_clock(&answer) {
            return self.known(answer);
        }
        let Some(there) = answer.header("date").and_then(date) else {
            return Err(AppError::Refused(AppRefusal::ClockWrong { ahead: None }));
        };
        self.ahead.set(there - now());
        let again = self.once(call)?;
        match is_clock(&again) {
            true => Err(AppError::Refused(AppRefusal::ClockWrong { ahead: Some(self.ahead.get()) })),
            false => self.known(again),
        }
    }

    fn known(&self, answer: Response) -> Result<Response, AppError> {
        match answer.status {
            401 => Err(AppError::KeyRefused { fingerprint: self.signer.fingerprint() }),
            _ => Ok(answer),
        }
    }

    fn once(&self, call: Call<'_>) -> Result<Response, AppError> {
        let jwt = Token::new(self.signer.jwt(self.issuer, now() + self.ahead.get())?);
        answered(self.client.call(&call.by(&jwt)))
    }
}

/// Gives GitHub's answer, if it was one.
pub(super) fn answered(reply: CallResult) -> Result<Response, AppError> {
    let who =
        |answer: &Response| answered_by(answer.status, answer.body.is_empty(), &|name| answer.header(name));
    match reply {
        CallResult::Failed(why) => Err(AppError::unreached(why)),
        CallResult::Answered(answer) if who(&answer) == AnsweredBy::Stranger => {
            let why = "what answered is not GitHub (a captive portal, or a proxy?)".to_owned();
            Err(AppError::NotAsked(NoReply::CaptivePortal, why))
        }
        CallResult::Answered(answer) => Ok(answer),
    }
}

/// Reads an answer's body; null if it is no JSON.
pub(super) fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

/// Reads one field that is text.
fn text(answer: &Response, field: &str) -> Option<String> {
    json(answer)[field].as_str().map(str::to_owned)
}

/// GitHub's own words of an error.
pub(super) fn message(answer: &Response) -> String {
    text(answer, "message").unwrap_or_default()
}

/// Names the permissions that were asked for.
fn wanted(body: &Value) -> String {
    let names = body["permissions"].as_object().into_iter().flatten();
    let names: Vec<String> =
        names.map(|(name, level)| format!("{name}: {}", level.as_str().unwrap_or_default())).collect();
    names.join(", ")
}

/// Says whether this may be an App's name in addresses.
fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Reads the header `Date` (RFC 9110, section 5.6.7) into seconds since 1970.
fn date(value: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(value).ok().map(|time| time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_an_answer_is_read() {
        assert_eq!(date("Tue, 01 Jun 2027 00:00:00 GMT"), Some(1_811_808_000));
        assert_eq!(date("soon"), None);
    }
}
