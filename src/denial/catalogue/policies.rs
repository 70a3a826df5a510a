//! Refusals by a rule that an organisation or enterprise has made.

use super::Certainty::Measured;
use super::{Denial, Source, VerdictId};

/// The rows, sorted by id.
pub(super) const ROWS: &[Denial] = &[
    Denial {
        id: VerdictId::ApprovalRequired,
        known_by: "the server speaks of required approval",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &["requires approval for access using personal access tokens"],
        hints: &[],
        also: &[
            "Permission to {owner}/{repo}.git denied to {login}",
            "https://{at}/settings/tokens/{request#}/request-org-access",
            "https://{at}/settings/personal-access-tokens/{fg#}",
        ],
        means: "{owner} must approve the token before it works there",
        fix: &[
            "request access on the page, or ask an owner of {owner} to approve the token: @org-requests({owner})",
            "then try again; nothing has to change on your side",
        ],
        pages: &["request/{request}", "fg/{fg}", "fg"],
        sources: &[
            Source::Inferred(
                "one machine-written article; recognised should a server ever say it, never relied on",
            ),
            Source::Documented(
                "https://docs.github.com/organizations/managing-programmatic-access-to-your-organization/managing-requests-for-personal-access-tokens-in-your-organization",
            ),
        ],
        samples: &[
            "remote: ERROR: Permission to acme/secret.git denied to mona. Organization requires approval for access using personal access tokens.\n\
             remote: https://github.com/settings/tokens/4242/request-org-access\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\n\
             ERROR: Permission to acme/secret.git denied to mona. Organization requires approval for access using personal access tokens.",
        ],
        paraphrases: [
            "organisation requires approval for access using personal access tokens",
            "remote: The enterprise REQUIRES approval\nremote: for access using personal access tokens",
        ],
        near_miss: "remote: Permission to acme/secret.git denied to mona.",
    },
    Denial {
        id: VerdictId::ClassicForbidden,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &[
            "Personal access tokens (classic) are forbidden from accessing this repository",
            "`{owner}` forbids access via a personal access token (classic)",
            "forbids access via a personal access token (classic)",
            "forbids access via a personal access tokens (classic).",
        ],
        hints: &[],
        also: &[],
        means: "{owner} does not allow classic tokens",
        fix: &[
            "make a fine-grained token whose resource owner is {owner}: git credential-patron add {scope}",
            "only an owner of {owner} can change the rule: @org-policy({owner})",
        ],
        pages: &["new({owner})"],
        sources: &[
            Source::Reported("os-climate/os_c_data_commons#366 (git, 2023-12)"),
            Source::Reported("fullsend-ai/fullsend#3368 (REST, 2026-07)"),
            Source::Documented(
                "https://docs.github.com/organizations/managing-programmatic-access-to-your-organization/setting-a-personal-access-token-policy-for-your-organization",
            ),
        ],
        samples: &[
            "remote: Personal access tokens (classic) are forbidden from accessing this repository.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\n\
             Personal access tokens (classic) are forbidden from accessing this repository.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.\",\"documentation_url\":\"https://docs.github.com/rest/repos/repos#get-a-repository\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "403 {\"message\": \"'acme' forbids access via a Personal Access Token (classic). Please use a GitHub App\"",
            "error: personal access tokens (classic) are\nforbidden from accessing this repository",
        ],
        near_miss: "The 'acme' organization forbids access via a personal access tokens (classic) if the token's lifetime is greater than 7 days.",
    },
    Denial {
        id: VerdictId::EnterpriseManagedUser,
        known_by: "GitHub's words, hints in its challenge",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "As an Enterprise Managed User, you cannot access this content",
            "head: HTTP 401 && head: www-authenticate: Basic realm=\"GitHub\" enterprise_hint=\"{enterprise}\"",
        ],
        hints: &[],
        also: &[],
        means: "accounts managed by an enterprise can access only that enterprise",
        fix: &[
            "use an account that {owner} accepts: git credential-patron add {scope}",
            "inside the enterprise use the managed account, outside of it a personal one",
        ],
        pages: &[],
        sources: &[
            Source::Reported("git-ecosystem/git-credential-manager#2194 (challenge)"),
            Source::Documented(
                "https://docs.github.com/enterprise-cloud@latest/admin/managing-iam/understanding-iam-for-enterprises/abilities-and-restrictions-of-managed-user-accounts",
            ),
        ],
        samples: &[
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"As an Enterprise Managed User, you cannot access this content\",\"status\":\"403\"}",
            "HTTP 200\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"data\":null,\"errors\":[{\"type\":\"FORBIDDEN\",\"message\":\"Unauthorized: As an Enterprise Managed User, you cannot access this content\"}]}",
            "HTTP 401\nwww-authenticate: Basic realm=\"GitHub\" enterprise_hint=\"acme-corp\" domain_hint=\"acme\"\n\n",
        ],
        paraphrases: [
            "GraphQL: Unauthorized: As an enterprise managed user, you cannot access this content (createPullRequest)",
            "as an Enterprise  Managed User you must know... As an 'Enterprise Managed User', you cannot access this content!",
        ],
        near_miss: "HTTP 401\nwww-authenticate: Basic realm=\"GitHub\"\n\n",
    },
    Denial {
        id: VerdictId::FineGrainedForbidden,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            // The full stop: the sentence on lifetimes begins in the same words, and may be cut.
            "The '{owner..}' organization forbids access via a fine-grained personal access tokens.",
            "forbids access via a fine-grained personal access tokens.",
            "forbids access via a fine-grained personal access token.",
            "fine-grained personal access tokens are forbidden from accessing this repository",
            "personal access tokens (fine-grained) are forbidden from accessing this repository",
        ],
        hints: &[],
        also: &[],
        means: "{owner} does not allow fine-grained tokens",
        fix: &[
            "create a classic token with the scope repo, for {owner} only: git credential-patron add {scope} --no-browser",
            "only an owner of {owner} can change the rule: @org-policy({owner})",
        ],
        pages: &["classic-new"],
        sources: &[
            Source::Documented(
                "https://docs.github.com/organizations/managing-programmatic-access-to-your-organization/setting-a-personal-access-token-policy-for-your-organization",
            ),
            Source::Inferred(
                "the plain ban's own words were never seen: taken from the start of the lifetime message and from the classic sentence",
            ),
        ],
        samples: &[
            "remote: Fine-grained personal access tokens are forbidden from accessing this repository.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\n\
             Fine-grained personal access tokens are forbidden from accessing this repository.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"The 'acme' organization forbids access via a fine-grained personal access tokens.\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "remote: Personal access tokens (fine-grained) are forbidden from accessing this repository.",
            "acme forbids access via a `fine-grained personal access token`.",
        ],
        near_miss: "remote: Personal access tokens (classic) are forbidden from accessing this repository.",
    },
    Denial {
        id: VerdictId::IpNotAllowed,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "The repository owner has an IP allow list enabled",
            "the '{owner..}' organization has an IP allow list enabled",
            "has an IP allow list enabled, and your IP address is not permitted to access this resource",
        ],
        hints: &[],
        also: &["IP allow list enabled, and {ip} is not permitted"],
        means: "{owner} allows only certain networks, and this is not one of them",
        fix: &[
            "use a network or VPN that {owner} allows, or ask its owners to allow this one",
            "public repositories can still be fetched without a token",
        ],
        pages: &[],
        sources: &[
            Source::Reported(
                "aquasecurity/trivy#10567, microsoft/vscode-remote-repositories-github#491 (REST)",
            ),
            Source::Reported("a company's build notes, 2025-06 (git)"),
            Source::Documented(
                "https://docs.github.com/enterprise-cloud@latest/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/managing-allowed-ip-addresses-for-your-organization",
            ),
        ],
        samples: &[
            "remote: The repository owner has an IP allow list enabled, and 192.0.2.45 is not permitted to access this repository.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "ERROR: The repository owner has an IP allow list enabled, and 2001:db8::1 is not permitted to access this repository.\n\
             fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
            "HTTP 403\ncontent-type: text/plain\n\n\
             The repository owner has an IP allow list enabled, and 192.0.2.45 is not permitted to access this repository.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "remote: the repository owner has an ip allow list enabled and you are out",
            "the 'Acme Corp' enterprise has an IP allow list enabled, and 192.0.2.1 is not permitted to access this resource",
        ],
        near_miss: "remote: acme has enabled an allow list of IP ranges for its runners",
    },
    Denial {
        id: VerdictId::LifetimeTooLong,
        known_by: "GitHub's words, which name the token's page",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &[
            "The '{owner..}' organization forbids access via a {kind..} if the token's lifetime is greater than {days#} days",
            "forbids access via a {kind..} if the token's lifetime is greater than",
        ],
        hints: &[
            "forbids access via a fine-grained personal access tokens if",
            "forbids access via a personal access tokens (classic) if",
        ],
        also: &[
            "https://{at}/settings/personal-access-tokens/{fg#}",
            "https://{at}/settings/tokens/{classic#}",
        ],
        means: "{owner} does not accept tokens that last longer than {days} days",
        fix: &[
            "on the token's page choose an expiration of {days} days or less",
            "regenerating gives a new token; then run: git credential-patron add {scope}",
        ],
        pages: &["fg/{fg}", "classic/{classic}", "fg"],
        sources: &[
            Source::Reported("NixOS/org#247 (REST, 2026-05), GladysAssistant/v4-website#408"),
            Source::Reported("HHS/simpler-grants-gov#2547 (an enterprise, GraphQL, 2024-10)"),
            Source::Reported("flcdrg/au-packages#197 (classic), one project's server notes (git, 2026-07)"),
        ],
        samples: &[
            "remote: The 'acme' organization forbids access via a personal access tokens (classic) if the token's lifetime is greater than 90 days.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\n\
             The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/12885303",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 90 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/12885303\",\"documentation_url\":\"https://docs.github.com/rest/repos/repos#get-a-repository\",\"status\":\"403\"}",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"The 'acme' organization forbids access via a personal access tokens (classic) if the token's lifetime is greater than 7 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/tokens/4801076191\",\"status\":\"403\"}",
            "HTTP 200\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"data\":{\"repository\":null},\"errors\":[{\"type\":\"FORBIDDEN\",\"path\":[\"repository\"],\"message\":\"The 'Acme Open Source' enterprise forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/4277325\"}]}",
        ],
        paraphrases: [
            "gh: The 'Acme Open Source' enterprise forbids access via a personal access tokens (classic) if the token's lifetime is greater than 8 days. (HTTP 403)",
            "the `acme` organisation forbids access via a fine-grained\npersonal access tokens if the tokens lifetime\nis greater than 30 days",
        ],
        near_miss: "The 'acme' organization forbids access via a fine-grained personal access tokens.",
    },
    Denial {
        id: VerdictId::OauthAppRestricted,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "the `{owner..}` organization has enabled OAuth App access restrictions",
            "has enabled OAuth App access restrictions",
        ],
        hints: &[],
        also: &[],
        means: "{owner} has not approved the app this token belongs to",
        fix: &[
            "use a personal access token instead: git credential-patron add {scope}",
            "or request approval for the app on the page; an owner of {owner} grants it: @org-apps({owner})",
        ],
        pages: &["applications"],
        sources: &[
            Source::Reported("shiftkey/desktop#574 (git then says only: Repository not found)"),
            Source::Documented(
                "https://docs.github.com/organizations/managing-oauth-access-to-your-organizations-data/about-oauth-app-access-restrictions",
            ),
        ],
        samples: &[
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions, meaning that data access to third-parties is limited. For more information on these restrictions, including how to enable this app, visit https://docs.github.com/articles/restricting-access-to-your-organization-s-data/\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "GraphQL: Although you appear to have the correct authorization credentials, the \"acme\" organization has enabled OAuth App access restrictions",
            "acme has enabled oauth app access restrictions, it says",
        ],
        near_miss: "the `acme` organization has an IP allow list enabled",
    },
    Denial {
        id: VerdictId::SsoRequired,
        known_by: "GitHub's words, X-GitHub-SSO",
        certainty: Measured,
        opens: true,
        exit: 1,
        says: &[
            "The '{owner..}' organization has enabled or enforced SAML SSO",
            "Resource protected by organization SAML enforcement",
            "head: x-github-sso: required",
        ],
        hints: &["enabled or enforced SAML SSO"],
        also: &[
            "https://{at}/orgs/{sso_owner}/sso?authorization_request={authorization_request}",
            "https://{at}/enterprises/{enterprise}/sso?authorization_request={authorization_request}",
            "https://{at}/enterprises/{enterprise}/sso",
            "head: url=https://{at}/orgs/{sso_owner}/sso?authorization_request={authorization_request}",
            "head: url=https://{at}/enterprises/{enterprise}/sso?authorization_request={authorization_request}",
        ],
        means: "the token is valid, but {owner} requires single sign-on for it",
        fix: &[
            "sign in on the page; then, in the list of tokens, choose \"Configure SSO\" and authorise {owner}",
            "for an app's token (gh, GitHub Desktop): log in with that app again",
            "for an SSH key: do the same in the list of keys",
        ],
        pages: &[
            "enterprise-sso({enterprise}, {authorization_request})",
            "sso({owner}, {authorization_request})",
            "enterprise-sso({enterprise})",
            "sso({owner})",
        ],
        sources: &[
            Source::Reported(
                "desktop/desktop#9055, #11805; ministryofjustice/operations-engineering#4904 (git)",
            ),
            Source::Documented(
                "https://docs.github.com/enterprise-cloud@latest/authentication/authenticating-with-single-sign-on/authorizing-a-personal-access-token-for-use-with-single-sign-on",
            ),
            Source::Documented(
                "https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#authorizing-for-saml-sso",
            ),
        ],
        samples: &[
            "remote: The 'acme' organization has enabled or enforced SAML SSO.\n\
             remote: To access this repository, visit https://github.com/orgs/acme/sso?authorization_request=AbC-12_x and try your request again.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "remote: The `acme' organization has enabled or enforced SAML SSO. To access\n\
             remote: this repository, you must re-authorize the OAuth Application `GitHub CLI`.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "ERROR: The 'acme' organization has enabled or enforced SAML SSO.  \nTo access this repository, you must use the HTTPS remote with a \n\
             personal access token or SSH with an SSH key and passphrase that \nhas been authorized for this organization.\n\n\
             fatal: Could not read from remote repository.",
            "HTTP 403\ncontent-type: text/plain\n\n\
             The 'acme' organization has enabled or enforced SAML SSO.\nTo access this repository, visit https://github.com/orgs/acme/sso?authorization_request=AbC-12_x and try your request again.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\nx-github-sso: required; url=https://github.com/orgs/acme/sso?authorization_request=AbC-12_x\n\n\
             {\"message\":\"Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.\",\"documentation_url\":\"https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "ERROR: The 'acme' org has enabled or enforced SAML SSO.",
            "gh: Resource protected by `organisation` SAML enforcement (HTTP 403)",
        ],
        near_miss: "HTTP 200\nx-github-sso: partial-results; organizations=21955855,20582480\n\n[]",
    },
];
