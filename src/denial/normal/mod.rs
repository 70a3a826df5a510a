//! One form for everything that can say no: git's transcript, a plain body, a REST reply with headers.
//!
//! Rules:
//! * Who speaks is kept apart. git puts `remote: ` before every line that a server or its hooks print, so
//!   a line without it is git's own; only such lines can prove that a transcript is a real refusal.
//! * What is kept is fit to be shown: no control or direction characters, no user names and passwords of
//!   addresses, nothing that looks like a token.
//! * At most 64 KiB are looked at: of a transcript the end, where git says how it went; of a reply the start.
//!
//! Outside facts: the forms of `remote: ` and `fatal: ` lines are git's (`sideband.c`, `remote-curl.c`),
//! measured with git 2.47.3; curl's texts within them are not translated.

mod clean;
mod target;

use clean::{clean, readable};
use serde_json::Value;
pub(crate) use target::Target;

/// How much of any input is looked at.
pub(crate) const CONSIDERED: usize = 64 * 1024;
/// How much of a server's own words is repeated to people.
const WORDS_MAX: usize = 400;
/// How far into a line `remote:` may stand: build logs put times and names before it.
const LOG_PREFIX_MAX: usize = 80;

/// Who speaks in a part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Status and headers of a reply, one a line.
    Head,
    /// The message of a reply.
    Body,
    /// The server, or one of its hooks, in a transcript.
    Remote,
    /// git itself, or whatever else wrote into the transcript on this side.
    Local,
    /// All lines of the transcript as they came, for messages that were wrapped when they were copied.
    Whole,
}

/// A refusal, or what may be one, in the one form that the catalogue is matched with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normal {
    /// The text by speaker, without line breaks except in the head.
    pub(crate) parts: Vec<(Voice, String)>,
    /// The HTTP status, if it is known.
    pub(crate) status: Option<u16>,
    /// Whether this is a reply, or ends as git ends when it was refused.
    pub(crate) proven: bool,
    /// Whose URL git named.
    pub(crate) target: Target,
}

impl Normal {
    /// Reads what somebody pastes: a reply if it begins with an HTTP status line, else a transcript.
    pub(crate) fn read(input: &[u8]) -> Self {
        let text = clean(&String::from_utf8_lossy(&input[..input.len().min(CONSIDERED)]));
        let mut rest = text.trim_start();
        let mut reply = None;
        // A pasted `curl -i` shows the proxy's and the redirects' replies first.
        while let Some((status, headers, body)) = pasted_reply(rest) {
            reply = Some((status, headers, body));
            rest = body.trim_start();
        }
        match reply {
            Some((status, headers, body)) => Normal::reply(status, &headers, body.as_bytes()),
            None => Normal::transcript(input),
        }
    }

    /// Reads what git, or a tool around it, printed.
    pub(crate) fn transcript(input: &[u8]) -> Self {
        let skipped = input.len().saturating_sub(CONSIDERED);
        let text = clean(&String::from_utf8_lossy(&input[skipped..]));
        // git never breaks a line at anything else; a server's lone CR gets its own `remote: `, too.
        let lines: Vec<String> = text.split(['\n', '\r']).map(readable).collect();
        let (mut remote, mut local, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for line in &lines {
            match said_by_remote(line) {
                Some(said) => {
                    remote.push(said);
                    whole.push(said);
                }
                None if line.trim().is_empty() => {}
                None => {
                    local.push(line.trim());
                    whole.push(line.trim());
                }
            }
        }
        let ending = Ending::of(&local.join(" ").to_ascii_lowercase());
        Normal {
            status: ending.status,
            proven: ending.refused,
            target: target::find(&local),
            parts: vec![
                (Voice::Remote, remote.join(" ")),
                (Voice::Local, local.join(" ")),
                (Voice::Whole, whole.join(" ")),
            ],
        }
    }

    /// Reads an HTTP reply.
    pub(crate) fn reply(status: u16, headers: &[(String, String)], body: &[u8]) -> Self {
        let mut head = format!("HTTP {status}\n");
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                continue;
            }
            let secret = name.ends_with("cookie") || name.ends_with("authorization");
            if head.len() + name.len() + value.len() < CONSIDERED && !secret {
                let value = readable(&clean(value)).replace(['\n', '\r'], " ");
                head.push_str(&format!("{name}: {}\n", value.trim()));
            }
        }
        let body = &body[..body.len().min(CONSIDERED)];
        let said = match serde_json::from_slice(body) {
            Ok(json) => messages(&json, status),
            // Also JSON that was cut off. A success says what it likes, a repository's files for example.
            Err(_) if status >= 400 => String::from_utf8_lossy(body).into_owned(),
            Err(_) => String::new(),
        };
        let said = readable(&clean(&said)).replace(['\n', '\r'], " ");
        let refused = status >= 400;
        Normal {
            status: Some(status),
            proven: true,
            target: Target::default(),
            parts: if refused || (300..400).contains(&status) {
                vec![(Voice::Head, head), (Voice::Body, said)]
            } else {
                vec![(Voice::Body, said)]
            },
        }
    }

    /// Tells whether git ended by itself: no server said anything, also not by a status or in a word of git's.
    pub(crate) fn is_git_alone(&self) -> bool {
        let remote =
            self.parts.iter().any(|(voice, text)| *voice == Voice::Remote && !text.trim().is_empty());
        let by_git = ["remote error:", "could not read Username", "could not read Password"];
        let local = self.parts.iter().filter(|(voice, _)| *voice == Voice::Local);
        let mut told = local.flat_map(|(_, text)| by_git.iter().filter(|word| text.contains(**word)));
        self.status.is_none() && !self.proven && !remote && told.next().is_none()
    }

    /// Repeats what the server said, short enough to be shown, or what git said if it said nothing.
    pub(crate) fn words(&self) -> String {
        let voice = |wanted: Voice| {
            self.parts
                .iter()
                .find(|(voice, text)| *voice == wanted && !text.trim().is_empty())
                .map(|(_, text)| text.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let words = voice(Voice::Body)
            .or_else(|| voice(Voice::Remote))
            .or_else(|| voice(Voice::Local))
            .unwrap_or_default();
        shortened(&words, WORDS_MAX)
    }
}

/// Cuts a text that is too long, and shows it.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    if cut.len() == text.len() {
        return cut;
    }
    format!("{}...", cut.trim_end())
}

/// Names and values.
type Headers = Vec<(String, String)>;

/// How git's own lines end.
struct Ending {
    status: Option<u16>,
    refused: bool,
}

impl Ending {
    /// Reads git's own lines, in lower case.
    fn of(local: &str) -> Self {
        let number = |after: &str| {
            let at = local.find(after)? + after.len();
            let digits = local.get(at..at + 3)?;
            digits.parse::<u16>().ok().filter(|status| *status >= 300)
        };
        let not_found = local.find("fatal: repository ").is_some_and(|at| {
            let line: String = local[at..].chars().take(600).collect();
            line.contains("not found")
        });
        let status = number("the requested url returned error: ")
            .or_else(|| number("rpc failed; http "))
            .or_else(|| local.contains("authentication failed for ").then_some(401))
            .or_else(|| not_found.then_some(404));
        Ending {
            status,
            // The second is all that git says over SSH, where the server's words have no `remote: `.
            refused: status.is_some_and(|status| status >= 400)
                || local.contains("fatal: could not read from remote repository"),
        }
    }
}

/// Gives what a server's line says, if the line is a server's.
fn said_by_remote(line: &str) -> Option<&str> {
    let (before, said) = line.split_once("remote:")?;
    let git_speaks = ["fatal:", "error:", "warning:", "hint:"].iter().any(|word| before.contains(word));
    let starts =
        before.chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '|' | ']' | '>' | ')'));
    (starts && !git_speaks && before.len() <= LOG_PREFIX_MAX).then(|| said.trim())
}

/// Takes a pasted reply apart.
fn pasted_reply(text: &str) -> Option<(u16, Headers, &str)> {
    let (first, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = first.split_ascii_whitespace();
    let protocol = words.next()?;
    if protocol != "HTTP" && !protocol.starts_with("HTTP/") {
        return None;
    }
    let status = words.next().filter(|status| status.len() == 3)?.parse().ok()?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    Some((status, headers, rest))
}

/// Gives the sentences of a JSON reply: the message, and those of a list of errors.
fn messages(json: &Value, status: u16) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut add = |value: Option<&Value>| {
        if let Some(text) = value.and_then(Value::as_str) {
            said.push(text.to_owned());
        }
    };
    if status >= 400 {
        add(json.get("message"));
        add(json.get("error_description"));
    }
    // GraphQL refuses with 200 and a list of errors.
    for error in json.get("errors").and_then(Value::as_array).into_iter().flatten() {
        add(error.get("message").or(Some(error)));
    }
    if let Some(reason) = json.get("block").and_then(|block| block.get("reason")).and_then(Value::as_str) {
        said.push(format!("block reason: {reason}"));
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(normal: &Normal, wanted: Voice) -> &str {
        normal.parts.iter().find(|(voice, _)| *voice == wanted).map_or("", |(_, text)| text).trim()
    }

    #[test]
    fn the_servers_lines_are_kept_apart_from_gits() {
        let normal = Normal::transcript(
            b"Cloning into 'secret'...\r\nremote: \x1b[31mRepository\x1b[K\r\n2026-10-01T00:00:01Z [ci] remote: not found.   \n\
              fatal: repository 'https://github.com/acme/secret/' not found\n",
        );
        assert_eq!(part(&normal, Voice::Remote), "Repository not found.");
        assert_eq!(
            part(&normal, Voice::Local),
            "Cloning into 'secret'... fatal: repository 'https://github.com/acme/secret/' not found"
        );
        assert_eq!((normal.status, normal.proven), (Some(404), true));
        assert_eq!(normal.words(), "Repository not found.");
    }

    #[test]
    fn a_line_that_only_speaks_of_a_remote_is_gits_own() {
        let far = format!("{} remote: x", "y".repeat(100));
        for line in [
            "fatal: repository 'x remote: y' not found",
            "error: no such remote: origin",
            "noremote: x",
            &far,
        ] {
            assert_eq!(part(&Normal::transcript(line.as_bytes()), Voice::Local), line);
        }
    }

    #[test]
    fn nothing_that_a_server_prints_becomes_gits_own_line() {
        let fatal =
            "fatal: unable to access 'https://github.com/acme/x/': The requested URL returned error: 403";
        for breaks in
            ["\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\x1b[1G", "\x1b[2K\x1b[E", "\0", "\x1b]0;x"]
        {
            let text = format!("remote: hello{breaks}{fatal}\nremote: {fatal}\n");
            let normal = Normal::transcript(text.as_bytes());
            assert!(!normal.proven, "{breaks:?}");
            assert_eq!(part(&normal, Voice::Local), "", "{breaks:?}");
            assert_eq!(normal.target, Target::default());
        }
    }

    #[test]
    fn gits_own_end_proves_a_refusal() {
        for (text, status) in [
            (
                "fatal: unable to access 'https://github.com/acme/x/': The requested URL returned error: 403",
                Some(403),
            ),
            (
                "schwerwiegend: konnte nicht auf 'https://github.com/acme/x/' zugreifen: The requested URL returned error: 403",
                Some(403),
            ),
            ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", Some(502)),
            ("fatal: Authentication failed for 'https://github.com/acme/x/'", Some(401)),
            ("fatal: repository 'https://github.com/acme/x/' not found", Some(404)),
            ("ERROR: no\nfatal: Could not read from remote repository.", None),
        ] {
            let normal = Normal::transcript(text.as_bytes());
            assert_eq!((normal.status, normal.proven), (status, true), "{text}");
        }
        for text in [
            "remote: fatal: Authentication failed for 'https://github.com/acme/x/'",
            "To https://github.com/acme/x\n   1..2  main -> main",
            "fatal: unable to access 'https://github.com/acme/x/': Could not resolve host: github.com",
        ] {
            assert!(!Normal::transcript(text.as_bytes()).proven, "{text}");
        }
    }

    #[test]
    fn git_alone_speaks_where_no_server_did() {
        for (text, alone) in [
            ("fatal: bad config line 5 in file /home/mona/.gitconfig", true),
            ("git: 'remote-https' is not a git command. See 'git --help'.", true),
            ("", true),
            ("remote: No.\nfatal: the remote end hung up unexpectedly", false),
            ("fatal: remote error: access denied", false),
            ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", false),
            (
                "fatal: unable to access 'https://github.com/acme/x/': The requested URL returned error: 418",
                false,
            ),
        ] {
            assert_eq!(Normal::transcript(text.as_bytes()).is_git_alone(), alone, "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_kept() {
        let secret = ["s3cret", "0123456789abcdefghij"].concat();
        let token = |prefix: &str| format!("{prefix}{secret}");
        for text in [
            format!("fatal: Authentication failed for 'https://mona:{secret}@github.com/acme/x/'"),
            format!("fatal: repository 'https://{}@github.com/acme/x/' not found", token("gho_")),
            format!("remote: {} is no good, nor is ({})", token("ghp_"), token("github_pat_")),
            format!("=> Send header: Authorization: Basic {secret}"),
            format!("username=mona\npassword={secret}\n"),
            format!(
                "HTTP 401\nauthorization: Bearer {secret}\nx: {}\n\n{{\"message\":\"{}\"}}",
                token("ghs_"),
                token("ghu_")
            ),
            format!("HTTP 403\n\n{{\"message\":\"see https://a:{secret}@x.example/\"}}"),
        ] {
            let normal = Normal::read(text.as_bytes());
            assert!(!format!("{normal:?}").contains(&secret), "{normal:?}");
            assert!(!normal.words().contains("s3cret"));
        }
    }

    #[test]
    fn a_pasted_reply_is_read_as_one() {
        let normal = Normal::read(
            b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 403 \r\nX-GitHub-SSO: required; url=https://github.com/orgs/acme/sso\r\nSet-Cookie: a=b\r\n\r\n\
              {\r\n \"message\": \"Resource protected by \\u0060x\\u0060\",\r\n \"errors\": [{\"message\":\"more\"}, \"and\"], \"block\": {\"reason\":\"dmca\"}}",
        );
        assert_eq!(normal.status, Some(403));
        assert_eq!(
            part(&normal, Voice::Head),
            "HTTP 403\nx-github-sso: required; url=https://github.com/orgs/acme/sso"
        );
        assert_eq!(part(&normal, Voice::Body), "Resource protected by `x` more and block reason: dmca");
        assert_eq!(part(&Normal::read(b"HTTP 403\n\nplain\ntext"), Voice::Body), "plain text");
        assert_eq!(
            part(&Normal::read(b"HTTP 403\n\n{\"message\":\"cut \\u0060off"), Voice::Body),
            "{\"message\":\"cut `off"
        );
    }

    #[test]
    fn a_success_says_nothing_but_graphql_errors() {
        let normal = Normal::read(b"HTTP 200\nx-ratelimit-remaining: 0\n\n{\"message\":\"Bad credentials\",\"errors\":[{\"message\":\"no\"}]}");
        assert_eq!(normal.parts, [(Voice::Body, "no".to_owned())]);
        assert_eq!(part(&Normal::read(b"HTTP 200\n\nBad credentials"), Voice::Body), "");
    }

    #[test]
    fn json_in_a_transcript_is_unescaped() {
        let normal = Normal::transcript(
            br#"gh: {"message":"The \u0027acme\u0027 org\/x \"y\" \ud800 C:\dir\new","z":1}"#,
        );
        assert_eq!(
            part(&normal, Voice::Local),
            r#"gh: {"message":"The 'acme' org/x "y" \ud800 C:\dir ew","z":1}"#
        );
    }

    #[test]
    fn only_the_end_of_a_long_transcript_is_looked_at() {
        let mut text = "x".repeat(10 * 1024 * 1024).into_bytes();
        text.extend(b"\nfatal: Authentication failed for 'https://github.com/acme/x/'\n");
        let normal = Normal::read(&text);
        assert_eq!(normal.status, Some(401));
        assert!(normal.parts.iter().all(|(_, text)| text.len() <= CONSIDERED));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let normal = Normal::read(&bytes);
            for (_, text) in &normal.parts {
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            }
            normal.words();
        }

        #[test]
        fn any_likely_text_is_read(
            text in "((remote:|fatal: |HTTP 403|\\{\"message|\"|:|\\\\u00|\\\\|\x1b\\]|\x1b\\[|://|@|ghp_|authorization:|é|\r|\n| |[a-z0-9/]{1,5}))*",
        ) {
            let normal = Normal::read(text.as_bytes());
            for (_, text) in &normal.parts {
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            }
        }
    }
}
