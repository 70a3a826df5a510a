//! What to do about those verdicts that no text of GitHub's gives, without a case at hand: for `explain ID` and the
//! manual. It is what a case is told, with names in capitals for those of the case.

use super::certain::{SCOPE_OF_A_CLASSIC, SCOPE_OF_A_TOOLS, SEE_ACCOUNTS};
use super::{Case, Evidence, Target, Verdict, VerdictRow};

/// Gives such a verdict.
pub(super) fn typical(about: &'static VerdictRow) -> Verdict {
    let [owner, repo, host] = ["OWNER", "REPOSITORY", "HOST"].map(|name| Some(name.to_owned()));
    let host = host.filter(|_| about.id == "not-github");
    let evidence = Evidence { target: Target { host, owner, repo }, ..Evidence::default() };
    let case = Case::of(&evidence);
    let verdict = match about.id {
        "approval-pending" => case.pending(),
        "helper-not-set-up" => case.not_set_up(),
        "no-write-role" => case.without_role(),
        "not-github" => case.no_plain_account(),
        "repository-not-selected" => case.not_selected(),
        "scope-missing" => {
            case.without_scope("", &[SCOPE_OF_A_CLASSIC, &format!("for a tool's token, {SCOPE_OF_A_TOOLS}")])
        }
        "token-expired" => case.expired(0, about.certainty),
        "unknown-refusal" => case.unknown(),
        "wrong-account" => {
            let mut verdict = case.asked_for_another("LOGIN", "");
            verdict.fix.push(SEE_ACCOUNTS.to_owned());
            verdict
        }
        // Nothing is wrong.
        _ => Verdict::new(about.id, about.certainty, String::new(), Vec::new(), None),
    };
    Verdict { exit: about.exit, ..verdict }
}
