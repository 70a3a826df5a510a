//! A year of four people, day by day, with clocks that are moved: what patron says, opens, asks and keeps.
//!
//! Every working day git fetches or pushes for real, through the forge. At night everything that has a date is moved
//! back by a day: what patron keeps, and the forge's tokens. So much for the clock; what the forge does on which day
//! is the script of each person. Each day's lines are held against what is true on that day, and counted.
//!
//! A year is a minute or more, so it is a step of `tests/run all`.

use super::forge::{Forge, On, Policy, Reply, Rule, State, Then, Token, days};
use super::sandbox::Sandbox;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

const DAYS: u32 = 365;
const DAY: Duration = Duration::from_hours(24);

/// What may come of one day at most: on a bad one, and of all files of ours together.
const MOST_LINES: usize = 8;
const MOST_PAGES: usize = 2;
const MOST_REQUESTS: usize = 10;
const MOST_BYTES: u64 = 16 * 1024;

/// What one day came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    commands: usize,
    /// Lines of patron's.
    lines: usize,
    pages: usize,
    /// Requests of patron's, beyond those of git.
    requests: usize,
    /// How large everything is that it keeps.
    bytes: u64,
}

/// One person's year.
struct Life {
    name: &'static str,
    forge: Forge,
    sandbox: Sandbox,
    today: u32,
    tally: Tally,
    past: Vec<Tally>,
    /// Why the forge refuses today, as the id of a verdict; none where it lets in.
    truth: Option<&'static str>,
    /// How many pages patron says it opened, and how many the browser had got by last night.
    said_opened: usize,
    opened: usize,
    /// What the verdict of today's refusal means, once it was said.
    means: Option<String>,
}

/// Living
impl Life {
    fn begin(name: &'static str, policy: Policy, owners: &[&str]) -> Self {
        let forge = Forge::start(policy);
        let mut sandbox = Sandbox::new(&forge);
        sandbox.set("DISPLAY", ":0");
        sandbox.unset("GIT_TERMINAL_PROMPT");
        sandbox.patron(["setup"]).ok();
        let mut life = Self {
            name,
            forge,
            sandbox,
            today: 0,
            tally: Tally::default(),
            past: Vec::new(),
            truth: None,
            said_opened: 0,
            opened: 0,
            means: None,
        };
        owners.iter().for_each(|owner| life.add(owner));
        life.forge.clear_log();
        life
    }

    /// Keeps the token of that label for the owner of the same name: the first one, or a new one in its place.
    fn add(&mut self, label: &str) {
        let secret = self.forge.secret(label);
        self.sandbox.patron(["add", label, "--token-stdin", "--yes"]).stdin(secret).ok();
    }

    fn is_on(&self, from: u32, to: u32) -> bool {
        (from..to).contains(&self.today)
    }

    fn is_weekend(&self) -> bool {
        self.today % 7 >= 5
    }

    /// Makes this the reason of refusals from now on.
    fn refuses(&mut self, truth: Option<&'static str>) {
        if self.truth != truth {
            (self.truth, self.means) = (truth, None);
        }
    }

    /// Runs git on a terminal and judges what is said. Gives what was said.
    fn git(&mut self, line: &str) -> String {
        let script = format!("git {line}");
        let mut run = self.sandbox.command("script", ["-qec", &script, "/dev/null"]);
        if self.truth == Some("token-expired") {
            // There is no token to give, and nobody here to answer git's question.
            run = run.env("GIT_TERMINAL_PROMPT", "0");
        }
        let output = run.run();
        self.judge(output.status.success(), &output.stdout())
    }

    /// The same without a terminal, with these variables.
    fn in_background(&mut self, line: &str, variables: &[(&str, &str)]) -> String {
        let run = self.sandbox.command("setsid", ["--wait", "git"]).args(line.split(' '));
        let output = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run();
        self.judge(output.status.success(), &output.stderr())
    }

    /// Fails the test if something is said that is not true today.
    fn judge(&mut self, is_let_in: bool, said: &str) -> String {
        let about = format!("{} on day {} ({:?})", self.name, self.today, self.truth);
        assert_eq!(is_let_in, self.truth.is_none(), "{about}: {said}");
        self.tally.commands += 1;
        let mut in_block = false;
        let mut is_ours = false;
        for line in said.lines().map(str::trim_end) {
            // On a terminal the prefix stands once, before a block.
            let ours = line.strip_prefix("patron: ").or_else(|| line.strip_prefix("  ").filter(|_| is_ours));
            is_ours = ours.is_some();
            let Some(ours) = ours else { continue };
            self.tally.lines += 1;
            in_block =
                self.is_true(ours, in_block).unwrap_or_else(|why| panic!("{about}: {why}: {ours}\n{said}"));
        }
        said.to_owned()
    }

    /// Tells whether a line begins a block or goes on with one; or why it is not true.
    fn is_true(&mut self, line: &str, in_block: bool) -> Result<bool, String> {
        if line.contains(" expires ") || line.contains(" expire ") {
            return self.is_end(line).map(|()| false);
        }
        let Some(truth) = self.truth else { return Err("something is refused, it says".to_owned()) };
        let id = line.strip_suffix(')').and_then(|line| line.rsplit_once('(')).map(|(_, id)| id);
        if let Some(id) = id.filter(|id| super::verdict_id::VerdictId::parse(id).is_some()) {
            let means = line
                .split_once(": ")
                .map(|(_, means)| means.trim_end_matches(&format!(" ({id})")).to_owned());
            self.means = means;
            return if id == truth { Ok(true) } else { Err(format!("it is {truth}")) };
        }
        if line.contains(" was refused ") {
            let means = self.means.as_ref().ok_or("it was never explained")?;
            return if line.contains(means) { Ok(false) } else { Err(format!("it means \"{means}\"")) };
        }
        let of_token = [" recognise the token of ", " refused the token of ", " was refused to git (401)"];
        if of_token.iter().any(|words| line.contains(words)) {
            return if truth == "token-rejected" { Ok(false) } else { Err(format!("it is {truth}")) };
        }
        if line.contains(" expired on ") {
            return if truth == "token-expired" { Ok(false) } else { Err(format!("it is {truth}")) };
        }
        // What to do, the page: only after what is the matter.
        if let Some(page) = line.strip_prefix("page (opened in your browser): ") {
            self.said_opened += 1;
            // Nobody waits for the browser.
            let is_open = || self.sandbox.opened_pages().iter().any(|it| it == page);
            let in_time = (0..200).any(|_| {
                is_open() || {
                    thread::sleep(Duration::from_millis(50));
                    false
                }
            });
            return if in_time { Ok(true) } else { Err("it was not".to_owned()) };
        }
        if let Some(page) = line.strip_prefix("page (opened before): ") {
            let is_open = self.sandbox.opened_pages().iter().any(|it| it == page);
            return if is_open { Ok(true) } else { Err("it never was".to_owned()) };
        }
        if in_block { Ok(true) } else { Err("what is this".to_owned()) }
    }

    /// Compares what is said of an end with the forge's tokens.
    fn is_end(&self, line: &str) -> Result<(), String> {
        let today = jiff::Timestamp::now();
        let of_day = |at: jiff::Timestamp| at.as_second().div_euclid(86_400);
        let is_right = |at: jiff::Timestamp| {
            let day = at.to_string().split('T').next().unwrap_or_default().to_owned();
            let left = match of_day(at) - of_day(today) {
                0 => "(today)".to_owned(),
                1 => "(1 day)".to_owned(),
                left => format!("({left} days)"),
            };
            line.contains(&format!("{day} {left}"))
        };
        let ends: Vec<_> =
            self.forge.policy(|policy| policy.tokens.iter().filter_map(|token| token.expires).collect());
        if ends.iter().any(|at| is_right(*at)) { Ok(()) } else { Err(format!("tokens end at {ends:?}")) }
    }

    /// Ends the day: counts, and moves every date back by one.
    fn sleep(&mut self) {
        let log = self.forge.log();
        // Git shows its token once for each command, if it is given one.
        let asked = self.forge.git_asks().len().saturating_sub(self.tally.commands);
        self.tally.requests = asked + log.iter().filter(|entry| entry.host.starts_with("api.")).count();
        // One that the browser takes up later counts for the next day.
        let opened = self.sandbox.opened_pages().len();
        self.tally.pages = opened - std::mem::replace(&mut self.opened, opened);
        self.tally.bytes = 0;
        for folder in [".config", ".local/share", ".local/state"] {
            let folder = self.sandbox.home().join(folder).join("git-credential-patron");
            self.tally.bytes += grow_older(&folder);
        }
        self.forge.policy(|policy| {
            for token in &mut policy.tokens {
                token.created -= days(1);
                token.expires = token.expires.map(|at| at - days(1));
            }
        });
        self.forge.clear_log();
        let about = format!("{} on day {}: {:?}", self.name, self.today, self.tally);
        assert!(self.tally.lines <= MOST_LINES && self.tally.pages <= MOST_PAGES, "{about}");
        assert!(self.tally.requests <= MOST_REQUESTS && self.tally.bytes <= MOST_BYTES, "{about}");
        self.past.push(std::mem::take(&mut self.tally));
        self.today += 1;
    }

    /// The sum of a number over these days.
    fn sum(&self, of: fn(&Tally) -> usize) -> usize {
        self.past.iter().map(of).sum()
    }
}

/// Moves all dates in and on the files of a folder back by a day; gives their size.
fn grow_older(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            bytes += grow_older(&path);
            continue;
        }
        let text = fs::read_to_string(&path).expect("text of ours");
        bytes += text.len() as u64;
        let is_dated =
            path.extension().is_some_and(|ending| ending == "toml") && !path.ends_with("secrets.toml");
        if is_dated {
            fs::write(&path, a_day_before(&text)).expect("the sandbox is ours");
        }
        let file = fs::File::open(&path).expect("it is there");
        file.set_modified(SystemTime::now() - DAY).expect("the sandbox is ours");
    }
    bytes
}

fn a_day_before(text: &str) -> String {
    let before = |word: &str| {
        if word.len() == 10
            && let Ok(day) = word.parse::<jiff::civil::Date>()
        {
            return Some((day - days(1)).to_string());
        }
        let time: jiff::Timestamp = word.parse().ok()?;
        Some((time - days(1)).to_string())
    };
    let mut out = String::new();
    for word in text.split_inclusive([' ', '"', '\n']) {
        let bare = word.trim_end_matches([' ', '"', '\n']);
        out.push_str(&before(bare).unwrap_or_else(|| bare.to_owned()));
        out.push_str(&word[bare.len()..]);
    }
    out
}

const FETCH: &str = "-C it fetch -q";

/// Two organisations, tokens of 90 days: one is renewed when patron says it ends soon, the other once it has ended.
fn mona() -> Life {
    let mut life = Life::begin("mona", Policy::sample(), &["acme", "globex"]);
    life.git("clone -q https://github.com/acme/secret it");
    life.git("-C it remote add globex https://github.com/globex/api");
    while life.today < DAYS {
        if life.is_weekend() {
            life.sleep();
            continue;
        }
        let has_ended = life.forge.policy(|policy| {
            policy.token_mut("globex").expires.is_some_and(|at| at <= jiff::Timestamp::now())
        });
        let said = life.git(FETCH);
        life.refuses(has_ended.then_some("token-expired"));
        let also = life.git("-C it fetch -q globex");
        if has_ended {
            life.forge.policy(|policy| drop(policy.regenerate("globex")));
            life.add("globex");
            life.refuses(None);
            life.git("-C it fetch -q globex");
        } else if life.today % 7 == 4 {
            life.git("-C it commit -q --allow-empty -m week");
            life.git("-C it push -q");
        }
        // The token of globex ends on the same day at first, and then the line is about both.
        let said = said + &also;
        let names_acme = said.contains("the token of acme ") || said.contains("the tokens of acme and ");
        if names_acme && ["(1 day)", "(2 days)", "(3 days)"].iter().any(|left| said.contains(left)) {
            life.forge.policy(|policy| drop(policy.regenerate("acme")));
            life.add("acme");
        }
        life.sleep();
    }
    life
}

/// A contractor whose second token waits for three weeks, works, and is taken back; she tries every day.
fn ada() -> Life {
    let forever = |label: &str| Token { expires: None, ..Token::fine_grained(label, "mona", label) };
    let mut policy = Policy::sample();
    *policy.token_mut("acme") = forever("acme");
    *policy.token_mut("globex") = Token { state: State::Pending, ..forever("globex") };
    let mut life = Life::begin("ada", policy, &["acme", "globex"]);
    life.git("clone -q https://github.com/acme/secret it");
    life.git("-C it remote add globex https://github.com/globex/api");
    while life.today < DAYS {
        if life.is_weekend() {
            life.sleep();
            continue;
        }
        life.git(FETCH);
        let (truth, state) = match () {
            () if life.is_on(0, 21) => (Some("approval-pending"), State::Pending),
            () if life.is_on(200, 215) => (Some("grant-revoked"), State::Denied),
            () => (None, State::Active),
        };
        life.forge.policy(|policy| policy.token_mut("globex").state = state);
        life.refuses(truth);
        life.git("-C it fetch -q globex");
        life.refuses(None);
        life.sleep();
    }
    life
}

/// A machine that fetches every night with what its earlier helper has: a classic token, until classic ones are
/// forbidden; ten days later somebody sees to it.
fn build() -> Life {
    let mut life = Life::begin("build", Policy::sample(), &[]);
    let line = format!("https://mona:{}@github.com\n", life.forge.secret("classic"));
    life.sandbox.patron(["unsetup"]).ok();
    life.sandbox.write(".git-credentials", line);
    life.sandbox.write(".gitconfig", "[credential]\n\thelper = store\n");
    life.sandbox.patron(["setup"]).ok();
    let night = [("CI", "true"), ("GIT_TERMINAL_PROMPT", "0")];
    life.in_background("clone -q https://github.com/acme/secret it", &night);
    while life.today < DAYS {
        if life.today == 150 {
            life.forge.policy(|policy| policy.owner_mut("acme").forbids_classic = true);
            life.refuses(Some("classic-forbidden"));
        }
        if life.today == 160 {
            let forever = Token { expires: None, ..Token::fine_grained("acme", "mona", "acme") };
            life.forge.policy(|policy| *policy.token_mut("acme") = forever);
            life.add("acme");
            life.refuses(None);
        }
        life.in_background(FETCH, &night);
        life.sleep();
    }
    life
}

/// An editor that fetches by itself: GitHub is down for a day, does not know the token for a few hours, and the token
/// is revoked and replaced after a week.
fn eve() -> Life {
    let mut policy = Policy::sample();
    policy.token_mut("acme").expires = None;
    let mut life = Life::begin("eve", policy, &["acme"]);
    let askpass = life.sandbox.write_program("askpass", "exit 1");
    let askpass = askpass.to_string_lossy().into_owned();
    let editor = [
        ("GIT_ASKPASS", askpass.as_str()),
        ("VSCODE_GIT_IPC_HANDLE", "/nowhere"),
        ("TERM_PROGRAM", "vscode"),
    ];
    life.in_background("clone -q https://github.com/acme/secret it", &editor);
    while life.today < DAYS {
        if life.is_weekend() {
            life.sleep();
            continue;
        }
        let down = |status: u16| Rule::fault(Then::Answer(Reply::text(status, "down\n"))).on(On::Any);
        if life.today == 60 {
            life.forge.policy(|policy| policy.rules.push(down(503)));
            life.refuses(Some("server-error"));
        }
        if life.today == 120 {
            life.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
            life.refuses(Some("token-rejected"));
        }
        if life.today == 127 {
            life.forge.policy(|policy| {
                let token = policy.token_mut("acme");
                token.state = State::Active;
                token.regenerate();
            });
            life.add("acme");
            life.refuses(None);
        }
        for _ in 0..2 {
            life.in_background(FETCH, &editor);
        }
        if life.today == 60 {
            life.forge.policy(|policy| policy.rules.clear());
            life.refuses(None);
        }
        life.sleep();
    }
    life
}

#[test]
#[ignore = "a step of its own, `year`: it is a minute or more"]
fn a_year_of_four_people_is_quiet_small_and_true() {
    let lives: Vec<_> = [mona, ada, build, eve].into_iter().map(thread::spawn).collect();
    let lives: Vec<Life> = lives.into_iter().map(|life| life.join().expect("a whole year")).collect();
    println!(
        "{:<8}{:>10}{:>8}{:>8}{:>10}{:>8}   most on one day",
        "", "commands", "lines", "pages", "requests", "bytes"
    );
    for life in &lives {
        assert_eq!(life.past.len(), DAYS as usize);
        let most = |of: fn(&Tally) -> usize| life.past.iter().map(of).max().unwrap_or_default();
        let bytes = life.past.last().expect("a day").bytes;
        println!(
            "{:<8}{:>10}{:>8}{:>8}{:>10}{bytes:>8}   {} lines, {} pages, {} requests",
            life.name,
            life.sum(|day| day.commands),
            life.sum(|day| day.lines),
            life.sum(|day| day.pages),
            life.sum(|day| day.requests),
            most(|day| day.lines),
            most(|day| day.pages),
            most(|day| day.requests),
        );
        assert_eq!(life.sandbox.opened_pages().len(), life.said_opened, "{}: pages", life.name);
        // What is kept does not grow from month to month.
        assert!(
            bytes <= life.past[30].bytes * 2,
            "{}: {} bytes after a month, {bytes} after a year",
            life.name,
            life.past[30].bytes
        );
        // On most days there is nothing to say, to open or to ask.
        let quiet = life.past.iter().filter(|day| day.lines + day.pages + day.requests == 0).count();
        assert!(quiet * 10 >= life.past.len() * 8, "{}: quiet on {quiet} days", life.name);
    }
}
