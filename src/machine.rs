//! What the owner of this machine forbids: `policy.toml`, read from one fixed place with its checks.
//!
//! The file counts if root alone can write it. One that is there and cannot be read, for whatever reason,
//! forbids to keep anything new: it was written to forbid something, and nobody knows what. What is kept
//! already goes on either way.

use crate::files::{self, Care, FileError};
use crate::paths;
use crate::policy::{BadPolicy, Breach, KeptToken, Policy, Rule};
use crate::remote::{Remote, Scope};
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What its owner says.
#[derive(Debug)]
pub(crate) struct Machine {
    path: PathBuf,
    policy: Result<Policy, NoPolicy>,
}

/// Why the file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPolicy {
    /// The file is not as it must be.
    #[error(transparent)]
    File(FileError),
    /// Its text is not.
    #[error("{}: {bad}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        bad: BadPolicy,
    },
}

/// Why something may not be done here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this machine's policy forbids it ({}): {because}", VerdictId::PolicyForbids)]
pub(crate) struct Forbidden {
    /// File, line and rule, and how it is broken.
    because: String,
    /// What mends it.
    remedy: String,
}

impl Forbidden {
    /// Says what mends it: whom to ask.
    pub(crate) fn remedy(&self) -> &str {
        &self.remedy
    }
}

/// Reading
impl Machine {
    /// Reads the policy; without a file everything is allowed.
    pub(crate) fn read() -> Self {
        let Some(path) = paths::policy() else {
            return Self { path: PathBuf::new(), policy: Ok(Policy::default()) };
        };
        let policy = match files::read(&path, Care::Machine) {
            Ok(None) => Ok(Policy::default()),
            Ok(Some(bytes)) => String::from_utf8(bytes.to_vec())
                .map_err(|_| BadPolicy { line: None, fact: "this is not UTF-8 text".to_owned() })
                .and_then(|text| Policy::parse(&text))
                .map_err(|bad| NoPolicy::Text { path: path.clone(), bad }),
            Err(trouble) => Err(NoPolicy::File(trouble)),
        };
        Self { path, policy }
    }
}

/// Asking
impl Machine {
    /// Says whether this token may be kept, whatever vault takes it.
    pub(crate) fn may_keep(
        &self,
        scope: &Scope,
        kind: TokenKind,
        expires: Option<i64>,
    ) -> Result<(), Forbidden> {
        let token = KeptToken { scope, kind, expires, now: now() };
        self.judge(|policy| policy.forbids(&token), scope)
    }

    /// Says whether anything may be kept for a scope's host: to be asked before a person types a token.
    pub(crate) fn may_keep_for(&self, scope: &Scope) -> Result<(), Forbidden> {
        self.judge(|policy| policy.forbids_host(scope.host()), scope)
    }

    /// Says whether a vault, named as `list --json` does, may take a secret.
    pub(crate) fn may_use_vault(&self, vault: &str, scope: &Scope) -> Result<(), Forbidden> {
        self.judge(|policy| policy.forbids_vault(vault), scope)
    }

    /// Says whether what git stores may be kept without a person's word.
    pub(crate) fn may_learn(&self, scope: &Scope) -> Result<(), Forbidden> {
        let why = "git's store is no person's word".to_owned();
        self.judge(|policy| policy.forbids_learning().map(|rule| Breach { rule, why: why.clone() }), scope)
    }

    /// Says which rule an account breaks that is kept already: it goes on, and that is said.
    pub(crate) fn breach(
        &self,
        scope: &Scope,
        kind: TokenKind,
        expires: Option<i64>,
        vault: &str,
    ) -> Option<String> {
        let policy = self.policy.as_ref().ok()?;
        let breach = policy
            .forbids(&KeptToken { scope, kind, expires, now: now() })
            .or_else(|| policy.forbids_vault(vault))?;
        Some(self.shown(&breach))
    }

    /// Gives the rule that forbids to open a browser.
    pub(crate) fn forbids_browser(&self) -> bool {
        self.policy.as_ref().is_ok_and(|policy| policy.forbids_browser().is_some())
    }

    /// Gives the rule that forbids requests of our own before git's.
    pub(crate) fn forbids_probe(&self) -> bool {
        self.policy.as_ref().is_ok_and(|policy| policy.forbids_probe().is_some())
    }

    /// Gives whom to ask about a place, in the words of the machine's owner.
    pub(crate) fn contact(&self, remote: &Remote) -> Option<&str> {
        self.policy.as_ref().ok()?.contact(remote)
    }

    /// Gives all the rules with the file and line of each, or why they cannot be read.
    pub(crate) fn rules(&self) -> Result<Vec<String>, &NoPolicy> {
        self.policy.as_ref().map(|policy| policy.rules().iter().map(|rule| self.place(rule)).collect())
    }

    fn judge(&self, broken: impl Fn(&Policy) -> Option<Breach>, scope: &Scope) -> Result<(), Forbidden> {
        let policy = match &self.policy {
            Ok(policy) => policy,
            Err(no_policy) => {
                return Err(Forbidden {
                    because: format!("{no_policy}; it cannot be read, so nothing new is kept"),
                    remedy: "who looks after this machine must mend that file".to_owned(),
                });
            }
        };
        let Some(breach) = broken(policy) else { return Ok(()) };
        let contact = policy.contact(&scope.as_remote());
        Err(Forbidden {
            because: self.shown(&breach),
            remedy: contact.unwrap_or("ask who looks after this machine").to_owned(),
        })
    }

    fn shown(&self, breach: &Breach) -> String {
        format!("{}, and {}", self.place(&breach.rule), breach.why)
    }

    fn place(&self, rule: &Rule) -> String {
        format!("{}:{}: {}", self.path.display(), rule.line, rule.text)
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
