//! Tokens in the addresses of a checkout's remotes: `https://TOKEN@github.com/...`, `https://user:TOKEN@...`.

use super::{Checkout, FoundToken, Haul, Sought, word};
use crate::git::is_remote_name;
use crate::target::{Target, Transport};
use crate::token::Token;

/// One address of a remote: its name, and whether it is the one for pushes.
pub(super) struct RemoteAddress {
    name: String,
    push: bool,
}

pub(super) fn look(sought: &Sought<'_>, haul: &mut Haul) {
    for checkout in sought.checkouts {
        for (at, target) in targets(checkout) {
            let Some(value) = value(&target) else { continue };
            let remote = &target.remote;
            let push = if at.push { "--push " } else { "" };
            let path = remote.path.as_deref().unwrap_or_default();
            let name = if is_remote_name(&at.name) { at.name.as_str() } else { "REMOTE" };
            let clean_url = word(&format!("https://{}/{path}", remote.host));
            let clean = format!("{} remote set-url {push}{name} {clean_url}", checkout.git());
            // A name without a token is no secret, and stays.
            if super::github_tokens(&value).is_empty() && target.secret.is_none() {
                continue;
            }
            haul.add(&value, |secret| FoundToken {
                place: format!("the URL of remote {name} in {}", checkout.name()),
                host: remote.host.clone(),
                owner: remote.owner.clone(),
                is_keyed: false,
                secret,
                printed_by: None,
                cleaned_by: clean.clone(),
            });
        }
    }
}

/// Reads the addresses of a checkout's remotes that lead to a host by HTTPS, as they are written.
pub(super) fn targets(checkout: &Checkout) -> impl Iterator<Item = (RemoteAddress, Target)> {
    checkout.listing.named("remote", &["url", "pushurl"]).into_iter().filter_map(|set| {
        let target = Target::from_url(std::str::from_utf8(&set.set.value).ok()?)?;
        let push = set.key.ends_with(b".pushurl");
        let name = String::from_utf8_lossy(&set.name?).into_owned();
        (target.transport == Transport::Https).then_some((RemoteAddress { name, push }, target))
    })
}

/// Gives the user information of an address, in which the token may be either part.
pub(super) fn value(target: &Target) -> Option<Token> {
    let parts = [target.user.as_deref().map(str::as_bytes), target.secret.as_ref().map(Token::expose)];
    let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(&b' ');
    (!whole.is_empty()).then(|| Token::new(whole))
}
