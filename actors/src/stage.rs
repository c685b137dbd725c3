//! The names of the stages, as `--stage`, logs, dead letters, metrics and faults use them, and
//! what bounds their work.

use std::time::Duration;

use closecall_supervision::KnownPoints;

/// Picks a ticker for every slot.
pub const TICKER_PICKER: &str = "ticker-picker";
/// Fetches prices and news.
pub const SCRAPER: &str = "scraper";
/// Scores the news and builds the dataset.
pub const SENTIMENT: &str = "sentiment";
/// Trains and forecasts.
pub const GRU_TRAINER: &str = "gru-trainer";
/// Records and reports.
pub const REPORTER: &str = "reporter";
/// Mirrors the boundaries onto Kafka.
pub const KAFKA_BRIDGE: &str = closecall_kafka::STAGE;

/// The condition of readiness that the ledger can be written.
pub const LEDGER: &str = "ledger";

/// All five, in the order of the pipeline.
pub const ALL: [&str; 5] = [TICKER_PICKER, SCRAPER, SENTIMENT, GRU_TRAINER, REPORTER];

/// A scrape at most, retries included.
pub const SCRAPE_BOUND: Duration = Duration::from_secs(90);
/// Scoring at most.
pub const SCORE_BOUND: Duration = Duration::from_secs(10);
/// A fit at most.
pub const FIT_BOUND: Duration = Duration::from_secs(180);
/// Writing a row at most; long enough for a disk that is busy.
pub const RECORD_BOUND: Duration = Duration::from_secs(30);

/// Where faults can be injected: each stage's handler, and the named points inside its work.
pub const FAULT_POINTS: KnownPoints<'static> = &[
    (TICKER_PICKER, &[]),
    (SCRAPER, &["mid-work"]),
    (SENTIMENT, &["mid-work"]),
    (GRU_TRAINER, &["mid-fit"]),
    (REPORTER, &["before-ledger", "after-ledger"]),
    (
        KAFKA_BRIDGE,
        &[
            "after-receive",
            "before-produce",
            "after-produce",
            "before-commit",
            "after-commit",
        ],
    ),
];
