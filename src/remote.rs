//! Where a request goes and which way, and what a token is for: [`Host`], [`Remote`], [`Direction`] and
//! [`Scope`].
//!
//! Rule P6: a host is compared as the bytes git gave, ASCII-lower-cased, with `:443` (the default port)
//! left out; no suffix, prefix, wildcard, IDNA, percent or trailing-dot logic. Rule P7: an owner is the
//! first segment of the path if, and only if, the path has at least two segments and looks like nothing
//! else. No URL is ever rebuilt and parsed again: two parsers that disagree are how credentials leak.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;

use crate::forge::Forge;
pub(crate) use crate::forge::{GIST, GITHUB};
use crate::hidden::all_visible;
use std::fmt;
use std::sync::Arc;

/// An exact, ASCII-lower-case host name with optional port. Thousands of accounts share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Host(Arc<str>);

fn is_port(text: &str) -> bool {
    !text.starts_with('0')
        && text.len() <= 5
        && text.parse::<u16>().is_ok()
        && text.bytes().all(|b| b.is_ascii_digit())
}

impl Host {
    /// Reads a host as git sends it. `None` for anything that is not a plain ASCII host name or an IPv6 address in
    /// brackets, with an optional port; such a host cannot have an account.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.to_ascii_lowercase();
        let text = text.strip_suffix(":443").unwrap_or(&text);
        if let Some((address, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            let address: std::net::Ipv6Addr = address.parse().ok()?;
            let port_fits = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
            // One address has many spellings, and this is its normal one.
            return port_fits.then(|| Self(format!("[{address}]{rest}").into()));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        (name.len() <= 253 && name.split('.').all(label) && port.is_none_or(is_port))
            .then(|| Self(text.into()))
    }

    /// Gives the normal form.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the host whose accounts serve this one: gists are served by GitHub's.
    pub(crate) fn home(&self) -> Self {
        if self.is_gist() { Self(GITHUB.into()) } else { self.clone() }
    }

    /// Tells whether accounts of this host serve another one; without a copy, since it is asked of each account.
    pub(crate) fn serves(&self, asked: &Self) -> bool {
        if asked.is_gist() { &*self.0 == GITHUB } else { self == asked }
    }

    /// Tells whether this is GitHub's host for gists. `gist.` of any other host is just another host.
    pub(crate) fn is_gist(&self) -> bool {
        &*self.0 == GIST
    }

    /// Says what serves this host, where its name alone tells.
    pub(crate) fn server_by_name(&self) -> Option<Server> {
        let forge = Forge::by_host(&self.0)?;
        Some(if forge == Forge::GitHub { Server::GitHub } else { Server::Plain })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What answers at a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    /// GitHub: github.com, `SUB.ghe.com`, or an Enterprise Server.
    GitHub,
    /// Any other git host; owners mean nothing there.
    Plain,
}

/// A user or organisation on a GitHub host: keeps its spelling, compares without case.
#[derive(Debug, Clone, Eq)]
pub(crate) struct Owner(String);

impl Owner {
    /// Reads one path segment as an owner: `[A-Za-z0-9][A-Za-z0-9_-]{0,38}` (logins of managed users hold `_`).
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        let fits = (1..=39).contains(&segment.len())
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && segment.as_bytes()[0].is_ascii_alphanumeric();
        fits.then(|| Self(segment.to_owned()))
    }

    /// Gives the owner as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What git asks for: a host, and what its path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// The asked host, in normal form.
    pub host: Host,
    /// The owner, if the path tells one (rule P7).
    pub owner: Option<Owner>,
    /// The repository without `.git` and `.wiki`, if the path tells one.
    pub repo: Option<String>,
    /// The path as it came, without a query or fragment; `None` when none came or it is unusable.
    pub path: Option<String>,
}

impl Remote {
    /// Reads host and path as git sends them. `None` if the host is not a host name.
    pub(crate) fn new(host: &[u8], path: Option<&[u8]>) -> Option<Self> {
        let host = Host::parse(host)?;
        // Git cuts these from a URL's path, and who writes the lines by hand may not.
        let path =
            path.map(trim_slashes).filter(|path| !path.is_empty()).and_then(usable_path).map(str::to_owned);
        let mut remote = Self { host, owner: None, repo: None, path };
        if let Some(path) = &remote.path
            && !remote.host.is_gist()
            && let Some((owner, rest)) = path.split_once('/')
            && let Some(owner) = Owner::parse(owner).filter(|_| !is_no_owner(&remote.host, owner))
        {
            let repo = rest.split('/').next().map(bare_repo).filter(|repo| is_repo(repo));
            remote.repo = repo.map(str::to_owned);
            remote.owner = Some(owner);
        }
        Some(remote)
    }

    /// Reads an `https` URL as the remotes of a repository hold it; user information is left out.
    /// `None` for other schemes and for URLs without a usable host.
    pub(crate) fn from_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let path = path.trim_matches('/');
        Self::new(host.as_bytes(), (!path.is_empty()).then_some(path.as_bytes()))
    }

    /// Names owner and repository for people, as far as they are known.
    pub(crate) fn name(&self) -> String {
        match (&self.owner, &self.repo) {
            (Some(owner), Some(repo)) => format!("{owner}/{repo}"),
            (Some(owner), None) => owner.to_string(),
            _ => self.host.to_string(),
        }
    }
}

/// The direction of a transfer: which of git's two services is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Clone, fetch, pull, ls-remote (`git-upload-pack`); also where it is not known.
    #[default]
    Fetch,
    /// Push (`git-receive-pack`).
    Push,
}

impl Direction {
    /// Names it as our files and `--json` do.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Push => "push",
        }
    }
}

/// Keeps a path that can be trusted to mean the same to us and to the server: UTF-8, at least one
/// segment, none of them empty, `.` or `..`, no backslash, no percent sign (git decodes the path before
/// we see it, so a `%` that is left would be decoded by somebody else).
fn usable_path(path: &[u8]) -> Option<&str> {
    let path = std::str::from_utf8(path).ok()?;
    let end = path.bytes().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
    let path = &path[..end];
    let is_plain = |sign: char| !matches!(sign, '\\' | '%') && !sign.is_control();
    let names = |segment: &str| !matches!(segment, "" | "." | "..");
    (path.chars().all(is_plain) && path.split('/').all(names)).then_some(path)
}

/// Cuts the slashes around a path, as git does.
pub(crate) fn trim_slashes(mut path: &[u8]) -> &[u8] {
    while let [b'/', rest @ ..] | [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

/// Tells whether the first segment of a path is one of GitHub's own pages, and no user or organisation.
fn is_no_owner(host: &Host, segment: &str) -> bool {
    host.server_by_name() == Some(Server::GitHub)
        && OWNERS_PAGES.iter().any(|page| segment.eq_ignore_ascii_case(page))
}

/// What stands before an owner in the addresses of its pages.
const OWNERS_PAGES: &[&str] = &["orgs", "organizations", "users"];

/// Cuts what git adds to a repository's name.
fn bare_repo(segment: &str) -> &str {
    let ending = |text: &str, end: &str| {
        let cut = text.len().checked_sub(end.len())?;
        text.get(cut..)?.eq_ignore_ascii_case(end).then_some(cut)
    };
    let segment = ending(segment, ".git").map_or(segment, |cut| &segment[..cut]);
    ending(segment, ".wiki").map_or(segment, |cut| &segment[..cut])
}

/// What stands behind a repository in the addresses of its pages.
const PAGES: &[&str] = &[
    "actions",
    "blob",
    "branches",
    "commit",
    "commits",
    "compare",
    "discussions",
    "issues",
    "network",
    "projects",
    "pull",
    "pulls",
    "releases",
    "security",
    "settings",
    "tags",
    "tree",
    "wiki",
];

/// Tells whether an address without its scheme is one of github.com's pages.
fn is_github_page(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    [GITHUB, "www.github.com"].iter().any(|known| host.eq_ignore_ascii_case(known))
}

/// Cuts a page's path down to the owner and the repository that a person means by it: `orgs/acme/people`,
/// `acme/secret/tree/main`.
fn page_path(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.splitn(3, '/');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let upto = |end: &str| path[..path.len() - end.len()].trim_end_matches('/');
    match (first, second) {
        (page, Some(owner)) if OWNERS_PAGES.contains(&page) && !owner.is_empty() => owner,
        (_, Some(_)) => match third {
            Some(third) if third.split('/').next().is_some_and(|word| PAGES.contains(&word)) => upto(third),
            _ => path,
        },
        _ => path,
    }
}

/// Tells whether a segment can name a repository: `[A-Za-z0-9._-]{1,100}`.
fn is_repo(segment: &str) -> bool {
    (1..=100).contains(&segment.len())
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !matches!(segment, "." | "..")
}

/// What a token is for: a URL prefix on segment borders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    host: Host,
    segments: Vec<String>,
}

impl Scope {
    /// Reads a SCOPE as people write it: `acme`, `acme/secret`, `ghe.example.com/acme`,
    /// `https://corp.ghe.com/acme/secret`, `https://example.com`.
    ///
    /// A first segment with a dot or a colon is a host, since owners have neither. Errors say what is
    /// wrong with the text; the caller adds what a scope looks like.
    pub(crate) fn parse(text: &str) -> Result<Self, BadScope> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            // A page's address, as it is copied: GitHub answers such a one by https.
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") && is_github_page(rest) => rest,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ssh") => return Err(BadScope::ssh(rest)),
            Some((scheme, _)) => return Err(BadScope::Scheme(printable(scheme))),
            None if is_scp(text) => return Err(BadScope::ssh(text)),
            None if text.split('/').next().is_some_and(|first| first.contains(['.', ':'])) => text,
            None if text.is_empty() || text.starts_with('/') => return Err(BadScope::Empty),
            None => return Self::of_segments(Host(GITHUB.into()), text),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.contains('@') {
            return Err(BadScope::UserInfo);
        }
        let host = Host::parse(host.as_bytes()).ok_or_else(|| BadScope::Host(printable(host)))?;
        match host.as_str() {
            "www.github.com" => Self::of_segments(Host(GITHUB.into()), page_path(path)),
            "api.github.com" => {
                let path = path.strip_prefix("repos/").unwrap_or(path);
                Self::of_segments(Host(GITHUB.into()), page_path(path))
            }
            _ if host.server_by_name() == Some(Server::GitHub) => Self::of_segments(host, page_path(path)),
            _ => Self::of_segments(host, path),
        }
    }

    fn of_segments(host: Host, path: &str) -> Result<Self, BadScope> {
        if host.is_gist() {
            return Err(BadScope::Gist);
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        if let Some(owner) = segments.first()
            && (Owner::parse(owner).is_none() || is_no_owner(&host, owner))
        {
            return Err(BadScope::Owner(printable(owner)));
        }
        if let Some(repo) = segments.get(1)
            && !is_repo(bare_repo(repo))
        {
            return Err(BadScope::Repo(printable(repo)));
        }
        if segments.len() > 2 {
            return Err(BadScope::TooDeep);
        }
        let segments = segments.into_iter().map(|segment| bare_repo(segment).to_owned()).collect();
        Ok(Self { host, segments })
    }

    /// Makes the scope under which a plain host's credential is kept: exactly this host and path, or the
    /// whole host when git sent no path. `None` if the path is there and unusable.
    pub(crate) fn exact(host: &Host, path: Option<&[u8]>) -> Option<Self> {
        let segments = match path {
            None => Vec::new(),
            Some(path) => {
                let kept = usable_path(path).filter(|kept| kept.len() == path.len())?;
                kept.split('/').map(str::to_owned).collect()
            }
        };
        Some(Self { host: host.clone(), segments })
    }

    /// Makes the scope of one owner.
    pub(crate) fn of_owner(host: &Host, owner: &Owner) -> Self {
        Self { host: host.home(), segments: vec![owner.0.clone()] }
    }

    /// Reads a scope back from the URL that `Scope::to_string` gives; used for files, where any
    /// number of segments may stand.
    pub(crate) fn from_url(url: &str) -> Option<Self> {
        Self::from_url_after(url, None)
    }

    /// The same in a list: most hosts there are that of the scope before, which is not read again.
    pub(crate) fn from_url_after(url: &str, before: Option<&Self>) -> Option<Self> {
        let rest = url.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let same = before.map(|before| &before.host).filter(|known| known.as_str() == host).cloned();
        let parsed = || Host::parse(host.as_bytes()).filter(|parsed| parsed.as_str() == host);
        let host = same.or_else(parsed)?;
        Self::exact(&host, (!path.is_empty()).then_some(path.as_bytes()))
    }

    /// Gives the place a scope names, to choose an account for it.
    pub(crate) fn as_remote(&self) -> Remote {
        let path = self.segments.join("/");
        Remote {
            host: self.host.clone(),
            owner: self.owner(),
            repo: self.repo().map(str::to_owned),
            path: (!path.is_empty()).then_some(path),
        }
    }

    /// Gives the host.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Gives the owner, if the scope names one.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.segments.first().and_then(|segment| Owner::parse(segment))
    }

    /// Gives the segments as they are written.
    pub(crate) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Gives a segment as it is written; the first is the owner on a GitHub host.
    pub(crate) fn segment(&self, at: usize) -> Option<&str> {
        self.segments.get(at).map(String::as_str)
    }

    /// Gives the repository, if the scope names one.
    pub(crate) fn repo(&self) -> Option<&str> {
        self.segments.get(1).map(String::as_str)
    }

    /// Tells whether the scope is a whole host.
    pub(crate) fn is_whole_host(&self) -> bool {
        self.segments.is_empty()
    }

    /// Counts the segments: the more, the narrower the scope.
    pub(crate) fn depth(&self) -> usize {
        self.segments.len()
    }

    /// Names the scope without the scheme, and without github.com: `acme/secret`, `corp.ghe.com/acme`.
    pub(crate) fn short(&self) -> String {
        let path = self.segments.join("/");
        match (self.host.as_str() == GITHUB, path.is_empty()) {
            (true, false) => path,
            (false, false) => format!("{}/{path}", self.host),
            (_, true) => self.host.to_string(),
        }
    }

    /// Tells whether a request falls under this scope: same host, and a prefix by whole segments; on
    /// GitHub without case and without what git adds to a repository's name.
    ///
    /// Gists have no owner in their path: see `choose.rs` for them.
    pub(crate) fn covers(&self, remote: &Remote, server: Server) -> bool {
        if !self.host.serves(&remote.host) {
            return false;
        }
        match server {
            Server::GitHub => {
                let owner_fits = match self.segments.first() {
                    None => true,
                    Some(mine) => {
                        remote.owner.as_ref().is_some_and(|asked| asked.0.eq_ignore_ascii_case(mine))
                    }
                };
                let repo_fits = match self.segments.get(1) {
                    None => true,
                    Some(mine) => remote.repo.as_ref().is_some_and(|asked| asked.eq_ignore_ascii_case(mine)),
                };
                owner_fits && repo_fits && self.segments.len() <= 2
            }
            Server::Plain => {
                let mut asked = remote.path.as_deref().into_iter().flat_map(|path| path.split('/'));
                self.segments.iter().all(|mine| asked.next() == Some(mine))
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.host)?;
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

/// What a scope looks like, for every message that refuses one.
pub(crate) const SCOPE_LOOKS_LIKE: &str = "a scope is an owner (acme), a repository (acme/secret), either with its host (ghe.example.com/acme), or a whole host (https://example.com)";

/// Why a text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadScope {
    /// Nothing was given.
    Empty,
    /// Another scheme than https.
    Scheme(String),
    /// An address for SSH, with the scope that is meant by it if that can be told.
    Ssh(Option<Box<Scope>>),
    /// The host is not a host name.
    Host(String),
    /// A user name or token before the host.
    UserInfo,
    /// The host of gists, which has no owners.
    Gist,
    /// The first segment is no owner.
    Owner(String),
    /// The second segment is no repository.
    Repo(String),
    /// More than owner and repository.
    TooDeep,
}

impl fmt::Display for BadScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the scope is empty"),
            Self::Scheme(scheme) => write!(f, "\"{scheme}\" is not supported: tokens work over HTTPS only"),
            Self::Ssh(scope) => {
                write!(f, "that is an SSH address; tokens work over HTTPS")?;
                match scope {
                    Some(scope) => write!(f, ": git credential-patron add {}", scope.short()),
                    None => Ok(()),
                }
            }
            Self::Host(host) => write!(f, "\"{host}\" is not a host name"),
            // What stands there may be a token, so it is not repeated.
            Self::UserInfo => {
                write!(f, "a scope has no user name or token before its host; use --login for the user")
            }
            Self::Gist => {
                write!(f, "gists are served by the account for your own login; add that one instead")
            }
            Self::Owner(owner) => write!(f, "\"{owner}\" is not the name of a user or organisation"),
            Self::Repo(repo) => write!(f, "\"{repo}\" is not the name of a repository"),
            Self::TooDeep => write!(f, "there is more than an owner and a repository in it"),
        }
    }
}

impl BadScope {
    /// Reads an address for SSH without its scheme: `git@github.com:acme/secret.git`, `git@github.com:22/acme/secret`.
    fn ssh(rest: &str) -> Self {
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let path = path.trim_start_matches([':', '/']);
        // A port of SSH says nothing about the port of HTTPS.
        let path = match path.split_once('/') {
            Some((port, path))
                if rest[end..].starts_with(':') && port.bytes().all(|b| b.is_ascii_digit()) =>
            {
                path
            }
            _ => path,
        };
        let host = if host.eq_ignore_ascii_case("ssh.github.com") { GITHUB } else { host };
        Self::Ssh(Scope::parse(&format!("https://{host}/{path}")).ok().map(Box::new))
    }
}

/// Tells whether a text is an address as scp has them: `git@github.com:acme/secret.git`.
fn is_scp(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    first.split_once(':').is_some_and(|(host, rest)| {
        !host.is_empty()
            && !rest.starts_with(':')
            && !host.contains(['[', ']'])
            && (host.contains('@') || !rest.bytes().all(|b| b.is_ascii_digit()))
    })
}

impl std::error::Error for BadScope {}

/// Makes foreign text fit for one line of a message: no control characters, at most 60 characters.
fn printable(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => all_visible(&text[..end], &[]) + "...",
        None => all_visible(text, &[]),
    }
}
