//! The facts that pass along the pipeline, one type a hop. Each is about one [`Pick`], whose
//! identity it carries unchanged from the picker to the ledger.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::value::{
    Article, Bar, DatasetRow, NewsSums, Provider, Quote, QuoteAbsent, Repair, SessionDate,
    SessionNews, SessionTimes, Vintage,
};

mod annotations;
mod forecast;
mod model;
mod pick;
mod prediction;
mod reference;
mod rounding;

pub use annotations::{Annotations, Headline, StageTrace};
pub use forecast::{CloseForecast, Direction, ForecastValues, Interval, NewsMean};
pub use model::{Gate, ModelSummary, ModelTarget, RelativeMae};
pub(crate) use pick::pick_timestamp;
pub use pick::{Pick, PickId, PickReason};
pub use prediction::{ForeignPrediction, Prediction};
pub use reference::{Phase, Reference, ReferenceKind, ScoringRule};
pub use rounding::PriceRounding;

/// A ticker was picked: TickerPicker to Scraper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickerPicked {
    /// The pick.
    pub pick: Pick,
}

/// Prices and news were gathered, cut at the pick's as-of time: Scraper to Sentiment. Never leaves
/// the process, so its lists are shared, not copied, when it is sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketScraped {
    /// The pick.
    pub pick: Pick,
    /// The session whose close is forecast.
    pub target: SessionDate,
    /// When that session opens and closes.
    pub session: SessionTimes,
    /// Sessions between the last known close and the target; 0 where there is none.
    pub sessions_ahead: u32,
    /// The price of the moment, or why there is none.
    pub quote: Result<Quote, QuoteAbsent>,
    /// Provider of the prices.
    pub provider: Provider,
    /// The forecast before of this ticker rested on another provider's.
    pub provider_switched: bool,
    /// The last close is an intraday bar's that ended at the closing time.
    pub provisional: bool,
    /// Numbers that were not taken as they came, ascending by session.
    pub repairs: Arc<[Repair]>,
    /// Finished sessions' bars, ascending by session.
    pub bars: Arc<[Bar]>,
    /// Articles published up to the as-of time, ascending by time, without those that a sum stands
    /// for. A first scrape has a hundred thousand: they are shared as they were read.
    pub articles: Arc<Vec<Article>>,
    /// The sums of the other articles.
    pub news_sums: NewsSums,
    /// When the prices were fetched.
    pub fetched_at: DateTime<Utc>,
    /// For those who look at the forecast.
    pub annotations: Annotations,
}

/// A dataset is ready to train on: Sentiment to GruTrainer.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetBuilt {
    /// The pick.
    pub pick: Pick,
    /// The session whose close is forecast.
    pub target: SessionDate,
    /// When that session opens and closes.
    pub session: SessionTimes,
    /// Sessions between the last known close and the target; 0 where there is none.
    pub sessions_ahead: u32,
    /// The price of the moment, or why there is none.
    pub quote: Result<Quote, QuoteAbsent>,
    /// Provider of the prices; unknown for a record of the original.
    pub provider: Option<Provider>,
    /// Whether the forecast before of this ticker rested on another provider's.
    pub provider_switched: Option<bool>,
    /// The last close is an intraday bar's that ended at the closing time.
    pub provisional: bool,
    /// Numbers that were not taken as they came, ascending by session.
    pub repairs: Arc<[Repair]>,
    /// Finished sessions, ascending; the last row holds the last known close.
    pub rows: Arc<[DatasetRow]>,
    /// News of the target session up to its opening or the as-of time, whichever is earlier.
    pub live: SessionNews,
    /// When the prices were fetched; unknown for a record of the original.
    pub fetched_at: Option<DateTime<Utc>>,
    /// For those who look at the forecast.
    pub annotations: Annotations,
}

impl DatasetBuilt {
    /// Identity of the rows.
    #[must_use]
    pub fn vintage(&self) -> Vintage {
        Vintage::of(&self.rows)
    }

    /// Articles in the whole window, those of the target session included.
    #[must_use]
    pub fn articles(&self) -> u64 {
        let past: u64 = self
            .rows
            .iter()
            .map(|row| u64::from(row.news().articles))
            .sum();
        past + u64::from(self.live.articles)
    }

    /// Age of the prices at the as-of time in seconds; 0 when they were fetched after it.
    #[must_use]
    pub fn data_age_s(&self) -> i64 {
        self.fetched_at
            .map_or(0, |at| (self.pick.slot - at).num_seconds().max(0))
    }
}
