//! A hop between two stages as the orderly end sees it, whatever it carries, and the list of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// An outbox without its message type.
pub(crate) trait Hop: Send + Sync {
    /// The stage that sends.
    fn from(&self) -> &str;
    /// The stage that receives.
    fn to(&self) -> &str;
    /// Accepts nothing more; what is waiting for a place is turned away.
    fn close(&self);
    /// Messages in the window.
    fn in_flight(&self) -> usize;
    /// Waits until the window is empty.
    fn idle(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    /// Records what is in the window as abandoned, where this outbox is to; gives the number that
    /// was recorded.
    fn abandon(&self) -> Pin<Box<dyn Future<Output = usize> + Send + '_>>;
}

/// The hops of one process, in the order they were built. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Hops(Arc<Mutex<Vec<Arc<dyn Hop>>>>);

impl fmt::Debug for Hops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hops").finish_non_exhaustive()
    }
}

impl Hops {
    pub(crate) fn add(&self, hop: Arc<dyn Hop>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(hop);
    }

    /// The hops so far.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Hop>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
