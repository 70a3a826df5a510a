//! `access-tokens` of Nix, which knows owners: `github.com/acme=TOKEN`.
//!
//! Source: the reference manual of Nix, *nix.conf*: where its files lie, `include`, `extra-`, comments. Nix masks
//! nothing when asked for its settings, but need not be installed where its files are, so these are read.

use super::{FoundToken, Haul, short};
use crate::files::{self, Care};
use crate::remote::{Host, Owner};
use crate::token::Token;
use std::env;
use std::path::{Path, PathBuf};

/// How deep files include each other.
const DEEPEST: usize = 5;
/// The settings that hold tokens.
const SETTINGS: [&str; 2] = ["access-tokens", "extra-access-tokens"];

pub(super) fn look(haul: &mut Haul) {
    for file in files() {
        read(&file, DEEPEST, haul);
    }
    if let Ok(text) = env::var("NIX_CONFIG") {
        lines(&text, "the variable NIX_CONFIG", None, haul);
    }
}

/// Gives the files that Nix reads, the system's first.
fn files() -> Vec<PathBuf> {
    let system = env::var_os("NIX_CONF_DIR").map_or_else(|| PathBuf::from("/etc/nix"), PathBuf::from);
    let mut all = vec![system.join("nix.conf")];
    match env::var_os("NIX_USER_CONF_FILES") {
        Some(files) => all.extend(env::split_paths(&files)),
        None => {
            let home = env::home_dir().map(|home| home.join(".config"));
            let own =
                env::var_os("XDG_CONFIG_HOME").filter(|own| !own.is_empty()).map(PathBuf::from).or(home);
            all.extend(own.map(|own| own.join("nix/nix.conf")));
        }
    }
    all.retain(|file| file.is_absolute());
    all
}

fn read(file: &Path, depth: usize, haul: &mut Haul) {
    match files::read(file, Care::Foreign) {
        Ok(Some(bytes)) => lines(&String::from_utf8_lossy(&bytes), &short(file), Some((file, depth)), haul),
        Ok(None) => {}
        Err(trouble) => haul.notes.push(format!("nix: {trouble}")),
    }
}

/// Reads a text of settings. `from` is the file it is, for what it includes.
fn lines(text: &str, name: &str, from: Option<(&Path, usize)>, haul: &mut Haul) {
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let included = ["include ", "!include "].iter().find_map(|word| line.strip_prefix(word));
        if let (Some(path), Some((file, depth @ 1..))) = (included, from) {
            let folder = file.parent().unwrap_or(Path::new("/"));
            read(&folder.join(path.trim()), depth - 1, haul);
            continue;
        }
        let Some((key, values)) = line.split_once('=') else { continue };
        if !SETTINGS.contains(&key.trim()) {
            continue;
        }
        let at = if from.is_some() { format!("{name}:{}", index + 1) } else { name.to_owned() };
        for (place, secret) in values.split_whitespace().filter_map(|word| word.split_once('=')) {
            let (host, owner) =
                place.split_once('/').map_or((place, None), |(host, path)| (host, Some(path)));
            let Some(host) = Host::parse(host.as_bytes()) else { continue };
            let owner = owner.and_then(|path| Owner::parse(path.split('/').next()?));
            // Other forges' are not ours to look at.
            let secret = Token::new(secret.as_bytes().to_vec());
            if super::github_tokens(&secret).is_empty() {
                continue;
            }
            haul.add(&secret, |secret| FoundToken {
                place: format!("access-tokens in {at}"),
                host: host.clone(),
                owner: owner.clone(),
                is_keyed: owner.is_some(),
                secret,
                printed_by: None,
                cleaned_by: format!("take {place} out of access-tokens in {at}"),
            });
        }
    }
}
