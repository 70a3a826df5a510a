//! The token itself: whose it is, of which kind, until when, and what it may.

use super::Check;
use super::Group::Token as Group;
use super::Status::{Failed, Ok, Skipped, Warning};
use crate::remote::Direction;
use crate::time;
use crate::token::TokenKind;
use crate::verdict::{Evidence, Observed, Origin, ServerReply};

/// What scopes imply (documented: "Scopes for OAuth apps"); `admin:X` implies `write:X`, and that `read:X`.
const IMPLIES: &[(&str, &[&str])] = &[
    ("repo", &["repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("project", &["read:project"]),
    ("admin:enterprise", &["manage_runners:enterprise", "manage_billing:enterprise", "read:enterprise"]),
    ("codespace", &["codespace:secrets"]),
];
/// An expiry that is nearer than this many days is worth a word.
const SOON: i64 = 7;

/// Looks at what GitHub said of the token, and at what was known before.
pub(crate) fn token(evidence: &Evidence, expires: Option<i64>) -> Vec<Check> {
    let Some(account) = &evidence.account else { return Vec::new() };
    let mut checks = vec![kind(account.kind)];
    let is_same_user = account.user_id.is_some() && account.user_id == evidence.user.number("id");
    checks.push(login(&evidence.user, account.login.as_deref(), is_same_user));
    checks.push(expiry(&evidence.user, account.kind, expires.or(account.expires), evidence.now));
    if let Some(scopes) = scopes(evidence, account.kind) {
        checks.push(scopes);
    }
    if account.origin == Origin::Account && !evidence.user.was_asked() {
        let known = if account.accepted_for_repo {
            "it worked here before"
        } else if account.accepted_for_owner {
            "it worked for another repository of this owner before"
        } else {
            "there is no record of earlier use"
        };
        checks.push(Check::new(Group, "token-history", Skipped, known));
    }
    checks
}

fn kind(kind: TokenKind) -> Check {
    let text = match kind {
        TokenKind::FineGrained => "a fine-grained token: for repositories of one owner",
        TokenKind::Classic => "a classic token: it can open whatever its user can, for every owner",
        TokenKind::OAuth => "an app's token (OAuth), such as `gh auth login` makes",
        TokenKind::AppUser => "a GitHub App's token for its user",
        TokenKind::Installation | TokenKind::App => "a GitHub App's token for itself",
        TokenKind::Unknown => {
            return Check::new(Group, "token-kind", Warning, "not a GitHub token, judging by its prefix");
        }
    };
    Check::new(Group, "token-kind", Ok, text)
}

fn login(user: &Observed, known: Option<&str>, is_same_user: bool) -> Check {
    let named = user.name("login");
    match (user, named, known) {
        (_, Some(named), Some(known)) if !named.eq_ignore_ascii_case(known) && is_same_user => {
            Check::new(Group, "token-login", Ok, format!("GitHub says it is {named}'s, renamed from {known}"))
        }
        (_, Some(named), Some(known)) if !named.eq_ignore_ascii_case(known) => {
            let message = format!("GitHub says it is {named}'s, the account says {known}");
            Check::new(Group, "token-login", Failed, message)
        }
        (_, Some(named), _) => Check::new(Group, "token-login", Ok, format!("GitHub says it is {named}'s")),
        (Observed::Reply(reply), None, _) => match reply.status {
            Some(401) => Check::new(Group, "token-login", Failed, "GitHub does not recognise it (401)"),
            // An app's own token belongs to no user (documented).
            Some(403) if !is_named(reply) => {
                Check::new(Group, "token-login", Skipped, "GitHub reports no user for it (403)")
            }
            status => {
                let status = status.map_or_else(String::new, |status| format!(" ({status})"));
                Check::new(Group, "token-login", Failed, format!("GitHub did not say whose it is{status}"))
            }
        },
        (Observed::Trouble(_) | Observed::Stopped(_), ..) => {
            Check::new(Group, "token-login", Failed, "GitHub's API could not be asked whose token it is")
        }
        (Observed::NotAsked, None, Some(known)) => Check::new(
            Group,
            "token-login",
            Skipped,
            format!("{known}'s, according to the account; not checked"),
        ),
        (Observed::NotAsked, None, None) => {
            Check::new(Group, "token-login", Skipped, "not checked whose it is")
        }
    }
}

fn is_named(reply: &ServerReply) -> bool {
    reply.said.as_ref().is_some_and(|said| !said.ambiguous)
}

fn expiry(user: &Observed, kind: TokenKind, expires: Option<i64>, now: i64) -> Check {
    match expires {
        Some(at) if at <= now => {
            Check::new(Group, "token-expiry", Failed, format!("expired on {}", time::day(at)))
        }
        Some(at) => {
            let status = if at - now < SOON * 86_400 { Warning } else { Ok };
            Check::new(Group, "token-expiry", status, format!("expires {}", time::expiry(at, now)))
        }
        // Documented: the header is missing for tokens that never expire.
        None if user.is_open() && matches!(kind, TokenKind::FineGrained | TokenKind::Classic) => {
            Check::new(Group, "token-expiry", Ok, "GitHub reports no expiry")
        }
        None => Check::new(Group, "token-expiry", Skipped, "its expiry is not known"),
    }
}

fn scopes(evidence: &Evidence, kind: TokenKind) -> Option<Check> {
    if kind == TokenKind::FineGrained {
        let text = "GitHub has no API for a fine-grained token's permissions; the requests show them";
        return Some(Check::new(Group, "token-scopes", Skipped, text));
    }
    if !matches!(kind, TokenKind::Classic | TokenKind::OAuth) {
        return None;
    }
    let replies = [&evidence.user, &evidence.repo, &evidence.private_repos];
    let Some(scopes) = replies.into_iter().filter_map(|heard| heard.reply()).find_map(ServerReply::scopes)
    else {
        return Some(Check::new(Group, "token-scopes", Skipped, "its scopes are not known"));
    };
    let has = match fold(&scopes).join(", ") {
        none if none.is_empty() => "none".to_owned(),
        some => some,
    };
    let is_public = evidence.repo.flag("private") == Some(false);
    let needed = if is_public && evidence.direction == Direction::Push { "public_repo" } else { "repo" };
    Some(if includes(&scopes, needed) {
        Check::new(Group, "token-scopes", Ok, format!("scopes: {has}; git needs {needed}"))
    } else {
        Check::new(Group, "token-scopes", Failed, format!("scopes: {has}; git needs {needed}"))
            .fix(format!("choose {needed} on the token's page; the secret stays the same"))
    })
}

/// Leaves out what another scope implies.
fn fold<'s>(scopes: &[&'s str]) -> Vec<&'s str> {
    let implied = |scope: &&&str| {
        !scopes.iter().any(|other| *other != **scope && implied_by(other).any(|known| known == **scope))
    };
    scopes.iter().filter(implied).copied().collect()
}

/// Tells whether one of the scopes is this one, or implies it.
fn includes(scopes: &[&str], needed: &str) -> bool {
    scopes.iter().any(|scope| *scope == needed || implied_by(scope).any(|known| known == needed))
}

fn implied_by(scope: &str) -> impl Iterator<Item = String> {
    let listed = IMPLIES.iter().filter(move |(name, _)| *name == scope).flat_map(|(_, implied)| *implied);
    let by_rank: &[&str] = match scope.split_once(':') {
        Some(("admin", _)) => &["write", "read"],
        Some(("write", _)) => &["read"],
        _ => &[],
    };
    let what = scope.split_once(':').map_or("", |(_, what)| what).to_owned();
    let by_rank = by_rank.iter().map(move |rank| format!("{rank}:{what}"));
    listed.map(|scope| (*scope).to_owned()).chain(by_rank).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_that_others_imply_are_folded() {
        assert_eq!(fold(&["repo", "public_repo", "repo:status", "gist"]), ["repo", "gist"]);
        assert_eq!(fold(&["admin:org", "write:org", "read:org", "user:email"]), ["admin:org", "user:email"]);
        assert_eq!(
            fold(&["write:packages", "read:packages", "user", "read:user"]),
            ["write:packages", "user"]
        );
        assert_eq!(fold(&[]), Vec::<&str>::new());
        assert!(includes(&["repo"], "public_repo") && includes(&["repo"], "repo"));
        assert!(!includes(&["public_repo", "read:org"], "repo"));
    }
}
