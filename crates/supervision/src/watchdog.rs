//! Looks at the health board from a thread that hosts no stage, at once when a state changes and
//! else at intervals, keeps what it saw for the probes, and says in the log when something stalls.
//! It flags; ending the process is for who asks for liveness. Also the heartbeat by which a stage's
//! thread shows that it turns.

use std::future::Future;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;

use crate::shared::Shared;
use crate::{Error, Health, HealthBoard};

/// Starts the watchdog; it ends with the process's orderly end.
pub(crate) fn start(shared: &Shared) -> Result<watch::Receiver<Health>, Error> {
    let (seen, health) = watch::channel(shared.board.health());
    let (board, every) = (shared.board.clone(), shared.settings.watchdog.every);
    let ended = shared.ended.clone();
    thread::Builder::new()
        .name("watchdog".into())
        .spawn(move || {
            board.watched_by(thread::current());
            let mut stalled = Vec::new();
            // Ends as well when the supervisor, and with it all who look, are gone.
            while !ended.is_cancelled() && !seen.is_closed() {
                stalled = look(&board, &seen, stalled);
                thread::park_timeout(every);
            }
        })
        .map_err(|source| Error::NoThread {
            stage: "watchdog".into(),
            source,
        })?;
    Ok(health)
}

/// One look; gives what is wrong now, which is logged when it was not before.
fn look(board: &HealthBoard, seen: &watch::Sender<Health>, before: Vec<String>) -> Vec<String> {
    let health = board.health();
    let live = health.live();
    match (before.is_empty(), live.ok) {
        (true, false) => tracing::error!(reasons = ?live.reasons, "not alive"),
        (false, true) => tracing::warn!(reasons = ?before, "alive again"),
        _ => {}
    }
    seen.send_replace(health);
    live.reasons
}

/// Stamps the board as long as the thread it runs on turns. An actor's own interval could not: it
/// rests while the actor awaits something.
pub(crate) fn beat(stage: Arc<str>, shared: &Shared) -> impl Future<Output = ()> + Send + 'static {
    let board = shared.board.clone();
    let bound = shared.settings.watchdog.handler_bound;
    async move {
        loop {
            board.turned(&stage, bound);
            tokio::time::sleep(bound / 2).await;
        }
    }
}
