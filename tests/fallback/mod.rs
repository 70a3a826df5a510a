//! The helpers that answered before `setup`: everything works as it did with them, for every owner without
//! an account, and nothing of ours reaches them.
//!
//! Real helpers (git's store and cache, libsecret's, gh) where it matters that theirs is done; scripts that
//! write down what they are told where it matters what that is.

mod as_before;
mod jobs;
mod ours;
mod rough;

pub(crate) use as_before::libsecret;

use super::forge::{Access, Forge};
use super::sandbox::{Git, Output, Sandbox};
use std::fs;
use std::path::PathBuf;

/// A sandbox in which git alone asks the forge; `tests/notice` is about what patron asks.
fn without_probes<'a>(forge: impl Into<Option<&'a Forge>>) -> Sandbox {
    let mut sandbox = Sandbox::new(forge);
    sandbox.set("PATRON_PROBE", "never");
    sandbox
}

/// Sets patron up over what answered before: these lines of git's config.
fn set_up(sandbox: &Sandbox, config: &str) {
    sandbox.write(".gitconfig", config);
    sandbox.patron(["setup"]).ok();
}

/// Keeps an account, as people do.
fn add(sandbox: &Sandbox, forge: &Forge, scope: &str, label: &str) {
    let secret = forge.secret(label);
    sandbox.patron(["add", scope, "--token-stdin", "--no-verify"]).stdin(format!("{secret}\n")).ok();
}

/// What a helper was told, each operation after its name in brackets.
struct Diary(PathBuf);

impl Diary {
    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }

    /// Gives what was told and begins anew.
    fn take(&self) -> String {
        let text = self.text();
        let _ = fs::remove_file(&self.0);
        text
    }
}

/// Writes a helper that writes down what it is told, and answers `get` with these lines of shell.
fn scribe(sandbox: &Sandbox, name: &str, answer: &str) -> Diary {
    let diary = sandbox.root().join(format!("{name}.diary"));
    let script =
        format!("{{ echo \"[$1]\"; cat; }} >>'{}'\n[ \"$1\" = get ] || exit 0\n{answer}", diary.display());
    sandbox.write_program(&format!("git-credential-{name}"), &script);
    Diary(diary)
}

/// The lines of a git request for github.com.
fn request(more: &str) -> String {
    format!("protocol=https\nhost=github.com\n{more}")
}

/// What was asked of github.com with a token: repository, access, token.
fn asks(forge: &Forge) -> Vec<(String, Access, String)> {
    forge
        .git_asks()
        .into_iter()
        .map(|(_, owner, repo, access, token)| (format!("{owner}/{repo}"), access, token))
        .collect()
}

fn expected(rows: &[(&str, Access, &str)]) -> Vec<(String, Access, String)> {
    rows.iter().map(|(place, access, token)| ((*place).to_owned(), *access, (*token).to_owned())).collect()
}

/// The labels of all accounts.
fn accounts(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.patron(["list", "--json"]).ok().stdout();
    listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"label\": \"")?.strip_suffix("\","))
        .map(str::to_owned)
        .collect()
}

/// A sandbox's git of one version.
struct Runner<'a> {
    sandbox: &'a Sandbox,
    git: &'static Git,
}

impl Runner<'_> {
    fn run(&self, cwd: &str, line: &str) -> Output {
        self.sandbox.git(line.split(' ')).with_git(self.git).cwd(self.sandbox.work().join(cwd)).run()
    }

    fn ok(&self, cwd: &str, line: &str) -> Output {
        self.run(cwd, line).ok()
    }

    fn fails(&self, cwd: &str, line: &str) -> Output {
        self.run(cwd, line).fails(128)
    }

    /// Runs `git credential` with a request.
    fn credential(&self, operation: &str, request: &str) -> Output {
        self.sandbox.git(["credential", operation]).with_git(self.git).stdin(request).run()
    }
}
