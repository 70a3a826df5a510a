//! `explain`: names the refusal in a transcript, or shows what is known of one.

use super::page;
use crate::cli::Explain as Options;
use crate::denial::catalogue::{Denial, row};
use crate::denial::normal::Normal;
use crate::denial::{lint, recognise};
use crate::error::{Exit, Failure};
use crate::terminal::{FAINT, STRONG, Stream, paint, print, sanitise};
use crate::verdict::{self, Verdict, VerdictRow};
use crate::verdict_id::VerdictId;
use serde::Serialize;
use serde_json::json;
use std::io::{IsTerminal, Read};

/// How much of the beginning and of the end of a transcript is kept; what is between is read and dropped, so
/// that whoever writes it is not stopped.
const KEPT: usize = 64 * 1024;

#[derive(Serialize)]
struct Explained<'a> {
    version: u8,
    verdict: Option<&'a Verdict>,
    matched: Option<&'a str>,
}

/// Explains; exit code 1 if nothing was recognised.
pub fn run(options: &Options) -> Result<(), Failure> {
    if options.check {
        return check(options);
    }
    if options.list {
        return list(options);
    }
    match &options.id {
        Some(id) => one(id, options),
        None => transcript(options),
    }
}

fn transcript(options: &Options) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::usage("explain reads what git printed from its standard input")
            .remedy("git push 2>&1 | git credential-patron explain")
            .remedy("or name a refusal: git credential-patron explain sso-required")
            .remedy("or see them all: git credential-patron explain --list"));
    }
    let input = read(std::io::stdin().lock())
        .map_err(|error| Failure::failed("the transcript cannot be read").because(error))?;
    let normal = Normal::read(&input);
    let found = recognise(&normal);
    let unknown = || {
        let is_refused = normal.proven && normal.status.is_some_and(|status| (400..500).contains(&status));
        is_refused.then(|| verdict::unknown(normal.status, &normal.words(), &normal.target))
    };
    let (verdict, matched) = match &found {
        Some(found) => (Some(verdict::explain(found, &normal.target)), Some(found.matched.as_str())),
        None => (unknown(), None),
    };
    let text = match (options.json, &verdict) {
        (true, _) => as_json(&Explained { version: 1, verdict: verdict.as_ref(), matched }),
        (false, Some(verdict)) => {
            let mut text = page::verdict(verdict, Stream::Stdout.width());
            if let Some(matched) = matched {
                text.push_str(&format!("{}{}\n", paint(STRONG, "Matched   "), paint(FAINT, matched)));
            }
            text
        }
        (false, None) => String::new(),
    };
    write(&text)?;
    match (found, verdict) {
        (Some(_), _) => Ok(()),
        (None, None) if !options.json => {
            Err(Failure::failed("there is no refusal of GitHub's in this that is known")
                .remedy("ask GitHub itself: git credential-patron diagnose URL")
                .remedy("see what is known: git credential-patron explain --list"))
        }
        (None, _) => Err(Failure::said(Exit::Failed)),
    }
}

/// Reads all there is, and keeps its beginning and its end.
fn read(mut input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(kept),
            Ok(count) => kept.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if kept.len() > 4 * KEPT {
            let end = kept.len() - KEPT;
            kept.drain(KEPT..end);
        }
    }
}

fn one(id: &str, options: &Options) -> Result<(), Failure> {
    let Some(known) = VerdictId::parse(id) else {
        let mut failure = Failure::usage(format!("there is no verdict {}", sanitise(id, 60)));
        if let Some(nearest) = nearest(id) {
            failure =
                failure.remedy(format!("the nearest is {nearest}: git credential-patron explain {nearest}"));
        }
        return Err(failure.remedy("see them all: git credential-patron explain --list"));
    };
    let about = &verdict::row_of(known);
    let verdict = verdict::of_row(about);
    if options.json {
        return write(&as_json(&Explained { version: 1, verdict: Some(&verdict), matched: None }));
    }
    let mut text = page::verdict(&verdict, Stream::Stdout.width());
    text.push_str(&format!("{}{}\n", paint(STRONG, "Known by  "), about.known_by));
    text.push_str(&format!("{}{}\n", paint(STRONG, "Opens     "), opens(about)));
    text.push_str(&format!("{}{}\n", paint(STRONG, "Exit      "), about.exit));
    if let Some(denial) = row(known) {
        text.push_str(&sample(denial));
    }
    write(&text)
}

fn opens(about: &VerdictRow) -> &'static str {
    if about.opens { "its page may open by itself" } else { "nothing by itself" }
}

fn sample(denial: &Denial) -> String {
    let Some(sample) = denial.samples.first() else { return String::new() };
    let lines: String = sample.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
    format!("{}\n{}", paint(STRONG, "Sample"), paint(FAINT, &lines))
}

fn list(options: &Options) -> Result<(), Failure> {
    if options.json {
        let rows: Vec<_> = verdict::rows()
            .iter()
            .map(|row| {
                let verdict = verdict::of_row(row);
                json!({"id": row.id, "certainty": row.certainty, "means": verdict.means, "opens": row.opens, "exit": row.exit})
            })
            .collect();
        return write(&as_json(&json!({"version": 1, "verdicts": rows})));
    }
    let rows = verdict::rows();
    let widest = rows.iter().map(|row| row.id.as_str().len()).max().unwrap_or(0);
    let lines = rows.iter().map(|row| {
        let id = format!("{:<widest$}", row.id);
        format!("{}  {}\n", paint(STRONG, &id), verdict::of_row(row).means)
    });
    write(&lines.collect::<String>())
}

fn check(options: &Options) -> Result<(), Failure> {
    let problems = lint::check();
    let text = match (options.json, problems.is_empty()) {
        (true, _) => as_json(&json!({"version": 1, "problems": problems})),
        (false, true) => {
            let rows = crate::denial::catalogue::rows();
            let samples: usize = rows.iter().map(|row| row.samples.len()).sum();
            format!(
                "{} refusals with {samples} samples: each sample is explained by its own row\n",
                rows.len()
            )
        }
        (false, false) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
    };
    write(&text)?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::said(Exit::Failed)) }
}

fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn write(text: &str) -> Result<(), Failure> {
    print(text).map_err(|error| Failure::failed("this cannot be written").because(error))
}

/// Names the verdict that was meant, if one is near enough: one with this word in it, or one mistyped.
fn nearest(id: &str) -> Option<VerdictId> {
    let id = id.to_ascii_lowercase();
    let ids = || VerdictId::ALL.iter().copied();
    let distance = |known: VerdictId| strsim::levenshtein(known.as_str(), &id);
    ids().find(|known| known.as_str().split('-').any(|word| word == id)).or_else(|| {
        let known = ids().min_by_key(|known| distance(*known))?;
        (distance(known) * 3 <= known.as_str().len()).then_some(known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_an_id_is_enough_and_what_is_far_from_all_is_near_none() {
        assert_eq!(nearest("sso"), Some(VerdictId::SsoRequired));
        assert_eq!(nearest("Token-Expird"), Some(VerdictId::TokenExpired));
        assert_eq!((nearest("foo"), nearest("")), (None, None));
    }

    #[test]
    fn a_long_transcript_keeps_its_beginning_and_its_end() {
        let text = [b"BEGIN".to_vec(), vec![b'x'; 5_000_000], b"END".to_vec()].concat();
        let kept = read(&text[..]).expect("it is memory");
        assert!(kept.starts_with(b"BEGIN") && kept.ends_with(b"END") && kept.len() <= 5 * KEPT);
    }
}
