//! What git's configuration makes of a URL: rewritten ones, and settings that hold for it.
//!
//! Source: git-config(1), `url.<base>.insteadOf` (the longest match wins), `pushInsteadOf`, `http.<url>.*`.
//! Which of several `http.<url>` sections wins is git's matter; here every one that applies is named.

use super::Listing;
use super::chain::{ConfigSource, CredentialUrl};

/// A setting that holds for a URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HttpSetting {
    /// The value; may hold a secret, so it is not printed as it is.
    pub value: Vec<u8>,
    /// Where it stands.
    pub source: ConfigSource,
}

/// One setting of a section with a name in quotes, such as `url.<base>.insteadOf`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NamedSetting {
    /// The key as git writes it. It contains the URL, which may hold a secret.
    pub key: Vec<u8>,
    /// The name in quotes, if there is one.
    pub name: Option<Vec<u8>>,
    /// The value and where it stands.
    pub set: HttpSetting,
}

/// A URL that git replaces by another.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// What git uses instead; may hold a secret.
    pub url: String,
    /// The setting's name, for people.
    pub name: &'static str,
    /// Where it stands.
    pub source: ConfigSource,
}

impl Listing {
    /// Gives every setting of such sections whose last part is one of these, in lower case.
    pub(crate) fn named(&self, wanted: &str, parts: &[&str]) -> Vec<NamedSetting> {
        let mut found = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let (section, name, last) = entry.parts();
            if section == wanted.as_bytes() && parts.iter().any(|part| part.as_bytes() == last) {
                let value = entry.value.clone().unwrap_or_default();
                let set = HttpSetting { value, source: self.source(index) };
                found.push(NamedSetting { key: entry.key.clone(), name: name.map(<[u8]>::to_vec), set });
            }
        }
        found
    }

    /// Gives the settings `http.NAME` and `http.<url>.NAME` that apply to a URL, in git's order.
    pub(crate) fn http(&self, url: &str, name: &str) -> Vec<HttpSetting> {
        let asked = CredentialUrl::from_url(url.as_bytes());
        let applies = |pattern: Option<&[u8]>| {
            pattern.is_none_or(|pattern| asked.as_ref().is_some_and(|asked| asked.matches(pattern)))
        };
        let mut found = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let (section, pattern, key) = entry.parts();
            if section == b"http" && key == name.as_bytes() && applies(pattern) {
                let value = entry.value.clone().unwrap_or_default();
                found.push(HttpSetting { value, source: self.source(index) });
            }
        }
        found
    }

    /// Gives the last of several such settings, which is the one that git follows for a single value.
    pub(crate) fn http_last(&self, url: &str, name: &str) -> Option<HttpSetting> {
        self.http(url, name).pop()
    }

    /// Says what git replaces a URL by, if it does: `pushInsteadOf` first where it pushes.
    pub(crate) fn rewrite(&self, url: &str, push: bool) -> Option<Rewrite> {
        let by_push = push.then(|| self.rewrite_by(url, "pushInsteadOf")).flatten();
        by_push.or_else(|| self.rewrite_by(url, "insteadOf"))
    }

    fn rewrite_by(&self, url: &str, name: &'static str) -> Option<Rewrite> {
        let mut best: Option<(usize, Rewrite)> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let (section, base, key) = entry.parts();
            let (Some(base), Some(prefix)) = (base, &entry.value) else { continue };
            let is_it = section == b"url" && key.eq_ignore_ascii_case(name.as_bytes());
            let Some(rest) = url.as_bytes().strip_prefix(&prefix[..]).filter(|_| is_it) else { continue };
            // The first of two that are as long wins, as in git.
            if best.as_ref().is_none_or(|(longest, _)| prefix.len() > *longest) {
                let url = String::from_utf8_lossy(&[base, rest].concat()).into_owned();
                best = Some((prefix.len(), Rewrite { url, name, source: self.source(index) }));
            }
        }
        best.map(|(_, rewrite)| rewrite)
    }

    /// Gives where a remote's URL stands: `remote.NAME.url` or `pushurl`.
    pub(crate) fn remote_line(&self, remote: &str, push: bool) -> Option<HttpSetting> {
        let wanted: &[u8] = if push { b"pushurl" } else { b"url" };
        let (index, entry) = self.entries.iter().enumerate().find(|(_, entry)| {
            let (section, name, key) = entry.parts();
            section == b"remote" && name == Some(remote.as_bytes()) && key == wanted
        })?;
        Some(HttpSetting { value: entry.value.clone().unwrap_or_default(), source: self.source(index) })
    }

    /// Gives a setting's last value.
    pub(crate) fn last(&self, key: &str) -> Option<HttpSetting> {
        let (index, entry) =
            self.entries.iter().enumerate().rfind(|(_, entry)| entry.key == key.as_bytes())?;
        Some(HttpSetting { value: entry.value.clone().unwrap_or_default(), source: self.source(index) })
    }
}
