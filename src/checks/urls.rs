//! The remote's URL, and what else git sends to it besides what a helper answers.

use super::Group::Remote as Group;
use super::Status::{Failed, Ok, Warning};
use super::{Check, place, short};
use crate::git::{Cwd, Git, Listing, netrc_entry, user_home};
use crate::remote::Remote;
use crate::token::Token;
use crate::verdict::{Verdict, sent_by_git};
use crate::verdict_id::VerdictId;
use std::path::Path;

/// The URL as git uses it.
pub(crate) struct RemoteUrl<'a> {
    /// Where it leads.
    pub(crate) remote: &'a Remote,
    /// The remote's name, if it was found by one.
    pub(crate) name: Option<&'a str>,
    /// Whether it is the one for pushes.
    pub(crate) push: bool,
    /// The user name in it.
    pub(crate) user: Option<&'a str>,
    /// The password in it, which may be empty.
    pub(crate) secret: Option<&'a Token>,
    /// The URL for git's configuration: without a password.
    pub(crate) url: &'a str,
    /// Whether helpers are asked for it.
    pub(crate) is_https: bool,
}

/// A credential that git sends by itself: before it asks a helper, or in the place of what a helper answers.
pub(crate) struct Interference {
    /// What sends it, and where that stands: lower-case, no full stop.
    pub(crate) what: String,
    /// What takes it away.
    pub(crate) fix: String,
    /// Whether a helper is asked once it is refused as such (401): so git does with `.netrc`.
    pub(crate) yields: bool,
    /// The secret in it, to make sure that it is shown nowhere.
    pub(crate) secret: Option<Token>,
}

/// Looks at the URL, and at the settings that hold for it.
pub(crate) fn urls(given: &RemoteUrl<'_>, listing: Option<&Listing>) -> (Vec<Check>, Vec<Interference>) {
    let mut others = Vec::new();
    let mut checks = vec![the_url(given, listing, &mut others)];
    if let Some(listing) = listing {
        rewritten(given, listing, &mut checks, &mut others);
        if given.is_https {
            extra_headers(given, listing, &mut checks, &mut others);
            cookies(given, listing, &mut checks);
        }
    }
    if given.is_https {
        netrc(given, &mut checks, &mut others);
    }
    (checks, others)
}

fn the_url(given: &RemoteUrl<'_>, listing: Option<&Listing>, others: &mut Vec<Interference>) -> Check {
    let remote = given.remote;
    let clean = clean_url(remote);
    let at = given
        .name
        .zip(listing)
        .and_then(|(name, listing)| {
            listing.remote_line(name, given.push).or_else(|| listing.remote_line(name, false))
        })
        .map(|found| format!(" ({})", place(&found.source)))
        .unwrap_or_default();
    let without = |what: &str| match given.name {
        Some(name) => {
            let push = if given.push { " --push" } else { "" };
            format!("{what}: git remote set-url{push} {} {clean}", word(name))
        }
        None => format!("{what}: {clean}"),
    };
    if !given.is_https {
        return Check::new(
            Group,
            "ssh",
            Ok,
            format!("the remote uses SSH{at}: git asks no credential helper"),
        )
        .fix(without("to use a token instead"));
    }
    if let Some(secret) = given.secret {
        let what = if secret.is_empty() { "an empty password" } else { "a secret" };
        let fix = without("remove it");
        let what = format!("{what} is in the URL{at}");
        let message = format!("{what}: git sends it, and asks no helper");
        others.push(Interference { what, fix: fix.clone(), yields: false, secret: Some(secret.clone()) });
        return Check::new(Group, "remote-url", Failed, message).fix(fix);
    }
    match given.user {
        Some(user) if Token::new(user.as_bytes().to_vec()).kind().is_github() => {
            let message =
                format!("a token is in the URL as the user name{at}, where GitHub does not accept one");
            Check::new(Group, "remote-url", Failed, message).fix(without("remove it"))
        }
        // Measured: with a user name, git first tries an empty password.
        Some(_) => Check::new(
            Group,
            "remote-url",
            Ok,
            format!("https, with a user name in the URL{at}: git tries it with an empty password first"),
        ),
        None => Check::new(Group, "remote-url", Ok, format!("https, no secret in the URL{at}")),
    }
}

/// Gives the URL without user name and password.
fn clean_url(remote: &Remote) -> String {
    match &remote.path {
        Some(path) => format!("https://{}/{path}", remote.host),
        None => format!("https://{}", remote.host),
    }
}

/// Gives the verdict on a refusal that is not the account's: git sends something by itself. `is_judged` says whether it
/// is known that the token itself was refused; what yields to a helper was then refused before it.
pub(crate) fn blamed(others: &[Interference], verdict: &Verdict, is_judged: bool) -> Option<Verdict> {
    // Nothing that is sent opens these.
    let is_closed =
        matches!(verdict.id, VerdictId::Archived | VerdictId::RepositoryDisabled | VerdictId::DmcaBlocked);
    let sender = others.iter().find(|other| !other.yields || !is_judged)?;
    (verdict.exit == 1 && !is_closed).then(|| sent_by_git(&sender.what, sender.fix.clone()))
}

/// Makes a remote's name fit for a command line that is shown.
fn word(name: &str) -> String {
    match name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b)) {
        true => name.to_owned(),
        false => "REMOTE".to_owned(),
    }
}

fn rewritten(
    given: &RemoteUrl<'_>,
    listing: &Listing,
    checks: &mut Vec<Check>,
    others: &mut Vec<Interference>,
) {
    // What is looked at is what was written; the URL in hand is what git made of it.
    let written = given.name.and_then(|name| {
        let own = given.push.then(|| listing.remote_line(name, true)).flatten();
        own.or_else(|| listing.remote_line(name, false))
    });
    let Some(written) = written else { return };
    let url = String::from_utf8_lossy(&written.value).into_owned();
    let Some(rewrite) = listing.rewrite(&url, given.push) else { return };
    let at = place(&rewrite.source);
    let secret = rewrite.url.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/').next().and_then(|authority| authority.rsplit_once('@')).is_some_and(|(info, _)| {
            info.contains(':') || Token::new(info.as_bytes().to_vec()).kind().is_github()
        })
    });
    if secret {
        let what = format!("url.*.{} ({at}) puts a secret into the URL", rewrite.name);
        let fix = format!("remove that section from the file and treat the secret as leaked ({at})");
        // It is the same secret that the URL in hand has by now; the line to mend is this one.
        others.insert(0, Interference { what, fix, yields: false, secret: None });
    }
    checks.push(if secret {
        Check::new(
            Group,
            "url-rewrite",
            Failed,
            format!(
                "url.*.{} ({at}) puts a secret into the URL: git sends it, and asks no helper",
                rewrite.name
            ),
        )
        .fix(format!("remove that section from the file and treat the secret as leaked ({at})"))
    } else {
        Check::new(
            Group,
            "url-rewrite",
            Ok,
            format!("url.*.{} ({at}) changes the URL to this one", rewrite.name),
        )
    });
}

fn extra_headers(
    given: &RemoteUrl<'_>,
    listing: &Listing,
    checks: &mut Vec<Check>,
    others: &mut Vec<Interference>,
) {
    for found in listing.http(given.url, "extraheader") {
        let text = String::from_utf8_lossy(&found.value).into_owned();
        let Some((name, value)) = text.split_once(':') else { continue };
        let at = place(&found.source);
        if name.trim().eq_ignore_ascii_case("authorization") {
            let fix = format!("remove http.extraHeader from {at}");
            checks.push(
                Check::new(
                    Group,
                    "extra-header",
                    Failed,
                    format!("http.extraHeader ({at}) sends its own Authorization header: GitHub uses that one, not patron's token"),
                )
                .fix(fix.clone()),
            );
            let secret = value.trim().rsplit(' ').next().unwrap_or_default();
            let secret = Some(Token::new(secret.as_bytes().to_vec()));
            let what = format!("http.extraHeader ({at}) sends its own Authorization header");
            others.push(Interference { what, fix, yields: false, secret });
        } else {
            let name: String =
                name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
            checks.push(Check::new(
                Group,
                "extra-header",
                Warning,
                format!("http.extraHeader ({at}) adds the header {name} to every request of git"),
            ));
        }
    }
}

fn cookies(given: &RemoteUrl<'_>, listing: &Listing, checks: &mut Vec<Check>) {
    if let Some(found) = listing.http_last(given.url, "cookiefile").filter(|found| !found.value.is_empty()) {
        let at = place(&found.source);
        checks.push(
            Check::new(Group, "cookies", Warning, format!("http.cookieFile ({at}): git sends cookies along"))
                .fix(format!("git needs no cookies for GitHub: remove it from {at}")),
        );
    }
}

fn netrc(given: &RemoteUrl<'_>, checks: &mut Vec<Check>, others: &mut Vec<Interference>) {
    let Some(home) = user_home() else { return };
    let Some(entry) = netrc_entry(&home, given.remote.host.as_str()) else { return };
    let at = format!("{}:{}", short(&entry.file), entry.line);
    let what = if entry.is_default { "the default entry" } else { "an entry for this host" };
    let fix = format!("remove the entry from {at}");
    checks.push(
        Check::new(
            Group,
            "netrc",
            Warning,
            format!("{at} has {what}: git sends that first, and asks patron only if it is refused (401)"),
        )
        .fix(fix.clone()),
    );
    others.push(Interference { what: format!("{at} has {what}"), fix, yields: true, secret: entry.secret });
}

/// Names addresses of git-lfs that lead to another owner on the same host. Git-lfs asks there with the path of the
/// repository's remote, so it is given the token of the remote's owner (measured with 3.6 and 3.7).
pub(crate) fn lfs(given: &RemoteUrl<'_>, git: Option<&Git>, listing: Option<&Listing>) -> Vec<Check> {
    let mut found: Vec<(String, String)> = Vec::new();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    if let Some(listing) = listing {
        let own = given.name.map(|name| format!("remote.{name}.lfsurl"));
        for key in std::iter::once("lfs.url".to_owned()).chain(own) {
            found.extend(
                listing.last(&key).map(|set| (text(&set.value), format!("{key}, {}", place(&set.source)))),
            );
        }
    }
    if let Some(git) = git
        && given.name.is_some()
        && let Result::Ok(top) = git.run(&["rev-parse", "--show-toplevel"], Cwd::Here)
    {
        let file = Path::new(text(&top).trim_end_matches('\n')).join(".lfsconfig");
        let entries =
            if file.is_file() { Listing::of_file(git, &file).unwrap_or_default() } else { Vec::new() };
        let of_file = entries.into_iter().filter(|(key, _)| key == b"lfs.url");
        found
            .extend(of_file.filter_map(|(_, value)| Some((text(&value?), "lfs.url, .lfsconfig".to_owned()))));
    }
    let is_elsewhere = |url: &str| {
        let there = Remote::from_url(url)?;
        (there.host == given.remote.host && there.owner.is_some() && there.owner != given.remote.owner)
            .then_some(there)
    };
    let others = found.iter().filter_map(|(url, at)| Some((is_elsewhere(url)?, at)));
    others
        .map(|(there, at)| {
            let (there, here) = (there.name(), given.remote.name());
            let message = format!("git-lfs is sent to {there} ({at}) and asks for a credential of {here}, so it gets that owner's token");
            Check::new(Group, "lfs-url", Warning, message)
                .fix(format!("keep the files at {here}, or fetch them with GIT_LFS_SKIP_SMUDGE=1 and another remote"))
        })
        .collect()
}
