//! Any bytes as a transcript and as a reply: what is shown of it is harmless, and it takes no time.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::normal::{Languages, Normal};
use super::*;
use engine::fuzz;
use std::time::{Duration, Instant};

const WORDS: &[&[u8]] = &[
    b"remote: ",
    b"fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403\n",
    b"fatal: Authentication failed for 'https://github.com/acme/secret/'\n",
    b"remote: Repository not found.\n",
    b"Write access to repository not granted.\n",
    b"To https://github.com/acme/secret.git\n",
    b"HTTP 403\n",
    b"error: ",
    b"SAML SSO",
    b"The 'acme' organization",
    b"forbids access via a personal access token (classic).\n",
    b"\x1b[2K",
    b"Please visit https://evil.test/",
    b"{\"message\":\"",
    b"X-GitHub-SSO: required; url=",
    b"git@github.com: ",
];

/// Reads a transcript, and the same as a reply.
pub(crate) fn transcript(input: &[u8]) -> String {
    let start = Instant::now();
    let reading = read(input, &Languages::default());
    let again = read(input, &Languages::default());
    assert!(start.elapsed() < Duration::from_secs(5), "it takes {:?}", start.elapsed());
    let row = |reading: &Option<Reading>| {
        reading.as_ref().and_then(|it| it.found.as_ref().map(|found| found.denial.id))
    };
    assert_eq!(row(&reading), row(&again), "the same says the same");
    let body = Normal::reply(403, &[], input);
    for shown in [Some(body.words()), body.servers_words()].into_iter().flatten() {
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!shown.contains(steers), "{shown:?}");
    }
    if let Some(Reading { attempt, .. }) = &reading {
        assert!(!attempt.words().contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
    let of_body = recognise(&body).map(|found| found.denial.id);
    format!("{:?} {of_body:?}", row(&reading))
}

#[test]
fn whatever_is_read_is_shown_without_signs_that_steer_and_in_time() {
    fuzz("denial", WORDS, transcript);
}
