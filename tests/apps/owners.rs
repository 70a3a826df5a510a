//! An organisation's owner decides about fine-grained tokens from the command line.

use super::{cast, with_app};
use crate::forge::{Forge, Permission, Selection, State, Token, grants};
use crate::sandbox::Sandbox;
use jiff::SignedDuration;
use serde_json::Value;
use std::thread;
use std::time::{Duration, Instant};

/// Tokens that ask for access, so many.
fn ask(forge: &Forge, count: usize) {
    forge.policy(|policy| {
        for number in 0..count {
            let label = format!("wish-{number}");
            policy
                .tokens
                .push(Token { state: State::Pending, ..Token::fine_grained(&label, "mona", "acme") });
        }
    });
}

fn rows(sandbox: &Sandbox, what: &str, more: &[&str]) -> Vec<Value> {
    let output = sandbox.patron([what, "list", "acme", "--json"]).args(more).ok();
    let json: Value = serde_json::from_str(&output.stdout()).expect("JSON");
    assert_eq!(json["version"], 1);
    json[what].as_array().expect("a list").clone()
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].to_string()).collect()
}

fn waiting(forge: &Forge) -> usize {
    forge.policy(|policy| policy.tokens.iter().filter(|token| token.state == State::Pending).count())
}

#[test]
fn two_hundred_and_fifty_requests_on_three_pages_are_listed_and_half_of_them_approved_in_one_call() {
    let forge = Forge::start(cast());
    ask(&forge, 250);
    let sandbox = with_app(&forge, "acme");
    let all = rows(&sandbox, "requests", &[]);
    assert_eq!(all.len(), 250);
    let lists =
        forge.rest_log().iter().filter(|it| it.path.contains("personal-access-token-requests?")).count();
    assert_eq!(lists, 3, "pages");
    let half = &ids(&all)[..125];
    let output = sandbox.patron(["requests", "approve", "acme", "--yes"]).args(half).ok();
    assert!(output.stdout().contains("approved: 125"), "{}", output.stdout());
    assert_eq!(waiting(&forge), 125);
    assert_eq!(rows(&sandbox, "requests", &[]).len(), 125);
    let grants = rows(&sandbox, "grants", &[]);
    // The cast's own is one.
    assert_eq!(grants.len(), 126);
}

#[test]
fn a_row_has_what_an_owner_wants_to_know_and_what_should_make_one_look_twice() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    forge.policy(|policy| {
        policy.tokens.push(Token {
            state: State::Pending,
            expires: None,
            permissions: grants(&[("administration", "write"), ("issues", "read")]),
            reason: "releases\u{1b}[31m".to_owned(),
            ..Token::fine_grained("bold", "mona", "acme")
        });
        policy.tokens.push(Token {
            state: State::Pending,
            repositories: Selection::Only(vec!["secret".to_owned(), "tools".to_owned()]),
            contents: Permission::Read,
            ..Token::fine_grained("modest", "hubot", "acme")
        });
    });
    let found = rows(&sandbox, "requests", &["--owner", "hubot"]);
    assert_eq!(found.len(), 1);
    let row = &found[0];
    assert_eq!((row["login"].as_str(), row["token_name"].as_str()), (Some("hubot"), Some("modest")));
    assert_eq!(row["repositories"], serde_json::json!(["secret", "tools"]));
    assert_eq!(row["permissions"]["repository"]["contents"], "read");
    assert_eq!(row["look_twice"], serde_json::json!([]));
    let page = row["page"].as_str().expect("a page");
    let place = "https://github.com/organizations/acme/settings/personal-access-token-requests/";
    assert_eq!(page, format!("{place}{}", row["id"]));
    for name in ["token_id", "created", "expires", "last_used", "reason"] {
        assert!(row.get(name).is_some(), "{name}");
    }
    let bold = &rows(&sandbox, "requests", &["--permission", "administration"])[0];
    assert_eq!(bold["repositories"], "all");
    assert_eq!(
        bold["look_twice"],
        serde_json::json!(["all-repositories", "never-expires", "writes-administration"])
    );
    let shown = sandbox.patron(["requests", "list", "acme"]).ok();
    let shown = shown.stdout();
    assert!(shown.contains("look twice: all-repositories, never-expires, writes-administration"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "a reason steers the terminal");
    let id = bold["token_id"].to_string();
    assert_eq!(rows(&sandbox, "requests", &["--token-id", &id]).len(), 1);
    assert_eq!(rows(&sandbox, "requests", &["--repository", "secret"]).len(), 2);
}

#[test]
fn a_denial_has_its_reason_and_a_grant_is_taken_back() {
    let forge = Forge::start(cast());
    ask(&forge, 3);
    let sandbox = with_app(&forge, "acme");
    let first = &ids(&rows(&sandbox, "requests", &[]))[0];
    let deny = ["requests", "deny", "acme", first, "--yes", "--reason", "too wide"];
    sandbox.patron(deny).ok().prints("denied: 1\n");
    assert_eq!(waiting(&forge), 2);
    let long = "x".repeat(1025);
    sandbox.patron(["requests", "deny", "acme", "--all", "--yes", "--reason", &long]).fails(2).says("1025");
    sandbox.patron(["requests", "approve", "acme", "--all", "--yes"]).ok().prints("approved: 2\n");
    assert_eq!(waiting(&forge), 0);
    sandbox.patron(["requests", "approve", "acme", "--all", "--yes"]).ok().prints("nothing was approved\n");
    let grants = ids(&rows(&sandbox, "grants", &["--owner", "mona"]));
    sandbox.patron(["grants", "revoke", "acme", &grants[0], "--yes"]).ok().prints("revoked: 1\n");
    assert_eq!(rows(&sandbox, "grants", &[]).len(), grants.len() - 1);
}

#[test]
fn nothing_is_decided_without_a_word_from_a_person_or_yes() {
    let forge = Forge::start(cast());
    ask(&forge, 2);
    let sandbox = with_app(&forge, "acme");
    let first = ids(&rows(&sandbox, "requests", &[])).remove(0);
    let alone =
        |arguments: &[&str]| sandbox.command("setsid", ["--wait"]).args([sandbox.program()]).args(arguments);
    alone(&["requests", "approve", "acme", &first]).fails(2).says("--yes");
    alone(&["requests", "approve", "acme", "--all"]).fails(2).says("--yes");
    alone(&["requests", "approve", "acme", "--yes"]).fails(2).says("which ones?");
    alone(&["requests", "approve", "acme", "1", "--yes"]).fails(1).says("acme has no such requests: 1");
    assert_eq!(waiting(&forge), 2);
}

#[test]
fn a_decision_that_takes_its_time_is_waited_for() {
    let forge = Forge::start(cast());
    ask(&forge, 1);
    let sandbox = with_app(&forge, "acme");
    forge.policy(|policy| policy.apps.lag = SignedDuration::from_secs(2));
    sandbox.patron(["requests", "approve", "acme", "--all", "--yes"]).ok().prints("approved: 1\n");
}

#[test]
fn with_a_personal_access_token_it_is_said_what_is_needed_and_how_to_get_it() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{secret}\n")).ok();
    let list = sandbox.patron(["requests", "list", "acme"]).fails(1);
    list.says("no GitHub App account for acme").says("add acme --new-app").says("--app CLIENT_ID");
}

#[test]
fn an_app_that_may_not_decide_names_the_permission() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "globex");
    sandbox
        .patron(["requests", "list", "globex"])
        .fails(1)
        .says("app-permission-missing")
        .says("token requests");
}

/// A member's desk, whose token for acme waits; and the number of its request, as the owner sees it.
fn member(forge: &Forge, owner: &Sandbox) -> (Sandbox, String) {
    forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    let desk = Sandbox::new(forge);
    desk.patron(["setup"]).ok();
    let secret = format!("{}\n", forge.secret("acme"));
    desk.patron(["add", "acme", "--token-stdin", "--no-browser"]).stdin(secret).ok();
    let id = ids(&rows(owner, "requests", &[])).remove(0);
    (desk, id)
}

/// Waits until a member's `wait` has asked, so that what comes is in its middle.
fn has_asked(forge: &Forge) {
    let start = Instant::now();
    while forge.git_asks().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60), "nobody asks");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_an_owner_approves_on_the_command_line_a_members_wait_sees() {
    let forge = Forge::start(cast());
    let owner = with_app(&forge, "acme");
    let (desk, id) = member(&forge, &owner);
    forge.clear_log();
    let clone = ["--", "git", "clone", "-q", "https://github.com/acme/secret"];
    let waiting = desk
        .patron(["wait", "acme/secret", "--timeout", "2m"])
        .args(clone)
        .within(Duration::from_secs(180))
        .spawn();
    has_asked(&forge);
    owner.patron(["requests", "approve", "acme", &id, "--yes"]).ok().prints("approved: 1\n");
    waiting.wait().ok();
    assert!(desk.work().join("secret/.git").is_dir());
}

#[test]
fn what_an_owner_denies_a_members_wait_cannot_tell_from_waiting_and_says_so() {
    let forge = Forge::start(cast());
    let owner = with_app(&forge, "acme");
    let (desk, id) = member(&forge, &owner);
    forge.clear_log();
    let waiting = desk.patron(["wait", "acme/secret", "--timeout", "15"]).spawn();
    has_asked(&forge);
    let deny = ["requests", "deny", "acme", &id, "--yes", "--reason", "ask me first"];
    owner.patron(deny).ok().prints("denied: 1\n");
    waiting
        .wait()
        .fails(3)
        .says("time is up")
        .says("denied or revoked")
        .says("check your mail for the decision");
}
