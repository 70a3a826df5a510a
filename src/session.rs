//! What one run works with: our folders, the log, the time, who called, the settings. Found out when they are
//! first needed, and once.

use crate::account::{Account, Standing, VaultPlace};
use crate::accounts::{self, Book};
use crate::ancestry::{self, Caller};
use crate::browser::{self, NoBrowser, Purpose, Surroundings};
use crate::choose::{Fallback, choose};
use crate::error::{Failure, one_line};
use crate::fallback;
use crate::files::{self, Care};
use crate::git::{Cwd, Git, Listing, Permission, Settings, process_env};
use crate::log::{Fact, Log, Unusable};
use crate::machine::{Forbidden, Machine};
use crate::outcomes::Outcomes;
use crate::paths::{NoHome, Paths};
use crate::remote::{Remote, Scope};
use crate::terminal;
use crate::vault::{self, Asking, Vault};
use std::cell::OnceCell;
use std::time::{SystemTime, UNIX_EPOCH};

/// What every command works with.
pub(crate) struct Session {
    /// Where our files lie.
    pub paths: Paths,
    /// The log of decisions.
    pub log: Log,
    /// The time, in seconds since 1970.
    pub now: i64,
    caller: OnceCell<Caller>,
    settings: OnceCell<Settings>,
}

impl Session {
    /// Begins: finds the folders and the time.
    pub(crate) fn begin(log: Log) -> Result<Self, NoHome> {
        let now = time_now();
        if let Some(Unusable { value, why }) = log.unusable() {
            let value = terminal::sanitise(value, 60);
            terminal::say(&format!("nothing is logged: PATRON_TRACE is \"{value}\", {why}"));
        }
        Ok(Self { paths: Paths::find()?, log, now, caller: OnceCell::new(), settings: OnceCell::new() })
    }

    /// Gives the time now, in seconds since 1970: this run may have waited since it began.
    pub(crate) fn clock(&self) -> i64 {
        time_now().max(self.now)
    }

    /// Says who called us; found out at the first use, since it costs reads that most requests do not need.
    pub(crate) fn caller(&self) -> &Caller {
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

    /// Gives the settings: git's config level by level, and the environment. Read at the first use and once; not to
    /// be called on the way of a plain answer. A value that is none of the allowed ones is said and counts as
    /// `auto`; what this machine's policy forbids is `never`, whatever they say.
    pub(crate) fn settings(&self) -> &Settings {
        self.settings.get_or_init(|| {
            let (mut settings, bad) = Settings::read(Git::find().as_ref(), &process_env);
            bad.iter().for_each(|bad| terminal::say(&bad.to_string()));
            let machine = Machine::read();
            let limited = |forbidden: bool, wished| if forbidden { Permission::Never } else { wished };
            settings.browser = limited(machine.forbids_browser(), settings.browser);
            settings.probe = limited(machine.forbids_probe(), settings.probe);
            settings
        })
    }

    /// Gives the helpers that answered for a place before `setup`. Not to be called where an account answers:
    /// it reads git's config. None while one of them is being asked, who called us in turn, and none from a file of
    /// ours that others can write.
    pub(crate) fn fallback(&self, remote: &Remote, user: Option<&str>) -> Fallback {
        if fallback::is_asking(&remote.host) {
            self.log.note("no fallback: it is being asked already", &[]);
            return Fallback::default();
        }
        let fallback = self.settings().fallback_for(remote, user);
        if fallback.helpers.is_empty() {
            return fallback;
        }
        // It names programs to run. Where git takes it from is the user's own affair, but for this file of ours.
        match files::check(&self.paths.gitconfig(), Care::Deciding) {
            Ok(()) => fallback,
            Err(error) => {
                terminal::say(&one_line(
                    format!("the previous helpers are not asked: {error}"),
                    error.remedy(),
                ));
                Fallback::default()
            }
        }
    }

    /// Reads the accounts.
    pub(crate) fn accounts(&self) -> Result<Vec<Account>, accounts::ListError> {
        accounts::load(&self.paths.accounts())
    }

    /// Locks the list of accounts for a change.
    pub(crate) fn book(&self) -> Result<Book, accounts::ListError> {
        Book::open(&self.paths.accounts(), &self.paths.locks())
    }

    /// Reads how the accounts fared.
    pub(crate) fn outcomes(&self) -> Outcomes {
        let outcomes = Outcomes::load(&self.paths.outcomes());
        if let Some(error) = &outcomes.unsafe_file {
            terminal::say(&one_line(
                format!("the record of earlier refusals is not used: {error}"),
                error.remedy(),
            ));
        }
        outcomes
    }

    /// Changes how the accounts fared. Losing it loses nothing, so trouble goes to the log alone.
    pub(crate) fn note_outcomes(&self, outcomes: &mut Outcomes, change: impl FnOnce(&mut Outcomes)) {
        if outcomes.change(change).is_err() {
            self.log.note("outcomes not written", &[]);
        }
    }

    /// Opens a vault for git, which never causes a dialog.
    pub(crate) fn vault(&self, place: &VaultPlace) -> Box<dyn Vault> {
        vault::open(place, &self.paths, Asking::Never)
    }

    /// Says how an account stands now.
    pub(crate) fn standing(&self, outcomes: &Outcomes, account: &Account) -> Standing {
        Standing { rejected: outcomes.rejection(&account.id).is_some(), expired: self.is_expired(account) }
    }

    /// Tells whether the account's known expiry has passed.
    pub(crate) fn is_expired(&self, account: &Account) -> bool {
        account.expires.is_some_and(|at| at <= self.now)
    }

    /// Opens a page where a person sits; it has been printed already.
    pub(crate) fn open_page(&self, address: &str) {
        self.open_if_wanted(|| browser::open(address));
    }

    /// Opens the page that this process serves at a port, likewise.
    pub(crate) fn open_own_page(&self, port: u16) {
        self.open_if_wanted(|| browser::open_own(port));
    }

    fn open_if_wanted(&self, open: impl FnOnce() -> Result<browser::Opened, browser::OpenError>) {
        if self.may_open_page().is_ok()
            && let Err(why) = open()
        {
            terminal::say(&format!("page not opened: {why}"));
        }
    }

    /// Says why no page is opened by a command, if none is.
    pub(crate) fn may_open_page(&self) -> Result<(), NoBrowser> {
        let never = self.settings().browser == Permission::Never;
        browser::may_open(&Surroundings::collect(never, None), Purpose::InCommand)
    }

    /// Tells whether git asks us for this scope; unknown where git cannot be asked.
    pub(crate) fn is_set_up(&self, scope: &Scope) -> Option<bool> {
        let listing = Listing::read(&Git::find()?, Cwd::Nowhere).ok()?;
        listing.reaches_patron(&scope.to_string()).map(|reach| reach.is_covered())
    }

    /// Chooses the account for what a person named.
    ///
    /// As for git, one that was rejected or has expired is passed over where another fits. Where none does, it
    /// is still what would be chosen, and who asks is told.
    pub(crate) fn chosen(&self, remote: &Remote, user: Option<&str>) -> Result<Account, Failure> {
        let accounts = self.accounts().map_err(list_failure)?;
        let outcomes = self.outcomes();
        let standing = |account: &Account| self.standing(&outcomes, account);
        let ranked = choose(remote, user, &accounts, standing);
        let is_good = |account: &&&Account| standing(account) == Standing::default();
        let Some(account) = ranked.iter().find(is_good).or(ranked.first()) else {
            let wanted = remote.owner.as_ref().map(|owner| Scope::of_owner(&remote.host, owner).short());
            let wanted = wanted.unwrap_or_else(|| remote.host.to_string());
            return Err(Failure::failed(format!("no account for {wanted}"))
                .remedy(format!("git credential-patron add {wanted}")));
        };
        match self.standing(&outcomes, account) {
            Standing { expired: true, .. } => {
                terminal::say(&format!("the token of {} has expired", account.label))
            }
            Standing { rejected: true, .. } => {
                let is_proven = outcomes.rejection(&account.id).is_some_and(|it| it.is_proven);
                terminal::say(&match is_proven {
                    true => format!("the token of {} was rejected last time", account.label),
                    false => format!("git was refused with the token of {} last time (401)", account.label),
                });
            }
            Standing { .. } => {}
        }
        Ok((*account).clone())
    }
}

fn time_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Turns trouble with the list of accounts into a failure of a command.
pub(crate) fn list_failure(trouble: accounts::ListError) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed("cannot read the list of accounts").because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// Turns what this machine's policy forbids into a failure of a command.
pub(crate) fn forbidden_failure(forbidden: &Forbidden) -> Failure {
    Failure::failed(forbidden.to_string()).remedy(forbidden.remedy())
}

/// Turns trouble with a vault into a failure of a command.
pub(crate) fn vault_failure(fact: impl Into<String>, trouble: vault::VaultError) -> Failure {
    let remedy = trouble.remedy();
    let failure = Failure::failed(fact).because(trouble);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}
