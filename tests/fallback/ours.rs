//! What is ours stays ours: no helper is told a secret that patron answers, or answered; and one that a
//! helper answers is given for no other owner than its account's.

use super::{Runner, accounts, add, asks, expected, request, scribe, set_up, without_probes};
use crate::forge::{Access, Forge, HostKind, Policy, Repository, State, Token, Visibility};
use crate::sandbox::{Sandbox, gits};

use Access::Read;

/// An answer of mona's classic token, as shell.
fn answer(forge: &Forge, label: &str) -> String {
    format!("printf 'username=mona\\npassword={}\\n'", forge.secret(label))
}

#[test]
fn a_helper_is_told_everything_but_the_path_and_never_a_secret_of_ours() {
    for git in gits() {
        let forge = Forge::start(Policy::sample().token(Token::fine_grained("next", "mona", "acme")));
        let mut sandbox = without_probes(&forge);
        let trace = sandbox.root().join("trace");
        sandbox.set("PATRON_TRACE", &trace);
        let diary = scribe(&sandbox, "scribe", &answer(&forge, "classic"));
        set_up(&sandbox, "[credential]\n\thelper = scribe\n");
        add(&sandbox, &forge, "acme", "acme");
        let run = Runner { sandbox: &sandbox, git };

        // An account answers, GitHub refuses its token, a script reports on it: nobody is told.
        run.ok(".", "ls-remote -q https://github.com/acme/secret");
        let of_ours = |label: &str| request(&format!("username=mona\npassword={}\n\n", forge.secret(label)));
        run.credential("approve", &of_ours("acme")).ok();
        assert_eq!(diary.take(), "", "nothing about acme's token, git {}", git.version);

        // Another owner: the helper is asked and told as git does it, without the path.
        run.ok(".", "ls-remote -q https://github.com/globex/api");
        let told = diary.take();
        let operations: Vec<&str> = told.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(operations, ["[get]", "[store]"], "{}", told.len());
        assert!(told.contains("protocol=https\nhost=github.com\n") && !told.contains("path="));
        assert_eq!(told.contains("wwwauth[]="), git.is_at_least(2, 41), "git {}", git.version);
        assert!(told.contains(&format!("username=mona\npassword={}\n", forge.secret("classic"))));

        // The token is replaced while some git still has the earlier one; then the account is removed.
        add(&sandbox, &forge, "acme", "next");
        run.credential("reject", &of_ours("acme")).ok();
        run.credential("approve", &of_ours("acme")).ok();
        run.credential("reject", &of_ours("next")).ok();
        sandbox.patron(["remove", "acme", "--yes"]).ok();
        run.credential("reject", &of_ours("next")).ok();
        let in_name = request(&format!("username={}\npassword=x-oauth-basic\n\n", forge.secret("next")));
        run.credential("reject", &in_name).ok();
        assert_eq!(diary.take(), "", "git {}", git.version);

        let logged = std::fs::read_to_string(trace).expect("a log");
        assert!(logged.contains("fallback asked") && logged.contains("told the fallback"));
        assert!(forge.secrets().iter().all(|secret| !logged.contains(secret)));
    }
}

#[test]
fn what_may_be_ours_is_not_told_while_nothing_can_be_remembered() {
    let forge = Forge::start(Policy::sample());
    let sandbox = without_probes(&forge);
    let diary = scribe(&sandbox, "scribe", "exit 0");
    set_up(&sandbox, "[credential]\n\thelper = scribe\n");
    let secret = forge.secret("acme");
    sandbox.write("token", &secret);
    let command = format!("cat '{}'", sandbox.home().join("token").display());
    let account = format!(
        "[[account]]\nlabel = \"acme\"\nscope = \"https://github.com/acme\"\nvault = \"command\"\ncommand = \"{command}\"\n"
    );
    sandbox.write(".config/git-credential-patron/accounts.toml", account);
    // Fingerprints cannot be written, and the command is not run for a comparison.
    let outcomes = sandbox.home().join(".local/state/git-credential-patron/outcomes.toml");
    let _ = std::fs::remove_file(&outcomes);
    std::fs::create_dir_all(&outcomes).expect("a folder in its place");
    let run = Runner { sandbox: &sandbox, git: &gits()[0] };
    run.ok(".", "ls-remote -q https://github.com/acme/secret");
    run.credential("reject", &request(&format!("username=mona\npassword={secret}\n\n"))).ok();
    assert_eq!(diary.take(), "");
    // What cannot have been answered for another owner is told.
    let other = request(&format!("path=globex/api\nusername=mona\npassword={}\n\n", forge.secret("classic")));
    run.credential("reject", &other).ok();
    assert!(diary.take().starts_with("[erase]\n"));
    assert_eq!(asks(&forge), expected(&[("acme/secret", Read, "acme")]));
}

#[test]
fn a_helpers_answer_that_is_another_owners_account_is_not_given() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        let diary = scribe(&sandbox, "scribe", &answer(&forge, "acme"));
        let second = scribe(&sandbox, "second", &answer(&forge, "classic"));
        set_up(&sandbox, "[credential]\n\thelper = scribe\n");
        let run = Runner { sandbox: &sandbox, git };
        // As long as it is nobody's account it is the helper's affair.
        run.fails(".", "ls-remote -q https://github.com/globex/api");
        assert_eq!(asks(&forge), expected(&[("globex/api", Read, "acme")]));
        add(&sandbox, &forge, "acme", "acme");
        forge.clear_log();
        run.fails(".", "ls-remote -q https://github.com/globex/api")
            .says("patron: the previous helper for globex/api: it answered with a token of an account")
            .says("patron: no account for globex; add one: git credential-patron add globex");
        // The same within what is encoded already.
        let encoded = "printf 'capability[]=authtype\\nauthtype=Basic\\ncredential=%s\\n' \"$(printf 'mona:%s' SECRET | base64 -w0)\"";
        scribe(&sandbox, "scribe", &encoded.replace("SECRET", &forge.secret("acme")));
        run.fails(".", "ls-remote -q https://github.com/globex/api");
        assert_eq!(asks(&forge), [], "git {}", git.version);
        // The next helper is asked; of the one before not even the user name is left.
        scribe(&sandbox, "scribe", &answer(&forge, "acme").replace("mona", "robot"));
        second.take();
        sandbox.write(
            ".config/git-credential-patron/gitconfig",
            sandbox.read(".config/git-credential-patron/gitconfig").expect("set up")
                + "[patron \"https://github.com\"]\n\tfallback = second\n",
        );
        run.ok(".", "ls-remote -q https://github.com/globex/api");
        assert_eq!(asks(&forge), expected(&[("globex/api", Read, "classic")]), "git {}", git.version);
        assert!(!second.text().contains("robot") && second.text().contains("[get]"));
        assert!(diary.text().contains("[get]"));
    }
}

/// As a list of accounts that others can write could name a command, a file of ours could name a helper.
#[test]
fn a_helper_is_not_asked_that_stands_in_a_file_which_others_can_write() {
    use std::os::unix::fs::chown;
    let forge = Forge::start(Policy::sample());
    let sandbox = without_probes(&forge);
    let diary = scribe(&sandbox, "scribe", &answer(&forge, "classic"));
    set_up(&sandbox, "[credential]\n\thelper = scribe\n");
    let folder = sandbox.home().join(".config/git-credential-patron");
    let file = folder.join("gitconfig");
    let get = || sandbox.patron(["get"]).stdin(request("path=globex/api\n\n")).ok();
    assert!(get().stdout().contains("password="));
    diary.take();
    for (path, usual, mode, remedy) in [
        (&file, 0o600, 0o666, "chmod go-w"),
        (&file, 0o600, 0o620, "chmod go-w"),
        (&folder, 0o700, 0o777, "chmod 700"),
    ] {
        crate::given::chmod(path, mode);
        let output = get();
        assert!(output.stdout().is_empty(), "{mode:o} {}", path.display());
        let said = output.stderr();
        assert!(said.contains("the previous helpers are not asked: ") && said.contains(remedy), "{said}");
        assert_eq!(diary.take(), "", "nobody is run");
        let store = request(&format!("username=mona\npassword={}\n\n", forge.secret("classic")));
        sandbox.patron(["store"]).stdin(store).ok();
        assert_eq!(diary.take(), "", "nobody is told");
        crate::given::chmod(path, usual);
        assert!(get().stdout().contains("password="), "as before");
        diary.take();
    }
    if rustix::process::geteuid().is_root() {
        chown(&file, Some(65534), None).expect("root may");
        let output = get();
        assert!(output.stdout().is_empty() && output.stderr().contains("belongs to"), "{}", output.stderr());
        assert_eq!(diary.take(), "");
    }
}

#[test]
fn a_rejected_account_gives_way_to_the_helper_but_not_to_the_same_token() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        let diary = scribe(&sandbox, "scribe", &answer(&forge, "acme"));
        set_up(&sandbox, "[credential]\n\thelper = scribe\n");
        add(&sandbox, &forge, "acme", "acme");
        forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
        let run = Runner { sandbox: &sandbox, git };
        // At once, at its next use, and then it is in its pause.
        let line = "ls-remote -q https://github.com/acme/secret";
        run.fails(".", line);
        run.fails(".", line);
        diary.take();
        forge.clear_log();
        run.fails(".", line);
        assert_eq!(asks(&forge), [], "the helper's copy of the rejected token is not sent");
        assert_eq!(diary.take().matches("[get]").count(), 1);
        scribe(&sandbox, "scribe", &answer(&forge, "classic"));
        run.ok(".", line);
        assert_eq!(asks(&forge), expected(&[("acme/secret", Read, "classic")]), "git {}", git.version);
    }
}

#[test]
fn a_new_token_is_learned_or_left_to_the_helper_by_its_kind_and_path() {
    for git in gits() {
        let forge = Forge::start(Policy::sample().token(Token::oauth("login", "mona")));
        let sandbox = without_probes(&forge);
        let diary = scribe(&sandbox, "scribe", "exit 0");
        set_up(&sandbox, "[credential]\n\thelper = scribe\n");
        let run = Runner { sandbox: &sandbox, git };
        let kept = |path: &str, label: &str| {
            request(&format!("{path}username=mona\npassword={}\n\n", forge.secret(label)))
        };
        run.credential("approve", &kept("path=acme/secret\n", "acme")).ok().says_nothing();
        assert!(diary.take().starts_with("[store]\n"), "git never asked for it: theirs");
        sandbox.patron(["get"]).stdin(request("path=acme/secret\n\n")).ok().prints("");
        assert!(diary.take().starts_with("[get]\n"));
        run.credential("approve", &kept("path=acme/secret\n", "acme")).ok().says("learned acme");
        assert_eq!((diary.take().as_str(), accounts(&sandbox)), ("", vec!["acme".to_owned()]));
        for (path, label) in [("path=globex/api\n", "login"), ("", "globex"), ("", "login")] {
            run.credential("approve", &kept(path, label)).ok().says_nothing();
            let told = diary.take();
            assert!(told.starts_with("[store]\n") && told.contains(&forge.secret(label)), "{label}");
            assert!(!told.contains("path="));
        }
        let password = format!("path=globex/api\nusername=mona\npassword={}\n\n", "hunter2");
        run.credential("approve", &request(&password)).ok().says_nothing();
        assert!(diary.take().contains("password=hunter2"));
        assert_eq!(accounts(&sandbox), ["acme"], "git {}", git.version);
    }
}

#[test]
fn each_scope_has_its_own_helper_and_path_if_it_had_them_before() {
    for git in gits() {
        let forge = Forge::start(Policy::sample());
        let sandbox = without_probes(&forge);
        let [hosts, owners] =
            ["hosts", "owners"].map(|name| scribe(&sandbox, name, &answer(&forge, "classic")));
        set_up(
            &sandbox,
            "[credential]\n\thelper = hosts\n[credential \"https://github.com/globex\"]\n\thelper =\n\thelper = owners\n\tuseHttpPath = true\n",
        );
        let run = Runner { sandbox: &sandbox, git };
        run.ok(".", "ls-remote -q https://github.com/globex/api");
        assert_eq!(hosts.take(), "");
        assert!(owners.take().contains("path=globex/api\n"), "it was sent the path before");
        run.ok(".", "ls-remote -q https://github.com/acme/secret");
        assert!(!hosts.take().contains("path="));
        assert_eq!(owners.take(), "", "git {}", git.version);
    }
}

#[test]
fn a_plain_host_is_its_helpers_and_ours_only_without_one() {
    for git in gits() {
        let with = |host: &str, label: &str| Token::password(label, host, "mona");
        let policy = Policy::sample()
            .host("git.example.com", HostKind::Plain)
            .host("code.example.com", HostKind::Plain)
            .repository(Repository::new("git.example.com/team/tool", Visibility::Private))
            .repository(Repository::new("code.example.com/team/tool", Visibility::Private))
            .token(with("git.example.com", "theirs"))
            .token(with("code.example.com", "ours"));
        let forge = Forge::start(policy);
        let sandbox = without_probes(&forge);
        sandbox.write(".gitconfig", "[credential \"https://git.example.com\"]\n\thelper = store\n");
        sandbox.patron(["setup", "--host", "git.example.com", "--host", "code.example.com"]).ok();
        let run = Runner { sandbox: &sandbox, git };
        let kept = |host: &str, label: &str| {
            format!("protocol=https\nhost={host}\nusername=mona\npassword={}\n\n", forge.secret(label))
        };
        for (host, label) in [("git.example.com", "theirs"), ("code.example.com", "ours")] {
            run.credential("approve", &kept(host, label)).ok();
        }
        assert_eq!(accounts(&sandbox), ["code.example.com"]);
        let file = || sandbox.read(".git-credentials").unwrap_or_default();
        assert!(file().contains("@git.example.com\n") && !file().contains("code.example.com"));
        let asked = |host: &str| run.credential("fill", &format!("protocol=https\nhost={host}\n\n"));
        assert!(asked("git.example.com").ok().stdout().contains(&forge.secret("theirs")));
        assert!(asked("code.example.com").ok().stdout().contains(&forge.secret("ours")));
        run.credential("reject", &kept("git.example.com", "theirs")).ok();
        run.credential("reject", &kept("code.example.com", "ours")).ok();
        assert_eq!((file().as_str(), accounts(&sandbox).len()), ("", 0), "git {}", git.version);
        asked("git.example.com").fails(128);
        asked("code.example.com").fails(128);
    }
}

#[test]
fn a_host_with_neither_account_nor_helper_is_nobodys_and_leaves_no_trace() {
    let sandbox = Sandbox::new(None);
    sandbox.patron(["setup"]).ok();
    let before = tree(&sandbox);
    let get = |host: &str| {
        let request = format!("protocol=https\nhost={host}\npath=acme/secret\n\n");
        sandbox.patron(["get"]).stdin(request).ok().prints("").says_nothing();
    };
    for host in ["example.com", "gitlab.com", "github.com.evil.test"] {
        get(host);
    }
    assert_eq!(tree(&sandbox), before);
    // What a person tells git now may be learned, so it is noted that this process asked: that, and nothing else.
    get("github.com");
    let new: Vec<String> =
        tree(&sandbox).lines().filter(|path| !before.contains(*path)).map(str::to_owned).collect();
    assert!(new.iter().all(|path| path.contains("/.local")), "{new:?}");
    assert_eq!(new.iter().filter(|path| path.contains("/traces/")).count(), 1, "{new:?}");
}

fn tree(sandbox: &Sandbox) -> String {
    sandbox.shell("find \"$HOME\" | sort").ok().stdout()
}
