//! TAB in real shells, each in a terminal of its own, after an installation at home.

use super::{Home, tool};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a shell may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn bash_completes_commands_options_and_values() {
    let loader = "/usr/share/bash-completion/bash_completion";
    assert!(Path::new(loader).is_file(), "install the package bash-completion");
    let of_git = "/usr/share/bash-completion/completions/git";
    assert!(Path::new(of_git).is_file(), "git's own completions are missing: install the package git");
    // bash-completion 2.11 splits the home's path at spaces (measured).
    let home = Home::plain();
    home.install();
    add_globex(&home);
    home.sandbox.write(".bashrc", format!("PS1='ready> '\n. {loader}\n"));
    for (typed, shown) in [
        ("git-credential-patron uns\t--d\t", "git-credential-patron unsetup --dry-run"),
        ("git credential-patron uns\t--d\t", "git credential-patron unsetup --dry-run"),
        ("git -C / credential-patron add --va\tf\t", "git -C / credential-patron add --vault file"),
        ("git credential-pa\tcomp\tel\t", "git credential-patron completions elvish"),
        ("git-credential-patron remove glo\t", "git-credential-patron remove globex"),
        ("git credential-patron exec --for glo\t", "git credential-patron exec --for globex"),
        ("git credential-patron explain sso\t", "git credential-patron explain sso-required"),
        ("git credential-patron token glo\t", "git credential-patron token globex"),
    ] {
        typed_into(&home, &["bash", "--noprofile", "-i"], typed, shown);
    }
}

#[test]
fn zsh_completes_commands_and_options() {
    tool("zsh", "zsh");
    let home = Home::new();
    home.install();
    add_globex(&home);
    let folder = home.prefix().join("share/zsh/site-functions");
    let folder = folder.display().to_string().replace('"', "\\\"");
    let settings =
        format!("PS1='ready> '\nfpath=(\"{folder}\" $fpath)\nautoload -U compinit; compinit -u -D\n");
    home.sandbox.write(".zshrc", settings);
    for (typed, shown) in [
        ("git-credential-patron uns\t--d\t", "unsetup --dry-run"),
        ("git credential-patron uns\t--d\t", "unsetup --dry-run"),
        ("git-credential-patron remove glo\t", "remove globex"),
        ("git-credential-patron explain sso\t", "explain sso-required"),
        ("git-credential-patron exec --for=glo\t", "exec --for=globex"),
    ] {
        typed_into(&home, &["zsh", "-d", "-i"], typed, shown);
    }
}

#[test]
fn fish_completes_commands_and_options() {
    tool("fish", "fish");
    let home = Home::new();
    home.install();
    add_globex(&home);
    // `git credential-patron` as well, but not in fish 3.6.0, which takes the name of a command of git's from
    // its file with `git-` before it (measured).
    for (typed, shown) in [
        ("git-credential-patron uns", "unsetup\t"),
        ("git-credential-patron unsetup --d", "--dry-run\t"),
        ("git-credential-patron add --vault ", "keyring\t"),
        ("git-credential-patron remove glo", "globex"),
        ("git-credential-patron explain sso", "sso-required"),
        ("git-credential-patron exec --for glo", "globex"),
    ] {
        let found = home.sandbox.command("fish", ["-c", &format!("complete -C '{typed}'")]).ok().stdout();
        assert!(found.lines().any(|line| line.starts_with(shown)), "{typed}: {found}");
    }
}

/// An account, whose name is a value to complete.
fn add_globex(home: &Home) {
    let secret = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    let add = ["credential-patron", "add", "globex", "--token-stdin", "--no-verify"];
    home.sandbox.command("git", add).stdin(secret).ok();
}

/// Types into a shell at its prompt, and waits until this is on the screen.
fn typed_into(home: &Home, shell: &[&str], typed: &str, shown: &str) {
    // Wide, so that no line is broken.
    let size = PtySize { rows: 24, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(shell[0]);
    command.args(&shell[1..]);
    command.env_clear();
    for (name, value) in home.sandbox.environment() {
        command.env(name, value);
    }
    command.env("TERM", "dumb");
    command.cwd(OsStr::new(home.sandbox.home()));
    let mut child = pair.slave.spawn_command(command).expect("the shell starts");
    drop(pair.slave);
    let screen = Arc::new(Mutex::new(Vec::new()));
    let mut reader = pair.master.try_clone_reader().expect("the screen");
    let seen = Arc::clone(&screen);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            seen.lock().expect("nobody panics with it").extend_from_slice(&buffer[..count]);
        }
    });
    // Zsh draws spaces of its own, and goes back over them.
    let text = || {
        let text = String::from_utf8_lossy(&screen.lock().expect("nobody panics with it")).into_owned();
        let mut drawn = String::new();
        for letter in text.chars() {
            match letter {
                '\x08' => _ = drawn.pop(),
                ' ' if drawn.ends_with(' ') => {}
                letter => drawn.push(letter),
            }
        }
        drawn
    };
    let wait_for = |words: &str| {
        let start = Instant::now();
        while !text().contains(words) && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        text().contains(words)
    };
    let mut keys = pair.master.take_writer().expect("the keyboard");
    let is_ready = wait_for("ready>");
    keys.write_all(typed.as_bytes()).expect("the shell reads");
    keys.flush().expect("the shell reads");
    let is_shown = is_ready && wait_for(shown);
    // An error means that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
    assert!(is_shown, "{shell:?}: {typed:?} should give {shown:?} and gave\n{}", text());
}
