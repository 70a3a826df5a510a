//! A token that was typed is never lost, and `add` ends by saying what it sees.

use super::*;
use crate::forge::{On, Reply, Rule, State, Then};

const ADD: &str = "git credential-patron add acme --no-browser";
const PROMPT: &str = "token for acme (hidden): ";
const CHOICES: &str = "[r]etry, [k]eep unchecked, [q]uit?";

fn person() -> Person {
    Person::new(Policy::sample())
}

#[test]
fn a_host_that_does_not_answer_costs_no_token() {
    for fault in [
        Then::Close,
        Then::Truncate,
        Then::Answer(Reply::text(502, "bad gateway")),
        Then::Answer(Reply::html(200, "<title>Log in to the hotel</title>")),
    ] {
        let person = person();
        let secret = person.forge.secret("acme");
        let breaks = |times| {
            person.forge.policy(|policy| {
                policy.rules.insert(0, Rule::fault(fault.clone()).on(On::Rest).times(times));
            });
        };
        // The same token is checked again, without being typed again.
        breaks(1);
        let shown = person.runs(ADD).sees(PROMPT).types(&secret).sees(CHOICES).types("r").ends(0);
        assert!(shown.text().contains("added acme: mona's fine-grained token"), "{}", shown.text());
        assert!(!shown.text().contains(&secret[..20]));
        assert_eq!(person.kept("acme"), secret);
        // Kept unchecked.
        person.sandbox.patron(["remove", "acme", "--yes"]).ok();
        breaks(100);
        let shown = person.runs(ADD).sees(PROMPT).types(&secret).sees(CHOICES).types("k").ends(0);
        assert!(shown.text().contains("added acme: fine-grained token, stored in"), "{}", shown.text());
        assert_eq!(person.kept("acme"), secret);
        // Given up, and only after another look.
        person.sandbox.patron(["remove", "acme", "--yes"]).ok();
        let screen = person.runs(ADD).sees(PROMPT).types(&secret).sees(CHOICES).types("what?");
        let shown = screen.sees(&format!("what?\npatron: {CHOICES}")).types("q").ends(1);
        assert!(shown.text().contains("nothing was added"), "{}", shown.text());
        // Without a terminal to ask on.
        let output = person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(secret).fails(3);
        output.says("--no-verify").prints("");
        assert!(!person.has_accounts());
    }
}

#[test]
fn a_host_that_is_not_reached_is_said_not_to_have_answered() {
    let mut person = person();
    person.sandbox.set("HTTPS_PROXY", "http://127.0.0.1:9");
    person.sandbox.set("https_proxy", "http://127.0.0.1:9");
    let secret = person.forge.secret("acme");
    let question = format!("github.com did not answer. {CHOICES}");
    person.runs(ADD).sees(PROMPT).types(&secret).sees(&question).types("k").ends(0);
    assert_eq!(person.kept("acme"), secret);
}

#[test]
fn a_refused_token_may_be_replaced_by_another_or_kept() {
    let person = person();
    let revoked = |state| person.forge.policy(|policy| policy.token_mut("acme").state = state);
    let (secret, other) = (person.forge.secret("acme"), person.forge.secret("classic"));
    let question = format!("github.com does not accept this token. {CHOICES}");
    revoked(State::Revoked);
    let screen = person.runs(ADD).sees(PROMPT).types(&secret).sees(&question).types("r");
    screen.sees("uit? r\n").types(&other).ends(0);
    assert_eq!(person.kept("acme"), other);
    person.sandbox.patron(["remove", "acme", "--yes"]).ok();
    person.runs(ADD).sees(PROMPT).types(&secret).sees(&question).types("keep").ends(0);
    assert_eq!(person.kept("acme"), secret);
    let output = person.sandbox.patron(["add", "globex", "--token-stdin"]).stdin(secret).fails(1);
    output.says("github.com does not accept this token").says("--no-verify");
}

#[test]
fn somebody_elses_token_may_be_kept_or_replaced() {
    let person = person();
    let line = "git credential-patron add acme --login hubot --no-browser";
    let question = format!("this is a token of mona, not of hubot. {CHOICES}");
    let secret = person.forge.secret("acme");
    person.runs(line).sees(PROMPT).types(&secret).sees(&question).types("q").ends(1);
    person.runs(line).sees(PROMPT).types(&secret).sees(&question).types("k").ends(0);
    assert_eq!(person.kept("acme"), secret);
}

#[test]
fn a_vault_that_fails_costs_no_token() {
    let person = person();
    let secret = person.forge.secret("acme");
    for line in [
        "git credential-patron add acme --no-browser --vault keyring",
        "PATRON_VAULT=keyring git credential-patron add acme --no-browser",
    ] {
        let screen = person.runs(line).sees(PROMPT).types(&secret);
        let shown = screen.sees("[r]etry, store in a [f]ile, [q]uit?").types("f").ends(0);
        assert!(shown.text().contains("stored in secrets.toml"), "{}", shown.text());
        assert_eq!(person.kept("acme"), secret);
        person.sandbox.patron(["remove", "acme", "--yes"]).ok();
    }
}

#[test]
fn a_fine_grained_token_for_a_whole_host_is_asked_for_its_owner() {
    let person = person();
    for (scope, label) in [("https://github.com", "acme"), ("github.com", "globex")] {
        let secret = person.forge.secret(label);
        let screen = person.runs(&format!("git credential-patron add {scope} --no-browser"));
        let screen = screen.sees("(hidden): ").types(&secret).sees("which owner is it for?");
        screen.types("-no-").sees("is not the name of a user").types(label).ends(0);
        assert_eq!(person.kept(label), secret);
        let output = person.sandbox.patron(["add", scope, "--token-stdin"]).stdin(secret).fails(1);
        output.says("git credential-patron add OWNER");
    }
}

#[test]
fn a_token_that_sees_nothing_of_its_owner_is_said_to_await_approval() {
    let person = person();
    let add = |scope: &str, label: &str| {
        let secret = person.forge.secret(label);
        person.sandbox.patron(["add", scope, "--token-stdin"]).stdin(secret).ok().stdout()
    };
    for (scope, label) in [("acme", "acme"), ("globex/api", "globex"), ("mona", "mona"), ("acme", "classic")]
    {
        let said = add(scope, label);
        assert!(said.lines().count() <= 2 && !said.contains("note:"), "{said}");
    }
    for label in ["acme", "globex"] {
        person.forge.policy(|policy| policy.token_mut(label).state = State::Pending);
        let said = add(label, label);
        let note = format!(
            "note: it sees nothing private of {label} yet: most likely it is awaiting approval by {label}, \
             or its resource owner is another; check here:\n  \
             https://github.com/settings/personal-access-tokens\n"
        );
        assert!(said.ends_with(&note), "{said}");
    }
    assert!(add("acme/secret", "acme").contains("note: it does not see acme/secret yet: most likely"));
    // Another resource owner's, in a measured way.
    let said = add("acme", "mona");
    assert!(said.contains("note: its resource owner is mona, so it opens nothing private of acme"), "{said}");
    // Nobody approves one's own.
    person.forge.policy(|policy| policy.token_mut("mona").state = State::Active);
    person.forge.policy(|policy| policy.repositories.retain(|repo| repo.owner != "mona"));
    let said = add("mona", "mona");
    assert!(said.contains("note: it sees nothing private of mona: ") && !said.contains("approval"), "{said}");
}

#[test]
fn a_mistyped_owner_is_noticed() {
    let person = person();
    for owner in ["acmee", "acm"] {
        let secret = person.forge.secret("classic");
        let said = person.sandbox.patron(["add", owner, "--token-stdin"]).stdin(secret).ok().stdout();
        let note = format!(
            "note: github.com shows no user or organisation named {owner}; if that is a typo: \
             git credential-patron remove {owner}\n"
        );
        assert!(said.ends_with(&note), "{said}");
    }
}

#[test]
fn where_tokens_are_stored_is_explained_once() {
    let person = person();
    let add = |label: &str, more: &[&str]| {
        let secret = person.forge.secret(label);
        let run =
            person.sandbox.patron(["add", label, "--token-stdin"]).args(more).env("PATRON_VAULT", "auto");
        run.stdin(secret).ok().stdout()
    };
    let first = add("acme", &[]);
    assert!(first.starts_with("there is no keyring service here ("), "{first}");
    assert!(first.contains("secrets.toml, which only you can read\n"), "{first}");
    for label in ["globex", "acme"] {
        let said = add(label, &[]);
        assert!(said.contains("stored in secrets.toml\n") && !said.contains("keyring"), "{said}");
    }
}
