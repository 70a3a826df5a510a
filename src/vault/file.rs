//! The file vault: `secrets.toml`, readable by its user alone, one line a secret.
//!
//! ```toml
//! version = 1
//! [secrets]
//! "https://github.com/acme#mona" = "..."
//! ```

use super::{Holding, Item, Items, Vault, VaultError};
use crate::files::{self, Care};
use crate::token::Token;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
use toml_edit::{DocumentMut, Item as Entry, Key, Table, value};
use zeroize::Zeroizing;

/// The version of the file that this program writes.
const VERSION: i64 = 1;
/// How long a writer waits for another one. Each holds the lock for some milliseconds.
const WAIT: Duration = Duration::from_secs(10);

/// The secrets in one file.
#[derive(Debug, Clone)]
pub(crate) struct FileVault {
    path: PathBuf,
    locks: PathBuf,
}

#[derive(Deserialize)]
struct SecretsFile<'a> {
    #[serde(borrow, default)]
    secrets: HashMap<SecretText<'a>, SecretText<'a>>,
}

/// A text that is not copied out of the file: a plain `Cow` in a map always is, and nobody wipes the copies.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct SecretText<'a>(#[serde(borrow)] Cow<'a, str>);

impl FileVault {
    /// Names the file and the folder of locks; nothing is opened or made yet.
    pub(crate) fn new(path: PathBuf, locks: PathBuf) -> Self {
        Self { path, locks }
    }

    /// Tells whether the file vault is in use already.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Names all secrets that lie there.
    pub(crate) fn ids(&self) -> Result<Vec<String>, VaultError> {
        let Some(bytes) = files::read(&self.path, Care::Secret)? else { return Ok(Vec::new()) };
        let text = self.text(&bytes)?;
        let mut ids: Vec<String> = self.all(&bytes, text)?.into_keys().map(|id| id.0.into_owned()).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn corrupt(&self, bytes: &[u8], message: &str, span: Option<std::ops::Range<usize>>) -> VaultError {
        // The parser's own text is left out on purpose where it could quote the line, which holds a secret.
        let at = span.map_or_else(String::new, |span| {
            let (line, column) = position(bytes, span.start);
            format!("line {line}, column {column}: ")
        });
        VaultError::Corrupt { path: self.path.clone(), fact: format!("{at}{message}") }
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, VaultError> {
        std::str::from_utf8(bytes).map_err(|error| {
            self.corrupt(bytes, "this is not UTF-8 text", Some(error.valid_up_to()..error.valid_up_to()))
        })
    }

    fn all<'a>(
        &self,
        bytes: &[u8],
        text: &'a str,
    ) -> Result<HashMap<SecretText<'a>, SecretText<'a>>, VaultError> {
        let file: Result<SecretsFile<'_>, _> = toml::from_str(text);
        Ok(file.map_err(|error| self.corrupt(bytes, "this is not a file of secrets", error.span()))?.secrets)
    }

    /// Changes the table of secrets under the lock.
    fn edit<T>(&self, change: impl FnOnce(&mut Table) -> T) -> Result<T, VaultError> {
        // Before a lock is made beside what a link leads to.
        files::check(&self.path, Care::Secret)?;
        let lock = files::lock(&self.path, &self.locks, WAIT)?;
        let bytes = lock.read(Care::Secret)?.unwrap_or_default();
        let text = self.text(&bytes)?;
        let mut document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| self.corrupt(&bytes, "this is not TOML", error.span()))?;
        let version = document.entry("version").or_insert(value(VERSION)).as_integer().unwrap_or(VERSION);
        if version > VERSION {
            let fact =
                format!("it was written by a newer patron (version {version}); this one only reads it");
            return Err(VaultError::Corrupt { path: self.path.clone(), fact });
        }
        let table = document.entry("secrets").or_insert(Entry::Table(Table::new())).as_table_mut();
        let table = table.ok_or_else(|| self.corrupt(&bytes, "\"secrets\" is not a table", None))?;
        let outcome = change(table);
        let text = Zeroizing::new(document.to_string());
        lock.replace(text.as_bytes(), Care::Secret)?;
        Ok(outcome)
    }
}

impl Vault for FileVault {
    fn read(&self, item: &Item<'_>) -> Result<Option<Token>, VaultError> {
        let Some(bytes) = files::read(&self.path, Care::Secret)? else { return Ok(None) };
        let text = self.text(&bytes)?;
        let secrets = match line_of(text, item.id).map(toml::from_str) {
            Some(Ok(only)) => only,
            _ => self.all(&bytes, text)?,
        };
        let secret = secrets.get(&SecretText(item.id.into()));
        Ok(secret.map(|SecretText(secret)| Token::new(secret.as_bytes().to_vec())))
    }

    fn write(&self, item: &Item<'_>, token: &Token) -> Result<(), VaultError> {
        let secret = std::str::from_utf8(token.expose())
            .map_err(|_| VaultError::Unfit("it is not UTF-8 text, and the file vault holds only such"))?;
        self.edit(|secrets| {
            secrets.insert(item.id, value(secret));
        })
    }

    fn remove(&self, item: &Item<'_>) -> Result<bool, VaultError> {
        if !self.exists() {
            return Ok(false);
        }
        self.edit(|secrets| secrets.remove(item.id).is_some())
    }

    fn holding(&self, items: Items<'_, '_>, secret: &Token) -> Result<Holding, VaultError> {
        let none = Holding { ids: Vec::new(), is_complete: true };
        let Some(bytes) = files::read(&self.path, Care::Secret)? else { return Ok(none) };
        let text = self.text(&bytes)?;
        let Ok(secret) = std::str::from_utf8(secret.expose()) else { return Ok(none) };
        // A text without escapes holds what it holds as it is: no need to parse all of it.
        if !text.contains('\\') && memchr::memmem::find(text.as_bytes(), secret.as_bytes()).is_none() {
            return Ok(none);
        }
        let secrets = self.all(&bytes, text)?;
        let holds =
            |item: &Item<'_>| secrets.get(&SecretText(item.id.into())).is_some_and(|kept| kept.0 == secret);
        Ok(Holding { ids: items.filter(holds).map(|item| item.id.to_owned()).collect(), is_complete: true })
    }
}

/// Finds the one line that holds a secret, so that the others need not be parsed: with 1,000 of them that
/// is a fifth of the time of `get` (measured).
///
/// It is sought in the form in which this program writes it, and not at all where a line could be a part of
/// a longer string; what is not found so is left to the parser of the whole.
fn line_of<'a>(text: &'a str, id: &str) -> Option<&'a str> {
    let (_, table) = text.split_once("\n[secrets]\n")?;
    let start = format!("{} = ", Key::new(id).display_repr());
    let line =
        table.lines().take_while(|line| !line.starts_with('[')).find(|line| line.starts_with(&start))?;
    let before = &text[..line.as_ptr().addr() - text.as_ptr().addr()];
    (!before.contains("\"\"\"") && !before.contains("'''")).then_some(line)
}

/// Counts line and column of a place in a text, from 1.
pub(crate) fn position(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn item(id: &str) -> Item<'_> {
        Item { id, host: "github.com", owner: None, label: "x" }
    }

    fn secret(text: &str) -> Token {
        Token::new(text.as_bytes().to_vec())
    }

    fn vault() -> (tempfile::TempDir, FileVault) {
        let home = tempfile::tempdir().expect("a folder");
        let vault = FileVault::new(home.path().join("data/secrets.toml"), home.path().join("locks"));
        (home, vault)
    }

    #[test]
    fn what_is_kept_is_read_back_whatever_it_holds() {
        let (_home, vault) = vault();
        assert_eq!(vault.read(&item("a")).expect("fine"), None);
        for text in ["plain", "", "q\"uo\\te'", "ümläut", "#=[x]", "'''", "trailing "] {
            vault.write(&item("https://github.com/a#b"), &secret(text)).expect("kept");
            assert_eq!(vault.read(&item("https://github.com/a#b")).expect("fine"), Some(secret(text)));
        }
        assert!(vault.remove(&item("https://github.com/a#b")).expect("fine"));
        assert!(!vault.remove(&item("https://github.com/a#b")).expect("fine"));
        assert!(matches!(vault.write(&item("a"), &Token::new(vec![0xff])), Err(VaultError::Unfit(_))));
    }

    #[test]
    fn a_secret_is_found_in_any_form_of_the_file_and_never_in_another_table() {
        let (_home, vault) = vault();
        vault.write(&item("a"), &secret("b")).expect("kept");
        for (text, found) in [
            ("version = 1\n[secrets]\nb = \"1\"\na = \"2\"\n", Some("2")),
            ("version = 1\n[secrets]\na= '2' # mine\n", Some("2")),
            ("version = 1\r\n[secrets]\r\na = \"2\"\r\n", Some("2")),
            ("version = 1\nsecrets = { a = \"2\" }", Some("2")),
            ("version = 1\nsecrets.a = \"2\"", Some("2")),
            ("[secrets]\n\"\\u0061\" = \"\\u0032\"", Some("2")),
            ("a = \"1\"\n[old]\na = \"1\"\n[secrets]\na = \"2\"\n[older]\na = \"1\"\n", Some("2")),
            ("a = \"1\"\n# [secrets]\n[secrets]\nb = \"1\"\n[old]\na = \"1\"\n", None),
            ("a = \"\"\"\n[secrets]\na = \"1\"\n\"\"\"\n[secrets]\nb = \"1\"\n", None),
            ("a = '''\n[secrets]\na = \"1\"\n'''\n[secrets]\na = \"2\"\n", Some("2")),
            ("version = 1\n[secrets]\nab = \"1\"\n", None),
        ] {
            std::fs::write(&vault.path, text).expect("written");
            assert_eq!(vault.read(&item("a")).expect("read"), found.map(secret), "{text}");
        }
    }

    #[test]
    fn a_corrupt_file_is_named_by_line_and_never_quoted_or_rewritten() {
        let (_home, vault) = vault();
        vault.write(&item("a"), &secret("b")).expect("kept");
        let broken = "version = 1\n[secrets]\n\"a\" = canary\n";
        std::fs::write(&vault.path, broken).expect("broken");
        for trouble in [
            vault.read(&item("a")).expect_err("corrupt"),
            vault.write(&item("c"), &secret("d")).expect_err("corrupt"),
            vault.remove(&item("a")).map(|_| ()).expect_err("corrupt"),
        ] {
            let text = trouble.to_string();
            assert!(text.contains("secrets.toml: line 3, column"), "{text}");
            assert!(!text.contains("cana"), "{text}");
        }
        assert_eq!(std::fs::read_to_string(&vault.path).expect("there"), broken);
    }

    #[test]
    fn unknown_keys_stay_and_a_newer_version_is_only_read() {
        let (_home, vault) = vault();
        vault.write(&item("a"), &secret("b")).expect("kept");
        let text = std::fs::read_to_string(&vault.path).expect("there");
        std::fs::write(&vault.path, format!("# mine\nfuture = true\n{text}")).expect("edited");
        vault.write(&item("c"), &secret("d")).expect("kept");
        let text = std::fs::read_to_string(&vault.path).expect("there");
        assert!(text.starts_with("# mine\nfuture = true\n") && text.contains("\"d\""), "{text}");
        std::fs::write(&vault.path, text.replace("version = 1", "version = 2")).expect("edited");
        assert_eq!(vault.read(&item("c")).expect("read"), Some(secret("d")));
        let refused = vault.write(&item("e"), &secret("f")).expect_err("refused").to_string();
        assert!(refused.contains("newer patron (version 2)"), "{refused}");
    }
}
