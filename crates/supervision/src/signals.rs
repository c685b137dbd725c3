//! Requests from outside to end the process: SIGTERM and SIGINT, or a test in their place.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::Error;

/// A request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT, Ctrl-C.
    Interrupt,
}

impl Signal {
    /// The exit code of a process that the signal ended: 128 + its number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}

/// The requests, in the order they came.
#[derive(Debug)]
pub struct Signals(mpsc::UnboundedReceiver<Signal>);

/// Sends requests to a [`Signals`] of one's own.
#[derive(Debug, Clone)]
pub struct SignalSource(mpsc::UnboundedSender<Signal>);

impl Signals {
    /// Listens for the process's signals from now on; their default action is off from then. Must
    /// be called within a tokio runtime, which carries the listening.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn listen() -> Result<Self, Error> {
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
        let (source, signals) = Self::manual();
        tokio::spawn(async move {
            loop {
                let signal = tokio::select! {
                    Some(()) = terminate.recv() => Signal::Terminate,
                    Some(()) = interrupt.recv() => Signal::Interrupt,
                    else => return,
                };
                source.send(signal);
            }
        });
        Ok(signals)
    }

    /// Requests that come from `SignalSource` instead of the system.
    #[must_use]
    pub fn manual() -> (SignalSource, Self) {
        let (source, signals) = mpsc::unbounded_channel();
        (SignalSource(source), Self(signals))
    }

    /// Waits for the next request; for ever when no more can come.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, no request is lost.
    pub async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

impl SignalSource {
    /// Makes a request.
    pub fn send(&self, signal: Signal) {
        // No one listens any more: then the process is already ending.
        self.0.send(signal).ok();
    }
}
