//! Building the program that the tour shows.
//!
//! Together with the tour, which is built already: so Cargo takes the libraries that it was built with, and compiles
//! nothing but the program itself. By itself the program would want them with other features, all over again.

use super::sandbox;
use super::stage::{counts, progress};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether it is built.
const PAUSE: Duration = Duration::from_millis(50);

/// Builds it, with a line that says so, and says where it is.
pub(crate) fn program() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--bin",
            sandbox::PROGRAM,
            "--example",
            "tour",
            "--manifest-path",
            manifest,
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit());
    let building = thread::spawn(move || command.output());
    let start = Instant::now();
    let mut told = None;
    while !building.is_finished() {
        let seconds = start.elapsed().as_secs();
        // Where lines stay, one is enough.
        if told.is_none() || (counts() && told != Some(seconds)) {
            progress(&format!("building git-credential-patron ... ({seconds} s)"));
            told = Some(seconds);
        }
        thread::sleep(PAUSE);
    }
    progress("");
    let built = building.join().map_err(|_| "building panicked".to_owned())?;
    let built = built.map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !built.status.success() {
        return Err("git-credential-patron cannot be built".to_owned());
    }
    // Cargo names what it built, wherever its target folder is.
    let text = String::from_utf8_lossy(&built.stdout).into_owned();
    let artifacts = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    artifacts
        .filter(|message| message["target"]["name"] == sandbox::PROGRAM)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .ok_or_else(|| "cargo built no program".to_owned())
}
