//! The page of a verdict: whether it opens by itself, and opening it once.

use crate::browser::{self, NoBrowser, Purpose, Surroundings};
use crate::git::{Cwd, Git, Permission};
use crate::outcomes::{Outcomes, PageTurn};
use crate::remote::Remote;
use crate::session::Session;
use crate::verdict::Verdict;
use crate::verdict_id::VerdictId;
use std::fmt;

/// Whether a page should open here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageWish {
    /// This verdict opens none.
    None,
    /// It may.
    Open,
    /// It would, at another place.
    Not(NoBrowser),
}

/// Judges whether the verdict's page opens by itself here.
pub(super) fn wish(session: &Session, verdict: &Verdict) -> PageWish {
    if !verdict.opens || verdict.page.is_none() {
        return PageWish::None;
    }
    if session.caller().is_prefetch {
        return PageWish::Not(NoBrowser::Prefetch);
    }
    let settings = session.settings();
    let interactive = interactive();
    let surroundings = Surroundings::collect(settings.browser == Permission::Never, interactive.as_deref());
    match browser::may_open(&surroundings, Purpose::ByItself) {
        Ok(()) => PageWish::Open,
        Err(why) => PageWish::Not(why),
    }
}

/// Reads `credential.interactive` as git sees it here: who set it wants no windows either.
pub(crate) fn interactive() -> Option<String> {
    let value = Git::find()?.run(&["config", "--get", "credential.interactive"], Cwd::Here).ok()?;
    Some(String::from_utf8_lossy(&value).trim().to_owned())
}

/// What becomes of a page.
#[derive(Debug)]
pub(super) enum Opening {
    /// Nothing: it is printed.
    Nothing,
    /// It is to be opened, and somebody has yet to take the right to.
    Wanted(String),
    /// We have the right to open it.
    Ours(String),
    /// It was opened before.
    Before,
    /// Enough pages were opened today.
    Enough,
    /// Not here.
    Not(NoBrowser),
    /// What is opened cannot be remembered.
    NotRemembered,
}

impl Opening {
    pub(super) fn of(wish: &PageWish, verdict: &Verdict) -> Self {
        match (wish, &verdict.page) {
            (PageWish::Open, Some(page)) => Self::Wanted(page.clone()),
            (PageWish::Not(why), Some(_)) => Self::Not(*why),
            _ => Self::Nothing,
        }
    }

    pub(super) fn not_remembered(verdict: &Verdict) -> Self {
        if verdict.opens { Self::NotRemembered } else { Self::Nothing }
    }

    /// Takes the right to open it; to be called within [`Outcomes::change`].
    pub(super) fn take(
        &mut self,
        outcomes: &mut Outcomes,
        id: &str,
        remote: &Remote,
        reason: VerdictId,
        now: i64,
    ) {
        if let Self::Wanted(page) = self {
            *self = match outcomes.take_page(id, (remote, reason), page, now) {
                PageTurn::Ours => Self::Ours(std::mem::take(page)),
                PageTurn::OpenedBefore => Self::Before,
                PageTurn::EnoughToday => Self::Enough,
            };
        }
    }

    /// Opens the page if that is to be done, and says what came of it.
    pub(super) fn carry_out(&self) -> Shown {
        Shown(match self {
            Self::Nothing | Self::Wanted(_) | Self::NotRemembered => String::new(),
            Self::Before => " (opened before)".to_owned(),
            Self::Enough => " (not opened: five pages were opened today)".to_owned(),
            Self::Not(why) => format!(" (not opened: {why})"),
            Self::Ours(page) => match browser::open(page) {
                Ok(_) => " (opened in your browser)".to_owned(),
                Err(why) => format!(" (not opened: {why})"),
            },
        })
    }
}

/// What became of a page, in words to follow "page".
#[derive(Debug, Default)]
pub(super) struct Shown(String);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
