//! One form for everything that can say no: git's transcript, a plain body, a REST reply with headers.
//!
//! Rules:
//! * Who speaks is kept apart (`speaker.rs`). git puts `remote: ` before every line that a server or its hooks print,
//!   so a line without it is of this side; only git's own lines, ssh's and an API's client can prove a refusal.
//! * A transcript is read attempt by attempt: each ends where git, or the client, gives up. The last one that failed
//!   counts, and what succeeded afterwards at the same address takes it back.
//! * What is kept is fit to be shown: no control or direction characters, no user names and passwords of
//!   addresses, nothing that looks like a token.
//!
//! Outside facts: the forms of `remote: ` and `fatal: ` lines are git's (`sideband.c`, `remote-curl.c`),
//! measured with git 2.47.3; curl's texts within them are not translated.

mod attempts;
mod carrier;
mod clean;
mod gather;
mod language;
mod speaker;
mod target;

use super::phrase::LINE_BREAK;
use clean::{clean, readable};
pub(crate) use gather::gather;
pub(crate) use language::Languages;
#[cfg(all(test, target_os = "linux"))]
pub(super) use language::translation;
use serde_json::Value;
pub(super) use speaker::Speaker;
pub(crate) use target::RepositoryName;

/// How much of any input is looked at.
pub(crate) const CONSIDERED: usize = 512 * 1024;
/// How much of a reply is looked at.
const REPLY_MAX: usize = 64 * 1024;
/// How much of a server's own words is repeated to people.
const WORDS_MAX: usize = 400;
/// How many lines, and of what length, may be the rest of a line that was folded.
const FOLDED_LINES: usize = 4;
const FOLDED_FROM: usize = 58;

/// Who speaks in a part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Status and headers of a reply, one a line.
    Head,
    /// The message of a reply.
    Body,
    /// The server, or one of its hooks, in a transcript.
    Remote,
    /// A client of an API that repeats what it was answered.
    Client,
    /// git itself.
    Git,
    /// What git says of the way to the server: why it could not be reached.
    Way,
    /// ssh, or a server through it.
    Ssh,
    /// Whatever else was written on this side, and git's own lines.
    Local,
    /// All lines of the transcript as they came, for messages that were wrapped when they were copied.
    Whole,
}

/// A refusal, or what may be one, in the one form that the catalogue is matched with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normal {
    /// The text by speaker.
    pub(crate) parts: Vec<(Voice, String)>,
    /// The HTTP status, if it is known.
    pub(crate) status: Option<u16>,
    /// Whether this is a reply, or ends as git ends when it was refused.
    pub(crate) proven: bool,
    /// Whether git went by SSH.
    pub(crate) ssh: bool,
    /// Whose URL git named.
    pub(crate) target: RepositoryName,
}

/// A line without what carried it.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    pub(super) speaker: Speaker,
    pub(super) text: String,
    /// Whether no line around it is longer: it may go on in the next.
    pub(super) is_full: bool,
}

/// Gives the lines whose speakers are known, without what carried them.
pub(super) fn said_lines(input: &[u8]) -> Vec<Spoken> {
    let text = carrier::decoded(&input[..input.len().min(CONSIDERED)]);
    let lines = carrier::lines(&text);
    let all = lines.iter().map(|line| Spoken::of(line, &Languages::default()));
    all.filter(|line| line.speaker != Speaker::Other).collect()
}

impl Normal {
    /// Reads what somebody pastes: the attempts in it, the last one last.
    pub(crate) fn attempts(input: &[u8], languages: &Languages) -> Vec<Self> {
        let text = carrier::decoded(&input[..input.len().min(CONSIDERED)]);
        let lines = carrier::lines(&text);
        attempts::of(&lines, languages)
    }

    /// Reads what somebody pastes as one attempt: the last.
    #[cfg(test)]
    pub(crate) fn read(input: &[u8]) -> Self {
        Self::attempts(input, &Languages::default()).pop().unwrap_or_default()
    }

    /// Reads what git printed of one attempt.
    pub(crate) fn transcript(input: &[u8]) -> Self {
        let skipped = input.len().saturating_sub(REPLY_MAX);
        let text = clean(&String::from_utf8_lossy(&input[skipped..]));
        let lines: Vec<Spoken> = text
            .split(['\n', '\r'])
            .filter(|line| !line.trim().is_empty())
            .map(|line| Spoken::of(line, &Languages::default()))
            .collect();
        Self::of_lines(&lines)
    }

    /// Puts the lines of one attempt together.
    fn of_lines(lines: &[Spoken]) -> Self {
        let mut parts: Vec<(Voice, String)> = Vec::new();
        let mut add = |voice: Voice, text: &str| match parts.iter_mut().find(|(known, _)| *known == voice) {
            Some((_, all)) => {
                all.push(LINE_BREAK);
                all.push_str(text);
            }
            None => parts.push((voice, text.to_owned())),
        };
        let (mut client_status, mut folded, mut was_full) = (None, None, false);
        for Spoken { speaker, text, is_full } in lines {
            add(Voice::Whole, text);
            if *speaker == Speaker::Remote {
                add(Voice::Remote, text);
                folded = None;
                continue;
            }
            add(Voice::Local, text);
            match speaker {
                Speaker::Git => add(Voice::Git, text),
                Speaker::Ssh => add(Voice::Ssh, text),
                Speaker::Client => {
                    client_status = status_of_client(text).or(client_status);
                    add(Voice::Client, text);
                }
                Speaker::Remote | Speaker::Other => {}
            }
            let voice = match speaker {
                Speaker::Git => Some(Voice::Git),
                Speaker::Ssh => Some(Voice::Ssh),
                Speaker::Client => Some(Voice::Client),
                Speaker::Remote | Speaker::Other => None,
            };
            let is_long = text.chars().count() >= FOLDED_FROM;
            folded = match (voice, folded) {
                (Some(voice), _) => is_long.then_some((voice, FOLDED_LINES)),
                (None, Some((voice, left)))
                    if left > 0 && speaker::is_rest(text, Speaker::Other, was_full) =>
                {
                    add(voice, text);
                    Some((voice, left - 1))
                }
                _ => None,
            };
            was_full = *is_full;
        }
        let voice =
            |wanted: Voice| parts.iter().find(|(voice, _)| *voice == wanted).map_or("", |(_, text)| text);
        let (git, ssh) = (voice(Voice::Git), voice(Voice::Ssh));
        let way = ways(git);
        let ending = Ending::of(git);
        let status = ending.status.or(client_status);
        let gave_up = squeezed(git).contains("couldnotreadfromremoterepository");
        let target = target::find(lines);
        let is_ssh = status.is_none() && (gave_up || !ssh.is_empty()) && !git.contains("://");
        let proven = ending.refused || gave_up;
        if let Some(status) = client_status.filter(|_| ending.status.is_none()) {
            parts.push((Voice::Head, format!("HTTP {status}\n")));
        }
        if !way.is_empty() {
            parts.push((Voice::Way, way));
        }
        Normal { parts, status, proven, ssh: is_ssh, target }
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
            if head.len() + name.len() + value.len() < REPLY_MAX && !secret {
                let value = readable(&clean(value)).replace(['\n', '\r'], " ");
                head.push_str(&format!("{name}: {}\n", value.trim()));
            }
        }
        let body = &body[..body.len().min(REPLY_MAX)];
        let json =
            serde_json::Deserializer::from_slice(body).into_iter::<Value>().next().and_then(Result::ok);
        let said = match json {
            Some(json) => messages(&json, status),
            // Also JSON that was cut off. A success says what it likes, a repository's files for example.
            None if status >= 400 => String::from_utf8_lossy(body).into_owned(),
            None => String::new(),
        };
        let said = readable(&clean(&said)).replace(['\n', '\r'], " ");
        let refused = status >= 400;
        Normal {
            status: Some(status),
            proven: true,
            ssh: false,
            target: target::in_reply(headers, body),
            parts: if refused || (300..400).contains(&status) {
                vec![(Voice::Head, head), (Voice::Body, said)]
            } else {
                vec![(Voice::Body, said)]
            },
        }
    }

    /// Tells whether somebody was refused here, in whatever words: git, a reply or a client names a status that says so.
    pub(crate) fn is_refused(&self) -> bool {
        let has_head = self.parts.iter().any(|(voice, _)| *voice == Voice::Head);
        self.status.is_some_and(|status| (400..500).contains(&status)) && (self.proven || has_head)
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

    /// Repeats what the server said, short enough to be shown; none if it said nothing.
    pub(crate) fn servers_words(&self) -> Option<String> {
        [Voice::Body, Voice::Remote, Voice::Client].into_iter().find_map(|wanted| self.voice(wanted))
    }

    /// Repeats what the server said, short enough to be shown, or what git said if it said nothing.
    pub(crate) fn words(&self) -> String {
        self.servers_words().or_else(|| self.voice(Voice::Local)).unwrap_or_default()
    }

    fn voice(&self, wanted: Voice) -> Option<String> {
        self.parts.iter().find(|(voice, text)| *voice == wanted && !text.trim().is_empty()).map(
            |(voice, text)| {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                // What gh puts around the message that it was answered.
                let said = match text.strip_prefix("gh: ").and_then(|rest| rest.rsplit_once(" (HTTP ")) {
                    Some((said, status)) if *voice == Voice::Client && status.len() <= 4 => said,
                    _ => &text,
                };
                shortened(said, WORDS_MAX)
            },
        )
    }
}

impl Spoken {
    /// Takes a line of which no prefix is left.
    fn of(line: &str, languages: &Languages) -> Self {
        let line = readable(line);
        let line = languages.english(&line).unwrap_or(line);
        match speaker::said_by_remote(&line) {
            Some(said) => Spoken { speaker: Speaker::Remote, text: said.to_owned(), is_full: false },
            None => {
                Spoken { speaker: speaker::of(line.trim()), text: line.trim().to_owned(), is_full: false }
            }
        }
    }
}

/// Gives the status that a client names: `(HTTP 404)`, `HTTP 404: `.
fn status_of_client(text: &str) -> Option<u16> {
    let at = text.find("HTTP 4").or_else(|| text.find("HTTP 5"))? + 5;
    let digits = text.get(at..at + 3)?;
    let ends = text.get(at + 3..).is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    digits.parse().ok().filter(|_| ends)
}

/// Gives what git says behind an address, or behind a request that broke off, of why there was no answer.
fn ways(git: &str) -> String {
    let mut all = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in git.split(LINE_BREAK) {
        match lines.last_mut() {
            // The rest of a line that was folded, perhaps in mid-word.
            Some(last) if speaker::of(line) != Speaker::Git => {
                last.push(LINE_BREAK);
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    for line in &lines {
        let behind_address = speaker::quoted_url(line).and_then(|end| {
            let rest = &line[end..];
            // Chinese has a wide colon; what curl says behind it has narrow ones.
            let colons = [": ", "："].iter().filter_map(|colon| Some((rest.find(colon)?, colon.len())));
            let (at, length) = colons.min()?;
            (!rest[..at].contains(LINE_BREAK)).then(|| &rest[at + length..])
        });
        let behind_code = line.split_once("RPC failed; ").map(|(_, rest)| match rest.split_once("curl ") {
            Some((_, rest)) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start(),
            None => rest,
        });
        let Some(why) = behind_address.or(behind_code) else { continue };
        if squeezed(why).contains("therequestedurlreturnederror") {
            continue;
        }
        let known = if line.contains("unable to access") || line.contains("RPC failed") {
            "unable to access: "
        } else {
            ""
        };
        all.push(format!("{known}{}", why.trim()));
    }
    all.join(&LINE_BREAK.to_string())
}

/// Writes a text small and without white space: folds do not count then.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

/// Cuts a text that is too long, and shows it.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    if cut.len() == text.len() {
        return cut;
    }
    format!("{}...", cut.trim_end())
}

/// How git's own lines end.
struct Ending {
    status: Option<u16>,
    refused: bool,
}

impl Ending {
    /// Reads git's own lines.
    fn of(git: &str) -> Self {
        let git = squeezed(git);
        let number = |after: &str| {
            let at = git.rfind(after)? + after.len();
            git.get(at..at + 3)?.parse::<u16>().ok().filter(|status| *status >= 300)
        };
        let at_address = |words: &str| {
            git.match_indices(words).any(|(at, _)| {
                git[at + words.len()..]
                    .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
                    .starts_with("http")
            })
        };
        let not_found = git.match_indices("fatal:repository").any(|(at, words)| {
            let line: String = git[at + words.len()..].chars().take(600).collect();
            line.find("notfound").is_some_and(|end| line[..end].contains("://"))
        });
        let status = number("therequestedurlreturnederror:")
            .or_else(|| number("rpcfailed;http"))
            .or_else(|| at_address("authenticationfailedfor").then_some(401))
            .or_else(|| not_found.then_some(404));
        Ending { status, refused: status.is_some_and(|status| status >= 400) }
    }
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

    fn part(normal: &Normal, wanted: Voice) -> String {
        let found = normal.parts.iter().find(|(voice, _)| *voice == wanted);
        found.map_or(String::new(), |(_, text)| text.replace(LINE_BREAK, " ").trim().to_owned())
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
            assert_eq!(normal.target, RepositoryName::default());
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
    fn a_long_transcript_is_looked_at_in_part() {
        let mut text = "x".repeat(10 * 1024 * 1024).into_bytes();
        text.extend(b"\nfatal: Authentication failed for 'https://github.com/acme/x/'\n");
        let normal = Normal::read(&gather(&text[..]).expect("it is memory"));
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
