//! Commits beside the consumer's thread. The library has no callback for a commit of a list, so a
//! thread has to wait for the brokers' answer, and while they are away that takes longer than a
//! thread that polls may be silent.

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, Thread};

use rdkafka::consumer::{BaseConsumer, ConsumerContext};

use crate::commit_in_flight::Offsets;
use crate::events::{ClientEvent, Events};
use crate::partition_lists::commit;

/// Where commits are handed to; the thread behind it ends with it.
#[derive(Debug)]
pub(crate) struct Committer(Sender<Offsets>);

impl Committer {
    /// Starts the thread. The answer to each commit becomes an event, and wakes `waker`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start<C: ConsumerContext + 'static>(
        client: Arc<BaseConsumer<C>>,
        events: Events,
        waker: Thread,
    ) -> std::io::Result<Self> {
        let (commits, due) = mpsc::channel::<Offsets>();
        thread::Builder::new()
            .name("kafka-commit".into())
            .spawn(move || {
                for offsets in due {
                    let answer = commit(&client, &offsets);
                    events.note(ClientEvent::Committed(answer));
                    waker.unpark();
                }
            })?;
        Ok(Self(commits))
    }

    /// Hands over a commit. One at a time: the answers do not say whose they are.
    pub(crate) fn commit(&self, offsets: Offsets) {
        // The thread is there for as long as this is.
        self.0.send(offsets).ok();
    }
}
