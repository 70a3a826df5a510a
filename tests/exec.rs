//! `exec` and `token`: the right owner's token for `gh` and its like, and no other.
//!
//! `gh` is the real one (Debian's package `gh`); only the API it asks is the forge's, through the proxy and the
//! certificate that it takes from its environment. A missing one fails the test and is named.

use super::forge::{Forge, HostKind, Owner, Policy, Token};
use super::sandbox::{Output, Run, Sandbox};
use std::process::Command;

/// The tokens that a shell may have lying about; none of them may reach the command.
const INHERITED: [&str; 5] =
    ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST"];

fn there(host: &str, token: Token) -> Token {
    Token { host: host.to_owned(), ..token }
}

/// Three owners on github.com, and acme on an Enterprise Server and on ghe.com.
fn policy() -> Policy {
    let org = |host: &str| Owner { host: host.to_owned(), ..Owner::org("acme", &["mona"]) };
    Policy::sample()
        .host("ghe.example.com", HostKind::Ghes)
        .owner(org("ghe.example.com"))
        .private("ghe.example.com/acme/secret")
        .token(there("ghe.example.com", Token::fine_grained("ghes", "mona", "acme")))
        .owner(org("corp.ghe.com"))
        .private("corp.ghe.com/acme/secret")
        .token(there("corp.ghe.com", Token::fine_grained("ghe.com", "mona", "acme")))
}

fn scene() -> (Forge, Sandbox) {
    let forge = Forge::start(policy());
    let mut sandbox = Sandbox::new(&forge);
    for (scope, label) in [
        ("acme", "acme"),
        ("globex", "globex"),
        ("ghe.example.com/acme", "ghes"),
        ("corp.ghe.com/acme", "ghe.com"),
    ] {
        sandbox.patron(["add", scope, "--token-stdin"]).stdin(forge.secret(label) + "\n").ok();
    }
    // Somebody else's, as a shell would hand them down.
    for name in INHERITED {
        sandbox.set(name, format!("inherited {name}"));
    }
    forge.clear_log();
    (forge, sandbox)
}

/// Runs `exec` and gives what a command finds in its environment, by variable.
fn environment(sandbox: &Sandbox, arguments: &[&str]) -> Vec<(String, String)> {
    let output = sandbox.patron(["exec"]).args(arguments).args(["--", "env"]).ok();
    let text = output.stdout();
    let mut found: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| INHERITED.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    found.sort();
    found
}

/// Runs `gh` by `exec`; it is real, so it must be there.
fn gh(sandbox: &Sandbox, target: &str, arguments: &[&str]) -> Run {
    let found = Command::new("gh").arg("--version").output();
    assert!(found.is_ok_and(|found| found.status.success()), "these tests need gh: apt-get install gh");
    sandbox.patron(["exec", "--for", target, "--", "gh"]).args(arguments)
}

#[test]
fn gh_sees_the_token_of_the_repositorys_owner_and_no_other() {
    let (forge, sandbox) = scene();
    for (target, label) in
        [("acme", "acme"), ("https://github.com/GLOBEX/api.git", "globex"), ("acme/tools", "acme")]
    {
        let output = gh(&sandbox, target, &["api", "user", "--jq", ".login"]).ok();
        assert_eq!(output.stdout(), "mona\n");
        let seen: Vec<_> =
            forge.log().into_iter().map(|entry| (entry.host, entry.path, entry.token)).collect();
        let expected = ("api.github.com".to_owned(), "/user".to_owned(), Some(label.to_owned()));
        assert_eq!(seen, [expected], "{target}");
        forge.clear_log();
    }
    gh(&sandbox, "acme", &["api", "repos/acme/secret", "--jq", ".full_name"]).ok().prints("acme/secret\n");
    let seen: Vec<_> = forge.log().into_iter().map(|entry| entry.token).collect();
    assert_eq!(seen, [Some("acme".to_owned())]);
}

#[test]
fn gh_asks_an_enterprise_server_with_its_own_token() {
    let (forge, sandbox) = scene();
    gh(&sandbox, "ghe.example.com/acme", &["api", "user", "--jq", ".login"]).ok().prints("mona\n");
    let seen: Vec<_> = forge.log().into_iter().map(|entry| (entry.host, entry.path, entry.token)).collect();
    assert_eq!(
        seen,
        [("ghe.example.com".to_owned(), "/api/v3/user".to_owned(), Some("ghes".to_owned()))],
        "and nobody else was asked anything"
    );
}

#[test]
fn the_variables_are_those_that_the_host_asks_for_and_inherited_ones_are_gone() {
    let (forge, sandbox) = scene();
    let expected = |label: &str, names: &[&str], host: Option<&str>| {
        let mut all: Vec<(String, String)> =
            names.iter().map(|name| ((*name).to_owned(), forge.secret(label))).collect();
        all.extend(host.map(|host| ("GH_HOST".to_owned(), host.to_owned())));
        all.sort();
        all
    };
    let cloud = ["GH_TOKEN", "GITHUB_TOKEN"];
    let server = ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
    let of = |target: &str| environment(&sandbox, &["--for", target]);
    assert!(of("acme") == expected("acme", &cloud, None));
    assert!(of("git@github.com:globex/api.git") == expected("globex", &cloud, None));
    assert!(of("corp.ghe.com/acme") == expected("ghe.com", &cloud, Some("corp.ghe.com")));
    assert!(of("ghe.example.com/acme/secret") == expected("ghes", &server, Some("ghe.example.com")));
    // Without a target it is the repository's remote, also one that speaks SSH.
    sandbox.git(["init", "-q", "."]).ok();
    sandbox.git(["remote", "add", "origin", "git@github.com:acme/secret.git"]).ok();
    assert!(environment(&sandbox, &[]) == expected("acme", &cloud, None));
    assert!(forge.log().is_empty(), "nobody is asked for it");
}

#[test]
fn without_an_account_the_command_does_not_run() {
    let (_forge, sandbox) = scene();
    let mark = sandbox.root().join("it-ran");
    let touch = |target: &str| -> Output {
        sandbox.patron(["exec", "--for", target, "--", "touch"]).args([&mark]).run()
    };
    for (target, code, words) in [
        ("mona", 1, "patron: no account for mona\n  fix: git credential-patron add mona\n"),
        ("https://example.com/x/y", 1, "no account for"),
        ("a b", 2, "fix: a scope is"),
    ] {
        let output = touch(target).fails(code);
        assert!(output.stderr().contains(words), "{}", output.report());
        assert!(!mark.exists() && output.stdout.is_empty(), "{}", output.report());
    }
    // There is no repository to take a remote from.
    sandbox.patron(["exec", "--", "touch"]).args([&mark]).fails(2).says("there is no repository here");
    sandbox.patron(["exec", "--for", "acme"]).fails(2);
    assert!(!mark.exists());
    touch("acme").ok();
    assert!(mark.exists());
}

#[test]
fn an_earlier_helper_is_not_asked_for_it() {
    let (forge, sandbox) = scene();
    let asked = sandbox.root().join("asked");
    let script =
        format!("touch '{}'; echo username=mona; echo password={}", asked.display(), forge.secret("mona"));
    sandbox.write_program("git-credential-old", &script);
    sandbox.git(["config", "--global", "patron.https://github.com.fallback", "old"]).ok();
    sandbox.patron(["exec", "--for", "mona", "--", "env"]).fails(1).says("no account for mona");
    sandbox.patron(["token", "mona"]).fails(1).says("no account for mona").prints("");
    assert!(!asked.exists());
}

#[test]
fn the_commands_own_end_and_streams_are_passed_on() {
    let (_forge, sandbox) = scene();
    let run = |script: &str| sandbox.patron(["exec", "--for", "acme", "--", "sh", "-c", script]);
    for code in [0, 1, 2, 3, 42, 255] {
        run(&format!("exit {code}")).run().fails(code);
    }
    let output = run("cat; echo out; echo err >&2").stdin("in\n").ok();
    assert_eq!((output.stdout(), output.stderr()), ("in\nout\n".to_owned(), "err\n".to_owned()));
    // A signal that ends it ends what took its place: us.
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(run("kill -TERM $$").run().status.signal(), Some(15));
}

#[test]
fn a_command_that_cannot_be_run_ends_as_in_a_shell() {
    let (_forge, sandbox) = scene();
    let home = sandbox.home().to_owned();
    sandbox.write("plain", "echo ran");
    sandbox.write("bin/plain-too", "echo ran");
    let path = format!("{}:/usr/bin:/bin", home.join("bin").display());
    let plain = home.join("plain").display().to_string();
    for (command, code, words) in [
        ("no-such-program", 127, "no-such-program: command not found"),
        ("./no-such-program", 127, "./no-such-program cannot be started"),
        ("plain-too", 126, "plain-too: it is not executable"),
        (&plain, 126, "cannot be started"),
        ("/", 126, "cannot be started"),
    ] {
        for dashes in [&[][..], &["--"]] {
            let run =
                sandbox.patron(["exec", "--for", "acme"]).args(dashes).args([command]).env("PATH", &path);
            run.fails(code).says(words).prints("");
        }
    }
}

#[test]
fn the_dashes_before_the_command_may_be_left_out() {
    let (forge, sandbox) = scene();
    let secret = forge.secret("acme");
    for line in [
        &["exec", "--for", "acme", "sh", "-c", "printf %s \"$GH_TOKEN\""][..],
        &["exec", "--for=acme", "sh", "-c", "printf %s \"$GH_TOKEN\""],
        &["exec", "--for", "acme", "--", "sh", "-c", "printf %s \"$GH_TOKEN\""],
    ] {
        sandbox.patron(line).ok().prints(&secret);
    }
    // Options and dashes behind the command are its own.
    let output =
        sandbox.patron(["exec", "--for", "acme", "printf", "%s\\n", "--for", "--", "-h", "--json"]).ok();
    output.prints("--for\n--\n-h\n--json\n");
    sandbox.patron(["exec", "--for", "acme", "printf", "%s", &forge.secret("globex")]).ok();
    gh(&sandbox, "acme", &["api", "user"]).ok();
}

#[test]
fn a_checkouts_own_program_does_not_get_the_token() {
    let (_forge, sandbox) = scene();
    for folder in ["", "src/"] {
        let script = "#!/bin/sh\necho stolen\n";
        let program = sandbox.work().join(format!("{folder}gh"));
        std::fs::create_dir_all(program.parent().expect("it has one")).expect("ours");
        std::fs::write(&program, script).expect("ours");
        sandbox.shell(&format!("chmod +x '{}'", program.display())).ok();
    }
    for path in [".", "", "src", ".:src:"] {
        let run = sandbox.patron(["exec", "--for", "acme", "gh", "--version"]).cwd(sandbox.work());
        run.env("PATH", path).fails(127).says("gh: command not found").prints("");
        let path = format!("{path}:/usr/bin:/bin");
        let run = sandbox.patron(["exec", "--for", "acme", "gh", "--version"]).cwd(sandbox.work());
        assert!(run.env("PATH", path).ok().stdout().starts_with("gh version"));
    }
}

#[test]
fn inherited_addresses_name_the_accounts_host_or_are_gone() {
    let (_forge, sandbox) = scene();
    let names = ["GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "GH_REPO"];
    let of = |target: &str, repo: &str| -> Vec<String> {
        let mut run = sandbox.patron(["exec", "--for", target, "env"]).env("GH_REPO", repo);
        for name in &names[..3] {
            run = run.env(name, "https://other.example");
        }
        let text = run.ok().stdout();
        let mut found: Vec<String> = text
            .lines()
            .filter(|line| line.split_once('=').is_some_and(|(name, _)| names.contains(&name)))
            .map(str::to_owned)
            .collect();
        found.sort();
        found
    };
    assert_eq!(
        of("acme", "ghe.example.com/acme/secret"),
        [
            "GITHUB_API_URL=https://api.github.com",
            "GITHUB_GRAPHQL_URL=https://api.github.com/graphql",
            "GITHUB_SERVER_URL=https://github.com"
        ]
    );
    assert_eq!(
        of("corp.ghe.com/acme", "corp.ghe.com/acme/secret"),
        [
            "GH_REPO=corp.ghe.com/acme/secret",
            "GITHUB_API_URL=https://api.corp.ghe.com",
            "GITHUB_GRAPHQL_URL=https://api.corp.ghe.com/graphql",
            "GITHUB_SERVER_URL=https://corp.ghe.com"
        ]
    );
    assert_eq!(
        of("ghe.example.com/acme", "acme/secret"),
        [
            "GH_REPO=acme/secret",
            "GITHUB_API_URL=https://ghe.example.com/api/v3",
            "GITHUB_GRAPHQL_URL=https://ghe.example.com/api/graphql",
            "GITHUB_SERVER_URL=https://ghe.example.com"
        ]
    );
    let text = sandbox.patron(["exec", "--for", "acme", "env"]).ok().stdout();
    assert!(!text.contains("GITHUB_API_URL"), "what was not there is not set");
}

#[test]
fn the_token_stands_in_no_argument_and_in_nobodys_output() {
    let (forge, sandbox) = scene();
    let script = "tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline";
    let output =
        sandbox.patron(["exec", "--for", "acme", "--", "sh", "-c", script]).env("PATRON_TRACE", "1").ok();
    assert!(!output.report().contains("<secret of"), "{}", output.report());
    let _ = forge;
}

#[test]
fn token_prints_the_one_that_would_be_chosen_and_nothing_else() {
    let (forge, sandbox) = scene();
    for (target, label) in [
        ("acme", "acme"),
        ("ACME/Secret", "acme"),
        ("https://github.com/globex/api.git", "globex"),
        ("git@github.com:globex/api", "globex"),
        ("ghe.example.com/acme", "ghes"),
    ] {
        let output = sandbox.patron(["token", target]).ok().says_nothing();
        assert!(output.stdout() == forge.secret(label) + "\n", "{target}");
    }
    sandbox.patron(["token"]).fails(2).says("there is no repository here").prints("");
    sandbox.git(["init", "-q", "."]).ok();
    sandbox.patron(["token"]).fails(2).says("has no remote").prints("");
    sandbox.git(["remote", "add", "origin", "https://github.com/acme/secret"]).ok();
    assert!(sandbox.patron(["token"]).ok().stdout() == forge.secret("acme") + "\n");
    assert!(forge.log().is_empty(), "nobody is asked for it");
}

#[test]
fn what_was_rejected_or_has_expired_is_passed_over_where_another_fits_and_said_where_none_does() {
    let (forge, sandbox) = scene();
    let list = ".config/git-credential-patron/accounts.toml";
    let old: String = sandbox
        .read(list)
        .expect("there are accounts")
        .lines()
        .map(|line| match line.starts_with("expires") {
            true => "expires = \"2026-01-02T03:04:05Z\"\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect();
    sandbox.write(list, old);
    let output = sandbox.patron(["token", "acme"]).ok().says("patron: the token of acme has expired");
    assert!(output.stdout() == forge.secret("acme") + "\n", "it is the only one");
    let classic = forge.secret("classic") + "\n";
    sandbox.patron(["add", "https://github.com", "--token-stdin", "--yes"]).stdin(classic.as_str()).ok();
    let output = sandbox.patron(["token", "acme"]).ok().says_nothing();
    assert!(output.stdout() == classic);
}
