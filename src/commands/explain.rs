//! `explain`: names the refusal in a transcript, or shows what is known of one.

use super::page;
use crate::accounts;
use crate::cli::Explain as Options;
use crate::denial::catalogue::{Certainty, Denial, row};
use crate::denial::normal::{Languages, gather};
use crate::denial::{self, Reading, lint, neutral};
use crate::error::{Exit, Failure};
use crate::git::{Cwd, Git};
use crate::paths::Paths;
use crate::remote::Server;
use crate::terminal::{FAINT, STRONG, Stream, paint, print, sanitise};
use crate::verdict::{self, Party, Verdict, VerdictRow};
use crate::verdict_id::VerdictId;
use serde::Serialize;
use serde_json::json;
use std::io::IsTerminal;

#[derive(Serialize)]
struct Explained<'a> {
    version: u8,
    verdict: Option<&'a Verdict>,
    matched: Option<&'a str>,
}

/// Explains; exit code 1 if nothing was recognised.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
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
            .remedy("or list all: git credential-patron explain --list"));
    }
    let input = gather(std::io::stdin().lock())
        .map_err(|error| Failure::failed("the transcript cannot be read").because(error))?;
    let reading = reading(&input);
    if options.report {
        return write(&report(&input, reading.as_ref()));
    }
    let found = reading.as_ref().and_then(|reading| reading.found.as_ref());
    let verdict = reading.as_ref().map(judged);
    let matched = found.map(|found| found.matched.as_str());
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
        (None, None) if !options.json => Err(Failure::failed("this text contains no known refusal")
            .remedy("check the repository itself: git credential-patron diagnose URL")
            .remedy("list what patron knows: git credential-patron explain --list")
            .remedy("report it, without names: git credential-patron explain --report")),
        (None, _) => Err(Failure::said(Exit::Failed)),
    }
}

/// Reads the transcript, first as English, then in every language that the git on this machine knows.
fn reading(input: &[u8]) -> Option<Reading> {
    let english = denial::read(input, &Languages::default());
    if english.as_ref().is_some_and(|reading| reading.attempt.proven && reading.found.is_some()) {
        return english;
    }
    let mut languages = Languages::default();
    for catalogue in Git::find().map(|git| git.catalogues()).unwrap_or_default() {
        languages.add(&catalogue);
    }
    denial::read(input, &languages).or(english)
}

/// Gives the verdict of what was read.
fn judged(reading: &Reading) -> Verdict {
    let target = &reading.attempt.target;
    let said = reading.attempt.words();
    let whose = Party::of(target, &said, target.host.as_deref().is_some_and(is_github_by_account));
    match &reading.found {
        Some(found) => verdict::explain(reading, found, whose),
        None => verdict::unknown(reading, whose),
    }
}

/// Tells whether the user has an account that says of a host that it is GitHub's.
fn is_github_by_account(host: &str) -> bool {
    let accounts = Paths::find().ok().and_then(|paths| accounts::load(&paths.accounts()).ok());
    accounts
        .unwrap_or_default()
        .iter()
        .any(|account| account.server == Server::GitHub && account.scope.host().as_str() == host)
}

/// Writes what fits the form for issues: what was said without names, and which programs read it.
fn report(input: &[u8], reading: Option<&Reading>) -> String {
    let made_of_it = match reading.map(judged) {
        Some(verdict) => format!(
            "{} ({})",
            verdict.id,
            match verdict.certainty {
                Certainty::Measured => "measured",
                Certainty::Inferred => "inferred",
            }
        ),
        None => "nothing".to_owned(),
    };
    let status = reading.and_then(|reading| reading.attempt.status);
    let git = Git::find().and_then(|git| git.run(&["--version"], Cwd::Here).ok());
    let git =
        git.map_or("git: not found".to_owned(), |text| String::from_utf8_lossy(&text).trim().to_owned());
    format!(
        "What was said (names, hosts and tokens replaced; please look it through):\n\n{}\n\n\
         Recognised as: {made_of_it}\nHTTP status: {}\nAsked: nothing, this was read from a transcript\n\
         Versions: git-credential-patron {}, {git}, {} {}\n",
        neutral::neutral(input),
        status.map_or("not named".to_owned(), |status| status.to_string()),
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

fn one(id: &str, options: &Options) -> Result<(), Failure> {
    let Some(known) = VerdictId::parse(id) else {
        let mut failure = Failure::usage(format!("there is no verdict {}", sanitise(id, 60)));
        if let Some(nearest) = nearest(id) {
            failure =
                failure.remedy(format!("the nearest is {nearest}: git credential-patron explain {nearest}"));
        }
        return Err(failure.remedy("list all: git credential-patron explain --list"));
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
    if about.opens { "opens its page by itself" } else { "nothing by itself" }
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
    print(text).map_err(|error| Failure::failed("cannot write the output").because(error))
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
}
