//! Tokens in git's own settings: in the address that `url.<base>.insteadOf` puts in the place of another, and in
//! the header that `http.extraHeader` adds, as CI jobs write it.

use super::checkouts::value;
use super::{Checkout, FoundToken, Haul, Sought, is_plain, path_word, short};
use crate::git::{ConfigSource, NamedSetting};
use crate::redact::holds_secret;
use crate::remote::{GITHUB, Host, Owner, Remote};
use crate::target::Target;
use crate::token::Token;

/// A setting, and the checkout it is of; none for the user's own.
type SettingOf<'a> = (NamedSetting, Option<&'a Checkout>);

pub(super) fn rewrites(sought: &Sought<'_>, haul: &mut Haul) {
    for (set, checkout) in all(sought, "url", &["insteadof", "pushinsteadof"]) {
        let base = set.name.as_deref().and_then(|base| std::str::from_utf8(base).ok());
        let Some(target) = base.and_then(Target::from_url) else { continue };
        let Some(value) = value(&target).filter(|value| !super::github_tokens(value).is_empty()) else {
            continue;
        };
        let place = place(&set.set.source, checkout);
        let Some((edit, at)) = editing(&set.set.source, checkout) else { continue };
        haul.add(&value, |secret| FoundToken {
            place: format!("url.*.insteadOf in {place}"),
            host: target.remote.host.clone(),
            owner: first_segment(&target.remote),
            is_keyed: false,
            secret,
            printed_by: None,
            // The section's name holds the token, so no command names it.
            cleaned_by: format!("{edit} --edit (take that [url] section out{at})"),
        });
    }
}

pub(super) fn headers(sought: &Sought<'_>, haul: &mut Haul) {
    for (set, checkout) in all(sought, "http", &["extraheader"]) {
        let text = String::from_utf8_lossy(&set.set.value).into_owned();
        let Some((name, header)) = text.split_once(':') else { continue };
        if !name.trim().eq_ignore_ascii_case("authorization") {
            continue;
        }
        let url = set.name.as_deref().map(String::from_utf8_lossy);
        let remote = url.as_deref().and_then(Remote::from_url);
        let github = || Host::parse(GITHUB.as_bytes()).expect("it is a host name");
        let host = remote.as_ref().map_or_else(github, |remote| remote.host.clone());
        let place = place(&set.set.source, checkout);
        let Some((edit, at)) = editing(&set.set.source, checkout) else { continue };
        let key = String::from_utf8_lossy(&set.key).into_owned();
        let is_safe = is_plain(&key) && !holds_secret(key.as_bytes());
        let clean = match is_safe {
            true => format!("{edit} --unset-all {key} '^{}:'", name.trim()),
            false => format!("{edit} --edit (take that header out{at})"),
        };
        haul.add(&Token::new(header.trim().as_bytes().to_vec()), |secret| FoundToken {
            place: format!("http.extraHeader in {place}"),
            host: host.clone(),
            owner: remote.as_ref().and_then(first_segment),
            is_keyed: false,
            secret,
            printed_by: None,
            cleaned_by: clean.clone(),
        });
    }
}

/// Gives the user's settings, and those of the checkouts.
fn all<'a>(sought: &Sought<'a>, section: &str, parts: &[&str]) -> Vec<SettingOf<'a>> {
    let own = sought.listing.named(section, parts).into_iter().map(|set| (set, None));
    let theirs = sought.checkouts.iter().flat_map(|checkout| {
        checkout.listing.named(section, parts).into_iter().map(move |set| (set, Some(checkout)))
    });
    own.chain(theirs).collect()
}

fn place(source: &ConfigSource, checkout: Option<&Checkout>) -> String {
    match (checkout, &source.file, source.line) {
        (Some(checkout), ..) => format!("the config of {}", checkout.name()),
        (None, Some(file), Some(line)) => format!("{}:{line}", short(file)),
        (None, Some(file), None) => short(file),
        (None, None, _) => "the environment or git's command line".to_owned(),
    }
}

/// Begins the command that changes the file of a setting, and says on which line it stands. None for what stands in
/// no file: it goes with the command that it was set for.
fn editing(source: &ConfigSource, checkout: Option<&Checkout>) -> Option<(String, String)> {
    let at = source.line.map_or_else(String::new, |line| format!(", line {line}"));
    match (checkout, &source.file) {
        (Some(checkout), _) => Some((format!("{} config", checkout.git()), String::new())),
        (None, Some(file)) => Some((format!("git config --file {}", path_word(file)), at)),
        (None, None) => None,
    }
}

/// Gives the owner that a prefix of addresses names.
fn first_segment(remote: &Remote) -> Option<Owner> {
    let segment = remote.path.as_deref()?.split('/').next()?;
    Owner::parse(segment)
}
