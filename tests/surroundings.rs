//! Surroundings in which git itself works, or does not: what git does there with patron, and what patron says.
//!
//! The rows are one table, [`ROWS`]. Each is tried by real git with a token that works and with one that awaits
//! approval, and by `diagnose`: where git is answered a refusal is explained, and what could not be asked is never
//! called fine.

use super::forge::{Forge, PendingAnswer, Policy, State};
use super::sandbox::{Output, Sandbox};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What becomes of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Git {
    /// It gets the owner's token and is let in.
    Fetches,
    /// It has nobody who answers, and ends as it would without patron.
    EndsAsWithout,
}

/// One row: where, how it is made, what git does, and what is said of a token that works (nothing: we are silent).
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
        // A job of cron's, or a program that cleans the environment: the way to GitHub stands in git's config.
        place: "env -i with HOME and PATH alone",
        make: |sandbox| {
            let variable = |name: &str| {
                let all = sandbox.environment();
                all.get(std::ffi::OsStr::new(name)).and_then(|it| it.to_str()).expect("it is set").to_owned()
            };
            let kept = ["HOME", "PATH", "PATRON_VAULT"].map(|name| format!("{name}={}", variable(name)));
            for (key, name) in [("http.proxy", "HTTPS_PROXY"), ("http.sslCAInfo", "GIT_SSL_CAINFO")] {
                sandbox.git(["config", "--global", key, &variable(name)]).ok();
            }
            let quiet = ["GIT_TERMINAL_PROMPT=0".to_owned(), "GIT_CONFIG_NOSYSTEM=1".to_owned()];
            [words("env -i"), kept.to_vec(), quiet.to_vec()].concat()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        // Without HOME git reads no config of the user's, so it does not come to us.
        place: "env -i without HOME",
        make: |_| words("env -u HOME"),
        git: Git::EndsAsWithout,
        says: "",
    },
    Row {
        place: "no HOME, and a config that a variable names",
        make: |sandbox| {
            let config = sandbox.home().join("elsewhere");
            sandbox.set("GIT_CONFIG_GLOBAL", &config);
            sandbox.patron(["setup"]).ok();
            words("env -u HOME")
        },
        git: Git::EndsAsWithout,
        says: "HOME is not set to an absolute path",
    },
    Row {
        place: "a relative HOME, and a config that a variable names",
        make: |sandbox| {
            let config = sandbox.home().join("elsewhere");
            sandbox.set("GIT_CONFIG_GLOBAL", &config);
            // Git takes `~/` from there as well: with our file named absolutely it comes to us.
            let folder = sandbox.home().join(".config/git-credential-patron/gitconfig");
            sandbox.write("elsewhere", format!("[include]\n\tpath = {}\n", folder.display()));
            words("env HOME=home")
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
        place: "a home that is mounted read-only",
        make: |_| mounting("mount --bind \"$HOME\" \"$HOME\" && mount -o remount,bind,ro \"$HOME\""),
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a home in which nobody may write",
        make: |sandbox| {
            // Whoever makes these tests cleans up below the home, so only what patron writes to is closed.
            let state = sandbox.home().join(".local/state");
            let _ = fs::remove_dir_all(&state);
            fs::create_dir_all(&state).expect("the sandbox is ours");
            fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o555)).expect("ours");
            match rustix::process::geteuid().is_root() {
                true => words("setpriv --bounding-set=-all --inh-caps=-all"),
                false => Vec::new(),
            }
        },
        git: Git::Fetches,
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
        place: "a full disk below the state folder, and no other place",
        make: |sandbox| {
            sandbox.set("TMPDIR", sandbox.home().join(".local/state"));
            mounting(
                "state=\"$HOME/.local/state\"; mkdir -p \"$state\"; mount -t tmpfs -o size=64k,mode=700 tmpfs \"$state\"; \
                 cat /dev/zero >\"$state/fill\" 2>/dev/null || :",
            )
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "another user's runtime folder",
        make: |sandbox| {
            let folder = theirs(sandbox);
            give_away(&folder);
            Vec::new()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a runtime folder in which everybody may write",
        make: |sandbox| {
            let folder = theirs(sandbox);
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
            fs::set_permissions(folder, mode).expect("the sandbox is ours");
            Vec::new()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        // As after `su`: the variable is there, and the folder is not.
        place: "a runtime folder that is not there",
        make: |sandbox| {
            let folder = theirs(sandbox);
            fs::remove_dir(folder).expect("the sandbox is ours");
            Vec::new()
        },
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a file system whose lock service does not answer (NFS)",
        make: |_| without_locks("ENOLCK"),
        git: Git::Fetches,
        says: "",
    },
    Row {
        place: "a file system that knows no locks",
        make: |_| without_locks("EOPNOTSUPP"),
        git: Git::Fetches,
        says: "",
    },
    Row {
        // Both `sudo git` where HOME stays, and root in a container that has a user's home.
        place: "root in a user's home",
        make: |sandbox| {
            give_away(sandbox.home());
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "belongs to nobody; fix: run git as nobody",
    },
    Row {
        place: "root in a home of its own",
        make: |sandbox| {
            let home = sandbox.root().join("of-root");
            fs::create_dir(&home).expect("the sandbox is ours");
            sandbox.set("HOME", &home);
            Vec::new()
        },
        git: Git::EndsAsWithout,
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
    Row {
        place: "a copied config, without the secrets",
        make: |sandbox| {
            fs::remove_file(sandbox.home().join(".local/share/git-credential-patron/secrets.toml"))
                .expect("it is there");
            Vec::new()
        },
        git: Git::EndsAsWithout,
        says: "no token for acme; add it again: git credential-patron add acme",
    },
];

#[test]
fn what_git_does_and_what_we_say_is_as_the_table_has_it() {
    for row in ROWS.iter().filter(|row| can_be_made(row)) {
        let (_forge, mut sandbox) = scene(Policy::sample());
        let before = (row.make)(&mut sandbox);
        let output = fetch(&sandbox, &before);
        match row.git {
            Git::Fetches => assert!(output.status.success(), "{}: {}", row.place, output.report()),
            Git::EndsAsWithout => {
                assert_eq!(output.status.code(), Some(128), "{}: {}", row.place, output.report());
                let as_without = output.stderr().contains("terminal prompts disabled");
                assert!(as_without, "{}: {}", row.place, output.report());
            }
        }
        let said = said(&output);
        match row.says {
            "" => assert_eq!(said, [] as [String; 0], "{}", row.place),
            text => assert!(said.iter().any(|line| line.contains(text)), "{}: {said:?}", row.place),
        }
    }
}

#[test]
fn a_token_that_awaits_approval_is_explained_wherever_git_is_answered_and_is_fine_nowhere() {
    for row in ROWS.iter().filter(|row| can_be_made(row)) {
        let mut policy = Policy::sample();
        policy.token_mut("acme").state = State::Pending;
        policy.pending = PendingAnswer::NotFound;
        let (forge, mut sandbox) = scene(policy);
        let before = (row.make)(&mut sandbox);
        // Twice: nothing may have been remembered.
        for _ in 0..2 {
            let output = fetch(&sandbox, &before);
            assert!(!output.status.success(), "{}: {}", row.place, output.report());
            let said = said(&output).join("\n");
            let is_explained = said.contains("acme has most likely not approved");
            assert_eq!(is_explained, row.git == Git::Fetches, "{}: {}", row.place, output.report());
        }
        let program = env!("CARGO_BIN_EXE_git-credential-patron");
        let diagnosed = run(&sandbox, &before, &[program, "diagnose", "acme/secret", "--json"]);
        assert!(!diagnosed.status.success(), "{}: {}", row.place, diagnosed.report());
        assert!(!diagnosed.stdout().contains("\"id\": \"ok\""), "{}: {}", row.place, diagnosed.report());
        assert_eq!(forge.policy(|policy| policy.token_mut("acme").state), State::Pending);
    }
}

#[test]
fn nothing_of_ours_is_left_in_a_runtime_folder_that_is_not_ours_and_none_is_made() {
    for is_there in [true, false] {
        let (_forge, mut sandbox) = scene(Policy::sample());
        let folder = theirs(&mut sandbox);
        if is_there && !give_away(&folder) {
            continue;
        }
        if !is_there {
            fs::remove_dir(&folder).expect("the sandbox is ours");
        }
        fetch(&sandbox, &[]).ok();
        sandbox.patron(["diagnose", "acme/secret"]).ok();
        assert_eq!(folder.exists(), is_there);
        assert_eq!(fs::read_dir(&folder).map_or(0, Iterator::count), 0);
    }
}

#[test]
fn as_another_user_in_this_home_the_owner_is_named_and_nothing_is_left() {
    let (_forge, sandbox) = scene(Policy::sample());
    // `sudo git`: root, in the home of the user.
    if !give_away(sandbox.home()) {
        return;
    }
    let output = fetch(&sandbox, &[]);
    assert!(output.stderr().contains("belongs to"), "{}", output.report());
    let roots: Vec<_> = walk(sandbox.home()).into_iter().filter(|path| uid(path) == 0).collect();
    assert!(roots.is_empty(), "{roots:?}\n{}", output.report());
}

fn scene(policy: Policy) -> (Forge, Sandbox) {
    let forge = Forge::start(policy);
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme") + "\n").ok();
    (forge, sandbox)
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Runs this in a mount namespace of its own before what follows.
fn mounting(script: &str) -> Vec<String> {
    let kind = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    ["unshare", kind, "sh", "-eu", "-c", &format!("{script}; exec \"$@\""), "sh"].map(str::to_owned).to_vec()
}

/// Lets every `flock` fail, of all processes below. The filter leaves the other calls as fast as they are.
fn without_locks(error: &str) -> Vec<String> {
    let inject = format!("inject=flock:error={error}");
    ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", &inject]
        .map(str::to_owned)
        .to_vec()
}

/// A folder that the environment names as the session's.
fn theirs(sandbox: &mut Sandbox) -> PathBuf {
    let folder = sandbox.root().join("theirs");
    fs::create_dir(&folder).expect("the sandbox is ours");
    sandbox.set("XDG_RUNTIME_DIR", &folder);
    folder
}

/// Only root can give a home away.
fn can_be_made(row: &Row) -> bool {
    rustix::process::geteuid().is_root() || !row.says.contains("belongs to nobody")
}

fn fetch(sandbox: &Sandbox, before: &[String]) -> Output {
    run(sandbox, before, &["git", "ls-remote", "https://github.com/acme/secret"])
}

fn run(sandbox: &Sandbox, before: &[String], command: &[&str]) -> Output {
    let all: Vec<&str> = before.iter().map(String::as_str).chain(command.iter().copied()).collect();
    sandbox.command(all[0], &all[1..]).run()
}

/// The lines that are ours.
fn said(output: &Output) -> Vec<String> {
    output.stderr().lines().filter(|line| line.contains("patron")).map(str::to_owned).collect()
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

/// Only a git for Windows knows that backend, and it goes by the authorities of Windows then, whatever file is named.
#[test]
fn with_the_backend_of_windows_no_file_of_authorities_is_read_unless_git_is_told_to() {
    let mut sandbox = Sandbox::new(None);
    for name in ["GIT_SSL_CAINFO", "SSL_CERT_FILE"] {
        sandbox.set(name, "/no/such/file.pem");
    }
    let certificates = |sandbox: &Sandbox| {
        let output =
            sandbox.patron(["diagnose", "--offline", "https://github.com/acme/secret"]).fails(1).stdout();
        let line = output.lines().find(|line| line.contains("certificate authorities")).unwrap_or_default();
        line.trim().to_owned()
    };
    assert!(
        certificates(&sandbox).ends_with("/no/such/file.pem (GIT_SSL_CAINFO)"),
        "{}",
        certificates(&sandbox)
    );
    sandbox.git(["config", "--global", "http.sslBackend", "schannel"]).ok();
    let by_system = "the system's certificate authorities (http.sslBackend is schannel)";
    assert!(certificates(&sandbox).ends_with(by_system), "{}", certificates(&sandbox));
    sandbox.git(["config", "--global", "http.schannelUseSSLCAInfo", "true"]).ok();
    assert!(
        certificates(&sandbox).ends_with("/no/such/file.pem (GIT_SSL_CAINFO)"),
        "{}",
        certificates(&sandbox)
    );
}
