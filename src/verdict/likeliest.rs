//! What is likeliest where GitHub's words leave several causes.
//!
//! GitHub says one and the same for a token that waits for approval, a token for other repositories and
//! a repository that is not there: it hides private repositories behind 404 (documented), and no call
//! tells a token's owner, state or selection. History and the list of the private repositories in sight
//! make one cause likelier than the others, and the fixes name them all.

use super::{Case, TOKEN_PAGES, Verdict, pasted::BY_AN_APP};
use crate::denial::catalogue::Certainty::{Inferred, Measured};
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;

/// Denials whose text leaves several causes that other evidence can tell apart.
const TOLD_APART: [VerdictId; 3] =
    [VerdictId::ReadPermissionMissing, VerdictId::RepositoryNotFound, VerdictId::WritePermissionMissing];

impl Case<'_> {
    /// Concludes what is likeliest, if anything is.
    pub(super) fn likeliest(&self) -> Option<Verdict> {
        match self.said().filter(|found| found.ambiguous) {
            Some(found) if !TOLD_APART.contains(&found.denial.id) => {
                return Some(self.row_with(found.denial.id, Some(found), Inferred));
            }
            Some(_) => {}
            // Words that nobody knows are shown, not guessed at.
            None if self.refusal.status() != Some(404) => return None,
            None => {}
        }
        if self.only_push_is_refused() {
            return Some(self.write_refused());
        }
        // What everybody may read is not hidden: this is something else.
        (!self.is_public()).then(|| self.hidden())
    }

    /// Fetch is given and push is not, or only push was asked for and the repository may be in sight.
    fn write_refused(&self) -> Verdict {
        if let Some(other) = self.other_owner() {
            return self.say(
                VerdictId::WritePermissionMissing,
                Inferred,
                &format!("{{token}} is most likely {other}'s, and may not write for {{owner}}"),
                OTHER_OWNER,
                TOKEN_PAGES,
            );
        }
        let waits = self.kind() == Some(TokenKind::FineGrained)
            && self.is_organization()
            && self.sees_owner() == Some(false)
            && !self.accepted();
        if waits {
            return self.pending();
        }
        let allowed = self.may_push() == Some(true) || self.is_own() || self.wants_contents_write();
        let (certainty, means) = if allowed && self.e.fetch.is_open() {
            (Measured, "you can write to {full}, but {token} cannot")
        } else {
            (Inferred, "{token} most likely cannot write to {full}")
        };
        let fixes: &[&str] = match self.kind() {
            // An App's token has no page of its user's.
            Some(TokenKind::Installation) => {
                return self.say(VerdictId::WritePermissionMissing, certainty, means, BY_AN_APP, &[]);
            }
            Some(TokenKind::OAuth | TokenKind::AppUser) => &[
                "{owner} may not have approved the app this token belongs to: @org-apps({owner})",
                "or use a token for {owner} alone: git credential-patron add {scope}",
            ],
            Some(TokenKind::Classic) => &[
                "{owner} may require single sign-on for the token: @sso({owner})",
                "or use a token for {owner} alone: git credential-patron add {scope}",
            ],
            _ => &[
                "on the token's page set Contents to Read and write, and select {repo} if it is not selected",
                "or its resource owner is not {owner}; create another: git credential-patron add {scope}",
                "{owner} may have to approve the change: @org-requests({owner})",
            ],
        };
        self.say(VerdictId::WritePermissionMissing, certainty, means, fixes, TOKEN_PAGES)
    }

    /// The repository is not shown to the token, or not its contents.
    fn hidden(&self) -> Verdict {
        if self.e.owner.status() == Some(404) {
            return self.not_found(
                "GitHub has no user or organisation named {owner}",
                &[
                    "check the spelling of the owner",
                    "or it was renamed, or is visible to its members only: ask somebody there",
                ],
            );
        }
        if self.kind() != Some(TokenKind::FineGrained) {
            return if self.said_is(VerdictId::ReadPermissionMissing) {
                self.row(VerdictId::ReadPermissionMissing, Inferred)
            } else {
                self.not_found_without_selection()
            };
        }
        if self.e.repo.is_open() {
            return self.contents_missing();
        }
        if self.was_let_in_before() {
            return self.revoked();
        }
        if self.is_own() || self.sees_owner() == Some(true) || self.accepted() {
            return self.not_selected();
        }
        if self.is_anothers() {
            return self.not_found(
                "{owner} is another user, whose private repositories a fine-grained token never opens",
                &[
                    "being invited is not enough for a fine-grained token: use a classic one with the scope repo",
                    "or {full} does not exist: check the spelling",
                ],
            );
        }
        if let Some(other) = self.other_owner() {
            return self.not_found(
                &format!("{{token}} is most likely {other}'s: it can see nothing else that is private"),
                OTHER_OWNER,
            );
        }
        match self.sees_owner() {
            Some(false) => self.pending(),
            // The list is not known, so nothing makes one cause likelier.
            _ if self.said_is(VerdictId::ReadPermissionMissing) => self.contents_missing(),
            _ => self.row(VerdictId::RepositoryNotFound, Inferred),
        }
    }

    pub(super) fn pending(&self) -> Verdict {
        self.say(
            VerdictId::ApprovalPending,
            Inferred,
            "{owner} has most likely not approved {token} yet",
            &[
                "ask an owner of {owner} to approve it, on the owners' page: @org-requests({owner})",
                "or its resource owner is not {owner}; create another: git credential-patron add {scope}",
                "or {repo} is not selected for it, or {full} does not exist",
            ],
            TOKEN_PAGES,
        )
    }

    /// Says whether this good fine-grained token worked for this organisation once and sees nothing private of it now:
    /// what is revoked, or no longer approved, is its user's own again (documented).
    fn was_let_in_before(&self) -> bool {
        self.is_organization() && self.accepted() && self.e.user.is_open() && self.sees_owner() == Some(false)
    }

    pub(super) fn revoked(&self) -> Verdict {
        self.say(
            VerdictId::GrantRevoked,
            Inferred,
            "{owner} accepted {token} before, and has most likely revoked it",
            &[
                "ask an owner of {owner}; then create another token: git credential-patron add {scope}",
                "or {repo} is no longer selected for it: select it on the token's page",
                "or {full} no longer exists, or your account has lost access to it",
            ],
            TOKEN_PAGES,
        )
    }

    pub(super) fn not_selected(&self) -> Verdict {
        let mut fixes = vec!["on the token's page select {repo} under Repository access"];
        if self.accepted() && self.sees_owner() != Some(true) {
            fixes.push(
                "or {owner} has revoked the token, or must approve a change to it: @org-requests({owner})",
            );
        }
        let misspelt = self.alike().map(|alike| format!("or it is misspelt: the token can see {alike}"));
        fixes.extend(misspelt.as_deref());
        fixes.push("or {full} does not exist, or your account has no access to it");
        self.say(
            VerdictId::RepositoryNotSelected,
            Inferred,
            "{token} works for {owner}, but {repo} is most likely not selected for it",
            &fixes,
            TOKEN_PAGES,
        )
    }

    fn contents_missing(&self) -> Verdict {
        self.say(
            VerdictId::ReadPermissionMissing,
            Inferred,
            "{token} most likely lacks the Contents permission for {full}",
            &[
                "on the token's page set Contents to Read-only, or to Read and write for pushing",
                "or select {repo} there, if it is not selected",
                "or {owner} has not approved the token yet: @org-requests({owner})",
            ],
            TOKEN_PAGES,
        )
    }

    /// Tokens of these kinds see what their user, or their app, sees.
    fn not_found_without_selection(&self) -> Verdict {
        let misspelt = self.alike().map(|alike| format!("it is misspelt: the token can see {alike}"));
        let spelling = "check the spelling of {full}";
        let mut fixes = vec![misspelt.as_deref().unwrap_or(spelling)];
        match self.kind() {
            Some(TokenKind::Installation | TokenKind::AppUser) => {
                fixes.push("or the app is not installed for this repository, or may not read its contents")
            }
            Some(TokenKind::OAuth) => fixes.extend([
                "or {owner} has not approved the app this token belongs to: @org-apps({owner})",
                "or {owner} requires single sign-on for it: @sso({owner})",
            ]),
            _ => fixes.push("or {owner} requires single sign-on for the token: @sso({owner})"),
        }
        fixes.push("or your account has no access to it: ask {owner}");
        self.not_found("GitHub shows {token} no {full}: it does not exist, or is hidden", &fixes)
    }

    fn not_found(&self, means: &str, fixes: &[&str]) -> Verdict {
        self.say(VerdictId::RepositoryNotFound, Inferred, means, fixes, &[])
    }

    /// Says whether the refusal's words are this row's.
    fn said_is(&self, id: VerdictId) -> bool {
        self.said().is_some_and(|found| found.denial.id == id)
    }
}

/// What to do with a fine-grained token of another owner.
const OTHER_OWNER: &[&str] = &[
    "create one whose resource owner is {owner}: git credential-patron add {scope}",
    "or {owner} has denied or revoked it, which made it its user's again",
];
