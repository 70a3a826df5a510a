//! The words in which GitHub refuses, to git and over REST.
//!
//! Source: reports by users and GitHub's documentation, each with its thread in the project's
//! notes. "inferred" marks the few texts nobody has reported.

use serde_json::{Value, json};

use super::decide::Refusal;
use super::http::Reply;
use super::policy::{Block, HostKind, Token};
use super::tokens::{self, TokenKind};

/// Who is refused what: the words that vary.
pub(crate) struct Scene<'a> {
    /// The site's name.
    pub(crate) host: &'a str,
    /// What answers there.
    pub(crate) kind: HostKind,
    /// The owner, as it writes itself.
    pub(crate) owner: &'a str,
    /// The repository.
    pub(crate) repo: &'a str,
    /// The token, if one was recognised.
    pub(crate) token: Option<&'a Token>,
    /// What follows the realm in a challenge.
    pub(crate) challenge_hint: Option<&'a str>,
}

impl Scene<'_> {
    fn login(&self) -> &str {
        self.token.map_or("", |token| &token.login)
    }

    fn token_id(&self) -> u64 {
        self.token.map_or(0, |token| token.id)
    }

    fn challenge(&self) -> String {
        let realm = match self.kind {
            HostKind::Plain => "git",
            _ => "GitHub",
        };
        match self.challenge_hint {
            Some(hint) => format!("Basic realm=\"{realm}\" {hint}"),
            None => format!("Basic realm=\"{realm}\""),
        }
    }

    /// The page that authorises for single sign-on; GitHub's ends an hour after it was made.
    fn sso_page(&self) -> String {
        format!("https://{}/orgs/{}/sso?authorization_request={}", self.host, self.owner, tokens::random(40))
    }

    fn lifetime(&self, most: i64) -> String {
        let (host, owner, id) = (self.host, self.owner, self.token_id());
        // The grammar is GitHub's. For classic tokens only the page is reported; the rest of
        // that sentence is inferred.
        let (what, page) = match self.token.map(|token| token.kind) {
            Some(TokenKind::Classic) => ("a personal access tokens (classic)", "tokens"),
            _ => ("a fine-grained personal access tokens", "personal-access-tokens"),
        };
        format!(
            "The '{owner}' organization forbids access via {what} if the token's lifetime is \
             greater than {most} days. Please adjust your token's lifetime at the following URL: \
             https://{host}/settings/{page}/{id}"
        )
    }
}

/// What git is told.
pub(crate) fn git_reply(refusal: &Refusal, scene: &Scene<'_>) -> Reply {
    let (host, owner, repo) = (scene.host, scene.owner, scene.repo);
    let challenge = |body: &str| Reply::text(401, body).with("WWW-Authenticate", &scene.challenge());
    let no = |text: String| Reply::text(403, &(text + "\n"));
    match refusal {
        Refusal::LoginNeeded => challenge("Authentication required.\n"),
        Refusal::BadCredentials if scene.kind == HostKind::Plain => challenge("Unauthorized\n"),
        Refusal::BadCredentials => challenge(
            "Invalid username or token. Password authentication is not supported for Git \
             operations.\n",
        ),
        // The page names are reported, the sentence around them is inferred.
        Refusal::PasswordNotAccepted => no(format!(
            "Password authentication is not available for Git operations.\n\
             You must use a personal access token or SSH key.\n\
             See https://{host}/settings/tokens or https://{host}/settings/ssh"
        )),
        Refusal::LockedOut => {
            no("Maximum number of login attempts exceeded. Please try again later.".to_owned())
        }
        Refusal::NotFound => Reply::text(404, "Repository not found.\n"),
        Refusal::OauthAppRestricted => Reply::text(404, "Repository not found.\n"),
        Refusal::Suspended => {
            no("Your account is suspended. Please visit https://support.github.com for more \
             information."
                .to_owned())
        }
        Refusal::IpNotAllowed => {
            no("The repository owner has an IP allow list enabled, and 127.0.0.1 is not permitted \
             to access this repository."
                .to_owned())
        }
        Refusal::ClassicForbidden => {
            no("Personal access tokens (classic) are forbidden from accessing this repository.".to_owned())
        }
        // Inferred.
        Refusal::FineGrainedForbidden => {
            no("Fine-grained personal access tokens are forbidden from accessing this repository.".to_owned())
        }
        // Inferred for git; reported for REST.
        Refusal::LifetimeTooLong(most) => no(scene.lifetime(*most)),
        Refusal::SsoRequired => no(match scene.token {
            Some(token) if token.kind != TokenKind::Classic => format!(
                "The '{owner}' organization has enabled or enforced SAML SSO.\n\
                 To access this repository, you must re-authorize the OAuth Application '{}'.",
                token.app
            ),
            _ => format!(
                "The '{owner}' organization has enabled or enforced SAML SSO.\n\
                 To access this repository, visit {}",
                scene.sso_page()
            ),
        }),
        // One machine-written article gives these words and this link; nothing else does.
        Refusal::ApprovalNamed => no(format!(
            "ERROR: Permission to {owner}/{repo}.git denied to {}. Organization requires approval for \
             access using personal access tokens.\n\
             https://{host}/settings/tokens/{}/request-org-access",
            scene.login(),
            scene.token_id()
        )),
        Refusal::NotSelected | Refusal::ReadMissing => {
            no("Write access to repository not granted.".to_owned())
        }
        Refusal::Denied => no(format!("Permission to {owner}/{repo}.git denied to {}.", scene.login())),
        Refusal::Archived => no("This repository was archived so it is read-only.".to_owned()),
        Refusal::Blocked(Block::Disabled) => {
            no("Access to this repository has been disabled by GitHub staff.".to_owned())
        }
        Refusal::Blocked(Block::Dmca) => Reply::text(451, "Repository unavailable due to DMCA takedown.\n"),
    }
}

/// What a REST client is told.
pub(crate) fn rest_reply(refusal: &Refusal, scene: &Scene<'_>) -> Reply {
    let owner = scene.owner;
    let no = |message: &str| error(403, message, None);
    match refusal {
        Refusal::LoginNeeded => error(401, "Requires authentication", None),
        Refusal::BadCredentials | Refusal::PasswordNotAccepted => {
            error(401, "Bad credentials", Some("https://docs.github.com/rest"))
        }
        Refusal::LockedOut => no("Maximum number of login attempts exceeded. Please try again later."),
        Refusal::NotFound | Refusal::NotSelected | Refusal::ApprovalNamed => not_found(),
        Refusal::ReadMissing => no("Resource not accessible by personal access token")
            .with("X-Accepted-GitHub-Permissions", "contents=read"),
        Refusal::Denied => no(match scene.token.map(|token| token.kind) {
            Some(TokenKind::Installation) => "Resource not accessible by integration",
            _ => "Resource not accessible by personal access token",
        })
        .with("X-Accepted-GitHub-Permissions", "contents=write"),
        Refusal::OauthAppRestricted => no(&format!(
            "Although you appear to have the correct authorization credentials, the `{owner}` \
             organization has enabled OAuth App access restrictions, meaning that data access to \
             third-parties is limited. For more information on these restrictions, including how \
             to enable this app, visit https://docs.github.com/articles/\
             restricting-access-to-your-organization-s-data/"
        )),
        Refusal::Suspended => no("Sorry. Your account was suspended."),
        Refusal::IpNotAllowed => no(&format!(
            "Although you appear to have the correct authorization credentials, the `{owner}` \
             organization has an IP allow list enabled, and your IP address is not permitted to \
             access this resource."
        )),
        Refusal::ClassicForbidden => no(&format!(
            "`{owner}` forbids access via a personal access token (classic). Please use a GitHub \
             App, OAuth App, or a personal access token with fine-grained permissions."
        )),
        // Inferred: the sentence is reported only with the lifetime behind it.
        Refusal::FineGrainedForbidden => no(&format!(
            "The '{owner}' organization forbids access via a fine-grained personal access tokens"
        )),
        Refusal::LifetimeTooLong(most) => no(&scene.lifetime(*most)),
        Refusal::SsoRequired => no(match scene.token.map(|token| token.kind) {
            Some(TokenKind::Classic) => {
                "Resource protected by organization SAML enforcement. You must grant your \
                 Personal Access token access to this organization."
            }
            _ => {
                "Resource protected by organization SAML enforcement. You must grant your OAuth \
                 token access to this organization."
            }
        })
        .with("X-GitHub-SSO", &format!("required; url={}", scene.sso_page())),
        Refusal::Archived => no("Repository was archived so is read-only."),
        Refusal::Blocked(block) => {
            let (status, reason) = match block {
                Block::Disabled => (403, "tos"),
                Block::Dmca => (451, "dmca"),
            };
            Reply::json(
                status,
                &json!({
                    "message": "Repository access blocked",
                    "block": {"reason": reason, "created_at": "2026-01-02T03:04:05Z",
                              "html_url": "https://github.com/github/dmca/blob/master/2026.md"},
                }),
            )
        }
    }
}

/// The error every unknown or hidden thing gets over REST.
pub(crate) fn not_found() -> Reply {
    error(404, "Not Found", Some("https://docs.github.com/rest/repos/repos#get-a-repository"))
}

/// An error in the form of the REST API.
pub(crate) fn error(status: u16, message: &str, documentation: Option<&str>) -> Reply {
    let documentation = documentation.unwrap_or("https://docs.github.com/rest");
    let body: Value = json!({
        "message": message,
        "documentation_url": documentation,
        "status": status.to_string(),
    });
    Reply::json(status, &body)
}
