//! Finding a program in `PATH`. Only absolute folders count: a relative one would be the checkout's, and whatever it
//! calls `git` or `gh` would be handed a token.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Finds a program in the absolute entries of a `PATH`.
pub(crate) fn find_in_path(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let mut file = OsString::from(name);
    if cfg!(windows) && Path::new(name).extension().is_none() {
        file.push(".exe");
    }
    env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&file))
        .find(|program| is_program(program))
}

/// Tells whether this is a file that can be run.
#[cfg(unix)]
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Tells whether this is a file that can be run.
#[cfg(not(unix))]
pub(crate) fn is_program(path: &Path) -> bool {
    path.is_file()
}
