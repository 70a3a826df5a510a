//! Whether there is a key for SSH: then git can go that way where no token may.
//!
//! The agent is asked what it holds (`ssh-add -l`, which asks nobody anything), within a bound; else a key's file of
//! a name that `ssh` looks for by itself (ssh_config(5), *IdentityFile*) is enough. No key is read, and whether
//! the host knows it is not asked.

use crate::bounded;
use crate::limits;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long an agent may take.
const BOUND: Duration = Duration::from_millis(700);
/// The files that `ssh` takes a key from, below `~/.ssh`.
const FILES: [&str; 5] = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"];

/// Where a key for SSH is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SshKey {
    /// In the agent.
    InAgent,
    /// In this file.
    InFile(PathBuf),
}

/// Says where there is a key. `ssh_add` is the program that asks the agent, where it is installed.
pub(crate) fn key(ssh_add: Option<&Path>) -> Option<SshKey> {
    if ssh_add.is_some_and(agent_has_keys) {
        return Some(SshKey::InAgent);
    }
    let folder = env::home_dir().filter(|home| home.is_absolute())?.join(".ssh");
    FILES.iter().map(|name| folder.join(name)).find(|file| file.is_file()).map(SshKey::InFile)
}

fn agent_has_keys(ssh_add: &Path) -> bool {
    if env::var_os("SSH_AUTH_SOCK").is_none_or(|socket| socket.is_empty()) {
        return false;
    }
    let mut command = Command::new(ssh_add);
    bounded::apart(command.arg("-l"));
    // 1: it holds none. 2: there is no agent.
    let output =
        limits::as_before(|| command.spawn()).and_then(|child| bounded::run(child, b"", 64 * 1024, BOUND));
    output.is_ok_and(|output| output.is_some_and(|output| output.status.success()))
}
