//! Refusals of what acts for an App or a workflow, not for a person.

use super::Certainty::Measured;
use super::{Denial, Source, VerdictId};

/// The rows, sorted by id.
pub(super) const ROWS: &[Denial] = &[
    Denial {
        id: VerdictId::ActionsToken,
        known_by: "the refused login is github-actions[bot], or an App is refused a workflow file",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Permission to {owner}/{repo}.git denied to github-actions[bot]",
            "refusing to allow a GitHub App to create or update workflow {file} without workflows permission",
        ],
        hints: &[],
        also: &[],
        means: "this is a workflow's own token, and the workflow may not do this",
        fix: &[
            "in the workflow file, give the job the permission contents: write",
            "or for all workflows of {full}, Read and write permissions: @actions({owner}, {repo})",
            "workflow files and other repositories need another token: store one as a repository secret",
        ],
        pages: &["actions({owner}, {repo})"],
        sources: &[
            Source::Reported("the most frequent refusal in public build logs"),
            Source::Documented(
                "https://docs.github.com/actions/security-for-github-actions/security-guides/automatic-token-authentication",
            ),
        ],
        samples: &[
            "remote: Permission to acme/secret.git denied to github-actions[bot].\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\nPermission to acme/secret.git denied to github-actions[bot].",
            "To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (refusing to allow a GitHub App to create or update workflow `.github/workflows/x.yml` without `workflows` permission)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
        ],
        paraphrases: [
            "remote: permission to 'acme/secret.git' denied to github-actions[bot].",
            "refusing to allow a GitHub app to create or update workflow .github/workflows/x.yml without workflows permission",
        ],
        near_miss: "remote: Permission to acme/secret.git denied to dependabot[bot].",
    },
    Denial {
        id: VerdictId::AppNotInstalled,
        known_by: "the App's own calls, GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "There is at least one repository that does not exist or is not accessible to the parent installation",
        ],
        hints: &[],
        also: &[],
        means: "the App is not installed for {full}; being authorised is not enough",
        fix: &[
            "install it for {owner}, on the App's page, and select {repo}",
            "if it is installed: an owner of {owner} may have to accept it again",
        ],
        pages: &[],
        sources: &[
            Source::Reported("actions/create-github-app-token#76, tibdex/github-app-token#74"),
            Source::Documented(
                "https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app",
            ),
        ],
        samples: &[
            "HTTP 422\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"There is at least one repository that does not exist or is not accessible to the parent installation.\",\"documentation_url\":\"https://docs.github.com/rest/reference/apps#create-an-installation-access-token-for-an-app\",\"status\":\"422\"}",
        ],
        paraphrases: [
            "There is at least one repository that does not exist or is not accessible to the parent installation. (HTTP 422)",
            "RequestError [HttpError]: there is at least one repository that does not exist or is not accessible to the parent installation",
        ],
        near_miss: "There is at least one repository that does not exist",
    },
    Denial {
        id: VerdictId::AppPermissionMissing,
        known_by: "the App's own calls, GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &["The permissions requested are not granted to this installation"],
        hints: &[],
        also: &[],
        means: "the App lacks the permission it needs, or {owner} has not accepted it yet",
        fix: &[
            "give it Contents: Read and write in the App's own settings",
            "an owner of {owner} must then accept the change, on the installation's page",
        ],
        pages: &[],
        sources: &[
            Source::Reported("users of actions/create-github-app-token, many"),
            Source::Documented(
                "https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app",
            ),
        ],
        samples: &[
            "HTTP 422\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"The permissions requested are not granted to this installation.\",\"documentation_url\":\"https://docs.github.com/rest/reference/apps#create-an-installation-access-token-for-an-app\",\"status\":\"422\"}",
        ],
        paraphrases: [
            "the permissions requested are not granted to this installation (HTTP 422)",
            "Error: The permissions requested are\nnot granted to this installation.",
        ],
        near_miss: "The permissions requested are unknown",
    },
    Denial {
        id: VerdictId::AppSuspended,
        known_by: "the App's own calls, GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &["This installation has been suspended"],
        hints: &[],
        also: &[],
        means: "the App's installation is suspended: its tokens do not work",
        fix: &["an owner of {owner}, or the App's owner, can unsuspend it on the installation's page"],
        pages: &[],
        sources: &[
            Source::Reported("google-gemini/gemini-cli#12033"),
            Source::Documented(
                "https://docs.github.com/apps/maintaining-github-apps/suspending-a-github-app-installation",
            ),
        ],
        samples: &[
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"This installation has been suspended\",\"documentation_url\":\"https://docs.github.com/rest/apps/apps\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "gh: This installation has been suspended (HTTP 403)",
            "remote: this installation has been suspended",
        ],
        near_miss: "This installation has been updated",
    },
    Denial {
        id: VerdictId::ClockWrong,
        known_by: "the App's own calls, GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Expiration time claim (exp) is too far in the future",
            "Expiration time claim (exp) must be a numeric value",
            "Issued at claim (iat) must be an Integer representing the time that the assertion was issued",
            "Issued at claim (iat) is in the future",
        ],
        hints: &[],
        also: &[],
        means: "this machine's clock is wrong, so what the App signs is not valid",
        fix: &[
            "set the clock: timedatectl set-ntp true, or what this system has for it",
            "a container or virtual machine takes its host's clock, also after sleep",
        ],
        pages: &[],
        sources: &[Source::Documented(
            "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app",
        )],
        samples: &[
            "HTTP 401\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"'Expiration time' claim ('exp') is too far in the future\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"401\"}",
            "HTTP 401\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"401\"}",
        ],
        paraphrases: [
            "HttpError: 'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            "`Issued at` claim (`iat`) is in the future",
        ],
        near_miss: "HTTP 401\n\n{\"message\":\"A JSON web token could not be decoded\"}",
    },
];
