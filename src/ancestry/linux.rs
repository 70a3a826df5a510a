//! The processes above us, read from `/proc` (proc(5)): `stat` for parent and start time, `cmdline` for the
//! arguments, each read within bounds and only when it is asked for.
//!
//! `/proc/PID/exe` is not read: what a process is called decides nothing that its user could not have had
//! without us (see `mod.rs`), and it cannot be read of every process.

use super::{Ancestor, ProcessId, boot_id};
use std::fs::File;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// The most that is read of a process's arguments. An argument that is cut off there is not used; git's URL
/// is among the first three, and the command stands before what it was given.
const MOST_ARGUMENTS: usize = 16 * 1024;
/// The most that is read of `stat`: some fifty numbers and a name of at most 64 bytes.
const MOST_STAT: usize = 2048;
/// What is made room for at first: git's arguments are shorter, and untouched memory costs nothing.
const ROOM: usize = 1024;

/// Gives the processes above us, our parent first. Ends at the first one that cannot be read: it has gone,
/// or it is hidden from us.
pub(super) fn ancestors() -> impl Iterator<Item = Ancestor> {
    let mut next = std::os::unix::process::parent_id();
    let mut child_start = u64::MAX;
    std::iter::from_fn(move || {
        // 0: the parent is outside our PID namespace. 1: whoever lost its parent belongs to it.
        if next <= 1 {
            return None;
        }
        let pid = next;
        let stat = Stat::parse(&read(&format!("/proc/{pid}/stat"), MOST_STAT).ok()?)?;
        // A parent that is younger than its child is another process that was given the same number.
        if stat.start_time > child_start {
            return None;
        }
        let arguments = read(&format!("/proc/{pid}/cmdline"), MOST_ARGUMENTS).ok()?;
        (next, child_start) = (stat.parent, stat.start_time);
        Some(Ancestor { id: Some((pid, stat.start_time)), arguments })
    })
}

/// Names this boot.
pub(super) fn boot() -> Option<String> {
    let bytes = read("/proc/sys/kernel/random/boot_id", 64).ok()?;
    boot_id(bytes.trim_ascii())
}

/// Tells whether that very process runs.
pub(super) fn is_alive(process: &ProcessId) -> bool {
    let Some(boot) = boot() else { return true };
    if boot != process.boot_id {
        return false;
    }
    match read(&format!("/proc/{}/stat", process.pid), MOST_STAT) {
        Ok(bytes) => {
            Stat::parse(&bytes).is_none_or(|stat| stat.runs && stat.start_time == process.start_time)
        }
        // Hidden from us is not gone.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// What is wanted of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    runs: bool,
    parent: u32,
    start_time: u64,
}

impl Stat {
    /// Reads fields 3, 4 and 22. The name before them may hold spaces, parentheses and line breaks, but what
    /// follows its last parenthesis holds none.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().rposition(|b| *b == b')')?;
        let mut fields = std::str::from_utf8(&bytes[end + 1..]).ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let start_time = fields.nth(17)?.parse().ok()?;
        Some(Self { runs: !matches!(state, "Z" | "X" | "x"), parent, start_time })
    }
}

fn read(path: &str, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM.min(most)));
    loop {
        if bytes.len() == bytes.capacity() {
            // A vector that grows by itself leaves copies behind.
            let mut roomier = Zeroizing::new(Vec::with_capacity(most));
            roomier.extend_from_slice(&bytes);
            bytes = roomier;
        }
        let (have, room) = (bytes.len(), bytes.capacity().min(most) - bytes.len());
        bytes.resize(have + room, 0);
        let count = file.read(&mut bytes[have..]);
        bytes.truncate(have + *count.as_ref().unwrap_or(&0));
        match count {
            Ok(0) => return Ok(bytes),
            Ok(_) if bytes.len() >= most => return Ok(bytes),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_stat_line_is_read_whatever_the_process_is_called() {
        let rest = "S 42 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200 18446744073709551615";
        let expected = Stat { runs: true, parent: 42, start_time: 98765 };
        for name in ["git-remote-http", "a b", "a) S 1 (b", "x\ny", "()) R 1 1 1", "", "\u{7f}\t"] {
            let line = format!("99 ({name}) {rest}\n");
            assert_eq!(Stat::parse(line.as_bytes()).as_ref(), Some(&expected), "{name:?}");
        }
        let not_utf8 = [b"99 (\xff\xfe) ", rest.as_bytes()].concat();
        assert_eq!(Stat::parse(&not_utf8), Some(expected));
        for bad in ["", "99", "99 (x", "99 (x)", "99 (x) S", "99 (x) S 1 2", "99 (x) S -1 2 3"] {
            assert_eq!(Stat::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert!(!Stat::parse(format!("9 (x) Z{}", &rest[1..]).as_bytes()).expect("read").runs);
    }

    fn identity(pid: u32) -> ProcessId {
        let stat = Stat::parse(&read(&format!("/proc/{pid}/stat"), MOST_STAT).expect("there")).expect("read");
        let boot = read("/proc/sys/kernel/random/boot_id", 64).expect("there");
        let boot_id = boot_id(boot.trim_ascii()).expect("a name");
        ProcessId { pid, start_time: stat.start_time, boot_id }
    }

    #[test]
    fn a_process_is_alive_until_it_ends_and_no_other_is_taken_for_it() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("cat");
        let process = identity(child.id());
        assert!(is_alive(&process));
        assert_eq!(process.to_string().parse(), Ok(process.clone()));
        assert!(!is_alive(&ProcessId { start_time: process.start_time + 1, ..process.clone() }));
        let other_boot = "00000000-0000-0000-0000-000000000000".to_owned();
        assert!(!is_alive(&ProcessId { boot_id: other_boot, ..process.clone() }));
        drop(child.stdin.take());
        // It ends, and is a zombie until it is waited for.
        while Stat::parse(&read(&format!("/proc/{}/stat", process.pid), MOST_STAT).expect("there"))
            .is_some_and(|stat| stat.runs)
        {
            std::thread::yield_now();
        }
        assert!(!is_alive(&process), "a zombie");
        child.wait().expect("our child");
        assert!(!is_alive(&process));
    }

    #[test]
    fn arguments_of_a_megabyte_are_read_up_to_the_bound_and_the_one_that_is_cut_is_left_out() {
        let long = "a".repeat(100_000);
        let mut child = Command::new("sh")
            .args(["-c", "echo; read x", "sh", "https://github.com/acme/r"])
            .args(std::iter::repeat_n(&long, 10))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        // Only now has it become the shell.
        child.stdout.as_mut().expect("piped").read_exact(&mut [0]).expect("a line");
        let arguments = read(&format!("/proc/{}/cmdline", child.id()), MOST_ARGUMENTS).expect("there");
        assert_eq!(arguments.len(), MOST_ARGUMENTS);
        let ancestor = Ancestor { id: None, arguments };
        let whole: Vec<_> = ancestor.arguments().collect();
        assert_eq!(whole, [&b"sh"[..], b"-c", b"echo; read x", b"sh", b"https://github.com/acme/r"]);
        drop(child.stdin.take());
        child.wait().expect("our child");
    }
}
