//! `import`: takes over the tokens that other tools keep, each for its owner.
//!
//! What is found is shown before anything is kept, and what is kept goes the way of `add`: the host is asked once
//! more, the machine's policy is obeyed. The places themselves are left as they are; what cleans each is said. A
//! token that an app made is its app's and never kept; a fine-grained one is kept for the owner whose private
//! repositories it sees, and if it sees none, for the one that its place or a person names.

mod judge;

use super::add::{self, Adding};
use crate::cli::{Add, Import, ImportSource};
use crate::elsewhere::{self, Checkout, FoundToken, Haul, Sought};
use crate::error::{Exit, Failure};
use crate::git::{Cwd, Git, Listing};
use crate::remote::{GITHUB, Host, SCOPE_LOOKS_LIKE, Scope, Server};
use crate::session::{Session, list_failure};
use crate::terminal;
use clap::ValueEnum;
use judge::{Judged, JudgedToken};
use std::io::Write;
use std::path::PathBuf;

/// Looks, shows, and keeps what is to be kept.
pub(crate) fn run(session: &Session, options: &Import, out: &mut dyn Write) -> Result<(), Failure> {
    let haul = look(session, options)?;
    haul.notes.iter().for_each(|note| terminal::say(note));
    let candidates = judge::judge(session, merged(haul.tokens))?;
    show(out, &candidates, session.now).map_err(unwritten)?;
    let mut end = Endings::default();
    candidates.iter().for_each(|candidate| end.note(&candidate.judged));
    let open =
        candidates.iter().filter(|it| matches!(it.judged, Judged::Keep(_) | Judged::NeedsOwner)).count();
    let is_asked = !options.yes && terminal::has_terminal();
    if open > 0 && (options.dry_run || (!options.yes && !is_asked)) {
        writeln!(out, "nothing is kept yet; to keep what can be kept: git credential-patron import --yes")
            .map_err(unwritten)?;
        return end.result();
    }
    let mut kept = Vec::new();
    for candidate in &candidates {
        let scope = match wanted(options, candidate, session.now) {
            Ok(Some(scope)) => scope,
            Ok(None) => continue,
            // Whoever ends a question ends them all.
            Err(failure) if kept.is_empty() => return Err(failure),
            Err(failure) => return Err(Failure::new(failure.exit(), "ended here; what was kept stays")),
        };
        match keep(session, candidate, scope, out) {
            Ok(()) => kept.push(candidate),
            Err(failure) => {
                // The next one may do better.
                failure.causes().iter().for_each(|cause| terminal::say(cause));
                terminal::say(&format!("{}: {failure}", candidate.places[0].place));
                end.failed = true;
            }
        }
    }
    if !options.dry_run {
        say_what_cleans(&candidates, &kept, out).map_err(unwritten)?;
    }
    let mut hosts: Vec<&Host> = Vec::new();
    for candidate in kept.iter().filter(|candidate| !candidate.host.is_gist()) {
        if !hosts.contains(&&candidate.host) {
            hosts.push(&candidate.host);
            add::hint_at_setup(session, &Scope::exact(&candidate.host, None).expect("a host is a scope"));
        }
    }
    end.result()
}

/// How it ends, besides well.
#[derive(Default)]
struct Endings {
    failed: bool,
    unchecked: bool,
}

impl Endings {
    fn note(&mut self, judged: &Judged) {
        self.failed |= matches!(judged, Judged::Forbidden(_));
        self.unchecked |= matches!(judged, Judged::Unchecked(_));
    }

    fn result(self) -> Result<(), Failure> {
        match (self.failed, self.unchecked) {
            (true, _) => Err(Failure::said(Exit::Failed)),
            (false, true) => Err(Failure::said(Exit::Unchecked)),
            (false, false) => Ok(()),
        }
    }
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::failed("cannot write the output").because(error)
}

fn look(session: &Session, options: &Import) -> Result<Haul, Failure> {
    let git = Git::find();
    let listing = match &git {
        Some(git) => Listing::read(git, Cwd::NoRepository).map_err(|trouble| {
            Failure::failed("git's configuration cannot be read")
                .because(anyhow::anyhow!(trouble.to_string()))
        })?,
        None => Listing::default(),
    };
    let accounts = session.accounts().map_err(list_failure)?;
    let github = Host::parse(GITHUB.as_bytes()).expect("it is a host name");
    let of_accounts = accounts.iter().filter(|account| account.server == Server::GitHub);
    let of_accounts = of_accounts.map(|account| account.scope.host().clone());
    let of_setup = listing.hosts_of_patron().into_iter().filter(|host| !host.is_gist());
    let of_setup = of_setup.filter(|host| host.server_by_name() == Some(Server::GitHub));
    let mut hosts = vec![github];
    for host in of_accounts.chain(of_setup) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let is_named = !options.sources.is_empty();
    let sources = if is_named { &options.sources[..] } else { ImportSource::value_variants() };
    let checkouts = checkouts(git.as_ref(), &options.checkouts)?;
    Ok(elsewhere::look(&Sought {
        sources,
        is_named,
        listing: &listing,
        settings: session.settings(),
        checkouts: &checkouts,
        hosts: &hosts,
        accounts: &accounts,
    }))
}

/// Reads the checkouts that are named, or the one around the working folder, if there is one.
fn checkouts(git: Option<&Git>, named: &[PathBuf]) -> Result<Vec<Checkout>, Failure> {
    let Some(git) = git else { return Ok(Vec::new()) };
    if named.is_empty() {
        // Outside of one there is nothing of its own in it; one that git does not open is not asked for.
        let here = Listing::read(git, Cwd::Here).ok();
        return Ok(here.iter().map(|listing| Checkout::new(None, listing)).collect());
    }
    let read = |folder: &PathBuf| {
        let listing = Listing::of_folder(git, folder).map_err(|trouble| {
            Failure::failed(format!("{} cannot be looked at", folder.display()))
                .because(anyhow::anyhow!(trouble.to_string()))
        })?;
        Ok(Checkout::new(Some(folder.clone()), &listing))
    };
    named.iter().map(read).collect()
}

/// Puts the places of one token together.
fn merged(tokens: Vec<FoundToken>) -> Vec<Vec<FoundToken>> {
    let mut all: Vec<Vec<FoundToken>> = Vec::new();
    for token in tokens {
        // One token may be written down for several owners.
        let is_same = |known: &&mut Vec<FoundToken>| {
            let known = &known[0];
            known.secret == token.secret && known.host == token.host && known.only_for() == token.only_for()
        };
        match all.iter_mut().find(is_same) {
            // One helper is found by two lines, and asked twice.
            Some(known) if known.iter().any(|known| known.place == token.place) => {}
            Some(known) => known.push(token),
            None => all.push(vec![token]),
        }
    }
    all
}

fn show(out: &mut dyn Write, candidates: &[JudgedToken], now: i64) -> std::io::Result<()> {
    if candidates.is_empty() {
        writeln!(out, "no token of GitHub's was found elsewhere")?;
    }
    for candidate in candidates {
        writeln!(out, "{}: {}", candidate.places[0].place, candidate.described(now))?;
        for place in &candidate.places[1..] {
            writeln!(out, "  also: {}", place.place)?;
        }
        for line in candidate.judged_in_words() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// Says what one token is to be kept for, after asking where a person is to be asked. None if it is not to be kept.
fn wanted(options: &Import, candidate: &JudgedToken, now: i64) -> Result<Option<Scope>, Failure> {
    match &candidate.judged {
        Judged::Keep(scope) if options.yes || confirmed(candidate, scope, now)? => Ok(Some(scope.clone())),
        // Who names the owner has said that it is to be kept.
        Judged::NeedsOwner if !options.yes => ask_owner(candidate),
        _ => Ok(None),
    }
}

/// Keeps one token, as `add` does.
fn keep(
    session: &Session,
    candidate: &JudgedToken,
    scope: Scope,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let as_add = Add { scope: scope.to_string(), no_browser: true, yes: true, ..Add::default() };
    let accounts = session.accounts().map_err(list_failure)?;
    let added = Adding::new(session, &as_add, scope, &accounts).keep(&candidate.places[0].secret)?;
    add::report(out, &added, session.now).map_err(unwritten)
}

fn confirmed(candidate: &JudgedToken, scope: &Scope, now: i64) -> Result<bool, Failure> {
    let what = candidate.described(now);
    let place = &candidate.places[0].place;
    let (question, default) = match scope.is_whole_host() {
        // Everything that its user may, for everybody: that is never the default.
        true => {
            let host = scope.host();
            let sent = format!("it will be sent for every owner on {host} without an account of its own");
            (format!("keep {what} from {place}? {sent}"), false)
        }
        false => (format!("keep {what} from {place} for {}?", scope.short()), true),
    };
    Ok(terminal::ask_yes_no(&question, default)?)
}

/// Asks for the owner that a fine-grained token is for; none if nothing is named.
fn ask_owner(candidate: &JudgedToken) -> Result<Option<Scope>, Failure> {
    let place = &candidate.places[0].place;
    let question =
        format!("which owner's repositories is the token of {place} for? (Enter: do not keep it) ");
    loop {
        let owner = terminal::ask_line(&question)?;
        if owner.is_empty() {
            return Ok(None);
        }
        match Scope::parse(&format!("https://{}/{owner}", candidate.host)) {
            Ok(scope) if !scope.is_whole_host() => return Ok(Some(scope)),
            Ok(_) => terminal::say(SCOPE_LOOKS_LIKE),
            Err(why) => terminal::say(&why.to_string()),
        }
    }
}

/// Says what takes the tokens away where they were found: those that are kept now or were before, and dead ones.
fn say_what_cleans(
    candidates: &[JudgedToken],
    kept: &[&JudgedToken],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let is_needless = |candidate: &&JudgedToken| {
        matches!(candidate.judged, Judged::KeptAlready(_) | Judged::Dead)
            || kept.iter().any(|kept| std::ptr::eq(*kept, *candidate))
    };
    let mut places = candidates.iter().filter(is_needless).flat_map(|candidate| &candidate.places).peekable();
    if places.peek().is_some() {
        writeln!(out, "nothing was changed there; what is not needed any more is taken away by:")?;
    }
    for place in places {
        writeln!(out, "  {}: {}", place.place, place.cleaned_by)?;
    }
    Ok(())
}
