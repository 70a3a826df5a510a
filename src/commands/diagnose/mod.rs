//! `diagnose`: what GitHub says to git here, why, and what to do about it.
//!
//! The targets are made ready one by one (whose token git would be given, and what stands in its way), asked
//! side by side unless they share a token, and shown: the verdict and its fix first. Nothing secret is shown.
//!
//! `--offline` makes no request and asks no other helper, since those make requests of their own. What this
//! side proves is said (SSH, no helper, no account, an expiry that has passed); all else is `unreachable`,
//! inferred, exit code 3: "it was not asked" must not be taken for an all-clear.

mod ask;
mod json;
mod ready;
mod report;

use super::status;
use crate::account::{Account, Standing, VaultPlace};
use crate::browser::{self, Purpose};
use crate::checks::{self, Check, RequestTally};
use crate::cli::{self, Diagnose as Options};
use crate::error::{Exit, Failure, one_line};
use crate::git::{Cwd, Git, GitTrouble, Listing};
use crate::inspect::Inspection;
use crate::keeping;
use crate::machine::Machine;
use crate::outcomes::{Direction, Outcomes, State};
use crate::session::{Session, list_failure};
use crate::target::{self, Aim};
use crate::terminal::{Spinner, print, say};
use crate::time;
use crate::token::Token;
use crate::verdict::{Evidence, Observed, Origin, Verdict, conclude};
use crate::verdict_id::VerdictId;
use crate::verify;
use ready::{CommonFacts, Ready};

/// What was found out about one target.
pub(super) struct Diagnosis<'a> {
    aim: &'a Aim,
    direction: Direction,
    verdict: Verdict,
    account: Option<&'a Account>,
    evidence: Evidence,
    /// When the token ends, as GitHub just said or as it was known.
    expires: Option<i64>,
    checks: Vec<Check>,
    requests: usize,
}

/// Diagnoses the targets; the exit code is the highest of theirs: 1 over 3 over 0.
pub(crate) fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let git = Git::find();
    let listing = git.as_ref().map(|git| Listing::read(git, Cwd::Here));
    let trouble = match &listing {
        Some(Err(trouble)) => Some(shown(trouble)),
        _ => None,
    };
    let listing = listing.and_then(Result::ok);
    let rewrite = |url: &str| Some(listing.as_ref()?.rewrite(url, options.push)?.url);
    let mut accounts = session.accounts().map_err(list_failure)?;
    let mut outcomes = session.outcomes();
    // A command is run for its own account alone.
    let is_stale = |account: &&Account| {
        session.standing(&outcomes, account) != Standing::default()
            && !matches!(account.place, VaultPlace::Command(_))
    };
    let stale: Vec<&Account> = accounts.iter().filter(is_stale).collect();
    if !options.offline && keeping::renewed_outside(&session.paths, &mut outcomes, stale.into_iter()) {
        accounts = session.accounts().map_err(list_failure)?;
    }
    let is_owner = |word: &str| {
        accounts
            .iter()
            .filter_map(|account| account.scope.owner())
            .any(|owner| owner.as_str().eq_ignore_ascii_case(word))
    };
    let several = target::several(options.what.as_deref(), git.as_ref(), rewrite, is_owner)?;
    if several.is_nothing() {
        // Outside a repository there is no remote to look at: everything that is no repository's is.
        return status::run(session, &cli::StatusArgs { offline: options.offline, json: options.json });
    }
    for other in &several.others {
        let name = crate::terminal::sanitise(&other.name, 40);
        let fix = other.meant.as_ref().map(|url| format!("git remote set-url {name} {url}"));
        say(&one_line(format!("the remote {name} {}", other.why), fix));
    }
    if several.aims.is_empty() {
        return Err(Failure::usage("no remote here is on a host that can have an account")
            .remedy("name an owner, a repository or a URL"));
    }
    let around =
        CommonFacts { git: git.as_ref(), listing: listing.as_ref(), trouble: trouble.as_deref(), options };
    let ready: Vec<Ready<'_>> = several
        .aims
        .iter()
        .map(|aim| ready::ready(session, &around, aim, &accounts, &mut outcomes))
        .collect();
    let inspections = {
        let _spinner = Spinner::start("checking with GitHub ...");
        ask::ask(git.as_ref(), &ready)
    };
    let secrets: Vec<Token> = ready.iter().flat_map(Ready::secrets).collect();
    let mut diagnoses: Vec<Diagnosis<'_>> = Vec::new();
    for (ready, mut inspection) in ready.into_iter().zip(inspections) {
        if let Some(inspection) = &mut inspection {
            blame_the_sender(&ready, inspection);
        }
        if let (Some(inspection), Some(account)) = (&inspection, ready.account) {
            remember(session, &mut outcomes, account, &ready, inspection);
        }
        remember_app(session, &mut outcomes, &ready);
        diagnoses.push(diagnosis(session, options, &outcomes, ready, inspection));
    }
    let text = match options.json {
        true => json::text(&diagnoses),
        false => report::text(&diagnoses),
    };
    print(&without(text, &secrets))
        .map_err(|error| Failure::failed("cannot write the output").because(error))?;
    if options.open {
        open(&diagnoses);
    }
    match diagnoses.iter().map(|diagnosis| diagnosis.verdict.exit).min_by_key(|exit| match exit {
        1 => 0,
        3 => 1,
        _ => 2,
    }) {
        Some(1) => Err(Failure::said(Exit::Failed)),
        Some(3) => Err(Failure::said(Exit::Unchecked)),
        _ => Ok(()),
    }
}

/// One look at one target, as [`super::wait`] takes it.
pub(super) struct Watched {
    /// What it means.
    pub(super) verdict: Verdict,
    /// What git's own question was answered.
    pub(super) heard: Observed,
    /// What `--json` says of it.
    pub(super) json: String,
}

/// Finds out all about one target, as [`run`] does of several.
pub(super) fn look(session: &Session, options: &Options, aim: &Aim) -> Result<Watched, Failure> {
    made_ready(session, options, aim, |git, ready, outcomes| {
        let inspection = ask::ask(git, std::slice::from_ref(&ready)).pop().flatten();
        if let (Some(inspection), Some(account)) = (&inspection, ready.account) {
            remember(session, outcomes, account, &ready, inspection);
        }
        remember_app(session, outcomes, &ready);
        let secrets: Vec<Token> = ready.secrets().into_iter().collect();
        let diagnosis = diagnosis(session, options, outcomes, ready, inspection);
        let heard = match diagnosis.direction {
            Direction::Fetch => &diagnosis.evidence.fetch,
            Direction::Push => &diagnosis.evidence.push,
        };
        Watched {
            verdict: diagnosis.verdict.clone(),
            heard: heard.clone(),
            json: without(json::text(std::slice::from_ref(&diagnosis)), &secrets),
        }
    })
}

/// Asks git's own question once more, and nothing else.
pub(super) fn ask_again(session: &Session, options: &Options, aim: &Aim) -> Result<Observed, Failure> {
    made_ready(session, options, aim, |git, ready, _| ask::own_word(git, &ready))
}

/// Makes one target ready, and has it looked at.
fn made_ready<T>(
    session: &Session,
    options: &Options,
    aim: &Aim,
    then: impl FnOnce(Option<&Git>, Ready<'_>, &mut Outcomes) -> T,
) -> Result<T, Failure> {
    let git = Git::find();
    let listing = git.as_ref().map(|git| Listing::read(git, Cwd::Here));
    let trouble = match &listing {
        Some(Err(trouble)) => Some(shown(trouble)),
        _ => None,
    };
    let listing = listing.and_then(Result::ok);
    let accounts = session.accounts().map_err(list_failure)?;
    let mut outcomes = session.outcomes();
    let around =
        CommonFacts { git: git.as_ref(), listing: listing.as_ref(), trouble: trouble.as_deref(), options };
    let ready = ready::ready(session, &around, aim, &accounts, &mut outcomes);
    Ok(then(git.as_ref(), ready, &mut outcomes))
}

fn shown(trouble: &GitTrouble) -> String {
    crate::terminal::sanitise(&trouble.to_string(), 300)
}

/// Concludes, and puts the facts in their order.
fn diagnosis<'a>(
    session: &Session,
    options: &Options,
    outcomes: &Outcomes,
    ready: Ready<'a>,
    inspection: Option<Inspection>,
) -> Diagnosis<'a> {
    let why_not = ready.why_not_asked();
    let Ready { aim, direction, account, mut checks, evidence, .. } = ready;
    let asked = inspection.as_ref().map(|inspection| RequestTally {
        sent: (inspection.sent.fetch, inspection.sent.push),
        requests: inspection.requests,
        elapsed: inspection.elapsed,
    });
    let requests = inspection.as_ref().map_or(0, |inspection| inspection.requests);
    let (mut verdict, evidence) = match inspection {
        Some(inspection) => (inspection.verdict, inspection.evidence),
        None => (conclude(&evidence), evidence),
    };
    let expires = evidence
        .user
        .reply()
        .and_then(|reply| reply.header(verify::EXPIRY))
        .and_then(verify::expiry)
        .or_else(|| evidence.account.as_ref()?.expires);
    checks.extend(checks::policy(&Machine::read(), account));
    checks.extend(checks::token(&evidence, expires));
    checks.extend(checks::requests(&evidence, asked.as_ref(), why_not));
    checks.sort_by_key(|check| check.group);
    if options.offline && verdict.id == VerdictId::NotAsked {
        verdict.fix = vec!["to check: run this again without --offline".to_owned()];
        verdict
            .fix
            .extend(account.and_then(|account| last_time(outcomes, account, aim, direction, session.now)));
    }
    name_remote(&mut verdict, aim, &checks);
    Diagnosis { aim, direction, verdict, account, evidence, expires, checks, requests }
}

/// Names the credential that git sent by itself, where that was refused and not the token of an account.
fn blame_the_sender(ready: &Ready<'_>, inspection: &mut Inspection) {
    let Inspection { verdict, evidence, sent, .. } = inspection;
    let was_asked = match ready.direction {
        Direction::Fetch => sent.fetch,
        Direction::Push => sent.push,
    };
    // Where the token itself is bad, that is known whatever git sends.
    let is_judged = was_asked || evidence.user.status() == Some(401);
    if let Some(another) = checks::blamed(&ready.others, verdict, is_judged) {
        *verdict = another;
    }
}

/// Says how it went the last time, where nobody was asked now.
fn last_time(
    outcomes: &Outcomes,
    account: &Account,
    aim: &Aim,
    direction: Direction,
    now: i64,
) -> Option<String> {
    if let Some(rejection) = outcomes.rejection(&account.id) {
        let ago = time::ago(rejection.last, now);
        return Some(match rejection.is_proven {
            true => format!("last time ({ago}) GitHub did not recognise the token"),
            false => format!("last time ({ago}) git was refused with it (401), by whom is not known"),
        });
    }
    let last = outcomes.at(&account.id, &aim.target.remote, direction)?;
    let ago = time::ago(last.at, now);
    Some(match last.state {
        State::Accepted => format!("last time ({ago}) it worked"),
        State::Rejected => format!("last time ({ago}) GitHub did not recognise the token"),
        State::Refused(id) => {
            format!("last time ({ago}) it was {id}: git credential-patron explain {id}")
        }
    })
}

/// Puts the remote's own name into what is to be typed.
fn name_remote(verdict: &mut Verdict, aim: &Aim, checks: &[Check]) {
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    if let Some(name) = aim.target.name.as_ref().filter(plain) {
        let push = if aim.push_only { "--push " } else { "" };
        for line in &mut verdict.fix {
            let named = line.replace("set-url REMOTE ", &format!("set-url {name} "));
            *line = named.replace(&format!("set-url {name} "), &format!("set-url {push}{name} "));
        }
    }
    // A secret that a rewriting rule adds does not leave by another URL.
    let by_rule =
        checks.iter().find(|check| check.id == "url-rewrite" && check.status == checks::Status::Failed);
    if let Some(fix) = by_rule.and_then(|check| check.fix.clone())
        && let Some(first) = verdict.fix.iter_mut().find(|line| line.contains("git remote set-url"))
    {
        *first = fix;
    }
}

/// Notes how the account fared, and what GitHub said of its token that is news.
fn remember(
    session: &Session,
    outcomes: &mut Outcomes,
    account: &Account,
    ready: &Ready<'_>,
    inspection: &Inspection,
) {
    let Inspection { verdict, evidence, sent, .. } = inspection;
    let (remote, now, id) = (&ready.aim.target.remote, session.now, account.id.as_str());
    let is_refused = verdict.exit == 1 && verdict.id != VerdictId::OtherCredentialFirst;
    let unknown = matches!(
        verdict.id,
        VerdictId::TokenRejected | VerdictId::TokenExpired | VerdictId::PasswordNotAccepted
    );
    session.note_outcomes(outcomes, |outcomes| {
        if let Some(secret) = ready.secret() {
            outcomes.note_secret(id, secret);
        }
        if evidence.user.is_open() {
            outcomes.note_known(id);
        }
        if unknown {
            outcomes.note_rejected(id, now);
            // Git's next word about it need not be as long.
            outcomes.note_said(id, (remote, ready.direction), now, verdict.id);
            return;
        }
        for (heard, sent, direction) in
            [(&evidence.fetch, sent.fetch, Direction::Fetch), (&evidence.push, sent.push, Direction::Push)]
        {
            if heard.is_open() && sent {
                outcomes.note_accepted(id, remote, direction, now);
            } else if heard.reply().is_some() && !heard.is_open() && sent && is_refused {
                outcomes.note_refused(id, (remote, direction), now, verdict.id, verdict.page.as_deref());
            }
        }
    });
    learn(session, account, evidence);
}

/// Notes why an App gives no token for a repository.
fn remember_app(session: &Session, outcomes: &mut Outcomes, ready: &Ready<'_>) {
    let (Some(account), Some(refusal)) = (ready.account, &ready.evidence.app) else { return };
    let remote = &ready.aim.target.remote;
    let verdict = refusal.verdict(account.scope.segment(0).unwrap_or_default());
    session.note_outcomes(outcomes, |outcomes| {
        let page = verdict.page.as_deref();
        outcomes.note_refused(&account.id, (remote, ready.direction), session.now, verdict.id, page);
    });
}

/// Writes login and expiry into the list, where GitHub said something new.
fn learn(session: &Session, account: &Account, evidence: &Evidence) {
    let Some(news) = verify::told(account, &evidence.user, session.now) else { return };
    if let Err(trouble) = keeping::learn(&session.paths, &news) {
        say(&format!("could not save what GitHub said about the token of {}: {trouble}", account.label));
    }
}

/// Makes sure once more that no secret is shown, whatever it came in by.
fn without(text: String, secrets: &[Token]) -> String {
    secrets.iter().fold(text, |text, secret| match std::str::from_utf8(secret.expose()) {
        // A word of a few letters may stand anywhere, and hiding it would tell where.
        Ok(secret) if secret.len() >= 6 => text.replace(secret, "(hidden)"),
        _ => text,
    })
}

fn open(diagnoses: &[Diagnosis<'_>]) {
    let pages = diagnoses.iter().filter_map(|diagnosis| diagnosis.verdict.page.as_deref());
    let mut opened: Vec<&str> = Vec::new();
    if Machine::read().forbids_browser() {
        return say("page not opened: this machine's policy says browser = false");
    }
    for page in pages {
        if opened.contains(&page) {
            continue;
        }
        opened.push(page);
        // A person said so: whatever the surroundings are, it is tried.
        let may = browser::may_open(&browser::Surroundings::collect(false, None), Purpose::Asked);
        match may
            .map_err(|why| why.to_string())
            .and_then(|()| browser::open(page).map_err(|why| why.to_string()))
        {
            Ok(_) => say(&format!("opened {page}")),
            Err(why) => say(&format!("page not opened: {why}")),
        }
    }
    if opened.is_empty() {
        say("there is no page to open");
    }
}

impl Diagnosis<'_> {
    /// Names where the token comes from, as `--json` does; none for one that stands in the URL.
    fn source(&self) -> Option<&'static str> {
        match self.evidence.account.as_ref()?.origin {
            Origin::Account => Some("account"),
            Origin::Fallback => Some("fallback"),
            Origin::Url => None,
        }
    }
}
