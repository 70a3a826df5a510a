//! The rules of this room against real git: each helper of a configuration writes its name down when git asks
//! it, and the names must be those of our chain, in its order. With every git on PATH and in /usr/bin.

use crate::git::{Cwd, Git, Level, Listing};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The gits of this machine, one for each version.
fn gits() -> Vec<Git> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/bin")]);
    let mut gits = BTreeMap::new();
    for folder in folders {
        let found = crate::search_path::find_in_path("git".as_ref(), folder.as_os_str()).map(Git::at);
        if let Some(git) = found {
            gits.entry(git.run(&["--version"], Cwd::Nowhere).expect("git has a version")).or_insert(git);
        }
    }
    assert!(!gits.is_empty(), "git is needed for these tests");
    gits.into_values().collect()
}

/// A configuration in a folder of its own, and what is written down there.
struct Bench {
    folder: tempfile::TempDir,
    git: Git,
}

impl Bench {
    fn new(git: &Git, config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // `note:NAME` stands for a helper that writes its name down, and the path it was told.
        let note = folder.path().join("note");
        let script = "#!/bin/sh\npath=$(sed -n 's/^path=//p')\necho \"$1 ${path:--}\" >>\"${0%/*}/log\"\n";
        // Not by this process: what it has open while another thread starts a program cannot be run.
        let write = "printf %s \"$1\" >\"$2\" && chmod +x \"$2\"";
        let status = Command::new("sh").args(["-c", write, "sh", script]).arg(&note).status();
        assert!(status.expect("a shell").success());
        let config = config.replace("note:", &format!("{} ", note.display()));
        fs::write(folder.path().join("config"), config).expect("a config");
        Self { folder, git: git.clone() }
    }

    fn env(&self) -> [(&'static str, String); 5] {
        let config = self.folder.path().join("config").display().to_string();
        let home = self.folder.path().display().to_string();
        [
            ("GIT_CONFIG_GLOBAL", config),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_TERMINAL_PROMPT", "0".to_owned()),
            ("GIT_ASKPASS", String::new()),
            ("HOME", home),
        ]
    }

    fn listing(&self) -> Listing {
        let env = self.env();
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Listing::read_with(&self.git, Cwd::Nowhere, &env).expect("git lists its config")
    }

    /// Lets git ask for a URL; gives who was asked, and the path the first one was told.
    fn asked_by_git(&self, url: &str) -> (Vec<String>, Option<String>) {
        let log = self.folder.path().join("log");
        let _ = fs::remove_file(&log);
        let mut child = Command::new(self.git.program())
            .args(["credential", "fill"])
            .current_dir(self.folder.path())
            .env_remove("SSH_ASKPASS")
            .env_remove("GIT_CONFIG_PARAMETERS")
            .env("GIT_DIR", "/dev/null")
            .envs(self.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("git starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        writeln!(stdin, "url={url}").expect("git reads");
        drop(stdin);
        child.wait().expect("git ends");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let path = pairs.first().map(|(_, path)| *path).filter(|path| *path != "-").map(str::to_owned);
        (pairs.iter().map(|(name, _)| (*name).to_owned()).collect(), path)
    }

    /// Says who would be asked by our rules.
    fn asked_by_us(&self, listing: &Listing, url: &str) -> (Vec<String>, bool) {
        let Some(chain) = listing.chain(url) else { return (Vec::new(), false) };
        let name =
            |value: &[u8]| String::from_utf8_lossy(value).split(' ').nth(1).expect("a name").to_owned();
        (chain.helpers.iter().map(|helper| name(&helper.value)).collect(), chain.use_http_path)
    }
}

/// Every pattern a section can be written with that may matter; the names are the line's number.
const PATTERNS: &[&str] = &[
    "",
    "https://github.com",
    "https://github.com/",
    "HTTPS://GitHub.COM",
    "https://github.com:443",
    "https://github.com:0443",
    "https://github.com:",
    "https://github.com:8443",
    "http://github.com",
    "http://github.com:80",
    "https://*.com",
    "https://*.example.com",
    "https://*.*.com",
    "https://gist.*.com",
    "https://*",
    "https://g*.com",
    "https://github.com/acme",
    "https://github.com/acme/",
    "https://github.com/Acme",
    "https://github.com/ac",
    "https://github.com/acme/secret",
    "https://github.com/acme/secret.git",
    "https://github.com/acme/./x/../secret.git",
    "https://github.com/../acme",
    "https://github.com//acme",
    "https://github.com/a%63me",
    "https://github.com/ac me",
    "https://github.com/ac%20me",
    "https://github.com/acme%2fsecret.git",
    "https://github.com/acme%",
    "https://github.com/acme?x",
    "https://github.com/#acme",
    "https://mona@github.com",
    "https://Mona@github.com",
    "https://mona@github.com/acme",
    "https://mo%6ea@github.com",
    "https://mona%40corp.com@github.com",
    "https://mona:pw@github.com",
    "https://@github.com",
    "https://:8443",
    "github.com",
    "GitHub.com",
    "github.com/acme",
    "github.com/acme/secret.git",
    "mona@github.com",
    "https://",
    "https:///acme/secret.git",
    "/acme/secret.git",
    "://github.com",
    "*",
    "*.com",
    "https://ghe.example.com:8443",
    "https://ghe.example.com:8443/acme",
    "https://github.com.",
    "https://[::1]:8443",
    "https://github_x.com",
    "not a url",
];

const URLS: &[&str] = &[
    "https://github.com",
    "https://github.com/",
    "https://github.com/acme",
    "https://github.com/acme/",
    "https://github.com/acme/secret",
    "https://github.com/acme/secret.git",
    "https://github.com/acme/secret.git/info/lfs",
    "https://github.com/acme/secretive.git",
    "https://github.com/Acme/secret.git",
    "https://github.com/acme-labs/x.git",
    "https://github.com/ac%20me/x.git",
    "https://github.com/ac me/x.git",
    "https://github.com/acme%2Fsecret.git",
    "https://github.com/acme%2F..%2Fvictim/x.git",
    "https://github.com/acme/../victim/x.git",
    "https://github.com//acme/secret.git",
    "https://github.com/acme//secret.git",
    "https://github.com/acme/x?y#z",
    "https://github.com/acme%",
    "https://github.com?x",
    "https://github.com#acme",
    "https://github.com/a:b%20c/x",
    "https://GitHub.COM/acme/secret.git",
    "HTTPS://github.com/acme/secret.git",
    "https://github.com:443/acme/secret.git",
    "https://github.com:0443/acme/secret.git",
    "https://github.com:/acme/secret.git",
    "https://github.com:8443/acme/secret.git",
    "https://github.com:99999/acme/secret.git",
    "https://github.com./acme/secret.git",
    "http://github.com/acme/secret.git",
    "http://github.com:80/acme/secret.git",
    "https://mona@github.com/acme/secret.git",
    "https://mona@github.com/other/x.git",
    "https://mona%40corp.com@github.com/acme/secret.git",
    "https://@github.com/acme/secret.git",
    "https://a/b@github.com/acme",
    "https://gist.github.com/mona/0123.git",
    "https://mona@gist.github.com/0123.git",
    "https://example.com/acme/secret.git",
    "https://ghe.example.com:8443/acme/secret.git",
    "https://ghe.example.com/acme/secret.git",
    "https://a.b.example.com/x",
    "https://[::1]:8443/acme/x.git",
    "https://github_x.com/acme/x.git",
    "https://gitlab.com/acme/secret.git",
    "https://%67ithub.com/acme/secret.git",
    "https://github.com%2eevil.test/x",
    "https:///acme/secret.git",
    "github.com/acme/secret.git",
    "",
];

#[test]
fn the_chain_is_who_git_asks_for_every_url_and_section() {
    let mut config = String::new();
    for (number, pattern) in PATTERNS.iter().enumerate() {
        let pattern = if pattern.is_empty() { String::new() } else { format!(" \"{pattern}\"") };
        config += &format!("[credential{pattern}]\n\thelper = note:{number}\n");
    }
    for git in gits() {
        let bench = Bench::new(&git, &config);
        let listing = bench.listing();
        let mut met = std::collections::BTreeSet::new();
        for url in URLS {
            let (by_git, _) = bench.asked_by_git(url);
            let (by_us, _) = bench.asked_by_us(&listing, url);
            let named = |names: &[String]| -> Vec<&str> {
                names.iter().map(|name| PATTERNS[name.parse::<usize>().expect("a number")]).collect()
            };
            assert_eq!(named(&by_us), named(&by_git), "{url} with {}", git.program().display());
            met.extend(by_git);
        }
        // A pattern that no URL meets would be compared with nothing.
        assert!(met.len() >= 35, "{} patterns were met with {}", met.len(), git.program().display());
    }
}

#[test]
fn an_empty_helper_resets_and_sections_apply_in_file_order() {
    let config = "
[credential \"https://github.com/acme\"]
	helper = note:owner-before
[credential]
	helper = note:all
	helper = note:all-too
[credential \"https://github.com\"]
	helper =
	helper = note:host
[credential \"https://github.com/acme\"]
	helper = note:owner
[credential \"https://github.com/none\"]
	helper =
[credential \"https://gitlab.com\"]
	helper = note:lab
	helper = \"\"
[credential]
	helper = note:last
";
    for git in gits() {
        let bench = Bench::new(&git, config);
        let listing = bench.listing();
        for (url, expected) in [
            ("https://github.com/acme/x.git", &["host", "owner", "last"][..]),
            ("https://github.com/other/x.git", &["host", "last"]),
            ("https://github.com/none/x.git", &["last"]),
            ("https://gitlab.com/x/y.git", &["last"]),
            ("https://example.com/x", &["all", "all-too", "last"]),
        ] {
            assert_eq!(bench.asked_by_git(url).0, expected, "git: {url}");
            assert_eq!(bench.asked_by_us(&listing, url).0, expected, "ours: {url}");
        }
    }
}

#[test]
fn helpers_are_told_the_path_when_we_say_so() {
    let config = "
[credential]
	helper = note:all
[credential \"https://github.com\"]
	useHttpPath = true
[credential \"https://github.com/acme\"]
	usehttppath = 0
[credential \"https://github.com/acme/secret.git\"]
	USEHTTPPATH = on
[credential \"https://mona@github.com\"]
	useHttpPath =
";
    for git in gits() {
        let bench = Bench::new(&git, config);
        let listing = bench.listing();
        for (url, told) in [
            ("https://github.com/other/x.git", true),
            ("https://github.com/acme/x.git", false),
            ("https://github.com/acme/secret.git", true),
            ("https://mona@github.com/other/x.git", false),
            ("https://gitlab.com/other/x.git", false),
        ] {
            assert_eq!(bench.asked_by_git(url).1.is_some(), told, "git: {url}");
            assert_eq!(bench.asked_by_us(&listing, url).1, told, "ours: {url}");
        }
    }
}

#[test]
fn a_user_name_from_the_configuration_joins_the_request_as_git_does() {
    let config = "
[credential \"https://github.com\"]
	username = mona
[credential \"https://mona@github.com\"]
	helper = note:whole-url
[credential \"mona@github.com\"]
	helper = note:partial-url
";
    // The first pattern is compared with the URL as it came, the second with what is known by then.
    for git in gits() {
        let bench = Bench::new(&git, config);
        let listing = bench.listing();
        for (url, expected) in [
            ("https://github.com/a/b", &["partial-url"][..]),
            ("https://mona@github.com/a/b", &["whole-url", "partial-url"]),
            ("https://other@github.com/a/b", &[]),
        ] {
            assert_eq!(bench.asked_by_git(url).0, expected, "git: {url}");
            assert_eq!(bench.asked_by_us(&listing, url).0, expected, "ours: {url}");
        }
    }
}

#[test]
fn lines_at_which_git_gives_up_are_named() {
    for git in gits() {
        for (line, fact) in
            [("helper", "has no value"), ("useHttpPath = perhaps", "is neither true nor false")]
        {
            let bench = Bench::new(&git, &format!("[credential]\n\thelper = note:all\n\t{line}\n"));
            assert_eq!(bench.asked_by_git("https://github.com").0, [] as [&str; 0], "git gives up at {line}");
            let chain = bench.listing().chain("https://github.com").expect("a URL");
            assert_eq!(chain.broken.len(), 1);
            assert_eq!((chain.broken[0].fact, chain.broken[0].source.line), (fact, Some(3)));
        }
    }
}

#[test]
fn each_helper_says_where_it_is_written() {
    for git in gits() {
        let bench = Bench::new(
            &git,
            "[credential]\n\thelper = a\n[include]\n\tpath = more\n[credential]\n\n\tHelper = b\n",
        );
        let folder = bench.folder.path();
        fs::write(folder.join("more"), "# c\n[credential \"https://github.com\"] helper = c\n")
            .expect("a file");
        let chain = bench.listing().chain("https://github.com").expect("a URL");
        let found: Vec<_> =
            chain.helpers.iter().map(|helper| (helper.shown(), helper.source.to_string())).collect();
        let at = |file: &str, line: usize| format!("{}:{line}", folder.join(file).display());
        let expected = [("a", at("config", 2)), ("c", at("more", 2)), ("b", at("config", 7))];
        assert_eq!(found, expected.map(|(name, place)| (name.to_owned(), place)));
        assert!(chain.helpers.iter().all(|helper| helper.source.level == Level::Global));
    }
}

#[test]
fn the_parts_of_a_host_with_sections_of_their_own_are_listed() {
    let config = "
[credential]
	helper = all
[credential \"https://github.com/acme\"]
	helper = acme
[credential \"https://github.com/acme/secret.git\"]
	helper =
	helper = secret
[credential \"https://github.com/none\"]
	helper =
[credential \"https://mona@github.com\"]
	helper = mona
[credential \"https://github.com/path\"]
	useHttpPath = true
[credential \"https://*.com/glob\"]
	helper = glob
[credential \"github.com/partial/repo.git\"]
	helper = partial
[credential \"github.com/never\"]
	helper = never
[credential \"https://gitlab.com/acme\"]
	helper = lab
[credential \"https://github.com/name\"]
	username = x
";
    for git in gits() {
        let sections = Bench::new(&git, config).listing().sections_of_host("github.com");
        let found: Vec<(String, String)> = sections
            .iter()
            .map(|section| {
                let helpers: Vec<String> = section.chain.helpers.iter().map(super::Helper::shown).collect();
                let path = if section.chain.use_http_path { " path" } else { "" };
                (String::from_utf8_lossy(&section.url).into_owned(), helpers.join(",") + path)
            })
            .collect();
        let expected = [
            ("https://github.com/acme", "all,acme"),
            ("https://github.com/acme/secret.git", "secret"),
            ("https://github.com/none", ""),
            ("https://mona@github.com", "all,mona"),
            ("https://github.com/path", "all path"),
            ("https://github.com/glob", "all,glob"),
            ("https://github.com/partial/repo.git", "all,partial"),
            ("https://mona@github.com/acme", "all,acme,mona"),
            ("https://mona@github.com/acme/secret.git", "secret,mona"),
            ("https://mona@github.com/none", "mona"),
            ("https://mona@github.com/path", "all,mona path"),
            ("https://mona@github.com/glob", "all,mona,glob"),
            ("https://mona@github.com/partial/repo.git", "all,mona,partial"),
        ];
        assert_eq!(found, expected.map(|(url, chain)| (url.to_owned(), chain.to_owned())));
    }
}

#[test]
fn patron_is_reached_when_it_is_asked_alone_and_with_the_path() {
    let reach = |config: &str| {
        let git = gits().remove(0);
        Bench::new(&git, config).listing().reaches_patron("https://github.com").expect("a URL")
    };
    let ours = "[credential \"https://github.com\"]\n\thelper =\n\thelper = /opt/git-credential-patron\n\tuseHttpPath = true\n";
    assert!(reach(ours).is_covered());
    assert!(reach(&format!("[credential]\n\thelper = cache\n{ours}")).is_covered());
    let after = reach(&format!("{ours}[credential]\n\thelper = cache\n"));
    assert!(after.asked && !after.is_covered());
    assert_eq!(after.others[0].shown(), "cache");
    assert!(!reach(&format!("{ours}\tuseHttpPath = false\n")).is_covered());
    assert!(!reach(&format!("{ours}\thelper =\n")).asked);
    assert!(!reach("[credential]\n\thelper = cache\n").asked);
}
