//! What evidence proves although GitHub's words to git leave it open.

use super::{Case, Observed, ServerReply, Verdict, is_redirect};
use crate::denial::catalogue::Certainty::Measured;
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;

/// What to do about a missing scope, by the token's kind.
const SCOPE_OF_A_CLASSIC: &str = "choose it on the token's page; the secret stays the same";
const SCOPE_OF_A_TOOLS: &str = "log in again with the tool that made it, and allow repositories";
pub(super) const SEE_ACCOUNTS: &str = "list the accounts: git credential-patron list";

impl Case<'_> {
    /// Concludes what is certain, if anything is.
    pub(super) fn certain(&self) -> Option<Verdict> {
        self.moved()
            .or_else(|| self.wrong_account())
            .or_else(|| self.single_sign_on())
            .or_else(|| self.scope_missing())
            .or_else(|| self.closed())
            .or_else(|| self.no_role())
    }

    fn moved(&self) -> Option<Verdict> {
        is_redirect(self.e.repo.reply()?).then(|| self.row(VerdictId::Moved, Measured))
    }

    fn wrong_account(&self) -> Option<Verdict> {
        let account = self.e.account.as_ref()?;
        let known = account.login.as_deref();
        if account.user_id.is_some() && account.user_id == self.e.user.number("id") {
            // The same user, whatever the login is now.
            return None;
        }
        let user = self.e.user.name("login");
        let named = self.said().and_then(|found| found.hole("login")).or(user.as_deref());
        if let Some((named, known)) = differ(named, known) {
            return Some(self.say(
                VerdictId::WrongAccount,
                Measured,
                &format!("GitHub takes {{token}} for {named}, not for {known}"),
                &[
                    &format!("give {known}'s token: git credential-patron add {{scope}} --login {known}"),
                    SEE_ACCOUNTS,
                ],
                &[],
            ));
        }
        let (asked, other) = differ(self.e.asked_login.as_deref(), known.or(named))?;
        Some(self.asked_for_another(asked, other))
    }

    pub(super) fn asked_for_another(&self, asked: &str, other: &str) -> Verdict {
        self.say(
            VerdictId::WrongAccount,
            Measured,
            &format!("the URL asks for {asked}, and {{token}} belongs to {other}"),
            &[
                &format!("add an account of {asked}: git credential-patron add {{scope}} --login {asked}"),
                "or take the name out of the URL: git remote set-url REMOTE {url}",
            ],
            &[],
        )
    }

    /// A list over several organisations comes with the numbers of those that were left out for want of
    /// single sign-on (documented); the owner may be one of them.
    fn single_sign_on(&self) -> Option<Verdict> {
        let header = self.e.private_repos.reply()?.header("x-github-sso")?;
        let (_, left_out) = header.split_once("organizations=")?;
        let id = self.e.owner.field("id")?.as_u64()?;
        left_out
            .split(',')
            .any(|number| number.trim().parse() == Ok(id))
            .then(|| self.row(VerdictId::SsoRequired, Measured))
    }

    fn scope_missing(&self) -> Option<Verdict> {
        let kind = self.kind()?;
        if !matches!(kind, TokenKind::Classic | TokenKind::OAuth | TokenKind::Unknown) {
            return None;
        }
        let scopes = [&self.e.user, &self.e.repo, &self.e.private_repos]
            .into_iter()
            .filter_map(Observed::reply)
            .find_map(ServerReply::scopes)?;
        let needed = match (self.is_public(), self.only_push_is_refused()) {
            (true, true) => "public_repo",
            // Whoever is refused here is refused for something else.
            (true, false) => return None,
            (false, _) => "repo",
        };
        if scopes.contains(&"repo") || scopes.contains(&needed) {
            return None;
        }
        let has = match scopes.join(", ") {
            has if has.is_empty() => "none".to_owned(),
            has => has,
        };
        let means = format!("{{token}} lacks the scope {needed} (it has: {has})");
        let fix = if kind == TokenKind::OAuth { SCOPE_OF_A_TOOLS } else { SCOPE_OF_A_CLASSIC };
        Some(self.without_scope(&means, &[fix]))
    }

    pub(super) fn without_scope(&self, means: &str, fixes: &[&str]) -> Verdict {
        self.say(VerdictId::ScopeMissing, Measured, means, fixes, &["classic/{classic}", "classic"])
    }

    fn closed(&self) -> Option<Verdict> {
        let is = |field: &str| self.e.repo.flag(field) == Some(true);
        if is("disabled") {
            Some(self.row(VerdictId::RepositoryDisabled, Measured))
        } else if is("archived") && self.only_push_is_refused() {
            Some(self.row(VerdictId::Archived, Measured))
        } else {
            None
        }
    }

    fn no_role(&self) -> Option<Verdict> {
        (self.only_push_is_refused() && !self.may_push()?).then(|| self.without_role())
    }

    pub(super) fn without_role(&self) -> Verdict {
        let login = self.login().unwrap_or("your account".to_owned());
        let mut fixes = vec!["ask {owner} for the write role, or push to a fork"];
        // Only the logins of managed accounts hold an underscore.
        if login.contains('_') {
            fixes.push("an account that an enterprise manages can write only inside of that enterprise");
        }
        let means = format!("{login} may read {{full}}, but not write to it");
        self.say(VerdictId::NoWriteRole, Measured, &means, &fixes, &[])
    }
}

/// Gives both names if they are two.
fn differ<'n>(a: Option<&'n str>, b: Option<&'n str>) -> Option<(&'n str, &'n str)> {
    a.zip(b).filter(|(a, b)| !a.eq_ignore_ascii_case(b))
}
