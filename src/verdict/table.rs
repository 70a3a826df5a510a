//! The table of verdicts: one row each, and the only list of their ids.
//!
//! It is the one in the design and in the man page; tests compare them.

use crate::denial::catalogue::Certainty::{self, Inferred, Measured};

/// What is the same whenever this verdict is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VerdictRow {
    /// The stable name.
    pub(crate) id: &'static str,
    /// By what it is known.
    pub(crate) known_by: &'static str,
    /// How sure it is at best.
    pub(crate) certainty: Certainty,
    /// Whether its page may be opened without being asked for.
    pub(crate) opens: bool,
    /// The exit code.
    pub(crate) exit: u8,
}

const fn row(
    id: &'static str,
    certainty: Certainty,
    opens: bool,
    exit: u8,
    known_by: &'static str,
) -> VerdictRow {
    VerdictRow { id, known_by, certainty, opens, exit }
}

/// All verdicts.
#[rustfmt::skip]
pub(crate) const ALL: &[VerdictRow] = &[
    row("ok", Measured, false, 0, "what was asked for is given"),
    row("moved", Measured, false, 0, "a redirect, or \"This repository moved\""),
    row("ssh-remote", Measured, false, 0, "the remote's URL"),
    row("not-a-refusal", Measured, false, 0, "GH001, GH006, GH007, GH013, hook declined, non-fast-forward"),
    // 1 where there is no account.
    row("not-github", Measured, false, 0, "the host is no GitHub host"),
    row("helper-not-set-up", Measured, false, 1, "the helpers that git asks for this URL"),
    row("no-account", Measured, false, 1, "no account and no fallback answers for the owner"),
    row("approval-required", Measured, true, 1, "the server speaks of required approval"),
    row("approval-pending", Inferred, true, 1, "a good fine-grained token that sees nothing private of its owner and never did"),
    row("classic-forbidden", Measured, true, 1, "GitHub's words"),
    row("fine-grained-forbidden", Measured, false, 1, "GitHub's words"),
    row("lifetime-too-long", Measured, true, 1, "GitHub's words, which name the token's page"),
    row("sso-required", Measured, true, 1, "GitHub's words, X-GitHub-SSO"),
    row("ip-not-allowed", Measured, false, 1, "GitHub's words"),
    row("oauth-app-restricted", Measured, false, 1, "GitHub's words"),
    row("enterprise-managed-user", Measured, false, 1, "GitHub's words, hints in its challenge"),
    row("password-not-accepted", Measured, false, 1, "GitHub's words; a secret that is no token"),
    row("token-expired", Measured, true, 1, "401, and its known expiry has passed"),
    row("token-rejected", Measured, true, 1, "401 otherwise"),
    row("wrong-account", Measured, false, 1, "the answer names another login, or the URL asks for one"),
    row("scope-missing", Measured, false, 1, "a classic or OAuth token without the scope that is needed"),
    row("workflow-scope-missing", Measured, false, 1, "the report of the push"),
    row("repository-not-selected", Inferred, false, 1, "a fine-grained token that is active for the owner, not for this repository"),
    row("read-permission-missing", Measured, false, 1, "403 and contents=read in X-Accepted-GitHub-Permissions, or \"Write access ... not granted\" on fetch"),
    row("write-permission-missing", Measured, false, 1, "fetch is given and push is not, though the user's role allows it"),
    row("no-write-role", Measured, false, 1, "push is refused, and the user's role does not allow it"),
    row("repository-not-found", Inferred, false, 1, "404 with and without the token"),
    row("archived", Measured, false, 1, "GitHub's words, or archived: true and a push"),
    row("repository-disabled", Measured, false, 1, "GitHub's words"),
    row("dmca-blocked", Measured, false, 1, "451, GitHub's words"),
    row("account-suspended", Measured, false, 1, "GitHub's words"),
    row("locked-out", Measured, false, 3, "too many login attempts"),
    row("rate-limited", Measured, false, 3, "429, limits in headers or words"),
    row("server-error", Measured, false, 3, "5xx"),
    row("unreachable", Measured, false, 3, "no answer in time, no such host, connection refused"),
    row("tls-failed", Measured, false, 3, "no trusted connection"),
    row("proxy-failed", Measured, false, 3, "the proxy refused or was not there"),
    row("captive-portal", Measured, false, 3, "an answer that is not GitHub's"),
    row("unknown-refusal", Measured, false, 1, "any other 401, 403, 404, 451: GitHub's words as they came"),
];

/// What those verdicts mean in general whose words are the case's: a name, a day, what GitHub said.
const MEANS: &[(&str, &str)] = &[
    ("approval-pending", "the owner has most likely not approved the token yet"),
    ("no-write-role", "the account may read the repository, but not write to it"),
    ("not-github", "the host is no GitHub host: patron keeps a secret for it and cannot say more"),
    ("ok", "git is given what it asks for"),
    ("repository-not-selected", "the token works for the owner, but most likely not for this repository"),
    ("scope-missing", "the token lacks a scope that git needs"),
    ("token-expired", "the token has expired"),
    ("unknown-refusal", "GitHub refused in words that are not known here"),
    ("wrong-account", "the token belongs to another login than the one that was meant"),
];

/// Gives what a verdict means in general, if the words of a case do not.
pub(super) fn means(id: &str) -> Option<&'static str> {
    MEANS.iter().find(|(known, _)| *known == id).map(|(_, means)| *means)
}

/// Gives a verdict's row.
pub(super) fn row_of(id: &str) -> Option<&'static VerdictRow> {
    ALL.iter().find(|row| row.id == id)
}
