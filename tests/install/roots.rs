//! The static archive in bare systems, each a folder that holds nothing but that system: unpacked and installed there,
//! it clones from the forge.
//!
//! `tests/run roots` makes the archive (install/static) and the folders (tests/roots), and runs these; without them they
//! cannot run, and are no part of `cargo test`.

use crate::forge::{Forge, Policy};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the folder of the release, and the one of the systems.
const RELEASE: &str = "PATRON_RELEASE";
const ROOTS: &str = "PATRON_ROOTS";

fn named(variable: &str) -> PathBuf {
    let folder = std::env::var_os(variable).unwrap_or_else(|| panic!("tests/run roots sets {variable}"));
    PathBuf::from(folder)
}

/// A system in a folder.
struct System {
    folder: PathBuf,
}

impl System {
    /// The system of this name, with a release and a certificate in its /tmp.
    fn new(name: &str, forge: &Forge) -> Self {
        let folder = named(ROOTS).join(name);
        assert!(folder.join("bin/sh").exists(), "{} is no system: tests/roots makes it", folder.display());
        let system = Self { folder };
        system.forget();
        let release = system.folder.join("tmp/release");
        fs::create_dir_all(&release).expect("the folder is the test's");
        let files = |folder: PathBuf| fs::read_dir(folder).expect("the release is there");
        for entry in files(named(RELEASE)).chain(files(named(RELEASE).join("packages"))) {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, release.join(path.file_name().expect("a file")))
                    .expect("the folder is the test's");
            }
        }
        fs::copy(forge.ca_file(), system.folder.join("tmp/ca.pem")).expect("the folder is the test's");
        system
    }

    /// Takes away what an earlier run left.
    fn forget(&self) {
        for path in [
            "tmp/release",
            "tmp/secret",
            "tmp/ca.pem",
            "tmp/script",
            "tmp/docs",
            "root/.config",
            "root/.local",
            "root/.gitconfig",
        ] {
            let path = self.folder.join(path);
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }

    /// Runs a script there, with a token on its standard input, and gives what it printed.
    #[track_caller]
    fn run(&self, forge: &Forge, script: &str, token: &str) -> String {
        fs::write(self.folder.join("tmp/script"), script).expect("the folder is the test's");
        // Mounts of its own, which end with it: what a container has, too.
        let inside = "mount --bind /proc \"$1/proc\" && mount --bind /dev \"$1/dev\" && exec chroot \"$1\" /bin/sh /tmp/script";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", inside, "sh"]).arg(&self.folder).env_clear();
        for (name, value) in [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/root"),
            ("LANG", "C.UTF-8"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_SSL_CAINFO", "/tmp/ca.pem"),
            ("SSL_CERT_FILE", "/tmp/ca.pem"),
        ] {
            command.env(name, value);
        }
        command.env("HTTPS_PROXY", forge.proxy_url()).env("https_proxy", forge.proxy_url());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("unshare is part of every Linux");
        let mut stdin = child.stdin.take().expect("it was piped");
        writeln!(stdin, "{token}").expect("the script reads it");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let said = [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes).replace(token, "(the token)"));
        assert!(output.status.success(), "{}: {}\n{}", self.folder.display(), output.status, said.concat());
        said.concat()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.forget();
    }
}

/// From a release to a clone with the right token.
fn clones_in(name: &str) {
    let forge = Forge::start(Policy::sample());
    let system = System::new(name, &forge);
    let script = "set -eu
        cd /tmp/release
        sh install.sh --from .
        git credential-patron setup
        git credential-patron add acme --token-stdin --vault file
        git clone --quiet https://github.com/acme/secret /tmp/secret
        test -d /tmp/secret/.git
        git credential-patron status
        sh install.sh --uninstall 2>&1 | grep 'git still asks'
        git credential-patron unsetup
        sh install.sh --uninstall
        test ! -e /usr/local/bin/git-credential-patron
        dpkg --install /tmp/release/*.deb
        git credential-patron --version
        dpkg --verify git-credential-patron
        dpkg --purge git-credential-patron
        test ! -e /usr/bin/git-credential-patron
        cat /etc/os-release";
    let told = system.run(&forge, script, &forge.secret("acme"));
    assert!(told.contains("matches its checksum in SHA256SUMS"), "{told}");
    println!("{told}");
    let refused = forge.refused_tunnels();
    assert!(refused.is_empty(), "other hosts were asked: {refused:?}");
}

#[test]
#[ignore = "needs the static archive and a system in a folder: tests/run roots"]
fn a_static_archive_clones_in_debian_11() {
    clones_in("debian-11");
}

#[test]
#[ignore = "needs the static archive and a system in a folder: tests/run roots"]
fn a_static_archive_clones_in_debian_12() {
    clones_in("debian-12");
}

#[test]
#[ignore = "needs the static archive and a system in a folder: tests/run roots"]
fn a_static_archive_answers_where_there_is_busybox_alone() {
    let forge = Forge::start(Policy::sample());
    let system = System::new("busybox", &forge);
    // No git there, so what git would ask is asked by hand.
    let script = "set -eu
        cd /tmp/release
        sh install.sh --from .
        git-credential-patron --version
        git-credential-patron install-docs --prefix /tmp/docs
        grep -q 'Sh NAME' /tmp/docs/share/man/man1/git-credential-patron.1
        PATRON_VAULT=file git-credential-patron add acme --token-stdin
        printf 'protocol=https\nhost=github.com\npath=acme/secret\n\n' | git-credential-patron get
        git-credential-patron list
        sh install.sh --uninstall";
    let told = system.run(&forge, script, &forge.secret("acme"));
    assert!(told.contains("password=(the token)"), "{told}");
    assert!(Path::new(&system.folder).join("bin/busybox").is_file());
    println!("{told}");
}
