//! Names the denial in a reply or a transcript.
//!
//! The rule of the choice among rows that match: what git or a reply proves comes before what any hook
//! may have printed; a refusal before news (`moved`, a push that broke a rule); a text that leaves one
//! cause before one that leaves several; then the phrase with more literal text; then the id. So a row
//! can be added anywhere, and two texts in one transcript do not depend on their order.
//!
//! Measured means here: the phrase leaves one cause, and whoever said it can be believed: git's own last word, its
//! own line, ssh, a client that names the HTTP status, or a reply. All else is inferred.
//!
//! Of several attempts in one transcript the last that failed counts.

pub(crate) mod catalogue;
#[cfg(test)]
mod corpus;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod lint;
pub(crate) mod neutral;
pub(crate) mod normal;
pub(crate) mod phrase;

use crate::verdict_id::VerdictId;
use catalogue::{Certainty, Denial, Finding, rows};
use normal::{Languages, Normal, RepositoryName, Voice, shortened};
use phrase::{Phrase, Text};
use std::cmp::Reverse;

/// Rows that are news, not refusals: in a text that proves a refusal they are not its reason.
const NEWS: [VerdictId; 2] = [VerdictId::Moved, VerdictId::NotARefusal];
/// How much of the matching text is kept.
const MATCHED_MAX: usize = 300;

/// What was found for one row.
struct Candidate {
    row: &'static Denial,
    said: EntryMatch,
    ambiguous: bool,
    real: bool,
}

/// What one entry of a row matched.
struct EntryMatch {
    literal: usize,
    holes: Vec<(&'static str, String)>,
    /// The text that the longest of its phrases matched, and how long that is.
    matched: String,
    longest: usize,
    /// Whether ssh, or a server through it, said the last of it.
    by_ssh: bool,
    /// Whether somebody on this side said some of it who is neither git, ssh nor a client.
    by_others: bool,
    /// Whether somebody said all of it who can be believed without git's last word.
    believed: bool,
}

/// What only tokens are refused for; over SSH keys are, in the same words.
const OF_TOKENS: [VerdictId; 3] =
    [VerdictId::ReadPermissionMissing, VerdictId::WritePermissionMissing, VerdictId::TokenRejected];

/// What a transcript comes to.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The attempt that counts.
    pub(crate) attempt: Normal,
    /// What the catalogue found in it.
    pub(crate) found: Option<Finding>,
}

/// Reads a transcript: the last attempt that failed in words that are known, or with a status of a refusal.
pub(crate) fn read(input: &[u8], languages: &Languages) -> Option<Reading> {
    let attempts = Normal::attempts(input, languages);
    let mut weak = None;
    for attempt in attempts.into_iter().rev() {
        let found = recognise(&attempt);
        let is_refused = attempt.is_refused();
        let is_sure =
            found.as_ref().is_some_and(|found| found.certainty == Certainty::Measured) || attempt.proven;
        if (found.is_some() && is_sure) || is_refused {
            return Some(Reading { attempt, found });
        }
        if weak.is_none() && found.is_some() {
            weak = Some(Reading { attempt, found });
        }
    }
    weak
}

/// Says whether git could not connect to the very host that it asked: an address of this machine is a proxy's only
/// where another host was asked.
fn is_the_asked_host(said: &str, target: &RepositoryName) -> bool {
    let said = said.to_ascii_lowercase();
    let name = target.host.as_deref().map(|host| host.split(':').next().unwrap_or(host));
    name.is_some_and(|name| said.contains(&format!("failed to connect to {name} port ")))
        && !said.contains(" via ")
}

/// Names the denial in one attempt, if it is a known one.
pub(crate) fn recognise(normal: &Normal) -> Option<Finding> {
    let texts: Vec<(Voice, Text)> =
        normal.parts.iter().map(|(voice, text)| (*voice, Text::new(text.clone()))).collect();
    let mut best =
        rows().into_iter().filter_map(|row| candidate(row, &texts, normal.proven)).max_by_key(|found| {
            (
                found.real,
                !(normal.proven && NEWS.contains(&found.row.id)),
                !found.ambiguous,
                found.said.literal,
                Reverse(found.row.id),
            )
        })?;
    if normal.ssh && best.said.by_ssh && OF_TOKENS.contains(&best.row.id) {
        best.row = catalogue::row(VerdictId::SshRemote)?;
        best.ambiguous = false;
    }
    if best.row.id == VerdictId::ProxyFailed && is_the_asked_host(&best.said.matched, &normal.target) {
        best.row = catalogue::row(VerdictId::Unreachable)?;
    }
    let mut holes = best.said.holes;
    for words in best.row.says.iter().chain(best.row.hints).chain(best.row.also) {
        for (name, value) in said(words, &texts).map(|said| said.holes).unwrap_or_default() {
            if !holes.iter().any(|(known, _)| *known == name) {
                holes.push((name, value));
            }
        }
    }
    Some(Finding {
        denial: best.row,
        holes,
        matched: shortened(&best.said.matched, MATCHED_MAX),
        certainty: if best.real && !best.ambiguous { Certainty::Measured } else { Certainty::Inferred },
        ambiguous: best.ambiguous,
    })
}

/// Gives what the best of a row's phrases found.
fn candidate(row: &'static Denial, texts: &[(Voice, Text)], proven: bool) -> Option<Candidate> {
    let entries = row.says.iter().map(|words| (words, false));
    let hints = row.hints.iter().map(|words| (words, true));
    entries
        .chain(hints)
        .filter_map(|(words, ambiguous)| {
            let said = said(words, texts)?;
            Some(Candidate { row, ambiguous, real: (proven && !said.by_others) || said.believed, said })
        })
        .max_by_key(|found| (found.real, !found.ambiguous, found.said.literal))
}

/// Looks one entry up: all of its phrases, each with the voices that it asks for.
fn said(words: &'static str, texts: &[(Voice, Text)]) -> Option<EntryMatch> {
    let mut all: Option<EntryMatch> = None;
    for words in words.split(" && ") {
        let (voices, words) = voices(words);
        let phrase = Phrase::new(words);
        let (voice, hit) = voices.iter().find_map(|wanted| {
            let mut theirs = texts.iter().filter(|(voice, _)| voice == wanted);
            theirs.find_map(|(voice, text)| Some((*voice, phrase.find(text)?)))
        })?;
        let believed = [GIT, WAY, SSH].contains(&voices) || voice == Voice::Client;
        match &mut all {
            None => {
                all = Some(EntryMatch {
                    literal: hit.literal,
                    longest: hit.literal,
                    holes: hit.holes,
                    matched: hit.matched,
                    believed,
                    by_ssh: voice == Voice::Ssh,
                    by_others: voice == Voice::Local,
                });
            }
            Some(all) => {
                if hit.literal > all.longest {
                    all.longest = hit.literal;
                    all.matched = hit.matched;
                }
                all.literal += hit.literal;
                all.holes.extend(hit.holes);
                all.believed &= believed;
                all.by_ssh = voice == Voice::Ssh;
                all.by_others |= voice == Voice::Local;
            }
        }
    }
    all
}

/// Whose words a phrase without a mark are: long sentences, which nobody else writes.
const ANYBODY: &[Voice] =
    &[Voice::Body, Voice::Remote, Voice::Client, Voice::Ssh, Voice::Local, Voice::Whole];
/// Whose words a phrase behind each mark are.
const SERVER: &[Voice] = &[Voice::Body, Voice::Remote, Voice::Client, Voice::Ssh];
const GIT: &[Voice] = &[Voice::Git];
const WAY: &[Voice] = &[Voice::Way];
const SSH: &[Voice] = &[Voice::Ssh];
const HEAD: &[Voice] = &[Voice::Head];
const CLIENT: &[Voice] = &[Voice::Client];
const MARKS: [(&str, &[Voice]); 6] = [
    ("server: ", SERVER),
    ("client: ", CLIENT),
    ("git: ", GIT),
    ("way: ", WAY),
    ("ssh: ", SSH),
    ("head: ", HEAD),
];

/// Takes the mark off a phrase, and says in which voices it counts.
fn voices(words: &str) -> (&'static [Voice], &str) {
    let marked = MARKS.iter().find_map(|(mark, voices)| Some((*voices, words.strip_prefix(mark)?)));
    marked.unwrap_or((ANYBODY, words))
}

/// Names the holes of an entry.
pub(crate) fn holes(words: &'static str) -> Vec<&'static str> {
    words.split(" && ").flat_map(|words| Phrase::new(voices(words).1).holes().collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Option<Finding> {
        read(text.as_bytes(), &Languages::default())?.found
    }

    fn id(text: &str) -> (VerdictId, Certainty) {
        let found = found(text).expect("it is known");
        (found.denial.id, found.certainty)
    }

    const REFUSED: &str =
        "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403";

    #[test]
    fn a_sentence_is_measured_only_with_gits_own_last_word() {
        let said = "remote: Personal access tokens (classic) are forbidden from accessing this repository.";
        for (text, certainty) in [
            (said.to_owned(), Certainty::Inferred),
            (
                format!("{said}\nTo https://github.com/acme/x\n * [new branch] main -> main"),
                Certainty::Inferred,
            ),
            (format!("{said}\nremote: {REFUSED}"), Certainty::Inferred),
            (format!("{said}\u{2028}{REFUSED}"), Certainty::Inferred),
            (format!("{said}\n{REFUSED}"), Certainty::Measured),
            (format!("{REFUSED}\n{said}"), Certainty::Measured),
        ] {
            assert_eq!(id(&text), (VerdictId::ClassicForbidden, certainty), "{text}");
        }
    }

    #[test]
    fn a_hook_of_a_push_that_got_through_refuses_nothing() {
        let text = "remote: Bad credentials\nremote: warning: redirecting to https://github.com/acme/x/\nremote: The requested URL returned error: 502\nTo https://github.com/acme/x\n   1..2  main -> main";
        assert_eq!(id(text), (VerdictId::TokenRejected, Certainty::Inferred));
        let text = format!("{text}\n ! [remote rejected] main -> main (pre-receive hook declined)");
        assert_eq!(id(&text), (VerdictId::NotARefusal, Certainty::Measured));
    }

    #[test]
    fn news_is_not_the_reason_of_a_refusal() {
        let text = "warning: redirecting to https://github.com/acme/new/\nremote: Repository not found.\nfatal: repository 'https://github.com/acme/new/' not found";
        assert_eq!(id(text), (VerdictId::RepositoryNotFound, Certainty::Inferred));
        assert_eq!(
            id("warning: redirecting to https://github.com/acme/new/"),
            (VerdictId::Moved, Certainty::Measured)
        );
    }

    #[test]
    fn a_clear_sentence_beats_gits_vague_line() {
        assert_eq!(
            id(
                "remote: Your account is suspended.\nfatal: Authentication failed for 'https://github.com/acme/x/'"
            ),
            (VerdictId::AccountSuspended, Certainty::Measured)
        );
        assert_eq!(
            id("fatal: Authentication failed for 'https://github.com/acme/x/'"),
            (VerdictId::TokenRejected, Certainty::Inferred)
        );
    }

    #[test]
    fn colours_wraps_and_other_peoples_lines_do_not_matter() {
        let text = "npm warn hello\r\n\x1b[31mremote: The \u{2018}acme\u{2019} Organization has enabled or\x1b[K\nnpm warn in between\n\
                    [1/3] remote:   enforced SAML SSO.  To access this repository, visit\nremote: https://github.com/orgs/acme/sso?authorization_request=AbC and try\n\
                    npm warn bye\nfatal: unable to access 'https://x:y@github.com/acme/secret/': The requested URL returned error: 403\n";
        let found = found(text).expect("it is known");
        assert_eq!((found.denial.id, found.certainty), (VerdictId::SsoRequired, Certainty::Measured));
        assert_eq!(found.hole("owner"), Some("acme"));
        assert_eq!(found.hole("authorization_request"), Some("AbC"));
        assert_eq!(found.matched, "The \u{2018}acme\u{2019} Organization has enabled or enforced SAML SSO");
        // Wrapped by whoever copied it, so that the second line lost its mark.
        let text = format!("remote: The 'acme' organization has enabled\nor enforced SAML SSO.\n{REFUSED}");
        assert_eq!(id(&text), (VerdictId::SsoRequired, Certainty::Measured));
    }

    #[test]
    fn what_a_message_tells_is_caught() {
        let found = found("HTTP 200\n\n{\"errors\":[{\"message\":\"The 'HHS ONC' enterprise forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days. Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/4277325\"}]}")
            .expect("it is known");
        assert_eq!(found.denial.id, VerdictId::LifetimeTooLong);
        for (name, value) in [("owner", "HHS ONC"), ("days", "366"), ("fg", "4277325"), ("at", "github.com")]
        {
            assert_eq!(found.hole(name), Some(value));
        }
        let mut names: Vec<_> = found.holes.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), found.holes.len());
    }

    #[test]
    fn an_unknown_text_is_no_denial() {
        for text in ["", "\0", "remote: hello", REFUSED, "HTTP 403\n\nno", "{\"message\":\"\"}"] {
            assert!(found(text).is_none(), "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_no_longer() {
        let mut seeds: Vec<String> = rows()
            .iter()
            .flat_map(|row| row.says.iter().chain(row.hints))
            .flat_map(|words| words.split('{').map(str::to_owned))
            .collect();
        seeds.push(seeds.concat());
        seeds.retain(|seed| !seed.trim().is_empty());
        seeds.sort();
        seeds.dedup();
        seeds.extend(["remote:".into(), "\x1b]".into(), "://@".into(), "ghp_".into(), "\"message\\".into()]);
        let mut slowest = std::time::Duration::ZERO;
        for seed in seeds.iter().step_by(3) {
            for input in [
                seed.repeat(65536 / seed.len()),
                format!("{seed}\nremote: ").repeat(65536 / (seed.len() + 9)),
            ] {
                let start = std::time::Instant::now();
                read(input.as_bytes(), &Languages::default());
                slowest = slowest.max(start.elapsed());
            }
        }
        // 0.2 s was measured, unoptimised; going back over holes would take minutes.
        assert!(slowest.as_secs() < 3, "{slowest:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            read(&bytes, &Languages::default());
        }

        #[test]
        fn a_sample_is_recognised_whatever_stands_around_it(
            before in "([a-z]{1,9} ){0,5}",
            after in "([a-z]{1,9} ){0,5}",
            seed in any::<prop::sample::Index>(),
        ) {
            let samples: Vec<_> = rows()
                .into_iter()
                .flat_map(|row| row.samples.iter().map(move |sample| (row.id, *sample)))
                .filter(|(_, sample)| !sample.starts_with("HTTP"))
                .collect();
            let (id, sample) = samples[seed.index(samples.len())];
            let found = found(&format!("{before}\n{sample}\n{after}\n"));
            prop_assert_eq!(found.map(|found| found.denial.id), Some(id));
        }
    }
}
