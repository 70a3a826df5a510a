//! `man/git-credential-patron-denials.7`: made here from the tables of verdicts and refusals and from what
//! `explain ID` says, and held against them. After a change to either: `PATRON_BLESS=1 cargo test --test patron -- manual::denials`.

use super::page_path;
use super::verdicts::{self, VerdictRow};
use crate::denial::catalogue::{self, Certainty, Source};
use crate::sandbox::Sandbox;
use crate::verdict_id::VerdictId;
use serde_json::Value;
use std::fmt::Write;
use std::{env, fs};

/// With this variable of the tests' own the page is written anew.
pub(super) const BLESS: &str = "PATRON_BLESS";
/// The page.
const PAGE: &str = "git-credential-patron-denials.7";
/// The longest line of its source.
const WIDTH: usize = 78;

#[test]
fn the_page_of_denials_is_what_the_tables_say() {
    let made = page();
    let path = page_path(PAGE);
    if env::var_os(BLESS).is_some() {
        fs::write(&path, &made).expect("the manual can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    if let Some((number, (left, right))) =
        written.lines().chain([""]).zip(made.lines().chain([""])).enumerate().find(|(_, (a, b))| a != b)
    {
        let number = number + 1;
        panic!("man/{PAGE}:{number}: \"{left}\" should be \"{right}\": {BLESS}=1 cargo test manual");
    }
    assert_eq!(written, made);
}

#[test]
fn the_program_says_of_a_refusal_what_the_catalogue_says() {
    let page = page();
    for row in catalogue::rows().into_iter().filter(|row| !row.means.contains('{')) {
        let said = text(&sentence(row.means));
        assert!(page.contains(said.trim_end()), "{}: {said}", row.id);
    }
}

#[test]
fn every_refusal_of_the_catalogue_is_a_verdict_and_on_the_page() {
    let page = page();
    for row in catalogue::rows() {
        assert!(page.contains(&format!("\n.It Li {}\n", row.id)), "{}", row.id);
    }
    for row in verdicts::rows() {
        assert_eq!(page.matches(&format!("\n.It Li {}\n", row.id)).count(), 1, "{}", row.id);
    }
    assert!(!page.contains(['{', '}']), "a hole is left open");
}

/// Makes the page.
fn page() -> String {
    let date = fs::read_to_string(page_path("git-credential-patron.1"))
        .expect("the manual")
        .lines()
        .find(|line| line.starts_with(".Dd "))
        .expect("the manual's date")
        .to_owned();
    let mut page = format!(
        ".\\\" Made from the tables of verdicts and refusals by tests/manual/denials.rs; do not edit it.\n{date}\n\
         .Dt GIT-CREDENTIAL-PATRON-DENIALS 7\n.Os\n.Sh NAME\n.Nm git-credential-patron-denials\n\
         .Nd how GitHub refuses, what it means and what to do\n"
    );
    page.push_str(&text(HEAD));
    let sandbox = Sandbox::new(None);
    for (title, exit, about) in GROUPS {
        writeln!(page, ".Sh {title}\n{}.Bl -tag -width Ds", text(about)).expect("a string");
        let rows = verdicts::rows();
        rows.iter().filter(|row| row.exit == exit).for_each(|row| page.push_str(&item(row, &sandbox)));
        page.push_str(".El\n");
    }
    page.push_str(TAIL);
    page
}

/// What stands before the verdicts.
const HEAD: &str = "\
.Sh DESCRIPTION
These are the verdicts of
.Xr git-credential-patron 1 :
what it concludes when a repository is asked for.
.Ql git credential\\-patron explain \\-\\-list
lists them, and
.Ql git credential\\-patron explain ID
explains one.
.Pp
A verdict is
.Em measured
if GitHub said it or a request proved it.
It is
.Em inferred
if it is the likeliest of several causes; then the others are named with it.
A verdict that is measured at best is inferred too where all that is known is a text which leaves other causes.
.Pp
Who says that GitHub says so stands with each.
.Em Documented
is documentation or source code.
.Em Reported
is what users met.
.Em Measured
was tried with real programs.
.Em Inferred
is said by nobody, and concluded from what stands beside it.
Nothing of this was measured against GitHub's live service.
Words that are in no table are shown as they came, as
.Li unknown-refusal ;
please report them with the output of
.Ql git credential\\-patron diagnose \\-\\-json .
";
/// What stands behind them.
const TAIL: &str = "\
.Sh SEE ALSO
.Xr git-credential-patron 1 ,
.Xr gitcredentials 7
";
/// The verdicts by their exit status.
const GROUPS: [(&str, u8, &str); 3] = [
    ("REFUSALS", 1, "The exit status is 1.\n"),
    (
        "WHEN IT COULD NOT BE CHECKED",
        3,
        "Nothing is known about the token then, and nothing is changed.\nThe exit status is 3.\n",
    ),
    ("WHEN NOTHING IS WRONG", 0, "The exit status is 0.\n"),
];

/// One verdict.
fn item(row: &VerdictRow, sandbox: &Sandbox) -> String {
    // The program's own words for it where nothing more is known.
    let said = sandbox.patron(["explain", row.id.as_str(), "--json"]).ok().stdout();
    let said: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{}: {error}: {said}", row.id));
    let verdict = &said["verdict"];
    let mut item = format!(".It Li {}\n", row.id);
    let means = verdict["means"].as_str().expect("what it means");
    item.push_str(&text(&format!("{}.\n", sentence(means))));
    let certainty = match row.certainty {
        Certainty::Measured => "Measured at best",
        Certainty::Inferred => "Inferred",
    };
    item.push_str(&text(&format!(".Pp\n{certainty}, by: {}.\n", row.known_by)));
    if row.id == VerdictId::NotGithub {
        item.push_str("Without an account for the host the exit status is 1.\n");
    }
    if row.opens {
        item.push_str("Its page may be opened by itself.\n");
    }
    if row.exit != 0 {
        item.push_str(".Pp\nWhat to do:\n.Bl -dash -compact\n");
        for fix in verdict["fix"].as_array().expect("what to do") {
            item.push_str(&format!(".It\n{}", remedy(fix.as_str().expect("a text"))));
        }
        item.push_str(".El\n");
    }
    if let Some(denial) = catalogue::row(row.id) {
        item.push_str(".Pp\nWho says so:\n.Bl -dash -compact\n");
        denial.sources.iter().for_each(|who| item.push_str(&source(who)));
        item.push_str(".El\n");
    }
    item
}

/// One thing to do; a command at its end stands on a line of its own, so that it can be copied.
fn remedy(fix: &str) -> String {
    match fix.split_once(": git ") {
        Some((fix, command)) => text(&format!("{fix}:\n.Dl git {command}\n")),
        None => text(&format!("{fix}\n")),
    }
}

/// One of those who say so.
fn source(source: &Source) -> String {
    let (kind, source) = match source {
        Source::Documented(source) => ("documented", source),
        Source::Reported(source) => ("reported", source),
        Source::Measured(source) => ("measured", source),
        Source::Inferred(source) => ("inferred", source),
    };
    match source.starts_with("https://") {
        true => format!(".It\n{kind}:\n.Lk {source}\n"),
        false => text(&format!(".It\n{kind}: {source}\n")),
    }
}

/// Begins a text as a sentence does.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Writes texts as mdoc source: its own characters escaped, each sentence on lines of its own, none too long.
/// Lines that are macros already stay as they are.
fn text(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines() {
        if line.starts_with('.') {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let line = line.replace('\\', "\\e").replace("--", "\\-\\-");
        // No line may end within our name: it is there to be copied.
        let line = line.replace("git credential-patron", "git credential\\-patron");
        let mut length = 0;
        for word in line.split(' ') {
            let ends_sentence = length > 0 && out.ends_with(['.', '?', '!']);
            if length > 0 && (ends_sentence || length + 1 + word.len() > WIDTH) {
                out.push('\n');
                length = 0;
            }
            if length > 0 {
                out.push(' ');
            }
            if length == 0 && word.starts_with(['.', '\'']) {
                out.push_str("\\&");
            }
            out.push_str(word);
            length += word.len() + 1;
        }
        out.push('\n');
    }
    out
}

#[test]
fn text_is_escaped_and_wrapped() {
    let long = "word ".repeat(30);
    let wrapped = text(&format!("{long}\n"));
    assert!(wrapped.lines().count() > 1 && wrapped.lines().all(|line| line.len() <= WIDTH), "{wrapped}");
    assert_eq!(text("a \\n --b\n.Xr c 1\n.. d. E.\n"), "a \\en \\-\\-b\n.Xr c 1\n.. d. E.\n");
    assert_eq!(text("'x y. Z\n"), "\\&'x y.\nZ\n");
}
