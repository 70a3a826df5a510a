//! What git's config says about HTTP to one URL: the proxy and the authorities that git itself would use.

use super::{Cwd, Git, git_bool};
use std::path::PathBuf;

/// The settings that a request of ours follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HttpSettings {
    /// `http.proxy`; empty means none.
    pub proxy: Option<String>,
    /// `http.sslCAInfo`.
    pub ca_file: Option<PathBuf>,
    /// `http.sslCAPath`.
    pub ca_folder: Option<PathBuf>,
    /// Whether git goes by the authorities of Windows, whatever file is named: `http.sslBackend` is `schannel` and
    /// `http.schannelUseSSLCAInfo` is not set (git-config(1), and `get_curl_handle` in git's `http.c`).
    ///
    /// `http.schannelCheckRevoke` is not followed. It is there since curl takes a certificate whose revocation cannot
    /// be looked up for a revoked one; Windows' verifier, as we call it, does not (`rustls-platform-verifier`:
    /// `CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS`), and one that is revoked is not to be believed.
    pub by_system: bool,
}

/// Whose settings hold for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpContext<'a> {
    /// The user's: what is asked has nothing to do with a repository that may lie around.
    User,
    /// Those of the repository around the working folder, too, and of the remote of this name, if it has one.
    Repository(Option<&'a str>),
}

/// Asks git which settings hold for this URL. Without git, or where it fails, there are none.
pub(crate) fn http_settings(url: &str, context: HttpContext<'_>) -> HttpSettings {
    let Some(git) = Git::find() else { return HttpSettings::default() };
    let (cwd, remote_name) = match context {
        HttpContext::User => (Cwd::NoRepository, None),
        HttpContext::Repository(remote_name) => (Cwd::Here, remote_name),
    };
    // Only the last of several values is given, which is the one that git follows for these keys.
    let lines = git.run(&["config", "-z", "--get-urlmatch", "http", url], cwd).unwrap_or_default();
    let mut settings = HttpSettings::default();
    let (mut schannel, mut with_file) = (false, false);
    for entry in lines.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(entry);
        let Some((key, value)) = text.split_once('\n') else { continue };
        let key = key.to_ascii_lowercase();
        let path = || (!value.is_empty()).then(|| expanded(&git, cwd, (&key, value), url));
        match key.as_str() {
            "http.proxy" => settings.proxy = Some(value.to_owned()),
            "http.sslcainfo" => settings.ca_file = path(),
            "http.sslcapath" => settings.ca_folder = path(),
            "http.sslbackend" => schannel = value == "schannel",
            "http.schannelusesslcainfo" => with_file = git_bool(value.as_bytes()) == Some(true),
            _ => {}
        }
    }
    settings.by_system = schannel && !with_file;
    // Goes before `http.proxy` (git-config(1)).
    if let Some(name) = remote_name.filter(|name| is_remote_name(name))
        && let Ok(value) = git.run(&["config", "-z", "--get", &format!("remote.{name}.proxy")], cwd)
    {
        settings.proxy = Some(String::from_utf8_lossy(&value).trim_end_matches('\0').to_owned());
    }
    settings
}

/// Tells whether this can name a remote in an argument: no URL, no option, nothing that needs quoting.
pub(crate) fn is_remote_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'));
    plain && !name.is_empty() && !name.starts_with(['-', '/', '.'])
}

/// Gives a path as git reads it: `~/`, `~mona/` and `%(prefix)/` mean what they mean to this git.
fn expanded(git: &Git, cwd: Cwd, (key, value): (&str, &str), url: &str) -> PathBuf {
    let asked = value.starts_with(['~', '%']).then(|| {
        git.run(&["config", "-z", "--type=path", "--get-urlmatch", key, url], cwd).ok().and_then(|answer| {
            let path = answer.strip_suffix(b"\0").unwrap_or(&answer);
            (!path.is_empty()).then(|| PathBuf::from(String::from_utf8_lossy(path).into_owned()))
        })
    });
    asked.flatten().unwrap_or_else(|| PathBuf::from(value))
}
