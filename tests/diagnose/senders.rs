//! Credentials that git sends by itself: each is named with the line that sends it, and nobody else is blamed.

use super::super::forge::{Policy, State};
use super::scene::{OUTCOMES, Scene};

/// Two accounts, and globex's token, which acme does not know, as what git sends.
fn scene() -> (Scene, String) {
    let scene = Scene::new(Policy::sample(), &[("acme", "acme")]);
    let other = scene.forge.secret("globex");
    (scene, other)
}

/// Asserts that the verdict names the sender with its line and its fix, and that nothing is held against the account.
#[track_caller]
fn names(scene: &Scene, arguments: &str, what: &str, fix: &str) {
    let one = scene.one(arguments);
    assert_eq!((one.id(), one.code), ("other-credential-first", 1), "{:#}", one.target);
    assert_eq!(one.target["verdict"]["certainty"], "measured");
    assert!(one.target["verdict"]["page"].is_null());
    let words = one.words();
    assert!(words.contains(what) && words.contains(fix), "{words}");
    assert!(!words.contains("\"acme\"") && !words.contains("approv"), "{words}");
    let kept = scene.sandbox.read(OUTCOMES).unwrap_or_default();
    assert!(!kept.contains("refused") && !kept.contains("rejected"), "{kept}");
}

#[test]
fn what_stands_in_the_remotes_url() {
    let (scene, other) = scene();
    for secret in [other.as_str(), "", "no-token-at-all"] {
        scene.repository(&[(
            "origin",
            &format!("https://x-access-token:{secret}@github.com/acme/secret.git"),
        )]);
        let what =
            if secret.is_empty() { "an empty password is in the URL" } else { "a secret is in the URL" };
        names(&scene, "origin", what, "git remote set-url origin https://github.com/acme/secret");
        names(&scene, "origin", ".git/config:", "set-url");
        std::fs::remove_dir_all(scene.sandbox.work().join(".git")).expect("the sandbox is ours");
    }
}

#[test]
fn what_a_rewriting_rule_puts_into_the_url() {
    let (scene, other) = scene();
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    for secret in [other.as_str(), ""] {
        let key = format!("url.https://x-access-token:{secret}@github.com/.insteadOf");
        scene.sandbox.git(["config", "--global", &key, "https://github.com/"]).ok();
        names(&scene, "origin", "url.*.insteadOf (~/.gitconfig:", "remove that section");
        scene.sandbox.git(["config", "--global", "--unset", &key]).ok();
    }
}

#[test]
fn what_an_extra_header_says() {
    let (scene, other) = scene();
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    for key in ["http.extraHeader", "http.https://github.com/.extraheader"] {
        scene.sandbox.git(["config", key, &format!("Authorization: Bearer {other}")]).ok();
        let one = scene.one("origin");
        // The probe goes without it or with it, as git lets it; what is refused is never the account's.
        if one.code == 1 {
            names(
                &scene,
                "origin",
                "http.extraHeader (.git/config:",
                "remove http.extraHeader from .git/config:",
            );
        }
        assert!(one.check("extra-header").starts_with("failed: "), "{}", one.check("extra-header"));
        scene.sandbox.git(["config", "--unset", key]).ok();
    }
}

#[test]
fn what_stands_in_netrc_unless_it_was_refused_as_such() {
    let (scene, other) = scene();
    scene.sandbox.write(".netrc", format!("machine github.com\nlogin mona\npassword {other}\n"));
    names(&scene, "acme/secret", "~/.netrc:1 has an entry for this host", "remove the entry from ~/.netrc:1");
    scene.sandbox.write(".netrc", format!("default login mona password {other}\n"));
    names(&scene, "acme/secret", "~/.netrc:1 has the default entry", "~/.netrc:1");
    // One that GitHub does not recognise is passed over by git, so it is the account's token that is judged.
    scene.sandbox.write(".netrc", "machine github.com login mona password nonsense\n");
    assert_eq!(scene.one("acme/secret").code, 0);
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    // It was let in a moment ago.
    assert_eq!(scene.one("acme/secret").id(), "grant-revoked");
}

#[test]
fn an_address_of_git_lfs_that_is_another_owners() {
    let (scene, _) = scene();
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    assert_eq!(scene.one("origin").checks("lfs-url"), [] as [String; 0]);
    let named = |scene: &Scene, at: &str| {
        let check = scene.one("origin").check("lfs-url");
        assert!(check.starts_with("warning: git-lfs is sent to globex/big") && check.contains(at), "{check}");
    };
    std::fs::write(
        scene.sandbox.work().join(".lfsconfig"),
        "[lfs]\n\turl = https://github.com/globex/big.git/info/lfs\n",
    )
    .expect("the sandbox is ours");
    named(&scene, "lfs.url, .lfsconfig");
    std::fs::remove_file(scene.sandbox.work().join(".lfsconfig")).expect("the sandbox is ours");
    for key in ["lfs.url", "remote.origin.lfsurl"] {
        scene.sandbox.git(["config", key, "https://github.com/globex/big.git/info/lfs"]).ok();
        named(&scene, &format!("{key}, .git/config:"));
        scene.sandbox.git(["config", key, "https://github.com/acme/other.git/info/lfs"]).ok();
        assert_eq!(scene.one("origin").checks("lfs-url"), [] as [String; 0]);
        scene.sandbox.git(["config", "--unset", key]).ok();
    }
}

#[test]
fn a_name_that_is_nearly_a_remotes_is_no_owner() {
    let (scene, _) = scene();
    scene.repository(&[
        ("origin", "https://github.com/acme/secret.git"),
        ("company", "https://github.com/acme/x.git"),
    ]);
    for word in ["upstrem", "orgin", "Origin", "compny", "upstream"] {
        scene.diagnose(word).fails(2).says("the remotes here are: company, origin");
    }
    assert_eq!(scene.one("company --offline").target["target"]["remote"], "company");
    // An owner that there is an account for is known.
    scene.keep("orgin", &scene.forge.secret("acme"), &["--no-verify"]);
    assert_eq!(scene.one("orgin --offline").target["target"]["owner"], "orgin");
    // And one that is nothing like a remote is an owner.
    assert_eq!(scene.one("globex --offline").target["target"]["owner"], "globex");
}
