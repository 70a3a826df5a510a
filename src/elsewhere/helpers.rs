//! Git's own helpers and the Git Credential Manager, asked as git asks them.
//!
//! Only helpers that the user's configuration names are asked, by their whole line, as before `setup`; one that was
//! named to us, and git's store, which asks nobody anything, also by their bare name. A helper gives one answer to a
//! question, so it is asked for the host, for each login that is known there, and for each address of a named
//! checkout.

use super::{FoundToken, Haul, Sought};
use crate::cli::ImportSource;
use crate::fallback::{self, Foreign};
use crate::helper_line::{self, Runs};
use crate::protocol::Request;
use crate::redact::holds_secret;
use crate::remote::{Host, Remote};
use crate::token::Token;

/// How many questions a helper gets about one host.
const MOST: usize = 32;

pub(super) fn look(sought: &Sought<'_>, source: ImportSource, haul: &mut Haul) {
    for host in sought.hosts {
        let mut lines = configured(sought, host, source);
        if lines.is_empty() && (source == ImportSource::Store || sought.is_named) {
            lines.push(names(source)[0].to_owned());
        }
        let mut known: Vec<Token> = Vec::new();
        for line in &lines {
            for question in questions(sought, host).iter().take(MOST) {
                ask(line, question, host, &mut known, haul);
            }
        }
    }
}

/// The names that a helper of this kind has as a word of git's configuration.
fn names(source: ImportSource) -> &'static [&'static str] {
    match source {
        ImportSource::Store => &["store"],
        ImportSource::Cache => &["cache"],
        ImportSource::Libsecret => &["libsecret"],
        ImportSource::Osxkeychain => &["osxkeychain"],
        ImportSource::Gcm => &["manager", "manager-core"],
        _ => &[],
    }
}

/// Gives the lines of the user's configuration that run such a helper for a host or a part of it.
fn configured(sought: &Sought<'_>, host: &Host, source: ImportSource) -> Vec<String> {
    let before = sought.listing.without_ours();
    let whole = before.chain(&format!("https://{host}")).into_iter();
    let parts = before.sections_of_host(host.as_str()).into_iter().map(|section| section.chain);
    let of_git = whole.chain(parts).flat_map(|chain| chain.helpers);
    let of_git = of_git.filter_map(|helper| String::from_utf8(helper.value).ok());
    let recorded = Remote::new(host.as_str().as_bytes(), None)
        .map(|remote| sought.settings.fallback_for(&remote, None).helpers)
        .unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for line in of_git.chain(recorded) {
        if is_such(&line, source) && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn is_such(line: &str, source: ImportSource) -> bool {
    let Runs::Program(program) = helper_line::runs(line) else { return false };
    let name = helper_line::base_name(&program).strip_prefix("git-credential-").unwrap_or_default();
    names(source).contains(&name)
}

/// What a helper is asked about.
struct HelperQuestion {
    path: Option<String>,
    user: Option<String>,
}

fn questions(sought: &Sought<'_>, host: &Host) -> Vec<HelperQuestion> {
    let mut all = vec![HelperQuestion { path: None, user: None }];
    for account in sought.accounts.iter().filter(|account| account.scope.host() == host) {
        let login = account.login.clone().filter(|login| !login.is_empty());
        if login.is_some() && !all.iter().any(|question| question.user == login) {
            all.push(HelperQuestion { path: None, user: login });
        }
    }
    let targets = sought.checkouts.iter().flat_map(super::checkouts::targets);
    for (_, target) in targets.filter(|(_, target)| target.remote.host == *host) {
        let path = target.remote.path;
        if path.is_some() && !all.iter().any(|question| question.path == path) {
            all.push(HelperQuestion { path, user: None });
        }
    }
    all
}

/// Asks one question, and takes up what was not answered before.
fn ask(line: &str, question: &HelperQuestion, host: &Host, known: &mut Vec<Token>, haul: &mut Haul) {
    let field = |key: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!("{key}={value}\n"))
    };
    let text = format!(
        "protocol=https\nhost={host}\n{}{}",
        field("path", &question.path),
        field("username", &question.user)
    );
    let Ok(request) = Request::parse(text.as_bytes()) else { return };
    // There is no secret in it, so none of ours.
    let Some(foreign) = Foreign::of(&request, |_| true) else { return };
    let Some(reply) = fallback::held_by(line, foreign, host) else { return };
    let Some((user, password)) = reply.login() else { return };
    if known.contains(&password) {
        return;
    }
    known.push(password.clone());
    let user = user.map(|user| String::from_utf8_lossy(user.expose()).into_owned());
    // A token may stand in the place of the name, with a word for a password.
    let value = match &user {
        Some(user) if super::github_tokens(&password).is_empty() => Token::new(
            format!("{user} ").into_bytes().into_iter().chain(password.expose().to_vec()).collect(),
        ),
        _ => password,
    };
    let owner = question
        .path
        .as_ref()
        .and_then(|path| Remote::new(host.as_str().as_bytes(), Some(path.as_bytes()))?.owner);
    haul.add(&value, |secret| FoundToken {
        place: format!("{} ({host})", shown(line)),
        host: host.clone(),
        owner: owner.clone(),
        is_keyed: false,
        secret,
        printed_by: None,
        cleaned_by: erased(line, host, user.as_deref()),
    });
}

/// Names a helper as its user does.
fn shown(line: &str) -> String {
    match helper_line::runs(line) {
        Runs::Program(program) => {
            let name = helper_line::base_name(&program);
            format!("git's helper {}", name.strip_prefix("git-credential-").unwrap_or(name))
        }
        Runs::Snippet | Runs::Nothing => "git's helper".to_owned(),
    }
}

/// Writes the command that has a helper forget it.
fn erased(line: &str, host: &Host, user: Option<&str>) -> String {
    let is_plain = |name: &&str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@[]".contains(&b))
            && !holds_secret(name.as_bytes())
    };
    let user = user.filter(is_plain).map_or_else(String::new, |user| format!("username={user}\\n"));
    let helper = match holds_secret(line.as_bytes()) {
        true => helper_line::shown(line),
        false => helper_line::command(line),
    };
    format!("printf 'protocol=https\\nhost={host}\\n{user}\\n' | {helper} erase")
}
