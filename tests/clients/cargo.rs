//! cargo, with the two ways in which it fetches a dependency of git's.

use super::*;

/// In the environment of a test that has the network for itself, with github.com on this machine.
pub(super) const ALONE: &str = "TEST_ALONE";

/// A crate that takes the repository as a dependency, with a cargo of no memory.
fn fetch(world: &World, repo: &str, number: usize, by_git: bool) -> Run {
    let (folder, _) = world.folder(repo, number);
    let name = repo.rsplit('/').next().expect("owner/name");
    let manifest = format!(
        "[package]\nname = \"user\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n\
         [dependencies]\n{name} = {{ git = \"https://github.com/{repo}\" }}\n"
    );
    fs::create_dir_all(folder.join("src")).expect("the sandbox is ours");
    fs::write(folder.join("Cargo.toml"), manifest).expect("the sandbox is ours");
    fs::write(folder.join("src/lib.rs"), "").expect("the sandbox is ours");
    let cargo = Path::new(env!("CARGO"));
    world
        .run(cargo, ["fetch"])
        .cwd(&folder)
        .env("RUSTC", cargo.with_file_name("rustc"))
        .env("CARGO_HOME", folder.join("cargo"))
        .env("CARGO_NET_GIT_FETCH_WITH_CLI", by_git.to_string())
        .env("CARGO_NET_RETRY", "0")
}

#[test]
fn cargo_fetches_by_git() {
    let client = Client {
        name: "cargo by git",
        // It first asks GitHub for the newest commit, without a credential.
        act: |world, repo, number| {
            let run = fetch(world, repo, number, true);
            run.env("CARGO_HTTP_CAINFO", world.forge.ca_file()).run()
        },
        again: false,
        packages: true,
        told: Told::Shown,
    };
    client.is_served(&gits()[0]);
}

/// With a proxy or a certificate authority of its own, cargo hands libgit2 a transport that cannot log in: no helper
/// is asked, git's own neither, and cargo itself names the way out.
#[test]
fn cargo_behind_a_proxy_asks_no_helper_unless_it_fetches_by_git() {
    for world in [World::twin(&gits()[0]), World::new(&gits()[0])] {
        let run = fetch(&world, GOOD[0], 1, false).env("CARGO_HTTP_CAINFO", world.forge.ca_file());
        run.fails(101).says("got 401").says("net.git-fetch-with-cli").does_not_say("patron");
        let log = world.forge.log();
        assert!(!log.is_empty() && log.iter().all(|entry| entry.token.is_none()), "{log:?}");
    }
}

/// libgit2 calls the helper itself, with a reading of git's config of its own, and tells it nothing of how it went.
/// End to end it is only tried without a proxy (see above) and at port 443 (it looks a helper up without the port): in
/// a network of its own, where github.com is this machine.
#[test]
#[ignore = "a step of its own, `clients`: it takes a network of its own"]
fn cargo_fetches_by_libgit2() {
    if env::var_os(ALONE).is_none() {
        return alone("clients::cargo::cargo_fetches_by_libgit2");
    }
    let client = Client {
        name: "cargo by libgit2",
        act: |world, repo, number| {
            let run = fetch(world, repo, number, false);
            run.env_remove("HTTPS_PROXY").env_remove("https_proxy").run()
        },
        again: false,
        packages: true,
        told: Told::Asked,
    };
    client.is_served(&gits()[0]);
}

/// Runs a test once more in a network of its own.
fn alone(test: &str) {
    let sandbox = Sandbox::new(None);
    let hosts = sandbox.write("hosts", "127.0.0.1 localhost github.com api.github.com\n");
    let script = "ip link set lo up && mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    let this = env::current_exe().expect("this program has a path");
    let run = sandbox.command("unshare", ["--map-root-user", "--net", "--mount", "sh", "-c", script]);
    let run =
        run.args([hosts.as_os_str(), this.as_os_str()]).args(["--exact", test, "--ignored", "--nocapture"]);
    let output = run.env(ALONE, "1").within(BOUND).ok();
    assert!(output.stdout().contains("1 passed"), "{}", output.report());
    print!("{}", output.stdout());
}
