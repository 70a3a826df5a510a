//! Large files and wikis: they belong to their repository, whatever their path looks like.

use serde_json::json;

use super::client::{Client, basic};
use crate::forge::{Access, EntryKind, Forge, Permission, Policy, Token};

const BATCH: &str = "https://github.com/acme/secret.git/info/lfs/objects/batch";

#[test]
fn a_large_file_is_put_and_got_with_the_repositorys_token() {
    let forge = Forge::start(
        Policy::sample()
            .token(Token { contents: Permission::Read, ..Token::fine_grained("reader", "mona", "acme") }),
    );
    let client = Client::new(&forge);
    let id = "ab".repeat(32);
    let ask = |operation: &str, label: &str| {
        let authorization = match label {
            "" => String::new(),
            label => basic("mona", &forge.secret(label)),
        };
        let body = json!({"operation": operation, "objects": [{"oid": id, "size": 5}]});
        client.send("POST", BATCH, &authorization, body.to_string().as_bytes())
    };
    let nobody = ask("download", "");
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.header("lfs-authenticate"), "Basic realm=\"GitHub\"");
    let other = ask("download", "globex");
    assert_eq!((other.status, other.message().as_str()), (404, "Repository not found."));
    let reader = ask("upload", "reader");
    assert_eq!(
        (reader.status, reader.message().as_str()),
        (403, "Permission to acme/secret.git denied to mona.")
    );
    assert_eq!(ask("download", "reader").json()["objects"][0]["error"]["code"], 404);
    let place = ask("upload", "acme").json()["objects"][0]["actions"]["upload"]["href"].clone();
    let place = place.as_str().expect("it says where").to_owned();
    assert_eq!(client.send("PUT", &place, "", b"large").status, 200);
    let there = ask("download", "reader").json()["objects"][0]["actions"]["download"]["href"].clone();
    assert_eq!(there, place);
    assert_eq!(client.get(&place).body, "large");
    let bare = place.split('?').next().expect("it has a query").to_owned();
    assert_eq!(client.get(&bare).status, 401, "without its permission it is not given");
    let log = forge.log();
    assert!(log.iter().all(|entry| entry.kind == EntryKind::Lfs && entry.repo == "secret"));
    assert_eq!(log[2].access, Access::Write);
    assert!(forge.git_log().is_empty());
}

#[test]
fn a_lock_is_made_once_seen_by_everybody_told_apart_by_its_owner_and_given_back() {
    let robot = Token::fine_grained("robot", "robot", "acme");
    let forge = Forge::start(Policy::sample().user("robot").token(robot));
    forge.policy(|policy| policy.owner_mut("acme").members.push("robot".to_owned()));
    let client = Client::new(&forge);
    let ask = |method: &str, call: &str, login: &str, label: &str, body: serde_json::Value| {
        let place = format!("https://github.com/acme/secret.git/info/lfs/locks{call}");
        client.send(method, &place, &basic(login, &forge.secret(label)), body.to_string().as_bytes())
    };
    let file = json!({"path": "a.bin"});
    let made = ask("POST", "", "mona", "acme", file.clone());
    assert_eq!((made.status, made.json()["lock"]["owner"]["name"].as_str()), (201, Some("mona")));
    assert_eq!(ask("POST", "", "robot", "robot", file.clone()).status, 409);
    assert_eq!(ask("GET", "", "robot", "robot", json!({})).json()["locks"][0]["path"], "a.bin");
    assert_eq!(ask("GET", "?path=b.bin", "robot", "robot", json!({})).json()["locks"], json!([]));
    for (login, label, mine, others) in [("mona", "acme", 1, 0), ("robot", "robot", 0, 1)] {
        let told = ask("POST", "/verify", login, label, json!({})).json();
        let count = |whose: &str| told[whose].as_array().map(Vec::len);
        assert_eq!((count("ours"), count("theirs")), (Some(mine), Some(others)), "{login}");
    }
    assert_eq!(ask("POST", "", "mona", "globex", file).status, 404, "another owner's token sees nothing");
    assert_eq!(ask("POST", "/1/unlock", "mona", "acme", json!({})).status, 200);
    assert_eq!(ask("POST", "/1/unlock", "mona", "acme", json!({})).status, 404);
    assert_eq!(ask("GET", "", "mona", "acme", json!({})).json()["locks"], json!([]));
    let accesses: Vec<_> = forge.log().iter().map(|entry| entry.access).collect();
    assert_eq!(accesses.iter().filter(|access| **access == Access::Read).count(), 3, "{accesses:?}");
}

#[test]
fn what_is_no_number_of_a_file_is_none() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let authorization = basic("mona", &forge.secret("acme"));
    for id in ["..%2f..%2fconfig", "short", ""] {
        let place = format!("https://github.com/acme/secret.git/info/lfs/objects/{id}");
        assert_eq!(client.send("PUT", &place, &authorization, b"x").status, 404, "{id}");
    }
    assert_eq!(client.send("POST", BATCH, &authorization, b"no json").json()["objects"], json!([]));
}

#[test]
fn a_wiki_is_beside_its_repository() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let wiki = "https://github.com/acme/secret.wiki.git";
    let status = |label: &str| client.discover(wiki, "git-receive-pack", &forge.secret(label)).status;
    assert_eq!(status("acme"), 200);
    assert_eq!(status("globex"), 404);
    let code = client.discover("https://github.com/acme/secret", "git-upload-pack", &forge.secret("acme"));
    let there = client.discover(wiki, "git-upload-pack", &forge.secret("acme"));
    assert_ne!(code.body, there.body, "it has commits of its own");
}
