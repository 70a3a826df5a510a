//! What git's config says about HTTP to one URL: the proxy and the authorities that git itself would use.

use super::{Cwd, Git};
use std::path::PathBuf;

/// The settings that a request of ours follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// `http.proxy`; empty means none.
    pub proxy: Option<String>,
    /// `http.sslCAInfo`.
    pub ca_file: Option<PathBuf>,
    /// `http.sslCAPath`.
    pub ca_folder: Option<PathBuf>,
}

/// Asks git which settings hold for this URL. Without git, or where it fails, there are none.
pub fn http_settings(url: &str) -> HttpSettings {
    let Some(git) = Git::find() else { return HttpSettings::default() };
    // Only the last of several values is given, which is the one that git follows for these keys.
    let lines = git.run(&["config", "-z", "--get-urlmatch", "http", url], Cwd::Here).unwrap_or_default();
    let mut settings = HttpSettings::default();
    for entry in lines.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(entry);
        let Some((key, value)) = text.split_once('\n') else { continue };
        let path = || (!value.is_empty()).then(|| expand(value));
        match key.to_ascii_lowercase().as_str() {
            "http.proxy" => settings.proxy = Some(value.to_owned()),
            "http.sslcainfo" => settings.ca_file = path(),
            "http.sslcapath" => settings.ca_folder = path(),
            _ => {}
        }
    }
    settings
}

/// Expands `~/` as git does for paths.
fn expand(value: &str) -> PathBuf {
    match (value.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(value),
    }
}
