//! Any bytes as the body of an answer of GitHub's API: what is taken from its JSON is fit to be shown, or is not taken.

#[path = "../../tests/fuzz/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "no room may use another one for its tests")]
mod engine;

use super::*;
use engine::fuzz;

const WORDS: &[&[u8]] = &[
    b"{\"login\":\"mona\",\"id\":7}",
    b"\"full_name\"",
    b"\"acme/secret\"",
    b"\"private\":true",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"message\":",
    b"\"documentation_url\":",
    b"null",
    b"1e999",
    b"\"\\ud800\"",
    b"\"\\u001b[31m\"",
    b"\"permissions\":{\"push\":false}",
    b",",
    b":",
    b"-0",
    b"[[[[[[[[",
    b"\"login\":\"\xe2\x80\xae\"",
];

/// Reads the body of a reply.
pub(crate) fn body(input: &[u8]) -> String {
    let body = String::from_utf8_lossy(input).into_owned();
    let headers = vec![("x-oauth-scopes".to_owned(), body.chars().take(200).collect())];
    let heard = Observed::Reply(ServerReply { status: Some(200), headers, body, ..ServerReply::default() });
    let name = heard.name("login");
    if let Some(name) = &name {
        assert!(!name.is_empty() && name.is_ascii(), "{name:?}");
        assert!(!name.contains(|c: char| c.is_control() || c == ' ' || c == '/'), "{name:?}");
    }
    for scope in heard.reply().and_then(ServerReply::scopes).unwrap_or_default() {
        assert!(scope.bytes().all(|byte| byte.is_ascii_lowercase() || b":_".contains(&byte)), "{scope:?}");
    }
    let visible = Visible::of(&heard);
    format!(
        "{} {:?} {:?} {}",
        name.is_some(),
        heard.number("id").is_some(),
        heard.flag("private"),
        visible.is_some()
    )
}

#[test]
fn whatever_github_answers_names_are_names() {
    fuzz("json", WORDS, body);
}
