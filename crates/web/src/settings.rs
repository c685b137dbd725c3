//! Settings of the HTTP port: `[http]`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where pages, API, probes and metrics are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; nothing is served without one.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// Serve the pages, the API and the events beside probes and metrics.
    #[serde(default = "yes")]
    pub page: bool,
    /// Names under which the pages may be asked for, beside `localhost` and every literal address.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The other roles' processes, `host:port`, which are asked for their stages; a name stands for
    /// all of its addresses.
    #[serde(default)]
    pub peers: Vec<String>,
    /// Take a free port where the one to listen on is taken: only for the default one, which
    /// no one asked for.
    #[serde(skip)]
    pub any_port: bool,
}

fn yes() -> bool {
    true
}

impl HttpSettings {
    /// Checks the names of hosts.
    ///
    /// # Errors
    /// A text for people when one could never be what a browser asks for.
    pub fn validate(&self) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        match self.hosts.iter().find(|host| !host.chars().all(is_name)) {
            None => Ok(()),
            Some(host) => Err(format!(
                "`http.hosts` is not usable: {host:?} is no name of a host: expected names such as \
                 closecall.example, without scheme, port or wildcard"
            )),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: None,
            page: true,
            hosts: Vec::new(),
            peers: Vec::new(),
            any_port: false,
        }
    }
}
