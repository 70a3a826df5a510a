//! Homes that are none, and files that are not what or whose they should be.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::time::Duration;

use super::*;
use crate::given::{account, plain};

fn prepared() -> (Sandbox, [Account; 2]) {
    let sandbox = Sandbox::new(None);
    let accounts = [account("https://github.com/acme"), plain("https://git.example.com/a/b", "u", "first")];
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts)
}

fn asked() -> String {
    request("github.com", "acme/r", "")
}

/// F05, F06.
#[test]
fn without_a_home_nothing_is_read_or_written_and_it_is_said() {
    let (sandbox, _) = prepared();
    let at_the_root = || [".config", ".local"].map(|name| Path::new("/").join(name).exists());
    let before = at_the_root();
    for home in [None, Some(""), Some("."), Some("home"), Some("../home"), Some("~")] {
        for word in ["get", "store", "erase"] {
            let run = with_home(sandbox.patron([word]), home).stdin(stored("git.example.com", "u", "second"));
            says_so_and_exits_0(&run.run().prints(""), "HOME is not set to an absolute path");
        }
        for words in [&["list"][..], &["remove", "acme", "--yes"]] {
            let output = with_home(sandbox.patron(words), home).fails(1).prints("");
            assert!(
                output.stderr().contains("HOME") && output.stderr().contains("fix:"),
                "{}",
                output.report()
            );
        }
        assert_eq!(
            names_in(&sandbox.work()),
            [] as [String; 0],
            "HOME={home:?}: nothing in the working folder"
        );
    }
    assert_eq!(at_the_root(), before, "nor at the root of everything");
}

fn with_home(run: Run, home: Option<&str>) -> Run {
    match home {
        Some(home) => run.env("HOME", home),
        None => run.env_remove("HOME"),
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_home_that_is_a_file_gives_no_accounts_and_cannot_keep_any() {
    let sandbox = Sandbox::new(None);
    let file = sandbox.write("file", "text");
    let run =
        |word| sandbox.patron([word]).stdin(stored("git.example.com", "u", "second")).env("HOME", &file);
    run("get").ok().prints("").says("");
    says_so_and_exits_0(
        &run("store").run(),
        "nothing is kept for git.example.com/a/b: cannot make the folder",
    );
    assert_eq!(fs::read(&file).expect("still there"), b"text");
}

/// The XDG base directory specification: what is not there yet is made, for its user alone.
#[test]
fn a_home_that_is_not_there_yet_is_made_for_its_user_alone() {
    let sandbox = Sandbox::new(None);
    let home = sandbox.root().join("later");
    let run =
        |word| sandbox.patron([word]).stdin(stored("git.example.com", "u", "second")).env("HOME", &home);
    run("get").ok().prints("");
    assert!(!home.exists(), "asking makes nothing");
    run("store").ok();
    assert_eq!(fs::metadata(&home).expect("made").mode() & 0o777, 0o700);
    run("get").ok().prints("username=u\npassword=second\n\n");
}

#[test]
fn relative_xdg_folders_are_ignored_as_the_specification_says() {
    let (sandbox, accounts) = prepared();
    let names = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"];
    let with = |word, stdin: String| {
        names.iter().fold(sandbox.patron([word]).stdin(stdin), |run, name| run.env(name, "here")).ok()
    };
    assert!(with("get", asked()).stdout() == accounts[0].answer());
    with("store", stored("new.example.com", "u", "second"));
    assert_eq!(names_in(&sandbox.work()), [] as [String; 0]);
    assert_eq!(listed(&sandbox).len(), 3);
}

/// F24: what is wrong, and the command that mends it; mended by nobody but the user.
#[test]
fn a_vault_that_others_can_read_or_write_is_refused_and_left_as_it_is() {
    let (sandbox, _) = prepared();
    let secrets = given::secrets_file(&sandbox);
    let folder = secrets.parent().expect("a folder").to_owned();
    for (path, modes, mended) in [
        (&secrets, &[0o644, 0o660, 0o640, 0o604, 0o666, 0o777, 0o602, 0o610][..], "chmod 600"),
        (&folder, &[0o777, 0o770, 0o720, 0o702, 0o755 | 0o022], "chmod 700"),
    ] {
        let usual = fs::metadata(path).expect("there").mode() & 0o7777;
        for mode in modes {
            given::chmod(path, *mode);
            let before = fs::read(&secrets).expect("there");
            for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
                let output = sandbox.patron([word]).stdin(stdin).run().prints("");
                says_so_and_exits_0(&output, &format!("{mended} {}", path.display()));
                assert!(output.stderr().contains(&format!("mode {mode:04o}")), "{}", output.report());
            }
            assert_eq!(fs::metadata(path).expect("there").mode() & 0o7777, *mode, "left as it is");
            assert_eq!(fs::read(&secrets).expect("there"), before);
        }
        given::chmod(path, usual);
    }
}

#[test]
fn a_list_that_everybody_can_write_is_refused_and_left_as_it_is() {
    let (sandbox, _) = prepared();
    let list = given::accounts_file(&sandbox);
    let before = fs::read(&list).expect("there");
    for mode in [0o666, 0o602, 0o777] {
        given::chmod(&list, mode);
        for (word, stdin) in
            [("get", asked()), ("store", stored("new.example.com", "u", "third")), ("erase", asked())]
        {
            let output = sandbox.patron([word]).stdin(stdin).run().prints("");
            says_so_and_exits_0(&output, &format!("chmod o-w {}", list.display()));
        }
        sandbox.patron(["list"]).fails(1).prints("").says("fix: chmod o-w");
        assert_eq!(
            (fs::metadata(&list).expect("there").mode() & 0o777, fs::read(&list).expect("there")),
            (mode, before.clone())
        );
    }
    // A list that others may read is how dotfiles lie about: it holds no secret.
    given::chmod(&list, 0o644);
    all_are_given(&sandbox, &prepared_again(&sandbox));
    store(&sandbox, "new.example.com", "u", "third").ok();
    assert_eq!(fs::metadata(&list).expect("there").mode() & 0o777, 0o644, "its user chose that mode");
}

fn prepared_again(sandbox: &Sandbox) -> Vec<Account> {
    let secrets = secrets(&given::secrets_file(sandbox));
    let mut acme = account("https://github.com/acme");
    acme.secret = secrets[&acme.id()].clone();
    vec![acme, plain("https://git.example.com/a/b", "u", "first")]
}

/// F24: as root by giving the file away, else by a link to a file of root's.
#[test]
fn a_file_of_another_user_is_refused() {
    for which in [given::secrets_file, given::accounts_file] {
        let (sandbox, _) = prepared();
        let file = which(&sandbox);
        if is_root() {
            std::os::unix::fs::chown(&file, Some(65_534), None).expect("root may");
        } else if which(&sandbox) == given::secrets_file(&sandbox) {
            fs::remove_file(&file).expect("ours");
            // Root's, and safe from this user.
            symlink("/etc/hostname", &file).expect("ours");
        } else {
            // The list may be the system's: only root can show another user's.
            continue;
        }
        let output = get(&sandbox, "github.com", "acme/r").prints("");
        says_so_and_exits_0(&output, "belongs to another user");
        let output = store(&sandbox, "new.example.com", "u", "third").prints("");
        says_so_and_exits_0(&output, "belongs to another user");
    }
}

/// F25. What stands in the place of one of our files; links lead to victims in the sandbox.
const ODD: &[&str] = &["link", "link to a device", "fifo", "dangling", "loop", "folder", "second name"];

/// What a link leads to, and must stay as it is.
const PRECIOUS: &str = "precious = \"of somebody else\"\n# and not ours";

fn put(odd: &str, at: &Path, sandbox: &Sandbox) {
    let precious = sandbox.root().join("precious");
    let _ = fs::remove_file(at);
    fs::create_dir_all(at.parent().expect("a folder")).expect("ours");
    let link = |to: &Path| symlink(to, at).expect("ours");
    match odd {
        "link" => {
            // No TOML, so that nobody can take it for an empty list.
            fs::write(&precious, [PRECIOUS, "\n[[["].concat()).expect("ours");
            given::chmod(&precious, 0o644);
            link(&precious);
        }
        "link to a device" => link(&device(sandbox)),
        "fifo" => make("mkfifo", &[at.as_os_str()]),
        "dangling" => link(Path::new("not-there/nothing")),
        "loop" => link(at),
        "folder" => fs::create_dir(at).expect("ours"),
        "second name" => {
            fs::write(at, "version = 1\n").expect("ours");
            given::chmod(at, 0o600);
            fs::hard_link(at, at.with_extension("second")).expect("ours");
        }
        _ => unreachable!("{odd}"),
    }
}

fn make(program: &str, arguments: &[&std::ffi::OsStr]) {
    let status = Command::new(tool(program, "coreutils")).args(arguments).status().expect("it was found");
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

/// An endless device: as root one of our own, else the system's, which only root could harm.
fn device(sandbox: &Sandbox) -> PathBuf {
    if !is_root() {
        return PathBuf::from("/dev/zero");
    }
    let device = sandbox.root().join("zero");
    if !device.exists() {
        make("mknod", &[device.as_os_str(), "c".as_ref(), "1".as_ref(), "5".as_ref()]);
    }
    device
}

/// Fails unless what links lead to is as it was.
#[track_caller]
fn victims_are_unharmed(sandbox: &Sandbox, odd: &str) {
    use std::os::unix::fs::FileTypeExt as _;
    match odd {
        "link" => {
            let precious = fs::read_to_string(sandbox.root().join("precious")).expect("still there");
            assert!(precious.starts_with(PRECIOUS), "the target of a link was overwritten: {precious}");
        }
        "link to a device" => {
            let kind = fs::metadata(device(sandbox)).expect("still there").file_type();
            assert!(kind.is_char_device(), "a device was replaced by {kind:?}");
        }
        _ => {}
    }
}

#[test]
fn a_vault_or_list_that_is_no_plain_file_is_refused_at_once_and_never_written_through() {
    for which in [given::secrets_file, given::accounts_file] {
        for odd in ODD {
            let (sandbox, _) = prepared();
            let file = which(&sandbox);
            let is_list = file == given::accounts_file(&sandbox);
            // The list holds no secret: a link to a file of the system's is how some install it, and a
            // second name harms nobody. Its content is then what is wrong.
            put(odd, &file, &sandbox);
            let before = names_in(file.parent().expect("a folder"));
            for (word, stdin) in [("get", asked()), ("store", stored("new.example.com", "u", "third"))] {
                if is_list && *odd == "second name" {
                    continue;
                }
                let output =
                    sandbox.patron([word]).stdin(stdin).within(Duration::from_secs(10)).run().prints("");
                let name = if is_list { "accounts.toml" } else { "secrets.toml" };
                says_so_and_exits_0(&output, name);
                assert!(output.took < Duration::from_secs(2), "{odd}: {:?}", output.took);
            }
            let ours = |name: &String| !name.ends_with(".lock");
            let after = names_in(file.parent().expect("a folder"));
            assert_eq!(
                after.iter().filter(|it| ours(it)).collect::<Vec<_>>(),
                before.iter().filter(|it| ours(it)).collect::<Vec<_>>(),
                "{odd}"
            );
            assert_eq!(
                given::files_with(sandbox.root(), "third"),
                [] as [PathBuf; 0],
                "{odd}: nothing was written through"
            );
            victims_are_unharmed(&sandbox, odd);
        }
    }
}

#[test]
fn a_state_that_is_no_plain_file_stops_no_answer() {
    for odd in ODD {
        let (sandbox, accounts) = prepared();
        put(odd, &given::outcomes_file(&sandbox), &sandbox);
        let output = get(&sandbox, "github.com", "acme/r").ok();
        assert!(output.stdout() == accounts[0].answer(), "{odd}: {}", output.stderr());
        assert!(output.took < Duration::from_secs(2), "{odd}: {:?}", output.took);
        let ours = format!("username=mona\npassword={}\n", accounts[0].secret);
        for word in ["store", "erase"] {
            sandbox.patron([word]).stdin(request("github.com", "acme/r", &ours)).ok().prints("");
        }
        assert_eq!(secrets(&given::secrets_file(&sandbox)).len(), 2, "{odd}");
        victims_are_unharmed(&sandbox, odd);
    }
}

#[test]
fn a_lock_or_a_left_over_file_that_is_something_else_hangs_nobody() {
    for odd in ["link", "link to a device", "fifo", "dangling", "loop", "folder"] {
        let (sandbox, accounts) = prepared();
        let secrets = given::secrets_file(&sandbox);
        put(odd, &secrets.with_file_name(".secrets.toml.lock"), &sandbox);
        put(odd, &secrets.with_file_name(".secrets.toml.4711.tmp"), &sandbox);
        let output = store(&sandbox, "new.example.com", "u", "third").prints("");
        assert!(output.took < Duration::from_secs(2), "{odd}: {:?}", output.took);
        let kept = listed(&sandbox).len() == 3;
        assert!(kept || output.stderr().contains("nothing is kept"), "{odd}: {}", output.report());
        all_are_given(&sandbox, &accounts);
        victims_are_unharmed(&sandbox, odd);
    }
}

/// A trace goes where the user says; that it cannot be written is no reason to hang.
#[test]
fn a_trace_to_something_that_nobody_reads_hangs_nobody() {
    let (sandbox, accounts) = prepared();
    for odd in ODD {
        let at = sandbox.root().join(odd.replace(' ', "-"));
        if matches!(*odd, "link" | "second name") {
            // These can be written, and are.
            continue;
        }
        put(odd, &at, &sandbox);
        let output = sandbox
            .patron(["get"])
            .stdin(asked())
            .env("PATRON_TRACE", &at)
            .within(Duration::from_secs(10))
            .run();
        assert!(output.stdout() == accounts[0].answer(), "{odd}: {}", output.stderr());
        assert!(output.took < Duration::from_secs(2), "{odd}: {:?}", output.took);
    }
}

/// F26.
#[test]
fn whatever_the_umask_files_and_folders_are_for_their_user_alone() {
    for umask in ["000", "022", "077"] {
        let sandbox = Sandbox::new(None);
        let trace = sandbox.home().join("trace");
        let script = format!("umask {umask}; \"$PATRON\" store");
        shell(&sandbox, &script)
            .env("PATRON_TRACE", &trace)
            .stdin(stored("git.example.com", "u", "first"))
            .ok();
        let token = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
        let learned = request("github.com", "acme/r", &format!("username=mona\npassword={token}\n"));
        shell(&sandbox, &script).stdin(learned).ok();
        let files = given::files_below(sandbox.home());
        assert!(files.len() >= 7, "two files, their state, three locks, a trace: {files:?}");
        for file in &files {
            assert_eq!(
                fs::metadata(file).expect("there").permissions().mode() & 0o777,
                0o600,
                "{umask}: {}",
                file.display()
            );
            for folder in file.ancestors().skip(1).take_while(|folder| *folder != sandbox.home()) {
                assert_eq!(
                    fs::metadata(folder).expect("there").mode() & 0o777,
                    0o700,
                    "{umask}: {}",
                    folder.display()
                );
            }
        }
    }
}
