//! Messages between the stages.
//!
//! * [`value`]: the validated building blocks: [`Ticker`], [`SessionDate`], [`Bar`], [`Quote`],
//!   [`Article`], [`DatasetRow`].
//! * [`message`]: the four facts that pass along the pipeline, each about one [`Pick`]:
//!   [`TickerPicked`], [`MarketScraped`], [`DatasetBuilt`], [`CloseForecast`].
//! * [`topic`] and [`codec`]: the three topics and how the facts are written on them, in the form
//!   the original programs speak, both directions.
//! * [`reason`]: the closed list of reasons for which a message ends as a dead letter.
//! * [`day_profile`]: how much of a session's move is still to come at a time of the day.
//!
//! Serde only: no actors, no I/O, no network.

pub mod codec;
pub mod day_profile;
pub mod message;
pub mod reason;
pub mod topic;
pub mod value;

mod error;
mod error_class;

pub use error::Error;
pub use error_class::ErrorClass;
pub use message::{
    Annotations, CloseForecast, DatasetBuilt, Direction, ForecastValues, ForeignPrediction, Gate,
    Headline, Interval, MarketScraped, ModelSummary, ModelTarget, NewsMean, Phase, Pick, PickId,
    PickReason, Prediction, PriceRounding, Reference, ReferenceKind, RelativeMae, ScoringRule,
    StageTrace, TickerPicked,
};
pub use reason::Reason;
pub use topic::Topic;
pub use value::{
    Article, ArticleIdentities, Bar, DatasetRow, NewsScored, NewsSpanSum, NewsSum, NewsSums, Ohlcv,
    PriceRange, Provider, Quote, QuoteAbsent, Repair, RepairField, RepairRule, SessionDate,
    SessionNews, SessionTimes, Ticker, TitleScore, Vintage,
};
