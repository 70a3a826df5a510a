//! On a real terminal: a token is asked for where git would ask for a password, and what is said of a token
//! that ends soon.

use super::*;
use crate::forge::{State, days};
use crate::screen::{Screen, Shown};

const CLONE: &str = "git clone -q https://github.com/acme/secret";

/// Ctrl-C.
const INTERRUPT: &str = "\u{3}";

impl Desk {
    fn screen(&self, line: &str) -> Screen {
        Screen::start(&self.sandbox, &self.sandbox.work(), 200, line)
    }
}

/// What a test does at the keyboard; what it expects and does not see is said with the screen.
trait AtTheKeyboard {
    fn sees(&mut self, text: &str);
    fn types(&mut self, line: &str);
    fn ends(self) -> Shown;
}

impl AtTheKeyboard for Screen {
    #[track_caller]
    fn sees(&mut self, text: &str) {
        if let Err(why) = self.wait_for(text) {
            panic!("{why}");
        }
    }

    #[track_caller]
    fn types(&mut self, line: &str) {
        self.type_line(line).expect("a keyboard");
    }

    #[track_caller]
    fn ends(self) -> Shown {
        self.wait().expect("it ends")
    }
}

#[test]
fn without_an_account_the_page_opens_the_token_is_taken_and_the_clone_goes_on() {
    for git in gits() {
        for others in [&[][..], &[("globex", "globex")]] {
            let mut desk = Desk::with(Policy::sample(), others).with_git(git);
            desk.use_git();
            let secret = desk.forge.secret("acme");
            let mut screen = desk.screen(CLONE);
            screen.sees("no account for acme; add one now? [Y/n]");
            screen.types("");
            screen.sees("token for acme (hidden):");
            screen.types(&secret);
            let shown = screen.ends();
            let text = shown.lines.join("\n");
            assert_eq!(shown.code, 0, "{text}");
            assert!(!text.contains(&secret), "the token is not shown");
            assert!(text.contains("added acme: mona's fine-grained token, expires "), "{text}");
            assert!(!text.contains("Username for"), "{text}");
            assert!(desk.sandbox.work().join("secret/.git").is_dir());
            assert!(matches!(desk.pages().as_slice(), [page] if page.contains("target_name=acme")), "{text}");
            // From now on nobody is asked.
            let shown = desk.screen("git -C secret fetch").ends();
            assert_eq!((shown.code, shown.lines.join("")), (0, String::new()));
        }
    }
}

#[test]
fn who_declines_is_asked_by_git_as_always() {
    let mut desk = Desk::with(Policy::sample(), &[("globex", "globex")]);
    desk.use_git();
    for keys in ["n", "\u{4}"] {
        let mut screen = desk.screen(CLONE);
        screen.sees("add one now?");
        screen.types(keys);
        screen.sees("Username for 'https://github.com");
        screen.types("mona");
        screen.sees("Password for");
        screen.types("wrong");
        assert_ne!(screen.ends().code, 0);
        assert_eq!(desk.pages(), [""; 0]);
    }
    // Accepted, and then thought better of.
    let mut screen = desk.screen(CLONE);
    screen.sees("add one now?");
    screen.types("y");
    screen.sees("(hidden)");
    screen.types("");
    screen.sees("Username for 'https://github.com");
    screen.types("");
    screen.sees("Password for");
    screen.types("");
    assert_ne!(screen.ends().code, 0);
}

#[test]
fn who_has_said_no_twice_is_asked_no_more() {
    // An owner without an account, and an account that was left behind.
    for has_account in [false, true] {
        let mut desk = Desk::with(Policy::sample(), &[(if has_account { "acme" } else { "globex" }, "acme")]);
        desk.use_git();
        if has_account {
            desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
        }
        for times in 0..4 {
            let mut screen = desk.screen(CLONE);
            if times < 2 {
                screen.sees(if has_account { "enter a new token for acme now?" } else { "add one now?" });
                screen.types("n");
            }
            screen.sees("Username for 'https://github.com");
            screen.types("mona");
            screen.sees("Password for");
            screen.types("wrong");
            let shown = screen.ends().text();
            assert_eq!(shown.contains("now?"), times < 2, "{shown}");
            let names_it =
                if has_account { "credential-patron remove acme" } else { "credential-patron add acme" };
            let unwrapped: String = shown.split_whitespace().collect();
            assert!(times < 2 || unwrapped.contains(&names_it.replace(' ', "")), "{shown}");
        }
    }
}

#[test]
fn a_token_that_is_not_accepted_may_be_given_again_and_the_verdict_follows_at_once() {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    let mut desk = Desk::with(policy, &[]);
    desk.use_git();
    let mut screen = desk.screen(CLONE);
    screen.sees("add one now?");
    screen.types("");
    screen.sees("(hidden)");
    let stranger = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
    screen.types(&stranger);
    screen.sees("does not accept this token. [r]etry, [k]eep unchecked, [q]uit?");
    screen.types("r");
    screen.sees("[q]uit? r\n");
    screen.types(&desk.forge.secret("acme"));
    let shown = screen.ends();
    let text = shown.lines.join("\n");
    assert_ne!(shown.code, 0);
    assert!(text.contains("(approval-pending)"), "{text}");
    assert!(!text.contains(&stranger) && !text.contains(&desk.forge.secret("acme")));
    let listed = desk.sandbox.patron(["list"]).ok().stdout();
    assert!(listed.contains("acme"), "{listed}");
}

#[test]
fn a_refused_token_may_be_replaced_at_once() {
    let mut desk = Desk::new(Policy::sample());
    desk.use_git();
    desk.ok(".", "clone -q https://github.com/acme/secret");
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    // Git has it already when it hears 401; the next one is asked before.
    assert_ne!(desk.screen("git -C secret fetch").ends().code, 0);
    let mut screen = desk.screen("git -C secret fetch");
    screen.sees("enter a new token for acme now? [Y/n]");
    desk.forge.policy(|policy| {
        let token = policy.token_mut("acme");
        token.secret = crate::forge::make_token(crate::forge::TokenKind::FineGrained);
        token.state = State::Active;
    });
    screen.types("");
    screen.sees("(hidden)");
    screen.types(&desk.forge.secret("acme"));
    let shown = screen.ends();
    let text = shown.lines.join("\n");
    assert_eq!(shown.code, 0, "{text}");
    assert!(text.contains("replaced acme"), "{text}");
    desk.ok("secret", "fetch -q");
}

#[test]
fn nobody_is_asked_where_git_would_not_ask_or_nobody_sits() {
    let script = "exit 1";
    for (name, value) in [
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", "askpass"),
        ("SSH_ASKPASS", "askpass"),
        ("PATRON_PROMPT", "never"),
        ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22"),
        ("CI", "true"),
        ("DISPLAY", ""),
    ] {
        let mut desk = Desk::with(Policy::sample(), &[("globex", "globex")]);
        desk.use_git();
        desk.sandbox.write_program("askpass", script);
        desk.sandbox.set(name, value);
        let mut screen = desk.screen(CLONE);
        screen.sees("no account for acme; add one: git credential-patron add acme");
        if name != "GIT_TERMINAL_PROMPT" {
            // Also where a program was asked before, which failed here.
            screen.sees("Username for");
            screen.types(INTERRUPT);
        }
        let text = screen.ends().lines.join("\n");
        assert!(!text.contains("add one now?") && !text.contains("(hidden)"), "{name}: {text}");
        assert_eq!(desk.pages(), [""; 0], "{name}");
    }
    for setting in ["core.askPass=askpass", "credential.interactive=false"] {
        let mut desk = Desk::with(Policy::sample(), &[("globex", "globex")]);
        desk.use_git();
        desk.sandbox.write_program("askpass", script);
        let mut screen =
            desk.screen(&format!("git -c {setting} clone -q https://github.com/acme/secret </dev/null"));
        screen.sees("no account for acme");
        // Some gits ask here, and some do not.
        std::thread::sleep(std::time::Duration::from_millis(500));
        let _ = screen.type_line(INTERRUPT);
        let text = screen.ends().lines.join("\n");
        assert!(!text.contains("add one now?"), "{setting}: {text}");
    }
    // In the background the system would stop whoever asks.
    let mut desk = Desk::with(Policy::sample(), &[("globex", "globex")]);
    desk.use_git();
    let request = "protocol=https\\nhost=github.com\\npath=acme/secret\\n";
    let text =
        desk.screen(&format!("printf '{request}' | git credential-patron get")).ends().lines.join("\n");
    assert_eq!(
        text.trim(),
        "patron: no account for acme; add one: git credential-patron add acme",
        "not a git-remote-https"
    );
}

#[test]
fn a_token_that_ends_soon_is_spoken_of_once_a_day_and_on_a_terminal_only() {
    let mut policy = Policy::sample();
    let soon = jiff::Timestamp::now() + days(3);
    policy.token_mut("acme").expires = Some(soon);
    let mut desk = Desk::new(policy);
    desk.use_git();
    let said = desk.ok(".", "clone -q https://github.com/acme/secret");
    assert_eq!(Desk::lines(&said), [""; 0], "a pipe");
    let text = desk.screen("git -C secret fetch").ends().lines.join("\n");
    let day = soon.strftime("%Y-%m-%d").to_string();
    assert!(text.contains(&format!("patron: the token of acme expires {day} (3 days)")), "{text}");
    assert!(
        text.contains(
            "regenerate it on https://github.com/settings/personal-access-tokens, then run: git credential-patron add acme"
        ),
        "{text}"
    );
    let text = desk.screen("git -C secret fetch").ends().lines.join("\n");
    assert_eq!(text, "", "once a day");
    desk.later(24 * 60 * 60);
    let text = desk.screen("git -C secret fetch").ends().lines.join("\n");
    assert!(text.contains("expires"), "the next day: {text}");
    assert_eq!(desk.pages(), [""; 0]);
}

#[test]
fn a_verdict_on_a_terminal_is_coloured_and_has_five_lines() {
    let mut policy = Policy::sample();
    policy.token_mut("acme").state = State::Pending;
    let mut desk = Desk::new(policy);
    desk.use_git();
    let shown = desk.screen(CLONE).ends();
    let text = shown.lines.join("\n");
    assert_eq!(Desk::lines(&text).len(), 5, "{text}");
    assert_eq!(text.matches("patron: ").count(), 1, "the prefix once: {text}");
    assert!(shown.styled.iter().any(|line| line.contains("\u{1b}[")), "{:?}", shown.styled);
}
