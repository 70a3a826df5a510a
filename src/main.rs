//! The binary.
#![allow(dead_code)] // until the commands call the engine

mod denial;
mod pages;
mod token;

fn main() {}
