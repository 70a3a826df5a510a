//! Git at work: how it is started, and what comes from it until it has answered.

use super::{InfoRefs, Probed, Way, url_of};
use crate::bounded::Started;
use crate::git::handover::{Connection, HELPER, Handover, Next};
use crate::git::http::is_remote_name;
use crate::git::places::os_string;
use crate::git::quote::helper_command;
use crate::git::{Cwd, Git, child};
use crate::remote::Direction;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the end of a git that was stopped is waited for.
const AFTERWARDS: Duration = Duration::from_millis(200);
/// How long git may take until it is about to ask. A machine that is slower than that took the time off the request.
const HARDLY: Duration = Duration::from_millis(500);

/// A git that was started. Dropping it ends it.
pub(super) struct ProbingGit {
    child: Child,
    started: Started,
    // Git ends when its standard input does, so this is kept open.
    _stdin: Option<ChildStdin>,
    connection: Connection,
    way: Way,
    start: Instant,
}

impl ProbingGit {
    /// Starts git; gives the nonce of its questions, too.
    pub(super) fn start(git: &Git, what: &InfoRefs<'_>) -> io::Result<(Self, String)> {
        let start = Instant::now();
        let url = url_of(what.remote).ok_or_else(|| io::Error::other("there is no repository to ask for"))?;
        let own = env::current_exe()?;
        let (mut connection, theirs, nonce) = Connection::open()?;
        let transport = transport(git).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut command = child::command(&own, &transport);
        // The URL stands in both places where git was given one that is no remote's.
        let name = what.remote_name.filter(|name| is_remote_name(name)).unwrap_or(&url);
        command.args([name, &url]);
        surroundings(&mut command);
        command.env(PARAMETERS, with_settings(env::var_os(PARAMETERS), &settings(&own, what, &url, &nonce)?));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(theirs);
        let mut child = command.spawn()?;
        // Before git is told what to do, and so before it starts anything.
        let started = Started::of(&child);
        connection.attach(&mut child);
        let mut stdin = child.stdin.take();
        let word: &[u8] = match what.direction {
            Direction::Fetch => b"list\n",
            Direction::Push => b"list for-push\n",
        };
        if let Some(stdin) = &mut stdin {
            // A git that ended already shows why on its stderr.
            let _ = stdin.write_all(word);
        }
        // `command` is dropped here: it holds the far end of the socket, whose end is the end of git.
        Ok((Self { child, started, _stdin: stdin, connection, way: what.way, start }, nonce))
    }

    /// Answers git's question, and waits for its first word.
    pub(super) fn wait(mut self, mut handover: Handover, deadline: Instant) -> Probed {
        let mut word = None;
        let mut until = deadline;
        let mut is_late = true;
        loop {
            if let Some(lines) = handover.reply() {
                is_late = self.start.elapsed() > HARDLY && !handover.was_challenged();
                self.connection.answer(&lines);
            }
            match self.connection.next(until) {
                Next::Word(first) => {
                    // The service answered. Git's end closes the socket, so what it printed is there at once.
                    word = Some(first);
                    self.connection.close_stdout();
                    self.started.end(&mut self.child);
                    until = Instant::now() + AFTERWARDS;
                }
                Next::NoWord => self.connection.close_stdout(),
                Next::Printed(bytes) => handover.take(&bytes),
                Next::Ended => break,
                Next::Slow if word.is_some() => break,
                // It wants the credential before it asks, so most of the time was this machine's.
                Next::Slow if self.way == Way::AtOnce && is_late => return Probed::NotStarted,
                Next::Slow => return Probed::Slow,
            }
        }
        let (wanted_credential, with_credential) = (handover.was_asked(), handover.was_given());
        let (transcript, challenges) = handover.finish();
        match word {
            Some(word) => Probed::Open { transcript, with_credential, empty: word == b'\n' },
            // Git says why it ends. This is the end of what should have become git.
            None if transcript.is_empty() && !wanted_credential => Probed::NotStarted,
            None => Probed::Closed { transcript, challenges, wanted_credential, with_credential },
        }
    }
}

impl Drop for ProbingGit {
    fn drop(&mut self) {
        self.started.end(&mut self.child);
    }
}

/// Where git puts what `-c` sets (git(1)).
const PARAMETERS: &str = "GIT_CONFIG_PARAMETERS";

/// Finds what speaks to servers for git: that of the git which called us, else that of the one in `PATH`.
fn transport(git: &Git) -> Option<PathBuf> {
    let name = format!("git-remote-https{}", env::consts::EXE_SUFFIX);
    let is_there = |path: &PathBuf| path.is_absolute() && path.is_file();
    let of_caller = env::var_os("GIT_EXEC_PATH").map(|folder| PathBuf::from(folder).join(&name));
    of_caller.filter(is_there).or_else(|| {
        // Git reads its config also for this, and what is wrong with that is for the probe to say.
        let none = [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")];
        let told = git.run_with(&["--exec-path"], Cwd::Nowhere, &none).ok()?;
        let folder = os_string(told.trim_ascii_end());
        Some(Path::new(&folder).join(&name)).filter(is_there)
    })
}

/// Adds settings as `-c` would: each in single quotes (`sq_quote_buf` in git's `quote.c`).
fn with_settings(before: Option<OsString>, settings: &[OsString]) -> OsString {
    let mut all = before.unwrap_or_default().into_encoded_bytes();
    for setting in settings {
        if !all.is_empty() {
            all.push(b' ');
        }
        all.push(b'\'');
        for byte in setting.as_encoded_bytes() {
            match byte {
                b'\'' | b'!' => all.extend([b'\'', b'\\', *byte, b'\'']),
                byte => all.push(*byte),
            }
        }
        all.push(b'\'');
    }
    os_string(&all)
}

/// Gives what `-c` is to set. What comes last holds where both fit the URL equally well, and what is set for
/// the whole URL before what is set for a part of it.
fn settings(own: &Path, what: &InfoRefs<'_>, url: &str, nonce: &str) -> io::Result<Vec<OsString>> {
    let host = format!("https://{}", what.remote.host);
    let helper = helper_command(own).map_err(io::Error::other)?;
    // Git tells it of what worked as well, before it says a word. That is not wanted, so no program is started for it;
    // and `exec` spares the shell a process.
    let mut ours = format!("credential.{host}.helper=!f() {{ test \"$1\" = store || exec ").into_bytes();
    ours.extend_from_slice(&helper);
    ours.extend_from_slice(format!(" {HELPER} {nonce} \"$1\"; }}; f").as_bytes());
    let mut settings: Vec<OsString> = [
        // An empty helper forgets those named before it, wherever that was.
        "credential.helper=".to_owned(),
        format!("credential.{host}.helper="),
        // Nobody is asked, also not by a program.
        "core.askPass=".to_owned(),
        "protocol.version=0".to_owned(),
        // Git 2.54 and 2.55 ask without end after 401 and 429 (measured); 1 means: no second time.
        format!("http.{url}.maxRetries=1"),
    ]
    .map(OsString::from)
    .into();
    settings.push(os_string(&ours));
    let with_url: &[&str] = match what.way {
        Way::AsGit => &[],
        Way::NoRedirects => &["followRedirects=false", "proactiveAuth=none"],
        Way::AtOnce => &["followRedirects=false", "proactiveAuth=basic"],
    };
    settings.extend(with_url.iter().map(|setting| OsString::from(format!("http.{url}.{setting}"))));
    if let Some(folder) = what.authorities {
        let mut setting = OsString::from(format!("http.{url}.sslCAPath="));
        setting.push(folder);
        settings.push(setting);
    }
    Ok(settings)
}

/// Gives git the environment it has here, without what would ask somebody, print into the transcript or look for
/// programs in the working folder.
fn surroundings(command: &mut Command) {
    let is_trace = |name: &OsStr| {
        name.to_str().is_some_and(|name| name.starts_with("GIT_TRACE") || name == "GIT_CURL_VERBOSE")
    };
    for (name, _) in env::vars_os().filter(|(name, _)| is_trace(name)) {
        command.env_remove(name);
    }
    // Config files can turn these on (`trace2.normalTarget`), and only an environment turns them off again.
    for name in ["GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF"] {
        command.env(name, "0");
    }
    for name in ["SSH_ASKPASS", "GIT_PROTOCOL"] {
        command.env_remove(name);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        // The catalogue knows git's own words in English; the server's come as they are.
        .env("LC_ALL", "C");
    if let Some(path) = env::var_os("PATH")
        && let Ok(path) = env::join_paths(env::split_paths(&path).filter(|folder| folder.is_absolute()))
    {
        command.env("PATH", path);
    }
}
