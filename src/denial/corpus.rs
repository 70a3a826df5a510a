//! The transcripts of `tests/transcripts/` through every carrier and between noise.

use super::catalogue::Certainty;
#[cfg(target_os = "linux")]
use super::normal::translation;
use super::normal::{Languages, gather};
use super::read;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// A transcript and what it may be named.
struct Sample {
    ids: Vec<String>,
    speaker: String,
    carrier: String,
    text: String,
}

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("text")))
        .collect();
    files.sort();
    files
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (_, text) in files().into_iter().filter(|(path, _)| !path.ends_with("none.txt")) {
        for block in text.split("\n=== ").skip(1) {
            let (head, text) = block.split_once('\n').expect("a head and a text");
            let head: Vec<&str> = head.split(" | ").collect();
            samples.push(Sample {
                ids: head[0].split(',').map(|id| id.trim().to_owned()).collect(),
                speaker: head[1].to_owned(),
                carrier: head[2].to_owned(),
                text: text.to_owned(),
            });
        }
    }
    samples
}

fn named(input: &[u8]) -> Option<String> {
    named_in(input, &Languages::default())
}

fn named_in(input: &[u8], languages: &Languages) -> Option<String> {
    let reading = read(input, languages)?;
    Some(reading.found.map_or("unknown-refusal".to_owned(), |found| found.denial.id.to_string()))
}

#[test]
fn each_transcript_is_named_rightly() {
    let samples = samples();
    assert!(samples.len() >= 150, "{}", samples.len());
    let mut wrong = Vec::new();
    for sample in &samples {
        let name = named(sample.text.as_bytes());
        if !name.as_ref().is_some_and(|name| sample.ids.contains(name)) {
            wrong.push(format!("{name:?} instead of {:?}:\n{}", sample.ids, sample.text));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), samples.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_refusal_of_a_git_host_has_no_name() {
    let (_, text) = files().into_iter().find(|(path, _)| path.ends_with("none.txt")).expect("it is there");
    let texts: Vec<&str> = text.split("\n===\n").skip(1).collect();
    assert!(texts.len() >= 60, "{}", texts.len());
    let wrong: Vec<String> =
        texts.iter().filter_map(|text| Some(format!("{}: {text}", named(text.as_bytes())?))).collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// Puts something before each line.
fn before(text: &str, prefix: impl Fn(usize) -> String) -> Vec<u8> {
    let lines = text.lines().enumerate().map(|(number, line)| format!("{}{line}\n", prefix(number)));
    lines.collect::<String>().into_bytes()
}

/// Folds lines at a width, in mid-word, as PowerShell 5 does.
fn folded(text: &str, width: usize) -> Vec<u8> {
    let mut out = String::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        for piece in letters.chunks(width) {
            out.extend(piece);
            out.push('\n');
        }
        if letters.is_empty() {
            out.push('\n');
        }
    }
    out.into_bytes()
}

fn wide(text: &str, to: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
    text.encode_utf16().flat_map(to).collect()
}

/// What carries texts: a name, and how it changes one.
type Carrier = (&'static str, fn(&str) -> Vec<u8>);

const CARRIERS: [Carrier; 27] = [
    ("lines of DOS", |text| text.replace('\n', "\r\n").into_bytes()),
    ("UTF-8 with a mark", |text| format!("\u{feff}{text}").into_bytes()),
    ("UTF-16LE with a mark", |text| wide(text, u16::to_le_bytes, true)),
    ("UTF-16BE with a mark", |text| wide(text, u16::to_be_bytes, true)),
    ("UTF-16LE", |text| wide(text, u16::to_le_bytes, false)),
    ("colours", |text| {
        text.lines().map(|line| format!("\x1b[31m{line}\x1b[0m\x1b[K\n")).collect::<String>().into_bytes()
    }),
    ("times", |text| before(text, |n| format!("2026-10-01T00:00:{:02}.123Z ", n % 60))),
    ("times in brackets", |text| before(text, |n| format!("[12:00:{:02}] ", n % 60))),
    ("a job in brackets", |text| before(text, |_| "[build/ci] ".to_owned())),
    ("a quotation", |text| before(text, |_| "> ".to_owned())),
    ("a quotation of one", |text| before(text, |_| "> > ".to_owned())),
    ("a bar", |text| before(text, |_| "│ ".to_owned())),
    ("a plain bar", |text| before(text, |_| "     | ".to_owned())),
    ("docker build", |text| before(text, |n| format!("#12 1.{n:03} "))),
    ("docker compose", |text| before(text, |_| "web_1  | ".to_owned())),
    ("npm", |text| before(text, |_| "npm ERR! ".to_owned())),
    ("newer npm", |text| before(text, |_| "npm error ".to_owned())),
    ("an action", |text| before(text, |_| "##[error]".to_owned())),
    ("a prefix of somebody", |text| before(text, |n| format!("mona@box job-{n}:: "))),
    ("indentation", |text| before(text, |_| "        ".to_owned())),
    ("tabs", |text| before(text, |_| "\t".to_owned())),
    ("blanks at the end", |text| text.replace('\n', "        \n").into_bytes()),
    ("entities", |text| {
        text.replace('&', "&amp;")
            .replace('\'', "&#39;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
            .into_bytes()
    }),
    ("a log in JSON", |text| {
        let line =
            |line: &str| serde_json::json!({ "log": format!("{line}\n"), "stream": "stderr" }).to_string();
        text.lines().map(|text| line(text) + "\n").collect::<String>().into_bytes()
    }),
    ("JSON in JSON", |text| {
        let inner = serde_json::json!({ "output": text }).to_string();
        serde_json::json!({ "event": "failed", "detail": inner }).to_string().into_bytes()
    }),
    ("folds at 79", |text| folded(text, 79)),
    ("folds at 120", |text| folded(text, 120)),
];

const NOISE: [&str; 5] = [
    "Compiling demo v0.1.0 (/home/mona/demo)\nwarning: unused variable: `token`\n  --> src/main.rs:3:9\n",
    "npm warn deprecated x@1.0.0: use y\nadded 12 packages in 3s\n",
    "pip: ReadTimeoutError: Read timed out. (read timeout=15)\nHTTP 500 from the mirror, retrying (1/3)\n",
    "Internal Server Error: /accounts/login/\nTraceback (most recent call last):\n  File \"views.py\", line 3\n",
    "curl: (28) Connection timed out after 5000 milliseconds\nBad credentials for the test user, as expected\n",
];

#[test]
fn noise_before_and_behind_changes_no_name() {
    let mut wrong = Vec::new();
    for sample in samples() {
        for noise in NOISE {
            let text = format!("{noise}\n{}\n{noise}", sample.text);
            let name = named(text.as_bytes());
            if !name.as_ref().is_some_and(|name| sample.ids.contains(name)) {
                wrong.push(format!("{name:?} instead of {:?}:\n{text}", sample.ids));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

/// The bound is for a machine that is busy and a build without optimisation; optimised it takes less than a second.
#[test]
fn ten_megabytes_of_log_are_read_in_bounded_time_and_the_refusal_is_found_wherever_it_stands() {
    let refusal = "remote: Permission to acme/secret.git denied to mona.\n\
                   fatal: unable to access 'https://github.com/acme/secret.git/': The requested URL returned error: 403\n";
    let line = |number: usize| {
        format!("2026-10-01T00:00:{:02}Z step {number}: Compiling demo v0.1.{number}\n", number % 60)
    };
    let log: String = (0..220_000).map(line).collect();
    assert!(log.len() > 10 << 20, "{}", log.len());
    for at in [0, log.len() / 2, log.len()] {
        let at = log[..at].rfind('\n').map_or(0, |at| at + 1);
        let text = format!("{}{refusal}{}", &log[..at], &log[at..]);
        let start = std::time::Instant::now();
        let gathered = gather(text.as_bytes()).expect("it is memory");
        assert_eq!(named(&gathered).as_deref(), Some("write-permission-missing"), "at {at}");
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
    }
}

#[test]
fn no_carrier_changes_a_name() {
    let mut wrong: Vec<String> = Vec::new();
    for (number, sample) in samples().into_iter().enumerate() {
        for (name, carry) in CARRIERS {
            // The headers of a reply end where they end: nobody folds them. JSON that is folded is none.
            if (sample.speaker == "http" || sample.carrier == "ansible") && name.starts_with("folds") {
                continue;
            }
            let text = match number % 3 {
                0 => format!("{}{}", NOISE[number % NOISE.len()], sample.text),
                _ => sample.text.clone(),
            };
            let found = named(&carry(&text));
            // Of one line alone nobody can tell a prefix that no log is known to have: silence is right, too.
            if found.is_none() && name == "a prefix of somebody" && text.lines().count() == 1 {
                continue;
            }
            if !found.as_ref().is_some_and(|found| sample.ids.contains(found)) {
                wrong.push(format!(
                    "{name}: {found:?} instead of {:?}: {}",
                    sample.ids,
                    sample.text.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
}

/// The catalogues of messages that Debian's git has.
#[cfg(target_os = "linux")]
fn catalogues() -> Vec<Vec<u8>> {
    let languages = fs::read_dir("/usr/share/locale").into_iter().flatten().flatten();
    let files = languages.map(|language| language.path().join("LC_MESSAGES/git.mo"));
    let found: Vec<_> = files.filter_map(|file| fs::read(file).ok()).collect();
    assert!(found.len() >= 18, "Debian's git, which has 18 languages, is not here: {}", found.len());
    found
}

/// What git's last line is in each refusal, the server's or ssh's words before it, and the name of both.
#[cfg(target_os = "linux")]
const LAST_LINES: [(&str, &str, &str); 6] = [
    ("", "Authentication failed for '%s'", "token-rejected"),
    ("", "repository '%s' not found", "repository-not-found"),
    (
        "remote: Permission to acme/secret.git denied to mona.",
        "unable to access '%s': %s",
        "write-permission-missing",
    ),
    ("", "unable to access '%s': %s", "unknown-refusal"),
    (
        "git@github.com: Permission denied (publickey).",
        "Could not read from remote repository.",
        "ssh-remote",
    ),
    ("ERROR: Repository not found.", "Could not read from remote repository.", "repository-not-found"),
];

/// Gives the texts of these refusals as git says them with a catalogue, and their names.
#[cfg(target_os = "linux")]
fn translated(mo: &[u8]) -> Vec<(String, &'static str)> {
    let whole = "Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.";
    let say = |id: &str| translation(mo, id).filter(|text| !text.is_empty()).unwrap_or_else(|| id.to_owned());
    let texts = LAST_LINES.map(|(before, last, name)| {
        let last = if last.starts_with("Could not read") { say(whole) } else { say(last) };
        let last = last.replacen("%s", "https://github.com/acme/secret/", 1).replacen(
            "%s",
            "The requested URL returned error: 403",
            1,
        );
        (format!("{before}\n{}{last}\n", say("fatal: ")).trim_start().to_owned(), name)
    });
    texts.to_vec()
}

#[test]
#[cfg(target_os = "linux")]
fn no_carrier_and_no_noise_changes_a_name_in_any_language_of_git() {
    let mut wrong = Vec::new();
    let catalogues = catalogues();
    let mut languages = Languages::default();
    catalogues.iter().for_each(|mo| languages.add(mo));
    for (number, (text, name)) in catalogues.iter().flat_map(|mo| translated(mo)).enumerate() {
        let noise = NOISE[number % NOISE.len()];
        let carried = CARRIERS.iter().map(|(carrier, carry)| (*carrier, carry(&text)));
        let noisy = [
            ("noise", format!("{noise}\n{text}\n{noise}").into_bytes()),
            ("nothing", text.clone().into_bytes()),
        ];
        for (carrier, input) in carried.chain(noisy) {
            let found = named_in(&input, &languages);
            // Of one line alone nobody can tell a prefix that no log is known to have: silence is right, too.
            if found.is_none() && carrier == "a prefix of somebody" && text.lines().count() == 1 {
                continue;
            }
            if found.as_deref() != Some(name) {
                wrong.push(format!("{carrier}: {found:?} instead of {name}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn measured(input: &[u8]) -> Option<String> {
    let found = read(input, &Languages::default())?.found?;
    (found.certainty == Certainty::Measured).then(|| found.denial.id.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_splice_of_two_transcripts_proves_nothing_that_neither_proves(
        one in any::<prop::sample::Index>(),
        two in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        skip in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let (one, two) = (one.get(&samples), two.get(&samples));
        let head: Vec<&str> = one.text.lines().collect();
        let tail: Vec<&str> = two.text.lines().collect();
        // The beginning of several attempts, or of a log that quotes git again, may prove more than all of it.
        let (head, tail) = (&head[..cut.index(head.len() + 1)], &tail[skip.index(tail.len())..]);
        let spliced = [head, tail].concat().join("\n");
        if let Some(id) = measured(spliced.as_bytes()) {
            let parts = [&one.text, &two.text, &head.join("\n"), &tail.join("\n")];
            let alone = parts.map(|part| measured(part.as_bytes()));
            // Two logs of one refusal may be more certain of it together.
            let both = [one, two].iter().all(|sample| sample.ids.contains(&id));
            prop_assert!(both || alone.contains(&Some(id.clone())), "{}: {:?}\n{}", id, alone, spliced);
        }
    }
}
