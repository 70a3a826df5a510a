//! Real helpers of other people, with patron before them and without: the same requests, the same output.

use super::{Runner, accounts, add, asks, expected, set_up, without_probes};
use crate::bus::Bus;
use crate::forge::{Access, Forge, Policy, State};
use crate::sandbox::{Git, Sandbox, gits};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use Access::{Read, Write};

/// A helper that somebody used before.
struct Earlier {
    name: &'static str,
    /// Its lines in git's config.
    config: &'static str,
    /// The program that is asked directly what it holds; none: it does not keep.
    keeps: Option<&'static str>,
}

const STORE: Earlier =
    Earlier { name: "store", config: "[credential]\n\thelper = store\n", keeps: Some("credential-store") };
const CACHE: Earlier = Earlier {
    name: "cache",
    config: "[credential]\n\thelper = cache --timeout=600\n",
    keeps: Some("credential-cache"),
};
const LIBSECRET: Earlier = Earlier {
    name: "libsecret",
    config: "[credential]\n\thelper = libsecret\n",
    keeps: Some("credential-libsecret"),
};
/// As `gh auth setup-git` writes it.
const GH: Earlier = Earlier {
    name: "gh",
    config: "[credential \"https://github.com\"]\n\thelper = \n\thelper = !/usr/bin/gh auth git-credential\n",
    keeps: None,
};

/// A sandbox in which the helper holds mona's classic token.
struct Place<'a> {
    sandbox: Sandbox,
    run_by: &'static Git,
    earlier: &'a Earlier,
    _bus: Option<Bus>,
}

impl<'a> Place<'a> {
    fn new(earlier: &'a Earlier, forge: &Forge, git: &'static Git) -> Self {
        let mut sandbox = without_probes(forge);
        sandbox.write(".gitconfig", earlier.config);
        let mut bus = None;
        if earlier.name == "libsecret" {
            let started = Bus::start(true);
            sandbox.set("DBUS_SESSION_BUS_ADDRESS", started.address());
            std::os::unix::fs::symlink(libsecret(), sandbox.bin().join("git-credential-libsecret"))
                .expect("the sandbox is ours");
            bus = Some(started);
        }
        let place = Self { sandbox, run_by: git, earlier, _bus: bus };
        let secret = forge.secret("classic");
        match earlier.keeps {
            Some(program) => {
                let kept = super::request(&format!("username=mona\npassword={secret}\n"));
                place.sandbox.git([program, "store"]).with_git(git).stdin(kept).ok();
                assert!(place.holds(), "{} keeps", earlier.name);
            }
            None => {
                let hosts = format!(
                    "github.com:\n    oauth_token: {secret}\n    user: mona\n    git_protocol: https\n"
                );
                place.sandbox.write(".config/gh/hosts.yml", hosts);
            }
        }
        place
    }

    fn run(&self) -> Runner<'_> {
        Runner { sandbox: &self.sandbox, git: self.run_by }
    }

    /// Tells whether the helper still holds a credential for github.com.
    fn holds(&self) -> bool {
        let program = self.earlier.keeps.expect("one that keeps");
        let answer = self.sandbox.git([program, "get"]).with_git(self.run_by).stdin(super::request("")).ok();
        answer.stdout().contains("password=")
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.earlier.name == "cache" && !std::thread::panicking() {
            self.sandbox.git(["credential-cache", "exit"]).with_git(self.run_by).ok();
        }
    }
}

/// Builds libsecret's helper from what Debian's package `git` ships.
pub(crate) fn libsecret() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = "/usr/share/doc/git/contrib/credential/libsecret/git-credential-libsecret.c";
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("git-credential-libsecret");
        let script = "cc -O1 -o \"$1.new\" \"$2\" $(pkg-config --cflags --libs libsecret-1 glib-2.0) && mv \"$1.new\" \"$1\"";
        let built = Command::new("sh").args(["-c", script, "sh"]).arg(&program).arg(source).output();
        let built = built.expect("there is a shell");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "install the packages git, gcc, pkg-config and libsecret-1-dev: {said}");
        program
    })
}

/// Does what people do in a day, and gives what git said.
fn a_day(run: &Runner<'_>) -> Vec<String> {
    let mut said = Vec::new();
    for (cwd, line) in [
        (".", "clone https://github.com/acme/secret.git one"),
        (".", "clone -q https://mona@github.com/globex/api two"),
        ("one", "fetch"),
        ("one", "commit -q --allow-empty -m more"),
        ("one", "push -q"),
        (".", "ls-remote https://github.com/mona/dotfiles"),
    ] {
        let output = run.ok(cwd, line);
        said.push(format!("{line}\n{}{}", output.stdout(), output.stderr()));
    }
    // The commit's name depends on the second it was made in.
    said.retain(|text| !text.starts_with("commit") && !text.starts_with("push"));
    said
}

fn works_as_before(earlier: &Earlier) {
    for git in gits() {
        let day = [
            ("acme/secret", Read, "classic"),
            ("globex/api", Read, "classic"),
            ("acme/secret", Read, "classic"),
            ("acme/secret", Write, "classic"),
            ("mona/dotfiles", Read, "classic"),
        ];
        let mut days = Vec::new();
        for with_patron in [false, true] {
            let forge = Forge::start(Policy::sample());
            let place = Place::new(earlier, &forge, git);
            if with_patron {
                set_up(&place.sandbox, earlier.config);
            }
            let said = a_day(&place.run());
            let mut asked = asks(&forge);
            // Git sends the user name of a URL without a password first.
            asked.retain(|(_, _, token)| !token.starts_with("unknown"));
            assert_eq!(asked, expected(&day), "patron {with_patron}, git {}", git.version);
            days.push(said);
            if with_patron {
                assert_eq!(accounts(&place.sandbox), [""; 0], "what it answered is not learned");
                after_the_first_add(&place, &forge);
            }
            a_stale_credential(&place, &forge);
        }
        assert_eq!(days[0], days[1], "git {}", git.version);
    }
}

/// One owner has an account now, the others go on as before.
fn after_the_first_add(place: &Place<'_>, forge: &Forge) {
    add(&place.sandbox, forge, "acme", "acme");
    forge.clear_log();
    let run = place.run();
    run.ok("one", "fetch -q");
    run.ok("two", "fetch -q origin");
    let mut asked = asks(forge);
    asked.retain(|(_, _, token)| !token.starts_with("unknown"));
    assert_eq!(asked, expected(&[("acme/secret", Read, "acme"), ("globex/api", Read, "classic")]));
}

/// A credential that GitHub refuses is erased where it lies, and not served again.
fn a_stale_credential(place: &Place<'_>, forge: &Forge) {
    forge.policy(|policy| policy.token_mut("classic").state = State::Revoked);
    forge.clear_log();
    let refused = "ls-remote https://github.com/globex/api";
    place.run().fails(".", refused);
    assert_eq!(asks(forge), expected(&[("globex/api", Read, "classic")]));
    if place.earlier.keeps.is_some() {
        assert!(!place.holds(), "{} was told to erase it", place.earlier.name);
        forge.clear_log();
        place.run().fails(".", refused);
        assert_eq!(asks(forge), [], "it is not served again");
    }
}

#[test]
fn git_credential_store_works_as_before() {
    works_as_before(&STORE);
}

#[test]
fn git_credential_cache_works_as_before() {
    works_as_before(&CACHE);
}

#[test]
fn git_credential_libsecret_works_as_before() {
    works_as_before(&LIBSECRET);
}

#[test]
fn gh_works_as_before() {
    works_as_before(&GH);
}

#[test]
fn what_gh_auth_login_sends_touches_no_account() {
    // It forgets what is there for the host, without user, path or password, and keeps its own token.
    for git in gits() {
        let forge = Forge::start(Policy::sample().token(crate::forge::Token::oauth("login", "mona")));
        let place = Place::new(&STORE, &forge, git);
        set_up(&place.sandbox, STORE.config);
        add(&place.sandbox, &forge, "acme", "acme");
        let files = || {
            [".config/git-credential-patron/accounts.toml", ".local/share/git-credential-patron/secrets.toml"]
                .map(|file| place.sandbox.read(file).expect("it is there"))
        };
        let before = files();
        let run = place.run();
        run.credential("reject", &super::request("\n")).ok().says_nothing();
        assert!(!place.holds(), "the helper's own is forgotten, as before");
        let kept = super::request(&format!("username=mona\npassword={}\n\n", forge.secret("login")));
        run.credential("approve", &kept).ok().says_nothing();
        assert!(place.holds(), "the helper keeps it, as before");
        assert_eq!(files(), before);
        run.ok(".", "ls-remote -q https://github.com/acme/secret");
        run.ok(".", "ls-remote -q https://github.com/globex/api");
        assert_eq!(asks(&forge), expected(&[("acme/secret", Read, "acme"), ("globex/api", Read, "login")]));
        assert_eq!(accounts(&place.sandbox), ["acme"]);
    }
}

/// As Git for Windows' own helper is used from WSL: a path with a blank, which git's configuration quotes.
#[test]
fn a_helper_of_windows_is_asked_from_wsl_though_its_path_has_blanks_and_import_finds_it() {
    let forge = Forge::start(Policy::sample());
    let sandbox = without_probes(&forge);
    let folder = sandbox.root().join("mnt/c/Program Files/Git/mingw64/bin");
    std::fs::create_dir_all(&folder).expect("the sandbox is ours");
    let secret = forge.secret("classic");
    let answer = sandbox.write("answer", format!("username=mona\npassword={secret}\n"));
    let script = format!("cat >/dev/null; [ \"$1\" != get ] || cat '{}'", answer.display());
    let written = sandbox.write_program("written", &script);
    std::fs::rename(written, folder.join("git-credential-manager.exe")).expect("the sandbox is ours");
    let line = folder.join("git-credential-manager.exe").display().to_string().replace(' ', "\\\\ ");
    super::set_up(&sandbox, &format!("[credential]\n\thelper = \"{line}\"\n"));
    let recorded = sandbox.read(".config/git-credential-patron/gitconfig").expect("setup wrote it");
    assert!(recorded.contains(&format!("fallback = \"{line}\"")), "{recorded}");
    sandbox.git(["ls-remote", "https://github.com/mona/dotfiles"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok();
    let given = sandbox.patron(["get"]).stdin(super::request("path=globex/api\n")).ok();
    assert!(given.stdout().contains(&secret), "another owner's is the helper's to give");
    let found = sandbox.patron(["import", "--from", "gcm", "--dry-run"]).ok();
    assert!(found.stdout().contains("mona") || found.stderr().contains("mona"), "{}", found.report());
}
