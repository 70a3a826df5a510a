//! Refusals noticed while git works: real git against the forge, in default settings, on a desktop.
//!
//! The forge logs every request, so "one probe" is counted: git's own operations are known, what was asked
//! beyond them is ours.

mod certificates;
mod doors;
mod first;
mod lifetime;
mod months;
mod network;
mod other_user;
mod places;
mod rows;
mod senders;
mod steady;
mod terminal;
mod tokens;
mod told;
mod trips;
mod ways;

use super::forge::{Forge, Policy};
use super::sandbox::{Git, Output, Running, Sandbox, gits, windows};
use std::path::Path;

/// A person's desk: patron is set up, each `(scope, label)` was added, pages can open.
struct Desk {
    forge: Forge,
    sandbox: Sandbox,
    git: &'static Git,
}

/// Setting up
impl Desk {
    /// A desk whose accounts are acme's and globex's.
    fn new(policy: Policy) -> Self {
        Self::with(policy, &[("acme", "acme"), ("globex", "globex")])
    }

    fn with(policy: Policy, accounts: &[(&str, &str)]) -> Self {
        let desk = Self::before_setup(Forge::start(policy));
        desk.sandbox.patron(["setup"]).ok();
        for (scope, label) in accounts {
            desk.add(scope, label);
        }
        desk.forge.clear_log();
        desk
    }

    /// A desk whose helper before patron answers with this token, and that has no account.
    fn with_old_helper(forge: Forge, label: &str) -> Self {
        let desk = Self::before_setup(forge);
        let answer = format!("username=mona\npassword={}\n", desk.forge.secret(label));
        desk.sandbox.write("answer", answer);
        let script = format!(
            "echo \"$1\" >>'{0}/told'\n[ \"$1\" != get ] || cat '{0}/answer'",
            desk.sandbox.home().display()
        );
        desk.sandbox.write_program("git-credential-old", &script);
        desk.sandbox.write(".gitconfig", "[credential]\n\thelper = old\n");
        desk.sandbox.patron(["setup"]).ok();
        desk.forge.clear_log();
        desk
    }

    fn before_setup(forge: Forge) -> Self {
        let mut sandbox = Sandbox::new(&forge);
        sandbox.set("DISPLAY", ":0");
        let runtime = sandbox.root().join("run");
        std::fs::create_dir(&runtime).expect("the sandbox is ours");
        sandbox.set("XDG_RUNTIME_DIR", &runtime);
        sandbox.unset("GIT_TERMINAL_PROMPT");
        Self { forge, sandbox, git: &gits()[0] }
    }

    /// What the helper before patron was asked and told, one word a line.
    fn told(&self) -> String {
        self.sandbox.read("told").unwrap_or_default()
    }

    /// Makes this desk's git the first on the search path, for what is started without `Desk::run`.
    fn use_git(&mut self) {
        let bin = self.sandbox.bin().join("git");
        if !bin.exists() {
            std::os::unix::fs::symlink(&self.git.path, bin).expect("the sandbox is ours");
        }
    }

    fn with_git(self, git: &'static Git) -> Self {
        Self { git, ..self }
    }

    fn add(&self, scope: &str, label: &str) {
        let secret = self.forge.secret(label);
        self.sandbox.patron(["add", scope, "--token-stdin"]).stdin(format!("{secret}\n")).ok();
    }
}

/// Working
impl Desk {
    /// Runs git in a folder below the work folder, away from any terminal of whoever runs the tests.
    fn run(&self, cwd: impl AsRef<Path>, line: &str) -> Output {
        self.spawn(cwd, line).wait()
    }

    fn spawn(&self, cwd: impl AsRef<Path>, line: &str) -> Running {
        let words = ["--wait", "git"].into_iter().chain(line.split(' '));
        self.sandbox.command("setsid", words).with_git(self.git).cwd(self.sandbox.work().join(cwd)).spawn()
    }

    #[track_caller]
    fn ok(&self, cwd: impl AsRef<Path>, line: &str) -> String {
        self.run(cwd, line).ok().stderr()
    }

    #[track_caller]
    fn fails(&self, cwd: impl AsRef<Path>, line: &str) -> String {
        let output = self.run(cwd, line);
        assert!(!output.status.success(), "it should fail\n{}", output.report());
        output.stderr()
    }

    /// What patron said, without its prefix and its indentation.
    fn lines(said: &str) -> Vec<&str> {
        let mut is_ours = false;
        let ours = said.lines().filter_map(|line| match line.strip_prefix("patron: ") {
            Some(first) => {
                is_ours = true;
                Some(first)
            }
            None => {
                let more = line.strip_prefix("  ").filter(|_| is_ours);
                is_ours = more.is_some();
                more
            }
        });
        ours.collect()
    }

    /// How often a token was shown to the forge for the first request of an operation: git's and ours.
    fn asked(&self) -> usize {
        self.forge.git_asks().len()
    }

    /// The calls of the API so far, as paths.
    fn calls(&self) -> Vec<String> {
        self.forge.rest_log().into_iter().map(|entry| entry.path).collect()
    }

    /// How many traces lie about.
    fn traces(&self) -> usize {
        let folder = match windows() {
            // There is no runtime folder.
            Some(_) => self.sandbox.home().join(".local/state/git-credential-patron/traces"),
            None => self.sandbox.root().join("run/git-credential-patron"),
        };
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        names.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"t-")).count()
    }

    /// Lets time pass: moves every time that patron has noted back.
    fn later(&self, seconds: i64) {
        let path = self.sandbox.home().join(".local/state/git-credential-patron/outcomes.toml");
        let text = std::fs::read_to_string(&path).expect("there are outcomes");
        let earlier = |word: &str| {
            if let Ok(day) = word.parse::<jiff::civil::Date>()
                && word.len() == 10
            {
                return Some((day - jiff::SignedDuration::from_secs(seconds)).to_string());
            }
            let time: jiff::Timestamp = word.parse().ok()?;
            Some((time - jiff::SignedDuration::from_secs(seconds)).to_string())
        };
        let mut out = String::new();
        for word in text.split_inclusive([' ', '"', '\n']) {
            let bare = word.trim_end_matches([' ', '"', '\n']);
            out.push_str(&earlier(bare).unwrap_or_else(|| bare.to_owned()));
            out.push_str(&word[bare.len()..]);
        }
        std::fs::write(path, out).expect("ours");
    }

    fn pages(&self) -> Vec<String> {
        // The browser is not waited for.
        if windows().is_some() {
            self.sandbox.wait_for_winebrowser();
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        self.sandbox.opened_pages()
    }
}
