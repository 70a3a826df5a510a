//! `add OWNER --new-app`: one press on GitHub's page, and what is no press is refused. A real browser presses the
//! button in `approval`.

use std::thread;
use std::time::{Duration, Instant};

use super::{ASK, minted, password};
use crate::forge::{Forge, Policy, Reply, Rule, Then};
use crate::sandbox::{Running, Sandbox};
use crate::visitor;

/// What two steps of a minute take, and a busy machine beside them.
const LONG: Duration = Duration::from_secs(240);
/// The button for an organisation.
const FOR_ACME: &str = "Continue for the organisation acme";
/// The same with more permissions.
const TO_DECIDE: &str = "Continue for the organisation acme, and decide about tokens";

/// Starts it; gives the address of its page, too.
fn start(sandbox: &Sandbox, owner: &str) -> (Running, String) {
    let mut running = sandbox.patron(["add", owner, "--new-app", "--no-browser"]).within(LONG).spawn();
    let address = address(&mut running);
    (running, address)
}

/// Waits for the address that is shown.
pub(crate) fn address(running: &mut Running) -> String {
    let start = Instant::now();
    loop {
        let said = running.said_so_far();
        let shown = said.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"));
        if let Some(address) = shown.filter(|address| address.ends_with('/')) {
            return address.to_owned();
        }
        assert!(!running.has_ended() && start.elapsed() < Duration::from_secs(60), "no address: {said}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_kept(sandbox: &Sandbox) -> bool {
    sandbox.read(".config/git-credential-patron/accounts.toml").is_some()
}

/// How often an App was asked for by its code.
fn fetched(forge: &Forge) -> usize {
    forge.rest_log().iter().filter(|entry| entry.path.starts_with("/app-manifests/")).count()
}

#[test]
fn one_press_makes_an_app_whose_key_mints_as_soon_as_it_is_installed() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    let (running, page) = start(&sandbox, "acme");
    let last = visitor::make_app(&forge, &page, FOR_ACME).expect("all pages are there");
    assert!(last.body.contains("The App is made"), "{}", last.body);
    let output = running.wait().ok();
    let app = forge.policy(|policy| policy.apps.list[0].clone());
    let install = format!("https://github.com/apps/{}/installations/new", app.slug);
    assert!(last.body.contains(&install), "{}", last.body);
    let output = output.says(&install).says(&format!("organizations/acme/settings/apps/{}", app.slug));
    assert!(
        output
            .stdout()
            .contains(&format!("added acme: GitHub App for https://github.com/acme, of {}[bot]", app.slug))
    );
    assert_eq!((app.owner.as_str(), app.public, app.permissions.len()), ("acme", false, 2));
    assert!(app.slug.starts_with("patron-acme-"), "{}", app.slug);

    sandbox.git(["clone", "https://github.com/acme/secret"]).fails(128).says("(app-not-installed)");
    let there = visitor::local(&forge, &install).and_then(|there| visitor::open(&there)).expect("the page");
    let done = visitor::press(&forge, &there, "Install for acme").expect("it is installed");
    assert!(done.body.contains("Installed for acme"), "{}", done.body);
    sandbox.git(["clone", "https://github.com/acme/secret"]).ok();
    let answer = sandbox.patron(["get"]).stdin(ASK).ok();
    assert_eq!((password(&answer.stdout()), minted(&forge)), (forge.secret("minted-1").as_str(), 1));
}

#[test]
fn it_is_made_for_a_user_or_an_organisation_with_what_was_chosen() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (running, page) = start(&sandbox, "mona");
    visitor::make_app(&forge, &page, "Continue for your own account").expect("all pages are there");
    running.wait().ok().says("https://github.com/settings/apps/patron-mona-");
    let (running, page) = start(&sandbox, "acme");
    let offered = visitor::make_app(&forge, &page, TO_DECIDE).expect("all pages are there");
    assert!(offered.body.contains("The App is made"));
    running.wait().ok();
    let apps = forge.policy(|policy| policy.apps.list.clone());
    assert_eq!((apps[0].owner.as_str(), apps[0].permissions.len()), ("mona", 2));
    assert_eq!((apps[1].owner.as_str(), apps[1].permissions.len()), ("acme", 4));
    // With that an owner decides.
    forge.policy(|policy| {
        let app = policy.apps.app_mut(&apps[1].slug);
        let permissions = app.permissions.clone();
        app.installations
            .push(crate::forge::Installation { permissions, ..crate::forge::Installation::new("acme") });
    });
    sandbox.patron(["requests", "list", "acme"]).ok();
}

#[test]
fn a_page_that_is_looked_at_twice_is_refused_and_named() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (running, page) = start(&sandbox, "acme");
    let first = visitor::open(&page).expect("it answers");
    assert_eq!(first.status, 200);
    let second = visitor::open(&page).expect("it answers");
    assert!(second.status == 403 && second.body.contains("asked for twice"), "{second:?}");
    assert!(!second.body.contains("state="), "the state is given away");
    running
        .wait()
        .fails(1)
        .says("asked for twice")
        .says("begin again: git credential-patron add acme --new-app");
    assert!(visitor::press(&forge, &first, FOR_ACME).is_ok(), "the form itself is GitHub's");
    assert!(visitor::open(&page).is_err(), "nobody listens any more");
    assert_eq!((is_kept(&sandbox), fetched(&forge)), (false, 0));
}

#[test]
fn a_wrong_state_is_refused_and_named_and_its_code_is_not_used() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (running, page) = start(&sandbox, "acme");
    assert_eq!(visitor::open(&page).expect("it answers").status, 200);
    let back = format!("{page}made?code=abcdef&state={}", "0".repeat(64));
    let refused = visitor::open(&back).expect("it answers");
    assert!(refused.status == 403 && refused.body.contains("wrong state"), "{refused:?}");
    running.wait().fails(1).says("wrong state").says("https://github.com/organizations/acme/settings/apps");
    assert_eq!((is_kept(&sandbox), fetched(&forge)), (false, 0));
}

#[test]
fn a_page_that_nobody_opens_or_comes_back_from_in_time_is_named() {
    let forge = Forge::start(Policy::sample());
    let (first, second) = (Sandbox::new(&forge), Sandbox::new(&forge));
    let (unopened, page) = start(&first, "acme");
    let (left, left_page) = start(&second, "acme");
    let begun = Instant::now();
    assert_eq!(visitor::open(&left_page).expect("it answers").status, 200);
    unopened.wait().fails(1).says("nobody opened the page within a minute");
    assert!(begun.elapsed() > Duration::from_secs(50), "the minute was not waited for");
    left.wait().fails(1).says("did not come back from GitHub within a minute");
    assert!(visitor::open(&page).is_err(), "too late");
    assert!(!is_kept(&first) && !is_kept(&second));
}

#[test]
fn an_app_of_somebody_else_is_not_kept() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    // Whoever is signed in makes it: here mona, who says that she is somebody else.
    let (running, page) = start(&sandbox, "hubot");
    let last =
        visitor::make_app(&forge, &page, "Continue for your own account").expect("the pages are there");
    assert!(last.body.contains("cannot be used"), "{}", last.body);
    running.wait().fails(1).says("made for mona").says("and not for hubot").says("delete it");
    assert!(!is_kept(&sandbox));
}

#[test]
fn a_code_that_github_does_not_know_is_named_and_a_network_that_stumbles_is_not() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (running, page) = start(&sandbox, "acme");
    let start_page = visitor::open(&page).expect("it answers");
    let asked = visitor::press(&forge, &start_page, FOR_ACME).expect("GitHub asks");
    let made = visitor::press(&forge, &asked, "Create GitHub App").expect("it is made");
    forge.policy(|policy| policy.apps.made.clear());
    let last = visitor::open(&made.location).expect("it answers");
    assert!(last.body.contains("cannot be used"), "{}", last.body);
    running.wait().fails(1).says("the key of the App that was made could not be fetched").says("--key FILE");
    assert!(!is_kept(&sandbox));

    let (running, page) = start(&sandbox, "acme");
    let start_page = visitor::open(&page).expect("it answers");
    let asked = visitor::press(&forge, &start_page, FOR_ACME).expect("GitHub asks");
    let made = visitor::press(&forge, &asked, "Create GitHub App").expect("it is made");
    let trouble = Reply::json(503, &serde_json::json!({"message": "Server Error"}));
    let fault = Rule::fault(Then::Answer(trouble)).host("api.github.com").times(2);
    forge.policy(|policy| policy.rules.push(fault));
    visitor::open(&made.location).expect("it answers");
    running.wait().ok();
    assert!(is_kept(&sandbox));
}

#[test]
fn over_ssh_it_is_said_how_the_page_is_reached() {
    let forge = Forge::start(Policy::sample());
    let mut sandbox = Sandbox::new(&forge);
    sandbox.set("DISPLAY", ":0");
    sandbox.set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    let mut running = sandbox.patron(["add", "acme", "--new-app"]).within(LONG).spawn();
    let page = address(&mut running);
    visitor::make_app(&forge, &page, FOR_ACME).expect("all pages are there");
    let port = page.trim_end_matches('/').rsplit(':').next().unwrap_or_default().to_owned();
    running.wait().ok().says(&format!("ssh -L {port}:127.0.0.1:{port}"));
    assert_eq!(sandbox.opened_pages(), [] as [String; 0]);
}

#[test]
fn what_cannot_be_is_refused_before_any_page() {
    let sandbox = Sandbox::new(None);
    sandbox.patron(["add", "https://github.com", "--new-app"]).fails(2).says("one owner");
    sandbox.patron(["add", "gitlab.com/acme", "--new-app"]).fails(2).says("gitlab.com has no GitHub Apps");
    for other in [&["--app", "Iv1"][..], &["--key", "x"], &["--token-stdin"], &["--command", "x"]] {
        sandbox.patron(["add", "acme", "--new-app"]).args(other).fails(2);
    }
}
