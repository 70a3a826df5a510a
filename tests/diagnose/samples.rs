//! The forge refuses with each sample of the catalogue, and is diagnosed as that sample's row: for fetch and
//! for push, and by REST where the sample is a reply of the API.

use super::super::denial::catalogue::{Denial, rows};
use super::super::forge::{By, On, Policy, Reply, Rule, Then};
use super::super::sandbox::{Git, gits};
use super::scene::{Scene, targets};

/// Where a sample can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Fetch,
    Push,
    Api,
}

/// Says why a sample is not tried at a place; nothing if it is.
fn left_out(row: &Denial, reply: &Reply, place: Place) -> Option<&'static str> {
    let is_json = reply
        .headers
        .iter()
        .any(|(name, kind)| name.eq_ignore_ascii_case("content-type") && kind.contains("json"));
    match (row.id.as_str(), place) {
        _ if reply.status == 200 => Some("a GraphQL answer: no call of ours is one"),
        (_, Place::Fetch | Place::Push) if is_json => Some("git does not show JSON"),
        (_, Place::Api) if !is_json => Some("the API speaks JSON"),
        ("write-permission-missing", Place::Fetch) => Some("said of pushes alone"),
        ("read-permission-missing", Place::Push) => Some("where fetching is given, it is about writing"),
        ("no-account", _) => Some("said where no token was sent"),
        _ => None,
    }
}

/// The label of the token that is tried: the usual one, or one with which the words mean what their row says.
fn label(row: &Denial) -> &'static str {
    match row.id.as_str() {
        // A fine-grained token's sight tells more.
        "repository-not-found" => "classic",
        _ => "acme",
    }
}

/// The rules by which the forge says it.
fn rules(row: &Denial, reply: Reply, place: Place) -> Vec<Rule> {
    let to_git = |reply: Reply, on: On| Rule::answer(reply).repo("acme/secret").on(on);
    let by_api = |reply: Reply| Rule::fault(Then::Answer(reply)).by(By::Credential).on(On::Rest);
    let words = |status: u16, words: &str| Reply::json(status, &serde_json::json!({ "message": words }));
    let not_found = || Reply::text(404, "Repository not found.\n");
    let is_about_the_token = matches!(row.id.as_str(), "token-rejected" | "password-not-accepted");
    match place {
        Place::Fetch | Place::Push if is_about_the_token => {
            vec![to_git(reply, On::Git), by_api(words(401, "Bad credentials"))]
        }
        // The API agrees with git.
        _ if row.id.as_str() == "repository-not-found" => {
            vec![to_git(not_found(), On::Git), by_api(words(404, "Not Found")).repo("acme/secret")]
        }
        Place::Fetch => vec![to_git(reply, On::Read)],
        Place::Push => vec![to_git(reply, On::Write)],
        // A limit or an outage of the API is a reason where git's 401 is to be told from it.
        Place::Api if matches!(row.id.as_str(), "rate-limited" | "server-error") || is_about_the_token => {
            vec![to_git(Reply::text(401, "Invalid username or token.\n"), On::Git), by_api(reply)]
        }
        Place::Api if row.id.as_str() == "write-permission-missing" => {
            let denied = Reply::text(403, "Permission to acme/secret.git denied to mona.\n");
            vec![to_git(denied, On::Write), by_api(reply).repo("acme/secret")]
        }
        Place::Api => vec![to_git(not_found(), On::Git), by_api(reply).repo("acme/secret")],
    }
}

/// The row's id; but a challenge is known only from a git that tells its helpers of it.
fn expected(row: &Denial, reply: &Reply, place: Place) -> &'static str {
    let is_challenge =
        reply.status == 401 && row.id.as_str() == "enterprise-managed-user" && place != Place::Api;
    if is_challenge && !tells_challenges(&gits()[0]) { "unknown-refusal" } else { row.id.as_str() }
}

/// Git tells since 2.41.
fn tells_challenges(git: &Git) -> bool {
    git.is_at_least(2, 41)
}

#[test]
fn a_forge_that_refuses_with_a_sample_is_diagnosed_as_its_row() {
    let policy = || Policy::sample();
    let usual = Scene::new(policy(), &[("acme", "acme")]);
    let classic = Scene::new(policy(), &[("acme", "classic")]);
    let password = Scene::new(policy(), &[]);
    password.keep("acme", "correct horse battery staple", &["--no-verify", "--login", "mona"]);
    let (mut tried, mut wrong) = (0, Vec::new());
    for row in rows() {
        for sample in row.samples {
            let Some(reply) = Reply::from_sample(sample) else { continue };
            for place in [Place::Fetch, Place::Push, Place::Api] {
                if left_out(row, &reply, place).is_some() {
                    continue;
                }
                let scene = match (row.id.as_str(), label(row)) {
                    ("password-not-accepted", _) => &password,
                    (_, "classic") => &classic,
                    _ => &usual,
                };
                scene.forge.policy(|policy| policy.rules = rules(row, reply.clone(), place));
                // What happened before must not tell.
                scene.forget();
                let pushes = place == Place::Push || row.id.as_str() == "write-permission-missing";
                let one = scene.one(if pushes { "acme/secret --push" } else { "acme/secret" });
                tried += 1;
                if one.id() != expected(row, &reply, place) {
                    wrong.push(format!(
                        "{place:?} {}: {}\n{sample}\n{}",
                        row.id.as_str(),
                        one.id(),
                        one.words()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(tried > 80, "only {tried} samples were tried");
}

#[test]
fn the_hint_of_an_enterprise_is_read_from_gits_own_challenge_if_git_tells_it() {
    let challenge = "Basic realm=\"GitHub\" enterprise_hint=\"acme-corp\" domain_hint=\"acme\"";
    let refused = Reply::text(401, "Invalid username or token.\n").with("WWW-Authenticate", challenge);
    let scene = Scene::usual().then(|policy| {
        policy.challenge_hint = Some("enterprise_hint=\"acme-corp\" domain_hint=\"acme\"".to_owned());
        policy.rules.push(Rule::answer(refused).repo("acme/secret"));
    });
    for git in gits() {
        scene.forget();
        let output = scene.sandbox.patron(["diagnose", "acme/secret", "--json"]).with_git(git).fails(1);
        // Without it nothing is blamed that may be innocent: GitHub knows the token.
        let id = if tells_challenges(git) { "enterprise-managed-user" } else { "unknown-refusal" };
        assert_eq!(targets(&output)[0]["verdict"]["id"], id, "git {}: {}", git.version, output.report());
        assert!(!output.stdout().contains("wwwauth"), "{}", output.report());
    }
}

#[test]
fn every_row_that_can_be_refused_with_is_tried() {
    // What is said by git itself, by SSH, by gh or in the report of a push has no reply: `explain` reads it.
    let never: Vec<&str> = rows()
        .into_iter()
        .filter(|row| {
            let replies: Vec<Reply> =
                row.samples.iter().filter_map(|sample| Reply::from_sample(sample)).collect();
            let is_tried = |reply: &Reply| {
                [Place::Fetch, Place::Push, Place::Api]
                    .into_iter()
                    .any(|place| left_out(row, reply, place).is_none())
            };
            !replies.is_empty() && !replies.iter().any(is_tried)
        })
        .map(|row| row.id.as_str())
        .collect();
    // Nobody who sends a token is told that there is none.
    assert_eq!(never, ["no-account"], "no reply among their samples can be played");
}
