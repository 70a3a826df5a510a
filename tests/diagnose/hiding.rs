//! Nothing secret is shown, whatever it came in by: the output can be pasted whole.

use super::super::forge::{Policy, TokenKind, make_token};
use super::super::sandbox::Output;
use super::scene::{One, Scene, targets};

/// Runs `diagnose` in both forms, as talkative as it can be, and looks for secrets in everything it wrote.
#[track_caller]
fn shows_none(scene: &Scene, arguments: &str, secrets: &[&str]) -> One {
    let mut last = None;
    for form in ["", "--json", "--push --json", "--offline --json"] {
        let words = arguments.split_whitespace().chain(form.split_whitespace());
        let output = scene.sandbox.patron(["diagnose"]).args(words).env("PATRON_TRACE", "1").run();
        clean(&output, secrets);
        if form == "--json" {
            let code = output.status.code().expect("it ended by itself");
            last = Some(One { target: targets(&output).remove(0), code });
        }
    }
    last.expect("one of the forms")
}

#[track_caller]
fn clean(output: &Output, secrets: &[&str]) {
    let text = format!("{}{}", output.stdout(), output.stderr());
    for secret in secrets {
        assert!(!text.contains(secret), "a secret is shown:\n{}", text.replace(secret, "<<<SECRET>>>"));
    }
}

/// A secret that is no token, such as people write into URLs and files.
fn password() -> String {
    make_token(TokenKind::Password).replace(' ', "-")
}

#[test]
fn a_token_in_the_url_of_a_remote() {
    let scene = Scene::usual();
    let (token, password) = (scene.forge.secret("globex"), password());
    scene.repository(&[("origin", &format!("https://mona:{token}@github.com/acme/secret.git"))]);
    let one = shows_none(&scene, "", &[&token]);
    assert!(one.check("remote-url").starts_with("failed: a secret is in the URL (.git/config:7)"));
    assert!(one.check("remote-url").contains("git remote set-url origin https://github.com/acme/secret.git"));
    assert!(one.target["account"].is_null());
    let first = one.target["verdict"]["fix"][0].as_str().unwrap_or_default().to_owned();
    assert!(first.ends_with("git remote set-url origin https://github.com/acme/secret.git"), "{first}");

    // With escapes, and no token at all.
    let escaped = password.replace('e', "%65");
    let one =
        shows_none(&scene, &format!("https://mona:{escaped}@github.com/acme/secret"), &[&password, &escaped]);
    assert_eq!(one.id(), "other-credential-first");
    // As the user name, which git tells helpers.
    let one = shows_none(&scene, &format!("https://{token}@github.com/acme/secret"), &[&token]);
    assert!(one.check("remote-url").starts_with("failed: a token is in the URL as the user name"));
    // For pushes alone.
    let push = format!("https://x:{token}@github.com/acme/tools");
    scene.sandbox.git(["remote", "set-url", "origin", "https://github.com/acme/secret"]).ok();
    scene.sandbox.git(["remote", "set-url", "--push", "origin", &push]).ok();
    let output = scene.diagnose("--json").fails(1);
    clean(&output, &[&token]);
    let pushing = One { target: targets(&output).remove(1), code: 1 };
    assert!(
        pushing.words().contains("git remote set-url --push origin https://github.com/acme/tools"),
        "{:#}",
        pushing.target
    );
}

#[test]
fn a_token_that_a_rewriting_rule_adds() {
    let scene = Scene::usual();
    let token = scene.forge.secret("globex");
    let key = format!("url.https://mona:{token}@github.com/.insteadOf");
    scene.sandbox.git(["config", "--global", &key, "https://github.com/"]).ok();
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    let one = shows_none(&scene, "", &[&token]);
    let check = one.check("url-rewrite");
    assert!(
        check.starts_with("failed: url.*.insteadOf (~/.gitconfig:")
            && check.contains("puts a secret into the URL"),
        "{check}"
    );
    let first = one.target["verdict"]["fix"][0].as_str().unwrap_or_default();
    assert!(first.starts_with("remove that section from the file"), "another URL would not help: {first}");
}

#[test]
fn an_authorization_of_gits_own() {
    let scene = Scene::usual();
    let token = scene.forge.secret("globex");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("x:{token}"));
    let header = format!("AUTHORIZATION: basic {encoded}");
    scene.sandbox.git(["config", "--global", "http.https://github.com/.extraHeader", &header]).ok();
    scene.sandbox.git(["config", "--global", "--add", "http.extraHeader", "X-Trace: s3cret-trace"]).ok();
    let one = shows_none(&scene, "acme/secret", &[&token, &encoded, "s3cret-trace"]);
    let checks = one.checks("extra-header");
    assert!(checks[0].starts_with("failed: http.extraHeader (~/.gitconfig:"), "{checks:?}");
    assert!(checks[0].contains("GitHub uses that one, not patron's token"), "{checks:?}");
    assert!(
        checks[1].starts_with("warning: ") && checks[1].contains("adds the header X-Trace"),
        "{checks:?}"
    );
    assert_eq!(one.code, 1, "{:#}", one.target);
    let first = one.target["verdict"]["fix"][0].as_str().unwrap_or_default();
    assert!(first.starts_with("remove http.extraHeader from ~/.gitconfig:"), "{first}");
}

#[test]
fn netrc_and_cookies() {
    let scene = Scene::usual();
    let (token, password) = (scene.forge.secret("globex"), password());
    let netrc = format!(
        "machine example.com login x password y\nmachine github.com\n  login mona\n  password {token}\n"
    );
    scene.sandbox.write(".netrc", netrc);
    let cookies =
        scene.sandbox.write("cookies", format!(".github.com\tTRUE\t/\tTRUE\t0\tsession\t{password}\n"));
    let cookies = cookies.to_str().expect("it is text");
    scene.sandbox.git(["config", "--global", "http.cookieFile", cookies]).ok();
    let one = shows_none(&scene, "acme/secret", &[&token, &password]);
    assert!(
        one.check("netrc").starts_with("warning: ~/.netrc:2 has an entry for this host"),
        "{}",
        one.check("netrc")
    );
    assert!(
        one.check("cookies").starts_with("warning: http.cookieFile (~/.gitconfig:"),
        "{}",
        one.check("cookies")
    );
}

#[test]
fn secrets_in_helpers_and_proxies() {
    let scene = Scene::usual();
    let (token, password) = (scene.forge.secret("globex"), password());
    let helper = format!("!f() {{ echo username=x; echo password={token}; }}; f");
    scene.sandbox.git(["config", "--global", "--add", "credential.https://github.com.helper", &helper]).ok();
    let proxy = scene.forge.proxy_url().replace("http://", &format!("http://user:{password}@"));
    scene.sandbox.git(["config", "--global", "http.proxy", &proxy]).ok();
    let one = shows_none(&scene, "acme/secret", &[&token, &password]);
    assert!(one.check("helper-other").contains("!f ... (~/.gitconfig:"), "{}", one.check("helper-other"));
    assert!(one.check("proxy").contains("(http.proxy, ~/.gitconfig:"), "{}", one.check("proxy"));
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    use super::super::forge::{Reply, Rule};
    let scene = Scene::new(Policy::sample(), &[("acme", "acme")]);
    let token = scene.forge.secret("acme");
    let mirror = Reply::text(403, &format!("you said {token}, and that is \x1b[31mred\x1b[0m\n"));
    scene.forge.policy(|policy| policy.rules.push(Rule::answer(mirror)));
    let one = shows_none(&scene, "acme/secret", &[&token, "\x1b"]);
    assert_eq!(one.id(), "unknown-refusal");
}

#[test]
fn explain_shows_no_secret_of_a_transcript() {
    let scene = Scene::usual();
    let token = scene.forge.secret("acme");
    let transcript = format!(
        "Cloning from https://mona:{token}@github.com/acme/secret\nremote: {token} is no good. Invalid username or token.\n\
         fatal: Authentication failed for 'https://mona:{token}@github.com/acme/secret/'\n"
    );
    for form in [&[][..], &["--json"]] {
        clean(&scene.sandbox.patron(["explain"]).args(form).stdin(transcript.as_str()).ok(), &[&token]);
    }
}
