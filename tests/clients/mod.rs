//! Everything that has git's helpers asked: git of each version here, and other programs by way of it or not.
//!
//! Each client works in two homes. In the one, patron has an account for each of two owners, and a third whose
//! token waits for approval. The other is its twin: patron is not there, and git's own `store` helper has one token
//! for everything. So the right tokens are an exact statement, "no request more than git's own" a comparison of two
//! lists, and what a client makes of a refusal is what its user gets to see of it.

mod cargo;
mod everyday;
mod gh;
mod relay;
mod tools;
mod window;

use super::forge::{Entry, EntryKind, Forge, HostKind, Policy, State, Token};
use super::sandbox::{Git, Output, Run, Sandbox, gits};
use relay::Relay;
use serde_json::Value;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The repositories whose owners let mona in, and the one of the third owner.
const GOOD: [&str; 2] = ["acme/anvil", "globex/beam"];
const PENDING: &str = "initech/core";
/// A repository with those two as submodules, and one with all three.
const TWO: &str = "acme/two";
const THREE: &str = "acme/three";
/// What a client may take at most, on a machine that does other things as well.
const BOUND: Duration = Duration::from_secs(240);

/// A way to come to a repository that is not git's own, or git in one of its ways.
struct Client {
    name: &'static str,
    /// Works with a repository in a folder of that number, which is new or was used before.
    act: fn(&World, &str, usize) -> Output,
    /// Whether it works in the same folder again: then steady state is the second time there, else a new folder.
    again: bool,
    /// Whether it is about packages, and not about git alone.
    packages: bool,
    told: Told,
}

/// Where the user of a client gets to know why the third owner's repository was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// In what the client prints, and by `status`.
    Shown,
    /// The client swallows it: among the refusals that `status` shows.
    Kept,
    /// It never says for what and how it went: by the account's state, which `status` asks for.
    Asked,
}

/// A home, and the forge it works with.
struct World {
    /// What makes it GitHub without a proxy, where a test has the network for itself.
    _relay: Option<Relay>,
    forge: Forge,
    sandbox: Sandbox,
    git: &'static Git,
}

/// Making
impl World {
    /// With patron and its three accounts.
    fn new(git: &'static Git) -> Self {
        let world = Self::bare(git);
        world.settle_in();
        world
    }

    fn settle_in(&self) {
        self.sandbox.patron(["setup"]).ok();
        for owner in ["acme", "globex", "initech"] {
            let secret = self.forge.secret(owner);
            self.sandbox.patron(["add", owner, "--token-stdin"]).stdin(secret).ok();
        }
        self.forge.clear_log();
    }

    /// Without patron.
    fn twin(git: &'static Git) -> Self {
        let world = Self::bare(git);
        let line = format!("https://mona:{}@github.com\n", world.forge.secret("classic"));
        world.sandbox.write(".git-credentials", line);
        world.sandbox.write(".gitconfig", "[credential]\n\thelper = store\n");
        world
    }

    fn bare(git: &'static Git) -> Self {
        // Where GitHub has archives of repositories: 404 to who is not logged in.
        let mut policy = Policy::new().user("mona").host("codeload.github.com", HostKind::Plain);
        let fine = |owner: &str| Token::fine_grained(owner, "mona", owner);
        let waits = Token { state: State::Pending, ..fine("initech") };
        policy.tokens.extend([fine("acme"), fine("globex"), waits, Token::classic("classic", "mona")]);
        for owner in ["acme", "globex", "initech", "hooli"] {
            policy = policy.org(owner, &["mona"]);
        }
        for repo in GOOD.into_iter().chain([PENDING, TWO, THREE, "hooli/nut"]) {
            policy = policy.private(repo);
        }
        let forge = Forge::start(policy);
        let mut sandbox = Sandbox::new(&forge);
        sandbox.set("DISPLAY", ":0");
        let runtime = sandbox.root().join("run");
        fs::create_dir(&runtime).expect("the sandbox is ours");
        sandbox.set("XDG_RUNTIME_DIR", &runtime);
        sandbox.unset("GIT_TERMINAL_PROMPT");
        let relay = env::var_os(cargo::ALONE).map(|_| Relay::start(&forge.proxy_url()));
        Self { _relay: relay, forge, sandbox, git }
    }

    /// Puts a package into each repository.
    fn with_packages(self) -> Self {
        GOOD.into_iter().chain([PENDING]).for_each(|repo| self.publish(repo, &package(repo)));
        self
    }

    /// Fills the repositories of submodules.
    fn with_submodules(self) -> Self {
        self.publish(TWO, &submodules(&GOOD));
        self.publish(THREE, &submodules(&[GOOD[0], GOOD[1], PENDING]));
        self
    }

    /// Puts files into a repository of the forge, as a further commit and the version that all tools ask for.
    fn publish(&self, repo: &str, files: &[(&str, String)]) {
        let bare = self.forge.repository_dir(repo);
        let folder = self.sandbox.root().join("publish").join(repo);
        // So that a commit has one name in each home: some clients ask for it.
        let dated = |run: Run| {
            let date = "2026-01-01T00:00:00Z";
            run.cwd(&folder).env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date).ok()
        };
        let git = |line: &str| drop(dated(self.sandbox.git(line.split(' '))));
        fs::create_dir_all(&folder).expect("the sandbox is ours");
        git("init -q -b main");
        self.sandbox.git(["pull", "-q", &bare.to_string_lossy(), "main"]).cwd(&folder).ok();
        for (name, content) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the sandbox is ours");
            fs::write(path, content).expect("the sandbox is ours");
        }
        git("add .");
        for module in self.modules(files) {
            self.sandbox.git(["update-index", "--add", "--cacheinfo", &module]).cwd(&folder).ok();
        }
        git("commit -q -m package");
        git("tag v1.0.0");
        let push = ["push", "-q", &bare.to_string_lossy(), "main", "v1.0.0"];
        self.sandbox.git(push).cwd(&folder).ok();
    }

    /// The submodules that a `.gitmodules` names, as `git update-index` takes them.
    fn modules(&self, files: &[(&str, String)]) -> Vec<String> {
        let named = files.iter().find(|(name, _)| *name == ".gitmodules");
        let urls = named.into_iter().flat_map(|(_, text)| text.lines());
        let repos = urls.filter_map(|line| line.trim().strip_prefix("url = https://github.com/"));
        repos.map(|repo| format!("160000,{},{}", self.commit(repo), repo.replace('/', "-"))).collect()
    }

    /// The newest commit of a repository.
    fn commit(&self, repo: &str) -> String {
        let bare = self.forge.repository_dir(repo);
        self.sandbox.git(["rev-parse", "main"]).cwd(bare).ok().stdout().trim().to_owned()
    }
}

/// Builds a wheel of one module with nothing but Python's own library.
const BACKEND: &str = r#"import os, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "NAME-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("NAME.py", "")
        about = "NAME-1.0.0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\nName: NAME\nVersion: 1.0.0\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\nGenerator: here\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(about + "RECORD", "NAME.py,,\n")
    return name
"#;

/// A package of each sort of client, in one repository. None needs another, and none is built with tools that its
/// client would have to fetch.
fn package(repo: &str) -> Vec<(&'static str, String)> {
    let name = repo.rsplit('/').next().expect("owner/name");
    let files = [
        ("Cargo.toml", "[package]\nname = \"NAME\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
        ("src/lib.rs", ""),
        ("package.json", "{\"name\": \"NAME\", \"version\": \"1.0.0\"}\n"),
        ("go.mod", "module github.com/REPO\n\ngo 1.19\n"),
        ("lib.go", "package NAME\n"),
        ("composer.json", "{\"name\": \"REPO\", \"version\": \"1.0.0\"}\n"),
        (".pre-commit-hooks.yaml", "- id: NAME\n  name: NAME\n  entry: 'true'\n  language: system\n"),
        (
            "pyproject.toml",
            "[project]\nname = \"NAME\"\nversion = \"1.0.0\"\n\n\
             [build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
        ),
        ("backend.py", BACKEND),
    ];
    files.map(|(file, text)| (file, text.replace("NAME", name).replace("REPO", repo))).to_vec()
}

fn submodules(repos: &[&str]) -> Vec<(&'static str, String)> {
    let module = |repo: &&str| {
        let folder = repo.replace('/', "-");
        format!("[submodule \"{folder}\"]\n\tpath = {folder}\n\turl = https://github.com/{repo}\n")
    };
    vec![(".gitmodules", repos.iter().map(module).collect())]
}

/// Tells whether a text has why the third owner's repository was refused. Many a client wraps what it passes on, within
/// words too, or draws a frame around it.
fn shows(text: &str) -> bool {
    let only = |text: &str| text.chars().filter(|it| !it.is_whitespace() && *it != '│').collect::<String>();
    only(text).contains(&only("initech has most likely not approved the token \"initech\" yet"))
}

/// Working
impl World {
    /// A program away from any terminal of whoever runs the tests, in the work folder.
    fn run<I, S>(&self, program: impl AsRef<OsStr>, arguments: I) -> Run
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let run = self.sandbox.command("setsid", ["--wait"]).args([program]).args(arguments);
        run.with_git(self.git).within(BOUND)
    }

    fn git(&self, folder: impl AsRef<Path>, line: &str) -> Run {
        self.run("git", line.split(' ')).cwd(folder)
    }

    /// A folder of a client's, made if it is not there, and whether it was not.
    fn folder(&self, repo: &str, number: usize) -> (PathBuf, bool) {
        let folder = self.sandbox.work().join(format!("{}-{number}", repo.replace('/', "-")));
        let is_new = !folder.exists();
        fs::create_dir_all(&folder).expect("the sandbox is ours");
        (folder, is_new)
    }

    /// The requests so far, each as what was asked for and what was answered, and forgets them. Which of several
    /// at once came first is chance.
    fn requests(&self) -> Vec<String> {
        let line = |entry: Entry| {
            let credential = if entry.token.is_some() { "with" } else { "without" };
            let (host, path) = (entry.host, entry.path);
            format!("{:?} {} {host}{path} {credential} {}", entry.kind, entry.method, entry.status)
        };
        let mut lines: Vec<String> = self.forge.log().into_iter().map(line).collect();
        self.forge.clear_log();
        lines.sort();
        lines
    }

    /// Fails the test if a token was shown for another owner's repository, or anywhere but at GitHub.
    #[track_caller]
    fn each_owner_got_its_own(&self, about: &str) {
        let tokens: Vec<_> = self.forge.log().into_iter().filter(|entry| entry.token.is_some()).collect();
        for entry in &tokens {
            // What our own questions about an account are about has no owner in its address.
            let is_ours = entry.kind == EntryKind::Rest && entry.owner.is_empty();
            assert!(is_ours || entry.token.as_ref() == Some(&entry.owner), "{about}: {entry:?}");
        }
        assert!(self.forge.refused_tunnels().is_empty(), "{about}: {:?}", self.forge.refused_tunnels());
    }

    /// Fails the test unless `status` knows of the third owner what its user was told, or was not.
    #[track_caller]
    fn is_found_by_status(&self, about: &str, told: Told) {
        let status = self.sandbox.patron(["status", "--json"]).fails(1);
        let json: Value = serde_json::from_slice(&status.stdout).expect("JSON");
        let accounts = json["accounts"].as_array().expect("a list").iter();
        let states: Vec<_> = accounts.map(|it| (it["label"].as_str(), it["state"].as_str())).collect();
        let state = |label, state| (Some(label), Some(state));
        let expected = [state("acme", "fine"), state("globex", "fine"), state("initech", "pending")];
        assert_eq!(states, expected, "{about}");
        let refusals = json["refusals"].as_array().expect("a list").iter();
        let found: Vec<_> = refusals.map(|it| (it["url"].as_str(), it["verdict"]["id"].as_str())).collect();
        let url = format!("https://github.com/{PENDING}");
        match told {
            Told::Asked => assert_eq!(found, [], "{about}: now it can be found"),
            Told::Shown | Told::Kept => {
                assert_eq!(found, [(Some(url.as_str()), Some("approval-pending"))], "{about}");
            }
        }
    }
}

/// Judging
impl Client {
    /// Fails the test unless the client is served as the head of this file says, with this git.
    #[track_caller]
    fn is_served(&self, git: &'static Git) {
        let about = format!("{} with git {}", self.name, git.version);
        let second = if self.again { 1 } else { 2 };
        let ready = |world: World| if self.packages { world.with_packages() } else { world };
        let twin = ready(World::twin(git));
        self.both(&twin, 1);
        twin.forge.clear_log();
        self.both(&twin, second);
        let alone = twin.requests();
        drop(twin);
        assert!(alone.iter().any(|line| line.contains(" with ")), "{about} asks with no token: {alone:#?}");

        let world = ready(World::new(git));
        self.both(&world, 1);
        world.each_owner_got_its_own(&about);
        world.forge.clear_log();
        for output in self.both(&world, second) {
            let said = output.stdout() + &output.stderr();
            assert!(
                !said.contains("patron:"),
                "{about}: something is said of what works\n{}",
                output.report()
            );
        }
        world.each_owner_got_its_own(&about);
        assert_eq!(world.requests(), alone, "{about}: not what is asked without patron");
        assert_eq!(world.sandbox.opened_pages(), [""; 0], "{about}");

        let refused = (self.act)(&world, PENDING, 1);
        self.is_told(&world, &about, &refused);
    }

    fn both(&self, world: &World, number: usize) -> Vec<Output> {
        GOOD.iter().map(|repo| (self.act)(world, repo, number).ok()).collect()
    }

    /// Fails the test unless a client that was refused at the third owner's tells its user why, in its way.
    #[track_caller]
    fn is_told(&self, world: &World, about: &str, refused: &Output) {
        assert!(!refused.status.success(), "{about}: it should be refused\n{}", refused.report());
        world.each_owner_got_its_own(about);
        let is_shown = shows(&(refused.stdout() + &refused.stderr()));
        println!("{about}: {}", if is_shown { "shows why" } else { "does not show why" });
        if self.told == Told::Shown {
            assert!(is_shown, "{about} shows what patron says\n{}", refused.report());
        }
        world.is_found_by_status(about, self.told);
    }
}
