//! Clients that fill a terminal: lazygit and tig fetch at a key, and show what git wrote.

use super::*;
use crate::screen::Screen;
use std::thread;
use std::time::Instant;

/// A program in a checkout: what starts it, what shows that it is there, the keys that fetch, and those that leave.
struct Window {
    name: &'static str,
    line: String,
    is_there: &'static str,
    fetch: &'static str,
    leave: [&'static str; 3],
}

impl Window {
    /// Fetches once; gives what was on the screen when the forge had been asked and all was quiet again.
    fn fetches(&self, world: &World, repo: &str) -> String {
        let (folder, is_new) = world.folder(repo, 1);
        if is_new {
            world.git(&folder, "init -q -b main").ok();
            world.git(&folder, &format!("remote add origin https://github.com/{repo}")).ok();
            world.git(&folder, "commit -q --allow-empty -m first").ok();
        }
        let before = world.forge.log().len();
        let mut screen = Screen::start(&world.sandbox, &folder, 200, &self.line);
        let there = screen.wait_for(self.is_there).and_then(|()| screen.press(self.fetch));
        there.unwrap_or_else(|shown| panic!("{}: {shown}", self.name));
        let quiet = self.quiet(world, before, &screen);
        for key in self.leave {
            // Together they would be another key; and once it is gone, nobody reads them.
            let _ = screen.press(key);
            thread::sleep(Duration::from_millis(500));
        }
        if let Err(shown) = screen.wait() {
            panic!("{} does not end: {shown}", self.name);
        }
        quiet
    }

    /// Waits until something was asked, and nothing more is for a while.
    fn quiet(&self, world: &World, before: usize, screen: &Screen) -> String {
        let (start, mut last) = (Instant::now(), (before, String::new(), Instant::now()));
        loop {
            let now = (world.forge.log().len(), screen.text());
            if (now.0, &now.1) != (last.0, &last.1) {
                last = (now.0, now.1, Instant::now());
            }
            if last.0 > before && last.2.elapsed() > Duration::from_secs(3) {
                return last.1;
            }
            assert!(start.elapsed() < BOUND, "{} asks nobody:\n{}", self.name, last.1);
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_served(&self) {
        let git = &gits()[0];
        let both = |world: &World| GOOD.map(|repo| self.fetches(world, repo));
        let twin = World::twin(git);
        both(&twin);
        twin.forge.clear_log();
        both(&twin);
        let alone = twin.requests();
        let world = World::new(git);
        both(&world);
        world.each_owner_got_its_own(self.name);
        world.forge.clear_log();
        for shown in both(&world) {
            assert!(!shown.contains("patron:"), "{} shows something of what works:\n{shown}", self.name);
        }
        world.each_owner_got_its_own(self.name);
        assert_eq!(world.requests(), alone, "{}: not what is asked without patron", self.name);
        let shown = self.fetches(&world, PENDING);
        world.each_owner_got_its_own(self.name);
        assert!(shows(&shown), "{} does not show why:\n{shown}", self.name);
        world.is_found_by_status(self.name, Told::Shown);
    }
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn lazygit_fetches_at_a_key() {
    let lazygit = tools::installed().join("python/bin/lazygit");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = folder.path().join("config.yml");
    let settings = "git:\n  autoFetch: false\n  autoRefresh: false\ndisableStartupPopups: true\nupdate:\n  method: never\n";
    fs::write(&config, settings).expect("the folder is ours");
    Window {
        name: "lazygit",
        line: format!("'{}' --use-config-file '{}'", lazygit.display(), config.display()),
        is_there: "first",
        fetch: "f",
        // Out of the window with the error, and of the program.
        leave: ["\x1b", "q", "q"],
    }
    .is_served();
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn tig_fetches_at_a_command() {
    Window {
        name: "tig",
        line: "tig".to_owned(),
        is_there: "first",
        fetch: ":!git fetch\r",
        leave: ["q", "q", "q"],
    }
    .is_served();
}
