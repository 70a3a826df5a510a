//! `explain`: transcripts, one row, all rows, and the check of the table.

use super::denial::catalogue::rows;
use super::forge::{Forge, Policy, State};
use super::sandbox::{Output, Sandbox};
use super::screen::Screen;
use serde_json::Value;
use std::time::Duration;

const SSO: &str = "remote: The 'acme' organization has enabled or enforced SAML SSO.\n\
    remote: To access this repository, visit https://github.com/orgs/acme/sso?authorization_request=AbC-12_x\n\
    fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403\n";

fn explain(transcript: impl Into<Vec<u8>>, arguments: &[&str]) -> Output {
    Sandbox::new(None).patron(["explain"]).args(arguments).stdin(transcript).run()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.report()))
}

#[test]
fn a_refusal_is_named_with_its_page_and_what_was_recognised() {
    let output = explain(SSO, &["--json"]).ok().says_nothing();
    let json = json(&output);
    assert_eq!(json["version"], 1);
    let verdict = &json["verdict"];
    assert_eq!((&verdict["id"], &verdict["certainty"]), (&"sso-required".into(), &"measured".into()));
    assert_eq!(verdict["page"], "https://github.com/orgs/acme/sso?authorization_request=AbC-12_x");
    assert_eq!(json["matched"], "The 'acme' organization has enabled or enforced SAML SSO");
    let keys: Vec<String> = output
        .stdout()
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\":").map(|(key, _)| key.to_owned()))
        .collect();
    assert_eq!(keys, ["version", "verdict", "id", "certainty", "means", "fix", "page", "matched"]);
    let text = explain(SSO, &[]).ok().says_nothing().stdout();
    assert!(
        text.starts_with("Verdict   the token is valid, but acme requires single sign-on for it\n"),
        "{text}"
    );
    assert!(text.contains("\n          sso-required (measured)\nFix       sign in on the page;"), "{text}");
}

#[test]
fn a_real_push_is_piped_in() {
    let forge = Forge::start(Policy::sample());
    let sandbox = Sandbox::new(&forge);
    sandbox.patron(["setup"]).ok();
    sandbox.patron(["add", "acme", "--token-stdin"]).stdin(forge.secret("acme")).ok();
    forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(30));
    let line = "git ls-remote https://github.com/acme/secret 2>&1 | git credential-patron explain";
    let output = sandbox.shell(line).ok();
    assert!(
        output.stdout().contains("acme does not accept tokens that last longer than 30 days"),
        "{}",
        output.report()
    );
    forge.policy(|policy| policy.token_mut("acme").state = State::Active);
}

#[test]
fn what_is_not_recognised_ends_with_1_and_says_what_to_do() {
    let output = explain("Everything up-to-date\n", &[]).fails(1).prints("");
    output.says("patron: this text contains no known refusal").says("diagnose URL");
    let output = explain("hello", &["--json"]).fails(1).says_nothing();
    assert_eq!(json(&output), serde_json::json!({"version": 1, "verdict": null, "matched": null}));
    explain("", &[]).fails(1);
    // A refusal in words that nobody knows is shown as it came.
    let unknown = "remote: The moon is in the seventh house.\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403\n";
    let json = json(&explain(unknown, &["--json"]).fails(1));
    assert_eq!(json["verdict"]["id"], "unknown-refusal");
    assert_eq!(json["verdict"]["means"], "GitHub says: The moon is in the seventh house.");
    assert!(json["matched"].is_null());
}

#[test]
fn every_sample_is_explained_by_its_row_and_no_page_leaves_githubs() {
    let sandbox = Sandbox::new(None);
    for row in rows() {
        for text in row.samples.iter().chain(&row.paraphrases) {
            let json = json(&sandbox.patron(["explain", "--json"]).stdin(*text).ok());
            assert_eq!(json["verdict"]["id"], row.id.as_str(), "{text}");
            if let Some(page) = json["verdict"]["page"].as_str() {
                assert!(
                    page.starts_with("https://github.com/") || page.starts_with("https://ghe.example.com/"),
                    "{page}"
                );
            }
        }
    }
}

/// Whoever wrote the transcript chose the host in it: no page is ever made on one that is not GitHub's by its name.
#[test]
fn no_page_is_named_on_a_host_that_a_transcript_names() {
    let refusals = [
        "remote: The 'acme' organization has enabled or enforced SAML SSO. To access this repository, you must \
         re-authorize the OAuth Application",
        "remote: Write access to repository not granted.",
        "remote: Permission to acme/secret.git denied to mona.",
        "remote: Invalid username or token. Password authentication is not supported for Git operations.",
        "remote: Repository not found.",
    ];
    let hosts = [
        "evil.test",
        "github.com.evil.test",
        "github.com:8443",
        "xn--gthub-n4a.com",
        "127.0.0.1:8080",
        "mona@evil.test",
        "github.com@evil.test",
    ];
    for (host, refusal) in hosts.iter().flat_map(|host| refusals.map(|refusal| (host, refusal))) {
        let url = format!("https://{host}/acme/secret/");
        let said =
            format!("{refusal}\nfatal: unable to access '{url}': The requested URL returned error: 403\n");
        for arguments in [&[][..], &["--json"]] {
            let output = explain(said.clone(), arguments);
            let shown = [output.stdout(), output.stderr()].concat();
            let name = host.rsplit('@').next().unwrap_or(host);
            let pages =
                ["orgs/", "settings/", "login", "organizations/"].map(|page| format!("{name}/{page}"));
            assert!(!pages.iter().any(|page| shown.contains(page.as_str())), "{host}: {shown}");
            assert!(!json_page(&output).is_some_and(|page| page.contains(name)), "{host}: {shown}");
        }
    }
}

/// The page of a verdict in JSON, if it has one.
fn json_page(output: &Output) -> Option<String> {
    let value: Value = serde_json::from_str(&output.stdout()).ok()?;
    Some(value["verdict"]["page"].as_str()?.to_owned())
}

#[test]
fn one_row_is_shown_by_its_id_and_a_mistyped_one_has_a_neighbour() {
    let sandbox = Sandbox::new(None);
    let all = json(&sandbox.patron(["explain", "--list", "--json"]).ok());
    let all = all["verdicts"].as_array().expect("a list");
    assert!(all.len() > 35);
    for row in all {
        let id = row["id"].as_str().expect("an id");
        let text = sandbox.patron(["explain", id]).ok().stdout();
        let head = format!("\n          {id} ({})\n", row["certainty"].as_str().unwrap_or_default());
        assert!(text.contains(&head) && text.contains("\nKnown by  "), "{text}");
        // No hole is left open; the sample may hold JSON.
        let words = text.split("\nSample\n").next().unwrap_or_default();
        assert!(!words.contains(['{', '}']), "{text}");
        let shown = json(&sandbox.patron(["explain", id, "--json"]).ok());
        assert_eq!(shown["verdict"]["id"], id);
        assert_eq!(shown["verdict"]["means"], row["means"]);
        let fixes = shown["verdict"]["fix"].as_array().expect("a list");
        assert!(row["exit"] == 0 || !fixes.is_empty(), "{id}");
    }
    let listed = sandbox.patron(["explain", "--list"]).ok().stdout();
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(ids, all.iter().map(|row| row["id"].as_str().unwrap_or_default()).collect::<Vec<_>>());
    let wrong = sandbox.patron(["explain", "sso-requird"]).fails(2).prints("");
    wrong.says("patron: there is no verdict sso-requird").says("the nearest is sso-required");
    sandbox.patron(["explain", "sso"]).fails(2).says("the nearest is sso-required");
    sandbox.patron(["explain", "moonlight"]).fails(2).does_not_say("nearest").says("explain --list");
    sandbox.patron(["explain", "sso-required", "--list"]).fails(2);
    sandbox.patron(["explain", "--list", "--check"]).fails(2);
}

#[test]
fn the_table_is_in_order() {
    let sandbox = Sandbox::new(None);
    sandbox.patron(["explain", "--check"]).ok().says_nothing();
    let checked = json(&sandbox.patron(["explain", "--check", "--json"]).ok());
    assert_eq!(checked, serde_json::json!({"version": 1, "problems": []}));
}

#[test]
fn a_long_transcript_is_read_to_its_end_and_judged_by_it() {
    let mut text = b"a line of a build\n".repeat(600_000);
    text.extend(SSO.bytes());
    let output = explain(text, &["--json"]).ok();
    assert_eq!(json(&output)["verdict"]["id"], "sso-required");
    assert!(output.took < Duration::from_secs(20), "{:?}", output.took);
    // A reply is judged by its beginning.
    let mut reply = b"HTTP 451\ncontent-type: text/plain\n\n".to_vec();
    reply.extend(vec![b'x'; 2_000_000]);
    assert_eq!(json(&explain(reply, &["--json"]).ok())["verdict"]["id"], "dmca-blocked");
    explain(vec![0xff; 500_000], &[]).fails(1);
}

#[test]
fn at_a_terminal_without_input_it_says_how_it_is_used() {
    let sandbox = Sandbox::new(None);
    let shown = Screen::start(&sandbox, &sandbox.work(), 100, "git credential-patron explain").wait();
    let shown = shown.expect("it ends");
    assert_eq!(shown.code, 2, "{:?}", shown.lines);
    let text = shown.lines.join("\n");
    assert!(text.contains("git push 2>&1 | git credential-patron explain"), "{text}");
}

/// Many programs fold what they show at 76 columns, in mid-word too: an address that fits there is never folded, and
/// stands alone on its line.
#[test]
fn no_address_is_folded_at_76_columns_whatever_the_row() {
    let sandbox = Sandbox::new(None);
    let long =
        |text: &str| text.replace("acme/secret", "acme/secret-with-a-name-that-is-longer-than-most-are");
    let of_texts = rows().into_iter().flat_map(|row| row.samples);
    let of_texts = of_texts.map(|text| sandbox.patron(["explain"]).stdin(long(text)).ok());
    let of_rows = rows().into_iter().map(|row| sandbox.patron(["explain", row.id.as_str()]).ok());
    for output in of_texts.chain(of_rows) {
        let shown = output.stdout();
        // The sample and the text that matched are shown as they came.
        let ours = shown.split("\nMatched").next().and_then(|text| text.split("\nSample\n").next());
        for line in ours.unwrap_or_default().lines().filter(|line| line.contains("https://")) {
            let bare = line.trim_start_matches("Fix").trim_start_matches("Page").trim();
            let is_command =
                ["git credential-patron ", "git remote "].iter().any(|start| bare.starts_with(start));
            assert!(bare.starts_with("https://") || is_command, "{line}\n{shown}");
            assert!(bare.ends_with(|c: char| c.is_alphanumeric() || c == '/'), "{line}\n{shown}");
            assert!(line.chars().count() <= 76 || bare.chars().count() > 76, "{line}\n{shown}");
        }
    }
}

/// However many causes a row lists: of a text alone, the two likeliest are named, and what can tell them apart.
#[test]
fn no_text_is_answered_with_more_than_three_lines_of_what_to_do() {
    let sandbox = Sandbox::new(None);
    for host in ["github.com", "gitlab.com", "git.example.com"] {
        let samples = rows().into_iter().flat_map(|row| row.samples);
        for text in samples.filter(|text| text.contains("'https://github.com/acme")) {
            let json =
                json(&sandbox.patron(["explain", "--json"]).stdin(text.replace("github.com", host)).run());
            let verdict = &json["verdict"];
            let fixes: Vec<&str> =
                verdict["fix"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert!(fixes.len() <= 3, "{verdict}");
            let names_github = |line: &&str| line.contains("github.com") || line.contains("githubstatus");
            assert!(host == "github.com" || !fixes.iter().any(names_github), "{host}: {verdict}");
            assert!(host == "github.com" || verdict["page"].is_null(), "{host}: {verdict}");
            let is_long = rows().iter().any(|row| verdict["id"] == row.id.as_str() && row.fix.len() > 3);
            if is_long && verdict["certainty"] == "inferred" && host == "github.com" && fixes.len() == 3 {
                let last = fixes.last().copied().unwrap_or_default();
                assert!(
                    last.starts_with("git credential-patron diagnose ")
                        && last.ends_with("can tell them apart"),
                    "{verdict}"
                );
            }
        }
    }
}
