//! Asks the helpers that answered before `setup`: speaks git's protocol to them as git does.
//!
//! Source: gitcredentials(7) and git's `credential_do`, `run_credential_helper` and `credential_fill`. A helper
//! that begins with `!` is a snippet, one with an absolute path is that command, any other is `git
//! credential-HELPER`; all of them run by the shell with the operation at the end. Our environment, working
//! folder and stderr are theirs, and what git left open besides, as when git ran them itself; our own files close
//! by themselves. There is no bound on their time: some wait for a person.
//!
//! Two rules stand above everything:
//! - What is told to a helper is a [`Foreign`] request: none of its secrets is one of ours. There is no other
//!   way to tell one.
//! - Patron is not its own fallback: a helper that is this program by name or by file is passed over, and a
//!   mark in the environment ([`is_asking`]) ends a circle that goes through other programs.

use crate::bounded;
use crate::choose::Fallback;
use crate::helper_line::{self, Runs};
use crate::limits;
use crate::protocol::reply::{self, Reader, Reply, UnusableReply, compose_lines};
use crate::protocol::{Line, Operation, Request, secrets};
use crate::remote::Host;
use crate::search_path;
use crate::token::Token;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use zeroize::Zeroizing;

/// In the environment of a fallback: which hosts are being asked for, and by which of our processes, as
/// `HOST@PID` with spaces between.
const MARK: &str = "PATRON_FALLBACK";

/// How long a helper may take that is only asked what it holds: a keyring may want to be unlocked.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request that may be told to another helper: every secret in it was checked not to be ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foreign<'a> {
    lines: &'a [Line],
}

impl<'a> Foreign<'a> {
    /// Checks a request. `None` if it holds a secret that is, or may be, ours: who cannot tell says so.
    ///
    /// Which are secrets, [`secrets`] says.
    pub(crate) fn of(request: &'a Request, may_be_ours: impl FnMut(&Token) -> bool) -> Option<Self> {
        let ours = secrets(&request.lines).iter().any(may_be_ours);
        (!ours).then_some(Self { lines: &request.lines })
    }

    fn told(self, with_path: bool) -> Vec<Line> {
        self.lines.iter().filter(|line| with_path || line.key != b"path").cloned().collect()
    }
}

/// Why a helper's answer was not used. Never names the helper: a snippet may hold a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HelperTrouble {
    /// Its shell cannot be started.
    #[error("it cannot be started ({0})")]
    NotStarted(std::io::Error),
    /// Its answer cannot be read.
    #[error("its answer cannot be read ({0})")]
    Unread(std::io::Error),
    /// Its answer could mislead git.
    #[error("its answer is not used: {0}")]
    Unusable(UnusableReply),
    /// It gave the secret of an account that may not serve this place now.
    #[error("it answered with a token of an account that is not for this, so it is not given")]
    NotForThis,
}

/// What all of the helpers together answered, and what went wrong on the way.
#[derive(Debug, Default)]
pub(crate) struct FallbackAnswer {
    /// What git is to be given; empty if nobody answered.
    pub reply: Reply,
    /// Whether git has all it needs.
    pub complete: bool,
    /// How many helpers were run.
    pub run: u64,
    /// What went wrong, in order.
    pub troubles: Vec<HelperTrouble>,
}

/// Asks the helpers in turn until git has all it needs; later ones are told what earlier ones filled in.
///
/// `may_give` judges each secret: an answer with one that it refuses is dropped whole. What has expired is
/// dropped and the next helper asked, as git does it; one that says `quit` is the last.
pub(crate) fn get(
    fallback: &Fallback,
    request: Foreign<'_>,
    host: &Host,
    now: i64,
    mut may_give: impl FnMut(&Token) -> bool,
) -> FallbackAnswer {
    let user_known = request.lines.iter().any(|line| line.key == b"username");
    let lines = request.told(fallback.with_path);
    let mut asked = FallbackAnswer::default();
    for helper in others(fallback) {
        asked.run += 1;
        match ask(helper, Operation::Get, &asked.reply.told_on(&lines), host) {
            Ok(reply) if !reply.secrets().iter().all(&mut may_give) => {
                asked.troubles.push(HelperTrouble::NotForThis)
            }
            Ok(reply) => asked.reply.add(reply),
            Err(trouble) => asked.troubles.push(trouble),
        }
        if asked.reply.is_expired(now) {
            asked.reply.drop_expired();
        }
        asked.complete = asked.reply.is_complete(user_known);
        if asked.complete || asked.reply.quits() {
            break;
        }
    }
    asked
}

/// Tells all the helpers that a credential worked or did not, as git does. Gives what went wrong.
pub(crate) fn tell(
    fallback: &Fallback,
    operation: Operation,
    request: Foreign<'_>,
    host: &Host,
) -> Vec<HelperTrouble> {
    let lines = request.told(fallback.with_path);
    others(fallback).filter_map(|helper| ask(helper, operation, &lines, host).err()).collect()
}

/// Gives the helpers that are not this program.
fn others(fallback: &Fallback) -> impl Iterator<Item = &str> {
    fallback.helpers.iter().map(String::as_str).filter(|helper| !is_patron(helper))
}

/// Runs one helper.
fn ask(helper: &str, operation: Operation, lines: &[Line], host: &Host) -> Result<Reply, HelperTrouble> {
    let mut shell = shell(helper, operation, host);
    shell.stdin(Stdio::piped()).stdout(if operation == Operation::Get {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = limits::as_before(|| shell.spawn()).map_err(HelperTrouble::NotStarted)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that hangs up early does not want the rest.
        let _ = stdin.write_all(&compose_lines(lines));
    }
    let reply = match child.stdout.take() {
        Some(stdout) => read(stdout),
        None => Ok(Reply::default()),
    };
    // Its exit code says nothing to git either. Waiting keeps the order of the helpers' work.
    let _ = child.wait();
    reply
}

/// Makes the shell that runs one helper.
fn shell(helper: &str, operation: Operation, host: &Host) -> Command {
    let mut command = helper_line::command(helper);
    command.push(' ');
    command.push_str(operation.word());
    let mut shell = match search_path::shell() {
        Some(sh) => Command::new(sh),
        // No shell in sight, and nothing in the command that only one could read (git's `prepare_shell_cmd`).
        None if !command.contains(|letter| "|&;<>()$`\\\"'\t\n*?[#~=%".contains(letter)) => {
            let mut words = command.split(' ').filter(|word| !word.is_empty());
            let mut program = Command::new(words.next().unwrap_or_default());
            program.args(words).env(MARK, mark(host));
            return program;
        }
        None => Command::new("sh"),
    };
    // Git's shells get the command as their name, too.
    shell.args(["-c", &command, &command]).env(MARK, mark(host));
    shell
}

/// Asks one helper what it holds, with nobody there whom it could ask: without terminal or prompts, and within a
/// bound. What it says to people is not shown. None if it is this program, or answered nothing that can be used.
pub(crate) fn held_by(helper: &str, request: Foreign<'_>, host: &Host) -> Option<Reply> {
    if is_patron(helper) {
        return None;
    }
    let mut shell = shell(helper, Operation::Get, host);
    bounded::apart(&mut shell);
    shell.envs([("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "never")]);
    shell.envs([("GIT_ASKPASS", ""), ("SSH_ASKPASS", "")]);
    let child = limits::as_before(|| shell.spawn()).ok()?;
    let most = reply::MAX_REPLY as u64 + 1;
    let output = bounded::run(child, &compose_lines(request.lines), most, PATIENCE).ok()??;
    read(&**Zeroizing::new(output.stdout)).ok().filter(|reply| !reply.is_empty())
}

/// Reads up to the blank line or the end, as git does, so that nothing waits for a process that the helper
/// left behind with its stdout.
fn read(mut stdout: impl Read) -> Result<Reply, HelperTrouble> {
    let mut reader = Reader::default();
    let mut buffer = Zeroizing::new([0u8; 8192]);
    loop {
        match stdout.read(&mut buffer[..]) {
            Ok(0) => break,
            Ok(count) if reader.feed(&buffer[..count]) => break,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(HelperTrouble::Unread(error)),
        }
    }
    reader.finish().map_err(HelperTrouble::Unusable)
}

/// Adds our process to the mark.
fn mark(host: &Host) -> OsString {
    let mut mark = std::env::var_os(MARK).filter(|mark| !mark.is_empty()).unwrap_or_default();
    if !mark.is_empty() {
        mark.push(" ");
    }
    mark.push(format!("{host}@{}", std::process::id()));
    mark
}

/// Tells whether one of our processes is asking its fallback for this host right now, and we are called on
/// the way of that: then asking it again would go in a circle.
///
/// A mark whose process is gone was left to some program that lives longer (a browser that the helper
/// opened, an editor started from there) and means nothing.
pub(crate) fn is_asking(host: &Host) -> bool {
    let mark = std::env::var(MARK).unwrap_or_default();
    mark.split(' ')
        .filter_map(|part| part.rsplit_once('@'))
        .any(|(marked, process)| marked == host.as_str() && process.parse().is_ok_and(runs))
}

#[cfg(unix)]
fn runs(process: i32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    Pid::from_raw(process).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(not(unix))]
fn runs(_process: i32) -> bool {
    true
}

/// Tells whether a helper is this program: by the name it is called by, or because its file is ours.
fn is_patron(helper: &str) -> bool {
    match helper_line::runs(helper) {
        _ if helper_line::names_patron(helper) => true,
        Runs::Program(program) => find(&program).is_some_and(|found| is_our_file(&found)),
        Runs::Snippet | Runs::Nothing => false,
    }
}

fn is_our_file(found: &Path) -> bool {
    let ours = std::env::current_exe().and_then(|path| path.canonicalize());
    ours.is_ok_and(|ours| found.canonicalize().is_ok_and(|found| found == ours))
}

/// Finds a program as git's shell would: a path is itself, a name is looked up.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    let first = std::env::var_os("GIT_EXEC_PATH").map(PathBuf::from);
    let search = std::env::var_os("PATH").unwrap_or_default();
    first
        .into_iter()
        .chain(std::env::split_paths(&search))
        .map(|folder| folder.join(program))
        .find(|it| it.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_is_run_as_git_runs_it() {
        for (helper, command) in [
            ("cache --timeout=5", "git credential-cache --timeout=5"),
            ("/usr/bin/x y", "/usr/bin/x y"),
            ("!f() { cat; }; f", "f() { cat; }; f"),
            ("~/bin/x", "git credential-~/bin/x"),
        ] {
            assert_eq!(helper_line::command(helper), command);
        }
    }

    #[test]
    fn patron_is_known_by_every_way_to_call_it() {
        for (helper, patron) in [
            ("patron", true),
            ("patron --x", true),
            ("\"patron\"", true),
            ("/usr/bin/git-credential-patron", true),
            ("/home/my\\ user/git-credential-patron", true),
            ("!git credential-patron", true),
            ("!/usr/bin/git credential-patron", true),
            ("!'/my tools/git-credential-patron' --x", true),
            ("!git-credential-patron", true),
            ("! git-credential-patron;", true),
            ("!git-credential-patron.exe", true),
            ("patronus", false),
            ("cache", false),
            ("", false),
            ("!", false),
            ("! ", false),
            ("!git credential-cache", false),
            ("!echo patron", false),
            ("/usr/bin/patron", false),
            ("store --file git-credential-patron", false),
        ] {
            assert_eq!(is_patron(helper), patron, "{helper}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn patron_is_known_by_its_file_whatever_it_is_called() {
        let folder = tempfile::tempdir().expect("a folder");
        let other_name = folder.path().join("my helper");
        std::os::unix::fs::symlink(std::env::current_exe().expect("known"), &other_name).expect("made");
        assert!(is_patron(&format!("!'{}' --x", other_name.display())));
        assert!(!is_patron("/bin/sh"));
    }

    #[test]
    fn a_request_with_a_secret_of_ours_is_told_to_nobody() {
        let token = ["ghp_", &"a".repeat(36)].concat();
        let request = |text: String| Request::parse(text.as_bytes()).expect("fine");
        for key in ["password", "credential", "oauth_refresh_token", "username", "state[]", "news"] {
            let request = request(format!("host=github.com\n{key}={token}\n"));
            let foreign = Foreign::of(&request, |secret| secret.expose() == token.as_bytes());
            assert!(foreign.is_none(), "{key}");
            assert!(Foreign::of(&request, |_| false).is_some());
        }
        let plain = request("host=h\nusername=mona\npath=a/b\n".to_owned());
        let foreign = Foreign::of(&plain, |_| panic!("there is no secret to ask about")).expect("foreign");
        assert_eq!((foreign.told(false).len(), foreign.told(true).len()), (2, 3));
    }
}
