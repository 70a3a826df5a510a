//! Each row of the catalogue that git can meet: a clone and a push are refused with that text, and our lines name
//! the row and its page; pages that open by themselves open once, the others never.

use super::*;
use crate::denial::catalogue;
use crate::forge::{Access, Reply, Rule, State, Tls};
use crate::verdict_id::VerdictId;

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

/// What holds a row that is not expected here.
enum Held {
    /// A test of this folder.
    By(&'static str),
    /// Nothing: git cannot meet it where patron could see it, and why.
    Never(&'static str),
}

/// Why git does not meet what an App is told.
const OF_THE_APP: &str = "the calls that make an App's token are told it, and not git";

/// Rows whose text alone leaves several causes, or that git meets in no answer to its first question.
const ELSEWHERE: &[(&str, Held)] = &[
    ("actions-token", Held::Never("git sends the token of a job itself; `explain` reads what it was told")),
    ("app-not-installed", Held::Never(OF_THE_APP)),
    ("app-permission-missing", Held::Never(OF_THE_APP)),
    ("app-suspended", Held::Never(OF_THE_APP)),
    ("clock-wrong", Held::Never(OF_THE_APP)),
    ("lfs-budget", Held::Never("git-lfs is told it, which is not watched; `explain` reads it")),
    ("other-credential-first", Held::Never("git asks no helper where it sends another credential")),
    ("enterprise-managed-user", Held::By("a_managed_users_401_is_not_the_tokens_fault_and_the_token_stays")),
    ("moved", Held::By("what_is_no_refusal_of_a_token_causes_no_word")),
    ("no-account", Held::By("an_editors_askpass_is_asked_by_git_alone")),
    ("not-a-refusal", Held::By("what_a_hook_prints_is_no_refusal_whatever_it_says")),
    (
        "oauth-app-restricted",
        Held::By("single_sign_on_and_app_restrictions_meet_tokens_of_the_helper_before_us"),
    ),
    ("proxy-failed", Held::By("what_stops_git_before_it_wants_a_token_causes_no_word")),
    ("read-permission-missing", Held::By("a_token_without_contents_is_told_from_one_that_waits")),
    ("repository-not-found", Held::By("a_repository_that_is_not_there_is_not_taken_for_a_token_that_waits")),
    ("scope-missing", Held::Never("gh and GraphQL say it; git is told 403 or 404 without a word of scopes")),
    ("ssh-remote", Held::Never("git asks no helper for it")),
    ("tls-failed", Held::By("what_stops_git_before_it_wants_a_token_causes_no_word")),
    (
        "unreachable",
        Held::By("no_answer_a_slow_answer_and_trouble_of_githubs_change_nothing_and_the_token_is_given"),
    ),
    (
        "workflow-scope-missing",
        Held::Never(
            "it stands in the report of a push that was let in, which no helper sees; `explain` reads it",
        ),
    ),
    (
        "write-permission-missing",
        Held::By(
            "a_push_with_a_token_that_may_only_read_is_explained_at_the_first_attempt_and_a_fetch_says_nothing",
        ),
    ),
];

/// Where the tests of this folder are.
const TESTS: &[&str] = &[
    include_str!("first.rs"),
    include_str!("places.rs"),
    include_str!("rows.rs"),
    include_str!("terminal.rs"),
    include_str!("told.rs"),
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
fn every_row_is_expected_here_or_held_elsewhere() {
    for row in catalogue::rows() {
        let here = EXPECTED.iter().any(|(id, ..)| *id == row.id.as_str());
        let elsewhere = ELSEWHERE.iter().find(|(id, _)| *id == row.id.as_str());
        assert!(here != elsewhere.is_some(), "{}", row.id.as_str());
        assert!(!here || !answers(row).is_empty(), "{} has no sample that git could meet", row.id.as_str());
        match elsewhere {
            Some((id, Held::By(test))) => {
                let is_there = TESTS.iter().any(|text| text.contains(&format!("#[test]\nfn {test}() {{")));
                assert!(is_there, "{id} is held by no test: there is no {test}");
            }
            Some((id, Held::Never(why))) => assert!(!why.is_empty(), "{id}"),
            None => {}
        }
    }
}

/// Lets git be refused with this, twice, and compares what is said and opened with what the table says.
fn refused_with(reply: Reply, direction: Access, (id, opens, page): (&str, bool, Option<&str>)) {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let status = reply.status;
    let desk = Desk::new(Policy::sample().rule(Rule::answer(reply).owner("acme")));
    if status == 401 {
        // Nothing else tells a token that is not known from an outage.
        desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    }
    let (folder, line, what) = match direction {
        Access::Write => {
            desk.ok(".", "init -q it");
            desk.ok("it", "commit -q --allow-empty -m first");
            desk.ok("it", "remote add origin https://github.com/acme/secret");
            ("it", "push -q origin HEAD:refs/heads/topic", "acme/secret cannot be pushed to: ")
        }
        _ => (".", "clone -q https://github.com/acme/secret", "acme/secret cannot be fetched: "),
    };
    let said = desk.fails(folder, line);
    let lines = Desk::lines(&said);
    let about = format!("{direction:?} {id}, {status} {text:?}: {said}");
    assert!((1..=5).contains(&lines.len()), "{about}");
    let is_same = |named: &str| lines[0].ends_with(&format!("({named})"));
    // A 401 to a token of GitHub's own kind is the token's, whatever the words.
    let is_same = is_same(id) || (id == "password-not-accepted" && is_same("token-rejected"));
    assert!(is_same, "{about}");
    let is_refused = lines[0].starts_with(what);
    let is_of_the_token = lines[0].starts_with("token not accepted: ");
    let is_not_judged = lines[0].starts_with("could not ask github.com about acme/secret: ");
    assert!(is_refused || is_of_the_token || is_not_judged, "{about}");
    let named = lines.last().and_then(|line| line.strip_prefix("page"));
    assert_eq!(named.is_some(), page.is_some(), "{about}");
    if let (Some(named), Some(page)) = (named, page) {
        assert!(named.contains(&format!(": https://github.com{page}")), "{about}");
    }
    let pages = desk.pages();
    let opens = opens || lines[0].ends_with("(token-rejected)");
    assert_eq!(pages.len(), usize::from(opens), "{about}");
    for page in pages {
        assert!(page.starts_with("https://github.com/") && said.contains(&page), "{page}: {about}");
    }
    let again = desk.fails(folder, line);
    assert!(Desk::lines(&again).len() <= 1, "{about}\nagain: {again}");
    if is_refused {
        let diagnose = match direction {
            Access::Write => "git credential-patron diagnose https://github.com/acme/secret --push",
            _ => "git credential-patron diagnose https://github.com/acme/secret",
        };
        let line = Desk::lines(&again).pop().unwrap_or_default();
        // A sentence, with no hole of a template left in it.
        let sentence = line.split_once(" refused").map_or("", |(_, rest)| rest);
        assert!(sentence.len() > diagnose.len() + 20, "{about}\nagain: {again}");
        assert!(!line.contains(['{', '}']) && !line.contains(&format!("({id})")), "{about}\nagain: {again}");
        assert!(line.ends_with(diagnose), "{about}\nagain: {again}");
    }
    assert_eq!(desk.pages().len(), usize::from(opens), "{about}");
}

#[test]
fn what_a_clone_is_refused_with_is_named_with_its_page_and_opened_if_the_table_says_so() {
    for (id, opens, page) in EXPECTED {
        for reply in answers(VerdictId::parse(id).and_then(catalogue::row).expect("it is in the table")) {
            refused_with(reply, Access::Read, (*id, *opens, *page));
        }
    }
}

#[test]
fn what_a_push_is_refused_with_is_named_with_its_page_and_opened_if_the_table_says_so() {
    for (id, opens, page) in EXPECTED {
        let reply = answers(VerdictId::parse(id).and_then(catalogue::row).expect("it is in the table"))
            .into_iter()
            .next();
        refused_with(
            reply.expect("it has a sample that git could meet"),
            Access::Write,
            (*id, *opens, *page),
        );
    }
}

#[test]
fn what_stops_git_before_it_wants_a_token_causes_no_word() {
    // Git speaks to nobody, and so asks no helper.
    for is_proxy in [true, false] {
        let desk = Desk::new(Policy::sample());
        desk.forge.policy(|policy| match is_proxy {
            true => policy.host_mut("github.com").refuse_connect = Some(502),
            false => policy.host_mut("github.com").tls = Tls::UnknownAuthority,
        });
        let said = desk.fails(".", "clone -q https://github.com/acme/secret");
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
        assert_eq!((desk.asked(), desk.calls().len(), desk.traces(), desk.pages().len()), (0, 0, 0, 0));
    }
}
