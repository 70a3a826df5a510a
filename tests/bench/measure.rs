//! Running a program to its end: how long it takes, and how much memory.

use nix::sys::resource::{UsageWho, getrusage};
use std::env;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// What the process is called that asks helpers.
const GIT: &str = "git-remote-https";

/// One way to run a program, and what must come of it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The program, by its absolute path.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its environment, beside the search path.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// What it is asked.
    pub(crate) stdin: Vec<u8>,
    /// The lines that its answer must have; none: it must not answer.
    pub(crate) answers: Vec<Vec<u8>>,
}

impl Call {
    /// Runs it; fails if it fails or answers something else.
    pub(crate) fn run(&self) -> Duration {
        let mut answer = Vec::with_capacity(4096);
        let start = Instant::now();
        // Neither a cleared environment nor another PATH, since with those `Command` forks: it shall start
        // programs by posix_spawn, as cheaply for the one as for the other.
        let mut child = self.spawn(Command::new(&self.program).args(&self.arguments));
        child.stdout.take().expect("it was piped").read_to_end(&mut answer).expect("it can be read");
        let status = child.wait().expect("it is our child");
        let took = start.elapsed();
        let lines: Vec<&[u8]> = answer.split(|byte| *byte == b'\n').collect();
        let is_right = if self.answers.is_empty() {
            answer.is_empty()
        } else {
            self.answers.iter().all(|line| lines.contains(&line.as_slice()))
        };
        assert!(
            status.success() && is_right,
            "{} {:?} in {:?} did not answer as it must",
            self.program.display(),
            self.arguments,
            self.environment
        );
        took
    }

    fn spawn(&self, command: &mut Command) -> Child {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program can be run");
        child.stdin.take().expect("it was piped").write_all(&self.stdin).expect("it reads what it is asked");
        child
    }
}

/// Runs two programs in turns and gives the times of each, after some rounds that do not count. What belongs
/// to a round and is not measured comes before.
pub(crate) fn compare(
    before: Option<&Call>,
    one: &Call,
    other: &Call,
    rounds: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let round = || {
        before.map(Call::run);
        (one.run(), other.run())
    };
    for _ in 0..rounds / 20 + 1 {
        round();
    }
    (0..rounds).map(|_| round()).unzip()
}

/// Gives this program, to be started under the name of the git process that asks helpers: our product finds
/// out who calls it, and does for git what it does for nobody else.
pub(crate) fn as_git() -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.arg0(GIT);
    command
}

/// Tells whether this program was started so.
pub(crate) fn is_git() -> bool {
    env::args_os().next().is_some_and(|name| name == GIT)
}

/// Gives the median in microseconds.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// Gives the most memory a program holds at a time, in bytes.
///
/// The system hands a process that is just being started the peak of the one that starts it; so this is
/// asked by a fresh, small process, and can only be too high.
pub(crate) fn peak(call: &Call) -> u64 {
    let mut command = as_git();
    let mut child = call.spawn(command.arg("peak").arg(&call.program).args(&call.arguments));
    let mut text = String::new();
    child.stdout.take().expect("it was piped").read_to_string(&mut text).expect("a number");
    assert!(child.wait().expect("it is our child").success(), "the peak cannot be measured");
    text.trim().parse::<u64>().expect("a number") * 1024
}

/// Runs a program with our own stdin and prints the most memory it held, in KiB.
pub(crate) fn report_peak(program: &str, arguments: &[&str]) -> ExitCode {
    let status = Command::new(Path::new(program)).args(arguments).stdout(Stdio::null()).status();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts its processes");
    println!("{}", usage.max_rss());
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
