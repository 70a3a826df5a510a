//! The remotes of the repository around the working folder, as git itself reads them.
//!
//! Used where a person asks (`diagnose`, `token`, `exec`), never on behalf of git: nothing a repository
//! configures takes part in choosing a token for it. Git is asked, and no library, since git alone opens every
//! repository (reftable, partial clones, SHA-256, `GIT_DIR`) and refuses those that the user's `safe.directory`
//! and `safe.bareRepository` keep away.

use super::{Cwd, Git, GitTrouble, Listing};

/// One remote, its URLs as they are after `url.<base>.insteadOf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRemote {
    /// Its name.
    pub name: String,
    /// Where it fetches from; may hold a user name or a secret, so it is never printed as it is.
    pub url: String,
    /// Where it pushes to, if that is another place.
    pub push_url: Option<String>,
}

/// The repository's remotes, and which of them is meant when none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remotes {
    /// All of them.
    pub all: Vec<NamedRemote>,
    /// The remote of the current branch, else `origin`, else the only one.
    pub default: Option<String>,
}

/// Reads the remotes of the repository around the working folder; `None` where there is no repository. Fails where
/// there is one that git does not open.
pub(crate) fn remotes_here(git: &Git) -> Result<Option<Remotes>, GitTrouble> {
    match git.run(&["rev-parse", "--git-dir"], Cwd::Here) {
        Ok(_) => {}
        // With "(or any of the parent directories)": git looked for one and found none.
        Err(GitTrouble::Refused(words)) if words.starts_with("fatal: not a git repository (or") => {
            return Ok(None);
        }
        Err(trouble) => return Err(trouble),
    }
    let all = Listing::read(git, Cwd::Here)?.remotes();
    // A detached HEAD has no branch.
    let head = git.run(&["symbolic-ref", "--quiet", "HEAD"], Cwd::Here).unwrap_or_default();
    let head = String::from_utf8_lossy(&head).into_owned();
    let default = default_remote(git, head.trim_end(), &all);
    Ok(Some(Remotes { all, default }))
}

fn default_remote(git: &Git, head: &str, all: &[NamedRemote]) -> Option<String> {
    let of_branch = || {
        let branch = head.strip_prefix("refs/heads/")?;
        let key = format!("branch.{branch}.remote");
        let name = git.run(&["config", "--get", &key], Cwd::Here).ok()?;
        Some(String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned())
    };
    let named = |name: &str| all.iter().any(|remote| remote.name == name);
    of_branch()
        .filter(|name| named(name))
        .or_else(|| named("origin").then(|| "origin".to_owned()))
        .or_else(|| if let [only] = all { Some(only.name.clone()) } else { None })
}

impl Listing {
    /// Gives the remotes, in the order of their names.
    fn remotes(&self) -> Vec<NamedRemote> {
        let mut names: Vec<&[u8]> = Vec::new();
        for entry in &self.entries {
            if let (b"remote", Some(name), b"url" | b"pushurl") = entry.parts()
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        names.into_iter().filter_map(|name| self.named_remote(name)).collect()
    }

    fn named_remote(&self, name: &[u8]) -> Option<NamedRemote> {
        let first = |wanted: &[u8]| {
            let is_it = |entry: &&super::Entry| entry.parts() == (b"remote", Some(name), wanted);
            let values = self.entries.iter().filter(is_it).filter_map(|entry| entry.value.clone());
            // An empty one takes back those before it (git 2.46).
            let values: Vec<Vec<u8>> = values.collect();
            let after_reset = values.iter().rposition(Vec::is_empty).map_or(0, |at| at + 1);
            values.get(after_reset).map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let rewritten = |url: String, push| self.rewrite(&url, push).map_or(url, |rewrite| rewrite.url);
        let (fetch, push) = (first(b"url"), first(b"pushurl"));
        let url = rewritten(fetch.clone().or_else(|| push.clone())?, false);
        let push_url = match (push, fetch) {
            (Some(push), _) => rewritten(push, false),
            (None, fetch) => rewritten(fetch?, true),
        };
        let push_url = Some(push_url).filter(|push| *push != url);
        Some(NamedRemote { name: String::from_utf8_lossy(name).into_owned(), url, push_url })
    }
}
