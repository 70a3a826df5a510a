//! A release: what is said of it, where it lies, and what its workflow may do.

use super::archive::Script;
use super::{root, tool};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// The workflow that makes a release.
const WORKFLOW: &str = ".github/workflows/release.yml";

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names in `install/` that are run there.
fn scripts() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("install")).expect("a folder of this checkout");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.contains('.') || name.ends_with(".sh")).collect()
}

#[test]
fn each_script_tells_its_usage_and_refuses_what_it_does_not_know() {
    for name in scripts() {
        let told = Script::new(&name).args(["--help"]).ok();
        let short = name.trim_end_matches(".sh");
        assert!(told.starts_with("usage: ") && told.contains(short), "{name}: {told}");
        let said = Script::new(&name).args(["--frobnicate"]).fails(2);
        assert!(said.contains("usage: "), "{name}: {said}");
    }
}

#[test]
fn the_notes_of_a_version_are_its_section_of_the_changelog() {
    let version = env!("CARGO_PKG_VERSION");
    let notes = Script::new("notes").ok();
    assert_eq!(notes, Script::new("notes").args([version]).ok());
    let changelog = text("CHANGELOG.md");
    let section = changelog.split("\n## ").find(|section| section.starts_with(version));
    let section =
        section.and_then(|section| section.split_once('\n')).expect("this version is in the changelog").1;
    assert_eq!(notes.trim(), section.trim());
    let said = Script::new("notes").args(["99.0.0"]).fails(1);
    assert!(said.contains("CHANGELOG.md says nothing of 99.0.0") && said.contains("## 99.0.0"), "{said}");
}

#[test]
fn only_the_tag_of_this_version_in_the_repository_that_is_named_is_released() {
    let (version, repository) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_REPOSITORY"));
    let tag = format!("v{version}");
    Script::new("release").args(["check", &tag, repository]).ok();
    let said = Script::new("release").args(["check", "v99.0.0", repository]).fails(1);
    assert!(said.contains("is not Cargo.toml's version"), "{said}");
    let said = Script::new("release")
        .args(["check", &tag, "https://github.com/mona/git-credential-patron"])
        .fails(1);
    assert!(said.contains("Cargo.toml names the repository") && said.contains("install/owner"), "{said}");
}

#[test]
fn every_address_of_this_project_is_the_one_that_cargo_toml_names() {
    let repository = env!("CARGO_PKG_REPOSITORY");
    assert_eq!(env!("CARGO_PKG_HOMEPAGE"), repository);
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    let names = String::from_utf8(listed.stdout).expect("names of ours are UTF-8");
    let owner = repository
        .strip_prefix("https://github.com/")
        .and_then(|rest| rest.strip_suffix("/git-credential-patron"));
    let owner = owner.expect("a repository of this name at GitHub");
    assert!(text("README.md").contains(&format!("brew install {owner}/tap/git-credential-patron")));
    let mut seen = 0;
    for name in names.split_terminator('\0').filter(|name| !name.starts_with("tests/")) {
        let Ok(text) = fs::read_to_string(root().join(name)) else { continue };
        for (at, _) in text.match_indices("/git-credential-patron") {
            let before = &text[..at];
            let Some(host) = before.rfind("github.com/") else { continue };
            let found = &before[host + "github.com/".len()..];
            // A name; anything else is another text in between, or one that a script fills in.
            if !found.is_empty()
                && found.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && found != "OWNER"
            {
                seen += 1;
                assert_eq!(found, owner, "{name} names another repository: install/owner {owner}");
            }
        }
    }
    assert!(seen > 4, "Cargo.toml and README.md name it: {seen}");
}

#[test]
fn the_workflow_runs_for_a_tag_alone_with_pinned_actions_and_few_rights() {
    tool("yamllint", "yamllint");
    let rules = "{extends: default, rules: {line-length: disable, document-start: disable, truthy: disable, \
        comments: {min-spaces-from-content: 1}}}";
    for workflow in [WORKFLOW, ".github/workflows/ci.yml"] {
        let output = Command::new("yamllint").args(["-d", rules]).arg(root().join(workflow)).output();
        let output = output.expect("it was found");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for line in text(workflow)
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            let (action, comment) =
                line.split_once(" # v").unwrap_or_else(|| panic!("{workflow}: no version: {line}"));
            let hash = action.split_once('@').map_or("", |(_, hash)| hash);
            let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && comment.split('.').count() == 3, "{workflow}: not pinned: {line}");
        }
    }
    let workflow = text(WORKFLOW);
    let on = workflow.split("\non:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    assert_eq!(on, Some("  push:\n    tags: [\"v[0-9]*\"]"));
    assert!(workflow.contains("\npermissions: {}\n"), "nothing is allowed by default");
    assert!(!workflow.contains("secrets.") && !workflow.contains("pull_request"));
    // One job may write, and what it runs was built by others.
    let jobs = workflow.split("\njobs:\n").nth(1).expect("it has jobs");
    let writers: Vec<&str> = jobs.split("\n\n").filter(|job| job.contains(": write")).collect();
    let [writer] = writers.as_slice() else { panic!("{} jobs may write", writers.len()) };
    assert!(
        writer.starts_with("  draft:") && !writer.contains("cargo") && !writer.contains("install/archive")
    );
    for checkout in jobs.split("actions/checkout@").skip(1) {
        assert!(checkout.lines().nth(2).is_some_and(|line| line.trim() == "persist-credentials: false"));
    }
    // All that is done is a script of this repository.
    let scripts = scripts();
    let mut run = BTreeSet::new();
    for (at, _) in jobs.match_indices("install/") {
        let name: String =
            jobs[at + 8..].chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
        assert!(scripts.contains(&name), "there is no install/{name}");
        run.insert(name);
    }
    for name in ["static", "archive", "deb", "rpm", "release"] {
        assert!(run.contains(name), "install/{name} is not run");
    }
    // Beside that, compiler and packages are fetched.
    for line in jobs.lines().filter_map(|line| line.trim().strip_prefix("- run: ")) {
        let known = ["install/", "rustup update stable ", "sudo apt-get update && "];
        assert!(known.iter().any(|start| line.starts_with(start)), "not a script of this repository: {line}");
    }
    assert!(!jobs.contains(" run: |"), "commands by themselves");
}
