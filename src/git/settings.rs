//! `patron.*` in git's config, and the environment that is stronger.
//!
//! Read with libgit2, file by file, from the system, XDG and global files only and never from a repository:
//! what is cloned must not choose which helper is asked or which vault is opened. `GIT_CONFIG_PARAMETERS`, the
//! settings of one `git -c` command, is no file of the user's and not read either. A bad value is an error that names
//! its place; the setting then is as if it were not there.

use super::{Env, Git, Level, git_bool, names_patron, setting_files, shown};
use crate::remote::{Host, Remote, Server};
use std::fmt;
use std::path::{Path, PathBuf};

/// `patron.vault`: where `add` and `store` keep secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VaultChoice {
    /// The keyring, or the file where there is no keyring service at all.
    #[default]
    Auto,
    /// The keyring.
    Keyring,
    /// The file.
    File,
}

/// `patron.browser`, `patron.probe`, `patron.prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permission {
    /// Where the design says so.
    #[default]
    Auto,
    /// Not at all.
    Never,
}

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where secrets are kept.
    pub vault: VaultChoice,
    /// Whether a browser may be opened.
    pub browser: Permission,
    /// Whether a request of our own may be made before answering.
    pub probe: Permission,
    /// Whether the terminal may be asked.
    pub prompt: Permission,
    fallbacks: Vec<Recorded>,
}

/// Whom to ask where no account fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallback {
    /// Helpers as git takes them, in order, without patron.
    pub helpers: Vec<String>,
    /// Whether they are told the path: only if they were before setup.
    pub with_path: bool,
}

/// `patron.<url>.fallback` for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recorded {
    user: Option<String>,
    host: Host,
    segments: Vec<String>,
    fallback: Fallback,
}

/// A setting that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadSetting {
    /// A value that means nothing.
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
    File {
        /// The file.
        file: PathBuf,
        /// What libgit2 says.
        why: String,
    },
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { place, name, value, allowed } => {
                write!(f, "{place}: {name} is \"{value}\", but may be {allowed}")
            }
            Self::File { file, why } => write!(f, "{}: the settings cannot be read: {why}", file.display()),
        }
    }
}

impl std::error::Error for BadSetting {}

const VAULTS: &str = "auto, keyring or file";
const PERMISSIONS: &str = "auto or never";

impl Settings {
    /// Reads the settings of this user and machine; what could not be used comes beside them.
    ///
    /// `git` is asked where its system file is; without it only `GIT_CONFIG_SYSTEM` tells.
    pub fn read(git: Option<&Git>, env: Env<'_>) -> (Self, Vec<BadSetting>) {
        let mut settings = Self::default();
        let mut bad = Vec::new();
        for (level, file) in setting_files(git, env) {
            if let Err(error) = settings.read_file(level, &file, &mut bad) {
                bad.push(BadSetting::File { file, why: error.message().to_owned() });
            }
        }
        for (variable, name) in [
            ("PATRON_VAULT", "vault"),
            ("PATRON_BROWSER", "browser"),
            ("PATRON_PROBE", "probe"),
            ("PATRON_PROMPT", "prompt"),
        ] {
            if let Some(value) = env(variable) {
                settings.set(name, Some(value.as_encoded_bytes()), "environment", variable, &mut bad);
            }
        }
        (settings, bad)
    }

    /// Gives whom to ask for a request that no account fits: the longest URL that fits it, a path being
    /// longer than a user name.
    pub fn fallback_for(&self, remote: &Remote, user: Option<&str>) -> Fallback {
        let fits = self.fallbacks.iter().filter(|recorded| recorded.fits(remote, user));
        let longest = fits.max_by_key(|recorded| (recorded.segments.len(), recorded.user.is_some()));
        longest.map(|recorded| recorded.fallback.clone()).unwrap_or_default()
    }

    /// Tells whether anything at all is recorded for a host.
    pub fn knows_host(&self, host: &Host) -> bool {
        self.fallbacks.iter().any(|recorded| recorded.host == *host)
    }

    fn read_file(&mut self, level: Level, file: &Path, bad: &mut Vec<BadSetting>) -> Result<(), git2::Error> {
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
            let Some(name) = entry.name_bytes().strip_prefix(b"patron.") else { continue };
            let value = entry.has_value().then(|| entry.value_bytes());
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
        if !matches!(name, b"fallback" | b"fallbackpath") {
            return;
        }
        let full = format!("patron.{}.{}", shown(url), String::from_utf8_lossy(name));
        let Some(index) = self.recorded(url) else {
            bad.push(bad_value(place, &full, value, "set for https://HOST or https://HOST/OWNER only"));
            return;
        };
        let fallback = &mut self.fallbacks[index].fallback;
        match (name, value.map(std::str::from_utf8)) {
            (b"fallback", Some(Ok(""))) => fallback.helpers.clear(),
            (b"fallback", Some(Ok(helper))) => {
                if !names_patron(helper.as_bytes()) && !fallback.helpers.iter().any(|known| known == helper) {
                    fallback.helpers.push(helper.to_owned());
                }
            }
            (b"fallback", _) => bad.push(bad_value(place, &full, value, "a helper as git takes it")),
            (_, None) => fallback.with_path = true,
            (_, Some(text)) => match text.ok().and_then(|text| git_bool(text.as_bytes())) {
                Some(yes) => fallback.with_path = yes,
                None => bad.push(bad_value(place, &full, value, "true or false")),
            },
        }
    }

    /// Finds or makes the place of a URL.
    fn recorded(&mut self, url: &[u8]) -> Option<usize> {
        let url = std::str::from_utf8(url).ok()?.strip_prefix("https://")?;
        let (authority, path) = url.split_once('/').unwrap_or((url, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(percent_decoded(user)?), host),
            None => (None, authority),
        };
        let host = Host::parse(host.as_bytes())?;
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(percent_decoded);
        let segments: Vec<String> = segments.collect::<Option<_>>()?;
        let same = |known: &Recorded| known.user == user && known.host == host && known.segments == segments;
        Some(self.fallbacks.iter().position(same).unwrap_or_else(|| {
            self.fallbacks.push(Recorded { user, host, segments, fallback: Fallback::default() });
            self.fallbacks.len() - 1
        }))
    }
}

impl Recorded {
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

/// Undoes the escapes of a URL that setup or a person wrote; `None` if one is broken.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::fs;

    /// Reads a global and a system config, and variables.
    fn read(global: &str, system: &str, vars: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("global"), folder.path().join("system"));
        fs::write(&one, global).expect("a file");
        fs::write(&two, system).expect("a file");
        let env = |name: &str| -> Option<OsString> {
            match name {
                "GIT_CONFIG_GLOBAL" => Some(one.clone().into()),
                "GIT_CONFIG_SYSTEM" => Some(two.clone().into()),
                name => vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()),
            }
        };
        let (settings, bad) = Settings::read(None, &env);
        let place = folder.path().display().to_string();
        (settings, bad.iter().map(|bad| bad.to_string().replace(&place, "")).collect())
    }

    fn remote(url: &str) -> Remote {
        Remote::from_url(url).expect("a URL")
    }

    #[test]
    fn nothing_set_is_auto() {
        assert_eq!(read("", "", &[]), (Settings::default(), vec![]));
    }

    #[test]
    fn the_environment_is_stronger_than_the_user_and_the_user_than_the_system() {
        let system = "[patron]\n\tvault = file\n\tbrowser = never\n\tprobe = never\n";
        let global = "[Patron]\n\tVault = keyring\n\tbrowser = auto\n\tprompt = never\n";
        let (settings, bad) = read(global, system, &[("PATRON_PROMPT", "auto"), ("PATRON_PROBE", "auto")]);
        assert_eq!(settings, Settings { vault: VaultChoice::Keyring, ..Settings::default() });
        assert!(bad.is_empty());
        let (settings, _) = read(global, system, &[("GIT_CONFIG_NOSYSTEM", "1")]);
        assert_eq!((settings.probe, settings.prompt), (Permission::Auto, Permission::Never));
        let (settings, _) = read("", system, &[]);
        assert_eq!((settings.vault, settings.probe), (VaultChoice::File, Permission::Never));
    }

    #[test]
    fn a_bad_value_is_named_with_its_place_and_counts_as_auto() {
        let (settings, bad) = read(
            "[patron]\n\tvault = kering\n\tprobe\n",
            "[patron]\n\tvault = file\n",
            &[("PATRON_BROWSER", "no")],
        );
        assert_eq!(settings, Settings::default());
        assert_eq!(
            bad,
            [
                "/global: patron.vault is \"kering\", but may be auto, keyring or file",
                "/global: patron.probe is \"without a value\", but may be auto or never",
                "environment: PATRON_BROWSER is \"no\", but may be auto or never",
            ]
        );
    }

    #[test]
    fn a_secret_in_a_bad_value_is_not_repeated() {
        let token = format!("ghp_{}", "x1".repeat(18));
        let (_, bad) = read(&format!("[patron]\n\tvault = {token}\n"), "", &[("PATRON_PROBE", &token)]);
        assert_eq!(bad.len(), 2);
        assert!(bad.iter().all(|bad| !bad.contains(&token)), "{bad:?}");
    }

    #[test]
    fn what_a_newer_version_knows_is_passed_over() {
        let (settings, bad) =
            read("[patron]\n\tnew = x\n[patron \"https://github.com\"]\n\tnew = x\n", "", &[]);
        assert_eq!((settings, bad.len()), (Settings::default(), 0));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_the_others_still_count() {
        let (settings, bad) = read("[patron\n", "[patron]\n\tvault = file\n", &[]);
        assert_eq!(settings.vault, VaultChoice::File);
        assert!(bad.len() == 1 && bad[0].starts_with("/global: the settings cannot be read: "), "{bad:?}");
    }

    #[test]
    fn the_longest_url_that_fits_gives_the_fallback() {
        let global = "
[patron \"https://github.com\"]
	fallback = all
	fallback = more
[patron \"https://github.com/acme\"]
	fallback = acme
	fallbackPath = true
[patron \"https://github.com/acme/secret.git\"]
	fallback = secret
[patron \"https://mona@github.com\"]
	fallback = mona
[patron \"https://mona@github.com/acme\"]
	fallback = both
[patron \"https://github.com/none\"]
	fallback =
[patron \"https://mona%40corp.com@github.com\"]
	fallback = mail
[patron \"https://git.example.com/Group\"]
	fallback = plain
[patron \"https://gist.github.com/mona\"]
	fallback = gist
";
        let (settings, bad) = read(global, "", &[]);
        assert!(bad.is_empty());
        let asked = |url: &str, user| {
            let Fallback { helpers, with_path } = settings.fallback_for(&remote(url), user);
            helpers.join(",") + if with_path { " path" } else { "" }
        };
        for (url, user, expected) in [
            ("https://github.com/other/x.git", None, "all,more"),
            ("https://github.com", None, "all,more"),
            ("https://github.com/ACME/x.git", None, "acme path"),
            ("https://github.com/acme-labs/x.git", None, "all,more"),
            ("https://github.com/acme/Secret", None, "secret"),
            ("https://github.com/acme/secret.wiki.git", None, "secret"),
            ("https://github.com/other/x.git", Some("mona"), "mona"),
            ("https://github.com/acme/x.git", Some("mona"), "both"),
            ("https://github.com/acme/secret.git", Some("mona"), "secret"),
            ("https://github.com/other/x.git", Some("mona@corp.com"), "mail"),
            ("https://github.com/none/x.git", None, ""),
            ("https://git.example.com/Group/x.git", None, "plain"),
            ("https://git.example.com/group/x.git", None, ""),
            ("https://gist.github.com/mona/0123.git", None, "gist"),
            ("https://gist.github.com/other/0123.git", None, ""),
            ("https://corp.ghe.com/acme/x.git", None, ""),
        ] {
            assert_eq!(asked(url, user), expected, "{url} {user:?}");
        }
        let host = |name: &str| Host::parse(name.as_bytes()).expect("a host");
        assert!(settings.knows_host(&host("github.com")) && !settings.knows_host(&host("corp.ghe.com")));
    }

    #[test]
    fn an_empty_fallback_resets_and_patron_never_is_one() {
        let system = "[patron \"https://github.com\"]\n\tfallback = system\n";
        let global = "[patron \"https://GitHub.com/\"]\n\tfallback =\n\tfallback = /x/git-credential-patron\n\tfallback = a\n\tfallback = patron\n\tfallback = a\n";
        let helpers = |global: &str| {
            read(global, system, &[]).0.fallback_for(&remote("https://github.com/a/b"), None).helpers
        };
        assert_eq!(helpers(global), ["a"]);
        assert_eq!(helpers(&global.replace("fallback =\n", "fallback = b\n")), ["system", "b", "a"]);
    }

    #[test]
    fn a_fallback_for_what_is_no_url_is_named() {
        let global = "[patron \"github.com\"]\n\tfallback = a\n[patron \"http://github.com\"]\n\tfallback = a\n[patron \"https://github.com\"]\n\tfallback\n\tfallbackPath = perhaps\n";
        let (settings, bad) = read(global, "", &[]);
        assert_eq!(settings.fallback_for(&remote("https://github.com/a/b"), None), Fallback::default());
        assert_eq!(bad.len(), 4, "{bad:?}");
        assert!(bad[0].contains("patron.github.com.fallback") && bad[0].contains("https://HOST"));
    }

    #[test]
    fn includes_are_followed_and_a_repository_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let included = folder.path().join("included");
        fs::write(&included, "[patron]\n\tvault = file\n\tprobe = x\n").expect("a file");
        let global = format!(
            "[include]\n\tpath = {}\n\tpath = /absent/x\n[patron]\n\tprompt = never\n",
            included.display()
        );
        let (settings, bad) = read(&global, "", &[]);
        assert_eq!((settings.vault, settings.prompt), (VaultChoice::File, Permission::Never));
        assert_eq!(bad, ["/global or a file it includes: patron.probe is \"x\", but may be auto or never"]);
        // The repository of this very test run may hold anything; only the two files are read.
        let (settings, _) =
            read("", "", &[("GIT_CONFIG_PARAMETERS", "'patron.vault'='file'"), ("GIT_DIR", "/")]);
        assert_eq!(settings, Settings::default());
    }

    /// Runs in a process of its own, started by the test below.
    #[test]
    #[ignore = "the test below starts it with a home of its own"]
    fn in_a_home_of_its_own() {
        let (settings, bad) = Settings::read(Git::find().as_ref(), &crate::git::process_env);
        assert_eq!((settings.vault, settings.probe, bad.len()), (VaultChoice::File, Permission::Never, 0));
        assert_eq!(settings.fallback_for(&remote("https://github.com/a/b"), None).helpers, ["cache"]);
    }

    #[test]
    fn a_home_is_read_as_git_reads_it() {
        let home = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write(".config/git/config", "[patron]\n\tvault = keyring\n\tprobe = never\n");
        write(".gitconfig", "[patron]\n\tvault = file\n[include]\n\tpath = ~/more\n");
        write("more", "[patron \"https://github.com\"]\n\tfallback = cache\n");
        let output = std::process::Command::new(std::env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "git::settings::tests::in_a_home_of_its_own"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
}
