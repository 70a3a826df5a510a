//! Logging in with a code that is typed into a browser on any device (RFC 8628, as GitHub has it).

use super::user::{Login, Pair};
use super::{AppError, now};
use crate::github::{ApiPath, form};
use crate::remote::Host;
use crate::token::Token;
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// A login that was begun.
pub(crate) struct Begun<'a> {
    login: Login,
    client_id: &'a str,
    device_code: Token,
    /// What the person types.
    pub(crate) user_code: String,
    /// Until when it is good, in seconds since 1970.
    pub(crate) end: i64,
    interval: f64,
}

/// How a login ended, if not well.
#[derive(Debug)]
pub(crate) enum NotLoggedIn {
    /// The person pressed "Cancel".
    Denied,
    /// Nobody typed the code in time.
    Expired,
    /// The App's owner has not allowed such logins.
    Disabled,
    /// There is no such App at this host.
    NoApp,
    /// Anything else.
    Failed(AppError),
}

impl From<AppError> for NotLoggedIn {
    fn from(trouble: AppError) -> Self {
        Self::Failed(trouble)
    }
}

/// Polls are this much slower than told: clocks of virtual machines run fast, and whoever is early once is to be
/// slower for good (how gh does it, with its reasons).
const SLOWER: f64 = 1.2;
/// The same after GitHub has said `slow_down`.
const STILL_SLOWER: f64 = 1.4;
/// What GitHub tells to wait if it tells nothing, in seconds (RFC 8628, section 3.2).
const INTERVAL: f64 = 5.0;

/// Asks for a code.
pub(crate) fn begin<'a>(host: &Host, client_id: &'a str) -> Result<Begun<'a>, NotLoggedIn> {
    let login = Login::at(host)?;
    let json = match login.ask(&ApiPath::device_code(), &form(&[("client_id", client_id.as_bytes())])) {
        Err(AppError::Said(404, _)) => return Err(NotLoggedIn::NoApp),
        other => other?,
    };
    if let Some(error) = json["error"].as_str() {
        return Err(refusal(error));
    }
    let user_code = json["user_code"].as_str().filter(|code| is_code(code));
    let device_code = json["device_code"].as_str().filter(|code| !code.is_empty());
    let (Some(user_code), Some(device_code)) = (user_code, device_code) else {
        return Err(AppError::said(200, "and no code").into());
    };
    Ok(Begun {
        login,
        client_id,
        device_code: Token::new(device_code.as_bytes().to_vec()),
        user_code: user_code.to_owned(),
        end: now() + json["expires_in"].as_i64().unwrap_or(900),
        interval: json["interval"].as_f64().unwrap_or(INTERVAL) * SLOWER,
    })
}

impl Begun<'_> {
    /// Asks again and again until the person has decided, or the code has expired.
    pub(crate) fn wait(mut self) -> Result<Pair, NotLoggedIn> {
        let fields: [(&str, &[u8]); 3] = [
            ("client_id", self.client_id.as_bytes()),
            ("device_code", self.device_code.expose()),
            ("grant_type", b"urn:ietf:params:oauth:grant-type:device_code"),
        ];
        let form = form(&fields);
        loop {
            thread::sleep(Duration::from_secs_f64(self.interval.clamp(0.1, 120.0)));
            if now() >= self.end {
                return Err(NotLoggedIn::Expired);
            }
            let json = match self.login.ask(&ApiPath::access_token(), &form) {
                Ok(json) => json,
                // The network may be back before the code has expired.
                Err(trouble) if trouble.is_passing() => continue,
                Err(trouble) => return Err(trouble.into()),
            };
            match json["error"].as_str() {
                None => {
                    let pair = Pair::given(&json, now());
                    return pair.ok_or_else(|| AppError::said(200, "and no token").into());
                }
                Some("authorization_pending") => {}
                Some("slow_down") => self.interval = slower(&json, self.interval),
                Some(error) => return Err(refusal(error)),
            }
        }
    }
}

/// Gives the interval after `slow_down`: the one that is named, else five seconds more (RFC 8628, section 3.5).
fn slower(json: &Value, interval: f64) -> f64 {
    json["interval"].as_f64().map_or(interval + INTERVAL, |named| (named * STILL_SLOWER).max(interval))
}

fn refusal(error: &str) -> NotLoggedIn {
    match error {
        "access_denied" => NotLoggedIn::Denied,
        // Both are documented.
        "expired_token" | "token_expired" => NotLoggedIn::Expired,
        "device_flow_disabled" => NotLoggedIn::Disabled,
        "incorrect_client_credentials" | "Not Found" => NotLoggedIn::NoApp,
        other => NotLoggedIn::Failed(AppError::said(200, other)),
    }
}

/// Says whether this may be shown as a code.
fn is_code(text: &str) -> bool {
    (4..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slow_down_is_obeyed_and_more() {
        assert_eq!(slower(&json!({"interval": 10}), 6.0), 14.0);
        assert_eq!(slower(&json!({}), 6.0), 11.0);
        assert_eq!(slower(&json!({"interval": 1}), 6.0), 6.0, "never faster");
    }
}
