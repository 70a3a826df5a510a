//! A note on the desktop, where there is one: the freedesktop notification service, spoken on the session bus.
//!
//! Source: the Desktop Notifications Specification, `org.freedesktop.Notifications.Notify`. Nobody waits for an
//! answer, and a desktop without the service shows nothing.

#[cfg(target_os = "linux")]
use std::time::Duration;

/// How long the bus may take in all.
#[cfg(target_os = "linux")]
const BOUND: Duration = Duration::from_secs(1);

/// Shows a line on the desktop of whoever waits.
pub(crate) fn tell(text: &str) {
    #[cfg(target_os = "linux")]
    on_the_bus(text);
    #[cfg(not(target_os = "linux"))]
    let _ = text;
}

#[cfg(target_os = "linux")]
fn on_the_bus(text: &str) {
    let has_desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    // Without an address the library would start a bus.
    let Some(address) = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|_| has_desktop) else {
        return;
    };
    let text = text.to_owned();
    let (done, waits) = std::sync::mpsc::channel();
    // A bus that does not answer must not hold up what comes next.
    let thread = std::thread::Builder::new().spawn(move || {
        send(&address, &text);
        let _ = done.send(());
    });
    if thread.is_ok() {
        let _ = waits.recv_timeout(BOUND);
    }
}

#[cfg(target_os = "linux")]
fn send(address: &str, text: &str) {
    use dbus::arg::{PropMap, RefArg, Variant};
    use dbus::channel::Channel;
    let Ok(mut channel) = Channel::open_private(address) else { return };
    if channel.register().is_err() {
        return;
    }
    let Ok(call) = dbus::Message::new_method_call(
        "org.freedesktop.Notifications",
        "/org/freedesktop/Notifications",
        "org.freedesktop.Notifications",
        "Notify",
    ) else {
        return;
    };
    let hints = PropMap::from([("urgency".to_owned(), Variant(Box::new(1u8) as Box<dyn RefArg>))]);
    let call = call
        .append3("git-credential-patron", 0u32, "")
        .append3("git-credential-patron", text, Vec::<String>::new())
        .append2(hints, -1i32);
    let _ = channel.send_with_reply_and_block(call, BOUND);
}
