//! The verdicts that are concluded from what was observed, not read in a text: one row each.
//!
//! The rows of the others stand with their texts, in the catalogue of denials. A row here or there is all that
//! an id needs: `build.rs` makes the enum of them.

use crate::denial::catalogue;
use crate::denial::catalogue::Certainty::{self, Inferred, Measured};
use crate::verdict_id::VerdictId;

/// What is the same whenever this verdict is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VerdictRow {
    /// The stable name.
    pub(crate) id: VerdictId,
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
    id: VerdictId,
    certainty: Certainty,
    opens: bool,
    exit: u8,
    known_by: &'static str,
) -> VerdictRow {
    VerdictRow { id, known_by, certainty, opens, exit }
}

/// The verdicts that no text gives.
#[rustfmt::skip]
const CONCLUDED: &[VerdictRow] = &[
    row(VerdictId::Ok, Measured, false, 0, "GitHub allows what git asks for"),
    // 1 where there is no account.
    row(VerdictId::NotGithub, Measured, false, 0, "the host is not a GitHub host"),
    row(VerdictId::HelperNotSetUp, Measured, false, 1, "the helpers that git asks for this URL"),
    row(VerdictId::ApprovalPending, Inferred, true, 1, "a good fine-grained token that sees nothing private of its owner and never did"),
    row(VerdictId::GrantRevoked, Inferred, true, 1, "the owner let the token in before, now 404 or 403, and GitHub still knows the token"),
    row(VerdictId::TokenExpired, Measured, true, 1, "401, and its known expiry has passed"),
    row(VerdictId::WrongAccount, Measured, false, 1, "the answer names another login, or the URL asks for one"),
    row(VerdictId::RepositoryNotSelected, Inferred, false, 1, "a fine-grained token that is active for the owner, not for this repository"),
    row(VerdictId::NoWriteRole, Measured, false, 1, "push is refused, and the user's role does not allow it"),
    row(VerdictId::PolicyForbids, Measured, false, 1, "the policy of this machine"),
    row(VerdictId::NotAsked, Measured, false, 3, "--offline, or asking could not begin"),
    row(VerdictId::UnknownRefusal, Measured, false, 1, "any other 401, 403, 404, 451: GitHub's words as they came"),
];

/// What those verdicts mean in general whose words are the case's: a name, a day, what GitHub said.
const MEANS: &[(VerdictId, &str)] = &[
    (VerdictId::ApprovalPending, "the owner has most likely not approved the token yet"),
    (VerdictId::GrantRevoked, "the owner accepted the token before, and has most likely revoked it"),
    (VerdictId::NoWriteRole, "the account may read the repository, but not write to it"),
    (
        VerdictId::NotGithub,
        "the host is not a GitHub host: patron stores a credential for it and cannot check it",
    ),
    (VerdictId::NotAsked, "the host was not asked, so its answer is not known"),
    (VerdictId::Ok, "GitHub allows what git asks for"),
    (VerdictId::PolicyForbids, "the policy of this machine forbids it"),
    (
        VerdictId::RepositoryNotSelected,
        "the token works for the owner, but most likely not for this repository",
    ),
    (VerdictId::TokenExpired, "the token has expired"),
    (VerdictId::UnknownRefusal, "GitHub refused with a message that patron does not know"),
    (VerdictId::WrongAccount, "the token belongs to a different login"),
];

/// Gives what a verdict means in general, if the words of a case do not.
pub(super) fn means(id: VerdictId) -> Option<&'static str> {
    MEANS.iter().find(|(known, _)| *known == id).map(|(_, means)| *means)
}

/// Gives all verdicts, sorted by id.
pub(crate) fn rows() -> Vec<VerdictRow> {
    VerdictId::ALL.iter().map(|id| row_of(*id)).collect()
}

/// Gives a verdict's row.
pub(crate) fn row_of(id: VerdictId) -> VerdictRow {
    let concluded = || CONCLUDED.iter().find(|row| row.id == id).copied();
    let said = catalogue::row(id).map(|denial| {
        let catalogue::Denial { certainty, opens, exit, known_by, .. } = *denial;
        row(id, certainty, opens, exit, known_by)
    });
    said.or_else(concluded).expect("build.rs takes ids from these rows alone")
}
