//! Soak: eight processes at once over fifty accounts for as long as is wanted, everything that people and git do mixed,
//! with kills in the midst. After each operation, and at the end, the invariants are looked at: no secret for whom it
//! is not (I1), stdout empty or one whole answer (I2), nothing hangs (I3), no token lost or cut (I4), no secret where
//! it does not belong (I5), no page twice (I6), what is said is short (I7), nothing stays behind (I8). And nothing
//! grows: files, their bytes, traces, descriptors.
//!
//! `tests/soak/run SECONDS` runs it and prints the figures.

use super::chance::Chance;
use super::forge::{Forge, Policy, State, Token, TokenKind, make_token};
use super::given::{self, Account, account, plain, request};
use super::sandbox::{Output, Run, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// How many processes work at once.
const WORKERS: u64 = 8;
/// Accounts that are there all the time: their tokens must be given at every moment.
const STABLE: usize = 34;
/// Accounts that come and go.
const CHURN: usize = 10;
/// Accounts whose tokens GitHub no longer knows.
const DEAD: usize = 2;
/// Accounts at hosts that are not GitHub.
const PLAIN: usize = 4;
/// Owners whom a helper from before answers for.
const OTHERS: usize = 3;
/// Longer than anything may take where eight share few processors; what hangs takes longer than any bound.
const BOUND: Duration = Duration::from_secs(40);

/// Whose secret may be given for a place, and whether it must be.
struct Place {
    host: String,
    path: String,
    secret: String,
    must: bool,
}

/// The world that the workers share.
struct World {
    forge: Forge,
    sandbox: Sandbox,
    stable: Vec<Account>,
    plain: Vec<Account>,
    /// Every secret there is, to be looked for.
    secrets: BTreeSet<String>,
    /// What the earlier helper answers.
    others: String,
    tallies: Mutex<BTreeMap<&'static str, Tally>>,
}

/// What became of one kind of operation.
#[derive(Default)]
struct Tally {
    took: Vec<Duration>,
    killed: usize,
    failed: usize,
}

impl World {
    fn new() -> Self {
        let mut policy = Policy::new().user("mona");
        let owners = |kind: &'static str, count: usize| (0..count).map(move |at| format!("{kind}{at}"));
        let all = owners("s", STABLE).chain(owners("c", CHURN)).chain(owners("d", DEAD));
        for owner in all.chain(owners("o", OTHERS)) {
            policy = policy
                .org(&owner, &["mona"])
                .private(&format!("{owner}/r"))
                .token(Token { expires: None, ..Token::fine_grained(&owner, "mona", &owner) });
        }
        let forge = Forge::start(policy);
        let mut sandbox = Sandbox::new(&forge);
        sandbox.set("DISPLAY", ":0");
        let runtime = sandbox.root().join("run");
        fs::create_dir(&runtime).expect("ours");
        given::chmod(&runtime, 0o700);
        sandbox.set("XDG_RUNTIME_DIR", &runtime);
        let of = |owner: String| Account {
            secret: forge.secret(&owner),
            ..account(&format!("https://github.com/{owner}"))
        };
        let stable: Vec<Account> = owners("s", STABLE).map(of).collect();
        let dead: Vec<Account> = owners("d", DEAD).map(of).collect();
        let plain: Vec<Account> = (0..PLAIN)
            .map(|at| plain(&format!("https://p{at}.example.com/a/b"), "u", &make_token(TokenKind::Classic)))
            .collect();
        given::accounts(&sandbox, &[stable.clone(), dead, plain.clone()].concat());
        let others = forge.secret("o0");
        let answer = format!("username=mona\npassword={others}\n");
        let answer = sandbox.write("answer", answer);
        let script = format!("cat >/dev/null\n[ \"$1\" != get ] || cat '{}'", answer.display());
        sandbox.write_program("git-credential-old", &script);
        sandbox.patron(["setup"]).ok();
        for owner in owners("o", OTHERS) {
            sandbox
                .git(["config", "--global", &format!("patron.https://github.com/{owner}.fallback"), "old"])
                .ok();
        }
        forge.policy(|policy| {
            owners("d", DEAD).for_each(|owner| policy.token_mut(&owner).state = State::Revoked);
        });
        forge.clear_log();
        let secrets =
            forge.secrets().into_iter().chain(plain.iter().map(|account| account.secret.clone())).collect();
        Self { forge, sandbox, stable, plain, secrets, others, tallies: Mutex::default() }
    }

    fn owner(&self, kind: &str, at: usize, must: bool) -> Place {
        let owner = format!("{kind}{at}");
        let secret = self.forge.secret(&owner);
        Place { host: "github.com".to_owned(), path: format!("{owner}/r"), secret, must }
    }

    fn place(&self, chance: &mut Chance) -> Place {
        match chance.below(10) {
            0 => self.owner("c", chance.below(CHURN), false),
            1 => self.owner("d", chance.below(DEAD), false),
            2 => {
                let at = chance.below(PLAIN);
                let secret = self.plain[at].secret.clone();
                Place { host: format!("p{at}.example.com"), path: "a/b".to_owned(), secret, must: true }
            }
            3 => {
                let path = format!("o{}/r", chance.below(OTHERS));
                Place { host: "github.com".to_owned(), path, secret: self.others.clone(), must: true }
            }
            _ => self.owner("s", chance.below(STABLE), true),
        }
    }

    /// Runs one operation, perhaps to its end, and looks at what must hold of any.
    #[track_caller]
    fn runs(&self, what: &'static str, run: Run, kill_after: Option<Duration>) -> Option<Output> {
        let mut running = run.within(BOUND).spawn();
        let output = match kill_after {
            None => running.wait(),
            Some(pause) => {
                thread::sleep(pause);
                // A process that is gone is no kill.
                let was_alive = !running.has_ended();
                let output = running.kill();
                if was_alive {
                    self.tallies.lock().expect("whole").entry(what).or_default().killed += 1;
                    self.shows_nothing(what, &output.stderr());
                    return None;
                }
                output
            }
        };
        self.shows_nothing(what, &output.stderr());
        let said = output.stderr();
        assert!(
            !said.contains("panicked") && !said.contains("internal error"),
            "{what}: {}",
            output.report()
        );
        let mut tallies = self.tallies.lock().expect("whole");
        let tally = tallies.entry(what).or_default();
        tally.took.push(output.took);
        tally.failed += usize::from(!output.status.success());
        Some(output)
    }

    /// I5.
    #[track_caller]
    fn shows_nothing(&self, what: &str, text: &str) {
        let shown = self.secrets.iter().any(|secret| text.contains(secret));
        assert!(!shown, "{what} shows a secret: {}", self.forge.redactor().redact(text));
    }

    /// I1, I2.
    #[track_caller]
    fn is_fair(&self, place: &Place, output: &Output) {
        let answer = output.stdout();
        let about = || format!("{}/{}: {}", place.host, place.path, output.report());
        if answer.is_empty() {
            assert!(!place.must, "nothing is given for {}", about());
            return;
        }
        let is_whole = answer.ends_with("\n\n") && answer.matches("password=").count() == 1;
        assert!(is_whole, "a part of an answer for {}", about());
        assert!(answer.contains(&format!("password={}\n", place.secret)), "another secret for {}", about());
    }

    /// One thing that a person or git does.
    fn act(&self, chance: &mut Chance) {
        let kill = (chance.below(6) == 0).then(|| Duration::from_micros(chance.below(60_000) as u64));
        let sandbox = &self.sandbox;
        let ask = |place: &Place, more: &str| request(&place.host, &place.path, more);
        let told = |place: &Place| ask(place, &format!("username=mona\npassword={}\n", place.secret));
        match chance.below(20) {
            0..=7 => {
                let place = self.place(chance);
                let run = sandbox.patron(["get"]).stdin(ask(&place, ""));
                if let Some(output) = self.runs("get", run, kill) {
                    self.is_fair(&place, &output);
                }
            }
            8 | 9 => {
                let place = self.owner("s", chance.below(STABLE), true);
                self.runs("store", sandbox.patron(["store"]).stdin(told(&place)), kill);
            }
            10 => {
                let at = chance.below(PLAIN);
                let secret = &self.plain[at].secret;
                let stdin = request(
                    &format!("p{at}.example.com"),
                    "a/b",
                    &format!("username=u\npassword={secret}\n"),
                );
                self.runs("store", sandbox.patron(["store"]).stdin(stdin), kill);
            }
            11 => {
                // Git was refused: of a good token that is an outage, of one that is dead the truth.
                let (kind, count) = if chance.below(2) == 0 { ("c", CHURN) } else { ("d", DEAD) };
                let place = self.owner(kind, chance.below(count), false);
                self.runs("erase", sandbox.patron(["erase"]).stdin(told(&place)), kill);
            }
            12 => {
                let owner = format!("c{}", chance.below(CHURN));
                let words = ["add", &owner, "--token-stdin", "--no-browser", "--login", "mona"];
                let run = sandbox.patron(words).stdin(format!("{}\n", self.forge.secret(&owner)));
                self.runs("add", run, kill);
            }
            13 => {
                let owner = format!("c{}", chance.below(CHURN));
                self.runs("remove", sandbox.patron(["remove", &owner, "--yes"]), kill);
            }
            14 => {
                let (owner, name) = (format!("c{}", chance.below(CHURN)), format!("n{}", chance.below(4)));
                let words = if chance.below(2) == 0 {
                    [owner.clone(), format!("{name}-{owner}")]
                } else {
                    [format!("{name}-{owner}"), owner]
                };
                self.runs("rename", sandbox.patron(["rename"]).args(&words), kill);
            }
            15 => drop(self.runs("list", sandbox.patron(["list", "--json"]), kill)),
            16 if chance.below(4) == 0 => {
                let words = if chance.below(4) == 0 { vec!["status"] } else { vec!["status", "--offline"] };
                self.runs("status", sandbox.patron(words), kill);
            }
            16 => {
                let place = self.owner("s", chance.below(STABLE), true);
                let owner = place.path.split('/').next().expect("an owner").to_owned();
                if let Some(output) = self.runs("token", sandbox.patron(["token", &owner]), kill) {
                    assert_eq!(output.stdout().trim_end(), place.secret, "{owner}");
                }
            }
            _ => {
                // Real git, which asks, is probed for and reports.
                let place = self.place(chance);
                if place.host != "github.com" {
                    return;
                }
                let url = format!("https://github.com/{}", place.path);
                let kill = kill.map(|pause| pause * 5);
                let what = if place.path.starts_with('o') { "git, fallback" } else { "git" };
                if let Some(output) = self.runs(what, sandbox.git(["ls-remote", &url]), kill) {
                    let is_in = output.status.success();
                    // The helper's one token is o0's alone.
                    let may_fail = !place.must || (place.path.starts_with('o') && place.path != "o0/r");
                    assert!(is_in || may_fail, "git is not let in: {}", output.report());
                }
            }
        }
    }

    /// What is on the disk, and how large it is.
    fn size(&self) -> Size {
        let places = [".config", ".local"].map(|name| self.sandbox.home().join(name));
        let all = places.iter().flat_map(|place| given::files_below(place));
        // Locks are a fixed number of empty files, each made at its first use.
        let is_lock = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "lock");
        let (locks, files): (Vec<PathBuf>, Vec<PathBuf>) = all.partition(is_lock);
        let run = given::files_below(&self.sandbox.root().join("run"));
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_left = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "tmp");
        Size {
            files: files.len(),
            locks: locks.len(),
            bytes: files.iter().filter_map(|file| fs::metadata(file).ok()).map(|meta| meta.len()).sum(),
            traces: run.iter().filter(|path| name(path).starts_with("t-")).count(),
            left: files.iter().chain(&run).filter(is_left).count(),
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        }
    }

    /// I8: processes that were started in this home and still run.
    fn alive(&self) -> Vec<String> {
        let home = self.sandbox.home().display().to_string();
        let is_ours = |id: &Path| {
            fs::read(id.join("environ")).is_ok_and(|text| given::contains(&text, home.as_bytes()))
        };
        let name = |id: &Path| fs::read_to_string(id.join("cmdline")).unwrap_or_default().replace('\0', " ");
        let all = fs::read_dir("/proc").expect("Linux has it").flatten().map(|entry| entry.path());
        all.filter(|id| is_ours(id)).map(|id| name(&id)).filter(|name| !name.is_empty()).collect()
    }

    fn settled(&self) {
        let start = Instant::now();
        while !self.alive().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(20), "left behind: {:?}", self.alive());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// All at once for so long.
    fn works_for(&self, time: Duration, seed: u64) {
        let stop = AtomicBool::new(false);
        let start = Instant::now();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let stop = &stop;
                    scope.spawn(move || {
                        let mut chance = Chance(seed.wrapping_mul(2 * worker + 1) | 1);
                        while !stop.load(Relaxed) && start.elapsed() < time {
                            self.act(&mut chance);
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = workers
                .into_iter()
                .map(|worker| worker.join().inspect_err(|_| stop.store(true, Relaxed)))
                .collect();
            assert!(ended.iter().all(Result::is_ok), "seed {seed}: an invariant is broken, see above");
        });
        self.settled();
    }

    /// I4, I5, I6 of the whole.
    fn is_whole(&self) {
        // Takes up what kills have left half done.
        let listed = self.sandbox.patron(["list", "--json"]).ok().stdout();
        let list: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
        let scopes: BTreeSet<&str> = list["accounts"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["scope"].as_str())
            .collect();
        for account in self.stable.iter().chain(&self.plain) {
            assert!(scopes.contains(&account.scope[..]), "{} is lost", account.scope);
        }
        self.sandbox.patron(["list"]).ok().says_nothing();
        let text = fs::read_to_string(given::secrets_file(&self.sandbox)).expect("the vault");
        let vault: toml::Table = toml::from_str(&text).expect("the vault is whole");
        let vault = vault["secrets"].as_table().expect("a table");
        for account in self.stable.iter().chain(&self.plain) {
            let kept = vault.get(&account.id()).and_then(toml::Value::as_str);
            assert!(kept == Some(&account.secret), "the token of {} is lost or cut", account.scope);
        }
        assert_eq!(vault.len(), scopes.len(), "one secret for each account");
        for file in given::files_below(self.sandbox.root()) {
            if file == given::secrets_file(&self.sandbox) || file.ends_with("answer") {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
            let held = self.secrets.iter().any(|secret| text.contains(secret));
            assert!(!held, "{} holds a secret", file.display());
        }
        let pages = self.sandbox.opened_pages();
        let different: BTreeSet<&String> = pages.iter().collect();
        assert_eq!(pages.len(), different.len(), "a page opened twice: {pages:?}");
        assert!(pages.len() <= 5, "more than five in a day: {pages:?}");
    }
}

#[derive(Debug)]
struct Size {
    files: usize,
    locks: usize,
    bytes: u64,
    traces: usize,
    left: usize,
    descriptors: usize,
}

#[test]
#[ignore = "tests/soak/run, steps `soak` and `soak_long`: it takes as long as is wanted"]
fn eight_processes_over_fifty_accounts_lose_nothing_and_nothing_grows() {
    let setting = |name: &str, usual: u64| {
        std::env::var(name).ok().map_or(usual, |text| text.parse().expect("a number"))
    };
    let (seconds, seed) =
        (setting("PATRON_SOAK_SECONDS", 60), setting("PATRON_SOAK_SEED", u64::from(std::process::id())));
    println!(
        "soak: {seconds} s, {WORKERS} processes, {} accounts, PATRON_SOAK_SEED={seed}",
        STABLE + CHURN + DEAD + PLAIN
    );
    let world = World::new();
    // The first third meets everything for the first time; what is there then must be about all there ever is.
    let time = Duration::from_secs(seconds);
    world.works_for(time / 3, seed);
    world.is_whole();
    let early = world.size();
    world.works_for(time - time / 3, seed.wrapping_add(1));
    world.is_whole();
    let late = world.size();

    let tallies = world.tallies.lock().expect("whole");
    println!(
        "{:<14}{:>8}{:>8}{:>8}{:>10}{:>10}{:>10}",
        "operation", "ended", "killed", "failed", "median ms", "99 % ms", "most ms"
    );
    for (what, tally) in tallies.iter() {
        let mut took = tally.took.clone();
        took.sort_unstable();
        let at = |part: usize| {
            took.get((took.len() * part / 100).min(took.len().saturating_sub(1)))
                .map_or(0, Duration::as_millis)
        };
        println!(
            "{what:<14}{:>8}{:>8}{:>8}{:>10}{:>10}{:>10}",
            took.len(),
            tally.killed,
            tally.failed,
            at(50),
            at(99),
            at(100)
        );
    }
    let ended: usize = tallies.values().map(|tally| tally.took.len()).sum();
    let killed: usize = tallies.values().map(|tally| tally.killed).sum();
    println!(
        "{ended} operations ended, {killed} were killed; requests of all to the forge: {}",
        world.forge.log().len()
    );
    println!("after a third: {early:?}\nat the end:    {late:?}");
    assert!(ended > 50 && killed > 5, "it did something: {ended} ended, {killed} killed");
    for kind in ["get", "store", "erase", "add", "list", "remove", "rename", "git"] {
        assert!(tallies.contains_key(kind), "{kind} was not tried: let it run longer");
    }
    assert_eq!(late.left, 0, "temporary files are left");
    assert!(late.files <= early.files + 3, "files grow: {early:?}, {late:?}");
    assert!(late.locks <= 160, "locks grow: {late:?}");
    // Ten accounts come and go, and each may have its outcomes by then.
    assert!(late.bytes <= early.bytes * 2 + 16_384, "what is kept grows: {early:?}, {late:?}");
    assert!(late.traces <= early.traces + 40, "traces grow: {early:?}, {late:?}");
    assert!(late.descriptors <= early.descriptors + 24, "descriptors stay open: {early:?}, {late:?}");
}
