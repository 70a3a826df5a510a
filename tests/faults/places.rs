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
        "nothing is stored for git.example.com/a/b: cannot make the folder",
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

/// A4: an account there may name a command to run.
#[test]
fn a_list_that_others_can_write_is_refused_and_left_as_it_is() {
    let (sandbox, _) = prepared();
    let list = given::accounts_file(&sandbox);
    let before = fs::read(&list).expect("there");
    for mode in [0o666, 0o602, 0o777, 0o660, 0o620, 0o664] {
        given::chmod(&list, mode);
        for (word, stdin) in
            [("get", asked()), ("store", stored("new.example.com", "u", "third")), ("erase", asked())]
        {
            let output = sandbox.patron([word]).stdin(stdin).run().prints("");
            says_so_and_exits_0(&output, &format!("chmod go-w {}", list.display()));
        }
        sandbox.patron(["list"]).fails(1).prints("").says("fix: chmod go-w");
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

/// A4: who can write the folder can put another list in its place, with a command to run.
#[test]
fn a_list_in_a_folder_that_others_can_write_runs_no_command_of_theirs() {
    let (sandbox, _) = prepared();
    let list = given::accounts_file(&sandbox);
    let folder = list.parent().expect("a folder").to_owned();
    let mark = sandbox.root().join("ran");
    let planted = given::accounts_toml(&[account("https://github.com/acme")])
        .replace("\"file\"", &format!("\"command\"\ncommand = \"touch '{}'; echo x\"", mark.display()));
    fs::write(&list, planted).expect("ours");
    let above = folder.parent().expect("a folder").to_owned();
    for (path, mode, mended) in [
        (&folder, 0o777, "chmod 700"),
        (&folder, 0o775, "chmod 700"),
        (&folder, 0o722, "chmod 700"),
        (&above, 0o777, "chmod o-w"),
        (&list, 0o664, "chmod go-w"),
    ] {
        let usual = fs::metadata(path).expect("there").mode() & 0o7777;
        given::chmod(path, mode);
        let output = sandbox.patron(["get"]).stdin(asked()).run().prints("");
        says_so_and_exits_0(&output, &format!("{mended} {}", path.display()));
        sandbox.patron(["token", "acme"]).fails(1).prints("").says(mended);
        sandbox.patron(["exec", "--for", "acme", "--", "true"]).fails(1).says(mended);
        assert!(!mark.exists(), "{} {mode:o}: its command ran", path.display());
        given::chmod(path, usual);
    }
    sandbox.patron(["get"]).stdin(asked()).ok();
    assert!(mark.exists(), "with the usual modes it is the user's own");
}

/// A3, A4: who can write our git config decides which program git runs.
#[test]
fn setup_and_outcomes_use_no_file_that_others_can_write() {
    let (sandbox, _) = prepared();
    let ours = given::accounts_file(&sandbox).with_file_name("gitconfig");
    let folder = ours.parent().expect("a folder").to_owned();
    sandbox.patron(["setup"]).ok();
    for (path, mode, mended) in
        [(&folder, 0o777, "chmod 700"), (&ours, 0o666, "chmod go-w"), (&ours, 0o660, "chmod go-w")]
    {
        let usual = fs::metadata(path).expect("there").mode() & 0o7777;
        given::chmod(path, mode);
        sandbox
            .patron(["setup", "--host", "ghe.example.com"])
            .fails(1)
            .says(&format!("{mended} {}", path.display()));
        assert!(!sandbox.home().join(".gitconfig.lock").exists());
        given::chmod(path, usual);
    }
    // What says that a token is good, or rejected, is nobody else's to say either.
    let outcomes = given::outcomes_file(&sandbox);
    fs::create_dir_all(outcomes.parent().expect("a folder")).expect("ours");
    for mode in [0o666, 0o660, 0o606] {
        let _ = fs::remove_file(&outcomes);
        fs::write(&outcomes, "version = 1\nkey = \"00\"\n").expect("ours");
        given::chmod(&outcomes, mode);
        let said = sandbox.patron(["list"]).ok();
        assert!(said.stderr().contains(&format!("chmod go-w {}", outcomes.display())), "{}", said.report());
        let ours = prepared_again(&sandbox)[0].secret.clone();
        let erased = format!("username=mona\npassword={ours}\n");
        sandbox.patron(["erase"]).stdin(request("github.com", "acme/r", &erased)).ok();
        let text = fs::read_to_string(&outcomes).expect("there");
        assert!(
            !text.contains("key = \"00\"") || !text.contains("rejected"),
            "{mode:o}: a planted key is not used: {text}"
        );
    }
}

/// C7: `sudo git`. Root in somebody's home reads nothing of it and leaves nothing there.
#[test]
fn root_in_the_home_of_a_user_leaves_nothing_and_says_as_whom_to_run() {
    if !is_root() {
        return;
    }
    let (sandbox, _) = prepared();
    sandbox.write(".gitconfig", "[user]\n\tname = Mona\n");
    let give_away = |folder: &Path| {
        for path in given::files_below(folder) {
            for path in path.ancestors().take_while(|path| path.starts_with(folder)) {
                std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).expect("root may");
            }
        }
    };
    give_away(sandbox.home());
    let before = given::files_below(sandbox.home());
    let output = sandbox.patron(["get"]).stdin(asked()).run().prints("");
    says_so_and_exits_0(&output, "run git as nobody");
    let output = sandbox.patron(["store"]).stdin(stored("new.example.com", "u", "third")).run().prints("");
    says_so_and_exits_0(&output, "run git as nobody");
    sandbox.patron(["setup"]).fails(1).says("belongs to nobody").says("fix: run git as nobody");
    sandbox.patron(["list"]).fails(1).says("fix: run git as nobody");
    sandbox.patron(["erase"]).stdin(asked()).run();
    assert_eq!(given::files_below(sandbox.home()), before);
    // Without any file of ours there is nothing to read, and nothing is begun either.
    let fresh = Sandbox::new(None);
    std::os::unix::fs::chown(fresh.home(), Some(65_534), Some(65_534)).expect("root may");
    for (word, stdin) in
        [("get", asked()), ("store", stored("new.example.com", "u", "third")), ("erase", asked())]
    {
        fresh.patron([word]).stdin(stdin).run().prints("");
    }
    fresh.patron(["setup"]).fails(1).says("fix: run git as nobody");
    let token = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    let add = fresh.patron(["add", "acme", "--token-stdin", "--no-verify", "--no-browser"]).stdin(token);
    add.fails(1).says("run git as nobody");
    assert_eq!(names_in(fresh.home()), [] as [String; 0], "nothing of root's is left");
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
        let owner = if is_root() { "belongs to nobody" } else { "belongs to root" };
        let output = get(&sandbox, "github.com", "acme/r").prints("");
        says_so_and_exits_0(&output, owner);
        let output = store(&sandbox, "new.example.com", "u", "third").prints("");
        says_so_and_exits_0(&output, owner);
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
        put(odd, &given::lock_of(&sandbox, &secrets), &sandbox);
        put(odd, &secrets.with_file_name(".secrets.toml.lock"), &sandbox);
        put(odd, &secrets.with_file_name(".secrets.toml.4711.tmp"), &sandbox);
        let output = store(&sandbox, "new.example.com", "u", "third").prints("");
        assert!(output.took < Duration::from_secs(2), "{odd}: {:?}", output.took);
        let kept = listed(&sandbox).len() == 3;
        assert!(kept || output.stderr().contains("nothing is stored"), "{odd}: {}", output.report());
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

/// As git has it for its own: a name that means another file in each folder is none.
#[test]
fn a_trace_to_a_relative_file_is_said_to_be_none_and_nothing_is_written_anywhere() {
    let (sandbox, accounts) = prepared();
    for odd in ["trace.log", "./trace", "~/trace", "yes"] {
        let get = sandbox.patron(["get"]).stdin(asked()).env("PATRON_TRACE", odd).ok();
        assert!(get.stdout() == accounts[0].answer(), "{odd}: {}", get.stderr());
        let list = sandbox.patron(["list"]).env("PATRON_TRACE", odd).ok();
        for output in [get, list] {
            let expected = format!(
                "patron: nothing is logged: PATRON_TRACE is \"{odd}\", and neither 1 nor an absolute file name\n"
            );
            assert_eq!(output.stderr(), expected);
        }
        assert_eq!(names_in(&sandbox.work()), [""; 0], "{odd}");
    }
    for off in ["", "0", "false"] {
        sandbox.patron(["list"]).env("PATRON_TRACE", off).ok().says_nothing();
    }
}

/// What git reads as an answer, and what would be no list of accounts any more.
#[test]
fn a_trace_goes_neither_into_the_answer_nor_into_a_file_with_something_else_in_it() {
    let (sandbox, accounts) = prepared();
    let trace = sandbox.root().join("trace");
    for _ in 0..2 {
        let get = sandbox.patron(["get"]).stdin(asked()).env("PATRON_TRACE", &trace).ok();
        assert!(get.stdout() == accounts[0].answer() && get.stderr().is_empty(), "{}", get.stderr());
    }
    let text = fs::read_to_string(&trace).expect("a log");
    assert!(text.lines().count() > 2 && text.lines().all(|line| line.starts_with("patron[")), "{text}");
    let list = sandbox.home().join(".config/git-credential-patron/accounts.toml");
    let kept = fs::read(&list).expect("the list");
    for (odd, why) in [
        (Path::new("/proc/self/fd/1"), "which is neither a file nor a terminal"),
        (&list, "which has something else in it than a log"),
    ] {
        let get = sandbox.patron(["get"]).stdin(asked()).env("PATRON_TRACE", odd).ok();
        assert!(get.stdout() == accounts[0].answer(), "{}: {}", odd.display(), get.stderr());
        let said = get.stderr();
        assert!(said.contains("nothing is logged: PATRON_TRACE is") && said.contains(why), "{said}");
    }
    assert_eq!(fs::read(&list).expect("the list"), kept);
}

/// F26, A3.
#[test]
fn whatever_the_umask_files_and_folders_are_for_their_user_alone() {
    for umask in ["000", "022", "077", "027"] {
        let sandbox = Sandbox::new(None);
        let trace = sandbox.home().join("trace");
        let token = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
        sandbox.write("token", &token);
        given::chmod(&sandbox.home().join("token"), 0o600);
        let script = |words: &str| format!("umask {umask}; \"$PATRON\" {words}");
        let run = |words: &str| shell(&sandbox, &script(words)).env("PATRON_TRACE", &trace);
        run("setup").ok();
        run("add acme --token-stdin --no-verify --no-browser <\"$HOME/token\"").ok();
        run("store").stdin(stored("git.example.com", "u", "first")).ok();
        let ours = format!("username=x-access-token\npassword={token}\n");
        run("store").stdin(request("github.com", "acme/r", &ours)).ok();
        run("erase").stdin(request("github.com", "acme/r", &ours)).ok();
        let files = given::files_below(sandbox.home());
        for name in [
            ".gitconfig",
            "gitconfig",
            "accounts.toml",
            "secrets.toml",
            "outcomes.toml",
            "accounts.toml.lock",
        ] {
            assert!(files.iter().any(|file| file.ends_with(name)), "{name} is made: {files:?}");
        }
        for file in &files {
            let mode = fs::metadata(file).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{umask}: {}", file.display());
            for folder in file.ancestors().skip(1).take_while(|folder| *folder != sandbox.home()) {
                let mode = fs::metadata(folder).expect("there").mode() & 0o777;
                assert_eq!(mode, 0o700, "{umask}: {}", folder.display());
            }
        }
    }
}

/// F26: a mode that is set after the making would leave a moment in which others come in.
#[test]
fn no_file_or_folder_is_open_to_others_even_for_a_moment() {
    let sandbox = Sandbox::new(None);
    let log = sandbox.root().join("log");
    let token = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    let mut made = 0;
    for (words, stdin) in [
        ("add acme --token-stdin --no-verify --no-browser", token.clone()),
        ("store", stored("git.example.com", "u", "first")),
        ("erase", request("github.com", "acme/r", &format!("username=mona\npassword={token}\n"))),
    ] {
        let strace = tool("strace", "strace").display().to_string();
        let script = format!(
            "umask 000; exec {strace} -qq -e trace=openat,open,creat,mkdir,mkdirat -o '{}' \"$PATRON\" {words}",
            log.display()
        );
        shell(&sandbox, &script).stdin(stdin).ok();
        let log = fs::read_to_string(&log).expect("strace writes it");
        let makes = |line: &&str| line.contains("O_CREAT") || line.starts_with("mkdir");
        for line in log.lines().filter(makes) {
            let wanted = if line.starts_with("mkdir") { ", 0700)" } else { ", 0600)" };
            assert!(line.contains(wanted), "{words}: {line}");
            made += 1;
        }
    }
    assert!(made > 10, "something is made: {made}");
    given::seen("F26", &format!("{made} files and folders, each made with its mode under umask 000"));
}

/// What the user chose is kept, and nothing that is replaced gets another mode by the umask.
#[test]
fn a_list_that_its_user_lets_others_read_stays_readable_whatever_the_umask() {
    for umask in ["000", "077"] {
        let (sandbox, _) = prepared();
        let list = given::accounts_file(&sandbox);
        given::chmod(&list, 0o644);
        let script = format!("umask {umask}; \"$PATRON\" store");
        shell(&sandbox, &script).stdin(stored("new.example.com", "u", "third")).ok();
        assert_eq!(fs::metadata(&list).expect("there").mode() & 0o777, 0o644, "{umask}");
        assert_eq!(listed(&sandbox).len(), 3);
    }
}

/// What `setup --system` writes is for all to read: git ends at an include that it may not read.
#[test]
fn what_setup_writes_for_the_system_can_be_read_by_everybody_and_written_by_root_alone() {
    for umask in ["000", "077"] {
        let sandbox = Sandbox::new(None);
        let system = sandbox.root().join("etc").join("gitconfig");
        fs::create_dir(system.parent().expect("a folder")).expect("ours");
        let script = format!("umask {umask}; \"$PATRON\" setup --system");
        shell(&sandbox, &script).env("GIT_CONFIG_SYSTEM", &system).env_remove("GIT_CONFIG_NOSYSTEM").ok();
        let ours = system.with_file_name("git-credential-patron").join("gitconfig");
        for (path, mode) in
            [(&system, 0o644), (&ours, 0o644), (&ours.parent().expect("a folder").to_owned(), 0o755)]
        {
            assert_eq!(fs::metadata(path).expect("made").mode() & 0o777, mode, "{umask}: {}", path.display());
        }
    }
}
