//! Tokens in variables of the environment that known tools read.

use super::{FoundToken, Haul};
use crate::remote::{GITHUB, Host};
use crate::token::Token;
use std::env;

/// The variables, and whether each is for the Enterprise Server that `GH_HOST` names.
const VARIABLES: [(&str, bool); 7] = [
    ("GH_TOKEN", false),
    ("GITHUB_TOKEN", false),
    ("GH_ENTERPRISE_TOKEN", true),
    ("GITHUB_ENTERPRISE_TOKEN", true),
    ("GITHUB_PAT", false),
    ("HOMEBREW_GITHUB_API_TOKEN", false),
    ("COMPOSER_AUTH", false),
];

pub(super) fn look(haul: &mut Haul) {
    for (name, is_enterprise) in VARIABLES {
        let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else { continue };
        let enterprise = || env::var("GH_HOST").ok().and_then(|host| Host::parse(host.as_bytes()));
        let host = if is_enterprise { enterprise() } else { Host::parse(GITHUB.as_bytes()) };
        let Some(host) = host else {
            haul.notes.push(format!("{name}: no GH_HOST says which host it is for"));
            continue;
        };
        let is_bare = name != "COMPOSER_AUTH";
        haul.add(&Token::new(value.into_encoded_bytes()), |secret| FoundToken {
            place: format!("the variable {name}"),
            host: host.clone(),
            owner: None,
            is_keyed: false,
            secret,
            printed_by: is_bare.then(|| format!("printenv {name}")),
            cleaned_by: format!("unset {name}, and take it out of where it is set"),
        });
    }
}
