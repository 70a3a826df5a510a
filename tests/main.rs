//! All integration tests in one binary.

#![allow(
    clippy::print_stdout,
    clippy::use_debug,
    reason = "a test says what it ran against; Cargo shows it if it fails"
)]

#[cfg(unix)]
mod add_denial;
#[cfg(target_os = "linux")]
mod approval;
#[cfg(unix)]
mod apps;
#[cfg(target_os = "linux")]
mod bus;
#[cfg(unix)]
mod by_command;
#[cfg(target_os = "linux")]
mod callers;
#[cfg(target_os = "linux")]
mod chance;
#[cfg(target_os = "linux")]
mod clients;
#[cfg(unix)]
mod contract;
#[cfg(unix)]
mod copied;
mod creating;
mod denial;
mod diagnose;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod explain;
#[cfg(target_os = "linux")]
mod fallback;
#[cfg(target_os = "linux")]
mod faults;
mod forge;
mod forge_contract;
mod git;
mod given;
mod habits;
#[cfg(target_os = "linux")]
mod half_done;
mod hygiene;
#[cfg(target_os = "linux")]
mod import;
#[cfg(unix)]
mod install;
#[cfg(target_os = "linux")]
mod keyring;
#[cfg(target_os = "linux")]
mod languages;
mod layers;
#[cfg(target_os = "linux")]
mod leaks;
#[cfg(target_os = "linux")]
mod lfs;
#[cfg(unix)]
mod libgit2;
#[cfg(target_os = "linux")]
mod lifecycle;
#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod logs;
mod manual;
mod map;
#[cfg(unix)]
mod mistakes;
mod names;
#[cfg(unix)]
mod newcomer;
#[cfg(target_os = "linux")]
mod notice;
#[cfg(target_os = "linux")]
mod policy;
mod property;
#[cfg(target_os = "linux")]
mod readme;
#[cfg(unix)]
mod repositories;
mod sandbox;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod setup;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(unix)]
mod spelling;
#[cfg(unix)]
mod ssh;
#[cfg(target_os = "linux")]
mod status;
#[cfg(target_os = "linux")]
mod submodules;
#[cfg(target_os = "linux")]
mod surroundings;
#[cfg(unix)]
mod tour_breaks;
#[cfg(unix)]
mod vectors;
/// The product's ids of verdicts, taken as they are.
#[path = "../src/verdict_id.rs"]
#[allow(dead_code, reason = "tests look at a part of it")]
mod verdict_id;
#[cfg(unix)]
mod visitor;
#[cfg(target_os = "linux")]
mod whose;
#[cfg(target_os = "linux")]
mod windows;
#[cfg(target_os = "linux")]
mod year;
