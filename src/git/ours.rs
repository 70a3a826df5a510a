//! Our own git config file: what it says, and how it is read again.
//!
//! For each host it resets the helpers, names patron, turns `useHttpPath` on, and records who answered before:
//! for the host and for each part of it (an owner, deeper, a user) that had a section of its own. It is
//! composed anew each time, from the configuration as it would be without it.

use super::{Chain, Helper, KeyAndValue, Listing, config_quoted, holds_secret, shown, subsection_quoted};
use crate::helper_line::GUARD;
use crate::remote::{GIST, GITHUB, Host};

/// What the file begins with. The number rises when older programs could no longer read the file.
const HEAD: &str = "\
# git-credential-patron: how git comes to patron, and whom it asked before. Format 1
# Made by `git credential-patron setup`, which writes it anew; `git credential-patron unsetup` removes it.
# Do not edit it: settings of your own belong in your git config, for example
#     git config --global patron.browser never
";
/// The format this program writes.
const FORMAT: u32 = 1;

/// Asks each helper that comes in by the pipe, like git: a snippet, a path, or `git credential-NAME`. `$k` is a key
/// of git's config that holds helpers; our own, which stand there too, are passed over.
const ASK_EACH: &str = concat!(
    " | while read -r k; do git config --global --includes --get-all \"$k\"; done; } | ",
    "while IFS= read -r h; do case $h in ''|*git-credential-patron*) continue;; !*) c=${h#?};; /*) c=$h;; ",
    "*) c=\"git credential-$h\";; esac; ",
    "o=$(printf '%s\\n' \"$i\" | sed \"$d\" | sh -c \"$c $1\"); test -z \"$o\" || printf '%s\\n' \"$o\"; ",
    "case $o in *password=*|*credential=*|*quit=*) break;; esac; done; ",
);

/// Who answered before for one URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// `https://[USER@]HOST[/PATH]`.
    pub url: Vec<u8>,
    /// The helpers, without patron.
    pub helpers: Vec<RecordedHelper>,
    /// Whether they were told the path.
    pub with_path: bool,
}

/// How a helper is recorded.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum RecordedHelper {
    /// As git takes it.
    Value(Vec<u8>),
    /// By the key that sets it, since there is a secret in it: the file is made to be shared.
    ByKey(Vec<u8>),
}

/// A helper that is not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The URL it answered for.
    pub url: String,
    /// The helper, and where it stands.
    pub helper: Helper,
    /// Why: lower-case, no full stop.
    pub why: &'static str,
}

/// What the file says, beside the lines that run patron.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ours {
    hosts: Vec<Host>,
    records: Vec<Record>,
}

/// The commands that the file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commands {
    /// Patron, as [`super::helper_command`] writes it.
    pub program: Vec<u8>,
    /// The file itself, as a shell word.
    pub file: Vec<u8>,
}

/// Why a file in our place is not written anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OursTrouble {
    /// It was written by a newer patron: its format.
    #[error("it was written by a newer version of patron (format {0})")]
    Newer(u32),
    /// It holds settings that setup never writes: their names.
    #[error("it holds settings that setup did not write: {keys}", keys = .0.join(", "))]
    Foreign(Vec<String>),
}

impl Ours {
    /// Composes what is to be written for the hosts. `before` is the configuration as it would be without us.
    pub(crate) fn compose(before: &Listing, hosts: Vec<Host>) -> (Self, Vec<LeftOut>) {
        let (mut records, mut left_out) = (Vec::new(), Vec::new());
        for host in &hosts {
            let url = format!("https://{host}").into_bytes();
            let whole = before.chain(&format!("https://{host}")).unwrap_or_default();
            let parts = before.sections_of_host(host.as_str());
            let parts = parts.into_iter().map(|section| (section.url, section.chain));
            for (url, chain) in std::iter::once((url, whole)).chain(parts) {
                if holds_secret(&url) {
                    // A token for a user name, which would be copied with the URL.
                    let why = "there is a secret in its section's name";
                    let helpers = chain.helpers.into_iter().filter(|helper| holds_secret(&helper.key));
                    left_out.extend(helpers.map(|helper| LeftOut { url: shown(&url), helper, why }));
                } else if !has_fallback_of_its_own(before, &url) {
                    // Whoever wrote fallbacks for a URL has decided.
                    records.push(record(url, chain, &mut left_out));
                }
            }
        }
        (Self { hosts, records }, left_out)
    }

    /// Writes the file.
    pub(crate) fn text(&self, commands: &Commands) -> Vec<u8> {
        let mut text = HEAD.as_bytes().to_vec();
        let mut section = None;
        for (head, subsection, name, value) in self.lines(commands) {
            if section.as_ref() != Some(&(head, subsection.clone())) {
                let title = [b"[", head.as_bytes(), b" ", &subsection_quoted(&subsection), b"]\n"].concat();
                text.extend(title);
                section = Some((head, subsection));
            }
            let value = config_quoted(&value);
            let space: &[u8] = if value.is_empty() { b"" } else { b" " };
            text.extend([b"\t", name.as_bytes(), b" =", space, &value, b"\n"].concat());
        }
        text
    }

    /// Gives the entries that git must find in the file.
    pub(crate) fn entries(&self, commands: &Commands) -> Vec<KeyAndValue> {
        let entry = |(head, subsection, name, value): (&str, Vec<u8>, &str, Vec<u8>)| {
            let name = name.to_ascii_lowercase();
            ([head.as_bytes(), b".", &subsection, b".", name.as_bytes()].concat(), Some(value))
        };
        self.lines(commands).into_iter().map(entry).collect()
    }

    /// Gives the file line by line: section, subsection, name, value.
    fn lines(&self, commands: &Commands) -> Vec<(&'static str, Vec<u8>, &'static str, Vec<u8>)> {
        let mut lines = Vec::new();
        for host in &self.hosts {
            let url = format!("https://{host}").into_bytes();
            let helper = self.helper(host, commands);
            for (name, value) in [("helper", &b""[..]), ("helper", &helper), ("useHttpPath", b"true")] {
                lines.push(("credential", url.clone(), name, value.to_vec()));
            }
        }
        for record in &self.records {
            // The empty one first, as git resets its helpers: what the system's setup recorded is in the list.
            lines.push(("patron", record.url.clone(), "fallback", Vec::new()));
            for helper in &record.helpers {
                let (name, value) = match helper {
                    RecordedHelper::Value(value) => ("fallback", value),
                    RecordedHelper::ByKey(key) => ("fallbackFrom", key),
                };
                lines.push(("patron", record.url.clone(), name, value.clone()));
            }
            if record.with_path && !record.helpers.is_empty() {
                lines.push(("patron", record.url.clone(), "fallbackPath", b"true".to_vec()));
            }
        }
        lines
    }

    /// Writes the helper that runs patron, and that asks whom git asked before where patron is gone: this file is
    /// shared by machines and containers, and not all of them have the program.
    ///
    /// It is also faster than the plain path, since the shell runs its last word in its own place. Git for Windows
    /// starts a shell for either, so there it is the plain path.
    fn helper(&self, host: &Host, commands: &Commands) -> Vec<u8> {
        let program = &commands.program[..];
        if cfg!(windows) {
            return program.to_vec();
        }
        let run = [b"!", GUARD.as_bytes(), program, b" && exec ", program, b" \"$@\"; "].concat();
        let before = self.before(host, commands).unwrap_or_default();
        [&run, &before[..], b"}; f"].concat()
    }

    /// Writes the shell commands that ask the recorded helpers of a host in turn, as git did: without the path
    /// unless they were told it, and none after one that has answered. `None` if nobody is recorded.
    ///
    /// The records are read again when that happens, from this file alone: what a repository says of fallbacks is
    /// never obeyed.
    fn before(&self, host: &Host, commands: &Commands) -> Option<Vec<u8>> {
        let whole = format!("https://{host}").into_bytes();
        let of_host = |record: &&Record| parts_of(&record.url, host).is_some();
        let records: Vec<&Record> = self.records.iter().filter(of_host).collect();
        records.iter().any(|record| !record.helpers.is_empty()).then_some(())?;
        let mut narrow: Vec<(usize, Vec<u8>)> = Vec::new();
        for record in records.iter().filter(|record| record.url != whole) {
            let (user, path) = parts_of(&record.url, host)?;
            // What a shell would act on, or a URL escapes, is left to the host's own record.
            let plain =
                |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(byte));
            if !plain(user) || !plain(path) {
                continue;
            }
            let user = if user.is_empty() { b"*" } else { user };
            let pattern = match path.is_empty() {
                true => [user, b"@*"].concat(),
                false => [user, b"@", path, b"|", user, b"@", path, b"/*"].concat(),
            };
            let depth = 2 * path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).count();
            let rank = depth + usize::from(user != b"*");
            narrow.push((rank, [&pattern[..], b") r=patron.", &record.url, b";; "].concat()));
        }
        narrow.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let mut text = [b"i=$(cat); r=patron.", &whole[..], b"; "].concat();
        if !narrow.is_empty() {
            let field = |name: &str| format!("$(printf '%s\\n' \"$i\" | sed -n s/^{name}=//p)");
            text.extend(format!("case {}@{} in ", field("username"), field("path")).bytes());
            narrow.iter().for_each(|(_, arm)| text.extend(arm));
            text.extend(b"esac; ");
        }
        let get = [b"git config -f ", &commands.file[..], b" "].concat();
        text.extend(
            [b"d=/^path=/d; case $(", &get[..], b"--bool \"$r.fallbackPath\") in true) d=;; esac; "].concat(),
        );
        text.extend(
            [b"{ ", &get[..], b"--get-all \"$r.fallback\"; ", &get, b"--get-all \"$r.fallbackFrom\""]
                .concat(),
        );
        text.extend(ASK_EACH.bytes());
        Some(text)
    }

    /// Gives the hosts that a file of ours was written for, unless it is not ours to write anew.
    pub(crate) fn hosts_in(text: &[u8], entries: &[KeyAndValue]) -> Result<Vec<Host>, OursTrouble> {
        let first = String::from_utf8_lossy(text.split(|byte| *byte == b'\n').next().unwrap_or_default())
            .into_owned();
        let format = first.split_once("Format ").and_then(|(_, number)| number.trim().parse().ok());
        if let Some(format) = format.filter(|format| *format > FORMAT) {
            return Err(OursTrouble::Newer(format));
        }
        let (mut hosts, mut foreign) = (Vec::new(), Vec::new());
        for (key, _) in entries {
            let known = [
                ("credential.https://", ".usehttppath"),
                ("patron.https://", ".fallback"),
                ("patron.https://", ".fallbackfrom"),
                ("patron.https://", ".fallbackpath"),
            ];
            let is_known = |(head, name): &(&str, &str)| {
                key.starts_with(head.as_bytes()) && key.ends_with(name.as_bytes())
            };
            match key.strip_prefix(b"credential.https://").and_then(|key| key.strip_suffix(b".helper")) {
                Some(host) => match Host::parse(host) {
                    Some(host) if !hosts.contains(&host) => hosts.push(host),
                    Some(_) => {}
                    None => foreign.push(shown(key)),
                },
                None if known.iter().any(is_known) => {}
                None => foreign.push(shown(key)),
            }
        }
        if foreign.is_empty() { Ok(hosts) } else { Err(OursTrouble::Foreign(foreign)) }
    }
}

/// Adds the host of gists to that of their owners, since one token serves both, and drops repetitions.
pub(crate) fn with_gists(hosts: impl IntoIterator<Item = Host>) -> Vec<Host> {
    let mut all: Vec<Host> = Vec::new();
    for host in hosts {
        let host = host.home();
        let gist =
            (host.as_str() == GITHUB).then(|| Host::parse(GIST.as_bytes()).expect("it is a host name"));
        for host in std::iter::once(host).chain(gist) {
            if !all.contains(&host) {
                all.push(host);
            }
        }
    }
    all
}

/// Takes the URL of a host's part apart: user and path, either may be empty. `None` if it is another host's.
fn parts_of<'u>(url: &'u [u8], host: &Host) -> Option<(&'u [u8], &'u [u8])> {
    let rest = url.strip_prefix(b"https://")?;
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let (authority, path) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let (user, name) = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (&b""[..], authority),
    };
    (name == host.as_str().as_bytes()).then_some((user, path))
}

fn has_fallback_of_its_own(before: &Listing, url: &[u8]) -> bool {
    before.entries.iter().any(|entry| entry.parts() == (b"patron", Some(url), b"fallback"))
}

fn record(url: Vec<u8>, chain: Chain, left_out: &mut Vec<LeftOut>) -> Record {
    let mut helpers = Vec::new();
    for helper in chain.helpers.into_iter().filter(|helper| !helper.is_patron()) {
        let is_text = std::str::from_utf8(&helper.value).is_ok() && std::str::from_utf8(&helper.key).is_ok();
        let recorded = match (holds_secret(&helper.value), holds_secret(&helper.key)) {
            _ if !is_text => Err("it is not UTF-8"),
            (false, _) => Ok(RecordedHelper::Value(helper.value.clone())),
            (true, false) => Ok(RecordedHelper::ByKey(helper.key.clone())),
            (true, true) => Err("there is a secret in its section's name"),
        };
        match recorded {
            Ok(recorded) if helpers.contains(&recorded) => {}
            Ok(recorded) => helpers.push(recorded),
            Err(why) => left_out.push(LeftOut { url: shown(&url), helper, why }),
        }
    }
    Record { url, helpers, with_path: chain.use_http_path }
}
