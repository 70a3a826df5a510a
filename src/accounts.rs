//! `accounts.toml`: the list of accounts. It holds no secret, has a version, and keeps what it does not
//! understand, so that it can lie among dotfiles and be edited by hand.
//!
//! ```toml
//! version = 1
//!
//! [[account]]
//! label = "acme"
//! scope = "https://github.com/acme"
//! login = "mona"
//! kind = "fine-grained"
//! expires = "2027-06-01T00:00:00Z"
//! vault = "keyring"
//! ```
//!
//! Further keys: `command` (with `vault = "command"`), `server = "github" | "plain"` where the host's name
//! does not tell, `app` (the client ID of a GitHub App) with `sign` (the command that signs for it), `learned = true`, `refresh = true`, `exact = true` where a plain host's
//! scope was kept in its own spelling, and `id` where it is not `SCOPE#LOGIN`.

use crate::account::{Account, App, VaultPlace};
use crate::files::{self, Care, FileError, Lock};
use crate::remote::{Host, Owner, Scope, Server};
use crate::terminal;
use crate::time;
use crate::token::TokenKind;
use crate::vault::file::position;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// The version of the file that this program writes.
const VERSION: i64 = 1;
/// How much of the list is parsed at a time, in bytes.
const PIECE: usize = 4096;
/// How long an account's table is at least, in bytes: room for all of them is made at once.
const SHORT_TABLE: usize = 100;
/// How long a writer waits for another one.
const WAIT: Duration = Duration::from_secs(10);

/// Why the list cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    /// The file cannot be opened, locked or replaced.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not what it should be; it is never rewritten then.
    #[error("{}: {}{fact}", path.display(), place_in_words(*at))]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Line and column, counted from 1.
        at: Option<(usize, usize)>,
        /// What is wrong.
        fact: String,
    },
    /// A newer program wrote it.
    #[error("{}: it was written by a newer patron (version {version}); this one only reads it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
}

fn place_in_words(at: Option<(usize, usize)>) -> String {
    at.map(|(line, column)| format!("line {line}, column {column}: ")).unwrap_or_default()
}

impl ListError {
    /// Says what mends it.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::File(trouble) => trouble.remedy(),
            Self::Corrupt { .. } => {
                Some("fix that line; patron never rewrites a file it cannot read".to_owned())
            }
            Self::Newer { .. } => Some("update git-credential-patron".to_owned()),
        }
    }
}

#[derive(Deserialize)]
struct ListFile<'a> {
    #[serde(borrow, default)]
    account: Vec<AccountEntry<'a>>,
}

#[derive(Default, Deserialize)]
struct AccountEntry<'a> {
    #[serde(borrow)]
    label: Cow<'a, str>,
    #[serde(borrow)]
    scope: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    login: Option<Cow<'a, str>>,
    #[serde(rename = "user-id")]
    user_id: Option<u64>,
    #[serde(default)]
    kind: TokenKind,
    #[serde(borrow)]
    expires: Option<Cow<'a, str>>,
    #[serde(borrow)]
    vault: Cow<'a, str>,
    #[serde(borrow)]
    command: Option<Cow<'a, str>>,
    #[serde(borrow)]
    server: Option<Cow<'a, str>>,
    #[serde(default)]
    learned: bool,
    #[serde(default)]
    refresh: bool,
    #[serde(default)]
    exact: bool,
    #[serde(borrow)]
    app: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sign: Option<Cow<'a, str>>,
}

/// What the list holds.
#[derive(Debug, Default)]
struct Accounts {
    /// The accounts.
    known: Vec<Account>,
    /// The entries that only a newer version, or nobody, understands.
    skipped: Vec<Skipped>,
    /// At which place in the file each known one stands.
    places: Vec<usize>,
    /// The others, that were not wanted.
    others: Others,
}

/// What is known of accounts that were read and not given.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Others {
    /// How many there are.
    pub count: usize,
    /// When the first token of theirs expires after now, in seconds since 1970.
    pub next_end: Option<i64>,
}

/// Which accounts of a list are wanted.
#[derive(Clone, Copy)]
enum Selection<'a> {
    All,
    /// Those that may serve an owner's places at one of GitHub's hosts: of others only what is wrong with them is
    /// found out. To make an account of each of a thousand entries takes more time than to read them.
    Near {
        host: &'a Host,
        owner: &'a Owner,
        now: i64,
    },
}

impl Selection<'_> {
    /// Passes over an entry that is in order and another owner's, as far as that shows at a glance: then it counts among
    /// the others.
    fn passes_over(self, raw: &AccountEntry<'_>, others: &mut Others) -> bool {
        let Self::Near { host, owner, now } = self else { return false };
        let scope = raw.scope.strip_prefix("https://").and_then(|rest| rest.strip_prefix(host.as_str()));
        let Some(other) = scope.and_then(|path| path.strip_prefix('/')) else { return false };
        let is_plain = other.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if other.is_empty()
            || !is_plain
            || other.eq_ignore_ascii_case(owner.as_str())
            || raw.vault == "command"
        {
            return false;
        }
        if let Some(text) = &raw.expires {
            let Some(end) = time::seconds(text) else { return false };
            if end > now {
                others.next_end = Some(others.next_end.map_or(end, |next| next.min(end)));
            }
        }
        others.count += 1;
        true
    }
}

/// An entry that is passed over, so that it does not stop the others; it stays in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the account \"{}\" is skipped: {}: line {line}, column {column}: {fact}", label.escape_debug(), path.display())]
struct Skipped {
    label: String,
    path: PathBuf,
    line: usize,
    column: usize,
    fact: &'static str,
}

/// Reads the accounts; an absent file is an empty list. Of entries that are skipped it says so, once in a process.
pub(crate) fn load(path: &Path) -> Result<Vec<Account>, ListError> {
    read(path, Selection::All).map(|accounts| accounts.known)
}

/// Reads the accounts that may serve an owner's places at one of GitHub's hosts, and tells of the others of that host.
/// What is wrong with those is said, or an error, as ever.
pub(crate) fn load_near(
    path: &Path,
    host: &Host,
    owner: &Owner,
    now: i64,
) -> Result<(Vec<Account>, Others), ListError> {
    read(path, Selection::Near { host, owner, now }).map(|accounts| (accounts.known, accounts.others))
}

fn read(path: &Path, selection: Selection<'_>) -> Result<Accounts, ListError> {
    static SAID: Once = Once::new();
    let Some(bytes) = files::read(path, Care::Deciding)? else { return Ok(Accounts::default()) };
    let accounts = parse(path, &bytes, selection)?;
    files::done_with(bytes);
    if !accounts.skipped.is_empty() {
        SAID.call_once(|| accounts.skipped.iter().for_each(|skipped| terminal::say(&skipped.to_string())));
    }
    Ok(accounts)
}

/// Parses the list a few accounts at a time, since parsing takes many times a text's size in memory, and
/// new memory costs time (measured: 1.3 ms for 1,000 accounts instead of 2.3).
///
/// A cut in the wrong place, such as the middle of a long string, leaves a piece that does not parse. Then,
/// and for every mistake, the whole is parsed, which knows the place of the mistake.
fn parse(path: &Path, bytes: &[u8], selection: Selection<'_>) -> Result<Accounts, ListError> {
    parse_by(PIECE, path, bytes, selection).or_else(|_| parse_by(usize::MAX, path, bytes, selection))
}

fn parse_by(size: usize, path: &Path, bytes: &[u8], selection: Selection<'_>) -> Result<Accounts, ListError> {
    let text = text_of(path, bytes)?;
    let mut accounts = Accounts::default();
    if matches!(selection, Selection::All) {
        accounts.known.reserve(text.len() / SHORT_TABLE);
    }
    let mut number = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let from = rest.floor_char_boundary(size);
        let end = rest[from..].find("\n[[account]]").map_or(rest.len(), |at| from + at + 1);
        let (piece, behind) = rest.split_at(end);
        let entries = match as_written(piece) {
            Some(entries) => entries,
            None => {
                if piece.len() < text.len() && !stands_alone(piece, rest.len() == text.len()) {
                    return Err(corrupt(path, text, None, "it cannot be read in pieces"));
                }
                let file: Result<ListFile<'_>, _> = toml::from_str(piece);
                let at = |error: &toml::de::Error| error.span().map(|span| span.start);
                file.map_err(|error| corrupt(path, text, at(&error), error.message()))?.account
            }
        };
        for raw in entries {
            let place = number;
            number += 1;
            if let Some((key, fact)) = not_understood(&raw) {
                let at = place_of(text, place, key).unwrap_or_default();
                let (line, column) = position(text.as_bytes(), at);
                let label = raw.label.into_owned();
                accounts.skipped.push(Skipped { label, path: path.to_owned(), line, column, fact });
                continue;
            }
            if selection.passes_over(&raw, &mut accounts.others) {
                continue;
            }
            let wrong = |key: &str, fact: &str| corrupt(path, text, place_of(text, place, key), fact);
            let before = accounts.known.last().map(|known| &known.scope);
            accounts.known.push(account(raw, before, wrong)?);
            accounts.places.push(place);
        }
        rest = behind;
    }
    Ok(accounts)
}

/// Tells whether a piece reads the same by itself as among the others: nothing but `[[account]]` tables is in it, and
/// in the first one other keys. What each piece may say, the file may not say twice, nor in two forms.
fn stands_alone(piece: &str, is_first: bool) -> bool {
    let fits =
        |(key, item): (&str, &Item)| if key == "account" { item.is_array_of_tables() } else { is_first };
    piece.parse::<DocumentMut>().is_ok_and(|document| document.iter().all(fits))
}

/// Reads entries in the form in which this program writes them, a value a line and nothing to unescape; none where
/// anything else stands, which is left to the parser of all TOML. That takes nine tenths of the time of a long list.
fn as_written(text: &str) -> Option<Vec<AccountEntry<'_>>> {
    let mut entries: Vec<AccountEntry<'_>> = Vec::with_capacity(text.len().min(PIECE) / SHORT_TABLE + 1);
    // What must be there, in the order of `label`, `scope`, `vault`.
    let mut missing = 0;
    // Whether the entry has a kind: one that is not known looks as if there were none.
    let mut has_kind = false;
    let mut has_version = false;
    for line in lines(text)? {
        if line.is_empty() {
            continue;
        }
        if line == "[[account]]" {
            entries.push(AccountEntry::default());
            missing += 3;
            has_kind = false;
            continue;
        }
        // Keys are short: a loop is faster than a search that is made for long texts.
        let (key, value) = line.split_at(line.bytes().position(|byte| byte == b' ')?);
        let value = value.strip_prefix(" = ")?;
        let Some(entry) = entries.last_mut() else {
            if key != "version" || std::mem::replace(&mut has_version, true) {
                return None;
            }
            plain_number::<i64>(value)?;
            continue;
        };
        let plain = || {
            let text = value.strip_prefix('"')?.strip_suffix('"')?;
            let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
            let is_fit = text.bytes().all(is_plain)
                || (!text.contains(['"', '\\']) && !text.contains(char::is_control));
            is_fit.then_some(Cow::Borrowed(text))
        };
        let is_again = match key {
            "label" | "scope" | "vault" => {
                missing -= 1;
                let field = match key {
                    "label" => &mut entry.label,
                    "scope" => &mut entry.scope,
                    _ => &mut entry.vault,
                };
                !std::mem::replace(field, plain()?).is_empty()
            }
            "id" => entry.id.replace(plain()?).is_some(),
            "login" => entry.login.replace(plain()?).is_some(),
            "user-id" => entry.user_id.replace(plain_number(value)?).is_some(),
            "expires" => entry.expires.replace(plain()?).is_some(),
            "command" => entry.command.replace(plain()?).is_some(),
            "server" => entry.server.replace(plain()?).is_some(),
            "kind" => {
                let name = plain()?;
                let name: StrDeserializer<'_, serde::de::value::Error> = name.as_ref().into_deserializer();
                entry.kind = TokenKind::deserialize(name).ok()?;
                std::mem::replace(&mut has_kind, true)
            }
            "learned" if value == "true" => std::mem::replace(&mut entry.learned, true),
            "refresh" if value == "true" => std::mem::replace(&mut entry.refresh, true),
            "exact" if value == "true" => std::mem::replace(&mut entry.exact, true),
            _ => return None,
        };
        if is_again {
            return None;
        }
    }
    // An empty label would look as if there were none.
    let is_whole =
        |entry: &AccountEntry<'_>| ![&entry.label, &entry.scope, &entry.vault].iter().any(|it| it.is_empty());
    (missing == 0 && entries.iter().all(is_whole)).then_some(entries)
}

/// Gives the lines of a text, with about a quarter of the instructions of `str::lines` where they are short (counted).
/// None if it ends in half an end of a line, which TOML does not know.
fn lines(text: &str) -> Option<impl Iterator<Item = &str>> {
    let last = (!text.ends_with('\n')).then_some(text.len());
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(last);
    let mut from = 0;
    let lines = ends.map(move |end| {
        let line = &text[from..end];
        from = end + 1;
        line.strip_suffix('\r').unwrap_or(line)
    });
    (!text.ends_with('\r')).then_some(lines)
}

/// Reads a number as this program writes it: TOML knows no `007`, and numbers with a sign or `_` are for its parser.
fn plain_number<T: FromStr>(text: &str) -> Option<T> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// Says which value of an entry this version does not know, if there is one.
fn not_understood(raw: &AccountEntry<'_>) -> Option<(&'static str, &'static str)> {
    if !matches!(&*raw.vault, "keyring" | "file" | "command") {
        return Some(("vault", "this vault is not keyring, file or command"));
    }
    let is_odd = raw.server.as_deref().is_some_and(|server| server_named(server).is_none());
    is_odd.then_some(("server", "this server is not github or plain"))
}

fn server_named(name: &str) -> Option<Server> {
    match name {
        "github" => Some(Server::GitHub),
        "plain" => Some(Server::Plain),
        _ => None,
    }
}

fn account(
    raw: AccountEntry<'_>,
    before: Option<&Scope>,
    wrong: impl Fn(&str, &str) -> ListError,
) -> Result<Account, ListError> {
    let scope = Scope::from_url_after(&raw.scope, before)
        .ok_or_else(|| wrong("scope", "this scope is not https://HOST/OWNER or https://HOST"))?;
    let place = match (&*raw.vault, raw.command) {
        ("keyring", _) => VaultPlace::Keyring,
        ("file", _) => VaultPlace::File,
        ("command", Some(command)) => VaultPlace::Command(command.into_owned()),
        _ => return Err(wrong("vault", "this account has vault = \"command\" and no command")),
    };
    let expires = match raw.expires {
        None => None,
        Some(text) => Some(
            time::seconds(&text)
                .ok_or_else(|| wrong("expires", "this is not a time such as 2027-06-01T00:00:00Z"))?,
        ),
    };
    Ok(Account {
        id: raw.id.map_or_else(|| default_id(&raw.scope, raw.login.as_deref()), Cow::into_owned),
        label: raw.label.into_owned(),
        server: scope
            .host()
            .server_by_name()
            .or_else(|| server_named(raw.server.as_deref()?))
            .unwrap_or(Server::GitHub),
        scope,
        login: raw.login.map(Cow::into_owned),
        user_id: raw.user_id,
        kind: raw.kind,
        expires,
        place,
        refresh: raw.refresh,
        learned: raw.learned,
        exact: raw.exact,
        app: raw.app.map(|client_id| App {
            client_id: client_id.into_owned(),
            signer: raw.sign.map(Cow::into_owned),
        }),
    })
}

fn text_of<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, ListError> {
    // Some editors begin a file with a byte order mark, and do not count it as a column.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .map_err(|error| corrupt(path, bytes, Some(error.valid_up_to()), "this is not UTF-8 text"))
}

fn corrupt(path: &Path, text: impl AsRef<[u8]>, at: Option<usize>, fact: &str) -> ListError {
    let fact = fact.lines().next().unwrap_or("this is not TOML").to_owned();
    ListError::Corrupt { path: path.to_owned(), at: at.map(|at| position(text.as_ref(), at)), fact }
}

/// Finds where a value of an account stands. Reads the whole text again, and is needed only where
/// something is wrong.
fn place_of(text: &str, number: usize, key: &str) -> Option<usize> {
    let document = toml_edit::Document::parse(text).ok()?;
    let value = document.as_item().get("account")?.get(number)?.get(key)?;
    value.span().map(|span| span.start)
}

/// Writes accounts as they stand in the list, for a note about some of them.
pub(crate) fn to_text(accounts: &[&Account]) -> String {
    let mut tables = ArrayOfTables::new();
    for account in accounts {
        let mut table = Table::new();
        write(&mut table, account);
        tables.push(table);
    }
    let mut document = DocumentMut::new();
    document["account"] = Item::ArrayOfTables(tables);
    document.to_string()
}

/// Reads what [`to_text`] wrote; other keys are passed over.
pub(crate) fn of_text(bytes: &[u8]) -> Option<Vec<Account>> {
    parse(Path::new(""), bytes, Selection::All).ok().map(|accounts| accounts.known)
}

/// Names the secret of a scope and login, where nothing else was written down.
pub(crate) fn default_id(scope: &str, login: Option<&str>) -> String {
    [scope, "#", login.unwrap_or_default()].concat()
}

/// The list under its lock: from here to [`Book::save`] nobody else changes it.
pub(crate) struct Book {
    path: PathBuf,
    lock: Lock,
    document: DocumentMut,
    accounts: Accounts,
    /// The file as it is.
    text: String,
}

impl Book {
    /// Locks the list and reads it. Refuses a file that cannot be understood or is newer.
    pub(crate) fn open(path: &Path, locks: &Path) -> Result<Self, ListError> {
        let lock = files::lock(path, locks, WAIT)?;
        let bytes = lock.read(Care::Deciding)?.unwrap_or_default();
        let accounts = parse(path, &bytes, Selection::All)?;
        let text = text_of(path, &bytes)?;
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            corrupt(path, text, error.span().map(|span| span.start), error.message())
        })?;
        let version = document.entry("version").or_insert(value(VERSION)).as_integer().unwrap_or(VERSION);
        if version > VERSION {
            return Err(ListError::Newer { path: path.to_owned(), version });
        }
        Ok(Self { path: path.to_owned(), lock, document, accounts, text: text.to_owned() })
    }

    /// Gives the accounts as they are in the file.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts.known
    }

    /// Gives the account with that id.
    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts().iter().find(|known| known.id == id)
    }

    /// Adds an account, or replaces what is known of the one with its id. Unknown keys stay.
    pub(crate) fn put(&mut self, account: &Account) -> Result<(), ListError> {
        let at = self.accounts.known.iter().position(|known| known.id == account.id);
        let place = at.map(|at| self.accounts.places[at]);
        let tables = self.tables()?;
        let new_place = tables.len();
        let table = match place {
            Some(place) => tables.get_mut(place),
            None => {
                tables.push(Table::new());
                tables.iter_mut().last()
            }
        };
        write(table.expect("the table was found or just pushed"), account);
        match at {
            Some(at) => self.accounts.known[at] = account.clone(),
            None => {
                self.accounts.known.push(account.clone());
                self.accounts.places.push(new_place);
            }
        }
        Ok(())
    }

    /// Writes an account in the place of the one with that id, which it may share or not. Unknown keys stay.
    pub(crate) fn rename(&mut self, id: &str, new: &Account) -> Result<(), ListError> {
        if let Some(known) = self.accounts.known.iter_mut().find(|known| known.id == id) {
            known.id.clone_from(&new.id);
        }
        self.put(new)
    }

    /// Takes an account out; tells whether it was there.
    pub(crate) fn remove(&mut self, id: &str) -> Result<bool, ListError> {
        let Some(at) = self.accounts.known.iter().position(|known| known.id == id) else { return Ok(false) };
        let place = self.accounts.places[at];
        self.tables()?.remove(place);
        self.accounts.known.remove(at);
        self.accounts.places.remove(at);
        self.accounts.places.iter_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        Ok(true)
    }

    /// Writes the list, if it has changed, and keeps the lock.
    pub(crate) fn write(&mut self) -> Result<(), ListError> {
        let text = self.document.to_string();
        if text != self.text {
            self.lock.replace(text.as_bytes(), Care::Deciding)?;
            self.text = text;
        }
        Ok(())
    }

    /// Writes the list, if it has changed, and gives up the lock.
    pub(crate) fn save(mut self) -> Result<(), ListError> {
        self.write()
    }

    fn tables(&mut self) -> Result<&mut ArrayOfTables, ListError> {
        let item = self.document.entry("account").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(inline) = item.as_array()
            && inline.is_empty()
        {
            *item = Item::ArrayOfTables(ArrayOfTables::new());
        }
        let path = self.path.clone();
        item.as_array_of_tables_mut().ok_or_else(|| ListError::Corrupt {
            path,
            at: None,
            fact: "\"account\" is not a list of [[account]] tables, so it cannot be changed here".to_owned(),
        })
    }
}

fn write(table: &mut Table, account: &Account) {
    let Account {
        id,
        label,
        scope,
        server,
        login,
        user_id,
        kind,
        expires,
        place,
        refresh,
        learned,
        exact,
        app,
    } = account;
    let scope_text = scope.to_string();
    let mut set = |key: &str, new: Option<toml_edit::Value>| match new {
        Some(new) => table[key] = Item::Value(new),
        None => {
            table.remove(key);
        }
    };
    set("label", Some(label.as_str().into()));
    set("scope", Some(scope_text.as_str().into()));
    set("login", login.as_deref().map(Into::into));
    set("user-id", user_id.and_then(|number| i64::try_from(number).ok()).map(Into::into));
    set("kind", Some(kind.id().into()));
    set("expires", expires.and_then(time::rfc3339).map(Into::into));
    set("vault", Some(place.name().into()));
    let command = match place {
        VaultPlace::Command(command) => Some(command.as_str().into()),
        VaultPlace::Keyring | VaultPlace::File => None,
    };
    set("command", command);
    let server = match (scope.host().server_by_name(), server) {
        (Some(_), _) => None,
        (None, Server::GitHub) => Some("github".into()),
        (None, Server::Plain) => Some("plain".into()),
    };
    set("server", server);
    set("learned", learned.then(|| true.into()));
    set("refresh", refresh.then(|| true.into()));
    set("exact", exact.then(|| true.into()));
    set("app", app.as_ref().map(|app| app.client_id.as_str().into()));
    set("sign", app.as_ref().and_then(|app| app.signer.as_deref()).map(Into::into));
    let is_default = *id == default_id(&scope_text, login.as_deref());
    set("id", (!is_default).then(|| id.as_str().into()));
}

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
#[cfg(all(test, unix))]
mod tests;
