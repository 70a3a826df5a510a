//! Refusals of a token, or of the account behind it.

use super::Certainty::Measured;
use super::{Denial, Source, VerdictId};

/// The rows, sorted by id.
pub(super) const ROWS: &[Denial] = &[
    Denial {
        id: VerdictId::AccountSuspended,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Your account is suspended",
            "Your account was suspended",
            "Your account is disabled. Please see",
        ],
        hints: &[],
        also: &[],
        means: "GitHub, or the host's administrator, has suspended the account",
        fix: &[
            "a new token does not help; ask the server's administrator, or GitHub: https://support.github.com",
        ],
        pages: &[],
        sources: &[
            Source::Reported("github/site-policy#1258 (git and REST, 2026-09)"),
            Source::Reported("gitextensions/gitextensions#3339 (Enterprise Server, SSH, 2016)"),
        ],
        samples: &[
            "remote: Your account is suspended. Please visit https://support.github.com for more information.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "ERROR: Your account is suspended. Please check with your installation administrator.\nfatal: Could not read from remote repository.",
            "remote: Your account is disabled. Please see https://github.com/account/billing\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\nYour account is suspended. Please visit https://support.github.com for more information.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Sorry. Your account was suspended.\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"403\"}",
        ],
        paraphrases: ["gh: Sorry. Your account was suspended (HTTP 403)", "your `account` is suspended"],
        near_miss: "remote: Your account is good",
    },
    Denial {
        id: VerdictId::LockedOut,
        known_by: "too many login attempts",
        certainty: Measured,
        opens: false,
        exit: 3,
        says: &["Maximum number of login attempts exceeded"],
        hints: &[],
        also: &[],
        means: "too many failed logins: GitHub refuses valid ones too for a while",
        fix: &[
            "wait ten minutes or more, then run once: git credential-patron diagnose {url}",
            "find what keeps sending the bad token: a build job, an editor, another machine",
        ],
        pages: &[],
        sources: &[
            Source::Reported("PyGithub/PyGithub#1248, semantic-release/cli#124 (REST)"),
            Source::Documented(
                "https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#failed-login-limit",
            ),
        ],
        samples: &[
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Maximum number of login attempts exceeded. Please try again later.\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"403\"}",
            "HTTP 403\ncontent-type: text/plain\n\nMaximum number of login attempts exceeded. Please try again later.",
        ],
        paraphrases: [
            "remote: maximum number of login attempts exceeded",
            "403 {'message': 'Maximum number of login attempts exceeded. Please try again later.'",
        ],
        near_miss: "remote: login attempt failed",
    },
    Denial {
        id: VerdictId::NoAccount,
        known_by: "no account and no fallback answers for the owner",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[],
        hints: &[
            "git: could not read Username for '{where}'",
            "git: could not read Password for '{where}'",
            "head: HTTP 401 && Requires authentication",
            "head: HTTP 401 && server: This endpoint requires you to be authenticated",
            "This endpoint requires you to be authenticated. (HTTP",
            "server: failed to acquire username/password from local configuration",
            "failed to acquire username/password from local configuration",
            "Authentication is required but no CredentialsProvider has been registered",
            "client: remote authentication required but no callback set",
            "way: authentication required",
            "client: try authenticating with: gh auth login",
            "To get started with GitHub CLI, please run: gh auth login",
        ],
        also: &[],
        means: "no helper gave git a token for this URL",
        fix: &[
            "add one: git credential-patron add {scope}",
            "or git does not ask patron here: git credential-patron setup --host {host}",
            "see which helpers are asked: git credential-patron diagnose {url}",
        ],
        pages: &["new({owner})"],
        sources: &[
            Source::Measured("git 2.47.3"),
            Source::Documented("https://git-scm.com/docs/gitcredentials"),
        ],
        samples: &[
            "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
            "fatal: could not read Username for 'https://github.com/acme/secret': No such device or address",
            "fatal: could not read Password for 'https://mona@github.com': terminal prompts disabled",
            "HTTP 401\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Requires authentication\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"401\"}",
        ],
        paraphrases: [
            "[err] fatal: could not read Username for \"https://github.com\": Device not configured",
            "schwerwiegend: could not read password for 'https://mona@github.com': No such device or address",
        ],
        near_miss: "fatal: Could not read from remote repository.",
    },
    Denial {
        id: VerdictId::OtherCredentialFirst,
        known_by: "git itself sends another credential: .netrc, http.extraHeader, the URL, insteadOf; words of a server",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &["Duplicate header: Authorization"],
        hints: &[],
        also: &[],
        means: "git sends another credential before patron's, and GitHub uses that one",
        fix: &[
            "see where it is set: git config --show-origin --get-regexp extraheader",
            "or it is in the remote's URL (git remote -v) or in ~/.netrc, which git uses before any helper",
        ],
        pages: &[],
        sources: &[
            Source::Reported("actions/checkout#162 and many more (two headers)"),
            Source::Measured("git 2.47.3 with libcurl 7.88.1 (.netrc)"),
        ],
        samples: &[
            "remote: Duplicate header: \"Authorization\"\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 400",
            "HTTP 400\ncontent-type: text/plain\n\nDuplicate header: \"Authorization\"",
        ],
        paraphrases: [
            "error: duplicate header: 'authorization'",
            "Duplicate header: \"Authorization\" (HTTP 400)",
        ],
        near_miss: "remote: Duplicate header: \"Accept\"",
    },
    Denial {
        id: VerdictId::PasswordNotAccepted,
        known_by: "GitHub's words; a secret that is no token",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Support for password authentication was removed",
            "Password authentication is not available for Git operations",
            "Bitbucket Cloud recently stopped supporting account passwords",
            "Password authentication in git is no longer supported",
            "Users with two-factor authentication enabled cannot perform",
        ],
        hints: &[],
        also: &[],
        means: "GitHub accepts tokens only; git sent a password, or a token that GitHub does not recognise",
        fix: &[
            "create a token and add it: git credential-patron add {scope}",
            "if a token was sent, it is mistyped, expired or revoked: GitHub's message is the same",
        ],
        pages: &["fg"],
        sources: &[
            Source::Reported("theshteves/commit-bot#16 (2024-01), CS5704-VT/Workshops#14"),
            Source::Reported("githubschool/on-demand-github-pages#3323 (Enterprise Server, 403)"),
        ],
        samples: &[
            "remote: Support for password authentication was removed on August 13, 2021.\n\
             remote: Please see https://docs.github.com/get-started/getting-started-with-git/about-remote-repositories#cloning-with-https-urls for information on currently recommended modes of authentication.\n\
             fatal: Authentication failed for 'https://github.com/acme/secret/'",
            "remote: Password authentication is not available for Git operations.\n\
             remote: You must use a personal access token or SSH key.\n\
             remote: See https://ghe.example.com/settings/tokens or https://ghe.example.com/settings/ssh\n\
             fatal: unable to access 'https://ghe.example.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 401\ncontent-type: text/plain\nwww-authenticate: Basic realm=\"GitHub\"\n\n\
             Support for password authentication was removed on August 13, 2021.",
            "HTTP 403\ncontent-type: text/plain\n\n\
             Password authentication is not available for Git operations.\nYou must use a personal access token or SSH key.\nSee https://ghe.example.com/settings/tokens or https://ghe.example.com/settings/ssh",
        ],
        paraphrases: [
            "support for password authentication was removed. Please use a personal access token instead.",
            "remote: Password authentication is not\nremote: available for git operations",
        ],
        near_miss: "remote: Invalid username or token. Password authentication is not supported for Git operations.",
    },
    Denial {
        id: VerdictId::ScopeMissing,
        known_by: "a classic or OAuth token's scopes, or GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "server: Your token has not been granted the required scopes",
            "your authentication token is missing required scopes",
        ],
        hints: &[],
        also: &[],
        means: "the token lacks a scope that is needed",
        fix: &[
            "a classic token: choose the scope on its page; the secret stays the same",
            "a tool's token: log in again with that tool and allow the scope (gh: gh auth refresh -s SCOPE)",
        ],
        pages: &["classic"],
        sources: &[
            Source::Reported("cli/cli#8869 (GraphQL, as gh shows it)"),
            Source::Documented(
                "https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps",
            ),
        ],
        samples: &[
            "gh: Your token has not been granted the required scopes to execute this query. The 'login' field requires one of the following scopes: ['read:org'], but your token has only been granted the: ['repo'] scopes. Please modify your token's scopes at: https://github.com/settings/tokens.",
            "error: your authentication token is missing required scopes [read:project]\nTo request it, run:  gh auth refresh -s read:project",
        ],
        paraphrases: [
            "GraphQL: Your token has not been granted the required scopes to execute this query.",
            "your authentication token is missing required scopes [project]",
        ],
        near_miss: "error: your configuration is missing required fields [scope]",
    },
    Denial {
        id: VerdictId::TokenRejected,
        known_by: "401 otherwise",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &[
            "server: Bad credentials",
            "server: Invalid username or token",
            "server: Invalid username or password",
            "server: invalid credentials",
            "HTTP Basic: Access denied",
            "TF400813: {_..}is not authorized to access this resource",
            "TF401444: Please sign-in at least once as",
        ],
        hints: &[
            "git: fatal: Authentication failed for '{where}'",
            "server: too many redirects or authentication replays",
            "client: Authentication required: Authorization error: https://{where}",
        ],
        also: &[],
        means: "GitHub does not recognise {token}: it is expired, revoked or mistyped",
        fix: &[
            "check whether it is still listed there; regenerate it, then run: git credential-patron add {scope}",
            "if it is fine there, something else sends an old one: git credential-patron diagnose {url}",
        ],
        pages: &["fg"],
        sources: &[
            Source::Reported(
                "EuniAI/Prometheus#103, gitextensions/gitextensions#12876 (git, 2025-08 to 2026)",
            ),
            Source::Reported("korthout/backport-action#711 (REST, 2026-09)"),
            Source::Documented(
                "https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation",
            ),
        ],
        samples: &[
            "remote: Invalid username or token. Password authentication is not supported for Git operations.\n\
             fatal: Authentication failed for 'https://github.com/acme/secret/'",
            "remote: Invalid username or password.\nfatal: Authentication failed for 'https://github.com/acme/secret/'",
            "fatal: Authentication failed for 'https://github.com/acme/secret/'",
            "HTTP 401\ncontent-type: text/plain\nwww-authenticate: Basic realm=\"GitHub\"\n\n\
             Invalid username or token. Password authentication is not supported for Git operations.",
            "HTTP 401\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Bad credentials\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"401\"}",
        ],
        paraphrases: ["gh: Bad credentials (HTTP 401)", "remote: 'invalid username or token.' Please log in"],
        near_miss: "remote: Support for password authentication was removed on August 13, 2021.",
    },
    Denial {
        id: VerdictId::WorkflowScopeMissing,
        known_by: "the report of the push",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "git: ! [remote rejected] {refs..} (refusing to allow {app..} to create or update workflow {file} without workflow scope)",
        ],
        hints: &["refusing to allow {app..} to create or update workflow"],
        also: &[],
        means: "the token may push, but not change files under .github/workflows",
        fix: &[
            "for a classic token: add the scope workflow",
            "for a fine-grained token: set Workflows to Read and write on its page: @fg",
            "for an app's token: log in again and allow workflow, or use a personal access token",
        ],
        pages: &["classic-workflow"],
        sources: &[Source::Reported("peter-evans/create-pull-request#2443; many more")],
        samples: &[
            "To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/x.yml` without `workflow` scope)\n\
             error: failed to push some refs to 'https://github.com/acme/secret.git'",
            "To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (refusing to allow an OAuth App to create or update workflow `.github/workflows/x.yml` without `workflow` scope)\n\
             error: failed to push some refs to 'https://github.com/acme/secret.git'",
        ],
        paraphrases: [
            "! [remote rejected] (refusing to allow a Personal Access Token to create or update\n  workflow `.github/workflows/x.yml` without `workflow` scope)",
            "refusing to allow an OAuth app to create or update workflow .github/workflows/x.yml",
        ],
        near_miss: " ! [remote rejected] main -> main (pre-receive hook declined)",
    },
];
