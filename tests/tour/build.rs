//! Building the program that the tour shows.

use super::sandbox;
use super::stage::progress;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds it, with a line that says so, and says where it is.
pub(crate) fn program() -> Result<PathBuf, String> {
    progress("building git-credential-patron ...");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--bin", sandbox::PROGRAM, "--manifest-path", manifest])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    progress("");
    if !built.status.success() {
        return Err("git-credential-patron cannot be built".to_owned());
    }
    // Cargo names what it built, wherever its target folder is.
    let text = String::from_utf8_lossy(&built.stdout).into_owned();
    let artifacts = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    artifacts
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .ok_or_else(|| "cargo built no program".to_owned())
}
