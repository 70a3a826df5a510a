//! V01, the plain request, in every shape that stdin, stdout, stderr and signals can take.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ChildStdin, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{CAP, faults, slack, world};
use crate::given::{self, Account, Fed, fed};
use crate::sandbox::Sandbox;

/// V01.
const ASKED: &[u8] = b"protocol=https\nhost=github.com\npath=o/r.git\n";

/// Runs `get` fed by hand.
fn get<T: Send>(sandbox: &Sandbox, feed: impl FnOnce(ChildStdin, u32) -> T + Send) -> Fed {
    fed(sandbox.patron(["get"]).into_command(), feed)
}

/// Runs a shell line in which `$PATRON` is the product and `request` a file with V01.
fn shell(sandbox: &Sandbox, line: &str) -> crate::sandbox::Output {
    std::fs::write(sandbox.work().join("request"), ASKED).expect("the sandbox is ours");
    sandbox.shell(line).env("PATRON", sandbox.program()).run()
}

/// No panic's words, no secret outside the vault.
#[track_caller]
fn is_quiet(sandbox: &Sandbox, account: &Account, stderr: &str) {
    assert!(!stderr.contains("panicked") && !stderr.contains("internal error"), "{stderr}");
    assert!(!stderr.contains(&account.secret), "the secret is on stderr");
    let holders = given::files_with(sandbox.root(), &account.secret);
    assert_eq!(holders, [given::secrets_file(sandbox)], "the secret lies in the vault alone");
}

#[track_caller]
fn answers(sandbox: &Sandbox, account: &Account, run: &Fed) {
    let faults = faults(run, &account.answer(), account);
    assert!(faults.is_empty(), "{faults:?}");
    is_quiet(sandbox, account, &run.stderr());
}

#[test]
fn a_byte_every_five_milliseconds_is_a_request() {
    let (sandbox, accounts) = world();
    let run = get(&sandbox, |mut stdin, _| {
        for byte in ASKED {
            stdin.write_all(&[*byte]).expect("it reads");
            sleep(Duration::from_millis(5));
        }
    });
    answers(&sandbox, &accounts[0], &run);
}

#[test]
fn a_line_end_may_come_in_a_later_read() {
    let (sandbox, accounts) = world();
    for pieces in [
        &[&b"protocol=https"[..], b"\nhost=github.com", b"\npath=o/r", b"\n"][..],
        &[b"protocol=https\r", b"\nhost=github.com\r", b"\npath=o/r\r", b"\n\r", b"\n"],
    ] {
        let run = get(&sandbox, |mut stdin, _| {
            for piece in pieces {
                stdin.write_all(piece).expect("it reads");
                sleep(Duration::from_millis(30));
            }
        });
        answers(&sandbox, &accounts[0], &run);
    }
}

#[test]
fn the_blank_line_ends_a_request_though_stdin_stays_open() {
    let (sandbox, accounts) = world();
    let run = get(&sandbox, |mut stdin, _| {
        stdin.write_all(&[ASKED, b"\n"].concat()).expect("it reads");
        stdin
    });
    answers(&sandbox, &accounts[0], &run);
    assert!(run.took < CAP, "{:?}", run.took);
}

#[test]
fn stdin_that_never_sends_anything_is_given_up_after_five_seconds_for_every_word() {
    let (sandbox, accounts) = world();
    thread::scope(|scope| {
        for word in ["get", "store", "erase", "a-word-of-a-later-git"] {
            let (sandbox, accounts) = (&sandbox, &accounts);
            scope.spawn(move || {
                let run = fed(sandbox.patron([word]).into_command(), |stdin, _| stdin);
                let faults = faults(&run, "", &accounts[0]);
                assert!(faults.is_empty(), "{word}: {faults:?}");
                assert!(run.took >= CAP && run.took < CAP + slack(), "{word}: {:?}", run.took);
            });
        }
    });
}

#[test]
fn a_closed_stdin_is_an_empty_request() {
    let (sandbox, accounts) = world();
    for word in ["get", "store", "erase", "foo"] {
        let output = shell(&sandbox, &format!("\"$PATRON\" {word} <&-")).ok().prints("");
        is_quiet(&sandbox, &accounts[0], &output.stderr());
    }
}

#[test]
fn a_closed_stdout_gets_nothing_and_breaks_nothing() {
    let (sandbox, accounts) = world();
    let output = shell(&sandbox, "\"$PATRON\" get <request >&-").ok().prints("");
    is_quiet(&sandbox, &accounts[0], &output.stderr());
}

#[test]
fn a_reader_that_is_gone_is_no_trouble_to_speak_of() {
    let (sandbox, accounts) = world();
    for word in ["get", "capability"] {
        let (reader, writer) = std::io::pipe().expect("pipes can be made");
        let mut command = sandbox.patron([word]).into_command();
        command.stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // The command holds our end of the pipe for writing.
        drop((command, reader));
        let _ = child.stdin.take().expect("it was piped").write_all(ASKED);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{word}: by no signal either: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{word}");
    }
    is_quiet(&sandbox, &accounts[0], "");
}

#[test]
fn a_full_stdout_is_said_in_one_line() {
    let (sandbox, accounts) = world();
    let mut command = sandbox.patron(["get"]).into_command();
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full is there");
    command.stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("it was piped").write_all(ASKED).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("cannot write the answer"), "{said}");
    is_quiet(&sandbox, &accounts[0], &said);
}

#[test]
fn a_closed_or_full_stderr_does_not_touch_the_answer() {
    let (sandbox, accounts) = world();
    for line in [
        "\"$PATRON\" get <request 2>&-",
        "\"$PATRON\" get <request 2>/dev/full",
        "PATRON_TRACE=1 \"$PATRON\" get <request 2>&-",
        "PATRON_TRACE=1 \"$PATRON\" get <request 2>/dev/full",
    ] {
        shell(&sandbox, line).ok().prints(&accounts[0].answer());
    }
    is_quiet(&sandbox, &accounts[0], "");
}

#[test]
fn a_signal_while_reading_ends_it_without_a_word() {
    let (sandbox, accounts) = world();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        // Whoever runs this in the background may have it ignore SIGINT, and children inherit that.
        let program = sandbox.program();
        let command =
            sandbox.command("env", [OsStr::new("--default-signal"), program.as_os_str(), OsStr::new("get")]);
        let run = fed(command.into_command(), |mut stdin, id| {
            stdin.write_all(&ASKED[..20]).expect("it reads");
            sleep(Duration::from_millis(100));
            let id = Pid::from_raw(id.cast_signed()).expect("a process has an id");
            kill_process(id, signal).expect("it is our child");
            stdin
        });
        assert_eq!(run.status.signal(), Some(signal.as_raw()), "{}", run.status);
        assert_eq!((run.stdout.len(), run.stderr.len()), (0, 0), "{}", run.stderr());
        assert!(run.took < CAP, "{:?}", run.took);
    }
    is_quiet(&sandbox, &accounts[0], "");
}

/// A file that is opened while descriptor 1 is free would become descriptor 1, and the answer would
/// be written into it.
#[test]
fn no_file_of_ours_takes_the_place_of_a_closed_stdout() {
    let (sandbox, accounts) = world();
    for line in [
        "exec \"$PATRON\" get <&- >&- 2>&-",
        "exec \"$PATRON\" get <request >&- 2>&-",
        "exec \"$PATRON\" store <&- >&- 2>&-",
        "PATRON_TRACE=1 exec \"$PATRON\" get <request >&- 2>&-",
        "PATRON_TRACE=$PWD/trace exec \"$PATRON\" get <request >&- 2>&-",
        "exec \"$PATRON\" list <&- >&- 2>&-",
    ] {
        let output = shell(&sandbox, line).prints("");
        assert!(output.status.code().is_some(), "{line}: {}", output.status);
        is_quiet(&sandbox, &accounts[0], &output.stderr());
    }
    let with_secret = format!("username=mona\npassword={}\n", accounts[0].secret);
    std::fs::write(sandbox.home().join("../stored"), [ASKED, with_secret.as_bytes()].concat())
        .expect("the sandbox is ours");
    shell(&sandbox, "exec \"$PATRON\" store <../stored >&- 2>&-").ok();
    std::fs::remove_file(sandbox.root().join("stored")).expect("it was written");
    is_quiet(&sandbox, &accounts[0], "");
}
