//! Which account is chosen and why, who else there is and why not, and whether its secret can be read.

use super::Check;
use super::Group::Account as Group;
use super::Status::{Failed, Ok, Skipped, Warning};
use crate::account::{Account, VaultPlace};
use crate::choose::{Because, Mismatch};
use crate::files;
use crate::time::day;
use crate::vault::VaultError;

/// How many accounts that are not chosen are named.
const MOST: usize = 8;

/// States which account is chosen, and by which rule.
pub(crate) fn account(chosen: &Account, because: Because) -> Check {
    let why = match because {
        Because::Only => "the only account that matches",
        Because::Narrower => "its scope is the most specific match",
        Because::AskedLogin => "the URL names its login",
        Because::NotRejected => "the other matching tokens were rejected",
        Because::NotExpired => "the other matching tokens have expired",
        Because::HasSecret => "no token is stored for the accounts before it",
        Because::Added => "you added it; the others were learned",
        Because::Label => "its label sorts first",
    };
    Check::new(Group, "account", Ok, format!("\"{}\" ({}): {why}", chosen.label, chosen.scope))
}

/// States that the chosen account may have another one's secret, and what mends it.
pub(crate) fn mixed_up(chosen: &Account, (fact, fix): (String, String)) -> Check {
    Check::new(Group, "account", Warning, format!("\"{}\": {fact}", chosen.label)).fix(fix)
}

/// Names the accounts that are not chosen: those that fit in their order, then those that do not.
pub(crate) fn others(fitting: &[&Account], rest: &[(&Account, Mismatch)], now: i64) -> Vec<Check> {
    let expired = |account: &Account| account.expires.filter(|at| *at <= now);
    let mut checks: Vec<Check> = fitting
        .iter()
        .map(|account| {
            let name = format!("\"{}\" ({})", account.label, account.scope);
            match expired(account) {
                Some(at) => {
                    let message = format!("{name} matches, but expired on {}", day(at));
                    Check::new(Group, "account-other", Warning, message)
                        .fix(format!("git credential-patron add {}", account.scope.short()))
                }
                None => Check::new(
                    Group,
                    "account-other",
                    Skipped,
                    format!("{name} matches too, with lower priority"),
                ),
            }
        })
        .collect();
    let same_host = rest.iter().filter(|(_, why)| *why != Mismatch::OtherHost);
    checks.extend(same_host.map(|(account, why)| {
        let why = match why {
            Mismatch::OtherHost => "is for another host",
            Mismatch::UnknownOwner => "is for one owner, and the URL names none",
            Mismatch::OtherOwner => "is for another owner",
            Mismatch::OtherRepository => "is for another repository",
            Mismatch::OtherLogin => "belongs to a different login than the URL names",
            Mismatch::NotTheGistsUser => "serves only its own user's gists",
        };
        Check::new(
            Group,
            "account-other",
            Skipped,
            format!("\"{}\" ({}) {why}", account.label, account.scope),
        )
    }));
    let more = checks.len().saturating_sub(MOST);
    checks.truncate(MOST);
    let elsewhere = rest.iter().filter(|(_, why)| *why == Mismatch::OtherHost).count();
    for (count, what) in [(more, "more of this host"), (elsewhere, "for other hosts")] {
        if count > 0 {
            let noun = if count == 1 { "account" } else { "accounts" };
            checks.push(Check::new(Group, "account-other", Skipped, format!("{count} {noun} {what}")));
        }
    }
    checks
}

/// States whether the vault gave the secret.
pub(crate) fn readable(account: &Account, read: Result<bool, &VaultError>) -> Check {
    let place = match account.place {
        VaultPlace::Keyring => "the keyring".to_owned(),
        VaultPlace::File => format!("secrets.toml, {}", files::PRIVATE),
        VaultPlace::Command(_) => "the account's command".to_owned(),
    };
    match read {
        Result::Ok(true) => Check::new(Group, "vault", Ok, format!("the token was read from {place}")),
        Result::Ok(false) => {
            Check::new(Group, "vault", Failed, format!("the {} has no token for it", account.place.name()))
                .fix(format!("git credential-patron add {}", account.scope.short()))
        }
        Err(trouble) => {
            let check =
                Check::new(Group, "vault", Failed, crate::terminal::sanitise(&trouble.to_string(), 300));
            match trouble.remedy() {
                Some(remedy) => check.fix(crate::terminal::sanitise(&remedy, 300)),
                None => check,
            }
        }
    }
}
