//! A private session bus with a real gnome-keyring-daemon on it, for tests of the keyring.
//!
//! Nothing of the machine's own session is touched: bus, daemon and their folders live in a temporary
//! folder, and the environment of the testing process stays as it is; a program under test is pointed here
//! by `DBUS_SESSION_BUS_ADDRESS`. As on a desktop, the bus starts the keyring (locked) when somebody asks
//! for it. What a desktop would show as a dialog, `org.gnome.keyring.SystemPrompter`, is a tripwire here: it
//! notes that it was started, and ends.
//!
//! A [`Relay`] stands between a program and the bus and does something at an exact point of the talk, which
//! is how "the service stops between search and read" is tested without a hook in the product.
//!
//! [`Bus::with_keepassxc`] puts another program in the keyring's place.
//!
//! Needs Debian's packages dbus-daemon and gnome-keyring; a missing one fails the test and is named.
#![allow(dead_code, unreachable_pub, reason = "used by path from two test binaries, by each in part")]

#[path = "bus/keepassxc.rs"]
mod keepassxc;
#[path = "bus/monitor.rs"]
mod monitor;
#[path = "bus/relay.rs"]
mod relay;

pub use monitor::Monitor;
pub use relay::Relay;

use dbus::arg::{PropMap, RefArg, Variant};
use dbus::blocking::{BlockingSender, Connection};
use dbus::channel::Channel;
use dbus::{Message, Path};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The name of every Secret Service.
pub const SECRETS: &str = "org.freedesktop.secrets";

/// The name of every desktop that shows notes.
pub const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// What gnome-keyring asks to show a dialog.
pub const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

const PASSWORD: &[u8] = b"open sesame";
const PATIENCE: Duration = Duration::from_secs(20);

/// A private session bus, and the keyring on it.
pub struct Bus {
    folder: TempDir,
    address: String,
    daemon: Child,
    service: Option<Child>,
}

impl Bus {
    /// Starts a bus with a keyring that has a default collection, unlocked or locked.
    pub fn start(unlocked: bool) -> Self {
        let mut bus = Self::begin(true);
        bus.start_service(true);
        if !unlocked {
            bus.kill_service();
            bus.start_service(false);
        }
        bus
    }

    /// Starts a bus with an unlocked keyring that is not started again when it is gone.
    pub fn start_once() -> Self {
        let mut bus = Self::begin(false);
        bus.start_service(true);
        bus
    }

    /// Starts a bus on which nobody is, or can be started as, a keyring.
    pub fn without_service() -> Self {
        Self::begin(false)
    }

    /// Starts a bus whose keyring has no collection but the session's, as on WSL.
    pub fn without_collection() -> Self {
        let mut bus = Self::begin(true);
        bus.start_service(false);
        bus
    }

    fn begin(activation: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().to_str().expect("a path in UTF-8").to_owned();
        for name in ["home", "data", "runtime", "services"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder.path().join("runtime"), rights).expect("rights of the runtime folder");
        if activation {
            let script = folder.path().join("prompter");
            fs::write(&script, format!("echo started >>'{path}/prompted'\nexit 1\n")).expect("a tripwire");
            let keyring = "/usr/bin/env gnome-keyring-daemon --foreground --components=secrets".to_owned();
            for (name, exec) in [(SECRETS, keyring), (PROMPTER, format!("/bin/sh {path}/prompter"))] {
                let text = format!("[D-BUS Service]\nName={name}\nExec={exec}\n");
                fs::write(folder.path().join("services").join(format!("{name}.service")), text)
                    .expect("a service file");
            }
        }
        let config = folder.path().join("bus.conf");
        fs::write(&config, config_of(&path)).expect("the bus's configuration");
        let mut command = Command::new("dbus-daemon");
        command.arg("--config-file").arg(&config).args(["--nofork", "--print-address"]);
        let mut daemon = private(&mut command, folder.path())
            .stdout(Stdio::piped())
            .stderr(log(folder.path(), "bus.log"))
            .spawn()
            .unwrap_or_else(|error| panic!("dbus-daemon: {error}; install the package dbus-daemon"));
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().expect("piped")).read_line(&mut address).expect("its address");
        assert!(address.starts_with("unix:"), "dbus-daemon gave no address: {address:?}");
        Self { folder, address: address.trim_end().to_owned(), daemon, service: None }
    }

    /// Puts a program in the keyring's place that answers every search with one item: these attributes, the secret
    /// `fake`. It ends with the bus.
    pub fn fake(&self, attributes: HashMap<String, String>) {
        let channel = Channel::open_private(self.address()).expect("the bus");
        let mut channel = channel;
        channel.register().expect("greeted");
        let bus = "org.freedesktop.DBus";
        let ask = Message::call_with_args(bus, "/org/freedesktop/DBus", bus, "RequestName", (SECRETS, 0_u32));
        channel.send_with_reply_and_block(ask, PATIENCE).expect("the name");
        thread::spawn(move || {
            let (item, none) = (Path::from("/item"), Path::from("/"));
            while let Ok(message) = channel.blocking_pop_message(PATIENCE) {
                let Some(message) = message else { continue };
                let member = message.member().map(|member| member.to_string()).unwrap_or_default();
                if message.msg_type() != dbus::MessageType::MethodCall {
                    continue;
                }
                let reply = message.method_return();
                let reply = match member.as_str() {
                    "ReadAlias" => reply.append1(&none),
                    "OpenSession" => reply.append2(Variant(""), Path::from("/session")),
                    "SearchItems" => reply.append2(vec![item.clone()], Vec::<Path<'_>>::new()),
                    "GetSecret" => reply.append1((
                        Path::from("/session"),
                        Vec::<u8>::new(),
                        b"fake".to_vec(),
                        "text/plain",
                    )),
                    _ => reply.append1(Variant(attributes.clone())),
                };
                if channel.send(reply).is_err() {
                    return;
                }
                channel.flush();
            }
        });
    }

    /// Puts a desktop there that takes notes: gives the text of each note that it is to show. It ends with the bus.
    pub fn desktop(&self) -> Receiver<String> {
        let mut channel = Channel::open_private(self.address()).expect("the bus");
        channel.register().expect("greeted");
        let bus = "org.freedesktop.DBus";
        let ask =
            Message::call_with_args(bus, "/org/freedesktop/DBus", bus, "RequestName", (NOTIFICATIONS, 0_u32));
        channel.send_with_reply_and_block(ask, PATIENCE).expect("the name");
        let (send, receive) = std::sync::mpsc::channel();
        thread::spawn(move || {
            // Ends with the bus, or with the test.
            while let Ok(message) = channel.blocking_pop_message(Duration::from_secs(300)) {
                let Some(message) = message else { continue };
                if message.member().is_none_or(|member| &*member != "Notify") {
                    continue;
                }
                let read: Result<(String, u32, String, String, String), _> = message.read5();
                let (_, _, _, _, body) = read.expect("the arguments of the specification");
                if channel.send(message.method_return().append1(1_u32)).is_err() || send.send(body).is_err() {
                    return;
                }
                channel.flush();
            }
        });
        receive
    }

    /// Gives the address for `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Starts the keyring, with the password or without.
    pub fn start_service(&mut self, unlocked: bool) {
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).args(unlocked.then_some("--unlock"));
        let mut service = private(&mut command, self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log(self.folder.path(), "keyring.log"))
            .spawn()
            .unwrap_or_else(|error| {
                panic!("gnome-keyring-daemon: {error}; install the package gnome-keyring")
            });
        let mut stdin = service.stdin.take().expect("piped");
        if unlocked {
            stdin.write_all(PASSWORD).expect("the password is taken");
        }
        drop(stdin);
        self.service = Some(service);
        self.eventually("the keyring is on the bus", || self.service_pid().is_some());
        if unlocked {
            // The name is taken before the password is read.
            self.eventually("the keyring is unlocked", || self.is_open());
        }
    }

    /// Stops the keyring's process: it is there, and answers nothing.
    pub fn stop_service(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped keyring go on.
    pub fn cont_service(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills the keyring's process, whoever started it.
    pub fn kill_service(&self) {
        let Some(pid) = self.service_pid() else { return };
        let _ = kill_process(pid, Signal::KILL);
        self.eventually("the killed keyring has left the bus", || self.service_pid() != Some(pid));
    }

    /// Stops the bus itself.
    pub fn stop_bus(&self) {
        kill_process(pid_of(&self.daemon), Signal::STOP).expect("the bus runs");
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.service_pid().expect("the keyring runs"), signal).expect("the keyring runs");
    }

    /// Tells which process is the keyring, if one runs.
    pub fn service_pid(&self) -> Option<Pid> {
        let reply = self.ask(BUS, "/", BUS, "GetConnectionUnixProcessID", (SECRETS,)).ok()?;
        Pid::from_raw(reply.read1::<u32>().ok()?.try_into().ok()?)
    }

    /// Locks every collection.
    pub fn lock(&self) {
        let path = self.collection().expect("a default collection");
        self.ask(SECRETS, ROOT, SERVICE, "Lock", (vec![path],)).expect("locked");
    }

    /// Puts a secret beside those of the product.
    pub fn create_item(&self, attributes: &[(&str, &str)], secret: &[u8]) {
        let connection = self.connection();
        let session: (Variant<Box<dyn RefArg>>, Path<'static>) =
            ask(&connection, SECRETS, ROOT, SERVICE, "OpenSession", ("plain", Variant("")))
                .and_then(|reply| reply.read_all())
                .expect("a session");
        let attributes: HashMap<String, String> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let label = format!("{ITEM}.Label");
        let mut properties = PropMap::new();
        properties.insert(label, Variant(Box::new("a foreign item".to_owned())));
        properties.insert(format!("{ITEM}.Attributes"), Variant(Box::new(attributes)));
        let sealed = (session.1, Vec::<u8>::new(), secret.to_vec(), "text/plain");
        let collection = self.collection().expect("a default collection");
        ask(&connection, SECRETS, &collection, COLLECTION, "CreateItem", (properties, sealed, false))
            .expect("an item");
    }

    /// Gives the items that match, as label and attributes.
    pub fn items(&self, attributes: &[(&str, &str)]) -> Vec<(String, HashMap<String, String>)> {
        let property = |path: &Path<'static>, name: &str| {
            self.ask(SECRETS, path, PROPERTIES, "Get", (ITEM, name)).expect("a property")
        };
        let items = self.search(attributes).into_iter().map(|path| {
            let Variant(label) = property(&path, "Label").read1().expect("a label");
            let Variant(attributes) = property(&path, "Attributes").read1().expect("attributes");
            (label, attributes)
        });
        items.collect()
    }

    /// Deletes the items that match.
    pub fn delete_items(&self, attributes: &[(&str, &str)]) {
        for path in self.search(attributes) {
            self.ask(SECRETS, &path, ITEM, "Delete", ()).expect("deleted");
        }
    }

    fn search(&self, attributes: &[(&str, &str)]) -> Vec<Path<'static>> {
        let attributes: HashMap<&str, &str> = attributes.iter().copied().collect();
        let reply = self.ask(SECRETS, ROOT, SERVICE, "SearchItems", (attributes,)).expect("a search");
        let (mut unlocked, locked): (Vec<Path<'static>>, Vec<Path<'static>>) = reply.read2().expect("paths");
        unlocked.extend(locked);
        unlocked
    }

    fn is_open(&self) -> bool {
        self.collection().is_some_and(|path| {
            let locked = self.ask(SECRETS, &path, PROPERTIES, "Get", (COLLECTION, "Locked"));
            locked.is_ok_and(|reply| reply.read1() == Ok(Variant(false)))
        })
    }

    fn collection(&self) -> Option<Path<'static>> {
        let reply = self.ask(SECRETS, ROOT, SERVICE, "ReadAlias", ("default",)).ok()?;
        reply.read1::<Path<'static>>().ok().filter(|path| &**path != "/")
    }

    /// Tells whether somebody had a dialog shown.
    pub fn prompted(&self) -> bool {
        self.folder.path().join("prompted").exists()
    }

    /// Watches everything that is said on the bus from now on.
    pub fn monitor(&self) -> Monitor {
        Monitor::start(&self.address)
    }

    /// Puts somebody between: just before the `nth` call (from 1) of that name is passed on, and when
    /// everything before it is answered, `act` is run.
    pub fn relay(&self, member: &str, nth: usize, act: impl FnOnce() + Send + 'static) -> Relay {
        Relay::start(&self.address, member, nth, act)
    }

    /// Has the dialog stay open, unanswered, for those seconds (the tripwire ends at once otherwise).
    pub fn leave_dialogs_open(&self, seconds: u32) {
        let script = self.folder.path().join("prompter");
        let text = fs::read_to_string(&script).expect("the tripwire");
        fs::write(script, text.replace("exit 1", &format!("exec sleep {seconds}"))).expect("the tripwire");
    }

    /// Gives what `stop_service` and the like do, for another thread.
    pub fn handle(&self) -> Handle {
        Handle { pid: self.service_pid().expect("the keyring runs"), address: self.address.clone() }
    }

    fn connection(&self) -> Connection {
        connection(&self.address)
    }

    fn ask<A: dbus::arg::AppendAll>(
        &self,
        to: &str,
        path: &str,
        interface: &str,
        member: &str,
        args: A,
    ) -> Result<Message, dbus::Error> {
        ask(&self.connection(), to, path, interface, member, args)
    }

    fn eventually(&self, what: &str, holds: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            let logs = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            assert!(
                Instant::now() < until,
                "not so after {PATIENCE:?}: {what}\n{}{}",
                logs("bus.log"),
                logs("keyring.log")
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = kill_process(pid_of(&self.daemon), Signal::CONT);
        // The bus may have started another one than ours; the fake one is this process.
        if let Some(pid) = self.service_pid().filter(|pid| *pid != rustix::process::getpid()) {
            let _ = kill_process(pid, Signal::KILL);
        }
        for child in [Some(&mut self.daemon), self.service.as_mut()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The keyring's process, for an action that a [`Relay`] runs.
#[derive(Clone)]
pub struct Handle {
    pid: Pid,
    address: String,
}

impl Handle {
    /// Stops the keyring's process.
    pub fn stop(&self) {
        kill_process(self.pid, Signal::STOP).expect("the keyring runs");
    }

    /// Kills the keyring's process.
    pub fn kill(&self) {
        kill_process(self.pid, Signal::KILL).expect("the keyring runs");
    }

    /// Kills the keyring's process, and lets the bus see it.
    pub fn kill_and_wait(&self) {
        let connection = connection(&self.address);
        let pid = || {
            let reply = ask(&connection, BUS, "/", BUS, "GetConnectionUnixProcessID", (SECRETS,)).ok()?;
            Pid::from_raw(reply.read1::<u32>().ok()?.try_into().ok()?)
        };
        self.kill();
        let until = Instant::now() + PATIENCE;
        while pid() == Some(self.pid) {
            assert!(Instant::now() < until, "the bus does not see the keyring's death");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Deletes every item that has that attribute.
    pub fn delete(&self, name: &str, value: &str) {
        let connection = connection(&self.address);
        let wanted = HashMap::from([(name, value)]);
        let found = ask(&connection, SECRETS, ROOT, SERVICE, "SearchItems", (wanted,)).expect("a search");
        for path in found.read1::<Vec<Path<'static>>>().expect("paths") {
            ask(&connection, SECRETS, &path, ITEM, "Delete", ()).expect("deleted");
        }
    }
}

const BUS: &str = "org.freedesktop.DBus";
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

fn channel(address: &str) -> Channel {
    let mut channel = Channel::open_private(address).expect("the bus listens");
    channel.register().expect("the bus answers");
    channel
}

fn connection(address: &str) -> Connection {
    channel(address).into()
}

fn ask<A: dbus::arg::AppendAll>(
    connection: &Connection,
    to: &str,
    path: &str,
    interface: &str,
    member: &str,
    args: A,
) -> Result<Message, dbus::Error> {
    if to == SECRETS && member != "ReadAlias" {
        // A keyring that does not recognise us yet may end at a first call that wants to know (see the product's).
        ask(connection, SECRETS, ROOT, SERVICE, "ReadAlias", ("nobody's",))?;
    }
    let mut question = Message::new_method_call(to, path, interface, member).expect("names");
    question.append_all(args);
    connection.send_with_reply_and_block(question, PATIENCE)
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn private<'a>(command: &'a mut Command, folder: &std::path::Path) -> &'a mut Command {
    command
        .env("HOME", folder.join("home"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_RUNTIME_DIR", folder.join("runtime"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("GNOME_KEYRING_CONTROL")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
}

fn log(folder: &std::path::Path, name: &str) -> fs::File {
    fs::OpenOptions::new().create(true).append(true).open(folder.join(name)).expect("a log")
}

/// The bus's configuration: anything goes, and only our own service files count.
fn config_of(folder: &str) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
