//! Ending a credential, and asking whether it is still known.
//!
//! Source: GitHub's REST reference, "Revocation" (`POST /credentials/revoke`, which refuses whoever logs in) and
//! "Revoke an installation access token" (`DELETE /installation/token`, by the token itself).

use super::{Api, ApiPath, Call, CallResult, Client, FailureKind, Method, NoResponse};
use crate::token::{Token, TokenKind};
use zeroize::Zeroizing;

impl Client {
    /// Has GitHub end a credential. The answer says nothing of whether it was known.
    pub(crate) fn revoke(&self, api: &Api, secret: &Token) -> CallResult {
        if secret.kind() == TokenKind::Installation {
            let path = ApiPath("/installation/token".to_owned());
            return self.call(&Call { method: Method::Delete, ..Call::get(api, &path) }.by(secret));
        }
        let path = ApiPath("/credentials/revoke".to_owned());
        match body(secret) {
            Ok(body) => self.call(&Call::post(api, &path).json(&body)),
            Err(failure) => CallResult::Failed(failure),
        }
    }

    /// Asks the one call that every credential of its kind may make: 401 says that it is not known any more.
    pub(crate) fn is_known(&self, api: &Api, secret: &Token) -> CallResult {
        let path = match secret.kind() {
            TokenKind::Installation => ApiPath("/installation/repositories?per_page=1".to_owned()),
            _ => ApiPath::user(),
        };
        self.get(api, &path, Some(secret))
    }
}

/// Writes the one credential as the call takes it. Tokens have no character that JSON would escape.
fn body(secret: &Token) -> Result<Zeroizing<Vec<u8>>, NoResponse> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !secret.expose().iter().all(plain) {
        return Err(NoResponse::new(FailureKind::Other, "this is no token of GitHub's"));
    }
    let [before, behind] = [&b"{\"credentials\":[\""[..], b"\"]}"];
    // Room for everything at once: a buffer that grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(before.len() + secret.expose().len() + behind.len()));
    [before, secret.expose(), behind].iter().for_each(|part| body.extend_from_slice(part));
    Ok(body)
}
