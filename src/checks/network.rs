//! The way to the host: the proxy and the certificate authorities in force.

use super::Group::Network as Group;
use super::Status::{Failed, Ok, Warning};
use super::{Check, place, short};
use crate::git::{HttpContext, Listing, http_settings};
use crate::github::{Authorities, proxy_from};
use crate::remote::Host;

/// Looks at what git and our own requests obey on their way to a host.
pub(crate) fn network(host: &Host, url: &str, listing: Option<&Listing>) -> Vec<Check> {
    vec![proxy(host, url, listing), certificates(url, listing)]
}

fn proxy(host: &Host, url: &str, listing: Option<&Listing>) -> Check {
    let set = listing.and_then(|listing| listing.http_last(url, "proxy"));
    let value = set.as_ref().map(|found| String::from_utf8_lossy(&found.value).into_owned());
    let variable = |name: &str| std::env::var(name).ok();
    let by = match &set {
        Some(found) => format!("http.proxy, {}", place(&found.source)),
        None => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            .into_iter()
            .find(|name| variable(name).is_some())
            .unwrap_or("nothing")
            .to_owned(),
    };
    match proxy_from(value.as_deref(), &variable, host.as_str()) {
        Result::Ok(Some(proxy)) => {
            Check::new(Group, "proxy", Ok, format!("through the proxy {proxy} ({by})"))
        }
        Result::Ok(None) => Check::new(Group, "proxy", Ok, "no proxy"),
        Err(bad) => Check::new(Group, "proxy", Failed, bad.to_string()).fix(format!("look at {by}")),
    }
}

fn certificates(url: &str, listing: Option<&Listing>) -> Check {
    let off = listing
        .and_then(|listing| listing.http_last(url, "sslverify"))
        .filter(|found| matches!(&found.value.to_ascii_lowercase()[..], b"false" | b"no" | b"off" | b"0"));
    if let Some(found) = off {
        let at = place(&found.source);
        return Check::new(
            Group,
            "certificates",
            Warning,
            format!("git does not verify certificates here (http.sslVerify, {at}): anyone on the way can read the token"),
        )
        .fix(format!("remove it from {at} and give git the right certificate authority: http.sslCAInfo"));
    }
    if std::env::var_os("GIT_SSL_NO_VERIFY").is_some() {
        let text =
            "git does not verify certificates here (GIT_SSL_NO_VERIFY): anyone on the way can read the token";
        return Check::new(Group, "certificates", Warning, text).fix("unset GIT_SSL_NO_VERIFY");
    }
    let git = http_settings(url, HttpContext::Repository(None));
    if git.by_system {
        let text = "the system's certificate authorities (http.sslBackend is schannel)";
        return Check::new(Group, "certificates", Ok, text);
    }
    let authorities = Authorities::find(git.ca_file, git.ca_folder, &|name| std::env::var_os(name));
    let places: Vec<String> =
        authorities.places().map(|(setting, path)| format!("{} ({setting})", short(path))).collect();
    if places.is_empty() {
        return Check::new(Group, "certificates", Ok, "the system's certificate authorities");
    }
    Check::new(Group, "certificates", Ok, format!("certificate authorities of {}", places.join(", ")))
}
