//! What is said: pure, from a verdict to lines.
//!
//! At most five: what is refused and why, with the verdict's id; what to do; the page. Every line was a
//! template of ours, filled with names; a server's own words are at most one quoted line, made harmless.

use super::Given;
use super::opening::Shown;
use crate::outcomes::Direction;
use crate::remote::{Remote, Scope};
use crate::terminal::{BAD, STRONG, paint, sanitise};
use crate::verdict::Verdict;
use crate::verdict_id::VerdictId;

/// How many lines there are at most.
const MOST: usize = 5;
/// How long a line may be; pages within a line are shorter.
const LINE: usize = 400;

/// Lines that wait for what becomes of the page.
#[derive(Debug)]
pub(super) struct Words {
    lines: Vec<String>,
    page: Option<String>,
}

impl Words {
    fn new(head: &str, verdict: &Verdict, most: usize) -> Self {
        let head = sanitise(head, LINE);
        let what = match head.split_once(": ") {
            Some((what, why)) => format!("{}: {why} ({})", paint(BAD, what), verdict.id),
            None => format!("{} ({})", paint(BAD, &head), verdict.id),
        };
        let room = most - 1 - usize::from(verdict.page.is_some());
        let fixes = verdict.fix.iter().take(room).map(|fix| sanitise(fix, LINE));
        Self { lines: std::iter::once(what).chain(fixes).collect(), page: verdict.page.clone() }
    }

    /// Gives the whole text.
    pub(super) fn with_page(&self, shown: &Shown) -> String {
        let page = self.page.as_ref().map(|page| format!("page{shown}: {}", paint(STRONG, page)));
        self.lines.iter().cloned().chain(page).collect::<Vec<_>>().join("\n")
    }
}

/// A repository refuses.
pub(super) fn refusal(remote: &Remote, direction: Direction, verdict: &Verdict) -> Words {
    let what = match direction {
        Direction::Fetch => "cannot be fetched",
        Direction::Push => "cannot be pushed to",
    };
    Words::new(&format!("{} {what}: {}", remote.name(), verdict.means), verdict, MOST)
}

/// A token is refused as such.
pub(super) fn bad_token(verdict: &Verdict) -> Words {
    Words::new(&format!("not accepted: {}", verdict.means), verdict, MOST)
}

/// Nothing was found out about the token.
pub(super) fn not_told(remote: &Remote, verdict: &Verdict) -> Words {
    let what = format!("{} could not be asked about {}: {}", remote.host, remote.name(), verdict.means);
    Words::new(&what, verdict, 2)
}

/// One line instead, while the host is left alone for long.
pub(super) fn left_alone(remote: &Remote, verdict: VerdictId) -> String {
    format!("{} is not asked about {} now: {}", remote.host, remote.name(), verdict)
}

/// One line instead, for who tries again: true also where git is let in by now, which is not known before.
pub(super) fn again(
    remote: &Remote,
    direction: Direction,
    verdict: VerdictId,
    ago: &str,
    page: Option<&str>,
) -> String {
    // It comes from a file.
    let page = page.map(|page| format!("; page: {}", sanitise(page, LINE))).unwrap_or_default();
    let (what, option) = match direction {
        Direction::Fetch => ("", ""),
        // Without it, what is diagnosed is fetching, which may be fine.
        Direction::Push => ("a push to ", " --push"),
    };
    let place = remote.name();
    format!(
        "{what}{place} was refused {ago} ({verdict}), git tries again{page}; details: git credential-patron diagnose https://{}/{place}{option}",
        remote.host
    )
}

/// One line instead, for a token that is refused as such.
pub(super) fn still_rejected(given: &Given<'_>, verdict: Option<VerdictId>) -> String {
    let reason = verdict.unwrap_or(VerdictId::TokenRejected);
    match given.account {
        Some(account) => format!(
            "the token of {} is not accepted (401): {reason}; replace it: git credential-patron add {}",
            sanitise(&account.label, 100),
            account.scope.short()
        ),
        None => format!(
            "the token of your earlier helper is not accepted (401): {reason}{}",
            instead(given.remote)
        ),
    }
}

/// One line for what a fallback answered, where git meets the 401 and nobody asked before.
pub(super) fn fallback_rejected(remote: &Remote) -> String {
    format!(
        "{} refused the token of your earlier helper (401), and the helper is told{}",
        remote.host,
        instead(remote)
    )
}

/// Names what may be done about a fallback's token: it is not ours to replace.
fn instead(remote: &Remote) -> String {
    let scope = remote.owner.as_ref().map(|owner| Scope::of_owner(&remote.host, owner).short());
    scope.map(|scope| format!("; keep one here: git credential-patron add {scope}")).unwrap_or_default()
}
