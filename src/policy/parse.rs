//! Reads the policy's text, with the line of each rule.

use super::{At, Limits, Narrower, Policy, VAULTS, name};
use crate::remote::{Host, Scope};
use crate::token::TokenKind;
use serde::Deserialize;
use toml::Spanned;

/// The version of the file that this program understands.
const VERSION: i64 = 1;
/// How long the words of `contact` may be, in bytes: they stand in a line of a message.
const MAX_CONTACT: usize = 200;

/// The kinds a rule may name.
const KINDS: [TokenKind; 6] = [
    TokenKind::FineGrained,
    TokenKind::Classic,
    TokenKind::OAuth,
    TokenKind::Installation,
    TokenKind::AppUser,
    TokenKind::Unknown,
];

/// Why the text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{fact}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub(crate) struct BadPolicy {
    /// The line, counted from 1, where it is known.
    pub(crate) line: Option<usize>,
    /// What is wrong there.
    pub(crate) fact: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawPolicy {
    version: Spanned<i64>,
    contact: Option<Spanned<String>>,
    vaults: Option<Spanned<Vec<String>>>,
    kinds: Option<Spanned<Vec<String>>>,
    max_days: Option<Spanned<i64>>,
    browser: Option<Spanned<bool>>,
    probe: Option<Spanned<bool>>,
    learn: Option<Spanned<bool>>,
    hosts: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRule {
    r#for: Spanned<String>,
    contact: Option<Spanned<String>>,
    kinds: Option<Spanned<Vec<String>>>,
    max_days: Option<Spanned<i64>>,
}

/// Reads the whole text.
pub(super) fn policy(text: &str) -> Result<Policy, BadPolicy> {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let whole: RawPolicy = toml::from_str(text).map_err(|error| BadPolicy {
        line: error.span().map(|span| line(span.start)),
        fact: error.message().lines().next().unwrap_or("this is not TOML").to_owned(),
    })?;
    let lines = Lines { line: &line };
    if *whole.version.get_ref() != VERSION {
        return Err(lines.wrong(&whole.version, "this version is not known here"));
    }
    let off = |switch: &Option<Spanned<bool>>| {
        switch.as_ref().filter(|on| !on.get_ref()).map(|off| line(off.span().start))
    };
    let hosts = whole.hosts.map(|hosts| lines.each(hosts, "host", host)).transpose()?;
    let vault = |text: &str| VAULTS.contains(&text).then(|| text.to_owned());
    let rules = whole.rule.into_iter().map(|rule| {
        let scope = Scope::parse(rule.r#for.get_ref())
            .map_err(|_| lines.wrong(&rule.r#for, "this is not https://HOST or https://HOST/OWNER"))?;
        let limits = lines.limits(rule.contact, rule.kinds, rule.max_days)?;
        Ok(Narrower { scope, limits })
    });
    Ok(Policy {
        rules: rules.collect::<Result<_, BadPolicy>>()?,
        everywhere: lines.limits(whole.contact, whole.kinds, whole.max_days)?,
        vaults: whole.vaults.map(|vaults| lines.each(vaults, "vault", vault)).transpose()?,
        hosts,
        browser: off(&whole.browser),
        probe: off(&whole.probe),
        learn: off(&whole.learn),
    })
}

fn host(text: &str) -> Option<Host> {
    Host::parse(text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/').as_bytes())
}

struct Lines<'a> {
    line: &'a dyn Fn(usize) -> usize,
}

impl Lines<'_> {
    fn at<T>(&self, spanned: Spanned<T>) -> At<T> {
        At { line: (self.line)(spanned.span().start), value: spanned.into_inner() }
    }

    fn wrong<T>(&self, spanned: &Spanned<T>, fact: &str) -> BadPolicy {
        BadPolicy { line: Some((self.line)(spanned.span().start)), fact: fact.to_owned() }
    }

    /// Reads a list of words; each must be known.
    fn each<T>(
        &self,
        words: Spanned<Vec<String>>,
        what: &str,
        known: impl Fn(&str) -> Option<T>,
    ) -> Result<At<Vec<T>>, BadPolicy> {
        let read: Option<Vec<T>> = words.get_ref().iter().map(|word| known(word)).collect();
        let value = read.ok_or_else(|| self.wrong(&words, &format!("one of these is no {what}")))?;
        Ok(At { line: (self.line)(words.span().start), value })
    }

    fn limits(
        &self,
        contact: Option<Spanned<String>>,
        kinds: Option<Spanned<Vec<String>>>,
        max_days: Option<Spanned<i64>>,
    ) -> Result<Limits, BadPolicy> {
        if let Some(days) = max_days.as_ref().filter(|days| !(0..=36_500).contains(days.get_ref())) {
            return Err(self.wrong(days, "this is no number of days"));
        }
        let unfit = |text: &String| text.len() > MAX_CONTACT || text.chars().any(char::is_control);
        if let Some(contact) = contact.as_ref().filter(|contact| unfit(contact.get_ref())) {
            return Err(self.wrong(contact, "this does not fit into one line of 200 bytes"));
        }
        let kind = |text: &str| KINDS.into_iter().map(name).find(|known| *known == text).map(str::to_owned);
        Ok(Limits {
            kinds: kinds.map(|kinds| self.each(kinds, "kind of token", kind)).transpose()?,
            max_days: max_days.map(|days| self.at(days)),
            contact: contact.map(|contact| self.at(contact)),
        })
    }
}
