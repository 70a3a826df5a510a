//! Listens to everything that is said on a bus.

use super::{BUS, PATIENCE, SECRETS, channel};
use dbus::{Message, MessageType};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Listens to everything on a bus (`BecomeMonitor` of the D-Bus specification).
pub struct Monitor {
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Monitor {
    pub(super) fn start(address: &str) -> Self {
        let channel = channel(address);
        let monitor = Message::call_with_args(
            BUS,
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.Monitoring",
            "BecomeMonitor",
            (Vec::<String>::new(), 0_u32),
        );
        channel.send_with_reply_and_block(monitor, PATIENCE).expect("a monitor");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            while let Ok(message) = channel.blocking_pop_message(Duration::from_secs(1)) {
                seen.lock().expect("lines").extend(message.as_ref().map(line));
            }
        });
        Self { address: address.to_owned(), lines }
    }

    /// Gives what was said until now, one line a message: `call DESTINATION INTERFACE.MEMBER ARGUMENT`,
    /// `signal INTERFACE.MEMBER ARGUMENT`, `reply`, `error NAME`; the argument is the first one, if it is text.
    pub fn lines(&self) -> Vec<String> {
        // What was said before this question was asked is there when the question is.
        static QUESTIONS: AtomicUsize = AtomicUsize::new(0);
        let question = format!("are.you.listening.q{}", QUESTIONS.fetch_add(1, Ordering::Relaxed));
        let connection = channel(&self.address);
        let asked = Message::call_with_args(BUS, "/", BUS, "NameHasOwner", (question.as_str(),));
        connection.send(asked).expect("asked");
        connection.flush();
        let until = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines.lock().expect("lines").clone();
            if let Some(end) = lines.iter().position(|line| line.ends_with(&question)) {
                return lines[..end]
                    .iter()
                    .filter(|line| !line.contains("are.you.listening"))
                    .cloned()
                    .collect();
            }
            assert!(Instant::now() < until, "the monitor hears nothing");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Gives the methods of the Secret Service that were called, in order.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.lines().into_iter().filter_map(|line| {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("call"), Some(SECRETS), Some(method)) => method.rsplit('.').next().map(str::to_owned),
                _ => None,
            }
        });
        calls.collect()
    }

    /// Gives what was said about dialogs: calls of `Prompt`, and anything to or about a prompter.
    pub fn dialogs(&self) -> Vec<String> {
        let about = |line: &String| line.contains("Secret.Prompt.Prompt") || line.contains("rompter");
        self.lines().into_iter().filter(about).collect()
    }
}

fn line(message: &Message) -> String {
    let interface = message.interface().map(|name| name.to_string()).unwrap_or_default();
    let member = message.member().map(|name| name.to_string()).unwrap_or_default();
    let argument = message.get1::<&str>().unwrap_or_default();
    match message.msg_type() {
        MessageType::MethodCall => {
            let to = message.destination().map(|name| name.to_string()).unwrap_or_default();
            format!("call {to} {interface}.{member} {argument}")
        }
        MessageType::Signal => format!("signal {interface}.{member} {argument}"),
        MessageType::Error => {
            let mut copy = message.duplicate().expect("a copy");
            let error = copy.as_result().err();
            format!("error {}", error.as_ref().and_then(|error| error.name()).unwrap_or_default())
        }
        MessageType::MethodReturn => "reply".to_owned(),
    }
}
