//! Runs the requests, collects evidence, and asks `verdict` what it means. Used by `get`, `erase`, `add` and
//! `diagnose`.
//!
//! Git is the probe for what git is refused; our own REST calls, made only where git was refused or a person
//! asked, tell causes apart. Rules:
//! - **Bounded**: everything together ends at one deadline.
//! - **Few bad logins** (several lock a user out): where a person asked, git gets the credential only after
//!   `GET /user` has shown that the token is not refused as such, and the REST calls after a refusal are one
//!   first and the others side by side only if it was not 401.
//! - **Only the asked host's word counts**: git does not tell where it was led before it was refused. So it is
//!   asked to follow nobody, and follows only where the host leads elsewhere. A refusal met there is a
//!   stranger's, whatever it says, unless our own calls show that the host refuses the token, or that the
//!   repository has another name.
//! - Nothing that could not be asked is taken for a no.

mod means;
mod sees;

pub(crate) use means::{Means, client_for, client_to};
pub(crate) use sees::{Sees, owner_in_sight, sees};

use crate::denial::normal::{Normal, RepositoryName};
use crate::denial::recognise;
use crate::git::{InfoRefs, Probe, Probed, Way, is_remote_name};
use crate::github::{Api, ApiPath, CallResult, Client, FailureKind, Response};
use crate::machine::Machine;
use crate::remote::{Direction, Host, Remote, Server};
use crate::search_path::find_in_path;
use crate::ssh::{self, SshKey};
use crate::token::{Token, TokenKind};
use crate::verdict::{
    Evidence, HelperReach, HostKind, NoReply, Observed, ServerReply, TokenEvidence, Verdict, conclude,
    only_ssh_is_left,
};
use crate::verdict_id::VerdictId;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What is to be found out.
pub(crate) struct Subject<'a> {
    /// The repository.
    pub(crate) remote: &'a Remote,
    /// What serves its host.
    pub(crate) server: Server,
    /// What git is to do there.
    pub(crate) direction: Direction,
    /// The user name git would be given.
    pub(crate) username: &'a [u8],
    /// The secret git would be given.
    pub(crate) secret: &'a Token,
    /// Whether the host has asked git for one, so that it may be sent at once.
    pub(crate) is_challenged: bool,
    /// What is known of its account.
    pub(crate) account: TokenEvidence,
    /// The login that the URL asks for, if it is a known one.
    pub(crate) asked_login: Option<String>,
    /// Whether git asks us for this URL.
    pub(crate) helper: HelperReach,
    /// The time in seconds since 1970.
    pub(crate) now: i64,
}

/// What was found out.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// What it means.
    pub(crate) verdict: Verdict,
    /// What was observed.
    pub(crate) evidence: Evidence,
    /// The services that git was given the credential for and answered.
    pub(crate) sent: Sent,
    /// How many requests were made, git's among them.
    pub(crate) requests: usize,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Whether git was led elsewhere, so that a refusal may be somebody else's.
    was_led: bool,
}

impl Inspection {
    /// Gives what the asked service answered.
    pub(crate) fn answer(&self) -> &Observed {
        match self.evidence.direction {
            Direction::Fetch => &self.evidence.fetch,
            Direction::Push => &self.evidence.push,
        }
    }

    /// Tells whether a refusal may be somebody else's, to whom git was led.
    pub(crate) fn may_be_anothers(&self) -> bool {
        self.was_led
    }

    /// Tells whether [`explain`] would ask for more: there is a refusal that does not name its cause, or that may
    /// be somebody else's.
    pub(crate) fn leaves_questions(&self) -> bool {
        self.answer().status() == Some(401) || self.was_led || needs_causes(self.answer())
    }
}

/// For which services git sent the credential: what everybody may read is given without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// `git-upload-pack`.
    pub(crate) fetch: bool,
    /// `git-receive-pack`.
    pub(crate) push: bool,
    /// Whether `git-upload-pack` named no ref at all.
    fetch_is_empty: bool,
}

/// Asks what git is about to ask, and nothing else: git waits.
pub(crate) fn glance(means: &Means<'_>, subject: &Subject<'_>, bound: Duration) -> Inspection {
    let start = Instant::now();
    let work = Work::new(means, subject, bound);
    let mut evidence = evidence_before(subject);
    let (requests, was_led) = work.glance(&mut evidence);
    Inspection { was_led, ..work.concluded(evidence, requests, start) }
}

/// Finds out why a [`glance`] was refused, as far as that is not said.
pub(crate) fn explain(
    means: &Means<'_>,
    subject: &Subject<'_>,
    found: Inspection,
    bound: Duration,
) -> Inspection {
    if subject.server != Server::GitHub || !found.leaves_questions() {
        return found;
    }
    let start = Instant::now();
    let work = Work { sent: Mutex::new(found.sent), ..Work::new(means, subject, bound) };
    let Inspection { mut evidence, requests, elapsed, was_led, .. } = found;
    let more = work.explain(&mut evidence, was_led);
    let explained = work.concluded(evidence, requests + more, start);
    Inspection { elapsed: elapsed + explained.elapsed, ..explained }
}

/// Finds out what GitHub says to git with this credential, and why: a person asked. `user` is the answer to
/// `GET /user`, where that was asked with this credential a moment ago: a bad token is not sent once more.
pub(crate) fn inspect(
    means: &Means<'_>,
    subject: &Subject<'_>,
    bound: Duration,
    user: Observed,
) -> Inspection {
    let start = Instant::now();
    let work = Work::new(means, subject, bound);
    let mut evidence = Evidence { user, ..evidence_before(subject) };
    let requests = work.careful(&mut evidence);
    work.concluded(evidence, requests, start)
}

/// Adds whom the machine's owner says to ask, where somebody has to approve something.
pub(crate) fn with_contact(mut verdict: Verdict, remote: &Remote) -> Verdict {
    if matches!(verdict.id, VerdictId::ApprovalPending | VerdictId::ApprovalRequired)
        && let Some(contact) = Machine::read().contact(remote)
    {
        // Behind the first line, which says that somebody has to approve it.
        verdict.fix.insert(verdict.fix.len().min(1), format!("on this machine: {contact}"));
    }
    verdict
}

/// Adds the way by SSH where no token of the user's may go, if there is a key for it.
fn with_way_out(mut verdict: Verdict, evidence: &Evidence, means: &Means<'_>, remote: &Remote) -> Verdict {
    let Some(why) = only_ssh_is_left(&verdict, evidence) else { return verdict };
    let (Some(owner), Some(repo)) = (&remote.owner, &remote.repo) else { return verdict };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(key) = ssh::key(find_in_path(OsStr::new("ssh-add"), &path).as_deref()) else { return verdict };
    let whose = match key {
        SshKey::InAgent => "a key is in your ssh-agent".to_owned(),
        SshKey::InFile(file) => {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("there is ~/.ssh/{name}")
        }
    };
    // A port of HTTPS says nothing about SSH's.
    let host = remote.host.as_str().split(':').next().unwrap_or_default();
    let address = format!("git@{host}:{owner}/{repo}.git");
    let command = match means.remote_name.filter(|name| is_remote_name(name)) {
        _ if means.clones => format!("git clone {address}"),
        Some(name) => format!("git remote set-url {name} {address}"),
        None => format!("git remote set-url REMOTE {address}"),
    };
    verdict.fix.push(format!("{why} ({whose}): {command}"));
    verdict
}

/// Asks what the host says to git itself, following nobody elsewhere. Nothing else is asked.
pub(crate) fn own_word(means: &Means<'_>, subject: &Subject<'_>, bound: Duration) -> Observed {
    let work = Work::new(means, subject, bound);
    let give = |probe: &mut Probe| probe.give(subject.username, subject.secret);
    work.probe(work.subject.direction, Way::NoRedirects, &mut 0, give)
}

/// Writes down what is known without asking anybody.
pub(crate) fn evidence_before(subject: &Subject<'_>) -> Evidence {
    let remote = subject.remote;
    Evidence {
        host: if subject.server == Server::Plain { HostKind::Plain } else { HostKind::GitHub },
        target: RepositoryName {
            host: Some(remote.host.to_string()),
            owner: remote.owner.as_ref().map(ToString::to_string),
            repo: remote.repo.clone(),
        },
        direction: subject.direction,
        helper: subject.helper,
        account: Some(subject.account.clone()),
        asked_login: subject.asked_login.clone(),
        now: subject.now,
        ..Evidence::default()
    }
}

struct Work<'a> {
    means: &'a Means<'a>,
    subject: &'a Subject<'a>,
    deadline: Instant,
    api: Api,
    sent: Mutex<Sent>,
}

impl<'a> Work<'a> {
    fn new(means: &'a Means<'a>, subject: &'a Subject<'a>, bound: Duration) -> Self {
        let deadline = Instant::now() + bound;
        Self { means, subject, deadline, api: Api::of(&subject.remote.host), sent: Mutex::default() }
    }

    fn concluded(&self, mut evidence: Evidence, requests: usize, start: Instant) -> Inspection {
        // Text of the catalogue is a rule of the table; a header of the challenge tells of managed users.
        evidence.challenges = challenges(&evidence);
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        evidence.open_to_all = evidence.fetch.is_open() && !sent.fetch;
        let verdict = with_contact(conclude(&evidence), self.subject.remote);
        let verdict = with_way_out(verdict, &evidence, self.means, self.subject.remote);
        let elapsed = start.elapsed();
        Inspection { verdict, evidence, sent, requests, elapsed, was_led: false }
    }

    /// One probe for the direction; a redirect is followed as git would. Gives also whether there was one.
    fn glance(&self, evidence: &mut Evidence) -> (usize, bool) {
        let mut requests = 0;
        let direction = self.subject.direction;
        let give = |probe: &mut Probe| probe.give(self.subject.username, self.subject.secret);
        let way = if self.subject.is_challenged { Way::AtOnce } else { Way::NoRedirects };
        let (heard, was_led) = self.probe_on(direction, way, &mut requests, give);
        self.put(evidence, direction, heard);
        (requests, was_led)
    }

    /// Asks for what tells causes apart.
    fn explain(&self, evidence: &mut Evidence, was_led: bool) -> usize {
        let mut requests = 0;
        let direction = self.subject.direction;
        let is_bad = self.asked(evidence).status() == Some(401);
        let client = self.means.client(&self.subject.remote.host);
        if let Some(client) = client.as_ref().filter(|_| is_bad) {
            // Whatever the words: one request tells a token that is not known from an outage.
            evidence.user = self.rest(client, &ApiPath::user(), true);
            requests += 1;
        }
        if was_led {
            requests += self.make_sure(evidence, direction, client.as_ref());
        }
        if !is_bad && needs_causes(self.asked(evidence)) {
            requests += self.causes(evidence, client.as_ref(), direction == Direction::Push);
        }
        requests
    }
}

impl Work<'_> {
    /// Makes sure that a refusal that git was led to is the asked host's own. What is said there proves nothing:
    /// whoever answers can say anything.
    fn make_sure(&self, evidence: &mut Evidence, direction: Direction, client: Option<&Client>) -> usize {
        let heard = match direction {
            Direction::Fetch => &evidence.fetch,
            Direction::Push => &evidence.push,
        };
        let mut requests = 0;
        let is_its_own = match heard.status() {
            Some(401) => evidence.user.status() == Some(401),
            Some(403 | 404) => {
                // GitHub itself says that the repository has another name: so it was led no further than that.
                let path = self.subject.remote.owner.as_ref().zip(self.subject.remote.repo.as_ref());
                let path = path.and_then(|(owner, repo)| ApiPath::repository(owner, repo));
                if let Some((client, path)) = client.zip(path) {
                    evidence.repo = self.rest(client, &path, true);
                    requests += usize::from(evidence.repo.was_asked());
                }
                is_redirect(&evidence.repo)
            }
            _ => true,
        };
        if !is_its_own {
            self.put(evidence, direction, Observed::Trouble(NoReply::CaptivePortal));
        }
        requests
    }

    /// Asks git, and once more, as git goes, where the host leads elsewhere. Gives also whether it did.
    fn probe_on(
        &self,
        direction: Direction,
        way: Way,
        requests: &mut usize,
        give: impl Fn(&mut Probe),
    ) -> (Observed, bool) {
        let heard = self.probe(direction, way, requests, &give);
        if is_redirect(&heard) {
            return (self.probe(direction, Way::AsGit, requests, give), true);
        }
        (heard, false)
    }

    /// The token and git side by side; git waits for the credential until the token is known not to be bad.
    fn careful(&self, evidence: &mut Evidence) -> usize {
        let mut requests = 0;
        let is_github = self.subject.server == Server::GitHub;
        let client = if is_github { self.means.client(&self.subject.remote.host) } else { None };
        let (send_fetch, fetch_may) = std::sync::mpsc::channel();
        let (send_push, push_may) = std::sync::mpsc::channel();
        let wants_push = self.subject.direction == Direction::Push;
        let was_known = evidence.user.was_asked();
        let waited = |direction: Direction, may: std::sync::mpsc::Receiver<bool>| {
            let mut requests = 0;
            let (heard, was_led) = self.probe_gated(direction, &mut requests, &may);
            (heard, requests, was_led)
        };
        let (fetch, push, user) = thread::scope(|scope| {
            let fetch = scope.spawn(|| waited(Direction::Fetch, fetch_may));
            let push = wants_push.then(|| scope.spawn(|| waited(Direction::Push, push_may)));
            let known = std::mem::take(&mut evidence.user);
            let user = match &client {
                Some(client) if !known.was_asked() => self.rest(client, &ApiPath::user(), true),
                _ => known,
            };
            let is_bad = user.status() == Some(401);
            // A probe that ended already does not listen any more.
            let _ = send_fetch.send(!is_bad);
            let _ = send_push.send(!is_bad);
            let ended = |thread: thread::ScopedJoinHandle<'_, (Observed, usize, bool)>| {
                thread.join().unwrap_or_default()
            };
            (ended(fetch), push.map(ended), user)
        });
        requests += fetch.1 + push.as_ref().map_or(0, |push| push.1);
        requests += usize::from(user.was_asked() && !was_known);
        evidence.user = user;
        evidence.fetch = fetch.0;
        let mut led = vec![(Direction::Fetch, fetch.2)];
        if let Some((push, _, was_led)) = push {
            evidence.push = push;
            led.push((Direction::Push, was_led));
        }
        let is_bad = evidence.user.status() == Some(401);
        let is_empty = self.sent.lock().unwrap_or_else(PoisonError::into_inner).fetch_is_empty;
        if is_empty && matches!(evidence.user, Observed::Trouble(NoReply::CaptivePortal)) {
            // Git took a stranger's page for an empty repository.
            evidence.fetch = Observed::Trouble(NoReply::CaptivePortal);
        }
        if is_bad {
            // It was kept back, so what git said then says nothing of it.
            for heard in [&mut evidence.fetch, &mut evidence.push] {
                if !heard.is_open() {
                    *heard = Observed::NotAsked;
                }
            }
        }
        if is_github && !is_bad {
            for (direction, _) in led.into_iter().filter(|(_, was_led)| *was_led) {
                requests += self.make_sure(evidence, direction, client.as_ref());
            }
            if needs_causes(self.asked(evidence)) {
                requests += self.causes(evidence, client.as_ref(), false);
            }
        }
        requests
    }

    fn put(&self, evidence: &mut Evidence, direction: Direction, heard: Observed) {
        match direction {
            Direction::Fetch => evidence.fetch = heard,
            Direction::Push => evidence.push = heard,
        }
    }

    fn asked<'e>(&self, evidence: &'e Evidence) -> &'e Observed {
        match self.subject.direction {
            Direction::Fetch => &evidence.fetch,
            Direction::Push => &evidence.push,
        }
    }

    /// Asks git, without its folder of authorities first. Where it does not believe the server then, that folder may
    /// be what is missing, so git is asked once more, as it would go: nothing was sent yet.
    fn probe(
        &self,
        direction: Direction,
        way: Way,
        requests: &mut usize,
        give: impl Fn(&mut Probe),
    ) -> Observed {
        if let Some(empty) = self.means.empty.as_deref().filter(|_| way != Way::AsGit) {
            let mut made = 0;
            let heard = self.probe_with(Some(empty), (direction, way), &mut made, &give);
            if !is_about_certificates(&heard) {
                *requests += made;
                return heard;
            }
        }
        self.probe_with(None, (direction, way), requests, &give)
    }

    fn probe_with(
        &self,
        authorities: Option<&Path>,
        (direction, way): (Direction, Way),
        requests: &mut usize,
        give: &impl Fn(&mut Probe),
    ) -> Observed {
        let remote = self.subject.remote;
        // An owner's page is no repository, and its 404 no refusal.
        if self.subject.server == Server::GitHub && remote.repo.is_none() && !remote.host.is_gist() {
            return Observed::NotAsked;
        }
        let what = InfoRefs { remote, direction, remote_name: self.means.remote_name, way, authorities };
        let Ok(mut probe) = Probe::start(self.means.git, &what) else { return Observed::NotAsked };
        give(&mut probe);
        let ProbeResult { heard, sent, empty } = seen(probe.wait(self.deadline), remote, requests);
        let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        match direction {
            Direction::Fetch => (all.fetch, all.fetch_is_empty) = (sent, empty),
            Direction::Push => all.push = sent,
        }
        heard
    }

    /// Starts git at once, and lets it have the credential, or none, when the word comes.
    fn probe_gated(
        &self,
        direction: Direction,
        requests: &mut usize,
        may: &std::sync::mpsc::Receiver<bool>,
    ) -> (Observed, bool) {
        // It comes once, and there may be two probes.
        let word = std::cell::OnceCell::new();
        self.probe_on(direction, Way::NoRedirects, requests, |probe| {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match word.get_or_init(|| may.recv_timeout(left)) {
                Ok(false) => probe.give_nothing(),
                // No word in time: the probe ends at the same deadline anyway.
                Ok(true) | Err(_) => probe.give(self.subject.username, self.subject.secret),
            }
        })
    }

    /// Asks what tells causes apart: the token first, the others side by side only if it is not bad.
    fn causes(&self, evidence: &mut Evidence, client: Option<&Client>, fetch_too: bool) -> usize {
        let Some(client) = client else { return 0 };
        let mut requests = 0;
        if !evidence.user.was_asked() {
            evidence.user = self.rest(client, &ApiPath::user(), true);
            requests += 1;
        }
        let remote = self.subject.remote;
        let (Some(owner), Some(repo)) = (&remote.owner, &remote.repo) else { return requests };
        if evidence.user.status() == Some(401) {
            return requests;
        }
        let path = ApiPath::repository(owner, repo);
        // The call that names the permission which fetching needs: only fine-grained tokens have it.
        let is_fine_grained = self.subject.account.kind == TokenKind::FineGrained;
        let contents = ApiPath::contents(owner, repo)
            .filter(|_| is_fine_grained && evidence.fetch.was_asked() && !evidence.fetch.is_open());
        // Nothing is public on ghe.com, and an Enterprise Server may be closed: there only the token asks.
        let anonymous = remote.host.as_str() == crate::remote::GITHUB;
        let (repo, repo_anonymous, known_owner, private, contents, fetch) = thread::scope(|scope| {
            let ask = |path: Option<ApiPath>, with_token: bool| {
                scope.spawn(move || {
                    path.map_or_else(Observed::default, |path| self.rest(client, &path, with_token))
                })
            };
            let repo = ask(path.clone(), true);
            let repo_anonymous = ask(path.filter(|_| anonymous), false);
            let known_owner = ask(Some(ApiPath::owner(owner)), true);
            let private = ask(Some(ApiPath::private_repositories()), true);
            let contents = ask(contents, true);
            let fetch = fetch_too.then(|| {
                scope.spawn(|| {
                    let mut requests = 0;
                    let give = |probe: &mut Probe| probe.give(self.subject.username, self.subject.secret);
                    let asked = self.probe_on(Direction::Fetch, Way::NoRedirects, &mut requests, give);
                    let heard = match asked {
                        // It may be a stranger's word, and it is asked for only to tell causes apart.
                        (heard, true) if !heard.is_open() => Observed::NotAsked,
                        (heard, _) => heard,
                    };
                    (heard, requests)
                })
            });
            let ended = |thread: thread::ScopedJoinHandle<'_, Observed>| thread.join().unwrap_or_default();
            let fetch = fetch.map(|thread| thread.join().unwrap_or_default());
            (ended(repo), ended(repo_anonymous), ended(known_owner), ended(private), ended(contents), fetch)
        });
        for heard in [&repo, &repo_anonymous, &known_owner, &private, &contents] {
            requests += usize::from(heard.was_asked());
        }
        if let Some((fetch, made)) = fetch {
            evidence.fetch = fetch;
            requests += made;
        }
        evidence.repo = repo;
        evidence.repo_anonymous = repo_anonymous;
        evidence.owner = known_owner;
        evidence.private_repos = private;
        evidence.contents = contents;
        requests
    }

    fn rest(&self, client: &Client, path: &ApiPath, with_token: bool) -> Observed {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Observed::NotAsked;
        }
        let token = with_token.then_some(self.subject.secret);
        heard_from(&client.get_within(left, &self.api, path, token))
    }
}

/// Reads what came of a call of ours.
pub(crate) fn heard_from(reply: &CallResult) -> Observed {
    match reply {
        CallResult::Answered(answer) => Observed::rest(reply_of(answer)),
        CallResult::Failed(failure) => Observed::Trouble(no_reply(failure.kind)),
    }
}

/// Tells whether git was led elsewhere and did not follow.
fn is_redirect(heard: &Observed) -> bool {
    heard.status().is_some_and(|status| (300..400).contains(&status))
}

/// Tells whether git ended before it asked anything, since it did not believe who answered, or may have.
fn is_about_certificates(heard: &Observed) -> bool {
    let said = heard.reply().filter(|reply| reply.status.is_none()).and_then(|reply| reply.said.as_ref());
    said.is_some_and(|said| match said.denial.id {
        VerdictId::TlsFailed => true,
        // Words that are not known to say why.
        VerdictId::Unreachable => said.ambiguous,
        _ => false,
    })
}

/// Tells whether a refusal leaves several causes, so that our own calls are worth their time.
fn needs_causes(heard: &Observed) -> bool {
    match heard {
        Observed::Reply(reply) => {
            let is_open = reply.status.is_some_and(|status| (200..300).contains(&status));
            !is_open && reply.said.as_ref().is_none_or(|said| said.ambiguous)
        }
        Observed::NotAsked | Observed::Trouble(_) | Observed::Stopped(_) => false,
    }
}

/// What a probe showed.
struct ProbeResult {
    heard: Observed,
    /// Whether git sent the credential.
    sent: bool,
    /// Whether the service answered, and named no ref.
    empty: bool,
}

/// Reads what git printed as an answer.
fn seen(probed: Probed, remote: &Remote, requests: &mut usize) -> ProbeResult {
    match probed {
        Probed::Open { transcript, with_credential, empty } => {
            *requests += 1 + usize::from(with_credential);
            // A warning that it was led elsewhere is news, not a refusal.
            let said =
                recognise(&Normal::transcript(&transcript)).filter(|said| said.denial.id == VerdictId::Moved);
            let reply = ServerReply { status: Some(200), said, ..ServerReply::default() };
            ProbeResult { heard: Observed::Reply(reply), sent: with_credential, empty }
        }
        Probed::Closed { transcript, challenges, wanted_credential, with_credential } => {
            if !wanted_credential && let Some(asking) = who_wants_a_login(&transcript) {
                // Where it was led to our helper is not asked. At the asked host it was, and could not be run.
                let is_ours = asking.is_some_and(|host| host == remote.host);
                let heard =
                    if is_ours { Observed::NotAsked } else { Observed::Trouble(NoReply::CaptivePortal) };
                *requests += 1;
                return ProbeResult { heard, sent: false, empty: false };
            }
            let normal = Normal::transcript(&transcript);
            let said = recognise(&normal);
            // Words of git's that name no cause: that it could not get there is all that is known.
            let names_a_cause =
                said.as_ref().is_some_and(|it| !(it.ambiguous && it.denial.id == VerdictId::Unreachable));
            if !names_a_cause && challenges.is_empty() && !with_credential && normal.is_git_alone() {
                return ProbeResult { heard: Observed::Stopped(normal.words()), sent: false, empty: false };
            }
            *requests += 1 + usize::from(with_credential);
            let headers =
                challenges.into_iter().map(|challenge| ("www-authenticate".to_owned(), challenge)).collect();
            let words = normal.words();
            let reply = ServerReply { status: normal.status, headers, words, said, ..ServerReply::default() };
            ProbeResult { heard: Observed::Reply(reply), sent: with_credential, empty: false }
        }
        Probed::Slow => {
            *requests += 1;
            ProbeResult { heard: Observed::Trouble(NoReply::Unreachable), sent: false, empty: false }
        }
        Probed::NotStarted => ProbeResult { heard: Observed::NotAsked, sent: false, empty: false },
    }
}

/// Gives the host for which git had no user name, if that is why it ended; none if it is no `https` host.
fn who_wants_a_login(transcript: &[u8]) -> Option<Option<Host>> {
    let transcript = String::from_utf8_lossy(transcript);
    let url = transcript
        .lines()
        .filter(|line| line.starts_with("fatal: could not read "))
        .find_map(|line| line.split_once(" for '")?.1.split('\'').next().map(str::to_owned))?;
    Some(Remote::from_url(&url).map(|remote| remote.host))
}

fn reply_of(answer: &Response) -> ServerReply {
    let normal = Normal::reply(answer.status, &answer.headers, &answer.body);
    ServerReply {
        status: Some(answer.status),
        headers: answer.headers.clone(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        said: recognise(&normal),
        words: normal.words(),
    }
}

/// Says which part failed, as verdicts have it.
pub(crate) fn no_reply(kind: FailureKind) -> NoReply {
    match kind {
        FailureKind::Tls | FailureKind::BadAuthorities => NoReply::Tls,
        FailureKind::Proxy | FailureKind::BadProxySetting => NoReply::Proxy,
        FailureKind::Dns
        | FailureKind::Connect
        | FailureKind::Timeout
        | FailureKind::Malformed
        | FailureKind::Other => NoReply::Unreachable,
    }
}

fn challenges(evidence: &Evidence) -> Vec<String> {
    let mut found = evidence.challenges.clone();
    for heard in [&evidence.fetch, &evidence.push, &evidence.user] {
        if let Observed::Reply(reply) = heard {
            let named =
                reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
            found.extend(named.map(|(_, value)| value.clone()));
        }
    }
    found
}
