//! `git-credential-patron`: gives git the right GitHub token for each owner.
#![allow(dead_code, unreachable_pub, reason = "the rooms are being furnished")]

mod accounts;
mod choose;
mod error;
mod files;
mod log;
mod outcomes;
mod paths;
mod protocol;
mod remote;
mod token;
mod vault;

fn main() {}
