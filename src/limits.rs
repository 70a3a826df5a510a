//! The limit on core dumps: none of this process, and for what it starts the one that it was started with.
//!
//! A core would hold secrets. On Linux the process is not dumpable besides (prctl(2)), which ends where another
//! program takes its place; a limit would not end there. Without `unsafe` nothing can be done between fork and exec,
//! so the limit is as it was for the moment in which a child is started.
//!
//! The git that asks GitHub for us is started without this: it holds a secret of ours, and dumps no core.

#[cfg(unix)]
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
#[cfg(unix)]
use std::sync::OnceLock;

/// The limit of whoever started us: the one in force, and the most that may be asked for.
#[cfg(unix)]
static BEFORE: OnceLock<(rlim_t, rlim_t)> = OnceLock::new();

/// Lets this process dump no core from now on.
pub(crate) fn forbid_cores() {
    // Neither can fail for a process that asks it of itself; if one does, nothing else depends on it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(unix)]
    if let Ok(before) = getrlimit(Resource::RLIMIT_CORE) {
        let (_, most) = *BEFORE.get_or_init(|| before);
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, most);
    }
}

/// Starts another program, which gets the limit that we were started with.
pub(crate) fn as_before<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    if let Some((before, most)) = BEFORE.get() {
        let _ = setrlimit(Resource::RLIMIT_CORE, *before, *most);
    }
    let started = start();
    #[cfg(unix)]
    if let Some((_, most)) = BEFORE.get() {
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, *most);
    }
    started
}
