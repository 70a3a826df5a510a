//! `status`: is everything fine, and what was refused while nobody looked.

use super::forge::{Forge, Policy, State, Token};
use super::sandbox::{Output, Sandbox};
use serde_json::{Value, json};

/// A forge and a sandbox in which patron is set up and each `(scope, label)` was added.
fn scene(policy: Policy, accounts: &[(&str, &str)]) -> (Forge, Sandbox) {
    let forge = Forge::start(policy);
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    for (scope, label) in accounts {
        sandbox.patron(["add", scope, "--token-stdin"]).stdin(forge.secret(label) + "\n").ok();
    }
    forge.clear_log();
    (forge, sandbox)
}

/// Undoes the wrapping of lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.report()))
}

/// Gives `(label, state)` of each account.
fn states(output: &Output) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let json = json_of(output);
    let accounts = json["accounts"].as_array().expect("a list").iter();
    accounts.map(|account| (text(&account["label"]), text(&account["state"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn all_is_fine_where_git_asks_patron_and_the_tokens_work() {
    let (forge, sandbox) = scene(Policy::sample(), &[("acme", "acme"), ("mona", "mona")]);
    let output = sandbox.patron(["status", "--json"]).ok().says_nothing();
    let json = json_of(&output);
    assert_eq!(json["version"], 1);
    let ours = "~/.config/git-credential-patron/gitconfig:";
    for (host, row) in ["gist.github.com", "github.com"].iter().zip(json["hosts"].as_array().expect("a list"))
    {
        assert_eq!((&row["host"], &row["asked_first"]), (&json!(host), &json!(true)), "{json:#}");
        assert!(row["line"].as_str().is_some_and(|line| line.starts_with(ours)), "{json:#}");
    }
    let account = &json["accounts"][0];
    let expires = account["expires"].clone();
    assert_eq!(
        *account,
        json!({"label": "acme", "scope": "https://github.com/acme", "kind": "fine-grained", "login": "mona",
            "expires": expires, "vault": "file", "state": "fine", "page": null})
    );
    assert_eq!(json["refusals"], json!([]));
    let text = sandbox.patron(["status"]).ok().says_nothing().stdout();
    assert!(text.ends_with("\nno problems found\n"), "{text}");
    assert!(flat(&text).contains("can see private repositories of acme"), "{text}");
    assert!(forge.log().iter().all(|request| request.status == 200), "{:?}", forge.log());
}

#[test]
fn without_a_request_nothing_is_called_fine() {
    let (forge, sandbox) = scene(Policy::sample(), &[("acme", "acme"), ("mona", "mona")]);
    let output = sandbox.patron(["status", "--offline", "--json"]).fails(3);
    assert_eq!(states(&output), pairs(&[("acme", "not-asked"), ("mona", "not-asked")]));
    sandbox.patron(["status", "--offline"]).fails(3);
    assert_eq!(forge.log(), []);
    // Nothing kept, nothing to ask: still nobody was.
    Sandbox::new(None).patron(["status", "--offline"]).fails(3);
}

#[test]
fn outside_a_repository_diagnose_is_status() {
    let (_forge, sandbox) = scene(Policy::sample(), &[("acme", "acme")]);
    let (one, other) =
        (sandbox.patron(["diagnose", "--json"]).ok(), sandbox.patron(["status", "--json"]).ok());
    assert_eq!(json_of(&one), json_of(&other));
    sandbox.patron(["diagnose", "--offline"]).fails(3);
    sandbox.git(["init", "-q", "."]).ok();
    sandbox.patron(["diagnose", "--json"]).fails(2).prints("").says("has no remote");
}

#[test]
fn a_token_is_told_by_what_it_is_worth_now() {
    let (forge, sandbox) =
        scene(Policy::sample(), &[("acme", "acme"), ("globex", "globex"), ("mona", "mona")]);
    forge.policy(|policy| policy.token_mut("globex").state = State::Pending);
    let output = sandbox.patron(["status", "--json"]).fails(1);
    assert_eq!(states(&output), pairs(&[("acme", "fine"), ("globex", "pending"), ("mona", "fine")]));
    let page = json_of(&output)["accounts"][1]["page"].clone();
    assert!(page.as_str().is_some_and(|page| page.contains("/settings/personal-access-tokens")), "{page}");
    forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let output = sandbox.patron(["status", "--json"]).fails(1);
    assert_eq!(states(&output), pairs(&[("acme", "rejected"), ("globex", "pending"), ("mona", "fine")]));
    // A rejected one is not sent again.
    forge.clear_log();
    let output = sandbox.patron(["status", "--json"]).fails(1);
    assert_eq!(states(&output)[0].1, "rejected");
    assert!(forge.log().iter().all(|request| request.token.as_deref() != Some("acme")));
}

#[test]
fn what_could_not_be_asked_is_not_called_fine() {
    let (_forge, mut sandbox) = scene(Policy::sample(), &[("acme", "acme"), ("globex", "globex")]);
    // Nobody listens there.
    sandbox.set("HTTPS_PROXY", "http://127.0.0.1:9");
    sandbox.set("https_proxy", "http://127.0.0.1:9");
    let output = sandbox.patron(["status", "--json"]).fails(3);
    assert_eq!(states(&output), pairs(&[("acme", "unreachable"), ("globex", "unreachable")]));
}

#[test]
fn two_tokens_that_github_does_not_know_end_the_asking() {
    let mut policy = Policy::sample();
    let names: Vec<String> = (0..8).map(|number| format!("t{number}")).collect();
    for name in &names {
        policy = policy.token(Token::classic(name, "mona"));
    }
    let scopes: Vec<(String, &str)> =
        names.iter().map(|name| (format!("owner-{name}"), name.as_str())).collect();
    let rows: Vec<(&str, &str)> = scopes.iter().map(|(scope, label)| (scope.as_str(), *label)).collect();
    let (forge, sandbox) = scene(policy, &rows);
    forge.policy(|policy| names.iter().for_each(|name| policy.token_mut(name).state = State::Revoked));
    let output = sandbox.patron(["status", "--json"]).fails(1);
    let count = |state: &str| states(&output).iter().filter(|(_, known)| known == state).count();
    assert_eq!((count("rejected"), count("not-asked")), (2, 6), "{}", output.report());
    assert_eq!(forge.log().iter().filter(|request| request.status == 401).count(), 2);
    // Those that worked before go first, and one bad one among them is no reason to leave the others.
    forge.policy(|policy| names[1..].iter().for_each(|name| policy.token_mut(name).state = State::Active));
    let _ = std::fs::remove_file(sandbox.home().join(".local/state/git-credential-patron/outcomes.toml"));
    let output = sandbox.patron(["status", "--json"]).fails(1);
    let count = |state: &str| states(&output).iter().filter(|(_, known)| known == state).count();
    assert_eq!((count("rejected"), count("fine")), (1, 7), "{}", output.report());
}

#[test]
fn a_refusal_is_told_until_git_gets_past_it() {
    let (forge, sandbox) = scene(Policy::sample(), &[("acme", "acme"), ("globex", "globex")]);
    forge.policy(|policy| policy.token_mut("globex").state = State::Pending);
    let fetch = |owner: &str| sandbox.git(["ls-remote", &format!("https://github.com/{owner}")]);
    // A client that shows nobody what was said.
    fetch("globex/api").fails(128);
    forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    fetch("acme/secret").fails(128);
    let output = sandbox.patron(["status", "--json"]).fails(1);
    let json = json_of(&output);
    let told: Vec<Value> = json["refusals"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| json!([row["url"], row["operation"], row["verdict"]["id"], row["at"].is_string()]))
        .collect();
    let mut expected = vec![
        json!(["https://github.com/acme/secret", "fetch", "token-rejected", true]),
        json!(["https://github.com/globex/api", "fetch", "approval-pending", true]),
    ];
    let mut sorted = told.clone();
    sorted.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(sorted, expected, "{json:#}");
    let pending = json["refusals"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["verdict"]["id"] == "approval-pending");
    let verdict = &pending.expect("it is there")["verdict"];
    assert!(
        verdict["means"]
            .as_str()
            .is_some_and(|means| means.starts_with("globex has most likely not approved")),
        "{verdict:#}"
    );
    assert!(
        verdict["page"].is_string() && verdict["fix"].as_array().is_some_and(|fix| !fix.is_empty()),
        "{verdict:#}"
    );
    let text = sandbox.patron(["status"]).fails(1).stdout();
    assert!(text.contains("fetch\n             https://github.com/globex/api\n"), "{text}");
    forge.policy(|policy| {
        policy.token_mut("globex").state = State::Active;
        policy.token_mut("acme").state = State::Active;
    });
    sandbox.patron(["diagnose", "globex/api"]).ok();
    sandbox.patron(["diagnose", "acme/secret"]).ok();
    let output = sandbox.patron(["status", "--json"]).ok();
    assert_eq!(json_of(&output)["refusals"], json!([]));
}

#[test]
fn the_helper_that_is_asked_before_patron_is_named_with_what_takes_it_away() {
    let (_forge, sandbox) = scene(Policy::sample(), &[("acme", "acme")]);
    let host = |output: &Output| json_of(output)["hosts"].as_array().expect("a list")[1].clone();
    // As `gh auth setup-git` writes it, behind our block.
    let config = sandbox.read(".gitconfig").expect("setup made it");
    let gh = "[credential \"https://github.com\"]\n\thelper =\n\thelper = !/usr/bin/gh auth git-credential\n";
    sandbox.write(".gitconfig", format!("{config}{gh}"));
    let row = host(&sandbox.patron(["status", "--json"]).fails(1));
    assert_eq!((&row["asked_first"], &row["line"]), (&json!(false), &json!("~/.gitconfig:7")));
    let text = sandbox.patron(["status"]).fails(1).stdout();
    assert!(text.contains("git asks !/usr/bin/gh ... first"), "{text}");
    assert!(text.contains("-> git credential-patron setup\n"), "{text}");
    sandbox.patron(["setup"]).ok();
    assert_eq!(host(&sandbox.patron(["status", "--json"]).ok())["asked_first"], true);
    // What setup cannot change: the environment, and `git -c`.
    for (key, value, first) in [
        ("credential.helper", "", json!(false)),
        ("credential.https://github.com.helper", "", json!(false)),
        ("credential.helper", "store", json!(true)),
    ] {
        let run = |json: bool| {
            let run = sandbox.patron(["status"]).args(json.then_some("--json")).env("GIT_CONFIG_COUNT", "1");
            run.env("GIT_CONFIG_KEY_0", key).env("GIT_CONFIG_VALUE_0", value).fails(1)
        };
        assert_eq!(host(&run(true))["asked_first"], first, "{key}={value}");
        let text = run(false).stdout();
        let unset = format!("unset GIT_CONFIG_KEY_0 in the environment, where {key} is set");
        assert!(flat(&text).contains(&unset), "{text}");
    }
    let by_option = sandbox.git(["-c", "credential.helper=", "credential-patron", "status"]).fails(1);
    assert!(
        flat(&by_option.stdout()).contains("leave -c credential.helper=... out"),
        "{}",
        by_option.report()
    );
}

#[test]
fn the_settings_of_the_repository_here_are_not_read() {
    let (forge, sandbox) = scene(Policy::sample(), &[("acme", "acme")]);
    sandbox.git(["init", "-q", "."]).ok();
    for (key, value) in [
        ("credential.helper", "store"),
        ("http.proxy", "http://127.0.0.1:9"),
        ("credential.useHttpPath", "false"),
    ] {
        sandbox.git(["config", key, value]).ok();
        sandbox.patron(["status"]).ok();
    }
    assert!(!forge.log().is_empty());
}

#[test]
fn a_bare_command_on_a_terminal_names_a_recent_refusal() {
    let (forge, sandbox) = scene(Policy::sample(), &[("globex", "globex")]);
    let bare = || sandbox.command("script", ["-qec", "git credential-patron", "/dev/null"]).run().stdout();
    let text = bare();
    assert!(text.contains("usage: git credential-patron COMMAND") && !text.contains("refused"), "{text}");
    forge.policy(|policy| policy.token_mut("globex").state = State::Pending);
    sandbox.git(["ls-remote", "https://github.com/globex/api"]).fails(128);
    let text = bare();
    assert!(
        text.contains("patron: globex/api was refused just now: globex has most likely not approved"),
        "{text}"
    );
    assert_eq!(text.matches("patron: ").count(), 1, "{text}");
}

#[test]
fn list_and_add_say_who_has_come_before_patron() {
    let (forge, sandbox) = scene(Policy::sample(), &[("acme", "acme")]);
    let add = |environment: &[(&str, &str)]| {
        let run = sandbox.patron(["add", "globex", "--token-stdin"]).stdin(forge.secret("globex") + "\n");
        environment.iter().fold(run, |run, (name, value)| run.env(name, value)).ok().stderr()
    };
    let list = |environment: &[(&str, &str)]| {
        let run = sandbox.patron(["list"]);
        environment.iter().fold(run, |run, (name, value)| run.env(name, value)).ok().stderr()
    };
    assert_eq!((add(&[]), list(&[])), (String::new(), String::new()));
    let by_environment = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "credential.https://github.com.helper"),
        ("GIT_CONFIG_VALUE_0", ""),
    ];
    for said in [add(&by_environment), list(&by_environment)] {
        assert!(said.contains("github.com: GIT_CONFIG_KEY_0 resets the helpers"), "{said}");
        assert!(said.contains("fix: unset GIT_CONFIG_KEY_0 in the environment"), "{said}");
    }
    let config = sandbox.read(".gitconfig").expect("setup made it");
    for (behind, fact) in [
        (
            "[credential \"https://github.com\"]\n\thelper =\n\thelper = !/usr/bin/gh auth git-credential\n",
            "git asks !/usr/bin/gh ... first",
        ),
        ("[credential]\n\thelper = store\n", "store (~/.gitconfig:6) is asked after patron"),
    ] {
        sandbox.write(".gitconfig", format!("{config}{behind}"));
        for said in [add(&[]), list(&[])] {
            assert!(said.contains(&format!("patron: github.com: {fact}")), "{said}");
            assert!(said.contains("fix: git credential-patron setup\n"), "{said}");
        }
    }
}
