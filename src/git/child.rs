//! Running the git of a probe so that it does not outlive us, however we end.
//!
//! A probe may hang for minutes in a connection or a TLS handshake that nobody answers, and neither git's bounds
//! nor the end of its input end that (measured with 2.47.3 and 2.55.0). While we live we end it, with what it
//! has started, at the deadline (`bounded::Started`). For the case that we are killed, what asks the server (`git-remote-https`) is not started by
//! us and not by git, but by this program once more ([`run`]):
//!
//! - **Linux**: it asks the kernel for SIGKILL at its parent's death, makes sure that the parent is still there,
//!   and becomes `git-remote-https`. No process stands between, so no moment is left in which one is forgotten: a
//!   git between the two passes SIGTERM on, and not while it is starting the other (measured). What is below, our
//!   helper, ends with the socket.
//! - **Other Unix systems**: it stays, passes its input on, and kills its process group when the input ends, which
//!   it does with us. Not measured: it was never run on macOS.
//! - **Windows**: nothing is started between. The job object that holds git ends with us.
//!
//! The program is started with our limit on core dumps (`limits`): it will hold a secret of ours.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
use windows as platform;

pub(super) use platform::command;
pub(crate) use platform::run;

/// The hidden word of the command line with which we start ourselves; our process number, the program to run and
/// its arguments follow.
pub(crate) const RUN: &str = "probe-run";
