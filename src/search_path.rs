//! Finding a program in `PATH`. Only absolute folders count: a relative one would be the checkout's, and whatever it
//! calls `git` or `gh` would be handed a token.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What the name of a program ends with that can be started as it is, and of one that its user may mean besides.
const ENDINGS: [&[&str]; 2] =
    if cfg!(windows) { [&[".exe"], &[".com", ".exe", ".bat", ".cmd"]] } else { [&[""], &[""]] };

/// Finds a program in the absolute entries of a `PATH`.
pub(crate) fn find_in_path(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    find(name, path, ENDINGS[0])
}

/// Finds what a person means by a command: on Windows a script (`npm.cmd`), too. Rust refuses arguments that such a
/// script would read otherwise than they were meant.
pub(crate) fn find_command(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    find(name, path, ENDINGS[1])
}

fn find(name: &OsStr, path: &OsStr, endings: &[&str]) -> Option<PathBuf> {
    let given = name.to_string_lossy().to_ascii_lowercase();
    let is_whole = endings.iter().any(|ending| given.ends_with(ending));
    let endings = if is_whole { &[""][..] } else { endings };
    let names = endings.iter().map(|ending| {
        let mut file = OsString::from(name);
        file.push(ending);
        file
    });
    let names: Vec<OsString> = names.collect();
    env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |file| folder.join(file)))
        .find(|program| is_program(program))
}

/// Finds the shell by which git runs its helpers. Unix: the system's own, whatever `PATH` holds. Windows: the one in
/// `PATH`, where git puts its own for what it runs, else the one that lies beside the git that is there.
pub(crate) fn shell() -> Option<PathBuf> {
    if cfg!(unix) {
        return Some(PathBuf::from("/bin/sh"));
    }
    let path = env::var_os("PATH")?;
    let found = find_in_path(OsStr::new("sh"), &path);
    found.or_else(|| shell_of(&find_in_path(OsStr::new("git"), &path)?))
}

/// Gives the shell of an installed Git for Windows, whose `git.exe` is in `cmd`, `bin` or `mingw64\bin`.
fn shell_of(git: &Path) -> Option<PathBuf> {
    let roots = git.ancestors().skip(2).take(2);
    roots.flat_map(|root| [root.join("usr/bin/sh.exe"), root.join("bin/sh.exe")]).find(|sh| is_program(sh))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_of_an_installed_git_is_found_from_each_of_its_folders() {
        let root = tempfile::tempdir().expect("a folder");
        let sh = root.path().join("usr/bin/sh.exe");
        std::fs::create_dir_all(sh.parent().expect("a folder")).expect("made");
        for git in ["cmd/git.exe", "bin/git.exe", "mingw64/bin/git.exe"] {
            assert_eq!(shell_of(&root.path().join(git)), None);
        }
        std::fs::copy(env::current_exe().expect("this program"), &sh).expect("a program");
        for git in ["cmd/git.exe", "bin/git.exe", "mingw64/bin/git.exe"] {
            let found = shell_of(&root.path().join(git)).expect("found");
            assert_eq!(found.canonicalize().expect("there"), sh.canonicalize().expect("there"), "{git}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn a_script_is_a_command_and_no_program() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("npm"), "#!/bin/sh").expect("written");
        std::fs::write(folder.path().join("npm.cmd"), "").expect("written");
        let path = folder.path().as_os_str();
        assert_eq!(find_command(OsStr::new("npm"), path), Some(folder.path().join("npm.cmd")));
        assert_eq!(find_in_path(OsStr::new("npm"), path), None);
        assert_eq!(find_command(OsStr::new("npm.cmd"), path), Some(folder.path().join("npm.cmd")));
    }
}
