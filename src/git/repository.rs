//! The remotes of the repository around the working folder, read by libgit2.
//!
//! Used where a person asks (`diagnose`, `token`, `exec`), never on behalf of git: nothing a repository
//! configures takes part in choosing a token for it.

use std::path::Path;

/// One remote, its URLs as they are after `url.<base>.insteadOf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRemote {
    /// Its name.
    pub name: String,
    /// Where it fetches from; may hold a user name or a secret, so it is never printed as it is.
    pub url: String,
    /// Where it pushes to, if that is another place.
    pub push_url: Option<String>,
}

/// The repository's remotes, and which of them is meant when none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remotes {
    /// All of them.
    pub all: Vec<NamedRemote>,
    /// The remote of the current branch, else `origin`, else the only one.
    pub default: Option<String>,
}

/// Why the repository cannot be read; the library's own words.
#[derive(Debug)]
pub struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Reads the remotes of the repository around this folder; `None` where there is no repository.
pub fn remotes_around(folder: &Path) -> Result<Option<Remotes>, Unreadable> {
    let unreadable = |error: git2::Error| Unreadable(error.message().to_owned());
    let repository = match git2::Repository::discover(folder) {
        Ok(repository) => repository,
        Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let names = repository.remotes().map_err(unreadable)?;
    let mut all = Vec::new();
    for index in 0..names.len() {
        let Some(name) = names.get(index).ok().flatten() else { continue };
        let remote = repository.find_remote(name).map_err(unreadable)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let url = text(remote.url_bytes());
        let push_url = remote.pushurl_bytes().map(text).filter(|push| *push != url);
        all.push(NamedRemote { name: name.to_owned(), url, push_url });
    }
    let default = default_remote(&repository, &all);
    Ok(Some(Remotes { all, default }))
}

fn default_remote(repository: &git2::Repository, all: &[NamedRemote]) -> Option<String> {
    let of_branch = || {
        let head = repository.find_reference("HEAD").ok()?;
        let branch = head.symbolic_target().ok().flatten()?.to_owned();
        let remote = repository.branch_upstream_remote(&branch).ok()?;
        remote.as_str().ok().map(str::to_owned)
    };
    let named = |name: &str| all.iter().any(|remote| remote.name == name);
    of_branch()
        .filter(|name| named(name))
        .or_else(|| named("origin").then(|| "origin".to_owned()))
        .or_else(|| if let [only] = all { Some(only.name.clone()) } else { None })
}
