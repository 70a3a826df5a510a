//! Verdicts without their evidence: what a row of the table means in general, for `explain ID` and the manual, and
//! what a remembered refusal meant, for `status`.

use super::certain::SEE_ACCOUNTS;
use super::{Case, Evidence, RepositoryName, Verdict, VerdictRow, table};
use crate::verdict_id::VerdictId;

/// What to do where the machine's policy forbids something.
const FORBIDDEN: &[&str] = &["ask whoever looks after this machine, or use what the policy allows"];

/// Gives the verdict of a row that no text of GitHub's gives, with names in capitals for those of a case.
pub(super) fn typical(about: &VerdictRow) -> Verdict {
    let [owner, repo, host] = ["OWNER", "REPOSITORY", "HOST"].map(|name| Some(name.to_owned()));
    let host = host.filter(|_| about.id == VerdictId::NotGithub);
    let evidence = Evidence { target: RepositoryName { host, owner, repo }, ..Evidence::default() };
    of_case(about, &Case::of(&evidence))
}

/// Gives the verdict that was noted by its id, in the words of what is known now.
pub(crate) fn recalled(id: VerdictId, known: &Evidence) -> Verdict {
    let about = table::row_of(id);
    let case = Case::of(known);
    let mut verdict = match crate::denial::catalogue::row(about.id) {
        Some(_) => case.row(about.id, about.certainty),
        None => of_case(&about, &case),
    };
    // What such a verdict says of the case is lost.
    let is_of_the_case = verdict.means.is_empty()
        || matches!(about.id, VerdictId::TokenExpired | VerdictId::UnknownRefusal | VerdictId::WrongAccount);
    if let Some(means) = table::means(about.id).filter(|_| is_of_the_case) {
        verdict.means = means.to_owned();
    }
    verdict
}

fn of_case(about: &VerdictRow, case: &Case<'_>) -> Verdict {
    let verdict = match about.id {
        VerdictId::ApprovalPending => case.pending(),
        VerdictId::GrantRevoked => case.revoked(),
        VerdictId::HelperNotSetUp => case.not_set_up(),
        VerdictId::NoWriteRole => case.without_role(),
        VerdictId::NotAsked => case.not_asked(),
        VerdictId::NotGithub => case.no_plain_account(),
        VerdictId::PolicyForbids => case.say(about.id, about.certainty, "", FORBIDDEN, &[]),
        VerdictId::RepositoryNotSelected => case.not_selected(),
        VerdictId::TokenExpired => case.expired(0, about.certainty),
        VerdictId::UnknownRefusal => case.unknown(),
        VerdictId::WrongAccount => {
            let mut verdict = case.asked_for_another("LOGIN", "");
            verdict.fix.push(SEE_ACCOUNTS.to_owned());
            verdict
        }
        // Nothing is wrong.
        _ => Verdict::new(about.id, about.certainty, String::new(), Vec::new(), None),
    };
    Verdict { exit: about.exit, ..verdict }
}
