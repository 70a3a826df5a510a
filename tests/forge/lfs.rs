//! Git's large files: the batch call, the locks, and the files themselves beside the repository.
//!
//! Source: the API documents of git-lfs. As at GitHub, the addresses of the files carry their own
//! permission, so that they are asked without a credential.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Shared;
use super::git::Below;
use super::http::{Reply, Request};
use super::policy::Access;

/// What follows the repository in each path of this protocol.
pub(crate) const PATH: &str = "/info/lfs";

const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";

/// What a request wants of the repository.
pub(crate) fn access(rest: &str, request: &Request) -> Access {
    let upload = match rest {
        "/info/lfs/objects/batch" => body(request)["operation"] == "upload",
        locks if locks.starts_with("/info/lfs/locks") => request.method == "POST",
        _ => request.method == "PUT",
    };
    if upload { Access::Write } else { Access::Read }
}

/// True if the address itself carries the permission.
pub(crate) fn has_ticket(shared: &Shared, request: &Request) -> bool {
    request.query() == format!("ticket={}", shared.ticket)
}

/// A refusal in the form git-lfs reads.
pub(crate) fn dressed(reply: Reply) -> Reply {
    if !(400..500).contains(&reply.status) || !reply.genuine {
        return reply;
    }
    let message = String::from_utf8_lossy(&reply.body).trim_end().to_owned();
    let mut refusal = Reply::new(reply.status, MEDIA_TYPE, json!({"message": message}).to_string());
    for (name, value) in reply.headers {
        if name == "WWW-Authenticate" {
            refusal = refusal.with("LFS-Authenticate", &value);
        }
        if name != "Content-Type" {
            refusal = refusal.with(&name, &value);
        }
    }
    refusal
}

/// Serves what the policy allows.
pub(crate) fn serve(
    shared: &Shared,
    folder: &Path,
    login: Option<&str>,
    host: &str,
    below: &Below,
    request: &Request,
) -> Reply {
    let say = |status, body: &Value| Reply::new(status, MEDIA_TYPE, body.to_string());
    let call = below.rest.strip_prefix(PATH).unwrap_or_default();
    match (request.method.as_str(), call) {
        ("POST", "/objects/batch") => say(200, &batch(shared, folder, host, below, request)),
        (method, call) if call.starts_with("/locks") => {
            let (status, body) = locks(folder, login.unwrap_or_default(), method, call, request);
            say(status, &body)
        }
        (method, call) => {
            let id = call.strip_prefix("/objects/").filter(|id| is_id(id));
            match (method, id) {
                ("GET", Some(id)) => match fs::read(folder.join("lfs").join(id)) {
                    Ok(content) => Reply::new(200, "application/octet-stream", content),
                    Err(_) => say(404, &json!({"message": "Object does not exist"})),
                },
                ("PUT", Some(id)) => match keep(folder, id, &request.body) {
                    Ok(()) => say(200, &json!({})),
                    Err(error) => say(500, &json!({"message": error.to_string()})),
                },
                _ => say(404, &json!({"message": "Not found"})),
            }
        }
    }
}

fn batch(shared: &Shared, folder: &Path, host: &str, below: &Below, request: &Request) -> Value {
    let asked = body(request);
    let upload = asked["operation"] == "upload";
    let objects = asked["objects"].as_array().cloned().unwrap_or_default();
    let answers: Vec<Value> = objects
        .into_iter()
        .map(|object| {
            let id = object["oid"].as_str().unwrap_or_default();
            let there = is_id(id) && folder.join("lfs").join(id).exists();
            let (owner, repo, ticket) = (&below.owner, &below.repo, &shared.ticket);
            let place = format!("https://{host}/{owner}/{repo}.git{PATH}/objects/{id}?ticket={ticket}");
            let mut answer = json!({"oid": id, "size": object["size"], "authenticated": true});
            match (upload, there) {
                (true, false) => answer["actions"] = json!({"upload": {"href": place}}),
                (false, true) => answer["actions"] = json!({"download": {"href": place}}),
                (true, true) => {}
                (false, false) => {
                    answer["error"] = json!({"code": 404, "message": "Object does not exist"});
                }
            }
            answer
        })
        .collect();
    json!({"transfer": "basic", "objects": answers})
}

/// The list of locks: making one, listing them, telling mine from others', giving one back.
fn locks(folder: &Path, login: &str, method: &str, call: &str, request: &Request) -> (u16, Value) {
    let file = folder.join("locks.json");
    let kept = fs::read(&file).unwrap_or_default();
    let mut locks: Vec<Value> = serde_json::from_slice(&kept).unwrap_or_default();
    let asked = body(request);
    let write = |locks: &[Value]| fs::write(&file, json!(locks).to_string()).expect("the folder is ours");
    let given_back = call.strip_prefix("/locks/").and_then(|rest| rest.strip_suffix("/unlock"));
    match (method, call, given_back) {
        ("GET", "/locks", _) => {
            let wanted = request.query().split('&').find_map(|pair| pair.strip_prefix("path="));
            locks.retain(|lock| wanted.is_none_or(|path| lock["path"] == path));
            (200, json!({"locks": locks}))
        }
        ("POST", "/locks/verify", _) => {
            let (ours, theirs): (Vec<_>, Vec<_>) =
                locks.into_iter().partition(|lock| lock["owner"]["name"] == login);
            (200, json!({"ours": ours, "theirs": theirs}))
        }
        ("POST", "/locks", _) => {
            if let Some(lock) = locks.iter().find(|lock| lock["path"] == asked["path"]) {
                return (409, json!({"lock": lock, "message": "already created lock"}));
            }
            let id = (locks.len() + 1).to_string();
            let at = jiff::Timestamp::now().to_string();
            let lock = json!({"id": id, "path": asked["path"], "locked_at": at, "owner": {"name": login}});
            locks.push(lock.clone());
            write(&locks);
            (201, json!({"lock": lock}))
        }
        ("POST", _, Some(id)) => match locks.iter().position(|lock| lock["id"] == id) {
            Some(at) => {
                let lock = locks.remove(at);
                write(&locks);
                (200, json!({"lock": lock}))
            }
            None => (404, json!({"message": "Lock does not exist"})),
        },
        _ => (404, json!({"message": "Not found"})),
    }
}

fn keep(folder: &Path, id: &str, content: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("lfs"))?;
    fs::write(folder.join("lfs").join(id), content)
}

/// True for a SHA-256 in hexadecimal: nothing else may become the name of a file.
fn is_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}
