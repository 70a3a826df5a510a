//! `~/.netrc`, whose entry for a host git's HTTP library sends before any helper is asked.

use super::{FoundToken, Haul, Sought, short};
use crate::git::{netrc_entry, user_home};

pub(super) fn look(sought: &Sought<'_>, haul: &mut Haul) {
    let Some(home) = user_home() else { return };
    for host in sought.hosts {
        let Some(entry) = netrc_entry(&home, host.as_str()) else { continue };
        let Some(secret) = &entry.secret else { continue };
        let at = format!("{}:{}", short(&entry.file), entry.line);
        haul.add(secret, |secret| FoundToken {
            place: at.clone(),
            host: host.clone(),
            owner: None,
            is_keyed: false,
            secret,
            printed_by: None,
            cleaned_by: format!("take the entry out that begins at {at}"),
        });
    }
}
