//! One request with what is found out about it.

use crate::account::{Account, server_of};
use crate::ancestry;
use crate::log::Fact;
use crate::protocol::Request;
use crate::remote::{Remote, Server};
use crate::session::Session;

/// Says what a request is about: by its path; on GitHub without one by the URL of the calling
/// `git-remote-https`, if its host is the asked one. A path that is there but unusable is never replaced.
pub fn target(session: &Session, request: &Request, accounts: &[Account]) -> Option<Remote> {
    let asked = request.remote()?;
    if request.path.is_some() || server_of(&asked.host, accounts) != Server::GitHub {
        return Some(asked);
    }
    let of_caller = session.caller().url.as_ref().and_then(ancestry::Url::remote);
    let target = of_caller.filter(|remote| remote.host == asked.host).unwrap_or(asked);
    session.log.note("no path came", &[("target", Fact::Remote(&target))]);
    Some(target)
}

/// Tells whether a host is none of ours: it is not GitHub's, and has neither account nor fallback.
pub fn is_foreign(session: &Session, remote: &Remote) -> bool {
    let is_ours = |account: &Account| account.scope.host().serves(&remote.host);
    remote.host.server_by_name() != Some(Server::GitHub)
        && session.accounts().is_ok_and(|accounts| !accounts.iter().any(is_ours))
        && session.fallback(remote, None).helpers.is_empty()
}
