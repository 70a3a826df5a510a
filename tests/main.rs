//! All integration tests in one binary.

#[cfg(target_os = "linux")]
mod callers;
#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod fallback;
mod forge;
mod forge_contract;
mod git;
mod hygiene;
mod layers;
#[cfg(target_os = "linux")]
mod keyring;
mod sandbox;
#[cfg(unix)]
mod setup;
