//! What the owner of the machine forbids: the rules of `policy.toml`, and what breaks them.
//!
//! Every rule forbids and none allows: whatever the user's settings, a repository or the environment say, a
//! rule can only take something away. The top of the file holds everywhere, a `[[rule]]` for what its scope
//! overlaps, so that a token for a whole host obeys the rule of each owner it would be sent for. All that
//! apply hold together.
//!
//! ```toml
//! version = 1
//! contact = "ask #platform"
//! vaults = ["keyring", "command"]
//! kinds = ["fine-grained", "app"]
//! max-days = 90
//! browser = false
//! probe = false
//! learn = false
//! hosts = ["github.com", "ghe.example.com"]
//!
//! [[rule]]
//! for = "https://github.com/acme"
//! kinds = ["fine-grained"]
//! max-days = 30
//! contact = "ask #acme-admins"
//! ```
//!
//! A key or a word that is not known makes the whole file unusable: a misspelt rule must not pass for none.

mod parse;
#[cfg(test)]
mod tests;

pub(crate) use parse::BadPolicy;

use crate::remote::{Host, Remote, Scope, Server};
use crate::token::TokenKind;

/// The vaults as `list --json` names them.
pub(crate) const VAULTS: [&str; 3] = ["keyring", "file", "command"];
/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;

/// The rules of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    everywhere: Limits,
    vaults: Option<At<Vec<String>>>,
    hosts: Option<At<Vec<Host>>>,
    /// The lines that say `false`.
    browser: Option<usize>,
    probe: Option<usize>,
    learn: Option<usize>,
    rules: Vec<Narrower>,
}

/// What may be limited for one scope, too.
#[derive(Debug, Default, PartialEq, Eq)]
struct Limits {
    kinds: Option<At<Vec<String>>>,
    max_days: Option<At<i64>>,
    contact: Option<At<String>>,
}

/// A `[[rule]]`.
#[derive(Debug, PartialEq, Eq)]
struct Narrower {
    scope: Scope,
    limits: Limits,
}

/// A value and the line it stands in, counted from 1.
#[derive(Debug, PartialEq, Eq)]
struct At<T> {
    line: usize,
    value: T,
}

/// A token that is to be kept, or is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptToken<'a> {
    /// What it is for.
    pub(crate) scope: &'a Scope,
    /// What kind it is.
    pub(crate) kind: TokenKind,
    /// When it ends, in seconds since 1970, where that is known.
    pub(crate) expires: Option<i64>,
    /// The time in seconds since 1970.
    pub(crate) now: i64,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    /// The rule as the file has it.
    pub(crate) rule: Rule,
    /// How it is broken.
    pub(crate) why: String,
}

/// A rule, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its line in the file, counted from 1.
    pub(crate) line: usize,
    /// The rule as it is written there, with its scope.
    pub(crate) text: String,
}

impl Rule {
    fn new(line: usize, text: impl Into<String>, of: Option<&Scope>) -> Self {
        let text = text.into();
        Self { line, text: of.map_or_else(|| text.clone(), |scope| format!("{text} for {scope}")) }
    }
}

/// Reading
impl Policy {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPolicy> {
        parse::policy(text)
    }
}

/// Asking
impl Policy {
    /// Says which rule forbids to keep this token, if one does: by its host, its kind, or its end.
    pub(crate) fn forbids(&self, token: &KeptToken<'_>) -> Option<Breach> {
        self.forbids_host(token.scope.host()).or_else(|| {
            let limits = self.limits(token.scope);
            limits.iter().find_map(|(limits, of)| limits.forbids(token, *of))
        })
    }

    /// Says which rule forbids to keep anything for a host.
    pub(crate) fn forbids_host(&self, host: &Host) -> Option<Breach> {
        let hosts =
            self.hosts.as_ref().filter(|hosts| hosts.value.iter().all(|allowed| !allowed.serves(host)))?;
        let names = hosts.value.iter().map(Host::as_str);
        Some(Breach {
            rule: Rule::new(hosts.line, list("hosts", names), None),
            why: format!("this is {host}"),
        })
    }

    /// Says which rule forbids to keep a secret in a vault, which is named as `list --json` does.
    pub(crate) fn forbids_vault(&self, vault: &str) -> Option<Breach> {
        let vaults =
            self.vaults.as_ref().filter(|vaults| vaults.value.iter().all(|allowed| allowed != vault))?;
        Some(Breach {
            rule: Rule::new(vaults.line, list("vaults", vaults.value.iter().map(String::as_str)), None),
            why: format!("this would be the vault {vault}"),
        })
    }

    /// Says which rule forbids to keep what git stores by itself.
    pub(crate) fn forbids_learning(&self) -> Option<Rule> {
        self.learn.map(|line| Rule::new(line, "learn = false", None))
    }

    /// Says which rule forbids to open a browser.
    pub(crate) fn forbids_browser(&self) -> Option<Rule> {
        self.browser.map(|line| Rule::new(line, "browser = false", None))
    }

    /// Says which rule forbids requests of our own before git's.
    pub(crate) fn forbids_probe(&self) -> Option<Rule> {
        self.probe.map(|line| Rule::new(line, "probe = false", None))
    }

    /// Gives whom to ask about a place: the words of the narrowest rule that covers it.
    pub(crate) fn contact(&self, remote: &Remote) -> Option<&str> {
        let covering = self.rules.iter().filter(|rule| covers(&rule.scope, remote));
        let with_contact = covering.filter(|rule| rule.limits.contact.is_some());
        let narrowest = with_contact.max_by_key(|rule| rule.scope.depth()).map(|rule| &rule.limits);
        let contact = narrowest.unwrap_or(&self.everywhere).contact.as_ref();
        contact.map(|contact| contact.value.as_str())
    }

    /// Gives all the rules, in the order of their lines.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let Self { everywhere, vaults, hosts, browser, probe, learn, rules } = self;
        let mut all = everywhere.rules(None);
        all.extend(
            vaults
                .iter()
                .map(|it| Rule::new(it.line, list("vaults", it.value.iter().map(String::as_str)), None)),
        );
        all.extend(
            hosts.iter().map(|it| Rule::new(it.line, list("hosts", it.value.iter().map(Host::as_str)), None)),
        );
        for (name, line) in [("browser", browser), ("probe", probe), ("learn", learn)] {
            all.extend(line.map(|line| Rule::new(line, format!("{name} = false"), None)));
        }
        all.extend(rules.iter().flat_map(|rule| rule.limits.rules(Some(&rule.scope))));
        all.sort_by_key(|rule| rule.line);
        all
    }

    /// Gives the limits that hold for a scope, each with the scope of its rule.
    fn limits(&self, scope: &Scope) -> Vec<(&Limits, Option<&Scope>)> {
        let remote = scope.as_remote();
        let overlaps =
            |rule: &&Narrower| covers(&rule.scope, &remote) || covers(scope, &rule.scope.as_remote());
        let rules = self.rules.iter().filter(overlaps).map(|rule| (&rule.limits, Some(&rule.scope)));
        std::iter::once((&self.everywhere, None)).chain(rules).collect()
    }
}

/// Tells whether a scope covers a place, by the rules of any kind of host: when in doubt a rule holds.
fn covers(scope: &Scope, remote: &Remote) -> bool {
    [Server::GitHub, Server::Plain].into_iter().any(|server| scope.covers(remote, server))
}

impl Limits {
    fn forbids(&self, token: &KeptToken<'_>, of: Option<&Scope>) -> Option<Breach> {
        let by_kind =
            self.kinds.as_ref().filter(|kinds| !kinds.value.iter().any(|kind| kind == name(token.kind)));
        if let Some(kinds) = by_kind {
            return Some(Breach {
                rule: kinds_rule(kinds, of),
                why: format!("this one is {}", name(token.kind)),
            });
        }
        let days = self.max_days.as_ref().filter(|_| !ends_by_itself(token.kind))?;
        let why = match token.expires {
            None => "this one has no end that is known".to_owned(),
            Some(end) if end - token.now > days.value * DAY => {
                format!("this one ends in {} days", (end - token.now + DAY - 1) / DAY)
            }
            Some(_) => return None,
        };
        Some(Breach { rule: days_rule(days, of), why })
    }

    fn rules(&self, of: Option<&Scope>) -> Vec<Rule> {
        let Self { kinds, max_days, contact } = self;
        let contact = contact.iter().map(|it| Rule::new(it.line, format!("contact = \"{}\"", it.value), of));
        kinds
            .iter()
            .map(|kinds| kinds_rule(kinds, of))
            .chain(max_days.iter().map(|days| days_rule(days, of)))
            .chain(contact)
            .collect()
    }
}

fn kinds_rule(kinds: &At<Vec<String>>, of: Option<&Scope>) -> Rule {
    Rule::new(kinds.line, list("kinds", kinds.value.iter().map(String::as_str)), of)
}

fn days_rule(days: &At<i64>, of: Option<&Scope>) -> Rule {
    Rule::new(days.line, format!("max-days = {}", days.value), of)
}

/// Names a kind as the file does: an App's tokens for an owner are `app`, as in `list`.
fn name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Installation | TokenKind::App => "app",
        kind => kind.id(),
    }
}

/// The tokens of an App end after hours, whatever is known of them.
fn ends_by_itself(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Installation | TokenKind::App | TokenKind::AppUser)
}

fn list<'a>(key: &str, values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(|value| format!("\"{value}\"")).collect();
    format!("{key} = [{}]", values.join(", "))
}
