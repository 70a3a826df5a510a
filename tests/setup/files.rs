//! The file that gets the block: whatever it is, it comes back byte for byte.

use super::{BLOCK, Home, OURS, in_each_home, mode_of};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What people's files look like.
const TEXTS: &[(&str, &[u8])] = &[
    ("empty", b""),
    ("one blank line", b"\n"),
    ("plain", b"[user]\n\tname = Mona\n[credential]\n\thelper = note:all\n"),
    ("no final newline", b"[credential]\n\thelper = note:all\n[user]\n\tname = Mona"),
    ("CRLF", b"[credential]\r\n\thelper = note:all\r\n[user]\r\n\tname = Mona\r\n"),
    ("CRLF without a final one", b"[credential]\r\n\thelper = note:all\r\n[user]\r\n\tname = Mona"),
    ("LF, then CRLF", b"[credential]\n\thelper = note:all\r\n"),
    ("a lone CR at the end", b"[credential]\n\thelper = note:all\n[user]\n\tname = Mona\r"),
    ("blank lines at the end", b"[credential]\n\thelper = note:all\n\n\n \t\n"),
    ("only a comment", b"# mine, without a line break"),
    (
        "gh's two lines",
        b"[credential \"https://github.com\"]\n\thelper = \n\thelper = !note:gh\n[credential \"https://gist.github.com\"]\n\thelper = \n\thelper = !note:gist\n",
    ),
    (
        "quotes and backslashes",
        b"[alias]\n\tx = \"!f() { echo \\\"a \\\\\\\\ b\\\" ; }; f\" ; comment\n\ty = a\\\n  b\\\\\n[credential \"https://github.com\"]\n\thelper = \"!note:quoted \\\"a;b\\\" 'c#d'\"\n",
    ),
    (
        "owners with helpers of their own",
        b"[credential]\n\thelper = note:all\n[credential \"https://github.com/acme\"]\n\thelper = note:acme\n[credential \"https://github.com/none\"]\n\thelper =\n[credential \"https://mona@github.com\"]\n\thelper = note:mona\n",
    ),
    ("not UTF-8, with a BOM", b"\xef\xbb\xbf[user]\n\tname = M\xf6na\n[credential]\n\thelper = note:all\n"),
    ("a continued last line", b"[credential]\n\thelper = note:all\n[user]\n\tname = Mona \\\n"),
    ("a continued last line without a final newline", b"[credential]\n\thelper = note:all\n[user]\n\tname = Mona\\"),
    ("an include of nothing", b"[include]\n\tpath = ~/absent\n[credential]\n\thelper = note:all\n"),
];

/// What git is asked for, and for which URLs a fallback may be recorded, the longest first.
const URLS: [(&str, &[&str]); 5] = [
    ("https://github.com/other/x.git", &["https://github.com"]),
    ("https://github.com/acme/x.git", &["https://github.com/acme", "https://github.com"]),
    ("https://github.com/none/x.git", &["https://github.com/none", "https://github.com"]),
    ("https://mona@github.com/other/x.git", &["https://mona@github.com", "https://github.com"]),
    ("https://gist.github.com/mona/0123.git", &["https://gist.github.com"]),
];

/// Sets up and undoes, and asserts what must be in between and after. `name` is git's file.
fn there_and_back(home: &Home, name: &str, what: &str) {
    let before = (home.read(name), home.listing());
    let asked = URLS.map(|(url, _)| home.asks(url));
    let elsewhere = home.asks("https://gitlab.com/a/b.git");

    home.setup().well();
    assert_eq!(home.listing_without_ours(), before.1, "{what}: only our lines are new");
    assert!(home.listing().len() > before.1.len(), "{what}: our lines are there");
    for ((url, scopes), asked) in URLS.iter().zip(&asked) {
        assert_eq!(home.asks(url), ["patron"], "{what}: {url}");
        let recorded = scopes.iter().find_map(|scope| home.recorded(scope));
        assert_eq!(recorded.as_ref(), Some(asked), "{what}: {url}");
    }
    assert_eq!(home.asks("https://gitlab.com/a/b.git"), elsewhere, "{what}: other hosts are not touched");
    assert!(home.setup().well().starts_with("nothing to change"), "{what}: twice is once");

    home.unsetup().well();
    assert_eq!(home.read(name), before.0, "{what}: byte for byte");
    assert_eq!(home.listing(), before.1, "{what}");
    assert!(!home.path(".config/git-credential-patron").exists(), "{what}: our folder is gone");
    assert_eq!(URLS.map(|(url, _)| home.asks(url)), asked, "{what}");
}

#[test]
fn every_kind_of_file_comes_back_byte_for_byte() {
    in_each_home(|home| {
        for (what, text) in TEXTS {
            home.write(".gitconfig", text);
            there_and_back(home, ".gitconfig", what);
        }
    });
}

#[test]
fn a_file_that_was_not_there_is_made_and_goes_again() {
    in_each_home(|home| {
        there_and_back(home, ".gitconfig", "absent");
        assert!(!home.path(".gitconfig").exists());
    });
}

#[test]
fn a_file_that_setup_made_stays_if_others_wrote_into_it() {
    in_each_home(|home| {
        home.setup().well();
        home.git(&["config", "--global", "user.name", "Mona"]);
        home.unsetup().well();
        assert_eq!(home.text(".gitconfig"), "[user]\n\tname = Mona\n");
    });
}

#[test]
fn the_block_is_what_the_documentation_shows_and_nothing_more() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.setup().well();
        assert_eq!(home.text(".gitconfig"), format!("[user]\n\tname = Mona\n{BLOCK}"));
    });
}

#[test]
fn links_are_followed_and_stay() {
    in_each_home(|home| {
        let dotfiles = home.path("dotfiles");
        fs::create_dir_all(&dotfiles).expect("a folder");
        for (link, target) in [
            (dotfiles.join("config").display().to_string(), "dotfiles/config"),
            ("dotfiles/config".to_owned(), "dotfiles/config"),
            ("hop".to_owned(), "dotfiles/config"),
        ] {
            symlink("dotfiles/../dotfiles/config", home.path("hop")).expect("a link");
            symlink(&link, home.path(".gitconfig")).expect("a link");
            home.write(target, "[credential]\n\thelper = note:all\n");
            home.setup().well();
            assert_eq!(fs::read_link(home.path(".gitconfig")).expect("still a link"), Path::new(&link));
            assert!(home.text(target).ends_with(BLOCK));
            home.unsetup().well();
            there_and_back(home, ".gitconfig", &link);
            assert_eq!(fs::read_link(home.path(".gitconfig")).expect("still a link"), Path::new(&link));
            assert_eq!(fs::read_dir(&dotfiles).expect("a folder").count(), 1, "no lock is left");
            fs::remove_file(home.path("hop")).expect("a link");
            fs::remove_file(home.path(".gitconfig")).expect("a link");
        }
    });
}

#[test]
fn a_dangling_link_gets_its_file_and_loses_it_again() {
    in_each_home(|home| {
        fs::create_dir_all(home.path("dotfiles")).expect("a folder");
        symlink("dotfiles/config", home.path(".gitconfig")).expect("a link");
        there_and_back(home, ".gitconfig", "dangling");
        home.setup().well();
        assert!(home.path("dotfiles/config").is_file());
        home.unsetup().well();
        assert!(!home.path("dotfiles/config").exists());
        assert!(home.path(".gitconfig").is_symlink());
    });
}

#[test]
fn modes_are_kept_and_a_read_only_file_is_replaced_as_git_does() {
    in_each_home(|home| {
        for mode in [0o444, 0o400, 0o600, 0o640, 0o664] {
            home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
            fs::set_permissions(home.path(".gitconfig"), PermissionsExt::from_mode(mode)).expect("a mode");
            home.setup().well();
            assert_eq!(mode_of(&home.path(".gitconfig")), mode);
            home.unsetup().well();
            assert_eq!(mode_of(&home.path(".gitconfig")), mode);
            assert_eq!(home.read(".gitconfig"), Some(home.noted(b"[credential]\n\thelper = note:all\n")));
            fs::remove_file(home.path(".gitconfig")).expect("it can be removed");
        }
    });
}

#[test]
fn what_others_write_in_between_is_kept() {
    in_each_home(|home| {
        for text in
            [&b"[user]\n\tname = Mona\n"[..], b"[user]\n\tname = Mona", b"[user]\r\n\tname = Mona\r\n", b""]
        {
            // What git makes of the same edits without us.
            let edit = |home: &Home| {
                home.git(&["config", "--global", "user.name", "Octo Cat"]);
                home.git(&["config", "--global", "alias.st", "status"]);
                home.git(&["config", "--global", "core.pager", "less"]);
            };
            home.write(".gitconfig", text);
            edit(home);
            let expected = home.text(".gitconfig");
            home.write(".gitconfig", text);
            home.setup().well();
            edit(home);
            home.unsetup().well();
            assert_eq!(home.text(".gitconfig").replace("\r\n", "\n"), expected.replace("\r\n", "\n"));
        }
    });
}

#[test]
fn a_file_whose_line_ends_somebody_converted_loses_our_lines_alone() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.setup().well();
        home.write(".gitconfig", home.text(".gitconfig").replace('\n', "\r\n"));
        assert!(home.setup().well().starts_with("nothing to change"));
        assert_eq!(home.asks("https://github.com/a/b.git"), ["patron"]);
        home.unsetup().well();
        assert_eq!(home.text(".gitconfig"), "[user]\r\n\tname = Mona\r\n");
    });
}

#[test]
fn a_block_somebody_changed_is_shown_and_left() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.setup().well();
        // Git itself puts it there: our section is the last [include].
        home.git(&["config", "--global", "--add", "include.path", "~/work.config"]);
        let (changed, ours) = (home.text(".gitconfig"), home.read(OURS));
        for command in ["setup", "unsetup"] {
            for args in [&[command][..], &[command, "--dry-run"]] {
                let ended = home.patron(args);
                assert!(ended.out.contains("\tpath = ~/work.config\n"), "it is shown: {}", ended.out);
                let said = ended.failed(1);
                assert!(said.contains(".gitconfig:3 was edited; left unchanged"), "{said}");
                assert!(said.contains(&format!("then run again: git credential-patron {command}")), "{said}");
                assert_eq!((home.text(".gitconfig"), home.read(OURS)), (changed.clone(), ours.clone()));
            }
        }
        // What is said to do helps.
        let moved = changed.replace("\tpath = ~/work.config\n", "");
        home.write(".gitconfig", format!("[include]\n\tpath = ~/work.config\n{moved}"));
        home.unsetup().well();
        assert_eq!(home.text(".gitconfig"), "[include]\n\tpath = ~/work.config\n[user]\n\tname = Mona\n");
    });
}

#[test]
fn a_secret_in_a_changed_block_is_not_shown() {
    in_each_home(|home| {
        home.setup().well();
        let secret = format!("ghp_{}", "Z9".repeat(18));
        let text = home.text(".gitconfig").replace("[include]", &format!("[x]\n\ty = {secret}\n[include]"));
        home.write(".gitconfig", text);
        let ended = home.unsetup();
        assert!(ended.code == 1 && ended.out.contains("not shown"), "{ended:?}");
        assert!(!ended.out.contains(&secret) && !ended.err.contains(&secret));
    });
}

#[test]
fn settings_that_would_change_their_section_are_not_moved() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.setup().well();
        // Without a header this belongs to our [include]; without our block it would belong to [user].
        let text = home.text(".gitconfig") + "\temail = mona@example.com\n";
        home.write(".gitconfig", &text);
        for command in ["setup", "unsetup"] {
            let said = home.patron(&[command]).failed(1);
            assert!(said.contains("would read other settings from it than before"), "{said}");
            assert_eq!(home.text(".gitconfig"), text);
        }
    });
}

#[test]
fn our_file_behind_a_link_is_written_there_and_goes_with_its_link() {
    in_each_home(|home| {
        fs::create_dir_all(home.path("dotfiles")).expect("a folder");
        fs::create_dir_all(home.path(".config/git-credential-patron")).expect("a folder");
        symlink("../../dotfiles/patron", home.path(OURS)).expect("a link");
        home.setup().well();
        assert!(home.path(OURS).is_symlink() && home.path("dotfiles/patron").is_file());
        home.unsetup().well();
        assert!(
            !home.path("dotfiles/patron").exists() && !home.path(".config/git-credential-patron").exists()
        );
    });
}

#[test]
fn other_files_of_our_folder_stay() {
    in_each_home(|home| {
        home.write(".config/git-credential-patron/accounts.toml", "version = 1\n");
        home.setup().well();
        home.unsetup().well();
        assert_eq!(home.text(".config/git-credential-patron/accounts.toml"), "version = 1\n");
    });
}

#[test]
fn without_a_setup_there_is_nothing_to_undo() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        assert_eq!(home.unsetup().well(), "nothing to undo: setup has not written anything here\n");
        assert_eq!(home.text(".gitconfig"), "[user]\n\tname = Mona\n");
        home.setup().well();
        home.unsetup().well();
        assert_eq!(home.unsetup().well(), "nothing to undo: setup has not written anything here\n");
    });
}

#[test]
fn a_dry_run_shows_what_is_then_written_and_writes_nothing() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
        let before = home.text(".gitconfig");
        let shown = home.patron(&["setup", "--dry-run"]).well();
        assert_eq!(home.text(".gitconfig"), before);
        assert!(!home.path(".config").exists());
        let done = home.setup().well();
        let next = "written\nnext: git credential-patron add OWNER";
        assert_eq!(shown.replace("dry run: nothing was written", next), done);
        let ours = format!("# in {}\n{}\n", home.path(OURS).display(), home.text(OURS));
        let block = format!("# at the end of {}\n{BLOCK}\n", home.path(".gitconfig").display());
        assert_eq!(done, format!("{ours}{block}written\nnext: git credential-patron add OWNER\n"));

        let set_up = (home.text(".gitconfig"), home.text(OURS));
        let shown = home.patron(&["unsetup", "--dry-run"]).well();
        assert_eq!((home.text(".gitconfig"), home.text(OURS)), set_up);
        let block = format!("# removed from {}\n{BLOCK}\n", home.path(".gitconfig").display());
        assert!(shown.starts_with(&block) && shown.contains("# the whole file "), "{shown}");
        assert!(shown.ends_with("dry run: nothing was removed\n"), "{shown}");
    });
}
