//! All integration tests in one binary.

#[cfg(target_os = "linux")]
mod bus;
mod forge;
mod forge_contract;
#[cfg(target_os = "linux")]
mod keyring;
mod sandbox;
