//! An App that acts for a user: an access token of hours, and the refresh token that gives the next pair.
//!
//! A refresh token is good once, and the pair before it is dead at once (documented). So one process at a time
//! refreshes, the new pair is kept before it is used, and a refusal is looked at twice.

use super::api::{answered, json};
use super::{AppError, Minted, SPARE, now, turn};
use crate::account::Account;
use crate::git::HttpContext;
use crate::github::{Api, ApiPath, Call, Client, form};
use crate::inspect::client_to;
use crate::paths::Paths;
use crate::remote::Host;
use crate::token::Token;
use crate::vault::{self, Asking};
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

/// An access token and what renews it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The access token.
    pub(crate) access: Token,
    /// When it ends, in seconds since 1970; none if the App has opted out of that.
    pub(crate) expires: Option<i64>,
    /// The refresh token.
    pub(crate) refresh: Option<Token>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair(redacted, {:?})", self.expires)
    }
}

impl Pair {
    /// Reads a pair as it is kept: `ACCESS EXPIRES REFRESH`, the last two `-` where there are none.
    pub(crate) fn read(kept: &Token) -> Option<Self> {
        let mut parts = kept.expose().split(|byte| *byte == b' ');
        let access = Token::new(parts.next()?.to_vec());
        let expires = parts.next().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let refresh = parts.next().filter(|text| *text != b"-").map(|text| Token::new(text.to_vec()));
        (!access.is_empty()).then_some(Self { access, expires, refresh })
    }

    /// Writes the pair as it is kept: both in one, so that neither is ever without the other.
    pub(crate) fn kept(&self) -> Token {
        let expires = self.expires.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let refresh = self.refresh.as_ref().map_or(&b"-"[..], Token::expose);
        Token::new([self.access.expose(), b" ", expires.as_bytes(), b" ", refresh].concat())
    }

    /// Reads what GitHub gave.
    pub(super) fn given(json: &Value, at: i64) -> Option<Self> {
        let token = |name: &str| {
            let token = Token::new(json[name].as_str()?.as_bytes().to_vec());
            // It is kept between blanks.
            let fits = !token.is_empty() && token.expose().iter().all(u8::is_ascii_graphic);
            fits.then_some(token)
        };
        let expires = json["expires_in"].as_i64().map(|seconds| at.saturating_add(seconds));
        Some(Self { access: token("access_token")?, expires, refresh: token("refresh_token") })
    }

    fn is_good(&self) -> bool {
        self.expires.is_none_or(|at| at - SPARE > now())
    }

    fn minted(self, is_new: bool) -> Minted {
        Minted { token: self.access, expires: self.expires, is_new, minted: None, note: None }
    }
}

/// Gives the access token, refreshed where it is at its end.
pub(super) fn token(paths: &Paths, account: &Account, may_ask: bool) -> Result<Minted, AppError> {
    let vault = vault::open(&account.place, paths, Asking::Never);
    let read = || -> Result<Pair, AppError> {
        let kept = vault.read(&vault::item(account))?.ok_or(AppError::NothingKept)?;
        Pair::read(&kept).ok_or(AppError::NothingKept)
    };
    let pair = read()?;
    if pair.is_good() {
        return Ok(pair.minted(false));
    }
    if !may_ask {
        return Err(AppError::NotToAsk);
    }
    let _turn = turn(paths, account);
    // Somebody else may have refreshed it meanwhile.
    let pair = read()?;
    if pair.is_good() {
        return Ok(pair.minted(false));
    }
    let left = |pair: Pair, trouble: AppError| match pair.expires.is_some_and(|at| at > now()) {
        true => Ok(pair.minted(false)),
        false => Err(trouble),
    };
    let app = account.app.as_ref().ok_or(AppError::NothingKept)?;
    let Some(refresh) = &pair.refresh else { return left(pair, AppError::LoginEnded) };
    match renewed(account.scope.host(), &app.client_id, refresh) {
        Ok(new) => {
            // Before it is used: the old pair is dead already.
            vault.write(&vault::item(account), &new.kept())?;
            Ok(new.minted(true))
        }
        Err(AppError::LoginEnded) => {
            // Whoever holds no lock (another machine's home, no place for one) may have been faster.
            let newer = read()?;
            match newer.refresh != pair.refresh {
                true => Ok(newer.minted(false)),
                false => left(pair, AppError::LoginEnded),
            }
        }
        Err(trouble) => left(pair, trouble),
    }
}

fn renewed(host: &Host, client_id: &str, refresh: &Token) -> Result<Pair, AppError> {
    let login = Login::at(host)?;
    let fields: [(&str, &[u8]); 3] = [
        ("client_id", client_id.as_bytes()),
        ("grant_type", b"refresh_token"),
        ("refresh_token", refresh.expose()),
    ];
    let json = login.ask(&ApiPath::access_token(), &form(&fields))?;
    match json["error"].as_str() {
        None => Pair::given(&json, now()).ok_or_else(|| AppError::said(200, "and no token")),
        Some("bad_refresh_token") => Err(AppError::LoginEnded),
        Some(error) => Err(AppError::said(200, error)),
    }
}

/// The pages of a host by which programs log in: not its API.
pub(super) struct Login {
    client: Client,
    api: Api,
}

impl Login {
    pub(super) fn at(host: &Host) -> Result<Self, AppError> {
        let api = Api::login(host);
        let client = client_to(&api, HttpContext::User).map_err(AppError::unreached)?;
        Ok(Self { client, api })
    }

    /// Sends a form and gives the answer; its errors come with status 200.
    pub(super) fn ask(&self, path: &ApiPath, form: &Zeroizing<Vec<u8>>) -> Result<Value, AppError> {
        let answer = answered(self.client.call(&Call::post(&self.api, path).form(form)))?;
        let json = json(&answer);
        match answer.status {
            200 => Ok(json),
            status => Err(AppError::said(status, json["error"].as_str().unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_pair_is_read_as_it_was_kept() {
        for pair in [
            Pair { access: token("a"), expires: Some(7), refresh: Some(token("r")) },
            Pair { access: token("a"), expires: None, refresh: None },
        ] {
            assert_eq!(Pair::read(&pair.kept()), Some(pair));
        }
        assert_eq!(Pair::read(&token("")), None);
        assert!(!format!("{:?}", Pair::read(&token("secret 1 other"))).contains("secret"));
    }

    #[test]
    fn an_answer_with_a_blank_in_its_token_is_none() {
        let given =
            |access: &str| Pair::given(&serde_json::json!({"access_token": access, "expires_in": 10}), 5);
        assert_eq!(given("a"), Some(Pair { access: token("a"), expires: Some(15), refresh: None }));
        assert_eq!(given("a b"), None);
        assert_eq!(given(""), None);
    }
}
