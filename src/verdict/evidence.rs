//! What was observed, before anything is concluded from it.
//!
//! Rules: whatever was not asked says so, and is never taken for a no. A reply comes with what the
//! catalogue found in it (`denial::recognise`), so that nobody who concludes has to match texts. A reply
//! of our own REST calls is believed only if it is GitHub's.
//!
//! Outside facts: the meaning of the fields of `/repos/O/R`, of `X-OAuth-Scopes` and of
//! `X-GitHub-SSO: partial-results` is GitHub's documentation; that `permissions` is the user's role and
//! not the token's was reported (semantic-release/github#895).

use super::app::AppRefusal;
use crate::denial::catalogue::Finding;
use crate::denial::normal::RepositoryName;
use crate::remote::Direction;
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;
use serde_json::Value;

/// Everything that was observed of one target; what was not is left at its default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// What kind of host it is.
    pub(crate) host: HostKind,
    /// The host, the owner and the repository, as the remote's URL has them.
    pub(crate) target: RepositoryName,
    /// Whether the remote speaks SSH.
    pub(crate) ssh: bool,
    /// What git is to do.
    pub(crate) direction: Direction,
    /// Whether git would ask patron for this URL.
    pub(crate) helper: HelperReach,
    /// The token that git would be given, if there is one.
    pub(crate) account: Option<TokenEvidence>,
    /// Why a GitHub App gives no token.
    pub(crate) app: Option<AppRefusal>,
    /// Why the chosen account's secret cannot be had, and what mends that.
    pub(crate) unreadable: Option<Unreadable>,
    /// The login that the URL asks for, if it is the login of some account.
    pub(crate) asked_login: Option<String>,
    /// The time in seconds since 1970.
    pub(crate) now: i64,
    /// `info/refs` of `git-upload-pack`, asked with the token.
    pub(crate) fetch: Observed,
    /// Whether that was given before git was asked for a token.
    pub(crate) open_to_all: bool,
    /// `info/refs` of `git-receive-pack`, asked with the token.
    pub(crate) push: Observed,
    /// `GET /user`.
    pub(crate) user: Observed,
    /// `GET /repos/OWNER/REPO` with the token, or another call that reads that repository.
    pub(crate) repo: Observed,
    /// `GET /repos/OWNER/REPO/contents`.
    pub(crate) contents: Observed,
    /// `GET /repos/OWNER/REPO` without the token.
    pub(crate) repo_anonymous: Observed,
    /// `GET /users/OWNER`.
    pub(crate) owner: Observed,
    /// `GET /user/repos?visibility=private&per_page=100`.
    pub(crate) private_repos: Observed,
    /// The challenges (`WWW-Authenticate`) that came with a refusal.
    pub(crate) challenges: Vec<String>,
}

/// What kind of host is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// github.com, an address of ghe.com, or an Enterprise Server.
    #[default]
    GitHub,
    /// Any other.
    Plain,
}

/// Whether git asks patron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HelperReach {
    /// Nobody looked.
    #[default]
    Unknown,
    /// It does.
    Reached,
    /// It asks others, or others first.
    NotReached,
}

/// What is known of a token; never the token itself.
#[derive(Clone, Debug)]
pub(crate) struct TokenEvidence {
    /// The label, for an account.
    pub(crate) label: String,
    /// Where the token comes from.
    pub(crate) origin: Origin,
    /// The kind of token.
    pub(crate) kind: TokenKind,
    /// The login that it is known to belong to.
    pub(crate) login: Option<String>,
    /// The number of that user, which stays when the login changes.
    pub(crate) user_id: Option<u64>,
    /// When it ends, in seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// The number of its own page, if GitHub ever named it.
    pub(crate) number: Option<String>,
    /// Whether it has ever been accepted for a private repository or a push of this owner.
    pub(crate) accepted_for_owner: bool,
    /// Whether it has ever been accepted for this repository and direction.
    pub(crate) accepted_for_repo: bool,
}

/// An account whose secret cannot be had.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    /// The account's label.
    pub(crate) label: String,
    /// The verdict: there is no token, or it could not be asked for.
    pub(crate) id: VerdictId,
    /// What is wrong with its vault or its App, fit to be shown.
    pub(crate) why: String,
    /// What mends it, where that is known.
    pub(crate) fix: Option<String>,
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An account of ours.
    Account,
    /// A helper that answered before `setup`.
    Fallback,
    /// The remote's URL.
    Url,
}

/// How one request ended.
#[derive(Clone, Debug, Default)]
pub(crate) enum Observed {
    /// It was not made.
    #[default]
    NotAsked,
    /// There was an answer, from GitHub as far as can be told.
    Reply(ServerReply),
    /// There was none.
    Trouble(NoReply),
    /// Git ended on this side before there was one: its own words. A broken configuration is no refusal.
    Stopped(String),
}

/// Why there was no answer of GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// No answer in time, no such host, connection refused.
    Unreachable,
    /// No trusted connection.
    Tls,
    /// The proxy refused or was not there.
    Proxy,
    /// Somebody else answered.
    CaptivePortal,
}

impl NoReply {
    /// Gives its verdict.
    pub(crate) fn verdict_id(self) -> VerdictId {
        match self {
            Self::Unreachable => VerdictId::Unreachable,
            Self::Tls => VerdictId::TlsFailed,
            Self::Proxy => VerdictId::ProxyFailed,
            Self::CaptivePortal => VerdictId::CaptivePortal,
        }
    }
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerReply {
    /// The HTTP status; git does not always tell.
    pub(crate) status: Option<u16>,
    /// The headers; git tells none.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub(crate) body: String,
    /// What the catalogue found in it.
    pub(crate) said: Option<Finding>,
    /// What the server said, fit to be shown.
    pub(crate) words: String,
}

/// Who answered one of our own REST calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnsweredBy {
    /// GitHub itself.
    GitHub,
    /// A server in trouble, which may be GitHub's outermost: nothing tells whose.
    Nobody,
    /// Somebody else: a portal that wants a login, a proxy, another kind of server.
    Stranger,
}

/// Tells who answered, from the status, the headers and whether there is a body.
pub(crate) fn answered_by<'r>(
    status: u16,
    is_empty: bool,
    header: &dyn Fn(&str) -> Option<&'r str>,
) -> AnsweredBy {
    let has_id = header("x-github-request-id").is_some_and(|id| !id.trim().is_empty());
    let is_json = || header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    if has_id && (is_empty || is_json()) {
        AnsweredBy::GitHub
    } else if status == 429 || ((500..600).contains(&status) && status != 511) {
        AnsweredBy::Nobody
    } else {
        AnsweredBy::Stranger
    }
}

impl Observed {
    /// Takes an answer to one of our own REST calls: a stranger's is a captive portal, not an answer.
    ///
    /// GitHub marks every answer with an id. Answers of its outermost servers, when those behind have
    /// trouble, may lack it.
    pub(crate) fn rest(reply: ServerReply) -> Observed {
        let status = reply.status.unwrap_or_default();
        let may_be_githubs = answered_by(status, reply.body.is_empty(), &|name| reply.header(name));
        match may_be_githubs {
            AnsweredBy::GitHub | AnsweredBy::Nobody => Observed::Reply(reply),
            AnsweredBy::Stranger => Observed::Trouble(NoReply::CaptivePortal),
        }
    }

    /// Gives a success of git's.
    #[cfg(test)]
    pub(crate) fn open() -> Observed {
        Observed::Reply(ServerReply { status: Some(200), ..ServerReply::default() })
    }

    /// Gives the answer, if there was one.
    pub(crate) fn reply(&self) -> Option<&ServerReply> {
        match self {
            Observed::Reply(reply) => Some(reply),
            Observed::NotAsked | Observed::Trouble(_) | Observed::Stopped(_) => None,
        }
    }

    /// Gives the answer's status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.reply()?.status
    }

    /// Says whether the request was made.
    pub(crate) fn was_asked(&self) -> bool {
        !matches!(self, Observed::NotAsked)
    }

    /// Says whether what was asked for was given.
    pub(crate) fn is_open(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// Gives a field of the JSON of a success.
    pub(crate) fn field(&self, name: &str) -> Option<Value> {
        let body = &self.reply().filter(|_| self.is_open())?.body;
        serde_json::from_str::<Value>(body).ok()?.get(name).cloned()
    }

    /// Gives a field that is a yes or a no.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.field(name)?.as_bool()
    }

    /// Gives a field that is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.as_u64()
    }

    /// Gives a field that is a name and fit to be shown.
    pub(crate) fn name(&self, name: &str) -> Option<String> {
        self.field(name)?.as_str().filter(|name| is_name(name)).map(str::to_owned)
    }
}

impl ServerReply {
    /// Gives a header's value; names are compared without case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Gives the scopes of a classic or OAuth token; none at all for the other kinds.
    pub(crate) fn scopes(&self) -> Option<Vec<&str>> {
        let scopes = self.header("x-oauth-scopes")?.split(',').map(str::trim);
        let fits = |scope: &&str| {
            !scope.is_empty()
                && scope.len() <= 60
                && scope.bytes().all(|byte| byte.is_ascii_lowercase() || b":_".contains(&byte))
        };
        Some(scopes.filter(fits).collect())
    }
}

/// The private repositories that a token sees.
#[derive(Debug, Default)]
pub(crate) struct Visible {
    /// Their full names, `owner/repo`.
    repos: Vec<String>,
    /// Whether these are all.
    complete: bool,
}

impl Visible {
    /// Reads the list, as far as it was read: the answer to a hundred repositories is cut off.
    pub(crate) fn of(heard: &Observed) -> Option<Self> {
        let reply = heard.reply().filter(|_| heard.is_open())?;
        let more = reply.header("link").is_some_and(|link| link.contains("rel=\"next\""));
        let whole = serde_json::from_str::<Value>(&reply.body).ok();
        let repos: Vec<String> = match whole.as_ref().and_then(Value::as_array) {
            Some(list) => list
                .iter()
                .filter(|repo| repo.get("private").and_then(Value::as_bool) != Some(false))
                .filter_map(|repo| repo.get("full_name")?.as_str().map(str::to_owned))
                .collect(),
            None => reply
                .body
                .split("\"full_name\"")
                .skip(1)
                .filter_map(|rest| rest.trim_start().strip_prefix(':'))
                .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"'))
                .map(|(name, _)| name.to_owned())
                .collect(),
        };
        Some(Visible {
            repos: repos.into_iter().filter(|full| full.split('/').all(is_name)).collect(),
            complete: whole.is_some() && !more,
        })
    }

    /// Says whether the token sees a private repository of this owner, if the list is long enough to tell.
    pub(crate) fn any_of(&self, owner: &str) -> Option<bool> {
        let any = self.owners().any(|known| known.eq_ignore_ascii_case(owner));
        (any || self.complete).then_some(any)
    }

    /// Gives another owner whose private repositories the token sees.
    pub(crate) fn other_than(&self, owner: &str) -> Option<&str> {
        self.owners().find(|known| !known.eq_ignore_ascii_case(owner))
    }

    /// Gives a repository of this owner whose name is nearly this one.
    pub(super) fn like(&self, owner: &str, repo: &str) -> Option<&str> {
        let bare = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        let wanted = bare(repo);
        self.repos
            .iter()
            .filter_map(|full| full.split_once('/').map(|(its_owner, name)| (full, its_owner, name)))
            .filter(|(_, its_owner, name)| {
                its_owner.eq_ignore_ascii_case(owner) && !name.eq_ignore_ascii_case(repo)
            })
            .find(|(_, _, name)| {
                let name = bare(name);
                name == wanted || (wanted.len() >= 4 && strsim::levenshtein(&name, &wanted) <= 1)
            })
            .map(|(full, ..)| full.as_str())
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        self.repos.iter().filter_map(|full| full.split_once('/').map(|(owner, _)| owner))
    }
}

/// Says whether this may be the name of a user, an owner or a repository, and nothing to be wary of.
fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> ServerReply {
        ServerReply {
            status: Some(status),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.to_owned(),
            ..ServerReply::default()
        }
    }

    #[test]
    fn a_strangers_answer_is_no_answer() {
        let id = ("X-GitHub-Request-Id", "1:2:3");
        let json = ("Content-Type", "application/json; charset=utf-8");
        let html = ("content-type", "text/html");
        assert!(Observed::rest(reply(200, &[id, json], "{}")).is_open());
        assert!(Observed::rest(reply(304, &[id], "")).reply().is_some());
        assert!(Observed::rest(reply(502, &[html], "<html>")).reply().is_some());
        for stranger in [
            reply(200, &[json], "{}"),
            reply(200, &[id, html], "<html>"),
            reply(403, &[html], "<html>"),
            reply(302, &[("location", "http://portal.example/")], ""),
            reply(511, &[html], "<html>"),
        ] {
            assert!(matches!(Observed::rest(stranger), Observed::Trouble(NoReply::CaptivePortal)));
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_out_of_json() {
        let user = |login: &str| {
            Observed::Reply(reply(200, &[], &serde_json::json!({ "login": login }).to_string())).name("login")
        };
        assert_eq!(user("mona-1_corp").as_deref(), Some("mona-1_corp"));
        assert_eq!(user("app[bot]").as_deref(), Some("app[bot]"));
        for bad in ["", "a\u{1b}[31m", "a b", "a\n", "{url}", &"a".repeat(101)] {
            assert_eq!(user(bad), None);
        }
        assert_eq!(
            reply(200, &[("x-oauth-scopes", "repo, \u{1b}[2J, {url}")], "").scopes(),
            Some(vec!["repo"])
        );
    }

    #[test]
    fn scopes_are_none_empty_or_some() {
        assert_eq!(reply(200, &[], "").scopes(), None);
        assert_eq!(reply(200, &[("X-OAuth-Scopes", "")], "").scopes(), Some(vec![]));
        assert_eq!(reply(200, &[("x-oauth-scopes", "repo, gist")], "").scopes(), Some(vec!["repo", "gist"]));
    }

    #[test]
    fn a_list_that_is_cut_off_still_tells_what_it_holds() {
        let visible = |headers: &[(&str, &str)], body: &str| {
            Visible::of(&Observed::Reply(reply(200, headers, body))).expect("it is a success")
        };
        let body = r#"[{"full_name":"acme/one","private":true},{"full_name" : "mona/two","private":false}]"#;
        let whole = visible(&[], body);
        assert_eq!((whole.any_of("ACME"), whole.any_of("mona")), (Some(true), Some(false)));
        assert_eq!(whole.other_than("mona"), Some("acme"));
        let cut = visible(&[], &body[..body.len() - 20]);
        assert_eq!((cut.any_of("acme"), cut.any_of("other")), (Some(true), None));
        let paged = visible(&[("link", "<x>; rel=\"next\"")], body);
        assert_eq!(paged.any_of("other"), None);
        assert!(Visible::of(&Observed::Reply(reply(403, &[], body))).is_none());
    }

    #[test]
    fn a_misspelt_name_is_noticed() {
        let visible = Visible {
            repos: ["acme/secrets", "acme/tool-box", "mona/secret"].map(str::to_owned).into(),
            complete: true,
        };
        assert_eq!(visible.like("Acme", "secret"), Some("acme/secrets"));
        assert_eq!(visible.like("acme", "Tool_Box"), Some("acme/tool-box"));
        assert_eq!(visible.like("acme", "toolbax"), Some("acme/tool-box"));
        assert_eq!(visible.like("acme", "secretary"), None);
        assert_eq!(visible.like("acme", "SECRETS"), None);
    }

    #[test]
    fn who_answered_is_told_in_one_way() {
        use AnsweredBy::{GitHub, Nobody, Stranger};
        let id = ("x-github-request-id", "AB:12");
        let json = ("content-type", "application/json; charset=utf-8");
        let html = ("content-type", "text/html");
        for (status, is_empty, headers, by) in [
            (200, false, vec![id, json], GitHub),
            (404, true, vec![id], GitHub),
            (502, false, vec![id, json], GitHub),
            // Its outermost servers do not mark what they say when those behind them have trouble.
            (502, false, vec![html], Nobody),
            (503, true, vec![], Nobody),
            (429, false, vec![], Nobody),
            (200, false, vec![html], Stranger),
            (200, false, vec![id, html], Stranger),
            (200, false, vec![("x-github-request-id", " "), json], Stranger),
            (302, true, vec![], Stranger),
            (401, false, vec![json], Stranger),
            (511, false, vec![html], Stranger),
        ] {
            let header =
                |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            assert_eq!(answered_by(status, is_empty, &header), by, "{status} {headers:?}");
        }
    }
}
