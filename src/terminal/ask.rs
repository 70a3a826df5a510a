//! Questions on the terminal: a secret, a line, yes or no.

use super::platform::Terminal;
use crate::token::{Token, UnusableSecret};
use std::io;

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PromptError {
    /// This process has no terminal, so nobody can be asked.
    #[error("there is no terminal to ask on")]
    NoTerminal,
    /// Another job has the terminal at the moment; asking would stop us, and git with us.
    #[error("the terminal belongs to another job at the moment")]
    Background,
    /// A signal ended the question: Ctrl-C, or a request from outside. The terminal is as it was. The
    /// process should end with [`PromptError::exit_code`].
    #[error("interrupted")]
    Interrupted(i32),
    /// The input ended (Ctrl-D, or the terminal is gone).
    #[error("the input ended before there was an answer")]
    Ended,
    /// Nothing was entered.
    #[error("nothing was entered")]
    Empty,
    /// What was entered cannot be a secret.
    #[error("what was entered cannot be a token: {0}")]
    Unfit(UnusableSecret),
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Io(io::Error),
}

impl PromptError {
    /// Gives the exit code that the shell expects after a signal: 128 and its number.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self {
            Self::Interrupted(signal) => u8::try_from(128 + signal).ok(),
            _ => None,
        }
    }
}

impl From<io::Error> for PromptError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The most bytes of a typed line that are looked at; a terminal's own lines end at 4,096.
const MAX_LINE: usize = 4096;

/// How often an answer that is neither yes nor no is asked for again.
const TRIES: usize = 3;

/// Reads a secret without showing it. The prompt stands on the terminal after `patron: `.
///
/// Typed and pasted secrets of up to 32 KiB are taken; a trailing line end and the marks of a paste are
/// dropped, several lines are refused, and what they leave unread is thrown away: it must not be run by
/// the shell that comes after us. Blanks are part of the secret.
pub(crate) fn read_hidden(prompt: &str) -> Result<Token, PromptError> {
    let token = foreground()?.read_hidden(&format!("{}{prompt}", super::PREFIX))?;
    if token.is_empty() { Err(PromptError::Empty) } else { Ok(token) }
}

/// Asks for one line, which is shown while it is typed. Blanks around it are cut; it may be empty.
pub(crate) fn ask_line(prompt: &str) -> Result<String, PromptError> {
    let line = foreground()?.read_line(&format!("{}{prompt}", super::PREFIX), MAX_LINE)?;
    Ok(String::from_utf8_lossy(&line).trim().to_owned())
}

/// Asks a question that can be answered by y or n. Enter alone gives the default; an answer that is
/// neither, three times, is a no.
pub(crate) fn ask_yes_no(question: &str, default: bool) -> Result<bool, PromptError> {
    let choices = if default { "[Y/n]" } else { "[y/N]" };
    for _ in 0..TRIES {
        match ask_line(&format!("{question} {choices} "))?.to_ascii_lowercase().as_str() {
            "" => return Ok(default),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

fn foreground() -> Result<Terminal, PromptError> {
    let terminal = Terminal::open().ok_or(PromptError::NoTerminal)?;
    if terminal.is_ours() { Ok(terminal) } else { Err(PromptError::Background) }
}
