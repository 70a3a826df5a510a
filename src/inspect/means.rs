//! What inspecting needs of the outside: git, a folder for its pipe, and the client for REST.

use crate::git::{Git, http_settings};
use crate::github::{Api, Authorities, Client, ClientConfig, Failure, proxy_from};
use crate::remote::Host;
use std::path::Path;

/// The outside things of an inspection.
pub(crate) struct Means<'a> {
    /// Git.
    pub(crate) git: &'a Git,
    /// A folder of this user alone.
    pub(crate) folder: &'a Path,
}

impl Means<'_> {
    /// Makes the client for a host's API; none where its settings cannot be honoured: causes are inferred then.
    pub(crate) fn client(&self, host: &Host) -> Option<Client> {
        client_for(host).ok()
    }
}

/// Makes the client that asks this host's API, with the proxy and the authorities that git uses.
pub(crate) fn client_for(host: &Host) -> Result<Client, Failure> {
    let api = Api::of(host);
    let text = |name: &str| std::env::var(name).ok();
    let git = http_settings(&format!("https://{}/", api.host()));
    let proxy = proxy_from(git.proxy.as_deref(), &text, api.host())?;
    let authorities = Authorities::find(git.ca_file, git.ca_folder, &|name| std::env::var_os(name));
    Client::new(&ClientConfig { proxy, authorities, ..ClientConfig::default() })
}
