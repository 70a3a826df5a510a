//! Tokens that are refused as such: expired, revoked, an outage that looks like one; what is asked, when, and
//! what becomes of the token.

use super::*;
use crate::forge::{By, On, Reply, Rule, State, days};

const CLONE: &str = "clone -q https://github.com/acme/secret";
const FETCH: &str = "fetch -q";

impl Desk {
    /// The account's outcome as `list --json` tells it.
    fn outcome(&self) -> String {
        let listed = self.sandbox.patron(["list", "--json"]).ok().stdout();
        let line = listed.lines().find(|line| line.contains("\"outcome\"")).expect("an account is listed");
        line.trim().trim_end_matches(',').to_owned()
    }

    fn token_is_kept(&self) {
        let secret = self.forge.secret("acme");
        self.sandbox.patron(["token", "acme"]).ok().prints(&format!("{secret}\n"));
    }
}

fn revoke(desk: &Desk) {
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
}

#[test]
fn a_revoked_token_is_explained_once_kept_and_works_again_at_its_next_use() {
    for git in gits() {
        let desk = Desk::new(Policy::sample()).with_git(git);
        desk.ok(".", CLONE);
        revoke(&desk);
        desk.forge.clear_log();
        let said = desk.fails("secret", FETCH);
        let lines = Desk::lines(&said);
        assert!(lines[0].ends_with("(token-rejected)") && lines.len() <= 5, "{said}");
        let page = "https://github.com/settings/personal-access-tokens";
        assert_eq!(desk.pages(), [page]);
        assert_eq!((desk.asked(), desk.calls()), (1, vec!["/user".to_owned()]), "one request tells");
        assert_eq!(desk.outcome(), "\"outcome\": \"rejected\"");
        desk.token_is_kept();
        desk.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
        assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0]);
        assert_eq!(desk.outcome(), "\"outcome\": \"accepted\"");
        desk.forge.clear_log();
        desk.ok("secret", FETCH);
        assert_eq!((desk.asked(), desk.calls().len()), (1, 0), "as if nothing had been");
    }
}

#[test]
fn an_outage_that_answers_401_once_changes_nothing() {
    // At the first use, where our own question meets it; and later, where git does.
    for earlier in [false, true] {
        let desk = Desk::new(Policy::sample());
        if earlier {
            desk.ok(".", CLONE);
        }
        let blip = Reply::text(401, "Invalid username or token.\n")
            .with("WWW-Authenticate", "Basic realm=\"GitHub\"");
        desk.forge.policy(|policy| policy.rules.push(Rule::answer(blip).times(1)));
        let said = if earlier { desk.fails("secret", FETCH) } else { desk.ok(".", CLONE) };
        assert!(said.contains("still recognises it"), "{said}");
        assert_ne!(desk.outcome(), "\"outcome\": \"rejected\"");
        desk.token_is_kept();
        assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0]);
        assert_eq!(desk.pages(), [""; 0]);
    }
}

#[test]
fn an_outage_of_everything_marks_the_token_and_its_next_use_brings_it_back() {
    let desk = Desk::new(Policy::sample());
    desk.ok(".", CLONE);
    let down = Reply::text(401, "Bad credentials\n").with("WWW-Authenticate", "Basic realm=\"GitHub\"");
    let rule = Rule::fault(crate::forge::Then::Answer(down)).by(By::Credential).on(On::Any);
    desk.forge.policy(|policy| policy.rules.push(rule));
    desk.fails("secret", FETCH);
    desk.token_is_kept();
    desk.forge.policy(|policy| policy.rules.clear());
    assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0]);
}

#[test]
fn a_dead_token_is_asked_about_at_the_pauses_and_not_more() {
    let desk = Desk::new(Policy::sample());
    desk.ok(".", CLONE);
    revoke(&desk);
    desk.fails("secret", FETCH);
    desk.forge.clear_log();
    for (pause, what) in
        [(0, "at once"), (60, "a minute"), (300, "five"), (900, "fifteen"), (3600, "sixty"), (3600, "sixty")]
    {
        if pause > 0 {
            desk.later(pause - 5);
            for _ in 0..3 {
                let said = desk.fails("secret", FETCH);
                assert_eq!(Desk::lines(&said).len(), 1, "never silent: {said}");
            }
            assert_eq!(desk.asked(), 0, "before {what}");
            desk.later(10);
        }
        let said = desk.fails("secret", FETCH);
        assert!((1..=5).contains(&Desk::lines(&said).len()), "{said}");
        assert_eq!(desk.asked(), 1, "after {what}: {said}");
        desk.forge.clear_log();
    }
    assert_eq!(desk.pages().len(), 1);
    desk.token_is_kept();
    // A new token is used at once.
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
    desk.add("acme", "acme");
    desk.ok("secret", FETCH);
}

#[test]
fn an_expired_token_says_when_it_expired_and_gives_way_to_the_next() {
    let mut policy = Policy::sample();
    let expired = policy.token_mut("acme").clone().expired();
    *policy.token_mut("acme") = expired;
    policy = policy.token(crate::forge::Token::classic("whole", "mona"));
    let desk = Desk::with(policy, &[]);
    desk.forge.policy(|policy| policy.token_mut("acme").expires = Some(jiff::Timestamp::now() + days(1)));
    desk.add("acme", "acme");
    desk.forge.clear_log();
    let yesterday = jiff::Timestamp::now() - days(1);
    desk.forge.policy(|policy| policy.token_mut("acme").expires = Some(yesterday));
    let path = desk.sandbox.home().join(".config/git-credential-patron/accounts.toml");
    let text = std::fs::read_to_string(&path).expect("there");
    let line = text.lines().find(|line| line.starts_with("expires")).expect("GitHub told").to_owned();
    std::fs::write(&path, text.replace(&line, &format!("expires = \"{yesterday}\""))).expect("ours");
    let said = desk.fails(".", CLONE);
    let lines = Desk::lines(&said);
    let day = yesterday.strftime("%Y-%m-%d").to_string();
    assert!(
        lines[0].contains(&format!("expired on {day}")) && lines[0].ends_with("(token-expired)"),
        "{said}"
    );
    assert_eq!(desk.pages(), ["https://github.com/settings/personal-access-tokens"]);
    // The next candidate is taken: a token for the whole host.
    desk.sandbox
        .patron(["add", "https://github.com", "--token-stdin", "--yes"])
        .stdin(desk.forge.secret("whole"))
        .ok();
    desk.forge.clear_log();
    let said = desk.ok(".", CLONE);
    let tokens: Vec<String> = desk.forge.git_asks().into_iter().map(|ask| ask.4).collect();
    assert_eq!(tokens, ["acme", "whole", "whole"], "asked once more at once, then the next: {said}");
    desk.forge.clear_log();
    desk.ok("secret", FETCH);
    let tokens: Vec<String> = desk.forge.git_asks().into_iter().map(|ask| ask.4).collect();
    assert_eq!(tokens, ["whole"]);
}

#[test]
fn a_storm_of_fetches_with_a_revoked_token_asks_twice_at_most_and_explains_once() {
    let desk = Desk::new(Policy::sample());
    desk.ok(".", CLONE);
    revoke(&desk);
    desk.forge.clear_log();
    let runs: Vec<_> =
        (0..32).map(|_| desk.spawn(".", "ls-remote -q https://github.com/acme/secret")).collect();
    let said: Vec<String> = runs.into_iter().map(|run| run.wait().stderr()).collect();
    let blocks = said.iter().filter(|said| Desk::lines(said).len() > 2).count();
    assert!(blocks <= 1, "{said:#?}");
    assert!(desk.calls().len() <= 2, "{:?}", desk.calls());
    assert_eq!(desk.pages().len(), 1);
    desk.token_is_kept();
    desk.forge.policy(|policy| policy.token_mut("acme").state = State::Active);
    desk.later(3600);
    desk.ok("secret", FETCH);
    let globex = desk.ok(".", "ls-remote -q https://github.com/globex/api");
    assert_eq!(Desk::lines(&globex), [""; 0], "the others' tokens are as they were");
}

#[test]
fn a_dead_token_of_the_helper_before_us_is_named_as_its_and_the_helper_is_told_once() {
    for git in gits() {
        let mut policy = Policy::sample();
        policy.token_mut("classic").state = State::Revoked;
        let desk = Desk::with_old_helper(Forge::start(policy), "classic").with_git(git);
        let said = desk.fails(".", CLONE);
        let lines = Desk::lines(&said);
        assert!(
            lines[0].starts_with("token not accepted: ") && lines[0].ends_with("(token-rejected)"),
            "{said}"
        );
        assert!(lines[0].contains("the token of your previous helper") && lines.len() <= 5, "{said}");
        assert!(!said.contains("and the helper was told"), "said once is enough: {said}");
        // It is given all the same: what git is told by the 401 is how the helper gets to forget it.
        assert_eq!(desk.told(), "get\nerase\n");
        assert_eq!((desk.asked(), desk.calls()), (2, vec!["/user".to_owned()]), "the probe and git");
        assert_eq!(desk.pages().len(), 1);
        // One that gives it again is told again, and each bad login more is git's own.
        for times in 2..5 {
            let said = desk.fails(".", CLONE);
            let line = "github.com does not recognise the token of your previous helper (401); \
                        add one to patron: git credential-patron add acme";
            assert_eq!(Desk::lines(&said), [line], "{said}");
            assert_eq!(desk.told(), "get\nerase\n".repeat(times));
            assert_eq!((desk.asked(), desk.calls().len()), (1 + times, 1), "git alone");
        }
        desk.later(10 * 60);
        let said = desk.fails(".", CLONE);
        assert!(Desk::lines(&said).len() > 1, "{said}");
        assert_eq!((desk.asked(), desk.pages().len()), (7, 1), "git and the probe");
    }
}

#[test]
fn a_token_of_the_helper_before_us_that_dies_in_use_is_named_where_git_meets_it() {
    for git in gits() {
        let desk = Desk::with_old_helper(Forge::start(Policy::sample()), "classic").with_git(git);
        assert_eq!(Desk::lines(&desk.ok(".", CLONE)), [""; 0]);
        assert_eq!(desk.told(), "get\nstore\n");
        desk.forge.policy(|policy| policy.token_mut("classic").state = State::Revoked);
        desk.forge.clear_log();
        let said = desk.fails("secret", FETCH);
        let line = "github.com refused the token of your previous helper (401), and the helper was told; \
                    add one to patron: git credential-patron add acme";
        assert_eq!(Desk::lines(&said), [line], "{said}");
        assert_eq!(desk.told(), "get\nstore\nget\nerase\n");
        let said = desk.fails("secret", FETCH);
        assert_eq!(Desk::lines(&said).len(), 1, "{said}");
        assert_eq!((desk.asked(), desk.calls().len()), (2, 0), "git alone");
        desk.later(10 * 60);
        let said = desk.fails("secret", FETCH);
        assert!(Desk::lines(&said)[0].ends_with("(token-rejected)"), "{said}");
        desk.forge.policy(|policy| policy.token_mut("classic").state = State::Active);
        desk.ok("secret", FETCH);
        assert_eq!(Desk::lines(&desk.ok("secret", FETCH)), [""; 0], "as if nothing had been");
    }
}
