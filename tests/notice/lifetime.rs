//! Nothing outlives us: whatever ends patron or git while a probe runs, no process and no file of ours is left.

use super::*;
use crate::forge::{GITHUB, Host, HostKind, Tls};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// How long `diagnose` may take, which is the longest of our bounds, and two seconds.
const BOUND: Duration = Duration::from_secs(12);
/// After so many milliseconds the end comes.
const POINTS: [u64; 10] = [5, 30, 60, 100, 160, 240, 350, 500, 800, 1500];
const SIGNALS: [&str; 4] = ["INT", "TERM", "HUP", "KILL"];

/// The command lines of processes that have to do with this sandbox.
fn alive(desk: &Desk) -> Vec<String> {
    let root = desk.sandbox.root().to_str().expect("UTF-8").to_owned();
    let entries = std::fs::read_dir("/proc").expect("Linux has it").flatten();
    let own = std::process::id().to_string();
    entries
        .filter(|entry| {
            entry.file_name().to_str().is_some_and(|name| name != own && name.parse::<u32>().is_ok())
        })
        .filter(|entry| !is_gits_own(&entry.path()))
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&root) || line.contains(&repository(desk)))
        .collect()
}

/// A repository of this desk alone.
fn repository(desk: &Desk) -> String {
    let name = desk.sandbox.root().file_name().expect("a folder").to_string_lossy().replace('.', "");
    format!("acme/{name}")
}

/// Tells whether this is what git started for itself: a killed git leaves it, too. What a probe started has a
/// socket for its standard error.
fn is_gits_own(process: &Path) -> bool {
    let is_transport = std::fs::read(process.join("cmdline"))
        .is_ok_and(|line| line.windows(12).any(|part| part == b"remote-https"));
    let stderr = std::fs::read_link(process.join("fd/2"));
    is_transport && stderr.is_ok_and(|stderr| !stderr.to_string_lossy().starts_with("socket:"))
}

/// The files of ours that are no files for long.
fn left_behind(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("it is there");
        if kind.is_dir() {
            left_behind(&path, found);
        } else if !kind.is_file() || path.extension().is_some_and(|ending| ending == "tmp") {
            found.push(path.display().to_string());
        }
    }
}

/// Ends what runs: for an INT the whole group, as Ctrl-C does.
fn end(running: &Running, signal: &str) {
    let target = if signal == "INT" { format!("-{}", running.id()) } else { running.id().to_string() };
    let killed = std::process::Command::new("kill").args(["-s", signal, "--", &target]).status();
    // One that has ended by itself is as good.
    let _ = killed.expect("there is a kill");
}

#[track_caller]
fn nothing_is_left(desk: &Desk, what: &str) {
    let deadline = Instant::now() + BOUND;
    loop {
        let alive = alive(desk);
        if alive.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{what}: {alive:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut files = Vec::new();
    for folder in ["run", "tmp", "home/.config", "home/.local"] {
        left_behind(&desk.sandbox.root().join(folder), &mut files);
    }
    assert_eq!(files, [""; 0], "{what}");
}

/// A desk at which the host never answers: its connection, its TLS handshake or its answer does not come.
fn silent(how: &str) -> (Desk, Option<TcpListener>) {
    let mut desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
    desk.use_git();
    let mut listener = None;
    match how {
        "connection" => {
            // Nobody ever takes what comes in here.
            let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = format!("http://{}", proxy.local_addr().expect("bound"));
            for name in ["https_proxy", "HTTPS_PROXY"] {
                desk.sandbox.set(name, &address);
            }
            listener = Some(proxy);
        }
        "handshake" => desk.forge.policy(|policy| {
            policy.hosts.retain(|host| host.name != GITHUB);
            policy.hosts.push(Host { tls: Tls::Silent, ..Host::new(GITHUB, HostKind::GitHub) });
        }),
        _ => {
            let never = crate::forge::Then::Delay(Duration::from_secs(120));
            desk.forge.policy(|policy| policy.rules.push(crate::forge::Rule::fault(never)));
        }
    }
    (desk, listener)
}

#[test]
fn whatever_ends_diagnose_nothing_is_left() {
    for how in ["connection", "handshake", "answer"] {
        let (desk, _listener) = silent(how);
        let running: Vec<_> = SIGNALS
            .iter()
            .flat_map(|signal| POINTS.map(|point| (signal, point)))
            .map(|(signal, point)| {
                let url = format!("https://github.com/{}-{signal}-{point}", repository(&desk));
                let running = desk.sandbox.patron(["diagnose", &url]).spawn();
                std::thread::sleep(Duration::from_millis(point));
                end(&running, signal);
                running
            })
            .collect();
        running.into_iter().for_each(|running| _ = running.wait());
        nothing_is_left(&desk, how);
    }
}

#[test]
fn whatever_ends_a_git_that_is_asked_about_nothing_is_left() {
    for signal in SIGNALS {
        // Git itself must be answered; only what is asked with a token hangs.
        let mut desk = Desk::with(Policy::sample(), &[("acme", "acme")]);
        desk.use_git();
        let never = crate::forge::Then::Delay(Duration::from_secs(120));
        let rule = crate::forge::Rule::fault(never).by(crate::forge::By::Credential);
        desk.forge.policy(|policy| policy.rules.push(rule));
        let running: Vec<_> = POINTS
            .map(|point| {
                let url = format!("https://github.com/{}-{signal}-{point}", repository(&desk));
                let running = desk.sandbox.command("git", ["ls-remote", &url]).spawn();
                std::thread::sleep(Duration::from_millis(point));
                end(&running, signal);
                running
            })
            .into();
        nothing_is_left(&desk, signal);
        // What git itself leaves waiting for its server is git's.
        running.into_iter().for_each(|running| _ = running.kill());
    }
}
