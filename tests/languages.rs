//! What real git says in every language that is installed with it, as `explain` reads it.
//!
//! Nothing of git's translations is kept here: each transcript is made by running git in that language.

use super::forge::{Forge, On, Policy, Reply, Rule};
use super::sandbox::{Git, Sandbox, gits};
use serde_json::Value;
use std::collections::BTreeMap;

/// The languages that Debian's git speaks.
const LANGUAGES: [&str; 18] = [
    "bg", "ca", "de", "el", "es", "fr", "id", "is", "it", "ko", "pl", "pt_PT", "ru", "sv", "tr", "vi",
    "zh_CN", "zh_TW",
];
/// Those whose translators have not come to the lines on refusals: git says these in English.
const IN_ENGLISH: [&str; 2] = ["el", "is"];

const URL: &str = "https://github.com/acme/secret";

/// A way to be refused: what the forge answers, what git does, and what that is.
struct Refusal {
    id: &'static str,
    certainty: &'static str,
    rules: Vec<Rule>,
    command: String,
}

/// The command of a git that gets this password from a helper.
fn with_password(password: &str, arguments: &str) -> String {
    format!(
        "git -c credential.helper='!f() {{ echo username=mona; echo password={password}; }}; f' {arguments}"
    )
}

/// The command of a git that goes by SSH, where this is said.
fn by_ssh(said: &str) -> String {
    let ssh = format!("f() {{ echo \"{said}\" >&2; exit 255; }}; f");
    format!("GIT_SSH_COMMAND='{ssh}' git ls-remote git@github.com:acme/secret.git")
}

fn refusals(secret: &str) -> Vec<Refusal> {
    let fetch = || with_password("wrong", &format!("ls-remote {URL}"));
    let push = |password: &str| with_password(password, &format!("push {URL} HEAD:refs/heads/topic"));
    let to_git = |status: u16, words: &str| vec![Rule::answer(Reply::text(status, words)).on(On::Git)];
    let refusal = |id, certainty, rules, command| Refusal { id, certainty, rules, command };
    let sso = "The 'acme' organization has enabled or enforced SAML SSO.\n";
    let away = "https_proxy=http://127.0.0.1:9";
    vec![
        refusal("token-rejected", "inferred", to_git(401, ""), fetch()),
        refusal("token-rejected", "measured", to_git(401, "Invalid username or token.\n"), push("wrong")),
        refusal("repository-not-found", "inferred", to_git(404, ""), fetch()),
        refusal("unknown-refusal", "measured", to_git(403, ""), fetch()),
        refusal("sso-required", "measured", to_git(403, sso), fetch()),
        refusal("server-error", "measured", to_git(502, ""), push("wrong")),
        refusal("proxy-failed", "measured", vec![], format!("{away} {}", fetch())),
        refusal(
            "unreachable",
            "measured",
            vec![],
            "https_proxy= git ls-remote https://127.0.0.1:9/acme/secret".to_owned(),
        ),
        refusal("no-account", "inferred", vec![], format!("git ls-remote {URL}")),
        refusal(
            "no-account",
            "inferred",
            vec![],
            "git ls-remote https://mona@github.com/acme/secret".to_owned(),
        ),
        refusal("ssh-remote", "measured", vec![], by_ssh("git@github.com: Permission denied (publickey).")),
        refusal("repository-not-found", "inferred", vec![], by_ssh("ERROR: Repository not found.")),
        refusal(
            "archived",
            "measured",
            vec![],
            by_ssh("ERROR: This repository was archived so it is read-only."),
        ),
        refusal("not-a-refusal", "measured", vec![], push(secret)),
    ]
}

/// A git of this machine that speaks other languages; one that was built here may not.
fn translated(sandbox: &Sandbox) -> &'static Git {
    let speaks = |git: &&Git| {
        let said = sandbox.git(["no-such-command"]).with_git(git).env("LANGUAGE", "fr").run().stderr();
        !said.contains("is not a git command")
    };
    gits().iter().find(speaks).expect("no git of this machine speaks French; these tests need Debian's")
}

/// Says whether git's own lines are English ones.
fn is_english(said: &str) -> bool {
    let words = [
        "Authentication failed",
        "unable to access",
        "Could not read from",
        "' not found",
        "[remote rejected]",
    ];
    words.iter().any(|words| said.contains(words))
}

#[test]
fn what_git_says_in_each_of_its_languages_is_named_rightly() {
    let hook = "echo no >&2; exit 1";
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.repository_mut("acme/secret").pre_receive = Some(hook.to_owned()));
    let sandbox = Sandbox::new(&forge);
    let git = translated(&sandbox);
    sandbox.git(["init", "-q", "it"]).ok();
    let it = sandbox.work().join("it");
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "x"]).cwd(&it).ok();
    let secret = forge.secret("acme");
    let (mut wrong, mut foreign) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for refusal in refusals(&secret) {
        forge.policy(|policy| policy.rules.clone_from(&refusal.rules));
        for language in LANGUAGES {
            let run = sandbox.shell(&refusal.command).with_git(git).cwd(&it).env("LANGUAGE", language);
            let said = run.run().stderr();
            *foreign.entry(language).or_default() += usize::from(!is_english(&said));
            let output = sandbox.patron(["explain", "--json"]).stdin(said.clone()).run();
            let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
            let verdict = &json["verdict"];
            if verdict["id"] != refusal.id || verdict["certainty"] != refusal.certainty {
                wrong.push(format!("{language}: {verdict} instead of {}: {said}", refusal.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    // Two of the refusals leave git's line on the user name alone, which no translator has come to.
    let silent: Vec<_> = foreign.iter().filter(|(_, count)| **count <= 2).map(|(name, _)| *name).collect();
    assert_eq!(silent, IN_ENGLISH, "{foreign:?}");
}
