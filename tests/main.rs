//! All integration tests in one binary.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod callers;
mod denial;
#[cfg(target_os = "linux")]
mod fallback;
#[cfg(unix)]
mod faults;
mod forge;
mod forge_contract;
mod git;
mod given;
mod hygiene;
#[cfg(target_os = "linux")]
mod keyring;
mod layers;
mod manual;
#[cfg(target_os = "linux")]
mod notice;
mod property;
mod sandbox;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod vectors;
