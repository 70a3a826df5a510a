//! What was refused earlier, said again by its id; what is said of an id in general; the way that is left.

use super::*;

#[test]
fn a_refusal_is_said_again_in_the_words_of_the_case() {
    let known = with(|account| account.login = Some("mona".to_owned()));
    for (id, means, fix) in [
        (
            VerdictId::ApprovalPending,
            "acme has most likely not approved the token \"acme\" yet",
            "or secret is not selected for it, or acme/secret does not exist",
        ),
        (
            VerdictId::GrantRevoked,
            "acme accepted the token \"acme\" before, and has most likely revoked it",
            "ask an owner of acme; then create another token: git credential-patron add acme",
        ),
        (
            VerdictId::RepositoryNotSelected,
            "the token \"acme\" works for acme, but secret is most likely not selected for it",
            "on the token's page select secret under Repository access",
        ),
        (
            VerdictId::NoWriteRole,
            "mona may read acme/secret, but not write to it",
            "ask acme for the write role, or push to a fork",
        ),
        (
            VerdictId::WritePermissionMissing,
            "GitHub does not let mona write here with this token",
            "or mona may not push to acme/secret at all: ask for the write role, or push to a fork",
        ),
        (
            VerdictId::TokenRejected,
            "GitHub does not recognise the token \"acme\": it is expired, revoked or mistyped",
            "check whether it is still listed there; regenerate it, then run: git credential-patron add acme",
        ),
        (
            VerdictId::PolicyForbids,
            "the policy of this machine forbids it",
            "ask whoever looks after this machine, or use what the policy allows",
        ),
        // What it said of the case is not kept.
        (
            VerdictId::TokenExpired,
            "the token has expired",
            "regenerate it on the page, then run: git credential-patron add acme",
        ),
        (
            VerdictId::WrongAccount,
            "the token belongs to a different login",
            "list the accounts: git credential-patron list",
        ),
        (
            VerdictId::UnknownRefusal,
            "GitHub refused with a message that patron does not know",
            "git credential-patron diagnose https://github.com/acme/secret shows what was asked and what is ruled out",
        ),
    ] {
        // Nothing is asked again.
        let verdict = recalled(id, &Evidence { user: Observed::NotAsked, ..known.clone() });
        assert_eq!((verdict.id, verdict.means.as_str()), (id, means));
        assert!(verdict.fix.iter().any(|line| line == fix), "{verdict:?}");
        let row = row_of(id);
        assert_eq!((verdict.certainty, verdict.exit), (row.certainty, row.exit), "{id}");
    }
}

#[test]
fn what_is_said_in_general_names_nobody() {
    for (id, fix) in [
        (VerdictId::NotGithub, "add one: git credential-patron add https://HOST"),
        (VerdictId::HelperNotSetUp, "git credential-patron setup"),
        (VerdictId::WrongAccount, "add an account of LOGIN: git credential-patron add OWNER --login LOGIN"),
        (VerdictId::NoWriteRole, "ask OWNER for the write role, or push to a fork"),
        (VerdictId::NotAsked, "to check: git credential-patron diagnose URL"),
    ] {
        assert_eq!(of_row(&row_of(id)).fix.first().map(String::as_str), Some(fix));
    }
}

#[test]
fn ssh_is_a_way_where_no_token_of_the_users_is_let_in() {
    let rule = Some("or go by SSH, where that rule does not hold");
    let refused_for = |kind: &str| {
        refused_with(&format!(
            "Personal access tokens ({kind}) are forbidden from accessing this repository."
        ))
    };
    let persons = |e: &mut Evidence| e.owner = api(200, &[], r#"{"login":"acme","type":"User","id":2}"#);
    for (evidence, way) in [
        (refused_for("classic"), rule),
        (refused_for("fine-grained"), rule),
        (but(persons), Some("or go by SSH, which serves collaborators")),
        (hidden(), Some("or you are an outside collaborator, whom no fine-grained token serves; SSH does")),
        // A classic token opens what its user is invited to.
        (classic("repo", persons), None),
        // It is not there, or is an organisation's, which lets a token of its own in.
        (but(|e| e.owner = missing()), None),
        (but(|e| e.private_repos = list(&["mona/notes"])), None),
        (only_git(UNAUTHORISED), None),
    ] {
        let verdict = conclude(&evidence);
        assert_eq!(only_ssh_is_left(&verdict, &evidence), way, "{verdict:?}");
    }
}
