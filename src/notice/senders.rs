//! Who else speaks for git: what it sends by itself, before it asks a helper or in place of what a helper answers.
//! Where that was refused, nothing is held against an account.

use super::speech;
use super::{direction, opening};
use crate::checks::{self, Interference, RemoteUrl};
use crate::git::{Cwd, Git, Listing};
use crate::remote::Remote;
use crate::session::Session;
use crate::terminal::say;
use crate::token::Token;
use crate::verdict::{Verdict, sent_by_git};

/// Finds what git sends by itself to the place that it asks for; `secret` stands in the URL that it was given.
fn others(session: &Session, remote: &Remote, secret: Option<&Token>) -> Vec<Interference> {
    let listing = Git::find().and_then(|git| Listing::read(&git, Cwd::Here).ok());
    let url = format!("https://{}/{}", remote.host, remote.path.as_deref().unwrap_or_default());
    let given = RemoteUrl {
        remote,
        name: session.caller().remote_name.as_deref(),
        push: false,
        user: None,
        secret,
        url: &url,
        is_https: true,
    };
    checks::urls(&given, listing.as_ref()).1
}

/// Gives the verdict on a refusal of what git was about to send: another one, if git sends something else. `is_judged`
/// says whether it is known that the account's token itself was refused.
pub(super) fn blamed(session: &Session, remote: &Remote, verdict: Verdict, is_judged: bool) -> Verdict {
    if verdict.exit != 1 {
        return verdict;
    }
    checks::blamed(&others(session, remote, None), &verdict, is_judged).unwrap_or(verdict)
}

/// Gives the verdict where git sends a header of its own with each request, whatever it is told by a helper.
pub(super) fn always_sent(session: &Session, remote: &Remote) -> Option<Verdict> {
    let sender = others(session, remote, None).into_iter().find(|other| !other.yields)?;
    Some(sent_by_git(&sender.what, sender.fix))
}

/// Says that git sent what stands in the URL, and that it was refused.
pub(crate) fn say_sender(session: &Session, remote: &Remote, secret: &Token) {
    if let Some(sender) = others(session, remote, Some(secret)).into_iter().find(|other| !other.yields) {
        let verdict = sent_by_git(&sender.what, sender.fix);
        let words = speech::refusal(remote, direction(session.caller()), &verdict);
        say(&words.with_page(&opening::Shown::default()));
    }
}
