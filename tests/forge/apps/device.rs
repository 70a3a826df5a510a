//! Logging in with a code on another device, and refreshing what came of it.
//!
//! Errors come with status 200, as GitHub's do.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::super::policy::{Policy, State, Token};
use super::super::site;
use super::super::tokens::{self, TokenKind};

/// A login that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// The App's.
    pub(crate) client_id: String,
    /// What the client asks with.
    pub(crate) device_code: String,
    /// What the person types.
    pub(crate) user_code: String,
    /// What the person has said.
    pub(crate) said: Said,
    interval: u64,
    asked: Option<Timestamp>,
    end: Timestamp,
}

/// What the person has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing yet.
    Nothing,
    /// Yes, as this user.
    Yes(String),
    /// No.
    No,
}

impl super::Apps {
    /// The person types the code and agrees, as this user.
    pub(crate) fn authorise(&mut self, user_code: &str, login: &str) {
        self.said(user_code, Said::Yes(login.to_owned()));
    }

    /// The person types the code and presses "Cancel".
    pub(crate) fn refuse(&mut self, user_code: &str) {
        self.said(user_code, Said::No);
    }

    fn said(&mut self, user_code: &str, said: Said) {
        let device = self.devices.iter_mut().find(|device| device.user_code == user_code);
        device.unwrap_or_else(|| panic!("no login has the code {user_code}")).said = said;
    }
}

/// Answers below `/login`; nothing if the address is another one.
pub(crate) fn answer(policy: &mut Policy, host: &str, path: &str, request: &Request) -> Option<Reply> {
    let sent = String::from_utf8_lossy(&request.body).into_owned();
    let fields = site::form(&sent);
    let field = |name: &str| {
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let now = Timestamp::now();
    match (request.method.as_str(), path) {
        ("POST", "/login/device/code") => Some(begin(policy, host, field("client_id"), now)),
        ("POST", "/login/oauth/access_token") => Some(match field("grant_type") {
            "urn:ietf:params:oauth:grant-type:device_code" => {
                poll(policy, host, field("client_id"), field("device_code"), now)
            }
            "refresh_token" => refresh(policy, host, field("client_id"), field("refresh_token"), now),
            _ => error("unsupported_grant_type", "The grant type is not supported."),
        }),
        _ => None,
    }
}

fn error(id: &str, description: &str) -> Reply {
    Reply::json(200, &json!({"error": id, "error_description": description}))
}

fn begin(policy: &mut Policy, host: &str, client_id: &str, now: Timestamp) -> Reply {
    let Some(app) = policy.apps.by_client_id(client_id) else {
        return Reply::json(404, &json!({"error": "Not Found"}));
    };
    if !app.device_flow {
        return error("device_flow_disabled", "Device Flow must be explicitly enabled for this App");
    }
    let code = tokens::random(8).to_ascii_uppercase();
    let interval = if policy.apps.interval == 0 { 5 } else { policy.apps.interval };
    let device = Device {
        client_id: client_id.to_owned(),
        device_code: tokens::random(40),
        user_code: format!("{}-{}", &code[..4], &code[4..]),
        said: Said::Nothing,
        interval,
        asked: None,
        end: now + SignedDuration::from_secs(900),
    };
    let reply = json!({
        "device_code": device.device_code,
        "user_code": device.user_code,
        "verification_uri": format!("https://{host}/login/device"),
        "expires_in": 900,
        "interval": interval,
    });
    policy.apps.devices.push(device);
    Reply::json(200, &reply)
}

fn poll(policy: &mut Policy, host: &str, client_id: &str, code: &str, now: Timestamp) -> Reply {
    let Some(at) = policy.apps.devices.iter().position(|device| device.device_code == code) else {
        return error("incorrect_device_code", "The device_code provided is not valid.");
    };
    let forced = policy.apps.slow_downs > 0;
    policy.apps.slow_downs -= u32::from(forced);
    let device = &mut policy.apps.devices[at];
    if device.client_id != client_id {
        return error("incorrect_client_credentials", "The client_id passed is incorrect.");
    }
    if device.end <= now {
        return error("expired_token", "The device_code has expired.");
    }
    let wait = SignedDuration::from_secs(i64::try_from(device.interval).unwrap_or(5));
    let early = device.asked.is_some_and(|asked| asked + wait > now);
    device.asked = Some(now);
    if early || forced {
        device.interval += if forced { 1 } else { 5 };
        let reply = json!({"error": "slow_down", "error_description": "Too many requests have been made in the same timeframe.",
                           "interval": device.interval});
        return Reply::json(200, &reply);
    }
    match device.said.clone() {
        Said::Nothing => error("authorization_pending", "The authorization request is still pending."),
        Said::No => error("access_denied", "The authorization request was denied."),
        Said::Yes(login) => {
            policy.apps.devices.remove(at);
            give(policy, host, client_id, &login, now)
        }
    }
}

fn refresh(policy: &mut Policy, host: &str, client_id: &str, sent: &str, now: Timestamp) -> Reply {
    let bad = || error("bad_refresh_token", "The refresh token passed is incorrect or expired.");
    let Some(at) = policy.apps.refreshes.iter().position(|(secret, _)| secret == sent) else { return bad() };
    let label = policy.apps.refreshes[at].1.clone();
    let token = policy.token_mut(&label);
    let (login, app) = (token.login.clone(), token.app.clone());
    if policy.apps.by_client_id(client_id).is_none_or(|known| known.slug != app) {
        return error("incorrect_client_credentials", "The client_id passed is incorrect.");
    }
    // Both die at once.
    policy.apps.refreshes.remove(at);
    policy.token_mut(&label).state = State::Revoked;
    give(policy, host, client_id, &login, now)
}

fn give(policy: &mut Policy, host: &str, client_id: &str, login: &str, now: Timestamp) -> Reply {
    policy.apps.minted += 1;
    let label = format!("user-{}", policy.apps.minted);
    let Some(app) = policy.apps.by_client_id(client_id).cloned() else {
        return error("incorrect_client_credentials", "The client_id passed is incorrect.");
    };
    let life = app.user_tokens.map(|seconds| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0)));
    let granted = app.installations.first().map(|it| it.permissions.clone()).unwrap_or_default();
    let token = Token {
        secret: tokens::make_token(TokenKind::AppUser),
        kind: TokenKind::AppUser,
        host: host.to_owned(),
        login: login.to_owned(),
        owner: None,
        app: app.slug.clone(),
        created: now,
        expires: life.map(|life| now + life),
        permissions: granted,
        ..Token::installation(&label, "")
    };
    let mut reply: Value = json!({"access_token": token.secret, "token_type": "bearer", "scope": ""});
    policy.tokens.push(token);
    if let Some(seconds) = app.user_tokens {
        let secret = format!("ghr_{}", tokens::random(72));
        reply["expires_in"] = json!(seconds);
        reply["refresh_token"] = json!(secret);
        reply["refresh_token_expires_in"] = json!(15_897_600);
        policy.apps.refreshes.push((secret, label));
    }
    Reply::json(200, &reply)
}
