//! What stands in the way: locks, broken files, wrong words, a missing git, others at the same time.

use super::{BLOCK, Ended, OURS, in_each_home};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_file_that_somebody_has_locked_is_left_and_named_as_git_names_it() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.write(".gitconfig.lock", "");
        let said = home.setup().failed(1);
        let file = home.path(".gitconfig");
        assert!(
            said.contains(&format!("could not lock config file {}: File exists", file.display())),
            "{said}"
        );
        assert!(said.contains(&format!("remove {}.lock", file.display())), "{said}");
        assert_eq!(home.text(".gitconfig"), "[user]\n\tname = Mona\n");
        assert!(home.path(".gitconfig.lock").exists(), "another's lock stays");
        assert!(!home.path(".config/git-credential-patron").exists());
    });
}

#[test]
fn gits_file_is_not_locked_where_only_ours_changes() {
    in_each_home(|home| {
        home.setup().well();
        home.write(".gitconfig.lock", "");
        home.patron(&["setup", "--host", "corp.ghe.com"]).well();
        assert_eq!(home.asks("https://corp.ghe.com/acme/x.git"), ["patron"]);
    });
}

#[test]
fn a_lock_that_goes_in_time_is_waited_for() {
    in_each_home(|home| {
        home.write(".gitconfig.lock", "");
        let mut child =
            home.command(&home.patron).arg("setup").stdout(Stdio::null()).spawn().expect("patron starts");
        std::thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().expect("a child").is_none(), "it waits");
        fs::remove_file(home.path(".gitconfig.lock")).expect("a lock");
        assert!(child.wait().expect("a child").success());
        assert_eq!(
            home.text(".gitconfig"),
            BLOCK.replace("patron <<<\n", "patron <<< (setup made this file)\n")
        );
    });
}

#[test]
fn a_file_that_git_cannot_read_is_named_and_left() {
    in_each_home(|home| {
        for text in [
            "[user]\n\tname = \"Mona\n",
            "[user]\n\tname = \"Mona",
            "[user]\n\tname = \"Mona\\\n",
            "[user]\n\tname = \"Mona\\",
            "[user]\n\tname = Mona\\q",
            "[user",
            "[user \"x",
            "= x\n",
        ] {
            home.write(".gitconfig", text);
            let said = home.setup().failed(1);
            assert!(said.contains("bad config line") && said.contains(".gitconfig"), "{text:?}: {said}");
            assert_eq!(home.text(".gitconfig"), text);
            assert_eq!(
                fs::read_dir(&home.home).expect("a folder").count(),
                1,
                "{text:?}: nothing else is left"
            );
        }
    });
}

#[test]
fn our_file_broken_by_hand_is_named_with_the_way_out() {
    in_each_home(|home| {
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.setup().well();
        home.write(OURS, "[credential\n");
        let said = home.setup().failed(1);
        assert!(
            said.contains(OURS) && said.contains("bad config line 1") && said.contains("fix: remove "),
            "{said}"
        );
        home.unsetup().well();
        assert_eq!(home.text(".gitconfig"), "[user]\n\tname = Mona\n");
        assert!(!home.path(OURS).exists());
    });
}

#[test]
fn where_git_may_not_read_our_file_nothing_is_changed_since_it_would_end_there() {
    in_each_home(|home| {
        // A git that is shut in, as some packages are: it may not enter our folder. It comes there by the include
        // alone; root may enter everywhere, so there it is somebody else's.
        fs::set_permissions(home.folder.path(), PermissionsExt::from_mode(0o755)).expect("a mode");
        let git = home.git.join("git").display().to_string();
        let shut_in = home.folder.path().join("shut-in");
        fs::create_dir(&shut_in).expect("a folder");
        super::script(
            &shut_in.join("git"),
            &format!(
                "case \"$*\" in *include.path=*) ;; *) exec {git} \"$@\" ;; esac
                folder=$HOME/.config/git-credential-patron
                chmod 0 \"$folder\"
                set -- {git} \"$@\"
                test \"$(id -u)\" != 0 || set -- setpriv --reuid=65534 --clear-groups \"$@\"
                \"$@\"
                code=$?
                chmod 755 \"$folder\"
                exit $code"
            ),
        );
        let setup = |host: &str| {
            let mut command = home.command(&home.patron);
            command.args(["setup", "--host", host]);
            command.env("PATH", format!("{}:/usr/bin:/bin", shut_in.display()));
            Ended::of(&command.output().expect("patron starts")).failed(1)
        };
        let config = "[user]\n\tname = Mona\n";
        home.write(".gitconfig", config);
        let said = setup("github.com");
        let file = home.path(OURS).display().to_string();
        assert!(said.contains(&format!("git cannot read {file}, so nothing is changed")), "{said}");
        assert!(said.contains("unable to access") && said.contains("Permission denied"), "{said}");
        assert!(said.contains("fix: let git read that folder"), "{said}");
        assert_eq!(home.text(".gitconfig"), config);
        assert!(!home.path(".config/git-credential-patron").exists());
        // What an earlier setup wrote stays as it was.
        home.setup().well();
        let set_up = (home.text(".gitconfig"), home.text(OURS));
        setup("corp.ghe.com");
        assert_eq!((home.text(".gitconfig"), home.text(OURS)), set_up);
        home.patron(&["setup", "--host", "corp.ghe.com"]).well();
    });
}

#[test]
fn settings_of_ones_own_in_our_file_are_not_lost() {
    in_each_home(|home| {
        home.setup().well();
        let text = home.text(OURS) + "[patron]\n\tvault = file\n[alias]\n\tst = status\n";
        home.write(OURS, &text);
        for command in ["setup", "unsetup"] {
            let said = home.patron(&[command]).failed(1);
            assert!(said.contains("settings that setup did not write: patron.vault, alias.st"), "{said}");
            assert_eq!(home.text(OURS), text);
        }
    });
}

#[test]
fn a_file_of_a_newer_patron_is_not_written_anew() {
    in_each_home(|home| {
        home.setup().well();
        let text = home.text(OURS).replace("Format 1", "Format 2");
        home.write(OURS, &text);
        let said = home.patron(&["setup", "--host", "corp.ghe.com"]).failed(1);
        assert!(said.contains("newer version of patron (format 2)"), "{said}");
        assert_eq!(home.text(OURS), text);
        home.unsetup().well();
    });
}

#[test]
fn what_is_no_host_is_refused_and_a_secret_in_it_not_repeated() {
    in_each_home(|home| {
        let secret = format!("ghp_{}", "q7".repeat(18));
        for host in [
            "",
            "acme",
            "acme/secret",
            "https://github.com/acme",
            "github.com/acme",
            "https://",
            "ssh://github.com",
            "git@github.com:acme",
            "github.com:0",
            "github.com:99999",
            "github.com.",
            "git hub.com",
            "ｇithub.com",
            "github.com\nevil.test",
            "*.github.com",
            &format!("https://{secret}@github.com"),
        ] {
            let ended = home.patron(&["setup", "--host", host]);
            assert!(!ended.err.contains(&secret));
            let said = ended.failed(2);
            assert!(
                said.contains("is not a host") && said.contains("ghe.example.com:8443"),
                "{host}: {said}"
            );
            assert_eq!(said.lines().count(), 2, "{said}");
        }
        let said = home.patron(&["setup", "--host", &secret]).failed(2);
        assert!(said.contains("looks like a token") && !said.contains(&secret), "{said}");
        let said = home.patron(&["setup", "--host", "http://ghe.example.com"]).failed(2);
        assert!(said.contains("http:// hosts are not supported"), "{said}");
        assert_eq!(fs::read_dir(&home.home).expect("a folder").count(), 0);
    });
}

#[test]
fn without_git_in_an_absolute_folder_of_path_nothing_is_done() {
    in_each_home(|home| {
        let work = home.folder.path().join("work");
        super::script(&work.join("git"), "touch ../ran");
        for path in ["/absent", ".", "", ":.:"] {
            let output =
                home.command(&home.patron).arg("setup").env("PATH", path).output().expect("patron starts");
            let said = Ended::of(&output).failed(1);
            assert!(said.contains("git was not found in PATH"), "{said}");
        }
        assert!(!home.folder.path().join("ran").exists(), "what lies in the working folder is not run");
    });
}

#[test]
fn lines_that_cannot_be_shown_are_not_written() {
    in_each_home(|home| {
        let full = File::options().write(true).open("/dev/full").expect("a full device");
        let output = home.command(&home.patron).arg("setup").stdout(full).output().expect("patron starts");
        let said = Ended::of(&output).failed(1);
        assert!(said.contains("could not show the lines, so nothing was written"), "{said}");
        assert_eq!(
            fs::read_dir(&home.home)
                .expect("a folder")
                .filter(|entry| { entry.as_ref().is_ok_and(|entry| entry.file_name() != ".config") })
                .count(),
            0
        );
    });
}

#[test]
fn eight_at_once_lose_nothing() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
        let hosts: Vec<String> = (0..8).map(|number| format!("ghe{number}.example.com")).collect();
        let children: Vec<_> = hosts
            .iter()
            .map(|host| {
                let mut command = home.command(&home.patron);
                command.args(["setup", "--host", host]).stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().expect("patron starts")
            })
            .collect();
        for child in children {
            Ended::of(&child.wait_with_output().expect("patron ends")).well();
        }
        for host in &hosts {
            assert_eq!(home.asks(&format!("https://{host}/acme/x.git")), ["patron"], "{host}");
        }
        assert_eq!(home.text(".gitconfig").matches("[include]").count(), 1);
        home.unsetup().well();
        assert_eq!(
            home.read(".gitconfig").expect("the file"),
            home.noted(b"[credential]\n\thelper = note:all\n")
        );
        let left: Vec<_> = fs::read_dir(&home.home)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert!(
            left.iter().all(|name| name == ".gitconfig" || name == ".config"),
            "no lock is left: {left:?}"
        );
    });
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_file_or_the_new_one() {
    in_each_home(|home| {
        let old = "[user]\n\tname = Mona\n";
        let new = format!("{old}{BLOCK}");
        let begin = Instant::now();
        home.setup().well();
        let step = begin.elapsed() / 24;
        let (mut met, mut pause) = ([0, 0], Duration::ZERO);
        // However slow the machine is: later and later, until some get to the end.
        while met[1] < 5 {
            assert!(begin.elapsed() < Duration::from_secs(120), "it never came to its end");
            home.write(".gitconfig", old);
            let _ = fs::remove_file(home.path(OURS));
            let mut child =
                home.command(&home.patron).arg("setup").stdout(Stdio::null()).spawn().expect("patron starts");
            std::thread::sleep(pause);
            pause += step;
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            let text = home.text(".gitconfig");
            assert!(text == old || text == new, "{text}");
            met[usize::from(text == new)] += 1;
            // Whoever reads the half-done state reads a whole file.
            home.git(&["config", "--list"]);
            let _ = fs::remove_file(home.path(".gitconfig.lock"));
            let _ = fs::remove_file(home.path(".config/git-credential-patron/gitconfig.lock"));
        }
        assert!(met[0] > 0, "both were met: {met:?}");
    });
}
