//! Denials.
pub(crate) mod phrase;
