//! What a GitHub App's own calls prove: that it is not installed, is suspended, lacks a permission, or that this
//! machine's clock is wrong.

use super::Verdict;
use crate::denial::catalogue::Certainty::Measured;
use crate::verdict_id::VerdictId;
use std::fmt;

/// Why GitHub gives an App no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AppRefusal {
    /// It is not installed for the owner.
    NotInstalled {
        /// The page that installs it.
        page: Option<String>,
    },
    /// It is installed for the owner, and not for this repository.
    NotSelected {
        /// The installation's page.
        page: Option<String>,
    },
    /// The owner has suspended it.
    Suspended {
        /// The installation's page.
        page: Option<String>,
    },
    /// The owner has not granted what is needed.
    PermissionMissing {
        /// The installation's page.
        page: Option<String>,
        /// The permission and its level.
        what: String,
    },
    /// GitHub does not take a signature of such a time.
    ClockWrong {
        /// How far GitHub's clock is ahead, in seconds, if it said.
        ahead: Option<i64>,
    },
}

impl AppRefusal {
    /// Gives the verdict. `owner`: whose repositories the App was to open.
    pub(crate) fn verdict(&self, owner: &str) -> Verdict {
        let (id, fix, page) = match self {
            Self::NotInstalled { page } => (
                VerdictId::AppNotInstalled,
                vec![
                    format!("install it for {owner}; if you are no owner of {owner}, the same page asks its owners"),
                    "being authorised for you is something else: the App can then act for you, but is not installed"
                        .to_owned(),
                ],
                page,
            ),
            Self::NotSelected { page } => (
                VerdictId::AppNotInstalled,
                vec![format!("ask an owner of {owner} to select the repository on the installation's page")],
                page,
            ),
            Self::Suspended { page } => (
                VerdictId::AppSuspended,
                vec![format!("ask an owner of {owner} to lift that on the installation's page")],
                page,
            ),
            Self::PermissionMissing { page, what } => (
                VerdictId::AppPermissionMissing,
                vec![
                    format!("give the App this permission on its own page, under Permissions: {what}"),
                    format!("then an owner of {owner} must accept it on the installation's page"),
                ],
                page,
            ),
            Self::ClockWrong { .. } => (
                VerdictId::ClockWrong,
                vec!["set this machine's clock, and keep it right (timedatectl set-ntp true)".to_owned()],
                &None,
            ),
        };
        Verdict::new(id, Measured, self.to_string(), fix, page.clone())
    }

    /// Says how far this machine's clock is off. `ahead`: how far GitHub's is ahead, in seconds.
    pub(crate) fn clock(ahead: i64) -> String {
        let direction = if ahead.is_positive() { "behind" } else { "ahead of" };
        let how_far = match ahead.unsigned_abs() {
            seconds if seconds < 120 => format!("{seconds} s"),
            seconds if seconds < 7200 => format!("{} min", seconds / 60),
            seconds if seconds < 172_800 => format!("{} h", seconds / 3600),
            seconds => format!("{} days", seconds / 86_400),
        };
        format!("this machine's clock is {how_far} {direction} GitHub's")
    }
}

impl fmt::Display for AppRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { .. } => f.write_str("the GitHub App is not installed there"),
            Self::NotSelected { .. } => {
                f.write_str("the GitHub App is installed for the owner, and not for this repository")
            }
            Self::Suspended { .. } => f.write_str("the owner has suspended the GitHub App"),
            Self::PermissionMissing { what, .. } => {
                write!(f, "the GitHub App lacks a permission there ({what})")
            }
            // Nothing is wrong with a clock that agrees with GitHub's.
            Self::ClockWrong { ahead: None | Some(0) } => {
                f.write_str("GitHub accepts no signature with this machine's time")
            }
            Self::ClockWrong { ahead: Some(ahead) } => {
                write!(f, "{}, which takes no signature of such a time", Self::clock(*ahead))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_said_in_words() {
        for (ahead, words) in [
            (1, "this machine's clock is 1 s behind GitHub's"),
            (-119, "this machine's clock is 119 s ahead of GitHub's"),
            (120, "this machine's clock is 2 min behind GitHub's"),
            (-7199, "this machine's clock is 119 min ahead of GitHub's"),
            (7200, "this machine's clock is 2 h behind GitHub's"),
            (-172_799, "this machine's clock is 47 h ahead of GitHub's"),
            (172_800, "this machine's clock is 2 days behind GitHub's"),
        ] {
            assert_eq!(AppRefusal::clock(ahead), words);
        }
    }

    #[test]
    fn every_refusal_of_an_app_has_its_verdict_and_its_page() {
        let page = Some("https://github.com/settings/installations/7".to_owned());
        let what = "contents: write".to_owned();
        for (refusal, id, means) in [
            (
                AppRefusal::NotInstalled { page: page.clone() },
                "app-not-installed",
                "the GitHub App is not installed there",
            ),
            (
                AppRefusal::NotSelected { page: page.clone() },
                "app-not-installed",
                "the GitHub App is installed for the owner, and not for this repository",
            ),
            (
                AppRefusal::Suspended { page: page.clone() },
                "app-suspended",
                "the owner has suspended the GitHub App",
            ),
            (
                AppRefusal::PermissionMissing { page: page.clone(), what },
                "app-permission-missing",
                "the GitHub App lacks a permission there (contents: write)",
            ),
        ] {
            let verdict = refusal.verdict("acme");
            assert_eq!((verdict.id.to_string().as_str(), &verdict.page, verdict.exit), (id, &page, 1));
            assert_eq!(verdict.means, means);
            assert!(verdict.fix.iter().any(|line| line.contains("acme")), "{verdict:?}");
        }
        let no_time = "GitHub accepts no signature with this machine's time";
        for (ahead, means) in [
            (
                Some(3600),
                "this machine's clock is 60 min behind GitHub's, which takes no signature of such a time",
            ),
            (Some(0), no_time),
            (None, no_time),
        ] {
            let verdict = AppRefusal::ClockWrong { ahead }.verdict("acme");
            assert_eq!((verdict.id.to_string().as_str(), verdict.means.as_str()), ("clock-wrong", means));
        }
    }
}
