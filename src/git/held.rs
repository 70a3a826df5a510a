//! The files of one place together: git's config file, the other one of its level, and ours.

use super::{ConfigFile, FileTrouble, KeyAndValue, Locked, Place, is_our_file};
use crate::files::{self, Care};
use std::fs;
use std::path::Path;

/// The files of a place, read or locked; `None` for one that takes no part.
pub(crate) struct Files<T> {
    /// The file that gets the block.
    pub file: Option<T>,
    /// The other file of the level, where an earlier block may stand.
    pub other: Option<T>,
    /// Our own file.
    pub ours: Option<T>,
}

impl Files<ConfigFile> {
    /// Reads the files as they are; nothing is locked.
    pub(crate) fn read(place: &Place) -> Result<Self, FileTrouble> {
        Ok(Self {
            file: Some(ConfigFile::read(&place.file)?),
            other: other_of(place).map(ConfigFile::read).transpose()?,
            ours: Some(ConfigFile::read(&place.ours)?),
        })
    }

    /// Gives the files as plain references.
    pub(crate) fn now(&self) -> Files<&ConfigFile> {
        Files { file: self.file.as_ref(), other: self.other.as_ref(), ours: self.ours.as_ref() }
    }
}

impl Files<Locked> {
    /// Locks the files to write them, always in the same order. The folder of our own file is made.
    ///
    /// Without `gits` only our own file is locked: git's may lie where nobody can write, put there by a
    /// dotfile manager with our block in it.
    pub(crate) fn lock(place: &Place, gits: bool) -> Result<Self, FileTrouble> {
        let readers = place.readers();
        let lock = |path: &Path| Locked::take(path, readers);
        let file = gits.then(|| lock(&place.file)).transpose()?;
        let other = other_of(place).filter(|_| gits).map(lock).transpose()?;
        let folder = place.ours.parent().expect("our file lies in a folder");
        files::make_folder(folder, readers).map_err(FileTrouble::Unsafe)?;
        // Whoever can write it decides which programs git runs.
        files::check_place(&place.ours, Care::Deciding).map_err(FileTrouble::Unsafe)?;
        let ours = lock(&place.ours)?;
        Ok(Self { file, other, ours: Some(ours) })
    }

    /// Locks those of the files that exist, to take our lines out of them.
    pub(crate) fn lock_existing(place: &Place) -> Result<Self, FileTrouble> {
        let take = |path: &Path| Locked::take(path, place.readers());
        let lock = |path: &Path| path.exists().then(|| take(path)).transpose();
        Ok(Self {
            file: lock(&place.file)?,
            other: other_of(place).map(take).transpose()?,
            ours: lock(&place.ours)?,
        })
    }
}

impl<'a> Files<&'a ConfigFile> {
    /// Gives the texts: `None` for a file that does not exist or takes no part.
    pub(crate) fn texts(&self) -> Files<&'a [u8]> {
        let text = |file: Option<&'a ConfigFile>| file.and_then(ConfigFile::text);
        Files { file: text(self.file), other: text(self.other), ours: text(self.ours) }
    }
}

/// Gives the other file, if there is one and it is not the same by a link, as dotfile managers make them.
fn other_of(place: &Place) -> Option<&Path> {
    let other = place.other.as_deref()?;
    let real = other.canonicalize().ok()?;
    (place.file.canonicalize().ok() != Some(real)).then_some(other)
}

/// Removes the folder of our file if nothing else is in it.
pub(crate) fn remove_empty_folder(place: &Place) {
    if let Some(folder) = place.ours.parent() {
        // It fails if there is something in it, which is the question and the answer.
        let _ = fs::remove_dir(folder);
    }
}

/// Tells whether two readings of a file differ by our include alone, which stands at the end, or nowhere.
pub(crate) fn differ_by_our_include(
    before: &[KeyAndValue],
    after: &[KeyAndValue],
    include: Option<&[u8]>,
) -> bool {
    let is_ours =
        |(key, value): &&KeyAndValue| key == b"include.path" && value.as_deref().is_some_and(is_our_file);
    let others = |entries: &[KeyAndValue]| -> Vec<KeyAndValue> {
        entries.iter().filter(|entry| !is_ours(entry)).cloned().collect()
    };
    let at_end = match include {
        Some(include) => after
            .last()
            .is_some_and(|(key, value)| key == b"include.path" && value.as_deref() == Some(include)),
        None => after.iter().filter(is_ours).count() < before.iter().filter(is_ours).count(),
    };
    others(before) == others(after) && at_end
}
