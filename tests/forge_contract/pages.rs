//! The pages: what the product opens in a browser can be done there, with a proxy and without.

use super::client::{Answer, Client};
use crate::forge::{EntryKind, Forge, Owner, Policy, Selection, State, Token};

const OPEN: &str = "https://github.com";
const FINE_GRAINED: &str = "/settings/personal-access-tokens";

fn strict() -> Forge {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.owner_mut("acme").requires_approval = true);
    forge
}

fn state(forge: &Forge, label: &str) -> State {
    forge.policy(|policy| policy.token_mut(label).state)
}

#[track_caller]
fn shows(page: &Answer, text: &str) {
    assert!(page.body.contains(text), "the page should have {text}:\n{}", page.body);
}

#[test]
fn a_token_is_made_waits_and_is_approved() {
    let forge = strict();
    // As a person does it in a browser, and as it goes through the tunnel.
    for (client, place, name) in
        [(Client::new(&forge), OPEN.to_owned(), "one"), (Client::direct(&forge), forge.local_url(), "two")]
    {
        let query = format!("?name={name}&target_name=acme&expires_in=90&contents=write");
        let form = client.get(&format!("{place}{FINE_GRAINED}/new{query}"));
        assert_eq!(form.status, 200);
        shows(&form, &format!("value=\"{name}\""));
        shows(&form, "<option value=\"acme\" selected>");
        shows(&form, "<option value=\"write\" selected>");
        shows(&form, "name=\"expires_in\" value=\"90\"");
        shows(&form, "Why is it needed?");
        let fields = [
            ("name", name),
            ("target_name", "acme"),
            ("expires_in", "90"),
            ("contents", "write"),
            ("access", "all"),
        ];
        let made = client.post(&format!("{place}{FINE_GRAINED}/new"), &fields);
        assert_eq!(made.status, 200);
        let secret = forge.secret(name);
        assert!(secret.starts_with("github_pat_") && secret.len() == 93);
        assert_eq!(made.body.matches(&secret).count(), 1);
        assert_eq!(state(&forge, name), State::Pending);
        let list = client.get(&format!("{place}{FINE_GRAINED}"));
        shows(&list, "Pending approval");
        assert!(!list.body.contains(&secret), "a secret is shown only once");

        let git = || {
            Client::new(&forge).discover(&format!("{OPEN}/acme/secret"), "git-upload-pack", &secret).status
        };
        assert_eq!(git(), 404);
        let requests = format!("{place}/organizations/acme/settings/personal-access-token-requests");
        shows(&client.get(&requests), name);
        let id = forge.policy(|policy| policy.token_mut(name).id.to_string());
        let done = client.post(&requests, &[("id", &id), ("action", "approve")]);
        assert_eq!(done.status, 303);
        assert!(requests.ends_with(done.header("location")), "{}", done.header("location"));
        assert_eq!(state(&forge, name), State::Active);
        assert_eq!(git(), 200);
        shows(&client.get(&requests), "No request waits.");
    }
    assert!(
        forge
            .log()
            .iter()
            .any(|entry| entry.kind == EntryKind::Page && entry.path.starts_with("/@github.com/"))
    );
}

#[test]
fn a_request_may_be_denied_and_asked_again() {
    let forge = strict();
    forge.policy(|policy| policy.token_mut("acme").state = State::Pending);
    let client = Client::new(&forge);
    let id = forge.policy(|policy| policy.token_mut("acme").id.to_string());
    let requests = format!("{OPEN}/organizations/acme/settings/personal-access-token-requests");
    assert_eq!(client.post(&requests, &[("id", &id), ("action", "burn")]).status, 404);
    client.post(&requests, &[("id", &id), ("action", "deny")]);
    assert_eq!(state(&forge, "acme"), State::Denied);
    client.post(&format!("{OPEN}/settings/tokens/{id}/request-org-access"), &[]);
    assert_eq!(state(&forge, "acme"), State::Pending);
    // Another organisation has no say.
    let other = requests.replace("acme", "globex");
    assert_eq!(client.post(&other, &[("id", &id), ("action", "approve")]).status, 404);
}

#[test]
fn a_lifetime_is_changed_where_the_refusal_says() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(30));
    let client = Client::new(&forge);
    let discover =
        || client.discover(&format!("{OPEN}/acme/secret"), "git-upload-pack", &forge.secret("acme"));
    let refused = discover();
    assert_eq!(refused.status, 403);
    let page = refused.body.trim_end().rsplit(' ').next().expect("it ends with the page").to_owned();
    shows(&client.get(&page), "Lifetime in days");
    assert_eq!(client.post(&page, &[("expires_in", "367")]).status, 422);
    assert_eq!(discover().status, 403);
    let fields =
        [("expires_in", "30"), ("access", "only"), ("repository", "secret"), ("repository", "tools")];
    assert_eq!(client.post(&page, &fields).status, 303);
    assert_eq!(discover().status, 200);
    let selected = forge.policy(|policy| policy.token_mut("acme").repositories.clone());
    assert_eq!(selected, Selection::Only(vec!["secret".to_owned(), "tools".to_owned()]));
}

#[test]
fn a_form_says_what_it_cannot_do() {
    let forge = Forge::start(
        Policy::sample()
            .owner(Owner { forbids_fine_grained: true, ..Owner::org("old", &["mona"]) })
            .org("foreign", &[]),
    );
    forge.policy(|policy| policy.owner_mut("acme").max_lifetime_days = Some(30));
    let client = Client::new(&forge);
    let new = format!("{OPEN}{FINE_GRAINED}/new");
    for (owner, sent) in [("old", "old"), ("foreign", "foreign"), ("n<b>obody", "n%3Cb%3Eobody")] {
        let form = client.get(&format!("{new}?target_name={sent}"));
        let shown = owner.replace('<', "&lt;").replace('>', "&gt;");
        shows(&form, &format!("Cannot find the specified resource owner: {shown}"));
    }
    let before = forge.secrets().len();
    for (name, owner, days) in [
        ("", "acme", "5"),
        ("acme", "acme", "5"),
        ("x", "acme", "31"),
        ("x", "acme", "none"),
        ("x", "old", "5"),
        ("x", "acme", "-1"),
    ] {
        let fields = [("name", name), ("target_name", owner), ("expires_in", days)];
        assert_eq!(client.post(&new, &fields).status, 422, "{name} {owner} {days}");
    }
    assert_eq!(forge.secrets().len(), before);
    assert_eq!(client.get(&format!("{OPEN}/settings/nonsense")).status, 404);
    assert_eq!(client.get(&format!("{OPEN}{FINE_GRAINED}/1")).status, 404);
}

#[test]
fn a_classic_token_is_made_with_scopes_and_authorised() {
    let forge = Forge::start(Policy::sample());
    forge.policy(|policy| policy.owner_mut("acme").sso = true);
    let client = Client::new(&forge);
    let form = client.get(&format!("{OPEN}/settings/tokens/new?scopes=repo,workflow&description=laptop"));
    shows(&form, "value=\"laptop\"");
    shows(&form, "value=\"workflow\" checked");
    let fields = [("name", "laptop"), ("expires_in", "none"), ("scope", "repo"), ("scope", "workflow")];
    assert_eq!(client.post(&format!("{OPEN}/settings/tokens/new"), &fields).status, 200);
    let secret = forge.secret("laptop");
    assert!(secret.starts_with("ghp_") && secret.len() == 40);
    let git = || client.discover(&format!("{OPEN}/acme/secret"), "git-receive-pack", &secret).status;
    assert_eq!(git(), 403);
    let sso = format!("{OPEN}/orgs/acme/sso");
    shows(&client.get(&format!("{sso}?authorization_request=abc")), "laptop");
    assert_eq!(client.post(&sso, &[("token", "laptop")]).status, 303);
    assert_eq!(git(), 200);
}

#[test]
fn an_organisations_policy_is_changed_on_its_page() {
    let forge = Forge::start(Policy::sample());
    let client = Client::new(&forge);
    let page = format!("{OPEN}/organizations/acme{FINE_GRAINED}");
    assert_eq!(client.post(&page, &[("requires_approval", "yes"), ("max_lifetime_days", "30")]).status, 303);
    let page = client.get(&page);
    shows(&page, "name=\"requires_approval\" value=\"yes\" checked");
    shows(&page, "value=\"30\"");
    let active = format!("{OPEN}/organizations/acme{FINE_GRAINED}/active");
    let id = forge.policy(|policy| policy.token_mut("acme").id.to_string());
    assert_eq!(client.post(&active, &[("id", &id)]).status, 303);
    assert_eq!(state(&forge, "acme"), State::Denied);
}

#[test]
fn pages_say_that_they_are_not_github_and_let_nothing_through() {
    let forge = Forge::start(Policy::sample().token(Token::classic("<script>alert(1)</script>", "mona")));
    let client = Client::direct(&forge);
    let local = forge.local_url();
    let page = client.get(&format!("{local}/settings/tokens"));
    shows(&page, "a stand-in for GitHub on your machine");
    assert!(!page.body.contains("<script>"));
    assert_eq!(client.get(&format!("{local}/")).status, 200);
    let root = local.replace("/@github.com", "");
    assert_eq!(client.get(&format!("{root}/settings/tokens")).status, 200);
    assert_eq!(client.get(&format!("{root}/@example.com/settings/tokens")).status, 404);
    assert_eq!(client.get(&format!("{root}/@api.github.com/user")).status, 404);
    assert_eq!(client.get(&format!("{root}/acme/open/info/refs?service=git-upload-pack")).status, 404);
}

#[test]
fn a_token_is_made_anew_and_keeps_all_but_its_secret() {
    let forge = Forge::start(Policy::sample());
    let client = Client::direct(&forge);
    let (before, id) = forge.policy(|policy| {
        let token = policy.token_mut("acme");
        (token.clone(), token.id)
    });
    let page = format!("{}{FINE_GRAINED}/{id}", forge.local_url());
    shows(&client.get(&page), "Regenerate token");
    let made = client.post(&page, &[("regenerate", "yes")]);
    let after = forge.policy(|policy| policy.token_mut("acme").clone());
    assert_ne!(after.secret, before.secret);
    shows(&made, &after.secret);
    assert_eq!(after.lifetime(), before.lifetime());
    assert_eq!((after.owner, after.state, after.id), (before.owner, before.state, before.id));
    let user = |secret: &str| Client::new(&forge).get_as("https://api.github.com/user", secret).status;
    assert_eq!((user(&before.secret), user(&after.secret)), (401, 200));
}
