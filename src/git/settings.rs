//! `patron.*` in git's config, and the environment that is stronger.
//!
//! Read with libgit2, file by file, from the system, XDG and global files only and never from a repository:
//! what is cloned must not choose which helper is asked or which vault is opened. `GIT_CONFIG_PARAMETERS`, the
//! settings of one `git -c` command, is no file of the user's and not read either. A bad value is an error that names
//! its place; the setting then is as if it were not there.

use super::{Env, Git, Level, git_bool, names_patron, setting_files, shown};
use crate::choose::Fallback;
use crate::helper_line;
use crate::percent;
use crate::remote::{Host, Remote, Server};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// `patron.vault`: where `add` and `store` keep secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum VaultChoice {
    /// The keyring, or the file where there is no keyring service at all.
    #[default]
    Auto,
    /// The keyring.
    Keyring,
    /// The file.
    File,
}

/// `patron.browser`, `patron.probe`, `patron.prompt`, `patron.learn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Permission {
    /// Where the design says so.
    #[default]
    Auto,
    /// Not at all.
    Never,
}

/// All settings. Debug shows the fallbacks as [`shown()`] does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where secrets are kept.
    pub vault: VaultChoice,
    /// Whether a browser may be opened.
    pub browser: Permission,
    /// Whether a request of our own may be made before answering.
    pub probe: Permission,
    /// Whether the terminal may be asked.
    pub prompt: Permission,
    /// Whether what git tells us of is kept without `add`.
    pub learn: Permission,
    fallbacks: Vec<FallbackSetting>,
}

/// `patron.<url>.fallback` for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FallbackSetting {
    user: Option<String>,
    host: Host,
    segments: Vec<String>,
    items: Vec<FallbackLine>,
    with_path: bool,
}

/// One line of a fallback.
#[derive(Clone, PartialEq, Eq)]
enum FallbackLine {
    Helper(String),
    /// The helpers that a key of git's own config sets: `fallbackFrom`, for those with a secret in them.
    From(Vec<u8>),
}

/// The `credential.*.helper` lines that were read so far, by key.
type Helpers = BTreeMap<Vec<u8>, Vec<String>>;

impl fmt::Debug for FallbackLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Helper(helper) => write!(f, "Helper({})", helper_line::shown(helper)),
            Self::From(key) => write!(f, "From({})", shown(key)),
        }
    }
}

/// A setting that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSetting {
    /// A value that means nothing.
    #[error("{place}: {name} is \"{value}\", but may be {allowed}")]
    Value {
        /// The file or variable.
        place: String,
        /// The setting.
        name: String,
        /// The value, fit to be shown.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A file that libgit2 cannot read: none of its settings are known.
    #[error("{path}: the settings cannot be read: {why}", path = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What libgit2 says.
        why: String,
    },
}

const VAULTS: &str = "auto, keyring or file";
const PERMISSIONS: &str = "auto or never";

impl Settings {
    /// Reads the settings of this user and machine; what could not be used comes beside them.
    ///
    /// `git` is asked where its system file is; without it only `GIT_CONFIG_SYSTEM` tells.
    pub(crate) fn read(git: Option<&Git>, env: Env<'_>) -> (Self, Vec<BadSetting>) {
        let mut settings = Self::default();
        let (mut bad, mut helpers) = (Vec::new(), Helpers::new());
        for (level, file) in setting_files(git, env) {
            if let Err(error) = settings.read_file(level, &file, &mut helpers, &mut bad) {
                bad.push(BadSetting::File { file, why: shown(error.message().as_bytes()) });
            }
            // Level by level: what the machine's setup names are the machine's helpers.
            settings.fallbacks.iter_mut().for_each(|recorded| recorded.resolve(&helpers));
        }
        for (variable, name) in [
            ("PATRON_VAULT", "vault"),
            ("PATRON_BROWSER", "browser"),
            ("PATRON_PROBE", "probe"),
            ("PATRON_PROMPT", "prompt"),
            ("PATRON_LEARN", "learn"),
        ] {
            // An empty one is none: so scripts and CI write what they leave open.
            if let Some(value) = env(variable).filter(|value| !value.is_empty()) {
                settings.set(name, Some(value.as_encoded_bytes()), "environment", variable, &mut bad);
            }
        }
        (settings, bad)
    }

    /// Gives whom to ask for a request that no account fits: the longest URL that fits it, a path being
    /// longer than a user name.
    pub(crate) fn fallback_for(&self, remote: &Remote, user: Option<&str>) -> Fallback {
        let fits = self.fallbacks.iter().filter(|recorded| recorded.fits(remote, user));
        let longest = fits.max_by_key(|recorded| (recorded.segments.len(), recorded.user.is_some()));
        longest.map(FallbackSetting::fallback).unwrap_or_default()
    }

    fn read_file(
        &mut self,
        level: Level,
        file: &Path,
        helpers: &mut Helpers,
        bad: &mut Vec<BadSetting>,
    ) -> Result<(), git2::Error> {
        if !file.is_file() {
            return Ok(());
        }
        let level =
            if level == Level::System { git2::ConfigLevel::System } else { git2::ConfigLevel::Global };
        let mut config = git2::Config::new()?;
        config.add_file(file, level, false)?;
        let mut entries = config.entries(None)?;
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let value = entry.has_value().then(|| entry.value_bytes());
            let Some(name) = entry.name_bytes().strip_prefix(b"patron.") else {
                note_helper(entry.name_bytes(), value, helpers);
                continue;
            };
            // libgit2 tells how deep an include lies, not which file it is.
            let place = match entry.include_depth() {
                0 => file.display().to_string(),
                _ => format!("{} or a file it includes", file.display()),
            };
            match name.iter().rposition(|byte| *byte == b'.') {
                None => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    self.set(&name, value, &place, &format!("patron.{name}"), bad);
                }
                Some(dot) => self.record(&name[..dot], &name[dot + 1..], value, &place, bad),
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: Option<&[u8]>, place: &str, full: &str, bad: &mut Vec<BadSetting>) {
        let permission = match value {
            Some(b"auto") => Some(Permission::Auto),
            Some(b"never") => Some(Permission::Never),
            _ => None,
        };
        let vault = match value {
            Some(b"auto") => Some(VaultChoice::Auto),
            Some(b"keyring") => Some(VaultChoice::Keyring),
            Some(b"file") => Some(VaultChoice::File),
            _ => None,
        };
        match name {
            "vault" => self.vault = vault.unwrap_or_default(),
            "browser" => self.browser = permission.unwrap_or_default(),
            "probe" => self.probe = permission.unwrap_or_default(),
            "prompt" => self.prompt = permission.unwrap_or_default(),
            "learn" => self.learn = permission.unwrap_or_default(),
            // Newer versions know more.
            _ => return,
        }
        let (good, allowed) =
            if name == "vault" { (vault.is_some(), VAULTS) } else { (permission.is_some(), PERMISSIONS) };
        if !good {
            bad.push(bad_value(place, full, value, allowed));
        }
    }

    fn record(
        &mut self,
        url: &[u8],
        name: &[u8],
        value: Option<&[u8]>,
        place: &str,
        bad: &mut Vec<BadSetting>,
    ) {
        if !matches!(name, b"fallback" | b"fallbackfrom" | b"fallbackpath") {
            return;
        }
        let full = format!("patron.{}.{}", shown(url), String::from_utf8_lossy(name));
        let Some(index) = self.recorded(url) else {
            bad.push(bad_value(place, &full, value, "set for https://HOST or https://HOST/OWNER only"));
            return;
        };
        let recorded = &mut self.fallbacks[index];
        match (name, value.map(std::str::from_utf8)) {
            (b"fallback", Some(Ok(""))) => recorded.items.clear(),
            (b"fallback", Some(Ok(helper))) => {
                if !names_patron(helper.as_bytes()) {
                    recorded.items.push(FallbackLine::Helper(helper.to_owned()));
                }
            }
            (b"fallback", _) => bad.push(bad_value(place, &full, value, "a helper as git takes it")),
            (b"fallbackfrom", Some(Ok(key))) => {
                recorded.items.push(FallbackLine::From(key.as_bytes().to_vec()))
            }
            (b"fallbackfrom", _) => bad.push(bad_value(place, &full, value, "a key of git's config")),
            (_, None) => recorded.with_path = true,
            (_, Some(text)) => match text.ok().and_then(|text| git_bool(text.as_bytes())) {
                Some(yes) => recorded.with_path = yes,
                None => bad.push(bad_value(place, &full, value, "true or false")),
            },
        }
    }

    /// Finds or makes the place of a URL.
    fn recorded(&mut self, url: &[u8]) -> Option<usize> {
        let url = std::str::from_utf8(url).ok()?.strip_prefix("https://")?;
        let (authority, path) = url.split_once('/').unwrap_or((url, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(percent::decoded(user)?.to_string()), host),
            None => (None, authority),
        };
        let host = Host::parse(host.as_bytes())?;
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| Some(percent::decoded(segment)?.to_string()));
        let segments: Vec<String> = segments.collect::<Option<_>>()?;
        let same =
            |known: &FallbackSetting| known.user == user && known.host == host && known.segments == segments;
        Some(self.fallbacks.iter().position(same).unwrap_or_else(|| {
            self.fallbacks.push(FallbackSetting {
                user,
                host,
                segments,
                items: Vec::new(),
                with_path: false,
            });
            self.fallbacks.len() - 1
        }))
    }
}

/// Writes down a helper's line. An empty one resets for git, but our own file's does so for every host; and
/// patron is no fallback.
fn note_helper(key: &[u8], value: Option<&[u8]>, helpers: &mut Helpers) {
    if key.starts_with(b"credential.")
        && key.ends_with(b".helper")
        && let Some(Ok(helper)) = value.map(std::str::from_utf8)
        && !helper.is_empty()
        && !names_patron(helper.as_bytes())
    {
        helpers.entry(key.to_owned()).or_default().push(helper.to_owned());
    }
}

impl FallbackSetting {
    /// Puts the helpers themselves in the place of the keys that set them.
    fn resolve(&mut self, helpers: &Helpers) {
        let found = |key: &Vec<u8>| {
            helpers.get(key).cloned().unwrap_or_default().into_iter().map(FallbackLine::Helper)
        };
        let items = std::mem::take(&mut self.items).into_iter().flat_map(|item| match item {
            FallbackLine::From(key) => found(&key).collect(),
            helper => vec![helper],
        });
        self.items = items.collect();
    }

    fn fallback(&self) -> Fallback {
        let mut fallback = Fallback { helpers: Vec::new(), with_path: self.with_path };
        for item in &self.items {
            if let FallbackLine::Helper(helper) = item
                && !fallback.helpers.contains(helper)
            {
                fallback.helpers.push(helper.clone());
            }
        }
        fallback
    }

    /// Tells whether a request falls under this URL: host and user are the same, the path begins with ours.
    ///
    /// On GitHub owners and repositories are compared as everywhere else in patron, without case and without
    /// `.git`. On a host of which the name alone does not tell, the path is compared as git does.
    fn fits(&self, remote: &Remote, user: Option<&str>) -> bool {
        if self.host != remote.host || self.user.as_deref().is_some_and(|mine| user != Some(mine)) {
            return false;
        }
        if self.host.server_by_name() == Some(Server::GitHub) && !self.host.is_gist() {
            let mine = |index: usize| self.segments.get(index).map(|segment| bare(segment));
            let same = |mine: Option<&str>, asked: Option<&str>| {
                mine.is_none_or(|mine| asked.is_some_and(|asked| asked.eq_ignore_ascii_case(mine)))
            };
            let owner = remote.owner.as_ref().map(|owner| owner.as_str());
            return self.segments.len() <= 2 && same(mine(0), owner) && same(mine(1), remote.repo.as_deref());
        }
        let mut asked = remote.path.as_deref().into_iter().flat_map(|path| path.split('/'));
        self.segments.iter().all(|mine| asked.next() == Some(mine))
    }
}

/// Cuts what git adds to a repository's name.
fn bare(segment: &str) -> &str {
    segment.strip_suffix(".git").unwrap_or(segment)
}

fn bad_value(place: &str, name: &str, value: Option<&[u8]>, allowed: &'static str) -> BadSetting {
    let value = value.map_or_else(|| "without a value".to_owned(), shown);
    BadSetting::Value { place: place.to_owned(), name: name.to_owned(), value, allowed }
}

#[cfg(test)]
mod tests;
