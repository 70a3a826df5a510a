//! What is to become of each token that was found: asks its host whose it is, and whose repositories it is for.

use crate::account::{Account, same_scope};
use crate::commands::add;
use crate::elsewhere::FoundToken;
use crate::error::{Exit, Failure};
use crate::github::Client;
use crate::inspect::owner_in_sight;
use crate::machine::Machine;
use crate::redact::redacted;
use crate::remote::{GITHUB, Host, Scope, Server};
use crate::session::{Session, list_failure};
use crate::time::expiry;
use crate::token::{Token, TokenKind, pasted};
use crate::verify::{self, Verified};

/// One token, with all the places where it lies.
pub(super) struct JudgedToken {
    /// The places; there is one at least.
    pub(super) places: Vec<FoundToken>,
    /// The host it is for.
    pub(super) host: Host,
    /// What is to become of it.
    pub(super) judged: Judged,
    kind: TokenKind,
    told: Option<Verified>,
}

/// What is to become of a token.
pub(super) enum Judged {
    /// It can be kept for this.
    Keep(Scope),
    /// It can be kept once somebody says for which owner.
    NeedsOwner,
    /// These accounts have it.
    KeptAlready(Vec<String>),
    /// An app made it: it is the app's.
    OfAnApp,
    /// It is no whole token, or there is another one in its place.
    Not(String),
    /// The host does not know it (any more).
    Dead,
    /// The machine's policy forbids it.
    Forbidden(String),
    /// The host could not be asked.
    Unchecked(String),
}

/// Judges all of them, in their order.
pub(super) fn judge(session: &Session, found: Vec<Vec<FoundToken>>) -> Result<Vec<JudgedToken>, Failure> {
    let accounts = session.accounts().map_err(list_failure)?;
    let outcomes = session.outcomes();
    let machine = Machine::read();
    let mut judged: Vec<JudgedToken> = Vec::new();
    for places in found {
        let (host, secret) = (places[0].host.clone(), places[0].secret.clone());
        let holders = outcomes.accounts_with(&secret);
        let labels: Vec<String> = accounts
            .iter()
            .filter(|account| holders.contains(&account.id) && *account.scope.host() == host)
            .filter(|account| {
                let scope = &account.scope;
                let is_for = |owner| scope.is_whole_host() || scope.owner().as_ref() == Some(owner);
                places[0].only_for().is_none_or(is_for)
            })
            .map(|account| account.label.clone())
            .collect();
        let mut candidate =
            JudgedToken { kind: secret.kind(), places, host, told: None, judged: Judged::NeedsOwner };
        candidate.judged = match labels.is_empty() {
            false => Judged::KeptAlready(labels),
            true => candidate.ask(&secret),
        };
        if let Judged::Keep(scope) = &candidate.judged
            && let Some(other) = candidate.in_place_of(scope, &accounts, &judged, &machine)
        {
            candidate.judged = other;
        }
        judged.push(candidate);
    }
    Ok(judged)
}

impl JudgedToken {
    /// Asks the host about the token.
    fn ask(&mut self, secret: &Token) -> Judged {
        if matches!(
            self.kind,
            TokenKind::OAuth | TokenKind::AppUser | TokenKind::Installation | TokenKind::App
        ) {
            return Judged::OfAnApp;
        }
        match pasted::read(secret) {
            // What stands for a token in an example is sent to nobody.
            Ok(token) if token == *secret && !token.is_unguessable() => {
                return Judged::Not("it only looks like a token: its characters hardly differ".to_owned());
            }
            Ok(token) if token == *secret => {}
            Ok(_) => return Judged::Not("it is not a token alone".to_owned()),
            Err(odd) => return Judged::Not(odd.to_string()),
        }
        let whole = Scope::exact(&self.host, None).expect("a host is a scope");
        let asked = add::client(&self.host)
            .and_then(|client| verify::ask(&client, &whole, secret).map(|told| (client, told)));
        let (client, told) = match asked {
            Ok(asked) => asked,
            Err(failure) if failure.exit() == Exit::Unchecked => {
                return Judged::Unchecked(failure.to_string());
            }
            Err(_) => return Judged::Dead,
        };
        if told.server == Server::Plain {
            return Judged::Not(format!("{} is no GitHub host", self.host));
        }
        self.told = Some(told);
        self.scope(&client, secret, whole)
    }

    /// Finds what the token is for: its owner by what it sees, else by the place; a classic one is for all.
    fn scope(&self, client: &Client, secret: &Token, whole: Scope) -> Judged {
        match self.kind {
            TokenKind::FineGrained => {
                let Some(seen) = owner_in_sight(client, &self.host, secret) else {
                    return Judged::Unchecked(format!("{} did not tell what it sees", self.host));
                };
                let owner = seen.or_else(|| self.places.iter().find_map(|place| place.owner.clone()));
                owner.map_or(Judged::NeedsOwner, |owner| Judged::Keep(Scope::of_owner(&self.host, &owner)))
            }
            // What a tool keeps for one owner alone stays for that one.
            _ => match self.places[0].only_for() {
                Some(owner) => Judged::Keep(Scope::of_owner(&self.host, owner)),
                None => Judged::Keep(whole),
            },
        }
    }

    /// Says what stands against keeping it for a scope.
    fn in_place_of(
        &self,
        scope: &Scope,
        accounts: &[Account],
        before: &[Self],
        machine: &Machine,
    ) -> Option<Judged> {
        let told = self.told.as_ref()?;
        if let Err(forbidden) = machine.may_keep(scope, self.kind, told.expires) {
            return Some(Judged::Forbidden(format!("{forbidden}; {}", forbidden.remedy())));
        }
        let is_same = |login: Option<&str>| match (login, told.login.as_deref()) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (None, _) | (_, None) => true,
        };
        if let Some(known) = accounts
            .iter()
            .find(|known| same_scope(&known.scope, scope, Server::GitHub) && is_same(known.login.as_deref()))
        {
            return Some(Judged::Not(format!(
                "\"{}\" has another token, which stays; to put one in its place: git credential-patron add {}",
                known.label,
                scope.short()
            )));
        }
        let is_taken = |other: &Self| match (&other.judged, &other.told) {
            (Judged::Keep(taken), Some(it)) => {
                same_scope(taken, scope, Server::GitHub) && is_same(it.login.as_deref())
            }
            _ => false,
        };
        before.iter().find(|other| is_taken(other)).map(|other| {
            Judged::Not(format!("the one of {} comes first for {}", other.places[0].place, scope.short()))
        })
    }

    /// Describes the token: `mona's fine-grained token, expires 2027-06-01 (183 days)`.
    pub(super) fn described(&self, now: i64) -> String {
        let login = self.told.as_ref().and_then(|told| told.login.as_deref());
        let whose = login.map_or_else(|| "a ".to_owned(), |login| format!("{login}'s "));
        let whose = match self.kind {
            TokenKind::OAuth if login.is_none() => "an ".to_owned(),
            _ => whose,
        };
        let end = self.told.as_ref().and_then(|told| told.expires);
        let end = end.map_or_else(String::new, |at| format!(", expires {}", expiry(at, now)));
        format!("{whose}{}{end}", add::kind_in_words(self.kind))
    }

    /// Says what is to become of it, a line each.
    pub(super) fn judged_in_words(&self) -> Vec<String> {
        let lines = match &self.judged {
            Judged::Keep(scope) if scope.is_whole_host() => {
                vec![format!("can be kept for every owner on {} without an account of its own", scope.host())]
            }
            Judged::Keep(scope) => vec![format!("can be kept for {}", scope.short())],
            Judged::NeedsOwner => self.without_owner(),
            Judged::KeptAlready(labels) => vec![format!("kept already: {}", labels.join(", "))],
            Judged::OfAnApp => vec![
                "never kept: it is its app's, which renews and ends it; make one of your own: git credential-patron add OWNER".to_owned(),
            ],
            Judged::Not(why) => vec![format!("not kept: {why}")],
            Judged::Dead => vec![format!("not kept: {} does not recognise it (401)", self.host)],
            Judged::Forbidden(why) => vec![format!("not kept: {why}")],
            Judged::Unchecked(why) => vec![format!("not kept: {why}")],
        };
        lines.into_iter().map(|line| redacted(&line)).collect()
    }

    /// Names the command that takes the token with its owner.
    fn without_owner(&self) -> Vec<String> {
        let owner =
            if self.host.as_str() == GITHUB { "OWNER".to_owned() } else { format!("{}/OWNER", self.host) };
        let printed_by = self.places.iter().find_map(|place| place.printed_by.as_deref());
        let command = match printed_by {
            Some(command) => format!("{command} | git credential-patron add {owner} --token-stdin"),
            None => format!("git credential-patron add {owner}"),
        };
        vec![
            "it sees nothing private, so it is not known which owner's repositories it is for".to_owned(),
            format!("say for whom: {command}"),
        ]
    }
}
