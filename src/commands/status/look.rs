//! What each account's token is worth now: whose it is, until when, and whether it sees anything of its owner.
//!
//! Bad logins lock a user out (documented: "Failed login limit"), so: what has expired or was rejected is not asked
//! about, nobody is after the second 401, and until one token has worked no more are on their way than could be
//! the last ones.

use crate::account::{Account, mixed_up};
use crate::app::{self, AppError, Asks};
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Client};
use crate::inspect::{Sees, client_for, heard_from, sees};
use crate::keeping;
use crate::outcomes::{Outcomes, State};
use crate::remote::{Host, Server};
use crate::session::Session;
use crate::terminal::{sanitise, say};
use crate::token::{Token, TokenKind};
use crate::verdict::{self, Observed};
use crate::verdict_id::VerdictId;
use crate::verify;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// How many accounts are asked about at a time.
const AT_A_TIME: usize = 4;
/// After how many 401s nobody is asked any more.
const MOST_REFUSED: usize = 2;

/// How an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountState {
    /// Its host knows the token, and nothing speaks against it.
    Fine,
    /// The token is good and sees nothing private of its owner: most likely it awaits approval.
    Pending,
    /// The host does not recognise the token.
    Rejected,
    /// Its end has passed.
    Expired,
    /// The host gave no answer, or none that tells.
    Unreachable,
    /// Nobody was asked.
    NotAsked,
}

impl AccountState {
    /// Names it as `--json` does.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::NotAsked => "not-asked",
        }
    }
}

/// What was seen of an account.
pub(super) struct Look {
    pub(super) state: AccountState,
    /// More about it, for people.
    pub(super) note: Option<String>,
    /// What to do about it.
    pub(super) fix: Option<String>,
    /// The page where it can be changed.
    pub(super) page: Option<String>,
    /// Whose the token is, as the host said or as it was known.
    pub(super) login: Option<String>,
    /// When it ends, likewise.
    pub(super) expires: Option<i64>,
    /// Whether its secret is lost, or may be another's.
    is_lost: bool,
}

impl Look {
    fn of(account: &Account, state: AccountState) -> Self {
        let (login, expires) = (account.login.clone(), account.expires);
        Self { state, note: None, fix: None, page: None, login, expires, is_lost: false }
    }

    fn not_asked(account: &Account, why: impl Into<String>) -> Self {
        Self { note: Some(why.into()), ..Self::of(account, AccountState::NotAsked) }
    }

    /// Tells whether something has to be done.
    pub(super) fn is_wrong(&self) -> bool {
        self.is_lost
            || matches!(self.state, AccountState::Pending | AccountState::Rejected | AccountState::Expired)
    }
}

/// Looks at all accounts; gives what was seen in their order.
pub(super) fn all(
    session: &Session,
    accounts: &[Account],
    outcomes: &mut Outcomes,
    offline: bool,
) -> Vec<Look> {
    let mut looks: Vec<Option<Look>> =
        accounts.iter().map(|account| without_asking(session, account, outcomes, offline)).collect();
    let mut asked: Vec<Ask<'_>> = Vec::new();
    for (at, account) in accounts.iter().enumerate() {
        if looks[at].is_some() {
            continue;
        }
        if account.kind == TokenKind::App {
            looks[at] = Some(of_app(session, account));
            continue;
        }
        match app::secret(&session.paths, account, &account.scope.as_remote(), Asks::ToFetch) {
            Ok(Some(minted)) => asked.push(Ask { at, account, token: minted.token }),
            Ok(None) => looks[at] = Some(lost(account)),
            Err(trouble) => looks[at] = Some(without_token(account, &trouble)),
        }
    }
    // Those that git was let in with last go first: the more are known to be good, the more may go at a time.
    asked
        .sort_by_key(|ask| !outcomes.last(&ask.account.id).is_some_and(|last| last.state == State::Accepted));
    let heard = ask_all(&asked);
    for (ask, heard) in asked.iter().zip(heard) {
        let look = match heard {
            None => Look::not_asked(
                ask.account,
                "not checked: two tokens were refused, and more failed logins could lock you out",
            ),
            Some(heard) => {
                remember(session, outcomes, ask, &heard);
                seen(session, outcomes, ask.account, &heard)
            }
        };
        looks[ask.at] = Some(look);
    }
    let left = |(look, account): (Option<Look>, &Account)| {
        look.unwrap_or_else(|| Look::not_asked(account, "not asked"))
    };
    let mut looks: Vec<Look> = looks.into_iter().zip(accounts).map(left).collect();
    for (account, other) in mixed_up(accounts) {
        let at = accounts.iter().position(|known| known.id == account.id);
        if let Some(look) = at.and_then(|at| looks.get_mut(at)) {
            let (fact, fix) = keeping::mixed_up_in_words(account, other);
            (look.note, look.fix, look.is_lost) = (Some(fact), Some(fix), true);
        }
    }
    looks
}

/// Says why there is no token: what may pass by itself is no loss.
fn without_token(account: &Account, trouble: &AppError) -> Look {
    let state = if trouble.is_passing() { AccountState::Unreachable } else { AccountState::NotAsked };
    Look {
        fix: trouble.remedy(account).map(|fix| sanitise(&fix, 200)),
        note: Some(sanitise(&trouble.to_string(), 200)),
        is_lost: state == AccountState::NotAsked,
        ..Look::of(account, state)
    }
}

/// Asks a GitHub App where it is installed.
fn of_app(session: &Session, account: &Account) -> Look {
    match app::installed(&session.paths, account) {
        Ok(()) => Look::of(account, AccountState::Fine),
        Err(AppError::Refused(refusal)) => {
            let owner = account.scope.segment(0).unwrap_or_default();
            let verdict = refusal.verdict(owner);
            let state = match verdict.id {
                VerdictId::AppSuspended | VerdictId::ClockWrong => AccountState::Rejected,
                _ => AccountState::Pending,
            };
            Look {
                note: Some(format!("{} ({})", verdict.means, verdict.id)),
                fix: verdict.fix.into_iter().next(),
                page: verdict.page,
                ..Look::of(account, state)
            }
        }
        Err(error @ AppError::KeyRefused { .. }) => {
            Look { state: AccountState::Rejected, is_lost: false, ..without_token(account, &error) }
        }
        Err(error) => without_token(account, &error),
    }
}

/// Says what is known of an account that is not asked about; none for one that is.
fn without_asking(session: &Session, account: &Account, outcomes: &Outcomes, offline: bool) -> Option<Look> {
    if session.is_expired(account) {
        return Some(told(session, outcomes, account, AccountState::Expired, VerdictId::TokenExpired));
    }
    if outcomes.rejection(&account.id).is_some_and(|rejection| rejection.is_proven) {
        return Some(told(session, outcomes, account, AccountState::Rejected, VerdictId::TokenRejected));
    }
    if account.server == Server::Plain {
        return Some(Look::not_asked(account, "not a GitHub host: only git can tell whether it works"));
    }
    offline.then(|| Look::not_asked(account, "not checked (--offline)"))
}

/// Gives a state with the verdict's page and first fix.
fn told(
    session: &Session,
    outcomes: &Outcomes,
    account: &Account,
    state: AccountState,
    verdict: VerdictId,
) -> Look {
    let mut known = super::evidence(Some(account), outcomes, session.now);
    let scope = account.scope.as_remote();
    known.target = crate::denial::normal::RepositoryName {
        host: Some(scope.host.to_string()),
        owner: scope.owner.map(|owner| owner.to_string()),
        repo: scope.repo,
    };
    let is_plain = account.server == Server::Plain;
    let verdict = (!is_plain).then(|| verdict::recalled(verdict, &known));
    let again = format!("git credential-patron add {}", account.scope.short());
    Look {
        fix: Some(verdict.as_ref().and_then(|verdict| verdict.fix.first().cloned()).unwrap_or(again)),
        page: verdict.and_then(|verdict| verdict.page),
        ..Look::of(account, state)
    }
}

fn lost(account: &Account) -> Look {
    let look = Look::not_asked(account, format!("the {} has no token for it", account.place.name()));
    Look { fix: Some(format!("git credential-patron add {}", account.scope.short())), is_lost: true, ..look }
}

/// An account that is asked about.
struct Ask<'a> {
    at: usize,
    account: &'a Account,
    token: Token,
}

/// What a host said of a token.
struct Told {
    user: Observed,
    /// What it sees of its owner; for a fine-grained token alone, since others belong to no owner.
    sees: Option<Sees>,
}

/// How many are on their way, and how it went so far.
#[derive(Default)]
struct Turns {
    next: usize,
    on_their_way: usize,
    good: usize,
    refused: usize,
}

impl Turns {
    /// Says whether one more may be asked now; `None` if none ever may.
    fn may_ask(&self) -> Option<bool> {
        let left = MOST_REFUSED.checked_sub(self.refused).filter(|left| *left > 0)?;
        let room = if self.good > 0 && self.refused == 0 { AT_A_TIME } else { left };
        Some(self.on_their_way < room)
    }
}

/// Asks about the accounts; none for those that are not asked about after too many refusals.
fn ask_all(asked: &[Ask<'_>]) -> Vec<Option<Told>> {
    let clients: BTreeMap<&Host, Option<Client>> = asked
        .iter()
        .map(|ask| ask.account.scope.host())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|host| (host, client_for(host, HttpContext::User).ok()))
        .collect();
    let (turns, changed) = (Mutex::new(Turns::default()), Condvar::new());
    let lock = || turns.lock().unwrap_or_else(PoisonError::into_inner);
    let take = || {
        let mut turns = lock();
        loop {
            if turns.next >= asked.len() || turns.may_ask().is_none() {
                return None;
            }
            if turns.may_ask() == Some(true) {
                turns.on_their_way += 1;
                turns.next += 1;
                return Some(turns.next - 1);
            }
            turns = changed.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
    };
    let mut all: Vec<Option<Told>> = asked.iter().map(|_| None).collect();
    let found = thread::scope(|scope| {
        let worker = || {
            let mut found = Vec::new();
            while let Some(at) = take() {
                let ask = &asked[at];
                let client = clients.get(ask.account.scope.host()).and_then(Option::as_ref);
                let told = client.map_or_else(Told::nothing, |client| ask_one(client, ask));
                let mut turns = lock();
                turns.on_their_way -= 1;
                turns.good += usize::from(told.user.is_open());
                turns.refused += usize::from(told.user.status() == Some(401));
                changed.notify_all();
                drop(turns);
                found.push((at, told));
            }
            found
        };
        let workers: Vec<_> = (0..AT_A_TIME.min(asked.len())).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    for (at, told) in found {
        all[at] = Some(told);
    }
    all
}

impl Told {
    fn nothing() -> Self {
        Self { user: Observed::NotAsked, sees: None }
    }
}

fn ask_one(client: &Client, ask: &Ask<'_>) -> Told {
    let api = Api::of(ask.account.scope.host());
    let user = heard_from(&client.get(&api, &ApiPath::user(), Some(&ask.token)));
    let is_narrow = ask.account.kind == TokenKind::FineGrained && ask.account.scope.owner().is_some();
    let sees = (user.is_open() && is_narrow).then(|| sees(client, &ask.account.scope, &ask.token));
    Told { user, sees }
}

/// Notes what is news.
fn remember(session: &Session, outcomes: &mut Outcomes, ask: &Ask<'_>, told: &Told) {
    let account = ask.account;
    let is_refused = told.user.status() == Some(401);
    if is_refused || outcomes.rejection(&account.id).is_some() {
        session.note_outcomes(outcomes, |outcomes| {
            outcomes.note_secret(&account.id, &ask.token);
            match is_refused {
                true => outcomes.note_rejected(&account.id, session.now),
                false => outcomes.note_known(&account.id),
            }
        });
    }
    let Some(news) = verify::told(account, &told.user, session.now) else { return };
    if let Err(trouble) = keeping::learn(&session.paths, &news) {
        say(&format!("could not save what GitHub said about the token of {}: {trouble}", account.label));
    }
}

fn seen(session: &Session, outcomes: &Outcomes, account: &Account, told: &Told) -> Look {
    let said = |look: Look| Look {
        login: told.user.name("login").or(look.login),
        expires: told
            .user
            .reply()
            .and_then(|reply| reply.header(verify::EXPIRY))
            .and_then(verify::expiry)
            .or(look.expires),
        ..look
    };
    match &told.user {
        Observed::NotAsked => {
            Look::not_asked(account, "patron cannot use git's proxy or certificate settings")
        }
        user if user.is_open() => said(visible(session, outcomes, account, told)),
        user if user.status() == Some(401) => {
            self::told(session, outcomes, account, AccountState::Rejected, VerdictId::TokenRejected)
        }
        user => {
            let status =
                user.status().map_or_else(|| "no answer".to_owned(), |status| format!("it says {status}"));
            let note = format!("{} could not be asked: {status}", account.scope.host());
            Look { note: Some(note), ..Look::of(account, AccountState::Unreachable) }
        }
    }
}

/// Judges a good token by what it sees of its owner.
fn visible(session: &Session, outcomes: &Outcomes, account: &Account, told: &Told) -> Look {
    let fine = Look::of(account, AccountState::Fine);
    let (Some(owner), Some(sees)) = (account.scope.owner(), &told.sees) else { return fine };
    let login = told.user.name("login").or_else(|| account.login.clone());
    let is_own = login.is_some_and(|login| login.eq_ignore_ascii_case(owner.as_str()));
    let was_accepted = outcomes.accepted_for_owner(&account.id, &owner);
    let is_refused = outcomes.last(&account.id).is_some_and(|last| matches!(last.state, State::Refused(_)));
    let what = account.scope.short();
    let wrong = |note: String, verdict| {
        let look = self::told(session, outcomes, account, AccountState::Pending, verdict);
        Look { note: Some(note), ..look }
    };
    match sees {
        Sees::Private => Look { note: Some(format!("can see private repositories of {owner}")), ..fine },
        Sees::Nothing if is_own || (was_accepted && !is_refused) => {
            Look { note: Some(format!("can see nothing private of {what}")), ..fine }
        }
        Sees::Nothing => wrong(
            format!("can see nothing private of {what}: most likely awaiting approval"),
            VerdictId::ApprovalPending,
        ),
        Sees::OtherOwner(other) => wrong(
            format!(
                "can only see private repositories of {}, which is most likely its resource owner",
                sanitise(other, 60)
            ),
            VerdictId::ApprovalPending,
        ),
        Sees::NeedsSso => wrong(format!("{owner} requires single sign-on for it"), VerdictId::SsoRequired),
        Sees::NoSuchOwner => Look {
            note: Some(format!("GitHub has no user or organisation named {owner}")),
            fix: Some(format!("git credential-patron remove {what}, or check whether {owner} was renamed")),
            ..Look::of(account, AccountState::Pending)
        },
        Sees::Unknown => fine,
    }
}
