//! Proves the catalogue row by row: the loop behind `explain --check`, which the unit test runs too.

use super::catalogue::{Denial, FALLBACKS, FAMILIES, Source, rows, split_page};
use super::normal::Languages;
use super::{holes, read};
use crate::pages::Page;

/// The longest `means`.
const MEANS_MAX: usize = 100;
/// The longest line of a `fix`, its page aside.
const FIX_MAX: usize = 120;
/// The first path segments that samples may have at github.com.
const SAMPLE_SEGMENTS: [&str; 8] =
    ["acme", "account", "enterprises", "github", "orgs", "organizations", "settings", "tos"];

/// Looks for mistakes in the catalogue; an empty list is a good one.
pub(crate) fn check() -> Vec<String> {
    let mut problems = Vec::new();
    for family in FAMILIES {
        for pair in family.windows(2) {
            if pair[0].id >= pair[1].id {
                problems.push(format!("{}: does not stand in order before {}", pair[0].id, pair[1].id));
            }
        }
    }
    let rows = rows();
    for pair in rows.windows(2) {
        if pair[0].id == pair[1].id {
            problems.push(format!("{}: there are two of it", pair[0].id));
        }
    }
    for row in rows {
        problems.extend(form(row).into_iter().map(|problem| format!("{}: {problem}", row.id)));
        problems.extend(proof(row).into_iter().map(|problem| format!("{}: {problem}", row.id)));
    }
    problems
}

/// Checks what a row is made of.
fn form(row: &Denial) -> Vec<String> {
    let mut problems = Vec::new();
    let mut demand = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    demand(!(row.says.is_empty() && row.hints.is_empty()), "says nothing".to_owned());
    demand(!row.samples.is_empty(), "has no sample".to_owned());
    demand(!row.fix.is_empty(), "has no fix".to_owned());
    demand(!row.sources.is_empty(), "has no source".to_owned());
    demand(row.means.len() <= MEANS_MAX, "means too much: over 100 characters".to_owned());

    let entries: Vec<_> = row.says.iter().chain(row.hints).collect();
    let caught_by_all = |hole: &str| entries.iter().all(|words| holes(words).contains(&hole));
    for text in std::iter::once(&row.means).chain(row.fix) {
        demand(
            text.chars().next().is_some_and(|c| !c.is_uppercase() || text.starts_with("GitHub"))
                && !text.ends_with('.'),
            format!("begins with a capital or ends with a full stop: {text}"),
        );
        let (text, page) = split_page(text);
        demand(text.len() <= FIX_MAX, format!("a line over {FIX_MAX} characters: {text}"));
        for hole in named(text) {
            demand(
                caught_by_all(hole) || FALLBACKS.iter().any(|(name, _)| *name == hole),
                format!("{{{hole}}} is not caught by every phrase and has no fallback: {text}"),
            );
        }
        if let Some(page) = page {
            demand(
                Page::from_words(page, &|_| Some("1".to_owned())).is_some(),
                format!("there is no page {page}"),
            );
        }
    }
    let catches =
        |hole: &str| entries.iter().copied().chain(row.also).any(|words| holes(words).contains(&hole));
    for page in row.pages {
        demand(
            Page::from_words(page, &|_| Some("1".to_owned())).is_some(),
            format!("there is no page {page}"),
        );
        for hole in named(page) {
            demand(
                matches!(hole, "owner" | "repo") || catches(hole),
                format!("nothing catches {{{hole}}} of the page {page}"),
            );
        }
    }
    for source in row.sources {
        let (holds, text) = match source {
            Source::Documented(text) => (text.starts_with("https://"), text),
            Source::Reported(text) | Source::Measured(text) | Source::Inferred(text) => {
                (!text.is_empty(), text)
            }
        };
        demand(holds, format!("a source that cannot be looked up: {text}"));
    }
    problems
}

/// Checks what a row finds.
fn proof(row: &Denial) -> Vec<String> {
    let mut problems = Vec::new();
    let found = |text: &str| read(text.as_bytes(), &Languages::default())?.found;
    for text in row.samples {
        let start = text.lines().next().unwrap_or_default();
        match found(text) {
            Some(found) if found.denial.id == row.id => {
                if let Some(owner) = found.hole("owner")
                    && !owner.to_ascii_lowercase().starts_with("acme")
                {
                    problems.push(format!("a sample's owner is read as {owner}: {start}"));
                }
                if !row.pages.is_empty() && page(row, &found.holes).is_none() {
                    problems.push(format!("no page can be filled for: {start}"));
                }
            }
            Some(found) => problems.push(format!("a sample is taken for {}: {start}", found.denial.id)),
            None => problems.push(format!("a sample is not recognised: {start}")),
        }
        for address in text.split("https://github.com/").skip(1) {
            let segment = address.split(['/', '\'', '"', '?', ' ', '\n', '.']).next().unwrap_or_default();
            if !SAMPLE_SEGMENTS.contains(&segment) {
                problems.push(format!("a sample names a real owner: {segment}"));
            }
        }
        if has_token(text) {
            problems.push(format!("a sample holds what looks like a token: {start}"));
        }
    }
    for text in row.paraphrases {
        match found(text) {
            Some(found) if found.denial.id == row.id => {}
            Some(found) => problems.push(format!("a paraphrase is taken for {}: {text}", found.denial.id)),
            None => problems.push(format!("a paraphrase is not recognised: {text}")),
        }
    }
    if found(row.near_miss).is_some_and(|found| found.denial.id == row.id) {
        problems.push(format!("takes the near miss for its own: {}", row.near_miss));
    }
    problems
}

/// Fills the first page that can be, as for a repository of acme.
fn page(row: &Denial, holes: &[(&'static str, String)]) -> Option<String> {
    row.pages.iter().find_map(|words| {
        Page::from_words(words, &|name| match name {
            "owner" => Some("acme".to_owned()),
            "repo" => Some("secret".to_owned()),
            _ => holes.iter().find(|(hole, _)| *hole == name).map(|(_, value)| value.clone()),
        })?
        .url("github.com")
    })
}

/// Names the holes that a text wants filled.
fn named(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

/// Says whether a text holds what looks like a token of GitHub.
fn has_token(text: &str) -> bool {
    ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"].iter().any(|prefix| text.contains(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::catalogue::Certainty;
    use crate::verdict_id::VerdictId;

    #[test]
    fn the_catalogue_has_no_mistakes() {
        assert_eq!(check(), Vec::<String>::new());
    }

    /// A row whose every field can be spoilt.
    fn good() -> Denial {
        Denial {
            id: VerdictId::SsoRequired,
            known_by: "the example",
            certainty: Certainty::Measured,
            opens: false,
            exit: 1,
            says: &["The example said {word}"],
            hints: &[],
            also: &[],
            means: "the example said {word}",
            fix: &["do it: @fg"],
            pages: &["fg"],
            sources: &[Source::Measured("here")],
            samples: &["remote: Bad credentials"],
            paraphrases: ["a", "b"],
            near_miss: "c",
        }
    }

    #[test]
    fn each_mistake_in_a_rows_form_is_found() {
        assert_eq!(form(&good()), Vec::<String>::new());
        type Spoil = fn(&mut Denial);
        let mistakes: [(Spoil, &str); 11] = [
            (|row| row.says = &[], "says nothing"),
            (|row| row.samples = &[], "no sample"),
            (|row| row.fix = &[], "no fix"),
            (|row| row.sources = &[], "no source"),
            (|row| row.sources = &[Source::Documented("somewhere")], "looked up"),
            (|row| row.means = "The end.", "capital"),
            (
                |row| {
                    row.means = concat!(
                        "0123456789012345678901234567890123456789012345678901234567890123456789",
                        "0123456789012345678901234567890123456789"
                    )
                },
                "over 100",
            ),
            (|row| row.fix = &["ask {somebody}"], "{somebody}"),
            (|row| row.fix = &["do it: @nowhere"], "nowhere"),
            (|row| row.pages = &["nowhere"], "nowhere"),
            (|row| row.pages = &["fg/{number}"], "{number}"),
        ];
        for (spoil, problem) in mistakes {
            let mut row = good();
            spoil(&mut row);
            let problems = form(&row);
            assert!(problems.iter().any(|found| found.contains(problem)), "{problem}: {problems:?}");
        }
    }

    #[test]
    fn each_mistake_in_what_a_row_finds_is_found() {
        let problems = proof(&good());
        assert_eq!(
            problems,
            [
                "a sample is taken for token-rejected: remote: Bad credentials",
                "a paraphrase is not recognised: a",
                "a paraphrase is not recognised: b",
            ]
        );
        let row = Denial {
            id: VerdictId::TokenRejected,
            samples: &["remote: Bad credentials ghp_ https://github.com/somebody/x", "nothing"],
            paraphrases: ["remote: Bad credentials", "Your account is suspended"],
            near_miss: "remote: Bad credentials",
            pages: &["fg/{word}"],
            ..good()
        };
        assert_eq!(
            proof(&row),
            [
                "no page can be filled for: remote: Bad credentials ghp_ https://github.com/somebody/x",
                "a sample names a real owner: somebody",
                "a sample holds what looks like a token: remote: Bad credentials ghp_ https://github.com/somebody/x",
                "a sample is not recognised: nothing",
                "a paraphrase is taken for account-suspended: Your account is suspended",
                "takes the near miss for its own: remote: Bad credentials",
            ]
        );
    }
}
