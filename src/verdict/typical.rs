//! What to do about those verdicts that no text of GitHub's gives, without a case at hand: for `explain ID` and the
//! manual. It is what a case is told, with names in capitals for those of the case.

use super::certain::{SCOPE_OF_A_CLASSIC, SCOPE_OF_A_TOOLS, SEE_ACCOUNTS};
use super::{Case, Evidence, Target, Verdict, VerdictRow};
use crate::verdict_id::VerdictId;

/// What to do where the machine's policy forbids something.
const FORBIDDEN: &[&str] = &["ask whoever looks after this machine, or use what the policy allows"];

/// Gives such a verdict.
pub(super) fn typical(about: &VerdictRow) -> Verdict {
    let [owner, repo, host] = ["OWNER", "REPOSITORY", "HOST"].map(|name| Some(name.to_owned()));
    let host = host.filter(|_| about.id == VerdictId::NotGithub);
    let evidence = Evidence { target: Target { host, owner, repo }, ..Evidence::default() };
    let case = Case::of(&evidence);
    let verdict = match about.id {
        VerdictId::ApprovalPending => case.pending(),
        VerdictId::GrantRevoked => case.revoked(),
        VerdictId::HelperNotSetUp => case.not_set_up(),
        VerdictId::NoWriteRole => case.without_role(),
        VerdictId::NotAsked => case.not_asked(),
        VerdictId::NotGithub => case.no_plain_account(),
        VerdictId::PolicyForbids => case.say(about.id, about.certainty, "", FORBIDDEN, &[]),
        VerdictId::RepositoryNotSelected => case.not_selected(),
        VerdictId::ScopeMissing => {
            case.without_scope("", &[SCOPE_OF_A_CLASSIC, &format!("for a tool's token, {SCOPE_OF_A_TOOLS}")])
        }
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
