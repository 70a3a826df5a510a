//! Moving in from what was there: each place gives what it holds and no more, and is left as it was.
//!
//! The tools are real where they can be had (Debian's gh, git's helpers, libsecret on a bus of its own); a script
//! stands for a later gh and for the Git Credential Manager, whose words are written down.

mod hostile;
mod person;
mod places;
mod tools;

use super::fallback::libsecret;
use super::forge::{Forge, Policy};
use super::sandbox::{Output, Run, Sandbox};
use std::path::PathBuf;

/// A home with tokens in it, and nothing of patron's yet.
struct Scene {
    forge: Forge,
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        Self::with(Policy::sample())
    }

    fn with(policy: Policy) -> Self {
        let forge = Forge::start(policy);
        let sandbox = Sandbox::new(&forge);
        Self { forge, sandbox }
    }

    /// `import` that asks nothing, from these places.
    fn import(&self, line: &str) -> Run {
        self.sandbox.patron(["import", "--yes"]).args(line.split_whitespace())
    }

    /// `import` away from any terminal of whoever runs the tests.
    fn look(&self, line: &str) -> Run {
        let patron = ["--wait", "git", "credential-patron", "import"];
        self.sandbox.command("setsid", patron).args(line.split_whitespace())
    }

    /// Runs it, and checks that what lay in these files lies there as before.
    #[track_caller]
    fn leaves(&self, files: &[PathBuf], run: Run) -> Output {
        let read = || -> Vec<_> {
            files
                .iter()
                .map(|file| std::fs::read(file).unwrap_or_else(|why| panic!("{file:?}: {why}")))
                .collect()
        };
        let before = read();
        let output = run.run();
        assert_eq!(read(), before, "the source is left byte for byte");
        output
    }

    /// The accounts: label, kind, login.
    fn accounts(&self) -> Vec<(String, String, String)> {
        let list = self.sandbox.patron(["list", "--json"]).ok().stdout();
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = list["accounts"].as_array().expect("a list").iter();
        rows.map(|row| (text(row, "label"), text(row, "kind"), text(row, "login"))).collect()
    }

    /// What is kept, and nothing else, sorted.
    #[track_caller]
    fn keeps(&self, expected: &[(&str, &str)]) {
        let accounts = self.accounts();
        let mut shown: Vec<(&str, &str)> =
            accounts.iter().map(|(label, kind, _)| (label.as_str(), kind.as_str())).collect();
        shown.sort_unstable();
        assert_eq!(shown, expected);
        for (label, _) in expected {
            let scope = if *label == "github.com" { "https://github.com" } else { label };
            let kept = self.sandbox.patron(["token", scope]).ok().stdout();
            let labels = ["acme", "globex", "mona", "classic"];
            assert!(labels.iter().any(|name| self.forge.secret(name) == kept.trim()), "{label}");
        }
    }

    /// The tokens that GitHub was asked about.
    fn asked_about(&self) -> Vec<String> {
        let mut labels: Vec<String> =
            self.forge.rest_log().into_iter().filter_map(|entry| entry.token).collect();
        labels.sort();
        labels.dedup();
        labels
    }
}
