//! Makes a target ready to be asked about: whose token git would be given, and what stands in its way.

use super::super::relay;
use crate::account::{Account, Standing, mixed_up, server_of};
use crate::app::{self, Asks, Minted};
use crate::checks::{self, Check, Group, Interference, RemoteUrl, Status};
use crate::choose::{ANY_USER, Because, answered_user, because, choose, fits, names_a_login};
use crate::cli::Diagnose as Options;
use crate::git::{Git, Listing};
use crate::helper_line;
use crate::inspect::{Subject, evidence_before};
use crate::keeping;
use crate::lookup::Lookup;
use crate::outcomes::Outcomes;
use crate::protocol::Request;
use crate::remote::{Direction, Remote, Server};
use crate::session::Session;
use crate::target::{Aim, Transport};
use crate::terminal::sanitise;
use crate::token::{Token, TokenKind};
use crate::verdict::{self, Evidence, HelperReach, Origin, Unreadable};
use crate::verdict_id::VerdictId;

/// What is the same for all targets.
pub(super) struct CommonFacts<'a> {
    /// Git.
    pub(super) git: Option<&'a Git>,
    /// Its configuration.
    pub(super) listing: Option<&'a Listing>,
    /// Why that is not known.
    pub(super) trouble: Option<&'a str>,
    /// What the command was told.
    pub(super) options: &'a Options,
}

/// A target that can be asked about.
pub(super) struct Ready<'a> {
    /// The target.
    pub(super) aim: &'a Aim,
    /// What git is to do there.
    pub(super) direction: Direction,
    /// The account that is chosen.
    pub(super) account: Option<&'a Account>,
    /// The facts so far.
    pub(super) checks: Vec<Check>,
    /// What git sends besides, or before, a helper's answer.
    pub(super) others: Vec<Interference>,
    /// What is known without asking.
    pub(super) evidence: Evidence,
    /// What answers at the host.
    pub(super) server: Server,
    username: Vec<u8>,
    token: Option<Token>,
    offline: bool,
}

impl Ready<'_> {
    /// Gives what is to be asked, if there is something to ask with and for.
    pub(super) fn subject(&self) -> Option<Subject<'_>> {
        let from_url = self.aim.target.secret.is_some();
        let not_reached = self.evidence.helper == HelperReach::NotReached && !from_url;
        if self.offline || self.evidence.ssh || not_reached {
            return None;
        }
        Some(Subject {
            remote: &self.aim.target.remote,
            server: self.server,
            direction: self.direction,
            username: &self.username,
            secret: self.token.as_ref()?,
            // It would be sent where everybody may read, and hide a `.netrc`.
            is_challenged: false,
            account: self.evidence.account.clone()?,
            asked_login: self.evidence.asked_login.clone(),
            helper: self.evidence.helper,
            now: self.evidence.now,
        })
    }

    /// Says why nothing is asked.
    pub(super) fn why_not_asked(&self) -> &'static str {
        if self.evidence.ssh {
            "the remote speaks SSH"
        } else if self.offline {
            "--offline"
        } else if self.evidence.helper == HelperReach::NotReached {
            "git does not ask patron"
        } else {
            "there is no token to check with"
        }
    }

    /// Gives the token.
    pub(super) fn secret(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Gives every secret that was met, to make sure that none is shown.
    pub(super) fn secrets(&self) -> Vec<Token> {
        let user = self.aim.target.user.as_ref().map(|user| Token::new(user.clone().into_bytes()));
        let others = self.others.iter().filter_map(|other| other.secret.clone());
        let user = user.filter(|user| user.kind().is_github());
        self.token.iter().cloned().chain(self.aim.target.secret.clone()).chain(user).chain(others).collect()
    }
}

/// Makes one target ready.
pub(super) fn ready<'a>(
    session: &Session,
    around: &CommonFacts<'_>,
    aim: &'a Aim,
    accounts: &'a [Account],
    outcomes: &mut Outcomes,
) -> Ready<'a> {
    let target = &aim.target;
    let remote = &target.remote;
    let push = aim.push_only || (around.options.push && !has_own_push_url(around, aim));
    let direction = if push { Direction::Push } else { Direction::Fetch };
    let url = config_url(remote, target.user.as_deref());
    let given = RemoteUrl {
        remote,
        name: target.name.as_deref(),
        push: aim.push_only,
        user: target.user.as_deref(),
        secret: target.secret.as_ref(),
        url: &url,
        is_https: target.transport == Transport::Https,
    };
    let mut checks =
        checks::program(around.git, around.listing.ok_or(around.trouble.unwrap_or("git was not found")));
    let (of_url, others) = checks::urls(&given, around.listing);
    checks.extend(of_url);
    checks.extend(checks::lfs(&given, around.git, around.listing));
    let mut ready = Ready {
        aim,
        direction,
        account: None,
        checks,
        others,
        evidence: Evidence { ssh: !given.is_https, direction, now: session.now, ..Evidence::default() },
        server: server_of(&remote.host, accounts),
        username: Vec::new(),
        token: None,
        offline: around.options.offline,
    };
    if !given.is_https {
        ready.evidence = described(&ready, session.now);
        ready.evidence.ssh = true;
        return ready;
    }
    let reached = checks::helpers(around.listing, &url, &remote.host);
    ready.checks.extend(reached.checks);
    ready.checks.extend(checks::network(&remote.host, &url, around.listing));
    ready.evidence = described(&ready, session.now);
    ready.evidence.helper = if given.secret.is_some() { HelperReach::Unknown } else { reached.helper };
    let user = target.user.as_deref();
    ready.evidence.asked_login = user.filter(|user| names_a_login(user, remote, accounts)).map(str::to_owned);
    match &target.secret {
        Some(secret) => by_url(&mut ready, secret, user),
        None => choose_one(session, &mut ready, accounts, outcomes),
    }
    ready
}

/// Tells whether the remote pushes to another URL, so that this one is for fetching alone.
fn has_own_push_url(around: &CommonFacts<'_>, aim: &Aim) -> bool {
    let own = |name: &String| around.listing.is_some_and(|all| all.remote_line(name, true).is_some());
    aim.target.name.as_ref().is_some_and(own)
}

/// Writes the URL by which git looks its configuration up: with the user name, without a password.
fn config_url(remote: &Remote, user: Option<&str>) -> String {
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    match &remote.path {
        Some(path) => format!("https://{user}{}/{path}", remote.host),
        None => format!("https://{user}{}", remote.host),
    }
}

/// Writes down what is known of the target itself.
fn described(ready: &Ready<'_>, now: i64) -> Evidence {
    let nobody = Token::new(Vec::new());
    let subject = Subject {
        remote: &ready.aim.target.remote,
        server: ready.server,
        direction: ready.direction,
        username: b"",
        secret: &nobody,
        is_challenged: false,
        account: known(String::new(), Origin::Account, TokenKind::Unknown),
        asked_login: None,
        helper: HelperReach::Unknown,
        now,
    };
    Evidence { account: None, ..evidence_before(&subject) }
}

fn known(label: String, origin: Origin, kind: TokenKind) -> verdict::TokenEvidence {
    verdict::TokenEvidence {
        label,
        origin,
        kind,
        login: None,
        expires: None,
        number: None,
        accepted_for_owner: false,
        user_id: None,
        accepted_for_repo: false,
    }
}

/// Git sends what stands in the URL.
fn by_url(ready: &mut Ready<'_>, secret: &Token, user: Option<&str>) {
    ready.username = user.unwrap_or(ANY_USER).as_bytes().to_vec();
    ready.evidence.account = Some(known(String::new(), Origin::Url, secret.kind()));
    // Git does not choose by it, and the login in the URL is not asked for by anybody.
    ready.evidence.asked_login = None;
    ready.token = Some(secret.clone());
    let message = "none chosen: git sends the secret in the URL";
    ready.checks.push(check("account", Status::Skipped, message.to_owned()));
}

fn check(id: &'static str, status: Status, message: String) -> Check {
    Check { id, group: Group::Account, status, message, fix: None }
}

fn choose_one<'a>(
    session: &Session,
    ready: &mut Ready<'a>,
    accounts: &'a [Account],
    outcomes: &mut Outcomes,
) {
    let target = &ready.aim.target;
    let (remote, user) = (&target.remote, target.user.as_deref());
    let standing = |account: &Account| -> Standing { session.standing(outcomes, account) };
    let fitting = choose(remote, user, accounts, standing);
    let rest: Vec<_> = accounts
        .iter()
        .filter_map(|account| fits(account, remote, user, accounts).err().map(|why| (account, why)))
        .collect();
    if fitting.is_empty() {
        let text = format!("no account matches {}", remote.name());
        ready.checks.push(check("account", Status::Failed, text));
        ready.checks.extend(checks::others(&[], &rest, session.now));
        return by_fallback(session, ready, accounts, outcomes);
    }
    // As `get` does: what has expired comes last, and what has no secret is passed over. A rejected one is
    // asked about again.
    let (expired, good): (Vec<&Account>, Vec<&Account>) =
        fitting.iter().copied().partition(|account| session.is_expired(account));
    let order: Vec<&Account> = good.iter().chain(&expired).copied().collect();
    let mut vaults = Vec::new();
    let mut refused = None;
    let found = order.iter().copied().find_map(|account| {
        let asks = match ready.direction {
            _ if ready.offline => Asks::Nobody,
            Direction::Fetch => Asks::ToFetch,
            Direction::Push => Asks::ToPush,
        };
        match app::secret(&session.paths, account, remote, asks) {
            Ok(None) => {
                vaults.push(checks::readable(account, Ok(false)));
                None
            }
            Ok(Some(Minted { token, .. })) => {
                vaults.push(checks::readable(account, Ok(true)));
                Some((account, Ok(token)))
            }
            Err(trouble) => {
                let (id, why) = (trouble.verdict_id(), sanitise(&trouble.to_string(), 300));
                let fix = trouble.remedy(account).map(|fix| sanitise(&fix, 300));
                match trouble {
                    app::AppError::Refused(refusal) => refused = Some(refusal),
                    app::AppError::Vault(trouble) => vaults.push(checks::readable(account, Err(&trouble))),
                    _ => {}
                }
                Some((account, Err(Unreadable { label: account.label.clone(), id, why, fix })))
            }
        }
    });
    ready.evidence.app = refused;
    let holds_none = |account: &Account| Unreadable {
        label: account.label.clone(),
        id: VerdictId::NoAccount,
        why: format!("the {} has none", account.place.name()),
        fix: None,
    };
    let (account, read) = found.unwrap_or_else(|| (order[0], Err(holds_none(order[0]))));
    let others: Vec<&Account> = fitting.iter().copied().filter(|other| other.id != account.id).collect();
    let before = others.first().filter(|_| fitting[0].id != account.id);
    let why = match before {
        Some(before) if session.is_expired(before) => Because::NotExpired,
        Some(_) => Because::HasSecret,
        None => because(account, others.first().copied(), user, standing),
    };
    ready.checks.push(checks::account(account, why));
    let mixed = mixed_up(accounts).find(|(mixed, _)| mixed.id == account.id);
    let in_words = mixed.map(|(account, other)| keeping::mixed_up_in_words(account, other));
    ready.checks.extend(in_words.map(|words| checks::mixed_up(account, words)));
    ready.checks.extend(checks::others(&others, &rest, session.now));
    ready.checks.extend(vaults);
    take(ready, account, read, outcomes);
}

/// Takes the account that was chosen, with its secret or the reason why there is none.
fn take<'a>(
    ready: &mut Ready<'a>,
    account: &'a Account,
    read: Result<Token, Unreadable>,
    outcomes: &Outcomes,
) {
    let target = &ready.aim.target;
    ready.account = Some(account);
    ready.username = answered_user(account, target.user.as_deref().map(str::as_bytes)).to_vec();
    let token = match read {
        Ok(token) => token,
        Err(unreadable) => {
            ready.evidence.unreadable = Some(unreadable);
            return;
        }
    };
    let kind = if token.kind().is_github() { token.kind() } else { account.kind };
    let owner = target.remote.owner.as_ref();
    ready.evidence.account = Some(verdict::TokenEvidence {
        login: account.login.clone(),
        user_id: account.user_id,
        expires: account.expires,
        accepted_for_owner: owner.is_some_and(|owner| outcomes.accepted_for_owner(&account.id, owner)),
        accepted_for_repo: outcomes.accepted_at(&account.id, &target.remote, ready.direction),
        ..known(account.label.clone(), Origin::Account, kind)
    });
    ready.token = Some(token);
}

/// Nobody of ours fits: what git's previous helper answers is what git gets.
fn by_fallback(session: &Session, ready: &mut Ready<'_>, accounts: &[Account], outcomes: &mut Outcomes) {
    let target = &ready.aim.target;
    let (remote, user) = (&target.remote, target.user.as_deref());
    let mut lines = format!("protocol=https\nhost={}\n", remote.host);
    for (key, value) in [("path", remote.path.as_deref()), ("username", user)] {
        if let Some(value) = value {
            lines.push_str(&format!("{key}={value}\n"));
        }
    }
    let Ok(request) = Request::parse(lines.as_bytes()) else { return };
    let lookup = Lookup::of(session, &request, remote.clone(), accounts);
    let helpers = &lookup.fallback().helpers;
    if helpers.is_empty() {
        return;
    }
    let names: Vec<String> = helpers.iter().map(|helper| helper_line::shown(helper)).collect();
    let names = names.join(", ");
    if ready.offline {
        let text = format!("git's previous helper ({names}) is not asked: --offline");
        ready.checks.push(check("fallback", Status::Skipped, text));
        ready.evidence.account = Some(known(String::new(), Origin::Fallback, TokenKind::Unknown));
        return;
    }
    if ready.evidence.helper == HelperReach::NotReached {
        return;
    }
    let Some(asked) = relay::ask(&lookup) else { return };
    outcomes.reload();
    for trouble in &asked.troubles {
        let text = format!("git's previous helper ({names}): {}", sanitise(&trouble.to_string(), 200));
        ready.checks.push(check("fallback", Status::Failed, text));
    }
    match asked.reply.login() {
        Some((username, token)) => {
            let text = format!("git's previous helper answers instead ({names})");
            ready.checks.push(check("fallback", Status::Ok, text));
            let username = username.map(Token::expose).filter(|name| !name.is_empty());
            ready.username = username.unwrap_or(ANY_USER.as_bytes()).to_vec();
            ready.evidence.account = Some(known(String::new(), Origin::Fallback, token.kind()));
            ready.token = Some(token);
        }
        None => {
            let text = format!("git's previous helper ({names}) has nothing for it");
            ready.checks.push(check("fallback", Status::Failed, text));
        }
    }
}
