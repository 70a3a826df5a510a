//! The verdict: what is concluded, how sure it is, what to do, and on which page.
//!
//! `explain` concludes from a text alone, `conclude` from everything that was observed. Texts say what
//! GitHub said apart from what is most likely; they name the owner and the account's label, and never a
//! secret: none of the types here can hold one.

mod app;
mod case;
mod certain;
mod conclude;
mod evidence;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod likeliest;
mod pasted;
mod table;
#[cfg(test)]
mod tests;
mod typical;

pub(crate) use app::AppRefusal;
pub(crate) use conclude::conclude;
pub(crate) use evidence::{
    AnsweredBy, Evidence, HelperReach, HostKind, NoReply, Observed, Origin, ServerReply, TokenEvidence,
    Unreadable, Visible, answered_by,
};
pub(crate) use pasted::{Party, explain, unknown};
pub(crate) use table::{VerdictRow, row_of, rows};
pub(crate) use typical::recalled;

use crate::denial::catalogue::{Certainty, Denial, FALLBACKS, Finding, split_page};
use crate::denial::normal::RepositoryName;
use crate::pages::{Page, is_owner};
use crate::token::TokenKind;
use crate::verdict_id::VerdictId;
use case::{Case, TOKEN_PAGES, clear, is_redirect};
use serde::Serialize;

/// What is concluded of one target; serialised, it is the `verdict` of `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    /// The stable name.
    pub(crate) id: VerdictId,
    /// Whether GitHub said it or a request proved it.
    pub(crate) certainty: Certainty,
    /// What it means, in one line.
    pub(crate) means: String,
    /// What to do; if it is inferred, the likeliest cause first, then the others.
    pub(crate) fix: Vec<String>,
    /// The page where it can be changed.
    pub(crate) page: Option<String>,
    /// Whether the page may be opened without being asked for.
    #[serde(skip)]
    pub(crate) opens: bool,
    /// The exit code.
    #[serde(skip)]
    pub(crate) exit: u8,
}

impl Verdict {
    /// Puts a verdict together; what is the same for all of its id comes from the table.
    fn new(
        id: VerdictId,
        certainty: Certainty,
        means: String,
        fix: Vec<String>,
        page: Option<String>,
    ) -> Self {
        let row = row_of(id);
        Verdict { id, certainty, means, fix, opens: row.opens && page.is_some(), page, exit: row.exit }
    }
}

/// Gives the verdict of a refusal that is not patron's: git sent a credential by itself, from the line that `what`
/// names, and what `fix` says takes it away.
pub(crate) fn sent_by_git(what: &str, fix: String) -> Verdict {
    let means = format!("{what}: git sends that credential first, and GitHub refused it");
    Verdict::new(VerdictId::OtherCredentialFirst, Certainty::Measured, means, vec![fix], None)
}

/// Shows what a verdict means and what is to be done, without a case at hand.
pub(crate) fn of_row(about: &VerdictRow) -> Verdict {
    let target = RepositoryName::default();
    let mut verdict = match crate::denial::catalogue::row(about.id) {
        Some(denial) => Wording::of(&target).of_row(denial, about.certainty),
        None => typical::typical(about),
    };
    if let Some(means) = table::means(about.id) {
        verdict.means = means.to_owned();
    }
    verdict
}

/// Says why SSH is a way where this refusal leaves the user no other, or most likely none; none where a token can be
/// made that is let in.
pub(crate) fn only_ssh_is_left(verdict: &Verdict, evidence: &Evidence) -> Option<&'static str> {
    match verdict.id {
        VerdictId::ClassicForbidden | VerdictId::FineGrainedForbidden => {
            Some("or go by SSH, where that rule does not hold")
        }
        VerdictId::RepositoryNotFound if Case::of(evidence).is_anothers() => {
            Some("or go by SSH, which serves collaborators")
        }
        VerdictId::ApprovalPending => {
            Some("or you are an outside collaborator, whom no fine-grained token serves; SSH does")
        }
        _ => None,
    }
}

/// What fills the holes of texts and pages.
struct Wording<'a> {
    target: &'a RepositoryName,
    found: Option<&'a Finding>,
    /// The token in words, such as `the token "acme"`.
    token: Option<String>,
    login: Option<&'a str>,
    /// The number of the token's page, if it is known from earlier.
    number: Option<&'a str>,
    kind: Option<TokenKind>,
    /// Whose server it is: only GitHub has pages here.
    whose: Party,
}

impl<'a> Wording<'a> {
    fn of(target: &'a RepositoryName) -> Self {
        Wording {
            target,
            found: None,
            token: None,
            login: None,
            number: None,
            kind: None,
            whose: Party::GitHub,
        }
    }
}

impl Wording<'_> {
    /// Gives the verdict that a row of the catalogue describes.
    fn of_row(&self, row: &'static Denial, certainty: Certainty) -> Verdict {
        let page = row.pages.iter().find_map(|words| self.page(words));
        Verdict::new(row.id, certainty, self.fill(row.means), self.fixes(row.fix), page)
    }

    /// Fills the lines of a fix, each with its page if it has one and that can be filled.
    fn fixes(&self, lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| self.fix(line)).collect()
    }

    fn fix(&self, line: &str) -> String {
        let (text, page) = split_page(line);
        let mut text = self.fill(text);
        if let Some(url) = page.and_then(|words| self.page(words)) {
            text.push_str(": ");
            text.push_str(&url);
        }
        text
    }

    /// Fills the holes of a text.
    fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 40);
        let text = match self.whose {
            Party::GitHub => text.to_owned(),
            other => renamed(text, other.name()),
        };
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else {
                break;
            };
            out.push_str(before);
            out.push_str(&self.value(name));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// Writes what a server said so that it is seen to be a name: as it is if it is one, else quoted.
    fn named(value: &str) -> String {
        let is_name =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '[' | ']' | '@');
        match value.chars().all(is_name) {
            true => value.to_owned(),
            false => format!("\"{}\"", value.replace(['"', '\\'], "")),
        }
    }

    /// Gives a hole's value in a text: what GitHub named, what is known, or words that fit without it.
    fn value(&self, name: &str) -> String {
        let target = self.target;
        let known = match name {
            // No address is made for a host that nobody knows: a transcript can name any.
            "url" | "scope" if self.whose == Party::Unknown => Some("URL".to_owned()),
            // What `add` takes; the owner has the alphabet of owners, wherever it comes from.
            "scope" if self.whose != Party::GitHub => self.host().map(|host| format!("https://{host}")),
            "scope" => self.page_value("owner").map(|owner| match self.host() {
                Some("github.com" | "gist.github.com") | None => owner,
                Some(host) => format!("{host}/{owner}"),
            }),
            "full" => match (&target.owner, &target.repo) {
                (Some(owner), Some(repo)) => Some(format!("{owner}/{repo}")),
                _ => None,
            },
            "url" => match (self.host(), &target.owner, &target.repo) {
                (Some(host), Some(owner), Some(repo)) => Some(format!("https://{host}/{owner}/{repo}")),
                _ => None,
            },
            "host" => self.host().map(str::to_owned),
            "token" => self.token.clone(),
            _ => self.found.and_then(|found| found.hole(name)).map(Self::named),
        };
        known
            .or_else(|| match name {
                "owner" => self.page_value("owner"),
                "repo" => target.repo.clone(),
                "login" => self.login.map(str::to_owned),
                _ => None,
            })
            .or_else(|| {
                let (_, words) = FALLBACKS.iter().find(|(hole, _)| *hole == name)?;
                Some((*words).to_owned())
            })
            .unwrap_or_default()
    }

    /// Fills a page, as the tables write it, for this target's host.
    fn page(&self, words: &str) -> Option<String> {
        if self.whose != Party::GitHub {
            return None;
        }
        let mut page = Page::from_words(words, &|name| self.page_value(name))?;
        // The rows name the page of the kind that they speak of most; here the kind may be known.
        page = match (page, self.kind()) {
            (Page::FineGrained, Some(TokenKind::Classic)) => Page::Classic,
            (Page::ClassicNew { workflow: true }, Some(TokenKind::FineGrained)) => Page::FineGrained,
            (page, _) => page,
        };
        let host = match (self.host(), self.hole_of_address()) {
            (Some(host), _) => host,
            // Nobody knows the host: github.com, unless the text speaks of another.
            (None, None | Some("github.com")) => "github.com",
            (None, Some(_)) => return None,
        };
        page.url(host)
    }

    /// Gives a hole's value in a page. The owner is the one of the user's own URL wherever that is
    /// known: a server's text fills digits and requests, and chooses nothing else.
    fn page_value(&self, name: &str) -> Option<String> {
        let hole = |name: &str| self.found.and_then(|found| found.hole(name));
        let same_host = match (self.host(), self.hole_of_address()) {
            (Some("gist.github.com"), Some(named)) => named == "github.com",
            (Some(host), Some(named)) => named == host,
            _ => true,
        };
        match name {
            "owner" => match &self.target.owner {
                Some(owner) => Some(owner.clone()),
                None => {
                    hole("owner").or(hole("sso_owner")).filter(|owner| is_owner(owner)).map(str::to_owned)
                }
            },
            "repo" => self.target.repo.clone().or_else(|| hole("repo").map(str::to_owned)),
            "authorization_request" if hole("sso_owner").is_some() => {
                let same_owner = self
                    .page_value("owner")
                    .zip(hole("sso_owner"))
                    .is_some_and(|(owner, named)| owner.eq_ignore_ascii_case(named));
                hole(name).filter(|_| same_host && same_owner).map(str::to_owned)
            }
            "fg" | "classic" => {
                let of_kind = (self.kind() == Some(TokenKind::Classic)) == (name == "classic");
                hole(name).filter(|_| same_host).or(self.number.filter(|_| of_kind)).map(str::to_owned)
            }
            _ => hole(name).filter(|_| same_host).map(str::to_owned),
        }
    }

    /// Gives the token's kind, if it is known or was said.
    fn kind(&self) -> Option<TokenKind> {
        let said = self.found.and_then(|found| found.hole("kind"));
        self.kind.or(said.and_then(|kind| kind.contains("(classic)").then_some(TokenKind::Classic)))
    }

    /// Gives the host of the address in the text that was found.
    fn hole_of_address(&self) -> Option<&str> {
        self.found?.hole("at")
    }

    fn host(&self) -> Option<&str> {
        self.target.host.as_deref()
    }
}

/// Puts another server's name where a text says GitHub. What is GitHub's keeps its name: GitHub App, GitHub Desktop.
fn renamed(text: &str, name: &str) -> String {
    let mut parts = text.split("GitHub");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        let is_a_name =
            rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        out.push_str(if is_a_name { "GitHub" } else { name });
        out.push_str(rest);
    }
    out
}
