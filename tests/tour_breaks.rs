//! The tour itself: it goes well, it notices each break, it leaves nothing behind.
//!
//! It runs as a user runs it, only with the program that is under test instead of one that it builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime};

use super::sandbox::{Run, Sandbox};
use super::screen::Screen;

/// How many tours run at once.
const AT_ONCE: usize = 3;
/// What the issue asks for: after compilation the tour takes less.
const MINUTE: Duration = Duration::from_secs(60);

/// Where Cargo has put the tour, which must not be older than what it is made of.
pub(super) fn tour() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_git-credential-patron")).parent().expect("Cargo's folder");
    let tour = folder.join("examples").join(format!("tour{}", std::env::consts::EXE_SUFFIX));
    let hint = "`cargo test` builds it; with `--test` do it by hand: cargo build --example tour";
    let built = changed(&tour).unwrap_or_else(|| panic!("there is no {}: {hint}", tour.display()));
    let made_of = fs::read_to_string(tour.with_extension("d")).expect("Cargo lists what it is made of");
    let (_, sources) = made_of.split_once(": ").expect("it is a rule of make");
    // Cargo writes a blank within a name as `\ `.
    for source in sources.replace("\\ ", "\0").split_whitespace() {
        let source = PathBuf::from(source.replace('\0', " "));
        let is_fresh = changed(&source).is_some_and(|source| source <= built);
        assert!(is_fresh, "the tour is older than {}: {hint}", source.display());
    }
    tour
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

/// A tour in a home of its own, with the program under test.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let program = env!("CARGO_BIN_EXE_git-credential-patron");
    sandbox.command(tour(), ["--program", program]).args(arguments)
}

/// What asks for the second act, too.
const SECOND_ACT: &[&str] = &["--app"];

/// What the tour can break: name and step.
fn breaks(act: &[&str]) -> Vec<(String, String)> {
    let listed = Sandbox::new(None).command(tour(), ["--breaks"]).args(act).ok().stdout();
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().expect("a name"), words.next().expect("a step"))
    };
    listed.lines().map(row).collect()
}

#[test]
fn the_tour_shows_the_main_job_on_a_terminal_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new(None);
    let line = format!("{} --program {}", tour().display(), env!("CARGO_BIN_EXE_git-credential-patron"));
    // The screen gives up after a minute.
    let shown = Screen::start(&sandbox, &sandbox.work(), 110, &line).wait().expect("it ends");
    let text = shown.text();
    assert_eq!(shown.code, 0, "{text}");
    for line in [
        "$ git credential-patron setup",
        "$ git credential-patron add acme",
        "$ git clone -q https://github.com/acme/secret",
        "secret $ git push -q",
        "  push   github.com/globex/api             token of globex",
        "  remote: Repository not found.",
        "$ git credential-patron diagnose initech/printer",
        "printer $ git credential-patron diagnose",
        "$ git credential-patron unsetup",
    ] {
        assert!(shown.lines.iter().any(|shown| shown == line), "{line:?} is missing in:\n{text}");
    }
    assert_eq!(text.matches("$ git clone https://github.com/initech/printer").count(), 2, "{text}");
    assert!(!text.contains("github_pat_"), "{text}");
    assert!(!text.contains(&sandbox.root().display().to_string()), "a long name is shown:\n{text}");
    assert_no_trace(&sandbox);
}

#[test]
fn the_second_act_makes_an_app_and_decides_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new(None);
    let line =
        format!("{} --app --program {}", tour().display(), env!("CARGO_BIN_EXE_git-credential-patron"));
    let shown = Screen::start(&sandbox, &sandbox.work(), 110, &line).wait().expect("it ends");
    let text = shown.text();
    assert_eq!(shown.code, 0, "{text}");
    for line in [
        "$ git credential-patron add initech --new-app",
        "$ git clone -q https://github.com/initech/printer another-printer",
        "$ git credential-patron requests list initech",
        "  approved: 1",
        "$ git credential-patron unsetup",
    ] {
        assert!(shown.lines.iter().any(|shown| shown == line), "{line:?} is missing in:\n{text}");
    }
    assert!(text.contains("That was it."), "{text}");
    assert!(!text.contains("github_pat_") && !text.contains("BEGIN"), "{text}");
    assert_no_trace(&sandbox);
}

#[test]
fn each_break_of_a_step_ends_the_tour_at_that_step_with_1() {
    each_break_is_noticed(&[], &breaks(&[]), &[]);
}

#[test]
fn each_break_of_the_second_act_ends_it_at_that_step_with_1() {
    // Those of the first act are the same.
    each_break_is_noticed(SECOND_ACT, &breaks(SECOND_ACT), &breaks(&[]));
}

fn each_break_is_noticed(act: &[&str], breaks: &[(String, String)], without: &[(String, String)]) {
    let left: Vec<_> = breaks.iter().filter(|known| !without.contains(known)).cloned().collect();
    assert!(left.len() >= 4, "{left:?}");
    let queue = Mutex::new(left);
    let next = || queue.lock().expect("nobody panics with it").pop();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, step)) = next() {
                    let sandbox = Sandbox::new(None);
                    let output = run(&sandbox, &["--break", &name]).args(act).within(MINUTE).fails(1);
                    let ended = format!("the tour ends here: step {}, {step}: ", number(breaks, &step));
                    let output = output.says(&ended);
                    let told = output.stdout().contains(&format!("(broken by --break {name}: "));
                    assert!(told, "{}", output.report());
                    assert_no_trace(&sandbox);
                }
            });
        }
    });
}

/// The how manieth step it is; a step without a break would shift the numbers, and be found out here.
fn number(breaks: &[(String, String)], wanted: &str) -> usize {
    let mut steps: Vec<&String> = breaks.iter().map(|(_, step)| step).collect();
    steps.dedup();
    steps.iter().position(|step| *step == wanted).expect("it was listed") + 1
}

#[test]
fn an_unknown_break_is_named_with_those_there_are() {
    let sandbox = Sandbox::new(None);
    let output = run(&sandbox, &["--break", "nonsense"]).fails(2).says("called \"nonsense\"");
    for (name, _) in breaks(&[]) {
        output.clone().says(&name);
    }
    sandbox.command(tour(), ["--program", "/nowhere"]).fails(1).says("--program /nowhere: ");
}

#[test]
fn nobody_presses_the_button_in_the_browser_and_the_tour_ends() {
    let sandbox = Sandbox::new(None);
    // The stand-in for a browser notes the page and shows nothing.
    run(&sandbox, &["--browser", "--wait", "1"])
        .within(MINUTE)
        .fails(1)
        .says("step 11, approve: nobody pressed Approve within 1 s")
        .says("waiting for Approve ...");
    let pages = sandbox.opened_pages();
    let page = "/@github.com/organizations/initech/settings/personal-access-token-requests";
    assert!(
        matches!(pages.as_slice(), [one] if one.starts_with("http://127.0.0.1:") && one.ends_with(page)),
        "{pages:?}"
    );
    assert_no_trace(&sandbox);
}

#[test]
fn an_interrupted_tour_leaves_nothing_behind() {
    let sandbox = Sandbox::new(None);
    let mut running = run(&sandbox, &["--browser"]).within(MINUTE).spawn();
    while !running.so_far().contains("Press Approve") {
        assert!(!running.has_ended(), "it ended before: {}", running.so_far());
        thread::sleep(Duration::from_millis(20));
    }
    let id = rustix::process::Pid::from_raw(running.id().cast_signed()).expect("it runs");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it is ours");
    running.wait().fails(1).says("it was interrupted");
    assert_no_trace(&sandbox);
}

/// Nothing lies in the home of whoever ran it, nor among the temporary files.
#[track_caller]
fn assert_no_trace(sandbox: &Sandbox) {
    for folder in [sandbox.home().to_owned(), sandbox.root().join("tmp"), sandbox.work()] {
        let names: Vec<_> = fs::read_dir(&folder).expect("it is there").flatten().collect();
        assert!(names.is_empty(), "{names:?}");
    }
}
