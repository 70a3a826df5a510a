//! Every verdict is produced, with the certainty, the page and the exit code that the design's table gives it.
//!
//! `TABLE` is that table, row by row, each row with the scenes that produce it. A test compares its ids with
//! those that the program knows: a verdict that no text shows is not without a scene.

use super::super::denial::catalogue::rows;
use super::super::forge::{
    Block, By, Forge, HostKind, On, Owner, PendingAnswer, Permission, Policy, Reply, Repository, Role, Rule,
    Selection, State, Then, Tls, Token, TokenKind, Visibility, make_token,
};
use super::super::sandbox::{Output, Sandbox};
use super::scene::{One, Scene, targets};
use serde_json::Value;
use std::sync::Mutex;
use std::thread;

use Page::{Begins, Is, None as NoPage};

/// A row of the table.
struct Row {
    id: &'static str,
    certainty: &'static str,
    page: Page,
    exit: i32,
    scenes: &'static [fn() -> One],
}

/// Which page a verdict has.
#[derive(Debug, Clone, Copy)]
enum Page {
    None,
    Is(&'static str),
    Begins(&'static str),
}

const FG: Page = Is("https://github.com/settings/personal-access-tokens");
const FG_NUMBER: Page = Begins("https://github.com/settings/personal-access-tokens/");
const NEW: Page = Begins("https://github.com/settings/personal-access-tokens/new?name=");
const CLASSIC_NEW: Page = Is("https://github.com/settings/tokens/new?scopes=repo");
const WORKFLOW: Page = Is("https://github.com/settings/tokens/new?scopes=repo,workflow");
const CLASSIC: Page = Is("https://github.com/settings/tokens");
const REQUEST: Page = Begins("https://github.com/settings/tokens/");
const SSO: Page = Begins("https://github.com/orgs/acme/sso?authorization_request=");
const APPLICATIONS: Page = Is("https://github.com/settings/applications");

/// Verdicts whose scenes stand elsewhere: id, certainty, exit code, and the tests that hold them.
#[rustfmt::skip]
const ELSEWHERE: &[(&str, &str, i64, &str)] = &[
    ("app-not-installed",      "measured", 1, "tests/apps/refused.rs"),
    ("app-permission-missing", "measured", 1, "tests/apps/refused.rs"),
    ("app-suspended",          "measured", 1, "tests/apps/refused.rs"),
    ("clock-wrong",            "measured", 1, "tests/apps/refused.rs"),
    ("other-credential-first", "measured", 1, "tests/diagnose/senders.rs"),
    ("policy-forbids",         "measured", 1, "tests/policy.rs"),
];

const fn row(
    id: &'static str,
    certainty: &'static str,
    page: Page,
    exit: i32,
    scenes: &'static [fn() -> One],
) -> Row {
    Row { id, certainty, page, exit, scenes }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("ok", "measured", NoPage, 0, &[
        || usual().one("acme/secret"),
        || usual().one("acme/secret --push"),
        || usual().one("acme"),
        || token(|token| token.contents = Permission::Read).one("acme/secret"),
    ]),
    row("moved", "measured", NoPage, 0, &[|| {
        let former_names = vec![("acme".to_owned(), "before".to_owned())];
        let moved = Repository { former_names, ..Repository::new("acme/after", Visibility::Public) };
        usual().then(|policy| policy.repositories.push(moved)).one("acme/before")
    }]),
    row("ssh-remote", "measured", NoPage, 0, &[|| usual().one("git@github.com:acme/secret.git")]),
    row("not-a-refusal", "measured", NoPage, 0, &[|| explained(
        "remote: error: GH006: Protected branch update failed for refs/heads/main.\n\
         To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (protected branch hook declined)\n\
         error: failed to push some refs to 'https://github.com/acme/secret.git'",
    )]),
    // The same without an account is 1: see the test below.
    row("not-github", "measured", NoPage, 0, &[|| plain_host(true)]),
    row("helper-not-set-up", "measured", NoPage, 1, &[|| {
        let scene = usual();
        scene.sandbox.patron(["unsetup"]).ok();
        scene.one("acme/secret")
    }]),
    row("no-account", "measured", NEW, 1, &[|| usual().one("mona/dotfiles")]),
    row("approval-required", "measured", REQUEST, 1, &[|| pending(PendingAnswer::Named).one("acme/secret")]),
    row("approval-pending", "inferred", FG, 1, &[
        || pending(PendingAnswer::NotFound).one("acme/secret"),
        || pending(PendingAnswer::NotGranted).one("acme/secret"),
        || pending(PendingAnswer::NotFound).one("acme/secret --push"),
        || pending(PendingAnswer::NotGranted).one("acme/secret --push"),
        || pending(PendingAnswer::NotFound).one("acme/open --push"),
    ]),
    row("classic-forbidden", "measured", NEW, 1, &[
        || classic(|policy| policy.owner_mut("acme").forbids_classic = true).one("acme/secret"),
        || classic(|policy| policy.owner_mut("acme").forbids_classic = true).one("acme/secret --push"),
    ]),
    row("fine-grained-forbidden", "measured", CLASSIC_NEW, 1, &[
        || acme(|acme| acme.forbids_fine_grained = true).one("acme/secret"),
    ]),
    row("lifetime-too-long", "measured", FG_NUMBER, 1, &[
        || acme(|acme| acme.max_lifetime_days = Some(30)).one("acme/secret"),
        || acme(|acme| acme.max_lifetime_days = Some(30)).one("acme/open --push"),
    ]),
    row("sso-required", "measured", SSO, 1, &[
        || classic(|policy| policy.owner_mut("acme").sso = true).one("acme/secret"),
    ]),
    row("ip-not-allowed", "measured", NoPage, 1, &[|| acme(|acme| acme.ip_allow_list = true).one("acme/secret")]),
    row("oauth-app-restricted", "measured", APPLICATIONS, 1, &[|| {
        let policy = Policy::sample().token(Token::oauth("gh", "mona"));
        let scene = Scene::new(policy, &[("acme", "gh")]);
        scene.then(|policy| policy.owner_mut("acme").restricts_oauth_apps = true).one("acme/secret")
    }]),
    row("enterprise-managed-user", "measured", NoPage, 1, &[|| usual().then(|policy| {
        let words = serde_json::json!({"message": "As an Enterprise Managed User, you cannot access this content"});
        let hidden = Reply::text(404, "Repository not found.\n");
        policy.rules.push(Rule::answer(hidden).repo("acme/secret"));
        let said = Rule::fault(Then::Answer(Reply::json(403, &words)));
        policy.rules.push(said.by(By::Credential).on(On::Rest).repo("acme/secret"));
    }).one("acme/secret")]),
    row("password-not-accepted", "measured", FG, 1, &[|| {
        let scene = Scene::new(Policy::sample(), &[]);
        scene.keep("acme", "correct horse battery staple", &["--no-verify", "--login", "mona"]);
        scene.one("acme/secret")
    }]),
    row("token-expired", "measured", FG, 1, &[|| expired("acme/secret"), || expired("acme/secret --push")]),
    row("token-rejected", "measured", FG, 1, &[
        || token(|token| token.state = State::Revoked).one("acme/secret"),
        || token(|token| token.state = State::Revoked).one("acme/secret --push"),
        || token(|token| token.state = State::Revoked).one("acme"),
    ]),
    row("wrong-account", "measured", NoPage, 1, &[
        || {
            let scene = Scene::new(Policy::sample(), &[]);
            scene.add("acme", "acme", &["--no-verify", "--login", "robot"]);
            scene.one("acme/nothing")
        },
        || {
            let policy = Policy::sample().user("robot").token(Token::fine_grained("robot", "robot", "acme"));
            let scene = Scene::new(policy, &[("acme", "robot"), ("globex", "globex")]);
            scene.one("https://robot@github.com/globex/api")
        },
    ]),
    row("scope-missing", "measured", CLASSIC, 1, &[
        || classic(|policy| policy.token_mut("classic").scopes = vec!["gist".to_owned()]).one("acme/secret"),
    ]),
    row("actions-token", "measured", Is("https://github.com/acme/secret/settings/actions"), 1, &[|| explained(
        "remote: Permission to acme/secret.git denied to github-actions[bot].\n\
         fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
    )]),
    row("lfs-budget", "measured", NoPage, 1, &[|| explained(
        "batch response: This repository is over its data quota. Account responsible for LFS bandwidth should purchase more data packs to restore access.\n\
         error: external filter 'git-lfs filter-process' failed\nfatal: big.bin: smudge filter lfs failed",
    )]),
    row("grant-revoked", "inferred", FG, 1, &[|| {
        let scene = usual();
        scene.diagnose("acme/tools").ok();
        scene.forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
        scene.one("acme/secret")
    }]),
    row("not-asked", "measured", NoPage, 3, &[|| usual().one("acme/secret --offline")]),
    row("workflow-scope-missing", "measured", WORKFLOW, 1, &[|| explained(
        "To https://github.com/acme/secret.git\n ! [remote rejected] main -> main (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/x.yml` without `workflow` scope)\n\
         error: failed to push some refs to 'https://github.com/acme/secret.git'",
    )]),
    row("repository-not-selected", "inferred", FG, 1, &[
        || token(|token| token.repositories = Selection::Only(vec!["tools".to_owned()])).one("acme/secret"),
        || token(|token| token.repositories = Selection::Only(vec!["tools".to_owned()])).one("acme/secret --push"),
    ]),
    row("read-permission-missing", "measured", FG, 1, &[
        || token(|token| token.contents = Permission::None).one("acme/secret"),
    ]),
    row("write-permission-missing", "measured", FG, 1, &[
        || token(|token| token.contents = Permission::Read).one("acme/secret --push"),
        || token(|token| token.contents = Permission::Read).one("acme/open --push"),
    ]),
    row("no-write-role", "measured", NoPage, 1, &[
        || acme(|acme| acme.base_role = Role::Read).one("acme/secret --push"),
    ]),
    row("repository-not-found", "inferred", NoPage, 1, &[
        || {
            let scene = Scene::new(Policy::sample(), &[]);
            scene.add("nosuch", "acme", &["--no-verify", "--login", "mona"]);
            scene.one("nosuch/thing")
        },
        || classic(|_| {}).one("acme/nothing"),
    ]),
    row("archived", "measured", NoPage, 1, &[|| secret(|it| it.archived = true).one("acme/secret --push")]),
    row("repository-disabled", "measured", NoPage, 1, &[
        || secret(|it| it.blocked = Some(Block::Disabled)).one("acme/secret"),
    ]),
    row("dmca-blocked", "measured", NoPage, 1, &[|| secret(|it| it.blocked = Some(Block::Dmca)).one("acme/secret")]),
    row("account-suspended", "measured", NoPage, 1, &[
        || usual().then(|policy| policy.owner_mut("mona").suspended = true).one("acme/secret"),
    ]),
    row("locked-out", "measured", NoPage, 3, &[
        || usual().then(|policy| (policy.lockout, policy.bad_logins) = (Some(1), 1)).one("acme/secret"),
    ]),
    row("rate-limited", "measured", NoPage, 3, &[
        || answering(Reply::too_many(60)).one("acme/secret"),
        || answering(Reply::too_many(60)).one("acme/secret --push"),
    ]),
    row("server-error", "measured", NoPage, 3, &[
        || answering(Reply::html(502, "<h1>Unicorn</h1>")).one("acme/secret"),
    ]),
    row("unreachable", "measured", NoPage, 3, &[nobody_listens]),
    row("tls-failed", "measured", NoPage, 3, &[
        || usual().then(|policy| policy.host_mut("github.com").tls = Tls::UnknownAuthority).one("acme/secret"),
        || usual().then(|policy| policy.host_mut("github.com").tls = Tls::WrongName).one("acme/secret"),
    ]),
    row("proxy-failed", "measured", NoPage, 3, &[
        || one(&usual().sandbox.patron(["diagnose", "acme/secret", "--json"])
            .env("HTTPS_PROXY", DEAD).env("https_proxy", DEAD).run()),
        || usual().then(|policy| policy.host_mut("github.com").refuse_connect = Some(407)).one("acme/secret"),
    ]),
    row("captive-portal", "measured", NoPage, 3, &[
        || portal("<!doctype html>\n<h1>Welcome, please sign in</h1>\n"),
        // Without line ends git takes it for an empty repository.
        || portal("<h1>Welcome, please sign in</h1>"),
    ]),
    row("unknown-refusal", "measured", NoPage, 1, &[
        || answering(Reply::text(403, "The moon is in the seventh house.\n")).one("acme/secret"),
        || answering(Reply::text(403, "The moon is in the seventh house.\n")).one("acme/secret --push"),
    ]),
];

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9";

fn usual() -> Scene {
    Scene::usual()
}

fn acme(change: impl FnOnce(&mut Owner)) -> Scene {
    usual().then(|policy| change(policy.owner_mut("acme")))
}

fn token(change: impl FnOnce(&mut Token)) -> Scene {
    usual().then(|policy| change(policy.token_mut("acme")))
}

fn secret(change: impl FnOnce(&mut Repository)) -> Scene {
    usual().then(|policy| change(policy.repository_mut("acme/secret")))
}

fn classic(change: impl FnOnce(&mut Policy)) -> Scene {
    Scene::new(Policy::sample(), &[("acme", "classic")]).then(change)
}

fn pending(answer: PendingAnswer) -> Scene {
    token(|token| token.state = State::Pending).then(|policy| policy.pending = answer)
}

fn answering(reply: Reply) -> Scene {
    usual().then(|policy| policy.rules.push(Rule::answer(reply)))
}

fn portal(page: &str) -> One {
    let reply = Reply { genuine: false, ..Reply::html(200, page) };
    usual().then(|policy| policy.rules.push(Rule::fault(Then::Answer(reply)))).one("acme/secret")
}

fn expired(arguments: &str) -> One {
    let scene = token(|token| *token = token.clone().expired());
    scene.edit_accounts(|line| match line.starts_with("expires") {
        true => "expires = \"2026-01-02T03:04:05Z\"".to_owned(),
        false => line.to_owned(),
    });
    scene.one(arguments)
}

fn plain_host(with_account: bool) -> One {
    let plain = "git.example.org";
    let policy = Policy::sample()
        .host(plain, HostKind::Plain)
        .private("git.example.org/team/tool")
        .token(Token::password("plain", plain, "mona"));
    let scene = Scene::new(policy, &[]);
    if with_account {
        scene.sandbox.patron(["setup", "--host", plain]).ok();
        scene.add("https://git.example.org", "plain", &["--login", "mona", "--no-verify", "--yes"]);
    }
    scene.one("https://git.example.org/team/tool")
}

fn nobody_listens() -> One {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup", "--host", "127.0.0.1:9"]).ok();
    let add = ["add", "127.0.0.1:9/acme", "--token-stdin", "--no-verify", "--login", "mona"];
    sandbox.patron(add).stdin(make_token(TokenKind::FineGrained)).ok();
    let run = sandbox.patron(["diagnose", "https://127.0.0.1:9/acme/secret", "--json"]);
    one(&run.env_remove("HTTPS_PROXY").env_remove("https_proxy").run())
}

fn one(output: &Output) -> One {
    One { target: targets(output).remove(0), code: output.status.code().expect("it ended by itself") }
}

/// The verdict of a transcript, in the form of a target; its own exit code says that it was recognised.
fn explained(transcript: &str) -> One {
    let output = Sandbox::new(None).patron(["explain", "--json"]).stdin(transcript).ok();
    let target: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(target["matched"].as_str().is_some_and(|text| !text.is_empty()), "{target:#}");
    let code = TABLE.iter().find(|row| target["verdict"]["id"] == row.id).map_or(-1, |row| row.exit);
    One { target, code }
}

impl Row {
    /// Says in what a verdict differs from its row.
    fn differs(&self, one: &One) -> Vec<String> {
        let verdict = &one.target["verdict"];
        let mut differences = Vec::new();
        let mut same = |what: &str, holds: bool, got: String| {
            if !holds {
                differences.push(format!("{what} is {got}"));
            }
        };
        let text = |field: &str| verdict[field].as_str().unwrap_or_default();
        same("the id", text("id") == self.id, text("id").to_owned());
        same("the certainty", text("certainty") == self.certainty, text("certainty").to_owned());
        same("the exit code", one.code == self.exit, one.code.to_string());
        let page = verdict["page"].as_str();
        let page_fits = match self.page {
            NoPage => page.is_none(),
            Is(expected) => page == Some(expected),
            Begins(start) => page.is_some_and(|page| page.starts_with(start) && page.len() > start.len()),
        };
        same("the page", page_fits, format!("{page:?}"));
        let means = text("means");
        same("the meaning", !means.is_empty() && !means.contains(['{', '}', '\n']), means.to_owned());
        let fix = verdict["fix"].as_array().is_some_and(|fix| !fix.is_empty());
        same("the fix", fix != matches!(self.id, "ok" | "not-github"), verdict["fix"].to_string());
        differences
    }
}

#[test]
fn the_table_has_every_verdict_that_the_program_knows() {
    let output = Sandbox::new(None).patron(["explain", "--list", "--json"]).ok();
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let mut known: Vec<(&str, &str, i64)> = json["verdicts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or_default();
            (text("id"), text("certainty"), row["exit"].as_i64().unwrap_or(-1))
        })
        .collect();
    let here = TABLE.iter().map(|row| (row.id, row.certainty, i64::from(row.exit)));
    let there = ELSEWHERE.iter().map(|(id, certainty, exit, _)| (*id, *certainty, *exit));
    let table: Vec<_> = here.chain(there).collect();
    // What a text shows needs no scene: `samples` plays every row of the catalogue, and `explain` reads it.
    let has_row = |id: &str| rows().iter().any(|row| row.id.as_str() == id);
    known.retain(|row| table.contains(row) || !has_row(row.0));
    for row in &known {
        assert!(
            table.contains(row),
            "{row:?} has no scene: add a row to TABLE in tests/diagnose/verdicts.rs"
        );
    }
    for row in &table {
        assert!(known.contains(row), "{row:?} stands in TABLE, and the program has no such verdict");
    }
    for (id, _, _, file) in ELSEWHERE {
        let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        assert!(text.expect("a module of the tests").contains(id), "{file} says nothing of {id}");
    }
    assert!(TABLE.iter().all(|row| !row.scenes.is_empty()), "each verdict is produced by something");
}

#[test]
fn every_verdict_is_produced_as_the_table_says() {
    let scenes = TABLE.iter().flat_map(|row| row.scenes.iter().enumerate().map(move |scene| (row, scene)));
    let scenes = Mutex::new(scenes);
    let wrong = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = scenes.lock().expect("no scene panics under the lock").next();
            let Some((row, (at, scene))) = next else { return };
            // A scene that fails names itself, like one that is wrong.
            let differences = match std::panic::catch_unwind(scene) {
                Ok(one) => {
                    row.differs(&one).into_iter().map(|it| format!("{it}\n{:#}", one.target)).collect()
                }
                Err(_) => vec!["the scene failed; see above".to_owned()],
            };
            let mut wrong = wrong.lock().expect("nothing panics under the lock");
            wrong.extend(differences.iter().map(|it| format!("{} (scene {}): {it}", row.id, at + 1)));
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().expect("all threads are done");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_plain_host_without_an_account_is_a_failure() {
    let one = plain_host(false);
    assert_eq!((one.id(), one.code), ("not-github", 1), "{:#}", one.target);
}

#[test]
fn git_that_ends_on_this_side_is_no_refusal_of_githubs() {
    for (key, value, words) in [
        ("http.sslBackend", "nonsense", "Unsupported SSL backend 'nonsense'"),
        ("protocol.allow", "never", "fatal: "),
    ] {
        let scene = usual();
        scene.sandbox.git(["config", "--global", key, value]).ok();
        stopped(&scene, words);
    }
    let scene = usual();
    let broken = scene.sandbox.read(".gitconfig").expect("setup wrote it") + "[broken\n";
    scene.sandbox.write(".gitconfig", broken);
    stopped(&scene, "fatal: bad config line");
}

/// Holds that git's own trouble is named as such, and not held against the account.
fn stopped(scene: &Scene, words: &str) {
    let one = scene.one("acme/secret");
    let verdict = &one.target["verdict"];
    assert_eq!((verdict["id"].as_str(), one.code), (Some("unreachable"), 3), "{verdict}");
    assert_eq!(verdict["certainty"], "inferred");
    let means = verdict["means"].as_str().expect("words");
    assert!(means.starts_with("git stopped before GitHub answered: ") && means.contains(words), "{means}");
    assert!(verdict["page"].is_null());
    let listed = scene.sandbox.patron(["list", "--json"]).ok().stdout();
    assert!(listed.contains("\"outcome\": null"), "{listed}");
}
