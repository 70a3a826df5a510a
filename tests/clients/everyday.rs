//! What is installed wherever this is tested: git in its ways, git-lfs, and the environment of an editor.

use super::*;
use crate::lfs;

/// With each git here; the others of this folder use the first.
#[track_caller]
fn is_served_by_each_git(client: &Client) {
    gits().iter().for_each(|git| client.is_served(git));
}

#[test]
fn git_clones() {
    is_served_by_each_git(&Client {
        name: "git clone",
        act: |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            world.git(folder, &format!("clone -q https://github.com/{repo}.git it")).run()
        },
        again: false,
        packages: false,
        told: Told::Shown,
    });
}

/// A checkout that was never filled, with its remote.
fn checkout(world: &World, repo: &str, number: usize) -> PathBuf {
    let (folder, is_new) = world.folder(repo, number);
    if is_new {
        world.git(&folder, "init -q").ok();
        world.git(&folder, &format!("remote add origin https://github.com/{repo}")).ok();
    }
    folder
}

#[test]
fn git_fetches_in_a_checkout_again_and_again() {
    is_served_by_each_git(&Client {
        name: "git fetch",
        act: |world, repo, number| world.git(checkout(world, repo, number), "fetch -q").run(),
        again: true,
        packages: false,
        told: Told::Shown,
    });
}

#[test]
fn git_fetches_what_a_partial_clone_left_out() {
    is_served_by_each_git(&Client {
        name: "partial clone",
        act: |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
                world.sandbox.git(["config", setting, "true"]).cwd(world.forge.repository_dir(repo)).ok();
            }
            let clone = format!("clone -q --no-checkout --filter=blob:none https://github.com/{repo} it");
            let cloned = world.git(&folder, &clone).run();
            if !cloned.status.success() {
                return cloned;
            }
            let it = folder.join("it");
            let missing = world.git(&it, "rev-list --objects --missing=print HEAD").ok().stdout();
            assert!(missing.lines().any(|line| line.starts_with('?')), "nothing was left out:\n{missing}");
            // Each file that is looked at comes by a process that git starts in the background of its own.
            world.git(it, "checkout -q main").run()
        },
        again: false,
        packages: false,
        told: Told::Shown,
    });
}

#[test]
fn git_maintenance_prefetches() {
    is_served_by_each_git(&Client {
        name: "git maintenance",
        act: |world, repo, number| {
            let folder = checkout(world, repo, number);
            world.git(folder, "maintenance run --task=prefetch").run()
        },
        again: true,
        packages: false,
        told: Told::Shown,
    });
}

/// Submodules are of several owners in one command, so this is no client for one repository at a time.
#[test]
fn git_clones_submodules_side_by_side() {
    for git in gits() {
        let about = format!("submodules with git {}", git.version);
        let clone = |world: &World, repo: &str, folder: &str| {
            let line = format!("clone -q -j4 --recurse-submodules https://github.com/{repo} {folder}");
            world.git(world.sandbox.work(), &line).run()
        };
        let fetch = |world: &World| {
            world.git(world.sandbox.work().join("one"), "submodule --quiet update --remote --jobs=4").ok()
        };
        let twin = World::twin(git).with_submodules();
        clone(&twin, TWO, "one").ok();
        twin.forge.clear_log();
        clone(&twin, TWO, "two").ok();
        fetch(&twin);
        let alone = twin.requests();

        let world = World::new(git).with_submodules();
        clone(&world, TWO, "one").ok().does_not_say("patron:");
        world.each_owner_got_its_own(&about);
        world.forge.clear_log();
        clone(&world, TWO, "two").ok().does_not_say("patron:");
        fetch(&world).does_not_say("patron:");
        world.each_owner_got_its_own(&about);
        assert_eq!(world.requests(), alone, "{about}: not what is asked without patron");
        let refused = clone(&world, THREE, "three");
        let client = Client {
            name: "submodules",
            act: |_, _, _| unreachable!("it is more than one repository"),
            again: false,
            packages: false,
            told: Told::Shown,
        };
        client.is_told(&world, &about, &refused);
    }
}

/// git-lfs asks by itself, and tells helpers how it went only where it was let in or its token was not known.
#[test]
fn git_lfs_asks_about_locks() {
    is_served_by_each_git(&Client {
        name: "git-lfs",
        act: |world, repo, number| {
            let folder = checkout(world, repo, number);
            lfs::install(world.git(&folder, lfs::INSTALL));
            world.git(folder, "lfs locks").run()
        },
        again: true,
        packages: false,
        told: Told::Asked,
    });
}

/// What VS Code runs git with: its askpass, which would ask in a window, and the variables that this needs.
#[test]
fn git_fetches_below_an_editor() {
    is_served_by_each_git(&Client {
        name: "VS Code's environment",
        act: |world, repo, number| {
            let folder = checkout(world, repo, number);
            let asked = world.sandbox.root().join("asked");
            let askpass =
                world.sandbox.write_program("askpass.sh", &format!("echo \"$1\" >>'{}'", asked.display()));
            let run = world
                .git(folder, "fetch -q")
                .env("GIT_ASKPASS", askpass)
                .env("VSCODE_GIT_ASKPASS_NODE", "/usr/share/code/code")
                .env(
                    "VSCODE_GIT_ASKPASS_MAIN",
                    "/usr/share/code/resources/app/extensions/git/dist/askpass-main.js",
                )
                .env("VSCODE_GIT_ASKPASS_EXTRA_ARGS", "")
                .env("VSCODE_GIT_IPC_HANDLE", world.sandbox.root().join("run/vscode-git.sock"))
                .env("ELECTRON_RUN_AS_NODE", "1")
                .env("GIT_PAGER", "cat")
                .env("TERM_PROGRAM", "vscode")
                .run();
            assert!(!asked.exists(), "the window asked: {}", run.report());
            run
        },
        again: true,
        packages: false,
        told: Told::Shown,
    });
}
