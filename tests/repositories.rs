//! Whose settings count, and which repositories are opened: as git has it, and for commands that are not about the
//! repository here, without it.

use super::forge::{Forge, Policy};
use super::sandbox::{Sandbox, gits};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn scene() -> (Forge, Sandbox) {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme") + "\n").ok();
    forge.clear_log();
    (forge, sandbox)
}

/// A port that notes whether anybody came.
struct Rogue(TcpListener);

impl Rogue {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be told");
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("it listens"))
    }

    fn was_asked(&self) -> bool {
        self.0.accept().is_ok()
    }
}

#[test]
fn add_obeys_no_setting_of_the_repository_it_is_run_in() {
    let (forge, mut sandbox) = scene();
    let rogue = Rogue::listen();
    let add = |sandbox: &Sandbox| {
        sandbox.patron(["add", "globex", "--token-stdin"]).stdin(forge.secret("globex") + "\n").run()
    };
    sandbox.git(["init", "-q", "."]).ok();
    for (key, value) in [
        ("http.proxy", rogue.url()),
        ("http.https://api.github.com/.proxy", rogue.url()),
        ("http.https://api.github.com.sslCAInfo", "/no/such/file.pem".to_owned()),
        ("http.sslCAPath", "/no/such/folder".to_owned()),
    ] {
        sandbox.git(["config", key, &value]).ok();
        add(&sandbox).ok();
        assert!(!rogue.was_asked(), "{key}");
        assert!(forge.log().iter().any(|request| request.host == "api.github.com"), "{key}");
        sandbox.git(["config", "--unset", key]).ok();
        forge.clear_log();
    }
    // Named by the environment, it is the repository here as well.
    sandbox.git(["config", "http.proxy", &rogue.url()]).ok();
    let (git_dir, work) = (sandbox.work().join(".git"), sandbox.home().to_owned());
    sandbox.patron(["list"]).ok();
    let add_elsewhere = sandbox.patron(["add", "globex", "--token-stdin"]).env("GIT_DIR", &git_dir).cwd(work);
    add_elsewhere.stdin(forge.secret("globex") + "\n").ok();
    assert!(!rogue.was_asked());
    // What the user says for one command is the user's own.
    sandbox.set("GIT_CONFIG_COUNT", "1");
    sandbox.set("GIT_CONFIG_KEY_0", "http.proxy");
    sandbox.set("GIT_CONFIG_VALUE_0", rogue.url());
    sandbox.set("HTTPS_PROXY", "");
    sandbox.patron(["add", "globex", "--token-stdin"]).stdin(forge.secret("globex") + "\n").fails(3);
    assert!(rogue.was_asked());
}

#[test]
fn a_bare_repository_that_git_is_told_not_to_use_is_not_used() {
    let (forge, sandbox) = scene();
    let bare = sandbox.work().join("package");
    sandbox.git(["init", "-q", "--bare", "package"]).ok();
    sandbox.git(["-C", "package", "remote", "add", "origin", "https://github.com/acme/secret"]).ok();
    let token = forge.secret("acme");
    let run = |arguments: &[&str]| sandbox.patron(arguments).cwd(&bare).run();
    assert_eq!(run(&["token"]).ok().stdout().trim(), token);
    sandbox.git(["config", "--global", "safe.bareRepository", "explicit"]).ok();
    for arguments in [&["token"][..], &["exec", "--", "env"], &["diagnose", "--offline"]] {
        let output = run(arguments).fails(1).says("safe.bareRepository");
        assert!(!output.stdout().contains(&token), "{arguments:?}");
    }
    // Named, it is used: the user said so.
    let named = sandbox.patron(["token"]).env("GIT_DIR", &bare).cwd(sandbox.home());
    assert_eq!(named.ok().stdout().trim(), token);
}

#[test]
fn every_repository_that_git_opens_has_its_remotes_read() {
    let (forge, sandbox) = scene();
    let token = forge.secret("acme");
    let git = &gits()[0];
    let mut rows: Vec<(&str, &str)> = vec![
        ("plain", "git init -q ."),
        ("sha256", "git init -q --object-format=sha256 ."),
        (
            "partial",
            "git init -q . && git config core.repositoryformatversion 1 && git config extensions.partialClone origin",
        ),
        ("worktree config", "git init -q . && git config extensions.worktreeConfig true"),
        ("bare", "git init -q --bare ."),
    ];
    if git.is_at_least(2, 45) {
        rows.push(("reftable", "git init -q --ref-format=reftable ."));
    }
    for (name, make) in rows {
        let folder = sandbox.work().join(name.replace(' ', "-"));
        std::fs::create_dir(&folder).expect("the sandbox is ours");
        let script = format!("{make} && git remote add origin https://github.com/acme/secret");
        sandbox.shell(&script).cwd(&folder).ok();
        let found = sandbox.patron(["token"]).cwd(&folder).ok();
        assert_eq!(found.stdout().trim(), token, "{name}");
        let text = sandbox.patron(["diagnose", "--offline"]).cwd(&folder).fails(1).stdout();
        assert!(text.contains("github.com/acme/secret"), "{name}: {text}");
    }
    // By the environment, from elsewhere.
    let elsewhere = sandbox.patron(["token"]).env("GIT_DIR", sandbox.work().join("plain/.git"));
    assert_eq!(elsewhere.cwd(sandbox.home()).ok().stdout().trim(), token);
    let missing = sandbox.patron(["token"]).env("GIT_DIR", "/no/such/place").fails(1);
    missing.says("not a git repository: '/no/such/place'");
    sandbox.patron(["token"]).cwd(sandbox.home()).fails(2).says("there is no repository here");
}

#[test]
fn the_branchs_remote_its_rewritten_url_and_the_only_remote_are_meant() {
    let (forge, sandbox) = scene();
    let token = forge.secret("acme");
    let rows = [
        "git remote add elsewhere https://github.com/nobody/x && git remote add mine https://github.com/acme/secret \
         && git config branch.main.remote mine && git config branch.main.merge refs/heads/main",
        "git remote add only gh:acme/secret && git config url.https://github.com/.insteadOf gh:",
        "git remote add a https://github.com/nobody/x && git remote add origin https://github.com/acme/secret",
    ];
    for (number, script) in rows.iter().enumerate() {
        let folder = sandbox.work().join(number.to_string());
        sandbox.shell(&format!("git init -q -b main {number} && cd {number} && {script}")).ok();
        let found = sandbox.patron(["token"]).cwd(&folder).ok();
        assert_eq!(found.stdout().trim(), token, "{script}");
    }
}

#[test]
fn a_repository_of_another_user_is_opened_where_git_is_told_that_it_is_safe() {
    let (forge, sandbox) = scene();
    if sandbox.home().metadata().expect("it is ours").uid() != 0 || !gits()[0].is_at_least(2, 46) {
        // Only root can give a folder away, and older gits know no `/*`.
        return;
    }
    let theirs = sandbox.work().join("theirs");
    sandbox.git(["init", "-q", "theirs"]).ok();
    sandbox.git(["-C", "theirs", "remote", "add", "origin", "https://github.com/acme/secret"]).ok();
    give_away(&theirs);
    sandbox.patron(["token"]).cwd(&theirs).fails(1).says("dubious ownership");
    sandbox.git(["config", "--global", "safe.directory", &format!("{}/*", sandbox.work().display())]).ok();
    assert_eq!(sandbox.patron(["token"]).cwd(&theirs).ok().stdout().trim(), forge.secret("acme"));
}

fn give_away(folder: &Path) {
    let status = std::process::Command::new("chown").args(["-R", "65534"]).arg(folder).status();
    assert!(status.expect("chown is there").success());
}
