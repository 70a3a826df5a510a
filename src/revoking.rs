//! Telling a host that a secret is to be dead, and making sure that it is.
//!
//! GitHub's answer says nothing of whether the secret was known, and is given before the work is done. So the
//! host is asked with the secret itself until it does not know it, for [`BOUND`] at most.

use crate::github::{Api, CallResult, Client, Response};
use crate::remote::Host;
use crate::terminal::sanitise;
use crate::token::{Token, TokenKind};
use crate::verdict::{AnsweredBy, answered_by};
use std::thread;
use std::time::{Duration, Instant};

/// How long it is looked whether the secret is dead.
const BOUND: Duration = Duration::from_secs(10);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// What a refresh token begins with (documented): no kind of its own, since none is ever kept.
const REFRESH: &[u8] = b"ghr_";

/// Whether a host still knows a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It does not.
    Dead,
    /// It does, after all the looks.
    Alive,
}

/// Why a secret could not be revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotRevoked {
    /// There is no call that ends secrets of this kind.
    #[error("there is no call that ends a secret of this kind")]
    Kind,
    /// The host refused: its words.
    #[error("{0}")]
    Refused(String),
    /// Nothing is known: it did not answer.
    #[error("{0}")]
    Unanswered(String),
}

/// Revokes a secret at its host.
pub(crate) fn revoke(client: &Client, host: &Host, secret: &Token) -> Result<Life, NotRevoked> {
    if secret.kind() == TokenKind::Unknown && !secret.expose().starts_with(REFRESH) {
        return Err(NotRevoked::Kind);
    }
    let api = Api::of(host);
    let reply = client.revoke(&api, secret);
    let answer = match &reply {
        CallResult::Failed(why) => return Err(NotRevoked::Unanswered(why.to_string())),
        CallResult::Answered(answer) if who(answer) == AnsweredBy::Stranger => {
            return Err(NotRevoked::Unanswered(format!("what answered for {host} is not GitHub")));
        }
        CallResult::Answered(answer) => answer,
    };
    match answer.status {
        200..=299 => {}
        // An installation token that is dead already cannot end itself.
        401 if secret.kind() == TokenKind::Installation => return Ok(Life::Dead),
        404 => return Err(NotRevoked::Refused(format!("{host} has no call for that (404)"))),
        status @ (429 | 500..=599) => {
            return Err(NotRevoked::Unanswered(format!("{host} answered {status}")));
        }
        status => {
            let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let words = sanitise(json["message"].as_str().unwrap_or_default(), 200);
            return Err(NotRevoked::Refused(format!("{host} answered {status}: {words}")));
        }
    }
    // No call asks about a refresh token without using it.
    if secret.kind() == TokenKind::Unknown {
        return Ok(Life::Dead);
    }
    watch(client, &api, secret)
}

fn who(answer: &Response) -> AnsweredBy {
    answered_by(answer.status, answer.body.is_empty(), &|name| answer.header(name))
}

fn watch(client: &Client, api: &Api, secret: &Token) -> Result<Life, NotRevoked> {
    let start = Instant::now();
    loop {
        let reply = client.is_known(api, secret);
        let known = match &reply {
            CallResult::Answered(answer) if answer.status == 401 && who(answer) == AnsweredBy::GitHub => {
                return Ok(Life::Dead);
            }
            CallResult::Answered(_) => Ok(Life::Alive),
            CallResult::Failed(why) => Err(NotRevoked::Unanswered(why.to_string())),
        };
        if start.elapsed() >= BOUND {
            return known;
        }
        thread::sleep(PAUSE);
    }
}
