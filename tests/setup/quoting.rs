//! Paths that a shell or git's config would take for something else.

use super::{Ended, Home, PATRON, gits};
use std::fs;
use std::path::Path;

/// Names of folders, one danger each.
const NAMES: &[&str] = &[
    "my user",
    "a'b",
    "a\"b",
    "$HOME",
    "`id`",
    "$(id)",
    "a\\b",
    "a;b",
    "a#b",
    "(a)",
    "ä€",
    "~",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "a&b",
    "a|b",
    "<a>",
    "!a",
    "a=b",
    "a:b",
    "%s",
    "a\tb",
    "-a",
    " a ",
    "^",
    "a\\",
    "\\n",
    "a@b",
    "'\"$`\\;#( ä~*",
];

/// Those of them that git's config could stumble on.
const FOR_CONFIG: &[&str] =
    &["my user", "a\"b", "a\\b", "a;b", "a#b", " a ", "a\\", "a\tb", "~", "ä€", "'\"$`\\;#( ä~*"];

#[test]
fn git_and_libgit2_come_to_a_program_whatever_its_path() {
    for git in gits() {
        for name in NAMES {
            let home = Home::with(git.clone(), "home", format!("{name}/{name}/git-credential-patron"));
            home.setup().well();
            assert_eq!(home.asks("https://github.com/acme/x.git"), ["patron"], "git: {name:?}");
            assert!(home.setup().well().starts_with("nothing to change"), "{name:?}");
            assert_eq!(
                by_libgit2(&home),
                Some(("mona".to_owned(), "hushed".to_owned())),
                "libgit2: {name:?}"
            );
            home.unsetup().well();
        }
    }
}

/// Asks as cargo does: libgit2's own reading of our file, its own shell.
fn by_libgit2(home: &Home) -> Option<(String, String)> {
    let answers = home.folder.path().join("answers");
    super::script(&answers, "echo username=mona; echo password=hushed");
    home.lead_patron_to(&answers);
    let config = git2::Config::open(&home.path(super::OURS)).expect("libgit2 reads our file");
    let answer = git2::CredentialHelper::new("https://github.com/acme/x.git").config(&config).execute();
    home.lead_patron_to(Path::new(PATRON));
    answer
}

#[test]
fn a_home_of_any_name_comes_back_byte_for_byte() {
    for git in gits() {
        for name in FOR_CONFIG {
            let home = Home::with(git.clone(), format!("h/{name}"), format!("{name}/git-credential-patron"));
            home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
            home.setup().well();
            assert_eq!(home.asks("https://github.com/acme/x.git"), ["patron"], "{name:?}");
            home.unsetup().well();
            assert_eq!(
                home.read(".gitconfig"),
                Some(home.noted(b"[credential]\n\thelper = note:all\n")),
                "{name:?}"
            );
        }
    }
}

#[test]
fn a_config_folder_of_any_name_outside_the_home_is_included() {
    for git in gits() {
        for name in FOR_CONFIG {
            let mut home = Home::new(git.clone());
            home.set("XDG_CONFIG_HOME", home.folder.path().join(name).display());
            home.setup().well();
            assert_eq!(home.asks("https://github.com/acme/x.git"), ["patron"], "{name:?}");
            home.unsetup().well();
            assert!(!home.path(".gitconfig").exists());
        }
    }
}

#[test]
fn helpers_with_any_sign_are_recorded_as_git_takes_them() {
    let values = [
        "!f() { printf '%s\\n' \"a;b\" #c\n}; f",
        "/opt/my\\ tools/git-credential-x --file \"~/a b\"",
        " leading and trailing ",
        "tab\there",
        "a\\b\"c\"",
        "ä€",
    ];
    for git in gits() {
        let home = Home::new(git);
        for value in values {
            home.git(&["config", "--global", "--add", "credential.helper", value]);
        }
        home.setup().well();
        let ours = home.path(super::OURS);
        let args = [
            "config",
            "-f",
            ours.to_str().expect("UTF-8"),
            "-z",
            "--get-all",
            "patron.https://github.com.fallback",
        ];
        let recorded = home.git(&args);
        let recorded: Vec<&str> = recorded.trim_end_matches('\0').split('\0').skip(1).collect();
        assert_eq!(recorded, values);
    }
}

#[test]
fn a_path_with_a_line_break_is_refused() {
    for git in gits() {
        let home = Home::with(git, "home", "a\nb/git-credential-patron");
        let said = home.setup().failed(1);
        assert!(said.contains("holds a line break"), "{said}");
        assert!(!home.path(".gitconfig").exists());
    }
}

#[test]
fn the_program_is_named_as_it_was_called() {
    for git in gits() {
        let home = Home::new(git);
        let patron = home.patron.display().to_string();
        let bin = home.patron.parent().expect("a folder");
        let path = format!("{}:{}:/usr/bin:/bin", bin.display(), home.git.display());
        let named = |command: &mut std::process::Command| {
            Ended::of(&command.output().expect("patron starts")).well();
            let ours = home.text(super::OURS);
            let (_, line) = ours.split_once("!f() { test -x ").expect("patron's line");
            let (program, _) = line.split_once(" && exec ").expect("patron's line");
            home.unsetup().well();
            program.to_owned()
        };
        let expected = patron.clone();
        assert_eq!(
            named(home.command(Path::new("../bin/./git-credential-patron")).arg("setup")),
            expected.replace("/bin/", "/work/../bin/")
        );
        // By git, which finds it in PATH.
        let mut git = home.command(&home.git.join("git"));
        assert_eq!(named(git.args(["credential-patron", "setup"]).env("PATH", &path)), expected);
        // By a shell that found it in a relative entry of PATH: such an entry is not searched again.
        let mut shell = home.command(Path::new("/bin/sh"));
        let path = format!("../bin:{}:/usr/bin:/bin", home.git.display());
        let line = named(shell.args(["-c", "git-credential-patron setup"]).env("PATH", path));
        let real = fs::canonicalize(PATRON).expect("the program");
        assert!(line == real.display().to_string() || line == expected.replace("/bin/", "/work/../bin/"));
    }
}
