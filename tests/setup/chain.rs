//! Whom git asks after setup, and what is recorded of whom it asked before.

use super::{BLOCK, Home, OURS, in_each_home};
use std::fs;

const GITHUB: &str = "https://github.com";
const REPO: &str = "https://github.com/acme/x.git";

#[test]
fn our_file_says_for_each_host_what_the_contract_says() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = cache --timeout=60\n[credential \"https://github.com/acme\"]\n\thelper = \"!f() { cat ~/acme; }; f\"\n");
        home.setup().well();
        let ours = home.text(OURS);
        let patron = home.patron.display();
        let guarded = format!("\thelper = \"!f() {{ test -x {patron} && exec {patron} \\\"$@\\\"; ");
        // What follows asks those before us where the program is gone: gone.rs.
        let short = |line: &str| match line.starts_with(&guarded) && line.ends_with("}; f\"") {
            true => "\thelper = PATRON".to_owned(),
            false => line.to_owned(),
        };
        let (head, lines): (Vec<String>, Vec<String>) =
            ours.lines().map(short).partition(|line| line.starts_with('#'));
        assert!(head[0].ends_with("Format 1") && head.join("\n").contains("Do not edit it"));
        assert!(head.join("\n").contains("git config --global patron."), "where one's own settings go");
        let expected = "[credential \"https://github.com\"]
\thelper =
\thelper = PATRON
\tuseHttpPath = true
[credential \"https://gist.github.com\"]
\thelper =
\thelper = PATRON
\tuseHttpPath = true
[patron \"https://github.com\"]
\tfallback =
\tfallback = cache --timeout=60
[patron \"https://github.com/acme\"]
\tfallback =
\tfallback = cache --timeout=60
\tfallback = \"!f() { cat ~/acme; }; f\"
[patron \"https://gist.github.com\"]
\tfallback =
\tfallback = cache --timeout=60";
        assert_eq!(lines.join("\n"), expected);
    });
}

#[test]
fn with_our_file_deleted_git_asks_whom_it_asked_before() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n[credential \"https://github.com/acme\"]\n\thelper = note:acme\n");
        home.setup().well();
        fs::remove_file(home.path(OURS)).expect("our file");
        assert_eq!(home.asks(REPO), ["all", "acme"]);
        // And either command mends it.
        home.setup().well();
        assert_eq!(home.asks(REPO), ["patron"]);
        fs::remove_file(home.path(OURS)).expect("our file");
        home.unsetup().well();
        assert!(!home.text(".gitconfig").contains("patron"));
    });
}

#[test]
fn a_copy_of_the_config_in_another_home_asks_whom_that_home_asked() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
        home.setup().well();
        let mut other = Home::new(home.git.clone());
        other.write(".gitconfig", home.text(".gitconfig"));
        other.vars = home.vars.clone();
        assert_eq!(other.asks(REPO), [] as [&str; 0], "the helper writes into the first home's log");
        let log = fs::read_to_string(home.folder.path().join("log")).expect("the first home's log");
        assert_eq!(log, "all\n");
    });
}

/// What `gh auth setup-git` does: `--replace-all` with an empty value, then `--add`.
fn gh_comes(home: &Home, host: &str) {
    let key = format!("credential.{host}.helper");
    let gh = String::from_utf8(home.noted(b"!note:gh")).expect("UTF-8");
    home.git(&["config", "--global", "--replace-all", &key, ""]);
    home.git(&["config", "--global", "--add", &key, &gh]);
}

#[test]
fn after_gh_has_written_its_lines_behind_ours_setup_mends_it() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
        home.setup().well();
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["all"]);
        gh_comes(home, GITHUB);
        assert_eq!(home.asks(REPO), ["gh"], "gh resets what stands before it");
        home.setup().well();
        assert_eq!(home.asks(REPO), ["patron"]);
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["gh"], "gh's reset counts as it did");
        assert!(home.text(".gitconfig").ends_with(BLOCK));
        assert!(home.setup().well().starts_with("nothing to change"));
        home.unsetup().well();
        assert_eq!(home.asks(REPO), ["gh"]);
    });
}

#[test]
fn when_gh_writes_again_where_its_lines_were_nothing_is_lost() {
    in_each_home(|home| {
        gh_comes(home, GITHUB);
        home.setup().well();
        gh_comes(home, GITHUB);
        assert_eq!(home.asks(REPO), ["patron"], "gh's section stands before ours");
        assert!(home.setup().well().starts_with("nothing to change"));
    });
}

#[test]
fn a_helper_that_has_gone_is_no_fallback_any_more() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:one\n\thelper = note:two\n");
        home.setup().well();
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["one", "two"]);
        home.write(".gitconfig", format!("[credential]\n\thelper = note:two\n{BLOCK}"));
        home.setup().well();
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["two"]);
    });
}

#[test]
fn hosts_of_earlier_setups_stay() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential \"https://ghe.example.com:8443\"]\n\thelper = note:ghe\n");
        let said = home.patron(&["setup", "--host", "https://GHE.example.com:8443/"]).well();
        assert!(said.ends_with("next: git credential-patron add ghe.example.com:8443/OWNER\n"), "{said}");
        assert_eq!(home.asks("https://ghe.example.com:8443/acme/x.git"), ["patron"]);
        assert_eq!(
            home.asks("https://ghe.example.com/acme/x.git"),
            [] as [&str; 0],
            "another port is another host"
        );
        assert_eq!(home.asks(REPO), [] as [&str; 0], "only what was asked for");
        home.setup().well();
        home.patron(&["setup", "--host", "corp.ghe.com", "--host", "gist.github.com"]).well();
        for url in [
            "https://ghe.example.com:8443/a/b",
            "https://github.com/a/b",
            "https://gist.github.com/a",
            "https://corp.ghe.com/a/b",
        ] {
            assert_eq!(home.asks(url), ["patron"], "{url}");
        }
        assert_eq!(home.recorded("https://ghe.example.com:8443").expect("a record"), ["ghe"]);
        home.unsetup().well();
        assert_eq!(home.asks("https://ghe.example.com:8443/acme/x.git"), ["ghe"]);
    });
}

#[test]
fn patron_itself_is_never_a_fallback() {
    in_each_home(|home| {
        let patron = home.patron.display().to_string();
        let text = format!(
            "[credential]\n\thelper = note:all\n\thelper = patron\n\thelper = {patron}\n\thelper = !git credential-patron\n\thelper = note:all\n"
        );
        home.write(".gitconfig", text);
        home.setup().well();
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["all"]);
    });
}

#[test]
fn a_helper_that_holds_a_secret_is_named_by_its_key_and_neither_copied_nor_shown() {
    in_each_home(|home| {
        let secret = format!("github_pat_{}", "1Ab".repeat(20));
        let text = format!(
            "[credential]\n\thelper = note:all\n[credential \"https://github.com/acme\"]\n\thelper = \"!f() {{ echo username=x; echo password={secret}; }}; f\"\n"
        );
        home.write(".gitconfig", &text);
        for args in [&["setup", "--dry-run"][..], &["setup"], &["setup"]] {
            let said = home.patron(args).well();
            assert!(!said.contains(&secret), "{args:?}");
        }
        let ours = home.text(OURS);
        assert!(!ours.contains(&secret));
        let lines: Vec<&str> =
            ours.lines().skip_while(|line| !line.contains("[patron \"https://github.com/acme\"]")).collect();
        assert!(lines[2].contains("note all"), "{lines:?}");
        assert_eq!(lines[3], "\tfallbackFrom = credential.https://github.com/acme.helper");
        assert!(home.setup().well().starts_with("nothing to change"));
        home.unsetup().well();
        assert_eq!(home.read(".gitconfig"), Some(home.noted(text.as_bytes())));
    });
}

#[test]
fn a_section_with_a_secret_in_its_name_is_left_out_and_pointed_at() {
    in_each_home(|home| {
        let secret = format!("ghp_{}", "Zz9".repeat(12));
        home.write(
            ".gitconfig",
            format!("[credential]\n\thelper = note:all\n[credential \"https://{secret}@github.com\"]\n\thelper = note:token\n"),
        );
        for args in [&["setup", "--dry-run"][..], &["setup"]] {
            let ended = home.patron(args);
            assert_eq!(ended.code, 0);
            assert!(!ended.out.contains(&secret) && !ended.err.contains(&secret), "{ended:?}");
            let place = format!("{}:4", home.path(".gitconfig").display());
            assert!(ended.err.contains(&place) && ended.err.contains("is no longer asked"), "{}", ended.err);
        }
        assert!(!home.text(OURS).contains(&secret));
        assert_eq!(home.recorded(GITHUB).expect("a record"), ["all"]);
    });
}

#[test]
fn whether_helpers_were_told_the_path_is_recorded() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential \"https://github.com\"]\n\tuseHttpPath = true\n\thelper = note:all\n[credential \"https://github.com/acme\"]\n\tuseHttpPath = false\n");
        home.setup().well();
        let path = |url: &str| {
            let ours = home.path(OURS);
            let args = ["config", "-f", ours.to_str().expect("UTF-8"), "--default", "unset", "--get"];
            home.git(&[&args[..], &[&format!("patron.{url}.fallbackPath")]].concat())
        };
        assert_eq!(path(GITHUB), "true\n");
        assert_eq!(path("https://github.com/acme"), "unset\n");
        assert_eq!(path("https://gist.github.com"), "unset\n");
        // Ours is not what was there before.
        assert!(home.setup().well().starts_with("nothing to change"));
    });
}

#[test]
fn fallbacks_somebody_wrote_are_left_to_them() {
    in_each_home(|home| {
        home.write(
            ".gitconfig",
            "[credential]\n\thelper = note:all\n[patron \"https://github.com\"]\n\tfallback = note:mine\n",
        );
        home.setup().well();
        assert_eq!(home.recorded(GITHUB), None);
        assert_eq!(home.recorded("https://gist.github.com").expect("a record"), ["all"]);
    });
}

#[test]
fn helpers_that_still_come_after_ours_are_named() {
    in_each_home(|home| {
        let work = home.folder.path().join("work");
        home.git(&["init", "-q"]);
        home.git(&["config", "credential.helper", "cache"]);
        home.git(&["config", "credential.https://github.com/acme.helper", "store"]);
        for args in [&["setup", "--dry-run"][..], &["setup"]] {
            let ended = home.patron(args);
            assert_eq!(ended.code, 0);
            let lines: Vec<&str> = ended.err.lines().filter(|line| line.contains("warning")).collect();
            assert_eq!(lines.len(), 2, "each helper once: {}", ended.err);
            assert!(
                lines[0].contains("also asks cache for https://github.com here (set in the local config: "),
                "{}",
                lines[0]
            );
            assert!(lines[1].contains("also asks store for https://github.com/acme here ("), "{}", lines[1]);
        }
        fs::remove_dir_all(work.join(".git")).expect("a repository");
        home.git(&["init", "-q"]);
        home.git(&["config", "credential.https://github.com.helper", ""]);
        home.git(&["config", "credential.https://gist.github.com.useHttpPath", "false"]);
        let err = home.setup().err;
        assert!(err.contains("git does not ask patron for https://github.com here:"), "{err}");
        assert!(err.contains("does not tell patron the path for https://gist.github.com here:"), "{err}");
    });
}

#[test]
fn a_broken_repository_around_the_folder_does_not_matter() {
    in_each_home(|home| {
        home.git(&["init", "-q"]);
        let config = home.folder.path().join("work/.git/config");
        let text = fs::read_to_string(&config).expect("a config") + "[broken\n";
        fs::write(&config, text).expect("a config");
        let ended = home.setup();
        assert!(
            ended.code == 0 && ended.err.contains("cannot tell what git does in this folder"),
            "{ended:?}"
        );
        fs::remove_dir_all(home.folder.path().join("work/.git")).expect("a repository");
        assert_eq!(home.asks(REPO), ["patron"]);
    });
}

#[test]
fn what_a_repository_or_a_command_configures_is_not_recorded() {
    in_each_home(|home| {
        home.git(&["init", "-q"]);
        home.git(&["config", "credential.helper", "cache"]);
        let output = home
            .command(&home.patron)
            .args(["setup"])
            .env("GIT_CONFIG_PARAMETERS", "'credential.helper'='store'")
            .env("GIT_DIR", home.folder.path().join("work/.git"))
            .output()
            .expect("patron starts");
        assert!(output.status.success());
        assert_eq!(home.recorded(GITHUB).expect("a record"), [] as [&str; 0]);
    });
}

#[test]
fn every_form_of_a_host_is_taken_and_asked_for() {
    in_each_home(|home| {
        for (host, url) in [
            ("gitlab.com", "https://gitlab.com/mona/x.git"),
            ("https://bitbucket.org", "https://bitbucket.org/mona/x.git"),
            ("HTTPS://Git.Example.com:8443/", "https://git.example.com:8443/mona/x.git"),
            ("[::1]:8443", "https://[::1]:8443/mona/x.git"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]/mona/x.git"),
        ] {
            home.patron(&["setup", "--host", host]).well();
            assert_eq!(home.asks(url), ["patron"], "{host}");
        }
        for host in ["[::1", "::1", "[::1]:0", "git lab.com", "http://gitlab.com", "acme"] {
            home.patron(&["setup", "--host", host]).failed(2);
        }
    });
}
