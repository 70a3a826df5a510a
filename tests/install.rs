//! `install/`: what is installed is found where people and programs look for it, and uninstalling leaves
//! nothing.
//!
//! Each test has a home with spaces and quotes in its path. What is installed there is this build; the way
//! from the sources is tried with a small program in their place, by the real Cargo.

#[cfg(target_os = "linux")]
pub(crate) mod archive;
#[cfg(target_os = "linux")]
mod deb;
mod docs;
#[cfg(target_os = "linux")]
mod packages;
#[cfg(target_os = "linux")]
mod release;
#[cfg(target_os = "linux")]
mod roots;
mod shells;

use crate::sandbox::{Options, Output, PROGRAM, Run, Sandbox};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The list of what was installed.
const LIST: &str = "share/git-credential-patron/installed";

/// A home to install into.
struct Home {
    sandbox: Sandbox,
}

impl Home {
    /// A home whose path is awkward; git finds no patron in it yet.
    fn new() -> Self {
        Self::of(true)
    }

    /// A home with a plain path, for programs that take no other.
    fn plain() -> Self {
        Self::of(false)
    }

    fn of(awkward_home: bool) -> Self {
        let options = Options { awkward_home, ..Options::default() };
        let mut sandbox = Sandbox::with(&options, None);
        fs::remove_file(sandbox.program()).expect("the sandbox's own way to the program");
        let rest = sandbox.environment()[OsStr::new("PATH")].clone();
        let first = sandbox.home().join(".local/bin");
        let search = std::env::join_paths(std::iter::once(first).chain(std::env::split_paths(&rest)));
        sandbox.set("PATH", search.expect("no folder has a colon"));
        // Whoever runs the tests: here it is a user, who installs to ~/.local.
        sandbox.write_program("id", "echo 1000");
        sandbox.set("MANPAGER", "cat");
        Self { sandbox }
    }

    /// Where it goes unless told otherwise.
    fn prefix(&self) -> PathBuf {
        self.sandbox.home().join(".local")
    }

    /// A run of the script of this checkout.
    fn script<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.sandbox.command("sh", [root().join("install/install.sh")]).args(arguments)
    }

    /// Installs this build.
    fn install(&self) -> Output {
        self.script(["--binary", env!("CARGO_BIN_EXE_git-credential-patron")]).ok()
    }

    /// Everything in the home: for each path its mode, and what a file holds.
    fn listing(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        listing(self.sandbox.home())
    }
}

/// Everything in a folder: for each path its mode, and what a file holds.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder of the test") {
        let path = entry.expect("an entry of the test").path();
        let about = fs::symlink_metadata(&path).expect("it is there");
        if about.is_dir() {
            found.extend(listing(&path));
            found.insert(path, (about.mode(), Vec::new()));
        } else {
            let content = fs::read(&path).expect("a file of the test");
            found.insert(path, (about.mode(), content));
        }
    }
    found
}

/// Fails if two listings differ, and says where.
#[track_caller]
fn assert_same(before: &BTreeMap<PathBuf, (u32, Vec<u8>)>, after: &BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:?}\nnew: {new:?}");
    let other: Vec<_> = before.keys().filter(|path| before[*path] != after[*path]).collect();
    assert!(other.is_empty(), "changed: {other:?}");
}

#[test]
fn uninstalling_leaves_nothing_of_what_was_installed() {
    let home = Home::new();
    home.sandbox.write("mine", "stays");
    let before = home.listing();
    let told = home.install().stdout();
    let prefix = home.prefix();
    let installed = listing(&prefix);
    for (file, mode) in [
        ("bin/git-credential-patron", 0o755),
        ("share/man/man1/git-credential-patron.1", 0o644),
        ("share/man/man7/git-credential-patron-denials.7", 0o644),
        ("share/bash-completion/completions/git-credential-patron", 0o644),
        ("share/zsh/site-functions/_git-credential-patron", 0o644),
        ("share/fish/vendor_completions.d/git-credential-patron.fish", 0o644),
        (LIST, 0o644),
    ] {
        let (found, content) = &installed[&prefix.join(file)];
        assert_eq!((found & 0o7777, content.is_empty()), (mode, false), "{file}");
        assert!(told.contains(file) || file == LIST, "{file} is not named: {told}");
    }
    assert_eq!(installed.values().filter(|(mode, _)| mode & 0o170_000 == 0o100_000).count(), 7);
    assert!(home.sandbox.read(".gitconfig").is_none(), "git's config is setup's");
    assert_eq!(told.lines().last(), Some("next: git credential-patron setup"));
    // It is found, and is what was given.
    home.sandbox.git(["credential-patron", "--version"]).ok().prints(concat!(
        "git-credential-patron ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    ));

    home.script(["--uninstall"]).ok();
    assert_same(&before, &home.listing());
    home.script(["--uninstall"]).fails(1).says("nothing was installed below").says("--prefix DIR");
}

#[test]
fn git_opens_the_manual() {
    tool("man", "man-db");
    let home = Home::new();
    home.install();
    for line in [vec!["help", "credential-patron"], vec!["credential-patron", "--help"]] {
        let shown = home.sandbox.git(line).ok().stdout();
        assert!(shown.contains("HOW A TOKEN IS CHOSEN"), "{shown}");
    }
    let shown = home.sandbox.command("man", ["git-credential-patron-denials"]).ok().stdout();
    assert!(shown.contains("sso-required"), "{shown}");
}

#[test]
fn installing_twice_is_the_same_as_once() {
    let home = Home::new();
    let before = home.listing();
    home.install();
    let once = home.listing();
    home.install();
    assert_same(&once, &home.listing());
    home.script(["--uninstall"]).ok();
    assert_same(&before, &home.listing());
}

#[test]
fn what_an_older_version_installed_goes_with_the_next_one() {
    let home = Home::new();
    home.install();
    let list = home.prefix().join(LIST);
    let text = fs::read_to_string(&list).expect("the list");
    fs::write(&list, format!("{text}file share/man/man7/old.7\n")).expect("the list");
    home.sandbox.write(".local/share/man/man7/old.7", "old");
    home.install();
    assert!(!home.prefix().join("share/man/man7/old.7").exists());
    assert_eq!(fs::read_to_string(&list).expect("the list"), text);
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let home = Home::new();
    let before = home.listing();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    let would = home.script(["--dry-run", "--binary", binary]).ok().stdout();
    assert_same(&before, &home.listing());
    let done = home.install().stdout();
    for line in would.lines() {
        let line = line.strip_prefix("would ").unwrap_or_else(|| panic!("what is that: {line}"));
        assert!(done.contains(line), "{line} was not done");
    }
    assert!(would.lines().count() > 10);
    // Without a program it says how it would be made.
    let would = home.script(["--dry-run"]).ok().stdout();
    assert!(would.contains("would run cargo build --release --locked in "), "{would}");
    let installed = home.listing();
    let would = home.script(["--uninstall", "--dry-run"]).ok().stdout();
    assert!(would.contains("would remove "), "{would}");
    assert_same(&installed, &home.listing());
}

#[test]
fn root_installs_for_everybody_and_a_user_at_home() {
    let home = Home::new();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    let place = |home: &Home| {
        // Its own folder may hold an installation of somebody's; the first line names the place all the same.
        let told = home.script(["--dry-run", "--binary", binary]).run();
        told.stdout() + &told.stderr()
    };
    assert!(place(&home).contains(&home.prefix().join("bin").display().to_string()));
    home.sandbox.write_program("id", "echo 0");
    assert!(place(&home).contains("/usr/local/"), "{}", place(&home));
    home.sandbox.write_program("id", "echo 1000");
    for bad in ["", "relative"] {
        let said = home.script(["--dry-run", "--binary", binary]).env("HOME", bad).fails(1);
        said.says("HOME is not set to an absolute path").says("--prefix DIR");
    }
}

#[test]
fn a_prefix_may_be_anywhere_and_says_when_git_will_not_find_it() {
    let home = Home::new();
    let work = home.sandbox.work();
    let before = listing(&work);
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    let told = home.script(["--prefix", "new/a \"$b\"//", "--binary", binary]).ok().stdout();
    let bin = work.join("new/a \"$b\"/bin");
    assert!(bin.join(PROGRAM).is_file());
    assert!(told.contains("git does not find it yet"), "{told}");
    // What is told to be typed is what a shell takes for that folder.
    let export = told.lines().find(|line| line.contains("export PATH=")).expect("a line to be typed");
    let first = home.sandbox.shell(&format!("{export}\nprintf %s \"${{PATH%%:*}}\"")).ok().stdout();
    assert_eq!(Path::new(&first), bin);
    assert!(home.listing().is_empty(), "nothing at home");
    home.script(["--prefix=new/a \"$b\"", "--uninstall"]).ok();
    assert_same(&before, &listing(&work));
}

#[test]
fn whatever_the_prefix_is_called_nothing_of_it_stays() {
    let home = Home::new();
    let work = home.sandbox.work();
    fs::create_dir(work.join("here..there")).expect("the sandbox is ours");
    let before = listing(home.sandbox.root());
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    for (prefix, real) in [
        ("../px", "../px"),
        ("here..there", "here..there"),
        ("here..there/new/../other", "here..there/other"),
        ("a blank at the end ", "a blank at the end "),
        ("none/../y", "y"),
        ("./z/.//", "z"),
        ("none/../../px", "../px"),
        ("..dots", "..dots"),
    ] {
        home.script(["--prefix", prefix, "--binary", binary]).ok();
        assert!(work.join(real).join("bin").join(PROGRAM).is_file(), "{prefix}");
        home.script(["--prefix", prefix, "--uninstall"]).ok();
        assert_same(&before, &listing(home.sandbox.root()));
    }
    home.script(["--prefix", "/..", "--binary", binary]).fails(1).says("the prefix cannot be /");
}

#[test]
fn an_installation_that_is_ended_in_the_middle_leaves_nothing() {
    let home = Home::new();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    let count = home.sandbox.root().join("count");
    // Each file is put into its place by mv: the seven are the list, and what is installed. Nobody waits for the mv of
    // a script that was killed, so that one does nothing more.
    let script = format!(
        "echo x >>'{0}'\nif test \"$(wc -l <'{0}')\" = \"$END_AT\"; then\n  kill -s \"$END_BY\" $PPID\n  test \"$END_BY\" != KILL || exit 1\n  sleep 1\nfi\nexec /bin/mv \"$@\"",
        count.display()
    );
    home.sandbox.write_program("mv", &script);
    let install = |at: usize, by: &str| {
        let _ = fs::remove_file(&count);
        home.script(["--binary", binary]).env("END_AT", at.to_string()).env("END_BY", by).run()
    };
    for at in [1, 2, 4, 7] {
        for by in ["TERM", "HUP", "INT"] {
            assert!(!install(at, by).status.success(), "{by} at {at}");
            assert_eq!(home.listing().into_keys().collect::<Vec<_>>(), [] as [PathBuf; 0], "{by} at {at}");
        }
        // Nobody cleans up then, but the next does.
        assert!(!install(at, "KILL").status.success());
        install(0, "TERM").ok();
        home.script(["--uninstall"]).ok();
        assert_eq!(home.listing().into_keys().collect::<Vec<_>>(), [] as [PathBuf; 0], "KILL at {at}");
    }
    // One that is there already stays whole.
    install(0, "TERM").ok();
    let before = home.listing();
    assert!(!install(4, "TERM").status.success());
    assert_same(&before, &home.listing());
}

#[test]
fn zsh_is_told_where_the_completions_are() {
    let home = Home::new();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    let told = home.script(["--binary", binary]).env("SHELL", "/bin/zsh").ok().stdout();
    assert!(told.contains("fpath=(") && told.ends_with("next: git credential-patron setup\n"), "{told}");
}

#[test]
fn each_shell_is_told_in_its_own_words_how_git_finds_the_program() {
    let home = Home::new();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    for (shell, line, file) in [
        ("/bin/bash", "  export PATH=", Some("~/.profile")),
        ("/bin/zsh", "  export PATH=", Some("~/.zprofile")),
        ("/usr/bin/fish", "  fish_add_path ", None),
    ] {
        let run = home.script(["--prefix", "elsewhere", "--binary", binary]);
        let told = run.env("SHELL", shell).ok().stdout();
        assert!(told.lines().any(|told| told.starts_with(line)), "{shell}: {told}");
        for profile in ["~/.profile", "~/.zprofile"] {
            assert_eq!(told.contains(profile), file == Some(profile), "{shell}: {told}");
        }
    }
}

#[test]
fn what_others_put_into_the_same_folders_stays() {
    let home = Home::new();
    home.install();
    home.sandbox.write(".local/share/man/man1/other.1", "theirs");
    home.script(["--uninstall"]).ok();
    let left: Vec<_> = home.listing().into_keys().filter(|path| path.is_file()).collect();
    assert_eq!(left, [home.prefix().join("share/man/man1/other.1")]);
}

#[test]
fn what_is_in_the_way_is_named_and_nothing_is_written() {
    for (path, said) in [
        (".local/bin/git-credential-patron", "was not installed by this script"),
        (".local/share/man", "it is no folder"),
        (".local", "it is no folder"),
    ] {
        let home = Home::new();
        home.sandbox.write(path, "theirs");
        let before = home.listing();
        let binary = env!("CARGO_BIN_EXE_git-credential-patron");
        home.script(["--binary", binary]).fails(1).says(said).says(path);
        assert_same(&before, &home.listing());
    }
    // Where no folder can be made, whoever asks.
    let home = Home::new();
    let binary = env!("CARGO_BIN_EXE_git-credential-patron");
    if cfg!(target_os = "linux") {
        home.script(["--prefix", "/proc/x/y", "--binary", binary]).fails(1).says("/proc/x cannot be made");
    }
    home.script(["--prefix", "/", "--binary", binary]).fails(1).says("cannot be /");
}

#[test]
fn what_is_no_patron_is_not_installed() {
    let home = Home::new();
    let before = home.listing();
    let other = home.sandbox.write_program("other", "echo other 1.0");
    let broken = home.sandbox.root().join("broken");
    fs::write(&broken, b"\x7fELF no program at all").expect("a file");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).expect("its mode");
    for (binary, said) in [
        (other, "is not git-credential-patron"),
        (broken, "does not run here"),
        (home.sandbox.root().join("none"), "there is no program"),
        (home.sandbox.root().to_owned(), "there is no program"),
    ] {
        let binary = binary.to_str().expect("the root of a sandbox is plain");
        home.script(["--binary", binary]).fails(1).says(said);
    }
    assert_same(&before, &home.listing());
}

#[test]
fn a_wrong_command_line_ends_with_2_and_the_usage() {
    let home = Home::new();
    for line in [
        vec!["--frobnicate"],
        vec!["somewhere"],
        vec!["--prefix"],
        vec!["--prefix", ""],
        vec!["--uninstall", "--binary", "x"],
    ] {
        home.script([]).args(line).fails(2).says("usage: install.sh");
    }
    assert!(home.script(["-h"]).ok().stdout().starts_with("usage: install.sh"));
    assert!(home.listing().is_empty());
}

#[test]
fn what_git_still_asks_is_not_uninstalled() {
    let home = Home::new();
    home.install();
    home.sandbox.git(["credential-patron", "setup"]).ok();
    let before = home.listing();
    home.script(["--uninstall"]).fails(1).says("git still asks").says("git credential-patron unsetup");
    assert_same(&before, &home.listing());
    home.sandbox.git(["credential-patron", "unsetup"]).ok();
    home.script(["--uninstall"]).ok();
    assert!(!home.prefix().exists());
}

#[test]
fn a_list_that_names_what_is_not_ours_is_refused() {
    let home = Home::new();
    home.install();
    let list = home.prefix().join(LIST);
    let text = fs::read_to_string(&list).expect("the list");
    let precious = home.sandbox.write("precious", "stays");
    for line in ["file ../precious", "file share/../../precious", "file precious", "folder /etc", "what x"] {
        fs::write(&list, format!("{text}{line}\n")).expect("the list");
        home.script(["--uninstall"]).fails(1).says("names what is not ours");
        assert!(precious.is_file() && list.is_file(), "{line}");
    }
}

#[test]
fn it_is_built_from_the_sources_beside_the_script() {
    let home = Home::new();
    // This checkout, small: the same script and manuals, and a program that takes a second to build.
    let sources = home.sandbox.root().join("the sources");
    let put = |path: &str, content: &[u8]| {
        let path = sources.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the sandbox is ours");
        fs::write(path, content).expect("the sandbox is ours");
    };
    for file in ["install/install.sh", "man/git-credential-patron.1", "man/git-credential-patron-denials.7"] {
        put(file, &fs::read(root().join(file)).expect("a file of this checkout"));
    }
    let script = home.sandbox.command("sh", [sources.join("install/install.sh")]);
    script.fails(1).says("there is no program and no source in").says("--binary FILE");
    put(
        "Cargo.toml",
        b"[package]\nname = \"git-credential-patron\"\nversion = \"9.9.9\"\nedition = \"2024\"\n",
    );
    put("src/main.rs", b"fn main() { println!(\"git-credential-patron 9.9.9\"); }");
    let cargo = PathBuf::from(env!("CARGO"));
    let tools = cargo.parent().expect("cargo lies in a folder");
    let search = home.sandbox.environment()[OsStr::new("PATH")].clone();
    let with_tools = |search: &OsString| {
        let folders = std::iter::once(tools.to_owned()).chain(std::env::split_paths(search));
        std::env::join_paths(folders).expect("no folder has a colon")
    };
    let build = |target: &str| {
        let script = home.sandbox.command("sh", [sources.join("install/install.sh")]);
        script.env("PATH", with_tools(&search)).env("CARGO_TARGET_DIR", home.sandbox.root().join(target))
    };
    build("no lock").fails(1).says("the program cannot be built");
    put("Cargo.lock", b"version = 4\n\n[[package]]\nname = \"git-credential-patron\"\nversion = \"9.9.9\"\n");
    let told = build("built elsewhere").ok().stdout();
    assert!(told.contains("git-credential-patron 9.9.9 is installed below"), "{told}");
    assert!(home.sandbox.root().join("built elsewhere/release").is_dir());
    home.sandbox.git(["credential-patron"]).ok().prints("git-credential-patron 9.9.9\n");
    // A program beside the script, as in an archive, comes before the sources.
    put(PROGRAM, b"#!/bin/sh\necho git-credential-patron 8.8.8\n");
    let beside = sources.join(PROGRAM);
    fs::set_permissions(beside, fs::Permissions::from_mode(0o755)).expect("its mode");
    let script = home.sandbox.command("sh", [sources.join("install/install.sh")]);
    assert!(script.ok().stdout().contains("8.8.8"));
}

#[test]
fn the_scripts_are_clean() {
    tool("shellcheck", "shellcheck");
    tool("dash", "dash");
    let scripts = fs::read_dir(root().join("install")).expect("a folder of this checkout");
    let scripts: Vec<_> = scripts.map(|entry| entry.expect("an entry").path()).collect();
    let is_script = |path: &&PathBuf| path.extension().is_none_or(|ending| ending == "sh");
    assert!(scripts.iter().filter(is_script).count() > 10, "{scripts:?}");
    for script in scripts.iter().filter(is_script) {
        let output = Command::new("shellcheck").arg(script).output().expect("it was found");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let output = Command::new("dash").arg("-n").arg(script).output().expect("it was found");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mode = fs::metadata(script).expect("a file of this checkout").mode();
        assert_eq!(mode & 0o111, 0o111, "{} can be run", script.display());
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails if a program that the test cannot do without is missing, and names its package.
fn tool(name: &str, package: &str) {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search).any(|folder| folder.join(name).is_file());
    assert!(found, "{name} is missing: install the package {package}");
}
