//! Opening a page: one URL, one process, and git never waits for it.
//!
//! Crate `open` knows which programs open a page on each system; it is asked for that list alone. Its own
//! ways of running them do not fit: they try the next program when one fails, so that one page could be two,
//! they wait a quarter of a second, and what they start inherits whatever git left open (read in 5.4). Here
//! the first program that exists is started, and nothing is known of it afterwards.
//!
//! What is started gets none of our streams (a browser that writes to git's pipe destroys authentication,
//! one that holds it makes git wait for its end: both measured), no other descriptor, no secret in its
//! environment, and a session of its own where the system has `setsid`.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
use windows as platform;

pub(super) use platform::{has_desktop, is_root};

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

/// No page of ours is longer (rule B2).
const MAX_URL: usize = 2048;

/// A page was handed to a program. Whether it showed it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The program.
    pub program: PathBuf,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The URL is not one that is opened; says what is wrong with it.
    #[error("this address is not opened: {0}")]
    BadUrl(&'static str),
    /// No program that opens pages was found.
    #[error("no program that opens pages was found (xdg-open and its like)")]
    NoProgram,
    /// The program could not be started.
    #[error("{path} cannot be started: {1}", path = .0.display())]
    Start(PathBuf, io::Error),
}

/// Opens a page with what this process's environment says. Returns at once.
pub(crate) fn open(url: &str) -> Result<Opened, OpenError> {
    Launcher::new(env::vars_os()).open(url)
}

/// Opens the page that this very process serves at a port of this machine. No other address here is ever opened.
pub(crate) fn open_own(port: u16) -> Result<Opened, OpenError> {
    Launcher::new(env::vars_os()).start(&format!("http://{}:{port}/", std::net::Ipv4Addr::LOCALHOST))
}

/// Opens pages by an environment: its `PATH` and `BROWSER` choose, and the browser inherits it.
#[derive(Clone)]
pub(crate) struct Launcher {
    env: Vec<(OsString, OsString)>,
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Launcher")
    }
}

impl Launcher {
    /// Takes an environment.
    pub(crate) fn new(env: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { env: env.into_iter().collect() }
    }

    /// Opens a page. Returns at once, whatever the program does.
    pub(crate) fn open(&self, url: &str) -> Result<Opened, OpenError> {
        check(url).map_err(OpenError::BadUrl)?;
        self.start(url)
    }

    fn start(&self, url: &str) -> Result<Opened, OpenError> {
        let (program, mut command) = self.command(url).ok_or(OpenError::NoProgram)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        platform::keep_descriptors();
        // Not waited for. It is our child for as long as we live, which is not long.
        match crate::limits::as_before(|| command.spawn()) {
            Ok(_) => Ok(Opened { program }),
            Err(error) => Err(OpenError::Start(program, error)),
        }
    }
}

/// Looks at a URL once more before it is handed to other programs (rule B2), and says what is wrong with it.
fn check(url: &str) -> Result<(), &'static str> {
    let rest = url.strip_prefix("https://").ok_or("it does not begin with https://")?;
    if url.len() > MAX_URL {
        return Err("it is longer than 2,048 characters");
    }
    // Narrower than a URL may be: what our pages are made of. No quote, backslash or blank, nothing of a shell
    // but `&`.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?&=%+,#".contains(&byte);
    if !url.bytes().all(fits) {
        return Err("it holds a character that no page of ours has");
    }
    for after in url.split('%').skip(1) {
        let digits = after.get(..2).ok_or("it is badly encoded")?;
        let byte = u8::from_str_radix(digits, 16).map_err(|_| "it is badly encoded")?;
        if byte.is_ascii_control() {
            return Err("it holds a control character");
        }
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !host.split('.').all(is_label) {
        return Err("it names no host");
    }
    let is_own = host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "0.0.0.0";
    if is_own { Err("it is on this machine") } else { Ok(()) }
}

/// Tells whether a variable may hold a secret, or git's way of speaking to us: a browser needs neither.
fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    ["GIT_", "GH_", "GITHUB_", "PATRON_"].iter().any(|prefix| name.starts_with(prefix))
        || ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "APIKEY", "API_KEY", "CREDENTIAL"]
            .iter()
            .any(|part| name.contains(part))
}

#[cfg(all(test, target_os = "linux"))]
#[path = "launch_tests.rs"]
mod tests;
