//! gh, which most people come from: logged in before patron came, and once more after.

use super::*;

/// gh with a login of its own, as `gh auth login` leaves it.
fn log_in(world: &World) {
    let secret = world.forge.secret("classic");
    let line = format!("github.com:\n    user: mona\n    oauth_token: {secret}\n    git_protocol: https\n");
    world.sandbox.write(".config/gh/hosts.yml", line);
}

fn set_git_up(world: &World) {
    world.run("gh", ["auth", "setup-git"]).ok();
}

fn ls_remote(world: &World, repo: &str) -> Output {
    world.git(world.sandbox.work(), &format!("ls-remote -q https://github.com/{repo}")).run()
}

/// The tokens that were shown to git's part of the forge, each once a repository.
fn shown(world: &World) -> Vec<(String, String)> {
    let mut shown: Vec<_> =
        world.forge.git_asks().into_iter().map(|(_, owner, _, _, token)| (owner, token)).collect();
    shown.dedup();
    world.forge.clear_log();
    shown
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(owner, token)| ((*owner).to_owned(), (*token).to_owned())).collect()
}

#[test]
#[ignore = "a step of its own, `clients`: it needs gh"]
fn gh_before_patron_answers_for_the_owners_that_have_no_account() {
    for git in gits() {
        let twin = World::bare(git);
        log_in(&twin);
        set_git_up(&twin);
        let all = ["acme/anvil", "globex/beam", "hooli/nut"];
        all.iter().for_each(|repo| drop(ls_remote(&twin, repo).ok()));
        let alone = twin.requests();

        let world = World::bare(git);
        log_in(&world);
        set_git_up(&world);
        world.settle_in();
        all.iter().for_each(|repo| drop(ls_remote(&world, repo).ok()));
        assert_eq!(shown(&world), pairs(&[("acme", "acme"), ("globex", "globex"), ("hooli", "classic")]));
        all.iter().for_each(|repo| drop(ls_remote(&world, repo).ok().says_nothing()));
        assert_eq!(world.requests(), alone, "git {}: not what is asked without patron", git.version);
        let refused = ls_remote(&world, PENDING);
        assert!(!refused.status.success(), "{}", refused.report());
        refused.says("initech has most likely not approved the token \"initech\" yet");
        assert!(shown(&world).iter().all(|(owner, token)| owner == token), "gh's is not shown to initech");
        world.is_found_by_status("gh before", Told::Shown);
    }
}

#[test]
#[ignore = "a step of its own, `clients`: it needs gh"]
fn gh_after_patron_is_named_with_what_takes_it_away() {
    for git in gits() {
        let world = World::new(git);
        log_in(&world);
        set_git_up(&world);
        // Now git asks gh, for every owner.
        ls_remote(&world, "acme/anvil").ok();
        assert_eq!(shown(&world), pairs(&[("acme", "classic")]));
        let status = world.sandbox.patron(["status"]).fails(1).stdout();
        assert!(
            status.contains("gh ... first") && status.contains("-> git credential-patron setup\n"),
            "{status}"
        );
        world.sandbox.patron(["setup"]).ok();
        world.forge.clear_log();
        for repo in ["acme/anvil", "globex/beam"] {
            ls_remote(&world, repo).ok();
        }
        ls_remote(&world, "hooli/nut").ok();
        assert_eq!(shown(&world), pairs(&[("acme", "acme"), ("globex", "globex"), ("hooli", "classic")]));
    }
}
