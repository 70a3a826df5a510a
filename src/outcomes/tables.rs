//! The tables of `outcomes.toml`, one an account: they stay text, in which an account's is sought and parsed when it
//! is asked for. Most runs want one of many, and want it some six times.

use super::Known;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::ops::Range;
use std::rc::Rc;
use toml_edit::Key;

/// What stands before and behind an account's id in the file.
pub(super) const BEFORE_ID: &str = "\n[account.";
const BEHIND_ID: &str = "]\n";

/// The text of all tables: each is [`BEFORE_ID`], a quoted id, [`BEHIND_ID`], its lines.
#[derive(Debug, Default)]
pub(super) struct Tables {
    text: String,
    last: RefCell<Option<(String, Rc<Known>)>>,
}

impl Tables {
    /// Takes them as they stand in the file.
    pub(super) fn new(text: String) -> Self {
        Self { text, last: RefCell::default() }
    }

    /// Gives them as they are to stand in the file.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Gives each account's quoted id and lines.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.split(BEFORE_ID).filter_map(|table| table.split_once(BEHIND_ID))
    }

    /// Gives each account's id.
    pub(super) fn ids(&self) -> impl Iterator<Item = String> {
        self.each().filter_map(|(id, _)| unquoted(id))
    }

    /// Gives what stands of an account.
    pub(super) fn of(&self, id: &str) -> Rc<Known> {
        if let Some((_, known)) = self.last.borrow().as_ref().filter(|(last, _)| last == id) {
            return known.clone();
        }
        let known: Rc<Known> =
            Rc::new(self.place_of(id).map(|place| parse(&self.text[place])).unwrap_or_default());
        *self.last.borrow_mut() = Some((id.to_owned(), known.clone()));
        known
    }

    /// Changes what stands of an account.
    pub(super) fn change<T>(&mut self, id: &str, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = Known::clone(&self.of(id));
        let outcome = change(&mut known);
        match self.place_of(id) {
            Some(place) => self.text.replace_range(place, &written(&known)),
            None => self.add(&quoted(id), &known),
        }
        self.last.take();
        outcome
    }

    /// Adds a table for a quoted id that has none.
    pub(super) fn add(&mut self, quoted: &str, known: &Known) {
        let _ = write!(self.text, "{BEFORE_ID}{quoted}{BEHIND_ID}{}", written(known));
        self.last.take();
    }

    /// Removes an account's table.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(place) = self.place_of(id) {
            let start = place.start - BEFORE_ID.len() - quoted(id).len() - BEHIND_ID.len();
            self.text.replace_range(start..place.end, "");
        }
        self.last.take();
    }

    /// Finds where an account's lines are.
    fn place_of(&self, id: &str) -> Option<Range<usize>> {
        let start = [BEFORE_ID, &quoted(id), BEHIND_ID].concat();
        let from = self.text.find(&start)? + start.len();
        let length = self.text[from..].find(BEFORE_ID);
        Some(from..length.map_or(self.text.len(), |length| from + length))
    }
}

/// Writes an id as it stands in the file.
pub(super) fn quoted(id: &str) -> String {
    Key::new(id).display_repr().into_owned()
}

/// Reads an id as it stands in the file.
pub(super) fn unquoted(id: &str) -> Option<String> {
    Some(id.parse::<Key>().ok()?.get().to_owned())
}

/// Parses the lines of an account; what is no TOML counts as nothing known.
pub(super) fn parse(lines: &str) -> Known {
    toml::from_str(lines).unwrap_or_default()
}

fn written(known: &Known) -> String {
    toml::to_string(known).unwrap_or_default()
}
