//! `unsetup`: takes out exactly what `setup` put in.

use super::config::{changed_block, file_failure, git, not_shown, place, show};
use crate::cli;
use crate::error::Failure;
use crate::git::{
    ConfigFile, Env, FileTrouble, Files, Git, Locked, Ours, OursTrouble, Place, Without,
    differ_by_our_include, remove_empty_folder, without_block,
};
use std::fs;
use std::io::{self, Write};

/// What is to be taken out.
struct RemovalPlan {
    file: Option<Without>,
    other: Option<Without>,
    ours: bool,
}

/// Runs `unsetup`: what is removed is shown on `out`.
pub(crate) fn run(args: &cli::Unsetup, env: Env<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    let git = git()?;
    let place = place(&git, env, args.system)?;
    let files = Files::read(&place).map_err(file_failure)?;
    let found = plan(&git, &place, &files.now(), out)?;
    let done = if found.is_empty() {
        "nothing to undo: setup has not written anything here"
    } else if args.dry_run {
        found.show(&place, out).map_err(not_shown)?;
        "dry run: nothing was removed"
    } else {
        // Again under the locks, since others may have written meanwhile.
        let files = Files::lock_existing(&place).map_err(file_failure)?;
        let now = Files::read(&place).map_err(file_failure)?;
        let found = plan(&git, &place, &now.now(), out)?;
        found.show(&place, out).map_err(not_shown)?;
        found.carry_out(&git, &place, files).map_err(file_failure)?;
        "removed; git uses its previous helpers again"
    };
    // What is done is done; a closed pipe does not change that.
    let _ = writeln!(out, "{done}");
    Ok(())
}

fn plan(
    git: &Git,
    place: &Place,
    now: &Files<&ConfigFile>,
    out: &mut dyn Write,
) -> Result<RemovalPlan, Failure> {
    let texts = now.texts();
    let mut found = |text: Option<&[u8]>, file| {
        text.map_or(Ok(None), without_block).map_err(|changed| changed_block(file, &changed, "unsetup", out))
    };
    let file = found(texts.file, &place.file)?;
    let other = found(texts.other, place.other.as_deref().unwrap_or(&place.file))?;
    if let (Some(ours), Some(text)) = (now.ours, texts.ours) {
        // What git cannot read ends every git command: then the file only has to go.
        let entries = ours.entries(git).unwrap_or_default();
        if let Err(trouble @ OursTrouble::Foreign(_)) = Ours::hosts_in(text, &entries) {
            return Err(Failure::failed(format!("{} is not removed: {trouble}", ours.path().display()))
                .remedy("move them to your git config, with git config --global")
                .remedy("then run again: git credential-patron unsetup"));
        }
    }
    Ok(RemovalPlan { file, other, ours: texts.ours.is_some() })
}

impl RemovalPlan {
    fn is_empty(&self) -> bool {
        self.file.is_none() && self.other.is_none() && !self.ours
    }

    fn show(&self, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        let files = [(&self.file, Some(&place.file)), (&self.other, place.other.as_ref())];
        for (without, path) in files {
            if let (Some(without), Some(path)) = (without, path) {
                let file = if without.is_whole_file() { ", with the file itself" } else { "" };
                show(out, &format!("removed from {}{file}", path.display()), &without.taken)?;
            }
        }
        if self.ours {
            show(out, &format!("the whole file {}", place.ours.display()), &[])?;
        }
        Ok(())
    }

    /// Takes the lines out: git's files first, so that they never include what is gone.
    fn carry_out(&self, git: &Git, place: &Place, files: Files<Locked>) -> Result<(), FileTrouble> {
        let mut ready = Vec::new();
        for (locked, without) in [(files.file, &self.file), (files.other, &self.other)] {
            if let (Some(mut locked), Some(without)) = (locked, without) {
                locked.prepare(git, &without.text, |before, after| {
                    differ_by_our_include(before, after, None)
                })?;
                ready.push((locked, without.is_whole_file()));
            }
        }
        for (locked, whole) in ready {
            if whole { locked.remove()? } else { locked.commit()? }
        }
        if let Some(ours) = files.ours.filter(|_| self.ours) {
            ours.remove()?;
            // The link that led to it, where a dotfile manager made one.
            let _ = fs::remove_file(&place.ours);
        }
        remove_empty_folder(place);
        Ok(())
    }
}
