//! GitHub Apps in the place of personal access tokens, and the side of an organisation's owner.

mod keys;
mod login;
mod minting;
pub(crate) mod new_app;
mod owners;
mod refused;

use super::forge::{App, Forge, Installation, Key, Policy, key};
use super::sandbox::{Run, Sandbox};
use serde_json::Value;

/// What git asks for `acme/secret`.
const ASK: &str = "protocol=https\nhost=github.com\npath=acme/secret.git\n\n";

/// The App `deploy`, installed for `acme` and `globex`, with the usual cast.
fn cast() -> Policy {
    let app =
        App::new("deploy", "mona", key()).installed(Installation::new("acme").decides()).in_all_of("globex");
    Policy::sample().app(app)
}

/// The client ID of the first App.
fn client_id(forge: &Forge) -> String {
    forge.policy(|policy| policy.apps.list[0].client_id.clone())
}

/// How many tokens were minted.
fn minted(forge: &Forge) -> u64 {
    forge.policy(|policy| policy.apps.minted)
}

/// `add` of an App with a key that lies in a file.
fn add(sandbox: &Sandbox, forge: &Forge, owner: &str, key: &Key) -> Run {
    let file = sandbox.write("app.pem", &key.pem);
    sandbox.patron(["add", owner, "--no-browser", "--app", &client_id(forge), "--key"]).args([file])
}

/// A sandbox where git asks patron, with the App's account for this owner.
fn with_app(forge: &Forge, owner: &str) -> Sandbox {
    let sandbox = Sandbox::new(forge);
    sandbox.patron(["setup"]).ok();
    add(&sandbox, forge, owner, key()).ok();
    sandbox
}

/// The one target of `diagnose --json`.
fn diagnosed(sandbox: &Sandbox, what: &[&str], code: i32) -> Value {
    let output = sandbox.patron(["diagnose", "--json"]).args(what).run();
    let output = if code == 0 { output.ok() } else { output.fails(code) };
    let json: Value = serde_json::from_str(&output.stdout()).expect("JSON");
    json["targets"][0].clone()
}

/// The password of an answer.
fn password(answer: &str) -> &str {
    let line = answer.lines().find_map(|line| line.strip_prefix("password="));
    line.unwrap_or_else(|| panic!("no password in {} lines", answer.lines().count()))
}
