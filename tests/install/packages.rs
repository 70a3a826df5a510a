//! The packages of a release: each held against its format's own reader and against the archives, and installed,
//! used and taken away where this machine can.
//!
//! The archive for this machine holds this build. The others hold a file that stands for a program of another
//! system, which cannot be built here: what is held is that each package names the archive that was made, with its
//! checksum, and what lies in it.

use super::archive::{Script, archive, folder_of_this_run, pack, release, stripped, sums, target, unpacked};
use super::{listing, root, tool};
use crate::sandbox::{PROGRAM, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The systems of a release.
const TARGETS: [&str; 6] = [
    "aarch64-apple-darwin",
    "aarch64-pc-windows-msvc",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-musl",
];
/// What the packages' texts name.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A whole release, put together as the workflow does it of what its jobs leave in `built`: `dist` with an archive for
/// each system, and `dist.packages`. It is made once.
fn made() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        for (name, package) in [("rpmbuild", "rpm"), ("dpkg-deb", "dpkg"), ("dpkg-scanpackages", "dpkg-dev")]
        {
            tool(name, package);
        }
        let folder = folder_of_this_run("packages");
        let built = folder.join("built");
        for target in TARGETS {
            let (job, name) = match target.split_once("-unknown-linux-") {
                Some((architecture, _)) => (format!("linux-{architecture}"), PROGRAM.to_owned()),
                None if target.contains("windows") => (format!("program-{target}"), format!("{PROGRAM}.exe")),
                None => (format!("program-{target}"), PROGRAM.to_owned()),
            };
            let program = built.join(&job).join(name);
            fs::create_dir_all(built.join(&job)).expect("the folder is the test's");
            if target == self::target() {
                fs::copy(stripped(&folder), &program).expect("the folder is the test's");
            } else {
                fs::write(&program, format!("stands for the program of {target}\n"))
                    .expect("the folder is the test's");
            }
            if job.starts_with("linux-") {
                pack(built.join(&job).join("dist"), &program, target).ok();
            }
        }
        let said = Script::new("release").args([OsStr::new("pack"), built.as_os_str()]);
        let said = said.args([folder.join("dist")]).ok();
        assert!(!said.contains("left out"), "{said}");
        folder
    })
}

fn dist() -> PathBuf {
    made().join("dist")
}

fn package(name: &str) -> PathBuf {
    made().join("dist.packages").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(package(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The one package whose name ends so.
fn ending(with: &str) -> PathBuf {
    let found: Vec<PathBuf> = fs::read_dir(made().join("dist.packages"))
        .expect("they were made")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.display().to_string().ends_with(with))
        .collect();
    let [one] = found.as_slice() else { panic!("{with}: {found:?}") };
    one.clone()
}

/// The archive of a target, as a release names it.
fn archive_of(target: &str) -> String {
    let ending = if target.contains("windows") { "zip" } else { "tar.gz" };
    format!("{PROGRAM}-{target}.{ending}")
}

fn url_of(target: &str) -> String {
    format!("{}/releases/download/v{VERSION}/{}", env!("CARGO_PKG_REPOSITORY"), archive_of(target))
}

/// The checksum of a target's archive.
fn sum_of(target: &str) -> String {
    sums(&dist())[&archive_of(target)].clone()
}

/// Everything in a target's archive, below its one folder.
fn inside(target: &str) -> (String, BTreeSet<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let top = unpacked(&dist().join(archive_of(target)), folder.path());
    let files = listing(&top).into_keys().filter(|path| path.is_file());
    let files = files.map(|path| path.strip_prefix(&top).expect("it is in it").display().to_string());
    (top.file_name().expect("it has a name").to_string_lossy().into_owned(), files.collect())
}

/// Runs a program with what is on this machine's own search path.
#[track_caller]
fn run<S: AsRef<OsStr>>(name: &str, package: &str, arguments: impl IntoIterator<Item = S>) -> Output {
    tool(name, package);
    let mut command = Command::new(name);
    command.args(arguments);
    let output = command.output().expect("it was found");
    let said =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    output
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What stands between two texts, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[test]
fn a_release_offers_the_files_that_people_are_told_to_fetch_and_a_checksum_of_each() {
    let files: BTreeSet<String> = listing(&dist())
        .into_keys()
        .map(|path| path.strip_prefix(dist()).expect("it is in it").display().to_string())
        .collect();
    let mut told = vec!["SHA256SUMS", "install.sh", "packages.tar.gz", "git-credential-patron.json"];
    let archives = TARGETS.map(archive_of);
    told.extend(archives.iter().map(String::as_str));
    for name in told {
        assert!(files.contains(name), "{name}: {files:?}");
    }
    let summed: BTreeSet<String> = sums(&dist()).into_keys().collect();
    assert_eq!(summed, files.into_iter().filter(|name| name != "SHA256SUMS").collect());
    let listed = run("tar", "tar", [OsStr::new("-tzf"), dist().join("packages.tar.gz").as_os_str()]);
    for name in ["./nix/flake.nix", "./aur/PKGBUILD", "./apt/dists/stable/Release"] {
        assert!(out(&listed).lines().any(|line| line == name), "{name}: {}", out(&listed));
    }
}

#[test]
fn the_homebrew_formula_installs_what_is_in_the_archives() {
    let formula = package("git-credential-patron.rb");
    run("ruby", "ruby", [OsStr::new("-wc"), formula.as_os_str()]);
    let text = text("git-credential-patron.rb");
    let pairs: Vec<(&str, &str)> =
        between(&text, "url \"", "\"").into_iter().zip(between(&text, "sha256 \"", "\"")).collect();
    let mut wanted: Vec<(String, String)> = TARGETS
        .into_iter()
        .filter(|target| !target.contains("windows"))
        .map(|target| (url_of(target), sum_of(target)))
        .collect();
    wanted.sort();
    let mut pairs: Vec<(String, String)> =
        pairs.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    pairs.sort();
    assert_eq!(pairs, wanted);
    let summary = between(&text, "desc \"", "\"")[0];
    assert!(summary.len() <= 80 && !summary.starts_with("A ") && !summary.ends_with('.'), "{summary}");
    // Its `install` in the unpacked archive: a few words of Homebrew's language, which put files into a folder.
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let top = unpacked(&release().join(archive()), &folder.path().join("unpacked"));
    let script = r##"
        class Formula
          %i[desc homepage version license on_macos on_linux test].each { |it| define_singleton_method(it) { |*| } }
          Place = Struct.new(:name) do
            def install(*what)
              what.flatten.each do |it|
                (it.is_a?(Hash) ? it : { it => File.basename(it) }).each do |from, to|
                  raise "there is no #{from}" unless File.file?(from)
                  puts "#{name} #{to}"
                end
              end
            end
          end
          %i[bin man1 man7 bash_completion zsh_completion fish_completion doc].each { |it| define_method(it) { Place.new(it) } }
        end
        load ARGV[0]
        Dir.chdir(ARGV[1])
        GitCredentialPatron.new.install
    "##;
    let installed =
        run("ruby", "ruby", [OsStr::new("-e"), OsStr::new(script), formula.as_os_str(), top.as_os_str()]);
    let installed = out(&installed);
    for line in [
        "bin git-credential-patron",
        "man1 git-credential-patron.1",
        "man7 git-credential-patron-denials.7",
        "bash_completion git-credential-patron",
        "zsh_completion _git-credential-patron",
        "fish_completion git-credential-patron.fish",
    ] {
        assert!(installed.lines().any(|found| found == line), "{line}: {installed}");
    }
}

#[test]
fn the_scoop_manifest_names_the_archives_for_windows() {
    let manifest: serde_json::Value =
        serde_json::from_str(&text("git-credential-patron.json")).expect("it is JSON");
    assert_eq!(manifest["version"], VERSION);
    assert_eq!(manifest["license"], env!("CARGO_PKG_LICENSE").replace(" OR ", "|"));
    for (name, target) in [("64bit", "x86_64-pc-windows-msvc"), ("arm64", "aarch64-pc-windows-msvc")] {
        let part = &manifest["architecture"][name];
        assert_eq!((&part["url"], &part["hash"]), (&url_of(target).into(), &sum_of(target).into()));
        let (folder, files) = inside(target);
        assert_eq!(part["extract_dir"], folder);
        assert!(files.contains(manifest["bin"].as_str().expect("a name")), "{files:?}");
        let next = &manifest["autoupdate"]["architecture"][name];
        for field in ["url", "extract_dir"] {
            let next = next[field].as_str().expect("it is updated").replace("$version", VERSION);
            assert_eq!(part[field], next);
        }
    }
}

#[test]
fn the_winget_manifests_name_the_archives_for_windows() {
    let id = "PatronContributors.GitCredentialPatron";
    let rules =
        "{extends: default, rules: {line-length: disable, document-start: disable, comments: disable}}";
    let read = |name: &str| {
        let file = package("winget").join(name);
        run("yamllint", "yamllint", [OsStr::new("-d"), OsStr::new(rules), file.as_os_str()]);
        fs::read_to_string(file).expect("it was made")
    };
    let (version, locale, installer) = (
        read(&format!("{id}.yaml")),
        read(&format!("{id}.locale.en-US.yaml")),
        read(&format!("{id}.installer.yaml")),
    );
    for (text, kind) in [(&version, "version"), (&locale, "defaultLocale"), (&installer, "installer")] {
        for line in [
            format!("PackageIdentifier: {id}"),
            format!("PackageVersion: {VERSION}"),
            format!("ManifestType: {kind}"),
            "ManifestVersion: 1.6.0".to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{kind}: {line}");
        }
    }
    // What its repository asks of each, beside these.
    for field in ["PackageLocale: ", "Publisher: ", "PackageName: ", "License: ", "ShortDescription: "] {
        assert_eq!(locale.lines().filter(|line| line.starts_with(field)).count(), 1, "{field}");
    }
    let urls = between(&installer, "InstallerUrl: ", "\n");
    let hashes = between(&installer, "InstallerSha256: ", "\n");
    let paths = between(&installer, "RelativeFilePath: ", "\n");
    let architectures = between(&installer, "- Architecture: ", "\n");
    let targets = [("x64", "x86_64-pc-windows-msvc"), ("arm64", "aarch64-pc-windows-msvc")];
    assert_eq!((urls.len(), architectures), (2, targets.map(|(name, _)| name).to_vec()));
    for (at, (_, target)) in targets.into_iter().enumerate() {
        assert_eq!((urls[at], hashes[at]), (url_of(target).as_str(), sum_of(target).to_uppercase().as_str()));
        let (folder, files) = inside(target);
        let file = paths[at].strip_prefix(&format!("{folder}\\")).expect("it lies in the archive's folder");
        assert!(files.contains(file), "{file}");
    }
}

#[test]
fn the_pkgbuild_packages_the_archive_and_srcinfo_says_the_same() {
    let build = package("aur/PKGBUILD");
    run("bash", "bash", [OsStr::new("-n"), build.as_os_str()]);
    // makepkg sets and reads what looks unused here, and ends at the first failure.
    let rules = ["-s", "bash", "-e", "SC2034,SC2154,SC2164"];
    run("shellcheck", "shellcheck", rules.map(OsStr::new).into_iter().chain([build.as_os_str()]));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let top = unpacked(&release().join(archive()), &folder.path().join("src"));
    let script = "set -eu; srcdir=$2 pkgdir=$3 CARCH=$4; . \"$1\"; package >&2
        for name in \"${source_x86_64[@]}\" \"${sha256sums_x86_64[@]}\" \"${source_aarch64[@]}\" \"${sha256sums_aarch64[@]}\"; do
            printf '%s\\n' \"$name\"
        done";
    let packaged = folder.path().join("pkg");
    let said = run(
        "bash",
        "bash",
        [
            OsStr::new("-c"),
            OsStr::new(script),
            OsStr::new("bash"),
            build.as_os_str(),
            top.parent().expect("it lies in src").as_os_str(),
            packaged.as_os_str(),
            OsStr::new(std::env::consts::ARCH),
        ],
    );
    let said = out(&said);
    let lines: Vec<&str> = said.lines().collect();
    let source = |architecture: &str| {
        let target = format!("{architecture}-unknown-linux-musl");
        (format!("{PROGRAM}-{VERSION}-{architecture}.tar.gz::{}", url_of(&target)), sum_of(&target))
    };
    let (intel, arm) = (source("x86_64"), source("aarch64"));
    assert_eq!(lines, [&intel.0, &intel.1, &arm.0, &arm.1]);
    let info = text("aur/.SRCINFO");
    for line in [
        format!("source_x86_64 = {}", intel.0),
        format!("sha256sums_x86_64 = {}", intel.1),
        format!("source_aarch64 = {}", arm.0),
        format!("sha256sums_aarch64 = {}", arm.1),
        format!("pkgver = {VERSION}"),
        format!("pkgbase = {PROGRAM}-bin"),
    ] {
        assert!(info.lines().any(|found| found.trim() == line), "{line}: {info}");
    }
    works(&packaged);
}

#[test]
fn the_nix_flake_is_read_by_nix_and_names_the_archives() {
    let flake = package("nix/flake.nix");
    run("nix-instantiate", "nix-bin", [OsStr::new("--parse"), flake.as_os_str()]);
    // Evaluated with what stands for nixpkgs: a fetcher that says what it was asked for, and no builder.
    let script = "{ file }: let
        fake = { stdenvNoCC.mkDerivation = it: it; fetchurl = it: it; installShellFiles = null; lib.licenses = { mit = 1; asl20 = 2; }; };
        systems = [ \"x86_64-linux\" \"aarch64-linux\" \"x86_64-darwin\" \"aarch64-darwin\" ];
        nixpkgs.legacyPackages = builtins.listToAttrs (map (name: { inherit name; value = fake; }) systems);
        packages = ((import file).outputs { self = null; inherit nixpkgs; }).packages;
        in builtins.mapAttrs (name: value: \"${value.default.version} ${value.default.src.url} ${value.default.src.sha256}\") packages";
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("ask.nix");
    fs::write(&path, script).expect("the folder is the test's");
    let mut command = Command::new("nix-instantiate");
    // It wants a place for what it evaluates, and would take the machine's.
    for (name, place) in
        [("NIX_STATE_DIR", "state"), ("NIX_STORE_DIR", "store"), ("NIX_LOG_DIR", "log"), ("HOME", "home")]
    {
        command.env(name, folder.path().join(place));
    }
    command.args(["--eval", "--strict", "--json", "--readonly-mode", "--arg", "file"]).arg(&flake).arg(&path);
    let output = command.output().expect("it was found");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let wanted = [
        ("aarch64-darwin", "aarch64-apple-darwin"),
        ("aarch64-linux", "aarch64-unknown-linux-musl"),
        ("x86_64-darwin", "x86_64-apple-darwin"),
        ("x86_64-linux", "x86_64-unknown-linux-musl"),
    ]
    .map(|(system, target)| (system.to_owned(), format!("{VERSION} {} {}", url_of(target), sum_of(target))));
    assert_eq!(found, wanted.into());
}

#[test]
fn cargo_binstall_finds_each_archive_and_the_program_in_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    let manifest: toml_edit::DocumentMut = manifest.parse().expect("Cargo reads it too");
    let told = &manifest["package"]["metadata"]["binstall"];
    let field = |target: &str, name: &str| {
        let special = told.get("overrides").and_then(|all| all.get(target)).and_then(|one| one.get(name));
        special.unwrap_or(&told[name]).as_str().unwrap_or_else(|| panic!("{name} is text")).to_owned()
    };
    for target in TARGETS.into_iter().chain(["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]) {
        let ending = match field(target, "pkg-fmt").as_str() {
            "tgz" => ".tar.gz",
            "zip" => ".zip",
            other => panic!("{other}"),
        };
        let filled = |text: String| {
            let values = [
                ("{ repo }", env!("CARGO_PKG_REPOSITORY")),
                ("{ name }", PROGRAM),
                ("{ bin }", PROGRAM),
                ("{ version }", VERSION),
                ("{ target }", target),
                ("{ archive-suffix }", ending),
                ("{ binary-ext }", if target.contains("windows") { ".exe" } else { "" }),
            ];
            values.iter().fold(text, |text, (hole, value)| text.replace(hole, value))
        };
        let served = target.replace("-gnu", "-musl");
        // tar.gz is what it takes for a .tgz whose name it is told.
        assert_eq!(filled(field(target, "pkg-url")), url_of(&served));
        let (folder, files) = inside(&served);
        let path = filled(field(target, "bin-dir"));
        assert!(
            path.strip_prefix(&format!("{folder}/")).is_some_and(|file| files.contains(file)),
            "{path}: {files:?}"
        );
    }
}

#[test]
fn the_rpm_installs_works_and_goes_without_a_trace() {
    let rpm = ending(".rpm");
    let spec = package("git-credential-patron.spec");
    run("rpmspec", "rpm", [OsStr::new("--parse"), spec.as_os_str()]);
    let asked = |what: &str| {
        out(&run("rpm", "rpm", [OsStr::new("-qp"), OsStr::new("--qf"), OsStr::new(what), rpm.as_os_str()]))
    };
    assert_eq!(
        asked("%{NAME} %{VERSION} %{LICENSE}"),
        format!("{PROGRAM} {VERSION} {}", env!("CARGO_PKG_LICENSE"))
    );
    let scripts = out(&run("rpm", "rpm", [OsStr::new("-qp"), OsStr::new("--scripts"), rpm.as_os_str()]));
    assert_eq!(scripts, "", "setting git up is each user's own command");

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = folder.path().join("root");
    fs::create_dir(&place).expect("the folder is the test's");
    let rpm_in = |arguments: &[&OsStr]| {
        let at = [OsStr::new("--root"), place.as_os_str()];
        as_root("rpm", "rpm", at.iter().chain(arguments).copied())
    };
    rpm_in(&[OsStr::new("--initdb")]);
    // Debian's packages are unknown to it: git is there all the same.
    rpm_in(&[OsStr::new("--nodeps"), OsStr::new("--install"), rpm.as_os_str()]);
    works(&place);
    rpm_in(&[OsStr::new("--verify"), OsStr::new("--nodeps"), OsStr::new(PROGRAM)]);
    rpm_in(&[OsStr::new("--erase"), OsStr::new(PROGRAM)]);
    let left: Vec<PathBuf> =
        listing(&place).into_keys().filter(|path| path.display().to_string().contains(PROGRAM)).collect();
    assert!(left.is_empty(), "{left:?}");
    as_root("rm", "coreutils", [OsStr::new("-rf"), place.as_os_str()]);
}

#[test]
fn apt_takes_the_package_from_the_repository_that_was_made() {
    tool("apt-get", "apt");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for part in ["lists/partial", "archives/partial", "etc", "log"] {
        fs::create_dir_all(folder.path().join(part)).expect("the folder is the test's");
    }
    let sources = folder.path().join("etc/sources.list");
    let line = format!("deb [trusted=yes] file:{} stable main\n", package("apt").display());
    fs::write(&sources, line).expect("the folder is the test's");
    let option = |name: &str, path: &Path| format!("{name}={}", path.display());
    let options = [
        option("Dir::Etc::SourceList", &sources),
        option("Dir::Etc::SourceParts", &folder.path().join("none")),
        option("Dir::State::Lists", &folder.path().join("lists")),
        option("Dir::Cache::Archives", &folder.path().join("archives")),
        option("Dir::Cache", folder.path()),
        option("Dir::Log", &folder.path().join("log")),
        "Debug::NoLocking=1".to_owned(),
        "APT::Sandbox::User=".to_owned(),
        // Nobody asks the machine's own hooks about a repository of a test.
        "APT::Update::Post-Invoke=".to_owned(),
    ];
    let options: Vec<&str> = options.iter().flat_map(|option| ["-o", option]).collect();
    run("apt-get", "apt", options.iter().copied().chain(["update"]));
    let fetched = folder.path().join("fetched");
    fs::create_dir(&fetched).expect("the folder is the test's");
    let mut command = Command::new("apt-get");
    let output = command.args(&options).args(["download", PROGRAM]).current_dir(&fetched).output();
    let output = output.expect("it was found");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: Vec<PathBuf> = listing(&fetched).into_keys().collect();
    let [package] = names.as_slice() else { panic!("{names:?}") };
    assert!(fs::read(package).expect("it was fetched") == fs::read(ending(".deb")).expect("it was made"));
}

/// What is installed below a folder works, its manual and all.
#[track_caller]
fn works(place: &Path) {
    let sandbox = Sandbox::new(None);
    fs::remove_file(sandbox.program()).expect("the sandbox's own way to the program");
    let rest = sandbox.environment()[OsStr::new("PATH")].clone();
    let folders = std::iter::once(place.join("usr/bin")).chain(std::env::split_paths(&rest));
    let search = std::env::join_paths(folders).expect("no folder has a colon");
    let git = |line: &[&str]| sandbox.git(line).env("PATH", &search).env("MANPAGER", "cat").ok().stdout();
    assert_eq!(git(&["credential-patron", "--version"]), format!("{PROGRAM} {VERSION}\n"));
    assert!(git(&["credential-patron", "--help"]).contains("HOW A TOKEN IS CHOSEN"));
    let share = place.join("usr/share");
    for file in [
        "bash-completion/completions/git-credential-patron",
        "zsh/site-functions/_git-credential-patron",
        "fish/vendor_completions.d/git-credential-patron.fish",
    ] {
        assert!(share.join(file).is_file(), "{file}");
    }
}

/// Runs what only root may, in a folder of the test.
#[track_caller]
fn as_root<'a>(name: &str, package: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> Output {
    tool(name, package);
    if rustix::process::getuid().is_root() {
        return run(name, package, arguments);
    }
    let arguments = arguments.into_iter().map(OsStr::to_owned);
    run("sudo", "sudo", ["-n".into(), name.into()].into_iter().chain(arguments))
}
