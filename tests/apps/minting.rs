//! Tokens that are minted when git asks: for one repository, once, until shortly before their end.

use super::{ASK, add, cast, minted, password, with_app};
use crate::forge::{Access, Forge, Permission, Rule, Selection, Then, key};
use crate::sandbox::Sandbox;
use jiff::SignedDuration;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn an_app_clones_and_pushes_two_owners_each_with_a_token_for_one_repository() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    add(&sandbox, &forge, "globex", key()).ok();
    for (name, folder) in [("acme/secret", "secret"), ("globex/api", "api"), ("acme/tools", "tools")] {
        sandbox.git(["clone", &format!("https://github.com/{name}")]).ok();
        let folder = sandbox.work().join(folder);
        sandbox.git(["commit", "-q", "--allow-empty", "-m", "more"]).cwd(&folder).ok();
        sandbox.git(["push"]).cwd(&folder).ok();
    }
    assert_eq!(minted(&forge), 3, "one for each repository");
    forge.policy(|policy| {
        let tokens = policy.tokens.iter().filter(|token| token.label.starts_with("minted-"));
        for (token, (owner, repo)) in tokens.zip([("acme", "secret"), ("globex", "api"), ("acme", "tools")]) {
            assert_eq!(token.owner.as_deref(), Some(owner));
            assert_eq!(token.repositories, Selection::Only(vec![repo.to_owned()]));
            let all: Vec<&str> = token.permissions.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((all, token.contents), (vec!["contents"], Permission::Write));
        }
    });
    let pushes = forge.git_asks().into_iter().filter(|ask| ask.3 == Access::Write);
    let with: Vec<String> = pushes.map(|ask| ask.4).collect();
    assert!(with.iter().all(|label| label.starts_with("minted-")), "{with:?}");
}

#[test]
fn a_kept_token_costs_no_request_and_its_end_is_told() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let first = sandbox.patron(["get"]).stdin(ASK).ok();
    assert!(first.stdout().contains("username=x-access-token\n"));
    assert!(first.stdout().contains("password_expiry_utc="));
    forge.clear_log();
    for _ in 0..3 {
        let again = sandbox.patron(["get"]).stdin(ASK).ok();
        assert_eq!(password(&again.stdout()), password(&first.stdout()));
    }
    assert_eq!(forge.log(), [], "no request at all");
    assert_eq!(minted(&forge), 1);
}

#[test]
fn the_end_of_a_token_in_the_middle_of_a_series_is_not_noticed_by_git() {
    let forge = Forge::start(cast());
    // Five minutes before its end a token is not given any more: this one is for some seconds.
    forge.policy(|policy| policy.apps.life = Some(SignedDuration::from_secs(308)));
    let sandbox = with_app(&forge, "acme");
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    let folder = sandbox.work().join("secret");
    let start = Instant::now();
    let mut fetches = 0;
    while start.elapsed() < Duration::from_secs(20) {
        sandbox.git(["fetch"]).cwd(&folder).ok().does_not_say("401");
        fetches += 1;
        thread::sleep(Duration::from_millis(500));
    }
    let minted = minted(&forge);
    assert!((2..fetches).contains(&minted), "{minted} tokens for {fetches} fetches");
}

#[test]
fn sixty_four_that_ask_at_once_mint_once() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let running: Vec<_> = (0..64).map(|_| sandbox.patron(["get"]).stdin(ASK).spawn()).collect();
    let answers: Vec<String> = running.into_iter().map(|running| running.wait().ok().stdout()).collect();
    assert!(answers.iter().all(|answer| password(answer) == password(&answers[0])));
    assert_eq!(minted(&forge), 1);
}

#[test]
fn a_minter_that_is_killed_blocks_nobody() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    // Long enough for the kill, shorter than the bound of a call.
    let slow = Rule::fault(Then::Delay(Duration::from_secs(20))).host("api.github.com").times(1);
    forge.policy(|policy| policy.rules.push(slow));
    let running = sandbox.patron(["get"]).stdin(ASK).spawn();
    let start = Instant::now();
    while forge.policy(|policy| policy.rules[0].times) != Some(0) {
        assert!(start.elapsed() < Duration::from_secs(30), "it did not ask");
        thread::sleep(Duration::from_millis(10));
    }
    running.kill();
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert!(password(&answer.stdout()).starts_with("ghs_"));
    assert_eq!(minted(&forge), 1);
}

#[test]
fn a_fresh_token_that_github_does_not_know_yet_is_waited_for() {
    let forge = Forge::start(cast());
    forge.policy(|policy| policy.apps.unknown_for = SignedDuration::from_millis(1500));
    let sandbox = with_app(&forge, "acme");
    sandbox
        .git(["clone", "https://github.com/acme/secret"])
        .ok()
        .does_not_say("401")
        .does_not_say("rejected");
    assert_eq!(minted(&forge), 1);
    let listed = sandbox.patron(["list"]).ok();
    assert!(!listed.stdout().contains("rejected"), "{}", listed.stdout());
}

#[test]
fn a_fresh_token_that_git_alone_does_not_know_yet_is_borne_at_the_first_use_and_later() {
    let forge = Forge::start(cast());
    forge.policy(|policy| {
        policy.apps.unknown_to_git_for = SignedDuration::from_millis(2500);
        // Five minutes before its end a token is not given any more: this one is for some seconds.
        policy.apps.life = Some(SignedDuration::from_secs(308));
    });
    let sandbox = with_app(&forge, "acme");
    let quiet = |line: &[&str], folder: &std::path::Path| {
        sandbox.git(line).cwd(folder).ok().does_not_say("401").does_not_say("patron:");
    };
    quiet(&["clone", "https://github.com/acme/secret"], &sandbox.work());
    let folder = sandbox.work().join("secret");
    let start = Instant::now();
    // All is well here by now, so nothing but the new tokens is a reason to ask.
    while start.elapsed() < Duration::from_secs(15) || minted(&forge) < 3 {
        assert!(start.elapsed() < Duration::from_secs(100), "{} tokens", minted(&forge));
        quiet(&["fetch"], &folder);
        thread::sleep(Duration::from_millis(500));
    }
    let listed = sandbox.patron(["list"]).ok();
    assert!(!listed.stdout().contains("rejected"), "{}", listed.stdout());
}

#[test]
fn a_dead_token_that_the_probe_meets_is_minted_anew_at_once() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    let folder = sandbox.work().join("secret");
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "more"]).cwd(&folder).ok();
    forge.policy(|policy| policy.token_mut("minted-1").state = crate::forge::State::Revoked);
    // The first push: it is asked about before git gets anything.
    sandbox.git(["push"]).cwd(&folder).ok().does_not_say("401");
    assert_eq!(minted(&forge), 2);
    let listed = sandbox.patron(["list"]).ok();
    assert!(!listed.stdout().contains("rejected"), "{}", listed.stdout());
}

#[test]
fn an_app_whose_tokens_are_never_known_is_named_and_not_put_off() {
    let forge = Forge::start(cast());
    forge.policy(|policy| policy.apps.unknown_to_git_for = SignedDuration::from_hours(1));
    let sandbox = with_app(&forge, "acme");
    let clone = sandbox.git(["clone", "https://github.com/acme/secret"]).fails(128);
    clone.says("refused a token of the GitHub App of acme (401)");
    assert_eq!(minted(&forge), 2, "once more, and then no more");
    forge.policy(|policy| policy.apps.unknown_to_git_for = SignedDuration::ZERO);
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
}

#[test]
fn a_token_that_github_takes_back_is_minted_anew() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    let folder = sandbox.work().join("secret");
    forge.policy(|policy| policy.token_mut("minted-1").state = crate::forge::State::Revoked);
    // Not so fresh any more that its 401 would be borne.
    thread::sleep(Duration::from_secs(7));
    sandbox.git(["fetch"]).cwd(&folder).fails(128).says("the next use mints a new one");
    sandbox.git(["fetch"]).cwd(&folder).ok();
    assert_eq!(minted(&forge), 2);
}

#[test]
fn the_long_tokens_of_2026_are_kept_and_given_whole() {
    let forge = Forge::start(cast());
    forge.policy(|policy| policy.apps.stateless = true);
    let sandbox = with_app(&forge, "acme");
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert_eq!(password(&answer.stdout()), forge.secret("minted-1"));
    assert!(password(&answer.stdout()).len() > 500);
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    assert_eq!(minted(&forge), 1);
}

#[test]
fn a_minted_token_is_not_told_to_an_earlier_helper() {
    let forge = Forge::start(cast());
    let sandbox = Sandbox::new(&forge);
    let told = sandbox.root().join("told");
    sandbox.write_program("git-credential-theirs", &format!("cat >>'{}'", told.display()));
    sandbox.git(["config", "--global", "credential.helper", "theirs"]).ok();
    sandbox.patron(["setup"]).ok();
    add(&sandbox, &forge, "acme", key()).ok();
    for name in ["secret", "tools"] {
        sandbox.git(["clone", &format!("https://github.com/acme/{name}")]).ok();
        sandbox.git(["fetch"]).cwd(sandbox.work().join(name)).ok();
    }
    assert!(!told.exists(), "the other helper was told");
}

#[test]
fn token_and_exec_give_a_token_for_the_repository_that_is_named() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    let token = sandbox.patron(["token", "acme/secret"]).ok();
    assert_eq!(token.stdout().trim(), forge.secret("minted-1"));
    let seen = sandbox.patron(["exec", "--for", "acme/secret", "--", "sh", "-c", "echo $GH_TOKEN"]).ok();
    assert_eq!(seen.stdout().trim(), forge.secret("minted-1"));
    sandbox.patron(["token", "acme"]).fails(1).says("name the repository: acme/REPO");
}

#[test]
fn the_list_shows_the_app_and_remove_leaves_nothing_behind() {
    let forge = Forge::start(cast());
    let sandbox = with_app(&forge, "acme");
    sandbox.patron(["get"]).stdin(ASK).ok();
    let listed = sandbox.patron(["list", "--json"]).ok();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout()).expect("JSON");
    let row = &listed["accounts"][0];
    assert_eq!((row["kind"].as_str(), row["login"].as_str()), (Some("app"), Some("deploy[bot]")));
    assert!(row["expires"].is_null());
    sandbox.patron(["remove", "acme", "--yes"]).ok();
    let left = std::fs::read_to_string(crate::given::secrets_file(&sandbox)).expect("the vault");
    assert!(!left.contains("acme"), "something is left");
}
