//! Where our files lie (crate `directories`, project `git-credential-patron`).
//!
//! A missing or relative HOME is an error, never a file in the working folder.

use crate::files;
use directories::ProjectDirs;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What our folders are called, within those of this user.
const PROJECT: &str = "git-credential-patron";

/// Gives the file with which the machine's owner forbids things. No variable takes part: who could name
/// another file could widen what is forbidden.
pub(crate) fn policy() -> Option<PathBuf> {
    let folder = if cfg!(target_os = "macos") {
        Some(PathBuf::from("/Library/Application Support"))
    } else if cfg!(windows) {
        program_data()
    } else {
        Some(PathBuf::from("/etc"))
    };
    folder.map(|folder| folder.join(PROJECT).join("policy.toml"))
}

/// Asks Windows itself: the variable `ProgramData` is the user's to change.
#[cfg(windows)]
fn program_data() -> Option<PathBuf> {
    known_folders::get_known_folder_path(known_folders::KnownFolder::ProgramData)
}

#[cfg(not(windows))]
fn program_data() -> Option<PathBuf> {
    None
}

/// The folders of this user.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    runtime: Option<PathBuf>,
    traces: OnceLock<Option<PathBuf>>,
}

/// Why there is no place for our files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}, so there is no place for patron's files", missing())]
pub(crate) struct NoHome;

/// Says what names the folders of this user, and does not. Without the variables Windows is asked itself, and it knows
/// them, unless what it knows is made of another variable (`%USERPROFILE%\AppData`).
fn missing() -> &'static str {
    match cfg!(windows) {
        true => "Windows does not say where your application data is (APPDATA and LOCALAPPDATA)",
        false => "HOME is not set to an absolute path",
    }
}

/// Gives the folders that Windows tells each program in variables, where they are there. The same as those of
/// `directories`, which asks the shell's library for them: to load that one and the eight that it needs takes longer
/// than all else that `get` does (measured in Wine).
#[cfg(windows)]
fn of_variables() -> Option<Paths> {
    let folder = |name: &str| {
        let folder = PathBuf::from(env::var_os(name)?);
        (folder.is_absolute() && folder.is_dir()).then(|| folder.join(PROJECT))
    };
    let (config, data) = (folder("APPDATA")?.join("config"), folder("LOCALAPPDATA")?.join("data"));
    Some(Paths { config, state: data.clone(), data, runtime: None, traces: OnceLock::new() })
}

#[cfg(not(windows))]
fn of_variables() -> Option<Paths> {
    None
}

impl NoHome {
    /// Says what mends it.
    pub(crate) fn remedy(self) -> &'static str {
        match cfg!(windows) {
            true => "set USERPROFILE to your profile's folder, or sign in again",
            false => "set HOME to your home folder, as an absolute path",
        }
    }
}

impl Paths {
    /// Finds the folders from the environment. Nothing is created.
    pub(crate) fn find() -> Result<Self, NoHome> {
        // `directories` asks the password database when HOME is missing and takes a relative one as it is;
        // both would put secrets where nobody expects them.
        let home = env::var_os("HOME");
        if !cfg!(windows) && !home.is_some_and(|home| Path::new(&home).is_absolute()) {
            return Err(NoHome);
        }
        if let Some(paths) = of_variables() {
            return Ok(paths);
        }
        let dirs = ProjectDirs::from("", "", PROJECT).ok_or(NoHome)?;
        if !dirs.config_dir().is_absolute() || !dirs.data_local_dir().is_absolute() {
            return Err(NoHome);
        }
        let state = dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned();
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            data: dirs.data_local_dir().to_owned(),
            runtime: dirs.runtime_dir().map(Path::to_owned),
            state,
            traces: OnceLock::new(),
        })
    }

    /// Gives the list of accounts: no secrets, fit for dotfiles.
    pub(crate) fn accounts(&self) -> PathBuf {
        self.config.join("accounts.toml")
    }

    /// Gives the git config of our own, which git's config includes.
    pub(crate) fn gitconfig(&self) -> PathBuf {
        self.config.join("gitconfig")
    }

    /// Gives the file vault.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.data.join("secrets.toml")
    }

    /// Gives what is known of how each account fared; losing it loses nothing.
    pub(crate) fn outcomes(&self) -> PathBuf {
        self.state.join("outcomes.toml")
    }

    /// Gives the folder of notes about what is under way.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.state.join("unfinished")
    }

    /// Gives the folder of locks.
    pub(crate) fn locks(&self) -> PathBuf {
        self.state.join("locks")
    }

    /// Gives a folder in which nothing lies and nobody else can put anything, made if need be.
    pub(crate) fn empty(&self) -> Option<PathBuf> {
        self.traces().map(|folder| folder.join("empty")).filter(|folder| files::make_private(folder))
    }

    /// Gives the folder of what may be lost and nobody else may see or make (traces), made if need be: the
    /// runtime folder where the session's is there and this user's, else one below the state folder, else one
    /// below the system's temporary folder. None where none of them can be had.
    ///
    /// It is found at the first call.
    pub(crate) fn traces(&self) -> Option<&Path> {
        let found = self.traces.get_or_init(|| {
            if let Some(runtime) = self.runtime.as_ref().filter(|folder| files::make_private(folder)) {
                return Some(runtime.clone());
            }
            let own = self.state.join("traces");
            let is_made = files::make_folder(&self.state, files::Readers::Owner).is_ok();
            if is_made && files::make_private(&own) {
                return Some(own);
            }
            let temporary = env::temp_dir().join(format!("git-credential-patron-{}", files::user()));
            files::make_private(&temporary).then_some(temporary)
        });
        found.as_deref()
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_windows_name_the_folders_that_it_names_itself() {
        let told = of_variables().expect("Windows sets them");
        let dirs = ProjectDirs::from("", "", PROJECT).expect("Windows knows them");
        assert_eq!(
            [told.config, told.data, told.state],
            [dirs.config_dir(), dirs.data_local_dir(), dirs.data_local_dir()]
        );
    }
}
