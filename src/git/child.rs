//! Running the git of a probe so that it does not outlive us, however we end.
//!
//! A probe may hang for minutes in a connection or a TLS handshake that nobody answers, and neither git's bounds
//! nor the end of its input end that (measured with 2.47.3 and 2.55.0). While we live we end its process group
//! at the deadline. For the case that we are killed, what asks the server (`git-remote-https`) is not started by
//! us and not by git, but by this program once more ([`run`]):
//!
//! - **Linux**: it asks the kernel for SIGKILL at its parent's death, makes sure that the parent is still there,
//!   and becomes `git-remote-https`. No process stands between, so no moment is left in which one is forgotten: a
//!   git between the two passes SIGTERM on, and not while it is starting the other (measured). What is below, our
//!   helper, ends with the socket.
//! - **Other Unix systems**: it stays, passes its input on, and kills its process group when the input ends, which
//!   it does with us. Not measured: it was never run on macOS.
//!
//! The program is started with our limit on core dumps (`limits`): it will hold a secret of ours.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command};

/// The hidden word of the command line with which we start ourselves; our process number, the program to run and
/// its arguments follow.
pub(crate) const RUN: &str = "probe-run";

/// Builds the command that runs a program so. `own` is this program.
#[cfg(unix)]
pub(super) fn command(own: &Path, program: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(own);
    command.arg(RUN).arg(std::process::id().to_string()).arg(program).process_group(0);
    command
}

/// Ends a child with everything that it has started.
#[cfg(unix)]
pub(super) fn end(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // One that is gone cannot be killed, which is fine.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    // Waiting reaps it: it was just killed, or has ended by itself.
    let _ = child.wait();
}

/// What [`RUN`] does with the arguments behind it. Returns only if that fails, or where it stays: with the program.
#[cfg(unix)]
pub(crate) fn run(arguments: &[OsString]) -> io::Result<()> {
    let [parent, program, rest @ ..] = arguments else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let mut command = Command::new(program);
    command.args(rest);
    run_below(parent.to_str().and_then(|parent| parent.parse().ok()), command)
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

#[cfg(all(unix, not(target_os = "linux")))]
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
