//! Which files git reads its settings from, and where ours lie beside them.
//!
//! As documented in git-config(1), FILES and ENVIRONMENT. For the global level git reads the XDG file, then
//! `~/.gitconfig`, and writes to the second unless only the first can be read. `GIT_CONFIG_GLOBAL` and
//! `GIT_CONFIG_SYSTEM` name one file instead; `GIT_CONFIG_NOSYSTEM` leaves the system's out.

use super::{Cwd, Git, GitTrouble, Level, git_bool};
use crate::files::Readers;
use crate::paths::Paths;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment, as far as it is asked for.
pub(crate) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Gives a variable of this process.
pub(crate) fn process_env(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// Where setup writes for one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose configuration it is: [`Level::Global`] or [`Level::System`].
    pub level: Level,
    /// The file that git would write to; it gets the block.
    pub file: PathBuf,
    /// The other file of this level, where an earlier setup may have put its block.
    pub other: Option<PathBuf>,
    /// Our own file.
    pub ours: PathBuf,
    /// Our own file as the include names it.
    pub include: Vec<u8>,
}

/// Why there is no file to write to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPlace {
    /// A variable names no file that would be the same everywhere: its name and value.
    #[error("{0} is \"{path}\", which is no absolute path", path = .1.display())]
    NotAbsolute(&'static str, PathBuf),
    /// The environment names the null device as git's global file.
    #[error("GIT_CONFIG_GLOBAL names the null device, so git reads no global config file")]
    NoGlobal,
    /// The environment tells git to read no system file; says how.
    #[error("{0}, so git does not read a system config file")]
    NoSystem(&'static str),
    /// Git does not say where its system file is.
    #[error("git does not say where its system config file is")]
    UnknownSystem,
}

impl Place {
    /// Finds the place in this user's configuration.
    pub(crate) fn global(env: Env<'_>, paths: &Paths) -> Result<Self, BadPlace> {
        let home = home(env);
        let ours = paths.gitconfig();
        let mut files = global_files(env);
        if files.iter().any(|file| is_null(file)) {
            return Err(BadPlace::NoGlobal);
        }
        if let Some(bad) = files.iter().find(|file| !file.is_absolute()) {
            return Err(BadPlace::NotAbsolute("GIT_CONFIG_GLOBAL", bad.clone()));
        }
        let own = files.pop().expect("there is always a global file");
        let (file, other) = match files.pop() {
            Some(xdg) if !can_read(&own) && can_read(&xdg) => (xdg, Some(own)),
            xdg => (own, xdg),
        };
        // `~/`, since git ends at an include that it may not read, as it would be where a copy of this file is
        // another user's; an absent one it passes over. But it also ends at a `~/` without HOME, and a file that
        // a variable names is read without HOME, too.
        let is_found_by_home = env("GIT_CONFIG_GLOBAL").is_none()
            && home.as_deref().is_some_and(|home| {
                file == home.join(".gitconfig") || file.starts_with(home.join(".config"))
            })
            && (file.ends_with(".gitconfig") || env("XDG_CONFIG_HOME").is_none_or(|xdg| xdg.is_empty()));
        let include = match home.as_deref().and_then(|home| ours.strip_prefix(home).ok()) {
            Some(below) if is_found_by_home => Path::new("~").join(below),
            _ => ours.clone(),
        };
        Ok(Self { level: Level::Global, file, other, ours, include: include_value(&include) })
    }

    /// Finds the place in the machine's configuration. Our file lies beside git's, readable for all: in
    /// somebody's home it would end every other user's git.
    pub(crate) fn system(git: &Git, env: Env<'_>) -> Result<Self, BadPlace> {
        if !reads_system(env) {
            return Err(BadPlace::NoSystem("GIT_CONFIG_NOSYSTEM is set"));
        }
        let file = system_file(Some(git), env).ok_or(BadPlace::UnknownSystem)?;
        if is_null(&file) {
            return Err(BadPlace::NoSystem("GIT_CONFIG_SYSTEM names the null device"));
        }
        if !file.is_absolute() {
            return Err(BadPlace::NotAbsolute("GIT_CONFIG_SYSTEM", file));
        }
        let ours = file.with_file_name("git-credential-patron").join("gitconfig");
        let include = include_value(&ours);
        Ok(Self { level: Level::System, file, other: None, ours, include })
    }
}

impl Place {
    /// Says who may read what is made here: a system file that others may not read ends their git.
    pub(crate) fn readers(&self) -> Readers {
        match self.level {
            Level::System => Readers::Everyone,
            _ => Readers::Owner,
        }
    }

    /// Lets git read our file by the include, as each of its commands will: git ends at one that is there and
    /// that it may not read.
    pub(crate) fn try_include(&self, git: &Git) -> Result<(), GitTrouble> {
        let mut include = OsString::from("include.path=");
        include.push(os_string(&self.include));
        let args = ["-c".as_ref(), include.as_os_str(), "config".as_ref(), "--list".as_ref(), "-z".as_ref()];
        git.run(&args, Cwd::Nowhere).map(drop)
    }
}

/// Takes a path, or an argument, as git writes it.
#[cfg(unix)]
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_owned())
}

/// Takes a path, or an argument, as git writes it.
#[cfg(not(unix))]
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Lists the files that settings are read from, weakest first; they need not exist.
pub(crate) fn setting_files(git: Option<&Git>, env: Env<'_>) -> Vec<(Level, PathBuf)> {
    let system = if reads_system(env) { system_file(git, env) } else { None };
    let system = system.into_iter().map(|file| (Level::System, file));
    system.chain(global_files(env).into_iter().map(|file| (Level::Global, file))).collect()
}

/// Gives the system's copy of our file, if git reads a system file; it may not exist.
pub(crate) fn system_ours(git: &Git, env: Env<'_>) -> Option<PathBuf> {
    Place::system(git, env).ok().map(|place| place.ours)
}

/// Gives git's global files, weakest first: at least one.
fn global_files(env: Env<'_>) -> Vec<PathBuf> {
    if let Some(file) = env("GIT_CONFIG_GLOBAL") {
        return vec![file.into()];
    }
    let home = home(env);
    let xdg = env("XDG_CONFIG_HOME").filter(|xdg| !xdg.is_empty()).map(PathBuf::from);
    let xdg = xdg.or_else(|| Some(home.as_ref()?.join(".config"))).map(|xdg| xdg.join("git").join("config"));
    let own = home.map(|home| home.join(".gitconfig")).unwrap_or_default();
    // A relative XDG folder would be another one in each folder; ours is never there.
    xdg.into_iter().filter(|xdg| xdg.is_absolute()).chain([own]).collect()
}

/// Gives the home folder that git and its HTTP library go by.
pub(crate) fn user_home() -> Option<PathBuf> {
    home(&process_env)
}

/// Gives git's HOME. Git for Windows sets it for itself where it is missing: the home drive's folder where there
/// is one (it may be a share that is not connected), else the profile (`setup_windows_environment` in
/// `compat/mingw.c`).
fn home(env: Env<'_>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    if let Some(home) = set("HOME") {
        return Some(PathBuf::from(home)).filter(|home| home.is_absolute());
    }
    if !cfg!(windows) {
        return None;
    }
    let of_drive = set("HOMEDRIVE").zip(set("HOMEPATH")).map(|(mut drive, path)| {
        drive.push(path);
        PathBuf::from(drive)
    });
    let of_profile = set("USERPROFILE").map(PathBuf::from);
    of_drive.filter(|home| home.is_dir()).or(of_profile).filter(|home| home.is_absolute())
}

/// Tells whether a file is the null device, by which a variable says: none. Git takes the name of Unix on Windows,
/// too, and Windows its own in either case.
fn is_null(file: &Path) -> bool {
    let name = file.to_str().unwrap_or_default();
    name == "/dev/null" || (cfg!(windows) && name.eq_ignore_ascii_case("nul"))
}

fn reads_system(env: Env<'_>) -> bool {
    let no_system = env("GIT_CONFIG_NOSYSTEM");
    no_system.is_none_or(|value| git_bool(value.as_encoded_bytes()) != Some(true))
}

fn system_file(git: Option<&Git>, env: Env<'_>) -> Option<PathBuf> {
    if let Some(file) = env("GIT_CONFIG_SYSTEM") {
        return Some(file.into());
    }
    let git = git?;
    let asked = git.run(&["var", "GIT_CONFIG_SYSTEM"], Cwd::Nowhere).or_else(|_| {
        // Before 2.41 git says it only to an editor. `--edit` creates a global file, never a system file.
        git.run_with(&["config", "--system", "--edit"], Cwd::Nowhere, &[("GIT_EDITOR", "printf %s")])
    });
    let path = String::from_utf8(asked.ok()?).ok()?;
    let path = PathBuf::from(path.trim_end_matches(['\r', '\n']));
    path.is_absolute().then_some(path)
}

fn include_value(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let slashes = |byte: &u8| if cfg!(windows) && *byte == b'\\' { b'/' } else { *byte };
    bytes.iter().map(slashes).collect()
}

#[cfg(unix)]
fn can_read(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok()
}

#[cfg(not(unix))]
fn can_read(path: &Path) -> bool {
    path.exists()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn files(vars: &[(&str, &str)]) -> Vec<PathBuf> {
        let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        global_files(&env)
    }

    #[test]
    fn global_files_are_those_git_reads() {
        let home = ("HOME", "/h");
        for (vars, expected) in [
            (&[home][..], &["/h/.config/git/config", "/h/.gitconfig"][..]),
            (&[home, ("XDG_CONFIG_HOME", "/x")], &["/x/git/config", "/h/.gitconfig"]),
            (&[home, ("XDG_CONFIG_HOME", "")], &["/h/.config/git/config", "/h/.gitconfig"]),
            (&[home, ("XDG_CONFIG_HOME", "x")], &["/h/.gitconfig"]),
            (&[home, ("GIT_CONFIG_GLOBAL", "/g")], &["/g"]),
            (&[home, ("GIT_CONFIG_GLOBAL", "")], &[""]),
            (&[], &[""]),
        ] {
            assert_eq!(files(vars), expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{vars:?}");
        }
    }

    #[test]
    fn a_system_file_is_not_read_where_git_reads_none() {
        let env =
            |value: &'static str| move |name: &str| (name == "GIT_CONFIG_NOSYSTEM").then(|| value.into());
        for (value, reads) in [("1", false), ("true", false), ("0", true), ("", true), ("no", true)] {
            assert_eq!(reads_system(&env(value)), reads, "{value}");
        }
    }
}
