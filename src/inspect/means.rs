//! What inspecting needs of the outside: git, and the client for REST.

use crate::git::{Git, HttpContext, http_settings};
use crate::github::{Api, Authorities, Client, ClientConfig, NoResponse, proxy_from};
use crate::remote::Host;
use std::path::PathBuf;

/// The outside things of an inspection.
pub(crate) struct Means<'a> {
    /// Git.
    pub(crate) git: &'a Git,
    /// What the repository that git works in calls the remote; none where that is not known.
    pub(crate) remote_name: Option<&'a str>,
    /// Whether git clones, so that there is no such remote yet.
    pub(crate) clones: bool,
    /// An empty folder for git to take for that of its certificate authorities at first (`InfoRefs::authorities`).
    pub(crate) empty: Option<PathBuf>,
}

impl Means<'_> {
    /// Makes the client for a host's API; none where its settings cannot be honoured: causes are inferred then.
    pub(crate) fn client(&self, host: &Host) -> Option<Client> {
        client_for(host, HttpContext::Repository(self.remote_name)).ok()
    }
}

/// Makes the client that asks this host's API, with the proxy and the authorities that git uses.
pub(crate) fn client_for(host: &Host, context: HttpContext<'_>) -> Result<Client, NoResponse> {
    client_to(&Api::of(host), context)
}

/// The same for what is not a host's API.
pub(crate) fn client_to(api: &Api, context: HttpContext<'_>) -> Result<Client, NoResponse> {
    let text = |name: &str| std::env::var(name).ok();
    let git = http_settings(&format!("https://{}/", api.host()), context);
    let proxy = proxy_from(git.proxy.as_deref(), &text, api.host())?;
    let authorities = match git.by_system {
        true => Authorities::of_system(),
        false => Authorities::find(git.ca_file, git.ca_folder, &|name| std::env::var_os(name)),
    };
    Client::new(&ClientConfig { proxy, authorities, ..ClientConfig::default() })
}
