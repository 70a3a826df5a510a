//! A newcomer's hands: what is pasted, mistyped and misunderstood, and what patron makes of it.

mod adding;
mod addresses;
mod listing;
mod pasted;
mod renaming;
mod words;

use super::forge::{Forge, Policy};
use super::sandbox::Sandbox;
use super::screen::{Screen, Shown};

/// Somebody at a keyboard, patron set up, no account yet.
struct Person {
    forge: Forge,
    sandbox: Sandbox,
}

impl Person {
    fn new(policy: Policy) -> Self {
        let forge = Forge::start(policy);
        let sandbox = Sandbox::new(&forge);
        sandbox.patron(["setup"]).ok();
        Self { forge, sandbox }
    }

    /// Starts a command on a terminal.
    fn runs(&self, line: &str) -> At {
        At(Screen::start(&self.sandbox, &self.sandbox.work(), 120, line))
    }

    /// The token that is kept for this scope.
    fn kept(&self, scope: &str) -> String {
        self.sandbox.patron(["token", scope]).ok().stdout().trim_end().to_owned()
    }

    fn has_accounts(&self) -> bool {
        self.sandbox.patron(["list", "--json"]).ok().stdout().contains("\"label\"")
    }
}

/// A command on a terminal, with somebody before it; what is not seen fails the test with the screen.
struct At(Screen);

impl At {
    #[track_caller]
    fn sees(mut self, text: &str) -> Self {
        if let Err(why) = self.0.wait_for(text) {
            panic!("{why}");
        }
        self
    }

    fn types(mut self, line: &str) -> Self {
        self.0.type_line(line).expect("a keyboard");
        self
    }

    #[track_caller]
    fn ends(self, code: u32) -> Shown {
        let shown = self.0.wait().expect("it ends");
        assert_eq!(shown.code, code, "{}", shown.text());
        shown
    }
}
