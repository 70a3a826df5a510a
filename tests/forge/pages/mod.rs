//! The pages for people, as real HTML forms: what the product opens in a browser can be done here.
//!
//! Reached through the tunnel under their own addresses, and without a proxy below `/@HOST`.
//! There is no login: the browser is the first user's of the host, who may also do what owners
//! of the organisations do.

pub(crate) mod html;
mod orgs;
mod own;

use jiff::Timestamp;

use super::Shared;
use super::apps;
use super::decide::{Door, Site};
use super::http::{Reply, Request};
use super::log::{Entry, EntryKind};
use super::policy::{GITHUB, HostKind, OwnerKind, Policy};
use super::site;

/// Who looks at which page of which host.
pub(crate) struct View<'a> {
    /// The site.
    pub(crate) site: &'a Site,
    /// What stands before every path: empty, or `/@HOST`.
    pub(crate) base: &'a str,
    /// The user whose browser it is.
    pub(crate) viewer: String,
    /// The fields of the query, or of the form that was sent.
    pub(crate) fields: Vec<(String, String)>,
    /// Now.
    pub(crate) now: Timestamp,
}

impl View<'_> {
    /// The first value of a field, if it was filled in.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let fields = self.fields.iter().filter(|(key, _)| key == name);
        fields.map(|(_, value)| value.clone()).collect()
    }

    /// A page of this host.
    pub(crate) fn page(&self, status: u16, title: &str, body: &str) -> Reply {
        let whole = html::page(&self.site.name, self.base, &self.viewer, title, body);
        // A browser that goes back must not find yesterday's state.
        Reply::html(status, &whole).with("Cache-Control", "no-store")
    }

    /// Another page, after a form was sent.
    pub(crate) fn go(&self, path: &str) -> Reply {
        Reply::redirect(303, &format!("{}{path}", self.base))
    }

    /// What is shown where nothing is.
    pub(crate) fn nothing(&self) -> Reply {
        let body = html::lead("The forge has no such page.");
        self.page(404, "Not found", &body)
    }
}

/// Answers a page of a site; `base` stands before every path in it.
pub(crate) fn answer(shared: &Shared, site: &Site, base: &str, path: &str, request: &Request) -> Reply {
    if site.kind == HostKind::Plain || site.door == Door::Gist {
        return Reply::html(404, "<!doctype html><title>Not found</title>Not found\n");
    }
    let mut policy = shared.policy();
    if let Some(reply) = apps::login(&mut policy, &site.name, path, request) {
        return reply;
    }
    let post = request.method == "POST";
    let sent = String::from_utf8_lossy(&request.body).into_owned();
    let view = View {
        site,
        base,
        viewer: viewer(&policy, &site.name),
        fields: site::form(&if post {
            format!("{sent}&{}", request.query())
        } else {
            request.query().to_owned()
        }),
        now: Timestamp::now(),
    };
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(site::decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => index(&view, &policy),
        ["settings", "apps", rest @ ..] => {
            let owner = view.viewer.clone();
            apps::manifest_pages(&mut policy, &view, &owner, rest, post)
        }
        ["organizations", org, "settings", "apps", rest @ ..] => {
            apps::manifest_pages(&mut policy, &view, org, rest, post)
        }
        ["apps", rest @ ..] if site.kind != HostKind::Ghes => {
            apps::install_page(&mut policy, &view, rest, post)
        }
        ["github-apps", rest @ ..] if site.kind == HostKind::Ghes => {
            apps::install_page(&mut policy, &view, rest, post)
        }
        ["settings", rest @ ..] => own::answer(&mut policy, &view, rest, post),
        ["orgs", org, "sso"] => orgs::sso(&mut policy, &view, org, post),
        ["organizations", org, "settings", rest @ ..] => orgs::settings(&mut policy, &view, org, rest, post),
        _ => view.nothing(),
    }
}

/// Answers a browser that came without a proxy: `/@HOST/...`, without a host github.com.
pub(crate) fn local(shared: &Shared, request: &Request) -> Reply {
    let path = request.path();
    let (host, rest) = match path.strip_prefix("/@") {
        Some(named) => named.split_once('/').unwrap_or((named, "")),
        None => (GITHUB, path.trim_start_matches('/')),
    };
    let found = shared.policy().site(host);
    let base = format!("/@{host}");
    let reply = match &found {
        None => Reply::html(404, "<!doctype html><title>Not found</title>No such host\n"),
        // What git and programs ask for is served in the tunnel only.
        Some(site) if site.door == Door::Api => {
            Reply::html(404, "<!doctype html><title>Not found</title>Only pages are here\n")
        }
        Some(site) => answer(shared, site, &base, &format!("/{rest}"), request),
    };
    shared.record(Entry { kind: EntryKind::Page, ..site::entry(shared, host, request, reply.status) });
    reply
}

/// Whose browser it is: the first user's of that host.
fn viewer(policy: &Policy, host: &str) -> String {
    policy
        .owners
        .iter()
        .find(|owner| owner.host == host && owner.kind == OwnerKind::User)
        .map_or_else(|| "nobody".to_owned(), |owner| owner.login.clone())
}

fn index(view: &View<'_>, policy: &Policy) -> Reply {
    let mut body = html::lead("What can be done here, and by whom.");
    let base = view.base;
    for owner in policy.owners.iter().filter(|it| it.host == view.site.name) {
        let name = html::escape(&owner.login);
        let links = match owner.kind {
            OwnerKind::User => "a user".to_owned(),
            OwnerKind::Organization => format!(
                "an organisation: \
                 <a href=\"{base}/organizations/{name}/settings/personal-access-token-requests\">pending requests</a>, \
                 <a href=\"{base}/organizations/{name}/settings/personal-access-tokens\">token policy</a>, \
                 <a href=\"{base}/orgs/{name}/sso\">single sign-on</a>"
            ),
        };
        let repositories: Vec<String> = policy
            .repositories
            .iter()
            .filter(|repo| repo.host == view.site.name)
            .filter(|repo| repo.owner.eq_ignore_ascii_case(&owner.login))
            .map(|repo| html::escape(&repo.name))
            .collect();
        body.push_str(&format!(
            "<section class=\"card\"><h2>{name}</h2><p class=\"facts\">{links}</p>\
             <p class=\"facts\">repositories: {}</p></section>\n",
            match repositories.is_empty() {
                true => "none".to_owned(),
                false => repositories.join(", "),
            }
        ));
    }
    view.page(200, "The forge", &body)
}
