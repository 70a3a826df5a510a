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
    assert_eq!(id(&other), VerdictId::RepositoryNotSelected);
    let mut unasked = revoked;
    unasked.user = Observed::NotAsked;
    assert_eq!(id(&unasked), VerdictId::RepositoryNotSelected);
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
