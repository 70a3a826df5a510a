//! What an account is: one scope with one token, never the secret itself.
//!
//! Everything that asks "is this the same scope?" asks [`same_scope`], and everything that asks what serves a
//! host whose name does not tell asks [`server_of`].

use super::remote::{Host, Scope, Server};
use super::token::TokenKind;

/// One scope with one token. Never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Names the secret in its vault; never changes while the account lives.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What the token is for.
    pub scope: Scope,
    /// What answers at the scope's host.
    pub server: Server,
    /// Whose token it is: a GitHub login, or the user name at a plain host (where it may be empty).
    pub login: Option<String>,
    /// The number of that user at GitHub, which stays when the login changes; where that is known.
    pub user_id: Option<u64>,
    /// What kind of token it is.
    pub kind: TokenKind,
    /// When it expires, in seconds since 1970, where that is known.
    pub expires: Option<i64>,
    /// Where the secret lies.
    pub place: VaultPlace,
    /// Whether a refresh token lies beside the secret (plain hosts only).
    pub refresh: bool,
    /// Whether it came by git's `store` and not by `add`.
    pub learned: bool,
    /// Whether its secret was kept by a version that tells spellings of a plain host's scope apart.
    pub exact: bool,
    /// The GitHub App whose tokens it gives, if it is one's account.
    pub app: Option<App>,
}

/// A GitHub App that an account is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    /// Its client ID, or its older number.
    pub client_id: String,
    /// The command that signs for it, where no key is kept.
    pub signer: Option<String>,
}

impl Account {
    /// Tells whether this is an account for that scope: see [`same_scope`].
    pub(crate) fn is_for(&self, scope: &Scope) -> bool {
        same_scope(&self.scope, scope, self.server)
    }

    /// Tells whether a name is this account's login: without case on GitHub, exactly elsewhere.
    pub(crate) fn is_login(&self, name: &str) -> bool {
        self.login.as_deref().is_some_and(|login| match self.server {
            Server::GitHub => login.eq_ignore_ascii_case(name),
            Server::Plain => login == name,
        })
    }
}

/// Which vault holds an account's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VaultPlace {
    /// The system's keyring.
    Keyring,
    /// The file `secrets.toml`.
    File,
    /// A command that prints it.
    Command(String),
}

impl VaultPlace {
    /// Names the vault as `list --json` does.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
            Self::Command(_) => "command",
        }
    }
}

/// How an account stands at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Git was refused with its token as such (401) and nothing has shown since that it works.
    pub rejected: bool,
    /// Its known expiry has passed.
    pub expired: bool,
}

/// Tells whether two scopes are one: the same host and the same segments. GitHub does not tell case apart in
/// names of owners and repositories; other hosts may, and there two spellings are two scopes.
pub(crate) fn same_scope(one: &Scope, other: &Scope, server: Server) -> bool {
    let same = |(one, other): (&String, &String)| match server {
        Server::GitHub => one.eq_ignore_ascii_case(other),
        Server::Plain => one == other,
    };
    one.host() == other.host()
        && one.depth() == other.depth()
        && one.segments().iter().zip(other.segments()).all(same)
}

/// Gives the accounts of plain hosts that may have the secret of another one, each with that: their scopes differ in
/// case alone, and the first version, which took them for one in some places and not in others, kept the secret.
pub(crate) fn mixed_up(accounts: &[Account]) -> impl Iterator<Item = (&Account, &Account)> {
    let may_be_mixed = |account: &&Account| account.server == Server::Plain && !account.exact;
    let is_twin = |one: &Account, other: &Account| {
        !one.is_for(&other.scope) && same_scope(&one.scope, &other.scope, Server::GitHub)
    };
    accounts.iter().filter(may_be_mixed).filter_map(move |account| {
        accounts.iter().find(|other| is_twin(account, other)).map(|other| (account, other))
    })
}

/// Says what serves a host: by its name, else by what its accounts were found to be, else a plain host.
pub(crate) fn server_of(host: &Host, accounts: &[Account]) -> Server {
    known_server(host, accounts).unwrap_or(Server::Plain)
}

/// The same where an unknown host is not taken for a plain one.
pub(crate) fn known_server(host: &Host, accounts: &[Account]) -> Option<Server> {
    let by_account = || accounts.iter().find(|account| account.scope.host() == host);
    host.server_by_name().or_else(|| by_account().map(|account| account.server))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(scope: &str, server: Server, exact: bool) -> Account {
        Account {
            id: scope.to_owned(),
            label: scope.to_owned(),
            scope: Scope::parse(scope).expect("a scope"),
            server,
            login: Some("Mona".to_owned()),
            kind: TokenKind::Unknown,
            expires: None,
            place: VaultPlace::File,
            refresh: false,
            learned: false,
            exact,
            user_id: None,
            app: None,
        }
    }

    #[test]
    fn a_login_is_compared_without_case_on_github_and_exactly_elsewhere() {
        for (server, lower) in [(Server::GitHub, true), (Server::Plain, false)] {
            let mut account = account("https://h.test/team", server, true);
            assert!(account.is_login("Mona") && !account.is_login("Mon"), "{server:?}");
            assert_eq!(account.is_login("mona"), lower, "{server:?}");
            account.login = None;
            assert!(!account.is_login("") && !account.is_login("Mona"), "{server:?}: nobody's");
        }
    }

    #[test]
    fn a_host_is_what_its_name_says_else_what_its_accounts_were_found_to_be() {
        let host = |text: &str| Host::parse(text.as_bytes()).expect("a host");
        let accounts = [
            account("https://other.test/a", Server::Plain, true),
            account("https://ghe.test/a", Server::GitHub, true),
            account("https://github.com/a", Server::Plain, true),
        ];
        for (name, known) in [
            ("ghe.test", Some(Server::GitHub)),
            ("other.test", Some(Server::Plain)),
            ("github.com", Some(Server::GitHub)),
            ("ghe.test:8443", None),
        ] {
            assert_eq!(known_server(&host(name), &accounts), known, "{name}");
            assert_eq!(server_of(&host(name), &accounts), known.unwrap_or(Server::Plain), "{name}");
        }
    }

    #[test]
    fn a_vault_is_named_as_files_and_commands_name_it() {
        let places = [VaultPlace::Keyring, VaultPlace::File, VaultPlace::Command("pass".to_owned())];
        assert_eq!(places.map(|place| place.name()), ["keyring", "file", "command"]);
    }

    #[test]
    fn accounts_that_the_first_version_may_have_mixed_up_are_known_until_they_are_kept_anew() {
        let mixed =
            |accounts: &[Account]| mixed_up(accounts).map(|(one, _)| one.id.clone()).collect::<Vec<_>>();
        let [team, lower] = ["https://h.test/Team", "https://h.test/team"];
        let other = account("https://h.test/tools", Server::Plain, false);
        let both = |server, exact: [bool; 2]| {
            [account(team, server, exact[0]), other.clone(), account(lower, server, exact[1])]
        };
        assert_eq!(mixed(&both(Server::Plain, [false, false])), [team, lower]);
        assert_eq!(mixed(&both(Server::Plain, [false, true])), [team]);
        assert_eq!(mixed(&both(Server::Plain, [true, true])), [""; 0]);
        assert_eq!(mixed(&both(Server::GitHub, [false, false])), [""; 0]);
        assert_eq!(mixed(&both(Server::Plain, [false, false])[..2]), [""; 0]);
    }

    #[test]
    fn spelling_makes_two_scopes_on_a_plain_host_and_one_on_github() {
        let scope = |text: &str| Scope::parse(text).expect("a scope");
        for (one, other, github, plain) in [
            ("https://h.test/Team", "https://h.test/team", true, false),
            ("https://h.test/Team", "https://H.TEST/Team", true, true),
            ("https://h.test/team/X", "https://h.test/team/x", true, false),
            ("https://h.test", "https://h.test/", true, true),
            ("https://h.test", "https://h.test:8443", false, false),
            ("https://h.test/team", "https://h.test", false, false),
            ("https://h.test/team", "https://h.test/team/x", false, false),
        ] {
            for (server, expected) in [(Server::GitHub, github), (Server::Plain, plain)] {
                assert_eq!(same_scope(&scope(one), &scope(other), server), expected, "{one} {other}");
                assert_eq!(same_scope(&scope(other), &scope(one), server), expected, "{other} {one}");
            }
        }
    }
}
