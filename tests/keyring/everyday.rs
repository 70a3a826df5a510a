//! An unlocked keyring: every command, whichever way the keyring is named, and what the bus hears of it.

use super::{ASKED, BOUND, World};
use crate::bus::Bus;
use crate::forge::{Access, State};
use crate::sandbox::{Sandbox, gits};
use std::os::unix::net::UnixListener;
use std::time::Duration;

/// A way to come to the keyring: what to call it, and what it changes in a sandbox.
type Way = (&'static str, fn(&mut Sandbox));

/// Each way to come to the keyring: by saying nothing, by the environment, by git's config.
fn ways() -> [Way; 5] {
    [
        ("nothing said", |_| {}),
        ("PATRON_VAULT=auto", |sandbox| sandbox.set("PATRON_VAULT", "auto")),
        ("PATRON_VAULT=keyring", |sandbox| sandbox.set("PATRON_VAULT", "keyring")),
        ("patron.vault=keyring", |sandbox| {
            sandbox.git(["config", "--global", "patron.vault", "keyring"]).ok();
        }),
        ("the environment is stronger", |sandbox| {
            sandbox.git(["config", "--global", "patron.vault", "file"]).ok();
            sandbox.set("PATRON_VAULT", "keyring");
        }),
    ]
}

#[test]
fn every_command_works_with_the_keyring_however_it_is_named() {
    for (way, name) in ways() {
        println!("{way}");
        let mut world = World::new(Bus::start(true));
        name(&mut world.sandbox);
        let monitor = world.bus.monitor();
        let secret = world.forge.secret("acme");

        let added = world.add("acme").ok().stdout();
        assert!(added.ends_with(", stored in the keyring\n"), "{way}: {added}");
        assert_eq!(world.items(), ["git-credential-patron: acme (github.com)"], "{way}");
        assert_eq!(world.vaults(), ["keyring"], "{way}");
        world.get().ok().prints(&world.answer()).says_nothing();
        world.say("store", &world.credential()).ok().prints("").says_nothing();
        world.sandbox.patron(["token", "acme"]).ok().prints(&format!("{secret}\n"));
        let script = ["exec", "--for", "acme", "--", "sh", "-c", "printf %s \"$GH_TOKEN\""];
        world.sandbox.patron(script).ok().prints(&secret);

        // Refused once: kept, marked, given again at the next request.
        world.say("erase", &world.credential()).ok().prints("").says("refused the token of acme");
        assert_eq!(world.items().len(), 1, "{way}: a refused token is kept");
        world.get().ok().prints(&world.answer());

        world.sandbox.patron(["remove", "acme", "--yes"]).ok();
        assert_eq!(world.items(), Vec::<String>::new(), "{way}");
        assert_eq!(world.vaults(), Vec::<String>::new(), "{way}");
        assert!(!world.has_file(), "{way}: nothing is in the file");
        world.no_dialog(&monitor);
    }
}

#[test]
fn git_fetches_and_pushes_with_the_token_of_the_keyring() {
    for git in gits() {
        let world = World::with_account();
        let monitor = world.bus.monitor();
        let run = |folder: &str, line: &str| {
            let run = world.sandbox.git(line.split(' ')).with_git(git).env("PATRON_PROBE", "never");
            run.cwd(world.sandbox.work().join(folder)).ok()
        };
        run(".", "clone -q https://github.com/acme/secret.git it").says_nothing();
        run("it", "commit -q --allow-empty -m more");
        run("it", "push -q").says_nothing();
        let asks: Vec<_> = world.forge.git_asks().into_iter().map(|ask| (ask.1, ask.3, ask.4)).collect();
        let ask = |access| ("acme".to_owned(), access, "acme".to_owned());
        assert_eq!(asks, [ask(Access::Read), ask(Access::Write)], "git {}", git.version);
        world.no_dialog(&monitor);
    }
}

#[test]
fn a_token_that_git_was_given_by_hand_is_learned_into_the_keyring() {
    let world = World::new(Bus::start(true));
    let learned = "learned acme from git (stored in the keyring)";
    world.say("store", &world.credential()).ok().prints("").says_nothing();
    assert_eq!(world.items(), Vec::<String>::new(), "nobody asked for it");
    world.get().ok().prints("");
    world.say("store", &world.credential()).ok().prints("").says(learned);
    assert_eq!(world.items(), ["git-credential-patron: acme (github.com)"]);
    world.get().ok().prints(&world.answer());
    assert!(!world.has_file());
}

#[test]
fn the_credential_of_a_plain_host_is_kept_replaced_and_deleted_in_the_keyring() {
    let world = World::new(Bus::start(true));
    let plain = "protocol=https\nhost=git.example.com\npath=a/b\n";
    let answer = |password: &str| format!("username=u\npassword={password}\noauth_refresh_token=r\n\n");
    for password in ["one", "two"] {
        let told = format!("{plain}username=u\npassword={password}\noauth_refresh_token=r\n");
        world.say("store", &told).ok().says_nothing();
        world.say("get", plain).ok().prints(&answer(password)).says_nothing();
        assert_eq!(world.items().len(), 2, "the password and its refresh token");
    }
    world.say("erase", &format!("{plain}username=u\npassword=one\n")).ok().says_nothing();
    world.say("get", plain).ok().prints(&answer("two"));
    world.say("erase", &format!("{plain}username=u\npassword=two\n")).ok().says_nothing();
    world.say("get", plain).ok().prints("").says_nothing();
    assert_eq!(world.items(), Vec::<String>::new());
}

#[test]
fn get_makes_four_round_trips_and_store_of_an_unchanged_token_none() {
    let world = World::with_account();
    // The first of each: `store` notes that git was let in.
    world.get().ok().prints(&world.answer());
    world.say("store", &world.credential()).ok();

    let monitor = world.bus.monitor();
    world.get().ok().prints(&world.answer());
    // The last two in one.
    assert_eq!(monitor.calls(), ["ReadAlias", "OpenSession", "SearchItems", "GetSecret", "Get"]);
    let monitor = world.bus.monitor();
    world.say("store", &world.credential()).ok().prints("").says_nothing();
    assert_eq!(monitor.calls(), Vec::<String>::new());

    // And not so much as a connection.
    let socket = world.sandbox.root().join("nobody");
    let listener = UnixListener::bind(&socket).expect("a socket");
    listener.set_nonblocking(true).expect("a socket can");
    let address = format!("unix:path={}", socket.display());
    let store = world.say("store", &world.credential()).env("DBUS_SESSION_BUS_ADDRESS", &address);
    store.ok().prints("").says_nothing();
    let nobody = listener.accept().expect_err("nobody connects");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    // The same socket is found by who wants the keyring: the test above can fail.
    let get = world.get().env("DBUS_SESSION_BUS_ADDRESS", &address).spawn();
    let until = std::time::Instant::now() + BOUND;
    while listener.accept().is_err() {
        assert!(std::time::Instant::now() < until, "get connects");
        std::thread::sleep(Duration::from_millis(5));
    }
    get.wait().ok().prints("");
}

/// What gnome-keyring need not outlive (see `src/vault/keyring/linux.rs`). It ends by chance, with the shipped
/// binary once in some thousand reads: the order of the calls, held above, is what keeps it alive.
#[test]
fn many_readers_at_once_are_all_answered_and_the_keyring_outlives_them() {
    let world = World::with_account();
    let before = world.bus.service_pid();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..150).for_each(|_| drop(world.get().ok().prints(&world.answer()))));
        }
    });
    assert_eq!(world.bus.service_pid(), before, "it is the same process");
}

#[test]
fn a_token_replaced_by_add_is_replaced_in_its_item() {
    let world = World::with_account();
    let another = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    let add = ["add", "acme", "--login", "mona", "--token-stdin", "--no-verify"];
    world.sandbox.patron(add).stdin(format!("{another}\n")).ok();
    assert_eq!(world.items().len(), 1);
    world.get().ok().prints(&format!("username=mona\npassword={another}\n\n"));
}

#[test]
fn a_token_that_moves_to_the_file_leaves_the_keyring_and_back() {
    let world = World::with_account();
    world.add_to("acme", &["--vault", "file"]).ok();
    assert_eq!((world.items().len(), world.vaults()), (0, vec!["file".to_owned()]));
    world.get().ok().prints(&world.answer());
    world.add_to("acme", &["--vault", "keyring"]).ok();
    assert_eq!((world.items().len(), world.vaults()), (1, vec!["keyring".to_owned()]));
    let file = world.sandbox.read(".local/share/git-credential-patron/secrets.toml").expect("it is there");
    assert!(!file.contains(&world.forge.secret("acme")), "the file keeps no copy");
    world.get().ok().prints(&world.answer());
}

#[test]
fn two_items_that_match_are_named_and_never_guessed_between() {
    let world = World::with_account();
    let (_, attributes) = world.bus.items(&[("service", "git-credential-patron")]).remove(0);
    let attributes: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.bus.create_item(&attributes, b"whose is this");
    let matching = "2 items of the keyring match";
    world.get_nothing().says(matching).says("fix: remove the duplicates with your keyring program");
    world.sandbox.patron(["token", "acme"]).fails(1).prints("").says(matching);
    world.say("store", &world.credential()).ok().prints("");
    // Removing is no guess: all of them are this account's.
    world.sandbox.patron(["remove", "acme", "--yes"]).ok();
    assert_eq!(world.items(), Vec::<String>::new());
}

#[test]
fn a_token_that_is_gone_from_the_keyring_is_named_and_can_be_added_again() {
    let world = World::with_account();
    world.bus.delete_items(&[("service", "git-credential-patron")]);
    let monitor = world.bus.monitor();
    world.say("get", ASKED).ok().prints("").says("the keyring has no token for acme");
    world.no_dialog(&monitor);
    world.sandbox.patron(["token", "acme"]).fails(1).prints("").says("git credential-patron add acme");
    world.add("acme").ok();
    world.get().ok().prints(&world.answer());
    // A token that GitHub refused while it was gone is no harm either.
    world.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    world.bus.delete_items(&[("service", "git-credential-patron")]);
    world.sandbox.patron(["remove", "acme", "--yes"]).ok();
    assert_eq!(world.vaults(), Vec::<String>::new());
}
