//! The terminal on Windows: `CONIN$` and `CONOUT$`.
//!
//! Plainer than the Unix side: the hidden input is crate `rpassword`'s, which asks the console for no echo and gives
//! it back afterwards. A console has neither job control nor hang-ups, so of the signals only Ctrl-C is met. It would
//! end this process where it stands, with the echo off and without a word; so it is noted, and ends the reading.

use super::ask::PromptError;
use super::interrupt::Held;
use crate::token::Token;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long after Ctrl-C the reading may end, and how long after that this process may be told of it.
const AT_ONCE: Duration = Duration::from_millis(200);

/// How often it is looked whether Ctrl-C came.
const A_LOOK: Duration = Duration::from_millis(20);

/// What Ctrl-C is called elsewhere; the exit code is 130 here too.
const SIGINT: i32 = 2;

/// The console this process is attached to.
pub(super) struct Terminal {
    input: File,
    output: File,
}

impl Terminal {
    pub(super) fn open() -> Option<Self> {
        let input = OpenOptions::new().read(true).write(true).open("CONIN$").ok()?;
        let output = OpenOptions::new().read(true).write(true).open("CONOUT$").ok()?;
        Some(Self { input, output })
    }

    /// A console has no background.
    pub(super) fn is_ours(&self) -> bool {
        true
    }

    pub(super) fn read_hidden(&self, prompt: &str) -> Result<Token, PromptError> {
        let held = Held::begin();
        let (sender, receiver) = mpsc::channel();
        let prompt = prompt.to_owned();
        thread::spawn(move || sender.send(rpassword::prompt_password(prompt).map(Zeroizing::new)));
        let read = loop {
            match receiver.recv_timeout(A_LOOK) {
                Err(RecvTimeoutError::Timeout) if !held.came() => {}
                // A console ends the reading when Ctrl-C comes, which gives it its echo back. Not every one does (Wine's).
                Err(RecvTimeoutError::Timeout) => break receiver.recv_timeout(AT_ONCE).ok(),
                ended => break ended.ok(),
            }
        };
        // The reading may have ended before this process is told why: with nothing, or with an error.
        let is_empty = !matches!(&read, Some(Ok(secret)) if !secret.is_empty());
        let until = Instant::now() + AT_ONCE;
        while is_empty && !held.came() && Instant::now() < until {
            thread::sleep(A_LOOK);
        }
        if is_empty && held.came() {
            // Where the cursor stands, the shell's prompt would follow.
            let _ = (&self.output).write_all(b"\r\n");
            return Err(PromptError::Interrupted(SIGINT));
        }
        let secret = read.ok_or(PromptError::Ended)?;
        let secret = secret.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => PromptError::Interrupted(SIGINT),
            io::ErrorKind::UnexpectedEof => PromptError::Ended,
            _ => PromptError::Io(error),
        })?;
        let token = Token::new(secret.as_bytes().to_vec());
        token.unusable().map_or(Ok(token), |why| Err(PromptError::Unfit(why)))
    }

    pub(super) fn read_line(&self, prompt: &str, max: usize) -> Result<Vec<u8>, PromptError> {
        (&self.output).write_all(prompt.as_bytes())?;
        let mut line = Vec::new();
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        let read = BufReader::new(&self.input).take(max).read_until(b'\n', &mut line)?;
        if read == 0 { Err(PromptError::Ended) } else { Ok(line) }
    }
}
