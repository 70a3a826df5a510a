//! The JSON web token by which a GitHub App says who it is, before it is signed and after.
//!
//! Rules (documented, *Generating a JSON web token (JWT) for a GitHub App*): RS256, `iat` 60 seconds in the past
//! against clocks that drift, `exp` at most ten minutes ahead. Nine are taken: with ten, any difference of the
//! clocks makes GitHub refuse (reported by several projects).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seconds by which the token is issued in the past.
const BACK: i64 = 60;
/// Seconds after which it ends.
const LIFE: i64 = 540;

/// Writes what is to be signed. `issuer`: the App's client ID, or its older number; `now`: seconds since 1970 by
/// GitHub's clock.
pub(crate) fn signing_input(issuer: &str, now: i64) -> String {
    let issuer = serde_json::Value::from(issuer);
    let claims = format!("{{\"iat\":{},\"exp\":{},\"iss\":{issuer}}}", now - BACK, now + LIFE);
    format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#), URL_SAFE_NO_PAD.encode(claims))
}

/// Puts the signature behind what was signed.
pub(crate) fn signed(input: &str, signature: &[u8]) -> Vec<u8> {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes()
}

/// Tells whether GitHub's message of a 401 is about the clock: then the answer's `Date` says what it is.
pub(crate) fn is_about_the_clock(message: &str) -> bool {
    ["'Expiration time' claim", "'Issued at' claim", "('exp')", "('iat')"]
        .iter()
        .any(|it| message.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_leave_room_for_clocks_that_differ() {
        let input = signing_input("Iv23li", 1_800_000_000);
        let (_, claims) = input.split_once('.').expect("two parts");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["iss"], "Iv23li");
        assert_eq!(claims["iat"], 1_799_999_940);
        assert_eq!(claims["exp"], 1_800_000_540);
        assert_eq!(signed("a.b", &[0xfb, 0xff]), b"a.b.-_8");
    }

    #[test]
    fn what_github_says_of_clocks_is_known() {
        for message in [
            "'Expiration time' claim ('exp') is too far in the future",
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            "Issued at claim ('iat') is in the future",
        ] {
            assert!(is_about_the_clock(message), "{message}");
        }
        assert!(!is_about_the_clock("A JSON web token could not be decoded"));
        assert!(!is_about_the_clock("Bad credentials"));
    }
}
