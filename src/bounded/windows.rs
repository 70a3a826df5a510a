//! Ending a program with all that it has started, on Windows: by a job object, which holds a process and all of its
//! descendants. Its last handle is ours, so that they end with us, however we end.

use std::os::windows::io::AsRawHandle;
use std::process::{Child, Command};
use win32job::{ExtendedLimitInfo, Job};

/// Nothing is to be made ready: a job takes a process that runs.
pub(crate) fn lead(_command: &mut Command) {}

/// A program that was started, with what it starts in turn.
pub(crate) struct Started(Option<Job>);

impl Started {
    /// Takes a child that was just started. What it has started before is not taken: so whoever wants all of it
    /// gives the child its work, on standard input, only afterwards.
    pub(crate) fn of(child: &Child) -> Self {
        let mut limits = ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let job = Job::create_with_limit_info(&limits).ok();
        // Before Windows 8 a process that is in a job cannot be in a second one: then the child alone is ended.
        Self(job.filter(|job| job.assign_process(child.as_raw_handle() as isize).is_ok()))
    }

    /// Ends the child with everything that it has started.
    pub(crate) fn end(&mut self, child: &mut Child) {
        // The last handle: the system ends every process of the job.
        drop(self.0.take());
        let _ = child.kill();
        // Waiting forgets it: it was just killed, or has ended by itself.
        let _ = child.wait();
    }

    /// Lets what the child has left behind live: a daemon that a helper starts is meant to.
    pub(crate) fn leave(&mut self) {
        if let Some(job) = self.0.take() {
            // Without that limit the end of the handle means nothing.
            let _ = job.set_extended_limit_info(&ExtendedLimitInfo::new());
        }
    }
}
