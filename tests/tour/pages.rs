//! GitHub's pages as the forge serves them on localhost: used over HTTP, or in the user's own browser.

use super::forge::{Forge, State};
use super::stage::{Stage, counts, progress};
use super::visitor::forms::text_of;
use super::visitor::{self, local};
use std::time::{Duration, Instant};

/// How often it is looked whether the button was pressed.
const PAUSE: Duration = Duration::from_millis(200);

/// Opens the form for a new token, fills in what the form left open, and gives the token that it makes.
pub(crate) fn make_token(forge: &Forge, page: &str) -> Result<String, String> {
    let made = press(forge, page, "Generate token")?;
    text_of(&made, "token").ok_or_else(|| "the page shows no token".to_owned())
}

/// Opens a page and presses the button that says this; gives the page behind it.
pub(crate) fn press(forge: &Forge, page: &str, button: &str) -> Result<String, String> {
    let seen = visitor::open(&local(forge, page)?)?.expect(200)?;
    let mut seen = visitor::press(forge, &seen, button)?;
    if !seen.location.is_empty() {
        let (root, _) = seen.address.split_once("/@").unwrap_or((&seen.address, ""));
        seen = visitor::open(&format!("{root}{}", seen.location))?;
    }
    Ok(seen.expect(200)?.body)
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
        let is_news = told == u64::MAX || counts();
        if is_news && told != left.as_secs() {
            told = left.as_secs();
            progress(&format!("waiting for Approve ... ({told} s left)"));
        }
        std::thread::sleep(PAUSE);
    }
}
