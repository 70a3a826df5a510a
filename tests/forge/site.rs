//! One request at one host: what it is, what the policy says, what is answered and logged.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::Shared;
use super::decide::{Credential, Decision, Door, Question, Site};
use super::git::{self, Below};
use super::http::{Reply, Request};
use super::log::{Entry, EntryKind};
use super::policy::{Access, HostKind, Policy, Then, Token};
use super::texts::Scene;
use super::{pages, rest, tokens};

/// A reply, and how it is to be delivered.
pub(crate) struct Delivery {
    /// What is sent.
    pub(crate) reply: Reply,
    /// How long to wait before.
    pub(crate) delay: Duration,
    /// Whether only half of the body is sent.
    pub(crate) truncate: bool,
    /// Whether nothing is sent and the connection closed.
    pub(crate) close: bool,
    /// The pause between small pieces.
    pub(crate) slow: Option<Duration>,
}

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Git, below a repository.
    Git(Below),
    /// A call of the API, without `/api/v3`.
    Rest(String),
    /// A page.
    Page,
}

/// Answers a request that came through the tunnel to `host`.
pub(crate) fn answer(shared: &Shared, host: &str, request: &Request) -> Delivery {
    let policy = shared.policy();
    let Some(site) = policy.site(host) else {
        // The policy was changed while the tunnel stood.
        return Delivery::of(Reply::text(404, "no such host any more\n"));
    };
    drop(policy);
    match route(&site, request.path()) {
        Route::Git(below) => git::answer(shared, host, &site, &below, request),
        Route::Rest(path) => api(shared, host, &site, &path, request),
        Route::Page => {
            let reply = pages::answer(shared, &site, "", request.path(), request);
            let entry = Entry { kind: EntryKind::Page, ..entry(shared, host, request, reply.status) };
            shared.record(entry);
            Delivery::of(dressed(&site, reply))
        }
    }
}

/// Tells git, REST and pages apart.
pub(crate) fn route(site: &Site, path: &str) -> Route {
    match (site.kind, site.door) {
        (_, Door::Api) => return Route::Rest(path.to_owned()),
        (HostKind::Ghes, _) => {
            if let Some(rest) = path.strip_prefix("/api/v3") {
                return Route::Rest(rest.to_owned());
            }
        }
        _ => {}
    }
    // Longest first, where one ends like another.
    const TAILS: [&str; 5] =
        ["/info/refs", "/info/lfs", "/git-upload-pack", "/git-receive-pack", "/objects/"];
    let cut = TAILS
        .iter()
        .filter_map(|tail| path.find(tail))
        .min()
        .or_else(|| path.ends_with(".git/HEAD").then(|| path.len() - 5));
    let Some(cut) = cut else {
        return Route::Page;
    };
    let (repository, rest) = path.split_at(cut);
    let repository = repository.strip_suffix(".git").unwrap_or(repository);
    let names = decode(repository.trim_start_matches('/'));
    let (owner, repo) = names.rsplit_once('/').unwrap_or(("", &names));
    Route::Git(Below { owner: owner.to_owned(), repo: repo.to_owned(), rest: rest.to_owned() })
}

/// The user name and secret a client sent.
pub(crate) fn credential(request: &Request) -> Option<Credential> {
    let value = request.header("Authorization")?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(rest.trim()).ok()?;
        let text = String::from_utf8_lossy(&decoded).into_owned();
        let (username, secret) = match text.split_once(':')? {
            // The old way: the token is the user name.
            (token, second @ "x-oauth-basic") => (second, token),
            pair => pair,
        };
        return Some(Credential { username: username.to_owned(), secret: secret.to_owned(), bearer: false });
    }
    ["bearer", "token"].iter().any(|it| scheme.eq_ignore_ascii_case(it)).then(|| Credential {
        username: String::new(),
        secret: rest.trim().to_owned(),
        bearer: true,
    })
}

/// An entry with what every request has.
pub(crate) fn entry(shared: &Shared, host: &str, request: &Request, status: u16) -> Entry {
    let sent = credential(request);
    let token = sent.as_ref().map(|sent| {
        let policy = shared.policy();
        label(&policy, &sent.secret).unwrap_or_else(|| match sent.secret.as_str() {
            "" => "unknown:empty".to_owned(),
            secret => format!("unknown:{}", tokens::fingerprint(secret)),
        })
    });
    Entry {
        kind: EntryKind::Page,
        host: host.to_owned(),
        method: request.method.clone(),
        path: request.target.clone(),
        owner: String::new(),
        repo: String::new(),
        access: Access::Other,
        token,
        username: sent.map(|sent| sent.username).filter(|username| !username.is_empty()),
        agent: request.header("User-Agent").unwrap_or_default().to_owned(),
        status,
    }
}

fn label(policy: &Policy, secret: &str) -> Option<String> {
    policy.token_of(secret).map(|token| token.label.clone())
}

fn api(shared: &Shared, host: &str, site: &Site, path: &str, request: &Request) -> Delivery {
    let sent = credential(request);
    let (owner, repo) = rest::names(path);
    let question = Question {
        site,
        owner: &owner,
        repo: &repo,
        access: Access::Read,
        credential: sent.as_ref(),
        now: Timestamp::now(),
    };
    let mut policy = shared.policy();
    let fallen = apply_rules(&mut policy, &question, host, true);
    let reply = match fallen.then {
        Some(Then::Answer(reply)) => reply,
        Some(Then::Redirect(status, to)) => Reply::redirect(status, &format!("{to}{}", request.target)),
        _ => rest::answer(&mut policy, &question, path, request),
    };
    drop(policy);
    let delivery = fallen.spoil.deliver(dressed(site, reply));
    shared.record(Entry {
        kind: EntryKind::Rest,
        owner,
        repo,
        ..entry(shared, host, request, delivery.status())
    });
    delivery
}

/// What the rules say: an answer, if one of them has it, and what spoils the delivery.
pub(crate) struct Fallen {
    /// The answer.
    pub(crate) then: Option<Then>,
    /// The delivery.
    pub(crate) spoil: Spoil,
}

/// What spoils the delivery of a reply.
#[derive(Default)]
pub(crate) struct Spoil {
    delay: Duration,
    truncate: bool,
    close: bool,
    slow: Option<Duration>,
}

/// Asks the rules, and counts those that have a number of times.
pub(crate) fn apply_rules(policy: &mut Policy, question: &Question<'_>, host: &str, rest: bool) -> Fallen {
    let label = question.credential.and_then(|sent| label(policy, &sent.secret));
    let mut fallen = Fallen { then: None, spoil: Spoil::default() };
    for rule in &mut policy.rules {
        if !rule.fits(question, host, rest, label.as_deref()) {
            continue;
        }
        match &rule.then {
            Then::Allow | Then::Answer(_) | Then::Redirect(..) if fallen.then.is_some() => {
                continue;
            }
            Then::Allow | Then::Answer(_) | Then::Redirect(..) => {
                fallen.then = Some(rule.then.clone());
            }
            Then::Delay(time) => fallen.spoil.delay += *time,
            Then::Truncate => fallen.spoil.truncate = true,
            Then::Close => fallen.spoil.close = true,
            Then::Slow(pause) => fallen.spoil.slow = Some(*pause),
        }
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
    }
    fallen
}

impl Spoil {
    /// A reply that is sent so.
    pub(crate) fn deliver(self, reply: Reply) -> Delivery {
        Delivery { reply, delay: self.delay, truncate: self.truncate, close: self.close, slow: self.slow }
    }
}

impl Delivery {
    /// A reply that is sent as it is.
    pub(crate) fn of(reply: Reply) -> Self {
        Spoil::default().deliver(reply)
    }

    /// The status the client gets to see.
    pub(crate) fn status(&self) -> u16 {
        if self.close { 0 } else { self.reply.status }
    }
}

/// What a refusal is about.
pub(crate) fn scene<'a>(
    policy: &'a Policy,
    site: &'a Site,
    owner: &'a str,
    repo: &'a str,
    verdict: &Decision<'a>,
) -> Scene<'a> {
    Scene {
        host: &site.name,
        kind: site.kind,
        owner: verdict.repository.map_or(owner, |repo| &repo.owner),
        repo: verdict.repository.map_or(repo, |repo| &repo.name),
        token: verdict.token.map(|token: &Token| token),
        challenge_hint: policy.challenge_hint.as_deref(),
    }
}

/// With the headers by which one knows a GitHub.
pub(crate) fn dressed(site: &Site, reply: Reply) -> Reply {
    if site.kind == HostKind::Plain || !reply.genuine {
        return reply;
    }
    reply.with("Server", "GitHub.com").with("X-GitHub-Request-Id", &tokens::request_id())
}

/// Percent-decoded text; what is no valid escape stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text
            .get(at + 1..at + 3)
            .filter(|digits| bytes[at] == b'%' && digits.bytes().all(|it| it.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The fields of a query or of a form.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let plain = |text: &str| decode(&text.replace('+', " "));
            (plain(name), plain(value))
        })
        .collect()
}
