//! Running a program: what it is given, its bound, and what is said when it ends otherwise than
//! expected.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::super::forge::Redactor;
use super::{Git, link, search_path};

/// How long a run may take if the test says nothing else.
const BOUND: Duration = Duration::from_secs(60);
/// How long the output may stay open after everything was killed.
const AFTERMATH: Duration = Duration::from_secs(2);

/// A program that is about to run.
#[must_use = "nothing runs before `run`, `ok`, `fails` or `spawn`"]
pub(crate) struct Run {
    program: OsString,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    stdin: Vec<u8>,
    bound: Duration,
    /// The folder around everything.
    root: PathBuf,
    redactor: Option<Redactor>,
}

/// A program that runs.
#[must_use = "a program nobody waits for is not judged"]
pub(crate) struct Running {
    child: Child,
    start: Instant,
    bound: Duration,
    stdout: Drain,
    stderr: Drain,
    line: String,
    redactor: Option<Redactor>,
}

/// What comes out of a pipe, read by a thread of its own.
struct Drain {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Drain {
    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How a program ended.
#[derive(Clone)]
pub(crate) struct Output {
    /// Its status.
    pub(crate) status: ExitStatus,
    /// What it wrote for programs.
    pub(crate) stdout: Vec<u8>,
    /// What it wrote for people.
    pub(crate) stderr: Vec<u8>,
    /// How long it took.
    pub(crate) took: Duration,
    line: String,
    redactor: Option<Redactor>,
}

/// Telling
impl Run {
    /// A run in this folder with this environment.
    pub(super) fn new(
        program: &OsStr,
        environment: BTreeMap<OsString, OsString>,
        folder: PathBuf,
        root: &Path,
        redactor: Option<Redactor>,
    ) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment,
            folder,
            stdin: Vec::new(),
            bound: BOUND,
            root: root.to_owned(),
            redactor,
        }
    }

    /// With this on its standard input.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// With this variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.into(), value.as_ref().into());
        self
    }

    /// Without this variable.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.environment.remove(OsStr::new(name));
        self
    }

    /// With further arguments.
    pub(crate) fn args<I, S>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let arguments = arguments.into_iter().map(|it| it.as_ref().to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// In this folder.
    pub(crate) fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = folder.as_ref().to_owned();
        self
    }

    /// With this git wherever one is called, also by others.
    pub(crate) fn with_git(mut self, git: &Git) -> Self {
        let bin = self.root.join(format!("git-{}", git.version));
        fs::create_dir_all(&bin).expect("the sandbox is ours");
        link(&git.path, &bin.join("git"));
        let rest = self.environment.get(OsStr::new("PATH")).cloned();
        let search = search_path(&bin, rest);
        self.environment.insert("PATH".into(), search);
        self
    }

    /// With another bound.
    pub(crate) fn within(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }
}

/// Running
impl Run {
    /// Starts it.
    pub(crate) fn spawn(self) -> Running {
        let line = self.line();
        let (redactor, bound, bytes) = (self.redactor.clone(), self.bound, self.stdin.clone());
        let mut command = self.into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        group(&mut command);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("{error}: {}", redacted(&redactor, &line)),
        };
        let mut stdin = child.stdin.take().expect("it was piped");
        // Nobody waits for this thread: it ends with the pipe. A program that does not read all
        // of it is no failure.
        thread::spawn(move || stdin.write_all(&bytes));
        Running {
            start: Instant::now(),
            bound,
            stdout: Drain::start(child.stdout.take().expect("it was piped")),
            stderr: Drain::start(child.stderr.take().expect("it was piped")),
            child,
            line,
            redactor,
        }
    }

    /// The command itself, for a test that feeds it by hand; stdin and bound are then the test's.
    pub(crate) fn into_command(self) -> Command {
        let mut command = Command::new(self.resolve());
        command.args(&self.arguments).env_clear().envs(&self.environment).current_dir(&self.folder);
        command
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Runs it; fails the test unless it succeeds.
    #[track_caller]
    pub(crate) fn ok(self) -> Output {
        self.run().ok()
    }

    /// Runs it; fails the test unless it ends with this exit code.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Output {
        self.run().fails(code)
    }

    fn line(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(&argument.to_string_lossy());
        }
        line
    }

    /// The program a name means on the run's own search path: `Command` would use the test's.
    fn resolve(&self) -> PathBuf {
        let program = Path::new(&self.program);
        if program.components().count() > 1 {
            return program.to_owned();
        }
        let search = self.environment.get(OsStr::new("PATH"));
        env::split_paths(search.map_or(OsStr::new(""), OsString::as_os_str))
            .map(|folder| folder.join(program))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("there is no {} here", program.display()))
    }
}

/// Waiting
impl Running {
    /// The number of the process, which leads a group of its own.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// True once the program itself has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// What it has written so far for programs.
    pub(crate) fn so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// What it has written so far for people.
    pub(crate) fn said_so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// Ends it and everything it started, at once.
    pub(crate) fn kill(mut self) -> Output {
        kill_group(&mut self.child);
        self.wait()
    }

    /// Waits until it and everything that holds its output have ended.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Output {
        let mut pause = Duration::from_micros(200);
        let mut status = None;
        let mut killed = None;
        loop {
            status = status.or_else(|| self.child.try_wait().expect("it is our child"));
            let drained = self.stdout.thread.is_finished() && self.stderr.thread.is_finished();
            if drained && status.is_some() {
                break;
            }
            match killed {
                None if self.start.elapsed() > self.bound => {
                    kill_group(&mut self.child);
                    killed = Some(Instant::now());
                }
                // Something that left the process group holds the output.
                Some(moment) if status.is_some() && moment.elapsed() > AFTERMATH => break,
                _ => {}
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
        let output = Output {
            status: status.expect("the loop ends with one"),
            stdout: self.stdout.take(),
            stderr: self.stderr.take(),
            took: self.start.elapsed(),
            line: self.line,
            redactor: self.redactor,
        };
        assert!(
            killed.is_none(),
            "it took longer than {} ms and was killed\n{}",
            self.bound.as_millis(),
            output.report()
        );
        output
    }
}

impl Drain {
    fn start(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&bytes);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 8192];
            // What came before an error is still worth showing.
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                let mut bytes = theirs.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend_from_slice(&buffer[..count]);
            }
        });
        Self { bytes, thread }
    }

    fn take(&self) -> Vec<u8> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut bytes)
    }
}

/// Looking
impl Output {
    /// What it wrote for programs, as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What it wrote for people, as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Fails the test unless it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.status.success(), "it should succeed\n{}", self.report());
        self
    }

    /// Fails the test unless it ended with this exit code.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert!(self.status.code() == Some(code), "it should end with {code}\n{}", self.report());
        self
    }

    /// Fails the test unless this is among what it wrote for people.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "stderr should have: {text}\n{}", self.report());
        self
    }

    /// Fails the test if this is among what it wrote for people.
    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.stderr().contains(text), "stderr should not have: {text}\n{}", self.report());
        self
    }

    /// Fails the test unless it wrote nothing for people.
    #[track_caller]
    pub(crate) fn says_nothing(self) -> Self {
        assert!(self.stderr.is_empty(), "stderr should be empty\n{}", self.report());
        self
    }

    /// Fails the test unless it wrote exactly this for programs.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout == text.as_bytes(), "stdout should be:\n{text}\n{}", self.report());
        self
    }

    /// All there is to know about it, without secrets.
    pub(crate) fn report(&self) -> String {
        let text = format!(
            "$ {}\n{} after {} ms\n--- stdout\n{}\n--- stderr\n{}\n---",
            self.line,
            self.status,
            self.took.as_millis(),
            self.stdout(),
            self.stderr()
        );
        redacted(&self.redactor, &text)
    }
}

fn redacted(redactor: &Option<Redactor>, text: &str) -> String {
    match redactor {
        Some(redactor) => redactor.redact(text),
        None => text.to_owned(),
    }
}

#[cfg(unix)]
fn group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Kills the program and its children. If it has been waited for already, its number still names
/// the group as long as a child of it lives; with none left there is nothing to kill.
#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // An error means that all of it has ended already.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn group(_: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
}
