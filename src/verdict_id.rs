//! The ids of verdicts as an enum, so that catalogue, table, manual, files and `--json` cannot drift apart.
//!
//! Its variants are not written by hand: `build.rs` collects them from the rows that have an id, which are those
//! of the catalogue (`src/denial/catalogue/`) and those of the verdicts that are concluded from what was observed
//! (`src/verdict/table.rs`). A variant is called as its id is: `SsoRequired` is `sso-required`.

use std::fmt;

include!(concat!(env!("OUT_DIR"), "/verdict_id.rs"));

impl VerdictId {
    /// Reads an id as commands and files have it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.as_str() == text)
    }
}

impl fmt::Display for VerdictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl serde::Serialize for VerdictId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
