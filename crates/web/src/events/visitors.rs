//! The readers of events: their number is bounded, and all of them end with the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Readers at once.
const READERS: usize = 32;

/// The readers of events.
#[derive(Debug)]
pub(crate) struct Visitors {
    count: Arc<AtomicUsize>,
    end: watch::Sender<bool>,
}

impl Default for Visitors {
    fn default() -> Self {
        Self {
            count: Arc::default(),
            end: watch::Sender::new(false),
        }
    }
}

impl Visitors {
    /// Ends all streams.
    pub(crate) fn end(&self) {
        self.end.send_replace(true);
    }

    /// Says when all streams are to end.
    pub(super) fn until_end(&self) -> watch::Receiver<bool> {
        self.end.subscribe()
    }

    /// A place, unless all are taken.
    pub(super) fn enter(&self) -> Option<Seat> {
        let taken = self.count.fetch_add(1, Ordering::AcqRel);
        let seat = Seat(Arc::clone(&self.count));
        (taken < READERS).then_some(seat)
    }
}

/// A place among the readers, given back when the stream is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
