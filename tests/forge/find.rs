//! Looking things up in a policy: hosts, owners, repositories, roles, tokens.

use jiff::Timestamp;

use super::decide::{Door, Site};
use super::policy::{
    Host, HostKind, Owner, OwnerKind, Policy, Repository, Role, Selection, Token, Visibility,
};
use super::tokens::TokenKind;

/// Finding
impl Policy {
    /// The site a host belongs to; none: the proxy does not let it through.
    pub(crate) fn site(&self, asked: &str) -> Option<Site> {
        let asked = asked.to_ascii_lowercase();
        self.hosts.iter().find_map(|host| {
            let (name, door) = match host.kind {
                HostKind::GitHub => match asked.strip_suffix(&host.name)? {
                    "" => (host.name.clone(), Door::Web),
                    "api." => (host.name.clone(), Door::Api),
                    "gist." => (host.name.clone(), Door::Gist),
                    _ => return None,
                },
                HostKind::GheCom => {
                    let (name, door) = match asked.strip_prefix("api.") {
                        Some(rest) if rest != "ghe.com" => (rest, Door::Api),
                        _ => (asked.as_str(), Door::Web),
                    };
                    if host.name == "*.ghe.com" {
                        let label = name.strip_suffix(".ghe.com")?;
                        if label.is_empty() || label.contains('.') {
                            return None;
                        }
                    } else if host.name != name {
                        return None;
                    }
                    (name.to_owned(), door)
                }
                HostKind::Ghes | HostKind::Plain if host.name == asked => (host.name.clone(), Door::Web),
                HostKind::Ghes | HostKind::Plain => return None,
            };
            Some(Site { name, kind: host.kind, door })
        })
    }

    /// The entry of the list of hosts that a host falls under.
    pub(crate) fn host_entry(&self, site: &Site) -> Option<&Host> {
        self.hosts
            .iter()
            .find(|host| host.name == site.name)
            .or_else(|| self.hosts.iter().find(|host| host.kind == site.kind && host.name.starts_with('*')))
    }

    /// The user or organisation of that name.
    pub(crate) fn find_owner(&self, host: &str, login: &str) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.host == host && owner.login.eq_ignore_ascii_case(login))
    }

    /// The repository these names mean, and whether they are former ones.
    pub(crate) fn find_repository(
        &self,
        site: &Site,
        owner: &str,
        name: &str,
    ) -> Option<(&Repository, bool)> {
        let host = match site.door {
            Door::Gist => format!("gist.{}", site.name),
            Door::Web | Door::Api => site.name.clone(),
        };
        let mut here = self.repositories.iter().filter(|repo| repo.host == host);
        if site.door == Door::Gist {
            return here
                .find(|repo| repo.name == name && (owner.is_empty() || repo.is(owner, name)))
                .map(|repo| (repo, false));
        }
        if let Some(found) = here.clone().find(|repo| repo.is(owner, name)) {
            return Some((found, false));
        }
        // A wiki belongs to its repository.
        if let Some(wiki) = name.strip_suffix(".wiki")
            && let Some(found) = here.clone().find(|repo| repo.is(owner, wiki))
        {
            return Some((found, false));
        }
        here.find(|repo| {
            repo.former_names.iter().any(|(old_owner, old_name)| {
                old_owner.eq_ignore_ascii_case(owner) && old_name.eq_ignore_ascii_case(name)
            })
        })
        .map(|repo| (repo, true))
    }

    /// The token with that secret, whatever its state and wherever it was made.
    pub(crate) fn token_of(&self, secret: &str) -> Option<&Token> {
        self.tokens.iter().find(|token| token.secret == secret)
    }

    /// What a user may do in a repository.
    pub(crate) fn role(&self, repo: &Repository, login: &str) -> Role {
        let single =
            repo.roles.iter().find(|(user, _)| user.eq_ignore_ascii_case(login)).map(|(_, role)| *role);
        let home = repo.host.strip_prefix("gist.").unwrap_or(&repo.host);
        let role = single.unwrap_or_else(|| match self.find_owner(home, &repo.owner) {
            Some(owner) if owner.has_member(login) => owner.base_role,
            _ => Role::None,
        });
        match repo.visibility {
            Visibility::Public => role.max(Role::Read),
            Visibility::Private | Visibility::Internal => role,
        }
    }

    /// What is wrong with this policy itself, in sentences.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for repo in &self.repositories {
            let home = repo.host.strip_prefix("gist.").unwrap_or(&repo.host);
            let name = format!("{}/{}/{}", repo.host, repo.owner, repo.name);
            match self.site(home) {
                None => problems.push(format!("repository {name}: its host is not in the policy")),
                Some(site) if site.kind == HostKind::Plain => {}
                Some(_) if self.find_owner(home, &repo.owner).is_none() => {
                    problems.push(format!("repository {name}: its owner is not in the policy"));
                }
                Some(_) => {}
            }
        }
        for (index, token) in self.tokens.iter().enumerate() {
            if self.site(&token.host).is_none() {
                problems.push(format!("token {}: its host is not in the policy", token.label));
            }
            if self.tokens[..index].iter().any(|it| it.label == token.label) {
                problems.push(format!("token {}: the label is there twice", token.label));
            }
        }
        problems
    }
}

impl Owner {
    /// True for members of an organisation, and for a user itself.
    pub(crate) fn has_member(&self, login: &str) -> bool {
        (self.kind == OwnerKind::User && self.login.eq_ignore_ascii_case(login))
            || self.members.iter().any(|member| member.eq_ignore_ascii_case(login))
    }
}

impl Token {
    /// True if it is one of a person's own: fine-grained or classic.
    pub(crate) fn is_personal(&self) -> bool {
        matches!(self.kind, TokenKind::FineGrained | TokenKind::Classic)
    }

    /// True if its time has passed.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// True if one of these scopes was given, or one that contains it.
    pub(crate) fn has_scope(&self, wanted: &str) -> bool {
        self.scopes.iter().any(|scope| scope == wanted || (scope == "repo" && wanted == "public_repo"))
    }

    /// True if it was made for this repository too.
    pub(crate) fn selects(&self, repo: &Repository) -> bool {
        match &self.repositories {
            Selection::All => true,
            Selection::Only(names) => names.iter().any(|name| name.eq_ignore_ascii_case(&repo.name)),
        }
    }
}
