//! Which file gets the block: this user's in each place git knows, and the machine's.

use super::{BLOCK, Ended, Home, in_each_home, mode_of};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

const REPO: &str = "https://github.com/acme/x.git";
const XDG: &str = ".config/git/config";

#[test]
fn the_xdg_file_gets_the_block_where_it_is_the_only_one() {
    in_each_home(|home| {
        home.write(XDG, "[credential]\n\thelper = note:all\n");
        home.setup().well();
        assert!(home.text(XDG).ends_with(BLOCK) && !home.path(".gitconfig").exists());
        assert_eq!(home.asks(REPO), ["patron"]);
        home.unsetup().well();
        assert_eq!(home.read(XDG).expect("the file"), home.noted(b"[credential]\n\thelper = note:all\n"));
    });
}

#[test]
fn with_both_files_the_later_one_gets_the_block() {
    in_each_home(|home| {
        home.write(XDG, "[credential]\n\thelper = note:xdg\n");
        home.write(".gitconfig", "[credential]\n\thelper = note:home\n");
        home.setup().well();
        assert!(home.text(".gitconfig").ends_with(BLOCK) && !home.text(XDG).contains("patron"));
        assert_eq!(home.asks(REPO), ["patron"]);
        assert_eq!(home.recorded("https://github.com").expect("a record"), ["xdg", "home"]);
    });
}

#[test]
fn a_block_in_the_xdg_file_is_found_when_the_other_file_has_come() {
    in_each_home(|home| {
        let xdg = "[credential]\n\thelper = note:xdg\n";
        home.write(XDG, xdg);
        home.setup().well();
        home.write(".gitconfig", "[credential]\n\thelper = note:home\n");
        assert_eq!(home.asks(REPO), ["patron", "home"]);
        home.setup().well();
        assert_eq!(home.asks(REPO), ["patron"]);
        assert_eq!(home.read(XDG).expect("the file"), home.noted(xdg.as_bytes()));
        // Once more, and away with it from there.
        fs::remove_file(home.path(".gitconfig")).expect("the file");
        home.setup().well();
        home.write(".gitconfig", "[user]\n\tname = Mona\n");
        home.unsetup().well();
        assert_eq!(home.read(XDG).expect("the file"), home.noted(xdg.as_bytes()));
        assert_eq!(home.text(".gitconfig"), "[user]\n\tname = Mona\n");
    });
}

#[test]
fn two_names_of_one_file_are_one_file() {
    in_each_home(|home| {
        let text = "[credential]\n\thelper = note:all\n";
        home.write(XDG, text);
        symlink(XDG, home.path(".gitconfig")).expect("a link");
        home.setup().well();
        assert_eq!(home.text(XDG).matches("[include]").count(), 1);
        assert_eq!(home.asks(REPO), ["patron"]);
        home.unsetup().well();
        assert_eq!(home.read(XDG).expect("the file"), home.noted(text.as_bytes()));
    });
}

#[test]
fn xdg_config_home_moves_our_file_and_the_include() {
    in_each_home(|home| {
        let mut moved = Home::new(home.git.clone());
        moved.set("XDG_CONFIG_HOME", moved.path("cfg").display());
        moved.write("cfg/git/config", "[credential]\n\thelper = note:all\n");
        moved.setup().well();
        // Absolute: git reads that file without HOME, too.
        let include = format!("path = {}\n", moved.path("cfg/git-credential-patron/gitconfig").display());
        assert!(moved.text("cfg/git/config").contains(&include));
        assert_eq!(moved.asks(REPO), ["patron"]);
        moved.unsetup().well();
        assert!(!moved.path("cfg/git-credential-patron").exists());

        // Outside the home only an absolute path leads there.
        let outside = moved.folder.path().join("outside");
        moved.set("XDG_CONFIG_HOME", outside.display());
        moved.setup().well();
        let include = format!("path = {}/git-credential-patron/gitconfig\n", outside.display());
        assert!(moved.text(".gitconfig").contains(&include));
        assert_eq!(moved.asks(REPO), ["patron"]);
        moved.unsetup().well();
        assert!(!moved.path(".gitconfig").exists());
    });
}

#[test]
fn git_config_global_names_the_file() {
    in_each_home(|home| {
        let mut named = Home::new(home.git.clone());
        named.set("GIT_CONFIG_GLOBAL", named.path("named").display());
        named.write(".gitconfig", "[credential]\n\thelper = note:home\n");
        named.write("named", "[credential]\n\thelper = note:named");
        named.setup().well();
        assert!(!named.text(".gitconfig").contains("patron"));
        assert_eq!(named.asks(REPO), ["patron"]);
        assert_eq!(named.recorded("https://github.com").expect("a record"), ["named"]);
        named.unsetup().well();
        assert_eq!(
            named.read("named").expect("the file"),
            named.noted(b"[credential]\n\thelper = note:named")
        );
    });
}

#[test]
fn the_machines_file_gets_its_own_setup_readable_for_all() {
    in_each_home(|home| {
        let etc = home.folder.path().join("etc");
        fs::create_dir_all(&etc).expect("a folder");
        let text = home.noted(b"[credential]\n\thelper = note:machine\n");
        fs::write(etc.join("gitconfig"), &text).expect("a file");
        home.write(".gitconfig", "[credential]\n\thelper = note:user\n");
        let run = |args: &[&str]| {
            // Root's umask may be narrow; the machine's files must not be.
            let mut shell = home.command("/bin/sh".as_ref());
            shell.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(&home.patron).args(args);
            Ended::of(&shell.output().expect("it starts"))
        };
        let ended = run(&["setup", "--system"]);
        assert!(
            ended.code == 0 && ended.err.contains("also asks"),
            "the user's own helper is named: {ended:?}"
        );
        let ours = etc.join("git-credential-patron/gitconfig");
        assert_eq!((mode_of(&ours), mode_of(ours.parent().expect("a folder"))), (0o644, 0o755));
        let recorded = fs::read_to_string(&ours).expect("our file");
        assert!(recorded.contains("note machine") && !recorded.contains("note user"), "{recorded}");
        assert!(!home.path(".config").exists());
        assert_eq!(home.asks(REPO), ["patron", "user"]);
        assert_eq!(
            home.text(".gitconfig"),
            String::from_utf8(home.noted(b"[credential]\n\thelper = note:user\n")).expect("UTF-8")
        );

        // The user's own setup knows whom the machine asked before its setup.
        home.setup().well();
        assert_eq!(home.asks(REPO), ["patron"]);
        assert_eq!(home.recorded("https://github.com").expect("a record"), ["machine", "user"]);
        home.unsetup().well();

        run(&["unsetup", "--system"]).well();
        assert_eq!(fs::read(etc.join("gitconfig")).expect("the file"), text);
        assert!(!etc.join("git-credential-patron").exists());
        assert_eq!(home.asks(REPO), ["machine", "user"]);
    });
}

#[test]
fn a_machines_file_that_was_not_there_is_readable_for_all_and_goes_again() {
    in_each_home(|home| {
        let etc = home.folder.path().join("etc");
        fs::create_dir_all(&etc).expect("a folder");
        let mut shell = home.command("/bin/sh".as_ref());
        shell.args(["-c", "umask 077; exec \"$0\" setup --system"]).arg(&home.patron);
        Ended::of(&shell.output().expect("it starts")).well();
        assert_eq!(mode_of(&etc.join("gitconfig")), 0o644);
        home.patron(&["unsetup", "--system"]).well();
        assert_eq!(fs::read_dir(&etc).expect("a folder").count(), 0);
    });
}

#[test]
fn where_git_reads_no_system_file_none_is_written() {
    in_each_home(|home| {
        let mut home = Home::new(home.git.clone());
        home.set("GIT_CONFIG_NOSYSTEM", 1);
        let said = home.patron(&["setup", "--system"]).failed(1);
        assert!(said.contains("GIT_CONFIG_NOSYSTEM is set"), "{said}");
        assert!(said.contains("fix: unset it, or") && !said.contains("absolute path"), "{said}");
    });
}

#[test]
fn without_variables_git_says_where_its_system_file_is() {
    in_each_home(|home| {
        let output = home
            .command(&home.patron)
            .args(["setup", "--system", "--dry-run"])
            .env_remove("GIT_CONFIG_SYSTEM")
            .output()
            .expect("patron starts");
        let ended = Ended::of(&output);
        let system = home
            .command(&home.git.join("git"))
            .args(["config", "--system", "--edit"])
            .env_remove("GIT_CONFIG_SYSTEM")
            .env("GIT_EDITOR", "echo")
            .current_dir("/")
            .env("GIT_DIR", "/dev/null")
            .output()
            .expect("git starts");
        let system = String::from_utf8_lossy(&system.stdout).into_owned();
        assert!(system.starts_with('/'), "{system:?}");
        assert!(ended.out.contains(&format!("# at the end of {system}")), "{ended:?}");
    });
}

#[test]
fn without_a_usable_home_nothing_is_written() {
    in_each_home(|home| {
        let work = home.folder.path().join("work");
        for value in [None, Some(""), Some("relative")] {
            for command in ["setup", "unsetup"] {
                let mut patron = home.command(&home.patron);
                patron.arg(command).env_remove("HOME").envs(value.map(|value| ("HOME", value)));
                let said = Ended::of(&patron.output().expect("patron starts")).failed(1);
                assert!(said.contains("HOME is not set to an absolute path"), "{said}");
            }
        }
        assert_eq!(fs::read_dir(work).expect("a folder").count(), 0, "never a file in the working folder");
        assert_eq!(fs::read_dir(&home.home).expect("a folder").count(), 0);
    });
}

#[test]
fn places_where_no_file_can_be_are_refused_in_time() {
    in_each_home(|home| {
        let pipe = home.path("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts");
        assert!(made.success());
        symlink("loop", home.path("loop")).expect("a link");
        fs::create_dir_all(home.path("folder")).expect("a folder");
        for (value, words) in [
            (pipe.display().to_string(), "is not a regular file"),
            (home.path("folder").display().to_string(), "is not a regular file"),
            (home.path("loop").display().to_string(), "leads back to itself"),
            (home.path("absent/config").display().to_string(), "could not lock config file"),
            ("relative".to_owned(), "is no absolute path"),
            (String::new(), "is no absolute path"),
        ] {
            let mut here = Home::new(home.git.clone());
            here.set("GIT_CONFIG_GLOBAL", &value);
            let begin = std::time::Instant::now();
            let said = here.setup().failed(1);
            assert!(said.contains(words) && said.contains("fix: "), "{value}: {said}");
            assert!(begin.elapsed().as_secs() < 4, "{value}");
            assert!(!here.path(".config/git-credential-patron").exists(), "{value}");
        }
    });
}

#[test]
fn an_include_that_git_may_not_read_ends_it_and_the_home_path_keeps_a_copy_from_that() {
    let is_root = Command::new("id").arg("-u").output().expect("id starts").stdout == b"0\n";
    in_each_home(|home| {
        home.setup().well();
        let other = home.folder.path().join("other");
        fs::create_dir_all(&other).expect("a folder");
        fs::set_permissions(home.folder.path(), PermissionsExt::from_mode(0o755)).expect("a mode");
        let folder = home.path(".config/git-credential-patron");
        let lists = |text: &str| {
            fs::write(other.join(".gitconfig"), text).expect("a file");
            let mut git = home.command(&home.git.join("git"));
            git.args(["config", "--list"]).env("HOME", &other).current_dir("/");
            if is_root {
                // Root may read everything; nobody may not.
                git.uid(65534).gid(65534);
            }
            git.output().expect("git starts").status.success()
        };
        let text = home.text(".gitconfig");
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o000)).expect("a mode");
        assert!(lists(&text));
        assert!(!lists(&text.replace("~/", &format!("{}/", home.home.display()))), "git ends");
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).expect("a mode");
    });
}
