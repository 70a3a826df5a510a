//! The verdict of a transcript that somebody pasted: nothing was asked, so it names what was said, by whom, and at most
//! the two likeliest causes.

use super::{RepositoryName, Verdict, Wording, table};
use crate::denial::Reading;
use crate::denial::catalogue::{Certainty, Finding, split_page};
use crate::forge::Forge;
use crate::verdict_id::VerdictId;

/// More causes than this become the two likeliest.
const CAUSES: usize = 3;
/// What can tell them apart, or ask where nothing is known.
const ASK: &str = "git credential-patron diagnose {url} can tell them apart";

/// Which server a transcript speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// GitHub's, by its name or by the user's own account.
    GitHub,
    /// Another forge's.
    Other(Forge),
    /// Nobody knows whose.
    Unknown,
}

impl Party {
    /// Tells by the host, then by what was said; where neither is known it is GitHub, which most are.
    pub(crate) fn of(target: &RepositoryName, said: &str, is_github_by_account: bool) -> Self {
        let by_host = target.host.as_deref().and_then(Forge::by_host);
        match by_host.or_else(|| Forge::by_sentence(said)) {
            Some(Forge::GitHub) => Self::GitHub,
            _ if is_github_by_account => Self::GitHub,
            Some(other) => Self::Other(other),
            None if target.host.is_none() => Self::GitHub,
            None => Self::Unknown,
        }
    }

    /// Tells of a host that the user keeps as none of GitHub's.
    pub(super) fn of_plain(target: &RepositoryName) -> Self {
        match Self::of(target, "", false) {
            Self::GitHub => Self::Unknown,
            other => other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GitHub => Forge::GitHub.name(),
            Self::Other(forge) => forge.name(),
            Self::Unknown => "the server",
        }
    }
}

/// Gives the verdict of what was found.
pub(crate) fn explain(reading: &Reading, found: &Finding, whose: Party) -> Verdict {
    let words = Wording { found: Some(found), whose, ..Wording::of(&reading.attempt.target) };
    let mut row_fix: Vec<&str> = found.denial.fix.to_vec();
    let mut verdict = words.of_row(found.denial, found.certainty);
    let is_of_an_app = found.matched.contains("not accessible by integration");
    if is_of_an_app {
        // An App's token, the workflow's own among them, has no page of its user's.
        (verdict.page, verdict.opens) = (None, false);
    }
    verdict.fix = match (whose, elsewhere(found.denial.id)) {
        _ if is_of_an_app => words.fixes(BY_AN_APP),
        _ if reading.attempt.ssh && found.denial.id == VerdictId::RepositoryNotFound => words.fixes(BY_SSH),
        (Party::GitHub, _) => words.fixes(&row_fix),
        (_, Some(lines)) => words.fixes(lines),
        (_, None) => {
            // What stands at GitHub's addresses is GitHub's.
            row_fix.retain(|line| split_page(line).1.is_none() && !line.contains("https://"));
            words.fixes(&row_fix)
        }
    };
    if found.certainty == Certainty::Inferred && verdict.fix.len() > CAUSES {
        verdict.fix.retain(|line| !line.contains("git credential-patron diagnose"));
        verdict.fix.truncate(2);
        verdict.fix.push(words.fill(ASK));
    }
    if verdict.fix.is_empty() && verdict.exit != 0 {
        verdict.fix.push(
            words.fill("git credential-patron diagnose {url} shows what is asked and what is ruled out"),
        );
    }
    verdict
}

/// Gives the verdict of a refusal in words that nobody knows: who said what.
pub(crate) fn unknown(reading: &Reading, whose: Party) -> Verdict {
    let attempt = &reading.attempt;
    let words = Wording { whose, ..Wording::of(&attempt.target) };
    let status = attempt.status.map_or(String::new(), |status| format!(" with {status}"));
    let means = match attempt.servers_words() {
        // Their words are no template, whatever they hold.
        Some(said) => format!("{} says: {said}", whose.name()),
        None => format!("{} refused{status} and did not say why", whose.name()),
    };
    let row = table::row_of(VerdictId::UnknownRefusal);
    let fix =
        vec![words.fill("git credential-patron diagnose {url} shows what was asked and what is ruled out")];
    Verdict::new(row.id, row.certainty, means, fix, None)
}

/// What to do about a permission that the token of a GitHub App does not have.
pub(super) const BY_AN_APP: &[&str] = &[
    "in a workflow: give the job the permission in the workflow file (permissions: contents: write)",
    "a GitHub App of your own: give it the permission on its page, and accept that where it is installed",
];

/// What to do about a repository that SSH does not show.
const BY_SSH: &[&str] = &[
    "check the spelling of {full}",
    "or the key is another account's: ssh -T git@{host}",
    "or your account has no access to it",
];

/// What to do about a refusal of a forge that has no pages here.
fn elsewhere(id: VerdictId) -> Option<&'static [&'static str]> {
    Some(match id {
        VerdictId::TokenRejected => &[
            "create a new token at {host}, then run: git credential-patron add {scope}",
            "or something else sends an old one: git credential-patron diagnose {url}",
        ],
        VerdictId::PasswordNotAccepted => &[
            "create a token at {host} and add it: git credential-patron add {scope}",
            "git cannot use a password there",
        ],
        VerdictId::ServerError => &["try again later"],
        VerdictId::AccountSuspended => &["ask the server's administrator; a new token does not help"],
        VerdictId::NoAccount => &[
            "add one: git credential-patron add {scope}",
            "or git does not ask patron here: git credential-patron setup --host {host}",
        ],
        VerdictId::RepositoryNotFound => {
            &["check the spelling of {full}", "or the token, or your account, has no access to it"]
        }
        VerdictId::ReadPermissionMissing => &[
            "give the token permission to read repositories, where it was made",
            "or your account has no access to {full}: ask {owner}",
        ],
        VerdictId::WritePermissionMissing => &[
            "give the token permission to write to repositories, where it was made",
            "or your account may not write here: ask {owner}",
        ],
        _ => return None,
    })
}
