//! `add OWNER --new-app`: makes a GitHub App for the owner, and keeps its key.
//!
//! A page of ours says what will be made and sends the browser to GitHub, a person presses *Create GitHub App*
//! there, and the browser comes back with a code for which GitHub gives the key, once. Of GitHub's answer the key
//! goes to the vault, names to the list, and the rest nowhere.

mod page;

use super::add_app::{self, AddingApp};
use crate::account::{Account, App};
use crate::app::manifest::{MadeApp, PlannedApp};
use crate::browser::NoBrowser;
use crate::cli::Add;
use crate::error::{Exit, Failure};
use crate::loopback::{Astray, Loopback};
use crate::machine::Machine;
use crate::pages::Page;
use crate::remote::{Owner, Scope, Server};
use crate::session::{Session, forbidden_failure, list_failure};
use crate::terminal::{self, Spinner};
use crate::token::{Token, TokenKind};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

/// How long each step may take.
const STEP: Duration = Duration::from_secs(60);
/// Random bytes of the state.
const STATE: usize = 32;
/// Characters of the mark that makes the App's name one that nobody has yet.
const MARK: usize = 5;

/// Makes the App.
pub(super) fn run(session: &Session, options: &Add, out: &mut dyn Write) -> Result<(), Failure> {
    let (scope, owner) = add_app::scope(&options.scope)?;
    if scope.host().server_by_name() == Some(Server::Plain) {
        return Err(Failure::usage(format!("{} has no GitHub Apps", scope.host())));
    }
    if let Some(label) = &options.label {
        super::add::check_name("label", label)?;
    }
    Machine::read()
        .may_keep(&scope, TokenKind::App, None)
        .map_err(|forbidden| forbidden_failure(&forbidden))?;
    let accounts = session.accounts().map_err(list_failure)?;
    let making = Making { session, options, accounts: &accounts, scope: &scope, owner: &owner };
    let mut loopback = Loopback::open().map_err(|error| making.astray(Astray::Io(error)))?;
    let random = random()?;
    let plan = PlannedApp::new(scope.host(), &owner, loopback.way_back(), (random.clone(), &random[..MARK]));
    terminal::say("open this page in a browser on this machine; it says what will be made:");
    terminal::say(&format!("  {}", loopback.address()));
    if session.may_open_page() == Err(NoBrowser::Ssh) {
        let port = loopback.port();
        terminal::say(&format!(
            "this is an SSH session; the machine before you reaches the page by: ssh -L {port}:127.0.0.1:{port} ..."
        ));
    }
    if !options.no_browser {
        session.open_own_page(loopback.port());
    }
    let landed = {
        let _spinner = Spinner::start("waiting for the browser (a minute for each step) ...");
        loopback
            .show(&page::start(&plan), STEP)
            .and_then(|()| loopback.landed(&plan.state, STEP))
            .map_err(|why| making.astray(why))?
    };
    let kept = making.take(&landed.code, out);
    landed.answer(&match &kept {
        Ok(made) => page::kept(&owner, made, making.install(made).as_deref()),
        Err(_) => page::failed(&owner),
    });
    kept.map(drop)
}

/// What is being made, and for whom.
struct Making<'a> {
    session: &'a Session,
    options: &'a Add,
    accounts: &'a [Account],
    scope: &'a Scope,
    owner: &'a Owner,
}

impl Making<'_> {
    /// Fetches the App, keeps its key, and says what is left to be done.
    fn take(&self, code: &Token, out: &mut dyn Write) -> Result<MadeApp, Failure> {
        let host = self.scope.host();
        let adding = AddingApp {
            session: self.session,
            options: self.options,
            accounts: self.accounts,
            scope: self.scope,
            owner: self.owner,
        };
        let made = MadeApp::fetch(host, code).map_err(|trouble| {
            let exit = if trouble.is_passing() { Exit::Unchecked } else { Exit::Failed };
            let failure = Failure::new(exit, "the key of the App that was made could not be fetched");
            self.listed(failure.because(trouble)).remedy(format!(
                "make a key there, and keep that: git credential-patron add {} --app CLIENT_ID --key FILE",
                self.scope.short()
            ))
        })?;
        let own = Page::AppSettings { org: made.org(), slug: made.slug.clone() };
        let own = own.url(host.as_str()).unwrap_or_default();
        if !made.owner.eq_ignore_ascii_case(self.owner.as_str()) {
            return Err(Failure::failed(format!(
                "the App was made for {}, who alone can install it, and not for {}: its key is not kept",
                made.owner, self.owner
            ))
            .remedy(format!("delete it, in its advanced settings: {own}"))
            .remedy(format!(
                "sign in to GitHub as {}, and begin again: {}",
                self.owner,
                self.again()
            )));
        }
        let app = App { client_id: made.client_id.clone(), signer: None };
        let login = format!("{}[bot]", made.slug);
        adding.keep_new(app, &made.key, login, out).map_err(|failure| {
            failure
                .remedy(format!("the App is there and its key is lost: make another on its page, {own}"))
                .remedy(format!(
                    "and keep that: git credential-patron add {} --app {} --key FILE",
                    self.scope.short(),
                    made.client_id
                ))
        })?;
        terminal::say("left for you to do, since no program can:");
        if let Some(install) = self.install(&made) {
            terminal::say(&format!("  install it for {}: {install}", self.owner));
        }
        terminal::say(&format!(
            "  if people are to log in with a code (--app {}): tick \"Enable Device Flow\": {own}",
            made.client_id
        ));
        Ok(made)
    }

    fn install(&self, made: &MadeApp) -> Option<String> {
        Page::InstallApp(made.slug.clone()).url(self.scope.host().as_str())
    }

    fn again(&self) -> String {
        format!("git credential-patron add {} --new-app", self.scope.short())
    }

    fn astray(&self, why: Astray) -> Failure {
        let may_be_made =
            matches!(why, Astray::NotBack | Astray::WrongState | Astray::Twice | Astray::NoCode);
        let failure = Failure::failed("no App was taken over")
            .because(why)
            .remedy(format!("begin again: {}", self.again()));
        if may_be_made { self.listed(failure) } else { failure }
    }

    /// Says where an App stands that was made and not taken over.
    fn listed(&self, failure: Failure) -> Failure {
        let host = self.scope.host().as_str();
        let (org, own) = (Page::Apps { org: Some(self.owner.to_string()) }, Page::Apps { org: None });
        let pages: Vec<String> = [org, own].iter().filter_map(|page| page.url(host)).collect();
        failure.remedy(format!("an App that was made all the same is listed there: {}", pages.join(" or ")))
    }
}

fn random() -> Result<String, Failure> {
    let mut bytes = [0; STATE];
    getrandom::fill(&mut bytes).map_err(|_| Failure::failed("the system gives no random bytes"))?;
    let mut text = String::with_capacity(2 * STATE);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
