//! `wait`: asks again, politely, until git would be let in.
//!
//! What is asked is the very question of git, and nothing else while its answer stays the same; a new one is
//! looked into as `diagnose` does. No call tells a token's holder of an approval, so a denial, a revoked grant
//! and "still pending" look the same: when the time is up, that is said.

use super::diagnose::{self, Watched};
use super::exec;
use crate::choose::choose;
use crate::cli::{Diagnose, Wait};
use crate::error::{Exit, Failure};
use crate::notify;
use crate::outcomes::Refusal;
use crate::remote::{Owner, Remote};
use crate::session::{Session, list_failure};
use crate::target::{self, Aim, Target};
use crate::terminal::{Spinner, Stream, print, say};
use crate::verdict::{Observed, Verdict};
use crate::verdict_id::VerdictId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long the pauses are: for so long since the beginning, of so much. GitHub's own advice is to ask rarely.
const PACES: [(Duration, Duration); 2] = [
    (Duration::from_secs(2 * 60), Duration::from_secs(10)),
    (Duration::from_secs(60 * 60), Duration::from_secs(60)),
];
/// And after that.
const SLOWEST: Duration = Duration::from_secs(5 * 60);
/// How often it is looked whether a signal came.
const BLINK: Duration = Duration::from_millis(100);

/// What somebody or something else may change while we wait.
const CHANGES: &[VerdictId] = &[
    VerdictId::ApprovalPending,
    VerdictId::ApprovalRequired,
    VerdictId::GrantRevoked,
    VerdictId::SsoRequired,
    VerdictId::OauthAppRestricted,
    VerdictId::RateLimited,
    VerdictId::LockedOut,
    VerdictId::ServerError,
    VerdictId::Unreachable,
    VerdictId::TlsFailed,
    VerdictId::ProxyFailed,
    VerdictId::CaptivePortal,
];

/// Waits, and then ends or runs the command.
pub(crate) fn run(session: &Session, options: &Wait) -> Result<(), Failure> {
    let signal = Signal::watch();
    let target = whole(session, target::one(options.what.as_deref())?)?;
    let name = target.remote.name();
    let aim = Aim { target, push_only: false };
    let as_diagnose = Diagnose { what: None, push: options.push, json: true, offline: false, open: false };
    let waiting = Waiting {
        session,
        options: &as_diagnose,
        aim: &aim,
        start: Instant::now(),
        timeout: options.timeout,
    };
    let ended = waiting.until_let_in(&name, &signal);
    let (look, let_in) = match ended {
        Ended::LetIn(look) => (look, Ok(())),
        Ended::Refused(look) => {
            let failure = refused(&name, &look.verdict);
            (look, Err(failure))
        }
        Ended::TimeIsUp(look) => {
            let failure = time_is_up(&name, &look.verdict);
            (look, Err(failure))
        }
        Ended::Signal(number) => {
            let code = u8::try_from(128 + number).unwrap_or(130);
            return Err(Failure::new(Exit::As(code), "interrupted; nothing was changed"));
        }
        Ended::Failed(failure) => return Err(failure),
    };
    if options.json {
        print(&look.json).map_err(|error| Failure::failed("cannot write the output").because(error))?;
    }
    if waiting.start.elapsed() > PACES[0].1 {
        let words =
            if let_in.is_ok() { "git has access" } else { "stopped waiting, git still has no access" };
        notify::tell(&format!("{name}: {words}"));
    }
    let_in?;
    if Stream::Stderr.is_terminal() {
        say(&format!("{name}: git has access now"));
    }
    if options.command.is_empty() { Ok(()) } else { exec::replace_with(&options.command) }
}

/// Names the repository to ask for: the one that was refused last, where an owner alone is named.
fn whole(session: &Session, target: Target) -> Result<Target, Failure> {
    if target.remote.repo.is_some() {
        return Ok(target);
    }
    let accounts = session.accounts().map_err(list_failure)?;
    let outcomes = session.outcomes();
    let fitting = choose(&target.remote, target.user.as_deref(), &accounts, |account| {
        session.standing(&outcomes, account)
    });
    let owner = target.remote.owner.as_ref();
    let is_it = |refusal: &Refusal| {
        let place = refusal.place.as_deref().and_then(|place| place.split_once('/'));
        let named = place.and_then(|(named, _)| Owner::parse(named));
        named.is_some_and(|named| owner.is_none_or(|owner| *owner == named))
            && fitting.iter().any(|account| account.id == refusal.id)
    };
    let last = outcomes.refusals(0).into_iter().find(is_it).and_then(|refusal| refusal.place);
    let remote = last.and_then(|place| Remote::from_url(&format!("https://{}/{place}", target.remote.host)));
    let remote = remote.ok_or_else(|| {
        Failure::usage(format!(
            "nothing of {} was refused lately, so patron does not know what to wait for",
            target.remote.name()
        ))
        .remedy("name the repository: git credential-patron wait OWNER/REPOSITORY")
    })?;
    Ok(Target { remote, ..target })
}

/// What is waited for.
struct Waiting<'a> {
    session: &'a Session,
    options: &'a Diagnose,
    aim: &'a Aim,
    start: Instant,
    timeout: Option<Duration>,
}

/// How waiting ended.
enum Ended {
    LetIn(Watched),
    Refused(Watched),
    TimeIsUp(Watched),
    Signal(usize),
    Failed(Failure),
}

impl Waiting<'_> {
    fn until_let_in(&self, name: &str, signal: &Signal) -> Ended {
        let mut is_doubted = false;
        loop {
            let look = match diagnose::look(self.session, self.options, self.aim) {
                Ok(look) => look,
                Err(failure) => return Ended::Failed(failure),
            };
            if let Some(number) = signal.came() {
                return Ended::Signal(number);
            }
            match look.verdict.exit {
                0 => return Ended::LetIn(look),
                _ if !CHANGES.contains(&look.verdict.id) => {
                    // What changes in the middle of a look may leave a verdict of two halves.
                    let again = diagnose::ask_again(self.session, self.options, self.aim);
                    if !is_doubted && again.is_ok_and(|heard| heard.is_open()) {
                        is_doubted = true;
                        continue;
                    }
                    return Ended::Refused(look);
                }
                _ => is_doubted = false,
            }
            // The line is gone before anything else is said.
            let spinner = Spinner::timed(
                &format!("waiting for {name} ({}); Ctrl-C ends it", look.verdict.id),
                self.start,
            );
            let same = self.while_the_same(&look.heard, signal);
            drop(spinner);
            match same {
                Same::Changed => {}
                Same::TimeIsUp => return Ended::TimeIsUp(look),
                Same::Signal(number) => return Ended::Signal(number),
                Same::Failed(failure) => return Ended::Failed(failure),
            }
        }
    }

    /// Asks git's question again and again, until it is answered otherwise.
    fn while_the_same(&self, before: &Observed, signal: &Signal) -> Same {
        loop {
            let pause = self.pause(before);
            let left = self.timeout.map(|timeout| timeout.saturating_sub(self.start.elapsed()));
            let until = Instant::now() + left.map_or(pause, |left| left.min(pause));
            while Instant::now() < until {
                std::thread::sleep(BLINK.min(until.saturating_duration_since(Instant::now())));
                if let Some(number) = signal.came() {
                    return Same::Signal(number);
                }
            }
            let heard = match diagnose::ask_again(self.session, self.options, self.aim) {
                Ok(heard) => heard,
                Err(failure) => return Same::Failed(failure),
            };
            if let Some(number) = signal.came() {
                return Same::Signal(number);
            }
            // What could not be asked is no answer.
            let is_answer = heard.reply().is_some();
            if is_answer && (heard.is_open() || heard.status() != before.status()) {
                return Same::Changed;
            }
            if self.timeout.is_some_and(|timeout| self.start.elapsed() >= timeout) {
                return Same::TimeIsUp;
            }
        }
    }

    /// Says how long to pause: longer with time, never the same for two who began together, and as long as the
    /// host wants.
    fn pause(&self, before: &Observed) -> Duration {
        let passed = self.start.elapsed();
        let pace = PACES.iter().find(|(until, _)| passed < *until).map_or(SLOWEST, |(_, pace)| *pace);
        let mut random = [0u8; 1];
        // Without randomness the pauses are equal: no harm.
        let _ = getrandom::fill(&mut random);
        let jitter = pace.mul_f64(0.1 * f64::from(random[0]) / 255.0);
        let wanted = before.reply().and_then(|reply| reply.header("retry-after")?.parse().ok());
        (pace - jitter)
            .max(wanted.map_or(Duration::ZERO, |seconds: u32| Duration::from_secs(u64::from(seconds))))
    }
}

/// What became of asking the same question.
enum Same {
    Changed,
    TimeIsUp,
    Signal(usize),
    Failed(Failure),
}

fn refused(name: &str, verdict: &Verdict) -> Failure {
    let exit = if verdict.exit == 3 { Exit::Unchecked } else { Exit::Failed };
    with_fixes(Failure::new(exit, format!("{name}: {} ({})", verdict.means, verdict.id)), verdict)
}

fn time_is_up(name: &str, verdict: &Verdict) -> Failure {
    let failure =
        Failure::new(Exit::Unchecked, format!("{name}: time is up; {} ({})", verdict.means, verdict.id));
    let failure = match verdict.id {
        VerdictId::ApprovalPending | VerdictId::ApprovalRequired | VerdictId::GrantRevoked => failure.remedy(
            "a denied or revoked token gets the same answer from GitHub: check your mail for the decision",
        ),
        _ => failure,
    };
    with_fixes(failure, verdict)
}

fn with_fixes(failure: Failure, verdict: &Verdict) -> Failure {
    let pages = verdict.page.iter().map(|page| format!("page: {page}"));
    verdict.fix.iter().cloned().chain(pages).fold(failure, Failure::remedy)
}

/// Notes the signals that end this process, so that the terminal is left as it was.
struct Signal(Arc<AtomicUsize>);

impl Signal {
    fn watch() -> Self {
        let came = Arc::new(AtomicUsize::new(0));
        #[cfg(unix)]
        for number in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            let value = usize::try_from(number).unwrap_or_default();
            // One that cannot be noted ends the process as it always does.
            let _ = signal_hook::flag::register_usize(number, Arc::clone(&came), value);
        }
        Self(came)
    }

    fn came(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}
