//! What was said and opened before, and what was put off: so that nobody is told the same thing a hundred
//! times, and GitHub not asked again and again.
//!
//! ```toml
//! [memory]
//! pages = ["2026-11-20T12:00:00Z https://..."]  # when which page was opened, of the last day
//! bad = ["2026-11-20T12:00:00Z github.com"]     # when a host was shown a token that may be a bad one, of the last hour
//! warned = "2026-11-20"                         # the day of the last word about tokens that end soon
//! [memory.hold]
//! "github.com" = "2026-11-20T12:01:00Z server-error"   # no request of ours before, and why
//!
//! [account."https://github.com/acme#mona"]
//! "page:acme:approval-pending" = "2026-11-20T12:00:00Z"   # it was opened
//! said = "2026-11-20T12:00:00Z token-expired fetch acme/secret"   # the last 401 that was explained, and where
//! lost = "2026-11-20"                                     # the day we last said that its secret is missing
//! declined = "2"                                          # how often nobody wanted to give a token for it
//! ```

use super::{Known, Outcomes, place_key};
use crate::remote::{Direction, Host, Remote};
use crate::time::{day, rfc3339, seconds};
use crate::verdict_id::VerdictId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many pages open by themselves in a day.
const PAGES_A_DAY: usize = 5;
const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
/// How often in an hour a host is asked about tokens that it may not know: several bad logins lock a user out
/// (documented: "Failed login limit"; the number is not).
const BAD_LOGINS_AN_HOUR: usize = 8;
/// No request is put off longer than this, whatever the file or a server says.
const LONGEST_HOLD: i64 = 60 * 60;

pub(super) const SAID: &str = "said";
const LOST: &str = "lost";
const DECLINED: &str = "declined";

/// Whose turn it is to open a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageTurn {
    /// The caller's.
    Ours,
    /// It was opened before, and is not opened again so soon.
    OpenedBefore,
    /// Nobody's: enough were opened today.
    EnoughToday,
}

/// What is not of one account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pages: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bad: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    warned: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    hold: BTreeMap<String, String>,
}

/// Forgets what was said and opened about an owner: it lets us in.
pub(super) fn accepted(known: &mut Known, remote: &Remote) {
    known.remove(SAID);
    known.remove(DECLINED);
    let pages = page_key(remote, "");
    known.retain(|key, _| !key.starts_with(&pages));
}

/// Names a page that was opened: by the owner, and why. No space: that is a place's.
fn page_key(remote: &Remote, reason: &str) -> String {
    let owner = remote.owner.as_ref().map_or("", |owner| owner.as_str());
    format!("page:{}:{reason}", owner.to_ascii_lowercase())
}

/// Keeps the lines whose time is no longer ago. Times to come are those of a clock that was wrong.
fn keep_since(lines: &mut Vec<String>, now: i64, span: i64) {
    lines.retain(|line| {
        let at = line.split(' ').next().and_then(seconds);
        at.is_some_and(|at| at <= now && now - at < span)
    });
}

impl Outcomes {
    /// Takes the right to open a page for an account, owner and reason: once, until the outcome changes; the same
    /// page once an hour, whoever asks; and five times a day in all. To be called within [`Outcomes::change`], by
    /// whoever then opens it.
    pub(crate) fn take_page(
        &mut self,
        id: &str,
        (remote, reason): (&Remote, VerdictId),
        page: &str,
        now: i64,
    ) -> PageTurn {
        let pages = &mut self.head.memory.pages;
        keep_since(pages, now, DAY);
        let was_opened = pages.iter().any(|text| {
            text.split_once(' ')
                .is_some_and(|(at, known)| known == page && seconds(at).is_some_and(|at| now - at < HOUR))
        });
        let is_enough = pages.len() >= PAGES_A_DAY;
        let key = page_key(remote, reason.as_str());
        if was_opened || self.known(id).contains_key(&key) {
            return PageTurn::OpenedBefore;
        }
        if is_enough {
            return PageTurn::EnoughToday;
        }
        let time = rfc3339(now).unwrap_or_default();
        self.head.memory.pages.push(format!("{time} {page}"));
        self.tables.change(id, |known| known.insert(key, time));
        PageTurn::Ours
    }

    /// Tells whether a host may be shown a token that it may not know.
    pub(crate) fn may_risk_login(&self, host: &Host, now: i64) -> bool {
        let host = host.home();
        let is_recent = |text: &&String| {
            text.split_once(' ').is_some_and(|(at, known)| {
                known == host.as_str() && seconds(at).is_some_and(|at| at <= now && now - at < HOUR)
            })
        };
        self.head.memory.bad.iter().filter(is_recent).count() < BAD_LOGINS_AN_HOUR
    }

    /// Notes that a host did not know a token; to be called within [`Outcomes::change`].
    pub(crate) fn note_bad_login(&mut self, host: &Host, now: i64) {
        let bad = &mut self.head.memory.bad;
        keep_since(bad, now, HOUR);
        bad.push(format!("{} {}", rfc3339(now).unwrap_or_default(), host.home()));
    }

    /// Says when, and why, the refusal of an account's token as such was explained last.
    pub(crate) fn said(&self, id: &str) -> Option<(i64, VerdictId)> {
        let known = self.known(id);
        let mut parts = known.get(SAID)?.split(' ');
        Some((seconds(parts.next()?)?, VerdictId::parse(parts.next()?)?))
    }

    /// Notes that it was explained, and where; to be called within [`Outcomes::change`].
    pub(crate) fn note_said(&mut self, id: &str, place: (&Remote, Direction), now: i64, verdict: VerdictId) {
        let text = format!("{} {verdict} {}", rfc3339(now).unwrap_or_default(), place_key(place.0, place.1));
        self.tables.change(id, |known| known.insert(SAID.to_owned(), text));
    }

    /// Says how often a person was asked for a token for this account or scope and gave none.
    pub(crate) fn declined(&self, id: &str) -> usize {
        self.known(id).get(DECLINED).and_then(|count| count.parse().ok()).unwrap_or_default()
    }

    /// Notes that a person gave none once more; to be called within [`Outcomes::change`].
    pub(crate) fn note_declined(&mut self, id: &str) {
        let count = self.declined(id) + 1;
        self.tables.change(id, |known| known.insert(DECLINED.to_owned(), count.to_string()));
    }

    /// Says why a host is not to be asked by us now, if it is so.
    pub(crate) fn held(&self, host: &Host, now: i64) -> Option<VerdictId> {
        let (until, why) = self.head.memory.hold.get(host.home().as_str())?.split_once(' ')?;
        let until = seconds(until)?;
        VerdictId::parse(why).filter(|_| now < until && until - now <= LONGEST_HOLD)
    }

    /// Puts requests of ours to a host off; to be called within [`Outcomes::change`].
    pub(crate) fn hold(&mut self, host: &Host, now: i64, pause: i64, why: VerdictId) {
        let hold = &mut self.head.memory.hold;
        let is_over = |text: &str| text.split(' ').next().and_then(seconds).is_none_or(|until| until <= now);
        hold.retain(|_, text| !is_over(text));
        let until = rfc3339(now.saturating_add(pause.clamp(0, LONGEST_HOLD))).unwrap_or_default();
        hold.insert(host.home().as_str().to_owned(), format!("{until} {why}"));
    }

    /// Tells whether tokens that end soon were not spoken of today.
    pub(crate) fn may_warn(&self, now: i64) -> bool {
        self.head.memory.warned != day(now)
    }

    /// Takes the right to speak of them: once a day for all. To be called within [`Outcomes::change`].
    pub(crate) fn take_warning(&mut self, now: i64) -> bool {
        let may = self.may_warn(now);
        self.head.memory.warned = day(now);
        may
    }

    /// Takes the right to say that an account's secret is gone: once a day. To be called within
    /// [`Outcomes::change`].
    pub(crate) fn take_loss(&mut self, id: &str, now: i64) -> bool {
        let today = day(now);
        let earlier = self.tables.change(id, |known| known.insert(LOST.to_owned(), today.clone()));
        earlier.is_none_or(|earlier| earlier != today)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn fresh() -> (tempfile::TempDir, Outcomes) {
        let home = tempfile::tempdir().expect("a folder");
        let outcomes = Outcomes::load(&home.path().join("outcomes.toml"));
        (home, outcomes)
    }

    fn remote(url: &str) -> Remote {
        Remote::from_url(url).expect("a URL")
    }

    fn take(outcomes: &mut Outcomes, id: &str, url: &str, reason: VerdictId, now: i64) -> bool {
        take_page(outcomes, id, (url, reason), &format!("https://github.com/{id}/{reason}"), now)
            == PageTurn::Ours
    }

    fn take_page(
        outcomes: &mut Outcomes,
        id: &str,
        (url, reason): (&str, VerdictId),
        page: &str,
        now: i64,
    ) -> PageTurn {
        let mut turn = PageTurn::EnoughToday;
        let take = |o: &mut Outcomes| turn = o.take_page(id, (&remote(url), reason), page, now);
        outcomes.change(take).expect("written");
        turn
    }

    #[test]
    fn seven_dead_tokens_open_one_and_the_same_page_once_an_hour() {
        let (_home, mut o) = fresh();
        let mut open = |id: &str, page: &str, now| {
            take_page(&mut o, id, ("https://github.com/acme/secret", VerdictId::TokenExpired), page, now)
        };
        assert_eq!(open("1", "p", NOW), PageTurn::Ours);
        for id in ["2", "3", "4", "5", "6", "7"] {
            assert_eq!(open(id, "p", NOW + 9), PageTurn::OpenedBefore);
        }
        assert_eq!(open("8", "q", NOW + 9), PageTurn::Ours, "another page");
        assert_eq!(open("2", "p", NOW + HOUR), PageTurn::Ours, "an hour later");
        for (id, page) in [("a", "r"), ("b", "s")] {
            assert_eq!(open(id, page, NOW + HOUR), PageTurn::Ours);
        }
        assert_eq!(open("c", "t", NOW + HOUR), PageTurn::EnoughToday);
    }

    #[test]
    fn bad_logins_have_a_budget_per_host_and_hour() {
        let (_home, mut o) = fresh();
        let [github, other] =
            ["https://github.com/a/b", "https://corp.ghe.com/a/b"].map(|url| remote(url).host);
        for n in 0..BAD_LOGINS_AN_HOUR {
            assert!(o.may_risk_login(&github, NOW), "{n}");
            o.change(|o| o.note_bad_login(&github, NOW)).expect("written");
        }
        assert!(!o.may_risk_login(&github, NOW) && !o.may_risk_login(&github, NOW + HOUR - 1));
        assert!(!o.may_risk_login(&remote("https://gist.github.com/x").host, NOW), "the same host");
        assert!(o.may_risk_login(&other, NOW) && o.may_risk_login(&github, NOW + HOUR));
        assert!(o.may_risk_login(&github, NOW - DAY), "a clock that was set back");
    }

    #[test]
    fn a_page_is_opened_once_for_account_owner_and_reason_until_git_is_let_in() {
        let (_home, mut o) = fresh();
        let acme = "https://github.com/acme/secret";
        assert!(take(&mut o, "a", acme, VerdictId::ApprovalPending, NOW));
        assert!(!take(&mut o, "a", "https://github.com/ACME/tools", VerdictId::ApprovalPending, NOW + 9));
        assert!(take(&mut o, "a", acme, VerdictId::SsoRequired, NOW + 9), "another reason");
        assert!(take(&mut o, "b", acme, VerdictId::SsoRequired, NOW + 9), "another account");
        o.change(|o| o.note_accepted("a", &remote(acme), Direction::Fetch, NOW + 10)).expect("written");
        assert!(
            !take(&mut o, "a", acme, VerdictId::ApprovalPending, NOW + 11),
            "the same page within the hour"
        );
        assert!(take(&mut o, "a", acme, VerdictId::ApprovalPending, NOW + HOUR));
    }

    #[test]
    fn five_pages_a_day_in_all() {
        let (_home, mut o) = fresh();
        let acme = "https://github.com/acme/secret";
        let taken =
            (0..9).filter(|n| take(&mut o, &n.to_string(), acme, VerdictId::SsoRequired, NOW + n)).count();
        assert_eq!(taken, PAGES_A_DAY);
        assert!(!take(&mut o, "last", acme, VerdictId::SsoRequired, NOW + DAY - 1));
        assert!(take(&mut o, "last", acme, VerdictId::SsoRequired, NOW + DAY));
        assert!(
            take(&mut o, "earlier", acme, VerdictId::SsoRequired, NOW - 9 * DAY),
            "a clock that was set back"
        );
    }

    #[test]
    fn a_host_is_left_alone_for_a_while_and_never_for_long() {
        let (_home, mut o) = fresh();
        let host = remote("https://github.com/acme/secret").host;
        let is_held = |o: &Outcomes, now| o.held(&host, now).is_some();
        assert!(!is_held(&o, NOW));
        o.change(|o| o.hold(&host, NOW, 60, VerdictId::ServerError)).expect("written");
        assert!(
            is_held(&o, NOW)
                && o.held(&host, NOW + 59) == Some(VerdictId::ServerError)
                && !is_held(&o, NOW + 60)
        );
        assert_eq!(o.held(&remote("https://corp.ghe.com/a/b").host, NOW), None);
        assert!(!is_held(&o, NOW - DAY), "a clock that was set back");
        o.change(|o| o.hold(&host, NOW, i64::MAX, VerdictId::ServerError)).expect("written");
        assert!(is_held(&o, NOW + 1) && !is_held(&o, NOW + 3_600), "no longer than an hour");
        // What is over is not kept.
        let other = remote("https://corp.ghe.com/a/b").host;
        for (at, kept) in [(NOW + 3_599, 2), (NOW + 3_600, 1)] {
            o.change(|o| {
                o.hold(&host, NOW, 3_600, VerdictId::ServerError);
                o.hold(&other, at, 60, VerdictId::ServerError);
            })
            .expect("written");
            assert_eq!(o.head.memory.hold.len(), kept, "{at}");
        }
    }

    #[test]
    fn how_often_a_person_gave_no_token_is_counted_until_git_is_let_in() {
        let (_home, mut o) = fresh();
        let acme = remote("https://github.com/acme/secret");
        let mut counts = vec![o.declined("a")];
        for _ in 0..3 {
            o.change(|o| o.note_declined("a")).expect("written");
            counts.push(o.declined("a"));
        }
        o.change(|o| o.note_accepted("a", &acme, Direction::Fetch, NOW)).expect("written");
        assert_eq!((counts, o.declined("a"), o.declined("b")), (vec![0, 1, 2, 3], 0, 0));
    }

    #[test]
    fn one_warning_a_day() {
        let (_home, mut o) = fresh();
        let mut warn = |now| {
            let may = o.may_warn(now);
            let mut taken = false;
            o.change(|o| taken = o.take_warning(now)).expect("written");
            assert_eq!(may, taken);
            taken
        };
        assert_eq!([warn(NOW), warn(NOW + 60), warn(NOW + DAY)], [true, false, true]);
        let mut lost = |id, now| {
            let mut is_news = false;
            o.change(|o| is_news = o.take_loss(id, now)).expect("written");
            is_news
        };
        assert_eq!([lost("a", NOW), lost("a", NOW + 60), lost("b", NOW + 60)], [true, false, true]);
        assert!(lost("a", NOW + DAY));
    }
}
