//! `add OWNER --app`: a GitHub App in the place of a token. Its key, or a command that signs for it, mints tokens;
//! without either it acts for the user, who logs in with a code.

use super::add::{self, check_name};
use super::app_failure;
use crate::account::{Account, App, VaultPlace};
use crate::app::device::{self, NotLoggedIn};
use crate::app::key::AppKey;
use crate::app::{AppError, Asker, Pair, Signer};
use crate::cli::Add;
use crate::error::{Exit, Failure};
use crate::files;
use crate::keeping::{self, Keep, NotKept, Wish};
use crate::pages::Page;
use crate::remote::{Owner, Scope, Server};
use crate::session::{Session, forbidden_failure, list_failure, vault_failure};
use crate::terminal;
use crate::token::{Token, TokenKind};
use crate::vault::{self, Asking};
use crate::verify::{self, Verified};
use std::io::{Read, Write};
use std::path::Path;

/// More bytes than any form of a key has.
const MOST_KEY: u64 = 64 * 1024;

/// Keeps an App's account for an owner.
pub(super) fn run(
    session: &Session,
    options: &Add,
    client_id: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (scope, owner) = scope(&options.scope)?;
    for (what, name) in [("label", &options.label), ("login", &options.login)] {
        name.iter().try_for_each(|name| check_name(what, name))?;
    }
    check_client_id(client_id)?;
    let app = App { client_id: client_id.to_owned(), signer: options.sign.clone() };
    let accounts = session.accounts().map_err(list_failure)?;
    let wanted = AddingApp { session, options, accounts: &accounts, scope: &scope, owner: &owner };
    match (&options.key, &options.sign) {
        (Some(file), _) => wanted.keep_key(app, read_key(file)?, out),
        (None, Some(command)) => wanted.keep_signer(app, command, out),
        (None, None) => wanted.log_in(app, out),
    }
}

/// Reads a scope that an App can be for: an owner's, or one repository's.
pub(super) fn scope(text: &str) -> Result<(Scope, Owner), Failure> {
    let scope = Scope::parse(text).map_err(|why| crate::target::bad_scope(&why))?;
    match scope.owner() {
        Some(owner) => Ok((scope, owner)),
        None => Err(Failure::usage("a GitHub App is installed for one owner, not for a whole host")
            .remedy("name the owner: git credential-patron add OWNER --app CLIENT_ID")),
    }
}

fn check_client_id(client_id: &str) -> Result<(), Failure> {
    let fits = (1..=100).contains(&client_id.len())
        && client_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    match fits {
        true => Ok(()),
        false => Err(Failure::usage("this is no client ID of a GitHub App")
            .remedy("it is on the App's page, and begins with Iv")),
    }
}

fn read_key(file: &Path) -> Result<AppKey, Failure> {
    let name = terminal::sanitise(&file.display().to_string(), 200);
    let unread = |error: std::io::Error| Failure::failed(format!("{name} cannot be read")).because(error);
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(MOST_KEY as usize + 1));
    match file.as_os_str() == "-" {
        true => std::io::stdin().lock().take(MOST_KEY).read_to_end(&mut bytes).map_err(unread)?,
        false => std::fs::File::open(file)
            .and_then(|file| file.take(MOST_KEY).read_to_end(&mut bytes))
            .map_err(unread)?,
    };
    AppKey::read(&bytes).map_err(|why| {
        Failure::failed(format!("{name} is no private key of a GitHub App"))
            .because(why)
            .remedy("make one on the App's page, under Private keys, and give the file that is downloaded")
    })
}

/// What is to be kept, and for whom.
pub(super) struct AddingApp<'a> {
    pub(super) session: &'a Session,
    pub(super) options: &'a Add,
    pub(super) accounts: &'a [Account],
    pub(super) scope: &'a Scope,
    pub(super) owner: &'a Owner,
}

impl AddingApp<'_> {
    fn keep_key(&self, app: App, key: AppKey, out: &mut dyn Write) -> Result<(), Failure> {
        let secret = Token::new(key.der().to_vec());
        let signer = Signer::Key(Box::new(key));
        let login = self.check(&app, &signer)?;
        let account = self.account(app, TokenKind::App, login)?;
        self.keep(account, Some(&secret), "key", out)?;
        if let Some(file) = self.options.key.as_deref().filter(|file| file.as_os_str() != "-") {
            let file = terminal::sanitise(&file.display().to_string(), 200);
            terminal::say(&format!("the key is stored now; delete the file: {file}"));
        }
        Ok(())
    }

    /// Keeps the key of an App that was made a moment ago: nobody else has it, so nothing is asked before.
    pub(super) fn keep_new(
        &self,
        app: App,
        key: &AppKey,
        login: String,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let account = self.account(app, TokenKind::App, Some(login))?;
        self.keep(account, Some(&Token::new(key.der().to_vec())), "key", out)
    }

    fn keep_signer(&self, app: App, command: &str, out: &mut dyn Write) -> Result<(), Failure> {
        let signer = Signer::Command(command.to_owned());
        let login = self.check(&app, &signer)?;
        let account = self.account(app, TokenKind::App, login)?;
        self.keep(account, None, "tokens", out)
    }

    /// Asks GitHub whether it knows the App and takes its signature, and where it is installed. Gives its login.
    fn check(&self, app: &App, signer: &Signer) -> Result<Option<String>, Failure> {
        if self.options.no_verify {
            return Ok(None);
        }
        let nobody = self.account(app.clone(), TokenKind::App, None)?;
        let asker = Asker::new(self.scope.host(), &app.client_id, signer)
            .map_err(|trouble| self.unchecked(&nobody, trouble))?;
        let slug = asker.slug().map_err(|trouble| self.unchecked(&nobody, trouble))?;
        asker.clock().iter().for_each(|note| terminal::say(note));
        let remote = self.scope.as_remote();
        let found = match self.scope.repo() {
            Some(_) => asker.at(self.owner, &remote, Some(&slug)),
            None => asker.of(self.owner, Some(&slug)).and_then(crate::app::Installation::usable),
        };
        match found {
            Ok(installation) if installation.permission("contents").is_none() => {
                self.say_missing(&installation.lacks("contents: read and write"));
            }
            Ok(_) => {}
            // It is kept all the same: whoever installs it may be somebody else, and later.
            Err(AppError::Refused(refusal)) => self.say_missing(&refusal),
            Err(trouble) => return Err(self.unchecked(&nobody, trouble)),
        }
        Ok(Some(format!("{slug}[bot]")))
    }

    fn unchecked(&self, account: &Account, trouble: AppError) -> Failure {
        let may_keep = trouble.is_passing();
        let failure = app_failure(account, trouble);
        if may_keep { failure.remedy("or store it unchecked: --no-verify") } else { failure }
    }

    fn say_missing(&self, refusal: &crate::verdict::AppRefusal) {
        let verdict = refusal.verdict(self.owner.as_str());
        let head = format!("not usable for {} yet: {} ({})", self.owner, verdict.means, verdict.id);
        let page = verdict.page.as_ref().map(|page| format!("page: {page}"));
        let lines: Vec<String> = std::iter::once(head).chain(verdict.fix).chain(page).collect();
        terminal::say(&lines.join("\n"));
        if let Some(page) = verdict.page.filter(|_| !self.options.no_browser) {
            self.session.open_page(&page);
        }
    }

    /// Has the person log in with a code on the App's behalf.
    fn log_in(&self, app: App, out: &mut dyn Write) -> Result<(), Failure> {
        let host = self.scope.host();
        let nobody = self.account(app.clone(), TokenKind::AppUser, None)?;
        let begun = device::begin(host, &app.client_id).map_err(|why| self.not_logged_in(&nobody, why))?;
        let page = Page::DeviceLogin.url(host.as_str()).unwrap_or_default();
        let code = terminal::paint(terminal::STRONG, &begun.user_code);
        terminal::say(&format!("open {page} on any device and enter this code:\n{code}"));
        if !self.options.no_browser {
            self.session.open_page(&page);
        }
        let pair = begun.wait().map_err(|why| self.not_logged_in(&nobody, why))?;
        let login = match self.options.no_verify {
            true => self.options.login.clone(),
            false => verify::ask(&add::client(host)?, self.scope, &pair.access)?.login,
        };
        let account = self.account(app, TokenKind::AppUser, login)?;
        self.keep_pair(account, &pair, out)
    }

    fn keep_pair(&self, account: Account, pair: &Pair, out: &mut dyn Write) -> Result<(), Failure> {
        if pair.expires.is_none() {
            terminal::say("this App's tokens do not expire: its owner has turned that off");
        }
        self.keep(account, Some(&pair.kept()), "login", out)
    }

    fn not_logged_in(&self, account: &Account, why: NotLoggedIn) -> Failure {
        let id = account.app.as_ref().map_or("CLIENT_ID", |app| app.client_id.as_str());
        let again = format!("git credential-patron add {} --app {id}", self.scope.short());
        match why {
            NotLoggedIn::Denied => Failure::failed("the login was cancelled in the browser").remedy(again),
            NotLoggedIn::Expired => {
                Failure::failed("the code has expired before it was entered").remedy(again)
            }
            NotLoggedIn::Disabled => Failure::failed("this App does not allow logging in with a code").remedy(
                "its owner must turn on \"Enable Device Flow\" on the App's page; or give the App's key: --key FILE",
            ),
            NotLoggedIn::NoApp => {
                Failure::failed(format!("{} knows no App with this client ID", self.scope.host()))
                    .remedy("copy the client ID from the App's page")
            }
            NotLoggedIn::Failed(trouble) => app_failure(account, trouble),
        }
    }

    /// Makes the account: the same scope and login as before is the same account.
    pub(super) fn account(
        &self,
        app: App,
        kind: TokenKind,
        login: Option<String>,
    ) -> Result<Account, Failure> {
        let verified = Verified { server: Server::GitHub, login, user_id: None, expires: None };
        let account = add::account(self.options, self.accounts, self.scope.clone(), kind, verified)?;
        Ok(Account { app: Some(app), place: VaultPlace::File, ..account })
    }

    fn keep(
        &self,
        account: Account,
        secret: Option<&Token>,
        what: &str,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let session = self.session;
        let replaced = self.accounts.iter().any(|known| known.id == account.id);
        let asking = if terminal::has_terminal() { Asking::MayPrompt } else { Asking::Never };
        let wish: Wish = add::wish(session, self.options);
        // Of a signer nothing is kept; what stands in its place shows that the vault takes its tokens.
        let nothing = Token::new(b"-".to_vec());
        let label = account.label.clone();
        let keep = Keep { account, secret: secret.unwrap_or(&nothing), refresh: None };
        let kept = keeping::keep(&session.paths, keep, &wish, asking).map_err(|why| match why {
            NotKept::Vault(trouble) => vault_failure(format!("cannot store the {what} of {label}"), trouble),
            NotKept::List(trouble) => list_failure(trouble),
            NotKept::Forbidden(forbidden) => forbidden_failure(&forbidden),
        })?;
        // Tokens of an earlier App at this place.
        let minted = vault::minted_id(&kept.account);
        let item = vault::Item { id: &minted, ..vault::item(&kept.account) };
        let _ = vault::open(&kept.account.place, &session.paths, asking).remove(&item);
        let written = self.report(&kept, replaced, what, out);
        written.map_err(|error| {
            Failure::failed("it is stored, but the output could not be written").because(error)
        })?;
        add::hint_at_setup(session, self.scope);
        Ok(())
    }

    fn report(
        &self,
        kept: &keeping::Kept,
        replaced: bool,
        what: &str,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        let account = &kept.account;
        if let Some(why) = &kept.no_keyring {
            writeln!(
                out,
                "there is no keyring service here ({why}), so it is stored in a file, {}",
                files::PRIVATE
            )?;
        }
        let verb = if replaced { "replaced" } else { "added" };
        let login = account.login.as_deref().map_or_else(String::new, |login| format!(", of {login}"));
        let gives = match account.kind {
            TokenKind::AppUser => "acts for you",
            _ => "mints a token for each repository when git asks",
        };
        writeln!(
            out,
            "{verb} {}: GitHub App for {}{login}, {what} stored in the {}; it {gives}",
            account.label,
            account.scope,
            account.place.name()
        )
    }
}

/// Says that a command needs an App where there is none.
pub(super) fn needs_app(scope: &Scope) -> Failure {
    let short = scope.short();
    Failure::new(
        Exit::Failed,
        format!("there is no GitHub App account for {short}, and GitHub lets no other token decide about tokens"),
    )
    .remedy(format!(
        "an owner of {short} makes one, with the button that lets it decide: git credential-patron add {short} --new-app"
    ))
    .remedy(format!(
        "or gives one the organization permission \"Personal access token requests: read and write\", installs it for {short}, and: git credential-patron add {short} --app CLIENT_ID --key FILE"
    ))
}
