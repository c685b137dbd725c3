//! Progress of the fits of a forecast, and the caller's word to stop.

use std::ops::ControlFlow;

use closecall_gru as gru;

use crate::Error;

/// Progress of a forecast. It may end early: a share near 0 saves the last fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitProgress {
    /// Epochs done, over all fits.
    pub done: usize,
    /// Epochs there will be, at most.
    pub total: usize,
}

/// Counts epochs over all fits of a forecast.
pub(crate) struct Meter<'a> {
    progress: FitProgress,
    report: &'a mut dyn FnMut(FitProgress) -> ControlFlow<()>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(report: &'a mut dyn FnMut(FitProgress) -> ControlFlow<()>) -> Self {
        Self {
            progress: FitProgress { done: 0, total: 0 },
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
        let FitProgress { done, total } = self.progress;
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
