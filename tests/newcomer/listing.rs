//! `list` on a narrow screen, and what it says of each account.

use super::*;
use serde_json::Value;

fn add(person: &Person, scope: &str, label: &str, more: &[&str]) {
    let run = person.sandbox.patron(["add", scope, "--token-stdin"]).args(more);
    run.stdin(person.forge.secret(label)).ok();
}

fn listed(person: &Person) -> String {
    let text = person.sandbox.patron(["list"]).ok().says_nothing().stdout();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    text
}

fn json(person: &Person) -> Vec<Value> {
    let text = person.sandbox.patron(["list", "--json"]).ok().stdout();
    let list: Value = serde_json::from_str(&text).expect("JSON");
    list["accounts"].as_array().expect("a list").clone()
}

#[test]
fn the_list_fits_eighty_columns_and_says_nothing_twice() {
    let person = Person::new(Policy::sample());
    add(&person, "acme", "acme", &[]);
    add(&person, "globex", "globex", &["--label", "work"]);
    add(&person, "https://github.com", "classic", &["--yes"]);
    let long = "a-label-that-is-much-longer-than-any-owner-has-a-name";
    add(&person, "globex/api", "globex", &["--label", long]);
    let text = listed(&person);
    let expires = text.lines().nth(2).and_then(|line| line.split("fine-grained  ").nth(1)).expect("acme");
    let expires = expires.split("  ").next().expect("a date");
    assert!(expires.ends_with(" (90 days)"), "{text}");
    let expected = format!(
        "LABEL                     LOGIN  KIND          EXPIRES               VAULT\n\
         github.com                mona   classic       -                     file\n\
         acme                      mona   fine-grained  {expires}  file\n\
         work                      mona   fine-grained  {expires}  file\n  for globex\n\
         {long}\n                          mona   fine-grained  {expires}  file\n  for globex/api\n"
    );
    let squeeze = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(squeeze(&text), squeeze(&expected), "{text}");
}

#[test]
fn a_refusal_is_of_its_repository_and_not_of_the_account() {
    let person = Person::new(Policy::sample());
    for owner in ["acme", "globex"] {
        add(&person, owner, owner, &[]);
    }
    let ask = |url: &str| person.sandbox.git(["ls-remote", "-q", url]).run();
    let (good, bad) = (ask("https://github.com/acme/secret"), ask("https://github.com/acme/nothing"));
    assert!(good.status.success() && !bad.status.success(), "{}", good.report());
    ask("https://github.com/globex/api");
    ask("https://github.com/globex/none");
    let text = listed(&person);
    assert!(text.contains("  accepted since 20"), "{text}");
    for refused in ["acme/nothing refused just now (", "globex/none refused just now ("] {
        assert!(text.contains(refused), "{text}");
    }
    for account in json(&person) {
        let at = account["outcome_at"].as_str().expect("a time");
        assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
        assert_eq!(account["outcome"], "refused");
    }
}

#[test]
fn an_account_that_was_never_used_has_no_outcome() {
    let person = Person::new(Policy::sample());
    add(&person, "acme", "acme", &[]);
    let account = &json(&person)[0];
    assert!(account["outcome"].is_null() && account["outcome_at"].is_null(), "{account}");
    assert_eq!(listed(&person).lines().count(), 2);
}
