//! What is said: pure, from a verdict to lines.
//!
//! At most five: what is refused and why, with the verdict's id; what to do; the page. Every line was a
//! template of ours, filled with names; a server's own words are at most one quoted line, made harmless.

use super::opening::Shown;
use super::{Credential, PastRefusal};
use crate::outcomes::{Direction, Rejection};
use crate::remote::{Remote, Scope};
use crate::terminal::{BAD, STRONG, paint, sanitise};
use crate::time::{ago, clock};
use crate::verdict::Verdict;

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

/// A token is refused as such; `again` says when it is tried again.
pub(super) fn bad_token(verdict: &Verdict, again: Option<String>) -> Words {
    let most = MOST - usize::from(again.is_some());
    let mut words = Words::new(&format!("token not accepted: {}", verdict.means), verdict, most);
    words.lines.extend(again);
    words
}

/// Nothing was found out about the token.
pub(super) fn not_told(remote: &Remote, verdict: &Verdict) -> Words {
    let what = format!("could not ask {} about {}: {}", remote.host, remote.name(), verdict.means);
    Words::new(&what, verdict, 2)
}

/// One line instead, for who tries again: what it was and still is.
pub(super) fn again(
    remote: &Remote,
    direction: Direction,
    (refusal, means): (&PastRefusal, &str),
    now: i64,
) -> String {
    let (what, option) = match direction {
        Direction::Fetch => ("", ""),
        // Without it, what is diagnosed is fetching, which may be fine.
        Direction::Push => ("a push to ", " --push"),
    };
    // It comes from a file.
    let page = refusal.page.as_ref().map(|page| format!(". Page: {}", sanitise(page, LINE)));
    let place = remote.name();
    // In the past tense even within the same second: access may have been granted since.
    let since = ago(refusal.at, now);
    format!(
        "{what}{place} was refused {since}: {}{}. Details: git credential-patron diagnose https://{}/{place}{option}",
        sanitise(means, LINE),
        page.unwrap_or_default(),
        remote.host
    )
}

/// One line instead, for a token that is refused as such.
pub(super) fn still_rejected(credential: &Credential<'_>, rejection: Option<Rejection>, now: i64) -> String {
    match credential.account {
        Some(account) => {
            let (host, label) = (&credential.remote.host, sanitise(&account.label, 100));
            format!(
                "{} (401){}. Replace it: git credential-patron add {}",
                match rejection.is_none_or(|rejection| rejection.is_proven) {
                    true => format!("{host} does not recognise the token of {label}"),
                    false => format!("git says that {host} refused the token of {label}"),
                },
                rejection
                    .map_or_else(String::new, |it| format!("; {}", tried_again(it, credential.remote, now))),
                account.scope.short()
            )
        }
        None => format!(
            "{} does not recognise the token of your previous helper (401){}",
            credential.remote.host,
            instead(credential.remote)
        ),
    }
}

/// One line for a token of an App that is not known.
pub(super) fn outlived(credential: &Credential<'_>) -> String {
    format!(
        "{} refused a token of the GitHub App of {} (401)",
        credential.remote.host,
        sanitise(credential.account.map_or("", |account| &account.label), 100)
    )
}

/// Says when a rejected token is tried again: the host may be what is at fault, and it may be so no more.
pub(super) fn tried_again(rejection: Rejection, remote: &Remote, now: i64) -> String {
    let next = rejection.next_try();
    let when = match next <= now {
        true => "next time".to_owned(),
        false => format!("at {}", clock(next)),
    };
    let url = format!("https://{}/{}", remote.host, remote.name());
    format!("patron tries it again {when}, or at once with git credential-patron diagnose {url}")
}

/// One line for what a fallback answered, where git meets the 401 and nobody asked before.
pub(super) fn fallback_rejected(remote: &Remote) -> String {
    format!(
        "{} refused the token of your previous helper (401), and the helper was told{}",
        remote.host,
        instead(remote)
    )
}

/// Names what may be done about a fallback's token: it is not ours to replace.
fn instead(remote: &Remote) -> String {
    let scope = remote.owner.as_ref().map(|owner| Scope::of_owner(&remote.host, owner).short());
    scope.map(|scope| format!("; add one to patron: git credential-patron add {scope}")).unwrap_or_default()
}
