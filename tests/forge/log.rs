//! What was asked of the forge: every request, in the order in which it was answered.

use super::policy::Access;

/// What sort of request an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A tunnel asked of the proxy; logged only when it was refused.
    Connect,
    /// Git's own requests below a repository.
    Git,
    /// The large-file protocol below a repository.
    Lfs,
    /// A call of the REST API.
    Rest,
    /// A page for people.
    Page,
}

/// One request and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What sort of request it was.
    pub(crate) kind: EntryKind,
    /// The host as asked of the proxy, without `:443`.
    pub(crate) host: String,
    /// The method.
    pub(crate) method: String,
    /// The path with its query, as sent.
    pub(crate) path: String,
    /// The owner as sent; empty if the path names none.
    pub(crate) owner: String,
    /// The repository as sent, without `.git`; empty if the path names none.
    pub(crate) repo: String,
    /// What was to be done.
    pub(crate) access: Access,
    /// The label of the token that was sent, or `unknown:` and a fingerprint, or none.
    pub(crate) token: Option<String>,
    /// The user name that was sent.
    pub(crate) username: Option<String>,
    /// The `User-Agent`.
    pub(crate) agent: String,
    /// The status answered; 0 if the connection was closed instead.
    pub(crate) status: u16,
}

/// A git request in the form tests compare: who was asked for what, with which token.
pub(crate) type GitAsk = (String, String, String, Access, String);

/// The requests about git itself that carried a credential.
pub(crate) fn authenticated_git(entries: &[Entry]) -> Vec<GitAsk> {
    entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Git)
        .filter_map(|entry| {
            Some((
                entry.host.clone(),
                entry.owner.clone(),
                entry.repo.clone(),
                entry.access,
                entry.token.clone()?,
            ))
        })
        .collect()
}

/// True for git's first request of an operation: the one that is refused or not.
pub(crate) fn is_discovery(entry: &Entry) -> bool {
    let path = entry.path.split('?').next().unwrap_or_default();
    entry.kind == EntryKind::Git && entry.method == "GET" && path.ends_with("/info/refs")
}
