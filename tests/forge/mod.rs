//! The forge: a GitHub for tests, on this machine.
//!
//! A forward proxy on a port of localhost that plays github.com, api.github.com, gist.github.com,
//! the subdomains of ghe.com and whatever hosts a policy adds, and refuses every other one. What
//! it answers follows from a `Policy`, plain data that may be changed while it runs; git requests
//! go to the real `git http-backend` over real bare repositories. So real git and the product are
//! tested against real URLs with nothing in them that knows of a test. Each request is logged.
//!
//! It uses nothing outside this folder, so that an example may take it in by path.

#![allow(dead_code, reason = "tests and the tour each use a part of it")]

mod apps;
mod cgi;
mod decide;
mod find;
mod git;
mod http;
mod lfs;
mod log;
mod make;
mod pages;
mod policy;
mod repos;
mod rest;
mod site;
mod texts;
mod tokens;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tempfile::TempDir;

#[allow(unused_imports, reason = "tests and the tour each use a part of it")]
pub(crate) use self::{
    apps::{App, Apps, Device, Installation, Key, MadeByForm, another_key, grants, key},
    http::Reply,
    log::{Entry, EntryKind, GitAsk},
    make::days,
    policy::{
        Access, Block, By, GITHUB, Host, HostKind, On, Owner, OwnerKind, PendingAnswer, Permission, Policy,
        Repository, Role, Rule, Selection, SelfSigned, State, Then, Tls, Token, Visibility,
    },
    tokens::{TokenKind, fingerprint, make_old_token, make_stateless_installation_token, make_token},
};

/// A running forge; dropping it ends its threads and removes its files.
pub(crate) struct Forge {
    // The order is that of the ending: first the threads, then the files they use.
    server: wire::Server,
    shared: Arc<Shared>,
    folder: TempDir,
}

/// What the threads of a forge share.
pub(crate) struct Shared {
    policy: Mutex<Policy>,
    entries: Mutex<Vec<Entry>>,
    /// When the request of each entry came.
    came: Mutex<Vec<Instant>>,
    running: cgi::Running,
    repositories: PathBuf,
    stop: wire::Stop,
    /// What lets a request for a large file in.
    ticket: String,
}

/// Replaces the secrets of a forge by their labels, in whatever is to be printed.
#[derive(Clone)]
pub(crate) struct Redactor(Arc<Shared>);

/// Running
impl Forge {
    /// Starts a forge that obeys this policy, on a free port.
    pub(crate) fn start(policy: Policy) -> Self {
        let folder =
            tempfile::Builder::new().prefix("forge-").tempdir().expect("a temporary folder can be made");
        let repositories = folder.path().join("repositories");
        fs::create_dir(&repositories).expect("the folder is ours");
        fs::write(folder.path().join("ca.pem"), &wire::authority().pem).expect("the folder is ours");
        let shared = Arc::new(Shared {
            policy: Mutex::new(Policy::new()),
            entries: Mutex::default(),
            came: Mutex::default(),
            running: cgi::Running::default(),
            repositories,
            stop: wire::Stop::default(),
            ticket: tokens::random(20),
        });
        let server = wire::Server::start(Arc::clone(&shared)).expect("localhost has a free port");
        let forge = Self { server, shared, folder };
        forge.policy(|current| *current = policy);
        forge
    }

    /// Changes the policy, or reads it; the next request is decided by the new one.
    pub(crate) fn policy<T>(&self, change: impl FnOnce(&mut Policy) -> T) -> T {
        let mut policy = self.shared.policy();
        let result = change(&mut policy);
        let problems = policy.problems();
        assert!(problems.is_empty(), "the policy is wrong: {problems:?}");
        result
    }
}

/// Where it is
impl Forge {
    /// The proxy to give to git: `http://127.0.0.1:PORT`.
    pub(crate) fn proxy_url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The pages, for a browser that knows no proxy: `http://127.0.0.1:PORT/@github.com`.
    pub(crate) fn local_url(&self) -> String {
        format!("http://{}/@{GITHUB}", self.server.address)
    }

    /// The certificate to trust, as a PEM file.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The certificate that a host has signed for itself ([`Tls::BySelf`]), as PEM.
    pub(crate) fn certificate_by_self(host: &str, says: SelfSigned) -> String {
        wire::by_self(host, says).expect("keys can be made").pem
    }

    /// The folder of everything it writes.
    pub(crate) fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The bare repository on disk of `owner/name` (on other hosts `host/owner/name`).
    pub(crate) fn repository_dir(&self, name: &str) -> PathBuf {
        let mut policy = self.shared.policy();
        repos::settle(&self.shared.repositories, policy.repository_mut(name)).expect("the folder is ours")
    }
}

/// Secrets
impl Forge {
    /// The secret of the token with that label.
    pub(crate) fn secret(&self, label: &str) -> String {
        self.shared.policy().token_mut(label).secret.clone()
    }

    /// The secrets of all tokens.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let policy = self.shared.policy();
        policy.tokens.iter().map(|it| it.secret.clone()).collect()
    }

    /// A handle that hides the secrets, also those made later.
    pub(crate) fn redactor(&self) -> Redactor {
        Redactor(Arc::clone(&self.shared))
    }
}

/// What happened
impl Forge {
    /// Every request so far, in the order of the answers.
    pub(crate) fn log(&self) -> Vec<Entry> {
        wire::lock(&self.shared.entries).clone()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear_log(&self) {
        wire::lock(&self.shared.entries).clear();
        wire::lock(&self.shared.came).clear();
    }

    /// When each request came, in their order.
    pub(crate) fn came(&self) -> Vec<Instant> {
        wire::lock(&self.shared.came).clone()
    }

    /// The git requests that carried a credential: host, owner, repository, access, token label.
    pub(crate) fn git_log(&self) -> Vec<GitAsk> {
        log::authenticated_git(&self.log())
    }

    /// Like `git_log`, only the first request of each operation (`info/refs`).
    pub(crate) fn git_asks(&self) -> Vec<GitAsk> {
        let mut entries = self.log();
        entries.retain(log::is_discovery);
        log::authenticated_git(&entries)
    }

    /// The git requests that carried no credential.
    pub(crate) fn anonymous_git_log(&self) -> Vec<Entry> {
        let mut entries = self.log();
        entries.retain(|entry| entry.kind == EntryKind::Git && entry.token.is_none());
        entries
    }

    /// The calls of the REST API.
    pub(crate) fn rest_log(&self) -> Vec<Entry> {
        let mut entries = self.log();
        entries.retain(|entry| entry.kind == EntryKind::Rest);
        entries
    }

    /// The tunnels that were refused, by host.
    pub(crate) fn refused_tunnels(&self) -> Vec<String> {
        let mut entries = self.log();
        entries.retain(|entry| entry.kind == EntryKind::Connect);
        entries.into_iter().map(|entry| entry.host).collect()
    }
}

impl Shared {
    fn policy(&self) -> MutexGuard<'_, Policy> {
        wire::lock(&self.policy)
    }

    fn record(&self, entry: Entry) {
        wire::lock(&self.came).push(Instant::now());
        wire::lock(&self.entries).push(entry);
    }
}

impl Redactor {
    /// The text with a label in place of each secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        let policy = self.0.policy();
        let tokens = policy.tokens.iter().map(|token| (&token.secret, &token.label));
        let refreshes = policy.apps.refreshes.iter().map(|(secret, label)| (secret, label));
        tokens.chain(refreshes).fold(text.to_owned(), |text, (secret, label)| {
            text.replace(secret, &format!("<secret of {label}>"))
        })
    }
}
