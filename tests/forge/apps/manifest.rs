//! Making an App from a manifest: the form that comes from elsewhere, the button, the code that is good once; and
//! the page that installs an App.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::decide::Question;
use super::super::http::{Reply, Request};
use super::super::pages::{View, html};
use super::super::policy::{HostKind, OwnerKind, Policy};
use super::super::{texts, tokens};
use super::{App, Installation, Permissions, another_key, calls};

/// The longest name of an App.
const LONGEST_NAME: usize = 34;
/// How long a code is good.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// An App that was made and not fetched yet.
#[derive(Clone, Debug)]
pub(crate) struct MadeByForm {
    /// What fetches it, once.
    pub(crate) code: String,
    /// Its slug.
    pub(crate) slug: String,
    /// When it was made.
    pub(crate) at: Timestamp,
}

/// The pages below `.../settings/apps`: `owner` is whose App it will be.
pub(crate) fn pages(policy: &mut Policy, view: &View<'_>, owner: &str, rest: &[&str], post: bool) -> Reply {
    let may = policy
        .find_owner(&view.site.name, owner)
        .is_some_and(|it| it.kind == OwnerKind::User || it.has_member(&view.viewer));
    match (rest, post) {
        (["new"], true) if may => form(policy, view, owner),
        (["create"], true) if may => create(policy, view, owner),
        _ => view.nothing(),
    }
}

fn form(policy: &Policy, view: &View<'_>, owner: &str) -> Reply {
    let text = view.field("manifest").unwrap_or_default();
    let manifest = match read(policy, text) {
        Ok(manifest) => manifest,
        Err(why) => return view.page(422, "Invalid GitHub App configuration", &html::note("bad", why)),
    };
    let fields = [("manifest", text), ("state", view.field("state").unwrap_or_default())];
    let action = match owner == view.viewer {
        true => format!("{}/settings/apps/create", view.base),
        false => format!("{}/organizations/{owner}/settings/apps/create", view.base),
    };
    let asked: Vec<String> =
        manifest.permissions.iter().map(|(name, level)| format!("{name}: {level}")).collect();
    let who = if manifest.public { "anybody" } else { "its owner alone" };
    let lead = format!("{} will be made for {}; {who} can install it.", manifest.name, owner);
    let body = html::lead(&html::escape(&lead))
        + &html::note("wait", &html::escape(&format!("It asks for {}.", asked.join(", "))))
        + &html::button(&action, &fields, "Create GitHub App", true);
    view.page(200, "Create GitHub App", &body)
}

/// What is read of a manifest.
struct Manifest {
    name: String,
    slug: String,
    back: String,
    public: bool,
    permissions: Permissions,
}

fn read(policy: &Policy, text: &str) -> Result<Manifest, &'static str> {
    let manifest: Value = serde_json::from_str(text).map_err(|_| "The manifest is no JSON.")?;
    let field = |name: &str| manifest[name].as_str().filter(|value| !value.is_empty());
    let (Some(name), Some(_)) = (field("name"), field("url")) else {
        return Err("It needs a name and a url.");
    };
    if name.chars().count() > LONGEST_NAME {
        return Err("The name is too long (maximum is 34 characters).");
    }
    let slug: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if policy.apps.list.iter().any(|app| app.slug == slug) {
        return Err("Name has already been taken.");
    }
    let back = field("redirect_url").ok_or("It needs a redirect_url.")?.to_owned();
    let asked = manifest["default_permissions"].as_object().cloned().unwrap_or_default();
    let permissions: Permissions = asked
        .iter()
        .map(|(name, level)| (name.clone(), level.as_str().unwrap_or_default().to_owned()))
        .collect();
    if !permissions.iter().all(|(_, level)| ["read", "write", "admin"].contains(&level.as_str())) {
        return Err("A permission has no such level.");
    }
    let hook = &manifest["hook_attributes"];
    if !hook.is_null() && !hook["url"].is_string() {
        return Err("The hook needs a url.");
    }
    let public = manifest["public"].as_bool().unwrap_or(false);
    Ok(Manifest { name: name.to_owned(), slug, back, public, permissions })
}

fn create(policy: &mut Policy, view: &View<'_>, owner: &str) -> Reply {
    let Ok(manifest) = read(policy, view.field("manifest").unwrap_or_default()) else {
        return view.nothing();
    };
    let app = App {
        device_flow: false,
        public: manifest.public,
        permissions: manifest.permissions,
        ..App::new(&manifest.slug, owner, another_key())
    };
    let code = tokens::random(20);
    policy.apps.list.push(app);
    policy.apps.made.push(MadeByForm { code: code.clone(), slug: manifest.slug, at: view.now });
    let state = view.field("state").unwrap_or_default();
    Reply::redirect(302, &format!("{}?code={code}&state={state}", manifest.back))
}

/// Gives an App and its key for its code, once.
pub(super) fn convert(
    policy: &mut Policy,
    question: &Question<'_>,
    parts: &[&str],
    request: &Request,
) -> Option<Reply> {
    let ["app-manifests", code, "conversions"] = parts else { return None };
    let is_it = |made: &MadeByForm| made.code == *code && made.at + LIFE > policy.apps.now(question.now);
    let found = policy.apps.made.iter().position(is_it);
    let (Some(at), "POST", true) = (found, request.method.as_str(), request.body.is_empty()) else {
        return Some(texts::not_found());
    };
    let made = policy.apps.made.remove(at);
    let app = policy.apps.app_mut(&made.slug).clone();
    let kind = match policy.find_owner(&question.site.name, &app.owner).map(|owner| owner.kind) {
        Some(OwnerKind::User) => "User",
        _ => "Organization",
    };
    let secrets = [tokens::random(40), tokens::random(32)];
    let mut reply = calls::about(&question.site.name, &app);
    reply["owner"]["type"] = json!(kind);
    let pem = &another_key().pem;
    reply["pem"] = json!(if policy.apps.breaks_keys { &pem[..pem.len() / 2] } else { pem });
    reply["client_secret"] = json!(secrets[0]);
    reply["webhook_secret"] = json!(secrets[1]);
    policy.apps.client_secrets.extend(secrets);
    Some(Reply::json(201, &reply))
}

/// The page that installs an App: `rest` is what follows `/apps`, on an Enterprise Server `/github-apps`.
pub(crate) fn install(policy: &mut Policy, view: &View<'_>, rest: &[&str], post: bool) -> Reply {
    let [slug, "installations", "new"] = rest else { return view.nothing() };
    let Some(app) = policy.apps.list.iter().find(|app| app.slug == *slug).cloned() else {
        return view.nothing();
    };
    let targets: Vec<String> = policy
        .owners
        .iter()
        .filter(|it| it.host == view.site.name)
        .filter(|it| it.login == view.viewer || it.has_member(&view.viewer))
        .filter(|it| app.public || it.login.eq_ignore_ascii_case(&app.owner))
        .map(|it| it.login.clone())
        .collect();
    if post {
        let wanted = view.field("target").unwrap_or_default();
        if !targets.iter().any(|target| target == wanted) {
            return view.nothing();
        }
        let installation = Installation { permissions: app.permissions, ..Installation::new(wanted) };
        policy.apps.app_mut(slug).installations.push(installation);
        let body = html::note("good", &format!("Installed for {}.", html::escape(wanted)));
        return view.page(200, "Installed", &body);
    }
    let folder = if view.site.kind == HostKind::Ghes { "github-apps" } else { "apps" };
    let action = format!("{}/{folder}/{slug}/installations/new", view.base);
    let buttons: String = targets
        .iter()
        .map(|target| html::button(&action, &[("target", target)], &format!("Install for {target}"), true))
        .collect();
    view.page(200, &format!("Install {}", html::escape(slug)), &buttons)
}
