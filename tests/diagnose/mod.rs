//! `diagnose` and `explain` against the forge.

use super::forge::{Forge, Policy};
use super::sandbox::Sandbox;

#[test]
fn look() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    for (scope, label) in [("acme", "acme"), ("globex", "globex")] {
        sandbox.patron(["add", scope, "--token-stdin"]).stdin(forge.secret(label) + "\n").ok();
    }
    forge.clear_log();
    for args in [
        &["acme/secret"][..],
        &["acme/secret", "--push"],
        &["acme"],
        &["mona/dotfiles"],
        &["acme/nope"],
        &["globex/api", "--json"],
        &["acme/secret", "--offline"],
        &["git@github.com:acme/secret"],
    ] {
        let out = sandbox.patron(["diagnose"]).args(args).run();
        println!("{}", out.report());
    }
    for args in [&["sso-required"][..], &["ok"], &["--list"], &["--check"], &["nope"]] {
        println!("{}", sandbox.patron(["explain"]).args(args).run().report());
    }
    println!("{}", sandbox.patron(["explain", "--json"]).stdin("remote: Repository not found.\nfatal: repository 'https://github.com/acme/secret/' not found\n").run().report());
    println!("{}", sandbox.patron(["explain", "--json"]).stdin("hello").run().report());
    println!("{}", sandbox.patron(["explain"]).stdin("hello").run().report());
    for e in forge.log() {
        println!("{} {} {} {:?}", e.method, e.path, e.status, e.token);
    }
}
