//! The second act: initech does not want to approve tokens any more, so mona makes a GitHub App for it; and as one
//! of its owners she decides about the tokens of others from the command line.

use super::forge::{State, Token};
use super::pages::press;
use super::stage::Stage;
use super::steps::{Break, Step, expect};
use super::visitor;

/// The button on patron's page.
const CONTINUE: &str = "Continue for the organisation initech, and decide about tokens";
/// Whose token asks for access.
const NEWCOMER: &str = "hubot's";

/// The steps.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "new-app",
        title: "second act: a GitHub App for initech, which needs no approval of tokens",
        run: new_app,
        breaks: &[Break {
            name: "new-app",
            what: "mona is an owner of initech no more, so GitHub shows her no form",
            apply: |stage| stage.forge.policy(|policy| policy.owner_mut("initech").members.clear()),
        }],
    },
    Step {
        name: "install",
        title: "the one thing left: install it, once, on the page that patron names",
        run: install,
        breaks: &[Break {
            name: "install",
            what: "the App was deleted",
            apply: |stage| stage.forge.policy(|policy| policy.apps.list.clear()),
        }],
    },
    Step {
        name: "mint",
        title: "git asks, and gets a token that was minted for this repository alone",
        run: mint,
        breaks: &[Break {
            name: "mint",
            what: "initech shuts this machine out",
            apply: |stage| stage.forge.policy(|policy| policy.owner_mut("initech").ip_allow_list = true),
        }],
    },
    Step {
        name: "decide",
        title: "and the owner's side: somebody's token asks for access, and mona decides",
        run: decide,
        breaks: &[Break {
            name: "decide",
            what: "it was withdrawn",
            apply: |stage| {
                ask(stage);
                stage.forge.policy(|policy| policy.token_mut(NEWCOMER).state = State::Revoked);
            },
        }],
    },
];

fn new_app(stage: &mut Stage) -> Result<(), String> {
    // The token from the first act would serve initech as well.
    stage.run("", "git credential-patron remove initech --yes")?;
    let asking = stage.ask("git credential-patron add initech --new-app", "http://127.0.0.1:")?;
    let page = stage.opened_page()?;
    expect(asking.text().contains(&page), "the page that opened is not the printed one")?;
    let last = visitor::make_app(&stage.forge, &page, CONTINUE)?;
    let shown = stage.ended(asking)?;
    println!("\n  (in mona's browser: \"{CONTINUE}\", and on GitHub's page: \"Create GitHub App\")");
    expect(last.body.contains("its key is kept"), "the browser says something else")?;
    expect(shown.text().contains("added initech: GitHub App"), "the App is not kept")?;
    let secrets = stage.forge.policy(|policy| policy.apps.client_secrets.clone());
    expect(!secrets.is_empty(), "GitHub has given no secrets")?;
    expect(secrets.iter().all(|it| !shown.text().contains(it)), "a secret stands on the screen")
}

fn install(stage: &mut Stage) -> Result<(), String> {
    let slug = stage.forge.policy(|policy| policy.apps.list.first().map(|app| app.slug.clone()));
    let page = format!("https://github.com/apps/{}/installations/new", slug.unwrap_or_default());
    println!("\n  (on {page}: Install for initech)");
    let after = press(&stage.forge, &page, "Install for initech")?;
    expect(after.contains("Installed for initech"), "it is not installed")
}

fn mint(stage: &mut Stage) -> Result<(), String> {
    stage.forge.clear_log();
    stage.run("", "git clone -q https://github.com/initech/printer another-printer")?;
    let asks = stage.forge.git_asks();
    let by_app = |label: &str| label.starts_with("minted-");
    expect(!asks.is_empty() && asks.iter().all(|ask| by_app(&ask.4)), "another token was used")?;
    stage.run("", "git credential-patron list")?;
    Ok(())
}

/// Somebody's token asks for access to initech.
fn ask(stage: &Stage) {
    stage.forge.policy(|policy| {
        if policy.tokens.iter().all(|token| token.label != NEWCOMER) {
            let token = Token::fine_grained(NEWCOMER, "hubot", "initech");
            policy.tokens.push(Token { state: State::Pending, ..token });
        }
    });
}

fn decide(stage: &mut Stage) -> Result<(), String> {
    ask(stage);
    let shown = stage.run("", "git credential-patron requests list initech")?;
    expect(shown.text().contains(NEWCOMER), "the request is not listed")?;
    let decided = stage.run("", "git credential-patron requests approve initech --all --yes")?;
    expect(decided.text().contains("approved: 1"), "it was not approved")?;
    let state = stage.forge.policy(|policy| policy.token_mut(NEWCOMER).state);
    expect(state == State::Active, "the token is not let in")
}
