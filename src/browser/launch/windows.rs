//! What opens a page on Windows.

use super::{Launcher, is_secret};
use std::path::PathBuf;
use std::process::Command;

impl Launcher {
    /// Gives the first command of the system; the names it holds are found by Windows itself, which does not
    /// look into the current folder for them when asked by Rust.
    pub(super) fn command(&self, url: &str) -> Option<(PathBuf, Command)> {
        let mut command = open::commands(url).into_iter().next()?;
        let secrets: Vec<_> = self.env.iter().map(|(name, _)| name).filter(|name| is_secret(name)).collect();
        for name in secrets {
            command.env_remove(name);
        }
        Some((PathBuf::from(command.get_program()), command))
    }
}

/// What we were given as standard streams may be inherited beside those that are named (known of Rust's
/// `Command`, not measured), and nothing in safe Rust prevents it. The program that opens a page there hands it on
/// and ends.
pub(super) fn keep_descriptors() {}

/// Nobody is told apart here.
pub(in crate::browser) fn is_root() -> bool {
    false
}

/// Tells whether there is a screen: a terminal is a window here, and a service has no session name (known, not
/// measured).
pub(in crate::browser) fn has_desktop(is_terminal: bool, any: &dyn Fn(&[&str]) -> bool) -> bool {
    is_terminal || any(&["SESSIONNAME"])
}
