//! What tools give that are asked: gh, git's helpers, the Git Credential Manager.

use super::Scene;
use crate::bus::Bus;
use crate::forge::{Policy, Token};
use crate::sandbox::Run;

/// What gh keeps where there is no keyring.
fn hosts_yml(secret: &str) -> String {
    format!("github.com:\n    oauth_token: {secret}\n    user: mona\n    git_protocol: https\n")
}

#[test]
fn gh_of_debian_gives_its_token_and_not_the_environments() {
    let mut scene = Scene::new();
    let file = scene.sandbox.write(".config/gh/hosts.yml", hosts_yml(&scene.forge.secret("acme")));
    // Debian's has no --user, and would rather give this one.
    scene.sandbox.set("GH_TOKEN", scene.forge.secret("globex"));
    let output = scene.leaves(&[file], scene.import("--from gh")).ok();
    let told = output.stdout();
    assert!(told.starts_with("gh (github.com): mona's fine-grained token, expires "), "{}", output.report());
    for line in [
        "\n  can be kept for acme\n",
        "\nadded acme: ",
        "\n  gh (github.com): gh auth logout --hostname github.com\n",
    ] {
        assert!(told.contains(line), "{line}: {}", output.report());
    }
    scene.keeps(&[("acme", "fine-grained")]);
    assert_eq!(scene.asked_about(), ["acme"]);
}

#[test]
fn what_an_app_made_is_named_and_never_kept_nor_sent() {
    let scene = Scene::with(Policy::sample().token(Token::oauth("login", "mona")));
    let file = scene.sandbox.write(".config/gh/hosts.yml", hosts_yml(&scene.forge.secret("login")));
    let output = scene.leaves(&[file], scene.import("")).ok();
    assert!(
        output.stdout().contains("gh (github.com): an OAuth token\n  never kept: "),
        "{}",
        output.report()
    );
    assert_eq!((scene.accounts().len(), scene.asked_about().len()), (0, 0), "{}", output.report());
}

#[test]
fn a_later_gh_is_asked_for_each_of_its_accounts() {
    let scene = Scene::with(
        Policy::sample()
            .user("robot")
            .token(Token { login: "robot".to_owned(), ..Token::fine_grained("robots", "robot", "globex") }),
    );
    scene.forge.policy(|policy| policy.owner_mut("globex").members.push("robot".to_owned()));
    let (mona, robot) = (scene.forge.secret("acme"), scene.forge.secret("robots"));
    let calls = scene.sandbox.root().join("calls");
    scene.sandbox.write_program(
        "gh",
        &format!(
            "echo \"$*\" >>'{}'\n\
             case \"$*\" in\n\
             *--help) echo '  -u, --user string   The account to output the token for' ;;\n\
             'auth status'*) printf 'github.com\\n  X Logged in to github.com account mona (keyring)\\n  X Logged in to github.com account robot (keyring)\\n  - account --evil\\n' ;;\n\
             *'--user mona') echo {mona} ;;\n\
             *'--user robot') echo {robot} ;;\n\
             *) echo \"unexpected: $*\" >&2; exit 1 ;;\n\
             esac",
            calls.display()
        ),
    );
    let told = scene.import("--from gh").ok().stdout();
    assert!(told.contains("gh (github.com, robot): robot's fine-grained token"), "{told}");
    assert!(told.contains("gh auth logout --hostname github.com --user robot\n"), "{told}");
    let mut labels: Vec<_> = scene.accounts().into_iter().map(|(label, _, login)| (label, login)).collect();
    labels.sort();
    assert_eq!(labels, [("acme", "mona"), ("globex", "robot")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let calls = std::fs::read_to_string(calls).expect("it was called");
    assert!(!calls.contains("evil"), "what is no login is no argument: {calls}");
}

#[test]
fn gits_store_gives_what_it_has_for_the_host_for_known_logins_and_for_named_checkouts() {
    let scene = Scene::new();
    let secret = |label: &str| scene.forge.secret(label);
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = store\n");
    let file = scene.sandbox.write(
        ".git-credentials",
        format!(
            "https://mona:{}@github.com\nhttps://mona:{}@github.com/globex/api\nhttps://u:hunter2@gitlab.com\n",
            secret("acme"),
            secret("globex")
        ),
    );
    let files = [file];
    let output = scene.leaves(&files, scene.import("--from store")).ok();
    let told = output.stdout();
    assert!(
        told.starts_with("git's helper store (github.com): mona's fine-grained token"),
        "{}",
        output.report()
    );
    let clean =
        "printf 'protocol=https\\nhost=github.com\\nusername=mona\\n\\n' | git credential-store erase";
    assert!(told.contains(clean), "{}", output.report());
    scene.keeps(&[("acme", "fine-grained")]);
    // One that lies under a path is found from the checkout that has it.
    scene.sandbox.git(["init", "-q", "api"]).ok();
    let api = scene.sandbox.work().join("api");
    scene.sandbox.git(["remote", "add", "origin", "https://github.com/globex/api"]).cwd(&api).ok();
    let output = scene.leaves(&files, scene.import("--from store api")).ok();
    assert!(output.stdout().contains("kept already: acme"), "{}", output.report());
    scene.keeps(&[("acme", "fine-grained"), ("globex", "fine-grained")]);
    // What is said to clean it does.
    scene.sandbox.shell(clean).ok();
    assert!(!scene.sandbox.read(".git-credentials").expect("it is there").contains(&secret("acme")));
}

#[test]
fn the_helpers_from_before_setup_are_asked_by_their_whole_line() {
    let scene = Scene::new();
    let file =
        scene.sandbox.write("elsewhere", format!("https://mona:{}@github.com\n", scene.forge.secret("acme")));
    let line = format!("store --file {}", file.display());
    scene.sandbox.write(".gitconfig", format!("[credential \"https://github.com\"]\n\thelper = {line}\n"));
    scene.sandbox.patron(["setup"]).ok();
    scene.leaves(&[file], scene.import("--from store")).ok();
    scene.keeps(&[("acme", "fine-grained")]);
}

/// Asks a helper for what it holds for github.com.
fn held(scene: &Scene, helper: &str) -> Run {
    scene.sandbox.git([helper, "get"]).stdin("protocol=https\nhost=github.com\n\n")
}

/// Has a helper keep acme's token.
fn hold(scene: &Scene, helper: &str) -> String {
    let secret = scene.forge.secret("acme");
    let kept = format!("protocol=https\nhost=github.com\nusername=mona\npassword={secret}\n\n");
    scene.sandbox.git([helper, "store"]).stdin(kept).ok();
    held(scene, helper).ok().stdout()
}

#[test]
fn gits_cache_gives_what_it_holds_and_keeps_it() {
    let scene = Scene::new();
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = cache --timeout=600\n");
    let before = hold(&scene, "credential-cache");
    assert!(before.contains("password="), "it holds one");
    let told = scene.import("--from cache").run();
    let after = held(&scene, "credential-cache").run();
    scene.sandbox.git(["credential-cache", "exit"]).ok();
    assert!(told.ok().stdout().starts_with("git's helper cache (github.com): mona's fine-grained token"));
    assert_eq!(after.stdout(), before);
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn libsecret_gives_what_lies_in_a_real_keyring_and_it_stays_there() {
    let mut scene = Scene::new();
    let bus = Bus::start(true);
    scene.sandbox.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
    std::os::unix::fs::symlink(super::libsecret(), scene.sandbox.bin().join("git-credential-libsecret"))
        .expect("the sandbox is ours");
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = libsecret\n");
    let before = hold(&scene, "credential-libsecret");
    let items = bus.items(&[("server", "github.com")]);
    assert_eq!(items.len(), 1, "{before}");
    let told = scene.import("--from libsecret").ok().stdout();
    assert!(told.starts_with("git's helper libsecret (github.com): mona's fine-grained token"), "{told}");
    assert_eq!(held(&scene, "credential-libsecret").ok().stdout(), before);
    assert_eq!(bus.items(&[("server", "github.com")]), items);
    assert!(!bus.prompted(), "nobody was asked");
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn the_credential_manager_is_asked_without_prompts_and_only_where_git_names_it() {
    let scene = Scene::new();
    let secret = scene.forge.secret("acme");
    let told = scene.sandbox.root().join("told");
    scene.sandbox.write_program(
        "git-credential-manager",
        &format!(
            "{{ echo \"$1 $GCM_INTERACTIVE $GIT_TERMINAL_PROMPT\"; cat; }} >>'{}'\n\
             echo username=mona\necho password={secret}",
            told.display()
        ),
    );
    scene.import("").ok();
    assert!(!told.exists(), "git does not name it");
    assert_eq!(scene.accounts().len(), 0);
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = manager\n");
    scene.import("").ok();
    let told = std::fs::read_to_string(told).expect("it was asked");
    assert_eq!(told, "get never 0\nprotocol=https\nhost=github.com\n");
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn nobody_is_asked_who_was_not_named_and_patron_never_itself() {
    let scene = Scene::new();
    let called = scene.sandbox.root().join("called");
    for name in ["gh", "git-credential-other", "git-credential-manager"] {
        scene.sandbox.write_program(name, &format!("echo {name} >>'{}'", called.display()));
    }
    scene.sandbox.write(".gitconfig", "[credential]\n\thelper = manager\n\thelper = other\n");
    scene.sandbox.patron(["setup"]).ok();
    scene.import("--from netrc --from env --from store").ok();
    assert!(!called.exists());
    // A helper of somebody's own is none of those that are known.
    scene.import("").ok();
    let called = std::fs::read_to_string(called).expect("gh was asked");
    assert!(!called.contains("other") && called.contains("manager"), "{called}");
}
