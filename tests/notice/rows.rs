//! Each row of the catalogue that git can meet: git is refused with that text, and our lines name the row and
//! its page; pages that open by themselves open once, the others never.

use super::*;
use crate::denial::catalogue;
use crate::forge::{Reply, Rule, State};

/// What a row is: whether its page opens by itself, and the page, if it has one.
const EXPECTED: &[(&str, bool, Option<&str>)] = &[
    ("account-suspended", false, None),
    ("approval-required", true, Some("/settings/")),
    ("archived", false, None),
    ("captive-portal", false, None),
    ("classic-forbidden", true, Some("/settings/personal-access-tokens/new?")),
    ("dmca-blocked", false, None),
    ("fine-grained-forbidden", false, Some("/settings/tokens/new?scopes=repo")),
    ("ip-not-allowed", false, None),
    ("lifetime-too-long", true, Some("/settings/")),
    ("locked-out", false, None),
    ("password-not-accepted", false, Some("/settings/personal-access-tokens")),
    ("rate-limited", false, None),
    ("repository-disabled", false, None),
    ("server-error", false, None),
    ("sso-required", true, Some("/orgs/acme/sso")),
    ("token-rejected", true, Some("/settings/personal-access-tokens")),
];

/// Rows whose text alone leaves several causes (told apart in `first.rs` and `told.rs`), or that git meets in no
/// answer to its first question.
const ELSEWHERE: &[&str] = &[
    "enterprise-managed-user",
    "moved",
    "no-account",
    "not-a-refusal",
    "oauth-app-restricted",
    "proxy-failed",
    "read-permission-missing",
    "repository-not-found",
    "ssh-remote",
    "tls-failed",
    "unreachable",
    "workflow-scope-missing",
    "write-permission-missing",
];

/// The answers with which a server says this to git: git shows no body that is not plain text.
fn answers(row: &catalogue::Denial) -> Vec<Reply> {
    let is_shown = |sample: &&&str| {
        !sample.starts_with("HTTP ")
            || sample.contains("content-type: text/plain")
            || sample.contains("text/html")
    };
    let for_git = row.samples.iter().filter(is_shown);
    // Without a host of its own a text of an Enterprise Server is none that github.com gives.
    for_git.filter(|it| !it.contains("ghe.example.com")).filter_map(|it| Reply::from_sample(it)).collect()
}

#[test]
fn every_row_is_expected_here_or_elsewhere() {
    for row in catalogue::rows() {
        let here = EXPECTED.iter().any(|(id, ..)| *id == row.id);
        assert!(here != ELSEWHERE.contains(&row.id), "{}", row.id);
        assert!(!here || !answers(row).is_empty(), "{} has no sample that git could meet", row.id);
    }
}

#[test]
fn what_git_is_refused_with_is_named_with_its_page_and_opened_if_the_table_says_so() {
    for (id, opens, page) in EXPECTED {
        let row = catalogue::row(id).expect("it is in the table");
        for reply in answers(row) {
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            let status = reply.status;
            let desk = Desk::new(Policy::sample().rule(Rule::answer(reply).owner("acme")));
            if status == 401 {
                // Nothing else tells a token that is not known from an outage.
                desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
            }
            let said = desk.fails(".", "clone -q https://github.com/acme/secret");
            let lines = Desk::lines(&said);
            let about = format!("{id}, {status} {text:?}: {said}");
            assert!((1..=5).contains(&lines.len()), "{about}");
            let is_same = |named: &str| lines[0].ends_with(&format!("({named})"));
            // A 401 to a token of GitHub's own kind is the token's, whatever the words.
            let is_same = is_same(id) || (*id == "password-not-accepted" && is_same("token-rejected"));
            assert!(is_same, "{about}");
            let named = lines.last().and_then(|line| line.strip_prefix("page"));
            assert_eq!(named.is_some(), page.is_some(), "{about}");
            if let (Some(named), Some(page)) = (named, page) {
                assert!(named.contains(&format!(": https://github.com{page}")), "{about}");
            }
            let pages = desk.pages();
            let opens = *opens || lines[0].ends_with("(token-rejected)");
            assert_eq!(pages.len(), usize::from(opens), "{about}");
            for page in pages {
                assert!(page.starts_with("https://github.com/") && said.contains(&page), "{page}: {about}");
            }
            let again = desk.fails(".", "clone -q https://github.com/acme/secret");
            assert!(Desk::lines(&again).len() <= 1, "{about}\nagain: {again}");
            assert_eq!(desk.pages().len(), usize::from(opens), "{about}");
        }
    }
}
