//! The binary.
#![allow(dead_code, unused_imports)] // until the commands call the engine

mod denial;
mod pages;
mod token;
mod verdict;

fn main() {}
