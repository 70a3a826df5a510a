//! `install-docs`: whoever has only the program has the manual after one command.

use super::{Home, assert_same, listing, tool};
use crate::sandbox::PROGRAM;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// A home with the program alone, where Cargo puts it.
fn cargo_installed() -> (Home, PathBuf) {
    let mut home = Home::new();
    let bin = home.sandbox.home().join(".cargo/bin");
    fs::create_dir_all(&bin).expect("the sandbox is ours");
    symlink(env!("CARGO_BIN_EXE_git-credential-patron"), bin.join(PROGRAM)).expect("the sandbox is ours");
    let rest = home.sandbox.environment()[std::ffi::OsStr::new("PATH")].clone();
    let folders = std::iter::once(bin).chain(std::env::split_paths(&rest));
    let search = std::env::join_paths(folders).expect("no folder has a colon");
    home.sandbox.set("PATH", search);
    let share = home.sandbox.home().join(".cargo/share");
    (home, share)
}

#[test]
fn the_manual_is_there_after_one_command_and_gone_after_another() {
    tool("man", "man-db");
    let (home, share) = cargo_installed();
    let before = home.listing();
    let ask = |line: &[&str]| home.sandbox.git(["credential-patron"].iter().chain(line));
    // As it is for whom this command is.
    assert!(ask(&["--help"]).run().stderr().contains("No manual entry"));
    let told = ask(&["install-docs"]).ok().stdout();
    for page in ["man/man1/git-credential-patron.1", "man/man7/git-credential-patron-denials.7"] {
        let path = share.join(page);
        assert!(told.contains(&format!("written: {}", path.display())), "{told}");
        assert_eq!(fs::metadata(&path).expect("it was written").permissions().mode() & 0o777, 0o644);
    }
    assert!(told.ends_with("shown by: git help credential-patron\n"), "{told}");
    assert!(ask(&["--help"]).ok().stdout().contains("HOW A TOKEN IS CHOSEN"));
    let denials = home.sandbox.command("man", ["git-credential-patron-denials"]).ok().stdout();
    assert!(denials.contains("sso-required"), "{denials}");
    let once = home.listing();
    ask(&["install-docs"]).ok();
    assert_same(&once, &home.listing());

    let told = ask(&["install-docs", "--remove"]).ok().stdout();
    assert!(told.contains("removed: "), "{told}");
    let left: Vec<_> = home.listing().into_keys().filter(|path| path.is_file()).collect();
    assert_eq!(left, before.into_keys().filter(|path| path.is_file()).collect::<Vec<_>>());
    assert!(ask(&["install-docs", "--remove"]).ok().stdout().contains("not there: "));
}

#[test]
fn it_writes_where_it_is_told_and_says_what_is_in_the_way() {
    let (home, share) = cargo_installed();
    let other = home.sandbox.home().join("other");
    let ask = |line: &[&str]| home.sandbox.git(["credential-patron", "install-docs"].iter().chain(line));
    ask(&["--prefix", "../home of man"]).cwd(home.sandbox.work()).ok();
    assert!(home.sandbox.root().join("home of man/share/man/man1/git-credential-patron.1").is_file());
    assert!(!share.exists() && !other.exists());
    // A link is replaced: what it leads to is somebody's.
    let precious = home.sandbox.write("precious", "stays");
    let page = other.join("share/man/man1/git-credential-patron.1");
    fs::create_dir_all(page.parent().expect("a folder")).expect("the sandbox is ours");
    symlink(&precious, &page).expect("the sandbox is ours");
    ask(&["--prefix", other.to_str().unwrap_or("?")]).ok();
    assert_eq!(fs::read_to_string(&precious).expect("it is there"), "stays");
    assert!(fs::read_to_string(&page).expect("it was written").contains(".Sh NAME"));

    let before = listing(home.sandbox.home());
    ask(&["--prefix", precious.to_str().unwrap_or("?")])
        .fails(1)
        .says("the manual is not where it should be")
        .says("--prefix DIR");
    // A program that lies in no bin has no manual beside it.
    let alone = home.sandbox.root().join("alone").join(PROGRAM);
    fs::create_dir(alone.parent().expect("a folder")).expect("the sandbox is ours");
    symlink(env!("CARGO_BIN_EXE_git-credential-patron"), &alone).expect("the sandbox is ours");
    home.sandbox
        .command(&alone, ["install-docs"])
        .fails(1)
        .says("lies in no folder called bin")
        .says("--prefix");
    assert_same(&before, &listing(home.sandbox.home()));
}
