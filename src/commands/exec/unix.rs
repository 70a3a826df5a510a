//! A command in the place of this process, on Unix: by exec.

use crate::limits;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets the command see the name that it was called by.
pub(super) fn name(command: &mut Command, name: &OsStr) {
    command.arg0(name);
}

/// Gives bytes as the value of a variable.
pub(super) fn text(bytes: &[u8]) -> Option<&OsStr> {
    Some(OsStr::from_bytes(bytes))
}

/// Becomes the command, so that signals and exit codes are its own. Returns only if that fails.
pub(super) fn replace(mut command: Command) -> io::Error {
    limits::as_before(|| command.exec())
}
