//! All integration tests in one binary.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod callers;
mod denial;
#[cfg(target_os = "linux")]
mod fallback;
#[cfg(target_os = "linux")]
mod faults;
mod forge;
mod forge_contract;
mod git;
mod given;
mod hygiene;
#[cfg(target_os = "linux")]
mod keyring;
mod layers;
#[cfg(target_os = "linux")]
mod leaks;
#[cfg(target_os = "linux")]
mod lfs;
#[cfg(unix)]
mod libgit2;
mod manual;
mod property;
mod sandbox;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod vectors;
