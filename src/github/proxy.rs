//! Which proxy a request goes through: git's and curl's rules, as a pure function.
//!
//! The HTTP library could read the environment by itself, but it prefers `ALL_PROXY`, and a variable that is
//! no URL makes it connect directly (both measured); a token would then take a way its owner closed. Here
//! the order is git's and curl's (documented: `git-config(1)` http.proxy, `curl(1)` ENVIRONMENT; git's
//! `http.c`), and what cannot be understood is an error that names where it stands.

use crate::percent;
use std::fmt;
use std::net::IpAddr;
use ureq::{Proxy, ProxyProtocol};
use zeroize::Zeroizing;

/// A proxy as its user wrote it, checked. Never shows its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<Zeroizing<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    Socks4,
    Socks4a,
    Socks5,
    Socks5h,
}

/// The schemes curl knows; `socks` is its old name for version 4.
const SCHEMES: [(&str, Scheme); 7] = [
    ("http", Scheme::Http),
    ("https", Scheme::Https),
    ("socks", Scheme::Socks4),
    ("socks4", Scheme::Socks4),
    ("socks4a", Scheme::Socks4a),
    ("socks5", Scheme::Socks5),
    ("socks5h", Scheme::Socks5h),
];

/// Why a proxy setting cannot be used. Names the setting, never its value: that may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is not the URL of a proxy: {fact}")]
pub(crate) struct BadProxy {
    /// The setting: `http.proxy` or the variable's name.
    pub setting: &'static str,
    /// What is wrong with it.
    pub fact: &'static str,
}

/// Finds the proxy for `host` (with or without a port), if there is one.
///
/// 1. git's `http.proxy` (the caller has asked git which one holds for this URL): empty means none.
/// 2. `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`: the first that is set; empty means none.
/// 3. Whatever came out of 1 or 2 is left out for the hosts that `no_proxy` (or `NO_PROXY`) names.
pub(crate) fn proxy_from(
    git_http_proxy: Option<&str>,
    env: &dyn Fn(&str) -> Option<String>,
    host: &str,
) -> Result<Option<ProxyUrl>, BadProxy> {
    let from_env = || {
        ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            .into_iter()
            .find_map(|name| Some((name, env(name)?)))
    };
    let Some((setting, value)) =
        git_http_proxy.map(|value| ("http.proxy", value.to_owned())).or_else(from_env)
    else {
        return Ok(None);
    };
    let value = Zeroizing::new(value);
    let exceptions = env("no_proxy").or_else(|| env("NO_PROXY")).unwrap_or_default();
    if value.is_empty() || is_excepted(host, &exceptions) {
        return Ok(None);
    }
    ProxyUrl::parse(&value).map(Some).map_err(|fact| BadProxy { setting, fact })
}

impl ProxyUrl {
    /// Reads `[scheme://][user[:password]@]host[:port]`; what follows is left out, as curl does.
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("it contains a blank or a control character");
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => {
                let known = SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
                (known.ok_or("its scheme is none that is known (http, https, socks4, socks5 ...)")?.1, rest)
            }
            None => (Scheme::Http, text),
        };
        // The last `@` counts, and only before the path: a password may hold one that was not encoded.
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (user_info, authority) = match rest[..end].rsplit_once('@') {
            Some((user_info, authority)) => (Some(user_info), authority),
            None => (None, &rest[..end]),
        };
        let (host, port) = split_port(authority)?;
        let port = match port {
            None => scheme.default_port(),
            Some(port) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                port.parse().ok().filter(|port| *port != 0).ok_or("its port is none")?
            }
            Some(_) => return Err("its port is none"),
        };
        let (user, password) = match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some((user, password)) => (Some(decoded(user)?.to_string()), Some(decoded(password)?)),
            None => (None, None),
        };
        Ok(Self { scheme, host: host.to_owned(), port, user, password })
    }

    /// Tells whether the proxy is told addresses and no names, as curl does with these schemes.
    pub(super) fn wants_addresses(&self) -> bool {
        matches!(self.scheme, Scheme::Socks4 | Scheme::Socks5)
    }

    /// Hands the proxy to the HTTP library.
    pub(super) fn to_ureq(&self) -> Result<Proxy, ureq::Error> {
        let mut builder = Proxy::builder(match self.scheme {
            Scheme::Http => ProxyProtocol::Http,
            Scheme::Https => ProxyProtocol::Https,
            Scheme::Socks4 => ProxyProtocol::Socks4,
            Scheme::Socks4a => ProxyProtocol::Socks4A,
            Scheme::Socks5 => ProxyProtocol::Socks5,
            Scheme::Socks5h => ProxyProtocol::Socks5h,
        })
        .host(&self.host)
        .port(self.port);
        if let (Some(user), Some(password)) = (&self.user, &self.password) {
            builder = builder.username(user).password(password);
        }
        builder.build()
    }
}

impl Scheme {
    /// curl's defaults (documented: CURLOPT_PROXY).
    fn default_port(self) -> u16 {
        if self == Self::Https { 443 } else { 1080 }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, _) =
            SCHEMES.iter().rev().find(|(_, scheme)| *scheme == self.scheme).unwrap_or(&SCHEMES[0]);
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

/// Takes `host[:port]` apart; an IPv6 address stands in brackets and keeps them.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    const NO_HOST: &str = "it names no host";
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (address, rest) = inner.split_once(']').ok_or(NO_HOST)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| NO_HOST)?;
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(NO_HOST)?) };
            (&authority[..address.len() + 2], port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let name = |host: &str| {
        !host.is_empty()
            && host.len() <= 253
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    if host.starts_with('[') || name(host) { Ok((host, port)) } else { Err(NO_HOST) }
}

/// Undoes percent encoding, once.
fn decoded(text: &str) -> Result<Zeroizing<String>, &'static str> {
    let decoded = percent::decoded(text).filter(|text| !text.contains(char::is_control));
    decoded.ok_or("its user name or password is badly encoded")
}

/// Tells whether `no_proxy` names this host: by name, by a parent domain, by address or by network.
fn is_excepted(host: &str, exceptions: &str) -> bool {
    let host = match split_port(host) {
        Ok((host, _)) => host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase(),
        Err(_) => return false,
    };
    let address: Option<IpAddr> = host.parse().ok();
    exceptions.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| {
        let name = entry.strip_prefix('.').unwrap_or(entry).trim_end_matches('.').to_ascii_lowercase();
        match address {
            _ if entry == "*" => true,
            Some(address) => in_network(address, entry.trim_matches(['[', ']'])),
            None => host
                .strip_suffix(&name)
                .is_some_and(|before| !name.is_empty() && (before.is_empty() || before.ends_with('.'))),
        }
    })
}

/// Tells whether an address is in `address[/bits]`.
fn in_network(address: IpAddr, network: &str) -> bool {
    let (network, bits) = network.split_once('/').map_or((network, None), |(net, bits)| (net, Some(bits)));
    let (address, network, width) = match (address, network.parse()) {
        (IpAddr::V4(a), Ok(IpAddr::V4(n))) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), Ok(IpAddr::V6(n))) => (a.to_bits(), n.to_bits(), 128),
        _ => return false,
    };
    match bits.map_or(Ok(width), str::parse::<u32>) {
        Ok(0) => true,
        Ok(bits) if bits <= width => (address ^ network) >> (width - bits) == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(git: Option<&str>, env: &[(&str, &str)], host: &str) -> Result<Option<String>, BadProxy> {
        let get = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        proxy_from(git, &get, host).map(|proxy| proxy.map(|proxy| proxy.to_string()))
    }

    fn is(git: Option<&str>, env: &[(&str, &str)], expected: Option<&str>) {
        let proxy = found(git, env, "api.github.com");
        assert_eq!(proxy, Ok(expected.map(str::to_owned)), "{git:?} {env:?}");
    }

    #[test]
    fn the_order_is_gits_and_curls() {
        is(None, &[], None);
        is(Some("http://git:1"), &[("https_proxy", "http://env:1")], Some("http://git:1"));
        is(Some(""), &[("https_proxy", "http://env:1")], None);
        is(
            None,
            &[("HTTPS_PROXY", "http://upper:1"), ("https_proxy", "http://lower:1")],
            Some("http://lower:1"),
        );
        is(None, &[("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "http://https:1")], Some("http://https:1"));
        is(None, &[("ALL_PROXY", "http://upper:1"), ("all_proxy", "http://lower:1")], Some("http://lower:1"));
        is(None, &[("https_proxy", ""), ("ALL_PROXY", "http://all:1")], None);
        is(None, &[("http_proxy", "http://plain:1"), ("HTTP_PROXY", "http://plain:1")], None);
    }

    #[test]
    fn a_proxy_is_read_as_curl_reads_it() {
        for (text, shown) in [
            ("proxy", "http://proxy:1080"),
            ("proxy:3128", "http://proxy:3128"),
            ("HTTP://Proxy.Example:3128/", "http://Proxy.Example:3128"),
            ("https://proxy", "https://proxy:443"),
            ("socks5h://127.0.0.1", "socks5h://127.0.0.1:1080"),
            ("socks://127.0.0.1:9", "socks4://127.0.0.1:9"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("user:pass@proxy:1", "http://proxy:1"),
            ("http://user:p@ss@proxy:1/x?y", "http://proxy:1"),
        ] {
            is(Some(text), &[], Some(shown));
        }
        let proxy = ProxyUrl::parse("http://us%65r:p%40%C3%A4@proxy").expect("a proxy");
        assert_eq!(proxy.user.as_deref(), Some("user"));
        assert_eq!(proxy.password.as_ref().map(|password| password.as_str()), Some("p@ä"));
        assert_eq!(proxy.to_ureq().expect("a proxy").password(), Some("p@ä"));
        for scheme in SCHEMES {
            let url = ProxyUrl::parse(&format!("{}://[::1]:7", scheme.0)).expect("a proxy");
            assert_eq!(url.to_ureq().expect("a proxy").port(), 7);
        }
    }

    #[test]
    fn what_is_no_proxy_is_an_error_and_never_no_proxy() {
        for bad in [
            "http://",
            "ftp://proxy",
            "http://proxy:99999",
            "http://proxy:0",
            "http://proxy:x",
            "http://pro xy",
            "http://[::1",
            "http://[::1]x",
            "http://[zz]:1",
            "://proxy",
            "http://user:s3cret@",
            "http://a%@:1",
            "http://s3cret%zz@proxy",
            "http://s3cret%0a@proxy",
            "http://proxy\n",
            "http://:8080",
            "http:/proxy:1",
            "http://prox\u{fc}",
            "@",
            "user@:1",
            " ",
        ] {
            let error = found(None, &[("HTTPS_PROXY", bad)], "api.github.com").expect_err(bad);
            assert_eq!(error.setting, "HTTPS_PROXY", "{bad}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
        let error = found(Some("ftp://x"), &[], "api.github.com").expect_err("no proxy");
        assert!(error.to_string().starts_with("http.proxy is not the URL of a proxy: its scheme"), "{error}");
    }

    #[test]
    fn a_proxy_never_shows_its_password() {
        let proxy = ProxyUrl::parse("http://user:s3cret@proxy:1").expect("a proxy");
        assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy:1 ProxyUrl(http://proxy:1)");
    }

    #[test]
    fn no_proxy_names_hosts_domains_addresses_and_networks() {
        let excepted = |host: &str, entries: &str| {
            for proxy in [("https_proxy", "http://p:1"), ("https_proxy", "no proxy at all")] {
                let found = found(None, &[proxy, ("no_proxy", entries)], host);
                assert_eq!(found == Ok(None), is_excepted(host, entries), "{host} {entries}");
            }
            is_excepted(host, entries)
        };
        for (host, entries) in [
            ("api.github.com", "*"),
            ("api.github.com", "github.com"),
            ("api.github.com", ".github.com"),
            ("github.com", ".github.com"),
            ("api.github.com", "localhost, 127.0.0.1,API.GitHub.com."),
            ("ghe.example.com:8443", "example.com other.test"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3:8443", "10.1.2.3"),
            ("[::1]:1", "::1"),
            ("[fd00::5]", "fd00::/8"),
            ("10.1.2.3", "0.0.0.0/0"),
        ] {
            assert!(excepted(host, entries), "{host} {entries}");
        }
        for (host, entries) in [
            ("api.github.com", ""),
            ("api.github.com", "hub.com"),
            ("api.github.com", "api.github.com.evil.test"),
            ("api.github.com", "*.github.com"),
            ("api.github.com", ".,,. "),
            ("11.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "10.0.0.0/33"),
            ("10.1.2.3", "2.3"),
            ("10.1.2.3", "::/0"),
        ] {
            assert!(!excepted(host, entries), "{host} {entries}");
        }
        is(Some("http://git:1"), &[("NO_PROXY", "github.com")], None);
        is(Some("http://git:1"), &[("NO_PROXY", "github.com"), ("no_proxy", "x")], Some("http://git:1"));
    }
}
