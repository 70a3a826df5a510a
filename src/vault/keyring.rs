//! The system keyring: the Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! Four rules hold on each of them:
//! - **Bounded.** A call is answered within [`BOUND`] or is [`VaultError::Slow`]. The work runs on a thread of
//!   its own, since connecting and several calls have bounds of their own that add up, or none; a thread
//!   that was given up ends with the process.
//! - **No dialog on behalf of `get`.** [`Vault::read`] never lets one open. `write` and `remove` may, if the
//!   keyring was made with [`Asking::MayPrompt`]; then the person has [`DIALOG`].
//! - **Paid once.** A keyring that did not answer or failed is not asked again for a minute (`breaker.rs`), unless
//!   it is another one, or answers a small question in no time.
//! - **Never guessed.** Several items that match are [`VaultError::Ambiguous`].
//!
//! One platform is one file with the same names: `Backend`, `read`, `write`, `remove`.

mod breaker;
#[cfg(any(not(target_os = "linux"), test))]
mod keychain;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use super::{Holding, Item, Items, Vault, VaultError};
use crate::token::Token;
use breaker::Breaker;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use other as platform;
use platform::Backend;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a keyring is waited for, all calls together.
const BOUND: Duration = Duration::from_secs(3);

/// The longest that a person is waited for in front of the unlocking dialog.
const DIALOG: Duration = Duration::from_secs(120);

/// The part of [`BOUND`] kept for noting down which keyring failed.
const NOTE: Duration = Duration::from_millis(100);

/// How long a keyring that failed a moment ago has to show that it goes on. Every `get` pays this much until it does.
const BRIEFLY: Duration = Duration::from_millis(60);

/// What every item of ours is filed under.
const SERVICE: &str = "git-credential-patron";

/// Says whether the keyring may open its unlocking dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Never: git asks, or a script.
    Never,
    /// A person has just typed a command: writing and removing may open it. Reading still may not.
    MayPrompt,
}

/// The keyring of this user's session.
#[derive(Debug)]
pub(crate) struct Keyring {
    asking: Asking,
    breaker: Option<Breaker>,
    place: Result<Backend, String>,
    bound: Duration,
    note: Duration,
    dialog: Duration,
}

impl Keyring {
    /// Finds the keyring; nothing is asked yet.
    ///
    /// With a folder, a failure is remembered there, and [`Asking::Never`] obeys what is remembered; a
    /// keyring that works again is forgotten there by whoever notices. Without a folder nothing is
    /// remembered and the keyring is asked always.
    pub(crate) fn new(asking: Asking, breaker_dir: Option<PathBuf>) -> Self {
        Self::with(Backend::find(), asking, breaker_dir)
    }

    fn with(place: Result<Backend, String>, asking: Asking, breaker_dir: Option<PathBuf>) -> Self {
        let breaker = breaker_dir.map(Breaker::new);
        Self { asking, breaker, place, bound: BOUND, note: NOTE, dialog: DIALOG }
    }

    /// Asks under the bound, or not at all if the keyring failed a moment ago.
    fn ask<T: Send + 'static>(
        &self,
        asking: Asking,
        work: impl FnOnce(&Backend, &Dialog) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let place = self.place.as_ref().map_err(|why| VaultError::Absent(why.clone()))?;
        let noted = self.breaker.as_ref().and_then(|breaker| breaker.noted(place.key()));
        if let (Some(noted), Asking::Never) = (&noted, self.asking) {
            // One that was restarted since, or that answers the smallest question again, is worth asking at once.
            let now = noted.incarnation.as_ref().and_then(|_| briefly(BRIEFLY, place, Backend::incarnation));
            let is_another = now.is_some() && now != noted.incarnation;
            if !is_another && briefly(BRIEFLY, place, Backend::answers) != Some(true) {
                return Err(VaultError::Remembered(noted.why.clone()));
            }
        }
        let bound = self.bound.saturating_sub(self.breaker.as_ref().map_or(Duration::ZERO, |_| self.note));
        let answer = self.bounded(bound, asking, place.clone(), work).map_err(|error| {
            VaultError::Io(format!("the keyring could not be asked: no thread could be started ({error})"))
        })?;
        let Some(breaker) = &self.breaker else { return answer };
        match &answer {
            // These may cost time again; anything else is an answer.
            Err(trouble @ (VaultError::Slow(_) | VaultError::Io(_))) => {
                breaker.note(
                    place.key(),
                    &trouble.to_string(),
                    briefly(self.note, place, Backend::incarnation),
                );
            }
            _ if noted.is_some() => breaker.forget(),
            _ => {}
        }
        answer
    }

    /// Runs the work on a thread and waits for it as long as the bound, or the open dialog, allows.
    fn bounded<T: Send + 'static>(
        &self,
        bound: Duration,
        asking: Asking,
        place: Backend,
        work: impl FnOnce(&Backend, &Dialog) -> Result<T, VaultError> + Send + 'static,
    ) -> io::Result<Result<T, VaultError>> {
        let clock = Clock::start(bound, self.bound);
        let dialog = Dialog { asking, bound: self.bound, dialog: self.dialog, clock: clock.clone() };
        let (tell, told) = channel();
        thread::Builder::new()
            .name("keyring".to_owned())
            // Nobody listens any more if this comes too late.
            .spawn(move || drop(tell.send(work(&place, &dialog))))?;
        loop {
            let (until, named) = clock.read();
            match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(answer) => return Ok(answer),
                // A dialog may have been opened, or closed, in the meantime.
                Err(RecvTimeoutError::Timeout) if Instant::now() < clock.read().0 => {}
                Err(RecvTimeoutError::Timeout) => return Ok(Err(VaultError::Slow(named.as_secs().max(1)))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Err(VaultError::Io("asking the keyring ended without an answer".to_owned())));
                }
            }
        }
    }
}

/// Asks something small, for at most that time.
fn briefly<T: Send + 'static>(
    time: Duration,
    place: &Backend,
    what: impl FnOnce(&Backend) -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = channel();
    let place = place.clone();
    thread::Builder::new().spawn(move || drop(tell.send(what(&place)))).ok()?;
    told.recv_timeout(time).ok()
}

impl Vault for Keyring {
    fn read(&self, item: &Item<'_>) -> Result<Option<Token>, VaultError> {
        let wanted = Wanted::new(item)?;
        self.ask(Asking::Never, move |place, _| platform::read(place, &wanted))
    }

    fn write(&self, item: &Item<'_>, token: &Token) -> Result<(), VaultError> {
        let (wanted, token) = (Wanted::new(item)?, token.clone());
        self.ask(self.asking, move |place, dialog| platform::write(place, &wanted, &token, dialog))
    }

    fn holding(&self, items: Items<'_, '_>, secret: &Token) -> Result<Holding, VaultError> {
        let (wanted, secret) =
            (items.map(|item| Wanted::new(&item)).collect::<Result<Vec<_>, _>>()?, secret.clone());
        self.ask(Asking::Never, move |place, _| platform::holding(place, &wanted, &secret))
    }

    fn remove(&self, item: &Item<'_>) -> Result<bool, VaultError> {
        let wanted = Wanted::new(item)?;
        self.ask(self.asking, move |place, dialog| platform::remove(place, &wanted, dialog))
    }
}

/// What an item is found by, and what people read beside it.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    id: String,
    host: String,
    owner: Option<String>,
    label: String,
}

impl Wanted {
    fn new(item: &Item<'_>) -> Result<Self, VaultError> {
        let Item { id, host, owner, label } = *item;
        // The libraries below take C strings; a name cut short at a NUL would find another item.
        if [id, host, owner.unwrap_or_default(), label].iter().any(|name| name.contains('\0')) {
            return Err(VaultError::Unfit("the account's id, host, owner or label holds a NUL byte"));
        }
        Ok(Self {
            id: id.to_owned(),
            host: host.to_owned(),
            // Owners have no case, attributes have.
            owner: owner.map(str::to_ascii_lowercase),
            label: format!("{SERVICE}: {label} ({host})"),
        })
    }
}

/// Until when an answer is waited for, and the bound to name if none comes; set by the side that asks,
/// read by the side that waits.
#[derive(Clone)]
struct Clock(Arc<Mutex<(Instant, Duration)>>);

impl Clock {
    fn start(time: Duration, named: Duration) -> Self {
        Self(Arc::new(Mutex::new((Instant::now() + time, named))))
    }

    fn read(&self) -> (Instant, Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn allow(&self, time: Duration, named: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now() + time, named);
    }
}

/// Whether a dialog may be opened, and the clock that must know when one is.
struct Dialog {
    asking: Asking,
    /// How long the keyring has, once the dialog is over.
    bound: Duration,
    /// How long the person has.
    dialog: Duration,
    clock: Clock,
}

impl Dialog {
    /// Waits for a person as long as that may take; refuses where nobody may be asked.
    fn open<T>(&self, during: impl FnOnce(Duration) -> Result<T, VaultError>) -> Result<T, VaultError> {
        match self.asking {
            Asking::Never => Err(VaultError::Locked),
            Asking::MayPrompt => {
                // The keyring's own bound comes on top, so that an unanswered dialog is closed in order.
                self.clock.allow(self.dialog + self.bound, self.dialog);
                let answer = during(self.dialog);
                self.clock.allow(self.bound, self.bound);
                answer
            }
        }
    }
}
