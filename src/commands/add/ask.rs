//! Where the token comes from; on a terminal a token that was typed is never thrown away without asking.

use super::{Added, Adding, NotAdded, form};
use crate::account::VaultPlace;
use crate::error::Failure;
use crate::remote::Scope;
use crate::session::vault_failure;
use crate::terminal::{self, PromptError};
use crate::token::{Token, piped};
use crate::vault::{self, Vault};
use std::io::Read;

/// How many bytes of stdin are read for a token: more than any token has.
const MOST_STDIN: u64 = 64 * 1024;

/// What a person wants to do about a token that is not kept yet.
enum Choice {
    /// Try again: the same token if only the host did not answer, else another one.
    Retry,
    /// Keep it as it is.
    Keep,
    /// Keep it in the file instead of the vault that failed.
    File,
    /// Keep nothing.
    Quit,
}

impl Adding<'_> {
    /// Asks for the token on the terminal until one is kept or the person has had enough.
    pub(in crate::commands) fn ask(&mut self) -> Result<Added, NotAdded> {
        let mut typed: Option<Token> = None;
        loop {
            let token = match typed.take() {
                Some(token) => token,
                None => {
                    match terminal::read_hidden(&format!("token for {} (hidden): ", self.scope.short())) {
                        Ok(token) => token,
                        // What came has been thrown away already: it may hold something else's secret.
                        Err(PromptError::Unfit(why)) => {
                            let fact = format!("that cannot be a token: {why}");
                            match choose(&fact, "[r]etry, [q]uit?")? {
                                Choice::Quit => return Err(NotAdded::Prompt(PromptError::Empty)),
                                Choice::Retry | Choice::Keep | Choice::File => continue,
                            }
                        }
                        Err(why) => return Err(NotAdded::Prompt(why)),
                    }
                }
            };
            typed = match self.keep(&token) {
                Ok(added) => return Ok(added),
                Err(not_added) => self.after(not_added)?.then_some(token),
            };
        }
    }

    /// Asks what to do about a token that is not kept; true to try this one again, false to ask for another.
    fn after(&mut self, not_added: NotAdded) -> Result<bool, NotAdded> {
        const CHOICES: &str = "[r]etry, [k]eep unchecked, [q]uit?";
        let (failure, choices, same) = match &not_added {
            NotAdded::Unanswered(failure) => (failure, CHOICES, true),
            NotAdded::Odd(failure) | NotAdded::Refused(failure) => (failure, CHOICES, false),
            NotAdded::NoVault(failure) => (failure, "[r]etry, store in a [f]ile, [q]uit?", true),
            NotAdded::NeedsOwner(failure) => {
                return match ask_owner(&self.scope, failure)? {
                    Some(scope) => {
                        self.scope = scope;
                        Ok(true)
                    }
                    None => Err(not_added),
                };
            }
            NotAdded::Final(_) | NotAdded::Prompt(_) => return Err(not_added),
        };
        failure.causes().iter().for_each(|cause| terminal::say(cause));
        match choose(&failure.to_string(), choices)? {
            Choice::Retry => Ok(same),
            Choice::Keep => {
                self.unchecked = true;
                Ok(true)
            }
            Choice::File => {
                self.wish = Some(VaultPlace::File);
                Ok(true)
            }
            Choice::Quit => Err(NotAdded::Final(Failure::failed("nothing was added"))),
        }
    }
}

/// Asks until one of the letters in brackets is typed.
fn choose(fact: &str, choices: &str) -> Result<Choice, NotAdded> {
    let mut question = format!("{fact}. {choices} ");
    loop {
        let answer = terminal::ask_line(&question).map_err(NotAdded::Prompt)?.to_ascii_lowercase();
        let choice = match answer.chars().next() {
            Some('r') => Choice::Retry,
            Some('k') => Choice::Keep,
            Some('f') => Choice::File,
            Some('q') => Choice::Quit,
            _ => {
                question = format!("{choices} ");
                continue;
            }
        };
        let letter = answer.chars().next().unwrap_or_default();
        if choices.contains(&format!("[{letter}]")) {
            return Ok(choice);
        }
        question = format!("{choices} ");
    }
}

/// Asks for the owner that a fine-grained token for a whole host is for; none if nothing is named.
fn ask_owner(scope: &Scope, failure: &Failure) -> Result<Option<Scope>, NotAdded> {
    terminal::say(&failure.to_string());
    loop {
        let owner = terminal::ask_line("which owner is it for? (Enter: none) ").map_err(NotAdded::Prompt)?;
        if owner.is_empty() {
            return Ok(None);
        }
        match Scope::parse(&format!("https://{}/{owner}", scope.host())) {
            Ok(scope) => return Ok(Some(scope)),
            Err(why) => terminal::say(&why.to_string()),
        }
    }
}

/// Reads the token from the terminal, after showing where one is made, or from stdin or a command.
pub(super) fn token(adding: &mut Adding<'_>) -> Result<Added, NotAdded> {
    let options = adding.options;
    if let Some(command) = &options.command {
        let token = from_command(command).map_err(NotAdded::Final)?;
        return adding.keep_as_it_is(&token);
    }
    if options.token_stdin {
        let token = read_stdin().map_err(NotAdded::Final)?;
        return adding.keep(&token);
    }
    if !terminal::has_terminal() {
        return Err(NotAdded::Final(
            Failure::usage("there is no terminal to read the token from")
                .remedy("pipe it in: ... | git credential-patron add SCOPE --token-stdin"),
        ));
    }
    form::show_page(adding.session, &adding.scope, !options.no_browser);
    adding.ask()
}

pub(in crate::commands) fn read_stdin() -> Result<Token, Failure> {
    let mut bytes = Vec::with_capacity(MOST_STDIN as usize + 1);
    std::io::stdin()
        .lock()
        .take(MOST_STDIN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::failed("the token cannot be read from stdin").because(error))?;
    Ok(piped::read(bytes))
}

/// Runs the account's command once: a command that does not work is better known now.
fn from_command(command: &str) -> Result<Token, Failure> {
    let place = VaultPlace::Command(command.to_owned());
    let nobody = vault::Item { id: "", host: "", owner: None, label: "" };
    match vault::command::CommandVault::new(command.to_owned()).read(&nobody) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(Failure::failed(format!("the {} printed no token", place.name()))),
        Err(trouble) => Err(vault_failure("the command does not print a token", trouble)),
    }
}
