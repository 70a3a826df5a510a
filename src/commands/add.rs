//! `add`: keeps the token for an owner, a repository or a host.
//!
//! The token comes from the terminal, hidden, or from stdin; never from an argument, where every process
//! of the machine could read it. Unless told not to, GitHub is asked whose it is and when it expires. What was
//! typed is not thrown away when that fails: GitHub shows a token once.

mod ask;
mod form;
mod report;

pub(super) use ask::read_stdin;
pub(super) use form::show_page;
pub(super) use report::{hint_at_setup, kind as kind_in_words, report};

use crate::account::{Account, VaultPlace, known_server, same_scope};
use crate::accounts::default_id;
use crate::cli::{Add, VaultName};
use crate::error::{Exit, Failure};
use crate::git::HttpContext;
use crate::github::Client;
use crate::inspect::{Sees, client_for, sees};
use crate::keeping::{self, Keep, NotKept, Wish, free_label};
use crate::machine::Machine;
use crate::remote::{Host, Scope, Server};
use crate::session::{Session, forbidden_failure, list_failure, vault_failure};
use crate::target::bad_scope;
use crate::terminal::{self, PromptError};
use crate::token::{Token, TokenKind, pasted};
use crate::vault::Asking;
use crate::verify::{self, Verified};
use std::io::Write;

/// Keeps one token.
pub(crate) fn run(session: &Session, options: &Add, out: &mut dyn Write) -> Result<(), Failure> {
    let scope = Scope::parse(&options.scope).map_err(|why| bad_scope(&why))?;
    for (what, name) in [("label", &options.label), ("login", &options.login)] {
        name.iter().try_for_each(|name| check_name(what, name))?;
    }
    Machine::read().may_keep_for(&scope).map_err(|forbidden| forbidden_failure(&forbidden))?;
    let accounts = session.accounts().map_err(list_failure)?;
    if let Some(label) = &options.label
        && let Some(taken) =
            accounts.iter().find(|account| account.label == *label && !account.is_for(&scope))
    {
        // Who it is for is known, whose it is not yet.
        let wanted = Account { id: String::new(), scope, login: options.login.clone(), ..taken.clone() };
        return Err(taken_label(&accounts, taken, &wanted));
    }
    let mut adding = Adding::new(session, options, scope, &accounts);
    let added = ask::token(&mut adding)?;
    report(out, &added, session.now).map_err(|error| {
        Failure::failed("the token is stored, but the output could not be written").because(error)
    })?;
    hint_at_setup(session, &added.account.scope);
    Ok(())
}

/// A token that is about to be kept: what for, and how.
pub(super) struct Adding<'a> {
    session: &'a Session,
    options: &'a Add,
    scope: Scope,
    accounts: &'a [Account],
    /// Whether the host is not to be asked.
    unchecked: bool,
    /// The vault that the person chose after another one had failed.
    wish: Option<VaultPlace>,
    /// What it takes the place of, where it must be the same but for its secret.
    renewed: Option<Renewed>,
}

/// The token that a new one takes the place of.
pub(super) struct Renewed {
    /// What kind it is.
    pub(super) kind: TokenKind,
    /// The secret, if it could be read.
    pub(super) old: Option<Token>,
}

/// What was kept.
pub(super) struct Added {
    /// The account as it is on the list now.
    account: Account,
    /// Whether it took the place of an earlier token.
    replaced: bool,
    /// Where the file vault begins, if this is the first token that is stored there for want of a keyring.
    first_file: Option<FirstFile>,
    /// What the token sees of its owner.
    sees: Sees,
}

/// The file vault, taken for the first time.
struct FirstFile {
    /// Why there is no keyring.
    no_keyring: String,
    /// Where the file lies.
    path: String,
}

/// Why no token was kept.
pub(super) enum NotAdded {
    /// What was given does not look like a token.
    Odd(Failure),
    /// The host could not be asked about it.
    Unanswered(Failure),
    /// The host does not accept it, or it is somebody else's.
    Refused(Failure),
    /// A fine-grained token was to be kept for a whole host.
    NeedsOwner(Failure),
    /// The vault did not take it.
    NoVault(Failure),
    /// The question was not answered.
    Prompt(PromptError),
    /// Anything that another token would not change.
    Final(Failure),
}

impl From<NotAdded> for Failure {
    fn from(not_added: NotAdded) -> Self {
        match not_added {
            NotAdded::Odd(failure)
            | NotAdded::Unanswered(failure)
            | NotAdded::Refused(failure)
            | NotAdded::NeedsOwner(failure)
            | NotAdded::NoVault(failure)
            | NotAdded::Final(failure) => failure,
            NotAdded::Prompt(why) => why.into(),
        }
    }
}

impl<'a> Adding<'a> {
    /// Begins; the scope is known, the token is not.
    pub(super) fn new(session: &'a Session, options: &'a Add, scope: Scope, accounts: &'a [Account]) -> Self {
        Self { session, options, scope, accounts, unchecked: options.no_verify, wish: None, renewed: None }
    }

    /// The same for a token that takes another one's place.
    pub(super) fn renewing(self, renewed: Renewed) -> Self {
        Self { renewed: Some(renewed), ..self }
    }

    /// Takes the token from stdin.
    pub(super) fn read_stdin(&self) -> Result<Added, NotAdded> {
        self.keep(&read_stdin().map_err(NotAdded::Final)?)
    }

    /// Takes the token out of what was pasted, finds out whose it is, and keeps it.
    pub(super) fn keep(&self, given: &Token) -> Result<Added, NotAdded> {
        if given.is_empty() {
            let remedy = match self.options.token_stdin {
                true => "check what the command before the pipe prints",
                false => "paste the token, or pipe it in with --token-stdin",
            };
            return Err(NotAdded::Final(Failure::failed("no token was given").remedy(remedy)));
        }
        match pasted::read(given) {
            Ok(token) => self.keep_as_it_is(&token),
            Err(odd) if !self.unchecked && (odd.is_no_secret() || self.is_github()) => Err(NotAdded::Odd(
                Failure::failed(odd.to_string())
                    .remedy("copy only the token, from github_pat_ or ghp_ to its end")
                    .remedy("or store it unchecked: --no-verify"),
            )),
            // A password, or another host's token, is kept as it came.
            Err(_) => self.keep_as_it_is(given),
        }
    }

    /// Finds out whose secret it is, and keeps it.
    fn keep_as_it_is(&self, secret: &Token) -> Result<Added, NotAdded> {
        if let Some(why) = secret.unusable() {
            return Err(NotAdded::Odd(
                Failure::failed(format!("that cannot be a token: {why}"))
                    .remedy("copy only the token, on one line"),
            ));
        }
        let kind = secret.kind();
        refuse_narrow_token(&self.scope, kind)?;
        self.refuse_another(secret)?;
        let (verified, sees) = self.check(secret)?;
        let account = self.confirmed(kind, verified, secret).map_err(NotAdded::Final)?;
        let replaced = self.accounts.iter().any(|known| known.id == account.id);
        let asking = if terminal::has_terminal() { Asking::MayPrompt } else { Asking::Never };
        let label = account.label.clone();
        let file = self.session.paths.secrets();
        let is_first = !file.exists();
        let keep = Keep { account, secret, refresh: None };
        let kept =
            keeping::keep(&self.session.paths, keep, &self.wish(), asking).map_err(|why| match why {
                NotKept::Forbidden(forbidden) => NotAdded::Final(forbidden_failure(&forbidden)),
                NotKept::Vault(trouble) => {
                    NotAdded::NoVault(vault_failure(format!("cannot store the token of {label}"), trouble))
                }
                NotKept::List(trouble) => NotAdded::Final(list_failure(trouble)),
            })?;
        let first_file = kept
            .no_keyring
            .filter(|_| is_first)
            .map(|no_keyring| FirstFile { no_keyring, path: file.display().to_string() });
        Ok(Added { account: kept.account, replaced, first_file, sees })
    }

    /// Refuses a token that is not the renewed one: the same secret once more, or another kind.
    fn refuse_another(&self, secret: &Token) -> Result<(), NotAdded> {
        let Some(Renewed { kind, old }) = &self.renewed else { return Ok(()) };
        if old.as_ref() == Some(secret) {
            return Err(NotAdded::Final(
                Failure::failed("this token is already stored")
                    .remedy("choose \"Regenerate token\" on its page: the new one is shown there once"),
            ));
        }
        if secret.kind() != *kind && !self.unchecked {
            let fact =
                format!("this token is {}, and the one it would renew is {}", secret.kind().id(), kind.id());
            let scope = self.scope.short();
            return Err(NotAdded::Refused(
                Failure::failed(fact)
                    .remedy(format!("to use it all the same: git credential-patron add {scope}")),
            ));
        }
        Ok(())
    }

    /// Tells whether GitHub answers at this host, as far as is known without asking.
    fn is_github(&self) -> bool {
        known_server(self.scope.host(), self.accounts) == Some(Server::GitHub)
    }

    /// Asks the host whose token it is, and what it sees.
    fn check(&self, secret: &Token) -> Result<(Verified, Sees), NotAdded> {
        let host = self.scope.host();
        if self.unchecked {
            let server =
                known_server(host, self.accounts).unwrap_or_else(|| verify::likely_server(secret.kind()));
            let login = self.options.login.clone();
            let verified = Verified { server, login, user_id: None, expires: None };
            return Ok((verified, Sees::Unknown));
        }
        let client = client(host).map_err(NotAdded::Unanswered)?;
        let verified = verify::ask(&client, &self.scope, secret).map_err(|failure| match failure.exit() {
            Exit::Unchecked => NotAdded::Unanswered(failure),
            Exit::Failed | Exit::Usage | Exit::As(_) => NotAdded::Refused(failure),
        })?;
        // Who was renamed is still who is wanted.
        let is_renamed = |wanted: &str| {
            let mut of_scope = self.accounts.iter().filter(|known| known.is_for(&self.scope));
            of_scope.any(|known| {
                known.is_login(wanted) && known.user_id.is_some() && known.user_id == verified.user_id
            })
        };
        let verified = match (&self.options.login, &verified.login) {
            (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) && !is_renamed(wanted) => {
                return Err(NotAdded::Refused(
                    Failure::failed(format!("this is a token of {found}, not of {wanted}"))
                        .remedy(format!("create it as {wanted}, or leave out --login")),
                ));
            }
            (Some(wanted), None) => Verified { login: Some(wanted.clone()), ..verified },
            _ => verified,
        };
        let sees = match verified.server {
            Server::GitHub => sees(&client, &self.scope, secret),
            Server::Plain => Sees::Unknown,
        };
        if let (Sees::OtherOwner(other), true) = (&sees, self.renewed.is_some()) {
            return Err(NotAdded::Refused(Failure::failed(format!(
                "this token is for {other}, and the one it would renew is for {}",
                self.scope.short()
            ))));
        }
        Ok((verified, sees))
    }

    /// Makes the account, after asking what only a person can answer.
    fn confirmed(&self, kind: TokenKind, verified: Verified, secret: &Token) -> Result<Account, Failure> {
        confirm_whole_host(self.options, &self.scope, kind, &verified)?;
        let account = account(self.options, self.accounts, self.scope.clone(), kind, verified)?;
        confirm_other_kind(self.options, self.accounts, &account)?;
        confirm_second_owner(self.session, self.options, &account, self.accounts, secret)?;
        Ok(account)
    }

    fn wish(&self) -> Wish {
        self.wish.clone().map_or_else(|| wish(self.session, self.options), Wish::There)
    }
}

/// Says where a secret is wished to be, by the options and the settings.
pub(super) fn wish(session: &Session, options: &Add) -> Wish {
    match options.vault {
        Some(VaultName::Keyring) => Wish::There(VaultPlace::Keyring),
        Some(VaultName::File) => Wish::There(VaultPlace::File),
        None => Wish::of(session.settings().vault).unwrap_or(Wish::KeyringElseFile),
    }
}

/// Refuses a name that would not fit a line of output or a line of git's protocol.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), Failure> {
    let fits = !name.is_empty() && name.len() <= 200 && !name.chars().any(char::is_control);
    match fits {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "this is not usable as a {what}: it is empty, longer than 200 bytes, or holds a control character"
        ))),
    }
}

/// Names a label that is free for the account that was to have the taken one.
fn taken_label(accounts: &[Account], taken: &Account, wanted: &Account) -> Failure {
    Failure::failed(format!("the label \"{}\" is taken by {}", taken.label, taken.scope))
        .remedy(format!("this label is free: --label {}", free_label(accounts, wanted)))
}

/// A fine-grained token has one owner: for a whole host it would be sent where it is worth nothing.
fn refuse_narrow_token(scope: &Scope, kind: TokenKind) -> Result<(), NotAdded> {
    let is_github = scope.host().server_by_name() != Some(Server::Plain);
    if scope.is_whole_host() && kind == TokenKind::FineGrained && is_github {
        return Err(NotAdded::NeedsOwner(
            Failure::failed(format!(
                "a fine-grained token opens one owner's repositories, not all of {}",
                scope.host()
            ))
            .remedy(format!("name its owner: git credential-patron add {}", form::owner_on(scope))),
        ));
    }
    Ok(())
}

/// Makes the client that asks this host's API, with the proxy and the authorities that git uses.
pub(super) fn client(host: &Host) -> Result<Client, Failure> {
    // What is asked is about an account, and nothing that a checkout around us could decide.
    client_for(host, HttpContext::User).map_err(|why| {
        Failure::new(Exit::Unchecked, format!("cannot ask {host}")).because(anyhow::anyhow!(why.to_string()))
    })
}

fn confirm_whole_host(
    options: &Add,
    scope: &Scope,
    kind: TokenKind,
    verified: &Verified,
) -> Result<(), Failure> {
    let asks = scope.is_whole_host()
        && verified.server == Server::GitHub
        && !options.yes
        && !options.token_stdin
        && terminal::has_terminal();
    let question = format!(
        "this {} token will be used for every owner on {} that has no account of its own. Add it?",
        kind.id(),
        scope.host()
    );
    if asks && !terminal::ask_yes_no(&question, false)? {
        return Err(Failure::failed("nothing was added"));
    }
    Ok(())
}

/// A token of another kind over the same scope and login opens more or less than the one it replaces: asked, and
/// said where nobody can be asked.
fn confirm_other_kind(options: &Add, accounts: &[Account], account: &Account) -> Result<(), Failure> {
    let replaced = accounts.iter().find(|known| known.id == account.id && known.kind != account.kind);
    let Some(known) = replaced else { return Ok(()) };
    let fact = format!(
        "this {} token replaces the {} token of \"{}\"",
        account.kind.id(),
        known.kind.id(),
        known.label
    );
    if options.yes || options.token_stdin || !terminal::has_terminal() {
        terminal::say(&fact);
        return Ok(());
    }
    if !terminal::ask_yes_no(&format!("{fact}; replace it?"), false)? {
        return Err(Failure::failed("nothing was changed"));
    }
    Ok(())
}

/// A fine-grained token has one owner, and no call tells which: one that is kept for another owner already
/// was most likely pasted by mistake.
fn confirm_second_owner(
    session: &Session,
    options: &Add,
    account: &Account,
    accounts: &[Account],
    secret: &Token,
) -> Result<(), Failure> {
    let (TokenKind::FineGrained, Some(owner)) = (account.kind, account.scope.owner()) else {
        return Ok(());
    };
    let outcomes = session.outcomes();
    let known_with = outcomes.accounts_with(secret);
    let with_it = || accounts.iter().filter(|known| known_with.contains(&known.id));
    // Said once, and meant.
    if with_it().any(|known| known.scope.owner().is_some_and(|other| other == owner)) {
        return Ok(());
    }
    let Some(known) = with_it().find(|known| !known.scope.is_whole_host()) else { return Ok(()) };
    let fact = format!(
        "this is already the token of \"{}\", and a fine-grained token works for one owner only",
        known.label
    );
    if options.yes || options.token_stdin || !terminal::has_terminal() {
        terminal::say(&format!(
            "{fact}; if it is not for {owner}: git credential-patron remove {}",
            account.label
        ));
        return Ok(());
    }
    if !terminal::ask_yes_no(&format!("{fact}; add it for {owner} too?"), false)? {
        return Err(Failure::failed("nothing was added").remedy(format!(
            "create a token whose resource owner is {owner}: git credential-patron add {}",
            account.scope.short()
        )));
    }
    Ok(())
}

/// Makes the account: the same scope and user as before is the same account, also if the user is called otherwise now.
pub(super) fn account(
    options: &Add,
    accounts: &[Account],
    scope: Scope,
    kind: TokenKind,
    verified: Verified,
) -> Result<Account, Failure> {
    let same_login = |known: &Account| match (known.login.as_deref(), verified.login.as_deref()) {
        (Some(known), Some(new)) => known.eq_ignore_ascii_case(new),
        // Kept unchecked before, and now GitHub has said whose it is.
        (None, Some(_)) => options.login.is_none(),
        (known, new) => known == new,
    };
    let is_for = |known: &&Account| same_scope(&known.scope, &scope, verified.server);
    let same_user = |known: &&Account| known.user_id.is_some() && known.user_id == verified.user_id;
    let of_scope = || accounts.iter().filter(is_for);
    let known = of_scope().find(same_user).or_else(|| of_scope().find(|known| same_login(known)));
    let mut account = Account {
        id: known.map_or_else(
            || default_id(&scope.to_string(), verified.login.as_deref()),
            |known| known.id.clone(),
        ),
        label: String::new(),
        scope: known.map_or(scope, |known| known.scope.clone()),
        server: verified.server,
        login: verified.login,
        user_id: verified.user_id,
        kind,
        expires: verified.expires,
        place: options.command.clone().map_or(VaultPlace::File, VaultPlace::Command),
        refresh: false,
        learned: false,
        exact: false,
        app: None,
    };
    account.label = match (&options.label, known) {
        (Some(label), _) => {
            match accounts.iter().find(|other| other.label == *label && other.id != account.id) {
                Some(taken) => return Err(taken_label(accounts, taken, &account)),
                None => label.clone(),
            }
        }
        (None, Some(known)) => known.label.clone(),
        (None, None) => free_label(accounts, &account),
    };
    Ok(account)
}
