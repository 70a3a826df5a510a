//! All integration tests in one binary.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod callers;
mod denial;
mod fallback;
mod forge;
mod forge_contract;
mod git;
mod given;
mod hygiene;
#[cfg(unix)]
mod install;
#[cfg(target_os = "linux")]
mod keyring;
mod layers;
mod manual;
mod property;
mod sandbox;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod vectors;
