//! What is particular to Windows, by the program for Windows in Wine: `tests/windows/run` builds it and runs these.
//!
//! Other subjects are tried there by their own tests, with the programs of Windows in the place of ours
//! (`tests/sandbox.rs`).

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::forge::{TokenKind, make_token};
use super::given::{self, account};
use super::sandbox::{Running, Sandbox, windows};

/// A sandbox for Wine; the stand-in for `sh` is called `wsh` there.
fn sandbox() -> Sandbox {
    assert!(windows().is_some(), "PATRON_WINDOWS is not set: run tests/windows/run");
    let sandbox = Sandbox::new(None);
    let under_wine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows/under-wine");
    std::os::unix::fs::symlink(under_wine, sandbox.bin().join("wsh")).expect("the sandbox is ours");
    sandbox
}

fn z(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// Holds a file for nobody else; the hold has begun when this returns.
fn hold(sandbox: &Sandbox, file: &Path, seconds: &str) -> Running {
    let held = sandbox.command("wsh", ["--hold", &z(file), seconds]).spawn();
    let start = Instant::now();
    while !held.so_far().contains("held") {
        assert!(start.elapsed() < Duration::from_secs(50), "{}", held.said_so_far());
        thread::sleep(Duration::from_millis(5));
    }
    held
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn a_file_that_another_program_holds_is_waited_for_and_named_in_the_end() {
    let sandbox = sandbox();
    let acme = account("https://github.com/acme");
    given::accounts(&sandbox, std::slice::from_ref(&acme));
    let request = given::request("github.com", "acme/secret", "");
    let get = || sandbox.patron(["get"]).stdin(request.clone()).ok();
    assert_eq!(get().stdout(), acme.answer());
    let held = hold(&sandbox, &given::secrets_file(&sandbox), "30");
    let output = get();
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().contains("another program may hold"), "{}", output.stderr());
    drop(held.kill());
    assert_eq!(get().stdout(), acme.answer());
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn exec_finds_scripts_and_gives_their_exit_codes() {
    let sandbox = sandbox();
    given::accounts(&sandbox, &[account("https://github.com/acme")]);
    fs::write(sandbox.bin().join("hello.cmd"), "@echo hello %1\r\n@exit /b 7\r\n").expect("written");
    let output = sandbox.patron(["exec", "--for", "acme", "--", "hello", "mona"]).fails(7);
    assert_eq!(output.stdout().trim_end(), "hello mona");
    let output = sandbox.patron(["exec", "--for", "acme", "--", "no-such-command"]).fails(127);
    assert!(output.stderr().contains("command not found"), "{}", output.stderr());
    let shown = sandbox
        .patron(["exec", "--for", "acme", "--", "sh", "-c", "test -n \"$GH_TOKEN\" && exit 5"])
        .fails(5);
    assert_eq!(shown.stdout(), "");
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn a_token_is_kept_from_every_pipe_and_in_both_vaults() {
    let sandbox = sandbox();
    let token = make_token(TokenKind::Classic);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(token.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for vault in ["file", "keyring"] {
        for (n, piped) in
            [token.clone().into_bytes(), format!("\u{feff}{token}\r\n").into_bytes(), wide.clone()]
                .into_iter()
                .enumerate()
        {
            let owner = format!("{vault}-{n}");
            let add = ["add", &owner, "--token-stdin", "--no-verify", "--no-browser", "--vault", vault];
            sandbox.patron(add).stdin(piped).ok();
            assert_eq!(sandbox.patron(["token", &owner]).ok().stdout().trim_end(), token, "{owner}");
        }
    }
    let list = sandbox.patron(["list"]).ok().stdout();
    assert!(list.contains("file-2") && list.contains("keyring-2") && !list.contains(&token), "{list}");
    for vault in ["file", "keyring"] {
        for n in 0..3 {
            sandbox.patron(["remove", &format!("{vault}-{n}"), "--yes"]).ok();
        }
    }
    assert!(!sandbox.patron(["list"]).ok().stdout().contains("keyring-"));
    let left = given::files_with(sandbox.root(), &token);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn setup_is_found_by_git_and_unsetup_leaves_the_config_as_it_was() {
    let sandbox = sandbox();
    let acme = account("https://github.com/acme");
    given::accounts(&sandbox, std::slice::from_ref(&acme));
    for before in ["[user]\n\tname = Mona\n", "[user]\r\n\tname = Mona\r\n", ""] {
        sandbox.write(".gitconfig", before);
        sandbox.patron(["setup"]).ok();
        let request = given::request("github.com", "acme/secret.git", "\n");
        let filled = sandbox.git(["credential", "fill"]).stdin(request).ok().stdout();
        assert!(filled.contains(&format!("password={}", acme.secret)), "git was not given the token");
        sandbox.patron(["unsetup"]).ok();
        assert_eq!(sandbox.read(".gitconfig").as_deref(), Some(before));
    }
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn many_at_once_lose_nothing() {
    let sandbox = sandbox();
    let names: Vec<String> = (0..6).map(|n| format!("owner-{n}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let add = ["add", name, "--token-stdin", "--no-verify", "--no-browser"];
                sandbox.patron(add).stdin(make_token(TokenKind::Classic)).ok();
            });
        }
    });
    let list = sandbox.patron(["list"]).ok().stdout();
    assert!(names.iter().all(|name| list.contains(name.as_str())), "{list}");
    let answers: Vec<String> = thread::scope(|scope| {
        let get = |name: &str| {
            let request = given::request("github.com", &format!("{name}/r"), "");
            sandbox.patron(["get"]).stdin(request).ok().stdout()
        };
        let running: Vec<_> = names.iter().map(|name| scope.spawn(move || get(name))).collect();
        running.into_iter().map(|it| it.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|answer| answer.contains("password=ghp_")), "some got nothing");
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn a_git_that_asks_a_host_that_stays_silent_is_ended_with_all_that_it_started() {
    let mut sandbox = sandbox();
    // Connections are taken, and nothing is ever said.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let proxy = format!("http://{}", silent.local_addr().expect("bound"));
    let held = thread::spawn(move || silent.incoming().take(20).collect::<Vec<_>>());
    for name in ["HTTPS_PROXY", "https_proxy"] {
        sandbox.set(name, &proxy);
    }
    given::accounts(&sandbox, &[account("https://github.com/silent-owner")]);
    sandbox.write(".gitconfig", "");
    sandbox.patron(["setup"]).ok();
    let output = sandbox.patron(["diagnose", "silent-owner/r"]).fails(3);
    assert!(
        output.stdout().contains("unreachable") || output.stdout().contains("no answer"),
        "{}",
        output.stdout()
    );
    let alive = || {
        let processes = fs::read_dir("/proc").expect("Linux").flatten();
        let lines = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
        lines.filter(|line| given::contains(line, b"silent-owner")).count()
    };
    let start = Instant::now();
    while alive() > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "{} processes live on", alive());
        thread::sleep(Duration::from_millis(50));
    }
    drop(held);
}
