//! `setup`: makes patron the helper for hosts.
//!
//! Our lines go to a file of our own; git's config file gets one block at its end that includes it. What is
//! recorded as fallback is taken from the configuration as it would be without us, so that running it again
//! finds what has changed since. Every line is shown before it is written, and git reads each file before it
//! takes its place.

use super::config::{changed_block, file_failure, git, not_shown, place, show};
use crate::checks::without_helper;
use crate::cli;
use crate::error::Failure;
use crate::git::{
    Commands, ConfigFile, Cwd, Entry, Env, FileTrouble, Files, Git, GitTrouble, Helper, LeftOut, Level,
    Listing, Locked, Ours, Place, block_lines, config_quoted, differ_by_our_include, helper_command,
    own_program, remove_empty_folder, shell_path, shown, system_ours, with_block, with_gists, without_block,
};
use crate::remote::{GITHUB, Host};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

/// The most files that are looked into for helpers which git asks only under a condition.
const MOST_CONDITIONAL: usize = 64;
/// What a host looks like, for every message that refuses one.
const HOST_LOOKS_LIKE: &str = "a host is a name with an optional port (ghe.example.com, ghe.example.com:8443), or its URL (https://ghe.example.com)";

/// Runs `setup`: what is written goes to `out`, warnings go to `err`.
pub(crate) fn run(
    args: &cli::Setup,
    argv0: Option<&OsStr>,
    env: Env<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Failure> {
    let asked = hosts_of(&args.hosts)?;
    let git = git()?;
    let place = place(&git, env, args.system)?;
    let commands = Commands { program: program(argv0)?, file: shell_path(&place.include) };
    let task = Task { commands, git, place, asked };
    let files = Files::read(&task.place).map_err(file_failure)?;
    let plan = task.plan(&files.now(), env, out)?;
    if !plan.changes.any() {
        return task.end(&plan, "nothing to change: git is already set up", false, out, err);
    }
    if args.dry_run {
        plan.show(&task.place, out).map_err(not_shown)?;
        return task.end(&plan, "dry run: nothing was written", true, out, err);
    }
    task.write(plan.changes.gits(), env, out, err).inspect_err(|_| remove_empty_folder(&task.place))
}

/// Reads the hosts; github.com if there are none.
fn hosts_of(texts: &[String]) -> Result<Vec<Host>, Failure> {
    let github = [GITHUB.to_owned()];
    let texts = if texts.is_empty() { &github } else { texts };
    let hosts: Result<Vec<Host>, Failure> = texts.iter().map(|text| host_of(text)).collect();
    Ok(with_gists(hosts?))
}

fn host_of(text: &str) -> Result<Host, Failure> {
    let name = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => {
            rest.strip_suffix('/').unwrap_or(rest)
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => {
            return Err(Failure::usage("http:// hosts are not supported: patron only answers https")
                .remedy(HOST_LOOKS_LIKE));
        }
        _ => text,
    };
    // A name without dot and port is an owner that was meant for `add`.
    let host = Host::parse(name.as_bytes()).filter(|_| name.contains(['.', ':']) || name == "localhost");
    host.ok_or_else(|| {
        // What stands before an @ may be a token that does not look like one.
        let hidden = text.contains('@');
        let what =
            if hidden { "what was given".to_owned() } else { format!("\"{}\"", shown(text.as_bytes())) };
        Failure::usage(format!("{what} is not a host")).remedy(HOST_LOOKS_LIKE)
    })
}

fn program(argv0: Option<&OsStr>) -> Result<Vec<u8>, Failure> {
    let program =
        own_program(argv0).ok_or_else(|| Failure::failed("this program does not know its own path"))?;
    helper_command(&program).map_err(|bad| {
        Failure::failed(bad.to_string()).remedy("install patron elsewhere, and run setup again")
    })
}

/// What is to be done, before anything is read.
struct Task {
    git: Git,
    place: Place,
    asked: Vec<Host>,
    commands: Commands,
}

/// What is to be written.
struct SetupPlan {
    ours: Ours,
    ours_text: Vec<u8>,
    file_text: Vec<u8>,
    made_file: bool,
    other_text: Option<Vec<u8>>,
    left_out: Vec<LeftOut>,
    changes: Changes,
}

/// Which files change.
#[derive(Debug, Clone, Copy)]
struct Changes {
    ours: bool,
    file: bool,
    other: bool,
}

impl Changes {
    fn gits(self) -> bool {
        self.file || self.other
    }

    fn any(self) -> bool {
        self.ours || self.gits()
    }
}

impl Task {
    /// Works out what is to be written. Nothing is.
    fn plan(
        &self,
        now: &Files<&ConfigFile>,
        env: Env<'_>,
        out: &mut dyn Write,
    ) -> Result<SetupPlan, Failure> {
        let texts = now.texts();
        let changed = |path: &Path, changed, out: &mut dyn Write| changed_block(path, &changed, "setup", out);
        let include = config_quoted(&self.place.include);
        // What writes git's config for the user (home-manager, chezmoi) may include our file already.
        let has_block =
            |text: Option<&[u8]>| text.is_some_and(|text| !matches!(without_block(text), Ok(None)));
        let is_included =
            !has_block(texts.file) && !has_block(texts.other) && self.is_included_by_others()?;
        let file_text = match texts.file.filter(|_| is_included) {
            Some(text) => text.to_owned(),
            None => {
                with_block(texts.file, &include).map_err(|found| changed(&self.place.file, found, out))?
            }
        };
        let other = texts.other.map_or(Ok(None), without_block);
        let other = other
            .map_err(|found| changed(self.place.other.as_deref().unwrap_or(&self.place.file), found, out))?;
        let hosts = with_gists(self.hosts_until_now(now)?.into_iter().chain(self.asked.iter().cloned()));
        let (ours, left_out) = Ours::compose(&self.before(env)?, hosts);
        let ours_text = ours.text(&self.commands);
        let changes = Changes {
            ours: texts.ours != Some(&ours_text),
            file: texts.file != Some(&file_text),
            other: other.is_some(),
        };
        let made_file =
            without_block(&file_text).is_ok_and(|found| found.is_some_and(|found| found.made_file));
        let other_text = other.map(|other| other.text);
        Ok(SetupPlan { ours, ours_text, file_text, made_file, other_text, left_out, changes })
    }

    /// Tells whether a line of somebody else includes our file at this level.
    fn is_included_by_others(&self) -> Result<bool, Failure> {
        let listing = Listing::read(&self.git, Cwd::Nowhere).map_err(config_failure)?;
        Ok(listing.of_levels(&[self.place.level]).includes(&self.place.ours))
    }

    /// Gives the hosts of an earlier setup.
    fn hosts_until_now(&self, now: &Files<&ConfigFile>) -> Result<Vec<Host>, Failure> {
        let Some((file, text)) = now.ours.and_then(|file| Some((file, file.text()?))) else {
            return Ok(Vec::new());
        };
        let path = file.path().display();
        let entries = file.entries(&self.git).map_err(|trouble| {
            Failure::failed(trouble.to_string())
                .remedy(format!("remove {path}, and run setup again for each host"))
        })?;
        Ours::hosts_in(text, &entries).map_err(|trouble| {
            Failure::failed(format!("{path} is not written anew: {trouble}"))
                .remedy("move settings of your own to your git config, with git config --global")
        })
    }

    /// Reads the configuration as it would be without any setup of ours.
    fn before(&self, env: Env<'_>) -> Result<Listing, Failure> {
        let listing = Listing::read(&self.git, Cwd::Nowhere).map_err(config_failure)?;
        let levels: &[Level] = match self.place.level {
            Level::System => &[Level::System],
            _ => &[Level::System, Level::Global],
        };
        let ours: Vec<_> = system_ours(&self.git, env).into_iter().chain([self.place.ours.clone()]).collect();
        Ok(listing.of_levels(levels).without_files(&ours))
    }

    /// Plans again under the locks, since others may have written meanwhile, and writes.
    fn write(
        &self,
        mut gits: bool,
        env: Env<'_>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<(), Failure> {
        let (plan, mut files) = loop {
            let files = Files::lock(&self.place, gits).map_err(file_failure)?;
            let now = Files::read(&self.place).map_err(file_failure)?;
            let plan = self.plan(&now.now(), env, out)?;
            if gits || !plan.changes.gits() {
                break (plan, files);
            }
            gits = true;
        };
        plan.show(&self.place, out).map_err(not_shown)?;
        self.put(&plan, &mut files)?;
        drop(files);
        self.end(&plan, "written", false, out, err)
    }

    /// Writes the files that change: all are read by git before the first takes its place, ours first, so
    /// that git's never includes what is not there yet, or what git may not read there.
    fn put(&self, plan: &SetupPlan, files: &mut Files<Locked>) -> Result<(), Failure> {
        let (ours, gits) = self.prepare(plan, files).map_err(file_failure)?;
        let before = ours.as_ref().map(|ours| ours.now().text().map(<[u8]>::to_vec));
        ours.map_or(Ok(()), Locked::commit).map_err(file_failure)?;
        if let Err(trouble) = self.place.try_include(&self.git) {
            let undone = before.map_or(Ok(()), |before| self.undo(plan, before.as_deref()));
            return Err(unreadable(&self.place.ours, trouble, undone.err()));
        }
        for (done, file) in gits.into_iter().enumerate() {
            if let Err(trouble) = file.commit() {
                // Without git's include our file would lie about for nothing.
                let undone = match &before {
                    Some(before) if done == 0 => self.undo(plan, before.as_deref()),
                    _ => Ok(()),
                };
                let failure = file_failure(trouble);
                return Err(match undone {
                    Ok(()) => failure,
                    Err(why) => failure.remedy(format!("remove {}: {why}", self.place.ours.display())),
                });
            }
        }
        Ok(())
    }

    /// Lets git read each file that changes; gives ours, and git's.
    fn prepare(
        &self,
        plan: &SetupPlan,
        files: &mut Files<Locked>,
    ) -> Result<(Option<Locked>, Vec<Locked>), FileTrouble> {
        let (git, include) = (&self.git, &self.place.include[..]);
        let mut ours = files.ours.take().filter(|_| plan.changes.ours);
        let mut file = files.file.take().filter(|_| plan.changes.file);
        let mut other = files.other.take().filter(|_| plan.changes.other);
        if let Some(ours) = &mut ours {
            let entries = plan.ours.entries(&self.commands);
            ours.prepare(git, &plan.ours_text, |_, after| after == entries)?;
        }
        if let Some(file) = &mut file {
            file.prepare(git, &plan.file_text, |before, after| {
                differ_by_our_include(before, after, Some(include))
            })?;
        }
        if let (Some(other), Some(text)) = (&mut other, &plan.other_text) {
            other.prepare(git, text, |before, after| differ_by_our_include(before, after, None))?;
        }
        Ok((ours, [file, other].into_iter().flatten().collect()))
    }

    /// Puts our file back as it was, unless somebody has changed it meanwhile.
    fn undo(&self, plan: &SetupPlan, before: Option<&[u8]>) -> Result<(), FileTrouble> {
        let mut ours = Locked::take(&self.place.ours, self.place.readers())?;
        if ours.now().text() != Some(&plan.ours_text) {
            return Ok(());
        }
        match before {
            Some(before) => {
                ours.prepare(&self.git, before, |_, _| true)?;
                ours.commit()
            }
            None => ours.remove(),
        }
    }

    /// Says what is not as it should be, what was done, and what comes next.
    fn end(
        &self,
        plan: &SetupPlan,
        done: &str,
        dry_run: bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<(), Failure> {
        // What is written is written; a closed pipe does not change that.
        let _ = self.warn(plan, dry_run, err);
        let host = self.asked.first().map(Host::as_str).filter(|host| *host != GITHUB);
        let scope = host.map_or_else(|| "OWNER".to_owned(), |host| format!("{host}/OWNER"));
        let _ = writeln!(out, "{done}");
        if !dry_run {
            let _ = writeln!(out, "next: git credential-patron add {scope}");
        }
        Ok(())
    }

    fn warn(&self, plan: &SetupPlan, dry_run: bool, err: &mut dyn Write) -> io::Result<()> {
        let mut told: Vec<&Helper> = Vec::new();
        for LeftOut { url, helper, why } in &plan.left_out {
            if told.contains(&helper) {
                continue;
            }
            told.push(helper);
            writeln!(
                err,
                "patron: warning: the helper at {} is no longer asked ({url}): {why}",
                helper.source
            )?;
            writeln!(err, "  fix: add its token to patron: git credential-patron add OWNER")?;
        }
        let listing = match Listing::read(&self.git, Cwd::Here) {
            Ok(listing) => listing,
            Err(trouble) => {
                return writeln!(err, "patron: warning: cannot tell what git does in this folder: {trouble}");
            }
        };
        self.warn_of_conditions(&listing, err)?;
        let listing = if dry_run { self.simulated(plan, &listing) } else { listing };
        let mut told: Vec<Helper> = Vec::new();
        for host in &self.asked {
            let whole = format!("https://{host}");
            let parts = listing.sections_of_host(host.as_str()).into_iter();
            let parts = parts.filter_map(|section| String::from_utf8(section.url).ok());
            for url in std::iter::once(whole).chain(parts) {
                let Some(reach) = listing.reaches_patron(&url) else { continue };
                // A section's user may be a token.
                let url = shown(url.as_bytes());
                if !reach.asked {
                    writeln!(
                        err,
                        "patron: warning: git does not ask patron for {url} here: a later line resets the helpers, or git matches no section with such a host"
                    )?;
                } else if !reach.use_http_path {
                    writeln!(
                        err,
                        "patron: warning: git does not tell patron the path for {url} here: a later line sets useHttpPath to false"
                    )?;
                }
                for helper in reach.others {
                    if !told.contains(&helper) {
                        writeln!(
                            err,
                            "patron: warning: git also asks {} for {url} here (set in the {} config: {})",
                            helper.shown(),
                            helper.source.level.name(),
                            helper.source
                        )?;
                        writeln!(err, "  because: git gives that helper each token to store")?;
                        writeln!(err, "  fix: {}", without_helper(&helper, "git credential-patron setup"))?;
                        told.push(helper);
                    }
                }
            }
        }
        Ok(())
    }

    /// Names the helpers of files that git reads only under a condition (`includeIf`): they cannot be recorded, since
    /// the condition is git's to judge, and our lines come after them.
    fn warn_of_conditions(&self, listing: &Listing, err: &mut dyn Write) -> io::Result<()> {
        let mut files = listing.conditional_files();
        let mut next = 0;
        // What such a file includes is read where it is. Two files may include each other.
        while let Some((condition, file)) = files.get(next).cloned().filter(|_| next < MOST_CONDITIONAL) {
            next += 1;
            let Ok(entries) = Listing::of_file(&self.git, &file) else { continue };
            let entry = |(key, value)| Entry { level: Level::Global, file: Some(file.clone()), key, value };
            let of_file = Listing { entries: entries.into_iter().map(entry).collect() };
            files.extend(of_file.included_files().into_iter().map(|file| (condition.clone(), file)));
            for host in &self.asked {
                let whole = of_file.chain(&format!("https://{host}")).unwrap_or_default();
                let parts = of_file.sections_of_host(host.as_str()).into_iter().map(|section| section.chain);
                let helpers = std::iter::once(whole).chain(parts).flat_map(|chain| chain.helpers);
                let Some(helper) = helpers.into_iter().find(|helper| !helper.is_patron()) else { continue };
                writeln!(
                    err,
                    "patron: warning: {} ({}) is no longer asked for {host}: git reads that file only where \"{}\" holds, so it is not recorded",
                    helper.shown(),
                    helper.source,
                    shown(&condition)
                )?;
                writeln!(err, "  fix: add its token to patron: git credential-patron add OWNER")?;
                // The host of gists would be the next, with the same helper.
                break;
            }
        }
        Ok(())
    }

    /// Gives the configuration as it will be.
    fn simulated(&self, plan: &SetupPlan, listing: &Listing) -> Listing {
        let entry =
            |(key, value)| Entry { level: self.place.level, file: Some(self.place.ours.clone()), key, value };
        let entries = plan.ours.entries(&self.commands).into_iter().map(entry).collect();
        listing
            .without_files(std::slice::from_ref(&self.place.ours))
            .with_at_end_of(self.place.level, entries)
    }
}

impl SetupPlan {
    /// Shows every line that is written, and where.
    fn show(&self, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        if self.changes.ours {
            let lines: Vec<Vec<u8>> =
                self.ours_text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            show(out, &format!("in {}", place.ours.display()), &lines[..lines.len() - 1])?;
        }
        if self.changes.file {
            let block = block_lines(&config_quoted(&place.include), self.made_file);
            show(out, &format!("at the end of {}", place.file.display()), &block)?;
        }
        if let Some(other) = place.other.as_ref().filter(|_| self.changes.other) {
            show(out, &format!("no longer in {}: the same lines", other.display()), &[])?;
        }
        Ok(())
    }
}

/// Says that git would end at our file from now on, and what became of it.
fn unreadable(ours: &Path, trouble: GitTrouble, not_undone: Option<FileTrouble>) -> Failure {
    let ours = ours.display();
    let failure = match not_undone {
        None => Failure::failed(format!("git cannot read {ours}, so nothing is changed")),
        Some(why) => Failure::failed(format!("git cannot read {ours}, and it cannot be taken back: {why}"))
            .remedy(format!("remove {ours}")),
    };
    failure.because(trouble).remedy("let git read that folder, and run setup again")
}

/// Says what to do about a configuration that git cannot read.
fn config_failure(trouble: GitTrouble) -> Failure {
    Failure::failed("the git config cannot be read, so it is not changed")
        .because(trouble)
        .remedy("see what git config --list says, and mend the file it names")
}
