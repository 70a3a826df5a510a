//! Machines that share a home and lack the program: git then asks whom it asked before setup, in the same way.

use super::{Home, OURS, in_each_home};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes a helper that notes what it was told, as `NAME.OPERATION`, and answers a `get` with these lines.
fn helper(home: &Home, name: &str, answer: &str) -> PathBuf {
    let path = home.path(name);
    let seen = home.path(&format!("{name}.seen"));
    let body = format!(
        "#!/bin/sh\nfor word; do :; done\n{{ echo \"[$word]\"; cat; }} >>'{}'\ntest \"$word\" = get && printf '%s' '{answer}'\nexit 0\n",
        seen.display()
    );
    let write = "mkdir -p \"${2%/*}\" && printf %s \"$1\" >\"$2\" && chmod +x \"$2\"";
    let status = Command::new("/bin/sh").args(["-c", write, "sh", &body]).arg(&path).status();
    assert!(status.expect("a shell").success());
    path
}

fn seen(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path(&format!("{name}.seen"))).unwrap_or_default()
}

/// Lets git ask, keep or forget for a URL; gives what it printed, and what was said.
fn credential(home: &Home, operation: &str, lines: &str) -> (String, String) {
    let mut child = home
        .command(&home.git.join("git"))
        .args(["credential", operation])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git starts");
    writeln!(child.stdin.take().expect("a pipe"), "{lines}").expect("git reads");
    let output = child.wait_with_output().expect("git ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

const ANSWER: &str = "username=mona\npassword=p\n";

#[test]
fn the_earlier_helper_is_asked_without_the_path() {
    in_each_home(|home| {
        let answers = helper(home, "answers", ANSWER);
        home.write(".gitconfig", format!("[credential]\n\thelper = {}\n", answers.display()));
        home.setup().well();
        fs::remove_file(&home.patron).expect("the program goes");
        let (out, err) = credential(home, "fill", "url=https://github.com/acme/secret.git\n");
        assert!(out.contains("username=mona\npassword=p\n"), "{out}{err}");
        assert_eq!(err, "");
        let lines = "protocol=https\nhost=github.com\npath=acme/secret.git\nusername=mona\npassword=p\n";
        credential(home, "approve", lines);
        credential(home, "reject", lines);
        let told = seen(home, "answers");
        let operations: Vec<&str> = told.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(operations, ["[get]", "[store]", "[erase]"], "{told}");
        assert!(told.contains("host=github.com") && told.contains("password=p"), "{told}");
        assert!(!told.contains("path="), "{told}");
    });
}

#[test]
fn an_owners_helper_is_asked_for_that_owner_and_told_the_path_if_it_was() {
    in_each_home(|home| {
        let all = helper(home, "all", ANSWER);
        let acme = helper(home, "acme", "username=acme\npassword=a\n");
        home.write(
            ".gitconfig",
            format!(
                "[credential]\n\thelper = {}\n[credential \"https://github.com/acme\"]\n\tuseHttpPath = true\n\thelper =\n\thelper = {}\n",
                all.display(),
                acme.display()
            ),
        );
        home.setup().well();
        fs::remove_file(&home.patron).expect("the program goes");
        for (url, user) in [
            ("https://github.com/acme/secret.git", "acme"),
            ("https://github.com/globex/acme.git", "mona"),
            ("https://github.com/acmes/secret.git", "mona"),
            ("https://gist.github.com/1.git", "mona"),
        ] {
            let (out, err) = credential(home, "fill", &format!("url={url}\n"));
            assert!(out.contains(&format!("username={user}\n")), "{url}: {out}{err}");
        }
        assert!(seen(home, "acme").contains("path=acme/secret.git"));
        assert!(!seen(home, "all").contains("path="));
    });
}

#[test]
fn every_form_of_a_helper_is_run_as_git_runs_it() {
    in_each_home(|home| {
        let silent = helper(home, "silent", "");
        let spaced = helper(home, "my tools/answers", ANSWER);
        home.write("credentials", "https://mona:p@github.com\n");
        let secret = format!("ghp_{}", "a1".repeat(18));
        for lines in [
            format!("helper = store --file {}", home.path("credentials").display()),
            "helper = \"!f() { test \\\"$1\\\" = get && echo 'username=mona' && echo 'password=p'; }; f\""
                .to_owned(),
            format!(
                "helper = {}\n\thelper = \"{}\"",
                silent.display(),
                spaced.display().to_string().replace(' ', "\\\\ ")
            ),
            format!("helper = \"!f() {{ echo username=mona; echo password=p; : {secret}; }}; f\""),
        ] {
            let _ = fs::remove_file(home.path(".gitconfig"));
            home.write(".gitconfig", format!("[credential]\n\t{lines}\n"));
            home.setup().well();
            let patron = fs::read_link(&home.patron).expect("a link");
            fs::remove_file(&home.patron).expect("the program goes");
            let (out, err) = credential(home, "fill", "url=https://github.com/acme/secret.git\n");
            assert!(out.contains("username=mona\npassword=p\n"), "{lines}: {out}{err}");
            assert!(!home.text(OURS).contains(&secret));
            std::os::unix::fs::symlink(patron, &home.patron).expect("a link");
            home.unsetup().well();
        }
        assert!(seen(home, "silent").contains("[get]"));
    });
}

#[test]
fn nothing_is_said_where_nobody_was_asked_before() {
    in_each_home(|home| {
        home.setup().well();
        fs::remove_file(&home.patron).expect("the program goes");
        let (out, err) = credential(home, "fill", "url=https://github.com/acme/secret.git\n");
        assert!(!out.contains("password"), "{out}");
        assert!(err.contains("terminal prompts disabled") && !err.contains("not found"), "{err}");
    });
}

#[test]
fn a_repository_cannot_name_a_fallback() {
    in_each_home(|home| {
        let (mine, theirs) =
            (helper(home, "mine", ANSWER), helper(home, "theirs", "username=x\npassword=x\n"));
        home.write(".gitconfig", format!("[credential]\n\thelper = {}\n", mine.display()));
        home.setup().well();
        fs::remove_file(&home.patron).expect("the program goes");
        home.git(&["init", "-q", "."]);
        home.git(&["config", "patron.https://github.com.fallback", theirs.to_str().expect("UTF-8")]);
        let (out, _) = credential(home, "fill", "url=https://github.com/acme/secret.git\n");
        assert!(out.contains("username=mona"), "{out}");
        assert_eq!(seen(home, "theirs"), "");
    });
}

#[test]
fn the_line_of_the_first_version_is_noticed_and_renewed() {
    in_each_home(|home| {
        home.write(".gitconfig", "[credential]\n\thelper = note:all\n");
        home.setup().well();
        let now = home.text(OURS);
        let old: String = now
            .lines()
            .map(|line| match line.starts_with("\thelper = \"!") {
                true => format!("\thelper = {}\n", home.patron.display()),
                false => format!("{line}\n"),
            })
            .collect();
        assert_ne!(old, now);
        home.write(OURS, &old);
        let told = home.patron(&["status"]);
        assert!(told.out.contains("that line was written by an earlier version"), "{told:?}");
        assert!(told.out.contains("-> git credential-patron setup\n"), "{told:?}");
        home.setup().well();
        assert_eq!(home.text(OURS), now);
        let told = home.patron(&["status"]);
        assert!(!told.out.contains("earlier version"), "{told:?}");
    });
}

#[test]
fn a_helper_of_a_conditional_file_is_named_with_its_file() {
    in_each_home(|home| {
        home.write("work.inc", "[credential]\n\thelper = note:work\n[credential \"https://github.com/acme\"]\n\thelper = note:acme\n");
        home.write("other.inc", "[user]\n\tname = Mona\n");
        home.write(
            ".gitconfig",
            "[includeIf \"gitdir:~/work/\"]\n\tpath = work.inc\n[includeIf \"gitdir:~/x/\"]\n\tpath = ~/other.inc\n",
        );
        let ended = home.setup();
        assert_eq!(ended.code, 0, "{ended:?}");
        let file = home.path("work.inc");
        assert!(
            ended.err.contains(&format!("({}:2) is no longer asked for github.com", file.display())),
            "{ended:?}"
        );
        assert!(ended.err.contains("only where \"gitdir:~/work/\" holds"), "{ended:?}");
        assert!(!ended.err.contains("other.inc") && !ended.err.contains("gist.github.com: "), "{ended:?}");
        // There, diagnose says so too.
        let repository = home.path("work/r");
        home.git(&["init", "-q", repository.to_str().expect("UTF-8")]);
        let mut diagnose = home.command(&home.patron);
        diagnose.current_dir(&repository).args(["diagnose", "--offline", "https://github.com/acme/secret"]);
        let text = String::from_utf8_lossy(&diagnose.output().expect("patron starts").stdout).into_owned();
        assert!(text.contains("~/work.inc:2) answered here before setup"), "{text}");
        assert!(text.contains("~/work.inc:4) answered here before setup"), "{text}");
    });
}

#[test]
fn every_condition_and_every_depth_of_an_include_is_looked_through() {
    in_each_home(|home| {
        home.write("deep.inc", "[credential]\n\thelper = note:deep\n");
        home.write("outer.inc", "[include]\n\tpath = deep.inc\n");
        for (condition, path, file) in [
            ("onbranch:main", "~/deep.inc", "deep.inc"),
            ("hasconfig:remote.*.url:https://github.com/acme/**", "deep.inc", "deep.inc"),
            ("gitdir/i:~/Work/", "outer.inc", "deep.inc"),
        ] {
            home.write(".gitconfig", format!("[includeIf \"{condition}\"]\n\tpath = {path}\n"));
            let ended = home.setup();
            assert_eq!(ended.code, 0, "{ended:?}");
            let named = format!("({}:2) is no longer asked for github.com", home.path(file).display());
            assert!(ended.err.contains(&named), "{condition}: {ended:?}");
            assert!(ended.err.contains(&format!("only where \"{condition}\" holds")), "{ended:?}");
            home.unsetup().well();
        }
    });
}

#[test]
fn a_config_that_includes_our_file_already_is_not_written() {
    in_each_home(|home| {
        let absolute = home.path(OURS).display().to_string();
        for include in [
            "~/.config/git-credential-patron/gitconfig",
            &absolute,
            ".config/git-credential-patron/gitconfig",
        ] {
            let text = format!("[credential]\n\thelper = note:all\n[include]\n\tpath = {include}\n");
            home.write(".gitconfig", &text);
            // As where nobody may write it.
            home.write(".gitconfig.lock", "");
            let before = home.read(".gitconfig");
            home.setup().well();
            assert_eq!(home.read(".gitconfig"), before);
            assert_eq!(home.asks("https://github.com/acme/x.git"), ["patron"], "{include}");
            assert_eq!(home.recorded("https://github.com"), Some(vec!["all".to_owned()]));
            fs::remove_file(home.path(OURS)).expect("our file");
        }
    });
}

#[test]
fn a_config_file_that_is_read_without_home_gets_an_absolute_include() {
    let without_home = |home: &Home| {
        let mut git = home.command(&home.git.join("git"));
        git.env_remove("HOME").args(["config", "--list", "--show-origin"]);
        let output = git.output().expect("git starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    in_each_home(|home| {
        // Only HOME leads there.
        home.setup().well();
        assert!(home.text(".gitconfig").contains("path = ~/.config/"), "{}", home.text(".gitconfig"));
        home.unsetup().well();
    });
    for (name, file, value, ours) in [
        ("GIT_CONFIG_GLOBAL", "elsewhere", "elsewhere", OURS),
        ("XDG_CONFIG_HOME", ".config/git/config", ".config", OURS),
        ("XDG_CONFIG_HOME", "my own/git/config", "my own", "my own/git-credential-patron/gitconfig"),
    ] {
        for git in super::gits() {
            let mut home = Home::new(git);
            home.write(file, "[user]\n\tname = Mona\n");
            home.set(name, home.path(value).display());
            home.setup().well();
            let include = format!("path = {}", home.path(ours).display());
            assert!(home.text(file).contains(&include), "{name}: {}", home.text(file));
            assert!(without_home(&home).contains("credential.https://github.com.helper"), "{name}");
        }
    }
}

#[test]
fn who_is_told_each_token_besides_is_named_with_the_command_that_ends_it() {
    in_each_home(|home| {
        home.git(&["init", "-q", "."]);
        for (key, value) in [
            ("credential.helper", "store"),
            ("credential.https://github.com.helper", "cache"),
            ("credential.https://github.com/acme.helper", "libsecret"),
        ] {
            home.git(&["config", key, value]);
            let ended = home.setup();
            assert_eq!(ended.code, 0, "{ended:?}");
            let unset = format!("fix: git config --local --unset-all {key}\n");
            assert!(ended.err.contains(value) && ended.err.contains(&unset), "{ended:?}");
            let told = home.patron(&["diagnose", "--offline", "https://github.com/acme/secret"]);
            assert!(told.out.contains(&format!("-> git config --local --unset-all {key}\n")), "{told:?}");
            home.git(&["config", "--local", "--unset-all", key]);
            home.setup().well();
        }
    });
}

/// The program's file is there for a path as odd as can be.
#[test]
fn an_odd_path_is_guarded_as_well() {
    for git in super::gits() {
        let home = Home::with(git, "ho me", "my $tools/git-credential-patron");
        home.setup().well();
        assert_eq!(home.asks("https://github.com/acme/x.git"), ["patron"]);
        fs::remove_file(Path::new(&home.patron)).expect("the program goes");
        let (_, err) = credential(&home, "fill", "url=https://github.com/acme/secret.git\n");
        assert!(!err.contains("not found"), "{err}");
    }
}
