//! The limit on core dumps: ours is none, and whatever patron starts for its user has the user's.

use super::forge::{Forge, Policy};
use super::sandbox::{Output, Sandbox};
use std::time::{Duration, Instant};

/// What a shell says of its own limits, the one in force and the hard one.
const SHOW: &str = "ulimit -S -c; ulimit -H -c";

/// Runs patron from a shell that has set a limit of its own, and first says which.
fn limited(sandbox: &Sandbox, line: &str, stdin: &str) -> Output {
    // Lowered, unless the machine allows none at all.
    let script = format!("ulimit -S -c 7 2>/dev/null; {{ {SHOW}; }} >\"$HOME/here\"; exec {line}");
    sandbox.shell(&script).stdin(stdin).run()
}

/// Waits for what a program wrote down, which is not waited for by patron.
fn written(sandbox: &Sandbox, name: &str) -> String {
    let start = Instant::now();
    loop {
        match sandbox.read(name) {
            Some(text) if text.lines().count() == 2 => return text,
            _ => assert!(start.elapsed() < Duration::from_secs(60), "{name} was not written"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_patron_starts_gets_the_limit_that_patron_was_started_with() {
    let forge = Forge::start(Policy::sample());
    let mut sandbox = Sandbox::new(&forge);
    sandbox.set("PATRON_PROBE", "never");
    let shows = |name: &str| format!("{{ {SHOW}; }} >\"$HOME/{name}\"");
    let here = |name: &str| {
        assert_eq!(sandbox.read("here").expect("a shell wrote it"), written(&sandbox, name), "{name}");
    };
    let patron = "git-credential-patron";

    sandbox.write_program("theirs", &format!("{}; echo {}", shows("vault"), forge.secret("acme")));
    limited(&sandbox, &format!("{patron} add acme --command theirs --yes --no-browser"), "").ok();
    here("vault");

    let line = format!("{patron} exec --for acme -- sh -c '{}'", shows("exec"));
    limited(&sandbox, &line, "").ok();
    here("exec");

    sandbox.write_program(
        "git-credential-old",
        &format!("{}; echo username=u; echo password=p", shows("fallback")),
    );
    sandbox.write(".gitconfig", "[credential]\n\thelper = old\n");
    sandbox.patron(["setup"]).ok();
    let request = "protocol=https\nhost=github.com\npath=globex/api\n\n";
    limited(&sandbox, &format!("{patron} get"), request).ok().prints("username=u\npassword=p\n\n");
    here("fallback");

    sandbox.write_program("xdg-open", &shows("browser"));
    forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(1));
    limited(&sandbox, &format!("{patron} diagnose acme/secret --open"), "")
        .fails(1)
        .says("patron: opened https://github.com/");
    here("browser");
}
