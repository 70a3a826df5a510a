//! Refusals that have to do with one repository: whether it is there, and what may be done with it.

use super::Certainty::{Inferred, Measured};
use super::{Denial, Source, VerdictId};

/// The last word of every row whose text alone does not decide.
const ASK: &str =
    "ask again with the token, which can tell these apart: git credential-patron diagnose {url}";

/// The rows, sorted by id.
pub(super) const ROWS: &[Denial] = &[
    Denial {
        id: VerdictId::Archived,
        known_by: "GitHub's words, or archived: true and a push",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "This repository was archived so it is read-only",
            "Repository was archived so is read-only",
            "This repo is archived",
        ],
        hints: &[],
        also: &[],
        means: "the repository is archived: it can be fetched, but not pushed to",
        fix: &["ask {owner} to unarchive it, or push to a fork"],
        pages: &[],
        sources: &[Source::Documented(
            "https://docs.github.com/repositories/archiving-a-github-repository/archiving-repositories",
        )],
        samples: &[
            "remote: This repository was archived so it is read-only.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "ERROR: This repository was archived so it is read-only.\nfatal: Could not read from remote repository.",
            "HTTP 403\ncontent-type: text/plain\n\nThis repository was archived so it is read-only.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Repository was archived so is read-only.\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "this repository was archived, so... no: \"This repository was archived so it is read-only\"",
            "gh: Repository was archived so is read-only. (HTTP 403)",
        ],
        near_miss: "remote: This file was archived so it is read-only.",
    },
    Denial {
        id: VerdictId::DmcaBlocked,
        known_by: "451, GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Repository unavailable due to DMCA takedown",
            "Repository access blocked && block reason: dmca",
            "Repository access blocked && github.com/github/dmca",
            "HTTP 451",
            "git: The requested URL returned error: 451",
            "head: HTTP 451",
        ],
        hints: &[],
        also: &[],
        means: "the repository is blocked for legal reasons; no token opens it",
        fix: &["ask the repository's owner, or look for the notice: https://github.com/github/dmca"],
        pages: &[],
        sources: &[
            Source::Reported("desktop/desktop#10475"),
            Source::Documented(
                "https://docs.github.com/site-policy/content-removal-policies/dmca-takedown-policy",
            ),
        ],
        samples: &[
            "remote: Repository unavailable due to DMCA takedown.\n\
             remote: See the takedown notice for more details.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 451",
            "HTTP 451\ncontent-type: text/plain\n\nRepository unavailable due to DMCA takedown.",
            "HTTP 451\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"dmca\",\"created_at\":\"2026-01-01T00:00:00Z\",\"html_url\":\"https://github.com/github/dmca\"}}",
        ],
        paraphrases: [
            "repository unavailable due to dmca takedown",
            "HTTP/2 403\n\n{\"message\": \"Repository access blocked\", \"block\": {\"reason\": \"dmca\"}}",
        ],
        near_miss: "HTTP 403\n\n{\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"tos\"}}",
    },
    Denial {
        id: VerdictId::LfsBudget,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &["This repository exceeded its LFS budget", "This repository is over its data quota"],
        hints: &[],
        also: &[],
        means: "the owner's budget for Git LFS is used up; the token is fine",
        fix: &[
            "whoever pays for {owner} must raise the budget, or wait for the next month",
            "without large files: GIT_LFS_SKIP_SMUDGE=1 git clone {url}",
        ],
        pages: &[],
        sources: &[
            Source::Reported("very common since 2025"),
            Source::Documented("https://docs.github.com/billing/concepts/product-billing/git-lfs"),
        ],
        samples: &[
            "Downloading big.bin (12 MB)\nError downloading object: big.bin (0a1b2c3): Smudge error: Error downloading big.bin: batch response: This repository exceeded its LFS budget. The account responsible for the budget should increase it to restore access.\n\nerror: external filter 'git-lfs filter-process' failed\nfatal: big.bin: smudge filter lfs failed",
            "batch response: This repository is over its data quota. Account responsible for LFS bandwidth should purchase more data packs to restore access.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n{\"message\":\"This repository exceeded its LFS budget. The account responsible for the budget should increase it to restore access.\"}",
        ],
        paraphrases: [
            "this repository exceeded its lfs budget",
            "LFS: This repository is over its data quota.",
        ],
        near_miss: "batch response: Rate limit exceeded",
    },
    Denial {
        id: VerdictId::Moved,
        known_by: "a redirect, or \"This repository moved\"",
        certainty: Measured,
        opens: false,
        exit: 0,
        says: &[
            "This repository moved. Please use the new location",
            "git: warning: redirecting to {new}",
            "head: HTTP 301",
            "head: HTTP 308",
        ],
        hints: &[],
        also: &[],
        means: "the repository has moved, and GitHub redirects to its new address",
        fix: &[
            "update the remote: git remote set-url REMOTE NEW-URL",
            "if the owner is another one now, add an account for it",
        ],
        pages: &[],
        sources: &[
            Source::Documented(
                "https://docs.github.com/repositories/creating-and-managing-repositories/renaming-a-repository",
            ),
            Source::Measured("git 2.47.3"),
        ],
        samples: &[
            "warning: redirecting to https://github.com/acme/new-name/\nFrom https://github.com/acme/secret\n   0a1b2c3..4d5e6f7  main       -> origin/main",
            "remote: This repository moved. Please use the new location:        \nremote:   https://github.com/acme/new-name.git        \nTo https://github.com/acme/secret.git\n   0a1b2c3..4d5e6f7  main -> main",
            "HTTP 301\nlocation: https://api.github.com/repositories/1\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Moved Permanently\",\"url\":\"https://api.github.com/repositories/1\"}",
        ],
        paraphrases: [
            "this repository moved. please use the new location: git@github.com:acme/new.git",
            "[ci] 12:00:01 warning: redirecting to https://github.com/acme/new/",
        ],
        near_miss: "remote: warning: redirecting to https://github.com/acme/new-name/",
    },
    Denial {
        id: VerdictId::NotARefusal,
        known_by: "GH001, GH006, GH007, GH013, hook declined, non-fast-forward",
        certainty: Measured,
        opens: false,
        exit: 0,
        says: &[
            "GH001: Large files detected",
            "GH006: Protected branch update failed",
            "GH007: Your push would publish a private email address",
            "GH013: Repository rule violations found",
            "git: ! [remote rejected] {refs..} (pre-receive hook declined)",
            "git: ! [remote rejected] {refs..} (protected branch hook declined)",
            "git: ! [remote rejected] {refs..} (hook declined)",
            "git: ! [remote rejected] {refs..} (push declined due to {why..})",
            "git: ! [rejected] {refs..} (non-fast-forward)",
            "git: ! [rejected] {refs..} (fetch first)",
            "git: ! [rejected] {refs..} (stale info)",
        ],
        hints: &[
            "GITHUB PUSH PROTECTION",
            "pre-receive hook declined",
            "protected branch hook declined",
            "(non-fast-forward)",
            "(fetch first)",
        ],
        also: &[],
        means: "GitHub accepted the token; what was pushed breaks a rule of the repository",
        fix: &["do what the message says and push again; the token is fine"],
        pages: &[],
        sources: &[
            Source::Documented(
                "https://docs.github.com/code-security/secret-scanning/introduction/about-push-protection",
            ),
            Source::Documented(
                "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/troubleshooting-rules",
            ),
            Source::Measured("git 2.47.3 (the report of a push)"),
        ],
        samples: &[
            "remote: error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com.        \n\
             remote: error: File big.bin is 123.00 MB; this exceeds GitHub's file size limit of 100.00 MB        \n\
             To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (pre-receive hook declined)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
            "remote: error: GH006: Protected branch update failed for refs/heads/main.        \n\
             remote: error: At least 1 approving review is required by reviewers with write access.        \n\
             To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (protected branch hook declined)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
            "remote: error: GH007: Your push would publish a private email address.        \n\
             remote: You can make your email public or disable this protection by visiting:        \n\
             To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (push declined due to email privacy restrictions)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
            "remote: error: GH013: Repository rule violations found for refs/heads/main.        \nremote: \nremote: - GITHUB PUSH PROTECTION        \nremote:   - Push cannot contain secrets        \n\
             To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (push declined due to repository rule violations)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
            // A hook that says what GitHub says when it refuses.
            "remote: Personal access tokens (classic) are forbidden from accessing this repository.        \n\
             To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (pre-receive hook declined)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
            "To https://github.com/acme/secret.git\n ! [rejected]        main -> main (non-fast-forward)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'\n\
             hint: Updates were rejected because a pushed branch tip is behind its remote",
            "To https://github.com/acme/secret.git\n ! [rejected]        main -> main (fetch first)\nerror: failed to push some refs to 'https://github.com/acme/secret.git'",
        ],
        paraphrases: [
            "remote: error: gh013: repository rule violations found for refs/heads/main",
            "! [remote rejected] main -> main (pre-receive hook declined)",
        ],
        near_miss: " ! [remote rejected] main -> main (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/x.yml` without `workflow` scope)",
    },
    Denial {
        id: VerdictId::ReadPermissionMissing,
        known_by: "403 and contents=read in X-Accepted-GitHub-Permissions, or \"Write access ... not granted\" on fetch",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Resource not accessible by personal access token && head: x-accepted-github-permissions: {_..}contents=read",
            "Resource not accessible by integration && head: x-accepted-github-permissions: {_..}contents=read",
        ],
        hints: &[
            "Write access to repository not granted",
            "You are not allowed to download code from this project",
        ],
        also: &[],
        means: "the token cannot access the repository's contents (GitHub says \"write\" for reads, too)",
        fix: &[
            "on the token's page set Contents to Read-only, or to Read and write for pushing",
            "or {full} is not selected for the token: select it there",
            "or {owner} has not approved the token yet: @org-requests({owner})",
            ASK,
        ],
        pages: &["fg"],
        sources: &[
            Source::Reported("moghtech/komodo#1482, IIC2143/Syllabus-2024-1#52 (on clone)"),
            Source::Documented(
                "https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens",
            ),
        ],
        samples: &[
            "Cloning into 'secret'...\nremote: Write access to repository not granted.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\nWrite access to repository not granted.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-accepted-github-permissions: contents=read\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Resource not accessible by personal access token\",\"documentation_url\":\"https://docs.github.com/rest/repos/contents#get-repository-content\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "write access to `repository` not granted",
            "HTTP/2 403\nX-Accepted-GitHub-Permissions: metadata=read; contents=read\n\n{\"message\":\"Resource not accessible by integration\"}",
        ],
        near_miss: "HTTP 403\nx-accepted-github-permissions: contents=write\n\n{\"message\":\"Resource not accessible by personal access token\"}",
    },
    Denial {
        id: VerdictId::RepositoryDisabled,
        known_by: "GitHub's words",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[
            "Access to this repository has been disabled by GitHub staff",
            "Repository '{name}' is disabled. Please ask the owner to check their account",
            "Repository access blocked",
            "Due to U.S. trade controls law restrictions",
        ],
        hints: &[],
        also: &[],
        means: "GitHub has closed the repository or its owner's account; no token opens it",
        fix: &["only the repository's owner can clear this up, with GitHub's support"],
        pages: &[],
        sources: &[
            Source::Reported("Comfy-Org/ComfyUI#11686 (SSH, 2026-01)"),
            Source::Documented(
                "https://docs.github.com/site-policy/other-site-policies/github-and-trade-controls",
            ),
        ],
        samples: &[
            "remote: Access to this repository has been disabled by GitHub staff.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "ERROR: Repository 'acme/secret' is disabled. Please ask the owner to check their account.\nfatal: Could not read from remote repository.",
            "HTTP 403\ncontent-type: text/plain\n\nAccess to this repository has been disabled by GitHub staff.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"tos\",\"created_at\":\"2026-01-01T00:00:00Z\",\"html_url\":\"https://github.com/tos\"}}",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Due to U.S. trade controls law restrictions, this GitHub repository has been restricted.\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "remote: due to u.s. trade controls law restrictions, this repository has been disabled.",
            "Access to this repository\nhas been disabled by GitHub staff (see https://github.com/tos)",
        ],
        near_miss: "remote: GitHub Actions is disabled for this repository",
    },
    Denial {
        id: VerdictId::RepositoryNotFound,
        known_by: "404 with and without the token",
        certainty: Inferred,
        opens: false,
        exit: 1,
        says: &[],
        hints: &[
            "server: Repository not found",
            "The project you were looking for could not be found",
            "You may not have access to this repository or it no longer exists in this workspace",
            "TF401019: The Git repository with name or identifier {name} does not exist",
            "Push to create is not enabled for",
            "git: repository '{where}' not found",
            "head: HTTP 404 && Not Found",
            "Could not resolve to a Repository with the name '{full_name}'",
            "https://api.github.com/repos/{_..} file could not be downloaded (HTTP/2 404",
            "https://api.github.com/repos/{_..} file could not be downloaded (HTTP/1.1 404",
            "client: Repository or object not found: https://{where}",
            "authentication required: Repository not found",
            "way: authentication required: Repository not found",
            "way: request failed with status code: 404",
            "client: unexpected http status code: 404; class=",
        ],
        also: &[],
        means: "GitHub shows this token no such repository: it does not exist, or is hidden",
        fix: &[
            "check the spelling of {full}",
            "the token may be for another owner, or this repository is not selected for it: git credential-patron list",
            "{owner} may not have approved the token yet, or may have revoked it: @org-requests({owner})",
            "your account may have no access to {full}",
            ASK,
        ],
        pages: &[],
        sources: &[
            Source::Documented(
                "https://docs.github.com/repositories/creating-and-managing-repositories/troubleshooting-cloning-errors",
            ),
            Source::Measured("git 2.47.3 (its own line)"),
        ],
        samples: &[
            "remote: Repository not found.\nfatal: repository 'https://github.com/acme/secret/' not found",
            "ERROR: Repository not found.\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
            "HTTP 404\ncontent-type: text/plain\n\nRepository not found.",
            "HTTP 404\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Not Found\",\"documentation_url\":\"https://docs.github.com/rest/repos/repos#get-a-repository\",\"status\":\"404\"}",
        ],
        paraphrases: [
            "fatal: repository 'https://github.com/acme/secret.git/' not found",
            "GraphQL: Could not resolve to a Repository with the name 'acme/secret'. (repository)",
        ],
        near_miss: "HTTP 403\n\n{\"message\":\"Not Found\"}",
    },
    Denial {
        id: VerdictId::SshRemote,
        known_by: "the remote's URL",
        certainty: Measured,
        opens: false,
        exit: 0,
        says: &[
            "ssh: Permission denied (publickey",
            "The key you are authenticating with has been marked as read only",
            "Permission to {owner}/{repo}.git denied to deploy key",
            "ssh: Host key verification failed",
            "attempted ssh-agent authentication, but no usernames succeeded",
            "client: invalid or unknown remote ssh hostkey; class=",
            "client: error authenticating: {_..}; class=Ssh",
        ],
        hints: &[],
        also: &[],
        means: "this remote uses SSH: git needs a key there, and no token",
        fix: &["check the key: ssh -T git@{host}", "or use a token instead: git remote set-url REMOTE {url}"],
        pages: &[],
        sources: &[
            Source::Documented(
                "https://docs.github.com/authentication/troubleshooting-ssh/error-permission-denied-publickey",
            ),
            Source::Documented(
                "https://docs.github.com/authentication/connecting-to-github-with-ssh/managing-deploy-keys",
            ),
        ],
        samples: &[
            "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
            "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.",
            "ERROR: Permission to acme/secret.git denied to mona.\nfatal: Could not read from remote repository.",
            "ERROR: Permission to acme/secret.git denied to deploy key\nfatal: Could not read from remote repository.",
            "Host key verification failed.\nfatal: Could not read from remote repository.",
        ],
        paraphrases: [
            "12:00:01 git@ghe.example.com: permission denied (publickey).",
            "The key you are authenticating with\nhas been marked as read only",
        ],
        near_miss: "remote: Permission to acme/secret.git denied to mona.",
    },
    Denial {
        id: VerdictId::WritePermissionMissing,
        known_by: "fetch is allowed and push is not, though the user's role allows it",
        certainty: Measured,
        opens: false,
        exit: 1,
        says: &[],
        hints: &[
            "Permission to {owner}/{repo}.git denied to {login}",
            "Resource not accessible by personal access token",
            "Resource not accessible by integration",
            "You are not allowed to push code to this project",
            "TF401027: You need the Git {permission..} permission",
            "You are not authorized to push to this repo",
            "server: Must have admin rights to Repository",
            "Resource not accessible by personal access token && head: x-accepted-github-permissions: {_..}contents=write",
            "Resource not accessible by integration && head: x-accepted-github-permissions: {_..}contents=write",
        ],
        also: &[],
        means: "GitHub does not let {login} write here with this token",
        fix: &[
            "on the token's page select the repository, and give Contents: Read and write",
            "or another account is needed here: git credential-patron list",
            "or {login} may not push to {full} at all: ask for the write role, or push to a fork",
            "or {owner} has not approved the token yet: @org-requests({owner})",
            ASK,
        ],
        pages: &["fg"],
        sources: &[
            Source::Reported("many, stefanzweifel/git-auto-commit-action#318 among them"),
            Source::Documented(
                "https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens",
            ),
        ],
        samples: &[
            "remote: Permission to acme/secret.git denied to mona.\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
            "HTTP 403\ncontent-type: text/plain\n\nPermission to acme/secret.git denied to mona.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-accepted-github-permissions: contents=write; contents=write,workflows=write\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Resource not accessible by personal access token\",\"documentation_url\":\"https://docs.github.com/rest/git/refs#create-a-reference\",\"status\":\"403\"}",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\n\n\
             {\"message\":\"Resource not accessible by integration\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "remote: permission to 'acme/secret.git' denied to mona-lisa.",
            "GraphQL: Resource not accessible by personal access token (addComment)",
        ],
        near_miss: "git@github.com: Permission denied (publickey).",
    },
];
