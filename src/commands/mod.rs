//! The commands, one file each, and what they share.

pub mod add;
pub mod completions;
pub mod config;
pub mod diagnose;
pub mod erase;
pub mod exec;
pub mod explain;
pub mod get;
pub mod list;
mod offer;
mod page;
pub mod probe;
mod relay;
pub mod remove;
pub mod setup;
pub mod store;
pub mod token;
pub mod unsetup;

use crate::accounts::{self, Book};
use crate::ancestry::{self, Caller};
use crate::browser::{self, Purpose, Surroundings};
use crate::choose::{Account, Fallback, Place, Standing, choose};
use crate::cli::{Cli, Command};
use crate::error::{Exit, Failure};
use crate::fallback;
use crate::git::{Cwd, Git, HttpContext, Listing, Permission, Settings, VaultChoice, process_env};
use crate::github::Client;
use crate::inspect::client_for;
use crate::keeping::Wish;
use crate::log::{Fact, Log};
use crate::notice;
use crate::outcomes::Outcomes;
use crate::paths::Paths;
use crate::protocol::{self, Request};
use crate::remote::{Host, Remote, Scope, Server};
use crate::target::Target;
use crate::token::Token;
use crate::vault::{self, Asking, Vault};
use crate::{stdio, terminal};
use clap::{CommandFactory, Parser};
use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// Takes one of git's own words; false if the word is a command for people.
///
/// A word we do not know, on a pipe, is one of a later git: its input is taken and nothing is said, as
/// gitcredentials(7) asks. On a terminal somebody mistyped, and `clap` says so.
pub fn for_git(word: &OsStr, start: Instant) -> bool {
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
            if word == "get" && session.is_foreign(&remote) =>
        {
            session.log.note("nothing: not usable, and neither account nor fallback for this host", &[]);
        }
        (Err(unread), _) => terminal::say(&unread.to_string()),
        (Ok(_), Err(no_home)) => terminal::say(&no_home.to_string()),
    }
    true
}

/// Runs a command for people and gives its exit code.
pub fn for_people(args: &[OsString], start: Instant) -> ExitCode {
    // Before `clap`, which repeats what it does not expect.
    if let Err(failure) = refuse_tokens(args) {
        return failed(&failure);
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout with 0, mistakes to stderr with 2; a closed stream changes neither.
            let _ = if error.use_stderr() { print_mistake(&error) } else { error.print() };
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
    if !args.iter().skip(1).take_while(|arg| *arg != "--").any(holds_token) {
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
    write!(anstream::stderr(), "{text}")
}

fn with_session(command: &Command, start: Instant, out: &mut dyn Write) -> Result<(), Failure> {
    let session = Session::begin(Log::from_env(start))
        .map_err(|no_home| Failure::failed(no_home.to_string()).remedy("set HOME to your home folder"))?;
    match command {
        Command::Add(options) => add::run(&session, options, out),
        Command::List(options) => list::run(&session, options, out),
        Command::Remove(options) => remove::run(&session, options, out),
        Command::Diagnose(options) => diagnose::run(&session, options),
        Command::Token(options) => token::run(&session, options),
        Command::Exec(options) => exec::run(&session, options),
        Command::Setup(_) | Command::Unsetup(_) | Command::Explain(_) | Command::Completions(_) => Ok(()),
    }
}

/// What every command works with.
pub struct Session {
    /// Where our files lie.
    pub paths: Paths,
    /// The log of decisions.
    pub log: Log,
    /// The time, in seconds since 1970.
    pub now: i64,
    caller: OnceCell<Caller>,
}

impl Session {
    /// Begins: finds the folders and the time.
    pub fn begin(log: Log) -> Result<Self, crate::paths::NoHome> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        Ok(Self { paths: Paths::find()?, log, now, caller: OnceCell::new() })
    }

    /// Says who called us; found out at the first use, since it costs reads that most requests do not need.
    pub fn caller(&self) -> &Caller {
        self.caller.get_or_init(|| {
            let caller = ancestry::caller();
            let word = caller.subcommand.unwrap_or("unknown");
            self.log.note(
                "caller found",
                &[("kind", Fact::Word(caller.kind.name())), ("command", Fact::Word(word))],
            );
            caller
        })
    }

    /// Gives what noticing refusals needs; finds out who called us.
    fn here<'a>(&'a self, settings: &'a dyn Fn() -> Settings) -> notice::Here<'a> {
        notice::Here { paths: &self.paths, log: &self.log, now: self.now, caller: self.caller(), settings }
    }

    /// Says what a request is about: by its path; on GitHub without one by the URL of the calling
    /// `git-remote-https`, if its host is the asked one. A path that is there but unusable is never replaced.
    pub fn target(&self, request: &Request, accounts: &[Account]) -> Option<Remote> {
        let asked = request.remote()?;
        if request.path.is_some() || store::server_of(&asked, accounts) != Server::GitHub {
            return Some(asked);
        }
        let of_caller = self.caller().url.as_ref().and_then(ancestry::Url::remote);
        let target = of_caller.filter(|remote| remote.host == asked.host).unwrap_or(asked);
        self.log.note("no path came", &[("target", Fact::Remote(&target))]);
        Some(target)
    }

    /// Tells whether a host is none of ours: it is not GitHub's, and has neither account nor fallback.
    pub fn is_foreign(&self, remote: &Remote) -> bool {
        let is_ours = |account: &Account| account.scope.host().serves(&remote.host);
        remote.host.server_by_name().is_none()
            && self.accounts().is_ok_and(|accounts| !accounts.iter().any(is_ours))
            && self.fallback(remote, None).helpers.is_empty()
    }

    /// Gives the helpers that answered for a place before `setup`. Not to be called where an account answers:
    /// it reads git's config. None while one of them is being asked, who called us in turn.
    pub fn fallback(&self, remote: &Remote, user: Option<&str>) -> Fallback {
        if fallback::is_asking(&remote.host) {
            self.log.note("no fallback: it is being asked already", &[]);
            return Fallback::default();
        }
        self.settings().fallback_for(remote, user)
    }

    /// Reads the accounts.
    pub fn accounts(&self) -> Result<Vec<Account>, accounts::ListError> {
        accounts::load(&self.paths.accounts())
    }

    /// Locks the list of accounts for a change.
    pub fn book(&self) -> Result<Book, accounts::ListError> {
        Book::open(&self.paths.accounts(), &self.paths.locks())
    }

    /// Reads how the accounts fared.
    pub fn outcomes(&self) -> Outcomes {
        let outcomes = Outcomes::load(&self.paths.outcomes());
        if let Some(error) = &outcomes.unsafe_file {
            terminal::say(&one_line(
                format!("what is known of earlier refusals is not used: {error}"),
                error.remedy(),
            ));
        }
        outcomes
    }

    /// Changes how the accounts fared. Losing it loses nothing, so trouble goes to the log alone.
    pub fn note_outcomes(&self, outcomes: &mut Outcomes, change: impl FnOnce(&mut Outcomes)) {
        if outcomes.change(change).is_err() {
            self.log.note("outcomes not written", &[]);
        }
    }

    /// Opens a vault for git, which never causes a dialog.
    pub fn vault(&self, place: &Place) -> Box<dyn Vault> {
        vault::open(place, &self.paths, Asking::Never)
    }

    /// Makes the client that asks this host's API, with the proxy and the authorities that git uses.
    pub fn client(&self, host: &Host) -> Result<Client, Failure> {
        // What is asked is about an account, and nothing that a checkout around us could decide.
        client_for(host, HttpContext::User).map_err(|why| {
            Failure::new(Exit::Unchecked, format!("{host} cannot be asked"))
                .because(anyhow::anyhow!(why.to_string()))
        })
    }

    /// Opens a page where a person sits; it has been printed already.
    pub fn open_page(&self, address: &str) {
        let never = self.settings().browser == Permission::Never;
        let surroundings = Surroundings::collect(never, None);
        if browser::may_open(&surroundings, Purpose::InCommand).is_ok()
            && let Err(why) = browser::open(address)
        {
            terminal::say(&format!("the page is not opened: {why}"));
        }
    }

    /// Tells whether git asks us for this scope; unknown where git cannot be asked.
    pub fn is_set_up(&self, scope: &Scope) -> Option<bool> {
        let listing = Listing::read(&Git::find()?, Cwd::Nowhere).ok()?;
        listing.reaches_patron(&scope.to_string()).map(|reach| reach.is_covered())
    }

    /// Chooses the account for a person's target and reads its secret.
    ///
    /// As for git, one that was rejected or has expired is passed over where another fits. Where none does, it
    /// is still what would be chosen, and who asks is told.
    pub fn chosen(&self, target: &Target) -> Result<(Account, Token), Failure> {
        let accounts = self.accounts().map_err(list_failure)?;
        let outcomes = self.outcomes();
        let standing = |account: &Account| self.standing(&outcomes, account);
        let ranked = choose(&target.remote, target.user.as_deref(), &accounts, standing);
        let is_good = |account: &&&Account| standing(account) == Standing::default();
        let Some(account) = ranked.iter().find(is_good).or(ranked.first()) else {
            let wanted =
                target.remote.owner.as_ref().map(|owner| Scope::of_owner(&target.remote.host, owner).short());
            let wanted = wanted.unwrap_or_else(|| target.remote.host.to_string());
            return Err(Failure::failed(format!("no account for {wanted}"))
                .remedy(format!("git credential-patron add {wanted}")));
        };
        match self.standing(&outcomes, account) {
            Standing { expired: true, .. } => {
                terminal::say(&format!("the token of {} has expired", account.label))
            }
            Standing { rejected: true, .. } => {
                terminal::say(&format!("the token of {} was rejected last", account.label))
            }
            Standing { .. } => {}
        }
        let fact = format!("the token of {} cannot be read", account.label);
        match self.vault(&account.place).read(&vault::item(account)) {
            Ok(Some(token)) => Ok(((*account).clone(), token)),
            Ok(None) => Err(Failure::failed(fact)
                .because(anyhow::anyhow!("the {} holds none", account.place.name()))
                .remedy(format!("git credential-patron add {}", account.scope.short()))),
            Err(trouble) => Err(vault_failure(fact, trouble)),
        }
    }

    /// Reads the settings: git's config level by level, and the environment. Never on the way of a plain
    /// answer. A value that is none of the allowed ones is said and counts as `auto`.
    pub fn settings(&self) -> Settings {
        let (settings, bad) = Settings::read(Git::find().as_ref(), &process_env);
        bad.iter().for_each(|bad| terminal::say(&bad.to_string()));
        settings
    }

    /// Says which vault the settings name; none for `auto`.
    pub fn vault_wish(&self) -> Option<Wish> {
        match self.settings().vault {
            VaultChoice::Auto => None,
            VaultChoice::Keyring => Some(Wish::There(Place::Keyring)),
            VaultChoice::File => Some(Wish::There(Place::File)),
        }
    }

    /// Says how an account stands now.
    pub fn standing(&self, outcomes: &Outcomes, account: &Account) -> Standing {
        Standing { rejected: outcomes.rejection(&account.id).is_some(), expired: self.is_expired(account) }
    }

    /// Tells whether the account's known expiry has passed.
    pub fn is_expired(&self, account: &Account) -> bool {
        account.expires.is_some_and(|at| at <= self.now)
    }
}

/// Gives the folder that the command was started in.
pub fn working_folder() -> Result<std::path::PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::failed("the working folder cannot be read").because(error))
}

/// Says in one line what is wrong and what mends it: how git's own words speak of trouble.
pub fn one_line(fact: impl std::fmt::Display, remedy: Option<String>) -> String {
    match remedy {
        Some(remedy) => format!("{fact}; fix: {remedy}"),
        None => fact.to_string(),
    }
}

/// Turns trouble with the list of accounts into a failure of a command.
pub fn list_failure(trouble: accounts::ListError) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed("the list of accounts cannot be used").because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// Turns trouble with a vault into a failure of a command.
pub fn vault_failure(fact: impl Into<String>, trouble: crate::vault::VaultError) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed(fact).because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}
