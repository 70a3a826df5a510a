//! What is on a screen beside what a document shows, without what differs from day to day.

use super::super::forge::Forge;
use super::super::sandbox::Sandbox;

/// What stands in a document for the folder that programs are installed in.
const BIN: &str = "/home/mona/.local/bin";
/// What stands in a document for the home.
const HOME: &str = "/home/mona";
/// The date that stands for every date.
const DATE: &str = "2027-06-01";
/// The numbers that change, by what follows them, and what stands for them.
const NUMBERS: [(&str, &str); 2] = [(" days", "89"), (" ms", "154")];
/// The version that stands for git's.
const GIT: &str = "2.47.3";

/// Gives a line as a document has it: mona's home, and fixed dates, times and versions.
pub(super) fn documented(line: &str, sandbox: &Sandbox, forge: &Forge) -> String {
    let mut line = line.to_owned();
    for (here, there) in [
        (sandbox.bin(), BIN),
        (sandbox.home().to_owned(), HOME),
        (sandbox.root().to_owned(), "/tmp"),
        (forge.dir().to_owned(), "/etc/ssl"),
    ] {
        line = line.replace(&here.display().to_string(), there);
    }
    line = line.replace(&forge.proxy_url(), "http://127.0.0.1:8080");
    fixed(&line)
}

/// Gives a line with fixed dates, times and versions.
pub(super) fn fixed(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        out.push_str(before);
        let of = |letters: &str| {
            let is_part = |letter: char| letter.is_ascii_digit() || letters.contains(letter);
            number.find(|letter| !is_part(letter)).unwrap_or(number.len())
        };
        let (date, version, digits) = (of("-"), of("."), of(""));
        let follows = NUMBERS.iter().find(|(text, _)| number[digits..].starts_with(text));
        let (len, instead) = match follows {
            _ if is_date(&number[..date]) => (date, DATE),
            _ if out.ends_with("git ") && version > digits => (version, GIT),
            Some((_, instead)) => (digits, *instead),
            None => (digits, &number[..digits]),
        };
        out.push_str(instead);
        rest = &number[len..];
    }
    out + rest
}

fn is_date(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [4, 2, 2]
}

/// Compares lines; `...` alone on a line of the document stands for any lines.
pub(super) fn matches(document: &[String], screen: &[String]) -> bool {
    match (document.split_first(), screen.split_first()) {
        (None, None) => true,
        (Some((dots, after)), _) if dots == "..." => {
            (0..=screen.len()).any(|skipped| matches(after, &screen[skipped..]))
        }
        (Some((wanted, document)), Some((found, screen))) => {
            wanted.trim_end() == found.trim_end() && matches(document, screen)
        }
        _ => false,
    }
}

#[test]
fn dates_times_and_versions_are_fixed_and_nothing_else() {
    for (line, wanted) in [
        ("expires 2031-12-24 (7 days), in", "expires 2027-06-01 (89 days), in"),
        ("8 requests in 1203 ms", "8 requests in 154 ms"),
        ("git 2.39.5", "git 2.47.3"),
        ("git 2 of 3; 127.0.0.1:80; 4.5.6; 12-34", "git 2 of 3; 127.0.0.1:80; 4.5.6; 12-34"),
        ("", ""),
        ("ünï 1", "ünï 1"),
    ] {
        assert_eq!(fixed(line), wanted);
    }
}

#[test]
fn three_dots_stand_for_any_lines_and_nothing_else_does() {
    let lines = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    for (document, screen, same) in [
        ("a|b", "a|b", true),
        ("a|b", "a|b ", true),
        ("a|b", "a|c", false),
        ("a", "a|b", false),
        ("a|b", "a", false),
        ("a|...", "a", true),
        ("a|...|d", "a|b|c|d", true),
        ("...|d", "a|b", false),
        ("a ...", "a b", false),
    ] {
        assert_eq!(matches(&lines(document), &lines(screen)), same, "{document} {screen}");
    }
}
