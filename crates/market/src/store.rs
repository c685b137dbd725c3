//! The local market store: everything that was fetched, and what the pipeline reads.
//!
//! * `connection`: the SQLite file and its schema; `read_only`: in a folder that cannot be written;
//!   `series`: the key of all prices.
//! * `prices`: daily bars and when they were fetched, announced splits, repairs.
//! * `intraday`: bars inside sessions.
//! * `news`: articles, once each; `scores`: their scores and the sums that stand for them.
//! * `limits`: breakers, requests of a day.
//! * `seen`: what had been seen when: vintages of bars, and what gathers were made of.
//! * `span`: coverage, the spans of which everything is known; `asked`: what providers were asked.

mod asked;
mod bar_history;
mod connection;
mod intraday;
mod last_provider;
mod limits;
mod migrations;
mod news;
mod news_questions;
mod prices;
mod read_only;
mod scores;
mod series;
mod span;
mod upkeep;

pub(crate) use asked::ChartState;
pub(crate) use bar_history::Gathered;
pub(crate) use connection::Store;
pub use news::KeptScorer;
#[cfg(test)]
pub(crate) use prices::StoredBars;
pub(crate) use prices::{Basis, FetchedBars};
pub(crate) use series::Series;
pub(crate) use span::Span;
pub use upkeep::{BarsInfo, BreakerInfo, MarketStore, NewsInfo, Pruned, QuotaInfo, StoreInfo};

#[cfg(test)]
mod tests;
