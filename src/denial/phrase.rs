//! Sentences with holes, and the folded text in which they are found.
//!
//! A phrase is a sentence as GitHub writes it, its changing parts replaced by holes:
//! * `{owner}` is one run without white space, `{days#}` digits only,
//! * `{owner..}` may hold spaces (enterprises have such names), `{_..}` may be anything, also nothing,
//!
//! All other words match literally; case, white space and quotes of any kind do not count, and
//! "enterprise" and "organisation" are "organization", since GitHub says one and the same sentence of both.
//! White space does not count at all, so that a sentence is found wherever it was folded, also in mid-word;
//! a phrase still begins and ends where words do.
//!
//! Hostile text is expected: the look-up never goes back over a hole, every hole is bounded, and so
//! the work grows with the text's length only.

/// Stands between two lines of a text: white space over which a name may have been folded.
pub(crate) const LINE_BREAK: char = '\u{2028}';
/// Lines that are as long, in characters, may have been folded in mid-word.
const FULL_LINE: usize = 70;
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
    /// For each byte of `folded`, what stood before it and does not count.
    gap: Vec<Gap>,
    /// What was given.
    shown: String,
}

/// What stands before a character and does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// Nothing.
    None,
    /// The end of a line, where somebody may have folded a word.
    Fold,
    /// The end of a short line.
    Line,
    /// Any other white space.
    Space,
}

impl Text {
    /// Folds a text. A line feed stays one and no hole passes over it; all other white space is left out.
    pub(crate) fn new(shown: String) -> Self {
        let Folded { text, span, gap } = fold(&shown);
        Text { folded: text, span, gap, shown }
    }

    /// Gives the original of a part of the folded text, on one line.
    fn original(&self, start: usize, end: usize) -> String {
        let part = self.span.get(start..end).unwrap_or_default();
        let text = match (part.first(), part.last()) {
            (Some(first), Some(last)) => {
                self.shown.get(first.0 as usize..last.1 as usize).unwrap_or_default()
            }
            _ => "",
        };
        text.replace(LINE_BREAK, " ")
    }

    /// Gives what stands in a hole, without the folds in it.
    fn value(&self, start: usize, end: usize, run: Run) -> String {
        let text = self.original(start, end);
        match run {
            Run::Word | Run::Digits => text.split_whitespace().collect(),
            Run::Spaced | Run::Anything => text,
        }
    }

    fn gap(&self, at: usize) -> Gap {
        self.gap.get(at).copied().unwrap_or(Gap::Space)
    }

    /// Says whether a place lies inside of a word.
    fn splits_a_word(&self, at: usize) -> bool {
        let bytes = self.folded.as_bytes();
        at > 0
            && self.gap(at) == Gap::None
            && bytes[at - 1].is_ascii_alphanumeric()
            && bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
    }

    /// Measures how far a hole may reach. Only between words of a phrase may a run go on in the next line.
    fn run_len(&self, at: usize, run: Run, is_last: bool) -> usize {
        let (most, stops): (usize, fn(char) -> bool) = match run {
            Run::Word => (WORD_MAX, |c| c == '\n' || ENDS_A_RUN.contains(&c)),
            Run::Digits => (20, |c| !c.is_ascii_digit()),
            Run::Spaced => (SPACED_MAX, |c| c == '\n'),
            Run::Anything => (ANYTHING_MAX, |c| c == '\n'),
        };
        let text = &self.folded[at..];
        let window = &text[..floor(text, most)];
        let len = window.find(stops).unwrap_or(window.len());
        let ends = |gap: &Gap| match gap {
            Gap::None => false,
            Gap::Fold | Gap::Line => is_last,
            Gap::Space => true,
        };
        match run {
            // The first character's own gap stands before the hole.
            Run::Word | Run::Digits => {
                self.gap[at..at + len].iter().skip(1).position(ends).map_or(len, |until| until + 1)
            }
            Run::Spaced | Run::Anything => len,
        }
    }

    /// Says whether a run that ends here may have been cut by whoever folded the text.
    fn may_be_cut(&self, end: usize) -> bool {
        self.gap(end) == Gap::Fold
            && end < self.folded.len()
            && self.folded[..end].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    }

    /// Finds where a name that ends here, before a space or not, begins.
    fn name_before(&self, end: usize) -> usize {
        let least = floor(&self.folded, end.saturating_sub(WORD_MAX));
        let mut start = end;
        while let Some(c) = self.folded[least..start].chars().next_back() {
            let is_of_names = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if !is_of_names || (start < end && self.gap(start) != Gap::None) {
                break;
            }
            start -= c.len_utf8();
        }
        start
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
enum PhrasePart<'p> {
    Words(String),
    Hole(&'p str, Run),
}

/// A sentence with holes.
pub(crate) struct Phrase<'p> {
    parts: Vec<PhrasePart<'p>>,
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
                Some("_") => PhrasePart::Hole("_", Run::Anything),
                Some(name) => PhrasePart::Hole(name, Run::Spaced),
                None => match hole.strip_suffix('#') {
                    Some(name) => PhrasePart::Hole(name, Run::Digits),
                    None => PhrasePart::Hole(hole, Run::Word),
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
            PhrasePart::Hole(name, _) if *name != "_" => Some(*name),
            _ => None,
        })
    }

    /// Finds the phrase's first place in a text.
    pub(crate) fn find(&self, text: &Text) -> Option<Hit<'p>> {
        let folded = text.folded.as_str();
        // A phrase none of whose words are missing is rare: most end here.
        for part in &self.parts {
            if let PhrasePart::Words(words) = part
                && !folded.contains(words.as_str())
            {
                return None;
            }
        }
        let (lead, words) = match self.parts.as_slice() {
            [PhrasePart::Words(words), ..] => (None, words),
            [PhrasePart::Hole(name, _), PhrasePart::Words(words), ..] => (Some(*name), words),
            _ => return None,
        };
        let rest = &self.parts[1 + usize::from(lead.is_some())..];
        let mut found: Option<(usize, usize, Vec<Caught>)> = None;
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
                begin = text.name_before(start);
                if begin == start {
                    continue;
                }
                holes.push(Caught { name, run: Run::Word, start: begin, end: start });
            } else if text.splits_a_word(start) {
                continue;
            }
            if let Some(end) = follow(rest, text, start + words.len(), &mut holes)
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
                .filter(|hole| hole.name != "_" && !(hole.end == end && text.may_be_cut(end)))
                .map(|hole| (hole.name, text.value(hole.start, hole.end, hole.run)))
                .collect(),
            matched: text.original(begin, end),
        })
    }

    /// Counts what is literal, white space aside.
    fn literal(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                PhrasePart::Words(words) => words.bytes().filter(|byte| !byte.is_ascii_whitespace()).count(),
                PhrasePart::Hole(..) => 0,
            })
            .sum()
    }
}

/// What stands in a hole.
struct Caught<'p> {
    name: &'p str,
    run: Run,
    start: usize,
    end: usize,
}

/// Adds what stands between holes, unless nothing but quotes does.
fn push_words(parts: &mut Vec<PhrasePart>, words: &str) {
    let folded = fold(words).text;
    if !folded.is_empty() {
        parts.push(PhrasePart::Words(folded));
    }
}

/// Matches the rest of a phrase from a place on, and gives its end.
///
/// Each hole ends where the next words come first; there is no second try, so the work is bounded.
fn follow<'p>(
    parts: &[PhrasePart<'p>],
    text: &Text,
    mut at: usize,
    holes: &mut Vec<Caught<'p>>,
) -> Option<usize> {
    let folded = text.folded.as_str();
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        let (name, run) = match part {
            PhrasePart::Words(words) => {
                if !folded[at..].starts_with(words.as_str()) {
                    return None;
                }
                at += words.len();
                continue;
            }
            PhrasePart::Hole(name, run) => (*name, *run),
        };
        let limit = at + text.run_len(at, run, parts.peek().is_none());
        let end = match parts.peek() {
            Some(PhrasePart::Words(words)) => {
                let least = match run {
                    Run::Anything => at,
                    _ => at + first_len(&folded[at..]),
                };
                let most = (limit + words.len()).min(folded.len());
                let most = floor(folded, most);
                least + folded.get(least..most)?.find(words.as_str())?
            }
            _ => at + folded[at..limit].trim_end_matches(['.', ':', '!', '?', ']']).len(),
        };
        if end == at && run != Run::Anything {
            return None;
        }
        holes.push(Caught { name, run, start: at, end });
        at = end;
    }
    (!text.splits_a_word(at)).then_some(at)
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

/// A folded text with what it came from.
struct Folded {
    text: String,
    span: Vec<(u32, u32)>,
    gap: Vec<Gap>,
}

/// Folds a text, and keeps for each byte what it came from.
fn fold(shown: &str) -> Folded {
    let mut folded = Folded {
        text: String::with_capacity(shown.len()),
        span: Vec::with_capacity(shown.len()),
        gap: Vec::with_capacity(shown.len()),
    };
    let (mut at, mut line, mut gap) = (0, 0, Gap::None);
    while let Some(c) = shown[at..].chars().next() {
        let mut end = at + c.len_utf8();
        let last = folded.text.chars().next_back();
        let within_word = gap == Gap::None
            && c.is_ascii_alphanumeric()
            && last.is_some_and(|last| last.is_ascii_alphanumeric());
        let mut buffer = [0; 4];
        let mut becomes = "";
        match c {
            '\n' => becomes = "\n",
            LINE_BREAK => {
                let is_full = shown[line..at].chars().count() >= FULL_LINE;
                gap = match (gap, is_full) {
                    (Gap::Space, _) => Gap::Space,
                    (_, true) => Gap::Fold,
                    (_, false) => Gap::Line,
                };
                line = end;
            }
            c if c.is_whitespace() => gap = if gap == Gap::None { Gap::Space } else { gap },
            c if is_quote(c) || (c == '\\' && shown[end..].starts_with(is_quote)) => {}
            _ => match organization(&shown[at..]).filter(|_| !within_word) {
                Some(len) => {
                    end = at + len;
                    becomes = "organization";
                }
                None => becomes = plain(c).encode_utf8(&mut buffer),
            },
        }
        if !becomes.is_empty() {
            folded.text.push_str(becomes);
            // Texts are at most some hundred kilobytes: `Normal` sees to that.
            folded.span.extend(std::iter::repeat_n((at as u32, end as u32), becomes.len()));
            folded.gap.push(gap);
            folded.gap.extend(std::iter::repeat_n(Gap::None, becomes.len() - 1));
            gap = Gap::None;
        }
        at = end;
    }
    folded
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
        for text in ["sbad credentials", "bad credentialsx", "bad credential"] {
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
            prop_assert_eq!(folded.folded.len(), folded.gap.len());
            if let Some(hit) = Phrase::new("{a}e").find(&folded) {
                prop_assert!(text.replace(LINE_BREAK, " ").contains(&hit.matched));
            }
            for words in ["{x}", "{x..}", "e{x}", "{x#}e", "e {_..}{x} e", "e{x", "}"] {
                Phrase::new(words).find(&folded);
            }
        }
    }
}
