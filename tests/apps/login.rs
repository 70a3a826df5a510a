//! An App that acts for a user: the login with a code, and tokens that are refreshed once each.

use super::{ASK, cast, client_id, password};
use crate::forge::{Forge, State};
use crate::sandbox::{Output, Running, Sandbox};
use crate::screen::Screen;
use std::thread;
use std::time::{Duration, Instant};

fn start(sandbox: &Sandbox, forge: &Forge) -> Running {
    sandbox.patron(["add", "acme", "--app", &client_id(forge)]).spawn()
}

/// Waits for the code that is shown.
fn code(running: &mut Running) -> String {
    let start = Instant::now();
    loop {
        let said = running.said_so_far();
        let mut lines = said.lines().skip_while(|line| !line.contains("enter this code"));
        if let Some(code) = lines.nth(1) {
            return code.trim_start_matches("patron:").trim().to_owned();
        }
        assert!(!running.has_ended() && start.elapsed() < Duration::from_secs(60), "no code: {said}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn log_in(sandbox: &Sandbox, forge: &Forge) -> Output {
    let mut running = start(sandbox, forge);
    let code = code(&mut running);
    forge.policy(|policy| policy.apps.authorise(&code, "mona"));
    running.wait().ok()
}

fn quick() -> Forge {
    let forge = Forge::start(cast());
    forge.policy(|policy| policy.apps.interval = 1);
    forge
}

#[test]
fn a_login_with_a_code_needs_no_terminal_and_git_is_let_in() {
    let forge = quick();
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let output = log_in(&sandbox, &forge);
    assert!(output.stdout().contains("added acme: GitHub App"), "{}", output.report());
    output.says("https://github.com/login/device");
    let listed = sandbox.patron(["list", "--json"]).ok();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout()).expect("JSON");
    let row = &listed["accounts"][0];
    assert_eq!((row["kind"].as_str(), row["login"].as_str()), (Some("app-user"), Some("mona")));
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    forge.clear_log();
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert!(answer.stdout().contains("username=mona\n") && answer.stdout().contains("password_expiry_utc="));
    assert_eq!(forge.log(), [], "no request at all");
}

#[test]
fn slow_down_is_obeyed() {
    let forge = quick();
    forge.policy(|policy| policy.apps.slow_downs = 2);
    let sandbox = Sandbox::new(&forge);
    log_in(&sandbox, &forge);
    let asked = forge.log().iter().filter(|entry| entry.path == "/login/oauth/access_token").count();
    assert_eq!(asked, 3, "each question later than told");
}

#[test]
fn a_login_that_is_cancelled_or_not_allowed_is_named_and_nothing_is_kept() {
    let forge = quick();
    let sandbox = Sandbox::new(&forge);
    let mut running = start(&sandbox, &forge);
    let code = code(&mut running);
    forge.policy(|policy| policy.apps.refuse(&code));
    running.wait().fails(1).says("cancelled in the browser");
    forge.policy(|policy| policy.apps.app_mut("deploy").device_flow = false);
    start(&sandbox, &forge).wait().fails(1).says("Enable Device Flow");
    sandbox.patron(["add", "acme", "--app", "Iv23nobody"]).fails(1).says("knows no App with this client ID");
    assert!(sandbox.read(".config/git-credential-patron/accounts.toml").is_none());
}

#[test]
fn two_processes_that_refresh_at_once_two_hundred_times_never_lose_the_pair() {
    let forge = quick();
    // So short that each use refreshes.
    forge.policy(|policy| policy.apps.app_mut("deploy").user_tokens = Some(2));
    let sandbox = Sandbox::new(&forge);
    log_in(&sandbox, &forge);
    let one = || {
        for _ in 0..100 {
            let answer = sandbox.patron(["get"]).stdin(ASK).ok().says_nothing();
            assert!(password(&answer.stdout()).starts_with("ghu_"));
        }
    };
    thread::scope(|scope| {
        scope.spawn(one);
        scope.spawn(one);
    });
    let left = forge.policy(|policy| {
        let alive = policy.tokens.iter().filter(|token| token.label.starts_with("user-"));
        (policy.apps.refreshes.len(), alive.filter(|token| token.state == State::Active).count())
    });
    assert_eq!(left, (1, 1), "one pair is left");
    let minted = forge.policy(|policy| policy.apps.minted);
    assert!(minted > 150, "{minted} pairs: most uses refresh");
}

#[test]
fn a_login_that_has_ended_says_how_to_begin_again() {
    let forge = quick();
    forge.policy(|policy| policy.apps.app_mut("deploy").user_tokens = Some(1));
    let sandbox = Sandbox::new(&forge);
    log_in(&sandbox, &forge);
    forge.policy(|policy| policy.apps.refreshes.clear());
    thread::sleep(Duration::from_millis(1500));
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert_eq!(answer.stdout(), "");
    answer.says("the login by the App has ended").says("git credential-patron add acme --app");
}

#[test]
fn a_login_on_a_real_terminal_shows_page_and_code_and_waits() {
    let forge = quick();
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let line = format!("git credential-patron add acme --app {}", client_id(&forge));
    let mut screen = Screen::start(&sandbox, &sandbox.work(), 100, &line);
    screen.wait_for("enter this code:").expect("it is shown");
    screen.wait_for("-").expect("a code");
    let code = loop {
        let shown = screen.text();
        let mut lines = shown.lines().skip_while(|line| !line.contains("enter this code:"));
        match lines.nth(1).map(|line| line.trim_start_matches("patron:").trim().to_owned()) {
            Some(code) if code.len() == 9 => break code,
            _ => thread::sleep(Duration::from_millis(10)),
        }
    };
    assert!(screen.text().contains("https://github.com/login/device"), "{}", screen.text());
    forge.policy(|policy| policy.apps.authorise(&code, "mona"));
    let shown = screen.wait().expect("it ends");
    assert_eq!(shown.code, 0, "{}", shown.text());
    assert!(
        shown.text().contains("added acme: GitHub App for https://github.com/acme, of mona"),
        "{}",
        shown.text()
    );
    assert!(!shown.text().contains("ghu_") && !shown.text().contains("ghr_"));
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
}

#[test]
fn a_login_without_any_terminal_goes_on_as_well() {
    let forge = quick();
    let sandbox = Sandbox::new(&forge);
    let arguments = ["add", "acme", "--app", &client_id(&forge)];
    let program = sandbox.program();
    let mut running = sandbox.command("setsid", ["--wait"]).args([program]).args(arguments).spawn();
    let code = code(&mut running);
    forge.policy(|policy| policy.apps.authorise(&code, "mona"));
    running.wait().ok().says("https://github.com/login/device");
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert!(password(&answer.stdout()).starts_with("ghu_"));
}
