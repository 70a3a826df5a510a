//! What people read of `status`: what needs them is marked, and each has its fix on a line of its own.

use super::look::{AccountState, Look};
use super::{HostLine, Overview, RecentRefusal};
use crate::account::Account;
use crate::commands::page::Column;
use crate::terminal::{BAD, FAINT, GOOD, STRONG, Stream, WARNING, paint, sanitise};
use crate::time;
use anstyle::Style;

/// Where the texts of a row begin.
const TEXTS: usize = 13;

/// Writes all of it.
pub(super) fn text(overview: &Overview<'_>) -> String {
    let mut page = Rows { text: String::new(), width: Stream::Stdout.width(), troubles: 0, unknown: 0 };
    page.title("hosts");
    overview.hosts.iter().for_each(|host| page.host(host));
    page.title("accounts");
    for (account, look) in &overview.accounts {
        page.account(account, look, overview.now);
    }
    if overview.accounts.is_empty() {
        page.row(("none", FAINT), "add one: git credential-patron add OWNER");
    }
    page.title("refused in the last 7 days");
    overview.refusals.iter().for_each(|refused| page.refused(refused, overview.now));
    if overview.refusals.is_empty() {
        page.row(("nothing", FAINT), "");
    }
    page.end()
}

struct Rows {
    text: String,
    width: usize,
    troubles: usize,
    unknown: usize,
}

impl Rows {
    fn title(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{gap}{}\n", paint(STRONG, title)));
    }

    fn row(&mut self, (word, style): (&str, Style), message: &str) {
        if message.is_empty() {
            self.text.push_str(&format!("  {}\n", paint(style, word)));
            return;
        }
        let pad = " ".repeat((TEXTS - 2).saturating_sub(word.chars().count()).max(1));
        let column = Column { indent: TEXTS, width: self.width, style: None };
        self.text.push_str(&format!("  {}{pad}{}", paint(style, word), column.text(message)));
    }

    fn more(&mut self, text: &str) {
        let column = Column { indent: TEXTS, width: self.width, style: None };
        self.text.push_str(&format!("{}{}", " ".repeat(TEXTS), column.text(text)));
    }

    fn fix(&mut self, text: &str) {
        let column = Column { indent: TEXTS + 3, width: self.width, style: None };
        let arrow = paint(WARNING, "->");
        self.text.push_str(&format!("{}{arrow} {}", " ".repeat(TEXTS), column.text(text)));
    }

    /// An address stands alone on its line, so that nothing breaks it.
    fn page(&mut self, page: Option<&str>) {
        if let Some(page) = page {
            let page = sanitise(page, 600);
            self.text.push_str(&format!("{}{}\n", " ".repeat(TEXTS), Stream::Stdout.link(&page, &page)));
        }
    }

    fn host(&mut self, host: &HostLine) {
        let at = host.line.as_ref().map_or_else(String::new, |line| format!(" ({line})"));
        match host.asked_first {
            Some(true) => {
                let word = if host.is_fine() { ("ok", GOOD) } else { ("warning", WARNING) };
                self.row(word, &format!("{}: git asks patron first{at}", host.host));
            }
            Some(false) => {
                self.row(("failed", BAD), &format!("{}: git does not ask patron first{at}", host.host))
            }
            None => {
                self.unknown += 1;
                self.row(("unknown", WARNING), &format!("{}: git's configuration cannot be read", host.host));
            }
        }
        for (fact, fix) in &host.notes {
            self.troubles += 1;
            self.more(fact);
            self.fix(fix);
        }
    }

    fn account(&mut self, account: &Account, look: &Look, now: i64) {
        let style = match look.state {
            AccountState::Fine => GOOD,
            AccountState::Pending | AccountState::Unreachable | AccountState::NotAsked => WARNING,
            AccountState::Rejected | AccountState::Expired => BAD,
        };
        let scope = account.scope.short();
        let mut facts: Vec<String> = Vec::new();
        if scope != account.label {
            facts.push(scope);
        }
        let whose =
            look.login.as_ref().map_or_else(String::new, |login| format!("{}'s ", sanitise(login, 60)));
        facts.push(format!("{whose}{} token", account.kind.id()));
        match (look.state, look.expires) {
            (AccountState::Expired, Some(at)) => facts.push(format!("expired on {}", time::day(at))),
            (_, Some(at)) => facts.push(format!("expires {}", time::expiry(at, now))),
            (_, None) => {}
        }
        facts.extend(look.note.clone());
        self.row(
            (look.state.name(), style),
            &format!("{}: {}", sanitise(&account.label, 60), facts.join(", ")),
        );
        if look.is_wrong() {
            self.troubles += 1;
        } else if matches!(look.state, AccountState::Unreachable | AccountState::NotAsked) {
            self.unknown += 1;
        }
        if let Some(fix) = &look.fix {
            self.fix(fix);
        }
        self.page(look.page.as_deref());
    }

    fn refused(&mut self, refused: &RecentRefusal, now: i64) {
        self.troubles += 1;
        let what = refused.direction.map_or_else(String::new, |direction| format!("{} ", direction.name()));
        self.row((&time::ago(refused.at, now), BAD), &format!("{what}{}", refused.url));
        self.more(&format!("{} ({})", refused.verdict.means, refused.verdict.id));
        if let Some(fix) = refused.verdict.fix.first() {
            self.fix(fix);
        }
        self.page(refused.verdict.page.as_deref());
    }

    fn end(mut self) -> String {
        let noun = |count: usize| if count == 1 { "thing needs" } else { "things need" };
        let said = match (self.troubles, self.unknown) {
            (0, 0) => paint(GOOD, "no problems found"),
            (0, _) => paint(WARNING, "no problems found, but not everything could be checked"),
            (count, _) => paint(WARNING, &format!("{count} {} you", noun(count))),
        };
        self.text.push_str(&format!("\n{said}\n"));
        self.text
    }
}
