//! The forge itself, proven with real git and plain requests: a stand-in may be trusted only as
//! far as it was tried.

mod apps;
mod client;
mod decisions;
mod exceptions;
mod lfs;
mod pages;
mod place;
mod rest;
mod wire;

use std::fs;
use std::thread;

use super::forge::{
    Access, Entry, EntryKind, Forge, Owner, Permission, Policy, Repository, Selection, State, Token,
    Visibility, days,
};
use super::sandbox::{Sandbox, gits};

/// A helper that gives git one secret, whatever it asks for.
fn helper(sandbox: &Sandbox, login: &str, secret: &str) -> String {
    sandbox.write_program(
        "git-credential-fixed",
        &format!("[ \"$1\" = get ] && printf 'username={login}\\npassword={secret}\\n'; exit 0"),
    );
    "credential.helper=fixed".to_owned()
}

#[test]
fn a_private_repository_is_cloned_and_pushed_to_with_every_git_here() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = Sandbox::new(&forge);
        let with = helper(&sandbox, "mona", &forge.secret("acme"));
        let url = "https://github.com/acme/secret";
        sandbox.git(["-c", &with, "clone", url, "it"]).with_git(git).ok();
        let it = sandbox.work().join("it");
        sandbox.git(["commit", "-q", "--allow-empty", "-m", "more"]).cwd(&it).ok();
        sandbox.git(["-c", &with, "push"]).with_git(git).cwd(&it).ok();
        let ask = |access| {
            let names = ["github.com", "acme", "secret"].map(str::to_owned);
            let [host, owner, repo] = names;
            (host, owner, repo, access, "acme".to_owned())
        };
        assert_eq!(forge.git_asks(), [ask(Access::Read), ask(Access::Write)], "git {}", git.version);
    }
}

#[test]
fn each_refusal_reaches_the_user_in_githubs_words_with_every_git_here() {
    let policy = Policy::sample()
        .owner(Owner { forbids_classic: true, ..Owner::org("strict", &["mona"]) })
        .private("strict/core")
        .repository(Repository { archived: true, ..Repository::new("acme/old", Visibility::Private) })
        .token(Token { state: State::Pending, ..Token::fine_grained("pending", "mona", "acme") })
        .token(Token {
            repositories: Selection::Only(vec!["tools".to_owned()]),
            ..Token::fine_grained("few", "mona", "acme")
        })
        .token(Token { contents: Permission::Read, ..Token::fine_grained("reader", "mona", "acme") })
        .token(Token::fine_grained("old", "mona", "acme").expired());
    let forge = Forge::start(policy);
    let cases = [
        (
            "old",
            "acme/secret",
            "ls-remote",
            "remote: Invalid username or token. Password authentication is not supported for Git operations.\nfatal: Authentication failed for 'https://github.com/acme/secret.git/'\n",
        ),
        (
            "globex",
            "acme/secret",
            "ls-remote",
            "remote: Repository not found.\nfatal: repository 'https://github.com/acme/secret.git/' not found\n",
        ),
        (
            "pending",
            "acme/secret",
            "ls-remote",
            "remote: Repository not found.\nfatal: repository 'https://github.com/acme/secret.git/' not found\n",
        ),
        (
            "acme",
            "acme/nothing",
            "ls-remote",
            "remote: Repository not found.\nfatal: repository 'https://github.com/acme/nothing.git/' not found\n",
        ),
        (
            "few",
            "acme/secret",
            "ls-remote",
            "remote: Write access to repository not granted.\nfatal: unable to access 'https://github.com/acme/secret.git/': The requested URL returned error: 403\n",
        ),
        (
            "reader",
            "acme/secret",
            "push",
            "remote: Permission to acme/secret.git denied to mona.\nfatal: unable to access 'https://github.com/acme/secret.git/': The requested URL returned error: 403\n",
        ),
        (
            "pending",
            "acme/open",
            "push",
            "remote: Permission to acme/open.git denied to mona.\nfatal: unable to access 'https://github.com/acme/open.git/': The requested URL returned error: 403\n",
        ),
        (
            "acme",
            "acme/old",
            "push",
            "remote: This repository was archived so it is read-only.\nfatal: unable to access 'https://github.com/acme/old.git/': The requested URL returned error: 403\n",
        ),
        (
            "classic",
            "strict/core",
            "ls-remote",
            "remote: Personal access tokens (classic) are forbidden from accessing this repository.\nfatal: unable to access 'https://github.com/strict/core.git/': The requested URL returned error: 403\n",
        ),
    ];
    for git in gits() {
        let sandbox = Sandbox::new(&forge);
        sandbox.git(["init", "-q"]).ok();
        sandbox.git(["commit", "-q", "--allow-empty", "-m", "x"]).ok();
        for (label, repo, operation, text) in cases {
            let with = helper(&sandbox, "mona", &forge.secret(label));
            let url = format!("https://github.com/{repo}.git");
            let output = sandbox
                .git(["-c", &with, operation, &url])
                .args((operation == "push").then_some("HEAD:more"))
                .with_git(git)
                .fails(128);
            assert_eq!(output.stderr(), text, "{label} {operation} {repo}, git {}", git.version);
        }
    }
}

/// A clone of `acme/secret` with a helper set up in it.
fn cloned(forge: &Forge, sandbox: &Sandbox) -> std::path::PathBuf {
    let with = helper(sandbox, "mona", &forge.secret("acme"));
    let url = "https://github.com/acme/secret.git";
    sandbox.git(["clone", "-q", "-c", &with, "-c", "credential.useHttpPath=true", url, "it"]).ok();
    sandbox.work().join("it")
}

#[test]
fn a_push_above_a_mebibyte_comes_in_chunks_and_whole() {
    for git in gits() {
        // One each: the same commit pushed twice would not be sent again.
        let forge = Forge::start(Policy::sample());
        let sandbox = Sandbox::new(&forge);
        let it = cloned(&forge, &sandbox);
        // Random enough not to be compressed below the size from which git sends chunks.
        let noise: Vec<u8> = (0_u32..700_000)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).rotate_left(13).to_le_bytes())
            .collect();
        fs::write(it.join("noise"), &noise).expect("the clone is there");
        sandbox.git(["add", "."]).cwd(&it).ok();
        sandbox.git(["commit", "-q", "-m", "noise"]).cwd(&it).ok();
        let branch = format!("HEAD:noise-{}", git.version);
        sandbox
            .git(["push", "-q", "origin", &branch])
            .env("GIT_TRACE_CURL", "1")
            .env("GIT_TRACE_CURL_NO_DATA", "1")
            .with_git(git)
            .cwd(&it)
            .ok()
            .says("Transfer-Encoding: chunked");
        let stored = sandbox
            .git(["--git-dir"])
            .args([forge.repository_dir("acme/secret")])
            .args(["cat-file", "blob", &format!("noise-{}:noise", git.version)])
            .ok();
        assert!(stored.stdout == noise, "what was pushed is not what is there");
    }
}

#[test]
fn a_long_fetch_request_comes_compressed() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let it = cloned(&forge, &sandbox);
    sandbox.shell("for n in $(seq 60); do git commit -q --allow-empty -m $n; done").cwd(&it).ok();
    // Somebody else pushes, so that there is something to fetch and much to compare.
    let other = sandbox.work().join("other");
    sandbox.git(["clone", "-q"]).args([forge.repository_dir("acme/secret"), other.clone()]).ok();
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "theirs"]).cwd(&other).ok();
    sandbox.git(["push", "-q"]).cwd(&other).ok();
    sandbox
        .git(["fetch"])
        .env("GIT_TRACE_CURL", "1")
        .env("GIT_TRACE_CURL_NO_DATA", "1")
        .cwd(&it)
        .ok()
        .says("Content-Encoding: gzip");
    let theirs = sandbox.git(["log", "-1", "--format=%s", "origin/main"]).cwd(&it).ok();
    theirs.prints("theirs\n");
}

#[test]
fn the_log_is_exact() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = Sandbox::new(&forge);
        let with = helper(&sandbox, "mona", &forge.secret("acme"));
        let url = "https://github.com/acme/secret.git";
        sandbox.git(["-c", &with, "ls-remote", url]).with_git(git).ok();
        let entry = |method: &str, path: &str, token: bool, status: u16| Entry {
            kind: EntryKind::Git,
            host: "github.com".to_owned(),
            method: method.to_owned(),
            path: format!("/acme/secret.git/{path}"),
            owner: "acme".to_owned(),
            repo: "secret".to_owned(),
            access: Access::Read,
            token: token.then(|| "acme".to_owned()),
            username: token.then(|| "mona".to_owned()),
            agent: format!("git/{}", git.version),
            status,
        };
        assert_eq!(
            forge.log(),
            [
                entry("GET", "info/refs?service=git-upload-pack", false, 401),
                entry("GET", "info/refs?service=git-upload-pack", true, 200),
                entry("POST", "git-upload-pack", true, 200),
            ]
        );
        assert_eq!(forge.git_log().len(), 2);
        assert_eq!(forge.anonymous_git_log().len(), 1);
        forge.clear_log();
        sandbox.git(["ls-remote", "https://github.com/acme/open"]).with_git(git).ok();
        assert!(forge.git_log().is_empty(), "nobody asks for a token of what is public");
    }
}

#[test]
fn sixteen_fetch_at_once() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let with = helper(&sandbox, "mona", &forge.secret("acme"));
    thread::scope(|scope| {
        for number in 0..16 {
            let (sandbox, with) = (&sandbox, &with);
            scope.spawn(move || {
                let folder = format!("clone-{number}");
                let url = "https://github.com/acme/secret";
                sandbox.git(["-c", with, "clone", "-q", url, &folder]).ok();
            });
        }
    });
    assert_eq!(forge.git_asks().len(), 16);
    assert_eq!(forge.anonymous_git_log().len(), 16);
}

#[test]
fn a_hook_speaks_to_who_pushes() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let it = cloned(&forge, &sandbox);
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "x"]).cwd(&it).ok();
    let script = "echo 'error: GH006: Protected branch update failed for refs/heads/main.'; exit 1";
    forge.policy(|policy| {
        policy.repository_mut("acme/secret").pre_receive = Some(script.to_owned());
    });
    sandbox
        .git(["push"])
        .cwd(&it)
        .fails(1)
        .says("remote: error: GH006: Protected branch update failed for refs/heads/main.")
        .says("(pre-receive hook declined)");
    forge.policy(|policy| policy.repository_mut("acme/secret").pre_receive = None);
    sandbox.git(["push"]).cwd(&it).ok();
}

#[test]
fn a_token_changed_while_it_runs_is_obeyed_at_once() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let it = cloned(&forge, &sandbox);
    sandbox.git(["fetch"]).cwd(&it).ok();
    forge.policy(|policy| {
        let token = policy.token_mut("acme");
        token.expires = Some(token.created - days(1));
    });
    sandbox.git(["fetch"]).cwd(&it).fails(128).says("Authentication failed");
    forge.policy(|policy| {
        policy.token_mut("acme").expires = None;
        policy.repositories.push(Repository::new("acme/fresh", Visibility::Private));
    });
    sandbox.git(["fetch"]).cwd(&it).ok();
    sandbox.git(["ls-remote", "https://github.com/acme/fresh"]).cwd(&it).ok();
}
