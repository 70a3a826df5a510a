//! All integration tests in one binary.

#[cfg(unix)]
mod faults;
mod forge;
mod forge_contract;
mod given;
mod property;
mod sandbox;
#[cfg(unix)]
mod vectors;
