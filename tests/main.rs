//! All integration tests in one binary.

mod forge;
mod forge_contract;
mod sandbox;
#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod keyring;
