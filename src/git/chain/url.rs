//! Which `[credential "..."]` sections apply to a URL, by git's own rules.
//!
//! Documented in gitcredentials(7) and git-config(1) (`http.<url>.*`); the finer points (escapes, dot
//! segments, globs, partial patterns) were read in git's `urlmatch.c` and `credential.c`, 2.39 to 2.55, and
//! `tests/setup.rs` compares them with real git over a table. All of it works on bytes: git promises no UTF-8.

use crate::percent::decoded_by_git;
use percent_encoding::percent_encode_byte;

/// What a credential is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct CredentialUrl {
    protocol: Vec<u8>,
    host: Vec<u8>,
    path: Option<Vec<u8>>,
    /// Changes while the configuration is read, if the URL has none: see `credential.username`.
    pub(super) user: Option<Vec<u8>>,
    normal: Option<NormalUrl>,
}

impl CredentialUrl {
    /// Takes a URL apart as git does for its helpers; `None` for what git refuses.
    pub(in crate::git) fn from_url(url: &[u8]) -> Option<Self> {
        let parts = Parts::of(url);
        let (protocol, host) = (parts.protocol?, parts.host.unwrap_or_default());
        let mut asked = Self { protocol, host, path: parts.path, user: parts.user, normal: None };
        asked.normal = NormalUrl::of(&asked.format(), false);
        Some(asked)
    }

    /// Writes the URL that git matches sections against.
    fn format(&self) -> Vec<u8> {
        let mut url = [&self.protocol, &b"://"[..]].concat();
        if let Some(user) = self.user.as_ref().filter(|user| !user.is_empty()) {
            percent_encode(&mut url, user, b"/");
            url.push(b'@');
        }
        // Since the fixes of CVE-2024-50349 other bytes are escaped here, and then no section for a whole URL
        // applies: even `_` costs a host its sections (measured with 2.39.5 as patched, and 2.47.3).
        for &byte in &self.host {
            if byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte) {
                url.push(byte);
            } else {
                push_escape(&mut url, byte);
            }
        }
        if let Some(path) = &self.path {
            url.push(b'/');
            percent_encode(&mut url, path, b"");
        }
        url
    }

    /// Tells whether the section `[credential "PATTERN"]` applies.
    pub(in crate::git) fn matches(&self, pattern: &[u8]) -> bool {
        match NormalUrl::of(pattern, true) {
            Some(pattern) => self.normal.as_ref().is_some_and(|asked| pattern.covers(asked)),
            None => self.fits_partial(pattern),
        }
    }

    /// Compares with a pattern that is no whole URL: what it names must be equal, what it lacks is free.
    fn fits_partial(&self, pattern: &[u8]) -> bool {
        !pattern.contains(&b'\n') && self.fits(&Parts::of(pattern))
    }

    fn fits(&self, want: &Parts) -> bool {
        let lacks_or_is = |want: &Option<Vec<u8>>, have: Option<&Vec<u8>>| {
            want.as_ref().is_none_or(|want| have == Some(want))
        };
        lacks_or_is(&want.protocol, Some(&self.protocol))
            && lacks_or_is(&want.host, Some(&self.host))
            && lacks_or_is(&want.path, self.path.as_ref())
            && lacks_or_is(&want.user, self.user.as_ref())
    }
}

/// A part of a host: a user, a path's segments, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPart {
    pub(super) user: Option<Vec<u8>>,
    pub(super) segments: Vec<Vec<u8>>,
}

impl HostPart {
    /// Says which part of `https://HOST` a pattern applies to; `None` if it is the whole host or nothing.
    pub(super) fn of(pattern: &[u8], host_url: &[u8]) -> Option<Self> {
        let (user, path) = match NormalUrl::of(pattern, true) {
            Some(whole) => {
                let (user, path) = (whole.user.clone(), whole.tail.clone());
                let host = NormalUrl { user: None, tail: b"/".to_vec(), ..whole };
                host.covers(&NormalUrl::of(host_url, false)?).then_some((user, path))?
            }
            None => {
                let mut want = Parts::of(pattern);
                let (user, path) = (want.user.take(), want.path.take().unwrap_or_default());
                CredentialUrl::from_url(host_url)?.fits(&want).then_some(())?;
                // Such a pattern's path must be the whole path, and a repository's has two segments at least.
                (path.is_empty() || path.contains(&b'/')).then_some((user, path))?
            }
        };
        let segments = path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty());
        let segments: Vec<Vec<u8>> = segments.map(decoded_by_git).collect();
        let user = user.map(|user| decoded_by_git(&user)).filter(|user| !user.is_empty());
        // An escaped slash cannot be written back as the same path.
        let fine = !segments.iter().any(|segment| segment.contains(&b'/'));
        (fine && (user.is_some() || !segments.is_empty())).then_some(Self { user, segments })
    }

    /// Writes the URL of this part of a host.
    pub(super) fn url(&self, host: &str) -> Vec<u8> {
        let mut url = b"https://".to_vec();
        if let Some(user) = &self.user {
            percent_encode(&mut url, user, b"/");
            url.push(b'@');
        }
        url.extend(host.as_bytes());
        for segment in &self.segments {
            url.push(b'/');
            percent_encode(&mut url, segment, b"");
        }
        url
    }
}

/// A URL, or a part of one, cut into what git hands to helpers.
struct Parts {
    protocol: Option<Vec<u8>>,
    user: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
}

impl Parts {
    fn of(url: &[u8]) -> Self {
        let scheme = url.windows(3).position(|window| window == b"://");
        let rest = scheme.map_or(url, |end| &url[end + 3..]);
        let end = position_of_any(rest, b"/?#");
        let (user, host) = match rest.iter().position(|byte| *byte == b'@').filter(|at| *at < end) {
            Some(at) => {
                let name = rest[..at].split(|byte| *byte == b':').next().unwrap_or_default();
                (Some(decoded_by_git(name)), &rest[at + 1..end])
            }
            None => (None, &rest[..end]),
        };
        let first = rest[end..].iter().position(|byte| *byte != b'/').map_or(rest.len(), |skip| end + skip);
        let path = decoded_by_git(&rest[first..]);
        let last = path.iter().rposition(|byte| *byte != b'/').map_or(path.len().min(1), |last| last + 1);
        Self {
            protocol: scheme.filter(|end| *end > 0).map(|end| url[..end].to_owned()),
            user,
            host: (!host.is_empty()).then(|| decoded_by_git(host)),
            path: (!path.is_empty()).then(|| path[..last].to_owned()),
        }
    }
}

/// A URL in git's normal form: case, escapes, default ports and dot segments are evened out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NormalUrl {
    scheme: Vec<u8>,
    user: Option<Vec<u8>>,
    host: Vec<u8>,
    port: Vec<u8>,
    /// Path, query and fragment; begins with a slash.
    tail: Vec<u8>,
}

impl NormalUrl {
    /// Normalises a whole URL; `None` if it is none. `globs` allows `*` in the host.
    fn of(url: &[u8], globs: bool) -> Option<Self> {
        let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
        let end = url.iter().position(|byte| !is_scheme(byte))?;
        let rest = url[end..].strip_prefix(b"://").filter(|_| url[0].is_ascii_alphabetic())?;
        let scheme = url[..end].to_ascii_lowercase();
        let (authority, tail) = rest.split_at(position_of_any(rest, b"/?#"));
        let (user, place) = match authority.iter().position(|byte| *byte == b'@') {
            Some(at) => {
                let info = normal_escapes(&authority[..at])?;
                let name = info.split(|byte| *byte == b':').next().unwrap_or_default().to_owned();
                (Some(name), &authority[at + 1..])
            }
            None => (None, authority),
        };
        let end = place.iter().rposition(|byte| matches!(byte, b':' | b']'));
        let (host, port) = match end {
            Some(colon) if place[colon] == b':' => (&place[..colon], &place[colon + 1..]),
            _ => (place, &b""[..]),
        };
        let allowed =
            |byte: &u8| byte.is_ascii_alphanumeric() || b".-_[:]".contains(byte) || (globs && *byte == b'*');
        if (host.is_empty() && scheme != b"file") || !host.iter().all(allowed) {
            return None;
        }
        let port = normal_port(port, &scheme)?;
        Some(Self { user, host: host.to_ascii_lowercase(), port, tail: normal_tail(tail)?, scheme })
    }

    /// Tells whether this pattern covers a URL: same scheme, host (a `*` is any one label) and port, a prefix
    /// of its path on segment borders, and its user if it names one.
    fn covers(&self, asked: &Self) -> bool {
        // A dot at the end makes no label of its own.
        let labels = |host: &[u8]| -> Vec<Vec<u8>> {
            host.strip_suffix(b".").unwrap_or(host).split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect()
        };
        let (mine, theirs) = (labels(&self.host), labels(&asked.host));
        let host = mine.len() == theirs.len()
            && mine.iter().zip(&theirs).all(|(mine, theirs)| mine == b"*" || mine == theirs);
        let prefix = self.tail.strip_suffix(b"/").unwrap_or(&self.tail);
        let path = asked.tail.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
        let user = self.user.is_none() || self.user == asked.user;
        self.scheme == asked.scheme && self.port == asked.port && host && path && user
    }
}

fn normal_port(port: &[u8], scheme: &[u8]) -> Option<Vec<u8>> {
    let zeros = port.iter().take_while(|byte| **byte == b'0').count();
    let digits = &port[zeros..];
    if digits.is_empty() {
        // "" is the default port, "0" is none.
        return (zeros == 0).then(Vec::new);
    }
    if (scheme, digits) == (b"http", b"80") || (scheme, digits) == (b"https", b"443") {
        return Some(Vec::new());
    }
    let number = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    number.parse::<u16>().is_ok().then(|| digits.to_owned())
}

fn normal_tail(tail: &[u8]) -> Option<Vec<u8>> {
    let (path, rest) = tail.split_at(position_of_any(tail, b"?#"));
    let mut normal = b"/".to_vec();
    let mut segments = path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let mut at_root = normal == b"/";
        match &normal_escapes(segment)?[..] {
            b"." if at_root => {}
            b"." => {
                normal.pop();
            }
            b".." if at_root => return None,
            b".." => {
                normal.pop();
                let parent = normal.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                at_root = parent == 0;
                normal.truncate(parent.max(1));
            }
            plain => {
                at_root = false;
                normal.extend(plain);
            }
        }
        if segments.peek().is_some() && !at_root {
            normal.push(b'/');
        }
    }
    normal.extend(normal_escapes(rest)?);
    Some(normal)
}

/// Evens out escapes: what need not be escaped is not, except delimiters that were; `None` for a broken one.
fn normal_escapes(text: &[u8]) -> Option<Vec<u8>> {
    let mut normal = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let escaped = byte == b'%';
        let byte = if escaped { hex_pair(text.get(at + 1..at + 3)?)? } else { byte };
        at += if escaped { 3 } else { 1 };
        let unsafe_byte = !byte.is_ascii_graphic() || b"<>\"%{}|\\^`".contains(&byte);
        if unsafe_byte || (escaped && b":/?#[]@!$&'()*+,;=".contains(&byte)) {
            push_escape(&mut normal, byte);
        } else {
            normal.push(byte);
        }
    }
    Some(normal)
}

fn percent_encode(into: &mut Vec<u8>, text: &[u8], also: &[u8]) {
    for &byte in text {
        let plain = byte.is_ascii_graphic() && !b"<>\"%{}|\\^`:?#[]@!$&'()*+,;=".contains(&byte);
        if plain && !also.contains(&byte) {
            into.push(byte);
        } else {
            push_escape(into, byte);
        }
    }
}

fn push_escape(into: &mut Vec<u8>, byte: u8) {
    into.extend(percent_encode_byte(byte).bytes());
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    Some(value(digits[0])? << 4 | value(digits[1])?)
}

fn position_of_any(text: &[u8], any: &[u8]) -> usize {
    text.iter().position(|byte| any.contains(byte)).unwrap_or(text.len())
}
