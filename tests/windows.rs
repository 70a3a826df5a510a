//! What is particular to Windows, by the program for Windows in Wine: `tests/windows/run` builds it and runs these.
//!
//! Other subjects are tried there by their own tests, with the programs of Windows in the place of ours
//! (`tests/sandbox.rs`).
//!
//! What was once wrong on Windows alone, and what holds it now (`u`: a unit test of that room, which runs in Wine, too):
//!
//! | what | held by |
//! |---|---|
//! | `%(prefix)/` and `~/` before an authorities' file | `surroundings::`, on Linux |
//! | `http.sslBackend=schannel` | `surroundings::`, on Linux; why `schannelCheckRevoke` is not followed: `src/git/http.rs` |
//! | a file that another program holds | u `files`; `a_file_that_another_program_holds_...` |
//! | `HOMEDRIVE`, `HOMEPATH` | `without_home_the_file_is_the_one_that_git_reads` |
//! | a probe that is ended leaves nothing running | `a_git_that_asks_a_host_that_stays_silent_...` |
//! | no `sh` in the search path | u `search_path` |
//! | `.cmd`, exit codes of 32 bits | `exec_finds_scripts_and_gives_their_exit_codes`, u `search_path` |
//! | a caller that is not recognised | u `ancestry` |
//! | who can read a file is not claimed | `nothing_is_claimed_of_who_can_read_a_file` |
//! | what is missing is named | `what_is_missing_is_named_where_windows_does_not_say_where_files_go` |
//! | stdin that stays open | `vectors::` |
//! | a token in UTF-16, or with a mark | `a_token_is_kept_from_every_pipe_and_in_both_vaults` |
//! | Ctrl-C at the hidden prompt | `ctrl_c_at_a_hidden_prompt_ends_the_command_with_a_word` |
//! | `GIT_CONFIG_GLOBAL=NUL` | `the_null_device_by_windows_name_is_no_file` |
//! | the time of a call | `a_call_takes_at_most_twice_as_long_as_an_empty_program` |
//! | paths of Windows in the documents | `readme::` |

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::forge::{TokenKind, make_token};
use super::given::{self, account};
use super::sandbox::{Run, Running, Sandbox, windows};
use super::screen::Screen;

/// A sandbox for Wine; the stand-in for `sh` is called `wsh` there.
fn sandbox() -> Sandbox {
    assert!(windows().is_some(), "PATRON_WINDOWS is not set: run tests/windows/run");
    let sandbox = Sandbox::new(None);
    let under_wine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows/under-wine");
    for name in ["wsh", "compare"] {
        std::os::unix::fs::symlink(&under_wine, sandbox.bin().join(name)).expect("the sandbox is ours");
    }
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

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn nothing_is_claimed_of_who_can_read_a_file() {
    let sandbox = sandbox();
    given::accounts(&sandbox, &[account("https://github.com/acme")]);
    sandbox.patron(["setup"]).ok();
    let add = ["add", "globex", "--token-stdin", "--no-verify", "--no-browser", "--vault", "file"];
    let added = sandbox.patron(add).stdin(make_token(TokenKind::Classic)).ok();
    let outputs = [
        added,
        sandbox.patron(["diagnose", "acme/secret", "--offline"]).run(),
        sandbox.patron(["status", "--offline"]).run(),
    ];
    let said: String = outputs.iter().map(|output| output.stdout() + &output.stderr()).collect();
    assert!(said.contains("secrets.toml"), "{said}");
    assert!(!said.contains("only you can read") && !said.contains("0600"), "{said}");
}

/// A run for which Windows' own variables are these; without a value it has none of that name.
fn where_windows_says(run: Run, variables: &[(&str, &str)]) -> Run {
    variables.iter().fold(run, |run, (name, value)| run.env(&format!("WINDOWS_{name}"), value))
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn without_home_the_file_is_the_one_that_git_reads() {
    let sandbox = sandbox();
    // Without them `unsetup` would remove the folder, which is a link here.
    given::accounts(&sandbox, &[account("https://github.com/acme")]);
    for folder in ["driven", "profile"] {
        fs::create_dir(sandbox.home().join(folder)).expect("the sandbox is ours");
    }
    let below = |folder: &str| z(&sandbox.home().join(folder));
    let path = |folder: &str| below(folder).replacen("Z:", "", 1);
    let profile = below("profile");
    for (home_path, folder) in [(path("driven"), "driven"), (path("not-there"), "profile")] {
        let variables =
            [("HOME", ""), ("HOMEDRIVE", "Z:"), ("HOMEPATH", &home_path), ("USERPROFILE", &profile)];
        where_windows_says(sandbox.patron(["setup"]), &variables).ok();
        let listed = sandbox.git(["config", "--global", "--list", "--show-origin"]);
        let listed = where_windows_says(listed, &variables).ok().stdout();
        assert!(listed.contains(&format!("{folder}/.gitconfig")), "{folder}: {listed}");
        assert!(listed.contains("git-credential-patron/config/gitconfig"), "{folder}: {listed}");
        where_windows_says(sandbox.patron(["unsetup"]), &variables).ok();
        let left = sandbox.read(&format!("{folder}/.gitconfig")).unwrap_or_default();
        assert!(!left.contains("patron"), "{folder}: {left}");
    }
    assert_eq!(sandbox.read(".gitconfig"), None);
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn the_null_device_by_windows_name_is_no_file() {
    let sandbox = sandbox();
    for name in ["NUL", "nul", "/dev/null"] {
        let output = sandbox.patron(["setup"]).env("GIT_CONFIG_GLOBAL", name).fails(1);
        assert!(output.stderr().contains("GIT_CONFIG_GLOBAL names the null device"), "{}", output.stderr());
    }
    given::accounts(&sandbox, &[account("https://github.com/acme")]);
    let request = given::request("github.com", "acme/secret", "");
    let output = sandbox.patron(["get"]).env("GIT_CONFIG_GLOBAL", "NUL").stdin(request).ok();
    assert!(output.stdout().contains("password="), "{}", output.stderr());
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn what_is_missing_is_named_where_windows_does_not_say_where_files_go() {
    let sandbox = sandbox();
    // Windows knows the folders without variables.
    let bare = [("USERPROFILE", ""), ("APPDATA", ""), ("LOCALAPPDATA", "")];
    where_windows_says(sandbox.patron(["list"]), &bare).ok();
    let there = z(sandbox.home());
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders";
    for gone in [r"\\dead\share", r"%NOTHING%\x"] {
        // `wine` itself: the registry is that of this home.
        let add = ["reg", "add", key, "/v", "AppData", "/t", "REG_EXPAND_SZ", "/d", gone, "/f"];
        sandbox.command("wine", add).env("WINEPREFIX", sandbox.home().join(".windows")).ok();
        // The variables are asked first, and those that name no folder do not count.
        where_windows_says(sandbox.patron(["list"]), &[("APPDATA", &there), ("LOCALAPPDATA", &there)]).ok();
        let gone = [("APPDATA", gone), ("LOCALAPPDATA", gone)];
        let output = where_windows_says(sandbox.patron(["list"]), &gone).fails(1);
        assert!(
            output.stderr().contains("APPDATA") && !output.stderr().contains("HOME is"),
            "{}",
            output.stderr()
        );
        let request = given::request("github.com", "acme/secret", "");
        let output = where_windows_says(sandbox.patron(["get"]), &gone).stdin(request).ok();
        assert_eq!(output.stdout(), "", "git is given nothing");
        assert!(output.stderr().contains("APPDATA"), "{}", output.stderr());
    }
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn a_hidden_prompt_in_a_console_takes_a_token_and_shows_nothing_of_it() {
    let sandbox = sandbox();
    let token = make_token(TokenKind::Classic);
    let line = "git-credential-patron add acme --no-verify --no-browser --vault file";
    let mut screen = Screen::start(&sandbox, &sandbox.work(), 120, line);
    screen.wait_for("(hidden)").unwrap_or_else(|why| panic!("{why}"));
    screen.type_line(&token).unwrap_or_else(|why| panic!("{why}"));
    let shown = screen.wait().unwrap_or_else(|why| panic!("{why}"));
    assert!(!shown.text().contains(&token), "the token shows");
    assert_eq!(shown.code, 0, "{}", shown.text());
    assert_eq!(sandbox.patron(["token", "acme"]).ok().stdout().trim_end(), token);
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn ctrl_c_at_a_hidden_prompt_ends_the_command_with_a_word() {
    let sandbox = sandbox();
    let token = make_token(TokenKind::Classic);
    let (half, _) = token.split_at(20);
    // In the shell's place, which Ctrl-C is said to as well.
    let line = "exec git-credential-patron add acme --no-verify --no-browser --vault file";
    let mut screen = Screen::start(&sandbox, &sandbox.work(), 120, line);
    screen.wait_for("(hidden)").unwrap_or_else(|why| panic!("{why}"));
    screen.press(half).unwrap_or_else(|why| panic!("{why}"));
    screen.press("\x03").unwrap_or_else(|why| panic!("{why}"));
    let shown = screen.wait().unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(shown.code, 130, "{}", shown.text());
    assert!(shown.text().contains("interrupted"), "{}", shown.text());
    assert!(!shown.text().contains(half), "what was typed shows");
    assert_eq!(sandbox.patron(["list", "--json"]).ok().stdout().matches("\"id\"").count(), 0);
}

#[test]
#[ignore = "needs what tests/windows/run builds"]
fn a_call_takes_at_most_twice_as_long_as_an_empty_program() {
    let sandbox = sandbox();
    let acme = account("https://github.com/acme");
    given::accounts(&sandbox, std::slice::from_ref(&acme));
    // On one processor, with Wine's server, which the first program starts: else a call takes twice as long where the
    // server has to be woken on another one.
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("as ever");
    let first = allowed.trim().split([',', '-']).next().expect("one at least").to_owned();
    let pinned = |command: &str| sandbox.command("taskset", ["-c", &first[..], command]);
    pinned("git-credential-patron").args(["setup"]).ok();
    let text = given::request("github.com", "acme/secret", "\n");
    assert_eq!(sandbox.patron(["get"]).stdin(text.clone()).ok().stdout(), acme.answer());
    let request = sandbox.write("request", text);
    let program = z(&Path::new(&windows().expect("asked above")).join("bin/git-credential-patron.exe"));
    // Each beside an empty program of Rust, in turns: what a busy machine adds is added to both.
    let times = |caller: &str, command: &[&str]| -> f64 {
        let words = ["--compare", "15", &z(&request), &program];
        let output = pinned(caller).args(words).args(command).ok().stdout();
        let (nothing, ours) = output.trim().split_once(' ').expect("two medians");
        let number = |text: &str| text.parse::<f64>().expect("a number");
        number(ours) / number(nothing)
    };
    let (get, start) = (times("compare", &["get"]), times("compare", &["--version"]));
    // Below a shell the command line is read that it was given, by the library of Windows' own shell.
    let below_shell = times("wsh", &["get"]);
    given::report(&format!(
        "windows: get takes {get:.1} times an empty program, {below_shell:.1} below a shell, --version {start:.1}"
    ));
    assert!(get <= 2.0, "get takes {get:.1} times an empty program");
}
