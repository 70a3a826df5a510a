//! Somebody at a browser, without a browser: opens pages, reads their forms, presses their buttons.
//!
//! The forge's pages are its own under its address on localhost; what a page calls github.com is looked for there.
//! A button is looked for by what stands on it, and the fields are sent as they are filled in.

#![allow(dead_code, reason = "tests and the tour each use a part of it")]

#[path = "tour/forms.rs"]
pub(crate) mod forms;

use std::time::Duration;

use ureq::Agent;

use super::forge::Forge;

/// What github.com's pages begin with.
const GITHUB: &str = "https://github.com/";
/// How long an answer may take: the one that waits for a vault is the slowest.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page, or where another one is.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Where it was.
    pub(crate) address: String,
    /// The status.
    pub(crate) status: u16,
    /// Where it leads; empty if nowhere.
    pub(crate) location: String,
    /// What it holds.
    pub(crate) body: String,
}

/// Where the forge serves a page to a browser that knows no proxy.
pub(crate) fn local(forge: &Forge, page: &str) -> Result<String, String> {
    match page.strip_prefix(GITHUB) {
        Some(path) => Ok(format!("{}/{path}", forge.local_url())),
        None => Err(format!("this is no page of github.com: {page}")),
    }
}

/// Opens an address of this machine.
pub(crate) fn open(address: &str) -> Result<Seen, String> {
    seen(address, agent().get(address).call())
}

/// Presses the button that says this on a page.
pub(crate) fn press(forge: &Forge, page: &Seen, button: &str) -> Result<Seen, String> {
    let has_button = |form: &forms::Form| form.buttons.iter().any(|label| label == button);
    let form = forms::forms(&page.body)
        .into_iter()
        .find(has_button)
        .ok_or_else(|| format!("there is no button \"{button}\" on {}:\n{}", page.address, page.body))?;
    let address = match form.action.strip_prefix('/') {
        Some(_) => {
            let (root, _) = page.address.split_once("/@").unwrap_or((&page.address, ""));
            format!("{root}{}", form.action)
        }
        None => local(forge, &form.action)?,
    };
    seen(&address, agent().post(&address).send_form(form.fields))
}

/// Goes all the way on which a GitHub App is made: from patron's page by the button that says this to GitHub's, and
/// back. Gives patron's last page.
pub(crate) fn make_app(forge: &Forge, page: &str, button: &str) -> Result<Seen, String> {
    let start = open(page)?.expect(200)?;
    let asked = press(forge, &start, button)?.expect(200)?;
    let made = press(forge, &asked, "Create GitHub App")?.expect(302)?;
    open(&made.location)?.expect(200)
}

impl Seen {
    /// An error says what is there instead of a page with this status.
    pub(crate) fn expect(self, status: u16) -> Result<Self, String> {
        match self.status == status {
            true => Ok(self),
            false => Err(format!("{} answers {}, not {status}:\n{}", self.address, self.status, self.body)),
        }
    }
}

fn agent() -> Agent {
    // A proxy of the user's is for other places than this machine.
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

fn seen(
    address: &str,
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Seen, String> {
    let mut response = response.map_err(|error| format!("{address}: {error}"))?;
    let location = response.headers().get("location").and_then(|it| it.to_str().ok()).unwrap_or_default();
    Ok(Seen {
        address: address.to_owned(),
        status: response.status().as_u16(),
        location: location.to_owned(),
        body: response.body_mut().read_to_string().map_err(|error| format!("{address}: {error}"))?,
    })
}
