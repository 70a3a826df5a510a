//! A forge and a sandbox in which patron is set up, and the reading of `--json`.

use super::super::forge::{Forge, Policy};
use super::super::sandbox::{Output, Sandbox};
use serde_json::Value;

/// Where it is kept how accounts fared.
pub(super) const OUTCOMES: &str = ".local/state/git-credential-patron/outcomes.toml";

/// A forge with somebody who uses it.
pub(super) struct Scene {
    pub(super) forge: Forge,
    pub(super) sandbox: Sandbox,
}

impl Scene {
    /// Patron is set up, and each `(scope, label)` of the policy's tokens was added.
    pub(super) fn new(policy: Policy, accounts: &[(&str, &str)]) -> Self {
        let forge = Forge::start(policy);
        let sandbox = Sandbox::new(&forge);
        sandbox.patron(["setup", "--host", "github.com", "--host", "ghe.example.com"]).ok();
        let scene = Self { forge, sandbox };
        for (scope, label) in accounts {
            scene.add(scope, label, &[]);
        }
        scene.forge.clear_log();
        scene
    }

    /// The usual cast, with an account for acme.
    pub(super) fn usual() -> Self {
        Self::new(Policy::sample(), &[("acme", "acme")])
    }

    /// With a token of the policy added.
    pub(super) fn add(&self, scope: &str, label: &str, more: &[&str]) {
        self.keep(scope, &self.forge.secret(label), more);
    }

    /// With any secret added.
    pub(super) fn keep(&self, scope: &str, secret: &str, more: &[&str]) {
        self.sandbox.patron(["add", scope, "--token-stdin"]).args(more).stdin(format!("{secret}\n")).ok();
    }

    /// With the policy changed.
    pub(super) fn then(self, change: impl FnOnce(&mut Policy)) -> Self {
        self.forge.policy(change);
        self
    }

    /// Runs `diagnose` with these arguments.
    pub(super) fn diagnose(&self, arguments: &str) -> Output {
        self.sandbox.patron(["diagnose"]).args(arguments.split_whitespace()).run()
    }

    /// Runs `diagnose --json` for one target and gives it.
    #[track_caller]
    pub(super) fn one(&self, arguments: &str) -> One {
        let output = self.diagnose(&format!("{arguments} --json"));
        let mut targets = targets(&output);
        assert_eq!(targets.len(), 1, "{}", output.report());
        One { target: targets.remove(0), code: output.status.code().unwrap_or(-1) }
    }

    /// Changes the list of accounts line by line, as somebody with an editor.
    pub(super) fn edit_accounts(&self, line: impl Fn(&str) -> String) {
        let path = ".config/git-credential-patron/accounts.toml";
        let list = self.sandbox.read(path).expect("there is an account");
        let list: String = list.lines().map(|old| line(old) + "\n").collect();
        self.sandbox.write(path, list);
    }

    /// Loses what is known of how accounts fared, which loses nothing else.
    pub(super) fn forget(&self) {
        // There may be none yet.
        let _ = std::fs::remove_file(self.sandbox.home().join(OUTCOMES));
    }

    /// Makes a repository in the work folder with these remotes.
    pub(super) fn repository(&self, remotes: &[(&str, &str)]) {
        self.sandbox.git(["init", "-q", "."]).ok();
        for (name, url) in remotes {
            self.sandbox.git(["remote", "add", name, url]).ok();
        }
    }
}

/// One target of `--json`, and the exit code it came with.
#[derive(Debug)]
pub(super) struct One {
    pub(super) target: Value,
    pub(super) code: i32,
}

impl One {
    /// The verdict's id.
    pub(super) fn id(&self) -> &str {
        self.target["verdict"]["id"].as_str().expect("a verdict has an id")
    }

    /// What it means, and what to do, as one text.
    pub(super) fn words(&self) -> String {
        let verdict = &self.target["verdict"];
        format!("{}\n{}", verdict["means"], verdict["fix"])
    }

    /// The messages of the checks with this id, each after its status.
    pub(super) fn checks(&self, id: &str) -> Vec<String> {
        let checks = self.target["checks"].as_array().expect("checks are a list");
        let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
        checks
            .iter()
            .filter(|check| check["id"] == id)
            .map(|check| format!("{}: {}", text(check, "status"), text(check, "message")))
            .collect()
    }

    /// The one check with this id.
    #[track_caller]
    pub(super) fn check(&self, id: &str) -> String {
        let mut checks = self.checks(id);
        assert_eq!(checks.len(), 1, "{id} in {:#}", self.target);
        checks.remove(0)
    }
}

/// The targets of a run with `--json`.
#[track_caller]
pub(super) fn targets(output: &Output) -> Vec<Value> {
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.report()));
    assert_eq!(json["version"], 1);
    json["targets"].as_array().expect("targets are a list").clone()
}
