//! Making a GitHub App: what it will be, in the words of its manifest, and the App with its key for the code that
//! comes back with the browser.
//!
//! A browser sends the manifest to GitHub as a form, a person presses *Create GitHub App* there, and the browser
//! comes back with a code that is good once and for an hour (documented, *Registering a GitHub App from a manifest*).
//! The App is private: its owner alone can install it. It has no webhook.

use super::AppError;
use super::api::{answered, json, message};
use super::key::AppKey;
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Call, OwnerKind};
use crate::inspect::client_for;
use crate::pages::Page;
use crate::remote::{Host, Owner};
use crate::token::Token;
use serde::Deserialize;
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// GitHub takes no longer names of Apps.
const LONGEST_NAME: usize = 34;
/// Bytes of an owner's name that leave room for the rest.
const LONGEST_OWNER: usize = 22;
/// How often the App is asked for: its code is good for an hour, and nobody has the key yet.
const TRIES: usize = 3;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// More bytes than GitHub's answer has.
const MOST_ANSWER: usize = 256 * 1024;

/// An App that is to be made.
#[derive(Debug)]
pub(crate) struct PlannedApp<'a> {
    /// Where.
    pub(crate) host: &'a Host,
    /// Whose it will be.
    pub(crate) owner: &'a Owner,
    /// What the owner is; none if that could not be asked.
    pub(crate) kind: Option<OwnerKind>,
    /// What GitHub will call it, unless the person changes it there: names are GitHub's, not the owner's.
    pub(crate) name: String,
    /// Where the browser comes back to.
    pub(crate) way_back: String,
    /// What it comes back with.
    pub(crate) state: String,
}

/// What an App may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppReach {
    /// Fetch and push.
    Git,
    /// That, and decide about the organisation's fine-grained tokens.
    GitAndDecisions,
}

impl AppReach {
    /// Gives its permissions by GitHub's names, with their names on GitHub's pages.
    pub(crate) fn permissions(self) -> &'static [(&'static str, &'static str, &'static str)] {
        const ALL: [(&str, &str, &str); 4] = [
            ("contents", "write", "Contents: read and write"),
            ("metadata", "read", "Metadata: read"),
            (
                "organization_personal_access_token_requests",
                "write",
                "Personal access token requests: read and write",
            ),
            ("organization_personal_access_tokens", "write", "Personal access tokens: read and write"),
        ];
        match self {
            Self::Git => &ALL[..2],
            Self::GitAndDecisions => &ALL,
        }
    }
}

/// A form that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManifestForm {
    /// Whose App it makes: the organisation; none: whoever is signed in.
    pub(crate) org: Option<String>,
    /// The permissions it asks for.
    pub(crate) reach: AppReach,
    /// Where the form is sent.
    pub(crate) action: String,
    /// The manifest.
    pub(crate) manifest: String,
}

impl<'a> PlannedApp<'a> {
    /// Plans an App; asks GitHub what the owner is.
    pub(crate) fn new(
        host: &'a Host,
        owner: &'a Owner,
        way_back: String,
        (state, mark): (String, &str),
    ) -> Self {
        let short: String = owner.as_str().chars().take(LONGEST_OWNER).collect();
        let name: String = format!("patron-{short}-{mark}").chars().take(LONGEST_NAME).collect();
        Self { host, owner, kind: kind_of(host, owner), name, way_back, state }
    }

    /// Gives the forms among which the person chooses.
    pub(crate) fn forms(&self) -> Vec<ManifestForm> {
        let org = Some(self.owner.to_string());
        let (git, both) = (AppReach::Git, AppReach::GitAndDecisions);
        let all = [(&org, git), (&org, both), (&None, git)];
        let wanted: &[(&Option<String>, AppReach)] = match self.kind {
            Some(OwnerKind::Organization) => &all[..2],
            Some(OwnerKind::User) => &all[2..],
            None => &all,
        };
        let form = |(org, reach): &(&Option<String>, AppReach)| {
            let page = Page::NewApp { org: (*org).clone(), state: self.state.clone() };
            let action = page.url(self.host.as_str())?;
            Some(ManifestForm { org: (*org).clone(), reach: *reach, action, manifest: self.manifest(*reach) })
        };
        wanted.iter().filter_map(form).collect()
    }

    fn manifest(&self, reach: AppReach) -> String {
        let permissions: serde_json::Map<String, Value> =
            reach.permissions().iter().map(|(name, level, _)| ((*name).to_owned(), json!(level))).collect();
        json!({
            "name": self.name,
            "url": format!("https://{}/{}", self.host, self.owner),
            "description": "git credentials, minted by git-credential-patron",
            "redirect_url": self.way_back,
            "public": false,
            "default_permissions": permissions,
        })
        .to_string()
    }
}

/// Asks what an owner is.
fn kind_of(host: &Host, owner: &Owner) -> Option<OwnerKind> {
    let client = client_for(host, HttpContext::User).ok()?;
    let (api, path) = (Api::of(host), ApiPath::owner(owner));
    let answer = answered(client.call(&Call::get(&api, &path))).ok().filter(|answer| answer.status == 200)?;
    match json(&answer)["type"].as_str()? {
        "Organization" => Some(OwnerKind::Organization),
        "User" => Some(OwnerKind::User),
        _ => None,
    }
}

/// An App that was made.
#[derive(Debug)]
pub(crate) struct MadeApp {
    /// What it calls itself.
    pub(crate) client_id: String,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// Whether its owner is an organisation.
    pub(crate) is_orgs: bool,
    /// Its key.
    pub(crate) key: AppKey,
}

/// What is read of GitHub's answer: not its client secret, nor its webhook's.
#[derive(Deserialize)]
struct Conversion {
    client_id: String,
    slug: String,
    owner: ConvertedOwner,
    pem: String,
}

#[derive(Deserialize)]
struct ConvertedOwner {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl MadeApp {
    /// Fetches it for its code, which is good once.
    pub(crate) fn fetch(host: &Host, code: &Token) -> Result<Self, AppError> {
        let path = ApiPath::app_of_code(code).ok_or_else(|| AppError::said(404, "to what is no code"))?;
        let client = client_for(host, HttpContext::User).map_err(AppError::unreached)?;
        let api = Api::of(host);
        let ask = || {
            let answer = answered(client.call(&Call::post(&api, &path).up_to(MOST_ANSWER)))?;
            match answer.status {
                201 => Ok(answer),
                status => Err(AppError::said(status, &message(&answer))),
            }
        };
        let mut answer = ask();
        for _ in 1..TRIES {
            if !answer.as_ref().is_err_and(AppError::is_passing) {
                break;
            }
            thread::sleep(PAUSE);
            answer = ask();
        }
        let answer = answer?;
        let body = Zeroizing::new(answer.body);
        let odd = || AppError::said(201, "and no App");
        // The parser's error may quote the answer, which holds secrets.
        let Conversion { client_id, slug, owner, pem } = serde_json::from_slice(&body).map_err(|_| odd())?;
        let pem = Zeroizing::new(pem);
        let key = AppKey::read(pem.as_bytes()).map_err(AppError::BadKey)?;
        let is_name = |text: &str| {
            (1..=100).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if ![&client_id, &slug, &owner.login].into_iter().all(|name| is_name(name)) {
            return Err(odd());
        }
        Ok(Self { client_id, slug, owner: owner.login, is_orgs: owner.kind == "Organization", key })
    }

    /// The organisation that owns it; none if it is a user's.
    pub(crate) fn org(&self) -> Option<String> {
        self.is_orgs.then(|| self.owner.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(kind: Option<OwnerKind>) -> Vec<ManifestForm> {
        let host = Host::parse(b"github.com").expect("a host");
        let owner = Owner::parse("acme").expect("an owner");
        PlannedApp {
            host: &host,
            owner: &owner,
            kind,
            name: "patron-acme-0a1b".to_owned(),
            way_back: "http://127.0.0.1:7/made".to_owned(),
            state: "5f5f".to_owned(),
        }
        .forms()
    }

    #[test]
    fn the_forms_fit_the_owner_and_ask_for_no_more_than_they_say() {
        let org = "https://github.com/organizations/acme/settings/apps/new?state=5f5f";
        let own = "https://github.com/settings/apps/new?state=5f5f";
        let actions = |kind| plan(kind).into_iter().map(|form| form.action).collect::<Vec<_>>();
        assert_eq!(actions(Some(OwnerKind::Organization)), [org, org]);
        assert_eq!(actions(Some(OwnerKind::User)), [own]);
        assert_eq!(actions(None), [org, org, own]);
        for form in plan(None) {
            let manifest: Value = serde_json::from_str(&form.manifest).expect("JSON");
            assert_eq!(manifest["public"], false);
            assert_eq!(manifest["redirect_url"], "http://127.0.0.1:7/made");
            assert!(manifest.get("hook_attributes").is_none());
            let asked = manifest["default_permissions"].as_object().expect("a table");
            let said = form.reach.permissions();
            assert_eq!(asked.len(), said.len());
            assert!(said.iter().all(|(name, level, _)| asked[*name] == *level));
        }
    }
}
