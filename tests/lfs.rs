//! Large files: real git-lfs (Debian's package) uploads, downloads and locks through the forge, with the
//! token of the repository's owner and no other.
//!
//! git-lfs asks through `git credential fill`, so nothing tells us which repository it is about but the path,
//! which it sends where `useHttpPath` says so: as `setup` has it.

use super::forge::{Access, EntryKind, Forge, Permission, Policy, Token};
use super::sandbox::{Git, Output, Run, Sandbox, gits};
use std::fs;
use std::path::Path;

use Access::{Read, Write};

/// A home with git-lfs in which patron is set up and has an account for each of these owners.
struct World {
    forge: Forge,
    sandbox: Sandbox,
    git: &'static Git,
}

impl World {
    fn new(git: &'static Git, policy: Policy, owners: &[&str]) -> Self {
        let forge = Forge::start(policy);
        let world = Self { sandbox: Sandbox::new(&forge), forge, git };
        world.sandbox.patron(["setup"]).ok();
        install(world.git(".", INSTALL));
        for owner in owners {
            world.add(owner, owner);
        }
        world.forge.clear_log();
        world
    }

    fn add(&self, owner: &str, label: &str) {
        let token = self.forge.secret(label);
        self.sandbox.patron(["add", owner, "--token-stdin"]).stdin(token).ok();
    }

    fn git(&self, folder: &str, line: &str) -> Run {
        self.sandbox.git(line.split(' ')).with_git(self.git).cwd(self.sandbox.work().join(folder))
    }

    fn ok(&self, folder: &str, line: &str) -> Output {
        self.git(folder, line).ok()
    }

    /// Clones, and commits a large file.
    fn clone_and_commit(&self, repo: &str, folder: &str, content: &str) {
        self.ok(".", &format!("clone -q https://github.com/{repo}.git {folder}"));
        let run = |line: &str| drop(self.ok(folder, line));
        commit_large(run, &self.sandbox.work().join(folder), content);
    }

    /// What was asked about large files, without what was only asked without a credential: owner,
    /// repository, access, token; each once, in the order of the first time.
    fn asked(&self) -> Vec<(String, String, Access, String)> {
        let mut asked = Vec::new();
        for entry in self.forge.log().into_iter().filter(|entry| entry.kind == EntryKind::Lfs) {
            let Some(token) = entry.token else { continue };
            let ask = (entry.owner, entry.repo, entry.access, token);
            if !asked.contains(&ask) {
                asked.push(ask);
            }
        }
        asked
    }
}

/// What makes git-lfs take part in a home.
pub(crate) const INSTALL: &str = "lfs install --skip-repo";

/// Runs that.
pub(crate) fn install(git: Run) {
    let lfs = git.run();
    assert!(lfs.status.success(), "{}\ninstall the package git-lfs", lfs.report());
}

/// Commits a large file in a checkout, where `git` runs a line of git's.
pub(crate) fn commit_large(git: impl Fn(&str), folder: &Path, content: &str) {
    git("lfs track --lockable *.bin");
    let file = folder.join("large.bin");
    // One that is not locked cannot be written.
    let _ = fs::remove_file(&file);
    fs::write(file, content).expect("the sandbox is ours");
    git("add .");
    git("commit -q -m large");
}

fn ask(owner: &str, repo: &str, access: Access) -> (String, String, Access, String) {
    (owner.to_owned(), repo.to_owned(), access, owner.to_owned())
}

#[test]
fn large_files_go_up_come_down_and_are_locked_with_their_owners_token() {
    for git in gits() {
        println!("git {} at {}", git.version, git.path.display());
        let world = World::new(git, Policy::sample(), &["acme", "globex", "mona"]);
        for (owner, repo) in [("acme", "secret"), ("globex", "api")] {
            world.clone_and_commit(&format!("{owner}/{repo}"), owner, &format!("large file of {owner}"));
            world.ok(owner, "push -q");
            assert!(world.asked().contains(&ask(owner, repo, Write)), "{:?}", world.asked());
            world.forge.clear_log();

            world.ok(owner, "lfs lock large.bin");
            let locks = world.ok(owner, "lfs locks").stdout();
            assert!(locks.contains("large.bin") && locks.contains("mona"), "{locks}");
            world.ok(owner, "lfs unlock large.bin");
            assert_eq!(world.ok(owner, "lfs locks").stdout(), "");
            assert_eq!(world.asked(), [ask(owner, repo, Write), ask(owner, repo, Read)]);
            world.forge.clear_log();

            let again = format!("{owner}-again");
            world.ok(".", &format!("clone -q https://github.com/{owner}/{repo} {again}"));
            let file = world.sandbox.work().join(&again).join("large.bin");
            assert_eq!(fs::read_to_string(file).expect("it came"), format!("large file of {owner}"));
            world.ok(&again, "lfs fetch --all");
            assert_eq!(world.asked(), [ask(owner, repo, Read)], "git {}", git.version);
            world.forge.clear_log();
        }
        assert!(world.forge.refused_tunnels().is_empty());
    }
}

#[test]
fn a_fork_beside_origin_gets_its_large_files_with_its_own_token() {
    for git in gits() {
        let world = World::new(git, Policy::sample().private("mona/secret"), &["acme", "mona"]);
        world.clone_and_commit("acme/secret", "it", "large");
        world.ok("it", "push -q");
        world.ok("it", "remote add fork https://github.com/mona/secret.git");
        world.forge.clear_log();
        world.ok("it", "push -q fork HEAD:refs/heads/topic");
        let asked = world.asked();
        assert!(asked.contains(&ask("mona", "secret", Write)), "{asked:?}");
        let wrong: Vec<_> = asked.iter().filter(|(owner, .., token)| owner != token).collect();
        assert!(wrong.is_empty(), "git {}: {wrong:?}", git.version);
    }
}

#[test]
fn an_owner_without_an_account_gets_no_large_files_and_no_token_goes_there() {
    for git in gits() {
        let world = World::new(git, Policy::sample(), &["acme", "globex"]);
        world.clone_and_commit("globex/api", "it", "large");
        world.ok("it", "push -q");
        world.sandbox.patron(["remove", "globex", "--yes"]).ok();
        world.forge.clear_log();
        // Standing in a checkout of globex, with a token of acme's.
        fs::remove_dir_all(world.sandbox.work().join("it/.git/lfs/objects")).expect("they are there");
        let fetch = world.git("it", "lfs fetch").run();
        assert!(!fetch.status.success(), "{}", fetch.report());
        fetch.says("patron: no account for globex; add one: git credential-patron add globex");
        assert_eq!(world.asked(), []);
    }
}

#[test]
fn without_a_path_git_lfs_gets_nothing() {
    for git in gits() {
        let world = World::new(git, Policy::sample(), &["acme", "globex"]);
        world.clone_and_commit("acme/secret", "it", "large");
        world.ok("it", "push -q");
        world.forge.clear_log();
        fs::remove_dir_all(world.sandbox.work().join("it/.git/lfs/objects")).expect("they are there");
        let no_path = "-c credential.https://github.com.useHttpPath=false lfs fetch";
        let fetch = world.git("it", no_path).run();
        assert!(!fetch.status.success(), "{}", fetch.report());
        assert_eq!(world.asked(), [], "git {}", git.version);
        // The same with the path: it was only that.
        world.ok("it", "lfs fetch");
        assert_eq!(world.asked(), [ask("acme", "secret", Read)], "git {}", git.version);
    }
}

#[test]
fn a_token_that_may_not_write_stays_what_it_is_and_one_that_is_refused_is_marked() {
    let git = &gits()[0];
    let reader = Token { contents: Permission::Read, ..Token::fine_grained("reader", "mona", "acme") };
    let world = World::new(git, Policy::sample().token(reader), &[]);
    world.add("acme", "reader");
    let outcome = |expected: &str| {
        let listed = world.sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(listed.contains(&format!("\"outcome\": {expected}")), "{expected} in {listed}");
    };
    world.clone_and_commit("acme/secret", "it", "large");
    outcome("\"accepted\"");
    // 403: git-lfs reports nothing to us, and the token is good.
    let push = world.git("it", "lfs push origin HEAD").run();
    assert!(!push.status.success(), "{}", push.report());
    outcome("\"accepted\"");
    // 401: it tells us, and the account is marked and kept.
    world.forge.policy(|policy| policy.token_mut("reader").state = super::forge::State::Revoked);
    let fetch = world.git("it", "lfs locks").run();
    assert!(!fetch.status.success(), "{}", fetch.report());
    outcome("\"rejected\"");
}
