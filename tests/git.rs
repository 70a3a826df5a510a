//! Real git against the forge: which token goes where, as an exact list.
//!
//! Each list is everything git asked with a credential, in order: (host, owner, repository, access,
//! token). So "no token ever went to another owner or host" is what `assert_eq!` on it says.

use super::forge::{Access, Forge, HostKind, Owner, Policy, Repository, Token, Visibility};
use super::sandbox::{Git, Options, Output, Sandbox, gits};
use std::path::Path;

use Access::{Read, Write};

/// The cast of most tests: three owners on github.com, and one on each other kind of host.
fn policy() -> Policy {
    let there = |host: &str, token: Token| Token { host: host.to_owned(), ..token };
    let org = |host: &str, name: &str| Owner { host: host.to_owned(), ..Owner::org(name, &["mona"]) };
    Policy::sample()
        .host("ghe.example.com:8443", HostKind::Ghes)
        .owner(org("ghe.example.com:8443", "acme"))
        .private("ghe.example.com:8443/acme/secret")
        .token(there("ghe.example.com:8443", Token::fine_grained("ghes", "mona", "acme")))
        .owner(org("corp.ghe.com", "acme"))
        .private("corp.ghe.com/acme/secret")
        .token(there("corp.ghe.com", Token::fine_grained("ghe.com", "mona", "acme")))
        .repository(Repository::new("gist.github.com/mona/0123abcd", Visibility::Private))
        .token(Token::classic("gists", "mona"))
}

/// A sandbox in which patron is set up and each `(scope, label)` was added.
fn set_up(forge: &Forge, accounts: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = Sandbox::new(forge);
    // What is asked by git alone is listed here; `tests/notice` counts what patron asks.
    sandbox.set("PATRON_PROBE", "never");
    sandbox
        .patron(["setup", "--host", "github.com", "--host", "ghe.example.com:8443", "--host", "corp.ghe.com"])
        .ok();
    for (scope, label) in accounts {
        add(&sandbox, forge, scope, label, &[]);
    }
    forge.clear_log();
    sandbox
}

fn add(sandbox: &Sandbox, forge: &Forge, scope: &str, label: &str, more: &[&str]) -> Output {
    let secret = forge.secret(label);
    sandbox.patron(["add", scope, "--token-stdin"]).args(more).stdin(format!("{secret}\n")).ok()
}

const THREE: &[(&str, &str)] = &[("acme", "acme"), ("globex", "globex"), ("mona", "mona")];

/// Writes down what git is expected to have asked on github.com.
fn asks(expected: &[(&str, Access, &str)]) -> Vec<(String, String, String, Access, String)> {
    let row = |(place, access, label): &(&str, Access, &str)| {
        let mut parts: Vec<&str> = place.rsplitn(3, '/').collect();
        parts.resize(3, "github.com");
        (parts[2].to_owned(), parts[1].to_owned(), parts[0].to_owned(), *access, (*label).to_owned())
    };
    expected.iter().map(row).collect()
}

/// A sandbox's git of one version.
struct Runner<'a> {
    sandbox: &'a Sandbox,
    git: &'static Git,
}

impl Runner<'_> {
    fn git(&self, cwd: impl AsRef<Path>, line: &str) -> Output {
        self.sandbox.git(line.split(' ')).with_git(self.git).cwd(self.sandbox.work().join(cwd)).ok()
    }

    fn fails(&self, cwd: impl AsRef<Path>, line: &str) -> Output {
        self.sandbox.git(line.split(' ')).with_git(self.git).cwd(self.sandbox.work().join(cwd)).fails(128)
    }
}

#[test]
fn three_owners_on_one_host_are_cloned_fetched_and_pushed_each_with_its_own_token() {
    for git in gits() {
        let forge = Forge::start(policy());
        let sandbox = set_up(&forge, THREE);
        let run = Runner { sandbox: &sandbox, git };
        for repo in ["acme/secret", "globex/api", "mona/dotfiles"] {
            let folder = repo.replace('/', "-");
            run.git(".", &format!("clone -q https://github.com/{repo}.git {folder}"));
            run.git(&folder, "commit -q --allow-empty -m more");
            run.git(&folder, "push -q");
            run.git(&folder, "fetch -q");
        }
        let mut expected = Vec::new();
        for (repo, label) in [("acme/secret", "acme"), ("globex/api", "globex"), ("mona/dotfiles", "mona")] {
            expected.extend([(repo, Read, label), (repo, Write, label), (repo, Read, label)]);
        }
        assert_eq!(forge.git_asks(), asks(&expected), "git {}", git.version);
        assert!(forge.rest_log().is_empty(), "git's operations cause no call of ours");
        assert!(forge.refused_tunnels().is_empty());
    }
}

#[test]
fn a_fork_beside_origin_a_submodule_a_worktree_and_another_case_get_their_owners_token() {
    for git in gits() {
        let forge = Forge::start(policy().private("mona/secret"));
        let sandbox = set_up(&forge, THREE);
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://github.com/ACME/Secret it");
        run.git("it", "remote add fork https://github.com/mona/secret.git");
        run.git("it", "fetch -q fork");
        run.git("it", "push -q fork HEAD:refs/heads/topic");
        run.git("it", "submodule --quiet add https://github.com/globex/api.git sub");
        run.git("it", "commit -q -m submodule");
        run.git("it", "push -q");
        run.git("it", "worktree add -q ../tree -b other");
        run.git("tree", "fetch -q origin");
        run.git(".", "clone -q --recurse-submodules https://github.com/acme/secret again");
        run.git(".", "ls-remote -q https://github.com/globex/api");
        let expected = [
            ("ACME/Secret", Read, "acme"),
            ("mona/secret", Read, "mona"),
            ("mona/secret", Write, "mona"),
            ("globex/api", Read, "globex"),
            ("ACME/Secret", Write, "acme"),
            ("ACME/Secret", Read, "acme"),
            ("acme/secret", Read, "acme"),
            ("globex/api", Read, "globex"),
            ("globex/api", Read, "globex"),
        ];
        assert_eq!(forge.git_asks(), asks(&expected), "git {}", git.version);
    }
}

#[test]
fn gists_an_enterprise_server_with_a_port_and_ghe_com_get_their_own_tokens() {
    for git in gits() {
        let forge = Forge::start(policy());
        let sandbox = set_up(&forge, THREE);
        add(&sandbox, &forge, "ghe.example.com:8443/acme", "ghes", &[]);
        add(&sandbox, &forge, "corp.ghe.com/acme", "ghe.com", &[]);
        add(&sandbox, &forge, "https://github.com", "gists", &["--yes"]);
        forge.clear_log();
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://ghe.example.com:8443/acme/secret.git one");
        run.git(".", "clone -q https://corp.ghe.com/acme/secret.git two");
        // A secret gist can be read by whoever knows its address; changing it needs a token.
        run.git(".", "clone -q https://gist.github.com/mona/0123abcd.git three");
        run.git("three", "commit -q --allow-empty -m more");
        run.git("three", "push -q");
        let expected = [
            ("ghe.example.com:8443/acme/secret", Read, "ghes"),
            ("corp.ghe.com/acme/secret", Read, "ghe.com"),
            // Rule 5: the account whose owner is its own login; the longer scope comes before the host's.
            ("gist.github.com/mona/0123abcd", Write, "mona"),
        ];
        assert_eq!(forge.git_asks(), asks(&expected), "git {}", git.version);
    }
}

#[test]
fn an_owner_without_an_account_gets_nothing_and_is_named() {
    for git in gits() {
        let forge = Forge::start(policy());
        let sandbox = set_up(&forge, &[("acme", "acme")]);
        let run = Runner { sandbox: &sandbox, git };
        let said = run.fails(".", "clone -q https://github.com/globex/api.git").stderr();
        assert!(
            said.contains("patron: no account for globex; add one: git credential-patron add globex"),
            "{said}"
        );
        assert_eq!(forge.git_asks(), [], "no token went anywhere");
    }
}

#[test]
fn a_known_login_in_the_url_decides_and_every_other_name_decides_nothing() {
    let forge = Forge::start(
        policy().user("robot").token(Token::fine_grained("robot", "robot", "acme")).private("acme/more"),
    );
    forge.policy(|policy| policy.owner_mut("acme").members.push("robot".to_owned()));
    let sandbox = set_up(&forge, &[("acme", "acme"), ("acme", "robot"), ("globex", "globex")]);
    let run = Runner { sandbox: &sandbox, git: &gits()[0] };
    let mut expected = Vec::new();
    for (user, label) in [
        ("mona@", "acme"),
        ("robot@", "robot"),
        ("ROBOT@", "robot"),
        ("acme@", "acme"),
        ("git@", "acme"),
        ("x-access-token@", "acme"),
        ("oauth2@", "acme"),
        ("x-oauth-basic@", "acme"),
        ("token@", "acme"),
        ("stranger@", "acme"),
        ("", "acme"),
    ] {
        run.git(".", &format!("ls-remote -q https://{user}github.com/acme/secret"));
        expected.push(("acme/secret", Read, label));
    }
    let named: Vec<_> = forge.git_asks().into_iter().filter(|ask| !ask.4.starts_with("unknown")).collect();
    assert_eq!(named, asks(&expected));
    forge.clear_log();
    run.fails(".", "ls-remote -q https://robot@github.com/globex/api");
    assert!(forge.git_asks().iter().all(|ask| ask.4 != "globex"), "globex has no token of robot's");
}

#[test]
fn a_repository_comes_before_its_owner_and_an_owner_before_the_host() {
    for git in gits() {
        let narrow = Token::fine_grained("narrow", "mona", "acme");
        let forge = Forge::start(policy().token(narrow).private("initech/core").org("initech", &["mona"]));
        let sandbox = set_up(&forge, &[("acme", "acme")]);
        add(&sandbox, &forge, "acme/tools", "narrow", &["--label", "narrow"]);
        add(&sandbox, &forge, "https://github.com", "classic", &["--yes"]);
        forge.clear_log();
        let run = Runner { sandbox: &sandbox, git };
        for repo in ["acme/tools", "acme/secret", "initech/core"] {
            run.git(".", &format!("ls-remote -q https://github.com/{repo}.git"));
        }
        let expected = [
            ("acme/tools", Read, "narrow"),
            ("acme/secret", Read, "acme"),
            ("initech/core", Read, "classic"),
        ];
        assert_eq!(forge.git_asks(), asks(&expected), "git {}", git.version);
    }
}

#[test]
fn a_home_with_spaces_and_quotes_serves_as_well() {
    for git in gits() {
        let forge = Forge::start(policy());
        let mut sandbox =
            Sandbox::with(&Options { awkward_home: true, xdg: true, ..Options::default() }, &forge);
        sandbox.set("PATRON_PROBE", "never");
        sandbox.patron(["setup"]).ok();
        add(&sandbox, &forge, "acme", "acme", &[]);
        forge.clear_log();
        let run = Runner { sandbox: &sandbox, git };
        run.git(".", "clone -q https://github.com/acme/secret it");
        assert_eq!(forge.git_asks(), asks(&[("acme/secret", Read, "acme")]));
    }
}

#[test]
fn a_token_that_git_was_given_by_hand_is_learned_for_its_owner() {
    let forge = Forge::start(policy());
    let sandbox = set_up(&forge, &[]);
    let secret = forge.secret("acme");
    sandbox
        .write_program("answer", &format!("case \"$1\" in Username*) echo mona;; *) echo {secret};; esac"));
    let clone = ["clone", "-q", "https://github.com/acme/secret", "it"];
    let askpass = sandbox.bin().join("answer");
    let said =
        sandbox.git(clone).env("GIT_ASKPASS", &askpass).env_remove("GIT_TERMINAL_PROMPT").ok().stderr();
    assert!(said.contains("patron: learned acme from git (stored in the file)"), "{said}");
    let run = Runner { sandbox: &sandbox, git: &gits()[0] };
    run.git("it", "fetch -q");
    let listed = sandbox.patron(["list", "--json"]).ok().stdout();
    for fact in
        ["\"label\": \"acme\"", "\"login\": \"mona\"", "\"learned\": true", "\"kind\": \"fine-grained\""]
    {
        assert!(listed.contains(fact), "{fact} in {listed}");
    }
    assert_eq!(forge.git_asks().len(), 2, "the second fetch asked nobody");
}

#[test]
fn a_rejected_token_is_kept_marked_and_works_again() {
    let forge = Forge::start(policy());
    let sandbox = set_up(&forge, &[("acme", "acme")]);
    let run = Runner { sandbox: &sandbox, git: &gits()[0] };
    let outcome = |expected: &str| {
        let listed = sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(listed.contains(&format!("\"outcome\": {expected}")), "{expected} in {listed}");
    };
    outcome("null");
    run.git(".", "ls-remote -q https://github.com/acme/secret");
    outcome("\"accepted\"");
    forge.policy(|policy| policy.token_mut("acme").state = super::forge::State::Revoked);
    let said = run.fails(".", "ls-remote -q https://github.com/acme/secret").stderr();
    assert!(said.contains("the token of acme"), "{said}");
    outcome("\"rejected\"");
    forge.policy(|policy| policy.token_mut("acme").state = super::forge::State::Active);
    run.git(".", "ls-remote -q https://github.com/acme/secret");
    outcome("\"accepted\"");
}
