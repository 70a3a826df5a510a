//! A second user of the machine: prepares, holds and watches, and gets nothing. Made where root runs the tests.

use super::*;
use crate::forge::{PendingAnswer, State};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::{Command, Stdio};

/// The user and the group of `nobody`, who has no more rights than any second user.
const OTHER: u32 = 65534;

/// A desk whose first clone is refused, so that it is probed and explained; none where there is no second user.
fn desk() -> Option<Desk> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    policy.pending = PendingAnswer::NotFound;
    let mut desk = Desk::with(policy, &[("acme", "acme")]);
    desk.use_git();
    Some(desk)
}

/// Runs a shell script as the other user.
fn as_other(script: &str) -> Command {
    let mut command = Command::new("setpriv");
    let ids = [format!("--reuid={OTHER}"), format!("--regid={OTHER}")];
    command.args(ids).args(["--clear-groups", "sh", "-c", script]);
    command
}

#[test]
fn who_watches_every_process_sees_no_token() {
    let Some(desk) = desk() else { return };
    let secret = desk.forge.secret("acme");
    let script = "while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; \
                  cat /proc/[0-9]*/fd/2 </dev/null; ls -l /proc/[0-9]*/fd; done 2>/dev/null";
    let mut watcher = as_other(script).stdout(Stdio::piped()).spawn().expect("setpriv runs");
    let mut stdout = watcher.stdout.take().expect("it was piped");
    let seen = std::thread::spawn(move || {
        let mut seen = Vec::new();
        // Ended by its end.
        let _ = std::io::Read::read_to_end(&mut stdout, &mut seen);
        seen
    });
    for repo in ["secret", "tools", "a", "b", "c"] {
        desk.fails(".", &format!("clone -q https://github.com/acme/{repo}"));
        desk.sandbox.patron(["diagnose", &format!("https://github.com/acme/{repo}")]).run();
    }
    watcher.kill().expect("it is ours");
    watcher.wait().expect("it is ours");
    let seen = seen.join().expect("it read");
    let has = |text: &str| seen.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("probe-helper") || has("probe-run"), "it has watched the probe");
    assert!(!has(&secret) && !has(&secret[..20]), "the token was seen");
}

/// Whoever puts other things in the place of what lies in a shared folder, all the time, gets nothing either.
#[test]
fn what_another_user_swaps_meanwhile_gives_nothing_away_and_delays_nobody() {
    let Some(mut desk) = desk() else { return };
    let secret = desk.forge.secret("acme");
    let root = desk.sandbox.root().to_owned();
    let (shared, mine) = (root.join("shared"), root.join("theirs"));
    for folder in [&shared, &mine] {
        std::fs::create_dir(folder).expect("ours");
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
        chown(folder, Some(OTHER), Some(OTHER)).expect("root may");
    }
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("ours");
    // Ours would be this: a folder, then a link to theirs, then a pipe, and what comes into it is read.
    let swap = format!(
        "cd '{0}' && echo ready; while :; do mkdir -m 777 git-credential-patron; \
         for n in git-credential-patron/*; do cat \"$n\" >>'{1}/seen'; mv \"$n\" '{1}'; done; \
         rm -rf git-credential-patron; ln -s '{1}' git-credential-patron; rm git-credential-patron; \
         mkfifo git-credential-patron; rm git-credential-patron; done 2>'{1}/errors'",
        shared.display(),
        mine.display()
    );
    let mut swapper = as_other(&swap).stdout(Stdio::piped()).spawn().expect("setpriv runs");
    let mut said = [0; 5];
    std::io::Read::read_exact(swapper.stdout.as_mut().expect("piped"), &mut said).expect("it says so");
    desk.sandbox.set("XDG_RUNTIME_DIR", &shared);
    let start = std::time::Instant::now();
    for repo in ["secret", "tools", "a", "b", "c"] {
        desk.fails(".", &format!("clone -q https://github.com/acme/{repo}"));
        desk.sandbox.patron(["diagnose", &format!("https://github.com/acme/{repo}")]).run();
    }
    // Three seconds is the bound of a clone's question, ten that of a diagnosis.
    assert!(start.elapsed().as_secs() < 5 * (3 + 10), "{:?}", start.elapsed());
    assert!(swapper.try_wait().expect("it is ours").is_none(), "it swaps still");
    swapper.kill().expect("it is ours");
    swapper.wait().expect("it is ours");
    assert!(crate::given::files_with(&mine, &secret[..20]).is_empty(), "the token was had");
    let ours = |name: &std::ffi::OsString| !["seen", "errors"].iter().any(|theirs| name == theirs);
    assert_eq!(names(&mine).into_iter().filter(ours).count(), 0, "nothing of ours came there");
}

#[test]
fn what_another_user_has_prepared_is_not_used_and_delays_nobody() {
    let Some(mut desk) = desk() else { return };
    let root = desk.sandbox.root().to_owned();
    // Theirs, and open to all: with folders, links and pipes where ours would be.
    let shared = root.join("shared");
    let folder = shared.join("git-credential-patron");
    std::fs::create_dir_all(&folder).expect("ours");
    for path in [&shared, &folder] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("ours");
        chown(path, Some(OTHER), Some(OTHER)).expect("root may");
    }
    // They can reach it, as they could reach /tmp.
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let hold = format!(
        "cd '{}' && mkfifo pipe && for n in 0 1 2 3 4 5 6 7 8 9; do : >.flight-$n.lock; done; \
         exec 9<. && flock 9 && echo held && sleep 60",
        folder.display()
    );
    let mut holder = as_other(&hold).stdout(Stdio::piped()).spawn().expect("setpriv runs");
    let mut said = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().expect("piped"), &mut said).expect("it says so");
    let before = names(&folder);
    for runtime in [shared.clone(), root.join("not-there")] {
        desk.sandbox.set("XDG_RUNTIME_DIR", &runtime);
        desk.forge.clear_log();
        let repo = if runtime == shared { "secret" } else { "tools" };
        let said = desk.fails(".", &format!("clone -q https://github.com/acme/{repo}"));
        assert!(said.contains("has most likely not approved"), "{said}");
        assert_eq!(desk.asked(), 2, "the probe and git");
        assert_eq!(names(&folder), before, "nothing of ours lies there");
        assert!(!root.join("not-there").exists(), "a session's folder is not ours to make");
    }
    holder.kill().expect("it is ours");
    holder.wait().expect("it is ours");
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).expect("ours").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names
}
