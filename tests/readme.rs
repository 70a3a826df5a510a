//! The README holds: every block of commands is run step by step in a real terminal, or says why not.
//!
//! `<!-- run: SCENE -->` before a block names the scene in `scenes.rs` that it is run in, against the forge;
//! what is on the screen is compared with what the README shows below the command (`...` alone on a line
//! stands for any lines). `<!-- not run: REASON -->` stands before the others, which are listed here too: a
//! block is not taken out of the test by a comment alone.

mod blocks;
mod compare;
mod picture;
mod scenes;

use self::blocks::{Block, Mark, blocks};
use self::scenes::{Place, SCENES};
use std::time::{Duration, Instant};

/// What fetches a release and checks it.
const FETCH: &str = concat!(
    "curl -fsSL --remote-name-all ",
    env!("CARGO_PKG_REPOSITORY"),
    "/releases/latest/download/{install.sh,SHA256SUMS,git-credential-patron-x86_64-unknown-linux-musl.tar.gz} ",
    "&& sha256sum --check --ignore-missing SHA256SUMS"
);
/// From a release that was fetched to the first clone with the right token: the scenes of it, how many commands that
/// may be, and how long they may take.
const TO_THE_FIRST_CLONE: [&str; 4] = ["install", "setup", "add", "clone"];
const MOST_COMMANDS: usize = 4;
const MINUTE: Duration = Duration::from_secs(60);

/// The commands that are not run, and why.
const NOT_RUN: &[(&str, &str)] = &[
    (FETCH, "no release is published yet; the next block takes one that is made here"),
    ("install/install.sh", "tests/install.rs runs the script in a home of its own"),
    ("cargo run --example tour", "it is a test of its own"),
    ("git credential-patron exec --for acme gh pr list", "it needs a command to run"),
    ("git credential-patron add acme --new-app", "it needs a browser"),
    ("git credential-patron requests list acme", "it needs an App"),
];

fn readme() -> Vec<Block> {
    blocks(include_str!("../README.md")).unwrap_or_else(|why| panic!("README.md: {why}"))
}

#[test]
fn every_block_that_can_run_shows_what_the_readme_shows() {
    let mut places: Vec<Place> = Vec::new();
    let (mut to_the_first_clone, mut took) = (Vec::new(), Duration::ZERO);
    let mut left: Vec<&str> = SCENES.iter().map(|scene| scene.name).collect();
    for block in readme() {
        let Mark::Run(name) = &block.mark else { continue };
        let line = block.line;
        let scene = SCENES.iter().find(|scene| scene.name == name);
        let scene = scene.unwrap_or_else(|| panic!("README.md:{line}: there is no scene \"{name}\""));
        left.retain(|left| left != name);
        if !places.iter().any(|place| place.setting == scene.place) {
            places.push(Place::new(scene.place));
        }
        let place = places.iter().find(|place| place.setting == scene.place).expect("it was just made");
        let start = Instant::now();
        let ran: Vec<_> = block.steps.iter().map(|step| place.run(scene, step)).collect();
        if TO_THE_FIRST_CLONE.contains(&scene.name) {
            took += start.elapsed();
            to_the_first_clone.extend(block.steps.iter().map(|step| step.command.clone()));
        }
        (scene.check)(place, &block, &ran);
        let refused = place.forge.refused_tunnels();
        assert!(refused.is_empty(), "README.md:{line}: other hosts were asked: {refused:?}");
    }
    assert!(left.is_empty(), "these scenes are not in the README any more: {left:?}");
    println!("to the first clone: {to_the_first_clone:#?} in {} ms", took.as_millis());
    assert!((1..=MOST_COMMANDS).contains(&to_the_first_clone.len()), "{to_the_first_clone:?}");
    assert!(took < MINUTE, "{} s", took.as_secs());
}

#[test]
fn every_block_that_is_not_run_is_known_with_its_reason() {
    let not_run: Vec<(String, String)> = readme()
        .into_iter()
        .filter_map(|block| match block.mark {
            Mark::NotRun(reason) => Some((block.steps[0].command.clone(), reason)),
            Mark::Run(_) => None,
        })
        .collect();
    let known: Vec<(String, String)> =
        NOT_RUN.iter().map(|(command, reason)| ((*command).to_owned(), (*reason).to_owned())).collect();
    assert_eq!(not_run, known);
}

#[test]
fn the_readme_shows_the_pictures() {
    for picture in [picture::PICTURE, picture::MOVING] {
        assert!(include_str!("../README.md").contains(&format!("]({picture})")), "{picture}");
    }
}

#[test]
fn the_moving_picture_is_of_a_refusal_an_approval_and_a_clone() {
    picture::assert_moving_is_current();
}
