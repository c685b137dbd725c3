//! Errors of a backtest.

use std::path::PathBuf;

use closecall_protocol::{SessionDate, Ticker};

use crate::variant::{UnknownVariant, Variant};

/// A backtest that cannot be made, or not finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A time of day that cannot be asked.
    #[error(
        "`{0}` is no time to forecast at: give `before`, or a time in New York such as 10:00, from 09:30 to 15:59"
    )]
    Time(String),
    /// A model that is not known, or cannot be asked so.
    #[error(transparent)]
    Variant(#[from] UnknownVariant),
    /// A forecast failed.
    #[error("the forecast of {ticker} for {session} by {variant} failed: {source}")]
    Forecast {
        /// The ticker.
        ticker: Ticker,
        /// The session.
        session: SessionDate,
        /// The model that was asked for.
        variant: Variant,
        /// The reason.
        source: Box<closecall_forecast::Error>,
    },
    /// A dataset could not be built.
    #[error("no dataset of {ticker} for {session}: {source}")]
    Dataset {
        /// The ticker.
        ticker: Ticker,
        /// The session.
        session: SessionDate,
        /// The reason.
        source: closecall_sentiment::Error,
    },
    /// There is nothing to walk over.
    #[error("no session to forecast: no recorded ticker has one between {from} and {to}")]
    Empty {
        /// First date.
        from: chrono::NaiveDate,
        /// Last date.
        to: chrono::NaiveDate,
    },
    /// Nothing could be learned.
    #[error("the model cannot be trained: {0}")]
    Training(#[source] closecall_forecast::Error),
    /// The model that was learned cannot be written.
    #[error("the model cannot be written as JSON: {0}")]
    Model(#[source] serde_json::Error),
    /// A simulated market left the range of prices.
    #[error("the simulated market cannot be made: {0}")]
    Simulated(String),
    /// The journal cannot be used.
    #[error("the journal {path} cannot be {doing}: {source}")]
    Journal {
        /// Its file.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The reason.
        source: std::io::Error,
    },
}
