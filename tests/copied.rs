//! A git config that travels: into a container's home, to another user, to a machine without patron. What
//! `setup` wrote there is one include of a file that is not there, so git must work as it did without us: the
//! same helpers, the same token, the same words.

use super::forge::{Forge, Policy};
use super::sandbox::{Git, Output, Run, Sandbox, gits};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Somebody who is not the user of these tests.
const NOBODY: u32 = 65_534;

/// Two machines: mona's, which has patron, and another one, whose home is a folder beside hers.
struct World {
    forge: Forge,
    sandbox: Sandbox,
    git: &'static Git,
    other: PathBuf,
}

impl World {
    /// Mona uses git-credential-store, and patron since `setup`; then her config is copied, and patron is not.
    fn new(git: &'static Git, config: &str) -> Self {
        let forge = Forge::start(Policy::sample());
        let mut sandbox = Sandbox::new(&forge);
        // What is asked at a token's first use is told by tests/notice.
        sandbox.set("PATRON_PROBE", "never");
        sandbox.write(".gitconfig", config);
        sandbox.patron(["setup"]).ok();
        let token = forge.secret("acme");
        sandbox.patron(["add", "acme", "--token-stdin"]).stdin(token).ok();
        let here = sandbox.git(["ls-remote", "-q", "https://github.com/acme/secret"]).with_git(git);
        here.env("HOME", sandbox.home()).env("PATRON_PROBE", "never").ok();
        assert_eq!(tokens(&forge), ["acme"], "on her own machine");
        fs::remove_file(sandbox.program()).expect("it was linked there");
        let other = sandbox.root().join("other");
        fs::create_dir(&other).expect("the sandbox is ours");
        fs::copy(sandbox.home().join(".gitconfig"), other.join(".gitconfig")).expect("the sandbox is ours");
        forge.clear_log();
        Self { forge, sandbox, git, other }
    }

    /// The other machine's git-credential-store has a token for everything.
    fn with_credentials(self) -> Self {
        let line = format!("https://mona:{}@github.com\n", self.forge.secret("classic"));
        fs::write(self.other.join(".git-credentials"), line).expect("the sandbox is ours");
        self
    }

    /// Runs git on the other machine.
    fn there(&self, line: &str) -> Run {
        let run = self.sandbox.git(line.split(' ')).with_git(self.git);
        run.env("HOME", &self.other).cwd(&self.other)
    }

    /// Runs git there with the copied config, and with the config as it was before `setup`; fails unless both
    /// say the same and ask GitHub the same.
    fn same_as_before(&self, config: &str, line: &str) -> Output {
        let with_ours = self.there(line).run();
        let asked = tokens(&self.forge);
        self.forge.clear_log();
        let before = self.other.join("before");
        fs::write(&before, config).expect("the sandbox is ours");
        let without = self.there(line).env("GIT_CONFIG_GLOBAL", &before).run();
        assert_eq!(with_ours.status, without.status, "{}{}", with_ours.report(), without.report());
        assert_eq!(with_ours.stdout(), without.stdout(), "git {}", self.git.version);
        assert_eq!(with_ours.stderr(), without.stderr(), "git {}", self.git.version);
        assert_eq!(asked, tokens(&self.forge), "git {}", self.git.version);
        with_ours
    }
}

/// The tokens that GitHub was sent by git's operations, in order.
fn tokens(forge: &Forge) -> Vec<String> {
    forge.git_asks().into_iter().map(|ask| ask.4).collect()
}

const STORE: &str = "[user]\n\tname = Mona\n[credential]\n\thelper = store\n";

#[test]
fn a_config_copied_into_a_home_without_patron_works_as_it_did_before_setup() {
    for git in gits() {
        let world = World::new(git, STORE).with_credentials();
        for line in [
            "ls-remote https://github.com/acme/secret",
            "ls-remote https://github.com/globex/api",
            "ls-remote https://github.com/acme/missing",
        ] {
            let output = world.same_as_before(STORE, line);
            assert!(!output.stderr().contains("patron"), "{}", output.report());
            assert_eq!(tokens(&world.forge), ["classic"], "{line}, git {}", git.version);
            world.forge.clear_log();
        }
        world.there("clone -q https://github.com/acme/secret it").ok().says_nothing();
        world.there("-C it commit -q --allow-empty -m more").ok();
        world.there("-C it push -q").ok().says_nothing();
        assert_eq!(tokens(&world.forge), ["classic", "classic"], "git {}", git.version);
    }
}

#[test]
fn a_copied_config_without_any_credential_fails_in_gits_own_words() {
    for config in [STORE, ""] {
        for git in gits() {
            let world = World::new(git, config);
            let output = world.same_as_before(config, "ls-remote https://github.com/acme/secret");
            output.fails(128).says("could not read Username for 'https://github.com'").does_not_say("patron");
            assert_eq!(tokens(&world.forge), Vec::<String>::new());
        }
    }
}

#[test]
fn a_copied_config_keeps_the_helpers_of_single_owners_and_what_they_answer() {
    let config = "[credential]\n\thelper = cache\n[credential \"https://github.com/acme\"]\n\thelper =\n\thelper = store\n\tusername = mona\n";
    for git in gits() {
        let world = World::new(git, config).with_credentials();
        world.same_as_before(config, "ls-remote https://github.com/acme/secret").ok();
        assert_eq!(tokens(&world.forge), ["classic"], "git {}", git.version);
    }
}

/// A folder that somebody else may enter.
fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn another_user_with_the_same_config_is_not_kept_from_git() {
    let is_root = rustix::process::geteuid().is_root();
    for git in gits() {
        let world = World::new(git, STORE).with_credentials();
        // Mona's home is closed to others, as ours and those of distributions are by default.
        fs::set_permissions(world.sandbox.home(), fs::Permissions::from_mode(0o700)).expect("it is ours");
        let ours = world.sandbox.home().join(".config/git-credential-patron");
        let remote = "https://github.com/acme/secret";
        // Her own file through GIT_CONFIG_GLOBAL, as `sudo -u` or a job of hers may leave it in the environment;
        // and a copy of it.
        let shared = world.sandbox.root().join("shared.gitconfig");
        fs::copy(world.sandbox.home().join(".gitconfig"), &shared).expect("the sandbox is ours");
        let run = if is_root {
            for folder in [world.sandbox.root(), world.forge.dir(), &world.other] {
                open_to_all(folder);
            }
            fs::set_permissions(&shared, fs::Permissions::from_mode(0o644)).expect("it is ours");
            for name in ["", ".gitconfig", ".git-credentials"] {
                chown(world.other.join(name), Some(NOBODY), Some(NOBODY)).expect("root may");
            }
            let nobody =
                ["--reuid=65534", "--regid=65534", "--clear-groups", "git", "ls-remote", "-q", remote];
            let run = || world.sandbox.command("setpriv", nobody).with_git(git);
            // With her home in the environment, closed: git passes over what it may not read.
            run().cwd("/").fails(128).says("could not read Username").does_not_say("Permission denied");
            let run = || run().env("HOME", &world.other).cwd(&world.other);
            run().ok().says_nothing();
            run().env("GIT_CONFIG_GLOBAL", &shared)
        } else {
            // Without another user's rights: what she keeps from others is kept from us.
            fs::set_permissions(&ours, fs::Permissions::from_mode(0o000)).expect("it is ours");
            world.there(&format!("ls-remote -q {remote}")).ok().says_nothing();
            world.there(&format!("ls-remote -q {remote}")).env("GIT_CONFIG_GLOBAL", &shared)
        };
        run.ok().says_nothing();
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o755)).expect("it is ours");
        assert_eq!(tokens(&world.forge), ["classic", "classic"], "git {}", git.version);
    }
}

#[test]
fn a_machines_config_that_is_copied_into_an_image_works_as_it_did_before_setup() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let mut sandbox = Sandbox::new(&forge);
        sandbox.unset("GIT_CONFIG_NOSYSTEM");
        let system = sandbox.write("etc/gitconfig", STORE);
        sandbox.set("GIT_CONFIG_SYSTEM", &system);
        sandbox.patron(["setup", "--system"]).ok();
        let helper = ["config", "--get-urlmatch", "credential.helper", "https://github.com"];
        let named = sandbox.git(helper).with_git(git).ok().stdout();
        assert!(named.contains(&format!("exec {} ", sandbox.program().display())), "{named}");
        // Into an image: the config file alone, at the same place; what lies beside it is not there.
        let text = fs::read(&system).expect("setup wrote it");
        fs::remove_dir_all(system.parent().expect("a folder")).expect("the sandbox is ours");
        fs::create_dir(system.parent().expect("a folder")).expect("the sandbox is ours");
        fs::write(&system, text).expect("the sandbox is ours");
        fs::remove_file(sandbox.program()).expect("it was linked there");
        sandbox.write(".git-credentials", format!("https://mona:{}@github.com\n", forge.secret("classic")));
        let run = sandbox.git(["ls-remote", "-q", "https://github.com/acme/secret"]).with_git(git);
        run.ok().says_nothing();
        assert_eq!(tokens(&forge), ["classic"], "git {}", git.version);
    }
}
