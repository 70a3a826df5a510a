//! What the forge knows and obeys, as plain data: hosts, owners, repositories, tokens, rules.
//!
//! Everything may be changed while the forge runs (`Forge::policy`). What follows from it is
//! decided in `decide.rs`; nothing here decides. Names of hosts are lower-case; owners and
//! repositories keep their case and are compared without it, as GitHub does.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::apps::{Apps, Permissions};
use super::http::Reply;
use super::tokens::TokenKind;

/// The host most policies are about.
pub(crate) const GITHUB: &str = "github.com";

/// Everything the forge knows.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The hosts the proxy lets through.
    pub(crate) hosts: Vec<Host>,
    /// Users and organisations.
    pub(crate) owners: Vec<Owner>,
    /// Repositories; each is a real bare one on disk.
    pub(crate) repositories: Vec<Repository>,
    /// Tokens, good and bad ones.
    pub(crate) tokens: Vec<Token>,
    /// Exceptions, asked before everything else, in order.
    pub(crate) rules: Vec<Rule>,
    /// What a pending token hears about a private repository: nobody has documented it.
    pub(crate) pending: PendingAnswer,
    /// Bad logins after which every credential is refused for a while; none: never.
    pub(crate) lockout: Option<u32>,
    /// Bad logins so far; counted by the forge.
    pub(crate) bad_logins: u32,
    /// Whether git replies carry the REST headers about the token; whether GitHub does is unknown.
    pub(crate) headers_on_git: bool,
    /// What follows `Basic realm="GitHub"` in a challenge, such as `enterprise_hint="contoso"`.
    pub(crate) challenge_hint: Option<String>,
    /// How many calls a token is still known for after it was revoked: the call answers before it is done.
    pub(crate) revoked_lives: u32,
    /// The tokens that were revoked and are known for so many calls more, by label.
    pub(crate) dying: Vec<(String, u32)>,
    /// GitHub Apps, with what they and organisations' owners have done.
    pub(crate) apps: Apps,
}

/// One host the proxy lets through.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Its name, with the port if that is not 443; `*.ghe.com` stands for each subdomain.
    pub(crate) name: String,
    /// What answers there.
    pub(crate) kind: HostKind,
    /// How its TLS is.
    pub(crate) tls: Tls,
    /// A status the proxy refuses the tunnel with, although it knows the host.
    pub(crate) refuse_connect: Option<u16>,
}

/// What answers at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// github.com with `api.` and `gist.`.
    GitHub,
    /// A subdomain of ghe.com with `api.` before it; nothing is public there.
    GheCom,
    /// GitHub Enterprise Server: API below `/api/v3`.
    Ghes,
    /// A git host that is not GitHub's.
    Plain,
}

/// What a certificate that signed itself says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SelfSigned {
    /// That it is an authority: what openssl makes by default.
    Authority,
    /// That it is none.
    NoAuthority,
    /// Nothing.
    Silent,
}

/// How the TLS of a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Signed by the forge's authority, for the right name.
    Good,
    /// Signed by nobody that is trusted.
    UnknownAuthority,
    /// Signed by the forge's authority, for another name.
    WrongName,
    /// Signed by itself, as `openssl req -x509` makes one: believed by whoever was given this very certificate.
    BySelf(SelfSigned),
    /// Closed before the handshake.
    Closed,
    /// The handshake is never answered.
    Silent,
}

/// A user or an organisation, with the organisation's policies.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// Where it lives.
    pub(crate) host: String,
    /// Its name.
    pub(crate) login: String,
    /// The number that stays when the name changes; one made of the name where it never does.
    pub(crate) number: Option<u32>,
    /// What it is.
    pub(crate) kind: OwnerKind,
    /// The logins of its members.
    pub(crate) members: Vec<String>,
    /// What members may do in each of its repositories (GitHub's default is less: read).
    pub(crate) base_role: Role,
    /// Whether this user is suspended.
    pub(crate) suspended: bool,
    /// Whether classic tokens are refused.
    pub(crate) forbids_classic: bool,
    /// Whether fine-grained tokens are refused.
    pub(crate) forbids_fine_grained: bool,
    /// The longest lifetime a token may have.
    pub(crate) max_lifetime_days: Option<i64>,
    /// Whether tokens that are not fine-grained must be authorised for SAML single sign-on.
    pub(crate) sso: bool,
    /// Whether a new fine-grained token waits for approval.
    pub(crate) requires_approval: bool,
    /// Whether an IP allow list shuts this machine out.
    pub(crate) ip_allow_list: bool,
    /// Whether OAuth apps are shut out.
    pub(crate) restricts_oauth_apps: bool,
}

/// What an owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerKind {
    /// A person.
    User,
    /// An organisation.
    Organization,
}

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Nothing.
    None,
    /// See and fetch.
    Read,
    /// Push.
    Write,
    /// Everything.
    Admin,
}

/// A repository.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// Where it lives; `gist.github.com` for gists.
    pub(crate) host: String,
    /// Its owner. On plain hosts everything before the last segment.
    pub(crate) owner: String,
    /// Its name without `.git`; the id of a gist.
    pub(crate) name: String,
    /// Who may see it.
    pub(crate) visibility: Visibility,
    /// Whether it is archived.
    pub(crate) archived: bool,
    /// Roles of single users, stronger than what their membership gives.
    pub(crate) roles: Vec<(String, Role)>,
    /// Why it is blocked for everyone.
    pub(crate) blocked: Option<Block>,
    /// `owner/name` it had before.
    pub(crate) former_names: Vec<(String, String)>,
    /// A shell script git runs before it takes a push (what it prints is shown as `remote:`).
    pub(crate) pre_receive: Option<String>,
}

/// Who may see a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everyone.
    Public,
    /// Who has a role.
    Private,
    /// Members of the organisation.
    Internal,
}

/// Why a repository is blocked for everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Disabled by staff.
    Disabled,
    /// A takedown notice.
    Dmca,
}

/// A token, and what it may do.
#[derive(Clone)]
pub(crate) struct Token {
    /// The name tests and logs call it by.
    pub(crate) label: String,
    /// The secret itself.
    pub(crate) secret: String,
    /// What kind it is.
    pub(crate) kind: TokenKind,
    /// Where it was made.
    pub(crate) host: String,
    /// Whose it is.
    pub(crate) login: String,
    /// The resource owner, of fine-grained and installation tokens.
    pub(crate) owner: Option<String>,
    /// Which repositories of that owner it reaches.
    pub(crate) repositories: Selection,
    /// What it may do with their contents.
    pub(crate) contents: Permission,
    /// Scopes of classic and OAuth tokens.
    pub(crate) scopes: Vec<String>,
    /// Organisations it is authorised for by single sign-on.
    pub(crate) sso: Vec<String>,
    /// The app a token was given to.
    pub(crate) app: String,
    /// Where it stands.
    pub(crate) state: State,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it ends; none: never.
    pub(crate) expires: Option<Timestamp>,
    /// The number in the address of its page.
    pub(crate) id: u64,
    /// What it may do beside contents.
    pub(crate) permissions: Permissions,
    /// Why its owner asks for it.
    pub(crate) reason: String,
}

/// Which repositories a fine-grained token reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of its owner.
    All,
    /// These names.
    Only(Vec<String>),
}

/// A permission of a fine-grained token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Permission {
    /// Not granted.
    None,
    /// Read.
    Read,
    /// Read and write.
    Write,
}

/// Where a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It works.
    Active,
    /// It waits for the organisation.
    Pending,
    /// The organisation said no.
    Denied,
    /// It was taken back.
    Revoked,
}

/// What a pending token hears about a private repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingAnswer {
    /// `Repository not found.`
    NotFound,
    /// `Write access to repository not granted.`
    NotGranted,
    /// The text of the one article that speaks of approval, with its link.
    Named,
}

/// What is to be done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Fetch.
    Read,
    /// Push.
    Write,
    /// Neither.
    Other,
}

/// An exception: for whom, for what, and what happens then.
///
/// Parts left open match everything. Rules that answer are tried in order and the first one
/// wins; rules that only spoil the delivery add up.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The host asked, or the site it belongs to.
    pub(crate) host: Option<String>,
    /// The owner.
    pub(crate) owner: Option<String>,
    /// The repository.
    pub(crate) repo: Option<String>,
    /// Who asks.
    pub(crate) by: By,
    /// What is asked.
    pub(crate) on: On,
    /// What happens.
    pub(crate) then: Then,
    /// How often it still applies; none: always.
    pub(crate) times: Option<u32>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Whoever.
    Anyone,
    /// Somebody without a credential.
    Anonymous,
    /// Somebody with a credential, good or bad.
    Credential,
    /// The token with this label.
    Token(String),
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Git and REST.
    Any,
    /// Git, either way.
    Git,
    /// Fetching.
    Read,
    /// Pushing.
    Write,
    /// The REST API.
    Rest,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// Serve the request as if everything were allowed.
    Allow,
    /// Answer this.
    Answer(Reply),
    /// Send the client elsewhere with this status: to the same path at `https://host`, or where a path is given,
    /// to that repository.
    Redirect(u16, String),
    /// Wait before answering.
    Delay(Duration),
    /// Announce the whole body, send half of it, close.
    Truncate,
    /// Close without an answer.
    Close,
    /// Send a few bytes, wait, send a few more.
    Slow(Duration),
}

/// Never shows the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            label,
            secret: _,
            kind,
            host,
            login,
            owner,
            repositories,
            contents,
            scopes,
            sso,
            app,
            state,
            created,
            expires,
            id,
            permissions,
            reason,
        } = self;
        f.debug_struct("Token")
            .field("label", label)
            .field("kind", kind)
            .field("host", host)
            .field("login", login)
            .field("owner", owner)
            .field("repositories", repositories)
            .field("contents", contents)
            .field("scopes", scopes)
            .field("sso", sso)
            .field("app", app)
            .field("state", state)
            .field("created", created)
            .field("expires", expires)
            .field("id", id)
            .field("permissions", permissions)
            .field("reason", reason)
            .finish_non_exhaustive()
    }
}
