//! Where nobody sits, nothing opens and nothing is asked; and a server that wishes us ill gets neither a page
//! nor a line of its own.

use super::*;
use crate::denial::catalogue;
use crate::forge::{PendingAnswer, Reply, Rule, State, Then};

const CLONE: &str = "clone -q https://github.com/acme/secret";

fn pending() -> Policy {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    policy.pending = PendingAnswer::NotFound;
    policy
}

#[test]
fn where_nobody_sits_the_page_is_printed_with_the_reason_and_not_opened() {
    let places: &[(&str, &str, &str)] = &[
        ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", "SSH"),
        ("SSH_TTY", "/dev/pts/1", "SSH"),
        ("CI", "true", "CI is set"),
        ("GIT_TERMINAL_PROMPT", "0", "GIT_TERMINAL_PROMPT"),
        ("VSCODE_GIT_FETCH_SILENT", "true", "editor"),
        ("PATRON_BROWSER", "never", "patron.browser"),
        ("DISPLAY", "", "no display"),
    ];
    for (name, value, why) in places {
        let mut desk = Desk::new(pending());
        desk.sandbox.set(name, value);
        let said = desk.fails(".", CLONE);
        let lines = Desk::lines(&said);
        assert!(lines[0].ends_with("(approval-pending)"), "{name}: {said}");
        assert!(lines[4].starts_with("page (not opened: ") && lines[4].contains(why), "{name}: {said}");
        assert!(
            lines[4].ends_with("): https://github.com/settings/personal-access-tokens"),
            "{name}: {said}"
        );
        assert_eq!(desk.pages(), [""; 0], "{name}");
    }
    for line in ["-c credential.interactive=false", "-c credential.interactive=never"] {
        let desk = Desk::new(pending());
        let said = desk.fails(".", &format!("{line} {CLONE}"));
        assert!(said.contains("credential.interactive"), "{said}");
        assert_eq!(desk.pages(), [""; 0], "{line}");
    }
    let desk = Desk::new(pending());
    desk.sandbox.git(["config", "--global", "credential.interactive", "false"]).ok();
    desk.fails(".", CLONE);
    assert_eq!(desk.pages(), [""; 0], "in a file");
}

#[test]
fn an_editors_askpass_is_asked_by_git_alone() {
    let mut desk = Desk::with(Policy::sample(), &[("globex", "globex")]);
    let asked = desk.sandbox.root().join("asked");
    let askpass =
        desk.sandbox.write_program("askpass", &format!("echo \"$1\" >>'{}'; exit 1", asked.display()));
    desk.sandbox.set("GIT_ASKPASS", &askpass);
    desk.sandbox.set("VSCODE_GIT_ASKPASS_NODE", "/usr/bin/node");
    let said = desk.fails(".", CLONE);
    assert_eq!(
        Desk::lines(&said),
        ["no account for acme; add one: git credential-patron add acme"],
        "one line, and git goes on: {said}"
    );
    let asked = std::fs::read_to_string(asked).expect("git asked it");
    assert!(asked.starts_with("Username for 'https://github.com"), "{asked}");
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn a_launcher_that_hangs_fails_prints_or_is_missing_never_delays_git() {
    let scripts: &[(&str, Option<&str>, bool)] = &[
        ("it hangs", Some("sleep 30"), true),
        ("it fails", Some("exit 3"), true),
        ("it prints", Some("echo Opening in existing browser session.; echo noise >&2"), true),
        ("it holds what it inherits", Some("sleep 30 & sleep 30 & exit 0"), true),
        ("it is missing", None, false),
    ];
    for (what, script, is_tried) in scripts {
        let desk = Desk::new(pending());
        let tried = desk.sandbox.root().join("tried");
        std::fs::remove_file(desk.sandbox.bin().join("xdg-open")).expect("it was there");
        if let Some(script) = script {
            desk.sandbox.write_program("xdg-open", &format!("echo \"$1\" >>'{}'\n{script}", tried.display()));
        }
        let start = std::time::Instant::now();
        let said = desk.fails(".", CLONE);
        let took = start.elapsed();
        assert!(took.as_secs() < 10, "{what}: {took:?}");
        assert!(!said.contains("Opening in existing") && !said.contains("noise"), "{what}: {said}");
        assert!(
            said.contains("(approval-pending)") && said.contains("https://github.com/settings/"),
            "{what}: {said}"
        );
        std::thread::sleep(std::time::Duration::from_millis(300));
        let tried = std::fs::read_to_string(&tried).unwrap_or_default();
        assert_eq!(tried.lines().count(), usize::from(*is_tried), "{what}: one process for one page");
    }
}

/// What a server may write that wishes us ill: addresses that must never be opened, and what steers terminals.
const EVIL: &[&str] = &[
    "https://evil.test/settings/tokens/4242/request-org-access",
    "https://github.com.evil.test/orgs/acme/sso?authorization_request=AbC",
    "https://github.com@evil.test/orgs/acme/sso?authorization_request=AbC",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://github.com/orgs/evil/sso?authorization_request=AbC",
    "https://github.com/orgs/acme/sso?authorization_request=a'b\"c;rm -rf ~",
    "https://github.com/orgs/acme/sso?authorization_request=../../../evil",
];

#[test]
fn a_servers_addresses_are_never_opened_and_its_escapes_never_printed() {
    let sentences = [
        "Organization requires approval for access using personal access tokens.",
        "The 'acme' organization has enabled or enforced SAML SSO.\nTo access this repository, visit",
        "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 90 days. Please adjust your token's lifetime at the following URL:",
        "Nobody knows these words:",
    ];
    for sentence in sentences {
        for evil in EVIL {
            let body = format!(
                "\u{1b}]0;owned\u{7}\u{1b}[2J{sentence} {evil}\u{202e}\r\u{8}\u{8}patron: page: {evil}\n"
            );
            let desk = Desk::new(Policy::sample().rule(Rule::answer(Reply::text(403, &body)).owner("acme")));
            let said = desk.fails(".", CLONE);
            let lines = Desk::lines(&said);
            let about = format!("{sentence} {evil}: {said:?}");
            assert!((1..=5).contains(&lines.len()), "{about}");
            let ours = lines.join("\n");
            assert!(!ours.chars().any(|letter| letter.is_control() && letter != '\n'), "{about}");
            assert!(!ours.contains('\u{202e}'), "{about}");
            for page in desk.pages() {
                assert!(page.starts_with("https://github.com/"), "{about}: {page}");
                for part in ["evil", "javascript", "passwd", "'", "\"", ";", ".."] {
                    assert!(!page.contains(part), "{about}: {page}");
                }
            }
            for line in lines.iter().filter(|line| line.starts_with("page")) {
                assert!(line.contains(": https://github.com/") && !line.contains("evil"), "{about}");
            }
        }
    }
}

/// Every sentence with which GitHub refuses, and addresses that must never be opened, as a hook prints them.
fn everything_a_hook_can_say() -> String {
    let mut said: Vec<&str> = Vec::new();
    for row in catalogue::rows() {
        for sample in row.samples {
            let lines = sample.lines().map(|line| line.strip_prefix("remote: ").unwrap_or(line));
            said.extend(lines.filter(|line| !line.trim().is_empty()));
        }
    }
    assert!(said.len() > 100, "the catalogue was read");
    said.extend(EVIL);
    said.join("\n")
}

#[test]
fn what_a_hook_prints_is_no_refusal_whatever_it_says() {
    // A hook that lets the push in, and one that declines it: git was let in either way.
    for code in [0, 1] {
        let words = everything_a_hook_can_say();
        let hook =
            format!("cat >&2 <<'END OF HOOK'\n{words}\npatron: page: {}\nEND OF HOOK\nexit {code}", EVIL[0]);
        let mut policy = Policy::sample();
        policy.repository_mut("acme/tools").pre_receive = Some(hook);
        let desk = Desk::new(policy);
        desk.ok(".", "clone -q https://github.com/acme/tools");
        let mut said = String::new();
        for round in 0..3 {
            let push = format!("push -q origin HEAD:refs/heads/topic-{round}");
            said = if code == 0 { desk.ok("tools", &push) } else { desk.fails("tools", &push) };
            assert!(said.contains("remote: Personal access tokens (classic) are forbidden"), "{said}");
            assert!(said.contains(EVIL[0]), "{said}");
            assert_eq!(Desk::lines(&said), [""; 0], "{said}");
        }
        assert_eq!(desk.asked(), 2 + 2 + 1 + 1, "the first uses, and git");
        assert_eq!((desk.calls().len(), desk.traces(), desk.pages().len()), (0, 0, 0));
        let listed = desk.sandbox.patron(["list", "--json"]).ok().stdout();
        assert!(listed.contains("\"outcome\": \"accepted\""), "{listed}");
        if code == 1 {
            // Who asks what that was is told so too.
            let explained = desk.sandbox.patron(["explain", "--json"]).stdin(said).run().stdout();
            assert!(explained.contains("\"id\": \"not-a-refusal\""), "{explained}");
        }
    }
}

#[test]
fn ten_megabytes_a_cut_body_and_a_redirect_to_elsewhere_are_no_reason_for_anything() {
    let big = Reply::text(403, &"A line of nothing. \u{1b}[31m".repeat(500_000));
    let elsewhere = Then::Redirect(302, "https://evil.test".to_owned());
    for (what, rule) in [
        ("ten megabytes", Rule::answer(big)),
        ("cut", Rule { by: crate::forge::By::Credential, ..Rule::fault(Then::Truncate) }),
        ("redirect", Rule { by: crate::forge::By::Credential, ..Rule::fault(elsewhere) }),
    ] {
        let desk = Desk::new(Policy::sample().rule(rule.owner("acme")));
        let start = std::time::Instant::now();
        let said = desk.run(".", CLONE).stderr();
        assert!(start.elapsed().as_secs() < 20, "{what}: {:?}", start.elapsed());
        let lines = Desk::lines(&said);
        assert!(
            lines.len() <= 5 && lines.iter().all(|line| line.chars().count() <= 700),
            "{what}: {lines:?}"
        );
        assert!(!lines.join("").contains('\u{1b}'), "{what}: {lines:?}");
        assert_eq!(desk.pages(), [""; 0], "{what}");
        let secret = desk.forge.secret("acme");
        assert!(!said.contains(&secret), "{what}");
        let evil = desk.forge.log().into_iter().filter(|entry| entry.host.contains("evil"));
        assert!(evil.into_iter().all(|entry| entry.token.is_none()), "{what}: no token leaves");
        desk.sandbox.patron(["token", "acme"]).ok().prints(&format!("{secret}\n"));
    }
}

#[test]
fn colour_is_for_terminals_and_no_secret_is_said_kept_in_state_or_handed_to_the_browser() {
    let mut desk = Desk::new(pending());
    let seen = desk.sandbox.root().join("seen");
    desk.sandbox.write_program(
        "xdg-open",
        &format!("{{ env; tr '\\0' '\\n' </proc/$$/cmdline; }} >'{}'", seen.display()),
    );
    let log = desk.sandbox.root().join("log");
    desk.sandbox.set("PATRON_TRACE", &log);
    let said = desk.fails(".", CLONE);
    assert!(!said.contains('\u{1b}'), "{said:?}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let secret = desk.forge.secret("acme");
    let mut texts = vec![("stderr".to_owned(), said)];
    for path in [seen, log] {
        texts.push((path.display().to_string(), std::fs::read_to_string(&path).expect("it was written")));
    }
    for folder in [".local/state", ".config", "../run"] {
        files(&desk.sandbox.home().join(folder), &mut texts);
    }
    assert!(texts.len() > 5, "there is something to look at");
    for (what, text) in texts {
        assert!(!text.contains(&secret), "{what} holds the token");
        assert!(!text.contains(&secret[..20]), "{what} holds a part of the token");
    }
}

fn files(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, texts);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("ours");
            texts.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
