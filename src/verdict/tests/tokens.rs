//! The token, its account, and the way to GitHub, told apart; and the words.

use super::*;

#[test]
fn expiry_rejection_and_outage_are_told_apart() {
    let unauthorised = |user: Observed, expires: i64| {
        let evidence = with(|account| account.expires = Some(expires));
        Evidence { fetch: git(UNAUTHORISED), user, ..evidence }
    };
    let bad = || message(401, "Bad credentials");
    assert_eq!(id(&unauthorised(bad(), NOW + 1)), VerdictId::TokenRejected);
    assert_eq!(id(&unauthorised(bad(), NOW - 1)), VerdictId::TokenExpired);
    assert_eq!(id(&unauthorised(api(503, &[], ""), NOW - 1)), VerdictId::ServerError);
    assert_eq!(id(&unauthorised(message(429, "x"), NOW + 1)), VerdictId::RateLimited);
    assert_eq!(
        id(&unauthorised(api(403, &[("x-ratelimit-remaining", "0")], "{}"), NOW + 1)),
        VerdictId::RateLimited
    );
    assert_eq!(
        id(&unauthorised(message(403, "Maximum number of login attempts exceeded."), NOW + 1)),
        VerdictId::LockedOut
    );
    assert_eq!(id(&unauthorised(Observed::Trouble(NoReply::Unreachable), NOW + 1)), VerdictId::TokenRejected);
    // GitHub knows it: whatever the date says, it is neither expired nor rejected.
    let verdict = conclude(&unauthorised(api(200, &[], r#"{"login":"mona"}"#), NOW - 1));
    assert_eq!((verdict.id, verdict.page), (VerdictId::UnknownRefusal, None));
    let verdict = conclude(&unauthorised(bad(), 1_780_272_000));
    assert_eq!(verdict.means, "the token \"acme\" expired on 2026-06-01");
    // Only our own call was made: git's word came through `erase`.
    let erased = but(|e| {
        e.fetch = Observed::NotAsked;
        e.repo = Observed::NotAsked;
        e.user = bad();
    });
    assert_eq!(id(&erased), VerdictId::TokenRejected);
    // The hint comes with every 401 there, and says nothing of a token that nobody knows.
    let hinted = but(|e| {
        let hint = r#"Basic realm="GitHub" enterprise_hint="corp""#;
        e.fetch = Observed::NotAsked;
        e.repo = api(401, &[("WWW-Authenticate", hint)], "{}");
        e.user = bad();
    });
    assert_eq!(id(&hinted), VerdictId::TokenRejected);
}

#[test]
fn a_password_is_told_apart_from_a_bad_token() {
    let said = "remote: Support for password authentication was removed on August 13, 2021.\nfatal: Authentication failed for 'https://github.com/acme/secret/'";
    assert_eq!(id(&only_git(said)), VerdictId::TokenRejected, "a known kind of token is no password");
    let mut password = only_git(said);
    password.account.as_mut().expect("there is one").kind = TokenKind::Unknown;
    assert_eq!(id(&password), VerdictId::PasswordNotAccepted);
    let server = "remote: Password authentication is not available for Git operations.\nfatal: unable to access 'https://ghe.example.com/acme/secret/': The requested URL returned error: 403";
    assert_eq!(id(&only_git(server)), VerdictId::PasswordNotAccepted);
}

#[test]
fn nobody_blames_the_token_for_trouble_on_the_way() {
    let html = || {
        Observed::rest(ServerReply {
            status: Some(403),
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            ..ServerReply::default()
        })
    };
    let portal = but(|e| {
        e.fetch = status(403);
        e.user = html();
        e.repo = html();
    });
    assert_eq!(id(&portal), VerdictId::CaptivePortal);
    assert_eq!(id(&but(|e| e.fetch = status(511))), VerdictId::CaptivePortal);
    assert_eq!(id(&but(|e| e.fetch = status(502))), VerdictId::ServerError);
    for (text, verdict) in [
        ("CONNECT tunnel failed, response 407", VerdictId::ProxyFailed),
        ("SSL certificate problem: self-signed certificate", VerdictId::TlsFailed),
        (
            "Failed to connect to github.com port 443 after 2 ms: Couldn't connect to server",
            VerdictId::Unreachable,
        ),
    ] {
        let text = format!("fatal: unable to access 'https://github.com/acme/secret/': {text}");
        assert_eq!(id(&only_git(&text)), verdict);
    }
    // git is let in: whatever befell our own calls does not matter.
    let fine = but(|e| {
        e.fetch = Observed::open();
        e.user = Observed::Trouble(NoReply::Proxy);
        e.repo = api(500, &[], "");
    });
    assert_eq!(id(&fine), VerdictId::Ok);
    // One of the two services is given, the other gets no answer.
    let half = but(|e| {
        e.fetch = Observed::open();
        e.push = Observed::Trouble(NoReply::Tls);
    });
    assert_eq!(id(&half), VerdictId::TlsFailed);
}

#[test]
fn a_policy_that_only_our_calls_hear_of_is_named() {
    let forbidden = "`acme` forbids access via a personal access token (classic). Please use a GitHub App";
    assert_eq!(id(&classic("repo", |e| e.repo = message(403, forbidden))), VerdictId::ClassicForbidden);
    // Without such words a missing scope is what there is to see.
    let verdict = conclude(&classic("", |_| {}));
    assert_eq!(verdict.means, "the token \"acme\" lacks the scope repo (it has: none)");
    assert_eq!(verdict.fix, ["choose it on the token's page; the secret stays the same"]);
    let mut tools = classic("gist", |_| {});
    tools.account.as_mut().expect("there is one").kind = TokenKind::OAuth;
    assert_eq!(conclude(&tools).fix, ["log in again with the tool that made it, and allow repositories"]);
    assert_eq!(id(&classic("repo", |_| {})), VerdictId::RepositoryNotFound);
    let header = ("X-GitHub-SSO", "required; url=https://github.com/orgs/acme/sso?authorization_request=x1");
    let sso = conclude(&classic("repo", |e| e.repo = api(403, &[header], r#"{"message":"no"}"#)));
    assert_eq!(sso.page.as_deref(), Some("https://github.com/orgs/acme/sso?authorization_request=x1"));
    let partial = |ids: &str| {
        let header = format!("partial-results; organizations={ids}");
        classic("repo", |e| e.private_repos = api(200, &[("X-GitHub-SSO", &header)], "[]"))
    };
    assert_eq!(id(&partial("7, 42")), VerdictId::SsoRequired);
    assert_eq!(id(&partial("7,421")), VerdictId::RepositoryNotFound);
    // What git was told of it leads to the page of this very refusal.
    let mut told = partial("42");
    told.fetch = git(
        "remote: Acme has enabled or enforced SAML SSO.\nremote: To access this repository, visit https://github.com/orgs/acme/sso?authorization_request=x2 and try your request again.\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
    );
    let sso = conclude(&told);
    assert_eq!(
        (sso.id, sso.certainty, sso.page.as_deref()),
        (VerdictId::SsoRequired, Measured, Some("https://github.com/orgs/acme/sso?authorization_request=x2"))
    );
}

#[test]
fn the_scope_that_is_needed_depends_on_what_is_done() {
    let public_push = |scopes: &str| {
        let evidence = read_only(false, Some(true));
        classic(scopes, |e| {
            e.direction = evidence.direction;
            e.fetch = evidence.fetch;
            e.push = evidence.push;
            e.repo = evidence.repo;
            e.repo_anonymous = evidence.repo_anonymous;
        })
    };
    assert_eq!(
        conclude(&public_push("gist")).means,
        "the token \"acme\" lacks the scope public_repo (it has: gist)"
    );
    assert_eq!(id(&public_push("public_repo")), VerdictId::WritePermissionMissing);
    assert_eq!(id(&public_push("repo")), VerdictId::WritePermissionMissing);
    // A classic token sees all its user's repositories, and belongs to no owner.
    let mut elsewhere = public_push("repo");
    elsewhere.private_repos = list(&["mona/notes"]);
    assert!(conclude(&elsewhere).means.starts_with("you can write"));
    assert_eq!(id(&classic("public_repo", |_| {})), VerdictId::ScopeMissing);
}

#[test]
fn the_login_that_answers_must_be_the_accounts() {
    let push = but(|e| {
        e.fetch = Observed::open();
        e.push = git(&DENIED.replace("mona", "hubot"));
        e.user = Observed::NotAsked;
    });
    let verdict = conclude(&push);
    assert_eq!(verdict.id, VerdictId::WrongAccount);
    assert_eq!(verdict.means, "GitHub takes the token \"acme\" for hubot, not for mona");
    assert_eq!(id(&but(|e| e.user = api(200, &[], r#"{"login":"MONA"}"#))), VerdictId::ApprovalPending);
    assert_eq!(id(&but(|e| e.asked_login = Some("hubot".to_owned()))), VerdictId::WrongAccount);
    let nobody = but(|e| {
        e.account = None;
        e.asked_login = Some("hubot".to_owned());
    });
    assert_eq!(conclude(&nobody).fix[0], "add one: git credential-patron add acme --login hubot");
    // Whoever has changed the login is the same user by the number.
    let renamed = |number: u64| {
        let mut evidence = with(|account| account.user_id = Some(7));
        evidence.user = api(200, &[], &serde_json::json!({ "login": "lisa", "id": number }).to_string());
        id(&evidence)
    };
    assert_eq!((renamed(7), renamed(8)), (VerdictId::ApprovalPending, VerdictId::WrongAccount));
    // Of a fallback's token nobody knows whose it should be.
    let unknown = with(|account| account.login = None);
    assert_eq!(id(&unknown), VerdictId::ApprovalPending);
}

#[test]
fn an_unknown_refusal_is_repeated_as_it_came() {
    let verdict = conclude(&refused_with("Use {owner} \u{1b}[31mor ghp_0 {x."));
    assert_eq!(verdict.means, "GitHub says: Use {owner} or ghp_*** {x.");
    assert_eq!(conclude(&but(|e| e.fetch = status(403))).id, VerdictId::UnknownRefusal);
}

#[test]
fn nothing_asked_is_nothing_proven() {
    let offline = |expires: i64| {
        let account = with(|account| account.expires = Some(expires)).account;
        Evidence { account, target: hidden().target, now: NOW, ..Evidence::default() }
    };
    let verdict = conclude(&offline(NOW + 1));
    assert_eq!((verdict.id, verdict.certainty, verdict.exit), (VerdictId::NotAsked, Measured, 3));
    let verdict = conclude(&offline(NOW - 1));
    assert_eq!((verdict.id, verdict.certainty), (VerdictId::TokenExpired, Inferred));
}

#[test]
fn an_account_without_its_secret_is_none_and_says_why() {
    let silent = |fix: Option<&str>| {
        conclude(&but(|e| {
            e.account = None;
            e.fetch = Observed::NotAsked;
            e.unreadable = Some(Unreadable {
                label: "acme".to_owned(),
                id: VerdictId::NoAccount,
                why: "the {keyring} is locked".to_owned(),
                fix: fix.map(str::to_owned),
            });
        }))
    };
    let verdict = silent(Some("unlock it"));
    assert_eq!((verdict.id, verdict.certainty, verdict.exit), (VerdictId::NoAccount, Measured, 1));
    assert_eq!(verdict.means, "the token of \"acme\" cannot be read: the {keyring} is locked");
    assert_eq!(verdict.fix, ["unlock it", "or add the token again: git credential-patron add acme"]);
    assert_eq!(silent(None).fix, ["add the token again: git credential-patron add acme"]);
}

#[test]
fn a_token_in_the_url_is_to_be_taken_out_whatever_was_refused() {
    let first = |evidence: Evidence| conclude(&evidence).fix.first().cloned().unwrap_or_default();
    let out = "remove the token from the URL, so that git asks patron: git remote set-url REMOTE https://github.com/acme/secret";
    assert_eq!(first(with(|account| account.origin = Origin::Url)), out);
    assert_ne!(first(with(|_| {})), out);
    let from_url = |heard: Observed| {
        let mut evidence = with(|account| account.origin = Origin::Url);
        evidence.fetch = heard;
        evidence
    };
    assert_eq!(first(from_url(Observed::open())), "", "nothing is refused");
    assert_ne!(first(from_url(status(502))), out, "nor is this the token's fault");
}

#[test]
fn what_everybody_may_fetch_needs_no_token() {
    let mut evidence = but(|e| {
        e.fetch = Observed::open();
        e.open_to_all = true;
    });
    let verdict = conclude(&evidence);
    assert_eq!(
        (verdict.id, verdict.means.as_str()),
        (VerdictId::Ok, "acme/secret is public: git can fetch it without a token")
    );
    assert!(verdict.fix.is_empty());
    evidence.user = message(401, "Bad credentials");
    assert!(conclude(&evidence).fix.concat().contains("GitHub does not recognise the token \"acme\""));
}

#[test]
fn what_github_gives_is_named() {
    let given = |fetch: bool, push: bool| {
        let heard = |is_given: bool| if is_given { Observed::open() } else { Observed::NotAsked };
        let verdict = conclude(&but(|e| {
            e.fetch = heard(fetch);
            e.push = heard(push);
            e.repo = Observed::NotAsked;
            // No repository was meant where none was asked for.
            e.target.repo = e.target.repo.take().filter(|_| fetch || push);
        }));
        assert_eq!((verdict.id, verdict.fix.len()), (VerdictId::Ok, 0));
        verdict.means
    };
    assert_eq!(given(true, true), "GitHub lets the token \"acme\" fetch and push");
    assert_eq!(given(true, false), "GitHub lets the token \"acme\" fetch");
    assert_eq!(given(false, true), "GitHub lets the token \"acme\" push");
    assert_eq!(given(false, false), "GitHub recognises the token \"acme\"");
}

#[test]
fn without_an_account_one_is_to_be_added_for_what_was_asked_about() {
    let none = |change: &dyn Fn(&mut Evidence)| {
        conclude(&but(|e| {
            e.account = None;
            change(e);
        }))
    };
    let owner = none(&|_| {});
    assert_eq!(owner.means, "no account for acme, and no other helper answered");
    assert_eq!(owner.fix, ["git credential-patron add acme"]);
    let host = none(&|e| (e.target.owner, e.target.repo) = (None, None));
    assert_eq!((host.id, host.page), (VerdictId::NoAccount, None));
    assert_eq!(host.means, "no account for all of github.com, and no other helper answered");
    assert_eq!(
        host.fix,
        [
            "name an owner or a repository, since most tokens are for one owner: git credential-patron list",
            "or add a classic token for every owner: git credential-patron add https://github.com",
        ]
    );
}

#[test]
fn a_status_that_leaves_one_cause_says_it_whatever_came_before() {
    for (code, verdict) in [
        (403, VerdictId::UnknownRefusal),
        (407, VerdictId::ProxyFailed),
        (429, VerdictId::RateLimited),
        (451, VerdictId::DmcaBlocked),
        (500, VerdictId::ServerError),
        (504, VerdictId::ServerError),
        (511, VerdictId::CaptivePortal),
    ] {
        let plain = format!(
            "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: {code}"
        );
        assert_eq!(id(&only_git(&plain)), verdict, "{code}");
        let led = format!("warning: redirecting to https://github.com/acme/new/\n{plain}");
        assert_eq!(id(&only_git(&led)), verdict, "{code}");
        let also_said = format!("remote: Repository not found.\n{plain}");
        if code != 403 {
            assert_eq!(id(&only_git(&also_said)), verdict, "{code}");
        }
    }
}

#[test]
fn a_host_that_is_not_the_asked_one_is_the_proxy() {
    let refused = |name: &str| {
        id(&only_git(&format!(
            "fatal: unable to access 'https://github.com/acme/secret/': Failed to connect to {name} port 443 after 0 ms: Couldn't connect to server"
        )))
    };
    assert_eq!(
        (refused("github.com"), refused("GitHub.com")),
        (VerdictId::Unreachable, VerdictId::Unreachable)
    );
    assert_eq!(
        (refused("proxy.example.com"), refused("127.0.0.1")),
        (VerdictId::ProxyFailed, VerdictId::ProxyFailed)
    );
}

#[test]
fn texts_name_the_token_by_where_it_comes_from() {
    for (origin, words) in [
        (Origin::Account, "the token \"acme\""),
        (Origin::Fallback, "the token of your previous helper"),
        (Origin::Url, "the token in the remote's URL"),
    ] {
        let verdict = conclude(&with(|account| account.origin = origin));
        assert_eq!(verdict.means, format!("acme has most likely not approved {words} yet"));
    }
    let number = conclude(&with(|account| account.number = Some("42".to_owned())));
    assert_eq!(number.page.as_deref(), Some("https://github.com/settings/personal-access-tokens/42"));
    let server = conclude(&but(|e| {
        e.target.host = Some("ghe.example.com".to_owned());
        e.account = None;
    }));
    assert_eq!(server.fix, ["git credential-patron add ghe.example.com/acme"]);
    assert!(server.page.is_some_and(|page| page.starts_with("https://ghe.example.com/settings/")));
}
