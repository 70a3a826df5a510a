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

#[test]
fn a_learned_account_is_accepted_since_the_day_it_was_learned_however_often_it_is_used() {
    let person = Person::new(Policy::sample());
    let sandbox = &person.sandbox;
    for (owner, repo) in [("acme", "secret"), ("globex", "api"), ("mona", "dotfiles")] {
        let script =
            format!("case \"$1\" in Username*) echo mona;; *) echo {};; esac", person.forge.secret(owner));
        sandbox.write_program("answer", &script);
        let url = format!("https://github.com/{owner}/{repo}");
        let by_hand = sandbox.git(["ls-remote", "-q", &url]).env("GIT_ASKPASS", sandbox.bin().join("answer"));
        by_hand.env_remove("GIT_TERMINAL_PROMPT").ok().says(&format!("learned {owner} from git"));
        for _ in 0..2 {
            let account =
                json(&person).into_iter().find(|account| account["label"] == owner).expect("learned");
            assert_eq!(
                (&account["learned"], &account["outcome"]),
                (&true.into(), &"accepted".into()),
                "{account}"
            );
            assert!(account["outcome_at"].is_string(), "{account}");
            sandbox.git(["ls-remote", "-q", &url]).ok();
        }
    }
    let text = listed(&person);
    assert_eq!(text.matches("learned from git").count(), 3, "{text}");
    assert_eq!(text.matches("accepted since 20").count(), 3, "{text}");
}

/// One token was kept for two owners, once by mistake: only the account that git was given is accepted.
#[test]
fn a_token_kept_for_two_owners_is_accepted_for_the_one_that_was_given() {
    let said_by_a_program = "protocol=https\nhost=github.com\npath=acme/secret\nusername=mona\npassword=";
    for how in ["ls-remote -q https://github.com/acme/secret", "clone -q https://github.com/acme/secret", ""]
    {
        let person = Person::new(Policy::sample());
        add(&person, "globex", "acme", &["--no-verify", "--yes", "--label", "mistaken"]);
        add(&person, "acme", "acme", &["--yes"]);
        // That it was accepted when it was added is another matter.
        let outcomes = person.sandbox.home().join(".local/state/git-credential-patron/outcomes.toml");
        std::fs::remove_file(outcomes).expect("it was noted");
        person.sandbox.patron(["get"]).stdin("protocol=https\nhost=github.com\npath=acme/secret\n\n").ok();
        match how {
            "" => {
                let told = format!("{said_by_a_program}{}\n\n", person.forge.secret("acme"));
                person.sandbox.git(["credential", "approve"]).stdin(told).ok();
            }
            _ => drop(person.sandbox.git(how.split(' ')).ok()),
        }
        let outcome = |label: &str| {
            let account = json(&person).into_iter().find(|account| account["label"] == label);
            account.expect("kept")["outcome"].clone()
        };
        assert_eq!(outcome("acme"), "accepted", "{how}");
        assert_ne!(outcome("mistaken"), "accepted", "{how}");
    }
}
