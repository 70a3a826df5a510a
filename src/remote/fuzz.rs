//! Any bytes as host, path, URL and scope, held against a slow reading of what a scope may serve.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::*;
use crate::forge::Forge;
use engine::fuzz;

const WORDS: &[&[u8]] = &[
    b"github.com",
    b"gist.github.com",
    b"corp.ghe.com",
    b"ghe.example.com:8443",
    b"git.example.com",
    b"acme",
    b"acme/secret",
    b"https://",
    b"HTTPS://",
    b"ssh://git@",
    b"git@github.com:",
    b".git",
    b".wiki.git",
    b"/info/lfs",
    b"orgs/",
    b"[::1]",
    b"/tree/main",
    b"xn--",
    b"_git/",
    b"/-/",
    b"datasets/",
    b"v1/repos/",
];

/// Whether a scope serves a path, by its letters alone: each of its segments is the path's, on GitHub without case and
/// without what git adds to a repository.
fn serves(scope: &Scope, path: &str, server: Server) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase();
    let asked: Vec<&str> = path.split('/').collect();
    scope.segments().iter().enumerate().all(|(at, mine)| match (asked.get(at), server) {
        (Some(theirs), Server::Plain) => theirs == mine,
        (Some(theirs), Server::GitHub) => {
            let endings: &[&str] = if at == 1 { &["", ".git", ".wiki", ".wiki.git"] } else { &[""] };
            endings.iter().any(|ending| plain(theirs) == plain(mine) + ending)
        }
        (None, _) => false,
    })
}

/// Reads host, path and scope, a line each, and the whole as a URL.
pub(crate) fn scope(input: &[u8]) -> String {
    let parts: Vec<&[u8]> = input.splitn(3, |byte| *byte == b'\n').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let remote = Remote::new(part(0), Some(part(1)));
    let text = String::from_utf8_lossy(part(2)).into_owned();
    let scope = Scope::parse(&text);
    if let Ok(scope) = &scope {
        let written = scope.to_string();
        assert_eq!(Scope::from_url(&written).as_ref(), Some(scope), "{written} is read as it was written");
        assert!(!written.contains(char::is_control) && written.is_ascii(), "{written:?}");
        assert!(scope.depth() <= 2 && written.starts_with("https://"));
    }
    if let Some(remote) = &remote {
        let raw = part(0).to_ascii_lowercase();
        let raw = raw.strip_suffix(b":443").unwrap_or(&raw);
        assert!(raw == remote.host.as_str().as_bytes() || raw.starts_with(b"["), "the host is the asked one");
        if let Some(path) = &remote.path {
            assert!(path.split('/').all(|segment| !matches!(segment, "" | "." | "..")), "{path}");
            assert!(given_contains(part(1), path.as_bytes()), "the path is a part of what came");
        }
        if let Some(owner) = &remote.owner {
            let path = remote.path.as_deref().unwrap_or_default();
            assert_eq!(path.split('/').next(), Some(owner.as_str()), "the owner is the first segment");
        }
    }
    if let (Some(remote), Ok(scope)) = (&remote, &scope) {
        for server in [Server::GitHub, Server::Plain] {
            if scope.covers(remote, server) {
                assert!(scope.host() == &remote.host || remote.host.is_gist(), "another host");
                let path = remote.path.as_deref().unwrap_or_default();
                assert!(scope.is_whole_host() || serves(scope, path, server), "{scope} for {path}");
            }
        }
    }
    let url = String::from_utf8_lossy(input).into_owned();
    if let Some(there) = Remote::from_url(&url) {
        let asked = url.to_ascii_lowercase();
        let host = there.host.as_str().trim_matches(['[', ']']);
        assert!(asked.contains(host.split(':').next().unwrap_or_default()), "{url:?} goes to {host}");
    }
    let kind = remote.map(|it| (it.owner.is_some(), it.repo.is_some(), it.path.is_some(), it.host.is_gist()));
    let scope = scope.map(|it| it.depth()).map_err(|bad| std::mem::discriminant(&bad));
    format!("{kind:?} {scope:?}")
}

#[test]
fn a_scope_serves_its_own_host_and_whole_segments_alone() {
    fuzz("remote", WORDS, scope);
}

/// Whether some bytes stand in others.
fn given_contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

/// Reads a path as each forge does.
pub(crate) fn place(input: &[u8]) -> String {
    let hosts = [
        "github.com",
        "gitlab.com",
        "bitbucket.org",
        "dev.azure.com",
        "acme.visualstudio.com",
        "gitea.com",
        "codeberg.org",
        "huggingface.co",
        "git-codecommit.eu-west-1.amazonaws.com",
    ];

    let path = String::from_utf8_lossy(input).into_owned();
    let mut found = String::new();
    for host in hosts {
        let forge = Forge::by_host(host).expect("known");
        let (owner, repo) = forge.place(host, &path);
        assert!(repo.is_some() || owner.is_none(), "{host} {path:?}: an owner of nothing");
        for name in owner.iter().chain(&repo) {
            let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte);
            assert!(!name.is_empty() && name.bytes().all(fine), "{host} {path:?}: {name:?}");
            let squeezed = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            assert!(
                squeezed.contains(name.as_str()) || host.contains(name.as_str()),
                "{host} {path:?}: {name}"
            );
        }
        found.push(match (owner.is_some(), repo.is_some()) {
            (true, _) => 'o',
            (false, true) => 'r',
            _ => '-',
        });
    }
    found
}

#[test]
fn owner_and_repository_of_any_forge_are_names_that_stand_in_its_address() {
    fuzz("forge", WORDS, place);
}
