//! `src/README.md`, the map for people: every place that it names is there.

use std::fs;
use std::path::Path;

#[test]
fn every_path_of_the_map_is_there() {
    let missing = missing(&read("src/README.md"));
    assert!(missing.is_empty(), "src/README.md names what is not there: {}", missing.join(", "));
}

#[test]
fn the_steps_of_a_get_are_at_most_fifteen() {
    let map = read("src/README.md");
    let way = map.split("## The way of one `get`").nth(1).and_then(|rest| rest.split("\n## ").next());
    let steps = way.expect("the map has the way of a get").lines().filter(|line| is_step(line)).count();
    assert!((5..=15).contains(&steps), "{steps} steps");
}

#[test]
fn a_path_that_is_not_there_is_found() {
    assert_eq!(
        missing("see `src/main.rs`, `src/nowhere.rs`, `cargo test` and `tests/none`"),
        ["src/nowhere.rs", "tests/none"]
    );
}

/// The names in backquotes that look like a path of this repository and are none.
fn missing(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|name| ["src/", "tests/", "man/", ".ci/"].iter().any(|start| name.starts_with(start)))
        .filter(|name| !root().join(name).exists())
        .map(str::to_owned)
        .collect()
}

fn is_step(line: &str) -> bool {
    line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok())
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a file of the repository")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
