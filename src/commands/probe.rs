//! What a probe starts this program for: as git's credential helper, and as what git is run below. Two words of
//! the command line that are for nobody else (`git::HELPER`, `git::RUN`).

use crate::git;
use std::ffi::OsString;
use std::process::ExitCode;

/// Takes a command line of a probe; none if it is not one.
///
/// Nobody but a probe can give what these words need (`git::far_end`): somebody who tries them is told that there
/// are no such commands.
pub(crate) fn run(args: &[OsString]) -> Option<ExitCode> {
    let [_, word, rest @ ..] = args else { return None };
    let done = match (word.to_str()?, rest) {
        (git::HELPER, [nonce, operation]) => answer(nonce.to_str()?, operation.to_str()?)?,
        (git::RUN, rest) => git::run(rest)?,
        _ => return None,
    };
    // Git says in its own words that it has no credential, and its parent sees the end of a git that never was.
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn answer(nonce: &str, operation: &str) -> Option<std::io::Result<()>> {
    let mut far = git::far_end(nonce)?;
    let answer = git::ask_for_credential(&mut far, nonce, operation, git::from_git()?);
    Some(answer.and_then(|answer| crate::stdio::write_answer(&answer)))
}
