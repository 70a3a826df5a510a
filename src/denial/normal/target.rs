//! Whose URL git names in its own lines.
//!
//! Only git's lines are looked at, since a server may print any address. What comes out is one host,
//! owner and repository of narrow alphabets; user names and passwords are dropped.

/// What a transcript says about the place that refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host, in lower case, with a port if one was written.
    pub(crate) host: Option<String>,
    /// The owner.
    pub(crate) owner: Option<String>,
    /// The repository, without `.git`.
    pub(crate) repo: Option<String>,
}

/// Finds whose URL git's own lines name: in its last word, in a failed push, else where it went.
pub(super) fn find(local: &[&str]) -> Target {
    let mut best = (0, Target::default());
    for line in local {
        let weight = match line {
            line if line.contains("fatal:") => 3,
            line if line.contains("failed to push some refs to") => 2,
            line if line.starts_with("To ") || line.contains("git@") => 1,
            _ => 0,
        };
        if weight > best.0
            && let Some(target) = line
                .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '(' | ')' | ','))
                .find_map(place)
        {
            best = (weight, target);
        }
    }
    best.1
}

/// Reads one word as the URL of a repository; user names are gone by now, or dropped here.
fn place(word: &str) -> Option<Target> {
    let (host, path) = match word.split_once("://") {
        Some(("https" | "http" | "ssh", rest)) => rest.split_once('/').unwrap_or((rest, "")),
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
    let mut segments = path.trim_start_matches('/').split('/');
    let owner = segments.next().filter(|owner| fits(owner, b"-_", 39) && !owner.starts_with(['-', '_']));
    let repo = segments
        .next()
        .map(|repo| repo.strip_suffix(".git").unwrap_or(repo))
        .filter(|repo| owner.is_some() && fits(repo, b"-_.", 100) && !matches!(*repo, "." | ".."));
    Some(Target {
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
        assert_eq!(target("see https://github.com/evil/x"), ["", "", ""]);
        assert_eq!(target("remote: fatal: 'https://github.com/evil/x'"), ["", "", ""]);
    }
}
