//! What is asked of a person, what is shown where nobody can be asked, and that twice is the same as once.

use super::Scene;
use crate::forge::{Policy, State, Token};
use crate::given;
use crate::screen::Screen;

/// A command on a terminal: each question with its answer.
fn on_a_terminal(scene: &Scene, line: &str, typed: &[(&str, &str)]) -> (u32, String) {
    let mut screen = Screen::start(&scene.sandbox, &scene.sandbox.work(), 200, line);
    for (question, answer) in typed {
        screen
            .wait_for(question)
            .and_then(|()| screen.type_line(answer))
            .unwrap_or_else(|why| panic!("{}", scene.forge.redactor().redact(&why)));
    }
    let shown = screen.wait().expect("it ends");
    (shown.code, shown.text())
}

fn netrc(scene: &Scene, label: &str) {
    let secret = scene.forge.secret(label);
    scene.sandbox.write(".netrc", format!("machine github.com login mona password {secret}\n"));
}

#[test]
fn a_dry_run_and_a_run_that_nobody_can_answer_show_the_same_and_keep_nothing() {
    let scene = Scene::new();
    netrc(&scene, "acme");
    let dry = scene.look("--dry-run").ok().stdout();
    let unasked = scene.look("").ok().stdout();
    assert_eq!(dry, unasked);
    assert!(
        dry.contains("~/.netrc:1: mona's fine-grained token") && dry.contains("can be kept for acme\n"),
        "{dry}"
    );
    assert!(dry.ends_with("to keep what can be kept: git credential-patron import --yes\n"), "{dry}");
    scene.look("--dry-run --yes").ok().prints(&dry);
    assert_eq!(scene.accounts().len(), 0);
    assert!(!given::secrets_file(&scene.sandbox).exists());
}

#[test]
fn twice_is_the_same_as_once() {
    let scene = Scene::new();
    netrc(&scene, "acme");
    scene
        .sandbox
        .write(".git-credentials", format!("https://mona:{}@github.com\n", scene.forge.secret("mona")));
    scene.import("").ok();
    let files = || {
        [given::accounts_file(&scene.sandbox), given::secrets_file(&scene.sandbox)]
            .map(|file| std::fs::read_to_string(file).expect("it was written"))
    };
    let before = files();
    scene.forge.clear_log();
    let told = scene.import("").ok().stdout();
    assert_eq!(files(), before);
    assert!(told.contains("kept already: acme") && told.contains("kept already: mona"), "{told}");
    assert!(told.contains("is taken away by:\n"), "what cleans the places is still said: {told}");
    assert_eq!(scene.asked_about(), [""; 0], "nothing new is to be known");
}

#[test]
fn a_person_is_asked_about_each_and_a_classic_token_is_kept_only_after_a_clear_yes() {
    let scene = Scene::new();
    netrc(&scene, "classic");
    scene
        .sandbox
        .write(".git-credentials", format!("https://mona:{}@github.com\n", scene.forge.secret("acme")));
    let line = "git credential-patron import --from store --from netrc";
    let fine = "keep mona's fine-grained token, expires";
    let classic = "it will be sent for every owner on github.com without an account of its own [y/N]";
    let (code, text) = on_a_terminal(&scene, line, &[(fine, "n"), (classic, "")]);
    assert_eq!((code, scene.accounts().len()), (0, 0), "{text}");
    on_a_terminal(&scene, line, &[(fine, ""), (classic, "")]);
    scene.keeps(&[("acme", "fine-grained")]);
    let (_, text) = on_a_terminal(&scene, line, &[(classic, "y")]);
    assert!(text.contains("added github.com: mona's classic token"), "{text}");
    scene.keeps(&[("acme", "fine-grained"), ("github.com", "classic")]);
}

#[test]
fn an_owner_that_nothing_tells_is_asked_for_or_named_with_the_command_that_says_it() {
    let mut scene = Scene::with(Policy::sample());
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    scene.sandbox.set("GH_TOKEN", scene.forge.secret("acme"));
    let output = scene.import("--from env").ok();
    let told = output.stdout();
    assert!(
        told.contains("  it sees nothing private, so it is not known which owner's"),
        "{}",
        output.report()
    );
    let command = "printenv GH_TOKEN | git credential-patron add OWNER --token-stdin";
    assert!(told.contains(&format!("  say for whom: {command}\n")), "{}", output.report());
    assert_eq!(scene.accounts().len(), 0, "it is not guessed at");
    let line = "git credential-patron import --from env";
    let question = "which owner's repositories is the token of the variable GH_TOKEN for?";
    on_a_terminal(&scene, line, &[(question, "")]);
    assert_eq!(scene.accounts().len(), 0);
    let (code, text) = on_a_terminal(&scene, line, &[(question, "acme")]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("added acme: mona's fine-grained token") && text.contains("sees nothing private"),
        "{text}"
    );
    scene.keeps(&[("acme", "fine-grained")]);
    // The command does the same.
    scene.sandbox.patron(["remove", "acme", "--yes"]).ok();
    scene.sandbox.shell(&command.replace("OWNER", "acme")).ok();
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn the_owner_that_a_place_names_counts_where_the_token_shows_none() {
    let scene = Scene::new();
    scene.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    scene.sandbox.git(["init", "-q", "it"]).ok();
    let it = scene.sandbox.work().join("it");
    // What it sees goes before what a place names.
    for (remote, label, repo) in [("origin", "acme", "acme/secret"), ("other", "globex", "acme/open")] {
        let url = format!("https://x:{}@github.com/{repo}", scene.forge.secret(label));
        scene.sandbox.git(["remote", "add", remote, &url]).cwd(&it).ok();
    }
    scene.import("--from url it").ok();
    scene.keeps(&[("acme", "fine-grained"), ("globex", "fine-grained")]);
    assert_eq!(scene.sandbox.patron(["token", "globex"]).ok().stdout().trim(), scene.forge.secret("globex"));
}

#[test]
fn a_token_that_is_kept_is_never_replaced() {
    let scene = Scene::with(Policy::sample().token(Token::fine_grained("second", "mona", "acme")));
    let secret = scene.forge.secret("acme");
    scene.sandbox.patron(["add", "acme", "--token-stdin"]).stdin(format!("{secret}\n")).ok();
    netrc(&scene, "second");
    let output = scene.import("").ok();
    let told = output.stdout();
    assert!(told.contains("not kept: \"acme\" has another token, which stays"), "{}", output.report());
    assert!(!told.contains("taken away by"), "it is needed there: {}", output.report());
    assert_eq!(scene.sandbox.patron(["token", "acme"]).ok().stdout().trim(), secret);
    // Of two that are new the first one found is kept.
    scene.sandbox.patron(["remove", "acme", "--yes"]).ok();
    scene.sandbox.write(".git-credentials", format!("https://mona:{secret}@github.com\n"));
    let told = scene.import("").ok().stdout();
    assert!(
        told.contains("not kept: the one of git's helper store (github.com) comes first for acme"),
        "{told}"
    );
    assert_eq!(scene.sandbox.patron(["token", "acme"]).ok().stdout().trim(), secret);
}

#[test]
fn whoever_ends_a_question_ends_them_all_and_what_was_kept_stays() {
    let scene = Scene::new();
    netrc(&scene, "acme");
    scene
        .sandbox
        .write(".git-credentials", format!("https://mona:{}@github.com\n", scene.forge.secret("mona")));
    let line = "git credential-patron import --from store --from netrc";
    let (first, second) = ("for mona? [Y/n]", "for acme? [Y/n]");
    // Ctrl-C, and Ctrl-D.
    for key in ["\u{3}", "\u{4}"] {
        let (code, text) = on_a_terminal(&scene, line, &[(first, key)]);
        assert!(code != 0 && !text.contains(second), "{text}");
        assert_eq!(scene.accounts().len(), 0);
    }
    let (code, text) = on_a_terminal(&scene, line, &[(first, "y"), (second, "\u{4}")]);
    assert!(code == 1 && text.contains("patron: ended here; what was kept stays"), "{text}");
    scene.keeps(&[("mona", "fine-grained")]);
}
