//! Making an App from a manifest: the form that comes from elsewhere, the button, the code that is good once.

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::super::pages::{View, html};
use super::super::policy::Policy;
use super::super::tokens;
use super::{App, another_key, calls};

/// The pages below `.../settings/apps`: `owner` is whose App it will be.
pub(crate) fn pages(policy: &mut Policy, view: &View<'_>, owner: &str, rest: &[&str], post: bool) -> Reply {
    match (rest, post) {
        (["new"], true) => form(view, owner),
        (["create"], true) => create(policy, view),
        _ => view.nothing(),
    }
}

fn form(view: &View<'_>, owner: &str) -> Reply {
    let text = view.field("manifest").unwrap_or_default();
    let Ok(manifest) = serde_json::from_str::<Value>(text) else {
        return view.page(422, "Invalid manifest", &html::note("bad", "The manifest is no JSON."));
    };
    let (Some(name), Some(_)) = (manifest["name"].as_str(), manifest["url"].as_str()) else {
        return view.page(422, "Invalid manifest", &html::note("bad", "It needs a name and a url."));
    };
    let fields = [("manifest", text), ("state", view.field("state").unwrap_or_default()), ("owner", owner)];
    let body = html::lead(&format!("{} will be made for {}.", html::escape(name), html::escape(owner)))
        + &html::button(&format!("{}/settings/apps/create", view.base), &fields, "Create GitHub App", true);
    view.page(200, "Create GitHub App", &body)
}

fn create(policy: &mut Policy, view: &View<'_>) -> Reply {
    let manifest: Value =
        serde_json::from_str(view.field("manifest").unwrap_or_default()).unwrap_or_else(|_| json!({}));
    let (Some(name), Some(back)) = (manifest["name"].as_str(), manifest["redirect_url"].as_str()) else {
        return view.nothing();
    };
    let slug: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let app =
        App { device_flow: false, ..App::new(&slug, view.field("owner").unwrap_or_default(), another_key()) };
    let code = tokens::random(20);
    policy.apps.list.push(app.clone());
    policy.apps.made.push((code.clone(), app));
    Reply::redirect(302, &format!("{back}?code={code}&state={}", view.field("state").unwrap_or_default()))
}

/// Gives an App and its key for its code, once.
pub(super) fn convert(policy: &mut Policy, parts: &[&str], request: &Request) -> Option<Reply> {
    let ["app-manifests", code, "conversions"] = parts else { return None };
    let found = policy.apps.made.iter().position(|(known, _)| known == code);
    let (Some(at), "POST", true) = (found, request.method.as_str(), request.body.is_empty()) else {
        return Some(super::super::texts::not_found());
    };
    let (_, app) = policy.apps.made.remove(at);
    let mut reply = calls::about("github.com", &app);
    reply["pem"] = json!(another_key().pem);
    reply["client_secret"] = json!(tokens::random(40));
    reply["webhook_secret"] = Value::Null;
    Some(Reply::json(201, &reply))
}
