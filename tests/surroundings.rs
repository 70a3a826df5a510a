//! Surroundings in which git itself works, or does not: what git does there with patron, and what patron says.
//!
//! The rows are one table, [`ROWS`]; each is tried with a fetch of a private repository by real git.

use super::forge::{Forge, Policy};
use super::sandbox::{Output, Sandbox};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// What becomes of the fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Git {
    /// It gets the owner's token and is let in.
    Fetches,
    /// It has nobody who answers, and ends as it would without patron.
    EndsAsWithout,
}

/// One row: where, how it is made, what git does, and what is said (nothing: we are silent).
struct Row {
    place: &'static str,
    /// Changes the sandbox, and gives what is put before `git`.
    make: fn(&mut Sandbox) -> Vec<String>,
    git: Git,
    says: &'static str,
}

/// The table.
const ROWS: &[Row] = &[
    Row { place: "as everybody's", make: |_| Vec::new(), git: Git::Fetches, says: "" },
    Row {
        // Without HOME git reads no config of the user's, so it does not come to us.
        place: "env -i without HOME",
        make: |_| ["env", "-u", "HOME"].map(str::to_owned).to_vec(),
        git: Git::EndsAsWithout,
        says: "",
    },
    Row {
        place: "no HOME, and a config that a variable names",
        make: |sandbox| {
            let config = sandbox.home().join("elsewhere");
            sandbox.set("GIT_CONFIG_GLOBAL", &config);
            sandbox.patron(["setup"]).ok();
            ["env", "-u", "HOME"].map(str::to_owned).to_vec()
        },
        git: Git::EndsAsWithout,
        says: "HOME is not set to an absolute path",
    },
    Row {
        place: "HOME that is no folder",
        make: |sandbox| {
            let config = sandbox.home().join(".gitconfig");
            sandbox.set("GIT_CONFIG_GLOBAL", &config);
            sandbox.set("HOME", "/no/such/home");
            sandbox.patron(["setup"]).run();
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "",
    },
    Row {
        // Nothing can be remembered; git is answered all the same.
        place: "state and runtime folders that cannot be made",
        make: |sandbox| {
            sandbox.write("no-folder", "");
            sandbox.set("XDG_STATE_HOME", sandbox.home().join("no-folder"));
            sandbox.set("XDG_RUNTIME_DIR", sandbox.home().join("no-folder"));
            Vec::new()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a disk on which no file may grow",
        make: |_| ["sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"].map(str::to_owned).to_vec(),
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "another user's runtime folder",
        make: |sandbox| {
            let folder = sandbox.root().join("theirs");
            fs::create_dir(&folder).expect("the sandbox is ours");
            give_away(&folder);
            sandbox.set("XDG_RUNTIME_DIR", &folder);
            Vec::new()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a file system without locks",
        make: |sandbox| {
            // Strace makes all of it too slow to ask GitHub within the bound; it is the locks of our files that
            // are of interest.
            sandbox.set("PATRON_PROBE", "never");
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]
                .map(str::to_owned)
                .to_vec()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a container: the home of the host, without the program",
        make: |sandbox| {
            fs::remove_file(sandbox.program()).expect("the sandbox is ours");
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "",
    },
    Row {
        place: "a copied git config, without our file",
        make: |sandbox| {
            fs::remove_file(sandbox.home().join(".config/git-credential-patron/gitconfig"))
                .expect("it is there");
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "",
    },
    Row {
        place: "a copied config, without the list of accounts",
        make: |sandbox| {
            fs::remove_file(sandbox.home().join(".config/git-credential-patron/accounts.toml"))
                .expect("it is there");
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "",
    },
];

#[test]
fn what_git_does_and_what_we_say_is_as_the_table_has_it() {
    for row in ROWS {
        let (_forge, mut sandbox) = scene();
        let before = (row.make)(&mut sandbox);
        let output = fetch(&sandbox, &before);
        let said: Vec<String> =
            output.stderr().lines().filter(|line| line.contains("patron")).map(str::to_owned).collect();
        match row.git {
            Git::Fetches => assert!(output.status.success(), "{}: {}", row.place, output.report()),
            Git::EndsAsWithout => {
                assert_eq!(output.status.code(), Some(128), "{}: {}", row.place, output.report());
                let as_without = output.stderr().contains("terminal prompts disabled");
                assert!(as_without, "{}: {}", row.place, output.report());
            }
        }
        match row.says {
            "" => assert_eq!(said, [] as [String; 0], "{}", row.place),
            text => assert!(said.iter().any(|line| line.contains(text)), "{}: {said:?}", row.place),
        }
    }
}

#[test]
fn nothing_of_ours_is_left_in_another_users_runtime_folder() {
    let (_forge, mut sandbox) = scene();
    let folder = sandbox.root().join("theirs");
    fs::create_dir(&folder).expect("the sandbox is ours");
    if !give_away(&folder) {
        return;
    }
    sandbox.set("XDG_RUNTIME_DIR", &folder);
    fetch(&sandbox, &[]).ok();
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 0);
}

#[test]
fn as_another_user_in_this_home_the_owner_is_named_and_nothing_is_left() {
    let (_forge, sandbox) = scene();
    // `sudo git`: root, in the home of the user.
    if !give_away(sandbox.home()) {
        return;
    }
    let output = fetch(&sandbox, &[]);
    let said = output.stderr();
    if !output.status.success() {
        assert!(said.contains("belongs to"), "{}", output.report());
    }
    let roots: Vec<_> = walk(sandbox.home()).into_iter().filter(|path| uid(path) == 0).collect();
    assert!(roots.is_empty(), "{roots:?}\n{}", output.report());
}

fn scene() -> (Forge, Sandbox) {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme") + "\n").ok();
    (forge, sandbox)
}

fn fetch(sandbox: &Sandbox, before: &[String]) -> Output {
    let all = before.iter().map(String::as_str).chain(["git", "ls-remote", "https://github.com/acme/secret"]);
    let all: Vec<&str> = all.collect();
    sandbox.command(all[0], &all[1..]).run()
}

/// Gives a folder with all in it to another user; false where only root could.
fn give_away(folder: &Path) -> bool {
    if uid(folder) != 0 || !rustix::process::geteuid().is_root() {
        return false;
    }
    let status = Command::new("chown").args(["-R", "-h", "65534"]).arg(folder).status();
    assert!(status.expect("chown is there").success());
    true
}

fn uid(path: &Path) -> u32 {
    path.symlink_metadata().expect("it is there").uid()
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry of ours").path();
        if path.is_dir() && !path.is_symlink() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn authorities_in_a_path_that_only_git_can_expand_are_found_as_git_finds_them() {
    let forge = Forge::start(Policy::sample());
    let mut sandbox = Sandbox::new(&forge);
    sandbox.unset("GIT_SSL_CAINFO");
    let file = fs::canonicalize(forge.ca_file()).expect("the forge has one");
    fs::copy(&file, sandbox.home().join("ca.pem")).expect("the home is ours");
    let up = "/..".repeat(12);
    for value in ["~/ca.pem".to_owned(), format!("%(prefix){up}{}", file.display())] {
        sandbox.git(["config", "--global", "http.https://github.com.sslCAInfo", &value]).ok();
        sandbox.git(["config", "--global", "http.https://api.github.com.sslCAInfo", &value]).ok();
        let add = ["add", "acme", "--label", "acme", "--token-stdin", "--yes"];
        let output = sandbox.patron(add).stdin(format!("{}\n", forge.secret("acme"))).ok();
        assert!(output.stdout().contains("mona"), "GitHub said whose it is: {value}: {}", output.report());
    }
    sandbox.git(["config", "--global", "http.https://api.github.com.sslCAInfo", "~/none.pem"]).ok();
    let output =
        sandbox.patron(["add", "globex", "--token-stdin"]).stdin(format!("{}\n", forge.secret("globex")));
    let output = output.fails(3);
    assert!(output.stderr().contains("/none.pem"), "{}", output.report());
}
