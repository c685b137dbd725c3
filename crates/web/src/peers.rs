//! The other roles' processes, asked for their stages: what the reporter's page shows of them.
//!
//! Names are looked up again each time, to all of their addresses, as a headless Service gives them. A
//! peer that is silent is said to be unknown, never to be running.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::api::stages::{STAGES, StagesView};

/// Pause between two rounds of questions to the peers.
const EVERY: Duration = Duration::from_secs(5);

/// Time that an answer may take.
const WITHIN: Duration = Duration::from_secs(2);

/// The largest answer.
const LARGEST: u64 = 64 * 1024;

/// After how long a silence nothing is known of a peer any more.
const UNKNOWN_AFTER: Duration = Duration::from_secs(15);

/// After how long it is forgotten where its name no longer leads to it: a pod that is gone does not
/// come back under its address, and is not to count as a silent one for long.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// After how long it is forgotten although its name still leads to it, or leads nowhere.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// The peers of a process.
#[derive(Debug)]
pub struct Peers {
    names: Vec<String>,
    seen: Mutex<BTreeMap<SocketAddr, Heard>>,
    stop: watch::Sender<bool>,
}

/// A stage of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStage {
    /// Its name.
    pub name: String,
    /// Whether it backs off or has failed, or its process is silent.
    pub down: bool,
    /// Number of restarts.
    pub restarts: u64,
}

/// Last word of a peer.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// The name under which it was found.
    pub(crate) name: String,
    /// When it was last heard.
    pub(crate) at: Instant,
    pub(crate) view: Arc<StagesView>,
}

impl Heard {
    pub(crate) fn is_known(&self) -> bool {
        self.at.elapsed() <= UNKNOWN_AFTER
    }
}

impl Peers {
    /// Asks these peers, each `host:port`, on a thread of its own, until the handle is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn watch(names: &[String]) -> io::Result<Arc<Self>> {
        let peers = Arc::new(Self {
            names: names.to_vec(),
            seen: Mutex::default(),
            stop: watch::Sender::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (weak, stop) = (Arc::downgrade(&peers), peers.stop.subscribe());
        std::thread::Builder::new()
            .name("page-peers".to_owned())
            .spawn(move || runtime.block_on(asking(weak, stop)))?;
        Ok(peers)
    }

    /// The stages of all of them, as last heard.
    #[must_use]
    pub fn stages(&self) -> Vec<PeerStage> {
        self.heard()
            .into_iter()
            .flat_map(|(_, heard)| {
                let known = heard.is_known();
                let stages = heard.view.stages.iter();
                let pipelines = stages.filter(|stage| STAGES.iter().any(|it| it.0 == stage.name));
                let stages = pipelines.map(move |stage| PeerStage {
                    name: stage.name.clone(),
                    down: !known || matches!(&*stage.state, "backing-off" | "failed"),
                    restarts: stage.restarts,
                });
                stages.collect::<Vec<_>>()
            })
            .collect()
    }

    /// Last word of each, in the order of their addresses.
    pub(crate) fn heard(&self) -> Vec<(SocketAddr, Heard)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .map(|(address, heard)| (*address, heard.clone()))
            .collect()
    }

    fn hear(&self, name: &str, address: SocketAddr, view: StagesView) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = Heard {
            name: name.to_owned(),
            at: Instant::now(),
            view: Arc::new(view),
        };
        seen.insert(address, heard);
        seen.retain(|_, heard| heard.at.elapsed() <= FORGOTTEN_AFTER);
    }

    /// Forgets what was found under this name, is not among its addresses now, and is silent.
    fn keep_only(&self, name: &str, addresses: &[SocketAddr]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|address, heard| {
            heard.name != name || addresses.contains(address) || heard.at.elapsed() <= GONE_AFTER
        });
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn asking(peers: Weak<Peers>, mut stop: watch::Receiver<bool>) {
    loop {
        let Some(peers) = peers.upgrade() else {
            return;
        };
        for name in &peers.names {
            let addresses: Vec<SocketAddr> = match tokio::net::lookup_host(name).await {
                Ok(addresses) => {
                    let addresses = addresses.collect::<Vec<_>>();
                    peers.keep_only(name, &addresses);
                    addresses
                }
                Err(error) => {
                    tracing::debug!(%name, %error, "a peer's name leads nowhere");
                    Vec::new()
                }
            };
            for address in addresses {
                match tokio::time::timeout(WITHIN, ask(address)).await {
                    Ok(Ok(view)) => peers.hear(name, address, view),
                    Ok(Err(error)) => tracing::debug!(%name, %error, "a peer cannot be asked"),
                    Err(_) => tracing::debug!(%name, "a peer does not answer"),
                }
            }
        }
        drop(peers);
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Asks one for its stages. Only a whole answer of this program's own form is taken.
async fn ask(address: SocketAddr) -> io::Result<StagesView> {
    let mut stream = TcpStream::connect(address).await?;
    // A literal address is a host that every process serves.
    let request = format!(
        "GET /api/v1/stages HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await?;
    parse(&answer).ok_or_else(|| io::Error::other("no whole answer of this program's form"))
}

/// The view in an answer: status 200, and as long as it says.
fn parse(answer: &[u8]) -> Option<StagesView> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let ok = lines.next()?.split(' ').nth(1) == Some("200");
    let length: usize = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    })?;
    (ok && length == body.len())
        .then(|| serde_json::from_str(body).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_answers_of_our_form_are_taken() {
        for bad in [
            "",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 302 Found\r\nLocation: http://x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n{}",
        ] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
