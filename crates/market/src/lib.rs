//! Market data: prices and news of a ticker as they were known at a moment.
//!
//! ```text
//! Yahoo chart ────┐              ┌─▶ Market::gather ─▶ MarketScraped
//!                 ├──▶ store ────┤
//! NEWS_SENTIMENT ─┘              └─▶ cut at the as-of time
//! ```
//!
//! Everything that is fetched goes into the store first, and the pipeline reads the store: a day
//! without vendors still forecasts. The vendors are always asked over HTTP; a market server (the crate
//! `closecall-market-server`) answers in their place for replays and simulations, and only the
//! address differs.
//!
//! * [`Market`]: the gather, with its [`MarketSettings`].
//! * [`MarketArchive`]: what a gather had seen, without asking anyone.
//! * `yahoo`, `alphavantage`: the two vendors' requests and answers.
//! * `vendor`: what calls have in common: one request, tries, pace, faults, counts.
//! * `repair`: one basis and one unit, before anything is stored or learned from.
//! * `quote`: the price of the moment, from the bars inside the session.
//! * `store`: the SQLite file, which belongs to one [`DataSource`].

mod alphavantage;
mod archive;
mod error;
mod gather;
mod providers;
mod quote;
mod repair;
mod settings;
mod source;
mod split;
mod store;
mod vendor;
mod yahoo;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod recorded;

pub use archive::{MarketArchive, Missing};
pub use error::Error;
pub use gather::{GatherCounts, Market, SessionBars, VendorCheck};
pub use settings::{
    AlpacaFeed, AlpacaSettings, AlphavantageSettings, ConnectionSettings, FilesSettings,
    MarketSettings, PricesSettings, TiingoSettings, WindowSettings, YahooSettings,
};
pub use source::DataSource;
pub use store::{
    BarsInfo, BreakerInfo, KeptScorer, MarketStore, NewsInfo, Pruned, QuotaInfo, StoreInfo,
};
pub use vendor::{EndpointFamily, RequestOutcome, Vendor, VendorFault, VendorStats};
