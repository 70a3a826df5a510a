//! Git as the probe: it asks for the very `info/refs` that an operation begins with, and is stopped at its
//! first word.
//!
//! So proxies, certificates and everything else that git obeys are obeyed, and what it prints is what the
//! catalogue of refusals reads. The credential is handed over through a named pipe that only this user can
//! open, when git asks for it: it is in no argument and in no environment, and it can be held back until
//! another request has shown that the token is not refused as such (several bad logins lock a user out).
//! Nobody is asked on a terminal, no helper of the user's is run, and nothing is stored.

use super::Git;
use crate::remote::Remote;
use crate::token::Token;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How much of what git prints is kept: a refusal has a few lines.
const MOST: u64 = 64 * 1024;
/// How often the pipe and the process are looked at.
const STEP: Duration = Duration::from_millis(2);

/// How long the end of a git that was stopped is waited for.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// Which service is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `git-upload-pack`: clone and fetch.
    Fetch,
    /// `git-receive-pack`: push.
    Push,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// The service answered.
    Open {
        /// What git printed before: that it was led elsewhere, for example.
        transcript: Vec<u8>,
        /// Whether git needed the credential for it.
        with_credential: bool,
        /// Whether it named no ref: an empty repository, or a page without line ends that git took for one
        /// (measured with 2.47.3).
        empty: bool,
    },
    /// Git gave up; this is what it printed.
    Closed {
        /// Stderr, at most 64 KiB.
        transcript: Vec<u8>,
        /// The challenges (`WWW-Authenticate`) that git was given.
        challenges: Vec<String>,
        /// Whether git had the credential.
        with_credential: bool,
    },
    /// There was no answer in time.
    Slow,
}

/// A probe under way. Dropping it ends git and removes the pipe.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    // Git ends when its standard input does, so this is kept open.
    _stdin: ChildStdin,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    pipe: Pipe,
    answer: Answer,
}

/// What git gets when it asks for the credential.
#[derive(Debug)]
enum Answer {
    /// Not decided yet: git waits.
    Held,
    /// These lines.
    Lines(Zeroizing<Vec<u8>>),
    /// It was handed over.
    Given,
}

/// The helper git runs: it repeats the challenge that git was given (2.41 and newer tell it) and reads the pipe.
/// What came of it is not its business.
const HELPER: &str =
    "credential.helper=!f() { grep \"^wwwauth\" >&2; test \"$1\" = get && cat \"$PATRON_PROBE_PIPE\"; }; f";
/// How the helper's lines begin. What a server says has `remote: ` before it, so it cannot look like one.
const CHALLENGE: &str = "wwwauth[]=";

impl Probe {
    /// Starts git. The credential is held back until [`Probe::give`].
    ///
    /// `folder` is where the pipe is made: a folder of this user alone.
    pub fn start(git: &Git, remote: &Remote, service: Service, folder: &Path) -> io::Result<Self> {
        let url = url_of(remote).ok_or_else(|| io::Error::other("there is no repository to ask for"))?;
        let pipe = Pipe::make(folder)?;
        let mut command = Command::new(git.program());
        command
            // An empty helper forgets all that the config files name; what comes last is read last.
            .args([
                "-c",
                "credential.helper=",
                "-c",
                HELPER,
                "-c",
                "core.askPass=",
                "-c",
                "protocol.version=0",
                // Git 2.54 and 2.55 ask without end after 401 and 429 (measured); 1 means: no second time.
                "-c",
                "http.maxRetries=1",
            ])
            .args(["remote-https", "patron-probe", &url])
            .env("PATRON_PROBE_PIPE", &pipe.path)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            // The catalogue knows git's own words in English; the server's come as they are.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in [
            "GIT_TRACE",
            "GIT_TRACE_CURL",
            "GIT_CURL_VERBOSE",
            "GIT_TRACE_PACKET",
            "SSH_ASKPASS",
            "GIT_PROTOCOL",
        ] {
            command.env_remove(name);
        }
        own_group(&mut command);
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("no pipe to git"))?;
        let word: &[u8] = match service {
            Service::Fetch => b"list\n",
            Service::Push => b"list for-push\n",
        };
        // A git that ended already shows why on its stderr.
        let _ = io::Write::write_all(&mut stdin, word);
        let stdout = read_aside(child.stdout.take(), 1);
        let stderr = read_aside(child.stderr.take(), MOST);
        Ok(Self { child, _stdin: stdin, stdout, stderr, pipe, answer: Answer::Held })
    }

    /// Lets git have this credential when it asks.
    pub fn give(&mut self, username: &[u8], token: &Token) {
        let mut lines = Zeroizing::new(Vec::with_capacity(username.len() + token.expose().len() + 32));
        for part in [b"username=", username, b"\npassword=", token.expose(), b"\n"] {
            lines.extend_from_slice(part);
        }
        self.answer = Answer::Lines(lines);
    }

    /// Lets git have no credential: what it says without one is the answer.
    pub fn give_nothing(&mut self) {
        self.answer = Answer::Lines(Zeroizing::new(Vec::new()));
    }

    /// Waits for git's first word, until the deadline.
    pub fn wait(mut self, deadline: Instant) -> Probed {
        loop {
            self.hand_over();
            match self.stdout.try_recv() {
                // Its first word: the service answered. An empty answer is the end of git.
                Ok(word) if !word.is_empty() => return self.open(word == b"\n"),
                Ok(_) | Err(TryRecvError::Disconnected) => return self.closed(deadline),
                Err(TryRecvError::Empty) => {}
            }
            if Instant::now() >= deadline {
                return Probed::Slow;
            }
            thread::sleep(STEP);
        }
    }

    fn open(mut self, empty: bool) -> Probed {
        // Its end closes the pipe, so what it printed until now is there at once.
        end_group(&mut self.child);
        let transcript = self.stderr.recv_timeout(AFTERWARDS).unwrap_or_default();
        Probed::Open { transcript, with_credential: self.was_given(), empty }
    }

    fn was_given(&self) -> bool {
        matches!(self.answer, Answer::Given)
    }

    fn closed(mut self, deadline: Instant) -> Probed {
        let left = deadline.saturating_duration_since(Instant::now()).max(STEP);
        match self.stderr.recv_timeout(left) {
            Ok(transcript) => {
                // It has closed both pipes, so it is at its end.
                let _: io::Result<Option<ExitStatus>> = self.child.try_wait();
                let (transcript, challenges) = told_apart(&transcript);
                Probed::Closed { transcript, challenges, with_credential: self.was_given() }
            }
            Err(_) => Probed::Slow,
        }
    }

    /// Writes the answer once git's helper has opened the pipe.
    fn hand_over(&mut self) {
        if let Answer::Lines(lines) = &self.answer
            && self.pipe.write(lines)
        {
            self.answer = Answer::Given;
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        end_group(&mut self.child);
        // Waiting reaps it: it was just killed, or has ended by itself.
        let _ = self.child.wait();
    }
}

/// Takes the helper's lines out of what git printed.
fn told_apart(printed: &[u8]) -> (Vec<u8>, Vec<String>) {
    let mut challenges = Vec::new();
    let mut rest = Vec::with_capacity(printed.len());
    for line in printed.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(CHALLENGE.as_bytes()) {
            Some(challenge) => challenges.push(String::from_utf8_lossy(challenge).trim().to_owned()),
            None => rest.extend_from_slice(line),
        }
    }
    (rest, challenges)
}

/// Writes the URL again from checked parts: owner and repository hold no character that needs encoding.
/// User names and secrets of the original stay out.
fn url_of(remote: &Remote) -> Option<String> {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/~".contains(&b));
    let path = remote.path.as_deref().filter(|path| plain(path) && !path.is_empty())?;
    Some(format!("https://{}/{path}", remote.host))
}

/// Reads a pipe on a thread of its own, at most so many bytes; then its end is not awaited.
fn read_aside(pipe: Option<impl Read + Send + 'static>, most: u64) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    let work = move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // A pipe that breaks ends here; what came before it counts.
            let _ = pipe.take(most).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    };
    // Without a thread (a limit of the system) the sender is dropped, which reads as the end of git.
    let _ = thread::Builder::new().spawn(work);
    receive
}

/// A named pipe that only this user can open.
#[derive(Debug)]
struct Pipe {
    path: PathBuf,
}

#[cfg(unix)]
impl Pipe {
    fn make(folder: &Path) -> io::Result<Self> {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let mut bytes = [0u8; 8];
        getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness for a name"))?;
        let path = folder.join(format!("probe-{}-{:016x}", std::process::id(), u64::from_ne_bytes(bytes)));
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        Ok(Self { path })
    }

    /// Writes once a reader is there; false until then.
    fn write(&self, lines: &[u8]) -> bool {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        // ENXIO: nobody reads yet.
        let Ok(file) = open(&self.path, flags, Mode::empty()) else { return false };
        // A credential is smaller than a pipe's buffer; a reader that is gone does not want it any more.
        let _ = io::Write::write_all(&mut std::fs::File::from(file), lines);
        true
    }
}

#[cfg(unix)]
impl Drop for Pipe {
    fn drop(&mut self) {
        // It holds nothing; one that is left is swept away with its folder.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(not(unix))]
impl Pipe {
    /// Windows has no such pipe that a shell can read: causes are inferred there.
    fn make(_folder: &Path) -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn write(&self, _lines: &[u8]) -> bool {
        false
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // Git's own children (git-remote-https, the helper's shell) are in the group, too. One that is gone
    // cannot be killed, which is fine.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    let _ = child.kill();
}
