//! The archive of a release: what is in it, that install.sh takes it only as it was made, and what says what it is
//! made of.
//!
//! It is packed here of this build. `tests/run static` does the same with the static program of a release.

use super::{Home, LIST, assert_same, listing, root, tool};
use crate::sandbox::{PROGRAM, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// When everything in it was changed last, as far as it says.
const DATE: &str = "1790000000";

/// The folder of a release for this machine: its archive, install.sh and SHA256SUMS. It is made once.
pub(crate) fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let folder = folder_of_this_run("release");
        let program = stripped(&folder);
        pack(folder.join("dist"), &program, &target()).ok();
        folder.join("dist")
    })
}

/// A folder for what a run of the tests makes once. Nothing ends with such a run, so the next one takes it away.
pub(super) fn folder_of_this_run(name: &str) -> PathBuf {
    let top = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in fs::read_dir(top).into_iter().flatten().flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        let process = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Best effort: another run may do the same.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let folder = top.join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("Cargo's own folder can be written");
    folder
}

/// This build without what is for debuggers, as it is released.
pub(super) fn stripped(folder: &Path) -> PathBuf {
    tool("strip", "binutils");
    let path = folder.join(PROGRAM);
    let status =
        Command::new("strip").args([env!("CARGO_BIN_EXE_git-credential-patron"), "-o"]).arg(&path).status();
    assert!(status.expect("it was found").success());
    path
}

/// What an archive for this machine is called after, and the archive.
pub(super) fn target() -> String {
    format!("{}-unknown-linux-musl", std::env::consts::ARCH)
}

/// The archive's name.
pub(super) fn archive() -> String {
    format!("{PROGRAM}-{}.tar.gz", target())
}

/// A run of a script of `install/`, with this process's environment: Cargo is asked what is built in.
pub(super) struct Script {
    command: Command,
}

impl Script {
    /// The script of this name.
    pub(super) fn new(name: &str) -> Self {
        let mut command = Command::new(root().join("install").join(name));
        command.env("SOURCE_DATE_EPOCH", DATE);
        Self { command }
    }

    /// With further arguments.
    pub(super) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    /// Runs it, and gives what it wrote for programs; fails the test unless it succeeds.
    #[track_caller]
    pub(super) fn ok(mut self) -> String {
        let output = self.command.output().expect("a script of this checkout");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{:?}: {}\n{out}\n{err}", self.command, output.status);
        out.into_owned()
    }

    /// Runs it, and gives what it said; fails the test unless it ends with this exit code.
    #[track_caller]
    pub(super) fn fails(mut self, code: i32) -> String {
        let output = self.command.output().expect("a script of this checkout");
        assert_eq!(output.status.code(), Some(code), "{:?}", self.command);
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// Packs a program for a target into a folder.
pub(super) fn pack(output: impl AsRef<Path>, program: &Path, target: &str) -> Script {
    for (name, package) in [("mandoc", "mandoc"), ("jq", "jq"), ("zip", "zip")] {
        tool(name, package);
    }
    let native = release_program();
    let native = if target == self::target() { program } else { native };
    Script::new("archive")
        .args(["--binary".as_ref(), program.as_os_str(), "--target".as_ref(), target.as_ref()])
        .args(["--native".as_ref(), native.as_os_str()])
        .args(["--output".as_ref(), output.as_ref().as_os_str()])
}

/// This build, which prints the completions of every archive.
fn release_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_git-credential-patron"))
}

/// The checksums that a SHA256SUMS names, by file.
pub(super) fn sums(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("SHA256SUMS")).expect("the list of checksums");
    let lines =
        text.lines().map(|line| line.split_once("  ").unwrap_or_else(|| panic!("what is that: {line}")));
    lines.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect()
}

/// Unpacks an archive and gives the one folder in it.
pub(super) fn unpacked(archive: &Path, into: &Path) -> PathBuf {
    fs::create_dir_all(into).expect("the folder is the test's");
    let how = if archive.extension() == Some(OsStr::new("zip")) { "unzip" } else { "tar" };
    tool(how, how);
    let mut command = Command::new(how);
    match how {
        "zip" | "unzip" => command.arg("-q").arg(archive).arg("-d").arg(into),
        _ => command.arg("-xzf").arg(archive).arg("-C").arg(into),
    };
    assert!(command.status().expect("it was found").success());
    let mut inside =
        fs::read_dir(into).expect("it was unpacked").map(|entry| entry.expect("an entry").path());
    let (Some(folder), None) = (inside.next(), inside.next()) else { panic!("it holds one folder") };
    folder
}

/// A copy of the release, for a test that spoils it.
fn copied(home: &Home) -> PathBuf {
    let copy = home.sandbox.root().join("downloads");
    fs::create_dir(&copy).expect("the sandbox is ours");
    for entry in fs::read_dir(release()).expect("it was made") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, copy.join(path.file_name().expect("a file"))).expect("the sandbox is ours");
    }
    copy
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the test's folders are plain")
}

#[test]
fn an_archive_installs_what_the_program_by_itself_does() {
    let home = Home::new();
    let before = home.listing();
    let release = release();
    let file = release.join(archive());
    // The script by itself, fetched beside the archive.
    let script = || home.sandbox.command("sh", [release.join("install.sh")]);
    let told = script().args(["--from", text(&file)]).ok().stdout();
    assert!(told.contains("matches its checksum in SHA256SUMS"), "{told}");
    let repository = env!("CARGO_PKG_REPOSITORY").strip_prefix("https://github.com/").expect("it is there");
    let checked = format!("gh attestation verify \"{}\" --repo {repository}\n", file.display());
    assert!(told.contains(&checked), "{told}");
    let installed = listing(&home.prefix());
    assert_eq!(installed.values().filter(|(mode, _)| mode & 0o170_000 == 0o100_000).count(), 7);
    assert!(installed.contains_key(&home.prefix().join(LIST)));
    let shown = home.sandbox.git(["credential-patron", "--help"]).ok().stdout();
    assert!(shown.contains("HOW A TOKEN IS CHOSEN"), "{shown}");
    // Again, from the folder that holds it, from one that is unpacked, and by the script in that one: all the same.
    let unpacked = unpacked(&file, &home.sandbox.root().join("unpacked"));
    for (script, from) in [
        (root().join("install/install.sh"), Some(release)),
        (release.join("install.sh"), Some(unpacked.as_path())),
        (unpacked.join("install.sh"), None),
    ] {
        let run = home.sandbox.command("sh", [script]);
        run.args(from.into_iter().flat_map(|from| ["--from", text(from)])).ok();
        assert_same(&installed, &listing(&home.prefix()));
    }
    script().args(["--uninstall"]).ok();
    assert_same(&before, &home.listing());
    // A dry run checks, too, and writes nothing.
    let told = script().args(["--from", text(&file), "--dry-run"]).ok().stdout();
    assert!(told.contains("would install"), "{told}");
    assert_same(&before, &home.listing());
}

#[test]
fn what_is_not_as_its_checksum_says_is_not_installed() {
    let home = Home::new();
    let before = home.listing();
    let copy = copied(&home);
    let file = copy.join(archive());
    let install = |from: &Path| home.script(["--from", text(from)]);
    let bytes = fs::read(&file).expect("the archive");
    let mut spoiled = bytes.clone();
    *spoiled.last_mut().expect("it is long") ^= 1;
    fs::write(&file, spoiled).expect("the sandbox is ours");
    install(&file).fails(1).says("is not what").says("SHA256SUMS says").says("install nothing");
    install(&copy).fails(1).says("is not what");
    fs::write(&file, &bytes).expect("the sandbox is ours");
    install(&file).ok();
    home.script(["--uninstall"]).ok();

    let renamed = copy.join("renamed.tar.gz");
    fs::rename(&file, &renamed).expect("the sandbox is ours");
    install(&renamed).fails(1).says("does not name renamed.tar.gz");
    install(&copy).fails(1).says(&format!("there is no {}", archive()));
    fs::rename(&renamed, &file).expect("the sandbox is ours");
    fs::remove_file(copy.join("SHA256SUMS")).expect("the sandbox is ours");
    install(&file).fails(1).says("there is no SHA256SUMS beside").says("same release");
    install(Path::new("nowhere")).fails(1).says("there is no file or folder nowhere");

    // One that is unpacked names the files in it.
    let unpacked = unpacked(&file, &home.sandbox.root().join("unpacked"));
    let page = unpacked.join("man/git-credential-patron.1");
    let mut manual = fs::read(&page).expect("the manual");
    manual.push(b'\n');
    fs::write(&page, manual).expect("the sandbox is ours");
    install(&unpacked).fails(1).says("is not what its SHA256SUMS says");
    assert_same(&before, &home.listing());
    for line in [["--from", "x", "--uninstall"], ["--from", "x", "--binary=y"]] {
        home.script(line).fails(2).says("usage: install.sh");
    }
    home.script(["--help"])
        .ok()
        .stdout()
        .lines()
        .find(|line| line.contains("--from FILE|DIR"))
        .expect("it is told");
}

#[test]
fn an_archive_holds_program_manual_completions_licences_and_checksums() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let top = unpacked(&release().join(archive()), folder.path());
    assert_eq!(
        top.file_name().and_then(OsStr::to_str),
        Some(format!("{PROGRAM}-{}-{}", env!("CARGO_PKG_VERSION"), target()).as_str())
    );
    let files: BTreeSet<String> = listing(&top)
        .into_keys()
        .filter(|path| path.is_file())
        .map(|path| path.strip_prefix(&top).expect("it is in it").display().to_string())
        .collect();
    let expected = [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "LICENSES-OF-PARTS",
        "README.md",
        "SHA256SUMS",
        "completions/_git-credential-patron",
        "completions/_git-credential-patron.ps1",
        "completions/git-credential-patron.bash",
        "completions/git-credential-patron.elv",
        "completions/git-credential-patron.fish",
        "git-credential-patron",
        "install.sh",
        "man/git-credential-patron-denials.7",
        "man/git-credential-patron-denials.7.html",
        "man/git-credential-patron.1",
        "man/git-credential-patron.1.html",
    ];
    assert_eq!(files.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    let summed: BTreeSet<String> = sums(&top).into_keys().collect();
    let but_itself = files.iter().filter(|file| *file != "SHA256SUMS").cloned();
    assert_eq!(summed, but_itself.collect());

    // The manual as a web page: its sections, and links to the other page and to git's site.
    let page = fs::read_to_string(top.join("man/git-credential-patron.1.html")).expect("the page");
    for part in [
        "HOW A TOKEN IS CHOSEN",
        "href=\"git-credential-patron-denials.7.html\"",
        "href=\"https://git-scm.com/docs/gitcredentials\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let licences = fs::read_to_string(top.join("LICENSES-OF-PARTS")).expect("the licences");
    for part in [
        "\ngit2 ",
        "\nlibgit2 1.",
        "\nzlib 1.",
        "\ndbus 1.",
        "GNU GENERAL PUBLIC LICENSE",
        "Permission is hereby granted",
    ] {
        assert!(licences.contains(part), "{part}");
    }
    assert!(!licences.contains("\ntempfile "), "what tests use is not in the program");
    let script = fs::read_to_string(top.join("install.sh")).expect("the script");
    assert!(
        script.contains(concat!("repository='", env!("CARGO_PKG_REPOSITORY"), "'")),
        "it knows its release"
    );
}

#[test]
fn the_same_program_is_packed_into_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let program = stripped(folder.path());
    let other = folder.path().join("elsewhere");
    pack(&other, &program, &target()).ok();
    assert_eq!(sums(release()), sums(&other));
}

#[test]
fn what_is_no_patron_of_this_version_is_not_packed() {
    let sandbox = Sandbox::new(None);
    for (script, said) in [
        ("echo git-credential-patron 0.0.0", "is not git-credential-patron"),
        ("exit 1", "does not run here"),
    ] {
        let other = sandbox.write_program("other", script);
        let output = sandbox.root().join("dist");
        assert!(pack(&output, &other, &target()).fails(1).contains(said));
        assert!(!output.exists(), "{said}");
    }
}

#[test]
fn the_list_of_parts_names_what_is_built_in_and_nothing_else() {
    let path = release().join(format!("{PROGRAM}-{}.cdx.json", target()));
    let list: serde_json::Value =
        serde_json::from_slice(&fs::read(path).expect("the list")).expect("it is JSON");
    assert_eq!((&list["bomFormat"], &list["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(list["metadata"]["component"]["version"], env!("CARGO_PKG_VERSION"));
    let parts = list["components"].as_array().expect("a list");
    let names: BTreeSet<&str> = parts.iter().filter_map(|part| part["name"].as_str()).collect();
    for name in ["git2", "libgit2", "zlib", "dbus", "ureq", "ring", "rustls"] {
        assert!(names.contains(name), "{name} is built in");
    }
    // For tests, and for other systems.
    for name in ["tempfile", "proptest", "rcgen", "known-folders", "security-framework"] {
        assert!(!names.contains(name), "{name} is not built in");
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file");
    for part in parts {
        assert!(part["licenses"][0]["expression"].is_string(), "a part without licence: {part}");
        if part["purl"].as_str().is_some_and(|purl| purl.starts_with("pkg:cargo/")) {
            let sum = part["hashes"][0]["content"].as_str().unwrap_or_else(|| panic!("no checksum: {part}"));
            assert!(lock.contains(&format!("checksum = \"{sum}\"")), "{part}");
        }
    }
    // Whatever is depended on is in the list.
    let known: BTreeSet<&str> = parts.iter().filter_map(|part| part["bom-ref"].as_str()).collect();
    assert_eq!(known.len(), parts.len(), "each part stands there once");
    let edges = list["dependencies"].as_array().expect("a list");
    let used: BTreeSet<&str> = edges
        .iter()
        .flat_map(|edge| edge["dependsOn"].as_array().into_iter().flatten())
        .filter_map(|it| it.as_str())
        .collect();
    assert_eq!(used, known, "left what is depended on, right what is listed");
}
