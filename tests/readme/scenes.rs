//! The scenes of the README: where its commands are run, what is typed, and what must come of them.
//!
//! Scenes of one place happen there one after the other, in the order of the README.

use super::super::bus::Bus;
use super::super::forge::{Forge, Policy, State};
use super::super::install::archive::release;
use super::super::sandbox::Sandbox;
use super::super::screen::{Screen, Shown};
use super::blocks::{Block, Step};
use super::compare::{documented, matches};
use super::picture;
use std::ffi::OsStr;
use std::fs;

/// The columns of the terminal.
pub(super) const COLUMNS: u16 = 100;
/// What stood in git's config before anybody came.
const CONFIG_BEFORE: &str = "[user]\n\tname = Mona\n";

/// A scene: what belongs to one mark.
pub(super) struct Scene {
    /// What the mark calls it.
    pub(super) name: &'static str,
    /// Where it takes place.
    pub(super) place: Setting,
    /// The exit code of each command.
    pub(super) code: u32,
    /// The question that is asked and the label of the token that is pasted.
    pub(super) typed: Option<(&'static str, &'static str)>,
    /// What an owner approves the tokens of once it is shown.
    pub(super) approved_at: Option<&'static str>,
    /// What must have come of it.
    pub(super) check: fn(&Place, &Block, &[Ran]),
}

/// How a place is to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// Mona has fetched a release and has nothing else of patron yet, and every token works.
    Newcomer,
    /// Patron is set up; acme has not approved its token.
    Refused,
    /// Patron is set up; tokens lie with gh and in `.netrc`.
    Mover,
}

/// Every scene, in the README's order.
pub(super) const SCENES: &[Scene] = &[
    Scene {
        name: "refused",
        place: Setting::Refused,
        code: 128,
        typed: None,
        approved_at: None,
        check: shows_what_stands_there,
    },
    Scene {
        name: "install",
        place: Setting::Newcomer,
        code: 0,
        typed: None,
        approved_at: None,
        check: |place, block, ran| {
            shows_what_stands_there(place, block, ran);
            let text = ran[0].lines.join("\n");
            assert!(text.contains("matches its checksum in SHA256SUMS"), "{text}");
            assert!(
                place.sandbox.read(".gitconfig").as_deref() == Some(CONFIG_BEFORE),
                "git's config is setup's"
            );
        },
    },
    Scene {
        name: "setup",
        place: Setting::Newcomer,
        code: 0,
        typed: None,
        approved_at: None,
        check: |place, block, ran| {
            shows_what_stands_there(place, block, ran);
            let file = place.sandbox.read(".config/git-credential-patron/gitconfig").expect("it was written");
            let file: Vec<String> =
                file.lines().map(|line| documented(line, &place.sandbox, &place.forge)).collect();
            assert!(!block.next_other.is_empty(), "the README shows what setup writes");
            let is_there = file.windows(block.next_other.len()).any(|lines| lines == block.next_other);
            assert!(is_there, "setup does not write {:#?}\nbut {file:#?}", block.next_other);
            // A screen shows a tab as blanks.
            let shown: Vec<&str> = ran[0].lines.iter().map(|line| line.trim()).collect();
            for line in &file {
                assert!(shown.contains(&line.trim()), "{line:?} is written and not shown: {shown:#?}");
            }
        },
    },
    Scene {
        name: "add",
        place: Setting::Newcomer,
        code: 0,
        typed: Some(("token for acme (hidden): ", "acme")),
        approved_at: None,
        check: |place, block, ran| {
            shows_what_stands_there(place, block, ran);
            let pages = place.sandbox.opened_pages();
            let [page] = pages.as_slice() else { panic!("one page opens: {pages:?}") };
            assert!(page.contains("/new?") && page.contains("target_name=acme"), "{page}");
            let text = ran[0].lines.join("\n");
            assert!(text.contains(page.as_str()), "{text}");
            assert!(!text.contains(&place.forge.secret("acme")), "the token is on the screen");
        },
    },
    Scene {
        name: "clone",
        place: Setting::Newcomer,
        code: 0,
        typed: None,
        approved_at: None,
        check: shows_what_stands_there,
    },
    Scene {
        name: "diagnose",
        place: Setting::Refused,
        code: 1,
        typed: None,
        approved_at: None,
        check: |place, block, ran| {
            picture::assert_current(place, &block.steps[0].command, &ran[0].shown);
        },
    },
    Scene {
        name: "wait",
        place: Setting::Refused,
        code: 0,
        typed: None,
        approved_at: Some("waiting for acme/secret (approval-pending)"),
        check: |place, block, ran| {
            shows_what_stands_there(place, block, ran);
            assert!(place.sandbox.work().join("secret/.git").is_dir(), "it is cloned");
        },
    },
    Scene {
        name: "import",
        place: Setting::Mover,
        code: 0,
        typed: None,
        approved_at: None,
        check: shows_what_stands_there,
    },
    Scene {
        name: "unsetup",
        place: Setting::Newcomer,
        code: 0,
        typed: None,
        approved_at: None,
        check: |place, _, _| {
            assert_eq!(place.sandbox.read(".gitconfig").as_deref(), Some(CONFIG_BEFORE));
            assert_eq!(place.sandbox.read(".config/git-credential-patron/gitconfig"), None);
        },
    },
];

/// A home, and the forge that it reaches.
pub(super) struct Place {
    /// What it began as.
    pub(super) setting: Setting,
    /// What plays GitHub.
    pub(super) forge: Forge,
    /// Mona's home.
    pub(super) sandbox: Sandbox,
    /// Her session, with an unlocked keyring; on servers there is none.
    _session: Option<Bus>,
}

/// A command that was run.
pub(super) struct Ran {
    /// What was on the screen.
    pub(super) shown: Shown,
    /// The same as a document has it.
    pub(super) lines: Vec<String>,
}

impl Place {
    /// A place as a setting says.
    pub(super) fn new(setting: Setting) -> Self {
        let forge = Forge::start(Policy::sample());
        let mut sandbox = Sandbox::new(&forge);
        // A desktop, on which pages open in what notes them.
        sandbox.set("DISPLAY", ":0");
        sandbox.unset("GIT_TERMINAL_PROMPT");
        sandbox.write(".gitconfig", CONFIG_BEFORE);
        let session = (setting != Setting::Refused).then(|| Bus::start(true));
        if let Some(session) = &session {
            sandbox.set("DBUS_SESSION_BUS_ADDRESS", session.address());
            sandbox.unset("PATRON_VAULT");
        }
        if setting == Setting::Newcomer {
            fetched(&mut sandbox);
        }
        if setting == Setting::Refused {
            sandbox.patron(["setup"]).ok();
            for owner in ["acme", "globex"] {
                let secret = format!("{}\n", forge.secret(owner));
                sandbox.patron(["add", owner, "--token-stdin"]).stdin(secret).ok();
            }
            forge.policy(|policy| {
                policy.owner_mut("acme").requires_approval = true;
                policy.token_mut("acme").state = State::Pending;
            });
        }
        if setting == Setting::Mover {
            sandbox.patron(["setup"]).ok();
            let hosts = format!("github.com:\n    oauth_token: {}\n    user: mona\n", forge.secret("acme"));
            sandbox.write(".config/gh/hosts.yml", hosts);
            let globex = forge.secret("globex");
            sandbox.write(".netrc", format!("machine github.com login mona password {globex}\n"));
        }
        Self { setting, forge, sandbox, _session: session }
    }

    /// Runs a command in a terminal, as the scene says.
    pub(super) fn run(&self, scene: &Scene, step: &Step) -> Ran {
        let mut screen = Screen::start(&self.sandbox, &self.sandbox.work(), COLUMNS, &step.command);
        if let Some((question, label)) = scene.typed {
            screen.wait_for(question).expect("it asks");
            screen.type_line(&self.forge.secret(label)).expect("it takes an answer");
        }
        if let Some(text) = scene.approved_at {
            screen.wait_for(text).expect("it waits");
            self.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
        }
        let shown = screen.wait().expect("it ends");
        assert_eq!(shown.code, scene.code, "{}: {}\n{}", scene.name, step.command, shown.text());
        let lines = shown.lines.iter().map(|line| documented(line, &self.sandbox, &self.forge)).collect();
        Ran { shown, lines }
    }
}

/// Takes away the sandbox's own way to the program, and puts what was fetched of a release into the folder of work.
fn fetched(sandbox: &mut Sandbox) {
    fs::remove_file(sandbox.program()).expect("the sandbox's own way to the program");
    for entry in fs::read_dir(release()).expect("it was made") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file");
        fs::copy(&path, sandbox.work().join(name)).expect("the sandbox is ours");
    }
    // Whoever runs the tests: here it is a user, who installs to ~/.local.
    sandbox.write_program("id", "echo 1000");
    let rest = sandbox.environment()[OsStr::new("PATH")].clone();
    let folders = std::iter::once(sandbox.home().join(".local/bin")).chain(std::env::split_paths(&rest));
    let search = std::env::join_paths(folders).expect("no folder has a colon");
    sandbox.set("PATH", search);
}

/// The screen shows exactly what the README shows.
fn shows_what_stands_there(place: &Place, block: &Block, ran: &[Ran]) {
    for (step, ran) in block.steps.iter().zip(ran) {
        let wanted: Vec<String> =
            step.shown.iter().map(|line| documented(line, &place.sandbox, &place.forge)).collect();
        assert!(
            matches(&wanted, &ran.lines),
            "README.md:{}: {}\n--- the README shows\n{}\n--- the screen shows\n{}\n---",
            block.line,
            step.command,
            wanted.join("\n"),
            ran.lines.join("\n")
        );
    }
}
