//! What a token sees of an owner: `add` says so at once, since a token that awaits approval looks like any other.

use super::heard_from;
use crate::github::{Api, ApiPath, Client};
use crate::remote::{Host, Owner, Scope};
use crate::token::{Token, TokenKind};
use crate::verdict::{Observed, Visible};

/// What a token sees of the owner, or of the repository, that it is to be kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sees {
    /// Something private.
    Private,
    /// Nothing private.
    Nothing,
    /// Private repositories of another owner alone: a fine-grained token's resource owner.
    OtherOwner(String),
    /// What is behind an organisation's single sign-on is kept back (`X-GitHub-SSO`, documented).
    NeedsSso,
    /// There is no such user or organisation.
    NoSuchOwner,
    /// It could not be told: no answer, a list that goes on, a repository that everybody sees.
    Unknown,
}

/// Asks what the token sees: one request, two where it sees nothing.
pub(crate) fn sees(client: &Client, scope: &Scope, token: &Token) -> Sees {
    let Some(owner) = scope.owner() else { return Sees::Unknown };
    let api = Api::of(scope.host());
    let ask = |path: &ApiPath| heard_from(&client.get(&api, path, Some(token)));
    if let Some(path) = scope.repo().and_then(|repo| ApiPath::repository(&owner, repo)) {
        let repo = ask(&path);
        match (repo.flag("private"), repo.status()) {
            (Some(true), _) => return Sees::Private,
            (_, Some(404)) => {}
            _ => return Sees::Unknown,
        }
    }
    let list = ask(&ApiPath::private_repositories());
    let needs_sso = list
        .reply()
        .and_then(|reply| reply.header("x-github-sso"))
        .is_some_and(|value| value.starts_with("partial-results"));
    let Some(visible) = Visible::of(&list) else { return Sees::Unknown };
    match visible.any_of(owner.as_str()) {
        // The owner's other repositories say nothing of the one.
        Some(true) if scope.repo().is_none() => return Sees::Private,
        Some(true) => return Sees::Nothing,
        None => return Sees::Unknown,
        Some(false) if needs_sso => return Sees::NeedsSso,
        Some(false) => {}
    }
    match visible.other_than(owner.as_str()) {
        Some(other) if token.kind() == TokenKind::FineGrained => Sees::OtherOwner(other.to_owned()),
        _ => match ask(&ApiPath::owner(&owner)) {
            Observed::Reply(reply) if reply.status == Some(404) => Sees::NoSuchOwner,
            Observed::Reply(_) | Observed::NotAsked | Observed::Trouble(_) | Observed::Stopped(_) => {
                Sees::Nothing
            }
        },
    }
}

/// Gives the owner whose private repositories a token sees. Of a fine-grained one that is its resource owner, since
/// it sees those of nobody else. None where it could not be told; within, none where it sees nothing private.
pub(crate) fn owner_in_sight(client: &Client, host: &Host, token: &Token) -> Option<Option<Owner>> {
    let list = heard_from(&client.get(&Api::of(host), &ApiPath::private_repositories(), Some(token)));
    let visible = Visible::of(&list)?;
    match visible.other_than("") {
        Some(owner) if visible.other_than(owner).is_none() => Some(Owner::parse(owner)),
        Some(_) => None,
        None => visible.any_of("").map(|_| None),
    }
}
