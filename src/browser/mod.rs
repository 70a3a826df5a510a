//! May a browser be opened here, and opening it once (security facts, rules B1-B5; design, step 10).
//!
//! A browser is opened where a person sits who can see it, and who did not say no. What speaks against it
//! is collected from the environment into [`Surroundings`], and [`may_open`] judges, as a pure function; its
//! doc comment is the rule. *Once* per account, owner and reason is the caller's to know: this room keeps no
//! state. Where nothing is opened, the caller prints the page and says why.

mod launch;

pub(crate) use launch::{OpenError, Opened, open, open_own};

use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;

/// On whose wish a page would be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Nobody's: git is at work, and we noticed something.
    ByItself,
    /// A command that opens a page as one of its steps (`add`).
    InCommand,
    /// A person said: open it (`diagnose --open`).
    Asked,
}

/// Why no browser is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBrowser {
    /// Nobody sits before a build machine.
    BuildMachine,
    /// The browser would open on the far machine.
    Ssh,
    /// There is no screen to show it on, as far as the environment tells.
    NoDisplay,
    /// The user wants none: `patron.browser`, `PATRON_BROWSER`.
    Setting,
    /// A browser of the user must not run as root.
    Sudo,
    /// `GIT_TERMINAL_PROMPT=0`: whoever started git wants no questions.
    PromptsOff,
    /// `credential.interactive` is false or never.
    NotInteractive,
    /// An editor fetches in the background.
    SilentFetch,
    /// Git fetches ahead by itself.
    Prefetch,
}

impl fmt::Display for NoBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuildMachine => "CI is set",
            Self::Ssh => "this is an SSH session",
            Self::NoDisplay => "there is no display",
            Self::Setting => "patron.browser is never",
            Self::Sudo => "this runs under sudo",
            Self::PromptsOff => "GIT_TERMINAL_PROMPT is 0",
            Self::NotInteractive => "credential.interactive is off",
            Self::SilentFetch => "an editor fetches in the background",
            Self::Prefetch => "git fetches ahead in the background",
        })
    }
}

/// What is known of the place we run at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Surroundings {
    /// `CI`, or a build server's own mark.
    pub build_machine: bool,
    /// `SSH_CONNECTION`, `SSH_TTY` or `SSH_CLIENT`.
    pub ssh: bool,
    /// A screen is there: `DISPLAY`, `WAYLAND_DISPLAY` or WSL on Linux, a desktop session elsewhere, or a
    /// terminal on macOS and Windows, where that is a window.
    pub display: bool,
    /// `patron.browser` or `PATRON_BROWSER` is `never`.
    pub setting_never: bool,
    /// Root by `sudo` or `doas`.
    pub sudo: bool,
    /// `GIT_TERMINAL_PROMPT` is off.
    pub prompts_off: bool,
    /// `credential.interactive` is off.
    pub not_interactive: bool,
    /// `VSCODE_GIT_FETCH_SILENT`.
    pub silent_fetch: bool,
}

/// Judges whether a browser may be opened.
///
/// | | by itself | in a command | asked |
/// |---|---|---|---|
/// | the user's setting says never | no | no | yes |
/// | build machine, SSH, no display, sudo | no | no | yes |
/// | `GIT_TERMINAL_PROMPT=0`, `credential.interactive` off, silent fetch | no | yes | yes |
/// | otherwise | yes | yes | yes |
pub(crate) fn may_open(here: &Surroundings, purpose: Purpose) -> Result<(), NoBrowser> {
    // Every field is named: a new one must be decided about.
    let Surroundings {
        build_machine,
        ssh,
        display,
        setting_never,
        sudo,
        prompts_off,
        not_interactive,
        silent_fetch,
    } = *here;
    let in_command = [
        (setting_never, NoBrowser::Setting),
        (build_machine, NoBrowser::BuildMachine),
        (ssh, NoBrowser::Ssh),
        (sudo, NoBrowser::Sudo),
        (!display, NoBrowser::NoDisplay),
    ];
    let by_itself = [
        (prompts_off, NoBrowser::PromptsOff),
        (not_interactive, NoBrowser::NotInteractive),
        (silent_fetch, NoBrowser::SilentFetch),
    ];
    let against: &[&[(bool, NoBrowser)]] = match purpose {
        Purpose::Asked => &[],
        Purpose::InCommand => &[&in_command],
        Purpose::ByItself => &[&in_command, &by_itself],
    };
    let found = against.iter().copied().flatten().find(|(holds, _)| *holds);
    found.map_or(Ok(()), |(_, why)| Err(*why))
}

impl Surroundings {
    /// Collects what this process can see. `setting_never` is the caller's, who reads the settings; so is
    /// `interactive`, the value of `credential.interactive` in git's files, if it was read.
    pub(crate) fn collect(setting_never: bool, interactive: Option<&str>) -> Self {
        let seen = Seen { root: launch::is_root(), stderr_is_terminal: std::io::stderr().is_terminal() };
        Self::from_env(&|name| std::env::var_os(name), seen, setting_never, interactive)
    }

    fn from_env(
        env: &dyn Fn(&str) -> Option<OsString>,
        seen: Seen,
        setting_never: bool,
        interactive: Option<&str>,
    ) -> Self {
        let text = |name: &str| env(name).map(|value| value.to_string_lossy().into_owned());
        let is_set = |name: &str| text(name).is_some_and(|value| !value.is_empty());
        let any = |names: &[&str]| names.iter().any(|name| is_set(name));
        Self {
            build_machine: text("CI").is_some_and(|value| !value.is_empty() && !is_off(&value))
                || any(&["JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD"]),
            ssh: any(&["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"]),
            display: launch::has_desktop(seen.stderr_is_terminal, &any),
            setting_never,
            sudo: seen.root && any(&["SUDO_USER", "DOAS_USER"]),
            prompts_off: text("GIT_TERMINAL_PROMPT").is_some_and(|value| is_off(&value)),
            not_interactive: interactive.is_some_and(is_never)
                || interactive_in_env(&text).is_some_and(|value| is_never(&value)),
            silent_fetch: is_set(SILENT_FETCH),
        }
    }
}

/// Tells whether an editor fetches in the background, so that nobody waits for it.
pub(crate) fn is_silent_fetch() -> bool {
    std::env::var_os(SILENT_FETCH).is_some_and(|value| !value.is_empty())
}

/// What an editor sets when it fetches by itself.
const SILENT_FETCH: &str = "VSCODE_GIT_FETCH_SILENT";

/// What is not in the environment.
#[derive(Clone, Copy)]
struct Seen {
    root: bool,
    stderr_is_terminal: bool,
}

/// Tells whether git would take this for a no.
fn is_off(value: &str) -> bool {
    ["0", "false", "no", "off"].iter().any(|off| value.eq_ignore_ascii_case(off))
}

/// Git's own values, and one of another helper's that its users write.
fn is_never(value: &str) -> bool {
    is_off(value) || value.eq_ignore_ascii_case("never")
}

/// Finds `credential.interactive` where `git -c` and its like put it: `GIT_CONFIG_COUNT` with its keys and
/// values, and `GIT_CONFIG_PARAMETERS` (documented in `git(1)`; the second one's form read in `config.c`).
/// The last one holds.
fn interactive_in_env(text: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    const KEY: &str = "credential.interactive";
    // Nobody writes more; a count of millions is no reason to look for as many.
    const MAX_COUNT: usize = 1000;
    let count: usize = text("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    let counted = (0..count.min(MAX_COUNT)).filter_map(|n| {
        let key = text(&format!("GIT_CONFIG_KEY_{n}"))?;
        key.eq_ignore_ascii_case(KEY).then(|| text(&format!("GIT_CONFIG_VALUE_{n}")).unwrap_or_default())
    });
    let parameters = text("GIT_CONFIG_PARAMETERS").unwrap_or_default();
    let mut words = unquoted(&parameters).into_iter();
    let mut given = Vec::new();
    while let Some((word, glued)) = words.next() {
        // New form: 'key'='value'. Old form: 'key=value'.
        let (key, value) = if glued {
            (word, words.next().map(|(value, _)| value).unwrap_or_default())
        } else {
            match word.split_once('=') {
                Some((key, value)) => (key.to_owned(), value.to_owned()),
                // A key alone is a yes.
                None => (word, "true".to_owned()),
            }
        };
        if key.eq_ignore_ascii_case(KEY) {
            given.push(value);
        }
    }
    counted.chain(given).last()
}

/// Takes git's quoted words apart: each with whether a `=` binds it to the next.
fn unquoted(text: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            continue;
        }
        let mut word = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                // '\'' and '\!' stand for a quote and an exclamation mark inside a word.
                '\'' if letters.peek() == Some(&'\\') => {
                    letters.next();
                    word.extend(letters.next());
                    letters.next_if_eq(&'\'');
                }
                '\'' => break,
                letter => word.push(letter),
            }
        }
        words.push((word, letters.peek() == Some(&'=')));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: Surroundings = Surroundings {
        build_machine: false,
        ssh: false,
        display: true,
        setting_never: false,
        sudo: false,
        prompts_off: false,
        not_interactive: false,
        silent_fetch: false,
    };

    fn seen(env: &[(&str, &str)]) -> Surroundings {
        let get = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        let seen = Seen { root: false, stderr_is_terminal: false };
        Surroundings::from_env(&get, seen, false, None)
    }

    #[test]
    fn a_desk_may() {
        for purpose in [Purpose::ByItself, Purpose::InCommand, Purpose::Asked] {
            assert_eq!(may_open(&DESK, purpose), Ok(()));
        }
    }

    #[test]
    fn each_reason_speaks_against_what_the_table_says() {
        for (here, why, in_command) in [
            (Surroundings { setting_never: true, ..DESK }, NoBrowser::Setting, false),
            (Surroundings { build_machine: true, ..DESK }, NoBrowser::BuildMachine, false),
            (Surroundings { ssh: true, ..DESK }, NoBrowser::Ssh, false),
            (Surroundings { sudo: true, ..DESK }, NoBrowser::Sudo, false),
            (Surroundings { display: false, ..DESK }, NoBrowser::NoDisplay, false),
            (Surroundings { prompts_off: true, ..DESK }, NoBrowser::PromptsOff, true),
            (Surroundings { not_interactive: true, ..DESK }, NoBrowser::NotInteractive, true),
            (Surroundings { silent_fetch: true, ..DESK }, NoBrowser::SilentFetch, true),
        ] {
            assert_eq!(may_open(&here, Purpose::ByItself), Err(why));
            let expected = if in_command { Ok(()) } else { Err(why) };
            assert_eq!(may_open(&here, Purpose::InCommand), expected);
            assert_eq!(may_open(&here, Purpose::Asked), Ok(()), "a person said so");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_environment_tells_the_place() {
        assert_eq!(seen(&[]), Surroundings { display: false, ..DESK });
        for display in ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "WSL_INTEROP"] {
            assert_eq!(seen(&[(display, ":0")]), DESK, "{display}");
            assert!(!seen(&[(display, "")]).display, "{display}");
        }
        for name in ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"] {
            assert_eq!(seen(&[("DISPLAY", ":0"), (name, "x")]), Surroundings { ssh: true, ..DESK }, "{name}");
        }
        for (name, value) in [("CI", "true"), ("CI", "1"), ("CI", "woodpecker"), ("TF_BUILD", "True")] {
            let build_machine = Surroundings { build_machine: true, ..DESK };
            assert_eq!(seen(&[("DISPLAY", ":0"), (name, value)]), build_machine, "{name}={value}");
        }
        for (name, value) in [("CI", "false"), ("CI", ""), ("GIT_TERMINAL_PROMPT", "1"), ("SUDO_USER", "me")]
        {
            assert_eq!(seen(&[("DISPLAY", ":0"), (name, value)]), DESK, "{name}={value}");
        }
        for value in ["0", "false", "NO", "off"] {
            assert!(seen(&[("GIT_TERMINAL_PROMPT", value)]).prompts_off, "{value}");
        }
        assert!(seen(&[("VSCODE_GIT_FETCH_SILENT", "1")]).silent_fetch);
    }

    #[test]
    fn root_by_sudo_is_told_from_root() {
        let sudo = |root, name| {
            let seen = Seen { root, stderr_is_terminal: true };
            Surroundings::from_env(&|asked| (asked == name).then(|| "me".into()), seen, false, None).sudo
        };
        assert!(sudo(true, "SUDO_USER"));
        assert!(sudo(true, "DOAS_USER"));
        assert!(!sudo(false, "SUDO_USER"));
        assert!(!sudo(true, "USER"));
    }

    #[test]
    fn credential_interactive_is_found_wherever_git_puts_it() {
        let off = |parameters: &str| seen(&[("GIT_CONFIG_PARAMETERS", parameters)]).not_interactive;
        for parameters in [
            "'credential.interactive'='false'",
            "'credential.interactive=false'",
            "'Credential.Interactive'='Never'",
            "'a.b'='it'\\''s' 'credential.interactive'='0' 'c.d'",
            "'x.y'='credential.interactive=true' 'credential.interactive'='off'",
        ] {
            assert!(off(parameters), "{parameters}");
        }
        for parameters in [
            "",
            "'credential.interactive'",
            "'credential.interactive'='true'",
            "'credential.interactive'='false' 'credential.interactive'='true'",
            "'x.y'='credential.interactive=false'",
            "'x.credential.interactive'='false'",
            "'credential.interactive",
            "'",
            "'='='='",
        ] {
            assert!(!off(parameters), "{parameters}");
        }
        let counted = |value| {
            seen(&[
                ("GIT_CONFIG_COUNT", "2"),
                ("GIT_CONFIG_KEY_0", "a.b"),
                ("GIT_CONFIG_KEY_1", "credential.interactive"),
                ("GIT_CONFIG_VALUE_1", value),
            ])
            .not_interactive
        };
        assert!(counted("false") && !counted("true"));
        assert!(!seen(&[("GIT_CONFIG_COUNT", "99999999999999")]).not_interactive);
        let from_file = |value| {
            let seen = Seen { root: false, stderr_is_terminal: false };
            Surroundings::from_env(&|_| None, seen, false, Some(value)).not_interactive
        };
        assert!(from_file("never") && from_file("false") && !from_file("auto"));
    }

    /// What git itself writes, so that the form above is not our own invention.
    #[test]
    fn real_git_writes_what_is_read_here() {
        let alias = "alias.what-git-says=!printf %s \"$GIT_CONFIG_PARAMETERS\"";
        for (value, off) in [("false", true), ("never", true), ("true", false)] {
            let git = std::process::Command::new("git")
                .args(["-c", "user.name=it's me!", "-c", alias])
                .args(["-c", &format!("credential.interactive={value}"), "what-git-says"])
                .output()
                .expect("git runs");
            let parameters = String::from_utf8(git.stdout).expect("UTF-8");
            assert!(parameters.contains("credential.interactive"), "{parameters}");
            assert_eq!(seen(&[("GIT_CONFIG_PARAMETERS", &parameters)]).not_interactive, off, "{parameters}");
        }
    }
}
