//! The private keyring of these tests as other programs see it: they find it by the environment, and the
//! monitor sees the dialogs that they open.

use crate::bus::Bus;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs libsecret's own tool on that bus.
fn secret_tool(bus: &Bus, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new("secret-tool")
        .args(args)
        .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("secret-tool: {error}; install the package libsecret-tools"));
    // It may end before it reads.
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    child.wait_with_output().expect("its output")
}

#[test]
fn a_program_finds_the_private_keyring_by_the_environment() {
    let bus = Bus::start(true);
    let stored = secret_tool(&bus, &["store", "--label=x", "service", "test"], "kept");
    assert!(stored.status.success(), "{stored:?}");
    let found = secret_tool(&bus, &["lookup", "service", "test"], "");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "kept", "{found:?}");
    assert_eq!(bus.items(&[("service", "test")]).len(), 1);
}

#[test]
fn the_monitor_sees_the_dialog_that_another_program_opens_to_read() {
    let bus = Bus::start(true);
    secret_tool(&bus, &["store", "--label=x", "service", "test"], "kept");
    bus.lock();
    let monitor = bus.monitor();
    let found = secret_tool(&bus, &["lookup", "service", "test"], "");
    assert!(found.stdout.is_empty(), "{found:?}");
    let dialogs = monitor.dialogs();
    assert!(dialogs.iter().any(|line| line.contains("Secret.Prompt.Prompt")), "{dialogs:?}");
    assert!(dialogs.iter().any(|line| line.contains("gnome.keyring.internal.Prompter")), "{dialogs:?}");
    assert!(bus.prompted());
}
