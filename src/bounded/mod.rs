//! Programs that are waited for no longer than a bound, whatever they do, and ended with all that they have started.
//!
//! Both pipes are read aside, so that neither can fill up and stop the program. Starting it is its caller's.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
use windows as platform;

pub(crate) use platform::{Started, lead};

use std::io::{self, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Makes a program ready for [`run`]: its streams are pipes, and it leads a group of its own, with which it can be
/// ended. From there it cannot ask on the terminal either.
pub(crate) fn apart(command: &mut Command) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    lead(command);
}

/// Gives a program that [`apart`] has made ready its input, and what it wrote, at most so many bytes of each stream.
/// None if it did not end in time: then it is ended, with what it has started.
pub(crate) fn run(mut child: Child, input: &[u8], most: u64, bound: Duration) -> io::Result<Option<Output>> {
    let mut started = Started::of(&child);
    if let Some(mut stdin) = child.stdin.take() {
        // Small: a pipe takes all of it at once. Who does not read it does not want it.
        let _ = stdin.write_all(input);
    }
    let output = wait(&mut child, most, bound)?;
    match output {
        Some(_) => started.leave(),
        None => started.end(&mut child),
    }
    Ok(output)
}

/// Waits for a program's output and end. None if that takes longer: it still runs then, and is its caller's to end.
pub(crate) fn wait(child: &mut Child, most: u64, bound: Duration) -> io::Result<Option<Output>> {
    let deadline = Instant::now() + bound;
    let stdout = read_aside(child.stdout.take(), most);
    let stderr = read_aside(child.stderr.take(), most);
    let left = || deadline.saturating_duration_since(Instant::now());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(left()), stderr.recv_timeout(left())) else {
        return Ok(None);
    };
    // Both pipes are closed: it is at its end, or it has closed them and stays.
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(Output { status, stdout, stderr })),
            None if left().is_zero() => return Ok(None),
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Reads a pipe to its end, or as far as is wanted, on a thread of its own.
fn read_aside(pipe: Option<impl Read + Send + 'static>, most: u64) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // A pipe that breaks ends here too; the exit status tells.
            let _ = pipe.take(most).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, input: &[u8], bound: Duration) -> Option<Output> {
        let mut command = Command::new("sh");
        apart(command.args(["-c", script]));
        run(command.spawn().expect("a shell"), input, 1000, bound).expect("it can be waited for")
    }

    #[test]
    fn what_it_writes_is_read_up_to_a_limit_and_what_it_is_given_arrives() {
        let output = sh("cat; echo err >&2; exit 3", b"in", Duration::from_secs(60)).expect("it ends");
        let shown = (output.status.code(), output.stdout.as_slice(), output.stderr.as_slice());
        assert_eq!(shown, (Some(3), &b"in"[..], &b"err\n"[..]));
        let output = sh("yes", b"", Duration::from_secs(60)).expect("the pipe breaks");
        assert_eq!(output.stdout.len(), 1000);
    }

    #[test]
    fn what_does_not_end_is_ended_with_what_it_has_started() {
        let begin = Instant::now();
        assert!(sh("sleep 600 & sleep 600", b"", Duration::from_millis(200)).is_none());
        assert!(sh("exec >&- 2>&-; sleep 600", b"", Duration::from_millis(200)).is_none());
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}
