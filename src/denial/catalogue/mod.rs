//! The known refusals: one block each, and nowhere else a list of them.
//!
//! To add one, put a block into the family it belongs to, its `id` in alphabetical order:
//! paste the message into `samples` as it came, copy its sentence into `says` with the changing parts as
//! holes (see `phrase.rs`), and run `git credential-patron explain --check`. Nothing else changes.
//!
//! A phrase counts where it was said. `git: ` before it means git's own lines, `way: ` what git says behind an address
//! of why there was no answer, `ssh: ` what ssh says (these prove themselves); `head: ` is the status line and headers of
//! a reply; `client: ` is what a client of an API or of LFS says by itself; `server: ` is for words that programs of all
//! kinds have, and counts only where a server certainly said them. A phrase without a mark is a sentence that nobody
//! else writes. `hints` leave more than one cause: what they find is *inferred* and the fixes name the causes in order
//! of likelihood.
//!
//! A fix may end in `: @page(...)`; that page's address is put there, or nothing if it cannot be filled.
//! Every text may use the holes that its phrases catch and those of `FALLBACKS`.
//!
//! Nothing here was measured against the live service: the texts are GitHub's documentation and what
//! users reported, so each row says where from. This folder uses no other module, so that tests can take
//! it as it is.

mod apps;
mod policies;
mod repositories;
mod tokens;
mod transport;

use crate::verdict_id::VerdictId;
use serde::Serialize;

/// One known way in which GitHub, or the way to it, refuses.
#[derive(Debug)]
pub(crate) struct Denial {
    /// The stable name, which is the verdict's too.
    pub(crate) id: VerdictId,
    /// By what it is known, for the manual.
    pub(crate) known_by: &'static str,
    /// How sure it is at best, also where more is known than the text.
    pub(crate) certainty: Certainty,
    /// Whether its page may be opened without being asked for.
    pub(crate) opens: bool,
    /// The exit code.
    pub(crate) exit: u8,
    /// Phrases, each of which is enough and leaves no other cause.
    pub(crate) says: &'static [&'static str],
    /// Phrases, each of which is enough but leaves several causes, this one the likeliest.
    pub(crate) hints: &'static [&'static str],
    /// Phrases that are not enough by themselves, but tell more.
    pub(crate) also: &'static [&'static str],
    /// What it means, in at most 100 characters.
    pub(crate) means: &'static str,
    /// What to do, the likeliest first.
    pub(crate) fix: &'static [&'static str],
    /// The page where it can be changed: the first of these that can be filled.
    pub(crate) pages: &'static [&'static str],
    /// Who says so.
    pub(crate) sources: &'static [Source],
    /// The messages as they come: transcripts, or replies that begin with `HTTP 403`.
    pub(crate) samples: &'static [&'static str],
    /// What people write from memory; it must be recognised too.
    pub(crate) paraphrases: [&'static str; 2],
    /// What looks like it and is something else.
    pub(crate) near_miss: &'static str,
}

/// Who says that GitHub says so.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// Documentation or source code, by its address.
    Documented(&'static str),
    /// A user who met it, by thread.
    Reported(&'static str),
    /// Tried with real programs here.
    Measured(&'static str),
    /// Nobody; concluded from its neighbours.
    Inferred(&'static str),
}

/// How sure something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certainty {
    /// The likeliest of several causes.
    Inferred,
    /// GitHub said it, or a request proved it.
    Measured,
}

/// A denial that was found in a text.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The row.
    pub(crate) denial: &'static Denial,
    /// What stood in the phrases' holes.
    pub(crate) holes: Vec<(&'static str, String)>,
    /// The text that matched, fit to be shown.
    pub(crate) matched: String,
    /// Whether the text leaves no other cause and is proven to be a real refusal.
    pub(crate) certainty: Certainty,
    /// Whether the text leaves other causes, whoever said it.
    pub(crate) ambiguous: bool,
}

impl Finding {
    /// Gives what stood in a hole.
    pub(crate) fn hole(&self, name: &str) -> Option<&str> {
        self.holes.iter().find(|(hole, _)| *hole == name).map(|(_, value)| value.as_str())
    }
}

/// What stands in a text where a hole's value is not known.
pub(crate) const FALLBACKS: [(&str, &str); 9] = [
    ("owner", "the organisation"),
    ("repo", "the repository"),
    ("login", "your account"),
    ("token", "the token"),
    ("host", "github.com"),
    // OWNER/REPOSITORY.
    ("full", "the repository"),
    // What `git credential-patron add` takes.
    ("scope", "OWNER"),
    ("url", "URL"),
    ("days", "the allowed number of"),
];

/// The rows, family by family; in each they are sorted by id.
pub(crate) const FAMILIES: [&[Denial]; 5] =
    [apps::ROWS, policies::ROWS, repositories::ROWS, tokens::ROWS, transport::ROWS];

/// Gives all rows, sorted by id.
pub(crate) fn rows() -> Vec<&'static Denial> {
    let mut rows: Vec<_> = FAMILIES.into_iter().flatten().collect();
    rows.sort_by_key(|row| row.id);
    rows
}

/// Gives the row of an id.
pub(crate) fn row(id: VerdictId) -> Option<&'static Denial> {
    FAMILIES.into_iter().flatten().find(|row| row.id == id)
}

/// Takes the page off the end of a line of a fix.
pub(crate) fn split_page(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(": @") {
        Some((text, page)) => (text, Some(page)),
        None => (text, None),
    }
}
