//! Denials.
pub(crate) mod normal;
pub(crate) mod phrase;
