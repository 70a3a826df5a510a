//! What a first clone costs beyond git's own requests, where it is let in and where it is refused.
//!
//! The twin is a home without patron, where git's own `store` helper answers with a token of the same standing.

use super::*;
use crate::forge::{PendingAnswer, Permission, Rule, Selection, State, Then};
use std::time::Duration;

/// How long each reply takes: requests that are on their way together overlap, and count as one round trip.
const REPLY: Duration = Duration::from_millis(200);
const CLONE: &str = "clone -q https://github.com/acme/secret";

/// A home without patron, whose helper has the token with that label.
fn twin(policy: Policy, git: &'static Git) -> Desk {
    let twin = Desk::before_setup(Forge::start(policy)).with_git(git);
    let line = format!("https://mona:{}@github.com\n", twin.forge.secret("acme"));
    twin.sandbox.write(".git-credentials", line);
    twin.sandbox.write(".gitconfig", "[credential]\n\thelper = store\n");
    twin
}

/// How many round trips the requests so far were: those that came before a reply to the first of them was sent are one.
fn trips(desk: &Desk) -> usize {
    let (mut trips, mut last) = (0, None);
    for came in desk.forge.came() {
        if last.is_none_or(|last| came >= last + REPLY) {
            (trips, last) = (trips + 1, Some(came));
        }
    }
    trips
}

#[test]
fn a_first_clone_costs_one_request_more() {
    for git in gits() {
        let twin = twin(Policy::sample(), git);
        twin.ok(".", CLONE);
        let alone = twin.forge.log().len();
        let desk = Desk::new(Policy::sample()).with_git(git);
        desk.ok(".", CLONE);
        let with = desk.forge.log().len();
        println!("git {}: {alone} requests alone, {with} with patron", git.version);
        // An older git does not say that a credential is asked for, so the probe is asked for one itself.
        let more = if git.is_at_least(2, 46) { 1 } else { 2 };
        assert!(with <= alone + more, "git {}: {with} after {alone}: {:#?}", git.version, desk.forge.log());
        assert_eq!(desk.calls(), [""; 0], "nothing is asked of the API");
    }
}

#[test]
fn a_first_clone_that_is_refused_costs_three_round_trips_more() {
    for (git, answer) in gits()
        .iter()
        .flat_map(|git| [PendingAnswer::NotFound, PendingAnswer::NotGranted].map(|answer| (git, answer)))
    {
        let policy = || {
            let mut policy = Policy::sample().rule(Rule::fault(Then::Delay(REPLY)));
            policy.token_mut("acme").state = State::Pending;
            policy.pending = answer;
            policy
        };
        let twin = twin(policy(), git);
        twin.fails(".", CLONE);
        let alone = trips(&twin);
        let more = if git.is_at_least(2, 46) { 3 } else { 4 };
        // On a busy machine requests that start together need not come together: the best of three counts.
        let with = (0..3).map(|_| {
            let desk = Desk::new(policy()).with_git(git);
            let said = desk.fails(".", CLONE);
            assert!(Desk::lines(&said)[0].ends_with("(approval-pending)"), "{said}");
            let paths: Vec<String> = desk.forge.log().into_iter().map(|entry| entry.path).collect();
            println!(
                "git {} {answer:?}: {alone} round trips alone, {} with patron: {paths:?}",
                git.version,
                trips(&desk)
            );
            trips(&desk)
        });
        let with = with.min().expect("three");
        assert!(with <= alone + more, "git {} {answer:?}: {with} after {alone}", git.version);
    }
}

#[test]
fn diagnose_takes_four_round_trips_whatever_it_finds() {
    type Change = fn(&mut Policy);
    let standings: [(&str, Change); 6] = [
        ("fine", |_| {}),
        ("pending", |policy| policy.token_mut("acme").state = State::Pending),
        ("pending, which is named", |policy| {
            policy.token_mut("acme").state = State::Pending;
            policy.pending = PendingAnswer::NotGranted;
        }),
        ("revoked", |policy| policy.token_mut("acme").state = State::Revoked),
        ("repository not selected", |policy| {
            policy.token_mut("acme").repositories = Selection::Only(Vec::new());
        }),
        ("read only", |policy| policy.token_mut("acme").contents = Permission::Read),
    ];
    for (standing, change) in standings {
        for push in [false, true] {
            // On a busy machine requests that start together need not come together: the best of three counts.
            let taken = (0..3).map(|_| {
                let desk = Desk::new(Policy::sample());
                desk.forge.policy(|policy| {
                    change(policy);
                    policy.rules.push(Rule::fault(Then::Delay(REPLY)));
                });
                desk.forge.clear_log();
                let push = push.then_some("--push");
                desk.sandbox.patron(["diagnose", "acme/secret"].into_iter().chain(push)).run();
                let paths: Vec<String> = desk.forge.log().into_iter().map(|entry| entry.path).collect();
                println!("{standing}, push {}: {} round trips: {paths:?}", push.is_some(), trips(&desk));
                trips(&desk)
            });
            let least = taken.min().expect("three");
            assert!((1..=4).contains(&least), "{standing}: {least} round trips");
        }
    }
}

#[test]
fn eight_first_fetches_at_once_wait_for_nobody_elses_answer() {
    let repos: Vec<String> = (0..8).map(|number| format!("acme/r{number}")).collect();
    let policy = || repos.iter().fold(Policy::sample(), |policy, repo| policy.private(repo));
    // About as long as eight processes take to start on a machine that does other things as well.
    let reply = Duration::from_millis(1200);
    let spread = (0..3).map(|_| {
        let desk = Desk::new(policy());
        // From now on the token is known to be good.
        desk.ok(".", "ls-remote -q https://github.com/acme/secret");
        desk.ok(".", "init -q it");
        for repo in &repos {
            desk.ok("it", &format!("remote add {} https://github.com/{repo}", &repo[5..]));
        }
        desk.forge.policy(|policy| policy.rules.push(Rule::fault(Then::Delay(reply))));
        desk.forge.clear_log();
        desk.ok("it", "fetch -q --all -j8");
        // The first with a token for each repository is the probe.
        let mut probes: Vec<(String, std::time::Instant)> = Vec::new();
        for (entry, came) in desk.forge.log().into_iter().zip(desk.forge.came()) {
            if entry.token.is_some() && probes.iter().all(|(repo, _)| *repo != entry.repo) {
                probes.push((entry.repo, came));
            }
        }
        assert_eq!(probes.len(), repos.len());
        assert_eq!(desk.asked(), 2 * repos.len(), "each was asked about, and fetched");
        let first = probes.iter().map(|(_, came)| *came).min().expect("eight");
        let last = probes.iter().map(|(_, came)| *came).max().expect("eight");
        println!("the probes came within {} ms", (last - first).as_millis());
        last - first
    });
    // One after the other they would come within seven replies. A busy machine takes its time to start eight.
    assert!(spread.min().expect("three") < reply * 3);
}
