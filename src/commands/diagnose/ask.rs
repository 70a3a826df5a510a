//! Asks about the targets: those with one token one after the other, the others side by side.
//!
//! A token that GitHub does not know is sent once, however many remotes would send it: several bad logins
//! lock a user out (documented: "Failed login limit").

use super::ready::Ready;
use crate::git::Git;
use crate::inspect::{Inspection, Means, inspect, own_word as git_alone};
use crate::verdict::Observed;
use std::thread;
use std::time::Duration;

/// How long one target may take in all.
const BOUND: Duration = Duration::from_secs(10);

/// Gives what was found out about each target, in their order; none where nothing can be asked.
pub(super) fn ask(git: Option<&Git>, ready: &[Ready<'_>]) -> Vec<Option<Inspection>> {
    let mut found: Vec<Option<Inspection>> = ready.iter().map(|_| None).collect();
    let Some(git) = git else { return found };
    let groups = groups(ready);
    let done: Vec<Vec<(usize, Inspection)>> = thread::scope(|scope| {
        let threads: Vec<_> = groups
            .into_iter()
            .map(|group| scope.spawn(move || one_after_the_other(git, ready, &group)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    for (at, inspection) in done.into_iter().flatten() {
        found[at] = Some(inspection);
    }
    found
}

/// Asks git's own question about one target, and nothing else.
pub(super) fn own_word(git: Option<&Git>, ready: &Ready<'_>) -> Observed {
    let (Some(git), Some(subject)) = (git, ready.subject()) else { return Observed::NotAsked };
    let means = Means { git, remote_name: ready.aim.target.name.as_deref(), clones: false, empty: None };
    git_alone(&means, &subject, BOUND)
}

/// Puts together what is asked with the same token at the same host.
fn groups(ready: &[Ready<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, one) in ready.iter().enumerate() {
        if one.subject().is_none() {
            continue;
        }
        let same = |other: &usize| {
            let other = &ready[*other];
            other.secret() == one.secret() && other.aim.target.remote.host == one.aim.target.remote.host
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(same)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

fn one_after_the_other(git: &Git, ready: &[Ready<'_>], group: &[usize]) -> Vec<(usize, Inspection)> {
    let mut user = Observed::NotAsked;
    let mut found = Vec::new();
    for &at in group {
        let Some(subject) = ready[at].subject() else { continue };
        let remote_name = ready[at].aim.target.name.as_deref();
        let means = Means { git, remote_name, clones: false, empty: None };
        let inspection = inspect(&means, &subject, BOUND, user.clone());
        if inspection.evidence.user.reply().is_some() {
            user = inspection.evidence.user.clone();
        }
        found.push((at, inspection));
    }
    found
}
