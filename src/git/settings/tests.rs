//! The settings, from files and variables of each kind.

use super::*;
use std::ffi::OsString;
use std::fs;

/// Reads a global and a system config, and variables.
fn read(global: &str, system: &str, vars: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (folder.path().join("global"), folder.path().join("system"));
    fs::write(&one, global).expect("a file");
    fs::write(&two, system).expect("a file");
    let env = |name: &str| -> Option<OsString> {
        match name {
            "GIT_CONFIG_GLOBAL" => Some(one.clone().into()),
            "GIT_CONFIG_SYSTEM" => Some(two.clone().into()),
            name => vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()),
        }
    };
    let (settings, bad) = Settings::read(None, &env);
    let place = folder.path().display().to_string();
    (settings, bad.iter().map(|bad| bad.to_string().replace(&place, "")).collect())
}

fn remote(url: &str) -> Remote {
    Remote::from_url(url).expect("a URL")
}

#[test]
fn nothing_set_is_auto() {
    assert_eq!(read("", "", &[]), (Settings::default(), vec![]));
}

#[test]
fn the_environment_is_stronger_than_the_user_and_the_user_than_the_system() {
    let system = "[patron]\n\tvault = file\n\tbrowser = never\n\tprobe = never\n";
    let global = "[Patron]\n\tVault = keyring\n\tbrowser = auto\n\tprompt = never\n";
    let (settings, bad) = read(global, system, &[("PATRON_PROMPT", "auto"), ("PATRON_PROBE", "auto")]);
    assert_eq!(settings, Settings { vault: VaultChoice::Keyring, ..Settings::default() });
    assert!(bad.is_empty());
    let (settings, _) = read(global, system, &[("GIT_CONFIG_NOSYSTEM", "1")]);
    assert_eq!((settings.probe, settings.prompt), (Permission::Auto, Permission::Never));
    let (settings, _) = read("", system, &[]);
    assert_eq!((settings.vault, settings.probe), (VaultChoice::File, Permission::Never));
}

#[test]
fn a_bad_value_is_named_with_its_place_and_counts_as_auto() {
    let (settings, bad) = read(
        "[patron]\n\tvault = kering\n\tprobe\n",
        "[patron]\n\tvault = file\n",
        &[("PATRON_BROWSER", "no")],
    );
    assert_eq!(settings, Settings::default());
    assert_eq!(
        bad,
        [
            "/global: patron.vault is \"kering\", but may be auto, keyring or file",
            "/global: patron.probe is \"without a value\", but may be auto or never",
            "environment: PATRON_BROWSER is \"no\", but may be auto or never",
        ]
    );
}

#[test]
fn a_secret_in_a_bad_value_is_not_repeated() {
    let token = format!("ghp_{}", "x1".repeat(18));
    let (_, bad) = read(&format!("[patron]\n\tvault = {token}\n"), "", &[("PATRON_PROBE", &token)]);
    assert_eq!(bad.len(), 2);
    assert!(bad.iter().all(|bad| !bad.contains(&token)), "{bad:?}");
}

#[test]
fn what_a_newer_version_knows_is_passed_over() {
    let (settings, bad) = read("[patron]\n\tnew = x\n[patron \"https://github.com\"]\n\tnew = x\n", "", &[]);
    assert_eq!((settings, bad.len()), (Settings::default(), 0));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_still_count() {
    let (settings, bad) = read("[patron\n", "[patron]\n\tvault = file\n", &[]);
    assert_eq!(settings.vault, VaultChoice::File);
    assert!(bad.len() == 1 && bad[0].starts_with("/global: the settings cannot be read: "), "{bad:?}");
}

#[test]
fn the_longest_url_that_fits_gives_the_fallback() {
    let global = "
[patron \"https://github.com\"]
	fallback = all
	fallback = more
[patron \"https://github.com/acme\"]
	fallback = acme
	fallbackPath = true
[patron \"https://github.com/acme/secret.git\"]
	fallback = secret
[patron \"https://mona@github.com\"]
	fallback = mona
[patron \"https://mona@github.com/acme\"]
	fallback = both
[patron \"https://github.com/none\"]
	fallback =
[patron \"https://mona%40corp.com@github.com\"]
	fallback = mail
[patron \"https://git.example.com/Group\"]
	fallback = plain
[patron \"https://gist.github.com/mona\"]
	fallback = gist
";
    let (settings, bad) = read(global, "", &[]);
    assert!(bad.is_empty());
    let asked = |url: &str, user| {
        let Fallback { helpers, with_path } = settings.fallback_for(&remote(url), user);
        helpers.join(",") + if with_path { " path" } else { "" }
    };
    for (url, user, expected) in [
        ("https://github.com/other/x.git", None, "all,more"),
        ("https://github.com", None, "all,more"),
        ("https://github.com/ACME/x.git", None, "acme path"),
        ("https://github.com/acme-labs/x.git", None, "all,more"),
        ("https://github.com/acme/Secret", None, "secret"),
        ("https://github.com/acme/secret.wiki.git", None, "secret"),
        ("https://github.com/other/x.git", Some("mona"), "mona"),
        ("https://github.com/acme/x.git", Some("mona"), "both"),
        ("https://github.com/acme/secret.git", Some("mona"), "secret"),
        ("https://github.com/other/x.git", Some("mona@corp.com"), "mail"),
        ("https://github.com/none/x.git", None, ""),
        ("https://git.example.com/Group/x.git", None, "plain"),
        ("https://git.example.com/group/x.git", None, ""),
        ("https://gist.github.com/mona/0123.git", None, "gist"),
        ("https://gist.github.com/other/0123.git", None, ""),
        ("https://corp.ghe.com/acme/x.git", None, ""),
    ] {
        assert_eq!(asked(url, user), expected, "{url} {user:?}");
    }
}

#[test]
fn an_empty_fallback_resets_and_patron_never_is_one() {
    let system = "[patron \"https://github.com\"]\n\tfallback = system\n";
    let global = "[patron \"https://GitHub.com/\"]\n\tfallback =\n\tfallback = /x/git-credential-patron\n\tfallback = a\n\tfallback = patron\n\tfallback = a\n";
    let helpers = |global: &str| {
        read(global, system, &[]).0.fallback_for(&remote("https://github.com/a/b"), None).helpers
    };
    assert_eq!(helpers(global), ["a"]);
    assert_eq!(helpers(&global.replace("fallback =\n", "fallback = b\n")), ["system", "b", "a"]);
}

#[test]
fn helpers_with_a_secret_are_taken_from_where_they_are_written() {
    let system = "
[credential \"https://github.com/acme\"]
	helper = machine
[patron \"https://github.com/machine\"]
	fallbackFrom = credential.https://github.com/acme.helper
";
    let global = "
[credential]
	helper = all
[credential \"https://github.com/acme\"]
	helper = one
	helper = two
[patron \"https://github.com/acme\"]
	fallback =
	fallback = all
	fallbackFrom = credential.https://github.com/acme.helper
	fallbackFrom = credential.https://github.com/absent.helper
[credential \"https://github.com/acme\"]
	helper =
	helper = /opt/git-credential-patron
";
    let (settings, bad) = read(global, system, &[]);
    assert!(bad.is_empty());
    let helpers = |url: &str| settings.fallback_for(&remote(url), None).helpers;
    assert_eq!(helpers("https://github.com/acme/x"), ["all", "machine", "one", "two"]);
    assert_eq!(helpers("https://github.com/machine/x"), ["machine"]);
}

#[test]
fn a_fallback_for_what_is_no_url_is_named() {
    let global = "[patron \"github.com\"]\n\tfallback = a\n[patron \"http://github.com\"]\n\tfallback = a\n[patron \"https://github.com\"]\n\tfallback\n\tfallbackPath = perhaps\n";
    let (settings, bad) = read(global, "", &[]);
    assert_eq!(settings.fallback_for(&remote("https://github.com/a/b"), None), Fallback::default());
    assert_eq!(bad.len(), 4, "{bad:?}");
    assert!(bad[0].contains("patron.github.com.fallback") && bad[0].contains("https://HOST"));
}

#[test]
fn includes_are_followed_and_a_repository_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let included = folder.path().join("included");
    fs::write(&included, "[patron]\n\tvault = file\n\tprobe = x\n").expect("a file");
    let global = format!(
        "[include]\n\tpath = {}\n\tpath = /absent/x\n[patron]\n\tprompt = never\n",
        included.display()
    );
    let (settings, bad) = read(&global, "", &[]);
    assert_eq!((settings.vault, settings.prompt), (VaultChoice::File, Permission::Never));
    assert_eq!(bad, ["/global or a file it includes: patron.probe is \"x\", but may be auto or never"]);
    // The repository of this very test run may hold anything; only the two files are read.
    let (settings, _) = read("", "", &[("GIT_CONFIG_PARAMETERS", "'patron.vault'='file'"), ("GIT_DIR", "/")]);
    assert_eq!(settings, Settings::default());
}

/// Runs in a process of its own, started by the test below.
#[test]
#[ignore = "the test below starts it with a home of its own"]
fn in_a_home_of_its_own() {
    let (settings, bad) = Settings::read(Git::find().as_ref(), &crate::git::process_env);
    assert_eq!((settings.vault, settings.probe, bad.len()), (VaultChoice::File, Permission::Never, 0));
    assert_eq!(settings.fallback_for(&remote("https://github.com/a/b"), None).helpers, ["cache"]);
}

#[test]
fn a_home_is_read_as_git_reads_it() {
    let home = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write(".config/git/config", "[patron]\n\tvault = keyring\n\tprobe = never\n");
    write(".gitconfig", "[patron]\n\tvault = file\n[include]\n\tpath = ~/more\n");
    write("more", "[patron \"https://github.com\"]\n\tfallback = cache\n");
    let output = std::process::Command::new(std::env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "git::settings::tests::in_a_home_of_its_own"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
