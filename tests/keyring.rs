//! The Secret Service end to end: the product's own binary, called by hand and by real git, against a real
//! gnome-keyring on a bus of its own, in every state that it can be in.
//!
//! (The same states from inside, at every point of the talk: beside `src/vault/keyring.rs`.)

mod absent;
mod everyday;
mod keepassxc;
mod others;
mod trouble;

use crate::bus::{Bus, Monitor};
use crate::forge::{Forge, Policy};
use crate::sandbox::{Output, Run, Sandbox};
use std::time::Duration;

/// What the keyring may cost, and what a machine with much to do may add.
const BOUND: Duration = Duration::from_secs(3);
const SLACK: Duration = Duration::from_millis(700);

/// What git asks for acme.
const ASKED: &str = "protocol=https\nhost=github.com\npath=acme/secret.git\n";

/// A home whose git asks patron, on a session with that keyring.
struct World {
    forge: Forge,
    bus: Bus,
    sandbox: Sandbox,
}

impl World {
    /// A home with nothing kept yet, and with no word about which vault is wanted.
    fn new(bus: Bus) -> Self {
        let mut policy = Policy::sample();
        // So that an answer is the same in each run.
        policy.tokens.iter_mut().for_each(|token| token.expires = None);
        let forge = Forge::start(policy);
        let mut sandbox = Sandbox::new(&forge);
        sandbox.unset("PATRON_VAULT");
        sandbox.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
        sandbox.patron(["setup"]).ok();
        Self { forge, bus, sandbox }
    }

    /// A home with an account for acme, whose token is in the unlocked keyring.
    fn with_account() -> Self {
        let world = Self::new(Bus::start(true));
        world.add("acme").ok();
        world
    }

    /// Adds the account of an owner whose token has the owner's name as its label.
    fn add(&self, owner: &str) -> Run {
        self.add_to(owner, &[])
    }

    fn add_to(&self, owner: &str, more: &[&str]) -> Run {
        let token = format!("{}\n", self.forge.secret(owner));
        self.sandbox.patron(["add", owner, "--token-stdin"]).args(more).stdin(token)
    }

    /// What git asks, and with `store` and `erase` tells.
    fn say(&self, word: &str, request: &str) -> Run {
        self.sandbox.patron([word]).stdin(request)
    }

    fn get(&self) -> Run {
        self.say("get", ASKED)
    }

    /// The request that tells of acme's credential.
    fn credential(&self) -> String {
        format!("{ASKED}username=mona\npassword={}\n", self.forge.secret("acme"))
    }

    /// What git reads when acme's token is given.
    fn answer(&self) -> String {
        format!("username=mona\npassword={}\n\n", self.forge.secret("acme"))
    }

    /// Asks for acme's token; fails unless nothing comes, no dialog opens, and the bound holds.
    #[track_caller]
    fn get_nothing(&self) -> Output {
        let monitor = self.bus.monitor();
        let output = self.get().ok().prints("");
        self.no_dialog(&monitor);
        assert!(output.took < BOUND + SLACK, "{}", output.report());
        assert_eq!(output.stderr().lines().count(), 1, "{}", output.report());
        output
    }

    #[track_caller]
    fn no_dialog(&self, monitor: &Monitor) {
        assert_eq!(monitor.dialogs(), Vec::<String>::new());
        assert!(!self.bus.prompted(), "a prompter was started");
    }

    /// The labels of our items in the keyring.
    fn items(&self) -> Vec<String> {
        let items = self.bus.items(&[("service", "git-credential-patron")]);
        items.into_iter().map(|(label, _)| label).collect()
    }

    /// The vault of each account, as `list --json` says.
    fn vaults(&self) -> Vec<String> {
        let listed = self.sandbox.patron(["list", "--json"]).ok().stdout();
        let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
        let accounts = listed["accounts"].as_array().expect("a list");
        accounts.iter().map(|account| account["vault"].as_str().expect("a text").to_owned()).collect()
    }

    /// Whether a secret was put into a file.
    fn has_file(&self) -> bool {
        self.sandbox.read(".local/share/git-credential-patron/secrets.toml").is_some()
    }
}
