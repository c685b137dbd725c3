//! Settings of the HTTP port: `[http]`.

use std::net::SocketAddr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

/// Where pages, API, probes and metrics are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; nothing is served without one.
    #[serde(default, deserialize_with = "address")]
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

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let address = text.parse().map_err(|_| {
        D::Error::custom(format_args!(
            "`{text}` is no address and port: expected such as 127.0.0.1:8316"
        ))
    })?;
    Ok(Some(address))
}

impl HttpSettings {
    /// Checks the names of hosts and the addresses of peers.
    ///
    /// # Errors
    /// A text for people when a host could never be what a browser asks for, or a peer has no port.
    pub fn validate(&self) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if let Some(host) = self.hosts.iter().find(|host| !host.chars().all(is_name)) {
            return Err(format!(
                "`http.hosts` is not usable: {host:?} is no name of a host: expected names such as \
                 closecall.example, without scheme, port or wildcard"
            ));
        }
        let has_port = |peer: &&String| {
            let parts = peer.rsplit_once(':');
            let is_host = |host: &str| !host.is_empty() && !host.contains('/');
            parts.is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok())
        };
        match self.peers.iter().find(|peer| !has_port(peer)) {
            None => Ok(()),
            Some(peer) => Err(format!(
                "`http.peers` is not usable: {peer:?} is no host and port: expected such as \
                 closecall-scraper:8080"
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
