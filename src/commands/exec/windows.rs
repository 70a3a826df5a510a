//! A command in the place of this process, on Windows, where no program becomes another: it runs below us, and we end
//! as it does.

use crate::terminal::HeldInterrupt;
use std::ffi::OsStr;
use std::io;
use std::process::Command;

/// A program is called by its file here.
pub(super) fn name(_command: &mut Command, _name: &OsStr) {}

/// Gives bytes as the value of a variable, if they are text.
pub(super) fn text(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}

/// Runs the command and ends with its exit code, of which Windows has 32 bits. Returns only if that fails.
#[expect(clippy::exit, reason = "an exit code of Rust's own has 8 bits, and Ctrl-C's is 0xC000013A")]
pub(super) fn replace(mut command: Command) -> io::Error {
    // Ctrl-C is said to both of us, and it is the command's to end or not: who ended first would give the console
    // back to its shell while the command still writes to it.
    let _held = HeldInterrupt::begin();
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
