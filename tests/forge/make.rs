//! How policies are put together: short names for the usual, struct update for the rest.
//!
//! `Token { state: State::Pending, ..Token::fine_grained("acme", "mona", "acme") }` is the way to
//! say what is unusual about one.

use jiff::{SignedDuration, Timestamp};

use super::apps::{App, Apps};
use super::http::Reply;
use super::policy::{
    By, GITHUB, Host, HostKind, On, Owner, OwnerKind, PendingAnswer, Permission, Policy, Repository, Role,
    Rule, Selection, State, Then, Tls, Token, Visibility,
};
use super::tokens::{self, TokenKind};

/// Making
impl Policy {
    /// An empty github.com, with ghe.com subdomains beside it.
    pub(crate) fn new() -> Self {
        Self {
            hosts: vec![Host::new(GITHUB, HostKind::GitHub), Host::new("*.ghe.com", HostKind::GheCom)],
            owners: Vec::new(),
            repositories: Vec::new(),
            tokens: Vec::new(),
            rules: Vec::new(),
            pending: PendingAnswer::NotFound,
            lockout: None,
            bad_logins: 0,
            headers_on_git: false,
            challenge_hint: None,
            revoked_lives: 0,
            dying: Vec::new(),
            apps: Apps::default(),
        }
    }

    /// The usual cast: `mona` works for `acme` and `globex`, with one fine-grained token each
    /// (labels `acme`, `globex`, `mona`) and a classic one (`classic`).
    pub(crate) fn sample() -> Self {
        Self::new()
            .user("mona")
            .org("acme", &["mona"])
            .org("globex", &["mona"])
            .private("acme/secret")
            .private("acme/tools")
            .public("acme/open")
            .private("globex/api")
            .private("mona/dotfiles")
            .token(Token::fine_grained("acme", "mona", "acme"))
            .token(Token::fine_grained("globex", "mona", "globex"))
            .token(Token::fine_grained("mona", "mona", "mona"))
            .token(Token::classic("classic", "mona"))
    }

    /// With a further host.
    pub(crate) fn host(mut self, name: &str, kind: HostKind) -> Self {
        self.hosts.push(Host::new(name, kind));
        self
    }

    /// With a user on github.com.
    pub(crate) fn user(mut self, login: &str) -> Self {
        self.owners.push(Owner::user(login));
        self
    }

    /// With an organisation on github.com and its members.
    pub(crate) fn org(mut self, login: &str, members: &[&str]) -> Self {
        self.owners.push(Owner::org(login, members));
        self
    }

    /// With an owner.
    pub(crate) fn owner(mut self, owner: Owner) -> Self {
        self.owners.push(owner);
        self
    }

    /// With a private repository: `owner/name`, on other hosts `host/owner/name`.
    pub(crate) fn private(self, name: &str) -> Self {
        self.repository(Repository::new(name, Visibility::Private))
    }

    /// With a public repository.
    pub(crate) fn public(self, name: &str) -> Self {
        self.repository(Repository::new(name, Visibility::Public))
    }

    /// With a repository.
    pub(crate) fn repository(mut self, repository: Repository) -> Self {
        self.repositories.push(repository);
        self
    }

    /// With a token.
    pub(crate) fn token(mut self, token: Token) -> Self {
        self.tokens.push(token);
        self
    }

    /// With a GitHub App.
    pub(crate) fn app(mut self, app: App) -> Self {
        self.apps.list.push(app);
        self
    }

    /// With a rule.
    pub(crate) fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// Changing
impl Policy {
    /// The owner of that name on github.com, to be changed.
    pub(crate) fn owner_mut(&mut self, login: &str) -> &mut Owner {
        self.owners
            .iter_mut()
            .find(|owner| owner.login.eq_ignore_ascii_case(login) && owner.host == GITHUB)
            .unwrap_or_else(|| panic!("the policy has no owner {login} on {GITHUB}"))
    }

    /// The repository `owner/name` (or `host/owner/name`), to be changed.
    pub(crate) fn repository_mut(&mut self, name: &str) -> &mut Repository {
        let (host, owner, repo) = split_name(name);
        self.repositories
            .iter_mut()
            .find(|it| it.host == host && it.is(&owner, &repo))
            .unwrap_or_else(|| panic!("the policy has no repository {name}"))
    }

    /// The token with that label, to be changed.
    pub(crate) fn token_mut(&mut self, label: &str) -> &mut Token {
        self.tokens
            .iter_mut()
            .find(|token| token.label == label)
            .unwrap_or_else(|| panic!("the policy has no token labelled {label}"))
    }

    /// Gives a user another login, as GitHub's settings do: the number, memberships and tokens stay.
    pub(crate) fn rename_user(&mut self, login: &str, new: &str) {
        let number = super::tokens::crc32(login.to_ascii_lowercase().as_bytes());
        let rename = |name: &mut String| {
            if name == login {
                *name = new.to_owned();
            }
        };
        for owner in &mut self.owners {
            if owner.login == login {
                owner.number.get_or_insert(number);
            }
            rename(&mut owner.login);
            owner.members.iter_mut().for_each(rename);
        }
        self.repositories.iter_mut().for_each(|repository| rename(&mut repository.owner));
        for token in &mut self.tokens {
            rename(&mut token.login);
            token.owner.iter_mut().for_each(rename);
        }
    }

    /// Makes the token's secret anew, as "Regenerate token" does: the old one is dead, all else stays.
    pub(crate) fn regenerate(&mut self, label: &str) -> String {
        let token = self.token_mut(label);
        token.regenerate();
        token.secret.clone()
    }

    /// The host of that name, to be changed.
    pub(crate) fn host_mut(&mut self, name: &str) -> &mut Host {
        self.hosts
            .iter_mut()
            .find(|host| host.name == name)
            .unwrap_or_else(|| panic!("the policy has no host {name}"))
    }
}

impl Host {
    /// A host in good order.
    pub(crate) fn new(name: &str, kind: HostKind) -> Self {
        Self { name: name.to_owned(), kind, tls: Tls::Good, refuse_connect: None }
    }
}

impl Owner {
    /// A user on github.com.
    pub(crate) fn user(login: &str) -> Self {
        Self {
            host: GITHUB.to_owned(),
            login: login.to_owned(),
            number: None,
            kind: OwnerKind::User,
            members: vec![login.to_owned()],
            base_role: Role::Admin,
            suspended: false,
            forbids_classic: false,
            forbids_fine_grained: false,
            max_lifetime_days: None,
            sso: false,
            requires_approval: false,
            ip_allow_list: false,
            restricts_oauth_apps: false,
        }
    }

    /// An organisation on github.com without any policy, whose members may push.
    pub(crate) fn org(login: &str, members: &[&str]) -> Self {
        Self {
            kind: OwnerKind::Organization,
            members: members.iter().map(|member| (*member).to_owned()).collect(),
            base_role: Role::Write,
            ..Self::user(login)
        }
    }
}

impl Repository {
    /// A repository with one commit on `main`: `owner/name`, on other hosts `host/owner/name`.
    pub(crate) fn new(name: &str, visibility: Visibility) -> Self {
        let (host, owner, name) = split_name(name);
        Self {
            host,
            owner,
            name,
            visibility,
            archived: false,
            roles: Vec::new(),
            blocked: None,
            former_names: Vec::new(),
            pre_receive: None,
        }
    }

    /// True if these names mean this repository.
    pub(crate) fn is(&self, owner: &str, name: &str) -> bool {
        self.owner.eq_ignore_ascii_case(owner) && self.name.eq_ignore_ascii_case(name)
    }
}

impl Token {
    /// A fine-grained token: active, all repositories of its owner, contents write, 90 days.
    pub(crate) fn fine_grained(label: &str, login: &str, owner: &str) -> Self {
        let now = Timestamp::now();
        Self {
            label: label.to_owned(),
            secret: tokens::make_token(TokenKind::FineGrained),
            kind: TokenKind::FineGrained,
            host: GITHUB.to_owned(),
            login: login.to_owned(),
            owner: Some(owner.to_owned()),
            repositories: Selection::All,
            contents: Permission::Write,
            scopes: Vec::new(),
            sso: Vec::new(),
            app: String::new(),
            state: State::Active,
            created: now,
            expires: Some(now + days(90)),
            id: u64::from(tokens::crc32(label.as_bytes())) % 90_000_000 + 10_000_000,
            permissions: Vec::new(),
            reason: String::new(),
        }
    }

    /// A classic token that never expires, with `repo`, `workflow` and `gist`.
    pub(crate) fn classic(label: &str, login: &str) -> Self {
        Self {
            secret: tokens::make_token(TokenKind::Classic),
            kind: TokenKind::Classic,
            owner: None,
            scopes: ["repo", "workflow", "gist"].map(str::to_owned).to_vec(),
            expires: None,
            ..Self::fine_grained(label, login, "")
        }
    }

    /// A token that the OAuth app `GitHub CLI` was given, with `repo` and `gist`.
    pub(crate) fn oauth(label: &str, login: &str) -> Self {
        Self {
            secret: tokens::make_token(TokenKind::Oauth),
            kind: TokenKind::Oauth,
            scopes: ["repo", "gist", "read:org"].map(str::to_owned).to_vec(),
            app: "GitHub CLI".to_owned(),
            ..Self::classic(label, login)
        }
    }

    /// An installation token of an app in one owner's repositories, good for an hour.
    pub(crate) fn installation(label: &str, owner: &str) -> Self {
        Self {
            secret: tokens::make_token(TokenKind::Installation),
            kind: TokenKind::Installation,
            app: "deployer".to_owned(),
            expires: Some(Timestamp::now() + SignedDuration::from_hours(1)),
            ..Self::fine_grained(label, "deployer[bot]", owner)
        }
    }

    /// A password: good at a plain host, refused by GitHub.
    pub(crate) fn password(label: &str, host: &str, login: &str) -> Self {
        Self {
            secret: tokens::make_token(TokenKind::Password),
            kind: TokenKind::Password,
            host: host.to_owned(),
            ..Self::classic(label, login)
        }
    }

    /// The same token, expired yesterday.
    pub(crate) fn expired(self) -> Self {
        Self { expires: Some(Timestamp::now() - days(1)), ..self }
    }

    /// Takes a new secret and the same life from now on.
    pub(crate) fn regenerate(&mut self) {
        let lifetime = self.lifetime();
        self.secret = tokens::make_token(self.kind);
        self.created = Timestamp::now();
        self.expires = lifetime.map(|lifetime| self.created + lifetime);
    }

    /// How long it lives in all; none: for ever.
    pub(crate) fn lifetime(&self) -> Option<SignedDuration> {
        Some(self.expires?.duration_since(self.created))
    }
}

impl Rule {
    /// Answers this to every git request that carries a credential.
    pub(crate) fn answer(reply: Reply) -> Self {
        Self { by: By::Credential, on: On::Git, ..Self::fault(Then::Answer(reply)) }
    }

    /// Serves every request as if it were allowed.
    pub(crate) fn allow() -> Self {
        Self::fault(Then::Allow)
    }

    /// Does this to every request of git and REST, whoever asks.
    pub(crate) fn fault(then: Then) -> Self {
        Self { host: None, owner: None, repo: None, by: By::Anyone, on: On::Any, then, times: None }
    }

    /// Only for this host.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Only for this owner.
    pub(crate) fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(owner.to_owned());
        self
    }

    /// Only for this repository, `owner/name`.
    pub(crate) fn repo(mut self, name: &str) -> Self {
        let (_, owner, repo) = split_name(name);
        self.owner = Some(owner);
        self.repo = Some(repo);
        self
    }

    /// Only for who asks so.
    pub(crate) fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Only for the token with this label.
    pub(crate) fn token(self, label: &str) -> Self {
        self.by(By::Token(label.to_owned()))
    }

    /// Only for this sort of request.
    pub(crate) fn on(mut self, on: On) -> Self {
        self.on = on;
        self
    }

    /// Only so many times.
    pub(crate) fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

/// So many days.
pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// `owner/name` is on github.com; what has a dot or a colon first names its host.
fn split_name(full: &str) -> (String, String, String) {
    let (host, rest) = match full.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) => (first, rest),
        _ => (GITHUB, full),
    };
    let (owner, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    (host.to_owned(), owner.to_owned(), name.to_owned())
}
