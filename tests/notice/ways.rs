//! The ways to the host: the caller's own remote, no place to remember, many at once, and in the background.

use super::*;
use crate::forge::{On, PendingAnswer, Reply, Repository, Rule, State, Then, Visibility};
use std::time::Duration;

const DEAD: &str = "http://127.0.0.1:9";

fn pending() -> Policy {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    policy.pending = PendingAnswer::NotFound;
    policy
}

#[test]
fn the_proxy_of_the_callers_own_remote_is_obeyed_and_no_other_remotes() {
    for git in gits() {
        for name in ["origin", "up.stream"] {
            let mut desk = Desk::with(pending(), &[("acme", "acme")]).with_git(git);
            desk.use_git();
            let proxy = desk.forge.proxy_url();
            for variable in ["https_proxy", "HTTPS_PROXY"] {
                desk.sandbox.set(variable, DEAD);
            }
            desk.ok(".", "init -q it");
            desk.ok("it", &format!("remote add {name} https://github.com/acme/secret"));
            desk.ok("it", &format!("config remote.{name}.proxy {proxy}"));
            for other in ["patron-probe", "elsewhere"] {
                desk.ok("it", &format!("config remote.{other}.proxy {DEAD}"));
            }
            let said = desk.fails("it", &format!("fetch -q {name}"));
            assert!(said.contains("(approval-pending)"), "{said}");
            assert!(desk.calls().contains(&"/user".to_owned()), "REST goes the same way");
            let it = desk.sandbox.work().join("it");
            let diagnosed = desk.sandbox.patron(["diagnose", name, "--json"]).cwd(&it).run().stdout();
            assert!(diagnosed.contains("\"approval-pending\""), "{diagnosed}");
            // A URL that is typed is no remote's.
            let said = desk.fails("it", "ls-remote https://github.com/acme/secret");
            assert!(!said.contains("(approval-pending)"), "{said}");
        }
    }
}

#[test]
fn where_nothing_can_be_remembered_refusals_are_explained_all_the_same() {
    for blocked in [".local/state", ".local/state/git-credential-patron"] {
        let desk = Desk::with(pending(), &[("acme", "acme")]);
        let path = desk.sandbox.home().join(blocked);
        if path.exists() {
            std::fs::remove_dir_all(&path).expect("ours");
        }
        // A file, where root too can make no folder.
        desk.sandbox.write(blocked, "");
        for _ in 0..2 {
            let said = desk.fails(".", "clone -q https://github.com/acme/secret");
            assert!(said.contains("(approval-pending)"), "{blocked}: {said}");
        }
        assert_eq!(desk.pages(), [""; 0], "what is not remembered would open each time");
        let diagnosed = desk.sandbox.patron(["diagnose", "https://github.com/acme/secret", "--json"]);
        let diagnosed = diagnosed.fails(1).stdout();
        assert!(diagnosed.contains("\"approval-pending\""), "{blocked}: {diagnosed}");
    }
}

#[test]
fn what_cannot_be_asked_is_not_asked_and_never_fine() {
    let desk = Desk::with(pending(), &[("acme", "acme")]);
    // No git is found, so none can ask.
    for push in [&[][..], &["--push"]] {
        let words = [&["diagnose", "https://github.com/acme/secret", "--json"][..], push].concat();
        let diagnosed = desk.sandbox.patron(words).env("PATH", "/nowhere").run();
        assert_eq!(diagnosed.status.code(), Some(3), "{}", diagnosed.report());
        assert!(diagnosed.stdout().contains("\"not-asked\""), "{}", diagnosed.report());
    }
}

#[test]
fn many_remotes_at_once_say_nothing_untrue_of_the_host_and_explain_once() {
    // The last takes longer for all than anybody waits for a lock of ours.
    for (is_pending, many, reply) in [(false, 12, 100), (true, 12, 100), (false, 24, 300)] {
        let repos: Vec<String> = (0..many).map(|n| format!("many-{n}")).collect();
        let mut policy = if is_pending { pending() } else { Policy::sample() };
        for repo in &repos {
            policy.repositories.push(Repository::new(&format!("acme/{repo}"), Visibility::Private));
        }
        let slow = Rule::fault(Then::Delay(Duration::from_millis(reply))).on(On::Git);
        let desk = Desk::with(policy.rule(slow), &[("acme", "acme")]);
        let runs: Vec<_> = repos
            .iter()
            .map(|repo| desk.spawn(".", &format!("ls-remote -q https://github.com/acme/{repo}")))
            .collect();
        let said: Vec<String> = runs.into_iter().map(|run| run.wait().stderr()).collect();
        assert!(!said.iter().any(|said| said.contains("could not ask")), "{said:#?}");
        let outcomes = desk.sandbox.read(".local/state/git-credential-patron/outcomes.toml");
        assert!(!outcomes.unwrap_or_default().contains("memory.hold"), "the host is not held");
        let blocks = said.iter().filter(|said| Desk::lines(said).len() > 1).count();
        assert_eq!(blocks, usize::from(is_pending), "{said:#?}");
        let users = desk.calls().iter().filter(|call| *call == "/user").count();
        assert_eq!(users, usize::from(is_pending), "{:?}", desk.calls());
    }
}

#[test]
fn a_lock_of_ours_that_nobody_gives_back_says_nothing_of_the_host() {
    for is_pending in [false, true] {
        let desk = Desk::with(if is_pending { pending() } else { Policy::sample() }, &[("acme", "acme")]);
        // The locks are there from now on, and nothing else is known.
        desk.run(".", "ls-remote -q https://github.com/acme/secret");
        let state = desk.sandbox.home().join(".local/state/git-credential-patron");
        let held: Vec<std::fs::File> = std::fs::read_dir(state.join("locks"))
            .expect("it was used")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                ["flight-", "place-", "owner-"].iter().any(|kind| name.starts_with(kind))
            })
            .map(|path| std::fs::File::options().write(true).open(path).expect("ours"))
            .collect();
        assert!(!held.is_empty());
        held.iter().for_each(|file| file.lock().expect("nobody else has it"));
        std::fs::remove_file(state.join("outcomes.toml")).expect("ours");
        for line in
            ["ls-remote -q https://github.com/acme/secret", "clone -q https://github.com/acme/secret it"]
        {
            desk.forge.clear_log();
            let output = desk.run(".", line);
            assert_eq!(output.status.success(), !is_pending, "{}", output.report());
            assert_eq!(Desk::lines(&output.stderr()), [""; 0], "{}", output.report());
            assert_eq!((desk.asked(), desk.calls().len()), (1, 0), "git alone asks");
        }
        let outcomes = std::fs::read_to_string(state.join("outcomes.toml")).unwrap_or_default();
        assert!(!outcomes.contains("memory.hold"), "{outcomes}");
        drop(held);
        let output = desk.run(".", "ls-remote -q https://github.com/acme/secret");
        assert_eq!(output.stderr().contains("(approval-pending)"), is_pending, "{}", output.report());
    }
}

#[test]
fn a_request_that_names_no_repository_is_told_so_and_gets_no_owners_token() {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    let fill = |lines: &str| desk.sandbox.git(["credential", "fill"]).stdin(format!("{lines}\n")).run();
    for lines in
        ["protocol=https\nhost=github.com\n", "url=https://github.com\n", "url=https://mona@github.com/\n"]
    {
        let output = fill(lines);
        assert!(!output.stdout().contains("password="), "{lines}: {}", output.report());
        let said = output.stderr();
        assert!(
            said.contains("patron: git did not say which repository")
                && said.contains("send path=OWNER/REPO"),
            "{lines}: {said}"
        );
        assert_eq!(said.matches("patron: ").count(), 1, "{said}");
    }
    let output = fill("url=https://github.com/acme/secret\n").ok();
    assert!(output.stdout().contains("password=") && output.stderr().is_empty(), "{}", output.report());
}

#[test]
fn who_fetches_in_the_background_is_told_once_and_opens_nothing() {
    for is_editor in [true, false] {
        let desk = Desk::with(pending(), &[("acme", "acme")]);
        desk.ok(".", "init -q it");
        desk.ok("it", "remote add origin https://github.com/acme/secret");
        let fetch = || {
            let words = ["--wait", "git", "fetch", "-q", "origin"].into_iter();
            let words = words.chain((!is_editor).then_some("--prefetch"));
            let run = desk.sandbox.command("setsid", words).with_git(desk.git);
            let run = if is_editor { run.env("VSCODE_GIT_FETCH_SILENT", "1") } else { run };
            run.cwd(desk.sandbox.work().join("it")).run().stderr()
        };
        let said = fetch();
        assert_eq!(Desk::lines(&said).len(), 5, "{said}");
        assert!(said.contains("in the background"), "{said}");
        desk.forge.clear_log();
        for minutes in [0, 3, 30] {
            if minutes > 0 {
                desk.later(minutes * 60);
            }
            let said = fetch();
            assert_eq!(Desk::lines(&said), [""; 0], "after {minutes}: {said}");
        }
        assert_eq!((desk.asked(), desk.calls().len()), (3, 0), "git alone");
        assert_eq!(desk.pages(), [""; 0]);
        // Whoever waits for git is told.
        let said = desk.fails("it", "fetch -q origin");
        assert!(!Desk::lines(&said).is_empty(), "{said}");
    }
}

#[test]
fn one_429_that_has_healed_is_spoken_of_once_and_not_above_what_works() {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    let limited = Rule::answer(Reply::too_many(30)).times(1);
    desk.forge.policy(|policy| policy.rules.push(limited));
    let said = desk.run(".", "clone -q https://github.com/acme/secret one").stderr();
    assert!(said.contains("(rate-limited)"), "{said}");
    for folder in ["two", "three"] {
        let said = desk.ok(".", &format!("clone -q https://github.com/acme/secret {folder}"));
        assert_eq!(Desk::lines(&said), [""; 0], "{said}");
    }
}

#[test]
fn a_rejected_token_is_said_to_be_tried_again_and_when() {
    let desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    desk.ok(".", "clone -q https://github.com/acme/secret");
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let at_once = "or at once with git credential-patron diagnose https://github.com/acme/secret";
    let said = desk.fails("secret", "fetch -q");
    assert!(said.contains(&format!("patron tries it again next time, {at_once}")), "{said}");
    // Once more at its next use, and then while it waits.
    for _ in 0..2 {
        let said = desk.fails("secret", "fetch -q");
        let (_, when) = said.split_once("patron tries it again at ").unwrap_or_else(|| panic!("{said}"));
        let clock = when.get(..5).unwrap_or_default();
        assert!(clock.parse::<jiff::civil::Time>().is_ok(), "{said}");
        assert!(when[5..].starts_with(&format!(", {at_once}")), "{said}");
    }
}

#[test]
fn no_program_of_the_checkout_is_run_though_the_search_path_begins_there() {
    for git in gits() {
        let desk = Desk::with(pending(), &[("acme", "acme")]).with_git(git);
        let names =
            ["cat", "grep", "test", "sh", "printf", "git", "git-remote-https", "git-credential-patron"];
        let evil = desk.sandbox.work().join("checkout");
        std::fs::create_dir(&evil).expect("ours");
        for name in names {
            let script = format!("#!/bin/sh\necho {name} >>'{}/ran'\n", evil.display());
            std::fs::write(evil.join(name), script).expect("ours");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(evil.join(name), mode).expect("ours");
        }
        let before = desk.sandbox.environment().get(std::ffi::OsStr::new("PATH")).expect("it is set").clone();
        for entry in [".", "", "checkout/.."] {
            let path = [entry.into(), before.clone()].join(std::ffi::OsStr::new(":"));
            let git_path = git.path.to_str().expect("UTF-8");
            let words = ["--wait", git_path, "ls-remote", "https://github.com/acme/secret"];
            let run = desk.sandbox.command("/usr/bin/setsid", words).env("PATH", path).cwd(&evil);
            let said = run.run().stderr();
            assert!(said.contains("acme has most likely not approved"), "{entry:?}: {said}");
            let diagnose = desk.sandbox.patron(["diagnose", "https://github.com/acme/secret"]).cwd(&evil);
            diagnose.env("PATH", [entry.into(), before.clone()].join(std::ffi::OsStr::new(":"))).fails(1);
        }
        assert!(!evil.join("ran").exists(), "{:?}", std::fs::read_to_string(evil.join("ran")));
    }
}
