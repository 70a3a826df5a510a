//! The sandbox itself: nothing of the machine gets in, nothing hangs, nothing is told.

use std::time::{Duration, Instant};

use crate::forge::{Forge, Policy};
use crate::sandbox::{Options, Sandbox, gits};

#[test]
fn the_environment_has_only_what_the_sandbox_put_there() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let output = sandbox.command("env", [] as [&str; 0]).ok();
    let text = output.stdout();
    let mut names: Vec<&str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "GIT_AUTHOR_EMAIL",
            "GIT_AUTHOR_NAME",
            "GIT_COMMITTER_EMAIL",
            "GIT_COMMITTER_NAME",
            "GIT_CONFIG_NOSYSTEM",
            "GIT_SSL_CAINFO",
            "GIT_TERMINAL_PROMPT",
            "HOME",
            "HTTPS_PROXY",
            "LANG",
            "PATH",
            "PATRON_VAULT",
            "SSL_CERT_FILE",
            "TMPDIR",
            "https_proxy",
        ]
    );
    assert!(!sandbox.home().join(".gitconfig").exists());
}

#[test]
fn an_awkward_home_and_xdg_folders_are_there_when_asked_for() {
    let options = Options { awkward_home: true, xdg: true, ..Options::default() };
    let sandbox = Sandbox::with(&options, None);
    sandbox.shell("cd \"$HOME\" && cd \"$XDG_CONFIG_HOME\" && cd \"$XDG_RUNTIME_DIR\"").ok();
    assert!(sandbox.home().to_string_lossy().contains(' '));
}

#[test]
fn a_program_that_does_not_end_is_killed_with_its_children() {
    let sandbox = Sandbox::new(None);
    let start = Instant::now();
    let hung = std::panic::catch_unwind(|| {
        sandbox.shell("echo begun; sleep 600 & sleep 600").within(Duration::from_millis(300)).run()
    });
    // Had the sleeping child lived on, its output would have been waited for.
    assert!(start.elapsed() < Duration::from_secs(60));
    let Err(panic) = hung else {
        panic!("it should have failed");
    };
    let text = panic.downcast_ref::<String>().expect("assert! gives text");
    assert!(text.contains("sleep 600") && text.contains("begun"), "{text}");
}

#[test]
fn a_program_that_leaves_something_with_its_output_is_not_waited_for() {
    let sandbox = Sandbox::new(None);
    let start = Instant::now();
    let hung = std::panic::catch_unwind(|| {
        sandbox.shell("setsid sleep 100 & echo left").within(Duration::from_millis(300)).run()
    });
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(hung.is_err());
}

#[test]
fn a_run_may_be_ended_from_outside() {
    let sandbox = Sandbox::new(None);
    let mut running = sandbox.shell("echo begun; sleep 600").spawn();
    assert!(!running.has_ended() && running.id() > 0);
    while running.so_far().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = running.kill();
    assert_eq!((output.status.code(), output.stdout().as_str()), (None, "begun\n"));
}

#[test]
fn a_failure_is_shown_without_secrets() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    let output = sandbox.command("echo", [&secret]).ok();
    let report = output.report();
    assert!(output.stdout().contains(&secret));
    assert!(!report.contains(&secret), "the secret is in the report");
    assert_eq!(report.matches("<secret of acme>").count(), 2, "{report}");
}

#[test]
fn each_git_is_the_one_that_runs() {
    let sandbox = Sandbox::new(None);
    for git in gits() {
        let expected = format!("git version {}\n", git.version);
        sandbox.git(["--version"]).with_git(git).ok().prints(&expected);
        sandbox.shell("git --version").with_git(git).ok().prints(&expected);
        sandbox.shell("git version && exit 7").with_git(git).fails(7);
    }
}

#[test]
fn pages_are_noted_and_never_shown() {
    let sandbox = Sandbox::new(None);
    assert!(sandbox.opened_pages().is_empty());
    sandbox.shell("xdg-open https://github.com/a; xdg-open 'https://github.com/b?c&d'").ok();
    assert_eq!(sandbox.opened_pages(), ["https://github.com/a", "https://github.com/b?c&d"]);
}

#[test]
fn what_a_program_reads_is_given_to_it() {
    let sandbox = Sandbox::new(None);
    let much = "line\n".repeat(100_000);
    sandbox.command("cat", [] as [&str; 0]).stdin(much.as_str()).ok().prints(&much);
    // One that does not read it is no failure.
    sandbox.shell("exit 3").stdin(much).fails(3);
}
