//! The way by SSH: named where no token of the user's may go, and only if there is a key for it.
//!
//! The agent is a real `ssh-agent`, and keys are made by `ssh-keygen` (Debian's openssh-client).

use super::forge::{Forge, Owner, Policy, Selection, Token};
use super::given;
use super::sandbox::{Output, Sandbox};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BY_NAME: &str = "git remote set-url origin git@github.com:acme/secret.git";

/// An agent without keys, until it is given one.
struct Agent(Child);

impl Agent {
    fn start(sandbox: &mut Sandbox) -> Self {
        let socket = sandbox.root().join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("ssh-agent: {error}; install the package openssh-client"));
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < Duration::from_secs(60), "the agent does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        sandbox.set("SSH_AUTH_SOCK", socket);
        Self(child)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A desk with an account, and a checkout with the remote `origin`.
fn desk(policy: Policy, scope: &str, label: &str) -> (Forge, Sandbox) {
    let forge = Forge::start(policy);
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let secret = forge.secret(label);
    sandbox.patron(["add", scope, "--token-stdin", "--yes"]).stdin(format!("{secret}\n")).ok();
    sandbox.git(["init", "-q", "it"]).ok();
    let it = sandbox.work().join("it");
    sandbox.git(["remote", "add", "origin", "https://github.com/acme/secret"]).cwd(it).ok();
    (forge, sandbox)
}

fn diagnose(sandbox: &Sandbox) -> Vec<String> {
    let output = sandbox.patron(["diagnose", "origin", "--json"]).cwd(sandbox.work().join("it")).fails(1);
    fixes(&output)
}

fn fixes(output: &Output) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let fixes = json["targets"][0]["verdict"]["fix"].as_array().expect("a list").iter();
    fixes.map(|fix| fix.as_str().expect("a text").to_owned()).collect()
}

fn key_file(sandbox: &Sandbox, name: &str) {
    std::fs::create_dir_all(sandbox.home().join(".ssh")).expect("the sandbox is ours");
    let file = sandbox.home().join(".ssh").join(name);
    sandbox.command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f"]).args([file]).ok();
}

fn forbids(classic: bool) -> (Policy, &'static str, &'static str) {
    let mut policy = Policy::sample();
    let acme = policy.owner_mut("acme");
    (acme.forbids_classic, acme.forbids_fine_grained) = (classic, !classic);
    if classic { (policy, "https://github.com", "classic") } else { (policy, "acme", "acme") }
}

#[test]
fn a_key_in_the_agent_opens_the_way_where_a_kind_of_token_is_forbidden() {
    for classic in [true, false] {
        let (policy, scope, label) = forbids(classic);
        let (_forge, mut sandbox) = desk(policy, scope, label);
        let none = |sandbox: &Sandbox| {
            assert!(!diagnose(sandbox).iter().any(|fix| fix.contains("git@")), "{classic}");
        };
        none(&sandbox);
        let _agent = Agent::start(&mut sandbox);
        none(&sandbox);
        key_file(&sandbox, "for-github");
        sandbox.command("ssh-add", ["-q"]).args([sandbox.home().join(".ssh/for-github")]).ok();
        let way =
            format!("or go by SSH, where that rule does not hold (a key is in your ssh-agent): {BY_NAME}");
        assert_eq!(diagnose(&sandbox).last(), Some(&way));
        // Git's own words have it too, in their five lines, the first time; a clone has no remote yet.
        std::fs::remove_file(given::outcomes_file(&sandbox)).expect("diagnose wrote it");
        let output = sandbox.git(["fetch"]).cwd(sandbox.work().join("it")).fails(128).says(BY_NAME);
        let ours = output.stderr().lines().filter(|line| line.starts_with("patron: ")).count();
        assert!(ours <= 5, "{}", output.report());
        let clone = sandbox.git(["clone", "-q", "https://github.com/acme/tools"]).fails(128);
        clone.says(": git clone git@github.com:acme/tools.git").does_not_say("set-url");
    }
}

#[test]
fn a_key_file_is_enough_and_the_exact_command_names_the_url_for_pushes() {
    let (policy, scope, label) = forbids(true);
    let (_forge, sandbox) = desk(policy, scope, label);
    key_file(&sandbox, "id_ed25519");
    let way = format!("or go by SSH, where that rule does not hold (there is ~/.ssh/id_ed25519): {BY_NAME}");
    assert_eq!(diagnose(&sandbox).last(), Some(&way));
    let it = sandbox.work().join("it");
    // The command works as it stands.
    sandbox.shell(way.rsplit(": ").next().expect("a command")).cwd(&it).ok();
    let url = sandbox.git(["remote", "get-url", "origin"]).cwd(&it).ok().stdout();
    assert_eq!(url, "git@github.com:acme/secret.git\n");
    let https = "https://github.com/acme/secret";
    sandbox.git(["remote", "set-url", "origin", "https://github.com/acme/open"]).cwd(&it).ok();
    sandbox.git(["remote", "set-url", "--push", "origin", https]).cwd(&it).ok();
    let output = sandbox.patron(["diagnose", "--push", "--json"]).cwd(&it).fails(1);
    let push = "git remote set-url --push origin git@github.com:acme/secret.git";
    assert!(String::from_utf8_lossy(&output.stdout).contains(push), "{}", output.report());
}

#[test]
fn a_collaborator_of_another_person_is_shown_the_way_and_who_can_help_himself_is_not() {
    let policy = Policy::sample().owner(Owner::user("zoe")).private("zoe/notes");
    let (_forge, sandbox) = desk(policy, "zoe", "mona");
    key_file(&sandbox, "id_ed25519");
    let output = sandbox.patron(["diagnose", "zoe/notes", "--json"]).fails(1);
    let last = fixes(&output).pop().expect("a fix");
    assert_eq!(
        last,
        "or go by SSH, which serves collaborators (there is ~/.ssh/id_ed25519): git remote set-url REMOTE git@github.com:zoe/notes.git"
    );
    // A missing permission is the token's own page.
    let forge = Forge::start(Policy::sample().token(Token {
        repositories: Selection::Only(vec!["tools".to_owned()]),
        ..Token::fine_grained("narrow", "mona", "acme")
    }));
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let secret = forge.secret("narrow");
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{secret}\n")).ok();
    key_file(&sandbox, "id_ed25519");
    let output = sandbox.patron(["diagnose", "acme/secret", "--json"]).fails(1);
    assert!(!fixes(&output).iter().any(|fix| fix.contains("git@")), "{}", output.report());
}

#[test]
fn an_agent_that_never_answers_holds_nothing_up() {
    let (policy, scope, label) = forbids(true);
    let (_forge, mut sandbox) = desk(policy, scope, label);
    let socket = sandbox.root().join("deaf");
    let _listener = UnixListener::bind(&socket).expect("the sandbox is ours");
    sandbox.set("SSH_AUTH_SOCK", &socket);
    // The run has a bound of its own: that it ends is what is shown.
    assert!(!diagnose(&sandbox).iter().any(|fix| fix.contains("git@")));
}
