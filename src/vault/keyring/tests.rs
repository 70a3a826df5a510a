//! The keyring against a real gnome-keyring-daemon on a bus of its own, in every state it can be in.

#[path = "../../../tests/bus.rs"]
mod bus;

use super::*;
use bus::{Bus, Monitor};
use std::collections::HashMap;
use std::ffi::OsString;
use std::process::Command;

const ITEM: Item<'static> = Item { id: "7f3a", host: "github.com", owner: Some("Acme"), label: "acme" };

/// What the bound may be exceeded by on a busy machine.
const SLACK: Duration = Duration::from_millis(500);

impl Keyring {
    fn at(address: &str, asking: Asking) -> Self {
        Self::with(Backend::of(Some(address.into()), None), asking, None)
    }

    fn on(bus: &Bus) -> Self {
        Self::at(bus.address(), Asking::Never)
    }

    fn remembering(self, dir: &tempfile::TempDir) -> Self {
        Self { breaker: Some(Breaker::new(dir.path().to_owned())), ..self }
    }
}

fn token() -> Token {
    Token::new(b"kept like a token".to_vec())
}

/// A bus whose unlocked keyring holds [`ITEM`].
fn with_item() -> Bus {
    let bus = Bus::start(true);
    Keyring::on(&bus).write(&ITEM, &token()).expect("kept");
    bus
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    (what(), begin.elapsed())
}

/// Reads, and sees that no dialog was asked for and that the bound held.
fn read_quietly(bus: &Bus, address: &str) -> (Result<Option<Token>, VaultError>, Duration) {
    let monitor = bus.monitor();
    let (answer, time) = timed(|| Keyring::at(address, Asking::Never).read(&ITEM));
    assert!(time < BOUND + SLACK, "{time:?}");
    no_dialog(bus, &monitor);
    (answer, time)
}

fn no_dialog(bus: &Bus, monitor: &Monitor) {
    assert_eq!(monitor.dialogs(), Vec::<String>::new());
    assert!(!bus.prompted(), "a prompter was started");
}

#[test]
fn what_is_written_is_read_in_four_round_trips_and_removed() {
    let bus = Bus::start(true);
    let keyring = Keyring::on(&bus);
    assert_eq!(keyring.read(&ITEM).expect("an answer"), None);
    assert!(!keyring.remove(&ITEM).expect("an answer"));
    keyring.write(&ITEM, &token()).expect("kept");

    let monitor = bus.monitor();
    assert_eq!(keyring.read(&ITEM).expect("an answer"), Some(token()));
    assert_eq!(monitor.calls(), ["ReadAlias", "OpenSession", "SearchItems", "GetSecret", "Get"]);
    no_dialog(&bus, &monitor);

    assert!(keyring.remove(&ITEM).expect("an answer"));
    assert_eq!(keyring.read(&ITEM).expect("an answer"), None);
    assert!(bus.items(&[("service", SERVICE)]).is_empty());
}

#[test]
fn writing_again_replaces_the_secret_and_the_label_in_the_same_item() {
    let bus = with_item();
    let other = Token::new(b"another".to_vec());
    Keyring::on(&bus).write(&Item { label: "work", ..ITEM }, &other).expect("kept");
    assert_eq!(Keyring::on(&bus).read(&ITEM).expect("an answer"), Some(other));
    let items = bus.items(&[("service", SERVICE)]);
    let [(label, attributes)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!(label, "git-credential-patron: work (github.com)");
    let mut attributes: Vec<_> = attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "host=github.com",
            "id=7f3a",
            "owner=acme",
            "service=git-credential-patron",
            "xdg:schema=io.github.git-credential-patron.Token"
        ]
    );
}

#[test]
fn a_secret_is_found_for_its_own_host_owner_and_id_only() {
    let bus = with_item();
    let keyring = Keyring::on(&bus);
    for item in [
        Item { id: "7f3b", ..ITEM },
        Item { id: "7f3", ..ITEM },
        Item { host: "github.com:8443", ..ITEM },
        Item { owner: Some("acme2"), ..ITEM },
    ] {
        assert_eq!(keyring.read(&item).expect("an answer"), None, "{item:?}");
    }
    let respelled = Item { owner: Some("ACME"), label: "other", ..ITEM };
    assert_eq!(keyring.read(&respelled).expect("an answer"), Some(token()));
    let cut = Item { id: "7f3a\0", ..ITEM };
    assert!(matches!(keyring.read(&cut), Err(VaultError::Unfit(_))), "cut at the NUL it would be found");
}

#[test]
fn odd_secrets_and_names_come_back_as_they_were() {
    let bus = Bus::start(true);
    let keyring = Keyring::on(&bus);
    let names = Item {
        id: "\u{fffe} 'id' \"=;\n",
        host: "ghe.example.com:8443",
        owner: None,
        label: "\u{1f511} (\u{202e}%s)",
    };
    for secret in [b"p\xff- \xc3\xa4".to_vec(), vec![b'x'; crate::token::MAX_LEN]] {
        let secret = Token::new(secret);
        keyring.write(&names, &secret).expect("kept");
        assert_eq!(
            keyring.read(&names).expect("an answer"),
            Some(secret.clone()),
            "{}",
            secret.expose().len()
        );
    }
}

#[test]
fn a_locked_keyring_is_named_and_no_dialog_opens() {
    let bus = with_item();
    bus.lock();
    let (answer, time) = read_quietly(&bus, bus.address());
    assert!(matches!(answer, Err(VaultError::Locked)), "{answer:?}");
    assert!(time < SLACK, "{time:?}");
    assert!(matches!(Keyring::on(&bus).write(&ITEM, &token()), Err(VaultError::Locked)));
    assert!(matches!(Keyring::on(&bus).remove(&ITEM), Err(VaultError::Locked)));
    let unknown = Item { id: "unknown", ..ITEM };
    assert!(
        matches!(Keyring::on(&bus).read(&unknown), Err(VaultError::Locked)),
        "it may hide what is locked"
    );
    assert!(!bus.prompted(), "a prompter was started");
}

#[test]
fn a_keyring_never_unlocked_since_it_started_is_locked_too() {
    let mut bus = with_item();
    bus.kill_service();
    bus.start_service(false);
    let (answer, _) = read_quietly(&bus, bus.address());
    assert!(matches!(answer, Err(VaultError::Locked)), "{answer:?}");
}

#[test]
fn a_keyring_that_the_bus_starts_for_us_is_locked_and_no_dialog_opens() {
    let bus = with_item();
    bus.kill_service();
    let (answer, _) = read_quietly(&bus, bus.address());
    assert!(matches!(answer, Err(VaultError::Locked)), "{answer:?}");
}

#[test]
fn only_writing_and_removing_for_a_person_may_open_the_dialog() {
    let bus = with_item();
    bus.lock();
    let keyring = Keyring::at(bus.address(), Asking::MayPrompt);
    let monitor = bus.monitor();
    assert!(matches!(keyring.read(&ITEM), Err(VaultError::Locked)));
    no_dialog(&bus, &monitor);
    for ask in [
        |keyring: &Keyring| keyring.write(&ITEM, &token()).err(),
        |keyring: &Keyring| keyring.remove(&ITEM).err(),
    ] {
        let monitor = bus.monitor();
        // The prompter of these tests ends without an answer, which dismisses the dialog.
        assert!(matches!(ask(&keyring), Some(VaultError::Locked)));
        assert!(!monitor.dialogs().is_empty(), "the monitor can see dialogs");
        assert!(bus.prompted());
    }
}

#[test]
fn an_unanswered_dialog_has_its_own_bound_and_is_closed() {
    let bus = with_item();
    bus.lock();
    bus.leave_dialogs_open(8);
    let monitor = bus.monitor();
    let keyring = Keyring {
        bound: Duration::from_secs(1),
        dialog: Duration::from_secs(2),
        ..Keyring::at(bus.address(), Asking::MayPrompt)
    };
    let (answer, time) = timed(|| keyring.write(&ITEM, &token()));
    assert!(matches!(answer, Err(VaultError::Locked)), "{answer:?}");
    assert!(time > Duration::from_secs(2) && time < Duration::from_secs(3), "{time:?}");
    assert!(monitor.calls().contains(&"Dismiss".to_owned()));
}

#[test]
fn a_keyring_that_stops_at_any_point_costs_the_bound_and_no_more() {
    // Before connect, before search, before read; and the bus itself.
    let stop = |point: Option<&'static str>| {
        let bus = with_item();
        let keyring = bus.handle();
        let answer = match point {
            None => {
                keyring.stop();
                read_quietly(&bus, bus.address())
            }
            Some(member) => {
                let relay = bus.relay(member, 1, move || keyring.stop());
                read_quietly(&bus, &relay.address())
            }
        };
        (point.unwrap_or("connect"), answer)
    };
    let stop_the_bus = || {
        let bus = with_item();
        bus.stop_bus();
        ("bus", timed(|| Keyring::on(&bus).read(&ITEM)))
    };
    let runs = thread::scope(|scope| {
        let points = [None, Some("ReadAlias"), Some("OpenSession"), Some("SearchItems"), Some("GetSecret")];
        let runs: Vec<_> = points.map(|point| scope.spawn(move || stop(point))).into_iter().collect();
        let bus = scope.spawn(stop_the_bus);
        runs.into_iter().chain([bus]).map(|run| run.join().expect("a run")).collect::<Vec<_>>()
    });
    for (point, (answer, time)) in runs {
        assert!(matches!(answer, Err(VaultError::Slow(3))), "{point}: {answer:?}");
        assert!(time > BOUND - SLACK && time < BOUND + SLACK, "{point}: {time:?}");
    }
}

#[test]
fn a_keyring_killed_in_between_is_an_error_and_never_an_absent_one() {
    // The bus starts another keyring, which is locked, or nobody does; and it sees the death in time, or not.
    for (restarted, seen) in [(true, true), (true, false), (false, true), (false, false)] {
        for member in ["SearchItems", "GetSecret"] {
            let bus = if restarted { Bus::start(true) } else { Bus::start_once() };
            Keyring::on(&bus).write(&ITEM, &token()).expect("kept");
            let keyring = bus.handle();
            let kill = move || if seen { keyring.kill_and_wait() } else { keyring.kill() };
            let relay = bus.relay(member, 1, kill);
            let (answer, _) = read_quietly(&bus, &relay.address());
            assert!(
                matches!(answer, Err(VaultError::Io(_) | VaultError::Locked)),
                "{member} {restarted} {seen}: {answer:?}"
            );
        }
    }
}

#[test]
fn an_item_deleted_between_search_and_read_is_no_item() {
    let bus = with_item();
    let keyring = bus.handle();
    let relay = bus.relay("GetSecret", 1, move || keyring.delete("id", ITEM.id));
    let (answer, _) = read_quietly(&bus, &relay.address());
    assert_eq!(answer.expect("an answer"), None);
}

#[test]
fn two_items_that_match_are_never_guessed_between_and_can_be_removed() {
    let bus = with_item();
    let (_, attributes) = bus.items(&[("id", ITEM.id)]).remove(0);
    let attributes: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    bus.create_item(&attributes, b"whose is this");
    let (answer, _) = read_quietly(&bus, bus.address());
    assert!(matches!(answer, Err(VaultError::Ambiguous(2))), "{answer:?}");
    assert!(matches!(Keyring::on(&bus).write(&ITEM, &token()), Err(VaultError::Ambiguous(2))));
    assert!(Keyring::on(&bus).remove(&ITEM).expect("removed"));
    assert_eq!(Keyring::on(&bus).read(&ITEM).expect("an answer"), None);
}

#[test]
fn items_of_other_programs_are_neither_read_nor_overwritten() {
    let bus = Bus::start(true);
    let foreign = [("service", SERVICE), ("host", "github.com"), ("owner", "acme"), ("id", ITEM.id)];
    bus.create_item(&foreign, b"not ours");
    let keyring = Keyring::on(&bus);
    assert_eq!(keyring.read(&ITEM).expect("an answer"), None);
    keyring.write(&ITEM, &token()).expect("kept");
    assert!(keyring.remove(&ITEM).expect("removed"));
    let left = bus.items(&foreign);
    assert!(matches!(left.as_slice(), [(label, _)] if label == "a foreign item"), "{left:?}");
}

#[test]
fn a_write_that_is_lost_is_an_error() {
    let bus = Bus::start(true);
    let keyring = bus.handle();
    let relay = bus.relay("SearchItems", 2, move || keyring.delete("id", ITEM.id));
    let answer = Keyring::at(&relay.address(), Asking::Never).write(&ITEM, &token());
    assert!(matches!(&answer, Err(VaultError::Io(why)) if why.contains("reads back")), "{answer:?}");
}

#[test]
fn many_at_once_leave_one_item() {
    let bus = Bus::start(true);
    let keyring = Keyring::on(&bus);
    thread::scope(|scope| {
        let writes: Vec<_> = (0..8).map(|_| scope.spawn(|| keyring.write(&ITEM, &token()))).collect();
        writes.into_iter().for_each(|write| write.join().expect("a write").expect("kept"));
        let reads: Vec<_> = (0..32).map(|_| scope.spawn(|| keyring.read(&ITEM))).collect();
        for read in reads {
            assert_eq!(read.join().expect("a read").expect("an answer"), Some(token()));
        }
    });
    assert_eq!(bus.items(&[("id", ITEM.id)]).len(), 1);
}

#[test]
fn each_way_to_have_no_keyring_is_told_apart_and_at_once() {
    let empty = Bus::without_service();
    let session_only = Bus::without_collection();
    let dir = tempfile::tempdir().expect("a folder");
    let dead = dir.path().join("dead");
    drop(std::os::unix::net::UnixListener::bind(&dead).expect("a socket"));
    let unix = |path: &std::path::Path| format!("unix:path={}", path.display());
    let cases = [
        (None, "DBUS_SESSION_BUS_ADDRESS is not set"),
        (Some("nonsense".to_owned()), "names no local socket"),
        (Some("autolaunch:".to_owned()), "names no local socket"),
        (Some("tcp:host=127.0.0.1,port=1;unixexec:path=/bin/true".to_owned()), "names no local socket"),
        (Some("unix:path".to_owned()), "nothing listens"),
        (Some(unix(&dead)), "nothing listens"),
        (Some(unix(&dir.path().join("none"))), "nothing listens"),
        (Some(empty.address().to_owned()), "offers org.freedesktop.secrets"),
        (Some(session_only.address().to_owned()), "no default collection"),
    ];
    for (address, reason) in cases {
        let place = || Backend::of(address.clone().map(OsString::from), Some(dir.path().into()));
        let keyring = Keyring::with(place(), Asking::MayPrompt, None);
        let (answer, time) = timed(|| keyring.read(&ITEM));
        assert!(
            matches!(&answer, Err(VaultError::Absent(why)) if why.contains(reason)),
            "{address:?}: {answer:?}"
        );
        assert!(time < Duration::from_millis(100), "{address:?}: {time:?}");
        let answer = keyring.write(&ITEM, &token());
        assert!(
            matches!(&answer, Err(VaultError::Absent(why)) if why.contains(reason)),
            "{address:?}: {answer:?}"
        );
    }
}

#[test]
fn a_bus_that_hangs_up_is_a_failure_and_not_an_absent_keyring() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("bus");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || listener.incoming().for_each(drop));
    let answer = Keyring::at(&format!("unix:path={}", path.display()), Asking::Never).read(&ITEM);
    assert!(matches!(answer, Err(VaultError::Io(_))), "{answer:?}");
}

#[test]
fn the_bus_in_the_runtime_folder_is_found_whatever_the_folder_is_called() {
    let bus = with_item();
    let socket = bus.address().strip_prefix("unix:path=").and_then(|path| path.split(',').next());
    let dir = tempfile::tempdir().expect("a folder");
    let odd = dir.path().join("r\u{fc}n,time=1;%");
    std::fs::create_dir(&odd).expect("a folder");
    std::fs::hard_link(socket.expect("a path"), odd.join("bus")).expect("a second name of the socket");
    let keyring = Keyring::with(Backend::of(None, Some(odd.into())), Asking::Never, None);
    assert_eq!(keyring.read(&ITEM).expect("an answer"), Some(token()));
}

#[test]
fn a_failure_is_paid_once_until_the_keyring_is_another_or_a_person_asks() {
    let mut bus = with_item();
    let dir = tempfile::tempdir().expect("a folder");
    let keyring = |asking| {
        let (bound, note) = (Duration::from_millis(1500), Duration::from_millis(500));
        Keyring { bound, note, ..Keyring::at(bus.address(), asking).remembering(&dir) }
    };
    bus.stop_service();
    let (answer, time) = timed(|| keyring(Asking::Never).read(&ITEM));
    assert!(matches!(answer, Err(VaultError::Slow(1))), "{answer:?}");
    assert!(time < Duration::from_millis(1700), "with the note: {time:?}");
    let (answer, time) = timed(|| keyring(Asking::Never).read(&ITEM));
    assert!(
        matches!(&answer, Err(VaultError::Remembered(why)) if why.contains("did not answer within 1 s")),
        "{answer:?}"
    );
    assert!(time < Duration::from_millis(200), "{time:?}");

    // It goes on: that costs little to see, and the failure is forgotten.
    bus.cont_service();
    assert_eq!(until_asked(|| keyring(Asking::Never).read(&ITEM)), Some(token()));
    assert!(keyring(Asking::Never).breaker.expect("there").noted(bus.address()).is_none());

    // A call for a person that fails holds nobody up any longer than that.
    bus.stop_service();
    assert!(matches!(keyring(Asking::MayPrompt).write(&ITEM, &token()), Err(VaultError::Slow(1))));
    assert!(matches!(keyring(Asking::Never).read(&ITEM), Err(VaultError::Remembered(_))));
    bus.cont_service();
    assert_eq!(until_asked(|| keyring(Asking::Never).read(&ITEM)), Some(token()));

    // Another one is asked at once.
    bus.stop_service();
    assert!(matches!(keyring(Asking::Never).read(&ITEM), Err(VaultError::Slow(1))));
    assert!(matches!(keyring(Asking::Never).read(&ITEM), Err(VaultError::Remembered(_))));
    bus.kill_service();
    bus.start_service(true);
    let keyring = Keyring::at(bus.address(), Asking::Never).remembering(&dir);
    assert_eq!(keyring.read(&ITEM).expect("an answer"), Some(token()));
}

/// Asks until the keyring has shown that it goes on: on a busy machine not at the first chance.
fn until_asked(read: impl Fn() -> Result<Option<Token>, VaultError>) -> Option<Token> {
    for _ in 0..100 {
        match read() {
            Err(VaultError::Remembered(_)) => thread::sleep(Duration::from_millis(20)),
            answer => return answer.expect("an answer"),
        }
    }
    panic!("it is held to be stopped for ever")
}

/// A21.
#[test]
fn an_empty_secret_is_none() {
    let bus = Bus::start(true);
    let keyring = Keyring::on(&bus);
    let refused = keyring.write(&ITEM, &Token::new(Vec::new()));
    assert!(matches!(refused, Err(VaultError::Unfit(_))), "{refused:?}");
    bus.create_item(
        &[
            ("xdg:schema", "io.github.git-credential-patron.Token"),
            ("service", SERVICE),
            ("host", "github.com"),
            ("id", "7f3a"),
            ("owner", "acme"),
        ],
        b"",
    );
    assert_eq!(keyring.read(&ITEM).expect("an answer"), None);
}

/// A21: a service that answers any search with its one item.
#[test]
fn an_item_that_says_it_is_anothers_is_not_given() {
    let own = [
        ("xdg:schema", "io.github.git-credential-patron.Token"),
        ("service", SERVICE),
        ("host", "github.com"),
        ("id", "7f3a"),
        ("owner", "acme"),
    ];
    for (name, value) in [
        ("", ""),
        ("owner", "globex"),
        ("host", "evil.test"),
        ("id", "7f3b"),
        ("service", "other"),
        ("owner", ""),
    ] {
        let bus = Bus::without_service();
        let mut attributes: HashMap<String, String> =
            own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        match (name, value) {
            ("", _) => {}
            (name, "") => _ = attributes.remove(name),
            (name, value) => _ = attributes.insert(name.to_owned(), value.to_owned()),
        }
        attributes.insert("Title".to_owned(), "what the keyring adds".to_owned());
        bus.fake(attributes);
        let answer = Keyring::on(&bus).read(&ITEM);
        match name {
            "" => assert_eq!(answer.expect("an answer"), Some(Token::new(b"fake".to_vec()))),
            _ => assert!(matches!(answer, Err(VaultError::OtherItem)), "{name}={value}: {answer:?}"),
        }
    }
}

/// A13.
#[test]
fn whose_a_secret_is_takes_the_same_few_calls_however_many_items_there_are() {
    let bus = Bus::start(true);
    let keyring = Keyring::on(&bus);
    let ids: Vec<String> = (0..30).map(|number| format!("id{number}")).collect();
    let items: Vec<Item<'_>> = ids.iter().map(|id| Item { id, ..ITEM }).collect();
    let secret = |number: usize| Token::new(format!("secret {number}").into_bytes());
    let mut calls = Vec::new();
    for count in [1, 30] {
        for (number, item) in items[..count].iter().enumerate().skip(count / 30) {
            keyring.write(item, &secret(number)).expect("kept");
        }
        let monitor = bus.monitor();
        let found = keyring.holding(&mut items[..count].iter().copied(), &secret(99)).expect("an answer");
        assert_eq!(found, Holding { ids: Vec::new(), is_complete: true });
        calls.push(monitor.calls());
    }
    assert_eq!(calls[0], ["ReadAlias", "OpenSession", "SearchItems", "GetSecrets"]);
    assert_eq!(calls[0], calls[1]);
    let found = keyring.holding(&mut items.iter().copied(), &secret(17)).expect("an answer");
    assert_eq!(found, Holding { ids: vec!["id17".to_owned()], is_complete: true });
    bus.lock();
    let found = keyring.holding(&mut items.iter().copied(), &secret(17)).expect("an answer");
    assert!(found.ids.is_empty() && !found.is_complete, "{found:?}");
}

#[test]
fn a_remembered_failure_is_quick_even_if_the_bus_hangs() {
    let bus = with_item();
    let dir = tempfile::tempdir().expect("a folder");
    let keyring = Keyring { bound: Duration::from_secs(1), ..Keyring::on(&bus).remembering(&dir) };
    bus.stop_bus();
    assert!(matches!(keyring.read(&ITEM), Err(VaultError::Slow(1))));
    let (answer, time) = timed(|| keyring.read(&ITEM));
    assert!(matches!(answer, Err(VaultError::Remembered(_))), "{answer:?}");
    assert!(time < Duration::from_millis(200), "{time:?}");
}

#[test]
fn a_locked_or_absent_keyring_is_not_remembered() {
    let mut bus = with_item();
    let dir = tempfile::tempdir().expect("a folder");
    bus.lock();
    let address = bus.address().to_owned();
    let keyring = Keyring::at(&address, Asking::Never).remembering(&dir);
    assert!(matches!(keyring.read(&ITEM), Err(VaultError::Locked)));
    bus.kill_service();
    bus.start_service(true);
    assert_eq!(keyring.read(&ITEM).expect("asked again"), Some(token()));
}

/// Where no thread can be started any more, the test runs itself with too little room for one.
#[test]
fn without_room_for_a_thread_it_fails_with_a_word() {
    const NAME: &str = "vault::keyring::tests::without_room_for_a_thread_it_fails_with_a_word";
    const BUS: &str = "TEST_KEYRING_BUS";
    if let Ok(address) = std::env::var(BUS) {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let keyring = Keyring::at(&address, Asking::Never);
        setrlimit(Resource::As, Rlimit { current: Some(1 << 20), maximum: None }).expect("a limit");
        let answer = keyring.read(&ITEM);
        setrlimit(Resource::As, Rlimit { current: None, maximum: None }).expect("no limit");
        assert!(matches!(&answer, Err(VaultError::Io(why)) if why.contains("no thread")), "{answer:?}");
        return;
    }
    let bus = with_item();
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", NAME, "--test-threads=1"])
        .env(BUS, bus.address())
        .output()
        .expect("run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{output:?}");
}
