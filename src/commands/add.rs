//! `add`: keeps the token for an owner, a repository or a host.
//!
//! The token comes from the terminal, hidden, or from stdin; never from an argument, where every process
//! of the machine could read it. Unless told not to, GitHub is asked whose it is and when it expires.

use super::{Session, list_failure, vault_failure};
use crate::accounts::default_id;
use crate::choose::{Account, Place};
use crate::cli::{Add, VaultName};
use crate::error::Failure;
use crate::keeping::{self, Keep, NotKept, Wish, free_label};
use crate::pages::{NewToken, Page};
use crate::remote::{SCOPE_LOOKS_LIKE, Scope, Server};
use crate::terminal;
use crate::token::{Token, TokenKind};
use crate::vault::{self, Asking, Vault};
use crate::verify::{self, Verified};
use std::io::{Read, Write};

/// How many bytes of stdin are read for a token: more than any token has.
const MOST_STDIN: u64 = 64 * 1024;

/// Keeps one token.
pub fn run(session: &Session, options: &Add, out: &mut dyn Write) -> Result<(), Failure> {
    let scope = Scope::parse(&options.scope)
        .map_err(|why| Failure::usage(why.to_string()).remedy(SCOPE_LOOKS_LIKE))?;
    check_names(options)?;
    let accounts = session.accounts().map_err(list_failure)?;
    if let Some(label) = &options.label
        && let Some(taken) = accounts.iter().find(|account| account.label == *label && account.scope != scope)
    {
        // Who it is for is known, whose it is not yet.
        let wanted = Account { id: String::new(), scope, login: options.login.clone(), ..taken.clone() };
        return Err(taken_label(&accounts, taken, &wanted));
    }
    let secret = match &options.command {
        Some(command) => from_command(command)?,
        None => tidy(read_token(session, options, &scope)?),
    };
    let (kept, replaced) = keep(session, options, scope, &secret, &accounts)?;
    report(out, &kept, replaced, session.now)
        .map_err(|error| Failure::failed("the token is kept, but that cannot be written").because(error))?;
    hint_at_setup(session, &kept.account.scope);
    Ok(())
}

/// Finds out whose secret it is, and keeps it; tells whether it took the place of an earlier one.
pub(super) fn keep(
    session: &Session,
    options: &Add,
    scope: Scope,
    secret: &Token,
    accounts: &[Account],
) -> Result<(keeping::Kept, bool), Failure> {
    if let Some(why) = secret.unusable() {
        return Err(Failure::failed(format!("this is not usable as a token: {why}"))
            .remedy("copy the token alone, on one line"));
    }
    if secret.is_empty() {
        let remedy = match options.token_stdin {
            true => "see what the command before the pipe prints",
            false => "paste the token, or pipe it in with --token-stdin",
        };
        return Err(Failure::failed("no token came").remedy(remedy));
    }
    let kind = secret.kind();
    refuse_narrow_token(&scope, kind)?;
    let verified = check(session, options, &scope, secret, accounts)?;
    confirm_whole_host(options, &scope, kind, &verified)?;
    let account = account(options, accounts, scope, kind, verified)?;
    confirm_second_owner(session, options, &account, accounts, secret)?;
    let replaced = accounts.iter().any(|known| known.id == account.id);
    let asking = if terminal::has_terminal() { Asking::MayPrompt } else { Asking::Never };
    let keep = Keep { account, secret, refresh: None };
    let label = keep.account.label.clone();
    let kept =
        keeping::keep(&session.paths, keep, &wish(session, options), asking).map_err(|why| match why {
            NotKept::Vault(trouble) => vault_failure(format!("the token of {label} is not kept"), trouble),
            NotKept::List(trouble) => list_failure(trouble),
        })?;
    Ok((kept, replaced))
}

/// Refuses names that would not fit a line of output or a line of git's protocol.
fn check_names(options: &Add) -> Result<(), Failure> {
    for (what, name) in [("label", &options.label), ("login", &options.login)] {
        let Some(name) = name else { continue };
        let fits = !name.is_empty() && name.len() <= 200 && !name.chars().any(char::is_control);
        if !fits {
            return Err(Failure::usage(format!(
                "this is not usable as a {what}: it is empty, longer than 200 bytes, or holds a control character"
            )));
        }
    }
    Ok(())
}

/// Names a label that is free for the account that was to have the taken one.
fn taken_label(accounts: &[Account], taken: &Account, wanted: &Account) -> Failure {
    Failure::failed(format!("the label \"{}\" is taken by {}", taken.label, taken.scope))
        .remedy(format!("this one is free: --label {}", free_label(accounts, wanted)))
}

/// Reads the token hidden from the terminal, after showing where one is made; or from stdin.
fn read_token(session: &Session, options: &Add, scope: &Scope) -> Result<Token, Failure> {
    if options.token_stdin {
        return read_stdin();
    }
    if !terminal::has_terminal() {
        return Err(Failure::usage("there is no terminal to read the token from")
            .remedy("pipe it in: ... | git credential-patron add SCOPE --token-stdin"));
    }
    show_page(session, scope, !options.no_browser);
    Ok(terminal::read_hidden(&format!("token for {} (hidden): ", scope.short()))?)
}

fn read_stdin() -> Result<Token, Failure> {
    let mut bytes = Vec::with_capacity(MOST_STDIN as usize + 1);
    std::io::stdin()
        .lock()
        .take(MOST_STDIN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::failed("the token cannot be read from stdin").because(error))?;
    // One line end, as `echo` and `op read` add it; any other stays and is refused.
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    Ok(Token::new(bytes))
}

/// Drops the blanks that copying brings along; those around anything but a GitHub token may be part of it.
pub(super) fn tidy(token: Token) -> Token {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let bytes = token.expose();
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    let trimmed = Token::new(bytes[start..end].to_vec());
    if trimmed.kind().is_github() { trimmed } else { token }
}

/// Runs the account's command once: a command that does not work is better known now.
fn from_command(command: &str) -> Result<Token, Failure> {
    let place = Place::Command(command.to_owned());
    let nobody = vault::Item { id: "", host: "", owner: None, label: "" };
    match vault::command::CommandVault::new(command.to_owned()).read(&nobody) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(Failure::failed(format!("the {} printed no token", place.name()))),
        Err(trouble) => Err(vault_failure("the command does not give a token", trouble)),
    }
}

/// Prints the page that makes such a token, with its fields, and opens it where that is wanted.
pub(super) fn show_page(session: &Session, scope: &Scope, may_open: bool) {
    let Some(owner) = scope.owner() else { return show_classic_page(session, scope, may_open) };
    let form = NewToken::of(owner.as_str(), scope.repo());
    let fields = form.fields();
    let Some(address) = Page::New(form).url(scope.host().as_str()) else { return };
    terminal::say(&format!("make a token for {} here:", scope.short()));
    terminal::say(&format!("  {address}"));
    terminal::say("the form should say (GitHub does not always fill it in):");
    for (field, value) in fields {
        terminal::say(&format!("  {field}: {value}"));
    }
    if may_open {
        session.open_page(&address);
    }
}

/// Prints the page that makes a token for a whole host, which a classic one alone can be for.
fn show_classic_page(session: &Session, scope: &Scope, may_open: bool) {
    let host = scope.host();
    if host.server_by_name() != Some(Server::GitHub) {
        return;
    }
    let Some(address) = (Page::ClassicNew { workflow: false }).url(host.as_str()) else { return };
    terminal::say(&format!("make a classic token for all of {host} here:"));
    terminal::say(&format!("  {address}"));
    terminal::say(&format!(
        "a fine-grained token is for one owner: git credential-patron add {}",
        owner_on(scope)
    ));
    if may_open {
        session.open_page(&address);
    }
}

/// Gives the scope that a fine-grained token of a host would have.
fn owner_on(scope: &Scope) -> String {
    match scope.host().as_str() {
        crate::remote::GITHUB => "OWNER".to_owned(),
        host => format!("{host}/OWNER"),
    }
}

/// A fine-grained token has one owner: for a whole host it would be sent where it is worth nothing.
fn refuse_narrow_token(scope: &Scope, kind: TokenKind) -> Result<(), Failure> {
    let is_github = scope.host().server_by_name() != Some(Server::Plain);
    if scope.is_whole_host() && kind == TokenKind::FineGrained && is_github {
        return Err(Failure::failed(format!(
            "a fine-grained token opens one owner's repositories, not all of {}",
            scope.host()
        ))
        .remedy(format!("name its owner: git credential-patron add {}", owner_on(scope))));
    }
    Ok(())
}

/// Asks the host whose token it is.
fn check(
    session: &Session,
    options: &Add,
    scope: &Scope,
    secret: &Token,
    accounts: &[Account],
) -> Result<Verified, Failure> {
    let known_server =
        accounts.iter().find(|known| known.scope.host() == scope.host()).map(|known| known.server);
    if options.no_verify {
        let server = scope
            .host()
            .server_by_name()
            .or(known_server)
            .unwrap_or_else(|| verify::likely_server(scope, secret.kind()));
        return Ok(Verified { server, login: options.login.clone(), expires: None });
    }
    let verified = verify::ask(&session.client(scope.host())?, scope, secret)?;
    match (&options.login, &verified.login) {
        (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) => {
            Err(Failure::failed(format!("this is a token of {found}, not of {wanted}"))
                .remedy(format!("make it as {wanted}, or leave --login out")))
        }
        (Some(wanted), None) => Ok(Verified { login: Some(wanted.clone()), ..verified }),
        _ => Ok(verified),
    }
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
        "this {} token will be sent for every owner on {} without an account of its own: keep it?",
        kind.id(),
        scope.host()
    );
    if asks && !terminal::ask_yes_no(&question, false)? {
        return Err(Failure::failed("nothing was kept"));
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
    let knows = outcomes.knowing(secret);
    let with_it = || accounts.iter().filter(|known| knows(&known.id));
    // Said once, and meant.
    if with_it().any(|known| known.scope.owner().is_some_and(|other| other == owner)) {
        return Ok(());
    }
    let Some(known) = with_it().find(|known| !known.scope.is_whole_host()) else { return Ok(()) };
    let fact = format!(
        "this is the token of \"{}\" already, and a fine-grained token is for one owner's repositories",
        known.label
    );
    if options.yes || options.token_stdin || !terminal::has_terminal() {
        terminal::say(&format!(
            "{fact}; if it is not for {owner}: git credential-patron remove {}",
            account.label
        ));
        return Ok(());
    }
    if !terminal::ask_yes_no(&format!("{fact}: keep it for {owner}, too?"), false)? {
        return Err(Failure::failed("nothing was kept").remedy(format!(
            "make a token whose resource owner is {owner}: git credential-patron add {}",
            account.scope.short()
        )));
    }
    Ok(())
}

/// Makes the account: the same scope and login as before is the same account.
fn account(
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
    let same_scope = |known: &Account| known.scope.to_string().eq_ignore_ascii_case(&scope.to_string());
    let known = accounts.iter().find(|known| same_scope(known) && same_login(known));
    let mut account = Account {
        id: known.map_or_else(
            || default_id(&scope.to_string(), verified.login.as_deref()),
            |known| known.id.clone(),
        ),
        label: String::new(),
        scope: known.map_or(scope, |known| known.scope.clone()),
        server: verified.server,
        login: verified.login,
        kind,
        expires: verified.expires,
        place: options.command.clone().map_or(Place::File, Place::Command),
        refresh: false,
        learned: false,
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

fn wish(session: &Session, options: &Add) -> Wish {
    match options.vault {
        Some(VaultName::Keyring) => Wish::There(Place::Keyring),
        Some(VaultName::File) => Wish::There(Place::File),
        None => session.vault_wish().unwrap_or(Wish::KeyringElseFile),
    }
}

pub(super) fn report(
    out: &mut dyn Write,
    kept: &keeping::Kept,
    replaced: bool,
    now: i64,
) -> std::io::Result<()> {
    let account = &kept.account;
    if let Some(why) = &kept.no_keyring {
        writeln!(
            out,
            "there is no keyring service here ({why}), so the token lies in a file that only you can read"
        )?;
    }
    let verb = if replaced { "replaced" } else { "added" };
    let login = account.login.as_deref().map_or_else(String::new, |login| format!(", of {login}"));
    let expires =
        account.expires.map_or_else(String::new, |at| format!(", expires {}", crate::time::expiry(at, now)));
    let place = match &account.place {
        Place::Command(_) => "asked from the command each time".to_owned(),
        place => format!("in the {}", place.name()),
    };
    writeln!(
        out,
        "{verb} {}: {} token for {}{login}{expires}, {place}",
        account.label,
        account.kind.id(),
        account.scope
    )
}

/// Names the command that makes git ask us for this host, where it does not yet.
fn hint_at_setup(session: &Session, scope: &Scope) {
    if session.is_set_up(scope) == Some(false) {
        let host = scope.host();
        let option =
            if host.as_str() == crate::remote::GITHUB { String::new() } else { format!(" --host {host}") };
        terminal::say(&format!(
            "git does not ask patron for {host} yet: git credential-patron setup{option}"
        ));
    }
}
