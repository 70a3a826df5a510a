//! What was begun and broken off: a secret is kept, or forgotten, in two places, and a kill between them would leave
//! a secret that no account names, or an account whose secret is gone.
//!
//! So what is begun is noted in a small file of its own, without the secret, and the note goes when it is done. The
//! next command that lists or adds finds the notes of those that were killed, and brings to an end what they began.

use crate::account::{Account, VaultPlace, mixed_up};
use crate::accounts::{self, Book};
use crate::files::{self, Readers};
use crate::outcomes::Outcomes;
use crate::paths::Paths;
use crate::vault::{self, Asking};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a note of keeping begins, one of removing, and one of giving a secret another name.
const KEEP: &str = "doing = \"keep\"\n";
const REMOVE: &str = "doing = \"remove\"\n";
const MOVE: &str = "doing = \"move\"\n";
/// How long a dialog may keep a process at it, and more.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How many notes are looked at.
const MOST: usize = 64;

/// What is under way; its note goes with it.
#[must_use]
#[derive(Debug)]
pub(crate) struct UnderWay(Option<PathBuf>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(note) = &self.0 {
            // One that stays is looked at, and found to be done.
            let _ = fs::remove_file(note);
        }
    }
}

/// Notes that an account and its secret are about to be kept; `before` is what the list has of it now.
pub(super) fn keeping(paths: &Paths, account: &Account, before: Option<&Account>) -> UnderWay {
    let all: Vec<&Account> = std::iter::once(account).chain(before).collect();
    begin(paths, KEEP, &all)
}

/// Notes that an account and its secret are about to be forgotten.
pub(crate) fn removing(paths: &Paths, account: &Account) -> UnderWay {
    begin(paths, REMOVE, &[account])
}

/// Notes that an account's secret is about to go from one name to another.
pub(super) fn moving(paths: &Paths, from: &Account, to: &Account) -> UnderWay {
    begin(paths, MOVE, &[to, from])
}

/// Without a place for the note it is done all the same: only a kill at that very moment would be missed.
fn begin(paths: &Paths, doing: &str, accounts: &[&Account]) -> UnderWay {
    let folder = paths.unfinished();
    let note = folder.join(format!("{}.toml", std::process::id()));
    let text = [doing, &accounts::to_text(accounts)].concat();
    let is_noted = files::make_folder(&folder, Readers::Owner).is_ok()
        && files::put_note(&note, text.as_bytes()).is_ok();
    UnderWay(is_noted.then_some(note))
}

/// Gives the notes there are.
fn notes(paths: &Paths) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(paths.unfinished()).into_iter().flatten().flatten().map(|entry| entry.path()).take(MOST)
}

/// Tells whether whoever made a note is gone; none if that cannot be known.
fn is_left(note: &Path) -> Option<bool> {
    let pid = note.file_stem()?.to_str()?.parse().ok()?;
    let age = fs::symlink_metadata(note).and_then(|meta| meta.modified()).ok()?.elapsed().unwrap_or_default();
    // Nobody takes so long; the number is another process's by now.
    Some(age >= LONGEST || !files::is_running(pid))
}

/// Forgets what was begun to be removed under this name and broken off: something is kept under it again. To be called
/// while the list is held, as who brings it to an end holds it.
pub(super) fn outlive(paths: &Paths, id: &str) {
    let is_removing = |note: &Path| {
        let bytes = files::read(note, files::Care::Deciding).ok().flatten()?;
        let accounts = accounts::of_text(&bytes).filter(|_| bytes.starts_with(REMOVE.as_bytes()))?;
        Some(accounts.first()?.id == id)
    };
    let left = notes(paths).filter(|note| is_left(note) == Some(true));
    for note in left.filter(|note| is_removing(note) == Some(true)) {
        drop(UnderWay(Some(note)));
    }
}

/// Brings to an end what was broken off about accounts that are about to be changed: else what happens to them now and
/// what was begun before would mix, and leave an account without its secret, or a secret without an account.
pub(crate) fn settle(paths: &Paths, book: &mut Book, ids: &[&str]) {
    let is_left = |note: &PathBuf| is_left(note) == Some(true);
    for note in notes(paths).filter(is_left) {
        // A list that cannot be written shows itself to the caller, too; a locked vault leaves the note.
        let _ = end(paths, book, note, |about| about.iter().any(|account| ids.contains(&&account.id[..])));
    }
}

/// Brings to an end what was broken off, and names what does not fit together; one sentence each.
pub(crate) fn mend(paths: &Paths) -> Vec<String> {
    let mut said: Vec<String> = notes(paths).filter_map(|note| mend_one(paths, note)).collect();
    let accounts = accounts::load(&paths.accounts()).unwrap_or_default();
    said.extend(mismatches(paths, &accounts).unwrap_or_default());
    said.extend(mixed_up(&accounts).map(|(account, other)| {
        let (fact, fix) = super::mixed_up_in_words(account, other);
        format!("{}: {fact}: {fix}", account.label)
    }));
    said
}

fn mend_one(paths: &Paths, note: PathBuf) -> Option<String> {
    if !is_left(&note)? {
        return None;
    }
    let mut book = Book::open(&paths.accounts(), &paths.locks()).ok()?;
    end(paths, &mut book, note, |_| true)
}

/// Ends what a note tells of, if it is about accounts that are wanted. Gives what was done, if anything was to be done.
fn end(
    paths: &Paths,
    book: &mut Book,
    note: PathBuf,
    is_wanted: impl Fn(&[Account]) -> bool,
) -> Option<String> {
    // Another process may have ended it while this one waited for the list.
    let bytes = files::read(&note, files::Care::Deciding).ok().flatten()?;
    let is_doing = |what: &str| bytes.starts_with(what.as_bytes());
    let accounts = accounts::of_text(&bytes);
    if !accounts.as_deref().is_none_or(&is_wanted) {
        return None;
    }
    let done = UnderWay(Some(note));
    let accounts = accounts?;
    let (account, before) = (accounts.first()?, accounts.get(1));
    let ended = match before {
        _ if is_doing(REMOVE) => finish_removing(paths, book, account),
        Some(from) if is_doing(MOVE) => finish_moving(paths, book, from, account),
        _ => finish_keeping(paths, book, account, before),
    };
    if ended.is_none() {
        // A vault that is locked, a list that cannot be written: another time.
        std::mem::forget(done);
    }
    ended?
}

/// Gives what was done, if anything was to be done; none if that is not known now.
fn finish_keeping(
    paths: &Paths,
    book: &mut Book,
    account: &Account,
    before: Option<&Account>,
) -> Option<Option<String>> {
    let has_secret = match account.place {
        VaultPlace::Command(_) => true,
        VaultPlace::Keyring | VaultPlace::File => {
            vault::open(&account.place, paths, Asking::Never).read(&vault::item(account)).ok()?.is_some()
        }
    };
    let listed = book.account(&account.id);
    let is_listed = listed.is_some_and(|known| known.place == account.place);
    let was_finished = has_secret && !is_listed;
    if was_finished {
        let mut account = account.clone();
        if book.accounts().iter().any(|other| other.label == account.label && other.id != account.id) {
            account.label = super::free_label(book.accounts(), &account);
        }
        book.put(&account).and_then(|()| book.write()).ok()?;
    }
    if let Some(before) = before.filter(|before| has_secret && before.place != account.place) {
        let _ = vault::open(&before.place, paths, Asking::Never).remove(&vault::item(before));
    }
    Some(was_finished.then(|| {
        format!(
            "adding {} was interrupted after its token was stored; the account is listed now",
            account.label
        )
    }))
}

fn finish_removing(paths: &Paths, book: &mut Book, account: &Account) -> Option<Option<String>> {
    let vault = vault::open(&account.place, paths, Asking::Never);
    for id in vault::ids(account) {
        vault.remove(&vault::Item { id: &id, ..vault::item(account) }).ok()?;
    }
    let was_listed = book.remove(&account.id).ok()?;
    if was_listed {
        book.write().ok()?;
        let _ = Outcomes::load(&paths.outcomes()).change(|outcomes| outcomes.forget(&account.id));
    }
    Some(was_listed.then(|| format!("removing {} was interrupted; it is removed now", account.label)))
}

/// The list says which name counts; under the other one nothing stays. If it has neither, somebody has changed it
/// since, and what is there is left.
fn finish_moving(paths: &Paths, book: &Book, from: &Account, to: &Account) -> Option<Option<String>> {
    let is_listed = |account: &Account| book.account(&account.id).is_some();
    let (gone, fact) = match (is_listed(from), is_listed(to)) {
        (true, false) => (to, "nothing has changed"),
        (false, true) => (from, "it is done now"),
        _ => return Some(None),
    };
    let vault = vault::open(&gone.place, paths, Asking::Never);
    let mut was_there = false;
    for id in vault::ids(gone) {
        let item = vault::Item { id: &id, ..vault::item(gone) };
        was_there |= vault.read(&item).ok()?.is_some();
        vault.remove(&item).ok()?;
    }
    if gone.id == from.id {
        let _ = Outcomes::load(&paths.outcomes()).change(|outcomes| outcomes.rename(&from.id, &to.id));
    }
    let to = to.scope.short();
    Some(was_there.then(|| format!("renaming {} to {to} was interrupted; {fact}", from.label)))
}

/// Names accounts whose secret is not in the file, and secrets in the file that no account names. Nothing is changed:
/// a list may come from another machine, and whoever took an entry out of it by hand meant that.
fn mismatches(paths: &Paths, accounts: &[Account]) -> Option<Vec<String>> {
    let file = vault::file::FileVault::new(paths.secrets(), paths.locks());
    let ids = file.ids().ok()?;
    // What an App is given is asked for anew.
    let of_file =
        accounts.iter().filter(|account| account.place == VaultPlace::File && account.app.is_none());
    let without = of_file.filter(|account| !ids.contains(&account.id)).map(|account| {
        format!(
            "no token is stored for {}: git credential-patron add {}",
            account.label,
            account.scope.short()
        )
    });
    let is_named = |id: &&String| accounts.iter().any(|account| vault::ids(account).contains(*id));
    let unnamed = ids.iter().filter(|id| !is_named(id)).map(|id| {
        format!(
            "{} holds a token that no account uses, \"{}\"; add the account again, or delete that line",
            paths.secrets().display(),
            id.escape_debug()
        )
    });
    Some(without.chain(unnamed).collect())
}
