//! What GitHub hides or refuses in one and the same words, told apart.

use super::*;

#[test]
fn pending_and_not_selected_differ_by_sight_and_history() {
    assert_eq!(id(&hidden()), VerdictId::ApprovalPending);
    assert_eq!(id(&but(|e| e.fetch = git(NO_ACCESS))), VerdictId::ApprovalPending);
    assert_eq!(id(&but(|e| e.private_repos = list(&["ACME/other"]))), VerdictId::RepositoryNotSelected);
    let revoked = with(|account| account.accepted_for_owner = true);
    let verdict = conclude(&revoked);
    assert_eq!(verdict.id, VerdictId::GrantRevoked);
    assert!(verdict.fix[0].contains("create another token"), "{verdict:?}");
    assert_eq!(id(&with(|account| account.accepted_for_repo = true)), VerdictId::GrantRevoked);
    // Whoever sees something else of the owner was not thrown out; whose token is not known, was not asked.
    let sees = |e: &mut Evidence| e.private_repos = list(&["acme/other"]);
    let mut other = revoked.clone();
    sees(&mut other);
    let unselected = conclude(&other);
    assert_eq!(unselected.id, VerdictId::RepositoryNotSelected);
    let mut unasked = revoked;
    unasked.user = Observed::NotAsked;
    let verdict = conclude(&unasked);
    assert_eq!(verdict.id, VerdictId::RepositoryNotSelected);
    // That it was thrown out all the same is a cause to name, unless it is seen to be let in.
    let thrown_out = "or acme has revoked the token, or must approve a change to it: https://github.com/organizations/acme/settings/personal-access-token-requests";
    assert_eq!(verdict.fix[1], thrown_out);
    assert_eq!(unselected.fix, [verdict.fix[0].as_str(), verdict.fix[2].as_str()]);
}

#[test]
fn a_user_approves_nothing() {
    let own = but(|e| {
        e.target.owner = Some("Mona".to_owned());
        e.owner = api(200, &[], r#"{"login":"Mona","type":"User","id":1}"#);
    });
    assert_eq!(id(&own), VerdictId::RepositoryNotSelected);
    let someone = but(|e| e.owner = api(200, &[], r#"{"login":"acme","type":"User","id":2}"#));
    let verdict = conclude(&someone);
    assert_eq!(verdict.id, VerdictId::RepositoryNotFound);
    assert!(verdict.fix[0].contains("classic"), "{verdict:?}");
}

#[test]
fn another_owners_token_does_not_wait_for_approval() {
    let other = but(|e| e.private_repos = list(&["mona/notes"]));
    let verdict = conclude(&other);
    assert_eq!((verdict.id, verdict.certainty), (VerdictId::RepositoryNotFound, Inferred));
    assert_eq!(
        verdict.means,
        "the token \"acme\" is most likely mona's: it can see nothing else that is private"
    );
    assert_eq!(verdict.fix[0], "create one whose resource owner is acme: git credential-patron add acme");
    let mut push = read_only(false, Some(true));
    push.private_repos = list(&["mona/notes"]);
    assert_eq!(conclude(&push).fix[0], verdict.fix[0]);
    // A classic token sees all its user's repositories: that says nothing.
    let classic = classic("repo", |e| e.private_repos = list(&["mona/notes"]));
    assert!(!conclude(&classic).means.contains("mona's"));
}

#[test]
fn no_answer_to_our_questions_makes_no_cause_likelier() {
    for silence in [
        Observed::NotAsked,
        Observed::Trouble(NoReply::Unreachable),
        message(403, "API rate limit exceeded for user ID 1."),
        api(502, &[], "{}"),
    ] {
        let evidence = but(|e| {
            e.user = silence.clone();
            e.repo = silence.clone();
            e.owner = silence.clone();
            e.private_repos = silence.clone();
            e.repo_anonymous = silence.clone();
        });
        let verdict = conclude(&evidence);
        assert_eq!((verdict.id, verdict.certainty), (VerdictId::RepositoryNotFound, Inferred));
        assert!(!verdict.opens);
        // A list that was cut off is no proof that nothing is there.
        let cut = but(|e| e.private_repos = api(200, &[("Link", "<x>; rel=\"next\"")], "[]"));
        assert_eq!(id(&cut), VerdictId::RepositoryNotFound);
    }
}

#[test]
fn role_permission_and_approval_are_told_apart_on_push() {
    let certainty = |evidence: &Evidence| {
        let verdict = conclude(evidence);
        (verdict.id, verdict.certainty)
    };
    assert_eq!(certainty(&read_only(true, Some(true))), (VerdictId::WritePermissionMissing, Measured));
    assert_eq!(certainty(&read_only(true, Some(false))), (VerdictId::NoWriteRole, Measured));
    assert_eq!(certainty(&read_only(true, None)), (VerdictId::WritePermissionMissing, Inferred));
    // What everybody may read does not show that the token is let in.
    assert_eq!(certainty(&read_only(false, Some(true))), (VerdictId::ApprovalPending, Inferred));
    let mut seen = read_only(false, Some(true));
    seen.private_repos = list(&["acme/other"]);
    assert_eq!(certainty(&seen), (VerdictId::WritePermissionMissing, Measured));
    let mut accepted = read_only(false, Some(true));
    accepted.account.as_mut().expect("there is one").accepted_for_owner = true;
    assert_eq!(certainty(&accepted), (VerdictId::WritePermissionMissing, Measured));
    let mut own = read_only(false, None);
    own.target.owner = Some("mona".to_owned());
    assert_eq!(certainty(&own), (VerdictId::WritePermissionMissing, Measured));
    let mut unknown = read_only(false, Some(true));
    unknown.private_repos = Observed::NotAsked;
    assert_eq!(certainty(&unknown), (VerdictId::WritePermissionMissing, Measured));
    let mut managed = read_only(false, Some(false));
    managed.user = api(200, &[], r#"{"login":"mona_corp"}"#);
    managed.account.as_mut().expect("there is one").login = None;
    managed.push = git(&DENIED.replace("mona", "mona_corp"));
    assert!(conclude(&managed).fix[1].contains("enterprise"));
}

#[test]
fn a_push_that_was_asked_alone_is_about_writing_only_if_the_repository_is_in_sight() {
    let push = |repo: Observed| {
        but(|e| {
            e.direction = Direction::Push;
            e.fetch = Observed::NotAsked;
            e.push = git(NO_ACCESS);
            e.repo = repo;
            e.private_repos = list(&["acme/other"]);
        })
    };
    assert_eq!(id(&push(missing())), VerdictId::RepositoryNotSelected);
    assert_eq!(id(&push(api(200, &[], r#"{"private":true}"#))), VerdictId::WritePermissionMissing);
}

#[test]
fn reading_is_told_apart_from_selection() {
    let in_sight = but(|e| {
        e.fetch = git(NO_ACCESS);
        e.repo = api(200, &[], r#"{"private":true}"#);
    });
    let verdict = conclude(&in_sight);
    assert_eq!((verdict.id, verdict.certainty), (VerdictId::ReadPermissionMissing, Inferred));
    let archived = but(|e| {
        e.fetch = git(NO_ACCESS);
        e.repo = api(200, &[], r#"{"private":true,"archived":true}"#);
    });
    assert_eq!(id(&archived), VerdictId::ReadPermissionMissing);
    let elsewhere = but(|e| {
        e.fetch = git(NO_ACCESS);
        e.private_repos = list(&["acme/other"]);
    });
    assert_eq!(id(&elsewhere), VerdictId::RepositoryNotSelected);
    assert_eq!(id(&only_git(NO_ACCESS)), VerdictId::ReadPermissionMissing);
}

#[test]
fn a_misspelt_repository_is_noticed() {
    let fine_grained = conclude(&but(|e| e.private_repos = list(&["acme/secrets"])));
    assert_eq!(fine_grained.id, VerdictId::RepositoryNotSelected);
    assert!(fine_grained.fix[1].ends_with("the token can see acme/secrets"));
    let classic = conclude(&classic("repo", |e| e.private_repos = list(&["acme/secrets"])));
    assert_eq!(classic.id, VerdictId::RepositoryNotFound);
    assert!(classic.fix[0].ends_with("the token can see acme/secrets"));
}

#[test]
fn a_renamed_repository_is_the_reason_only_if_github_says_so() {
    assert_eq!(id(&but(|e| e.repo = message(301, "Moved Permanently"))), VerdictId::Moved);
    // A redirect that git followed does not explain what came then.
    let text = format!("warning: redirecting to https://github.com/acme/new/\n{NOT_FOUND}");
    assert_eq!(id(&but(|e| e.fetch = git(&text))), VerdictId::ApprovalPending);
    let text = "warning: redirecting to https://github.com/acme/new/\nremote: No.\nfatal: unable to access 'https://github.com/acme/new/': The requested URL returned error: 403";
    assert_eq!(id(&only_git(text)), VerdictId::UnknownRefusal);
}

#[test]
fn what_everybody_may_read_is_not_hidden() {
    let public = but(|e| e.repo_anonymous = api(200, &[], r#"{"private":false}"#));
    let verdict = conclude(&public);
    assert_eq!(
        (verdict.id, &*verdict.means),
        (VerdictId::UnknownRefusal, "GitHub says: Repository not found.")
    );
}

#[test]
fn what_git_heard_of_a_push_alone_decides_where_nothing_else_was_asked() {
    let push = |transcript: &str| {
        but(|e| {
            e.direction = Direction::Push;
            e.fetch = Observed::NotAsked;
            e.repo = Observed::NotAsked;
            e.repo_anonymous = Observed::NotAsked;
            e.push = git(transcript);
        })
    };
    assert_eq!(id(&push(NOT_FOUND)), VerdictId::ApprovalPending);
    assert_eq!(id(&push(DENIED)), VerdictId::ApprovalPending);
    let mut accepted = push(NOT_FOUND);
    accepted.account.as_mut().expect("there is one").accepted_for_owner = true;
    assert_eq!(id(&accepted), VerdictId::GrantRevoked);
    accepted.push = git(DENIED);
    accepted.repo = api(200, &[], r#"{"private":true,"permissions":{"push":true}}"#);
    let verdict = conclude(&accepted);
    assert_eq!(
        (verdict.id, verdict.certainty),
        (VerdictId::WritePermissionMissing, Inferred),
        "whether it may be fetched is not known"
    );
}

#[test]
fn a_classic_token_has_no_repositories_to_select() {
    let refused = classic("repo", |e| e.fetch = git(NO_ACCESS));
    let verdict = conclude(&refused);
    assert_eq!((verdict.id, verdict.certainty), (VerdictId::ReadPermissionMissing, Inferred));
    assert_eq!(verdict.page.as_deref(), Some("https://github.com/settings/tokens"));
}

#[test]
fn a_private_repository_in_sight_shows_that_the_token_is_let_in() {
    let push = |repo: &str, anonymous: Observed| {
        let mut evidence = read_only(true, None);
        evidence.repo = api(200, &[], repo);
        evidence.repo_anonymous = anonymous;
        evidence
    };
    let private = r#"{"private":true}"#;
    // Either shows it: GitHub says so, or shows it to nobody else.
    for seen in [push(private, Observed::NotAsked), push("{}", missing()), push(private, missing())] {
        assert_eq!(id(&seen), VerdictId::WritePermissionMissing);
        let verdict = conclude(&Evidence { private_repos: list(&["mona/notes"]), ..seen });
        assert!(!verdict.means.contains("mona's"), "{verdict:?}");
    }
    assert_eq!(id(&push("{}", Observed::NotAsked)), VerdictId::ApprovalPending);
    // A token that was accepted here is not another owner's, whatever it sees now.
    let mut accepted = push("{}", Observed::NotAsked);
    accepted.private_repos = list(&["mona/notes"]);
    assert!(conclude(&accepted).means.contains("mona's"));
    accepted.account.as_mut().expect("there is one").accepted_for_repo = true;
    assert!(!conclude(&accepted).means.contains("mona's"));
}

#[test]
fn a_permission_that_github_names_proves_that_it_would_do() {
    let refused = |status: u16, permission: &str| {
        let mut evidence = read_only(true, None);
        evidence.private_repos = list(&["acme/other"]);
        evidence.repo = api(
            status,
            &[("X-Accepted-GitHub-Permissions", permission)],
            r#"{"message":"Resource not accessible by personal access token"}"#,
        );
        let verdict = conclude(&evidence);
        (verdict.id, verdict.certainty)
    };
    assert_eq!(refused(403, "contents=write"), (VerdictId::WritePermissionMissing, Measured));
    assert_eq!(refused(403, "metadata=read"), (VerdictId::WritePermissionMissing, Inferred));
    assert_eq!(refused(404, "contents=write"), (VerdictId::WritePermissionMissing, Inferred));
}

#[test]
fn who_was_led_elsewhere_is_told_that_it_moved() {
    let led = "warning: redirecting to https://github.com/acme/new/";
    let followed = Observed::Reply(ServerReply {
        status: Some(200),
        said: recognise(&Normal::transcript(led.as_bytes())),
        ..ServerReply::default()
    });
    assert_eq!(id(&but(|e| e.fetch = followed)), VerdictId::Moved);
    for code in [301, 302, 307, 308] {
        let api = |code: u16| api(code, &[("Location", "https://api.github.com/repositories/1")], "{}");
        assert_eq!(id(&but(|e| e.repo = api(code))), VerdictId::Moved, "{code}");
        assert_eq!(id(&but(|e| e.fetch = status(code))), VerdictId::Moved, "{code}");
    }
}

#[test]
fn words_that_leave_several_causes_are_told_apart_only_where_evidence_can() {
    let sso = "Acme has enabled or enforced SAML SSO.";
    let verdict = conclude(&but(|e| e.fetch = refused_with(sso).fetch));
    assert_eq!((verdict.id, verdict.certainty), (VerdictId::SsoRequired, Inferred));
    // A status that hides says as much as its words.
    assert_eq!(id(&but(|e| e.fetch = status(404))), VerdictId::ApprovalPending);
}

#[test]
fn what_to_do_depends_on_the_kind_of_the_token() {
    let of_kind = |kind: TokenKind, mut evidence: Evidence| {
        evidence.account.as_mut().expect("there is one").kind = kind;
        conclude(&evidence)
    };
    let apps = "https://github.com/organizations/acme/settings/oauth_application_policy";
    let sign_on = "https://github.com/orgs/acme/sso";
    let another = "or use a token for acme alone: git credential-patron add acme";
    let app = format!("acme may not have approved the app this token belongs to: {apps}");
    let classic = format!("acme may require single sign-on for the token: {sign_on}");
    for (kind, first, second) in [
        (TokenKind::OAuth, app.as_str(), another),
        (TokenKind::AppUser, &app, another),
        (TokenKind::Classic, &classic, another),
        (
            TokenKind::Installation,
            "in a workflow: give the job the permission in the workflow file (permissions: contents: write)",
            "a GitHub App of your own: give it the permission on its page, and accept that where it is installed",
        ),
    ] {
        let verdict = of_kind(kind, read_only(true, Some(true)));
        assert_eq!(verdict.id, VerdictId::WritePermissionMissing, "{kind:?}");
        assert_eq!(verdict.page.is_some(), kind != TokenKind::Installation, "{kind:?}");
        assert_eq!(verdict.fix[..2], [first, second], "{kind:?}");
    }
    let installed = "or the app is not installed for this repository, or may not read its contents";
    let approved = format!("or acme has not approved the app this token belongs to: {apps}");
    let of_a_tool = format!("or acme requires single sign-on for it: {sign_on}");
    let of_a_user = format!("or acme requires single sign-on for the token: {sign_on}");
    for (kind, causes) in [
        (TokenKind::Installation, vec![installed]),
        (TokenKind::AppUser, vec![installed]),
        (TokenKind::OAuth, vec![&approved, &of_a_tool]),
        (TokenKind::Classic, vec![&of_a_user]),
        (TokenKind::Unknown, vec![&of_a_user]),
    ] {
        let verdict = of_kind(kind, hidden());
        assert_eq!(verdict.id, VerdictId::RepositoryNotFound, "{kind:?}");
        let mut fixes = vec!["check the spelling of acme/secret"];
        fixes.extend(causes);
        fixes.push("or your account has no access to it: ask acme");
        assert_eq!(verdict.fix, fixes, "{kind:?}");
    }
}
