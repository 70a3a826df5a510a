//! Where all is well, and for callers that never say how it went: no request of ours, no word, no trace.
//!
//! Git's own requests and those of git-lfs are known by a twin: the same day's work in a home where git's own
//! `store` helper answers and patron is not there. What GitHub is asked beyond that list is patron's.

use super::*;
use crate::forge::{Entry, EntryKind, PendingAnswer, State};
use crate::{lfs, libgit2};

/// How many days are lived: ten operations each, so a hundred.
const DAYS: usize = 10;
/// The operations of one day that ask a helper, or may.
const OPERATIONS: usize = 10;

const ACME: &str = "https://github.com/acme/secret";
const GLOBEX: &str = "https://github.com/globex/api";

/// A checkout of acme's with large files, and in it one of globex's as a submodule.
fn prepare(desk: &Desk) {
    lfs::install(desk.sandbox.git(lfs::INSTALL.split(' ')).with_git(desk.git));
    desk.ok(".", &format!("clone -q {ACME} it"));
    desk.ok("it", &format!("submodule --quiet add {GLOBEX} sub"));
    desk.ok("it", "config lfs.locksverify true");
    work(desk, 0);
    desk.forge.clear_log();
}

/// A day's work: everything that git, git-lfs, scripts and libgit2 ask a helper for. Gives what stood on stderr.
fn work(desk: &Desk, day: usize) -> String {
    let mut said = Vec::new();
    let it = desk.sandbox.work().join("it");
    lfs::commit_large(|line| drop(desk.ok("it", line)), &it, &format!("large file of day {day}"));
    desk.ok("it/sub", &format!("commit -q --allow-empty -m day-{day}"));
    let topic = format!("push -q origin HEAD:refs/heads/topic-{day}");
    for (folder, line) in [
        ("it", "push -q"),
        ("it", "fetch -q"),
        ("it", "lfs fetch"),
        ("it", "lfs locks"),
        ("it/sub", topic.as_str()),
        ("it", "submodule --quiet update --remote"),
        ("it", "fetch -q --recurse-submodules=yes"),
        (".", &format!("ls-remote -q {GLOBEX}")),
    ] {
        if line == "lfs fetch" {
            // What is there is not fetched.
            std::fs::remove_dir_all(it.join(".git/lfs/objects")).expect("they are there");
        }
        said.push(desk.ok(folder, line));
    }
    let request = "protocol=https\nhost=github.com\npath=acme/secret\n";
    let fill = desk.sandbox.git(["credential", "fill"]).with_git(desk.git).stdin(request).ok();
    assert!(fill.stdout().contains("password="), "{}", fill.report());
    said.push(fill.stderr());
    let (answer, stderr) = libgit2::ask(&desk.sandbox, &it, GLOBEX);
    assert!(answer.is_some(), "libgit2 got nothing");
    said.push(stderr);
    assert_eq!(said.len(), OPERATIONS);
    said.concat()
}

/// The requests, each as what was asked for and what was answered; which of several at once came first is chance.
fn requests(desk: &Desk) -> Vec<String> {
    let line = |entry: Entry| {
        let path = entry.path.split("?ticket=").next().unwrap_or_default();
        let path = match path.split_once("/objects/") {
            // The file's name there is that of its content, which changes day by day.
            Some((before, after)) if after != "batch" => format!("{before}/objects/ID"),
            _ => path.to_owned(),
        };
        let credential = if entry.token.is_some() { "with" } else { "without" };
        format!("{:?} {} {path} {credential} {}", entry.kind, entry.method, entry.status)
    };
    let mut lines: Vec<String> = desk.forge.log().into_iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn in_steady_state_git_and_git_lfs_alone_ask_and_no_trace_stays() {
    // Ten days with one git, one with each other.
    for (git, days) in gits().iter().zip(std::iter::once(DAYS).chain(std::iter::repeat(1))) {
        println!("git {} at {}", git.version, git.path.display());
        live(git, days);
    }
}

fn live(git: &'static Git, days: usize) {
    let twin = Desk::before_setup(Forge::start(Policy::sample())).with_git(git);
    let line = format!("https://mona:{}@github.com\n", twin.forge.secret("classic"));
    twin.sandbox.write(".git-credentials", line);
    twin.sandbox.write(".gitconfig", "[credential]\n\thelper = store\n");
    prepare(&twin);
    work(&twin, 1);
    let alone = requests(&twin);
    assert!(alone.len() > OPERATIONS, "{alone:#?}");

    let desk = Desk::new(Policy::sample()).with_git(git);
    prepare(&desk);
    for day in 1..=days {
        let said = work(&desk, day);
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
        for entry in desk.forge.log() {
            let about = format!("day {day}: {entry:?}");
            assert!(entry.agent.starts_with("git/") || entry.agent.starts_with("git-lfs/"), "{about}");
            assert!(matches!(entry.kind, EntryKind::Git | EntryKind::Lfs), "{about}");
            // And each owner's own token.
            assert!(entry.token.as_ref().is_none_or(|token| *token == entry.owner), "{about}");
        }
        assert_eq!(requests(&desk), alone, "day {day}: not what is asked without patron");
        assert_eq!(desk.traces(), 0, "day {day}");
        desk.forge.clear_log();
    }
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn callers_that_never_report_cause_no_request_no_verdict_and_leave_no_trace() {
    for answer in [PendingAnswer::NotFound, PendingAnswer::NotGranted] {
        let mut policy = Policy::sample();
        policy.token_mut("acme").state = State::Pending;
        policy.pending = answer;
        let desk = Desk::new(policy);
        lfs::install(desk.sandbox.git(lfs::INSTALL.split(' ')).with_git(desk.git));
        desk.ok(".", "init -q it");
        desk.ok("it", &format!("remote add origin {ACME}"));
        let it = desk.sandbox.work().join("it");
        let request = "protocol=https\nhost=github.com\npath=acme/secret\n\n";
        for _ in 0..3 {
            desk.sandbox.patron(["get"]).stdin(request).ok().says_nothing();
            desk.sandbox.git(["credential", "fill"]).with_git(desk.git).stdin(request).ok().says_nothing();
            let (answer, said) = libgit2::ask(&desk.sandbox, &it, ACME);
            assert_eq!((answer.is_some(), Desk::lines(&said)), (true, vec![""; 0]), "{said}");
        }
        assert_eq!(desk.forge.log(), []);
        for _ in 0..3 {
            // It is refused, and tells nobody.
            let said = desk.fails("it", "lfs locks");
            assert_eq!(Desk::lines(&said), [""; 0], "{said}");
        }
        let log = desk.forge.log();
        assert!(!log.is_empty() && log.iter().all(|entry| entry.agent.starts_with("git-lfs/")), "{log:#?}");
        assert_eq!((desk.traces(), desk.pages().len()), (0, 0));
        // Git itself meets its first refusal as if nothing had been.
        let said = desk.fails("it", "fetch -q");
        assert_eq!(Desk::lines(&said).len(), 5, "{said}");
    }
}
