//! What is pasted where a token is asked for.

use super::*;

#[test]
fn the_one_token_in_what_was_pasted_is_kept() {
    let person = Person::new(Policy::sample());
    for label in ["acme", "classic"] {
        let secret = person.forge.secret(label);
        for pasted in [
            format!("\"{secret}\""),
            format!("export GH_TOKEN={secret}"),
            format!("Bearer {secret}"),
            format!("mona:{secret}"),
            format!("https://mona:{secret}@github.com/acme/secret.git"),
            format!("\u{feff}{secret}"),
            format!("\u{200b}{secret}\u{a0}"),
        ] {
            let shown = pasted.replace(&secret, "TOKEN");
            let screen = person.runs("git credential-patron add acme --no-browser");
            screen.sees("(hidden): ").types(&pasted).ends(0);
            assert_eq!(person.kept("acme"), secret, "{shown}, typed");
            person.sandbox.patron(["remove", "acme", "--yes"]).ok();
            let run = person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{pasted}\r\n"));
            run.ok().says_nothing();
            assert_eq!(person.kept("acme"), secret, "{shown}, piped");
            person.sandbox.patron(["remove", "acme", "--yes"]).ok();
        }
    }
}

#[test]
fn what_is_no_token_is_told_by_its_looks_before_any_request() {
    let person = Person::new(Policy::sample());
    let (acme, classic) = (person.forge.secret("acme"), person.forge.secret("classic"));
    for (pasted, looks) in [
        ("hello".to_owned(), "that does not look like a GitHub token"),
        ("correct horse battery".to_owned(), "that looks like several words"),
        (acme[..50].to_owned(), "that looks like a part of a token: github_pat_... has 50 characters"),
        (classic[..30].to_owned(), "that looks like a part of a token: ghp_... has 30 characters"),
        (acme[11..].to_owned(), "that looks like the end of a token"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1 mona@home".to_owned(), "that looks like a public SSH key"),
        ("https://github.com/settings/tokens".to_owned(), "that looks like a web address"),
        ("ghp_****************".to_owned(), "that looks like a token with its characters hidden"),
        ("pässwörd".to_owned(), "that has a character that no GitHub token has"),
        (format!("{acme} {classic}"), "there are several tokens in what was pasted"),
    ] {
        let output = person.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(pasted.clone()).fails(1);
        let output = output.prints("").says(looks).says("--no-verify");
        assert!(!output.stderr().contains(&pasted), "{}", output.report());
        let screen = person.runs("git credential-patron add acme --no-browser").sees("(hidden): ");
        screen.types(&pasted).sees(looks).sees("[r]etry, [k]eep unchecked, [q]uit?").types("q").ends(1);
    }
    assert_eq!(person.forge.log().len(), 0, "nobody was asked");
    assert!(!person.has_accounts());
}

#[test]
fn after_a_wrong_paste_the_right_one_is_asked_for() {
    let person = Person::new(Policy::sample());
    let secret = person.forge.secret("acme");
    for wrong in ["ssh-rsa AAAAB3Nza mona", "hello", "two\u{1b}[200~lines\nof\u{1b}[201~text"] {
        let screen = person.runs("git credential-patron add acme --no-browser").sees("(hidden): ");
        let screen = screen.types(wrong).sees("[q]uit?").types("r").sees("uit? r\n").types(&secret);
        screen.ends(0);
        assert_eq!(person.kept("acme"), secret);
        person.sandbox.patron(["remove", "acme", "--yes"]).ok();
    }
}

#[test]
fn a_password_of_another_host_is_kept_as_it_came() {
    let person = Person::new(Policy::sample());
    for password in ["correct horse", "p\u{e4}ss'wort'", "https", " Bearer x "] {
        let run = person.sandbox.patron(["add", "https://example.com", "--token-stdin", "--no-verify"]);
        run.stdin(password).ok();
        let kept = person.sandbox.patron(["token", "https://example.com"]).ok().stdout();
        assert_eq!(kept, format!("{password}\n"));
    }
}
