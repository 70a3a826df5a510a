//! Requests without a path: the owner is known from the URL of the calling `git-remote-https`, and from
//! nothing else. Real git of each version here, `useHttpPath` off, against the forge.

use super::forge::{Access, Forge, Policy};
use super::sandbox::{Git, Output, Sandbox, gits};

use Access::{Read, Write};

/// A sandbox whose git asks patron and sends no path; acme and globex have an account each.
fn sandbox(forge: &Forge) -> Sandbox {
    let mut sandbox = Sandbox::new(forge);
    // What is asked by git alone is listed here.
    sandbox.set("PATRON_PROBE", "never");
    let program = sandbox.program();
    let config = format!(
        "[credential \"https://github.com\"]\n\thelper = {}\n\tuseHttpPath = false\n[protocol \"file\"]\n\tallow = always\n",
        program.display()
    );
    sandbox.write(".gitconfig", config);
    for owner in ["acme", "globex"] {
        let secret = forge.secret(owner);
        let asked = format!("protocol=https\nhost=github.com\npath={owner}/x\n");
        sandbox.patron(["get"]).stdin(asked.clone()).ok().prints("");
        let request = format!("{asked}username=mona\npassword={secret}\n");
        sandbox.patron(["store"]).stdin(request).ok().says(&format!("learned {owner}"));
    }
    sandbox
}

/// Writes down what git is expected to have asked on github.com, each with its owner's token.
fn asks(expected: &[(&str, Access)]) -> Vec<(String, String, String, Access, String)> {
    let row = |(place, access): &(&str, Access)| {
        let (owner, repo) = place.split_once('/').expect("owner/repo");
        let label = owner.to_ascii_lowercase();
        ("github.com".to_owned(), owner.to_owned(), repo.to_owned(), *access, label)
    };
    expected.iter().map(row).collect()
}

struct Runner<'a> {
    sandbox: &'a Sandbox,
    git: &'static Git,
}

impl Runner<'_> {
    fn git(&self, cwd: &str, line: &str) -> Output {
        self.sandbox.git(line.split(' ')).with_git(self.git).cwd(self.sandbox.work().join(cwd)).ok()
    }
}

#[test]
fn every_operation_of_git_gets_the_token_of_the_owner_in_its_url() {
    for git in gits() {
        let forge = Forge::start(Policy::sample().private("globex/fork"));
        let sandbox = sandbox(&forge);
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://github.com/acme/secret.git one");
        run.git("one", "remote add fork https://mona@github.com/globex/fork.git");
        run.git("one", "fetch -q --all");
        run.git("one", "commit -q --allow-empty -m more");
        run.git("one", "push -q origin HEAD");
        run.git("one", "push -q fork HEAD:refs/heads/topic");
        run.git("one", "pull -q");
        run.git("one", "remote show origin");
        run.git(".", "-C one ls-remote -q fork");
        run.git(".", "ls-remote -q https://github.com/globex/api");
        run.git("one", "worktree add -q ../tree -b other");
        run.git("tree", "fetch -q fork");
        run.git("tree", "-c alias.up=fetch up -q origin");
        let expected = [
            ("acme/secret", Read),
            ("acme/secret", Read),
            ("globex/fork", Read),
            ("acme/secret", Write),
            ("globex/fork", Write),
            ("acme/secret", Read),
            ("acme/secret", Read),
            ("globex/fork", Read),
            ("globex/api", Read),
            ("globex/fork", Read),
            ("acme/secret", Read),
        ];
        assert_eq!(known(&forge), asks(&expected), "git {}", git.version);
    }
}

/// What was asked with a token; git sends the user name of a URL with no password first.
fn known(forge: &Forge) -> Vec<(String, String, String, Access, String)> {
    forge.git_asks().into_iter().filter(|ask| !ask.4.starts_with("unknown")).collect()
}

#[test]
fn submodules_get_their_own_owners_token_in_whichever_folder_git_stands() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = sandbox(&forge);
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://github.com/acme/secret one");
        run.git("one", "submodule --quiet add https://github.com/globex/api.git sub");
        run.git("one", "commit -q -m submodule");
        run.git("one", "push -q");
        run.git("one/sub", "fetch -q");
        run.git("one", "submodule --quiet update --remote");
        run.git(".", "clone -q --recurse-submodules https://github.com/acme/secret two");
        let expected = [
            ("acme/secret", Read),
            ("globex/api", Read),
            ("acme/secret", Write),
            ("globex/api", Read),
            ("globex/api", Read),
            ("acme/secret", Read),
            ("globex/api", Read),
        ];
        assert_eq!(known(&forge), asks(&expected), "git {}", git.version);
    }
}

#[test]
fn the_url_after_insteadof_counts_and_so_does_a_helper_called_by_its_name() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = sandbox(&forge);
        let run = Runner { sandbox: &sandbox, git };
        let swap = "-c url.https://github.com/acme/.insteadOf=work: -c url.https://github.com/globex/.pushInsteadOf=https://github.com/acme/";
        run.git(".", &format!("{swap} clone -q work:secret one"));
        run.git("one", "remote set-url origin https://github.com/acme/api");
        run.git("one", "commit -q --allow-empty -m more");
        run.git("one", &format!("{swap} push -q origin HEAD:refs/heads/topic"));
        let by_name =
            "-c credential.https://github.com.helper= -c credential.https://github.com.helper=patron";
        run.git(".", &format!("{by_name} ls-remote -q https://github.com/acme/tools"));
        let expected = [("acme/secret", Read), ("globex/api", Write), ("acme/tools", Read)];
        assert_eq!(known(&forge), asks(&expected), "git {}", git.version);
    }
}

#[test]
fn whoever_stands_in_a_checkout_and_sends_no_path_gets_nothing() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = sandbox(&forge);
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://github.com/acme/secret one");
        forge.clear_log();
        let one = sandbox.work().join("one");
        let request = "protocol=https\nhost=github.com\n\n";
        // A script, and a program with libgit2, call the helper itself; others ask through git.
        sandbox.patron(["get"]).stdin(request).cwd(&one).ok().prints("");
        sandbox.shell("git-credential-patron get").stdin(request).cwd(&one).ok().prints("");
        sandbox.git(["credential", "fill"]).with_git(git).stdin(request).cwd(&one).fails(128).prints("");
        let inside = one.join(".git");
        sandbox.patron(["get"]).stdin(request).cwd(&one).env("GIT_DIR", &inside).ok().prints("");
        // With the path they get what they ask for, and not what lies in the folder.
        let request = "protocol=https\nhost=github.com\npath=globex/api\n\n";
        let answer =
            sandbox.git(["-c", "credential.https://github.com.useHttpPath=true", "credential", "fill"]);
        let answer = answer.with_git(git).stdin(request).cwd(&one).ok().stdout();
        assert!(answer.contains(&forge.secret("globex")));
    }
}

#[test]
fn a_helper_that_asks_for_something_else_while_git_fetches_gets_nothing() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = sandbox(&forge);
        let seen = sandbox.root().join("seen");
        let script = format!(
            "[ \"$1\" = get ] || exit 0\nunset GIT_CONFIG_PARAMETERS\n\
             ask() {{ printf 'protocol=https\\nhost=github.com\\n\\n'; }}\n\
             {{ ask | git-credential-patron get; ask | git credential fill; echo end; }} >>'{}' 2>/dev/null",
            seen.display()
        );
        sandbox.write_program("git-credential-nosy", &script);
        let run = Runner { sandbox: &sandbox, git };
        // First the nosy one, then patron, which answers for the URL.
        let first = "-c credential.helper= -c credential.helper=nosy -c credential.helper=patron";
        run.git(".", &format!("{first} ls-remote -q https://github.com/acme/secret"));
        let seen = std::fs::read_to_string(seen).expect("it was asked");
        assert!(!seen.is_empty() && seen.lines().all(|line| line == "end"), "it got {} bytes", seen.len());
        assert_eq!(known(&forge), asks(&[("acme/secret", Read)]), "git {}", git.version);
    }
}

/// Runs the product below a process that calls itself `git-remote-https`, with that URL.
fn below(sandbox: &Sandbox, url: &str, request: &str) -> Output {
    let script = sandbox.write("ask", "git-credential-patron get\n:\n");
    sandbox
        .command("bash", ["-c", "exec -a git-remote-https bash \"$1\" \"$2\"", "x"])
        .args([script.as_os_str(), url.as_ref()])
        .stdin(request)
        .ok()
}

#[test]
fn the_url_counts_only_for_its_own_host_and_only_without_a_path() {
    let forge = Forge::start(Policy::sample());
    let sandbox = sandbox(&forge);
    let request = "protocol=https\nhost=github.com\n";
    // Who calls itself so gets what it would get by sending a path.
    let answer = below(&sandbox, "https://github.com/acme/secret", request).stdout();
    assert!(answer.contains(&forge.secret("acme")));
    for url in [
        "https://evil.test/acme/secret",
        "https://github.com@evil.test/acme/secret",
        "https://github.com:8443/acme/secret",
        "http://github.com/acme/secret",
        "https://github.com/acme%2Fsecret",
        "https://github.com/acme%2F..%2Fglobex/api",
        "https://github.com/acme",
        "https://github.com/",
        "github.com/acme/secret",
        "",
    ] {
        below(&sandbox, url, request).prints("");
    }
    for path in ["", "acme", "acme//secret", "acme/../globex/api", "acme%2Fsecret/x"] {
        below(&sandbox, "https://github.com/acme/secret", &format!("{request}path={path}\n")).prints("");
    }
}

#[test]
fn git_itself_takes_a_url_apart_as_we_do() {
    // For each URL: git with `useHttpPath` names the path, and without it the caller's URL does. Both must
    // come to the same owner; where somebody could see other segments than we, ours comes to none.
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = sandbox(&forge);
        let log = sandbox.root().join("log");
        let told = |url: &str, with_path: &str| {
            let _ = std::fs::remove_file(&log);
            let setting = format!("credential.https://github.com.useHttpPath={with_path}");
            sandbox.git(["-c", &setting, "ls-remote", url]).with_git(git).env("PATRON_TRACE", &log).run();
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            let word = if with_path == "true" { " get remote=" } else { "target=" };
            assert_eq!(log.contains("no path came"), with_path != "true", "{url}: {log}");
            log.lines().find_map(|line| line.split(word).nth(1).map(str::to_owned))
        };
        for url in [
            "https://github.com/acme/secret",
            "https://github.com//acme/secret.git//",
            "https://GitHub.com:443/Acme/secret.git",
            "https://mona@github.com/acme/secret",
            "https://github.com/%61cme/secret",
            "https://github.com/acme/secret%20x",
            "https://github.com/acme%252Fx/secret",
            "https://github.com/acme/secret:%61",
        ] {
            let both = (told(url, "true"), told(url, "false"));
            assert!(both.0.is_some(), "{url}, git {}", git.version);
            assert_eq!(both.0, both.1, "{url}, git {}", git.version);
        }
        // Git has the first as another owner's repository than GitHub, and mends the second by itself.
        for (url, with_path) in [
            ("https://github.com/acme%2Fother/secret", "github.com/acme/other"),
            ("https://github.com/acme/./secret", "github.com/acme/secret"),
        ] {
            assert_eq!(told(url, "true").as_deref(), Some(with_path), "git {}", git.version);
            assert_eq!(told(url, "false").as_deref(), Some("github.com"), "git {}", git.version);
        }
    }
}
