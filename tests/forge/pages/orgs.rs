//! An organisation's pages: requests to approve, policies, single sign-on.

use super::super::http::Reply;
use super::super::policy::{Owner, OwnerKind, Policy, State, Token};
use super::super::tokens::TokenKind;
use super::View;
use super::html;

/// `/orgs/ORG/sso`: tells the organisation which tokens to trust.
pub(crate) fn sso(policy: &mut Policy, view: &View<'_>, org: &str, post: bool) -> Reply {
    let Some(owner) = find(policy, view, org) else {
        return view.nothing();
    };
    let name = owner.login.clone();
    if post {
        let wanted = view.field("token").unwrap_or_default().to_owned();
        let Some(token) =
            policy.tokens.iter_mut().find(|token| token.label == wanted && authorises(token, view))
        else {
            return view.nothing();
        };
        if !is_authorised(token, &name) {
            token.sso.push(name.clone());
        }
        return view.go(&format!("/orgs/{name}/sso"));
    }
    let shown = html::escape(&name);
    let mut body = html::lead(&match owner.sso {
        true => format!("{shown} lets classic and OAuth tokens in only after they were authorised here."),
        false => format!("{shown} does not ask for single sign-on."),
    });
    let action = format!("{}/orgs/{name}/sso", view.base);
    for token in policy.tokens.iter().filter(|token| authorises(token, view)) {
        let buttons = match is_authorised(token, &name) {
            true => format!("<p class=\"good\">authorised for {shown}</p>"),
            false => html::button(&action, &[("token", &token.label)], "Authorize", true),
        };
        body.push_str(&html::token_card(token, None, view.now, &buttons));
    }
    view.page(200, &format!("Single sign-on for {name}"), &body)
}

/// `/organizations/ORG/settings/...`.
pub(crate) fn settings(policy: &mut Policy, view: &View<'_>, org: &str, rest: &[&str], post: bool) -> Reply {
    let Some(name) = find(policy, view, org).map(|owner| owner.login.clone()) else {
        return view.nothing();
    };
    match (rest, post) {
        (["personal-access-token-requests"], false) => requests(policy, view, &name),
        (["personal-access-token-requests"], true) => decide_request(policy, view, &name),
        (["personal-access-tokens"], false) => policies(policy, view, &name),
        (["personal-access-tokens"], true) => change_policies(policy, view, &name),
        (["personal-access-tokens", "active"], false) => active(policy, view, &name),
        (["personal-access-tokens", "active"], true) => revoke(policy, view, &name),
        (["oauth_application_policy"], _) => oauth(policy, view, &name, post),
        _ => view.nothing(),
    }
}

fn requests(policy: &Policy, view: &View<'_>, org: &str) -> Reply {
    let action = format!("{}/organizations/{org}/settings/personal-access-token-requests", view.base);
    let waiting: Vec<&Token> =
        tokens_of(policy, view, org).filter(|token| token.state == State::Pending).collect();
    let mut body = html::lead(&format!(
        "Fine-grained tokens that ask for access to {}. Until an owner approves, they read what \
         is public and nothing else.",
        html::escape(org)
    ));
    if waiting.is_empty() {
        body.push_str(&html::note("good", "No request waits."));
    }
    for token in waiting {
        let id = token.id.to_string();
        let buttons = format!(
            "<p>{} {}</p>",
            html::button(&action, &[("id", &id), ("action", "approve")], "Approve", true),
            html::button(&action, &[("id", &id), ("action", "deny")], "Deny", false)
        );
        body.push_str(&html::token_card(token, None, view.now, &buttons));
    }
    view.page(200, &format!("Requests to {org}"), &body)
}

fn decide_request(policy: &mut Policy, view: &View<'_>, org: &str) -> Reply {
    let state = match view.field("action") {
        Some("approve") => State::Active,
        Some("deny") => State::Denied,
        _ => return view.nothing(),
    };
    let Some(token) = token_mut(policy, view, org).filter(|it| it.state == State::Pending) else {
        return view.nothing();
    };
    token.state = state;
    view.go(&format!("/organizations/{org}/settings/personal-access-token-requests"))
}

fn active(policy: &Policy, view: &View<'_>, org: &str) -> Reply {
    let action = format!("{}/organizations/{org}/settings/personal-access-tokens/active", view.base);
    let mut body = html::lead("Fine-grained tokens that reach this organisation now.");
    for token in tokens_of(policy, view, org).filter(|token| token.state == State::Active) {
        let id = token.id.to_string();
        let buttons = html::button(&action, &[("id", &id)], "Revoke", false);
        body.push_str(&html::token_card(token, None, view.now, &buttons));
    }
    view.page(200, &format!("Active tokens of {org}"), &body)
}

/// An organisation takes its own resources away from a token; the token itself stays valid.
fn revoke(policy: &mut Policy, view: &View<'_>, org: &str) -> Reply {
    let Some(token) = token_mut(policy, view, org) else {
        return view.nothing();
    };
    token.state = State::Denied;
    view.go(&format!("/organizations/{org}/settings/personal-access-tokens/active"))
}

fn policies(policy: &Policy, view: &View<'_>, org: &str) -> Reply {
    let Some(owner) = find(policy, view, org) else {
        return view.nothing();
    };
    let tick = |name: &str, set: bool, words: &str| {
        let checked = if set { " checked" } else { "" };
        format!(
            "<label class=\"pick\"><input type=\"checkbox\" name=\"{name}\" value=\"yes\"{checked}> \
             {words}</label>\n"
        )
    };
    let days = owner.max_lifetime_days.map(|days| days.to_string());
    let body = format!(
        "{}<form class=\"card\" method=\"post\" \
         action=\"{}/organizations/{}/settings/personal-access-tokens\">\n{}{}{}{}{}\
         <label for=\"days\">Longest lifetime in days</label>\n\
         <input type=\"number\" id=\"days\" name=\"max_lifetime_days\" min=\"1\" max=\"366\" value=\"{}\">\n\
         <p class=\"hint\">empty: no limit</p>\n<button class=\"main\" type=\"submit\">Save</button></form>\n",
        html::lead("What this organisation asks of the tokens that reach it."),
        view.base,
        html::escape(org),
        tick("requires_approval", owner.requires_approval, "new fine-grained tokens wait for approval"),
        tick("forbids_classic", owner.forbids_classic, "classic tokens are refused"),
        tick("forbids_fine_grained", owner.forbids_fine_grained, "fine-grained tokens are refused"),
        tick("sso", owner.sso, "classic and OAuth tokens need single sign-on"),
        tick("restricts_oauth_apps", owner.restricts_oauth_apps, "OAuth apps are shut out"),
        days.unwrap_or_default(),
    );
    view.page(200, &format!("Token policy of {org}"), &body)
}

fn change_policies(policy: &mut Policy, view: &View<'_>, org: &str) -> Reply {
    let days = match view.field("max_lifetime_days").map(str::parse) {
        None => None,
        Some(Ok(days @ 1..=366)) => Some(days),
        Some(_) => {
            let text = html::note("bad", "The lifetime must be between 1 and 366 days.");
            return view.page(422, "Not saved", &text);
        }
    };
    let Some(owner) = policy.owners.iter_mut().find(|it| is_org(it, view, org)) else {
        return view.nothing();
    };
    let ticked = |name: &str| view.field(name).is_some();
    owner.requires_approval = ticked("requires_approval");
    owner.forbids_classic = ticked("forbids_classic");
    owner.forbids_fine_grained = ticked("forbids_fine_grained");
    owner.sso = ticked("sso");
    owner.restricts_oauth_apps = ticked("restricts_oauth_apps");
    owner.max_lifetime_days = days;
    view.go(&format!("/organizations/{org}/settings/personal-access-tokens"))
}

fn oauth(policy: &mut Policy, view: &View<'_>, org: &str, post: bool) -> Reply {
    let path = format!("/organizations/{org}/settings/oauth_application_policy");
    let Some(owner) = policy.owners.iter_mut().find(|it| is_org(it, view, org)) else {
        return view.nothing();
    };
    if post {
        owner.restricts_oauth_apps = view.field("restrict").is_some();
        return view.go(&path);
    }
    let action = format!("{}{path}", view.base);
    let body = match owner.restricts_oauth_apps {
        true => html::lead("OAuth apps are shut out.") + &html::button(&action, &[], "Let them in", true),
        false => {
            html::lead("OAuth apps are let in.")
                + &html::button(&action, &[("restrict", "yes")], "Shut them out", false)
        }
    };
    view.page(200, &format!("OAuth apps in {org}"), &body)
}

fn is_org(owner: &Owner, view: &View<'_>, org: &str) -> bool {
    owner.kind == OwnerKind::Organization
        && owner.host == view.site.name
        && owner.login.eq_ignore_ascii_case(org)
}

fn find<'a>(policy: &'a Policy, view: &View<'_>, org: &str) -> Option<&'a Owner> {
    policy.owners.iter().find(|owner| is_org(owner, view, org))
}

fn is_for(token: &Token, view: &View<'_>, org: &str) -> bool {
    let owner = token.owner.as_deref().unwrap_or_default();
    token.kind == TokenKind::FineGrained && token.host == view.site.name && owner.eq_ignore_ascii_case(org)
}

fn tokens_of<'a>(policy: &'a Policy, view: &'a View<'_>, org: &'a str) -> impl Iterator<Item = &'a Token> {
    policy.tokens.iter().filter(move |token| is_for(token, view, org))
}

/// The token whose number the form has.
fn token_mut<'a>(policy: &'a mut Policy, view: &View<'_>, org: &str) -> Option<&'a mut Token> {
    let id: u64 = view.field("id")?.parse().ok()?;
    policy.tokens.iter_mut().find(|token| token.id == id && is_for(token, view, org))
}

fn authorises(token: &Token, view: &View<'_>) -> bool {
    let kind = matches!(token.kind, TokenKind::Classic | TokenKind::Oauth | TokenKind::AppUser);
    kind && token.host == view.site.name
}

fn is_authorised(token: &Token, org: &str) -> bool {
    token.sso.iter().any(|it| it.eq_ignore_ascii_case(org))
}
