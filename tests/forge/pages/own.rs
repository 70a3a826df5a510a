//! A user's own pages: tokens of both kinds, made, shown and changed.

use super::super::http::Reply;
use super::super::make::days;
use super::super::policy::{Owner, OwnerKind, Permission, Policy, Selection, State, Token};
use super::super::tokens::TokenKind;
use super::View;
use super::html;

/// The longest a token may live at all, as GitHub's form says.
const LONGEST: i64 = 366;
/// The lifetime a form begins with.
const USUAL: i64 = 30;
/// The longest name of a token.
const NAME_LIMIT: usize = 40;

/// `/settings/...`.
pub(crate) fn answer(policy: &mut Policy, view: &View<'_>, rest: &[&str], post: bool) -> Reply {
    match (rest, post) {
        (["personal-access-tokens"], false) => list(policy, view, TokenKind::FineGrained),
        (["tokens"], false) => list(policy, view, TokenKind::Classic),
        (["personal-access-tokens", "new"], false) => form(policy, view, TokenKind::FineGrained, None),
        (["tokens", "new"], false) => form(policy, view, TokenKind::Classic, None),
        (["personal-access-tokens", "new"], true) => make(policy, view, TokenKind::FineGrained),
        (["tokens", "new"], true) => make(policy, view, TokenKind::Classic),
        (["personal-access-tokens", id], false) => show(policy, view, TokenKind::FineGrained, id),
        (["tokens", id], false) => show(policy, view, TokenKind::Classic, id),
        (["personal-access-tokens", id], true) => change(policy, view, TokenKind::FineGrained, id),
        (["tokens", id], true) => change(policy, view, TokenKind::Classic, id),
        (["tokens", id, "request-org-access"], _) => request_access(policy, view, id, post),
        (["applications"], false) => list(policy, view, TokenKind::Oauth),
        _ => view.nothing(),
    }
}

/// The path of the pages about a kind.
fn folder(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::FineGrained => "/settings/personal-access-tokens",
        _ => "/settings/tokens",
    }
}

fn list(policy: &Policy, view: &View<'_>, kind: TokenKind) -> Reply {
    let (title, words) = match kind {
        TokenKind::FineGrained => {
            ("Fine-grained tokens", "Each belongs to one owner and reaches only what is granted.")
        }
        TokenKind::Oauth => ("Applications", "Apps that were given a token."),
        _ => ("Classic tokens", "Each reaches everything its user can, for every owner."),
    };
    let mut body = html::lead(words);
    if kind != TokenKind::Oauth {
        body.push_str(&format!(
            "<p><a href=\"{}{}/new\">Generate a new token</a></p>\n",
            view.base,
            folder(kind)
        ));
    }
    for token in mine(policy, view, kind) {
        let link = format!("{}{}/{}", view.base, folder(kind), token.id);
        let link = (kind != TokenKind::Oauth).then_some(link.as_str());
        body.push_str(&html::token_card(token, link, view.now, ""));
    }
    view.page(200, title, &body)
}

fn show(policy: &Policy, view: &View<'_>, kind: TokenKind, id: &str) -> Reply {
    let Some(token) = mine(policy, view, kind).find(|token| token.id.to_string() == id) else {
        return view.nothing();
    };
    let action = format!("{}{}/{id}", view.base, folder(kind));
    let mut body = String::new();
    if let (State::Pending, Some(owner)) = (token.state, &token.owner) {
        let owner = html::escape(owner);
        body.push_str(&html::note(
            "wait",
            &format!(
                "This token waits until an owner of <b>{owner}</b> approves it. Until then it \
                 reads what is public and nothing else. Owners decide at \
                 <a href=\"{}/organizations/{owner}/settings/personal-access-token-requests\">\
                 pending requests</a>.",
                view.base
            ),
        ));
    }
    body.push_str(&html::token_card(token, None, view.now, ""));
    let left = token.lifetime().map(|time| match time.as_hours() / 24 {
        count @ 1..=LONGEST => count,
        _ => USUAL,
    });
    body.push_str(&format!(
        "<form class=\"card\" method=\"post\" action=\"{action}\">\n<h2>Change</h2>\n{}",
        lifetime(left)
    ));
    if kind == TokenKind::FineGrained {
        let owner = token.owner.as_deref().unwrap_or_default();
        body.push_str(&selection(policy, view, owner, &token.repositories));
        body.push_str(&contents(token.contents));
    }
    body.push_str("<p><button class=\"main\" type=\"submit\">Save</button></p></form>\n<p>");
    body.push_str(&html::button(&action, &[("regenerate", "yes")], "Regenerate token", false));
    body.push_str(&html::button(&action, &[("revoke", "yes")], "Delete this token", false));
    if kind == TokenKind::Classic {
        for org in orgs(policy, view).filter(|org| org.sso) {
            let link = format!("{}/orgs/{}/sso", view.base, org.login);
            let (link, name) = (html::escape(&link), html::escape(&org.login));
            body.push_str(&format!(" <a href=\"{link}\">Configure SSO for {name}</a>"));
        }
    }
    body.push_str("</p>\n");
    view.page(200, &token.label, &body)
}

fn change(policy: &mut Policy, view: &View<'_>, kind: TokenKind, id: &str) -> Reply {
    let wanted = match wanted_days(view) {
        Ok(wanted) => wanted,
        Err(text) => return view.page(422, "Not saved", &html::note("bad", text)),
    };
    let is_it = |token: &Token| is_mine(token, view, kind) && token.id.to_string() == id;
    let asks_approval = policy
        .tokens
        .iter()
        .find(|token| is_it(token))
        .and_then(|token| policy.find_owner(&token.host, token.owner.as_deref()?))
        .is_some_and(|owner| owner.requires_approval);
    let Some(token) = policy.tokens.iter_mut().find(|token| is_it(token)) else {
        return view.nothing();
    };
    if view.field("revoke").is_some() {
        token.state = State::Revoked;
        return view.go(folder(kind));
    }
    if view.field("regenerate").is_some() {
        token.regenerate();
        return once(view, token);
    }
    if let Some(wanted) = wanted {
        // A new lifetime counts from now: GitHub makes the token anew for it, the forge does not,
        // so that one need not be copied again.
        token.created = view.now;
        token.expires = wanted.map(|count| view.now + days(count));
    }
    if kind == TokenKind::FineGrained {
        let before = (token.repositories.clone(), token.contents);
        if view.field("access").is_some() {
            token.repositories = selected(view);
        }
        if let Some(permission) = view.field("contents").and_then(Permission::parse) {
            token.contents = permission;
        }
        // Reported: a changed permission must be approved again.
        let changed = before != (token.repositories.clone(), token.contents);
        if changed && asks_approval && token.state == State::Active {
            token.state = State::Pending;
        }
    }
    view.go(&format!("{}/{id}", folder(kind)))
}

fn form(policy: &Policy, view: &View<'_>, kind: TokenKind, error: Option<&str>) -> Reply {
    let action = format!("{}{}/new", view.base, folder(kind));
    let mut body = String::new();
    let target = view.field("target_name").unwrap_or(&view.viewer);
    let known = owners(policy, view).find(|owner| owner.login.eq_ignore_ascii_case(target));
    let unknown = format!("Cannot find the specified resource owner: {target}");
    let error = match (kind, known) {
        (TokenKind::FineGrained, None) => Some(unknown.as_str()),
        _ => error,
    };
    if let Some(error) = error {
        body.push_str(&html::note("bad", &html::escape(error)));
    }
    let name = view.field("name").or(view.field("description"));
    body.push_str(&format!(
        "<form class=\"card\" method=\"post\" action=\"{action}\">\n\
         <label for=\"name\">Token name</label>\n\
         <input type=\"text\" id=\"name\" name=\"name\" maxlength=\"{NAME_LIMIT}\" required value=\"{}\">\n",
        html::escape(name.unwrap_or_default())
    ));
    let days = match view.field("expires_in") {
        Some("none") => None,
        Some(text) => Some(text.parse().unwrap_or(USUAL)),
        None => Some(USUAL),
    };
    if kind == TokenKind::FineGrained {
        body.push_str(
            "<label for=\"owner\">Resource owner</label>\n<select id=\"owner\" name=\"target_name\">\n",
        );
        for owner in owners(policy, view) {
            let mark = if owner.login.eq_ignore_ascii_case(target) { " selected" } else { "" };
            let login = html::escape(&owner.login);
            body.push_str(&format!("<option value=\"{login}\"{mark}>{login}</option>\n"));
        }
        body.push_str("</select>\n");
        if known.is_some_and(|owner| owner.requires_approval) {
            body.push_str(&format!(
                "<p class=\"hint\">{} must approve the token before it reaches anything private.</p>\n\
                 <label for=\"reason\">Why is it needed?</label>\n\
                 <textarea id=\"reason\" name=\"reason\" rows=\"2\"></textarea>\n",
                html::escape(target)
            ));
        }
        body.push_str(&lifetime(days));
        let owner = known.map_or("", |owner| &owner.login);
        body.push_str(&selection(policy, view, owner, &Selection::All));
        body.push_str(&contents(
            view.field("contents").and_then(Permission::parse).unwrap_or(Permission::None),
        ));
    } else {
        body.push_str(&lifetime(days));
        body.push_str("<label>Scopes</label>\n");
        let wanted = view.field("scopes").unwrap_or_default().to_owned();
        for scope in ["repo", "public_repo", "workflow", "gist", "read:org"] {
            let mark = if wanted.split(',').any(|it| it == scope) { " checked" } else { "" };
            body.push_str(&format!(
                "<label class=\"pick\"><input type=\"checkbox\" name=\"scope\" value=\"{scope}\"{mark}> {scope}</label>\n"
            ));
        }
    }
    body.push_str("<p><button class=\"main\" type=\"submit\">Generate token</button></p></form>\n");
    let title = match kind {
        TokenKind::FineGrained => "New fine-grained token",
        _ => "New classic token",
    };
    view.page(if error.is_some() { 422 } else { 200 }, title, &body)
}

fn make(policy: &mut Policy, view: &View<'_>, kind: TokenKind) -> Reply {
    let refuse = |policy: &Policy, text: &str| form(policy, view, kind, Some(text));
    let label = view.field("name").unwrap_or_default().trim().to_owned();
    if label.is_empty() || label.chars().count() > NAME_LIMIT {
        return refuse(policy, "A token needs a name of at most 40 characters.");
    }
    if policy.tokens.iter().any(|token| token.label == label) {
        return refuse(policy, "A token of that name is there already.");
    }
    let wanted = match wanted_days(view) {
        Ok(wanted) => wanted.unwrap_or(Some(USUAL)),
        Err(text) => return refuse(policy, text),
    };
    let mut token = match kind {
        TokenKind::FineGrained => {
            let target = view.field("target_name").unwrap_or(&view.viewer).to_owned();
            let Some(owner) = owners(policy, view).find(|it| it.login.eq_ignore_ascii_case(&target)) else {
                // The form itself names the unknown owner.
                return form(policy, view, kind, None);
            };
            if let Some(most) = owner.max_lifetime_days
                && wanted.is_none_or(|count| count > most)
            {
                let text = format!("{} allows at most {most} days.", owner.login);
                return refuse(policy, &text);
            }
            Token {
                state: match owner.requires_approval {
                    true => State::Pending,
                    false => State::Active,
                },
                repositories: selected(view),
                contents: view.field("contents").and_then(Permission::parse).unwrap_or(Permission::None),
                ..Token::fine_grained(&label, &view.viewer, &owner.login)
            }
        }
        _ => Token { scopes: view.all("scope"), ..Token::classic(&label, &view.viewer) },
    };
    token.host.clone_from(&view.site.name);
    token.created = view.now;
    token.expires = wanted.map(|count| view.now + days(count));
    let reply = once(view, &token);
    policy.tokens.push(token);
    reply
}

/// Shows a token's secret, which no other page does.
fn once(view: &View<'_>, token: &Token) -> Reply {
    let link = format!("{}{}/{}", view.base, folder(token.kind), token.id);
    let mut body = html::note("good", "Copy it now: it is shown only this once.");
    body.push_str(&format!("<code class=\"secret\" id=\"token\">{}</code>\n", html::escape(&token.secret)));
    if token.state == State::Pending {
        let owner = html::escape(token.owner.as_deref().unwrap_or_default());
        body.push_str(&html::note(
            "wait",
            &format!("It waits until an owner of <b>{owner}</b> approves it."),
        ));
    }
    body.push_str(&html::token_card(token, Some(&link), view.now, ""));
    view.page(200, "Your new token", &body)
}

/// The page one article speaks of; nobody else has seen it.
fn request_access(policy: &mut Policy, view: &View<'_>, id: &str, post: bool) -> Reply {
    let Some(token) = policy
        .tokens
        .iter_mut()
        .find(|it| it.host == view.site.name && it.is_personal() && it.id.to_string() == id)
    else {
        return view.nothing();
    };
    if post {
        if token.state == State::Denied {
            token.state = State::Pending;
        }
        let folder = folder(token.kind);
        return view.go(&format!("{folder}/{id}"));
    }
    let action = format!("{}/settings/tokens/{id}/request-org-access", view.base);
    let buttons = html::button(&action, &[], "Request access", true);
    let body = html::lead("Asks the owner of these repositories to let the token in.")
        + &html::token_card(token, None, view.now, &buttons);
    view.page(200, "Request access", &body)
}

fn lifetime(days: Option<i64>) -> String {
    let days = days.map_or_else(|| "none".to_owned(), |days| days.to_string());
    format!(
        "<label for=\"expires\">Lifetime in days</label>\n\
         <input type=\"text\" id=\"expires\" name=\"expires_in\" value=\"{days}\">\n\
         <p class=\"hint\">1 to {LONGEST}, or \"none\"</p>\n"
    )
}

fn selection(policy: &Policy, view: &View<'_>, owner: &str, now: &Selection) -> String {
    let mark = |set: bool| if set { " checked" } else { "" };
    let mut out = format!(
        "<label>Repository access</label>\n\
         <label class=\"pick\"><input type=\"radio\" name=\"access\" value=\"all\"{}> all repositories</label>\n\
         <label class=\"pick\"><input type=\"radio\" name=\"access\" value=\"only\"{}> only these:</label>\n",
        mark(*now == Selection::All),
        mark(*now != Selection::All)
    );
    for repo in &policy.repositories {
        if repo.host != view.site.name || !repo.owner.eq_ignore_ascii_case(owner) {
            continue;
        }
        let chosen = matches!(now, Selection::Only(names) if names.contains(&repo.name));
        let name = html::escape(&repo.name);
        out.push_str(&format!(
            "<label class=\"pick\">&emsp;<input type=\"checkbox\" name=\"repository\" value=\"{name}\"{}> {name}</label>\n",
            mark(chosen)
        ));
    }
    out
}

fn selected(view: &View<'_>) -> Selection {
    match view.field("access") {
        Some("only") => Selection::Only(view.all("repository")),
        _ => Selection::All,
    }
}

fn contents(now: Permission) -> String {
    let mut out =
        "<label for=\"contents\">Contents</label>\n<select id=\"contents\" name=\"contents\">\n".to_owned();
    for (value, words, permission) in [
        ("none", "no access", Permission::None),
        ("read", "read", Permission::Read),
        ("write", "read and write", Permission::Write),
    ] {
        let mark = if permission == now { " selected" } else { "" };
        out.push_str(&format!("<option value=\"{value}\"{mark}>{words}</option>\n"));
    }
    out + "</select>\n"
}

/// The lifetime a form asks for: nothing if it does not say, `Some(None)` for ever.
fn wanted_days(view: &View<'_>) -> Result<Option<Option<i64>>, &'static str> {
    match view.field("expires_in") {
        None => Ok(None),
        Some("none") => Ok(Some(None)),
        Some(text) => match text.parse() {
            Ok(count @ 1..=LONGEST) => Ok(Some(Some(count))),
            _ => Err("The lifetime must be between 1 and 366 days, or \"none\"."),
        },
    }
}

/// The owners a new token may be for: oneself, and organisations that take such tokens.
fn owners<'a>(policy: &'a Policy, view: &'a View<'_>) -> impl Iterator<Item = &'a Owner> {
    policy.owners.iter().filter(|owner| {
        owner.host == view.site.name && owner.has_member(&view.viewer) && !owner.forbids_fine_grained
    })
}

fn orgs<'a>(policy: &'a Policy, view: &'a View<'_>) -> impl Iterator<Item = &'a Owner> {
    policy.owners.iter().filter(|owner| owner.host == view.site.name && owner.kind == OwnerKind::Organization)
}

fn is_mine(token: &Token, view: &View<'_>, kind: TokenKind) -> bool {
    token.host == view.site.name && token.kind == kind && token.state != State::Revoked
}

fn mine<'a>(policy: &'a Policy, view: &'a View<'_>, kind: TokenKind) -> impl Iterator<Item = &'a Token> {
    policy.tokens.iter().filter(move |token| is_mine(token, view, kind))
}

impl Permission {
    /// The permission a form or a query names.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            _ => None,
        }
    }

    /// Its name in words.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "read and write",
        }
    }
}
