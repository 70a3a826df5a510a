//! Every verdict at least once, as the table says.

use super::*;

const FG: &str = "/settings/personal-access-tokens";
const NO_PAGE: &str = "";

/// Without a case at hand it is said in the same words.
#[test]
fn what_is_to_be_done_in_general_is_what_a_case_is_told() {
    let names = |text: &str| text.replace("acme/secret", "OWNER/REPOSITORY").replace("acme", "OWNER");
    let general = |id: VerdictId| of_row(&row_of(id)).fix;
    let told: Vec<String> = conclude(&hidden())
        .fix
        .iter()
        .map(|fix| names(fix).replace("or secret is", "or REPOSITORY is"))
        .collect();
    assert_eq!(general(VerdictId::ApprovalPending), told);
    let not_set_up = conclude(&but(|e| e.helper = HelperReach::NotReached));
    assert_eq!(general(VerdictId::HelperNotSetUp), not_set_up.fix);
    for about in super::super::rows() {
        let verdict = of_row(&about);
        assert_eq!((verdict.id, verdict.certainty, verdict.exit), (about.id, about.certainty, about.exit));
        assert!(!verdict.means.is_empty() && (about.exit == 0 || !verdict.fix.is_empty()), "{verdict:?}");
        assert!(verdict.fix.iter().all(|fix| !fix.contains(['{', '}'])), "{verdict:?}");
    }
}

/// Every verdict at least once: evidence, id, certainty, page, exit code.
fn cases() -> Vec<(Evidence, VerdictId, Certainty, &'static str, u8)> {
    let given = but(|e| {
        e.fetch = Observed::open();
        e.push = Observed::open();
    });
    let offline =
        Evidence { account: hidden().account, target: hidden().target, now: NOW, ..Evidence::default() };
    vec![
        (given, VerdictId::Ok, Measured, NO_PAGE, 0),
        (
            but(|e| {
                e.fetch = Observed::open();
                e.repo = message(301, "Moved Permanently");
            }),
            VerdictId::Moved,
            Measured,
            NO_PAGE,
            0,
        ),
        (but(|e| e.ssh = true), VerdictId::SshRemote, Measured, NO_PAGE, 0),
        (but(|e| e.host = HostKind::Plain), VerdictId::NotGithub, Measured, NO_PAGE, 0),
        (
            but(|e| {
                e.host = HostKind::Plain;
                e.account = None;
            }),
            VerdictId::NotGithub,
            Measured,
            NO_PAGE,
            1,
        ),
        (but(|e| e.helper = HelperReach::NotReached), VerdictId::HelperNotSetUp, Measured, NO_PAGE, 1),
        (
            but(|e| e.account = None),
            VerdictId::NoAccount,
            Measured,
            "/settings/personal-access-tokens/new?name=git+acme&description=for+git%2C+kept+by+git-credential-patron&target_name=acme&expires_in=90&contents=write",
            1,
        ),
        (
            refused_with("Organization requires approval for access using personal access tokens."),
            VerdictId::ApprovalRequired,
            Measured,
            FG,
            1,
        ),
        (hidden(), VerdictId::ApprovalPending, Inferred, FG, 1),
        (
            refused_with("Fine-grained personal access tokens are forbidden from accessing this repository."),
            VerdictId::FineGrainedForbidden,
            Measured,
            "/settings/tokens/new?scopes=repo",
            1,
        ),
        (
            refused_with(
                "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 9 days. https://github.com/settings/personal-access-tokens/42",
            ),
            VerdictId::LifetimeTooLong,
            Measured,
            "/settings/personal-access-tokens/42",
            1,
        ),
        (
            refused_with(
                "The 'acme' organization has enabled or enforced SAML SSO. Visit https://github.com/orgs/acme/sso?authorization_request=A-b_1",
            ),
            VerdictId::SsoRequired,
            Measured,
            "/orgs/acme/sso?authorization_request=A-b_1",
            1,
        ),
        (
            refused_with(
                "The repository owner has an IP allow list enabled, and 192.0.2.1 is not permitted to access this repository.",
            ),
            VerdictId::IpNotAllowed,
            Measured,
            NO_PAGE,
            1,
        ),
        (
            but(|e| {
                e.repo = message(
                    403,
                    "Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions",
                )
            }),
            VerdictId::OauthAppRestricted,
            Measured,
            "/settings/applications",
            1,
        ),
        (
            but(|e| {
                e.fetch = git(UNAUTHORISED);
                e.challenges = vec!["Basic realm=\"GitHub\" enterprise_hint=\"corp\"".to_owned()];
            }),
            VerdictId::EnterpriseManagedUser,
            Measured,
            NO_PAGE,
            1,
        ),
        (
            {
                let mut evidence = only_git(UNAUTHORISED);
                evidence.account.as_mut().expect("there is one").kind = TokenKind::Unknown;
                evidence
            },
            VerdictId::PasswordNotAccepted,
            Measured,
            FG,
            1,
        ),
        (
            {
                let mut evidence = only_git(UNAUTHORISED);
                evidence.account.as_mut().expect("there is one").expires = Some(NOW);
                evidence
            },
            VerdictId::TokenExpired,
            Measured,
            FG,
            1,
        ),
        (only_git(UNAUTHORISED), VerdictId::TokenRejected, Measured, FG, 1),
        (
            but(|e| e.user = api(200, &[], r#"{"login":"hubot"}"#)),
            VerdictId::WrongAccount,
            Measured,
            NO_PAGE,
            1,
        ),
        (classic("gist, read:org", |_| {}), VerdictId::ScopeMissing, Measured, "/settings/tokens", 1),
        (
            only_git(
                " ! [remote rejected] main -> main (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/x.yml` without `workflow` scope)",
            ),
            VerdictId::WorkflowScopeMissing,
            Measured,
            FG,
            1,
        ),
        (
            only_git(" ! [rejected] main -> main (fetch first)"),
            VerdictId::UnknownRefusal,
            Measured,
            NO_PAGE,
            1,
        ),
        (but(|e| e.private_repos = list(&["acme/other"])), VerdictId::RepositoryNotSelected, Inferred, FG, 1),
        (
            but(|e| {
                e.fetch = git(NO_ACCESS);
                e.repo = api(
                    403,
                    &[("X-Accepted-GitHub-Permissions", "contents=read")],
                    r#"{"message":"Resource not accessible by personal access token"}"#,
                );
            }),
            VerdictId::ReadPermissionMissing,
            Measured,
            FG,
            1,
        ),
        (read_only(true, Some(true)), VerdictId::WritePermissionMissing, Measured, FG, 1),
        (read_only(false, Some(false)), VerdictId::NoWriteRole, Measured, NO_PAGE, 1),
        (but(|e| e.owner = missing()), VerdictId::RepositoryNotFound, Inferred, NO_PAGE, 1),
        (
            {
                let mut evidence = read_only(true, Some(true));
                evidence.repo =
                    api(200, &[], r#"{"private":true,"archived":true,"permissions":{"push":true}}"#);
                evidence
            },
            VerdictId::Archived,
            Measured,
            NO_PAGE,
            1,
        ),
        (
            refused_with("Access to this repository has been disabled by GitHub staff."),
            VerdictId::RepositoryDisabled,
            Measured,
            NO_PAGE,
            1,
        ),
        (but(|e| e.fetch = status(451)), VerdictId::DmcaBlocked, Measured, NO_PAGE, 1),
        (
            but(|e| e.user = message(403, "Sorry. Your account was suspended.")),
            VerdictId::AccountSuspended,
            Measured,
            NO_PAGE,
            1,
        ),
        (
            but(|e| {
                e.fetch = status(403);
                e.user = message(403, "Maximum number of login attempts exceeded. Please try again later.");
            }),
            VerdictId::LockedOut,
            Measured,
            NO_PAGE,
            3,
        ),
        (but(|e| e.fetch = status(429)), VerdictId::RateLimited, Measured, NO_PAGE, 3),
        (but(|e| e.fetch = status(503)), VerdictId::ServerError, Measured, NO_PAGE, 3),
        (
            only_git(
                "fatal: unable to access 'https://github.com/acme/secret/': Could not resolve host: github.com",
            ),
            VerdictId::Unreachable,
            Measured,
            NO_PAGE,
            3,
        ),
        (
            but(|e| e.fetch = Observed::Trouble(NoReply::Unreachable)),
            VerdictId::Unreachable,
            Measured,
            NO_PAGE,
            3,
        ),
        (but(|e| e.fetch = Observed::Trouble(NoReply::Tls)), VerdictId::TlsFailed, Measured, NO_PAGE, 3),
        (but(|e| e.fetch = Observed::Trouble(NoReply::Proxy)), VerdictId::ProxyFailed, Measured, NO_PAGE, 3),
        (
            but(|e| e.fetch = Observed::Trouble(NoReply::CaptivePortal)),
            VerdictId::CaptivePortal,
            Measured,
            NO_PAGE,
            3,
        ),
        (
            refused_with("Personal access tokens (classic) are forbidden from accessing this repository."),
            VerdictId::ClassicForbidden,
            Measured,
            "/settings/personal-access-tokens/new?name=git+acme&description=for+git%2C+kept+by+git-credential-patron&target_name=acme&expires_in=90&contents=write",
            1,
        ),
        (with(|account| account.accepted_for_owner = true), VerdictId::GrantRevoked, Inferred, FG, 1),
        (offline, VerdictId::NotAsked, Measured, NO_PAGE, 3),
        (refused_with("The moon is full."), VerdictId::UnknownRefusal, Measured, NO_PAGE, 1),
    ]
}

#[test]
fn every_verdict_is_concluded_as_the_table_says() {
    for (evidence, id, certainty, page, exit) in cases() {
        let verdict = conclude(&evidence);
        let row = row_of(id);
        assert_eq!((verdict.id, verdict.certainty), (id, certainty), "{verdict:?}");
        assert_eq!(
            verdict.page.as_deref().unwrap_or_default(),
            if page.is_empty() { String::new() } else { format!("https://github.com{page}") },
            "{id}"
        );
        assert_eq!(verdict.opens, row.opens && !page.is_empty(), "{id}");
        assert_eq!(verdict.exit, exit, "{id}");
        assert!(verdict.certainty <= row.certainty, "{id} is surer than the table");
        assert!(!verdict.means.contains(['{', '}']), "{verdict:?}");
        assert!(
            !verdict.fix.iter().any(|fix| fix.contains(['{', '}']) || fix.contains(": @")),
            "{verdict:?}"
        );
        assert!(verdict.exit == 0 || !verdict.fix.is_empty(), "{id}");
        if verdict.certainty == Inferred {
            assert!(verdict.fix.len() > 1, "{id} names no other cause");
        }
    }
}

#[test]
fn every_verdict_of_the_table_can_be_concluded() {
    let concluded: Vec<_> = cases().iter().map(|(evidence, ..)| conclude(evidence).id).collect();
    let rows = super::super::rows();
    assert!(concluded.iter().all(|id| rows.iter().any(|row| row.id == *id)), "the table lacks one");
    for row in rows {
        // A push's own report and git-lfs's are read by `explain`, the policy by whoever keeps something, and what
        // an App's calls are told by those who make them.
        let elsewhere = [
            VerdictId::ActionsToken,
            VerdictId::AppNotInstalled,
            VerdictId::AppPermissionMissing,
            VerdictId::AppSuspended,
            VerdictId::ClockWrong,
            VerdictId::LfsBudget,
            VerdictId::NotARefusal,
            VerdictId::OtherCredentialFirst,
            VerdictId::PolicyForbids,
        ];
        if !elsewhere.contains(&row.id) {
            assert!(concluded.contains(&row.id), "{}", row.id);
        }
    }
}
