//! Which account serves a request: one pure function, [`choose`], whose doc comment is the rule table.

use crate::account::{Account, Standing};
use crate::remote::{Remote, Server};
use crate::token::TokenKind;
use std::cmp::Reverse;

/// The helpers that answered for a place before `setup`: whom to ask where no account fits.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Fallback {
    /// Helpers as git takes them, in order, without patron.
    pub helpers: Vec<String>,
    /// Whether they are told the path: only if they were before setup.
    pub with_path: bool,
}

impl std::fmt::Debug for Fallback {
    /// Leaves the helpers out: a snippet may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.helpers.len();
        f.debug_struct("Fallback").field("helpers", &count).field("with_path", &self.with_path).finish()
    }
}

/// Why an account does not serve a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// It is for another host.
    OtherHost,
    /// Its scope is narrower than what is known of the request: no usable path came.
    UnknownOwner,
    /// It is for another owner.
    OtherOwner,
    /// It is for another repository of the owner.
    OtherRepository,
    /// The URL names another known login.
    OtherLogin,
    /// Gists belong to a user; this token is for another owner.
    NotTheGistsUser,
}

/// User names that say nothing about who asks, since GitHub's guides put them into URLs (documented).
pub(crate) const CONVENTIONAL_USERS: &[&str] = &["git", "x-access-token", "oauth2", "x-oauth-basic", "token"];

/// The user name that is answered where none is known; GitHub wants one that is not empty (documented).
pub(crate) const ANY_USER: &str = "x-access-token";

/// Ranks the accounts that may serve a request; the first is the one to give.
///
/// | # | rule |
/// |---|---|
/// | 1 | the account's host is the asked host, byte for byte (gists: github.com's accounts) |
/// | 2 | its scope is a prefix of the path by whole segments; on GitHub without case, and `.git`, `.wiki.git` and `/info/lfs` of a repository belong to it |
/// | 3 | one owner's token is never sent for another owner; a whole-host scope is the user's own word that it serves every owner |
/// | 4 | no usable path: whole-host scopes only |
/// | 5 | gists: the account whose scope's owner is its own login, or a whole-host one |
/// | 6 | a user name in the URL that is a login we know rules out accounts of other logins; the owner's own name, conventional names and unknown names decide nothing. On a plain host the user name must be the account's |
/// | 7 | among what is left: the longest scope; then the asked login before an unknown one; then not rejected; then not expired; then added before learned; then the label |
pub(crate) fn choose<'a>(
    remote: &Remote,
    user: Option<&str>,
    accounts: &'a [Account],
    standing: impl Fn(&Account) -> Standing,
) -> Vec<&'a Account> {
    let mut fitting: Vec<&Account> =
        accounts.iter().filter(|account| fits(account, remote, user, accounts).is_ok()).collect();
    if fitting.len() > 1 {
        fitting.sort_by_cached_key(|account| {
            let Standing { rejected, expired } = standing(account);
            (
                Reverse(account.scope.depth()),
                user.is_some_and(|user| !account.is_login(user)),
                rejected,
                expired,
                account.learned,
                account.label.clone(),
            )
        });
    }
    fitting
}

/// Why an account comes before the others that fit: rule 7 of [`choose`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// No other fits.
    Only,
    /// Its scope is longer.
    Narrower,
    /// Its login is the asked one.
    AskedLogin,
    /// The others' tokens were rejected.
    NotRejected,
    /// The others' tokens have expired.
    NotExpired,
    /// The others' vaults hold no token.
    HasSecret,
    /// It was added, the others were learned.
    Added,
    /// Its label comes first.
    Label,
}

/// Says by which part of rule 7 an account comes before the next one.
pub(crate) fn because(
    first: &Account,
    second: Option<&Account>,
    user: Option<&str>,
    standing: impl Fn(&Account) -> Standing,
) -> Because {
    let Some(second) = second else { return Because::Only };
    let asked = |account: &Account| user.is_some_and(|user| account.is_login(user));
    let (one, two) = (standing(first), standing(second));
    if first.scope.depth() > second.scope.depth() {
        Because::Narrower
    } else if asked(first) && !asked(second) {
        Because::AskedLogin
    } else if !one.rejected && two.rejected {
        Because::NotRejected
    } else if !one.expired && two.expired {
        Because::NotExpired
    } else if !first.learned && second.learned {
        Because::Added
    } else {
        Because::Label
    }
}

/// Says whether an account may serve a request, and if not, why: rules 1 to 6 of [`choose`].
pub(crate) fn fits(
    account: &Account,
    remote: &Remote,
    user: Option<&str>,
    all: &[Account],
) -> Result<(), Mismatch> {
    let scope = &account.scope;
    if !scope.host().serves(&remote.host) {
        return Err(Mismatch::OtherHost);
    }
    if account.server == Server::Plain {
        return match user {
            _ if !scope.covers(remote, Server::Plain) => {
                Err(if remote.path.is_none() { Mismatch::UnknownOwner } else { Mismatch::OtherRepository })
            }
            Some(user) if account.login.as_deref() != Some(user) => Err(Mismatch::OtherLogin),
            _ => Ok(()),
        };
    }
    if let Some(user) = user
        && names_a_login(user, remote, all)
        && account.login.is_some()
        && !account.is_login(user)
    {
        return Err(Mismatch::OtherLogin);
    }
    if remote.host.is_gist() {
        let own = scope.repo().is_none()
            && scope.owner().is_some_and(|owner| {
                account.login.as_deref().is_some_and(|l| l.eq_ignore_ascii_case(owner.as_str()))
            });
        return if own || scope.is_whole_host() { Ok(()) } else { Err(Mismatch::NotTheGistsUser) };
    }
    if scope.covers(remote, Server::GitHub) {
        return Ok(());
    }
    Err(match (&remote.owner, scope.segment(0)) {
        (None, _) => Mismatch::UnknownOwner,
        (Some(asked), Some(mine)) if asked.as_str().eq_ignore_ascii_case(mine) => Mismatch::OtherRepository,
        _ => Mismatch::OtherOwner,
    })
}

/// Tells whether a user name in a URL is the login of an account of that host: then it decides.
///
/// A name that is both a known login and the owner's name is taken as the login: the user has told us
/// about it, and the owner's own tokens carry it too.
pub(crate) fn names_a_login(user: &str, remote: &Remote, accounts: &[Account]) -> bool {
    !user.is_empty()
        && !CONVENTIONAL_USERS.contains(&user.to_ascii_lowercase().as_str())
        && accounts.iter().any(|account| account.scope.host().serves(&remote.host) && account.is_login(user))
}

/// Names the user that is answered: the asked one, else the login, else [`ANY_USER`].
pub(crate) fn answered_user<'a>(account: &'a Account, asked: Option<&'a [u8]>) -> &'a [u8] {
    match (asked, &account.login) {
        (Some(asked), _) if !asked.is_empty() || account.server == Server::Plain => asked,
        // An installation's token has a name of its own (documented), not that of the App's bot.
        _ if account.kind == TokenKind::App => ANY_USER.as_bytes(),
        (_, Some(login)) if !login.is_empty() || account.server == Server::Plain => login.as_bytes(),
        _ => ANY_USER.as_bytes(),
    }
}

/// Tells whether a secret of this account may be handed out for the owner of that place: used wherever a secret
/// comes from elsewhere (a fallback) and might be one of ours.
pub(crate) fn may_serve_owner(account: &Account, remote: &Remote) -> bool {
    let Some(mine) = account.scope.segment(0) else { return true };
    match account.server {
        Server::GitHub => {
            remote.owner.as_ref().is_some_and(|asked| asked.as_str().eq_ignore_ascii_case(mine))
        }
        Server::Plain => remote.path.as_deref().and_then(|path| path.split('/').next()) == Some(mine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::VaultPlace;
    use crate::remote::Scope;
    use crate::token::TokenKind;

    /// Makes an account from `SCOPE`, `SCOPE@login`.
    fn account(text: &str) -> Account {
        let (scope, login) = match text.rsplit_once('@') {
            Some((scope, login)) => (scope, Some(login.to_owned())),
            None => (text, None),
        };
        let scope = Scope::parse(scope).expect("a scope");
        Account {
            id: format!("{scope}#{}", login.as_deref().unwrap_or_default()),
            label: text.to_owned(),
            server: scope.host().server_by_name().unwrap_or(Server::Plain),
            scope,
            login,
            kind: TokenKind::FineGrained,
            expires: None,
            place: VaultPlace::File,
            refresh: false,
            learned: false,
            exact: false,
            user_id: None,
            app: None,
        }
    }

    fn ranked(url: &str, user: Option<&str>, labels: &[&str]) -> Vec<String> {
        let accounts: Vec<Account> = labels.iter().map(|label| account(label)).collect();
        let remote = Remote::from_url(url).expect("a URL");
        let chosen = choose(&remote, user, &accounts, |_| Standing::default());
        chosen.iter().map(|account| account.label.clone()).collect()
    }

    #[test]
    fn the_rules_table() {
        let all = &["acme", "acme/secret", "beta", "mona@mona", "https://github.com"];
        for (url, expected) in [
            ("https://github.com/acme/r", &["acme", "https://github.com"][..]),
            ("https://github.com/ACME/r.git", &["acme", "https://github.com"]),
            ("https://github.com/acme/secret.git", &["acme/secret", "acme", "https://github.com"]),
            ("https://github.com/acme/Secret.wiki.git", &["acme/secret", "acme", "https://github.com"]),
            ("https://github.com/acme/secret2", &["acme", "https://github.com"]),
            ("https://github.com/acme-labs/r", &["https://github.com"]),
            ("https://github.com/acme", &["https://github.com"]),
            ("https://github.com", &["https://github.com"]),
            ("https://gist.github.com/0123abcd.git", &["mona@mona", "https://github.com"]),
            ("https://gist.github.com/acme/0123abcd.git", &["mona@mona", "https://github.com"]),
            ("https://corp.ghe.com/acme/r", &[]),
            ("https://gist.example.com/acme/r", &[]),
            ("https://github.com:8443/acme/r", &[]),
        ] {
            assert_eq!(ranked(url, None, all), expected, "{url}");
        }
        assert!(ranked("https://github.com/other/r", None, &["acme", "beta"]).is_empty());
    }

    #[test]
    fn why_an_account_comes_first_is_said_by_the_part_of_the_rule_that_decides() {
        let fine = Standing::default();
        let (rejected, expired) = (Standing { rejected: true, ..fine }, Standing { expired: true, ..fine });
        let why = |first: &str, second: &str, of_first: Standing, of_second: Standing| {
            let (first, second) = (account(first), account(second));
            let standing = |one: &Account| if one.label == first.label { of_first } else { of_second };
            because(&first, Some(&second), Some("mona"), standing)
        };
        assert_eq!(because(&account("acme"), None, None, |_| fine), Because::Only);
        assert_eq!(why("acme/secret", "acme", rejected, fine), Because::Narrower);
        assert_eq!(why("acme", "acme/secret", fine, rejected), Because::NotRejected);
        assert_eq!(why("acme@mona", "acme", rejected, fine), Because::AskedLogin);
        assert_eq!(why("acme", "acme@mona", fine, rejected), Because::NotRejected);
        assert_eq!(why("acme@mona", "beta@mona", fine, rejected), Because::NotRejected);
        assert_eq!(why("acme", "beta", rejected, rejected), Because::Label);
        assert_eq!(why("acme", "beta", fine, expired), Because::NotExpired);
        assert_eq!(why("acme", "beta", expired, expired), Because::Label);
        assert_eq!(why("acme", "beta", expired, fine), Because::Label);
        let learned = Account { learned: true, ..account("beta") };
        assert_eq!(because(&account("acme"), Some(&learned), None, |_| fine), Because::Added);
        assert_eq!(because(&learned, Some(&account("acme")), None, |_| fine), Because::Label);
        assert_eq!(because(&learned, Some(&learned), None, |_| fine), Because::Label);
    }

    #[test]
    fn why_an_account_does_not_serve_is_told_apart() {
        let fit =
            |scope: &str, url: &str| fits(&account(scope), &Remote::from_url(url).expect("a URL"), None, &[]);
        assert_eq!(fit("acme", "https://github.com/beta/r"), Err(Mismatch::OtherOwner));
        assert_eq!(fit("acme/secret", "https://github.com/ACME/r"), Err(Mismatch::OtherRepository));
        assert_eq!(fit("acme", "https://github.com/acme"), Err(Mismatch::UnknownOwner));
        assert_eq!(fit("acme", "https://corp.ghe.com/acme/r"), Err(Mismatch::OtherHost));
        let plain = "https://git.example.com/a";
        assert_eq!(fit(plain, "https://git.example.com/a/b"), Ok(()));
        assert_eq!(fit(plain, "https://git.example.com/ab/c"), Err(Mismatch::OtherRepository));
        assert_eq!(fit(plain, "https://git.example.com"), Err(Mismatch::UnknownOwner));
    }

    #[test]
    fn a_known_login_in_the_url_decides_and_other_names_do_not() {
        let all = &["acme@mona", "acme@robot", "beta@mona"];
        let with = |user| ranked("https://github.com/acme/r", Some(user), all);
        assert_eq!(with("robot"), ["acme@robot"]);
        assert_eq!(with("ROBOT"), ["acme@robot"]);
        assert_eq!(with("mona"), ["acme@mona"]);
        for user in ["git", "x-access-token", "oauth2", "x-oauth-basic", "token", "acme", "stranger", ""] {
            assert_eq!(with(user), ["acme@mona", "acme@robot"], "{user:?}");
        }
        assert!(ranked("https://github.com/beta/r", Some("robot"), all).is_empty());
    }

    #[test]
    fn an_account_of_unknown_login_serves_a_known_one_but_after_it() {
        assert_eq!(
            ranked("https://github.com/acme/r", Some("mona"), &["acme", "acme@mona"]),
            ["acme@mona", "acme"]
        );
    }

    #[test]
    fn on_a_plain_host_the_user_name_must_be_the_accounts() {
        let all = &["https://example.com@a", "https://example.com@b"];
        assert_eq!(ranked("https://example.com/x/y", Some("b"), all), ["https://example.com@b"]);
        assert!(ranked("https://example.com/x/y", Some("c"), all).is_empty());
        assert_eq!(ranked("https://example.com", None, all).len(), 2);
    }

    #[test]
    fn rejected_then_expired_then_learned_then_the_label_break_a_tie() {
        let mut accounts = vec![account("acme@d"), account("acme@c"), account("acme@b"), account("acme@a")];
        accounts[1].learned = true;
        let standing = |account: &Account| Standing {
            rejected: account.label == "acme@a",
            expired: account.label == "acme@b",
        };
        let remote = Remote::from_url("https://github.com/acme/r").expect("a URL");
        let order: Vec<_> =
            choose(&remote, None, &accounts, standing).iter().map(|a| a.label.clone()).collect();
        assert_eq!(order, ["acme@d", "acme@c", "acme@b", "acme@a"]);
        accounts.push(account("acme/r@z"));
        let all_rejected = |_: &Account| Standing { rejected: true, expired: true };
        let first = choose(&remote, None, &accounts, all_rejected)[0];
        assert_eq!(first.label, "acme/r@z", "the longest scope wins before anything else");
    }

    #[test]
    fn the_answered_user_is_the_asked_one_or_the_login_or_any() {
        let mona = account("acme@mona");
        assert_eq!(answered_user(&mona, Some(b"git")), b"git");
        assert_eq!(answered_user(&mona, None), b"mona");
        assert_eq!(answered_user(&mona, Some(b"")), b"mona");
        assert_eq!(answered_user(&account("acme"), None), ANY_USER.as_bytes());
        let app = Account { kind: TokenKind::App, ..mona.clone() };
        assert_eq!(answered_user(&app, None), ANY_USER.as_bytes());
        // GitHub wants a name that is not empty; elsewhere an empty one is a name.
        assert_eq!(answered_user(&account("acme@"), None), ANY_USER.as_bytes());
        assert_eq!(answered_user(&account("https://git.example.com@"), None), b"");
    }

    #[test]
    fn a_secret_from_elsewhere_serves_no_other_owner() {
        let at = |url: &str| Remote::from_url(url).expect("a URL");
        assert!(may_serve_owner(&account("acme"), &at("https://github.com/ACME/r")));
        assert!(!may_serve_owner(&account("acme"), &at("https://github.com/beta/r")));
        assert!(!may_serve_owner(&account("acme"), &at("https://github.com")));
        assert!(may_serve_owner(&account("https://github.com"), &at("https://github.com")));
        let plain = account("https://git.example.com/Team");
        assert!(may_serve_owner(&plain, &at("https://git.example.com/Team/x/y")));
        assert!(!may_serve_owner(&plain, &at("https://git.example.com/team/x/y")));
    }
}
