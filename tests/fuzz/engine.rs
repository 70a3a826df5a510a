//! The loop of the fuzz tests, taken by path into the rooms that have one.
//!
//! It begins with the files of `tests/fuzz/corpus/TARGET`, changes them by chance, and goes on with whatever made the
//! target answer in a new way: a check gives a word for how it went, and an input with a new word joins the pool. That
//! is what stands for coverage where only the stable toolchain is. An ordinary run is short and always the same;
//! `PATRON_FUZZ_SECONDS` makes it as long as is wanted, from another start each time. `tests/fuzz/run SECONDS` does it.

#[path = "../chance.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod chance;

use chance::Chance;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// An ordinary run: so many inputs, and no longer than this.
const INPUTS: usize = 4_000;
const TIME: Duration = Duration::from_secs(3);
/// The longest input, and the most that the pool holds.
const LONGEST: usize = 4_096;
const POOL: usize = 1_000;
/// What readers of lines, of URLs and of TOML take for something else.
const ODD: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b"\x7f",
    b"\x1b[31m",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xff",
    b"=",
    b"/",
    b"//",
    b"..",
    b".",
    b"%2f",
    b"%",
    b"?",
    b"#",
    b"@",
    b":",
    b":443",
    b"\\",
    b"\"",
    b"'",
    b"{",
    b"[",
    b"[[",
    b" ",
    b"\t",
    b"-",
    b"_",
    b"~",
    b".git",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"\xef\xbb\xbf",
];

fn one_of<'a, T: ?Sized>(list: &[&'a T], chance: &mut Chance) -> &'a T {
    list[chance.below(list.len())]
}

fn range(len: usize, chance: &mut Chance) -> (usize, usize) {
    let from = chance.below(len + 1);
    (from, (from + 1 + chance.below(16)).min(len))
}

/// Changes an input in one to four places.
fn change(input: &[u8], other: &[u8], words: &[&[u8]], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let (from, to) = range(bytes.len(), chance);
        match chance.below(9) {
            0 => bytes.splice(at..at, one_of(words, chance).iter().copied()).for_each(drop),
            1 => bytes.splice(at..at, one_of(ODD, chance).iter().copied()).for_each(drop),
            2 => bytes.drain(from..to).for_each(drop),
            3 => {
                let copied = bytes[from..to].to_vec();
                bytes.splice(at..at, copied).for_each(drop);
            }
            4 if !bytes.is_empty() => {
                let at = chance.below(bytes.len());
                bytes[at] ^= 1 << chance.below(8);
            }
            5 => {
                let (from, to) = (chance.below(other.len() + 1), other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..to]);
            }
            6 => {
                // A line of the other one.
                let lines: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
                if !lines.is_empty() {
                    let at = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    bytes.splice(at..at, one_of(&lines, chance).iter().copied()).for_each(drop);
                }
            }
            7 => bytes[from..to].make_ascii_uppercase(),
            _ => bytes.splice(from..to, one_of(words, chance).iter().copied()).for_each(drop),
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Tries a target. `check` fails the test where what it sees is wrong, and says in a word how it went.
pub(super) fn fuzz(target: &str, words: &[&[u8]], check: impl Fn(&[u8]) -> String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seconds = std::env::var("PATRON_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seed = match std::env::var("PATRON_FUZZ_SEED").ok().and_then(|text| text.parse().ok()) {
        Some(seed) => seed,
        None if seconds.is_none() => 0x9e37_79b9_7f4a_7c15,
        None => std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_secs() << 16) | 1,
    };
    let tried = |input: &[u8]| match catch_unwind(AssertUnwindSafe(|| check(input))) {
        Ok(word) => word,
        Err(panic) => {
            let found = root.join("target/fuzz").join(format!("{target}-{}", std::process::id()));
            let _ = fs::create_dir_all(root.join("target/fuzz"));
            let _ = fs::write(&found, input);
            let shown = input.escape_ascii();
            let to_keep = format!("put {} into tests/fuzz/corpus/{target}", found.display());
            std::panic::panic_any(format!(
                "{target}: PATRON_FUZZ_SEED={seed}: \"{shown}\"; {to_keep}\n{}",
                said(&*panic)
            ));
        }
    };
    let folder = root.join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} begins with the files of {}", folder.display());
    let mut pool: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("it is there")).collect();
    let mut known: BTreeSet<String> = pool.iter().map(|input| tried(input)).collect();
    let mut chance = Chance(seed);
    let (start, mut inputs) = (Instant::now(), 0_usize);
    let goes_on = |inputs: usize| match seconds {
        Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
        None => inputs < INPUTS && start.elapsed() < TIME,
    };
    while goes_on(inputs) {
        let (one, other) = (chance.below(pool.len()), chance.below(pool.len()));
        let input = change(&pool[one], &pool[other], words, &mut chance);
        if known.insert(tried(&input)) && pool.len() < POOL {
            pool.push(input);
        }
        inputs += 1;
    }
    if seconds.is_some() {
        use std::io::Write as _;
        let ways = known.len();
        let _ =
            writeln!(std::io::stderr(), "fuzz {target}: {inputs} inputs, {ways} ways it went, seed {seed}");
    }
    assert!(known.len() > 1, "{target}: every input goes the same way: {known:?}");
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
