//! Who called us: the git process that asks, what it was told to do, and the URL it was given.
//!
//! Git tells a helper neither operation nor remote, and without `credential.useHttpPath` no path. The process
//! chain does (measured with git 2.39 and 2.47 on Linux):
//!
//! ```text
//! git-credential-patron get  <-  [git credential-patron get]  <-  [sh -c "... get"]
//!     <-  git-remote-https NAME-OR-URL URL  <-  git remote-https ...  <-  git fetch|push|clone|...
//! ```
//!
//! Rules:
//! - Only a chain without a gap counts: between us and `git-remote-http(s)` there may be shells that were
//!   given a command (git starts helpers so) and git itself starting us by name, and nothing else. A helper
//!   that calls `git credential`, a script, git-lfs or libgit2 stands for itself: what its ancestors fetch
//!   need not be what it asks for.
//! - The working folder, `.git/config` and the environment are never looked at: a program may stand in one
//!   owner's checkout and ask for another's repository.
//! - Names of processes prove nothing, and need not. Whoever can start a `git-remote-https` of its own can
//!   also start us and send any path it likes, as the same user. What the URL says is used only where git
//!   sent no path at all, and only if its host is the asked one.
//! - A URL may hold a password: user information is dropped before anything is kept, and neither `Debug`
//!   nor the log shows the rest.
//!
//! Linux answers from `/proc`, macOS and Windows through crate `sysinfo`, which was not tried there (`other.rs`
//! says what is known). Where nothing is told the kind is [`Kind::Unknown`] and everything else is absent.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;
// On Linux for its tests: there both must say the same.
#[cfg(any(not(target_os = "linux"), test))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as platform;

use crate::percent::decoded_by_git;
use crate::remote::{Direction, Remote, trim_slashes};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// How many processes above us are looked at: the longest chain that was seen has eight.
const MOST: usize = 12;

/// Who called us, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// What kind of program asks.
    pub kind: Kind,
    /// The URL it is about to ask, after `insteadOf`; only of `git-remote-http(s)`.
    pub url: Option<Url>,
    /// What the repository calls the remote; none for a URL that was typed. It has settings of its own.
    pub remote_name: Option<String>,
    /// Which way the transfer goes.
    pub operation: Option<Direction>,
    /// The command of git (or of git-lfs) that is under way, if it is one we know.
    pub subcommand: Option<&'static str>,
    /// Whether git fetches ahead by itself (`git maintenance`, `--prefetch`), which nobody waits for.
    pub is_prefetch: bool,
    /// The `git-remote-http(s)` process itself.
    pub process: Option<ProcessId>,
    /// The process that asks, whatever it is: shells and `git credential` between it and us aside.
    pub asker: Option<ProcessId>,
}

/// What kind of program asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `git-remote-http(s)`: will tell us by `store` or `erase` how it went, unless it was refused.
    RemoteHttp,
    /// `git credential fill|approve|reject`, called by whoever; it need not report.
    CredentialPlumbing,
    /// `git-lfs`, which asks through `git credential`.
    Lfs,
    /// Something else: a script, libgit2, another command of git.
    Other,
    /// The system does not tell: no `/proc`, or a parent that is hidden from us.
    Unknown,
}

impl Kind {
    /// Names it for the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RemoteHttp => "git-remote-http",
            Self::CredentialPlumbing => "git credential",
            Self::Lfs => "git-lfs",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// Finds out who called us. Costs some reads of `/proc`, and more elsewhere: not to be called where nothing depends on it.
pub(crate) fn caller() -> Caller {
    let mut seen_any = false;
    let above = platform::ancestors().take(MOST).inspect(|_| seen_any = true);
    let caller = tell(above);
    if seen_any { caller } else { Caller::of(Kind::Unknown) }
}

/// Tells whether that very process is still there. A later process of the same number is not it; nor is one
/// that has ended and was not yet waited for. Where the system does not tell, it counts as there, so that
/// nothing is concluded from it. Seen from another PID namespace (a container) it counts as gone.
pub(crate) fn is_alive(process: &ProcessId) -> bool {
    platform::is_alive(process)
}

/// Names one process for ever: a number is used again, with another start time; after a reboot both may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it started: in clock ticks since boot on Linux, in seconds since 1970 elsewhere.
    pub start_time: u64,
    /// Which boot that was: the kernel's random name for it on Linux. Elsewhere always the same: a start
    /// since 1970 is enough.
    pub boot_id: String,
}

/// `PID-START-BOOT`: fit for a file's name, and read back by [`FromStr`].
impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.pid, self.start_time, self.boot_id)
    }
}

/// A text is not what [`ProcessId`]'s `Display` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAProcess;

impl FromStr for ProcessId {
    type Err = NotAProcess;

    fn from_str(text: &str) -> Result<Self, NotAProcess> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(NotAProcess);
        let pid = part()?.parse().map_err(|_| NotAProcess)?;
        let start_time = part()?.parse().map_err(|_| NotAProcess)?;
        Ok(Self { pid, start_time, boot_id: boot_id(part()?.as_bytes()).ok_or(NotAProcess)? })
    }
}

/// Reads the name of a boot: hexadecimal digits and dashes.
fn boot_id(bytes: &[u8]) -> Option<String> {
    let fits = (8..=64).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    fits.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Host and path of a URL, taken apart as git takes it apart. User information is not kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    host: Vec<u8>,
    path: Vec<u8>,
    has_password: bool,
}

/// Shows nothing: a path may hold what somebody took for a good place for a token.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Url(redacted)")
    }
}

impl Url {
    /// Takes an `https` URL apart (git's `credential_from_url_gently`): the host ends at `/`, `?` or `#`; the
    /// first `@` before that ends the user information; leading and trailing slashes of the path go, and
    /// percent codes are decoded.
    ///
    /// One thing is stricter. A `%2F` in the path is a slash to git and none to GitHub, so the segments are
    /// not the server's; such a path is kept undecoded, and rule P7 finds no owner in it.
    fn parse(url: &[u8]) -> Option<Self> {
        let rest = url.strip_prefix(b"https://")?;
        let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = match authority.iter().position(|b| *b == b'@') {
            Some(at) => &authority[at + 1..],
            None => authority,
        };
        let has_password =
            authority.len() > host.len() + 1 && authority[..authority.len() - host.len() - 1].contains(&b':');
        let path = trim_slashes(path);
        let holds_slash = path.windows(3).any(|code| code.eq_ignore_ascii_case(b"%2f"));
        let path = if holds_slash { path.to_owned() } else { trim_slashes(&decoded_by_git(path)).to_owned() };
        Some(Self { host: decoded_by_git(host), path, has_password })
    }

    /// Tells whether a password stands in it, even an empty one: then git asks no helper.
    pub(crate) fn has_password(&self) -> bool {
        self.has_password
    }

    /// Gives the place it names, by the same rules as a request's host and path.
    pub(crate) fn remote(&self) -> Option<Remote> {
        Remote::new(&self.host, (!self.path.is_empty()).then_some(&self.path))
    }
}

/// The shells that run git's helpers.
const SHELLS: [&[u8]; 7] = [b"sh", b"dash", b"bash", b"ash", b"ksh", b"zsh", b"busybox"];

/// Tells whether the arguments of a program of this name are read here: those of git and of shells are.
#[cfg(any(test, not(target_os = "linux")))]
fn do_arguments_matter(program: &[u8]) -> bool {
    SHELLS.contains(&program) || program.starts_with(b"git")
}

/// One process above us.
struct Ancestor {
    /// Its number and start.
    id: Option<(u32, u64)>,
    /// The arguments, each ended by a NUL. Wiped: a URL with a password may be among them.
    arguments: Zeroizing<Vec<u8>>,
}

impl Ancestor {
    /// Gives the arguments that are there whole.
    fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        self.arguments.split_inclusive(|b| *b == 0).filter_map(|argument| argument.strip_suffix(&[0]))
    }

    /// Names the process for ever, where the system tells all that it takes.
    fn process_id(&self) -> Option<ProcessId> {
        let (pid, start_time) = self.id?;
        Some(ProcessId { pid, start_time, boot_id: platform::boot()? })
    }

    /// Gives the program's name without its folder.
    fn program(&self) -> &[u8] {
        let path = self.arguments().next().unwrap_or_default();
        path.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// Tells whether this is a shell that was given a command, which is how git starts its helpers. Programs of MSYS2
    /// and Cygwin hand each other arguments past Windows: of their shell none is seen.
    fn is_shell(&self) -> bool {
        let may_hide = cfg!(windows) && self.arguments().count() == 1;
        SHELLS.contains(&self.program())
            && (may_hide || self.arguments().skip(1).take(2).any(|flag| flag == b"-c"))
    }

    /// Gives the command of git, and what follows it: `git -C x fetch origin` and `git-fetch origin` alike.
    fn git_command(&self) -> Option<(&[u8], impl Iterator<Item = &[u8]>)> {
        const WITH_VALUE: [&[u8]; 8] = [
            b"-C",
            b"-c",
            b"--git-dir",
            b"--work-tree",
            b"--namespace",
            b"--super-prefix",
            b"--config-env",
            b"--attr-source",
        ];
        let program = self.program();
        let mut arguments = self.arguments().skip(1);
        if let Some(command) = program.strip_prefix(b"git-") {
            return Some((command, arguments));
        }
        if program != b"git" {
            return None;
        }
        loop {
            match arguments.next()? {
                option if WITH_VALUE.contains(&option) => drop(arguments.next()),
                option if option.starts_with(b"-") => {}
                command => return Some((command, arguments)),
            }
        }
    }

    fn is_git_command(&self, commands: &[&[u8]]) -> bool {
        self.git_command().is_some_and(|(command, _)| commands.contains(&command))
    }

    /// Gives the URL of a `git-remote-https NAME-OR-URL [URL]`.
    fn url(&self) -> Option<Url> {
        let (_, mut arguments) = self.git_command()?;
        let name = arguments.next()?;
        Url::parse(arguments.next().unwrap_or(name))
    }

    /// Gives the name of a `git-remote-https NAME URL`. A URL that stands there instead may hold a password.
    fn remote_name(&self) -> Option<String> {
        let (_, mut arguments) = self.git_command()?;
        let name = std::str::from_utf8(arguments.next()?).ok()?;
        (!name.contains([':', '@'])).then(|| name.to_owned())
    }

    /// Gives what git-lfs was told to do: `git-lfs push` and `git lfs push` alike.
    fn lfs_command(&self) -> Option<&[u8]> {
        let (command, mut arguments) = self.git_command()?;
        (command == b"lfs").then(|| arguments.next().unwrap_or_default())
    }
}

/// The processes that ask a server, by the name git gives them.
const REMOTE_HTTP: [&[u8]; 2] = [b"remote-https", b"remote-http"];

/// The commands of git that ask a server, and which way.
const COMMANDS: [(&str, Option<Direction>); 14] = [
    ("fetch", Some(Direction::Fetch)),
    ("push", Some(Direction::Push)),
    ("clone", Some(Direction::Fetch)),
    ("pull", Some(Direction::Fetch)),
    ("ls-remote", Some(Direction::Fetch)),
    ("remote", Some(Direction::Fetch)),
    ("archive", Some(Direction::Fetch)),
    ("fetch-pack", Some(Direction::Fetch)),
    ("send-pack", Some(Direction::Push)),
    ("http-fetch", Some(Direction::Fetch)),
    ("http-push", Some(Direction::Push)),
    ("submodule--helper", Some(Direction::Fetch)),
    ("credential", None),
    ("lfs", None),
];

/// The commands of git-lfs that ask a server, and which way.
const LFS_COMMANDS: [(&str, Option<Direction>); 11] = [
    ("push", Some(Direction::Push)),
    ("pre-push", Some(Direction::Push)),
    ("fetch", Some(Direction::Fetch)),
    ("pull", Some(Direction::Fetch)),
    ("clone", Some(Direction::Fetch)),
    ("checkout", Some(Direction::Fetch)),
    ("smudge", Some(Direction::Fetch)),
    ("filter-process", Some(Direction::Fetch)),
    ("lock", None),
    ("locks", None),
    ("unlock", None),
];

impl Caller {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            url: None,
            remote_name: None,
            operation: None,
            subcommand: None,
            is_prefetch: false,
            process: None,
            asker: None,
        }
    }

    fn asked_by(self, asker: Option<&Ancestor>) -> Self {
        Self { asker: asker.and_then(Ancestor::process_id), ..self }
    }

    fn with_command(self, known: &[(&'static str, Option<Direction>)], command: &[u8]) -> Self {
        match known.iter().find(|(word, _)| word.as_bytes() == command) {
            Some((word, operation)) => Self { operation: *operation, subcommand: Some(word), ..self },
            None => self,
        }
    }
}

/// Tells who asks from the processes above us, the nearest first. Looks at no more of them than it needs.
fn tell(mut above: impl Iterator<Item = Ancestor>) -> Caller {
    let between_git_and_us = |it: &Ancestor| it.is_shell() || it.is_git_command(&[b"credential-patron"]);
    let Some(asker) = above.find(|it| !between_git_and_us(it)) else { return Caller::of(Kind::Other) };
    if asker.is_git_command(&REMOTE_HTTP) {
        let process = asker.process_id();
        let caller = Caller {
            url: asker.url(),
            remote_name: asker.remote_name(),
            asker: process.clone(),
            process,
            ..Caller::of(Kind::RemoteHttp)
        };
        let git = above.find(|it| !it.is_git_command(&REMOTE_HTTP));
        return match git.as_ref().and_then(Ancestor::git_command) {
            Some((command, mut arguments)) => {
                let is_prefetch = arguments.any(|argument| argument == b"--prefetch");
                Caller { is_prefetch, ..caller.with_command(&COMMANDS, command) }
            }
            None => caller,
        };
    }
    if let Some(command) = asker.lfs_command() {
        return Caller::of(Kind::Lfs).with_command(&LFS_COMMANDS, command).asked_by(Some(&asker));
    }
    if asker.is_git_command(&[b"credential"]) {
        let user = above.find(|it| !it.is_shell());
        let caller = match user.as_ref().and_then(Ancestor::lfs_command) {
            Some(command) => Caller::of(Kind::Lfs).with_command(&LFS_COMMANDS, command),
            None => Caller::of(Kind::CredentialPlumbing).with_command(&COMMANDS, b"credential"),
        };
        return caller.asked_by(user.as_ref());
    }
    let caller = match asker.git_command() {
        Some((command, _)) => Caller::of(Kind::Other).with_command(&COMMANDS, command),
        None => Caller::of(Kind::Other),
    };
    caller.asked_by(Some(&asker))
}

#[cfg(test)]
mod tests;
