//! What is decided by something else than the token: rules, the repository's own state, the host.

use super::client::Client;
use super::decisions::{
    Expect::{Refused, Served},
    FETCH, PUSH, check,
};
use crate::forge::{
    Block, By, Forge, HostKind, On, Owner, Permission, Policy, Reply, Repository, Rule, Then, Token,
    TokenKind, Visibility, make_token,
};

#[test]
fn a_repositorys_own_state_is_told() {
    let forge = Forge::start(
        Policy::sample()
            .repository(Repository { archived: true, ..Repository::new("acme/old", Visibility::Private) })
            .repository(Repository {
                blocked: Some(Block::Dmca),
                ..Repository::new("acme/copied", Visibility::Public)
            })
            .repository(Repository {
                blocked: Some(Block::Disabled),
                ..Repository::new("acme/bad", Visibility::Private)
            })
            .repository(Repository {
                former_names: vec![("acme".to_owned(), "before".to_owned())],
                ..Repository::new("acme/after", Visibility::Public)
            }),
    );
    let dmca = "Repository unavailable due to DMCA takedown.\n";
    let staff = "Access to this repository has been disabled by GitHub staff.\n";
    check(
        &forge,
        &[
            ("acme", "acme/old", FETCH, Served),
            ("acme", "acme/old", PUSH, Refused(403, "This repository was archived so it is read-only.\n")),
            ("", "acme/copied", FETCH, Refused(451, dmca)),
            ("acme", "acme/copied", FETCH, Refused(451, dmca)),
            ("acme", "acme/bad", FETCH, Refused(403, staff)),
        ],
    );
    let moved = Client::new(&forge).discover("https://github.com/acme/before.git", FETCH, "");
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), "https://github.com/acme/after/info/refs?service=git-upload-pack");
    // Once logged in, a former name is served in place.
    check(&forge, &[("acme", "acme/before", PUSH, Served)]);
}

#[test]
fn git_replies_carry_the_headers_of_rest_if_the_policy_says_so() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| {
        policy.token_mut("acme").contents = Permission::None;
        policy.owner_mut("globex").sso = true;
    });
    let client = Client::new(&forge);
    let headers = |repository: &str, label: &str| {
        let url = format!("https://github.com/{repository}");
        let answer = client.discover(&url, FETCH, &forge.secret(label));
        [
            "github-authentication-token-expiration",
            "x-oauth-scopes",
            "x-accepted-github-permissions",
            "x-github-sso",
        ]
        .map(|name| !answer.header(name).is_empty())
    };
    assert_eq!(headers("acme/secret", "acme"), [false; 4]);
    forge.policy(|policy| policy.headers_on_git = true);
    assert_eq!(headers("acme/secret", "acme"), [true, false, true, false]);
    assert_eq!(headers("globex/api", "classic"), [false, true, false, true]);
    forge.policy(|policy| policy.challenge_hint = Some("domain_hint=\"contoso\"".to_owned()));
    let nobody = client.discover("https://github.com/acme/secret", FETCH, "");
    let challenge = nobody.header("www-authenticate");
    assert_eq!(challenge, "Basic realm=\"GitHub\" domain_hint=\"contoso\"");
}

#[test]
fn too_many_bad_logins_lock_good_ones_out_too() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.lockout = Some(3));
    let client = Client::new(&forge);
    let url = "https://github.com/acme/secret";
    let bad = make_token(TokenKind::FineGrained);
    for _ in 0..3 {
        assert_eq!(client.discover(url, FETCH, &bad).status, 401);
    }
    let text = "Maximum number of login attempts exceeded. Please try again later.\n";
    check(&forge, &[("acme", "acme/secret", FETCH, Refused(403, text))]);
    assert_eq!(client.get_as("https://api.github.com/user", &forge.secret("acme")).status, 403);
    forge.policy(|policy| policy.bad_logins = 0);
    check(&forge, &[("acme", "acme/secret", FETCH, Served)]);
}

#[test]
fn a_rule_comes_before_everything_and_may_run_out() {
    let sample =
        "remote: Something new is required.\nremote: See https://github.com/x\nfatal: unable to access";
    let forge = Forge::start(
        Policy::sample()
            .rule(Rule::answer(Reply::sample(403, sample)).token("acme").repo("acme/secret").on(On::Read))
            .rule(Rule::answer(Reply::text(401, "Once.\n")).owner("GLOBEX").times(1))
            .rule(Rule::allow().repo("mona/dotfiles").by(By::Anonymous))
            .rule(Rule::fault(Then::Redirect(302, "https://evil.test".to_owned())).repo("acme/tools")),
    );
    check(
        &forge,
        &[
            (
                "acme",
                "acme/secret",
                FETCH,
                Refused(403, "Something new is required.\nSee https://github.com/x\n"),
            ),
            ("acme", "acme/secret", PUSH, Served),
            ("classic", "acme/secret", FETCH, Served),
            ("globex", "globex/api", FETCH, Refused(401, "Once.\n")),
            ("globex", "globex/api", FETCH, Served),
            ("", "mona/dotfiles", FETCH, Served),
        ],
    );
    let away = Client::new(&forge).discover("https://github.com/acme/tools", FETCH, "");
    assert_eq!(
        (away.status, away.header("location")),
        (302, "https://evil.test/acme/tools/info/refs?service=git-upload-pack")
    );
}

#[test]
fn each_host_is_a_world_of_its_own() {
    let ghes = "ghe.example.com:8443";
    let plain = "git.example.com";
    let at = |host: &str, owner: Owner| Owner { host: host.to_owned(), ..owner };
    let forge = Forge::start(
        Policy::sample()
            .host(ghes, HostKind::Ghes)
            .host(plain, HostKind::Plain)
            .owner(at(ghes, Owner::org("acme", &["mona"])))
            .owner(at("corp.ghe.com", Owner::org("acme", &["mona_corp"])))
            .private(&format!("{ghes}/acme/secret"))
            .public("corp.ghe.com/acme/secret")
            .private(&format!("{plain}/team/deep/tool"))
            .token(Token { host: ghes.to_owned(), ..Token::fine_grained("ghes", "mona", "acme") })
            .token(Token {
                host: "corp.ghe.com".to_owned(),
                ..Token::fine_grained("corp", "mona_corp", "acme")
            })
            .token(Token::password("plain", plain, "mona"))
            .token(Token::password("ghes-password", ghes, "mona")),
    );
    let client = Client::new(&forge);
    let status = |host: &str, repository: &str, label: &str| {
        let url = format!("https://{host}/{repository}.git");
        client.discover(&url, FETCH, &forge.secret(label)).status
    };
    assert_eq!(status(ghes, "acme/secret", "ghes"), 200);
    assert_eq!(status(ghes, "acme/secret", "acme"), 401);
    assert_eq!(status(ghes, "acme/secret", "ghes-password"), 403);
    assert_eq!(status("github.com", "acme/secret", "ghes"), 401);
    assert_eq!(status("corp.ghe.com", "acme/secret", "corp"), 200);
    assert_eq!(status("other.ghe.com", "acme/secret", "corp"), 401);
    assert_eq!(status(plain, "team/deep/tool", "plain"), 200);
    assert_eq!(status(plain, "team/deep/tool", "acme"), 401);
    let nobody = client.discover("https://corp.ghe.com/acme/secret", FETCH, "");
    assert_eq!(nobody.status, 401, "nothing is public on ghe.com");
    let plain = client.discover(&format!("https://{plain}/team/deep/tool"), FETCH, "");
    assert_eq!(plain.header("www-authenticate"), "Basic realm=\"git\"");
    assert_eq!(plain.header("x-github-request-id"), "");
    assert_eq!(client.get("https://git.example.com/api/v3/meta").status, 404);
    for (base, login) in
        [("https://ghe.example.com:8443/api/v3", "ghes"), ("https://api.corp.ghe.com", "corp")]
    {
        let user = client.get_as(&format!("{base}/user"), &forge.secret(login));
        assert_eq!(user.status, 200, "{}", user.body);
        assert!(!user.header("x-github-request-id").is_empty());
    }
}

#[test]
fn gists_are_read_by_all_and_pushed_to_by_their_owner() {
    let forge = Forge::start(
        Policy::sample()
            .user("hubot")
            .private("gist.github.com/mona/0123abcd")
            .token(Token { scopes: vec!["repo".to_owned()], ..Token::classic("no-gist", "mona") })
            .token(Token::classic("hubot", "hubot")),
    );
    let client = Client::new(&forge);
    let gist = |path: &str, service: &str, label: &str| {
        let secret = if label.is_empty() { String::new() } else { forge.secret(label) };
        client.discover(&format!("https://gist.github.com/{path}"), service, &secret).status
    };
    assert_eq!(gist("0123abcd.git", FETCH, ""), 200);
    assert_eq!(gist("mona/0123abcd.git", FETCH, ""), 200);
    assert_eq!(gist("0123abcd.git", PUSH, ""), 401);
    assert_eq!(gist("0123abcd.git", PUSH, "classic"), 200);
    assert_eq!(gist("0123abcd.git", PUSH, "no-gist"), 403);
    assert_eq!(gist("0123abcd.git", PUSH, "hubot"), 403);
}

#[test]
fn a_sample_of_the_catalogue_becomes_the_reply_behind_it() {
    let http = Reply::from_sample(
        "HTTP 403\ncontent-type: text/plain\nx-github-sso: required; url=https://x\n\nNo.\nNever.",
    );
    let http = http.expect("it is a reply");
    assert_eq!((http.status, http.body.as_slice()), (403, b"No.\nNever.".as_slice()));
    assert_eq!(http.headers[1], ("x-github-sso".to_owned(), "required; url=https://x".to_owned()));
    let read = |sample: &str| {
        let reply = Reply::from_sample(sample)?;
        Some((reply.status, String::from_utf8(reply.body).expect("it is text")))
    };
    let git = "Cloning into 'secret'...\nremote: No.\nremote:   Never.\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 451";
    assert_eq!(read(git), Some((451, "No.\n  Never.\n".to_owned())));
    let bad = "fatal: Authentication failed for 'https://github.com/acme/secret/'";
    assert_eq!(read(bad), Some((401, String::new())));
    let missing = "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found";
    assert_eq!(read(missing), Some((404, "Repository not found.\n".to_owned())));
    for other in [
        "ERROR: Repository not found.\nfatal: Could not read from remote repository.",
        "remote: error: GH006: Protected\nTo https://github.com/acme/secret.git\n ! [remote rejected]",
        "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com",
        "",
    ] {
        assert_eq!(read(other), None, "{other}");
    }
}
