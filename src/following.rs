//! Readers of the ledger during a run, such as the console and the metrics. Each has a thread and a
//! cursor, so that one that is slow or stuck slows no stage, and no other reader.

use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use closecall_ledger::{Follower, LedgerEvent, Reader};
use tokio::sync::oneshot;

/// Wait after the ledger could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// A reader that is under way.
#[derive(Debug)]
pub(crate) struct Following {
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Following {
    /// Hands every row that comes to `take`, with the ledger for what an event leaves out.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        name: &str,
        mut follower: Follower,
        mut take: impl FnMut(&Reader, &LedgerEvent) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (end, mut ended) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let follow = async move {
            loop {
                let read = tokio::select! {
                    biased;
                    read = follower.next() => read,
                    _ = &mut ended => break,
                };
                match read {
                    Ok(events) if events.is_empty() => return,
                    Ok(events) => hand_over(&follower, &events, &mut take),
                    Err(error) => {
                        tracing::warn!(%error, "the ledger could not be read: trying again");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
            // What was recorded before the end came.
            while let Ok(events) = follower.poll()
                && !events.is_empty()
            {
                hand_over(&follower, &events, &mut take);
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || runtime.block_on(follow))
            .with_context(|| format!("no thread for the {name}"))?;
        Ok(Self { end, thread })
    }

    /// Waits until everything that was recorded by now has been handed over.
    pub(crate) fn finish(self) {
        // A reader that has ended by itself needs no word.
        self.end.send(()).ok();
        if self.thread.join().is_err() {
            tracing::error!("a reader of the ledger panicked: what it shows is not complete");
        }
    }
}

fn hand_over(
    follower: &Follower,
    events: &[LedgerEvent],
    take: &mut impl FnMut(&Reader, &LedgerEvent),
) {
    for event in events {
        take(follower.reader(), event);
    }
}
