//! A transcript cut into attempts.

use super::clean::readable;
use super::speaker::{self, Speaker};
use super::target::{self, RepositoryName};
use super::{FOLDED_LINES, Languages, Normal, Spoken};
use crate::denial::phrase::LINE_BREAK;

/// How wide windows are, and what folds: a text whose longest line is as long was most likely folded.
const WIDTHS: [usize; 9] = [72, 76, 78, 79, 80, 100, 119, 120, 132];

/// Gives the attempts that failed, or may have, the last one last.
pub(super) fn of(lines: &[String], languages: &Languages) -> Vec<Normal> {
    let length = |line: &str| line.trim_end().chars().count();
    let widest = lines.iter().map(|line| length(line)).max().unwrap_or_default();
    // A blank at the fold is lost.
    let is_full = |line: &str| length(line) + 1 >= widest && WIDTHS.contains(&widest);
    let spoken = |line: &String| Spoken { is_full: is_full(line), ..Spoken::of(line, languages) };
    // A line of git's in another language is known only if it is whole.
    let joined = |line: &String, next: Option<&String>| {
        let next = next.filter(|_| is_full(line) && !languages.know(line))?;
        ["", " "].iter().map(|blank| [line, *blank, next].concat()).find(|joined| languages.know(joined))
    };
    let mut attempts: Vec<Normal> = Vec::new();
    let mut open: Vec<Spoken> = Vec::new();
    let mut rest = lines;
    // What belongs to the attempt before, since nothing else came to an end behind it.
    let mut last: Vec<Spoken> = Vec::new();
    while let Some((line, behind)) = rest.split_first() {
        if let Some((reply, behind)) = reply(rest) {
            // What comes behind a reply belongs to no attempt before it.
            if reply.is_some() {
                last.clear();
            }
            attempts.extend(reply);
            rest = behind;
            continue;
        }
        rest = behind;
        if line.trim().is_empty() {
            continue;
        }
        let line = match joined(line, behind.first()) {
            Some(joined) => {
                rest = &behind[1..];
                spoken(&joined)
            }
            None => spoken(line),
        };
        if !is_end(&line) {
            open.push(line);
            continue;
        }
        take_back(&mut attempts, &successes(&open));
        let (after, is_full) = (line.speaker, line.is_full);
        open.push(line);
        // What was folded goes on in the next lines.
        let folded =
            rest.iter().take(FOLDED_LINES).take_while(|next| speaker::is_rest(next, after, is_full)).count();
        let (more, behind) = rest.split_at(folded);
        open.extend(more.iter().map(&spoken));
        rest = behind;
        last = std::mem::take(&mut open);
        attempts.push(Normal::of_lines(&last));
    }
    if !open.is_empty() {
        let has_more = open.iter().any(|line| line.speaker != Speaker::Other);
        let succeeded = successes(&open);
        take_back(&mut attempts, &succeeded);
        if attempts.is_empty() || last.is_empty() {
            attempts.push(Normal::of_lines(&open));
        } else if has_more && succeeded.is_empty() {
            attempts.pop();
            last.extend(open);
            attempts.push(Normal::of_lines(&last));
        }
    }
    attempts
}

/// Says whether git, or a client, gives up here.
fn is_end(line: &Spoken) -> bool {
    let text = line.text.to_ascii_lowercase();
    match line.speaker {
        Speaker::Git => {
            text.contains("fatal:")
                || text.contains("failed to push some refs")
                || (speaker::quoted_url(&line.text).is_some() && !text.starts_with("warning:"))
        }
        Speaker::Client => true,
        Speaker::Remote | Speaker::Ssh | Speaker::Other => false,
    }
}

/// Gives the addresses at which something succeeded: git says where it went and what it updated.
fn successes(lines: &[Spoken]) -> Vec<Option<RepositoryName>> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let updated = lines[at + 1..].first().is_some_and(|next| {
            (next.text.contains(" -> ") || next.text.contains("..")) && !next.text.contains("rejected]")
        });
        let text = line.text.as_str();
        if (text.starts_with("To ") || text.starts_with("From ")) && updated && line.speaker == Speaker::Git {
            found.push(Some(target::find(std::slice::from_ref(line))));
        } else if text.starts_with("Everything up-to-date") || text.starts_with("Already up to date") {
            found.push(None);
        } else if let Some(repo) = cloned(&lines[at..]) {
            found.push(Some(RepositoryName { repo: Some(repo), ..RepositoryName::default() }));
        }
    }
    found
}

/// Gives the name of a repository that is cloned from here on: git tells the folder, not the address.
fn cloned(lines: &[Spoken]) -> Option<String> {
    let [first, behind @ ..] = lines else { return None };
    let folder = first.text.strip_prefix("Cloning into ")?.split('\'').nth(1)?;
    let is_done =
        |line: &Spoken| line.text.starts_with("Receiving objects: 100%") && line.text.contains("done.");
    let this = behind.iter().take_while(|line| !line.text.starts_with("Cloning into "));
    this.into_iter().any(is_done).then(|| {
        let name = folder.rsplit(['/', '\\']).next().unwrap_or(folder);
        name.strip_suffix(".git").unwrap_or(name).to_owned()
    })
}

/// Drops what failed before at an address that is open now.
fn take_back(attempts: &mut Vec<Normal>, succeeded: &[Option<RepositoryName>]) {
    for target in succeeded {
        match target {
            Some(target) => attempts.retain(|attempt| {
                attempt.target.host.is_some() && !attempt.target.is_same_repository(target)
            }),
            None => _ = attempts.pop(),
        }
    }
}

/// Reads an HTTP reply that begins here, as `curl -i` shows it; gives what comes behind it. A reply of a proxy, of a
/// redirect, or of something that is no forge is passed over.
fn reply(lines: &[String]) -> Option<(Option<Normal>, &[String])> {
    let (first, mut rest) = lines.split_first()?;
    let mut words = first.split_ascii_whitespace();
    let protocol = words.next()?;
    if protocol != "HTTP" && !protocol.starts_with("HTTP/") {
        return None;
    }
    let status: u16 = words.next().filter(|status| status.len() == 3)?.parse().ok()?;
    // As people shorten it nothing stands behind; else a server's reason does.
    if protocol == "HTTP" && words.next().is_some() {
        return None;
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    while let Some((line, behind)) = rest.split_first() {
        // git's lines, or another reply, behind headers that a trace shows.
        if begins_something(line) || line.starts_with("HTTP") {
            break;
        }
        rest = behind;
        let name = line.split(':').next().unwrap_or_default();
        let is_header = line.contains(':')
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_header {
            let value = line[name.len() + 1..].trim();
            headers.push((name.to_owned(), value.to_owned()));
        } else if line.trim().is_empty() || line.trim_start().starts_with(['{', '[', '<']) {
            if !line.trim().is_empty() {
                rest = &lines[lines.len() - rest.len() - 1..];
            }
            break;
        } else if let Some((_, value)) = headers.last_mut() {
            // It was folded.
            value.push_str(line.trim());
        } else {
            break;
        }
    }
    let end = rest
        .iter()
        .position(|line| line.starts_with("HTTP/") || line.starts_with("HTTP ") || begins_something(line))
        .unwrap_or(rest.len());
    // A page ends where a line is empty; JSON ends by itself.
    let is_json =
        rest.iter().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with(['{', '[']));
    let begins = rest.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let page = rest[begins..].iter().position(|line| line.trim().is_empty()).map_or(end, |at| begins + at);
    let (body, behind) = rest.split_at(if is_json { end } else { end.min(page) });
    let is_passed =
        (300..400).contains(&status) && behind.first().is_some_and(|line| line.starts_with("HTTP"));
    let is_tunnel = status == 200 && body.iter().all(|line| line.trim().is_empty());
    let is_strangers =
        headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("server") && !value.to_ascii_lowercase().contains("github")
        }) && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-github-request-id"));
    if is_passed || is_tunnel || is_strangers {
        return Some((None, behind));
    }
    let joined = body.join("\n");
    let folded = body.concat();
    let text = if serde_json::from_str::<serde_json::Value>(&folded).is_ok() {
        folded
    } else if joined.trim_start().starts_with(['{', '[']) {
        joined
    } else {
        let lines: Vec<String> = body.iter().map(|line| readable(line)).collect();
        lines.join(&LINE_BREAK.to_string())
    };
    Some((Some(Normal::reply(status, &headers, text.as_bytes())), behind))
}

/// Says whether a line behind a reply's body begins something else.
fn begins_something(line: &str) -> bool {
    matches!(speaker::of(line.trim()), Speaker::Git | Speaker::Remote)
        && !line.trim_start().starts_with(['{', '"'])
}
