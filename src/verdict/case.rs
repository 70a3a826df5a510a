//! The evidence of one target, and what is derived from it: facts, and the words for verdicts.

use super::{Evidence, HostKind, Observed, Origin, Party, ServerReply, Verdict, Visible, Wording};
use crate::denial::catalogue::Certainty::{self, Measured};
use crate::denial::catalogue::{Finding, row};
use crate::remote::Direction;
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;

/// The page of the token, as closely as it is known.
pub(super) const TOKEN_PAGES: &[&str] = &["fg/{fg}", "classic/{classic}", "fg"];

/// The evidence, and what is derived from it once.
pub(super) struct Case<'a> {
    pub(super) e: &'a Evidence,
    /// The request that decides: git's that was not given, else the first of ours.
    pub(super) refusal: &'a Observed,
    visible: Option<Visible>,
    owner: &'a str,
    repo: &'a str,
}

impl<'a> Case<'a> {
    pub(super) fn of(e: &'a Evidence) -> Self {
        let git = [&e.fetch, &e.push];
        let ours = [&e.repo, &e.user];
        let refusal = git
            .into_iter()
            .find(|heard| heard.was_asked() && !heard.is_open())
            .or_else(|| git.into_iter().find(|heard| heard.was_asked()))
            // Our own calls decide where no repository was meant. Where one was, and git could not be asked, they
            // prove at most that the token is bad.
            .or_else(|| {
                let may_decide = e.target.repo.is_none() || e.user.status() == Some(401);
                ours.into_iter().find(|heard| may_decide && heard.was_asked())
            })
            .unwrap_or(&Observed::NotAsked);
        Case {
            e,
            refusal,
            visible: Visible::of(&e.private_repos),
            owner: e.target.owner.as_deref().unwrap_or_default(),
            repo: e.target.repo.as_deref().unwrap_or_default(),
        }
    }
}

/// Facts
impl Case<'_> {
    /// Gives what the catalogue found in the refusal.
    pub(super) fn said(&self) -> Option<&Finding> {
        self.refusal.reply()?.said.as_ref()
    }

    /// Says whether fetch is given, or in sight, and push is not.
    pub(super) fn only_push_is_refused(&self) -> bool {
        let refused = |heard: &Observed| heard.was_asked() && !heard.is_open();
        // Without a fetch to compare with, a repository that is not in sight is no matter of writing.
        let shown = |heard: &Observed| heard.status() != Some(404);
        let in_sight = self.e.fetch.is_open()
            || (self.e.direction == Direction::Push && shown(&self.e.repo) && shown(&self.e.push));
        refused(&self.e.push) && !refused(&self.e.fetch) && in_sight
    }

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.e.account.as_ref().map(|account| account.kind)
    }

    pub(super) fn login(&self) -> Option<String> {
        self.e.user.name("login").or_else(|| self.e.account.as_ref()?.login.clone())
    }

    /// Says whether the owner is the token's own user, for whom nobody has to approve anything.
    pub(super) fn is_own(&self) -> bool {
        self.login().is_some_and(|login| login.eq_ignore_ascii_case(self.owner))
    }

    /// Says whether approval may be a thing here: users have none.
    pub(super) fn is_organization(&self) -> bool {
        let kind = self.e.owner.name("type");
        !self.is_own() && kind.is_none_or(|kind| kind == "Organization")
    }

    /// Says whether a fine-grained token was to open what is another person's, which it never does.
    pub(super) fn is_anothers(&self) -> bool {
        let is_fine_grained = self.kind() == Some(TokenKind::FineGrained);
        is_fine_grained && !self.is_own() && !self.is_organization()
    }

    /// Says whether the token was ever accepted for this owner.
    pub(super) fn accepted(&self) -> bool {
        self.e.account.as_ref().is_some_and(|account| account.accepted_for_owner || account.accepted_for_repo)
    }

    /// Says whether the token sees anything private of the owner, if that is known.
    pub(super) fn sees_owner(&self) -> Option<bool> {
        if self.sees_repo_privately() {
            return Some(true);
        }
        self.visible.as_ref()?.any_of(self.owner)
    }

    /// Says whether the repository is private and in the token's sight, so that the token is active.
    fn sees_repo_privately(&self) -> bool {
        self.e.repo.is_open()
            && (self.e.repo.flag("private") == Some(true) || self.e.repo_anonymous.status() == Some(404))
    }

    /// Says whether everybody may read the repository.
    pub(super) fn is_public(&self) -> bool {
        self.e.repo.flag("private") == Some(false) || self.e.repo_anonymous.is_open()
    }

    /// Gives the owner that a fine-grained token belongs to, if its sight shows that it is another.
    ///
    /// Such a token has one resource owner, and sees private repositories of nobody else.
    pub(super) fn other_owner(&self) -> Option<&str> {
        if self.kind() != Some(TokenKind::FineGrained) || self.accepted() || self.sees_owner() == Some(true) {
            return None;
        }
        self.visible.as_ref()?.other_than(self.owner)
    }

    /// Gives a repository in sight whose name is nearly the one that was asked for.
    pub(super) fn alike(&self) -> Option<&str> {
        self.visible.as_ref()?.like(self.owner, self.repo)
    }

    /// Says whether the user's role allows a push, if that is known; the token's permission is another matter.
    pub(super) fn may_push(&self) -> Option<bool> {
        self.e.repo.field("permissions")?.get("push")?.as_bool()
    }

    /// Says whether GitHub told that the permission to write contents would have been enough.
    pub(super) fn wants_contents_write(&self) -> bool {
        self.e
            .repo
            .reply()
            .filter(|reply| reply.status == Some(403))
            .and_then(|reply| reply.header("x-accepted-github-permissions"))
            .is_some_and(|accepted| accepted.contains("contents=write"))
    }
}

/// Words
impl Case<'_> {
    fn words(&self) -> Wording<'_> {
        let account = self.e.account.as_ref();
        let token = account.map(|account| match account.origin {
            Origin::Account => format!("the token \"{}\"", account.label),
            Origin::Fallback => "the token of your previous helper".to_owned(),
            Origin::Url => "the token in the remote's URL".to_owned(),
        });
        Wording {
            token,
            login: account.and_then(|account| account.login.as_deref()),
            number: account.and_then(|account| account.number.as_deref()),
            kind: self.kind(),
            whose: match self.e.host {
                HostKind::GitHub => Party::GitHub,
                HostKind::Plain => Party::of_plain(&self.e.target),
            },
            ..Wording::of(&self.e.target)
        }
    }

    /// Gives the verdict of a row, filled with what was said if it is that row's.
    pub(super) fn row(&self, id: VerdictId, certainty: Certainty) -> Verdict {
        let said = self.said().filter(|found| found.denial.id == id);
        self.row_with(id, said, certainty)
    }

    /// Gives the verdict of a row, filled with what was found.
    pub(super) fn row_with(&self, id: VerdictId, found: Option<&Finding>, certainty: Certainty) -> Verdict {
        let denial = row(id).expect("a test holds the ids given here against the catalogue");
        let words = Wording { found, ..self.words() };
        words.of_row(denial, certainty)
    }

    /// Gives the verdict of what GitHub said for certain: our own request proves that it was a refusal.
    pub(super) fn found(&self, found: &Finding) -> Verdict {
        self.row_with(found.denial.id, Some(found), Measured)
    }

    /// Gives the verdict of a host that is not GitHub's. What is said of GitHub there is not said of the host's own
    /// forge.
    pub(super) fn not_github(&self, means: &str, fixes: &[&str]) -> Verdict {
        let words = Wording { whose: Party::GitHub, ..self.words() };
        Verdict::new(VerdictId::NotGithub, Measured, words.fill(means), words.fixes(fixes), None)
    }

    /// Gives a verdict in these words.
    pub(super) fn say(
        &self,
        id: VerdictId,
        certainty: Certainty,
        means: &str,
        fixes: &[&str],
        pages: &[&str],
    ) -> Verdict {
        let words = self.words();
        let page = pages.iter().find_map(|page| words.page(page));
        Verdict::new(id, certainty, words.fill(means), words.fixes(fixes), page)
    }
}

/// Gives what the catalogue found in a reply, if it leaves one cause.
pub(super) fn clear(reply: &ServerReply) -> Option<&Finding> {
    reply.said.as_ref().filter(|found| !found.ambiguous)
}

/// Says whether an answer leads elsewhere.
pub(super) fn is_redirect(reply: &ServerReply) -> bool {
    matches!(reply.status, Some(301 | 302 | 307 | 308))
        || reply.said.as_ref().is_some_and(|found| found.denial.id == VerdictId::Moved)
}
