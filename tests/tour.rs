//! The tour, `cargo run --example tour`: the main job for real, in a temporary home, against the forge.
//!
//! It runs the very commands that it prints, with real git, and compares what happened with what it says.
//! Any step that does not do what it says ends it with exit code 1. Nothing outside a temporary folder is
//! touched and nothing outside this machine is asked.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a transcript is what it is for")]

#[path = "forge/mod.rs"]
mod forge;
#[path = "sandbox.rs"]
mod sandbox;

use forge::{Access, Forge, Policy};
use sandbox::{Options, Output, Sandbox};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

fn main() -> ExitCode {
    // A step that fails panics with all there is to know; here that becomes the exit code 1.
    match std::panic::catch_unwind(tour) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(why)) => {
            eprintln!("\nthe tour ends here: {why}");
            ExitCode::FAILURE
        }
        Err(_) => {
            eprintln!("\nthe tour ends here: the step above did not do what it says");
            ExitCode::FAILURE
        }
    }
}

fn tour() -> Result<(), String> {
    let program = build()?;
    let forge = Forge::start(Policy::sample());
    let guide =
        Guide { sandbox: Sandbox::with(&Options { program: Some(program), ..Options::default() }, &forge) };

    say("mona works for two organisations, acme and globex. Each gave her a fine-grained token.");
    say("GitHub is played by a stand-in on this machine; git, the helper and every line below are real.");

    chapter("1. make patron the helper for github.com");
    guide.patron("setup", "");

    chapter(
        "2. keep a token for each owner (here from stdin; without --token-stdin it is asked for, hidden)",
    );
    for owner in ["acme", "globex", "mona"] {
        guide.patron(&format!("add {owner} --token-stdin"), &forge.secret(owner));
    }
    guide.patron("list", "");
    forge.clear_log();

    chapter("3. clone and push: git gets the right token for each owner");
    for repo in ["acme/secret", "globex/api", "mona/dotfiles"] {
        let folder = repo.split('/').next_back().unwrap_or(repo);
        guide.git(".", &format!("clone https://github.com/{repo}.git"));
        guide.git(folder, "commit --quiet --allow-empty --message hello");
        guide.git(folder, "push");
    }

    chapter("4. which token went where, as GitHub saw it");
    let expected = [("acme", "secret"), ("globex", "api"), ("mona", "dotfiles")]
        .into_iter()
        .flat_map(|(owner, repo)| [(owner, repo, Access::Read), (owner, repo, Access::Write)]);
    let expected: Vec<_> = expected
        .map(|(owner, repo, access)| {
            ("github.com".to_owned(), owner.to_owned(), repo.to_owned(), access, owner.to_owned())
        })
        .collect();
    let asked = forge.git_asks();
    for (host, owner, repo, access, token) in &asked {
        let what = if *access == Access::Read { "read " } else { "write" };
        println!("  {what}  {:<34}token of {token}", format!("{host}/{owner}/{repo}"));
    }
    if asked != expected {
        return Err("the tokens did not go where they should".to_owned());
    }
    println!("  no token went to another owner, and no request was made but git's own");
    if !forge.rest_log().is_empty() || !forge.refused_tunnels().is_empty() {
        return Err("a request was made that git did not make".to_owned());
    }

    chapter("5. leave again: git's config is byte for byte as before");
    guide.patron("unsetup", "");
    if guide.sandbox.home().join(".gitconfig").exists() {
        return Err("~/.gitconfig was not there before and is there now".to_owned());
    }
    println!("\nThat was it. Next: git credential-patron setup, in your own home.");
    Ok(())
}

/// Builds the program, with a line that says so.
fn build() -> Result<PathBuf, String> {
    progress("building git-credential-patron ...");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--bin", sandbox::PROGRAM, "--manifest-path", manifest])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    progress("");
    if !built.status.success() {
        return Err("git-credential-patron cannot be built".to_owned());
    }
    // Cargo names what it built, wherever its target folder is.
    let text = String::from_utf8_lossy(&built.stdout).into_owned();
    let artifacts = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    artifacts
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .ok_or_else(|| "cargo built no program".to_owned())
}

/// Shows what is being waited for, on a terminal only.
fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    } else if !text.is_empty() {
        let _ = writeln!(stderr, "{text}");
    }
}

fn say(text: &str) {
    println!("{text}");
}

fn chapter(title: &str) {
    println!("\n== {title}");
}

/// Runs the commands of the tour and prints them as a terminal would show them.
struct Guide {
    sandbox: Sandbox,
}

impl Guide {
    fn patron(&self, line: &str, token: &str) {
        let piped = if token.is_empty() { "" } else { "printf '%s\\n' \"$TOKEN\" | " };
        println!("\n$ {piped}git credential-patron {line}");
        let words = ["credential-patron"].into_iter().chain(line.split(' '));
        let output = self
            .sandbox
            .git(words)
            .stdin(if token.is_empty() { String::new() } else { format!("{token}\n") })
            .ok();
        self.show(&output);
    }

    fn git(&self, folder: &str, line: &str) {
        let place = if folder == "." { String::new() } else { format!("{folder} ") };
        println!("\n{place}$ git {line}");
        let output = self.sandbox.git(line.split(' ')).cwd(self.sandbox.work().join(folder)).ok();
        self.show(&output);
    }

    fn show(&self, output: &Output) {
        let home = self.sandbox.home().display().to_string();
        let root = self.sandbox.root().display().to_string();
        for line in output.stdout().lines().chain(output.stderr().lines()) {
            // The temporary folders' long names would hide what matters.
            println!("  {}", line.replace(&home, "~").replace(&root, "/tmp/tour"));
        }
    }
}
