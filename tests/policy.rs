//! The policy of the machine's owner, in the one place where it counts: `/etc`, of a private mount namespace.
//!
//! Each run gets an `/etc` of its own that only it sees: a fresh file system with the machine's own entries
//! linked in, and the policy beside them. The machine's `/etc` is never written. As root the namespace's root is
//! the machine's; other users are root in a user namespace of theirs.

use super::forge::{Forge, Policy, State, Token};
use super::given;
use super::sandbox::{Run, Sandbox};
use std::path::Path;

/// The file, as every message names it.
const FILE: &str = "/etc/git-credential-patron/policy.toml";

/// A machine whose owner wrote this policy, and what was done to the file afterwards.
struct Ruled<'a> {
    sandbox: &'a Sandbox,
    policy: String,
    then: &'static str,
}

impl<'a> Ruled<'a> {
    fn by(sandbox: &'a Sandbox, rules: &str) -> Self {
        Self { sandbox, policy: format!("version = 1\n{rules}"), then: "" }
    }

    /// The same after a shell command of the machine's owner.
    fn then(self, then: &'static str) -> Self {
        Self { then, ..self }
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Run {
        let Self { sandbox, policy, then } = self;
        let root = sandbox.root().display();
        std::fs::write(sandbox.root().join("policy"), policy).expect("the sandbox is ours");
        let script = format!(
            "set -e; mkdir -p '{root}/etc'; mount --rbind /etc '{root}/etc'; mount -t tmpfs tmpfs /etc\n\
             for entry in '{root}/etc/'*; do ln -s \"$entry\" /etc/; done\n\
             mkdir /etc/git-credential-patron; cp '{root}/policy' {FILE}; chmod 644 {FILE}; {then}\n\
             exec \"$@\""
        );
        let namespaces = if is_root() { "-m" } else { "-rm" };
        let all = [namespaces, "sh", "-c", &script, "sh"].map(str::to_owned).into_iter();
        let all =
            all.chain([program.display().to_string()]).chain(arguments.iter().map(|it| (*it).to_owned()));
        sandbox.command("unshare", all)
    }

    fn patron(&self, line: &str) -> Run {
        self.run(&self.sandbox.program(), &line.split(' ').collect::<Vec<_>>())
    }

    fn git(&self, line: &str) -> Run {
        self.run(Path::new("git"), &line.split(' ').collect::<Vec<_>>())
    }

    /// `add` with this token.
    fn add(&self, scope: &str, secret: &str) -> Run {
        self.patron(&format!("add {scope} --token-stdin --yes")).stdin(format!("{secret}\n"))
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What is on the list.
fn labels(sandbox: &Sandbox) -> Vec<String> {
    let list = sandbox.patron(["list", "--json"]).ok().stdout();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let rows = list["accounts"].as_array().expect("a list");
    rows.iter().map(|row| row["label"].as_str().expect("a label").to_owned()).collect()
}

fn nothing_is_kept(sandbox: &Sandbox) {
    assert_eq!(labels(sandbox), [""; 0]);
    assert!(!given::secrets_file(sandbox).exists(), "no secret was written");
}

#[test]
fn add_keeps_what_the_rules_allow_and_names_the_rule_that_forbids_the_rest() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (fine, classic) = (forge.secret("acme"), forge.secret("classic"));
    for (rules, scope, secret, line, rule) in [
        (
            "kinds = [\"fine-grained\"]",
            "acme",
            &classic,
            2,
            "kinds = [\"fine-grained\"], and this one is classic",
        ),
        ("max-days = 10", "acme", &fine, 2, "max-days = 10, and this one ends in "),
        ("\nmax-days = 10", "acme", &classic, 3, "max-days = 10, and this one has no end that is known"),
        (
            "vaults = [\"keyring\"]",
            "acme",
            &fine,
            2,
            "vaults = [\"keyring\"], and this would be the vault file",
        ),
        (
            "hosts = [\"ghe.example.com\"]",
            "acme",
            &fine,
            2,
            "hosts = [\"ghe.example.com\"], and this is github.com",
        ),
        (
            "[[rule]]\nfor = \"https://github.com/ACME\"\nkinds = [\"classic\"]",
            "acme",
            &fine,
            4,
            "kinds = [\"classic\"] for https://github.com/ACME, and this one is fine-grained",
        ),
        (
            "[[rule]]\nfor = \"acme\"\nkinds = [\"fine-grained\"]",
            "https://github.com",
            &classic,
            4,
            "kinds = [\"fine-grained\"] for https://github.com/acme, and this one is classic",
        ),
    ] {
        let output = Ruled::by(&sandbox, rules).add(scope, secret).fails(1);
        output.says(&format!("(policy-forbids): {FILE}:{line}: {rule}")).says("fix: ask who looks after");
        nothing_is_kept(&sandbox);
    }
    let rules = "vaults = [\"file\"]\nkinds = [\"fine-grained\"]\nmax-days = 400\nhosts = [\"github.com\"]\n\
                 [[rule]]\nfor = \"https://github.com/globex\"\nkinds = []";
    Ruled::by(&sandbox, rules).add("acme", &fine).ok();
    assert_eq!(labels(&sandbox), ["acme"]);
}

#[test]
fn a_host_that_is_forbidden_is_named_before_a_token_is_asked_for_and_with_whom_to_ask() {
    let sandbox = Sandbox::new(None);
    let ruled = Ruled::by(&sandbox, "contact = \"ask #platform\"\nhosts = [\"github.com\"]");
    let output = ruled.patron("add https://gitlab.example.com").fails(1);
    output
        .says(&format!("{FILE}:3: hosts = [\"github.com\"], and this is gitlab.example.com"))
        .says("fix: ask #platform");
}

#[test]
fn a_command_is_a_vault_too() {
    let sandbox = Sandbox::new(None);
    let ruled = Ruled::by(&sandbox, "vaults = [\"keyring\", \"file\"]");
    let add = "add acme --no-verify --no-browser --yes --command";
    let mut words: Vec<&str> = add.split(' ').collect();
    words.push("echo it");
    ruled.run(&sandbox.program(), &words).fails(1).says("and this would be the vault command");
    nothing_is_kept(&sandbox);
}

#[test]
fn what_git_stores_is_not_learned_where_that_is_forbidden_and_is_otherwise() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    let stored = |rules: &str| {
        // As git does: it asks, gets nothing, asks the person, and says what worked.
        let request = given::request("github.com", "acme/secret.git", "");
        let script = format!(
            "printf '%s\\n' '{request}' | git-credential-patron get; \
             printf '%susername=mona\\npassword=%s\\n' '{request}' \"$SECRET\" | git-credential-patron store"
        );
        let ruled = Ruled::by(&sandbox, rules);
        ruled.run(Path::new("sh"), &["-c", &script]).env("SECRET", &secret).ok().stderr()
    };
    for (rules, rule) in [
        ("learn = false", "learn = false, and git's store is no person's word"),
        ("kinds = [\"app\"]", "kinds = [\"app\"], and this one is fine-grained"),
        ("max-days = 90", "max-days = 90, and this one has no end that is known"),
        ("vaults = [\"keyring\"]", "vaults = [\"keyring\"], and this would be the vault file"),
    ] {
        let said = stored(rules);
        assert!(
            said.contains("nothing is stored for acme: ") && said.contains(&format!("{FILE}:2: {rule}")),
            "{said}"
        );
        nothing_is_kept(&sandbox);
    }
    let said = stored("learn = true");
    assert!(said.contains("learned acme"), "{said}");
    assert_eq!(labels(&sandbox), ["acme"]);
}

#[test]
fn no_setting_repository_variable_or_second_file_widens_it() {
    let forge = Forge::start(Policy::sample());
    let mut sandbox = Sandbox::new(&forge);
    let mine = "version = 1\n";
    for place in
        [".config/git-credential-patron/policy.toml", "etc/git-credential-patron/policy.toml", "policy.toml"]
    {
        sandbox.write(place, mine);
    }
    sandbox.write(".gitconfig", "[patron]\n\tvault = file\n\tpolicy = never\n\tlearn = auto\n");
    sandbox.git(["init", "-q", "."]).ok();
    sandbox.git(["config", "patron.policy", "never"]).ok();
    let home = sandbox.home().to_owned();
    for (name, value) in [
        ("PATRON_POLICY", "never".to_owned()),
        ("ProgramData", home.join("etc").display().to_string()),
        ("PROGRAMDATA", home.join("etc").display().to_string()),
        ("XDG_CONFIG_DIRS", home.join(".config").display().to_string()),
        ("GIT_CONFIG_SYSTEM", home.join(".gitconfig").display().to_string()),
    ] {
        sandbox.set(name, value);
    }
    let ruled = Ruled::by(&sandbox, "vaults = [\"keyring\"]\nkinds = [\"classic\"]");
    ruled.add("acme", &forge.secret("acme")).fails(1).says(&format!("{FILE}:3: "));
    ruled.add("https://github.com", &forge.secret("classic")).fails(1).says(&format!("{FILE}:2: "));
    nothing_is_kept(&sandbox);
}

#[test]
fn a_policy_that_cannot_be_trusted_keeps_nothing_new_and_lets_what_is_there_go_on() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin", "--yes"]).stdin(format!("{secret}\n")).ok();
    sandbox.patron(["setup"]).ok();
    const FOLDER: &str = "/etc/git-credential-patron";
    let cases = [
        ("kinds = [\"fine-grained\"]\ncolour = \"red\"", "", "line 3: unknown field `colour`"),
        ("kinds = [\"clasic\"]", "", "line 2: one of these is no kind of token"),
        ("[[rule]]\nfor = \"acme\"\nprobe = false", "", "line 4: unknown field `probe`"),
        ("kinds = [", "", "line 2: "),
        ("", "chmod 666 /etc/git-credential-patron/policy.toml", "can be written by others (mode 0666)"),
        ("", "chmod 664 /etc/git-credential-patron/policy.toml", "can be written by others (mode 0664)"),
        (
            "",
            "chmod 777 /etc/git-credential-patron",
            "/etc/git-credential-patron can be written by others (mode 0777)",
        ),
        (
            "",
            "rm /etc/git-credential-patron/policy.toml; mkfifo /etc/git-credential-patron/policy.toml",
            "is not a regular file",
        ),
        (
            "",
            "rm /etc/git-credential-patron/policy.toml; ln -s nowhere /etc/git-credential-patron/policy.toml",
            "cannot follow the link",
        ),
        ("", "printf '\\377' >>/etc/git-credential-patron/policy.toml", "this is not UTF-8 text"),
    ];
    let others = [
        ("", "chown 12345 /etc/git-credential-patron/policy.toml", "does not belong to root"),
        ("", "chown 12345 /etc/git-credential-patron", "git-credential-patron does not belong to root"),
    ];
    // In a namespace of one user there is nobody else to give a file to.
    let others: &[_] = if is_root() { &others } else { &[] };
    for (rules, then, why) in cases.iter().chain(others) {
        let ruled = Ruled::by(&sandbox, rules).then(then);
        let said = ruled.add("globex", &forge.secret("globex")).fails(1).says(why).says("policy-forbids");
        said.says("it cannot be read, so nothing new is kept").says(FOLDER);
        assert_eq!(labels(&sandbox), ["acme"], "{why}");
        let _ = std::fs::remove_dir_all(sandbox.work().join("secret"));
        ruled.git("clone -q https://github.com/acme/secret").ok();
        let checks = ruled.patron("diagnose acme/secret").ok();
        assert!(checks.stdout().replace('\n', " ").contains("policy cannot be read"), "{}", checks.report());
    }
}

#[test]
fn no_policy_at_all_forbids_nothing() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    for then in ["rm /etc/git-credential-patron/policy.toml", "rm -r /etc/git-credential-patron"] {
        let ruled = Ruled::by(&sandbox, "hosts = []").then(then);
        ruled.add("acme", &forge.secret("acme")).ok();
        assert_eq!(labels(&sandbox), ["acme"]);
        ruled.patron("diagnose acme/secret --offline").fails(1).does_not_say("policy");
        sandbox.patron(["remove", "acme", "--yes"]).ok();
    }
}

#[test]
fn diagnose_names_each_rule_with_its_line_and_what_is_kept_against_one() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin", "--yes"]).stdin(format!("{secret}\n")).ok();
    sandbox.patron(["setup"]).ok();
    let ruled = Ruled::by(&sandbox, "contact = \"ask #platform\"\nmax-days = 5\nbrowser = false\n");
    let output = ruled.patron("diagnose acme/secret --json").ok().stdout();
    let output: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    let checks = output["targets"][0]["checks"].as_array().expect("checks");
    let of_policy: Vec<String> = checks
        .iter()
        .filter(|check| check["id"] == "policy")
        .map(|check| {
            format!("{} {}", check["status"].as_str().unwrap_or(""), check["message"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(of_policy.len(), 4, "{of_policy:?}");
    assert!(
        of_policy[0].starts_with(&format!(
            "warning \"acme\" still works, but could not be added today (policy-forbids): {FILE}:3: max-days = 5, and this one ends in "
        )),
        "{of_policy:?}"
    );
    assert_eq!(
        of_policy[1..],
        [
            format!("ok {FILE}:2: contact = \"ask #platform\""),
            format!("ok {FILE}:3: max-days = 5"),
            format!("ok {FILE}:4: browser = false"),
        ]
    );
}

#[test]
fn the_contact_stands_where_somebody_has_to_approve_a_token() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| {
        *policy.token_mut("acme") =
            Token { state: State::Pending, ..Token::fine_grained("acme", "mona", "acme") };
    });
    let sandbox = Sandbox::new(&forge);
    let secret = forge.secret("acme");
    sandbox.patron(["add", "acme", "--token-stdin", "--yes"]).stdin(format!("{secret}\n")).ok();
    sandbox.patron(["setup"]).ok();
    let rules = "contact = \"ask #platform\"\n[[rule]]\nfor = \"acme\"\ncontact = \"ask #acme-admins\"\n";
    let ruled = Ruled::by(&sandbox, rules);
    ruled
        .git("clone -q https://github.com/acme/secret")
        .fails(128)
        .says("(approval-pending)")
        .says("on this machine: ask #acme-admins");
    let output = ruled.patron("diagnose acme/secret").fails(1);
    assert!(output.stdout().contains("on this machine: ask #acme-admins"), "{}", output.report());
    let output = Ruled::by(&sandbox, "contact = \"ask #platform\"\n").patron("diagnose acme/secret").fails(1);
    assert!(output.stdout().contains("on this machine: ask #platform"), "{}", output.report());
}

#[test]
fn no_request_before_gits_is_made_and_no_page_opened_where_that_is_forbidden() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    let mut sandbox = Sandbox::new(&forge);
    sandbox.set("DISPLAY", ":0");
    sandbox.unset("GIT_TERMINAL_PROMPT");
    sandbox.patron(["setup"]).ok();
    let secret = forge.secret("acme");
    sandbox
        .patron(["add", "acme", "--token-stdin", "--yes", "--no-browser"])
        .stdin(format!("{secret}\n"))
        .ok();
    let asks = |rules: &str| {
        forge.clear_log();
        let ruled = Ruled::by(&sandbox, rules);
        // Away from the terminal of whoever runs the tests.
        let clone = ["--wait", "git", "clone", "-q", "https://github.com/acme/secret"];
        let said = ruled.run(Path::new("setsid"), &clone).fails(128).stderr();
        (forge.git_log().len(), said)
    };
    let (count, said) = asks("probe = false");
    assert_eq!(count, 1, "git alone: {said}");
    let (count, said) = asks("browser = false");
    assert!(count > 1 && said.contains("(approval-pending)"), "{said}");
    assert!(said.contains("page (not opened: "), "{said}");
    assert_eq!(sandbox.opened_pages(), [""; 0]);
    Ruled::by(&sandbox, "browser = false")
        .patron("diagnose acme/secret --open")
        .fails(1)
        .says("browser = false");
    assert_eq!(sandbox.opened_pages(), [""; 0]);
    Ruled::by(&sandbox, "browser = true").patron("diagnose acme/secret --open").fails(1);
    // Nobody waits for what opens it.
    let start = std::time::Instant::now();
    while sandbox.opened_pages().is_empty() && start.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(sandbox.opened_pages().len(), 1);
}

#[test]
fn what_is_imported_obeys_it_and_the_rule_is_named_before_anything_is_kept() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let (fine, classic) = (forge.secret("acme"), forge.secret("classic"));
    for (rules, secret, line, rule) in [
        ("kinds = [\"fine-grained\"]", &classic, 2, "kinds = [\"fine-grained\"], and this one is classic"),
        ("max-days = 10", &fine, 2, "max-days = 10, and this one ends in "),
        ("hosts = [\"ghe.example.com\"]", &fine, 2, "hosts = [\"ghe.example.com\"], and this is github.com"),
    ] {
        sandbox.write(".netrc", format!("machine github.com login mona password {secret}\n"));
        let ruled = Ruled::by(&sandbox, rules);
        for how in ["import --yes", "import --dry-run"] {
            let output = ruled.patron(how).fails(1);
            let told = output.stdout();
            assert!(
                told.contains(&format!("(policy-forbids): {FILE}:{line}: {rule}")),
                "{}",
                output.report()
            );
            assert!(told.contains("; ask who looks after this machine"), "{}", output.report());
        }
        nothing_is_kept(&sandbox);
    }
    sandbox.write(".netrc", format!("machine github.com login mona password {fine}\n"));
    let output = Ruled::by(&sandbox, "vaults = [\"keyring\"]").patron("import --yes").fails(1);
    output.says(&format!("{FILE}:2: vaults = [\"keyring\"], and this would be the vault file"));
    let unreadable = Ruled::by(&sandbox, "").then("chmod 666 /etc/git-credential-patron/policy.toml");
    let output = unreadable.patron("import --yes").fails(1);
    assert!(output.stdout().contains("it cannot be read, so nothing new is kept"), "{}", output.report());
    nothing_is_kept(&sandbox);
    Ruled::by(&sandbox, "kinds = [\"fine-grained\"]\nmax-days = 400").patron("import --yes").ok();
    assert_eq!(labels(&sandbox), ["acme"]);
}

#[test]
fn what_is_renewed_obeys_it_and_the_old_one_stays() {
    let forge = Forge::start(Policy::sample().token(Token::fine_grained("second", "mona", "acme")));
    let sandbox = Sandbox::new(&forge);
    let (old, new) = (forge.secret("acme"), forge.secret("second"));
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{old}\n")).ok();
    let ruled = Ruled::by(&sandbox, "max-days = 10");
    let renew = || ruled.patron("renew acme --token-stdin").stdin(format!("{new}\n"));
    renew().fails(1).says(&format!("{FILE}:2: max-days = 10, and this one ends in "));
    assert_eq!(sandbox.patron(["token", "acme"]).ok().stdout().trim(), old);
}

/// As root the tests are the machine's owner; as anybody else they are another user already.
#[test]
fn another_user_than_its_owner_is_held_to_it_and_cannot_write_it() {
    const OTHER: &str = "12345";
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    let root = sandbox.root().display().to_string();
    let script = "git-credential-patron add acme --token-stdin --yes; code=$?; \
                  if echo 'version = 1' 2>/dev/null >\"$0\"; then echo written; fi; exit $code";
    let ruled = Ruled::by(&sandbox, "kinds = [\"classic\"]");
    let other = format!("--reuid={OTHER}");
    let run = if is_root() {
        sandbox.command("chown", ["-R", OTHER, &root]).ok();
        ruled.run(Path::new("setpriv"), &[&other, "--clear-groups", "sh", "-c", script, FILE])
    } else {
        // The namespace's root is this user: without its privileges it is one as any other.
        let without = ["--bounding-set=-all", "--inh-caps=-all", "sh", "-c", script, FILE];
        ruled.then("chmod a-w /etc/git-credential-patron/policy.toml").run(Path::new("setpriv"), &without)
    };
    let output = run.stdin(format!("{}\n", forge.secret("acme"))).fails(1);
    output
        .clone()
        .says(&format!("(policy-forbids): {FILE}:2: kinds = [\"classic\"], and this one is fine-grained"));
    assert_eq!(output.stdout(), "", "and he cannot change it: {}", output.report());
}
