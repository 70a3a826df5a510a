//! The way out of a refusal, in a real browser: the page that patron names, the button on it, the clone.
//!
//! The pages are the forge's, under its own address on localhost, since a browser would not take it for
//! github.com; what is clicked there is what a person clicks.

mod browser;

use self::browser::Browser;
use super::forge::{Forge, Policy, State};
use super::sandbox::Sandbox;
use super::tour_breaks::tour;
use std::time::{Duration, Instant};

/// What github.com's pages begin with.
const GITHUB: &str = "https://github.com";

/// A desktop on which pages open.
fn desktop(forge: &Forge) -> Sandbox {
    let mut sandbox = Sandbox::new(forge);
    sandbox.set("DISPLAY", ":0");
    sandbox.unset("GIT_TERMINAL_PROMPT");
    sandbox
}

/// The one page that was opened in the sandbox.
fn opened(sandbox: &Sandbox) -> String {
    let start = Instant::now();
    loop {
        match sandbox.opened_pages().as_slice() {
            [page] => return page.clone(),
            [] => assert!(start.elapsed() < Duration::from_secs(60), "no page was opened"),
            pages => panic!("one page should have been opened: {pages:?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_page_that_patron_opens_leads_to_the_button_and_then_the_clone_works() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| {
        policy.owner_mut("acme").requires_approval = true;
        policy.token_mut("acme").state = State::Pending;
    });
    let sandbox = desktop(&forge);
    sandbox.patron(["setup"]).ok();
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin", "--label", "work"]).stdin(format!("{secret}\n")).ok();
    // Away from the terminal of whoever runs the tests.
    let clone = || sandbox.command("setsid", ["--wait", "git", "clone", "https://github.com/acme/secret"]);
    let refused = clone().fails(128).says("(approval-pending)");
    let page = opened(&sandbox);
    let refused = refused.says(&format!("page (opened in your browser): {page}"));

    let browser = Browser::start(&sandbox);
    let path = page.strip_prefix(GITHUB).expect("the page is on github.com");
    browser.open(&format!("{}{path}", forge.local_url()));
    browser.wait_for("Pending approval");
    browser.follow("acme");
    browser.wait_for("This token waits until an owner of acme approves it");
    browser.follow("pending requests");
    browser.wait_for("Requests to acme");
    let requests = "/organizations/acme/settings/personal-access-token-requests";
    refused.says(&format!("{GITHUB}{requests}"));
    browser.press("Approve");
    browser.wait_for("No request waits.");
    drop(browser);

    assert_eq!(forge.policy(|policy| policy.token_mut("acme").state), State::Active);
    clone().ok();
    assert!(sandbox.work().join("secret/.git").is_dir());
    assert_eq!(sandbox.opened_pages(), [page], "nothing was opened again");
}

#[test]
fn the_tour_waits_for_the_button_in_the_users_own_browser() {
    // The launcher of this sandbox is "the user's": it notes what the tour opens.
    let sandbox = Sandbox::new(None);
    let program = env!("CARGO_BIN_EXE_git-credential-patron");
    let running = sandbox
        .command(tour(), ["--program", program, "--browser", "--wait", "100"])
        .within(Duration::from_secs(160))
        .spawn();
    let page = opened(&sandbox);
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    let browser = Browser::start(&sandbox);
    browser.open(&page);
    browser.wait_for("git initech");
    browser.press("Approve");
    browser.wait_for("No request waits.");
    let output = running.wait().ok();
    assert!(output.stdout().contains("Press Approve in your browser"), "{}", output.report());
    assert!(output.stdout().contains("That was it."), "{}", output.report());
}

#[test]
fn the_button_makes_an_app_and_the_browser_lands_back_and_installs_it() {
    let forge = Forge::start(Policy::sample());
    let sandbox = desktop(&forge);
    sandbox.patron(["setup"]).ok();
    let running = sandbox.patron(["add", "acme", "--new-app"]).within(Duration::from_secs(240)).spawn();
    let page = opened(&sandbox);
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    // Through the forge's proxy: the form is sent to github.com itself.
    let browser = Browser::behind(&sandbox, &forge.proxy_url());
    browser.open(&page);
    browser.wait_for("Nothing is made before you press Create GitHub App");
    browser.press("Continue for the organisation acme");
    browser.wait_for("will be made for acme");
    browser.press("Create GitHub App");
    browser.wait_for("The App is made");
    let output = running.wait().ok();
    assert!(output.stdout().contains("added acme: GitHub App"), "{}", output.report());
    browser.follow("install it for acme");
    browser.wait_for("Install patron-acme-");
    browser.press("Install for acme");
    browser.wait_for("Installed for acme");
    drop(browser);
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    assert_eq!(forge.policy(|policy| policy.apps.minted), 1);
    assert_eq!(sandbox.opened_pages(), [page], "nothing else was opened");
}
