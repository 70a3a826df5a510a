//! Git as an outside thing.
pub mod repository;
