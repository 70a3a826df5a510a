//! `rename`: what is called otherwise at the forge keeps its secret here.

use super::*;

fn person() -> Person {
    let person = Person::new(Policy::sample());
    let add = |scope: &str, label: &str, more: &[&str]| {
        let run = person.sandbox.patron(["add", scope, "--token-stdin", "--no-verify"]).args(more);
        run.stdin(person.forge.secret(label)).ok();
    };
    add("acme", "acme", &["--login", "mona"]);
    add("acme", "classic", &["--login", "hubot"]);
    add("acme/secret", "mona", &["--login", "mona"]);
    add("globex", "globex", &["--label", "work"]);
    person
}

fn scopes(person: &Person) -> Vec<(String, String)> {
    let text = person.sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let accounts = list["accounts"].as_array().expect("a list").iter();
    accounts.map(|account| (text(&account["label"]), text(&account["scope"]))).collect()
}

#[test]
fn a_renamed_owner_takes_its_accounts_along() {
    for new in ["acme-inc", "https://github.com/acme-inc", "Acme-Inc"] {
        let person = person();
        let said = person.sandbox.patron(["rename", "acme", new]).ok().says_nothing().stdout();
        let name = new.rsplit('/').next().expect("a name");
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(
            said.contains(&format!("renamed acme to {name}: now for https://github.com/{name}\n")),
            "{said}"
        );
        assert_eq!(person.kept(&format!("{name}/tools")), person.forge.secret("acme"));
        assert_eq!(person.kept("acme-inc/secret"), person.forge.secret("mona"));
        person.sandbox.patron(["token", "acme"]).fails(1);
        person.sandbox.patron(["token", "acme/secret"]).fails(1);
        let labels: Vec<String> = scopes(&person).into_iter().map(|(label, _)| label).collect();
        let expected =
            [name.to_owned(), format!("{name}@hubot"), format!("{name}/secret"), "work".to_owned()];
        assert_eq!(labels, expected);
        // The old name is free for somebody else, and its token is another one.
        let run = person.sandbox.patron(["add", "acme", "--token-stdin", "--no-verify", "--login", "mona"]);
        run.stdin(person.forge.secret("globex")).ok();
        assert_eq!(person.kept("acme"), person.forge.secret("globex"));
        assert_eq!(person.kept("acme-inc"), person.forge.secret("acme"));
    }
}

#[test]
fn a_moved_repository_keeps_its_token() {
    for new in ["acme/vault", "globex/secret"] {
        let person = person();
        person.sandbox.patron(["rename", "acme/secret", new]).ok();
        assert_eq!(person.kept(new), person.forge.secret("mona"));
        assert_eq!(person.kept("acme/secret"), person.forge.secret("acme"), "the owner's own");
        assert!(scopes(&person).contains(&(new.to_owned(), format!("https://github.com/{new}"))));
    }
}

#[test]
fn a_label_is_changed_where_a_label_is_named() {
    let person = person();
    let said = person.sandbox.patron(["rename", "work", "office"]).ok().stdout();
    assert_eq!(said, "renamed work to office (still for globex)\n");
    person.sandbox.patron(["rename", "acme@hubot", "robot"]).ok();
    person.sandbox.patron(["rename", "--label", "acme/secret", "the vault"]).ok();
    let mut labels: Vec<String> = scopes(&person).into_iter().map(|(label, _)| label).collect();
    labels.sort();
    assert_eq!(labels, ["acme", "office", "robot", "the vault"]);
    assert_eq!(person.kept("acme/secret"), person.forge.secret("mona"));
}

#[test]
fn what_cannot_be_renamed_is_refused_and_nothing_is_changed() {
    let person = person();
    let before = person.sandbox.patron(["list", "--json"]).ok().stdout();
    for (line, code, words) in [
        (&["rename", "nobody", "x"][..], 1, "no account has the scope or label"),
        (&["rename", "work", "acme"], 1, "the label \"acme\" is taken"),
        (&["rename", "work", ""], 2, "not usable as a label"),
        (&["rename", "acme", "a b"], 2, "a scope is"),
        (&["rename", "acme", "https://ghe.example.com/acme"], 1, "a token stays with its host"),
        (&["rename", "acme", "gitlab.com/acme"], 1, "a token stays with its host"),
        (&["rename", "acme", "https://github.com"], 2, "a whole host"),
        (&["rename", "--label", "acme", "x"], 1, "can mean 2 accounts"),
    ] {
        let output = person.sandbox.patron(line).fails(code);
        assert!(output.stderr().contains(words) || line.contains(&"--label"), "{}", output.report());
    }
    // Its place is taken by an account of the same login.
    let run = person.sandbox.patron(["add", "initech", "--token-stdin", "--no-verify", "--login", "mona"]);
    run.stdin(person.forge.secret("mona")).ok();
    person
        .sandbox
        .patron(["rename", "acme", "initech"])
        .fails(1)
        .says("there is an account for initech already");
    person.sandbox.patron(["remove", "initech", "--yes"]).ok();
    assert_eq!(person.sandbox.patron(["list", "--json"]).ok().stdout(), before);
}
