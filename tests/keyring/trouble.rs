//! A keyring that is there and does not give: locked, stopped, killed, slow. Each is named, costs its bound at
//! most and only once, opens no dialog, and is never replaced by a file.

use super::{ASKED, BOUND, SLACK, World};
use std::time::Duration;

/// What a call costs whose outcome is remembered.
const REMEMBERED: Duration = Duration::from_millis(200);

#[test]
fn a_locked_keyring_is_named_with_what_unlocks_it_and_nothing_is_answered() {
    let world = World::with_account();
    world.bus.lock();
    let locked = "no token for acme: the keyring is locked; fix: unlock the keyring";
    let output = world.get_nothing().says(locked);
    assert!(output.took < SLACK, "a locked keyring answers at once: {}", output.report());

    let monitor = world.bus.monitor();
    // Git says what it would say without us, after our line.
    let remote = "https://github.com/acme/secret.git";
    world
        .sandbox
        .git(["ls-remote", remote])
        .fails(128)
        .prints("")
        .says(locked)
        .says("could not read Username");
    world
        .sandbox
        .patron(["token", "acme"])
        .fails(1)
        .prints("")
        .says("locked")
        .says("fix: unlock the keyring");
    let run = ["exec", "--for", "acme", "--", "echo", "it ran"];
    world.sandbox.patron(run).fails(1).prints("").says("locked");
    assert_eq!(world.vaults(), ["keyring"], "the list needs no keyring");
    world.say("store", &world.credential()).ok().prints("").says_nothing();
    world.say("erase", &world.credential()).ok().prints("").says("refused the token of acme");
    world.no_dialog(&monitor);

    // A new token by `store` is kept nowhere, and nobody is asked to unlock for it.
    let monitor = world.bus.monitor();
    let new = format!(
        "protocol=https\nhost=github.com\npath=globex/api\nusername=mona\npassword={}\n",
        world.forge.secret("globex")
    );
    world.say("get", "protocol=https\nhost=github.com\npath=globex/api\n").ok().prints("");
    let kept = world.say("store", &new).ok().prints("");
    let kept = kept.says("nothing is stored for globex: the keyring is locked").says("--vault file");
    assert!(!kept.stderr().contains("patron.vault"), "{}", kept.report());
    world.no_dialog(&monitor);
    assert_eq!(world.vaults().len(), 1);

    // `add` and `remove` fail and leave everything as it was; the file is taken only if it is named.
    world.add("globex").fails(1).says("the keyring is locked").says("--vault file");
    world.sandbox.patron(["remove", "acme", "--yes"]).fails(1).says("the keyring is locked");
    assert_eq!(world.vaults(), ["keyring"]);
    assert!(!world.has_file());
    world.add_to("globex", &["--vault", "file"]).ok();
    assert_eq!(world.vaults(), ["keyring", "file"]);
    let other = "protocol=https\nhost=github.com\npath=globex/api\n";
    world.say("get", other).ok().says_nothing();
}

#[test]
fn a_stopped_keyring_costs_its_bound_once_and_the_next_calls_next_to_nothing() {
    let mut world = World::with_account();
    world.bus.stop_service();
    let output = world.get_nothing().says("no token for acme: the keyring did not answer within 3 s");
    assert!(output.took > BOUND - SLACK, "{}", output.report());
    // The quickest of three: this machine may be busy.
    let again = (0..3).map(|_| world.get_nothing().says("the keyring failed a moment ago").took);
    let quickest = again.min().expect("three");
    assert!(quickest < REMEMBERED, "{quickest:?}");
    world.say("store", &world.credential()).ok().prints("").says_nothing();

    // Keeping a token fails as quickly, and names the way out; the file is not taken by itself.
    let added = world.add("globex").fails(1).says("the keyring failed a moment ago").says("--vault file");
    assert!(added.took < BOUND, "{}", added.report());
    assert_eq!(world.vaults(), ["keyring"]);
    assert!(!world.has_file());

    // Another keyring is asked at once: who restarts it does not wait for the minute to pass.
    world.bus.kill_service();
    world.bus.start_service(true);
    world.get().ok().prints(&world.answer()).says_nothing();
    world.add("globex").ok();
}

#[test]
fn keeping_and_removing_have_the_bound_too() {
    let world = World::with_account();
    world.bus.stop_service();
    let added =
        world.add("globex").fails(1).says("the keyring did not answer within 3 s").says("--vault file");
    assert!(added.took < BOUND + SLACK + SLACK, "with asking GitHub: {}", added.report());
    assert_eq!((world.vaults(), world.has_file()), (vec!["keyring".to_owned()], false));

    let world = World::with_account();
    world.bus.stop_service();
    let remove = world.sandbox.patron(["remove", "acme", "--yes"]);
    let removed = remove.fails(1).says("the keyring did not answer within 3 s");
    assert!(removed.took < BOUND + SLACK, "{}", removed.report());
    assert_eq!(world.vaults(), ["keyring"], "a token that cannot be removed keeps its account");
}

#[test]
fn a_keyring_that_goes_on_is_asked_again_at_once() {
    // Whoever finds it stopped pays the bound, and whoever comes after it goes on pays nothing.
    for found_by in ["get", "add", "remove"] {
        let world = World::with_account();
        world.bus.stop_service();
        match found_by {
            "get" => drop(world.get_nothing().says("the keyring did not answer within 3 s")),
            "add" => drop(world.add("globex").fails(1).says("the keyring did not answer within 3 s")),
            _ => drop(
                world.sandbox.patron(["remove", "acme", "--yes"]).fails(1).says("did not answer within 3 s"),
            ),
        }
        world.get_nothing().says("the keyring failed a moment ago");
        world.bus.cont_service();
        world.get().ok().prints(&world.answer()).says_nothing();
        world.get().ok().prints(&world.answer()).says_nothing();
    }
}

#[test]
fn a_stopped_bus_costs_the_bound_and_the_next_call_next_to_nothing() {
    let world = World::with_account();
    world.bus.stop_bus();
    let output = world.get().ok().prints("").says("the keyring did not answer within 3 s");
    assert!(output.took < BOUND + SLACK, "{}", output.report());
    let again = (0..3).map(|_| world.get().ok().prints("").says("failed a moment ago").took);
    let quickest = again.min().expect("three");
    assert!(quickest < REMEMBERED, "{quickest:?}");
}

#[test]
fn a_keyring_that_stops_before_any_of_the_calls_costs_the_bound() {
    for member in ["ReadAlias", "OpenSession", "SearchItems", "GetSecret"] {
        let world = World::with_account();
        let keyring = world.bus.handle();
        let relay = world.bus.relay(member, 1, move || keyring.stop());
        let monitor = world.bus.monitor();
        let get = world.get().env("DBUS_SESSION_BUS_ADDRESS", relay.address());
        let output = get.ok().prints("").says("the keyring did not answer within 3 s");
        assert!(output.took < BOUND + SLACK, "{member}: {}", output.report());
        world.no_dialog(&monitor);
    }
}

#[test]
fn a_keyring_killed_in_between_is_named_and_no_file_takes_its_place() {
    for member in ["SearchItems", "GetSecret"] {
        let world = World::with_account();
        let keyring = world.bus.handle();
        let relay = world.bus.relay(member, 1, move || keyring.kill_and_wait());
        let monitor = world.bus.monitor();
        let get = world.get().env("DBUS_SESSION_BUS_ADDRESS", relay.address());
        let output = get.ok().prints("").says("no token for acme: ");
        // The bus starts another one, which is locked.
        let said = output.stderr();
        assert!(said.contains("locked") || said.contains("ended while it was asked"), "{member}: {said}");
        assert!(output.took < BOUND + SLACK, "{member}: {}", output.report());
        world.no_dialog(&monitor);
        assert_eq!(world.vaults(), ["keyring"]);
        assert!(!world.has_file());
    }
}

#[test]
fn a_keyring_killed_while_a_token_is_kept_is_a_failure_and_never_an_absent_one() {
    for member in ["SearchItems", "CreateItem", "GetSecret"] {
        let world = World::with_account();
        let keyring = world.bus.handle();
        let relay = world.bus.relay(member, 1, move || keyring.kill_and_wait());
        let add = world.add("globex").env("DBUS_SESSION_BUS_ADDRESS", relay.address());
        add.fails(1).says("cannot store the token of globex");
        assert_eq!(world.vaults(), ["keyring"], "{member}: no account without a token");
        assert!(!world.has_file(), "{member}: the file is not taken by itself");
    }
}

#[test]
fn a_slow_keyring_is_waited_for_within_the_bound() {
    let world = World::with_account();
    let relay = world.bus.relay("SearchItems", 1, || std::thread::sleep(Duration::from_millis(1200)));
    let get = world.get().env("DBUS_SESSION_BUS_ADDRESS", relay.address());
    let output = get.ok().prints(&world.answer()).says_nothing();
    assert!(output.took > Duration::from_secs(1), "{}", output.report());

    let relay = world.bus.relay("GetSecret", 1, || std::thread::sleep(Duration::from_secs(6)));
    let get = world.say("get", ASKED).env("DBUS_SESSION_BUS_ADDRESS", relay.address());
    let output = get.ok().prints("").says("the keyring did not answer within 3 s");
    assert!(output.took < BOUND + SLACK, "{}", output.report());
    // Another keyring than the one that failed is asked at once: it is told apart by its address.
    world.get().ok().prints(&world.answer()).says_nothing();
}
