//! All integration tests in one binary.
#[cfg(unix)]
mod setup;
