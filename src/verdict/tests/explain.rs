//! Verdicts from a text alone, and what holds of every verdict.

use super::*;
use crate::denial::catalogue::{rows, split_page};
use crate::denial::normal::Languages;
use proptest::prelude::*;

/// Explains a text, as `explain` does.
fn explained(text: &str) -> Verdict {
    explained_of(crate::denial::read(text.as_bytes(), &Languages::default()).expect("it is known"))
}

fn explained_of(reading: crate::denial::Reading) -> Verdict {
    let found = reading.found.clone().expect("it is known");
    let whose = Party::of(&reading.attempt.target, &found.matched, false);
    explain(&reading, &found, whose)
}

/// Explains a text about a repository that the caller knows.
fn explained_for(host: &str, owner: &str, text: &str) -> Verdict {
    let reading = reading_of(host, owner, text);
    let found = reading.found.clone().expect("it is known");
    // Whoever asks knows the host: it is the user's.
    explain(&reading, &found, Party::of(&reading.attempt.target, "", true))
}

/// Reads a text about the repository `secret` of this owner.
pub(super) fn reading_of(host: &str, owner: &str, text: &str) -> crate::denial::Reading {
    let mut reading = crate::denial::read(text.as_bytes(), &Languages::default()).expect("it is a refusal");
    reading.attempt.target = RepositoryName {
        host: Some(host.to_owned()),
        owner: Some(owner.to_owned()),
        repo: Some("secret".to_owned()),
    };
    reading
}

#[test]
fn every_sample_is_explained_in_full_sentences() {
    for row in rows() {
        for sample in row.samples {
            let verdict = explained(sample);
            assert_eq!(verdict.id, row.id);
            assert!(!verdict.fix.is_empty() && verdict.fix.len() <= row.fix.len().max(3), "{verdict:?}");
            for text in verdict.fix.iter().chain([&verdict.means]) {
                assert!(!text.contains(['{', '}']) && !text.contains(": @"), "{text}");
                assert!(!text.contains("  ") && !text.ends_with([' ', '.']), "{text}");
                assert!(text.len() <= 240, "{text}");
            }
            assert!(verdict.means.len() <= 120, "{}", verdict.means);
            for fix in row.fix {
                assert!(split_page(fix).0.len() <= 120);
            }
        }
    }
}

#[test]
fn json_has_the_contracts_fields_and_no_others() {
    let verdict = explained(NO_ACCESS);
    let json = serde_json::to_value(&verdict).expect("it is plain data");
    assert_eq!(json["id"], VerdictId::ReadPermissionMissing.as_str());
    assert_eq!(json["certainty"], "inferred");
    assert_eq!(json["page"], "https://github.com/settings/personal-access-tokens");
    assert!(json["means"].is_string() && json["fix"][0].is_string());
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(5));
    let none = serde_json::to_value(explained("remote: Internal Server Error")).expect("plain data");
    assert!(none["page"].is_null());
}

#[test]
fn vague_texts_end_with_the_command_that_can_tell() {
    for text in [NOT_FOUND, NO_ACCESS, DENIED] {
        let verdict = explained(text);
        assert_eq!(verdict.certainty, Inferred);
        assert_eq!(
            verdict.fix.last().map(String::as_str),
            Some("git credential-patron diagnose https://github.com/acme/secret can tell them apart")
        );
    }
}

const LIFETIME: &str = "HTTP 403\n\n{\"message\":\"The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 9 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/42\"}";
const SSO: &str = "HTTP 403\nx-github-sso: required; url=https://github.com/orgs/acme/sso?authorization_request=A-b_1\n\n{\"message\":\"Resource protected by organization SAML enforcement.\"}";

#[test]
fn a_text_gives_digits_and_requests_and_never_an_address() {
    let page =
        |host: &str, owner: &str, text: &str| explained_for(host, owner, text).page.unwrap_or_default();
    assert_eq!(page("github.com", "acme", LIFETIME), "https://github.com/settings/personal-access-tokens/42");
    assert_eq!(
        page("gist.github.com", "acme", LIFETIME),
        "https://github.com/settings/personal-access-tokens/42"
    );
    // Another host's page: the number is not this host's.
    assert_eq!(
        page("ghe.example.com", "acme", LIFETIME),
        "https://ghe.example.com/settings/personal-access-tokens"
    );
    assert_eq!(
        page("github.com", "Acme", SSO),
        "https://github.com/orgs/Acme/sso?authorization_request=A-b_1"
    );
    assert_eq!(page("github.com", "other", SSO), "https://github.com/orgs/other/sso");
    assert_eq!(page("ghe.example.com", "acme", SSO), "https://ghe.example.com/orgs/acme/sso");
    let evil = SSO.replace("url=https://github.com/", "url=https://evil.example/github.com/");
    assert_eq!(page("github.com", "acme", &evil), "https://github.com/orgs/acme/sso");
    let evil = SSO.replace("A-b_1", "A&next=//evil.example");
    assert_eq!(page("github.com", "acme", &evil), "https://github.com/orgs/acme/sso");
    // An enterprise asks for its own sign-on, whoever owns the repository.
    let enterprise = SSO.replace("/orgs/acme/", "/enterprises/corp/");
    assert_eq!(
        page("github.com", "acme", &enterprise),
        "https://github.com/enterprises/corp/sso?authorization_request=A-b_1"
    );
    // What the text does not name, the user's own URL does.
    let workflow = " ! [remote rejected] main -> main (refusing to allow a GitHub App to create or update workflow `.github/workflows/x.yml` without `workflows` permission)";
    assert_eq!(page("github.com", "acme", workflow), "https://github.com/acme/secret/settings/actions");
}

#[test]
fn a_text_that_names_no_repository_still_leads_to_github_com_only() {
    assert_eq!(
        explained(SSO).page.as_deref(),
        Some("https://github.com/orgs/acme/sso?authorization_request=A-b_1")
    );
    assert_eq!(
        explained(LIFETIME).page.as_deref(),
        Some("https://github.com/settings/personal-access-tokens/42")
    );
    let elsewhere = explained(&LIFETIME.replace("https://github.com", "https://ghe.example.com"));
    assert_eq!(elsewhere.page, None);
    assert_eq!(elsewhere.means, "acme does not accept tokens that last longer than 9 days");
}

#[test]
fn what_is_not_known_is_said_in_words_that_fit() {
    let verdict =
        explained("remote: Personal access tokens (classic) are forbidden from accessing this repository.");
    assert_eq!(verdict.means, "the organisation does not allow classic tokens");
    assert_eq!(
        verdict.fix,
        [
            "make a fine-grained token whose resource owner is the organisation: git credential-patron add OWNER",
            "only an owner of the organisation can change the rule",
        ]
    );
    assert_eq!((verdict.page, verdict.opens), (None, false));
    let verdict = explained_for(
        "ghe.example.com",
        "acme",
        "remote: Personal access tokens (classic) are forbidden from accessing this repository.\nfatal: unable to access 'https://ghe.example.com/acme/x/': The requested URL returned error: 403",
    );
    assert_eq!(
        verdict.fix,
        [
            "make a fine-grained token whose resource owner is acme: git credential-patron add ghe.example.com/acme",
            "only an owner of acme can change the rule: https://ghe.example.com/organizations/acme/settings/personal-access-tokens",
        ]
    );
    assert!(verdict.opens);
}

/// Answers as they come, of which any may meet any.
fn heard() -> impl Strategy<Value = Observed> {
    let private =
        r#"{"private":true,"permissions":{"push":true},"login":"mona","type":"Organization","id":42}"#;
    prop::sample::select(vec![
        Observed::NotAsked,
        Observed::open(),
        Observed::Reply(ServerReply::default()),
        Observed::Trouble(NoReply::Unreachable),
        Observed::Trouble(NoReply::Tls),
        Observed::Trouble(NoReply::Proxy),
        Observed::Trouble(NoReply::CaptivePortal),
        git(NOT_FOUND),
        git(NO_ACCESS),
        git(DENIED),
        git(UNAUTHORISED),
        git("remote: {owner} says: hm {"),
        git("fatal: could not read Username for 'https://github.com': terminal prompts disabled"),
        status(403),
        status(429),
        status(500),
        status(511),
        api(200, &[("X-OAuth-Scopes", "")], private),
        api(200, &[], &private.replace("true", "false").replace("Organization", "User")),
        api(200, &[("X-GitHub-SSO", "partial-results; organizations=42")], "[]"),
        api(
            403,
            &[("X-Accepted-GitHub-Permissions", "contents=write")],
            r#"{"message":"Resource not accessible by personal access token"}"#,
        ),
        list(&["acme/other", "mona/notes"]),
        list(&["mona/notes"]),
        message(301, "Moved Permanently"),
        message(401, "Bad credentials"),
        message(403, "API rate limit exceeded for user ID 1."),
        missing(),
    ])
}

fn account() -> impl Strategy<Value = Option<TokenEvidence>> {
    let kinds = prop::sample::select(vec![
        TokenKind::FineGrained,
        TokenKind::Classic,
        TokenKind::OAuth,
        TokenKind::AppUser,
        TokenKind::Installation,
        TokenKind::Unknown,
    ]);
    let origins = prop::sample::select(vec![Origin::Account, Origin::Fallback, Origin::Url]);
    prop::option::weighted(
        0.9,
        (kinds, origins, any::<[bool; 4]>()).prop_map(|(kind, origin, flags)| TokenEvidence {
            label: "acme".to_owned(),
            origin,
            kind,
            login: flags[0].then(|| "mona".to_owned()),
            expires: flags[1].then_some(NOW),
            number: flags[2].then(|| "42".to_owned()),
            accepted_for_owner: flags[3],
            user_id: None,
            accepted_for_repo: false,
        }),
    )
}

proptest! {
    #[test]
    fn every_verdict_keeps_to_the_table_and_blames_no_token_without_a_word_of_githubs(
        heard in prop::array::uniform7(heard()),
        account in account(),
        known in any::<[bool; 4]>(),
    ) {
        let [fetch, push, user, repo, repo_anonymous, owner, private_repos] = heard;
        let target = if known[0] { hidden().target } else { RepositoryName::default() };
        let evidence = Evidence {
            target,
            account,
            direction: if known[1] { Direction::Push } else { Direction::Fetch },
            asked_login: known[2].then(|| "hubot".to_owned()),
            host: if known[3] { HostKind::GitHub } else { HostKind::Plain },
            now: NOW,
            fetch, push, user, repo, repo_anonymous, owner, private_repos,
            ..Evidence::default()
        };
        let verdict = conclude(&evidence);
        let row = row_of(verdict.id);
        prop_assert!(verdict.certainty <= row.certainty, "{:?}", verdict);
        prop_assert!(!verdict.opens || (row.opens && verdict.page.is_some()));
        prop_assert!(row.exit == verdict.exit || verdict.id == VerdictId::NotGithub);
        prop_assert!(verdict.exit == 0 || !verdict.fix.is_empty());
        for text in &verdict.fix {
            prop_assert!(!text.contains(['{', '}']) && !text.contains(": @"), "{}", text);
        }
        let words: Vec<_> = [&evidence.fetch, &evidence.push, &evidence.user, &evidence.repo]
            .into_iter()
            .filter(|heard| matches!(heard, Observed::Reply(_)))
            .collect();
        let blames = [VerdictId::ApprovalPending, VerdictId::TokenRejected, VerdictId::RepositoryNotSelected,
            VerdictId::WritePermissionMissing, VerdictId::ReadPermissionMissing, VerdictId::ScopeMissing];
        if words.is_empty() {
            prop_assert!(!blames.contains(&verdict.id), "{:?}", verdict);
        }
    }
}
