//! Errors of building a dataset, with the dead-letter reason of each.

use closecall_protocol::{Reason, Ticker};

/// A scrape that gives no dataset. Always permanent: it is a property of the scrape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a single finished session.
    #[error(
        "no finished session of {ticker} in the scrape: its window holds nothing to learn from"
    )]
    NoBars {
        /// The ticker.
        ticker: Ticker,
    },
    /// A score or mean that the protocol does not allow, which only a faulty scorer produces.
    #[error("the news of a session are refused: {0}")]
    Score(#[from] closecall_protocol::Error),
}

impl Error {
    /// The dead-letter reason this error stands for.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoBars { .. } => Reason::NoData,
            Self::Score(error) => error.reason(),
        }
    }
}
