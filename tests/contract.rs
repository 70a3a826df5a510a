//! The command line as users and scripts rely on it: forms, exit codes, streams, names and settings, where no
//! other test holds them.

use super::forge::{Forge, HostKind, Owner, Policy, Token};
use super::sandbox::{Options, Output, Run, Sandbox};
use super::screen::Screen;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

/// The commands for people.
const COMMANDS: [&str; 10] =
    ["setup", "unsetup", "add", "list", "remove", "diagnose", "explain", "token", "exec", "completions"];

/// Two of acme's members, each with a token.
fn scene() -> (Forge, Sandbox) {
    let server = "ghe.example.com";
    let there = Owner { host: server.to_owned(), ..Owner::org("acme", &["mona"]) };
    let token = Token { host: server.to_owned(), ..Token::fine_grained("ghes", "mona", "acme") };
    let policy = Policy::sample()
        .user("robot")
        .token(Token::fine_grained("robot", "robot", "acme"))
        .host(server, HostKind::Ghes)
        .owner(there)
        .token(token);
    let forge = Forge::start(policy);
    forge.policy(|policy| policy.owner_mut("acme").members.push("robot".to_owned()));
    let sandbox = Sandbox::new(&forge);
    (forge, sandbox)
}

/// An `add` of the token with this name, from stdin.
fn add(forge: &Forge, sandbox: &Sandbox, scope: &str, token: &str, more: &[&str]) -> Run {
    let secret = forge.secret(token) + "\n";
    sandbox.patron(["add", scope, "--token-stdin"]).args(more).stdin(secret)
}

fn accounts(sandbox: &Sandbox) -> Vec<Value> {
    let output = sandbox.patron(["list", "--json"]).ok().says_nothing();
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(listed["version"], 1);
    listed["accounts"].as_array().expect("a list").clone()
}

fn labels(sandbox: &Sandbox) -> Vec<String> {
    accounts(sandbox).iter().map(|it| it["label"].as_str().expect("a label").to_owned()).collect()
}

/// Runs it with a stdout whose reader has gone away.
fn without_a_reader(run: Run) -> std::process::Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = run.into_command();
    command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    command.spawn().and_then(std::process::Child::wait_with_output).expect("it runs")
}

#[test]
fn help_is_printed_with_0_and_wrong_usage_said_with_2() {
    let sandbox = Sandbox::new(None);
    for help in ["-h", "--help"] {
        sandbox.patron([help]).ok().says_nothing();
        for command in COMMANDS {
            let said = sandbox.patron([command, help]).ok().says_nothing().stdout();
            assert!(said.contains(&format!("Usage: git credential-patron {command}")), "{said}");
        }
    }
    for version in ["-V", "--version"] {
        let expected = format!("git-credential-patron {}\n", env!("CARGO_PKG_VERSION"));
        sandbox.patron([version]).ok().says_nothing().prints(&expected);
    }
    for command in COMMANDS {
        sandbox.patron([command, "--no-such-option"]).fails(2).prints("");
    }
    for line in [
        vec!["add"],
        vec!["remove"],
        vec!["exec"],
        vec!["exec", "env"],
        vec!["exec", "--for", "acme", "--"],
        vec!["completions"],
        vec!["completions", "tcsh"],
        vec!["list", "acme"],
        vec!["add", "acme", "--vault", "cloud"],
        vec!["add", "acme", "--token-stdin", "--command", "echo x"],
        vec!["add", "a b", "--token-stdin"],
        vec!["add", "ftp://github.com/acme", "--token-stdin"],
        vec!["token", "a b"],
        vec!["diagnose", "a b", "--json"],
        vec!["explain", "ok", "--check"],
        vec!["setup", "--host", "acme"],
    ] {
        let output = sandbox.patron(&line).fails(2).prints("");
        assert!(!output.stderr.is_empty(), "{line:?}");
    }
    let not_text = std::ffi::OsStr::from_bytes(b"\xff");
    for command in ["add", "remove", "token", "diagnose", "explain"] {
        sandbox.patron([command]).args([not_text]).fails(2).prints("");
    }
    assert!(!sandbox.home().join(".config").exists(), "none of it leaves a file");
}

#[test]
fn an_unknown_word_on_a_terminal_is_wrong_usage() {
    let sandbox = Sandbox::new(None);
    for word in ["renew", "LIST"] {
        let shown = Screen::start(&sandbox, &sandbox.work(), 100, &format!("git credential-patron {word}"));
        let shown = shown.wait().expect("it ends");
        assert_eq!(shown.code, 2, "{:?}", shown.lines);
        assert!(shown.lines.join("\n").contains("Usage: git credential-patron"), "{:?}", shown.lines);
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let (forge, sandbox) = scene();
    add(&forge, &sandbox, "acme", "acme", &[]).ok();
    for line in [
        "-h",
        "--version",
        "list -h",
        "list",
        "list --json",
        "completions bash",
        "completions zsh",
        "explain --list",
        "explain ok --json",
        "token acme",
        "diagnose acme --offline --json",
        "setup --dry-run",
        "remove acme --yes",
    ] {
        let output = without_a_reader(sandbox.patron(line.split(' ')));
        let said = String::from_utf8_lossy(&output.stderr);
        let code = if line.starts_with("diagnose") { 1 } else { 0 };
        assert!(output.status.code() == Some(code) && said.is_empty(), "{line}: {}: {said}", output.status);
    }
    assert!(labels(&sandbox).is_empty(), "what was to be done is done");
    // What must be seen before it is written is another matter.
    let output = without_a_reader(sandbox.patron(["setup"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(sandbox.read(".gitconfig").is_none());
}

#[test]
fn a_shell_may_be_named_as_it_names_itself() {
    let sandbox = Sandbox::new(None);
    for (name, same) in [("PowerShell", "powershell"), ("Bash", "bash"), ("ELVISH", "elvish")] {
        let expected = sandbox.patron(["completions", same]).ok().says_nothing().stdout();
        assert!(expected.contains("git-credential-patron"), "{same}");
        sandbox.patron(["completions", name]).ok().says_nothing().prints(&expected);
    }
}

#[test]
fn the_same_login_is_the_same_account_and_another_one_a_second() {
    let (forge, sandbox) = scene();
    let first = add(&forge, &sandbox, "acme", "acme", &[]).ok();
    assert!(first.stdout().starts_with("added acme: "), "{}", first.report());
    let again = add(&forge, &sandbox, "https://github.com/ACME", "acme", &[]).ok();
    assert!(again.stdout().starts_with("replaced acme: "), "{}", again.report());
    assert_eq!(labels(&sandbox), ["acme"]);
    add(&forge, &sandbox, "acme", "robot", &[]).ok();
    add(&forge, &sandbox, "acme/secret", "acme", &[]).ok();
    add(&forge, &sandbox, "globex", "globex", &["--label", "work"]).ok();
    add(&forge, &sandbox, "ghe.example.com/acme", "ghes", &[]).ok();
    add(&forge, &sandbox, "https://github.com", "classic", &["--yes"]).ok();
    assert_eq!(
        labels(&sandbox),
        ["ghe.example.com/acme", "github.com", "acme", "acme@robot", "acme/secret", "work"]
    );
    let expires = accounts(&sandbox)[2]["expires"].clone();
    assert!(expires.is_string());
    let expected = json!({
        "label": "acme", "scope": "https://github.com/acme", "kind": "fine-grained", "login": "mona",
        "expires": expires, "vault": "file", "learned": false, "outcome": null, "outcome_at": null
    });
    assert_eq!(accounts(&sandbox)[2], expected);
    assert_eq!(accounts(&sandbox)[1]["kind"], "classic");
    assert!(accounts(&sandbox)[1]["expires"].is_null());
}

#[test]
fn a_taken_label_is_refused_and_the_one_that_is_named_is_free() {
    let (forge, sandbox) = scene();
    add(&forge, &sandbox, "acme", "acme", &[]).ok();
    add(&forge, &sandbox, "acme", "robot", &[]).ok();
    let free = |output: &Output| {
        let said = output.stderr();
        let (_, free) = said.split_once("this label is free: --label ").expect("a free one is named");
        free.trim_end().to_owned()
    };
    let refused = add(&forge, &sandbox, "globex", "globex", &["--label", "acme"]).fails(1);
    let refused = refused.says("the label \"acme\" is taken by https://github.com/acme");
    assert_eq!(free(&refused), "globex", "that of another owner's account would mislead");
    // Whose token it is, is known here only after GitHub has said so.
    let refused = add(&forge, &sandbox, "acme", "acme", &["--label", "acme@robot"]).fails(1);
    assert_eq!(free(&refused), "acme", "it is its own");
    assert_eq!(labels(&sandbox), ["acme", "acme@robot"]);
    add(&forge, &sandbox, "globex", "globex", &["--label", "globex"]).ok();
}

#[test]
fn a_fine_grained_token_for_a_whole_host_is_refused_with_the_scope_it_needs() {
    let (forge, sandbox) = scene();
    for (scope, token, needed) in [
        ("https://github.com", "acme", "git credential-patron add OWNER\n"),
        ("github.com", "acme", "git credential-patron add OWNER\n"),
        ("https://ghe.example.com", "ghes", "git credential-patron add ghe.example.com/OWNER\n"),
    ] {
        add(&forge, &sandbox, scope, token, &["--yes", "--no-verify"]).fails(1).prints("").says(needed);
    }
    assert!(labels(&sandbox).is_empty());
    add(&forge, &sandbox, "https://github.com", "classic", &["--yes"]).ok();
    let expected = forge.secret("classic") + "\n";
    sandbox.patron(["token", "globex/api"]).ok().says_nothing().prints(&expected);
}

#[test]
fn a_host_that_git_does_not_ask_patron_for_is_named_with_the_command() {
    let (forge, sandbox) = scene();
    let hint = "patron: git does not use patron for github.com yet; run: git credential-patron setup\n";
    add(&forge, &sandbox, "acme", "acme", &[]).ok().says(hint);
    sandbox.patron(["setup"]).ok();
    add(&forge, &sandbox, "acme", "acme", &[]).ok().says_nothing();
    let hint = "git does not use patron for ghe.example.com yet; run: git credential-patron setup --host ghe.example.com\n";
    add(&forge, &sandbox, "ghe.example.com/acme", "ghes", &[]).ok().says(hint);
}

#[test]
fn remove_takes_one_account_and_fails_without_a_terminal_where_several_are_meant() {
    let (forge, sandbox) = scene();
    add(&forge, &sandbox, "acme", "acme", &[]).ok();
    add(&forge, &sandbox, "acme", "robot", &[]).ok();
    add(&forge, &sandbox, "globex", "globex", &["--label", "work"]).ok();
    for more in [&[][..], &["--yes"]] {
        let output = sandbox.patron(["remove", "acme"]).args(more).fails(1).prints("");
        output.says("git credential-patron remove acme@mona").says("git credential-patron remove acme@robot");
    }
    sandbox.patron(["remove", "nobody"]).fails(1).prints("").says("git credential-patron list");
    assert_eq!(labels(&sandbox), ["acme", "acme@robot", "work"]);
    sandbox.patron(["remove", "acme@mona"]).ok().says_nothing();
    sandbox.patron(["remove", "https://github.com/globex"]).ok().says_nothing();
    assert_eq!(labels(&sandbox), ["acme@robot"]);
    for token in ["acme", "globex"] {
        let vault = sandbox.read(".local/share/git-credential-patron/secrets.toml").expect("the vault");
        assert!(!vault.contains(&forge.secret(token)), "the secret of {token} is still there");
    }
}

#[test]
fn what_could_not_be_checked_ends_with_3_and_keeps_nothing() {
    let (forge, mut sandbox) = scene();
    let dead = "http://127.0.0.1:9";
    sandbox.set("https_proxy", dead);
    sandbox.set("HTTPS_PROXY", dead);
    add(&forge, &sandbox, "acme", "acme", &[]).fails(3).prints("").says("--no-verify");
    assert!(labels(&sandbox).is_empty());
    add(&forge, &sandbox, "acme", "acme", &["--no-verify", "--no-browser"]).ok();
    assert!(accounts(&sandbox)[0]["login"].is_null());
    sandbox.patron(["setup"]).ok();
    for json in [&[][..], &["--json"]] {
        sandbox.patron(["diagnose", "acme/secret"]).args(json).fails(3).says_nothing();
        sandbox.patron(["diagnose", "acme/secret", "--offline"]).args(json).fails(3).says_nothing();
    }
}

#[test]
fn with_json_a_failure_is_said_on_stderr_and_stdout_stays_empty() {
    let (_forge, sandbox) = scene();
    sandbox.write(".config/git-credential-patron/accounts.toml", "[[account]\n");
    for line in ["list --json", "diagnose acme/secret --json"] {
        sandbox.patron(line.split(' ')).fails(1).prints("").says("accounts.toml: line 1");
        let nowhere = sandbox.patron(line.split(' ')).env_remove("HOME");
        nowhere.fails(1).prints("").says("HOME is not set to an absolute path");
    }
    sandbox.patron(["explain", "nonsense", "--json"]).fails(2).prints("");
}

#[test]
fn what_needs_no_home_works_without_one() {
    let sandbox = Sandbox::new(None);
    for home in ["", "home"] {
        for line in ["explain --list", "explain ok", "completions bash", "capability", "-h", "--version"] {
            sandbox.patron(line.split(' ')).env("HOME", home).ok().says_nothing();
        }
        for line in ["setup", "unsetup", "list", "token acme", "remove acme", "exec --for acme -- true"] {
            let output = sandbox.patron(line.split(' ')).env("HOME", home).fails(1).prints("");
            output.says("HOME is not set to an absolute path");
        }
        for word in ["get", "store", "erase"] {
            sandbox
                .patron([word])
                .stdin("protocol=https\nhost=github.com\n\n")
                .env("HOME", home)
                .ok()
                .prints("");
        }
    }
    assert_eq!(std::fs::read_dir(sandbox.work()).expect("ours").count(), 0, "nothing in the working folder");
}

#[test]
fn a_working_folder_that_is_gone_is_in_the_way_of_nothing_that_does_not_need_it() {
    let (forge, sandbox) = scene();
    let gone = |line: &str| {
        sandbox.shell(&format!("mkdir gone && cd gone && rmdir ../gone && git-credential-patron {line}"))
    };
    gone("setup").ok();
    let secret = forge.secret("acme") + "\n";
    gone("add acme --token-stdin").stdin(secret.clone()).ok().says_nothing();
    gone("token acme").ok().says_nothing().prints(&secret);
    gone("exec --for acme -- true").ok().says_nothing();
    gone("list").ok().says_nothing();
    // Git does nothing there, so there is nothing to find out about it.
    for line in ["token", "exec -- true", "diagnose acme --json"] {
        gone(line).fails(1).prints("").says("the working folder cannot be read");
    }
    gone("unsetup").ok();
    assert!(sandbox.read(".gitconfig").is_none());
}

#[test]
fn remove_asks_on_a_terminal_which_of_several_is_meant() {
    let (forge, sandbox) = scene();
    add(&forge, &sandbox, "acme", "acme", &[]).ok();
    add(&forge, &sandbox, "acme", "robot", &[]).ok();
    let mut screen = Screen::start(&sandbox, &sandbox.work(), 100, "git credential-patron remove acme");
    screen.wait_for("remove which one? [1-2]").expect("it asks");
    assert!(screen.text().contains("2  acme@robot (https://github.com/acme, robot)"), "{}", screen.text());
    screen.type_line("2").expect("a keyboard");
    let shown = screen.wait().expect("it ends");
    assert_eq!(shown.code, 0, "{:?}", shown.lines);
    assert_eq!(labels(&sandbox), ["acme"]);
    let mut screen = Screen::start(&sandbox, &sandbox.work(), 100, "git credential-patron remove acme");
    screen.wait_for("and its token from this machine?").expect("it asks");
    screen.wait_for("revoke acme").expect("what ends the token too is named");
    screen.type_line("n").expect("a keyboard");
    assert_eq!(screen.wait().expect("it ends").code, 1);
    assert_eq!(labels(&sandbox), ["acme"]);
}

#[test]
fn files_lie_where_the_xdg_folders_are_and_the_secret_is_its_users_alone() {
    let (forge, _) = scene();
    let sandbox = Sandbox::with(&Options { xdg: true, ..Options::default() }, &forge);
    sandbox.patron(["setup"]).ok();
    add(&forge, &sandbox, "acme", "acme", &[]).ok();
    sandbox.git(["ls-remote", "-q", "https://github.com/acme/secret"]).ok();
    let root = sandbox.root().join("xdg");
    let mode = |path: &Path| std::fs::metadata(path).map(|meta| meta.permissions().mode() & 0o777).ok();
    let at = |path: &str| root.join(path.replace('*', "git-credential-patron"));
    for file in ["config/*/accounts.toml", "config/*/gitconfig", "state/*/outcomes.toml", "runtime/*"] {
        assert!(at(file).exists(), "{file}");
    }
    assert_eq!(mode(&at("data/*/secrets.toml")), Some(0o600));
    let accounts = std::fs::read_to_string(at("config/*/accounts.toml")).expect("accounts");
    assert!(accounts.starts_with("version = 1\n") && !accounts.contains(&forge.secret("acme")), "{accounts}");
    for folder in [".config", ".local"] {
        assert!(!sandbox.home().join(folder).exists(), "{folder}");
    }
}

#[test]
fn settings_come_from_git_s_own_files_alone_and_the_environment_is_stronger() {
    let (forge, mut sandbox) = scene();
    sandbox.unset("PATRON_VAULT");
    // There is no keyring here: so `keyring` fails, `auto` says that it takes the file, `file` is silent of it.
    let secrets = sandbox.home().join(".local/share/git-credential-patron/secrets.toml");
    let vault = |change: &dyn Fn(Run) -> Run| {
        // It is said of the first token in the file.
        let _ = fs::remove_file(&secrets);
        let output = change(add(&forge, &sandbox, "acme", "acme", &["--no-verify"])).run();
        match (output.status.code(), output.stdout().contains("there is no keyring service here")) {
            (Some(0), true) => "auto",
            (Some(0), false) => "file",
            (Some(1), false) => "keyring",
            _ => panic!("{}", output.report()),
        }
    };
    let config = |file: &str, value: &str| {
        let text = if value.is_empty() { String::new() } else { format!("[patron]\n\tvault = {value}\n") };
        sandbox.write(file, text)
    };
    assert_eq!(vault(&|run| run), "auto");
    // The repository's own, and what a command line sets, are not asked.
    sandbox.git(["init", "-q", "."]).ok();
    sandbox.git(["config", "patron.vault", "file"]).ok();
    assert_eq!(vault(&|run| run), "auto");
    let once = |run: Run| {
        run.env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "patron.vault")
            .env("GIT_CONFIG_VALUE_0", "file")
            .env("GIT_CONFIG_PARAMETERS", "'patron.vault'='file'")
    };
    assert_eq!(vault(&once), "auto");
    let system = config("system", "file");
    let machine = |run: Run| run.env("GIT_CONFIG_SYSTEM", &system).env("GIT_CONFIG_NOSYSTEM", "0");
    assert_eq!(vault(&machine), "file");
    assert_eq!(vault(&|run| machine(run).env("GIT_CONFIG_NOSYSTEM", "1")), "auto");
    config(".config/git/config", "keyring");
    assert_eq!(vault(&machine), "keyring");
    config(".gitconfig", "file");
    assert_eq!(vault(&|run| run), "file");
    let other = config("other", "keyring");
    assert_eq!(vault(&|run| run.env("GIT_CONFIG_GLOBAL", &other)), "keyring");
    for (value, expected) in [("keyring", "keyring"), ("auto", "auto"), ("file", "file"), ("", "file")] {
        assert_eq!(vault(&|run| run.env("PATRON_VAULT", value)), expected, "PATRON_VAULT={value}");
    }
    // The option is stronger than all of them.
    assert_eq!(vault(&|run| run.args(["--vault", "file"]).env("PATRON_VAULT", "keyring")), "file");
    config(".gitconfig", "cloud");
    let output = add(&forge, &sandbox, "acme", "acme", &["--no-verify"]).ok();
    output.says("patron.vault is \"cloud\", but may be auto, keyring or file");
}
