//! Any bytes as `outcomes.toml`: what is damaged is nothing known, and what is written is read again.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::tables::{parse, quoted};
use super::text::{cut, outcome, places, rejection};
use super::*;
use engine::fuzz;

const WORDS: &[&[u8]] = &[
    b"version = 2\n",
    b"key = \"k\"\n",
    b"\n[account.\"https://github.com/acme#mona\"]\n",
    b"rejected = ",
    b"\"2026-01-01T00:00:00Z 1 2026-01-01T00:00:00Z\"\n",
    b"\"fetch github.com/acme/r\" = ",
    b"\"accepted 2026-01-01T00:00:00Z\"\n",
    b"\"refused 2026-01-01T00:00:00Z approval-pending https://github.com/x\"\n",
    b"[account.",
    b"\"]\n",
    b"'''",
    b"\"\"\"",
];

/// Reads a state file.
pub(crate) fn state(input: &[u8]) -> String {
    let Some((head, all)) = cut(input.to_vec()) else { return "nothing known".to_owned() };
    let (mut tables, mut outcomes, mut rejections) = (0, 0, 0);
    for (_, lines) in all.each() {
        let known = parse(lines);
        tables += 1;
        outcomes += places(&known).filter(|(_, text)| outcome(text).is_some()).count();
        rejections += usize::from(rejection(&known).is_some());
    }
    // Whatever stands as an id can be written as one, and is found as that one.
    let id = String::from_utf8_lossy(input).into_owned();
    let text = format!("[account.{}]\nrejected = \"x\"\n", quoted(&id));
    let table: Result<toml::Table, _> = toml::from_str(&text);
    let table = table.unwrap_or_else(|error| panic!("{text}: {error}"));
    assert!(table["account"].get(&id).is_some(), "{text}");
    let newer = head.version > VERSION;
    format!("{newer} {} {} {}", tables.min(5), outcomes.min(5), rejections.min(3))
}

#[test]
fn any_state_is_read_without_a_word_and_its_own_ids_are_found_again() {
    fuzz("outcomes", WORDS, state);
}
