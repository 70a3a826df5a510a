//! Doors that lead elsewhere: whoever answers there sees no token, and what is said there condemns none.

use super::*;
use crate::forge::{By, Host, HostKind, On, Reply, Rule, State, Then};

const CODES: [u16; 5] = [301, 302, 303, 307, 308];
/// Another host, another port, without TLS, both, and back to itself.
const DOORS: [&str; 5] = [
    "https://evil.test",
    "https://github.com:8443",
    "http://github.com",
    "http://evil.test",
    "https://github.com",
];
const CLONE: &str = "clone -q https://github.com/acme/secret";

fn desk(git: &'static Git) -> Desk {
    let mut policy = Policy::sample();
    policy.hosts.push(Host::new("evil.test", HostKind::Plain));
    policy.hosts.push(Host::new("github.com:8443", HostKind::Plain));
    let mut desk = Desk::with(policy, &[("acme", "acme")]).with_git(git);
    desk.use_git();
    for name in ["http_proxy", "HTTP_PROXY"] {
        let proxy = desk.forge.proxy_url();
        desk.sandbox.set(name, proxy);
    }
    desk
}

impl Desk {
    /// Who was shown a token besides the asked host, and how many others were knocked at.
    #[track_caller]
    fn nobody_else_saw_a_token(&self, what: &str) -> usize {
        let others: Vec<_> = self
            .forge
            .log()
            .into_iter()
            .filter(|entry| !["github.com", "api.github.com"].contains(&entry.host.as_str()))
            .collect();
        for entry in &others {
            assert_eq!(entry.token, None, "{what}: {} {}", entry.host, entry.path);
        }
        others.len()
    }

    fn has_outcomes(&self) -> bool {
        crate::given::outcomes_file(&self.sandbox).exists()
    }

    fn forget_outcomes(&self) {
        // There are none before the first question.
        let _ = std::fs::remove_file(crate::given::outcomes_file(&self.sandbox));
    }

    #[track_caller]
    fn is_not_rejected(&self, what: &str) {
        let listed = self.sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(!listed.contains("\"outcome\": \"rejected\""), "{what}: {listed}");
        let secret = self.forge.secret("acme");
        self.sandbox.patron(["token", "acme"]).ok().prints(&format!("{secret}\n"));
    }
}

/// Walks through all codes and doors; `by` is who is sent away.
fn walk(by: &By) {
    for (git_at, git) in gits().iter().enumerate() {
        let desk = desk(git);
        let mut knocked = 0;
        for (at, code) in CODES.into_iter().enumerate() {
            for (door_at, door) in DOORS.into_iter().enumerate() {
                // Each with one git; and REST is down for every other one of them.
                if (at + door_at) % gits().len() != git_at {
                    continue;
                }
                let rest_is_down = (at + door_at / 2) % 2 == 0;
                let what = format!("git {} {code} {door} {by:?} {rest_is_down}", git.version);
                let away = Rule::fault(Then::Redirect(code, door.to_owned())).by(by.clone()).on(On::Git);
                let down = Rule::fault(Then::Answer(Reply::text(503, "down\n"))).on(On::Rest);
                desk.forge.policy(|policy| {
                    policy.rules = vec![away];
                    policy.rules.extend(rest_is_down.then_some(down));
                });
                desk.forge.clear_log();
                desk.forget_outcomes();
                desk.fails(".", CLONE);
                let mut said = desk.fails(".", CLONE);
                // Once more when the host is asked again, if it was asked at all.
                if desk.has_outcomes() {
                    desk.later(61);
                }
                said.push_str(&desk.fails(".", CLONE));
                assert!(!said.contains("(approval-pending)") && !said.contains("(token-"), "{what}: {said}");
                desk.is_not_rejected(&what);
                for push in [&[][..], &["--push"]] {
                    let words =
                        [&["diagnose", "--json", "https://github.com/acme/secret"][..], push].concat();
                    let diagnosed = desk.sandbox.patron(words).run().stdout();
                    assert!(!diagnosed.contains("\"token-rejected\""), "{what}: {diagnosed}");
                    assert!(!diagnosed.contains("\"id\": \"ok\""), "{what}: {diagnosed}");
                }
                desk.is_not_rejected(&what);
                knocked += desk.nobody_else_saw_a_token(&what);
            }
        }
        assert!(knocked > 10, "the doors lead somewhere: {knocked}");
    }
}

#[test]
fn a_door_that_sends_everybody_elsewhere_costs_no_token_and_condemns_none() {
    walk(&By::Anyone);
}

#[test]
fn a_door_that_sends_who_shows_a_token_elsewhere_costs_no_token_and_condemns_none() {
    walk(&By::Credential);
}

/// Where nobody may be asked, nothing tells a refusal of the host's from one that git was led to. So it is no verdict:
/// the token is put off, as often as a rejected one, and that is all.
#[test]
fn where_nobody_may_be_asked_a_401_is_no_verdict_and_only_puts_the_token_off() {
    for git in gits() {
        for (code, door) in CODES.into_iter().zip(DOORS) {
            let what = format!("git {} {code} {door}", git.version);
            let desk = desk(git);
            desk.sandbox.git(["config", "--global", "patron.probe", "never"]).ok();
            let away = Rule::fault(Then::Redirect(code, door.to_owned())).by(By::Credential).on(On::Git);
            desk.forge.policy(|policy| policy.rules = vec![away]);
            let mut said = String::new();
            for _ in 0..3 {
                said.push_str(&desk.fails(".", CLONE));
            }
            for word in ["rejected", "does not recognise", "\npatron: github.com refused"] {
                assert!(!said.contains(word), "{what}: {said}");
            }
            let status = desk.sandbox.patron(["status", "--offline"]).run().stdout();
            assert!(!status.contains("rejected"), "{what}: {status}");
            if desk.nobody_else_saw_a_token(&what) > 0 && said.contains("(401)") {
                assert!(
                    said.contains("git says that github.com refused the token of acme (401)"),
                    "{what}: {said}"
                );
                assert!(
                    said.contains("the token of acme was refused to git (401); patron tries it again at "),
                    "the third time it is put off, {what}: {said}"
                );
                desk.later(60 * 60);
            }
            desk.forge.policy(|policy| policy.rules.clear());
            assert_eq!(Desk::lines(&desk.ok(".", CLONE)), [""; 0], "{what}");
            let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
            assert!(listed.contains("\"outcome\": \"accepted\""), "{what}: {listed}");
        }
    }
}

/// Whoever answers elsewhere can say all that GitHub says.
#[test]
fn githubs_words_from_elsewhere_are_not_believed() {
    let words = [
        (403, "remote: The 'acme' organization has enabled or enforced SAML SSO.\n", "sso-required"),
        (403, "Write access to repository not granted.\n", "read-permission-missing"),
        (404, "Repository not found.\n", "approval-pending"),
        (401, "Invalid username or token.\n", "token-rejected"),
    ];
    for git in gits() {
        let desk = desk(git);
        for (at, (status, text, id)) in words.into_iter().enumerate() {
            for rest_is_down in [false, true] {
                let what = format!("git {} {status} {id} {rest_is_down}", git.version);
                let away = Rule::fault(Then::Redirect(CODES[at], DOORS[0].to_owned()));
                let there = Rule::answer(Reply::text(status, text)).host("evil.test");
                let down = Rule::fault(Then::Answer(Reply::text(503, "down\n"))).on(On::Rest);
                desk.forge.policy(|policy| {
                    policy.rules = vec![away.by(By::Credential).on(On::Git).host("github.com"), there];
                    policy.rules.extend(rest_is_down.then_some(down));
                });
                desk.forge.clear_log();
                desk.forget_outcomes();
                let said = desk.fails(".", CLONE);
                assert!(!said.contains(&format!("({id})")), "{what}: {said}");
                let json =
                    desk.sandbox.patron(["diagnose", "--json", "https://github.com/acme/secret"]).run();
                assert!(!json.stdout().contains(&format!("\"{id}\"")), "{what}: {}", json.stdout());
                assert!(json.stdout().contains("captive-portal"), "{what}: {}", json.stdout());
                desk.is_not_rejected(&what);
                assert!(desk.nobody_else_saw_a_token(&what) > 0, "{what}: it was led there");
                assert_eq!(desk.pages(), [""; 0], "{what}");
            }
        }
    }
}

/// What stands refused is asked about again, and whoever is met elsewhere then cannot say that it still is.
#[test]
fn a_refusal_that_stands_is_not_confirmed_from_elsewhere() {
    let desk = desk(&gits()[0]);
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    let said = desk.fails(".", CLONE);
    assert!(said.contains("(approval-pending)"), "{said}");
    desk.later(11);
    let away = Rule::fault(Then::Redirect(302, DOORS[0].to_owned())).by(By::Credential).on(On::Git);
    let there = Rule::answer(Reply::text(404, "Repository not found.\n")).host("evil.test");
    desk.forge.policy(|policy| policy.rules = vec![away.host("github.com"), there]);
    let said = desk.fails(".", CLONE);
    assert!(said.contains("(captive-portal)") && !said.contains("approval"), "{said}");
}

/// A repository with another name leads to another place of the same host, whose refusal counts.
#[test]
fn a_refusal_of_a_renamed_repository_is_githubs() {
    for git in gits() {
        let desk = desk(git);
        let to = "https://github.com/acme/secret.git".to_owned();
        let moved = Rule::fault(Then::Redirect(301, to)).on(On::Git).repo("acme/before");
        let refusal = Reply::text(403, "Write access to repository not granted.\n");
        let refused = Rule::answer(refusal).by(By::Credential).on(On::Git).repo("acme/secret");
        desk.forge.policy(|policy| {
            policy.repository_mut("acme/secret").former_names.push(("acme".to_owned(), "before".to_owned()));
            policy.rules = vec![moved, refused];
        });
        let said = desk.fails(".", "clone -q https://github.com/acme/before");
        assert!(!said.contains("captive-portal") && said.contains("(read-permission-missing)"), "{said}");
    }
}

#[test]
fn a_token_that_is_bad_is_known_as_bad_also_behind_doors_and_without_rest() {
    for git in gits() {
        // The asked host itself refuses it, and REST is down.
        let desk = desk(git);
        desk.ok(".", CLONE);
        let down = Rule::fault(Then::Answer(Reply::text(503, "down\n"))).on(On::Rest);
        desk.forge.policy(|policy| {
            policy.rules = vec![down];
            policy.token_mut("acme").state = State::Revoked;
        });
        let said = desk.fails("secret", "fetch -q");
        assert!(said.contains("refused the token of acme (401)"), "{said}");
        let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(listed.contains("\"outcome\": \"rejected\""), "{listed}");
    }
}

#[test]
fn add_and_rest_follow_nobody_with_a_token() {
    let desk = desk(&gits()[0]);
    for (code, door) in CODES.into_iter().flat_map(|code| DOORS.map(|door| (code, door))) {
        let away = Rule::fault(Then::Redirect(code, door.to_owned())).on(On::Rest);
        desk.forge.policy(|policy| {
            policy.rules = vec![away];
            policy.token_mut("acme").state = State::Pending;
        });
        desk.forge.clear_log();
        desk.forget_outcomes();
        let secret = desk.forge.secret("acme");
        let added = desk.sandbox.patron(["add", "acme/tools", "--token-stdin"]).stdin(format!("{secret}\n"));
        assert!(!added.run().status.success(), "{code} {door}");
        desk.fails(".", CLONE);
        desk.sandbox.patron(["diagnose", "https://github.com/acme/secret"]).run();
        desk.nobody_else_saw_a_token(&format!("{code} {door}"));
    }
}

#[test]
fn a_renamed_repository_works_and_is_probed_once() {
    for git in gits() {
        for code in CODES {
            // One that comes after the token git itself does not survive ("RPC failed; HTTP 301").
            for by in [By::Anyone, By::Anonymous] {
                let what = format!("git {} {code} {by:?}", git.version);
                let desk = desk(git);
                let to = "https://github.com/acme/secret.git".to_owned();
                let moved = Rule::fault(Then::Redirect(code, to)).by(by.clone()).on(On::Git);
                desk.forge.policy(|policy| policy.rules = vec![moved.repo("acme/before")]);
                let said = desk.ok(".", "clone -q https://github.com/acme/before work");
                assert_eq!(Desk::lines(&said), [""; 0], "{what}: {said}");
                assert_eq!(desk.asked(), 2, "{what}: the probe and git");
                desk.forge.clear_log();
                let said = desk.ok("work", "fetch -q");
                assert_eq!(Desk::lines(&said), [""; 0], "{what}: {said}");
                assert_eq!(desk.asked(), 1, "{what}: git alone");
            }
        }
    }
}
