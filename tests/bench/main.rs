//! Measures the product against git's own helpers and fails if a bound is missed.
//!
//! Whole processes, as git starts them: from the moment of starting to the end of the process. The two
//! programs of a row take turns in one run (A B A B ...), so that whatever else this machine does meets
//! both; what counts is the ratio of the medians. Every answer is checked in every round. The product sees
//! itself called by `git-remote-https`, so each `get` leaves its trace and each `store` takes it away, as with
//! git. Called by `tests/bench/run`, which builds the binary as it is shipped.
//!
//! A new comparison is one line in [`comparisons`], a new limit one line in [`limits`].

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a report is what it is for")]

#[path = "../forge/mod.rs"]
mod forge;
mod homes;
mod measure;
mod remotes;
#[path = "../sandbox.rs"]
mod sandbox;

use homes::{Home, Peer};
use measure::{Call, compare, median, peak};
use remotes::{Everyday, Remotes};
use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// How often each program of a row runs, unless the command line says otherwise.
const ROUNDS: usize = 400;
/// How often a row that misses its bound is measured: a machine that is busy with something else at one
/// moment delays the longer of two processes more.
const TRIES: usize = 3;
/// How much wider the bounds on time are where this machine does other things, or is another one than they were found
/// on: what costs a third more is still noticed.
const BUSY: f64 = 1.33;
const MIB: u64 = 1024 * 1024;

/// Two programs that do the same, and how much longer ours may take.
struct Comparison {
    what: &'static str,
    /// What git calls in between, which is not measured: `store` between two of `get`, and the other way round.
    between: Call,
    ours: Call,
    peer: Call,
    at_most: f64,
    spent: Option<Spent>,
}

/// What the time of a row is spent on: two calls that take a part of it, and what the rest is.
struct Spent {
    ours: Call,
    peer: Call,
    /// The limit: a program that does nothing.
    nothing: Call,
    rest: &'static str,
}

/// A number that must not grow beyond a limit, in bytes.
struct Limit {
    what: &'static str,
    bytes: u64,
    at_most: u64,
}

/// How many times as long `store` of an unknown secret may take with many accounts as with one.
const MOST_FOR_UNKNOWN: f64 = 5.0;

/// How many times as long a first fetch of many remotes may take as without asking before it.
const MOST_FOR_REMOTES: f64 = 1.3;

/// How much longer a fetch in the everyday may take than with git-credential-store.
const MOST_FOR_EVERYDAY: f64 = 1.02;

/// How much of git-credential-store's time the program may take that is released: static, with musl.
const MOST_FOR_STATIC: f64 = 0.6;

/// What a `get` of a file does beside starting and ending.
const READS_FILES: &str = "three files, their folders and who asked; a trace is left";

/// The bounds on time. The peer of a file is git-credential-store, that of the keyring git-credential-libsecret.
fn comparisons(one: &Home, many: &Home, most: &Home, ring: &Home) -> Vec<Comparison> {
    let row =
        |what, (ours, peer), between, at_most| Comparison { what, between, ours, peer, at_most, spent: None };
    let get = |what, home: &Home, number, at_most| row(what, home.get(number), home.store(number).0, at_most);
    let store =
        |what, home: &Home, number, at_most| row(what, home.store(number), home.get(number).0, at_most);
    let spent = |row, home: &Home, rest| {
        let (ours, peer) = home.start();
        Comparison { spent: Some(Spent { ours, peer, nothing: home.nothing(), rest }), ..row }
    };
    let (middle, last) = (many.accounts() / 2, many.accounts() - 1);
    vec![
        spent(get("get, 1 account", one, 0, 1.0), one, READS_FILES),
        store("store unchanged, 1 account", one, 0, 0.8),
        spent(
            get("get, 1,000 accounts, the middle one", many, middle, 1.5),
            many,
            "a third of it reads three files into new memory, half looks through their lines",
        ),
        get("get, 1,000 accounts, the last one", many, last, 1.5),
        store("store unchanged, 1,000 accounts, the middle one", many, middle, 3.0),
        store("store unchanged, 1,000 accounts, the last one", many, last, 3.0),
        get("get, 10,000 accounts, the middle one", most, most.accounts() / 2, 2.0),
        get("get, 10,000 accounts, the last one", most, most.accounts() - 1, 2.0),
        // The calls were counted with dbus-monitor (libsecret 0.20); ours are held by tests/keyring.
        spent(
            get("get, from the keyring", ring, 0, 0.25),
            ring,
            "the bus and the keyring: 5 calls of ours in 3 waits, 20 of the peer's with a key exchange",
        ),
        spent(
            store("store unchanged, in the keyring", ring, 0, 0.3),
            ring,
            "our fingerprint file and no call; 10 calls of the peer's, and the keyring writes its file",
        ),
    ]
}

/// The bounds on size.
fn limits(product: &Path, one: &Home, many: &Home) -> Vec<Limit> {
    let memory = |what, (ours, _): (Call, Call)| Limit { what, bytes: peak(&ours), at_most: 8 * MIB };
    let size = fs::metadata(product).expect("it was just built").len();
    let last = many.accounts() - 1;
    vec![
        memory("peak memory, get, 1 account", one.get(0)),
        memory("peak memory, get, 1,000 accounts", many.get(last)),
        memory("peak memory, store, 1,000 accounts", many.store(last)),
        Limit { what: "size of the stripped binary", bytes: size, at_most: 8 * MIB },
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if !measure::is_git() {
        eprintln!("{}", measure::as_git().args(arguments).exec());
        return ExitCode::FAILURE;
    }
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["peak", program, rest @ ..] => measure::report_peak(program, rest),
        [product, _, "remotes"] => {
            let installed = Installed::of(product);
            is_success([first_fetch(&installed.program), everyday_fetch(&installed.program)])
        }
        [product, _, "static"] => is_success([as_released(&Installed::of(product).program)]),
        [product, libsecret, "calls", through] => {
            everyday_calls(Path::new(product), Path::new(libsecret), Path::new(through));
            ExitCode::SUCCESS
        }
        [product, libsecret] => bench(&Installed::of(product).program, Path::new(libsecret), ROUNDS, 1.0),
        [product, libsecret, "busy"] => {
            bench(&Installed::of(product).program, Path::new(libsecret), ROUNDS, BUSY)
        }
        [product, libsecret, rounds] if rounds.parse::<usize>().is_ok_and(|rounds| rounds > 0) => {
            let rounds = rounds.parse().expect("it was just parsed");
            bench(&Installed::of(product).program, Path::new(libsecret), rounds, 1.0)
        }
        _ => {
            eprintln!("usage: tests/bench/run [ROUNDS | busy | remotes | static]");
            ExitCode::from(2)
        }
    }
}

/// The product as it is installed: a copy. A file as the linker left it lies in memory in smaller pieces, which takes
/// each start a tenth longer (measured), and nobody starts that one.
struct Installed {
    program: PathBuf,
    _folder: tempfile::TempDir,
}

impl Installed {
    fn of(product: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let program = folder.path().join("git-credential-patron");
        fs::copy(product, &program).expect("it was just built");
        Self { program, _folder: folder }
    }
}

/// Calls the product as git does each day, through a program that looks on, and measures nothing.
fn everyday_calls(product: &Path, libsecret: &Path, through: &Path) {
    for peer in [Peer::Store(newest_store().1), Peer::Libsecret(libsecret.to_owned())] {
        let home = Home::new(product, &peer, 1);
        for (call, _) in [home.get(0), home.store(0)] {
            Call { program: through.to_owned(), ..call }.run();
        }
    }
}

fn bench(product: &Path, libsecret: &Path, rounds: usize, leeway: f64) -> ExitCode {
    let (version, store) = newest_store();
    let (store, libsecret) = (Peer::Store(store), Peer::Libsecret(libsecret.to_owned()));
    let [one, many, most] = [1, 1000, 10_000].map(|accounts| Home::new(product, &store, accounts));
    let ring = Home::new(product, &libsecret, 1);
    let mut missed = 0;
    println!("git-credential-patron beside git-credential-store {version} (files) and");
    println!("git-credential-libsecret (keyring); {rounds} rounds, medians");
    println!("{:<50}{:>9}{:>9}{:>8}{:>9}", "", "ours us", "peer us", "ratio", "at most");
    for Comparison { what, between, ours, peer, at_most, spent } in comparisons(&one, &many, &most, &ring) {
        let (whole, is_kept) =
            measured(what, at_most * leeway, || medians(Some(&between), &ours, &peer, rounds));
        missed += usize::from(!is_kept);
        spent.iter().for_each(|spent| report_spent(spent, whole, rounds));
    }
    [&one, &many, &most, &ring].into_iter().for_each(Home::assert_untouched);

    println!("\nthe same for one account, with accounts that were never used");
    let few = Home::unused(product, &store, 1);
    for (what, accounts) in
        [("store of an unknown token, 1,000 accounts", 1000), ("the same, 10,000 accounts", 10_000)]
    {
        let home = Home::unused(product, &store, accounts);
        let (_, is_kept) = measured(what, MOST_FOR_UNKNOWN * leeway, || {
            medians(None, &home.unknown().0, &few.unknown().0, rounds)
        });
        missed += usize::from(!is_kept);
    }

    println!("\n{:<50}{:>9}{:>26}", "", "MiB", "at most");
    for Limit { what, bytes, at_most } in limits(product, &one, &many) {
        let mib = |bytes: u64| bytes as f64 / MIB as f64;
        let is_kept = bytes <= at_most;
        missed += usize::from(!is_kept);
        let says = if is_kept { "" } else { "  MISSED" };
        println!("{what:<50}{:>9.2}{:>26.2}{says}", mib(bytes), mib(at_most));
    }
    if missed > 0 {
        println!("\n{missed} of the bounds missed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Measures the first fetch of many remotes, asked about before and not, in turns; tells whether the bound is kept.
/// Not with the other rows: all servers and clients are on this machine, and with two cores what is measured is mostly
/// how long 16 more processes of git take. That nobody waits for another's reply is held by tests/notice/trips.rs.
fn first_fetch(product: &Path) -> bool {
    use remotes::{REMOTES, REPLY, ROUNDS};
    println!("\na first fetch by git, {} ms a reply; {ROUNDS} rounds, medians", REPLY.as_millis());
    println!("{:<50}{:>9}{:>9}{:>8}{:>9}", "", "with us", "never us", "ratio", "at most");
    let remotes = Remotes::new(product);
    let what = format!("{REMOTES} remotes, -j{REMOTES}; never: PATRON_PROBE");
    measured(&what, MOST_FOR_REMOTES, || {
        medians_of((0..ROUNDS).map(|_| (remotes.fetch("auto"), remotes.fetch("never"))).unzip())
    })
    .1
}

/// The same for a fetch of one remote that was fetched before, beside one with git-credential-store.
fn everyday_fetch(product: &Path) -> bool {
    use remotes::EVERYDAY_ROUNDS;
    println!("\na fetch by git as each day; {EVERYDAY_ROUNDS} rounds, medians");
    println!("{:<50}{:>9}{:>9}{:>8}{:>9}", "", "with us", "store", "ratio", "at most");
    let everyday = Everyday::new(product);
    measured("one remote, nothing new", MOST_FOR_EVERYDAY, || {
        medians_of((0..EVERYDAY_ROUNDS).map(|_| everyday.fetch()).unzip())
    })
    .1
}

/// Measures the program as it is released.
fn as_released(product: &Path) -> bool {
    let (version, store) = newest_store();
    println!("\nthe static program beside git-credential-store {version}; {ROUNDS} rounds, medians");
    println!("{:<50}{:>9}{:>9}{:>8}{:>9}", "", "ours us", "peer us", "ratio", "at most");
    let home = Home::new(product, &Peer::Store(store), 1);
    let ((ours, peer), between) = (home.get(0), home.store(0).0);
    measured("get, 1 account", MOST_FOR_STATIC, || medians(Some(&between), &ours, &peer, ROUNDS)).1
}

/// Measures two things, and again where the bound is missed; gives both times in microseconds, and whether the bound is
/// kept.
fn measured(what: &str, at_most: f64, measure: impl Fn() -> (f64, f64)) -> ((f64, f64), bool) {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let (ours, peer) = measure();
        let ratio = ours / peer;
        let is_kept = ratio <= at_most;
        let says = match () {
            () if is_kept => "",
            () if attempt < TRIES => "  again",
            () => "  MISSED",
        };
        println!("{what:<50}{ours:>9.0}{peer:>9.0}{ratio:>8.2}{at_most:>9.2}{says}");
        if is_kept || attempt == TRIES {
            return ((ours, peer), is_kept);
        }
    }
}

fn is_success<const N: usize>(kept: [bool; N]) -> ExitCode {
    if kept.into_iter().all(|is_kept| is_kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Gives the medians of two programs that take turns, in microseconds.
fn medians(between: Option<&Call>, ours: &Call, peer: &Call, rounds: usize) -> (f64, f64) {
    medians_of(compare(between, ours, peer, rounds))
}

fn medians_of((ours, peer): (Vec<Duration>, Vec<Duration>)) -> (f64, f64) {
    (median(ours), median(peer))
}

/// Says what the time of a row is spent on.
fn report_spent(spent: &Spent, whole: (f64, f64), rounds: usize) {
    let Spent { ours, peer, nothing, rest } = spent;
    let start = medians(None, ours, peer, rounds);
    let (nothing, _) = medians(None, nothing, peer, rounds);
    println!(
        "{:<50}{:>9.0}{:>9.0}  a program that does nothing: {nothing:.0}",
        "  of it to start and end", start.0, start.1
    );
    println!("{:<50}{:>9.0}{:>9.0}  {rest}", "  and the rest", whole.0 - start.0, whole.1 - start.1);
}

/// Finds the git-credential-store of the newest git here, and that git's version.
fn newest_store() -> (String, PathBuf) {
    let search = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&search).chain(["/usr/bin", "/usr/local/bin"].map(PathBuf::from));
    let gits = folders.filter_map(|folder| {
        let git = folder.join("git");
        let says = |argument: &str| {
            let output = Command::new(&git).arg(argument).output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let version = says("--version")?.split_whitespace().nth(2)?.to_owned();
        let store = Path::new(&says("--exec-path")?).join("git-credential-store");
        store.is_file().then_some((version, store))
    });
    let number = |version: &str| version.split('.').map_while(|part| part.parse().ok()).collect::<Vec<u32>>();
    gits.max_by_key(|(version, _)| number(version)).expect("there is no git with git-credential-store here")
}
