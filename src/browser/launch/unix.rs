//! What opens a page on Unix.

use super::{Launcher, is_secret};
use crate::search_path::{find_in_path, is_program};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What Windows sets in a Linux that runs below it.
const WSL: [&str; 2] = ["WSL_DISTRO_NAME", "WSL_INTEROP"];

impl Launcher {
    fn var(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_os_str())
    }

    /// Finds a program by the absolute folders of `PATH`: a relative one would be the repository's.
    pub(super) fn find(&self, program: &OsStr) -> Option<PathBuf> {
        let program = Path::new(program);
        if program.is_absolute() {
            return is_program(program).then(|| program.to_owned());
        }
        if program.components().count() != 1 {
            return None;
        }
        find_in_path(program.as_os_str(), self.var("PATH")?)
    }

    /// Gives the first command that exists: the user's `BROWSER`, else what the system has.
    pub(super) fn command(&self, url: &str) -> Option<(PathBuf, Command)> {
        let of_user = self.browser_words(url).into_iter().map(|words| (words, Vec::new()));
        let of_windows = self.windows_words(url).into_iter().map(|words| (words, Vec::new()));
        let of_system = open::commands(url).into_iter().map(|command| {
            let words = [command.get_program()].into_iter().chain(command.get_args());
            let env =
                command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            (words.map(OsStr::to_owned).collect(), env.collect::<Vec<_>>())
        });
        let (program, words, env) =
            of_user.chain(of_windows).chain(of_system).find_map(|(words, env): (Vec<OsString>, _)| {
                let program = self.find(words.first()?)?;
                Some((program, words, env))
            })?;
        // `setsid` becomes the program, since a process that leads no group need not fork to lead a session.
        let mut command = match self.find(OsStr::new("setsid")) {
            Some(setsid) => {
                let mut command = Command::new(setsid);
                command.arg(&program);
                command
            }
            None => {
                let mut command = Command::new(&program);
                command.process_group(0);
                command
            }
        };
        let inherited = self.env.iter().filter(|(name, _)| !is_secret(name)).cloned();
        command.args(&words[1..]).env_clear().envs(inherited).envs(env).current_dir("/");
        Some((program, command))
    }

    /// Reads `BROWSER`: commands with a colon between, `%s` where the page goes, else at the end.
    ///
    /// Split into words first, filled in afterwards (RUSTSEC-2026-0257 is the other order). A command with
    /// anything a shell would read specially is passed over: there is no shell here to read it.
    fn browser_words(&self, url: &str) -> Vec<Vec<OsString>> {
        let text = self.var("BROWSER").and_then(OsStr::to_str).unwrap_or_default();
        let command = |text: &str| {
            if text.contains(['"', '\'', '\\', '`', '$', ';', '&', '|', '<', '>', '(', ')', '*', '?']) {
                return None;
            }
            let mut words: Vec<_> = text.split_ascii_whitespace().map(str::to_owned).collect();
            if words.is_empty() {
                return None;
            }
            if words[1..].iter().any(|word| word.contains("%s")) {
                words[1..].iter_mut().for_each(|word| *word = word.replace("%s", url));
            } else {
                words.push(url.to_owned());
            }
            Some(words.into_iter().map(OsString::from).collect())
        };
        text.split(':').filter_map(command).collect()
    }

    /// What opens a page in the browser of Windows, in a Linux that runs below it (WSL): its users' own `wslview`, else
    /// Windows' program for that, where a drive of Windows is usually mounted. `PATH` need not hold its folders.
    fn windows_words(&self, url: &str) -> Vec<Vec<OsString>> {
        const OPENER: [&str; 2] = ["/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler"];
        if !WSL.iter().any(|name| self.var(name).is_some_and(|value| !value.is_empty())) {
            return Vec::new();
        }
        let commands: [&[&str]; 2] = [&["wslview"], &OPENER];
        commands
            .iter()
            .map(|words| words.iter().copied().chain([url]).map(OsString::from).collect())
            .collect()
    }
}

/// Keeps what git left open (its sockets: measured) from the programs we start. Ours are kept already.
pub(super) fn keep_descriptors() {
    const AFTER_STDERR: i32 = 3;
    close_fds::set_fds_cloexec_threadsafe(AFTER_STDERR, &[]);
}

/// Tells whether this is root.
pub(in crate::browser) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Tells whether there is a screen. macOS: what a program of the desktop hands down to its children (known, not
/// measured), or a terminal, which is a window there.
pub(in crate::browser) fn has_desktop(is_terminal: bool, any: &dyn Fn(&[&str]) -> bool) -> bool {
    match cfg!(target_os = "macos") {
        true => is_terminal || any(&["__CFBundleIdentifier", "TERM_PROGRAM"]),
        false => any(&["DISPLAY", "WAYLAND_DISPLAY"]) || any(&WSL),
    }
}
