//! Where our files lie (crate `directories`, project `git-credential-patron`).
//!
//! A missing or relative HOME is an error, never a file in the working folder.

use directories::ProjectDirs;
use std::env;
use std::path::{Path, PathBuf};

/// The folders of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

/// Why there is no place for our files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoHome;

impl std::fmt::Display for NoHome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HOME is not set to an absolute path, so there is no place for patron's files")
    }
}

impl std::error::Error for NoHome {}

impl Paths {
    /// Finds the folders from the environment. Nothing is created.
    pub fn find() -> Result<Self, NoHome> {
        // `directories` asks the password database when HOME is missing and takes a relative one as it is;
        // both would put secrets where nobody expects them.
        let home = env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        if !home.is_some_and(|home| Path::new(&home).is_absolute()) {
            return Err(NoHome);
        }
        let dirs = ProjectDirs::from("", "", "git-credential-patron").ok_or(NoHome)?;
        let state = dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned();
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            data: dirs.data_local_dir().to_owned(),
            runtime: dirs.runtime_dir().map_or_else(|| state.join("traces"), Path::to_owned),
            state,
        })
    }

    /// Gives the list of accounts: no secrets, fit for dotfiles.
    pub fn accounts(&self) -> PathBuf {
        self.config.join("accounts.toml")
    }

    /// Gives the git config of our own, which git's config includes.
    pub fn gitconfig(&self) -> PathBuf {
        self.config.join("gitconfig")
    }

    /// Gives the file vault.
    pub fn secrets(&self) -> PathBuf {
        self.data.join("secrets.toml")
    }

    /// Gives what is known of how each account fared; losing it loses nothing.
    pub fn outcomes(&self) -> PathBuf {
        self.state.join("outcomes.toml")
    }

    /// Gives the folder of traces: the runtime folder, or one below the state folder.
    pub fn traces(&self) -> &Path {
        &self.runtime
    }
}
