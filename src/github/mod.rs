//! The only HTTP of our own: GitHub's REST, asked for a reply; nothing here says what a reply means.
//!
//! Rules (security facts, section 4.7):
//! - requests go to compiled-in API bases alone ([`Api`]) and to paths of this file ([`ApiPath`]): no URL of
//!   a reply is ever asked, no redirect followed, nothing but `https` spoken;
//! - every call ends within its bound, whatever the other side does; of a body 64 KiB are read, of a header
//!   as much;
//! - the proxy and the authorities are what the caller found in git's settings and the environment
//!   ([`proxy_from`], [`Authorities`]); the library looks at neither by itself;
//! - certificates are always verified, also where `http.sslVerify` is false: git may then talk to anybody,
//!   but no token leaves through this file;
//! - no client certificates (a key that does not match makes the library panic: measured), no cookies, no
//!   compression (nothing to blow up);
//! - a token goes into one header, marked as sensitive (`Debug` hides it). The library's own buffers cannot be wiped.

mod ca;
mod proxy;
mod revoke;
#[cfg(test)]
mod tests;
mod tls;

pub(crate) use ca::{Authorities, BadAuthorities};
pub(crate) use proxy::{BadProxy, ProxyUrl, proxy_from};

use crate::remote::{GITHUB, Host, Owner, Server};
use crate::token::Token;
use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};
use ureq::http::HeaderValue;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Timeout};
use zeroize::Zeroizing;

/// How long one call may take in all.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection may take (proxy and TLS included), and a name's address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of a body is read.
pub(crate) const MAX_BODY: usize = 64 * 1024;
const MAX_HEADER: usize = 64 * 1024;
/// What the API's documentation names; still served beside its successor.
const API_VERSION: &str = "2022-11-28";
const USER_AGENT: &str = concat!("git-credential-patron/", env!("CARGO_PKG_VERSION"));

/// The base of an API, from a host alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Api {
    base: String,
}

impl Api {
    /// Gives the API of a host: GitHub's, that of a `SUB.ghe.com`, or that of an Enterprise Server.
    pub(crate) fn of(host: &Host) -> Self {
        let home = host.home();
        let name = home.as_str();
        let is_ghe_com = home.server_by_name() == Some(Server::GitHub) && name != GITHUB;
        let base = match name {
            GITHUB => format!("https://api.{GITHUB}"),
            _ if is_ghe_com => format!("https://api.{name}"),
            _ => format!("https://{name}/api/v3"),
        };
        Self { base }
    }

    /// Gives the address that its paths are appended to.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Gives the place of a host where programs log in for a person: its pages, not its API.
    pub(crate) fn login(host: &Host) -> Self {
        Self { base: format!("https://{}", host.home().as_str()) }
    }

    /// Gives the host that is asked, with its port if it has one: the one that `no_proxy` is about.
    pub(crate) fn host(&self) -> &str {
        let rest = self.base.strip_prefix("https://").unwrap_or(&self.base);
        rest.split('/').next().unwrap_or(rest)
    }
}

/// What is asked of an API. Holds owner and repository at most, and both only in a checked form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiPath(String);

impl ApiPath {
    /// Asks who the token is: login, scopes, expiry. Any valid token may.
    pub(crate) fn user() -> Self {
        Self("/user".to_owned())
    }

    /// Asks which private repositories the token sees. Eight: more do not fit into [`MAX_BODY`].
    pub(crate) fn private_repositories() -> Self {
        Self("/user/repos?visibility=private&per_page=8".to_owned())
    }

    /// Asks for a repository. `None` if the name cannot be one.
    pub(crate) fn repository(owner: &Owner, repo: &str) -> Option<Self> {
        let fits = (1..=100).contains(&repo.len())
            && repo.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            && !matches!(repo, "." | "..");
        fits.then(|| Self(format!("/repos/{owner}/{repo}")))
    }

    /// Asks a GitHub App about itself.
    pub(crate) fn app() -> Self {
        Self("/app".to_owned())
    }

    /// Asks for the installation of a GitHub App in a repository. `None` as above.
    pub(crate) fn installation_at(owner: &Owner, repo: &str) -> Option<Self> {
        Self::repository(owner, repo).map(|path| Self(path.0 + "/installation"))
    }

    /// Asks for the installation of a GitHub App for an owner, which is one of the two.
    pub(crate) fn installation_of(kind: OwnerKind, owner: &Owner) -> Self {
        let folder = match kind {
            OwnerKind::Organization => "orgs",
            OwnerKind::User => "users",
        };
        Self(format!("/{folder}/{owner}/installation"))
    }

    /// Has an installation of a GitHub App mint a token.
    pub(crate) fn installation_tokens(installation: u64) -> Self {
        Self(format!("/app/installations/{installation}/access_tokens"))
    }

    /// Asks what an installation token reaches: one row is enough to know that it is known.
    pub(crate) fn installation_repositories() -> Self {
        Self("/installation/repositories?per_page=1".to_owned())
    }

    /// Gives a GitHub App that was just made, and its key, for the code that came back with the browser; once.
    /// `None` if it cannot be a code.
    pub(crate) fn app_of_code(code: &Token) -> Option<Self> {
        let code = std::str::from_utf8(code.expose()).ok()?;
        let fits = (1..=256).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        fits.then(|| Self(format!("/app-manifests/{code}/conversions")))
    }

    /// Begins a login by a code ([`Api::login`]).
    pub(crate) fn device_code() -> Self {
        Self("/login/device/code".to_owned())
    }

    /// Asks for the tokens of a login, or for the next ones ([`Api::login`]).
    pub(crate) fn access_token() -> Self {
        Self("/login/oauth/access_token".to_owned())
    }

    /// Asks for an organisation's fine-grained tokens, those that wait or those that have access; or decides.
    pub(crate) fn org_tokens(org: &Owner, waiting: bool, fields: &[(&str, &[u8])]) -> Self {
        let query = String::from_utf8_lossy(&form(fields)).into_owned();
        let mark = if query.is_empty() { "" } else { "?" };
        Self(format!("/orgs/{org}/{}{mark}{query}", tokens_folder(waiting)))
    }

    /// Asks which repositories one of them is for, a page at a time.
    pub(crate) fn org_token_repositories(org: &Owner, waiting: bool, id: u64, page: usize) -> Self {
        Self(format!("/orgs/{org}/{}/{id}/repositories?per_page=100&page={page}", tokens_folder(waiting)))
    }

    /// Asks for a repository's files: the call that needs "Contents: read". `None` as above.
    pub(crate) fn contents(owner: &Owner, repo: &str) -> Option<Self> {
        Self::repository(owner, repo).map(|path| Self(path.0 + "/contents"))
    }

    /// Asks whether there is such an owner.
    pub(crate) fn owner(owner: &Owner) -> Self {
        Self(format!("/users/{owner}"))
    }

    /// Asks what serves the host, and for its version.
    pub(crate) fn meta() -> Self {
        Self("/meta".to_owned())
    }
}

fn tokens_folder(waiting: bool) -> &'static str {
    if waiting { "personal-access-token-requests" } else { "personal-access-tokens" }
}

/// Tells whether a byte needs no percent sign in a form or a query (RFC 3986, section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~')
}

/// Writes the fields of a form or of a query. They may be secrets.
pub(crate) fn form(fields: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
    // Three bytes for one at most: what is made large enough once leaves no copies behind.
    let room = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    for (name, value) in fields {
        if !text.is_empty() {
            text.push(b'&');
        }
        for (part, end) in [(name.as_bytes(), &b"="[..]), (*value, b"")] {
            for byte in part {
                match byte {
                    byte if is_unreserved(*byte) => text.push(*byte),
                    byte => text.extend_from_slice(format!("%{byte:02X}").as_bytes()),
                }
            }
            text.extend_from_slice(end);
        }
    }
    text
}

/// What an owner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerKind {
    /// An organisation.
    Organization,
    /// A person.
    User,
}

/// One call: who is asked for what, by whom.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    api: &'a Api,
    path: &'a ApiPath,
    token: Option<&'a Token>,
    method: Method,
    body: Body<'a>,
    most: usize,
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
    Delete,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    None,
    Json(&'a [u8]),
    Form(&'a [u8]),
}

impl<'a> Call<'a> {
    /// Asks for something.
    pub(crate) fn get(api: &'a Api, path: &'a ApiPath) -> Self {
        Self { api, path, token: None, method: Method::Get, body: Body::None, most: MAX_BODY }
    }

    /// Has something done; as it is, without a body.
    pub(crate) fn post(api: &'a Api, path: &'a ApiPath) -> Self {
        Self { method: Method::Post, ..Self::get(api, path) }
    }

    /// As the one who has this token.
    pub(crate) fn by(self, token: &'a Token) -> Self {
        Self { token: Some(token), ..self }
    }

    /// With JSON.
    pub(crate) fn json(self, body: &'a [u8]) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    /// With the fields of a [`form`].
    pub(crate) fn form(self, body: &'a [u8]) -> Self {
        Self { body: Body::Form(body), ..self }
    }

    /// Reads so many bytes of the answer's body at most, instead of [`MAX_BODY`].
    pub(crate) fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// How requests are made; the caller has read git's settings and the environment.
#[derive(Debug, Clone)]
pub(crate) struct ClientConfig {
    /// The proxy for the host that will be asked, from [`proxy_from`].
    pub proxy: Option<ProxyUrl>,
    /// The believed authorities.
    pub authorities: Authorities,
    /// The bound of one call.
    pub timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self { proxy: None, authorities: Authorities::default(), timeout: TIMEOUT }
    }
}

/// Asks GitHub. Connections are kept between the calls of one client; it may be shared by threads.
pub(crate) struct Client {
    agent: Agent,
    timeout: Duration,
    through_proxy: bool,
    /// Whether a proxy is told addresses alone, so that the server's name is looked up on this side.
    resolves_here: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("through_proxy", &self.through_proxy).finish_non_exhaustive()
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallResult {
    /// Somebody answered; not necessarily GitHub.
    Answered(Response),
    /// There was no whole answer.
    Failed(NoResponse),
}

/// An answer, as it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, values with what is not UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// The body, or its first [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
    /// The body went on after that.
    pub cut: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Debug for Response {
    /// Leaves out what the other side wrote: it could give back what it was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} headers, {} bytes)", self.status, self.headers.len(), self.body.len())
    }
}

/// Why there was no answer. Holds no text of the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoResponse {
    /// Which part failed.
    pub kind: FailureKind,
    /// What happened, for people.
    pub detail: String,
    /// How long it took.
    pub elapsed: Duration,
}

/// The part that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The name has no address.
    Dns,
    /// No connection, or it was cut.
    Connect,
    /// No whole answer in time.
    Timeout,
    /// The certificate, or the TLS connection.
    Tls,
    /// The proxy: not there, or it refused.
    Proxy,
    /// The setting that names the proxy cannot be used; nothing was sent.
    BadProxySetting,
    /// The setting that names the authorities gives none; nothing was sent.
    BadAuthorities,
    /// What came is not an HTTP answer, or an incomplete one.
    Malformed,
    /// Anything else; nothing was sent.
    Other,
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<BadProxy> for NoResponse {
    fn from(bad: BadProxy) -> Self {
        Self::new(FailureKind::BadProxySetting, bad.to_string())
    }
}

impl From<BadAuthorities> for NoResponse {
    fn from(bad: BadAuthorities) -> Self {
        Self::new(FailureKind::BadAuthorities, bad.to_string())
    }
}

impl Response {
    /// Gives the first header of that name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Client {
    /// Makes a client. Reads the authorities' files, sends nothing.
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, NoResponse> {
        let proxy = match &config.proxy {
            Some(proxy) => Some(proxy.to_ureq().map_err(|_| {
                NoResponse::new(FailureKind::BadProxySetting, format!("the proxy {proxy} cannot be used"))
            })?),
            None => None,
        };
        let through_proxy = proxy.is_some();
        let named = config.authorities.load()?;
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent_config = Agent::config_builder()
            // Also keeps the library from reading the environment for one.
            .proxy(proxy)
            .tls_config(tls)
            .https_only(true)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .max_response_header_size(MAX_HEADER)
            .timeout_global(Some(config.timeout))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .build();
        let agent = match named {
            None => agent_config.new_agent(),
            Some(named) => {
                let connector = tls::connector(&named).map_err(|error| {
                    NoResponse::new(FailureKind::BadAuthorities, format!("the certificates: {error}"))
                })?;
                Agent::with_parts(agent_config, connector, DefaultResolver::default())
            }
        };
        let resolves_here = config.proxy.as_ref().is_none_or(ProxyUrl::wants_addresses);
        Ok(Self { agent, timeout: config.timeout, through_proxy, resolves_here })
    }

    /// Asks, within the client's bound.
    pub(crate) fn get(&self, api: &Api, path: &ApiPath, token: Option<&Token>) -> CallResult {
        self.get_within(self.timeout, api, path, token)
    }

    /// Asks, within a bound of its own: what is left of a longer work.
    pub(crate) fn get_within(
        &self,
        bound: Duration,
        api: &Api,
        path: &ApiPath,
        token: Option<&Token>,
    ) -> CallResult {
        let call = Call { token, ..Call::get(api, path) };
        self.call_within(bound, &call)
    }

    /// Makes a call, within the client's bound.
    pub(crate) fn call(&self, call: &Call<'_>) -> CallResult {
        self.call_within(self.timeout, call)
    }

    fn call_within(&self, bound: Duration, call: &Call<'_>) -> CallResult {
        let start = Instant::now();
        match self.asked(bound.min(self.timeout), call) {
            Ok(answer) => CallResult::Answered(Response { elapsed: start.elapsed(), ..answer }),
            Err(failure) => CallResult::Failed(NoResponse { elapsed: start.elapsed(), ..failure }),
        }
    }

    fn asked(&self, bound: Duration, call: &Call<'_>) -> Result<Response, NoResponse> {
        if bound.is_zero() {
            return Err(NoResponse::new(FailureKind::Timeout, "no time was left to ask"));
        }
        // The library looks up names in a thread, and panics if there is none to be had.
        let spare = std::thread::Builder::new().stack_size(16 * 1024).spawn(|| ());
        spare.map_err(|_| NoResponse::new(FailureKind::Other, "no thread can be started"))?.join().ok();

        let Call { api, path, token, method, body, most } = *call;
        let mut request = ureq::http::Request::builder().uri(format!("{}{}", api.base, path.0));
        if let Some(token) = token {
            request = request.header("authorization", authorization(token)?);
        }
        // The pages where programs log in answer in a form's own way unless asked for JSON.
        let accept =
            if matches!(body, Body::Form(_)) { "application/json" } else { "application/vnd.github+json" };
        request = request.header("accept", accept).header("x-github-api-version", API_VERSION);
        let mut response = match (method, body) {
            (Method::Get, _) => self.sent(bound, request.method("GET").body(())),
            (Method::Delete, _) => self.sent(bound, request.method("DELETE").body(())),
            (Method::Post, Body::None) => self.sent(bound, request.method("POST").body(&[][..])),
            (Method::Post, Body::Json(bytes)) => self
                .sent(bound, request.method("POST").header("content-type", "application/json").body(bytes)),
            (Method::Post, Body::Form(bytes)) => {
                let form = "application/x-www-form-urlencoded";
                self.sent(bound, request.method("POST").header("content-type", form).body(bytes))
            }
        }?;

        let status = response.status().as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        // None was asked for, and none can be read here.
        if response.headers().contains_key("content-encoding") {
            return Err(NoResponse::new(FailureKind::Malformed, "the answer came compressed, unasked"));
        }
        let mut body = Vec::new();
        let mut reader = response.body_mut().as_reader().take(most as u64 + 1);
        // An answer without its end is none: a verdict must not rest on half a sentence.
        reader.read_to_end(&mut body).map_err(|error| self.failure(&ureq::Error::from(error)))?;
        let cut = body.len() > most;
        body.truncate(most);
        Ok(Response { status, headers, body, cut, elapsed: Duration::ZERO })
    }

    fn sent<B: ureq::AsSendBody>(
        &self,
        bound: Duration,
        request: Result<ureq::http::Request<B>, ureq::http::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>, NoResponse> {
        let request =
            request.map_err(|_| NoResponse::new(FailureKind::Other, "the request could not be made"))?;
        // Only where it must be: a request with settings of its own has the library read the authorities again.
        let response = match bound < self.timeout {
            true => {
                let request = self.agent.configure_request(request).timeout_global(Some(bound)).build();
                self.agent.run(request)
            }
            false => self.agent.run(request),
        };
        response.map_err(|error| self.failure(&error))
    }

    /// Says which part failed. Texts are ours: the library's may hold what the other side sent.
    fn failure(&self, error: &ureq::Error) -> NoResponse {
        use FailureKind::{Connect, Malformed, Other, Proxy, Tls};
        let connection = if self.through_proxy { Proxy } else { Connect };
        let (kind, detail) = match error {
            ureq::Error::Timeout(which) => (FailureKind::Timeout, Self::timeout_detail(*which)),
            ureq::Error::HostNotFound => self.dns_failure(),
            ureq::Error::Io(error) if tls_error(error).is_some() => (Tls, tls_detail(tls_error(error))),
            ureq::Error::Rustls(error) => (Tls, tls_detail(Some(error))),
            ureq::Error::Tls(_) | ureq::Error::TlsRequired | ureq::Error::Pem(_) => (Tls, tls_detail(None)),
            ureq::Error::Io(error) if is_name_error(error) => self.dns_failure(),
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => (Connect, "the connection was cut".to_owned()),
                io::ErrorKind::ConnectionRefused => (connection, self.place("refuses connections")),
                io::ErrorKind::TimedOut => (FailureKind::Timeout, Self::timeout_detail(Timeout::Connect)),
                // The system's words: of an error number, never of the other side.
                _ if error.raw_os_error().is_some() => (connection, self.place(&format!("failed: {error}"))),
                _ if self.through_proxy => (Proxy, self.place("did not connect us")),
                _ => (Connect, self.place("failed")),
            },
            ureq::Error::ConnectionFailed => (connection, self.place("refuses connections")),
            ureq::Error::ConnectProxyFailed(reason) => {
                let status: String = reason.chars().filter(char::is_ascii_digit).take(3).collect();
                (
                    Proxy,
                    match status.as_str() {
                        "407" => "the proxy wants a user name and password (407)".to_owned(),
                        "" => "the proxy did not answer".to_owned(),
                        status => format!("the proxy refused to connect us ({status})"),
                    },
                )
            }
            ureq::Error::InvalidProxyUrl => {
                (FailureKind::BadProxySetting, "the proxy cannot be used".to_owned())
            }
            ureq::Error::LargeResponseHeader(..) => {
                (Malformed, "the answer's header is larger than 64 KiB".to_owned())
            }
            ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::BodyStalled => {
                (Malformed, "what came is not a whole HTTP answer".to_owned())
            }
            _ => (Other, "the request could not be made".to_owned()),
        };
        NoResponse::new(kind, detail)
    }

    fn place(&self, what: &str) -> String {
        format!("the {} {what}", if self.through_proxy { "proxy" } else { "server" })
    }

    fn dns_failure(&self) -> (FailureKind, String) {
        if self.through_proxy && self.resolves_here {
            let detail = "a name has no address here: the proxy's, or the server's, which socks4 and socks5 look \
                          up on this side (socks4a and socks5h leave that to the proxy)";
            (FailureKind::Dns, detail.to_owned())
        } else if self.through_proxy {
            (FailureKind::Proxy, "the proxy's name has no address".to_owned())
        } else {
            (FailureKind::Dns, "the name has no address (DNS)".to_owned())
        }
    }

    fn timeout_detail(which: Timeout) -> String {
        match which {
            Timeout::Resolve => "the name's address did not come in time (DNS)".to_owned(),
            Timeout::Connect => "no connection in time".to_owned(),
            _ => "no whole answer in time".to_owned(),
        }
    }
}

impl NoResponse {
    fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), elapsed: Duration::ZERO }
    }
}

/// Builds the one header that holds the secret.
fn authorization(token: &Token) -> Result<HeaderValue, NoResponse> {
    let line = Zeroizing::new([b"Bearer ", token.expose()].concat());
    let mut value = HeaderValue::from_bytes(&line).map_err(|_| {
        NoResponse::new(FailureKind::Other, "the secret cannot be sent: it has control characters")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Finds the TLS library's error inside one of the system's.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| inner.source()?.downcast_ref())
}

fn tls_detail(error: Option<&rustls::Error>) -> String {
    use rustls::CertificateError as Bad;
    let fact = match error {
        Some(rustls::Error::InvalidCertificate(bad)) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet (is the clock right?)",
            // A bad signature: an authority of that name is believed, but it is another one.
            Bad::UnknownIssuer | Bad::BadSignature => "comes from an issuer that is not believed here",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is for another name",
            Bad::Revoked => "has been revoked",
            _ => "is not valid",
        },
        // Says so when the system has no authorities at all.
        Some(rustls::Error::General(_)) => return "no certificate authorities were found".to_owned(),
        _ => return "no TLS connection could be made".to_owned(),
    };
    format!("the server's certificate {fact}")
}

/// Tells whether the system could not find a name's address. It has no error kind of its own for that.
fn is_name_error(error: &io::Error) -> bool {
    const WINDOWS_NAME_ERRORS: std::ops::RangeInclusive<i32> = 11001..=11004;
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && WINDOWS_NAME_ERRORS.contains(&code),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}
