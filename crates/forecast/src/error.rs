//! Failures of a forecast.

use closecall_gru as gru;
use closecall_protocol::Reason;

/// No forecast could be made. Always permanent for this dataset and these settings: the same input
/// gives the same answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The dataset has no row.
    #[error(
        "no rows for {ticker}: not one finished session is known, so there is no close to start from"
    )]
    NoData {
        /// The ticker asked for.
        ticker: String,
    },
    /// The last close rounds to nothing in the smallest steps that forecasts are published in.
    #[error("the last close of {ticker} is {close}: prices below 0.00005 are not forecast")]
    BelowSmallestPrice {
        /// The ticker asked for.
        ticker: String,
        /// Its last close.
        close: f64,
    },
    /// A setting is out of range.
    #[error("setting `{name}` is {value}: it must be {must}")]
    Setting {
        /// The field's name, with that of its section.
        name: &'static str,
        /// Its value.
        value: String,
        /// The rule that it breaks.
        must: &'static str,
    },
    /// No model has this name.
    #[error("`{0}` is no model: use closecall, original, ridge or persistence")]
    UnknownModel(String),
    /// The caller's callback asked to stop.
    #[error("forecast cancelled after {done} of {total} epochs")]
    Cancelled {
        /// Epochs done, over all fits.
        done: usize,
        /// Epochs there would have been.
        total: usize,
    },
    /// The network could not be trained. (Training that diverges is no error: persistence is
    /// forecast then.)
    #[error("the network could not be trained: {0}")]
    Network(#[source] gru::Error),
    /// A forecast came out that no record may carry.
    #[error("the forecast cannot be published: {0}")]
    Unpublishable(#[from] closecall_protocol::Error),
    /// There is too little to learn from.
    #[error("only {rows} rows to learn from: bring more sessions, or more tickers")]
    Pooled {
        /// Rows that there are.
        rows: usize,
    },
    /// A linear model could not be fitted.
    #[error("the regression could not be fitted: {0}")]
    Regression(String),
}

impl Error {
    pub(crate) fn unknown_model(name: &str) -> Self {
        Self::UnknownModel(name.to_owned())
    }

    /// The dead-letter reason this error stands for.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoData { .. } | Self::BelowSmallestPrice { .. } => Reason::NoData,
            // A caller cancels a fit that passes its bound; at a drain it dead-letters nothing.
            Self::Cancelled { .. } => Reason::TookTooLong,
            // No model came of it. Settings are checked at start, so these are met in no stage.
            Self::Setting { .. }
            | Self::UnknownModel(_)
            | Self::Network(_)
            | Self::Unpublishable(_)
            | Self::Pooled { .. }
            | Self::Regression(_) => Reason::Diverged,
        }
    }

    /// Of a linear model.
    pub(crate) fn regression(failure: impl std::fmt::Display) -> Self {
        Self::Regression(failure.to_string())
    }

    pub(crate) fn setting(
        name: &'static str,
        value: impl std::fmt::Display,
        must: &'static str,
    ) -> Self {
        Self::Setting {
            name,
            value: value.to_string(),
            must,
        }
    }
}
