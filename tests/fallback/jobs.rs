//! Many jobs at once, each with a token of its own that a helper gives it, as on a machine that builds: each gets
//! its own, and nobody's becomes everybody's.

use super::{accounts, request, scribe, set_up, without_probes};
use crate::forge::{By, Forge, Policy, Rule, Then, Token};
use crate::given;
use crate::sandbox::{Running, Sandbox, gits};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many other tokens pass by: more than are known again of those that fallbacks answered.
const OTHERS: usize = 70;

/// A helper that gives the job's token, and nothing to who has none.
const ANSWER: &str =
    "[ -n \"$JOB_TOKEN\" ] || exit 0\nprintf 'username=mona\\npassword=%s\\n' \"$JOB_TOKEN\"";

fn label(at: usize) -> String {
    format!("job{at}")
}

/// A forge that knows a token for each job; what is asked with the first one takes its time.
fn forge() -> Forge {
    let slow = Rule::fault(Then::Delay(Duration::from_secs(6))).by(By::Token(label(0)));
    let policy =
        (0..=OTHERS).fold(Policy::sample(), |policy, at| policy.token(Token::classic(&label(at), "mona")));
    Forge::start(policy.rule(slow))
}

/// The names of the traces.
fn traces(sandbox: &Sandbox) -> Vec<String> {
    let folder = given::outcomes_file(sandbox).with_file_name("traces");
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn signal(running: &Running, signal: &str) {
    let group = format!("-{}", running.id());
    let sent = std::process::Command::new("kill").args(["-s", signal, "--", &group]).status();
    assert!(sent.expect("there is a kill").success(), "it is still at work");
}

#[test]
fn what_a_helper_gave_one_job_is_neither_anothers_nor_learned_however_many_pass_by() {
    for git in gits() {
        let forge = forge();
        let sandbox = without_probes(&forge);
        let diary = scribe(&sandbox, "job", ANSWER);
        set_up(&sandbox, "[credential]\n\thelper = job\n");
        let job = |at: usize| {
            let words = ["ls-remote", "-q", "https://github.com/acme/secret"];
            sandbox.git(words).with_git(git).env("JOB_TOKEN", forge.secret(&label(at)))
        };
        // The first has been answered, and is stopped before it has been let in.
        let first = job(0).spawn();
        let start = Instant::now();
        while !traces(&sandbox).iter().any(|name| name.starts_with("f-")) {
            assert!(start.elapsed() < Duration::from_secs(30), "it is answered: {}", first.said_so_far());
            std::thread::sleep(Duration::from_millis(5));
        }
        signal(&first, "STOP");
        assert!(!diary.take().contains("[store]"), "it was stopped in time");
        std::thread::scope(|scope| {
            for lane in 0..7 {
                let job = &job;
                scope.spawn(move || (1..=OTHERS).filter(|at| at % 7 == lane).for_each(|at| _ = job(at).ok()));
            }
        });
        assert!(traces(&sandbox).len() < 10, "nothing piles up: {}", traces(&sandbox).len());
        let outcomes = sandbox.read(".local/state/git-credential-patron/outcomes.toml").expect("there");
        let known = outcomes.split("[fallback]").nth(1).unwrap_or_default();
        let known = known.lines().skip(1).take_while(|line| line.contains(" = ")).count();
        assert_eq!(known, 64, "the first one's is not known any more");
        diary.take();
        signal(&first, "CONT");
        first.wait().ok().says_nothing();
        let told = diary.take();
        assert!(
            told.starts_with("[store]\n") && told.contains(&forge.secret(&label(0))),
            "its own helper is told"
        );
        assert!(!told.contains("path="));

        let asked: Vec<String> = forge.git_asks().into_iter().map(|ask| ask.4).collect();
        let each: BTreeSet<&String> = asked.iter().collect();
        assert_eq!((asked.len(), each.len()), (OTHERS + 1, OTHERS + 1), "each with its own, once");
        assert_eq!(accounts(&sandbox), [""; 0], "git {}", git.version);
        for path in given::files_below(sandbox.home()) {
            let bytes = std::fs::read(&path).expect("ours");
            let holds = |at: usize| given::contains(&bytes, forge.secret(&label(at)).as_bytes());
            assert!(!(0..=OTHERS).any(holds), "{}", path.display());
        }
        assert_eq!(traces(&sandbox), [""; 0], "all have reported");
    }
}

/// One process that speaks for several, such as an editor: first it gets no answer, so that what a person types may
/// be learned; then the helper has one.
#[test]
fn an_answer_of_the_helper_ends_what_may_be_learned() {
    let forge = forge();
    let sandbox = without_probes(&forge);
    let diary = scribe(&sandbox, "job", ANSWER);
    set_up(&sandbox, "[credential]\n\thelper = job\n");
    let get = |path: &str, token: &str| {
        sandbox.patron(["get"]).env("JOB_TOKEN", token).stdin(request(&format!("path={path}\n\n"))).ok()
    };
    let store = |path: &str, token: &str| {
        let stdin = request(&format!("path={path}\nusername=mona\npassword={token}\n\n"));
        sandbox.patron(["store"]).stdin(stdin).ok()
    };
    let first = forge.secret(&label(0));
    get("acme/secret", "").prints("");
    get("acme/secret", &first).prints(&format!("username=mona\npassword={first}\n\n"));
    for at in 1..=OTHERS {
        get(&format!("globex/r{at}"), &forge.secret(&label(at)));
    }
    diary.take();
    store("acme/secret", &first).says_nothing();
    assert!(diary.take().starts_with("[store]\n"), "it is the helper's");
    // Nor another one: nobody was asked for it.
    store("acme/secret", &forge.secret("acme")).says_nothing();
    assert_eq!(accounts(&sandbox), [""; 0]);
    // Without an answer it is as it was.
    get("acme/secret", "").prints("");
    store("acme/secret", &forge.secret("acme")).says("learned acme");
    assert_eq!(accounts(&sandbox), ["acme"]);
}
