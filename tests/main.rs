//! All integration tests in one binary.

mod forge;
mod forge_contract;
mod hygiene;
mod layers;
mod sandbox;
