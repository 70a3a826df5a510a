//! What is remembered over months, while people, tokens and machines change: renamed users, tokens that are rotated
//! elsewhere, ends that were wrong, secrets that did not come along, work in the background.

use super::*;
use crate::forge::{State, Token, days};
use crate::screen::Screen;
use std::collections::BTreeMap;

const CLONE: &str = "clone -q https://github.com/acme/secret";
const FETCH: &str = "fetch -q";
const ACCOUNTS: &str = ".config/git-credential-patron/accounts.toml";
const SECRETS: &str = ".local/share/git-credential-patron/secrets.toml";
const LONG_AGO: &str = "2020-01-02T03:04:05Z";

/// What somebody does.
type Act = fn(&Desk);
/// How another secret gets into a vault.
type Rotate<'a> = dyn Fn(&Desk, &str) + 'a;

impl Desk {
    /// The accounts as `list --json` tells them.
    fn listed(&self) -> Vec<serde_json::Value> {
        let text = self.sandbox.patron(["list", "--json"]).ok().stdout();
        let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        list["accounts"].as_array().expect("a list").clone()
    }

    /// Lets all known ends be this one.
    fn end_at(&self, end: &str) {
        let text = self.sandbox.read(ACCOUNTS).expect("a list");
        let line = |line: &str| match line.starts_with("expires = ") {
            true => format!("expires = \"{end}\"\n"),
            false => format!("{line}\n"),
        };
        assert!(text.contains("expires = "), "{text}");
        self.sandbox.write(ACCOUNTS, text.lines().map(line).collect::<String>());
    }

    /// Makes a token of the forge anew, and gives the new secret.
    fn regenerate(&self, label: &str) -> String {
        self.forge.policy(|policy| policy.regenerate(label))
    }
}

#[test]
fn a_renamed_user_is_the_same_user_and_nothing_is_said() {
    let again = |desk: &Desk, what: &str| match what {
        "diagnose" => desk.sandbox.patron(["diagnose", "acme/secret"]).ok(),
        "status" => desk.sandbox.patron(["status"]).ok(),
        "add" => {
            let secret = desk.regenerate("acme");
            let added = desk.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(secret).ok();
            assert!(added.stdout().starts_with("replaced acme: mona-lisa's"), "{}", added.report());
            added
        }
        _ => {
            let secret = desk.regenerate("acme");
            desk.sandbox.patron(["renew", "acme", "--token-stdin"]).stdin(secret).ok()
        }
    };
    for what in ["diagnose", "status", "add", "renew"] {
        let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
        desk.ok(".", CLONE);
        desk.forge.policy(|policy| policy.rename_user("mona", "mona-lisa"));
        let output = again(&desk, what).says_nothing();
        assert!(!output.stdout().contains("wrong-account"), "{what}: {}", output.report());
        let [account] = &desk.listed()[..] else { panic!("{what}: {:?}", desk.listed()) };
        assert_eq!((&account["label"], &account["login"]), (&"acme".into(), &"mona-lisa".into()), "{what}");
        assert_eq!(desk.ok("secret", FETCH), "", "{what}");
    }
    // Another user's token is another user's.
    let desk = Desk::with(Policy::sample().user("robot"), &[("acme", "acme")]);
    desk.forge.policy(|policy| {
        policy.rename_user("mona", "mona-lisa");
        policy.owner_mut("acme").members.push("robot".to_owned());
        policy.tokens.push(Token::fine_grained("robots", "robot", "acme"));
    });
    desk.add("acme", "robots");
    let logins: Vec<serde_json::Value> = desk.listed().iter().map(|it| it["login"].clone()).collect();
    assert_eq!(logins, ["mona", "robot"]);
}

#[test]
fn an_end_that_a_token_outlived_is_forgotten() {
    let ways: [(&str, Act); 3] = [
        ("the first clone", |desk| drop(desk.ok(".", CLONE))),
        ("diagnose", |desk| drop(desk.sandbox.patron(["diagnose", "acme/secret"]).ok())),
        ("a fetch", |desk| drop(desk.ok("it", FETCH))),
    ];
    for (what, way) in ways {
        let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
        desk.forge.policy(|policy| policy.token_mut("acme").expires = None);
        if what == "a fetch" {
            desk.ok(".", "clone -q https://github.com/acme/secret it");
        }
        desk.end_at(LONG_AGO);
        desk.sandbox.patron(["exec", "--for", "acme", "true"]).ok().says("the token of acme has expired");
        way(&desk);
        assert!(desk.listed()[0]["expires"].is_null(), "{what}: {:?}", desk.listed());
        desk.sandbox.patron(["exec", "--for", "acme", "true"]).ok().says_nothing();
        desk.sandbox.patron(["status"]).ok();
    }
}

#[test]
fn a_token_that_was_rotated_elsewhere_has_an_end_that_is_not_known() {
    // By the account's command, and by a vault that was put back.
    let by_command = |desk: &Desk, secret: &str| {
        desk.sandbox.write_program("theirs", &format!("echo {secret}"));
    };
    let by_file = |desk: &Desk, secret: &str| {
        let text = desk.sandbox.read(SECRETS).expect("a vault");
        let old = text.split('"').find(|part| part.starts_with("github_pat_")).expect("a token").to_owned();
        let path = desk.sandbox.home().join(SECRETS);
        std::fs::write(path, text.replace(&old, secret)).expect("ours");
    };
    let rotations: [(&str, &Rotate<'_>); 2] = [("command", &by_command), ("file", &by_file)];
    for (vault, rotate) in rotations {
        for (end, what) in [(LONG_AGO, "an end that has passed"), ("2099-01-01T00:00:00Z", "one to come")] {
            let desk = Desk::with(Policy::sample(), &[]);
            let old = desk.forge.secret("acme");
            match vault {
                "command" => {
                    by_command(&desk, &old);
                    desk.sandbox.patron(["add", "acme", "--command", "theirs", "--yes", "--no-browser"]).ok();
                }
                _ => desk.add("acme", "acme"),
            }
            // A second login, whose token would be taken for the better one.
            let classic = desk.forge.secret("classic");
            let add = ["add", "acme", "--token-stdin", "--no-verify", "--login", "zoe"];
            desk.sandbox.patron(add).stdin(classic).ok();
            let new = desk.regenerate("acme");
            rotate(&desk, &new);
            desk.end_at(end);
            let request = "protocol=https\nhost=github.com\npath=acme/secret\n";
            let given = desk.sandbox.patron(["get"]).stdin(request).ok().says_nothing().stdout();
            assert_eq!(given, format!("username=mona\npassword={new}\n\n"), "{vault}, {what}");
            assert!(desk.listed()[0]["expires"].is_null(), "{vault}, {what}: {:?}", desk.listed());
            let exec = desk.sandbox.patron(["token", "acme"]).ok().says_nothing();
            assert_eq!(exec.stdout(), format!("{new}\n"), "{vault}, {what}");
            assert_eq!(desk.ok(".", CLONE), "", "{vault}, {what}");
        }
    }
}

#[test]
fn tokens_that_end_soon_share_one_line_a_day_of_all_commands() {
    let mut policy = Policy::sample();
    for (label, left) in [("acme", 5), ("globex", 3), ("mona", 6)] {
        policy.token_mut(label).expires = Some(jiff::Timestamp::now() + days(left));
    }
    let mut desk = Desk::with(policy, &[("acme", "acme"), ("globex", "globex"), ("mona", "mona")]);
    desk.use_git();
    desk.ok(".", CLONE);
    let day = (jiff::Timestamp::now() + days(3)).strftime("%Y-%m-%d").to_string();
    let line = format!(
        "patron: the tokens of globex, acme and mona expire within a week, the first on {day} (3 days); \
         regenerate it on https://github.com/settings/personal-access-tokens, then run: git credential-patron \
         add globex"
    );
    let on_screen = |command: &str| {
        let screen = Screen::start(&desk.sandbox, &desk.sandbox.work(), 400, command);
        screen.wait().expect("it ends").lines.join("\n")
    };
    let commands = [
        "git -C secret fetch",
        "git credential-patron exec --for acme true",
        "git credential-patron token acme >/dev/null",
    ];
    for first in 0..commands.len() {
        for (number, command) in commands[first..].iter().chain(&commands[..first]).enumerate() {
            let shown = on_screen(command);
            assert_eq!(shown.trim(), if number == 0 { line.as_str() } else { "" }, "{command}");
        }
        desk.later(24 * 60 * 60);
    }
    // Who reads no screen is told nothing.
    assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0]);
    desk.sandbox.patron(["token", "acme"]).ok().says_nothing();
}

/// The files of a folder with their content.
fn files(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => {
                let content = std::fs::read(&path).expect("a file");
                found.insert(path, content);
            }
        }
    }
    found
}

#[test]
fn a_list_that_came_without_its_secrets_is_spoken_of_once_a_day_and_left_alone() {
    let desk = Desk::new(Policy::sample());
    std::fs::remove_file(desk.sandbox.home().join(SECRETS)).expect("the vault");
    let state = desk.sandbox.home().join(".local/state/git-credential-patron");
    std::fs::remove_dir_all(&state).expect("the state");
    let config = desk.sandbox.home().join(".config");
    let before = files(&config);
    let told = |what: &str, owner: &str| {
        let said = desk.fails(".", &format!("ls-remote https://github.com/{owner}/{what}"));
        let line =
            format!("the file has no token for {owner}; add it again: git credential-patron add {owner}");
        match Desk::lines(&said)[..] {
            [] => false,
            [said] if said == line => true,
            _ => panic!("{said}"),
        }
    };
    assert!(told("secret", "acme"), "the first time");
    for what in ["secret", "tools", "open.git"] {
        if what != "open.git" {
            assert!(!told(what, "acme"), "{what}");
        }
    }
    assert!(told("api", "globex") && !told("api", "globex"), "another account");
    desk.later(24 * 60 * 60);
    assert!(told("secret", "acme") && !told("secret", "acme"), "the next day");
    assert_eq!(files(&config), before, "a repository of dotfiles sees nothing of it");
}

#[test]
fn background_work_opens_nothing_however_it_is_started() {
    for line in [
        "fetch -q --prefetch origin",
        "maintenance run --task=prefetch",
        "-c maintenance.strategy=incremental maintenance run --schedule=hourly",
        "-c maintenance.prefetch.enabled=true maintenance run --task=prefetch --quiet",
    ] {
        let mut policy = Policy::sample();
        policy.token_mut("acme").state = State::Pending;
        let desk = Desk::with(policy, &[("acme", "acme")]);
        desk.ok(".", "init -q it");
        desk.ok("it", "commit -q --allow-empty -m one");
        desk.ok("it", "remote add origin https://github.com/acme/secret");
        let said: Vec<usize> = (0..3).map(|_| Desk::lines(&desk.run("it", line).stderr()).len()).collect();
        assert_eq!(desk.pages(), [""; 0], "{line}");
        assert_eq!((said[1], said[2]), (0, 0), "told once: {line}: {said:?}");
    }
}

#[test]
fn a_rejected_token_sends_no_editor_to_its_askpass() {
    let mut desk = Desk::new(Policy::sample());
    let asked = desk.sandbox.root().join("asked");
    let askpass =
        desk.sandbox.write_program("askpass", &format!("echo \"$1\" >>'{}'; exit 1", asked.display()));
    desk.ok(".", CLONE);
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    // Git meets the 401, and patron does at the next use.
    desk.fails("secret", FETCH);
    desk.fails("secret", FETCH);
    desk.sandbox.set("GIT_ASKPASS", &askpass);
    desk.sandbox.set("VSCODE_GIT_ASKPASS_NODE", "/usr/bin/node");
    for _ in 0..3 {
        let said = desk.fails("secret", FETCH);
        assert!(said.contains("patron tries it again at "), "{said}");
        assert_eq!(Desk::lines(&said).len(), 1, "{said}");
    }
    assert!(!asked.exists(), "{:?}", std::fs::read_to_string(&asked));
    // GitHub has healed: at once by diagnose, and by itself when the pause is over.
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
    desk.later(60);
    assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0]);
    // An owner of whom nothing is kept is the editor's to ask about.
    desk.fails(".", "clone -q https://github.com/initech/printer");
    assert!(std::fs::read_to_string(&asked).is_ok_and(|asked| asked.starts_with("Username")));
}
