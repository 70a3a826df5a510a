//! What `diagnose` takes its arguments for, what it asks for them, and the form of its answer.

use super::super::forge::{Policy, Reply, Rule, State, Token};
use super::scene::{Scene, targets};

/// The rows `(remote, operation, URL, verdict)` of a run.
fn rows(output: &super::super::sandbox::Output) -> Vec<[String; 4]> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    targets(output)
        .iter()
        .map(|it| {
            let target = &it["target"];
            [&target["remote"], &target["operation"], &target["url"], &it["verdict"]["id"]].map(text)
        })
        .collect()
}

/// Three accounts' worth of policy.
fn accounts() -> Scene {
    Scene::new(Policy::sample(), &[("acme", "acme"), ("globex", "globex")])
}

#[test]
fn the_json_is_the_contracts_in_every_field_and_in_their_order() {
    let scene = accounts();
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    let text = scene.diagnose("--json").ok().stdout();
    let keys: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\":"))
        .map(|(key, _)| key)
        .collect();
    let once: Vec<&str> =
        keys.iter().enumerate().filter(|(at, key)| !keys[..*at].contains(key)).map(|(_, key)| *key).collect();
    assert_eq!(
        once,
        [
            "version",
            "targets",
            "target",
            "url",
            "remote",
            "host",
            "owner",
            "repo",
            "operation",
            "verdict",
            "id",
            "certainty",
            "means",
            "fix",
            "page",
            "account",
            "label",
            "scope",
            "kind",
            "login",
            "expires",
            "vault",
            "source",
            "checks",
            "status",
            "message",
            "requests"
        ]
    );
    let one = scene.one("");
    let expected = serde_json::json!({
        "url": "https://github.com/acme/secret", "remote": "origin", "host": "github.com", "owner": "acme",
        "repo": "secret", "operation": "fetch"
    });
    assert_eq!(one.target["target"], expected);
    let account = &one.target["account"];
    let expires = account["expires"].as_str().expect("it ends").to_owned();
    let expected = serde_json::json!({
        "label": "acme", "scope": "https://github.com/acme", "kind": "fine-grained", "login": "mona",
        "expires": expires, "vault": "file", "source": "account"
    });
    assert_eq!(*account, expected);
    assert!(expires.len() == 20 && expires.ends_with('Z'), "{expires}");
    assert_eq!(one.target["requests"], 3);
    let none = scene.one("mona/dotfiles");
    assert!(none.target["account"].is_null() && none.target["target"]["remote"].is_null());
}

#[test]
fn without_an_argument_every_remote_is_looked_at_with_both_of_its_urls() {
    let scene = accounts();
    scene.repository(&[
        ("backup", "/srv/git/secret.git"),
        ("fork", "https://github.com/mona/dotfiles.git"),
        ("origin", "https://github.com/acme/secret.git"),
        ("ssh", "git@github.com:acme/secret.git"),
    ]);
    let push = ["remote", "set-url", "--push", "origin", "https://github.com/globex/api.git"];
    scene.sandbox.git(push).ok();
    let output = scene.diagnose("--json").fails(1);
    let row = |cells: [&str; 4]| cells.map(str::to_owned);
    assert_eq!(
        rows(&output),
        [
            // The one that git takes by itself comes first.
            row(["origin", "fetch", "https://github.com/acme/secret", "ok"]),
            row(["origin", "push", "https://github.com/globex/api", "ok"]),
            row(["fork", "fetch", "https://github.com/mona/dotfiles", "no-account"]),
            row(["ssh", "fetch", "ssh://github.com/acme/secret", "ssh-remote"]),
        ]
    );
    output.says("patron: the remote backup is not an https or ssh URL");
    // A push does not go to the URL that is for fetching alone.
    let named = rows(&scene.diagnose("origin --push --json").ok());
    assert_eq!(named.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["fetch", "push"]);
    assert_eq!(rows(&scene.diagnose("ssh --json").ok()).len(), 1);
}

#[test]
fn the_highest_exit_code_of_all_targets_counts() {
    let scene = accounts();
    scene.repository(&[("a", "https://github.com/acme/secret"), ("b", "https://github.com/globex/api")]);
    scene.diagnose("").ok();
    scene.forge.policy(|policy| policy.rules.push(Rule::answer(Reply::too_many(9)).owner("globex")));
    scene.diagnose("").fails(3);
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    scene.diagnose("").fails(1);
    scene.diagnose("b").fails(3);
}

#[test]
fn what_is_typed_wrongly_is_said_with_exit_code_2() {
    let scene = accounts();
    scene.diagnose("ftp://example.com/x").fails(2).says("fix: a scope is");
    scene.diagnose("--no-such-option").fails(2);
    scene.repository(&[]);
    scene.diagnose("").fails(2).says("has no remote");
    scene.sandbox.git(["remote", "add", "disk", "/srv/x"]).ok();
    scene.diagnose("").fails(2).says("no remote here is on a host that can have an account");
}

#[test]
fn a_url_is_what_git_makes_of_it() {
    let scene = accounts();
    for (key, value) in [
        ("url.https://github.com/globex/.insteadOf", "gx:"),
        ("url.https://github.com/globex/api.insteadOf", "https://github.com/acme/tools"),
        ("url.git@github.com:.pushInsteadOf", "https://github.com/"),
    ] {
        scene.sandbox.git(["config", "--global", key, value]).ok();
    }
    let url = |arguments: &str| scene.one(arguments).target["target"]["url"].clone();
    assert_eq!(url("https://github.com/acme/tools"), "https://github.com/globex/api");
    assert_eq!(url("https://github.com/acme/secret"), "https://github.com/acme/secret");
    assert_eq!(url("https://github.com/acme/secret --push"), "ssh://github.com/acme/secret");
    scene.repository(&[("origin", "gx:api")]);
    let output = scene.diagnose("--json");
    assert_eq!(rows(&output)[0][2], "https://github.com/globex/api");
    let rewrite = super::scene::One { target: targets(&output).remove(0), code: 0 }.check("url-rewrite");
    assert_eq!(rewrite, "ok: url.*.insteadOf (~/.gitconfig:6) changes the URL to this one");
}

#[test]
fn a_token_that_github_does_not_know_is_sent_once_for_all_remotes() {
    let scene = accounts();
    scene.repository(&[
        ("a", "https://github.com/acme/secret"),
        ("b", "https://github.com/acme/tools"),
        ("c", "https://github.com/acme/secret.git"),
    ]);
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let output = scene.diagnose("--push --json").fails(1);
    assert!(rows(&output).iter().all(|row| row[3] == "token-rejected"), "{}", output.report());
    let sent: Vec<_> = scene.forge.log().into_iter().filter(|entry| entry.token.is_some()).collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0].path.as_str(), sent[0].status), ("/user", 401));
}

#[test]
fn no_token_is_asked_about_another_owner() {
    let scene = accounts();
    scene.repository(&[
        ("a", "https://github.com/acme/secret"),
        ("b", "https://github.com/globex/api"),
        ("c", "https://github.com/mona/dotfiles"),
        ("d", "https://github.com/acme/nothing"),
    ]);
    scene.diagnose("--push").fails(1);
    for entry in scene.forge.log() {
        let (owner, token) = (entry.owner.as_str(), entry.token.as_deref());
        assert!(owner.is_empty() || token.is_none() || token == Some(owner), "{entry:?}");
    }
    assert!(scene.forge.refused_tunnels().is_empty());
}

#[test]
fn offline_asks_nobody_and_says_so() {
    let policy = Policy::sample().token(Token::classic("old", "mona"));
    let scene = Scene::new(policy, &[("acme", "acme"), ("globex", "globex")]);
    let one = scene.one("acme/secret --offline");
    assert_eq!(
        (one.id(), one.code, &one.target["requests"]),
        ("not-asked", 3, &0.into()),
        "{:#}",
        one.target
    );
    assert_eq!(one.target["verdict"]["certainty"], "measured");
    assert!(one.words().contains("--offline"), "{}", one.words());
    for id in ["fetch", "push", "requests", "token-login"] {
        assert!(one.check(id).starts_with("skipped: "), "{}", one.check(id));
    }
    assert!(one.check("vault").starts_with("ok: "));
    for (arguments, id, code) in [
        ("git@github.com:acme/secret --offline", "ssh-remote", 0),
        ("mona/dotfiles --offline", "no-account", 1),
        ("https://example.com/x/y --offline", "not-github", 1),
    ] {
        let one = scene.one(arguments);
        assert_eq!((one.id(), one.code), (id, code), "{:#}", one.target);
    }
    scene.edit_accounts(|line| match line.starts_with("expires") {
        true => "expires = \"2026-01-02T03:04:05Z\"".to_owned(),
        false => line.to_owned(),
    });
    let one = scene.one("acme/secret --offline");
    assert_eq!((one.id(), one.code), ("token-expired", 1), "{:#}", one.target);
    // Another helper would ask somebody.
    scene.sandbox.git(["config", "--global", "patron.https://github.com.fallback", "cache"]).ok();
    let one = scene.one("mona/dotfiles --offline");
    assert_eq!((one.id(), one.code), ("not-asked", 3), "{:#}", one.target);
    assert_eq!(one.check("fallback"), "skipped: git's previous helper (cache) is not asked: --offline");
    assert!(scene.forge.log().is_empty(), "{:?}", scene.forge.log());
}

#[test]
fn offline_tells_how_it_went_the_last_time() {
    let scene = accounts();
    scene.diagnose("acme/secret").ok();
    assert!(scene.one("acme/secret --offline").words().contains("last time (just now) it worked"));
    scene.forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(1));
    scene.diagnose("acme/secret").fails(1);
    let words = scene.one("acme/secret --offline").words();
    assert!(words.contains("lifetime-too-long: git credential-patron explain lifetime-too-long"), "{words}");
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    scene.diagnose("acme/secret").fails(1);
    let words = scene.one("acme/secret --offline").words();
    assert!(words.contains("last time (just now) GitHub did not recognise the token"), "{words}");
}

#[test]
fn open_opens_the_verdicts_page_even_where_nobody_is_seen_to_sit() {
    let scene = accounts();
    scene.forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(1));
    let output = scene.sandbox.patron(["diagnose", "acme/secret", "--open"]).env("CI", "true").fails(1);
    let number = scene.forge.policy(|policy| policy.token_mut("acme").id);
    let page = format!("https://github.com/settings/personal-access-tokens/{number}");
    output.says(&format!("patron: opened {page}"));
    let start = std::time::Instant::now();
    while scene.sandbox.opened_pages().is_empty() && start.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(scene.sandbox.opened_pages(), [page]);
    scene.diagnose("globex/api --open").ok().says("there is no page to open");
    scene.diagnose("acme/secret").fails(1).says_nothing();
    assert_eq!(scene.sandbox.opened_pages().len(), 1, "only --open opens");
}

#[test]
fn the_earlier_helper_answers_where_no_account_fits() {
    let scene = accounts();
    let secret = scene.forge.secret("mona");
    scene.sandbox.write_program(
        "git-credential-old",
        &format!(
            "test \"$1\" = get && cat >'{}/asked' && echo username=mona && echo password={secret}",
            scene.sandbox.root().display()
        ),
    );
    scene.sandbox.git(["config", "--global", "patron.https://github.com.fallback", "old"]).ok();
    let one = scene.one("mona/dotfiles");
    assert_eq!((one.id(), one.code), ("ok", 0), "{:#}", one.target);
    assert_eq!(one.target["account"]["source"], "fallback");
    assert_eq!(one.target["account"]["kind"], "fine-grained");
    assert!(one.target["account"]["label"].is_null());
    assert_eq!(one.check("fallback"), "ok: git's previous helper answers instead (old)");
    let asked = std::fs::read_to_string(scene.sandbox.root().join("asked")).expect("it was asked");
    assert_eq!(asked, "protocol=https\nhost=github.com\n", "without the path, as in `get`");
    // It is inspected like any other.
    scene.forge.policy(|policy| policy.token_mut("mona").state = State::Revoked);
    let one = scene.one("mona/dotfiles");
    assert_eq!((one.id(), one.code), ("token-rejected", 1), "{:#}", one.target);
    assert!(one.words().contains("the token of your previous helper"), "{}", one.words());
}

#[test]
fn a_fallback_that_answers_another_owners_token_is_not_believed() {
    let scene = accounts();
    let secret = scene.forge.secret("acme");
    let answer = format!("test \"$1\" = get && echo username=mona && echo password={secret}");
    scene.sandbox.write_program("git-credential-old", &answer);
    scene.sandbox.git(["config", "--global", "patron.https://github.com.fallback", "old"]).ok();
    let one = scene.one("mona/dotfiles");
    assert_eq!((one.id(), one.code), ("no-account", 1), "{:#}", one.target);
    assert!(
        one.checks("fallback")[0].contains("a token of an account that is not for this"),
        "{:#}",
        one.target
    );
    assert!(scene.forge.log().is_empty(), "acme's token was asked about nobody else");
}

#[test]
fn the_chosen_account_is_named_with_the_rule_and_the_others_with_why_not() {
    let policy = Policy::sample()
        .user("robot")
        .token(Token::fine_grained("robot", "robot", "acme"))
        .token(Token::fine_grained("narrow", "mona", "acme"));
    let scene = Scene::new(policy, &[("acme", "acme"), ("globex", "globex"), ("acme", "robot")]);
    scene.add("acme/tools", "narrow", &["--label", "narrow"]);
    scene.add("https://github.com", "classic", &["--yes"]);
    scene.add("ghe.example.com/acme", "acme", &["--no-verify", "--login", "mona"]);
    let of = |arguments: &str| {
        let one = scene.one(arguments);
        let mut checks = one.checks("account");
        checks.extend(one.checks("account-other"));
        checks.join("\n")
    };
    assert_eq!(
        of("acme/tools"),
        "ok: \"narrow\" (https://github.com/acme/tools): its scope is the most specific match\n\
         skipped: \"acme\" (https://github.com/acme) matches too, with lower priority\n\
         skipped: \"acme@robot\" (https://github.com/acme) matches too, with lower priority\n\
         skipped: \"github.com\" (https://github.com) matches too, with lower priority\n\
         skipped: \"globex\" (https://github.com/globex) is for another owner\n\
         skipped: 1 account for other hosts"
    );
    assert_eq!(
        of("https://robot@github.com/acme/secret").lines().take(3).collect::<Vec<_>>(),
        [
            "ok: \"acme@robot\" (https://github.com/acme): the only account that matches",
            "skipped: \"acme\" (https://github.com/acme) belongs to a different login than the URL names",
            "skipped: \"globex\" (https://github.com/globex) belongs to a different login than the URL names",
        ]
    );
    assert!(of("acme/secret").starts_with("ok: \"acme\" (https://github.com/acme): its label sorts first\n"));
}

#[test]
fn a_vault_in_trouble_is_named_with_what_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let scene = accounts();
    let secrets = scene.sandbox.home().join(".local/share/git-credential-patron/secrets.toml");
    std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    let one = scene.one("acme/secret");
    assert_eq!((one.id(), one.code), ("no-account", 1), "{:#}", one.target);
    assert!(one.words().contains("the token of \\\"acme\\\" cannot be read"), "{}", one.words());
    assert!(one.words().contains("chmod 600"), "{}", one.words());
    assert!(one.check("vault").starts_with("failed: "), "{}", one.check("vault"));
    assert!(scene.forge.log().is_empty());
    std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    std::fs::write(&secrets, "").expect("it is ours");
    let one = scene.one("acme/secret");
    assert_eq!((one.id(), one.code), ("no-account", 1), "{:#}", one.target);
    assert!(one.words().contains("the file has none"), "{}", one.words());
}

#[test]
fn helpers_beside_patron_are_named_by_file_and_line() {
    let scene = accounts();
    scene.sandbox.git(["config", "--global", "--add", "credential.https://github.com.helper", "store"]).ok();
    let one = scene.one("acme/secret");
    assert_eq!(one.id(), "ok");
    assert!(
        one.check("helper-first")
            .starts_with("ok: git asks patron first (~/.config/git-credential-patron/gitconfig:")
    );
    let other = one.check("helper-other");
    assert!(
        other.starts_with("warning: store (~/.gitconfig:")
            && other.contains("git gives it each token to store"),
        "{other}"
    );
    scene.sandbox.git(["config", "--global", "credential.https://github.com.useHttpPath", "no"]).ok();
    assert!(scene.one("acme/secret").check("use-http-path").starts_with("warning: useHttpPath is off"));
    scene.sandbox.git(["config", "--global", "credential.https://github.com.useHttpPath", "perhaps"]).ok();
    let broken = scene.one("acme/secret").check("helper-config");
    assert!(broken.contains("is neither true nor false, which makes git fail"), "{broken}");
}

#[test]
fn a_git_that_asks_without_end_after_a_limit_is_warned_of() {
    let scene = accounts();
    let real = super::super::sandbox::gits()[0].path.clone();
    let says = |version: &str| {
        let script = format!(
            "test \"$1\" = --version && echo git version {version} && exit\nexec {} \"$@\"",
            real.display()
        );
        scene.sandbox.write_program("git", &script);
        scene.one("acme/secret")
    };
    assert!(says("2.53.0").checks("git-defects").is_empty());
    for version in ["2.54.0", "2.55.0.windows.1", "3.0.0"] {
        let check = says(version).check("git-defects");
        assert!(
            check.starts_with("warning: ") && check.ends_with("git config --global http.maxRetries 1"),
            "{check}"
        );
    }
    scene.sandbox.git(["config", "--global", "http.maxRetries", "1"]).ok();
    assert!(says("2.55.0").check("git-defects").starts_with("ok: "));
    assert!(says("what?").check("git-version").starts_with("warning: "));
}
