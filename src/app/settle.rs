//! A token that was just minted is not known everywhere at once: it is waited for.

use super::api::answered;
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Call};
use crate::inspect::client_for;
use crate::remote::Host;
use crate::token::{SETTLES, Token};
use std::thread;
use std::time::{Duration, Instant};

/// How long it is waited for.
pub(super) const BOUND: Duration = Duration::from_secs(SETTLES.unsigned_abs());
/// The first pause between two questions; each is half as long again as the one before.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits until the token is known, at most [`BOUND`]. Whatever else is answered shows that it is.
pub(super) fn settle(host: &Host, token: &Token) {
    let Ok(client) = client_for(host, HttpContext::User) else { return };
    let (api, path, start) = (Api::of(host), ApiPath::installation_repositories(), Instant::now());
    let mut pause = PAUSE;
    while let Ok(answer) = answered(client.call(&Call::get(&api, &path).by(token)))
        && answer.status == 401
        && start.elapsed() + pause < BOUND
    {
        thread::sleep(pause);
        pause = pause * 3 / 2;
    }
}
