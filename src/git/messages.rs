//! The catalogues of messages that git has installed, for whoever reads what git said in the user's language.

use super::Cwd;
use super::Git;
use std::fs;
use std::path::{Path, PathBuf};

/// No catalogue of git's is larger than this.
const LARGEST: u64 = 16 * 1024 * 1024;

impl Git {
    /// Gives the catalogues (`git.mo`) of all languages that are installed beside git, or where its environment says.
    pub(crate) fn catalogues(&self) -> Vec<Vec<u8>> {
        let named = std::env::var_os("GIT_TEXTDOMAINDIR").map(PathBuf::from);
        let beside = || {
            let path = self.run(&["--exec-path"], Cwd::Here).ok()?;
            let path = PathBuf::from(String::from_utf8_lossy(&path).trim());
            // The folder of a git that the user built may also hold translations of other programs.
            let folders = path.ancestors().map(|folder| languages(&folder.join("share/locale")));
            folders.into_iter().find(|found| !found.is_empty())
        };
        match named.filter(|folder| folder.is_dir()) {
            Some(folder) => languages(&folder),
            None => beside().unwrap_or_default(),
        }
    }
}

fn languages(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path().join("LC_MESSAGES/git.mo")));
    files
        .filter(|file| fs::metadata(file).is_ok_and(|about| about.is_file() && about.len() <= LARGEST))
        .filter_map(|file| fs::read(file).ok())
        .collect()
}
