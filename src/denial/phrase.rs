//! Sentences with holes, and the folded text in which they are found.
//!
//! A phrase is a sentence as GitHub writes it, its changing parts replaced by holes:
//! * `{owner}` is one run without white space, `{days#}` digits only,
//! * `{owner..}` may hold spaces (enterprises have such names), `{_..}` may be anything, also nothing,
//!
//! All other words match literally; case, white space and quotes of any kind do not count, and
//! "enterprise" and "organisation" are "organization", since GitHub says one and the same sentence of both.
//!
//! Hostile text is expected: the look-up never goes back over a hole, every hole is bounded, and so
//! the work grows with the text's length only.

/// The longest run without spaces that a hole takes, in bytes.
const WORD_MAX: usize = 600;
/// The longest text with spaces that a hole takes, in bytes.
const SPACED_MAX: usize = 120;
/// The longest text that `{_..}` passes over, in bytes.
const ANYTHING_MAX: usize = 400;

/// What ends a run besides white space; quotes are gone by then.
const ENDS_A_RUN: [char; 9] = [',', ';', '<', '>', '(', ')', '{', '}', '|'];

/// A text made ready to look phrases up in, which still knows how it was written.
pub(crate) struct Text {
    /// What is compared.
    folded: String,
    /// For each byte of `folded`, where in `shown` the character that it stands for begins and ends.
    span: Vec<(u32, u32)>,
    /// What was given.
    shown: String,
}

impl Text {
    /// Folds a text. A line feed stays one and no hole passes over it; all other white space is a space.
    pub(crate) fn new(shown: String) -> Self {
        let (folded, span) = fold(&shown);
        Text { folded, span, shown }
    }

    /// Gives the original of a part of the folded text.
    fn original(&self, start: usize, end: usize) -> &str {
        let part = self.span.get(start..end).unwrap_or_default();
        match (part.first(), part.last()) {
            (Some(first), Some(last)) => {
                self.shown.get(first.0 as usize..last.1 as usize).unwrap_or_default()
            }
            _ => "",
        }
    }
}

/// Where and with what a phrase was found.
#[derive(Debug)]
pub(crate) struct Hit<'p> {
    /// How much of the phrase is literal: the more, the surer.
    pub literal: usize,
    /// What stood in the holes, as it was written.
    pub holes: Vec<(&'p str, String)>,
    /// The text that matched, as it was written.
    pub matched: String,
}

/// What a hole takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Word,
    Digits,
    Spaced,
    Anything,
}

/// A piece of a phrase.
#[derive(Debug)]
enum Part<'p> {
    Words(String),
    Hole(&'p str, Run),
}

/// A sentence with holes.
pub(crate) struct Phrase<'p> {
    parts: Vec<Part<'p>>,
}

impl<'p> Phrase<'p> {
    /// Reads a phrase.
    pub(crate) fn new(words: &'p str) -> Self {
        let mut parts = Vec::new();
        let mut rest = words;
        while let Some((before, hole, after)) = rest.split_once('{').and_then(|(before, behind)| {
            let (hole, after) = behind.split_once('}')?;
            Some((before, hole, after))
        }) {
            push_words(&mut parts, before);
            parts.push(match hole.strip_suffix("..") {
                Some("_") => Part::Hole("_", Run::Anything),
                Some(name) => Part::Hole(name, Run::Spaced),
                None => match hole.strip_suffix('#') {
                    Some(name) => Part::Hole(name, Run::Digits),
                    None => Part::Hole(hole, Run::Word),
                },
            });
            rest = after;
        }
        push_words(&mut parts, rest);
        Phrase { parts }
    }

    /// Names the holes.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &'p str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(name, _) if *name != "_" => Some(*name),
            _ => None,
        })
    }

    /// Finds the phrase's first place in a text.
    pub(crate) fn find(&self, text: &Text) -> Option<Hit<'p>> {
        let folded = text.folded.as_str();
        // A phrase none of whose words are missing is rare: most end here.
        for part in &self.parts {
            if let Part::Words(words) = part
                && !folded.contains(words.as_str())
            {
                return None;
            }
        }
        let (lead, words) = match self.parts.as_slice() {
            [Part::Words(words), ..] => (None, words),
            [Part::Hole(name, _), Part::Words(words), ..] => (Some(*name), words),
            _ => return None,
        };
        let rest = &self.parts[1 + usize::from(lead.is_some())..];
        let mut found: Option<(usize, usize, Vec<_>)> = None;
        let mut from = 0;
        while let Some(start) = folded[from..].find(words.as_str()).map(|at| at + from) {
            // A hole that may hold spaces must not begin too early: of all matches that end where the
            // first one does, the shortest is meant.
            if found.as_ref().is_some_and(|(_, end, _)| start >= *end) {
                break;
            }
            from = start + first_len(&folded[start..]);
            let mut holes = Vec::new();
            let mut begin = start;
            if let Some(name) = lead {
                begin = name_before(folded, start);
                if begin == start {
                    continue;
                }
                holes.push((name, begin, start));
            } else if splits_a_word(folded, start) {
                continue;
            }
            if let Some(end) = follow(rest, folded, start + words.len(), &mut holes)
                && found.as_ref().is_none_or(|(_, known, _)| end == *known)
            {
                found = Some((begin, end, holes));
            }
        }
        let (begin, end, holes) = found?;
        Some(Hit {
            literal: self.literal(),
            holes: holes
                .into_iter()
                .filter(|(name, ..)| *name != "_")
                .map(|(name, start, end)| (name, text.original(start, end).to_owned()))
                .collect(),
            matched: text.original(begin, end).to_owned(),
        })
    }

    /// Counts what is literal, white space aside.
    fn literal(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Words(words) => words.bytes().filter(|byte| !byte.is_ascii_whitespace()).count(),
                Part::Hole(..) => 0,
            })
            .sum()
    }
}

/// Adds what stands between holes, unless nothing but quotes does.
fn push_words(parts: &mut Vec<Part>, words: &str) {
    let (folded, _) = fold(words);
    if !folded.is_empty() {
        parts.push(Part::Words(folded));
    }
}

/// Matches the rest of a phrase from a place on, and gives its end.
///
/// Each hole ends where the next words come first; there is no second try, so the work is bounded.
fn follow<'p>(
    parts: &[Part<'p>],
    folded: &str,
    mut at: usize,
    holes: &mut Vec<(&'p str, usize, usize)>,
) -> Option<usize> {
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        let (name, run) = match part {
            Part::Words(words) => {
                if !folded[at..].starts_with(words.as_str()) {
                    return None;
                }
                at += words.len();
                continue;
            }
            Part::Hole(name, run) => (*name, *run),
        };
        let limit = at + run_len(&folded[at..], run);
        let end = match parts.peek() {
            Some(Part::Words(words)) => {
                let least = match run {
                    Run::Anything => at,
                    _ => at + first_len(&folded[at..]),
                };
                let most = (limit + words.len()).min(folded.len());
                let most = floor(folded, most);
                least + folded.get(least..most)?.find(words.as_str())?
            }
            _ => at + folded[at..limit].trim_end_matches(['.', ':', '!', '?', ']', ' ']).len(),
        };
        if end == at && run != Run::Anything {
            return None;
        }
        holes.push((name, at, end));
        at = end;
    }
    (!splits_a_word(folded, at)).then_some(at)
}

/// Measures how far a hole may reach.
fn run_len(text: &str, run: Run) -> usize {
    let (most, stops): (usize, fn(char) -> bool) = match run {
        Run::Word => (WORD_MAX, |c| c.is_whitespace() || ENDS_A_RUN.contains(&c)),
        Run::Digits => (20, |c| !c.is_ascii_digit()),
        Run::Spaced => (SPACED_MAX, |c| c == '\n'),
        Run::Anything => (ANYTHING_MAX, |c| c == '\n'),
    };
    let window = &text[..floor(text, most)];
    window.find(stops).unwrap_or(window.len())
}

/// Finds where a name that ends here, before a space or not, begins.
fn name_before(folded: &str, end: usize) -> usize {
    let before = &folded[floor(folded, end.saturating_sub(WORD_MAX))..end];
    end - (before.len()
        - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).len())
}

/// Says whether a place lies inside of a word.
fn splits_a_word(folded: &str, at: usize) -> bool {
    let bytes = folded.as_bytes();
    at > 0 && bytes[at - 1].is_ascii_alphanumeric() && bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Gives the last place up to `at` where a character begins or the text ends.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Measures the first character.
fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Folds a text, and keeps for each byte what it came from.
fn fold(shown: &str) -> (String, Vec<(u32, u32)>) {
    let mut folded = String::with_capacity(shown.len());
    let mut span = Vec::with_capacity(shown.len());
    let mut at = 0;
    while let Some(c) = shown[at..].chars().next() {
        let mut end = at + c.len_utf8();
        let last = folded.chars().next_back();
        let within_word = c.is_ascii_alphanumeric() && last.is_some_and(|last| last.is_ascii_alphanumeric());
        let mut buffer = [0; 4];
        let becomes = if is_quote(c) || (c == '\\' && shown[end..].starts_with(is_quote)) {
            ""
        } else if c.is_whitespace() {
            match (c, last) {
                ('\n', Some(' ')) => {
                    folded.pop();
                    span.pop();
                    "\n"
                }
                (_, Some(' ' | '\n')) => "",
                ('\n', _) => "\n",
                _ => " ",
            }
        } else if let Some(len) = organization(&shown[at..]).filter(|_| !within_word) {
            end = at + len;
            "organization"
        } else {
            plain(c).encode_utf8(&mut buffer)
        };
        folded.push_str(becomes);
        // Texts are at most some hundred kilobytes: `Normal` sees to that.
        span.extend(std::iter::repeat_n((at as u32, end as u32), becomes.len()));
        at = end;
    }
    (folded, span)
}

/// Measures the word if it is one that means an organisation here.
fn organization(text: &str) -> Option<usize> {
    ["enterprise", "organisation"]
        .into_iter()
        .find(|word| {
            let whole = |end: usize| !text.as_bytes().get(end).is_some_and(u8::is_ascii_alphanumeric);
            text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                && (whole(word.len())
                    || (matches!(text.as_bytes().get(word.len()), Some(b's' | b'S'))
                        && whole(word.len() + 1)))
        })
        .map(str::len)
}

/// Says whether this quotes: straight, curly, backtick, accent or guillemet.
fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '´' | '«' | '»' | '\u{2018}'..='\u{201f}' | '′' | '″' | '‹' | '›')
}

/// Writes letters small, and every dash as the one on keyboards.
fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' => '-',
        c => c.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives what a phrase finds: the match and the holes.
    fn found(words: &'static str, text: &str) -> Option<(String, Vec<(&'static str, String)>)> {
        Phrase::new(words).find(&Text::new(text.to_owned())).map(|hit| (hit.matched, hit.holes))
    }

    fn hole(words: &'static str, text: &str) -> Option<String> {
        Some(found(words, text)?.1.first()?.1.clone())
    }

    #[test]
    fn case_quotes_and_white_space_do_not_count() {
        for text in [
            "The 'acme' organization has SAML",
            "the `acme` Organization  has\tsaml",
            "THE “acme” ORGANISATION HAS SAML",
            "x: the \\\"acme\\\" enterprise has SAML.",
            "the `acme' organization has saml",
        ] {
            assert_eq!(hole("The '{owner}' organization has SAML", text).as_deref(), Some("acme"), "{text}");
        }
    }

    #[test]
    fn a_hole_keeps_the_text_as_it_was_written() {
        let (matched, holes) = found(
            "Permission to {owner}/{repo}.git denied to {login}",
            "remote: permission  to ACME/My.Repo.git denied to Möna-1. Bye",
        )
        .expect("it is there");
        assert_eq!(matched, "permission  to ACME/My.Repo.git denied to Möna-1");
        assert_eq!(
            holes,
            [("owner", "ACME".to_owned()), ("repo", "My.Repo".to_owned()), ("login", "Möna-1".to_owned())]
        );
    }

    #[test]
    fn only_a_hole_that_may_hold_spaces_holds_them() {
        let text = "The 'HHS ONC' enterprise forbids it for 366 days";
        assert_eq!(hole("The '{o}' organization forbids", text), None);
        assert_eq!(hole("The '{o..}' organization forbids", text).as_deref(), Some("HHS ONC"));
        assert_eq!(hole("for {days#} days", text).as_deref(), Some("366"));
        assert_eq!(hole("forbids {days#} for", text), None);
    }

    #[test]
    fn a_hole_begins_as_late_as_it_can() {
        assert_eq!(
            hole(
                "the '{o..}' organization has",
                "you have the right credentials, the `Acme Corp` organization has a list"
            )
            .as_deref(),
            Some("Acme Corp")
        );
        assert_eq!(hole("a {o..} b", "a a b b").as_deref(), Some("a"));
        // What comes after the first match is another one.
        assert_eq!(hole("the '{o..}' org", "the 'a' org and the 'b' org").as_deref(), Some("a"));
    }

    #[test]
    fn a_name_that_is_itself_the_word_enterprise_comes_back_whole() {
        assert_eq!(
            hole("the '{o}' organization has", "the 'Enterprise' organisation has").as_deref(),
            Some("Enterprise")
        );
    }

    #[test]
    fn a_hole_may_come_first_and_last() {
        assert_eq!(
            found("`{owner}` forbids {what}", r#"{"message":"`acme` forbids tokens!","#)
                .map(|(matched, holes)| (matched, holes.len())),
            Some(("acme` forbids tokens".to_owned(), 2))
        );
        assert_eq!(hole("{owner} forbids", " forbids"), None);
        assert_eq!(
            hole("url={url}", "url=https://github.com/orgs/acme/sso?a=B_c-1\", x").as_deref(),
            Some("https://github.com/orgs/acme/sso?a=B_c-1")
        );
    }

    #[test]
    fn words_are_not_found_inside_of_words() {
        for text in ["sbad credentials", "bad credentialsx", "bad credential s"] {
            assert_eq!(found("Bad credentials", text), None, "{text}");
        }
        assert!(found("Bad credentials", "(bad credentials)").is_some());
        assert!(found("HTTP 5{xx#}", "http 503").is_some());
        assert!(found("HTTP 5{xx#}", "http 5038x").is_none());
    }

    #[test]
    fn a_later_place_is_found_when_an_earlier_one_leads_nowhere() {
        assert_eq!(hole("denied to {login}.", "denied to (x) denied to mona.").as_deref(), Some("mona"));
    }

    #[test]
    fn no_hole_passes_over_a_line_feed() {
        assert_eq!(found("a: {_..}b=1", "a: x\nb=1"), None);
        assert_eq!(found("a: {x..}b=1", "a: x\nb=1"), None);
        assert!(found("a: {_..}b=1", "a: b=1").is_some());
    }

    #[test]
    fn work_grows_with_the_text_only() {
        let words = "the {a} the {b..} the {c} the {d..} the {_..} end";
        for seed in ["the ", "the x the ", "the the x ", "t", "the\u{301} the "] {
            let text = Text::new(seed.repeat(65536 / seed.len()));
            let start = std::time::Instant::now();
            Phrase::new(words).find(&text);
            // Generous, since tests run unoptimised on busy machines; looking back would take hours.
            assert!(start.elapsed().as_secs() < 5, "{seed:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_folds_and_gives_back_its_own_parts(
            text in "\\PC{0,80}|[a-z'`\"\\\\ \\n]{0,80}|(enterprises? ?|organisation|‘|é|\\\\)*",
        ) {
            let folded = Text::new(text.clone());
            prop_assert_eq!(folded.folded.len(), folded.span.len());
            if let Some(hit) = Phrase::new("{a}e").find(&folded) {
                prop_assert!(text.contains(&hit.matched));
            }
            for words in ["{x}", "{x..}", "e{x}", "{x#}e", "e {_..}{x} e", "e{x", "}"] {
                Phrase::new(words).find(&folded);
            }
        }
    }
}
