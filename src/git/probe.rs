//! Git as the probe: it asks for the very `info/refs` that an operation begins with, and is stopped at its
//! first word.
//!
//! So proxies, certificates and everything else that git obeys are obeyed, and what it prints is what the
//! catalogue of refusals reads. The credential is handed over when git asks for it (`handover`), and it can be
//! held back until another request has shown that the token is not refused as such (several bad logins lock a
//! user out). Nobody is asked on a terminal, no helper of the user's is run, and nothing is stored.

use super::Git;
use super::handover::Handover;
use crate::remote::Remote;
use crate::token::Token;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
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
    /// Git could not be started.
    NotStarted,
}

/// A probe under way. Dropping it ends git and removes the pipe.
pub struct Probe {
    /// None as long as git must not be started, and where it cannot be.
    running: Option<Running>,
    command: Command,
    service: Service,
    answer: Answer,
    handover: Handover,
}

/// Shows nothing: the answer is in it.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// Git at work.
struct Running {
    child: Child,
    // Git ends when its standard input does, so this is kept open.
    stdin: Option<ChildStdin>,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

/// What git gets when it asks for the credential.
enum Answer {
    /// Not decided yet: git waits.
    Held,
    /// These lines.
    Lines(Zeroizing<Vec<u8>>),
    /// It was handed over.
    Given,
}

/// How the helper's lines begin. What a server says has `remote: ` before it, so it cannot look like one.
const CHALLENGE: &str = "wwwauth[]=";

/// The helper git runs: it repeats the challenge that git was given (2.41 and newer tell it) and prints the
/// answer. What came of it is not its business.
fn helper(answer: &str) -> String {
    format!("credential.helper=!f() {{ grep \"^wwwauth\" >&2; test \"$1\" = get && {answer}; }}; f")
}

impl Probe {
    /// Starts git, or makes ready to. The credential is held back until [`Probe::give`].
    ///
    /// `folder` is where the pipe is made: a folder of this user alone.
    pub fn start(git: &Git, remote: &Remote, service: Service, folder: &Path) -> io::Result<Self> {
        Self::start_with(git, remote, service, Handover::make(folder)?)
    }

    fn start_with(git: &Git, remote: &Remote, service: Service, handover: Handover) -> io::Result<Self> {
        let url = url_of(remote).ok_or_else(|| io::Error::other("there is no repository to ask for"))?;
        let mut command = Command::new(git.program());
        command
            // An empty helper forgets all that the config files name; what comes last is read last.
            .args([
                "-c",
                "credential.helper=",
                "-c",
                &helper(handover.words()),
                "-c",
                "core.askPass=",
                "-c",
                "protocol.version=0",
                // Git 2.54 and 2.55 ask without end after 401 and 429 (measured); 1 means: no second time.
                "-c",
                "http.maxRetries=1",
            ])
            .args(["remote-https", "patron-probe", &url])
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            // The catalogue knows git's own words in English; the server's come as they are.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Traces would stand in the transcript, and some of them hold what is sent.
        let is_trace = |name: &std::ffi::OsStr| {
            name.to_str().is_some_and(|name| name.starts_with("GIT_TRACE") || name == "GIT_CURL_VERBOSE")
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_trace(name)) {
            command.env_remove(name);
        }
        for name in ["SSH_ASKPASS", "GIT_PROTOCOL"] {
            command.env_remove(name);
        }
        own_group(&mut command);
        let running =
            if handover.prepare(&mut command) { Some(Running::start(&mut command, service)?) } else { None };
        Ok(Self { running, command, service, answer: Answer::Held, handover })
    }

    /// Lets git have this credential when it asks.
    pub fn give(&mut self, username: &[u8], token: &Token) {
        let mut lines = Zeroizing::new(Vec::with_capacity(username.len() + token.expose().len() + 32));
        for part in [b"username=", username, b"\npassword=", token.expose(), b"\n"] {
            lines.extend_from_slice(part);
        }
        self.decide(lines);
    }

    /// Lets git have no credential: what it says without one is the answer.
    pub fn give_nothing(&mut self) {
        self.decide(Zeroizing::new(Vec::new()));
    }

    fn decide(&mut self, lines: Zeroizing<Vec<u8>>) {
        if self.running.is_none() && self.handover.put(&mut self.command, &lines) {
            self.running = Running::start(&mut self.command, self.service).ok();
        }
        self.answer = Answer::Lines(lines);
    }

    /// Waits for git's first word, until the deadline.
    pub fn wait(mut self, deadline: Instant) -> Probed {
        loop {
            self.hand_over();
            let Some(running) = &self.running else { return Probed::NotStarted };
            match running.stdout.try_recv() {
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
        let Some(running) = &mut self.running else { return Probed::NotStarted };
        // Its end closes the pipe, so what it printed until now is there at once. Where its children live on,
        // they end with their input.
        end_group(&mut running.child);
        drop(running.stdin.take());
        let transcript = running.stderr.recv_timeout(AFTERWARDS).unwrap_or_default();
        let with_credential = self.was_given(&transcript);
        Probed::Open { transcript, with_credential, empty }
    }

    fn was_given(&self, printed: &[u8]) -> bool {
        matches!(self.answer, Answer::Given) || self.handover.was_told(printed)
    }

    fn closed(mut self, deadline: Instant) -> Probed {
        let Some(running) = &mut self.running else { return Probed::NotStarted };
        let left = deadline.saturating_duration_since(Instant::now()).max(STEP);
        match running.stderr.recv_timeout(left) {
            Ok(printed) => {
                // It has closed both pipes, so it is at its end.
                let _: io::Result<Option<ExitStatus>> = running.child.try_wait();
                let with_credential = self.was_given(&printed);
                let (transcript, challenges) = told_apart(&printed);
                Probed::Closed { transcript, challenges, with_credential }
            }
            Err(_) => Probed::Slow,
        }
    }

    /// Writes the answer once git's helper has opened the pipe.
    fn hand_over(&mut self) {
        if let Answer::Lines(lines) = &self.answer
            && self.handover.write(lines)
        {
            self.answer = Answer::Given;
        }
    }
}

impl Running {
    fn start(command: &mut Command, service: Service) -> io::Result<Self> {
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
        Ok(Self { child, stdin: Some(stdin), stdout, stderr })
    }
}

impl Drop for Running {
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
            None if Handover::is_mark(line) => {}
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

/// Ends git itself. What it has started ends with its input, or with its request.
#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Real git with our helper, which is asked for a credential in place of a repository; so there is no server.
    const FILL: &str = r#"#!/bin/sh
for word; do
    shift
    test "$word" = remote-https && break
    set -- "$@" "$word"
done
shift 2
printf 'protocol=https\nhost=github.com\nwwwauth[]=Basic realm="x"\n\n' | git "$@" credential fill >&2
"#;

    fn probe(folder: &Path, script: &str) -> Probe {
        let program = folder.join("git");
        // By another process: what this one writes is busy while another thread starts something.
        let write = "printf %s \"$1\" >\"$2\" && chmod +x \"$2\"";
        let status = Command::new("sh").args(["-c", write, "sh", script]).arg(&program).status();
        assert!(status.expect("a shell").success());
        let remote = Remote::from_url("https://github.com/acme/secret").expect("a URL");
        Probe::start_with(&Git::at(program), &remote, Service::Fetch, Handover::Environment).expect("ready")
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn where_there_is_no_pipe_the_environment_of_git_hands_the_credential_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let token = Token::new(["canary", "text"].concat().into_bytes());
        let mut closed = probe(folder.path(), FILL);
        assert!(closed.running.is_none(), "not before the answer is decided");
        closed.give(b"mona", &token);
        assert_eq!(format!("{closed:?}"), "Probe");
        let Probed::Closed { transcript, challenges, with_credential } = closed.wait(soon()) else {
            panic!("git has ended")
        };
        let transcript = String::from_utf8(transcript).expect("text");
        assert!(with_credential && challenges == ["Basic realm=\"x\""], "{challenges:?} {transcript}");
        assert!(transcript.contains("username=mona\npassword=canarytext\n"), "{transcript}");
        assert!(!transcript.contains("patron-probe"), "{transcript}");

        let mut open = probe(folder.path(), &format!("{FILL}echo abc\n"));
        open.give(b"mona", &token);
        let Probed::Open { with_credential, empty, .. } = open.wait(soon()) else { panic!("a word came") };
        assert!(with_credential && !empty);
    }

    #[test]
    fn a_git_that_needs_no_credential_was_given_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut open = probe(folder.path(), "#!/bin/sh\necho abc\n");
        open.give(b"mona", &Token::new(b"x".to_vec()));
        assert!(matches!(open.wait(soon()), Probed::Open { with_credential: false, .. }));
    }

    #[test]
    fn without_an_answer_it_is_not_started() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(probe(folder.path(), FILL).wait(soon()), Probed::NotStarted);
        let mut odd = probe(folder.path(), FILL);
        odd.give(b"\xff", &Token::new(b"x".to_vec()));
        assert_eq!(odd.wait(soon()), Probed::NotStarted, "no environment of Windows could hold it");
    }
}
