//! GitHub Apps: what the forge knows of them, and the calls by which they come to their tokens.
//!
//! Written after GitHub's documentation ("Generating a JSON web token", "Generating a user access token",
//! "Registering a GitHub App from a manifest", the REST reference of Apps and of organisations' personal
//! access tokens); the words of refusals are those that users of Apps report.

mod calls;
mod device;
mod jwt;
mod keys;
mod manifest;
mod owners;

pub(crate) use device::{Device, answer as login};
pub(crate) use keys::{Key, another_key, key};
pub(crate) use manifest::{MadeByForm, install as install_page, pages as manifest_pages};

use jiff::{SignedDuration, Timestamp};

use super::decide::{Question, Site};
use super::http::{Reply, Request};
use super::policy::{Policy, Selection, State, Token};
use super::tokens::{self, TokenKind};

/// Permissions by name, with `read`, `write` or `admin`.
pub(crate) type Permissions = Vec<(String, String)>;

/// Everything about Apps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apps {
    /// The Apps.
    pub(crate) list: Vec<App>,
    /// The logins that were begun with a code.
    pub(crate) devices: Vec<Device>,
    /// Refresh tokens that were not used yet, with the label of the access token each came with.
    pub(crate) refreshes: Vec<(String, String)>,
    /// Apps made by a form, which nobody has fetched yet.
    pub(crate) made: Vec<MadeByForm>,
    /// Whether the keys of new Apps are given cut off.
    pub(crate) breaks_keys: bool,
    /// The secrets of Apps and of their webhooks that were given to whoever fetched them.
    pub(crate) client_secrets: Vec<String>,
    /// How far GitHub's clock is ahead of this machine's.
    pub(crate) clock: SignedDuration,
    /// How long a token that was just minted is not known yet.
    pub(crate) unknown_for: SignedDuration,
    /// The same where git asks; the API may know it before.
    pub(crate) unknown_to_git_for: SignedDuration,
    /// How long minted tokens live; none: an hour.
    pub(crate) life: Option<SignedDuration>,
    /// Whether minted tokens have the long shape of 2026.
    pub(crate) stateless: bool,
    /// Seconds that a client is told to wait between its questions; zero: 5.
    pub(crate) interval: u64,
    /// How many of the next questions are answered by `slow_down`, however slow they are.
    pub(crate) slow_downs: u32,
    /// How long decisions about requests take.
    pub(crate) lag: SignedDuration,
    /// Decisions that are not carried out yet: when, the token's number, its new state.
    pub(crate) decided: Vec<(Timestamp, u64, State)>,
    /// How many tokens were minted.
    pub(crate) minted: u64,
}

/// A GitHub App.
#[derive(Clone, Debug)]
pub(crate) struct App {
    /// What it calls itself: `Iv23...`.
    pub(crate) client_id: String,
    /// The older number.
    pub(crate) id: u64,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// What checks its signatures: PKCS#1 in DER.
    pub(crate) public_key: Vec<u8>,
    /// Whether anybody can install it.
    pub(crate) public: bool,
    /// What it asks for where it is installed.
    pub(crate) permissions: Permissions,
    /// Where it is installed.
    pub(crate) installations: Vec<Installation>,
    /// Whether its owner has ticked "Enable Device Flow".
    pub(crate) device_flow: bool,
    /// How many seconds its user tokens live; none: for ever, without a refresh token.
    pub(crate) user_tokens: Option<u64>,
}

/// An App in an owner's repositories.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    /// Its number.
    pub(crate) id: u64,
    /// Whose repositories.
    pub(crate) owner: String,
    /// Which of them.
    pub(crate) repositories: Selection,
    /// What the owner has granted.
    pub(crate) permissions: Permissions,
    /// Whether the owner has suspended it.
    pub(crate) suspended: bool,
}

/// Making
impl App {
    /// An App of an owner with this key, installed nowhere, with device flow.
    pub(crate) fn new(slug: &str, owner: &str, key: &Key) -> Self {
        let id = u64::from(tokens::crc32(slug.as_bytes())) % 900_000 + 100_000;
        Self {
            client_id: format!("Iv23li{}", tokens::random(14)),
            id,
            slug: slug.to_owned(),
            owner: owner.to_owned(),
            public_key: key.public.clone(),
            public: true,
            permissions: grants(&[("contents", "write"), ("metadata", "read")]),
            installations: Vec::new(),
            device_flow: true,
            user_tokens: Some(28_800),
        }
    }

    /// Installed in all of an owner's repositories, to read and write contents.
    pub(crate) fn in_all_of(self, owner: &str) -> Self {
        self.installed(Installation::new(owner))
    }

    /// Installed so.
    pub(crate) fn installed(mut self, installation: Installation) -> Self {
        self.installations.push(installation);
        self
    }

    /// The installation of an owner, to be changed.
    pub(crate) fn installation_mut(&mut self, owner: &str) -> &mut Installation {
        let found = self.installations.iter_mut().find(|it| it.owner.eq_ignore_ascii_case(owner));
        found.unwrap_or_else(|| panic!("the App is not installed for {owner}"))
    }
}

impl Installation {
    /// In all of an owner's repositories, to read and write contents.
    pub(crate) fn new(owner: &str) -> Self {
        Self {
            id: u64::from(tokens::crc32(owner.as_bytes())) % 9_000_000 + 1_000_000,
            owner: owner.to_owned(),
            repositories: Selection::All,
            permissions: grants(&[("contents", "write"), ("metadata", "read")]),
            suspended: false,
        }
    }

    /// With what an organisation's owner needs to decide about personal access tokens.
    pub(crate) fn decides(mut self) -> Self {
        self.permissions.extend(grants(&[(owners::REQUESTS, "write"), (owners::GRANTS, "write")]));
        self
    }
}

/// Permissions as a policy writes them.
pub(crate) fn grants(pairs: &[(&str, &str)]) -> Permissions {
    pairs.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
}

/// Tells whether a level is at least another one.
fn reaches(have: &str, wanted: &str) -> bool {
    let rank = |level: &str| ["read", "write", "admin"].iter().position(|it| *it == level);
    rank(have) >= rank(wanted)
}

/// The level of a permission, if it is among them.
fn level<'a>(permissions: &'a Permissions, name: &str) -> Option<&'a str> {
    permissions.iter().find(|(known, _)| known == name).map(|(_, level)| level.as_str())
}

/// Finding
impl Apps {
    /// The App of that slug, to be changed.
    pub(crate) fn app_mut(&mut self, slug: &str) -> &mut App {
        let found = self.list.iter_mut().find(|app| app.slug == slug);
        found.unwrap_or_else(|| panic!("the policy has no App {slug}"))
    }

    fn by_client_id(&self, client_id: &str) -> Option<&App> {
        self.list.iter().find(|app| app.client_id == client_id)
    }

    /// The time at GitHub.
    pub(crate) fn now(&self, now: Timestamp) -> Timestamp {
        now + self.clock
    }

    /// Tells whether a token of an App is good for something yet, and still. `at_git`: where git asks.
    pub(crate) fn knows(&self, token: &Token, now: Timestamp, at_git: bool) -> bool {
        let unknown_for =
            if at_git { self.unknown_for.max(self.unknown_to_git_for) } else { self.unknown_for };
        let fresh = token.kind == TokenKind::Installation && token.created + unknown_for > now;
        // A token that a policy made by hand has no App behind it.
        let app = self.list.iter().find(|app| app.slug == token.app);
        let gone = token.kind == TokenKind::Installation
            && app.is_some_and(|app| {
                !app.installations.iter().any(|it| {
                    !it.suspended && token.owner.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(&it.owner))
                })
            });
        !fresh && !gone
    }

    /// Tells whether a user's token of an App reaches this owner: the App must be installed there.
    pub(crate) fn user_reaches(&self, token: &Token, owner: &str) -> bool {
        let Some(app) = self.list.iter().find(|app| app.slug == token.app) else { return true };
        app.installations.iter().any(|it| it.owner.eq_ignore_ascii_case(owner) && !it.suspended)
    }
}

/// Answers what an App asks the API, and what is asked about personal access tokens of an organisation; nothing if
/// the call is another one.
pub(crate) fn answer(
    policy: &mut Policy,
    question: &Question<'_>,
    path: &str,
    request: &Request,
) -> Option<Reply> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    calls::answer(policy, question, &parts, request)
        .or_else(|| manifest::convert(policy, question, &parts, request))
        .or_else(|| owners::answer(policy, question, &parts, request))
}

/// Where a site's API begins, for the addresses in its answers.
fn base(site: &Site) -> String {
    super::rest::base(site)
}
