//! What a person means by `SCOPE`, `URL` or `REMOTE`, or by nothing at all.

use crate::error::Failure;
use crate::git::Git;
use crate::git::repository::{NamedRemote, Remotes, remotes_here};
use crate::remote::{BadScope, GITHUB, Remote, SCOPE_LOOKS_LIKE, Scope};
use crate::terminal::sanitise;
use crate::token::Token;

/// Something a token may be wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where it is.
    pub remote: Remote,
    /// The user name in its URL.
    pub user: Option<String>,
    /// The password in its URL, which git sends without asking a helper.
    pub secret: Option<Token>,
    /// The name of the repository's remote, if it was found by one.
    pub name: Option<String>,
    /// How git reaches it.
    pub transport: Transport,
}

/// How git reaches a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// By HTTPS: credential helpers are asked.
    Https,
    /// By SSH: they are not; the API still wants a token.
    Ssh,
}

impl Target {
    /// Reads a URL as git takes it: `https://`, `ssh://` and `git@host:owner/repo`.
    pub(crate) fn from_url(url: &str) -> Option<Self> {
        if let Some(remote) = Remote::from_url(url) {
            // It sends git on to github.com, for which git then asks its helpers.
            let remote = match remote.host.as_str() {
                "www.github.com" => {
                    Remote::new(GITHUB.as_bytes(), remote.path.as_deref().map(str::as_bytes))?
                }
                _ => remote,
            };
            return Some(Self {
                remote,
                user: user_of(url),
                secret: secret_of(url),
                name: None,
                transport: Transport::Https,
            });
        }
        let (authority, path) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ssh") => {
                let (authority, path) = rest.split_once('/')?;
                // A port of SSH says nothing about the port of HTTPS.
                (authority.split_once(':').map_or(authority, |(host, _)| host), path)
            }
            Some(_) => return None,
            // `NAME::ADDRESS` is for the program git-remote-NAME (gitremote-helpers(7)).
            None => {
                url.split_once(':').filter(|(host, path)| !host.contains('/') && !path.starts_with(':'))?
            }
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = if host.eq_ignore_ascii_case("ssh.github.com") { GITHUB } else { host };
        let remote = Remote::new(host.as_bytes(), Some(path.trim_matches('/').as_bytes()))?;
        Some(Self { remote, user: None, secret: None, name: None, transport: Transport::Ssh })
    }

    /// Reads what a person typed: a URL, or a scope.
    pub(crate) fn from_word(word: &str) -> Result<Self, Failure> {
        let is_url = word.contains("://") || word.starts_with("git@");
        // A page's address is no repository's, though it looks like one.
        let is_page = |target: &Self| {
            let first = target.remote.path.as_deref().and_then(|path| path.split('/').next());
            target.remote.host.as_str() == API
                || (target.remote.host.as_str() == GITHUB
                    && matches!(first, Some("orgs" | "organizations" | "users" | "repos")))
        };
        if is_url && let Some(target) = Self::from_url(word).filter(|target| !is_page(target)) {
            return Ok(target.or_scope(word));
        }
        let scope = Scope::parse(word).map_err(|why| bad_scope(&why))?;
        Ok(Self {
            remote: scope.as_remote(),
            user: None,
            secret: None,
            name: None,
            transport: Transport::Https,
        })
    }

    /// Takes a URL that names an owner alone for the scope it is, as `list` shows it. Git clones no such URL.
    fn or_scope(self, word: &str) -> Self {
        let is_whole = self.remote.owner.is_some() || self.transport != Transport::Https;
        match Scope::parse(word) {
            Ok(scope) if !is_whole && scope.owner().is_some() => Self { remote: scope.as_remote(), ..self },
            _ => self,
        }
    }

    fn from_named(remote: &NamedRemote) -> Option<Self> {
        Self::from_url(&remote.url).map(|target| Self { name: Some(remote.name.clone()), ..target })
    }
}

/// GitHub's API, where git finds no repository.
const API: &str = "api.github.com";

/// Says what is wrong with a scope that was typed, and what one looks like where that is not said.
pub(crate) fn bad_scope(why: &BadScope) -> Failure {
    let failure = Failure::usage(why.to_string());
    match why {
        BadScope::Ssh(Some(_)) => failure,
        _ => failure.remedy(SCOPE_LOOKS_LIKE),
    }
}

/// Reads the user name out of a URL's authority; a password after it is not looked at.
fn user_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (info, _) = authority.rsplit_once('@')?;
    let user = info.split(':').next().unwrap_or_default();
    (!user.is_empty()).then(|| user.to_owned())
}

/// Reads the password out of a URL's authority, escapes undone as git does.
fn secret_of(url: &str) -> Option<Token> {
    let rest = url.split_once("://")?.1;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (info, _) = authority.rsplit_once('@')?;
    // An empty one is sent, too (measured): most often a variable that was not set.
    let (_, secret) = info.split_once(':')?;
    let (secret, mut at) = (secret.as_bytes(), 0);
    let mut bytes = Vec::with_capacity(secret.len());
    while let Some(&letter) = secret.get(at) {
        let code = secret.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| letter == b'%' && code.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(letter));
        at += if byte.is_some() { 3 } else { 1 };
    }
    Some(Token::new(bytes))
}

/// One of the targets of a command that takes several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aim {
    /// The target.
    pub target: Target,
    /// Whether its URL is for pushes alone.
    pub push_only: bool,
}

/// A remote that no credential helper has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherRemote {
    /// Its name.
    pub name: String,
    /// Why, to follow "the remote NAME".
    pub why: &'static str,
    /// The address that git would ask a credential helper for, where one is meant.
    pub meant: Option<String>,
}

/// What a person means, where several targets may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Several {
    /// The targets, in the order of the remotes.
    pub aims: Vec<Aim>,
    /// The remotes that credential helpers have no part in: folders, `http`, other protocols.
    pub others: Vec<OtherRemote>,
}

impl Several {
    /// Tells whether nothing was named and nothing is here.
    pub(crate) fn is_nothing(&self) -> bool {
        self.aims.is_empty() && self.others.is_empty()
    }
}

/// What git and its manuals call remotes: hardly an owner, wherever one stands.
const USUAL_REMOTES: &[&str] = &["origin", "upstream"];
/// How many letters a mistyped name may differ by.
const SLIPS: usize = 2;

/// Finds what is meant: what was typed (a remote's name, a URL, a scope), else every remote of the current
/// repository with both of its URLs. `rewrite` is what git makes of a URL that was typed; `is_owner` knows the
/// owners that there are accounts for.
///
/// Without a word and outside a repository nothing is meant: no targets and no others.
pub(crate) fn several(
    word: Option<&str>,
    git: Option<&Git>,
    rewrite: impl Fn(&str) -> Option<String>,
    is_owner: impl Fn(&str) -> bool,
) -> Result<Several, Failure> {
    working_folder()?;
    let is_url = |word: &str| word.contains("://") || word.starts_with("git@");
    if let Some(word) = word.filter(|word| is_url(word)) {
        let url = rewrite(word);
        let target = match &url {
            Some(url) => Target::from_url(url).map(|target| target.or_scope(url)).ok_or_else(|| {
                Failure::usage("git rewrites this URL to one that is not on a host that can have an account")
            })?,
            None => Target::from_word(word)?,
        };
        return Ok(Several { aims: vec![Aim { target, push_only: false }], others: Vec::new() });
    }
    let around = remotes(git);
    let Some(word) = word else {
        let Some(remotes) = around? else { return Ok(Several::default()) };
        if remotes.all.is_empty() {
            return Err(Failure::usage("the repository here has no remote")
                .remedy("name an owner, a repository or a URL"));
        }
        // The one that git takes by itself comes first.
        let is_default = |remote: &&NamedRemote| remotes.default.as_ref() == Some(&remote.name);
        let (default, others): (Vec<_>, Vec<_>) = remotes.all.iter().partition(is_default);
        return Ok(of_remotes(default.into_iter().chain(others)));
    };
    // A repository that cannot be read has no remote of that name.
    let remotes = around.ok().flatten().unwrap_or_default().all;
    match remotes.iter().find(|remote| remote.name == word) {
        Some(remote) => Ok(of_remotes(std::iter::once(remote))),
        None if !is_owner(word) && is_nearly_a_remote(word, &remotes) => Err(no_such_remote(word, &remotes)),
        None => Target::from_word(word)
            .map(|target| Several { aims: vec![Aim { target, push_only: false }], others: Vec::new() }),
    }
}

/// Tells whether a word that could be an owner is more likely a remote's name, mistyped or missing here.
fn is_nearly_a_remote(word: &str, remotes: &[NamedRemote]) -> bool {
    let names = remotes.iter().map(|remote| remote.name.as_str()).chain(USUAL_REMOTES.iter().copied());
    // Of a short name nothing is left after two slips.
    let slips = |name: &str| if name.len() < 5 { SLIPS - 1 } else { SLIPS };
    names.into_iter().any(|name| strsim::osa_distance(&word.to_ascii_lowercase(), name) <= slips(name))
}

fn no_such_remote(word: &str, remotes: &[NamedRemote]) -> Failure {
    let shown = sanitise(word, 40);
    let failure = Failure::usage(format!("there is no remote {shown} here, or no repository"));
    let names: Vec<String> = remotes.iter().map(|remote| sanitise(&remote.name, 40)).collect();
    let failure = match names.is_empty() {
        true => failure.remedy("go to the repository, or name an owner, a repository or a URL"),
        false => failure.remedy(format!("the remotes here are: {}", names.join(", "))),
    };
    failure.remedy(format!("if the owner of that name is meant: https://github.com/{shown}"))
}

fn of_remotes<'r>(remotes: impl Iterator<Item = &'r NamedRemote>) -> Several {
    let mut several = Several::default();
    for remote in remotes {
        let urls = std::iter::once((&remote.url, false)).chain(remote.push_url.iter().map(|url| (url, true)));
        for (url, push_only) in urls {
            match Target::from_url(url).filter(|target| target.remote.host.as_str() != API) {
                Some(target) => several
                    .aims
                    .push(Aim { target: Target { name: Some(remote.name.clone()), ..target }, push_only }),
                None => {
                    let (why, meant) = why_not(url);
                    several.others.push(OtherRemote { name: remote.name.clone(), why, meant });
                }
            }
        }
    }
    several
}

/// Says why credential helpers have no part in an address, and which one is meant by it, without user name and
/// password.
fn why_not(url: &str) -> (&'static str, Option<String>) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let Some(remote) = Remote::from_url(&format!("https://{rest}")) else {
        return ("is not an https or ssh URL: git asks no credential helper for it", None);
    };
    if remote.host.as_str() == API {
        let scope = Scope::parse(&format!("https://{API}/{}", remote.path.unwrap_or_default())).ok();
        return (
            "is an address of GitHub's API, where git finds no repository",
            scope.map(|it| it.to_string()),
        );
    }
    match scheme.eq_ignore_ascii_case("http") {
        true => (
            "uses http, and tokens are sent over https only",
            remote.path.map(|path| format!("https://{}/{path}", remote.host)),
        ),
        false => ("is not an https or ssh URL: git asks no credential helper for it", None),
    }
}

/// Reads the remotes of the repository around the working folder; `None` where there is no repository.
pub(crate) fn remotes(git: Option<&Git>) -> Result<Option<Remotes>, Failure> {
    let git = git.ok_or_else(|| {
        Failure::failed("git was not found in PATH, and it alone reads repositories")
            .remedy("install git, or put its folder into PATH as an absolute path")
            .remedy("or name an owner, a repository or a URL")
    })?;
    remotes_here(git).map_err(|trouble| {
        Failure::failed("git does not open the repository here")
            .because(anyhow::anyhow!(sanitise(&trouble.to_string(), 300)))
            .remedy("do what git says, or name an owner, a repository or a URL")
    })
}

/// Fails where the folder that the command was started in is gone: git does nothing there.
fn working_folder() -> Result<(), Failure> {
    let folder = std::env::current_dir().map(drop);
    folder.map_err(|error| Failure::failed("the working folder cannot be read").because(error))
}

/// Finds the one target that is meant: what was typed, else the current repository's remote.
pub(crate) fn one(word: Option<&str>) -> Result<Target, Failure> {
    if let Some(word) = word {
        return Target::from_word(word);
    }
    working_folder()?;
    let remotes = remotes(Git::find().as_ref())?.ok_or_else(|| {
        Failure::usage("there is no repository here").remedy("name an owner, a repository or a URL")
    })?;
    let named =
        remotes.default.as_ref().and_then(|name| remotes.all.iter().find(|remote| remote.name == *name));
    let named = named.ok_or_else(|| {
        let fact = if remotes.all.is_empty() {
            "the repository here has no remote"
        } else {
            "the repository here has several remotes and none is the default"
        };
        Failure::usage(fact).remedy("name an owner, a repository or a URL")
    })?;
    Target::from_named(named).ok_or_else(|| {
        Failure::failed(format!(
            "the remote {} is not on a host that can have an account",
            sanitise(&named.name, 40)
        ))
        .remedy("name an owner, a repository or a URL")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_git_takes_them() {
        for (url, place, user, transport) in [
            ("https://github.com/acme/r.git", "github.com/acme/r", None, Transport::Https),
            ("https://mona@github.com/acme/r", "github.com/acme/r", Some("mona"), Transport::Https),
            ("https://mona:secret@GitHub.com/acme/r", "github.com/acme/r", Some("mona"), Transport::Https),
            ("git@github.com:acme/r.git", "github.com/acme/r", None, Transport::Ssh),
            ("github.com:acme/r.git", "github.com/acme/r", None, Transport::Ssh),
            ("ssh://git@github.com/acme/r.git", "github.com/acme/r", None, Transport::Ssh),
            ("ssh://git@ssh.github.com:443/acme/r.git", "github.com/acme/r", None, Transport::Ssh),
        ] {
            let target = Target::from_url(url).expect(url);
            let shown = format!("{}/{}", target.remote.host, target.remote.name());
            assert_eq!(
                (shown.as_str(), target.user.as_deref(), target.transport),
                (place, user, transport),
                "{url}"
            );
        }
        for url in [
            "/srv/git/r.git",
            "file:///srv/git/r.git",
            "http://github.com/acme/r",
            "../r",
            "ext::sh -c x/y",
            "codecommit::eu-west-1://r",
            "https::https://h/a/b",
        ] {
            assert_eq!(Target::from_url(url), None, "{url}");
        }
    }

    #[test]
    fn a_scope_is_a_target_too() {
        let target = Target::from_word("acme").expect("a scope");
        assert_eq!(target.remote.owner.map(|owner| owner.to_string()).as_deref(), Some("acme"));
        assert_eq!(
            Target::from_word("ghe.example.com:8443/acme/r").expect("a scope").remote.host.as_str(),
            "ghe.example.com:8443"
        );
        assert!(Target::from_word("a b").is_err());
    }
}
