//! Hosts, owners, paths and scopes, as they come from git and from people.

use super::*;

fn remote(path: &str) -> Remote {
    Remote::new(b"github.com", Some(path.as_bytes())).expect("a host")
}

#[test]
fn a_host_is_compared_by_its_bytes() {
    for (asked, same) in [
        ("github.com", true),
        ("GitHub.COM", true),
        ("github.com:443", true),
        ("git-hub.com", false),
        ("github.com.", false),
        ("github.com:", false),
        ("github.com:8443", false),
        ("github.com:0443", false),
        ("github.com.evil.test", false),
        ("github.com/evil.test", false),
        ("github.com@evil.test", false),
        ("evilgithub.com", false),
        (" github.com", false),
        ("ｇithub.com", false),
        ("", false),
    ] {
        let host = Host::parse(asked.as_bytes());
        assert_eq!(host.is_some_and(|host| host.as_str() == GITHUB), same, "{asked}");
    }
}

#[test]
fn a_hosts_labels_are_of_letters_digits_hyphens_and_underscores() {
    for (asked, fits) in [
        ("git-hub.test", true),
        ("git_hub.test:8443", true),
        ("9.test", true),
        ("git+hub.test", false),
        ("git,hub.test", false),
        ("git..test", false),
        ("git.test:65536", false),
        ("git.test:+80", false),
        (&["a"; 127].join("."), true),
        (&["a"; 128].join("."), false),
    ] {
        assert_eq!(Host::parse(asked.as_bytes()).is_some(), fits, "{asked}");
    }
}

#[test]
fn a_remote_is_named_as_far_as_it_is_known() {
    assert_eq!(remote("o/r.git").name(), "o/r");
    assert_eq!(remote("o/r s").name(), "o");
    assert_eq!(remote("o").name(), "github.com");
    assert_eq!([Direction::Fetch, Direction::Push].map(Direction::name), ["fetch", "push"]);
}

#[test]
fn an_ipv6_address_is_a_host_in_one_spelling() {
    for (asked, normal) in [
        ("[::1]", Some("[::1]")),
        ("[::1]:443", Some("[::1]")),
        ("[::1]:8443", Some("[::1]:8443")),
        ("[0:0::0:1]:8443", Some("[::1]:8443")),
        ("[FD00::A]", Some("[fd00::a]")),
        ("::1", None),
        ("[::1", None),
        ("[::1]x", None),
        ("[::1]:", None),
        ("[::1]:0", None),
        ("[::1%eth0]", None),
        ("[]", None),
        ("[127.0.0.1]", None),
    ] {
        let host = Host::parse(asked.as_bytes());
        assert_eq!(host.as_ref().map(Host::as_str), normal, "{asked}");
    }
    let remote = Remote::from_url("https://[::1]:8443/acme/secret").expect("a URL");
    assert_eq!((remote.host.as_str(), remote.name().as_str()), ("[::1]:8443", "acme/secret"));
    for text in ["[::1]:8443/acme", "https://[::1]:8443/acme"] {
        assert_eq!(Scope::parse(text).expect(text).to_string(), "https://[::1]:8443/acme");
    }
}

#[test]
fn an_owner_is_told_by_a_path_of_two_plain_segments_only() {
    for (path, owner, repo) in [
        ("o/r.git", Some("o"), Some("r")),
        ("o/r", Some("o"), Some("r")),
        ("o/r.wiki.git", Some("o"), Some("r")),
        ("o/r.wiki", Some("o"), Some("r")),
        ("o/r.git/info/lfs", Some("o"), Some("r")),
        ("o/r.git?x#y", Some("o"), Some("r")),
        ("o/.github", Some("o"), Some(".github")),
        ("name_shortcode/r", Some("name_shortcode"), Some("r")),
        ("o/r s", Some("o"), None),
        ("o", None, None),
        ("", None, None),
        ("/o/r.git", Some("o"), Some("r")),
        ("o/r/", Some("o"), Some("r")),
        ("//o/r.git//", Some("o"), Some("r")),
        ("/", None, None),
        ("orgs/o/r", None, None),
        ("Organizations/o", None, None),
        ("users/o", None, None),
        ("o//r", None, None),
        ("./o/r", None, None),
        ("../o/r", None, None),
        ("o/../victim/r", None, None),
        ("o/r/..", None, None),
        ("o%2Fv/r", None, None),
        ("o/%2e%2e/victim", None, None),
        ("o\\v/r", None, None),
        ("-o/r", None, None),
        ("o.o/r", None, None),
    ] {
        let found = remote(path);
        assert_eq!(found.owner.as_ref().map(Owner::as_str), owner, "{path}");
        assert_eq!(found.repo.as_deref(), repo, "{path}");
    }
    let not_utf8 = Remote::new(b"github.com", Some(b"\xff\xfe/r")).expect("a host");
    assert_eq!(not_utf8.owner, None);
}

#[test]
fn a_gist_has_no_owner() {
    let gist = Remote::new(b"gist.github.com", Some(b"mona/0123abc.git")).expect("a host");
    assert_eq!(gist.owner, None);
    assert_eq!(gist.host.home().as_str(), GITHUB);
    assert!(gist.host.home().serves(&gist.host) && !gist.host.serves(&gist.host));
    assert!(gist.host.home().serves(&gist.host.home()) && !gist.host.serves(&gist.host.home()));
    assert_eq!(Host::parse(b"gist.mycorp.com").expect("a host").home().as_str(), "gist.mycorp.com");
}

#[test]
fn a_scope_is_read_as_people_write_it() {
    for (text, url) in [
        ("acme", "https://github.com/acme"),
        ("acme/secret", "https://github.com/acme/secret"),
        ("acme/secret.git", "https://github.com/acme/secret"),
        ("ghe.example.com/acme", "https://ghe.example.com/acme"),
        ("ghe.example.com:8443/acme", "https://ghe.example.com:8443/acme"),
        ("localhost:8443/acme", "https://localhost:8443/acme"),
        ("https://corp.ghe.com/acme/secret", "https://corp.ghe.com/acme/secret"),
        ("https://example.com", "https://example.com"),
        ("https://GitHub.com:443/Acme/", "https://github.com/Acme"),
        // The addresses of pages, as they are copied.
        ("www.github.com/acme", "https://github.com/acme"),
        ("https://www.github.com/acme/secret", "https://github.com/acme/secret"),
        ("http://github.com/acme", "https://github.com/acme"),
        ("http://GitHub.com/acme/secret/", "https://github.com/acme/secret"),
        ("https://api.github.com/repos/acme/secret", "https://github.com/acme/secret"),
        ("https://api.github.com/repos/acme/secret/pulls", "https://github.com/acme/secret"),
        ("api.github.com/orgs/acme", "https://github.com/acme"),
        ("https://github.com/repos/secret", "https://github.com/repos/secret"),
        ("github.com/orgs/acme", "https://github.com/acme"),
        ("https://github.com/orgs/acme/people?query=x", "https://github.com/acme"),
        ("https://github.com/organizations/acme/settings/profile", "https://github.com/acme"),
        ("https://github.com/users/mona/projects/1", "https://github.com/mona"),
        ("https://github.com/acme/secret/tree/main/src", "https://github.com/acme/secret"),
        ("https://github.com/acme/secret/pull/3#files", "https://github.com/acme/secret"),
        ("https://corp.ghe.com/orgs/acme", "https://corp.ghe.com/acme"),
        ("[::1]:8443/acme", "https://[::1]:8443/acme"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ] {
        assert_eq!(Scope::parse(text).map(|scope| scope.to_string()), Ok(url.to_owned()), "{text}");
    }
    for text in [
        "",
        "/",
        "a/b/c",
        "orgs",
        "github.com/orgs/",
        "https://github.com/Users",
        "http://ghe.example.com/acme",
        "http://github.com.evil.test/acme",
        "https://github.com/acme/secret/nonsense",
        "ghe.example.com/orgs/acme/people",
        "[::1",
        "[::1]x/acme",
        "[nonsense]/acme",
        "[::1]:0/acme",
        "git@github.com:acme/r",
        "https://x@github.com/a",
        "-a",
        "a b",
        "gist.github.com",
        "https:///acme",
        "é",
    ] {
        assert!(Scope::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_scope_tells_its_parts() {
    for (text, short, owner, repo) in [
        ("acme/secret.git", "acme/secret", Some("acme"), Some("secret")),
        ("acme", "acme", Some("acme"), None),
        ("corp.ghe.com/acme", "corp.ghe.com/acme", Some("acme"), None),
        ("https://github.com", "github.com", None, None),
        ("https://example.com", "example.com", None, None),
    ] {
        let scope = Scope::parse(text).expect(text);
        let segments: Vec<&str> = [owner, repo].into_iter().flatten().collect();
        assert_eq!(scope.short(), short);
        assert_eq!(scope.owner().as_ref().map(Owner::as_str), owner, "{text}");
        assert_eq!(scope.repo(), repo, "{text}");
        assert_eq!(scope.segments(), segments, "{text}");
        assert_eq!([0, 1, 2].map(|at| scope.segment(at)), [owner, repo, None], "{text}");
        assert_eq!((scope.depth(), scope.is_whole_host()), (segments.len(), segments.is_empty()), "{text}");
        let there = scope.as_remote();
        assert_eq!(there.host, *scope.host(), "{text}");
        assert_eq!((there.owner, there.repo.as_deref()), (scope.owner(), repo), "{text}");
        assert_eq!(there.path, (!segments.is_empty()).then(|| segments.join("/")), "{text}");
    }
}

#[test]
fn an_address_for_ssh_is_told_with_the_scope_that_is_meant() {
    for (text, meant) in [
        ("ssh://git@github.com/acme/secret.git", Some("acme/secret")),
        ("ssh://git@github.com:22/acme/secret", Some("acme/secret")),
        ("SSH://git@ssh.github.com:443/acme/secret.git", Some("acme/secret")),
        ("ssh://git@github.com/22/secret", Some("22/secret")),
        ("git@github.com:acme/secret.git", Some("acme/secret")),
        ("git@github.com:22/acme/secret", Some("acme/secret")),
        ("git@github.com:/acme/secret", Some("acme/secret")),
        ("github.com:acme/secret", Some("acme/secret")),
        ("git@ghe.example.com:acme", Some("ghe.example.com/acme")),
        ("git@github.com:a b/c", None),
    ] {
        let meant = meant.map(|scope| Box::new(Scope::parse(scope).expect("a scope")));
        assert_eq!(Scope::parse(text), Err(BadScope::Ssh(meant)), "{text}");
    }
    for (text, why) in [
        ("ftp://github.com/acme", BadScope::Scheme("ftp".to_owned())),
        ("ext::acme/secret", BadScope::Host("ext::acme".to_owned())),
        (":acme/secret", BadScope::Host(":acme".to_owned())),
        ("git@github.com/acme", BadScope::UserInfo),
    ] {
        assert_eq!(Scope::parse(text), Err(why), "{text}");
    }
    assert_eq!(
        Scope::parse("github.com:22/acme").map(|scope| scope.short()),
        Ok("github.com:22/acme".to_owned())
    );
}

#[test]
fn why_a_text_is_no_scope_is_said_in_one_line() {
    let long = "-".repeat(60);
    for (text, said) in [
        ("", "the scope is empty"),
        ("ftp://x/y", "\"ftp\" is not supported"),
        ("git@github.com:acme/x", "HTTPS: git credential-patron add acme/x"),
        ("git@github.com:a b", "tokens work over HTTPS"),
        ("a..b/c", "\"a..b\" is not a host name"),
        ("https://x@github.com/a", "--login"),
        ("gist.github.com", "your own login"),
        ("-a\u{1b}[2J", "\"-a?[2J\" is not the name of a user"),
        (&long, &format!("\"{long}\" is")),
        (&format!("{long}-"), &format!("\"{long}...\" is")),
        ("acme/a b", "\"a b\" is not the name of a repository"),
        ("a/b/c", "more than an owner and a repository"),
    ] {
        let why = Scope::parse(text).expect_err(text).to_string();
        assert!(why.contains(said) && !why.contains(char::is_control), "{text:?}: {why}");
    }
}

#[test]
fn a_scope_covers_whole_segments_without_case() {
    let covers =
        |scope: &str, path: &str| Scope::parse(scope).expect("a scope").covers(&remote(path), Server::GitHub);
    assert!(covers("acme", "ACME/r.git"));
    assert!(covers("Acme/Secret", "acme/secret.wiki.git"));
    assert!(covers("acme/secret", "acme/secret.git/info/lfs"));
    assert!(covers("https://github.com", "anyone/r"));
    assert!(covers("https://github.com", "unusable"));
    assert!(!covers("acme", "acme-labs/r.git"));
    assert!(!covers("acme", "acme"));
    assert!(!covers("acme/secret", "acme/secret2.git"));
    assert!(!covers("corp.ghe.com/acme", "acme/r"));
}

#[test]
fn a_scope_in_a_list_has_the_host_of_its_own_line() {
    let read =
        |url: &str, before: Option<&Scope>| Scope::from_url_after(url, before).map(|it| it.to_string());
    let [acme, tools] = ["https://github.com/acme", "https://git.example.com/tools"];
    for (before, url, expected) in [
        (None, acme, Some(acme)),
        (Some(acme), "https://github.com/octo/r", Some("https://github.com/octo/r")),
        (Some(acme), tools, Some(tools)),
        (Some(tools), acme, Some(acme)),
        (Some(acme), "https://github.com", Some("https://github.com")),
        (Some(acme), "https://GitHub.com/octo", None),
        (Some(acme), "https://github.com/a/../b", None),
        (Some(acme), "github.com/octo", None),
    ] {
        let before = before.and_then(Scope::from_url);
        assert_eq!(read(url, before.as_ref()).as_deref(), expected, "{url} after {before:?}");
    }
}

#[test]
fn a_plain_host_keeps_exact_paths() {
    let host = Host::parse(b"git.example.com").expect("a host");
    let scope = Scope::exact(&host, Some(b"a/b/c.git")).expect("a path");
    assert_eq!(scope.to_string(), "https://git.example.com/a/b/c.git");
    assert_eq!(Scope::from_url(&scope.to_string()), Some(scope.clone()));
    let asked = |path: Option<&[u8]>| Remote::new(b"git.example.com", path).expect("a host");
    assert!(scope.covers(&asked(Some(b"a/b/c.git")), Server::Plain));
    assert!(!scope.covers(&asked(Some(b"a/b")), Server::Plain));
    assert!(!scope.covers(&asked(None), Server::Plain));
    assert_eq!(Scope::exact(&host, Some(b"a/../b")), None);
}

#[test]
fn a_url_with_user_information_keeps_host_and_path_alone() {
    let remote = Remote::from_url("https://user:pw@GitHub.com/Acme/r.git").expect("https");
    assert_eq!((remote.host.as_str(), remote.name().as_str()), ("github.com", "Acme/r"));
    assert_eq!(Remote::from_url("ssh://git@github.com/a/b"), None);
    assert_eq!(Remote::from_url("git@github.com:a/b"), None);
}

#[test]
fn owners_are_one_without_case_and_keep_their_spelling() {
    let owner = |text: &str| Owner::parse(text).expect("an owner");
    assert!(owner("Acme") == owner("aCME") && owner("acme") != owner("acme2"));
    assert_eq!(owner("Acme").to_string(), "Acme");
    assert_eq!(Owner::parse(&"a".repeat(39)).map(|owner| owner.as_str().len()), Some(39));
    for text in ["", "_a", &"a".repeat(40)] {
        assert!(Owner::parse(text).is_none(), "{text:?}");
    }
}
