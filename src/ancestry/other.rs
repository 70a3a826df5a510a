//! The processes above us where there is no `/proc` to read: macOS and Windows. The calls that tell of them need
//! `unsafe`, which stands in crate `sysinfo`.
//!
//! Neither system was at hand. The compiler accepts this for both; it was run on Linux, where it is built for the
//! tests and must say what `linux.rs` says, and as a program of Windows in Wine 8.0, without git: there parents,
//! arguments, starts and ends were told rightly. The rest was read in the source of `sysinfo` 0.38.4:
//! - Parent and start are told of every process that can be seen, the arguments only when they are asked for; the
//!   program's own path is not asked for. The start is in whole seconds since 1970.
//! - macOS: arguments, parent and start are told of processes of the same user. Of another user's process nothing
//!   but its name is known: its start is 0. An empty argument is dropped, and as many words of the environment
//!   stand at the end instead; what is read here (the program, git's command, the URL) stands before.
//! - Windows: what runs with higher rights has no arguments, and may have no start either, which is 0 then. A
//!   32-bit build cannot read the arguments of 64-bit processes. The arguments are the command line split as
//!   Windows does it.
//! - One process costs a list of all processes' numbers on macOS, and a snapshot of their names and parents on
//!   Windows; the rest is read of that one alone. In Wine the first arguments take 15 ms.
//! - macOS: a process that has ended and was not waited for has that state, or is not shown at all. Windows knows
//!   no such state; whether one that ended is shown as long as git holds it is not known.
//! - The buffers of `sysinfo` are not wiped: a URL with a password stays in our memory until it is used again.
//! - It knows FreeBSD and NetBSD, too. Elsewhere it shows no process at all, not even our own.
//!
//! On Windows (read in git's `run-command.c` and known of MSYS2, not measured) git starts a helper by `sh -c`, too,
//! as `sh` or as the path of `sh.exe`. That shell may be there twice, since it forks by starting itself with the
//! same command line; so may `git.exe`, since `cmd\git.exe` starts the one in `mingw64\bin`. Neither matters to the
//! rules. A git that is itself a program of MSYS2 or Cygwin hands arguments over past Windows, so that none
//! are seen: what asks a server is known by its name, and its URL and direction are not.

use super::{Ancestor, ProcessId, do_arguments_matter};
use std::ffi::OsString;
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};
use zeroize::Zeroizing;

/// The most that is kept of a process's arguments, as in `linux.rs`.
const MOST_ARGUMENTS: usize = 16 * 1024;

/// In the place of a boot's name. The start of a process is a time of the calendar here, so that its number and
/// start do not come again after a reboot. The time of the boot itself would be worse than nothing: it is
/// the clock's time less the time since then, and so it moves when the clock is set, on Windows even by rounding,
/// and each process from before would count as gone.
const BOOT: &str = "00000000";

/// Gives the processes above us, our parent first. Ends at the first one that cannot be read: it has gone,
/// or it is hidden from us.
pub(super) fn ancestors() -> impl Iterator<Item = Ancestor> {
    let mut system = System::new();
    // Windows keeps the number of a parent that is gone; our own start tells whether another has it now.
    let mut below = ProcessState::of(&mut system, std::process::id(), UpdateKind::Never);
    // Windows tells a name at once. To split a command line there the shell's library is loaded, which takes longer than
    // all else that `get` does (measured in Wine): not where what calls us is nothing of git's.
    let mut wanted = if cfg!(windows) { UpdateKind::Never } else { UpdateKind::Always };
    std::iter::from_fn(move || {
        let child = below.take()?;
        // 1: whoever lost its parent belongs to it.
        let pid = child.parent.filter(|pid| *pid > 1)?;
        let mut parent = ProcessState::of(&mut system, pid, wanted)?;
        let name = |system: &System| Some(system.process(Pid::from_u32(pid))?.name().to_owned());
        if wanted == UpdateKind::Never {
            wanted = UpdateKind::Always;
            if do_arguments_matter(&plain_name(name(&system)?.as_encoded_bytes())) {
                parent = ProcessState::of(&mut system, pid, wanted)?;
            }
        }
        // A parent that is younger than its child is another process that was given the same number.
        if parent.start_time == 0 || parent.start_time > child.start_time {
            return None;
        }
        let mut arguments = packed(system.process(Pid::from_u32(pid))?.cmd(), cfg!(windows));
        if arguments.is_empty() {
            // They are hidden from us, or were not asked for.
            arguments = packed(&[name(&system)?], cfg!(windows));
        }
        if arguments.len() <= 1 {
            return None;
        }
        let id = Some((pid, parent.start_time));
        below = Some(parent);
        Some(Ancestor { id, arguments })
    })
}

/// Names this boot, like any other.
pub(super) fn boot() -> Option<String> {
    Some(BOOT.to_owned())
}

/// Tells whether that very process runs.
pub(super) fn is_alive(process: &ProcessId) -> bool {
    if process.boot_id != BOOT {
        return false;
    }
    let mut system = System::new();
    match ProcessState::of(&mut system, process.pid, UpdateKind::Never) {
        // Hidden from us is not gone.
        Some(seen) => seen.start_time == 0 || (seen.runs && seen.start_time == process.start_time),
        // Who does not even see itself sees nothing.
        None => ProcessState::of(&mut system, std::process::id(), UpdateKind::Never).is_none(),
    }
}

/// What is wanted of a process.
struct ProcessState {
    runs: bool,
    parent: Option<u32>,
    /// 0 if it is hidden from us.
    start_time: u64,
}

impl ProcessState {
    fn of(system: &mut System, pid: u32, arguments: UpdateKind) -> Option<Self> {
        let pid = Pid::from_u32(pid);
        let wanted = ProcessRefreshKind::nothing().without_tasks().with_cmd(arguments);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
        let process = system.process(pid)?;
        Some(Self {
            // Not `Dead`: on macOS a thread that waits for a disk is given that name.
            runs: process.status() != ProcessStatus::Zombie,
            parent: process.parent().map(Pid::as_u32),
            start_time: process.start_time(),
        })
    }
}

/// Puts arguments into the form of `/proc`: each ended by a NUL. The first that passes the bound ends them.
fn packed(arguments: &[OsString], is_windows: bool) -> Zeroizing<Vec<u8>> {
    let size = arguments.iter().map(|argument| argument.len() + 1).sum::<usize>();
    // Enough at once: a vector that grows by itself leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size.min(MOST_ARGUMENTS)));
    for (n, argument) in arguments.iter().enumerate() {
        let argument = argument.as_encoded_bytes();
        if bytes.len() + argument.len() >= MOST_ARGUMENTS {
            break;
        }
        if n == 0 && is_windows {
            bytes.extend(plain_name(argument));
        } else {
            bytes.extend_from_slice(argument);
        }
        bytes.push(0);
    }
    bytes
}

/// Gives the name that a program of Windows has elsewhere: no folder, no `.exe`, small letters.
fn plain_name(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|byte| matches!(byte, b'/' | b'\\' | b':')).next().unwrap_or_default();
    let mut name = name.to_ascii_lowercase();
    if name.ends_with(b".exe") {
        name.truncate(name.len() - b".exe".len());
    }
    name
}

#[cfg(test)]
#[path = "other_tests.rs"]
mod tests;
