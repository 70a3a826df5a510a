//! The kinds of git hosts, as a table: how each is known by its host, how owner and repository stand in a path, where
//! its API is. Hosts that are in no row are plain: their accounts say more, or nothing is known of them.
//!
//! This is the one place that knows which hosts are GitHub's.
//!
//! Outside facts: hosts and paths are each forge's documentation; that Azure DevOps has the organisation in the host of
//! `visualstudio.com`, and Hugging Face a kind before the owner, too. The sentences were seen in users' reports.

/// GitHub's public host.
pub(crate) const GITHUB: &str = "github.com";
/// Where GitHub keeps gists; the tokens are those of [`GITHUB`].
pub(crate) const GIST: &str = "gist.github.com";

/// A kind of git host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forge {
    /// github.com and `SUB.ghe.com`. An Enterprise Server is known by the user's account alone.
    GitHub,
    /// gitlab.com; others by their sentences.
    GitLab,
    /// bitbucket.org.
    Bitbucket,
    /// `dev.azure.com` and `ORG.visualstudio.com`.
    AzureDevOps,
    /// gitea.com; others by their sentences.
    Gitea,
    /// codeberg.org, which runs Forgejo.
    Codeberg,
    /// huggingface.co.
    HuggingFace,
    /// AWS CodeCommit.
    CodeCommit,
}

/// What is known of a kind.
struct Profile {
    forge: Forge,
    name: &'static str,
    /// Its hosts; a leading dot means one label before it.
    hosts: &'static [&'static str],
    path: Shape,
    /// Sentences that nobody else says.
    sentences: &'static [&'static str],
}

/// How owner and repository stand in a path.
#[derive(Clone, Copy)]
enum Shape {
    /// `OWNER/REPO`.
    Two,
    /// `GROUP/SUBGROUP/.../REPO`.
    Nested,
    /// `ORG/PROJECT/_git/REPO`, or without the organisation, which is in the host.
    Azure,
    /// `OWNER/REPO` or `KIND/OWNER/REPO`.
    Kinds,
    /// `v1/repos/REPO`: there are no owners.
    Repos,
}

const TABLE: &[Profile] = &[
    Profile {
        forge: Forge::GitHub,
        name: "GitHub",
        hosts: &[GITHUB, GIST, ".ghe.com"],
        path: Shape::Two,
        sentences: &[],
    },
    Profile {
        forge: Forge::GitLab,
        name: "GitLab",
        hosts: &["gitlab.com"],
        path: Shape::Nested,
        sentences: &[
            "HTTP Basic: Access denied",
            "The project you were looking for could not be found",
            "code from this project",
            "code to this project",
        ],
    },
    Profile {
        forge: Forge::Bitbucket,
        name: "Bitbucket",
        hosts: &["bitbucket.org"],
        path: Shape::Two,
        sentences: &["it no longer exists in this workspace", "Bitbucket Cloud"],
    },
    Profile {
        forge: Forge::AzureDevOps,
        name: "Azure DevOps",
        hosts: &["dev.azure.com", ".visualstudio.com"],
        path: Shape::Azure,
        sentences: &["TF400813", "TF401019", "TF401027", "TF401444"],
    },
    Profile {
        forge: Forge::Gitea,
        name: "Gitea",
        hosts: &["gitea.com"],
        path: Shape::Two,
        sentences: &["required scope(s)", "Push to create is not enabled", "This repo is archived"],
    },
    Profile {
        forge: Forge::Codeberg,
        name: "Codeberg",
        hosts: &["codeberg.org"],
        path: Shape::Two,
        sentences: &[],
    },
    Profile {
        forge: Forge::HuggingFace,
        name: "Hugging Face",
        hosts: &["huggingface.co", "hf.co"],
        path: Shape::Kinds,
        sentences: &[
            "You are not authorized to push to this repo",
            "Password authentication in git is no longer",
        ],
    },
    Profile { forge: Forge::CodeCommit, name: "CodeCommit", hosts: &[], path: Shape::Repos, sentences: &[] },
];

impl Forge {
    /// Tells which kind a host is, if its name does: lower case, with a port if it has one. Another port is another
    /// server.
    pub(crate) fn by_host(host: &str) -> Option<Self> {
        let is = |known: &str| match known.strip_prefix('.') {
            Some(_) => host.strip_suffix(known).is_some_and(|sub| !sub.is_empty() && !sub.contains('.')),
            None => host == known,
        };
        let is_code_commit = host.starts_with("git-codecommit.") && host.ends_with(".amazonaws.com");
        let found = TABLE.iter().find(|row| row.hosts.iter().any(|known| is(known))).map(|row| row.forge);
        found.or_else(|| is_code_commit.then_some(Self::CodeCommit))
    }

    /// Tells which kind says this, if only one does.
    pub(crate) fn by_sentence(text: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.sentences.iter().any(|said| text.contains(said))).map(|row| row.forge)
    }

    /// Gives the name that people know it by.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// Reads owner and repository in a path of such a host, without `.git`. What is no name of theirs is left out.
    pub(crate) fn place(self, host: &str, path: &str) -> (Option<String>, Option<String>) {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (owner, repo): (String, Option<&str>) = match (self.row().path, segments.as_slice()) {
            (Shape::Nested, segments) => {
                let end = segments.iter().position(|segment| *segment == "-").unwrap_or(segments.len());
                match segments[..end].split_last() {
                    Some((repo, groups)) if !groups.is_empty() => (groups.join("/"), Some(*repo)),
                    _ => return (None, None),
                }
            }
            (Shape::Azure, segments) => {
                let at = segments.iter().position(|segment| *segment == "_git");
                let repo = at.and_then(|at| segments.get(at + 1)).copied();
                let owner = match host.strip_suffix(".visualstudio.com") {
                    Some(owner) => Some(owner),
                    None => segments.first().copied(),
                };
                (owner.unwrap_or_default().to_owned(), repo)
            }
            (Shape::Kinds, ["datasets" | "spaces", owner, repo, ..]) => ((*owner).to_owned(), Some(*repo)),
            (Shape::Repos, ["v1", "repos", repo, ..]) => (String::new(), Some(*repo)),
            (Shape::Two | Shape::Kinds, [owner, repo, ..]) => ((*owner).to_owned(), Some(*repo)),
            _ => return (None, None),
        };
        let repo = repo.map(|repo| repo.strip_suffix(".git").unwrap_or(repo));
        let fits = |text: &str, more: &[u8], most: usize| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
                && !text.starts_with(['-', '_', '.', '/'])
        };
        let owner = Some(owner).filter(|owner| match self {
            Self::GitHub => fits(owner, b"-_", 39),
            _ => fits(owner, b"-_./~", 255),
        });
        let repo = repo.filter(|repo| fits(repo.trim_start_matches(['-', '_', '.']), b"-_.", 100));
        (owner.filter(|_| repo.is_some()), repo.map(str::to_owned))
    }

    fn row(self) -> &'static Profile {
        TABLE.iter().find(|row| row.forge == self).unwrap_or(&TABLE[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_whole_name() {
        for (host, forge) in [
            ("github.com", Some(Forge::GitHub)),
            ("gist.github.com", Some(Forge::GitHub)),
            ("corp.ghe.com", Some(Forge::GitHub)),
            ("gitlab.com", Some(Forge::GitLab)),
            ("dev.azure.com", Some(Forge::AzureDevOps)),
            ("acme.visualstudio.com", Some(Forge::AzureDevOps)),
            ("git-codecommit.eu-west-1.amazonaws.com", Some(Forge::CodeCommit)),
            ("github.com.evil.test", None),
            ("evil-github.com", None),
            ("github.com:8443", None),
            ("a.b.ghe.com", None),
            ("ghe.com", None),
            (".ghe.com", None),
            ("xn--gthub-zsa.com", None),
            ("127.0.0.1:8080", None),
        ] {
            assert_eq!(Forge::by_host(host), forge, "{host}");
        }
    }

    #[test]
    fn owner_and_repository_are_read_as_each_forge_has_them() {
        for (host, path, owner, repo) in [
            ("github.com", "acme/secret.git", "acme", "secret"),
            ("github.com", "acme", "", ""),
            ("gitlab.com", "acme/platform/tools/secret.git", "acme/platform/tools", "secret"),
            ("gitlab.com", "acme/secret/-/tree/main", "acme", "secret"),
            ("bitbucket.org", "acme/secret.git", "acme", "secret"),
            ("dev.azure.com", "acme/project/_git/secret", "acme", "secret"),
            ("acme.visualstudio.com", "DefaultCollection/project/_git/secret", "acme", "secret"),
            ("huggingface.co", "datasets/acme/secret", "acme", "secret"),
            ("huggingface.co", "acme/secret", "acme", "secret"),
            ("git-codecommit.eu-west-1.amazonaws.com", "v1/repos/secret", "", "secret"),
            ("github.com", "a%2Fb/../c", "", ""),
            ("github.com", "acme/..", "", ""),
        ] {
            let forge = Forge::by_host(host).expect("it is known");
            let (is_owner, is_repo) = forge.place(host, path);
            assert_eq!(
                (is_owner.unwrap_or_default().as_str(), is_repo.unwrap_or_default().as_str()),
                (owner, repo),
                "{path}"
            );
        }
    }
}
