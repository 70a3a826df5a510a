//! The Debian package: made by dpkg's own tools, installed into a folder by dpkg, tried there, and purged.
//!
//! The folder has a package database of its own that begins with what this machine's says of the packages ours
//! depends on, so that dpkg checks the dependencies, and nothing of this machine is changed. A whole Debian in a
//! folder would show no more: the package has no maintainer scripts.

use super::{Home, assert_same, listing, root, tool};
use crate::sandbox::{PROGRAM, Run};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a package may take: it is compressed well, while other tests want the processors too.
const PATIENCE: Duration = Duration::from_secs(300);

/// A machine in a folder, as far as dpkg is concerned.
struct Machine {
    home: Home,
    folder: PathBuf,
}

impl Machine {
    fn new() -> Self {
        tool("dpkg-deb", "dpkg");
        tool("dpkg-shlibdeps", "dpkg-dev");
        tool("strip", "binutils");
        let home = Home::new();
        let folder = home.sandbox.root().join("machine");
        let database = folder.join("var/lib/dpkg");
        for part in ["info", "updates", "triggers"] {
            fs::create_dir_all(database.join(part)).expect("the sandbox is ours");
        }
        Self { home, folder }
    }

    /// Makes the package and gives its path.
    fn package(&self) -> PathBuf {
        // Without what is for debuggers, as it is released: compressing that would take minutes.
        let binary = self.home.sandbox.root().join("stripped");
        let strip = self.home.sandbox.command("strip", ["-o"]);
        strip.args([binary.as_os_str(), OsStr::new(env!("CARGO_BIN_EXE_git-credential-patron"))]).ok();
        let output = self.home.sandbox.root().join("out");
        fs::create_dir_all(&output).expect("the sandbox is ours");
        let script = self.home.sandbox.command("sh", [root().join("install/deb")]);
        let made = script.args([OsStr::new("--binary"), binary.as_os_str(), OsStr::new("--output")]);
        let made = made.args([&output]).env("SOURCE_DATE_EPOCH", "1790000000").within(PATIENCE).ok().stdout();
        PathBuf::from(made.trim_end())
    }

    /// What the package's control file says.
    fn field(&self, package: &Path, name: &str) -> String {
        let run = self.home.sandbox.command("dpkg-deb", ["-f"]).args([package.as_os_str(), OsStr::new(name)]);
        run.ok().stdout().trim_end().to_owned()
    }

    /// Takes over what this machine's database says of these packages.
    fn has(&self, packages: &[&str]) {
        let database = self.folder.join("var/lib/dpkg");
        let mut status = String::new();
        for package in packages {
            status += &self.home.sandbox.command("dpkg-query", ["-s", package]).ok().stdout();
            status += "\n";
            fs::write(database.join(format!("info/{package}.list")), "").expect("the sandbox is ours");
            let architecture = self.home.sandbox.command("dpkg", ["--print-architecture"]).ok().stdout();
            let name = format!("info/{package}:{}.list", architecture.trim());
            fs::write(database.join(name), "").expect("the sandbox is ours");
        }
        fs::write(database.join("status"), status).expect("the sandbox is ours");
    }

    /// A run of dpkg in the folder.
    fn dpkg(&self) -> Run {
        let at = |option: &str, path: PathBuf| {
            let mut argument = OsStr::new(option).to_owned();
            argument.push(path);
            argument
        };
        self.home
            .sandbox
            .command("dpkg", ["--force-not-root", "--force-script-chrootless", "--log=/dev/null"])
            .args([
                at("--instdir=", self.folder.clone()),
                at("--admindir=", self.folder.join("var/lib/dpkg")),
            ])
            // Images for containers leave out manuals; here they are looked at.
            .args(["--path-include=/usr/share/man/*", "--path-include=/usr/share/doc/*"])
            // It looks for programs that maintainer scripts use, in folders a user's PATH may lack.
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    }
}

#[test]
fn the_package_installs_works_and_purges_cleanly() {
    let machine = Machine::new();
    let package = machine.package();
    let depends = machine.field(&package, "Depends");
    let depends: Vec<&str> =
        depends.split(", ").filter_map(|package| package.split([' ', ':']).next()).collect();
    // The C library, its unwinder and git: everything else is built in.
    let mut known = depends.clone();
    known.retain(|package| !["git", "libc6", "libgcc-s1"].contains(package));
    assert!(depends.contains(&"git") && depends.contains(&"libc6") && known.is_empty(), "{depends:?}");

    // Without what it needs it is not configured.
    machine.has(&[]);
    machine.dpkg().args([OsStr::new("--install"), package.as_os_str()]).fails(1).says("git");
    machine.dpkg().args(["--purge", PROGRAM]).ok();

    machine.has(&depends);
    assert!(!machine.folder.join("usr").exists());
    machine.dpkg().args([OsStr::new("--install"), package.as_os_str()]).ok();
    let bin = machine.folder.join("usr/bin");
    let search = std::env::join_paths(
        std::iter::once(bin)
            .chain(std::env::split_paths(&machine.home.sandbox.environment()[OsStr::new("PATH")])),
    )
    .expect("no folder has a colon");
    let git = |line: &[&str]| machine.home.sandbox.git(line).env("PATH", &search).ok().stdout();
    assert!(git(&["credential-patron", "-h"]).contains("usage: git credential-patron COMMAND"));
    assert!(git(&["help", "credential-patron"]).contains("HOW A TOKEN IS CHOSEN"));
    let usr = listing(&machine.folder.join("usr"));
    for file in [
        "share/bash-completion/completions/git-credential-patron",
        "share/zsh/vendor-completions/_git-credential-patron",
        "share/fish/vendor_completions.d/git-credential-patron.fish",
        "share/man/man7/git-credential-patron-denials.7.gz",
        "share/doc/git-credential-patron/copyright",
        "share/doc/git-credential-patron/changelog.gz",
        "share/doc/git-credential-patron/changelog.Debian.gz",
    ] {
        assert!(usr.contains_key(&machine.folder.join("usr").join(file)), "{file} is missing");
    }
    machine.dpkg().args(["--verify", PROGRAM]).ok().prints("");

    machine.dpkg().args(["--purge", PROGRAM]).ok();
    let left: Vec<_> = listing(&machine.folder).into_keys().collect();
    let database = machine.folder.join("var");
    let left: Vec<_> = left.iter().filter(|path| !path.starts_with(&database)).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let info = listing(&machine.folder.join("var/lib/dpkg/info"));
    assert!(!info.keys().any(|path| path.display().to_string().contains(PROGRAM)), "{:?}", info.keys());
}

#[test]
fn packages_of_the_same_sources_are_the_same_and_nothing_is_left_at_home() {
    let machine = Machine::new();
    let before = machine.home.listing();
    let first = fs::read(machine.package()).expect("the package");
    let package = machine.package();
    assert!(first == fs::read(&package).expect("the package"), "two runs made different packages");
    assert_same(&before, &machine.home.listing());
    assert_eq!(machine.field(&package, "Version"), concat!(env!("CARGO_PKG_VERSION"), "-1"));
    let script = machine.home.sandbox.command("sh", [root().join("install/deb")]);
    script.args(["--output", "nowhere"]).fails(1).says("there is no folder nowhere");
}
