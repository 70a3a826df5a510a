//! One request of git, with all that is found out about it: each thing when it is first needed, and once.
//!
//! `get`, `store`, `erase` and what they share take a [`Lookup`] instead of asking again: what the request is
//! about, what serves its host, how the accounts stand, who answered before us, and whose a secret is.

use crate::account::{Account, Standing, VaultPlace, server_of};
use crate::accounts::{self, Others};
use crate::ancestry;
use crate::app;
use crate::choose::{Fallback, Mismatch, choose, fits};
use crate::error::one_line;
use crate::log::Fact;
use crate::outcomes::Outcomes;
use crate::ownership::{Owners, owners};
use crate::protocol::{Operation, Request};
use crate::remote::{Owner, Remote, Server};
use crate::session::Session;
use crate::terminal::say;
use crate::token::Token;
use crate::traces::{Mark, Traces};
use crate::vault;
use std::cell::{OnceCell, RefCell, RefMut};

/// A request and what is known about it.
pub(crate) struct Lookup<'a> {
    /// Folders, log, time, caller, settings.
    pub session: &'a Session,
    /// What came.
    pub request: &'a Request,
    /// What it is about.
    pub remote: Remote,
    /// What serves that host.
    pub server: Server,
    near: &'a [Account],
    others: Others,
    all: OnceCell<&'a [Account]>,
    outcomes: OnceCell<RefCell<Outcomes>>,
    fallback: OnceCell<Fallback>,
    owners: RefCell<Vec<(Token, Ownership)>>,
}

/// Whose a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// That of these accounts of the host, by id.
    Accounts(Vec<String>),
    /// A fallback answered it.
    Fallback,
    /// An account of the host had it before.
    Former,
    /// It may be an account's: one that serves this place cannot be compared now.
    Unclear,
    /// None of these.
    New,
}

/// Keeps the list for the whole process, which has one request and ends with it: taking thousands of accounts apart at
/// the end is time that git waits for. No secret is in them.
fn kept(accounts: Vec<Account>) -> &'static [Account] {
    accounts.leak()
}

impl<'a> Lookup<'a> {
    /// Begins with a request of git. None if it is about nothing that a helper could answer, or the accounts
    /// cannot be read, which is said.
    pub(crate) fn begin(session: &'a Session, request: &'a Request, operation: Operation) -> Option<Self> {
        let Some(asked) = request.remote() else {
            session.log.note("nothing: not https, or no host", &[]);
            return None;
        };
        session.log.note(operation.word(), &[("remote", Fact::Remote(&asked))]);
        let read = match owner_alone(request, &asked, operation) {
            Some(owner) => accounts::load_near(&session.paths.accounts(), &asked.host, owner, session.now),
            None => session.accounts().map(|accounts| (accounts, Others::default())),
        };
        let (near, others) = match read {
            Ok((accounts, others)) => (kept(accounts), others),
            Err(trouble) => {
                say(&one_line(&trouble, trouble.remedy()));
                return None;
            }
        };
        let remote = target(session, request, asked, near);
        let lookup = Self::of(session, request, remote, near);
        Some(if others.count == 0 { lookup } else { Self { others, all: OnceCell::new(), ..lookup } })
    }

    /// Begins with what is known already.
    pub(crate) fn of(
        session: &'a Session,
        request: &'a Request,
        remote: Remote,
        accounts: &'a [Account],
    ) -> Self {
        Self {
            session,
            request,
            server: server_of(&remote.host, accounts),
            remote,
            near: accounts,
            others: Others::default(),
            all: OnceCell::from(accounts),
            outcomes: OnceCell::new(),
            fallback: OnceCell::new(),
            owners: RefCell::new(Vec::new()),
        }
    }

    /// Begins again with the accounts as they are now.
    pub(crate) fn again(&self) -> Option<Self> {
        let accounts = self.session.accounts().ok()?;
        Some(Self::of(self.session, self.request, self.remote.clone(), kept(accounts)))
    }

    /// Gives all accounts, of other hosts too.
    pub(crate) fn accounts(&self) -> &'a [Account] {
        self.all.get_or_init(|| self.session.accounts().map_or(self.near, |accounts| kept(accounts)))
    }

    /// Gives all accounts if a token of another owner's expires so soon; else those that may serve.
    pub(crate) fn expiring(&self, is_soon: impl Fn(i64) -> bool) -> &'a [Account] {
        if self.others.next_end.is_some_and(is_soon) { self.accounts() } else { self.near }
    }

    /// Tells whether the asked host has an account.
    pub(crate) fn has_account(&self) -> bool {
        self.others.count > 0 || self.of_host().next().is_some()
    }

    /// Gives the accounts of the asked host.
    fn of_host(&self) -> impl Iterator<Item = &Account> {
        self.accounts().iter().filter(|account| account.scope.host().serves(&self.remote.host))
    }

    /// Gives how the accounts fared. Not to be held while another method of this is called.
    pub(crate) fn outcomes(&self) -> RefMut<'_, Outcomes> {
        self.outcomes.get_or_init(|| RefCell::new(self.session.outcomes())).borrow_mut()
    }

    /// Changes how the accounts fared.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Outcomes)) {
        self.session.note_outcomes(&mut self.outcomes(), change);
    }

    /// Gives the helpers that answered for this place before `setup`. Reads git's config.
    pub(crate) fn fallback(&self) -> &Fallback {
        self.fallback.get_or_init(|| self.session.fallback(&self.remote, self.request.user()))
    }

    /// Ranks the accounts that may serve the request; the first is the one to give.
    pub(crate) fn ranked(&self) -> Vec<&'a Account> {
        choose(&self.remote, self.request.user(), self.near, |account| self.standing(account))
    }

    /// Says how an account stands now.
    pub(crate) fn standing(&self, account: &Account) -> Standing {
        self.session.standing(&self.outcomes(), account)
    }

    /// Reads an account's secret without a word: who asks only compares. A command is never run for that, since it
    /// may ask a person.
    pub(crate) fn kept(&self, account: &Account) -> Option<Token> {
        match account.place {
            VaultPlace::Command(_) => None,
            VaultPlace::Keyring | VaultPlace::File => {
                self.session.vault(&account.place).read(&vault::item(account)).ok().flatten()
            }
        }
    }

    /// Finds out whose a secret is.
    pub(crate) fn ownership(&self, secret: &Token) -> Ownership {
        if let Some((_, known)) = self.owners.borrow().iter().find(|(asked, _)| asked == secret) {
            return known.clone();
        }
        let found = self.find_owner(secret);
        self.owners.borrow_mut().push((secret.clone(), found.clone()));
        found
    }

    fn find_owner(&self, secret: &Token) -> Ownership {
        let of_host: Vec<&Account> = self.of_host().collect();
        let Owners { mut ours, untold } = owners(&self.session.paths, &self.outcomes(), &of_host, secret);
        if ours.is_empty() {
            // An App has a token for each repository, and one fingerprint: the others are known by its vault.
            let paths = &self.session.paths;
            let holds = |account: &&&Account| {
                account.app.is_some() && app::holds(paths, account, secret).unwrap_or_default()
            };
            ours.extend(of_host.iter().filter(holds).map(|account| account.id.clone()));
        }
        if !ours.is_empty() {
            return Ownership::Accounts(ours);
        }
        let is_unclear = of_host.iter().any(|account| untold.contains(&account.id) && self.may_fit(account));
        let outcomes = self.outcomes();
        if outcomes.is_fallbacks(secret) || self.did_fallback_answer(secret, &outcomes) {
            // Also if it was ours once: they have it, whoever else had it.
            Ownership::Fallback
        } else if outcomes.was_ours(&self.remote.host.home(), secret) {
            Ownership::Former
        } else if is_unclear {
            Ownership::Unclear
        } else {
            Ownership::New
        }
    }

    /// Tells whether a fallback answered the very process that calls now with this secret. Of all the secrets that
    /// fallbacks answered only the latest are known; jobs that run side by side have one each.
    fn did_fallback_answer(&self, secret: &Token, outcomes: &Outcomes) -> bool {
        let mark = || Some(Mark::by_fallback(&outcomes.fingerprint(secret)?, &self.remote));
        self.server == Server::GitHub
            && self
                .session
                .caller()
                .asker
                .as_ref()
                .zip(mark())
                .is_some_and(|(process, mark)| Traces::of(&self.session.paths).has(&mark, process))
    }

    /// Tells whether an account may be meant by this request, as far as the request tells.
    fn may_fit(&self, account: &Account) -> bool {
        let why_not = fits(account, &self.remote, self.request.user(), self.accounts()).err();
        matches!(why_not, None | Some(Mismatch::UnknownOwner | Mismatch::OtherLogin))
    }
}

/// Names the owner whose accounts alone can serve a request, where it shows so: git asks for a place of an owner at
/// GitHub, and no user name makes others matter. Gists are served by their users' accounts.
fn owner_alone<'a>(request: &Request, asked: &'a Remote, operation: Operation) -> Option<&'a Owner> {
    let is_githubs = asked.host.server_by_name() == Some(Server::GitHub) && !asked.host.is_gist();
    asked.owner.as_ref().filter(|_| is_githubs && operation == Operation::Get && request.user().is_none())
}

/// Says what a request is about: by its path; on GitHub without one by the URL of the calling
/// `git-remote-https`, if its host is the asked one. A path that is there but unusable is never replaced.
fn target(session: &Session, request: &Request, asked: Remote, accounts: &[Account]) -> Remote {
    if request.path.is_some() || server_of(&asked.host, accounts) != Server::GitHub {
        return asked;
    }
    let of_caller = session.caller().url.as_ref().and_then(ancestry::Url::remote);
    let target = of_caller.filter(|remote| remote.host == asked.host).unwrap_or(asked);
    session.log.note("no path came", &[("target", Fact::Remote(&target))]);
    target
}

/// Tells whether a host is none of ours: it is not GitHub's, and has neither account nor fallback.
pub(crate) fn is_foreign(session: &Session, remote: &Remote) -> bool {
    let is_ours = |account: &Account| account.scope.host().serves(&remote.host);
    remote.host.server_by_name() != Some(Server::GitHub)
        && session.accounts().is_ok_and(|accounts| !accounts.iter().any(is_ours))
        && session.fallback(remote, None).helpers.is_empty()
}
