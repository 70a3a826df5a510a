//! The binary.
#![allow(dead_code)] // until the commands call the engine

mod token;

fn main() {}
