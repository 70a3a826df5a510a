//! Policy and request in, decision out: no I/O, no clock, nothing remembered.
//!
//! The order is: rules, lock-out, the credential itself, whether the repository is there for this
//! user, the organisation's policies, what the token reaches, the user's role, the repository's
//! own state. Which answer each step gives is in `texts.rs`.

use jiff::Timestamp;

use super::policy::{
    Access, Block, By, HostKind, On, Owner, PendingAnswer, Permission, Policy, Repository, Role, Rule, State,
    Token, Visibility,
};
use super::tokens::TokenKind;

/// A host as it was asked, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The host the people there would name: `github.com` also for its API and gists.
    pub(crate) name: String,
    /// What answers there.
    pub(crate) kind: HostKind,
    /// Which of its doors was knocked at.
    pub(crate) door: Door,
}

/// The doors of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Git, pages, and the API of an enterprise server.
    Web,
    /// The API of hosts that have one of its own.
    Api,
    /// Gists.
    Gist,
}

/// What a client sent to say who it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The user name; empty with a bearer token.
    pub(crate) username: String,
    /// The secret.
    pub(crate) secret: String,
    /// Whether it came as `Bearer` or `token`.
    pub(crate) bearer: bool,
}

/// A request about one repository.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Where.
    pub(crate) site: &'a Site,
    /// The owner as sent.
    pub(crate) owner: &'a str,
    /// The repository as sent, without `.git`.
    pub(crate) repo: &'a str,
    /// What is to be done.
    pub(crate) access: Access,
    /// Who asks.
    pub(crate) credential: Option<&'a Credential>,
    /// When.
    pub(crate) now: Timestamp,
}

/// What follows, with what it was decided about.
#[derive(Debug)]
pub(crate) struct Decision<'a> {
    /// The token that was recognised, if it is good.
    pub(crate) token: Option<&'a Token>,
    /// The repository the names mean, whether or not it may be seen.
    pub(crate) repository: Option<&'a Repository>,
    /// Whether a former name of it was used.
    pub(crate) moved: bool,
    /// Why not, or nothing: serve it.
    pub(crate) refusal: Option<Refusal>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing was sent, and something is needed.
    LoginNeeded,
    /// The credential is unknown, expired or revoked.
    BadCredentials,
    /// A password where an enterprise server wants a token.
    PasswordNotAccepted,
    /// Too many bad logins.
    LockedOut,
    /// No such repository, or it must not be known that there is one.
    NotFound,
    /// The user is suspended.
    Suspended,
    /// An IP allow list.
    IpNotAllowed,
    /// No classic tokens here.
    ClassicForbidden,
    /// No fine-grained tokens here.
    FineGrainedForbidden,
    /// Longer-lived than this many days.
    LifetimeTooLong(i64),
    /// Not authorised by single sign-on.
    SsoRequired,
    /// OAuth apps are shut out here.
    OauthAppRestricted,
    /// Waits for approval, and the server says so.
    ApprovalNamed,
    /// The fine-grained token reaches other repositories of this owner only.
    NotSelected,
    /// The fine-grained token must not read contents.
    ReadMissing,
    /// It can be read but not pushed to.
    Denied,
    /// Archived, and a push.
    Archived,
    /// Blocked for everyone.
    Blocked(Block),
}

impl Rule {
    /// True if it speaks of this request.
    pub(crate) fn fits(&self, question: &Question<'_>, asked: &str, rest: bool, label: Option<&str>) -> bool {
        let same = |wanted: &Option<String>, it: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(it))
        };
        self.times != Some(0)
            && (same(&self.host, asked) || same(&self.host, &question.site.name))
            && same(&self.owner, question.owner)
            && same(&self.repo, question.repo)
            && match &self.by {
                By::Anyone => true,
                By::Anonymous => question.credential.is_none(),
                By::Credential => question.credential.is_some(),
                By::Token(wanted) => label == Some(wanted),
            }
            && match self.on {
                On::Any => true,
                On::Git => !rest,
                On::Read => !rest && question.access == Access::Read,
                On::Write => !rest && question.access == Access::Write,
                On::Rest => rest,
            }
    }
}

/// Recognises the credential: the good token it is, or nothing if none was sent.
pub(crate) fn who<'a>(
    policy: &'a Policy,
    site: &Site,
    credential: Option<&Credential>,
    now: Timestamp,
) -> Result<Option<&'a Token>, Refusal> {
    let Some(credential) = credential else {
        return Ok(None);
    };
    if policy.lockout.is_some_and(|most| policy.bad_logins >= most) {
        return Err(Refusal::LockedOut);
    }
    let token = policy
        .token_of(&credential.secret)
        .filter(|token| token.host == site.name && !credential.secret.is_empty());
    if site.kind == HostKind::Plain {
        return token
            .filter(|token| token.login == credential.username)
            .filter(|token| token.state == State::Active && !token.is_expired(now))
            .map(Some)
            .ok_or(Refusal::BadCredentials);
    }
    if credential.username.is_empty() && !credential.bearer {
        return Err(Refusal::BadCredentials);
    }
    match token {
        Some(token) if token.kind == TokenKind::Password => Err(match site.kind {
            HostKind::Ghes => Refusal::PasswordNotAccepted,
            _ => Refusal::BadCredentials,
        }),
        Some(token) if token.state == State::Revoked || token.is_expired(policy.apps.now(now)) => {
            Err(Refusal::BadCredentials)
        }
        Some(token) if !policy.apps.knows(token, now, !credential.bearer) => Err(Refusal::BadCredentials),
        Some(token) => Ok(Some(token)),
        None => Err(Refusal::BadCredentials),
    }
}

/// Decides a request of git.
pub(crate) fn decide<'a>(policy: &'a Policy, question: &Question<'_>) -> Decision<'a> {
    let found = policy.find_repository(question.site, question.owner, question.repo);
    let mut decision = Decision {
        token: None,
        repository: found.map(|(repo, _)| repo),
        moved: found.is_some_and(|(_, moved)| moved),
        refusal: None,
    };
    let token = match who(policy, question.site, question.credential, question.now) {
        Ok(token) => token,
        Err(refusal) => {
            decision.refusal = Some(refusal);
            return decision;
        }
    };
    decision.token = token;
    let write = question.access == Access::Write;
    decision.refusal = match (decision.repository, token) {
        (Some(repo), None) if is_open(question.site, repo) && !write => repo.blocked.map(Refusal::Blocked),
        (_, None) => Some(Refusal::LoginNeeded),
        (None, Some(_)) => Some(Refusal::NotFound),
        (Some(_), Some(_)) if question.site.kind == HostKind::Plain => None,
        (Some(repo), Some(token)) => sees(policy, question.site, repo, token, write)
            .and_then(|()| uses(policy, repo, token, write))
            .err(),
    };
    decision
}

/// True if anybody may fetch it. Nothing is public on ghe.com; a secret gist is open to whoever
/// knows its id.
fn is_open(site: &Site, repo: &Repository) -> bool {
    site.kind != HostKind::GheCom && (site.door == Door::Gist || repo.visibility == Visibility::Public)
}

/// Whether the repository is there for this user, and the organisation lets this token near.
fn sees(policy: &Policy, site: &Site, repo: &Repository, token: &Token, write: bool) -> Result<(), Refusal> {
    let user = policy.find_owner(&site.name, &token.login);
    if user.is_some_and(|user| user.suspended) {
        return Err(Refusal::Suspended);
    }
    let open = is_open(site, repo);
    let is_app = token.kind == TokenKind::Installation;
    if !open && !is_app && policy.role(repo, &token.login) == Role::None {
        return Err(Refusal::NotFound);
    }
    if let Some(block) = repo.blocked {
        return Err(Refusal::Blocked(block));
    }
    match policy.find_owner(&site.name, &repo.owner) {
        Some(owner) => obeys(owner, token, open, write),
        None => Ok(()),
    }
}

/// The organisation's policies. Those on lifetime, classic tokens and IP addresses are reported
/// to hit public repositories too once a token is sent; the others spare reading what is public.
fn obeys(owner: &Owner, token: &Token, open: bool, write: bool) -> Result<(), Refusal> {
    let open_read = open && !write;
    if owner.ip_allow_list {
        return Err(Refusal::IpNotAllowed);
    }
    if owner.forbids_classic && token.kind == TokenKind::Classic {
        return Err(Refusal::ClassicForbidden);
    }
    if owner.forbids_fine_grained && token.kind == TokenKind::FineGrained && !open_read {
        return Err(Refusal::FineGrainedForbidden);
    }
    if let Some(most) = owner.max_lifetime_days
        && token.is_personal()
        && token.lifetime().is_none_or(|lifetime| lifetime > super::make::days(most))
    {
        return Err(Refusal::LifetimeTooLong(most));
    }
    let needs_sso = matches!(token.kind, TokenKind::Classic | TokenKind::Oauth | TokenKind::AppUser);
    let authorised = token.sso.iter().any(|org| org.eq_ignore_ascii_case(&owner.login));
    if owner.sso && needs_sso && !authorised && !open_read {
        return Err(Refusal::SsoRequired);
    }
    let is_app = matches!(token.kind, TokenKind::Oauth | TokenKind::AppUser);
    if owner.restricts_oauth_apps && is_app && !open {
        return Err(Refusal::OauthAppRestricted);
    }
    Ok(())
}

/// What the token reaches, the user's role, and the repository's own state.
fn uses(policy: &Policy, repo: &Repository, token: &Token, write: bool) -> Result<(), Refusal> {
    let open = repo.visibility == Visibility::Public || repo.host.starts_with("gist.");
    let reached = match token.kind {
        TokenKind::Classic | TokenKind::Oauth => reaches_by_scope(repo, token, open),
        TokenKind::FineGrained | TokenKind::Installation | TokenKind::AppUser => {
            reaches_by_grant(policy, repo, token, open)
        }
        TokenKind::Password => Err(Refusal::BadCredentials),
    };
    if !write {
        return if open { Ok(()) } else { reached };
    }
    match reached {
        Err(_) if open => return Err(Refusal::Denied),
        other => other?,
    }
    let by_scope = matches!(token.kind, TokenKind::Classic | TokenKind::Oauth);
    if !by_scope && token.contents < Permission::Write {
        return Err(Refusal::Denied);
    }
    let is_app = token.kind == TokenKind::Installation;
    if !is_app && policy.role(repo, &token.login) < Role::Write {
        return Err(Refusal::Denied);
    }
    let restricted =
        policy.find_owner(&repo.host, &repo.owner).is_some_and(|owner| owner.restricts_oauth_apps);
    if restricted && matches!(token.kind, TokenKind::Oauth | TokenKind::AppUser) {
        return Err(Refusal::Denied);
    }
    if repo.archived {
        return Err(Refusal::Archived);
    }
    Ok(())
}

fn reaches_by_scope(repo: &Repository, token: &Token, open: bool) -> Result<(), Refusal> {
    let wanted = match (repo.host.starts_with("gist."), open) {
        (true, _) => "gist",
        (false, true) => "public_repo",
        (false, false) => "repo",
    };
    if token.has_scope(wanted) { Ok(()) } else { Err(Refusal::NotFound) }
}

fn reaches_by_grant(policy: &Policy, repo: &Repository, token: &Token, open: bool) -> Result<(), Refusal> {
    let same_owner = token.owner.as_ref().is_none_or(|owner| owner.eq_ignore_ascii_case(&repo.owner));
    let is_installed = token.kind != TokenKind::AppUser || policy.apps.user_reaches(token, &repo.owner);
    if !same_owner || !is_installed || token.state == State::Denied {
        return Err(Refusal::NotFound);
    }
    if token.state == State::Pending {
        return Err(match policy.pending {
            PendingAnswer::NotFound => Refusal::NotFound,
            PendingAnswer::NotGranted => Refusal::NotSelected,
            PendingAnswer::Named => Refusal::ApprovalNamed,
        });
    }
    let is_app = token.kind == TokenKind::Installation;
    if !token.selects(repo) {
        return Err(if is_app { Refusal::NotFound } else { Refusal::NotSelected });
    }
    if token.contents == Permission::None && !open {
        return Err(if is_app { Refusal::NotFound } else { Refusal::ReadMissing });
    }
    Ok(())
}
