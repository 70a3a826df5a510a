//! Asks a host whose token this is: what `add` wants to know before it keeps one.

use crate::account::Account;
use crate::error::{Exit, Failure};
use crate::github::{Api, ApiPath, CallResult, Client, Response};
use crate::remote::{Scope, Server};
use crate::terminal::sanitise;
use crate::token::{Token, TokenKind};
use crate::verdict::{AnsweredBy, Observed, answered_by};

/// What a host said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    /// What answers at the host.
    pub server: Server,
    /// Whose token it is, if the host says so.
    pub login: Option<String>,
    /// The number of that user, likewise.
    pub user_id: Option<u64>,
    /// When it expires, in seconds since 1970, if the host says so.
    pub expires: Option<i64>,
}

/// GitHub's header about the token's end (documented; absent for tokens that never expire).
pub(crate) const EXPIRY: &str = "github-authentication-token-expiration";

/// Guesses what answers at a host that is not asked: a token of GitHub's kinds speaks for GitHub. An owner in the scope
/// does not, since other hosts have paths, too, and tell spellings apart that are one to GitHub.
pub(crate) fn likely_server(kind: TokenKind) -> Server {
    if kind.is_github() { Server::GitHub } else { Server::Plain }
}

/// Asks the host whose token this is and when it expires.
///
/// A host whose name does not tell is asked without the token first whether it is a GitHub at all. A plain
/// host cannot be asked: its credential is kept as it came. Fails with exit code 1 if GitHub refuses the
/// token, 3 if it could not be asked.
pub(crate) fn ask(client: &Client, scope: &Scope, token: &Token) -> Result<Verified, Failure> {
    let host = scope.host();
    let api = Api::of(host);
    if host.server_by_name() == Some(Server::Plain) {
        return Ok(Verified { server: Server::Plain, login: None, user_id: None, expires: None });
    }
    if host.server_by_name().is_none() {
        match client.get(&api, &ApiPath::meta(), None) {
            CallResult::Failed(why) => return Err(unanswered(scope, &why.to_string())),
            CallResult::Answered(answer) => match who(&answer) {
                AnsweredBy::GitHub => {}
                AnsweredBy::Nobody => {
                    let fact = format!(
                        "{host} answered {}, so patron cannot tell what kind of server it is",
                        answer.status
                    );
                    return Err(unchecked(fact));
                }
                AnsweredBy::Stranger => {
                    return Ok(Verified { server: Server::Plain, login: None, user_id: None, expires: None });
                }
            },
        }
    }
    let reply = client.get(&api, &ApiPath::user(), Some(token));
    let answer = match &reply {
        CallResult::Failed(why) => return Err(unanswered(scope, &why.to_string())),
        CallResult::Answered(answer) if who(answer) == AnsweredBy::Stranger => {
            return Err(unchecked(format!(
                "what answered for {host} is not GitHub (a captive portal, or a proxy?)"
            )));
        }
        CallResult::Answered(answer) => answer,
    };
    match answer.status {
        200 if serde_json::from_slice::<serde_json::Value>(&answer.body).is_err() => {
            Err(unchecked(format!("the answer of {host} about this token was cut off")))
        }
        200 => Ok(Verified {
            server: Server::GitHub,
            login: text_of(answer, "login")
                .filter(|login| login.len() <= 100 && !login.contains(char::is_control)),
            user_id: field_of(answer, "id").and_then(|id| id.as_u64()),
            expires: answer.header(EXPIRY).and_then(expiry),
        }),
        401 => Err(Failure::failed(format!("{host} does not accept this token"))
            .because(anyhow::anyhow!(
                "GitHub says 401: mistyped, expired or revoked; GitHub does not say which"
            ))
            .remedy("copy the token again, or make a new one")
            .remedy("or store it anyway: --no-verify")),
        status => {
            let said = text_of(answer, "message").map(|text| sanitise(&text, 200)).unwrap_or_default();
            let fact = format!("{host} answered {status}, which does not tell whether the token is valid");
            let failure = unchecked(fact);
            Err(if said.is_empty() {
                failure
            } else {
                failure.because(anyhow::anyhow!("GitHub says: {said}"))
            })
        }
    }
}

fn who(answer: &Response) -> AnsweredBy {
    answered_by(answer.status, answer.body.is_empty(), &|name| answer.header(name))
}

/// Reads one text field of a JSON answer; nothing if it is empty.
fn text_of(answer: &Response, field: &str) -> Option<String> {
    field_of(answer, field)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Reads one field of a JSON answer.
fn field_of(answer: &Response, field: &str) -> Option<serde_json::Value> {
    let json: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    json.get(field).cloned()
}

fn unanswered(scope: &Scope, why: &str) -> Failure {
    unchecked(format!("{} did not answer", scope.host())).because(anyhow::anyhow!("{why}"))
}

fn unchecked(fact: String) -> Failure {
    Failure::new(Exit::Unchecked, fact).remedy("try again, or store the token unchecked: --no-verify")
}

/// Gives the account with what GitHub told of its token (`GET /user`); none if there was nothing new. A user with the
/// known number and another login was renamed; an end that has passed was wrong, since the token works.
pub(crate) fn told(account: &Account, user: &Observed, now: i64) -> Option<Account> {
    let reply = user.reply().filter(|_| user.is_open())?;
    if account.app.is_some() {
        // What GitHub tells is of the token, which ends in an hour or eight, and not of the account.
        return None;
    }
    let mut new = account.clone();
    let (login, user_id) = (user.name("login"), user.number("id"));
    let is_same_user = match (&account.login, &login) {
        (Some(known), Some(login)) if !known.eq_ignore_ascii_case(login) => {
            account.user_id.is_some() && account.user_id == user_id
        }
        _ => true,
    };
    if is_same_user {
        new.login = login.or(new.login);
        new.user_id = user_id.or(new.user_id);
    }
    // No header: it never ends, or GitHub did not say; what was known stays while it can be true.
    new.expires = reply.header(EXPIRY).and_then(expiry).or(new.expires.filter(|at| *at > now));
    (new != *account).then_some(new)
}

/// Reads GitHub's time, `2027-06-01 00:00:00 UTC` or with an offset such as `+0900` (reported).
pub(crate) fn expiry(value: &str) -> Option<i64> {
    let value = value.trim().replace(" UTC", " +0000");
    let time = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", &value).ok()?;
    time.to_timestamp().ok().map(|time| time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn githubs_times_are_read_with_utc_and_with_an_offset() {
        assert_eq!(expiry("2027-06-01 00:00:00 UTC"), Some(1_811_808_000));
        assert_eq!(expiry("2027-06-01 09:00:00 +0900"), Some(1_811_808_000));
        assert_eq!(expiry("soon"), None);
        assert_eq!(expiry(""), None);
    }
}
