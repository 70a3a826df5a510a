//! The life of a token after `add`: made anew, ended, waited for.

use super::bus::Bus;
use super::forge::{
    Access, Entry, EntryKind, Forge, On, Permission, Policy, Reply, Rule, State, Token, TokenKind, make_token,
};
use super::given;
use super::sandbox::Sandbox;
use super::screen::Screen;
use std::time::{Duration, Instant};

/// A sandbox whose account is acme's, known to git.
fn desk(forge: &Forge) -> Sandbox {
    let sandbox = Sandbox::new(forge);
    sandbox.patron(["setup"]).ok();
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{secret}\n")).ok();
    forge.clear_log();
    sandbox
}

fn labels(sandbox: &Sandbox) -> Vec<String> {
    let list: serde_json::Value =
        serde_json::from_str(&sandbox.patron(["list", "--json"]).ok().stdout()).expect("JSON");
    let rows = list["accounts"].as_array().expect("a list");
    rows.iter().map(|row| row["label"].as_str().expect("a label").to_owned()).collect()
}

fn kept(sandbox: &Sandbox) -> String {
    sandbox.patron(["token", "acme"]).ok().stdout().trim().to_owned()
}

fn of_revocation(entry: &Entry) -> bool {
    entry.path.contains("revoke") || entry.method == "DELETE"
}

mod revoke {
    use super::*;

    #[test]
    fn a_token_is_ended_without_logging_in_and_only_then_forgotten() {
        let forge = Forge::start(Policy::sample());
        forge.policy(|policy| policy.revoked_lives = 1);
        let sandbox = desk(&forge);
        let output = sandbox.patron(["revoke", "acme", "--yes"]).ok();
        assert_eq!(output.stdout(), "revoked: github.com no longer recognises it; removed: acme\n");
        let log: Vec<_> = forge.rest_log().into_iter().map(|it| (it.method, it.path, it.token)).collect();
        assert_eq!(log[0], ("POST".to_owned(), "/credentials/revoke".to_owned(), None));
        assert!(log.len() >= 2, "it is looked whether it is dead: {log:?}");
        assert!(log[1..].iter().all(|(method, path, token)| {
            (method.as_str(), path.as_str(), token.as_deref()) == ("GET", "/user", Some("acme"))
        }));
        assert_eq!(labels(&sandbox), [""; 0]);
        assert_eq!(
            given::files_with(sandbox.root(), &forge.secret("acme")),
            [""; 0].map(std::path::PathBuf::from)
        );
    }

    #[test]
    fn a_token_that_is_still_known_after_all_looks_keeps_its_account() {
        let forge = Forge::start(Policy::sample());
        forge.policy(|policy| policy.revoked_lives = u32::MAX);
        let sandbox = desk(&forge);
        let output = sandbox.patron(["revoke", "acme", "--yes"]).fails(3);
        output
            .says("github.com still recognises acme after 10 s")
            .says("https://github.com/settings/personal-access-tokens");
        assert_eq!(kept(&sandbox), forge.secret("acme"));
    }

    #[test]
    fn a_token_that_leaked_is_ended_whoever_has_it() {
        let forge = Forge::start(Policy::sample());
        let sandbox = desk(&forge);
        let stranger = forge.secret("globex");
        let output =
            sandbox.patron(["revoke", "--token-stdin"]).stdin(format!("export GH_TOKEN={stranger}\n")).ok();
        assert_eq!(output.stdout(), "revoked: github.com no longer recognises it; no account had it\n");
        assert_eq!(forge.policy(|policy| policy.token_mut("globex").state), State::Revoked);
        assert_eq!(labels(&sandbox), ["acme"]);
        let ours = forge.secret("acme");
        sandbox.patron(["revoke", "--token-stdin"]).stdin(ours).ok().says_nothing();
        assert_eq!(labels(&sandbox), [""; 0]);
    }

    #[test]
    fn an_installation_token_ends_itself() {
        let forge = Forge::start(Policy::sample().token(Token::installation("minted", "acme")));
        let sandbox = Sandbox::new(&forge);
        sandbox.patron(["revoke", "--token-stdin"]).stdin(forge.secret("minted")).ok();
        let log = forge.rest_log();
        let call = log.iter().find(|entry| of_revocation(entry)).expect("it was ended");
        assert_eq!((call.method.as_str(), call.token.as_deref()), ("DELETE", Some("minted")));
    }

    #[test]
    fn nothing_is_revoked_without_a_word_and_nothing_forgotten_without_an_answer() {
        let forge = Forge::start(Policy::sample());
        let mut sandbox = desk(&forge);
        sandbox
            .command("setsid", ["--wait", "git", "credential-patron", "revoke", "acme"])
            .fails(2)
            .says("--yes");
        sandbox.patron(["revoke"]).fails(2);
        assert!(!forge.rest_log().iter().any(of_revocation));
        sandbox.patron(["revoke", "--token-stdin"]).stdin("no token\n").fails(1);
        assert!(!forge.rest_log().iter().any(of_revocation));
        for name in ["HTTPS_PROXY", "https_proxy"] {
            sandbox.set(name, "http://127.0.0.1:9");
        }
        sandbox.patron(["revoke", "acme", "--yes"]).fails(3);
        assert_eq!(labels(&sandbox), ["acme"]);
    }
}

mod renew {
    use super::*;

    fn renew(sandbox: &Sandbox, more: &[&str], secret: &str) -> crate::sandbox::Run {
        let arguments = ["renew", "acme", "--token-stdin"].iter().chain(more);
        sandbox.patron(arguments).stdin(format!("{secret}\n"))
    }

    #[test]
    fn the_new_secret_takes_the_place_of_the_old_one_and_git_is_given_it() {
        let forge = Forge::start(Policy::sample());
        let sandbox = desk(&forge);
        let old = forge.secret("acme");
        let new = forge.policy(|policy| policy.regenerate("acme"));
        renew(&sandbox, &[], &new).ok();
        assert_eq!(kept(&sandbox), new);
        assert_eq!(labels(&sandbox), ["acme"]);
        assert!(given::files_with(sandbox.root(), &old).is_empty(), "the old one lies nowhere");
        sandbox.git(["clone", "-q", "https://github.com/acme/secret"]).ok();
        assert!(!forge.rest_log().iter().any(of_revocation), "nothing was revoked unasked");
    }

    #[test]
    fn what_is_no_renewal_leaves_the_old_one() {
        let forge =
            Forge::start(Policy::sample().token(Token {
                login: "robot".to_owned(),
                ..Token::fine_grained("robots", "robot", "acme")
            }));
        let sandbox = desk(&forge);
        let old = forge.secret("acme");
        let unknown = make_token(TokenKind::FineGrained);
        for (secret, why) in [
            (&old, "this token is already stored"),
            (&forge.secret("classic"), "this token is classic, and the one it would renew is fine-grained"),
            (&forge.secret("globex"), "this token is for globex, and the one it would renew is for acme"),
            (&forge.secret("robots"), "this is a token of robot, not of mona"),
            (&unknown, "github.com does not accept this token"),
        ] {
            renew(&sandbox, &[], secret).fails(1).says(why);
            assert_eq!(kept(&sandbox), old, "{why}");
        }
        renew(&sandbox, &[], "").fails(1);
        assert_eq!(kept(&sandbox), old);
    }

    #[test]
    fn the_old_token_is_ended_where_that_is_asked_and_after_the_new_one_is_kept() {
        // Made by hand: a second token, since GitHub ends the old one of a regenerated token by itself.
        let forge = Forge::start(Policy::sample().token(Token::fine_grained("second", "mona", "acme")));
        let sandbox = desk(&forge);
        let output = renew(&sandbox, &["--revoke-old"], &forge.secret("second")).ok();
        assert!(output.stdout().ends_with("revoked the old token\n"), "{}", output.report());
        assert_eq!(kept(&sandbox), forge.secret("second"));
        let states =
            forge.policy(|policy| [policy.token_mut("acme").state, policy.token_mut("second").state]);
        assert_eq!(states, [State::Revoked, State::Active]);
    }

    #[test]
    fn whenever_it_is_killed_one_of_the_two_is_kept_and_named() {
        let forge = Forge::start(Policy::sample().token(Token::fine_grained("second", "mona", "acme")));
        let sandbox = desk(&forge);
        let (old, new) = (forge.secret("acme"), forge.secret("second"));
        let both = [old, new];
        let (mut ended, mut killed) = (false, 0);
        // Killed later each time, until it comes to its end: in small steps first, since it may be quick.
        for step in 0_u64.. {
            assert!(step < 400, "it never ends");
            let secret = &both[usize::from(kept(&sandbox) == both[0])];
            let mut running = renew(&sandbox, &[], secret).spawn();
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(step * step / 4) && !running.has_ended() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let has_ended = running.has_ended();
            let output = if has_ended { running.wait() } else { running.kill() };
            killed += u32::from(!has_ended);
            assert!(both.contains(&kept(&sandbox)), "{}", output.report());
            assert_eq!(labels(&sandbox), ["acme"], "{}", output.report());
            ended = has_ended && output.status.success();
            if ended {
                assert_eq!(&kept(&sandbox), secret);
                break;
            }
        }
        assert!(ended && killed > 2, "{killed}");
    }
}

mod wait {
    use super::*;

    fn pending() -> Forge {
        let forge = Forge::start(Policy::sample());
        forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
        forge
    }

    #[test]
    fn an_approval_in_the_middle_lets_it_end_and_run_the_command_with_git_let_in() {
        let forge = pending();
        let sandbox = desk(&forge);
        let clone = ["git", "clone", "-q", "https://github.com/acme/secret"];
        let arguments = ["wait", "acme/secret", "--timeout", "2m", "--"].into_iter().chain(clone);
        let running = sandbox.patron(arguments).within(Duration::from_secs(150)).spawn();
        let start = Instant::now();
        while !forge.rest_log().iter().any(|entry| entry.path.starts_with("/user/repos")) {
            assert!(start.elapsed() < Duration::from_secs(60), "the first look never ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        // The rest of that look; the next question comes after a pause.
        std::thread::sleep(Duration::from_secs(1));
        forge.policy(|policy| policy.token_mut("acme").state = State::Active);
        let before = forge.log().len();
        let output = running.wait().ok();
        assert!(sandbox.work().join("secret/.git").is_dir());
        let after = forge.log();
        let asked: Vec<u16> = after[before..]
            .iter()
            .filter(|entry| entry.kind == EntryKind::Git && entry.token.is_some())
            .map(|entry| entry.status)
            .collect();
        assert!(
            !asked.is_empty() && asked.iter().all(|status| *status == 200),
            "the first question after the approval ends it: {asked:?}"
        );
        assert_eq!(output.stderr(), "", "a pipe shows nothing: {}", output.report());
    }

    #[test]
    fn while_nothing_changes_git_alone_is_asked_and_the_end_says_what_is_not_known() {
        for state in [State::Pending, State::Denied] {
            let forge = pending();
            let sandbox = desk(&forge);
            forge.policy(|policy| policy.token_mut("acme").state = state);
            let output = sandbox.patron(["wait", "acme/secret", "--timeout", "1"]).fails(3);
            output.says("time is up").says("(approval-pending)").says("check your mail for the decision");
            let users = forge.rest_log().iter().filter(|entry| entry.path == "/user").count();
            assert_eq!(users, 1, "the first look asks about the token, the others do not");
            assert_eq!(forge.git_asks().len(), 2, "the first look, and one more");
        }
    }

    #[test]
    fn what_waiting_does_not_change_ends_it_at_once() {
        let forge = Forge::start(Policy::sample());
        let sandbox = desk(&forge);
        sandbox.patron(["wait", "acme/sceret", "--timeout", "1h"]).fails(1);
        forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
        sandbox.patron(["wait", "acme/secret", "--timeout", "1h"]).fails(1).says("(token-rejected)");
        sandbox.patron(["wait", "globex/api", "--timeout", "1h"]).fails(1).says("(no-account)");
        sandbox.patron(["wait", "acme/secret", "--timeout", "soon"]).fails(2);
    }

    #[test]
    fn who_is_let_in_already_does_not_wait_and_the_commands_exit_code_is_its_own() {
        let forge = Forge::start(Policy::sample());
        let sandbox = desk(&forge);
        // A look that finds nobody in its ten seconds is no answer, and the next one comes ten seconds later: on a
        // machine that is very busy that may happen more than once.
        let wait = |line: &str| {
            sandbox
                .patron(["wait", "acme/secret"])
                .args(line.split_whitespace())
                .within(Duration::from_secs(300))
        };
        wait("").ok().says_nothing();
        wait("--").args(["sh", "-c", "exit 7"]).fails(7);
        let json = wait("--json").ok().stdout();
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["targets"][0]["verdict"]["id"], "ok");
    }

    #[test]
    fn an_owner_means_the_repository_that_was_refused_last() {
        let forge = pending();
        let sandbox = desk(&forge);
        sandbox.patron(["wait", "acme", "--timeout", "0"]).fails(2).says("OWNER/REPOSITORY");
        sandbox.git(["clone", "-q", "https://github.com/acme/tools"]).fails(128);
        sandbox.patron(["wait", "acme", "--timeout", "0"]).fails(3).says("acme/tools: time is up");
    }

    /// Lets it run until GitHub was asked the first time.
    fn asked(forge: &Forge) {
        let start = Instant::now();
        while forge.git_log().is_empty() && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn a_terminal_shows_the_time_that_passes_and_nothing_of_it_is_left_at_the_end() {
        let forge = pending();
        let sandbox = desk(&forge);
        let line = "git credential-patron wait acme/secret --timeout 2m";
        let mut screen = Screen::start(&sandbox, &sandbox.work(), 120, line);
        let shown = "waiting for acme/secret (approval-pending); Ctrl-C ends it ";
        screen.wait_for(shown).unwrap_or_else(|why| panic!("{why}"));
        let clock = |text: &str| text.split(shown).nth(1).map(|rest| rest.trim().to_owned());
        let first = clock(&screen.text()).expect("it is there");
        assert!(first.starts_with("0:"), "{first}");
        let start = Instant::now();
        while clock(&screen.text()).is_none_or(|now| now == first) {
            assert!(start.elapsed() < Duration::from_secs(60), "the clock stands still: {}", screen.text());
            std::thread::sleep(Duration::from_millis(20));
        }
        forge.policy(|policy| policy.token_mut("acme").state = State::Active);
        let shown = screen.wait().unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((shown.code, shown.text().as_str()), (0, "patron: acme/secret: git has access now"));
    }

    #[test]
    fn a_long_wait_ends_with_a_note_on_the_desktop_and_a_short_one_does_not() {
        let bus = Bus::without_service();
        let notes = bus.desktop();
        let forge = pending();
        let mut sandbox = desk(&forge);
        sandbox.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
        sandbox.set("DISPLAY", ":0");
        let wait = |timeout: &str| {
            sandbox
                .patron(["wait", "acme/secret", "--timeout", timeout])
                .within(Duration::from_secs(120))
                .fails(3)
        };
        let begin = Instant::now();
        wait("0");
        // On a machine that is very busy the short one is no short one.
        if begin.elapsed() < Duration::from_secs(9) {
            assert!(notes.try_recv().is_err(), "who sits there needs no note");
        }
        wait("11");
        let note = notes.recv_timeout(Duration::from_secs(60)).expect("a note");
        assert_eq!(note, "acme/secret: stopped waiting, git still has no access");
    }

    #[test]
    fn an_approval_in_the_middle_of_the_first_look_lets_it_end() {
        // Git's question is refused once, and what is asked to explain that is answered as after the approval.
        let once = Rule::answer(Reply::text(404, "Repository not found.\n"));
        let forge =
            Forge::start(Policy::sample().rule(once.token("acme").repo("acme/secret").on(On::Git).times(1)));
        let sandbox = desk(&forge);
        sandbox
            .patron(["wait", "acme/secret", "--timeout", "1m"])
            .within(Duration::from_secs(120))
            .ok()
            .says_nothing();
        assert!(forge.git_asks().len() > 1, "it was refused first");
    }

    #[test]
    fn for_a_push_the_question_of_a_push_is_asked() {
        let forge = pending();
        let sandbox = desk(&forge);
        let line = ["wait", "acme/secret", "--push", "--timeout", "2m", "--", "sh", "-c", "echo in"];
        let running = sandbox.patron(line).within(Duration::from_secs(150)).spawn();
        asked(&forge);
        forge.policy(|policy| policy.token_mut("acme").state = State::Active);
        running.wait().ok().prints("in\n");
        let pushes = forge.git_asks().into_iter().filter(|ask| ask.3 == Access::Write).count();
        // The approval may come before or behind the first question about a push.
        assert!(pushes >= 1, "a push is asked about");
        // What lets git fetch need not let it push, and waiting changes nothing about that.
        forge.policy(|policy| policy.token_mut("acme").contents = Permission::Read);
        sandbox.patron(["wait", "acme/secret"]).ok();
        let output = sandbox.patron(["wait", "acme/secret", "--push", "--timeout", "1h"]).fails(1);
        output.says("(write-permission-missing)");
    }

    #[test]
    fn ctrl_c_leaves_nothing_behind() {
        use rustix::process::{Pid, Signal, kill_process};
        let forge = pending();
        let sandbox = desk(&forge);
        let running = sandbox.patron(["wait", "acme/secret"]).spawn();
        asked(&forge);
        let pid = Pid::from_raw(i32::try_from(running.id()).expect("a process id")).expect("a process id");
        kill_process(pid, Signal::INT).expect("it runs");
        let output = running.wait();
        assert_eq!(output.status.code(), Some(130), "{}", output.report());
        let tmp = std::fs::read_dir(sandbox.root().join("tmp")).expect("a folder").count();
        assert_eq!(tmp, 0, "no file is left");
    }
}
