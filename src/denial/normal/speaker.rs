//! Who says a line, by how it begins.
//!
//! Outside facts: `remote: ` is what git puts before each line of a server or its hooks (`sideband.c`); `ERROR: ` is
//! how GitHub begins over SSH, where git adds nothing; gh and octokit end with the status in brackets.

/// How far into a line `remote:` may stand: build logs put times and names before it.
const LOG_PREFIX_MAX: usize = 80;

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::denial) enum Speaker {
    /// The server, or one of its hooks.
    Remote,
    /// git itself.
    Git,
    /// ssh, or a server over it.
    Ssh,
    /// A client of an API, which repeats what it was answered: gh, octokit, libgit2, JGit.
    Client,
    /// Anybody else.
    Other,
}

/// How git begins its lines; translated lines were made English before.
const GIT: [&str; 14] = [
    "fatal:",
    "error:",
    "warning:",
    "hint:",
    "To http",
    "To git@",
    "To ssh:",
    "From http",
    "! [",
    "* [",
    "Cloning into",
    "Everything up-to-date",
    "Already up to date",
    "rate limited by",
];
/// How ssh begins, and servers that speak through it.
const SSH: [&str; 11] = [
    "ERROR: ",
    "ssh: ",
    "ssh_exchange_identification",
    "kex_exchange_identification",
    "Host key verification failed",
    "Permission denied (",
    "Connection closed by",
    "Connection reset by",
    "client_loop:",
    "Bad owner or permissions",
    "@@@@",
];
/// What only clients write.
const CLIENT: [&str; 13] = [
    "(HTTP 4",
    "(HTTP 5",
    "HttpError",
    "GraphQL: ",
    "RequestError",
    "; class=",
    "TransportException",
    "batch response: ",
    "batch request: ",
    "/info/lfs/objects/batch",
    "GitHub API Error: ",
    "github.GithubException",
    "try authenticating with: ",
];

/// Says who says a line, whose prefix is gone.
pub(super) fn of(line: &str) -> Speaker {
    let begins = |words: &[&str]| words.iter().any(|word| begins_with(line, word));
    if is_said_by_remote(line) {
        Speaker::Remote
    } else if line.contains("documentation_url")
        || line.contains("gh: ")
        || line.contains("api.github.com")
        || (begins(&["HTTP 4", "HTTP 5"]) && line.contains(": ") && line.contains("(https://"))
    {
        Speaker::Client
    } else if begins(&SSH) || is_git_at_ssh(line) {
        Speaker::Ssh
    } else if CLIENT.iter().any(|word| line.contains(word)) {
        Speaker::Client
    } else if (begins(&GIT) && !is_status(line)) || quoted_url(line).is_some() {
        Speaker::Git
    } else {
        Speaker::Other
    }
}

/// Says whether a line may be the rest of one that was folded, in mid-word perhaps: nobody begins to speak in it. What
/// stands behind a line that is as long as lines are here (`is_full`) may begin as it likes.
pub(super) fn is_rest(line: &str, after: Speaker, is_full: bool) -> bool {
    let line = line.trim();
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let first = line.split_whitespace().next().unwrap_or_default();
    let is_status = is_status(line) || line.to_ascii_lowercase().contains("returned error:");
    let announces = line.get(..line.len().min(40)).unwrap_or(line).contains(": ");
    let is_message =
        first.len() > 2 && (first.ends_with(':') || (line.starts_with(char::is_uppercase) && announces));
    match of(line) {
        // A reply, or curl itself, begins here, however wide the line before is.
        _ if line.is_empty() || begins(&["HTTP/", "curl: ("]) => false,
        Speaker::Other => is_full || is_status || !is_message,
        Speaker::Client => {
            after == Speaker::Client && !begins(&["gh: ", "GraphQL: ", "HTTP ", "RequestError", "HttpError"])
        }
        _ => false,
    }
}

/// Finds where one of these begins, wherever in the line that is.
pub(super) fn begins_at(line: &str) -> Option<usize> {
    let words = [
        "remote:",
        "fatal:",
        "error:",
        "warning:",
        "ERROR: ",
        "ssh: ",
        "gh: ",
        "To https://",
        "From https://",
        "HTTP/",
    ];
    let denied = line.find(" Permission denied (").map(|at| {
        let who = line[..at].rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        let is_named = line[who..at].contains('@') && !line[..at].ends_with("::");
        if is_named { who } else { at + 1 }
    });
    words.iter().filter_map(|word| line.find(word)).chain(denied).min().filter(|at| {
        // Not within a word, and not within what git itself says.
        !line[..*at].ends_with(|c: char| c.is_alphanumeric()) && !line[..*at].contains('\'')
    })
}

/// Says whether this is the end of `The requested URL returned error: 403`, which somebody folded: git itself says no
/// such line.
fn is_status(line: &str) -> bool {
    line.strip_prefix("error: ").is_some_and(|status| {
        let status = status.trim_end();
        status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Gives what a server's line says, if the line is a server's.
pub(super) fn said_by_remote(line: &str) -> Option<&str> {
    let (before, said) = line.split_once("remote:")?;
    let git_speaks = ["fatal:", "error:", "warning:", "hint:"].iter().any(|word| before.contains(word));
    let starts = before
        .chars()
        .next_back()
        .is_none_or(|c| c.is_whitespace() || matches!(c, '|' | ']' | '>' | ')' | '"' | ':'));
    (starts && !git_speaks && before.len() <= LOG_PREFIX_MAX).then(|| said.trim())
}

pub(super) fn is_said_by_remote(line: &str) -> bool {
    said_by_remote(line).is_some()
}

/// Finds the end of an address that git quotes, in whatever language. The quotes of programs that are not git, `"`, are
/// left to the catalogues of messages.
pub(super) fn quoted_url(line: &str) -> Option<usize> {
    let open =
        |at: &usize| line[..*at].chars().next_back().filter(|c| matches!(c, '\'' | '“' | '„' | '«' | '‘'));
    let places = ["https://", "http://"].into_iter().flat_map(|start| line.match_indices(start));
    let start = places.map(|(at, _)| at).filter(|at| open(at).is_some()).min()?;
    let end = line[start..].find(['\'', '”', '“', '»', '’'])?;
    let address = &line[start..start + end];
    (!address.contains(char::is_whitespace)).then_some(start + end)
}

fn is_git_at_ssh(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(who, said)| {
        who.contains('@') && !who.contains(char::is_whitespace) && begins_with(said, "Permission denied (")
    })
}

/// Compares without case, where the first letter of a text is not ssh's way to tell who speaks.
fn begins_with(line: &str, word: &str) -> bool {
    if word == "ERROR: " {
        return line.starts_with(word);
    }
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}
