//! KeePassXC as the keyring: what it asks a person about, git never waits for, and what it gives is used.

use super::{ASKED, BOUND, SLACK, World};
use crate::bus::Bus;
use crate::screen::Screen;
use std::time::Instant;

/// What is said where it wants to ask.
const WANTS_TO_ASK: &str = "the keyring wants to ask you first, which it cannot do while git is running";

impl World {
    /// Adds acme's account as a person does, on a terminal.
    fn add_by_hand(&self) {
        let line = "git credential-patron add acme --vault keyring --no-browser";
        let mut screen = Screen::start(&self.sandbox, &self.sandbox.work(), 100, line);
        screen.wait_for("token for acme (hidden): ").expect("it asks");
        screen.type_line(&self.forge.secret("acme")).expect("it takes an answer");
        let shown = screen.wait().expect("it ends");
        assert!(shown.code == 0 && shown.text().contains(", stored in the keyring"), "{}", shown.text());
    }
}

#[test]
fn a_token_is_kept_in_keepassxc_given_from_it_and_removed() {
    let world = World::new(Bus::with_keepassxc(false));
    world.add_by_hand();
    world.get().ok().prints(&world.answer()).says_nothing();
    world.say("store", &world.credential()).ok().says_nothing();
    for _ in 0..20 {
        world.get().ok().prints(&world.answer()).says_nothing();
    }
    // Where nobody sits, nobody is asked whether it may go.
    world.sandbox.patron(["remove", "acme", "--yes"]).fails(1).says("the keyring wants to ask you first");
    let line = "git credential-patron remove acme --yes";
    let shown = Screen::start(&world.sandbox, &world.sandbox.work(), 100, line).wait().expect("it ends");
    assert!(shown.code == 0, "{}", shown.text());
    world.say("get", ASKED).ok().prints("");
}

#[test]
fn where_keepassxc_wants_to_ask_git_gets_nothing_at_once_and_is_told_the_setting() {
    let world = World::new(Bus::with_keepassxc(true));
    world.add_by_hand();
    let start = Instant::now();
    let said = world.get().ok().prints("").stderr();
    assert!(start.elapsed() < BOUND + SLACK, "{:?}", start.elapsed());
    assert!(said.contains(WANTS_TO_ASK), "{said}");
    assert!(said.contains("Confirm when passwords are retrieved by clients"), "{said}");
    // A token that git was given by hand would be a new item, and KeePassXC asks about each.
    let learned = format!(
        "protocol=https\nhost=github.com\npath=globex/api.git\nusername=mona\npassword={}\n",
        world.forge.secret("globex")
    );
    world.say("get", "protocol=https\nhost=github.com\npath=globex/api.git\n").ok().prints("");
    let said = world.say("store", &learned).ok().stderr();
    assert!(said.contains(WANTS_TO_ASK), "{said}");
}
