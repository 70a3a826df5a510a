//! The forge itself, proven with real git and plain requests: a stand-in may be trusted only as
//! far as it was tried.

use super::forge::{Access, Forge, Policy};
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
    use super::forge::{Owner, Permission, Repository, Selection, State, Token, Visibility};
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

#[test]
fn no_other_host_is_reached() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    for host in ["example.com", "github.com.evil.test", "raw.github.com", "github.com:8443"] {
        sandbox.git(["ls-remote", &format!("https://{host}/o/r")]).fails(128);
    }
    assert_eq!(
        forge.refused_tunnels(),
        ["example.com", "github.com.evil.test", "raw.github.com", "github.com:8443"]
    );
}
