//! What `sysinfo` tells, held against `/proc`, and against a real git on whichever system this runs.

use super::*;
use crate::ancestry::{Kind, MOST, tell};
use crate::remote::Direction;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn words(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

/// The other side: stands where patron stands, below git.
#[test]
#[ignore = "run by the other tests of this file, as a helper of git or as a process that waits"]
fn actor() {
    let Some(report) = std::env::var_os("RESULT") else {
        // Waits until nobody holds the other end any more.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("read");
        return;
    };
    let above: Vec<Ancestor> = ancestors().take(MOST).collect();
    let shown = |it: &Ancestor| {
        let words = it.arguments().map(|word| String::from_utf8_lossy(word).into_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    let chain: Vec<String> = above.iter().map(shown).collect();
    let asker = above.iter().find(|it| it.is_git_command(&crate::ancestry::REMOTE_HTTP));
    let process = asker.and_then(|it| it.id).and_then(|(pid, start_time)| {
        let process = ProcessId { pid, start_time, boot_id: boot()? };
        is_alive(&process).then(|| process.to_string())
    });
    let caller = tell(above.into_iter());
    #[cfg(target_os = "linux")]
    {
        let by_proc = tell(crate::ancestry::linux::ancestors().take(MOST));
        let told = |caller: &crate::ancestry::Caller| {
            (caller.kind, caller.url.clone(), caller.operation, caller.subcommand)
        };
        assert_eq!(told(&caller), told(&by_proc));
    }
    let text = format!(
        "{:?} {:?} {:?}\n{}\n{}",
        caller.kind,
        caller.operation,
        caller.subcommand,
        process.unwrap_or_default(),
        chain.join("\n")
    );
    fs::write(report, text).expect("the report is written");
}

const ACTOR: [&str; 4] = ["--exact", "ancestry::other::tests::actor", "--ignored", "--nocapture"];

/// Answers whoever asks that it wants a password.
fn server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                asked.push(byte[0]);
            }
            let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n";
            // Git may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn a_real_git_is_known_by_what_it_was_told_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    let result = home.path().join("result");
    let empty = home.path().join("config");
    fs::write(&empty, "").expect("ours");
    let actor = std::env::current_exe().expect("the path of this program");
    let actor = actor.to_string_lossy().replace('\\', "/");
    let url = format!("http://127.0.0.1:{}/acme/secret", server());
    let helper = format!("credential.helper=!f() {{ '{actor}' {} >&2; }}; f", ACTOR.join(" "));
    let output = Command::new("git")
        .args(["-c", "credential.helper=", "-c", &helper, "-c", "core.askPass=", "-c", "http.proxy="])
        .args(["ls-remote", &url])
        .env("RESULT", &result)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", &empty)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("no_proxy", "*")
        .env_remove("GIT_ASKPASS")
        .env_remove("SSH_ASKPASS")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .expect("git");
    let said = String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&result).unwrap_or_else(|error| panic!("{error}: {said}"));
    let mut lines = report.lines();
    let told = format!("{:?} {:?} {:?}", Kind::RemoteHttp, Some(Direction::Fetch), Some("ls-remote"));
    assert_eq!(lines.next(), Some(told.as_str()), "{report}\n{said}");
    let process: ProcessId = lines.next().and_then(|it| it.parse().ok()).expect("it was there");
    assert!(report.contains(&url), "{report}");
    assert!(!is_alive(&process), "git has ended");
}

#[cfg(target_os = "linux")]
#[test]
fn what_proc_says_of_the_processes_above_us_is_said_here() {
    let here: Vec<Ancestor> = ancestors().take(MOST).collect();
    let there: Vec<Ancestor> = crate::ancestry::linux::ancestors().take(here.len()).collect();
    assert!(!here.is_empty(), "whoever runs the tests");
    let pids = |above: &[Ancestor]| above.iter().map(|it| it.id.map(|(pid, _)| pid)).collect::<Vec<_>>();
    assert_eq!(pids(&here), pids(&there));
    for (here, there) in here.iter().zip(&there) {
        // On Linux `sysinfo` cuts blanks off and leaves out what is empty then (read in its source).
        let there: Vec<&[u8]> =
            there.arguments().map(<[u8]>::trim_ascii).filter(|it| !it.is_empty()).collect();
        assert_eq!(here.arguments().collect::<Vec<_>>(), there);
    }
}

/// A process that ends when its standard input does, and what it is called.
fn waiting() -> (Child, ChildStdin, ProcessId) {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.args(ACTOR).env_remove("RESULT").stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let stdin = child.stdin.take().expect("piped");
    let seen = ProcessState::of(&mut System::new(), child.id(), UpdateKind::Never).expect("it runs");
    let process = ProcessId { pid: child.id(), start_time: seen.start_time, boot_id: BOOT.to_owned() };
    (child, stdin, process)
}

#[test]
fn a_process_is_alive_until_it_ends_and_no_other_is_taken_for_it() {
    let (mut child, stdin, process) = waiting();
    assert!(is_alive(&process));
    assert_eq!(process.to_string().parse(), Ok(process.clone()));
    assert!(!is_alive(&ProcessId { start_time: process.start_time + 1, ..process.clone() }));
    assert!(!is_alive(&ProcessId { boot_id: "00000000-0000".to_owned(), ..process.clone() }));
    drop(stdin);
    let begin = Instant::now();
    // It ends, and on Unix it is a zombie until it is waited for.
    while cfg!(unix) && is_alive(&process) {
        assert!(begin.elapsed() < PATIENCE, "a zombie");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait().expect("our child");
    assert!(!is_alive(&process));
}

#[test]
fn we_ourselves_are_alive_and_began_a_moment_ago() {
    let own = ProcessState::of(&mut System::new(), std::process::id(), UpdateKind::Never).expect("we run");
    let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after it").as_secs();
    assert!(own.runs && own.start_time <= since_1970 + 1 && own.start_time + 86_400 > since_1970);
    let process =
        ProcessId { pid: std::process::id(), start_time: own.start_time, boot_id: boot().expect("a name") };
    assert!(is_alive(&process));
}

#[test]
fn the_chains_of_windows() {
    let told = |chain: &[&[&str]]| {
        tell(chain.iter().map(|it| Ancestor { id: Some((4, 5)), arguments: packed(&words(it), true) }))
    };
    let shell: &[&str] = &[
        "C:/Program Files/Git/usr/bin/sh.exe",
        "-c",
        "git credential-patron get",
        "git credential-patron get",
    ];
    let asker: &[&str] = &["git-remote-https", "origin", "https://github.com/acme/secret"];
    let inner: &[&str] = &[
        "C:\\Program Files\\Git\\mingw64\\bin\\git.exe",
        "remote-https",
        "origin",
        "https://github.com/acme/x",
    ];
    let git: &[&str] = &["git.exe", "push", "origin", "C:\\git.exe"];
    let wrapper: &[&str] = &["C:\\Program Files\\Git\\cmd\\GIT.EXE", "push", "origin", "C:\\git.exe"];
    for chain in [
        &[shell, asker, inner, git, wrapper, &["C:\\Windows\\System32\\cmd.exe"]][..],
        // The shell forks, and git starts us by our name.
        &[&["git.exe", "credential-patron", "get"], shell, &["sh", "-c", "x"], asker, git],
        &[&["D:\\Git\\busybox.exe", "sh", "-c", "x"], asker, git],
        &[&["C:\\git\\Git-Remote-HTTPS.exe", "origin", "https://github.com/acme/secret"], wrapper],
    ] {
        let caller = told(chain);
        assert_eq!((caller.kind, caller.operation), (Kind::RemoteHttp, Some(Direction::Push)), "{chain:?}");
        let place = caller.url.and_then(|url| url.remote()).map(|remote| remote.name());
        assert_eq!(place.as_deref(), Some("acme/secret"), "{chain:?}");
    }
    assert_eq!(told(&[shell, &["C:\\x\\git-lfs.exe", "smudge"]]).kind, Kind::Lfs);
    assert_eq!(told(&[shell, &["git.exe", "credential", "fill"]]).kind, Kind::CredentialPlumbing);
    // A shell that was given a file, and one that is no helper's.
    for gap in [&["sh.exe", "./helper.sh"][..], &["powershell.exe", "-c", "x"]] {
        assert_eq!(told(&[gap, asker, git]).kind, Kind::Other, "{gap:?}");
    }
    // One whose arguments are not seen: on Windows so is git's own, where both are programs of MSYS2.
    let hidden = if cfg!(windows) { Kind::RemoteHttp } else { Kind::Other };
    assert_eq!(told(&[&["C:\\msys64\\usr\\bin\\sh.exe"], asker, git]).kind, hidden);
}

#[test]
fn the_name_of_a_program_is_made_plain_on_windows_alone() {
    for (path, name) in [
        ("git", "git"),
        ("GIT.EXE", "git"),
        ("C:git.exe", "git"),
        ("C:\\a b/git-remote-https.exe", "git-remote-https"),
        (".exe", ""),
        ("git.exe.bak", "git.exe.bak"),
        ("", ""),
    ] {
        assert_eq!(plain_name(path.as_bytes()), name.as_bytes(), "{path}");
    }
    // On Unix all of this is a name like any other.
    assert_eq!(packed(&words(&["C:\\GIT.exe", "x"]), false).as_slice(), b"C:\\GIT.exe\0x\0");
    assert_eq!(packed(&words(&["C:\\GIT.exe", "X.EXE"]), true).as_slice(), b"git\0X.EXE\0");
    let not_ours = Ancestor { id: None, arguments: packed(&words(&["x\\git.exe", "fetch"]), false) };
    assert!(not_ours.git_command().is_none());
}

#[test]
fn arguments_are_kept_up_to_the_bound_and_the_one_that_passes_it_is_left_out() {
    let long = "a".repeat(MOST_ARGUMENTS - 4);
    assert_eq!(packed(&words(&["sh", &long, "-c"]), false).len(), MOST_ARGUMENTS);
    assert_eq!(packed(&words(&["sh", &format!("{long}a"), "-c"]), false).as_slice(), b"sh\0");
    assert!(packed(&[], true).is_empty());
}
