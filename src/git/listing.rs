//! The effective configuration, entry by entry, as `git config --list -z --show-origin --show-scope` gives it.
//!
//! The format: three NUL-ended fields for each entry, scope, origin, and `key LF value` (no LF for a key
//! without `=`); documented in git-config(1), and measured alike with 2.39 and 2.47. Values may hold secrets
//! (helpers written as shell snippets, headers): they leave this room only through [`super::shown()`].

use super::places::user_home;
use super::{Cwd, Git, GitTrouble, KeyAndValue};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Which kind of file an entry comes from; later ones win. Git says *scope*, which is our word for what a
/// token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The whole machine's file.
    System,
    /// This user's files, `~/.gitconfig` and the XDG one.
    Global,
    /// The repository's.
    Local,
    /// The worktree's.
    Worktree,
    /// `git -c`, and the environment.
    Command,
}

impl Level {
    /// Gives git's name of the level.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Global => "global",
            Self::Local => "local",
            Self::Worktree => "worktree",
            Self::Command => "command",
        }
    }
}

/// One entry of the configuration.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it takes its strength from; an included file has its includer's.
    pub level: Level,
    /// The file it stands in; `None` for the command line.
    pub file: Option<PathBuf>,
    /// `section.subsection.name`: section and name in lower case, the subsection as written.
    pub key: Vec<u8>,
    /// The value; `None` for a key without `=`.
    pub value: Option<Vec<u8>>,
}

impl std::fmt::Debug for Entry {
    /// Leaves the value out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = String::from_utf8_lossy(&self.key);
        f.debug_struct("Entry")
            .field("level", &self.level)
            .field("file", &self.file)
            .field("key", &key)
            .finish()
    }
}

impl Entry {
    /// Splits the key into section, subsection and name.
    pub(crate) fn parts(&self) -> (&[u8], Option<&[u8]>, &[u8]) {
        let dot = |byte: &u8| *byte == b'.';
        let first = self.key.iter().position(dot).unwrap_or(self.key.len());
        let last = self.key.iter().rposition(dot).unwrap_or(first);
        let subsection = (last > first).then(|| &self.key[first + 1..last]);
        (&self.key[..first], subsection, self.key.get(last + 1..).unwrap_or_default())
    }
}

/// All entries, in the order in which git reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Listing {
    /// Asks git for its effective configuration.
    pub(crate) fn read(git: &Git, cwd: Cwd) -> Result<Self, GitTrouble> {
        Self::read_with(git, cwd, &[])
    }

    /// Asks git for its effective configuration under additional environment variables.
    pub(crate) fn read_with(git: &Git, cwd: Cwd, env: &[(&str, &str)]) -> Result<Self, GitTrouble> {
        let output = git.run_with(&["config", "--list", "-z", "--show-origin", "--show-scope"], cwd, env)?;
        Self::parse(&output).ok_or(GitTrouble::Strange)
    }

    /// Asks git for its effective configuration in another folder.
    pub(crate) fn of_folder(git: &Git, folder: &Path) -> Result<Self, GitTrouble> {
        let args = ["config", "--list", "-z", "--show-origin", "--show-scope"].map(OsStr::new);
        let args: Vec<&OsStr> = [OsStr::new("-C"), folder.as_os_str()].into_iter().chain(args).collect();
        Self::parse(&git.run(&args, Cwd::Named)?).ok_or(GitTrouble::Strange)
    }

    /// Asks git how it reads one file, without what the file includes.
    pub(crate) fn of_file(git: &Git, file: &Path) -> Result<Vec<KeyAndValue>, GitTrouble> {
        let file = file.as_os_str();
        let args = [
            "config".as_ref(),
            "-f".as_ref(),
            file,
            "--no-includes".as_ref(),
            "--list".as_ref(),
            "-z".as_ref(),
        ];
        // Git reads its whole configuration at its start, and ends at a line it does not understand anywhere.
        let nothing_else = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")];
        let output = git.run_with(&args, Cwd::Nowhere, &nothing_else)?;
        let (entries, rest) = (output.split(|byte| *byte == 0), output.last());
        if rest.is_some_and(|byte| *byte != 0) {
            return Err(GitTrouble::Strange);
        }
        Ok(entries.filter(|entry| !entry.is_empty()).map(key_and_value).collect())
    }

    fn parse(output: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        if output.is_empty() {
            return Some(Self { entries });
        }
        let mut fields = output.strip_suffix(b"\0")?.split(|byte| *byte == 0);
        while let Some(scope) = fields.next() {
            let (origin, entry) = (fields.next()?, fields.next()?);
            let level = match scope {
                b"system" => Level::System,
                b"global" => Level::Global,
                b"local" => Level::Local,
                b"worktree" => Level::Worktree,
                // `submodule` and `unknown` are documented; neither can come before a repository's.
                _ => Level::Command,
            };
            let file = origin.strip_prefix(b"file:").map(path_from_bytes);
            let (key, value) = key_and_value(entry);
            entries.push(Entry { level, file, key, value });
        }
        Some(Self { entries })
    }

    /// Tells whether some line includes a file, by whatever path leads there.
    pub(crate) fn includes(&self, file: &Path) -> bool {
        let leads_there = |entry: &Entry| {
            let value = entry.value.as_deref().filter(|_| entry.key == b"include.path");
            value
                .and_then(|value| included_path(value, entry.file.as_deref()))
                .is_some_and(|path| is_same_file(&path, file))
        };
        self.entries.iter().any(leads_there)
    }

    /// Gives the files that git reads only under a condition, `includeIf.CONDITION.path`, each with it.
    pub(crate) fn conditional_files(&self) -> Vec<(Vec<u8>, PathBuf)> {
        let files = self.entries.iter().filter_map(|entry| {
            let (b"includeif", Some(condition), b"path") = entry.parts() else { return None };
            Some((condition.to_owned(), included_path(entry.value.as_deref()?, entry.file.as_deref())?))
        });
        files.collect()
    }

    /// Gives the files that are read with these entries' own: `include.path`.
    pub(crate) fn included_files(&self) -> Vec<PathBuf> {
        let files = self.entries.iter().filter_map(|entry| {
            let (b"include", None, b"path") = entry.parts() else { return None };
            included_path(entry.value.as_deref()?, entry.file.as_deref())
        });
        files.collect()
    }

    /// Keeps the entries of the given levels.
    #[must_use]
    pub(crate) fn of_levels(&self, levels: &[Level]) -> Self {
        self.filtered(|entry| levels.contains(&entry.level))
    }

    /// Leaves out what stands in the given files: the configuration as it would be without them.
    #[must_use]
    pub(crate) fn without_files(&self, files: &[PathBuf]) -> Self {
        let ours = |file: &Path| files.iter().any(|ours| is_same_file(ours, file));
        self.filtered(|entry| !entry.file.as_deref().is_some_and(ours))
    }

    /// Puts entries where a block at the end of a level's file would put them.
    #[must_use]
    pub(crate) fn with_at_end_of(&self, level: Level, added: Vec<Entry>) -> Self {
        let place = self.entries.iter().rposition(|entry| entry.level <= level).map_or(0, |last| last + 1);
        let mut entries = self.entries.clone();
        entries.splice(place..place, added);
        Self { entries }
    }

    fn filtered(&self, keep: impl Fn(&Entry) -> bool) -> Self {
        Self { entries: self.entries.iter().filter(|entry| keep(entry)).cloned().collect() }
    }
}

fn key_and_value(entry: &[u8]) -> KeyAndValue {
    match entry.iter().position(|byte| *byte == b'\n') {
        Some(end) => (entry[..end].to_owned(), Some(entry[end + 1..].to_owned())),
        None => (entry.to_owned(), None),
    }
}

/// Gives the path that an include means, seen from the file it stands in.
pub(super) fn included_path(value: &[u8], from: Option<&Path>) -> Option<PathBuf> {
    let path = match value.strip_prefix(b"~/") {
        Some(below) => user_home()?.join(path_from_bytes(below)),
        None => path_from_bytes(value),
    };
    if path.is_absolute() { Some(path) } else { Some(from?.parent()?.join(path)) }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    // Git prints HOME as it is set, with links and doubled slashes.
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

#[cfg(unix)]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_with_values_of_several_lines_and_without_any() {
        let output = b"system\0file:/etc/gitconfig\0a.b\nc\0global\0file:/h/.gitconfig\0credential.https://x.y/z.helper\n!f() {\n}; f\0command\0command line:\0user.name\0";
        let listing = Listing::parse(output).expect("the documented format");
        assert_eq!(listing.entries.len(), 3);
        let helper = &listing.entries[1];
        assert_eq!(helper.parts(), (&b"credential"[..], Some(&b"https://x.y/z"[..]), &b"helper"[..]));
        assert_eq!(helper.value.as_deref(), Some(&b"!f() {\n}; f"[..]));
        assert_eq!((listing.entries[2].value.as_ref(), listing.entries[2].file.as_ref()), (None, None));
        assert_eq!(listing.of_levels(&[Level::System, Level::Global]).entries.len(), 2);
        assert_eq!(listing.without_files(&["/h//.gitconfig".into()]).entries.len(), 2);
    }

    #[test]
    fn an_unknown_format_is_told_from_an_empty_one() {
        assert_eq!(Listing::parse(b""), Some(Listing::default()));
        assert_eq!(Listing::parse(b"a.b=c\n"), None);
        assert_eq!(Listing::parse(b"global\0file:/x\0"), None);
    }

    #[test]
    fn a_block_at_the_end_of_a_level_comes_before_the_next_level() {
        let entry = |level, key: &str| Entry { level, file: None, key: key.into(), value: None };
        let listing = Listing {
            entries: vec![entry(Level::System, "s"), entry(Level::Global, "g"), entry(Level::Local, "l")],
        };
        let keys = |level| -> Vec<u8> {
            listing
                .with_at_end_of(level, vec![entry(level, "+")])
                .entries
                .iter()
                .flat_map(|e| e.key.clone())
                .collect()
        };
        assert_eq!((keys(Level::System), keys(Level::Global)), (b"s+gl".to_vec(), b"sg+l".to_vec()));
    }
}
