//! How the pages look: one frame, a few pieces, no script. The look is its own, so that nobody
//! takes them for GitHub's.

use jiff::Timestamp;

use super::super::policy::{Selection, State, Token};
use super::super::tokens::TokenKind;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #2b2622; --paper: #fbf7f2; --card: #fff; --line: #e2d8cc;
  --ember: #b4451f; --good: #2f6f3e; --wait: #96690a; --bad: #a32a2a; --soft: #75695d }
@media (prefers-color-scheme: dark) { :root { --ink: #ece4da; --paper: #1d1a17; --card: #282320;
  --line: #453d36; --ember: #f08a5d; --good: #7fcf93; --wait: #e5b64e; --bad: #f08b8b; --soft: #a89b8d } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
a { color: var(--ember) }
.band { background: var(--ember); color: var(--paper); font-size: 14px; padding: 6px 24px }
.band b { letter-spacing: .04em }
nav { border-bottom: 1px solid var(--line); padding: 12px 24px; display: flex; gap: 20px; flex-wrap: wrap }
nav .place { color: inherit; font-weight: 600; margin-right: auto; text-decoration: none }
main { max-width: 860px; margin: 28px auto; padding: 0 24px }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px }
.lead { color: var(--soft); margin: -10px 0 22px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 20px; margin: 0 0 14px }
.card h2 { font-size: 18px; margin: 0 }
.row { display: flex; gap: 14px; align-items: center; justify-content: space-between; flex-wrap: wrap }
.facts { color: var(--soft); font-size: 14px; margin: 4px 0 0 }
.state { border-radius: 99px; border: 1px solid; font-size: 13px; font-weight: 600; padding: 1px 10px; white-space: nowrap }
.good { color: var(--good) } .wait { color: var(--wait) } .bad { color: var(--bad) }
.note { border-left: 4px solid var(--wait); padding: 8px 14px; margin: 0 0 16px; background: var(--card) }
.note, .note.bad, .note.good { color: var(--ink) }
.note.bad { border-color: var(--bad) } .note.good { border-color: var(--good) }
form { margin: 0 } form.inline { display: inline-flex; gap: 8px }
label { display: block; font-weight: 600; margin: 14px 0 4px }
label.pick { font-weight: 400; margin: 4px 0 }
input[type=text], input[type=number], select, textarea { font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; width: 100%; max-width: 420px }
.hint { color: var(--soft); font-size: 14px }
button { font: inherit; font-weight: 600; border: 1px solid var(--line); border-radius: 6px; padding: 6px 14px;
  background: var(--card); color: inherit; cursor: pointer }
button.main { background: var(--ember); border-color: var(--ember); color: var(--paper) }
code { font: 14px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
.secret { display: block; border: 1px dashed var(--good); border-radius: 6px; padding: 10px 14px; margin: 8px 0; user-select: all }
";

/// A whole page: `body` is HTML already.
pub(crate) fn page(host: &str, base: &str, viewer: &str, title: &str, body: &str) -> String {
    let (host, viewer, title) = (escape(host), escape(viewer), escape(title));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · the forge</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <div class=\"band\"><b>the forge</b>: a stand-in for GitHub on your machine. \
         Nothing here is real, and nothing leaves it.</div>\n\
         <nav><a class=\"place\" href=\"{base}/\">{host}</a>\
         <a href=\"{base}/settings/personal-access-tokens\">Fine-grained tokens</a>\
         <a href=\"{base}/settings/tokens\">Classic tokens</a>\
         <span>signed in as <b>{viewer}</b></span></nav>\n\
         <main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Text made safe between tags and within quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// The line under a heading.
pub(crate) fn lead(text: &str) -> String {
    format!("<p class=\"lead\">{text}</p>\n")
}

/// Something to be noticed: `good`, `wait` or `bad`.
pub(crate) fn note(mood: &str, html: &str) -> String {
    format!("<p class=\"note {mood}\">{html}</p>\n")
}

/// A button that posts these fields.
pub(crate) fn button(action: &str, fields: &[(&str, &str)], label: &str, main: bool) -> String {
    let mut out = format!("<form class=\"inline\" method=\"post\" action=\"{}\">", escape(action));
    for (name, value) in fields {
        let (name, value) = (escape(name), escape(value));
        out.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
    }
    let class = if main { " class=\"main\"" } else { "" };
    out.push_str(&format!("<button type=\"submit\"{class}>{}</button></form>", escape(label)));
    out
}

/// A token in a list: heading, state, facts, and what may be done.
pub(crate) fn token_card(token: &Token, link: Option<&str>, now: Timestamp, buttons: &str) -> String {
    let name = escape(&token.label);
    let heading = match link {
        Some(link) => format!("<a href=\"{}\">{name}</a>", escape(link)),
        None => name,
    };
    format!(
        "<section class=\"card\">\n<div class=\"row\"><h2>{heading}</h2>{}</div>\n\
         <p class=\"facts\">{}</p>\n{buttons}</section>\n",
        state(token, now),
        facts(token, now)
    )
}

/// The state of a token as a small mark.
pub(crate) fn state(token: &Token, now: Timestamp) -> String {
    let (mood, word) = match token.state {
        _ if token.is_expired(now) => ("bad", "Expired"),
        State::Active => ("good", "Active"),
        State::Pending => ("wait", "Pending approval"),
        State::Denied => ("bad", "Denied"),
        State::Revoked => ("bad", "Revoked"),
    };
    format!("<span class=\"state {mood}\">{word}</span>")
}

fn facts(token: &Token, now: Timestamp) -> String {
    let mut facts = vec![format!("of {}", escape(&token.login))];
    match (&token.owner, token.kind) {
        (Some(owner), _) => {
            facts.push(format!("for <b>{}</b>", escape(owner)));
            facts.push(match &token.repositories {
                Selection::All => "all repositories".to_owned(),
                Selection::Only(names) => format!("only {}", escape(&names.join(", "))),
            });
            facts.push(format!("contents: {}", token.contents.word()));
        }
        (None, TokenKind::Oauth | TokenKind::AppUser) => {
            facts.push(format!("given to {}", escape(&token.app)));
        }
        (None, _) => {}
    }
    if !token.scopes.is_empty() {
        facts.push(format!("scopes: {}", escape(&token.scopes.join(", "))));
    }
    facts.push(expiry(token, now));
    facts.join(" · ")
}

/// When a token ends, in words.
pub(crate) fn expiry(token: &Token, now: Timestamp) -> String {
    match token.expires {
        None => "never expires".to_owned(),
        Some(end) if end <= now => format!("expired on {}", end.strftime("%Y-%m-%d")),
        Some(end) => format!("expires on {}", end.strftime("%Y-%m-%d")),
    }
}
