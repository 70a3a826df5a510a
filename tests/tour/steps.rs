//! The steps of the tour, in order: what is done, what must come of it, and what breaks it.
//!
//! Each step has at least one break: a change of the forge's policy, or of the home where the forge has no
//! part in it, with which the step must fail. A step that could not fail would show nothing.

use super::forge::{Access, Permission, Policy, Rule, State, Then, Token};
use super::pages::{make_token, press, wait_for_approval};
use super::stage::Stage;
use std::fs;

/// The page where an owner of initech decides.
const REQUESTS: &str = "https://github.com/organizations/initech/settings/personal-access-token-requests";
/// The forge's name for the token that waits, as the form for it suggests.
const WAITING: &str = "git initech";
/// What is cloned, and by which token's owner: the folders are the last segments.
const REPOSITORIES: [&str; 3] = ["acme/secret", "globex/api", "mona/dotfiles"];

/// One step.
pub(crate) struct Step {
    /// What failures and breaks call it.
    pub(crate) name: &'static str,
    /// What is said before it.
    pub(crate) title: &'static str,
    /// Does it and compares.
    pub(crate) run: fn(&mut Stage) -> Result<(), String>,
    /// What makes it fail.
    pub(crate) breaks: &'static [Break],
}

/// Something that makes a step fail.
pub(crate) struct Break {
    /// What `--break` calls it.
    pub(crate) name: &'static str,
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// Does it.
    pub(crate) apply: fn(&mut Stage),
}

/// What the forge knows at the beginning.
pub(crate) fn policy() -> Policy {
    let mut policy = Policy::new()
        .user("mona")
        .org("acme", &["mona"])
        .org("globex", &["mona"])
        .org("initech", &["mona"])
        .private("acme/secret")
        .private("globex/api")
        .private("mona/dotfiles")
        .private("initech/printer")
        .token(Token::fine_grained("globex", "mona", "globex"))
        .token(Token::fine_grained("mona", "mona", "mona"));
    policy.owner_mut("initech").requires_approval = true;
    policy
}

/// The steps of the tour, in order; `app`: with those of the second act, before mona leaves.
pub(crate) fn all(app: bool) -> Vec<&'static Step> {
    let (leave, first) = STEPS.split_last().expect("there are steps");
    let second = if app { super::app_steps::STEPS } else { &[] };
    first.iter().chain(second).chain([leave]).collect()
}

/// The first act, and how mona leaves.
const STEPS: &[Step] = &[
    Step {
        name: "setup",
        title: "make patron the helper for github.com",
        run: |stage| {
            stage.run("", "git credential-patron setup")?;
            let config = stage.sandbox.read(".gitconfig").unwrap_or_default();
            expect(config.contains("git-credential-patron"), "~/.gitconfig does not name patron")
        },
        breaks: &[Break {
            name: "setup",
            what: "another program holds git's config",
            apply: |stage| {
                stage.sandbox.write(".gitconfig.lock", "");
            },
        }],
    },
    Step {
        name: "token",
        title: "a token for acme: made on the page that opens, pasted without being shown",
        run: |stage| add_by_page(stage, "acme"),
        breaks: &[Break {
            name: "token",
            what: "acme takes no fine-grained tokens",
            apply: |stage| stage.forge.policy(|policy| policy.owner_mut("acme").forbids_fine_grained = true),
        }],
    },
    Step {
        name: "more-tokens",
        title: "a token for globex and one for mona's own repositories, from a pipe",
        run: |stage| {
            for owner in ["globex", "mona"] {
                let secret = stage.forge.secret(owner);
                stage.sandbox.set("TOKEN", secret);
                let line =
                    format!("printf '%s\\n' \"$TOKEN\" | git credential-patron add {owner} --token-stdin");
                stage.run("", &line)?;
            }
            stage.sandbox.unset("TOKEN");
            let list = stage.run("", "git credential-patron list")?.text();
            expect(["acme", "globex", "mona"].iter().all(|owner| list.contains(owner)), "one is not listed")
        },
        breaks: &[Break {
            name: "revoked",
            what: "globex's token was revoked",
            apply: |stage| stage.forge.policy(|policy| policy.token_mut("globex").state = State::Revoked),
        }],
    },
    Step {
        name: "clone",
        title: "clone: git gets the right token for each owner",
        run: |stage| {
            stage.forge.clear_log();
            for repository in REPOSITORIES {
                stage.run("", &format!("git clone -q https://github.com/{repository}"))?;
            }
            Ok(())
        },
        breaks: &[
            Break {
                name: "clone",
                what: "globex shuts this machine out",
                apply: |stage| stage.forge.policy(|policy| policy.owner_mut("globex").ip_allow_list = true),
            },
            Break {
                name: "elsewhere",
                what: "the stand-in sends git to another host",
                apply: |stage| {
                    let rule =
                        Rule::fault(Then::Redirect(302, "https://example.com".to_owned())).owner("acme");
                    stage.forge.policy(|policy| policy.rules.push(rule));
                },
            },
        ],
    },
    Step {
        name: "push",
        title: "push: the same",
        run: |stage| {
            for repository in REPOSITORIES {
                let folder = last(repository);
                stage.run(folder, "git commit -q --allow-empty -m hello")?;
                stage.run(folder, "git push -q")?;
            }
            Ok(())
        },
        breaks: &[Break {
            name: "push",
            what: "mona's token for her own repositories may only read",
            apply: |stage| {
                stage.forge.policy(|policy| {
                    policy.token_mut("mona").contents = Permission::Read;
                });
            },
        }],
    },
    Step {
        name: "right-token",
        title: "which token went where, as GitHub saw it",
        run: right_token,
        breaks: &[Break {
            name: "other-token",
            what: "a repository lets somebody in with another owner's token",
            apply: |stage| {
                let secret = stage.forge.secret("globex");
                let url = format!("https://mona:{secret}@github.com/acme/secret");
                let _ = stage.sandbox.git(["ls-remote", "-q", &url]).run();
            },
        }],
    },
    Step {
        name: "quiet",
        title: "from now on git alone asks: patron makes no request where all is well",
        run: |stage| {
            stage.forge.clear_log();
            stage.run("secret", "git fetch -q")?;
            println!();
            show_asks(stage);
            let asked = stage.forge.git_asks().len();
            expect(asked == 1, &format!("GitHub was asked {asked} times, not once"))?;
            expect_only_git(stage)
        },
        breaks: &[Break {
            name: "quiet",
            what: "git's request fails half-way, so that it was not told of how it ended",
            apply: |stage| {
                let rule = Rule::fault(Then::Close).owner("acme").times(3);
                stage.forge.policy(|policy| policy.rules.push(rule));
            },
        }],
    },
    Step {
        name: "new-employer",
        title: "mona joins initech, which approves every token before it lets it in",
        run: |stage| add_by_page(stage, "initech"),
        breaks: &[Break {
            name: "new-employer",
            what: "mona is no member of initech",
            apply: |stage| stage.forge.policy(|policy| policy.owner_mut("initech").members.clear()),
        }],
    },
    Step {
        name: "refusal",
        title: "nobody has approved it yet: GitHub refuses, and this is all that mona sees",
        run: refusal,
        breaks: &[
            Break {
                name: "refusal",
                what: "somebody has approved it",
                apply: |stage| stage.forge.policy(|policy| policy.token_mut(WAITING).state = State::Active),
            },
            Break {
                name: "reason",
                what: "initech allows tokens no more than 30 days",
                apply: |stage| {
                    stage.forge.policy(|policy| policy.owner_mut("initech").max_lifetime_days = Some(30));
                },
            },
        ],
    },
    Step {
        name: "diagnose",
        title: "what is behind it",
        run: |stage| {
            let shown = stage.ends_with(1, "", "git credential-patron diagnose initech/printer")?;
            expect(shown.text().contains("approval-pending"), "the verdict is another one")
        },
        breaks: &[Break {
            name: "diagnose",
            what: "it is approved meanwhile",
            apply: |stage| stage.forge.policy(|policy| policy.token_mut(WAITING).state = State::Active),
        }],
    },
    Step {
        name: "approve",
        title: "an owner of initech approves it, on the page that stands above",
        run: approve,
        breaks: &[Break {
            name: "approve",
            what: "the owner has said no, so no request waits",
            apply: |stage| stage.forge.policy(|policy| policy.token_mut(WAITING).state = State::Denied),
        }],
    },
    Step {
        name: "works",
        title: "the same command again: nothing else is to be done",
        run: |stage| {
            let shown = stage.run("", "git clone https://github.com/initech/printer")?;
            // It does not ask again so soon after a refusal, and so cannot know better yet.
            let ours = shown.lines.iter().filter(|line| line.starts_with("patron: ")).count();
            expect(ours <= 1, "patron says too much of what works")?;
            let text = shown.text();
            expect(
                ours == 0 || text.contains(" was refused "),
                "what patron says is not true of what works",
            )?;
            expect(stage.sandbox.work().join("printer/.git").is_dir(), "there is no clone")
        },
        breaks: &[Break {
            name: "works",
            what: "initech shuts this machine out",
            apply: |stage| stage.forge.policy(|policy| policy.owner_mut("initech").ip_allow_list = true),
        }],
    },
    Step {
        name: "diagnose-again",
        title: "and diagnose agrees, in the clone without being told what about",
        run: |stage| {
            let shown = stage.run("printer", "git credential-patron diagnose")?;
            expect(!shown.text().contains("approval-pending"), "it still waits")
        },
        breaks: &[Break {
            name: "diagnose-again",
            what: "the token is taken back",
            apply: |stage| stage.forge.policy(|policy| policy.token_mut(WAITING).state = State::Denied),
        }],
    },
    Step {
        name: "leave",
        title: "leave again: git's config is byte for byte as before",
        run: |stage| {
            stage.run("", "git credential-patron unsetup")?;
            let is_there = stage.sandbox.home().join(".gitconfig").exists();
            expect(!is_there, "~/.gitconfig was not there before and is there now")?;
            let refused = stage.forge.refused_tunnels();
            expect(refused.is_empty(), &format!("other hosts were asked: {refused:?}"))
        },
        breaks: &[Break {
            name: "leave",
            what: "somebody has changed what setup wrote",
            apply: |stage| {
                let path = stage.sandbox.home().join(".gitconfig");
                let config = fs::read_to_string(&path).unwrap_or_default();
                stage.sandbox.write(".gitconfig", config.replace("[include]", "[include]\n\tpath = ~/mine"));
            },
        }],
    },
];

/// Adds a token that is made on the page that patron opens.
fn add_by_page(stage: &mut Stage, owner: &str) -> Result<(), String> {
    let asking = stage.ask(&format!("git credential-patron add {owner}"), "(hidden): ")?;
    let page = stage.opened_page()?;
    expect(asking.text().contains(&page), "the page that opened is not the printed one")?;
    let secret = make_token(&stage.forge, &page)?;
    let shown = stage.answer(asking, &secret)?;
    expect(!shown.text().contains(&secret), "the secret stands on the screen")
}

fn refusal(stage: &mut Stage) -> Result<(), String> {
    let shown = stage.ends_with(128, "", "git clone https://github.com/initech/printer")?;
    let line = |wanted: &str| shown.lines.iter().position(|line| line.starts_with(wanted));
    let ours = line("patron: initech/printer cannot be fetched").ok_or("patron does not say why")?;
    let gits = line("fatal: ").ok_or("git does not say anything")?;
    expect(ours < gits, "git's words stand before ours")?;
    expect(shown.lines[ours].ends_with("(approval-pending)"), "the reason is another one")?;
    let page = stage.opened_page()?;
    expect(shown.text().contains(&page), "the page that opened is not the printed one")?;
    expect(shown.text().contains(REQUESTS), "the owner's page is not named")?;
    println!("\n  (opened in mona's browser: {page})");
    Ok(())
}

fn approve(stage: &mut Stage) -> Result<(), String> {
    match stage.wait {
        Some(bound) => wait_for_approval(stage, REQUESTS, bound, WAITING)?,
        None => {
            println!("\n  (on {REQUESTS}: Approve)");
            let after = press(&stage.forge, REQUESTS, "Approve")?;
            expect(after.contains("No request waits."), "the request still waits")?;
        }
    }
    let state = stage.forge.policy(|policy| policy.token_mut(WAITING).state);
    expect(state == State::Active, "the token is not let in")
}

/// Compares the tokens that GitHub was shown with those that it should have been shown.
fn right_token(stage: &mut Stage) -> Result<(), String> {
    println!();
    show_asks(stage);
    for (host, owner, repo, _, token) in stage.forge.git_asks() {
        let of = stage.forge.policy(|policy| policy.token_mut(&token).owner.clone());
        let is_right = of.is_some_and(|of| of.eq_ignore_ascii_case(&owner));
        expect(is_right, &format!("{host}/{owner}/{repo} was shown the token {token}"))?;
    }
    let asks = |repository: &str, wanted: Access| {
        let asked = stage.forge.git_asks();
        asked
            .iter()
            .filter(|(_, owner, repo, access, _)| {
                format!("{owner}/{repo}") == repository && *access == wanted
            })
            .count()
    };
    for repository in REPOSITORIES {
        for access in [Access::Read, Access::Write] {
            let count = asks(repository, access);
            expect(count == 2, &format!("{repository} was asked {count} times, not twice"))?;
        }
    }
    println!("  no token went to another owner; twice each, since patron asks before a token's first use");
    expect_only_git(stage)
}

/// Lists what GitHub was asked by git's first request of each operation.
fn show_asks(stage: &Stage) {
    let mut asks = stage.forge.git_asks();
    asks.dedup();
    for (host, owner, repo, access, token) in asks {
        let what = if access == Access::Read { "fetch" } else { "push " };
        let of = stage.forge.policy(|policy| policy.token_mut(&token).owner.clone());
        println!("  {what}  {:<34}token of {}", format!("{host}/{owner}/{repo}"), of.unwrap_or(token));
    }
}

fn expect_only_git(stage: &Stage) -> Result<(), String> {
    let calls: Vec<String> = stage.forge.rest_log().into_iter().map(|entry| entry.path).collect();
    expect(calls.is_empty(), &format!("the API was asked: {calls:?}"))?;
    let refused = stage.forge.refused_tunnels();
    expect(refused.is_empty(), &format!("other hosts were asked: {refused:?}"))
}

/// The last segment: the folder of a clone.
fn last(repository: &str) -> &str {
    repository.split('/').next_back().unwrap_or(repository)
}

pub(crate) fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
