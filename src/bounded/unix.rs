//! Ending a program with all that it has started, on Unix: by its process group.

use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Lets a program lead a group of its own.
pub(crate) fn lead(command: &mut Command) {
    command.process_group(0);
}

/// A program that was started as the leader of a group, with what it starts in turn.
pub(crate) struct Started;

impl Started {
    /// Takes a child that was just started, after [`lead`].
    pub(crate) fn of(_child: &Child) -> Self {
        Self
    }

    /// Ends the child with everything that it has started in its group.
    pub(crate) fn end(&mut self, child: &mut Child) {
        // One that is gone cannot be killed, which is fine.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.kill();
        // Waiting reaps it: it was just killed, or has ended by itself.
        let _ = child.wait();
    }

    /// Lets what the child has left behind live: a daemon that a helper starts is meant to.
    pub(crate) fn leave(&mut self) {}
}
