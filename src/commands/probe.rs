//! What a probe starts this program for: as git's credential helper, and as what git is run below. Two words of
//! the command line that are for nobody else (`git::HELPER`, `git::RUN`).

use std::ffi::OsString;
use std::process::ExitCode;

/// Takes a command line of a probe; none if it is not one.
///
/// A probe's standard error is a socket, which no person's is: somebody who tries these words is told that there
/// are no such commands.
#[cfg(unix)]
pub(crate) fn run(args: &[OsString]) -> Option<ExitCode> {
    use crate::git;
    let [_, word, rest @ ..] = args else { return None };
    let done = match (word.to_str()?, rest) {
        (git::HELPER, [nonce, operation]) => answer(nonce.to_str()?, operation.to_str()?)?,
        (git::RUN, rest) => socket().map(|_| git::run(rest))?,
        _ => return None,
    };
    // Git says in its own words that it has no credential, and its parent sees the end of a git that never was.
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// No probe is started there.
#[cfg(not(unix))]
pub(crate) fn run(_args: &[OsString]) -> Option<ExitCode> {
    None
}

#[cfg(unix)]
fn answer(nonce: &str, operation: &str) -> Option<std::io::Result<()>> {
    let mut socket = socket()?;
    // Past the buffer of Rust's own, which would keep a copy.
    let from_git = std::fs::File::from(rustix::io::dup(rustix::stdio::stdin()).ok()?);
    let answer = crate::git::ask_for_credential(&mut socket, nonce, operation, from_git);
    Some(answer.and_then(|answer| crate::stdio::write_answer(&answer)))
}

/// Gives standard error if it is a socket.
#[cfg(unix)]
fn socket() -> Option<std::os::unix::net::UnixStream> {
    let stderr = rustix::io::dup(rustix::stdio::stderr()).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&stderr).ok()?.st_mode);
    (kind == rustix::fs::FileType::Socket).then(|| stderr.into())
}
