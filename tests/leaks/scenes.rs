//! Git at work while GitHub refuses: what patron asks, says, opens and hands on shows no secret.
//!
//! Each scene runs under `strace`, which writes down the arguments and the environment of every process that is
//! started: git's, the helper's, the probe's own git, that git's helper, the launcher of pages. Traces of git and
//! of patron are on, in files, as a person has them who looks for a fault.

use std::fs;

use super::search::Needles;
use super::world::{Before, World, of_wine, recorder};
use crate::forge::{PendingAnswer, State};
use crate::sandbox::{Output, Sandbox, windows};
use crate::screen::Screen;

use Before::*;

const ACME: &str = "https://github.com/acme/secret";
const GLOBEX: &str = "https://github.com/globex/api";

/// A scene: a desk at which pages can open, and what must not be found at it.
struct Scene {
    world: World,
    sandbox: Sandbox,
    needles: Needles,
    before: Before,
}

impl Scene {
    fn new(before: Before) -> Self {
        let world = World::new();
        let (mut sandbox, needles) = world.sandbox(before);
        sandbox.patron(["setup"]).ok();
        sandbox.set("DISPLAY", ":0");
        sandbox.unset("GIT_TERMINAL_PROMPT");
        let root = sandbox.root().to_owned();
        let seen = root.join("launcher");
        let launcher =
            "{ printf '%s\\n' \"$@\"; tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$$/environ; }";
        sandbox.write_program("xdg-open", &format!("{launcher} >>'{}'", seen.display()));
        sandbox.set("PATRON_TRACE", root.join("patron-trace"));
        sandbox.set("RUST_BACKTRACE", "full");
        for name in ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE2_EVENT", "GIT_TRACE_PACKET"] {
            sandbox.set(name, root.join(name));
        }
        Self { world, sandbox, needles, before }
    }

    /// The words before a command that write down what is started.
    fn strace(&self) -> Vec<String> {
        recorder(&self.sandbox.root().join("children"), true)
    }

    /// Runs git under `strace`, which ends when all that was started has ended: a launcher of pages too.
    fn git(&self, folder: &str, line: &str) -> Output {
        // Away from any terminal of whoever runs the tests.
        let words = std::iter::once("--wait".to_owned()).chain(self.strace());
        let run = self.sandbox.command("setsid", words).args(["git"]).args(line.split(' '));
        let output = run.cwd(self.sandbox.work().join(folder)).run();
        self.shows_nothing(&[("stdout", &output.stdout), ("stderr", &output.stderr)]);
        output
    }

    /// Seeks the secrets in what was printed and in every file of the sandbox.
    #[track_caller]
    fn shows_nothing(&self, printed: &[(&str, &[u8])]) {
        of_wine(&self.sandbox.root().join("children"));
        let mut found: Vec<String> =
            printed.iter().flat_map(|(place, text)| self.needles.found_in(place, text)).collect();
        let allowed = World::allowed(&self.sandbox, self.before);
        found.extend(self.needles.found_below(self.sandbox.root(), &allowed));
        assert_eq!(found, [""; 0], "secrets show");
    }

    /// What a file of the sandbox holds: a trace that was not written proves nothing.
    #[track_caller]
    fn file(&self, name: &str) -> String {
        let path = self.sandbox.root().join(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The processes that were started, with arguments and environment, one a line.
    #[track_caller]
    fn children(&self) -> String {
        let children = self.file("children");
        assert!(children.contains("\"HOME="), "environments are written down");
        let is_whole = windows().is_none() || children.contains("PATHEXT=");
        assert!(is_whole, "those of Windows are not written down");
        children
    }

    /// Checks that the probe's own git was among them.
    #[track_caller]
    fn was_probed(&self) {
        let children = self.children();
        // On Windows no program of ours stands between us and the probe's git.
        let words = ["\"probe-helper\"", "\"probe-run\""];
        for part in &words[..if windows().is_some() { 1 } else { 2 }] {
            assert!(children.contains(part), "nothing was probed: {part}");
        }
        assert!(self.file("patron-trace").contains("asked"), "{}", self.file("patron-trace"));
    }
}

#[test]
fn no_secret_shows_while_a_clone_is_refused_and_the_page_opens() {
    let scene = Scene::new(Kept);
    scene.world.forge.policy(|policy| {
        policy.token_mut("acme").state = State::Pending;
        policy.pending = PendingAnswer::NotFound;
    });
    let output = scene.git(".", &format!("clone {ACME}"));
    assert!(output.stderr().contains("(approval-pending)"), "{}", output.report());
    scene.was_probed();
    let launcher = scene.file("launcher");
    assert!(launcher.contains("https://github.com/settings/") && launcher.contains("HOME="), "{launcher}");
    // Git's own traces are there, and hide what was sent by themselves.
    assert!(scene.file("GIT_TRACE_CURL").to_lowercase().contains("authorization: basic <redacted>"));
    assert!(scene.file("GIT_TRACE").contains("credential"), "{}", scene.file("GIT_TRACE"));
}

#[test]
fn the_probe_writes_nothing_into_traces_that_show_what_is_sent() {
    // The second one turns git's trace of what is sent to its stderr.
    for name in ["GIT_TRACE_SETUP", "GIT_CURL_VERBOSE"] {
        let mut scene = Scene::new(Kept);
        // Whoever sets this sees the tokens that git itself sends. This one is refused as such, so git never gets
        // it: what is found was the probe's.
        scene.world.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
        scene.sandbox.set("GIT_TRACE_REDACT", "0");
        scene.sandbox.set(name, "1");
        let output = scene.git(".", &format!("clone {ACME}"));
        assert!(output.stderr().contains("(token-rejected)"), "{}", output.report());
        scene.was_probed();
        let traced = match name {
            "GIT_CURL_VERBOSE" => output.stderr(),
            _ => scene.file("GIT_TRACE_CURL"),
        };
        assert!(traced.contains("Send header: GET /acme/secret/info/refs"), "git itself is traced: {traced}");
        assert_eq!(scene.world.forge.git_asks().len(), 1, "the probe alone sent it");
    }
}

#[test]
fn no_secret_shows_while_git_meets_401_and_erases() {
    let scene = Scene::new(Kept);
    let cloned = scene.git(".", &format!("clone {ACME}"));
    assert!(cloned.status.success(), "{}", cloned.report());
    scene.world.forge.policy(|policy| policy.token_mut("acme").state = State::Revoked);
    let output = scene.git("secret", "fetch");
    assert!(output.stderr().contains("(token-rejected)"), "{}", output.report());
    let children = scene.children();
    assert!(children.contains("\"erase\"") || children.contains(" erase\""), "git has erased");
    assert!(scene.file("patron-trace").contains("marked rejected"), "{}", scene.file("patron-trace"));
    let again = scene.git("secret", "fetch");
    assert!(
        again.stderr().contains("does not recognise the token of") && again.stderr().contains("(401)"),
        "{}",
        again.report()
    );
}

#[test]
fn no_secret_shows_while_what_another_helper_answered_is_refused() {
    for is_known in [false, true] {
        let scene = Scene::new(OtherHelper);
        if is_known {
            let secret = scene.world.theirs.clone();
            scene.world.forge.policy(|policy| {
                policy.token_mut("classic").secret = secret;
                policy.owner_mut("globex").forbids_classic = true;
            });
        }
        let output = scene.git(".", &format!("clone {GLOBEX}"));
        let id = if is_known { "(classic-forbidden)" } else { "(token-rejected)" };
        assert!(output.stderr().contains(id), "{}", output.report());
        scene.was_probed();
        assert!(scene.file("launcher").contains("https://github.com/settings/"));
        let again = scene.git(".", &format!("clone {GLOBEX}"));
        let ours = |said: &str| said.lines().filter(|line| line.starts_with("patron: ")).count();
        assert_eq!(ours(&again.stderr()), 1, "{}", again.report());
    }
}

#[test]
fn no_secret_shows_while_a_token_is_pasted_where_git_would_ask() {
    let scene = Scene::new(Kept);
    let strace: Vec<String> = scene.strace().iter().map(|word| format!("'{word}'")).collect();
    let line = format!("{} git clone -q {GLOBEX}", strace.join(" "));
    let mut screen = Screen::start(&scene.sandbox, &scene.sandbox.work(), 200, &line);
    screen
        .wait_for("no account for globex; add one now? [Y/n]")
        .and_then(|()| screen.type_line(""))
        .and_then(|()| screen.wait_for("(hidden)"))
        .and_then(|()| screen.type_line(&scene.world.new))
        .unwrap_or_else(|why| panic!("{why}"));
    let shown = screen.wait().expect("it ends");
    let text = shown.lines.join("\n");
    assert_eq!(shown.code, 0, "{}", scene.world.forge.redactor().redact(&text));
    let raw = shown.rows.join("\n");
    scene.shows_nothing(&[("the screen", text.as_bytes()), ("the screen's rows", raw.as_bytes())]);
    scene.was_probed();
    assert!(scene.file("launcher").contains("target_name=globex"), "{}", scene.file("launcher"));
}
