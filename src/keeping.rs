//! Keeping a secret: which vault takes it, the account on the list, and what is forgotten of the one before.
//!
//! The rule of `auto`: the keyring. Only if no keyring service exists at all (not: locked, slow, refused)
//! does a file come in; a vault in trouble is never silently replaced by a weaker one.

mod unfinished;

use crate::account::{Account, VaultPlace};
use crate::accounts::{self, Book};
use crate::git::VaultChoice;
use crate::machine::{Forbidden, Machine};
use crate::outcomes::{LastSecret, Outcomes};
use crate::paths::Paths;
use crate::remote::Server;
use crate::token::Token;
use crate::vault::{self, Asking, VaultError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unfinished::UnderWay;
pub(crate) use unfinished::{mend, removing, settle};
use zeroize::Zeroizing;

/// Where a secret is wished to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// There and nowhere else.
    There(VaultPlace),
    /// The keyring; the file if there is no keyring service (`add`, which says so).
    KeyringElseFile,
    /// The keyring; the file if there is no keyring service and the file is in use already (`store`).
    KeyringElseFileInUse,
}

impl Wish {
    /// Gives what the settings wish for; none for `auto`, which means one thing to `add` and another to `store`.
    pub(crate) fn of(choice: VaultChoice) -> Option<Self> {
        match choice {
            VaultChoice::Auto => None,
            VaultChoice::Keyring => Some(Self::There(VaultPlace::Keyring)),
            VaultChoice::File => Some(Self::There(VaultPlace::File)),
        }
    }
}

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// The machine's owner forbids it.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// The vault could not take the secret.
    #[error(transparent)]
    Vault(VaultError),
    /// The list could not be written; a secret that was new has been taken out of the vault again.
    #[error(transparent)]
    List(accounts::ListError),
}

impl NotKept {
    /// Says what mends it. Which vault to take in the place of a keyring that is not there depends on who
    /// asks, so the caller says that.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Forbidden(forbidden) => Some(forbidden.remedy().to_owned()),
            Self::Vault(VaultError::Absent(_)) => None,
            Self::Vault(trouble) => trouble.remedy(),
            Self::List(trouble) => trouble.remedy(),
        }
    }
}

/// A secret with its account.
pub(crate) struct Keep<'a> {
    /// What is to be on the list. Its place is filled in here, unless that is a command.
    pub account: Account,
    /// The secret. Of one that a command prints, the fingerprint alone is kept.
    pub secret: &'a Token,
    /// The refresh token of a plain host.
    pub refresh: Option<&'a Token>,
}

/// What was kept.
pub(crate) struct Kept {
    /// The account as it is on the list now.
    pub account: Account,
    /// Why the file was taken instead of the keyring, if it was.
    pub no_keyring: Option<String>,
}

/// Keeps a secret and lists its account, if this machine's policy lets it. Everything that keeps a secret comes
/// through here, so that nothing goes round the policy.
pub(crate) fn keep(paths: &Paths, keep: Keep<'_>, wish: &Wish, asking: Asking) -> Result<Kept, NotKept> {
    let Keep { mut account, secret, refresh } = keep;
    account.exact = account.server == Server::Plain && !account.scope.is_whole_host();
    let machine = Machine::read();
    machine.may_keep(&account.scope, account.kind, account.expires).map_err(NotKept::Forbidden)?;
    // The list first: one that cannot be changed must be known before a secret is replaced.
    let book = Book::open(&paths.accounts(), &paths.locks()).map_err(NotKept::List)?;
    unfinished::outlive(paths, &account.id);
    let known = book.account(&account.id).cloned();
    let book = hold(book, asking);
    // Until this function ends: then secret and account fit together, one way or the other.
    let (no_keyring, _under_way) = match account.place {
        VaultPlace::Command(_) => {
            machine.may_use_vault(account.place.name(), &account.scope).map_err(NotKept::Forbidden)?;
            (None, None)
        }
        VaultPlace::Keyring | VaultPlace::File => {
            let placing =
                Placing { paths, machine: &machine, secret, refresh, asking, before: known.as_ref() };
            let placed = placing.place(&mut account, wish)?;
            (placed.no_keyring, Some(placed.under_way))
        }
    };
    let listed = book
        .map_or_else(|| Book::open(&paths.accounts(), &paths.locks()), Ok)
        .and_then(|book| list(book, &mut account));
    if let Err(trouble) = listed {
        if known.is_none() {
            // A secret without a name on the list would lie about for ever.
            forget(paths, &account, asking);
        }
        return Err(NotKept::List(trouble));
    }
    if let Some(known) = known
        && known.place != account.place
    {
        forget(paths, &known, asking);
    }
    note(paths, &account, secret);
    Ok(Kept { account, no_keyring })
}

/// What keeping a secret needs.
struct Placing<'a> {
    paths: &'a Paths,
    machine: &'a Machine,
    secret: &'a Token,
    refresh: Option<&'a Token>,
    asking: Asking,
    /// What the list has of the account now.
    before: Option<&'a Account>,
}

/// Where the secret lies now.
struct Placed {
    /// Why the file took it, if it did.
    no_keyring: Option<String>,
    under_way: UnderWay,
}

impl Placing<'_> {
    /// Puts the secret where it is wished.
    fn place(&self, account: &mut Account, wish: &Wish) -> Result<Placed, NotKept> {
        account.place = match wish {
            // A keyring's empty item counts as none, and an empty password has nothing to hide.
            _ if self.secret.is_empty() => VaultPlace::File,
            Wish::There(place) => place.clone(),
            Wish::KeyringElseFile | Wish::KeyringElseFileInUse => VaultPlace::Keyring,
        };
        let may_take_file = match wish {
            Wish::There(_) => false,
            Wish::KeyringElseFile => true,
            Wish::KeyringElseFileInUse => self.paths.secrets().exists(),
        };
        let no_keyring = match self.write(account) {
            Err(NotKept::Vault(VaultError::Absent(why))) if may_take_file => why,
            other => return other.map(|under_way| Placed { no_keyring: None, under_way }),
        };
        account.place = VaultPlace::File;
        let under_way = self.write(account)?;
        Ok(Placed { no_keyring: Some(no_keyring), under_way })
    }

    fn write(&self, account: &Account) -> Result<UnderWay, NotKept> {
        self.machine.may_use_vault(account.place.name(), &account.scope).map_err(NotKept::Forbidden)?;
        let under_way = unfinished::keeping(self.paths, account, self.before);
        write_secrets(self.paths, account, (self.secret, self.refresh), self.asking)?;
        Ok(under_way)
    }
}

fn write_secrets(
    paths: &Paths,
    account: &Account,
    (secret, refresh): (&Token, Option<&Token>),
    asking: Asking,
) -> Result<(), NotKept> {
    let vault = vault::open(&account.place, paths, asking);
    let item = vault::item(account);
    match (&account.place, std::str::from_utf8(secret.expose())) {
        // The key of an App is no text, and the file holds nothing else.
        (VaultPlace::File, Err(_)) if account.app.is_some() => {
            let text = Zeroizing::new(STANDARD.encode(secret.expose()));
            vault.write(&item, &Token::new(text.as_bytes().to_vec()))
        }
        _ => vault.write(&item, secret),
    }
    .map_err(NotKept::Vault)?;
    match refresh {
        Some(refresh) => {
            let id = vault::refresh_id(account);
            vault.write(&vault::Item { id: &id, ..item }, refresh).map_err(NotKept::Vault)
        }
        None => Ok(()),
    }
}

/// Holds the list's lock while the vault is changed, so that secret and account come and go together
/// beside other processes. Not where a vault may ask a person: others would wait for that.
pub(crate) fn hold(book: Book, asking: Asking) -> Option<Book> {
    match asking {
        Asking::Never => Some(book),
        Asking::MayPrompt => None,
    }
}

fn list(mut book: Book, account: &mut Account) -> Result<(), accounts::ListError> {
    // Somebody may have taken the label since it was chosen.
    if book.accounts().iter().any(|other| other.label == account.label && other.id != account.id) {
        account.label = free_label(book.accounts(), account);
    }
    book.put(account)?;
    book.save()
}

/// Takes a secret out of its vault again; best effort, since the list no longer names it.
fn forget(paths: &Paths, account: &Account, asking: Asking) {
    let vault = vault::open(&account.place, paths, asking);
    for id in vault::ids(account) {
        let _ = vault.remove(&vault::Item { id: &id, ..vault::item(account) });
    }
}

fn note(paths: &Paths, account: &Account, secret: &Token) {
    // Outcomes are a memory that may be lost: the secret is kept all the same.
    let _ = Outcomes::load(&paths.outcomes()).change(|outcomes| {
        outcomes.forget(&account.id);
        outcomes.note_secret(&account.id, secret);
    });
}

/// Writes down what GitHub told of a listed account: login and expiry. Its id stays, so its vault still has the
/// secret; what somebody changed or removed meanwhile is left alone.
pub(crate) fn learn(paths: &Paths, told: &Account) -> Result<(), accounts::ListError> {
    let mut book = Book::open(&paths.accounts(), &paths.locks())?;
    let Some(known) = book.account(&told.id).cloned() else {
        return Ok(());
    };
    let new =
        Account { login: told.login.clone(), user_id: told.user_id, expires: told.expires, ..known.clone() };
    if new == known {
        return Ok(());
    }
    book.put(&new)?;
    book.save()
}

/// Forgets the end of an account whose token works after it: it was wrong, or is another token's.
pub(crate) fn outlived(paths: &Paths, account: &Account, now: i64) {
    if account.app.is_none() && account.expires.is_some_and(|at| at <= now) {
        // What is not written is found out again.
        let _ = learn(paths, &Account { expires: None, ..account.clone() });
    }
}

/// Looks whether accounts that cannot be given have got another secret, outside of patron: from their command, or a
/// vault that was restored. Of that one nothing is known. Tells whether there was one.
pub(crate) fn renewed_outside<'a>(
    paths: &Paths,
    outcomes: &mut Outcomes,
    stale: impl Iterator<Item = &'a Account>,
) -> bool {
    let mut found = false;
    for account in stale.filter(|account| account.app.is_none()) {
        let secret = vault::open(&account.place, paths, Asking::Never).read(&vault::item(account));
        let Ok(Some(secret)) = secret else { continue };
        if outcomes.compared(&account.id, &secret) != LastSecret::Another {
            continue;
        }
        found |= learn(paths, &Account { expires: None, ..account.clone() }).is_ok();
        let _ = outcomes.change(|outcomes| {
            outcomes.forget(&account.id);
            outcomes.note_secret(&account.id, &secret);
        });
    }
    found
}

/// Why an account was not renamed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRenamed {
    /// The secret could not be moved, or the list not be written.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// Another process has removed the account, or renamed it, since it was read.
    #[error("it was removed or renamed in the meantime")]
    Gone,
    /// Another process has taken the name since.
    #[error("the name was taken in the meantime")]
    Taken,
}

/// Gives an account another scope or label, and tells how it is listed then. The secret is written under its new name
/// before the list changes, and taken from under the old one after: whatever ends this in the middle, an account has
/// it. What was read of the list before its lock may hold no longer, so it is looked at again.
pub(crate) fn rename(
    paths: &Paths,
    known: &Account,
    new: &Account,
    asking: Asking,
) -> Result<Account, NotRenamed> {
    // A list that cannot be changed must be known before a secret is moved.
    let open = || Book::open(&paths.accounts(), &paths.locks()).map_err(NotKept::List);
    let mut book = open()?;
    settle(paths, &mut book, &[&known.id, &new.id]);
    let (known, new) = renamed(book.accounts(), known, new)?;
    unfinished::outlive(paths, &new.id);
    let book = hold(book, asking);
    let vault = vault::open(&known.place, paths, asking);
    let has_secret = !matches!(known.place, VaultPlace::Command(_));
    let moves = has_secret && known.id != new.id;
    let _under_way = moves.then(|| unfinished::moving(paths, &known, &new));
    if has_secret {
        let read = |item: &vault::Item<'_>| vault.read(item).map_err(NotKept::Vault);
        let refresh_id = vault::refresh_id(&known);
        let refresh = match known.refresh {
            true => read(&vault::Item { id: &refresh_id, ..vault::item(&known) })?,
            false => None,
        };
        if let Some(secret) = read(&vault::item(&known))? {
            write_secrets(paths, &new, (&secret, refresh.as_ref()), asking)?;
        }
    }
    let list = |mut book: Book| -> Result<Account, NotRenamed> {
        let (known, new) = renamed(book.accounts(), &known, &new)?;
        book.rename(&known.id, &new).and_then(|()| book.save()).map_err(NotKept::List)?;
        Ok(new)
    };
    let new = match book.map_or_else(|| open().map_err(NotRenamed::from), Ok).and_then(list) {
        Ok(new) => new,
        Err(why) => {
            // What has the name now has its secret under it.
            if moves && !matches!(why, NotRenamed::Taken) {
                forget(paths, &new, asking);
            }
            return Err(why);
        }
    };
    if moves {
        forget(paths, &known, asking);
    }
    // What is known of a place is known by its name, so it goes with the old one.
    let _ = Outcomes::load(&paths.outcomes()).change(|outcomes| outcomes.rename(&known.id, &new.id));
    Ok(new)
}

/// Gives an account as it is listed now, and as it is to be.
fn renamed(accounts: &[Account], known: &Account, new: &Account) -> Result<(Account, Account), NotRenamed> {
    let listed = accounts.iter().find(|account| account.id == known.id).ok_or(NotRenamed::Gone)?;
    let mut others = accounts.iter().filter(|account| account.id != known.id);
    if others.clone().any(|other| other.id == new.id) {
        return Err(NotRenamed::Taken);
    }
    let mut new =
        Account { id: new.id.clone(), label: new.label.clone(), scope: new.scope.clone(), ..listed.clone() };
    if others.any(|other| other.label == new.label) {
        // One that a person chose is theirs to choose again.
        if new.scope == listed.scope {
            return Err(NotRenamed::Taken);
        }
        new.label = free_label(accounts, &new);
    }
    Ok((listed.clone(), new))
}

/// Says what is wrong with an account that may have another one's secret, and what mends it.
pub(crate) fn mixed_up_in_words(account: &Account, other: &Account) -> (String, String) {
    let fact = format!(
        "the first version took its scope and {}, which differ in case alone, for one, so it may have that one's secret",
        other.scope.short()
    );
    (fact, format!("git credential-patron add {}", account.scope.short()))
}

/// Gives the label an account gets by itself: the scope, for a second login `SCOPE@LOGIN`, and a number
/// where that is taken too.
pub(crate) fn free_label(accounts: &[Account], wanted: &Account) -> String {
    let taken =
        |label: &str| accounts.iter().any(|account| account.label == label && account.id != wanted.id);
    let short = wanted.scope.short();
    let login = wanted.login.as_deref().filter(|login| !login.is_empty());
    let with_login = login.map(|login| format!("{short}@{login}"));
    let numbered = (2..).map(|number| format!("{}-{number}", with_login.as_deref().unwrap_or(&short)));
    std::iter::once(short.clone())
        .chain(with_login.clone())
        .chain(numbered)
        .find(|label| !taken(label))
        .expect("the numbers do not end")
}
