//! Settings of a simulated market.

use std::ops::Range;

use closecall_protocol::Ticker;
use regex::Regex;

use super::companies;
use crate::error::Error;

/// Settings of a simulated market. The same settings and calendar give the same market.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedSettings {
    /// Another seed is another market.
    pub seed: u64,
    /// The tickers that are traded.
    pub tickers: TradedTickers,
    /// Share of the variance of the next log return that is predictable, in [0, 1): half of it from
    /// the return before, half from the mood of the news of the session before.
    pub predictability: f64,
    /// The part of a session's return on which the predictable move acts.
    pub signal: SignalPart,
    /// Range from which the number of articles of a ticker's session is drawn.
    pub articles: Range<usize>,
}

/// A part of a session's return. The opening lies between the two and predicts neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalPart {
    /// From the close before to the opening.
    Overnight,
    /// From the opening to the close.
    Session,
}

/// The tickers that a simulated market trades.
#[derive(Debug, Clone)]
pub enum TradedTickers {
    /// These.
    Listed(Vec<Ticker>),
    /// Every symbol that the whole of a pattern matches.
    Matching(Regex),
}

impl SimulatedSettings {
    /// The ten largest companies and nothing to predict.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            tickers: TradedTickers::Listed(companies::top_ten()),
            predictability: 0.0,
            signal: SignalPart::Session,
            articles: 16..40,
        }
    }
}

impl TradedTickers {
    /// The symbols that a regular expression matches as a whole, such as `S[0-9]{3}`.
    ///
    /// # Errors
    /// [`Error::Pattern`] when it is no regular expression.
    pub fn matching(pattern: &str) -> Result<Self, Error> {
        let whole = format!("^(?:{pattern})$");
        // Checked by itself: a stray parenthesis could pair with those around it.
        Regex::new(pattern)
            .and_then(|_| Regex::new(&whole))
            .map(Self::Matching)
            .map_err(|error| Error::Pattern {
                pattern: pattern.to_owned(),
                problem: error.to_string(),
            })
    }

    pub(super) fn includes(&self, ticker: &Ticker) -> bool {
        match self {
            Self::Listed(tickers) => tickers.contains(ticker),
            Self::Matching(pattern) => pattern.is_match(ticker.as_str()),
        }
    }
}

impl PartialEq for TradedTickers {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Listed(one), Self::Listed(other)) => one == other,
            (Self::Matching(one), Self::Matching(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}
