//! Asks a host whose token this is: what `add` wants to know before it keeps one.

use crate::error::{Exit, Failure};
use crate::github::{Api, Client, Reply};
use crate::remote::{Host, Scope, Server};
use crate::terminal::sanitise;
use crate::token::{Token, TokenKind};

/// What a host said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What answers at the host.
    pub server: Server,
    /// Whose token it is, if the host says so.
    pub login: Option<String>,
    /// When it expires, in seconds since 1970, if the host says so.
    pub expires: Option<i64>,
}

/// Guesses what answers at a host that is not asked: an owner in the scope or a GitHub token speak for GitHub.
pub fn likely_server(scope: &Scope, kind: TokenKind) -> Server {
    if kind.is_github() || !scope.is_whole_host() { Server::GitHub } else { Server::Plain }
}
