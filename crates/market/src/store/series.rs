//! Provider and ticker: the key of everything that is kept of prices, so that the histories
//! of two providers never meet in one.

use closecall_protocol::{Provider, Ticker};

/// A ticker's prices as one provider has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) provider: Provider,
    pub(crate) ticker: Ticker,
}

impl Series {
    pub(crate) fn new(provider: Provider, ticker: &Ticker) -> Self {
        Self {
            provider,
            ticker: ticker.clone(),
        }
    }

    /// The two columns that keys begin with.
    pub(super) fn key(&self) -> (&'static str, &str) {
        (self.provider.into(), self.ticker.as_str())
    }
}
