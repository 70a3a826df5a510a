//! Mistakes of somebody in a hurry, and what they are told.

use super::forge::{Forge, Policy};
use super::sandbox::Sandbox;
use super::screen::Screen;

fn place() -> (Forge, Sandbox) {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok().says_nothing();
    (forge, sandbox)
}

fn screen(sandbox: &Sandbox, line: &str) -> Screen {
    Screen::start(sandbox, &sandbox.work(), 200, line)
}

#[test]
fn a_token_among_the_arguments_is_refused_and_not_repeated() {
    let (forge, sandbox) = place();
    for label in ["acme", "classic"] {
        let secret = forge.secret(label);
        let with_value = [format!("--token={secret}"), format!("--label={secret}")];
        for line in [
            &["add", &secret][..],
            &["add", "globex", &secret],
            &["add", "globex", "--token", &secret],
            &["add", "globex", &with_value[0]],
            &["add", "globex", &with_value[1]],
            &["add", "globex", "--login", &secret],
            &["remove", &secret],
            &["diagnose", &secret],
            &[&secret, "globex"],
        ] {
            let output = sandbox.patron(line).fails(2).prints("");
            output.says("looks like a token").says("consider it leaked").does_not_say(&secret[..15]);
        }
    }
    // What `exec` runs has arguments of its own.
    let secret = forge.secret("globex");
    sandbox.patron(["exec", "--for", "acme", "--", "printf", "%s", &secret]).ok().prints(&secret);
}

#[test]
fn a_wrong_command_line_names_the_help_that_git_does_not_keep_for_the_manual() {
    let sandbox = Sandbox::new(None);
    for line in [&["add"][..], &["list", "nonsense"], &["completions", "tcsh"], &["exec", "--for", "acme"]] {
        sandbox.patron(line).fails(2).prints("").says("try '-h'").does_not_say("--help");
    }
    sandbox.patron(["-h"]).ok().says_nothing();
}

#[test]
fn a_token_of_another_owner_is_kept_only_if_that_is_meant() {
    let (forge, sandbox) = place();
    let secret = forge.secret("acme");
    for (answer, code, last) in [
        ("", 1, "create a token whose resource owner is globex: git credential-patron add globex"),
        ("y", 0, "added globex: mona's fine-grained token, expires "),
    ] {
        let mut screen = screen(&sandbox, "git credential-patron add globex --no-browser");
        screen.wait_for("token for globex (hidden):").expect("it asks");
        screen.type_line(&secret).expect("a keyboard");
        screen.wait_for("this is already the token of \"acme\"").expect("it asks again");
        screen.wait_for("add it for globex too? [y/N]").expect("it asks again");
        screen.type_line(answer).expect("a keyboard");
        let shown = screen.wait().expect("it ends");
        assert_eq!(shown.code, code, "{}", shown.lines.join("\n"));
        assert!(shown.text().contains(last), "{}", shown.text());
    }
    let add = |scope: &str, label: &str| {
        sandbox.patron(["add", scope, "--token-stdin"]).stdin(forge.secret(label)).ok()
    };
    // A script is told, and goes on.
    add("mona", "acme").says("already the token of \"acme\"").says("git credential-patron remove mona");
    // Said and meant already, the same owner: nothing to say.
    add("globex", "acme").says_nothing();
    add("acme/secret", "acme").says_nothing();
    // One of another kind takes no token's place without a word.
    for (scope, label) in [("acme", "classic"), ("globex", "classic"), ("globex", "globex")] {
        add(scope, label).says("replaces the");
    }
}

#[test]
fn a_token_of_another_kind_takes_a_kept_ones_place_only_if_that_is_meant() {
    let (forge, sandbox) = place();
    for (answer, code, kept) in [("", 1, "acme"), ("y", 0, "classic")] {
        let mut screen = screen(&sandbox, "git credential-patron add acme --no-browser");
        screen.wait_for("token for acme (hidden):").expect("it asks");
        screen.type_line(&forge.secret("classic")).expect("a keyboard");
        screen.wait_for("replace it? [y/N]").expect("it asks");
        screen.type_line(answer).expect("a keyboard");
        let shown = screen.wait().expect("it ends");
        assert_eq!(shown.code, code, "{}", shown.lines.join("\n"));
        sandbox.patron(["token", "acme"]).ok().prints(&format!("{}\n", forge.secret(kept)));
    }
}

#[test]
fn the_form_for_one_repository_names_it() {
    let (_forge, sandbox) = place();
    let mut screen = screen(&sandbox, "git credential-patron add acme/secret --no-browser");
    screen.wait_for("token for acme/secret (hidden):").expect("it asks");
    let text = screen.text();
    for line in [
        "create a token for acme/secret here:",
        "?name=git+acme%2Fsecret&",
        "Token name: git acme/secret",
        "Resource owner: acme\n",
        "Repository access: Only select repositories: secret",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    screen.type_line("").expect("a keyboard");
    assert_eq!(screen.wait().expect("it ends").code, 1);
}

#[test]
fn a_whole_host_asks_for_a_classic_token_before_another_is_pasted() {
    let (forge, sandbox) = place();
    let mut screen = screen(&sandbox, "git credential-patron add https://github.com --no-browser");
    screen.wait_for("token for github.com (hidden):").expect("it asks");
    let text = screen.text();
    for line in [
        "create a classic token for all of github.com here:\n",
        "https://github.com/settings/tokens/new?scopes=repo\n",
        "a fine-grained token is for one owner: git credential-patron add OWNER\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    screen.type_line(&forge.secret("acme")).expect("a keyboard");
    screen.wait_for("which owner is it for?").expect("it asks");
    screen.type_line("").expect("a keyboard");
    let shown = screen.wait().expect("it ends");
    assert_eq!(shown.code, 1, "{}", shown.text());
    assert!(shown.text().contains("name its owner: git credential-patron add OWNER"), "{}", shown.text());
}

#[test]
fn a_remote_asked_about_in_the_wrong_folder_is_no_owner() {
    let (_forge, sandbox) = place();
    for name in ["origin", "upstream"] {
        let output = sandbox.patron(["diagnose", name]).fails(2).prints("");
        output.says(&format!("there is no remote {name} here")).does_not_say("add");
    }
    let text = sandbox.patron(["diagnose", "https://github.com/origin"]).fails(1).stdout();
    assert!(text.contains("no account for origin"), "{text}");
}

#[test]
fn the_scope_that_list_shows_is_taken_wherever_a_scope_is() {
    let (forge, sandbox) = place();
    let acme = forge.secret("acme");
    let listed = sandbox.patron(["list"]).ok().stdout();
    for scope in ["https://github.com/acme", "https://github.com/acme/"] {
        assert!(listed.contains("acme"), "{listed}");
        sandbox.patron(["token", scope]).ok().prints(&format!("{acme}\n"));
        sandbox
            .patron(["exec", "--for", scope, "--", "sh", "-c", "printf %s \"$GH_TOKEN\""])
            .ok()
            .prints(&acme);
        let text = sandbox.patron(["diagnose", scope]).ok().stdout();
        assert!(text.contains("GitHub recognises the token \"acme\""), "{text}");
    }
    let none = sandbox.patron(["token", "https://github.com/globex"]).fails(1);
    none.says("no account for globex").says("git credential-patron add globex");
}

#[test]
fn a_pipe_that_gave_nothing_is_not_told_to_be_a_pipe() {
    let (_forge, sandbox) = place();
    let nothing = sandbox.patron(["add", "globex", "--token-stdin"]).fails(1);
    nothing.says("no token was given").says("the command before the pipe").does_not_say("paste");
}

#[test]
fn a_whole_host_without_an_account_is_not_called_an_organisation() {
    let (_forge, sandbox) = place();
    let output = sandbox.patron(["diagnose", "github.com"]).fails(1);
    let text = output.stdout();
    assert!(text.contains("no account for all of github.com"), "{text}");
    assert!(text.contains("(measured)\nFix       name an owner or a repository"), "{text}");
    assert!(!text.contains("organisation"), "{text}");
}
