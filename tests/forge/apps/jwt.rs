//! Whether a JSON web token is one of an App's: its signature, its times, and the words of GitHub if not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::{App, Apps};

/// The longest that a JSON web token may live, in seconds.
const LONGEST: i64 = 600;

/// Gives the App that signed; else GitHub's message.
pub(super) fn check<'a>(apps: &'a Apps, jwt: &str, now: Timestamp) -> Result<&'a App, &'static str> {
    let now = apps.now(now).as_second();
    let undecodable = "A JSON web token could not be decoded";
    let mut parts = jwt.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(undecodable);
    };
    let json =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (Some(head), Some(claims)) = (json(header), json(payload)) else { return Err(undecodable) };
    let issuer = match &claims["iss"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(undecodable),
    };
    let app = apps.list.iter().find(|app| app.client_id == issuer || app.id.to_string() == issuer);
    let (Some(app), Some("RS256")) = (app, head["alg"].as_str()) else { return Err(undecodable) };
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| undecodable)?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key)
        .verify(format!("{header}.{payload}").as_bytes(), &signature)
        .map_err(|_| undecodable)?;
    let (Some(issued), Some(end)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return Err(undecodable);
    };
    if end <= now {
        Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        )
    } else if end > now + LONGEST {
        Err("'Expiration time' claim ('exp') is too far in the future")
    } else if issued > now {
        Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    } else {
        Ok(app)
    }
}
