//! The roles that a process can have: the parts of the pipeline that can run apart and meet on Kafka.

use clap::ValueEnum;

/// One role; Scraper and Sentiment share theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Picks
    TickerPicker,
    /// Gathers prices and news, and scores them
    Scraper,
    /// Trains and forecasts
    GruTrainer,
    /// Records and reports
    Reporter,
}

impl Role {
    /// Its name, as `--stage` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TickerPicker => "ticker-picker",
            Self::Scraper => "scraper",
            Self::GruTrainer => "gru-trainer",
            Self::Reporter => "reporter",
        }
    }
}
