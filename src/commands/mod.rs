//! The commands, one file each, and what they share.

pub(crate) mod add;
mod add_app;
pub(crate) mod completions;
pub(crate) mod config;
mod decide;
pub(crate) mod diagnose;
pub(crate) mod erase;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod get;
mod hints;
mod import;
pub(crate) mod install_docs;
pub(crate) mod list;
mod new_app;
mod offer;
mod page;
pub(crate) mod probe;
mod relay;
pub(crate) mod remove;
mod rename;
pub(crate) mod renew;
pub(crate) mod revoke;
pub(crate) mod setup;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod token;
pub(crate) mod unsetup;
pub(crate) mod wait;

use crate::account::{Account, Standing};
use crate::app::{self, AppError, Asks, Minted};
use crate::choose::choose;
use crate::cli::{Cli, Command};
use crate::error::{Exit, Failure};
use crate::git::process_env;
use crate::keeping;
use crate::log::Log;
use crate::notice;
use crate::protocol::{self, Request};
use crate::redact::argument;
use crate::remote::Remote;
use crate::session::{Session, list_failure, vault_failure};
use crate::terminal::Stream;
use crate::token::Token;
use crate::{lookup, stdio, terminal};
use clap::{CommandFactory, Parser};
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// Takes one of git's own words; false if the word is a command for people.
///
/// A word we do not know, on a pipe, is one of a later git: its input is taken and nothing is said, as
/// gitcredentials(7) asks. On a terminal somebody mistyped, and `clap` says so.
pub(crate) fn for_git(word: &OsStr, start: Instant) -> bool {
    let act: fn(&Session, &Request) = match word.to_str() {
        Some("get") => get::run,
        Some("store") => store::run,
        Some("erase") => erase::run,
        Some("capability") => {
            // A reader that is gone does not want it any more.
            let _ = stdio::write_answer(protocol::CAPABILITIES.as_bytes());
            return true;
        }
        Some(word) if word.starts_with('-') || Cli::command().find_subcommand(word).is_some() => {
            return false;
        }
        _ if std::io::stdin().is_terminal() => return false,
        _ => {
            stdio::drain();
            return true;
        }
    };
    let log = Log::from_env(start);
    match (stdio::read_request(), Session::begin(log)) {
        (Ok(request), Ok(session)) => act(&session, &request),
        // A host that we have nothing for shall not make us speak, however long its headers are.
        (Err(stdio::Unread::Refused(_, Some(remote))), Ok(session))
            if word == "get" && lookup::is_foreign(&session, &remote) =>
        {
            session.log.note("nothing: not usable, and neither account nor fallback for this host", &[]);
        }
        (Err(unread), _) => terminal::say(&unread.to_string()),
        (Ok(_), Err(no_home)) => terminal::say(&no_home.to_string()),
    }
    true
}

/// Runs a command for people and gives its exit code.
pub(crate) fn for_people(args: &[OsString], start: Instant) -> ExitCode {
    // Before `clap`, which repeats what it does not expect.
    if let Err(failure) = refuse_tokens(args) {
        return failed(&failure);
    }
    let args = &hints::without_help(args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(failure) = hints::for_unknown(args) {
                return failed(&failure);
            }
            // Help goes to stdout with 0, mistakes to stderr with 2; a closed stream changes neither.
            let _ = if error.use_stderr() { print_mistake(&error) } else { error.print() };
            if args.len() == 1 && Stream::Stderr.is_terminal() {
                // A person looks round: what a client swallowed is told here, if anything was.
                let _ = Session::begin(Log::from_env(start)).map(|session| status::hint(&session));
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = stdio::UntilUnwanted(std::io::stdout().lock());
    let argv0 = args.first().map(OsString::as_os_str);
    let outcome = match &cli.command {
        // These need no accounts, and say themselves what is wrong with HOME. They write nothing that they could
        // not show before.
        Command::Setup(options) => {
            let out: &mut dyn Write = if options.dry_run { &mut out } else { &mut out.0 };
            setup::run(options, argv0, &process_env, out, &mut std::io::stderr())
        }
        Command::Unsetup(options) => {
            let out: &mut dyn Write = if options.dry_run { &mut out } else { &mut out.0 };
            unsetup::run(options, &process_env, out)
        }
        Command::Explain(options) => explain::run(options),
        Command::Completions(options) => completions::run(options, &mut out),
        Command::InstallDocs(options) => install_docs::run(options, argv0, &mut out),
        _ => with_session(&cli.command, start, &mut out),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> ExitCode {
    let _ = failure.print(&mut std::io::stderr());
    ExitCode::from(failure.exit().code())
}

/// Refuses a token among the arguments, without repeating it. What `exec` runs may have whatever it likes.
fn refuse_tokens(args: &[OsString]) -> Result<(), Failure> {
    let is_token = |bytes: &[u8]| Token::new(bytes.to_vec()).kind().is_github();
    let holds_token = |arg: &OsString| {
        let bytes = arg.as_encoded_bytes();
        // `--label=TOKEN`
        let value = bytes.iter().position(|byte| *byte == b'=').map(|at| &bytes[at + 1..]);
        is_token(bytes) || (bytes.starts_with(b"-") && value.is_some_and(is_token))
    };
    if !hints::own_arguments(args).iter().any(holds_token) {
        return Ok(());
    }
    Err(Failure::usage("one of the arguments looks like a token")
        .remedy("a token is never an argument, where other processes can read it: consider it leaked, make a new one")
        .remedy("git credential-patron add OWNER asks for it, hidden; --token-stdin reads it from a pipe"))
}

/// Prints what is wrong with a command line. Git keeps `--help` for the manual, so `-h` is what to try.
fn print_mistake(error: &clap::Error) -> std::io::Result<()> {
    let text = error.render().ansi().to_string();
    let text = match text.rsplit_once("--help") {
        Some((before, after)) => format!("{before}-h{after}"),
        None => text,
    };
    write!(anstream::stderr(), "{}", argument(&text))
}

fn with_session(command: &Command, start: Instant, out: &mut dyn Write) -> Result<(), Failure> {
    let session = Session::begin(Log::from_env(start))
        .map_err(|no_home| Failure::failed(no_home.to_string()).remedy(no_home.remedy()))?;
    if matches!(command, Command::Add(_) | Command::Import(_) | Command::List(_) | Command::Rename(_)) {
        keeping::mend(&session.paths).iter().for_each(|sentence| terminal::say(sentence));
    }
    match command {
        Command::Add(options) => match &options.app {
            Some(client_id) => add_app::run(&session, options, client_id, out),
            None if options.new_app => new_app::run(&session, options, out),
            None => add::run(&session, options, out),
        },
        Command::Import(options) => import::run(&session, options, out),
        Command::List(options) => list::run(&session, options, out),
        Command::Remove(options) => remove::run(&session, options, out),
        Command::Rename(options) => rename::run(&session, options, out),
        Command::Renew(options) => renew::run(&session, options, out),
        Command::Revoke(options) => revoke::run(&session, options, out),
        Command::Wait(options) => wait::run(&session, options),
        Command::Diagnose(options) => diagnose::run(&session, options),
        Command::Status(options) => status::run(&session, options),
        Command::Token(options) => token::run(&session, options),
        Command::Exec(options) => exec::run(&session, options),
        Command::Requests(options) => decide::requests(&session, options, out),
        Command::Grants(options) => decide::grants(&session, options, out),
        Command::Setup(_)
        | Command::Unsetup(_)
        | Command::Explain(_)
        | Command::Completions(_)
        | Command::InstallDocs(_)
        | Command::Help(_) => Ok(()),
    }
}

/// Gives the accounts in the order of their scopes.
fn accounts_by_scope(session: &Session) -> Result<Vec<Account>, Failure> {
    let mut accounts = session.accounts().map_err(list_failure)?;
    accounts.sort_by_cached_key(|account| {
        (account.scope.to_string().to_ascii_lowercase(), account.label.clone())
    });
    Ok(accounts)
}

/// Chooses the account for what a person named, and gives its secret: what its vault holds, or a token of its App.
pub(crate) fn chosen(
    session: &Session,
    remote: &Remote,
    user: Option<&str>,
) -> Result<(Account, Token), Failure> {
    let mut outcomes = session.outcomes();
    let accounts = session.accounts().map_err(list_failure)?;
    let stale = choose(remote, user, &accounts, |account| session.standing(&outcomes, account))
        .into_iter()
        .filter(|account| session.standing(&outcomes, account) != Standing::default());
    let stale: Vec<&Account> = stale.collect();
    keeping::renewed_outside(&session.paths, &mut outcomes, stale.into_iter());
    notice::warn_of_ends(session.now, &mut outcomes, &accounts);
    let account = session.chosen(remote, user)?;
    let fact = format!("the token of {} cannot be read", account.label);
    match app::secret(&session.paths, &account, remote, Asks::ToFetch) {
        Ok(Some(Minted { token, note, .. })) => {
            note.iter().for_each(|note| terminal::say(note));
            Ok((account, token))
        }
        Ok(None) => Err(Failure::failed(fact)
            .because(anyhow::anyhow!("the {} has none", account.place.name()))
            .remedy(format!("git credential-patron add {}", account.scope.short()))),
        Err(AppError::Vault(error)) => Err(vault_failure(fact, error)),
        Err(error) => Err(app_failure(&account, error)),
    }
}

/// Turns trouble with an App's tokens into a failure of a command.
pub(crate) fn app_failure(account: &Account, error: AppError) -> Failure {
    let fact = format!("the GitHub App of {} gives no token", account.label);
    if let AppError::Refused(refusal) = &error {
        let owner = account.scope.segment(0).unwrap_or_default();
        let verdict = refusal.verdict(owner);
        let failure = Failure::failed(fact).because(anyhow::anyhow!("{} ({})", verdict.means, verdict.id));
        let page = verdict.page.map(|page| format!("page: {page}"));
        return verdict.fix.into_iter().chain(page).fold(failure, Failure::remedy);
    }
    let exit = if error.is_passing() { Exit::Unchecked } else { Exit::Failed };
    let remedy = error.remedy(account);
    let failure = Failure::new(exit, fact).because(error);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}
