//! Whose URL a transcript speaks of.
//!
//! Only lines of this side are looked at, since a server may print any address. What comes out is one host,
//! owner and repository of narrow alphabets; user names and passwords are dropped.

use super::Spoken;
use super::speaker::Speaker;
use crate::forge::Forge;

/// What a transcript says about the place that refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RepositoryName {
    /// The host, in lower case, with a port if one was written.
    pub(crate) host: Option<String>,
    /// The owner.
    pub(crate) owner: Option<String>,
    /// The repository, without `.git`.
    pub(crate) repo: Option<String>,
}

impl RepositoryName {
    /// Says whether another names the same repository; host, owner and name do not count letters' case.
    pub(super) fn is_same_repository(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, two: &Option<String>| match (one, two) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            _ => true,
        };
        same(&self.host, &other.host) && same(&self.owner, &other.owner) && same(&self.repo, &other.repo)
    }
}

/// Finds whose URL the lines of this side name: git's last word, a failed push, where it went, else any address or
/// name in the words of a client or tool. What a server printed does not count.
pub(super) fn find(lines: &[Spoken]) -> RepositoryName {
    let mut best = (0, RepositoryName::default());
    // Git may name the host alone, where who called it names the repository: Go and others.
    let mut whole = RepositoryName::default();
    for Spoken { speaker, text, .. } in lines {
        let line = text.as_str();
        let weight = match speaker {
            Speaker::Remote => continue,
            Speaker::Git if line.contains("fatal:") => 5,
            Speaker::Git if line.contains("failed to push some refs to") => 4,
            Speaker::Git if line.starts_with("To ") || super::speaker::quoted_url(line).is_some() => 3,
            _ if line.contains("git@") => 3,
            Speaker::Client => 2,
            Speaker::Git | Speaker::Ssh => 1,
            Speaker::Other if speaks_of_failure(line) => 1,
            Speaker::Other => continue,
        };
        let Some(target) = in_text(line, weight >= 3) else { continue };
        if whole.repo.is_none() && target.repo.is_some() {
            whole = target.clone();
        }
        if weight > best.0 {
            best = (weight, target);
        }
    }
    let (_, best) = best;
    if best.repo.is_none() && best.host.is_some() && best.host == whole.host { whole } else { best }
}

/// Says whether a tool tells what failed.
fn speaks_of_failure(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["error", "fail", "fatal", "denied", "not found", "could not", "unable", "exit status", "http "]
        .iter()
        .any(|word| line.contains(word))
}

/// Finds what a reply tells of its repository: a link in its headers or in what documents nothing.
pub(super) fn in_reply(headers: &[(String, String)], body: &[u8]) -> RepositoryName {
    let link =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("link")).map(|(_, value)| value.as_str());
    let body = String::from_utf8_lossy(body);
    link.and_then(|link| in_text(link, false)).or_else(|| named(&body)).unwrap_or_default()
}

/// Finds an address or a name in a line: the first that names a repository, else the first with a host.
fn in_text(line: &str, by_git: bool) -> Option<RepositoryName> {
    let words = || {
        line.split(|c: char| {
            c.is_whitespace()
                || matches!(c, '\'' | '"' | '`' | '(' | ')' | ',' | '“' | '”' | '«' | '»' | '<' | '>' | ';')
        })
    };
    let places: Vec<RepositoryName> =
        words().filter_map(|word| module(word).or_else(|| place(word))).collect();
    let whole = places.iter().find(|place| place.repo.is_some()).cloned();
    whole.or_else(|| named(line)).or_else(|| places.first().cloned().filter(|_| by_git))
}

/// Reads `with the name 'acme/secret'`, as GitHub's GraphQL and REST have it.
fn named(text: &str) -> Option<RepositoryName> {
    let (_, rest) = text.split_once("to a Repository with the name ")?;
    let name = rest.trim_start_matches(['\'', '"', '\\']).split(['\'', '"', '\\', ' ']).next()?;
    let (owner, repo) = name.trim_end_matches('.').split_once('/')?;
    place(&format!("https://github.com/{owner}/{repo}"))
}

/// Reads `github.com/acme/x@v1.2.3`, as Go and others name what they load.
fn module(word: &str) -> Option<RepositoryName> {
    let rest = word.strip_prefix("github.com/")?;
    let rest = rest.split(['@', ':']).next().unwrap_or_default();
    place(&format!("https://github.com/{rest}"))
}

/// Reads one word as the URL of a repository; user names are gone by now, or dropped here.
fn place(word: &str) -> Option<RepositoryName> {
    let (host, path) = match word.split_once("://") {
        Some(("https" | "http" | "ssh" | "git+https" | "git+ssh", rest)) => {
            rest.split_once('/').unwrap_or((rest, ""))
        }
        Some(_) => return None,
        None => word
            .split_once(':')
            .filter(|(host, path)| host.contains('.') && (host.contains('@') || path.contains('/')))?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let fits = |text: &str, more: &[u8], most: usize| {
        !text.is_empty()
            && text.len() <= most
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    if !fits(&host, b".-:", 255) {
        return None;
    }
    // What GitHub's other hosts have before owner and repository.
    let (host, path) = match host.as_str() {
        "api.github.com" => {
            ("github.com".to_owned(), path.trim_start_matches('/').strip_prefix("repos/").unwrap_or(""))
        }
        "codeload.github.com" | "raw.githubusercontent.com" => ("github.com".to_owned(), path),
        _ => (host, path),
    };
    let path = path.trim_end_matches(['.', ':', ']', '}', '\\']).split(['?', '#']).next().unwrap_or_default();
    if let Some(forge) = Forge::by_host(&host) {
        let (owner, repo) = forge.place(&host, path.trim_start_matches('/'));
        return Some(RepositoryName { host: Some(host), owner, repo });
    }
    let mut segments = path.trim_start_matches('/').split('/');
    let owner = segments.next().filter(|owner| fits(owner, b"-_", 39) && !owner.starts_with(['-', '_']));
    let repo = segments
        .next()
        .map(|repo| repo.strip_suffix(".git").unwrap_or(repo))
        .filter(|repo| owner.is_some() && fits(repo, b"-_.", 100) && !matches!(*repo, "." | ".."));
    Some(RepositoryName {
        host: Some(host),
        owner: owner.filter(|_| repo.is_some()).map(str::to_owned),
        repo: repo.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_transcript_tells_whose_repository_it_was() {
        let target = |text: &str| {
            let target = super::super::Normal::transcript(text.as_bytes()).target;
            [target.host, target.owner, target.repo].map(Option::unwrap_or_default)
        };
        assert_eq!(
            target(
                "To https://github.com/other/one.git\nfatal: unable to access 'https://mona:pw@GHE.example.com:8443/Acme/Secret.git/': x"
            ),
            ["ghe.example.com:8443", "Acme", "Secret"]
        );
        assert_eq!(
            target(
                "To github.com:acme/x.git\nerror: failed to push some refs to 'git@github.com:acme/secret.git'"
            ),
            ["github.com", "acme", "secret"]
        );
        assert_eq!(target("To ssh://git@github.com/acme/x.git"), ["github.com", "acme", "x"]);
        assert_eq!(
            target("fatal: could not read Username for 'https://github.com': x"),
            ["github.com", "", ""]
        );
        assert_eq!(
            target("fatal: Authentication failed for 'https://github.com/a%2Fb/../c'"),
            ["github.com", "", ""]
        );
        assert_eq!(target("fatal: bad config in main.c:12: x"), ["", "", ""]);
        let by_go = "go: github.com/acme/x@v1.2.3: reading github.com/acme/x/go.mod: git ls-remote: exit status 128:\n\t";
        let of = |host: &str| format!("{by_go}fatal: could not read Username for 'https://{host}': x");
        assert_eq!(target(&of("github.com")), ["github.com", "acme", "x"]);
        assert_eq!(target(&of("gitlab.com")), ["gitlab.com", "", ""]);
        assert_eq!(target("see https://github.com/evil/x"), ["", "", ""]);
        assert_eq!(target("remote: fatal: 'https://github.com/evil/x'"), ["", "", ""]);
    }
}
