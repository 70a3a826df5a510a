//! A vault that is a command of the user's: `op read ...`, `pass show ...`.
//!
//! The command is run by the shell with nothing on stdin and is asked for its first line on stdout; what it
//! says on stderr goes to ours. It has [`BOUND`], then it and everything it started in its process group is
//! killed. The secret comes in through the pipe and is in no argument and no
//! environment; nothing is ever written through here.
//!
//! Nothing of the repository takes part: the command runs in the home folder, so that no `./token` of a
//! checkout is run, and without the variables by which git names the repository.
//!
//! Two limits follow from the process group: the command cannot ask on the terminal (it is told apart and
//! said, not waited for), and Ctrl-C ends patron but leaves the command to end by itself.

use super::{Holding, Item, Items, Vault, VaultError};
use crate::bounded::{self, Started};
use crate::limits;
use crate::search_path;
use crate::token::{Token, piped};
use std::env;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The longest that a command is waited for: some of them ask a person.
const BOUND: Duration = Duration::from_secs(60);

/// How long output is waited for once the shell has ended, while something it left behind holds the pipe.
const GRACE: Duration = Duration::from_millis(200);

/// The longest pause between two looks at whether the shell has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest first line that is read.
const MAX_LINE: usize = 64 * 1024;

/// Holds the accounts whose commands are being run: a command that uses git may come back here.
const RUNNING: &str = "PATRON_COMMAND_OF";

/// The variables by which git names the repository at hand (`git rev-parse --local-env-vars`, those that are
/// about files; configuration given on git's command line stays).
const REPOSITORY: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The command of one account.
#[derive(Debug)]
pub(crate) struct CommandVault {
    command: String,
    bound: Duration,
}

impl CommandVault {
    /// Takes the command as the shell is to read it.
    pub(crate) fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), bound: BOUND }
    }

    /// Gives the command what it is to work on, and takes all that it prints: how a key that never leaves its
    /// place signs. `id` names what is worked for, so that the command does not come back here.
    pub(crate) fn filter(&self, id: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let asked = env::var(RUNNING).unwrap_or_default();
        let mut shell = shell(&self.command, id, &asked)?;
        shell.stdin(Stdio::piped());
        let output = self.run(&mut shell, Some(input))?;
        match output.len() > MAX_LINE {
            true => Err(VaultError::Command("printed more than 64 KiB".to_owned())),
            false => Ok(output),
        }
    }

    /// Runs the command and gives its first line; with something on its stdin, all that it prints.
    fn run(&self, shell: &mut Command, input: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let until = Instant::now() + self.bound;
        let failed = |what: &str, error: io::Error| VaultError::Command(format!("{what}: {error}"));
        let shell = limits::as_before(|| shell.spawn());
        let shell = shell.map_err(|error| failed("could not be started", error))?;
        let started = Started::of(&shell);
        let mut running = Running(shell, started);
        let stdout = running.0.stdout.take().expect("stdout is piped");
        let end = if input.is_some() { Until::Output } else { Until::Line };
        let said =
            CommandOutput::listen(stdout, end).map_err(|error| failed("could not be listened to", error))?;
        if let (Some(input), Some(mut stdin)) = (input, running.0.stdin.take()) {
            // Less than a pipe holds, so this waits for nobody. One that reads nothing may be right all the same.
            let _ = stdin.write_all(input);
        }
        let mut pause = Duration::from_millis(1);
        let status = loop {
            match said.wait(pause) {
                // The end is near.
                Ok(()) => pause = Duration::from_millis(1),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(pause),
            }
            if let Some(status) = running.0.try_wait().map_err(|error| failed("was lost", error))? {
                break status;
            }
            if let Some(why) = running.stopped() {
                return Err(VaultError::Command(why));
            }
            if Instant::now() >= until {
                let seconds = self.bound.as_secs();
                return Err(VaultError::Command(format!("did not end within {seconds} s and was killed")));
            }
            pause = (pause * 2).min(PAUSE);
        };
        if !status.success() {
            return Err(VaultError::Command(how(status)));
        }
        Ok(said.said(end))
    }
}

impl Vault for CommandVault {
    fn read(&self, item: &Item<'_>) -> Result<Option<Token>, VaultError> {
        let asked = env::var(RUNNING).unwrap_or_default();
        let mut shell = shell(&self.command, item.id, &asked)?;
        let line = self.run(&mut shell, None)?;
        if line.len() > MAX_LINE {
            return Err(VaultError::Command("printed a first line of more than 64 KiB".to_owned()));
        }
        let Some((&last, rest)) = line.split_last() else {
            return Err(VaultError::Command("printed nothing".to_owned()));
        };
        let line = if last == b'\n' { rest } else { &line };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(&piped::UTF8_MARK).unwrap_or(line);
        if line.is_empty() {
            return Err(VaultError::Command("printed an empty first line".to_owned()));
        }
        let token = Token::new(line.to_vec());
        match token.unusable() {
            Some(why) => {
                Err(VaultError::Command(format!("printed a first line that cannot be a secret: {why}")))
            }
            None => Ok(Some(token)),
        }
    }

    fn write(&self, _: &Item<'_>, _: &Token) -> Result<(), VaultError> {
        Err(VaultError::Unfit("the account's secret comes from a command, which is only asked"))
    }

    fn remove(&self, _: &Item<'_>) -> Result<bool, VaultError> {
        Ok(false)
    }

    /// Never runs the command: it may ask a person, and who wants to know this only compares.
    fn holding(&self, _: Items<'_, '_>, _: &Token) -> Result<Holding, VaultError> {
        Ok(Holding::default())
    }
}

/// Puts the shell's call together. `asked` is what [`RUNNING`] holds.
fn shell(command: &str, id: &str, asked: &str) -> Result<Command, VaultError> {
    if asked.split(' ').any(|running| !running.is_empty() && running == id) {
        return Err(VaultError::Command("asks git for the very secret that it is to give".to_owned()));
    }
    let sh = search_path::shell().ok_or_else(|| {
        VaultError::Command("could not be started: there is no sh in PATH, and none beside git".to_owned())
    })?;
    let mut shell = Command::new(sh);
    shell.arg("-c").arg(command).env(RUNNING, format!("{asked} {id}").trim_start());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    for name in REPOSITORY {
        shell.env_remove(name);
    }
    let home = env::home_dir().filter(|home| home.is_absolute() && home.is_dir());
    shell.current_dir(home.as_deref().unwrap_or(Path::new("/")));
    bounded::lead(&mut shell);
    Ok(shell)
}

/// Says how the shell ended, if not well.
fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        // POSIX, "Shell Command Language", 2.8.2.
        Some(code @ 127) => format!("failed with exit code {code}: the shell did not find a program in it"),
        Some(code @ 126) => format!("failed with exit code {code}: the shell may not run a program in it"),
        Some(code) => format!("failed with exit code {code}"),
        None => "failed".to_owned(),
    }
}

/// The shell, and everything that it starts.
struct Running(Child, Started);

impl Running {
    /// Says why the shell will not go on by itself, if something stopped it.
    #[cfg(unix)]
    fn stopped(&self) -> Option<String> {
        use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(Pid::from_child(&self.0)), options).ok().flatten()?;
        let signal = status.stopping_signal()?;
        Some(match signal == Signal::TTIN.as_raw() || signal == Signal::TTOU.as_raw() {
            true => "wanted to ask on the terminal, which it cannot, and was killed".to_owned(),
            false => format!("was stopped by signal {signal}, and was killed"),
        })
    }

    #[cfg(not(unix))]
    fn stopped(&self) -> Option<String> {
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A group has its name for as long as the shell, its leader, is not waited for.
        match self.0.try_wait() {
            Ok(Some(_)) => self.1.leave(),
            _ => self.1.end(&mut self.0),
        }
    }
}

/// Where what is taken of a command's output ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// With its first line.
    Line,
    /// With the output.
    Output,
}

/// What the command has printed so far: its first line with the line feed, or what there is of it; or all of it.
struct CommandOutput {
    line: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    complete: Receiver<()>,
}

impl CommandOutput {
    /// Listens on a thread, to the end: a command must not fail because nobody takes its second line.
    fn listen(stdout: ChildStdout, end: Until) -> io::Result<Self> {
        let (tell, complete) = channel();
        // Made large enough once, so that no copy is left behind by growing.
        let line = Arc::new(Mutex::new(Zeroizing::new(Vec::with_capacity(MAX_LINE + 1))));
        let heard = Arc::clone(&line);
        thread::Builder::new()
            .name("command".to_owned())
            .spawn(move || listen(stdout, end, &heard, &tell))?;
        Ok(Self { line, complete })
    }

    /// Waits at most so long for the end of the first line, or of the output.
    fn wait(&self, time: Duration) -> Result<(), RecvTimeoutError> {
        self.complete.recv_timeout(time)
    }

    /// Gives the first line of a shell that has ended, or all that it printed.
    fn said(self, end: Until) -> Zeroizing<Vec<u8>> {
        let line = || self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if end == Until::Output || line().last() != Some(&b'\n') {
            let _ = self.wait(GRACE);
        }
        std::mem::take(&mut *line())
    }
}

fn listen(mut stdout: ChildStdout, until: Until, line: &Mutex<Zeroizing<Vec<u8>>>, complete: &Sender<()>) {
    let mut buffer = Zeroizing::new([0; 4096]);
    let mut open = true;
    loop {
        let read = match stdout.read(&mut buffer[..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => break,
            Ok(read) => &buffer[..read],
        };
        if !open {
            continue;
        }
        let end = match until {
            Until::Line => read.iter().position(|byte| *byte == b'\n').map(|at| at + 1),
            Until::Output => None,
        };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        let room = (MAX_LINE + 1).saturating_sub(line.len());
        line.extend_from_slice(&read[..end.unwrap_or(read.len()).min(room)]);
        if end.is_some() || line.len() > MAX_LINE {
            open = false;
            let _ = complete.send(());
        }
    }
    let _ = complete.send(());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    const ITEM: Item<'static> = Item { id: "7f3a", host: "github.com", owner: Some("acme"), label: "acme" };

    fn read(command: &str) -> Result<Vec<u8>, String> {
        match CommandVault::new(command).read(&ITEM) {
            Ok(token) => Ok(token.expect("a command always has an answer").expose().to_vec()),
            Err(VaultError::Command(how)) => Err(how),
            Err(other) => panic!("{command}: {other:?}"),
        }
    }

    /// Runs with a bound of a second; gives the error and the time it took.
    fn read_shortly(command: &str) -> (String, Duration) {
        let begin = Instant::now();
        let vault = CommandVault { bound: Duration::from_secs(1), ..CommandVault::new(command) };
        let error = vault.read(&ITEM).expect_err("it takes too long").to_string();
        (error, begin.elapsed())
    }

    /// Tells whether a process runs (one that is dead but not yet taken from the table does not).
    fn runs(pid: &str) -> bool {
        Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().is_ok_and(|output| {
            let state = String::from_utf8_lossy(&output.stdout).into_owned();
            !state.trim().is_empty() && !state.starts_with('Z')
        })
    }

    #[test]
    fn the_first_line_is_the_secret() {
        for (command, secret) in [
            ("echo secret", &b"secret"[..]),
            ("printf secret", b"secret"),
            ("printf 'secret\\r\\n'", b"secret"),
            ("printf 'secret\\r'", b"secret"),
            ("printf 'secret\\nlogin: mona\\n'", b"secret"),
            ("printf ' a b \\n'", b" a b "),
            ("printf 'p\\377\\n'", b"p\xff"),
            ("printf sec; sleep 0.1; echo ret", b"secret"),
            ("echo secret; head -c 300000 /dev/zero", b"secret"),
            ("cat; echo secret", b"secret"),
        ] {
            assert_eq!(read(command), Ok(secret.to_vec()), "{command}");
        }
    }

    #[test]
    fn each_way_to_fail_is_named() {
        for (command, how) in [
            ("true", "printed nothing"),
            ("", "printed nothing"),
            ("echo; echo secret", "printed an empty first line"),
            ("printf '\\r\\n'", "printed an empty first line"),
            (
                "printf 'se\\rcret\\n'",
                "printed a first line that cannot be a secret: it contains a line break",
            ),
            (
                "printf 'se\\033cret\\n'",
                "printed a first line that cannot be a secret: it contains a control character",
            ),
            ("head -c 70000 /dev/zero | tr '\\0' x", "printed a first line of more than 64 KiB"),
            ("echo secret; exit 3", "failed with exit code 3"),
            (
                "echo secret; no-such-program-here 2>/dev/null",
                "failed with exit code 127: the shell did not find a program in it",
            ),
            ("echo secret; kill -KILL $$", "was ended by signal 9"),
            ("kill -TTIN $$; echo secret", "wanted to ask on the terminal, which it cannot, and was killed"),
            ("kill -STOP $$; echo secret", "was stopped by signal 19, and was killed"),
        ] {
            assert_eq!(read(command), Err(how.to_owned()), "{command}");
        }
        assert!(read("echo a\0b").expect_err("a NUL byte").starts_with("could not be started"));
    }

    #[test]
    fn a_command_that_does_not_end_is_killed_with_all_it_started() {
        let dir = tempfile::tempdir().expect("a folder");
        let pids = dir.path().join("pids");
        let command = format!(
            "trap '' TERM; sleep 30 & echo $! >'{0}'; echo $$ >>'{0}'; echo secret; wait",
            pids.display()
        );
        let (error, time) = read_shortly(&command);
        assert_eq!(error, "the account's command did not end within 1 s and was killed");
        assert!(time < Duration::from_secs(20), "{time:?}");
        let pids = fs::read_to_string(&pids).expect("pids");
        assert_eq!(pids.lines().count(), 2);
        thread::sleep(Duration::from_millis(50));
        for pid in pids.lines() {
            assert!(!runs(pid), "{pid}");
        }
        // The shell was our child: nothing is left of it, not even its entry in the table.
        let shell = pids.lines().nth(1).expect("the shell");
        let left = Command::new("ps").args(["-o", "pid=", "-p", shell]).output().expect("ps runs");
        assert!(left.stdout.is_empty(), "a zombie: {left:?}");
    }

    #[test]
    fn a_command_that_prints_for_ever_is_killed() {
        let (error, time) = read_shortly("yes");
        assert!(error.contains("did not end within 1 s"), "{error}");
        assert!(time < Duration::from_secs(20), "{time:?}");
    }

    #[test]
    fn what_a_command_leaves_behind_is_neither_waited_for_nor_killed() {
        let dir = tempfile::tempdir().expect("a folder");
        let pid = dir.path().join("pid");
        for print in ["echo secret", "printf secret"] {
            let begin = Instant::now();
            let secret = read(&format!("sleep 60 & echo $! >'{}'; {print}", pid.display()));
            assert_eq!(secret, Ok(b"secret".to_vec()), "{print}");
            assert!(begin.elapsed() < Duration::from_secs(30), "{print}: {:?}", begin.elapsed());
            assert!(runs(&fs::read_to_string(&pid).expect("a pid")), "an agent, for example");
        }
    }

    #[test]
    fn a_quick_command_costs_little_more_than_its_shell() {
        let mut times: Vec<_> = (0..20)
            .map(|_| {
                let begin = Instant::now();
                read("echo secret").expect("a secret");
                begin.elapsed()
            })
            .collect();
        times.sort_unstable();
        assert!(times[10] < Duration::from_millis(20), "{times:?}");
    }

    #[test]
    fn the_repository_at_hand_takes_no_part() {
        let vault = CommandVault::new("pwd -P; env");
        let mut shell =
            shell("printf %s \"$PWD${GIT_DIR-}${GIT_WORK_TREE-}|$PATRON_COMMAND_OF\"", "7f3a", "other")
                .expect("a shell");
        // What git would have left in our environment.
        let left = shell.get_envs().filter(|(_, value)| value.is_none()).count();
        assert_eq!(left, REPOSITORY.len());
        let said = String::from_utf8(vault.run(&mut shell, None).expect("run").to_vec()).expect("text");
        let home = env::home_dir().expect("a home");
        assert_eq!(said, format!("{}|other 7f3a", home.display()));
    }

    #[test]
    fn a_command_that_asks_for_its_own_secret_is_not_run_again() {
        assert!(shell("true", "7f3a", "").is_ok());
        assert!(shell("true", "7f3a", "7f3b 07f3a").is_ok());
        assert!(matches!(shell("true", "7f3a", "7f3b 7f3a"), Err(VaultError::Command(_))));
    }

    #[test]
    fn what_it_says_on_stderr_reaches_ours_and_its_secret_does_not() {
        const NAME: &str =
            "vault::command::tests::what_it_says_on_stderr_reaches_ours_and_its_secret_does_not";
        const INSIDE: &str = "TEST_COMMAND_INSIDE";
        if env::var_os(INSIDE).is_some() {
            read("echo 'touch the key' >&2; echo hidden | tr h H").expect("a secret");
            read("echo hidden | tr h H; exit 1").expect_err("failed");
            return;
        }
        let output = Command::new(env::current_exe().expect("this binary"))
            .args(["--exact", NAME, "--nocapture"])
            .env(INSIDE, "1")
            .output()
            .expect("run");
        assert!(output.status.success(), "{output:?}");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(err.contains("touch the key"), "{err}");
        assert!(!err.contains("Hidden") && !out.contains("Hidden"), "{out}{err}");
    }

    #[test]
    fn nothing_is_written_or_removed_through_a_command() {
        let vault = CommandVault::new("echo secret");
        assert!(matches!(vault.write(&ITEM, &Token::new(b"x".to_vec())), Err(VaultError::Unfit(_))));
        assert!(!vault.remove(&ITEM).expect("nothing to do"));
    }
}
