//! One connection to the bus: sending, waiting for the right answer, and what each error means.
//!
//! Nothing here is bounded; the caller is. Facts: error names of the D-Bus and the Secret Service
//! specification, and those that libdbus gives itself when it connects (its source, 1.14).

use crate::hidden::all_visible;
use crate::token::Token;
use crate::vault::VaultError;
use dbus::channel::Channel;
use dbus::{Message, Path};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long one wait for a message lasts. Nothing depends on it: the caller's bound decides.
const WAIT: Duration = Duration::from_secs(1);

/// A connection to the bus.
pub(super) struct Bus {
    channel: Channel,
    /// Messages that came while another one was waited for.
    early: RefCell<Vec<Message>>,
    /// Whether anybody has answered yet.
    met: Cell<bool>,
}

impl Bus {
    /// Connects and greets, without waiting for the answer.
    pub(super) fn connect(address: &str) -> Result<Self, VaultError> {
        let channel = Channel::open_private(address).map_err(|error| match error.name() {
            Some(name) if NO_BUS.contains(&name) => {
                VaultError::Absent("nothing listens at the session bus's address".to_owned())
            }
            _ => VaultError::Io(format!("the session bus refused: {}", said(&error))),
        })?;
        let bus = Self { channel, early: RefCell::default(), met: Cell::default() };
        // libdbus's own way to greet (`dbus_bus_register`) waits for the answer, under a lock that it shares
        // with every other connection of the process. Nothing depends on the answer: if the bus refuses, it
        // hangs up.
        bus.send(question("Hello"))?;
        Ok(bus)
    }

    /// Sends, and gives the number by which the answer is known.
    pub(super) fn send(&self, message: Message) -> Result<u32, BusError> {
        self.channel.send(message).map_err(|()| BusError::Closed)
    }

    /// Sends and waits for the answer.
    pub(super) fn call(&self, message: Message) -> Result<Message, BusError> {
        self.answer(self.send(message)?)
    }

    /// Waits for the answer to that number.
    pub(super) fn answer(&self, serial: u32) -> Result<Message, BusError> {
        loop {
            let answer = self.take(|message| message.get_reply_serial() == Some(serial), WAIT)?;
            if let Some(mut answer) = answer {
                return match answer.as_result().map_err(|error| BusError::of(&error)) {
                    // Who has answered before is not absent but gone: the difference decides about vaults.
                    Err(BusError::Absent) if self.met.get() => Err(BusError::Died),
                    Err(failure) => Err(failure),
                    Ok(_) => {
                        self.met.set(true);
                        Ok(answer)
                    }
                };
            }
        }
    }

    /// Waits for the end of a dialog; tells whether the person dismissed it.
    pub(super) fn completed(&self, prompt: &Path<'static>, until: Instant) -> Result<Option<bool>, BusError> {
        loop {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return Ok(None) };
            let signal = self.take(
                |message| {
                    message.path().as_ref() == Some(prompt)
                        && message.member().is_some_and(|member| &*member == "Completed")
                },
                left.min(WAIT),
            )?;
            if let Some(signal) = signal {
                return signal.read1().map(Some).map_err(|_| BusError::Odd);
            }
        }
    }

    /// Gives the next message of that sort, or nothing if none came in that time.
    fn take(&self, sort: impl Fn(&Message) -> bool, time: Duration) -> Result<Option<Message>, BusError> {
        let mut early = self.early.borrow_mut();
        if let Some(at) = early.iter().position(&sort) {
            return Ok(Some(early.swap_remove(at)));
        }
        let message = self.channel.blocking_pop_message(time).map_err(|_| BusError::Closed)?;
        match message {
            Some(message) if sort(&message) => Ok(Some(message)),
            Some(message) => {
                early.push(message);
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// Errors of libdbus that mean that there is no bus.
const NO_BUS: &[&str] = &[
    "org.freedesktop.DBus.Error.BadAddress",
    "org.freedesktop.DBus.Error.FileNotFound",
    "org.freedesktop.DBus.Error.NoServer",
];

/// Errors of the bus that mean that no program there is, or could be started as, the Secret Service.
const NO_SERVICE: &[&str] =
    &["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.Spawn.ServiceNotFound"];

/// Errors that mean that the object asked is not there (any more).
const GONE: &[&str] = &[
    "org.freedesktop.Secret.Error.NoSuchObject",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.UnknownMethod",
];

/// How a call failed.
pub(super) enum BusError {
    /// Nobody is there.
    Absent,
    /// The object is not there.
    Gone,
    /// The object is locked.
    Locked,
    /// The service ended without an answer.
    Died,
    /// The connection was closed.
    Closed,
    /// The answer has another form than the specification's.
    Odd,
    /// Anything else, in the service's words.
    Other(String),
}

impl BusError {
    fn of(error: &dbus::Error) -> Self {
        match error.name().unwrap_or_default() {
            name if NO_SERVICE.contains(&name) => Self::Absent,
            name if GONE.contains(&name) => Self::Gone,
            "org.freedesktop.Secret.Error.IsLocked" => Self::Locked,
            // The bus's word (our own calls have no bound of libdbus), and that of a service started since.
            "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.Secret.Error.NoSession" => Self::Died,
            _ => Self::Other(said(error)),
        }
    }

    /// Drops the service's words if they quote the secret that it was just sent.
    pub(super) fn without(self, token: &Token) -> Self {
        match self {
            Self::Other(said)
                if !token.is_empty()
                    && said.as_bytes().windows(token.expose().len()).any(|part| part == token.expose()) =>
            {
                Self::Other("with a text that is not shown, since it quotes the secret".to_owned())
            }
            failure => failure,
        }
    }
}

impl From<BusError> for VaultError {
    fn from(failure: BusError) -> Self {
        match failure {
            BusError::Absent => {
                Self::Absent("no program on the session bus offers org.freedesktop.secrets".into())
            }
            BusError::Locked => Self::Locked,
            BusError::Gone => Self::Io("the keyring has no such object any more".to_owned()),
            BusError::Died => Self::Io("the keyring service ended while it was asked".to_owned()),
            BusError::Closed => Self::Io("the session bus closed the connection".to_owned()),
            BusError::Odd => odd(),
            BusError::Other(said) => Self::Io(format!("the keyring failed: {said}")),
        }
    }
}

/// The answer has another form than the specification's.
pub(super) fn odd() -> VaultError {
    VaultError::Io("the keyring answered in a form that is not the Secret Service's".to_owned())
}

/// Gives the words of an error: the last part of its name, and one clean line of its text.
fn said(error: &dbus::Error) -> String {
    let name = error.name().and_then(|name| name.rsplit('.').next()).unwrap_or("unknown error");
    let text: String = error.message().unwrap_or_default().chars().take(200).collect();
    format!("{name} ({})", all_visible(text.trim(), &[]))
}

/// A question to the bus itself.
pub(super) fn question(member: &str) -> Message {
    let name = "org.freedesktop.DBus";
    Message::call_with_args(name, "/org/freedesktop/DBus", name, member, ())
}
