//! GitHub's pages as the forge serves them on localhost: used over HTTP, or in the user's own browser.

use super::forge::{Forge, State};
use super::forms::{Form, forms, text_of};
use super::stage::{Stage, progress};
use std::time::{Duration, Instant};
use ureq::Agent;

/// What github.com's pages begin with.
const GITHUB: &str = "https://github.com/";
/// How often it is looked whether the button was pressed.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the forge serves a page to a browser that knows no proxy.
pub(crate) fn local(forge: &Forge, page: &str) -> Result<String, String> {
    match page.strip_prefix(GITHUB) {
        Some(path) => Ok(format!("{}/{path}", forge.local_url())),
        None => Err(format!("this is no page of github.com: {page}")),
    }
}

/// Opens the form for a new token, fills in what the form left open, and gives the token that it makes.
pub(crate) fn make_token(forge: &Forge, page: &str) -> Result<String, String> {
    let made = press(forge, page, "Generate token")?;
    text_of(&made, "token").ok_or_else(|| "the page shows no token".to_owned())
}

/// Opens a page and presses the button that says this; gives the page behind it.
pub(crate) fn press(forge: &Forge, page: &str, button: &str) -> Result<String, String> {
    // A proxy of the user's is for other places than this machine.
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    let address = local(forge, page)?;
    let read = |response: Result<ureq::http::Response<ureq::Body>, ureq::Error>| {
        let mut response = response.map_err(|error| format!("{address}: {error}"))?;
        let body = response.body_mut().read_to_string().map_err(|error| format!("{address}: {error}"))?;
        match response.status().as_u16() {
            200 => Ok(body),
            status => Err(format!("{page} answers {status}")),
        }
    };
    let body = read(agent.get(&address).call())?;
    let has_button = |form: &Form| form.buttons.iter().any(|label| label == button);
    let form = forms(&body)
        .into_iter()
        .find(has_button)
        .ok_or_else(|| format!("there is no button \"{button}\" on {page}"))?;
    let (root, _) = address.split_once("/@").unwrap_or((&address, ""));
    read(agent.post(format!("{root}{}", form.action)).send_form(form.fields))
}

/// Opens a page in the user's own browser and waits until the token is approved there.
pub(crate) fn wait_for_approval(
    stage: &Stage,
    page: &str,
    bound: Duration,
    label: &str,
) -> Result<(), String> {
    let address = local(&stage.forge, page)?;
    println!("\nPress Approve in your browser, at the stand-in's own address:\n  {address}");
    if let Err(error) = open::that_detached(&address) {
        println!("  (it cannot be opened from here, please open it yourself: {error})");
    }
    let start = Instant::now();
    let mut told = u64::MAX;
    loop {
        let state = stage.forge.policy(|policy| policy.token_mut(label).state);
        let left = bound.saturating_sub(start.elapsed());
        let end = match state {
            State::Active => Some(Ok(())),
            State::Denied | State::Revoked => Some(Err("the token was denied".to_owned())),
            State::Pending if stage.is_interrupted() => Some(Err("it was interrupted".to_owned())),
            State::Pending if left.is_zero() => {
                Some(Err(format!("nobody pressed Approve within {} s", bound.as_secs())))
            }
            State::Pending => None,
        };
        if let Some(end) = end {
            progress("");
            return end;
        }
        // Where lines stay, one is enough.
        let is_news = told == u64::MAX || stage.counts_down();
        if is_news && told != left.as_secs() {
            told = left.as_secs();
            progress(&format!("waiting for Approve ... ({told} s left)"));
        }
        std::thread::sleep(PAUSE);
    }
}
