//! `git-credential-patron`: gives git the right GitHub token for each owner.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "the rooms are being furnished")]

mod browser;
mod error;
mod github;
mod paths;
mod remote;
mod terminal;
mod token;
mod vault;

fn main() {}
