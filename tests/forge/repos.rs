//! The repositories on disk: bare ones, each with one commit on `main` that names it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{RepositoryInitOptions, Signature, Time};

use super::policy::Repository;

/// The folder of a repository below the root; the same for every spelling of its name.
fn folder(root: &Path, repo: &Repository) -> PathBuf {
    root.join(relative(repo))
}

/// The folder of a repository as a relative path with slashes, for `git http-backend`.
pub(crate) fn relative(repo: &Repository) -> String {
    let host = repo.host.replace(':', "_");
    let path = format!("{host}/{}/{}.git", repo.owner, repo.name);
    path.replace("//", "/").to_ascii_lowercase()
}

/// Makes the repository where the disk has none yet, writes its hook, and says where it is.
///
/// Only when it is asked for, since most tests touch few of their cast; the caller holds the
/// policy, so that two requests do not make it both.
pub(crate) fn settle(root: &Path, repo: &Repository) -> io::Result<PathBuf> {
    let folder = folder(root, repo);
    if !folder.exists() {
        seed(&folder, repo).map_err(io::Error::other)?;
    }
    hook(&folder, repo.pre_receive.as_deref())?;
    Ok(folder)
}

fn seed(folder: &Path, repo: &Repository) -> Result<(), git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false).initial_head("main");
    let on_disk = git2::Repository::init_opts(folder, &options)?;
    // Who may push is the policy's to say; git itself lets everybody.
    on_disk.config()?.set_bool("http.receivepack", true)?;
    let readme = format!("# {}/{}\n", repo.owner, repo.name);
    let blob = on_disk.blob(readme.as_bytes())?;
    let mut tree = on_disk.treebuilder(None)?;
    tree.insert("README.md", blob, 0o100_644)?;
    let tree = on_disk.find_tree(tree.write()?)?;
    let author = Signature::new("The Forge", "forge@example.com", &Time::new(1_767_323_045, 0))?;
    on_disk.commit(
        Some("refs/heads/main"),
        &author,
        &author,
        &format!("Begin {}/{}\n", repo.owner, repo.name),
        &tree,
        &[],
    )?;
    Ok(())
}

fn hook(folder: &Path, script: Option<&str>) -> io::Result<()> {
    let path = folder.join("hooks").join("pre-receive");
    match script {
        None if path.exists() => fs::remove_file(path),
        None => Ok(()),
        Some(script) => {
            fs::create_dir_all(folder.join("hooks"))?;
            fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
            make_executable(&path)
        }
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
