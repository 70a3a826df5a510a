//! Callers that are not git's own remote helper: libgit2 (cargo, IDEs) and scripts around `git credential`.
//!
//! With the config that `setup` writes they send the path, and get the owner's token. Without a path nothing
//! tells which owner is meant, and they get nothing: least of all the token of whichever checkout they happen
//! to stand in.

use super::forge::{Forge, Policy};
use super::sandbox::{Git, Sandbox, gits};
use std::env;
use std::fs;
use std::path::Path;

/// In the environment of a process that is to be a libgit2 caller: the URL to ask for, and where to write
/// the answer.
const URL: &str = "TEST_LIBGIT2_URL";
const ANSWER: &str = "TEST_LIBGIT2_ANSWER";

/// A home with accounts for acme and globex, and a checkout of each; the config is what `setup` wrote.
struct World {
    forge: Forge,
    sandbox: Sandbox,
}

impl World {
    fn new(git: &'static Git) -> Self {
        let mut policy = Policy::sample();
        // So that an answer is the same in each run.
        policy.tokens.iter_mut().for_each(|token| token.expires = None);
        let forge = Forge::start(policy);
        let world = Self { sandbox: Sandbox::new(&forge), forge };
        world.sandbox.patron(["setup"]).ok();
        for owner in ["acme", "globex"] {
            let token = world.forge.secret(owner);
            world.sandbox.patron(["add", owner, "--token-stdin"]).stdin(token).ok();
        }
        for (repo, folder) in [("acme/secret", "acme"), ("globex/api", "globex")] {
            let url = format!("https://github.com/{repo}.git");
            world.sandbox.git(["clone", "-q", &url, folder]).with_git(git).ok();
        }
        world.forge.clear_log();
        world
    }

    /// Takes the path out of what is sent, in the way in which a user would.
    fn send_no_path(&self) {
        let config = self.sandbox.home().join(".gitconfig");
        let text = fs::read_to_string(&config).expect("setup wrote it");
        let none = "[credential \"https://github.com\"]\n\tuseHttpPath = false\n";
        fs::write(&config, format!("{text}{none}")).expect("the sandbox is ours");
    }

    /// Asks as a program with libgit2 that stands in that folder.
    fn by_libgit2(&self, folder: &str, url: &str) -> Option<(String, String)> {
        ask(&self.sandbox, &self.sandbox.work().join(folder), url).0
    }

    fn token(&self, owner: &str) -> Option<(String, String)> {
        Some(("mona".to_owned(), self.forge.secret(owner)))
    }
}

/// Asks as a program with libgit2 that stands in that folder: the answer, and what stood on its stderr.
pub(crate) fn ask(sandbox: &Sandbox, folder: &Path, url: &str) -> (Option<(String, String)>, String) {
    let answer = sandbox.root().join("libgit2-answer");
    let _ = fs::remove_file(&answer);
    let this = env::current_exe().expect("this program has a path");
    let name = "libgit2::libgit2_gets_the_token_of_the_owner_in_its_url";
    let asked = sandbox.command(this, ["--exact", name, "--test-threads=1"]);
    let asked = asked.env(URL, url).env(ANSWER, &answer).cwd(folder).ok();
    assert!(asked.stdout().contains("1 passed"), "{}", asked.report());
    let text = fs::read_to_string(&answer).expect("it writes one");
    let answer = text.split_once('\n').map(|(user, password)| (user.to_owned(), password.to_owned()));
    (answer, asked.stderr())
}

/// What such a program does: libgit2's own reading of all the config there is, its own way to start a helper.
fn be_the_caller(url: &str) {
    let here = env::current_dir().expect("there is one");
    let config = match git2::Repository::discover(&here) {
        Ok(repository) => repository.config(),
        Err(_) => git2::Config::open_default(),
    };
    let config = config.expect("libgit2 reads the config");
    let answer = git2::CredentialHelper::new(url).config(&config).execute();
    let text = answer.map(|(user, password)| format!("{user}\n{password}")).unwrap_or_default();
    fs::write(env::var_os(ANSWER).expect("it is set with the URL"), text).expect("the sandbox is ours");
}

#[test]
fn libgit2_gets_the_token_of_the_owner_in_its_url() {
    if let Ok(url) = env::var(URL) {
        return be_the_caller(&url);
    }
    let world = World::new(&gits()[0]);
    for folder in [".", "acme", "globex"] {
        for (url, owner) in [
            ("https://github.com/acme/secret.git", Some("acme")),
            ("https://github.com/acme/secret", Some("acme")),
            ("https://github.com/Globex/api", Some("globex")),
            ("https://github.com/initech/core", None),
            ("https://github.com/", None),
            ("https://github.com", None),
            ("https://github.com/acme%2Fsecret", None),
            ("https://gitlab.example.com/acme/secret", None),
        ] {
            let expected = owner.and_then(|owner| world.token(owner));
            assert!(world.by_libgit2(folder, url) == expected, "{url} in {folder}");
        }
    }
    assert!(world.forge.log().is_empty(), "nothing is asked of GitHub");
}

#[test]
fn libgit2_without_a_path_gets_nothing_wherever_it_stands() {
    let world = World::new(&gits()[0]);
    world.send_no_path();
    for folder in [".", "acme", "globex", "acme/.git"] {
        for url in ["https://github.com/acme/secret.git", "https://github.com/globex/api"] {
            assert!(world.by_libgit2(folder, url).is_none(), "{url} in {folder}");
        }
    }
    // Nor does a setting of the repository change what the helper makes of it.
    let local = world.sandbox.work().join("acme");
    world.sandbox.git(["config", "credential.https://github.com.username", "acme"]).cwd(&local).ok();
    assert!(world.by_libgit2("acme", "https://github.com/globex/api").is_none());
    // A token for the whole host is the user's word that it serves every owner.
    let classic = world.forge.secret("classic");
    let add = ["add", "https://github.com", "--token-stdin", "--yes"];
    world.sandbox.patron(add).stdin(classic.as_str()).ok();
    let whole = Some(("mona".to_owned(), classic));
    assert!(world.by_libgit2("globex", "https://github.com/acme/secret") == whole);
}

/// Runs `git credential OPERATION` as a script does.
fn script(world: &World, git: &'static Git, folder: &str, operation: &str, told: &str) -> (bool, String) {
    let run = world.sandbox.git(["credential", operation]).with_git(git).stdin(told);
    let output = run.cwd(world.sandbox.work().join(folder)).run();
    let secret = output.stdout().lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned);
    (output.status.success(), secret.unwrap_or_default())
}

#[test]
fn a_script_around_git_credential_gets_what_it_names_and_nothing_without_a_path() {
    for git in gits() {
        let world = World::new(git);
        let of = |owner: &str| (true, world.forge.secret(owner));
        let none = || (false, String::new());
        let host = "protocol=https\nhost=github.com\n";
        for folder in [".", "acme", "globex", "acme/.git"] {
            let fill = |told: &str| script(&world, git, folder, "fill", told);
            assert!(fill(&format!("{host}path=acme/secret.git\n")) == of("acme"), "{folder}");
            assert!(fill(&format!("{host}path=globex/api\n")) == of("globex"), "{folder}");
            assert!(fill("url=https://github.com/globex/api\n") == of("globex"), "{folder}");
            assert!(fill("url=https://mona@github.com/acme/secret\n") == of("acme"), "{folder}");
            assert!(fill(host) == none(), "{folder}");
            assert!(fill("url=https://github.com\n") == none(), "{folder}");
            assert!(fill(&format!("{host}username=mona\n")) == none(), "{folder}");
            assert!(fill(&format!("{host}username=acme\n")) == none(), "{folder}");
            assert!(fill(&format!("{host}path=initech/core\n")) == none(), "{folder}");
            // Names of variables that git sets for its own children tell nothing either.
            let posing = world.sandbox.git(["credential", "fill"]).with_git(git).stdin(host);
            let posing = posing.env("GIT_DIR", world.sandbox.work().join("acme/.git")).env("GIT_PREFIX", "");
            posing.cwd(world.sandbox.work().join(folder)).fails(128).prints("");
        }
        world.send_no_path();
        for folder in [".", "acme", "globex"] {
            // git drops the path before it asks.
            let told = format!("{host}path=acme/secret.git\n");
            assert!(script(&world, git, folder, "fill", &told) == none(), "{folder}, git {}", git.version);
        }
    }
}

#[test]
fn a_script_that_approves_and_rejects_changes_no_account_but_its_standing() {
    for git in gits() {
        let world = World::new(git);
        let kept = || {
            let read = |path: &Path| fs::read(path).expect("it is there");
            [
                read(&world.sandbox.home().join(".config/git-credential-patron/accounts.toml")),
                read(&world.sandbox.home().join(".local/share/git-credential-patron/secrets.toml")),
            ]
        };
        let before = kept();
        let host = "protocol=https\nhost=github.com\n";
        let path = format!("{host}path=acme/secret.git\n");
        let ours = format!("username=mona\npassword={}\n", world.forge.secret("acme"));
        for told in [format!("{path}{ours}"), format!("{host}{ours}"), host.to_owned(), path.clone()] {
            for operation in ["approve", "reject"] {
                // From the checkout of another owner.
                let (_, secret) = script(&world, git, "globex", operation, &told);
                assert_eq!(secret, "");
                assert!(kept() == before, "git {}: {operation}", git.version);
            }
        }
        let (_, given) = script(&world, git, ".", "fill", &path);
        assert!(given == world.forge.secret("acme"), "a rejected account is tried again at once");
    }
}
