//! The terminal on Windows: `CONIN$` and `CONOUT$`.
//!
//! Plainer than the Unix side: the hidden input is crate `rpassword`'s, which asks the console for no echo and gives
//! it back afterwards. A console has neither job control nor hang-ups, so of the signals only Ctrl-C is met. It would
//! end this process where it stands, with the echo off and without a word; so it is noted, and ends the reading.

use super::ask::PromptError;
use crate::token::Token;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long the word of Ctrl-C may come after the end of the reading that it causes.
const AT_ONCE: Duration = Duration::from_millis(200);

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
        let interrupted = Arc::new(AtomicBool::new(false));
        // If it cannot be noted, it ends this process as it always does.
        let noting = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted));
        let secret = rpassword::prompt_password(prompt).map(Zeroizing::new);
        let was_interrupted = || {
            // The console ends the reading at once, and the handler is called by a thread of its own.
            let until = Instant::now() + AT_ONCE;
            while !interrupted.load(Ordering::SeqCst) && Instant::now() < until {
                thread::sleep(Duration::from_millis(5));
            }
            interrupted.load(Ordering::SeqCst)
        };
        let is_empty = secret.as_ref().map_or(true, |secret| secret.is_empty());
        let ended = is_empty && was_interrupted();
        if let Ok(noting) = noting {
            signal_hook::low_level::unregister(noting);
        }
        if ended {
            return Err(PromptError::Interrupted(SIGINT));
        }
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
