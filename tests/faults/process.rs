//! Clocks, limits, environments, and bytes that are no text.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::given::{account, contains, plain};

fn prepared() -> (Sandbox, [Account; 2]) {
    let sandbox = Sandbox::new(None);
    let accounts = [account("https://github.com/acme"), plain("https://git.example.com/a/b", "u", "first")];
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts)
}

fn asked() -> String {
    request("github.com", "acme/r", "")
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is before the year 292 billion")
}

const YEAR: i64 = 365 * 86_400;

/// F27: a clock that is years off is told by times that are years off.
#[test]
fn an_expiry_is_obeyed_and_no_clock_deletes_a_token() {
    let sandbox = Sandbox::new(None);
    for (expires, is_given) in [
        (now() - 10 * YEAR, false),
        (now() - 5, false),
        (now() + 60, true),
        (now() + 10 * YEAR, true),
        (-1, false),
        (250_000_000_000, true),
    ] {
        let time = jiff::Timestamp::from_second(expires).expect("a time");
        let token = account("https://github.com/acme").with(&format!("expires = \"{time}\""));
        given::accounts(&sandbox, std::slice::from_ref(&token));
        // Of another secret than the last one seen the end would not be known.
        let _ = fs::remove_file(given::outcomes_file(&sandbox));
        let output = get(&sandbox, "github.com", "acme/r").ok();
        let expected = match is_given {
            true => token.answer().trim_end().to_owned() + &format!("\npassword_expiry_utc={expires}\n\n"),
            false => String::new(),
        };
        assert!(output.stdout() == expected, "{time}: {}", output.stderr());
        assert_eq!(output.stderr().contains("expired on"), !is_given, "{time}: {}", output.stderr());
        let left = secrets(&given::secrets_file(&sandbox));
        assert_eq!(left.get(&token.id()), Some(&token.secret), "{time}: it is kept");
        sandbox.patron(["list"]).ok();
    }
}

/// F27: a pause after a rejection is never longer than its length, whatever the clock did meanwhile.
#[test]
fn a_rejection_from_the_future_or_the_far_past_blocks_nothing() {
    let (sandbox, accounts) = prepared();
    let id = accounts[0].id();
    for (since, tries, is_given) in [
        (now() + 10 * YEAR, 3, true),
        (now() - 10 * YEAR, 3, true),
        (now() - 10 * YEAR, 1_000_000, true),
        (now(), 3, false),
        (now(), 0, true),
    ] {
        let time = jiff::Timestamp::from_second(since).expect("a time");
        let state =
            format!("version = 1\nkey = \"k\"\n\n[account.\"{id}\"]\nrejected = \"{time} {tries} {time}\"\n");
        let file = given::outcomes_file(&sandbox);
        fs::create_dir_all(file.parent().expect("a folder")).expect("ours");
        fs::write(&file, state).expect("ours");
        let output = get(&sandbox, "github.com", "acme/r").ok();
        assert_eq!(output.stdout() == accounts[0].answer(), is_given, "{time} {tries}: {}", output.stderr());
        assert_eq!(output.stderr().contains("did not recognise the token"), !is_given, "{}", output.stderr());
    }
    assert_eq!(secrets(&given::secrets_file(&sandbox)).len(), 2);
}

/// F42.
#[test]
fn a_home_and_an_environment_that_are_no_text_are_fine() {
    let (sandbox, accounts) = prepared();
    let odd = sandbox.root().join(OsStr::from_bytes(b"h\xff\xfe \n'\"$(x)"));
    fs::rename(sandbox.home(), &odd).expect("ours");
    let not_text = OsStr::from_bytes(b"\xff\xfe");
    let run = |word: &str, stdin: String| {
        let run = sandbox.patron([word]).stdin(stdin).env("HOME", &odd);
        [
            "LANG",
            "PATRON_VAULT",
            "PATRON_BROWSER",
            "PATRON_PROBE",
            "PATRON_PROMPT",
            "TERM",
            "CI",
            "DISPLAY",
            "GIT_DIR",
        ]
        .iter()
        .fold(run, |run, name| run.env(name, not_text))
        .ok()
    };
    assert!(run("get", asked()).stdout() == accounts[0].answer());
    let trace = sandbox.root().join(OsStr::from_bytes(b"trace\xff"));
    sandbox.patron(["get"]).stdin(asked()).env("HOME", &odd).env("PATRON_TRACE", &trace).ok();
    assert!(
        fs::read(&trace).is_ok_and(|log| contains(&log, b"answered")),
        "a path that is no text can be traced to"
    );
    // Which vault is meant cannot be read, so the file is no longer the one that was asked for.
    let stored = stored("git.example.com", "u", "second");
    let output = sandbox.patron(["store"]).stdin(stored).env("HOME", &odd).ok();
    assert_eq!(output.stderr(), "");
    fs::rename(&odd, sandbox.home()).expect("ours");
    let vault = secrets(&given::secrets_file(&sandbox));
    assert_eq!(vault[&accounts[1].id()], "second");
}

/// F42: variables of 64 KiB and more, and very many of them.
#[test]
fn a_huge_environment_is_fine() {
    let (sandbox, accounts) = prepared();
    let long = "x".repeat(100_000);
    let names = [
        "LANG",
        "TERM",
        "PATRON_TRACE",
        "PATRON_VAULT",
        "XDG_RUNTIME_DIR",
        "SSH_ASKPASS",
        "GIT_CONFIG_PARAMETERS",
    ];
    let run = names.iter().fold(sandbox.patron(["get"]).stdin(asked()), |run, name| run.env(name, &long));
    let run = (0..2_000).fold(run, |run, at| run.env(&format!("N{at}"), "x"));
    assert!(run.ok().stdout() == accounts[0].answer());
}

/// F44: whoever asks slowly is served, whoever closes early is not waited for.
#[test]
fn an_asker_that_closes_its_end_in_the_midst_gets_nothing_and_breaks_nothing() {
    let (sandbox, accounts) = prepared();
    let asked = asked();
    // Up to the end of the host's line nothing can be answered; what comes later may be cut.
    for cut in 0..asked.find("path=").expect("there is a path") {
        let output = sandbox.patron(["get"]).stdin(&asked.as_bytes()[..cut]).ok().prints("");
        assert!(output.stderr().lines().count() <= 1, "{cut}: {}", output.stderr());
    }
    for word in ["store", "erase"] {
        let whole = stored("git.example.com", "u", "first");
        for cut in 0..whole.find("password=").expect("there is a password") {
            sandbox.patron([word]).stdin(&whole.as_bytes()[..cut]).ok().prints("");
            if word == "erase" && whole.as_bytes()[..cut].ends_with(b"host=git.example.com\n") {
                // That is a whole request: it names the host and means all of it.
                given::accounts(&sandbox, &accounts);
            }
        }
        given::accounts(&sandbox, &accounts);
    }
    all_are_given(&sandbox, &accounts);
}

/// F45.
#[test]
fn with_few_descriptors_it_answers_or_says_why_not() {
    let (sandbox, accounts) = prepared();
    for count in [3, 4, 5, 6, 8, 16] {
        for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
            let output =
                shell(&sandbox, &format!("ulimit -n {count}; exec \"$PATRON\" {word}")).stdin(stdin).run();
            let said = output.stderr();
            // Below what the loader needs for the program's libraries nothing of ours runs at all.
            if said.contains("error while loading shared libraries") {
                assert!(count < 5, "{count}: {said}");
                continue;
            }
            assert_eq!(output.status.code(), Some(0), "{count}: {}", output.report());
            assert!(!said.contains("panicked") && !said.contains("internal error"), "{count}: {said}");
            let answer = output.stdout();
            assert!(answer.is_empty() || answer == accounts[0].answer(), "{count}");
            assert!(
                word != "get" || answer.is_empty() != said.is_empty(),
                "{count}: an answer, or why not: {said}"
            );
            assert!(count < 8 || said.is_empty(), "{count}: eight are enough: {said}");
        }
    }
    all_are_given(&sandbox, &accounts);
}

/// F45: without memory no program goes on; it must end at once, with nothing or with a whole answer.
#[test]
fn with_little_memory_there_is_a_whole_answer_or_none() {
    let (sandbox, accounts) = prepared();
    let (mut answered, mut silent) = (0, 0);
    for kibibytes in (2_000..40_000).step_by(1_000) {
        let line = format!("ulimit -v {kibibytes}; exec \"$PATRON\" get");
        let output = shell(&sandbox, &line).stdin(asked()).run();
        assert!(output.took < Duration::from_secs(5), "{kibibytes}: {:?}", output.took);
        assert!(!contains(&output.stderr, accounts[0].secret.as_bytes()), "{kibibytes}");
        match output.stdout() {
            answer if answer == accounts[0].answer() => answered += 1,
            answer => {
                assert!(answer.is_empty(), "{kibibytes}: a part of an answer");
                silent += 1;
            }
        }
        let line = format!("ulimit -v {kibibytes}; exec \"$PATRON\" store");
        shell(&sandbox, &line).stdin(stored("new.example.com", "u", "third")).run();
        assert!(secrets(&given::secrets_file(&sandbox)).len() >= 2, "{kibibytes}");
    }
    assert!(answered > 3 && silent > 3, "both are tried: {answered} answered, {silent} not");
    all_are_given(&sandbox, &accounts);
}

/// F45: a stack smaller than anybody has.
#[test]
fn with_a_small_stack_there_is_a_whole_answer_or_none() {
    let (sandbox, accounts) = prepared();
    let (mut answered, mut silent) = (Vec::new(), 0);
    for kibibytes in [16, 32, 48, 64, 96, 128, 192, 256, 512] {
        for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
            let line = format!("ulimit -s {kibibytes}; exec \"$PATRON\" {word}");
            let output = shell(&sandbox, &line).stdin(stdin).run();
            assert!(output.took < Duration::from_secs(5), "{kibibytes}: {:?}", output.took);
            assert!(!contains(&output.stderr, accounts[0].secret.as_bytes()), "{kibibytes}");
            if word == "store" {
                assert!(secrets(&given::secrets_file(&sandbox)).len() >= 2, "{kibibytes}");
            } else if output.stdout.is_empty() {
                silent += 1;
            } else {
                assert!(output.stdout() == accounts[0].answer(), "{kibibytes}: a part of an answer");
                answered.push(kibibytes);
            }
        }
    }
    assert!(answered.contains(&256), "a quarter of a megabyte is enough: {answered:?}");
    all_are_given(&sandbox, &accounts);
    let least = answered.first().copied().unwrap_or_default();
    given::seen("F45", &format!("stacks of 16 to 512 KiB: answered from {least} KiB on, {silent} not"));
}

/// F45: where `/proc` is not mounted, as in a bare chroot.
#[test]
fn without_proc_git_is_served_and_what_it_gives_is_kept() {
    let (sandbox, accounts) = prepared();
    fs::write(sandbox.work().join("asked"), asked()).expect("ours");
    fs::write(sandbox.work().join("stored"), stored("new.example.com", "u", "third")).expect("ours");
    let script = "mount -t tmpfs tmpfs /proc\n\"$PATRON\" get <asked\n\"$PATRON\" store <stored\n\
                  \"$PATRON\" list >listed";
    let output = shell_that_mounts(&sandbox, script).ok();
    assert!(output.stdout() == accounts[0].answer(), "{}", output.stderr());
    assert_eq!(output.stderr(), "");
    assert_eq!(secrets(&given::secrets_file(&sandbox)).len(), 3);
    let listed = fs::read_to_string(sandbox.work().join("listed")).expect("written");
    assert!(listed.contains("new.example.com"), "{listed}");
    given::seen("F45", "without /proc: get, store and list as with it");
}

/// F45: where no thread can be started.
#[test]
fn git_is_served_without_a_thread() {
    let (sandbox, accounts) = prepared();
    for (word, stdin) in
        [("get", asked()), ("store", stored("git.example.com", "u", "first")), ("erase", String::new())]
    {
        let output =
            super::disk::injected(&sandbox, word, &stdin, "clone,clone3,fork,vfork:error=EAGAIN").ok();
        assert_eq!(output.stderr(), "", "{word}");
        assert!(word != "get" || output.stdout() == accounts[0].answer());
    }
    let started: Vec<_> = super::disk::calls(&sandbox, "get", &asked())
        .into_iter()
        .filter(|(call, _)| {
            ["clone", "clone3", "fork", "vfork", "execve", "socket", "connect"].contains(&call.as_str())
        })
        .collect();
    assert_eq!(started, [], "the way of a plain answer starts nothing and calls nobody");
}

/// F48. Values that make other programs talk, or compare letters differently.
const HOSTILE: &[(&str, &str)] = &[
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("RUST_LIB_BACKTRACE", "1"),
    ("LANG", "tr_TR.UTF-8"),
    ("LC_ALL", "tr_TR.UTF-8"),
    ("LANGUAGE", "tr"),
    ("TERM", "dumb"),
    ("CLICOLOR_FORCE", "1"),
    ("PATRON_TRACE", "1"),
    ("GIT_TRACE", "1"),
    ("GIT_TRACE_CURL", "1"),
    ("GIT_TRACE2_EVENT", "1"),
    ("GIT_CURL_VERBOSE", "1"),
    ("BROWSER", "sh -c \"touch browser\" %s"),
    ("IFS", "a"),
    ("CDPATH", "/"),
    ("TZ", "../../../../etc/shadow"),
    ("MALLOC_PERTURB_", "165"),
    ("TMPDIR", "/nonexistent"),
    ("HTTPS_PROXY", "://broken"),
    ("GIT_CONFIG_COUNT", "x"),
    ("GIT_CONFIG_PARAMETERS", "broken"),
    ("GIT_DIR", "/nonexistent"),
    ("PATH", "."),
];

#[test]
fn no_environment_changes_the_answer_or_makes_a_secret_show() {
    let (sandbox, accounts) = prepared();
    // The Turkish dotless i: a comparison by locale would not find GITHUB.COM or ACME's i.
    let shouted = request("GITHUB.COM", "ACME/I", "");
    let all = HOSTILE
        .iter()
        .fold(sandbox.patron(["get"]).stdin(shouted.as_str()), |run, (name, value)| run.env(name, value));
    let alone = HOSTILE
        .iter()
        .map(|(name, value)| (*name, sandbox.patron(["get"]).stdin(shouted.as_str()).env(name, value)));
    for (name, run) in alone.chain([("all", all)]) {
        let output = run.ok();
        assert!(output.stdout() == accounts[0].answer(), "{name}: {}", output.stderr());
        assert!(!contains(&output.stderr, accounts[0].secret.as_bytes()), "{name}: the secret is said");
        let traced = ["PATRON_TRACE", "all"].contains(&name);
        assert_eq!(output.stderr().contains("answered"), traced, "{name}: {}", output.stderr());
        assert!(traced || output.stderr().is_empty(), "{name}: {}", output.stderr());
    }
    assert_eq!(fs::read_dir(sandbox.work()).expect("there").count(), 0, "nothing was started");
}
