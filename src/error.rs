//! How a command for people fails: the fact, its cause, the remedy; and every exit code, in one place.
//!
//! Rooms below return their own typed errors; commands turn them into a [`Failure`]; `main` prints it, and
//! nobody else prints errors.

use crate::hidden::all_visible;
use crate::redact::argument;
use crate::terminal::PromptError;
use std::fmt;
use std::io::Write;

/// How a command ended, as the contract numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed, or a refusal was found.
    Failed,
    /// The command line was wrong.
    Usage,
    /// It could not be checked: no network, no answer, a limit.
    Unchecked,
    /// As shells count: 128 and a signal's number, 126 and 127 for a command that cannot be run, or the
    /// command's own.
    As(u8),
}

impl Exit {
    /// Gives the process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unchecked => 3,
            Self::As(code) => code,
        }
    }
}

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    fact: String,
    cause: Option<anyhow::Error>,
    remedies: Vec<String>,
}

impl Failure {
    /// States what failed: lower-case, no full stop.
    pub(crate) fn new(exit: Exit, fact: impl Into<String>) -> Self {
        Self { exit, fact: fact.into(), cause: None, remedies: Vec::new() }
    }

    /// States that a command failed (exit code 1).
    pub(crate) fn failed(fact: impl Into<String>) -> Self {
        Self::new(Exit::Failed, fact)
    }

    /// States that the command line was wrong (exit code 2).
    pub(crate) fn usage(fact: impl Into<String>) -> Self {
        Self::new(Exit::Usage, fact)
    }

    /// Ends with this exit code and no further word: the result said it all.
    pub(crate) fn said(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Adds why. Causes never hold a secret, since no error type of ours holds input.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds one thing the reader can do.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }

    /// Gives the way the process ends.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Gives the causes, the nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        self.cause.iter().flat_map(anyhow::Error::chain).map(ToString::to_string).collect()
    }

    /// Says fact, causes and the first remedy in one line, for git's own words.
    pub(crate) fn one_line(&self) -> String {
        let causes = self.cause.iter().flat_map(anyhow::Error::chain).map(|cause| format!(": {cause}"));
        let remedy = self.remedies.first().map(|remedy| format!("; fix: {remedy}"));
        fit(&std::iter::once(self.fact.clone()).chain(causes).chain(remedy).collect::<String>())
    }

    /// Prints fact, causes and remedies, a line each.
    pub(crate) fn print(&self, to: &mut dyn Write) -> std::io::Result<()> {
        if self.fact.is_empty() {
            return Ok(());
        }
        writeln!(to, "patron: {}", fit(&self.fact))?;
        for cause in self.cause.iter().flat_map(anyhow::Error::chain) {
            writeln!(to, "  because: {}", fit(&cause.to_string()))?;
        }
        for remedy in &self.remedies {
            writeln!(to, "  fix: {}", fit(remedy))?;
        }
        Ok(())
    }
}

/// Makes a part of a failure fit to be shown. It repeats what was typed, which may be a token in the wrong place, and
/// names of files, which anybody may have chosen.
fn fit(text: &str) -> String {
    argument(&all_visible(text, &['\n']))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact)
    }
}

/// A question that was not answered.
impl From<PromptError> for Failure {
    fn from(error: PromptError) -> Self {
        match error.exit_code() {
            Some(code) => Self::new(Exit::As(code), "interrupted; nothing was changed"),
            None => Self::failed(error.to_string()),
        }
    }
}
/// Says in one line what is wrong and what mends it: how git's own words speak of trouble.
pub(crate) fn one_line(fact: impl fmt::Display, remedy: Option<String>) -> String {
    match remedy {
        Some(remedy) => format!("{fact}; fix: {remedy}"),
        None => fact.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_no_name_that_a_terminal_obeys_or_that_reads_otherwise() {
        let failure = Failure::failed("a\u{1b}]0;x\u{7} cannot be looked at")
            .because(anyhow::anyhow!("b\u{202e}txt\nmore"))
            .remedy("c\u{9b}2J");
        let mut shown = Vec::new();
        failure.print(&mut shown).expect("a buffer takes it");
        let expected = "patron: a?]0;x? cannot be looked at\n  because: b?txt\nmore\n  fix: c?2J\n";
        assert_eq!(String::from_utf8_lossy(&shown), expected);
        assert_eq!(failure.one_line(), "a?]0;x? cannot be looked at: b?txt\nmore; fix: c?2J");
    }
}
