//! The Secret Service of a Linux session, spoken on the bus itself.
//!
//! A read is five calls in three round trips: the bus's `Hello` with `ReadAlias`, `OpenSession` with
//! `SearchItems`, then `GetSecret`. The session is plain: both ends are processes of one user on a private
//! socket, and whoever can listen there can also ask. For the same reason only local sockets are spoken to,
//! and a bus is never launched: libdbus would do that through `autolaunch:`, so the address is found here.
//!
//! A dialog opens only when a client calls `Prompt` on the object that `Unlock`, `CreateItem` or `Delete`
//! may return: that is one line here, behind [`Dialog::open`].
//!
//! The first call must be one that needs no session: gnome-keyring (42.1 to 50; read in its source, and reported
//! by users of many programs) may take up a newcomer's first call before it has noted who that is, and an
//! `OpenSession` then ends the keyring for everybody. Measured with four readers at once: it died five times in
//! 13,706 reads that began with `OpenSession`, twice in 33,576 behind a `Ping` (which another of its threads
//! answers), and not in 57,258 that began as ours do.
//!
//! Facts: the Secret Service specification (freedesktop.org), "Unlocking", "Prompts" and its D-Bus API; error
//! names of the D-Bus specification; how libdbus finds the session bus (`dbus_bus_get`, its source 1.14).

mod bus;

use super::{Asking, Dialog, VaultError, Wanted};
use crate::token::Token;
use crate::vault::Holding;
use bus::{Bus, BusError, odd, question};
use dbus::arg::{PropMap, RefArg, Variant};
use dbus::{Message, Path};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::time::Instant;

/// What our items are told apart by from those of all other programs.
const SCHEMA: &str = "io.github.git-credential-patron.Token";

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The session bus of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend(String);

impl Backend {
    /// Finds the session bus as libdbus does, but launches none.
    pub(super) fn find() -> Result<Self, String> {
        let variable = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        Self::of(variable("DBUS_SESSION_BUS_ADDRESS"), variable("XDG_RUNTIME_DIR"))
    }

    pub(super) fn of(address: Option<OsString>, runtime: Option<OsString>) -> Result<Self, String> {
        if let Some(address) = address {
            // Other transports leave the machine or run a program.
            let local: Vec<_> = address.to_str().unwrap_or_default().split(';').collect();
            let local: Vec<_> = local.into_iter().filter(|entry| entry.starts_with("unix:")).collect();
            return match local.is_empty() {
                true => Err("DBUS_SESSION_BUS_ADDRESS names no local socket".to_owned()),
                false => Ok(Self(local.join(";"))),
            };
        }
        let socket = runtime.map(|runtime| PathBuf::from(runtime).join("bus")).filter(|socket| {
            fs::symlink_metadata(socket).is_ok_and(|meta| {
                meta.file_type().is_socket() && meta.uid() == rustix::process::getuid().as_raw()
            })
        });
        let socket = socket.ok_or(
            "no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and there is no bus in XDG_RUNTIME_DIR",
        )?;
        let mut address = "unix:path=".to_owned();
        for &byte in socket.as_os_str().as_bytes() {
            match byte {
                b'-' | b'_' | b'/' | b'.' | b'\\' | b'*' => address.push(byte.into()),
                _ if byte.is_ascii_alphanumeric() => address.push(byte.into()),
                _ => address.push_str(&format!("%{byte:02x}")),
            }
        }
        Ok(Self(address))
    }

    /// Tells this keyring from another.
    pub(super) fn key(&self) -> &str {
        &self.0
    }

    /// Tells which process is the keyring just now: its unique name on the bus, which is never given twice.
    /// Starts nothing.
    pub(super) fn incarnation(&self) -> String {
        let owner = || -> Result<String, VaultError> {
            let bus = Bus::connect(&self.0)?;
            bus.call(question("GetNameOwner").append1(NAME))?.read1().map_err(|_| odd())
        };
        owner().unwrap_or_default()
    }

    /// Tells whether the keyring answers a question that every program on the bus answers by itself. Waits for as
    /// long as it does not; starts nothing.
    pub(super) fn answers(&self) -> bool {
        let ping = || -> Result<bool, VaultError> {
            let bus = Bus::connect(&self.0)?;
            let mut ping = Message::call_with_args(NAME, PATH, "org.freedesktop.DBus.Peer", "Ping", ());
            ping.set_auto_start(false);
            Ok(bus.call(ping).is_ok())
        };
        ping().unwrap_or_default()
    }
}

/// Reads the secret. Opens no dialog: an item that only a dialog could unlock is [`VaultError::Locked`].
pub(super) fn read(place: &Backend, wanted: &Wanted) -> Result<Option<Token>, VaultError> {
    let (session, mut found) = BusSession::open(place, wanted)?;
    if found.count() == 0 {
        let collection = session.collection()?;
        if !session.locked(&collection)? {
            return Ok(None);
        }
        // What is locked need not be found (measured: gnome-keyring 42, started without a password).
        if !session.unlocked(&collection)? {
            return Err(VaultError::Locked);
        }
        found = session.search(wanted)?;
    }
    match found.one()? {
        None => Ok(None),
        Some(One::Unlocked(item)) => session.secret(&item, wanted),
        Some(One::Locked(item)) if session.unlocked(&item)? => session.secret(&item, wanted),
        Some(One::Locked(_)) => Err(session.why_not()),
    }
}

/// Finds which of these items hold a secret: one search and one reply with all secrets of the host. Opens no dialog;
/// what is locked is not looked into.
pub(super) fn holding(place: &Backend, wanted: &[Wanted], secret: &Token) -> Result<Holding, VaultError> {
    let mut holding = Holding { ids: Vec::new(), is_complete: true };
    let mut hosts: Vec<&str> = wanted.iter().map(|wanted| wanted.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    for host in hosts {
        let (session, found) = BusSession::begin(place, search_of_host(host))?;
        let secrets = session.secrets(&found.unlocked)?;
        holding.is_complete &= found.locked.is_empty() && secrets.len() == found.unlocked.len();
        if found.count() == 0 {
            // What is locked need not be found.
            holding.is_complete &= !session.locked(&session.collection()?)?;
        }
        for (item, _) in secrets.iter().filter(|(_, kept)| kept == secret) {
            let attributes = session.bus.answer(session.ask_attributes(item)?);
            let attributes = read_attributes(&attributes?)?;
            let is_one = |wanted: &&Wanted| fits(&attributes, wanted);
            holding.ids.extend(wanted.iter().filter(is_one).map(|wanted| wanted.id.clone()));
        }
    }
    Ok(holding)
}

/// Keeps the secret in the item that is there, or in a new one, and reads it back.
pub(super) fn write(
    place: &Backend,
    wanted: &Wanted,
    token: &Token,
    dialog: &Dialog,
) -> Result<(), VaultError> {
    if token.is_empty() {
        return Err(VaultError::Unfit("it is empty, and an empty item is none"));
    }
    let (session, mut found) = BusSession::open(place, wanted)?;
    if found.count() == 0 {
        let collection = session.collection()?;
        if session.locked(&collection)? {
            session.unlock(&collection, dialog)?;
            found = session.search(wanted)?;
        }
    }
    match found.one()? {
        Some(One::Unlocked(item)) => session.replace(&item, wanted, token)?,
        Some(One::Locked(item)) => {
            session.unlock(&item, dialog)?;
            session.replace(&item, wanted, token)?;
        }
        None => session.create(&session.collection()?, wanted, token, dialog)?,
    }
    // Found by the same search that `read` makes: what is lost, cut short or doubled shows here.
    let kept = match session.search(wanted)?.one()? {
        Some(One::Unlocked(item)) => session.secret(&item, wanted)?,
        Some(One::Locked(_)) | None => None,
    };
    if kept.as_ref() != Some(token) {
        return Err(VaultError::Io(
            "the keyring did not store the secret correctly: it reads back differently".to_owned(),
        ));
    }
    Ok(())
}

/// Deletes every item that matches: they are all ours and all this account's, so nothing is guessed.
pub(super) fn remove(place: &Backend, wanted: &Wanted, dialog: &Dialog) -> Result<bool, VaultError> {
    let (session, mut found) = BusSession::open(place, wanted)?;
    if found.count() == 0 {
        let collection = match session.collection() {
            Err(VaultError::Absent(_)) => return Ok(false),
            collection => collection?,
        };
        if !session.locked(&collection)? {
            return Ok(false);
        }
        session.unlock(&collection, dialog)?;
        found = session.search(wanted)?;
    }
    let there = found.count() > 0;
    for item in &found.locked {
        session.unlock(item, dialog)?;
    }
    for item in found.unlocked.iter().chain(&found.locked) {
        session.delete(item, dialog)?;
    }
    if there && session.search(wanted)?.count() > 0 {
        return Err(VaultError::Io("the keyring did not delete the secret".to_owned()));
    }
    Ok(there)
}

/// The items that match, by whether they can be read.
struct FoundItems {
    unlocked: Vec<Path<'static>>,
    locked: Vec<Path<'static>>,
}

/// The one item that matches.
enum One {
    Unlocked(Path<'static>),
    Locked(Path<'static>),
}

impl FoundItems {
    fn count(&self) -> usize {
        self.unlocked.len() + self.locked.len()
    }

    fn one(mut self) -> Result<Option<One>, VaultError> {
        match self.count() {
            0 => Ok(None),
            1 => Ok(self.unlocked.pop().map(One::Unlocked).or_else(|| self.locked.pop().map(One::Locked))),
            count => Err(VaultError::Ambiguous(count)),
        }
    }
}

/// A session with the Secret Service. It ends with the connection.
struct BusSession {
    bus: Bus,
    path: Path<'static>,
}

impl BusSession {
    /// Opens a session and searches in one go.
    fn open(place: &Backend, wanted: &Wanted) -> Result<(Self, FoundItems), VaultError> {
        Self::begin(place, search(wanted))
    }

    fn begin(place: &Backend, search: Message) -> Result<(Self, FoundItems), VaultError> {
        let bus = Bus::connect(&place.0)?;
        // So that the keyring knows us. Nobody has this alias; that there is an answer is all that counts.
        match bus.call(service("ReadAlias").append1(super::SERVICE)) {
            Err(BusError::Gone | BusError::Other(_)) | Ok(_) => {}
            Err(failure) => return Err(failure.into()),
        }
        let opening = bus.send(service("OpenSession").append2("plain", Variant("")))?;
        let searching = bus.send(search)?;
        let (_, path): (Variant<Box<dyn RefArg>>, Path<'static>) =
            bus.answer(opening)?.read2().map_err(|_| odd())?;
        let found = bus.answer(searching)?;
        Ok((Self { bus, path }, FoundItems::from(&found)?))
    }

    fn search(&self, wanted: &Wanted) -> Result<FoundItems, VaultError> {
        FoundItems::from(&self.bus.call(search(wanted))?)
    }

    /// Gives the secret; `None` if the item is gone since it was found, or has an empty one. Its own attributes are
    /// asked for in the same round trip: they, and not the search alone, must say that it is the wanted one.
    fn secret(&self, item: &Path<'static>, wanted: &Wanted) -> Result<Option<Token>, VaultError> {
        let secret = self.bus.send(method(item, ITEM, "GetSecret").append1(&self.path))?;
        let attributes = self.ask_attributes(item)?;
        let (secret, attributes) = (self.bus.answer(secret), self.bus.answer(attributes));
        match (secret, attributes) {
            (Ok(reply), Ok(attributes)) => {
                let secret: Secret<String> = reply.read1().map_err(|_| odd())?;
                let secret = Token::new(secret.2);
                if !fits(&read_attributes(&attributes)?, wanted) {
                    return Err(VaultError::OtherItem);
                }
                Ok(Some(secret).filter(|secret| !secret.is_empty()))
            }
            (Err(BusError::Gone), _) | (_, Err(BusError::Gone)) => Ok(None),
            (Err(failure), _) | (_, Err(failure)) => Err(failure.into()),
        }
    }

    fn ask_attributes(&self, item: &Path<'static>) -> Result<u32, BusError> {
        self.bus.send(method(item, PROPERTIES, "Get").append2(ITEM, "Attributes"))
    }

    /// Gives the secrets of these items; of one that the keyring does not give, none.
    fn secrets(&self, items: &[Path<'static>]) -> Result<Vec<(Path<'static>, Token)>, VaultError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let reply = self.bus.call(service("GetSecrets").append2(items, &self.path))?;
        let secrets: HashMap<Path<'static>, Secret<String>> = reply.read1().map_err(|_| odd())?;
        Ok(secrets.into_iter().map(|(item, secret)| (item, Token::new(secret.2))).collect())
    }

    fn replace(&self, item: &Path<'static>, wanted: &Wanted, token: &Token) -> Result<(), VaultError> {
        let call = method(item, ITEM, "SetSecret").append1(self.sealed(token));
        self.bus.call(call).map_err(|failure| failure.without(token))?;
        let label = Variant(wanted.label.as_str());
        // Only what people read beside it; not worth a failure.
        let _ = self.bus.call(method(item, PROPERTIES, "Set").append3(ITEM, "Label", label));
        Ok(())
    }

    fn create(
        &self,
        collection: &Path<'static>,
        wanted: &Wanted,
        token: &Token,
        dialog: &Dialog,
    ) -> Result<(), VaultError> {
        let attributes: HashMap<String, String> =
            attributes(wanted).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let property = |name: &str, value: Box<dyn RefArg>| (format!("{ITEM}.{name}"), Variant(value));
        let properties: PropMap =
            [property("Label", Box::new(wanted.label.clone())), property("Attributes", Box::new(attributes))]
                .into();
        // "Replace": of two that add at the same moment one wins, instead of leaving two items.
        let call = method(collection, COLLECTION, "CreateItem").append3(properties, self.sealed(token), true);
        let reply = self.bus.call(call).map_err(|failure| failure.without(token))?;
        let (_, prompt): (Path<'static>, Path<'static>) = reply.read2().map_err(|_| odd())?;
        self.prompt(&prompt, dialog)
    }

    fn delete(&self, item: &Path<'static>, dialog: &Dialog) -> Result<(), VaultError> {
        match self.bus.call(method(item, ITEM, "Delete")) {
            Ok(reply) => self.prompt(&reply.read1().map_err(|_| odd())?, dialog),
            Err(BusError::Gone) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Gives the collection that new items go to.
    fn collection(&self) -> Result<Path<'static>, VaultError> {
        let reply = self.bus.call(service("ReadAlias").append1("default"))?;
        let collection: Path<'static> = reply.read1().map_err(|_| odd())?;
        match &*collection {
            "/" => Err(VaultError::Absent("the keyring service has no default collection".to_owned())),
            _ => Ok(collection),
        }
    }

    fn locked(&self, collection: &Path<'static>) -> Result<bool, VaultError> {
        let reply = self.bus.call(method(collection, PROPERTIES, "Get").append2(COLLECTION, "Locked"))?;
        let Variant(locked) = reply.read1().map_err(|_| odd())?;
        Ok(locked)
    }

    /// Says why nothing is had without a dialog: KeePassXC calls each item locked that it wants to ask about, and
    /// wants to ask about each new one, in a collection that is open (measured: 2.7.4).
    fn why_not(&self) -> VaultError {
        match self.collection().and_then(|collection| self.locked(&collection)) {
            Ok(false) => VaultError::Asks,
            _ => VaultError::Locked,
        }
    }

    /// Unlocks what needs no dialog; tells whether that was enough. The object for the dialog that may come
    /// back is left alone: it goes with the connection.
    fn unlocked(&self, object: &Path<'static>) -> Result<bool, VaultError> {
        Ok(&*self.try_unlock(object)? == "/")
    }

    /// Unlocks, with a dialog if that is needed and allowed.
    fn unlock(&self, object: &Path<'static>, dialog: &Dialog) -> Result<(), VaultError> {
        let prompt = self.try_unlock(object)?;
        self.prompt(&prompt, dialog)
    }

    fn try_unlock(&self, object: &Path<'static>) -> Result<Path<'static>, VaultError> {
        let reply = self.bus.call(service("Unlock").append1(&[object][..]))?;
        let (_, prompt): (Vec<Path<'static>>, Path<'static>) = reply.read2().map_err(|_| odd())?;
        Ok(prompt)
    }

    /// Lets the service show its dialog and waits for the person, if there is a dialog to be shown.
    fn prompt(&self, prompt: &Path<'static>, dialog: &Dialog) -> Result<(), VaultError> {
        if &**prompt == "/" {
            return Ok(());
        }
        let answer = dialog.open(|time| {
            let rule = format!("type='signal',interface='{PROMPT}',member='Completed',path='{}'", &**prompt);
            self.bus.call(question("AddMatch").append1(rule))?;
            self.bus.call(method(prompt, PROMPT, "Prompt").append1(""))?;
            match self.bus.completed(prompt, Instant::now() + time)? {
                Some(false) => Ok(()),
                Some(true) => Err(VaultError::Locked),
                None => {
                    let _ = self.bus.send(method(prompt, PROMPT, "Dismiss"));
                    Err(VaultError::Locked)
                }
            }
        });
        match answer {
            Err(VaultError::Locked) if dialog.asking == Asking::Never => Err(self.why_not()),
            answer => answer,
        }
    }

    /// Wraps the secret for the journey; in a plain session that is the bytes themselves.
    fn sealed<'a>(&'a self, token: &'a Token) -> (&'a Path<'static>, &'a [u8], &'a [u8], &'static str) {
        let text = std::str::from_utf8(token.expose()).is_ok();
        let kind = if text { "text/plain; charset=utf8" } else { "application/octet-stream" };
        (&self.path, &[], token.expose(), kind)
    }
}

/// A secret as it travels: session, parameters, value, content type.
type Secret<T> = (Path<'static>, Vec<u8>, Vec<u8>, T);

impl FoundItems {
    fn from(reply: &Message) -> Result<Self, VaultError> {
        let (unlocked, locked) = reply.read2().map_err(|_| odd())?;
        Ok(Self { unlocked, locked })
    }
}

fn attributes(wanted: &Wanted) -> HashMap<&'static str, &str> {
    let mut attributes = HashMap::from([
        ("xdg:schema", SCHEMA),
        ("service", super::SERVICE),
        ("host", &wanted.host),
        ("id", &wanted.id),
    ]);
    attributes.extend(wanted.owner.as_deref().map(|owner| ("owner", owner)));
    attributes
}

fn search_of_host(host: &str) -> Message {
    let of_host = HashMap::from([("xdg:schema", SCHEMA), ("service", super::SERVICE), ("host", host)]);
    service("SearchItems").append1(of_host)
}

fn read_attributes(reply: &Message) -> Result<HashMap<String, String>, VaultError> {
    let Variant(attributes) = reply.read1().map_err(|_| odd())?;
    Ok(attributes)
}

/// Tells whether an item is the wanted one, by what it says of itself. A keyring may add attributes of its own; an
/// owner that is not wanted is another account's.
fn fits(own: &HashMap<String, String>, wanted: &Wanted) -> bool {
    let expected = attributes(wanted);
    expected.iter().all(|(name, value)| own.get(*name).is_some_and(|own| own == value))
        && own.contains_key("owner") == expected.contains_key("owner")
}

fn search(wanted: &Wanted) -> Message {
    service("SearchItems").append1(attributes(wanted))
}

fn service(member: &str) -> Message {
    Message::call_with_args(NAME, PATH, SERVICE, member, ())
}

fn method(object: &Path<'static>, interface: &str, member: &str) -> Message {
    Message::call_with_args(NAME, object, interface, member, ())
}
