//! Nothing of a GitHub App shows either: its key, what it signs, what is minted, the two tokens of a login and the
//! code they came by.

use super::search::Needles;
use super::world::tool;
use crate::forge::{App, Forge, Installation, Policy, key};
use crate::given;
use crate::sandbox::{Output, Run, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::thread;
use std::time::{Duration, Instant};

/// A run at the highest verbosity, with every program that it starts recorded.
fn loud(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let children = sandbox.root().join("children");
    let strace = ["-f", "-qq", "-A", "-s", "65535", "-e", "trace=execve,execveat", "-e", "signal=none", "-o"];
    let run = sandbox.command(tool("strace"), strace).args([children]).args(arguments);
    let names = ["PATRON_TRACE", "GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE", "GIT_TRACE2_EVENT"];
    let run = names.iter().fold(run, |run, name| run.env(name, "1"));
    run.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full")
}

#[test]
fn nothing_of_an_app_shows_while_it_signs_mints_and_logs_in() {
    let app =
        App::new("deploy", "mona", key()).installed(Installation::new("acme").decides()).in_all_of("globex");
    let forge = Forge::start(Policy::sample().app(app));
    forge.policy(|policy| {
        policy.apps.stateless = true;
        policy.apps.interval = 1;
    });
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let file = sandbox.write("app.pem", &key().pem);
    let id = forge.policy(|policy| policy.apps.list[0].client_id.clone());
    let program = sandbox.program().display().to_string();
    let path = file.display().to_string();
    let ask = "protocol=https\nhost=github.com\npath=acme/secret.git\n\n";
    let mut outputs: Vec<(&str, Output)> = Vec::new();
    let add = [program.as_str(), "add", "acme", "--no-browser", "--app", &id, "--key", &path];
    outputs.push(("add", loud(&sandbox, &add).ok()));
    let given_out = loud(&sandbox, &[&program, "get"]).stdin(ask).ok();
    assert!(given_out.stdout().contains("password="), "{}", given_out.report());
    outputs.push(("clone", loud(&sandbox, &["git", "clone", "https://github.com/acme/secret"]).ok()));
    for arguments in [
        &["list", "--json"][..],
        &["status"],
        &["diagnose", "acme/secret"],
        &["requests", "list", "acme"],
        &["grants", "list", "acme", "--json"],
    ] {
        let whole: Vec<&str> = std::iter::once(program.as_str()).chain(arguments.iter().copied()).collect();
        outputs.push((arguments[0], loud(&sandbox, &whole).run()));
    }
    // In trouble: the key is refused, the clock is wrong, the App is suspended.
    forge.policy(|policy| policy.apps.app_mut("deploy").installation_mut("acme").suspended = true);
    outputs.push(("get", loud(&sandbox, &[&program, "get"]).stdin(ask.replace("secret", "tools")).run()));

    let mut running = loud(&sandbox, &[&program, "add", "globex", "--no-browser", "--app", &id]).spawn();
    let start = Instant::now();
    let (device, code) = loop {
        let begun = forge.policy(|policy| {
            policy.apps.devices.first().map(|it| (it.device_code.clone(), it.user_code.clone()))
        });
        if let Some(begun) = begun {
            break begun;
        }
        assert!(!running.has_ended() && start.elapsed() < Duration::from_secs(60), "no login was begun");
        thread::sleep(Duration::from_millis(20));
    };
    forge.policy(|policy| policy.apps.authorise(&code, "mona"));
    outputs.push(("login", running.wait().ok()));
    let refresh = forge.policy(|policy| policy.apps.refreshes[0].0.clone());

    let body: String = key().pem.lines().filter(|line| !line.starts_with('-')).collect();
    let tokens: Vec<(String, String)> = forge.policy(|policy| {
        let minted = policy.tokens.iter().filter(|token| !token.app.is_empty());
        // What stands before the random part of a token is the same in all of them.
        let bare =
            |secret: &str| secret.split_once('_').map_or(secret, |(_, rest)| rest).replacen("12345_", "", 1);
        minted.map(|token| (token.label.clone(), bare(&token.secret))).collect()
    });
    assert!(tokens.len() >= 3, "tokens for contents and decisions, and one of the login");
    let bare_refresh = refresh.trim_start_matches("ghr_").to_owned();
    let jwt = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let mut secrets: Vec<(&str, &str)> =
        vec![("key", &body), ("refresh token", &bare_refresh), ("device code", &device), ("JWT", &jwt)];
    secrets.extend(tokens.iter().map(|(label, secret)| (label.as_str(), secret.as_str())));
    let needles = Needles::new(&secrets);
    for (what, output) in &outputs {
        assert_eq!(needles.found_in(&format!("stdout of {what}"), &output.stdout), [] as [String; 0]);
        assert_eq!(needles.found_in(&format!("stderr of {what}"), &output.stderr), [] as [String; 0]);
    }
    assert_eq!(needles.found_in("stderr of get", &given_out.stderr), [] as [String; 0]);
    let allowed = [given::secrets_file(&sandbox), file];
    assert_eq!(needles.found_below(sandbox.root(), &allowed), [] as [String; 0]);
}
