//! The three topics between the roles, their dead-letter topics, and how each is laid out.

use std::fmt;

/// Partitions of every topic: as many consumers of a role as can share it.
pub const PARTITIONS: i32 = 12;

/// Replication factor where the cluster has that many brokers.
pub const REPLICATION: i32 = 3;

/// The largest record that is sent or taken, in bytes of key, value and headers.
pub const MAX_RECORD_BYTES: usize = 900 * 1024;

/// The boundaries of the pipeline that are mirrored onto Kafka. The set is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// TickerPicker to Scraper.
    StockNameSelector,
    /// Sentiment to GruTrainer.
    StockModelOutput,
    /// GruTrainer to Reporter.
    StockPredictionOutput,
}

impl Topic {
    /// All, in the order of the pipeline.
    pub const ALL: [Self; 3] = [
        Self::StockNameSelector,
        Self::StockModelOutput,
        Self::StockPredictionOutput,
    ];

    /// The topic's name, the original system's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StockNameSelector => "stock-name-selector",
            Self::StockModelOutput => "stock-model-output",
            Self::StockPredictionOutput => "stock-prediction-output",
        }
    }

    /// Where this topic's refused records go.
    #[must_use]
    pub fn dead_letters(self) -> &'static str {
        match self {
            Self::StockNameSelector => "stock-name-selector-dlt",
            Self::StockModelOutput => "stock-model-output-dlt",
            Self::StockPredictionOutput => "stock-prediction-output-dlt",
        }
    }

    /// Days that records are kept.
    #[must_use]
    pub fn retention_days(self) -> u32 {
        match self {
            Self::StockNameSelector | Self::StockModelOutput => 3,
            Self::StockPredictionOutput => 30,
        }
    }

    /// The CloudEvents type of its records; ends in the major version.
    #[must_use]
    pub fn event_type(self) -> &'static str {
        match self {
            Self::StockNameSelector => "closecall.ticker-picked.v1",
            Self::StockModelOutput => "closecall.dataset.v1",
            Self::StockPredictionOutput => "closecall.forecast.v1",
        }
    }

    /// The topic of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// Days that records of the dead-letter topics are kept.
pub const DEAD_LETTER_RETENTION_DAYS: u32 = 14;

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
