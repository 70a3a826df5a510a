//! The effective helper chain: which helpers git asks for a URL, in which order, and where each is written.
//!
//! Git applies every `[credential]` and `[credential "<url>"]` section that matches, in file order, not by
//! specificity: each `helper` adds to the list, an empty one empties it. That is why a reset for a host also
//! silences the helpers of its owners, and why setup records those first.

#[cfg(all(test, unix))]
mod against_git;
mod lines;
mod url;

use super::{Entry, Level, Listing, is_our_file, names_patron, shown};
use crate::helper_line;
use crate::remote::Host;
use std::path::PathBuf;
pub(super) use url::CredentialUrl;
use url::HostPart;

/// One helper that git asks.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Helper {
    /// The value as git takes it: a name, an absolute path, or `!` and a shell snippet. May hold a secret.
    pub value: Vec<u8>,
    /// The key it is set by: `credential.helper`, `credential.<url>.helper`.
    pub key: Vec<u8>,
    /// Where it is written.
    pub source: ConfigSource,
}

/// Where a line of configuration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigSource {
    /// The kind of file.
    pub level: Level,
    /// The file; `None` for the command line.
    pub file: Option<PathBuf>,
    /// The line in it, if it could be found.
    pub line: Option<usize>,
}

impl std::fmt::Display for ConfigSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}", file.display()),
            (Some(file), None) => write!(f, "{}", file.display()),
            (None, _) => f.write_str("the command line or environment"),
        }
    }
}

impl Helper {
    /// Gives the helper for people: its program, and dots for what else its line says.
    pub(crate) fn shown(&self) -> String {
        helper_line::shown(&String::from_utf8_lossy(&self.value))
    }

    /// Tells whether the helper is patron itself.
    pub(crate) fn is_patron(&self) -> bool {
        names_patron(&self.value)
    }

    /// Tells whether it is the line of an earlier setup, which leaves git with nobody when the program is gone.
    pub(crate) fn is_unguarded(&self) -> bool {
        let in_ours =
            self.source.file.as_ref().is_some_and(|file| is_our_file(file.as_os_str().as_encoded_bytes()));
        cfg!(unix) && in_ours && self.is_patron() && !self.value.starts_with(b"!")
    }
}

impl std::fmt::Debug for Helper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helper").field("value", &self.shown()).field("source", &self.source).finish()
    }
}

/// A line with which git ends every credential request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The key.
    pub key: String,
    /// What is wrong: lower-case, no full stop.
    pub fact: &'static str,
    /// Where it stands.
    pub source: ConfigSource,
}

/// What git does for a URL before it asks the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The helpers, in the order in which they are asked.
    pub helpers: Vec<Helper>,
    /// Whether helpers are told the path.
    pub use_http_path: bool,
    /// The user name that the configuration adds to the request.
    pub user: Option<Vec<u8>>,
    /// The lines at which git gives up.
    pub broken: Vec<Broken>,
}

/// How git comes to patron for a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Whether patron is asked at all.
    pub asked: bool,
    /// The other helpers git asks; all of them are also sent every `store`, with the token in it.
    pub others: Vec<Helper>,
    /// Whether patron is told the path, and with it the owner.
    pub use_http_path: bool,
}

impl Reach {
    /// Tells whether all is as setup leaves it: patron alone, and told the path.
    pub(crate) fn is_covered(&self) -> bool {
        self.asked && self.others.is_empty() && self.use_http_path
    }
}

/// A part of a host that has a section of its own, and what git does for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// The part's URL: `https://[USER@]HOST[/PATH]`, escaped where a URL must be.
    pub url: Vec<u8>,
    /// Its whole effective chain.
    pub chain: Chain,
}

impl Listing {
    /// Gives what git does for a URL; `None` for a URL that git refuses.
    pub(crate) fn chain(&self, url: &str) -> Option<Chain> {
        self.chain_of(url.as_bytes())
    }

    /// Says how git comes to patron for a URL: the answer to "has setup covered this host?".
    pub(crate) fn reaches_patron(&self, url: &str) -> Option<Reach> {
        let chain = self.chain(url)?;
        let (patron, others): (Vec<_>, Vec<_>) = chain.helpers.into_iter().partition(Helper::is_patron);
        Some(Reach { asked: !patron.is_empty(), others, use_http_path: chain.use_http_path })
    }

    /// Gives the hosts that have a section of their own in which patron is named.
    pub(crate) fn hosts_of_patron(&self) -> Vec<Host> {
        let mut hosts = Vec::new();
        for entry in &self.entries {
            if let (b"credential", Some(pattern), b"helper") = entry.parts()
                && entry.value.as_deref().is_some_and(names_patron)
                && let Some(host) = pattern.strip_prefix(b"https://").and_then(Host::parse)
                && !hosts.contains(&host)
            {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Gives the configuration as it would be without setup's lines.
    #[must_use]
    pub(crate) fn without_ours(&self) -> Self {
        let is_ours = |entry: &&Entry| {
            entry.file.as_ref().is_some_and(|file| is_our_file(file.as_os_str().as_encoded_bytes()))
        };
        Self { entries: self.entries.iter().filter(|entry| !is_ours(entry)).cloned().collect() }
    }

    /// Tells whether a helper is recorded as a fallback of some URL, by its value or by its key.
    pub(crate) fn records(&self, helper: &Helper) -> bool {
        self.entries.iter().any(|entry| match entry.parts() {
            (b"patron", Some(_), b"fallback") => entry.value.as_ref() == Some(&helper.value),
            (b"patron", Some(_), b"fallbackfrom") => entry.value.as_ref() == Some(&helper.key),
            _ => false,
        })
    }

    /// Gives the last line that takes all helpers of a URL back: its key, and where it stands.
    pub(crate) fn last_reset(&self, url: &str) -> Option<(Vec<u8>, ConfigSource)> {
        let asked = CredentialUrl::from_url(url.as_bytes())?;
        let (index, entry) = self.entries.iter().enumerate().rfind(|(_, entry)| {
            let (section, pattern, name) = entry.parts();
            let applies = pattern.is_none_or(|pattern| asked.matches(pattern));
            section == b"credential" && name == b"helper" && applies && entry.value.as_deref() == Some(b"")
        })?;
        Some((entry.key.clone(), self.source(index)))
    }

    /// Lists the parts of a host that have sections of their own: each owner, deeper path or user, and each
    /// combination of a user's section with a path's that no listed part already stands for.
    pub(crate) fn sections_of_host(&self, host: &str) -> Vec<Section> {
        let host_url = format!("https://{host}");
        let mut parts: Vec<HostPart> = Vec::new();
        for entry in &self.entries {
            let (section, Some(pattern), b"helper" | b"usehttppath") = entry.parts() else { continue };
            if section == b"credential"
                && let Some(part) = HostPart::of(pattern, host_url.as_bytes())
                && !parts.contains(&part)
            {
                parts.push(part);
            }
        }
        let with_chain = |part: &HostPart| {
            let url = part.url(host);
            self.chain_of(&url).map(|chain| Section { url, chain })
        };
        let mut sections: Vec<Section> = parts.iter().filter_map(with_chain).collect();
        let users = parts.iter().filter(|part| part.segments.is_empty());
        for user in users {
            for path in parts.iter().filter(|part| part.user.is_none()) {
                let both = HostPart { user: user.user.clone(), segments: path.segments.clone() };
                // A path is narrower than a user, so the path's section stands for both if it says the same.
                let stands =
                    |section: &Section| section.url == both.url(host) || section.url == path.url(host);
                if let Some(found) = with_chain(&both)
                    && !sections
                        .iter()
                        .any(|section| stands(section) && section.chain.asks_like(&found.chain))
                {
                    sections.push(found);
                }
            }
        }
        sections
    }

    fn chain_of(&self, url: &[u8]) -> Option<Chain> {
        let mut asked = CredentialUrl::from_url(url)?;
        let named_in_url = asked.user.is_some();
        let mut chain = Chain::default();
        for (index, entry) in self.entries.iter().enumerate() {
            let (section, pattern, name) = entry.parts();
            if section != b"credential" || !pattern.is_none_or(|pattern| asked.matches(pattern)) {
                continue;
            }
            let Some(value) = &entry.value else {
                chain.broken.push(self.broken(index, "has no value"));
                continue;
            };
            match name {
                b"helper" if value.is_empty() => chain.helpers.clear(),
                b"helper" => {
                    let (value, key) = (value.clone(), entry.key.clone());
                    chain.helpers.push(Helper { value, key, source: self.source(index) });
                }
                b"username" if !named_in_url => {
                    chain.user = Some(value.clone());
                    asked.user = chain.user.clone();
                }
                b"usehttppath" => match git_bool(value) {
                    Some(yes) => chain.use_http_path = yes,
                    None => chain.broken.push(self.broken(index, "is neither true nor false")),
                },
                _ => {}
            }
        }
        Some(chain)
    }

    fn broken(&self, index: usize, fact: &'static str) -> Broken {
        let key = shown(&self.entries[index].key);
        Broken { key, fact, source: self.source(index) }
    }

    /// Finds the line of an entry: the file's so-manieth line of this key.
    pub(super) fn source(&self, index: usize) -> ConfigSource {
        let Entry { level, file, key, .. } = &self.entries[index];
        let is_alike = |entry: &Entry| entry.file == *file && entry.key == *key;
        let nth = self.entries[..index].iter().filter(|entry| is_alike(entry)).count();
        // A relative one is the repository's, seen from the folder that git was asked in, which is ours.
        let line = file.as_ref().and_then(|file| {
            let found = lines::lines_of(&std::fs::read(file).ok()?, self.entries[index].parts());
            let listed = self.entries.iter().filter(|entry| is_alike(entry)).count();
            // A file that is included twice, or has changed meanwhile, is not guessed at.
            (found.len() == listed).then(|| found[nth])
        });
        ConfigSource { level: *level, file: file.clone(), line }
    }
}

impl Chain {
    /// Tells whether two chains ask the same helpers in the same way, wherever they are written.
    pub(crate) fn asks_like(&self, other: &Self) -> bool {
        let values =
            |chain: &Self| -> Vec<Vec<u8>> { chain.helpers.iter().map(|h| h.value.clone()).collect() };
        values(self) == values(other) && self.use_http_path == other.use_http_path
    }
}

/// Reads a boolean as git does: words, or a number other than 0.
pub(crate) fn git_bool(value: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
    match &text[..] {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" | "" => Some(false),
        number => {
            let digits = number.trim_end_matches(['k', 'm', 'g']);
            (number.len() <= digits.len() + 1).then(|| digits.parse::<i32>().ok().map(|n| n != 0))?
        }
    }
}
