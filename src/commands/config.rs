//! What `setup` and `unsetup` share: finding git and its files, showing lines, and failing.

use crate::error::Failure;
use crate::files;
use crate::git::{BadPlace, Changed, Env, FileTrouble, Git, Place, shown_whole};
use crate::paths::Paths;
use std::io::{self, Write};
use std::path::Path;

/// Finds git, without which neither command has anything to do.
pub(crate) fn git() -> Result<Git, Failure> {
    Git::find().ok_or_else(|| {
        Failure::failed("git was not found in PATH")
            .remedy("install git, or put its folder into PATH as an absolute path")
    })
}

/// Finds the files of this user, or of the machine.
pub(crate) fn place(git: &Git, env: Env<'_>, system: bool) -> Result<Place, Failure> {
    let place = if system {
        Place::system(git, env)
    } else {
        let paths =
            Paths::find().map_err(|error| Failure::failed(error.to_string()).remedy(error.remedy()))?;
        Place::global(env, &paths)
    };
    place.map_err(|bad| {
        let remedy = match bad {
            BadPlace::NotAbsolute(..) => "set it to an absolute path, or unset it",
            BadPlace::NoGlobal => "unset it, or let it name a file",
            BadPlace::NoSystem(_) => "unset it, or set up your own config: without --system",
            BadPlace::UnknownSystem => "name the file with GIT_CONFIG_SYSTEM, as an absolute path",
        };
        Failure::failed(bad.to_string()).remedy(remedy)
    })
}

/// Says what to do about a config file that could not be read or written.
pub(crate) fn file_failure(trouble: FileTrouble) -> Failure {
    let remedy = match &trouble {
        FileTrouble::Locked { lock, .. } => {
            format!("another git command is changing it; if none is running, remove {}", lock.display())
        }
        FileTrouble::Io { file, error, .. } => files::remedy_of(error, file)
            .unwrap_or_else(|| format!("check the permissions of {} and its folder", file.display())),
        FileTrouble::Unsafe(error) => error.remedy().unwrap_or_else(|| {
            "see what git says of that folder: git config --list --show-origin".to_owned()
        }),
        FileTrouble::NotAFile(_) => {
            "name a file with GIT_CONFIG_GLOBAL (or GIT_CONFIG_SYSTEM), or unset it".to_owned()
        }
        FileTrouble::LinkCircle(file) => format!("see where {} should lead", file.display()),
        FileTrouble::TooLarge(file) | FileTrouble::ReadsOtherwise(file) => {
            format!("look at the end of {} in an editor; nothing was written", file.display())
        }
        FileTrouble::Unreadable { file, .. } => {
            format!("fix {} in an editor; nothing was written", file.display())
        }
    };
    let failure = Failure::failed(trouble.to_string()).remedy(remedy);
    match trouble {
        FileTrouble::Io { tried: "lock", .. } => failure.remedy(
            "or have the lines that git credential-patron setup --dry-run shows put there by what made it",
        ),
        _ => failure,
    }
}

/// Shows a block that somebody changed, and says what to do about it.
pub(crate) fn changed_block(file: &Path, changed: &Changed, command: &str, out: &mut dyn Write) -> Failure {
    // The failure tells the story; lines that cannot be shown do not change it.
    let _ = show(out, &format!("changed lines in {}", file.display()), &changed.lines);
    Failure::failed(format!(
        "patron's block at {}:{} was edited; left unchanged",
        file.display(),
        changed.first_line
    ))
    .remedy("move your own lines out of it and remove the rest by hand")
    .remedy(format!("then run again: git credential-patron {command}"))
}

/// Shows lines under a comment that says where they belong.
pub(crate) fn show(out: &mut dyn Write, title: &str, lines: &[Vec<u8>]) -> io::Result<()> {
    writeln!(out, "# {title}")?;
    lines.iter().try_for_each(|line| writeln!(out, "{}", shown_whole(line)))?;
    writeln!(out)
}

/// States that what had to be shown first could not be.
pub(crate) fn not_shown(error: io::Error) -> Failure {
    Failure::failed("could not show the lines, so nothing was written").because(error)
}
