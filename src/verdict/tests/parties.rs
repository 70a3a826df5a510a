//! Whose server refused: what is said of other forges, of hosts that nobody knows, of Apps and of keys.

use super::explain::reading_of;
use super::*;
use crate::forge::Forge;

const GITLAB: Party = Party::Other(Forge::GitLab);

/// Explains a text about acme/secret.
fn told(host: &str, whose: Party, text: &str) -> Verdict {
    let reading = reading_of(host, "acme", text);
    let found = reading.found.clone().expect("it is known");
    explain(&reading, &found, whose)
}

/// Gives what git prints when a server refuses with these words.
fn refused(words: &str) -> String {
    format!(
        "remote: {words}\nfatal: unable to access 'https://git.example.com/acme/secret/': The requested URL returned error: 403"
    )
}

#[test]
fn whose_server_it_is_is_told_by_the_host_the_account_and_then_the_words() {
    let gitlabs = "HTTP Basic: Access denied";
    for (host, said, is_github_by_account, whose, name) in [
        (Some("github.com"), "", false, Party::GitHub, "GitHub"),
        (Some("github.com"), gitlabs, false, Party::GitHub, "GitHub"),
        (Some("ghe.example.com"), "", true, Party::GitHub, "GitHub"),
        (None, "", false, Party::GitHub, "GitHub"),
        (None, gitlabs, false, GITLAB, "GitLab"),
        (Some("gitlab.com"), "", false, GITLAB, "GitLab"),
        (Some("git.example.com"), gitlabs, false, GITLAB, "GitLab"),
        (Some("git.example.com"), "", false, Party::Unknown, "the server"),
    ] {
        let target = RepositoryName { host: host.map(str::to_owned), ..RepositoryName::default() };
        let told = Party::of(&target, said, is_github_by_account);
        assert_eq!((told, told.name()), (whose, name), "{host:?} {said}");
    }
}

#[test]
fn a_host_that_the_user_keeps_as_another_is_not_githubs() {
    for (host, whose) in [
        (Some("gitlab.com"), GITLAB),
        (Some("git.example.com"), Party::Unknown),
        (Some("github.com"), Party::Unknown),
        (None, Party::Unknown),
    ] {
        let target = RepositoryName { host: host.map(str::to_owned), ..RepositoryName::default() };
        assert_eq!(Party::of_plain(&target), whose, "{host:?}");
    }
}

#[test]
fn a_command_names_what_is_known_of_the_host() {
    let text = "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled";
    let helpers = "see which helpers are asked: git credential-patron diagnose";
    for (host, whose, scope, helpers) in [
        ("github.com", Party::GitHub, "acme", Some(format!("{helpers} https://github.com/acme/secret"))),
        (
            "ghe.example.com",
            Party::GitHub,
            "ghe.example.com/acme",
            Some(format!("{helpers} https://ghe.example.com/acme/secret")),
        ),
        ("gitlab.com", GITLAB, "https://gitlab.com", None),
        // A transcript can name any host.
        ("git.example.com", Party::Unknown, "URL", None),
    ] {
        let verdict = told(host, whose, text);
        let mut fixes = vec![
            format!("add one: git credential-patron add {scope}"),
            format!("or git does not ask patron here: git credential-patron setup --host {host}"),
        ];
        fixes.extend(helpers);
        assert_eq!((verdict.id, verdict.fix), (VerdictId::NoAccount, fixes), "{host}");
    }
}

#[test]
fn what_another_forge_refuses_is_put_right_there() {
    for (text, means, fixes) in [
        (
            "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://gitlab.com/acme/secret/'",
            "GitLab does not recognise the token: it is expired, revoked or mistyped",
            &[
                "create a new token at gitlab.com, then run: git credential-patron add https://gitlab.com",
                "or something else sends an old one: git credential-patron diagnose https://gitlab.com/acme/secret",
            ][..],
        ),
        (
            &refused("Password authentication in git is no longer supported."),
            "GitLab accepts tokens only; git sent a password, or a token that GitLab does not recognise",
            &[
                "create a token at gitlab.com and add it: git credential-patron add https://gitlab.com",
                "git cannot use a password there",
            ],
        ),
        (
            "fatal: unable to access 'https://gitlab.com/acme/secret/': The requested URL returned error: 502",
            "GitLab is having problems; the token was not checked",
            &["try again later"],
        ),
        (
            &refused("Your account is suspended."),
            "GitLab, or the host's administrator, has suspended the account",
            &["ask the server's administrator; a new token does not help"],
        ),
        (
            "remote: The project you were looking for could not be found.\nfatal: repository 'https://gitlab.com/acme/secret.git/' not found",
            "GitLab shows this token no such repository: it does not exist, or is hidden",
            &["check the spelling of acme/secret", "or the token, or your account, has no access to it"],
        ),
        (
            &refused("You are not allowed to download code from this project."),
            "the token cannot access the repository's contents (GitLab says \"write\" for reads, too)",
            &[
                "give the token permission to read repositories, where it was made",
                "or your account has no access to acme/secret: ask acme",
            ],
        ),
        (
            &refused("You are not allowed to push code to this project."),
            "GitLab does not let your account write here with this token",
            &[
                "give the token permission to write to repositories, where it was made",
                "or your account may not write here: ask acme",
            ],
        ),
        // The notice is kept at GitHub.
        (
            "fatal: unable to access 'https://gitlab.com/acme/secret/': The requested URL returned error: 451",
            "the repository is blocked for legal reasons; no token opens it",
            &[
                "git credential-patron diagnose https://gitlab.com/acme/secret shows what is asked and what is ruled out",
            ],
        ),
        // So are the rules of its organisations.
        (
            &refused("Fine-grained personal access tokens are forbidden from accessing this repository."),
            "acme does not allow fine-grained tokens",
            &[
                "create a classic token with the scope repo, for acme only: git credential-patron add https://gitlab.com --no-browser",
            ],
        ),
    ] {
        let verdict = told("gitlab.com", GITLAB, text);
        assert_eq!((verdict.means.as_str(), verdict.page), (means, None));
        assert_eq!(verdict.fix, fixes, "{text}");
    }
}

#[test]
fn what_an_app_or_a_key_is_refused_is_no_matter_of_a_users_token() {
    let by_app = "HTTP 403\ncontent-type: application/json\n\n{\"message\":\"Resource not accessible by integration\"}";
    let verdict = told("github.com", Party::GitHub, by_app);
    assert_eq!((verdict.id, verdict.page, verdict.opens), (VerdictId::WritePermissionMissing, None, false));
    assert_eq!(
        verdict.fix,
        [
            "in a workflow: give the job the permission in the workflow file (permissions: contents: write)",
            "a GitHub App of your own: give it the permission on its page, and accept that where it is installed",
        ]
    );
    let by_ssh = |words: &str| format!("ERROR: {words}\nfatal: Could not read from remote repository.");
    let verdict = told("github.com", Party::GitHub, &by_ssh("Repository not found."));
    assert_eq!(
        (verdict.id, verdict.fix),
        (
            VerdictId::RepositoryNotFound,
            vec![
                "check the spelling of acme/secret".to_owned(),
                "or the key is another account's: ssh -T git@github.com".to_owned(),
                "or your account has no access to it".to_owned(),
            ]
        )
    );
    // What is refused to keys and tokens alike is put right in one way.
    let suspended = "Your account is suspended.";
    assert_eq!(
        told("github.com", Party::GitHub, &by_ssh(suspended)).fix,
        told("github.com", Party::GitHub, &refused(suspended)).fix
    );
}

#[test]
fn what_github_makes_keeps_its_name_elsewhere() {
    // It may be an Enterprise Server that has no account here.
    let fixes = |text: &str| told("git.example.com", Party::Unknown, text).fix;
    let sso = refused("The 'acme' organization has enabled or enforced SAML SSO.");
    assert_eq!(fixes(&sso)[1], "for an app's token (gh, GitHub Desktop): log in with that app again");
    let by_app = "HTTP 403\n\n{\"message\":\"Resource not accessible by integration\"}";
    assert!(fixes(by_app)[1].starts_with("a GitHub App of your own: "));
    let twice = refused("Duplicate header: \"Authorization\"");
    assert_eq!(
        told("git.example.com", Party::Unknown, &twice).means,
        "git sends another credential before patron's, and the server uses that one"
    );
}

#[test]
fn of_many_causes_the_two_likeliest_are_named() {
    assert_eq!(
        told("github.com", Party::GitHub, DENIED).fix,
        [
            "on the token's page select the repository, and give Contents: Read and write",
            "or another account is needed here: git credential-patron list",
            "git credential-patron diagnose https://github.com/acme/secret can tell them apart",
        ]
    );
}

#[test]
fn words_that_nobody_knows_are_repeated_with_who_said_them() {
    let silent =
        "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403";
    for (host, whose, text, means, url) in [
        (
            "github.com",
            Party::GitHub,
            &*refused("The {moon} is full."),
            "GitHub says: The {moon} is full.",
            "https://github.com/acme/secret",
        ),
        (
            "github.com",
            Party::GitHub,
            silent,
            "GitHub refused with 403 and did not say why",
            "https://github.com/acme/secret",
        ),
        (
            "gitlab.com",
            GITLAB,
            silent,
            "GitLab refused with 403 and did not say why",
            "https://gitlab.com/acme/secret",
        ),
        ("git.example.com", Party::Unknown, silent, "the server refused with 403 and did not say why", "URL"),
    ] {
        let verdict = unknown(&reading_of(host, "acme", text), whose);
        assert_eq!((verdict.id, verdict.certainty, verdict.exit), (VerdictId::UnknownRefusal, Measured, 1));
        assert_eq!(verdict.means, means);
        assert_eq!(
            verdict.fix,
            [format!("git credential-patron diagnose {url} shows what was asked and what is ruled out")]
        );
    }
}

#[test]
fn a_host_that_is_not_githubs_is_said_to_be_none() {
    for (host, is_known) in
        [("gitlab.com", true), ("git.example.com", true), ("gitlab.com", false), ("git.example.com", false)]
    {
        let verdict = conclude(&but(|e| {
            e.host = HostKind::Plain;
            e.target.host = Some(host.to_owned());
            e.account = e.account.take().filter(|_| is_known);
        }));
        let (why, fixes) = match is_known {
            true => (": patron stores a credential for it and cannot check it", vec![]),
            false => (
                ", and there is no account for it",
                vec![format!("add one: git credential-patron add https://{host}")],
            ),
        };
        assert_eq!((verdict.means, verdict.fix), (format!("{host} is not a GitHub host{why}"), fixes));
    }
    // Its own name stands where it is spoken of.
    let portal = but(|e| {
        e.host = HostKind::Plain;
        e.target.host = Some("gitlab.com".to_owned());
        e.fetch = Observed::Trouble(NoReply::CaptivePortal);
    });
    assert!(conclude(&portal).means.starts_with("something other than GitLab answered"));
}
