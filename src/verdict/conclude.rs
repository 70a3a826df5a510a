//! The differential diagnosis: from what was observed to one verdict.
//!
//! The steps of `conclude` are the rules, in the order in which they hold:
//!
//! 1. What needs no request: SSH, a plain host, a helper that is not reached, no account.
//! 2. git was not answered at all: the way to GitHub is at fault, never the token.
//! 3. git got all that it asked for.
//! 4. GitHub's words to git that leave one cause, and statuses that do.
//! 5. 401: the token. `GET /user` tells a bad token from trouble of GitHub's own.
//! 6. GitHub's words to our own calls that leave one cause.
//! 7. What is known for certain: another login, a missing scope, an archived repository, a role.
//! 8. What is likeliest: pending, not selected, no such repository, a missing permission.
//! 9. Nothing fits: GitHub's words as they came.
//!
//! A request that was not made or failed is never taken for a no.

use super::{
    Case, Evidence, HelperReach, HostKind, NoReply, Observed, Origin, ServerReply, TOKEN_PAGES, Unreadable,
    Verdict, clear, is_redirect,
};
use crate::denial::catalogue::Certainty::{self, Inferred, Measured};
use crate::denial::catalogue::Finding;
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;

/// What may be said along with a refusal and is not its reason.
const NOT_A_REASON: [VerdictId; 2] = [VerdictId::Moved, VerdictId::NotARefusal];
/// What our own calls may be told while git's refusal has another reason.
const OUR_OWN: [VerdictId; 2] = [VerdictId::RateLimited, VerdictId::ServerError];

/// How a token leaves a remote's URL.
const URL_WITHOUT_TOKEN: &str =
    "remove the token from the URL, so that git asks patron: git remote set-url REMOTE {url}";

/// Concludes a verdict.
pub(crate) fn conclude(evidence: &Evidence) -> Verdict {
    let case = Case::of(evidence);
    let verdict = case
        .without_asking()
        .or_else(|| case.no_answer())
        .or_else(|| case.all_given())
        .or_else(|| case.said_to_git())
        .or_else(|| case.unauthorised())
        .or_else(|| case.said_to_us())
        .or_else(|| case.certain())
        .or_else(|| case.likeliest())
        .unwrap_or_else(|| case.unknown());
    case.with_the_urls_token(verdict)
}

impl Case<'_> {
    /// A token in the URL goes before every helper: whatever is refused, taking it out is the first thing to do.
    fn with_the_urls_token(&self, mut verdict: Verdict) -> Verdict {
        let from_url = self.e.account.as_ref().is_some_and(|account| account.origin == Origin::Url);
        if from_url && verdict.exit == 1 {
            let words = self.say(verdict.id, verdict.certainty, "", &[URL_WITHOUT_TOKEN], &[]);
            verdict.fix.splice(0..0, words.fix);
        }
        verdict
    }

    fn without_asking(&self) -> Option<Verdict> {
        let plain = self.e.host == HostKind::Plain;
        if self.e.ssh {
            return Some(self.row(VerdictId::SshRemote, Measured));
        }
        if plain && self.e.account.is_none() {
            return Some(self.no_plain_account());
        }
        if self.e.helper == HelperReach::NotReached {
            return Some(self.not_set_up());
        }
        if let Some(refusal) = &self.e.app {
            return Some(refusal.verdict(self.e.target.owner.as_deref().unwrap_or("the owner")));
        }
        if let Some(unreadable) = &self.e.unreadable {
            return Some(self.unreadable(unreadable));
        }
        if self.e.account.is_some() {
            return None;
        }
        Some(match &self.e.asked_login {
            Some(login) => self.say(
                VerdictId::WrongAccount,
                Measured,
                &format!("the URL asks for {login}, who has no account for {{owner}}"),
                &[
                    &format!("add one: git credential-patron add {{scope}} --login {login}"),
                    "or take the name out of the URL: git remote set-url REMOTE {url}",
                ],
                &[],
            ),
            // A whole host was asked about: each account may be in order.
            None if self.e.target.owner.is_none() => self.say(
                VerdictId::NoAccount,
                Measured,
                "no account for all of {host}, and no other helper answered",
                &[
                    "name an owner or a repository, since most tokens are for one owner: git credential-patron list",
                    "or add a classic token for every owner: git credential-patron add https://{host}",
                ],
                &[],
            ),
            None => self.say(
                VerdictId::NoAccount,
                Measured,
                "no account for {owner}, and no other helper answered",
                &["git credential-patron add {scope}"],
                &["new({owner})"],
            ),
        })
    }

    pub(super) fn no_plain_account(&self) -> Verdict {
        let mut verdict = self.not_github(
            "{host} is not a GitHub host, and there is no account for it",
            &["add one: git credential-patron add https://{host}"],
        );
        verdict.exit = 1;
        verdict
    }

    pub(super) fn not_set_up(&self) -> Verdict {
        let setup = match self.e.target.host.as_deref() {
            Some("github.com" | "gist.github.com") | None => "git credential-patron setup",
            Some(_) => "git credential-patron setup --host {host}",
        };
        self.say(
            VerdictId::HelperNotSetUp,
            Measured,
            "git does not ask patron for this URL, or asks another helper first",
            &[
                setup,
                "if you ran setup: a helper line after patron's block in git's config overrides it; move it above the block",
            ],
            &[],
        )
    }

    /// There is an account, but its vault or its App does not give the secret, so git gets nothing.
    fn unreadable(&self, unreadable: &Unreadable) -> Verdict {
        let Unreadable { label, id, why, fix } = unreadable;
        if *id != VerdictId::NoAccount {
            let again = ["then check again: git credential-patron diagnose {url}"];
            let mut verdict = self.say(*id, Measured, "", &again, &[]);
            verdict.means = format!("the GitHub App of \"{label}\" gives no token: {why}");
            return verdict;
        }
        let mut verdict = self.say(
            VerdictId::NoAccount,
            Measured,
            "",
            &["or add the token again: git credential-patron add {scope}"],
            &[],
        );
        // What a system says is no template, whatever it holds.
        verdict.means = format!("the token of \"{label}\" cannot be read: {why}");
        match fix {
            Some(fix) => verdict.fix.insert(0, fix.clone()),
            None => verdict.fix = vec![verdict.fix.concat().trim_start_matches("or ").to_owned()],
        }
        verdict
    }

    fn no_answer(&self) -> Option<Verdict> {
        if let Observed::Trouble(trouble) = self.refusal {
            return Some(self.row(trouble.verdict_id(), Measured));
        }
        if let Observed::Stopped(words) = self.refusal {
            let mut verdict = self.say(
                VerdictId::Unreachable,
                Inferred,
                "",
                &[
                    "fix what git reports: it failed on this machine, and the token was not checked",
                    "then check again: git credential-patron diagnose {url}",
                ],
                &[],
            );
            // Git's words are no template, whatever they hold.
            verdict.means = match words.as_str() {
                "" => "git stopped without a message before GitHub answered".to_owned(),
                words => format!("git stopped before GitHub answered: {words}"),
            };
            return Some(verdict);
        }
        (self.e.host == HostKind::Plain).then(|| {
            self.not_github(
                "{host} is not a GitHub host: patron stores a credential for it and cannot check it",
                &[],
            )
        })
    }

    fn all_given(&self) -> Option<Verdict> {
        if !self.refusal.was_asked() {
            return Some(self.nothing_asked());
        }
        if !self.refusal.is_open() {
            return None;
        }
        let moved = [&self.e.fetch, &self.e.push, &self.e.repo]
            .into_iter()
            .filter_map(Observed::reply)
            .any(is_redirect);
        if moved {
            return Some(self.row(VerdictId::Moved, Measured));
        }
        let means = match (self.e.fetch.is_open(), self.e.push.is_open()) {
            (true, false) if self.e.open_to_all => "{full} is public: git can fetch it without a token",
            (true, true) => "GitHub lets {token} fetch and push",
            (true, false) => "GitHub lets {token} fetch",
            (false, true) => "GitHub lets {token} push",
            (false, false) => "GitHub recognises {token}",
        };
        let unknown = self.e.user.status() == Some(401);
        let fixes: &[&str] = if unknown {
            &["GitHub does not recognise {token}, which a push would need: git credential-patron add {scope}"]
        } else {
            &[]
        };
        Some(self.say(VerdictId::Ok, Measured, means, fixes, &[]))
    }

    fn said_to_git(&self) -> Option<Verdict> {
        let reply = self.refusal.reply()?;
        if let Some(found) = clear(reply)
            && !self.is_about_the_secret(found)
            && !NOT_A_REASON.contains(&found.denial.id)
        {
            return Some(if self.names_another_host(found) {
                self.row(VerdictId::ProxyFailed, Measured)
            } else {
                self.found(found)
            });
        }
        // Other statuses that leave one cause are phrases of its row.
        matches!(reply.status?, 301 | 302 | 307 | 308).then(|| self.row(VerdictId::Moved, Measured))
    }

    /// Says whether git could not connect to a host that is not the asked one: then it is the proxy, which
    /// older versions of its HTTP library name like any host (measured with libcurl 7.88.1).
    fn names_another_host(&self, found: &Finding) -> bool {
        let asked = self.e.target.host.as_deref().map(|host| host.split(':').next().unwrap_or(host));
        found.denial.id == VerdictId::Unreachable
            && found.hole("name").zip(asked).is_some_and(|(named, asked)| !named.eq_ignore_ascii_case(asked))
    }

    fn unauthorised(&self) -> Option<Verdict> {
        let reply = self.refusal.reply()?;
        let to_git =
            reply.status == Some(401) || clear(reply).is_some_and(|found| self.is_about_the_secret(found));
        let to_us = self.e.user.status() == Some(401);
        if !to_git && !to_us {
            return None;
        }
        // One request tells a bad token from an outage that looks like one.
        if !to_us && let Some(verdict) = self.trouble_of_githubs() {
            return Some(verdict);
        }
        if self.e.user.is_open() && reply.status == Some(401) {
            return Some(self.known_all_the_same(reply));
        }
        let account = self.e.account.as_ref()?;
        if account.kind == TokenKind::Unknown {
            return Some(self.row(VerdictId::PasswordNotAccepted, Measured));
        }
        if let Some(expires) = account.expires
            && expires <= self.e.now
        {
            return Some(self.expired(expires, Measured));
        }
        // GitHub Enterprise Server answers a password, and only a password, with 403.
        if !to_us
            && reply.status != Some(401)
            && let Some(found) = clear(reply)
        {
            return Some(self.found(found));
        }
        Some(self.row(VerdictId::TokenRejected, Measured))
    }

    /// Gives the verdict if `GET /user` was refused for a reason that is not the token's.
    fn trouble_of_githubs(&self) -> Option<Verdict> {
        let reply = self.e.user.reply().filter(|_| !self.e.user.is_open())?;
        clear(reply).map(|found| self.found(found))
    }

    /// Gives the verdict if git got 401 and `GET /user` did not.
    fn known_all_the_same(&self, reply: &ServerReply) -> Verdict {
        let hints = |challenge: &str| challenge.contains("enterprise_hint=");
        let hinted = self.e.challenges.iter().any(|challenge| hints(challenge))
            || reply.header("www-authenticate").is_some_and(hints);
        if hinted {
            return self.row(VerdictId::EnterpriseManagedUser, Measured);
        }
        self.say(
            VerdictId::UnknownRefusal,
            Measured,
            "GitHub refused {token} just now, but still recognises it",
            &["try again; if it keeps happening: git credential-patron diagnose {url}"],
            &[],
        )
    }

    fn said_to_us(&self) -> Option<Verdict> {
        // The list of repositories may be refused for the sake of other owners: it is not asked here.
        let ours = [&self.e.repo, &self.e.contents, &self.e.user];
        let strangers = ours.iter().any(|heard| matches!(heard, Observed::Trouble(NoReply::CaptivePortal)));
        if strangers && ours.iter().all(|heard| heard.reply().is_none()) {
            return Some(self.row(VerdictId::CaptivePortal, Measured));
        }
        ours.into_iter()
            .filter_map(Observed::reply)
            .filter_map(clear)
            .find(|found| {
                let id = &found.denial.id;
                !NOT_A_REASON.contains(id) && !OUR_OWN.contains(id)
            })
            .map(|found| self.found(found))
    }

    pub(super) fn unknown(&self) -> Verdict {
        let reply = self.refusal.reply();
        let status =
            reply.and_then(|reply| reply.status).map_or(String::new(), |status| format!(" with {status}"));
        let words = reply.map(|reply| reply.words.as_str()).unwrap_or_default();
        let mut verdict = self.say(
            VerdictId::UnknownRefusal,
            Measured,
            &format!("GitHub refused{status} and did not say why"),
            &["git credential-patron diagnose {url} shows what was asked and what is ruled out"],
            &[],
        );
        if !words.is_empty() {
            // GitHub's words are no template, whatever they hold.
            verdict.means = format!("GitHub says: {words}");
        }
        verdict
    }

    /// Gives the verdict where no request was made.
    fn nothing_asked(&self) -> Verdict {
        let expires = self.e.account.as_ref().and_then(|account| account.expires);
        match expires.filter(|expires| *expires <= self.e.now) {
            Some(expires) => self.expired(expires, Inferred),
            None => self.not_asked(),
        }
    }

    pub(super) fn not_asked(&self) -> Verdict {
        self.say(
            VerdictId::NotAsked,
            Measured,
            "{host} was not asked, so its answer is not known",
            &["to check: git credential-patron diagnose {url}"],
            &[],
        )
    }

    pub(super) fn expired(&self, expires: i64, certainty: Certainty) -> Verdict {
        let day = jiff::Timestamp::from_second(expires)
            .map_or(String::new(), |time| format!(" on {}", time.strftime("%Y-%m-%d")));
        self.say(
            VerdictId::TokenExpired,
            certainty,
            &format!("{{token}} expired{day}"),
            &["regenerate it on the page, then run: git credential-patron add {scope}"],
            TOKEN_PAGES,
        )
    }

    /// Says whether this is about the secret itself, which needs a second look.
    fn is_about_the_secret(&self, found: &Finding) -> bool {
        match found.denial.id {
            VerdictId::TokenRejected | VerdictId::PasswordNotAccepted => true,
            // As a hint in the challenge it comes with every 401 of an enterprise's repository.
            VerdictId::EnterpriseManagedUser => self.refusal.status() == Some(401),
            _ => false,
        }
    }
}
