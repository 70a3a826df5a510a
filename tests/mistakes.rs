//! Mistakes of somebody in a hurry, and what they are told.

use super::forge::{Forge, Policy};
use super::sandbox::Sandbox;

fn place() -> (Forge, Sandbox) {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok().says_nothing();
    (forge, sandbox)
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
