//! A first fetch of many remotes at once, from a forge that takes its time: with our questions before it, and without.

use crate::forge::{Forge, Policy, Rule, Then};
use crate::sandbox::{Options, Sandbox};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How many remotes, all fetched side by side.
pub(crate) const REMOTES: usize = 16;
/// How long each reply takes.
pub(crate) const REPLY: Duration = Duration::from_millis(100);
/// How often each of the two is measured.
pub(crate) const ROUNDS: usize = 9;

/// How often a fetch in the everyday is measured.
pub(crate) const EVERYDAY_ROUNDS: usize = 41;

const OUTCOMES: &str = ".local/state/git-credential-patron/outcomes.toml";

/// A checkout with that many remotes, and an account for their owner.
pub(crate) struct Remotes {
    // The home goes before the forge that it asks.
    sandbox: Sandbox,
    forge: Forge,
    /// What patron knew before the first fetch.
    known: Vec<u8>,
}

impl Remotes {
    /// Makes it, with replies that come at once until it is there.
    pub(crate) fn new(product: &Path) -> Self {
        let mut policy = Policy::sample();
        for number in 0..REMOTES {
            policy = policy.private(&format!("acme/r{number}"));
        }
        let forge = Forge::start(policy);
        let options = Options { program: Some(product.to_owned()), ..Options::default() };
        let sandbox = Sandbox::with(&options, &forge);
        sandbox.patron(["setup"]).ok();
        sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok();
        sandbox.git(["init", "-q"]).ok();
        for number in 0..REMOTES {
            let (name, url) = (format!("r{number}"), format!("https://github.com/acme/r{number}"));
            sandbox.git(["remote", "add", &name, &url]).ok();
        }
        // From now on the token is known to be good.
        sandbox.git(["ls-remote", "-q", "https://github.com/acme/secret"]).ok();
        let known = fs::read(sandbox.home().join(OUTCOMES)).expect("what is known of the token");
        let remotes = Self { sandbox, forge, known };
        // The repositories are made when they are first asked for.
        remotes.fetch("never");
        remotes.forge.policy(|policy| policy.rules.push(Rule::fault(Then::Delay(REPLY))));
        remotes
    }

    /// Fetches all for the first time, asked about before or not (`patron.probe`).
    pub(crate) fn fetch(&self, probe: &str) -> Duration {
        fs::write(self.sandbox.home().join(OUTCOMES), &self.known).expect("the home is ours");
        let _ = fs::remove_dir_all(self.sandbox.work().join(".git/refs/remotes"));
        self.forge.clear_log();
        let jobs = format!("-j{REMOTES}");
        let fetch = self.sandbox.git(["fetch", "-q", "--all", &jobs]).env("PATRON_PROBE", probe).ok();
        let asked = self.forge.git_asks().len();
        let expected = if probe == "never" { REMOTES } else { 2 * REMOTES };
        assert_eq!(asked, expected, "with probe={probe} that many questions are asked\n{}", fetch.report());
        fetch.took
    }
}

/// Two checkouts of one repository, fetched before: one with patron, one with git-credential-store.
pub(crate) struct Everyday {
    ours: Sandbox,
    peer: Sandbox,
    // After the homes that ask it.
    _forge: Forge,
}

impl Everyday {
    /// Makes them.
    pub(crate) fn new(product: &Path) -> Self {
        let forge = Forge::start(Policy::sample());
        let options = Options { program: Some(product.to_owned()), ..Options::default() };
        let [ours, peer] = [(); 2].map(|()| Sandbox::with(&options, &forge));
        ours.patron(["setup"]).ok();
        ours.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok();
        peer.write(".git-credentials", format!("https://mona:{}@github.com\n", forge.secret("acme")));
        peer.write(".gitconfig", "[credential]\n\thelper = store\n");
        for sandbox in [&ours, &peer] {
            sandbox.git(["clone", "-q", "https://github.com/acme/secret", "."]).ok();
        }
        let everyday = Self { ours, peer, _forge: forge };
        everyday.fetch();
        everyday
    }

    /// Fetches with each of them.
    pub(crate) fn fetch(&self) -> (Duration, Duration) {
        let fetch = |sandbox: &Sandbox| sandbox.git(["fetch", "-q"]).ok().took;
        (fetch(&self.ours), fetch(&self.peer))
    }
}
