//! Opening pages with programs that record, hang, fail, print and fork.

use super::*;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const PAGE: &str = "https://github.com/settings/tokens/new?scopes=repo%2Cworkflow&description=git+acme";
/// How long a program that was started may take to leave its record.
const PATIENCE: Duration = Duration::from_secs(10);
/// A program that was started wrongly would have left a record by then.
const MOMENT: Duration = Duration::from_millis(400);
/// What opening may take at most, on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(500);

/// A folder of programs that note how they were started.
struct Programs(tempfile::TempDir);

impl Programs {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a program that notes its arguments and then does `then`.
    ///
    /// Another process writes it: a file that is open for writing here, while another test forks, cannot be
    /// executed ("text file busy").
    fn program(&self, name: &str, then: &str) -> PathBuf {
        let note = self.path("notes");
        let text = format!(
            "#!/bin/sh\n{{ printf '%s' \"{name}\"; printf ' <%s>' \"$@\"; echo; }} >>'{}'\n{then}\n",
            note.display()
        );
        let path = self.path(name);
        let mut shell = Command::new("sh")
            .args(["-c", "mkdir -p \"${1%/*}\" && cat >\"$1\" && chmod 755 \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh runs");
        shell.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
        assert!(shell.wait().expect("a status").success());
        path
    }

    /// Gives an environment whose programs are ours, then the system's.
    fn env(&self, more: &[(&str, &str)]) -> Launcher {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let given = [("PATH", path.as_str())];
        let all = given.iter().chain(more).map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Launcher::new(all)
    }

    fn notes(&self) -> String {
        fs::read_to_string(self.path("notes")).unwrap_or_default()
    }

    /// Waits for the first note, and a moment for more that must not come.
    fn all_notes(&self) -> String {
        let start = Instant::now();
        while self.notes().is_empty() {
            assert!(start.elapsed() < PATIENCE, "nothing was started");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(MOMENT);
        self.notes()
    }

    /// Waits for a file that a program writes at its end.
    fn file(&self, name: &str) -> String {
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(self.path(name)).unwrap_or_default();
            if text.ends_with("end\n") {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "no {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn one_page_is_one_process_whatever_it_does() {
    for then in [
        "exit 0",
        "exit 1",
        "exit 127",
        "sleep 30",
        "echo noise; echo noise >&2",
        "(sleep 1) & exit 3",
        "kill -9 $$",
    ] {
        let programs = Programs::new();
        // All that crate `open` would try one after the other.
        for name in ["xdg-open", "gio", "gnome-open", "kde-open6", "kde-open5", "kde-open"] {
            programs.program(name, then);
        }
        let start = Instant::now();
        let opened = programs.env(&[]).open(PAGE).expect("opened");
        assert!(start.elapsed() < AT_ONCE, "{then}: {:?}", start.elapsed());
        assert_eq!(opened.program, programs.path("xdg-open"));
        assert_eq!(programs.all_notes(), format!("xdg-open <{PAGE}>\n"), "{then}");
    }
}

#[test]
fn the_first_program_that_exists_is_taken() {
    let programs = Programs::new();
    programs.program("gio", "");
    fs::create_dir(programs.path("xdg-open")).expect("a folder of that name");
    fs::write(programs.path("gnome-open"), "#!/bin/sh\n").expect("a file that is no program");
    let path = [("PATH", programs.0.path().to_str().expect("UTF-8"))];
    let launcher = Launcher::new(path.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(launcher.open(PAGE).expect("opened").program, programs.path("gio"));
    assert_eq!(programs.all_notes(), format!("gio <open> <{PAGE}>\n"));
}

#[test]
fn a_relative_folder_of_the_path_is_the_repositorys_and_not_looked_into() {
    let here = env::current_dir().expect("a folder");
    let programs = Programs(tempfile::tempdir_in(&here).expect("a folder in this one"));
    programs.program("xdg-open", "");
    let relative = programs.0.path().strip_prefix(&here).expect("in this folder").to_str().expect("UTF-8");
    for path in [relative, "", ".", ":", &format!("./{relative}::{relative}")] {
        let launcher = Launcher::new([(OsString::from("PATH"), OsString::from(path))]);
        assert!(matches!(launcher.open(PAGE), Err(OpenError::NoProgram)), "{path}");
    }
    assert!(matches!(Launcher::new([]).open(PAGE), Err(OpenError::NoProgram)));
    let browser = format!("{relative}/xdg-open");
    let launcher = Launcher::new([(OsString::from("BROWSER"), OsString::from(browser))]);
    assert!(matches!(launcher.open(PAGE), Err(OpenError::NoProgram)), "BROWSER");
    std::thread::sleep(MOMENT);
    assert_eq!(programs.notes(), "");
}

#[test]
fn browser_is_split_into_words_before_the_page_is_filled_in() {
    let case = |browser: &str, expected: &str| {
        let programs = Programs::new();
        for name in ["xdg-open", "mine"] {
            programs.program(name, "");
        }
        let browser = browser.replace("DIR", programs.0.path().to_str().expect("UTF-8"));
        programs.env(&[("BROWSER", &browser)]).open(PAGE).expect("opened");
        assert_eq!(programs.all_notes(), expected.replace("URL", PAGE), "{browser}");
    };
    case("mine", "mine <URL>\n");
    case("DIR/mine --new-tab", "mine <--new-tab> <URL>\n");
    case("mine --url=%s --new", "mine <--url=URL> <--new>\n");
    case("missing:mine %s:xdg-open", "mine <URL>\n");
    case("", "xdg-open <URL>\n");
    case("missing", "xdg-open <URL>\n");
    // A shell's work is not done here, and not given to one.
    case("sh -c \"mine %s\"", "xdg-open <URL>\n");
    case("mine $(touch x) %s", "xdg-open <URL>\n");
    case("sh -c mine;mine", "xdg-open <URL>\n");
    case("%s", "xdg-open <URL>\n");
}

#[test]
fn only_pages_are_opened() {
    let programs = Programs::new();
    programs.program("xdg-open", "");
    let long = format!("https://github.com/{}", "a".repeat(2048));
    for url in [
        "",
        "github.com",
        "http://github.com/",
        "HTTPS://github.com/",
        "https:/github.com/",
        "https://",
        "https:///settings",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "-new-tab",
        " https://github.com/",
        "https://github.com/a b",
        "https://github.com/a\nb",
        "https://github.com/a\"b",
        "https://github.com/a'b",
        "https://github.com/a\\b",
        "https://github.com/a`b`",
        "https://github.com/$(a)",
        "https://github.com/a;b",
        "https://github.com/a|b",
        "https://github.com/<a>",
        "https://github.com/ä",
        "https://github.com/%00",
        "https://github.com/%0a",
        "https://github.com/%7F",
        "https://github.com/%",
        "https://github.com/%2",
        "https://github.com/%zz",
        "https://user@github.com/",
        "https://github.com\u{202e}/",
        "https://.github.com/",
        "https://localhost/",
        "https://LOCALHOST:8443/",
        "https://127.0.0.1:8443/",
        "https://127.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        &long,
    ] {
        let result = programs.env(&[]).open(url);
        assert!(matches!(result, Err(OpenError::BadUrl(_))), "{url}: {result:?}");
    }
    std::thread::sleep(MOMENT);
    assert_eq!(programs.notes(), "");
    for url in [PAGE, "https://ghe.example.com:8443/settings", "https://corp.ghe.com/orgs/a/sso?b=c-_#d"] {
        assert_eq!(check(url), Ok(()), "{url}");
    }
    assert_eq!(check(&long[..2048]), Ok(()));
}

#[test]
fn the_browser_inherits_no_secret_and_what_it_needs() {
    let programs = Programs::new();
    programs.program("xdg-open", &format!("{{ env; pwd; echo end; }} >'{}'", programs.path("env").display()));
    let secrets = [
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_VALUE_0",
        "GIT_ASKPASS",
        "PATRON_TRACE",
        "NPM_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "pgpassword",
        "OPENAI_API_KEY",
    ];
    let kept = ["DISPLAY", "WAYLAND_DISPLAY", "HOME", "XDG_RUNTIME_DIR", "LANG", "https_proxy"];
    let all: Vec<_> = secrets.iter().chain(&kept).map(|name| (*name, "s3cret")).collect();
    programs.env(&all).open(PAGE).expect("opened");
    let env = programs.file("env");
    for name in secrets {
        assert!(!env.contains(name), "{name}: {env}");
    }
    for name in kept {
        assert!(env.contains(&format!("{name}=s3cret\n")), "{name}: {env}");
    }
    assert!(env.contains("\n/\n"), "not the user's folder, which it would keep busy: {env}");
}

/// The other side of the next test: opens the page as a process with descriptors that git left open.
#[test]
#[ignore = "run by the_browser_inherits_no_descriptor_and_no_terminal, with descriptors left open"]
fn actor() {
    Launcher::new(env::vars_os()).open(PAGE).expect("opened");
}

#[test]
fn the_browser_inherits_no_descriptor_and_no_terminal() {
    for setsid in [true, false] {
        let programs = Programs::new();
        let then = format!(
            "{{ readlink /proc/$$/fd/*; read -r pid name state parent group session rest </proc/$$/stat
             echo \"pid $pid group $group session $session\"; echo end; }} >'{0}.new'; mv '{0}.new' '{0}'",
            programs.path("seen").display()
        );
        programs.program("xdg-open", &then);
        // What the program needs, and `setsid` or not.
        let tools = ["sh", "readlink", "mv", "setsid"].into_iter().filter(|tool| setsid || *tool != "setsid");
        for tool in tools {
            let real = programs.env(&[]).find(OsStr::new(tool)).expect(tool);
            std::os::unix::fs::symlink(real, programs.path(tool)).expect("a link");
        }
        let program = env::current_exe().expect("the path of this program");
        let line = "exec 4</etc/passwd 5>&1 17</etc/group 200</etc/hosts; exec \"$@\"";
        let output = Command::new(programs.env(&[]).find(OsStr::new("bash")).expect("bash"))
            .args(["-c", line, "bash"])
            .arg(program)
            .args(["--exact", "browser::launch::tests::actor", "--ignored"])
            .env("PATH", programs.0.path())
            .env_remove("BROWSER")
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let seen = programs.file("seen");
        // The shell that runs the program reads it by a descriptor, has its stdout in our file, and put
        // the stdout it was given aside.
        let own = [programs.path("seen.new"), programs.path("xdg-open")];
        let open: Vec<_> = seen.lines().take_while(|line| !line.starts_with("pid ")).collect();
        assert_eq!(open.iter().filter(|line| **line == "/dev/null").count(), 3, "{seen}");
        let foreign = |line: &&&str| **line != "/dev/null" && !own.iter().any(|path| path == Path::new(line));
        assert_eq!(open.iter().find(foreign), None, "{seen}");
        let ids = seen.lines().find_map(|line| line.strip_prefix("pid ")).expect("the line with the ids");
        let ids: Vec<_> = ids.split(' ').step_by(2).collect();
        assert_eq!(ids[0], ids[1], "a process group of its own: {seen}");
        assert_eq!(ids[1] == ids[2], setsid, "a session of its own where there is `setsid`: {seen}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_an_error() {
    let programs = Programs::new();
    programs.program("xdg-open", "");
    let path = programs.0.path().to_str().expect("UTF-8").to_owned();
    fs::write(programs.path("xdg-open"), "#!/nowhere/interpreter\n").expect("written");
    let launcher = Launcher::new([(OsString::from("PATH"), OsString::from(path))]);
    match launcher.open(PAGE) {
        Err(OpenError::Start(program, _)) => assert_eq!(program, programs.path("xdg-open")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn below_windows_a_page_is_opened_in_the_browser_of_windows() {
    for (name, opener) in
        [("WSL_DISTRO_NAME", "wslview"), ("WSL_INTEROP", "wslview"), ("NOT_WSL", "xdg-open")]
    {
        let programs = Programs::new();
        for program in ["xdg-open", "wslview"] {
            programs.program(program, "exit 0");
        }
        let opened = programs.env(&[(name, "Debian")]).open(PAGE).expect("opened");
        assert_eq!(opened.program, programs.path(opener), "{name}");
        assert_eq!(programs.all_notes(), format!("{opener} <{PAGE}>\n"), "{name}");
    }
    // The user's own choice goes before it.
    let programs = Programs::new();
    for program in ["mine", "wslview"] {
        programs.program(program, "exit 0");
    }
    let opened =
        programs.env(&[("WSL_DISTRO_NAME", "Debian"), ("BROWSER", "mine")]).open(PAGE).expect("opened");
    assert_eq!(opened.program, programs.path("mine"));
}
