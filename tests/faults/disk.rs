//! Disks that are full, limited, read-only or broken.

use super::*;
use crate::given::{account, plain};
use std::time::{Duration, Instant};

/// Three accounts that must survive everything.
fn accounts() -> [Account; 3] {
    [
        account("https://github.com/acme"),
        plain("https://git.example.com/a/b", "u", "first"),
        plain("https://other.example.com", "u", "second"),
    ]
}

fn prepared() -> (Sandbox, [Account; 3]) {
    let sandbox = Sandbox::new(None);
    let accounts = accounts();
    given::accounts(&sandbox, &accounts);
    (sandbox, accounts)
}

fn both_files(sandbox: &Sandbox) -> [Vec<u8>; 2] {
    [given::accounts_file(sandbox), given::secrets_file(sandbox)]
        .map(|file| std::fs::read(file).expect("it is there"))
}

/// F01. A disk of 64 KiB with so many pages left. What the disk held in the end is copied to `after`.
fn store_on_a_disk_with(pages: usize, place: &str) -> (Sandbox, Output) {
    let (sandbox, _) = prepared();
    std::fs::write(sandbox.work().join("request"), stored("new.example.com", "u", "third")).expect("ours");
    let script = format!(
        r#"
        cp -a "$HOME/." before
        mkdir small && mount -t tmpfs -o size=64k,mode=700 tmpfs small
        cp -a "{place}/." small
        mount --bind small "{place}"
        cat /dev/zero >"{place}/fill" 2>/dev/null || true
        truncate -s -$(({pages} * 4096)) "{place}/fill"
        "$PATRON" store <request
        rm "{place}/fill"
        mkdir after && cp -a "$HOME/." after
        "#
    );
    let output = shell_that_mounts(&sandbox, &script);
    (sandbox, output)
}

#[test]
fn on_a_full_disk_nothing_is_kept_and_nothing_is_lost() {
    for place in ["$HOME", "$HOME/.local/share/git-credential-patron", "$HOME/.config/git-credential-patron"]
    {
        let (sandbox, output) = store_on_a_disk_with(0, place);
        says_so_and_exits_0(&output, "No space left on device");
        assert!(
            output.stderr().contains("nothing is stored for new.example.com"),
            "{place}: {}",
            output.stderr()
        );
        let after = sandbox.work().join("after");
        for file in
            [".config/git-credential-patron/accounts.toml", ".local/share/git-credential-patron/secrets.toml"]
        {
            let at =
                |folder: &str| std::fs::read(sandbox.work().join(folder).join(file)).expect("it is there");
            let same = at("before") == at("after");
            // A list that could not take the account makes the vault give its secret back.
            let given_back = place.contains(".config") && file.ends_with("secrets.toml");
            assert!(same || given_back, "{place}: {file} is as it was");
        }
        assert_eq!(leftovers(&after), [] as [PathBuf; 0], "{place}");
        assert_eq!(given::files_with(&after, "third"), [] as [PathBuf; 0], "{place}");
    }
}

#[test]
fn with_a_little_room_all_is_kept_or_nothing() {
    let mut kept = 0;
    for pages in 0..=4 {
        let (sandbox, output) = store_on_a_disk_with(pages, "$HOME");
        let output = output.ok().prints("");
        let after = sandbox.work().join("after");
        let secrets = secrets(&after.join(".local/share/git-credential-patron/secrets.toml"));
        let list = std::fs::read_to_string(after.join(".config/git-credential-patron/accounts.toml"))
            .expect("there");
        let complains = output.stderr().contains("nothing is stored");
        assert_eq!(secrets.len(), if complains { 3 } else { 4 }, "{pages} pages: {}", output.report());
        assert_eq!(list.matches("[[account]]").count(), secrets.len(), "{pages} pages");
        assert_eq!(leftovers(&after), [] as [PathBuf; 0]);
        kept += usize::from(!complains);
    }
    assert!((1..=4).contains(&kept), "both outcomes are tried: {kept} of 5 kept");
}

/// F02: what may be lost is given up, and the answer is not.
#[test]
fn a_full_disk_under_the_state_alone_stops_no_answer() {
    let (sandbox, accounts) = prepared();
    let state = "$HOME/.local/state";
    std::fs::create_dir_all(sandbox.home().join(".local/state")).expect("ours");
    std::fs::write(sandbox.work().join("request"), request("github.com", "acme/r", "")).expect("ours");
    let script = format!(
        r#"mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs "{state}"
        cat /dev/zero >"{state}/fill" 2>/dev/null || true
        "$PATRON" get <request"#
    );
    let output = shell_that_mounts(&sandbox, &script).ok();
    assert_eq!(output.stderr(), "");
    assert!(output.stdout() == accounts[0].answer());
}

/// F03: the limit's signal would kill in the middle of writing.
#[test]
fn a_file_size_limit_is_told_like_a_full_disk() {
    let (sandbox, accounts) = prepared();
    let before = both_files(&sandbox);
    for limit in [0, 1] {
        let long = "a".repeat(2000);
        let output = shell(&sandbox, &format!("ulimit -f {limit}; \"$PATRON\" store"))
            .stdin(stored("new.example.com", "u", &long))
            .run()
            .prints("");
        says_so_and_exits_0(&output, "File too large");
        assert_eq!(both_files(&sandbox), before);
        assert_eq!(leftovers(sandbox.home()), [] as [PathBuf; 0]);
    }
    all_are_given(&sandbox, &accounts);
}

/// F03: nor may the limit kill `get`, though its trace, its stderr or its state cannot be written.
#[test]
fn a_file_size_limit_stops_no_answer() {
    let (sandbox, accounts) = prepared();
    for line in [
        "ulimit -f 0; \"$PATRON\" get",
        "ulimit -f 0; PATRON_TRACE=$PWD/trace \"$PATRON\" get",
        "ulimit -f 0; PATRON_TRACE=1 \"$PATRON\" get 2>said",
    ] {
        let output = shell(&sandbox, line).stdin(request("github.com", "acme/r", "")).run();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", output.status);
        assert!(output.stdout() == accounts[0].answer(), "{line}: {}", output.stderr());
        // What was learned of the token is not known for the next run, so each run tries to note it.
        let _ = std::fs::remove_dir_all(sandbox.home().join(".local/state"));
    }
    for word in ["store", "erase"] {
        let line = format!("ulimit -f 0; PATRON_TRACE=$PWD/trace \"$PATRON\" {word} 2>said");
        shell(&sandbox, &line).stdin(stored("new.example.com", "u", "third")).ok();
    }
}

/// F04.
#[test]
fn where_a_folder_cannot_be_written_get_answers_and_store_names_it_and_keeps_nothing() {
    let folder_of = |file: PathBuf| file.parent().expect("a file lies in a folder").to_owned();
    // With and without locks from earlier times, which can still be taken then.
    for used_before in [false, true] {
        let (sandbox, accounts) = prepared();
        let list = folder_of(given::accounts_file(&sandbox));
        let vault = folder_of(given::secrets_file(&sandbox));
        if used_before {
            store(&sandbox, "old.example.com", "u", "old").ok();
        }
        for closed in [vec![&list], vec![&vault], vec![&list, &vault]] {
            let run = |word: &str, stdin: String| {
                let program = sandbox.program().display().to_string();
                let arguments = [without_privileges(), vec![program, word.to_owned()]].concat();
                sandbox.command(&arguments[0], &arguments[1..]).stdin(stdin).run()
            };
            let (before, known) = (secrets(&given::secrets_file(&sandbox)), listed(&sandbox));
            closed.iter().for_each(|folder| given::chmod(folder, 0o500));
            let given = run("get", request("github.com", "acme/r", "")).ok();
            let said = run("store", stored("new.example.com", "u", "third"));
            closed.iter().for_each(|folder| given::chmod(folder, 0o700));
            assert!(
                given.stdout() == accounts[0].answer() && given.stderr().is_empty(),
                "{}",
                given.stderr()
            );
            says_so_and_exits_0(&said, "Permission denied");
            let named = closed.iter().any(|folder| said.stderr().contains(&folder.display().to_string()));
            assert!(named, "{}", said.stderr());
            assert_eq!((secrets(&given::secrets_file(&sandbox)), listed(&sandbox)), (before, known));
            all_are_given(&sandbox, &accounts);
        }
    }
}

#[test]
fn on_a_disk_mounted_read_only_get_answers_and_store_says_where() {
    let (sandbox, accounts) = prepared();
    std::fs::write(sandbox.work().join("asked"), request("github.com", "acme/r", "")).expect("ours");
    std::fs::write(sandbox.work().join("stored"), stored("new.example.com", "u", "third")).expect("ours");
    let script = r#"mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"
        "$PATRON" get <asked
        "$PATRON" store <stored"#;
    let output = shell_that_mounts(&sandbox, script);
    says_so_and_exits_0(&output, "Read-only file system");
    assert!(output.stdout() == accounts[0].answer());
}

/// Runs the product under `strace`, which makes one system call fail or kill. The tracer is not its parent: who asks is
/// this very process, as without it.
pub(super) fn injected(sandbox: &Sandbox, word: &str, stdin: &str, what: &str) -> Output {
    let strace = tool("strace", "strace");
    let inject = format!("inject={what}");
    let program = sandbox.program();
    let arguments = ["-D", "-qq", "-o", "/dev/null", "-e", &inject, &program.display().to_string(), word];
    sandbox.command(strace, arguments).stdin(stdin).run()
}

/// The system calls of a run, from the first one that is the product's own: each with how often that
/// one was made up to there.
pub(super) fn calls(sandbox: &Sandbox, word: &str, stdin: &str) -> Vec<(String, usize)> {
    let strace = tool("strace", "strace");
    let log = sandbox.root().join("calls");
    let program = sandbox.program().display().to_string();
    let _ = std::fs::remove_file(&log);
    let arguments = ["-D", "-qq", "-o", &log.display().to_string(), &program, word].map(str::to_owned);
    sandbox.command(strace, arguments).stdin(stdin).ok();
    let start = Instant::now();
    let log = loop {
        // The tracer ends after what it has traced.
        match std::fs::read_to_string(&log) {
            Ok(text) if text.contains("exit_group(") => break text,
            _ => assert!(start.elapsed() < Duration::from_secs(20), "strace writes its log"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut counts = BTreeMap::new();
    let mut calls = Vec::new();
    let mut ours = false;
    for line in log.lines() {
        let Some((name, arguments)) = line.split_once('(') else { continue };
        let count = counts.entry(name.to_owned()).and_modify(|count| *count += 1).or_insert(1);
        // The first act of `main`; what comes before is the loader's.
        ours |= name == "prctl" && arguments.contains("PR_SET_DUMPABLE");
        if ours && name != "exit_group" {
            calls.push((name.to_owned(), *count));
        }
    }
    assert!(calls.len() > 20, "strace shows the product's calls: {}", calls.len());
    calls
}

/// Calls that have no error; those for memory, without which no program goes on (see F45); randomness,
/// which Rust's hash maps need; and `close`, which Rust asserts to succeed for a folder.
const CANNOT_FAIL: &[&str] = &[
    "close",
    "geteuid",
    "getpid",
    "getrandom",
    "mmap",
    "munmap",
    "brk",
    "mremap",
    "mprotect",
    "madvise",
    "sigaltstack",
];

#[test]
fn an_error_from_any_system_call_of_get_leaves_a_whole_answer_or_none() {
    let (sandbox, accounts) = prepared();
    let asked = request("github.com", "acme/r", "");
    let state = sandbox.home().join(".local/state");
    let calls = calls(&sandbox, "get", &asked);
    let (mut answered, mut silent) = (0, 0);
    for (call, count) in calls.iter().filter(|(call, _)| !CANNOT_FAIL.contains(&call.as_str())) {
        for error in ["EIO", "EINTR"] {
            let _ = std::fs::remove_dir_all(&state);
            let output = injected(&sandbox, "get", &asked, &format!("{call}:error={error}:when={count}"));
            let what = format!("{error} from {call} {count}");
            assert_eq!(output.status.code(), Some(0), "{what}: {}", output.report());
            assert!(!output.stderr().contains("internal error"), "{what}: {}", output.stderr());
            assert!(!output.stderr().contains(&accounts[0].secret), "{what}");
            assert!(output.stdout.is_empty() || output.stdout() == accounts[0].answer(), "{what}");
            assert!(
                !output.stdout.is_empty() || !output.stderr.is_empty(),
                "{what}: no answer, and nothing said"
            );
            if output.stdout.is_empty() { silent += 1 } else { answered += 1 }
        }
    }
    let all = answered + silent;
    given::seen("F01", &format!("{all} errors from system calls of get: {answered} answered, {silent} not"));
    assert!(answered > 10 && silent > 2, "both outcomes are tried: {answered} answered, {silent} not");
}

#[test]
fn an_error_from_any_system_call_of_store_loses_nothing() {
    let (sandbox, accounts) = prepared();
    let new = plain("https://new.example.com/a/b", "u", "third");
    let request = stored("new.example.com", "u", "third");
    let calls = calls(&sandbox, "store", &request);
    let (mut kept, mut refused) = (0, 0);
    for (call, count) in calls.iter().filter(|(call, _)| !CANNOT_FAIL.contains(&call.as_str())) {
        for error in ["ENOSPC", "EINTR"] {
            given::accounts(&sandbox, &accounts);
            let _ = std::fs::remove_dir_all(sandbox.home().join(".local/state"));
            let output = injected(&sandbox, "store", &request, &format!("{call}:error={error}:when={count}"));
            let what = format!("{error} from {call} {count}");
            assert_eq!(output.status.code(), Some(0), "{what}: {}", output.report());
            assert!(!output.stderr().contains("internal error"), "{what}: {}", output.stderr());
            let vault = secrets(&given::secrets_file(&sandbox));
            for account in &accounts {
                assert_eq!(vault.get(&account.id()), Some(&account.secret), "{what}");
            }
            let list = listed(&sandbox);
            let is_listed = list.len() == 4;
            assert!(is_listed || list.len() == 3, "{what}: {list:?}");
            // On the list means in the vault; the other way round, a name is missing only if a message says so.
            assert!(!is_listed || vault.contains_key(&new.id()), "{what}: listed without its secret");
            assert!(is_listed || !output.stderr().is_empty(), "{what}: not kept, and nothing said");
            if is_listed { kept += 1 } else { refused += 1 }
        }
    }
    let all = kept + refused;
    given::seen("F01", &format!("{all} errors from system calls of store: {kept} kept, {refused} not"));
    assert!(kept > 10 && refused > 10, "both outcomes are tried: {kept} kept, {refused} not");
}

/// F03: errors that come late, from a quota, a broken disk or one that was made read-only meanwhile.
#[test]
fn an_error_of_the_disk_is_named_as_what_it_is_and_loses_nothing() {
    let (sandbox, accounts) = prepared();
    let request = stored("new.example.com", "u", "third");
    let mut runs = 0;
    for (error, words) in [
        ("EDQUOT", "Disk quota exceeded"),
        ("EIO", "Input/output error"),
        ("EROFS", "Read-only file system"),
        ("ENOSPC", "No space left on device"),
    ] {
        for call in ["fsync", "rename"] {
            let before = both_files(&sandbox);
            let output = injected(&sandbox, "store", &request, &format!("{call}:error={error}")).prints("");
            says_so_and_exits_0(&output, words);
            assert!(output.stderr().contains("nothing is stored for new.example.com"), "{}", output.stderr());
            assert!(!output.stderr().contains("third"), "{}", output.stderr());
            assert_eq!(both_files(&sandbox), before, "{error} from {call}");
            assert_eq!(leftovers(sandbox.home()), [] as [PathBuf; 0], "{error} from {call}");
            runs += 1;
        }
    }
    all_are_given(&sandbox, &accounts);
    given::seen("F03", &format!("{runs} of EDQUOT, EIO, EROFS, ENOSPC from fsync and rename: each named"));
}

/// F12: what a power cut leaves is the old file or the new one, if what is new is on the disk before its name is,
/// and the name before `store` ends.
#[test]
fn a_store_has_each_file_on_the_disk_before_its_name_and_the_name_before_it_ends() {
    let (sandbox, _) = prepared();
    let log = sandbox.root().join("log");
    let strace = tool("strace", "strace");
    let program = sandbox.program().display().to_string();
    let log_name = log.display().to_string();
    let only = "trace=openat,fsync,fdatasync,rename,renameat,renameat2";
    let arguments = ["-y", "-qq", "-o", log_name.as_str(), "-e", only, &program, "store"];
    sandbox.command(strace, arguments).stdin(stored("new.example.com", "u", "third")).ok();
    let log = std::fs::read_to_string(&log).expect("strace writes it");
    let lines: Vec<&str> = log.lines().collect();
    let synced = |path: &str, among: &[&str]| {
        among.iter().any(|line| line.contains("sync(") && line.contains(&format!("<{path}>")))
    };
    let mut put = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("rename")) {
        let names: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let [from, to] = names[..] else { panic!("{line}") };
        // What may be lost need not survive.
        if to.contains("/.local/state/") {
            continue;
        }
        let folder = Path::new(to).parent().expect("a folder").display().to_string();
        assert!(synced(from, &lines[..at]), "{to} is written through before it gets its name:\n{log}");
        assert!(synced(&folder, &lines[at..]), "its name is, too:\n{log}");
        put.push(Path::new(to).file_name().expect("a name").to_string_lossy().into_owned());
    }
    assert_eq!(put, ["secrets.toml", "accounts.toml"]);
    given::seen("F12", "fsync of file, rename, fsync of folder, for secrets.toml and then accounts.toml");
}

/// C3: a file system that cannot lock, as NFS without its lock service.
#[test]
fn where_nothing_can_be_locked_a_file_takes_the_part_of_the_lock() {
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS"] {
        let (sandbox, accounts) = prepared();
        let request = stored("new.example.com", "u", "third");
        let output = injected(&sandbox, "store", &request, &format!("flock:error={error}"));
        assert_eq!(output.stderr(), "", "{error}: {}", output.report());
        all_are_given(&sandbox, &accounts);
        assert_eq!(listed(&sandbox).len(), 4, "{error}");
        let locks = given::lock_of(&sandbox, &given::accounts_file(&sandbox));
        let held = |file: &Path| given::lock_of(&sandbox, file).with_extension("held");
        assert!(!held(&given::accounts_file(&sandbox)).exists(), "{error}: it goes with its process");

        // One that is held is waited for and named; one whose holder is gone is taken over.
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name").trim().to_owned();
        let file = held(&given::secrets_file(&sandbox));
        std::fs::write(&file, format!("{} {machine}", std::process::id())).expect("ours");
        let other = stored("other.example.com", "u", "fourth");
        let output = injected(&sandbox, "store", &other, &format!("flock:error={error}"));
        assert!(output.stderr().contains("secrets.toml.held"), "{error}: {}", output.report());
        std::fs::write(&file, format!("999999999 {machine}")).expect("ours");
        let output = injected(&sandbox, "store", &other, &format!("flock:error={error}"));
        assert_eq!(output.stderr(), "", "{error}: {}", output.report());
        assert!(!file.exists() && locks.exists(), "{error}");
    }
}

/// C3: what is mounted by itself cannot be replaced; nothing is half done, and the way out is named.
#[test]
fn a_file_that_is_mounted_by_itself_is_named_and_nothing_is_left_half_done() {
    let (sandbox, accounts) = prepared();
    std::fs::write(sandbox.work().join("request"), stored("new.example.com", "u", "third")).expect("ours");
    sandbox.write(".gitconfig", "[user]\n\tname = Mona\n");
    let script = r#"
        list="$HOME/.config/git-credential-patron/accounts.toml"
        ours="$HOME/.config/git-credential-patron/gitconfig"
        cp "$list" alone && chmod 600 alone && mount --bind alone "$list"
        "$PATRON" store <request
        umount "$list"
        cp "$HOME/.gitconfig" config && mount --bind config "$HOME/.gitconfig"
        "$PATRON" setup && exit 9
        test ! -e "$ours" && test ! -e "$HOME/.gitconfig.lock"
        umount "$HOME/.gitconfig"
    "#;
    let output = shell_that_mounts(&sandbox, script).ok();
    let said = output.stderr();
    let folder = given::accounts_file(&sandbox).parent().expect("a folder").display().to_string();
    assert!(said.contains(&format!("mount {folder} as a whole instead")), "{said}");
    assert!(said.contains(&format!("mount {} as a whole instead", sandbox.home().display())), "{said}");
    assert!(
        !secrets(&given::secrets_file(&sandbox)).contains_key("https://new.example.com/a/b#u"),
        "taken out again"
    );
    assert_eq!(listed(&sandbox).len(), 3);
    all_are_given(&sandbox, &accounts);
}

/// C3: what cannot be put in its place leaves nothing behind, and says which file it is.
#[test]
fn a_setup_that_cannot_put_gits_file_in_its_place_is_undone_whole() {
    for error in ["EBUSY", "EROFS", "EXDEV", "ENOSPC"] {
        let (sandbox, _) = prepared();
        let config = sandbox.write(".gitconfig", "[user]\n\tname = Mona\n");
        let before = given::files_below(sandbox.home());
        // Our own file comes first, and then git's.
        let strace = tool("strace", "strace").display().to_string();
        let inject = format!("inject=rename,renameat,renameat2:error={error}:when=2");
        let program = sandbox.program().display().to_string();
        let words = ["-D", "-qq", "-o", "/dev/null", "-e", &inject, &program, "setup"];
        let output = sandbox.command(strace, words).fails(1);
        assert!(output.stderr().contains(".gitconfig"), "{error}: {}", output.report());
        assert_eq!(std::fs::read(&config).expect("it is there"), b"[user]\n\tname = Mona\n", "{error}");
        let left: Vec<_> = given::files_below(sandbox.home())
            .into_iter()
            .filter(|path| !before.contains(path) && !path.to_string_lossy().contains("/locks/"))
            .collect();
        assert!(left.is_empty(), "{error}: {left:?}");
        sandbox.patron(["setup"]).ok();
    }
}
