//! What GitHub reads of this repository: the workflow's permissions and pins, and what reports are asked for.
//!
//! A linter for workflows is no Debian package, so the few rules that matter most are held here, as text.

use std::fs;
use std::path::Path;

/// The workflow, with its lines' indentation.
fn workflow() -> String {
    read(".github/workflows/ci.yml")
}

#[test]
fn every_action_is_pinned_by_its_whole_commit_and_names_its_version() {
    let workflow = workflow();
    let uses: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")).collect();
    assert!(!uses.is_empty() && uses.len() == workflow.matches("uses:").count(), "{uses:?}");
    for action in uses {
        let (name, pin) = action.split_once('@').unwrap_or_else(|| panic!("{action} is not pinned"));
        let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{action} names no version"));
        let is_commit = commit.len() == 40
            && commit.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
        assert!(is_commit && version.starts_with(|first: char| first.is_ascii_digit()), "{action}");
        assert!(name.starts_with("actions/"), "{name} is not GitHub's own: is it needed?");
    }
}

#[test]
fn the_workflow_may_read_and_nothing_else() {
    let workflow = workflow();
    assert!(workflow.contains("\npermissions:\n  contents: read\n\n"), "the workflow's permissions");
    assert_eq!(workflow.matches("permissions:").count(), 1, "no job has more");
    assert_eq!(
        workflow.matches("actions/checkout@").count(),
        workflow.matches("persist-credentials: false").count(),
        "git must not keep the job's token"
    );
    assert!(!workflow.contains("secrets.") && !workflow.contains("pull_request_target"));
    let jobs = workflow.matches("    runs-on: ").count();
    assert_eq!(workflow.matches("    timeout-minutes: ").count(), jobs, "each job has a bound");
}

#[test]
fn the_workflow_runs_what_a_developer_runs_and_on_three_systems() {
    let workflow = workflow();
    for needed in ["run: .ci/run", "ubuntu-", "macos-", "windows-", "install/deb", "install/install.ps1"] {
        assert!(workflow.contains(needed), "{needed}");
    }
    assert!(read(".ci/run").lines().any(|line| line == "tests/run"), "what CI runs is what the README says");
}

#[test]
fn reports_are_asked_for_what_diagnose_says_and_for_no_token() {
    let folder = root().join(".github/ISSUE_TEMPLATE");
    let mut templates = 0;
    for entry in fs::read_dir(folder).expect("the templates") {
        let path = entry.expect("a template").path();
        let text = fs::read_to_string(&path).expect("a template");
        assert!(text.contains("git credential-patron diagnose --json"), "{}", path.display());
        assert!(text.contains("token"), "{}", path.display());
        templates += 1;
    }
    assert_eq!(templates, 2);
}

#[test]
fn the_changelog_has_a_place_for_what_comes_and_for_this_version() {
    let changelog = read("CHANGELOG.md");
    assert!(changelog.contains("\n## Unreleased\n"));
    assert!(changelog.contains(concat!("\n## ", env!("CARGO_PKG_VERSION"))), "this version is not in it");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
