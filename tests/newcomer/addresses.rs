//! Addresses that are no repository's: pages, the API, other protocols, other spellings. Each is taken for what a
//! person means by it, or it is said what it is.

use super::*;

/// The same owner and repository, copied from somewhere.
const COPIED: &[&str] = &[
    "https://github.com/acme/secret",
    "https://github.com/acme/secret.git",
    "https://github.com/acme/secret/",
    "https://github.com/acme/secret/tree/main/src",
    "https://github.com/acme/secret/pull/7",
    "https://www.github.com/acme/secret",
    "https://WWW.GitHub.com/acme/secret.git",
    "www.github.com/acme/secret",
    "https://api.github.com/repos/acme/secret",
    "http://github.com/acme/secret",
    "github.com/acme/secret",
    "acme/secret",
];
/// The same for an owner.
const OWNERS: &[&str] = &[
    "https://github.com/acme",
    "https://github.com/acme/",
    "https://github.com/orgs/acme",
    "https://github.com/orgs/acme/people",
    "https://github.com/organizations/acme/settings/personal-access-tokens",
    "https://api.github.com/orgs/acme/repos",
    "https://api.github.com/users/acme",
    "https://www.github.com/acme",
    "http://www.github.com/orgs/acme",
    "github.com/acme",
    "acme",
];

fn scopes(person: &Person) -> Vec<String> {
    let text = person.sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let accounts = list["accounts"].as_array().expect("a list").iter();
    accounts.map(|account| account["scope"].as_str().expect("a scope").to_owned()).collect()
}

#[test]
fn a_page_is_added_and_diagnosed_as_what_it_shows() {
    let person = Person::new(Policy::sample());
    let secret = person.forge.secret("acme");
    for (addresses, scope) in
        [(COPIED, "https://github.com/acme/secret"), (OWNERS, "https://github.com/acme")]
    {
        for address in addresses {
            let add = ["add", address, "--token-stdin", "--no-verify"];
            person.sandbox.patron(add).stdin(secret.clone()).ok();
            assert_eq!(scopes(&person), [scope], "{address}");
            assert_eq!(person.kept(address), secret, "{address}");
            let said = person.sandbox.patron(["diagnose", address, "--offline", "--json"]).fails(3).stdout();
            let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
            let target = &said["targets"][0]["target"];
            assert_eq!(
                (&target["host"], &target["owner"]),
                (&"github.com".into(), &"acme".into()),
                "{address}"
            );
            person.sandbox.patron(["remove", address, "--yes"]).ok();
        }
    }
}

#[test]
fn an_address_for_ssh_is_answered_with_the_command_for_its_repository() {
    let person = Person::new(Policy::sample());
    for (address, scope) in [
        ("git@github.com:acme/secret.git", "acme/secret"),
        ("git@github.com:acme/secret", "acme/secret"),
        ("github.com:acme/secret.git", "acme/secret"),
        ("ssh://git@github.com/acme/secret.git", "acme/secret"),
        ("ssh://git@ssh.github.com:443/acme/secret.git", "acme/secret"),
        ("git@ghe.example.com:acme/secret.git", "ghe.example.com/acme/secret"),
        ("git@github.com:acme", "acme"),
    ] {
        let output = person.sandbox.patron(["add", address, "--token-stdin"]).stdin("x").fails(2);
        let expected = format!(
            "patron: that is an SSH address; tokens work over HTTPS: git credential-patron add {scope}\n"
        );
        assert_eq!(output.stderr(), expected, "{address}");
    }
    for address in ["ftp://github.com/acme", "git://github.com/acme/secret", "http://ghe.example.com/acme"] {
        let output = person.sandbox.patron(["add", address, "--token-stdin"]).stdin("x").fails(2);
        output.says("is not supported: tokens work over HTTPS only").says("fix: a scope is");
    }
    assert!(!person.has_accounts());
}

#[test]
fn a_remote_with_another_spelling_is_looked_at_as_git_goes_there() {
    let person = Person::new(Policy::sample());
    person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(person.forge.secret("acme")).ok();
    person.sandbox.git(["init", "-q", "."]).ok();
    person.sandbox.git(["remote", "add", "origin", "https://github.com/acme/secret"]).ok();
    let diagnose = |url: &str| {
        person.sandbox.git(["remote", "set-url", "origin", url]).ok();
        person.sandbox.patron(["diagnose", "--json"]).run()
    };
    for url in ["https://www.github.com/acme/secret.git", "https://WWW.github.com/acme/secret/"] {
        let output = diagnose(url).ok();
        assert!(output.stdout().contains("\"host\": \"github.com\""), "{url}: {}", output.report());
    }
    for (url, fact, meant) in [
        ("http://github.com/acme/secret", "uses http", "https://github.com/acme/secret"),
        ("http://mona@github.com/acme/secret.git", "uses http", "https://github.com/acme/secret.git"),
        (
            "https://api.github.com/repos/acme/secret",
            "is an address of GitHub's API",
            "https://github.com/acme/secret",
        ),
        (
            "https://api.github.com/acme/secret",
            "is an address of GitHub's API",
            "https://github.com/acme/secret",
        ),
    ] {
        let output = diagnose(url).fails(2).says(&format!("patron: the remote origin {fact}"));
        output.says(&format!("; fix: git remote set-url origin {meant}\n"));
    }
}

#[test]
fn slashes_around_a_path_change_nothing_and_pages_are_no_owners() {
    let person = Person::new(Policy::sample());
    let secret = person.forge.secret("acme");
    person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(secret.clone()).ok();
    let get = |path: &str| {
        let request = format!("protocol=https\nhost=github.com\npath={path}\n");
        person.sandbox.patron(["get"]).stdin(request).ok()
    };
    for path in ["acme/secret", "/acme/x.git", "acme/secret.git/", "//acme/secret//", "/acme/secret"] {
        let answer = get(path).says_nothing().stdout();
        assert!(answer.contains(&format!("password={secret}\n")), "{path}");
    }
    for path in
        ["orgs/acme/people", "/organizations/acme/x", "users/acme/y", "acme//secret", "../acme/secret"]
    {
        let output = get(path).prints("");
        assert!(!output.stderr().contains("add orgs") && !output.stderr().contains("add users"), "{path}");
    }
}
