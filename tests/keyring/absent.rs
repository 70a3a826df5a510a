//! No keyring service at all: the only case in which `auto` takes the file, and it says so.

use super::World;
use crate::bus::Bus;
use crate::sandbox::Output;

/// Each way to have no keyring, with what is said of it.
fn worlds() -> Vec<(&'static str, World)> {
    let no_address = |world: &mut World| world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let mut without_bus = World::new(Bus::without_service());
    no_address(&mut without_bus);
    let mut dead = World::new(Bus::without_service());
    let socket = dead.sandbox.root().join("gone");
    dead.sandbox.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    vec![
        ("DBUS_SESSION_BUS_ADDRESS is not set", without_bus),
        ("nothing listens", dead),
        ("offers org.freedesktop.secrets", World::new(Bus::without_service())),
        ("no default collection", World::new(Bus::without_collection())),
    ]
}

fn prompt(output: &Output) {
    assert!(output.took < super::SLACK, "nothing is waited for: {}", output.report());
}

#[test]
fn add_takes_the_file_and_says_so_unless_the_keyring_is_asked_for() {
    for (why, mut world) in worlds() {
        println!("{why}");
        // Named: it fails, and says what else there is.
        let named = world.add_to("acme", &["--vault", "keyring"]).fails(1);
        prompt(&named.says("there is no keyring service here").says(why).says("--vault file"));
        world.sandbox.set("PATRON_VAULT", "keyring");
        world.add("acme").fails(1).says(why).says("--vault file");
        world.sandbox.unset("PATRON_VAULT");
        assert_eq!(world.vaults(), Vec::<String>::new());
        assert!(!world.has_file());

        let added = world.add("acme").ok();
        prompt(&added);
        let said = added.stdout();
        assert!(said.contains("there is no keyring service here") && said.contains(why), "{said}");
        assert!(said.contains("secrets.toml, which only you can read\n"), "{said}");
        assert!(said.ends_with(", stored in secrets.toml\n"), "{said}");
        assert_eq!(world.vaults(), ["file"]);
        world.get().ok().prints(&world.answer()).says_nothing();
        world.sandbox.patron(["token", "acme"]).ok();
    }
}

#[test]
fn store_keeps_nothing_and_says_how_until_the_file_is_in_use() {
    for (why, mut world) in worlds() {
        println!("{why}");
        let store = |world: &World| {
            world.get().ok().prints("");
            world.say("store", &world.credential()).ok().prints("")
        };
        let refused =
            store(&world).says("nothing is stored for acme: there is no keyring service here").says(why);
        prompt(&refused.says("git config --global patron.vault file"));
        assert_eq!(world.vaults(), Vec::<String>::new());
        assert!(!world.has_file());
        world.sandbox.set("PATRON_VAULT", "keyring");
        store(&world).says("nothing is stored for acme").says(why);
        world.sandbox.unset("PATRON_VAULT");

        // What it says works.
        world.sandbox.git(["config", "--global", "patron.vault", "file"]).ok();
        store(&world).says("learned acme from git (stored in the file)");
        world.get().ok().prints(&world.answer()).says_nothing();
        // From then on the file is in use, also without that setting.
        world.sandbox.git(["config", "--global", "--unset", "patron.vault"]).ok();
        let asked = "protocol=https\nhost=github.com\npath=globex/api\n";
        world.say("get", asked).ok().prints("");
        let other = format!("{asked}username=mona\npassword={}\n", world.forge.secret("globex"));
        world.say("store", &other).ok().says("learned globex from git (stored in the file)");
        assert_eq!(world.vaults(), ["file", "file"]);
    }
}

#[test]
fn an_account_of_the_keyring_is_named_when_the_keyring_is_gone() {
    let world = World::with_account();
    let nothing = world.get().env_remove("DBUS_SESSION_BUS_ADDRESS").ok().prints("");
    prompt(&nothing.says("no token for acme: there is no keyring service here").says("--vault file"));
    let store = world.say("store", &world.credential()).env_remove("DBUS_SESSION_BUS_ADDRESS");
    store.ok().prints("").says_nothing();
    let remove = world.sandbox.patron(["remove", "acme", "--yes"]).env_remove("DBUS_SESSION_BUS_ADDRESS");
    remove.fails(1).says("there is no keyring service here");
    assert_eq!(world.vaults(), ["keyring"], "a token that cannot be removed keeps its account");
}
