//! The rules, on texts as an administrator writes them.

use super::*;

const NOW: i64 = 1_800_000_000;

fn policy(text: &str) -> Policy {
    Policy::parse(text).expect("a policy")
}

fn wanted(scope: &Scope, kind: TokenKind, days: Option<i64>) -> KeptToken<'_> {
    KeptToken { scope, kind, expires: days.map(|days| NOW + days * DAY), now: NOW }
}

fn breach(text: &str, scope: &str, kind: TokenKind, days: Option<i64>) -> Option<(usize, String)> {
    let scope = Scope::parse(scope).expect("a scope");
    policy(text)
        .forbids(&wanted(&scope, kind, days))
        .map(|breach| (breach.rule.line, format!("{}, and {}", breach.rule.text, breach.why)))
}

const WHOLE: &str = "version = 1\ncontact = \"ask #platform\"\nvaults = [\"keyring\", \"command\"]\n\
    kinds = [\"fine-grained\", \"app\"]\nmax-days = 90\nhosts = [\"github.com\", \"https://ghe.example.com\"]\n\
    browser = false\nprobe = true\nlearn = false\n\n[[rule]]\nfor = \"https://github.com/acme\"\n\
    max-days = 30\ncontact = \"ask #acme\"\n";

#[test]
fn each_rule_forbids_what_breaks_it_and_is_named_with_its_line() {
    use TokenKind::{AppUser, Classic, FineGrained, Installation};
    let of = |scope, kind, days| breach(WHOLE, scope, kind, days);
    assert_eq!(of("beta", FineGrained, Some(90)), None);
    assert_eq!(
        of("beta", Classic, Some(1)),
        Some((4, "kinds = [\"fine-grained\", \"app\"], and this one is classic".to_owned()))
    );
    assert_eq!(
        of("beta", FineGrained, Some(91)),
        Some((5, "max-days = 90, and this one ends in 91 days".to_owned()))
    );
    assert_eq!(
        of("beta", FineGrained, None),
        Some((5, "max-days = 90, and this one has no end that is known".to_owned()))
    );
    assert_eq!(of("beta", Installation, None), None, "an App's tokens end after hours");
    assert_eq!(of("beta", AppUser, None).map(|(line, _)| line), Some(4), "and its users' are another kind");
    assert_eq!(
        of("https://gitlab.example.com", FineGrained, Some(1)),
        Some((6, "hosts = [\"github.com\", \"ghe.example.com\"], and this is gitlab.example.com".to_owned()))
    );
    assert_eq!(of("ghe.example.com/x", FineGrained, Some(1)), None);
    let vault = policy(WHOLE).forbids_vault("file").expect("forbidden");
    assert_eq!((vault.rule.line, vault.why.as_str()), (3, "this would be the vault file"));
    assert_eq!(policy(WHOLE).forbids_vault("keyring"), None);
    assert_eq!(policy(WHOLE).forbids_browser().map(|rule| rule.line), Some(7));
    assert_eq!(policy(WHOLE).forbids_probe(), None);
    assert_eq!(policy(WHOLE).forbids_learning().map(|rule| rule.line), Some(9));
}

#[test]
fn a_narrower_rule_holds_beside_the_others_and_for_what_overlaps_it() {
    use TokenKind::FineGrained;
    let rule =
        Some((13, "max-days = 30 for https://github.com/acme, and this one ends in 31 days".to_owned()));
    assert_eq!(breach(WHOLE, "acme", FineGrained, Some(31)), rule);
    assert_eq!(breach(WHOLE, "ACME/secret", FineGrained, Some(31)), rule);
    assert_eq!(
        breach(WHOLE, "https://github.com", FineGrained, Some(31)),
        rule,
        "it would be sent for acme, too"
    );
    assert_eq!(breach(WHOLE, "acme-labs", FineGrained, Some(31)), None);
    assert_eq!(breach(WHOLE, "acme", TokenKind::Classic, Some(1)).map(|(line, _)| line), Some(4));
    let wider = "version = 1\nmax-days = 30\n[[rule]]\nfor = \"acme\"\nmax-days = 90\n";
    assert_eq!(breach(wider, "acme", FineGrained, Some(60)).map(|(line, _)| line), Some(2), "none widens");
}

#[test]
fn the_contact_is_the_narrowest_one() {
    let policy = policy(WHOLE);
    let contact = |url: &str| policy.contact(&Remote::from_url(url).expect("a URL"));
    assert_eq!(contact("https://github.com/acme/r"), Some("ask #acme"));
    assert_eq!(contact("https://github.com/beta/r"), Some("ask #platform"));
    assert_eq!(
        Policy::parse("version = 1").expect("fine").contact(&Remote::from_url("https://h.x").expect("a URL")),
        None
    );
}

#[test]
fn what_is_not_understood_is_no_policy() {
    for (text, line, part) in [
        ("", None, "version"),
        ("version = 2", Some(1), "version"),
        ("version = 1\nkind = [\"classic\"]", Some(2), "kind"),
        ("version = 1\nkinds = [\"clasic\"]", Some(2), "kind of token"),
        ("version = 1\nvaults = [\n\"keychain\"]", Some(2), "vault"),
        ("version = 1\nhosts = [\"a b\"]", Some(2), "host"),
        ("version = 1\n\nmax-days = -1", Some(3), "days"),
        ("version = 1\nbrowser = \"never\"", Some(2), "boolean"),
        ("version = 1\ncontact = \"a\\nb\"", Some(2), "one line"),
        ("version = 1\n[[rule]]\nkinds = []", Some(2), "for"),
        ("version = 1\n[[rule]]\nfor = \"http://x\"", Some(3), "https"),
        ("version = 1\n[[rule]]\nfor = \"acme\"\nbrowser = false", Some(4), "browser"),
        ("version = 1\nkinds =", Some(2), ""),
    ] {
        let wrong = Policy::parse(text).expect_err(text);
        assert_eq!(wrong.line, line.or(wrong.line), "{text:?}: {wrong}");
        assert!(wrong.to_string().contains(part), "{text:?}: {wrong}");
    }
}

#[test]
fn all_rules_are_told_in_the_order_of_their_lines() {
    let lines: Vec<_> = policy(WHOLE).rules().into_iter().map(|rule| (rule.line, rule.text)).collect();
    let texts: Vec<_> = lines.iter().map(|(line, text)| format!("{line} {text}")).collect();
    assert_eq!(
        texts,
        [
            "2 contact = \"ask #platform\"",
            "3 vaults = [\"keyring\", \"command\"]",
            "4 kinds = [\"fine-grained\", \"app\"]",
            "5 max-days = 90",
            "6 hosts = [\"github.com\", \"ghe.example.com\"]",
            "7 browser = false",
            "9 learn = false",
            "13 max-days = 30 for https://github.com/acme",
            "14 contact = \"ask #acme\" for https://github.com/acme",
        ]
    );
}
