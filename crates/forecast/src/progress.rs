//! How far the fits of a forecast are, and the caller's word to stop.

use std::ops::ControlFlow;

use closecall_gru as gru;

use crate::Error;

/// How far a forecast is. It may end early: a gate that stays closed saves the last fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Epochs done, over all fits.
    pub done: usize,
    /// Epochs there will be, at most.
    pub total: usize,
}

/// Counts epochs over all fits of a forecast.
pub(crate) struct Meter<'a> {
    progress: Progress,
    report: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(report: &'a mut dyn FnMut(Progress) -> ControlFlow<()>) -> Self {
        Self {
            progress: Progress { done: 0, total: 0 },
            report,
        }
    }

    /// Says how many epochs there will be, before the first of them.
    pub(crate) fn expect(&mut self, epochs: usize) {
        self.progress.total = epochs;
    }

    /// After each epoch.
    pub(crate) fn epoch(&mut self) -> ControlFlow<()> {
        self.progress.done += 1;
        (self.report)(self.progress)
    }

    /// An error of the engine as one of ours.
    pub(crate) fn error(&self, error: gru::Error) -> Error {
        let Progress { done, total } = self.progress;
        match error {
            gru::Error::Cancelled { .. } => Error::Cancelled { done, total },
            other => Error::Network(other),
        }
    }
}

impl std::fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
