//! `get`: git asks for a user name and a password.
//!
//! This is the hot path: no network, no thread, no git config, no flush to the disk, unless `notice` has a reason
//! to ask GitHub. Git ignores our exit code and reads every line of our stdout, so the answer is composed whole
//! and written once; whatever goes wrong, git is left to ask as it always did.

use super::offer::{self, Offered};
use super::relay;
use crate::account::Account;
use crate::app::{self, AppError, Asks, Minted};
use crate::choose::answered_user;
use crate::error::one_line;
use crate::keeping;
use crate::log::Fact;
use crate::lookup::Lookup;
use crate::notice::{self, Credential, Judgement};
use crate::outcomes::{Direction, LastSecret};
use crate::protocol::{Answer, Operation, Request};
use crate::remote::{Scope, Server};
use crate::session::Session;
use crate::stdio;
use crate::terminal::say;
use crate::token::TokenKind;
use crate::vault;

/// Answers one request.
pub(crate) fn run(session: &Session, request: &Request) {
    let Some(lookup) = Lookup::begin(session, request, Operation::Get) else { return };
    let (lookup, ranked) = with_fresh_ends(lookup);
    let has_account = lookup.has_account();
    let mut is_said = false;
    if has_account {
        match find(&lookup, &ranked) {
            Search::Account(account, minted, judged) => return answer(&lookup, account, &minted, judged),
            Search::Trouble => return,
            Search::Nothing { said } => {
                is_said = said;
                session.log.note("no account fits", &[]);
            }
        }
    }
    if relay::get(&lookup) {
        return;
    }
    let is_nobodys = !has_account && lookup.fallback().helpers.is_empty();
    let passed_over = if has_account { lookup.ranked().into_iter().next() } else { None };
    match offer::offer(session, &lookup.remote, lookup.server, passed_over) {
        Offered::Kept => return answer_from_new(&lookup),
        Offered::Declined => session.log.note("nothing: declined", &[]),
        Offered::NotAsked if is_nobodys => {
            session.log.note("nothing: neither account nor fallback for this host", &[]);
        }
        Offered::NotAsked if is_said => session.log.note("nothing", &[]),
        Offered::NotAsked => say_why(&lookup, passed_over, has_account),
    }
    if passed_over.is_some_and(|account| is_quit(&lookup, account)) {
        session.log.note("git is told to ask nobody else", &[]);
        // Whoever does not read it asks as ever.
        let _ = stdio::write_answer(b"quit=1\n");
        return;
    }
    // What a person types at git's own question now may be learned.
    if lookup.server == Server::GitHub && request.path.is_some() {
        notice::unanswered(session, &lookup.remote);
    }
}

/// Ranks the accounts, and looks before whether one that would be passed over has got another secret meanwhile.
fn with_fresh_ends(lookup: Lookup<'_>) -> (Lookup<'_>, Vec<&Account>) {
    let ranked = lookup.ranked();
    let session = lookup.session;
    // One that has expired is asked about, where it is the only one and git asks.
    let may_ask = || ranked.len() == 1 && notice::is_watched(session, &lookup.remote, lookup.server);
    let stale: Vec<&Account> =
        ranked.iter().copied().filter(|account| is_passed_over(&lookup, account, may_ask)).collect();
    let is_renewed = !stale.is_empty()
        && keeping::renewed_outside(&session.paths, &mut lookup.outcomes(), stale.into_iter());
    match is_renewed.then(|| lookup.again()).flatten() {
        Some(again) => {
            let ranked = again.ranked();
            (again, ranked)
        }
        None => (lookup, ranked),
    }
}

/// Tells whether an account is out of the question: its token was rejected and is not tried yet, or it has expired and
/// nobody may be asked about it.
fn is_passed_over(lookup: &Lookup<'_>, account: &Account, may_ask: impl Fn() -> bool) -> bool {
    let session = lookup.session;
    let rejection = lookup.outcomes().rejection(&account.id);
    rejection.is_some_and(|rejection| !rejection.may_try(session.now))
        || (session.is_expired(account) && !may_ask())
}

/// Chooses again, now that there is an account more.
fn answer_from_new(lookup: &Lookup<'_>) {
    if let Some(lookup) = lookup.again()
        && let Search::Account(account, minted, judged) = find(&lookup, &lookup.ranked())
    {
        answer(&lookup, account, &minted, judged);
    }
}

/// What the accounts have for a request.
enum Search<'a> {
    /// This one, with its secret, and what was found out about it.
    Account(&'a Account, Minted, Judgement),
    /// One whose vault failed; the user was told. Another in its place would be a guess.
    Trouble,
    /// None.
    Nothing {
        /// Whether the user was told why.
        said: bool,
    },
}

/// What one account has for a request.
enum Tried {
    /// A secret, and what was found out about it.
    Secret(Minted, Judgement),
    /// Its vault failed; the user was told.
    Trouble,
    /// Nothing.
    PassedOver {
        /// Whether the user was told why.
        said: bool,
    },
}

fn find<'a>(lookup: &Lookup<'_>, ranked: &[&'a Account]) -> Search<'a> {
    let Lookup { session, remote, server, .. } = lookup;
    let is_watched = notice::is_watched(session, remote, *server);
    let mut any_said = false;
    for account in ranked.iter().copied() {
        if is_passed_over(lookup, account, || is_watched) {
            session.log.note("passed over: rejected or expired", &[("account", Fact::Account(account))]);
            continue;
        }
        // What an App minted before may be dead meanwhile, and then it mints once more.
        match tried(lookup, account, is_watched, account.kind == TokenKind::App) {
            Tried::Secret(minted, judged) => return Search::Account(account, minted, judged),
            Tried::Trouble => return Search::Trouble,
            Tried::PassedOver { said } => any_said |= said,
        }
    }
    Search::Nothing { said: any_said }
}

/// Reads an account's secret, and decides about it. `once_more`: whether an App may mint another one.
fn tried(lookup: &Lookup<'_>, account: &Account, is_watched: bool, once_more: bool) -> Tried {
    let Lookup { session, request, remote, server, .. } = lookup;
    let facts = [("account", Fact::Account(account))];
    let minted = match app::secret(&session.paths, account, remote, asks(session, account)) {
        Ok(Some(minted)) => minted,
        Ok(None) => {
            say_lost(lookup, account);
            return Tried::PassedOver { said: false };
        }
        Err(AppError::Refused(refusal)) => {
            session.log.note("passed over: its App is refused", &facts);
            let verdict = refusal.verdict(account.scope.segment(0).unwrap_or_default());
            lookup.note(|outcomes| {
                let place = (remote, notice::direction(session.caller()));
                outcomes.note_refused(&account.id, place, session.now, verdict.id, verdict.page.as_deref());
            });
            notice::say_refusal(remote, session.caller(), &verdict);
            return Tried::PassedOver { said: true };
        }
        Err(trouble) => {
            session.log.note("nothing: the vault is in trouble", &facts);
            let remedy = trouble.remedy(account);
            let fact = format!("no token for {}: {trouble}", account.label);
            say(&one_line(fact, remedy));
            return Tried::Trouble;
        }
    };
    if minted.is_new && account.app.is_some() {
        lookup.note(|outcomes| {
            outcomes.note_minted(&account.id, remote, notice::direction(session.caller()));
        });
    }
    let given = Credential {
        id: &account.id,
        account: Some(account),
        remote,
        server: *server,
        username: answered_user(account, request.username.as_deref()),
        secret: &minted.token,
        is_challenged: request.is_challenged(),
        minted: minted.minted,
    };
    let judged = match is_watched {
        true => notice::judge(session, &mut lookup.outcomes(), &given),
        false => Judgement::unasked(),
    };
    if judged.give && !(session.is_expired(account) && judged.is_unsure) {
        session.log.note("chosen", &facts);
        return Tried::Secret(minted, judged);
    }
    if judged.is_outlived && app::forget(&session.paths, account, &minted.token) && once_more {
        session.log.note("the App's token is not known any more: another is minted", &facts);
        return tried(lookup, account, is_watched, false);
    }
    session.log.note("passed over: its token is not accepted", &facts);
    let said = judged.speaks();
    if is_watched {
        judged.conclude(session);
    }
    Tried::PassedOver { said }
}

/// Says that an account's secret is gone, as on a machine that got the list of another one: once a day.
fn say_lost(lookup: &Lookup<'_>, account: &Account) {
    let mut is_news = false;
    let now = lookup.session.now;
    let written = lookup.outcomes().change(|outcomes| is_news = outcomes.take_loss(&account.id, now));
    if written.is_err() || is_news {
        say(&format!(
            "the {} has no token for {}; add it again: git credential-patron add {}",
            account.place.name(),
            account.label,
            account.scope.short()
        ));
    }
}

fn answer(lookup: &Lookup<'_>, account: &Account, minted: &Minted, judged: Judgement) {
    let Lookup { session, request, .. } = lookup;
    let token = &minted.token;
    // Another secret than the one whose end is known, from its command or a vault that was restored.
    let last = account.app.is_none().then(|| lookup.outcomes().compared(&account.id, token));
    let is_another = last == Some(LastSecret::Another);
    let refresh = account.refresh.then(|| vault::refresh_id(account)).and_then(|id| {
        let item = vault::Item { id: &id, ..vault::item(account) };
        session.vault(&account.place).read(&item).ok().flatten()
    });
    let answer = Answer {
        username: answered_user(account, request.username.as_deref()),
        password: token,
        password_expiry_utc: minted.expires.filter(|at| *at > session.now && !is_another),
        oauth_refresh_token: refresh.as_ref(),
    };
    let Some(text) = answer.compose() else {
        return say(&format!(
            "the secret of {} contains a control character, so git cannot use it",
            account.label
        ));
    };
    if let Err(error) = stdio::write_answer(&text) {
        return say(&format!("cannot write the answer: {error}"));
    }
    session.log.note("answered", &[]);
    // After the answer: nothing that goes wrong here can spoil it.
    let is_try = judged.is_try && lookup.outcomes().rejection(&account.id).is_some();
    // An App has a token for each repository: each is noted once, when it is new.
    let is_news =
        last.map_or(minted.is_new, |last| matches!(last, LastSecret::Another | LastSecret::Unknown));
    if is_try || is_news {
        lookup.note(|outcomes| {
            outcomes.note_secret(&account.id, token);
            if is_try {
                outcomes.note_try(&account.id, session.now);
            }
        });
    }
    if is_another && account.expires.is_some() {
        let kept = keeping::learn(&session.paths, &Account { expires: None, ..account.clone() });
        session
            .log
            .note("another token: its end is not known", &[("done", Fact::Number(kept.is_ok().into()))]);
    }
    if judged.is_watched() {
        judged.conclude(session);
    }
    minted.note.iter().for_each(|note| say(note));
    if !is_another {
        let expiring = lookup.expiring(|at| notice::is_soon(at, session.now));
        notice::warn_of_ends(session.now, &mut lookup.outcomes(), expiring);
    }
}

/// Says what a secret is wanted for. Who called us is looked at for Apps alone: nothing else depends on it here.
fn asks(session: &Session, account: &Account) -> Asks {
    match account.app.is_some() && session.caller().operation == Some(Direction::Push) {
        true => Asks::ToPush,
        false => Asks::ToFetch,
    }
}

/// Tells whether git is to end rather than have an editor's window asked for a password: the token is there, was
/// refused a moment ago, and is tried again by itself. On a terminal a person may know better.
fn is_quit(lookup: &Lookup<'_>, account: &Account) -> bool {
    lookup.standing(account).rejected
        && notice::is_watched(lookup.session, &lookup.remote, lookup.server)
        && std::env::var_os("GIT_ASKPASS").is_some_and(|program| !program.is_empty())
}

/// Says why there is no answer, where an account or a fallback for the host shows that one is wanted.
fn say_why(lookup: &Lookup<'_>, passed_over: Option<&Account>, has_account: bool) {
    let Lookup { session, request, remote, server, .. } = lookup;
    session.log.note("nothing", &[]);
    match (passed_over, &remote.owner) {
        (Some(account), _) if session.is_expired(account) => {
            let day = account.expires.and_then(crate::time::rfc3339).unwrap_or_default();
            let day = day.split('T').next().unwrap_or_default();
            say(&format!(
                "the token of {} expired on {day}; create a new one: git credential-patron add {}",
                account.label,
                account.scope.short()
            ));
        }
        // One that is neither expired nor rejected has lost its secret; the user was told.
        (Some(account), _) if !lookup.standing(account).rejected => {}
        (Some(account), _) => {
            let rejection = lookup.outcomes().rejection(&account.id);
            let what = match rejection.is_some_and(|it| it.is_proven) {
                true => format!("{} did not recognise the token of {}", remote.host, account.label),
                false => format!("the token of {} was refused to git (401)", account.label),
            };
            let again = rejection.map(|it| format!("; {}", notice::tried_again(it, remote, session.now)));
            say(&format!(
                "{what}{}. Replace it: git credential-patron add {}",
                again.unwrap_or_default(),
                account.scope.short()
            ));
        }
        (None, Some(owner)) if *server == Server::GitHub => {
            let scope = Scope::of_owner(&remote.host, owner);
            say(&format!(
                "no account for {}; add one: git credential-patron add {}",
                scope.short(),
                scope.short()
            ));
        }
        (None, None) if *server == Server::GitHub && has_account && request.path.is_none() => {
            say(&format!(
                "git did not say which repository, so patron cannot choose an owner's token for {}; send path=OWNER/REPO, or run: git config --global credential.https://{}.useHttpPath true",
                remote.host, remote.host
            ));
        }
        (None, _) => {}
    }
}
