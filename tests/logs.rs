//! Logs as users paste them, by `explain`: whose server is named, what is filled in, who is not blamed, how sure it is.

use super::sandbox::Sandbox;
use serde_json::Value;

/// What `explain` makes of a text.
struct Answer {
    id: String,
    certainty: String,
    means: String,
    fix: String,
    page: Option<String>,
}

fn explain(text: &str) -> Answer {
    let output = Sandbox::new(None).patron(["explain", "--json"]).stdin(text).run();
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.report()));
    let verdict = &json["verdict"];
    let word = |name: &str| verdict[name].as_str().map(str::to_owned);
    let fix = verdict["fix"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Answer {
        id: word("id").unwrap_or_default(),
        certainty: word("certainty").unwrap_or_default(),
        means: word("means").unwrap_or_default(),
        fix: fix.collect::<Vec<_>>().join("\n"),
        page: word("page"),
    }
}

fn rejected(url: &str) -> String {
    format!("fatal: Authentication failed for '{url}'\n")
}

fn hidden(url: &str) -> String {
    format!("fatal: repository '{url}' not found\n")
}

fn forbidden(words: &str, url: &str) -> String {
    format!("{words}\nfatal: unable to access '{url}': The requested URL returned error: 403\n")
}

/// Each kind of server by a URL of it, and how it is called.
const SERVERS: [(&str, &str); 11] = [
    ("https://gitlab.com/acme/platform/secret.git/", "GitLab"),
    ("https://bitbucket.org/acme/secret.git/", "Bitbucket"),
    ("https://dev.azure.com/acme/project/_git/secret/", "Azure DevOps"),
    ("https://acme.visualstudio.com/project/_git/secret/", "Azure DevOps"),
    ("https://huggingface.co/acme/secret/", "Hugging Face"),
    ("https://huggingface.co/datasets/acme/secret/", "Hugging Face"),
    ("https://codeberg.org/acme/secret.git/", "Codeberg"),
    ("https://gitea.com/acme/secret.git/", "Gitea"),
    ("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/secret/", "CodeCommit"),
    ("https://git.example.com/acme/secret.git/", "the server"),
    ("https://192.0.2.7:3000/acme/secret.git/", "the server"),
];

#[test]
fn a_server_that_is_not_githubs_is_called_by_its_name_and_has_no_page_here() {
    for (url, name) in SERVERS {
        let server_error = forbidden("remote: Internal Server Error", url).replace("403", "502");
        for (text, id) in [
            (rejected(url), "token-rejected"),
            (hidden(url), "repository-not-found"),
            (forbidden("", url), "unknown-refusal"),
            (forbidden("remote: Out of the ordinary.", url), "unknown-refusal"),
            (server_error, "server-error"),
            (forbidden("remote: Your account is suspended.", url), "account-suspended"),
        ] {
            let answer = explain(&text);
            assert_eq!(answer.id, id, "{text}");
            let said = format!("{}\n{}", answer.means, answer.fix).to_lowercase();
            assert!(!said.contains("github"), "{text}{said}");
            assert_eq!(answer.page, None, "{text}");
            if id != "account-suspended" {
                assert!(answer.means.contains(name), "{text}{}", answer.means);
            }
        }
    }
}

#[test]
fn what_another_server_says_in_words_that_nobody_knows_is_repeated_as_its_own() {
    for (url, name, words) in [
        (
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/secret/",
            "CodeCommit",
            "The security token is not for this region.",
        ),
        (
            "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/secret/",
            "CodeCommit",
            "Signature expired.",
        ),
        ("https://codeberg.org/acme/secret.git/", "Codeberg", "Gitea: User permission denied for writing."),
        ("https://gitea.com/acme/secret.git/", "Gitea", "mirror repository is read-only"),
        ("https://gitea.com/acme/secret.git/", "Gitea", "This repository is over its quota."),
        (
            "https://git.example.com/acme/secret.git/",
            "Gitea",
            "token does not have at least one of required scope(s): [write:repository]",
        ),
        ("https://git.example.com/acme/secret.git/", "the server", "mirror repository is read-only"),
    ] {
        let answer = explain(&forbidden(&format!("remote: {words}"), url));
        assert_eq!((answer.id.as_str(), answer.page), ("unknown-refusal", None), "{words}");
        assert_eq!(answer.means, format!("{name} says: {words}"));
    }
    // CodeCommit's 403 has no words.
    let answer = explain(&forbidden("", "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/secret/"));
    assert_eq!(answer.means, "CodeCommit refused with 403 and did not say why");
}

#[test]
fn nobody_has_to_approve_a_token_for_what_is_ones_own() {
    for (owner, login) in [("mona", "mona"), ("Mona", "mona"), ("mona-lisa", "Mona-Lisa")] {
        let words = format!("Permission to {owner}/secret.git denied to {login}.");
        let url = format!("https://github.com/{owner}/secret/");
        for text in [
            forbidden(&format!("remote: {words}"), &url),
            format!("HTTP 403\ncontent-type: text/plain\n\n{words}\n"),
        ] {
            let answer = explain(&text);
            assert_eq!(answer.id, "write-permission-missing", "{text}");
            assert!(!answer.fix.contains("approve"), "{text}{}", answer.fix);
        }
    }
}

#[test]
fn names_that_a_text_tells_are_filled_in_whoever_wrote_it() {
    let diagnose = "git credential-patron diagnose https://github.com/acme/secret";
    for text in [
        "GraphQL: Could not resolve to a Repository with the name 'acme/secret'. (repository)\n",
        "gh: Not Found (HTTP 404)\nGET https://api.github.com/repos/acme/secret/pulls\n",
        "HTTP 404: Not Found (https://api.github.com/repos/acme/secret/releases/latest)\n",
        "go: github.com/acme/secret@v1.2.3: git ls-remote -q origin: exit status 128:\n\tremote: Repository not found.\n\tfatal: repository 'https://github.com/acme/secret/' not found\n",
        "npm error command git --no-replace-objects ls-remote https://github.com/acme/secret.git\nnpm error remote: Repository not found.\nnpm error fatal: repository 'https://github.com/acme/secret.git/' not found\n",
        "The \"https://api.github.com/repos/acme/secret/zipball/0a1b2c3\" file could not be downloaded (HTTP/2 404 )\n",
    ] {
        let answer = explain(text);
        assert_eq!(answer.id, "repository-not-found", "{text}");
        assert!(answer.fix.contains(diagnose), "{text}{}", answer.fix);
        assert!(answer.fix.contains("acme/secret"), "{text}{}", answer.fix);
    }
    for text in [
        "go: github.com/acme/secret@v1.2.3: git ls-remote -q origin: exit status 128:\n\tfatal: could not read Username for 'https://github.com': terminal prompts disabled\n",
        "    Updating git repository `https://github.com/acme/secret`\nerror: failed to fetch https://github.com/acme/secret\n\nCaused by:\n  failed to acquire username/password from local configuration\n",
        "Running command git clone --quiet https://github.com/acme/secret.git /tmp/x\nfatal: could not read Username for 'https://github.com/acme/secret.git': No such device or address\n",
    ] {
        let answer = explain(text);
        assert_eq!(answer.id, "no-account", "{text}");
        assert!(answer.fix.contains("git credential-patron add acme"), "{text}{}", answer.fix);
        assert!(
            !answer.fix.contains("OWNER") && !answer.fix.contains("diagnose URL"),
            "{text}{}",
            answer.fix
        );
    }
}

#[test]
fn a_sentence_that_may_go_on_is_not_named_before_its_end() {
    let start = "The 'acme' organization forbids access via a fine-grained personal access tokens";
    let url = "https://github.com/acme/secret/";
    for said in [
        format!("remote: {start} if the"),
        format!(
            "remote: {} if the token&#39;s lifetime is greater than 90 days.",
            start.replace('\'', "&#39;")
        ),
        format!(
            "remote: {} if the token\\\\u0027s lifetime is greater than 90 days.",
            start.replace('\'', "\\\\u0027")
        ),
        format!("remote: {start}\nremote: if the token's lifetime is greater than 90 days."),
    ] {
        assert_eq!(explain(&forbidden(&said, url)).id, "lifetime-too-long", "{said}");
    }
    for said in [format!("remote: {start}."), format!("remote: {}.", start.replace('\'', "&#39;"))] {
        assert_eq!(explain(&forbidden(&said, url)).id, "fine-grained-forbidden", "{said}");
    }
}

#[test]
fn what_failed_elsewhere_in_a_log_is_not_why_git_was_refused() {
    let refused =
        forbidden("remote: Permission to acme/secret.git denied to mona.", "https://github.com/acme/secret/");
    for before in [
        "pip: curl: (28) Connection timed out after 5000 milliseconds",
        "HTTP 500 from the mirror, retrying (1/3)",
        "E: Failed to fetch http://deb.debian.org/debian/pool/x.deb  Could not resolve host: deb.debian.org",
        "fatal: unable to access 'https://gitlab.com/other/lib/': Could not resolve host: gitlab.com",
    ] {
        let answer = explain(&format!("{before}\n{refused}"));
        assert_eq!(answer.id, "write-permission-missing", "{before}");
        assert!(answer.means.contains("mona"), "{}", answer.means);
    }
}

#[test]
fn who_said_it_and_how_sure_that_is_are_both_true() {
    let sso = "The 'acme' organization has enabled or enforced SAML SSO.";
    let url = "https://github.com/acme/secret/";
    for (text, id, certainty) in [
        (forbidden(&format!("remote: {sso}"), url), "sso-required", "measured"),
        (format!("gh: {sso} (HTTP 403)\n"), "sso-required", "measured"),
        (format!("remote: {sso}\n"), "sso-required", "inferred"),
        (format!("somebody wrote: {sso}\n"), "sso-required", "inferred"),
        (rejected(url), "token-rejected", "inferred"),
        ("gh: Bad credentials (HTTP 401)\n".to_owned(), "token-rejected", "measured"),
    ] {
        let answer = explain(&text);
        assert_eq!((answer.id.as_str(), answer.certainty.as_str()), (id, certainty), "{text}");
    }
    // git's line is not what GitHub says.
    let answer = explain(&forbidden("", url));
    assert_eq!(answer.means, "GitHub refused with 403 and did not say why");
    assert!(!answer.means.contains("unable to access"));
}

#[test]
fn a_workflows_own_token_is_no_persons() {
    let url = "https://github.com/acme/secret/";
    let push = |reason: &str| {
        format!(
            "To {url}\n ! [remote rejected] main -> main ({reason})\nerror: failed to push some refs to '{url}'\n"
        )
    };
    for text in [
        forbidden("remote: Permission to acme/secret.git denied to github-actions[bot].", url),
        push(
            "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
        ),
        format!(
            "::error::{}",
            forbidden("remote: Permission to acme/secret.git denied to github-actions[bot].", url)
        ),
    ] {
        let answer = explain(&text);
        assert_eq!(answer.id, "actions-token", "{text}");
        assert_eq!(answer.page.as_deref(), Some("https://github.com/acme/secret/settings/actions"));
        assert!(
            answer.fix.contains("contents: write") && !answer.fix.contains("write role"),
            "{}",
            answer.fix
        );
    }
}
