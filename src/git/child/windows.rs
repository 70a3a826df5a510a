//! A program that does not outlive us, on Windows: nothing is needed but the job that it is put into once it runs.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

/// Builds the command that runs a program so.
pub(in crate::git) fn command(_own: &Path, program: &Path) -> Command {
    Command::new(program)
}

/// We never start ourselves for this here, so nobody is answered.
pub(crate) fn run(_arguments: &[OsString]) -> Option<io::Result<()>> {
    None
}
