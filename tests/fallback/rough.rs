//! Helpers that misbehave, helpers that know more than passwords, and circles.

use super::{Runner, add, asks, expected, request, scribe, set_up, without_probes};
use crate::forge::{Access, Forge, Policy};
use crate::sandbox::{Sandbox, gits};
use std::time::Duration;

use Access::Read;

/// A sandbox whose previous helper is the script `rough`.
fn sandbox(forge: &Forge, answer: &str) -> Sandbox {
    let sandbox = without_probes(forge);
    scribe(&sandbox, "rough", answer);
    set_up(&sandbox, "[credential]\n\thelper = rough\n");
    sandbox
}

#[test]
fn what_a_helper_prints_reaches_git_only_if_git_cannot_misread_it() {
    let forge = Forge::start(Policy::sample());
    let sandbox = without_probes(&forge);
    set_up(&sandbox, "[credential]\n\thelper = rough\n");
    let good = "username=u\npassword=p\n\n";
    for (answer, given) in [
        ("printf 'username=u\\npassword=p\\n'", good),
        ("printf 'username=u\\r\\npassword=p\\r\\n\\r\\nquit=1\\n'", good),
        ("printf 'username=u\\npassword=p'", good),
        ("printf 'username=u\\npassword=p\\n'; exit 1", good),
        ("printf 'username=u\\npassword=p\\n'; kill -SEGV $$", good),
        ("exec <&-; printf 'username=u\\npassword=p\\n'", good),
        (
            "printf 'protocol=http\\nhost=evil.test\\npath=x\\nurl=https://evil.test/\\nusername=u\\npassword=p\\n'",
            good,
        ),
        ("printf 'username=u\\npassword=p\\n\\n'; exec sleep 0", good),
        ("printf 'username=a\\npassword=b\\nusername=u\\npassword=p\\n'", good),
        ("printf 'Opening in existing browser session.\\nusername=u\\npassword=p\\n'", ""),
        ("printf 'username=u\\npassword=p\\rhost=evil.test\\n'", ""),
        ("printf 'username=u\\npassword=p\\0q\\n'", ""),
        ("printf 'username=u\\npassword=\\033[2Jp\\n'", ""),
        ("printf 'username=u\\npassword='; head -c 2000000 /dev/zero | tr '\\\\0' a", ""),
        ("yes 'state[]=x'", ""),
        ("seq -f 'state[]=%.0f' 1000000 1000129", ""),
        ("exit 3", ""),
        ("printf 'quit=1\\n'", "quit=1\n\n"),
        ("printf 'username=only\\n'", "username=only\n\n"),
    ] {
        scribe(&sandbox, "rough", answer);
        // More than a pipe holds, for those that do not read it.
        let long = format!("wwwauth[]={}\n", "a".repeat(60_000)).repeat(10);
        for more in ["", &long] {
            let output = sandbox.patron(["get"]).stdin(request(&format!("path=acme/secret\n{more}\n"))).ok();
            assert_eq!(output.stdout(), given, "{answer}");
            let refused = given.is_empty() && !answer.starts_with("exit") && !answer.contains("Opening");
            assert_eq!(output.stderr().contains("its answer is not used"), refused, "{}", output.report());
            assert!(!output.stderr().contains("[2J"));
        }
    }
}

/// What is hostile in length costs what its length costs: quadratic work would take minutes.
#[test]
fn an_answer_of_a_megabyte_is_dealt_with_in_the_time_of_its_bytes() {
    let forge = Forge::start(Policy::sample());
    let sandbox = without_probes(&forge);
    set_up(&sandbox, "[credential]\n\thelper = rough\n");
    // Each secret is looked for in a vault.
    add(&sandbox, &forge, "acme", "acme");
    let end = "printf 'username=u\\npassword=p\\n'";
    let alphabet = "seq -f 'state[]=%.0f:b:c,d' 1000000 1040000";
    for (answer, password, is_used) in [
        (format!("seq -f 'k%.0f=v' 1 85000; {end}"), "p", true),
        (format!("seq -f 'k%.0f[]=v' 1 75000; {end}"), "p", true),
        ("seq -f 'password=%.0f' 100001 120000; echo username=u".to_owned(), "120000", true),
        (format!("{end}; {alphabet}"), "", false),
        (format!("printf 'state[]='; head -c 900000 /dev/zero | tr '\\0' ':'; echo; {end}"), "p", true),
    ] {
        scribe(&sandbox, "rough", &answer);
        let output = sandbox.patron(["get"]).stdin(request("path=globex/api\n\n")).ok();
        let line = format!("password={password}\n");
        assert_eq!(output.stdout().contains(&line), is_used, "{answer}: {}", output.stderr());
        assert_eq!(output.stderr().contains("holds more than 128 secrets"), !is_used, "{}", output.stderr());
        assert!(output.took < Duration::from_secs(20), "{answer}: {:?}", output.took);
    }
}

#[test]
fn nobody_waits_for_what_a_helper_left_behind_but_for_the_helper_itself_as_long_as_it_takes() {
    let forge = Forge::start(Policy::sample());
    let sandbox = sandbox(&forge, "printf 'username=u\\npassword=p\\n\\n'; sleep 20 2>/dev/null &");
    let get = || sandbox.patron(["get"]).stdin(request("path=acme/secret\n\n")).ok();
    let output = get();
    assert_eq!(output.stdout(), "username=u\npassword=p\n\n");
    assert!(output.took < Duration::from_secs(10), "{}", output.report());
    // Longer than any bound of ours: a person may be looking for a second factor.
    scribe(&sandbox, "rough", "sleep 7; printf 'username=u\\npassword=p\\n'");
    let output = get();
    assert_eq!(output.stdout(), "username=u\npassword=p\n\n");
    assert!(output.took > Duration::from_secs(7), "{}", output.report());
}

#[test]
fn helpers_are_asked_in_turn_and_each_sees_what_the_one_before_filled_in() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        let secret = forge.secret("classic");
        let names = scribe(&sandbox, "names", "printf 'username=mona\\n'");
        let old = scribe(
            &sandbox,
            "old",
            "printf 'password=stale\\npassword_expiry_utc=1700000000\\noauth_refresh_token=again\\n'",
        );
        let last = scribe(&sandbox, "last", &format!("printf 'password={secret}\\n'"));
        let never = scribe(&sandbox, "never", "printf 'username=x\\npassword=y\\n'");
        let config: String =
            ["names", "old", "last", "never"].iter().map(|name| format!("\thelper = {name}\n")).collect();
        set_up(&sandbox, &format!("[credential]\n{config}"));
        let run = Runner { sandbox: &sandbox, git };
        run.ok(".", "ls-remote -q https://github.com/acme/secret");
        assert_eq!(asks(&forge), expected(&[("acme/secret", Read, "classic")]), "git {}", git.version);
        assert!(!names.text().split("[store]").next().expect("told").contains("username="));
        assert!(old.text().split("[store]").next().expect("told").contains("username=mona\n"));
        let told = last.text();
        let told = told.split("[store]").next().expect("told");
        assert!(told.contains("username=mona\n") && told.contains("oauth_refresh_token=again\n"));
        assert!(!told.contains("stale") && !told.contains("password_expiry_utc"));
        assert!(never.text().starts_with("[store]\n"), "told how it went, but not asked");
    }
}

#[test]
fn a_helper_that_says_quit_is_the_last_and_git_says_so() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        scribe(&sandbox, "first", "printf 'quit=1\\n'");
        let second = scribe(&sandbox, "second", "printf 'username=u\\npassword=p\\n'");
        set_up(&sandbox, "[credential]\n\thelper = first\n\thelper = second\n");
        let run = Runner { sandbox: &sandbox, git };
        run.fails(".", "ls-remote -q https://github.com/acme/secret")
            .says("told us to quit")
            .does_not_say("no account");
        assert_eq!(second.text(), "");
    }
}

/// What a helper of git 2.46 and newer may answer: another scheme than Basic, and a note to itself.
fn bearer(forge: &Forge) -> [String; 6] {
    let credential = format!("credential={}", forge.secret("classic"));
    [
        "capability[]=authtype",
        "capability[]=state",
        "authtype=Bearer",
        &credential,
        "ephemeral=1",
        "state[]=rough:7",
    ]
    .map(str::to_owned)
}

#[test]
fn a_bearer_token_with_its_state_goes_through_whole_both_ways() {
    let forge = Forge::start(Policy::sample());
    let lines = bearer(&forge);
    let sandbox = without_probes(&forge);
    let diary = scribe(&sandbox, "rough", &format!("printf '%s\\n' '{}'", lines.join("' '")));
    set_up(&sandbox, "[credential]\n\thelper = rough\n");
    // The requests are those of git 2.47, so that this needs none that is as new.
    let asked = "capability[]=authtype\ncapability[]=state\n";
    let get = request(&format!("path=acme/secret\n{asked}\n"));
    let output = sandbox.patron(["get"]).stdin(get).ok().says_nothing();
    assert!(output.stdout() == lines.join("\n") + "\n\n", "{}", output.report());
    assert!(diary.take().contains(asked), "the helper is told what git understands");
    let store = request(&format!("path=acme/secret\n{}\n\n", lines.join("\n")));
    sandbox.patron(["store"]).stdin(store).ok().says_nothing().prints("");
    let told = diary.text();
    assert!(told.starts_with("[store]\n") && lines.iter().all(|line| told.lines().any(|told| told == line)));
}

#[test]
fn a_bearer_token_opens_the_repository_for_each_git_that_knows_of_such_and_for_no_older_one() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        let diary = scribe(&sandbox, "rough", &format!("printf '%s\\n' '{}'", bearer(&forge).join("' '")));
        set_up(&sandbox, "[credential]\n\thelper = rough\n");
        let run = Runner { sandbox: &sandbox, git };
        let line = "ls-remote -q https://github.com/acme/secret";
        if git.is_at_least(2, 46) {
            run.ok(".", line);
            assert_eq!(asks(&forge), expected(&[("acme/secret", Read, "classic")]), "git {}", git.version);
            let told = diary.text();
            let (_, stored) = told.split_once("[store]").expect("it was told how it went");
            assert!(stored.contains(&format!("credential={}\n", forge.secret("classic"))));
        } else {
            // It did not ask for such an answer, and passes it over; so it wants to ask a person.
            run.fails(".", line).says("could not read Username").does_not_say("no account");
            assert_eq!(asks(&forge), [], "git {}", git.version);
            assert!(!diary.text().contains("capability[]"), "git {}", git.version);
        }
    }
}

#[test]
fn patron_is_not_its_own_helper_however_it_is_called() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        set_up(&sandbox, "");
        add(&sandbox, &forge, "acme", "acme");
        let ours = sandbox.read(".config/git-credential-patron/gitconfig").expect("set up");
        let other_name = sandbox.bin().join("git-credential-other");
        std::os::unix::fs::symlink(sandbox.program(), &other_name).expect("the sandbox is ours");
        sandbox.write_program("git-credential-wrap", "exec git-credential-patron \"$@\"");
        sandbox.write_program("git-credential-again", "exec git credential fill");
        let trace = sandbox.root().join("trace");
        for (helper, gets) in [
            (other_name.to_str().expect("a path in UTF-8"), 1),
            ("other --option", 1),
            ("!git-credential-other", 1),
            ("wrap", 2),
            ("!X=1 git-credential-patron", 2),
            ("again", 2),
        ] {
            let fallback = format!("[patron \"https://github.com\"]\n\tfallback = \"{helper}\"\n");
            sandbox.write(".config/git-credential-patron/gitconfig", format!("{ours}{fallback}"));
            let _ = std::fs::remove_file(&trace);
            let line = ["ls-remote", "-q", "https://github.com/globex/api"];
            sandbox.git(line).with_git(git).env("PATRON_TRACE", &trace).fails(128);
            let log = std::fs::read_to_string(&trace).expect("a log");
            assert_eq!(log.matches(" get remote=").count(), gets, "{helper}, git {}\n{log}", git.version);
        }
        assert_eq!(asks(&forge), []);
    }
}

#[test]
fn a_mark_that_a_long_living_program_inherited_does_not_silence_the_helper() {
    let forge = Forge::start(Policy::sample());
    let sandbox = sandbox(&forge, "printf 'username=u\\npassword=p\\n'");
    let get = |mark: String| {
        sandbox.patron(["get"]).stdin(request("path=a/b\n\n")).env("PATRON_FALLBACK", mark).ok().stdout()
    };
    let gone = sandbox.shell("echo $$").ok().stdout();
    let here = std::process::id();
    for (mark, answers) in [
        (format!("github.com@{here}"), false),
        (format!("example.com@1 github.com@{here}"), false),
        (format!("github.com@{}", gone.trim()), true),
        (format!("example.com@{here} github.com.evil.test@{here}"), true),
        ("github.com github.com@ github.com@x @ 1".to_owned(), true),
        (String::new(), true),
    ] {
        assert_eq!(!get(mark.clone()).is_empty(), answers, "{mark}");
    }
}
