//! Commands of other programs, typed here.

use super::*;

#[test]
fn the_words_of_other_programs_are_answered_with_the_command_that_does_it() {
    let person = Person::new(Policy::sample());
    for (word, command) in [
        ("login", "git credential-patron add OWNER"),
        ("logout", "git credential-patron remove SCOPE"),
        ("doctor", "git credential-patron diagnose"),
        ("switch", "git credential-patron add OWNER"),
        ("ls", "git credential-patron list"),
    ] {
        let shown = person.runs(&format!("git credential-patron {word}")).ends(2);
        assert!(shown.text().contains(&format!("there is no command \"{word}\"")), "{}", shown.text());
        assert!(shown.text().contains(command), "{}", shown.text());
        // With something behind it, it cannot be git's.
        person.sandbox.patron([word, "acme"]).fails(2).says(command).prints("");
        // Alone and without a terminal it may be a word of a later git.
        person.sandbox.patron([word]).stdin("").ok().prints("").says_nothing();
    }
}

#[test]
fn a_mistyped_command_is_answered_with_the_nearest() {
    let person = Person::new(Policy::sample());
    for (word, command) in [("lst", "list"), ("diagnos", "diagnose"), ("explan", "explain"), ("ad", "add")] {
        let shown = person.runs(&format!("git credential-patron {word}")).ends(2);
        assert!(shown.text().contains(&format!("exists: '{command}'")), "{}", shown.text());
    }
}

#[test]
fn remove_says_that_the_token_still_works_and_where_it_is_ended() {
    let person = Person::new(Policy::sample());
    for (label, page) in [("acme", "personal-access-tokens"), ("classic", "tokens")] {
        person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(person.forge.secret(label)).ok();
        let expected = format!(
            "removed acme. The token still works until you delete it:\n  https://github.com/settings/{page}\n  \
             or, if you still have it: git credential-patron revoke --token-stdin\n"
        );
        person.sandbox.patron(["remove", "acme", "--yes"]).ok().prints(&expected).says_nothing();
    }
    let add = ["add", "https://example.com", "--token-stdin", "--no-verify"];
    person.sandbox.patron(add).stdin("sunshine").ok();
    let removed = person.sandbox.patron(["remove", "https://example.com", "--yes"]).ok().stdout();
    assert!(removed.contains("still works at example.com"), "{removed}");
}
