//! Nothing of a GitHub App shows either: its key, what it signs, what is minted, the two tokens of a login and the
//! code they came by.

use super::search::Needles;
use super::world::{of_wine, recorder};
use crate::forge::{App, Forge, Installation, Policy, another_key, key};
use crate::given;
use crate::sandbox::{Output, Run, Sandbox};
use crate::visitor;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use std::thread;
use std::time::{Duration, Instant};

/// A run at the highest verbosity, with every program that it starts recorded.
fn loud(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut words = recorder(&sandbox.root().join("children"), false);
    let run = sandbox.command(words.remove(0), words).args(arguments);
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
    let minted =
        given_out.stdout().lines().find_map(|line| line.strip_prefix("password=").map(str::to_owned));
    let told = format!("{}username=x\npassword={}\n\n", ask.trim_end(), minted.expect("it was given"));
    let told = told.replace(".gitusername", ".git\nusername");
    for word in ["store", "erase"] {
        outputs.push((word, loud(&sandbox, &[&program, word]).stdin(told.as_str()).ok()));
    }
    // In trouble: the App is suspended, the clock is wrong, the key is another one's.
    let elsewhere = ask.replace("secret", "tools");
    let get = || loud(&sandbox, &[&program, "get"]).stdin(elsewhere.as_str()).run();
    forge.policy(|policy| policy.apps.app_mut("deploy").installation_mut("acme").suspended = true);
    outputs.push(("get while suspended", get()));
    outputs.push(("diagnose", loud(&sandbox, &[&program, "diagnose", "acme/tools", "--json"]).run()));
    forge.policy(|policy| {
        policy.apps.app_mut("deploy").installation_mut("acme").suspended = false;
        policy.apps.clock = SignedDuration::from_hours(30);
    });
    outputs.push(("get by another clock", get()));
    forge.policy(|policy| {
        policy.apps.clock = SignedDuration::ZERO;
        policy.apps.app_mut("deploy").public_key = another_key().public.clone();
    });
    outputs.push(("get with another key", get()));
    outputs.push(("token", loud(&sandbox, &[&program, "token", "acme/nothing"]).run()));
    forge.policy(|policy| policy.apps.app_mut("deploy").public_key = key().public.clone());

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
        // A token is what `get` is there to write.
        if !what.starts_with("get") {
            assert_eq!(needles.found_in(&format!("stdout of {what}"), &output.stdout), [] as [String; 0]);
        }
        assert_eq!(needles.found_in(&format!("stderr of {what}"), &output.stderr), [] as [String; 0]);
    }
    assert_eq!(needles.found_in("stderr of get", &given_out.stderr), [] as [String; 0]);
    let allowed = [given::secrets_file(&sandbox), file];
    of_wine(&sandbox.root().join("children"));
    assert_eq!(needles.found_below(sandbox.root(), &allowed), [] as [String; 0]);
}

#[test]
fn nothing_that_github_gives_for_a_new_app_shows_or_stays() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    // Wine's server outlives the program that starts it, and `strace` would wait for it.
    sandbox.patron(["--version"]).ok();
    let program = sandbox.program().display().to_string();
    let begin = || {
        let mut running = loud(&sandbox, &[&program, "add", "acme", "--new-app", "--no-browser"]).spawn();
        let page = crate::apps::new_app::address(&mut running);
        let start = visitor::open(&page).expect("it answers");
        let asked =
            visitor::press(&forge, &start, "Continue for the organisation acme").expect("GitHub asks");
        let made = visitor::press(&forge, &asked, "Create GitHub App").expect("it is made");
        (running, start, made)
    };
    let (running, start, made) = begin();
    let last = visitor::open(&made.location).expect("it answers");
    let kept = running.wait().ok();
    // And one whose key nobody can read: what GitHub says of it must not be quoted.
    let (running, _, again) = begin();
    forge.policy(|policy| policy.apps.breaks_keys = true);
    let failed = visitor::open(&again.location).expect("it answers");
    let lost = running.wait().fails(1);

    let pem = &another_key().pem;
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let field = |address: &str, name: &str| {
        let fields = address.split(['?', '&']).find_map(|field| field.strip_prefix(name).map(str::to_owned));
        fields.expect("it is there")
    };
    let (code, state) = (field(&made.location, "code="), field(&made.location, "state="));
    let (second, other_state) = (field(&again.location, "code="), field(&again.location, "state="));
    assert!(start.body.contains(&state), "the state stands in the form, and nowhere else");
    let secrets = forge.policy(|policy| policy.apps.client_secrets.clone());
    assert_eq!(secrets.len(), 4, "two Apps were fetched");
    let mut all: Vec<(&str, &str)> = vec![
        ("key", &body),
        ("code", &code),
        ("state", &state),
        ("second code", &second),
        ("second state", &other_state),
    ];
    all.extend(secrets.iter().map(|secret| ("client or webhook secret", secret.as_str())));
    let needles = Needles::new(&all);
    for (what, output) in [("the App that is kept", &kept), ("the App that is not", &lost)] {
        assert_eq!(needles.found_in(&format!("stdout of {what}"), &output.stdout), [] as [String; 0]);
        assert_eq!(needles.found_in(&format!("stderr of {what}"), &output.stderr), [] as [String; 0]);
    }
    for page in [&last, &failed] {
        assert_eq!(needles.found_in("the last page", page.body.as_bytes()), [] as [String; 0]);
    }
    let allowed = [given::secrets_file(&sandbox)];
    of_wine(&sandbox.root().join("children"));
    assert_eq!(needles.found_below(sandbox.root(), &allowed), [] as [String; 0]);
    // Of all of it the vault holds the key alone.
    let vault = std::fs::read(&allowed[0]).expect("the vault");
    let others = Needles::new(&all[1..]);
    assert_eq!(others.found_in("the vault", &vault), [] as [String; 0]);
    assert_ne!(Needles::new(&all[..1]).found_in("the vault", &vault), [] as [String; 0], "the key is kept");
}
