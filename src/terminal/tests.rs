//! The terminal as people meet it: each test runs this very program again in a pseudo-terminal of its own,
//! types there, and looks at what is shown, what was read, and how the terminal is left behind.

use super::*;
use crate::token::MAX_LEN;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const PROMPT: &str = "paste the token: ";
/// In place of a role: a shell that leaves the terminal's modes to others.
const SHELL: &str = "dash";

/// The other side: what the program in the pseudo-terminal does.
#[test]
#[ignore = "run by the other tests of this file, each in a terminal of its own"]
fn actor() {
    let report_to = std::env::var("RESULT").expect("a file");
    let result = match std::env::var("ROLE").expect("a role").as_str() {
        "hidden" => read_hidden(PROMPT).map(|token| token.expose().to_vec()),
        "line" => ask_line("which host? ").map(String::into_bytes),
        "yes" => ask_yes_no("open the page?", true).map(|yes| yes.to_string().into_bytes()),
        "no" => ask_yes_no("remove it?", false).map(|yes| yes.to_string().into_bytes()),
        "twice" => read_hidden(PROMPT).map(|_| {
            // After a question a signal must do again what it does without us.
            say("asked");
            std::thread::sleep(PATIENCE);
            b"survived".to_vec()
        }),
        "background" => {
            let mut job = actor_command("hidden", &report_to);
            job.process_group(0).status().expect("the background job");
            return;
        }
        "say" => {
            let link = Stream::Stderr.link("https://github.com/settings/tokens", "the page");
            say(&format!("{} news\nsee {link}", paint(GOOD, "good")));
            say(&format!("width {}", Stream::Stderr.width()));
            Ok(format!("{} {}", has_terminal(), in_foreground()).into_bytes())
        }
        "spinner" => {
            let spinner = Spinner::start("asking api.github.com");
            std::thread::sleep(Duration::from_millis(700));
            drop(spinner);
            let quick = Spinner::start("over at once");
            drop(quick);
            say("done");
            Ok(Vec::new())
        }
        role => panic!("no such role: {role}"),
    };
    let (report, code) = match &result {
        Ok(answer) => ([b"ok ", &answer[..]].concat(), 0),
        Err(error) => (format!("{error:?}").into_bytes(), error.exit_code().unwrap_or(0)),
    };
    std::fs::write(report_to, report).expect("the report is written");
    #[expect(clippy::exit, reason = "the exit code is what is looked at")]
    std::process::exit(code.into());
}

fn actor_command(role: &str, result: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.args(["--exact", "terminal::tests::actor", "--ignored", "--nocapture"]);
    command.env("ROLE", role).env("RESULT", result);
    command
}

/// A program in a pseudo-terminal, and the person before it.
struct Person {
    /// Held open: the terminal goes away with it.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<Vec<u8>>>,
    program: Box<dyn Child + Send + Sync>,
    /// Held open: the last one to close a pseudo-terminal resets it.
    terminal: File,
    modes: LocalModes,
    folder: tempfile::TempDir,
}

impl Person {
    fn before(role: &str) -> Self {
        Self::before_with(role, &[])
    }

    fn before_with(role: &str, env: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 24, cols: 72, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let folder = tempfile::tempdir().expect("a folder");
        let path = pair.master.tty_name().expect("its name");
        let no_ctty = rustix::fs::OFlags::NOCTTY.bits() as i32;
        let terminal = File::options().read(true).custom_flags(no_ctty).open(path).expect("the terminal");
        let modes = tcgetattr(&terminal).expect("its modes").local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON), "it begins with echo");

        let program = std::env::current_exe().expect("the path of this program");
        let mut command = CommandBuilder::new(&program);
        command.args(["--exact", "terminal::tests::actor", "--ignored", "--nocapture"]);
        if role == SHELL {
            let status = std::fs::read_to_string("/proc/self/status").expect("what may be used");
            let list = status.split("Cpus_allowed_list:").nth(1).expect("a list").trim_start();
            let first: String = list.chars().take_while(char::is_ascii_digit).collect();
            command = CommandBuilder::new("taskset");
            command.args(["-c", &first, "dash", "-i"]);
            command.env("PS1", "shell> ");
        }
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "FORCE_HYPERLINK", "VTE_VERSION"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("ROLE", role);
        command.env("RESULT", folder.path().join("result"));
        env.iter().for_each(|(name, value)| command.env(name, value));
        let program = pair.slave.spawn_command(command).expect("the program");
        let keys = pair.master.take_writer().expect("a keyboard");
        let mut output = pair.master.try_clone_reader().expect("a screen");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(len @ 1..) = io::Read::read(&mut output, &mut bytes) {
                shown.lock().expect("the screen").extend_from_slice(&bytes[..len]);
            }
        });
        Self { _master: pair.master, keys, screen, program, terminal, modes, folder }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("the screen")).into_owned()
    }

    fn until(&self, what: &str, is: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is(self) {
            assert!(start.elapsed() < PATIENCE, "never: {what}; the screen: {:?}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn sees(&self, text: &str) {
        self.until(text, |person| person.screen().contains(text));
    }

    fn types(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("the keys are taken");
        self.keys.flush().expect("the keys are taken");
    }

    fn pid(&self) -> Pid {
        let pid = self.program.process_id().expect("a process");
        Pid::from_raw(pid as i32).expect("a process id")
    }

    fn sends(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the signal is sent");
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.terminal).expect("its modes").local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end; gives the report and the exit code, and sees that the terminal is as it was.
    fn end(&mut self) -> (String, u32) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.program.try_wait().expect("a status") {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it hangs; the screen: {:?}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        };
        let modes = tcgetattr(&self.terminal).expect("its modes").local_modes;
        assert_eq!(modes, self.modes, "the terminal is as it was");
        let report = std::fs::read(self.folder.path().join("result")).unwrap_or_default();
        (String::from_utf8_lossy(&report).into_owned(), status.exit_code())
    }

    /// Enters a secret in answer to the prompt and gives the report.
    fn enters(mut self, keys: &[u8]) -> String {
        self.sees(PROMPT);
        self.types(keys);
        let (report, code) = self.end();
        assert_eq!(code, 0, "{report}");
        report
    }
}

fn secret(len: usize) -> String {
    "s3cr3t-".chars().cycle().take(len).collect()
}

#[test]
fn a_secret_is_read_and_never_shown() {
    let secret = secret(93);
    let mut person = Person::before("hidden");
    person.sees(&format!("patron: {PROMPT}"));
    assert!(!person.echoes(), "while it is typed");
    person.types(secret.as_bytes());
    person.types(b"\r");
    let (report, code) = person.end();
    assert_eq!((report, code), (format!("ok {secret}"), 0));
    // What it wrote last may come after its end.
    person.until("a line of its own for what comes next", |person| {
        let screen = person.screen();
        let asked = screen.rfind(PROMPT).expect("the prompt") + PROMPT.len();
        screen[asked..].contains('\n')
    });
    let screen = person.screen();
    assert!(!screen.contains("s3cr"), "{screen:?}");
}

#[test]
fn a_paste_is_read_however_the_terminal_sends_it() {
    for ending in ["\r", "\n", "\r\n"] {
        let report = Person::before("hidden").enters(format!("s3cret{ending}").as_bytes());
        assert_eq!(report, "ok s3cret", "{ending:?}");
    }
    let marked = b"\x1b[200~s3cret\n\x1b[201~";
    assert_eq!(Person::before("hidden").enters(marked), "ok s3cret");
    let person = Person::before("hidden");
    person.sees("\x1b[?2004h");
    assert_eq!(person.enters(b"\x1b[200~s3cret\x1b[201~\r"), "ok s3cret");
}

#[test]
fn a_paste_longer_than_a_line_of_the_terminal_is_read_whole() {
    let long = secret(20_000);
    assert_eq!(Person::before("hidden").enters(format!("{long}\r").as_bytes()), format!("ok {long}"));
    let too_long = format!("{}\r", secret(MAX_LEN + 1));
    assert_eq!(Person::before("hidden").enters(too_long.as_bytes()), "Unfit(TooLong)");
}

#[test]
fn several_lines_are_refused_and_not_left_for_the_shell() {
    let mut person = Person::before("hidden");
    person.sees(PROMPT);
    person.types(b"first\rsecond\r");
    assert_eq!(person.end().0, "Unfit(LineBreak)");
    let left = rustix::io::ioctl_fionread(&person.terminal).expect("a count");
    assert_eq!(left, 0, "bytes left for the shell");
    assert_eq!(Person::before("hidden").enters(b"\x1b[200~first\nsecond\x1b[201~\r"), "Unfit(LineBreak)");
}

#[test]
fn editing_and_ending_work_as_on_any_terminal() {
    assert_eq!(Person::before("hidden").enters(b"secrey\x7ft\r"), "ok secret");
    assert_eq!(Person::before("hidden").enters(b"wrong\x15secret\r"), "ok secret");
    assert_eq!(Person::before("hidden").enters(b"\r"), "Empty");
    assert_eq!(Person::before("hidden").enters(b"\x04"), "Ended");
}

#[test]
fn ctrl_c_ends_the_question_and_gives_the_echo_back() {
    let mut person = Person::before("hidden");
    person.sees(PROMPT);
    person.types(b"half a sec\x03");
    assert_eq!(person.end(), ("Interrupted(2)".to_owned(), 130));
}

#[test]
fn a_signal_from_outside_gives_the_echo_back() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1), (Signal::QUIT, 3)] {
        let mut person = Person::before("hidden");
        person.sees(PROMPT);
        person.types(b"half a sec");
        person.sends(signal);
        assert_eq!(person.end(), (format!("Interrupted({number})"), 128 + number));
        assert!(!person.screen().contains("half"));
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_question() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let folder = tempfile::tempdir().expect("a folder");
    let result = folder.path().join("result");
    let mut master =
        File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty"));
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
    let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("UTF-8");
    let no_ctty = rustix::fs::OFlags::NOCTTY.bits() as i32;
    let slave =
        File::options().read(true).write(true).custom_flags(no_ctty).open(name).expect("the terminal");

    let actor = actor_command("hidden", result.to_str().expect("UTF-8"));
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(actor.get_program()).args(actor.get_args());
    command.envs(actor.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let handle = || slave.try_clone().expect("a handle");
    let mut program = command.stdin(handle()).stdout(handle()).stderr(handle()).spawn().expect("setsid runs");
    drop((slave, command));
    let mut screen = Vec::new();
    while !String::from_utf8_lossy(&screen).contains(PROMPT) {
        let mut bytes = [0; 4096];
        let len = io::Read::read(&mut master, &mut bytes).expect("the terminal is there");
        screen.extend_from_slice(&bytes[..len]);
    }
    // What a closed window does.
    drop(master);
    let start = Instant::now();
    while program.try_wait().expect("a status").is_none() {
        assert!(start.elapsed() < PATIENCE, "it hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
    let report = std::fs::read_to_string(&result).expect("a report");
    assert!(["Interrupted(1)", "Ended"].contains(&report.as_str()), "{report}");
}

#[test]
fn a_stopped_question_gives_the_echo_back_and_goes_on_later() {
    let mut person = Person::before("hidden");
    person.sees(PROMPT);
    let stopped = |person: &Person| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", person.pid().as_raw_nonzero()));
        stat.expect("a process").rsplit_once(") ").expect("a state").1.starts_with('T')
    };
    person.types(b"half a ");
    person.until("everything is read", |p| rustix::io::ioctl_fionread(&p.terminal).expect("a count") == 0);
    std::thread::sleep(Duration::from_millis(50));
    person.sends(Signal::TSTP);
    person.until("it stops", stopped);
    assert!(person.echoes(), "while it is stopped");
    person.sends(Signal::CONT);
    person.until("it asks again", |person| person.screen().matches(PROMPT).count() == 2);
    person.until("it is silent again", |person| !person.echoes());
    person.types(b"secret\r");
    assert_eq!(person.end(), ("ok half a secret".to_owned(), 0));
}

/// Git dies of Ctrl-C before us, and the shell has the terminal back while we still hold it silent. A shell
/// that takes over what it finds must find an echo; one that reads the end of input there ends itself.
#[test]
fn a_shell_that_takes_the_terminal_over_finds_it_as_it_was() {
    // On one processor, behind everybody else: so the shell is first (as good as always).
    let program = std::env::current_exe().expect("the path of this program");
    let actor = format!("chrt --idle 0 {} --exact terminal::tests::actor --ignored", program.display());
    let line = format!(
        "printf 'protocol=https\\nhost=example.test\\n\\n' | git -c credential.helper= \\\n \\
         -c 'credential.helper=!ROLE=hidden {actor} --nocapture >/dev/null; :' credential fill\n"
    );
    let shell_was_first = || {
        let mut person = Person::before(SHELL);
        person.sees("shell> ");
        person.types(line.as_bytes());
        person.sees(PROMPT);
        person.types(b"half a sec\x03");
        person.until("the shell is back", |person| person.screen().matches("shell> ").count() >= 2);
        person.until("the echo is back", Person::echoes);
        person.types(b"echo $((40 + 2)) is the answer\n");
        person.sees("42 is the answer");
        person.types(b"exit\n");
        person.end();
        let screen = person.screen();
        screen[screen.find(PROMPT).expect("the prompt")..].find("shell> ") < screen.rfind("\x1b[?2004l")
    };
    assert!((0..10).any(|_| shell_was_first()), "the case this test is for");
}

#[test]
fn after_the_question_ctrl_c_ends_the_program_again() {
    let mut person = Person::before("twice");
    person.sees(PROMPT);
    person.types(b"secret\r");
    person.sees("patron: asked");
    person.types(b"\x03");
    let (report, code) = person.end();
    assert_eq!(report, "", "it did not survive");
    assert_ne!(code, 0);
}

#[test]
fn the_background_asks_nothing_and_is_not_stopped() {
    let mut person = Person::before("background");
    let (report, _) = person.end();
    assert_eq!(report, "Background");
    assert!(!person.screen().contains(PROMPT));
}

#[test]
fn without_a_terminal_nothing_is_asked_and_stdin_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let result = folder.path().join("result");
    for role in ["hidden", "line", "yes"] {
        let actor = actor_command(role, result.to_str().expect("UTF-8"));
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(actor.get_program()).args(actor.get_args());
        command.envs(actor.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("setsid runs");
        let mut stdin = program.stdin.take().expect("a pipe");
        // It may have ended before it could be offered anything.
        let _ = stdin.write_all(b"s3cret\n");
        assert_eq!(program.wait().expect("a status").code(), Some(0));
        assert_eq!(std::fs::read_to_string(&result).expect("a report"), "NoTerminal", "{role}");
    }
}

#[test]
fn a_line_is_shown_while_it_is_typed() {
    let mut person = Person::before("line");
    person.sees("patron: which host? ");
    person.types(b" ghe.example.com \r");
    assert_eq!(person.end(), ("ok ghe.example.com".to_owned(), 0));
    person.sees("ghe.example.com");
}

#[test]
fn yes_and_no_have_their_defaults() {
    for (role, keys, answer) in [
        ("yes", "\r", "true"),
        ("yes", "n\r", "false"),
        ("no", "\r", "false"),
        ("no", "YES\r", "true"),
        ("no", "what\ry\r", "true"),
        ("yes", "a\rb\rc\r", "false"),
    ] {
        let mut person = Person::before(role);
        person.sees(if role == "yes" {
            "patron: open the page? [Y/n] "
        } else {
            "patron: remove it? [y/N] "
        });
        person.types(keys.as_bytes());
        assert_eq!(person.end().0, format!("ok {answer}"), "{role} {keys:?}");
    }
    let mut person = Person::before("yes");
    person.sees("[Y/n]");
    person.types(b"\x04");
    assert_eq!(person.end().0, "Ended", "the end of input is no answer");
}

#[test]
fn colour_and_links_are_shown_where_the_terminal_has_them() {
    const LINK: &str = "\x1b]8;;https://github.com/settings/tokens\x1b\\the page\x1b]8;;\x1b\\";
    let said = |env: &[(&str, &str)]| {
        let mut person = Person::before_with("say", env);
        assert_eq!(person.end().0, "ok true true");
        person.sees("width");
        person.screen()
    };
    let screen = said(&[("VTE_VERSION", "7600")]);
    assert!(screen.contains("patron: \x1b[32mgood\x1b[0m news"), "{screen:?}");
    assert!(screen.contains(&format!("\r\n  see {LINK}")), "{screen:?}");
    assert!(screen.contains("\r\npatron: width 72"), "{screen:?}");
    assert!(said(&[]).contains("\n  see the page"), "a terminal that is not known to show links");
    for plain in [[("NO_COLOR", "1"), ("VTE_VERSION", "7600")], [("TERM", "dumb"), ("VTE_VERSION", "7600")]] {
        let screen = said(&plain);
        assert!(screen.contains("patron: good news\r\n  see the page\r\n"), "{plain:?} {screen:?}");
    }
}

#[test]
fn a_pipe_gets_plain_text_and_no_spinner() {
    let folder = tempfile::tempdir().expect("a folder");
    let result = folder.path().join("result");
    let stderr = |role: &str| {
        let mut command = actor_command(role, result.to_str().expect("UTF-8"));
        command.env("VTE_VERSION", "7600").env("FORCE_HYPERLINK", "1").env_remove("CLICOLOR_FORCE");
        String::from_utf8(command.output().expect("it runs").stderr).expect("UTF-8")
    };
    assert_eq!(stderr("say"), "patron: good news\n  see the page\npatron: width 100\n");
    assert_eq!(stderr("spinner"), "patron: done\n");
}

#[test]
fn a_spinner_is_erased_and_shows_itself_only_when_it_takes_long() {
    let mut person = Person::before("spinner");
    person.end();
    person.sees("patron: done");
    let screen = person.screen();
    assert!(screen.contains("\rpatron: ⠋ asking api.github.com"), "{screen:?}");
    assert!(screen.contains("\r\x1b[Kpatron: done"), "{screen:?}");
    assert!(!screen.contains("over at once"), "{screen:?}");
}
