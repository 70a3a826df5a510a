//! What the machine's owner forbids, and whether the chosen account breaks it.

use super::Check;
use super::Group::Account as Group;
use super::Status::{Ok, Warning};
use crate::account::Account;
use crate::machine::Machine;
use crate::verdict_id::VerdictId;

/// States the rules with their lines, and which of them the account breaks.
pub(crate) fn policy(machine: &Machine, account: Option<&Account>) -> Vec<Check> {
    let rules = match machine.rules() {
        Result::Ok(rules) => rules,
        Err(why) => {
            let message = format!("this machine's policy cannot be read, so no new token is stored: {why}");
            return vec![Check::new(Group, "policy", Warning, message)];
        }
    };
    let broken = account.and_then(|account| {
        let rule = machine.breach(&account.scope, account.kind, account.expires, account.place.name())?;
        let message = format!(
            "\"{}\" still works, but could not be added today ({}): {rule}",
            account.label,
            VerdictId::PolicyForbids
        );
        Some(Check::new(Group, "policy", Warning, message))
    });
    let rules = rules.into_iter().map(|rule| Check::new(Group, "policy", Ok, rule));
    broken.into_iter().chain(rules).collect()
}
