//! `git-credential-patron`: gives git the right GitHub token for each owner.
#![allow(dead_code, unreachable_pub, reason = "the rooms are being furnished")]

mod choose;
mod error;
mod paths;
mod protocol;
mod remote;
mod token;
mod vault;

fn main() {}
