//! A program that does not outlive us, on Unix: by this program once more.

use super::RUN;
use crate::bounded::lead;
use crate::git::handover::far_end;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

/// Builds the command that runs a program so. `own` is this program.
pub(in crate::git) fn command(own: &Path, program: &Path) -> Command {
    let mut command = Command::new(own);
    command.arg(RUN).arg(std::process::id().to_string()).arg(program);
    lead(&mut command);
    command
}

/// What [`RUN`] does with the arguments behind it. Returns only if that fails, or where it stays: with the program.
/// None where standard error is none of a probe.
pub(crate) fn run(arguments: &[OsString]) -> Option<io::Result<()>> {
    far_end("")?;
    let [parent, program, rest @ ..] = arguments else {
        return Some(Err(io::Error::from(io::ErrorKind::InvalidInput)));
    };
    let mut command = Command::new(program);
    command.args(rest);
    Some(run_below(parent.to_str().and_then(|parent| parent.parse().ok()), command))
}

#[cfg(target_os = "linux")]
fn run_below(parent: Option<i32>, mut command: Command) -> io::Result<()> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before we asked.
    if getppid().map(Pid::as_raw_nonzero).map(i32::from) != parent {
        return Err(io::Error::other("the process that started this is gone"));
    }
    Err(command.exec())
}

#[cfg(not(target_os = "linux"))]
fn run_below(_parent: Option<i32>, mut command: Command) -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    use std::process::Stdio;
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let input = child.stdin.take();
    std::thread::Builder::new().spawn(move || {
        if let Some(mut input) = input {
            // Either end of it closed: both mean that nobody wants git any more.
            let _ = io::copy(&mut io::stdin(), &mut input);
        }
        let _ = kill_current_process_group(Signal::KILL);
    })?;
    child.wait().map(drop)
}
