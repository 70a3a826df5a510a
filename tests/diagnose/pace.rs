//! How long a diagnosis takes where GitHub answers slowly: rounds, not the sum of all requests.

use super::super::forge::{Policy, Rule, Then};
use super::scene::Scene;
use std::time::Duration;

/// How long each reply is held back.
const DELAY: Duration = Duration::from_millis(500);

/// The shortest of a few runs, since a busy machine only adds to it.
fn shortest(scene: &Scene, arguments: &str) -> Duration {
    (0..3).map(|_| scene.diagnose(arguments).ok().took).min().expect("there were some")
}

/// How many delays a run takes longer when every reply is delayed.
fn rounds(scene: &Scene, arguments: &str) -> f64 {
    let before = shortest(scene, arguments);
    scene.forge.policy(|policy| policy.rules.push(Rule::fault(Then::Delay(DELAY))));
    let delayed = shortest(scene, arguments);
    scene.forge.policy(|policy| policy.rules.clear());
    delayed.saturating_sub(before).as_secs_f64() / DELAY.as_secs_f64()
}

#[test]
fn a_healthy_repository_takes_two_rounds_in_each_direction_and_for_all_remotes() {
    let scene = Scene::new(Policy::sample(), &[("acme", "acme"), ("globex", "globex"), ("mona", "mona")]);
    scene.repository(&[("origin", "https://github.com/acme/secret.git")]);
    for arguments in ["", "--push"] {
        let rounds = rounds(&scene, arguments);
        assert!((1.5..=2.5).contains(&rounds), "{arguments}: {rounds:.2} rounds");
    }
    for (name, url) in
        [("fork", "https://github.com/mona/dotfiles"), ("other", "https://github.com/globex/api")]
    {
        scene.sandbox.git(["remote", "add", name, url]).ok();
    }
    let rounds = rounds(&scene, "--push");
    assert!(rounds <= 2.5, "three remotes with a token each: {rounds:.2} rounds");
}

#[test]
fn a_refusal_takes_one_round_more() {
    let scene = Scene::usual();
    let shortest = |scene: &Scene| {
        (0..2).map(|_| scene.diagnose("acme/nothing").fails(1).took).min().expect("there were some")
    };
    let before = shortest(&scene);
    scene.forge.policy(|policy| policy.rules.push(Rule::fault(Then::Delay(DELAY))));
    let rounds = shortest(&scene).saturating_sub(before).as_secs_f64() / DELAY.as_secs_f64();
    assert!(rounds <= 3.5, "{rounds:.2} rounds");
}

#[test]
fn nothing_hangs_where_nobody_answers() {
    let scene = Scene::usual();
    scene.forge.policy(|policy| policy.rules.push(Rule::fault(Then::Delay(Duration::from_secs(120)))));
    let output = scene.diagnose("acme/secret --push").fails(3);
    assert!(output.took < Duration::from_secs(20), "{:?}", output.took);
    assert!(output.stdout().contains("unreachable (measured)"), "{}", output.report());
}
