//! The envelope in which a message reaches a stage, the answer to it, and the mark that shows the
//! guard whose fault a crash was.

use std::cell::Cell;
use std::fmt;

use crate::StageError;

/// Settlement of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// Its way through the process is done.
    Done,
    /// It was recorded as a dead letter, here or further down.
    DeadLettered,
}

/// A message on its way to a stage. The reply is the acknowledgement: it comes when the message's
/// way through this process is settled.
///
/// Keep the envelope (or what is left of it after moving `message` out) in the handler's scope
/// until the handler returns; a crash of the handler is then known to be one on this message.
pub struct Deliver<T> {
    /// The message.
    pub message: T,
    mark: Mark,
}

impl<T> Deliver<T> {
    /// A first delivery.
    pub fn new(message: T) -> Self {
        Self::again(message, 0)
    }

    /// A delivery of a message on which the stage has already panicked `panics` times.
    pub(crate) fn again(message: T, panics: u32) -> Self {
        Self {
            message,
            mark: Mark(panics),
        }
    }

    /// Number of times that the stage has panicked on this message before.
    pub fn panics(&self) -> u32 {
        self.mark.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Deliver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliver")
            .field("message", &self.message)
            .field("panics", &self.mark.0)
            .finish()
    }
}

impl<T: 'static> actix::Message for Deliver<T> {
    type Result = Result<Ack, StageError>;
}

thread_local! {
    /// Panics against the message whose envelope was last dropped by unwinding on this thread.
    static UNWOUND: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Dropped while its handler unwinds, it leaves word of how often the message had done that before.
/// A crash on a message that has one against it already is the message's fault, not the stage's: it
/// is bounded by the message's attempts and spends nothing of the stage's budget.
struct Mark(u32);

impl Drop for Mark {
    fn drop(&mut self) {
        if std::thread::panicking() {
            UNWOUND.set(Some(self.0));
        }
    }
}

/// Forgets what was unwound on this thread so far; the guard does before it polls.
pub(crate) fn forget_unwound() {
    UNWOUND.set(None);
}

/// Whether the panic just caught on this thread was in the hands of a handler whose message had
/// made the stage panic before.
pub(crate) fn unwound_a_repeat() -> bool {
    UNWOUND.take().is_some_and(|panics| panics > 0)
}
