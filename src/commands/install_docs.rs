//! `install-docs`: puts the manual where `git help` finds it, for those who have only the program (`cargo install`).
//!
//! Git answers `git credential-patron --help` by itself: it runs `man`, which looks for each DIR/bin in PATH into
//! DIR/share/man. Packages and install.sh put the pages there; Cargo installs programs and nothing else.

use crate::cli::InstallDocs;
use crate::error::Failure;
use crate::files::{self, FileError, Readers};
use crate::git::own_program;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The pages: where below DIR/share/man, and what is in them.
const PAGES: [(&str, &str); 2] = [
    ("man1/git-credential-patron.1", include_str!("../../man/git-credential-patron.1")),
    ("man7/git-credential-patron-denials.7", include_str!("../../man/git-credential-patron-denials.7")),
];

/// Writes the pages, or takes them away.
pub(crate) fn run(options: &InstallDocs, argv0: Option<&OsStr>, out: &mut dyn Write) -> Result<(), Failure> {
    if cfg!(windows) {
        return Err(Failure::failed("git opens no man pages on Windows")
            .remedy("read the manual in a browser: it lies in the folder man of each release's archive")
            .remedy(concat!("or begin here: ", env!("CARGO_PKG_HOMEPAGE"))));
    }
    let man = prefix(options, argv0)?.join("share").join("man");
    for (page, text) in PAGES {
        let path = man.join(page);
        let done = if options.remove { remove(&path) } else { write(&path, text) };
        let done = done.map_err(file_failure)?;
        // What is done is done, whether anybody reads of it or not.
        let _ = writeln!(out, "{done} {}", path.display());
    }
    if !options.remove {
        let _ = writeln!(out, "shown by: git help credential-patron");
    }
    Ok(())
}

/// Finds the folder below which `man` looks for pages of a program.
fn prefix(options: &InstallDocs, argv0: Option<&OsStr>) -> Result<PathBuf, Failure> {
    if let Some(prefix) = &options.prefix {
        let prefix = std::path::absolute(prefix);
        return prefix.map_err(|error| Failure::usage("--prefix is no folder").because(error));
    }
    let program =
        own_program(argv0).ok_or_else(|| Failure::failed("this program does not know its own path"))?;
    let folder = program.parent().filter(|folder| folder.ends_with("bin"));
    let prefix = folder.and_then(Path::parent).ok_or_else(|| {
        let place = program.display();
        Failure::failed(format!("{place} lies in no folder called bin, beside which man looks for manuals"))
            .remedy("name a folder whose bin folder is in PATH: git credential-patron install-docs --prefix ~/.local")
    })?;
    Ok(prefix.to_owned())
}

fn write(path: &Path, text: &str) -> Result<&'static str, FileError> {
    files::put_public(path, text.as_bytes(), Readers::Everyone)?;
    Ok("written:")
}

fn remove(path: &Path) -> Result<&'static str, FileError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok("removed:"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok("not there:"),
        Err(error) => Err(FileError::Io { doing: "remove", path: path.to_owned(), error }),
    }
}

fn file_failure(error: FileError) -> Failure {
    let remedy = error.remedy();
    let failure = Failure::failed("the manual is not where it should be").because(error);
    let failure = match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    };
    failure.remedy("or name another folder: git credential-patron install-docs --prefix DIR")
}
