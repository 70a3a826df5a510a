//! The terminal on Windows: `CONIN$` and `CONOUT$`.
//!
//! Plainer than the Unix side, and not tested: the hidden input is crate `rpassword`'s, which asks the
//! console for no echo and gives it back afterwards. A console has neither job control nor hang-ups, so
//! of the signals only Ctrl-C is met: it is reported as interrupted.

use super::ask::PromptError;
use crate::token::Token;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};

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
        let secret = rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => PromptError::Interrupted(SIGINT),
            io::ErrorKind::UnexpectedEof => PromptError::Ended,
            _ => PromptError::Io(error),
        })?;
        let token = Token::new(secret.into_bytes());
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
